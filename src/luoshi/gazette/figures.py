"""Number phrases of official Chinese: `97公里`, `1.5亿元`, `20—30家`, `三个`, `百分之九十`, `超百人`.

`find_phrases` only reads: which number, which unit, which words of comparison touch it. Whether a figure is a target
is decided in `targets.py`. Every pattern is bounded, so the time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from luoshi.gazette.wording import any_of
from luoshi.kernel.numerals import from_chinese


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(" ".join(lines).split())


TIME_UNITS = frozenset(_words("个工作日 个自然日 个交易日 个小时 个月 个星期 个季度 工作日 自然日 小时 分钟 天 秒 周"))
"""Units of time: mostly limits; a target only where a duration itself is pressed down or reached."""

MEASURES = frozenset(
    _words(
        "元 美元 欧元 日元 港元 人 户 人次 亩 公顷 平方米 平方公里 平方千米 平米 ㎡ m² m2 立方米 立方 吨 吨标准煤",
        "蒸吨",
        "公里 千米 米 延米 延长米 km 毫米 厘米 mm 公斤 千克 斤 升 岁 千瓦 兆瓦 千瓦时 千伏安 头 只 羽 间 床 座 天",
    )
)
"""Units that also define a class when 以上 and a noun follow (`300户以上的村`, `2000万元以上企业`)."""

_UNITS = _words(
    "% ‰ 个百分点 百分点 个点 倍 家 个 处 项 条 座 所 台 套 辆 场 次 场次 人次 人天 家次 项次 车次 班次 列 趟 人",
    "名 户 户次 个标段",
    "亩 亩次 公顷 平方米 平方公里 平方千米 平米 ㎡ m² m2 立方米 立方 公里 千米 米 延米 延长米 km 毫米 厘米 mm",
    "元 美元 欧元 日元 港元 吨 吨标准煤 吨标煤 公斤 千克 斤 升 张 间 栋 幢 头 只 羽 尾 株 棵 件 起 批 批次 期 篇",
    "册 本 部 种 类 位 对 支 艘 架 盏 根 口 眼 片 块 份 例 宗 笔 单 届 轮 班 床 岁 分 课时 学时 学分 标箱 标准箱",
    "车位 泊位 门 道",
    "千瓦 千瓦时 兆瓦 千伏安 兆伏安 蒸吨 微克每立方米 毫克每升 微克 毫克 μg mg",
    "PFlops PFLOPS Mbps Gbps MW GW kW MWh GWh TEU",
)
_WORD_UNITS = _words(
    "个 家 处 项 条 座 所 台 套 辆 场 次 人次 人 名 户 亩 公里 平方米 元 吨 件 支 批次 期 例 倍 个百分点 头 只 张",
    "栋 间 艘",
    "个月 个工作日 天 小时",
)

# A unit that is really the beginning of another word: 项目, 家庭, 条件, 处理 ...
_NOT_BEFORE = {
    "个": "人体", "家": "庭具电长", "项": "目", "条": "件例款", "名": "单义录词称额", "场": "所地景馆",
    "处": "理室级长置罚于", "座": "谈", "次": "产生性", "部": "门分委位署长", "人": "民才工口大社力均物行",
    "台": "账湾阶", "张": "家", "批": "准复发", "本": "地市级科年质", "元": "素旦", "类": "别型似",
    "所": "有属在需", "口": "岸径", "只": "要有能是跑", "间": "隔接", "期": "限间末工项", "单": "位元",
    "支": "持付撑部出行援", "对": "接口外象标", "例": "如会", "片": "区", "份": "额", "班": "子",
    "门": "类诊店户", "亩": "均", "户": "籍外口均", "套": "餐用", "分": "别管析布类工级之", "起": "草施",
    "根": "据本", "轮": "换岗候", "道": "路口", "列": "入为出", "位": "置于", "种": "植养子苗", "头": "部",
    "床": "垫", "升": "级", "周": "边期", "天": "然", "米": "面", "架": "构", "笔": "试", "宗": "旨",
    "尾": "矿", "倍": "增",
}  # fmt: skip


def _alternation(units: tuple[str, ...]) -> str:
    guards = ((unit, _NOT_BEFORE.get(unit)) for unit in units)
    return any_of(" ".join(f"{unit}(?![{guard}])" if guard else unit for unit, guard in guards))


_NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,4}(?![\d,])|\d{1,15})(?:\.\d{1,8})?"
_MULTIPLIER = "万亿|千万|百万|十万|万|亿|千|百"
# A bare 万 or 亿 is a unit of its own only where nothing more is printed.
_PER = "(?:/(?:平方公里|立方米|平方米|千瓦时|m3|m³|万人|千人|公里|小时|日|天|年|月|人|户|亩|吨|升|秒))?"
_UNIT = f"(?:{_alternation(_UNITS + tuple(TIME_UNITS))}){_PER}|[万亿](?=[,;。、)以左]|$)"
_WORD_UNIT = _alternation(_WORD_UNITS)
_DASH = "——|—|–|-|~|至|到"
_NUMERALS = "一二两三四五六七八九十百千"

# Where a phrase can begin; one character class first, so that the scan runs at full speed. Years, dates, document
# numbers, clause labels and 一 as an article (一个, 一批; but not 至少一个) are passed over here.
FIGURE_SIGN = re.compile(
    rf"[0-9{_NUMERALS}><≥≤]"
    rf"(?:(?<=[><≥≤])|(?<=[0-9])(?![0-9]{{0,7}}(?:[年月日号〕)、:》]|\.(?![0-9])|$))"
    rf"|(?:(?<!一)|(?<=至少一)|(?<=少于一)|(?<=低于一)|(?<=至少有一)|(?<=至少[一-龥]{{2}}一)|(?=[{_NUMERALS}]))"
    rf"(?=[{_NUMERALS}零〇]{{0,8}}(?:[余多万亿—至到-]|分之|{_WORD_UNIT})))"
)
_PHRASE = re.compile(
    rf"(?<![0-9A-Za-z.])(?P<first>{_NUMBER})"
    rf"(?:(?:%|(?:{_MULTIPLIER})?(?:元|亩|人|家|个|户|吨|公里|平方米|项|处|名|次|场)?)(?:{_DASH})(?P<second>{_NUMBER}))?"
    rf"(?P<more>[余多])?(?P<scale>{_MULTIPLIER})?(?P<more_after>[余多])?(?P<unit>{_UNIT})"
    rf"|百分之(?P<percent>[{_NUMERALS}零〇点]{{1,8}})"
    rf"|(?P<word>[{_NUMERALS}][{_NUMERALS}零〇]{{0,7}})(?:(?:{_DASH})(?P<word_second>[二三四五六七八九十]{{1,3}}))?"
    rf"(?P<word_more>[余多])?(?P<word_scale>万亿|万|亿)?(?P<word_unit>{_WORD_UNIT})"
    rf"|(?P<symbol>[><≥≤]=?)(?P<compared>{_NUMBER})(?![\d.年月日])(?P<compared_unit>(?:{_MULTIPLIER})?(?:{_UNIT}))?"
    rf"|(?P<bare>{_NUMBER})(?=(?P<bare_end>以[内上下]|左右|[,;。]))"
)
_RUN = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_INDEX = re.compile(r"(?:指数|系数)[^,;。]{0,6}$")
_BARE_VERBS = ("控制在", "保持在", "稳定在", "降至", "降到", "达到", "提高到")
_DURATION_HINT = re.compile(r"[缩减短控少低降超到为]")

_AFTER = re.compile(
    r"(?:\(含(?:本数)?\))?"
    r"(?:(?P<ge>及?以上)|(?P<le>及?以下|以内|之内|内(?=[,;。、)的]|$))|(?P<about>左右|上下))(?:\(不?含[^)]{0,10}\))?"
)
_BEFORE = re.compile(
    r"(?=[不至最控限高超大多突逾上低少小未基约近接])"
    r"(?:(?P<ge>大于等于|不(?:得|应|能|可|宜|会)?(?:低于|少于|小于|短于)|至少|最低|最少)"
    r"|(?P<le>小于等于|不(?:得|应|能|可|宜|会)?(?:超过|超出|高于|大于|多于|超|突破)|控制在|限制在|最高|最多|至多)"
    r"|(?P<gt>高于|超过|大于|多于|超出|突破|超(?=$|百|千|万)|逾(?=$)|上(?=[百千万]))"
    r"|(?P<lt>低于|少于|小于|不足|不到|未满)"
    r"|(?P<about>基本达到|基本实现|约(?=$)|近(?=$)|大约|接近))"
)
_BEFORE_HINT = re.compile(r"[不至最控限高超大多突逾上低少小未基约近接]")
_PARTS = re.compile("[,;。:]")
_COMPARED_MEASURE = re.compile(r"平均|水平|[的每于建有配]")
_DIGIT_OR_LIST = re.compile(r"[\d、]")
_OPS = {"ge": ">=", "le": "<=", "gt": ">", "lt": "<", "about": "~"}
_SYMBOLS = {">": ">", "<": "<", "≥": ">=", "≤": "<=", ">=": ">=", "<=": "<="}
_REACH = 18


class Phrase(NamedTuple):
    """One number with its unit as printed.

    `op` is what the words touching it say, None where they say nothing; `before_op` and `after_op` are its two sources.
    `tail` is the end including such words as 以上. `word` marks Chinese numerals, `symbol` a printed `>` or `≤`, and
    `range_end` the upper end of a range.
    """

    value: str
    unit: str
    op: str | None
    before_op: str | None
    after_op: str | None
    start: int
    end: int
    tail: int
    word: bool = False
    symbol: bool = False
    range_end: bool = False


_numeral = lru_cache(maxsize=1024)(from_chinese)


def _percentage(text: str) -> str | None:
    """Return the decimal that the words behind 百分之 write: 九十 -> 90, 三点五 -> 3.5."""
    whole, point, rest = text.partition("点")
    number = from_chinese(whole)
    if number is None or not whole:
        return None
    if not point:
        return str(number)
    digits = [from_chinese(char) for char in rest]
    return f"{number}." + "".join(map(str, digits)) if digits and None not in digits else None


def last_match(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the last match of `pattern` in `text`, None where there is none."""
    found = None
    for match in pattern.finditer(text):
        found = match
    return found


def _op_before(text: str, start: int) -> str | None:
    """Return the comparison printed before `start` in the same part of the sentence, no other figure in between."""
    hint = _BEFORE_HINT.search(text, max(0, start - _REACH), start)
    if hint is None:
        return None
    window = _PARTS.split(text[hint.start() : start])[-1]
    last = last_match(_BEFORE, window)
    if last is None or last.lastgroup is None:
        return None
    between = window[last.end() :]
    # Away from its figure a comparison needs the measure in between: 高于全市平均水平10%.
    if _DIGIT_OR_LIST.search(between) or (len(between) > 4 and not _COMPARED_MEASURE.search(between)):
        return None
    return _OPS[last.lastgroup]


def _read(match: re.Match[str], text: str) -> tuple[list[str], str, bool] | None:
    """Return the numbers, the unit, and whether 余 or 多 follows; None for what is no figure after all."""
    if first := match["first"]:
        second = match["second"]
        unit = (match["scale"] or "") + match["unit"]
        if unit in TIME_UNITS and not _DURATION_HINT.search(text, max(0, match.start() - 8), match.start()):
            return None
        return [first, second] if second else [first], unit, bool(match["more"] or match["more_after"])
    if percent := match["percent"]:
        value = _percentage(percent)
        return None if value is None else ([value], "%", False)
    if word := match["word"]:
        numbers = [_numeral(part) for part in (word, match["word_second"]) if part]
        if None in numbers:
            return None
        unit = (match["word_scale"] or "") + match["word_unit"]
        return [str(number) for number in numbers], unit, bool(match["word_more"])
    # Without a unit only an index, or what the words round it compare: 物价指数控制在103以内.
    if match["bare"] and text.endswith(_BARE_VERBS, 0, match.start()):
        left = text[max(0, match.start() - 12) : match.start()]
        if match["bare_end"] not in ",;。" or _INDEX.search(left):
            return [match["bare"]], "", False
    return None


def find_phrases(text: str) -> list[Phrase]:
    """Return the number phrases of `text` in order; a range gives two (`>=` and `<=`)."""
    found: list[Phrase] = []
    position = 0
    while (begin := FIGURE_SIGN.search(text, position)) is not None:
        match = _PHRASE.match(text, begin.start())
        if match is None:
            run = _RUN.match(text, begin.start())
            position = run.end() if run else begin.end()
            continue
        start, end = match.span()
        position = end
        if symbol := match["symbol"]:
            op: str | None = _SYMBOLS.get(symbol, symbol[:1])
            value, unit = match["compared"].replace(",", ""), match["compared_unit"] or ""
            found.append(Phrase(value, unit, op, op, None, match.start("compared"), end, end, symbol=True))
            continue
        figure = _read(match, text)
        if figure is None:
            continue
        values, unit, more = figure
        word = match["word"] is not None
        before = _op_before(text, start)
        if before == ">" and unit == "项" and text.startswith("突破", start - 2):
            before = None  # 突破5项技术 counts what was achieved
        follow = _AFTER.match(text, end)
        after = _OPS[follow.lastgroup] if follow and follow.lastgroup else None
        tail = follow.end() if follow else end
        if len(values) == 2:
            low, high = (value.replace(",", "") for value in values)
            found.append(Phrase(low, unit, ">=", before, after, start, end, tail, word))
            found.append(Phrase(high, unit, "<=", before, after, start, end, tail, word, range_end=True))
            continue
        if more and after is None:
            after = ">"
        value = values[0].replace(",", "")
        found.append(Phrase(value, unit, after or before, before, after, start, end, tail, word))
    return found
