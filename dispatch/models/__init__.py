"""One module a noun; import them from here."""

from dispatch.models.deadline import ClockPolicy, LimitType, Season
from dispatch.models.draft import RuleDraft
from dispatch.models.duplicate import DuplicateRule
from dispatch.models.duty import DutyShift, GridDuty
from dispatch.models.indicator import IndicatorPolicy
from dispatch.models.joining import Joining
from dispatch.models.lease import Lease
from dispatch.models.patrol import CellVisit, PatrolPolicy, Shift, Track
from dispatch.models.ranking import RankingTable
from dispatch.models.report import Report
from dispatch.models.rule import RoutingDecision, RoutingRule
from dispatch.models.standard import FilingCondition, SourcePolicy, StepLimit
from dispatch.models.suggestion import SuggestionTable
from dispatch.models.survey import Survey, SurveyCell
from dispatch.models.task import Task
from dispatch.models.undo import UndoImage

__all__ = [
    "CellVisit",
    "ClockPolicy",
    "DuplicateRule",
    "DutyShift",
    "FilingCondition",
    "GridDuty",
    "IndicatorPolicy",
    "Joining",
    "Lease",
    "LimitType",
    "PatrolPolicy",
    "RankingTable",
    "Report",
    "RoutingDecision",
    "RoutingRule",
    "RuleDraft",
    "Season",
    "Shift",
    "SourcePolicy",
    "StepLimit",
    "SuggestionTable",
    "Survey",
    "SurveyCell",
    "Task",
    "Track",
    "UndoImage",
]
