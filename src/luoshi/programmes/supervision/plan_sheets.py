"""Trees as a table: a line a node, told by its code; looked at first, written all or not at all (supervision 11)."""

from __future__ import annotations

import datetime
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import concern
from luoshi.office.registers import sheets
from luoshi.office.registers.actions import digest_of
from luoshi.office.registers.kinds import as_text, narrow
from luoshi.programmes.supervision import plan_actions, plan_import
from luoshi.programmes.supervision.models import EVIDENCE, ITEM_CODE, KeyItem, Leaf, Node, Plan

COLUMNS = (
    ("code", "编号", 20), ("title", "任务名称", 32), ("kind", "类别", 10), ("weight", "权重（%）", 10),
    ("start", "开始日", 12), ("due", "完成日", 12), ("organ", "单位", 20), ("post", "岗位", 20),
    ("deliverable", "成果", 32), ("target", "目标代号", 10), ("baseline", "基数", 10), ("target_value", "目标值", 10),
    ("unit", "计量单位", 10), ("evidence_types", "佐证种类", 24), ("cycle", "填报周期", 10),
    ("planned_points", "计划点", 32), ("place", "地点（纬度,经度）", 22),
)  # fmt: skip
"""Columns of the table: name, title, width."""
MOST_ROWS = 20_000
_HEAD_ROWS = 10
_TITLES = {narrow(title).split("(")[0]: name for name, title, _width in COLUMNS}
_CODE = re.compile(rf"{ITEM_CODE}((?:\.\d{{2}}){{1,4}})")
_POINT = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[:： ]+(\d+(?:\.\d+)?)%?")
_KINDS = {str(label): str(key) for key, label in Node.Kind.choices}
_CYCLES = {str(label): str(key) for key, label in Leaf.Cycle.choices}
_PROOFS = {narrow(label).split("(")[0]: key for key, label in EVIDENCE.items()}


class CellFault(NamedTuple):
    """What is wrong at a cell of a file, or in a row (`column` empty)."""

    row: int
    column: str
    words: str

    @property
    def cell(self) -> str:
        """The place as a spreadsheet names it."""
        return f"{self.column}{self.row}"


@dataclass(slots=True)
class Planned:
    """What a file would do."""

    digest: str
    rows: int = 0
    faults: list[CellFault] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0


class _Line(NamedTuple):
    row: int
    cells: dict[str, str]
    letters: dict[str, str]


def look(*, actor: Actor, plan: Plan, item: KeyItem | None, name: str, data: bytes) -> Planned:
    """Read a table of nodes and say what it would do, of one item or of any of the plan. Nothing is written.

    Errors: E_FILE, E_HEADER, E_TOO_LARGE.
    """
    with transaction.atomic():
        found = _through(actor, plan, item, name, data)
        transaction.set_rollback(True)
    return found


def take_in(*, actor: Actor, plan: Plan, item: KeyItem | None, name: str, data: bytes, digest: str) -> Planned:
    """Write what `look` said of the same file: all of it or none; nodes are told by their codes.

    Side effects: trees are drafts again, history, audit. Errors: E_VERSION for another file than the one looked at,
    E_ROWS with any fault, E_INCOMPLETE when nothing is new.
    """
    with transaction.atomic():
        found = _through(actor, plan, item, name, data)
        if found.digest != digest:
            raise LuoshiError("E_VERSION", "您确认的不是这个文件。请重新选择文件、看过预览再导入。")
        if found.faults:
            rows = [one._asdict() | {"cell": one.cell} for one in found.faults[:100]]
            raise LuoshiError("E_ROWS", f"有{len(found.faults)}处须更正，没有写入任何一行。", fields={"faults": rows})
        if not found.new and not found.changed:
            raise LuoshiError("E_INCOMPLETE", "文件里的任务与现有的一致，没有要写入的。")
        counts = {"name": name[:200], "digest": digest, "new": len(found.new), "changed": len(found.changed)}
        append(actor=actor, act="work.tree_import", subject=f"plan:{plan.pk}", after=counts)
    return found


def _through(actor: Actor, plan: Plan, only: KeyItem | None, name: str, data: bytes) -> Planned:
    """Write every row, gathering what is wrong; whoever calls keeps it or takes it back."""
    found = Planned(digest_of(data))
    items: dict[int, KeyItem] = {}
    touched: dict[int, Counter[str]] = {}
    seen: set[str] = set()
    lines = sorted(_rows(name, data), key=lambda one: one.cells["code"].count("."))
    for line in lines:
        found.rows += 1
        try:
            match = _CODE.fullmatch(line.cells["code"])
            if match is None or int(match[1]) != plan.year or bool(match[2]) != plan.outside:
                like = f"{plan.code(only.seq if only else 24)}.03.02"
                raise _wrong("code", f"编号“{line.cells['code'][:20]}”应如{like}，每级两位，至多四级")
            seq = int(match[3])
            code = f"{plan.code(seq)}{match[4]}"
            if code in seen:
                raise _wrong("code", f"编号{code}在文件里不止一行")
            seen.add(code)
            item = items.get(seq) or _item(actor, plan, only, seq)
            items[item.seq] = item
            outcome = _put(item, code, line)
        except LuoshiError as refusal:
            place = {"weight_bp": "weight", "parent": "code"}.get(str(refusal.fields.get("field", "")))
            column = place or str(refusal.fields.get("field", ""))
            found.faults.append(CellFault(line.row, line.letters.get(column, ""), refusal.message.rstrip("。")))
            continue
        touched.setdefault(item.seq, Counter())[outcome] += 1
        {"new": found.new, "changed": found.changed}.get(outcome, []).append(code)
        found.unchanged += outcome == "same"
    for seq, counts in touched.items():
        if counts["new"] or counts["changed"]:
            _sums(found, items[seq], lines)
            items[seq].decomposition = KeyItem.Decomposition.DRAFTED
            said = f"导入任务表：新增{counts['new']}个，改{counts['changed']}个"
            plan_actions.record(items[seq], actor, "tree", said, {"file": name[:200]})
    found.faults.sort()
    return found


def _item(actor: Actor, plan: Plan, only: KeyItem | None, seq: int) -> KeyItem:
    row = KeyItem.objects.filter(plan=plan, seq=seq).first()
    if row is None or (only is not None and only.pk != row.pk):
        raise _wrong("code", f"第{seq}项不在{'本项' if only else '本计划'}")
    item = plan_actions.locked(row.pk)
    plan_actions.require_decomposer(actor, item)
    plan_actions.require_drafting(item)
    return item


def _wrong(field_name: str, words: str) -> LuoshiError:
    return LuoshiError("E_INPUT", words, fields={"field": field_name})


def _put(item: KeyItem, code: str, line: _Line) -> str:
    """Write one row; return new, changed or same."""
    parent = code.rpartition(".")[0] if code.count(".") > 1 else ""
    before = _picture(Node.objects.filter(item=item, code=code).select_related("leaf__target").first())
    node = plan_actions.put_node(item, code=code, parent=parent, row=_values(item, line.cells))
    after = _picture(Node.objects.select_related("leaf__target").get(pk=node.pk))
    return "new" if before is None else "same" if before == after else "changed"


def _picture(node: Node | None) -> list[Any] | None:
    return None if node is None else _cells(node)


def _values(item: KeyItem, cells: Mapping[str, str]) -> dict[str, Any]:
    kind = _KINDS.get(cells["kind"] or "最小颗粒", cells["kind"])
    if kind not in Node.Kind.values:
        raise _wrong("kind", f"类别应为{'、'.join(_KINDS)}之一")
    values: dict[str, Any] = {
        "title": cells["title"],
        "kind": kind,
        "weight_bp": weight_of(cells["weight"]),
        "start": day(cells["start"], "start"),
        "due": day(cells["due"], "due"),
    }
    if kind == Node.Kind.LEAF:
        cycle = cells["cycle"]
        values |= {
            "organ": organ_of(item, cells["organ"]),
            "cycle": _CYCLES.get(cycle, cycle),
            "evidence_types": [_PROOFS.get(narrow(one).split("(")[0], one) for one in _split(cells["evidence_types"])],
            "planned_points": points(cells["planned_points"]),
            **place(cells["place"]),
            **{name: cells[name] for name in ("post", "deliverable", "target", "baseline", "target_value", "unit")},
        }
    return values


def weight_of(text: str) -> int:
    """Return a weight in basis points from percent with at most two decimals; E_INPUT."""
    try:
        share = Decimal(text.strip().removesuffix("%").removesuffix("％").strip())
    except InvalidOperation:
        raise _wrong("weight", "权重应为数字，如30或33.33") from None
    if not share.is_finite() or share * 100 != (share * 100).to_integral_value() or not 0 < share <= 100:
        raise _wrong("weight", "权重应大于0、不超过100，至多两位小数")
    return int(share * 100)


def day(text: str, field_name: str) -> datetime.date | None:
    """Return a day, None for an empty cell; E_INPUT."""
    if not text.strip():
        return None
    try:
        return datetime.date.fromisoformat(_iso(text.strip().replace("/", "-")[:10]))
    except ValueError:
        raise _wrong(field_name, f"“{text[:20]}”不是日期，应如2019-06-30") from None


def _iso(text: str) -> str:
    parts = text.split("-")
    return "-".join([parts[0], *(part.zfill(2) for part in parts[1:])])


def organ_of(item: KeyItem, text: str) -> str:
    """Return the slug of an organ of an item, written by name or slug; what is none is refused by the tree."""
    return plan_import.slug_of(text) or text if text else ""


def points(text: str) -> list[tuple[datetime.date, str]]:
    """Return planned points written as 2019-05-31:20；2019-08-31:60; E_INPUT."""
    found = []
    for one in _split(text):
        match = _POINT.fullmatch(one)
        reached = day(match[1], "planned_points") if match else None
        if match is None or reached is None:
            raise _wrong("planned_points", f"计划点“{one[:20]}”应如2019-05-31:20，多个用分号隔开")
        found.append((reached, match[2]))
    return found


def place(text: str) -> dict[str, str]:
    """Return latitude and longitude written as 36.91963,121.53968; nothing for an empty cell; E_INPUT."""
    parts = [one for one in re.split(r"[,，、;；\s]+", text.strip()) if one]
    if not parts:
        return {"latitude": "", "longitude": ""}
    if len(parts) != 2:
        raise _wrong("place", f"地点“{text[:30]}”应如36.91963,121.53968，先纬度后经度")
    return {"latitude": parts[0], "longitude": parts[1]}


def place_text(leaf: Leaf) -> str:
    """Return the place of a task as it is written, nothing without one."""
    if leaf.latitude is None or leaf.longitude is None:
        return ""
    return f"{leaf.latitude.normalize():f},{leaf.longitude.normalize():f}"


def _split(text: str) -> list[str]:
    return [one.strip() for one in re.split("[;；、,，\n]", text) if one.strip()]


def _sums(found: Planned, item: KeyItem, lines: Sequence[_Line]) -> None:
    """Add a fault where siblings do not make up the whole, at the first row that is one of them."""
    sums: Counter[int | None] = Counter()
    first: dict[int | None, str] = {}
    for node in Node.objects.filter(item=item, ended_at=None).select_related("parent").order_by("code"):
        sums[node.parent_id] += node.weight_bp
        first.setdefault(node.parent_id, node.parent.code if node.parent else item.code)
    for parent, total in sums.items():
        if total != 10000:
            above = first[parent]
            at = next((line for line in lines if line.cells["code"].startswith(above)), lines[0])
            words = f"{above}下同级任务权重之和须为 100%(现为 {percent(total)}%)"
            found.faults.append(CellFault(at.row, at.letters.get("weight", ""), words))


def _rows(name: str, data: bytes) -> Iterator[_Line]:
    """Yield the rows after the header, by column as text. E_HEADER when code, title or weight have no column."""
    cells, size = sheets.cells_of(name, data)
    if size > MOST_ROWS:
        raise LuoshiError("E_TOO_LARGE", f"“{name}”有 {size:,} 行，超过 {MOST_ROWS:,} 行，请拆分后再导入。")
    places: dict[str, int] = {}
    letters: dict[str, str] = {}
    for number, row in enumerate(cells, 1):
        if not places:
            seen = {
                _TITLES[key]: place
                for place, cell in enumerate(row)
                if (key := narrow(as_text(cell)).split("(")[0].strip("*")) in _TITLES
            }
            if {"code", "title", "weight"} <= set(seen):
                places = seen
                letters = {column: chr(65 + place) for column, place in seen.items() if place < 26}
            elif number >= _HEAD_ROWS:
                break
            continue
        found = {
            column: as_text(row[places[column]]).strip() if column in places and places[column] < len(row) else ""
            for column, _title, _width in COLUMNS
        }
        if found["code"] or found["title"]:
            yield _Line(number, found, letters)
    if not places:
        raise LuoshiError("E_HEADER", f"“{name}”里没有找到“编号、任务名称、权重”三列。请用本页的模板填写。")


# --- out --------------------------------------------------------------------------------------------------------------


def workbook(plan: Plan, item: KeyItem | None, *, actor: Actor) -> bytes:
    """Return the tree of an item, or of the whole plan, as a table that can be taken in again. One audit entry."""
    stream = io.BytesIO()
    table = sheets.Book(stream, title="任务分解", columns=[(title, width, False) for _name, title, width in COLUMNS])
    nodes = Node.objects.filter(plan=plan, ended_at=None).select_related("leaf__target").order_by("code")
    if item is not None:
        nodes = nodes.filter(item=item)
    count = 0
    for node in nodes.iterator(chunk_size=500):
        count += 1
        table.add(_cells(node))
    what = f"{item.code} {item.title}" if item else plan.title
    example = f"{plan.year}-{item.seq if item else 1:02d}.01"
    table.close([
        ["台账", f"{'演示数据；' if settings.DEMO else ''}任务分解 {what}"],
        ["说明", f"一个节点一行，按编号认（如{example}）；类别填{'、'.join(_KINDS)}，同级权重之和为100。"],
        ["多项", "多个佐证种类、计划点用分号隔开，计划点如2019-05-31:20。"],
        ["佐证种类", "；".join(word.partition("（")[0] for word in EVIDENCE.values())],
        ["单位", "、".join(_organs(item)) if item else "本项的责任单位、配合单位或所列镇区"],
        ["任务", f"{count:,}"],
        ["导出", f"{CLOCK.now():%Y-%m-%d %H:%M} {actor.name}"],
    ])  # fmt: skip
    append(actor=actor, act="work.tree_export", subject=f"plan:{plan.pk}",
           after={"nodes": count, "item": item.code if item else ""})  # fmt: skip
    return stream.getvalue()


def _organs(item: KeyItem) -> list[str]:
    return list(concern.titles(item.concerns.order_by("-role", "id").values_list("organ", flat=True)).values())


def _cells(node: Node) -> list[Any]:
    cells: list[Any] = [
        node.code, node.title, str(node.get_kind_display()), percent(node.weight_bp),
        node.start.isoformat() if node.start else "", node.due.isoformat() if node.due else "",
    ]  # fmt: skip
    if node.kind != Node.Kind.LEAF:
        return [*cells, *[""] * (len(COLUMNS) - len(cells))]
    leaf = node.leaf
    return [
        *cells, concern.title(leaf.organ), leaf.post, leaf.deliverable, leaf.target.code if leaf.target else "",
        _plain(leaf.baseline), _plain(leaf.target_value), leaf.unit,
        "；".join(EVIDENCE.get(one, one).partition("（")[0] for one in leaf.evidence_types),
        str(leaf.get_cycle_display()),
        "；".join(f"{when}:{percent}" for when, percent in leaf.planned_points), place_text(leaf),
    ]  # fmt: skip


def percent(basis_points: int) -> str:
    """Return a weight in percent without noughts at the end."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0") if rest else str(whole)


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"
