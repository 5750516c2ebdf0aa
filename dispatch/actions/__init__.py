"""The verbs, one module a stage. Each is one transaction and one journal entry."""

from dispatch.actions.appeal import appeal, exempt_case
from dispatch.actions.command import cancel_dispatch, dispatch_report, send_back
from dispatch.actions.department import (
    accept_report,
    assign_report,
    finish_report,
    reach_stage,
    return_report,
)
from dispatch.actions.duplicate import mark_duplicate, unmark_duplicate
from dispatch.actions.extension import ask_extension, extend_case
from dispatch.actions.hanging import ask_hang, hang_case, resume_hung
from dispatch.actions.intake import NewReport, report_problem
from dispatch.actions.join import Sighting, join_case
from dispatch.actions.message import NewMessage, send_message
from dispatch.actions.relief import approve_relief, refuse_relief
from dispatch.actions.site import (
    answer_check,
    answer_task,
    answer_verify,
    report_self_handled,
    self_handle,
    withdraw_report,
)
from dispatch.actions.split import split_report
from dispatch.actions.supervise import supervise_case
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
from dispatch.actions.survey import Count, NewSurvey, count_cell, end_survey, open_survey
from dispatch.actions.undo import undo_move

__all__ = [
    "Count",
    "NewMessage",
    "NewReport",
    "NewSurvey",
    "Sighting",
    "accept_report",
    "answer_check",
    "answer_task",
    "answer_verify",
    "appeal",
    "approve_relief",
    "ask_extension",
    "ask_hang",
    "assign_report",
    "cancel_dispatch",
    "close_report",
    "count_cell",
    "decline_report",
    "dispatch_report",
    "end_survey",
    "exempt_case",
    "extend_case",
    "file_report",
    "finish_report",
    "force_close_report",
    "hang_case",
    "join_case",
    "mark_duplicate",
    "open_survey",
    "reach_stage",
    "recall_check",
    "recall_verify",
    "refuse_relief",
    "report_problem",
    "report_self_handled",
    "resume_hung",
    "return_report",
    "self_handle",
    "send_back",
    "send_back_for_rework",
    "send_check",
    "send_message",
    "send_verify",
    "split_report",
    "supervise_case",
    "undo_move",
    "unmark_duplicate",
    "void_report",
    "withdraw_report",
]
