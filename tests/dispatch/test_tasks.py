"""What the worker does for phones each night, and that it does it."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app

from dispatch import tasks
from dispatch.models import RankingTable, Shift, Track
from dispatch.patrol import Fix, switch, take_track
from tests.factories.people import Town
from tests.factories.ways import WAYS, walk

pytestmark = pytest.mark.django_db


def test_every_task_is_started_by_the_clock() -> None:
    periodic = {task.task.name for task in app.periodic_registry.periodic_tasks.values()}
    assert {name for name in periodic if name.startswith("dispatch.")} == {
        "dispatch.forget_patrols", "dispatch.end_forgotten_shifts", "dispatch.make_rankings",
        "dispatch.roll_up", "dispatch.verify_indicators", "dispatch.forget_leases_and_images",
        "dispatch.carry_out_successions", "dispatch.learn_suggestions",
    }  # fmt: skip


def test_the_nights_work_is_done(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    # the worker gives back its thread's connection; this test still needs its own
    monkeypatch.setattr("casework.tasks.connections.close_all", lambda: None)
    now, shift = timezone.now(), uuid4()
    switch(town.alice, on=True, shift_id=shift, device_at=now, sent_at=now)
    lon, lat = town.city.inside(0)
    take_track(town.alice, batch_id=uuid4(), sent_at=now, fixes=[Fix(now, lon, lat, 5)])
    Track.objects.update(delete_on=timezone.localdate())
    Shift.objects.update(began_at=now - timedelta(hours=17))
    walk(town, WAYS["filed"])
    for task in (tasks.forget_patrols, tasks.end_forgotten_shifts, tasks.make_rankings):
        task(timestamp=0)
    assert not Track.objects.exists()
    assert Shift.objects.get().ended_at is not None
    assert RankingTable.objects.get().table["n"] == 1
