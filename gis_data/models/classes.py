"""Classes of components and events. A code means something only with its edition (decision 15)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ClassEdition(models.Model):
    """A class table: GB/T 30428.2-2013, CJ/T 214-2007, a city's own. Exactly one is current."""

    code = models.CharField(_("edition"), max_length=40, unique=True)
    title = models.CharField(_("title"), max_length=200)
    current = models.BooleanField(_("in use for new reports"), default=False)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    class_digits = models.PositiveSmallIntegerField(_("digits of a class code"), default=4)

    class Meta:
        verbose_name = _("edition of classes")
        verbose_name_plural = _("editions of classes")
        constraints = (
            models.UniqueConstraint(
                fields=["current"], condition=models.Q(current=True), name="one_current_edition"
            ),
        )

    def __str__(self) -> str:
        return self.code


class ProblemClass(models.Model):
    """A minor class (小类) of components (部件) or events (事件) of one edition."""

    class Kind(models.TextChoices):
        COMPONENT = "component", _("component")
        EVENT = "event", _("event")

    edition = models.ForeignKey(ClassEdition, on_delete=models.PROTECT, related_name="classes")
    kind = models.CharField(_("kind"), max_length=9, choices=Kind.choices)
    code = models.CharField(_("class code"), max_length=6)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=150)
    major_code = models.CharField(_("major class code"), max_length=3)
    major = models.CharField(_("major class"), max_length=100)
    major_en = models.CharField(_("major class in English"), max_length=150)
    pinyin = models.CharField(_("pinyin"), max_length=200, blank=True)
    initials = models.CharField(_("initials"), max_length=40, blank=True)
    geometry_kind = models.CharField(_("drawn as"), max_length=5, blank=True)
    note = models.TextField(_("note"), blank=True)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ("kind", "code")
        constraints = (
            models.UniqueConstraint(fields=["edition", "kind", "code"], name="class_once_an_edition"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    @property
    def title(self) -> str:
        """The name in the reader's language."""
        return self.name if (get_language() or "zh").startswith("zh") else self.name_en
