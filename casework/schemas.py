"""Shapes at the edge that both flows share."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, field_validator


class In(BaseModel):
    """What comes in: objects only where objects are meant, and no text that the database cannot hold."""

    @field_validator("*", mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        if isinstance(value, str) and "\x00" in value:
            raise ValueError(_("holds a NUL character"))
        return value


class Out(BaseModel):
    """What goes out is read from dicts or objects as it is."""

    # ninja's own Schema wraps each part of an answer to serve resolvers, of which we have none
    model_config = ConfigDict(from_attributes=True)


class NamedOut(Out):
    code: str
    name: str
    name_en: str


class PostOut(Out):
    id: int
    title: str
    role: str
    role_label: str
    organisation: NamedOut


class MeOut(Out):
    id: int
    username: str
    name: str
    language: str
    csrf: str
    stream: str
    post: PostOut
    posts: list[PostOut]
    home: str
    verbs: list[str]


class LoginIn(In):
    username: str = Field(max_length=150)
    password: str = Field(max_length=200)


class MeIn(In):
    language: str | None = None
    post_id: int | None = None


class TokenIn(In):
    label: str = Field(min_length=1, max_length=60)


class TokenOut(Out):
    id: int
    label: str
    token: str = Field(description="Shown once; only its hash is kept.")


class PhotoOut(Out):
    id: UUID
    sha256: str
    byte_size: int
    width: int
    height: int
    seconds: float | None = Field(None, description="Of a voice note: how long it lasts.")
    taken_at: datetime | None
    lon: float | None
    lat: float | None
    source: str


class EntryOut(Out):
    stream: str
    seq: int
    case_id: UUID
    case_seq: int
    verb: str
    label: str
    at: datetime
    by: dict[str, str] | None
    state_from: str
    state_to: str
    facts: dict[str, Any]
