"""Who has which case open just now: a courtesy among desks, not a fact about the case."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Lease(models.Model):
    """One desk works on one case until `until`, and goes on while it stays open (`dispatch.leases`).

    side    who would step on whom: supervision, command or department; each side has its own lease of a case
    desk    made by the window; ahead: it is the one that this desk takes next
    """

    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="leases")
    side = models.CharField(_("side"), max_length=12)
    desk = models.UUIDField(_("desk"))
    person = models.ForeignKey("casework.Person", on_delete=models.CASCADE, related_name="+", db_index=False)
    ahead = models.BooleanField(_("taken next"))
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("lease of a case")
        verbose_name_plural = _("leases of cases")
        constraints = (models.UniqueConstraint(fields=["case", "side"], name="one_lease_of_a_side"),)
        indexes = (models.Index(fields=["desk"], name="lease_of_desk"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.side}"
