"""Which administrator may do what in the administration: one table, judged by the posts held now.

Three roles that exclude each other (GB/T 22239, clause not read): the system administrator keeps the city's
data and rules, the security administrator people and their posts, the audit administrator looks at
everything and changes nothing. Cases, their clocks and the journal can be changed here by nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db.models import Model

from casework.access import actors_of
from casework.models import Person
from casework.roles import Role

VIEW = frozenset({"view"})
CHANGE = VIEW | {"change"}
KEEP = CHANGE | {"add"}  # never deleted: others refer to it
ALL = KEEP | {"delete"}

Rights = Mapping[str, frozenset[str]]

SYSTEM: Rights = {
    "gis_data.generation": VIEW,
    "gis_data.area": CHANGE,
    "gis_data.cell": CHANGE,
    "gis_data.component": VIEW,
    "gis_data.address": VIEW,
    "gis_data.responsibilitygrid": ALL,
    "gis_data.classedition": CHANGE,
    "gis_data.problemclass": KEEP,
    "dispatch.filingcondition": KEEP,
    "dispatch.routingrule": ALL,
    "dispatch.steplimit": ALL,
    "dispatch.sourcepolicy": ALL,
    "dispatch.limittype": ALL,
    "dispatch.season": ALL,
    "dispatch.clockpolicy": KEEP,
    "dispatch.indicatorpolicy": KEEP,
    "dispatch.patrolpolicy": KEEP,
    "dispatch.gridduty": ALL,
    "casework.organisation": KEEP,
    "casework.succession": ALL,
    "casework.stream": CHANGE,
    "casework.workingcalendar": KEEP,
    "casework.calendaryear": ALL,
    "casework.calendarday": ALL,
    "casework.threshold": ALL,
    "casework.notice": VIEW,
    # to choose whom a duty is given to
    "casework.person": VIEW,
    "casework.post": VIEW,
}
SECURITY: Rights = {
    "casework.person": KEEP,
    "casework.post": ALL,
    "casework.holding": KEEP,
    "casework.token": VIEW | {"delete"},
    "casework.failedlogin": VIEW | {"delete"},
    "casework.organisation": VIEW,
    "casework.stream": VIEW,
}
AUDIT: Rights = {
    **{model: VIEW for rights in (SYSTEM, SECURITY) for model in rights},
    "casework.case": VIEW,
    "casework.caseclock": VIEW,
    "dispatch.routingdecision": VIEW,
    "admin.logentry": VIEW,
}
RIGHTS: Mapping[Role, Rights] = {
    Role.SYSTEM_ADMIN: SYSTEM,
    Role.SECURITY_ADMIN: SECURITY,
    Role.AUDIT_ADMIN: AUDIT,
}


def permissions_of(role: Role) -> frozenset[str]:
    """As Django names them: app.action_model."""
    found = set()
    for label, actions in RIGHTS.get(role, {}).items():
        app, model = label.split(".")
        found |= {f"{app}.{action}_{model}" for action in actions}
    return frozenset(found)


class PostBackend(ModelBackend):
    """Signs people in by name and password; permissions come from posts, never from groups or flags."""

    def get_all_permissions(self, user_obj: Any, obj: Model | None = None) -> set[str]:
        if not isinstance(user_obj, Person) or not user_obj.is_active or obj is not None:
            return set()
        if not hasattr(user_obj, "_post_permissions"):
            roles = {actor.role for actor in actors_of(user_obj.pk)}
            user_obj._post_permissions = {name for role in roles for name in permissions_of(role)}  # type: ignore[attr-defined]
        permissions: set[str] = user_obj._post_permissions  # type: ignore[attr-defined]
        return permissions
