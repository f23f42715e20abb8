"""办件：列表、一件、立案、办一步、停表和延期。"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.site.console import AS, MOMENT, acting

if TYPE_CHECKING:
    from luoshi.kernel.procedures import Ask

_FACTS = click.option("--data", "pairs", multiple=True, metavar="名=值", help="要填的内容，可多次；文件写 名=@路径。")


@click.group(help=__doc__)
def command() -> None:
    """Work on cases from the command line."""


@command.command("list")
@AS
@click.option("--mine", is_flag=True, help="只列轮到我办的。")
@click.option("--overdue", is_flag=True, help="只列逾期的。")
@click.option("--closed", is_flag=True, help="列已办结的。")
@click.option("--procedure", multiple=True, help="办件种类的代号。")
@click.option("--organ", multiple=True, help="有份的单位的代号。")
@click.option("--q", "words", default="", help="编号、名称里的字，或对象。")
@click.option("--limit", default=40, type=click.IntRange(1, 200), show_default=True)
def list_(
    login: str, mine: bool, overdue: bool, closed: bool, procedure: Sequence[str], organ: Sequence[str], words: str,
    limit: int,
) -> None:  # fmt: skip
    """列出办件，在办的按期限排。"""
    actor = acting(login)
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.calendar.book import calendar
    from luoshi.office.cases.queries import CLOSED, OPEN, CaseFilter, CaseLedger
    from luoshi.site.case_rows import rows_of

    now, table = CLOCK.now(), calendar()
    wanted = CaseFilter(
        mine=mine, overdue=overdue, which=CLOSED if closed else OPEN, procedures=tuple(procedure), organs=tuple(organ),
        q=words.strip()[:60],
    )  # fmt: skip
    book = CaseLedger(wanted, actor=actor, now=now, calendar=table)
    for row in rows_of(book.page(size=limit).rows, now, table):
        due = f"{row.due.words} {row.due.date_words}".strip()
        click.echo(f"{row.id:>7}  {row.number}  {row.state}  {due}  {row.title}  {row.holder}")
    total = book.total()
    click.echo(f"共 {total.value} 件{'' if total.exact else '以上'}。", err=True)


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
@click.option("--at", "moment", type=MOMENT, help="看哪一刻的情况，如 2018-09-20T15:00。")
@click.option("--json", "as_json", is_flag=True, help="给出 JSON。")
def show(login: str, number: int, moment: datetime.datetime | None, as_json: bool) -> None:
    """一件办件：状态、期限怎么算、在谁手上、能办什么、经过。"""
    actor = acting(login)
    from luoshi.office.cases.replay import expiry_words, whole
    from luoshi.site.case_rows import until_words

    found = whole(actor, number, moment)
    if as_json:
        from luoshi.site.api.cases import _whole

        click.echo(_whole(found).model_dump_json(indent=2))
        return
    case = found.case
    click.echo(f"{case.number}  {case.title}{'  【演练】' if case.exercise else ''}")
    click.echo(f"{found.procedure.title} {case.version}  状态 {found.state.title}  版本 {case.revision}")
    for view in found.running:
        title = view.limit.title if view.limit else view.row.limit
        stopped = "停表  " if view.state == "paused" else ""
        until = until_words(view.until, inclusive=view.inclusive)
        click.echo(f"期限 {title}  {stopped}到 {until}  {expiry_words(found, view.limit) if view.limit else ''}")
        for step in view.due.steps if view.due else ():
            click.echo(f"    {step.text}")
    holders = "、".join(f"{found.organs.get(one.organ, one.organ)} {one.title}" for one in found.acting)
    click.echo(f"在谁手上 {holders or ('系统自动' if found.is_open else '已办结')}")
    for offer in found.offers:
        click.echo(f"可办 {offer.step.key}  {offer.step.title}{'' if offer.may else '（您不能办）'}")
        for why in (*offer.guard, *offer.whys):
            click.echo(f"    {'✓' if why.ok else 'i' if why.ok is None else '✗'} {why.text} {why.citation}".rstrip())
    for event in found.events:
        hand = "" if event.hand == "person" else f"[{event.get_hand_display()}] "
        click.echo(f"  {local(event.at):%Y-%m-%d %H:%M}  {hand}{event.who}  {event.text}")


def _given(asks: Sequence[Ask], pairs: Sequence[str]) -> dict[str, Any]:
    """Read `name=value` pairs; `@path` is a file, a list is JSON or words with commas between them."""
    kinds = {ask.name: ask.type for ask in asks}
    found: dict[str, Any] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign:
            raise LuoshiError("E_INPUT", f"“{pair}”应如 名=值。")
        if value.startswith("@"):
            path = Path(value[1:])
            if not path.is_file():
                raise LuoshiError("E_FILE", f"没有文件“{path}”。")
            found[name] = (path.name, path.read_bytes())
        elif kinds.get(name) == "list":
            found[name] = json.loads(value) if value.startswith("[") else [part for part in value.split(",") if part]
        elif kinds.get(name) == "file" and value.isdecimal():
            found[name] = int(value)
        else:
            found[name] = value
    return found


@command.command("open")
@AS
@_FACTS
@click.argument("procedure")
@click.option("--title", required=True, help="办件名称。")
@click.option("--organ", default="", help="哪个单位的办件。")
@click.option("--subject", default="", help="对象，如 loan:123。")
@click.option("--at", "moment", type=MOMENT, help="收到时刻，默认现在。")
@click.option("--exercise", is_flag=True, help="演练。")
def open_(
    login: str,
    pairs: Sequence[str],
    procedure: str,
    title: str,
    organ: str,
    subject: str,
    moment: datetime.datetime | None,
    exercise: bool,
) -> None:
    """立案。"""
    actor = acting(login)
    from luoshi.office.cases import actions, procedures

    kind = procedures.procedure(procedure)
    made = actions.open_case(
        actor=actor, procedure=procedure, title=title, facts=_given(kind.asks, pairs), subject=subject, organ=organ,
        at=moment, exercise=exercise,
    )  # fmt: skip
    click.echo(f"{made.pk}  {made.number}")


@command.command()
@AS
@_FACTS
@click.argument("number", type=click.IntRange(1))
@click.argument("step")
@click.option("--disagree", is_flag=True, help="会签时不同意，须写 --remark。")
@click.option("--remark", default="", help="会签的附言或理由。")
def act(login: str, number: int, step: str, pairs: Sequence[str], disagree: bool, remark: str) -> None:
    """办一步。"""
    actor = acting(login)
    from luoshi.office.cases import actions

    kind = actions.opened(actor, number, lock=False).procedure
    chosen = kind.steps.get(step)
    data = _given(chosen.asks if chosen else (), pairs)
    if chosen is not None and chosen.kind == "joint":
        data |= {"agrees": "no" if disagree else "yes", "remark": remark}
    done = actions.act(actor=actor, case=number, step=step, data=data)
    click.echo(f"{done.number}  {kind.states[done.state].title}")


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
@click.argument("kind")
@click.option("--reason", default="", help="理由。")
@click.option("--resume", "going", is_flag=True, help="恢复计时。")
def pause(login: str, number: int, kind: str, reason: str, going: bool) -> None:
    """停表；加 --resume 恢复计时。"""
    actor = acting(login)
    from luoshi.office.cases import actions

    run = actions.resume if going else actions.pause
    done = run(actor=actor, case=number, kind=kind, reason=reason)
    click.echo(f"{done.number}  {'已恢复计时' if going else '已停表'}")


@command.command()
@AS
@click.argument("number", type=click.IntRange(1))
@click.argument("limit")
@click.option("--reason", required=True, help="理由。")
def extend(login: str, number: int, limit: str, reason: str) -> None:
    """延长一个期限。"""
    actor = acting(login)
    from luoshi.office.cases import actions

    done = actions.extend(actor=actor, case=number, limit=limit, reason=reason)
    click.echo(f"{done.number}  期限 {local(done.due_at):%Y-%m-%d %H:%M}")
