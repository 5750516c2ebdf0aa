"""The journey of a report on one screen: states, moves, who, and what each does to the clocks.

Source: `workflow.md` of the domain notes (GB/T 30428.8 not read). Supervision files and closes, command
dispatches; `policy.py` adds that no account does both on one case.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from casework.roles import Role
from casework.workflow import Move, Moves

R = Role
SUPERVISION = frozenset({R.ACCEPTOR, R.SHIFT_LEADER})
LEADER = frozenset({R.SHIFT_LEADER})
COMMAND = frozenset({R.DISPATCHER})
DEPARTMENT = frozenset({R.DEPARTMENT})
INSPECTOR = frozenset({R.INSPECTOR})


class State(TextChoices):
    REPORTED = "reported", _("reported")  # 已上报
    VERIFYING = "verifying", _("verifying on site")  # 核实中
    VERIFIED = "verified", _("verified, to file")  # 待立案
    FILED = "filed", _("filed, to dispatch")  # 待派遣
    DISPATCHED = "dispatched", _("dispatched, to accept")  # 待处置
    HANDLING = "handling", _("handling")  # 处置中
    HANDLED = "handled", _("handled, to check")  # 待核查
    CHECKING = "checking", _("checking on site")  # 核查中
    CHECKED = "checked", _("checked, to close")  # 待结案
    CLOSED = "closed", _("closed")  # 结案
    FORCE_CLOSED = "force_closed", _("closed by force")  # 强制结案
    SELF_HANDLED = "self_handled", _("settled on the spot")  # 自处置
    DECLINED = "declined", _("not filed")  # 不立案
    WITHDRAWN = "withdrawn", _("withdrawn")  # 撤回
    VOID = "void", _("void")  # 作废


class Clock(TextChoices):
    """ACCEPTING and CLOSING are the desk's own; they pause while a task is out on site."""

    ACCEPTING = "accepting", _("accept and file")
    VERIFYING = "verifying", _("verify on site")
    DISPATCHING = "dispatching", _("dispatch")
    HANDLING = "handling", _("handle")
    CLOSING = "closing", _("check and close")
    CHECKING = "checking", _("check on site")


S, C = State, Clock
IN_COMMAND = frozenset({S.FILED})
WITH_DEPARTMENT = frozenset({S.DISPATCHED, S.HANDLING})
AFTER_HANDLING = frozenset({S.HANDLED, S.CHECKING, S.CHECKED})
AFTER_FILING = IN_COMMAND | WITH_DEPARTMENT | AFTER_HANDLING
OPEN = frozenset({S.REPORTED, S.VERIFYING, S.VERIFIED}) | AFTER_FILING

MOVES = Moves(
    rows=(
        # open
        Move("report", frozenset(), S.REPORTED, INSPECTOR | SUPERVISION, _("Report"),
             starts=(C.ACCEPTING,)),
        # before filing: supervision
        Move("send_verify", frozenset({S.REPORTED, S.VERIFIED}), S.VERIFYING, SUPERVISION,
             _("Send to verify"), pauses=(C.ACCEPTING,), starts=(C.VERIFYING,)),
        Move("recall_verify", frozenset({S.VERIFYING}), S.REPORTED, SUPERVISION, _("Recall verification"),
             stops=(C.VERIFYING,), resumes=(C.ACCEPTING,)),
        Move("answer_verify", frozenset({S.VERIFYING}), S.VERIFIED, INSPECTOR, _("Answer verification"),
             asks=("result",), stops=(C.VERIFYING,), resumes=(C.ACCEPTING,), primary=True),
        Move("file", frozenset({S.REPORTED, S.VERIFIED}), S.FILED, SUPERVISION, _("File"),
             asks=("condition_id",), stops=(C.ACCEPTING,), starts=(C.DISPATCHING,), primary=True,
             undoable=True),
        Move("decline", frozenset({S.REPORTED, S.VERIFIED}), S.DECLINED, SUPERVISION, _("Do not file"),
             asks=("reason",)),
        Move("withdraw", frozenset({S.REPORTED, S.VERIFYING, S.VERIFIED}), S.WITHDRAWN, INSPECTOR,
             _("Withdraw report")),
        # small things that the inspector puts right herself; counted apart (docs/figures.md)
        Move("self_handle", frozenset({S.REPORTED}), S.SELF_HANDLED, INSPECTOR, _("Settled on the spot"),
             asks=("photos",)),
        # somebody else saw the same: no second case, the state stays
        Move("join", OPEN, None, INSPECTOR | SUPERVISION, _("Join this case"), asks=("note",)),
        # a word on the case: the state stays, and nobody's decision grows old by it
        Move("message", OPEN, None, INSPECTOR | SUPERVISION | COMMAND | DEPARTMENT, _("Message"),
             asks=("note",), quiet=True),
        # command
        Move("dispatch", frozenset({S.FILED}), S.DISPATCHED, COMMAND, _("Dispatch"),
             stops=(C.DISPATCHING,), starts=(C.HANDLING,), primary=True, undoable=True),
        Move("send_back", frozenset({S.FILED}), S.VERIFIED, COMMAND, _("Send back to supervision"),
             asks=("reason",), stops=(C.DISPATCHING,), starts=(C.ACCEPTING,), undoable=True),
        Move("cancel_dispatch", WITH_DEPARTMENT, S.FILED, COMMAND, _("Cancel dispatch"),
             asks=("reason",), pauses=(C.HANDLING,), starts=(C.DISPATCHING,), undoable=True),
        # department
        Move("accept", frozenset({S.DISPATCHED}), S.HANDLING, DEPARTMENT, _("Accept"), primary=True,
             undoable=True),
        Move("return", WITH_DEPARTMENT, S.FILED, DEPARTMENT, _("Return"),
             asks=("reason",), pauses=(C.HANDLING,), starts=(C.DISPATCHING,), undoable=True),
        Move("finish", frozenset({S.HANDLING}), S.HANDLED, DEPARTMENT, _("Finish"),
             asks=("photos",), stops=(C.HANDLING,), starts=(C.CLOSING,), primary=True),
        # after handling: supervision
        Move("send_check", frozenset({S.HANDLED, S.CHECKED}), S.CHECKING, SUPERVISION, _("Send to check"),
             pauses=(C.CLOSING,), starts=(C.CHECKING,), primary=True),
        Move("recall_check", frozenset({S.CHECKING}), S.HANDLED, SUPERVISION, _("Recall check"),
             stops=(C.CHECKING,), resumes=(C.CLOSING,)),
        Move("answer_check", frozenset({S.CHECKING}), S.CHECKED, INSPECTOR, _("Answer check"),
             asks=("result",), stops=(C.CHECKING,), resumes=(C.CLOSING,), primary=True),
        Move("close", frozenset({S.CHECKED}), S.CLOSED, LEADER, _("Close"), asks=("closing",), primary=True),
        Move("rework", frozenset({S.HANDLED, S.CHECKED}), S.DISPATCHED, SUPERVISION,
             _("Send back for rework"), asks=("reason",), stops=(C.CLOSING,), starts=(C.HANDLING,),
             undoable=True),
        # her own last move, within ten seconds: whatever stood before it stands again (`actions/undo.py`)
        Move("undo", frozenset({S.VERIFIED, S.FILED, S.DISPATCHED, S.HANDLING}), None,
             SUPERVISION | COMMAND | DEPARTMENT, _("Undo"), back=True),
        # side exits: the shift leader, always with a reason
        Move("void", AFTER_FILING, S.VOID, LEADER, _("Void"), asks=("reason",)),
        Move("force_close", AFTER_FILING, S.FORCE_CLOSED, LEADER, _("Close by force"), asks=("reason",)),
    ),
    final=frozenset({S.CLOSED, S.FORCE_CLOSED, S.SELF_HANDLED, S.DECLINED, S.WITHDRAWN, S.VOID}),
)  # fmt: skip
