"""The API of organs: who, by what basis, of which instrument; private parts for those who may; two hands."""

from __future__ import annotations

import pytest
from django.test import Client

from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.organs.models import LeadingGroup, Person, Post
from luoshi.office.roles import Role
from tests.office.people import client_of, person
from tests.office.twin import NUMBERS, texts

pytestmark = pytest.mark.django_db
API = "/api/v1"


@pytest.fixture
def library():
    for name, text in texts().items():
        import_gazette(text, actor=Actor.system("测试甲", "test"), filename=name)


@pytest.fixture
def visitor():
    return Client()


def client_with(login: str, role: Role, organ: str) -> Client:
    return client_of(person(login, (role, organ)))


def send(client, path, **body):
    return client.post(API + path, body, content_type="application/json")


def test_holder_is_told_with_basis_and_instrument(visitor, library):
    found = visitor.get(f"{API}/organs/commerce/holder", {"post": "局长", "on": "2019-04-03"}).json()
    held = found["holdings"][0]
    assert (held["result"], held["badge"], held["persons"][0]["name"]) == ("appointed", "任命", "测试丑")
    assert held["basis"][0]["instrument"] == NUMBERS["任3"]
    assert found["reasons"][-1]["citation"] == NUMBERS["任3"]


def test_holder_without_post_is_the_head(visitor, library):
    found = visitor.get(f"{API}/organs/zhuwang/holder", {"on": "2018-01-05"}).json()
    assert (found["post"], found["holdings"][0]["persons"][0]["name"]) == ("镇长", "测试寅")
    assert visitor.get(f"{API}/organs/petition/holder").status_code == 404


def test_name_is_resolved_and_a_wildcard_expanded(visitor, library):
    found = visitor.get(f"{API}/organs/resolve", {"text": "市食药局", "on": "2019-06-01"}).json()
    assert (found["organ"]["slug"], found["successor"], found["note"]) == ("food-drug", None, "承接单位待定")
    assert [one["slug"] for one in found["candidates"]] == ["market-supervision"]
    assert visitor.get(f"{API}/organs/resolve", {"text": "市联社"}).json()["status"] == "candidates"
    counts = [
        visitor.get(f"{API}/organs/expand", {"text": text}).json()["count"] for text in ("各镇区", "各镇", "各镇(街道)")
    ]
    assert counts == [17, 14, 15]


def test_citation_is_looked_up_in_the_library(visitor, library):
    found = visitor.get(f"{API}/cite", {"text": f"{NUMBERS['C']} 附件"}).json()
    assert (found["status"], found["path"]) == ("clause_found", "附件")
    missing = visitor.get(f"{API}/cite", {"text": f"{NUMBERS['C']} 第九条"}).json()
    assert missing["status"] == "clause_not_found"
    assert visitor.get(f"{API}/cite", {"text": "某文件"}).json()["status"] == "none"


def test_organ_has_names_posts_groups_and_instruments(visitor, library):
    found = visitor.get(f"{API}/organs/natural-resources", {"on": "2019-05-08"}).json()
    assert {post["title"]: post["answer"]["holdings"][0]["badge"] for post in found["posts"]} == {
        "局长": "任命",
        "党组书记": "名单",
    }
    assert [row["number"] for row in found["offices"]] == [NUMBERS["E"]]
    assert visitor.get(f"{API}/organs/nobody").status_code == 404


def test_groups_and_their_members_on_a_day(visitor, library):
    rows = visitor.get(f"{API}/groups", {"instrument": NUMBERS["D"]}).json()
    assert [(row["member_count"], row["printed_entries"], row["office"]["slug"]) for row in rows] == [(4, 5, "finance")]
    page = visitor.get(f"{API}/groups/{rows[0]['id']}", {"on": "2018-03-14"}).json()
    assert [row["person"]["name"] for row in page["members"]] == ["测试辛", "测试壬", "测试癸", "测试庚"]


def test_public_sees_public_parts_of_a_person(visitor, library):
    pk = Person.objects.filter(name="测试庚").first().pk
    Post.objects.filter(organ__slug="enforcement").update(is_public=False)
    shown = visitor.get(f"{API}/persons/{pk}").json()
    assert (shown["tenures"], shown["namesakes"]) == ([], [])
    personnel = client_with("p", Role.PERSONNEL, "organization-dept").get(f"{API}/persons/{pk}").json()
    assert (len(personnel["tenures"]), len(personnel["namesakes"])) == (1, 1)
    assert visitor.get(f"{API}/persons").status_code == 401


def test_relation_is_proposed_and_confirmed_by_two(library):
    one, other = (client_with(login, Role.STAFFING, "staffing-office") for login in ("s1", "s2"))
    said = {"from": "市食药局", "to": "市市场监管局", "kind": "functions_moved", "effective": "2019-03-04"}
    made = send(one, "/organs/relations", **said, director_note="负责人批示")
    assert made.status_code == 201
    pk, version = made.json()["id"], made.json()["version"]
    assert send(one, f"/proposals/{pk}/confirm", version=version).json()["code"] == "E_SELF"
    assert send(other, f"/proposals/{pk}/confirm", version=version + 1).json()["code"] == "E_VERSION"
    assert send(other, f"/proposals/{pk}/confirm", version=version).json()["state"] == "confirmed"
    found = other.get(f"{API}/organs/resolve", {"text": "市食药局", "on": "2019-06-01"}).json()
    assert found["successor"]["slug"] == "market-supervision"


def test_public_decision_is_taken_on_the_library(visitor, library):
    facts = {"organ": "市商务局", "post": "局长"}
    taken = send(visitor, "/decisions/organs.holder", facts=facts, on="2019-04-03").json()
    assert taken["value"]["person"] == "测试丑"
    given = send(visitor, "/decisions/organs.holder", facts=facts | {"evidence": []}, on="2019-04-03").json()
    assert given["value"]["result"] == "unknown"


def test_proposals_are_seen_by_those_they_concern(library):
    staffing = client_with("s1", Role.STAFFING, "staffing-office")
    send(staffing, "/organs/readings", text="市发政局", organ="development-reform")
    clerk = client_with("c1", Role.CLERK, "finance")
    assert [row["kind"] for row in staffing.get(f"{API}/proposals").json()] == ["reading"]
    assert clerk.get(f"{API}/proposals").json() == []
    pk = staffing.get(f"{API}/proposals").json()[0]["id"]
    assert clerk.get(f"{API}/proposals/{pk}").status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/organs", {"slug": "x", "name": "某局", "kind": "gov_dept"}),
        ("/organs/names", {"organ": "water", "text": "某局"}),
        ("/organs/relations", {"from": "water", "to": "finance", "kind": "renamed", "effective": "2030-01-01"}),
        ("/organs/batches", {"title": "批次", "effective": "2030-01-01", "relations": []}),
        ("/organs/readings", {"text": "市发政局", "organ": "water"}),
        ("/posts", {"organ": "water", "title": "局长"}),
        ("/appointments", {"number": "乳政任〔2019〕9号", "issued_on": "2019-09-01", "acts": []}),
        ("/persons/merges", {"kept": 1, "merged": 2, "reason": "同"}),
        ("/persons/unmerges", {"merged": 2, "reason": "同"}),
        ("/groups/1/members", {"order": 1, "name": "测试甲", "on": "2019-01-01"}),
        ("/groups/1/dissolution", {"on": "2019-01-01"}),
        ("/persons/1/identifiers/phone/read", {"purpose": "核对"}),
    ],
)
def test_what_is_refused_to_visitors_and_to_other_roles(visitor, path, body):
    assert send(visitor, path, **body).status_code == 401
    assert send(client_with("s", Role.SUPERVISOR, "finance"), path, **body).json()["code"] == "E_FORBIDDEN"


def test_member_is_proposed_for_ones_own_group_only(library):
    pk = LeadingGroup.objects.get(number=NUMBERS["C"]).pk
    body = {"order": 3, "name": "测试申", "on": "2019-01-01"}
    assert send(client_with("a", Role.CLERK, "finance"), f"/groups/{pk}/members", **body).status_code == 403
    assert send(client_with("b", Role.CLERK, "enforcement"), f"/groups/{pk}/members", **body).status_code == 201
