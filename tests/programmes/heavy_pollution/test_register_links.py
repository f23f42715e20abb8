"""Beside a firm or a site in its register: its plan and its tasks, to whoever may see them, at the same price."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution.models import ConstructionSite, Enterprise, MeasureTask, SitePlan
from tests.office.people import client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, episode

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
CODE = "913710830000000195"
FIRMS, SITES = "heavy_pollution.enterprises", "heavy_pollution.sites"


@pytest.fixture
def response():
    return episode(released="")


@pytest.fixture
def firm():
    return Enterprise.objects.create(
        credit_code=CODE, name="测试化工有限公司", town="xiacun", sector="chemical", list_year=2018
    )


@pytest.fixture
def site():
    return ConstructionSite.objects.create(
        code="GD-1", name="测试工地", town="xiacun", kind="building", organ="housing"
    )


def task(response, kind, number, measure="E8", organ="economy-it", **more):
    return MeasureTask.objects.create(
        response=response, measure=measure, organ=organ, town="xiacun", object_kind=kind, object_id=number,
        object_name="测试对象", text="减排三成", sent_at=NOW, state_at=NOW, **more,
    )  # fmt: skip


def reader(organ, role=Role.CLERK):
    return client_of(person(f"{organ}-{role}", (role, organ)))


def page_of(client, register, row):
    answer = client.get(reverse("register-record", args=[register, row.pk]))
    assert answer.status_code == 200
    return answer.text


def test_a_firm_without_plan_or_tasks_says_that_it_has_no_plan_and_where_it_is_begun(firm):
    text = page_of(reader("air-command"), FIRMS, firm)
    assert "2018年还没有方案" in text
    assert f"{reverse('pollution-plans')}?year=2018&amp;q={CODE}" in text
    assert reverse("pollution-tasks") + "?object" not in text


def test_a_firm_leads_to_its_newest_plan_and_to_its_own_tasks(response, firm):
    for edition in (1, 2):
        plan = SitePlan.objects.create(
            enterprise=firm, year=2018, edition=edition, drawn_by="测试甲",
            state=SitePlan.State.FILED if edition == 1 else SitePlan.State.DRAFT,
        )  # fmt: skip
    task(response, "firm", CODE, state="in_place")
    task(response, "firm", CODE, measure="I1", state="failed")
    task(response, "firm", "913710830000000276")
    client = reader("air-command")
    text = page_of(client, FIRMS, firm)
    assert f'href="{reverse("pollution-plan", args=[plan.pk])}"' in text
    assert "2018年第2版，草稿" in text
    assert "2项，已落实1项，未落实1项" in text
    there = client.get(reverse("pollution-tasks"), {"object": f"firm:{CODE}"}).text
    assert "共 2 条" in there
    assert "只看测试对象" in there


def test_who_sees_neither_plans_nor_tasks_of_a_place_is_not_led_there(response, firm, site):
    SitePlan.objects.create(enterprise=firm, year=2018, drawn_by="测试甲")
    task(response, "firm", CODE)
    task(response, "site", "GD-1", measure="S4", organ="housing")
    housing = page_of(reader("housing"), SITES, site)
    assert "1项，已落实0项" in housing
    economy = reader("economy-it")
    assert reverse("pollution-tasks") + "?object=firm" in page_of(economy, FIRMS, firm)
    # The education bureau answers for schools: whatever it may read of the register, no task of a site is its own.
    answer = reader("education").get(reverse("register-record", args=[SITES, site.pk]))
    assert "?object=site" not in answer.text


def test_a_record_costs_the_same_with_one_task_and_with_many(response, firm):
    client = reader("air-command")

    def asked():
        page_of(client, FIRMS, firm)
        with CaptureQueriesContext(connection) as found:
            page_of(client, FIRMS, firm)
        return len(found)

    task(response, "firm", CODE)
    SitePlan.objects.create(enterprise=firm, year=2018, drawn_by="测试甲")
    one = asked()
    for n in range(20):
        task(response, "firm", CODE, measure=f"M{n}")
        SitePlan.objects.create(enterprise=firm, year=2018, edition=n + 2, drawn_by="测试甲")
    assert asked() == one
