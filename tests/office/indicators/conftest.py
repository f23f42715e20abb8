"""Indicators of invented returns, on a fixed day."""

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from tests.office.indicators.trial import counted  # noqa: F401


@pytest.fixture(autouse=True)
def _on_a_day():
    CLOCK.set(datetime.datetime(2019, 3, 4, 9, 0, tzinfo=datetime.UTC))
    yield
    CLOCK.release()
