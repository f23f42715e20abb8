"""The desk: what each role finds on it, counts that lead to their rows, what changed, in a fixed number of queries."""

from __future__ import annotations

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import User
from luoshi.office.duties import desk as office
from luoshi.office.duties.matter_models import MatterPause
from luoshi.office.roles import Role
from luoshi.site.views import desk as view
from tests.office.matters import clerk, handed_in, supervisor
from tests.office.people import OFFICE, client_of, person
from tests.site import matters_made as made

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(made.NOW)
    yield
    CLOCK.release()


def of(login: str, role: Role, organ: str = "finance"):
    """Return a client of somebody with one role."""
    return client_of(person(login, (role, organ)))


def titles(response) -> dict[str, list[str]]:
    """Return the titles on the desk by group."""
    return {group["key"]: [row.title for row in group["rows"]] for group in response.context["groups"]}


def month_of_work() -> None:
    for title, due in (("甲", -1), ("乙", 0), ("丙", 2), ("丁", 9), ("戊", 60)):
        made.matter(title, due=due, state="in_progress")
    paused = made.matter("己", due=5, state="paused")
    MatterPause.objects.create(
        matter=paused, kind="superior", reason="等批复", state_before="open", begins=made.day(-3),
        recorded_at=CLOCK.now(),
    )  # fmt: skip


def test_clerk_finds_what_is_owed_in_its_groups():
    month_of_work()
    made.matter("别家的", organ="audit", due=0)
    response = of("c", Role.CLERK).get("/desk")
    assert titles(response) == {"overdue": ["甲"], "today": ["乙"], "soon": ["丙"], "month": ["丁"], "paused": ["己"]}
    assert [count["value"].value for count in response.context["counts"]] == [1, 1, 1, 0, 0, 0]
    assert "别家的" not in response.text
    assert "逾期 1 个工作日" in response.text
    assert "今日 24:00" in response.text
    assert "已停 3 日" in response.text


def test_every_count_leads_to_what_it_counts():
    month_of_work()
    client = of("c", Role.CLERK)
    response = client.get("/desk")
    for count in response.context["counts"]:
        href = count["href"]
        if href.startswith("#"):
            assert f'id="{href[1:]}"' in response.text, href
        else:
            assert client.get(href).status_code == 200
    assert response.text.count("<h1") == 1


def test_month_shows_days_off_and_how_many_are_due():
    made.matter("乙", due=0)
    made.matter("丙", due=0)
    weeks = of("c", Role.CLERK).get("/desk").context["month"]
    cells = {cell["day"]: cell for week in weeks for cell in week if not cell["outside"]}
    assert len(weeks[0]) == 7
    assert (cells[18]["count"], cells[18]["today"]) == (2, True)
    assert cells[21]["off"]
    assert cells[18]["href"] == "/registers/duties/?from=2026-11-18&to=2026-11-18"


def test_holidays_and_worked_weekends_are_marked():
    flags = {cell["day"]: cell["flag"] for week in view.month(datetime.date(2026, 10, 12), {}) for cell in week
             if not cell["outside"]}  # fmt: skip
    assert flags[1] == "休"
    assert "班" in flags.values()


def test_changes_since_the_last_visit_are_told_and_own_acts_are_not():
    row = made.matter("乙", due=3)
    user = person("c", (Role.CLERK, "finance"))
    User.objects.filter(pk=user.pk).update(left_at=CLOCK.now() - datetime.timedelta(hours=2))
    made.event(row, "太早了", at=CLOCK.now() - datetime.timedelta(hours=3))
    made.event(row, "退回（实质）：缺名单", at=CLOCK.now() - datetime.timedelta(hours=1))
    made.event(row, "自己做的", user=user, who="测试c")
    other = made.matter("别家的", organ="audit")
    made.event(other, "与我无关")
    response = client_of(user).get("/desk")
    assert [change["words"] for change in response.context["changes"]] == ["退回（实质）：缺名单"]
    assert response.context["changed"] == 1
    assert "上次离开" in response.text


def test_messages_of_other_rooms_stand_among_the_changes():
    from luoshi.office.accounts.queries import standing
    from luoshi.office.messages.actions import mark_read, tell

    user = person("c", (Role.CLERK, "finance"))
    tell(key="p:1", users=[user.pk], kind="parameter", text="参数变更已批准", href="/policy/parameters/")
    tell(key="m:1", users=[user.pk], kind="matter", text="与事项的变化重复", href="/tasks/1/")
    mark_read(actor=standing(user).actor("test"))
    shown = [change["words"] for change in client_of(user).get("/desk").context["changes"]]
    assert shown == ["参数变更已批准"]


def test_what_i_wait_for_names_who_has_it():
    me = clerk()
    handed_in(made.matter("乙", due=3), me)
    response = client_of(User.objects.get(pk=me.user_id)).get("/desk")
    assert [row["what"] for row in response.context["waiting"]] == ["核验销号"]
    assert response.context["waiting_total"] == 1
    assert "督查 手上" in response.text


def test_supervisor_opens_on_what_waits_for_a_check_oldest_first_and_whenever_it_is_due():
    me = clerk()
    handed_in(made.matter("早送的", due=200), me)
    CLOCK.advance(datetime.timedelta(minutes=5))
    handed_in(made.matter("晚送的", due=0), me)
    sup = supervisor()
    response = client_of(User.objects.get(pk=sup.user_id)).get("/desk")
    assert response.context["view"] == "check"
    assert titles(response) == {"check": ["早送的", "晚送的"]}
    first = response.context["waits"][0]
    assert (first.title, first.count) == ("事项等我核验", 2)
    assert response.context["counts"][3]["value"].value >= 2


def test_nobody_checks_what_their_own_organ_owes():
    handed_in(made.matter("府办自己的", organ=OFFICE, due=3), clerk(OFFICE, "oc"))
    response = of("s", Role.SUPERVISOR, OFFICE).get("/desk")
    assert titles(response) == {}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_every_role_has_a_desk(role):
    made.matter("乙", due=0)
    response = of(role.value, role, "finance").get("/desk")
    assert response.status_code == 200
    assert "等我复核" in response.text
    assert "按日期查" in response.text


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.STAFFING])
def test_roles_without_matters_see_none_and_find_their_rooms(role):
    made.matter("别人的事", due=0)
    response = of("r", role).get("/desk")
    assert "别人的事" not in response.text
    assert "matters" not in response.context
    assert response.context["doors"]


def test_quick_acts_are_those_the_person_may_do():
    def acts(role):
        return {act["title"] for act in of(f"a-{role}", role).get("/desk").context["acts"]}

    assert "导入公报" in acts(Role.ARCHIVIST)
    assert "导入公报" not in acts(Role.CLERK)


def test_acting_for_somebody_names_both():
    from luoshi.office.accounts.delegations import give_delegation
    from luoshi.office.accounts.models import Assignment

    leader = person("l", (Role.LEADER, "finance"), name="测试丁")
    taker = person("t", (Role.CLERK, "audit"), name="测试戊")
    held = Assignment.objects.get(user=leader)
    from luoshi.office.accounts.queries import standing

    row = give_delegation(
        actor=standing(leader).actor("test"), assignment_id=held.pk, taker_login="t", valid_from=CLOCK.today(),
        valid_to=made.day(5), basis="出差",
    )  # fmt: skip
    made.matter("负责人的事", due=0)
    client = client_of(taker)
    session = client.session
    session["acting"] = row.pk
    session.save()
    response = client.get("/desk")
    assert "测试戊代测试丁办理" in response.text
    assert "负责人的事" in response.text


def test_nothing_due_names_the_next_one():
    made.matter("下个月的", due=40)
    response = of("c", Role.CLERK).get("/desk")
    assert "今天没有到期的，下一件在12月28日。" in response.text
    assert "下个月的" in response.text


def test_empty_desk_says_so():
    assert "没有在办的事项。" in of("c", Role.CLERK).get("/desk").text


def test_beyond_two_hundred_rows_later_groups_are_counts(monkeypatch):
    monkeypatch.setattr(view, "FOLD_AT", 4)
    for number in range(3):
        made.matter(f"今{number}", due=0)
        made.matter(f"后{number}", due=9)
    response = of("c", Role.CLERK).get("/desk")
    folded = {
        group["key"]: (group["folded"], len(group["rows"]), group["more"]) for group in response.context["groups"]
    }
    assert folded == {"today": (False, 3, 0), "month": (True, 0, 3)}
    assert "看这 3 件" in response.text


def test_rest_of_a_long_group_is_a_link(monkeypatch):
    monkeypatch.setattr(office, "GROUP_ROWS", 2)
    for number in range(5):
        made.matter(f"今{number}", due=0)
    client = of("c", Role.CLERK)
    group = client.get("/desk").context["groups"][0]
    assert (len(group["rows"]), group["more"]) == (2, 3)
    assert len(client.get(group["href"]).context["groups"][0]["rows"]) == 5


@pytest.mark.parametrize("by", ["document", "organ", "nonsense"])
def test_rows_are_grouped_otherwise(by):
    month_of_work()
    response = of("c", Role.CLERK).get("/desk", {"by": by})
    assert sorted(title for some in titles(response).values() for title in some) == sorted("甲乙丙丁己")


@pytest.mark.parametrize("query", ["view=organ", "view=all", "view=x", "on=2026-11-10", "on=1990-01-01", "by=organ"])
def test_desk_takes_any_condition(query):
    month_of_work()
    assert of("c", Role.CLERK).get(f"/desk?{query}").status_code == 200


def test_fragment_is_the_desk_alone():
    body = of("c", Role.CLERK).get("/desk", headers={"HX-Request": "true"}).text
    assert "<html" not in body
    assert "<h1" in body


@pytest.mark.parametrize(("login", "role", "organ"), [("c", Role.CLERK, "finance"), ("s", Role.SUPERVISOR, OFFICE)])
def test_desk_makes_the_same_number_of_queries_for_one_row_and_for_sixty(login, role, organ):
    client = of(login, role, organ)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get("/desk")
        return len(found)

    def more(count: int) -> None:
        for number in range(count):
            for due in (-1, 0, 2, 9):
                row = made.matter(f"事{number}", due=due, state="in_progress", coop=("audit",))
                made.event(row, "填报进展")
            made.matter(f"停{number}", due=9, state="paused")
            made.matter(f"送{number}", due=9, state="submitted")

    more(1)
    queries()
    few = queries()
    more(12)
    assert queries() == few
    assert few <= 60


def test_no_row_stands_without_due_chip_and_citation():
    month_of_work()
    body = of("c", Role.CLERK).get("/desk").text
    rows = re.findall(r"<tr><td class=\"ls-nowrap\">(.*?)</tr>", body, re.DOTALL)
    assert len(rows) == 5
    assert all("ls-due" in row or "未写时限" in row for row in rows)
    assert all("ls-cite" in row or "依据缺" in row for row in rows)
