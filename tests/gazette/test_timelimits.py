"""Time limits: what binds a duty in time is found and normalised, and what merely mentions a time is left alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette import dates
from luoshi.gazette.timelimits import Context, find_limits

ISSUED = Context(date(2019, 3, 8), 2019)
UNDATED = Context(None, None)


def limits(text: str, context: Context = ISSUED) -> list[tuple[str, str, str]]:
    return [(found.kind, found.value, found.text) for found in find_limits(text, context)]


BY = [
    ("2017年底前,完成点位布设。", "2017-12-31", "2017年底前"),
    ("于2018年1月底前报市甲局备案。", "2018-01-31", "2018年1月底前"),
    ("力争2018年底前完成。", "2018-12-31", "2018年底前"),
    ("年内建成甲中心。", "2019-12-31", "年内"),
    ("年底前建成甲中心。", "2019-12-31", "年底前"),
    ("要建立台账,年底统一核对。", "2019-12-31", "年底"),
    ("6月底前甲基地投用。", "2019-06-30", "6月底前"),
    ("十月底前完成招标。", "2019-10-31", "十月底前"),
    ("本月底前报送名单。", "2019-03-31", "本月底前"),
    ("月底前报送名单。", "2019-03-31", "月底前"),
    ("今年年底前完成。", "2019-12-31", "今年年底前"),
    ("明年6月底前完成。", "2020-06-30", "明年6月底前"),
    ("到2020年,覆盖率达到90%以上。", "2020-12-31", "到2020年"),
    ("到2018年年底,甲级单位全部建成。", "2018-12-31", "到2018年年底"),
    ("到2019年6月,完成改造。", "2019-06-30", "到2019年6月"),
    ("2020年前基本建成。", "2019-12-31", "2020年前"),
    ("2019年8月前完成。", "2019-07-31", "2019年8月前"),
    ("2020年6月30日前完成。", "2020-06-30", "2020年6月30日前"),
    ("二〇二〇年底前完成。", "2020-12-31", "二〇二〇年底前"),
    ("6月30日之前报送。", "2019-06-30", "6月30日之前"),
    ("4月20日(星期五)前报送。", "2019-04-20", "4月20日(星期五)前"),
    ("10月31日24时前拆除。", "2019-10-31", "10月31日24时前"),
    ("一季度前完成。", "2019-03-31", "一季度前"),
    ("第三季度末完成。", "2019-09-30", "第三季度末"),
    ("2019年底建成主体。", "2019-12-31", "2019年底"),
    ("截至2019年底,力争建成三处。", "2019-12-31", "截至2019年底"),
    ("(完成时限:2019年6月底)", "2019-06-30", "2019年6月底"),
    ("到“十三五”末,建成三处。", "2020-12-31", "到“十三五”末"),
    ("完成时限:2019年12月", "2019-12-31", "2019年12月"),
]

FROM = [
    ("2017年起,要公示台账。", "2017-01-01", "2017年起"),
    ("自2018年起,开展调查。", "2018-01-01", "自2018年起"),
    ("自2020年1月1日起,实行免费乘车。", "2020-01-01", "自2020年1月1日起"),
    ("从2019年5月开始推行。", "2019-05-01", "从2019年5月开始"),
    ("自发文之日起,全部停用。", "2019-03-08", "自发文之日起"),
    ("自印发之日起,停止收取。", "2019-03-08", "自印发之日起"),
]

BETWEEN = [
    ("2019年4月至2019年6月,开展准备工作。", "2019-04-01/2019-06-30", "2019年4月至2019年6月"),
    ("2019年7月至12月,完成整理。", "2019-07-01/2019-12-31", "2019年7月至12月"),
    ("2018—2020年,全面推进。", "2018-01-01/2020-12-31", "2018—2020年"),
    ("2019年、2020年、2021年分别完成三成。", "2019-01-01/2021-12-31", "2019年、2020年、2021年"),
    ("2020年,汇总台账。", "2020-01-01/2020-12-31", "2020年"),
    ("2020年对各县进行考核。", "2020-01-01/2020-12-31", "2020年"),
    ("2019年4月,成立机构。", "2019-04-01/2019-04-30", "2019年4月"),
    ("第一阶段(3月1日至4月30日)", "2019-03-01/2019-04-30", "3月1日至4月30日"),
    ("4月1日至15日,动员部署。", "2019-04-01/2019-04-15", "4月1日至15日"),
    ("3—5月,开展自查。", "2019-03-01/2019-05-31", "3—5月"),
    ("2019年1-6月,完成摸底。", "2019-01-01/2019-06-30", "2019年1-6月"),
    ("12月—2020年2月,组织验收。", "2019-12-01/2020-02-29", "12月—2020年2月"),
    ("2019年10月至次年3月,供应清洁煤。", "2019-10-01/2020-03-31", "2019年10月至次年3月"),
    ("2019年5月—年底,集中整治。", "2019-05-01/2019-12-31", "2019年5月—年底"),
    ("3月下旬,开展检查。", "2019-03-21/2019-03-31", "3月下旬"),
    ("2020年上半年完成改造。", "2020-01-01/2020-06-30", "2020年上半年"),
    ("开园后6至9个月内开展自评。", "6 months/9 months", "开园后6至9个月内"),
    ("应在3—5个工作日内反馈。", "3 working days/5 working days", "3—5个工作日内"),
]

WITHIN = [
    ("警报解除6小时内,市甲局上报。", "6 hours", "警报解除6小时内"),
    ("应在应急演练收尾3个工作日内总结。", "3 working days", "应急演练收尾3个工作日内"),
    ("于本细则印发之日起25日内备案。", "25 days", "本细则印发之日起25日内"),
    ("自受理之日起15日内作出决定。", "15 days", "自受理之日起15日内"),
    ("自收到《通知书》之日起5个工作日内整改。", "5 working days", "自收到《通知书》之日起5个工作日内"),
    ("接到报告后,应当在2小时内上报。", "2 hours", "接到报告后,应当在2小时内"),
    ("在六年内回访。", "6 years", "六年内"),
    ("三十日内答复。", "30 days", "三十日内"),
    ("15分钟内到场。", "15 minutes", "15分钟内"),
    ("1小时内报告。", "1 hour", "1小时内"),
    ("半年内办结。", "6 months", "半年内"),
    ("两个月内办结。", "2 months", "两个月内"),
    ("24小时之内送达。", "24 hours", "24小时之内"),
    ("5天以内送达。", "5 days", "5天以内"),
    ("1个季度内验收。", "3 months", "1个季度内"),
    ("不超过5个工作日。", "5 working days", "不超过5个工作日"),
    ("最迟不得超过六个月。", "6 months", "最迟不得超过六个月"),
    ("用三年时间,建成全域网络。", "3 years", "用三年时间"),
    ("市甲局应提前12小时以上通知。", "12 hours before", "提前12小时以上"),
    ("会议召开3日前送达。", "3 days before", "会议召开3日前"),
    ("会前2日送达。", "2 days before", "会前2日"),
    ("应当在举行听证7日前通知。", "7 days before", "举行听证7日前"),
    ("有效期届满三十日前提出。", "30 days before", "有效期届满三十日前"),
    ("开工前7个工作日内报备。", "7 working days before", "开工前7个工作日内"),
]

EVERY = [
    ("每年公布一次。", "yearly", "每年"),
    ("每三个月通报一次。", "quarterly", "每三个月"),
    ("每6个月组织一次演练。", "half-yearly", "每6个月"),
    ("每年10月底前编制计划。", "yearly by 10-31", "每年10月底前"),
    ("每年年底前报告。", "yearly by 12-31", "每年年底前"),
    ("在每年9月份之前更新。", "yearly by 08-31", "每年9月份之前"),
    ("每年2月底前报告。", "yearly by 02-28", "每年2月底前"),
    ("每年3月15日前报告。", "yearly by 03-15", "每年3月15日前"),
    ("次年1月底前报送总结。", "yearly by 01-31", "次年1月底前"),
    ("分年度对各县评估。", "yearly", "分年度"),
    ("年度终了,市甲局应当清算。", "yearly", "年度终了"),
    ("每半年一次。", "half-yearly", "每半年"),
    ("每季度至少一次。", "quarterly", "每季度"),
    ("每季度末月25日前报送。", "quarterly by 25", "每季度末月25日前"),
    ("每季度第1个月的20日前报送。", "quarterly by 20", "每季度第1个月的20日前"),
    ("按季通报进度。", "quarterly", "按季"),
    ("分季度会办督查。", "quarterly", "分季度"),
    ("每月调度。", "monthly", "每月"),
    ("每月5日前报送。", "monthly by 05", "每月5日前"),
    ("于次月10日前报送。", "monthly by 10", "次月10日前"),
    ("落实门店月度自查。", "monthly", "月度自查"),
    ("主管单位季度检查。", "quarterly", "季度检查"),
    ("每周五前报送。", "weekly", "每周五前"),
    ("每日会商。", "daily", "每日"),
    ("于每日15时前报送。", "daily by 15:00", "每日15时前"),
    ("每天下午5点半前报送。", "daily by 17:30", "每天下午5点半前"),
]

NOTHING = [
    "定期开展巡查,及时上报,限期整改,第一时间处置,适时公布。",
    "实行24小时值守,电话24小时畅通,开设24小时自助柜台。",
    "印发《2018年甲行动方案》《乙市三年行动计划(2018—2020年)》。",
    "某县2019年工作要点",
    "编制三年行动计划,落实“十三五”规划。",
    "拟订2018—2020年某某工作实施方案。",
    "用水量较2013年减少8%,比2018年底下降。",
    "以2018年6月30日为统计时点。",
    "2015年5月6日某县政府印发的规定同时废止。",
    "截至2018年底,全市共有甲站12座。",
    "本办法自2018年5月6日起施行,有效期至2021年5月5日。",
    "本办法自发布之日起施行。",
    "甲政发〔2018〕2号",
    "未来6小时内仍有大雾,将持续20小时以上。",
    "均值按连续8小时统计,将持续3天。",
    "合同期限为2—4年,按一年期利率计息。",
    "补助每人每年2400元,每年不低于2400元。",
    "每周转3亩,补助1万元。",
    "开展“每镇每月一场展览”活动。",
    "近三年内无不良记录,两年内不得申报。",
    "欠费逾期60天以上的,停止供应。",
    "2019年是关键之年。2017年,全市建成三处。",
    "专项资金年末结余结转下年。",
    "2019年度额度为80万元。",
    "取消一年一检。",
    "说明自2016年7月1日起其借款由企业承担。",
    "办理时限压缩至3个工作日以内。",
    "季度抽查覆盖率为九成。",
    "2018年12月31日之前已完成转制的企业,继续免征。",
    "考核数据为上一年度1月至12月。",
    "住院时间不超过48小时。",
    "制定分年度实施计划。",
    "每年9月为质量月。",
]


@pytest.mark.parametrize(("text", "value", "printed"), BY)
def test_find_limits_reads_deadline(text, value, printed):
    assert limits(text) == [("by", value, printed)]


@pytest.mark.parametrize(("text", "value", "printed"), FROM)
def test_find_limits_reads_beginning(text, value, printed):
    assert limits(text) == [("from", value, printed)]


@pytest.mark.parametrize(("text", "value", "printed"), BETWEEN)
def test_find_limits_reads_period(text, value, printed):
    assert limits(text) == [("between", value, printed)]


@pytest.mark.parametrize(("text", "value", "printed"), WITHIN)
def test_find_limits_reads_span_with_its_trigger(text, value, printed):
    assert limits(text) == [("within", value, printed)]


@pytest.mark.parametrize(("text", "value", "printed"), EVERY)
def test_find_limits_reads_rhythm(text, value, printed):
    assert limits(text) == [("every", value, printed)]


@pytest.mark.parametrize("text", NOTHING)
def test_find_limits_leaves_other_times_alone(text):
    assert limits(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("自2018年起,名单内企业每年自测。", [("from", "2018-01-01"), ("every", "yearly")]),
        ("每日9时前报送,审定后于当日11时前上报。", [("every", "daily by 09:00"), ("every", "daily by 11:00")]),
        ("每年3月10日前报送,3月31日前公布。", [("every", "yearly by 03-10"), ("every", "yearly by 03-31")]),
        ("2020年9月底前招标,12月底前开工。", [("by", "2020-09-30"), ("by", "2020-12-31")]),
        ("于4月15日、7月15日及10月15日前报送。", [("by", "2019-04-15"), ("by", "2019-07-15"), ("by", "2019-10-15")]),
        ("每季度结束后10个工作日内报送。", [("every", "quarterly"), ("within", "10 working days")]),
        ("实行月调度、季通报、半年督查。", [("every", "monthly"), ("every", "quarterly"), ("every", "half-yearly")]),
        ("按季度通报。", [("every", "quarterly")]),
        ("每年3月至12月每月巡查。", [("every", "monthly")]),
    ],
)
def test_find_limits_reads_several_of_one_sentence(text, expected):
    assert [(found.kind, found.value) for found in find_limits(text, ISSUED)] == expected


@pytest.mark.parametrize(
    "text", ["年内建成。", "6月底前完成。", "月底前完成。", "自印发之日起,停止收取。", "3月至5月,自查。"]
)
def test_find_limits_never_guesses_a_year(text):
    assert limits(text, UNDATED) == []


def test_find_limits_takes_the_year_from_the_date_of_issue():
    assert limits("6月底前完成。", Context(date(2018, 3, 1), None)) == [("by", "2018-06-30", "6月底前")]


def test_find_limits_ends_february_by_the_printed_year():
    assert limits("2021年1-2月,完成摸底。", Context(None, 2020)) == [
        ("between", "2021-01-01/2021-02-28", "2021年1-2月"),
    ]


def test_find_limits_needs_no_date_of_issue_where_the_year_is_known():
    assert limits("6月底前完成。", Context(None, 2018)) == [("by", "2018-06-30", "6月底前")]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("十", 10),
        ("十二", 12),
        ("三十", 30),
        ("一百二十", 120),
        ("二〇一九", 2019),
        ("两", 2),
        ("半", None),
    ],
)
def test_number_reads_both_scripts(text, value):
    assert dates.number(text) == value


WORDS = """
2018 19 3 31 12 99 0 年 月 日 底 末 前 内 起 至 到 — - 每 季度 周 天 小时 时 个 工作日 分钟 半 上 下 旬 十 二 两 百 自
之 的 今年 次年 提前 后 , 。 、 ( ) 《 》 “ ” 完成 实施 方案 一次 以 按 度 检查 超过 不 结束 每年 每月
2019年 开工 时限 :
"""
PIECES = st.sampled_from(WORDS.split())
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=60))


@given(TEXTS, st.sampled_from([ISSUED, UNDATED, Context(None, 2018)]))
def test_find_limits_never_raises_and_keeps_spans_in_order(text, context):
    end = 0
    for found in find_limits(text, context):
        assert end <= found.start < found.end <= len(text)
        assert found.text == text[found.start : found.end]
        end = found.end


@pytest.mark.parametrize(
    "piece",
    [
        "年月日",
        "1",
        "十",
        "每",
        "2018年",
        "3月5日、",
        "2018年3月至",
        "3个工作日",
        "自",
        "《年",
        "“年",
        "半年",
        "((年",
        "到2020年前",
    ],
)
def test_find_limits_ends_on_hostile_text(piece):
    """A pattern that backtracks without bound would hang here; speed itself is measured by `luoshi bench gazette`."""
    find_limits(piece * 20_000, ISSUED)


def test_find_limits_survives_a_million_repetitions():
    assert find_limits("年月日" * 1_000_000, ISSUED) == []


def test_years_behind_the_first_aim_are_aimed_at_too():
    found = find_limits("到2022年、2023年和2025年,覆盖率分别达到60%、80%和100%。", Context(date(2021, 3, 8), 2021))
    assert [(limit.kind, limit.value) for limit in found] == [
        ("by", "2022-12-31"),
        ("by", "2023-12-31"),
        ("by", "2025-12-31"),
    ]
