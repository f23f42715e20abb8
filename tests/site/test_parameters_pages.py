"""The pages of the parameter book and the calculators: what they show, refuse, keep, and how many queries they take."""

from __future__ import annotations

import datetime
import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.parameters import actions, book
from luoshi.office.parameters.models import ParameterChange
from luoshi.office.roles import Role
from luoshi.site.registry import load_decisions
from tests.office.people import OFFICE, actor, client_of, person

pytestmark = pytest.mark.django_db

CLAUSE = "测政发〔2026〕3号 二(一)"
STALE = ("organs", "stale_after")
FORM = {
    "value": "3", "valid_from": "2027-01-01", "valid_to": "", "source": "clause", "citation": CLAUSE, "document": "",
    "reason": "",
}  # fmt: skip
LIMIT = {"f.limit": "10 working days", "f.event": "2018-09-20", "on": "2018-09-20"}


@pytest.fixture(autouse=True)
def today():
    load_decisions()
    CLOCK.set(datetime.datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI))
    yield
    CLOCK.release()


@pytest.fixture
def clerk() -> Client:
    return client_of(person("clerk", (Role.CLERK, OFFICE)))


@pytest.fixture
def reviewer() -> Client:
    return client_of(person("reviewer", (Role.REVIEWER, OFFICE)))


def text_of(response: Any) -> str:
    return response.content.decode()


def page_of(client: Client, name: str, *args: Any, status: int = 200, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == status, text_of(response)[:2000]
    return text_of(response)


def proposed(first: str = "2027-01-01", value: int = 3) -> ParameterChange:
    return actions.propose(
        actor=actor("clerk"), room="organs", name="stale_after", value=value,
        valid_from=datetime.date.fromisoformat(first), citation=CLAUSE,
    )  # fmt: skip


# --- the book ---------------------------------------------------------------------------------------------------------


def test_list_shows_values_days_and_what_is_unconfirmed(client):
    body = page_of(client, "parameters")
    assert "任职依据超过多少年标为陈旧" in body
    assert "5 年" in body
    assert "默认值，未经确认" in body
    assert "08:30–12:00、13:30–17:30" in body


def test_list_is_open_to_visitors_who_see_no_drafts(clerk):
    proposed()
    assert "待批准" in page_of(clerk, "parameters")
    body = page_of(Client(), "parameters")
    assert "任职依据超过多少年标为陈旧" in body
    assert "待批准" not in body
    assert "待批准" not in page_of(Client(), "parameter", *STALE)
    assert "测试clerk" not in page_of(Client(), "parameter", *STALE)


@pytest.mark.parametrize(
    ("query", "has", "has_not"),
    [
        ({"room": "calendar"}, "办公时间", "陈旧"),
        ({"q": "陈旧"}, "陈旧", "办公时间"),
        ({"standing": "clause"}, "预警提前发布的小时数", "办公时间"),
        ({"waiting": "1"}, "没有符合条件的参数", "办公时间"),
        ({"owner": "government-office", "room": "organs"}, "陈旧", "办公时间"),
    ],
)
def test_list_is_narrowed(client, query, has, has_not):
    body = page_of(client, "parameters", **query).partition("<table")[2] or page_of(client, "parameters", **query)
    assert has in body
    assert has_not not in body


def test_list_follows_the_day_looked_at(client):
    assert "这一天没有值" in page_of(client, "parameters", on="2017-06-01", room="organs")
    body = page_of(client, "parameter", "organs", "town_count", on="2017-06-01")
    assert "2018年1月1日起" in body
    assert "办理时会停下" in body
    assert "拟改</a>" not in body


def test_list_takes_as_many_queries_with_many_changes(client, django_assert_max_num_queries):
    load = reverse("parameters")
    client.get(load)
    with django_assert_max_num_queries(30) as context:
        client.get(load)
        few = len(context)
    person("clerk", (Role.CLERK, OFFICE))
    reviewer = actor("rev", (Role.REVIEWER, OFFICE))
    for year in range(2027, 2047):
        change = proposed(f"{year}-01-01", value=year % 7 + 1)
        actions.approve(actor=reviewer, change_id=change.pk, version=1)
    client.get(load)
    with django_assert_max_num_queries(few):
        client.get(load)


def test_page_takes_as_many_queries_with_many_changes(client, django_assert_max_num_queries):
    person("clerk", (Role.CLERK, OFFICE))
    reviewer = actor("rev", (Role.REVIEWER, OFFICE))
    address = reverse("parameter", args=STALE)

    def change(year: int) -> None:
        made = proposed(f"{year}-01-01", value=year % 7 + 1)
        actions.approve(actor=reviewer, change_id=made.pk, version=1)

    change(2027)
    client.get(address)
    with django_assert_max_num_queries(40) as context:
        client.get(address)
        few = len(context)
    for year in range(2028, 2048):
        change(year)
    client.get(address)
    with django_assert_max_num_queries(few):
        client.get(address)


def test_unknown_parameter_is_not_found(client):
    page_of(client, "parameter", "organs", "nothing", status=404)
    page_of(client, "parameter", "nowhere", "nothing", status=404)


# --- proposing and deciding -------------------------------------------------------------------------------------------


def test_clerk_proposes_and_another_approves(clerk, reviewer):
    address = reverse("parameter-propose", args=STALE)
    assert "看后果" in text_of(clerk.get(address))
    preview = clerk.post(address, FORM | {"act": "preview"})
    assert preview.status_code == 200
    body = text_of(preview)
    assert "2027年1月1日起的办理和试算按 3 年" in body
    assert "现值 5 年 到2026年12月31日止" in body
    assert not ParameterChange.objects.exists()

    sent = clerk.post(address, FORM | {"act": "send"})
    change = ParameterChange.objects.get()
    assert (sent.status_code, sent["Location"]) == (303, f"/policy/parameters/organs/stale_after/#change-{change.pk}")
    own = page_of(clerk, "parameter", *STALE)
    assert "撤回这件拟改" in own
    assert "批准，自" not in own
    assert "批准，自2027年1月1日起执行" in page_of(reviewer, "parameter", *STALE)

    done = reviewer.post(reverse("parameter-approve", args=[change.pk]), {"version": change.version})
    assert done.status_code == 303
    assert "2027年1月1日起" in page_of(Client(), "parameter", *STALE)
    answer = page_of(
        Client(), "calculator", "organs.holder", **{"f.organ": "commerce", "f.post": "局长", "on": "2027-02-01"}
    )
    assert "3 年" in answer
    assert "测政发〔2026〕3号" in answer


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"value": "三"}, "value", "不是整数"),
        ({"value": ""}, "value", "请填写新值"),
        ({"valid_from": ""}, "valid_from", "从哪一天起"),
        ({"valid_from": "2027-02-30"}, "valid_from", "不是日期"),
        ({"citation": "某处"}, "citation", "文号和条款"),
        ({"valid_from": "2026-01-01"}, "reason", "须写明理由"),
        ({"value": "500"}, "reason", "数值相差过大"),
    ],
)
def test_refused_form_comes_back_with_what_was_typed(clerk, given, field, words):
    response = clerk.post(
        reverse("parameter-propose", args=STALE), FORM | {"document": "写过的字", "act": "send"} | given
    )
    body = text_of(response)
    assert response.status_code == 422
    assert f'href="#f-{field}"' in body
    assert words in body
    assert "写过的字" in body
    for typed in given.values():
        assert typed in body
    assert not ParameterChange.objects.exists()


def test_past_date_says_which_decisions_may_be_affected(clerk):
    body = text_of(
        clerk.post(
            reverse("parameter-propose", args=STALE),
            FORM | {"valid_from": "2026-01-01", "reason": "补录", "act": "preview"},
        )
    )
    assert "2026年1月1日到2026年11月19日之间作出的下列决定可能受影响" in body
    assert "任职：某日某职务由谁担任" in body


def test_list_value_keeps_what_was_typed_and_says_what_is_wrong(clerk):
    address = reverse("parameter-propose", args=["calendar", "working_hours"])
    assert "08:30" in text_of(clerk.get(address))
    response = clerk.post(address, FORM | {"value": '[["09:00", 12.5]]', "act": "send"})
    assert response.status_code == 422
    assert "浮点数" in text_of(response)
    assert "09:00" in text_of(response)


def test_confirmation_by_two_persons(clerk, reviewer):
    address = reverse("parameter-confirm", args=STALE)
    refused = clerk.post(address, {"document": "", "reason": "已核"})
    assert refused.status_code == 422
    assert "已核" in text_of(refused)
    assert clerk.post(address, {"document": "测政办发〔2026〕9号", "reason": ""}).status_code == 303
    change = ParameterChange.objects.get()
    reviewer.post(reverse("parameter-approve", args=[change.pk]), {"version": "1"})
    body = page_of(Client(), "parameter", *STALE)
    assert "已确认" in body
    assert "测政办发〔2026〕9号" in body
    assert "默认值，未经确认" not in body.partition('id="p-log"')[0]


def test_refusal_needs_words_and_keeps_the_page(clerk, reviewer):
    change = proposed()
    address = reverse("parameter-refuse", args=[change.pk])
    response = reviewer.post(address, {"version": "1", "answer": " "})
    assert response.status_code == 422
    assert "请写明不予批准的理由" in text_of(response)
    assert reviewer.post(address, {"version": "1", "answer": "依据不足"}).status_code == 303
    assert "依据不足" in page_of(clerk, "parameter", *STALE)
    assert "依据不足" not in page_of(Client(), "parameter", *STALE)


def test_stale_approval_is_shown_both(clerk, reviewer):
    one, two = proposed(), proposed("2028-01-01", 4)
    reviewer.post(reverse("parameter-approve", args=[one.pk]), {"version": "1"})
    response = reviewer.post(reverse("parameter-approve", args=[two.pk]), {"version": "1"})
    assert response.status_code == 409
    assert "请重新看过再办" in text_of(response)
    assert book.current().name.startswith("1:")


def test_both_hands_are_never_one(clerk):
    both = client_of(person("both", (Role.ARCHIVIST, OFFICE), (Role.REVIEWER, OFFICE)))
    both.post(reverse("parameter-propose", args=STALE), FORM | {"act": "send"})
    change = ParameterChange.objects.get()
    assert "批准，自" not in page_of(both, "parameter", *STALE)
    refused = both.post(reverse("parameter-approve", args=[change.pk]), {"version": "1"})
    assert refused.status_code == 403
    assert "E_SELF" in text_of(refused)
    assert ParameterChange.objects.get().state == "proposed"


def test_withdrawn_by_its_maker(clerk):
    change = proposed()
    assert clerk.post(reverse("parameter-withdraw", args=[change.pk]), {"version": "1"}).status_code == 303
    assert "已撤回" in page_of(clerk, "parameter", *STALE)


def test_who_may_not_is_refused(reviewer):
    person("clerk", (Role.CLERK, OFFICE))
    change = proposed()
    stranger = client_of(person("finance", (Role.CLERK, "finance"), (Role.REVIEWER, "finance")))
    auditor = client_of(person("auditor", (Role.AUDITOR, OFFICE)))
    for who in (reviewer, stranger, auditor):
        assert who.get(reverse("parameter-propose", args=STALE)).status_code == 403
        assert "拟改</a>" not in page_of(who, "parameter", *STALE)
    for who in (stranger, auditor):
        assert who.post(reverse("parameter-approve", args=[change.pk]), {"version": "1"}).status_code == 403
    visitor = Client().get(reverse("parameter-propose", args=STALE))
    assert (visitor.status_code, visitor["Location"].partition("?")[0]) == (302, reverse("login"))
    assert ParameterChange.objects.get().state == "proposed"


# --- calculators ------------------------------------------------------------------------------------------------------


def test_calculators_are_listed_for_everybody():
    body = page_of(Client(), "calculators")
    for key in load_decisions():
        assert reverse("calculator", args=[key]) in body


def test_every_calculator_answers_its_sample():
    visitor = Client()
    for key in load_decisions():
        body = page_of(visitor, "calculator", key)
        link = body.partition("填入样例")[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        answer = visitor.get(link)
        assert answer.status_code == 200, (key, text_of(answer)[:500])
        assert "回执" in text_of(answer)


def test_calculator_shows_result_reasons_parameters_and_receipt():
    body = page_of(Client(), "calculator", "calendar.limit", **LIMIT)
    assert "2018-10-10 24:00" in body
    assert "默认值，未经确认" in body
    assert "ls-cite" in body
    taken = book.decide(
        "calendar.limit", {"limit": "10 working days", "event": "2018-09-20"}, datetime.date(2018, 9, 20)
    )
    digest = taken.receipt["sha256"][:16].upper()
    assert " ".join(digest[n : n + 4] for n in range(0, 16, 4)) in body


def test_short_facts_are_sent_on_to_a_link_that_carries_them():
    response = Client().post(reverse("calculator", args=["calendar.limit"]), LIMIT)
    assert response.status_code == 303
    assert "f.limit=10+working+days" in unquote(response["Location"])
    assert "2018-10-10 24:00" in text_of(Client().get(response["Location"]))


def test_long_facts_are_answered_without_link():
    long = json.dumps(["2018-06-01"] * 900)
    response = Client().post(
        reverse("calculator", args=["calendar.limit"]),
        {"f.form": "rolling", "f.n": "30", "f.unit": "d", "f.event": "2018-06-30", "f.moments": long},
    )
    assert response.status_code == 200
    assert "不能做成链接" in text_of(response)


def test_faults_are_told_at_the_field_and_typed_text_stays():
    body = page_of(
        Client(), "calculator", "calendar.limit", status=422,
        **{"f.limit": "soon 不是期限", "f.n": "许多", "f.event": "2018-09-20", "f.pauses": "{坏"},
    )  # fmt: skip
    assert 'href="#f-f.pauses"' in body
    assert "soon 不是期限" in body
    assert "{坏" in body
    body = page_of(Client(), "calculator", "calendar.limit", status=422, **LIMIT | {"f.n": "许多", "f.limit": ""})
    assert 'href="#f-f.n"' in body
    assert "许多" in body


def test_day_that_is_none_is_told():
    body = page_of(Client(), "calculator", "calendar.limit", status=422, **LIMIT | {"on": "2018-02-30"})
    assert 'href="#f-on"' in body


def test_missing_value_names_its_dates_and_leads_to_the_parameter():
    hours = {"f.limit": "3 working hours", "f.event": "2003-09-22T10:00", "on": "2003-12-31"}
    body = page_of(Client(), "calculator", "calendar.limit", status=422, **hours | {"f.event": "2018-09-20T10:00"})
    assert "E_PARAMETER_MISSING" in body
    assert "2004-01-01至今" in body
    assert reverse("parameter", args=["calendar", "working_hours"]) in body


def test_what_if_is_informal_and_changes_nothing():
    query = {"f.limit": "3 working hours", "f.event": "2018-09-20T16:00", "on": "2018-09-20"}
    plain = page_of(Client(), "calculator", "calendar.limit", **query)
    assert "非正式：改了参数" not in plain
    body = page_of(Client(), "calculator", "calendar.limit", **query | {"p.working_hours": '[["09:00","10:00"]]'})
    assert "非正式：改了参数" in body
    assert "ls-informal" in body
    body = page_of(Client(), "calculator", "calendar.limit", status=422, **query | {"p.working_hours": "[9]"})
    assert 'href="#f-p.working_hours"' in body


def test_receipt_is_taken_again_and_altered_ones_are_found():
    receipt = book.decide(
        "calendar.limit", {"limit": "3 working hours", "event": "2027-09-20T16:00"}, datetime.date(2027, 9, 20)
    ).receipt
    address = reverse("receipt-check")
    assert "结果相同" in text_of(Client().post(address, {"receipt": json.dumps(receipt)}))
    person("clerk", (Role.CLERK, OFFICE))
    change = actions.propose(
        actor=actor("clerk"), room="calendar", name="working_hours", value=[["09:00", "12:00"]],
        valid_from=datetime.date(2027, 1, 1), citation=CLAUSE,
    )  # fmt: skip
    actions.approve(actor=actor("rev", (Role.LEADER, OFFICE)), change_id=change.pk, version=1)
    body = text_of(Client().post(address, {"receipt": json.dumps({"receipt": receipt})}))
    assert "结果相同" in body
    assert "working_hours" in body
    for text in ("", "{", "[]", "{}", json.dumps(receipt | {"on": "2018-01-01"})):
        response = Client().post(address, {"receipt": text})
        assert response.status_code == 422, text
        assert "ls-alert" in text_of(response)


def test_unknown_calculator_is_not_found():
    page_of(Client(), "calculator", "no.such", status=404)


# --- one of some words ------------------------------------------------------------------------------------------------

ORDER = ("mitigation_fund", "recovery_order")


def test_a_word_that_stands_for_something_is_shown_by_its_meaning_and_chosen_from_a_list():
    client = client_of(person("fin", (Role.CLERK, "local-finance-center")))
    assert "先抵本金" in page_of(client, "parameters", q="追回的款项")
    page = page_of(client, "parameter", *ORDER)
    assert "先抵本金" in page
    assert "principal_first" not in page
    form = page_of(client, "parameter-propose", *ORDER)
    assert '<option value="as_court">按法院文书写明的</option>' in form
    answer = client.post(reverse("parameter-propose", args=ORDER), FORM | {"value": "先抵利息"})
    assert answer.status_code == 422
    assert "应是下列之一：principal_first（先抵本金）、as_court（按法院文书写明的）" in text_of(answer)
    assert not ParameterChange.objects.exists()
    shown = text_of(client.post(reverse("parameter-propose", args=ORDER), FORM | {"value": "as_court"}))
    assert "按法院文书写明的" in shown
