"""Matters through the API: the same rules as in the pages, by token and by session."""

from __future__ import annotations

import datetime
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties.matter_models import Matter
from luoshi.office.roles import Role
from tests.office.matters import DONE, moment, pushed
from tests.office.people import OFFICE, client_of, person

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/matters"


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(moment("2019-10-08T09:00"))
    yield
    CLOCK.release()


@pytest.fixture
def clerk():
    return client_of(person("clerk", (Role.CLERK, "finance")))


@pytest.fixture
def supervisor():
    return client_of(person("sup", (Role.SUPERVISOR, OFFICE)))


def post(client, address: str, key: str = "", **body):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(address, json.dumps(body), content_type="application/json", headers=headers)


def file(client, pk: int, key: str = "", **fields):
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{ROOT}/{pk}/reports", {"narrative": DONE, **fields}, headers=headers)


def proof(text: str = "验收表"):
    return SimpleUploadedFile("验收.txt", text.encode(), content_type="text/plain")


def test_a_matter_goes_from_push_to_cross_off(clerk, supervisor):
    body = {
        "module": "heating", "external_id": "H-17", "kind": "meeting", "title": "供暖补助支付", "organ": "finance",
        "due_on": "2019-10-31", "cooperating": ["agriculture"], "target_value": "112", "target_unit": "户",
    }  # fmt: skip
    made = post(supervisor, ROOT, **body)
    assert (made.status_code, made.json()["version"], made.json()["light"]) == (201, 1, "green")
    pk = made.json()["id"]
    assert post(supervisor, ROOT, **body).status_code == 200
    filed = file(clerk, pk, value="112", version=2, evidence=[proof()])
    assert filed.status_code == 201, filed.content
    assert (filed.json()["percent"], len(filed.json()["evidence"])) == ("100", 1)
    assert post(clerk, f"{ROOT}/{pk}/submit", version=3).json()["snapshot"][0]["name"] == "验收.txt"
    assert supervisor.get(ROOT, {"checking": "true"}).json()["total"] == 1
    back = post(supervisor, f"{ROOT}/{pk}/return", reason="缺公章", formal=True)
    assert back.json()["decision"] == "formal"
    assert file(clerk, pk, value="112", evidence=[proof("盖章的验收表")]).status_code == 201
    assert post(clerk, f"{ROOT}/{pk}/submit").status_code == 200
    done = post(supervisor, f"{ROOT}/{pk}/cross-off", note="现场核过")
    assert (done.json()["decision"], done.json()["late"]) == ("accepted", False)
    one = clerk.get(f"{ROOT}/{pk}").json()
    assert (one["state"], one["light"], one["may"]) == ("crossed_off", "blue", [])
    assert [event["act"] for event in one["events"]][-1] == "push"
    assert clerk.get(ROOT).json()["total"] == 0
    assert clerk.get(ROOT, {"closed": "true"}).json()["total"] == 1
    assert post(supervisor, f"{ROOT}/{pk}/reopen", reason="抽查不实").json()["state"] == "in_progress"


def test_the_other_acts(clerk, supervisor):
    pk = pushed(due="2019-10-31").pk
    head = client_of(person("head", (Role.LEADER, "finance")))
    own = person("own", (Role.CLERK, "finance"))
    assert post(head, f"{ROOT}/{pk}/assign", user=own.pk).status_code == 200
    assert clerk.get(f"{ROOT}/{pk}").json()["holding"]["person"] == own.name
    assert post(supervisor, f"{ROOT}/{pk}/remind", text="请抓紧").status_code == 200
    assert post(supervisor, f"{ROOT}/{pk}/pause", kind="superior", reason="等批复").json()["state"] == "paused"
    CLOCK.advance(datetime.timedelta(days=3))
    assert post(supervisor, f"{ROOT}/{pk}/pause", resume=True).json()["state"] == "open"
    assert clerk.get(f"{ROOT}/{pk}").json()["due_on"] == "2019-11-03"
    asked = post(clerk, f"{ROOT}/{pk}/extend", new_due="2019-11-30", reason="汛期停工")
    assert (asked.status_code, asked.json()["old_due"]) == (200, "2019-11-03")
    assert post(clerk, f"{ROOT}/{pk}/extend", grant=True).json()["code"] == "E_FORBIDDEN"
    assert post(supervisor, f"{ROOT}/{pk}/extend", grant=True).json()["decision"] == "granted"
    assert post(supervisor, f"{ROOT}/{pk}/extend").json()["code"] == "E_INPUT"


def test_the_same_key_is_answered_alike_and_another_body_refused(clerk):
    pk = pushed().pk
    first, again = (file(clerk, pk, "k1", percent="10") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    other = file(clerk, pk, "k1", percent="11")
    assert (other.status_code, other.json()["code"]) == (409, "E_CONFLICT")


def test_a_stale_version_is_a_conflict_that_shows_both(clerk):
    pk = pushed().pk
    file(clerk, pk, percent="10")
    stale = file(clerk, pk, percent="20", version=1)
    assert (stale.status_code, stale.json()["code"]) == (409, "E_VERSION")
    assert (stale.json()["fields"]["yours"], stale.json()["fields"]["now"]) == (1, 2)


def test_another_bureau_finds_nothing(clerk):
    pk = pushed().pk
    stranger = client_of(person("stranger", (Role.CLERK, "agriculture")))
    assert stranger.get(ROOT).json()["items"] == []
    assert stranger.get(ROOT, {"organ": "finance", "closed": "true"}).json()["total"] == 0
    for answer in (
        stranger.get(f"{ROOT}/{pk}"),
        file(stranger, pk, percent="1"),
        post(stranger, f"{ROOT}/{pk}/submit"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "E_NOT_FOUND")
    assert stranger.get("/api/v1/desk", {"view": "all"}).json()["counts"] == dict.fromkeys(
        ("overdue", "today", "soon", "checking", "waiting", "changed"), 0
    )
    assert clerk.get(f"{ROOT}/{pk}").status_code == 200


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"{ROOT}?month=2019-13", 422), (f"{ROOT}?limit=0", 422), (f"{ROOT}?after=x.y", 422), (f"{ROOT}/0", 422),
        (f"{ROOT}/9223372036854775808", 422), (f"{ROOT}/1", 404), ("/api/v1/desk?view=x", 422),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused(supervisor, address, code):
    answer = supervisor.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (code, "application/problem+json")


def test_nobody_in_particular_is_asked_to_log_in(client):
    from django.test import Client

    assert Client().get(ROOT).json()["code"] == "E_LOGIN"


def test_the_desk_counts_what_its_groups_hold(clerk):
    pushed(due="2019-10-08"), pushed(due="2019-10-10"), pushed(due="2019-10-30"), pushed(due=None)
    found = clerk.get("/api/v1/desk").json()
    assert {group["key"]: group["total"] for group in found["groups"]} == {
        "overdue": 0, "today": 1, "soon": 1, "month": 1, "paused": 0,
    }  # fmt: skip
    assert (found["counts"]["today"], found["undated"]) == (1, 1)
    assert found["months"] == {"2019-10-08": 1, "2019-10-10": 1, "2019-10-30": 1}


def test_duties_are_shown_to_the_organs_they_bind(clerk, monkeypatch):
    from luoshi.gazette.records import Organ
    from luoshi.office.actors import Actor
    from luoshi.office.instruments.actions import import_gazette
    from tests.office import sample

    instrument = sample.instrument()
    instrument.duties[0].lead, instrument.duties[0].cooperating = [Organ("市财政局", "finance")], []
    sample.compiled(monkeypatch, instrument)
    import_gazette("全文", actor=Actor.system("测试甲", "test"), filename="a.txt")
    seen = clerk.get("/api/v1/duties").json()
    assert (seen["total"], [one["lead"][0]["slug"] for one in seen["items"]]) == (1, ["finance"])
    other = Matter.objects.exclude(organ="finance").get().duty_id
    assert clerk.get(f"/api/v1/duties/{other}").status_code == 404
    assert clerk.get("/api/v1/duties", {"organ": "市丁局"}).json()["total"] == 0
