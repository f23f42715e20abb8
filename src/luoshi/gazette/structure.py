"""The tree of clauses: printed lines become paragraphs, labels become clauses, and each clause finds its parent.

Numbering styles differ per document and restart. Decimals nest by their own numbers; every other label hangs under the
nearest open label of a higher rank, and a list that begins anew inside an item of lower rank hangs under that item.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from luoshi.gazette.labels import (
    INLINE_GATE,
    LABEL_STARTS,
    Label,
    inline_labels,
    numbers_by_decimals,
    numeral,
    read_label,
)
from luoshi.gazette.text import TERMINAL, Line, Paragraph, Row, compact, join

_RANK = {
    "annex": 0, "part": 1, "chapter": 2, "section": 3, "article": 4, "decimal": 4, "cn": 5, "cn_paren": 6, "num": 7,
    "num_paren": 8, "circle": 9,
}  # fmt: skip
_RESTARTS = {
    above: frozenset(kind for kind, rank in _RANK.items() if rank > _RANK[above] and kind not in ("article", "num"))
    for above in _RANK
}
"""The kinds of label whose numbering begins anew under each kind."""
_LOWEST = 5
_INDENT = 10
"""By so much (in half characters) a full line may fall short of the widest: its indent is gone, a word did not fit."""
_RUN_ON = ("num", "num_paren", "article", "cn_paren", "circle")
_PUNCTUATION = re.compile(r"[,。;:!?]")
_MARK_WORDS = re.compile(r"牵头|负责|单位|参与|落实|配合|部门|局\)$|办\)$|委\)$")
_LIST_ENTRY = re.compile(r"[\u4e00-\u9fff· ]{2,12}\([^()]{2,40}\)$")
_TITLE_LIKE = re.compile(r"[\u4e00-\u9fffA-Za-z0-9“”、《》()—\-]{2,40}$")
_PART_TITLE = re.compile(r"(?:细则|方案|办法|规定|预案|意见|职责|分工|措施|规则|标准|流程|制度|计划)$")
_ROLE = re.compile(
    "(?:第?[总副正常务执行一 ]{0,8}(?:组 *长|召 *集 *人|指 *挥 *长?|主 *任(?: *委 *员)?)|成 *员(?: *单 *位)?) *:"
)
"""The label of a seat, with which an entry of a list begins."""
_LONGEST_ROLE = 24
_NOTE = re.compile(
    r"[(【]? ?(?:联 ?系 ?(?:人|电话|方式|单位|地址)|电 ?话|传 ?真|邮箱|抄 ?[送报]|此件"
    r"|.{0,4}微信|.{0,3}扫[描一]|分享|来源|(?:责任)?编辑|打印|关闭)"
)
_LONGEST_NOTE = 120
_ONLY_A_MARK = re.compile(r"[(\[【] ?(?:责任|牵头|配合|主办|承办|落实)[\u4e00-\u9fff]{0,4} ?[:]")


@dataclass(slots=True)
class Block:
    """Printed lines that belong together, with the label they begin with."""

    label: Label | None
    lines: list[Line]
    length: int
    marked: bool = False


@dataclass(slots=True)
class Node:
    """A clause of the tree. `paragraph` is its own text after the label; `start` the label's first character."""

    kind: str
    label: str
    ordinal: int
    start: int
    paragraph: Paragraph
    parent: Node | None = None
    heading: str | None = None
    heading_end: int = 0
    path: str = ""
    filed: str = ""
    """The path that a duty in this node is filed under: the nearest numbered clause, else the node's own."""
    lines: list[Line] = field(default_factory=list)
    supplied: bool = False
    numbered: bool = True
    """Whether the label is printed (dashes and unnumbered paragraphs are not)."""

    @property
    def text(self) -> str:
        """Own text without the run-in heading."""
        return self.paragraph.text[self.heading_end :]


def read_structure(lines: Sequence[Line], before: Sequence[Line] = ()) -> list[Node]:
    """Return the clauses and unnumbered paragraphs of a document's body in reading order, paths set.

    `before` are the numbered items of the notice that carries it; their numbering is their own.
    """
    nodes = [*_tree(before), *_tree(lines)] if before else _tree(lines)
    _set_paths(nodes)
    return nodes


def _tree(lines: Sequence[Line]) -> list[Node]:
    texts = [line.text for line in lines]
    decimals = numbers_by_decimals(texts)
    articles = len([text for text in texts if text[0] == "第" and "条" in text[:9]]) >= 3
    blocks = _blocks(lines, decimals=decimals, articles=articles)
    return _Nesting(blocks).run()


# --- lines into blocks -------------------------------------------------------------------------------------------


def _blocks(lines: Sequence[Line], *, decimals: bool, articles: bool) -> list[Block]:
    widths = _widths(lines)
    labels = [
        _row_label(line.row)
        if line.row is not None
        else read_label(text, decimals=decimals, articles=articles)
        if (text := line.text)[0] in LABEL_STARTS
        else None
        for line in lines
    ]
    running = _running_kinds(lines, labels)
    blocks: list[Block] = []
    following = [*labels[1:], None]
    for index, (line, label) in enumerate(zip(lines, labels, strict=True)):
        if (
            label is None
            and blocks
            and not ((after := following[index]) is not None and _titles_list(line, after))
            and _continues(blocks[-1], line, widths[index - 1], running)
        ):
            blocks[-1].lines.append(line)
            blocks[-1].length += len(line.text)
        else:
            blocks.append(Block(label, [line], len(line.text), line.marked))
    return blocks


def _row_label(row: Row) -> Label | None:
    """The printed number of a table's row, or of the group of rows that a row heads."""
    if row.label and not row.label.isdigit():
        return Label("cn", row.label, numeral(row.label), row.skip)
    return Label("num", row.label, int(row.label), row.skip) if row.label else None


def _titles_list(line: Line, following: Label) -> bool:
    """A title on a line of its own, after which a numbering begins."""
    return (
        following.ordinal == 1 and following.kind in ("cn", "chapter", "article")
        and len(line.text) <= 40 and bool(_PART_TITLE.search(line.text)) and not _PUNCTUATION.search(line.text)
    )  # fmt: skip


def _running_kinds(lines: Sequence[Line], labels: Sequence[Label | None]) -> frozenset[str]:
    """Return the kinds of label after which this document goes on with running text rather than a heading line."""
    total = dict.fromkeys(_RUN_ON, 0)
    short = dict.fromkeys(_RUN_ON, 0)
    for line, label in zip(lines, labels, strict=True):
        if label is not None and label.kind in total:
            total[label.kind] += 1
            if len(line.text) < 50 and line.text[-1] not in TERMINAL:
                short[label.kind] += 1
    return frozenset(kind for kind, count in total.items() if count >= 5 and short[kind] <= count * 0.2)


def _widths(lines: Sequence[Line]) -> list[int]:
    """For each line, the printed width of the wrapped run it stands in; 0 where lines are whole paragraphs."""
    widths = [0] * len(lines)
    close = [index for index, line in enumerate(lines) if not line.gap and index]
    for first, index in enumerate(close):
        if first and close[first - 1] == index - 1:
            continue
        start = index - 1
        while index < len(lines) and not lines[index].gap:
            index += 1
        width = max([_printed(line.text) for line in lines[start:index]])
        if 24 <= width <= 120:
            widths[start:index] = [width] * (index - start)
    return widths


def _printed(text: str) -> int:
    """How wide a line is in print, in half characters: one for a digit or blank, two for all others."""
    return 2 * len(text) - sum(map(text.count, " 0123456789"))


def _continues(block: Block, line: Line, width: int, running: frozenset[str]) -> bool:
    """Return whether an unlabelled line goes on with the sentence that the block left open."""
    before = block.lines[-1].text
    last = before[-1]
    if (line.marked and not block.marked) or line.row is not None or block.lines[-1].row is not None:
        return False
    if ":" in line.text[:_LONGEST_ROLE] and last not in ",、(" and _ROLE.match(line.text):
        return False
    tail = before if len(block.lines) == 1 else "".join([part.text for part in block.lines[-3:]])
    if ("(" in tail and tail.count("(") > tail.count(")")) or ("《" in tail and tail.count("《") > tail.count("》")):
        return True
    if line.text[0] in "([【" and last in TERMINAL and _ONLY_A_MARK.match(line.text):
        return True
    if last in TERMINAL or (last in "”》" and before[-2:-1] in TERMINAL):
        return False
    if last == ")" and (_MARK_WORDS.search(before[-60:]) or _LIST_ENTRY.match(before) or block.length < 60):
        return False
    if last in ",、(《":
        return True
    wrapped = width and line.gap == 0 and _printed(before) >= width - _INDENT
    if wrapped:
        return True
    if block.label is not None and block.label.kind in running:
        return True
    return not _heading_like(block)


def _heading_like(block: Block) -> bool:
    if block.length > 50:
        return False
    text = "".join([line.text for line in block.lines])
    if block.label is None:
        return len(text) <= 40 and not _PUNCTUATION.search(text) and "》" not in text
    if "。" in text or ";" in text:
        return False
    body = text[block.label.end :]
    if block.label.kind in ("num", "num_paren", "circle", "article"):
        return len(text) <= 36 and "," not in body
    return len(text) <= 50


# --- blocks into a tree ------------------------------------------------------------------------------------------


class _Nesting:
    """One pass over the blocks that keeps the stack of open clauses."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self.nodes: list[Node] = []
        self.stack: list[Node] = []
        self.seen: set[tuple[int, str]] = set()
        self.last: dict[str, int] = {}
        self.top = 0
        annexes = [i for i, block in enumerate(blocks) if block.label is not None and block.label.kind == "annex"]
        self.last_bare = max((i for i in annexes if _is_bare_annex(blocks[i])), default=-1)
        backwards = range(len(blocks) - 1, -1, -1)
        self.last_text = next((i for i in backwards if not _lists_annex(blocks[i]) and not _is_note(blocks[i])), -1)

    def run(self) -> list[Node]:
        index = 0
        blocks = self.blocks
        while index < len(blocks):
            block = blocks[index]
            label = block.label
            if label is not None and label.kind == "annex":
                index = self._annex(index)
                continue
            if label is None and self.stack and self.stack[0].kind == "annex" and self._is_part(index):
                self._push_part(block)
            else:
                self._place(block)
            index += 1
        return self.nodes

    # annexes and parts

    def _annex(self, index: int) -> int:
        """Open an annex at the annex itself; a mere mention becomes an unnumbered paragraph."""
        block = self.blocks[index]
        label = block.label
        assert label is not None
        rest = compact(block.lines[0].text[label.end :]) + "".join(line.text for line in block.lines[1:])
        if (rest or self._heads_mentions(index)) and self._is_mention(index):
            self._unnumbered(join(block.lines), block, "paragraph", block.lines[0].start)
            index += 1
            while (
                index < len(self.blocks) and _lists_annex(self.blocks[index]) and not _is_bare_annex(self.blocks[index])
            ):
                index += 1
            return index
        node = Node(
            "annex", label.text, label.ordinal, block.lines[0].start, join(block.lines, label.end), lines=block.lines
        )
        self.stack = [node]
        self.nodes.append(node)
        self.last.clear()
        index += 1
        title: list[Line] = list(block.lines[1:])
        while not rest and index < len(self.blocks) and self._is_title(self.blocks[index]) and len(title) < 4:
            title.extend(self.blocks[index].lines)
            index += 1
            if re.search(
                r"(?:名单|细则|方案|办法|分工|表|单|清单|要点|标准|图|目录|措施|意见|职责|规定|流程|书|计划)$",
                compact(title[-1].text),
            ):
                break
        if title or rest:
            node.paragraph = join(title) if title else node.paragraph
            node.heading = node.paragraph.text
            node.heading_end = len(node.paragraph.text)
        return index

    def _is_mention(self, index: int) -> bool:
        """An annex is only named here where one that stands alone follows, or where nothing but such names follows."""
        return self.last_bare > index or self.last_text <= index

    def _heads_mentions(self, index: int) -> bool:
        """A line 附件: above a numbered list of the names of annexes."""
        block = self.blocks[index]
        if compact(block.lines[0].text)[-1] != ":" or index + 1 >= len(self.blocks):
            return False
        following = self.blocks[index + 1]
        return following.label is not None and following.label.kind == "num" and _lists_annex(following)

    @staticmethod
    def _is_title(block: Block) -> bool:
        text = compact(block.lines[0].text)
        return (
            block.label is None
            and len(block.lines) <= 3
            and bool(_TITLE_LIKE.match(text))
            and not _LIST_ENTRY.match(text)
        )

    def _is_part(self, index: int) -> bool:
        """An unnumbered title, inside an annex, after which the numbering begins with its first number."""
        if index + 1 >= len(self.blocks):
            return False
        following = self.blocks[index + 1].label
        if (
            following is None
            or following.ordinal != 1
            or following.kind not in ("cn", "chapter", "article", "cn_paren", "num")
        ):
            return False
        if following.kind in ("cn_paren", "num") and any(node.kind == "cn" for node in self.stack):
            return False
        return self._is_title(self.blocks[index])

    def _push_part(self, block: Block) -> None:
        del self.stack[1:]
        title = join(block.lines)
        node = Node(
            "part", title.text, 0, title.start, title, self.stack[0], title.text, len(title.text), lines=block.lines
        )
        self.stack.append(node)
        self.nodes.append(node)
        self.last.clear()

    # numbered clauses and paragraphs

    def _place(self, block: Block) -> None:
        label, lines = block.label, block.lines
        first = lines[0]
        if label is None:
            self._unnumbered(join(lines), block, "paragraph", first.start)
            return
        kind = label.kind
        if kind == "dash":
            self._unnumbered(join(lines, label.end), block, kind, first.start)
            return
        if kind == "cn" and first.row is not None and any(_is_printed_cn(node) for node in self.stack):
            self._unnumbered(join(lines), block, "paragraph", first.start)
            return
        if kind == "decimal":
            label = self._top_decimal(label)
        paragraph = join(lines, label.end)
        node = self._push(label, first.start, paragraph, block)
        if first.row is None and INLINE_GATE.search(paragraph.text):
            self._cut(paragraph, block, node)

    def _top_decimal(self, label: Label) -> Label:
        """In a document of decimal headings `1.` is a heading only in the row of the top numbers; elsewhere an item.

        A fragment may begin with any number.
        """
        if "." in label.text:
            return label
        inside = any(node.kind not in ("decimal", "part", "chapter") for node in self.stack)
        begins = not self.top and not self.nodes
        if not (begins or label.ordinal == self.top + 1) or (inside and self.stack[0].kind != "decimal"):
            return label._replace(kind="num")
        self.top = label.ordinal
        return label

    def _cut(self, paragraph: Paragraph, block: Block, holder: Node) -> None:
        """Make clauses of the labels that run on inside a paragraph."""
        text = paragraph.text
        inline = inline_labels(text)
        if not inline:
            return
        cuts: list[Label] = []
        expected = dict(self.last)
        seconds = {label.kind: position for position, label in enumerate(inline) if label.ordinal == 2}
        for position, label in enumerate(inline):
            # A list that begins inside a paragraph: its second label stands there as well.
            goes_on = label.ordinal > 1 or seconds.get(label.kind, -1) > position
            if label.kind == "circle" or (goes_on and label.ordinal == expected.get(label.kind, 0) + 1):
                cuts.append(label)
                expected[label.kind] = label.ordinal
        if not cuts:
            return
        holder.paragraph = paragraph.slice(0, cuts[0].end)
        holder.heading, holder.heading_end = _run_in_heading(holder.paragraph.text)
        stops = [*(label.end for label in cuts[1:]), len(text)]
        for label, stop in zip(cuts, stops, strict=True):
            body = label.end + len(label.text)
            if text[body : body + 1] in ("、", "."):
                body += 1
            self._push(label, paragraph.origin(label.end), paragraph.slice(body, stop), block)

    def _push(self, label: Label, start: int, paragraph: Paragraph, block: Block) -> Node:
        parent, nodes, last = self._parent(label), self.nodes, self.last
        kind, name, ordinal, _ = label
        titled = block.lines[0].row is None or kind == "cn"
        heading, end = _run_in_heading(paragraph.text) if titled else (None, 0)
        node = Node(kind, name, ordinal, start, paragraph, parent, heading, end, lines=block.lines)
        if not (nodes and nodes[-1].kind == kind):
            for lower in _RESTARTS[kind].intersection(last):
                del last[lower]
        last[kind] = ordinal
        self.stack.append(node)
        nodes.append(node)
        self.seen.add((id(parent), kind))
        return node

    def _parent(self, label: Label) -> Node | None:
        stack = self.stack
        if label.kind == "decimal":
            while stack and not (
                stack[-1].kind in ("annex", "part", "chapter", "cn") or _is_prefix(stack[-1], label.text)
            ):
                stack.pop()
            return stack[-1] if stack else None
        if stack and stack[-1].kind == label.kind:
            return stack.pop().parent
        rank = _RANK[label.kind]
        same = len(stack) - 1
        while same >= 0 and stack[same].kind != label.kind:
            same -= 1
        if same < 0 and label.ordinal == 1 and stack:
            top = _RANK[stack[-1].kind]
            if top > rank and top > _LOWEST and (id(self._above(rank)), label.kind) not in self.seen:
                return stack[-1]
        inner = stack[same + 1 :] if same >= 0 else []
        if same >= 0 and (not inner or all(_RANK[node.kind] >= rank or node.kind == "decimal" for node in inner)):
            parent = stack[same].parent
            del stack[same:]
            return parent
        while stack and _RANK[stack[-1].kind] >= rank:
            stack.pop()
        return stack[-1] if stack else None

    def _above(self, rank: int) -> Node | None:
        return next((node for node in reversed(self.stack) if _RANK[node.kind] < rank), None)

    def _unnumbered(self, paragraph: Paragraph, block: Block, kind: str, start: int) -> None:
        parent = self.stack[-1] if self.stack else None
        if kind == "paragraph" and len(self.stack) > 1 and _is_item_of_article(self.stack[-2], self.stack[-1]):
            del self.stack[-1]
            parent = self.stack[-1]
        node = Node(kind, "", 0, start, paragraph, parent, lines=block.lines, numbered=False)
        self.nodes.append(node)
        if parent is not None and block.lines[0].row is None and INLINE_GATE.search(paragraph.text):
            self._cut(paragraph, block, node)


def _is_item_of_article(article: Node, item: Node) -> bool:
    """An item (一) of an article: a paragraph behind it belongs to the article again."""
    return item.kind == "cn_paren" and article.kind == "article"


def _is_bare_annex(block: Block) -> bool:
    """A line that holds nothing but 附件, 附件: or 附件2."""
    return (
        block.label is not None and block.label.kind == "annex" and not block.lines[0].text[block.label.end :].strip()
    )


def _is_printed_cn(node: Node) -> bool:
    """A clause 一、 that is no group of a table's rows: a table under it has groups, but they number no clauses."""
    return node.kind == "cn" and node.lines[0].row is None


def _is_note(block: Block) -> bool:
    """Whom to call, who gets a copy, or what a web page prints under a document: no text of it."""
    return block.label is None and block.length < _LONGEST_NOTE and _NOTE.match(block.lines[0].text) is not None


def _lists_annex(block: Block) -> bool:
    """A line that may name one annex of a list of them."""
    if block.label is None or block.label.kind not in ("num", "annex"):
        return False
    text = block.lines[0].text
    return len(text) < 60 and "。" not in text


def _is_prefix(node: Node, number: str) -> bool:
    return node.kind in ("decimal", "num") and number.startswith(node.label + ".")


_RUN_IN = re.compile(r"([^。;:!?]{2,40}+)(?:。(?=.)|:(?=.))")


def _run_in_heading(text: str) -> tuple[str | None, int]:
    """Separate a run-in heading: the whole of a short line without full stop, or a short first sentence before more."""
    if text and len(text) <= 60 and text[-1] not in "。;:!?" and "。" not in text:
        return text, len(text)
    match = _RUN_IN.match(text)
    if match is None:
        return None, 0
    heading = match[1]
    commas = heading.count(",")
    names_it = commas <= 2 if match[0][-1] == "。" else not commas and len(heading) <= 24
    return (heading, match.end()) if names_it else (None, 0)


def _set_paths(nodes: list[Node]) -> None:
    supply_first(nodes)
    for node, following in pairwise(nodes):
        if (
            node.heading is None
            and following.parent is node
            and 2 <= len(text := node.paragraph.text) <= 30
            and text[-1] == "。"
            and "," not in text
        ):
            node.heading, node.heading_end = text[:-1], len(text)
    used: dict[str, int] = {}
    counters: dict[tuple[int, str], int] = {}
    for node in nodes:
        parent, numbered = node.parent, node.numbered
        if not numbered:
            key = (id(parent), node.kind)
            count = counters[key] = counters.get(key, 0) + 1
            node.label = f"{'—' if node.kind == 'dash' else '¶'}{count}"
        path = node.label if parent is None else f"{parent.path}/{node.label}"
        if path in used:
            used[path] += 1
            path = f"{path}~{used[path]}"
        else:
            used[path] = 1
        node.path = path
        node.filed = path if numbered or parent is None else parent.filed


def supply_first(nodes: list[Node]) -> None:
    """Supply a first 一 that a page or column break destroyed: the items before a printed 二 lie under it."""
    tops = [node for node in nodes if node.parent is None and node.kind == "cn"]
    if not tops or tops[0].ordinal != 2:
        return
    second = nodes.index(tops[0])
    items = [node for node in nodes[:second] if node.parent is None and node.numbered]
    if not items:
        return
    first = nodes.index(items[0])
    before = nodes[first - 1] if first else None
    if before is not None and not before.numbered:
        text = before.paragraph.text
        cut = max(text.rfind("。"), text.rfind("、")) + 1
        heading = (
            before.paragraph.slice(cut, len(text)) if cut < len(text) else Paragraph("", [(0, before.paragraph.end)])
        )
        if heading.text and cut:
            before.paragraph = before.paragraph.slice(0, cut)
    else:
        heading = Paragraph("", [(0, items[0].start)])
    supplied = Node("cn", "一", 1, heading.start, heading, None, heading.text or None, len(heading.text), supplied=True)
    nodes.insert(first, supplied)
    for node in items:
        node.parent = supplied
