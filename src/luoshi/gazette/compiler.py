"""From text to records: the compiler's one entry, `compile_text`.

Reading order: lines, rows of tables, documents (heads), clauses (structure), and then per clause the finders of
relations, seats, marks, subjects, limits and figures. Everything is a pure function of the text and the directory of
organs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from luoshi.gazette import heads, records, structure
from luoshi.gazette.appointments import find_acts
from luoshi.gazette.duties import DutyReader
from luoshi.gazette.marks import MarkState
from luoshi.gazette.memberships import Seat, find_seats, follows, looks_like_member_list
from luoshi.gazette.organs import EMPTY_DIRECTORY, Directory, Level
from luoshi.gazette.relations import (
    FoundRelation,
    find_relations,
    find_repealed,
    find_validity,
    last_day,
    lists_repealed,
)
from luoshi.gazette.sheet import Sheet
from luoshi.gazette.structure import Node
from luoshi.gazette.tables import with_rows
from luoshi.gazette.text import Line, Paragraph, compact, entries, fold, join, read_lines
from luoshi.gazette.timelimits import Context
from luoshi.kernel.collecting import collector_paused

_SHORT_HEADING = 8
_CLOSED = "。;:!?)”》"
_TITLES = ("annex", "part", "chapter", "section")
_ROUND = re.compile("[()]")
_ITEM_NUMBER = re.compile("[0-9A-Za-z一二三四五六七八九十①-⑳]$")
"""What a bracket closes that opened nowhere: a number of a row `1)`, `2)`."""
_ENDS_AS_MARK = re.compile("(?:单位|部门|时限|时间|领导|责任人):[^。;:]*$")
_TRIAL = re.compile("暂行|试行")
_PLACE_OF = re.compile("([^省市县区旗州]{1,6}[市县区旗州])(?:人民政府|人民代表大会|人大)")
_LONGEST_HEAD = 200
"""So many characters from its beginning the number of minutes or of a bulletin stands."""
_YEAR_IN_HEAD = re.compile(
    r"(?:[\u4e00-\u9fff]{1,12}[省市县区州旗镇乡](?=20\d\d年))?"
    r"[〔\[(]?(20\d\d)(?:[〕\])]第?\d{1,4}[号期]|年第\d{1,4}[号期]|年(?:度)?[^\d,。;]{2,40}(?:要点|计划|方案|清单|任务|安排|分工))$"
)
"""The year of a document without date: of a number that names no issuer, or of a plan's title, a place aside."""
_ROLE_WORDS = re.compile("组 *长|召集人|总 *指 *挥|主 *任(?: *委 *员)? *:|成 *员|秘书长")
_SEAT = re.compile("(?:[总正副常务执行第一]{0,4}(?:组长|召集人|总?指挥长?|主任)|成员)(?:单位)?:")
_SAYS_WHAT_FOLLOWS = re.compile(
    "(?:主要)?(?:组成人员|人员组成|人员名单|成员名单|成员单位|组成单位|组织机构|组织领导|组织架构|工作机制|机构组成|领导机构|指挥机构组成)"
)
_GAZETTE_TITLE = re.compile(r"([\u4e00-\u9fff]{2,20}(?:人民政府|政府)?公报)$")
_GAZETTE_ISSUE = re.compile(r"((?:19|20)\d\d)(?: ?年)? ?(?:第|·|[.]) ?(\d{1,2}) ?(?:期|号|$)")


def compile_text(source: str, directory: Directory = EMPTY_DIRECTORY) -> records.Compilation:
    """Compile the text of a gazette, of one document or of a fragment.

    Spans in the result count characters of `source`. Never raises for any text; what cannot be read becomes a warning.
    """
    with collector_paused():
        lines = with_rows(source, heads.without_contents(read_lines(source)))
        result = records.Compilation(_gazette(lines), [], [], [])
        for document in heads.find_documents(lines):
            sheet = Sheet(document, head_record(document, lines), result, directory)
            result.instruments.append(_DocumentReader(sheet, source).read())
    return result


def head_record(document: heads.Document, lines: Sequence[Line]) -> records.Instrument:
    """Return the record of a document as far as its head fills it in."""
    first = lines[document.begin].start if document.begin < len(lines) else 0
    titles = (document.title or "") + (document.covering_title or "")
    return records.Instrument(
        number=document.number,
        number_parts=records.NumberParts(*document.parts) if document.parts else None,
        title=document.title,
        covering_title=document.covering_title,
        kind="appointment" if document.order else heads.kind_of(document.title, document.covering_title),
        trial=bool(_TRIAL.search(titles)),
        issuer=document.issuer,
        addressees=document.addressees,
        signed_by=document.signed_by,
        issued_on=document.issued_on.isoformat() if document.issued_on else None,
        disclosure=document.disclosure,
        effective_from=None,
        expires_on=None,
        start=first,
        end=lines[document.end - 1].end if 0 < document.end <= len(lines) else first,
    )


def _gazette(lines: Sequence[Line]) -> records.Gazette:
    gazette = records.Gazette()
    for line in lines[:30]:
        text = compact(line.text)
        if gazette.title is None and (match := _GAZETTE_TITLE.match(text)):
            gazette.title = match[1]
        if (
            gazette.title is not None
            and gazette.year is None
            and len(text) < 20
            and (match := _GAZETTE_ISSUE.search(text))
        ):
            gazette.year, gazette.issue = int(match[1]), int(match[2])
        if text.endswith("主办") and len(text) < 40:
            gazette.publisher = text.removesuffix("主办")
    return gazette


class _DocumentReader:
    """Reads one document into an instrument, part by part."""

    def __init__(self, sheet: Sheet, source: str) -> None:
        self.sheet = sheet
        self.document = sheet.document
        self.instrument = sheet.instrument
        self.source = source

    def read(self) -> records.Instrument:
        """Read the document and return its record."""
        document, instrument = self.document, self.instrument
        self._warn_head()
        cover = join(document.cover)
        self._note_repairs(cover)
        if document.order or (instrument.kind == "appointment" and not document.carried):
            self._read_acts()
        if document.order:
            return instrument
        nodes = structure.read_structure(document.body, document.items)
        self._add_clauses(nodes)
        self._warn_fragments(nodes)
        self._read_relations(cover, nodes)
        listed = self._read_member_lists(nodes)
        state = MarkState(level=_level(document.issuer or document.title or ""))
        DutyReader(self.sheet, self._context(), state).read([node for node in nodes if id(node) not in listed])
        return instrument

    def _context(self) -> Context:
        """What resolves a limit without a year: the date of issue, else the year of the number or of the title."""
        document = self.document
        if document.issued_on:
            return Context(document.issued_on, document.issued_on.year)
        if document.parts:
            return Context(None, document.parts[1])
        begin = self.instrument.start
        printed = fold(self.source[begin : begin + _LONGEST_HEAD]).split("\n")
        head = [document.title or "", *map(compact, printed)]
        years = {match[1] for text in head if (match := _YEAR_IN_HEAD.match(text))}
        return Context(None, int(years.pop()) if len(years) == 1 else None)

    def _warn_head(self) -> None:
        instrument, warn = self.instrument, self.sheet.warn
        span = (instrument.start, instrument.start)
        if instrument.number is None:
            warn("no_number", "没有读到文号,请核对是否为片段或缺页", *span)
        if instrument.title is None:
            warn("no_title", "没有读到标题,按片段处理", *span)
        if instrument.issued_on is None:
            warn("missing_date", "正文没有印发日期,未作推定,请补录", *span)
            if self.document.published_only:
                warn("published_not_issued", "网页发布日期不是成文日期,未采用", *span)
        for line in self.document.moved:
            self.sheet.repair("moved_block", line.start, line.end, line.text)

    def _note_repairs(self, paragraph: Paragraph) -> None:
        """Record what joining took out of a paragraph: line breaks inside sentences, blanks inside words."""
        if len(paragraph.pieces) < 2:
            return
        for (here, there), (following, origin) in pairwise(paragraph.pieces):
            end = there + following - here
            if removed := self.source[end:origin]:
                self.sheet.repair("joined_line" if "\n" in removed else "removed_blank", end, origin, removed)

    def _warn_fragments(self, nodes: Sequence[Node]) -> None:
        """Warn of text that a column break tore off: it ends another paragraph as well, or its sentence stays open."""
        tails = {node.paragraph.text[-8:]: node for node in nodes if len(node.paragraph.text) > 20}
        torn = {text[-6:] for node in nodes if len(text := node.paragraph.text) > 8 and text[-1] not in _CLOSED}
        for index, node in enumerate(nodes):
            text = node.paragraph.text
            if not text:
                continue
            if text[-1] == "。":
                if node.kind == "paragraph" and len(text) >= 8 and _torn_off(node, tails.get(text[-8:]), torn):
                    message = "这一句与另一段的结尾相同,疑为换栏时混入,请与原件核对"
                    self.sheet.warn("interleaved_fragment", message, node.start, node.paragraph.end)
            elif text[-1] in _CLOSED or node.kind in _TITLES:
                continue
            elif index == len(nodes) - 1:
                whole = _is_row(node) or (_ENDS_AS_MARK.search(text) and text.count("(") <= text.count(")"))
                if (node.numbered or len(text) > 30) and not whole:
                    self.sheet.warn("truncated", "文件末尾的句子不完整,原件可能缺页", node.start, node.paragraph.end)
            elif len(text) > 30 and not node.heading and "。" in text:
                self.sheet.warn("open_sentence", "这一段没有写完,可能断在换栏处", node.start, node.paragraph.end)

    def _add_clauses(self, nodes: Sequence[Node]) -> None:
        clauses = self.instrument.clauses
        ordinals: dict[tuple[int, str], int] = {}
        for node in nodes:
            paragraph = node.paragraph
            end = paragraph.end if paragraph.text else node.start + len(node.label)
            clauses.append(
                records.Clause(
                    node.path, node.label, node.kind, node.heading, node.text, node.start, max(end, node.start)
                )
            )
            self._note_repairs(paragraph)
            if node.supplied:
                message = f"“{node.label}、”的标号在印刷中缺失,已按其后的“二”补上"
                self.sheet.warn("supplied_label", message, node.start, end)
                self.sheet.repair("supplied_label", node.start, node.start, "", node.label)
            if node.ordinal and node.kind != "annex":
                self._check_order(node, ordinals)
            if ")" in paragraph.text:
                self._check_brackets(paragraph)

    def _check_order(self, node: Node, ordinals: dict[tuple[int, str], int]) -> None:
        """Warn where a number is not the next one of its row."""
        key = (id(node.parent) if node.kind != "article" else 0, node.kind)
        before = ordinals.get(key, 0)
        if before and node.ordinal not in (before + 1, 1):
            message = f"“{node.label}”与上一序号不相连,按原文保留"
            self.sheet.warn("skipped_number", message, node.start, node.start + len(node.label))
        ordinals[key] = node.ordinal
        if node.kind == "article" and "条" not in node.label:
            message = f"“{node.label}”缺“条”字,按条读入,请与原件核对"
            self.sheet.warn("missing_word", message, node.start, node.start + len(node.label))

    def _check_brackets(self, paragraph: Paragraph) -> None:
        """Warn of the first closing bracket that belongs to nothing."""
        text = paragraph.text
        if text.count(")") <= text.count("("):
            return
        depth = 0
        for match in _ROUND.finditer(text):
            depth = depth + 1 if match[0] == "(" else max(depth, 0) - 1
            if depth < 0 and not _ITEM_NUMBER.search(text, max(0, match.start() - 3), match.start()):
                span = paragraph.span(match.start(), match.end())
                self.sheet.warn("stray_bracket", "多出一个没有对应左括号的右括号,请与原件核对", *span)
                return

    def _read_relations(self, cover: Paragraph, nodes: Sequence[Node]) -> None:
        """Read what the document says of others, and from when to when it is in force."""
        opening = True
        ended: Node | None = None
        self._read_references(cover, "", opening=False)
        self._read_validity(cover.text)
        for node in nodes:
            paragraph, path = node.paragraph, node.filed
            if ended is not None and _stands_below(node, ended):
                self._file_relations(paragraph, path, find_repealed(paragraph.text))
            else:
                self._read_references(paragraph, path, opening=opening or _states_basis(node))
                ended = node if lists_repealed(node.heading or paragraph.text) else None
            self._read_validity(paragraph.text)
            if paragraph.text:
                opening = opening and (not path[0].isalnum() or path.endswith("第一条"))

    def _read_references(self, paragraph: Paragraph, clause: str, *, opening: bool) -> None:
        text, instrument = paragraph.text, self.instrument
        if not ("《" in text or "〔" in text or "废止" in text):
            return
        own = frozenset(title for title in (instrument.title, instrument.covering_title) if title)
        self._file_relations(paragraph, clause, find_relations(text, opening=opening, own_titles=own))

    def _file_relations(self, paragraph: Paragraph, clause: str, relations: Sequence[FoundRelation]) -> None:
        instrument = self.instrument
        for found in relations:
            if found.number is None or found.number != instrument.number:
                span = paragraph.span(found.start, found.end)
                target = records.Reference(found.number, found.title)
                instrument.relations.append(records.Relation(found.type, target, clause, *span))

    def _read_validity(self, text: str) -> None:
        if not ("日" in text or "年" in text) or not ("行" in text or "实施" in text or "有效" in text):
            return
        instrument = self.instrument
        if (validity := find_validity(text)) is None:
            return
        if validity.effective_from or validity.from_issue:
            instrument.effective_from = validity.effective_from or instrument.issued_on
        if validity.expires_on:
            instrument.expires_on = validity.expires_on
        elif validity.valid_years and instrument.effective_from:
            first = date.fromisoformat(instrument.effective_from)
            instrument.expires_on = last_day(first, validity.valid_years).isoformat()

    def _read_acts(self) -> None:
        paragraphs = [join([line]) for line in self.document.body]
        place = _PLACE_OF.search(self.instrument.issuer or "")
        for act in find_acts([paragraph.text for paragraph in paragraphs], place[1] if place else ""):
            span = paragraphs[act.paragraph].span(act.start, act.end)
            organ = self.sheet.organ(act.organ)
            self.instrument.appointments.append(
                records.Appointment(act.action, act.person, act.post, organ, act.title, act.remark, *span)
            )

    def _read_member_lists(self, nodes: Sequence[Node]) -> set[int]:
        """Read the member list of each annex, part or clause that prints one; return the ids of its entries' nodes."""
        groups: dict[int, tuple[Node | None, list[Node]]] = {}
        listing: set[int] = set()
        for node in nodes:
            text = node.paragraph.text
            names_role = ("长" in text or "召集人" in text or "主" in text or "成" in text or "指挥" in text) and bool(
                _ROLE_WORDS.search(text)
            )
            names_office = "办公室" in text and "主任" in text and "任" in text.replace("主任", "")
            if not node.numbered or names_office or (names_role and (_ROLE_WORDS.search(node.text) or _is_seat(node))):
                owner = _list_owner(node)
                groups.setdefault(id(owner), (owner, []))[1].append(node)
                if names_role or names_office:
                    listing.add(id(owner))
        known: list[Seat] = []
        listed: set[int] = set()
        for owner, members in groups.values():
            if id(owner) in listing:
                known += self._read_members(owner, members, known, listed)
        return listed

    def _read_members(
        self, owner: Node | None, members: Sequence[Node], known: Sequence[Seat], listed: set[int]
    ) -> list[Seat]:
        """File the seats of one list; `known` are those of the lists above it, `listed` takes the nodes of persons."""
        title = _group_title(owner, self.instrument)
        paragraphs: list[Paragraph] = []
        clauses: list[str] = []
        sources: list[list[Node]] = []
        for node in members:
            for entry in _list_entries(node):
                last = paragraphs[-1].text if paragraphs else ""
                if last and (between := follows(last, entry.text)) is not None:
                    _append(paragraphs[-1], entry, between)
                    sources[-1].append(node)
                    continue
                paragraphs.append(entry)
                sources.append([node])
                clauses.append((node if node.numbered else owner or node).filed if owner or node.numbered else "")
        texts = [paragraph.text for paragraph in paragraphs]
        if not looks_like_member_list(title, texts):
            return []
        seats, notices = find_seats(texts, title, known)
        for seat in seats:
            if seat.person and not seat.role.startswith("办公室"):
                listed.update([id(node) for node in sources[seat.paragraph] if not node.numbered])
            span = paragraphs[seat.paragraph].span(seat.start, seat.end)
            organ = self.sheet.organ(seat.organ) if seat.organ else None
            self.instrument.memberships.append(
                records.Membership(seat.group, seat.role, seat.person, organ, seat.post, clauses[seat.paragraph], *span)
            )
        for code, message, index in notices:
            self.sheet.warn(code, message, paragraphs[index].start, paragraphs[index].end)
        return seats


def _is_seat(node: Node) -> bool:
    """Whether a numbered line is an entry of a list: 1.组长:..."""
    return node.numbered and _SEAT.match(node.paragraph.text) is not None


def _list_owner(node: Node) -> Node | None:
    """The clause whose list a node belongs to: the one it stands under, numbered entries passed over."""
    owner = node if node.numbered else node.parent
    while owner is not None and (_is_seat(owner) or _heads_members(owner)):
        owner = owner.parent
    return owner


def _heads_members(node: Node) -> bool:
    """Whether a numbered line inside a list says which of the members follow: (一)部门委员."""
    heading = node.heading
    return heading is not None and heading[-1:] in ("员", ")") and _KIND_OF_MEMBERS.match(heading) is not None


_KIND_OF_MEMBERS = re.compile(
    "(?:部门|单位|地方|专家|学者|社会|企业|当然|特邀|执行)(?:委员|成员)(?:[(][^()]{2,20}[)])?$"
)


def _list_entries(node: Node) -> list[Paragraph]:
    """The entries a node prints, with the blanks that align them; running text of a clause without."""
    if not node.numbered:
        return entries(node.lines)
    if not _is_seat(node) or node.lines[0].row is not None:
        return [node.paragraph]
    skip = node.paragraph.start - node.lines[0].start
    spaced = entries(node.lines)
    if compact("".join([entry.text for entry in spaced])[skip:]) != node.paragraph.text:
        return [node.paragraph]
    return [spaced[0].slice(skip, len(spaced[0].text)), *spaced[1:]]


def _append(paragraph: Paragraph, entry: Paragraph, between: str) -> None:
    """Go on with a paragraph; `between` is nothing or a blank for the line's end."""
    if between:
        paragraph.pieces.append((len(paragraph.text), entry.start - 1))
        paragraph.text += between
    paragraph.pieces.extend([(len(paragraph.text) + here, there) for here, there in entry.pieces])
    paragraph.text += entry.text


def _torn_off(node: Node, other: Node | None, torn: set[str]) -> bool:
    """Whether a paragraph repeats the end of another from the middle of a sentence, as columns put together wrongly do.

    A list of measures may repeat the end of a longer sentence too: so either a third paragraph stops where that
    sentence goes on, or the paragraph follows a clause whose own text is complete.
    """
    text = node.paragraph.text
    if other is None or not other.paragraph.text.endswith(text):
        return False
    before = other.paragraph.text.removesuffix(text)
    if len(before) <= 5 or before[-1] in _CLOSED:
        return False
    return before[-6:] in torn or (node.parent is not None and bool(node.parent.text))


def _is_row(node: Node) -> bool:
    """Whether an unnumbered paragraph under an annex may be the row of a table, which ends without a full stop."""
    return not node.numbered and node.parent is not None and node.parent.kind in ("annex", "part")


def _states_basis(node: Node) -> bool:
    """Whether a clause stands under the heading 编制依据, so that what it names is what the document rests on."""
    heading = node.heading or (node.parent.heading if node.parent else None) or ""
    return len(heading) < _SHORT_HEADING and heading.endswith("依据")


def _stands_below(node: Node, opening: Node) -> bool:
    """Whether a node is an entry of the list that a heading or an opening sentence stands above.

    Below a numbered clause or an annex stands what hangs under it; below an unnumbered sentence the numbered clauses
    that follow.
    """
    if opening.numbered:
        holder = node.parent
        while holder is not None and holder is not opening:
            holder = holder.parent
        return holder is opening
    return node.numbered and node.parent is opening.parent


def _level(issuer: str) -> Level:
    place = re.match(r"[\u4e00-\u9fff]+?(?:自治县|县|旗|市|区)", issuer)
    district = re.search(r"[\u4e00-\u9fff](?<!自治)区(?!县)(?:人民)?(?:政府|委|办)", issuer)
    return Level.DISTRICT if district and place else Level.CITY


def _group_title(owner: Node | None, instrument: records.Instrument) -> str:
    """The nearest heading that names a group; one that only says what follows (组成人员) is passed over."""
    while owner is not None:
        if owner.heading and not _SAYS_WHAT_FOLLOWS.fullmatch(owner.heading):
            return owner.heading
        owner = owner.parent
    return instrument.title or ""
