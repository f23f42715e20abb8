"""From text to records: the compiler's one entry, `compile_text`.

Reading order: lines, documents (heads), clauses (structure), and then per clause the finders of marks, subjects, limits and
figures. Everything is a pure function of the text and the directory of organs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from luoshi.gazette import heads, records, structure
from luoshi.gazette.appointments import find_acts
from luoshi.gazette.marks import Mark, MarkState, find_marks
from luoshi.gazette.memberships import find_seats, looks_like_member_list
from luoshi.gazette.organs import Directory, Level
from luoshi.gazette.records import Limit, Organ
from luoshi.gazette.relations import find_relations, find_validity, last_day
from luoshi.gazette.structure import Node
from luoshi.gazette.subjects import (
    Statement,
    bodies,
    colon_subject,
    find_statements,
    heading_body,
    partners_in,
    same_body,
)
from luoshi.gazette.targets import find_figures
from luoshi.gazette.text import Line, Paragraph, compact, join, read_lines, spaced
from luoshi.gazette.timelimits import Context, FoundLimit, find_limits

EMPTY_DIRECTORY = Directory.from_data({})
_SUMMARY_LENGTH = 40
_CLOSED = "。;:!?)”》"
_RULES = frozenset(("measures",))
_TRIAL = re.compile("暂行|试行")
_GAZETTE_TITLE = re.compile(r"([\u4e00-\u9fff]{2,20}(?:人民政府|政府)?公报)$")
_GAZETTE_ISSUE = re.compile(r"((?:19|20)\d\d)(?: ?年)? ?(?:第|·|[.]) ?(\d{1,2}) ?(?:期|号|$)")


def compile_text(source: str, directory: Directory = EMPTY_DIRECTORY) -> records.Compilation:
    """Compile the text of a gazette, of one document or of a fragment.

    Spans in the result count characters of `source`. Never raises for any text; what cannot be read becomes a warning.
    """
    lines = heads.without_contents(read_lines(source))
    result = records.Compilation(_gazette(lines), [], [], [])
    for document in heads.find_documents(lines):
        result.instruments.append(_DocumentReader(document, source, lines, directory, result).read())
    return result


def _gazette(lines: Sequence[Line]) -> records.Gazette:
    gazette = records.Gazette()
    for line in lines[:30]:
        text = compact(line.text)
        if gazette.title is None and (match := _GAZETTE_TITLE.match(text)):
            gazette.title = match[1]
        if gazette.title is not None and gazette.year is None and len(text) < 20 and (match := _GAZETTE_ISSUE.search(text)):
            gazette.year, gazette.issue = int(match[1]), int(match[2])
        if text.endswith("主办") and len(text) < 40:
            gazette.publisher = text.removesuffix("主办")
    return gazette


class _DocumentReader:
    """Reads one document; holds what its finders share: date, level of government, declarations of its marks."""

    def __init__(
        self,
        document: heads.Document,
        source: str,
        lines: Sequence[Line],
        directory: Directory,
        result: records.Compilation,
    ) -> None:
        self.document = document
        self.source = source
        self.unknown: set[str] = set()
        self.directory = directory
        self.result = result
        self.issued_on = document.issued_on
        self.names: dict[str, list[str]] = {}
        first = lines[document.begin].start if document.begin < len(lines) else 0
        last = lines[document.end - 1].end if 0 < document.end <= len(lines) else first
        year = document.parts[1] if document.parts else (self.issued_on.year if self.issued_on else None)
        self.context = Context(self.issued_on, self.issued_on.year if self.issued_on else year)
        self.state = MarkState(level=_level(document.issuer or document.title or ""))
        kind = "appointment" if document.order else heads.kind_of(document.title, document.covering_title)
        titles = (document.title or "") + (document.covering_title or "")
        self.local_place = directory.place is not None and directory.place in (document.issuer or "")
        self.instrument = records.Instrument(
            number=document.number,
            number_parts=records.NumberParts(*document.parts) if document.parts else None,
            title=document.title,
            covering_title=document.covering_title,
            kind=kind,
            trial=bool(_TRIAL.search(titles)),
            issuer=document.issuer,
            addressees=document.addressees,
            signed_by=document.signed_by,
            issued_on=self.issued_on.isoformat() if self.issued_on else None,
            disclosure=document.disclosure,
            effective_from=None,
            expires_on=None,
            start=first,
            end=last,
        )

    # --- small helpers

    def organ(self, name: str) -> Organ:
        slug = self.directory.resolve(name, self.issued_on) if self.local_place else None
        return Organ(name, slug)

    def organs(self, names: Sequence[str]) -> list[Organ]:
        return [self.organ(name) for name in names]

    def warn(self, code: str, message: str, start: int, end: int) -> None:
        self.result.warnings.append(records.Warning(code, message, start, end, self.instrument.number))

    # --- the pass

    def read(self) -> records.Instrument:
        document, instrument = self.document, self.instrument
        self.warn_head()
        self.note_repairs(join(document.cover))
        if document.order or (instrument.kind == "appointment" and not document.carried):
            self.read_acts()
        nodes = structure.read_structure(document.body)
        if document.order:
            return instrument
        self.add_clauses(nodes)
        self.warn_fragments(nodes)
        self.read_relations(nodes)
        self.read_member_lists(nodes)
        self.read_duties(nodes)
        return instrument

    def warn_head(self) -> None:
        instrument = self.instrument
        span = (instrument.start, instrument.start)
        if instrument.number is None:
            self.warn("no_number", "没有读到文号,请核对是否为片段或缺页", *span)
        if instrument.title is None:
            self.warn("no_title", "没有读到标题,按片段处理", *span)
        if instrument.issued_on is None:
            self.warn("missing_date", "正文没有印发日期,未作推定,请补录", *span)
            if self.document.published_only:
                self.warn("published_not_issued", "网页发布日期不是成文日期,未采用", *span)

        for line in self.document.moved:
            self.result.repairs.append(records.Repair("moved_block", line.start, line.end, line.text, ""))

    def note_repairs(self, paragraph: Paragraph) -> None:
        """Record what joining took out of a paragraph: line breaks inside sentences, blanks inside words."""
        pieces = paragraph.pieces
        for (here, there), (following, origin) in zip(pieces, pieces[1:], strict=False):
            end = there + following - here
            removed = self.source[end:origin]
            if not removed:
                continue
            kind = "joined_line" if "\n" in removed else "removed_blank"
            self.result.repairs.append(records.Repair(kind, end, origin, removed, ""))

    def warn_fragments(self, nodes: Sequence[Node]) -> None:
        """Warn of text that a column break tore off: it repeats the end of another paragraph, or a sentence stays open."""
        tails = {node.paragraph.text[-8:]: node for node in nodes if len(node.paragraph.text) > 20}
        for index, node in enumerate(nodes):
            text = node.paragraph.text
            if not text:
                continue
            span = (node.start, node.paragraph.end)
            if node.kind == "paragraph" and len(text) >= 8 and text[-1] == "。" and (other := tails.get(text[-8:])) is not None:
                before = other.paragraph.text.removesuffix(text)
                if before and len(before) < len(other.paragraph.text) and before[-1] not in _CLOSED:
                    self.warn("interleaved_fragment", "这一句与另一段的结尾相同,疑为换栏时混入,请与原件核对", *span)
            if text[-1] in _CLOSED or node.kind in ("annex", "part", "chapter", "section"):
                continue
            if index == len(nodes) - 1 and (node.numbered or len(text) > 30):
                self.warn("truncated", "文件末尾的句子不完整,原件可能缺页", *span)
            elif len(text) > 30 and not node.heading and "。" in text:
                self.warn("open_sentence", "这一段没有写完,可能断在换栏处", *span)

    def warn_unknown(self, names: Sequence[str], span: tuple[int, int]) -> None:
        """Warn once per instrument of an organ that the directory of the place does not know."""
        if not self.local_place:
            return
        for name in names:
            if name in self.unknown or name.startswith("各") or not _NAMES_ONE.search(name) or self.organ(name).slug:
                continue
            self.unknown.add(name)
            near = self.directory.similar(name)
            hint = f",是否为“{near}”?" if near else ""
            self.warn("unknown_organ", f"机构名录中没有“{name}”{hint}原文照录,请核对", *span)

    def add_clauses(self, nodes: Sequence[Node]) -> None:
        ordinals: dict[tuple[int, str], int] = {}
        for node in nodes:
            paragraph = node.paragraph
            end = paragraph.end if paragraph.text else node.start + len(node.label)
            self.instrument.clauses.append(
                records.Clause(node.path, node.label, node.kind, node.heading, node.text, node.start, max(end, node.start))
            )
            self.note_repairs(paragraph)
            if node.supplied:
                self.warn("supplied_label", f"“{node.label}、”的标号在印刷中缺失,已按其后的“二”补上", node.start, end)
                self.result.repairs.append(records.Repair("supplied_label", node.start, node.start, "", node.label))
            if node.numbered and node.kind not in ("annex", "part") and node.ordinal:
                key = (id(node.parent) if node.kind != "article" else 0, node.kind)
                before = ordinals.get(key)
                if before is not None and node.ordinal not in (before + 1, 1):
                    self.warn("skipped_number", f"“{node.label}”与上一序号不相连,按原文保留", node.start, node.start + len(node.label))
                ordinals[key] = node.ordinal

    def read_relations(self, nodes: Sequence[Node]) -> None:
        instrument = self.instrument
        own = frozenset(title for title in (instrument.title, instrument.covering_title) if title)
        cover = join(self.document.cover)
        opening = True
        for path, paragraph in [("", cover), *((node.filed, node.paragraph) for node in nodes)]:
            text = paragraph.text
            if not text:
                continue
            if "《" in text or "〔" in text or "废止" in text:
                for found in find_relations(text, opening=opening and path != "", own_titles=own):
                    if found.number is None or found.number != instrument.number:
                        span = paragraph.span(found.start, found.end)
                        target = records.Reference(found.number, found.title)
                        instrument.relations.append(records.Relation(found.type, target, path, *span))
            if ("行" in text or "实施" in text or "有效" in text) and (validity := find_validity(text)) is not None:
                if validity.effective_from or validity.from_issue:
                    instrument.effective_from = validity.effective_from or instrument.issued_on
                if validity.expires_on:
                    instrument.expires_on = validity.expires_on
                elif validity.valid_years and instrument.effective_from:
                    instrument.expires_on = last_day(date.fromisoformat(instrument.effective_from), validity.valid_years).isoformat()
            opening = opening and (path == "" or not path[0].isalnum() or path.endswith("第一条"))

    def read_acts(self) -> None:
        paragraphs = [join([line]) for line in self.document.body]
        for act in find_acts([paragraph.text for paragraph in paragraphs]):
            span = paragraphs[act.paragraph].span(act.start, act.end)
            self.instrument.appointments.append(
                records.Appointment(act.action, act.person, act.post, self.organ(act.organ), act.title, act.remark, *span)
            )

    def read_member_lists(self, nodes: Sequence[Node]) -> None:
        """Read the member list of each annex, part or clause that prints one."""
        groups: dict[int, tuple[Node | None, list[Node]]] = {}
        for node in nodes:
            if node.kind == "paragraph" or (node.text and _ROLE_WORDS.search(node.text)):
                owner = node.parent if node.kind == "paragraph" else node
                groups.setdefault(id(owner), (owner, []))[1].append(node)
        for owner, members in groups.values():
            if not any(_ROLE_WORDS.search(node.paragraph.text) for node in members):
                continue
            title = _group_title(owner, self.instrument)
            paragraphs: list[Paragraph] = []
            for node in members:
                paragraphs.extend([node.paragraph] if node is owner else (spaced(line) for line in node.lines))
            texts = [paragraph.text for paragraph in paragraphs]
            if not looks_like_member_list(title, texts):
                continue
            seats, notices = find_seats(texts, title)
            clause = owner.filed if owner is not None else ""
            for seat in seats:
                span = paragraphs[seat.paragraph].span(seat.start, seat.end)
                organ = self.organ(seat.organ) if seat.organ else None
                self.instrument.memberships.append(
                    records.Membership(seat.group, seat.role, seat.person, organ, seat.post, clause, *span)
                )
            for code, message, index in notices:
                self.warn(code, message, paragraphs[index].start, paragraphs[index].end)

    # --- duties

    def read_duties(self, nodes: Sequence[Node]) -> None:
        pending: list[Node] = []
        inherited_by: dict[int, str | None] = {}
        merged: dict[tuple[str, frozenset[str]], records.Duty] = {}
        numbered = any(node.numbered for node in nodes)
        for node in nodes:
            paragraph = node.paragraph
            text = paragraph.text
            if not text or node.kind == "part":
                continue
            parent_by = self.inherited(node, inherited_by)
            limits = find_limits(text, self.context)
            marks = find_marks(text, self.state)
            clause = node.filed
            preamble = numbered and not clause[0].isalnum() and clause[0] in "¶—"
            covers = [other for other in pending if other.parent is node.parent or other is node.parent]
            if marks:
                self.read_marked(node, marks, limits, covers, merged)
            elif not preamble:
                self.read_unmarked(paragraph, clause, _summary(node), node, merged, limits)
            pending = [] if marks else [*(other for other in pending if not node.numbered), node]
            lead = self.organs(marks[-1].lead) if marks else []
            self.read_figures(node, limits, parent_by, lead)
            inherited_by[id(node)] = _opening_by(text, limits) or parent_by
        self.instrument.duties.extend(merged.values())

    def inherited(self, node: Node, known: dict[int, str | None]) -> str | None:
        return known.get(id(node.parent)) if node.parent is not None else None

    def read_marked(
        self,
        node: Node,
        marks: Sequence[Mark],
        limits: Sequence[FoundLimit],
        covers: Sequence[Node],
        merged: dict[tuple[str, frozenset[str]], records.Duty],
    ) -> None:
        paragraph, clause = node.paragraph, node.filed
        text = paragraph.text
        start = 0
        for position, mark in enumerate(marks):
            own = [self.limit(paragraph, found) for found in limits if start <= found.start < mark.end or position == len(marks) - 1 and found.start >= mark.end]
            if position == 0:
                for other in covers:
                    own = [*(self.limit(other.paragraph, f) for f in find_limits(other.paragraph.text, self.context)), *own]
            action = text[start : mark.start] or (covers[-1].paragraph.text if covers else text)
            span = paragraph.span(start, mark.end)
            self.warn_unknown((*mark.lead, *mark.cooperating), paragraph.span(mark.start, mark.end))
            local_text = list(mark.local_names)
            self.add(
                merged, clause, action, _summary(node), mark.lead, mark.cooperating, mark.local, local_text, own, span, "mark", 0.95,
                open_ended=mark.open_ended,
            )
            start = mark.end
        own_bodies = [name for mark in marks for name in mark.lead]
        covered = tuple((mark.start, mark.end) for mark in marks)
        for statement in find_statements(text, self.state.level, covered):
            if any(statement.start < end and begin < statement.end and statement.start >= begin for begin, end in covered):
                continue
            if all(any(same_body(name, own_name) for own_name in own_bodies) for name in statement.lead):
                continue
            self.add_statement(paragraph, clause, node, statement, limits, merged)

    def read_unmarked(
        self,
        paragraph: Paragraph,
        clause: str,
        summary: str,
        node: Node | None,
        merged: dict[tuple[str, frozenset[str]], records.Duty],
        limits: Sequence[FoundLimit],
    ) -> None:
        text = paragraph.text
        if not clause:
            return
        taken: list[tuple[int, int]] = []
        if node is not None and (own_body := self.own_body(node)) is not None:
            own = [self.limit(paragraph, found) for found in limits]
            self.add(merged, clause, text, summary, own_body, (), False, [], own, paragraph.span(0, len(text)), "heading", 0.8)
            return
        named = colon_subject(text, self.state.level)
        if named is not None:
            names, local, open_ended, after = named
            own = [self.limit(paragraph, found) for found in limits]
            heading = summary if node is not None and node.numbered else ""
            self.add(
                merged, clause, text[after:], heading or text[after : after + _SUMMARY_LENGTH], names,
                partners_in(text[after:], self.state.level), bool(local), list(local), own,
                paragraph.span(0, len(text)), "subject", 0.85, open_ended=open_ended,
            )
            return
        for statement in find_statements(text, self.state.level):
            self.add_statement(paragraph, clause, node, statement, limits, merged)
            taken.append((statement.start, statement.end))
        if not taken and node is not None and (body := self.titled_body(node)) is not None:
            own = [self.limit(paragraph, found) for found in limits]
            self.add(merged, clause, text, summary, body, (), False, [], own, paragraph.span(0, len(text)), "heading", 0.7)
            return
        loose = [found for found in limits if not any(begin <= found.start < end for begin, end in taken)]
        if loose:
            own = [self.limit(paragraph, found) for found in loose]
            begin, end = _sentence_around(text, loose[0].start)
            self.add(merged, clause, text[begin:end], summary, (), (), False, [], own, paragraph.span(begin, end), "subject", 0.5)

    def own_body(self, node: Node) -> tuple[str, ...] | None:
        """A run-in heading that names a body whose text says what it is made of and what it does."""
        if not node.heading or not _MADE_OF.match(node.text):
            return None
        parsed = bodies(node.heading, self.state.level)
        return parsed[0] if parsed else None

    def titled_body(self, node: Node) -> tuple[str, ...] | None:
        """The body named by the title the node stands under, for items that begin with what is to be done."""
        if node.heading and not node.text:
            return None
        holder = node.parent
        while holder is not None:
            if holder.heading and (body := heading_body(holder.heading, self.state.level)) is not None:
                parents_are_lists = any(word in (node.parent.heading or "") for word in ("组成", "人员", "成员")) if node.parent else False
                return None if parents_are_lists else body
            holder = holder.parent
        return None

    def add_statement(
        self,
        paragraph: Paragraph,
        clause: str,
        node: Node | None,
        statement: Statement,
        limits: Sequence[FoundLimit],
        merged: dict[tuple[str, frozenset[str]], records.Duty],
    ) -> None:
        own = [self.limit(paragraph, found) for found in limits if statement.start <= found.start < statement.end]
        action = paragraph.text[statement.start : statement.end].strip(",")
        lead = tuple(self.known_form(self.names, clause, name) for name in statement.lead)
        self.add(
            merged, clause, action, _summary(node) if node else action[:_SUMMARY_LENGTH], lead, statement.cooperating,
            bool(statement.local), list(statement.local), own, paragraph.span(statement.start, statement.end), "subject", 0.75,
            open_ended=statement.open_ended,
        )

    @staticmethod
    def known_form(names: dict[str, list[str]], clause: str, name: str) -> str:
        """Two forms of one body in one clause are merged under the first."""
        for known in names.get(clause, ()):
            if known != name and same_body(known, name):
                return known
        return name

    def limit(self, paragraph: Paragraph, found: FoundLimit) -> Limit:
        return Limit(found.kind, found.value, found.text, *paragraph.span(found.start, found.end))

    def add(
        self,
        merged: dict[tuple[str, frozenset[str]], records.Duty],
        clause: str,
        action: str,
        summary: str,
        lead: Sequence[str],
        cooperating: Sequence[str],
        local: bool,
        local_text: list[str],
        limits: list[Limit],
        span: tuple[int, int],
        basis: str,
        confidence: float,
        *,
        open_ended: bool = False,
    ) -> None:
        """File a duty; a second statement with the same lead in the same clause goes into the first."""
        local = local or self.state.binds_towns
        key = (clause, frozenset(lead))
        known = merged.get(key)
        if known is None:
            self.names.setdefault(clause, []).extend(lead)
            merged[key] = records.Duty(
                clause, action, summary, self.organs(lead), self.organs(cooperating), local, local_text, limits, *span, basis,
                confidence, open_ended,
            )
            return
        names = {organ.name for organ in known.cooperating}
        known.cooperating.extend(self.organ(name) for name in cooperating if name not in names)
        known.local = known.local or local
        known.local_text.extend(text for text in local_text if text not in known.local_text)
        places = {limit.start for limit in known.time_limits}
        known.time_limits.extend(limit for limit in limits if limit.start not in places)
        known.open_ended = known.open_ended or open_ended
        if action and action not in known.action:
            known.action = f"{known.action}{'' if known.action.endswith(('。', ';')) else ';'}{action}"

    def read_figures(self, node: Node, limits: Sequence[FoundLimit], by: str | None, lead: list[Organ]) -> None:
        paragraph, clause = node.paragraph, node.filed
        targets, parameters = find_figures(paragraph.text, limits, by, self.instrument.kind in _RULES)
        for target in targets:
            span = paragraph.span(target.start, target.end)
            self.instrument.targets.append(
                records.Target(
                    target.subject, target.op, target.value, target.unit, target.by, target.baseline, target.aspiration, clause, lead, *span
                )
            )
        for parameter in parameters:
            span = paragraph.span(parameter.start, parameter.end)
            self.instrument.parameters.append(
                records.PolicyParameter(parameter.subject, parameter.op, parameter.value, parameter.unit, clause, *span)
            )


_ROLE_WORDS = re.compile("组 *长|召集人|总指挥|主 *任:|成 *员|秘书长")
_NAMES_ONE = re.compile(r"(?<!部)(?<!各)(?:局|委|办|中心|公司|院|会|银行|集团|资源|管理)$")
_MADE_OF = re.compile("由.{2,80}组成,(?:主要)?负责")


def _level(issuer: str) -> Level:
    place = re.match(r"[\u4e00-\u9fff]+?(?:自治县|县|旗|市|区)", issuer)
    district = re.search(r"[\u4e00-\u9fff](?<!自治)区(?!县)(?:人民)?(?:政府|委|办)", issuer)
    return Level.DISTRICT if district and place else Level.CITY


def _summary(node: Node) -> str:
    if node.heading:
        return node.heading
    holder = node.parent if not node.numbered else None
    if holder is not None and holder.heading:
        return holder.heading
    return node.paragraph.text[:_SUMMARY_LENGTH]


def _group_title(owner: Node | None, instrument: records.Instrument) -> str:
    while owner is not None:
        if owner.heading:
            return owner.heading
        owner = owner.parent
    return instrument.title or ""


def _opening_by(text: str, limits: Sequence[FoundLimit]) -> str | None:
    """The date of an opening sentence that ends with a colon and so dates the items under it."""
    if not text or text[-1] != ":":
        return None
    dated = [found for found in limits if found.kind == "by"]
    return dated[-1].value if dated else None


def _sentence_around(text: str, place: int) -> tuple[int, int]:
    begin = max(text.rfind("。", 0, place), text.rfind(";", 0, place)) + 1
    ends = [end for end in (text.find("。", place), text.find(";", place)) if end >= 0]
    return begin, min(ends) + 1 if ends else len(text)
