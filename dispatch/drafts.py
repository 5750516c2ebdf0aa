"""Drafts of routing rules: changes on paper, the rules as they would then be, and their taking force."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from casework.errors import Invalid, Missing, Stale, WrongState
from casework.models import Organisation
from dispatch.models import RoutingRule, RuleDraft
from dispatch.routing import Rule
from dispatch.rules import active_rules

State = RuleDraft.State


@dataclass(frozen=True)
class Asked:
    """What a drafted rule asks and where it sends to; empty asks nothing, times as HH:MM."""

    name: str
    organisation_code: str
    class_kind: str = ""
    class_code: str = ""
    area_code: str = ""
    owner_code: str = ""
    from_hour: str = ""
    to_hour: str = ""
    priority: int = 0
    quota: str = ""
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class Change:
    """`rule_id` ends (None: nothing does), and `rule` stands instead (None: nothing does)."""

    rule_id: int | None = None
    rule: Asked | None = None


def changes_of(draft: RuleDraft) -> list[Change]:
    return [
        Change(change["rule_id"], Asked(**change["rule"]) if change["rule"] else None)
        for change in draft.changes
    ]


def draft_named(draft_id: int, district_code: str) -> RuleDraft:
    draft = RuleDraft.objects.filter(pk=draft_id, district_code=district_code).first()
    if draft is None:
        raise Missing(_("There is no such draft of rules."), field="draft_id", value=draft_id)
    return draft


def save_draft(draft_id: int, district_code: str, *, version: int, changes: list[Change]) -> RuleDraft:
    """Put these changes into the draft, if nobody else has saved it since that version."""
    draft = draft_named(draft_id, district_code)
    _still_open(draft)
    for number, change in enumerate(changes):
        _check(change, district_code, number)
    ended = [change.rule_id for change in changes if change.rule_id is not None]
    if len(ended) != len(set(ended)):
        raise Invalid(_("A rule is changed twice."), field="changes", mend=_("Leave one change of it."))
    saved = RuleDraft.objects.filter(pk=draft.pk, version=version, state=State.DRAFT).update(
        changes=[asdict(change) for change in changes], version=F("version") + 1
    )
    draft.refresh_from_db()
    if not saved:
        raise Stale(
            _("Somebody else has saved this draft meanwhile."),
            field="version",
            value=version,
            mend=_("Load it again and repeat your change."),
        )
    return draft


def drafted_rules(draft: RuleDraft, at: datetime) -> tuple[Rule, ...]:
    """The rules as they would be with the draft in force; new ones carry negative numbers."""
    changes = changes_of(draft)
    ended = {change.rule_id for change in changes}
    organisations = {
        one.code: one
        for one in Organisation.objects.filter(
            code__in=[change.rule.organisation_code for change in changes if change.rule]
        )
    }
    kept = [rule for rule in active_rules(draft.district_code, at) if rule.id not in ended]
    new = [
        _rule(-n, change.rule, organisations[change.rule.organisation_code])
        for n, change in enumerate(changes, 1)
        if change.rule
    ]
    return (*kept, *new)


def schedule(draft_id: int, district_code: str, *, at: datetime, effect: dict[str, Any]) -> RuleDraft:
    """From that instant on the rules are those of the draft: all rows in one transaction, valid from then."""
    if at < timezone.now():
        raise Invalid(
            _("This time has passed."), field="at", value=at, mend=_("Choose a time still to come.")
        )
    with transaction.atomic():
        draft = RuleDraft.objects.select_for_update().get(pk=draft_named(draft_id, district_code).pk)
        _still_open(draft)
        changes = changes_of(draft)
        if not changes:
            raise Invalid(_("The draft changes nothing."), field="changes", mend=_("Change a rule first."))
        ended = [change.rule_id for change in changes if change.rule_id is not None]
        rows = RoutingRule.objects.select_for_update().filter(pk__in=ended, district_code=district_code)
        for row in rows:
            if row.valid_to is not None and row.valid_to <= at:
                raise Invalid(
                    _("Rule %(rule)s has ended by then already.") % {"rule": row},
                    field="changes",
                    value=row.pk,
                    mend=_("Take the change of it out of the draft."),
                )
        rows.filter(valid_from__gte=at).delete()  # had not come into force: nothing was decided by it
        RoutingRule.objects.filter(pk__in=ended, district_code=district_code).update(valid_to=at)
        organisations = {one.code: one for one in Organisation.objects.all()}
        RoutingRule.objects.bulk_create(
            _row(change.rule, organisations[change.rule.organisation_code], district_code, at, draft)
            for change in changes
            if change.rule
        )
        draft.state, draft.takes_force_at, draft.effect = State.SCHEDULED, at, effect
        draft.save(update_fields=["state", "takes_force_at", "effect"])
    return draft


def discard(draft_id: int, district_code: str) -> RuleDraft:
    draft = draft_named(draft_id, district_code)
    _still_open(draft)
    draft.state = State.DISCARDED
    draft.save(update_fields=["state"])
    return draft


def _still_open(draft: RuleDraft) -> None:
    if draft.state != State.DRAFT:
        raise WrongState(
            _("This draft is “%(state)s”.") % {"state": draft.get_state_display()},
            field="state",
            value=draft.state,
            mend=_("Make a new draft."),
        )


def _check(change: Change, district_code: str, number: int) -> None:
    """Refuse what could never match or would name nobody; the same as the administration does."""

    def refuse(field: str, value: object, message: str, mend: str = "") -> Invalid:
        return Invalid(message, field=f"changes.{number}.{field}", value=value, mend=mend)

    if change.rule_id is not None:
        if not RoutingRule.objects.filter(pk=change.rule_id, district_code=district_code).exists():
            raise refuse("rule_id", change.rule_id, _("There is no such rule."))
    elif change.rule is None:
        raise refuse("rule", None, _("This change changes nothing."))
    rule = change.rule
    if rule is None:
        return
    if not rule.name.strip():
        raise refuse("name", rule.name, _("The rule has no name."))
    if rule.class_kind not in ("", "component", "event"):
        raise refuse("class_kind", rule.class_kind, _("Components or events?"), "component, event")
    if rule.class_code and not rule.class_kind:
        raise refuse("class_kind", "", _("Components and events share codes: say which is meant."))
    area = rule.area_code
    if area and (len(area) not in (6, 9, 12, 15) or not area.isdigit()):
        raise refuse("area_code", area, _("6, 9, 12 or 15 digits."))
    if area and not area.startswith(district_code):
        raise refuse("area_code", area, _("This area lies outside the district."))
    if bool(rule.from_hour) != bool(rule.to_hour):
        raise refuse("to_hour", rule.to_hour, _("Give both times of day, or neither."))
    if bool(rule.quota) != bool(rule.unit):
        raise refuse("unit", rule.unit, _("An own limit has a number and a unit, or neither."))
    try:
        _rule(0, rule, Organisation())
    except (ValueError, ArithmeticError) as error:
        raise refuse("rule", str(error), _("A time of day or a limit cannot be read.")) from error
    organisation = Organisation.objects.filter(
        code=rule.organisation_code, posts__stream_id=district_code, posts__role="department"
    )
    if not organisation.exists():
        raise refuse(
            "organisation_code",
            rule.organisation_code,
            _("There is no organisation %(code)s with a desk.") % {"code": rule.organisation_code},
            _("Choose one from the list."),
        )


def _hours(asked: Asked) -> tuple[time, time] | None:
    if not asked.from_hour:
        return None
    return time.fromisoformat(asked.from_hour), time.fromisoformat(asked.to_hour)


def _rule(number: int, asked: Asked, organisation: Organisation) -> Rule:
    return Rule(
        id=number,
        name=asked.name,
        organisation_id=organisation.pk,
        organisation=organisation.name,
        class_kind=asked.class_kind,
        class_code=asked.class_code,
        area_code=asked.area_code,
        owner_code=asked.owner_code,
        hours=_hours(asked),
        priority=asked.priority,
        quota=Decimal(asked.quota) if asked.quota else None,
        unit=asked.unit,
    )


def _row(
    asked: Asked, organisation: Organisation, district_code: str, at: datetime, draft: RuleDraft
) -> RoutingRule:
    hours = _hours(asked)
    return RoutingRule(
        name=asked.name,
        district_code=district_code,
        class_kind=asked.class_kind,
        class_code=asked.class_code,
        area_code=asked.area_code,
        owner_code=asked.owner_code,
        from_hour=hours[0] if hours else None,
        to_hour=hours[1] if hours else None,
        priority=asked.priority,
        organisation=organisation,
        quota=Decimal(asked.quota) if asked.quota else None,
        unit=asked.unit,
        valid_from=at,
        note=asked.note or draft.name,
    )
