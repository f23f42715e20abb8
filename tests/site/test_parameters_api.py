"""The parameter book through the API and the command line, under the same permissions as the pages."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.parameters import actions
from luoshi.office.parameters.models import ParameterChange
from luoshi.office.roles import Role
from luoshi.site.commands.parameters import command
from luoshi.site.registry import load_decisions
from tests.office.people import OFFICE, actor, client_of, person

pytestmark = pytest.mark.django_db

API = "/api/v1"
CHANGES = f"{API}/parameters/organs/stale_after/changes"
GIVEN = {"value": 3, "from": "2027-01-01", "citation": "测政发〔2026〕3号 二(一)"}
HOLDER = {"organ": "commerce", "post": "局长", "on": "2027-06-01", "evidence": []}


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


def post(client: Client, path: str, body: Any, status: int = 200) -> dict[str, Any]:
    response = client.post(path, json.dumps(body), content_type="application/json")
    assert response.status_code == status, response.content.decode()
    return response.json()


def get(client: Client, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    response = client.get(path, query)
    assert response.status_code == status, response.content.decode()
    return response.json()


def run(*arguments: str, stdin: str | None = None) -> tuple[int, Any, str]:
    result = CliRunner().invoke(command, list(arguments), input=stdin)
    return result.exit_code, json.loads(result.stdout or "null"), result.stderr


def test_story_through_the_api(clerk, reviewer):
    made = post(clerk, CHANGES, GIVEN, 201)
    assert (made["state"], made["value"], made["from"], made["to"]) == ("proposed", 3, "2027-01-01", None)
    approved = post(reviewer, f"{API}/parameter-changes/{made['id']}/approve", {"version": made["version"]})
    assert (approved["state"], approved["book"]) == ("approved", 1)
    taken = post(Client(), f"{API}/decisions/organs.holder", {"facts": HOLDER, "on": "2027-06-01"})
    assert (taken["parameters"][0]["value"], taken["parameters"][0]["from"]) == (3, "2027-01-01")
    assert taken["receipt"]["book"].startswith("1:")
    detail = get(Client(), f"{API}/parameters/organs/stale_after", on="2027-06-01")
    assert detail["value_on"]["value"] == 3
    assert [row["to"] for row in detail["values"]] == ["2026-12-31", None]
    assert detail["read_by"] == ["organs.holder"]
    again = post(Client(), f"{API}/receipts/check", {"receipt": taken["receipt"]})
    assert (again["same"], again["differences"]) == (True, [])


def test_list_is_filtered_and_open(clerk):
    post(clerk, CHANGES, GIVEN, 201)
    everything = get(Client(), f"{API}/parameters")
    assert {item["room"] for item in everything["items"]} >= {"calendar", "organs"}
    assert all(item["waiting"] == 0 for item in everything["items"])
    assert [i["name"] for i in get(clerk, f"{API}/parameters", waiting=True)["items"]] == ["stale_after"]
    assert {i["room"] for i in get(Client(), f"{API}/parameters", room="organs")["items"]} == {"organs"}
    assert get(Client(), f"{API}/parameter-changes")["items"] == []
    assert len(get(clerk, f"{API}/parameter-changes", state="proposed")["items"]) == 1


def test_changes_are_paged(clerk):
    for year in (2027, 2028, 2029):
        post(clerk, CHANGES, GIVEN | {"from": f"{year}-01-01"}, 201)
    first = get(clerk, f"{API}/parameter-changes", limit=2)
    rest = get(clerk, f"{API}/parameter-changes", limit=2, after=first["next"])
    assert [item["from"][:4] for item in first["items"] + rest["items"]] == ["2029", "2028", "2027"]
    assert rest["next"] is None


def test_faults_are_problems(clerk, reviewer):
    problem = post(clerk, CHANGES, GIVEN | {"value": 3.5}, 422)
    assert (problem["code"], problem["fields"]["faults"][0]["field"]) == ("E_INPUT", "value")
    assert post(clerk, CHANGES, GIVEN | {"from": "gestern"}, 422)["code"] == "E_INPUT"
    assert post(clerk, f"{API}/parameters/organs/nothing/changes", GIVEN, 404)["code"] == "E_NOT_FOUND"
    made = post(clerk, CHANGES, GIVEN, 201)
    assert post(clerk, CHANGES, GIVEN, 409)["code"] == "E_DUPLICATE"
    path = f"{API}/parameter-changes/{made['id']}"
    assert post(reviewer, f"{path}/approve", {"version": 7}, 409)["code"] == "E_VERSION"
    assert post(reviewer, f"{path}/refuse", {"version": 1, "answer": ""}, 422)["code"] == "E_INPUT"
    assert post(reviewer, f"{API}/parameter-changes/{10**30}/approve", {"version": 1}, 404)["code"] == "E_NOT_FOUND"
    assert post(Client(), f"{API}/receipts/check", {"receipt": {}}, 422)["code"] in ("E_INPUT", "E_HASH")


def test_who_may_not_is_refused_alike(clerk, reviewer):
    made = post(clerk, CHANGES, GIVEN, 201)
    path = f"{API}/parameter-changes/{made['id']}"
    assert post(Client(), CHANGES, GIVEN, 401)["code"] == "E_LOGIN"
    assert post(reviewer, CHANGES, GIVEN, 403)["code"] == "E_FORBIDDEN"
    assert post(clerk, f"{path}/approve", {"version": 1}, 403)["code"] == "E_FORBIDDEN"
    stranger = client_of(person("finance", (Role.REVIEWER, "finance"), (Role.CLERK, "finance")))
    assert post(stranger, f"{path}/approve", {"version": 1}, 403)["code"] == "E_FORBIDDEN"
    assert post(stranger, f"{path}/withdraw", {"version": 1}, 403)["code"] == "E_FORBIDDEN"
    both = client_of(person("both", (Role.ARCHIVIST, OFFICE)))
    own = post(both, CHANGES, GIVEN | {"from": "2029-01-01"}, 201)
    assert post(both, f"{API}/parameter-changes/{own['id']}/approve", {"version": 1}, 403)["code"] == "E_SELF"
    assert post(clerk, f"{path}/withdraw", {"version": 1})["state"] == "withdrawn"


def test_confirmation_through_the_api(clerk, reviewer):
    made = post(clerk, f"{API}/parameters/organs/stale_after/confirmations", {"document": "测政办发〔2026〕9号"}, 201)
    post(reviewer, f"{API}/parameter-changes/{made['id']}/approve", {"version": 1})
    held = get(Client(), f"{API}/parameters/organs/stale_after")["value_on"]
    assert (held["value"], held["needs_confirmation"]) == (5, False)


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def at_hand(monkeypatch):
    """Commands of a test run in this process, whose settings are read already."""
    monkeypatch.setattr("luoshi.site.setup.prepare", lambda: None)


def test_story_through_the_command_line(at_hand):
    person("clerk", (Role.CLERK, OFFICE))
    person("reviewer", (Role.REVIEWER, OFFICE))
    status, made, _ = run(
        "propose", "organs.stale_after", "3", "--from", "2027-01-01", "--citation", GIVEN["citation"], "--as", "clerk"
    )
    assert (status, made["state"]) == (0, "proposed")
    status, nothing, problem = run("approve", str(made["id"]), "--as", "clerk")
    assert (status, nothing, json.loads(problem)["code"]) == (5, None, "E_FORBIDDEN")
    status, done, _ = run("approve", str(made["id"]), "--as", "reviewer")
    assert (status, done["state"], done["book"]) == (0, "approved", 1)
    _, listed, _ = run("list", "--on", "2027-06-01", "--room", "organs")
    assert {item["name"]: item["value_on"]["value"] for item in listed["items"]}["stale_after"] == 3
    _, seen, _ = run("show", "organs.stale_after")
    assert [row["value"] for row in seen["values"]] == [5, 3]
    assert [row["state"] for row in seen["changes"]] == ["approved"]


def test_receipt_is_rechecked_on_the_command_line(at_hand):
    person("clerk", (Role.CLERK, OFFICE))
    answer = post(Client(), f"{API}/decisions/organs.holder", {"facts": HOLDER, "on": "2027-06-01"})
    change = actions.propose(
        actor=actor("clerk"), room="organs", name="stale_after", value=3, valid_from=datetime.date(2027, 1, 1),
        citation=GIVEN["citation"],
    )  # fmt: skip
    actions.approve(actor=actor("reviewer", (Role.REVIEWER, OFFICE)), change_id=change.pk, version=1)
    status, again, _ = run("recheck", "-", stdin=json.dumps(answer))
    assert (status, again["same"], again["differences"]) == (0, True, ["参数“stale_after”现为3"])


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("show", "organs.nothing"), 5, "E_NOT_FOUND"),
        (("show", "organs"), 2, "E_INPUT"),
        (("list", "--on", "gestern"), 2, "E_INPUT"),
        (("recheck", "/nowhere"), 2, "E_FILE"),
        (("propose", "organs.stale_after", "drei", "--from", "2027-01-01", "--as", "nobody"), 2, "E_INPUT"),
        (("propose", "organs.stale_after", "3", "--from", "2027-01-01", "--as", "nobody"), 5, "E_NOT_FOUND"),
    ],
)
def test_refusals_are_problems_with_exit_status(at_hand, arguments, status, code):
    ended, _, problem = run(*arguments)
    assert (ended, json.loads(problem)["code"]) == (status, code)
    assert not ParameterChange.objects.exists()
