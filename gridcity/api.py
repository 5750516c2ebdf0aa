"""The one API object: mounts the routers and translates refusals to HTTP, once."""

from __future__ import annotations

from typing import Any

import ninja.parser
from django.http import HttpRequest, HttpResponse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from casework.access import Actor
from casework.api import signed_in
from casework.errors import GridCityError, Invalid, NotAllowed, error_face
from casework.roles import Role
from gis_data.errors import PlaceError


class Parser(ninja.parser.Parser):
    """Refuses what the database cannot hold, in a query as `casework.schemas.In` does in a body."""

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for name, values in data.lists():
            if any(isinstance(value, str) and "\x00" in value for value in values):
                raise Invalid(_("“%(field)s” holds a NUL character.") % {"field": name}, field=name)
        return super().parse_querydict(data, list_fields, request)


api = NinjaAPI(
    parser=Parser(),
    title="GridCity",
    version="1",
    description="Reports, cases, places and figures of a city managed by unit grid cells.",
    urls_namespace="api",
    docs_url=None,
)


def answer(
    request: HttpRequest,
    status: int,
    code: str,
    message: object,
    *,
    field: str = "",
    value: object = "",
    mend: object = "",
    details: Any = None,
) -> HttpResponse:
    """An error in the one shape that every caller of this API sees."""
    error = error_face(code, message, field=field, value=value, mend=mend, details=details)
    return api.create_response(request, {"error": error}, status=status)


@api.exception_handler(GridCityError)
def refused(request: HttpRequest, error: GridCityError) -> HttpResponse:
    response = answer(
        request,
        error.status,
        error.code,
        error.message,
        field=error.field,
        value=error.value,
        mend=error.mend,
        details=error.details,
    )
    if "retry_after" in error.details:
        response["Retry-After"] = str(error.details["retry_after"])
    return response


@api.exception_handler(PlaceError)
def no_such_place(request: HttpRequest, error: PlaceError) -> HttpResponse:
    status = {"outside": 404, "missing": 404, "stale": 409}.get(error.code, 422)
    return answer(
        request, status, error.code, error.message, field=error.field, value=error.value, mend=error.mend
    )


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A body or query that does not fit its schema: every field that is wrong, the first in front."""
    faults = [
        {
            "field": ".".join(str(part) for part in fault["loc"][1:] if part != "body")
            or str(fault["loc"][0]),
            "message": fault["msg"],
            "value": str(fault.get("input", ""))[:200],
        }
        for fault in error.errors
    ]
    first = faults[0] if faults else {"field": "", "message": "", "value": ""}
    return answer(
        request,
        422,
        "invalid",
        _("“%(field)s” does not fit: %(why)s") % {"field": first["field"], "why": first["message"]},
        field=first["field"],
        value=first["value"],
        mend=_("See the description of this call in /api/v1/openapi.json."),
        details=faults,
    )


@api.exception_handler(AuthenticationError)
def stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(
        request,
        401,
        "not_signed_in",
        _("You are not signed in, or your session has ended."),
        mend=_("Sign in again; what you have entered is kept."),
    )


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What the framework itself refuses, above all a body that is not JSON."""
    if error.status_code == 400:
        return answer(
            request,
            400,
            "invalid",
            _("The body cannot be read as JSON."),
            field="body",
            mend=_("Send UTF-8 JSON with Content-Type: application/json."),
        )
    return answer(request, error.status_code, "refused", str(error))


api.add_router("", "casework.api.router")
api.add_router("", "casework.photo_api.router")
api.add_router("", "casework.push_api.router")
api.add_router("", "casework.notices_api.router")


def system_administrator(request: HttpRequest) -> Actor:
    """Who keeps the city's data, signed in; nobody else edits the ground."""
    actor = signed_in(request)
    if actor.role != Role.SYSTEM_ADMIN:
        raise NotAllowed(
            _("The map is edited by the system administrator."),
            field="role",
            value=actor.role,
            mend=_("Sign in by that post."),
        )
    return actor


api.add_router("", "gis_data.api.router", auth=signed_in)
api.add_router("", "gis_data.edit_api.router", auth=system_administrator)
api.add_router("", "dispatch.grids_api.router", auth=system_administrator)
api.add_router("", "dispatch.rules_api.router", auth=system_administrator)
api.add_router("", "dispatch.desk_api.router")  # before the others: “bulk” is no case
api.add_router("", "dispatch.api.router")
api.add_router("", "dispatch.conversation_api.router")
api.add_router("", "dispatch.deadlines_api.router")
api.add_router("", "dispatch.figures_api.router")
api.add_router("", "dispatch.ground_files_api.router")
api.add_router("", "dispatch.indicators_api.router")
api.add_router("", "dispatch.phone_api.router")
api.add_router("", "dispatch.patrol_api.router")
api.add_router("", "dispatch.survey_api.router")
