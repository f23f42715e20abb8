"""Every page answers, filled and empty, whole and as a fragment, in a fixed number of queries."""

from __future__ import annotations

import datetime
import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.gazette import records as r
from luoshi.kernel.citation import clause_url
from luoshi.office.actors import Actor
from luoshi.office.duties.dates import occurrence
from luoshi.office.duties.models import Duty, TimeLimit
from luoshi.office.instruments import spool
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import CompilerWarning, Instrument
from luoshi.office.jobs.actions import run_next
from luoshi.office.jobs.models import Job
from luoshi.site.present import due_chip
from tests.office import sample

pytestmark = [pytest.mark.django_db, pytest.mark.both]

TABS = ("clauses", "compare", "duties", "targets", "lists", "relations", "versions", "repairs")


@pytest.fixture
def one(monkeypatch):
    """The library with one instrument."""
    sample.compiled(monkeypatch, sample.instrument())
    import_gazette("全文", actor=Actor.system("测试甲", "test"), filename="一期.txt")
    return Instrument.objects.get()


def many(monkeypatch, count: int) -> None:
    made = [
        sample.instrument(f"测政发〔2018〕{n}号", title=f"第{n}号方案", text=f"第{n}号的条文。")
        for n in range(2, count + 2)
    ]
    sample.compiled(monkeypatch, *made)
    import_gazette("多件", actor=Actor.system("测试甲", "test"), filename="多件.txt")


@pytest.mark.parametrize(
    "path",
    [
        "/desk",
        "/policy/",
        "/registers/duties/",
        "/registers/duties/clauses/",
        "/tasks/",
        "/imports/",
        "/policy/upload/",
        "/api/v1/docs",
    ],
)
def test_page_answers_in_an_empty_library(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert "<h1" in response.text


def test_home_leads_to_the_desk(client):
    assert client.get("/")["Location"] == "/desk"


def test_health_names_the_database(client):
    assert client.get("/health").json()["status"] == "ok"


@pytest.mark.parametrize("tab", TABS)
def test_instrument_page_shows_each_tab(client, one, tab):
    response = client.get(clause_url(one.key), {"tab": tab})
    assert response.status_code == 200
    assert "街边长椅修补方案" in response.text


COMPARED = (
    "街边长椅修补方案<script>alert(1)</script>\n"
    "一、总要求。修补全市<b>街边</b>长 椅&桌。2018年10月底前修补率达到95%。(市甲局牵头，市乙局、\n丙公司配合)\n"
    "(一)先修损坏的，后修陈旧的。\n"
    "测试市人民政府\n"
)


def compared(monkeypatch, count: int) -> str:
    """Return the address of an instrument whose first clause has `count` records of every kind."""
    first, second = COMPARED.index("一、"), COMPARED.index("(一)")
    made = sample.instrument(
        text="修补全市<b>街边</b>长椅&桌。2018年10月底前修补率达到95%。(市甲局牵头,市乙局、丙公司配合)"
    )
    made.end = len(COMPARED)

    def place(words: str) -> tuple[int, int]:
        return COMPARED.index(words), COMPARED.index(words) + len(words)

    duty = sample.duty(limits=(("by", "2018-10-31", "2018年10月底前"),))
    duty.start, duty.end = place("修补全市")[0], second - 1
    duty.time_limits[0].start, duty.time_limits[0].end = place("2018年10月底前")
    made.clauses[0].start, made.clauses[0].end = first, second - 1
    made.clauses[1].start, made.clauses[1].end = second, COMPARED.index("测试市人民政府") - 1
    made.clauses[1].text += "再修别的。" * (count > 1)
    made.duties = [duty] * count
    made.targets = [r.Target("修补率", ">=", "95", "%", None, None, False, "一", [], *place("95%"))] * count
    made.memberships = [r.Membership("小组", "组长", "测试甲", None, None, "一", *place("街边"))] * count
    made.relations = [r.Relation("cites", r.Reference(None, "旧<办法>"), "一", *place("全市"))] * count
    made.appointments = []
    found = sample.compilation(made, warnings=0)
    found.repairs = [r.Repair("removed_blank", *place(" "), " ", "")] * count
    found.warnings = [r.Warning("unknown_organ", "单位<不识>。", *place("丙公司"))] * count
    for warning in found.warnings:
        warning.instrument = sample.NUMBER
    monkeypatch.setattr("luoshi.office.instruments.plan.compile_for_library", lambda text: found)
    import_gazette(COMPARED + "\n" * count, actor=Actor.system("测试甲", "test"), filename="对照.txt")
    return clause_url(sample.NUMBER)


def compare_page(client, address: str, **query: str):
    return client.get(address, {"tab": "compare"} | query)


def test_text_stands_beside_the_records_of_the_chosen_clause(client, monkeypatch):
    response = compare_page(client, compared(monkeypatch, 1), clause="一")
    groups = {group["kind"]: group for group in response.context["compared"].groups}
    assert {kind: group["count"] for kind, group in groups.items()} == dict.fromkeys(
        ("duty", "limit", "target", "seat", "cites", "repair", "warning"), 1
    )
    assert groups["limit"]["rows"][0]["title"] == "2018年10月31日 周三"
    assert groups["duty"]["rows"][0]["duty"].basis_word == "责任括注"
    assert groups["repair"]["rows"][0]["before"].endswith("长␣椅&桌。2018")
    assert {row["cite"].href for group in groups.values() for row in group["rows"]} == {clause_url(sample.NUMBER, "一")}
    legend = {mark["kind"]: mark["count"] for mark in response.context["compared"].legend}
    assert legend == {
        "lead": 1, "cooperating": 2, "limit": 1, "target": 1, "list": 1, "cites": 1, "repair": 1, "warning": 1
    }  # fmt: skip


def test_marks_of_the_file_stand_at_the_same_words_in_the_repaired_text(client, monkeypatch):
    address = compared(monkeypatch, 1)
    body = str(compare_page(client, address, clause="一").context["compared"].text)
    for kind, words in {
        "lead": "市甲局",
        "limit": "2018年10月底前",
        "target": "95%",
        "list": "街边",
        "cites": "全市",
    }.items():
        assert re.search(rf'ls-m-{kind}" title="[^"]*">{words}</span>', body), kind
    assert re.search('ls-m-repair" title="修补">长椅</span>', body)
    raw = str(compare_page(client, address, clause="一", text="raw").context["compared"].text)
    assert re.search('ls-m-repair" title="修补">长 椅</span>', raw)
    printed = re.findall('<div class="ls-printed">(.*?)</div>', raw, re.DOTALL)
    assert [unescape(re.sub("<[^>]*>", "", part)).strip() for part in printed] == [
        COMPARED[: COMPARED.index("一、")].strip(),
        COMPARED[COMPARED.index("一、") : COMPARED.index("(一)")].strip(),
        "(一)先修损坏的，后修陈旧的。",
        "测试市人民政府",
    ]


def test_mark_on_a_label_stays_on_the_label(client, monkeypatch):
    address = compared(monkeypatch, 1)
    place = COMPARED.index("(一)")
    CompilerWarning.objects.update(start=place, end=place + 3)
    body = str(compare_page(client, address, clause="一/(一)").context["compared"].text)
    assert 'title="存疑">（一）</span>先修损坏的' in body


@pytest.mark.parametrize("text", ["", "raw"])
def test_compared_words_are_escaped(client, monkeypatch, text):
    body = compare_page(client, compared(monkeypatch, 1), clause="一", text=text).text
    assert "<script>alert" not in body
    assert "<b>街边" not in body
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in body
    assert "单位&lt;不识&gt;" in body
    assert "旧&lt;办法&gt;" in body


@pytest.mark.parametrize("path", ["二", "<b>", "一/(九)", "/", "％" * 300])
def test_unknown_clause_is_told_and_the_first_is_shown(client, monkeypatch, path):
    response = compare_page(client, compared(monkeypatch, 1), clause=path)
    assert response.status_code == 200
    assert "这份文件没有条款" in response.text
    assert response.context["compared"].chosen.path == "一"
    assert "<b>”" not in response.text


def test_clause_without_records_says_so(client, monkeypatch):
    assert "这一条没有读出记录" in compare_page(client, compared(monkeypatch, 1), clause="一/(一)").text


def test_comparison_promises_no_act(client, monkeypatch):
    body = client.get(compared(monkeypatch, 1), {"tab": "compare"}, headers={"HX-Request": "true"}).text
    assert "<form" not in body
    assert "<button" not in body


def test_comparison_makes_the_same_number_of_queries_for_one_record_and_for_many(client, monkeypatch):
    numbers = []
    for count in (1, 30):
        address = compared(monkeypatch, count)
        with CaptureQueriesContext(connection) as made:
            response = compare_page(client, address, clause="一")
        assert response.context["compared"].groups[0]["count"] == count
        numbers.append(len(made))
    assert numbers[0] == numbers[1]


def test_clause_has_a_permanent_address(client, one):
    response = client.get(clause_url(one.key, "一/(一)"))
    assert response.status_code == 200
    assert "先修损坏的" in response.text


def test_fragment_is_the_block_without_the_shell(client, one):
    for path in (
        "/policy/",
        "/registers/duties/",
        "/registers/duties/clauses/",
        "/imports/",
        clause_url(one.key),
        clause_url(one.key, "一"),
    ):
        body = client.get(path, headers={"HX-Request": "true"}).text
        assert "<html" not in body, path
        assert body.strip(), path
        whole = client.get(path, headers={"HX-Request": "true", "HX-Boosted": "true"}).text
        assert "<html" in whole, path


def test_printed_duties_are_filtered_and_say_so(client, one):
    body = client.get("/registers/duties/clauses/", {"organ": "市甲局"}).text
    assert "修补长椅" in body
    empty = client.get("/registers/duties/clauses/", {"organ": "市无此局"}).text
    assert "没有符合条件的责任" in empty


@pytest.mark.parametrize(
    "query",
    ["month=2018-10", "month=2018-11", "month=99", "origin=by", "origin=x", "local=1", "q=长椅", "q=，",
     "document=无", "on=2018-06-01",
     "on=1900-01-01", "on=x", "role=any&organ=市乙局", "d=loose"],
)  # fmt: skip
def test_printed_duties_take_any_condition(client, one, query):
    assert client.get(f"/registers/duties/clauses/?{query}").status_code == 200


def test_ledger_conditions_leave_what_fits(client, one):
    def summaries(query):
        return client.get(f"/api/v1/duties?{query}").json()["total"]

    wanted = {
        "": 2, "month=2018-10": 1, "month=2018-11": 0, "origin=by": 1, "origin=none": 1, "q=长椅": 2, "q=无此词": 0,
        "on=2018-06-01": 2, "on=2018-02-01": 0, "organ=市乙局": 0, "organ=市乙局&any_role=true": 2, "local=true": 0,
    }  # fmt: skip
    assert {query: summaries(query) for query in wanted} == wanted


def test_recurring_duty_is_due_in_its_months_only(client, monkeypatch):
    made = sample.instrument()
    made.duties = [sample.duty(limits=(("every", "yearly by 10-31", "每年10月底前"),))]
    sample.compiled(monkeypatch, made)
    import_gazette("全文", actor=Actor.system("测试甲", "test"), filename="一期.txt")
    totals = [client.get(f"/api/v1/duties?month=2025-{month:02}").json()["total"] for month in (9, 10, 11)]
    assert totals == [0, 1, 0]


@pytest.mark.parametrize("path", ["/registers/duties/clauses/", "/policy/", "/imports/"])
def test_list_makes_the_same_number_of_queries_for_one_row_and_for_many(client, monkeypatch, path):
    many(monkeypatch, 1)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(path)
    many_more = [
        sample.instrument(f"测政发〔2018〕{n}号", title=f"第{n}号方案", text=f"第{n}号的条文。") for n in range(20, 40)
    ]
    sample.compiled(monkeypatch, *many_more)
    import_gazette("更多", actor=Actor.system("测试甲", "test"), filename="更多.txt")
    with CaptureQueriesContext(connection) as more:
        client.get(path)
    assert len(more) == len(few)


def test_printed_duties_page_forwards_and_backwards_without_loss(client, monkeypatch):
    many(monkeypatch, 60)
    seen, query = [], ""
    while True:
        page = client.get(f"/api/v1/duties?limit=50{query}").json()
        seen += [item["id"] for item in page["items"]]
        if not page["next"]:
            break
        query = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == Duty.objects.count() == 120
    first = client.get("/registers/duties/clauses/")
    second = client.get(first.context["page"]["next_href"])
    back = client.get(second.context["page"]["prev_href"])
    ids = [[row.id for group in r.context["groups"] for row in group["rows"]] for r in (first, back)]
    assert ids[0] == ids[1]
    assert (second.context["page"]["first"], second.context["page"]["last"]) == (41, 80)


def test_excel_has_the_columns_and_the_filter(client, one):
    import io

    from python_calamine import CalamineWorkbook

    body = client.get("/registers/duties/clauses/export.xlsx", {"organ": "市甲局"}).content
    rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["序号", "文号", "条款", "工作任务", "牵头单位", "配合单位", "完成时限", "目标值"]
    assert rows[1][1:] == [
        sample.NUMBER,
        "一",
        "修补街边长椅，按月登记。",
        "市甲局",
        "市乙局、丙公司",
        "2018年10月31日前",
        "修补率≥95%",
    ]
    assert "牵头 市甲局" in rows[2][0]


def test_excel_text_is_never_a_formula():
    from luoshi.office.workbook import plain

    assert [plain(text) for text in ("=1+1", "+86", "-3", "@x", "甲")] == ["'=1+1", "'+86", "'-3", "'@x", "甲"]


def test_upload_previews_then_imports_by_a_job(client, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    response = client.post("/policy/upload/", {"text": "一、修补街边长椅。"})
    assert response.status_code == 303
    preview = client.get(response["Location"])
    assert preview.status_code == 200
    assert "街边长椅修补方案" in preview.text
    assert not Instrument.objects.exists()
    confirmed = client.post(response["Location"])
    assert confirmed.status_code == 303
    waiting = client.get(confirmed["Location"], headers={"HX-Request": "true"})
    assert waiting.status_code == 200
    run_next()
    done = client.get(confirmed["Location"], headers={"HX-Request": "true"})
    assert done.status_code == 286
    assert Job.objects.get().result["new"] == 1
    assert Instrument.objects.count() == 1
    assert "街边长椅修补方案" in client.get(confirmed["Location"]).text


def test_a_file_confirmed_by_two_is_taken_in_once(client, monkeypatch):
    """Who comes second is led to the import that runs or has ended; two at the same moment are told what happened."""
    sample.compiled(monkeypatch, sample.instrument())
    preview = reverse("upload-preview", args=[spool.keep("a.txt", "一、全文".encode()).key])
    first = client.post(preview)["Location"]
    assert client.post(preview)["Location"] == first
    job = Job.objects.get()
    at_once = Job.objects.create(kind=job.kind, arguments=job.arguments, by=job.by, created_at=job.created_at)
    run_next()
    run_next()
    at_once.refresh_from_db()
    assert (at_once.state, Instrument.objects.count()) == ("failed", 1)
    told = client.get(reverse("job", args=[at_once.pk])).text
    assert f"同一个文件刚由第 {job.pk} 号任务导入" in told
    assert "请重新上传" not in told
    assert client.post(preview)["Location"] == first
    assert client.get(preview)["Location"] == first


def test_job_that_fails_says_why_and_leaves_nothing(client, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument(), sample.instrument(text="另一段。"))
    waiting = spool.keep("a.txt", "一、全文".encode())
    client.post(reverse("upload-preview", args=[waiting.key]))
    run_next()
    body = client.get(reverse("job", args=[Job.objects.get().pk])).text
    assert "出现两次而内容不同" in body
    assert not Instrument.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空"),
        (bytes(range(256)) * 40, ""),
        (b"\xff\xfe\x00\x00\x01\x02" * 50, ""),
    ],
)
def test_upload_refuses_what_is_no_text(client, data, words):
    from django.core.files.uploadedfile import SimpleUploadedFile

    response = client.post("/policy/upload/", {"file": SimpleUploadedFile("a.txt", data)})
    assert response.status_code == 422
    assert words in response.text
    assert "E_FILE" in response.text


def test_upload_refuses_a_body_above_the_bound_before_reading_it(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = client.post("/policy/upload/", {"text": "长" * 2000})
    assert response.status_code == 422
    assert "超过上限" in response.text


def test_form_without_token_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/policy/upload/", {"text": "一、甲"}).status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/instruments/测政发〔2018〕99号/",
        "/jobs/99/",
        "/registers/duties/99/",
        "/imports/99/",
        "/policy/upload/x/",
    ],
)
def test_missing_things_are_404_with_a_sentence(client, path):
    response = client.get(path)
    assert response.status_code == 404
    assert "E_NOT_FOUND" in response.text


def test_address_with_nul_is_refused(client):
    assert client.get("/policy/?q=%00").status_code == 422
    assert client.get("/api/v1/instruments?q=%00")["Content-Type"] == "application/problem+json"


def test_search_for_a_number_leads_to_the_document(client, one):
    assert client.get("/policy/", {"q": "测政发[2018]1号"})["Location"] == clause_url(one.key)
    assert client.get("/policy/", {"q": "测政发〔2018〕1号 一(一)"})["Location"] == clause_url(one.key, "一/(一)")


def test_old_version_stays_readable_at_its_own_address(client, one, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument(text="改过的条文。"))
    import_gazette("更正", actor=Actor.system("测试甲", "test"), filename="更正.txt")
    old = client.get(clause_url(one.key), {"v": "1"})
    assert "修补全市街边长椅" in old.text
    assert old.context["old_version"]["current_href"] == clause_url(one.key)
    diff = client.get(clause_url(one.key), {"tab": "versions"}).context["diff"]
    assert [(row["path"], row["kind"]) for row in diff] == [("一", "changed")]


def test_no_page_has_inline_scripts_and_the_policy_forbids_them(client, one):
    response = client.get("/registers/duties/")
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "unsafe-eval" not in response["Content-Security-Policy"]


def test_choice_of_size_is_kept_and_leads_back_here_only(client):
    response = client.get("/size/", {"to": "large", "next": "//evil.example/"})
    assert response["Location"] == "/"
    assert client.cookies["ls_size"].value == "large"


@pytest.mark.parametrize(
    ("value", "state", "day"),
    [
        ("daily by 16:00", "open", None),
        ("weekly", "open", None),
        ("monthly", "near", datetime.date(2026, 11, 30)),
    ],
)
def test_due_chip_promises_no_day_for_what_is_owed_each_day(value, state, day):
    _, months, last = occurrence("every", value)
    limit = TimeLimit(kind="every", value=value, text=value, months=months, day=last)
    chip = due_chip([limit], datetime.date(2026, 11, 25))
    assert (chip.state, chip.date) == (state, day)
