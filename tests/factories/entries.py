"""Journal entries of one report made by hand, without a database: what a pure fold is tested with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from casework.journal import instant
from dispatch.indicators.facts import Step
from dispatch.workflow import MOVES

CITY = ZoneInfo("Asia/Shanghai")


class Entries:
    """A report's entries; each call is one move, `hours` after the one before."""

    def __init__(
        self, source: str = "inspector", *, at: datetime, cell: str = "110101001001001", class_id: int = 1
    ) -> None:
        self.at, self.cell, self.class_id, self.source = at, cell, class_id, source
        self.steps: list[Step] = []
        self.state = self.before_duplicate = ""
        self.move("report", hours=0)

    def move(
        self, verb: str, *, hours: float = 1, by: int = 1, clocks: dict[str, Any] | None = None, **facts: Any
    ) -> Entries:
        """`clocks`: name → hours from now until it is due; None where it stops."""
        self.at += timedelta(hours=hours)
        move = MOVES[verb]
        if verb == "mark_duplicate":
            self.before_duplicate = self.state
        self.state = facts.pop("back_to", None) or move.target or self.state
        acts: dict[str, dict[str, Any]] = {}
        for name, due in (clocks or {}).items():
            acts[name] = (
                {"does": "stop"}
                if due is None
                else {"does": "start", "due_at": instant(self.at + timedelta(hours=due))}
            )
        number = len(self.steps) + 1
        self.steps.append(
            Step(
                seq=number, case_seq=number, verb=verb, at=self.at, actor_id=by, post_id=by + 100,
                state_to=self.state, undone=facts.get("undone"),
                organisation_id=facts.get("organisation_id", 0), result=facts.get("result", ""),
                inspector_id=facts.get("inspector_id", 0), clocks=acts, cell=self.cell,
                class_id=self.class_id, source=self.source,
            )
        )  # fmt: skip
        return self

    def undo(self, verb: str) -> Entries:
        """Take back the last move, which was that one."""
        last = self.steps[-1]
        assert last.verb == verb
        return self.move("undo", hours=0, undone=last.case_seq, back_to=self.steps[-2].state_to)

    # the usual way, with deadlines in hours

    def file(self, **more: Any) -> Entries:
        return self.move("file", **{"clocks": {"accepting": None, "dispatching": 0.25}, **more})

    def dispatch(self, to: int = 7, due: float = 48, **more: Any) -> Entries:
        return self.move(
            "dispatch", organisation_id=to, **{"clocks": {"dispatching": None, "handling": due}, **more}
        )

    def finish(self, **more: Any) -> Entries:
        self.move("accept", hours=0)
        return self.move("finish", **{"clocks": {"handling": None, "closing": 0.5}, **more})

    def check(self, result: str = "pass", **more: Any) -> Entries:
        self.move("send_check", hours=0.1, inspector_id=9, clocks={"closing": None, "checking": 1})
        return self.move("answer_check", result=result, by=9, **{"clocks": {"checking": None}, **more})

    def close(self, **more: Any) -> Entries:
        return self.move("close", **more)
