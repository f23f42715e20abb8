"""工作日历：看一年、录入放假调休通知、由另一人批准。"""

from __future__ import annotations

import datetime

import click

from luoshi.site.console import AS, acting


@click.group(help=__doc__)
def command() -> None:
    """Look at the working calendar and change it by two hands."""


@command.command()
@click.argument("year", type=click.IntRange(2004, 2050), required=False)
def show(year: int | None) -> None:
    """一年里的节假日和调休上班日。"""
    acting()
    from luoshi.kernel.calendar import DayKind
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.calendar.book import calendar

    table, wanted = calendar(), year or CLOCK.today().year
    words = {DayKind.HOLIDAY: "休", DayKind.WORKED_WEEKEND: "班"}
    for day in table.days(datetime.date(wanted, 1, 1), datetime.date(wanted, 12, 31)):
        if (kind := table.kind(day)) in words:
            click.echo(f"{day} {words[kind]}")
    provisional = "，暂定：放假安排尚未公布" if table.is_provisional(datetime.date(wanted, 7, 1)) else ""
    click.echo(f"历表 {table.version}{provisional}", err=True)


@command.command()
def changes() -> None:
    """录入过的变更。"""
    acting()
    from luoshi.office.calendar import queries

    for row in queries.changes():
        days = f"休 {'、'.join(row.off) or '—'}  班 {'、'.join(row.worked) or '—'}"
        click.echo(f"{row.pk:>4}  {row.get_state_display()}  {row.source}  {days}")


@command.command()
@AS
@click.option("--source", required=True, help="依据哪份通知。")
@click.option("--off", default="", help="放假的日子，如 2019-10-01至2019-10-07。")
@click.option("--worked", default="", help="上班的日子。")
@click.option("--year", "whole_year", type=click.IntRange(2005, 2050), default=None, help="是哪一年的全年安排。")
def propose(login: str, source: str, off: str, worked: str, whole_year: int | None) -> None:
    """录入一份通知，等另一人批准；先说会改动多少未结期限。"""
    actor = acting(login)
    from luoshi.office.calendar import actions
    from luoshi.office.calendar.book import calendar
    from luoshi.office.calendar.days import named_days, read_days, turned, with_change
    from luoshi.office.cases.recount import foresee

    row = actions.propose(
        actor=actor, source=source, off=read_days(off), worked=read_days(worked), whole_year=whole_year
    )
    after = with_change(row)
    found = foresee(after, [one.day for one in turned(calendar(), after, named_days(row))])
    more = "" if found.exact else "以上"
    click.echo(f"第 {row.pk} 号，等批准。未结期限推后 {found.later}，提前 {found.earlier}{more}。")


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
def approve(login: str, number: int) -> None:
    """批准一项变更。"""
    actor = acting(login)
    from luoshi.office.calendar import actions

    click.echo(f"第 {number} 号 {actions.approve(actor=actor, change=number).get_state_display()}")


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
def refuse(login: str, number: int) -> None:
    """不同意一项变更。"""
    actor = acting(login)
    from luoshi.office.calendar import actions

    click.echo(f"第 {number} 号 {actions.refuse(actor=actor, change=number).get_state_display()}")
