"""What an instrument says about other instruments, and from when to when it is in force.

Relations come from titles in 《》 and document numbers, by the words around them: 根据 makes a basis, 落实 an
implementation, 同时废止 a repeal, 修改 an amendment, anything else a mention. A number is preferred to a title.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from luoshi.gazette.appointments import word_table
from luoshi.gazette.dates import match_phrase, number, resolve

_HAN = "\u4e00-\u9fff"

NUMBER = re.compile(
    rf"(?P<issuer>[{_HAN}]{{2,14}})(?P<open>[〔\[【(])(?P<year>(?:19|20)\d\d)[〕\]】)]"
    r"第?(?P<serial>\d{1,4})(?!\d)(?P<mark>号?)"
)
"""A printed document number in canonical text: issuer's word, bracketed year, serial, 号 (which a print may lack).

The issuer's word may have a word of the sentence before it (`根据甲政发〔2019〕2号`); `find_numbers` cuts that off.
"""
_BRACKETED_YEAR = re.compile(r"[〔\[【(](?:19|20)\d\d[〕\]】)]第?\d")

_ISSUER_STOP = re.compile(
    rf".*(?:根据|依据|按照|依照|遵照|参照|贯彻|落实|执行|印发的|下发的|发布的|关于|按|和|与|及|或|由|见|原|将|对|以|即|修订|修改|废止|的|照|通知|意见|决定|"
    rf"文号为?|转发|[月日])(?=[{_HAN}]{{2}})"
)
_LOOSE_NUMBER = re.compile(rf"([{_HAN}]{{2,12}})[〔\[【(]((?:19|20)\d\d)[〕\]】)]第?(\d{{1,5}})号?")

RELATION_WORDS = {
    "based_on": ("根据", "依据", "按照", "依照", "遵照", "遵循", "结合"),
    "implements": ("落实", "贯彻", "贯彻执行", "贯彻实施", "推进实施"),
}
"""Words before a title that say what it is to this instrument."""

DOCUMENT_WORDS = word_table(
    "法 法典 条例 办法 规定 细则 意见 通知 方案 规划 纲要 决定 标准 规范 规程 准则 导则 指南 要点 预案 公告 "
    "通告 批复 函 令 决议 目录 清单 计划 制度 规则 章程 措施 政策 解释 纪要 通报 若干问题 十条 战略 公约"
)
"""How titles of instruments end; 《》 round anything else (a form, a certificate) is no reference."""

_SHORT_TITLE = re.compile(
    rf"(?:本|该|此|实施|管理|暂行|试行|工作|行动|指导|若干|专项|总体|应急){{0,4}}(?:{'|'.join(DOCUMENT_WORDS)})"
)
_TITLE = re.compile(r"《([^《》]{1,160}(?:《[^《》]{0,120}》[^《》]{0,160}){0,6})》")
_QUALIFIER = re.compile(r"(?:[(〈][^()〈〉]{1,20}[)〉]|〉的?通知)$")
_BEHIND_TITLE = re.compile(r" {0,2}\((?P<inner>[^()]{1,80}(?:\([^()]{1,40}\)[^()]{0,60}){0,2})\)")
_REPEAL = re.compile(
    r"(?<!已)(?<!已被)(?:废止(?!日期|时间|情况|程序|建议|意见|和|或|、|:|\d)|停止(?:执行|使用|施行)|失效(?!日期|时间|情况)|失去效力|不再(?:执行|施行)(?!《[^《》]{1,80}》[的中第])|作废)"
)
_AMEND_AFTER = re.compile(
    r"^(?:.{0,4}第[^,。;]{1,12}[条款项章])?[^,。;《]{0,6}(?:作(?:出|了)?如下修改|进行(?:了)?(?:如下)?修[改订]|修[改订]为|予以修[改订]|有效期(?:限)?(?:统一)?延长|延长)"
)
_AMEND_BEFORE = re.compile(r"(?:关于|决定)(?:修改|修订|修正)$")
_PARTIAL = re.compile(r"^(?:的|中的|中)?第[^,。;]{1,16}[条款项章节]")
_OWN_AFTER = re.compile(
    r"(?:(?:已经|已于|业经|已|经)[^。;《]{0,60}?(?:同意|通过|批准|审定)|[^,。;《]{0,6}(?:印发|转发|下发)(?:给)?你们|现?予以?(?:印发|公布|发布))"
)
_OWN_BEFORE = re.compile(
    r"(?:现将|现印发|关于印发|关于转发|制定了?|现制定|特制定|制订了?|现公布|现发布)(?:修订后的|修改后的|新修订的|重新修订的)?$|(?:修订|修改)后的$"
)
_BASIS_SENTENCE = re.compile(
    r"制定本|制订本|特制定|特制订|制定如下|制订如下|提出如下|提出以下|现就|现将|结合(?:我|本)[市县区州省镇乡盟旗]|结合实际|经研究|决定"
)
_CHAIN_GAP = re.compile(r"(?:等)?(?:文件)?(?:的)?(?:有关)?(?:规定|要求|精神)?[、,和及与以]{0,3}(?:[^,。;:]{0,24})$")
_CHAIN_BREAK = re.compile(r"编制|制定|制订|出台|修订|印发(?!的)|研究|拟定|起草|废止|施行|提出|开展|,[^、]{5,}")
_STOP = re.compile(r"[。;]")
_SENTENCE = re.compile(r"[^。]+。?")


class FoundRelation(NamedTuple):
    """A reference to another instrument: `number` where printed, else `title` without 《》; offsets into the text."""

    type: str
    number: str | None
    title: str | None
    start: int
    end: int


class Validity(NamedTuple):
    """What a clause says about the force of its own instrument.

    Dates are ISO strings. `from_issue` is true for 自发布之日起施行: the first day is the date of issue.
    `valid_years` is the printed period (有效期五年); where the first day is printed too, `expires_on` is already
    the day before the same date so many years on, else the caller computes it from the date of issue with
    `last_day`. A period that begins some days after issue (30日后施行) has no printed first day: neither of the
    two is given.
    """

    effective_from: str | None
    from_issue: bool
    expires_on: str | None
    valid_years: int | None
    start: int
    end: int


def normalise_number(text: str) -> str | None:
    """Write a document number canonically: `甲政发[2019]02` -> `甲政发〔2019〕2号`; None if the text is no number.

    Any bracket and full-width digits are accepted, blanks and 第 dropped, a missing 号 supplied; a year of two digits,
    a year without brackets or a serial of zero make no number.
    """
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    m = _LOOSE_NUMBER.fullmatch(plain)
    if not m or not 1 <= int(m[3]) <= 9999:
        return None
    return f"{m[1]}〔{m[2]}〕{int(m[3])}号"


def find_numbers(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[str, int, int]]:
    """Yield (canonical number, start, end) of `text[start:end]`; a year in round brackets needs a printed 号."""
    limit = len(text) if end is None else end
    for year in _BRACKETED_YEAR.finditer(text, start, limit):
        m = NUMBER.search(text, max(start, year.start() - 14), min(limit, year.end() + 5))
        if not m or m.start("open") != year.start() or (m["open"] == "(" and not m["mark"]):
            continue
        stop = _ISSUER_STOP.match(m["issuer"])
        first = m.start() + (stop.end() if stop else 0)
        found = normalise_number(text[first : m.end()])
        if found:
            yield found, first, m.end()


def _is_document(title: str) -> bool:
    while (shorter := _QUALIFIER.sub("", title)) != title and shorter:
        title = shorter
    return title.endswith(DOCUMENT_WORDS) and not _SHORT_TITLE.fullmatch(title)


class _Mention(NamedTuple):
    number: str | None
    title: str | None
    start: int
    end: int


def _mentions(text: str) -> list[_Mention]:
    """Titles and free-standing numbers in printed order; a number in brackets behind a title belongs to it."""
    found: list[_Mention] = []
    titles = list(_TITLE.finditer(text)) if "《" in text else []
    spans: list[tuple[int, int]] = []
    for m in titles:
        behind = _BEHIND_TITLE.match(text, m.end())
        inside = list(find_numbers(text, behind.start("inner"), behind.end("inner"))) if behind else []
        end = behind.end() if behind else m.end()
        if inside:
            found.append(_Mention(inside[0][0], m[1], m.start(), end))
            found.extend(_Mention(canonical, None, first, end) for canonical, first, _ in inside[1:])
        elif _is_document(m[1]):
            found.append(_Mention(None, m[1], m.start(), end))
        spans.append((m.start(), end))
    place = 0
    for canonical, start, end in find_numbers(text):
        while place < len(spans) and spans[place][1] <= start:
            place += 1
        if place == len(spans) or start < spans[place][0]:
            found.append(_Mention(canonical, None, start, end))
    return sorted(found, key=lambda mention: mention.start)


_REPEALED_BELOW = re.compile(
    r"(?:废止|失效)[^。;《》]{0,30}:$|(?:废止|失效)[^。;:《》]{0,16}(?:文件|规章|规定|目录|清单|表)[^。;:《》]{0,12}$"
)
_NOT_ALL_REPEALED = re.compile("修改|修订|保留|继续|有效(?!期)")
_BY_ANOTHER = re.compile("(?:被|由|按照?|[根依]据|执行|[详参]?见|代替|替代)$")


def lists_repealed(heading: str) -> bool:
    """Return whether what a heading or an opening sentence stands above is a list of documents that end."""
    found = _REPEALED_BELOW.search(heading[-_LONGEST_OPENING:])
    return found is not None and _NOT_ALL_REPEALED.search(heading, max(0, len(heading) - _LONGEST_OPENING)) is None


_LONGEST_OPENING = 80


def find_repealed(text: str) -> list[FoundRelation]:
    """Return the documents that one entry of such a list ends: its first one, and all whose number it prints."""
    relations: list[FoundRelation] = []
    for mention in _mentions(text):
        if (mention.number or not relations) and not _BY_ANOTHER.search(text, max(0, mention.start - 4), mention.start):
            title = None if mention.number else mention.title
            relations.append(FoundRelation("repeals", mention.number, title, mention.start, mention.end))
    return relations


def find_relations(text: str, *, opening: bool, own_titles: frozenset[str] = frozenset()) -> list[FoundRelation]:
    """Return the references of one clause or paragraph.

    `opening` is true for an opening paragraph or an article or section on the basis: a list of titles there is the
    basis. The instrument's own title (`own_titles`, or by the words around it: 现将《…》印发, 《…》已经…同意) is no
    reference.
    """
    if "《" not in text and not any(bracket in text for bracket in "〔[【") and not ("(" in text and "号" in text):
        return []
    relations: list[FoundRelation] = []
    seen: set[tuple[str, str | None, str | None]] = set()
    mentions = _mentions(text)
    if not mentions:
        return []
    place = 0
    for sentence in _sentences(text, mentions):
        first = place
        while place < len(mentions) and mentions[place].start < sentence[1]:
            place += 1
        inner = mentions[first:place]
        for mention, kind in zip(inner, _kinds(text, sentence, inner, opening), strict=True):
            if kind not in ("repeals", "amends") and _is_own(text, mention, own_titles):
                continue
            title = None if mention.number else mention.title
            key = (kind, mention.number, title)
            if key not in seen:
                seen.add(key)
                relations.append(FoundRelation(kind, mention.number, title, mention.start, mention.end))
    return relations


def _sentences(text: str, mentions: list[_Mention]) -> list[tuple[int, int]]:
    """Spans between full stops that stand outside titles."""
    spans: list[tuple[int, int]] = []
    start = place = 0
    for m in _STOP.finditer(text):
        while place < len(mentions) and mentions[place].end <= m.start():
            place += 1
        if place < len(mentions) and mentions[place].start < m.start():
            continue
        spans.append((start, m.end()))
        start = m.end()
    return [*spans, (start, len(text))] if start < len(text) else spans


def _is_own(text: str, mention: _Mention, own_titles: frozenset[str]) -> bool:
    if not mention.title or mention.number:
        return False
    if any(own and (mention.title.endswith(own) or own.endswith(mention.title)) for own in own_titles):
        return True
    before = text[max(0, mention.start - 12) : mention.start]
    after = text[mention.end : mention.end + 120]
    return bool(_OWN_BEFORE.search(before) or _OWN_AFTER.match(after))


def _kinds(text: str, sentence: tuple[int, int], mentions: list[_Mention], opening: bool) -> list[str]:
    """The type of each mention of one sentence."""
    kinds = ["cites"] * len(mentions)
    first, last = sentence
    basis = opening or bool(_BASIS_SENTENCE.search(text, first, last))
    current: str | None = None
    before = first
    for i, mention in enumerate(mentions):
        gap = text[before : mention.start]
        current = _cue(gap, current, chained=i > 0)
        if current == "based_on" and not basis:
            kinds[i] = "cites"
        elif current:
            kinds[i] = current
        elif opening and not gap.strip("、,和及与 :") and text[mention.end : mention.end + 1] in "、《和":
            current = kinds[i] = "based_on"
        before = mention.end
    _mark_changes(text, sentence, mentions, kinds)
    return kinds


def _cue(gap: str, current: str | None, *, chained: bool) -> str | None:
    """The reading that holds after `gap`: a new cue word in it, the current one if the list runs on, else None."""
    place, found = -1, None
    for kind, words in RELATION_WORDS.items():
        for word in words:
            at = gap.rfind(word)
            if at > place:
                place, found = at, kind
    if found and not _CHAIN_BREAK.search(gap, place) and len(gap) - place < 48:
        return found
    if current and chained and len(gap) < 48 and _CHAIN_GAP.match(gap) and not _CHAIN_BREAK.search(gap):
        return current
    return None


def _mark_changes(text: str, sentence: tuple[int, int], mentions: list[_Mention], kinds: list[str]) -> None:
    """Mark the mentions that the sentence repeals or amends."""
    first, last = sentence
    for i, mention in enumerate(mentions):
        after = text[mention.end : min(last, mention.end + 40)]
        if _AMEND_AFTER.match(after) or _AMEND_BEFORE.search(text[max(first, mention.start - 6) : mention.start]):
            kinds[i] = "amends"
        elif kinds[i] == "based_on" and after.startswith(("修正", "修订", "修改")):
            kinds[i] = "cites"
    for i in range(len(mentions) - 2, -1, -1):
        if kinds[i + 1] == "amends" and kinds[i] == "cites" and text[mentions[i].end : mentions[i + 1].start] in _AND:
            kinds[i] = "amends"
    ends = [m.end for m in mentions]
    for verb in _REPEAL.finditer(text, first, last):
        following = bisect_right(ends, verb.start())
        if following < len(mentions) and mentions[following].start < verb.start():
            continue
        edge = verb.start()
        hit = False
        for i in range(following - 1, -1, -1):
            gap = text[mentions[i].end : edge] if edge - mentions[i].end < 120 else "。"
            if _PARTIAL.match(gap) and not hit:
                kinds[i] = "amends"
                hit = True
                break
            if kinds[i] == "repeals" or not _repeal_gap(gap, last=not hit):
                break
            kinds[i] = "repeals"
            hit = True
            edge = mentions[i].start
        if not hit:
            edge = verb.end()
            for i in range(following, len(mentions)):
                if kinds[i] == "repeals" or not _REPEAL_BEHIND.fullmatch(text, edge, mentions[i].start):
                    break
                kinds[i] = "repeals"
                edge = mentions[i].end


_AND = frozenset(("、", "和", "及", "与", "以及"))
_REPEAL_FILLER = re.compile(
    r",?(?:[^,。;《》]{0,20})(?:,?自(?:本[^,。;]{1,12}|[^,。;]{0,14})(?:之日|日)?起?,?)?"
    r"(?:也|即|均|亦|现|并|一并|全部|相应|自动|自行|随之|已|予以|同时|届时|即行|立即|宣布){0,4}$"
)
_REPEAL_BEHIND = re.compile(r"(?!.{0,40}(?:根据|依据|按照))[^。;]{0,40}")
_REPEAL_LINK = re.compile(r"[、,和及与以;]?[^。;《》]{0,60}$")


def _repeal_gap(gap: str, *, last: bool) -> bool:
    """True where `gap` joins a mention to the verb (`last`) or to the next mention of the same list."""
    if re.search(r"根据|依据|按照|施行|实施(?!之日)|落实|为准|不一致|制定|印发给", gap) and not re.search(
        r"自本|施行之日|实施之日", gap
    ):
        return False
    return bool(_REPEAL_FILLER.match(gap) if last else _REPEAL_LINK.match(gap))


# --- validity -------------------------------------------------------------------------------------------------------

_OWN_WORDS = (
    "实施办法|管理办法|办法|规定|实施细则|细则|实施方案|方案|预案|实施意见|意见|通知|措施|政策|规范|规则|规程|制度|计划|规划|标准|"
    "决定|通告|公告|条例|要点|指南|目录|清单|章程|准则|导则|文件|令|批复"
)
_THIS = r"(?<![基根日成资文版样])本(?![市区县省州地级年人辖企机]|单位|部门|行业|行政)"
_OWN = re.compile(
    rf"(?:(?:{_THIS}[{_HAN}]{{0,10}}?(?:{_OWN_WORDS})|(?:此|该|以上|上述)[{_HAN}]{{0,2}}?(?:规定|办法|意见|通知|政策|措施|方案|文件))|^(?:{_OWN_WORDS}))(?:\([^()]{{1,12}}\))?(?P<tail>[^,。;《》]{{0,12}})$"
)
_OWN_ANYWHERE = re.compile(rf"{_THIS}[{_HAN}]{{0,10}}?(?:{_OWN_WORDS})")
_OTHER = re.compile(r"所称|所指|是指|证|合同|协议|许可|资格")
_ISSUING = re.compile(r"印发|公布|发布|会议[^,。]{0,8}通过|》[^。]{0,60}(?:同意|通过|批准)")
_ITEM = re.compile(r"第[^,。;]{1,8}[条款项章]|附件|标准|补贴|规定的|中的|所")
_BARE_SUBJECT = re.compile(
    r"(?:第[^条]{1,8}条|[一二三四五六七八九十\d]{1,3}[、.]|\([一二三四五六七八九十\d]{1,3}\))?(?:并|现|且|均|一并|统一|正式|将)?$"
)
_START = re.compile(
    r"(?:自|从|于)?(?:(?P<issue>(?:发布|印发|公布|颁布|颁发|下发|发文|签发|通过|批准|公告|下达|行文|印制)"
    r"(?:、(?:发布|印发|公布))?(?:之?日|后)|即日)"
    r"|(?<=[自从于])(?=[12二一]))"
)
_AFTER_START = re.compile(
    r"(?:\d{1,2}[时:]\d{0,2}(?:分|时)?|零时)?(?:起|开始|后)?"
    r"(?P<later>[^,。;]{0,3}?[\d一二三四五六七八九十百]{1,4}(?:个工作)?日(?:后|起|以后|之后))?"
    r"(?:正式|开始|全面|在全[市县区省](?:范围内)?){0,2}"
    r"(?P<verb>施行|实施|执行|生效|试行|实行|有效)(?=[,。;、)(至到一二两三四五\d ]|有效|$)"
)
_UNTIL = re.compile(
    r"(?:有效期(?:限)?|施行期限?|执行期限?|实施期限?|试行期限?|政策期限|期限|时限)?(?:统一|自动)?(?:延长|延续|顺延|截止|截至|暂定)?(?:为|是)?(?:至|到|截止|截至)(?=[12二一])"
)
_PERIOD = re.compile(
    r"(?P<what>有效期(?:限)?|(?:试|施|执|实)[行施]期(?:限)?|政策期限|试行|暂行|执行期(?:限)?)(?:暂定|原则上|均|统一)?(?:为|是|定为)?(?P<since>自[^,。;]{2,16}?(?:之?日|号)起(?:计算)?,?)?"
    r"(?P<count>\d{1,2}|[一二两三四五六七八九十]{1,3})(?:个)?(?P<unit>年|周年|月)(?!度|内|前)"
)
_VALIDITY_HINTS = ("施行", "实施", "执行", "有效", "生效", "试行", "暂行", "延长")


def last_day(first: date, years: int) -> date:
    """Last day in force of what begins on `first` and holds for `years`: the day before the same date then."""
    return _same_day(first, years * 12) - timedelta(days=1)


def _same_day(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    year, month = divmod(index, 12)
    if first.day > monthrange(year, month + 1)[1]:
        return date(year, month + 1, monthrange(year, month + 1)[1]) + timedelta(days=1)
    return date(year, month + 1, first.day)


def find_validity(text: str) -> Validity | None:
    """Return what a paragraph says about its own instrument's force, or None.

    The start of one benefit or one item (`第五条自…起执行`, `补贴标准自…起执行`) does not count, nor does the period of
    a certificate or contract.
    """
    if ("日" not in text and "年" not in text) or not any(hint in text for hint in _VALIDITY_HINTS):
        return None
    effective: date | None = None
    from_issue = False
    delayed = False
    expires: date | None = None
    years: int | None = None
    months = 0
    spans: list[tuple[int, int]] = []
    for sentence in _SENTENCE.finditer(text):
        base = sentence.start()
        words = sentence.group()
        start = _find_start(words)
        if start:
            day, issue, later, first, last = start
            if not (effective or from_issue or delayed):
                effective, from_issue, delayed = day, issue and not later, later
            spans.append((base + first, base + last))
        until = _find_until(words, known=bool(spans))
        if until:
            opened, expires, first, last = until
            effective = effective or opened
            spans.append((base + first, base + last))
            continue
        period = _find_period(words, known=bool(spans))
        if period:
            count, unit, since, first, last = period
            months = count if unit == "月" else count * 12
            years = count if unit != "月" else (count // 12 if count % 12 == 0 else None)
            if since:
                phrase = match_phrase(since, 1)
                began = resolve(phrase, None, None) if phrase else None
                effective = effective or (began.first if began else None)
                from_issue = from_issue or phrase is None
            spans.append((base + first, base + last))
    if not spans:
        return None
    if effective and months and not expires:
        expires = _same_day(effective, months) - timedelta(days=1)
    if effective is None and not from_issue and expires is None and years is None:
        return None
    return Validity(
        effective.isoformat() if effective else None,
        from_issue and effective is None,
        expires.isoformat() if expires else None,
        None if delayed else years,
        min(s for s, _ in spans),
        max(e for _, e in spans),
    )


_LOOK_BACK = 200
"""Characters before a place that can tell what is said there."""


def _clause_before(words: str, place: int) -> tuple[str, str]:
    """The part of a sentence that ends at `place`, back to the last comma, and what stands before that part."""
    window = words[max(0, place - _LOOK_BACK) : place]
    cut = max(window.rfind(mark) for mark in ",;:") + 1
    return window[cut:], window[:cut]


def _own_subject(words: str, place: int) -> bool:
    """True where what stands at `place` of a sentence is said of the instrument itself."""
    subject, earlier = _clause_before(words, place)
    own = _OWN.search(subject)
    if own:
        return not _ITEM.search(own["tail"]) and "《" not in subject
    if _BARE_SUBJECT.fullmatch(subject):
        return not earlier.strip(",") or bool(_OWN_ANYWHERE.search(earlier)) or bool(_ISSUING.search(earlier))
    if subject.endswith("》"):
        return bool(re.search(r"印发|公布|发布|同意|通过|已经", earlier))
    return bool(re.search(r"(?:印发|公布|发布|转发)(?:给你们|实施|施行)?$", subject))


def _find_start(words: str) -> tuple[date | None, bool, bool, int, int] | None:
    """The sentence's first day: (printed date, from the day of issue, some days after it, start, end)."""
    if not any(verb in words for verb in ("施行", "实施", "执行", "生效", "试行", "有效")):
        return None
    for m in _START.finditer(words):
        end = m.end()
        day: date | None = None
        if m["issue"] is None:
            phrase = match_phrase(words, end)
            period = resolve(phrase, None, None) if phrase else None
            if phrase is None or period is None or period.unit != "day":
                continue
            day = period.first
            end = phrase.end
        after = _AFTER_START.match(words, end)
        if not after or not _own_subject(words, m.start()):
            continue
        return day, m["issue"] is not None, bool(after["later"]), m.start(), after.end()
    return None


_SEVERAL = re.compile(r"》(?:\([^()]{1,40}\))?[、和及与]《|》[^,。;]{0,40}等\d*[一二两三四五六七八九十]*[件部个份]")


def _find_until(words: str, *, known: bool) -> tuple[date | None, date, int, int] | None:
    """The sentence's printed last day: (first day printed with it, last day, start, end)."""
    if not any(mark in words for mark in "至到截"):
        return None
    for m in _UNTIL.finditer(words):
        phrase = match_phrase(words, m.end())
        period = resolve(phrase, None, None) if phrase else None
        if phrase is None or period is None or not period.has_year:
            continue
        before = words[max(0, m.start() - _LOOK_BACK) : m.start()]
        named = m.group().startswith(("有效期", "施行期", "执行期", "实施期", "试行期", "政策期限"))
        if named:
            # A prolonged period is that of the one document named before it, not that of several or of some policy.
            prolonged = ("延长" in m.group() or "延续" in m.group()) and "》" in before and not _SEVERAL.search(before)
            if prolonged or _own_period(words, m.start(), known=known):
                return None, period.last, m.start(), phrase.end
            continue
        # 自甲日起(施行)至乙日(止)
        opened = re.search(
            r"(?:自|从|为|:)(?=[12])[^,。;]{6,14}?(?:起)?(?:施行|实施|执行|试行|生效)?,?(?:有效期(?:限)?)?$", before
        )
        if opened:
            first = match_phrase(before, opened.start() + 1)
            began = resolve(first, None, None) if first else None
            place = opened.start()
            shift = m.start() - len(before)
            label = re.search(
                r"(?:有效期(?:限)?|施行期限?|执行期限?|试行期限?|政策期限)(?:暂定|为|是)?$", before[:place]
            )
            if label:
                place = label.start()
            tail = words[phrase.end : phrase.end + 8]
            stated = label or re.search(r"施行|实施|执行|试行|生效|有效", before[opened.start() :] + tail)
            if began and stated and _own_period(words, shift + place, known=known):
                return began.first, period.last, shift + place, phrase.end
        elif known and re.search(r"(?:施行|实施|执行|试行|有效|生效|之日起),?$", before):
            return None, period.last, m.start(), phrase.end
    return None


def _find_period(words: str, *, known: bool) -> tuple[int, str, str | None, int, int] | None:
    """The sentence's printed period: (count, unit, its printed beginning, start, end)."""
    for m in _PERIOD.finditer(words):
        count = number(m["count"])
        if not count or not _own_period(words, m.start(), known=known):
            continue
        return count, m["unit"][-1], m["since"], m.start(), m.end()
    return None


def _own_period(words: str, place: int, *, known: bool) -> bool:
    """True where a period at `place` is the instrument's own, not that of a certificate or contract."""
    subject, earlier = _clause_before(words, place)
    own = _OWN.search(subject)
    if own:
        return not _ITEM.search(own["tail"])
    if subject in ("", "其", "且", "并", "暂", "政策", "文件", "本") or re.search(
        r"(?:施行|实施|执行|试行|生效|起)$", subject
    ):
        return known or not earlier.strip(",") or bool(_OWN_ANYWHERE.search(earlier) and not _OTHER.search(earlier))
    return False
