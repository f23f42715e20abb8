"""Pages of cases: the list and its tabs, opening one, its page in each state, acts, what a refusal keeps, replay."""

from __future__ import annotations

import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pydantic import BaseModel
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import REGISTRY, Outcome, Rule, Verdict, decision
from luoshi.kernel.procedures import read_procedure
from luoshi.office.accounts.models import User
from luoshi.office.calendar import actions as calendars
from luoshi.office.cases import actions, procedures
from luoshi.office.cases.models import Case, CaseEvent, CasePaper
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from tests.office.cases_made import PROGRAM, guarantee, known_procedures, moment, people, votes
from tests.office.people import client_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


@pytest.fixture
def who():
    return people()


def client_as(actor) -> Client:
    return client_of(User.objects.get(pk=actor.user_id))


def page(actor, case, **query):
    return client_as(actor).get(f"/cases/{case.pk}/", query)


def take(actor, case, step, **data):
    """Open the form of a step and send it."""
    client = client_as(actor)
    opened = client.get(f"/cases/{case.pk}/", {"act": step})
    hidden = {"revision": opened.context["revision"], "seen": opened.context["seen"]}
    return client.post(f"/cases/{case.pk}/steps/{step}/", hidden | data)


def offered(response) -> set[str]:
    """Return the steps the page offers as buttons, in the two slots or in the menu."""
    hands = response.context["hands"] or {}
    return {one["key"] for one in response.context["mine"]} | ({hands["act"]["value"]} if "act" in hands else set())


def proof(name="合同.txt", text="一式两份"):
    return SimpleUploadedFile(name, text.encode())


# --- the list ---------------------------------------------------------------------------------------------------------


def titles(response) -> list[str]:
    return [row.title for group in response.context["groups"] for row in group["rows"]]


def test_list_opens_with_what_is_ones_own_turn(who):
    guarantee(who["applicant"], title="甲的补偿")
    votes("三家会签")
    mine = client_as(who["officer"]).get("/cases/")
    assert titles(mine) == ["甲的补偿"]
    tabs = {tab["label"]: (tab["count"], tab["current"]) for tab in mine.context["tabs"]}
    assert tabs == {"轮到我办": (1, True), "本单位的": (2, False), "已逾期": (0, False), "全部在办": (2, False)}
    assert titles(client_as(who["officer"]).get("/cases/?view=own")) == ["甲的补偿", "三家会签"]
    assert "现在没有轮到您办的" in client_as(who["applicant"]).get("/cases/").text


def test_list_says_due_holder_limit_and_clause(who):
    case = guarantee(who["applicant"], exercise=True)
    body = client_as(who["officer"]).get("/cases/").text
    for words in (case.number, "剩 10 个工作日", "10月10日 24:00", "市农业局", "第十二条", "审查期限", "演练"):
        assert words in body, words


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("view=all&procedure=test.votes", ["三家会签"]),
        ("view=all&status=in_review", ["甲的补偿"]),
        ("view=all&procedure=test.guarantee&state=review", ["甲的补偿"]),
        ("view=all&holder=finance", ["三家会签"]),
        ("view=all&organ=agriculture", ["甲的补偿", "三家会签"]),
        ("view=all&organ=education", []),
        ("view=all&q=会签", ["三家会签"]),
        ("view=all&due=today", []),
        ("view=all&which=all", ["三家会签", "办完的", "甲的补偿"]),
        ("view=all&which=closed", ["办完的"]),
        ("view=all&exercise=1", []),
        ("view=all&status=nonsense&due=nonsense&which=nonsense", ["甲的补偿", "三家会签"]),
    ],
)
def test_list_is_narrowed(who, query, wanted):
    guarantee(who["applicant"], title="甲的补偿")
    done = guarantee(who["applicant"], title="办完的")
    votes("三家会签")
    actions.act(actor=who["head"], case=done.pk, step="refuse", data={"reason": "不在范围"})
    response = client_as(who["supervisor"]).get(f"/cases/?{query}")
    assert response.status_code == 200
    assert titles(response) == wanted
    if not wanted:
        assert "没有符合条件的办件" in response.text


def test_pages_of_the_list_lead_on_and_back(who, monkeypatch):
    monkeypatch.setattr("luoshi.site.views.cases.PAGE_SIZE", 2)
    for number in range(5):
        guarantee(who["applicant"], title=f"第{number}件")
    client = client_as(who["supervisor"])
    first = client.get("/cases/?view=all")
    second = client.get(first.context["page"]["next_href"])
    assert (titles(first), titles(second)) == (["第0件", "第1件"], ["第2件", "第3件"])
    assert titles(client.get(second.context["page"]["prev_href"])) == ["第0件", "第1件"]
    assert client.get("/cases/?after=nonsense").status_code == 422


def test_head_sees_the_cases_of_the_organ_by_kind_and_state(who):
    guarantee(who["applicant"])
    votes()
    found = client_as(who["head"]).get("/cases/?view=own").context["picture"]
    assert [(row["title"], row["total"]) for row in found["rows"]] == [("测试补偿", 1), ("测试会签", 1)]
    assert "procedure=test.votes" in found["rows"][1]["href"]
    assert client_as(who["applicant"]).get("/cases/?view=own").context["picture"] is None


def test_queries_of_the_list_do_not_grow_with_it(who):
    client = client_as(who["officer"])

    def asked():
        client.get("/cases/")
        with CaptureQueriesContext(connection) as seen:
            client.get("/cases/")
        return len(seen)

    guarantee(who["applicant"])
    few = asked()
    for _ in range(20):
        guarantee(who["applicant"])
    assert asked() == few


def test_list_goes_to_excel_as_it_is_shown(who):
    case = guarantee(who["applicant"], title="=1+1的补偿")
    votes()
    response = client_as(who["supervisor"]).get("/cases/export.xlsx?view=all&procedure=test.guarantee")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.content)).get_sheet_by_index(0).to_python()
    assert rows[0][:3] == ["编号", "办件", "种类"]
    assert rows[1][:2] == [case.number, "'=1+1的补偿"]
    assert "种类 测试补偿" in rows[2][0]
    assert len(rows) == 3


def test_too_long_a_list_for_one_file_is_refused(who, monkeypatch):
    monkeypatch.setattr("luoshi.site.case_sheet.LIMIT", 1)
    guarantee(who["applicant"])
    guarantee(who["applicant"])
    response = client_as(who["supervisor"]).get("/cases/export.xlsx?view=all")
    assert (response.status_code, "E_TOO_LARGE" in response.text) == (422, True)


@pytest.mark.parametrize(("role", "status"), [(Role.ADMINISTRATOR, 403), (Role.STAFFING, 403), (Role.ARCHIVIST, 200)])
def test_list_is_for_those_the_table_names(role, status):
    assert client_of(person("x", (role, "finance"))).get("/cases/").status_code == status


# --- opening ----------------------------------------------------------------------------------------------------------


def test_kinds_one_may_open_are_offered(who):
    body = client_as(who["applicant"]).get("/cases/new/").text
    assert "/cases/new/test.guarantee/" in body
    assert "/cases/new/test.guarantee/" not in client_as(who["payer"]).get("/cases/new/").text


def test_a_case_is_opened_from_its_form(who):
    client = client_as(who["applicant"])
    form = client.get("/cases/new/test.guarantee/")
    assert 'name="ask-amount"' in form.text
    response = client.post(
        "/cases/new/test.guarantee/",
        {"title": "测试乙的补偿", "ask-amount": "1,234.50", "organ": "finance", "subject": "loan:9", "exercise": "1",
         "at": "2018-09-19T15:00"},
    )  # fmt: skip
    assert response.status_code == 303
    case = Case.objects.get()
    assert (case.facts, case.subject, case.exercise, case.organ) == ({"amount": 123450}, "loan:9", True, "finance")
    shown = client.get(response["Location"])
    assert f"已立案，编号 {case.number}" in shown.text
    assert "1,234.50 元" in shown.text


def test_refused_opening_keeps_what_was_typed_beside_its_field(who):
    client = client_as(who["applicant"])
    sent = {"title": "测试乙的补偿", "ask-amount": "很多", "organ": "finance", "at": "2018-12-01T10:00"}
    response = client.post("/cases/new/test.guarantee/", sent)
    assert response.status_code == 422
    assert response.context["errors"].keys() <= {"ask-amount", "at"}
    assert 'value="很多"' in response.text
    response = client.post("/cases/new/test.guarantee/", sent | {"ask-amount": "5"})
    assert "晚于现在" in response.text
    assert not Case.objects.exists()


def test_second_case_of_a_subject_leads_to_the_open_one(who):
    case = guarantee(who["applicant"], subject="loan:9")
    response = client_as(who["applicant"]).post(
        "/cases/new/test.guarantee/", {"title": "又一件", "ask-amount": "5", "organ": "finance", "subject": "loan:9"}
    )
    assert response.status_code == 409
    assert f'href="/cases/{case.pk}/"' in response.text


def test_who_may_not_open_is_refused(who):
    assert client_as(who["payer"]).post(
        "/cases/new/test.guarantee/", {"title": "x", "ask-amount": "5", "organ": "audit"}
    ).status_code == 403  # fmt: skip
    assert client_as(who["applicant"]).get("/cases/new/nothing/").status_code == 404


# --- one case ---------------------------------------------------------------------------------------------------------


def test_page_names_state_holder_due_derivation_and_what_silence_does(who):
    case = guarantee(who["applicant"])
    response = page(who["head"], case)
    body = response.text
    for words in (
        case.number, "审查", "在谁手上", "下一手", "这个期限怎么算出来的", "第十二条", "期满视为同意", "10月10日 24:00",
        "97,300.00 元", "测试补偿立案", "将来",
    ):  # fmt: skip
        assert words in body, words
    assert body.count("<h1") == 1
    assert [step["state"] for step in response.context["steps"]] == ["here", "next", "next"]
    assert response.context["limits"][0]["derived"].text == "2018-10-10 24:00"


def test_every_open_case_has_a_due_chip_and_a_holder(who):
    for case in (guarantee(who["applicant"]), votes()):
        context = page(who["head"], case).context
        assert context["due"] is not None
        assert context["holder"]["name"] or context["holder"].get("automatic")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("applicant", set()), ("officer", {"note", "send_back", "refuse"} - {"refuse"}), ("head", {"refuse"}),
     ("payer", set()), ("supervisor", set())],
)  # fmt: skip
def test_steps_offered_follow_role_and_what_stands_before_them(who, name, wanted):
    case = guarantee(who["applicant"])
    response = page(who[name], case)
    assert offered(response) == wanted
    shown = {one["key"]: one for one in response.context["offers"]}
    assert shown["approve"]["may"] is False
    assert shown["approve"]["who"] == "负责人"


def test_two_slots_name_the_first_hand_and_offer_the_second(who):
    case = guarantee(who["applicant"])
    actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    response = page(who["head"], case)
    hands = response.context["hands"]
    assert hands["first"]["name"] == "测试o"
    assert hands["act"]["value"] == "approve"
    assert "第二人" in response.text
    assert "act" not in page(who["officer"], case).context["hands"]


def test_what_one_may_not_see_answers_like_what_is_not_there(who):
    case = guarantee(who["applicant"])
    client = client_of(person("x", (Role.CLERK, "education")))
    assert client.get(f"/cases/{case.pk}/").status_code == client.get("/cases/9999/").status_code == 404
    assert client.post(f"/cases/{case.pk}/steps/note/", {"ask-opinion": "x"}).status_code == 404
    assert Client().get(f"/cases/{case.pk}/").status_code == 302


def test_a_step_is_taken_from_its_form_and_the_page_says_what_now_is(who):
    case = guarantee(who["applicant"])
    form = page(who["officer"], case, act="note")
    assert "确认后会发生" in form.text
    response = take(who["officer"], case, "note", **{"ask-opinion": "相符"})
    assert response.status_code == 303
    shown = client_as(who["officer"]).get(response["Location"])
    assert "已“出具审查意见”" in shown.text
    event = CaseEvent.objects.get(act="note")
    assert (event.hand, event.party, event.data) == ("person", "officer", {"opinion": "相符"})


def test_refused_step_keeps_what_was_typed(who):
    case = guarantee(who["applicant"])
    response = take(who["officer"], case, "send_back", **{"ask-reason": " "})
    assert response.status_code == 422
    assert response.context["form"]["errors"] == {"ask-reason": "请填“理由”"}
    assert 'href="#f-ask-reason"' in response.text
    assert case.events.count() == 1


def test_step_that_stands_open_to_others_only_is_refused(who):
    case = guarantee(who["applicant"])
    response = client_as(who["applicant"]).post(f"/cases/{case.pk}/steps/approve/", {})
    assert (response.status_code, "E_FORBIDDEN" in response.text) == (403, True)
    assert client_as(who["officer"]).post(f"/cases/{case.pk}/steps/nothing/", {}).status_code == 404


def test_the_later_of_two_sees_both(who):
    case = guarantee(who["applicant"])
    late = client_as(who["officer"])
    opened = late.get(f"/cases/{case.pk}/", {"act": "send_back"})
    actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "先到的意见"})
    hidden = {"revision": opened.context["revision"], "seen": opened.context["seen"]}
    response = late.post(f"/cases/{case.pk}/steps/send_back/", hidden | {"ask-reason": "后到的理由"})
    assert response.status_code == 409
    assert "您打开以后，这件办件有变化" in response.text
    assert "先到的意见" in response.text
    assert response.context["stale"]["rows"] == [{"label": "理由", "old": "", "new": "后到的理由"}]
    assert re.search(r'name="ask-reason"[^>]*value="后到的理由"', response.text)
    again = {"revision": response.context["revision"], "seen": response.context["seen"]}
    assert late.post(f"/cases/{case.pk}/steps/send_back/", again | {"ask-reason": "后到的理由"}).status_code == 303


def test_what_was_typed_is_shown_though_the_step_is_gone(who):
    case = guarantee(who["applicant"])
    late = client_as(who["officer"])
    opened = late.get(f"/cases/{case.pk}/", {"act": "note"})
    actions.act(actor=who["head"], case=case.pk, step="refuse", data={"reason": "不在范围"})
    hidden = {"revision": opened.context["revision"], "seen": opened.context["seen"]}
    response = late.post(f"/cases/{case.pk}/steps/note/", hidden | {"ask-opinion": "写了很久的意见"})
    assert response.status_code == 409
    assert "写了很久的意见" in response.text
    assert "这一步现在不能办了" in response.text


def test_same_form_sent_twice_is_one_step(who):
    case = guarantee(who["applicant"])
    client = client_as(who["officer"])
    form = client.get(f"/cases/{case.pk}/", {"act": "note"})
    key = re.search(r'name="_key" value="([^"]+)"', form.text)[1]
    data = {"_key": key, "revision": "1", "ask-opinion": "相符"}
    answers = [client.post(f"/cases/{case.pk}/steps/note/", data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert case.events.filter(act="note").count() == 1


def test_a_voice_is_given_and_shown(who):
    case = votes()
    leaders = {organ: person(f"l-{organ}", (Role.LEADER, organ)) for organ in ("finance", "agriculture", "audit")}
    finance = client_of(leaders["finance"])
    assert finance.post(f"/cases/{case.pk}/steps/sign/", {"agrees": "no"}).status_code == 422
    assert finance.post(f"/cases/{case.pk}/steps/sign/", {"agrees": "yes", "remark": "无异议"}).status_code == 303
    shown = finance.get(f"/cases/{case.pk}/")
    assert "无异议" in shown.text
    assert "未表态" in shown.text
    assert offered(shown) == set()
    assert "您已表过态" in shown.text
    for organ in ("agriculture", "audit"):
        client_of(leaders[organ]).post(f"/cases/{case.pk}/steps/sign/", {"agrees": "yes"})
    closed = finance.get(f"/cases/{case.pk}/")
    assert "已办" in closed.text
    assert closed.context["story"][0]["kind"] == "auto"


def test_silence_never_looks_like_a_person(who):
    case = guarantee(who["applicant"])
    CLOCK.set(moment("2018-10-12T09:00"))
    tick()
    response = page(who["payer"], case)
    story = response.context["story"]
    assert (story[0]["kind"], story[0]["who"], story[0]["word"]) == ("timer", "", "期限届满")
    assert "10月12日 09:00 记入" in story[0]["note"] or "今天 09:00 记入" in story[0]["note"]
    assert 'class="ls-event-timer"' in response.text
    assert "非人工办理" in response.text
    only = page(who["payer"], case, who="people")
    assert 'class="ls-event-timer"' not in only.text


def test_limits_are_stopped_prolonged_and_go_on(who):
    case = guarantee(who["applicant"])
    client = client_as(who["officer"])
    assert "从明天起不计" in client.get(f"/cases/{case.pk}/?do=pause").text
    refused = client.post(f"/cases/{case.pk}/pause/", {"what": "expert", "reason": ""})
    assert (refused.status_code, refused.context["form"]["errors"]) == (422, {"reason": "请写明理由"})
    assert client.post(f"/cases/{case.pk}/pause/", {"what": "expert", "reason": "送评审"}).status_code == 303
    stopped = client.get(f"/cases/{case.pk}/")
    assert "停表" in stopped.text
    assert stopped.context["due"].state == "paused"
    CLOCK.set(moment("2018-09-28T10:00"))
    assert client.post(f"/cases/{case.pk}/resume/", {"what": "expert"}).status_code == 303
    head = client_as(who["head"])
    assert "延到" in head.get(f"/cases/{case.pk}/?do=extend").text
    assert head.post(f"/cases/{case.pk}/extend/", {"what": "review", "reason": "情况复杂"}).status_code == 303
    shown = head.get(f"/cases/{case.pk}/")
    limit = shown.context["limits"][0]
    assert ([stop["title"] for stop in limit["pauses"]], limit["extensions"][0]["words"]) == (["专家评审"], "5个工作日")
    assert "专家评审”中止" in shown.text


def test_papers_are_kept_shown_with_digest_and_handed_out_to_those_who_see_the_case(who):
    case = guarantee(who["applicant"])
    client = client_as(who["applicant"])
    response = client.post(f"/cases/{case.pk}/papers/", {"title": "借款合同", "file": proof()})
    assert response.status_code == 303
    paper = CasePaper.objects.get()
    shown = client.get(f"/cases/{case.pk}/")
    assert "借款合同" in shown.text
    assert paper.file.digest[:8] in shown.text
    got = client.get(f"/cases/{case.pk}/papers/{paper.pk}/")
    assert (got.content, got["X-Content-Type-Options"]) == ("一式两份".encode(), "nosniff")
    assert client_of(person("x", (Role.CLERK, "education"))).get(
        f"/cases/{case.pk}/papers/{paper.pk}/"
    ).status_code == 404  # fmt: skip
    other = guarantee(who["applicant"])
    assert client.get(f"/cases/{other.pk}/papers/{paper.pk}/").status_code == 404
    for sent, words in (({"title": ""}, "名称"), ({"title": "x"}, "请选要存入的文件")):
        refused = client.post(f"/cases/{case.pk}/papers/", sent)
        assert (refused.status_code, words in refused.text) == (422, True)
    wrong = {"title": "照片", "file": proof("x.jpg", "不是图片")}
    assert client.post(f"/cases/{case.pk}/papers/", wrong).status_code == 422


def test_a_file_handed_in_for_two_cases_is_shown_as_such_to_who_looks_at_either(who):
    """One photograph proves one thing: the officer sees that the same content was handed in elsewhere too."""
    cases = [guarantee(who["applicant"]) for _ in range(3)]
    client = client_as(who["applicant"])
    for case in cases[:2]:
        assert client.post(f"/cases/{case.pk}/papers/", {"title": "照片", "file": proof()}).status_code == 303
    only = {"title": "照片", "file": proof("另一张.txt", "另一张")}
    assert client.post(f"/cases/{cases[2].pk}/papers/", only).status_code == 303
    told = ["另用于 1 处" in client.get(f"/cases/{case.pk}/").text for case in cases]
    assert told == [True, True, False]


def test_supervisor_moves_and_hands_over(who):
    case = guarantee(who["applicant"])
    client = client_as(who["supervisor"])
    response = client.get(f"/cases/{case.pk}/?do=reassign")
    assert response.context["form"]["key"] == "reassign"
    sent = {"what": "agriculture", "target": "agri-rural", "reason": "机构改革"}
    assert client.post(f"/cases/{case.pk}/manage/reassign/", sent).status_code == 303
    assert set(case.parties.values_list("organ", flat=True)) == {"finance", "agri-rural", "audit"}
    assert client.post(f"/cases/{case.pk}/manage/move/", {"what": "2017-01-01", "reason": "试试"}).status_code == 404
    assert client_as(who["head"]).post(f"/cases/{case.pk}/manage/reassign/", sent).status_code == 403
    assert client.post(f"/cases/{case.pk}/nothing/", {}).status_code == 404


def test_ticked_cases_are_handed_over_together(who):
    cases = [guarantee(who["applicant"]) for _ in range(3)]
    client = client_as(who["supervisor"])
    rows = {"row": [case.pk for case in cases[:2]], "next": "/cases/?view=all"}
    assert "勾选了 2 件" in client.post("/cases/reassign/", rows).text
    sent = rows | {"confirmed": "1", "origin": "agriculture", "target": "agri-rural", "reason": "机构改革"}
    refused = client.post("/cases/reassign/", sent | {"reason": ""})
    assert refused.status_code == 422
    assert "已移交 2 件" in client.post("/cases/reassign/", sent).text
    assert Case.objects.filter(parties__organ="agri-rural").distinct().count() == 2
    assert client_as(who["head"]).post("/cases/reassign/", sent).status_code == 403


def test_closed_case_is_read_only_but_for_its_counter_step(who):
    case = guarantee(who["applicant"])
    actions.act(actor=who["head"], case=case.pk, step="refuse", data={"reason": "不在范围"})
    response = page(who["head"], case)
    assert offered(response) == {"reopen"}
    assert not response.context["acts"]
    assert "只能看，不能再改" in response.text
    assert [step["title"] for step in response.context["steps"]] == ["审查", "不予补偿"]
    assert offered(page(who["officer"], case)) == set()


def test_a_changed_holiday_shows_both_dates(who):
    case = guarantee(who["applicant"])
    change = calendars.propose(actor=PROGRAM, source="测试通知〔2018〕1号", off=[moment("2018-09-21T00:00").date()])
    calendars.approve(actor=who["supervisor"], change=change.pk)
    tick()
    body = page(who["head"], case).text
    assert "<del>10月10日 24:00</del>" in body
    assert "<b>10月11日 24:00</b>" in body
    assert "测试通知〔2018〕1号" in body


# --- guards -----------------------------------------------------------------------------------------------------------


class Share(BaseModel):
    """What the guard looks at."""

    share: int


ENOUGH = Rule("测政发〔2018〕1号 三(一)", "份额 {share}%，应不超过 50%")


@pytest.fixture
def guarded():
    """A permit whose guard looks at what the form says."""

    @decision(key="test.share", title="份额")
    def share(facts: Share, context) -> Verdict:
        holds = facts.share <= 50
        return Verdict(holds, Outcome.ALLOW if holds else Outcome.REFUSE, [ENOUGH.reason(holds, facts.share)])

    procedures.add(
        read_procedure(
            {
                "key": "test.shares", "title": "测试份额", "from": "2018-01-01",
                "parties": {"clerk": {"title": "经办", "organ": "case"}},
                "states": {"open": {"title": "受理", "status": "accepted"},
                           "done": {"title": "已定", "status": "closed", "ends": True}},
                "start": "open",
                "steps": {"fix": {"title": "定份额", "from": "open", "to": "done", "by": "clerk", "guard": "test.share",
                                  "asks": [{"name": "share", "title": "份额", "type": "integer"}]}},
            }
        )
    )  # fmt: skip
    yield
    REGISTRY.pop("test.share")


def test_guard_is_asked_while_the_form_is_filled_and_again_when_it_is_sent(who, guarded):
    case = actions.open_case(actor=who["applicant"], procedure="test.shares", title="一")
    client = client_as(who["applicant"])
    form = client.get(f"/cases/{case.pk}/?act=fix")
    assert "填好“份额”以后才能判断" in form.text
    where = f"/cases/{case.pk}/steps/fix/preview/"
    assert 'hx-params="not _key"' in form.text
    key = {"_key": re.search(r'name="_key" value="([^"]+)"', form.text)[1]}
    part = client.post(where, {"ask-share": "60"} | key, headers={"HX-Request": "true"})
    assert "份额 60%" in part.text
    assert "<html" not in part.text
    plain = client.post(where, {"ask-share": "40"})
    assert "份额 40%" in plain.text
    assert 'value="40"' in plain.text
    assert case.events.count() == 1
    refused = client.post(f"/cases/{case.pk}/steps/fix/", {"ask-share": "60"})
    assert (refused.status_code, "E_RULE" in refused.text) == (422, True)
    assert 'value="60"' in refused.text
    # What was only asked has not used up the form's key.
    assert client.post(f"/cases/{case.pk}/steps/fix/", {"ask-share": "40"} | key).status_code == 303
    shown = client.get(f"/cases/{case.pk}/")
    assert "办过的步骤依据什么" in shown.text
    assert "份额 40%，应不超过 50%" in shown.text
    receipt = CaseEvent.objects.get(act="fix").decisions[0]["sha256"]
    assert receipt[:16] in shown.text


# --- replay -----------------------------------------------------------------------------------------------------------


def test_case_as_it_stood_is_read_only_and_goes_from_event_to_event(who):
    case = guarantee(who["applicant"])
    CLOCK.set(moment("2018-09-21T10:00"))
    actions.act(actor=who["officer"], case=case.pk, step="send_back", data={"reason": "缺合同"})
    CLOCK.set(moment("2018-09-25T10:00"))
    then = page(who["officer"], case, at="2018-09-20T15:00")
    assert "您在看过去某一刻的情况" in then.text
    assert then.context["state"]["title"] == "审查"
    assert (then.context["mine"], then.context["acts"], then.context["hands"]) == ([], [], None)
    assert "缺合同" not in then.text.split("<template")[0]
    replay = then.context["replay"]
    assert (replay["n"], replay["total"], replay["previous"]) == (1, 2, "")
    later = client_as(who["officer"]).get(replay["next"])
    assert later.context["state"]["title"] == "退回补正"
    day = page(who["officer"], case, on="2018-09-20")
    assert day.context["state"]["title"] == "审查"
    part = client_as(who["officer"]).get(
        f"/cases/{case.pk}/?at=2018-09-20T15:00", headers={"HX-Request": "true", "HX-Target": "case-body"}
    )
    assert "ls-case-replay" not in part.text
    assert page(who["officer"], case, at="nonsense").status_code == 422
    assert page(who["officer"], case, at="2018-09-01T00:00").status_code == 422
    assert page(who["officer"], case, at="2030-01-01T00:00").context["state"]["title"] == "退回补正"


def test_auditor_replays_and_has_no_button(who):
    case = guarantee(who["applicant"])
    auditor = client_of(person("au", (Role.AUDITOR, "audit")))
    response = auditor.get(f"/cases/{case.pk}/")
    assert (offered(response), response.context["acts"]) == (set(), [])
    assert auditor.get(response.context["replay_href"]).status_code == 200


def test_page_costs_the_same_however_long_the_story(who):
    case = guarantee(who["applicant"])
    client = client_as(who["officer"])

    def asked():
        client.get(f"/cases/{case.pk}/")
        with CaptureQueriesContext(connection) as seen:
            client.get(f"/cases/{case.pk}/")
        return len(seen)

    few = asked()
    for number in range(15):
        actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": f"意见{number}"})
    assert asked() <= few + 1
    assert few <= 40


def test_what_is_said_of_a_step_is_never_that_of_an_act_on_limits(who):
    """A kind may have a step of the same name as an act on any case: `resume` ends a halt, it moves no limit."""
    case = guarantee(who["applicant"])
    client = client_as(who["applicant"])
    assert "已恢复计时" in client.get(f"/cases/{case.pk}/?did=resume").text
    assert "已恢复计时" not in client.get(f"/cases/{case.pk}/?done=resume").text
    assert "已立案" in client.get(f"/cases/{case.pk}/?did=open").text


def test_who_says_no_is_told_that_no_was_said(who):
    client = client_of(person("l-agriculture", (Role.LEADER, "agriculture")))
    first, second = (actions.open_case(actor=PROGRAM, procedure="test.opinions", title=title) for title in ("一", "二"))
    told = client.post(f"/cases/{first.pk}/steps/sign/", {"agrees": "no", "remark": "依据不足"}, follow=True).text
    assert "您对“会签”表示不同意，本件现在是“未通过”" in told
    assert "已“会签”" not in told
    told = client.post(f"/cases/{second.pk}/steps/sign/", {"agrees": "yes"}, follow=True).text
    assert "您对“会签”表示同意，本件现在是“会签”" in told
