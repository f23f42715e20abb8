"""Heavy already and no better to come: the board says so, the consultation may say otherwise, both on their pages."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import episodes, scenes
from luoshi.programmes.heavy_pollution.models import Consultation, ForecastRun
from tests.office.people import client_of, person

NOW = datetime.datetime(2018, 1, 20, tzinfo=SHANGHAI)
NEXT = [210, 215, 220, 205, 200, 198, 196, 200, 201, 199, 197, 196]


@pytest.fixture
def office(db):
    CLOCK.set(NOW)
    scenes.measured(None, None, {"hours": [[42, 90], [6, 205]]})
    scenes.forecast(None, None, {"hours": [*([1, aqi] for aqi in NEXT), [24, 110]]})
    yield client_of(person("forecaster", (Role.CLERK, "environment")))
    CLOCK.release()


def test_the_board_says_that_a_warning_is_due_at_once(office):
    shown = office.get(reverse("pollution")).content.decode()
    assert "应立即发布" in shown
    assert "均值203.08" in shown
    scenes.forecast(None, None, {"hours": [[1, 210 - 5 * n] for n in range(12)], "issued": NOW.isoformat()})
    assert "应立即发布" not in office.get(reverse("pollution")).content.decode()


def test_the_consultation_may_say_otherwise_and_must_say_why(office):
    office.post(reverse("pollution-hold"))
    row = Consultation.objects.get()
    where = reverse("pollution-consultation", args=[row.approval_id])
    refused = office.post(where, {"outlook": "better", "outlook_reason": "", "minutes": "测试会商"})
    assert refused.status_code == 422
    assert '<option value="better" selected>' in refused.content.decode()
    given = {"outlook": "better", "outlook_reason": "冷空气三小时后到", "minutes": "测试会商"}
    assert office.post(where, given).status_code == 303
    row.refresh_from_db()
    assert (row.grade, episodes.basis_of(row)) == ("none", "forecast")
    shown = office.get(where).content.decode()
    assert 'value="冷空气三小时后到"' in shown
    assert "今后有明显改善" in shown
    assert office.post(where, {"minutes": "测试会商"}).status_code == 303
    row.refresh_from_db()
    assert (row.grade, episodes.basis_of(row)) == ("blue", "nowcast")
    assert "应立即发布" in office.get(where).content.decode()


def test_without_a_forecast_the_pages_stand_at_any_minute(office):
    ForecastRun.objects.update(current=False)
    CLOCK.set(NOW.replace(minute=20))
    for name in ("pollution", "open-pollution"):
        assert office.get(reverse(name)).status_code == 200
    assert "不能判断，须由会商说明" not in office.get(reverse("pollution")).content.decode()
