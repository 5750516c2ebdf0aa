"""Changes of routing rules that are looked at before they take force."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RuleDraft(models.Model):
    """A set of changes to a district's rules; as rows of RoutingRule once it is scheduled.

    changes         see `dispatch.drafts.Change`; each adds a rule, replaces one, or ends one
    version         counts every saving, so that two administrators do not overwrite each other
    takes_force_at  when the rules change; set by scheduling, and from then on nothing is changed here
    effect          what the replay said when it was scheduled
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("takes force at a set time")
        DISCARDED = "discarded", _("discarded")

    name = models.CharField(_("name"), max_length=100)
    district_code = models.CharField(_("district code"), max_length=6)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.DRAFT)
    changes = models.JSONField(_("changes"), default=list)
    version = models.PositiveIntegerField(_("version"), default=1)
    takes_force_at = models.DateTimeField(_("takes force at"), null=True, blank=True)
    effect = models.JSONField(_("effect"), default=dict, blank=True)
    made_by = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made at"), default=timezone.now)

    class Meta:
        verbose_name = _("draft of routing rules")
        verbose_name_plural = _("drafts of routing rules")
        ordering = ("-made_at",)

    def __str__(self) -> str:
        return self.name
