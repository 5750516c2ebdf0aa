"""The one way a case moves: lock, check, write, journal, in one transaction.

    with moving(case_id, "return", actor=actor, seen=version) as move:
        move.note(reason=reason)
        move.hand_to(None)

Leaving the block writes clocks, case and journal entry; an exception leaves nothing behind. The head of
the stream is locked last (`journal.append`), after everything else the transaction has to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from casework import clocks as clockwork
from casework import journal
from casework.access import Actor
from casework.calendars import Limit
from casework.clocks import Terms
from casework.errors import Invalid, Missing, NotAllowed, Stale, WrongState
from casework.flows import Flow, flow_of
from casework.models import Case, CaseClock, Entry
from casework.models.calendar import calendar_for
from casework.workflow import Move

CardOf = Callable[[Case, Mapping[str, CaseClock]], dict[str, Any]]


@dataclass
class Moving:
    """A move being made. The flow's action fills it; `moving()` writes it."""

    case: Case
    move: Move
    actor: Actor
    at: datetime
    clocks: dict[str, CaseClock]
    state_from: str
    card_of: CardOf
    facts: dict[str, Any] = field(default_factory=dict)
    terms: dict[str, Terms] = field(default_factory=dict)
    extends: dict[str, Decimal] = field(default_factory=dict)
    acts: clockwork.Acts = field(default_factory=dict)
    rows: list[Model] = field(default_factory=list)

    def insert(self, row: Model) -> None:
        """Write a new row together with the entry, in the same statement."""
        self.rows.append(row)

    def note(self, **facts: Any) -> None:
        """Add to what the journal keeps of this move; JSON values only."""
        self.facts.update(facts)

    def hand_to(self, organisation_id: int | None) -> None:
        """The case is now held by that organisation; None means by the centre itself."""
        self.case.organisation_id = organisation_id

    def allow(
        self, clock: str, limit: Limit, *, organisation_id: int | None = None, season: str = ""
    ) -> None:
        """The terms under which a clock that this move starts will run."""
        self.terms[clock] = Terms(limit, organisation_id, season)

    def start_also(self, clock: str, limit: Limit, *, organisation_id: int | None = None) -> None:
        """Start a clock that the table does not know of: a stage of this limit, the bundle of this city."""
        self.move = replace(self.move, starts=(*self.move.starts, clock))
        self.allow(clock, limit, organisation_id=organisation_id)

    def stop_also(self, clock: str) -> None:
        self.move = replace(self.move, stops=(*self.move.stops, clock))

    def extend(self, clock: str, by: Decimal) -> None:
        """Give a running clock so much more of its unit."""
        self.extends[clock] = by

    def exempt(self, clock: CaseClock) -> None:
        """Take the lateness of an ended clock out of the figures; that it was late stays."""
        clock.exempt = True
        clock.save(update_fields=["exempt"])
        self.acts[clock.name] = {"does": "exempt"}

    def resume_instead(self, clock: str) -> None:
        """Let a clock go on where it was paused or stopped, though the table says that it starts."""
        self.move = replace(
            self.move,
            starts=tuple(name for name in self.move.starts if name != clock),
            resumes=(*self.move.resumes, clock),
        )


def require(move: Move, given: Mapping[str, Any]) -> None:
    """Refuse a move whose compulsory arguments are missing or empty."""
    for name in move.asks:
        value = given.get(name)
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            raise Invalid(
                _("“%(move)s” needs %(field)s.") % {"move": move.label, "field": name},
                field=name,
                mend=_("Fill it in and send again."),
            )


def check_move(flow: Flow, case: Case, verb: str, actor: Actor, seen: int | None) -> Move:
    """The move, if this post may make it from where the case stands and on what the caller saw."""
    if verb not in flow.moves:
        raise Missing(_("There is no move “%(verb)s”.") % {"verb": verb}, field="verb", value=verb)
    move = flow.moves[verb]
    by_itself = actor.is_city and move.by_itself
    if actor.stream != case.stream_id or (actor.role not in move.by and not by_itself):
        raise NotAllowed(
            _("Your post may not do “%(move)s”.") % {"move": move.label},
            field="verb",
            value=verb,
            mend=_("Ask one of these posts: %(posts)s.")
            % {"posts": ", ".join(str(role.label) for role in sorted(move.by))},
        )
    if seen is not None and seen != case.version and not _is_still_true(flow, case, seen):
        raise _stale(case, seen)
    if case.state not in move.sources:
        raise WrongState(
            _("“%(move)s” is not possible now: the case is in state “%(state)s”.")
            % {"move": move.label, "state": flow.state_label(case.state)},
            field="state",
            value=case.state,
            mend=_("Look at the case again; somebody may have moved it."),
            version=case.version,
        )
    return move


def _is_still_true(flow: Flow, case: Case, seen: int) -> bool:
    """Did nothing but quiet moves happen since that version?"""
    if not 0 < seen < case.version:
        return False
    since = Entry.objects.filter(case_id=case.id, case_seq__gt=seen).values_list("verb", flat=True)
    return all(flow.moves[verb].quiet for verb in since)


def _stale(case: Case, seen: int) -> Stale:
    last = (
        Entry.objects.filter(case_id=case.id, case_seq=case.version)
        .values_list("actor__name", "actor__username", "at")
        .first()
    )
    who = (last[0] or last[1]) if last else "?"
    at = last[2] if last else case.moved_at
    return Stale(
        _("Changed by %(who)s at %(at)s, look again.")
        % {"who": who, "at": localtime(at).strftime("%H:%M:%S")},
        field="version",
        value=seen,
        mend=_("The case is shown as it stands now; decide again."),
        version=case.version,
        changed_by=who,
        changed_at=journal.instant(at),
    )


def locked(case_id: UUID) -> Case:
    """The case, its row locked until the transaction ends."""
    try:
        return Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case_id)
    except Case.DoesNotExist as error:
        raise Missing(
            _("There is no such case."), field="case_id", value=case_id, mend=_("Check the number.")
        ) from error


def open_clocks(case_id: UUID) -> dict[str, CaseClock]:
    return {
        clock.name: clock
        for clock in CaseClock.objects.filter(case_id=case_id).exclude(state=CaseClock.State.STOPPED)
    }


@contextmanager
def moving(case_id: UUID, verb: str, *, actor: Actor, seen: int | None, card_of: CardOf) -> Iterator[Moving]:
    """Make one move of a case, or nothing at all.

    seen     the version the caller looked at; None only for moves that cannot be stale
    card_of  how the flow shows the case after the move
    raises   Missing, NotAllowed, Stale, WrongState before the block; whatever the block raises
    """
    with transaction.atomic():
        case = locked(case_id)
        flow = flow_of(case.kind)
        move = check_move(flow, case, verb, actor, seen)
        state_from = case.state
        # instants of one case never run backwards, even if the machine's clock does
        at = max(timezone.now(), case.moved_at)
        made = Moving(case, move, actor, at, open_clocks(case_id), state_from, card_of)
        if move.target is not None:
            case.state = move.target
        yield made
        finish(made, flow)


# The next running number, to be read with whatever else a flow reads before it opens a case. Numbers may have
# gaps and are never waited for.
NEXT_NUMBER = "nextval('casework_case_number')"


class Repeated(Exception):
    """The id is already a case: the caller compares what was sent then with what was sent now."""


@contextmanager
def opening(
    case_id: UUID, verb: str, *, kind: str, running: int, actor: Actor, card_of: CardOf
) -> Iterator[Moving]:
    """Open a case under an id that its maker chose, or nothing at all.

    running  its running number, from `NEXT_NUMBER`
    raises   Repeated when the id is taken, also when another transaction is just taking it
    """
    flow = flow_of(kind)
    move = flow.moves[verb]
    if actor.role not in move.by:
        raise NotAllowed(
            _("Your post may not do “%(move)s”.") % {"move": move.label}, field="verb", value=verb
        )
    assert move.target is not None, "a move that opens a case leads to a state"
    try:
        with transaction.atomic():
            at = timezone.now()
            case = Case(
                id=case_id,
                kind=kind,
                stream_id=actor.stream,
                # district or stream, local day, running number (workflow.md §9)
                number=f"{actor.stream}{localtime(at):%Y%m%d}{running:06}",
                state=move.target,
                opened_at=at,
                moved_at=at,
                chain_hash=journal.GENESIS,
            )
            made = Moving(case, move, actor, at, {}, "", card_of)
            yield made
            finish(made, flow)
    except IntegrityError as error:
        if Case.objects.filter(pk=case_id).exists():
            raise Repeated from error
        raise


def finish(made: Moving, flow: Flow) -> int:
    """Write what the block decided: clocks, then case and journal entry as the last statement."""
    case = made.case
    final = case.state in flow.moves.final
    changed, acts = clockwork.apply(
        made.move,
        made.clocks,
        case=case,
        at=made.at,
        terms=made.terms,
        calendar=calendar_for(case.stream_id),
        extends=made.extends,
        final=final,
    )
    return write(made, changed, acts, final=final)


def write(made: Moving, changed: Iterable[CaseClock], acts: clockwork.Acts, *, final: bool) -> int:
    """The clocks that changed, the acts that the journal keeps of them, and the entry; its number."""
    case = made.case
    if acts := {**made.acts, **acts}:
        made.note(clocks=acts)
    for clock in changed:
        if clock._state.adding:
            made.insert(clock)
        else:  # before the new ones, for the unique index
            clock.save()
    # a move within the end, such as an appeal, does not end the case once more
    case.ended_at = (made.at if made.move.target is not None else case.ended_at) if final else None
    next_clock = clockwork.next_due(made.clocks.values())
    case.due_at = next_clock.due_at if next_clock else None
    card = {
        **made.card_of(case, made.clocks),
        "version": case.version + 1,
        "moved_at": journal.instant(made.at),
    }
    return journal.append(
        case,
        verb=made.move.verb,
        at=made.at,
        actor_id=made.actor.person_id or None,
        post_id=made.actor.post_id or None,
        state_from=made.state_from,
        facts=made.facts,
        card=card,
        rows=made.rows,
    )
