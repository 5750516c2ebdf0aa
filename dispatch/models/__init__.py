"""One module a noun; import them from here."""

from dispatch.models.duty import GridDuty
from dispatch.models.indicator import IndicatorPolicy
from dispatch.models.report import Report
from dispatch.models.rule import RoutingDecision, RoutingRule
from dispatch.models.standard import FilingCondition, SourcePolicy, StepLimit
from dispatch.models.task import Task

__all__ = [
    "FilingCondition",
    "GridDuty",
    "IndicatorPolicy",
    "Report",
    "RoutingDecision",
    "RoutingRule",
    "SourcePolicy",
    "StepLimit",
    "Task",
]
