"""Tables of tasks: their rows give duties, limits and figures, however the cells are divided in the text."""

from __future__ import annotations

import pytest

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.records import Instrument

HEAD = (
    "测州市人民政府办公室关于印发测试方案的通知\n测政办发〔2021〕9号\n\n"
    "测试方案\n一、总体要求\n稳步推进。\n二、任务分解\n"
)
COLUMNS = ["序号", "工作任务", "牵头单位", "责任单位", "完成时限"]
ROWS = [
    ["1", "关闭甲类场所28家", "市甲局", "市乙局、丙局", "2021年6月底前"],
    ["2", "网上可办率达到98%以上", "市丁局", "市直各部门,各镇", "9月底前"],
]
BARS = "\n".join(["| " + " | ".join(COLUMNS) + " |", "|---|---|---|---|---|", *("|" + "|".join(r) + "|" for r in ROWS)])
TABS = "\n".join("\t".join(cells) for cells in [COLUMNS, *ROWS])
BLANKS = "\n".join("    ".join(cells) for cells in [COLUMNS, *ROWS])
ONE_BLANK = "\n".join(" ".join(cells) for cells in [COLUMNS, *ROWS])
ONE_A_LINE = "\n".join("\n".join(cells) for cells in [COLUMNS, *ROWS])
PAGES = "\n".join("\n".join(cells) for cells in [COLUMNS, ROWS[0], ["— 12 —"], COLUMNS, ROWS[1]])
MARKUP = (
    "<table>" + "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in [COLUMNS, *ROWS]) + "</table>"
)


def read(table: str, head: str = HEAD) -> Instrument:
    return compile_text(head + table + "\n三、保障措施\n加强领导。\n").instruments[0]


def duties(instrument: Instrument) -> list[tuple[str, list[str], list[str], list[str]]]:
    return [
        (
            d.clause,
            [organ.name for organ in d.lead],
            [organ.name for organ in d.cooperating],
            [limit.value for limit in d.time_limits],
        )
        for d in instrument.duties
    ]


@pytest.mark.parametrize("table", [BARS, TABS, BLANKS, ONE_BLANK, ONE_A_LINE, PAGES, MARKUP])
def test_rows_are_clauses_with_lead_helpers_limit_and_figure(table: str) -> None:
    instrument = read(table)
    assert duties(instrument) == [
        ("二/1", ["市甲局"], ["市乙局", "市丙局"], ["2021-06-30"]),
        ("二/2", ["市丁局"], ["市直各部门"], ["2021-09-30"]),
    ]
    assert [duty.local for duty in instrument.duties] == [False, True]
    assert [(t.clause, t.op, t.value, t.unit) for t in instrument.targets] == [
        ("二/1", "=", "28", "家"),
        ("二/2", ">=", "98", "%"),
    ]
    assert [clause.path for clause in instrument.clauses if clause.kind == "cn"] == ["一", "二", "三"]


@pytest.mark.parametrize("table", [BARS, TABS, BLANKS, ONE_A_LINE])
def test_every_place_is_that_of_the_printed_cell(table: str) -> None:
    source = HEAD + table
    instrument = compile_text(source).instruments[0]
    first = instrument.duties[0]
    printed = source[first.start : first.end]
    assert printed.startswith(ROWS[0][1])
    assert printed.endswith(ROWS[0][4])
    limit = first.time_limits[0]
    assert source[limit.start : limit.end] == "2021年6月底前"
    row = next(clause for clause in instrument.clauses if clause.path == "二/1")
    assert source[row.start] == "1"


def test_cells_wrapped_under_their_column_go_on_with_the_row() -> None:
    table = (
        "序号    工作任务              牵头单位    配合单位              完成时限\n"
        "1       建设甲类平台          市甲局      市乙局、市丙局、      2021年5月底前\n"
        "        和乙类平台                        市丁局\n"
        "2       建设丙类平台          市戊局                            2021年8月底前\n"
    )
    instrument = read(table)
    assert duties(instrument) == [
        ("二/1", ["市甲局"], ["市乙局", "市丙局", "市丁局"], ["2021-05-31"]),
        ("二/2", ["市戊局"], [], ["2021-08-31"]),
    ]
    assert instrument.duties[0].action == "建设甲类平台和乙类平台"


def test_cells_that_one_blank_divides_may_go_on_over_the_ends_of_lines() -> None:
    table = (
        "序号 工作任务 牵头单位 责任单位 完成时限\n"
        "1 建设甲类平台,完善运行机\n制,实现共享 市甲局 市乙局、市\n丙局 6月底前\n"
        "二 乙类工作\n2 建设乙类平台 市乙局 市丙局 9月底前\n"
    )
    instrument = read(table)
    assert duties(instrument) == [
        ("二/1", ["市甲局"], ["市乙局", "市丙局"], ["2021-06-30"]),
        ("二/2", ["市乙局"], ["市丙局"], ["2021-09-30"]),
    ]
    assert instrument.duties[0].action == "建设甲类平台,完善运行机制,实现共享"


TWO_LINES_WITH_BARS = (
    "|序号|工作任务|责任分工| |完成时限|\n|--|--|--|--|--|\n| | |牵头单位|配合单位| |\n"
    "|1|建设甲类平台|市甲局|市乙局、丙局|6月底前|\n|2|建设乙类平台|市乙局||9月底前|\n"
)
TWO_LINES_WITH_SPANS = (
    "序号\t工作任务\t责任单位\t完成时限\n牵头单位\t配合单位\n"
    "1\t建设甲类平台\t市甲局\t市乙局、丙局\t6月底前\n2\t建设乙类平台\t市乙局\t\t9月底前\n"
)
TWO_LINES_WITH_BLANKS = (
    "序号  工作任务      责任分工                完成时限\n"
    "                    牵头单位  配合单位\n"
    "1     建设甲类平台  市甲局    市乙局、丙局  6月底前\n"
    "2     建设乙类平台  市乙局                  9月底前\n"
)
TWO_LINES_A_CELL_A_LINE = "\n".join(
    [
        *("序号", "工作任务", "责任分工", "完成时限", "牵头单位", "配合单位"),
        *("1", "建设甲类平台", "市甲局", "市乙局、丙局", "6月底前"),
        *("2", "建设乙类平台", "市乙局", "9月底前"),
    ]
)


@pytest.mark.parametrize(
    "table", [TWO_LINES_WITH_BARS, TWO_LINES_WITH_SPANS, TWO_LINES_WITH_BLANKS, TWO_LINES_A_CELL_A_LINE]
)
def test_a_header_may_name_its_columns_on_two_lines(table: str) -> None:
    assert duties(read(table)) == [
        ("二/1", ["市甲局"], ["市乙局", "市丙局"], ["2021-06-30"]),
        ("二/2", ["市乙局"], [], ["2021-09-30"]),
    ]


def test_tables_side_by_side_are_read_one_after_the_other() -> None:
    table = (
        "|序号|工作任务|责任单位|序号|工作任务|责任单位|\n|--|--|--|--|--|--|\n"
        "|1|建设甲类平台|市甲局|3|建设丙类平台|市丙局、丁局|\n|2|建设乙类平台|市乙局| | | |\n"
    )
    instrument = read(table)
    assert duties(instrument) == [
        ("二/1", ["市甲局"], [], []),
        ("二/2", ["市乙局"], [], []),
        ("二/3", ["市丙局", "市丁局"], [], []),
    ]


def test_one_column_may_say_who_does_what() -> None:
    table = "序号\t工作任务\t责任分工\t完成时限\n1\t建设甲类平台\t市甲局牵头,市乙局配合\t6月底前\n"
    assert duties(read(table)) == [("二/1", ["市甲局"], ["市乙局"], ["2021-06-30"])]


def test_a_header_may_declare_that_the_first_unit_leads() -> None:
    table = "|序号|任务|责任单位(牵头单位列首位)|时限|\n|--|--|--|--|\n|1|建设甲类平台|市甲局、市乙局|年底前|\n"
    assert duties(read(table)) == [("二/1", ["市甲局"], ["市乙局"], ["2021-12-31"])]


def test_one_cell_a_line_finds_a_left_out_cell_by_its_kind() -> None:
    rows = (
        "1 建设甲类平台 市甲局 2021年5月底前",
        "2 建设丙类平台 市戊局 市乙局、 市丙局 年底前",
        "3 新增就业 2万人以上 市甲局 各镇 年底前",
    )
    lines = [*COLUMNS, *(cell for row in rows for cell in row.split())]
    assert duties(read("\n".join(lines))) == [
        ("二/1", ["市甲局"], [], ["2021-05-31"]),
        ("二/2", ["市戊局"], ["市乙局", "市丙局"], ["2021-12-31"]),
        ("二/3", ["市甲局"], [], ["2021-12-31"]),
    ]


def test_a_row_without_any_organ_belongs_to_the_cell_above() -> None:
    table = "|序号|工作任务|责任单位|\n|--|--|--|\n|1|建设甲类平台|市甲局|\n|2|建设乙类平台||\n|3|建设丙类平台|—|\n"
    assert duties(read(table)) == [("二/1", ["市甲局"], [], []), ("二/2", ["市甲局"], [], [])]


def test_sections_of_an_office_lead_in_its_own_table() -> None:
    table = "编号\t任务\t责任科室\t配合科室\n1\t建设甲类平台\t甲事科\t乙事科、丙事科\n"
    assert duties(read(table)) == [("二/1", ["甲事科"], ["乙事科", "丙事科"], [])]


def test_a_heading_inside_a_table_heads_the_rows_after_it() -> None:
    table = "|序号|工作任务|责任单位|\n|--|--|--|\n|1|建设甲类平台|市甲局|\n|(二)乙类工作|||\n|2|建设乙类平台|市乙局|\n"
    assert [clause for clause, *_ in duties(read(table))] == ["二/1", "二/(二)/2"]


@pytest.mark.parametrize(
    "text",
    [
        "序号 姓名 职务\n1 测试甲 局长\n2 测试乙 副局长\n",
        "责任单位\n各责任单位要加强领导,密切配合,形成合力。\n工作任务\n",
        "工作任务 责任单位\n",
        "|甲|乙|丙|\n|--|--|--|\n|1|2|3|\n",
    ],
)
def test_other_tables_and_lone_words_are_none(text: str) -> None:
    instrument = read(text)
    assert not [duty for duty in instrument.duties if duty.basis == "mark"]
    assert [clause.path for clause in instrument.clauses if clause.kind == "cn"] == ["一", "二", "三"]


ANNEX = (
    "测州市人民政府办公室关于印发测试方案的通知\n测政办发〔2021〕9号\n各县区:\n现将方案印发给你们。\n2021年3月1日\n"
    "测试方案\n一、总体要求\n稳步推进。\n附件\n重点任务分工表\n"
)
GROUPS_WITH_BARS = (
    "|序号|工作任务|责任单位|\n|--|--|--|\n|一|甲类工作| |\n|1|建设甲类平台|市甲局|\n"
    "|二|乙类工作| |\n|2|建设乙类平台|市乙局|\n"
)
GROUPS_A_CELL_A_LINE = (
    "序号\n工作任务\n责任单位\n一\n甲类工作\n1\n建设甲类平台\n市甲局\n二\n乙类工作\n2\n建设乙类平台\n市乙局\n"
)
GROUPS_A_LINE = GROUPS_A_CELL_A_LINE.replace("一\n", "一、").replace("二\n", "二、")
GROUPS_WITH_BLANKS = (
    "序号 工作任务 责任单位\n一、甲类工作\n1 建设甲类平台 市甲局\n二、乙类工作\n2 建设乙类平台 市乙局\n"
)


@pytest.mark.parametrize("table", [GROUPS_WITH_BARS, GROUPS_A_CELL_A_LINE, GROUPS_A_LINE, GROUPS_WITH_BLANKS])
def test_the_number_of_a_group_of_rows_is_a_clause(table: str) -> None:
    instrument = compile_text(ANNEX + table).instruments[0]
    assert duties(instrument) == [("附件/一/1", ["市甲局"], [], []), ("附件/二/2", ["市乙局"], [], [])]
    assert [c.heading for c in instrument.clauses if c.path in ("附件/一", "附件/二")] == ["甲类工作", "乙类工作"]
    start = next(clause.start for clause in instrument.clauses if clause.path == "附件/二")
    assert (ANNEX + table)[start] == "二"


def test_tables_side_by_side_may_have_one_cell_a_line() -> None:
    names = "序号 任务 责任单位 " * 2
    cells = f"{names}1 建设甲类平台 市甲局 3 建设丙类平台 市丙局 2 建设乙类平台 市乙局、市丁局"
    assert duties(read(cells.replace(" ", "\n"))) == [
        ("二/1", ["市甲局"], [], []),
        ("二/2", ["市乙局", "市丁局"], [], []),
        ("二/3", ["市丙局"], [], []),
    ]


def test_a_table_alone_has_the_line_above_it_as_title_and_may_begin_with_any_row() -> None:
    table = (
        "2021年测试项目推进情况(1-11月)\n序号 |\n项目任务 |\n分管 领导 |\n牵头 单位 |\n责任主体与协同单位 |\n"
        "1-11月推进情况 |\n是否达序 |\n说明 |\n"
        "24 |\n优化5条道路。 |\n测试甲 |\n甲局 |\n乙局、相关街道 |\n已完成60%。 |\n是 |\n||\n"
        "25 |\n新增小区21个。 |\n测试甲 |\n甲局 |\n丙局 |\n正在推进。 |\n否 |\n前期受影响,后期将加快推进。 |\n|\n"
    )
    instrument = compile_text(table).instruments[0]
    assert instrument.title == "2021年测试项目推进情况(1-11月)"
    assert [(clause, lead, others) for clause, lead, others, _ in duties(instrument)] == [
        ("24", ["甲局"], ["乙局"]),
        ("25", ["甲局"], ["丙局"]),
    ]


def test_items_inside_a_cell_and_columns_of_unknown_name_belong_to_the_row() -> None:
    table = (
        "序号 | 实事项目 | 举措及实施计划 | 责任单位 | 配合单位 |\n"
        "1 | 新建学校7所。 | 1.4月底前甲校开工。 2.8月底前乙校交付。 | 甲局 | 乙局、丙局 |\n"
        "2 | 新增车位9个。 | 7月底前开工。 | 乙局 | 丙局 |\n"
    )
    assert duties(read(table)) == [
        ("二/1", ["甲局"], ["乙局", "丙局"], ["2021-04-30", "2021-08-31"]),
        ("二/2", ["乙局"], ["丙局"], ["2021-07-31"]),
    ]


def test_a_drawn_box_may_break_cells_over_lines_and_reach_over_rows() -> None:
    table = (
        "┌──┬───────┬─────┬─────┬────┐\n"
        "│序号│  任  务  │牵头单位 │责任单位 │完成时限│\n"
        "├──┼───────┼─────┼─────┼────┤\n"
        "│ 1 │新建学校5所,改│市甲局  │市乙局、丙│6月底前 │\n"
        "│  │造道路9公里 │     │局    │    │\n"
        "├──┼───────┤     ├─────┼────┤\n"
        "│ 2 │培训300人  │     │市丁局  │年底前 │\n"
        "└──┴───────┴─────┴─────┴────┘\n"
    )
    assert duties(read(table)) == [
        ("二/1", ["市甲局"], ["市乙局", "市丙局"], ["2021-06-30"]),
        ("二/2", ["市甲局"], ["市丁局"], ["2021-12-31"]),
    ]
    assert duties(read(table[:40])) == []


@pytest.mark.parametrize("again", ["", "一、甲类工作 | "])
def test_a_first_column_of_groups_heads_the_rows_beside_it(again: str) -> None:
    table = (
        "大类 | 序号 | 工作任务 | 分管 市领导 | 牵头单位及 主要负责人 | 配合单位 |\n"
        "一、甲类工作 | 1 | 新建学校7所。 | 测试甲 | 市甲局 测试乙 | 市乙局 |\n"
        f"{again}2 | 新增车位9个。 | 测试甲 | 市乙局 测试丙 | 市丙局 |\n"
        "二、乙类工作 | 3 | 培训300人。 | 测试甲 | 市丁局 测试丁 | 市丙局 |\n"
    )
    assert duties(compile_text(ANNEX + table).instruments[0]) == [
        ("附件/一/1", ["市甲局"], ["市乙局"], []),
        ("附件/一/2", ["市乙局"], ["市丙局"], []),
        ("附件/二/3", ["市丁局"], ["市丙局"], []),
    ]
