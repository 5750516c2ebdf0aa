"""Facts, their sums, how far they reach, months that were closed, and how a city scores.

Facts and sums are written in SQL alone (`rollup.py`); these classes make the tables.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dispatch.indicators.counters import COUNTERS


class Counted(models.Model):
    """A fact of a case: what it adds to a counter, on which day, for whom. See `facts.Fact`."""

    pk = models.CompositePrimaryKey("case_id", "counter", "day", "department_id", "post_id", "person_id")
    case_id = models.UUIDField()
    counter = models.SmallIntegerField()
    day = models.DateField()
    department_id = models.BigIntegerField()
    post_id = models.BigIntegerField()
    person_id = models.BigIntegerField()
    stream_id = models.CharField(max_length=12)
    cell = models.CharField(max_length=15)
    class_id = models.BigIntegerField()
    amount = models.BigIntegerField()

    class Meta:
        indexes = (
            models.Index(fields=["stream_id", "counter", "day", "case_id"], name="counted_behind_a_number"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {COUNTERS[self.counter]} {self.day}"


class Rollup(models.Model):
    """Sums of the facts of a day or month: in an area, and there for each department, class, post, person.

    grain   d: day, m: month, f: month as it was when it was closed
    dim     which key: '' none (the whole area), department, class, post, person
    width   of the area's code: 6 district, 9 street, 12 community, 15 cell (without keys)
    bucket  the day, or the first of the month
    c0 …    the sum of each counter, by its number; null where nothing was counted
    """

    pk = models.CompositePrimaryKey("stream_id", "grain", "dim", "width", "area", "bucket", "key")
    stream_id = models.CharField(max_length=12)
    grain = models.CharField(max_length=1)
    dim = models.CharField(max_length=10)
    width = models.SmallIntegerField()
    area = models.CharField(max_length=15, db_collation="C")
    bucket = models.DateField()
    key = models.BigIntegerField()
    for _number in range(len(COUNTERS)):
        locals()[f"c{_number}"] = models.BigIntegerField(null=True)
    del _number

    def __str__(self) -> str:
        return f"{self.grain} {self.bucket} {self.area} {self.dim} {self.key}"


class Reach(models.Model):
    """How far a stream is counted: up to which entry, and as of which moment deadlines were looked at.

    The row is the lock: who holds it counts. `version` is that of the fold.
    """

    stream_id = models.CharField(max_length=12, primary_key=True)
    seq = models.BigIntegerField(default=0)
    as_of = models.DateTimeField()
    rolled_at = models.DateTimeField()
    version = models.SmallIntegerField()

    def __str__(self) -> str:
        return f"{self.stream_id}/{self.seq}"


class Ripening(models.Model):
    """A case whose facts change at that moment though nobody acts: a deadline of it is still to come."""

    case_id = models.UUIDField(primary_key=True)
    stream_id = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["stream_id", "at"], name="ripening_next"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.at}"


class ClosedMonth(models.Model):
    """A month whose figures stand as they were after that entry; what changes later is an adjustment."""

    pk = models.CompositePrimaryKey("stream_id", "month")
    stream_id = models.CharField(max_length=12)
    month = models.DateField(_("month"))
    seq = models.BigIntegerField()
    closed_at = models.DateTimeField(_("closed at"))

    class Meta:
        verbose_name = _("closed month")
        verbose_name_plural = _("closed months")

    def __str__(self) -> str:
        return f"{self.stream_id} {self.month:%Y-%m}"


class Scoring(models.Model):
    """How a stream's city makes scores of rates, from a day on; without a row the defaults of `scores.py`.

    rules        composites, bands and grades; checked by `scores.check_rules()`
    rework_over  what reworked cases are divided by; two live systems differ
    """

    class ReworkOver(models.TextChoices):
        TO_CLOSE = "to_close", _("cases to close")
        HANDLED = "handled", _("cases handled")

    stream = models.ForeignKey("casework.Stream", on_delete=models.PROTECT, related_name="scorings")
    valid_from = models.DateField(_("valid from"))
    rework_over = models.CharField(
        _("rework is divided by"), max_length=8, choices=ReworkOver.choices, default=ReworkOver.TO_CLOSE
    )
    closes_after = models.PositiveSmallIntegerField(
        _("days after its end on which a month is closed"), default=5
    )
    rules = models.JSONField(_("composites, bands and grades"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("scoring")
        verbose_name_plural = _("scorings")
        ordering = ("stream", "-valid_from")
        constraints = (models.UniqueConstraint(fields=["stream", "valid_from"], name="one_scoring_a_day"),)

    def __str__(self) -> str:
        return f"{self.stream_id} {self.valid_from}"

    def clean(self) -> None:
        """Refuse, in words, rules that could not be applied."""
        from dispatch.indicators.rates import KEYS
        from dispatch.indicators.scores import check_rules

        if self.rules is not None:
            check_rules(self.rules, KEYS)
