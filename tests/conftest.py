"""What every test may use: marks set by themselves, a served city for browsers, Chromium's options."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_city"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks tests that use the database, so that `bin/test fast` can leave them out; browsers come last.

    Playwright keeps a loop running in this thread from its first test on: no test after it may start one.
    """
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Words in English unless a test asks otherwise; what it switches to ends with it."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session", autouse=True)
def _journal_emptied_between_tests() -> Iterator[None]:
    """Lets tests that commit clean up: the journal refuses truncation and is no table of Django's."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    plain = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        statements = plain(self, style, [*tables, "casework_entry"], **options)
        return ["SET LOCAL session_replication_role = replica", *statements]

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = plain  # type: ignore[method-assign]


@pytest.fixture
def live_city(transactional_db: None) -> Iterator[str]:
    """The whole application, HTTP and sockets, on a free port over the test database; gives its address."""
    from tests.factories.served import served

    with served() as address:
        yield address


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, kept from calling its maker. Without one: a failure in CI, elsewhere a skip."""
    chromium = os.environ.get("GRIDCITY_CHROMIUM")
    if not chromium:
        reason = "no Chromium: `bin/test` installs one, or name it in GRIDCITY_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    flags = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [*flags.split(), "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    }
