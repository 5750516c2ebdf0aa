"""How a case stood before its last move, for as long as that move may be undone."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class UndoImage(models.Model):
    """What an undoable move found: written by the move, used by `undo`, overwritten by the next.

    version  of the case after the move; verb and person: which move, and who alone may undo it
    image    state and holder of the case, the report's changing fields, its clocks and routing decisions
    """

    case = models.OneToOneField(
        "casework.Case", on_delete=models.CASCADE, primary_key=True, related_name="undo_image"
    )
    version = models.PositiveIntegerField(_("version"))
    verb = models.CharField(_("move"), max_length=24)
    person = models.ForeignKey("casework.Person", on_delete=models.CASCADE, related_name="+", db_index=False)
    made_at = models.DateTimeField(_("made at"))
    image = models.JSONField(_("as it was"))

    class Meta:
        verbose_name = _("image before a move")
        verbose_name_plural = _("images before moves")

    def __str__(self) -> str:
        return f"{self.case_id} {self.verb}"
