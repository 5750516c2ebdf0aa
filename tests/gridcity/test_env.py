"""A malformed setting stops the start with a sentence that names it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from gridcity import env


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    return lambda value: monkeypatch.setenv("GRIDCITY_X", value)


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (lambda: env.flag("X", default=False), "maybe"),
        (lambda: env.number("X", 5, least=1, most=9), "10"),
        (lambda: env.number("X", 5), "5.5"),
        (lambda: env.number("X", 5), "-1"),
        (lambda: env.number("X", 5), "٥"),
        (lambda: env.one_of("X", ["a", "b"], "a"), "c"),
        (lambda: env.origins("X"), "city.example"),
        (lambda: env.origins("X"), "https://city.example/path"),
        (lambda: env.folder("X", __import__("pathlib").Path("/")), "relative/path"),
        (lambda: env.records("X", ["id"]), "{nonsense"),
        (lambda: env.records("X", ["id", "url"]), '[{"id": 1}]'),
        (lambda: env.records("X", ["id"]), '{"id": 1}'),
        (lambda: env.database("X", ""), "not a database"),
    ],
)
def test_nonsense_is_refused_by_name(given, read, value) -> None:
    given(value)
    with pytest.raises(ImproperlyConfigured, match="GRIDCITY_X="):
        read()


def test_what_is_well_said_is_understood(given) -> None:
    for value, meant in {"1": True, "yes": True, "Off": False, "": True, " 0 ": False}.items():
        given(value)
        assert env.flag("X", default=True) is meant
    given(" a.example , b.example,")
    assert env.words("X") == ["a.example", "b.example"]
    given("postgresql://me:pw@host:5433/city?sslmode=require")
    assert env.database("X", "") == {
        "user": "me",
        "password": "pw",
        "host": "host",
        "port": "5433",
        "dbname": "city",
        "sslmode": "require",
    }


def test_secrets_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDCITY_DATABASE", "hunter2 is my password")
    with pytest.raises(ImproperlyConfigured) as refused:
        env.database("DATABASE", "")
    assert "hunter2" not in str(refused.value)
