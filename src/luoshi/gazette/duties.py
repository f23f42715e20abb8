"""Duties and targets of one document: the marks, statements, limits and figures of each paragraph, by clause."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import islice
from operator import attrgetter

from luoshi.gazette import records
from luoshi.gazette.figures import FIGURE_SIGN
from luoshi.gazette.marks import Mark, MarkState, find_marks
from luoshi.gazette.records import Limit, Organ
from luoshi.gazette.sheet import Sheet
from luoshi.gazette.structure import Node
from luoshi.gazette.subjects import (
    LONGEST_RUN,
    STATEMENT_SIGN,
    Statement,
    binds_private,
    bodies,
    colon_subject,
    ends_as_body,
    find_statements,
    heading_body,
    leaves_out_subject,
    partners_in,
    same_body,
    tasks_of,
)
from luoshi.gazette.targets import FoundParameter, FoundTarget, find_figures
from luoshi.gazette.text import Paragraph, places_in
from luoshi.gazette.timelimits import LIMIT_SIGN, Context, FoundLimit, find_limits

_SUMMARY_LENGTH = 40
_LONGEST_ACTION = 4000
"""A duty stated again and again in one clause is quoted up to this length."""
_LONGEST_SENTENCE = 2000
"""So far from a limit the ends of its sentence are looked for."""
_FORMS = 40
"""So many names of one clause are compared with a new one, whether they are forms of one body."""
_RULES = frozenset(("measures",))
_LISTS = ("组成", "人员", "成员")
_NAMES_ONE = re.compile(r"(?<!部)(?<!各)(?:局|委|办|中心|公司|院|会|银行|集团|资源|管理)$")
_OFFICE_SEAT = re.compile("办公室(?:设在|设于|主任)|(?:兼任|担任|任)[^,;。]{0,10}办公室(?:副?主任)")
_DATE_LINE = re.compile("[(【]?(?:完成|办结|整改|落实|实施|推进)?(?:时限|时间节点|时间|期限|进度)(?:要求|安排)?[)】]?:")
_PROHIBITS = re.compile("禁止|严禁|不得|不准")
"""What is forbidden from a day on is no duty of nobody."""
_HEADED = re.compile("(?:具体|主要)?(?:负责|牵头|承担|会同|组织|配合|协助)")
"""What a paragraph goes on with behind the name of a body and a full stop: `市甲局。负责…`."""
_LONGEST_NAME = 30
"""No body that stands alone in front of its duties has a longer name."""
_NAMED_IN_FRONT = re.compile(rf"[^:]{{0,{LONGEST_RUN}}}+:|[^。]{{0,{_LONGEST_NAME - 1}}}+。{_HEADED.pattern}")
"""The sign of a body named before a colon or in a sentence of its own."""
_MADE_OF = re.compile("由.{2,80}组成,(?:主要)?负责")


_begin = attrgetter("start")
_end = attrgetter("end")


_Read = tuple[Node, Sequence[FoundLimit]]
"""A node and the limits of its paragraph."""


def _placed(paragraph: Paragraph, found: Sequence[FoundLimit]) -> list[Limit]:
    """Return limits with their places in the file."""
    if not found:
        return []
    span = paragraph.span
    return [Limit(limit.kind, limit.value, limit.text, *span(limit.start, limit.end)) for limit in found]


def _within(limits: Sequence[FoundLimit], start: int, end: int) -> Sequence[FoundLimit]:
    """Return the limits that begin between two offsets."""
    first = bisect_left(limits, start, key=_begin)
    return limits[first : bisect_left(limits, end, key=_begin)]


class _Holdings:
    """What a filed duty already holds; looked at only when a second statement goes into it, which few duties see."""

    __slots__ = ("actions", "cooperating", "duty", "local_text", "places")

    def __init__(self, duty: records.Duty) -> None:
        self.duty = duty
        self.cooperating = {organ.name for organ in duty.cooperating}
        self.local_text = set(duty.local_text)
        self.places = {limit.start for limit in duty.time_limits}
        self.actions = {duty.action}

    def add(self, found: records.Duty) -> None:
        """Merge a second statement with the same lead into the duty."""
        duty = self.duty
        duty.cooperating.extend([organ for organ in found.cooperating if organ.name not in self.cooperating])
        self.cooperating.update([organ.name for organ in found.cooperating])
        duty.local = duty.local or found.local
        duty.local_text.extend(text for text in found.local_text if text not in self.local_text)
        self.local_text.update(found.local_text)
        duty.time_limits.extend([limit for limit in found.time_limits if limit.start not in self.places])
        self.places.update([limit.start for limit in found.time_limits])
        duty.open_ended = duty.open_ended or found.open_ended
        action = found.action
        if action and action not in self.actions and len(duty.action) < _LONGEST_ACTION and action not in duty.action:
            self.actions.add(action)
            duty.action = f"{duty.action}{'' if duty.action.endswith(('。', ';')) else ';'}{action}"


class DutyReader:
    """Reads the duties and figures of one document; the declarations of its marks hold from paragraph to paragraph."""

    def __init__(self, sheet: Sheet, context: Context, state: MarkState) -> None:
        self.sheet = sheet
        self.context = context
        self.state = state
        self.filed: dict[tuple[str, frozenset[str]], records.Duty] = {}
        self.holdings: dict[tuple[str, frozenset[str]], _Holdings] = {}
        self.names: dict[str, dict[str, None]] = {}
        self.unknown: set[str] = set()
        self.bodies: dict[int, tuple[str, ...] | None] = {}
        self.marked: records.Duty | None = None
        self.listed: dict[int, records.Duty] = {}

    def read(self, nodes: Sequence[Node]) -> None:
        """Read every paragraph, in order, into the duties, targets and parameters of the sheet's instrument.

        Most paragraphs hold no limit, no figure or no statement: the signs of each are looked for in all of them in one
        go, and a finder reads those alone that have its sign.
        """
        context, state = self.context, self.state
        numbered = any(node.numbered for node in nodes)
        nodes = [node for node in nodes if node.paragraph.text and node.kind != "part"]
        texts = [node.paragraph.text for node in nodes]
        dated = map(LIMIT_SIGN.search, texts)
        found = [find_limits(text, context) if sign else [] for text, sign in zip(texts, dated, strict=True)]
        stated = places_in(texts, STATEMENT_SIGN)
        leads: dict[int, list[Organ]] = {}
        pending: list[_Read] = []
        for index, (node, text, limits) in enumerate(zip(nodes, texts, found, strict=True)):
            signs = stated.get(index)
            if marks := find_marks(text, state):
                covers = self._covers(pending, node)
                self._withdraw(node.filed, covers)
                self._read_marked(node, limits, marks, covers)
                if signs is not None:
                    self._read_beside(node, limits, marks, signs)
                self.marked = self.filed.get((node.filed, frozenset(marks[-1].lead)))
                pending = []
                leads[index] = self.sheet.organs(marks[-1].lead)
            elif limits and self._dates_mark(node, limits):
                pass
            else:
                if not numbered or node.filed[0] not in "¶—":
                    self._read_unmarked(node, limits, signs)
                    if text.endswith("职责:"):
                        self._open_list(node)
                if node.numbered:
                    pending = []
                pending.append((node, limits))
        self._read_figures(nodes, texts, found, leads)
        self.sheet.instrument.duties.extend(self.filed.values())

    def _read_figures(
        self,
        nodes: Sequence[Node],
        texts: Sequence[str],
        found: Sequence[Sequence[FoundLimit]],
        leads: Mapping[int, list[Organ]],
    ) -> None:
        """File the figures of every paragraph; those under an opening sentence with a date have that date."""
        rules = self.sheet.instrument.kind in _RULES
        dated: dict[int, str] = {}
        for index, (node, limits, sign) in enumerate(zip(nodes, found, map(FIGURE_SIGN.search, texts), strict=True)):
            if not (sign or limits or dated):
                continue
            text, by = texts[index], dated.get(id(node.parent))
            if sign and not _looks_back(node):
                targets, parameters = find_figures(text, limits, by, rules)
                self._file_figures(node, targets, parameters, leads.get(index, []))
            if limits and text[-1] == ":":
                by = _last_day(limits) or by
            if by:
                dated[id(node)] = by

    # --- marks

    def _read_marked(
        self, node: Node, found: Sequence[FoundLimit], marks: Sequence[Mark], covers: Sequence[_Read]
    ) -> None:
        """File a duty for each mark; the first also carries the unmarked siblings above it, the last the rest."""
        paragraph, text, organs = node.paragraph, node.paragraph.text, self.sheet.organs
        start = taken = 0
        for position, mark in enumerate(marks):
            first = taken
            while taken < len(found) and (position == len(marks) - 1 or found[taken].start < mark.end):
                taken += 1
            limits: list[Limit] = []
            if not position:
                for other, above in covers:
                    limits += _placed(other.paragraph, above)
            limits += _placed(paragraph, found[first:taken])
            action = text[start : mark.start] or (covers[-1][0].paragraph.text if covers else text)
            lead, cooperating = organs(mark.lead), organs(mark.cooperating)
            if self.sheet.local_place:
                self._warn_unknown([*lead, *cooperating], paragraph.span(mark.start, mark.end))
            duty = records.Duty(
                node.filed, action, _summary(node), lead, cooperating, mark.local,
                list(mark.local_names), limits, *paragraph.span(start, mark.end), "mark", 0.95, mark.open_ended,
            )  # fmt: skip
            self._file(mark.lead, duty)
            start = mark.end

    def _read_beside(
        self, node: Node, limits: Sequence[FoundLimit], marks: Sequence[Mark], signs: Sequence[int]
    ) -> None:
        """File the duties that sentences of a marked paragraph state of others than the marks' own leads."""
        spans = [(mark.start, mark.end) for mark in marks]
        statements = find_statements(node.paragraph.text, self.state.level, spans, signs)
        if not statements:
            return
        begins = [mark.start for mark in marks]
        leads = dict.fromkeys([name for mark in marks for name in mark.lead])
        for statement in statements:
            before = bisect_right(begins, statement.start) - 1
            if before >= 0 and statement.start < marks[before].end:
                continue
            if not all(_known_form(name, leads) for name in statement.lead):
                self._file_statement(node, limits, statement)

    def _warn_unknown(self, organs: Sequence[Organ], span: tuple[int, int]) -> None:
        """Warn once per instrument of an organ that the directory of the place does not know."""
        unknown = self.unknown
        for organ in organs:
            if organ.slug or (name := organ.name) in unknown or name[0] == "各" or not _NAMES_ONE.search(name):
                continue
            unknown.add(name)
            near = self.sheet.directory.similar(name)
            hint = f",是否为“{near}”?" if near else ""
            message = f"机构名录中没有“{name}”{hint}原文照录,请核对"
            self.sheet.warn("unknown_organ", message, *span)

    def _dates_mark(self, node: Node, limits: Sequence[FoundLimit]) -> bool:
        """Give the limits of a line of its own (完成时限:10月底) to the duty of the mark above it in its clause."""
        duty = self.marked
        if duty is None or node.numbered or duty.clause != node.filed or not _DATE_LINE.match(node.paragraph.text):
            return False
        duty.time_limits.extend(_placed(node.paragraph, limits))
        return True

    # --- running text

    def _read_unmarked(self, node: Node, limits: Sequence[FoundLimit], signs: Sequence[int] | None) -> None:
        """File what a paragraph without marks states: of the body its heading names, of a subject, or of nobody.

        `signs` are the places of a statement's sign in it, None where there is none.
        """
        text = node.paragraph.text
        whole = (0, len(text))
        if node.heading and text.startswith("由", node.heading_end) and (body := self._own_body(node)) is not None:
            self._file_whole(node, whole, body, limits, "heading", 0.8)
            return
        if _NAMED_IN_FRONT.match(text) and (named := self._named_in_front(node)) is not None:
            lead, local, open_ended, after = named
            action, organs = text[after:], self.sheet.organs
            summary = (_summary(node) if node.numbered else "") or action[:_SUMMARY_LENGTH]
            partners = organs(partners_in(action, self.state.level))
            duty = records.Duty(
                node.filed, action, summary, organs(lead), partners, bool(local), list(local),
                _placed(node.paragraph, limits), *node.paragraph.span(*whole), "subject", 0.85, open_ended,
            )  # fmt: skip
            self._file(lead, duty)
            return
        statements = [] if signs is None else find_statements(text, self.state.level, (), signs)
        for statement in statements:
            self._file_statement(node, limits, statement)
        if not statements and text[-1] == ":" and (body := tasks_of(text, self.state.level)) is not None:
            self._file_whole(node, whole, body, limits, "subject", 0.8)
            self._open_list(node)
        elif not statements and node.parent is not None and (body := self._titled_body(node, node.parent)) is not None:
            self._file_whole(node, whole, body, limits, "heading", 0.7)
        elif limits and (loose := _outside(limits, statements)):
            self._file_loose(node, loose, statements)

    def _named_in_front(self, node: Node) -> tuple[tuple[str, ...], tuple[str, ...], bool, int] | None:
        """The body that a paragraph names before a colon or in a sentence of its own, and where its duties begin."""
        text = node.paragraph.text
        if (named := colon_subject(text, self.state.level)) is not None:
            return named
        stop = text.find("。", 0, _LONGEST_NAME)
        if stop < 0 or not _HEADED.match(text, stop + 1) or not ends_as_body(text[:stop]):
            return None
        parsed = bodies(text[:stop], self.state.level)
        return (*parsed, stop + 1) if parsed is not None else None

    def _file_loose(self, node: Node, loose: Sequence[FoundLimit], statements: Sequence[Statement]) -> None:
        """File the dated acts of sentences that name no organ: of the subject they leave out, else of nobody.

        The dates of a heading belong to the first duty its text states, and what binds a private party to nobody.
        """
        text = node.paragraph.text
        acts: dict[tuple[str, ...], tuple[tuple[int, int], list[FoundLimit]]] = {}
        for limit in loose:
            place = _sentence_around(text, limit.start)
            lead = _subject_before(text, statements, place[0])
            sentence = text[slice(*place)]
            if not lead and (_names_plan(node, limit) or _permits(text, limit) or _SEASON.match(text, limit.end)):
                continue
            if not lead and (
                binds_private(sentence)
                or _goes_on_private(text, place[0])
                or (limit.kind == "from" and _PROHIBITS.search(sentence))
            ):
                continue
            if not lead and (listed := self.listed.get(id(node.parent))) is not None and node.numbered:
                listed.time_limits.extend(_placed(node.paragraph, [limit]))
                continue
            if not lead and statements and _dates_heading(node, limit):
                lead = statements[0].lead
            elif not lead and statements:
                lead = _left_out(text, statements, place, limit)
            acts.setdefault(tuple(lead), (place, []))[1].append(limit)
        for lead, (place, limits) in acts.items():
            self._file_whole(node, place, lead, limits, "subject", 0.5)

    def _file_whole(
        self,
        node: Node,
        place: tuple[int, int],
        lead: Sequence[str],
        limits: Sequence[FoundLimit],
        basis: str,
        confidence: float,
    ) -> None:
        """File a part of a paragraph as one duty."""
        paragraph = node.paragraph
        duty = records.Duty(
            node.filed, paragraph.text[slice(*place)], _summary(node), self.sheet.organs(lead), [], False, [],
            _placed(paragraph, limits), *paragraph.span(*place), basis, confidence,
        )  # fmt: skip
        self._file(lead, duty)

    def _file_statement(self, node: Node, limits: Sequence[FoundLimit], statement: Statement) -> None:
        start, end, lead, cooperating, local, open_ended = statement
        paragraph, organs = node.paragraph, self.sheet.organs
        action = paragraph.text[start:end].strip(",")
        own = _placed(paragraph, _within(limits, start, end)) if limits else []
        if names := self.names.get(node.filed):
            lead = self._merged(node.filed, lead, names)
        duty = records.Duty(
            node.filed, action, _summary(node), organs(lead), organs(cooperating), bool(local), list(local),
            own, *paragraph.span(start, end), "subject", 0.75, open_ended,
        )  # fmt: skip
        self._file(lead, duty)

    def _merged(self, clause: str, lead: tuple[str, ...], names: dict[str, None]) -> tuple[str, ...]:
        """The names under which the clause knows its bodies; one name for several levels of them stands for all."""
        if len(lead) == 1 and lead[0] not in names:
            levels = tuple(islice((name for name in names if same_body(name, lead[0])), _FORMS))
            if len(levels) > 1 and (clause, frozenset(levels)) in self.filed:
                return levels
        return tuple([_known_form(name, names) or name for name in lead])

    def _open_list(self, node: Node) -> None:
        """Remember the duty of a sentence that a list of tasks follows: `市甲局履行下列职责:`."""
        holder = node if node.numbered else node.parent
        duty = next(reversed(self.filed.values()), None)
        if holder is not None and duty is not None and duty.clause == node.filed:
            self.listed[id(holder)] = duty

    def _own_body(self, node: Node) -> tuple[str, ...] | None:
        """A run-in heading that names a body whose text says what it is made of and what it does."""
        if not _MADE_OF.match(node.paragraph.text, node.heading_end):
            return None
        parsed = bodies(node.heading or "", self.state.level)
        return parsed[0] if parsed else None

    def _titled_body(self, node: Node, parent: Node) -> tuple[str, ...] | None:
        """The body named by the title the node stands under, for items that begin with what is to be done."""
        key = id(parent)
        if key not in self.bodies:
            self.bodies[key] = self._body_above(parent)
        if (body := self.bodies[key]) is None:
            return None
        text = node.paragraph.text
        if (node.heading and node.heading_end >= len(text)) or ("办公室" in text and _OFFICE_SEAT.search(text)):
            return None
        return body

    def _body_above(self, parent: Node) -> tuple[str, ...] | None:
        """The body that a heading or one above it names; none under a heading that only lists who belongs to it."""
        holder: Node | None = parent
        while holder is not None:
            if holder.heading and (body := heading_body(holder.heading, self.state.level)) is not None:
                return None if any(word in (parent.heading or "") for word in _LISTS) else body
            holder = holder.parent
        return None

    # --- filing

    def _covers(self, pending: Sequence[_Read], node: Node) -> list[_Read]:
        """The unmarked paragraphs above a marked one that its mark covers as well: its siblings and its parent.

        A numbered sibling that names who acts stands for itself.
        """
        return [
            entry
            for entry in pending
            if entry[0] is node.parent
            or (entry[0].parent is node.parent and not (entry[0].numbered and self.names.get(entry[0].filed)))
        ]

    def _withdraw(self, clause: str, covers: Sequence[_Read]) -> None:
        """Withdraw the duty of nobody that paragraphs were given before the mark that covers them was read."""
        if not covers:
            return
        first = next((node.paragraph.start for node, _ in covers if node.filed == clause), None)
        known = self.filed.get((clause, frozenset()))
        if first is not None and known is not None and known.start >= first:
            del self.filed[clause, frozenset()]
            self.holdings.pop((clause, frozenset()), None)

    def _file(self, lead: Sequence[str], duty: records.Duty) -> None:
        """File a duty; a second statement with the same lead in the same clause goes into the first."""
        duty.local = duty.local or self.state.binds_towns
        clause = duty.clause
        key = (clause, frozenset(lead))
        if (known := self.filed.get(key)) is not None:
            holdings = self.holdings.get(key)
            if holdings is None:
                holdings = self.holdings[key] = _Holdings(known)
            holdings.add(duty)
            return
        if (names := self.names.get(clause)) is None:
            self.names[clause] = dict.fromkeys(lead)
        elif len(names) < _FORMS:
            names.update(dict.fromkeys(lead))
        self.filed[key] = duty

    def _file_figures(
        self, node: Node, targets: Sequence[FoundTarget], parameters: Sequence[FoundParameter], lead: list[Organ]
    ) -> None:
        instrument, span = self.sheet.instrument, node.paragraph.span
        for target in targets:
            instrument.targets.append(
                records.Target(
                    target.subject,
                    target.op,
                    target.value,
                    target.unit,
                    target.by,
                    target.baseline,
                    target.aspiration,
                    node.filed,
                    lead,
                    *span(target.start, target.end),
                )
            )
        for figure in parameters:
            place = span(figure.start, figure.end)
            instrument.parameters.append(
                records.PolicyParameter(figure.subject, figure.op, figure.value, figure.unit, node.filed, *place)
            )


def _known_form(name: str, known: dict[str, None]) -> str | None:
    """Return the known name of the same body: two forms of one body in one clause are merged under the first."""
    if not known:
        return None
    if len(known) > _FORMS and name in known:
        return name
    for other in islice(known, _FORMS):
        if same_body(other, name):
            return other
    return None


def _outside(limits: Sequence[FoundLimit], statements: Sequence[Statement]) -> list[FoundLimit]:
    """The limits that no statement holds; both stand in printed order."""
    loose: list[FoundLimit] = []
    place = 0
    for limit in limits:
        while place < len(statements) and statements[place].end <= limit.start:
            place += 1
        if place == len(statements) or limit.start < statements[place].start:
            loose.append(limit)
    return loose


def _subject_before(text: str, statements: Sequence[Statement], place: int) -> tuple[str, ...]:
    """Whose statement a part of the same sentence goes on with that names no subject of its own; empty if nobody's."""
    before = _last_before(statements, place)
    return before.lead if before is not None and text.find("。", before.end, place) < 0 else ()


def _last_before(statements: Sequence[Statement], place: int) -> Statement | None:
    """The last statement that ends at a place or before it."""
    count = bisect_right(statements, place, key=_end)
    return statements[count - 1] if count else None


_PLAN_WORDS = ("目标", "任务", "分工", "计划", "安排", "要点", "清单", "工作")
_PERMISSION = re.compile(r"(?:可以|有权|可(?!能|行|靠|持))[^,;。:]{0,30}$")


def _names_plan(node: Node, limit: FoundLimit) -> bool:
    """Whether a limit is the year in a heading that names a plan: `2020年主要目标`."""
    return (
        limit.kind == "between"
        and node.heading is not None
        and node.heading_end == len(node.paragraph.text)
        and node.heading.endswith(_PLAN_WORDS)
    )


_SEASON = re.compile("(?:第[一二三四]周)?为[^,。;]{2,14}[周月日期季](?=[,。;]|$)")
"""What says when a season is, and asks for nothing: `每年9月为宣传月`."""


def _goes_on_private(text: str, start: int) -> bool:
    """Whether a part behind a semicolon goes on with what binds a private party: `企业应当申报;变化的,应当变更`."""
    if text[start - 1 : start] != ";":
        return False
    begin = text.rfind("。", max(0, start - _LONGEST_SENTENCE), start) + 1
    return binds_private(text[begin : start - 1])


_LOOKS_BACK = re.compile(
    "(?:主要|现有)?(?:发展|工作|现实|规划)?(?:基础|现状|成效|成就|成绩|回顾|背景)[和与及、]?(?:面临的?)?(?:发展)?(?:形势|问题|机遇|挑战|环境)?"
)


def _looks_back(node: Node | None) -> bool:
    """Whether a node stands under a heading that tells what has been reached: its figures are no targets."""
    while node is not None:
        if node.heading and len(node.heading) < 14 and _LOOKS_BACK.fullmatch(node.heading) is not None:
            return True
        node = node.parent
    return False


def _permits(text: str, limit: FoundLimit) -> bool:
    """Whether a limit says how long somebody may do something: `可以自收到之日起5日内申请复核`."""
    return _PERMISSION.search(text, max(0, limit.start - 40), limit.start) is not None


def _dates_heading(node: Node, limit: FoundLimit) -> bool:
    """Whether a limit is the date of a stage in the heading before the text: 动员部署阶段(4月15日至30日)。"""
    text = node.paragraph.text
    return limit.end <= node.heading_end and (
        text[limit.start - 1 : limit.start] == "(" or "阶段" in (node.heading or "")
    )


def _left_out(text: str, statements: Sequence[Statement], place: tuple[int, int], limit: FoundLimit) -> tuple[str, ...]:
    """The subject of the sentence before, which a sentence that begins with its date or its verb leaves out."""
    before = _last_before(statements, place[0])
    within = limit.start - place[0], limit.end - place[0]
    if before is None or place[0] - before.end > 1 or not leaves_out_subject(text[slice(*place)], within):
        return ()
    return before.lead


def _summary(node: Node) -> str:
    if node.heading:
        return node.heading
    holder = node.parent if not node.numbered else None
    if holder is not None and holder.heading:
        return holder.heading
    return node.paragraph.text[:_SUMMARY_LENGTH]


def _last_day(limits: Sequence[FoundLimit]) -> str | None:
    """The date of an opening sentence that ends with a colon and so dates the items under it."""
    dated = [found for found in limits if found.kind == "by"]
    return dated[-1].value if dated else None


def _sentence_around(text: str, place: int) -> tuple[int, int]:
    """Where the sentence begins and ends that a place stands in; of one without end, what stands near."""
    low, high = max(place - _LONGEST_SENTENCE, 0), min(place + _LONGEST_SENTENCE, len(text))
    begin = max(text.rfind("。", low, place), text.rfind(";", low, place)) + 1 or low
    ends = [end for end in (text.find("。", place, high), text.find(";", place, high)) if end >= 0]
    return begin, min(ends) + 1 if ends else high
