"""The trail's pages and API: who may see it, filters, constant queries, entry, proof, export, refusals taken down."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from luoshi.office.accounts.models import User
from luoshi.office.actors import Actor
from luoshi.office.audit import chain, demo, refusals
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditEntry
from luoshi.office.jobs.actions import enqueue, handler, run_next
from luoshi.office.jobs.models import Job
from luoshi.office.messages.actions import tell
from luoshi.office.roles import Role
from tests.office.people import OFFICE, client_of, person

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ACTOR = Actor.system("测试甲", "web")


@pytest.fixture(autouse=True)
def elsewhere(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    refusals.forget()


def rows_of(response):
    return [row["subject"] for row in response.context["rows"]]


def three():
    append(actor=ACTOR, act="matter.report", subject="matter:1", before={"n": 1}, after={"n": 2, "note": "进展"})
    append(actor=Actor.system("测试乙", "api"), act="matter.check", subject="matter:2", result="refused")
    append(actor=ACTOR, act="sensitive.read", subject="person:3", stream="sensitive", purpose="核实")


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ("", ["person:3", "matter:2", "matter:1"]),
        ("who=测试乙", ["matter:2"]),
        ("act=matter.report", ["matter:1"]),
        ("subject=matter:2", ["matter:2"]),
        ("stream=sensitive", ["person:3"]),
        ("stream=office&act=matter.check", ["matter:2"]),
        ("result=refused", ["matter:2"]),
        ("since=2000-01-01&until=2099-01-01", ["person:3", "matter:2", "matter:1"]),
        ("since=2099-01-01", []),
        ("until=2000-01-01", []),
        ("organ=finance", []),
    ],
)
def test_list_and_api_filter_alike(client, query, subjects):
    three()
    assert rows_of(client.get(f"/system/audit/?{query}")) == subjects
    told = client.get(f"/api/v1/audit?{query}").json()
    assert [row["subject"] for row in told["items"]] == subjects
    assert told["total"] == len(subjects)


def test_list_takes_the_same_queries_however_long_it_is(client):
    client.get("/system/audit/")
    counts = []
    for more in (1, 60):
        demo.fill(more)
        with CaptureQueriesContext(connection) as asked:
            assert client.get("/system/audit/?since=2010-01-01").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 16


def test_pages_follow_each_other(client):
    demo.fill(120)
    first = client.get("/system/audit/")
    second = client.get(first.context["page"]["next_href"])
    positions = [row["position"] for row in (*first.context["rows"], *second.context["rows"])]
    assert positions == list(range(120, 20, -1))


def test_entry_shows_what_changed(client):
    three()
    entry = AuditEntry.objects.get(subject="matter:1")
    response = client.get(f"/system/audit/{entry.pk}/")
    told = [(row["name"], row["old"], row["new"], row["changed"]) for row in response.context["differences"]]
    assert told == [("n", "1", "2", True), ("note", "", "进展", True)]
    assert entry.digest in response.content.decode()
    assert client.get(f"/api/v1/audit/{entry.pk}").json()["after"] == {"n": 2, "note": "进展"}
    assert client.get("/system/audit/999999/").status_code == 404


@pytest.mark.parametrize(
    ("role", "allowed"),
    [(Role.AUDITOR, {"see", "verify", "health"}), (Role.ADMINISTRATOR, {"verify", "health"}), (Role.CLERK, set())],
)
def test_who_may_see_what(role, allowed):
    client = client_of(person("p", (role, OFFICE)))
    wanted = {
        "/system/audit/": "see",
        "/system/audit/export/": "see",
        "/api/v1/audit": "see",
        "/system/audit/verify/": "verify",
        "/system/audit/seals/": "verify",
        "/api/v1/audit/heads": "verify",
        "/system/health/": "health",
        "/api/v1/health": "health",
    }
    for address, key in wanted.items():
        assert client.get(address).status_code == (200 if key in allowed else 403), address


def test_refusal_is_taken_down_with_who_and_what():
    user = person("p", (Role.CLERK, "finance"))
    client_of(user).get("/system/audit/")
    entry = AuditEntry.objects.get(act="access.refused")
    assert (entry.user_id, entry.subject, entry.stream, entry.result) == (
        user.pk,
        "GET /system/audit/",
        "access",
        "refused",
    )
    assert entry.after["permission"] == "audit.see"


def test_proof_runs_as_a_job_and_its_page_shows_the_result(client):
    three()
    response = client.post("/system/audit/verify/now")
    assert response.status_code == 303
    assert client.post("/system/audit/verify/now")["Location"] == response["Location"]
    run_next()
    assert "完整" in client.get(response["Location"]).content.decode()
    shown = client.get("/system/audit/verify/")
    assert shown.context["proof"]["whole"]
    assert "完整" in shown.content.decode()
    assert AuditEntry.objects.get(act="audit.verify").after["faults"] == 0


def test_export_can_be_verified_without_the_software(client):
    three()
    assert client.post("/system/audit/export/", {"purpose": " "}).status_code == 422
    response = client.post("/system/audit/export/?stream=office", {"purpose": "年度抽查"})
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        lines = archive.read("entries.jsonl").decode().splitlines()
        assert {"entries.xlsx", "seals.jsonl", "README.txt", "manifest.json"} <= set(archive.namelist())
    previous = chain.GENESIS
    for row in map(json.loads, lines):
        for name in ("at", "received_at"):
            row[name] = row[name].replace("T", " ").removesuffix("+00:00")
        for name in ("before", "after"):
            if row[name] is not None:
                row[name] = json.dumps(row[name], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert row["previous"] == previous
        previous = chain.digest_of([row[name] for name in chain.COLUMNS])
        assert previous == row["digest"]
    told = AuditEntry.objects.get(act="audit.export")
    assert (told.purpose, told.after) == ("年度抽查", {"filter": {"stream": "office"}, "entries": 2})


def test_people_see_their_own_jobs_and_administrators_all():
    handler("note")(lambda progress, actor: None)
    one, two = person("a", (Role.CLERK, "finance")), person("b", (Role.ADMINISTRATOR, OFFICE))
    for user in (one, two):
        enqueue("note", actor=Actor(user.name, "web", user_id=user.pk), arguments={})
    assert [row["job"].by for row in client_of(one).get("/system/jobs/").context["rows"]] == [one.name]
    assert len(client_of(two).get("/system/jobs/").context["rows"]) == 2
    other = Job.objects.get(by_id=two.pk)
    assert client_of(one).post(f"/system/jobs/{other.pk}/stop").status_code == 403
    assert client_of(two).post(f"/system/jobs/{other.pk}/stop").status_code == 303
    other.refresh_from_db()
    assert other.state == "cancelled"


def test_messages_are_listed_opened_and_read(client):
    user = User.objects.get(login="office")
    for number in range(3):
        tell(key=f"k:{number}", users=[user.pk], kind="k", text=f"第{number}条", href="/desk")
    tell(key="other", users=[person("b").pk], kind="k", text="别人的", href="/desk")
    page = client.get("/messages/")
    assert [row.text for row in page.context["rows"]] == ["第2条", "第1条", "第0条"]
    opened = client.get(f"/messages/{page.context['rows'][0].pk}/")
    assert (opened.status_code, opened["Location"]) == (302, "/desk")
    assert client.get("/api/v1/messages?unread=true").json()["unread"] == 2
    assert client.post("/messages/read").status_code == 303
    assert client.get("/messages/?unread=1").context["rows"] == []


def test_stopped_job_says_who_stopped_it(client):
    handler("note")(lambda progress, actor: None)
    job = enqueue("note", actor=ACTOR, arguments={})
    client.post(f"/system/jobs/{job.pk}/stop")
    shown = client.get(f"/jobs/{job.pk}/")
    assert shown.status_code == 200
    assert "测试甲停下了" in shown.content.decode()
