"""The first administrator of a new city is appointed from the command line."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from casework.access import actors_of
from casework.models import Person
from casework.roles import Role

pytestmark = pytest.mark.django_db
ASKED = {"stream": "110101", "organisation": "110101-GOV"}


def appoint(
    monkeypatch: pytest.MonkeyPatch, username: str, role: str, password: str = "rain on a long night"
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    call_command("appoint", username, role=role, password_stdin=True, **ASKED, stdout=io.StringIO())


def test_an_empty_city_gets_its_first_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    appoint(monkeypatch, "wang", "system_admin")
    person = Person.objects.get(username="wang")
    assert person.check_password("rain on a long night")
    assert [actor.role for actor in actors_of(person.pk)] == [Role.SYSTEM_ADMIN]


def test_a_weak_password_is_refused_and_nobody_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError):
        appoint(monkeypatch, "wang", "system_admin", "12345")
    assert not Person.objects.exists()


def test_nobody_is_appointed_to_two_administrators_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    appoint(monkeypatch, "wang", "system_admin")
    with pytest.raises(CommandError):
        appoint(monkeypatch, "wang", "audit_admin")
    assert len(actors_of(Person.objects.get().pk)) == 1
