"""What people say to each other about a case. Each message is an entry of the case's journal too."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Message(models.Model):
    """One message on a case, written with its journal entry.

    id        made by the sender; sent again, it finds the same message
    case_seq  number of its journal entry within the case: the order of the conversation
    photos    attachments of the case, in the order sent
    """

    id = models.UUIDField(primary_key=True, editable=False)
    case = models.ForeignKey(
        "casework.Case", on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    case_seq = models.PositiveIntegerField(_("number in the case"))
    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="messages")
    post = models.ForeignKey("casework.Post", on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField(_("text"), blank=True)
    photos = ArrayField(models.UUIDField(), verbose_name=_("photographs"), default=list, blank=True)
    sent_at = models.DateTimeField(_("sent at"))

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = (models.UniqueConstraint(fields=["case", "case_seq"], name="message_in_order"),)
        indexes = (models.Index(fields=["sent_at"], name="message_by_time"),)

    def __str__(self) -> str:
        return f"{self.case_id}/{self.case_seq}"


class Mention(models.Model):
    """Somebody is named in a message, and gets a notice of it."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="mentions")
    person = models.ForeignKey("casework.Person", on_delete=models.PROTECT, related_name="mentions")

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = (models.UniqueConstraint(fields=["message", "person"], name="mentioned_once"),)

    def __str__(self) -> str:
        return f"{self.message_id} @{self.person_id}"


class Reading(models.Model):
    """How far a person has read the conversation of a case: all messages numbered up to `upto`."""

    case = models.ForeignKey("casework.Case", on_delete=models.CASCADE, related_name="readings")
    person = models.ForeignKey(
        "casework.Person", on_delete=models.CASCADE, related_name="readings", db_index=False
    )
    upto = models.PositiveIntegerField(_("read up to"))

    class Meta:
        verbose_name = _("reading of a conversation")
        verbose_name_plural = _("readings of conversations")
        constraints = (models.UniqueConstraint(fields=["person", "case"], name="reading_once"),)

    def __str__(self) -> str:
        return f"{self.person_id} {self.case_id} {self.upto}"
