"""What a city settles about deadlines: types of limits, seasons, and who grants relief from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinLengthValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from casework.calendars import season_of
from casework.roles import Role

DECIDING = [
    (role.value, role.label)
    for role in (Role.DEPARTMENT, Role.DISPATCHER, Role.ACCEPTOR, Role.SHIFT_LEADER, Role.MANAGER)
]


def check_season(value: str) -> None:
    try:
        season_of(value)
    except ValueError as error:
        raise ValidationError(_("A season looks like 03-01/04-30.")) from error


def levels(label: Any, default: Callable[[], list[str]]) -> Any:
    return ArrayField(
        models.CharField(max_length=16, choices=DECIDING),
        verbose_name=label,
        default=default,
        validators=[MinLengthValidator(1)],
    )


class LimitType(models.Model):
    """A label of limits, A, B or C. What it means is the city's: two readings are in use (workflow.md §7.2).

    grades  management grades of cells in which this type is taken by itself; none: it is chosen when filing
    """

    code = models.CharField(_("type"), max_length=4, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    grades = ArrayField(
        models.CharField(max_length=10), verbose_name=_("management grades"), default=list, blank=True
    )

    class Meta:
        verbose_name = _("type of limits")
        verbose_name_plural = _("types of limits")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return self.name if (get_language() or "zh").startswith("zh") or not self.name_en else self.name_en


class Season(models.Model):
    """When a seasonal limit is counted: from a day to a day, both included, perhaps over New Year."""

    key = models.CharField(_("key"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    days = models.CharField(_("days"), max_length=11, help_text=_("MM-DD/MM-DD"), validators=[check_season])

    class Meta:
        verbose_name = _("season")
        verbose_name_plural = _("seasons")
        ordering = ("key",)

    def __str__(self) -> str:
        return self.key


def _of_department() -> list[str]:
    return [Role.DEPARTMENT, Role.DISPATCHER]


def _of_head() -> list[str]:
    return [Role.DISPATCHER, Role.MANAGER]


def _of_appeal() -> list[str]:
    return [Role.DISPATCHER, Role.ACCEPTOR]


class ClockPolicy(models.Model):
    """What a city has settled about its deadlines; a stream without a row uses the defaults of these fields,
    which are those of a real city's rules (workflow.md §6).

    …_levels        the roles that decide one after the other
    extension_most  how often the original limit is granted once more; refusals do not count
    in_time_only    ask before the limit is over, not after
    four_eyes       who asked does not decide, not even for her own department
    rework          what the department gets after a failed check: a fresh limit, or what was left of the old
    bundled         a clock from filing to closing beside the others (捆绑计时)
    """

    class Rework(models.TextChoices):
        RESTART = "restart", _("a fresh limit")
        GO_ON = "go_on", _("what is left of the limit")

    stream = models.OneToOneField(
        "casework.Stream", on_delete=models.PROTECT, primary_key=True, related_name="clock_policy"
    )
    extension_most = models.PositiveSmallIntegerField(_("extensions at most"), default=2)
    extension_levels = levels(_("who decides on extensions"), _of_department)
    hang_most = models.PositiveSmallIntegerField(_("times hung at most"), default=1)
    hang_days = models.PositiveSmallIntegerField(_("days hung at most"), default=365)
    hang_levels = levels(_("who decides on hanging"), _of_head)
    appeal_levels = levels(_("who decides on appeals"), _of_appeal)
    in_time_only = models.BooleanField(_("ask before the limit is over only"), default=True)
    four_eyes = models.BooleanField(_("who asked does not decide"), default=False)
    rework = models.CharField(
        _("after a failed check"), max_length=7, choices=Rework.choices, default=Rework.RESTART
    )
    bundled = models.BooleanField(_("clock from filing to closing"), default=False)

    class Meta:
        verbose_name = _("policy of deadlines")
        verbose_name_plural = _("policies of deadlines")

    def __str__(self) -> str:
        return self.stream_id
