"""Where one document ends and the next begins, and what its head and closing block say.

A document is recognised by its number on a line of its own (or by a dated order number), its title above or below it.
Contents pages are left out first: their entries look like heads. Nothing is guessed: what is not printed is None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import pairwise

from luoshi.gazette.labels import LABEL_STARTS, numeral, read_label
from luoshi.gazette.text import TERMINAL, Line, compact, text_of

_OPEN, _CLOSE = r"[〔\[(【]", r"[〕\])】]"
_NUMBER_TEXT = (
    rf"(?P<issuer>[\u4e00-\u9fff]{{2,14}}){_OPEN}(?P<year>(?:19|20)\d\d){_CLOSE}第?0*(?P<serial>[1-9]\d{{0,3}})号?"
)
_NUMBER_LAST = frozenset("号)]】〕0123456789")
_CLOSING_BRACKET = re.compile(_CLOSE)
_NUMBER_LINE = re.compile(rf"[(\[【]?(?:{_NUMBER_TEXT})[)\]】]?$")
_NUMBER_AT_END = re.compile(rf"[(\[【]?{_NUMBER_TEXT}[)\]】]?$")
_NUMBER_AT_START = re.compile(
    rf"(?:\((?:已|现行|部分)?(?:废止|失效|有效|修[改订])\))?{_NUMBER_TEXT}(?=《|[\u4e00-\u9fff])"
)
_NUMBER_IN_LINE = re.compile(
    rf"(?<![\u4e00-\u9fff《〈])(?P<issuer>[\u4e00-\u9fff]{{2,14}}) ?{_OPEN} ?(?P<year>(?:19|20)\d\d) ?{_CLOSE} ?第? ?0*"
    r"(?P<serial>[1-9]\d{0,3}) ?(?:号|$|(?= ))"
)
_NUMBER_WORD = re.compile(r"^(?:发文字号|文件编号|文号|字号|编号|号)")
_YEAR = r"(?P<y>(?:19|20)\d\d|[二一][〇○零OoΟ0一二三四五六七八九]{3})"
_DATE = rf"{_YEAR}年(?P<m>\d{{1,2}}|[一二三四五六七八九十]{{1,2}})月(?P<d>\d{{1,2}}|[一二三四五六七八九十]{{1,3}})日"
_DATE_LINE = re.compile(rf"(?:\([^()\d]{{2,14}}\))?[(]?(?:{_DATE})[)]?(?:\([^()]*公开[^()]*\))?[?\ufffd]{{0,20}}$")
_SIGNED_AND_DATED = re.compile(rf"(?P<name>[\u4e00-\u9fff]{{4,40}}?)(?:{_DATE})$")
_ORDER_LINE = re.compile(rf"(?:{_DATE})(?:{_NUMBER_TEXT})$")
_DECREE = re.compile(
    r"(?P<issuer>[\u4e00-\u9fff、]{2,40}?(?:政府|委员会|办公[室厅]|局|厅|委|院|部|会))?(?P<word>令|公告|通告)?"
    r"[(]?(?P<serial>(?:(?:19|20)\d\d年)?第(?:\d{1,4}|[一二三四五六七八九十百〇零]{1,6})号)[)]?$"
)
"""The number of a decree or an announcement, which bears no year in brackets: `某市人民政府令第45号`, `第45号`."""
_DECREE_WORDS = ("令", "公告", "通告")
_DECREE_ABOVE = re.compile(
    r"(?P<issuer>[\u4e00-\u9fff、]{2,40}?(?:政府|委员会|办公[室厅]|局|厅|委|院|部|会))(?P<word>令|公告|通告)$"
)
_ISO_DATE = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})")
_DISCLOSURE = re.compile(r"[(]?(?:此件|信息公开|公开属性|公开方式|公开类别)[^,;。]{0,30}?公开[^,;。]{0,20}[)]?$")

TITLE_WORDS = (
    "通知|意见|办法|方案|规定|规则|细则|预案|要点|计划|规划|决定|公告|通告|通报|批复|函|条例|制度|名单|报告|纲要|标准|措施|"
    "章程|准则|规程|指南|守则|议案|命令|令|机制|清单|目录|任务|分工|分解|手册|导则|指引|安排|纪要"
)
_TITLE_END = re.compile(
    rf"(?:{TITLE_WORDS}|任免[国家机关工作]{{0,8}}人员)[》”\"]?(?:\([^()]{{1,24}}\)|〔[^〔〕]{{1,12}}〕|\[[^\[\]]{{1,12}}\])?》?$"
)
_TITLE_LAST = frozenset([*(word[-1] for word in TITLE_WORDS.split("|")), *'员》”")〕]'])
"""Characters a title may end with."""
_STRONG_TITLE = re.compile(
    r"(?:关于|印发|转发|批转).{2,120}(?:通知|意见|决定|通报|公告|通告|批复|函|方案|办法|规定|细则)(?:\([^()]{1,24}\))?$"
)
_TITLE_CONTINUES = re.compile(r"的?(?:通知|意见|实施意见|实施方案|办法|方案)(?:\([^()]{1,24}\))?$")
_OPENS_CARRIER = re.compile("关于(?:印发|转发|批转|下发|公布|发布)")
_CARRIES = re.compile(
    r"(?:关于)?(?:修订|重新|修改|联合)?(?:印发|转发|批转|下发|发布|公布|颁发|颁布)(?:修订后的|修订的|修改后的|新修订的)?"
    r"(?P<what>.{4,120}?)的?(?:通知|(?<=的)函)(?:\([^()]{1,24}\))?$"
)
_PROLONGS = re.compile(
    r"关于(?:延长|修改|修订|调整|延续).{0,6}《(?P<what>[^《》]{4,60})》"
    r"(?![、和及与]|等\d*[一二两三四五六七八九十]*[件部个份])[^《》]{0,20}(?:通知|决定)$"
)
_DECIDES = re.compile(r"关于(?:修改|修订|调整).{0,6}《[^《》]{4,60}》.{0,20}决定$")
"""A decision that amends: it stands for itself where the amended text does not follow it."""
_NAMED = re.compile(
    r"现将(?:修订后的|修改后的|新修订的)?《(?P<a>[^《》]{4,80})》(?:\([^()]{2,30}\))?(?:印发|下发|转发|予以)"
    r"|《(?P<b>[^《》]{4,80})》.{0,60}?(?:现予?以?印发|现予?以?公布|现转发|现下发|现予发布)"
)
_WHOLE_QUOTED = re.compile(r"《([^《》]{2,100})》(\([^()]{1,24}\))?$")
_ISSUER_PREFIX = re.compile(r"((?:中共)?[\u4e00-\u9fff、()]{2,80}?)(?=关于|印发|转发|批转)")
_PLACELESS = re.compile(r"[市县区省州旗]人民政府(?:办公[室厅])?")
"""An issuer that the head prints without its place; the signature or a labelled line names it whole."""
ORGAN_LINE = re.compile(
    r"(?:中共)?[\u4e00-\u9fff()、]{2,46}?(?:人民政府|政府|办公室|办公厅|委员会|管委会|管理局|局|厅|委|办|院|会|部|处|中心|"
    r"指挥部|领导小组|公司|联社|分局|支行|军分区|警备区|总队|支队)$"
)
_PROVINCE_BEFORE = re.compile(r"^[\u4e00-\u9fff]{2,3}省(?=[\u4e00-\u9fff]{2,8}(?:市|县|州|盟|区))")
_HEADING_NOISE = re.compile(r"(?:文件|公报|主办|季刊|月刊|目录)$")
_LABELLED_FIELD = re.compile(
    r"(?:^|(?<=[ |·【]))(?P<key>标 *题|名 *称|文件名称|信息名称|发文机关|发文机构|发文单位|制发机关|制定机关|"
    r"成文日期|成文时间|印发日期|印发时间|"
    r"发文日期|发文时间|生成日期|签发日期|发布日期|发布时间|公开日期|公布日期)"
    r"(?: ?[: 】] *|(?<=[期间])(?=(?:19|20)\d\d-))(?P<value>[^ ]*)"
)
_SIGN_KEYS = ("成文日期", "成文时间", "印发日期", "印发时间", "发文日期", "发文时间", "签发日期")
_PUBLISH_KEYS = ("发布日期", "发布时间", "公开日期", "公布日期", "生成日期")
_TITLE_KEYS = ("标题", "名称", "文件名称", "信息名称")
_ISSUER_KEYS = ("发文机关", "发文机构", "发文单位", "制发机关", "制定机关")
_WEB_NOISE = re.compile(
    r"首页|当前位置|所在位置|您的位置|浏览|字号|打印|来源|作者|索引号|阅读|下载|无障碍|分享|关键词|主题分类|主题词|组配分类|"
    r"公文目录|微信|网站|www|http|时间:|日期:|字体| > |>>|»|…$|^\d{4}年.{0,4}月.{0,6}日 "
)
_TOPICS = re.compile("网站(?!首页|支持)|微信|阅读|来源")
"""Words of a web page that a document may be about."""
_FIRST_SENTENCE = re.compile(
    r"(?:现将|经.{2,20}(?:同意|研究)|(?:修订后的)?《[^《》]{4,80}》.{0,20}(?:已经|业经|已于|已)|为.{4,60},"
    r"|根据《).{6,}"
)
_ADDRESSEE = re.compile(
    r"(?:[\u4e00-\u9fff()、]{2,24}(?:管委会|区|政府|公司|局),){0,3}(?=.{0,60}(?:各|有关|直属))(?:各|市|县|区|省|有关|直属)"
    r"(?!.*(?:如下|现将|通知|根据|名单|以下)).{5,200}[:;]$"
)
_ADDRESSEE_START = re.compile(r"各[^。:]{0,40}(?:人民政府|政府|部门|单位|办事处|机构|企业)[,、][^。]*$")
_COLOPHON = re.compile(
    r"(?:主题词|抄 ?送|抄 ?报|主 ?送) ?:"
    r"|[\u4e00-\u9fff]{4,30}(?:办公室|办公厅|局|委员会) *(?:19|20)\d\d年.{3,8}日 ?印发"
)
_FOOT = re.compile(r"(?:来源|作者|编辑|责任编辑|责编|信息来源|打印|分享|上一篇|下一篇|扫一扫|【|\[)[^。]{0,40}$")
_PAGE_ENTRY = re.compile(r"(?:[.·…—\- ]{3,}|\s)\(?\d{1,3}\)?$|[.·…]{3,}")
_JOINT = re.compile(
    r"[\u4e00-\u9fff()]{2,30}?(?:人民政府办公室|人民政府办公厅|人民政府|委员会办公室|委办公室|委员会|局|厅)"
    r"(?=中共|$|[\u4e00-\u9fff]{2,6}(?:市|县|区|省))"
)
_KIND_PATTERNS = tuple(
    (re.compile(words), kind)
    for words, kind in (
        ("预案", "emergency_plan"),
        ("办法|规定|细则|规则|制度|准则|规程|守则|条例|章程", "measures"), ("要点", "work_points"),
        ("方案|计划|规划|纲要|安排", "plan"), ("意见", "opinion"), ("通知", "notice"),
    )
)  # fmt: skip
_APPOINTS = re.compile("任免|任职|免职|任命")
_ANSWERS = re.compile(r"关于.*(?:批复|复函|函|公告|通告|通报)(?:\([^()]*\))?$")


@dataclass(slots=True)
class Document:
    """One document as lines: head fields read so far, the notice's own lines (`cover`) and the text's lines (`body`).

    `items` are those of the notice's lines that number items of its own.
    `published_only` says that the only date is a web page's date of publication; `order` that it is an appointment
    order with number and date on one line; `carried` that a notice carries the measure; `moved` are closing lines that
    stood inside a sentence.
    """

    begin: int
    end: int
    number: str | None = None
    parts: tuple[str, int, int] | None = None
    title: str | None = None
    covering_title: str | None = None
    issuer: str | None = None
    signed_by: str | None = None
    issued_on: date | None = None
    disclosure: str | None = None
    addressees: list[str] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)
    cover: list[Line] = field(default_factory=list)
    items: list[Line] = field(default_factory=list)
    published_only: bool = False
    order: bool = False
    carried: bool = False
    moved: list[Line] = field(default_factory=list)


def kind_of(title: str | None, covering_title: str | None) -> str:
    """Return the kind of instrument its title says (the last such word of the title decides)."""
    text = title or covering_title or ""
    if _APPOINTS.search(text):
        return "appointment"
    if _ANSWERS.search(text):
        return "other"
    best, place = "other", -1
    for pattern, kind in _KIND_PATTERNS:
        for match in pattern.finditer(text):
            if match.start() > place:
                best, place = kind, match.start()
    return best


def _to_date(match: re.Match[str]) -> date | None:
    text = match["y"]
    year = int(text) if text.isdigit() else int("".join(str(numeral(c)) for c in text))
    try:
        return date(year, numeral(match["m"]), numeral(match["d"]))
    except ValueError:
        return None


def without_contents(lines: list[Line]) -> list[Line]:
    """Return the lines without tables of contents: their entries look like heads and clauses but are none."""
    kept: list[Line] = []
    done = 0
    for index in [i for i, line in enumerate(lines) if line.text[-1] in "录次则" and len(line.text) < 60]:
        if index >= done and _opens_contents(lines, index):
            end = _contents_end(lines, index if lines[index].text[-1] == "则" else index + 1)
            if end > index:
                kept += lines[done:index]
                done = end
    return [*kept, *lines[done:]]


def _opens_contents(lines: list[Line], index: int) -> bool:
    """A line 目录, alone or after the title; or the entry 总则 with entries that only number headings after it."""
    text = compact(lines[index].text)
    if text in ("目录", "目次"):
        return True
    following = [line.text for line in lines[index + 1 : index + 4]]
    entries = len(following) == 3 and all(
        len(text) < 30 and text[0].isdigit() and text[-1] not in TERMINAL for text in following
    )
    return entries and (text.endswith("目录") or text.lstrip("1. ") == "总则")


def _is_page_entry(text: str) -> bool:
    """Whether a line ends with the number of a page or is filled up with dots."""
    return (text[-1].isdecimal() or text[-1] == ")" or "." in text or "·" in text or "…" in text) and bool(
        _PAGE_ENTRY.search(text)
    )


def _contents_end(lines: list[Line], start: int) -> int:
    last_paged = -1
    for index in range(start, min(start + 400, len(lines))):
        if len(text := lines[index].text) < 120 and _is_page_entry(text):
            last_paged = index
        elif last_paged >= 0 and index - last_paged > 6:
            break
    if last_paged >= 0:
        return last_paged + 1
    seen: set[str] = set()
    for index in range(start, min(start + 400, len(lines))):
        text = _letters(lines[index].text)
        if text in seen or len(text) > 50 or lines[index].text[-1] in TERMINAL:
            before = _letters(lines[index - 1].text)
            return (
                index - 1
                if index - 1 > start and text.startswith(before[:1]) and len(before) < 20 and before[:1].isdigit()
                else index
            )
        seen.add(text)
    return start


@dataclass(slots=True)
class _Anchor:
    line: int
    match: re.Match[str]
    dated: date | None
    """The date of an appointment order, which stands on the line of its number."""


def find_documents(lines: list[Line]) -> list[Document]:
    """Split the lines of a file (contents already left out) into documents with their heads read."""
    anchors = _anchors(lines)
    if len(anchors) < 2 and not any(anchor.dated for anchor in anchors):
        begin = _title_begin(lines, anchors[0].line, 0) if anchors and anchors[0].line > _zone_end(lines) else 0
        document = Document(begin, len(lines))
        _read_document(document, lines[begin:])
        return [document]
    begins = [_title_begin(lines, anchor.line, anchors[i - 1].line + 1 if i else 0) for i, anchor in enumerate(anchors)]
    documents: list[Document] = []
    heading = ""
    for index, anchor in enumerate(anchors):
        begin = begins[index]
        document = Document(begin, begins[index + 1] if index + 1 < len(anchors) else len(lines))
        if anchor.dated:
            _set_number(document, anchor.match)
            document.order = True
            document.issued_on = anchor.dated
            if begin < anchor.line:
                heading = text_of(lines[begin : anchor.line])
            document.title = heading or None
            document.issuer = _government_in(heading)
            document.body = lines[anchor.line + 1 : document.end]
        else:
            _read_document(document, lines[begin : document.end])
        documents.append(document)
    return documents


def _anchors(lines: list[Line]) -> list[_Anchor]:
    anchors: list[_Anchor] = []
    for index, line in enumerate(lines):
        text = line.text
        if text[-1] not in _NUMBER_LAST or len(text) > 60:
            continue
        if _CLOSING_BRACKET.search(text) is None or "第" in text:
            if "号" in text[-2:] and (match := _decree(lines, index)) and not (index and _is_citation(lines, index)):
                anchors.append(_Anchor(index, match, None))
                continue
            if _CLOSING_BRACKET.search(text) is None:
                continue
        text = compact(text)
        if match := _NUMBER_LINE.match(text):
            if index and _is_citation(lines, index):
                continue
            last = anchors[-1] if anchors else None
            if last and last.match.groups() == match.groups() and _same_head(lines, last.line, index):
                last.line = index
                continue
            anchors.append(_Anchor(index, match, None))
        elif match := _ORDER_LINE.match(text):
            anchors.append(_Anchor(index, match, _to_date(match)))
    return anchors


def _decree(lines: Sequence[Line], index: int) -> re.Match[str] | None:
    """Match the number of a decree: on one line with its issuer's name, or on the line under that name."""
    match = _DECREE.match(compact(lines[index].text))
    if match is None or bool(match["issuer"]) != bool(match["word"]):
        return None
    return match if match["issuer"] or _decree_above(lines, index) else None


def _decree_above(lines: Sequence[Line], index: int) -> tuple[str, str] | None:
    """Return the issuer and the word (令, 公告) that the lines above a number print, on one line or on two."""
    above = compact(lines[index - 1].text) if index else ""
    if match := _DECREE_ABOVE.match(above):
        return match["issuer"], match["word"]
    word = next((word for word in _DECREE_WORDS if above == word or above.endswith(f"的{word}")), None)
    if word is None or index < 2 or len(lines[index - 2].text) > 60:
        return None
    organs = _organ_words(lines[index - 2].text)
    return ("、".join(organs), word) if all(ORGAN_LINE.fullmatch(organ) for organ in organs) else None


def _set_decree(document: Document, zone: Sequence[Line]) -> None:
    """Read number and issuer of a decree or an announcement; such a number has no parts."""
    for index, line in enumerate(zone):
        if "号" in line.text[-2:] and (match := _decree(zone, index)) is not None:
            issuer, word = (
                (match["issuer"], match["word"]) if match["issuer"] else _decree_above(zone, index) or ("", "")
            )
            document.number = f"{issuer}{word}{match['serial']}"
            document.issuer = issuer
            return


def _is_citation(lines: list[Line], index: int) -> bool:
    """A number that a broken line left alone inside a sentence: the line before is open."""
    before = compact(lines[index - 1].text)
    return before[-1] in ",、(《" or before.endswith(("》(", "根据", "按照"))


def _same_head(lines: list[Line], first: int, second: int) -> bool:
    return second - first <= 12 and not any(
        read_label(line.text) or line.text[-1] == "。" or len(line.text) > 90 for line in lines[first + 1 : second]
    )


def _title_begin(lines: list[Line], anchor: int, floor: int) -> int:
    """Return the first line of the head whose number stands at `anchor`: title and issuer lines above it."""
    index = anchor
    joined = ""
    while index > floor and anchor - index < 8:
        text = compact(lines[index - 1].text)
        if not _may_be_title(text) or (index < anchor and lines[index].marked and not lines[index - 1].marked):
            break
        if ("关于" in joined or "印发" in joined[:30]) and not ORGAN_LINE.match(text):
            break
        joined = text + joined
        index -= 1
    return index


def _may_be_title(text: str) -> bool:
    return (
        len(text) <= 70
        and text[-1] not in "。;:!?,"
        and "," not in text
        and not _DATE_LINE.match(text)
        and not _DISCLOSURE.match(text)
        and not _LABELLED_FIELD.match(text)
        and (text[-1] != ")" or bool(_TITLE_END.search(text)))
        and (read_label(text) is None or "关于" in text)
    )


def _set_number(document: Document, match: re.Match[str]) -> None:
    issuer = _NUMBER_WORD.sub("", match["issuer"])
    document.number = f"{issuer}〔{match['year']}〕{match['serial']}号"
    document.parts = (issuer, int(match["year"]), int(match["serial"]))


def _read_document(document: Document, lines: list[Line]) -> None:
    """Read one document: the head zone above its text, then addressees, closing block and measure."""
    stop = _zone_end(lines)
    zone = [line for line in lines[:stop] if not _HEADING_NOISE.search(compact(line.text))]
    for line in zone:
        if match := _NUMBER_IN_LINE.search(line.text):
            _set_number(document, match)
            break
    if document.number is None:
        _set_decree(document, zone)
    labelled = _labelled_fields(zone)
    picked = _best_title(zone)
    if picked is None and zone and stop < len(lines) and lines[stop].row is not None:
        picked = [zone[-1]] if _LONE_TITLE.fullmatch(compact(zone[-1].text)) else None
    if picked is None:
        picked = next(([Line(0, labelled[key], 0)] for key in _TITLE_KEYS if labelled.get(key)), None)
    if picked:
        title, issuer = _split_title(picked)
        document.issuer = _full_name(issuer, zone) if issuer else document.issuer
        _set_titles(document, title)
    heading = document.carried and bare(compact(zone[-1].text)) == document.title
    _read_body(document, lines[stop:], labelled, heading_read=heading)
    history = _history(zone)
    if document.number is None and (match := _PROMULGATED.search(compact(text_of(history)))) is not None:
        document.number = f"{match['issuer']}{match['word']}{match['serial']}"
        document.issuer = document.issuer or match["issuer"]
        document.issued_on = document.issued_on or _to_date(match)
    if _HISTORY.search(text_of(history)):
        document.cover = [*history, *document.cover]
    if document.issuer is None:
        document.issuer = _issuer_above_number(zone) or _appointing(document.title or "")
    if document.issued_on is None and document.number is None and not any("征求意见" in line.text for line in zone):
        document.issued_on = next((_to_date(found) for found in map(_bracketed_date, zone) if found), None)


def _history(zone: Sequence[Line]) -> Sequence[Line]:
    """The lines of a bracket under the title that says when the document was passed, published and takes effect."""
    for first, line in enumerate(zone):
        if line.text[0] == "(":
            last = next((n for n in range(first, min(first + 4, len(zone))) if zone[n].text[-1] == ")"), None)
            found = zone[first : last + 1] if last is not None else ()
            if found and _HISTORY.search(compact(text_of(found))):
                return found
    return ()


def _issuer_above_number(zone: Sequence[Line]) -> str | None:
    """The name that stands alone on the line above the number of a decree, without its province."""
    for above, line in pairwise(zone):
        if _DECREE.match(compact(line.text)) and _issuer_line(above):
            return _PROVINCE_BEFORE.sub("", compact(above.text))
    return None


_HISTORY = re.compile(r"起(?:施行|实施)|令第\d+号(?:公布|发布|颁布)")
_PROMULGATED = re.compile(
    r"(?P<y>\d{4})年(?P<m>\d{1,2})月(?P<d>\d{1,2})日(?P<issuer>[\u4e00-\u9fff]{2,24}?(?:政府|委员会))"
    r"(?P<word>令|公告)(?P<serial>第\d+号)(?:公布|发布|颁布)"
)
"""How a measure printed without its decree names it under the title."""


def _full_name(issuer: str, zone: Sequence[Line]) -> str:
    """Return the issuer with its place where another title line of the head prints it whole (市人民政府)."""
    for line in zone:
        prefix = _ISSUER_PREFIX.match(_title_text([line]))
        if prefix and prefix[1].endswith(issuer) and ORGAN_LINE.match(prefix[1]):
            return prefix[1]
    return _PROVINCE_BEFORE.sub("", issuer)


def _zone_end(lines: list[Line]) -> int:
    """Return the index of the first line that belongs to the text: addressees, a label, or a running sentence."""
    for index, line in enumerate(lines[:60]):
        text = compact(line.text)
        if line.row is not None:
            return index
        if _ANNOUNCES.search(text):
            continue
        if _ADDRESSEE.match(text) or _ADDRESSEE_START.match(text) or _FIRST_SENTENCE.match(text):
            return index
        if index and _names_addressee(text):
            return index
        label = read_label(line.text)
        if label and "关于" not in text and not _WEB_NOISE.search(text) and (label.kind != "num" or label.ordinal == 1):
            return index
        if text in ("1总则", "总则") or _STARTS_TEXT.match(text) or _begins_with_decimals(lines, index):
            return index
        if _LABELLED_FIELD.match(line.text):
            continue
        running = (text[-1] in "。;:" and len(text) > 24) or len(text) > 110
        if running and not _WEB_NOISE.search(text) and not _NUMBER_IN_LINE.match(line.text):
            return index
    return min(len(lines), 60)


def _begins_with_decimals(lines: list[Line], index: int) -> bool:
    """Whether a fragment begins here with a heading of decimals: `3 组织体系` above `3.1 指挥部`, or a `3.1` itself."""
    text = lines[index].text
    if not text[0].isdigit() or index + 1 >= len(lines):
        return False
    top = _TOP_HEADING.match(text)
    return top is not None and lines[index + 1].text.startswith(f"{top[1]}.1")


_LONE_TITLE = re.compile(r"(?!附件)[\u4e00-\u9fff\d“”《》〈〉、\-—]{6,60}(?:\([^()]{1,24}\))?")
"""What stands above a table that is a document of its own."""
_TOP_HEADING = re.compile(r"(\d{1,2})[ .、]{0,2}[\u4e00-\u9fff]{2,16}$")
_ABOUT = re.compile("关于|印发|转发|《")
_ANNOUNCES = re.compile(r"(?:全文|内容)如下[:。]?$")
"""A web page's sentence before the document it copies."""
_STARTS_TEXT = re.compile(
    r"(?:任命|免去|组长|附件)[:]?$|(?:组长|总指挥|总召集人):"
    r"|[^。;]{2,40}(?:任命|免去|聘任|决定):$|(?:任命|免去|[\u4e00-\u9fff]{2,4}同志(?:任|为))[\u4e00-\u9fff].*[;。]$"
)


def _best_title(zone: list[Line]) -> list[Line] | None:
    """Return the title lines nearest to the text: one that says 关于…的通知 before one that only names a kind."""
    best: tuple[int, list[Line]] | None = None
    index = 0
    while index < len(zone):
        picked = _title_lines(zone, index)
        if picked is None:
            index += 1
            continue
        score = 2 if _STRONG_TITLE.search(_title_text(picked)) else 1
        if best is None or score >= best[0]:
            first = index
            while first and _issuer_line(zone[first - 1]) and index - first < 4:
                first -= 1
            best = (score, [*zone[first:index], *picked])
        index += len(picked)
    return best[1] if best else None


def _is_noise(text: str) -> bool:
    """Whether a line is a web page's; a title may be about websites (关于政府网站…)."""
    return _WEB_NOISE.search(_TOPICS.sub("", text) if "关于" in text else text) is not None


def _issuer_line(line: Line) -> bool:
    text = compact(line.text)
    return len(text) <= 40 and bool(ORGAN_LINE.match(text)) and "关于" not in text


def _title_lines(zone: list[Line], start: int) -> list[Line] | None:
    for count in range(1, 6):
        if start + count > len(zone):
            return None
        line = zone[start + count - 1]
        text = compact(line.text)
        if len(text) > 120 or text[-1] in TERMINAL or _is_noise(line.text) or _LABELLED_FIELD.search(line.text):
            return None
        if count == 1 and (_DATE_LINE.match(text) or (_issuer_line(line) and not _TITLE_END.search(text))):
            return None
        if _NUMBER_LINE.match(text) or (count > 1 and "关于" in text and not _ABOUT.search(zone[start].text)):
            return None
        joined = _title_text(zone[start : start + count])
        following = compact(zone[start + count].text) if start + count < len(zone) else ""
        if (
            (len(joined) >= 6 or _APPOINTS.match(joined))
            and _TITLE_END.search(joined)
            and not _TITLE_CONTINUES.match(following)
            and not _carrier_goes_on(joined, zone[start + count : start + count + 2])
        ):
            if count > 1 and "关于" not in joined and len(text) >= 10 and _TITLE_END.search(text):
                return None
            return None if re.search(r"[,;。|]", _outside_quotes(joined)) else zone[start : start + count]
    return None


def _carrier_goes_on(joined: str, following: Sequence[Line]) -> bool:
    """Whether a title that has named a measure (关于印发…方案) ends as a notice only in one of the next lines."""
    if not _OPENS_CARRIER.match(joined) or _CARRIES.match(joined):
        return False
    for line in following:
        joined += compact(line.text)
        if _CARRIES.match(joined):
            return True
    return False


def _outside_quotes(text: str) -> str:
    return re.sub(r"《[^《》]*》|“[^“”]*”", "", text)


def _title_text(lines: Sequence[Line]) -> str:
    """Return title lines joined, without a number before or after and without 《》 round the whole."""
    text = text_of(lines)
    if match := _NUMBER_AT_START.match(text):
        text = text[match.end() :]
    if text[-1:] in _NUMBER_LAST and (match := _NUMBER_AT_END.search(text)) and match.start() > 6:
        text = text[: match.start()]
    if text.startswith("《") and text.endswith("》") and "》" not in text[:-1]:
        text = _outer_quotes(text[1:-1])
    return text


def _outer_quotes(title: str) -> str:
    """Return a title that stood in 《》 with its inner 〈〉, also printed <>, as the outer signs they now are."""
    return title.translate(_OUTER_QUOTES)


_OUTER_QUOTES = str.maketrans("〈〉<>", "《》《》")


def _split_title(lines: Sequence[Line]) -> tuple[str, str | None]:
    """Return (title without issuer, issuer) of head lines; lines that only name organs above 关于 are the issuers."""
    lines = list(lines)
    issuers: list[str] = []
    while len(lines) > 1 and _issuer_line(lines[0]):
        issuers.extend(_organ_words(lines.pop(0).text))
    title = _title_text(lines)
    prefix = _ISSUER_PREFIX.match(title)
    if prefix and ORGAN_LINE.match(prefix[1]) and len(prefix[1]) >= 3:
        organs = _organ_words(lines[0].text.partition("关于")[0])
        title = title[prefix.end() :]
        return title, "、".join(organs) if "".join(organs) == prefix[1] else prefix[1]
    return title, "、".join(issuers) or None


def _organ_words(text: str) -> list[str]:
    """Split names that blanks keep apart; a name whose letters are spaced out stays one."""
    words = [word for word in text.split(" ") if word]
    apart = all(len(word) > 4 or (len(word) in (3, 4) and word[-1] in _SHORT_ORGANS) for word in words)
    return words if apart else [compact(text)]


_SHORT_ORGANS = frozenset("部委局厅署")
"""What the name of a signing organ ends with that has three or four characters: 财政部, 省教育厅."""


def _set_titles(document: Document, title: str) -> None:
    if carried := _CARRIES.match(title):
        document.carried = True
        what = bare(re.sub(r"(?<=[》)])等.{0,6}$", "", carried["what"]))
        document.covering_title = title.replace(f"《{what}》", _outer_quotes(what))
        document.title = _outer_quotes(what)
    elif prolonged := _PROLONGS.match(title):
        document.carried = True
        document.covering_title = title
        document.title = prolonged["what"]
    else:
        document.title = bare(title)


def _without_issuer(title: str) -> str:
    """Return a measure's title without the name of the government before 关于."""
    prefix = _ISSUER_PREFIX.match(title)
    return title[prefix.end() :] if prefix and prefix[1].endswith("政府") and ORGAN_LINE.match(prefix[1]) else title


def bare(title: str) -> str:
    """Return a title without 《》 round the whole of it."""
    match = _WHOLE_QUOTED.match(title)
    return match[1] + (match[2] or "") if match else title


def _labelled_fields(lines: Sequence[Line]) -> dict[str, str]:
    """Return head data that stand on labelled lines (several may share one line)."""
    fields: dict[str, str] = {}
    for index, line in enumerate(lines):
        for match in _LABELLED_FIELD.finditer(line.text):
            value = match["value"]
            if not value and match.end() == len(line.text) and index + 1 < len(lines):
                value = "" if _LABELLED_FIELD.match(lines[index + 1].text) else compact(lines[index + 1].text)
            if value and value[-1] != ":":
                fields.setdefault(compact(match["key"]), value)
    return fields


def _without_colophon(lines: Sequence[Line]) -> list[Line]:
    """Return the lines without subject words, copies and printing note, and without the foot of a web page."""
    last = len(lines)
    while last and _FOOT.match(lines[last - 1].text):
        last -= 1
    for index in range(max(last - 8, 0), last):
        if _COLOPHON.match(lines[index].text):
            return list(lines[:index])
    return list(lines[:last])


def _bracketed_date(line: Line) -> re.Match[str] | None:
    """The date in brackets under a title: the Party's opinions bear it there and not under a signature."""
    return _DATE_LINE.match(compact(line.text)) if line.text[0] == "(" and line.text[-1] == ")" else None


def _read_body(document: Document, lines: list[Line], labelled: dict[str, str], *, heading_read: bool) -> None:
    """Read addressees, closing block and, of a notice that carries a measure, where the measure begins.

    `heading_read` says that the measure's heading stands in the head already, so that all lines are its text.
    """
    lines = _without_colophon(lines)
    _take_addressees(document, lines)
    if not document.carried and document.covering_title is None and (named := _named_measure(lines)):
        document.carried, document.title = True, _outer_quotes(_without_issuer(named))
    measure = None if heading_read else _measure_start(document, lines)
    if measure is None and _DECIDES.search(document.covering_title or ""):
        document.title, document.covering_title, document.carried = document.covering_title, None, False
    closing = _take_closing(document, lines[: measure[0]] if measure else lines, last=not document.carried)
    if measure:
        document.title = _without_issuer(measure[2])
        first = _first_item(closing)
        document.cover, document.items, document.body = closing[:first], closing[first:], lines[measure[1] :]
        if document.issued_on is None:
            document.body = _take_closing(document, document.body, last=True)
    else:
        document.body = closing
    if document.issued_on is None:
        dates = (_ISO_DATE.search(labelled.get(key, "")) for key in _SIGN_KEYS)
        if match := next((found for found in dates if found), None):
            document.issued_on = date(int(match[1]), int(match[2]), int(match[3]))
        document.published_only = document.issued_on is None and any(key in labelled for key in _PUBLISH_KEYS)
    document.issuer = document.signed_by or document.issuer
    if document.issuer is None or _PLACELESS.fullmatch(document.issuer):
        ends = document.issuer or ""
        names = [labelled[key] for key in _ISSUER_KEYS if key in labelled and labelled[key].endswith(ends)]
        found = next((name for name in names if ORGAN_LINE.match(name) and "网" not in name), None)
        document.issuer = found or document.issuer


def _first_item(lines: Sequence[Line]) -> int:
    """Where the items 一、二、 begin that a notice adds to the measure it carries; behind the last line if none do."""
    found = [
        (label.ordinal, index)
        for index, line in enumerate(lines)
        if line.text[0] in LABEL_STARTS and (label := read_label(line.text)) is not None and label.kind == "cn"
    ]
    begins = next((index for ordinal, index in found if ordinal == 1), len(lines))
    return begins if any(ordinal == 2 and index > begins for ordinal, index in found) else len(lines)


def _named_measure(lines: list[Line]) -> str | None:
    """Return the title of the measure that the first sentences of a covering notice carry, or None."""
    if not lines or read_label(lines[0].text):
        return None
    match = _NAMED.search(text_of(lines[:4])[:400])
    return match["a"] or match["b"] if match else None


def _names_addressee(text: str) -> bool:
    """Whether a line is one organ's name with a colon: whom an answer is written to."""
    return text[-1] == ":" and ORGAN_LINE.fullmatch(text[:-1]) is not None


def _take_addressees(document: Document, lines: list[Line]) -> None:
    for count in range(1, min(5, len(lines) + 1)):
        text = text_of(lines[:count])
        if read_label(lines[count - 1].text) or "。" in text or len(text) > 300:
            return
        open_ended = (
            _ADDRESSEE_START.match(text) and count < len(lines) and _FIRST_SENTENCE.match(compact(lines[count].text))
        )
        if text[-1] in ":;" or open_ended:
            single = count == 1 and document.title is not None and _names_addressee(text)
            if _ADDRESSEE.match(text) or open_ended or single:
                document.addressees = [part for part in text.rstrip(":;").split(",") if part]
                del lines[:count]
            return


def _measure_start(document: Document, lines: list[Line]) -> tuple[int, int, str] | None:
    """Return (first line of the measure's heading, first line after it, the heading) in a notice that carries it."""
    if not document.carried or not document.title:
        return None
    wanted = _letters(document.title)
    characters = frozenset(wanted)
    best: tuple[float, int, int, str] | None = None
    ends = [after for after, line in enumerate(lines[:64], start=1) if line.text[-1] in _TITLE_LAST]
    near = {index for after in ends for index in range(after - 4, after)}
    common = [_common(characters, line.text) if index in near else None for index, line in enumerate(lines[:64])]
    for index in range(min(len(lines), 60)):
        shared: frozenset[str] = frozenset()
        length = -2  # the signs of a title that 《》 enclose
        for after in range(index + 1, min(index + 5, len(lines) + 1)):
            line, own = lines[after - 1].text, common[after - 1]
            if own is None:
                break
            shared |= own
            length += len(line) - line.count(" ")
            # Most lines have so little in common with the title that they need not be joined.
            if line[-1] not in _TITLE_LAST or 3 * len(shared) < min(len(characters), length):
                continue
            text = bare(text_of(lines[index:after]))
            if not _TITLE_END.search(text) or 3 * len(characters.intersection(text)) < min(len(characters), len(text)):
                continue
            score = _similarity(wanted, _letters(text))
            if score > 0.62 and (best is None or score > best[0]):
                best = (score, index, after, text)
        if best is not None and best[0] == 1.0:
            break
    if best is None and (best := _same_words(lines, wanted)) is None:
        return None
    _, first, after, text = best
    while first and _BARE_ANNEX.match(compact(lines[first - 1].text)):
        first -= 1
    return first, after, text


def _same_words(lines: Sequence[Line], wanted: str) -> tuple[float, int, int, str] | None:
    """A heading that has the very words of the title, though no title ends so: `今年要办的甲类事`."""
    for index, line in enumerate(lines[:60]):
        if len(line.text) <= 120 and _letters(text := compact(line.text)) == wanted:
            return 1.0, index, index + 1, bare(text)
    return None


def _common(characters: frozenset[str], line: str) -> frozenset[str] | None:
    """Return which characters of the title a line holds; None for a line that stands in no title."""
    if line[-1] in "。;:,、" or (len(line) > 70 and len(compact(line)) > 70):
        return None
    return frozenset([char for char in characters if char in line])


_BARE_ANNEX = re.compile(r"附件\d{0,2}:?$")


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text)


_NO_LETTER = re.compile(r"[^\u4e00-\u9fffA-Za-z0-9]")


def _similarity(one: str, other: str) -> float:
    """Share of common bigrams (Dice); 1.0 for equal texts, 0.7 where one all but contains the other."""
    if one == other:
        return 1.0
    a, b = _bigrams(one), _bigrams(other)
    if not a or not b:
        return 0.0
    common = len(a & b)
    contained = 0.7 if common / min(len(a), len(b)) > 0.85 and min(len(one), len(other)) >= 8 else 0.0
    return max(2 * common / (len(a) + len(b)), contained)


@lru_cache(maxsize=64)
def _bigrams(text: str) -> frozenset[str]:
    return frozenset(map("".join, pairwise(text)))


def _take_closing(document: Document, lines: list[Line], *, last: bool) -> list[Line]:
    """Take signature, date and publication note out of `lines`; the last date closes, or (not `last`) the first."""
    places: list[int] = []
    drop: set[int] = set()
    for index, line in enumerate(lines):
        text = line.text
        if text[-1] in "日)" and "月" in text and _closing_date(_short(line)) is not None:
            places.append(index)
        if "公" in text and 0 < len(note := _short(line)) < 40 and "公开" in note and _DISCLOSURE.match(note):
            document.disclosure = document.disclosure or note.strip("()")
            drop.add(index)
    for index in reversed(places) if last else places:
        if _take_date(document, lines, index, drop, last=last):
            break
    else:
        _take_issuer(document, lines, drop)
    if not drop:
        return lines
    before = "。"
    for index, line in enumerate(lines):
        if index not in drop:
            before = line.text[-1]
        elif before not in "。:;!?)" and any(
            i not in drop and _short(lines[i]) for i in range(index + 1, min(index + 4, len(lines)))
        ):
            document.moved.append(line)
    return [line for index, line in enumerate(lines) if index not in drop]


def _take_issuer(document: Document, lines: Sequence[Line], drop: set[int]) -> None:
    """Take the last line that holds nothing but the issuer's name for the signature."""
    issuer = document.issuer
    if not issuer:
        return
    placeless = _PLACELESS.fullmatch(issuer) is not None
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].text[0] == issuer[0] and _short(lines[index]) == issuer:
            document.signed_by = issuer
            drop.add(index)
            return
        if placeless and lines[index].text[-1] == issuer[-1]:
            name = _short(lines[index])
            if name.endswith(issuer) and ORGAN_LINE.fullmatch(name) and "、" not in name:
                document.signed_by = name
                drop.add(index)
                return


def _short(line: Line) -> str:
    """Return a line without inner blanks; of a long line, which is no part of a closing block, nothing."""
    return compact(line.text) if len(line.text) < 90 else ""


def _closing_date(text: str) -> re.Match[str] | None:
    """Match a line that is a date, or a signature with its date."""
    return _DATE_LINE.match(text) or _SIGNED_AND_DATED.match(text)


def _take_date(document: Document, lines: list[Line], index: int, drop: set[int], *, last: bool) -> bool:
    """Take the date at `index` and the signature above it for the closing block; False where they are none."""
    match = _closing_date(_short(lines[index]))
    if match is None:
        return False
    plain = match.re is _DATE_LINE
    if not plain and not ORGAN_LINE.match(match["name"]):
        return False
    names = _signature_before(lines, index)
    following = _short(lines[min(index + 1, len(lines) - 1)])
    closes = index > 0 and (lines[index - 1].text[-1] in "。)" or following in ("附件", "附件:"))
    alone = index + 1 >= len(lines) or index + 1 in drop or index - 1 in drop or closes
    if (plain and not names and last and not alone) or (value := _to_date(match)) is None:
        return False
    document.issued_on = value
    signers = [part for i in names for part in _organ_words(lines[i].text)] if plain else [match["name"]]
    document.signed_by = "、".join(part for text in signers for part in (_JOINT.findall(text) or [text])) or None
    drop.update(names, [index])
    return True


_MOST_SIGNERS = 12
"""So many lines a signature may have."""


def _signature_before(lines: Sequence[Line], index: int) -> list[int]:
    """Return the lines of organs' names right above a date, publication notes between them skipped."""
    places: list[int] = []
    cursor = index - 1
    while cursor >= 0 and index - cursor <= _MOST_SIGNERS:
        text = _short(lines[cursor])
        if 0 < len(text) <= 40 and ORGAN_LINE.match(text) and read_label(text) is None:
            places.insert(0, cursor)
        elif not (0 < len(text) < 40 and _DISCLOSURE.match(text)):
            break
        cursor -= 1
    return places


def _appointing(title: str) -> str | None:
    """Who appoints: the name that a title without 关于 begins with (某县人民政府任免通知)."""
    match = _APPOINTING.match(title)
    return match["issuer"] if match else None


_APPOINTING = re.compile(
    r"(?P<issuer>[\u4e00-\u9fff]{0,24}?(?:人民政府|国务院|人民代表大会常务委员会|人大常委会))(?:人事)?(?:任免|任职|免职)"
)


def _government_in(heading: str) -> str | None:
    match = re.search(r"[\u4e00-\u9fff]{2,12}?人民政府(?:办公[室厅])?", heading)
    return match[0] if match else None
