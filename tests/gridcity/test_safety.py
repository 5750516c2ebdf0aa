"""An unsafe deployment refuses to start, in a process of its own as in real life, and says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAFE = {
    "GRIDCITY_SECRET_KEY": "k7-" + "Zq3vB9xR" * 8,
    "GRIDCITY_ALLOWED_HOSTS": "city.example",
    "GRIDCITY_DATABASE": "postgresql://nobody@nowhere.invalid/none",
}


def start(tmp_path: Path, **given: str) -> "subprocess.CompletedProcess[str]":
    """Loads the application as a server would; nothing asks the database so far."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCITY_")}
    env = {**clean, "DJANGO_SETTINGS_MODULE": "gridcity.settings", "GRIDCITY_VAR": str(tmp_path), **given}
    return subprocess.run(
        [sys.executable, "-c", "import gridcity.wsgi; print('started')"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )


def test_a_safe_one_starts(tmp_path: Path) -> None:
    done = start(tmp_path, **SAFE)
    assert done.stdout == "started\n", done.stderr


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"GRIDCITY_SECRET_KEY": ""}, "secret key is absent"),
        ({"GRIDCITY_SECRET_KEY": "short"}, "shorter than 50"),
        ({"GRIDCITY_DEBUG": "1"}, "Debug pages are on"),
        ({"GRIDCITY_HTTPS": "0"}, "plain http"),
    ],
)
def test_an_unsafe_one_does_not_and_says_why(tmp_path: Path, change: dict[str, str], reason: str) -> None:
    done = start(tmp_path, **{**SAFE, **change})
    assert done.returncode != 0
    assert done.stdout == ""
    assert "refuses to serve" in done.stderr
    assert reason in done.stderr


def test_the_demo_is_exempt(tmp_path: Path) -> None:
    assert start(tmp_path, GRIDCITY_DEMO="1", GRIDCITY_HTTPS="0").stdout == "started\n"


def test_a_malformed_value_is_told_by_name(tmp_path: Path) -> None:
    done = start(tmp_path, **SAFE, GRIDCITY_WEB_THREADS="many")
    assert done.returncode != 0
    assert "GRIDCITY_WEB_THREADS='many' is not usable" in done.stderr
