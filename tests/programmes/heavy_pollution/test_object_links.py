"""Personal links: a firm without an account sees and answers its own tasks, nobody else's."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.models import AuditEntry
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import object_links
from luoshi.programmes.heavy_pollution.models import Enterprise, MeasureTask
from tests.office.people import actor, client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, episode

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
CODE, OTHER = "913710830000000195", "913710830000000276"
PHOTO = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def task(response, code=CODE, measure="E6", town="xiacun", **more):
    return MeasureTask.objects.create(
        response=response, measure=measure, organ="economy-it", town=town, object_kind="firm", object_id=code,
        object_name="测试化工有限公司" if code == CODE else "测试印刷有限公司", text="减排三成", sent_at=NOW,
        state_at=NOW, **more,
    )  # fmt: skip


@pytest.fixture
def response():
    return episode(released="")


def address(response, code=CODE):
    subject = object_links.Subject(response.pk, "firm", code)
    return reverse("open-pollution-object", args=[object_links.code_of(subject)])


def test_a_firm_sees_its_tasks_and_answers_one_without_an_account(response):
    mine, other = task(response), task(response, OTHER)
    visitor, place = Client(), address(response)
    shown = visitor.get(place)
    assert shown.status_code == 200
    assert "测试化工有限公司" in shown.text
    assert "测试印刷有限公司" not in shown.text
    assert "no-store" in shown["Cache-Control"]
    given = {"task": mine.pk, "version": 1, "state": "in_place", "note": "二号线已停"}
    answered = visitor.post(place, given, follow=True)
    assert answered.status_code == 200
    mine.refresh_from_db()
    assert (mine.state, mine.by, mine.note) == ("in_place", "测试化工有限公司（凭链接）", "二号线已停")
    assert AuditEntry.objects.get(act="pollution.task").via == "link"
    refused = visitor.post(place, given | {"task": other.pk})
    assert refused.status_code == 404
    other.refresh_from_db()
    assert other.state == "sent"


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"state": "failed"}, 422, "请写明原因"),
        ({"state": "excused"}, 422, "请选"),
        ({"state": "in_place", "version": "7"}, 409, "请刷新后再报"),
        ({"state": "in_place", "task": "abc"}, 404, "没有第 0 号任务"),
    ],
)
def test_what_is_refused_says_why_and_writes_nothing(response, given, status, words):
    row = task(response)
    answered = Client().post(address(response), {"task": row.pk, "version": 1, "note": ""} | given)
    assert answered.status_code == status
    assert words in answered.text
    row.refresh_from_db()
    assert (row.state, row.version) == ("sent", 1)


def test_a_photo_used_elsewhere_is_flagged_and_no_photo_is_refused(response):
    mine, other = task(response), task(response, OTHER)
    for row, code in ((other, OTHER), (mine, CODE)):
        photo = SimpleUploadedFile("现场.png", PHOTO, content_type="image/png")
        given = {"task": row.pk, "state": "in_place", "photo": photo}
        assert Client().post(address(response, code), given).status_code == 303
    mine.refresh_from_db()
    assert mine.flagged == "照片在别处用过"


@pytest.mark.parametrize(
    "spoil", [lambda code: code[:-1], lambda code: "x" + code, lambda code: "a:b", lambda code: "9" * 600]
)
def test_a_code_that_was_not_made_here_opens_nothing(response, spoil):
    task(response)
    code = object_links.code_of(object_links.Subject(response.pk, "firm", CODE))
    assert Client().get(reverse("open-pollution-object", args=[spoil(code)])).status_code == 404


def test_when_the_response_is_over_nothing_is_reported(response):
    row = task(response, closed="响应终止", state="closed")
    place = address(response)
    assert "响应终止" in Client().get(place).text
    assert Client().post(place, {"task": row.pk, "state": "in_place"}).status_code == 422


def test_the_office_downloads_whom_to_send_which_link(response):
    Enterprise.objects.create(
        credit_code=CODE, name="测试化工有限公司", town="xiacun", sector="chemical", list_year=2018, phone="10000000001"
    )
    task(response)
    task(response, measure="E1")
    task(response, OTHER, town="xujia")
    client = client_of(person("env", (Role.CLERK, "environment")))
    assert client.post(reverse("pollution-links"), {"purpose": ""}).status_code == 403
    answer = client.post(reverse("pollution-links"), {"purpose": "下达任务短信"})
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line[:2] for line in lines[1:]] == [["10000000001", "测试化工有限公司"], ["", "测试印刷有限公司"]]
    assert lines[1][3] in lines[1][2]
    assert Client().get(lines[1][3].removeprefix("http://testserver")).status_code == 200
    assert AuditEntry.objects.get(act="sensitive.read").purpose == "下达任务短信"


def test_a_town_gets_the_links_of_its_own_objects(response):
    task(response)
    task(response, OTHER, town="xujia")
    found = object_links.hand_out(
        actor=actor("t", (Role.CLERK, "xiacun")), response=response, address="https://x.example/", purpose="下达"
    )
    assert [one.name for one in found] == ["测试化工有限公司"]
    response.ended_at = NOW
    with pytest.raises(LuoshiError, match="响应已终止"):
        object_links.hand_out(actor=actor("t2", (Role.CLERK, "xiacun")), response=response, address="", purpose="下达")
