"""A day's queue of one phone at once: each item taken or refused on its own, in order, once."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ValidationError

from casework.access import Actor
from casework.errors import GridCityError, Invalid, TooLarge, error_face
from casework.models import Case
from casework.throttle import Door, Pace
from dispatch import actions
from dispatch.phone.limits import BATCH_BYTES, BATCH_ITEMS
from dispatch.phone_schemas import AnswerIn, CountIn, JoinIn, SelfHandledIn, answer_of, count_of, sighting_of
from dispatch.schemas import ReportIn, report_of
from gis_data.errors import PlaceError

log = logging.getLogger(__name__)

# Of the eight threads of a process some stay free for everybody else.
door: Final = Door(places=3)
pace: Final = Pace(calls=20, seconds=60)

Taken = tuple[Case, bool]


def take_batch(request: HttpRequest, actor: Actor) -> list[dict[str, Any]]:
    """The answers to the items of a request, as many and in the same order.

    raises  TooLarge, Invalid (no list of items, or too many), TooMany, Busy: then nothing was looked at
    """
    pace.keep(actor.person_id)
    with door.passed():
        return [take_item(item, actor) for item in _items(request)]


def take_item(item: object, actor: Actor) -> dict[str, Any]:
    """One item: status, case and number, or the error that it would get if it came alone."""
    shown_id = str(item.get("id", ""))[:40] if isinstance(item, Mapping) else ""
    try:
        case, is_new = _taken(item, actor)
        return _answer(shown_id, 201 if is_new else 200, case=case)
    except GridCityError as error:
        face = error_face(
            error.code, error.message, field=error.field, value=error.value, mend=error.mend,
            details=error.details,
        )  # fmt: skip
        return _answer(shown_id, error.status, error=face)
    except PlaceError as error:
        status = 404 if error.code in ("outside", "missing") else 422
        face = error_face(error.code, error.message, field=error.field, value=error.value, mend=error.mend)
        return _answer(shown_id, status, error=face)
    except ValidationError as error:
        return _answer(shown_id, 422, error=_malformed(error))
    except (OperationalError, InterfaceError):
        log.warning("an item of a batch met no database", exc_info=True)
        return _answer(shown_id, 503, error=_passing("unavailable"))
    except Exception:
        # a fault of ours must not cost the phone the other items' answers
        log.exception("an item of a batch failed")
        return _answer(shown_id, 500, error=_passing("fault"))


def _taken(item: object, actor: Actor) -> Taken:
    if not isinstance(item, Mapping) or not isinstance(item.get("body"), Mapping):
        raise Invalid(
            _("An item is an object with kind, id and body."), field="items", mend=_("Send the item alone.")
        )
    kind = item.get("kind", "report")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": kind},
            field="kind",
            value=kind,
            mend=_("One of: %(known)s.") % {"known": ", ".join(KINDS)},
        )
    body = item["body"]
    if "id" in item and str(item["id"]) != str(body.get("id", item["id"])):
        raise Invalid(_("The item and its body have two ids."), field="id", value=item["id"])
    return KINDS[kind](item, {**body, "id": body.get("id", item.get("id"))}, actor)


def _report(item: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> Taken:
    report, is_new = actions.report_problem(report_of(ReportIn.model_validate(body)), actor=actor)
    return report.case, is_new


def _self_handled(item: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> Taken:
    sent = SelfHandledIn.model_validate(body)
    report, is_new = actions.report_self_handled(
        report_of(sent), after=sent.after_photos, done=sent.done, actor=actor
    )
    return report.case, is_new


def _join(item: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> Taken:
    try:
        case_id = UUID(str(item.get("case_id")))
    except ValueError as error:
        raise Invalid(
            _("“%(field)s” is missing or cannot be read.") % {"field": "case_id"},
            field="case_id",
            value=item.get("case_id"),
        ) from error
    joining, is_new = actions.join_case(case_id, sighting_of(JoinIn.model_validate(body)), actor=actor)
    return joining.case, is_new


def _answered(item: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> Taken:
    task, is_new = actions.answer_task(
        _task_id(item), answer_of(_task_id(item), AnswerIn.model_validate(body)), actor=actor
    )
    return task.case, is_new


def _counted(item: Mapping[str, Any], body: Mapping[str, Any], actor: Actor) -> Taken:
    cell, is_new = actions.count_cell(_task_id(item), count_of(CountIn.model_validate(body)), actor=actor)
    return cell.survey.case, is_new


KINDS: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, Any], Actor], Taken]]] = {
    "report": _report,
    "self_handled": _self_handled,
    "join": _join,
    "answer": _answered,
    "count": _counted,
}


def _task_id(item: Mapping[str, Any]) -> int:
    task_id = item.get("task_id")
    if isinstance(task_id, int) and not isinstance(task_id, bool) and 0 < task_id < 2**63:
        return task_id
    raise Invalid(
        _("“%(field)s” is missing or cannot be read.") % {"field": "task_id"}, field="task_id", value=task_id
    )


def _items(request: HttpRequest) -> list[object]:
    """The items, after as many bytes as a batch may have."""
    data = request.read(BATCH_BYTES + 1)
    if len(data) > BATCH_BYTES:
        raise TooLarge(
            _("A batch has at most %(most)s bytes.") % {"most": BATCH_BYTES},
            field="body",
            value=request.headers.get("Content-Length", ""),
            mend=_("Send fewer items at once, and photographs by themselves."),
        )
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(
            _("The body cannot be read as JSON."),
            field="body",
            mend=_("Send UTF-8 JSON with Content-Type: application/json."),
        ) from error
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= BATCH_ITEMS:
        raise Invalid(
            _("A batch is a list of 1 to %(most)s items.") % {"most": BATCH_ITEMS},
            field="items",
            value=len(items) if isinstance(items, list) else "",
            mend=_("Send fewer items at once."),
        )
    return items


def _answer(
    item_id: str, status: int, *, case: Case | None = None, error: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "id": item_id,
        "status": status,
        "number": case.number if case else None,
        "case_id": str(case.pk) if case else None,
        "error": error,
    }


def _malformed(error: ValidationError) -> dict[str, Any]:
    faults = [
        {
            "field": ".".join(str(part) for part in fault["loc"]),
            "message": fault["msg"],
            "value": str(fault.get("input", ""))[:200],
        }
        for fault in error.errors(include_url=False, include_context=False)
    ]
    first = faults[0]
    return error_face(
        "invalid",
        _("“%(field)s” does not fit: %(why)s") % {"field": first["field"], "why": first["message"]},
        field=first["field"],
        value=first["value"],
        mend=_("See the description of this call in /api/v1/openapi.json."),
        details=faults,
    )


def _passing(code: str) -> dict[str, Any]:
    return error_face(code, _("This could not be stored just now."), mend=_("It is sent again by itself."))
