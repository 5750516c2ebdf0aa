"""The journey of a report on one screen: states, moves, who, and what each does to the clocks.

Source: `workflow.md` of the domain notes (GB/T 30428.8 not read). Supervision files and closes, command
dispatches; `policy.py` adds that no account does both on one case.
"""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from casework.roles import Role
from casework.workflow import Move, Moves

KIND = "report"  # of such cases, among those of other flows

R = Role
SUPERVISION = frozenset({R.ACCEPTOR, R.SHIFT_LEADER})
LEADER = frozenset({R.SHIFT_LEADER})
COMMAND = frozenset({R.DISPATCHER})
DEPARTMENT = frozenset({R.DEPARTMENT})
INSPECTOR = frozenset({R.INSPECTOR})
DECIDERS = SUPERVISION | COMMAND | DEPARTMENT | {R.MANAGER}


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
    HUNG = "hung", _("hung, on the long list")  # 挂账
    DUPLICATE = "duplicate", _("duplicate of another case")  # 重复
    CLOSED = "closed", _("closed")  # 结案
    FORCE_CLOSED = "force_closed", _("closed by force")  # 强制结案
    SELF_HANDLED = "self_handled", _("settled on the spot")  # 自处置
    DECLINED = "declined", _("not filed")  # 不立案
    WITHDRAWN = "withdrawn", _("withdrawn")  # 撤回
    VOID = "void", _("void")  # 作废


class Clock(TextChoices):
    """Every clock of workflow.md §7.3; each belongs to whoever must make the next step.

    ACCEPTING, FILING, CLOSING  the supervision desk's own; they pause while a task is out on site
    STAGE…    the stages of a staged limit, all from dispatch on; HANDLING is the last of them
    BUNDLED   捆绑计时, from filing to closing, where the city wants it
    HANGING   how long a hung case may hang; when it ends, the case goes on by itself
    """

    ACCEPTING = "accepting", _("accept")
    FILING = "filing", _("file the case")
    VERIFYING = "verifying", _("verify on site")
    DISPATCHING = "dispatching", _("dispatch")
    HANDLING = "handling", _("handle")
    CLOSING = "closing", _("check and close")
    CHECKING = "checking", _("check on site")
    STAGE1 = "stage1", _("first stage")
    STAGE2 = "stage2", _("second stage")
    STAGE3 = "stage3", _("third stage")
    BUNDLED = "bundled", _("from filing to closing")
    HANGING = "hanging", _("hung until")


S, C = State, Clock
STAGES = (C.STAGE1, C.STAGE2, C.STAGE3)
HANDLINGS = (C.HANDLING, *STAGES)
DESK = (C.ACCEPTING, C.FILING)
IN_COMMAND = frozenset({S.FILED})
WITH_DEPARTMENT = frozenset({S.DISPATCHED, S.HANDLING})
AFTER_HANDLING = frozenset({S.HANDLED, S.CHECKING, S.CHECKED})
HUNG = frozenset({S.HUNG})
AFTER_FILING = IN_COMMAND | WITH_DEPARTMENT | AFTER_HANDLING | HUNG
OPEN = frozenset({S.REPORTED, S.VERIFYING, S.VERIFIED}) | AFTER_FILING

MOVES = Moves(
    rows=(
        # open
        Move("report", frozenset(), S.REPORTED, INSPECTOR | SUPERVISION, _("Report"),
             starts=(C.ACCEPTING,)),
        # before filing: supervision
        Move("send_verify", frozenset({S.REPORTED, S.VERIFIED}), S.VERIFYING, SUPERVISION,
             _("Send to verify"), pauses=DESK, starts=(C.VERIFYING,)),
        Move("recall_verify", frozenset({S.VERIFYING}), S.REPORTED, SUPERVISION, _("Recall verification"),
             stops=(C.VERIFYING,), resumes=DESK),
        Move("answer_verify", frozenset({S.VERIFYING}), S.VERIFIED, INSPECTOR, _("Answer verification"),
             asks=("result",), stops=(C.VERIFYING, C.ACCEPTING), starts=(C.FILING,), primary=True),
        Move("file", frozenset({S.REPORTED, S.VERIFIED}), S.FILED, SUPERVISION, _("File"),
             asks=("condition_id",), stops=DESK, starts=(C.DISPATCHING,), primary=True,
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
        # two reports of one problem: the duplicate rests and follows its main case; it may be taken off again
        Move("mark_duplicate", OPEN - {S.VERIFYING, S.CHECKING}, S.DUPLICATE, SUPERVISION | COMMAND,
             _("Duplicate of another case"), asks=("main_id",)),
        Move("unmark_duplicate", frozenset({S.DUPLICATE}), None, SUPERVISION | COMMAND,
             _("Not a duplicate"), asks=("reason",), back=True),
        # the organisation is taken over by another: state and clocks go on, under the new name
        Move("succeed", OPEN | {S.DUPLICATE}, None, frozenset(), _("Taken over by another organisation"),
             by_itself=True),
        Move("follow", frozenset(State), None, frozenset(), _("Linked case"), quiet=True),
        # one report that is two problems: the second becomes a case of its own, linked to the first
        Move("split", frozenset({S.REPORTED, S.VERIFIED, S.FILED}), None, SUPERVISION | COMMAND, _("Split"),
             asks=("class_id",)),
        Move("split_off", frozenset(), S.REPORTED, SUPERVISION | COMMAND, _("Split off another case"),
             starts=(C.ACCEPTING,)),
        # a word on the case: the state stays, and nobody's decision grows old by it
        Move("message", OPEN, None, INSPECTOR | SUPERVISION | COMMAND | DEPARTMENT, _("Message"),
             asks=("note",), quiet=True),
        # command
        Move("dispatch", frozenset({S.FILED}), S.DISPATCHED, COMMAND, _("Dispatch"),
             stops=(C.DISPATCHING,), starts=(C.HANDLING,), primary=True, undoable=True),
        Move("send_back", frozenset({S.FILED}), S.VERIFIED, COMMAND, _("Send back to supervision"),
             asks=("reason",), stops=(C.DISPATCHING, C.BUNDLED), starts=(C.FILING,), undoable=True),
        Move("cancel_dispatch", WITH_DEPARTMENT, S.FILED, COMMAND, _("Cancel dispatch"),
             asks=("reason",), pauses=HANDLINGS, starts=(C.DISPATCHING,), undoable=True),
        # department
        Move("accept", frozenset({S.DISPATCHED}), S.HANDLING, DEPARTMENT, _("Accept"), primary=True,
             undoable=True),
        Move("assign", WITH_DEPARTMENT, None, DEPARTMENT, _("Assign"), asks=("handler",)),
        Move("return", WITH_DEPARTMENT, S.FILED, DEPARTMENT, _("Return"),
             asks=("reason",), pauses=HANDLINGS, starts=(C.DISPATCHING,), undoable=True),
        Move("finish", frozenset({S.HANDLING}), S.HANDLED, DEPARTMENT, _("Finish"),
             asks=("photos",), stops=HANDLINGS, starts=(C.CLOSING,), primary=True),
        Move("reach_stage", frozenset({S.HANDLING}), None, DEPARTMENT, _("Stage reached"), asks=("note",)),
        # relief from a deadline: asked for by the department, decided by the levels of the city's policy
        Move("ask_extension", WITH_DEPARTMENT, None, DEPARTMENT, _("Ask for more time"), asks=("reason",)),
        Move("ask_hang", WITH_DEPARTMENT, None, DEPARTMENT, _("Ask to hang"), asks=("reason", "days")),
        Move("appeal", frozenset({S.CLOSED}), None, DEPARTMENT, _("Appeal against lateness"),
             asks=("reason",)),
        Move("approve", WITH_DEPARTMENT | {S.CLOSED}, None, DECIDERS, _("Approve, for the next level")),
        Move("extend", WITH_DEPARTMENT, None, DECIDERS, _("Grant more time")),
        Move("hang", WITH_DEPARTMENT, S.HUNG, DECIDERS, _("Hang the case"),
             pauses=(*HANDLINGS, C.BUNDLED), starts=(C.HANGING,)),
        Move("exempt", frozenset({S.CLOSED}), None, DECIDERS, _("Exempt in the figures")),
        Move("refuse", WITH_DEPARTMENT | {S.CLOSED}, None, DECIDERS, _("Refuse"), asks=("reason",)),
        Move("resume", HUNG, S.DISPATCHED, COMMAND, _("Resume"),
             stops=(C.HANGING,), resumes=(*HANDLINGS, C.BUNDLED), by_itself=True, primary=True),
        # nobody's decision grows old by these two
        Move("supervise", OPEN, None, LEADER | {R.MANAGER}, _("Supervise"), asks=("reason",),
             quiet=True, by_itself=True),
        Move("recompute", OPEN, None, frozenset(), _("Deadline computed anew"), quiet=True, by_itself=True),
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
# nobody works on these: ended, or following their main case
AT_REST = MOVES.final | {S.DUPLICATE}
