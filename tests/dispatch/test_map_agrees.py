"""Clusters, list and counts agree at every moment: changed by entries alone, compared after random moves.

The twin of frontend/src/map/squares.js, which has the same test with its own numbers in tests/js.
"""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from casework import journal
from casework.access import Actor
from casework.errors import GridCityError
from casework.hub import make_ready
from casework.models import Case
from dispatch import queries
from dispatch.policy import visible
from dispatch.workflow import AT_REST, MOVES
from tests.factories.people import Town
from tests.factories.ways import WAYS, arguments, move, usual, walk

pytestmark = pytest.mark.django_db

BOX = (116.40, 39.91, 116.43, 39.93)


class Watched:
    """A map in somebody's hands: asked for once, then kept true by what the hub sends."""

    def __init__(self, actor: Actor, zoom: int) -> None:
        self.actor, self.zoom = actor, zoom
        found = queries.cases_in_view(actor, BOX, zoom)
        self.head, self.side, self.rest = found["head"], found["side"], set(found["rest"])
        self.squares = squares_of(found)

    def follow(self) -> None:
        lines = journal.read(self.actor.stream, after=self.head)
        for text in make_ready(lines, self.actor):
            self.take(json.loads(text))
        self.head = lines[-1].seq if lines else self.head

    def take(self, entry: dict[str, Any]) -> None:
        card = entry.get("card")
        place = card or entry
        if "lon" not in place:
            return
        lon, lat = place["lon"], place["lat"]
        west, south, east, north = BOX
        if not (west <= lon <= east and south <= lat <= north):
            return
        was = entry["had"] and entry["from"] not in self.rest
        stands = card is not None and card["state"] not in self.rest
        key = key_of(self.side, entry["case_id"], lon, lat)
        count = self.squares.get(key, 0) + stands - was
        if count:
            self.squares[key] = count
        else:
            self.squares.pop(key, None)


def key_of(side: float, case_id: str, lon: float, lat: float) -> str:
    return f"{math.floor(lon / side)}/{math.floor(lat / side)}" if side else case_id


def squares_of(found: dict[str, Any]) -> dict[str, int]:
    side = found["side"]
    counts = {key_of(side, "", one["lon"], one["lat"]): one["count"] for one in found["clusters"]}
    return counts | {key_of(side, one["id"], one["lon"], one["lat"]): 1 for one in found["items"]}


def check(maps: list[Watched]) -> None:
    for one in maps:
        one.follow()
        fresh = queries.cases_in_view(one.actor, BOX, one.zoom)
        where = f"{one.actor.name}, zoom {one.zoom}"
        assert one.head == fresh["head"], where
        assert one.squares == squares_of(fresh), where
        listed = Case.objects.filter(visible(one.actor), report__isnull=False).exclude(state__in=AT_REST)
        assert sum(one.squares.values()) == listed.count(), where


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_random_moves_map_list_and_counts_agree(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    maps = [
        Watched(actor, zoom) for actor in (town.bo, town.chen, town.dai, town.ava) for zoom in (11, 16, 18)
    ]
    done = 0
    while done < 20:
        cases = list(Case.objects.filter(report__isnull=False))
        if not cases or chance.random() < 0.25:
            lon, lat = town.city.inside(
                chance.randrange(4), chance.uniform(0.1, 0.9), chance.uniform(0.1, 0.9)
            )
            walk(town, chance.choice([(), ("file",), WAYS["handling"]]), lon=lon, lat=lat)
        else:
            case = chance.choice(cases)
            verbs = [row.verb for row in MOVES if row.by and case.state in row.sources]
            if not verbs:
                continue
            verb = chance.choice(sorted(set(verbs)))
            actor = usual(town, verb, case)
            try:
                move(case.pk, verb, actor, **arguments(town, verb, actor))
            except GridCityError:
                continue  # not hers to do now: nothing was written
        done += 1
        check(maps)


def test_a_map_that_misses_an_entry_does_not_agree(town: Town) -> None:
    """The control."""
    case = walk(town, WAYS["filed"])
    watched = Watched(town.bo, 16)
    move(case.pk, "void", usual(town, "void"), **arguments(town, "void", usual(town, "void")))
    watched.head = journal.head("110101")
    with pytest.raises(AssertionError):
        check([watched])
