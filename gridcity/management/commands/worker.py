"""The process for background work: sends notices, sweeps clocks, rescues jobs whose worker died."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

POLL_SECONDS = 1  # a job deferred for later starts at most this much late


class Command(BaseCommand):
    help = "Work through background jobs until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=2, help="jobs at a time (default 2)")

    def handle(self, *args: Any, **options: Any) -> None:
        connector = app.connector
        assert isinstance(connector, DjangoConnector)
        with app.replace_connector(connector.get_worker_connector()) as working:
            asyncio.run(self.work(working, options["concurrency"]))

    @staticmethod
    async def work(working: Any, concurrency: int) -> None:
        async with working.open_async():
            await working.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=POLL_SECONDS,
                abort_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=15,
            )
