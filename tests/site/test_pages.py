"""Every page answers, filled and empty, whole and as a fragment, in a fixed number of queries."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from luoshi.kernel.citation import clause_url
from luoshi.office.audit.actions import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments import spool
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Instrument
from luoshi.office.jobs.actions import run_next
from luoshi.office.jobs.models import Job
from tests.office import sample

pytestmark = pytest.mark.django_db

TABS = ("clauses", "duties", "targets", "lists", "relations", "versions", "repairs")


@pytest.fixture
def one(monkeypatch):
    """The library with one instrument."""
    sample.compiled(monkeypatch, sample.instrument())
    import_gazette("全文", actor=Actor("测试甲", "test"), filename="一期.txt")
    return Instrument.objects.get()


def many(monkeypatch, count: int) -> None:
    made = [
        sample.instrument(f"测政发〔2018〕{n}号", title=f"第{n}号方案", text=f"第{n}号的条文。")
        for n in range(2, count + 2)
    ]
    sample.compiled(monkeypatch, *made)
    import_gazette("多件", actor=Actor("测试甲", "test"), filename="多件.txt")


@pytest.mark.parametrize(
    "path", ["/desk", "/policy/", "/registers/duties/", "/imports/", "/policy/upload/", "/api/v1/docs"]
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


def test_clause_has_a_permanent_address(client, one):
    response = client.get(clause_url(one.key, "一/(一)"))
    assert response.status_code == 200
    assert "先修损坏的" in response.text


def test_fragment_is_the_block_without_the_shell(client, one):
    for path in ("/policy/", "/registers/duties/", "/imports/", clause_url(one.key), clause_url(one.key, "一")):
        body = client.get(path, headers={"HX-Request": "true"}).text
        assert "<html" not in body, path
        assert body.strip(), path
        whole = client.get(path, headers={"HX-Request": "true", "HX-Boosted": "true"}).text
        assert "<html" in whole, path


def test_ledger_filters_and_says_so(client, one):
    body = client.get("/registers/duties/", {"organ": "市甲局"}).text
    assert "修补长椅" in body
    empty = client.get("/registers/duties/", {"organ": "市无此局"}).text
    assert "没有符合条件的责任" in empty


@pytest.mark.parametrize(
    "query",
    ["month=2018-10", "month=2018-11", "month=99", "origin=by", "origin=x", "local=1", "q=长椅", "q=，",
     "document=无", "on=2018-06-01",
     "on=1900-01-01", "on=x", "role=any&organ=市乙局", "d=loose"],
)  # fmt: skip
def test_ledger_takes_any_condition(client, one, query):
    assert client.get(f"/registers/duties/?{query}").status_code == 200


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
    import_gazette("全文", actor=Actor("测试甲", "test"), filename="一期.txt")
    totals = [client.get(f"/api/v1/duties?month=2025-{month:02}").json()["total"] for month in (9, 10, 11)]
    assert totals == [0, 1, 0]


@pytest.mark.parametrize("path", ["/registers/duties/", "/policy/", "/desk", "/imports/"])
def test_list_makes_the_same_number_of_queries_for_one_row_and_for_many(client, monkeypatch, path):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    many(monkeypatch, 1)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(path)
    many_more = [
        sample.instrument(f"测政发〔2018〕{n}号", title=f"第{n}号方案", text=f"第{n}号的条文。") for n in range(20, 40)
    ]
    sample.compiled(monkeypatch, *many_more)
    import_gazette("更多", actor=Actor("测试甲", "test"), filename="更多.txt")
    with CaptureQueriesContext(connection) as more:
        client.get(path)
    assert len(more) == len(few)


def test_ledger_pages_forwards_and_backwards_without_loss(client, monkeypatch):
    many(monkeypatch, 60)
    seen, query = [], ""
    while True:
        page = client.get(f"/api/v1/duties?limit=50{query}").json()
        seen += [item["id"] for item in page["items"]]
        if not page["next"]:
            break
        query = f"&after={page['next']}"
    assert len(seen) == len(set(seen)) == Duty.objects.count() == 120
    first = client.get("/registers/duties/")
    second = client.get(first.context["page"]["next_href"])
    back = client.get(second.context["page"]["prev_href"])
    ids = [[row.id for group in r.context["groups"] for row in group["rows"]] for r in (first, back)]
    assert ids[0] == ids[1]
    assert (second.context["page"]["first"], second.context["page"]["last"]) == (51, 100)


def test_excel_has_the_columns_and_the_filter(client, one):
    import io

    from python_calamine import CalamineWorkbook

    body = client.get("/registers/duties/export.xlsx", {"organ": "市甲局"}).content
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
    from luoshi.office.duties.export import plain

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
    import_gazette("更正", actor=Actor("测试甲", "test"), filename="更正.txt")
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
