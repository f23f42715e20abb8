"""The pages of registers: index, list, record, form, import with preview, export, public list; who sees what."""

from __future__ import annotations

import datetime
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.jobs.actions import run_next
from luoshi.office.registers import actions, exports, preview
from luoshi.office.registers.models import RegisterChange, RegisterImport
from luoshi.office.roles import Role
from tests.office.people import client_of, person
from tests.office.registers.trial import OWNER, TOWN, Firm, row, sheet, uscc

ANYBODY = Actor.system("测试甲", "test")
KEY = "trial.firms"


@pytest.fixture
def clerk(firms):
    """A clerk of the organ that keeps the register."""
    return client_of(person("hb", (Role.CLERK, OWNER)))


def make(firms, number=1, **more):
    given = {"credit_code": uscc(number), "name": f"测试{number}号", "town": "育黎镇", "sector": "橡胶", "so2": "12.5"}
    return actions.create(actor=ANYBODY, register=firms, given=given | more).record


def page(name, *args, **query):
    address = reverse(name, args=[KEY, *args])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def upload(client, data, name="a.xlsx"):
    return client.post(page("register-import"), {"file": SimpleUploadedFile(name, data)})


# --- index and list ---------------------------------------------------------------------------------------------------


def test_index_lists_the_registers_with_their_counts(firms, clerk):
    make(firms)
    answer = clerk.get(reverse("registers"))
    assert answer.status_code == 200
    assert f'href="{page("register")}"' in answer.content.decode()
    assert "责任台账" in text_of(answer)
    assert "1 条" in text_of(answer)


def test_visitors_see_public_registers_only(firms):
    make(firms)
    answer = Client().get(reverse("registers"))
    assert f'href="{page("public-register")}"' in answer.content.decode()
    assert f'href="{page("register")}"' not in answer.content.decode()
    assert Client().get(page("register")).status_code == 302


def test_list_shows_columns_facets_and_masks(firms, clerk):
    make(firms, 1, phone="13800001111", note="不列的备注")
    make(firms, 2, sector="铸造", town="崖子镇")
    said = text_of(clerk.get(page("register")))
    for words in ("测试1号", "测试2号", "SO2基准（kg/d）", "12.500", "138****1111", "崖子镇", "铸造", "2 条", "未填"):
        assert words in said
    assert "13800001111" not in said
    assert "不列的备注" not in said
    assert "不列的备注" in text_of(clerk.get(page("register", cols="note")))
    narrowed = text_of(clerk.get(page("register", sector="casting")))
    assert "测试2号" in narrowed
    assert "测试1号" not in narrowed
    assert "没有符合条件的记录" in text_of(clerk.get(page("register", q="无此企业")))


def test_fragment_is_the_same_list_without_the_shell(firms, clerk):
    make(firms)
    answer = clerk.get(page("register"), headers={"HX-Request": "true"})
    assert "测试1号" in answer.content.decode()
    assert "<html" not in answer.content.decode()


def test_list_costs_the_same_queries_with_many_rows(firms, clerk, django_assert_max_num_queries):
    from django.db import connection

    def count():
        seen = []
        with connection.execute_wrapper(lambda run, *given: (seen.append(1), run(*given))[1]):
            clerk.get(page("register"))
        return len(seen)

    make(firms, 1)
    count()
    one = count()
    for number in range(2, 20):
        make(firms, number)
    assert count() <= one + 1
    assert one < 40


def test_list_of_another_day_reads_as_it_was_and_offers_no_acts(firms, clerk):
    firm = make(firms)
    CLOCK.advance(datetime.timedelta(days=3))
    actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given={"name": "后名"}, reason="改")
    then = clerk.get(page("register", on="2019-03-04"))
    assert "测试1号" in text_of(then)
    assert "后名" not in text_of(then)
    assert "登记一条" not in text_of(then)
    assert f"{page('register-record', firm.pk)}?on=2019-03-04" in then.content.decode()
    record = text_of(clerk.get(page("register-record", firm.pk, on="2019-03-04")))
    assert "测试1号" in record
    assert "更正" not in record.split("版本")[0].split("档案")[0]
    before = text_of(clerk.get(page("register-record", firm.pk, on="2019-03-01")))
    assert "还没有登记这条记录" in before


def test_pages_are_walked_by_links(firms, clerk):
    for number in range(1, 46):
        make(firms, number)
    answer = clerk.get(page("register"))
    after = re.search(r'rel="next" href="([^"]+)"', answer.content.decode())
    assert "第 41–45 条" in text_of(clerk.get(after[1].replace("&amp;", "&")))


# --- one record -------------------------------------------------------------------------------------------------------


def test_entering_by_form(firms, clerk):
    form = clerk.get(page("register-new"))
    assert form.status_code == 200
    typed = {"credit_code": uscc(1), "name": "新厂", "town": "育黎镇", "sector": "rubber", "so2": "-2", "reserve": ""}
    answer = clerk.post(page("register-new"), typed)
    assert answer.status_code == 422
    assert 'href="#f-so2"' in answer.content.decode()
    assert 'value="新厂"' in answer.content.decode()
    answer = clerk.post(page("register-new"), typed | {"so2": "2"})
    firm = Firm.objects.get()
    assert (answer.status_code, answer.url) == (303, page("register-record", firm.pk))
    said = text_of(clerk.get(answer.url))
    for words in ("新厂", uscc(1), "育黎镇", "第 1 版", "测试链接"):
        assert words in said


def test_correcting_shows_a_newer_version_beside_what_was_typed(firms, clerk):
    firm = make(firms, phone="13800001111")
    form = clerk.get(page("register-correct", firm.pk)).content.decode()
    assert "13800001111" not in form
    assert "138****1111" in form
    actions.correct(
        actor=Actor.system("测试乙", "test"),
        register=firms,
        record_id=firm.pk,
        version=1,
        given={"so2": "20"},
        reason="核",
    )
    answer = clerk.post(page("register-correct", firm.pk), {"so2": "30", "reason": "改", "version": "1"})
    assert answer.status_code == 409
    said = text_of(answer)
    assert "测试乙" in said
    assert "20.000" in said
    assert "30.000" in said
    assert 'name="version" value="2"' in answer.content.decode()
    done = clerk.post(page("register-correct", firm.pk), {"so2": "30", "reason": "改", "version": "2"})
    assert done.status_code == 303
    assert RegisterChange.objects.filter(record_id=firm.pk).count() == 3
    assert Firm.objects.get().phone == "13800001111"


def test_ending_and_restoring_from_the_page(firms, clerk):
    firm = make(firms)
    end = page("register-end", firm.pk)
    assert clerk.post(end, {"version": "1", "on": "2019-03-01", "reason": ""}).status_code == 422
    assert clerk.post(end, {"version": "1", "on": "2019-03-01", "reason": "停产"}).status_code == 303
    said = text_of(clerk.get(page("register-record", firm.pk)))
    assert "2019年3月1日终止" in said
    assert "停产" in said
    assert clerk.post(page("register-restore", firm.pk), {"version": "2", "reason": "复产"}).status_code == 303
    assert clerk.post(page("register-void", firm.pk), {"version": "2", "reason": "误"}).status_code == 409
    assert clerk.post(page("register-void", firm.pk), {"version": "3", "reason": "误"}).status_code == 303
    assert "已作废" in text_of(clerk.get(page("register-record", firm.pk)))


def test_sensitive_values_are_shown_for_a_purpose_that_is_taken_down(firms, clerk):
    firm = make(firms, phone="13800001111")
    assert "13800001111" not in clerk.get(page("register-record", firm.pk)).content.decode()
    refused = clerk.post(page("register-reveal", firm.pk), {"purpose": " "})
    assert refused.status_code == 403
    assert "13800001111" not in refused.content.decode()
    shown = clerk.post(page("register-reveal", firm.pk), {"purpose": "通知停产"})
    assert "13800001111" in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    entry = AuditEntry.objects.get(act="sensitive.read")
    assert (entry.purpose, entry.subject) == ("通知停产", f"register:{KEY}:{firm.pk}")


# --- import -----------------------------------------------------------------------------------------------------------


def test_import_from_template_to_undo(firms, clerk):
    assert clerk.get(page("register-import")).status_code == 200
    template = clerk.get(page("register-template"))
    head = CalamineWorkbook.from_filelike(io.BytesIO(template.content)).get_sheet_by_index(0).to_python()[0]
    assert head[0] == "统一社会信用代码"
    data = sheet(row(1), row(2, 行业="纺织"), row(3, 责任人电话="13800001111"))
    look = upload(clerk, data)
    assert look.status_code == 303
    shown = clerk.get(look.url)
    said = text_of(shown)
    for words in ("新增", "不在可选之列", "纺织", "138****1111", "只导合格行"):
        assert words in said
    assert "13800001111" not in shown.content.decode()
    assert Firm.objects.count() == 0
    plan = re.search(r'name="plan" value="([0-9a-f]+)"', shown.content.decode())[1]
    assert clerk.post(look.url, {"plan": plan, "mode": "valid_rows"}).status_code == 422
    assert clerk.post(look.url, {"plan": "0" * 64, "mode": "valid_rows", "leave": "1"}).status_code == 409
    faults = clerk.get(look.url + "faults.xlsx")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(faults.content)).get_sheet_by_index(0).to_python()
    assert rows[1][:3] == [3.0, "行业", "纺织"]
    done = clerk.post(look.url, {"plan": plan, "mode": "valid_rows", "leave": "1"})
    taken = RegisterImport.objects.get()
    assert (done.status_code, done.url) == (303, page("register-import-done", taken.pk))
    assert Firm.objects.count() == 2
    assert "整次对冲" in text_of(clerk.get(done.url))
    assert "a.xlsx" in text_of(clerk.get(page("register-imports")))
    again = upload(clerk, data)
    assert "已导入过" in text_of(clerk.get(again.url))
    assert clerk.post(page("register-undo", taken.pk), {"reason": ""}).status_code == 422
    assert clerk.post(page("register-undo", taken.pk), {"reason": "传错"}).status_code == 303
    assert Firm.objects.filter(void=True).count() == 2
    assert "对冲 2 条" in text_of(clerk.get(page("register-import-done", taken.pk)))


def test_preview_that_is_no_longer_so_is_shown_anew(firms, clerk):
    firm = make(firms)
    look = upload(clerk, sheet(row(1, 行业="铸造")))
    plan = re.search(r'name="plan" value="([0-9a-f]+)"', clerk.get(look.url).content.decode())[1]
    CLOCK.advance(datetime.timedelta(minutes=1))
    actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given={"so2": "7"}, reason="改")
    answer = clerk.post(look.url, {"plan": plan, "mode": "all"})
    assert answer.status_code == 409
    assert f'value="{plan}"' not in answer.content.decode()
    assert "E_VERSION" in text_of(answer)
    fresh = re.search(r'name="plan" value="([0-9a-f]+)"', answer.content.decode())[1]
    assert clerk.post(look.url, {"plan": fresh, "mode": "all"}).status_code == 303


@pytest.mark.parametrize(("data", "name", "code"), [(b"", "a.xlsx", "E_FILE"), (b"a,b\n1,2", "a.csv", "E_HEADER")])
def test_file_that_cannot_be_read_is_told_on_the_page(firms, clerk, data, name, code):
    answer = upload(clerk, data or b"x", name)
    assert answer.status_code == 422
    assert code in text_of(answer)
    assert clerk.post(page("register-import"), {}).status_code == 422


def test_large_import_is_a_job_with_a_way_to_its_result(firms, clerk, monkeypatch):
    monkeypatch.setattr(preview, "IN_REQUEST", 1)
    look = upload(clerk, sheet(row(1), row(2)))
    assert look.url.startswith("/jobs/")
    assert run_next().state == "done"
    job = clerk.get(look.url)
    href = re.search(r'class="btn btn-primary" href="([^"]+)"', job.content.decode())[1]
    shown = clerk.get(href)
    plan = re.search(r'name="plan" value="([0-9a-f]+)"', shown.content.decode())[1]
    done = clerk.post(href, {"plan": plan, "mode": "all"})
    assert done.url.startswith("/jobs/")
    assert run_next().state == "done"
    assert Firm.objects.count() == 2


# --- export -----------------------------------------------------------------------------------------------------------


def test_export_is_what_is_seen(firms, clerk):
    make(firms, 1, phone="13800001111", note="=SUM(A1)")
    make(firms, 2, sector="铸造")
    answer = clerk.get(page("register-export", sector="rubber", cols="note") + "&cols=phone")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0] == ["编号", "版本", "统一社会信用代码", "责任人电话", "备注"]
    assert rows[1][2:] == [uscc(1), "138****1111", "'=SUM(A1)"]
    assert len(rows) == 2
    said = str(book.get_sheet_by_name("说明").to_python())
    assert "橡胶" in said
    assert "测试hb" in said
    assert AuditEntry.objects.filter(act="register.export").count() == 1


def test_large_export_is_a_job_only_its_asker_downloads(firms, clerk, monkeypatch):
    monkeypatch.setattr(exports, "IN_REQUEST", 1)
    make(firms, 1)
    make(firms, 2)
    assert clerk.get(page("register-export")).status_code == 422
    answer = clerk.post(page("register-export-later", sector="rubber"))
    assert answer.url.startswith("/jobs/")
    job = run_next()
    assert job.state == "done", job.error
    file = clerk.get(job.result["href"])
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(b"".join(file))).get_sheet_by_index(0).to_python()) == 3
    assert client_of(person("hb2", (Role.CLERK, OWNER))).get(job.result["href"]).status_code == 404


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_town_sees_its_own_and_no_way_to_others(firms):
    make(firms, 1)
    other = make(firms, 2, town="崖子镇")
    town = client_of(person("zhen", (Role.CLERK, TOWN)))
    said = text_of(town.get(page("register")))
    assert "测试1号" in said
    assert "测试2号" not in said
    assert "1 条" in said
    for name in ("register-record", "register-correct"):
        assert town.get(page(name, other.pk)).status_code == 404
    for name in ("register-end", "register-void", "register-reveal"):
        answer = town.post(page(name, other.pk), {"version": "1", "reason": "x", "purpose": "x", "on": "2019-03-04"})
        assert answer.status_code == 404
    rows = CalamineWorkbook.from_filelike(io.BytesIO(town.get(page("register-export")).content))
    assert len(rows.get_sheet_by_index(0).to_python()) == 2


def test_reader_is_offered_no_acts(firms):
    make(firms)
    auditor = client_of(person("sj", (Role.AUDITOR, "audit")))
    said = text_of(auditor.get(page("register")))
    assert "测试1号" in said
    assert "登记一条" not in said
    for name in ("register-new", "register-import", "register-imports", "register-template"):
        assert auditor.get(page(name)).status_code == 403


def test_public_list_shows_published_rows_and_columns_only(firms):
    make(firms, 1, phone="13800001111")
    make(firms, 2, reserve="是")
    answer = Client().get(page("public-register"))
    said = text_of(answer)
    assert "测试1号" in said
    assert "测试2号" not in said
    assert "12.500" not in said
    assert "****" not in said
    assert Client().get(page("public-register", sector="casting")).status_code == 200
    assert "测试1号" in text_of(Client().get(page("public-register", sector="casting")))


def test_unknown_register_is_not_found(firms, clerk):
    for address in ("/registers/no.such/", "/registers/no.such/1/", "/open/registers/no.such/"):
        assert clerk.get(address).status_code == 404
