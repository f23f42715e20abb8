"""Printed lines become a tree of clauses: joining of broken lines, labels of all kinds, and how they nest."""

from __future__ import annotations

import pytest

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.structure import read_structure
from luoshi.gazette.text import read_lines


def paths(source: str) -> list[str]:
    return [node.path for node in read_structure(read_lines(source)) if node.numbered]


def texts(source: str) -> dict[str, str]:
    return {node.path: node.paragraph.text for node in read_structure(read_lines(source))}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("一、甲事\n(一)乙事\n1.丙事。\n(1)丁事。\n①戊事。", [
            "一", "一/(一)", "一/(一)/1", "一/(一)/1/(1)", "一/(一)/1/(1)/①",
        ]),
        ("一、甲事\n（一）乙事\n（二）丙事\n二、丁事\n（一）戊事", ["一", "一/(一)", "一/(二)", "二", "二/(一)"]),
        ("一、甲事\n1.乙事。\n2、丙事。\n二、丁事\n3.戊事。", ["一", "一/1", "一/2", "二", "二/3"]),
        ("第一章 总则\n第一条 甲事。\n第二条 乙事。\n第二章 分则\n第三条 丙事。\n(一)丁;\n(二)戊。", [
            "第一章", "第一章/第一条", "第一章/第二条", "第二章", "第二章/第三条", "第二章/第三条/(一)",
            "第二章/第三条/(二)",
        ]),
        ("第一章 总则\n第一条 甲事。\n第二条 乙事。\n第四章 附则\n第三条 丙事。", [
            "第一章", "第一章/第一条", "第一章/第二条", "第四章", "第四章/第三条",
        ]),
        ("1 总则\n1.1 目的\n甲事。\n1.2 依据\n乙事。\n2 组织\n2.1 机构\n2.1.1 组成\n(1)丙局:负责丙事。", [
            "1", "1/1.1", "1/1.2", "2", "2/2.1", "2/2.1/2.1.1", "2/2.1/2.1.1/(1)",
        ]),
        ("第一部分 甲事\n1.乙事。\n2.丙事。\n第二部分 丁事\n3.戊事。\n第三部分甲说,乙说。", [
            "第一部分", "第一部分/1", "第一部分/2", "第二部分", "第二部分/3",
        ]),
        ("一、2020年甲事。\n二、5家乙事。\n1.2018年丙事。", ["一", "二", "二/1"]),
        ("一、甲事\n(一)乙事\n1.丙事。\n2.丁事。\n4.戊事。", ["一", "一/(一)", "一/(一)/1", "一/(一)/2", "一/(一)/4"]),
    ],
)  # fmt: skip
def test_labels_nest_by_their_style(source: str, expected: list[str]) -> None:
    assert paths(source) == expected


def test_path_that_occurs_again_is_numbered() -> None:
    assert paths("一、甲事\n(一)乙事。\n(一)丙事。\n二、丁事") == ["一", "一/(一)", "一/(一)~2", "二"]


def test_article_whose_word_is_lost_is_an_article_among_articles() -> None:
    found = paths("第一条 甲事。\n第二条 乙事。\n第三条 丙事。\n第四  丁事。\n第五条 戊事。")
    assert found == ["第一条", "第二条", "第三条", "第四", "第五条"]


@pytest.mark.parametrize(
    "source",
    [
        "一、甲事\n市甲局负责管理和服务,\n并报市政府。",
        "一、甲事\n市甲局负责管理和服务,\n\n并报市政府。",
        "一、甲事\n市甲局负责甲事,做好管理和服\n\n务,并报市政府。",
        "一、甲事\n市甲局负责管理(含服务、\n\n指导)和督查。",
    ],
)
def test_line_that_breaks_off_inside_a_sentence_is_joined(source: str) -> None:
    unnumbered = [node for node in read_structure(read_lines(source)) if not node.numbered]
    assert len(unnumbered) == 1
    assert unnumbered[0].paragraph.text == source.partition("\n")[2].replace("\n", "")


def test_full_line_whose_indent_and_digits_make_it_short_goes_on() -> None:
    rows = [
        "第一条 为保障甲方面的基本生活,根据《乙人民政府办公厅关",
        "于做好甲方面就业培训和社会保障工作的意见》(测政办发〔2018〕",
        "31 号)等文件规定,结合我区实际,制定本办法。",
        "第二条 街道办事处应在甲补偿安置方案批准之日起 10 个工作",
        "日内,组织村委会确定名单。",
    ]
    found = texts("\n".join(rows))
    assert list(found) == ["第一条", "第二条"]
    assert found["第二条"] == "街道办事处应在甲补偿安置方案批准之日起10个工作日内,组织村委会确定名单。"


def test_line_after_a_full_stop_is_a_paragraph_of_its_own() -> None:
    found = texts("一、甲事\n第一段话。\n第二段话。")
    assert found == {"一": "甲事", "一/¶1": "第一段话。", "一/¶2": "第二段话。"}


def test_dashes_are_children_filed_under_the_clause_above() -> None:
    nodes = read_structure(read_lines("一、甲事\n1.做好下列工作:\n——丙事;\n——丁事。"))
    dashes = [node for node in nodes if node.kind == "dash"]
    assert [node.path for node in dashes] == ["一/1/—1", "一/1/—2"]
    assert {node.filed for node in dashes} == {"一/1"}


def test_paragraph_after_the_items_of_an_article_belongs_to_the_article() -> None:
    items = "第一条 甲局履行下列职责:\n(一)制定计划。\n(二)汇总数据。\n\n前款所列计划由乙局备案。\n"
    nodes = read_structure(read_lines(f"{items}第二条 丙事。\n第三条 丁事。"))
    assert [(node.path, node.filed) for node in nodes if not node.numbered] == [("第一条/¶1", "第一条")]


def test_circles_on_one_line_are_clauses() -> None:
    found = texts("(1)市甲局组织下列工作:①清理甲物;②布设乙物;③设置丙物。")
    assert found["(1)/①"] == "清理甲物;"
    assert found["(1)/③"] == "设置丙物。"


def test_item_run_into_the_paragraph_before_is_a_clause_where_it_stands() -> None:
    source = "一、甲事\n1.办理乙事。(责任单位:市甲局)2.办理丙事。(责任单位:市乙局)\n3.办理丁事。"
    nodes = [node for node in read_structure(read_lines(source)) if node.numbered]
    assert [node.path for node in nodes] == ["一", "一/1", "一/2", "一/3"]
    assert all(source[node.start :].startswith(node.label) for node in nodes)


def test_words_that_count_inside_a_sentence_are_no_clauses() -> None:
    assert paths("一、甲事\n一是办乙事。二是办丙事。三是办丁事。") == ["一"]


@pytest.mark.parametrize("figure", ["3.5万元用于甲事。", "2024年完成乙事。", "12个单位参加。"])
def test_figure_at_the_start_of_a_line_is_no_label(figure: str) -> None:
    assert paths(f"一、甲事。\n{figure}") == ["一"]


def test_destroyed_first_heading_is_supplied_from_the_end_of_the_opening() -> None:
    source = "今年要抓好各项工作。聚焦甲事,突破乙事\n\n1.办丙事。\n2.办丁事。\n**二、办戊事**\n3.办己事。"
    nodes = [node for node in read_structure(read_lines(source)) if node.numbered]
    assert [node.path for node in nodes] == ["一", "一/1", "一/2", "二", "二/3"]
    assert nodes[0].supplied
    assert source[nodes[0].start :].startswith("聚焦甲事")


def test_annex_begins_at_the_annex_not_at_its_mention() -> None:
    source = "一、甲事。\n附件:甲组成员名单\n附件\n甲组成员名单\n组长:测试甲(副市长)\n成员:测试乙(市甲局局长)"
    annexes = [node for node in read_structure(read_lines(source)) if node.kind == "annex"]
    assert [node.path for node in annexes] == ["附件"]
    assert annexes[0].start == source.rindex("附件")
    assert annexes[0].heading == "甲组成员名单"


def test_annexes_with_numbers_are_roots() -> None:
    source = (
        "一、甲事。\n附件:1.甲组名单\n2.乙事分工\n附件1\n甲组名单\n组长:测试甲(副市长)\n附件2\n乙事分工\n一、丙事\n"
        "二、丁事"
    )
    assert paths(source) == ["一", "附件1", "附件2", "附件2/一", "附件2/二"]


def test_part_titles_make_a_level_inside_an_annex() -> None:
    source = (
        "6.1 解释\n本预案由市甲局负责解释。\n6.2 施行\n自发布之日起施行。\n附件:\n各组行动细则\n甲组行动细则\n"
        "一、红色预警\n(一)组成人员\n二、黄色预警\n乙组行动细则\n一、红色预警"
    )
    found = [path for path in paths(source) if path.startswith("附件")]
    assert found == [
        "附件", "附件/甲组行动细则", "附件/甲组行动细则/一", "附件/甲组行动细则/一/(一)", "附件/甲组行动细则/二",
        "附件/乙组行动细则", "附件/乙组行动细则/一",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "path", "heading"),
    [
        ("一、总体要求\n甲事。", "一", "总体要求"),
        ("1.完善机制。市甲局负责甲事。", "1", "完善机制"),
        ("(1)市甲局:负责甲事;负责乙事。", "(1)", "市甲局"),
        ("1.市甲局要在规定时间内,按照有关要求,结合工作实际,认真办理甲事。", "1", None),
    ],
)
def test_run_in_heading_is_separated_without_its_closing_mark(source: str, path: str, heading: str | None) -> None:
    found = {node.path: node.heading for node in read_structure(read_lines(source))}
    assert found[path] == heading


def test_a_fragment_may_begin_with_any_heading_of_decimals() -> None:
    clauses = (
        compile_text("3 组织体系\n3.1 市指挥部\n3.1.1 组成\n总指挥:分管副市长\n副总指挥:市甲局局长\n3.2 办公室\n")
        .instruments[0]
        .clauses
    )
    assert [clause.path for clause in clauses if clause.kind == "decimal"] == ["3", "3/3.1", "3/3.1/3.1.1", "3/3.2"]
    assert [clause.text for clause in clauses if clause.kind == "paragraph"] == [
        "总指挥:分管副市长",
        "副总指挥:市甲局局长",
    ]


def test_an_annex_named_above_a_contact_line_is_only_named() -> None:
    text = (
        "一、各部门要抓好落实。\n附件:1.测试情况表\n2.测试名单\n(联系人:甲某,联系电话:1234567)\n用微信扫描二维码分享\n"
    )
    assert [clause.path for clause in compile_text(text).instruments[0].clauses if clause.kind == "annex"] == []


def test_a_line_annexes_above_their_names_is_no_annex_where_they_follow() -> None:
    text = "一、请各单位参会。\n附件:\n1.参会单位名单\n2.测试方案\n2021年3月1日\n附件1\n参会单位名单\n市甲局、市乙局\n"
    paths = [clause.path for clause in compile_text(text).instruments[0].clauses if clause.kind != "paragraph"]
    assert paths == ["一", "附件1"]


def test_articles_that_a_decision_changes_are_no_clauses() -> None:
    changes = "第九条修改为:“甲事。”\n第十条第二款增加一项:“乙事。”\n第十一条后增加一条:“丙事。”"
    assert paths(f"一、修改甲办法\n{changes}\n二、修改乙办法") == ["一", "二"]
