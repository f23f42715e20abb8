"""A warning changes by the chain of approval only; pages of cases lead to the pages of the room and back."""

from __future__ import annotations

import datetime
import re

import pytest
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case, CasePaper
from luoshi.office.notices import actions as notices
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import episodes, papers, plan
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import CityHour, Consultation, PollutionWarning
from tests.office.people import actor, client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, at

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def warning():
    """A live orange warning, opened as the chain opens it."""
    case = cases.open_case(
        actor=Actor.system("测试", "test"), procedure=episodes.WARNING, title="重污染天气橙色预警", organ=plan.COMMAND,
        subject="city:371083", facts={"colour": "orange", "approval": "HS-2018-0001"},
    )  # fmt: skip
    return PollutionWarning.objects.create(case=case, colour="orange", highest="orange", issued_at=NOW, onset=NOW,
                                           expected_end=at("2018-02-17 00:00"))  # fmt: skip


@pytest.mark.parametrize(
    ("step", "data", "words"),
    [
        ("adjust", {"colour": "red", "approval": "HS-2018-0001"}, "须经会商、确认、同意、签发"),
        (
            "announce_release",
            {"release_at": "2018-02-14T12:00", "approval": "HS-2018-0001"},
            "须经会商、确认、同意、签发",
        ),
        ("end_exercise", {"reason": "演练完毕"}, "不能按演练结束"),
    ],
)
def test_no_step_of_a_warning_goes_round_the_chain(warning, step, data, words):
    officer = actor("officer", (Role.CLERK, plan.COMMAND))
    with pytest.raises(LuoshiError, match=words):
        cases.act(actor=officer, case=warning.case_id, step=step, data=data)
    warning.case.refresh_from_db()
    assert (warning.case.state, warning.case.facts["colour"]) == ("live", "orange")


def test_the_page_of_a_warning_says_so_and_leads_to_the_board(warning):
    text = client_of(person("officer", (Role.CLERK, plan.COMMAND))).get(f"/cases/{warning.case_id}/").content.decode()
    assert "请在预警看板开会商" in text
    assert f'href="{reverse("pollution-warning", args=[warning.pk])}">预警看板' in text
    assert '<dd class="ls-case-fact">橙色</dd>' in text
    assert "city:371083" not in text


def test_the_page_of_a_warning_offers_the_board_and_no_step_that_is_refused(warning):
    client = client_of(person("officer", (Role.CLERK, plan.COMMAND)))
    text = client.get(f"/cases/{warning.case_id}/").content.decode()
    board = f"{reverse('pollution-warning', args=[warning.pk])}#hp-grade"
    assert f'href="{board}">到看板开调整会商' in text
    assert f'href="{board}">到看板开解除会商' in text
    assert "act=adjust" not in text
    assert "演练结束" not in text
    assert 'id="cs-act"' not in client.get(f"/cases/{warning.case_id}/?act=adjust").content.decode()


def test_while_a_chain_is_open_the_page_of_a_warning_leads_to_it(warning):
    held = episodes.hold(actor=actor("officer", (Role.CLERK, plan.COMMAND)), purpose="release")
    text = client_of(person("clerk", (Role.CLERK, plan.COMMAND))).get(f"/cases/{warning.case_id}/").content.decode()
    page = reverse("pollution-consultation", args=[held.approval_id])
    assert f'href="{page}">{held.approval.number}' in text
    assert "到看板开" not in text


def test_the_page_of_an_approval_leads_to_its_consultation():
    officer = actor("officer", (Role.CLERK, plan.COMMAND))
    held = episodes.hold(actor=officer, purpose="")
    text = client_of(person("reader", (Role.CLERK, plan.COMMAND))).get(f"/cases/{held.approval_id}/").content.decode()
    assert f'href="{reverse("pollution-consultation", args=[held.approval_id])}">会商页' in text


def filing_form(case):
    """Draft the command's filing form of a warning."""
    return notices.draft(
        actor=Actor.system("测试", "test"), kind="heavy_pollution.filing_form", case=case,
        fields={"what": "预警发布", "warning": "RSZWR-2018-001", "colour": "橙色", "level": "Ⅱ级", "at": NOW,
                "onset": "1月14日0时", "end": "1月17日0时", "peak": "315", "signer": "测试己"},
    )  # fmt: skip


def test_who_agrees_or_signs_reads_the_announcement_in_full_first():
    officer = actor("officer", (Role.CLERK, plan.COMMAND))
    held = episodes.hold(actor=officer, purpose="")
    drafted = filing_form(held.approval_id)
    Case.objects.filter(pk=held.approval_id).update(state="consented", facts={papers.DRAFT: drafted.pk})
    commander = client_of(person("commander", (Role.LEADER, plan.COMMAND)))
    text = commander.get(f"/cases/{held.approval_id}/?act=sign").content.decode()
    assert "先看全文" in text
    assert "gov-draft" in text
    assert "先看全文" not in commander.get(f"/cases/{held.approval_id}/?act=back_to_committee").content.decode()


@pytest.fixture
def adopted():
    """A consultation that has adopted a series and found orange; the two forecasters."""
    people = {organ: actor(organ, (Role.CLERK, organ)) for organ in ("environment", "weather")}
    held = episodes.hold(actor=people["environment"])
    held.series, held.grade, held.computed = {"hours": [{"n": 24, "aqi": 250}]}, "orange", {"value": {}}
    held.save()
    return held.approval_id, people


def propose(case, who, **data):
    cases.act(actor=who, case=case, step="propose", data=data)


def test_the_second_bureau_does_not_overrule_the_first(adopted):
    case, people = adopted
    propose(case, people["environment"], proposed="orange")
    with pytest.raises(LuoshiError, match="另一方已提出橙色，与黄色不同，请先商定"):
        propose(case, people["weather"], proposed="yellow", reason="冷空气提前到达")
    propose(case, people["weather"], proposed="orange")
    assert Case.objects.get(pk=case).state == "proposed"


def test_after_a_disagreement_both_bureaus_speak_again(adopted):
    case, people = adopted
    propose(case, people["environment"], proposed="orange")
    propose(case, people["weather"], agrees="no", remark="等18时预报")
    assert Case.objects.get(pk=case).state == "consulting"
    propose(case, people["environment"], proposed="orange")
    propose(case, people["weather"], proposed="orange")
    assert Case.objects.get(pk=case).state == "proposed"


def test_who_disagrees_need_not_choose_a_grade_and_sees_both_bureaus_counted(adopted):
    case, people = adopted
    propose(case, people["environment"], proposed="orange")
    text = client_of(person("second", (Role.CLERK, "weather"))).get(f"/cases/{case}/?act=propose").content.decode()
    assert re.search(r'<form[^>]*action="/cases/\d+/steps/propose/" novalidate', text)
    assert "会商须环保、气象双方参加，现有环保局、气象局" in text
    assert "还没有写建议等级，测算等级为橙色" in text


def test_the_consultation_links_each_reason_to_its_clause(adopted):
    case, _people = adopted
    held = Consultation.objects.get(approval=case)
    held.series, held.computed = {}, {"value": {}, "reasons": [
        {"ok": True, "text": "沙尘不计入", "citation": f"{PLAN} 1.3"},
        {"ok": True, "text": "大于200共72小时", "citation": f"{PLAN} 3.1.3(3)"},
    ]}  # fmt: skip
    held.save()
    page = client_of(person("reader", (Role.CLERK, "weather")))
    text = page.get(reverse("pollution-consultation", args=[case])).content.decode()
    graded = text[text.index('aria-labelledby="n-h"') :]
    assert graded.count("ls-cite") >= 2
    assert graded.index("大于200共72小时") < graded.index("沙尘不计入")


def test_a_release_that_is_announced_is_not_consulted_on_again(warning):
    PollutionWarning.objects.update(release_at=at("2018-02-15 00:00"))
    with pytest.raises(LuoshiError, match="已公布于02月15日 00:00解除，不用再开解除会商"):
        episodes.hold(actor=actor("officer", (Role.CLERK, plan.COMMAND)), purpose="release")


def test_a_consultation_on_the_release_says_whether_it_is_possible(adopted):
    case, _people = adopted
    held = Consultation.objects.get(approval=case)
    reasons = [{"ok": False, "text": "最长35小时", "citation": f"{PLAN} 3.1.5"}]
    held.series, held.computed = (
        {},
        {"value": {}, "reasons": reasons, "release": {"outcome": "refuse", "reasons": reasons}},
    )
    held.save()
    client = client_of(person("reader", (Role.CLERK, "weather")))
    assert "还不能解除" in client.get(reverse("pollution-consultation", args=[case])).content.decode()


def test_of_two_forecasters_at_once_the_second_is_told_who_was_first():
    first = person("first", (Role.CLERK, "environment"), name="测试首")
    second = person("second", (Role.CLERK, "weather"), name="测试次")
    for hour in range(24):
        CityHour.objects.create(hour=NOW.replace(hour=hour) - DAY, aqi=120, pm25=90, partial=True, stations=3,
                                received_at=NOW)  # fmt: skip
    case = episodes.hold(actor=actor("officer", (Role.CLERK, "environment"))).approval_id
    href, (one, other) = reverse("pollution-consultation", args=[case]), map(client_of, (first, second))
    tokens = [
        re.search(r'name="seen" value="([^"]+)"', client.get(href).content.decode()).group(1) for client in (one, other)
    ]
    CLOCK.advance(DAY / 24)
    assert one.post(href, {"seen": tokens[0], "minutes": "静稳"}).status_code == 303
    late = other.post(href, {"seen": tokens[1], "minutes": "有冷空气"})
    assert late.status_code == 422
    text = late.content.decode()
    assert re.search(r"测试首 \d\d:\d\d 已另外采用了一个序列", text)
    assert "有冷空气</textarea>" in text
    assert Consultation.objects.get(approval=case).minutes == "静稳"


def test_a_paper_leads_only_those_to_its_notice_who_may_read_it(adopted):
    """The weather bureau works on the case; what the command has drafted and not yet sent is not theirs to open."""
    case, _ = adopted
    notice = filing_form(case)
    CasePaper.objects.create(case_id=case, kind="filing", title="预警备案表", notice_id=notice.pk, event=1, at=NOW)
    link = reverse("notice", args=[notice.pk])
    for organ, leads in ((plan.COMMAND, True), ("weather", False)):
        reader = client_of(person(f"reads-{organ}", (Role.CLERK, organ)))
        text = reader.get(f"/cases/{case}/").text
        assert "预警备案表" in text
        assert (link in text, reader.get(link).status_code == 200) == (leads, leads)
