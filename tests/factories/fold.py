"""What a desk does with the entries it is sent: the twin of `applyEntries` in frontend/src/lib/fold.js."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from casework import journal
from casework.access import Actor
from casework.hub import make_ready
from dispatch import queries
from dispatch.cards import dress
from dispatch.queues import QUEUES


@dataclass
class Desk:
    """An open list: loaded once as a snapshot, then kept true by entries alone."""

    actor: Actor
    queue: str
    head: int = 0
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def opened(cls, actor: Actor, queue: str) -> Desk:
        """As the page loads it now."""
        found = queries.snapshot(queue, actor)
        desk = cls(actor, queue, found["head"], {card["id"]: dress(card) for card in found["items"]})
        assert found["count"] == len(desk.cards)
        return desk

    def follow(self) -> None:
        """Read on from where the desk stands, through what the hub would send to this actor."""
        lines = journal.read(self.actor.stream, after=self.head)
        self.apply(json.loads(text) for text in make_ready(lines, self.actor))
        self.head = lines[-1].seq if lines else self.head

    def apply(self, entries: Iterable[dict[str, Any]]) -> None:
        for entry in entries:
            if entry["seq"] <= self.head:
                continue
            self.head = entry["seq"]
            known = self.cards.get(entry["case_id"])
            card = entry.get("card")
            if not entry.get("gone") and card and self.belongs(card):
                if not known or known["version"] <= card["version"]:
                    self.cards[entry["case_id"]] = card
            else:
                self.cards.pop(entry["case_id"], None)

    def belongs(self, card: dict[str, Any]) -> bool:
        queue = QUEUES[self.queue]
        if card["state"] not in queue.states:
            return False
        organisation = card["organisation"]
        return not queue.own or bool(organisation and organisation["code"] == self.actor.organisation_code)
