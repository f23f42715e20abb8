"""Letters to organs that are late, and the training plan: drafted from what the registers and the episode say."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.notices.models import Notice
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import drills, supervising
from luoshi.programmes.heavy_pollution.models import Contact, EpisodeDuty, MeasureTask, Training
from tests.office.people import actor, client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, episode

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
BUILDING = "housing-construction"


@pytest.fixture
def response():
    found = episode(released="")
    found.duties.all().delete()
    Contact.objects.create(organ=BUILDING, kind="responsible", name="测试丁", phone="13600000001")
    return found


def owed(response, organ=BUILDING, hours=-1):
    return EpisodeDuty.objects.create(
        response=response, kind="daily", organ=organ, period=str(hours), citation="测试 3.3",
        due_at=NOW + datetime.timedelta(hours=hours),
    )  # fmt: skip


def task(response, state, hours):
    return MeasureTask.objects.create(
        response=response, measure="S1", organ=BUILDING, object_id=f"{state}{hours}",
        object_name=f"测试工地{state}{hours}", text="洒水", sent_at=NOW, state=state,
        state_at=NOW, due_at=NOW + datetime.timedelta(hours=hours),
    )  # fmt: skip


def test_a_letter_names_what_is_overdue_or_failed_and_who_is_responsible(response):
    owed(response)
    owed(response, hours=1)
    for state, hours in (("sent", -1), ("sent", 1), ("failed", 1), ("in_place", -1)):
        task(response, state, hours)
    office = client_of(person("officer", (Role.CLERK, "air-command")))
    shown = office.get(reverse("pollution-duties")).content.decode()
    assert shown.count('name="supervise"') == 1
    sent = office.post(reverse("pollution-duties"), {"supervise": BUILDING, "response": response.pk})
    paper = Notice.objects.get(kind=supervising.KIND)
    assert sent["Location"] == reverse("notice", args=[paper.pk])
    text = office.get(sent["Location"]).content.decode()
    for word in ("测试丁", "逾期未报", "测试工地sent-1", "测试工地failed1"):
        assert word in text
    for word in ("测试工地sent1", "测试工地in_place"):
        assert word not in text
    office.post(reverse("pollution-duties"), {"supervise": BUILDING, "response": response.pk})
    assert Notice.objects.filter(kind=supervising.KIND).count() == 1


def test_who_is_in_time_is_not_supervised_and_others_may_not(response):
    owed(response, hours=1)
    officer = actor("officer", (Role.CLERK, "air-command"))
    with pytest.raises(LuoshiError) as refused:
        supervising.supervise(actor=officer, response=response.pk, organ=BUILDING)
    assert refused.value.code == "E_STATE"
    other = actor("builder", (Role.CLERK, BUILDING))
    with pytest.raises(LuoshiError) as refused:
        supervising.supervise(actor=other, response=response.pk, organ=BUILDING)
    assert refused.value.code == "E_FORBIDDEN"


def test_the_training_plan_is_drafted_from_the_register():
    office = client_of(person("officer", (Role.CLERK, "air-command")))
    officer = actor("officer2", (Role.CLERK, "air-command"))
    year = NOW.year
    with pytest.raises(LuoshiError) as refused:
        drills.training_plan(actor=officer, year=year)
    assert refused.value.code == "E_STATE"
    for n in (1, 2):
        Training.objects.create(code=f"PX-{n}", title=f"测试培训{n}", organ="environment", audience="测试对象", hours=4,
                                planned_on=datetime.date(year, 10, n))  # fmt: skip
    Training.objects.create(code="PX-3", title="下一年的", organ="environment", audience="测试对象",
                            planned_on=datetime.date(year + 1, 1, 1))  # fmt: skip
    assert "测试培训2" in office.get(reverse("pollution-drills")).content.decode()
    sent = office.post(reverse("pollution-training-plan"), {"year": str(year)})
    text = office.get(sent["Location"]).content.decode()
    assert f"{year}年重污染天气应急培训计划" in text
    assert "测试培训1" in text
    assert "下一年的" not in text
    assert drills.training_plan(actor=officer, year=year).pk == Notice.objects.get().pk
