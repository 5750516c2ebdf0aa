"""Lint, types, imports, migrations, messages, lock files, the front end: all but the tests."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from launcher.front import Front
from launcher.pyenv import PythonEnv
from launcher.say import say

PACKAGES = ("gridcity", "frontend", "dispatch", "hall", "casework", "gis_data")
HOSTS = re.compile(r"https?://|--index-url|--extra-index-url|--find-links|\"resolved\"")


def host_names(root: Path) -> list[str]:
    """Lines of lock files that say where something was downloaded from."""
    locks = [*root.glob("requirements*.lock"), root / "frontend/package-lock.json"]
    return [
        f"{lock.name}:{number}: {line.strip()}"
        for lock in locks
        if lock.exists()
        for number, line in enumerate(lock.read_text().splitlines(), 1)
        if HOSTS.search(line) and '"url": "https://' not in line  # npm's "funding" pages, not a download
    ]


def lint(python: PythonEnv, root: Path) -> int:
    return sum(
        [
            tool(
                "ruff check",
                [python.home / "bin/ruff", "check", "-q", "--output-format", "concise", "."],
                root,
            ),
            tool("ruff format", [python.home / "bin/ruff", "format", "-q", "--check", "."], root),
        ]
    )


def everything(python: PythonEnv, front: Front, env: dict[str, str]) -> int:
    """The number of checks that found something."""
    root = python.tree.root
    packages = [name for name in PACKAGES if (root / name / "__init__.py").exists()]
    faults = lint(python, root)
    places = [*packages, "bin/launcher", "tests"]
    faults += tool("mypy", [python.home / "bin/mypy", "--no-error-summary", *places], root, env)
    faults += tool("imports", [python.home / "bin/lint-imports", "--no-logo"], root, env)
    manage: list[str | Path] = [python.python, "-P", "-m", "gridcity"]
    faults += tool("migrations", [*manage, "makemigrations", "--check", "--dry-run"], root, env)
    faults += tool("deployment", [*manage, "check", "--deploy", "--fail-level", "WARNING"], root, env)
    faults += report("lock files", host_names(root))
    scripts = json.loads((root / "frontend/package.json").read_text()).get("scripts", {})
    if "check" in scripts:
        faults += tool("front end", front.npm("run", "--silent", "check"), root / "frontend", front.env())
    return faults


def tool(name: str, command: Sequence[str | Path], cwd: Path, env: dict[str, str] | None = None) -> int:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    words = (done.stdout + done.stderr).strip().splitlines() if done.returncode else []
    return report(name, words or [f"status {done.returncode}"] if done.returncode else [])


def report(name: str, faults: Sequence[str]) -> int:
    say(f"check {name}: {'ok' if not faults else ''}")
    for fault in faults:
        say(f"    {fault}")
    return int(bool(faults))
