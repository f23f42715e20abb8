"""Places for a drawing of a procedure: columns from left to right, a band a party, lines that cross no shape.

Nodes stand in cells of a grid. A line leaves at the right of its node and enters at the left of the next; between the
columns there are gutters, between the rows channels, and in these every line has its own track, so that lines cross but
never lie on one another unless they lead to the same place. All figures are whole pixels.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import NamedTuple

from luoshi.office.drawing.flow import Arrow, Flow, Kind, Node

FONT = 12
LINE = 15
"""Height of a line of text."""
EVENT, GATEWAY = 36, 50
TASK_WIDTH, TASK_PAD = 136, 34
_LABEL_WIDTH, _TIMER_LABEL = 112, 84
_UNIT = 134
"""What a timer takes of the lower border of its task: circle and words."""
_TRACK, _MARGIN, _PAD = 10, 14, 8
POOL_HEAD, LANE_HEAD = 30, 30


class Point(NamedTuple):
    """A place in pixels from the upper left corner."""

    x: int
    y: int


class Box(NamedTuple):
    """A rectangle: its upper left corner, width and height."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The right border."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The lower border."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """The centre."""
        return Point(self.x + self.width // 2, self.y + self.height // 2)

    def meets(self, other: Box) -> bool:
        """Whether the two have any inner point in common."""
        return self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom


@dataclass(slots=True)
class Layout:
    """Where everything stands: the pool, its lanes, shapes, the words outside of shapes, the corners of lines."""

    pool: Box
    lanes: dict[str, Box] = field(default_factory=dict)
    shapes: dict[str, Box] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, list[Point]] = field(default_factory=dict)


def lay_out(flow: Flow) -> Layout:
    """Return places for all of a flow."""
    return _Grid(flow).layout()


def text_lines(text: str, width: int, font: int = FONT) -> list[str]:
    """Break words into lines of `width` pixels: a Chinese character is as wide as the font, another somewhat over half.

    Broken at blanks where that is enough; figures and latin words stay whole, and no line begins with a closing mark.
    """
    lines: list[str] = []
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines else word
        if lines and _width(joined, font) <= width:
            lines[-1] = joined
            continue
        line = ""
        for piece in _PIECES.findall(word):
            room = width + font if piece in _CLOSING else width
            if line and _width(line + piece, font) > room:
                lines.append(line)
                line = ""
            line += piece
        lines.append(line)
    return lines


_NARROW = 0x2E7F
_CLOSING = "，。；：、）》”！？"
_PIECES = re.compile(r"[!-~]{1,12}|.", re.DOTALL)


def _width(text: str, font: int) -> float:
    return sum(font if ord(character) > _NARROW else font * 0.58 for character in text)


def _text_height(text: str, width: int) -> int:
    return LINE * len(text_lines(text, width))


@dataclass(slots=True)
class _Cell:
    """What a node needs around its centre."""

    width: int
    height: int
    below: int
    label: int = 0


class _Grid:
    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.nodes = {key: node for key, node in flow.nodes.items() if not node.kind.on_border}
        self.arrows = [arrow for arrow in flow.arrows if flow.nodes[arrow.target].kind is not Kind.NOTICE]
        self.cells = {key: self._cell(node) for key, node in self.nodes.items()}
        self.column = self._columns()
        self.row, self.lane_rows = self._rows()
        self.at = {(self.column[key], self.row[key]): key for key in self.nodes}

    def _home(self, key: str) -> str:
        """Return the node in whose cell something stands."""
        return self.flow.nodes[key].host or key

    # --- what each takes ---

    def _cell(self, node: Node) -> _Cell:
        if node.kind in (Kind.TASK, Kind.SERVICE):
            timers = self.flow.timers_of(node.id)
            width = max(TASK_WIDTH, _UNIT * len(timers))
            words = _text_height(node.title, width - TASK_PAD) + (LINE if node.parties else 0)
            height = max(56, words + 22) + (_PAD if timers else 0)
            below = max((self._timer(timer)[2] for timer in timers), default=0)
            return _Cell(width, height, below)
        size = GATEWAY if node.kind in (Kind.CHOICE, Kind.RACE, Kind.SPLIT, Kind.JOIN) else EVENT
        label = _text_height(node.title, _LABEL_WIDTH)
        return _Cell(max(size, _LABEL_WIDTH if node.title else size), size, label + 4 if label else 0, label)

    def _timer(self, timer: Node) -> tuple[int, int, int]:
        """Return how far below the border of its task a timer's words end, its notice stands, all of it ends."""
        words = 4 + _text_height(timer.title, _TIMER_LABEL)
        notice = self._notice(timer)
        if notice is None:
            return words, 0, max(words, EVENT // 2) + 6
        half = max(EVENT, _text_height(notice.title, _TIMER_LABEL)) // 2 + 1
        centre = max(words + 4 + half, EVENT // 2 + 22 + EVENT // 2)
        return words, centre, centre + half + 6

    def _notice(self, timer: Node) -> Node | None:
        found = (self.flow.nodes[arrow.target] for arrow in self.flow.arrows_from(timer.id))
        return next((one for one in found if one.kind is Kind.NOTICE), None)

    # --- columns and rows ---

    def _columns(self) -> dict[str, int]:
        """Return for each node the longest way to it, counted without the flows that lead back."""
        onward: dict[str, list[str]] = defaultdict(list)
        for arrow in self.arrows:
            source, target = self._home(arrow.source), arrow.target
            if source != target and target not in onward[source] and not arrow.back:
                onward[source].append(target)
        order: list[str] = []
        ahead: dict[str, list[str]] = defaultdict(list)
        state: dict[str, int] = {}
        for root in self.nodes:
            if root in state:
                continue
            state[root] = 1
            stack = [(root, iter(onward[root]))]
            while stack:
                here, rest = stack[-1]
                following = next(rest, None)
                if following is None:
                    state[here] = 2
                    order.append(here)
                    stack.pop()
                elif state.get(following) != 1:
                    ahead[here].append(following)
                    if following not in state:
                        state[following] = 1
                        stack.append((following, iter(onward[following])))
        column = dict.fromkeys(self.nodes, 0)
        for here in reversed(order):
            for following in ahead[here]:
                column[following] = max(column[following], column[here] + 1)
        return column

    def _rows(self) -> tuple[dict[str, int], dict[str, tuple[int, int]]]:
        """Return each node's row, and the first row of each lane with how many it has."""
        before: dict[str, list[str]] = defaultdict(list)
        for arrow in self.arrows:
            source = self._home(arrow.source)
            if self.column[source] < self.column[arrow.target]:
                before[arrow.target].append(source)
        told = {key: n for n, key in enumerate(self.nodes)}
        inside: dict[str, int] = {}
        taken: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for key in sorted(self.nodes, key=lambda one: (self.column[one], told[one])):
            lane, column = self.nodes[key].lane, self.column[key]
            near = [inside[one] for one in before[key] if self.nodes[one].lane == lane]
            wanted = near[0] if near else 0
            rows = sorted(range(len(taken[lane]) + wanted + 1), key=lambda row: (abs(row - wanted), -row))
            inside[key] = next(row for row in rows if (column, row) not in taken[lane])
            taken[lane].add((column, inside[key]))
        first, lanes = 0, {}
        for lane, _title in self.flow.lanes:
            used = sorted({row for _column, row in taken[lane]})
            dense = {row: n for n, row in enumerate(used)}
            for key in self.nodes:
                if self.nodes[key].lane == lane:
                    inside[key] = first + dense[inside[key]]
            lanes[lane] = (first, len(used))
            first += len(used)
        return inside, lanes

    # --- routes: which gutters and channels a line uses ---

    def _free(self, row: int, after: int, before: int) -> bool:
        return all((column, row) not in self.at for column in range(after + 1, before))

    def _route(self, arrow: Arrow) -> _Route:
        source, target = self._home(arrow.source), arrow.target
        c1, r1, c2, r2 = self.column[source], self.row[source], self.column[target], self.row[target]
        if arrow.source != source:
            return _Route(arrow, "below", c1, r1 + 1, c2 - 1)
        if r1 == r2 and c1 < c2 and self._free(r1, c1, c2):
            return _Route(arrow, "straight")
        if c2 == c1 + 1 and (c1, r2) not in self.at:
            return _Route(arrow, "step", c1)
        channel = r2 if r2 > r1 or (r2 == r1 and c2 > c1) else r2 + 1
        return _Route(arrow, "around", c1, channel, c2 - 1)

    def layout(self) -> Layout:
        """Give out tracks, then pixels."""
        routes = [self._route(arrow) for arrow in self.arrows]
        out, into, across = _Tracks(), _Tracks(), _Tracks()
        for route in routes:
            arrow = route.arrow
            source, target = self._home(arrow.source), arrow.target
            r1, r2 = 2 * self.row[source] + 1, 2 * self.row[target] + 1
            if route.shape == "step":
                out.add(route.gutter_out, source, r1, r2)
            elif route.shape in ("around", "below"):
                if route.shape == "around":
                    out.add(route.gutter_out, source, r1, 2 * route.channel)
                start = 3 * route.gutter_out + (1 if route.shape == "around" else 0)
                into.add(route.gutter_in, target, r2, 2 * route.channel)
                across.add(route.channel, target, start, 3 * route.gutter_in + 2)
        for tracks in (out, into, across):
            tracks.colour()
        return self._pixels(routes, out, into, across)

    def _pixels(self, routes: Sequence[_Route], out: _Tracks, into: _Tracks, across: _Tracks) -> Layout:
        columns, rows = max(self.column.values()) + 1, max(self.row.values()) + 1
        left, x = {}, POOL_HEAD + LANE_HEAD
        gutter = {-1: x}
        x += _gap(into.count(-1))
        for column in range(columns):
            inside = [self.cells[key].width for key in self.nodes if self.column[key] == column]
            left[column] = (x, max(inside))
            x += max(inside)
            gutter[column] = x
            x += _gap(out.count(column) + into.count(column))
        width, centre, channel, y = x, {}, {}, 0
        tops = {}
        for row in range(rows + 1):
            tops[row] = channel[row] = y
            y += _gap(across.count(row))
            if row == rows:
                break
            inside_row = [self.cells[key] for key in self.nodes if self.row[key] == row]
            centre[row] = y + max(ceil(cell.height / 2) for cell in inside_row)
            y = centre[row] + max(ceil(cell.height / 2) + cell.below for cell in inside_row) + _PAD
        found = Layout(Box(0, 0, width, y))
        for lane, (first, count) in self.lane_rows.items():
            end = tops[first + count] if first + count < rows else y
            found.lanes[lane] = Box(POOL_HEAD, tops[first], width - POOL_HEAD, end - tops[first])
        for key, node in self.nodes.items():
            start, wide = left[self.column[key]]
            self._place(found, node, Point(start + wide // 2, centre[self.row[key]]))
        for route in routes:
            found.lines[route.arrow.id] = self._line(found, route, (out, into, across), gutter, channel)
        for arrow in self.flow.arrows:
            if arrow.id not in found.lines:
                timer, notice = found.shapes[arrow.source], found.shapes[arrow.target]
                found.lines[arrow.id] = [Point(timer.middle.x, timer.bottom), Point(notice.middle.x, notice.y)]
        return found

    def _place(self, found: Layout, node: Node, centre: Point) -> None:
        cell = self.cells[node.id]
        task = node.kind in (Kind.TASK, Kind.SERVICE)
        width = cell.width if task else cell.height
        shape = Box(centre.x - width // 2, centre.y - cell.height // 2, width, cell.height)
        found.shapes[node.id] = shape
        if cell.label:
            found.labels[node.id] = Box(centre.x - _LABEL_WIDTH // 2, shape.bottom + 4, _LABEL_WIDTH, cell.label)
        for place, timer in enumerate(self.flow.timers_of(node.id)):
            x = shape.x + 22 + place * _UNIT
            ring = Box(x - EVENT // 2, shape.bottom - EVENT // 2, EVENT, EVENT)
            words, depth, _end = self._timer(timer)
            found.shapes[timer.id] = ring
            found.labels[timer.id] = Box(ring.right + 4, shape.bottom + 4, _TIMER_LABEL, words - 4)
            notice = self._notice(timer)
            if notice is not None:
                below = Box(ring.x, shape.bottom + depth - EVENT // 2, EVENT, EVENT)
                height = _text_height(notice.title, _TIMER_LABEL)
                found.shapes[notice.id] = below
                found.labels[notice.id] = Box(below.right + 4, below.middle.y - height // 2, _TIMER_LABEL, height)

    def _line(
        self,
        found: Layout,
        route: _Route,
        tracks: tuple[_Tracks, _Tracks, _Tracks],
        gutter: Mapping[int, int],
        channel: Mapping[int, int],
    ) -> list[Point]:
        out, into, across = tracks
        arrow = route.arrow
        source, target = found.shapes[arrow.source], found.shapes[arrow.target]
        begin, end = Point(source.right, source.middle.y), Point(target.x, target.middle.y)
        home = self._home(arrow.source)
        if route.shape == "straight":
            return [begin, end]
        if route.shape == "step":
            x = gutter[route.gutter_out] + _MARGIN + _TRACK * out.of(route.gutter_out, home)
            return [begin, Point(x, begin.y), Point(x, end.y), end]
        y = channel[route.channel] + _MARGIN + _TRACK * across.of(route.channel, arrow.target)
        offset = out.count(route.gutter_in) + into.of(route.gutter_in, arrow.target)
        x2 = gutter[route.gutter_in] + _MARGIN + _TRACK * offset
        if route.shape == "below":
            begin = Point(source.middle.x, source.bottom)
            return [begin, Point(begin.x, y), Point(x2, y), Point(x2, end.y), end]
        x1 = gutter[route.gutter_out] + _MARGIN + _TRACK * out.of(route.gutter_out, home)
        return [begin, Point(x1, begin.y), Point(x1, y), Point(x2, y), Point(x2, end.y), end]


@dataclass(frozen=True, slots=True)
class _Route:
    """How a line runs: straight on, one step aside, around through a channel, or down from a task's border."""

    arrow: Arrow
    shape: str
    gutter_out: int = 0
    channel: int = 0
    gutter_in: int = 0


class _Tracks:
    """The tracks of gutters or channels: lines of one owner share a track, those of others get another one."""

    def __init__(self) -> None:
        self.spans: dict[int, dict[Hashable, tuple[int, int]]] = defaultdict(dict)
        self.track: dict[tuple[int, Hashable], int] = {}

    def add(self, where: int, owner: Hashable, *ends: int) -> None:
        """Ask for a track from one end to the other."""
        low, high = self.spans[where].get(owner, (min(ends), max(ends)))
        self.spans[where][owner] = (min(low, *ends), max(high, *ends))

    def colour(self) -> None:
        """Give every owner the first track that is free along its way."""
        for where, spans in self.spans.items():
            used: list[list[tuple[int, int]]] = []
            for owner, span in sorted(spans.items(), key=lambda item: (item[1], str(item[0]))):
                free = (n for n, known in enumerate(used) if not _meets_any(span, known))
                place = next(free, len(used))
                if place == len(used):
                    used.append([])
                used[place].append(span)
                self.track[where, owner] = place

    def of(self, where: int, owner: Hashable) -> int:
        """Return the owner's track."""
        return self.track[where, owner]

    def count(self, where: int) -> int:
        """Return how many tracks there are."""
        return max((place + 1 for (here, _owner), place in self.track.items() if here == where), default=0)


def _meets_any(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    return any(span[0] <= high and low <= span[1] for low, high in others)


def _gap(tracks: int) -> int:
    return 2 * _MARGIN + _TRACK * max(tracks - 1, 0)
