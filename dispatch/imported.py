"""Cases that another system kept: a journey of its own, so that nothing told passes for a move made here.

    kind     KIND, never that of our own reports: no desk, no map and no clock ever meets one
    stream   a journal of its own beside the district's, so that a million told facts neither wait for the
             district's head nor reach the desks that follow it
    entry    one `import` with everything the other system told, and a `correct` for each later version

For this city such a case is over when it comes: its one state is final, and a newer import may only correct
what was told. `at` is the other system's time, `recorded_at` ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from casework import journal
from casework.access import Actor
from casework.errors import Missing
from casework.flows import Flow
from casework.models import Case
from casework.workflow import Move, Moves
from dispatch.cards import dress
from dispatch.policy import SEES_ALL

KIND: Final = "imported"
PAST: Final = "-past"


IMPORTED: Final = (
    "imported"  # the one state: how a case stood in the other system is a fact, not a state here
)


class Stood(TextChoices):
    """How the case stood in the other system."""

    OPEN = "open", _("open in the other system")
    CLOSED = "closed", _("closed in the other system")
    CANCELLED = "cancelled", _("cancelled in the other system")
    UNKNOWN = "unknown", _("state in the other system unknown")


class Fault(TextChoices):
    """What is wrong with a row; it comes in marked, or is refused where that is said."""

    # refused
    NO_ID = "no_id", _("no id")
    BAD_ID = "bad_id", _("the id is too long or not text")
    NO_OPENED = "no_opened", _("no time of opening")
    BAD_OPENED = "bad_opened", _("the time of opening cannot be read")
    OPENED_IN_FUTURE = "opened_in_future", _("opened in the future")
    RAGGED = "ragged", _("more or fewer cells than the heading")
    OTHER_DISTRICT = "other_district", _("this id was imported into another district")
    DUPLICATE = "duplicate", _("the id stands in the file before, with other contents")
    # marked: times
    CLOSED_BEFORE_OPENED = "closed_before_opened", _("closed before opened")
    CANCELLED_BEFORE_OPENED = "cancelled_before_opened", _("cancelled before opened")
    INSPECTED_BEFORE_OPENED = "inspected_before_opened", _("inspected before opened")
    DUE_BEFORE_OPENED = "due_before_opened", _("due before opened")
    BAD_TIME = "bad_time", _("a time that cannot be read")
    IN_FUTURE = "in_future", _("a time in the future")
    CLOCK_CHANGE = "clock_change", _("a time that the change of clocks makes double or impossible")
    CLOSED_WITHOUT_TIME = "closed_without_time", _("closed, but without a time of closing")
    OPEN_BUT_CLOSED = "open_but_closed", _("open, but with a time of closing")
    # marked: words
    NO_STATUS = "no_status", _("no status")
    UNKNOWN_STATUS = "unknown_status", _("a status that the mapping does not know")
    NO_DEPARTMENT = "no_department", _("no department")
    UNKNOWN_DEPARTMENT = "unknown_department", _("a department that is no organisation here")
    NO_ADDRESS = "no_address", _("no address")
    TOO_LONG = "too_long", _("a text that is too long and was cut")
    CONTROL = "control_characters", _("characters that are no text and were left out")
    # marked: place
    NO_PLACE = "no_place", _("no coordinates")
    BAD_PLACE = "bad_place", _("impossible coordinates")
    FAR_AWAY = "far_away", _("coordinates far from the district")
    AREA_DIFFERS = "area_differs", _("coordinates in another area than the one named")
    OUTSIDE = "outside", _("coordinates outside the district's areas")


REFUSED: Final = frozenset(
    {
        Fault.NO_ID, Fault.BAD_ID, Fault.NO_OPENED, Fault.BAD_OPENED, Fault.OPENED_IN_FUTURE, Fault.RAGGED,
        Fault.OTHER_DISTRICT, Fault.DUPLICATE,
    }
)  # fmt: skip

MOVES = Moves(
    rows=(
        Move("import", frozenset(), IMPORTED, frozenset(), _("Import")),
        Move("correct", frozenset({IMPORTED}), IMPORTED, frozenset(), _("Import again, changed")),
    ),
    final=frozenset({IMPORTED}),
)


def stream_of(district: str) -> str:
    """The journal that holds what other systems told of a district."""
    return district + PAST


def sees(actor: Actor, card: Mapping[str, Any]) -> bool:
    """The centres and managers of the district, as they see its figures."""
    return actor.role in SEES_ALL


def dress_told(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card with names; what another system told in its own words, where there are none of ours."""
    if "imported" not in card:
        return dress(card)
    told = card["imported"]
    word = told["class"]
    return {
        **{"class_code": "", "class_name": word, "class_name_en": word, "kind": ""},
        **dress(card),
        "imported": {
            **told,
            "stood_label": str(Stood(told["stood"]).label),
            "fault_labels": [str(Fault(fault).label) for fault in told["faults"]],
        },
    }


def case_told(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """An imported case of the actor's district with its entries; Missing if this post may not see it."""
    case = Case.objects.filter(pk=case_id, kind=KIND, stream_id=stream_of(actor.stream)).first()
    if case is None or not sees(actor, case.card):
        raise Missing(
            gettext("There is no such imported case, or your post may not see it."),
            field="case_id",
            value=case_id,
            mend=gettext("Imported cases are shown to the two centres and the managers of their district."),
        )
    return {
        **dress_told(case.card),
        "history": [
            {
                "stream": line.stream,
                "seq": line.seq,
                "case_id": line.case_id,
                "case_seq": line.case_seq,
                "verb": line.verb,
                "label": str(MOVES[line.verb].label),
                "at": line.at,
                "by": None,
                "state_from": line.state_from,
                "state_to": line.state_to,
                "facts": {**line.facts, "recorded_at": journal.instant(line.recorded_at)},
            }
            for line in journal.of_case(case_id)
        ],
    }


IMPORTED_FLOW = Flow(
    kind=KIND,
    moves=MOVES,
    sees=sees,
    audience=lambda actor: actor.role in SEES_ALL,
    dress=dress_told,
    facts_for=lambda actor, facts: dict(facts),
    state_label=lambda state: str(_("imported")),
)
