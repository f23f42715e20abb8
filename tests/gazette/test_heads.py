"""Where documents begin, and what head and closing block say: gazettes, single documents, web pages, orders."""

from __future__ import annotations

from datetime import date

import pytest

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.heads import Document, find_documents, kind_of, without_contents
from luoshi.gazette.text import read_lines


def documents(source: str) -> list[Document]:
    return find_documents(without_contents(read_lines(source)))


def only(source: str) -> Document:
    (document,) = documents(source)
    return document


def test_minutes_are_a_document_with_a_title() -> None:
    text = "测州市人民政府专题会议纪要\n〔2023〕第12号\n会议议定:\n一、关于甲事。由市甲局负责。\n二、关于乙事。\n"
    assert only(text).title == "测州市人民政府专题会议纪要"


NOTICE = """测州市人民政府

关于印发测州市甲事工作方案的通知

测政发〔2024〕7号

各镇人民政府,市政府各部门、单位:

现将《测州市甲事工作方案》印发给你们,请认真执行。

测州市人民政府

2024年3月1日

(此件公开发布)

测州市甲事工作方案

一、总体要求

办好甲事。
"""


def test_notice_that_carries_a_plan_gives_both_titles() -> None:
    document = only(NOTICE)
    assert document.number == "测政发〔2024〕7号"
    assert document.title == "测州市甲事工作方案"
    assert document.covering_title == "关于印发测州市甲事工作方案的通知"
    assert document.issuer == "测州市人民政府"
    assert document.issued_on == date(2024, 3, 1)
    assert document.disclosure == "此件公开发布"
    assert document.addressees == ["各镇人民政府", "市政府各部门、单位"]
    assert document.body[0].text.startswith("一、")


def test_closing_block_inside_the_first_sentence_is_taken_out() -> None:
    source = NOTICE.replace("印发给你们,请认真执行。", "印发\n\n(此件公开发布)\n\n给你们,请认真执行。", 1).replace(
        "\n\n(此件公开发布)\n\n测州市甲", "\n\n测州市甲"
    )
    document = only(source)
    assert document.disclosure == "此件公开发布"
    assert document.issued_on == date(2024, 3, 1)
    assert not any("公开" in line.text for line in (*document.cover, *document.body))


@pytest.mark.parametrize(
    "printed",
    [
        "测政发〔2024〕7 号",
        "测政发[2024]7号",
        "测政发(2024)7号",
        "测政发〔2024〕07号",
        "测政发【2024】7号",
        "测政发﹝2024﹞7号",
        "（测政发〔2024〕7号）",
        "测政发〔2024〕7",
    ],
)
def test_number_is_normalised(printed: str) -> None:
    assert only(NOTICE.replace("测政发〔2024〕7号", printed)).number == "测政发〔2024〕7号"


def test_several_documents_are_told_apart_by_their_numbers() -> None:
    second = NOTICE.replace("7号", "8号").replace("甲事", "乙事")
    found = documents(NOTICE + second)
    assert [(d.number, d.title) for d in found] == [
        ("测政发〔2024〕7号", "测州市甲事工作方案"), ("测政发〔2024〕8号", "测州市乙事工作方案"),
    ]  # fmt: skip


def test_contents_page_makes_no_documents() -> None:
    contents = (
        "# 测州市人民政府公报\n\n## 目 录\n\n测州市人民政府关于印发测州市甲事工作方案的通知\n\n"
        "(测政发〔2024〕7 号) ..... (1)\n\n"
        "测州市人民政府关于印发测州市乙事工作方案的通知\n\n(测政发〔2024〕8 号) ..... (5)\n\n"
    )
    found = documents(contents + NOTICE + NOTICE.replace("7号", "8号").replace("甲事", "乙事"))
    assert [d.number for d in found] == ["测政发〔2024〕7号", "测政发〔2024〕8号"]


def test_number_that_a_sentence_cites_makes_no_document() -> None:
    source = NOTICE.replace(
        "办好甲事。",
        "按照《测州市乙事办法》(测政办发〔2020〕3号)办好甲事,并执行《测州市丙事规定》(\n测政发〔2019〕4号\n)的要求。",
    )
    assert [d.number for d in documents(source)] == ["测政发〔2024〕7号"]


def test_notice_that_prolongs_several_documents_stands_for_itself() -> None:
    name = "关于延长《测州市甲事办法》等2件规范性文件有效期的通知"
    head = f"测州市人民政府\n{name}\n测政规〔2023〕6号\n各镇人民政府:\n"
    body = "决定将《测州市甲事办法》、《测州市乙事办法》有效期延长至2028年9月30日。\n"
    document = only(f"{head}{body}测州市人民政府\n2023年9月25日\n")
    assert (document.title, document.covering_title) == (name, None)


@pytest.mark.parametrize(
    "note",
    [
        "(2015年6月3日测州市人民政府令第35号发布 根据2019年8月1日《测州市人民政府关于修改部分规章的决定》修正)\n",
        "(2015年5月20日市政府第12次常务会议通过 2015年6月3日测州市人民政府令第35号公布\n自2015年8月1日起施行)\n",
    ],
)
def test_measure_printed_without_its_decree_is_known_by_the_note_under_its_title(note: str) -> None:
    document = only(f"测州市城市供水管理办法\n{note}第一条 为加强供水管理,制定本办法。\n第二条 市水务局负责解释。\n")
    assert (document.number, document.issuer, document.title, document.issued_on) == (
        "测州市人民政府令第35号", "测州市人民政府", "测州市城市供水管理办法", date(2015, 6, 3),
    )  # fmt: skip


def test_opinion_that_carries_nothing_has_one_title() -> None:
    document = only(
        "测州市人民政府办公室\n关于加强丙事管理的意见\n测政办发〔2024〕2号\n各镇人民政府:\n"
        "为加强丙事管理,提出如下意见。\n一、丁事\n办好丁事。\n测州市人民政府办公室\n2024年5月6日\n"
    )
    assert (document.title, document.covering_title) == ("关于加强丙事管理的意见", None)
    assert document.issuer == "测州市人民政府办公室"
    assert document.issued_on == date(2024, 5, 6)


def test_missing_date_stays_missing() -> None:
    document = only(
        "测州市人民政府\n关于加强丙事管理的意见\n测政发〔2024〕3号\n各镇人民政府:\n为加强丙事管理,提出如下意见。\n"
        "一、丁事\n办好丁事。\n"
    )
    assert document.issued_on is None


def test_date_in_chinese_figures_is_read() -> None:
    assert only(NOTICE.replace("2024年3月1日", "二〇二四年三月一日")).issued_on == date(2024, 3, 1)


def test_title_over_several_lines_is_joined() -> None:
    source = NOTICE.replace("关于印发测州市甲事工作方案的通知", "关于印发测州市甲事工作\n方案的通 知")
    assert only(source).covering_title == "关于印发测州市甲事工作方案的通知"


@pytest.mark.parametrize(
    ("lines", "title", "covering"),
    [
        (
            "关于印发2021年测区重点任务\n责任分解方案的通知",
            "2021年测区重点任务责任分解方案",
            "关于印发2021年测区重点任务责任分解方案的通知",
        ),
        (
            "关于印发测区甲事三年行动方案\n（2020—2022年）的通知",
            "测区甲事三年行动方案(2020—2022年)",
            "关于印发测区甲事三年行动方案(2020—2022年)的通知",
        ),
    ],
)
def test_title_that_breaks_behind_the_name_of_the_measure_goes_on_to_the_notice(
    lines: str, title: str, covering: str
) -> None:
    document = only(f"测州市测区人民政府办公室\n{lines}\n测政办〔2021〕17号\n\n各街道办事处:\n\n现将方案印发给你们。\n")
    assert (document.title, document.covering_title) == (title, covering)
    assert document.issuer == "测州市测区人民政府办公室"


def test_answer_is_written_to_one_organ() -> None:
    document = only(
        "测州市人民政府关于2020年度住房计划的批复\n测政函〔2020〕14号\n\n市住房局:\n\n"
        "你局请示收悉,批复如下:\n\n一、同意。\n\n测州市人民政府\n2020年3月31日\n"
    )
    assert document.addressees == ["市住房局"]
    assert document.issuer == "测州市人民政府"


def test_military_command_signs_beside_the_government() -> None:
    document = only(
        "测州市人民政府 测州军分区\n关于印发测州市征兵规定的通知\n测政规〔2022〕3号\n\n各县人民政府:\n\n"
        "现将《测州市征兵规定》印发给你们。\n\n测州市人民政府    测州军分区\n2022年7月15日\n"
    )
    assert document.issuer == "测州市人民政府、测州军分区"


def test_labelled_lines_of_a_web_page_are_used_where_the_text_is_silent() -> None:
    source = (
        "首页 > 政府信息公开\n索引号: 0123\n发文机关: 测州市人民政府办公室\n"
        "标题: 测州市人民政府办公室关于印发测州市丁事管理办法的通知\n"
        "文号: 测政办发〔2023〕9号\n发布日期: 2023-08-20\n\n各镇人民政府,市政府各部门:\n"
        "现将《测州市丁事管理办法》印发给你们,请遵照执行。\n"
        "测州市丁事管理办法\n第一条 为规范丁事,制定本办法。\n第二条 市甲局负责丁事。\n第三条 本办法自印发之日起施行。\n"
    )
    document = only(source)
    assert document.number == "测政办发〔2023〕9号"
    assert document.title == "测州市丁事管理办法"
    assert document.covering_title == "关于印发测州市丁事管理办法的通知"
    assert document.issuer == "测州市人民政府办公室"
    assert document.issued_on is None
    assert document.published_only


def test_labelled_date_of_signing_is_the_date_of_issue() -> None:
    source = (
        "文号: 测政办发〔2023〕9号\n成文日期: 2023年08月11日\n发布日期: 2023-08-20\n关于加强丁事管理的通知\n"
        "各镇人民政府:\n现就有关事项通知如下。\n一、办好丁事。\n"
    )
    assert only(source).issued_on == date(2023, 8, 11)


def test_joint_issuers_are_joined() -> None:
    source = (
        "测州市甲事管理局 测州市乙事管理局\n关于印发测州市戊事实施细则的通知\n测甲发〔2024〕5号\n各镇人民政府:\n"
        "现将《测州市戊事实施细则》印发给你们。\n"
        "测州市甲事管理局 测州市乙事管理局\n2024年4月2日\n测州市戊事实施细则\n第一条 为办好戊事,制定本细则。\n"
        "第二条 市甲局负责戊事。\n"
    )
    assert only(source).issuer == "测州市甲事管理局、测州市乙事管理局"


def test_orders_under_one_heading_are_documents_of_their_own() -> None:
    source = (
        "# 测州市人民政府任免的工作人员名单\n\n2024年2月1日测政任〔2024〕1号\n\n任命:\n\n测试甲为测州市甲局局长。\n\n"
        "2024年3月5日测政任〔2024〕2号\n\n免去:\n\n测试乙的测州市乙局局长职务。\n"
    )
    found = documents(source)
    assert [d.number for d in found] == ["测政任〔2024〕1号", "测政任〔2024〕2号"]
    assert [d.issued_on for d in found] == [date(2024, 2, 1), date(2024, 3, 5)]
    assert {d.title for d in found} == {"测州市人民政府任免的工作人员名单"}
    assert {d.issuer for d in found} == {"测州市人民政府"}
    assert all(d.order for d in found)


def test_fragment_without_head_is_one_document_without_number_and_title() -> None:
    document = only("(三)办好丙事。市甲局负责丙事。\n(四)办好丁事。\n")
    assert (document.number, document.title) == (None, None)
    assert document.body


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("测州市甲事应急预案", "emergency_plan"),
        ("测州市甲事管理办法(试行)", "measures"),
        ("2024年甲事工作要点", "work_points"),
        ("测州市甲事三年行动计划", "plan"),
        ("关于加强甲事的实施意见", "opinion"),
        ("关于做好甲事的通知", "notice"),
        ("关于测州市2020年度住房计划的批复", "other"),
        ("关于公布测州市甲事管理办法清单的公告", "other"),
        ("测州市人民政府任免的工作人员名单", "appointment"),
        ("测州市甲事说明", "other"),
    ],
)
def test_kind_is_what_the_title_says(title: str, kind: str) -> None:
    assert kind_of(title, None) == kind


def test_subject_words_and_printing_note_do_not_hide_the_signature():
    text = (
        "测政办〔2007〕24号\n测南县人民政府办公室\n关于下达校舍维修指标的通知\n各乡镇人民政府,县政府直属各单位:\n"
        "现提出校舍维修指标,请认真组织实施。\n测南县人民政府办公室\n二○○七年二月十五日\n主题词:教育 指标\n"
        "抄送:县委办公室。\n"
        "测南县人民政府办公室 2007年2月15日印发\n"
    )
    (instrument,) = compile_text(text).instruments
    assert (instrument.issued_on, instrument.issuer) == ("2007-02-15", "测南县人民政府办公室")
    assert not any("印发" in clause.text for clause in instrument.clauses)


def test_title_behind_its_number_and_in_a_table_of_the_page_is_read():
    body = "各街道办事处:\n一、总体要求\n抓好落实。\n"
    behind = f"测立政发〔2023〕2号测立区人民政府关于印发2023年重点工作分工方案的通知\n{body}"
    (instrument,) = compile_text(behind).instruments
    assert instrument.covering_title == "关于印发2023年重点工作分工方案的通知"
    table = f"发文字号: | 无 | 有 效 性: | 有效\n标 题: | 测州市人民政府关于加强河道巡查的意见 | |\n{body}"
    (instrument,) = compile_text(table).instruments
    assert (instrument.title, instrument.issuer) == ("关于加强河道巡查的意见", "测州市人民政府")


def test_group_is_named_by_the_title_where_the_heading_only_says_what_follows():
    text = (
        "测州市人民政府办公室关于成立测州市河道整治工作领导小组的通知\n各区人民政府:\n现将有关事项通知如下:\n一、组成人员\n"
        "组 长:测试甲(副市长)\n成 员:测试乙(市水务局局长)\n二、工作机制\n定期会商。\n"
    )
    (instrument,) = compile_text(text).instruments
    assert {seat.group for seat in instrument.memberships} == {"测州市河道整治工作领导小组"}


def test_documents_under_the_heading_of_grounds_are_the_basis():
    text = (
        "1 总则\n1.1 编制目的\n为处置甲事,制定本预案。\n1.2 编制依据\n《甲条例》《乙省甲事应急预案》等。\n"
        "1.3 范围\n《丙法》所称甲事。"
    )
    (instrument,) = compile_text(text).instruments
    found = [(relation.type, relation.target.title) for relation in instrument.relations]
    assert found == [("based_on", "甲条例"), ("based_on", "乙省甲事应急预案"), ("cites", "丙法")]


@pytest.mark.parametrize(
    ("last", "cut"), [("责任单位:市甲局;完成时限:12月底前", False), ("(牵头单位:市甲", True), ("市甲局要", True)]
)
def test_mark_at_the_end_of_a_file_is_whole(last: str, cut: bool):
    result = compile_text(f"一、甲事\n1.办好乙事。\n2.办好丙事,完善机制。{last}")
    assert ("truncated" in {warning.code for warning in result.warnings}) == cut


def test_heading_of_the_measure_right_above_its_text_begins_the_measure():
    text = (
        "测州市人民政府办公室关于印发测州市甲事专项行动实施方案的通知\n测政办函〔2019〕44号\n\n"
        "测州市甲事专项行动实施方案\n\n一、时间安排\n市甲局制定方案。\n"
        "附1\n测州市甲事专项行动领导小组名单\n组长:测试甲 副市长\n"
    )
    (instrument,) = compile_text(text).instruments
    assert instrument.title == "测州市甲事专项行动实施方案"
    assert [clause.path for clause in instrument.clauses if "¶" not in clause.path] == ["一", "附件1"]


@pytest.mark.parametrize(
    ("note", "day"), [("(2018年3月30日)", date(2018, 3, 30)), ("(征求意见稿)\n(2018年3月30日)", None)]
)
def test_date_in_brackets_under_a_title_without_number_is_the_date_of_issue(note: str, day: date | None) -> None:
    document = only(
        f"中共测县委 测县人民政府\n关于实施乡村振兴战略的意见\n{note}\n\n为深入贯彻上级精神,提出如下意见。\n一、甲事\n"
    )
    assert document.issued_on == day


DECREE = [
    "《测州市甲事管理办法》已经市人民政府第52次常务会议审议通过,现予公布,自2019年12月1日起施行。",
    "市长 测试甲",
    "2019年10月8日",
    "测州市甲事管理办法",
    "第一条 为了甲事,制定本办法。",
    "第二条 市甲局负责甲事。",
]


def decree(*head: str) -> str:
    return "\n".join([*head, *DECREE])


@pytest.mark.parametrize(
    ("head", "number"),
    [
        (["测州市人民政府令", "第45号"], "测州市人民政府令第45号"),
        (["测 州 市 人 民 政 府 令", "(第 45 号)"], "测州市人民政府令第45号"),
        (["测州市人民政府令第45号"], "测州市人民政府令第45号"),
        (["测州市人民政府", "公 告", "2019年第12号"], "测州市人民政府公告2019年第12号"),
    ],
)
def test_decree_is_numbered_by_its_issuer_and_has_no_parts(head: list[str], number: str) -> None:
    document = only(decree(*head))
    assert (document.number, document.parts) == (number, None)
    assert (document.title, document.covering_title) == ("测州市甲事管理办法", None)
    assert (document.issuer, document.issued_on) == ("测州市人民政府", date(2019, 10, 8))


def test_decrees_of_one_issue_are_documents_of_their_own() -> None:
    source = "\n\n".join([decree("测州市人民政府令", "第45号"), decree("测州市人民政府令第46号"), NOTICE])
    assert [document.number for document in documents(source)] == [
        "测州市人民政府令第45号",
        "测州市人民政府令第46号",
        "测政发〔2024〕7号",
    ]


def test_decree_that_a_broken_line_cites_makes_no_document() -> None:
    source = decree("测州市人民政府令", "第45号") + "\n第三条 《测州市乙事管理办法》(\n市政府令第12号)同时废止。\n"
    assert only(source).number == "测州市人民政府令第45号"


def test_issuer_before_the_title_of_a_carried_decision_is_left_out() -> None:
    source = decree("测州市人民政府令第46号").replace("测州市甲事管理办法", "测州市人民政府关于废止部分规章的决定")
    assert only(source).title == "关于废止部分规章的决定"


PLACELESS = """县人民政府关于做好甲事的通知

{label}

各乡镇人民政府,县政府各部门:

现将有关事项通知如下:

一、抓好甲事。由县甲局负责。

{signature}
"""


def test_an_issuer_without_its_place_is_named_whole_by_the_signature_though_the_date_is_broken() -> None:
    found = only(PLACELESS.format(label="测县政发〔2024〕8号", signature="测山县人民政府\n\n2024年3月 日"))
    assert (found.issuer, found.issued_on) == ("测山县人民政府", None)


def test_an_issuer_without_its_place_is_named_whole_by_a_labelled_line() -> None:
    assert only(PLACELESS.format(label="发文单位: 测山县人民政府", signature="")).issuer == "测山县人民政府"
    assert only(PLACELESS.format(label="发文单位: 测山县甲局", signature="")).issuer == "县人民政府"


def test_inner_signs_of_a_title_become_the_outer_ones_when_it_stands_alone() -> None:
    text = (
        "各乡镇人民政府,县政府各部门:\n现将《<甲事报告>任务分解表》印发给你们,请认真落实。\n"
        "测山县人民政府办公室\n2024年3月1日\n"
    )
    assert only(text).title == "《甲事报告》任务分解表"


def test_a_labelled_date_is_read_without_a_colon_but_a_date_of_release_is_none_of_issue() -> None:
    page = "• 发文机关测山县人民政府\n• 成文日期2024-03-07\n• 发布时间2024-03-09\n{rest}"
    assert only(page.format(rest=PLACELESS.format(label="", signature=""))).issued_on == date(2024, 3, 7)
    page = page.replace("成文日期2024-03-07", "")
    assert only(page.format(rest=PLACELESS.format(label="", signature=""))).issued_on is None


def test_what_a_bracket_under_the_title_says_of_its_force_is_read() -> None:
    text = (
        "测州市甲事管理办法\n测山省测州市人民政府\n测州市甲事管理办法\n"
        "(2013年1月17日市人民政府第1次常务会议通过 2013年1月24日市人民政府令第227号公布 自2013年3月1日起施行)\n"
        "第一条 为办好甲事,制定本办法。\n第二条 市甲局负责甲事。\n第三条 市乙局配合。\n"
    )
    assert compile_text(text).instruments[0].effective_from == "2013-03-01"


def test_an_issuer_alone_above_the_number_of_its_decree_is_the_issuer() -> None:
    text = (
        "测州市甲事管理规定\n测山省测州市人民政府\n第63号\n"
        "《测州市甲事管理规定》业经市人民政府常务会议通过,现予发布施行。\n"
        "市长:测试甲\n一九九七年九月十七日\n测州市甲事管理规定\n第一章 总则\n第一条 为办好甲事,制定本规定。\n"
    )
    found = only(text)
    assert (found.title, found.issuer, found.issued_on) == ("测州市甲事管理规定", "测州市人民政府", date(1997, 9, 17))


def test_a_page_may_say_before_the_number_that_the_document_has_ended() -> None:
    text = (
        "(已废止)测政办字〔2019〕24号 关于印发测山县甲事预案的通知\n"
        "各乡镇人民政府: 《测山县甲事预案》已经县政府同意,现印发给你们。"
        " 测山县人民政府办公室 2019年9月22日 测山县甲事预案 为办好甲事,制定本预案。 一、适用范围 本预案适用于甲事。\n"
    )
    found = only(text)
    assert (found.number, found.covering_title) == ("测政办字〔2019〕24号", "关于印发测山县甲事预案的通知")


def test_an_empty_labelled_date_is_not_dated_by_the_field_below_it() -> None:
    page = (
        "标 题: | 测州市人民政府办公室关于印发测试方案的通知 | ||\n成文日期: | |||\n发布日期: | 2020-04-09 | ||\n{rest}"
    )
    assert only(page.format(rest="各乡镇:\n请认真执行。\n")).issued_on is None


def test_inner_signs_become_outer_ones_in_both_titles() -> None:
    found = only(
        "测州市人民政府关于印发《2021年市〈甲事报告〉分工方案》的通知\n测政发〔2021〕1号\n各县区:\n请认真执行。\n"
    )
    assert (found.title, found.covering_title) == (
        "2021年市《甲事报告》分工方案",
        "关于印发2021年市《甲事报告》分工方案的通知",
    )


ITEMS = """
一、市甲局要牵头推进。

二、市乙局每季度通报一次。
"""


def test_items_that_a_notice_adds_to_its_measure_are_clauses_before_it() -> None:
    (instrument,) = compile_text(
        NOTICE.replace("\n测州市人民政府\n\n2024", f"{ITEMS}\n测州市人民政府\n\n2024")
    ).instruments
    assert [clause.path for clause in instrument.clauses] == ["一", "二", "一~2"] + [
        clause.path for clause in instrument.clauses[3:]
    ]
    assert [duty.clause for duty in instrument.duties][:2] == ["一", "二"]
    assert instrument.title == "测州市甲事工作方案"


def test_a_letter_carries_a_measure_as_a_notice_does() -> None:
    document = only(NOTICE.replace("工作方案的通知", "工作方案的函"))
    assert document.covering_title == "关于印发测州市甲事工作方案的函"


def test_a_title_may_be_about_websites() -> None:
    document = only(
        NOTICE.replace("关于印发测州市甲事工作方案的通知", "关于印发《测州市政府网站\n甲事工作方案》的通知")
    )
    assert document.covering_title == "关于印发测州市政府网站甲事工作方案的通知"


def test_a_decision_that_amends_stands_for_itself_where_no_amended_text_follows() -> None:
    title = "关于修改《测州市甲事管理办法》的决定"
    source = f"测州市人民政府{title}\n经研究,决定作如下修改:\n一、第三条修改为:“甲事。”\n二、删去第五条。\n"
    document = only(source)
    assert (document.title, document.covering_title) == (title, None)


def test_short_and_wordless_titles_of_appointments_are_read_with_who_appoints() -> None:
    body = "根据工作需要,决定任命:\n测试甲同志任市甲局局长;\n免去:\n测试乙同志的市甲局局长职务。\n2019年7月3日\n"
    (notice,) = compile_text(f"测州市人民政府\n任免通知\n测政任〔2019〕12号\n{body}").instruments
    assert (notice.title, notice.issuer, len(notice.appointments)) == ("任免通知", "测州市人民政府", 2)
    (news,) = compile_text("测州市人民政府任免工作人员\n任命测试甲为市甲局副局长。\n").instruments
    assert (news.title, news.issuer, len(news.appointments)) == ("测州市人民政府任免工作人员", "测州市人民政府", 1)


def test_a_measure_whose_heading_has_no_word_of_titles_is_found_by_its_name() -> None:
    source = NOTICE.replace("测州市甲事工作方案\n\n一、", "2024年《甲事报告》要求办好的事项\n\n一、").replace(
        "测州市甲事工作方案", "2024年甲事报告要求办好的事项"
    )
    document = only(source.replace("《2024年甲事报告要求办好的事项》", "《2024年〈甲事报告〉要求办好的事项》"))
    assert document.title == "2024年《甲事报告》要求办好的事项"


def test_an_issuer_without_its_place_is_named_whole_by_a_field_in_boxes() -> None:
    source = NOTICE.replace("测州市人民政府\n", "").replace(
        "关于印发", "·【制定机关】测州市人民政府\n市人民政府关于印发", 1
    )
    assert only(source).issuer == "测州市人民政府"


def test_many_issuers_two_on_a_line_sign_together() -> None:
    signers = "生态厅 发展厅\n\n财政厅 商务厅\n\n水利厅 交通厅\n\n甲州市人民政府 乙州市人民政府\n\n2024年3月1日"
    source = NOTICE.replace("测州市人民政府\n\n2024年3月1日", signers).replace("测州市人民政府\n\n关于", "关于")
    assert only(source).issuer == "生态厅、发展厅、财政厅、商务厅、水利厅、交通厅、甲州市人民政府、乙州市人民政府"
