"""A compilation as Markdown for people: warnings first, then each instrument with its clauses and duties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from luoshi.gazette.ledger import (
    ACTION_NAMES,
    counted,
    facts,
    place,
    rows,
    target_words,
    title,
    warning_words,
)
from luoshi.gazette.records import Compilation, Instrument

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~!&]")
_AT_START = re.compile(r"^(\d{1,9})([.)])|^([-+=])")


def to_markdown(compilation: Compilation) -> str:
    """Return the compilation as Markdown; no character of the text is read as a mark."""
    return "\n".join(_lines(compilation)) + "\n"


def escape(text: str) -> str:
    """Return `text` on one line, its characters standing for themselves."""
    text = _SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))
    return _AT_START.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", text)


def _lines(compilation: Compilation) -> Iterator[str]:
    yield f"# {escape(compilation.gazette.title or '公报')}"
    yield f"\n{counted(compilation)}。\n"
    if compilation.warnings:
        yield "## 存疑\n"
        for warning in compilation.warnings:
            yield f"- {escape(warning_words(warning))}"
        yield ""
    for instrument in compilation.instruments:
        yield from _instrument(instrument)


def _instrument(instrument: Instrument) -> Iterator[str]:
    yield f"## {escape(title(instrument))}\n"
    for label, text in facts(instrument):
        yield f"- {label}：{escape(text)}"
    if instrument.clauses:
        yield "\n### 条款\n"
    for clause in instrument.clauses:
        depth = min(clause.path.count("/"), 6)
        label = "" if clause.kind == "paragraph" else f"**{escape(clause.label)}** "
        heading = f"**{escape(clause.heading)}** " if clause.heading else ""
        yield f"{'  ' * depth}- {label}{heading}{escape(clause.text)}".rstrip()
    if instrument.duties:
        yield "\n### 责任\n"
        yield from _table(
            ("条款", "工作任务", "牵头单位", "配合单位", "完成时限", "目标值"), (row[1:] for row in rows(instrument))
        )
    if instrument.targets:
        yield "\n### 目标\n"
        yield from _table(("条款", "目标"), ((place(item.clause), target_words(item)) for item in instrument.targets))
    if instrument.memberships:
        yield "\n### 名单\n"
        yield from _table(
            ("机构", "角色", "姓名", "职务"),
            ((seat.group, seat.role, seat.person or "", seat.post or "") for seat in instrument.memberships),
        )
    if instrument.appointments:
        yield "\n### 任免\n"
        yield from _table(
            ("任免", "姓名", "职务", "备注"),
            ((ACTION_NAMES[act.action], act.person, act.post, act.remark or "") for act in instrument.appointments),
        )
    yield ""


def _table(head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for cells in body:
        yield f"| {' | '.join(map(escape, cells))} |"
