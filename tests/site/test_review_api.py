"""The review through the API and the command line: the same acts under the same permissions."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from luoshi.gazette.evaluate import evaluate
from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Review
from luoshi.office.roles import Role
from luoshi.site.commands import review as commands
from tests.office import sample
from tests.office.people import OFFICE, client_of, person

pytestmark = pytest.mark.django_db
KEY = sample.NUMBER


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """One instrument under review."""
    sample.compiled(monkeypatch, sample.instrument(), warnings=0)
    import_gazette("第一期全文，" * 20, actor=Actor.system("测试程序", "test"), filename="一期.txt")


@pytest.fixture
def first():
    return client_of(person("甲", (Role.ARCHIVIST, OFFICE)))


@pytest.fixture
def second():
    return client_of(person("乙", (Role.SUPERVISOR, OFFICE)))


def call(client, tail, data=None):
    address = f"/api/v1/instruments/{KEY}/review{tail}"
    if data is None:
        return client.get(address)
    return client.post(address, json.dumps(data), content_type="application/json")


def readings(client, kind):
    return [one for one in call(client, "").json()["items"] if one["kind"] == kind]


def test_decide_send_back_settle_and_confirm(first, second):
    duty = readings(first, "duty")[0]
    content = {name: value for name, value in duty["reading"].items() if name != "limits"} | {"summary": "修长椅"}
    answer = call(first, "/decisions", {"anchor": duty["anchor"], "decision": "changed", "content": content})
    assert (answer.status_code, answer.json()["waits"], answer.json()["version"]) == (200, True, 1)
    ticks = {"ticks": [{"anchor": duty["anchor"], "version": 1}]}
    assert call(first, "/confirm", ticks).status_code == 403
    assert call(second, "/confirm", ticks).json()["waiting"] == 0
    assert Duty.objects.get(clause_path="一").summary == "修长椅"
    assert (
        call(second, "/decisions", {"anchor": duty["anchor"], "decision": "excluded", "version": 2}).status_code == 403
    )
    target = readings(first, "target")[0]
    call(first, "/decisions", {"anchor": target["anchor"], "decision": "doubtful"})
    data = {"anchor": target["anchor"], "decision": "settle", "version": 1, "settle_as": "confirmed"}
    assert call(second, "/decisions", data).json()["decision"] == "confirmed"


def test_everything_decided_is_sent_and_signed(first, second):
    assert call(first, "/send", {}).status_code == 422
    for one in call(first, "").json()["items"]:
        assert call(first, "/decisions", {"anchor": one["anchor"], "decision": "confirmed"}).status_code == 200
    assert call(first, "/send", {}).json()["stage"] == "sent"
    done = call(second, "/confirm", {"ticks": []}).json()
    assert (done["stage"], done["first"]["name"], done["second"]["name"]) == ("done", "测试甲", "测试乙")
    page = first.get("/api/v1/reviews?state=done").json()
    assert [row["instrument"] for row in page["items"]] == [KEY]


def test_a_stale_decision_is_refused_with_the_present_state(first):
    duty = readings(first, "duty")[0]
    call(first, "/decisions", {"anchor": duty["anchor"], "decision": "excluded"})
    answer = call(first, "/decisions", {"anchor": duty["anchor"], "decision": "confirmed"})
    assert (answer.status_code, answer.json()["code"]) == (409, "E_VERSION")
    assert answer.json()["fields"]["state"]["decision"] == "excluded"


def test_an_added_record_and_faults(first):
    data = {"clause": "一", "kind": "duty", "content": {"summary": "公布名单", "lead": [{"name": "市己局"}]}}
    assert call(first, "/additions", data).json()["state"] == "added"
    assert call(first, "/additions", data).json()["code"] == "E_DUPLICATE"
    assert call(first, "/additions", data | {"clause": "九"}).json()["code"] == "E_NOT_FOUND"
    assert call(first, "/additions", data | {"content": {"lead": []}}).json()["code"] == "E_INPUT"


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.LEADER, Role.ADMINISTRATOR])
def test_others_get_nothing(role):
    assert call(client_of(person("某", (role, OFFICE))), "").status_code == 403


def test_search_through_the_api(first):
    found = first.get("/api/v1/search", {"q": "1号 一(一)"}).json()
    assert (found["groups"][0]["kind"], found["groups"][0]["items"][0]["clause"]) == ("direct", "一/(一)")


@pytest.fixture
def command():
    """Run `luoshi review`, in the test's own database."""

    def run(*arguments):
        return CliRunner().invoke(commands.command, list(arguments), catch_exceptions=False).output

    return run


def test_command_line_decides_confirms_and_exports_labels_that_evaluate(command, first, second):
    rows = [line.split("\t") for line in command("show", KEY).splitlines()]
    duty = next(row for row in rows if row[2] == "duty" and row[3] == "一")
    content = {name: value for name, value in json.loads(duty[5]).items() if name != "limits"}
    content["lead"] = [{"name": "市戊局"}]
    command("decide", KEY, duty[0], "changed", "--content", json.dumps(content), "--as", "甲")
    for row in rows:
        if row is not duty:
            command("decide", KEY, row[0], "confirmed", "--as", "甲")
    assert "等第二人 0" in command("confirm", KEY, "--all", "--as", "乙")
    assert KEY in command("list", "--state", "open")
    labels = yaml.safe_load(command("export", KEY))
    assert Review.objects.get().decided == Review.objects.get().total
    report = evaluate(sample.compilation(sample.instrument(), warnings=0), labels)
    assert list(report.measures["duties"].misses) == [f"[{KEY}] 一 | 市戊局 | 丙公司、市乙局"]
    assert report.measures["limits"].f1 == 1.0
    assert report.measures["targets"].f1 == 1.0
    assert report.measures["heads"].f1 == 1.0
