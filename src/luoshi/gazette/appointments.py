"""Appointment orders: who is appointed to which post, who is relieved of it, and how a printed post divides.

Input is canonical text (see `luoshi.gazette.text`). Two styles are read: lists under 任命: and 免去: (`甲为某局局长`,
`乙的某局局长职务`) and sentences (`任命甲为…`, `免去乙同志某局局长职务`, `丙不再担任…`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple


def word_table(text: str) -> tuple[str, ...]:
    """Words of a table written as one text with blanks between them."""
    return tuple(text.split())


TITLES = word_table(
    "局长 市长 县长 区长 镇长 乡长 州长 省长 盟长 旗长 厅长 部长 处长 科长 股长 所长 院长 校长 园长 馆长 "
    "站长 台长 社长 行长 会长 团长 大队长 支队长 总队长 队长 秘书长 理事长 董事长 监事长 检察长 审判长 "
    "庭长 组长 场长 厂长 关长 署长 司长 室长 主任 主任委员 主席 书记 党组书记 党委书记 党工委书记 "
    "党总支书记 机关党委书记 专职副书记 党组成员 党委委员 党工委委员 班子成员 委员 常委 总经理 经理 董事 "
    "监事 总裁 总监 政委 政治委员 教导员 指导员 总指挥 指挥 司令员 参谋长 巡视员 调研员 主任科员 科员 "
    "督办 督学 督察 督察员 督查专员 监察专员 专员 参事 顾问 助理 主编 总编辑 审判员 检察员 总工程师 "
    "总会计师 总经济师 总规划师 总农艺师 总畜牧师 总建筑师 总统计师 首席工程师 总法律顾问 总理 国务委员 "
    "负责人 负责同志 领导 领导同志 联络员 秘书"
)
"""Words a post can end with, without ranks and 副."""

RANKS = word_table(
    "副 代理 代 常务 第一 第二 执行 专职 兼职 挂职 党组 党委 党工委 正 名誉 一级 二级 三级 四级 主要 "
    "分管 相关 有关 具体 首席 局长 主任 部长 市长"
)
"""Words that stand before a title and belong to it (`常务副`市长, `分管`负责人, `局长`助理)."""

REMARKS = word_table(
    "试用 保留 挂职 任期 聘期 任职时间 任职期限 时间从 时间自 起算 待遇 职级 正科 副科 正处 副处 正县 "
    "副县 正厅 副厅 不变 退休 另有任用 列 兼 免职时间 按期转正 时间至 起任"
)
"""Words that show that what follows a post is a remark on the act."""


def _longest_first(words: Sequence[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_TITLE_AT_END = re.compile(rf"(?:{_longest_first(RANKS)}){{0,4}}(?:{_longest_first(TITLES)})$")
_MAX_TITLE = 14
_SEGMENT_END = re.compile(r"[、,;(]|兼(?=[^职任])")

CHINESE = "\u4e00-\u9fff"
_NAME = rf"(?:[{CHINESE}]{{1,8}}·[{CHINESE}·]{{1,12}}|[{CHINESE}]{{2,4}}?)(?:\([^()]{{1,12}}\))?"
_RUN = rf"{_NAME}(?:、{_NAME}){{0,30}}?(?:和{_NAME})?"
_COMRADE = r"(?:等?[一二两三四五六七八九十\d]{0,3}[位名]?同志)"
_NAMES = rf"(?P<names>{_RUN}){_COMRADE}?"
_NAMED = rf"(?P<named>{_RUN}){_COMRADE}"
_APPOINT_VERB = r"(?:任命|聘任|聘请|委派|推荐|决定任命|任)"
_REMOVE_VERB = r"(?:免去|免除|解聘|解除|撤销|撤去)"

_NOT_A_NAME = re.compile(
    r"(?:[局委厅部院办处科室所站镇乡县区市省州府]|街道|政府|公司|中心|单位|部门|集团|协会|法院|以下|下列|上述|同志|人员|"
    r"会议|决定|研究|通知|常务|提名|原任|兼任|现任|所任|担任|挂职|正式|其他)$"
)

_APPOINTED_BY_VERB = re.compile(rf"{_APPOINT_VERB}{_NAMES}(?:为(?!为)|担任|(?<!主)任(?![命免])|兼任)(?P<post>.+)$")
_APPOINTED = re.compile(
    rf"{_NAMES}(?:担任|兼任|挂职任|挂任|代理|聘任为|(?:试用)?任命?为|(?<!主)任(?![命免])|为(?!为))(?P<post>.+)$"
)
_APPOINTED_PLAINLY = re.compile(rf"{_NAMES}(?:担任|兼任|挂职任|(?<!主)任(?![命免]))(?P<post>.+)$")
_APPOINTED_TOO = re.compile(rf"{_NAMES}(?:为(?!为)|(?<!主)任(?![命免]))(?P<post>.+)$")
_HELD = "(?:(?:兼任|担任|所任|原任)?的(?!的))"
_REMOVED_BY_VERB = re.compile(rf"{_REMOVE_VERB}(?:{_NAMES}{_HELD}|{_NAMED})(?P<post>.+)$")
_REMOVE_VERBS = re.compile(_REMOVE_VERB)
_WITH_PLACE = re.compile(rf"(?P<name>[{CHINESE}]{{2,6}}?)(?:同志)?(?P<post>[市县区省州][{CHINESE}()、]+.*)$")
"""A post whose first character tells where the name before it ends: `免去甲某县某局局长职务`."""
_REMOVED = re.compile(rf"(?:{_NAMES}{_HELD}|{_NAMED})(?P<post>.+?职务)(?P<rest>.*)$")
_RESIGNED = re.compile(rf"(?:接受|同意|批准){_NAMES}(?:的)?辞去(?:其|所任|担任)?的?(?P<post>.+?职务)")
_NO_LONGER = re.compile(rf"{_NAMES}(?:不再(?:担任|兼任|任)|免去其?(?=.+职务$))(?P<post>.+)$")
_LAPSED = re.compile(rf"{_NAMES}(?:原任|所任|兼任|担任)的?(?P<post>.+?)职务(?:自然|自行|相应|随之|同时)?免除$")
_NAMED_FIRST = re.compile(rf"{_NAMED}")
_REMOVED_SAME = re.compile(
    rf"(?:同时|并)?(?:{_REMOVE_VERB}(?:其|原任|所任)(?:原任|担任)?的?|不再(?:担任|兼任|任)(?:其|原)?)(?P<post>.+)$"
)
_REMOVED_HERE = re.compile(
    rf"(?:(?:同时|并){_REMOVE_VERB}|{_REMOVE_VERB}(?=[市县区省州]|原任))(?P<post>.+职务)(?P<rest>.*)$"
)
_APPOINTED_SAME = re.compile(r"(?:同时|并|正式|按期)?(?:改任|任命?为|兼任|(?<!主)任(?![命免]))(?P<post>.+)$")

_HEADING = re.compile(
    r"(?:^|[^本])(?P<verb>任命|聘任|免去|解聘|免职|任职|任免)(?:下列|以下)?(?:同志|人员)?的?(?:职务)?$"
)
_NUMBERING = re.compile(r"(?:\(?[一二三四五六七八九十\d]{1,3}[、.)]+)+ ?")
_ITEM_START = re.compile(
    rf"(?:\(?[一二三四五六七八九十\d]{{1,3}}[、.)]|决定|任命|免去|聘任|解聘|同意|以上|上述"
    rf"|{_RUN}(?:同志)?(?:为(?!为)|的|(?<!主)任(?![命免])|不再)|[{CHINESE}]{{2,4}}?[市县区省州][{CHINESE}]{{3}})"
)
_REMOVING = frozenset(("免去", "解聘", "免职"))
_TOKEN = re.compile(r"[^;。:\n]{1,400}+[;。:\n]?")
_ALL_ABOVE = re.compile(
    r"(?:以上|上述)(?:任命|任职|聘任)?(?:人员|同志|干部|各位)?的?(?P<remark>.{0,4}(?:试用期|任期|聘期|任职时间).{1,30})$"
)
_BRACKET_AT_END = re.compile(r"\(([^()]{1,40})\)$")


class Act(NamedTuple):
    """One act on one person.

    `post` is organ and title together as printed, the word 职务 left off; `organ` + `title` == `post`. `start` and
    `end` are offsets in paragraph `paragraph`, from the person's name to the end of the act (of the paragraph, if the
    print cut the act into several).
    """

    action: str
    person: str
    post: str
    organ: str
    title: str
    remark: str | None
    paragraph: int
    start: int
    end: int


def split_post(post: str) -> tuple[str, str]:
    """Divide a printed post into organ and title: `市某局副局长` -> (`市某局`, `副局长`).

    Where several posts are printed together the first gives the organ and all that follows is the title. A post in
    which no title is recognised is all organ (`市某委员会`), a bare title all title.
    """
    end = _SEGMENT_END.search(post, 1)
    first = post[: end.start()] if end else post
    tail = first[-_MAX_TITLE:]
    found = _TITLE_AT_END.search(tail)
    if not found:
        return (post, "") if not end or len(first) == len(post) else (first, post[len(first) :])
    cut = len(first) - len(tail) + found.start()
    return post[:cut], post[cut:]


def ends_with_title(text: str) -> bool:
    """True where the text ends as a post does."""
    return _TITLE_AT_END.search(text[-_MAX_TITLE:]) is not None


def find_acts(paragraphs: Sequence[str], place: str = "") -> list[Act]:
    """Return the acts of one appointment order in printed order; headings, addressees and dates are passed over.

    `place` is that of the issuer (某县), with which a post may begin right behind a name.
    """
    text, starts = _join(paragraphs)
    acts: list[Act] = []
    section: str | None = None
    carried: str | None = None
    settled = 0
    for token in _TOKEN.finditer(text):
        raw = token.group()
        body = raw.rstrip(";。:\n")
        start = token.start()
        numbering = _NUMBERING.match(body)
        if numbering:
            start += numbering.end()
            body = body[numbering.end() :]
        heading = _HEADING.search(body) if raw[-1] in ":\n" or len(body) <= 8 else None
        if heading:
            section = "remove" if heading["verb"] in _REMOVING else "appoint"
            continue
        above = _ALL_ABOVE.search(body)
        if above:
            for i in range(settled, len(acts)):
                if acts[i].action == "appoint" and not acts[i].remark:
                    acts[i] = acts[i]._replace(remark=above["remark"])
            settled = len(acts)
            continue
        found = _read_item(body, start, section, carried, place)
        carried = found[-1].action if found and raw[-1] == ";" else None
        acts.extend(found)
    return [_place(act, starts, paragraphs) for act in acts]


def _join(paragraphs: Sequence[str]) -> tuple[str, list[int]]:
    """Join paragraphs, a line break between two only where the second is not the rest of a cut line."""
    parts: list[str] = []
    starts: list[int] = []
    length = 0
    for paragraph in paragraphs:
        if parts and parts[-1][-1:] not in (";", "。", ":", "\n", ""):
            whole = ends_with_title(parts[-1]) or parts[-1].endswith(("职务", ")", "号", "日", "年"))
            if (whole or len(parts[-1]) < 9) and _ITEM_START.match(paragraph):
                parts.append("\n")
                length += 1
        starts.append(length)
        parts.append(paragraph)
        length += len(paragraph)
    return "".join(parts), starts


def _place(act: Act, starts: list[int], paragraphs: Sequence[str]) -> Act:
    """Turn offsets in the joined text into a paragraph and offsets in it."""
    index = bisect_right(starts, act.start) - 1
    base = starts[index]
    return act._replace(paragraph=index, start=act.start - base, end=min(act.end - base, len(paragraphs[index])))


def _parts(body: str) -> list[str]:
    """The parts of an item between commas; between several acts there may stand 、 instead: `甲任某职、乙任某职`."""
    parts: list[str] = []
    for part in _COMMA.split(body):
        begin = 0
        if "、" in part:
            for cut in _BETWEEN_ACTS.finditer(part):
                left = part[begin : cut.start()]
                if left.endswith("职务") or (ends_with_title(left) and ends_with_title(cut["post"])):
                    parts.append(left)
                    begin = cut.start() + 1
        parts.append(part[begin:])
    return parts


_COMMA = re.compile(r",(?![^()]{0,60}\))")
_BETWEEN_ACTS = re.compile(rf"、(?={_NAME}(?:同志)?(?:的(?=[^、]+职务)|(?<!主)任(?![命免])|为(?!为))(?P<post>[^、]+))")


def _read_item(body: str, start: int, section: str | None, carried: str | None, place: str) -> list[Act]:
    """Read one item; its parts between commas are acts, remarks on the act before, or more of its post.

    `carried` is the act of the item before in the same sentence, whose verb is not printed again; a part without a name
    goes on with the person that a part before it names.
    """
    acts: list[Act] = []
    who: list[tuple[str, int]] = []
    offset = start
    for part in _parts(body):
        found = _read_part(part, offset, section, who, place)
        if not found and section is None:
            found = _read_with_verb_before(part, offset, acts[-1].action if acts else carried)
        if found:
            acts.extend(found)
            who = [(found[-1].person, found[-1].start)]
        elif not acts and (named := _NAMED_FIRST.match(part)) is not None:
            who = _persons(named, "named", offset)[-1:]
        elif acts and part:
            last = acts[-1]
            same = [i for i, act in enumerate(acts) if (act.action, act.post) == (last.action, last.post)]
            remark, post, title = last.remark, last.post, last.title
            if any(word in part for word in REMARKS):
                remark = f"{remark},{part}" if remark else part
            elif ends_with_title(part) and last.action == "appoint":
                post, title = f"{post},{part}", f"{title},{part}"
            for i in same:
                acts[i] = acts[i]._replace(end=offset + len(part), remark=remark, post=post, title=title)
        offset += len(part) + 1
    return acts


def _read_part(part: str, offset: int, section: str | None, who: list[tuple[str, int]], place: str) -> list[Act]:
    """Read the acts of one part between commas; [] where it states none."""
    end = offset + len(part)
    if who:
        again = _REMOVED_SAME.match(part) or _REMOVED_HERE.match(part)
        if again:
            return _acts("remove", who, again["post"], end)
        again = _APPOINTED_SAME.match(part)
        if again and ends_with_title(again["post"]):
            return _acts("appoint", who, again["post"], end)
    if any(verb in part for verb in ("免", "解聘", "解除", "撤")):
        m = _REMOVED_BY_VERB.search(part)
        if m:
            group = "names" if m["names"] else "named"
            return _acts("remove", _persons(m, group, offset), m["post"], end)
    if "辞去" in part and (m := _RESIGNED.search(part)):
        return _acts("remove", _persons(m, "names", offset), m["post"], end)
    if section != "remove" or "任命" in part:
        m = _APPOINTED_BY_VERB.search(part)
        # Under a printed heading a leading 任 is a surname, elsewhere a verb.
        if m and (part[m.start() : m.start() + 2] in ("任命", "聘任", "聘请", "委派", "推荐", "决定") or not section):
            persons = _persons(m, "names", offset)
            if persons:
                return _acts("appoint", persons, m["post"], end)
    m = _NO_LONGER.match(part) or _LAPSED.match(part)
    if m:
        return _acts("remove", _persons(m, "names", offset), m["post"], end)
    m = _REMOVED.match(part) if section == "remove" else None
    if m:
        return _acts("remove", _persons(m, "names" if m["names"] else "named", offset), m["post"] + m["rest"], end)
    verb = _REMOVE_VERBS.match(part)
    if (verb or section == "remove") and (m := _WITH_PLACE.match(part, verb.end() if verb else 0)):
        person, post = _at_place(m, place)
        if len(person) > 4 or not ("职务" in post or section):
            return []
        return _acts("remove", [(person, offset + m.start())], post, end)
    if section == "remove":
        return []
    m = _APPOINTED.match(part) if "同志" in part or section else _APPOINTED_PLAINLY.match(part)
    if m:
        plainly = m.re is _APPOINTED_PLAINLY and not ends_with_title(_BRACKET_AT_END.sub("", m["post"]))
        return [] if plainly else _acts("appoint", _persons(m, "names", offset), m["post"], end)
    if section and (m := _WITH_PLACE.match(part)) and ends_with_title(_BRACKET_AT_END.sub("", m["post"])):
        person, post = _at_place(m, place)
        return _acts("appoint", [(person, offset)], post, end) if len(person) < 5 else []
    return []


def _at_place(m: re.Match[str], place: str) -> tuple[str, str]:
    """The name and the post of a part that divides them by a place alone; the issuer's own belongs to the post."""
    name, post = m["name"], m["post"]
    if place and (cut := (name + post).find(place, 2, len(name) + len(place))) > 0:
        return name[:cut], name[cut:] + post
    return name, post


def _read_with_verb_before(part: str, offset: int, action: str | None) -> list[Act]:
    """Read an act whose verb stands once before several: `免去甲的某职务,乙的某职务`, `任命甲为某职,乙为某职`."""
    if action == "remove" and (m := _REMOVED.match(part)):
        persons = _persons(m, "names" if m["names"] else "named", offset)
        return _acts("remove", persons, m["post"] + m["rest"], offset + len(part))
    if action and (m := _APPOINTED_TOO.match(part)) and ends_with_title(_BRACKET_AT_END.sub("", m["post"])):
        return _acts("appoint", _persons(m, "names", offset), m["post"], offset + len(part))
    return []


def _persons(m: re.Match[str], group: str, offset: int) -> list[tuple[str, int]]:
    """Split a run of names; [] where one of them is no name."""
    persons = []
    for piece in re.finditer(r"[^、]+?(?:(?<=..)和(?=..)|、|$)", m[group]):
        name = re.sub(r"\([^()]*\)", "", piece.group().rstrip("、和"))
        if len(name) < 2 or _NOT_A_NAME.search(name):
            return []
        persons.append((name, offset + m.start(group) + piece.start()))
    return persons


def _acts(action: str, persons: Sequence[tuple[str, int]], printed: str, end: int) -> list[Act]:
    """Build one act per person; 职务 and a remark in brackets or behind 职务 are cut off the post."""
    remark = None
    post = printed
    if "职务" in post:
        post, _, rest = post.partition("职务")
        remark = rest.strip("()") or None
    bracket = _BRACKET_AT_END.search(post)
    if bracket and any(word in bracket[1] for word in REMARKS):
        remark = bracket[1]
        post = post[: bracket.start()]
    post = post.replace(" ", "")
    if not post:
        return []
    organ, title = split_post(post)
    return [Act(action, person, post, organ, title, remark, 0, start, end) for person, start in persons]
