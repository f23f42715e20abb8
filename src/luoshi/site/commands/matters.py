"""事项：台账、一件事项、填报、核验、按责任开立。"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    pass


from luoshi.site.console import AS, DAY, acting


@click.group(help=__doc__)
def command() -> None:
    """Work on matters from the command line."""


@command.command("list")
@AS
@click.option("--organ", multiple=True, help="单位代号或名称。")
@click.option("--light", multiple=True, type=click.Choice(["red", "yellow", "green", "grey", "paused", "blue"]))
@click.option("--state", multiple=True)
@click.option("--overdue", is_flag=True, help="只列逾期的。")
@click.option("--q", "words", default="", help="含哪些字。")
@click.option("--limit", default=40, type=click.IntRange(1, 200), show_default=True)
def list_(
    login: str, organ: Sequence[str], light: Sequence[str], state: Sequence[str], overdue: bool, words: str, limit: int
) -> None:
    """列出事项，按期限排。"""
    actor = acting(login)
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.duties.lights import lamp
    from luoshi.office.duties.matter_queries import MatterFilter, MatterLedger, who_holds

    day = CLOCK.today()
    wanted = MatterFilter(
        organs=tuple(organ), lights=tuple(light), states=tuple(state), overdue=overdue, q=words.strip()[:60]
    )
    asked = MatterLedger(wanted, actor=actor, day=day)
    rows = asked.page(size=limit).rows
    holding = who_holds(rows, day)
    for row in rows:
        due = f"{row.due_on}" if row.due_on else "未写时限"
        click.echo(f"{row.pk:>7}  {lamp(row, day).word}  {due}  {row.title}  {holding[row.pk].text}")
    total = asked.total()
    click.echo(f"共 {total.value} 件{'' if total.exact else '以上'}。", err=True)


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
def show(login: str, number: int) -> None:
    """一件事项：期限、灯、在谁手上、经过。"""
    actor = acting(login)
    from luoshi.kernel.clock import CLOCK, local
    from luoshi.office.duties.matter_queries import detail

    found = detail(actor, number, CLOCK.today())
    row = found.matter
    click.echo(f"{row.title}\n状态 {row.get_state_display()}  灯 {found.lamp.word}（{found.lamp.reason}）")
    click.echo(f"期限 {row.due_on or '未写'}  在谁手上 {found.holding.text}  版本 {row.version}")
    click.echo("；".join(f"{one.get_role_display()} {one.name}" for one in found.organs))
    for event in reversed(found.events):
        click.echo(f"  {local(event.at):%Y-%m-%d %H:%M}  {event.who}  {event.text}")


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
@click.option("--percent", default=None, help="完成比例。")
@click.option("--value", default=None, help="完成值，按目标的单位。")
@click.option("--text", "narrative", required=True, help="进展情况，10到2000字。")
@click.option("--evidence", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", default="")
@click.option("--submit", is_flag=True, help="填报后即送核验。")
def report(
    login: str,
    number: int,
    percent: str | None,
    value: str | None,
    narrative: str,
    evidence: Sequence[Path],
    reason: str,
    submit: bool,
) -> None:
    """填报进展，可附证据，可即送核验。"""
    actor = acting(login)
    from luoshi.office.duties.matter_actions import report_progress, submit_for_check

    files = [(path.name, path.read_bytes()) for path in evidence]
    made = report_progress(
        actor=actor, matter=number, percent=percent, value=value, narrative=narrative, evidence=files, reason=reason
    )
    click.echo(f"已填报 {made.period} 第{made.version}次，证据 {len(files)} 份。")
    if submit:
        submit_for_check(actor=actor, matter=number)
        click.echo("已送核验。")


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
@click.option("--return", "reason", default="", help="退回的理由；不写即核验通过，销号。")
@click.option("--formal", is_flag=True, help="只是形式问题，第一次送核验的时间照算。")
@click.option("--note", default="")
def check(login: str, number: int, reason: str, formal: bool, note: str) -> None:
    """核验：通过即销号，或写明理由退回。"""
    actor = acting(login)
    from luoshi.office.duties.matter_actions import accept_and_cross_off, return_matter

    if reason:
        return_matter(actor=actor, matter=number, reason=reason, formal=formal)
        click.echo("已退回。")
        return
    done = accept_and_cross_off(actor=actor, matter=number, note=note)
    click.echo(f"已销号，{f'晚{done.late_wd}个工作日' if done.late else '按期'}。")


@command.command("review-report")
@AS
@click.argument("number", type=click.IntRange(1))
@click.option("--return", "reason", default="", help="退回的理由；不写即接受。")
@click.option("--note", default="")
def review_report(login: str, number: int, reason: str, note: str) -> None:
    """接受或退回一次填报（接受后才算数的事项）。"""
    actor = acting(login)
    from luoshi.office.duties.matter_reports import accept_report, return_report

    if reason:
        return_report(actor=actor, matter=number, reason=reason)
        click.echo("已退回这次填报。")
        return
    made = accept_report(actor=actor, matter=number, note=note)
    click.echo(f"已接受 {made.period} 第{made.version}次填报，完成{made.percent_bp / 100:g}%。")


@command.command()
@click.option("--from", "first", type=DAY, default=None, help="自哪一天，默认今天。")
@click.option("--to", "last", type=DAY, default=None, help="到哪一天，默认31天后。")
def materialise(first: datetime.date | None, last: datetime.date | None) -> None:
    """按现行责任开立事项；再做一次不会重复。"""
    actor = acting("")
    from luoshi.office.duties import schedule

    def progress(_phase: str, n: int = 0, total: int = 0) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{n}/{total}", nl=False, err=True)

    made = schedule.materialise(first, last, actor=actor, report=progress)
    click.echo(f"看了 {made.duties} 条责任，新开 {made.made} 件，原有 {made.known} 件。")
