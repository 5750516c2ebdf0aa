"""Who handles a problem: facts and rules in, a decision and its reason out. Pure, no database.

A rule names any of: kind and class of the problem (a code's beginning), area (a cell code's beginning), owner
of the component, hours of the day. What it leaves empty, it does not ask about.

Which rule wins
1. Only rules that match every fact they name, and whose organisation still exists, take part.
2. A rule that is *narrower* than another beats it: everything the other asks, it asks as closely or more so,
   and at least one thing more closely. So class 0101 beats class 01, and class 01 in a street beats class 01.
3. Where neither is narrower (an owner here, a class there), the higher priority wins. That is how a city says
   部件先属主后属地，事件先属地后属主, owner before territory for components and the other way round for
   events: by the priorities of its rows, not by code.
4. What is left must name one organisation. Two are a conflict, none is a gap; both are answers, in words.

The rows are read by `dispatch.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casework.calendars import Limit, Unit


class Outcome(StrEnum):
    MATCHED = "matched"
    NONE = "none"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Facts:
    """What routing asks about a problem.

    class_kind   component or event
    owner_code   of the component; empty when none is named
    at           wall clock in the city
    """

    class_kind: str
    class_code: str
    cell_code: str
    owner_code: str = ""
    at: time = time(12)


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of RoutingRule as routing needs it; empty text and None ask nothing.

    hours   from the first until just before the second; over midnight when the first is later
    ended   its organisation exists no more: the rule is kept, but wins nothing
    """

    id: int
    name: str
    organisation_id: int
    organisation: str
    class_kind: str = ""
    class_code: str = ""
    area_code: str = ""
    owner_code: str = ""
    hours: tuple[time, time] | None = None
    priority: int = 0
    quota: Decimal | None = None
    unit: str = ""
    ended: bool = False

    @property
    def limit(self) -> Limit | None:
        """The rule's own limit for handling; None leaves the filed condition's."""
        return None if self.quota is None else Limit(self.quota, Unit(self.unit))


@dataclass(frozen=True, slots=True)
class Alternative:
    """An organisation that a losing rule named, for the dispatcher to choose by hand."""

    organisation_id: int
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Where to, by which rule, and why, in the reader's language.

    lost    every other rule that matched, each with why it did not win
    rivals  the rules that conflict; empty otherwise
    """

    outcome: Outcome
    reason: str
    organisation_id: int | None = None
    rule: Rule | None = None
    limit: Limit | None = None
    lost: tuple[tuple[Rule, str], ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    rivals: tuple[Rule, ...] = ()


def matches(rule: Rule, facts: Facts) -> bool:
    """Does the rule ask nothing that the facts deny?"""
    return (
        (not rule.class_kind or rule.class_kind == facts.class_kind)
        and facts.class_code.startswith(rule.class_code)
        and facts.cell_code.startswith(rule.area_code)
        and (not rule.owner_code or rule.owner_code == facts.owner_code)
        and (rule.hours is None or _is_within(facts.at, rule.hours))
    )


def is_narrower(one: Rule, other: Rule) -> bool:
    """Does `one` ask all that `other` asks, as closely, and something more closely?"""
    return _asks_as_closely(one, other) and not _asks_as_closely(other, one)


def winners(rules: Sequence[Rule]) -> list[Rule]:
    """Of rules that all match: those that no narrower one beats, of the highest priority. Empty for none."""
    narrowest = [rule for rule in rules if not any(is_narrower(other, rule) for other in rules)]
    top = max((rule.priority for rule in narrowest), default=0)
    return sorted((rule for rule in narrowest if rule.priority == top), key=lambda rule: rule.id)


def route(facts: Facts, rules: Iterable[Rule]) -> Decision:
    """Decide by the rules given. Never raises: a gap and a conflict are outcomes with a reason."""
    matching = [rule for rule in rules if matches(rule, facts)]
    able = [rule for rule in matching if not rule.ended]
    best = winners(able)
    if not best:
        return Decision(
            Outcome.NONE,
            _("No rule matched %(facts)s.") % {"facts": described(facts)},
            lost=tuple((rule, _("its organisation exists no more")) for rule in matching),
        )
    winner = best[0]
    if len({rule.organisation_id for rule in best}) > 1:
        return Decision(
            Outcome.CONFLICT,
            _("%(rules)s conflict: none is narrower than the others, and their priority is the same.")
            % {"rules": ", ".join(titled(rule) for rule in best)},
            lost=_lost(matching, best, best),
            alternatives=_alternatives(able, without=None),
            rivals=tuple(best),
        )
    lost = _lost(matching, [winner], best)
    reason = _("Rule %(rule)s: %(asks)s.") % {"rule": titled(winner), "asks": asked(winner)}
    if lost:
        others = ngettext("%(n)s other rule lost.", "%(n)s other rules lost.", len(lost))
        reason += " " + others % {"n": len(lost)}
    return Decision(
        Outcome.MATCHED,
        reason,
        organisation_id=winner.organisation_id,
        rule=winner,
        limit=winner.limit,
        lost=lost,
        alternatives=_alternatives(able, without=winner.organisation_id),
    )


def described(facts: Facts) -> str:
    """The facts in words."""
    parts = [
        _kind_and_class(facts.class_kind, facts.class_code),
        _("area %(code)s") % {"code": facts.cell_code},
    ]
    if facts.owner_code:
        parts.append(_("owner %(code)s") % {"code": facts.owner_code})
    parts.append(_("at %(time)s") % {"time": facts.at.strftime("%H:%M")})
    return " × ".join(parts)


def asked(rule: Rule) -> str:
    """What the rule asks, in words."""
    parts = []
    if rule.class_kind or rule.class_code:
        parts.append(_kind_and_class(rule.class_kind, rule.class_code))
    if rule.area_code:
        parts.append(_("area %(code)s") % {"code": rule.area_code})
    if rule.owner_code:
        parts.append(_("owner %(code)s") % {"code": rule.owner_code})
    if rule.hours:
        start, end = (moment.strftime("%H:%M") for moment in rule.hours)
        parts.append(_("from %(start)s to %(end)s") % {"start": start, "end": end})
    return " × ".join(parts) or _("any problem")


def titled(rule: Rule) -> str:
    return f"{rule.id} “{rule.name}”"


def _kind_and_class(kind: str, code: str) -> str:
    if kind == "component":
        return _("component class %(code)s") % {"code": code} if code else _("any component")
    if kind == "event":
        return _("event class %(code)s") % {"code": code} if code else _("any event")
    return _("class %(code)s") % {"code": code}


def _is_within(at: time, hours: tuple[time, time]) -> bool:
    start, end = hours
    return start <= at < end if start < end else at >= start or at < end


def _asks_as_closely(one: Rule, other: Rule) -> bool:
    return (
        (not other.class_kind or one.class_kind == other.class_kind)
        and one.class_code.startswith(other.class_code)
        and one.area_code.startswith(other.area_code)
        and (not other.owner_code or one.owner_code == other.owner_code)
        and (other.hours is None or (one.hours is not None and _covers(other.hours, one.hours)))
    )


def _covers(wide: tuple[time, time], narrow: tuple[time, time]) -> bool:
    """Do all hours of `narrow` lie in `wide`? Either may run over midnight."""

    def minutes(moment: time) -> float:
        return moment.hour * 60 + moment.minute + moment.second / 60

    start = minutes(wide[0])
    length = (minutes(wide[1]) - start) % 1440 or 1440
    offset = (minutes(narrow[0]) - start) % 1440
    return offset + ((minutes(narrow[1]) - minutes(narrow[0])) % 1440 or 1440) <= length


def _lost(
    matching: Sequence[Rule], won: Sequence[Rule], best: Sequence[Rule]
) -> tuple[tuple[Rule, str], ...]:
    return tuple((rule, _why_lost(rule, matching, best)) for rule in matching if rule not in won)


def _why_lost(rule: Rule, matching: Sequence[Rule], best: Sequence[Rule]) -> str:
    if rule.ended:
        return _("its organisation exists no more")
    for other in (*best, *matching):
        if not other.ended and is_narrower(other, rule):
            return _("rule %(rule)s is narrower") % {"rule": titled(other)}
    if rule.priority < best[0].priority:
        return _("its priority %(low)s is below %(high)s") % {"low": rule.priority, "high": best[0].priority}
    return _("rule %(rule)s says the same and is older") % {"rule": titled(best[0])}


def _alternatives(able: Sequence[Rule], *, without: int | None) -> tuple[Alternative, ...]:
    """Other organisations that matching rules name, the narrowest and highest rules first."""
    found: dict[int, Alternative] = {}
    rest = list(able)
    while rest:
        for rule in winners(rest):
            if rule.organisation_id != without:
                why = _("Rule %(rule)s: %(asks)s.") % {"rule": titled(rule), "asks": asked(rule)}
                found.setdefault(rule.organisation_id, Alternative(rule.organisation_id, why))
            rest.remove(rule)
    return tuple(found.values())
