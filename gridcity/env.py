"""Settings from the environment. A malformed value is refused with a sentence, never guessed at."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

PREFIX = "GRIDCITY_"
YES = {"1", "yes", "true", "on"}
NO = {"0", "no", "false", "off"}


def refuse(name: str, value: str, wanted: str) -> ImproperlyConfigured:
    """The one sentence an operator reads; a secret's value is not repeated."""
    shown = "…" if "SECRET" in name or "PASSWORD" in name or "DATABASE" in name else repr(value)
    return ImproperlyConfigured(f"{PREFIX}{name}={shown} is not usable: {wanted}.")


def text(name: str, default: str = "") -> str:
    """A trimmed string; set but empty counts as not set."""
    return os.environ.get(PREFIX + name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    value = text(name)
    if not value:
        return default
    if value.lower() in YES | NO:
        return value.lower() in YES
    raise refuse(name, value, "say 1 or 0")


def number(name: str, default: int, *, least: int = 0, most: int = 2**31) -> int:
    value = text(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise refuse(name, value, f"a whole number from {least} to {most} is wanted")
    return int(value)


def words(name: str, default: Sequence[str] = ()) -> list[str]:
    """A list separated by commas."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else list(default)


def one_of(name: str, choices: Sequence[str], default: str) -> str:
    value = text(name, default)
    if value not in choices:
        raise refuse(name, value, "one of " + ", ".join(choices) + " is wanted")
    return value


def origins(name: str) -> list[str]:
    """Origins such as https://city.example, separated by commas."""
    found = words(name)
    for origin in found:
        if not origin.startswith(("https://", "http://")) or origin.count("/") != 2:
            raise refuse(name, origin, "an origin looks like https://city.example, without a path")
    return found


def folder(name: str, default: Path) -> Path:
    value = text(name)
    if value and not Path(value).is_absolute():
        raise refuse(name, value, "an absolute path is wanted")
    return Path(value) if value else default


def records(name: str, fields: Sequence[str]) -> list[dict[str, Any]]:
    """A JSON list of objects that all have the named fields."""
    value = text(name)
    if not value:
        return []
    try:
        found = json.loads(value)
    except json.JSONDecodeError as fault:
        raise refuse(name, value, f"this is not JSON ({fault})") from None
    if not isinstance(found, list) or not all(
        isinstance(row, dict) and set(fields) <= set(row) for row in found
    ):
        raise refuse(name, value, "a JSON list of objects with " + ", ".join(fields) + " is wanted")
    return found


def database(name: str, default: str) -> dict[str, str]:
    """A PostgreSQL connection string, as URL or as key=value words, in the pieces libpq knows."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    value = text(name, default)
    try:
        return {key: str(part) for key, part in conninfo_to_dict(value).items()}
    except ProgrammingError:
        raise refuse(name, value, "something like postgresql://user@host:5432/gridcity is wanted") from None
