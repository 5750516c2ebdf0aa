"""An unsafe deployment refuses to start, in a process of its own as in real life, and says why."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from psycopg.conninfo import make_conninfo

from casework.models import Person
from gridcity import safety

ROOT = Path(__file__).parents[2]
SAFE = {"GRIDCITY_SECRET_KEY": "k7-" + "Zq3vB9xR" * 8, "GRIDCITY_ALLOWED_HOSTS": "city.example"}

pytestmark = pytest.mark.django_db(transaction=True)


def database() -> str:
    """The test database, for another process."""
    now = connection.settings_dict
    return make_conninfo(
        host=now["HOST"], port=now["PORT"], user=now["USER"], password=now["PASSWORD"], dbname=now["NAME"]
    )


def start(tmp_path: Path, **given: str) -> "subprocess.CompletedProcess[str]":
    """Loads the application as a server would."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCITY_")}
    env = {**clean, "DJANGO_SETTINGS_MODULE": "gridcity.settings", "GRIDCITY_VAR": str(tmp_path)}
    env |= {"GRIDCITY_DATABASE": database(), **given}
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


UNSAFE = {
    "SECRET_KEY": ("short", "shorter than 50"),
    "DEBUG": (True, "Debug pages are on"),
    "HTTPS": (False, "plain http"),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_each_danger_is_named_alone(name: str, settings: LazySettings) -> None:
    settings.DEMO, settings.HTTPS, settings.DEBUG, settings.SECRET_KEY = (
        False,
        True,
        False,
        SAFE["GRIDCITY_SECRET_KEY"],
    )
    ours = [safety.own_secret, safety.no_debug, safety.encrypted]
    assert [fault for check in ours for fault in check(None)] == []
    danger, reason = UNSAFE[name]
    setattr(settings, name, danger)
    (fault,) = [fault for check in ours for fault in check(None)]
    assert reason in fault.msg
    with pytest.raises(ImproperlyConfigured, match=reason):
        safety.refuse_unsafe()
    settings.DEMO = True
    safety.refuse_unsafe()


def test_an_unsafe_one_does_not_start_and_says_every_reason(tmp_path: Path) -> None:
    done = start(tmp_path, GRIDCITY_DEBUG="1", GRIDCITY_HTTPS="0")
    assert done.returncode != 0
    assert done.stdout == ""
    for reason in ("refuses to serve", "secret key is absent", "Debug pages are on", "plain http"):
        assert reason in done.stderr


def test_demonstration_accounts_are_found_while_they_can_sign_in() -> None:
    person = Person.objects.create(username="demo-dispatcher", demo=True)
    (fault,) = safety.no_demo_accounts(None, databases=["default"])
    assert "1 demonstration accounts" in fault.msg
    person.is_active = False
    person.save()
    assert safety.no_demo_accounts(None, databases=["default"]) == []


def test_a_database_that_cannot_be_asked_is_not_taken_for_safe(tmp_path: Path) -> None:
    done = start(tmp_path, **SAFE, GRIDCITY_DATABASE="postgresql:///none?host=/nowhere")
    assert "cannot be asked" in done.stderr
    assert done.returncode != 0


def test_a_malformed_value_is_told_by_name(tmp_path: Path) -> None:
    done = start(tmp_path, **SAFE, GRIDCITY_WEB_THREADS="many")
    assert done.returncode != 0
    assert "GRIDCITY_WEB_THREADS='many' is not usable" in done.stderr
