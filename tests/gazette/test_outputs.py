"""Outputs for people: the spreadsheet clerks know, Markdown and HTML, safe with any text."""

import io
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from luoshi.gazette import ledger
from luoshi.gazette.compiler import compile_text
from luoshi.gazette.html import to_html
from luoshi.gazette.markdown import escape, to_markdown
from luoshi.gazette.records import (
    Appointment,
    Clause,
    Compilation,
    Duty,
    Gazette,
    Instrument,
    Limit,
    Membership,
    Organ,
    Target,
)
from luoshi.gazette.records import Warning as Notice
from luoshi.gazette.xlsx import DUTIES, plain, to_xlsx


def compilation(text: str = "巡查河道") -> Compilation:
    limits = [Limit("by", "2018-12-31", "2018年底前"), Limit("every", "monthly", "每月")]
    duty = Duty("一/(一)", text, text, [Organ("市甲局")], [Organ("市乙局")], True, [], limits, 0, 1, "mark", 0.9, True)
    target = Target(text, ">=", "90", "%", "2018-12-31", None, True, "一/(一)", [Organ("市甲局")], 0, 1)
    instrument = Instrument(
        "测政发〔2018〕3号", None, "测试方案", None, "plan", False, "测试市人民政府", [], None, "2018-03-01",
        None, None, None, 0, 9,
        clauses=[Clause("一", "一", "cn", "任务", "", 0, 1), Clause("一/(一)", "(一)", "cn_paren", None, text, 0, 1)],
        duties=[duty], targets=[target],
        memberships=[Membership("测试组", "组长", "测试甲", None, "副市长", "附件", 0, 1)],
        appointments=[Appointment("remove", "测试乙", "市甲局局长", Organ("市甲局"), "局长", None, 0, 1)],
    )  # fmt: skip
    return Compilation(Gazette("测试公报"), [instrument], [], [Notice("missing_date", text, 0, 1, "测政发〔2018〕3号")])


def sheets(data: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_xlsx_has_the_columns_clerks_know() -> None:
    rows = sheets(to_xlsx(compilation()))["责任台账"]
    assert rows[0] == ["序号", "文号", "条款", "工作任务", "牵头单位", "配合单位", "完成时限", "目标值"]
    assert rows[1] == [
        1.0, "测政发〔2018〕3号", "一(一)", "巡查河道", "市甲局", "市乙局、各镇区、等",
        "2018年底前（2018-12-31）；每月", "巡查河道≥90%（力争）（2018-12-31 前）",
    ]  # fmt: skip


def test_xlsx_has_a_sheet_for_everything_else() -> None:
    found = sheets(to_xlsx(compilation()))
    assert list(found) == ["责任台账", "目标", "时限", "名单", "任免", "存疑"]
    assert {name: len(rows) for name, rows in found.items()} == {
        "责任台账": 2, "目标": 2, "时限": 3, "名单": 2, "任免": 2, "存疑": 2,
    }  # fmt: skip


def test_xlsx_is_the_same_bytes_for_the_same_records() -> None:
    assert to_xlsx(compilation()) == to_xlsx(compilation())


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "http://example.org", "{=1}"])
def test_xlsx_writes_no_formula(text: str) -> None:
    cell = sheets(to_xlsx(compilation(text)))["责任台账"][1][3]
    assert isinstance(cell, str)
    assert not cell.startswith(("=", "+", "-", "@", "\t"))


def test_xlsx_cuts_what_a_cell_cannot_hold() -> None:
    assert len(plain("测" * 40_000)) == 32_767


def test_xlsx_of_nothing_is_a_workbook_with_heads() -> None:
    rows = sheets(to_xlsx(Compilation(Gazette(), [], [], [])))["责任台账"]
    assert rows == [[title for title, _ in DUTIES]]


def test_markdown_puts_warnings_first() -> None:
    text = to_markdown(compilation())
    assert text.index("## 存疑") < text.index("## 测试方案")
    assert "| 一(一) | 巡查河道 | 市甲局 |" in text


def test_markdown_takes_no_character_for_a_mark() -> None:
    assert escape("**a** | <b>\n# c") == r"\*\*a\*\* \| \<b\> \# c"
    assert escape("1. 甲") == r"1\. 甲"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_html_puts_warnings_first_and_needs_nothing_else() -> None:
    page = to_html(compilation())
    assert page.index("存疑") < page.index("测试方案</h2>")
    assert "<script" not in page
    assert "http" not in page


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=40) | st.sampled_from(["<script>alert(1)</script>", "</td></table>", '"><img src=x onerror=1>'])
)
def test_html_escapes_every_text(text: str) -> None:
    tags = _Tags()
    tags.feed(to_html(compilation(text)))
    assert tags.open == []
    assert not {"script", "img"} & tags.seen


@settings(max_examples=40, deadline=None)
@given(st.text("一二(（)）、。《〔年1<&|\x00\ud800第条章附件任命为组长市甲局负责\n ", max_size=100))
def test_outputs_hold_any_text(text: str) -> None:
    compiled = compile_text(text)
    to_html(compiled).encode()
    to_markdown(compiled)
    assert to_xlsx(compiled).startswith(b"PK")


def test_ledger_counts_what_was_read() -> None:
    assert (
        ledger.counted(compilation()) == "文件 1 件，条款 2 条，责任 1 条，时限 2 个，目标 1 个，任免 1 人次，存疑 1 处"
    )
