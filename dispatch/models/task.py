"""Tasks for inspectors: verify (核实) before filing, check (核查) after handling."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE


class Task(models.Model):
    """One errand on site. Keys are neutral: some cities use 核实 and 核查 the other way round.

    answer_id   made by the phone, so that an answer sent twice is one answer
    place, accuracy_m, distance_m   from where it was answered, and how far that is from the report's place
    """

    class Kind(models.TextChoices):
        VERIFY = "verify", _("verify on site")
        CHECK = "check", _("check on site")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        RECALLED = "recalled", _("recalled")

    case = models.ForeignKey("casework.Case", on_delete=models.PROTECT, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    inspector = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="tasks")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    sent_at = models.DateTimeField(_("sent at"))
    sent_by = models.ForeignKey(
        "casework.Person", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    result = models.CharField(_("result"), max_length=11, blank=True)
    note = models.TextField(_("note"), blank=True)
    answer_id = models.UUIDField(_("answer"), null=True, blank=True, editable=False)
    device_at = models.DateTimeField(_("time of the device"), null=True, blank=True)
    place = models.PointField(_("answered from"), srid=STORE, null=True, blank=True, spatial_index=False)
    accuracy_m = models.FloatField(_("accuracy in m"), null=True, blank=True)
    distance_m = models.FloatField(_("distance to the place in m"), null=True, blank=True)

    class Meta:
        verbose_name = _("task on site")
        verbose_name_plural = _("tasks on site")
        constraints = (
            models.UniqueConstraint(fields=["case"], condition=Q(state="open"), name="one_open_task_a_case"),
        )
        indexes = (
            models.Index(
                fields=["inspector", "sent_at"], condition=Q(state="open"), name="task_open_of_inspector"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.case_id}"
