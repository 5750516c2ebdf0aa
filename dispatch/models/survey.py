"""Special surveys (专项普查): a class counted cell by cell on order."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.utils.translation import gettext_lazy as _

from gis_data.crs import STORE


class Survey(models.Model):
    """What is to be counted and where: one-to-one on its Case, which has number, state and journal."""

    case = models.OneToOneField(
        "casework.Case", on_delete=models.PROTECT, primary_key=True, related_name="survey"
    )
    title = models.CharField(_("title"), max_length=100)
    problem_class = models.ForeignKey("gis_data.ProblemClass", on_delete=models.PROTECT, related_name="+")
    note = models.TextField(_("note"), blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    ordered_by = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="+")
    fingerprint = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("special survey")
        verbose_name_plural = _("special surveys")

    def __str__(self) -> str:
        return self.title


class SurveyCell(models.Model):
    """One cell of a survey: who counts it, what the inventory expects, what she found.

    expected   components of the class in the inventory on the day of the order
    ticks      {component code: present | damaged | missing}; `extra`: standing there, not in the inventory
    counted    what there is: ticked as present or damaged, and extra; or a plain count
    answer_id  made by the phone, so that a count sent twice is one count
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        COUNTED = "counted", _("counted")
        CANNOT_TELL = "cannot_tell", _("cannot tell")

    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="cells")
    cell_code = models.CharField(_("unit grid cell"), max_length=15)
    inspector = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="survey_cells")
    state = models.CharField(_("state"), max_length=11, choices=State.choices, default=State.OPEN)
    expected = models.PositiveIntegerField(_("expected"), default=0)
    counted = models.PositiveIntegerField(_("counted"), null=True, blank=True)
    extra = models.PositiveIntegerField(_("not in the inventory"), default=0)
    ticks = models.JSONField(_("ticks"), default=dict, blank=True)
    note = models.TextField(_("note"), blank=True)
    answer_id = models.UUIDField(_("answer"), null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    device_at = models.DateTimeField(_("time of the device"), null=True, blank=True)
    place = models.PointField(_("answered from"), srid=STORE, null=True, blank=True, spatial_index=False)
    accuracy_m = models.FloatField(_("accuracy in m"), null=True, blank=True)
    distance_m = models.FloatField(_("distance to the cell in m"), null=True, blank=True)

    class Meta:
        verbose_name = _("cell of a survey")
        verbose_name_plural = _("cells of a survey")
        ordering = ("survey", "cell_code")
        constraints = (models.UniqueConstraint(fields=["survey", "cell_code"], name="survey_cell_once"),)
        indexes = (
            models.Index(
                fields=["inspector", "survey"],
                condition=models.Q(state="open"),
                name="survey_cell_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.survey_id} {self.cell_code}"
