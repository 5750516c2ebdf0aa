"""Organisations, what became of them, the posts they have and who holds those when."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from casework.roles import Role, may_share_a_person


class Organisation(models.Model):
    """A centre, department, street office or company. Never renamed in place: see Succession."""

    class Kind(models.TextChoices):
        SUPERVISION = "supervision", _("supervision centre")
        COMMAND = "command", _("command centre")
        DEPARTMENT = "department", _("department")
        STREET = "street", _("street office")
        COMPANY = "company", _("company")
        GOVERNMENT = "government", _("government")

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=150, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    area_code = models.CharField(
        _("area"),
        max_length=12,
        blank=True,
        help_text=_("code of the district, street or community it serves"),
    )
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        if (get_language() or "zh").startswith("zh") or not self.name_en:
            return self.name
        return self.name_en


class Succession(models.Model):
    """On a day, one organisation takes over what another had. Open work follows; closed work stays.

    area_code        of a split: what lies there; empty: all that is left
    carried_out_at   when rules and open work were handed over; `moved` says how much
    """

    predecessor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="succeeded_by")
    successor = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="took_over")
    on = models.DateField(_("on"))
    basis = models.CharField(_("basis"), max_length=200, blank=True)
    area_code = models.CharField(
        _("area"),
        max_length=15,
        blank=True,
        help_text=_("code of the part that is taken over; empty for all that is left"),
    )
    carried_out_at = models.DateTimeField(_("carried out at"), null=True, blank=True, editable=False)
    moved = models.JSONField(_("handed over"), default=dict, blank=True, editable=False)

    class Meta:
        verbose_name = _("succession")
        verbose_name_plural = _("successions")
        constraints = (
            models.CheckConstraint(condition=~Q(predecessor=F("successor")), name="nobody_succeeds_itself"),
            models.UniqueConstraint(
                fields=["predecessor", "successor", "on", "area_code"], name="succession_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor} ({self.on})"


class Post(models.Model):
    """A chair in an organisation, with one role. Work is given to posts, done by their holders."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    title = models.CharField(_("title"), max_length=100)
    title_en = models.CharField(_("English title"), max_length=100, blank=True)
    stream = models.ForeignKey("casework.Stream", on_delete=models.PROTECT, related_name="posts")

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = (models.UniqueConstraint(fields=["organisation", "role", "title"], name="post_once"),)

    def __str__(self) -> str:
        return f"{self.organisation} {self.title}"


class Holding(models.Model):
    """Who holds a post from when to when (`until` open while it lasts)."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="holdings")
    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="holdings")
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("holding of a post")
        verbose_name_plural = _("holdings of posts")
        constraints = (
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="holding_ends_after_it_began"
            ),
            models.UniqueConstraint(
                fields=["post", "person"], condition=Q(until__isnull=True), name="post_held_once_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.post}"

    def clean(self) -> None:
        """Refuse, in words, what a trigger refuses in any case: an administrator with another role."""
        since: datetime | None = self.since  # none yet when a form could not read it
        if not (self.person_id and self.post_id and since):
            return
        others = Holding.objects.filter(person_id=self.person_id).exclude(pk=self.pk)
        others = others.filter(Q(until__isnull=True) | Q(until__gt=since))
        if self.until is not None:
            others = others.filter(since__lt=self.until)
        for other in others.select_related("post", "post__organisation"):
            if not may_share_a_person(Role(self.post.role), Role(other.post.role)):
                raise ValidationError(
                    _("%(person)s holds “%(post)s” at that time; an administrator holds no other role.")
                    % {"person": self.person, "post": other.post}
                )
