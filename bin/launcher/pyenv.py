"""The Python environment in var/venv, exactly as the hashed lock files say: by uv, or by pip without it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from launcher.packages import unpack
from launcher.say import Failure, Step
from launcher.tree import Tree, key_of, write

LOCK, DEV_LOCK, TOOLS_LOCK = "requirements.lock", "requirements-dev.lock", "requirements-tools.lock"

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def has_pip() -> bool:
    return subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0


class PythonEnv:
    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.home = tree.var / "venv"
        self.python = self.home / "bin/python"

    @property
    def packages(self) -> Path:
        return next(self.home.glob("lib/python3*/site-packages"))

    def key(self, lock: str) -> str:
        return key_of(sys.version, str(self.home), (self.tree.root / lock).read_text())

    def ensure(self, step: Step, *, dev: bool = False) -> None:
        """The environment for running, or with `dev` for testing too; that one holds all of the first."""
        kept = self.tree.var / "stamps/dev"  # once a developer's tree, always one
        if dev:
            kept.touch()
        lock = DEV_LOCK if kept.exists() else LOCK
        enough = {self.key(DEV_LOCK), self.key(lock)}
        if self._runs(self.python) and self.tree.is_stamped("python", *enough):
            return
        self.tree.unstamp("python")
        if uv := self.uv(step):
            self._make(step, [uv, "-q", "venv", "--clear", "--python", sys.executable, self.home])
            step.work("fetching packages")
            self.tree.do(
                [uv, "-q", "pip", "sync", "--python", self.python, "--require-hashes", lock],
                env={**os.environ, "UV_PYTHON_DOWNLOADS": "never"},
                why="Setting up Python packages",
            )
        else:
            self._make(step, [sys.executable, "-m", "venv", "--without-pip", "--clear", self.home])
            step.work("fetching packages with pip (slower)")
            self.tree.do(
                [*self.pip(step), "--python", self.python, "install", "-q", "--require-hashes", "-r", lock],
                env=pip_env(),
                why="Setting up Python packages",
            )
        self.tree.stamp("python", self.key(lock))

    def _make(self, step: Step, command: list[str | Path]) -> None:
        made_by = self.home / "pyvenv.cfg"
        same = (
            made_by.is_file() and f"{sys.version_info.major}.{sys.version_info.minor}." in made_by.read_text()
        )
        if not (same and self._runs(self.python)):
            step.work("making var/venv")
            self.tree.do(command, why="Making the Python environment")

    def _runs(self, python: Path) -> bool:
        """A link to a Python that a distribution's upgrade took away is no Python."""
        return python.exists() and subprocess.run([python, "-c", ""], capture_output=True).returncode == 0

    # --- tools ----------------------------------------------------------------------------------------------
    def uv(self, step: Step) -> Path | None:
        """Our pinned uv below var/tools; None where no build of it runs."""
        tools = self.tree.var / "tools"
        uv = tools / "bin/uv"
        key = key_of(sys.version, (self.tree.root / TOOLS_LOCK).read_text())
        if not (self.tree.is_stamped("tools", key) and uv.exists()):
            step.work("fetching uv")
            shutil.rmtree(tools, ignore_errors=True)
            try:
                self.tree.do(
                    [
                        *self.pip(step),
                        "install",
                        "-q",
                        "--require-hashes",
                        "-r",
                        TOOLS_LOCK,
                        "--target",
                        tools,
                    ],
                    env=pip_env(),
                    why="Fetching uv",
                )
            except Failure:
                return None
            self.tree.stamp("tools", key)
        return uv if subprocess.run([uv, "--version"], capture_output=True).returncode == 0 else None

    def pip(self, step: Step) -> list[str | Path]:
        """A pip to call. Debian's python3 has none; its wheel is in a package that needs no installing."""
        if has_pip():
            return [sys.executable, "-m", "pip"]
        if not self._found("usr/share/python-wheels/pip-*.whl"):
            unpack(self.tree, ("python3-pip-whl",), self.tree.var / "pip", step)
        wheel = self._found("usr/share/python-wheels/pip-*.whl")[0]
        return [sys.executable, Path(__file__).with_name("borrowed_pip.py"), wheel, self._bundle(step)]

    def _bundle(self, step: Step) -> Path | str:
        """Certificates for pip where the machine has none; "" where it has."""
        if CERTIFICATES.exists():
            return ""
        bundle = self.tree.var / "certificates.crt"
        if not bundle.exists():
            authorities = "usr/share/ca-certificates/mozilla/*.crt"
            if not self._found(authorities):
                unpack(self.tree, ("ca-certificates",), self.tree.var / "certificates", step)
            write(bundle, "".join(found.read_text() for found in self._found(authorities)))
        return bundle

    def _found(self, pattern: str) -> list[Path]:
        """Installed, or unpacked by find_python.sh, or by us."""
        roots = [Path("/"), *(self.tree.var / name for name in ("python/root", "pip", "certificates"))]
        return [found for root in roots for found in sorted(root.glob(pattern))]


def pip_env() -> dict[str, str]:
    return {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
