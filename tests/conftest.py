"""Settings of the suite, and its database: see `tests/databases.py`."""

from __future__ import annotations

import datetime
import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.db.models import QuerySet
from django.test import TransactionTestCase
from django.test.client import ClientHandler
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from luoshi.kernel.clock import CLOCK, SHANGHAI, Clock
from tests import databases

# A busy machine must not decide whether a property holds, nor may luck: a run tries the same examples as the last one,
# without a deadline. LUOSHI_RANDOM=1 tries new ones.
hypothesis_settings.register_profile(
    "suite",
    deadline=None,
    derandomize="LUOSHI_RANDOM" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("suite")

_MORNING, _BEGUN = datetime.datetime(2026, 11, 18, 9, tzinfo=SHANGHAI), time.monotonic()


class _SuitesClock(Clock):
    """Runs from the morning of a working day: no midnight and no end of a month or year comes between two lines."""

    def now(self) -> datetime.datetime:
        """Return the moment it was set to, or the present one."""
        if self._fixed is not None:
            return self._fixed
        return _MORNING + datetime.timedelta(seconds=time.monotonic() - _BEGUN)


CLOCK.__class__ = _SuitesClock

# Looking for garbage after every 700 objects takes a sixth of the suite's time.
gc.set_threshold(50_000, 20, 50)

settings.JOBS = "off"
settings.PUBLIC_AGE_S = 0
databases.begin()

_WITH_DATABASE = {"db", "transactional_db", "live_server", "client", "django_db_setup"}


_SITE = Path(__file__).parent / "site"


def _told_by_both(item: pytest.Item) -> bool:
    with_database = bool(item.get_closest_marker("django_db"))
    if not with_database and _WITH_DATABASE.isdisjoint(getattr(item, "fixturenames", ())):
        return False
    return _SITE not in item.path.parents or item.get_closest_marker("both") is not None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run what touches a database, of the pages, the API and commands only what is marked `both`.

    The others show what the rooms' queries have found, which are tested on both. Marked is what looks for words,
    narrows and sorts lists, sends junk, or asks for every page and operation there is.
    """
    if not databases.POSTGRESQL:
        return
    told = [item for item in items if _told_by_both(item)]
    if others := [item for item in items if item not in set(told)]:
        config.hook.pytest_deselected(items=others)
        items[:] = told


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
def one_chromium() -> Iterator[Any]:
    """One Chromium for each worker."""
    from tests.site.browsing import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture
def browser(one_chromium: Any) -> Iterator[Any]:
    """Chromium without windows; those a test opens are shut before its database is put back."""
    yield one_chromium
    for window in one_chromium.contexts:
        window.close()


@pytest.fixture
def own_connection(db: None) -> Iterator[None]:
    """Let the test keep its connection, which the real application would close between requests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _depth(alias: str) -> int:
    """How many transactions, one inside the other, are open on this thread's connection."""
    return int(connections[alias].in_atomic_block) + len(connections[alias].savepoint_ids)


@pytest.fixture(autouse=True)
def _looking_locks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a page that locks rows outside a transaction: PostgreSQL refuses that, SQLite and a test's own do not."""
    asked = threading.local()
    locked, answer = QuerySet.select_for_update, ClientHandler.get_response

    def select_for_update(self: QuerySet[Any], *arguments: Any, **named: Any) -> QuerySet[Any]:
        assert _depth(self.db) > getattr(asked, "depth", -1), "rows locked outside a transaction"
        return locked(self, *arguments, **named)

    def get_response(self: ClientHandler, request: Any) -> Any:
        before = getattr(asked, "depth", -1)
        asked.depth = _depth("default")
        try:
            return answer(self, request)
        finally:
            asked.depth = before

    monkeypatch.setattr(QuerySet, "select_for_update", select_for_update)
    monkeypatch.setattr(ClientHandler, "get_response", get_response)
