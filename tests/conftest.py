"""Settings of the suite, and its database: see `tests/databases.py`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings

from tests import databases

# A busy machine must not decide whether a property holds: examples have no deadline.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")

# Looking for garbage after every 700 objects takes a sixth of the suite's time.
gc.set_threshold(50_000, 20, 50)

settings.JOBS = "off"
settings.PUBLIC_AGE_S = 0
databases.begin()

_WITH_DATABASE = {"db", "transactional_db", "live_server", "client", "django_db_setup"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what touches no database: it says there what it says on SQLite."""
    if not databases.POSTGRESQL:
        return
    needing = [
        item
        for item in items
        if item.get_closest_marker("django_db") or not _WITH_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))
    ]
    if others := [item for item in items if item not in set(needing)]:
        config.hook.pytest_deselected(items=others)
        items[:] = needing


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is loaded."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Make this worker's database; it goes with the folder of the run."""
    with django_db_blocker.unblock():
        databases.make()
    yield
    with django_db_blocker.unblock():
        connections.close_all()


def _put_back(self: TransactionTestCase) -> None:
    databases.put_back()


# Django would empty some 300 tables and make their permissions again, seconds for each test with several connections.
TransactionTestCase._fixture_teardown = _put_back  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for each worker."""
    from tests.site.browsing import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture
def own_connection(db: None) -> Iterator[None]:
    """Let the test keep its connection, which the real application would close between requests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
