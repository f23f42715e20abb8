"""The page of reports: a daily report begins with what the tasks say, keeps what was typed, and is its owner's only."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import duties, report_counts
from luoshi.programmes.heavy_pollution.models import EpisodeDuty
from luoshi.programmes.heavy_pollution.moments import until
from tests.office.people import actor, client_of, person
from tests.programmes.heavy_pollution.test_indicators import _on_a_day, at, episode, owe
from tests.programmes.heavy_pollution.test_report_papers import BUILDING, ECONOMY, task

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
DUE = "2018-01-13 15:00"


@pytest.fixture
def response():
    """Five tasks of one bureau (two in place, one failed, one excused), one of another; two lie in a town."""
    found = episode(released="")
    for n, state in enumerate(("in_place", "in_place", "failed", "sent", "excused")):
        task(found, "E6", ECONOMY, "firm", str(n), state, town="xiacun" if n < 2 else "")
    task(found, "S4", BUILDING, "site", "S1", town="baishatan")
    for kind, organ, due in (("daily", ECONOMY, DUE), ("daily", BUILDING, DUE), ("daily", "xiacun", DUE),
                             ("compiled", "air-command", "2018-01-13 17:00")):  # fmt: skip
        owe(found, kind, organ, due)
    return found


def counts(of):
    row = EpisodeDuty.objects.get(organ=of)
    return tuple(report_counts.known([row])[row.pk].values())


def test_what_the_tasks_say_is_counted_for_organ_town_and_city(response, django_assert_max_num_queries):
    assert counts(ECONOMY) == (4, 2, 1)
    assert counts(BUILDING) == (1, 1, 0)
    assert counts("xiacun") == (2, 2, 0)
    assert counts("air-command") == (5, 3, 1)
    rows = list(EpisodeDuty.objects.all())
    with django_assert_max_num_queries(1):
        report_counts.known(rows)


def field(text, name):
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)
    return found.group(1) if found else None


def test_the_form_begins_with_the_counts_and_keeps_what_was_typed(response):
    client, row = client_of(person("writer", (Role.CLERK, ECONOMY))), EpisodeDuty.objects.get(organ=ECONOMY)
    page = client.get(reverse("pollution-duties")).content.decode()
    assert [field(page, name) for name in ("due", "in_place", "failed")] == ["4", "2", "1"]
    typed = {"duty": row.pk, "due": "4", "in_place": "4", "failed": "1", "text": "两家正在停产检修"}
    answer = client.post(reverse("pollution-duties"), typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "已落实4、未落实1合计多于应落实4，请核对" in page
    assert field(page, "in_place") == "4"
    assert "两家正在停产检修</textarea>" in page
    answer = client.post(reverse("pollution-duties"), typed | {"in_place": "3"}, follow=True)
    assert re.search(r"的每日落实情况报告已于\d\d:\d\d收到，", answer.content.decode())
    row.refresh_from_db()
    assert row.content == {"due": "4", "in_place": "3", "failed": "1", "text": "两家正在停产检修"}


@pytest.mark.parametrize("typed", ["三家", "-1", "1.5"])
def test_a_figure_that_is_no_count_is_refused(response, typed):
    row = EpisodeDuty.objects.get(organ=ECONOMY)
    with pytest.raises(LuoshiError, match=f"“应落实对象”应为整数，写的是“{typed}”"):
        duties.hand_in(actor=actor("writer", (Role.CLERK, ECONOMY)), duty=row.pk, content={"due": typed})


def test_who_only_watches_sees_who_reports_and_no_form(response):
    page = client_of(person("watcher", (Role.CLERK, "environment"))).get(reverse("pollution-duties")).content.decode()
    assert "由市经济和信息化局报送。" in page
    assert 'name="in_place"' not in page


def test_a_limit_at_midnight_is_24_00_of_the_day_that_ends(response):
    owe(response, "implementation", ECONOMY, "2018-02-17 00:00")
    page = client_of(person("reader", (Role.CLERK, ECONOMY))).get(reverse("pollution-duties")).content.decode()
    assert "2月16日 24:00" in page
    assert "2月17日 00:00" not in page
    assert until(at("2018-02-17 00:00")) == "02月16日 24:00"
    assert until(at("2018-02-17 15:00")) == "02月17日 15:00"
