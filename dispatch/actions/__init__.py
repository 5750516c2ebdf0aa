"""The verbs, one module a stage. Each is one transaction and one journal entry."""

from dispatch.actions.command import cancel_dispatch, dispatch_report, send_back
from dispatch.actions.department import accept_report, finish_report, return_report
from dispatch.actions.intake import NewReport, report_problem
from dispatch.actions.site import answer_check, answer_verify, withdraw_report
from dispatch.actions.supervision import (
    close_report,
    decline_report,
    file_report,
    force_close_report,
    recall_check,
    recall_verify,
    send_back_for_rework,
    send_check,
    send_verify,
    void_report,
)

__all__ = [
    "NewReport",
    "accept_report",
    "answer_check",
    "answer_verify",
    "cancel_dispatch",
    "close_report",
    "decline_report",
    "dispatch_report",
    "file_report",
    "finish_report",
    "force_close_report",
    "recall_check",
    "recall_verify",
    "report_problem",
    "return_report",
    "send_back",
    "send_back_for_rework",
    "send_check",
    "send_verify",
    "void_report",
    "withdraw_report",
]
