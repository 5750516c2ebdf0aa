"""One module a noun; import them from here."""

from casework.models.attachment import Attachment
from casework.models.calendar import CalendarDay, CalendarRecord, CalendarYear, WorkingCalendar
from casework.models.case import Case, CaseLink
from casework.models.clock import Alarm, CaseClock, Mute, Threshold
from casework.models.journal import Entry, Stream
from casework.models.message import Mention, Message, Reading
from casework.models.notice import Notice
from casework.models.org import Holding, Organisation, Post, Succession
from casework.models.person import FailedLogin, Party, Person, Token
from casework.models.push import PushSubscription

__all__ = [
    "Alarm",
    "Attachment",
    "CalendarDay",
    "CalendarRecord",
    "CalendarYear",
    "Case",
    "CaseClock",
    "CaseLink",
    "Entry",
    "FailedLogin",
    "Holding",
    "Mention",
    "Message",
    "Mute",
    "Notice",
    "Organisation",
    "Party",
    "Person",
    "Post",
    "PushSubscription",
    "Reading",
    "Stream",
    "Succession",
    "Threshold",
    "Token",
    "WorkingCalendar",
]
