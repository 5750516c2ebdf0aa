"""The few raw statements, one file each, documented like functions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


@cache
def statement(name: str) -> str:
    """The text of `name`.sql beside this file."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
