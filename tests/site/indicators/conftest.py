"""Indicators of invented returns, on a fixed day."""

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.organs.actions import load_directory_into_database
from tests.office.indicators.trial import counted  # noqa: F401


@pytest.fixture(autouse=True)
def _on_a_day():
    CLOCK.set(datetime.datetime(2019, 3, 4, 9, 0, tzinfo=datetime.UTC))
    yield
    CLOCK.release()


@pytest.fixture(autouse=True)
def _city(db):
    load_directory_into_database(actor=Actor.system("测试甲", "test"))
