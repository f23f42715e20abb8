"""Firms' plans as a table: a line a step, with the level's reductions; looked at first, written when confirmed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.registers import sheets
from luoshi.office.registers.actions import digest_of
from luoshi.office.registers.kinds import as_text, narrow
from luoshi.programmes.heavy_pollution import site_plans
from luoshi.programmes.heavy_pollution.decisions.plans import LEVELS, POLLUTANTS, faults
from luoshi.programmes.heavy_pollution.models import Enterprise, SitePlan
from luoshi.programmes.heavy_pollution.words import ROMAN, rank_of

COLUMNS = (
    ("firm", "统一社会信用代码", 22), ("name", "企业名称", 28), ("year", "年度", 6), ("level", "级别", 6),
    ("process", "工序", 24), ("action", "停或限", 8), ("limit", "限产比例", 10), ("hours", "所需时间（小时）", 10),
    ("safety", "安全要求", 28), ("evidence", "应交凭证", 20),
    *((name, f"{title}减排（kg/d）", 14) for name, title in POLLUTANTS.items()),
)  # fmt: skip
"""Columns of the table: name, title, width."""
MOST_ROWS = 20_000
_HEAD_ROWS = 10
_TITLES = {narrow(title).split("(")[0]: name for name, title, _width in COLUMNS}


class RowFault(NamedTuple):
    """What is wrong with a row of a file."""

    row: int
    words: str


@dataclass(slots=True)
class Planned:
    """What a file would do: a plan a firm and year, new or changed; nothing of it is written."""

    digest: str
    rows: int = 0
    faults: list[RowFault] = field(default_factory=list)
    new: list[tuple[Enterprise, int, Any, Any]] = field(default_factory=list)
    changed: list[tuple[SitePlan, Any, Any]] = field(default_factory=list)
    unchanged: int = 0


def look(*, actor: Actor, name: str, data: bytes) -> Planned:
    """Read a file of plans and say what it would do. Nothing is written. Errors: E_FILE, E_HEADER, E_TOO_LARGE."""
    found = Planned(digest_of(data))
    groups: dict[tuple[str, str], dict[str, list[tuple[int, dict[str, str]]]]] = {}
    for number, row in _rows(name, data):
        found.rows += 1
        try:
            level = ROMAN[rank_of(row["level"])]
        except ValueError:
            level = "none"
        if level not in LEVELS:
            found.faults.append(RowFault(number, f"级别“{row['level'][:10]}”应是Ⅳ、Ⅲ、Ⅱ、Ⅰ之一"))
            continue
        groups.setdefault((row["firm"].upper(), row["year"]), {}).setdefault(level, []).append((number, row))
    firms = Enterprise.objects.filter(credit_code__in=[code for code, _year in groups], void=False, ended_on=None)
    known = {one.credit_code: one for one in firms}
    plans = _newest(known.values())
    for (code, year), levels in groups.items():
        first = min(number for lines in levels.values() for number, _row in lines)
        firm = known.get(code)
        if firm is None:
            found.faults.append(RowFault(first, f"名单里没有信用代码为“{code[:18] or '空'}”的企业"))
            continue
        _look_at(actor, found, firm, year, levels, first, plans)
    found.faults.sort()
    return found


def _look_at(
    actor: Actor,
    found: Planned,
    firm: Enterprise,
    year: str,
    levels: Mapping[str, list[tuple[int, dict[str, str]]]],
    first: int,
    plans: Mapping[tuple[int, int], SitePlan],
) -> None:
    """Add what one firm's lines would do, or what is wrong with them."""
    chosen = int(year) if year.isdecimal() else firm.list_year if not year else 0
    if not 2018 <= chosen <= 2100:
        found.faults.append(RowFault(first, f"年度“{year[:10]}”应在2018至2100之间"))
        return
    wrong: list[RowFault] = []
    try:
        site_plans.drawer_of(actor, firm)
        steps = site_plans.read_steps({level: [row for _n, row in lines] for level, lines in levels.items()})
        reductions = site_plans.read_reductions({level: _amounts(lines, wrong) for level, lines in levels.items()})
    except LuoshiError as refusal:
        found.faults.append(RowFault(first, refusal.message))
        return
    amounts = {level: {name: Decimal(text) for name, text in row.items()} for level, row in reductions.items()}
    counts = {level: len(lines) for level, lines in steps.items()}
    for fault in faults(site_plans.base_of(firm), amounts, counts):
        at = levels[fault.level][0][0] if fault.level in levels else first
        wrong.append(RowFault(at, f"{firm.name}：{fault.reason.text}"))
    last = plans.get((firm.pk, chosen))
    same = last is not None and (last.steps, _exact(last.reductions)) == (steps, _exact(reductions))
    if not same and last is not None and last.state == SitePlan.State.SUBMITTED:
        wrong.append(RowFault(first, f"{firm.name}的方案正在审核，不能改。请等退回或审核后再导入"))
    if wrong:
        found.faults += wrong
    elif same:
        found.unchanged += 1
    elif last is not None and last.state in (SitePlan.State.DRAFT, SitePlan.State.RETURNED):
        found.changed.append((last, steps, reductions))
    elif last is not None and last.state == SitePlan.State.APPROVED:
        found.faults.append(RowFault(first, f"{firm.name}的方案已审核、还没有备案。请先备案，再导入新的一版"))
    else:
        found.new.append((firm, chosen, steps, reductions))


def _exact(reductions: Mapping[str, Mapping[str, str]]) -> dict[tuple[str, str], Decimal]:
    return {
        (level, name): Decimal(amount) for level, row in reductions.items() for name, amount in row.items() if amount
    }


def _amounts(lines: Sequence[tuple[int, dict[str, str]]], wrong: list[RowFault]) -> dict[str, str]:
    """Return the level's reductions: each written once, or the same on every line."""
    found: dict[str, str] = {}
    for number, row in lines:
        for name, title in POLLUTANTS.items():
            if not row[name]:
                continue
            if found.setdefault(name, row[name]) != row[name]:
                wrong.append(RowFault(number, f"{title}减排量{row[name][:20]}与同级前面的{found[name][:20]}不一致"))
    return found


def _newest(firms: Iterable[Enterprise]) -> dict[tuple[int, int], SitePlan]:
    rows = SitePlan.objects.filter(enterprise__in=[one.pk for one in firms]).exclude(state=SitePlan.State.WITHDRAWN)
    return {(row.enterprise_id, row.year): row for row in rows.select_related("enterprise").order_by("edition")}


def take_in(*, actor: Actor, name: str, data: bytes, digest: str) -> Planned:
    """Write what `look` said of the same file: drafts, new or changed, all of them or none.

    Errors: E_VERSION for another file than the one looked at, E_ROWS with any fault, E_INCOMPLETE when nothing is new.
    """
    with transaction.atomic():
        found = look(actor=actor, name=name, data=data)
        if found.digest != digest:
            raise LuoshiError("E_VERSION", "您确认的不是这个文件。请重新选择文件、看过预览再导入。")
        if found.faults:
            raise LuoshiError("E_ROWS", f"有 {len(found.faults)} 处须更正，没有写入任何一行。",
                              fields={"faults": [one._asdict() for one in found.faults[:100]]})  # fmt: skip
        if not found.new and not found.changed:
            raise LuoshiError("E_INCOMPLETE", "文件里的方案与现有的一致，没有要写入的。")
        for firm, year, steps, reductions in found.new:
            site_plans.draft(actor=actor, firm=firm.credit_code, year=year, steps=steps, reductions=reductions)
        for row, steps, reductions in found.changed:
            site_plans.change(actor=actor, pk=row.pk, steps=steps, reductions=reductions)
        counts = {"name": name[:200], "digest": digest, "new": len(found.new), "changed": len(found.changed)}
        append(actor=actor, act="pollution.plan_import", subject="hp-plans", permission="pollution.plan", after=counts)
    return found


def _rows(name: str, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows after the header, by column as text. E_HEADER when firm, level or process have no column."""
    cells, size = sheets.cells_of(name, data)
    if size > MOST_ROWS:
        raise LuoshiError("E_TOO_LARGE", f"“{name}”有 {size:,} 行，超过 {MOST_ROWS:,} 行，请拆分后再导入。")
    places: dict[str, int] = {}
    for number, row in enumerate(cells, 1):
        if not places:
            seen = {
                _TITLES[key]: place
                for place, cell in enumerate(row)
                if (key := narrow(as_text(cell)).split("(")[0].strip("*")) in _TITLES
            }
            if {"firm", "level", "process"} <= set(seen):
                places = seen
            elif number >= _HEAD_ROWS:
                break
            continue
        found = {
            column: as_text(row[places[column]]).strip() if column in places and places[column] < len(row) else ""
            for column, _title, _width in COLUMNS
        }
        if found["firm"] or found["process"]:
            yield number, found
    if not places:
        raise LuoshiError("E_HEADER", f"“{name}”里没有找到“统一社会信用代码、级别、工序”三列。请用本页的模板填写。")


# --- out --------------------------------------------------------------------------------------------------------------


def workbook(rows: Iterable[SitePlan], *, actor: Actor, described: str) -> bytes:
    """Return plans as a table that can be taken in again. Side effect: one audit entry."""
    stream = io.BytesIO()
    columns = [(title, width, name in POLLUTANTS) for name, title, width in COLUMNS]
    book = sheets.Book(stream, title="减排操作方案", columns=columns)
    count = 0
    for row in rows:
        count += 1
        for cells in _cells(row):
            book.add(cells)
    book.close([
        ["台账", f"{'演示数据；' if settings.DEMO else ''}减排操作方案"],
        ["条件", described],
        ["方案", f"{count:,}"],
        ["导出", f"{CLOCK.now():%Y-%m-%d %H:%M} {actor.name}"],
    ])  # fmt: skip
    append(actor=actor, act="pollution.plan_export", subject="hp-plans", permission="pollution.see",
           after={"plans": count, "filter": described})  # fmt: skip
    return stream.getvalue()


def _cells(row: SitePlan) -> Iterator[list[Any]]:
    firm = row.enterprise
    for level, words in LEVELS.items():
        amounts = [row.reductions.get(level, {}).get(name, "0") for name in POLLUTANTS]
        for number, line in enumerate(row.steps.get(level) or [dict.fromkeys(site_plans.STEP_FIELDS, "")]):
            yield [
                firm.credit_code, firm.name, row.year, words.removesuffix("级"),
                *(line.get(name, "") for name in site_plans.STEP_FIELDS),
                *(amounts if number == 0 else [""] * len(amounts)),
            ]  # fmt: skip


def template() -> bytes:
    """Return the empty table."""
    stream = io.BytesIO()
    book = sheets.Book(stream, title="减排操作方案", columns=[(title, width, False) for _n, title, width in COLUMNS])
    book.close([
        ["说明", "每道工序一行；各级的减排量写在该级第一行；停或限填“停产”“限产”，限产填比例。"],
    ])  # fmt: skip
    return stream.getvalue()
