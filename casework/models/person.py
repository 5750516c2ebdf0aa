"""The one user model, and people outside the house."""

from __future__ import annotations

import hashlib
import secrets
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Person(AbstractUser):
    """Somebody who signs in. Rights come from the posts held (`Holding`), never from groups."""

    first_name = None  # type: ignore[assignment]  # Chinese names are one field
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    demo = models.BooleanField(_("demonstration account"), default=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """By the posts held (`gridcity.administrators`); `is_superuser` opens nothing."""
        return self.is_active and perm in self.get_all_permissions()

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and any(p.startswith(f"{app_label}.") for p in self.get_all_permissions())


class Party(models.Model):
    """A reporter or applicant from outside. Names and numbers are shown to supervision only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=60, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")

    def __str__(self) -> str:
        return self.name or "–"


class Token(models.Model):
    """A key for programs. Only its SHA-256 is stored; the key itself is shown once."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    label = models.CharField(_("label"), max_length=60)
    digest = models.BinaryField(_("SHA-256"), max_length=32, unique=True)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.label

    @staticmethod
    def digest_of(key: str) -> bytes:
        return hashlib.sha256(key.encode()).digest()

    @classmethod
    def make(cls, person: Person, label: str) -> tuple[Token, str]:
        """A new token and its key, which is not kept."""
        key = f"gc_{secrets.token_urlsafe(32)}"
        return cls.objects.create(person=person, label=label, digest=cls.digest_of(key)), key


class FailedLogin(models.Model):
    """A failed attempt to sign in; kept for a day, counted for ten minutes."""

    username = models.CharField(max_length=150, db_index=True)
    address = models.CharField(max_length=45, db_index=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("failed sign-in")
        verbose_name_plural = _("failed sign-ins")

    def __str__(self) -> str:
        return f"{self.username} {self.at}"
