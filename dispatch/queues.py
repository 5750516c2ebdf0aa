"""The work lists of the desks: which states stand in which, and who works it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from casework.roles import COMMAND, SUPERVISION, Role
from dispatch.workflow import State

DEPARTMENT_DESK = frozenset({Role.DEPARTMENT})


@dataclass(frozen=True)
class Queue:
    """A list of open cases by time left; `own` narrows it to those the caller's organisation holds."""

    key: str
    label: str | Promise
    states: frozenset[str]
    roles: frozenset[Role]
    own: bool = False


S = State
QUEUES: dict[str, Queue] = {
    queue.key: queue
    for queue in (
        Queue("verify_file", _("to file"), frozenset({S.REPORTED, S.VERIFIED}), SUPERVISION),
        Queue("check_close", _("to check and close"), frozenset({S.HANDLED, S.CHECKED}), SUPERVISION),
        Queue("on_site", _("out on site"), frozenset({S.VERIFYING, S.CHECKING}), SUPERVISION),
        Queue(
            "supervision",
            _("supervision, all"),
            frozenset({S.REPORTED, S.VERIFYING, S.VERIFIED, S.HANDLED, S.CHECKING, S.CHECKED}),
            SUPERVISION,
        ),
        Queue("dispatch", _("to dispatch"), frozenset({S.FILED}), COMMAND),
        Queue("with_departments", _("with departments"), frozenset({S.DISPATCHED, S.HANDLING}), COMMAND),
        Queue("hung", _("hung"), frozenset({S.HUNG}), SUPERVISION | COMMAND | {Role.MANAGER}),
        Queue("department", _("to handle"), frozenset({S.DISPATCHED, S.HANDLING}), DEPARTMENT_DESK, own=True),
        Queue(
            "open",
            _("all open"),
            frozenset(
                {
                    S.REPORTED, S.VERIFYING, S.VERIFIED, S.FILED, S.DISPATCHED, S.HANDLING, S.HANDLED,
                    S.CHECKING, S.CHECKED, S.HUNG,
                }
            ),
            SUPERVISION | COMMAND | {Role.MANAGER},
        ),
    )
}  # fmt: skip


def queues_of(role: Role) -> list[Queue]:
    """The queues that this role works or may look at."""
    return [queue for queue in QUEUES.values() if role in queue.roles]
