"""条款覆盖：luoshi coverage，每一条由什么承载，所指的在不在、有没有测试。"""

from __future__ import annotations

import sys
from typing import Any

import click

from luoshi.kernel.errors import LuoshiError
from luoshi.site.console import tell


@click.command(name="coverage", help=__doc__)
@click.argument("programme", required=False)
@click.option("--missing", is_flag=True, help="只列还有欠缺的条款：没有承载、所指不存在、没有测试。")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", help="输出格式，默认 text。")
@click.option("--strict", is_flag=True, help="有欠缺时以 3 退出。")
def command(programme: str | None, missing: bool, form: str, strict: bool) -> None:
    """Print the coverage of a programme, or of all; exit status 3 with --strict where anything is left to do."""
    try:
        found = _found(programme)
    except LuoshiError as error:
        tell(error.as_problem(), err=True)
        sys.exit(error.exit_status)
    from luoshi.office.coverage import as_data

    if form == "json":
        data = [
            {"programme": room.key, "title": room.title,
             "instruments": [as_data(report, only_open=missing) for report in reports]}
            for room, reports in found
        ]  # fmt: skip
        tell(data)
    else:
        for room, reports in found:
            for report in reports:
                _tell(room.title, report, only_open=missing)
    if strict and not all(report.complete for _room, reports in found for report in reports):
        sys.exit(3)


def _found(programme: str | None) -> list[tuple[Any, Any]]:
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.site.coverage_look import programme_of, reports
    from luoshi.site.registry import load_programmes

    rooms = [programme_of(programme)] if programme else load_programmes()
    return [(room, reports(room)) for room in rooms]


def _tell(title: str, report: Any, *, only_open: bool) -> None:
    from luoshi.office.coverage import State, locator_words

    figures = report.figures
    counts = "，".join(f"{state.title} {figures[state.value]}" for state in State if figures[state.value])
    click.echo(f"{title} {report.instrument}：共 {figures['clauses']} 条，{counts or '没有条款'}")
    if not report.library:
        click.echo("  库里没有这份文件，只列覆盖文件写到的条款。")
    for entry in report.stray:
        click.echo(f"  ✗ {entry.written}：这份文件没有这一条")
    for line in report.lines:
        if not line.clause.counts or (only_open and line.state.good):
            continue
        place = locator_words(line.clause.path)
        words = "、".join(_standing(artefact, found) for artefact, found in line.found)
        reasons = "；".join((line.entry.reasons or {}).values()) if line.entry else ""
        above = f"（随 {locator_words(line.above)}）" if line.above else ""
        click.echo(f"  {_SIGNS[line.state.value]} {place} {line.state.title}{above} {words}{reasons}".rstrip())


_SIGNS = {"missing": "✗", "unknown": "✗", "untested": "!", "carried": "✓", "judgement": "·", "exhortation": "·"}


def _standing(artefact: Any, found: Any) -> str:
    fault = "（不存在）" if found.exists is False else "（没有测试）" if found.exercised is False else ""
    unsure = "（未查）" if not fault and (found.exists is None or found.exercised is None) else ""
    return f"{artefact}{fault}{unsure}"
