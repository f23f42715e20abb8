"""Duties of whole documents: who acts where a sentence, a line or a heading leaves it to its neighbours to say so."""

from __future__ import annotations

import pytest

from luoshi.gazette.compiler import compile_text

HEAD = "测州市人民政府办公室关于测试的意见\n测政办发〔2021〕9号\n各镇人民政府:\n"
Found = list[tuple[str, list[str], list[str], list[str]]]


def duties(text: str) -> Found:
    return [
        (
            duty.clause,
            [organ.name for organ in duty.lead],
            [organ.name for organ in duty.cooperating],
            [limit.value for limit in duty.time_limits],
        )
        for duty in compile_text(f"{HEAD}{text}\n").instruments[0].duties
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一、市甲局负责排查隐患。每月5日前报送进展情况。", [("一", ["市甲局"], [], ["monthly by 05"])]),
        (
            "一、各镇、各部门要落实任务。从2021年3月起,务于每月5日前报市甲局。",
            [
                ("一", ["各镇", "各部门"], [], ["2021-03-01", "monthly by 05"]),
            ],
        ),
        ("一、本办法适用于市甲局在实施救助时的调查。", []),
        ("一、市甲局(下简称甲局)负责排查隐患。", [("一", ["市甲局"], [], [])]),
        ("一、联席会议由市甲局召集,原则上一年召开一次。", [("一", ["市甲局"], [], ["yearly"])]),
        ("一、各责任主体要落实资金。", [("一", ["各责任主体"], [], [])]),
        (
            "一、教育部门主管教学工作,各责任单位的主要负责同志要负总责,配合单位要服从大局。",
            [
                ("一", ["教育部门"], [], []),
                ("一", ["各责任单位的主要负责同志"], [], []),
                ("一", ["配合单位"], [], []),
            ],
        ),
        ("一、应在2021年6月30日前公布,逾期的自2021年7月1日起宣布失效。", [("一", [], [], ["2021-06-30"])]),
        ("一、市甲局负责排查隐患。应于2021年6月底前完成整改。", [("一", ["市甲局"], [], ["2021-06-30"])]),
        ("一、市甲局负责编制清单。清单每年更新一次。", [("一", ["市甲局"], [], []), ("一", [], [], ["yearly"])]),
        (
            "一、市甲局负责编制清单。全市统一标准。每年更新一次。",
            [("一", ["市甲局"], [], []), ("一", [], [], ["yearly"])],
        ),
    ],
)
def test_a_sentence_that_leaves_its_subject_out_goes_on_with_the_one_before(text: str, found: Found) -> None:
    assert duties(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("一、市甲局牵头,市乙局、丙局配合,6月底前出台。", [("一", ["市甲局"], ["市乙局", "市丙局"], ["2021-06-30"])]),
        ("一、市甲局审核后,会同市乙局在20个工作日内下达。", [("一", ["市甲局"], ["市乙局"], ["20 working days"])]),
        ("一、市委组织部要加强指导,市甲局协同推进。", [("一", ["市委组织部"], [], []), ("一", ["市甲局"], [], [])]),
    ],
)
def test_partners_stand_in_a_part_of_their_own(text: str, found: Found) -> None:
    assert duties(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "一、分工\n市甲局。负责统筹协调,每月通报进展。\n市乙局。牵头开展核查。",
            [("一", ["市甲局"], [], ["monthly"]), ("一", ["市乙局"], [], [])],
        ),
        ("一、市甲局收到申请后,15日内拨付资金。", [("一", ["市甲局"], [], ["15 days"])]),
        ("一、对整改不力的,由市甲局约谈。", [("一", ["市甲局"], [], [])]),
        ("一、排查隐患。(市甲局,长期坚持)", [("一", ["市甲局"], [], [])]),
    ],
)
def test_further_ways_to_say_who_acts(text: str, found: Found) -> None:
    assert duties(text) == found


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("测州市人民政府专题会议纪要\n〔2023〕第12号", "2023-08-15"),
        ("2024年测试工作要点", "2024-08-15"),
        ("清河县2024年测试工作要点", "2024-08-15"),
        ("测试工作要点", None),
        ("2023—2025年测试工作方案", None),
    ],
)
def test_a_document_without_date_has_the_year_of_its_number_or_title(head: str, value: str | None) -> None:
    (instrument,) = compile_text(f"{head}\n一、由市甲局负责,8月15日前完成。\n二、加强领导。\n").instruments
    assert [limit.value for duty in instrument.duties for limit in duty.time_limits] == ([value] if value else [])
    assert instrument.issued_on is None


@pytest.mark.parametrize(
    "text",
    [
        "一、企业发现险情后,应当在30分钟内报告。",
        "一、自2022年1月1日起,城区禁止燃放烟花爆竹。",
        "一、测试同志任市政府督查专员。",
    ],
)
def test_private_parties_bans_and_posts_are_no_duties(text: str) -> None:
    assert duties(text) == []


def test_a_body_that_a_sentence_sets_up_does_what_the_next_part_says() -> None:
    assert duties("一、市政府设立市测试工作指挥部,负责统一指挥测试工作。") == [("一", ["市测试工作指挥部"], [], [])]
    assert duties("一、成立由分管副市长任组长,市甲局、乙局等部门主要负责人为成员的领导小组,统筹推进。") == []
    assert duties("一、指挥长:市政府分管副市长\n成员单位:市甲局、市乙局。") == []


def test_dates_of_a_stage_belong_to_who_acts_in_it() -> None:
    text = "一、动员部署阶段(4月15日至4月30日)。各镇要制定方案,4月25日前报市甲局。\n二、总结阶段(5月)。形成总结报告。"
    assert duties(text) == [
        ("一", ["各镇"], [], ["2021-04-25", "2021-04-15/2021-04-30"]),
        ("二", [], [], ["2021-05-01/2021-05-31"]),
    ]


def test_a_line_of_time_under_a_mark_dates_its_duty() -> None:
    assert duties("1.新建中心2家。\n牵头单位:市甲局\n配合单位:市乙局\n完成时限:10月底\n2.其他工作。") == [
        ("1", ["市甲局"], ["市乙局"], ["2021-10-31"])
    ]


def test_what_binds_private_parties_is_nobodys_duty() -> None:
    text = "一、停车场经营者应当自开业之日起15日内向市甲局备案。市甲局应当在5个工作日内出具证明。"
    assert duties(text) == [("一", ["市甲局"], [], ["5 working days"])]


def test_a_mark_covers_the_sibling_above_unless_it_names_who_acts() -> None:
    assert duties("1.每年开展一次检查。\n2.加强巡查。(市甲局负责)")[-1] == ("2", ["市甲局"], [], ["yearly"])
    assert duties("1.市乙局每年开展一次检查。\n2.加强巡查。(市甲局负责)") == [
        ("1", ["市乙局"], [], ["yearly"]),
        ("2", ["市甲局"], [], []),
    ]


def test_who_punishes_is_named_by_the_rule() -> None:
    assert duties("一、违反本办法规定的,由市甲局责令限期改正。") == [("一", ["市甲局"], [], [])]


def test_entries_of_a_member_list_state_no_duty() -> None:
    text = (
        "现将名单公布如下:\n"
        "主　任：于测试　市政府副市长\n委　员：时测试　市委宣传部副部长、市融媒体中心\n　　　　　主任\n"
        "　　　　应测试　市甲局局长\n委员会下设办公室,办公室设在市甲局,应测试兼任办公室主任。"
    )
    assert duties(text) == []


@pytest.mark.parametrize(
    ("sentence", "lead"),
    [
        ("市甲局是排水行政主管部门(以下简称主管部门),负责排水的监督管理工作。", "市甲局"),
        ("市甲局每三年组织一次综合演练。", "市甲局"),
        ("各级各部门主要负责同志要亲自抓。", "各级各部门主要负责同志"),
        ("市测试指挥部视情派出工作组。", "市测试指挥部"),
    ],
)
def test_further_ways_to_bind(sentence: str, lead: str) -> None:
    assert [found[1] for found in duties(f"一、{sentence}")] == [[lead]]


def test_a_list_of_tasks_dates_the_duty_of_its_opening() -> None:
    text = "第一条 市甲局履行下列职责:\n(一)受理申请。\n(二)自受理之日起5日内答复。\n第二条 乙事。\n第三条 丙事。"
    assert duties(text) == [("第一条", ["市甲局"], [], ["5 days"])]


def test_a_name_for_several_levels_stands_for_all_of_them() -> None:
    text = (
        "一、市、县(区)水利主管部门负责监测。水利主管部门应当公布结果。区人民政府应当安置群众,市人民政府应当予以补助。"
    )
    assert [duty[1] for duty in duties(text)] == [
        ["市水利主管部门", "县(区)水利主管部门"], ["区人民政府"], ["市人民政府"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["一、2021年主要工作目标", "一、对结论不服的,可以自收到通知之日起10日内申请复核。", "一、可以由区政府征收。"],
)
def test_plans_named_in_headings_and_permissions_are_no_dated_acts(text: str) -> None:
    assert duties(text) == []


def test_the_duties_of_a_body_listed_under_it_are_one_duty_of_the_opening() -> None:
    text = (
        "测政发〔2018〕9号\n供水管理办法\n第四条 市供水中心的主要职责是:\n(一)编制年度计划;\n(二)每年检查一次管网。\n"
    )
    duties = compile_text(text).instruments[0].duties
    assert [(duty.clause, [organ.name for organ in duty.lead]) for duty in duties] == [("第四条", ["市供水中心"])]
    assert [limit.value for limit in duties[0].time_limits] == ["yearly"]


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("供热企业停止供热的,应当在十日前通知用户。", []),
        ("举报人应当在三十日内领取奖励。", []),
        ("申请人材料齐全的,应当在五日内受理。", [("一", [], [], ["5 days"])]),
    ],
)
def test_what_binds_a_private_party_is_nobodys_duty(sentence: str, found: Found) -> None:
    assert duties(f"一、{sentence}") == found


@pytest.mark.parametrize(
    "text",
    [
        "一、每年5月第二周为节水宣传周。",
        "一、企业应当自开业之日起30日内申报信息;信息发生变化的,应在15日内变更。",
    ],
)
def test_seasons_and_what_private_parties_go_on_with_are_nobodys_duty(text: str) -> None:
    assert duties(text) == []


def test_figures_of_what_has_been_reached_are_no_targets():
    text = "一、发展基础\n全市供水普及率稳定在95%以上。\n二、夯实工作基础\n供水普及率达到98%以上。"
    found = compile_text(f"{HEAD}{text}\n").instruments[0].targets
    assert [(target.clause, target.value) for target in found] == [("二", "98")]
