"""Cases carried along their journey by the town's people, a verb at a time."""

from __future__ import annotations

from uuid import UUID, uuid4

from casework.models import Case
from dispatch import actions
from dispatch.actions.site import Answer
from tests.factories.city import LIGHTING, WATER
from tests.factories.people import Town, photo_of

DESKS = {WATER: "chen", LIGHTING: "dai"}


class Journey:
    """One case; each method is one move, made by whom it behoves, on the version as it stands."""

    def __init__(self, town: Town, *, source: str = "inspector", cell: int = 0) -> None:
        """A manhole cover is missing in a cell: an inspector saw it, or somebody told the acceptor."""
        self.town = town
        lon, lat = town.city.inside(cell)
        by = town.alice if source == "inspector" else town.amy
        sent = town.report_of(
            id=uuid4(), source=source, lon=lon, lat=lat, component_code=town.city.manholes[cell].code
        )
        self.id: UUID = actions.report_problem(sent, actor=by)[0].pk

    @property
    def case(self) -> Case:
        return Case.objects.get(pk=self.id)

    @property
    def seen(self) -> int:
        return self.case.version

    def verify(self, result: str = "exists") -> Journey:
        actions.send_verify(
            self.id, actor=self.town.amy, seen=self.seen, inspector_id=self.town.alice.person_id
        )
        actions.answer_verify(self.id, Answer(result), actor=self.town.alice, seen=self.seen)
        return self

    def file(self) -> Journey:
        actions.file_report(
            self.id, actor=self.town.lei, seen=self.seen, condition_id=self.town.missing_cover.pk
        )
        return self

    def decline(self) -> Journey:
        actions.decline_report(self.id, actor=self.town.lei, seen=self.seen, reason="no condition is met")
        return self

    def void(self) -> Journey:
        actions.void_report(self.id, actor=self.town.lei, seen=self.seen, reason="filed twice")
        return self

    def force_close(self) -> Journey:
        actions.force_close_report(self.id, actor=self.town.lei, seen=self.seen, reason="works under way")
        return self

    def dispatch(self, code: str = WATER) -> Journey:
        actions.dispatch_report(self.id, actor=self.town.bo, seen=self.seen, organisation_code=code)
        return self

    def send_back(self) -> Journey:
        actions.send_back(self.id, actor=self.town.bo, seen=self.seen, reason="no such place")
        return self

    def give_back(self) -> Journey:
        """The department returns it to the dispatcher."""
        actions.return_report(self.id, actor=self._desk, seen=self.seen, reason="not ours")
        return self

    def handle(self) -> Journey:
        desk = self._desk
        actions.accept_report(self.id, actor=desk, seen=self.seen)
        actions.finish_report(self.id, actor=desk, seen=self.seen, photos=[photo_of(desk)])
        return self

    def check(self, result: str = "pass") -> Journey:
        actions.send_check(
            self.id, actor=self.town.amy, seen=self.seen, inspector_id=self.town.alice.person_id
        )
        actions.answer_check(self.id, Answer(result), actor=self.town.alice, seen=self.seen)
        return self

    def rework(self) -> Journey:
        actions.send_back_for_rework(self.id, actor=self.town.lei, seen=self.seen, reason="still broken")
        return self

    def close(self) -> Journey:
        actions.close_report(self.id, actor=self.town.lei, seen=self.seen, closing="恢复")
        return self

    @property
    def _desk(self):
        organisation = self.case.organisation
        assert organisation is not None, "no department holds the case"
        return getattr(self.town, DESKS[organisation.code])
