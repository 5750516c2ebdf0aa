"""Programs from the distribution: used where installed, else unpacked without root, else installed with apt.

Unpacked programs live in a folder of ours and see their own libraries; the system is not touched. A package
that the system already has is not downloaded, so an unpacked set fits this machine and this release only.
"""

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from launcher.say import Failure, Step
from launcher.tree import Tree, key_of, write

DATABASE = ("postgresql-postgis",)
BROWSER = ("chromium", "fonts-noto-cjk")
OLDEST_POSTGRES = 15


@dataclass(frozen=True)
class Postgres:
    """One set of PostgreSQL programs that has PostGIS."""

    version: int
    bin: Path
    env: dict[str, str] = field(default_factory=dict)  # only for these programs, never for Django


def installed_postgres(root: Path = Path("/")) -> list[Postgres]:
    """Debian's layout below a root, newest first."""
    env = library_env(root) if root != Path("/") else {}
    found = [
        Postgres(int(home.name), home / "bin", env)
        for home in (root / "usr/lib/postgresql").glob("*")
        if home.name.isdigit()
        and (home / "bin/postgres").exists()
        and (root / f"usr/share/postgresql/{home.name}/extension/postgis.control").exists()
    ]
    return sorted((p for p in found if p.version >= OLDEST_POSTGRES), key=lambda p: -p.version)


def postgres_on_path() -> list[Postgres]:
    """Other systems' layout, as pg_config tells it."""
    if not shutil.which("pg_config"):
        return []
    asked = subprocess.run(
        ["pg_config", "--bindir", "--sharedir", "--version"], capture_output=True, text=True
    ).stdout.splitlines()
    if len(asked) != 3 or not Path(asked[1], "extension/postgis.control").exists():
        return []
    version = int("".join(c if c.isdigit() else " " for c in asked[2]).split()[0])
    fit = version >= OLDEST_POSTGRES and Path(asked[0], "initdb").exists()
    return [Postgres(version, Path(asked[0]))] if fit else []


def find_postgres(unpacked: Path) -> list[Postgres]:
    return installed_postgres() + installed_postgres(unpacked) + postgres_on_path()


def library_env(root: Path) -> dict[str, str]:
    """Variables under which unpacked programs find their libraries; some of these sit one folder deeper."""
    homes = [*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*")]
    deeper = [d for home in homes for d in sorted(home.iterdir()) if d.is_dir() and any(d.glob("lib*.so*"))]
    env = {"LD_LIBRARY_PATH": ":".join(map(str, homes + deeper))}
    if (root / "usr/share/proj").is_dir():
        env["PROJ_DATA"] = str(root / "usr/share/proj")
    return env


def unpack(tree: Tree, packages: Sequence[str], into: Path, step: Step) -> None:
    """Packages and what they need, fetched under apt's own checks of signatures and unpacked below `into`."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Failure("There is no apt-get here to fetch " + " ".join(packages) + " with.")
    with tree.lock(f"unpack-{into.name}"):
        key = unpacked_key(packages)
        if (into / "stamp").is_file() and (into / "stamp").read_text() == key:
            return
        work = into.with_name(into.name + ".making")
        archives = work / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        apt = private_apt(tree, work, step)
        plan = subprocess.run([*apt, "-s", "install", *packages], capture_output=True, text=True)
        wanted = [line.split()[1] for line in plan.stdout.splitlines() if line.startswith("Inst ")]
        if plan.returncode or not wanted:
            raise Failure(f"apt finds no way to get {' '.join(packages)}:\n    {plan.stderr.strip()[-500:]}")
        step.work(f"downloading {len(wanted)} packages")
        tree.do([*apt, "download", *wanted], cwd=archives, why="Downloading packages")
        step.work(f"unpacking {len(wanted)} packages")
        shutil.rmtree(work / "root", ignore_errors=True)

        def open_up(deb: Path) -> None:
            tree.do(["dpkg-deb", "-x", deb, work / "root"], why=f"Unpacking {deb.name}")

        with ThreadPoolExecutor(os.cpu_count()) as hands:  # unpacking is all computation
            list(hands.map(open_up, sorted(archives.glob("*.deb"))))
        # Debian makes these links when it configures the package; nothing is configured here.
        for control in (work / "root").glob("usr/share/postgresql/*/extension/*-3.control"):
            plain = control.with_name(control.name.replace("-3.control", ".control"))
            if not plain.exists():
                plain.symlink_to(control.name)
        shutil.rmtree(into, ignore_errors=True)
        (work / "root").rename(into)
        write(into / "stamp", key)
        shutil.rmtree(work)


def private_apt(tree: Tree, cache: Path, step: Step) -> list[str]:
    """An apt-get with lists and downloads of its own, for which the system's are only looked at."""
    state = tree.var / "apt"
    apt = ["apt-get", "-qq"]
    for option in (
        f"Dir::State={state}",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={cache}",
        "Debug::NoLocking=1",
        "APT::Install-Recommends=0",
        "APT::Sandbox::User=",
        "Acquire::Retries=3",
    ):
        apt += ["-o", option]
    with tree.lock("apt"):
        (state / "lists/partial").mkdir(parents=True, exist_ok=True)
        updated = state / "updated"  # find_python.sh makes it too
        if not updated.exists() or time.time() - updated.stat().st_mtime > 3600:
            step.work("reading the distribution's package lists")
            tree.do([*apt, "update"], why="Reading the package lists")
            updated.touch()
    return apt


def unpacked_key(packages: Sequence[str]) -> str:
    return key_of(Path("/etc/os-release"), platform.machine(), *packages)


def install(tree: Tree, packages: Sequence[str], step: Step) -> None:
    """With apt, as root or through sudo."""
    if not shutil.which("apt-get"):
        raise Failure("There is no apt-get here.")
    sudo: list[str] = []
    if os.geteuid() != 0:
        quiet = (
            shutil.which("sudo")
            and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
        )
        if not quiet and not (shutil.which("sudo") and sys.stdin.isatty()):
            raise Failure("Neither root nor sudo is at hand to install " + " ".join(packages) + ".")
        sudo = ["sudo"]
    step.work("installing " + " ".join(packages) + " with apt")
    prevent_default_cluster(tree, sudo)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    tree.do([*sudo, "apt-get", "-qq", "update"], env=env, why="Reading the package lists")
    tree.do(
        [*sudo, "apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages],
        env=env,
        why="Installing " + " ".join(packages),
    )


def system_has_postgres() -> bool:
    return any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def prevent_default_cluster(
    tree: Tree, sudo: Sequence[str], conf: Path = Path("/etc/postgresql-common/createcluster.conf")
) -> None:
    """Debian would make and start a server on port 5432 that nobody asked for.

    Where PostgreSQL or that file is already there, it is somebody's choice and stays.
    """
    if conf.exists() or system_has_postgres():
        return
    script = f'mkdir -p "{conf.parent}" && echo "create_main_cluster = false" > "{conf}"'
    tree.do([*sudo, "sh", "-c", script], why="Keeping Debian from starting a server of its own")


def ensure_postgres(tree: Tree, unpacked: Path, step: Step, *, version: int | None = None) -> Postgres:
    """PostgreSQL with PostGIS from wherever it can be had. `version` is that of a cluster already made."""
    reasons = []
    for way in ("use what is here", "unpack", "install"):
        try:
            if way == "unpack":
                unpack(tree, DATABASE, unpacked, step)
            elif way == "install":
                install(tree, DATABASE, step)
        except Failure as fault:
            reasons.append(str(fault))
        found = find_postgres(unpacked)
        for programs in found:
            if version in (None, programs.version):
                return programs
        if found:
            raise other_version(tree, version, found[0].version)
    raise Failure(
        "PostgreSQL 15 or newer with PostGIS is needed and could not be had:\n  - "
        + "\n  - ".join(reasons)
        + "\nInstall it (Debian, Ubuntu: apt-get install postgresql-postgis), or use `docker compose up`."
    )


def other_version(tree: Tree, made_by: int | None, here: int) -> Failure:
    """A data folder can only be opened by the major version that made it."""
    return Failure(
        f"The database in {tree.var} was made by PostgreSQL {made_by}; this machine now has {here}.\n"
        f"To keep it: install postgresql-{made_by} with its postgis package, save it with pg_dump, run\n"
        f"`bin/run --fresh --no-demo` and load it with pg_restore. To begin anew: `bin/run --fresh`."
    )


# --- a browser for the tests --------------------------------------------------------------------------------


def runs(browser: str | None) -> bool:
    """Ubuntu's /usr/bin/chromium is a stub that only asks for a snap."""
    try:
        return (
            bool(browser)
            and subprocess.run([str(browser), "--version"], capture_output=True, timeout=30).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def ensure_browser(tree: Tree, step: Step) -> str | None:
    """The path of a Chromium, or None where there is no way to one. Tests fail without it in CI."""
    unpacked = tree.var / "browser"
    wrapper = tree.var / "chromium"
    for candidate in (os.environ.get("GRIDCITY_CHROMIUM"), shutil.which("chromium"), str(wrapper)):
        if runs(candidate):
            return candidate
    try:
        unpack(tree, BROWSER, unpacked, step)
        write_wrapper(wrapper, unpacked)
        if runs(str(wrapper)):
            return str(wrapper)
    except Failure:
        pass
    try:
        install(tree, BROWSER, step)
    except Failure:
        return None
    return shutil.which("chromium")


def write_wrapper(wrapper: Path, root: Path) -> None:
    """A script that starts the unpacked Chromium with its own libraries and fonts."""
    fonts = root / "fonts.conf"
    write(
        fonts,
        "<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'><fontconfig>"
        f"<dir>{root}/usr/share/fonts</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{root}/fontcache</cachedir></fontconfig>\n",
    )
    write(
        wrapper,
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH='{library_env(root)['LD_LIBRARY_PATH']}'\n"
        f"export FONTCONFIG_FILE='{fonts}'\n"
        f"exec '{root}/usr/lib/chromium/chromium' \"$@\"\n",
        mode=0o755,
    )
