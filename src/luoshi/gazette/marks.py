"""Responsibility marks: `(市甲局牵头,市乙局、丙局等参与)`, `责任单位:市甲局;配合单位:市乙局`, and what they declare.

A mark stands in any bracket, nested too, or as a line (or the end of a paragraph) that begins with its label. Its lists
are read by `organs`; roles follow the convention 'Organs' of the gazette's contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from luoshi.gazette.organs import Level, is_local, is_organ, is_vague, read_run
from luoshi.gazette.wording import any_of


class Mark(NamedTuple):
    """One mark of a paragraph; `start` and `end` are offsets in it and include the bracket.

    `lead` is empty where only helpers are printed: such a mark (a line `配合单位:...`) completes the mark before it.
    `local_names` are the towns and zones as printed; `local` also holds after a declaration that binds them all.
    `first_leads` and `binds_towns` tell whether this very mark declares so.
    """

    start: int
    end: int
    lead: tuple[str, ...]
    cooperating: tuple[str, ...]
    local_names: tuple[str, ...]
    local: bool
    open_ended: bool
    first_leads: bool | None
    binds_towns: bool
    at_end: bool
    text: str


@dataclass
class MarkState:
    """What the marks of one document have declared so far; carried from paragraph to paragraph.

    `lead_line` is true after a line of its own that names only who leads: a 责任单位 line after it names helpers.
    """

    first_leads: bool = False
    binds_towns: bool = False
    level: Level = Level.CITY
    lead_line: bool = False


_LEAD, _WORK, _HELP, _GUIDE, _OTHER = "lead", "work", "help", "guide", "other"

# --- words ----------------------------------------------------------------------------------------------------------

_NOUN = any_of("单位 部门 主体 机关 科室 处室 机构 股室 地区")
_LEADING = any_of("牵头 主办 主责 主要责任 主要负责 首要责任 第一责任")
_HELPING = any_of("配合 参与 参加 协办 协助 协同 协作 支持 会办 联动 指导 辅助 其他责任")
_WORKING = any_of("责任 落实 实施 承办 承担 负责 完成 执行 任务")
_TIMING = any_of("完成 办结 整改 办理 落实 实施 推进 启动")
_PERSON_OF = any_of("牵头 分管 包抓 联系 挂钩 协管 责任 配合 市级 县级 区级 主管")
_LEVEL = "(?:[市县区省州旗](?:级|直|属|有关|相关))"
_LABELS = (
    (_LEAD, rf"{_LEVEL}?(?:总|第一|责任)?{_LEADING}(?:责任|负责|实施|落实|办理|组织){{0,2}}{_NOUN}"),
    (_HELP, rf"{_LEVEL}?(?:责任)?{_HELPING}(?:责任|实施|落实)?{_NOUN}"),
    (_OTHER, rf"(?:督导|监督|督办|督查|验收|考核)(?:责任)?{_NOUN}"),
    (_OTHER, rf"{_TIMING}?(?:时限|时间|期限|时间节点)(?:要求|安排)?|联络员|联系电话|电话|备注|说明|工作进度|目标要求"),
    (_OTHER, rf"(?:第一)?责任人|{_PERSON_OF}[市县区省]?级?(?:责任)?(?:领导|人)|(?:单位)?负责人"),
    (_WORK, rf"{_LEVEL}?(?:具体|直接|相关|主体|共同|各)?{_WORKING}(?:责任|落实)?{_NOUN}"),
    (_WORK, r"属地(?:责任|管理|落实)?(?:单位|主体|部门)?"),
    (_LEAD, r"牵头|主办"),
    (_HELP, r"配合|参与|参加|协办"),
    (_WORK, r"责任|落实|承办|(?:任务|职责|责任|工作)?分工"),
)
"""What a label before a colon says of the list behind it; first match wins."""
_ROLE_BY_GROUP = tuple(role for role, _ in _LABELS)
_LABEL_WORDS = "|".join(f"({words})" for _, words in _LABELS)
_LABEL_STARTS = (
    "总第责牵主首配参协支会联指辅其督监验考完办整落实推启时期分包挂市县区省州旗单备工目具直相共各负承执任说电属"
)
_TWO_NOUNS = rf"(?:[和及与、/](?:{_NOUN}|[\u4e00-\u9fff]{{2,4}}{_NOUN}|(?:主要)?(?:负责人|责任人)))?"
_LABEL = re.compile(rf"(?=[{_LABEL_STARTS}])(?:{_LABEL_WORDS}){_TWO_NOUNS}(?:\([^()]{{1,30}}\))?:")
_OTHER_LABEL = re.compile(r"[,;。](?:[^、,;:()]{2,8}):")
"""A label that says nothing of organs (适用范围:…) ends the list before it."""
_LABEL_IN_BRACKETS = re.compile(rf"[(〔【\[](?P<label>{_LABEL_WORDS}):?[)〕】\]]:?")
_LABEL_BARE = re.compile(rf"(?:{_LABEL_WORDS})(?=[市县区省各州旗盟])")
_LINE_STARTS = frozenset("—·●◆■◎-职" + _LABEL_STARTS)
_LINE = re.compile(rf"[—·●◆■◎\-]{{0,3}}(?:{_LABEL_WORDS})(?:\([^()]{{1,30}}\))?:")
_INLINE_GATE = re.compile(rf"[。!](?=[职{_LABEL_STARTS}])")
_INLINE = re.compile(rf"(?:{_LABEL_WORDS})(?:\([^()]{{1,30}}\))?:")
_ONE_OF_THEM_LEADS = re.compile(r"\(([^()]{2,30})[为是](?:牵头|主办)(?:责任)?(?:单位|部门)\)")

_OF_DUTY = any_of("各自 各 本 自身 部门 单位 有关 相关 法定 属地 管理 原则 工作 行业 领域 规定 的 和 与 “ ”")
_DUTIES = any_of("职责 职能 分工 责任 权限 原则 要求 任务 范围")
_BY_DUTY = (
    rf"(?:(?:要|应|需|均|并)?(?:按照?|依照?|依据|根据|结合){_OF_DUTY}{{0,4}}{_DUTIES}"
    rf"(?:(?:及|和|与|、)?{_DUTIES}){{0,2}}内?,?)"
)
_AUXILIARIES = """
    具体 分别 共同 联合 统一 统筹 协同 密切 积极 切实 全面 认真 组织 分工 分头 主要 直接 各负其责 各司其职 总 为主 协调
    抓总 调度 督查 考核 验收 并"""
_VERBS = """
    牵头 主办 负总责 负责 落实 实施 承办 承担 办理 推进 完成 执行 跟进 抓好 做好 抓 配合 参与 参加 协助 协办 支持 会办
    联动 指导 督导 监督 监管 督促 督办"""
_VERB_STARTS = "".join(sorted({verb[0] for verb in _VERBS.split()} | set("职分为")))
_ACT_STARTS = _VERB_STARTS + "".join(sorted({word[0] for word in _AUXILIARIES.split()})) + "要应需均并按依根结"
_ACT = re.compile(
    rf"(?=[{_ACT_STARTS}])(?:"
    rf"{_BY_DUTY}?{any_of(_AUXILIARIES)}{{0,4}}{any_of(_VERBS)}{any_of(_AUXILIARIES + _VERBS)}{{0,4}}"
    rf"(?:有关工作|相关工作|工作|到位)?|{_BY_DUTY}"
    r"|为(?:第一)?(?:牵头|主办|主要|责任|配合|参与|协办|成员)(?:责任)?(?:单位|部门))(?=[,;。、]|$)"
)
"""What a list of organs does in a mark; it stands at the end of its list."""
_SOME_ACT = re.compile(rf"[{_VERB_STARTS}]")
_HELPS = re.compile(any_of("配合 参与 参加 协助 协办 支持 会办 联动 指导 督导 监督 监管 督促 督办 为责任"))
_GUIDES = re.compile("(?:负责|具体|共同|业务|分工|牵头)*指导(?:落实|实施|推进|监督|工作|有关工作)?")
"""Whoever only guides leads where the mark names nobody else to act: `(省甲厅、乙厅指导)`."""
_LEADS = re.compile(any_of("牵头 主办 为主 负总责"))
_TOGETHER = re.compile(r"会同|联合(?=[市县区省各州]|有关|相关|[\u4e00-\u9fff]{2,8}局)|商(?=市[\u4e00-\u9fff]{1,6}局)")

_FIRST = (
    r"(?:首个|首家|首位|第一个|第一家|第一位|第一(?=责任|单位|家)"
    r"|排(?:名|序|列)?(?:在)?(?:第一|首位|最前|前)|(?:位)?列(?:在|于)?(?:第一|首位?|最前)|打头)"
)
_FIRST_LEADS = re.compile(
    rf"{_FIRST}[^,;。():]{{0,16}}?(?:为|是|系|即|作为|担任)[^,;。():]{{0,4}}?(?:牵头|主办|汇总|主要责任|主责|总牵头)"
    r"|(?:牵头|主办)(?:责任)?(?:单位|部门)[^,;。():]{0,4}(?:列|排|居)(?:在|于|名)?(?:首位|第一|最前)"
)
_FIRST_CLAUSE = re.compile(
    rf"(?:[,;。]?\((?:[^()]{{0,40}}(?:{_FIRST_LEADS.pattern})[^()]{{0,30}})\))"
    rf"|[,;。]?[^,;。():]{{0,12}}(?:{_FIRST_LEADS.pattern})[^,;。()]{{0,10}}(?:[,;]下同)?"
)
_BINDS_TOWNS = re.compile(
    r"[,;。]?(?:本[\u4e00-\u9fff]{2,4}(?:部署|确定)?的?)?"
    r"(?:以下|下列|后续|此后|其[他余]各?项?|具体任务|各项(?:任务|工作|措施))[^。]{0,40}?"
    r"(?:镇|县|区|乡|街道|州|政府|管委会|办事处)[^。]{0,70}?不再[^,;。)]{1,8}(?:[,;]下同)?"
)
_SAME_BELOW = re.compile(r"[,;。]?\(?(?:以)?下同\)?")
_NOT_A_MARK = re.compile(
    r"以下(?:简|统)称|简称|下称|不?含|包括|详?见|附|如|即|指|例如|参照|原|此件|试行|暂行|修订|注|谁"
    r"|第?[一二三四五六七八九十\d]+$"
)
_SENTENCE_WORD = any_of(
    r"""\d 完成 长期 持续 年底 之前 以前 阶段 全年 月底 每年 按照 根据 确保 推进 工作 加强 开展 同步 适时 下同 不再 谁
    按期 到人"""
)
_NO_NAME = re.compile(rf".*{_SENTENCE_WORD}.*|.{{31,}}|[\u4e00-\u9fff]")
_SECTION = re.compile("各科室|[\u4e00-\u9fff]{2,8}[科股]")
"""A section of an office, which its own lists of tasks name."""
_HINTS = re.compile(r"[前局委府办镇街道区县实施合与加工门位导进理助协持室心厅会司部院队行成展][)〕】\]:]")
_BOXED_NOUN = re.compile(r"[位门][)〕】\]]")
_BRACKET = re.compile(r"[()〔〕【】\[\]]")
_CLOSING = {")": "(", "〕": "〔", "】": "【", "]": "["}
_LONGEST_MARK = 800
_DATED_TAIL = re.compile(r"[,;](?:20\d\d年)?(?:\d{1,2}月|年)?(?:\d{1,2}日|[底末])?(?:之?前|以前)$")
_LASTING_TAIL = re.compile(
    r"[,;](?:长期|持续|常年|全年|常态化?)(?:坚持|推进|落实|实施|开展|执行)?$"
    r"|[,;]每(?:年|半年|季度?|月|周|日)[^,;、]{0,6}(?:[上汇]?报|调度|通报|更新|总结)[^,;、]{0,10}$"
)
_BARE_LIST = re.compile(r"[市县区省州旗盟各][\u4e00-\u9fff、,;()·]{2,200}")


ORGANS = frozenset((_LEAD, _WORK, _HELP))
"""The roles of columns that hold organs; see `column_role`."""
_REMARK = re.compile("联系人|联系方式")


def column_role(name: str) -> str | None:
    """Return the role of the column of a table that is called `name` (one of `ORGANS` or another), None if none."""
    match = _LABEL.fullmatch(f"{name}:")
    return _role_of(match) if match is not None else _OTHER if _REMARK.fullmatch(name) else None


# --- reading the content of a mark ----------------------------------------------------------------------------------


class _List(NamedTuple):
    role: str
    names: tuple[str, ...]
    local: tuple[str, ...]


class _Reading(NamedTuple):
    lists: tuple[_List, ...]
    bare: bool
    open_ended: bool
    declares_first: bool
    binds_towns: bool


def _role_of(match: re.Match[str]) -> str:
    return _ROLE_BY_GROUP[(match.lastindex or 1) - 1]


_UNIT_LABELS = ("单位:", "部门:")
_SECTION_LABELS = ("科室:", "处室:", "股室:")
"""Sections beside units are parts of them, and no bodies of their own."""


def _parts(content: str) -> Iterator[tuple[str, str]]:
    """The lists of a mark with the role that their label or verb gives them, in print order."""
    labels = list(_LABEL.finditer(content)) if ":" in content else []
    units = any(label[0].endswith(_UNIT_LABELS) for label in labels)
    if not labels:
        bare = _LABEL_BARE.match(content)
        if bare:
            yield from _acts(content[bare.end() :], _role_of(bare))
        else:
            yield from _acts(content, "")
        return
    yield from _acts(content[: labels[0].start()], "")
    for index, label in enumerate(labels):
        end = labels[index + 1].start() if index + 1 < len(labels) else len(content)
        role = _role_of(label)
        if role != _OTHER and not (units and label[0].endswith(_SECTION_LABELS)):
            names = content[label.end() : end]
            yield from _acts(_OTHER_LABEL.split(names, maxsplit=1)[0] if ":" in names else names, role)


def _acts(text: str, role: str) -> Iterator[tuple[str, str]]:
    """Cut a value at its verbs (牵头, 负责, 参与); a list without one has the label's role or helps those before it."""
    position = 0
    found = False
    for act in _ACT.finditer(text) if _SOME_ACT.search(text) else ():
        names = text[position : act.start()].strip(",;。、")
        position = act.end()
        if names:
            found = True
            yield from _together(names, _role_of_act(act[0], role))
    rest = text[position:].strip(",;。、")
    if rest:
        yield from _together(rest, (_HELP if found else role) or "")


def _role_of_act(act: str, role: str) -> str:
    if role in (_LEAD, _HELP):
        return role
    if _LEADS.search(act):
        return _LEAD
    if _HELPS.search(act) is None:
        return _WORK
    return _GUIDE if _GUIDES.fullmatch(act) else _HELP


def _together(names: str, role: str) -> Iterator[tuple[str, str]]:
    """甲会同乙: the partner helps."""
    match = _TOGETHER.search(names)
    if match and match.start():
        yield role, names[: match.start()]
        yield _HELP, names[match.end() :]
    else:
        yield role, names


def _plausible(name: str, level: Level) -> bool:
    return (
        is_organ(name)
        or is_local(name, level)
        or is_vague(name)
        or (name[0] in "市县区省" and not _NO_NAME.fullmatch(name))
        or _SECTION.fullmatch(name) is not None
    )


def _declares_first(text: str) -> bool:
    return ("第一" in text or "首" in text or "列" in text or "排" in text) and bool(_FIRST_LEADS.search(text))


@lru_cache(maxsize=4096)
def _read(content: str, level: Level) -> _Reading | None:
    """Read the inside of a bracket or a labelled line; None if it is no mark."""
    if not 2 < len(content) <= _LONGEST_MARK or _NOT_A_MARK.match(content):
        return None
    declares_first = _declares_first(content)
    binds_towns = "不再" in content and bool(_BINDS_TOWNS.search(content))
    core = _BINDS_TOWNS.sub("", content) if binds_towns else content
    core = _ONE_OF_THEM_LEADS.sub(r";牵头单位:\1", core) if "(" in core else core
    core = _FIRST_CLAUSE.sub("", core) if declares_first and not _LABEL.fullmatch(core) else core
    if core[-1:] == "前":
        core = _DATED_TAIL.sub("", core)
    core = _LASTING_TAIL.sub("", core)
    if "下同" in core:
        core = _SAME_BELOW.sub("", core)
    lists: list[_List] = []
    open_ended = bare = False
    carry = ""
    labelled = (":" in core and _LABEL.search(core) is not None) or _LABEL_BARE.match(core) is not None
    for role, text in _parts(core):
        if role == "":
            if labelled or not _is_bare_list(text, level):
                continue
            role, bare = _WORK, True
        run = read_run(text, level, carry)
        names = tuple(name for name in run.names if is_organ(name) or not _NO_NAME.fullmatch(name))
        if not names and not run.local:
            continue
        if names and not labelled and not _plausible(names[0], level):
            return None
        if run.heads and role == _WORK:
            lists.append(_List(_LEAD, run.heads, ()))
            names = tuple(name for name in names if name not in run.heads)
        lists.append(_List(role, names, run.local))
        open_ended = open_ended or run.open_ended
        carry = run.carry
    named = [name for entry in lists for name in entry.names]
    if not lists or 2 * sum(_plausible(name, level) for name in named) < len(named):
        return None
    return _Reading(tuple(lists), bare, open_ended, declares_first, binds_towns)


def _is_bare_list(text: str, level: Level) -> bool:
    """A bracket without any role word is a mark only if it holds nothing but organs (and stands behind a full stop)."""
    if not _BARE_LIST.fullmatch(text):
        return False
    run = read_run(text, level)
    return bool(run.names) and all(is_organ(name) for name in run.names)


def _compose(reading: _Reading, first_leads: bool, helpers_only: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who leads and who cooperates; towns lead only where no city organ stands in the leading role."""
    roles = [entry.role for entry in reading.lists]
    leading = next((role for role in (_LEAD, _WORK, _GUIDE) if role in roles), _WORK)
    lead: list[str] = []
    towns: list[str] = []
    others: list[str] = []
    for entry in reading.lists:
        if entry.role == leading and not helpers_only:
            lead += entry.names
            towns += entry.local
        else:
            others += entry.names
    if first_leads and leading != _LEAD and len(lead) > 1:
        others = lead[1:] + others
        lead = lead[:1]
    if len(lead) > 1 or others:
        lead = [name for name in lead if not is_vague(name)] or lead[:1]
    lead = lead or towns
    helping = [name for name in dict.fromkeys(others) if name not in lead and not (lead and is_vague(name))]
    return tuple(dict.fromkeys(lead)), tuple(helping)


# --- finding marks in a paragraph -----------------------------------------------------------------------------------


def _brackets(text: str) -> list[tuple[int, int]]:
    """Spans of all brackets, outer before inner; an unmatched closing one is skipped, an open one runs to the end."""
    spans: list[tuple[int, int]] = []
    stack: list[tuple[str, int]] = []
    for match in _BRACKET.finditer(text):
        char = match[0]
        opening = _CLOSING.get(char)
        if opening is None:
            stack.append((char, match.start()))
            continue
        if stack and stack[-1][0] == opening:
            spans.append((stack.pop()[1], match.end()))
            continue
        for depth in range(len(stack) - 2, max(len(stack) - 4, -1), -1):
            if stack[depth][0] == opening:
                spans.append((stack[depth][1], match.end()))
                del stack[depth:]
                break
    if stack:
        start = stack[0][1]
        if _LABEL.match(text, start + 1):
            spans.append((start, len(text) + 1))
    if len(spans) > 1:
        spans.sort(key=lambda span: (span[0], -span[1]))
    return spans


def _quoted(text: str, start: int, end: int) -> bool:
    """Whether a bracket stands inside a short quotation or title."""
    before = text[max(0, start - 60) : start]
    if not ("“" in before or "《" in before):
        return False
    after = text[end : end + 60]
    for opening, closing in ("“”", "《》"):
        if before.rfind(opening) > before.rfind(closing) and closing in after:
            inside = after.find(opening)
            if inside < 0 or after.find(closing) < inside:
                return True
    return False


def _trim(content: str) -> str:
    """A mark's content without outer punctuation and without a closing bracket that belongs to nothing."""
    content = content.strip("。;,、: ")
    if content.endswith(")") and content.count(")") > content.count("("):
        content = content[:-1].rstrip("。;,、: ")
    return content


def _label_inside(text: str) -> re.Match[str] | None:
    """The first label behind a full stop that stands in no bracket."""
    surplus = dict.fromkeys(_CLOSING, 0)
    position = 0
    for gate in _INLINE_GATE.finditer(text):
        place = gate.end()
        if (match := _INLINE.match(text, place)) is None:
            continue
        for closing, opening in _CLOSING.items():
            surplus[closing] += text.count(opening, position, place) - text.count(closing, position, place)
        if max(surplus.values()) <= 0:
            return match
        position = place
    return None


def _line_end(text: str, start: int) -> int:
    """Where a mark without bracket ends: at its full stop, unless a further label or a declaration follows."""
    end = text.find("。", start)
    while end >= 0 and end + 1 < len(text):
        if not (_LABEL.match(text, end + 1) or _FIRST_CLAUSE.match(text, end + 1) or _BINDS_TOWNS.match(text, end + 1)):
            return end + 1
        end = text.find("。", end + 1)
    return len(text)


_AT_END = re.compile("[。;,、]*$")


class _Candidate(NamedTuple):
    start: int
    end: int
    content: str
    own_line: bool


def _boxes_noun(text: str) -> bool:
    """Whether a bracket closes behind 单位 or 部门."""
    if "位)" in text or "门)" in text:
        return True
    return ("】" in text or "〕" in text or "]" in text) and _BOXED_NOUN.search(text) is not None


def _labelled_line(text: str) -> _Candidate | None:
    """A mark without brackets: the paragraph, or its end, begins with a label (which may itself stand in brackets)."""
    line = _LINE.match(text) if ":" in text and text[0] in _LINE_STARTS else None
    boxed = _LABEL_IN_BRACKETS.search(text) if _boxes_noun(text) else None
    if line is None and boxed is None and ("位:" in text or "门:" in text or "分工:" in text):
        line = _label_inside(text)
    first = boxed or line
    if first is None:
        return None
    start = first.start()
    end = _line_end(text, start)
    content = text[start:end].lstrip("—·●◆■◎-")
    if boxed:
        content = _LABEL_IN_BRACKETS.sub(r"\g<label>:", content)
    return _Candidate(start, end, content, start == 0)


def _candidates(text: str, level: Level) -> Iterator[_Candidate]:
    """Spans that may be marks, in order, outer brackets before inner ones."""
    line = _labelled_line(text)
    if line and _read(_trim(line.content), level) is None:
        line = None
    if "(" in text or "〔" in text or "【" in text or "[" in text:
        for start, end in _brackets(text):
            if line and start >= line.start:
                yield line
                line = None
            yield _Candidate(start, min(end, len(text)), text[start + 1 : end - 1], False)
    if line:
        yield line


def find_marks(text: str, state: MarkState) -> list[Mark]:
    """Every responsibility mark of a canonical paragraph, in order.

    Updates `state` where the paragraph declares that the first unit leads or that all that follows binds the towns; a
    declaration applies from its mark on, itself included.
    """
    after_lead, state.lead_line = state.lead_line, False
    if not ("责" in text or "牵头" in text or _HINTS.search(text)):
        return []
    found: list[tuple[_Candidate, _Reading]] = []
    for candidate in _candidates(text, state.level):
        start, end, content, own_line = candidate
        last = found[-1][0] if found else None
        if last and start < last.end:
            continue
        reading = _read(_trim(content), state.level)
        if reading is None or (reading.bare and text[start - 1 : start] not in ("。", ";")):
            continue
        if _quoted(text, start, end):
            continue
        if last and start - last.end <= 1 and _LABEL.match(content) and _LABEL.match(last.content):
            joined = f"{last.content};{content}"
            merged = _read(joined, state.level)
            if merged is not None:
                found[-1] = (_Candidate(last.start, end, joined, own_line), merged)
                continue
        found.append((candidate, reading))
    if not found:
        if "牵头" in text and _declares_first(text):
            state.first_leads = True
        if "不再" in text and _BINDS_TOWNS.search(text):
            state.binds_towns = True
        return []
    return [_mark(text, candidate, reading, state, after_lead) for candidate, reading in found]


def _mark(text: str, candidate: _Candidate, reading: _Reading, state: MarkState, after_lead: bool) -> Mark:
    start, end, _, own_line = candidate
    state.first_leads = state.first_leads or reading.declares_first
    state.binds_towns = state.binds_towns or reading.binds_towns
    roles = {part.role for part in reading.lists} if own_line else set()
    helpers_only = own_line and after_lead and roles <= {_WORK, _HELP}
    lead, cooperating = _compose(reading, state.first_leads, helpers_only)
    state.lead_line = roles == {_LEAD} and end == len(text)
    local = tuple(dict.fromkeys([name for part in reading.lists for name in part.local]))
    return Mark(
        start=start,
        end=end,
        lead=lead,
        cooperating=cooperating,
        local_names=local,
        local=bool(local) or state.binds_towns,
        open_ended=reading.open_ended,
        first_leads=True if reading.declares_first else None,
        binds_towns=reading.binds_towns,
        at_end=_AT_END.match(text, end) is not None,
        text=text[start:end],
    )
