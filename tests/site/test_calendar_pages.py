"""The calendar's page, API and command: a year, changes by two hands, what they would move before they do."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.calendar.models import CalendarChange
from luoshi.office.cases.models import CaseClock
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from luoshi.site.commands.calendar import command
from luoshi.site.waiting import calendars
from tests.office.cases_made import guarantee, known_procedures
from tests.office.people import OFFICE, actor, client_of, person

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/calendar"
NOTICE = {"source": "测试通知〔2018〕1号", "off": "2018-09-21", "worked": "", "whole_year": ""}


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


@pytest.fixture
def first():
    return client_of(person("ar", (Role.ARCHIVIST, OFFICE)))


@pytest.fixture
def second():
    return client_of(person("su", (Role.SUPERVISOR, OFFICE)))


def cells_of(response) -> list[dict]:
    """Return every cell of the year on the page that is a day."""
    return [cell for month in response.context["months"] for week in month["weeks"] for cell in week if cell]


def send(client, **more):
    return client.post("/system/calendar/propose/", NOTICE | {"act": "send"} | more)


def test_year_shows_days_off_and_days_worked(first):
    response = first.get("/system/calendar/")
    assert response.context["year"] == 2018
    cells = {cell["title"]: cell for cell in cells_of(response)}
    assert cells["2018年10月1日，周一，节假日"]["flag"] == "休"
    assert cells["2018年9月29日，周六，调休上班"]["flag"] == "班"
    assert cells["2018年9月20日，周四，工作日"]["today"]
    assert len(cells) == 365
    later = first.get("/system/calendar/?year=2031")
    assert "暂定" in later.text
    assert first.get("/system/calendar/?year=1999").context["year"] == 2004
    assert first.get("/system/calendar/?year=nonsense").context["year"] == 2018


def test_who_works_here_sees_it_and_only_two_roles_may_change_it():
    clerk = client_of(person("c", (Role.CLERK, "finance")))
    assert "录入一份通知" not in clerk.get("/system/calendar/").text
    assert send(clerk).status_code == 403
    assert clerk.post("/system/calendar/changes/1/", {"act": "approve"}).status_code == 403
    assert not CalendarChange.objects.exists()


def test_what_a_notice_would_do_is_told_before_anything_is_entered(first):
    case = guarantee()
    response = send(first, act="look")
    assert not CalendarChange.objects.exists()
    moved = "未结期限 1 个会变：1 个推后，0 个提前"
    for words in (moved, "2018年9月21日 周五", "<del>10月10日 24:00</del>", case.number):
        assert words in response.text, words
    nothing = send(first, act="look", off="2018-10-01")
    assert "现在就是这样" in nothing.text
    far = send(first, act="look", off="2018-12-03")
    assert "没有未结期限会变" in far.text


def test_a_change_is_entered_by_one_and_approved_by_another(first, second):
    guarantee()
    response = send(first)
    assert (response.status_code, response["Location"]) == (303, "/system/calendar/?done=proposed")
    change = CalendarChange.objects.get()
    own = first.get("/system/calendar/")
    assert "等批准的变更" in own.text
    assert not own.context["waiting"][0]["may_decide"]
    refused = first.post(f"/system/calendar/changes/{change.pk}/", {"act": "approve"})
    assert (refused.status_code, "另一人" in refused.text) == (403, True)
    assert "未结期限 1 个会变" in second.get("/system/calendar/").text
    done = second.post(f"/system/calendar/changes/{change.pk}/", {"act": "approve"})
    assert done.status_code == 303
    tick()
    assert CaseClock.objects.filter(changes__isnull=False).count() == 1
    shown = second.get("/system/calendar/")
    changed = [cell for cell in cells_of(shown) if cell["changed"]]
    assert [cell["title"] for cell in changed] == ["2018年9月21日，周五，节假日，后来改的"]
    again = second.post(f"/system/calendar/changes/{change.pk}/", {"act": "refuse"})
    assert (again.status_code, "已生效" in again.text) == (422, True)


def test_a_change_may_be_refused(first, second):
    send(first)
    change = CalendarChange.objects.get()
    second.post(f"/system/calendar/changes/{change.pk}/", {"act": "refuse"})
    change.refresh_from_db()
    assert change.state == "refused"
    assert "不同意" in first.get("/system/calendar/").text
    assert second.post("/system/calendar/changes/99/", {"act": "approve"}).status_code == 404


@pytest.mark.parametrize(
    ("more", "field"),
    [({"source": ""}, "source"), ({"off": ""}, "off"), ({"off": "10月1日"}, "off"), ({"worked": "x"}, "worked"),
     ({"whole_year": "abc"}, "whole_year"), ({"worked": "2018-09-21"}, "")],
)  # fmt: skip
def test_refused_notice_keeps_what_was_typed(first, more, field):
    response = send(first, **more)
    assert response.status_code == 422
    assert field in response.context["errors"]
    kept = NOTICE | more
    assert kept["source"] in response.text
    assert response.context["typed"]["off"] == kept["off"]


def test_what_waits_is_told_on_the_desk(first):
    send(first)
    supervisor, archivist = actor("s2", (Role.SUPERVISOR, OFFICE)), person("ar")
    assert [row.count for row in calendars(supervisor, CLOCK.today())] == [1]
    from luoshi.office.accounts.queries import standing

    assert [row.count for row in calendars(standing(archivist).actor("test"), CLOCK.today())] == [0]


# --- API and command --------------------------------------------------------------------------------------------------


def post(client, address, **body):
    return client.post(f"{ROOT}{address}", json.dumps(body), content_type="application/json")


def test_calendar_through_the_api(first, second):
    guarantee()
    year = first.get(f"{ROOT}?year=2018").json()
    assert ("2018-10-01" in year["off"], "2018-09-29" in year["worked"], year["provisional"]) == (True, True, False)
    made = post(first, "/changes", source="测试通知〔2018〕1号", off=["2018-09-21"])
    assert made.status_code == 201
    pk = made.json()["id"]
    told = second.get(f"{ROOT}/changes/{pk}").json()
    assert (told["later"], told["earlier"], told["turned"][0]["new"]) == (1, 0, "节假日")
    assert post(first, f"/changes/{pk}/approve").json()["code"] == "E_SELF"
    assert post(second, f"/changes/{pk}/approve").json()["state"] == "approved"
    assert "2018-09-21" in first.get(f"{ROOT}?year=2018").json()["off"]
    assert [one["id"] for one in first.get(f"{ROOT}/changes").json()] == [pk]
    other = post(first, "/changes", source="测试通知〔2018〕2号", off=["2018-12-03"]).json()["id"]
    assert post(second, f"/changes/{other}/refuse").json()["state"] == "refused"


def test_calendar_from_the_command_line(monkeypatch):
    monkeypatch.setattr("luoshi.site.setup.migrate", lambda: None)

    def run(*words):
        result = CliRunner().invoke(command, list(words), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    person("ar", (Role.ARCHIVIST, OFFICE))
    person("su", (Role.SUPERVISOR, OFFICE))
    guarantee()
    assert "2018-10-01 休" in run("show", "2018")
    told = run("propose", "--as", "ar", "--source", "测试通知〔2018〕1号", "--off", "2018-09-21")
    assert "推后 1" in told
    pk = str(CalendarChange.objects.get().pk)
    assert "待批准" in run("changes")
    with pytest.raises(LuoshiError):
        run("approve", pk, "--as", "ar")
    assert "已生效" in run("approve", pk, "--as", "su")
