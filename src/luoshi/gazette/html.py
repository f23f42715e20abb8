"""A compilation as one self-contained HTML page: warnings first, then each instrument with its clauses and duties."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

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
from luoshi.gazette.records import Clause, Compilation, Instrument

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_STYLE = """
body{font:16px/1.7 "Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:70rem;
margin:0 auto;padding:1rem;color:#1b2420;background:#fff}
h1,h2,h3{line-height:1.35}h2{margin-top:3rem;border-top:2px solid #1b2420;padding-top:1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{border:1px solid #b9c2bd;padding:.35rem .5rem;text-align:left;vertical-align:top}th{background:#eef2f0}
.scroll{overflow-x:auto}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:#4c5a53}dd{margin:0}
.check{background:#fff6e0;border-left:4px solid #8a5a00;padding:.5rem 1rem}
.clause{margin:.25rem 0}.label{font-weight:600}
@media print{h2{break-before:page}thead{display:table-header-group}tr{break-inside:avoid}}
"""


def to_html(compilation: Compilation) -> str:
    """Return the compilation as a page without scripts or references to anything outside it."""
    name = _text(compilation.gazette.title or "公报")
    body = "\n".join(_body(compilation))
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width,initial-scale=1">\n<title>{name} · 责任台账</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n{body}\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return escape(_UNPRINTABLE.sub("\ufffd", text))


def _body(compilation: Compilation) -> Iterator[str]:
    yield f"<p>{counted(compilation)}。</p>"
    if compilation.warnings:
        items = "".join(f"<li>{_text(warning_words(warning))}</li>" for warning in compilation.warnings)
        yield f'<section class="check"><h3>存疑</h3><ul>{items}</ul></section>'
    for instrument in compilation.instruments:
        yield from _instrument(instrument)


def _instrument(instrument: Instrument) -> Iterator[str]:
    yield f"<section>\n<h2>{_text(title(instrument))}</h2>"
    yield f"<dl>{''.join(f'<dt>{label}</dt><dd>{_text(text)}</dd>' for label, text in facts(instrument))}</dl>"
    if instrument.duties:
        head = ("条款", "工作任务", "牵头单位", "配合单位", "完成时限", "目标值")
        yield _table("责任", head, (row[1:] for row in rows(instrument)))
    if instrument.targets:
        yield _table(
            "目标", ("条款", "目标"), ((place(item.clause), target_words(item)) for item in instrument.targets)
        )
    if instrument.memberships:
        seats = ((seat.group, seat.role, seat.person or "", seat.post or "") for seat in instrument.memberships)
        yield _table("名单", ("机构", "角色", "姓名", "职务"), seats)
    if instrument.appointments:
        acts = ((ACTION_NAMES[act.action], act.person, act.post, act.remark or "") for act in instrument.appointments)
        yield _table("任免", ("任免", "姓名", "职务", "备注"), acts)
    if instrument.clauses:
        yield "<h3>条款</h3>"
        yield from map(_clause, instrument.clauses)
    yield "</section>"


def _clause(clause: Clause) -> str:
    indent = min(clause.path.count("/"), 6) * 1.5
    label = "" if clause.kind == "paragraph" else f'<span class="label">{_text(clause.label)}</span> '
    heading = f"<strong>{_text(clause.heading)}</strong> " if clause.heading else ""
    return f'<p class="clause" style="margin-left:{indent}rem">{label}{heading}{_text(clause.text)}</p>'


def _table(caption: str, head: tuple[str, ...], body: Iterable[tuple[str, ...]]) -> str:
    titles = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    lines = "\n".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>" for cells in body)
    return (
        f'<h3>{caption}</h3>\n<div class="scroll"><table>\n<thead><tr>{titles}</tr></thead>\n'
        f"<tbody>\n{lines}\n</tbody></table></div>"
    )
