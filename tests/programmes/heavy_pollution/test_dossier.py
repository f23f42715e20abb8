"""The whole file of an episode: what is in it, what the index says of it, who may have it, large ones as a job."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.files import actions as files
from luoshi.office.jobs.actions import run_next
from luoshi.office.jobs.models import Job
from luoshi.office.notices import actions as notices
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import dossier, plan, tasks
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    CityHour,
    Consultation,
    EpisodeDuty,
    Inspection,
    MeasureTask,
    Publicity,
)
from tests.office.people import actor, client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, at, episode, owe

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def response():
    """An orange episode that is over, with a little of everything in its file."""
    made = episode()
    warning = made.warning
    CapMessage.objects.create(
        warning=warning, identifier="37108300000000_20180112160000_0", sender="cap@luoshi.example",
        sent=at("2018-01-12 16:00"), status="Actual", msg_type="Alert", xml="<alert/>",
    )  # fmt: skip
    for n, state in enumerate(("in_place", "failed", "received"), 1):
        MeasureTask.objects.create(
            response=made, measure="E6", organ="economy-it", town="xiacun", object_kind="firm", object_id=f"F{n}",
            object_name=f"=测试{n}厂", text="减三成", sent_at=at("2018-01-12 16:00"), state=state, state_at=NOW,
        )  # fmt: skip
    owe(made, "daily", "economy-it", "2018-01-13 15:00", "2018-01-13 14:00")
    Publicity.objects.create(response=made, channel="广播", text="预警", sent_at=at("2018-01-12 17:00"), by="测试甲",
                             received_at=at("2018-01-12 17:01"))  # fmt: skip
    Inspection.objects.create(response=made, object_kind="firm", object_id="F2", object_name="测试2厂", finding="none",
                              organ="environment", text="看过", at=at("2018-01-13 09:00"), by="测试乙")  # fmt: skip
    Consultation.objects.create(
        approval=warning.case, warning=warning, held_at=at("2018-01-12 09:00"), now=at("2018-01-12 09:00"),
        grade="orange", proposed="orange", minutes="会商一致", closed_at=at("2018-01-12 10:00"),
        series={"start": "2018-01-12T09:00:00+08:00", "hours": [{"n": 3, "aqi": 220, "origin": "forecast"}]},
        computed={"value": {}, "reasons": [{"ok": True, "text": "81小时", "citation": "乳政办发〔2018〕2号 3.1.3(3)"}]},
    )  # fmt: skip
    CityHour.objects.create(hour=at("2018-01-12 08:00"), aqi=201, primary="PM2.5", stations=3, received_at=NOW)
    return made


def paper(response, number):
    return notices.draft(
        actor=Actor.system("测试", "test"), kind="heavy_pollution.filing_form", case=response.warning.case_id,
        fields={"what": "预警发布", "warning": number, "colour": "橙色", "level": "Ⅱ级", "at": NOW,
                "onset": "1月14日0时", "end": "1月17日0时", "peak": "315", "signer": "测试己"},
    )  # fmt: skip


def opened(made):
    with made:
        return zipfile.ZipFile(io.BytesIO(made.read()))


def rows_of(archive, name, sheet):
    book = CalamineWorkbook.from_filelike(io.BytesIO(archive.read(name)))
    return book.get_sheet_by_name(sheet).to_python()[1:]


def command(login="chief"):
    return actor(login, (Role.CLERK, plan.COMMAND))


def test_everything_of_an_episode_is_in_and_the_index_holds_its_digest(response):
    paper(response, "RSZWR-2018-001")
    photo = files.keep(actor=Actor.system("测试", "test"), name="照片.pdf", data=PDF)
    MeasureTask.objects.filter(object_id="F1").update(evidence=photo)
    EpisodeDuty.objects.update(file=photo)
    archive = opened(dossier.write(actor=command(), warning=response.warning, purpose="归档"))
    names = archive.namelist()
    assert names[-3:] == ["00-卷内目录.xlsx", "00-卷内目录.html", "manifest.json"]
    assert [one for one in names if one.startswith("03-")] == ["03-文书/001-重污染天气预警发布备案表.pdf"]
    assert "04-预警信息CAP/37108300000000_20180112160000_0.xml" in names
    assert archive.read("05-措施任务证据/E6-=测试1厂.pdf") == PDF
    assert any(one.startswith("06-应急报告附件/") for one in names)
    told = json.loads(archive.read("manifest.json"))
    assert {one["place"] for one in told["items"] if one["place"]} == set(names) - {"manifest.json"}
    for one in told["items"]:
        if one["place"]:
            assert hashlib.sha256(archive.read(one["place"])).hexdigest() == one["sha256"], one
    assert (told["purpose"], told["highest"], told["exercise"]) == ("归档", "orange", False)
    # The index says what is lacking and why: a clerk of the command doesn't read the trail.
    assert [one["note"] for one in told["items"] if not one["place"]] == [
        "导出人无权查看审计，未附；由审计员导出时附上"
    ]
    page = archive.read("00-卷内目录.html").decode()
    assert "RSZWR-2018-001 橙色预警卷内目录" in page
    assert "草稿，未签发" in page


def test_the_tables_say_what_the_records_say(response):
    archive = opened(dossier.write(actor=command(), warning=response.warning, purpose="归档"))
    tasks_told = [row for row in rows_of(archive, "05-措施任务.xlsx", "措施任务") if row[1] == "E6"]
    assert [row[9] for row in tasks_told] == ["已落实", "未落实", "已接收"]
    # What begins like a formula is text.
    assert tasks_told[0][5] == "'=测试1厂"
    held = rows_of(archive, "02-会商与审批.xlsx", "会商")[0]
    assert held[1:4] == ["发布", "2018-01-12 09:00", "2018-01-12 10:00"]
    assert rows_of(archive, "02-会商与审批.xlsx", "采用的序列")[0][1:5] == ["2018-01-12 09:00", 3, "预报", "aqi 220"]
    assert rows_of(archive, "02-会商与审批.xlsx", "定级理由")[0][3] == "乳政办发〔2018〕2号 3.1.3(3)"
    assert ["2018-01-12 08:00", 201, "PM2.5"] in [row[:3] for row in rows_of(archive, "01-空气与预报.xlsx", "逐时空气")]
    assert rows_of(archive, "07-发布与送达.xlsx", "发布记录")[0][0] == "广播"
    assert rows_of(archive, "08-检查与违规.xlsx", "检查与违规")[0][4] == "未见问题"


def test_a_large_episode_is_cut_into_workbooks_none_of_them_losing_a_row(response, monkeypatch):
    monkeypatch.setattr(dossier, "SHEET_ROWS", 2)
    archive = opened(dossier.write(actor=command(), warning=response.warning, purpose="归档"))
    parts = [one for one in archive.namelist() if one.startswith("05-措施任务")]
    assert parts == ["05-措施任务-01.xlsx", "05-措施任务-02.xlsx"]
    rows = [row for part in parts for row in rows_of(archive, part, "措施任务") if row[1] == "E6"]
    assert [row[5] for row in rows] == ["'=测试1厂", "'=测试2厂", "'=测试3厂"]


def test_who_reads_the_trail_gets_it_of_this_episode_only(response):
    row = MeasureTask.objects.get(object_id="F3")
    tasks.report(actor=Actor.system("测试", "test"), task=row.pk, state="in_place", note="已停")
    other = episode("RSZWR-2018-002", "2018-01-25 09:00", "2018-01-27 08:00")
    MeasureTask.objects.create(response=other, measure="P1", organ="education", text="停", sent_at=NOW, state_at=NOW)
    auditor = actor("auditor", (Role.AUDITOR, "audit"))
    archive = opened(dossier.write(actor=auditor, warning=response.warning, purpose="审计"))
    lines = [json.loads(line) for line in archive.read("09-审计记录/entries.jsonl").splitlines()]
    assert [(one["act"], one["subject"]) for one in lines] == [("pollution.task", f"hp-task:{row.pk}")]
    assert "SM3" in archive.read("09-审计记录/README.txt").decode()


def test_taking_it_out_is_on_the_trail_and_asks_what_for(response):
    who = command()
    with pytest.raises(LuoshiError) as refusal:
        dossier.write(actor=who, warning=response.warning, purpose=" ")
    assert refusal.value.code == "E_PURPOSE"
    assert not AuditEntry.objects.filter(act="pollution.dossier").exists()
    dossier.write(actor=who, warning=response.warning, purpose="移交档案馆").close()
    told = AuditEntry.objects.get(act="pollution.dossier")
    assert (told.subject, told.purpose) == (f"case:{response.warning.case_id}", "移交档案馆")
    assert told.after["lacking"] == 1


@pytest.mark.parametrize(
    ("role", "organ", "fits"),
    [(Role.CLERK, plan.COMMAND, True), (Role.LEADER, "environment", True), (Role.AUDITOR, "audit", True),
     (Role.CLERK, "education", False), (Role.CLERK, "xiacun", False)],
)  # fmt: skip
def test_who_may_have_the_whole_file(response, role, organ, fits):
    who = person(f"p-{organ}", (role, organ))
    href = reverse("pollution-dossier", args=[response.warning.pk])
    client = client_of(who)
    page = client.get(href)
    assert page.status_code == 200
    assert ("导出整卷" in page.content.decode()) is fits
    answer = client.post(href, {"purpose": "归档"})
    assert answer.status_code == (200 if fits else 403)
    if fits:
        assert answer["Content-Type"] == "application/zip"
        assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))


def test_the_page_counts_papers_and_asks_for_a_purpose(response):
    paper(response, "RSZWR-2018-001")
    client = client_of(person("chief", (Role.CLERK, plan.COMMAND)))
    text = client.get(reverse("pollution-warning", args=[response.warning.pk])).content.decode()
    assert "文书 1 份" in text
    answer = client.post(reverse("pollution-dossier", args=[response.warning.pk]), {"purpose": ""})
    assert answer.status_code == 422
    assert "导出整卷须写明用途" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_large_one_is_made_as_a_job_for_who_asked(response, monkeypatch):
    monkeypatch.setattr(dossier, "MOST_TASKS_AT_ONCE", 2)
    who = person("chief", (Role.CLERK, plan.COMMAND))
    client = client_of(who)
    answer = client.post(reverse("pollution-dossier", args=[response.warning.pk]), {"purpose": "归档"})
    assert answer.status_code == 303
    assert run_next() is not None
    done = Job.objects.get(kind="pollution.dossier")
    assert done.state == Job.State.DONE, done.error
    href = done.result["href"]
    given = client.get(href)
    assert zipfile.ZipFile(io.BytesIO(b"".join(given.streaming_content))).testzip() is None
    stranger = client_of(person("other", (Role.CLERK, plan.COMMAND)))
    assert stranger.get(href).status_code == 404
    assert AuditEntry.objects.get(act="pollution.dossier").who == who.name


def test_the_api_lists_papers_and_gives_the_file(response):
    paper(response, "RSZWR-2018-001")
    client = client_of(person("chief", (Role.CLERK, plan.COMMAND)))
    number = response.warning.case.number
    listed = client.get(f"/api/v1/pollution/warnings/{number}/papers").json()
    assert (listed["count"], listed["papers"][0]["title"]) == (1, "重污染天气预警发布备案表")
    asked = {"data": json.dumps({"purpose": "归档"}), "content_type": "application/json"}
    answer = client.post(f"/api/v1/pollution/warnings/{number}/file", **asked)
    assert answer.status_code == 200, answer.content
    assert zipfile.is_zipfile(io.BytesIO(b"".join(answer.streaming_content)))
    assert client.get("/api/v1/pollution/warnings/RSZWR-2018-999/papers").status_code == 404
