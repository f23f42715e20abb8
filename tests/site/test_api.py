"""The API: answers, problems, decisions; no request whatever makes a server error."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.jobs.actions import run_next
from tests.office import sample

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PROBLEM = "application/problem+json"
KEY = quote(sample.NUMBER)


@pytest.fixture
def one(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument(expires_on="2019-12-31"))
    return import_gazette("全文", actor=Actor.system("测试甲", "test"), filename="一期.txt")


def test_schema_is_openapi_31_and_every_operation_says_its_errors(client):
    schema = client.get("/api/v1/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert PROBLEM in operation["responses"]["422"]["content"]


def test_instruments_are_listed_with_validity_on_the_day(client, one):
    page = client.get("/api/v1/instruments", {"on": "2018-06-01"}).json()
    assert (page["total"], page["exact"], page["next"]) == (1, True, None)
    assert page["items"][0]["validity"]["state"] == "in_force"
    assert page["items"][0]["validity"]["reasons"][0]["citation"] == sample.NUMBER


@pytest.mark.parametrize(
    ("on", "state"),
    [("2018-02-28", "not_yet"), ("2018-03-01", "in_force"), ("2019-12-31", "in_force"), ("2020-01-01", "expired")],
)
def test_validity_of_decision_and_of_list_filter_agree(client, one, on, state):
    assert client.get(f"/api/v1/instruments/{KEY}/validity", {"on": on}).json()["state"] == state
    states = ("in_force", "not_yet", "expired", "repealed", "unknown")
    totals = {s: client.get("/api/v1/instruments", {"on": on, "validity": s}).json()["total"] for s in states}
    assert totals == {s: int(s == state) for s in states}


def test_one_instrument_and_its_clauses(client, one):
    detail = client.get(f"/api/v1/instruments/{KEY}").json()
    assert (detail["clause_count"], detail["versions"]) == (2, [1])
    clauses = client.get(f"/api/v1/instruments/{KEY}/clauses").json()
    assert [item["path"] for item in clauses["items"]] == ["一", "一/(一)"]
    clause = client.get(f"/api/v1/instruments/{KEY}/clauses/{quote('一/(一)')}").json()
    assert clause["text"] == "先修损坏的，后修陈旧的。"


def test_duties_carry_organs_limits_targets_and_citation(client, one):
    item = client.get("/api/v1/duties", {"month": "2018-10"}).json()["items"][0]
    assert item["lead"] == [{"name": "市甲局", "slug": None}]
    assert item["time_limits"][0]["due_on"] == "2018-10-31"
    assert item["targets"][0]["value"] == "95"
    assert item["citation"] == f"{sample.NUMBER} 一"
    assert client.get(f"/api/v1/duties/{item['id']}").json() == item


def test_compile_returns_the_contract_and_keeps_nothing(client):
    answer = client.post("/api/v1/gazettes/compile", {"text": "一、修补街边长椅。"}, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["version"] == 1
    assert client.get("/api/v1/instruments").json()["total"] == 0


def test_import_is_a_job_that_can_be_followed(client, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    answer = client.post("/api/v1/gazettes", {"file": SimpleUploadedFile("一期.txt", "一、全文".encode())})
    assert answer.status_code == 202
    run_next()
    done = client.get(answer.json()["href"]).json()
    assert (done["state"], done["result"]["new"]) == ("done", 1)
    assert client.get(f"/api/v1/gazettes/{done['result']['issue_id']}").json()["instruments"] == 1


def test_decision_gives_value_reasons_and_receipt(client):
    facts = {"number": sample.NUMBER, "issued_on": "2018-03-01", "expires_on": "2019-12-31"}
    body = json.dumps({"facts": facts, "on": "2018-06-01"})
    answer = client.post("/api/v1/decisions/instruments.validity", body, content_type="application/json").json()
    assert answer["value"]["status"] == "in_force"
    assert answer["reasons"][0]["citation"] == sample.NUMBER
    assert answer["receipt"]["on"] == "2018-06-01"


def test_decision_schema_names_the_facts(client):
    keys = {item["key"] for item in client.get("/api/v1/decisions").json()}
    assert {"instruments.validity", "calendar.limit"} <= keys
    assert "issued_on" in client.get("/api/v1/decisions/instruments.validity/schema").json()["facts"]["properties"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/v1/nothing", 404, "E_NOT_FOUND"),
        ("/api/v1/instruments/x", 404, "E_NOT_FOUND"),
        ("/api/v1/duties/99", 404, "E_NOT_FOUND"),
        ("/api/v1/duties/x", 422, "E_INPUT"),
        ("/api/v1/duties?month=2018-13", 422, "E_INPUT"),
        ("/api/v1/duties?after=x", 422, "E_INPUT"),
        ("/api/v1/duties?limit=0", 422, "E_INPUT"),
        ("/api/v1/duties/99999999999999999999", 422, "E_INPUT"),
        ("/api/v1/decisions/none/schema", 404, "E_NOT_FOUND"),
        ("/api/v1/gazettes/compile", 405, "E_INPUT"),
    ],
)
def test_every_error_is_a_problem(client, path, status, code):
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM)
    body = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["detail"]


@pytest.mark.parametrize("body", ["", "{", "[]", '{"text": 1}', '{"facts": []}', '{"text": "\\u0000"}', '{"text": ""}'])
def test_unreadable_bodies_are_problems(client, body):
    for path in ("/api/v1/gazettes/compile", "/api/v1/decisions/instruments.validity"):
        response = client.post(path, body, content_type="application/json")
        assert response.status_code in (400, 422), body
        assert response["Content-Type"] == PROBLEM


def test_write_from_another_sites_page_is_refused(client):
    response = client.post("/api/v1/gazettes", {}, headers={"Origin": "https://elsewhere.example"})
    assert (response.status_code, response.json()["code"]) == (403, "E_FORBIDDEN")
