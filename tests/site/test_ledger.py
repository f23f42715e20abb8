"""The ledger of matters: tabs, facets, chips, groups, paging, Excel, acts on ticked rows, each within one's scope."""

from __future__ import annotations

import datetime
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import SavedView, User
from luoshi.office.duties.matter_models import Matter
from luoshi.office.messages.models import Message
from luoshi.office.roles import Role
from luoshi.site.matter_rows import groups_by_due, rows_of
from tests.office.people import OFFICE, client_of, person
from tests.site import matters_made as made

pytestmark = [pytest.mark.django_db, pytest.mark.both]

LEDGER = "/registers/duties/"
ACTS = "/registers/duties/acts/"


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(made.NOW)
    yield
    CLOCK.release()


def of(login: str, role: Role, organ: str):
    """Return a client of somebody with one role; the same person again under the same login."""
    known = User.objects.filter(login=login).exists()
    return client_of(person(login) if known else person(login, (role, organ)))


def clerk(organ: str = "finance"):
    """Return a client of a clerk of one organ."""
    return of(f"c-{organ}", Role.CLERK, organ)


def supervisor():
    """Return a client of a supervision clerk."""
    return of("sup", Role.SUPERVISOR, OFFICE)


def titles(response) -> list[str]:
    """Return the titles of the list in its order."""
    return [row.title for group in response.context["groups"] for row in group["rows"]]


def tabs(response) -> dict[str, tuple[int | None, bool]]:
    """Return count and whether it is the one in force, by tab."""
    return {tab["label"]: (tab["count"], tab["current"]) for tab in response.context["tabs"]}


def sample() -> None:
    """Make one matter in every state."""
    made.matter("逾期的", due=-2, state="in_progress")
    made.matter("今天的", due=0, state="in_progress", percent_bp=9800)
    made.measured(title="量得出的", due=9, coop=("audit", "natural-resources"))
    made.matter("送核的", due=4, state="submitted", percent_bp=10000)
    made.matter("停着的", due=9, state="paused")
    made.matter("不写时限的", due=None, origin="none")
    made.matter("销了的", due=-5, state="crossed_off")
    made.matter("镇区的", organ="audit", due=20, start=-1, local=True, kind="meeting")


def test_clerk_sees_own_matters_and_counts_of_them_only():
    sample()
    response = clerk().get(LEDGER)
    assert titles(response) == ["逾期的", "今天的", "送核的", "量得出的", "停着的", "不写时限的"]
    assert tabs(response) == {
        "全部在办": (6, True), "一个月内到期": (4, False), "已逾期": (1, False), "我单位牵头": (6, False),
        "条文责任": (None, False), "各领域台账": (None, False),
    }  # fmt: skip
    assert "镇区的" not in response.text
    assert {option["value"] for option in response.context["facets"][1]["options"]} == {"finance"}


def test_cooperating_organ_sees_the_matter_too():
    sample()
    assert set(titles(clerk("audit").get(LEDGER))) == {"量得出的", "镇区的"}


def test_supervisor_sees_all_and_what_waits_for_a_check():
    sample()
    response = supervisor().get(LEDGER)
    assert len(titles(response)) == 7
    assert tabs(response)["等我核验"] == (1, False)
    assert tabs(response)["镇区任务"] == (1, False)
    assert titles(supervisor().get(LEDGER, {"check": "1"})) == ["送核的"]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("overdue=1", ["逾期的"]),
        ("light=red", ["逾期的"]),
        ("light=blue", ["销了的"]),
        ("light=paused", ["停着的"]),
        ("state=submitted", ["送核的"]),
        ("due=today", ["今天的"]),
        ("due=soon", ["今天的", "送核的"]),
        ("due=week", ["今天的", "送核的"]),
        ("from=2026-11-20&to=2026-11-25", ["送核的"]),
        ("month=2026-12", ["镇区的"]),
        ("origin=none", ["不写时限的"]),
        ("kind=meeting", ["镇区的"]),
        ("organ=audit", ["镇区的"]),
        ("organ=audit&role=any", ["量得出的", "镇区的"]),
        ("town=1", ["镇区的"]),
        ("closed=1&due=x&to=2026-11-14", ["销了的"]),
        ("q=量得出", []),
        ("mine=1", []),
        ("duty=99999", []),
        ("own=1", []),
    ],
)
def test_conditions_leave_what_fits(query, wanted):
    sample()
    assert titles(supervisor().get(f"{LEDGER}?{query}")) == wanted


@pytest.mark.parametrize(
    "query",
    ["light=x", "state=x", "origin=x", "kind=x", "due=x", "from=x&to=y", "month=99", "duty=x",
     "duty=9999999999999999999",
     "document=无", "cols=-", "cols=-&cols=cite", "group=none", "d=loose", "on=2026-10-01", "on=1990-01-01",
     "q=，", "overdue=2", "organ=" + "x" * 300],
)  # fmt: skip
def test_list_takes_any_condition(query):
    sample()
    assert supervisor().get(f"{LEDGER}?{query}").status_code == 200


def test_conditions_are_chips_that_can_be_taken_off():
    sample()
    client = supervisor()
    response = client.get(LEDGER, {"light": "red", "overdue": "1", "due": "month"})
    assert [(chip["label"], chip["value"]) for chip in response.context["chips"]] == [
        ("状态", "红 逾期或严重滞后"), ("期限", "11月18日–12月19日"), ("状态", "已逾期")
    ]  # fmt: skip
    href = response.context["chips"][0]["remove_href"]
    assert "light=" not in href
    assert "overdue=1" in href


def test_tab_in_force_is_the_one_whose_conditions_all_stand():
    sample()
    client = supervisor()
    assert tabs(client.get(LEDGER, {"overdue": "1"}))["已逾期"][1]
    narrowed = tabs(client.get(LEDGER, {"overdue": "1", "organ": "finance"}))
    assert narrowed["已逾期"] == (1, True)
    assert not narrowed["全部在办"][1]


def test_counts_of_tabs_and_facets_are_those_of_the_lists():
    sample()
    client = supervisor()
    page = client.get(LEDGER)
    for tab in page.context["tabs"]:
        if tab["count"] is not None:
            assert len(titles(client.get(tab["href"]))) == tab["count"], tab
    for facet in page.context["facets"]:
        for option in facet["options"]:
            if option["count"]:
                assert len(titles(client.get(option["href"]))) == option["count"], option


def test_rows_stand_under_past_this_week_next_week_and_months():
    for due in (-3, 0, 3, 6, 12, 40, 80, None):
        made.matter(f"事{due}", due=due, state="in_progress")
    rows = rows_of(list(Matter.objects.select_related("holder", "duty", "instrument").order_by("due_sort")), made.TODAY)
    assert [(group["title"], len(group["rows"])) for group in groups_by_due(rows, made.TODAY)] == [
        ("已逾期 · 1 条", 1), ("本周（11月18日–22日） · 2 条", 2), ("下周（11月23日–29日） · 1 条", 1),
        ("本月以后各周（到11月30日） · 1 条", 1),
        ("2026年12月 · 1 条", 1), ("2027年2月 · 1 条", 1), ("未写时限 · 1 条", 1),
    ]  # fmt: skip


def test_row_says_lamp_due_progress_and_who_holds_it():
    user = person("holder", (Role.CLERK, "finance"), name="测试丙")
    made.measured(title="量得出的", due=9, holder=user, last_progress_at=CLOCK.now(), coop=("audit",))
    body = supervisor().get(LEDGER).text
    for words in ("14", "/ 17 个", "测试丙", "今天", "剩 7 工作日", "按计划应为"):
        assert words in body, words


def test_pages_go_forwards_and_backwards_without_loss():
    for number in range(95):
        made.matter(f"事{number:03}", due=number % 7)
    client, seen, href = clerk(), [], LEDGER
    while href:
        response = client.get(href)
        seen += [row.id for group in response.context["groups"] for row in group["rows"]]
        href = response.context["page"]["next_href"]
    assert len(seen) == len(set(seen)) == 95
    first = client.get(LEDGER)
    back = client.get(client.get(first.context["page"]["next_href"]).context["page"]["prev_href"])
    assert titles(back) == titles(first)
    assert first.context["page"]["last"] == 40


@pytest.mark.parametrize("path", [LEDGER, "/tasks/", f"{LEDGER}?light=red&organ=finance"])
def test_list_makes_the_same_number_of_queries_for_one_row_and_for_sixty(path):
    client = supervisor()

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(path)
        return len(found)

    def more(count: int) -> None:
        for number in range(count):
            made.matter(f"事{number}", due=-1, state="in_progress", coop=("audit", "natural-resources"))
            made.matter(f"停{number}", due=9, state="paused", organ=("audit", "finance")[number % 2])

    more(1)
    queries()
    few = queries()
    more(30)
    assert queries() == few
    assert few <= 55


def sheet(response) -> list[list[str]]:
    """Return the cells of an Excel file."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.content))
    return book.get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("query", ["", "?light=red", "?due=month&organ=finance", "?closed=1", "?cols=-&cols=cite"])
def test_excel_has_the_rows_the_order_and_the_columns_of_the_list(query):
    sample()
    client = supervisor()
    listed = client.get(LEDGER + query)
    rows = sheet(client.get(listed.context["export_href"]))
    head, body = rows[0], [row for row in rows[1:-1] if row[0] != ""]
    assert [row[head.index("工作任务")] for row in body] == titles(listed)
    assert ("文号" in head) == ("cite" in listed.context["shown"])
    assert ("在谁手上" in head) == ("holder" in listed.context["shown"])
    foot = rows[-1][0]
    assert "2026-11-18" in foot
    assert "测试sup" in foot
    assert listed.context["foot"] in foot


def test_excel_holds_no_more_than_one_may_see():
    sample()
    assert "镇区的" not in str(sheet(clerk().get(f"{LEDGER}export.xlsx")))
    assert len(sheet(clerk("audit").get(f"{LEDGER}export.xlsx"))) == 4


def test_excel_beyond_the_bound_is_refused(monkeypatch):
    sample()
    monkeypatch.setattr("luoshi.site.matter_sheet.LIMIT", 2)
    response = supervisor().get(f"{LEDGER}export.xlsx")
    assert response.status_code == 422
    assert "E_TOO_LARGE" in response.text


def test_columns_can_be_taken_off():
    sample()
    body = supervisor().get(f"{LEDGER}?cols=-&cols=cite").text
    assert ">最近进展</th>" not in body
    assert ">依据</th>" in body


def test_empty_lists_say_which_condition_made_them_so():
    sample()
    response = clerk().get(LEDGER, {"light": "yellow", "q": "无此词"})
    assert "没有符合条件的事项：状态 黄 滞后；含 无此词。" in response.text
    assert "去掉全部条件" in response.text


def test_first_use_says_what_fills_the_ledger():
    archivist = client_of(person("arch", (Role.ARCHIVIST, OFFICE)))
    assert "上传一份公报" in archivist.get(LEDGER).text
    assert "看条文责任" in clerk().get(LEDGER).text


def test_printed_duties_stay_reachable():
    response = clerk().get(LEDGER)
    href = next(tab["href"] for tab in response.context["tabs"] if tab["label"] == "条文责任")
    assert clerk().get(href).status_code == 200


def test_who_sees_printed_duties_only_is_led_to_them():
    staffing = client_of(person("staff", (Role.STAFFING, OFFICE)))
    assert staffing.get(LEDGER)["Location"] == "/registers/duties/clauses/"
    assert staffing.get("/tasks/").status_code == 403


def test_views_are_saved_and_offered_again():
    client = clerk()
    saved = client.post(
        "/account/views/", {"list": "matters", "name": "红的", "query": "light=red", "next": LEDGER}, follow=True
    )
    assert saved.status_code == 200
    assert SavedView.objects.get().query == "light=red"
    body = client.get(LEDGER, {"light": "red"}).text
    assert "红的" in body


def test_supervision_has_the_same_list_by_lamp():
    sample()
    response = supervisor().get("/tasks/")
    assert response.context["page_title"] == "任务督办"
    assert list(tabs(response)) == ["全部在办", "红灯", "黄灯", "本周到期", "待核验", "等我核验", "镇区任务"]
    assert titles(response) == titles(supervisor().get(LEDGER))


def test_as_of_day_shows_lamps_of_that_day_and_no_acts():
    made.matter("逾期的", due=-2, state="in_progress")
    response = supervisor().get(LEDGER, {"on": "2026-11-12"})
    row = response.context["groups"][0]["rows"][0]
    assert row.due.state == "near"
    assert not row.overdue
    assert 'value="remind"' not in response.text


# --- acts on ticked rows ----------------------------------------------------------------------------------------------


def ids(*names: str) -> list[int]:
    """Return the ids of matters by title."""
    return [Matter.objects.get(title=name).pk for name in names]


def test_reminding_ticked_rows_shows_what_will_happen_first():
    sample()
    client = supervisor()
    rows = ids("逾期的", "今天的")
    first = client.post(ACTS, {"act": "remind", "row": rows})
    assert first.status_code == 200
    assert "将催办这 2 件" in first.text
    assert not Matter.objects.filter(reminders__gt=0).exists()
    person("c-finance", (Role.CLERK, "finance"))
    key = first.context["key"]
    for _again in range(2):
        done = client.post(ACTS, {"act": "remind", "row": rows, "confirmed": "1", "key": key, "text": "请今天回"})
        assert "已催办 2 件" in done.text
    assert sorted(Matter.objects.filter(pk__in=rows).values_list("reminders", flat=True)) == [1, 1]
    assert Message.objects.filter(text__contains="请今天回").count() == 2


def test_what_cannot_be_reminded_is_listed_with_its_reason():
    sample()
    client = supervisor()
    response = client.post(ACTS, {"act": "remind", "row": ids("逾期的", "送核的", "停着的")})
    assert "这 2 件不能催办" in response.text
    assert "现在是“待核验”，不用催办" in response.text
    assert "上面列出的不催，其余照办" in response.text
    assert "将催办这 1 件" in response.text


def test_ticked_rows_are_exported_within_scope():
    sample()
    rows = sheet(clerk().post(ACTS, {"act": "export", "row": ids("逾期的", "镇区的")}))
    assert [row[2] for row in rows[1:-1] if row[0] != ""] == ["逾期的"]


def test_nothing_ticked_is_said():
    assert clerk().post(ACTS, {"act": "export"}).status_code == 422


def test_clerk_may_not_remind():
    sample()
    response = clerk().post(ACTS, {"act": "remind", "row": ids("逾期的")})
    assert response.status_code == 403
    assert "催办" not in str(clerk().get(LEDGER).context["acts"])


def test_act_that_is_none_is_refused():
    sample()
    assert supervisor().post(ACTS, {"act": "x", "row": ids("逾期的")}).status_code == 422


def test_due_chip_of_a_finished_matter_says_how_early():
    sample()
    row = next(row for row in rows_of(list(Matter.objects.filter(state="crossed_off")), made.TODAY))
    assert (row.due.state, row.light) == ("done", "blue")


@pytest.mark.parametrize(
    ("due", "state", "words", "more"),
    [
        (-1, "late", "逾期 1 个工作日", {}),
        (0, "today", "今日 24:00", {}),
        (0, "today", "今日 15:00", {"due_time": datetime.time(15)}),
        (1, "near", "剩 1 个工作日", {}),
        (5, "near", "剩 3 个工作日", {}),
        (6, "plenty", "剩 4 个工作日", {}),
        (400, "plenty", "剩 400 天", {}),
        (-9, "past", "待核实", {"backlog": True}),
        (-1, "past", "期限已过", {"provisional": True}),
        (None, "none", "未写时限", {}),
        (3, "paused", "停表", {"state": "paused"}),
    ],
)
def test_due_chip_in_each_of_its_states(due, state, words, more):
    row = made.matter(due=due, **({"state": "in_progress"} | more))
    chip = rows_of([row], made.TODAY)[0].due
    assert (chip.state, chip.words) == (state, words)
