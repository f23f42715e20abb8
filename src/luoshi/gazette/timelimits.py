"""Time limits of duties: by, from, between, within and every, found in a paragraph and normalised.

Values follow the conventions of the records: `2018-01-31`; `2018-02-01/2018-03-31` or `12 months/24 months`;
`4 hours`, `10 working days`, `24 hours before`; `yearly`, `half-yearly`, `quarterly`, `monthly`, `weekly`, `daily`,
with ` by MM-DD`, ` by DD` or ` by HH:MM` where the text gives it. A few finders share the work, each behind a literal
test; what an earlier one has read is closed to the later ones: rhythms (每年10月底前), spans (10个工作日内), dates
(2018年底前), ends of five-year plans, the day of issue (自印发之日起).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from luoshi.gazette import dates
from luoshi.gazette.dates import DIGITS, SMALL, YEAR, Period, Phrase
from luoshi.gazette.wording import any_of, first_of


class Context(NamedTuple):
    """What resolves a phrase without a year: date of issue, and year of issue or of the number; None if unknown."""

    issued_on: date | None
    year: int | None


class FoundLimit(NamedTuple):
    """A limit: kind by|from|between|within|every, normalised value, printed text with its trigger, span of it."""

    kind: str
    value: str
    text: str
    start: int
    end: int


class _Hit(NamedTuple):
    kind: str
    value: str
    start: int
    end: int


_STOPS = ",。;:、().!?\n"
_BEFORE = r"(?:之前|以前|前(?![一二三四两几0-9后期往来置述款列沿言]|提(?![出交供请报升高取示])))"


def find_limits(text: str, context: Context) -> list[FoundLimit]:
    """All time limits of a canon paragraph or sentence, in printed order; never raises, linear in the text's length."""
    if context.year is None and context.issued_on:
        context = Context(context.issued_on, context.issued_on.year)
    taken = _Taken(_names(text), _Spans())
    hits: list[_Hit] = []
    for finder, signs in _FINDERS:
        if signs not in text:
            continue
        for hit in finder(text, context, taken):
            if not taken.limits.meets(hit.start, hit.end):
                taken.limits.add(hit.start, hit.end)
                hits.append(hit)
    if len(hits) > 1:
        hits.sort(key=_place)
    return [FoundLimit(kind, value, text[start:end], start, end) for kind, value, start, end in hits]


_place = attrgetter("start", "end")


class _Spans:
    """Stretches of a text, kept by blocks of 64 characters so that a test is cheap."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: dict[int, list[tuple[int, int]]] = {}

    def add(self, start: int, end: int) -> None:
        for block in range(start >> 6, (end - 1 >> 6) + 1):
            self._blocks.setdefault(block, []).append((start, end))

    def meets(self, start: int, end: int) -> bool:
        blocks = self._blocks
        if not blocks or start >= end:
            return False
        for block in range(start >> 6, (end - 1 >> 6) + 1):
            for other_start, other_end in blocks.get(block, ()):
                if other_start < end and start < other_end:
                    return True
        return False


class _Taken(NamedTuple):
    """What is closed to further reading: names (a trigger may still hold one) and the limits found so far."""

    names: _Spans
    limits: _Spans

    def meets(self, start: int, end: int) -> bool:
        return self.names.meets(start, end) or self.limits.meets(start, end)


# Titles and quoted names hold years and rhythms that bind nobody: 《2018年行动方案》, “每镇每月一场展览”.
_NAMES = re.compile(r"《[^《》]{0,120}》|《[^》]{0,200}》|“[^“”,。;]{0,24}”(?!期间|末|时期)")


def _names(text: str) -> _Spans:
    if not ("《" in text or "“" in text):
        return _NO_NAMES
    names = _Spans()
    for m in _NAMES.finditer(text):
        names.add(*m.span())
    return names


_NO_NAMES = _Spans()
"""Of the texts without any; nothing is added to it."""


# ---- rhythms -------------------------------------------------------------------------------------------------------

_EVERY_UNITS = {
    "年": "yearly", "学年": "yearly", "半年": "half-yearly", "季": "quarterly",
    "月": "monthly", "周": "weekly", "星期": "weekly", "日": "daily", "天": "daily",
}  # fmt: skip
_EVERY = re.compile(
    r"每一?个?(?P<unit>半年|学年|年(?!龄|级)|季(?!节)|月|周(?![转期边岁年])|星期|工作日|日|天)"
    r"(?:(?<=[年季])度|(?<=月)份)?"
)
_ROUTINE_WORDS = """
    自查 检查 督查 抽查 巡查 核查 督导 通报 调度 考核 考评 考试 评估 评价 评比 总结 小结 例会
    分析 点评 汇报 会商 报告 报送 上报 报表 研判 排名 推进会 对账 盘点 公示 公布 公开 晾晒 清零
    督办 暗访 普查 巡检"""
_ROUTINE = any_of(_ROUTINE_WORDS)
# A rhythm without 每: 按月, 分年度; the noun of a routine with its period before it (月度自查, 季通报); 半年一次.
_PER = re.compile(
    "[按逐分年](?:(?P<unit>季度?|(?<=[按逐])[月周日])(?![期计历产前内节照常均加]|[度份]?(?:计划|实施|任务|目标|预算))"
    "|(?<=[按分])(?P<year>年度)(?![^,。;:、纳列]{0,4}(?:计划|任务|指标))|(?<=年)(?P<close>度)(?:终了|结束)(?!后))"
)
# Patterns that run over every paragraph begin with one class of characters: the matcher skips to those quickly.
_ROUTINES = re.compile(
    rf"(?P<unit>[年半季月日周天](?=[年度至不原一1次报]|{first_of(_ROUTINE_WORDS)})(?:年度?|度)?)(?P<count>(?:至少|不少于|原则上)?[一1])?"
    rf"(?:(?P<times>次(?!性))|(?:{_ROUTINE}|报(?!名|考|价|废|批))(?!率|覆盖|结果|得分|成绩|等次|情况|[^,。;、]{{0,6}}率))"
)
_MONTHS = {
    "3": "quarterly", "三": "quarterly", "6": "half-yearly", "六": "half-yearly", "12": "yearly", "十二": "yearly",
}  # fmt: skip
_EVERY_MONTHS = re.compile(rf"每(?P<count>{'|'.join(_MONTHS)})个月(?!内)")
# A rhythm whose verb stands before its count: 一年召开一次, 一个季度通报一次.
_SO_OFTEN = re.compile(
    "(?<![\\d第近满同])一个?(?P<unit>年|季(?=度)|月|周)度?(?:至少|一般|原则上)?[\u4e00-\u9fff]{2}[一两二三四]次(?!性)"
)
_LONG_UNITS = ("月度", "季度", "半年", "半年度")
_ROUTINE_VERBS = (
    "实行", "建立", "执行", "落实", "坚持", "推行", "开展", "严格", "健全", "进行", "组织", "实施", "做好", "落实好",
)  # fmt: skip
# 每年每人2400元, 每人每年, 每天8小时: the size of a payment or of a working day, not a duty's rhythm.
_RATE_BEFORE = re.compile(r"每(?:[人户亩吨辆台床位头只座处株村生]|平方米|公斤|千瓦时?|学生|人次)$")
_RATE_WORDS = re.compile("元|享受|领取|标准")
_RATE_AFTER = re.compile(
    r"(?:每?[人户亩吨辆台床头只]?(?:可?(?:按|给予|补[助贴]|奖[励补]|发放|缴纳|收取|支付|最高|最低"
    r"|不[低高少多][于过]|不超过|一次性|标准为?|的标准)){0,3}[0-9.]{1,8}[万亿]?元"
    r"|[0-9]{1,2}个?小时(?!报|前)|的?(?:标准|利率|租金|费率)"
    r"|(?:[上下]午|早上?|晚上?)?[0-9]{1,2}(?:[时点]|:[0-9]{2})(?:[0-9]{1,2}分)?(?:至|到|—|-|~))"
)
_YEAR_TAIL = re.compile(
    rf"的?(?:(?P<month>{SMALL})月份?(?:(?P<day>{SMALL})[日号]|(?P<third>[上中])旬|(?P<close>月?[底末]|下旬))?"
    rf"|年?[底末]|(?P<half>上半年)[底末]?|(?P<quarter>第?[一二三四]季度)[底末]?)(?P<before>{_BEFORE})?"
)
_MONTH_TAIL = re.compile(rf"的?(?:(?P<day>{SMALL})[日号]|月?[底末])(?:{_BEFORE})?")
_QUARTER_TAIL = re.compile(
    rf"的?(?:[首末]|最后一?|第[一二三123]|结束后?)?的?个?(?:次?月)?的?(?P<day>{SMALL})[日号](?:{_BEFORE})|[底末]{_BEFORE}?"
)
_CLOCK = (
    r"(?:(?P<half>上午|下午|晚上?|早上?|中午|早晨)?(?P<hour>[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
    r"(?:[:](?P<minute>[0-5][0-9])|[时点](?:(?P<minutes>[0-5]?[0-9])分|(?P<thirty>半))?))"
)
_DAY_TAIL = re.compile(rf"的?{_CLOCK}整?(?:{_BEFORE})")
_DAY_CLOCK = re.compile(rf"(?:当日|当天|次日|当晚|(?=[上下]午|晚)){_CLOCK}整?(?:{_BEFORE})")
_WEEK_TAIL = re.compile(rf"[一二三四五六日天末](?:[上下]午)?(?:{_BEFORE})?")
_NEXT = re.compile(rf"(?:次月|下个?月|当月)的?(?P<day>{SMALL})[日号](?:{_BEFORE}|内)")
_RANGE_FOLLOWS = re.compile(r"起?(?:至|到|—|-|~)")


def _every(text: str, context: Context, taken: _Taken) -> Iterator[_Hit]:
    if "每" in text:
        for m in _EVERY.finditer(text):
            hit = _every_hit(text, m)
            if hit and not taken.meets(m.start(), m.end()):
                yield hit
        if "个月" in text:
            for m in _EVERY_MONTHS.finditer(text):
                if not taken.names.meets(*m.span()):
                    yield _Hit("every", _MONTHS[m["count"]], *m.span())
    if "按" in text or "逐" in text or "年度" in text or "分季" in text:
        for m in _PER.finditer(text):
            unit = m["unit"] or "年"
            if not taken.names.meets(*m.span()):
                yield _Hit("every", _EVERY_UNITS[unit.removesuffix("度")], *m.span())
    for m in _ROUTINES.finditer(text):
        hit = _routine_hit(text, m)
        if hit and not taken.names.meets(*m.span()):
            yield hit
    if "次" in text and ("一年" in text or "一个" in text or "一周" in text):
        for m in _SO_OFTEN.finditer(text):
            if not taken.names.meets(*m.span()):
                yield _Hit("every", _EVERY_UNITS[m["unit"]], *m.span())
    if "月" in text and ("次月" in text or "下月" in text or "下个月" in text or "当月" in text):
        for m in _NEXT.finditer(text):
            day = dates.number(m["day"])
            if day and day <= 31:
                yield _Hit("every", f"monthly by {day:02}", m.start(), m.end())
    if "每日" in text or "每天" in text:
        for m in _DAY_CLOCK.finditer(text):
            clock = _clock(m)
            if clock:
                yield _Hit("every", f"daily by {clock}", m.start(), m.end())


def _routine_hit(text: str, m: re.Match[str]) -> _Hit | None:
    start, end = m.span()
    unit = m["unit"]
    value = _EVERY_UNITS.get(unit.removesuffix("度"))
    if value is None or (m["times"] and not m["count"]) or (unit in ("年", "天") and not m["count"]):
        return None
    if m["count"] and start and text[start - 1] == "一":
        start -= 1
    before = text[max(0, start - 3) : start]
    if m["count"] or unit in _LONG_UNITS:
        # 第一季度, 上半年 and 近三年 are dates or spans, 每月一次 has been read already.
        if before and before[-1] in DIGITS + "第上下每近满本个":
            return None
    elif (unit == "年度" or (before and before[-1] not in "、“”;:,(")) and not before.endswith(_ROUTINE_VERBS):
        return None
    return _Hit("every", value, start, end)


def _every_hit(text: str, m: re.Match[str]) -> _Hit | None:
    unit = m["unit"]
    value = "daily" if unit == "工作日" else _EVERY_UNITS[unit]
    start, end = m.span()
    if _RATE_AFTER.match(text, end):
        return None
    if _RATE_BEFORE.search(text, max(0, start - 4), start) and _RATE_WORDS.search(text, end, end + 20):
        return None
    if unit == "年":
        tail = _YEAR_TAIL.match(text, end)
        if tail and _RANGE_FOLLOWS.match(text, tail.end()):
            # 每年3月至12月每月巡查: the inner rhythm is the one that binds.
            return None if "每" in text[tail.end() : tail.end() + 12] else _Hit("every", value, start, end)
        if tail:
            if not tail["before"] and text[tail.end() : tail.end() + 1] in ("为", "是"):
                return None
            by = _year_day(tail)
            return _Hit("every", f"{value} by {by}" if by else value, start, tail.end())
    elif unit == "月":
        tail = _MONTH_TAIL.match(text, end)
        if tail and not _RANGE_FOLLOWS.match(text, tail.end()):
            day = dates.number(tail["day"]) if tail["day"] else 31
            if day and day <= 31:
                return _Hit("every", f"{value} by {day:02}", start, tail.end())
    elif unit == "季":
        tail = _QUARTER_TAIL.match(text, end)
        if tail:
            day = dates.number(tail["day"]) if tail["day"] else None
            return _Hit("every", f"{value} by {day:02}" if day and day <= 31 else value, start, tail.end())
    elif value == "daily":
        tail = _DAY_TAIL.match(text, end)
        clock = _clock(tail) if tail else None
        if tail and clock:
            return _Hit("every", f"{value} by {clock}", start, tail.end())
    elif value == "weekly":
        tail = _WEEK_TAIL.match(text, end)
        if tail:
            end = tail.end()
    if unit in ("季", "月", "周") and text.startswith("的", end):
        return None
    return _Hit("every", value, start, end)


def _year_day(tail: re.Match[str]) -> str | None:
    """`MM-DD` of the date that follows 每年; a month before which something is due ends on the day before it."""
    # 2019 stands for any year without a leap day.
    if tail["half"]:
        return "06-30"
    if tail["quarter"]:
        quarter = dates.number(tail["quarter"].strip("第季度")) or 4
        return dates.month_end(2019, quarter * 3).strftime("%m-%d")
    if not tail["month"]:
        return "12-31"
    month = dates.number(tail["month"])
    if month is None or not 1 <= month <= 12:
        return None
    if tail["day"]:
        day = dates.number(tail["day"])
        return f"{month:02}-{day:02}" if day and 1 <= day <= dates.month_end(2020, month).day else None
    first, last = date(2019, month, 1), dates.month_end(2019, month)
    if tail["third"]:
        first, last = {"上": (first, date(2019, month, 10)), "中": (date(2019, month, 11), date(2019, month, 20))}[
            tail["third"]
        ]
    if tail["before"] and not tail["close"]:
        last = first - timedelta(days=1)
    return last.strftime("%m-%d")


def _clock(m: re.Match[str]) -> str | None:
    hour = dates.number(m["hour"])
    if hour is None or hour > 24:
        return None
    if m["half"] and m["half"][0] in "下晚" and hour < 12:
        hour += 12
    minute = int(m["minute"] or m["minutes"] or (30 if m["thirty"] else 0))
    return f"{hour:02}:{minute:02}"


# ---- spans ---------------------------------------------------------------------------------------------------------

_UNITS = {
    "分钟": "minute", "小时": "hour", "工作日": "working day",
    "日": "day", "天": "day", "自然日": "day", "日历天": "day",
    "周": "week", "星期": "week", "月": "month", "季度": "quarter", "年": "year",
}  # fmt: skip
_UNIT = "个?(?:工作日|自然日|日历天|小时|星期|季度|月)|分钟|日|天|周|年"
_COUNTING = "0-9一二两三四五六七八九十百半"
_COUNT = r"(?:[0-9]{1,4}|[一二两三四五六七八九十百]{1,5}|半)"
_WITHIN = re.compile(
    rf"(?P<count>[{_COUNTING}](?<![{DIGITS}第.][{_COUNTING}])[{_COUNTING}]{{0,4}})(?P<unit0>{_UNIT})?"
    rf"(?:(?:至|到|—{{1,2}}|-|~)(?P<more>{_COUNT}))?"
    rf"(?P<unit>{_UNIT})(?:(?:之内|以内|内)|(?:左右)?的?时间(?=[,内完实基建全将使把]))"
)
_INSIDE = re.compile("[日天月年时周钟以之期度](?:内|(?<=时)间)")
_NOT_WITHIN_AFTER = re.compile(
    r"[,]?(?:不|禁止|限制|未|无|没有|累计|连续|发生|出现|因|曾|可能|降[雨水雪温]|[将可会]有|受过|有过|的(?!工作)|最[高低大小]|"
    r"[两二三2-9]次|平均|气温|风力|有(?![关序效家个所名处0-9一二三四五六七八九十两])|部分|已)"
)
# A time that shall be cut to so many days is a target of the reform, not a limit of a case.
_CUT_TO = re.compile(r"(?:压缩|缩短|压减|控制|提速|减少|压缩时限|缩减|降低|优化)(?:至|到|为|在)$")
_CUT_LAST = ("至", "到", "为", "在")
_NOT_WITHIN_BEFORE = ("近", "未来", "过去", "连续", "持续", "预计", "前", "以往", "每", "满", "以")
_AHEAD = re.compile(
    rf"提前(?:至少|不少于|原则上)?(?P<count>{_COUNT})(?P<unit>个?(?:工作日|小时|月|星期)|分钟|日|天|周)(?:以上|以内|内)?"
    r"(?!完成|实现|建成|达到|竣工|投产|通车)"
)
# The event before which something is due: 举办20日前, 届满前30日, 召开前3个工作日.
_EVENTS = (
    "会(?=前)|届满|期满|到期|开工|召开|举办|举行|实施|施工|活动|会议|开始日?|使用|发布|公布|之日|出让|招标|开标|竣工|投产|运行|拆除|停产|停业|作业|"
    "进场|变更|决算|预算|大会|批准|审查|上市|开学|放假|终止|结束|期限|有效期|执行|投入使用|开展|开会|审议|签订|上会|停水|停电|停气|停热|营业|检修|听证|拍卖"
)
_AHEAD_OF = re.compile(
    rf"(?:{_EVENTS})(?:的|之)?(?:前(?P<count1>{_COUNT})(?P<unit1>个?(?:工作日|小时|月)|分钟|日|天|周)(?:之?内|以内|以上)?"
    rf"|(?P<count2>{_COUNT})(?P<unit2>个?(?:工作日|小时|月)|日|天)(?:之前|以前|前))"
)
_AT_MOST = re.compile(
    r"(?:(?P<time>[最至][迟长]|时限|(?:办理|审批|审核|审查|处理|办结|反馈|答复|受理|响应|评审|许可)的?(?:时间|期限))"
    r"(?:最[迟长]|一般|原则上|均)?)?"
    rf"不(?:得|应|能)?(?:超过|多于)(?P<count>{_COUNT})"
    r"(?P<unit>个?(?:工作日|小时|月)|日|天|分钟)(?!的)"
)
_DONE_HINT = re.compile("工作日[办完反答批审]")
_DONE_IN = re.compile(rf"(?<![{DIGITS}])(?P<count>{_COUNT})(?P<unit>个?工作日)(?:办结|办理完|完成|反馈|答复|批复|审结)")


def _within(text: str, context: Context, taken: _Taken) -> Iterable[_Hit]:
    if "内" in text or "前" in text or "超过" in text or "多于" in text or "时间" in text or "工作日" in text:
        return (hit for hit in _spans(text, taken) if not hit.value.startswith("0 "))
    return ()


def _spans(text: str, taken: _Taken) -> Iterator[_Hit]:
    if ("内" in text or "时间" in text) and _INSIDE.search(text):
        for m in _WITHIN.finditer(text):
            if not taken.names.meets(*m.span()) and (hit := _within_hit(text, m, taken)):
                yield hit
    if "提前" in text:
        for m in _AHEAD.finditer(text):
            yield _Hit("within", _amount(m["count"], m["unit"]) + " before", *_with_trigger(text, *m.span(), taken))
    if "前" in text:
        for m in _AHEAD_OF.finditer(text):
            count, unit = m["count1"] or m["count2"], m["unit1"] or m["unit2"]
            yield _Hit("within", _amount(count, unit) + " before", *_with_trigger(text, *m.span(), taken))
    if "超过" in text or "多于" in text:
        for m in _AT_MOST.finditer(text):
            if m["unit"].endswith("工作日") or (m["time"] and (m["unit"][-1] != "月" or m["time"][-1] == "迟")):
                yield _Hit("within", _amount(m["count"], m["unit"]), *_with_trigger(text, *m.span(), taken))
    if _DONE_HINT.search(text):
        for m in _DONE_IN.finditer(text):
            yield _Hit("within", _amount(m["count"], m["unit"]), *_with_trigger(text, m.start(), m.end("unit"), taken))


def _within_hit(text: str, m: re.Match[str], taken: _Taken) -> _Hit | None:
    if m["unit0"] and not m["more"]:
        return None
    before = text[max(0, m.start() - 6) : m.start()]
    if m["unit"] == "日" and before.endswith("月"):
        return None
    if before.endswith(_NOT_WITHIN_BEFORE) or (before.endswith(_CUT_LAST) and _CUT_TO.search(before)):
        return None
    if m[0].endswith("时间"):
        # 用三年时间: only as the means of a plan.
        if not re.search(r"[用以]大?约?$", text[max(0, m.start() - 3) : m.start()]):
            return None
    elif _NOT_WITHIN_AFTER.match(text, m.end()):
        return None
    if m["unit"] == "年" and m["count"].isascii() and int(m["count"]) > 50:
        return None
    start, end = _with_trigger(text, *m.span(), taken)
    if m["more"]:
        first = _amount(m["count"], m["unit0"] or m["unit"])
        return _Hit("between", f"{first}/{_amount(m['more'], m['unit'])}", start, end)
    return _Hit("within", _amount(m["count"], m["unit"]), start, end)


_HALVES = {"hour": "30 minutes", "year": "6 months", "month": "15 days", "day": "12 hours", "working day": "4 hours"}


def _amount(count: str, unit: str) -> str:
    """`10 working days` of 10 and 个工作日; half a unit becomes whole ones of the next smaller."""
    name = _UNITS[unit.removeprefix("个")]
    if count == "半":
        return _HALVES.get(name, f"0.5 {name}s")
    value = dates.number(count) or 0
    if name == "quarter":
        value, name = value * 3, "month"
    return f"{value} {name}" if value == 1 else f"{value} {name}s"


_TRIGGER_REACH = 40
_TRIGGER_CUTS = re.compile(
    r"应当|必须|应(?<![响适供反对相效回呼]应)(?![急对用付收届])|须|要(?<![主重]要)|需|将|可(?<![许认]可)|并|在(?<!存在)"
    r"|于(?<![关由属对]于)|力争|确保"
)
"""Words of the duty itself: its clock starts with what stands after the last of them."""
_AFTER = ("后", "起", "时", "之日", "的", "之后")


def _with_trigger(text: str, start: int, end: int, taken: _Taken) -> tuple[int, int]:
    """Widen a span to the words that start its clock: 自受理之日起15日内, 警报解除6小时内, 接到报告后,2小时内."""
    begin = _trigger_start(text, start)
    return (start if taken.limits.meets(begin, start) else begin), end


def _trigger_start(text: str, start: int) -> int:
    floor = max(0, start - _TRIGGER_REACH)
    begin = start
    while begin > floor and text[begin - 1] not in _STOPS:
        begin -= 1
    clause = text[begin:start]
    if not clause.strip("在于应当要并须将的") and begin > floor and text[begin - 1] == ",":
        # The trigger stands in the clause before: 接到报告后,应当在2小时内.
        head = begin - 1
        while head > floor and text[head - 1] not in _STOPS:
            head -= 1
        if text[head : begin - 1].endswith(_AFTER):
            return head
    since = max(clause.rfind("自"), clause.rfind("从"))
    if since >= 0 and "起" in clause[since:]:
        return begin + since
    after = 0
    for cut in _TRIGGER_CUTS.finditer(clause):
        after = cut.end()
    return begin + after


# ---- dates ---------------------------------------------------------------------------------------------------------

_ANCHOR = re.compile(
    f"[年月季](?:(?<=[{DIGITS}今明后本次翌当下一半]年)|(?<=[{DIGITS}]月)|(?<=[一二三四1-4]季)|(?=[底末内]))"
)
_SUFFIX = re.compile(
    r"(?P<before>(?:\([^()]{1,6}\))?(?:[上下]午)?(?:[0-9]{1,2}(?:[时点]|:[0-9]{2}))?(?:下班)?"
    rf"{_BEFORE})|(?P<in>以?内|之内)|(?P<since>起(?!草|诉|点|步|止|来|码|到|算|计算)|开始(?!前))|(?P<until>[止])|(?P<past>以来|来的)"
)
_CONNECTOR = re.compile(r"(?:起|开始)?(?:至|到|—{1,2}|-{1,2}|~)(?:同年)?")
_YEARS_BEFORE = re.compile(rf"(?P<year>{YEAR})年?(?:、{YEAR}年?){{0,4}}(?P<join>至|到|—{{1,2}}|-{{1,2}}|~|、|和|与)$")
_MONTHS_BEFORE = re.compile(rf"(?<![{DIGITS}])(?:(?P<year>{YEAR})年)?(?P<month>{SMALL})(?:至|到|—{{1,2}}|-{{1,2}}|~)$")
_JOINS = frozenset("至到—-~、和与")
"""Characters that a run of years or months has before its end."""
_DAY_ONLY = re.compile(rf"(?P<day>{SMALL})[日号]")
_YEAR_END_ONLY = re.compile(r"年[底末]")
_UNTIL_NOW = ("截至", "截止", "截止到", "截至到")
_UNTIL_LAST = frozenset("到至止")
_UNTIL_WORD = re.compile("(?:截[至止])?[到至]?$")
_BASELINES = ("较", "比", "同", "按", "据", "近", "成立于", "根据", "上一年度", "上年度", "上一年", "上年", "同期")
_EXTENDED = re.compile(
    "(?:延长|效期|推迟|执行|实施|顺延|延续|保留|达|得|展|扩大|提高|增加|降低|沿用|施行|缴纳|缴|算)[到至]$"
)
_EFFECT = re.compile(
    r",?(?:正式|开始|全面|统一)?(?:施行|生效|(?:宣布)?(?:废止|失效)|停止执行|不再执行|停止施行)|其|以?来"
)
_IN_FORCE = re.compile(r",?(?:正式|开始|全面|统一)?(?:实施|执行|试行)(?=[。,;)(]|$)")
_TERM_BEFORE = re.compile(r"(?:有效期|(?<![成改理结])期限|任期|聘期|试用期|试行期|所属期|会计年度|届次?)[^,。;]{0,10}$")
_DUE = re.compile(r"(?:完成|整改|办理|办结|销号|交付)(?:时限|期限|时间|日期|节点)(?:要求)?[为:]$")
# Words left of a bare date under which it is the time of work: 力争2018年完成.
_PLANNED = re.compile(r"(?:力争|计划|确保|拟|(?<!关)于|在|争取|预计|将|到|自|从|自|努力|并|即|为|:)$")
_WORK = re.compile(
    any_of(
        """
        完成 实施 开展 启动 建成 建设 新建 扩建 改建 新增 增加 力争 实现 组织 推进 达到 达 要(?![点素求闻件])
        继续 计划 安排 改造 投资 投入 培育 创建 扶持 争取 确保 建立 制定 出台 编制 汇总 开工 竣工 验收 总结 考核
        评估 检查 整治 治理 提升 提高 推广 试点 整改 淘汰 关闭 拆除 动员 部署 摸底 排查 自查 修订 发布 印发 公布
        引进 申报 报送 整合 取得 形成 通过 打造 降低 下降 减少 控制 消除 覆盖 基本 全面 举办 举行 召开 筹备 落实
        巩固 深化 优化 加快 加强 力求 新装 安装 更换 铺设 购置 采购 做好 抓好 进行 投用 交付 退出 清理 清零 使用
        搬迁 复垦 修复 普查 登记 审核 设立 成立 培训 增长"""
    )
)
_ACTS = re.compile("(?:逐一|统一|集中|组织|进行|对|由|向|开展|将|报)")
"""How what is done at the end of the year begins: `,年底逐一对账`."""
_NAMELIKE = re.compile(
    r"(?:度|[^,。;:、()]{0,24}?)(?:方案|计划|要点|规划|年鉴|目录|名单|清单|预算|决算|报告|纲要|预案|办法|细则|标准|意见|通知|公报|目标任务|责任书|"
    r"数据|基数|水平|版|项目库|台账)(?:》|[,。;:、()]|中|的|为|$|规定|确定|明确|要求|提出|任务)"
)
_BARE_STOPS = re.compile(
    "[0-9]{1,2}(?:月|-|—|至|~|、|季)|,是|以来|[的度是及和与或、版级来间前后初第底末为]"
    "|[^,。;]{0,6}(?:[^目提以]前|期间)(?![一提景期])|修[订正]|印发|颁布|以后|之后|结[余转存]|余额|存量|本(?![市县区地镇])"
)
# Characters after which a clause begins.
_HEADS = _STOPS + "”》—①②③④⑤⑥⑦⑧⑨"
# A schedule may have begun so long before the plan was issued.
_LATE = timedelta(days=45)
# A printed year holds for the months that follow it in the sentence, up to so many characters on.
_YEAR_REACH = 200
_CLAUSE_END = re.compile("[,。;:()]")


def _dates(text: str, context: Context, taken: _Taken) -> Iterator[_Hit]:
    position, printed_year = 0, None
    aimed = 0  # where 到2022年 ends: 、2025年 behind it is aimed at too
    waiting: list[tuple[Phrase, Period]] = []
    for anchor in _ANCHOR.finditer(text):
        at = anchor.start()
        if at < position:
            continue
        phrase = dates.find_phrase(text, max(position, at - 5), at + 11)
        if phrase is None or not phrase.start <= at < phrase.end:
            continue
        position = phrase.end
        if taken.meets(phrase.start, phrase.end):
            continue
        if printed_year and (
            phrase.start - printed_year[1] > _YEAR_REACH or "。" in text[printed_year[1] : phrase.start]
        ):
            printed_year = None
        year = context.year
        if printed_year and (year is None or printed_year[0] >= year):
            year = printed_year[0]
        period = dates.resolve(phrase, year, context.issued_on)
        if period is None:
            continue
        if phrase.year[:1].isdigit() or phrase.year[:1] in "一二":
            printed_year = period.first.year, phrase.end
        if aimed and phrase.start == aimed + 1 and text[aimed] in "、和及" and period.unit == "year":
            hit: _Hit | None = _by(text, phrase, period, period.last, phrase.end)
            aimed = phrase.end
        else:
            hit = _range_hit(text, phrase, period, context) or _date_hit(text, phrase, period, context)
            aimed = hit.end if hit and hit.kind == "by" and text[hit.start] in "到至" else 0
        # 4月15日、7月15日及10月15日前: the last of a run tells what the others are.
        if waiting and phrase.start != waiting[-1][0].end + 1:
            waiting = []
        if hit and hit.kind != "none":
            position = max(position, hit.end)
            yield hit
            if hit.kind != "between":
                for earlier, days in waiting:
                    yield _by(text, earlier, days, days.last, earlier.end)
        elif hit:
            position = max(position, hit.end)
        elif (period.unit == "day" or period.at_end) and text[phrase.end : phrase.end + 1] in ("、", "及", "和"):
            waiting.append((phrase, period))
            continue
        waiting = []


def _range_hit(text: str, phrase: Phrase, period: Period, context: Context) -> _Hit | None:
    """The run of days that begins or ends with `phrase`; kind `none` for a run that is no limit; None for no run."""
    start, end, first, last = phrase.start, phrase.end, period.first, period.last
    joined = _CONNECTOR.match(text, end) if not period.at_end else None
    if joined:
        second = dates.match_phrase(text, joined.end())
        later = first.year + (second is not None and second.year in dates.RECURRING_YEARS)
        other = dates.resolve(second, later, context.issued_on) if second else None
        day = _DAY_ONLY.match(text, joined.end()) if period.unit == "day" else None
        if second and other:
            if other.last < first and not second.year:
                other = dates.resolve(second, first.year + 1, context.issued_on) or other
            last, end = other.last, second.end
        elif day and (number := dates.number(day["day"])) and first.day <= number <= 31:
            last_of_month = dates.month_end(first.year, first.month)
            last, end = min(first + timedelta(days=number - first.day), last_of_month), day.end()
        elif closing := _YEAR_END_ONLY.match(text, joined.end()):
            last, end = date(first.year, 12, 31), closing.end()
        else:
            return None
    elif text[start - 1 : start] in _JOINS and (
        before := (_YEARS_BEFORE if period.unit == "year" else _MONTHS_BEFORE).search(text, max(0, start - 24), start)
    ):
        if period.unit == "year":
            year = dates.number(before["year"])
            if year is None or year >= first.year or (before["join"] in "、和与" and first.year - year > 5):
                return None
            first = date(year, 1, 1)
        elif period.unit in ("month", "third") and not phrase.year:
            month = dates.number(before["month"])
            year = dates.number(before["year"]) if before["year"] else first.year
            if not month or year is None or month >= first.month:
                return None
            first, last = date(year, month, 1), _in_year(last, year)
        else:
            return None
        start = before.start()
    else:
        return None
    # 每年10月至次年3月 has been read as a rhythm.
    if last < first or text[max(0, start - 2) : start].endswith(("每年", "年的")):
        return _Hit("none", "", start, end)
    suffix = _SUFFIX.match(text, end)
    if suffix and suffix["until"]:
        end = suffix.end()
    whole_years = period.unit == "year" and (first.month, last.month, last.day) == (1, 12, 31)
    if not _is_work_time(text, start, end, last, context, years=whole_years, run=True):
        return _Hit("none", "", start, end)
    return _Hit("between", f"{first}/{last}", start, end)


def _in_year(day: date, year: int) -> date:
    return day.replace(year=year, day=min(day.day, dates.month_end(year, day.month).day))


def _date_hit(text: str, phrase: Phrase, period: Period, context: Context) -> _Hit | None:
    """A single date: by, from or, bare, between its first and last day."""
    start, end = phrase.start, phrase.end
    left = text[max(0, start - 4) : start]
    suffix = _SUFFIX.match(text, end)
    if left.endswith(_UNTIL_NOW):
        return _by(text, phrase, period, period.last, end) if _is_to_come(period.last, context) else None
    if left.endswith(_BASELINES) or _TERM_BEFORE.search(text, max(0, start - 16), start) or phrase.year == "去年":
        return None
    if suffix and suffix["past"]:
        return None
    if suffix and suffix["since"]:
        stop = suffix.end()
        marked = left.endswith(("自", "从"))
        if (suffix["since"] == "开始" and not marked) or period.recurring:
            return None
        if _EFFECT.match(text, stop) or (marked and _IN_FORCE.match(text, stop)):
            return None
        return _Hit("from", str(period.first), start - 1 if marked else start, stop)
    if suffix and (suffix["before"] or suffix["in"]):
        if text[suffix.end() : suffix.end() + 1] in ("已", "的", "未", "曾"):
            return None
        last = period.last if suffix["in"] else _last_day_before(period, context)
        return _by(text, phrase, period, last, suffix.end())
    if left.endswith(("为", ":")) and _DUE.search(text, max(0, start - 8), start):
        return _by(text, phrase, period, period.last, end)
    if left.endswith(("到", "至")):
        if _EXTENDED.search(left):
            return None
        if text[end : end + 1] == "的" or (period.unit == "day" and period.last < _issue_floor(context)):
            return None
        stop = suffix.end() if suffix and suffix["until"] else end
        return _by(text, phrase, period, period.last, stop)
    if period.at_end:
        if period.last < _issue_floor(context) or _BARE_STOPS.match(text, end) or _NAMELIKE.match(text, end):
            return None
        bare = not phrase.year and text[end : end + 1] not in (",", ")", "")
        if bare and not (_WORK.match(text, end) or (text[start - 1 : start] in ",;。" and _ACTS.match(text, end))):
            return None
        return _by(text, phrase, period, period.last, end)
    if period.unit == "day" or (phrase.year in dates.RELATIVE_YEARS and phrase.year != "明年" and not phrase.part):
        return None
    years = period.unit == "year"
    if period.recurring or not _is_work_time(text, start, end, period.last, context, years=years, run=False):
        return None
    return _Hit("between", f"{period.first}/{period.last}", start, end)


def _by(text: str, phrase: Phrase, period: Period, last: date, end: int) -> _Hit:
    start = phrase.start
    if text[start - 1 : start] in _UNTIL_LAST and (lead := _UNTIL_WORD.search(text, max(0, start - 3), start)):
        start = lead.start()
    if period.recurring or (not phrase.year and phrase.part and _is_yearly(text, start)):
        return _Hit("every", f"yearly by {last:%m-%d}", start, end)
    return _Hit("by", str(last), start, end)


def _is_yearly(text: str, start: int) -> bool:
    """Whether an earlier 每年 of the same sentence makes a date without a year come back: 每年6月底前、12月底前."""
    sentence = text[max(0, start - 60) : start]
    return "每年" in sentence[sentence.rfind("。") + 1 :]


def _last_day_before(period: Period, context: Context) -> date:
    """Last day of `X前`: a printed day or end (底) is itself the last; before a month or year is the day before it.

    A phrase that would then end before the issue (一季度前, 2018年前 of that very year) means the end of the period.
    """
    if period.unit == "day" or period.at_end:
        return period.last
    eve = period.first - timedelta(days=1)
    return period.last if eve < _issue_floor(context) else eve


def _issue_floor(context: Context) -> date:
    if context.issued_on:
        return context.issued_on
    return date(context.year, 1, 1) if context.year else date.min


def _is_work_time(text: str, start: int, end: int, last: date, context: Context, *, years: bool, run: bool) -> bool:
    """Whether a bare period is the time in which work is done, not part of a name, a baseline or a past event.

    `years`: it is made of whole years; `run`: it has a beginning and an end (3月至5月).
    """
    floor = _issue_floor(context)
    if last < floor and (years or floor - last > _LATE or context.year is None):
        return False
    before = text[max(0, start - 16) : start]
    if before.endswith(_BASELINES + _UNTIL_NOW) or _TERM_BEFORE.search(before) or _NAMELIKE.match(text, end):
        return False
    following = text[end : end + 1]
    if before.endswith("(") and following == ")":
        # 第一阶段(3月1日至4月30日) is a schedule; 行动计划(2018—2020年) and 规划(2018年) are names.
        return not years
    if _BARE_STOPS.match(text, end) or (years and not before and not following):
        return False
    if (run and not years) or _WORK.match(text, end):
        return True
    at_head = not before or before[-1] in _HEADS or _PLANNED.search(before) is not None
    return at_head and (following in (",", ":", "") or _work_follows(text, end))


def _is_to_come(last: date, context: Context) -> bool:
    """Whether 截至 a day can only mean a deadline, because the day lies after the issue."""
    if context.issued_on:
        return last > context.issued_on
    return context.year is not None and last.year > context.year


def _work_follows(text: str, end: int) -> bool:
    stop = _CLAUSE_END.search(text, end, end + 60)
    return _WORK.search(text, end, stop.start() if stop else end + 60) is not None


_PLAN_END = re.compile("[到至]“?十(?P<count>[一二三四五六])五”?(?:规划)?期?末")


def _plan_ends(text: str, context: Context, taken: _Taken) -> Iterator[_Hit]:
    """到“十三五”末: the five-year plans end in 2010, 2015, 2020 and so on."""
    if "五”末" in text or "五末" in text or "期末" in text:
        for m in _PLAN_END.finditer(text):
            yield _Hit("by", f"{2005 + 5 * (dates.number(m['count']) or 0)}-12-31", *m.span())


# ---- the day of issue ----------------------------------------------------------------------------------------------

_FROM_ISSUE = re.compile(
    r"(?:[自从]|(?<![^,。;:(])|(?<=于))(?:本?(?:文|通知|办法|意见|方案|预案|规定|细则|规则|文件|实施方案|实施意见|实施细则)|即)?"
    r"(?:发文|印发|发布|公布|下发|发出|即|印发实施)?之?日起"
)
_FROM_ISSUE_LENGTH = 12
_FROM_ISSUE_NOT = re.compile(
    rf"(?:施行|实施|执行|生效|试行|正式|开始|至|到|—|,?有效|,?[^,。;]{{0,6}}?(?<![{DIGITS}]){_COUNT}(?:{_UNIT}))"
)


def _from_issue(text: str, context: Context, taken: _Taken) -> Iterator[_Hit]:
    if context.issued_on is None or "日起" not in text:
        return
    done, at = 0, text.find("日起")
    while at >= 0:
        # A match ends with these two and is not longer: only a few characters before them are searched.
        m = _FROM_ISSUE.search(text, max(done, at - _FROM_ISSUE_LENGTH), at + 2)
        if m and m[0].strip("自从之日起") and not _FROM_ISSUE_NOT.match(text, m.end()):
            yield _Hit("from", str(context.issued_on), m.start(), m.end())
        done, at = at + 2, text.find("日起", at + 2)


_FINDERS = ((_every, ""), (_within, ""), (_dates, ""), (_plan_ends, "末"), (_from_issue, "日起"))
"""In this order, each with the signs without which it finds nothing."""
_SIGNS_OF_RHYTHMS = (
    rf"(?<=每)|(?<=[按逐分年])(?:[季月周日]|年?度)|(?<=[年半季月日周天])(?:[年度至不原一1次报]|{first_of(_ROUTINE_WORDS)})"
    "|(?<=[次当下])个?月|(?<=一年|个月|一周|个季)度?(?:至少|一般|原则上)?[\u4e00-\u9fff]{2}[一两二三四]次"
)
_SIGNS_OF_SPANS = (
    f"(?<=[日天月年时周钟以之期度]内)|(?<=时间)|(?<=[提之以时月日天]前)|(?<=前)[{_COUNTING}]"
    f"|(?<=[超多][过于])[{_COUNTING}]|(?<=工作日)[办完反答批审]"
)
_SIGNS_OF_DATES = (
    f"(?<=[{DIGITS}今明后本次翌当下一半]年)|(?<=[{DIGITS}]月)|(?<=[一二三四1-4]季)|(?<=[年月季])[底末内]"
    "|(?<=日起)|(?<=[五期”]末)"
)
LIMIT_SIGN = re.compile(
    f"[每按逐分年半季月周日天次当下前内间过于末起](?:{_SIGNS_OF_RHYTHMS}|{_SIGNS_OF_SPANS}|{_SIGNS_OF_DATES})"
)
"""What every limit holds; most paragraphs hold none."""
