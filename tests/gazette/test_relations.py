"""Relations between instruments, their force in time, and document numbers. All instruments are invented."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.relations import NUMBER, find_numbers, find_relations, find_validity, last_day, normalise_number


def relations(text: str, *, opening: bool = False, own: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    found = find_relations(text, opening=opening, own_titles=own)
    assert all((r.number is None) != (r.title is None) for r in found)
    assert all(0 <= r.start < r.end <= len(text) for r in found)
    return [(r.type, r.number or r.title or "") for r in found]


# --- numbers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("甲政发〔2019〕2 号", "甲政发〔2019〕2号"),
        ("甲政发[2019]2号", "甲政发〔2019〕2号"),
        ("甲政发〔2019〕02号", "甲政发〔2019〕2号"),
        ("甲政办发（２０１８）１０号", "甲政办发〔2018〕10号"),
        ("甲政任〔2019〕第3号", "甲政任〔2019〕3号"),
        ("甲政办发【2018】11号", "甲政办发〔2018〕11号"),
        ("甲政办发〔2018〕11", "甲政办发〔2018〕11号"),
        ("甲政发2019 2号", None),
        ("甲政发〔19〕2号", None),
        ("甲政发〔2019〕0号", None),
        ("甲政发", None),
    ],
)
def test_number_is_written_canonically_or_refused(printed, canonical):
    assert normalise_number(printed) == canonical


@given(st.text(alphabet="甲政办发", min_size=2, max_size=10), st.integers(1900, 2099), st.integers(1, 9999))
def test_canonical_number_stays_as_it_is(issuer, year, serial):
    canonical = f"{issuer}〔{year}〕{serial}号"
    assert normalise_number(canonical) == canonical
    assert NUMBER.fullmatch(canonical)


def test_number_in_running_text_loses_the_words_before_it():
    text = "根据甲政发〔2014〕43号和乙办字[2015]7号文件精神,按照标准(2012)要求"
    assert [n for n, _, _ in find_numbers(text)] == ["甲政发〔2014〕43号", "乙办字〔2015〕7号"]


# --- relations ------------------------------------------------------------------------------------------------------


def test_basis_list_prefers_numbers_to_titles():
    text = (
        "第一条为规范管理,根据《甲法》《乙省人民政府关于加强某项工作的意见》(乙政发〔2014〕7号)和"
        "《乙省人民政府落实国发〔2012〕5号文件的实施意见》(乙政发〔2015〕3号)等规定,结合我市实际,制定本办法。"
    )
    assert relations(text) == [
        ("based_on", "甲法"),
        ("based_on", "乙政发〔2014〕7号"),
        ("based_on", "乙政发〔2015〕3号"),
    ]


def test_nested_titles_are_read_whole():
    text = "根据《甲省〈乙行动方案〉实施细则》和《甲市转发《丙意见》的通知》,结合我市实际,制定本方案。"
    assert relations(text) == [("based_on", "甲省〈乙行动方案〉实施细则"), ("based_on", "甲市转发《丙意见》的通知")]


def test_implementation_list_runs_on():
    text = "为认真落实《甲省加强工作的意见》(甲政办发〔2018〕4号)和《乙市意见》(乙政办发〔2019〕3号),现提出如下意见。"
    assert relations(text, opening=True) == [
        ("implements", "甲政办发〔2018〕4号"),
        ("implements", "乙政办发〔2019〕3号"),
    ]


def test_opening_list_without_a_cue_is_the_basis():
    text = "《甲保护法》、《质量标准》(GB1234—2011)、《管理办法》(环某〔2010〕113号)、《乙省条例》等。"
    assert relations(text, opening=True) == [
        ("based_on", "甲保护法"), ("based_on", "质量标准"), ("based_on", "环某〔2010〕113号"), ("based_on", "乙省条例"),
    ]  # fmt: skip


def test_mention_in_a_clause_is_a_citation():
    assert relations("按照《甲市考核办法》规定执行。") == [("cites", "甲市考核办法")]


@pytest.mark.parametrize(
    ("text", "repealed"),
    [
        ("2015年3月2日市政府办公室印发的《甲市预案》(甲政办发〔2015〕12号)同时废止。", ["甲政办发〔2015〕12号"]),
        ("本办法自2019年1月1日起施行,原《甲市办法》(甲政发〔2013〕5号)、《甲市暂行规定》(甲政办发〔2014〕15)同时废止。",
         ["甲政发〔2013〕5号", "甲政办发〔2014〕15号"]),
        ("甲政发〔2013〕5号、甲政办发[2014]015号文件同时废止。", ["甲政发〔2013〕5号", "甲政办发〔2014〕15号"]),
        ("《甲县应急预案》自本预案施行之日起废止。", ["甲县应急预案"]),
        ("市政府决定废止《甲市房屋管理办法》(甲政发〔2001〕8号)等3件规范性文件。", ["甲政发〔2001〕8号"]),
        ("本意见自印发之日起执行,《关于甲的通知》、《关于乙的意见》即行停止执行。", ["关于甲的通知", "关于乙的意见"]),
        ("《甲市养犬管理规定》(市政府令第12号)同时废止。", ["甲市养犬管理规定"]),
        ("自2005年1月1日起施行的《甲市养犬管理规定》同时废止。", ["甲市养犬管理规定"]),
    ],
)  # fmt: skip
def test_repeals_name_every_document_ended(text, repealed):
    assert relations(text) == [("repeals", name) for name in repealed]


@pytest.mark.parametrize(
    "text",
    [
        "对试点企业,不再执行《测州市甲事办法》中关于范围的规定。",
        "及时修改、废止不合时宜的文件。",
        "发文字号:甲政发〔2023〕7号 成文日期:2023年3月10日 废止日期:",
        "《甲规定》(甲政发〔2010〕1号)与本规定不一致的,以本规定为准。",
        "《甲市绿化办法》第五条同时废止。",
        "根据《甲条例》要求,停止执行与其不符的做法。",
        "《甲办法》施行后,原《乙办法》已废止。",
    ],
)
def test_what_ends_no_document_is_no_repeal(text):
    assert "repeals" not in [kind for kind, _ in relations(text)]


def test_prolonged_and_changed_documents_are_amended():
    assert relations("将《甲市补助办法》(甲政办发〔2015〕3号)有效期延长至2025年12月31日。") == [
        ("amends", "甲政办发〔2015〕3号")
    ]
    history = "2015年6月3日公布 根据2019年8月1日《甲市关于修改部分规章的决定》修正"
    assert relations(history) == [("cites", "甲市关于修改部分规章的决定")]
    several = "将《甲市补助办法》(甲政办发〔2015〕3号)、《甲市奖励办法》有效期延长至2025年12月31日。"
    assert relations(several) == [("amends", "甲政办发〔2015〕3号"), ("amends", "甲市奖励办法")]
    assert relations("对《甲市绿化条例实施细则》作如下修改:") == [("amends", "甲市绿化条例实施细则")]


def test_own_title_is_no_reference():
    assert relations("《甲市工作方案》已经区政府常务会议通过,现印发给你们,请遵照执行。") == []
    assert relations("现将修订后的《甲市应急预案》印发给你们。") == []
    assert relations("按照《甲市基金管理办法》执行。", own=frozenset({"甲市基金管理办法"})) == []


def test_short_name_given_to_a_document_is_no_reference():
    assert relations("现就贯彻落实《甲市养老服务条例》(以下简称《条例》)和《实施办法》提出如下意见。") == [
        ("implements", "甲市养老服务条例")
    ]


def test_forms_and_certificates_are_no_references():
    assert relations("出具《资金解除通知单》,并提交《营业执照》《申请表》。") == []


# --- validity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第九条本办法自2017年5月1日起施行,有效期至2019年4月30日。", ("2017-05-01", False, "2019-04-30", None)),
        ("本办法自发布之日起实施,有效期至2021年7月8日。", (None, True, "2021-07-08", None)),
        ("本办法自发布之日起施行,有效期5年。", (None, True, None, 5)),
        ("本办法自2021年3月1日起施行,有效期五年,由市某局负责解释。", ("2021-03-01", False, "2026-02-28", 5)),
        ("本办法自2020年2月29日起施行。有效期3年。", ("2020-02-29", False, "2023-02-28", 3)),
        ("本预案由市某局负责解释,自印发之日起施行。", (None, True, None, None)),
        ("本通知发布之日起执行。", (None, True, None, None)),
        ("现予公布,自2011年10月1日起施行。", ("2011-10-01", False, None, None)),
        ("将《甲市补助办法》(甲政办发〔2015〕3号)有效期延长至2025年12月31日。", (None, False, "2025-12-31", None)),
        ("本意见自2019年1月1日起施行,试行期两年。", ("2019-01-01", False, "2020-12-31", 2)),
        ("本办法自2018年6月1日起试行两年。", ("2018-06-01", False, "2020-05-31", 2)),
        ("本方案暂行一年。", (None, False, None, 1)),
        ("本规定有效期自2019年5月1日起至2024年4月30日止。", ("2019-05-01", False, "2024-04-30", None)),
        ("本通知自2019年1月1日起执行,至2021年12月31日止。", ("2019-01-01", False, "2021-12-31", None)),
        ("本细则自2023年1月1日起施行,有效期18个月。", ("2023-01-01", False, "2024-06-30", None)),
        ("本条例自二〇一八年四月一日起施行。", ("2018-04-01", False, None, None)),
        ("本办法自2019年12月1日起施行。自2014年11月1日起施行的《甲办法》同时废止。", ("2019-12-01", False, None, None)),
        ("本通知自印发之日起30日后施行,有效期五年。", (None, False, None, None)),
    ],
)  # fmt: skip
def test_validity_clauses(text, expected):
    found = find_validity(text)
    assert found is not None
    assert found[:4] == expected
    assert text[found.start : found.end].strip(",。") == text[found.start : found.end]


@pytest.mark.parametrize(
    "text",
    [
        "自发文之日起,登记家庭实行全额补助;自2022年1月1日起,实现全部覆盖。",
        "本办法第五条自2019年1月1日起施行。",
        "上述补贴标准自2018年1月1日起执行。",
        "许可证有效期5年。",
        "暂缓执行本市缴费费率政策,实施期限至2021年12月31日。",
        "降低基本保险费率政策,实施期限至2021年12月31日。",
        "将失业保险费率政策实施期限延长至2022年4月30日。",
        "将《甲市补助办法》、《甲市奖励办法》有效期延长至2025年12月31日。",
        "合同自签订之日起生效,有效期3年。",
        "本办法所称证书,有效期三年。",
        "我市自2018年10月1日起实施新标准。",
        "(三)自2018年10月1日起实施差别收费。",
        "项目经市某局同意,自2019年1月1日起实施。",
        "自本办法施行之日起,原办法废止。",
        "加强实施保障,定期评估执行情况。",
    ],
)
def test_start_of_one_benefit_or_item_is_no_validity(text):
    assert find_validity(text) is None


@given(st.dates(date(1950, 1, 1), date(2080, 12, 31)), st.integers(1, 20))
def test_last_day_is_the_day_before_the_anniversary(first, years):
    last = last_day(first, years)
    assert last < date(first.year + years, first.month, 1) or last.month == first.month
    assert abs((last - first).days + 1 - 365.25 * years) < 2


# --- speed ----------------------------------------------------------------------------------------------------------


HOSTILE = (
    *("《", "《甲》", "《甲办法》同时废止", "甲政发〔2019〕", "根据《甲法》、", "本办法自", "有效期至2020年"),
    *("自2018年1月1日起", "〔2019〕1号", "《甲办法》。", "自发布之日起施行,"),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_comes_to_an_end(piece):
    """A pattern that backtracks without bound would hang here; speed itself is measured by `luoshi bench gazette`."""
    find_relations(piece * 20_000, opening=True)
    find_validity(piece * 20_000)


REPEALING = """丙市人民政府
关于废止部分文件的通知

丙政发〔2020〕8号

各区人民政府:

经清理,市政府决定废止下列文件:

1.《甲通知》(丙政发〔2001〕3号)

2.关于乙的通知丙政办发〔2003〕17号

3.《丙市招牌办法》(丙市人民政府令第9号)

本通知自印发之日起施行,执行中依照《丙市清理办法》(丙政发〔2019〕1号)办理。

丙市人民政府
2020年3月4日

附件1

宣布失效的文件目录

一、《丁通知》(丙政发〔2006〕12号),已由《丙市防汛办法》(丙政发〔2010〕5号)代替

附件2

继续有效的文件目录

1.《戊通知》(丙政发〔2015〕1号)
"""


def test_entries_of_a_list_of_repealed_documents_are_repealed():
    (instrument,) = compile_text(REPEALING).instruments
    ended = [r.target.number or r.target.title for r in instrument.relations if r.type == "repeals"]
    assert ended == ["丙政发〔2001〕3号", "丙政办发〔2003〕17号", "丙市招牌办法", "丙政发〔2006〕12号"]
