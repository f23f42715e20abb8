"""Targets and parameters: what is a figure of the work, and what stands beside it."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.figures import find_phrases
from luoshi.gazette.targets import find_figures


class Limit(NamedTuple):
    kind: str
    value: str
    start: int
    end: int


def targets(text, **options):
    found, _ = find_figures(text, options.get("limits", ()), options.get("by"), options.get("policy", False))
    return [(target.op, target.value, target.unit) for target in found]


def parameters(text, policy=False):
    _, found = find_figures(text, (), None, policy)
    return [(parameter.op, parameter.value, parameter.unit) for parameter in found]


COMPARISONS = [
    ("巡河完成率达到95%以上", [(">=", "95", "%")]),
    ("巡河完成率不低于95%", [(">=", "95", "%")]),
    ("浓度控制在30微克每立方米以下", [("<=", "30", "微克每立方米")]),
    ("优良率(AQI达标率)达到90%", [("=", "90", "%")]),
    ("20平方公里以上甲区面积达到乙类标准", [(">=", "20", "平方公里")]),
    ("每个片区至少配备2名巡河员", [(">=", "2", "名")]),
    ("举办读书会不少于12场", [(">=", "12", "场")]),
    ("登记失业率控制在4%以内", [("<=", "4", "%")]),
    ("漏损率不超过9.5%", [("<=", "9.5", "%")]),
    ("病虫害发生率下降到1%以下", [("<=", "1", "%")]),
    ("价格指数控制在103以内", [("<=", "103", "")]),
    ("增速高于全县平均水平2个百分点", [(">", "2", "个百分点")]),
    ("全县茶业总产值突破80亿元", [(">", "80", "亿元")]),
    ("参加志愿服务超百人", [(">", "100", "人")]),
    ("服务群众5000余人次", [(">", "5000", "人次")]),
    ("漏损率低于8%", [("<", "8", "%")]),
    ("受污染林地安全利用率达到90%左右", [("~", "90", "%")]),
    ("经营许可基本达到100%", [("~", "100", "%")]),
    ("为茶农减负约3亿元", [("~", "3", "亿元")]),
    ("茶园改造面积2万亩", [("=", "2", "万亩")]),
    ("筛选20—30家茶企给予辅导", [(">=", "20", "家"), ("<=", "30", "家")]),
    ("地区生产总值增长6.5%—7%", [(">=", "6.5", "%"), ("<=", "7", "%")]),
    ("网上可办率达到百分之九十以上", [(">=", "90", "%")]),
    ("灌溉水利用系数达到0.65,", [("=", "0.65", "")]),
    ("智算规模达到1500PFlops", [("=", "1500", "PFlops")]),
    ("路网密度提高到8公里/平方公里", [("=", "8", "公里/平方公里")]),
    ("总规模达到1,500万元", [("=", "1500", "万元")]),
]


@pytest.mark.parametrize(("text", "expected"), COMPARISONS)
def test_targets_read_the_comparison(text, expected):
    assert targets(text) == expected


COUNTS = [
    ("投资1.5亿元改造97公里乡道", [("=", "1.5", "亿元"), ("=", "97", "公里")]),
    ("实施总投资3.7亿元的40项街区工程", [("=", "3.7", "亿元"), ("=", "40", "项")]),
    ("实施总投资6亿元的甲乙轴承厂等17个技改项目", [("=", "6", "亿元"), ("=", "17", "个")]),
    ("新增年产值过8亿元企业4家", [("=", "4", "家")]),
    ("创建6处渔业园区、7处林果园区、8家示范企业", [("=", "6", "处"), ("=", "7", "处"), ("=", "8", "家")]),
    ("计划先从全县选取三个村进行试点", [("=", "3", "个")]),
    ("建设十个口袋公园", [("=", "10", "个")]),
    ("完成一百二十处修缮", [("=", "120", "处")]),
    ("打造三至五个样板", [(">=", "3", "个"), ("<=", "5", "个")]),
    ("每个镇至少建成一个示范点", [(">=", "1", "个")]),
    ("粪污利用率分别达到90%和60%以上", [(">=", "90", "%"), (">=", "60", "%")]),
    (
        "覆盖率分别高于平均创建水平10%、20%、50%",
        [(">", "10", "%"), (">", "20", "%"), (">", "50", "%")],
    ),
    ("全县25%的村完成雨污分流", [("=", "25", "%")]),
    ("培育5家以上龙头茶企", [(">=", "5", "家")]),
    ("2019年6月底前5个镇完成规划", [("=", "5", "个")]),
    ("开办时间压缩至3个工作日以内", [("<=", "3", "个工作日")]),
    ("优良天数达到260天以上", [(">=", "260", "天")]),
    ("每千人口执业医师数达到2.5人", [("=", "2.5", "人")]),
]


@pytest.mark.parametrize(("text", "expected"), COUNTS)
def test_targets_take_one_per_printed_figure(text, expected):
    assert targets(text) == expected


NEITHER = [
    "联席会议每年召开两次会议",
    "确定甲省、乙省2个省为试点",
    "两个以上县出现险情",
    "从两处以上取得收入的",
    "每5年修订1次目录",
    "科技服务方面(共4项)",
    "在甲市、乙市2个城市开展试点",
    "其他22名人员受到处理",
    "扎实推动“两个茶博园”项目和“一村一年三场戏”",
    "实施五大工程,落实八项规定,坚持四个自信",
    "在300户以上的村启动修缮",
    "年满60岁以上老年人免费乘坐",
    "年销售收入2000万元以上的企业纳入统计",
    "编制三年行动计划,到2020年完成",
    "根据甲政发〔2018〕12号文件,2018年3月20日印发",
    "10个工作日内办结,12345热线24小时值守",
    "目前全县共有茶企300家",
    "完成S207改线,建设PM2.5监测点",
    "开展一次演练,打造一批样板,汇总成一张图",
    "分为三个方面、八个步骤,召开第三次会议",
    "联合8个部门实现全覆盖,引入第三方",
    "每季度开展1次检查",
    "设组长1名、副组长2名,各单位明确1名联络员",
    "3.牢固树立大局意识",
    "将确定的146项工作任务细化落实",
    "全年重点工作分解为148项",
    "对依据已变更的28件文件予以废止",
    "丙市宣布失效的规范性文件目录(28件)",
    "继续有效的规范性文件28件",
    "规模不足300人的学校由县政府整合",
    "2018年以来,水质持续改善,劣质断面下降20%,投诉下降70%。",
    "决定表彰甲村等12个村。",
    "抓好6万吨水泥项目。",
    "把去年出台的5项奖励举措调整为7项奖励举措。",
    "每镇扶持1家符合条件的合作社。",
]


@pytest.mark.parametrize("text", NEITHER)
def test_names_classes_and_dates_are_neither(text):
    assert find_figures(text, (), None, False) == ([], [])


PARAMETERS = [
    ("担保费率不超过1%,对其他主体不超过1.5%", [("<=", "1", "%"), ("<=", "1.5", "%")]),
    ("当空气相对湿度低于70%时,增加洒水", [("<", "70", "%")]),
    ("对新上规企业给予10万元奖励", [("=", "10", "万元")]),
    ("按每亩5—10万元的标准补偿", [(">=", "5", "万元"), ("<=", "10", "万元")]),
    ("按照25%的比例给予补偿", [("=", "25", "%")]),
    ("预测AQI日均值>200", [(">", "200", "")]),
    ("造成10人以上死亡", [(">=", "10", "人")]),
    ("个人自付比例不超过10%", [("<=", "10", "%")]),
    ("可处1000元以上5000元以下罚款", [(">=", "1000", "元"), ("<=", "5000", "元")]),
    ("按照300—500户的标准划分网格", [(">=", "300", "户"), ("<=", "500", "户")]),
    ("考核结果占乡镇目标考核的5%", [("=", "5", "%")]),
    ("巡河情况纳入考核,分值不低于3分", [(">=", "3", "分")]),
    ("学校可在编制总量20%以内自主聘用教师", [("<=", "20", "%")]),
    ("征求意见时间不少于7个工作日", [(">=", "7", "个工作日")]),
]


@pytest.mark.parametrize(("text", "expected"), PARAMETERS)
def test_rates_caps_and_thresholds_are_parameters(text, expected):
    assert targets(text) == []
    assert parameters(text) == expected


def test_a_quoted_sentence_states_its_figures_and_a_quoted_name_none():
    targets, _ = find_figures("实现“新增泊位200个,覆盖率达到95%”的目标,办好“百场演出、三个节会”", (), None, False)
    assert [(t.op, t.value, t.unit) for t in targets] == [("=", "200", "个"), ("=", "95", "%")]


def test_rules_make_their_figures_parameters():
    text = "基金总规模1000万元,抽查比例达到5%以上"
    assert targets(text, policy=True) == []
    assert parameters(text, policy=True) == [("=", "1000", "万元"), (">=", "5", "%")]


def test_reduction_ratios_of_an_emergency_plan_are_targets():
    assert targets("主要废水削减比例达到6%以上,两项之和不应低于22%") == [(">=", "6", "%"), (">=", "22", "%")]


SUBJECTS = [
    ("到2020年,受污染林地安全利用率达到90%左右", "受污染林地安全利用率"),
    ("茶农化肥使用量较2014年减少10%", "茶农化肥使用量"),
    ("打造1处茶史馆", "茶史馆"),
    ("年内实施茶艺培训2000人次", "茶艺培训"),
    ("投资640万元推广签约服务", "投资"),
    ("新增年产值过8亿元企业4家", "新增年产值过8亿元企业"),
]


@pytest.mark.parametrize(("text", "subject"), SUBJECTS)
def test_target_subject_is_the_thing_measured(text, subject):
    found, _ = find_figures(text, (), None, False)
    assert [target.subject for target in found] == [subject]


def test_target_baseline_is_the_printed_reference():
    found, _ = find_figures("茶农化肥使用量较2014年减少10%,办件环节由8个减少到4个", (), None, False)
    assert [(target.value, target.baseline) for target in found] == [("10", "2014年"), ("4", "8个")]


def test_target_aspiration_covers_its_sentence_only():
    found, _ = find_figures("满意度力争达到85%以上;合格率达到98%以上", (), None, False)
    assert [target.aspiration for target in found] == [True, False]


def test_target_by_is_the_nearest_date_before():
    text = "到2018年底,利用率达到94%。到2019年,利用率达到95%"
    limits = [Limit("by", "2018-12-31", 0, 7), Limit("by", "2019-12-31", 17, 23)]
    found, _ = find_figures(text, limits, "2030-12-31", False)
    assert [target.by for target in found] == ["2018-12-31", "2019-12-31"]


@pytest.mark.parametrize(
    "text",
    [
        "到2022年、2025年,覆盖率分别达到80%、100%",
        "2022年、2025年分别新建泊位20处、25处",
    ],
)
def test_years_and_figures_printed_apart_are_paired(text):
    found, _ = find_figures(text, (), "2030-12-31", False)
    assert [target.by for target in found] == ["2022-12-31", "2025-12-31"]


def test_year_before_a_figure_in_its_part_is_its_own():
    found, _ = find_figures("新建泊位20处以上,其中2022年8处、2023年12处,较2021年多4处", (), "2030-12-31", False)
    assert [target.by for target in found] == ["2030-12-31", "2022-12-31", "2023-12-31", "2030-12-31"]


def test_day_in_the_sentence_before_dates_no_figure_but_a_year_does():
    text = "3月10日前开课。悬挂标语20条。"
    found, _ = find_figures(text, [Limit("by", "2021-03-10", 0, 6)], None, False)
    assert [target.by for target in found] == [None]
    text = "到2020年建成园区。新增企业30家。"
    found, _ = find_figures(text, [Limit("by", "2020-12-31", 0, 6)], None, False)
    assert [target.by for target in found] == ["2020-12-31"]


def test_time_that_is_a_limit_is_no_target_too():
    text = "答复时间不超过5个工作日,办理时间压缩至3个工作日内"
    limits = [Limit("within", "5 working days", 4, 12), Limit("within", "3 working days", 20, 26)]
    assert targets(text, limits=limits) == [("<=", "3", "个工作日")]


def test_figure_without_words_of_its_own_measures_what_the_one_before_does():
    found, _ = find_figures("完成工业投资200亿元、增长15%", (), None, False)
    assert [target.subject for target in found] == ["工业投资", "工业投资"]


def test_target_by_is_inherited_from_the_opening_sentence():
    found, _ = find_figures("新建茶史馆2处", (), "2020-12-31", False)
    assert [target.by for target in found] == ["2020-12-31"]


def test_target_by_of_a_period_is_its_last_day():
    found, _ = find_figures(
        "2018—2020年,新建茶史馆2处", [Limit("between", "2018-01-01/2020-12-31", 0, 10)], None, False
    )
    assert [target.by for target in found] == ["2020-12-31"]


def test_target_by_is_not_taken_from_another_part_of_the_sentence():
    found, _ = find_figures("新建茶史馆2处,6月底前启用茶园", [Limit("by", "2019-06-30", 8, 12)], None, False)
    assert [target.by for target in found] == [None]


def test_every_limit_is_not_counted_again():
    text = "每季度至少一次上门"
    assert targets(text, limits=[Limit("every", "quarterly", 0, 7)]) == []


ALPHABET = "0123456789.,、。;%家个亿元到2020年以上不低于力争投资—~一二三百分之“”()的每第对"


@given(st.text(alphabet=ALPHABET, max_size=120))
def test_figures_lie_inside_the_text_and_print_their_value(text):
    found, others = find_figures(text, (), None, False)
    for record in (*found, *others):
        assert 0 <= record.start < record.end <= len(text)
        assert record.value
        assert record.op in {">=", "<=", ">", "<", "=", "~"}


@given(st.text(max_size=200))
def test_figures_never_fail(text):
    find_figures(text, (), None, False)
    list(find_phrases(text))


HOSTILE = [
    *("1", "1,", "10%、", "一二三", "百分之", "5家", "(5个", "5—", "“5家", "二十"),
    *("新建等", "达到", "至少一", "由5个到", "对5家的,", "近年来,下降20%,"),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_figures_end_on_hostile_text(unit):
    """A pattern that backtracks without bound would hang here; speed itself is measured by `luoshi bench gazette`."""
    find_figures(unit * (40_000 // len(unit)) + "3个", (), None, False)
