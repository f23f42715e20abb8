"""Organs, posts, persons and groups as pages: who held a post and how we know, old names, second hands."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.organs import actions
from luoshi.office.organs.models import LeadingGroup, OrganRelation, Person, PersonIdentifier, Proposal
from luoshi.office.roles import Role
from tests.office.people import OFFICE, actor, client_of, person
from tests.office.twin import texts

pytestmark = pytest.mark.django_db

STAFFING, PERSONNEL = "staffing-office", "organization-dept"


@pytest.fixture
def library():
    """The invented lists and acts of appointment."""
    for name, text in texts().items():
        import_gazette(text, actor=Actor.system("测试甲", "test"), filename=name)


@pytest.mark.parametrize(
    "path",
    ["/organs/", "/organs/agriculture/", "/organs/chart/", "/persons/", "/groups/", "/organs/queue/"],
)
@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_page_answers(client, request, path, filled):
    actions.load_directory_into_database(actor=Actor.system("测试甲", "test"))
    if filled:
        request.getfixturevalue("library")
    response = client.get(path)
    assert response.status_code == 200
    assert "<h1" in response.text


@pytest.mark.parametrize(
    ("day", "badge", "words"),
    [("2018-06-01", "待核", "测试晨"), ("2018-02-11", "名单", "测试晨"), ("2018-01-01", "待核", "没有")],
)
def test_who_headed_the_bureau_is_answered_with_its_evidence(client, library, day, badge, words):
    text = client.get("/organs/agriculture/", {"post": "局长", "day": day}).text
    answer = text[text.index('id="answer"') : text.index("og-posts-h")]
    assert badge in answer
    assert words in answer
    if words == "测试晨":
        assert "乳政办发〔2018〕3号" in answer


def test_answer_alone_comes_to_a_fragment(client, library):
    response = client.get("/organs/agriculture/", {"post": "局长", "day": "2018-06-01"}, headers={"HX-Request": "true"})
    assert "<html" not in response.text
    assert "测试晨" in response.text


def test_date_that_is_none_is_said(client, library):
    assert "不是日期" in client.get("/organs/agriculture/", {"post": "局长", "day": "2018-13-01"}).text


def test_unknown_organ_is_not_found(client):
    assert client.get("/organs/no-such/").status_code == 404


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("市食药局", "市食品药品监督管理局"),
        ("各镇区", "17 个单位"),
        ("市联社", "不能断定"),
        ("不存在的局", "名录里没有"),
    ],
)
def test_finder_says_what_a_printed_name_means(client, library, name, expected):
    assert expected in client.get("/organs/", {"name": name}).text


def test_group_is_shown_as_printed(client, library):
    group = LeadingGroup.objects.get(number="乳政办发〔2018〕9号")
    text = client.get(reverse("group", args=[group.pk])).text
    assert "总召集人" in text
    assert f"原文印 {group.printed_entries} 条" in text


def test_person_page_shows_posts_with_what_proves_them(client, library):
    who = Person.objects.filter(name="测试晨").first()
    text = client.get(reverse("person", args=[who.pk])).text
    assert "市农业局" in text
    assert "乳政办发〔2018〕3号" in text


def test_succession_is_proposed_by_one_and_confirmed_by_another(library):
    first = person("bian1", (Role.STAFFING, STAFFING))
    second = person("bian2", (Role.STAFFING, STAFFING))
    form = {
        "origin": "agriculture",
        "target": "agri-rural",
        "kind": "renamed",
        "effective": "2019-01-15",
        "instrument": "",
        "director_note": "市委编办负责人已批示",
    }
    response = client_of(first).post(reverse("organ-propose-relation"), form)
    assert response.status_code == 303, response.text
    proposal = Proposal.objects.get()
    page = reverse("organ-proposal", args=[proposal.pk])
    refused = client_of(first).post(page, {"act": "confirm", "version": proposal.version})
    assert refused.status_code in (403, 422)
    assert not OrganRelation.objects.filter(proposal=proposal).exists()
    assert client_of(second).post(page, {"act": "confirm", "version": proposal.version}).status_code == 303
    text = client_of(second).get("/organs/", {"name": "市农业局"}).text
    assert "市农业农村局" in text[text.index("那时和现在") : text.index("隶属")]
    before = client_of(second).get("/organs/agriculture/", {"on": "2018-12-31"}).text
    assert "<dd>本单位</dd>" in before


def test_stale_proposal_is_not_confirmed(library):
    first, second = actor("bian1", (Role.STAFFING, STAFFING)), person("bian2", (Role.STAFFING, STAFFING))
    made = actions.propose_name(actor=first, organ="agriculture", text="农业口", kind="alias")
    page = reverse("organ-proposal", args=[made.pk])
    response = client_of(second).post(page, {"act": "confirm", "version": made.version + 1})
    assert response.status_code == 409
    assert 'role="alert"' in response.text
    assert Proposal.objects.get(pk=made.pk).state == "open"


def test_clerk_sees_no_proposals_and_may_not_propose(library):
    staffing = actor("bian1", (Role.STAFFING, STAFFING))
    made = actions.propose_name(actor=staffing, organ="agriculture", text="农业口", kind="alias")
    clerk = client_of(person("clerk", (Role.CLERK, "finance")))
    assert "农业口" not in clerk.get("/organs/queue/").text
    assert clerk.get(reverse("organ-proposal", args=[made.pk])).status_code == 404
    assert (
        clerk.post(reverse("organ-propose-name"), {"organ": "finance", "text": "甲", "kind": "alias"}).status_code
        == 403
    )


def test_visitor_sees_organs_but_no_queue(library):
    visitor = Client()
    assert visitor.get("/organs/agriculture/").status_code == 200
    assert visitor.get("/organs/queue/")["Location"].startswith("/login/")


def test_appointment_that_warns_asks_for_an_explanation(library):
    clerk = client_of(person("ren1", (Role.PERSONNEL, PERSONNEL)))
    form = {
        "number": "乳政任〔2019〕9号",
        "issued_on": "2019-09-02",
        "action": ["appoint"],
        "person": ["测试未"],
        "organ": ["市商务局"],
        "post": ["局长"],
        "remark": [""],
        "explanation": "",
    }
    first = clerk.post(reverse("organ-appointments"), form)
    assert first.status_code == 422
    assert 'value="测试未"' in first.text
    assert not Proposal.objects.exists()
    assert clerk.post(reverse("organ-appointments"), form | {"explanation": "原任另有任用"}).status_code == 303
    assert Proposal.objects.get().warnings


def test_identifier_is_read_with_a_purpose_only_and_by_those_who_may(library):
    who = Person.objects.filter(name="测试晨").first()
    personnel = person("ren1", (Role.PERSONNEL, PERSONNEL))
    actions.keep_identifier(
        actor=actor("ren2", (Role.PERSONNEL, PERSONNEL)), person=who.pk, kind="phone", value="13900001234"
    )
    assert "13900001234" not in PersonIdentifier.objects.get().sealed
    page = reverse("person", args=[who.pk])
    session = client_of(personnel)
    assert session.post(page, {"kind": "phone", "purpose": ""}).status_code == 422
    assert "13900001234" in session.post(page, {"kind": "phone", "purpose": "核对任免材料"}).text
    archivist = client_of(person("wen", (Role.ARCHIVIST, OFFICE)))
    response = archivist.post(page, {"kind": "phone", "purpose": "看看"})
    assert response.status_code in (403, 404)
    assert "13900001234" not in response.text
    assert "内部信息" not in archivist.get(page).text


@pytest.mark.parametrize("path", ["/organs/", "/organs/agriculture/", "/persons/", "/groups/", "/organs/queue/"])
def test_queries_do_not_grow_with_the_library(client, path):
    actions.load_directory_into_database(actor=Actor.system("测试甲", "test"))

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    files = list(texts().items())
    for name, text in files[:2]:
        import_gazette(text, actor=Actor.system("测试甲", "test"), filename=name)
    client.get(path)
    few = count()
    for name, text in files[2:]:
        import_gazette(text, actor=Actor.system("测试甲", "test"), filename=name)
    client.get(path)
    assert count() <= few + 3
