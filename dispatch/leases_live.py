"""Leases told over the journal's sockets: what has changed for each audience, as soon as it has.

A message is `{"type": "leases", "set": [...], "gone": [case ids]}`. It is no entry: nothing is lost with one,
for each desk reads the whole picture whenever it takes or renews a lease (`PUT /desk/leases`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Hashable
from typing import Any

from channels.db import database_sync_to_async

from casework.access import Actor
from casework.hub import Reader
from casework.journal import instant
from dispatch.leases import HINT, SIDES, Held, held, seen_by

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0  # for those that run out
GATHER_SECONDS = 0.1  # what comes within is told at once

Picture = dict[str, dict[str, Any]]


def face(lease: Held) -> dict[str, Any]:
    return {
        "case_id": str(lease.case_id),
        "person_id": lease.person_id,
        "name": lease.name,
        "ahead": lease.ahead,
        "since": instant(lease.since),
    }


def changes(before: Picture, now: Picture) -> dict[str, Any] | None:
    """What an audience must be told; None when nothing changed."""
    fresh = [lease for case_id, lease in now.items() if before.get(case_id) != lease]
    gone = [case_id for case_id in before if case_id not in now]
    return {"type": "leases", "set": fresh, "gone": gone} if fresh or gone else None


@database_sync_to_async
def _pictures(stream: str, audiences: dict[Hashable, Actor]) -> dict[Hashable, Picture]:
    leases = held(stream)
    return {
        audience: {str(lease.case_id): face(lease) for lease in seen_by(actor, leases)}
        for audience, actor in audiences.items()
    }


async def tell_leases(reader: Reader) -> None:
    """Runs beside each reader of the journal, as long as the process."""
    told: dict[Hashable, Picture] = {}
    look = reader.hints[HINT]
    while True:
        look.clear()
        audiences = {s.audience: s.actor for s in reader.sockets if s.actor.role in SIDES}
        try:
            pictures = await _pictures(reader.stream, audiences) if audiences else {}
        except Exception:
            # the database is away: the next picture makes it good
            log.warning("leases of %s cannot be read", reader.stream, exc_info=True)
            pictures = told
        for audience, picture in pictures.items():
            if changed := changes(told.get(audience, {}), picture):
                text = json.dumps(changed, ensure_ascii=False)
                for socket in [s for s in reader.sockets if s.audience == audience]:
                    socket.push(text)
        told = pictures
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(look.wait(), POLL_SECONDS)
            await asyncio.sleep(GATHER_SECONDS)
