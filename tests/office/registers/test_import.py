"""A table into a register: faults by row and column, nothing before confirmation, safe again and again, taken back."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import pytest
import xlsxwriter
from django.db import connection, transaction
from django.db.utils import DatabaseError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.instruments import spool
from luoshi.office.jobs.actions import run_next
from luoshi.office.organs.actions import load_directory_into_database
from luoshi.office.registers import actions, jobs, plan, preview, sheets
from luoshi.office.registers.models import RegisterChange, RegisterImport
from luoshi.office.roles import Role
from tests.office.people import actor as actor_of
from tests.office.registers.trial import (
    FIRMS,
    HEAD,
    OTHER_TOWN,
    OWNER,
    TOWN,
    Firm,
    Plot,
    row,
    sheet,
    text,
    uscc,
)

ANYBODY = Actor.system("测试甲", "test")
NOW = datetime.datetime(2019, 3, 4, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def _on_a_day():
    CLOCK.set(NOW)
    yield
    CLOCK.release()


def look(data, name="a.xlsx", actor=ANYBODY):
    from luoshi.office.registers.declaration import find

    return preview.preview(actor=actor, register=find("trial.firms"), name=name, data=data)


def take(data, name="a.xlsx", actor=ANYBODY, **more):
    from luoshi.office.registers.declaration import find

    return actions.take_in(actor=actor, register=find("trial.firms"), name=name, data=data, **more)


def refused(function, *given, **more):
    with pytest.raises(LuoshiError) as error:
        function(*given, **more)
    return error.value


def told(found):
    return [(fault["row"], fault["title"], fault["code"]) for fault in found.faults]


# --- the file ---------------------------------------------------------------------------------------------------------


def test_template_is_read_back_as_an_empty_table(firms):
    table = sheets.read(firms, "模板.xlsx", sheets.template(firms))
    assert [column.name for column in table.columns.values()] == [column.name for column in firms.columns]
    assert list(table.rows) == []
    assert table.ignored == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_of_every_encoding(firms, encoding):
    found = look(text(row(), encoding=encoding), "a.csv")
    assert (found.counts["new"], found.faults) == (1, [])


def test_csv_separated_by_tabs_or_semicolons(firms):
    for mark in ("\t", ";"):
        data = text(row()).decode().replace(",", mark).encode()
        assert look(data, "a.csv").counts["new"] == 1


def test_header_in_any_order_with_title_unit_or_field_name_below_a_heading(firms):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    page = book.add_worksheet()
    page.write(0, 0, "二〇一九年应急减排企业名单")
    page.write_row(2, 1, ["SO2基准（kg/d）", "不认识的列", "name", "*统一社会信用代码", "行业：", "所在 镇街"])
    page.write_row(3, 1, [1.5, "随便", "测试甲公司", uscc(1), "铸造", "育黎镇政府"])
    book.close()
    found = look(stream.getvalue())
    assert found.counts["new"] == 1
    assert found.ignored == ["不认识的列"]
    assert "责任人电话" in found.left_columns
    take(stream.getvalue())
    firm = Firm.objects.get()
    assert (firm.so2, firm.name, firm.sector, firm.town) == (Decimal("1.5"), "测试甲公司", "casting", TOWN)


def test_file_faults_are_refused_with_their_place(firms):
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    page = book.add_worksheet()
    page.write_row(0, 0, list(row()))
    page.merge_range(1, 0, 2, 0, uscc(1))
    book.close()
    error = refused(look, stream.getvalue())
    assert (error.code, error.fields["place"]) == ("E_FILE", "A2:A3")
    assert refused(look, sheet(row()), "a.docx").code == "E_FILE"
    assert refused(look, b"PK\x03\x04 no archive").code == "E_FILE"
    assert refused(look, b"").code == "E_FILE"
    assert refused(look, b"\x00\xff\x00", "a.csv").code == "E_FILE"
    assert refused(look, text(row()).replace("统一社会信用代码".encode(), b"x"), "a.csv").code == "E_HEADER"
    assert refused(look, sheet(row(), head=[*row(), "行业"])).code == "E_HEADER"
    assert refused(look, b'a,b\r\n"open', "a.csv").code in ("E_FILE", "E_HEADER")


def test_formula_counts_as_its_stored_value_and_an_error_is_refused(firms):
    def with_formula(value):
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream)
        page = book.add_worksheet()
        titles = [*row(), "SO2减排"]
        page.write_row(0, 0, titles)
        page.write_row(1, 0, list(row().values()))
        page.write_formula(1, len(titles) - 1, "=1+1", None, value)
        book.close()
        return stream.getvalue()

    take(with_formula(3))
    assert Firm.objects.get().cut_so2 == 3
    error = refused(look, with_formula("#DIV/0!"))
    assert (error.code, error.fields["cells"]) == ("E_FILE", ["F2"])


# --- faults by row ----------------------------------------------------------------------------------------------------


def test_every_fault_names_row_and_column(firms):
    found = look(
        sheet(
            row(1),
            row(2, 行业="纺织"),
            row(3, 统一社会信用代码=uscc(3)[:-1] + "#"),
            row(1, 企业名称="又一家"),
            row(5, 所在镇街="没有的镇", SO2基准="-1"),
            row(6, SO2减排=13),
            row(7, 企业名称="禁业公司"),
            row(8, 企业名称=None),
            row(9, 列入日期="2019-03-05"),
            {"统一社会信用代码": None, "企业名称": "没有代码"},
        )
    )
    assert (
        told(found)
        == [
            (3, "行业", "E_INPUT"),
            (4, "统一社会信用代码", "E_INPUT"),
            (5, "统一社会信用代码", "E_DUPLICATE"),
            (6, "所在镇街", "E_NOT_FOUND"),
            (6, "SO2基准（kg/d）", "E_INPUT"),
            (7, "SO2减排（kg/d）", "E_INPUT"),
            (8, "企业名称", "E_INPUT"),
            (9, "企业名称", "E_INCOMPLETE"),
            (10, "列入日期", "E_FUTURE"),
            *[(11, title, "E_INCOMPLETE") for title in ("统一社会信用代码", "所在镇街", "行业", "SO2基准（kg/d）")],
        ][: len(found.faults)]
    )
    assert found.counts == {"new": 1, "changed": 0, "restored": 0, "unchanged": 0, "faulty": 9}
    assert "第 2 行" in next(fault for fault in found.faults if fault["code"] == "E_DUPLICATE")["message"]
    assert Firm.objects.count() == RegisterImport.objects.count() == RegisterChange.objects.count() == 0


def test_columns_left_out_keep_their_values_and_blank_cells_clear(firms):
    take(sheet(row(1, 备注="原话", 补助=12.34, 责任人电话="13800001111")))
    head = ["统一社会信用代码", "补助"]
    found = look(sheet({"统一社会信用代码": uscc(1), "补助": None}, {"统一社会信用代码": uscc(2)}, head=head))
    assert found.changes[0]["rows"] == [{"label": "补助", "old": "12.34", "new": ""}]
    assert {fault["message"] for fault in found.faults} >= {"新登记须有“企业名称”，文件里没有这一列"}
    take(sheet({"统一社会信用代码": uscc(1), "补助": None}, head=head))
    firm = Firm.objects.get()
    assert (firm.paid, firm.note, firm.phone, firm.outside) == (None, "原话", "13800001111", "原样")


def test_unique_column_clashes_within_the_file_and_with_others_but_may_be_exchanged(firms):
    take(sheet(row(1, 优先序号=1), row(2, 优先序号=2), row(3, 优先序号=3)))
    found = look(sheet(row(1, 优先序号=2), row(4, 优先序号=9), row(5, 优先序号=9)))
    assert told(found) == [(2, "优先序号", "E_DUPLICATE"), (4, "优先序号", "E_DUPLICATE")]
    take(sheet(row(1, 优先序号=2), row(2, 优先序号=1)))
    assert list(Firm.objects.order_by("id").values_list("priority", flat=True)) == [2, 1, 3]


def test_references_are_found_by_what_is_written(firms):
    plot = Plot.objects.create(number="P-1", title="一号地")
    found = look(sheet(row(1, 地块="P-1"), row(2, 地块="P-9")))
    assert told(found) == [(3, "地块", "E_NOT_FOUND")]
    take(sheet(row(1, 地块="P-1")))
    assert Firm.objects.get().plot_id == plot.pk
    assert RegisterChange.objects.get().after["plot"] == plot.pk


# --- counts, confirmation ---------------------------------------------------------------------------------------------


def test_the_same_again_is_unchanged_other_content_changes_with_a_version(firms):
    first = sheet(row(1), row(2))
    taken = take(first)
    assert (taken.rows, taken.new, taken.changed, taken.unchanged) == (2, 2, 0, 0)
    assert look(first).already == taken.pk
    assert refused(take, first).code == "E_DUPLICATE_FILE"
    second = sheet(row(1), row(2, 行业="铸造"), row(3))
    found = look(second)
    assert found.counts == {"new": 1, "changed": 1, "restored": 0, "unchanged": 1, "faulty": 0}
    assert found.changes == [
        {"number": 3, "record": Firm.objects.get(credit_code=uscc(2)).pk, "name": "测试2号公司",
         "rows": [{"label": "行业", "old": "橡胶", "new": "铸造"}]}
    ]  # fmt: skip
    CLOCK.advance(datetime.timedelta(days=1))
    take(second, plan_digest=found.plan, seen_at=found.at)
    assert list(Firm.objects.order_by("id").values_list("version", flat=True)) == [1, 2, 1]
    change = RegisterChange.objects.get(version=2)
    assert (change.before, change.after["sector"], change.by, change.row) == (
        {"sector": "rubber"},
        "casting",
        "测试甲",
        3,
    )
    assert AuditEntry.objects.filter(act="register.import").count() == 2


def test_what_changed_since_the_preview_stops_the_import(firms):
    take(sheet(row(1)))
    data = sheet(row(1, 行业="铸造"), row(2))
    found = look(data)
    CLOCK.advance(datetime.timedelta(minutes=1))
    firm = Firm.objects.get()
    other = Actor.system("测试乙", "test")
    actions.correct(actor=other, register=firms, record_id=firm.pk, version=1, given={"name": "改名"}, reason="更名")
    error = refused(take, data, plan_digest=found.plan, seen_at=found.at)
    assert error.code == "E_VERSION"
    assert "测试乙" in error.message
    assert Firm.objects.count() == 1
    assert RegisterImport.objects.count() == 1
    again = look(data)
    take(data, plan_digest=again.plan, seen_at=again.at)
    assert Firm.objects.count() == 2


def test_mode_all_writes_nothing_with_one_faulty_row_valid_rows_leaves_it_out(firms):
    data = sheet(row(1), row(2, 行业="无此行业"), row(3))
    assert refused(take, data).code == "E_ROWS"
    assert Firm.objects.count() == RegisterImport.objects.count() == RegisterChange.objects.count() == 0
    taken = take(data, mode="valid_rows")
    assert (taken.new, taken.left_out, Firm.objects.count()) == (2, 1, 2)
    assert refused(take, sheet(row(9)), mode="half").code == "E_INPUT"


def test_mode_by_group_takes_groups_without_a_fault(firms):
    data = sheet(row(1), row(2, 所在镇街="崖子镇"), row(3, 所在镇街="崖子镇", 行业="无此行业"))
    taken = take(data, mode="by_group")
    assert (taken.new, taken.left_out) == (1, 2)
    assert Firm.objects.get().town == TOWN


def test_too_many_faulty_rows_refuse_the_whole(firms):
    from dataclasses import replace

    strict = replace(firms, most_faulty_bp=2000)
    data = sheet(*[row(n) for n in range(1, 5)], row(5, 行业="无"))
    actions.take_in(actor=ANYBODY, register=strict, name="a.xlsx", data=data, mode="valid_rows")
    data = sheet(*[row(n) for n in range(11, 14)], row(15, 行业="无"))
    error = refused(actions.take_in, actor=ANYBODY, register=strict, name="b.xlsx", data=data, mode="valid_rows")
    assert error.code == "E_ROWS"
    assert Firm.objects.count() == 4


def test_nothing_to_write_is_refused(firms):
    take(sheet(row(1)))
    assert refused(take, text(row(1)), "b.csv").code == "E_INCOMPLETE"
    assert RegisterImport.objects.count() == 1


def test_an_ended_record_is_restored_by_an_import(firms):
    take(sheet(row(1)))
    firm = Firm.objects.get()
    yesterday = CLOCK.today() - datetime.timedelta(days=1)
    actions.end(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, on=yesterday, reason="停产")
    data = sheet(row(1), row(2))
    assert look(data).counts["restored"] == 1
    taken = take(data)
    assert (taken.restored, taken.new) == (1, 1)
    firm.refresh_from_db()
    assert (firm.ended_on, firm.version) == (None, 3)


# --- masked and stale exports -----------------------------------------------------------------------------------------


def test_export_comes_back_unchanged_and_corrected_rows_change(firms):
    from luoshi.office.registers import exports
    from luoshi.office.registers.queries import RegisterFilter, RegisterList

    Plot.objects.create(number="P-1", title="P-1")
    take(
        sheet(
            row(1, 责任人电话="13800001111", 企业名称="=公司", 列入日期="2019-01-02", 补助=3.5, 地块="P-1", 备用="是")
        )
    )
    asked = RegisterList(firms, RegisterFilter(), actor=ANYBODY, day=CLOCK.today())
    body = exports.workbook(asked, columns=list(firms.columns), actor=ANYBODY, described="全部")
    cells = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
    assert cells[0][:3] == ["编号", "版本", "统一社会信用代码"]
    assert "138****1111" in cells[1]
    assert "'=公司" in cells[1]
    found = look(body, "导出.xlsx")
    assert found.counts["unchanged"] == 1, found.faults
    firm = Firm.objects.get()
    actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given={"so2": "99"}, reason="更正")
    found = look(body, "导出.xlsx")
    assert told(found) == [(2, "", "E_VERSION")]
    assert "SO2基准" in found.faults[0]["message"]


def test_masked_cell_of_another_value_is_refused(firms):
    take(sheet(row(1, 责任人电话="13800001111")))
    found = look(sheet(row(1, 责任人电话="139****1111"), row(2, 责任人电话="138****1111")))
    assert told(found) == [(2, "责任人电话", "E_ID_MANGLED"), (3, "责任人电话", "E_ID_MANGLED")]


def test_sensitive_values_stand_in_no_preview(firms):
    take(sheet(row(1, 责任人电话="13800001111")))
    found = look(
        sheet(row(1, 责任人电话="13900002222"), row(2, 责任人电话="13700003333"), row(3, 责任人电话="1370000"))
    )
    from dataclasses import asdict

    said = str(asdict(found))
    assert not any(number in said for number in ("13800001111", "13900002222", "13700003333"))


# --- who may ----------------------------------------------------------------------------------------------------------


def test_a_town_imports_its_own_rows_the_owner_all(firms):
    load_directory_into_database(actor=ANYBODY)
    town = actor_of("zhen", (Role.CLERK, TOWN))
    take(sheet(row(1), row(2, 所在镇街="崖子镇")), actor=actor_of("hb", (Role.CLERK, OWNER)))
    found = look(sheet(row(1, 行业="铸造"), row(2, 行业="铸造"), row(3), row(4, 所在镇街="崖子镇")), actor=town)
    assert told(found) == [(3, "", "E_FORBIDDEN"), (5, "所在镇街", "E_FORBIDDEN")]
    assert found.counts["new"] == found.counts["changed"] == 1
    assert told(look(sheet(row(9)), actor=actor_of("cz", (Role.CLERK, "finance")))) == [(2, "所在镇街", "E_FORBIDDEN")]
    assert refused(look, sheet(row(9)), actor=actor_of("bz", (Role.STAFFING, "finance"))).code == "E_NOT_FOUND"
    assert refused(look, sheet(row(9)), actor=actor_of("ld", (Role.LEADER, TOWN))).code == "E_FORBIDDEN"


# --- taking back ------------------------------------------------------------------------------------------------------


def test_undo_makes_new_records_void_and_gives_changed_ones_their_values_back(firms):
    take(sheet(row(1), row(2)))
    taken = take(sheet(row(2, 行业="铸造", SO2基准=8), row(3)))
    done = actions.undo_import(actor=ANYBODY, import_id=taken.pk, reason="传错文件")
    assert (done.undone_count, done.undone_by) == (2, "测试甲")
    two, three = Firm.objects.get(credit_code=uscc(2)), Firm.objects.get(credit_code=uscc(3))
    assert (two.sector, two.so2, two.version, two.void) == ("rubber", Decimal("12.5"), 3, False)
    assert (three.void, three.version) == (True, 2)
    assert refused(actions.undo_import, actor=ANYBODY, import_id=taken.pk, reason="再来").code == "E_STATE"
    assert take(sheet(row(2, 行业="铸造", SO2基准=8), row(3)), name="again.xlsx").restored == 1


def test_undo_stops_at_a_record_changed_since_unless_it_is_left(firms):
    taken = take(sheet(row(1), row(2)))
    firm = Firm.objects.get(credit_code=uscc(1))
    actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given={"note": "后来"}, reason="补")
    error = refused(actions.undo_import, actor=ANYBODY, import_id=taken.pk, reason="传错")
    assert (error.code, error.fields["changed"]) == ("E_VERSION", [firm.pk])
    assert not Firm.objects.filter(void=True).exists()
    assert refused(actions.undo_import, actor=ANYBODY, import_id=taken.pk, reason=" ").code == "E_INPUT"
    done = actions.undo_import(actor=ANYBODY, import_id=taken.pk, reason="传错", skip_changed=True)
    assert done.undone_count == 1
    assert Firm.objects.get(void=True).credit_code == uscc(2)


# --- history cannot be altered ----------------------------------------------------------------------------------------


def test_history_refuses_update_and_delete(firms):
    take(sheet(row(1)))
    rows = RegisterChange.objects.all()
    for alter in (lambda: rows.update(by="别人"), rows.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            alter()
    assert rows.get().by == "测试甲"


# --- as jobs ----------------------------------------------------------------------------------------------------------


def test_large_file_goes_through_jobs(firms, monkeypatch):
    monkeypatch.setattr(preview, "IN_REQUEST", 2)
    data = sheet(*[row(n) for n in range(1, 6)])
    assert preview.is_long(firms, "a.xlsx", data)
    key = spool.keep("a.xlsx", data).key
    jobs.enqueue_preview(actor=ANYBODY, register=firms, key=key)
    assert run_next().state == "done"
    found = preview.kept(Actor("测试甲", "web"), firms, key)
    assert found is not None
    assert found.counts["new"] == 5
    jobs.enqueue_import(actor=ANYBODY, register=firms, key=key, mode="all", found=found)
    job = run_next()
    assert job.state == "done", job.error
    assert (job.result["new"], Firm.objects.count()) == (5, 5)
    jobs.enqueue_undo(actor=ANYBODY, register=firms, import_id=job.result["import"], reason="试", skip_changed=False)
    assert run_next().result["undone"] == 5


def test_a_job_acts_with_the_roles_of_its_asker_only(firms):
    load_directory_into_database(actor=ANYBODY)
    town = actor_of("zhen", (Role.CLERK, TOWN))
    key = spool.keep("a.xlsx", sheet(row(1), row(2, 所在镇街="崖子镇"))).key
    jobs.enqueue_preview(actor=town, register=firms, key=key)
    assert run_next().result["counts"]["faulty"] == 1
    assert preview.kept(actor_of("other", (Role.CLERK, OTHER_TOWN)), firms, key) is None


def test_queries_do_not_grow_with_rows(firms, django_assert_num_queries):
    def queries(count, start):
        data = sheet(*[row(n) for n in range(start, start + count)])
        with connection.execute_wrapper(lambda run, *given: (seen.append(1), run(*given))[1]):
            seen.clear()
            look(data)
            return len(seen)

    seen: list[int] = []
    queries(1, 1)
    assert queries(1, 100) == queries(200, 200)


# --- properties -------------------------------------------------------------------------------------------------------

CELL = st.one_of(st.none(), st.integers(-5, 50), st.sampled_from(["橡胶", "铸造", "x", "育黎镇", "是", "2019-01-01"]))
ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.dictionaries(st.sampled_from(HEAD[3:]), CELL, max_size=5)), min_size=1, max_size=6
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(files=st.lists(ROWS, min_size=1, max_size=3))
def test_preview_says_what_the_import_does_and_undo_gives_everything_back(firms, files):
    """Whatever is in the files: the counts of the preview are the import's, the same file again writes nothing, and
    taking all imports back in turn leaves the register with the content it had."""
    with transaction.atomic():
        done = []
        for number, rows in enumerate(files):
            data = sheet(*[row(n, **cells) for n, cells in rows])
            found = look(data)
            assert sum(found.counts.values()) == len(rows)
            if not found.writes or found.already:
                continue
            before = {firm.pk: (firm.void, contents(firm)) for firm in Firm.objects.all()}
            taken = take(data, name=f"{number}.xlsx", mode="valid_rows", plan_digest=found.plan, seen_at=found.at)
            assert (taken.new, taken.changed, taken.restored) == tuple(
                found.counts[op] for op in (plan.NEW, plan.CHANGED, plan.RESTORED)
            )
            again = look(data)
            assert again.counts["unchanged"] == len(rows) - again.counts["faulty"]
            done.append((taken, before))
        for taken, before in reversed(done):
            actions.undo_import(actor=ANYBODY, import_id=taken.pk, reason="试")
            for firm in Firm.objects.all():
                if firm.pk in before:
                    assert (firm.void, contents(firm)) == before[firm.pk]
                else:
                    assert firm.void
        for firm in Firm.objects.all():
            lines = RegisterChange.objects.filter(register="trial.firms", record_id=firm.pk)
            assert sorted(lines.values_list("version", flat=True)) == list(range(1, firm.version + 1))
        transaction.set_rollback(True)


def contents(firm):
    return {column.attname: getattr(firm, column.attname) for column in FIRMS_COLUMNS()}


def FIRMS_COLUMNS():  # noqa: N802
    from luoshi.office.registers.declaration import find

    return find(FIRMS.key).columns
