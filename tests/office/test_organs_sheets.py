"""Spreadsheets: nothing before confirmation, faults by row and column, the same file once; the gazette's form."""

from __future__ import annotations

import io

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.organs import actions, queries, sheets
from luoshi.office.organs.models import ImportedSheet, Organ, Proposal
from luoshi.office.roles import Role
from tests.office.people import actor
from tests.office.twin import NUMBERS, appointments

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("测试甲", "test")


@pytest.fixture
def clerk():
    actions.load_directory_into_database(actor=SYSTEM)
    return actor("s1", (Role.STAFFING, "staffing-office"), (Role.PERSONNEL, "organization-dept"))


def sheet(kind: str, *rows: dict[str, str], head: list[str] | None = None) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    page = book.add_worksheet()
    columns = sheets.KINDS[kind].columns
    for column, title in enumerate(head or [title for title, _ in columns]):
        page.write_string(0, column, title)
    for place, row in enumerate(rows, 1):
        for column, (_, field) in enumerate(columns):
            page.write_string(place, column, row.get(field, ""))
    book.close()
    return stream.getvalue()


def cells(data: bytes) -> list[list[str]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


BENCH = {"slug": "bench-bureau", "name": "市长椅局", "kind": "gov_dept", "level": "city"}


def test_preview_writes_nothing_and_taking_in_makes_proposals(clerk):
    data = sheet("organs", BENCH)
    shown = sheets.preview("organs", actor=clerk, name="a.xlsx", data=data)
    assert (shown.rows, list(shown.titles), list(shown.errors), shown.already) == (1, ["新设单位市长椅局"], [], False)
    assert (Proposal.objects.count(), ImportedSheet.objects.count()) == (0, 0)
    taken = sheets.take_in("organs", actor=clerk, name="a.xlsx", data=data)
    assert list(Proposal.objects.values_list("pk", "state")) == [(taken.proposal_ids[0], "open")]
    assert not Organ.objects.filter(slug="bench-bureau").exists()


def test_same_file_is_taken_in_once(clerk):
    data = sheet("organs", BENCH)
    sheets.take_in("organs", actor=clerk, name="a.xlsx", data=data)
    assert sheets.preview("organs", actor=clerk, name="b.xlsx", data=data).already
    with pytest.raises(LuoshiError, match=r"^E_DUPLICATE_FILE: 已导入"):
        sheets.take_in("organs", actor=clerk, name="b.xlsx", data=data)


def test_faults_are_told_by_row_and_column_and_stop_all(clerk):
    rows = [BENCH, BENCH | {"slug": "Bad"}, BENCH | {"slug": "other", "name": "市椅局", "not_before": "昨天"}]
    data = sheet("organs", *rows)
    shown = sheets.preview("organs", actor=clerk, name="a.xlsx", data=data)
    assert [(fault.row, fault.column) for fault in shown.errors] == [(3, "代号"), (4, "设立日")]
    with pytest.raises(LuoshiError, match=r"^E_ROWS"):
        sheets.take_in("organs", actor=clerk, name="a.xlsx", data=data)
    assert Proposal.objects.count() == 0


@pytest.mark.parametrize("kind", ["organs", "names", "posts"])
def test_exported_table_taken_in_again_proposes_nothing(clerk, kind):
    import_gazette(appointments("任3"), actor=SYSTEM, filename="a.txt")
    data = sheets.export(kind, actor=clerk)
    shown = sheets.preview(kind, actor=clerk, name="a.xlsx", data=data)
    assert (list(shown.titles), list(shown.errors)) == ([], [])
    assert shown.rows > 3


def test_appointments_come_in_as_lists(clerk):
    act = {
        "number": "乳政任〔2019〕9号",
        "issued_on": "2019-09-01",
        "action": "任命",
        "organ": "市水利局",
        "post": "局长",
    }
    data = sheet("appointments", act | {"person": "测试乙"}, act | {"person": "测试丙", "organ": "市审计局"})
    taken = sheets.take_in("appointments", actor=clerk, name="a.xlsx", data=data)
    assert len(taken.proposal_ids) == 1
    assert len(Proposal.objects.get().payload["acts"]) == 2


def test_appointment_list_is_printed_in_the_gazettes_form(clerk):
    import_gazette(appointments("任2"), actor=SYSTEM, filename="a.txt")
    text = sheets.appointment_text(NUMBERS["任2"])
    assert text.splitlines()[:3] == ["乳山市人民政府任免的工作人员名单", NUMBERS["任2"], "任命:"]
    assert "测试戌的乳山市水利局副主任科员职务,保留原职级;" in text
    assert text.splitlines()[-1] == "2019年3月4日"
    rows = cells(sheets.export("appointments", actor=clerk, number=NUMBERS["任2"]))
    assert (len(rows), rows[1][:4]) == (6, [NUMBERS["任2"], "2019-03-04", "任命", "测试申"])


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "E_FILE"), (b"no sheet", "E_FILE"), (sheet("organs", head=["甲", "乙"]), "E_HEADER")],
)
def test_what_is_no_such_sheet_is_refused(clerk, data, code):
    with pytest.raises(LuoshiError, match=f"^{code}"):
        sheets.preview("organs", actor=clerk, name="a.xlsx", data=data)


def test_other_roles_take_nothing_in(clerk):
    other = actor("c", (Role.CLERK, "finance"))
    with pytest.raises(LuoshiError, match=r"^E_FORBIDDEN"):
        sheets.preview("organs", actor=other, name="a.xlsx", data=sheet("organs", BENCH))


def test_cell_that_begins_as_a_formula_goes_out_as_text(clerk):
    Organ.objects.filter(slug="water").update(note="=1+1")
    rows = cells(sheets.export("organs", actor=clerk))
    assert next(row for row in rows if row[0] == "water")[9] == "'=1+1"
    assert queries.title_of("water", None) == "市水利局"
