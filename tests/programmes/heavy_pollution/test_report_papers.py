"""Papers that report on a response, the traffic notice and a firm's papers: drafted from tasks, reports and plans."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.notices import actions as notices
from luoshi.office.notices.kinds import kind_of
from luoshi.office.notices.models import Notice
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import report_papers
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Enterprise,
    EpisodeDuty,
    Inspection,
    MeasureTask,
    SitePlan,
)
from tests.office.people import actor, client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, at, episode, firm, owe

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
ECONOMY, BUILDING, POLICE = "economy-it", "housing-construction", "public-security"


def task(response, measure, organ, kind, code, state="in_place", **given):
    return MeasureTask.objects.create(
        response=response, measure=measure, organ=organ, object_kind=kind, object_id=code, object_name=f"对象{code}",
        text="停", sent_at=NOW, state=state, state_at=NOW, **given,
    )  # fmt: skip


def drafted(response, kind, organ, due, came="", **content):
    """Return the text of the paper of a report."""
    owe(response, kind, organ, due, came)
    row = EpisodeDuty.objects.get(kind=kind, organ=organ)
    row.content = content
    row.save()
    clerk = actor("writer", (Role.CLERK, organ))
    paper = report_papers.of_duty(actor=clerk, duty=row.pk)
    assert report_papers.of_duty(actor=clerk, duty=row.pk).pk == paper.pk
    assert paper.organ == organ
    return f"{paper.title}\n{paper.content}"


def test_list_of_firms_says_what_each_does_and_saves():
    response = episode(released="")
    one = firm(1)
    Enterprise.objects.filter(pk=one.pk).update(contact="测试甲", phone="13600000001")
    SitePlan.objects.create(
        enterprise=one, year=2018, state="filed", drawn_by="测试甲", reductions={"II": {"pm": "20", "so2": "0"}},
        steps={"II": [{"process": "密炼", "action": "限产", "limit": "30"}]},
    )  # fmt: skip
    other = firm(2)
    for row in (one, other):
        task(response, "E6", ECONOMY, "firm", row.credit_code)
    text = drafted(response, "lists", ECONOMY, "2018-01-12 20:00")
    for word in (one.name, "密炼", "限产30%", "20", "测试甲 13600000001", other.name, "方案未就绪", "共2家"):
        assert word in text, word


def test_list_of_sites_comes_from_who_supervises_them():
    response = episode(released="")
    site = ConstructionSite.objects.create(
        code="S1", name="测试一号工地", kind="building", town="xiacun", builder="测试建工", pm_ii="12"
    )
    task(response, "S4", BUILDING, "site", site.code)
    text = drafted(response, "lists", BUILDING, "2018-01-12 20:00")
    for word in ("测试一号工地", "建筑", "12", "测试建工"):
        assert word in text, word


def test_a_list_without_objects_and_a_report_without_paper_are_refused():
    response = episode(released="")
    for kind in ("lists", "publicity"):
        owe(response, kind, ECONOMY, "2018-01-12 20:00")
        with pytest.raises(LuoshiError) as refused:
            report_papers.of_duty(actor=actor(kind, (Role.CLERK, ECONOMY)), duty=EpisodeDuty.objects.get(kind=kind).pk)
        assert refused.value.code == "E_STATE"
    with pytest.raises(LuoshiError, match="没有第"):
        report_papers.of_duty(actor=actor("x", (Role.CLERK, "education")), duty=EpisodeDuty.objects.first().pk)


def test_daily_and_compiled_reports_count_by_measure_and_by_organ():
    response = episode(released="")
    for n, state in enumerate(("in_place", "in_place", "failed", "sent")):
        task(response, "E6", ECONOMY, "firm", str(n), state)
    task(response, "S4", BUILDING, "site", "S1")
    Inspection.objects.create(response=response, object_kind="firm", object_id="1", object_name="甲", organ=ECONOMY,
                              finding="none", text="无", at=at("2018-01-13 10:00"), by="测试甲")  # fmt: skip
    daily = drafted(response, "daily", ECONOMY, "2018-01-13 15:00", "2018-01-13 14:00", text="已逐家检查")
    for word in ("E6", "'4', '2', '1'", "检查1次", "已逐家检查", "1月13日"):
        assert word in daily, word
    owe(response, "daily", BUILDING, "2018-01-13 15:00")
    compiled = drafted(response, "compiled", "air-command", "2018-01-13 17:00")
    for word in ("应报2个单位，已报1个", "市住房和城乡建设局", "'4', '2', '1'", "'1', '1', '0'"):
        assert word in compiled, word


def test_evaluation_has_its_four_parts_and_the_figures_of_the_episode():
    response = episode()
    task(response, "E6", ECONOMY, "firm", "1", closed="响应终止")
    told = {"measures": "措施甲", "results": "成效乙", "problems": "问题丙", "improvements": "改进丁"}
    text = drafted(response, "evaluation", "environment", "2018-01-23 23:59", "2018-01-22 10:00", **told)
    for word in (*told.values(), "32小时0分", "Ⅱ级", "应报告1份，按时1份"):
        assert word in text, word
    report = drafted(response, "implementation", ECONOMY, "2018-01-20 23:59", "2018-01-19 10:00", text="都已落实")
    for word in ("'1', '1', '0'", "都已落实"):
        assert word in report, word


def test_traffic_notice_says_what_may_not_drive_at_this_level_and_once():
    response = episode(released="")
    police = client_of(person("police", (Role.CLERK, POLICE)))
    address = reverse("pollution-traffic", args=[response.pk])
    first, again = police.post(address), police.post(address)
    paper = Notice.objects.get(kind="heavy_pollution.traffic")
    assert first["Location"] == again["Location"] == reverse("notice", args=[paper.pk])
    for word in ("单双号", "1月17日0时", "3.2.3.3(3)②"):
        assert word in str(paper.content), word
    assert "一律不得通行" not in str(paper.content)
    response.ended_at = NOW
    response.save()
    assert police.post(address).status_code == 422


def test_a_firms_plan_and_pledge_are_drafted_by_who_keeps_them():
    one = firm(1)
    row = SitePlan.objects.create(
        enterprise=one, year=2018, drawn_by="测试甲", reductions={"II": {"pm": "20"}},
        steps={"II": [{"process": "密炼", "action": "停产", "hours": "4", "safety": "先停进料"}]},
    )  # fmt: skip
    address = reverse("pollution-plan-paper", args=[row.pk])
    both = client_of(person("both", (Role.CLERK, "environment"), (Role.CLERK, ECONOMY)))
    for name, words in (
        ("operation_plan", ("密炼", "4小时内", "先停进料", one.credit_code)),
        ("pledge", ("密炼停产", "颗粒物")),
    ):
        assert both.post(address, {"paper": name}).status_code == 303
        content = Notice.objects.get(kind=f"heavy_pollution.{name}").content
        for word in words:
            assert word in str(content), word
    assert both.post(address, {"paper": "x"}).status_code == 422
    assert "方案成文" in both.get(reverse("pollution-plan", args=[row.pk])).text
    police = client_of(person("police", (Role.CLERK, POLICE)))
    assert "方案成文" not in police.get(reverse("pollution-plan", args=[row.pk])).text
    assert police.post(address, {"paper": "pledge"}).status_code in (403, 404)


def test_reports_page_offers_the_paper_and_takes_no_number_that_is_none():
    response = episode(released="")
    task(response, "S4", BUILDING, "site", "S1")
    owe(response, "daily", BUILDING, (NOW - datetime.timedelta(hours=3)).strftime("%Y-%m-%d %H:%M"))
    EpisodeDuty.objects.update(state="done", received_at=NOW, content={"text": "好"})
    clerk = client_of(person("builder", (Role.CLERK, BUILDING)))
    page = clerk.get(reverse("pollution-duties"), {"state": "done"})
    assert "起草成文" in page.text
    sent = clerk.post(reverse("pollution-duties"), {"paper": EpisodeDuty.objects.get().pk})
    assert sent["Location"] == reverse("notice", args=[Notice.objects.get().pk])
    for field in ("paper", "duty"):
        assert clerk.post(reverse("pollution-duties"), {field: "x"}).status_code == 404


def test_each_paper_has_words():
    for name in ("stop_list", "traffic", "daily_report", "compiled_report", "implementation_report",
                 "evaluation_report", "pledge", "operation_plan"):  # fmt: skip
        assert kind_of(f"heavy_pollution.{name}").words["body"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"what": "发布", "onset": "1月14日0时", "end": "1月17日0时", "duration": "72", "peak": "315"},
         ["关于发布重污染天气橙色预警的请示", "发布橙色预警，同时启动Ⅱ级应急响应",
          "1月14日0时开始，1月17日0时结束，持续约72小时",
          "日均值最高约315"]),
        ({"what": "调整", "before": "黄色", "end": "1月17日0时", "reason": "从严提出"},
         ["关于调整重污染天气橙色预警的请示", "将黄色预警调整为橙色预警", "从严提出"]),
        ({"what": "解除", "end": "1月18日8时"},
         ["关于解除重污染天气橙色预警的请示", "自1月18日8时起解除橙色预警，Ⅱ级应急响应同时终止"]),
    ],
)  # fmt: skip
def test_the_request_says_what_the_committee_is_asked(given, words):
    response = episode(released="")
    row = notices.draft(
        actor=Actor.system("测试", "test"), kind="heavy_pollution.request", case=response.warning.case_id,
        fields={"colour": "橙色", "level": "Ⅱ级", "grounds": "过程72小时", **given},
    )  # fmt: skip
    text = f"{row.title}\n{row.content}"
    assert [word for word in [*words, "妥否，请批示"] if word not in text] == []
