"""参数簿：luoshi parameters list、show、propose、approve、recheck。"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import click

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DatedValue, plain
from luoshi.site.console import DAY, Problems, acting, tell


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with the parameter book."""


@command.command("list")
@click.option("--on", type=DAY, help="按哪一天，默认今天。")
@click.option("--room", "rooms", multiple=True, help="只看此领域，如 organs；可多次。")
@click.option("--unconfirmed", is_flag=True, help="只看默认值、未经确认的。")
def list_(on: datetime.date | None, rooms: tuple[str, ...], unconfirmed: bool) -> None:
    """列出参数和它们在某日的值。"""
    actor = acting()
    queries, book = _book()
    day = on or CLOCK.today()
    wanted = queries.BookFilter(day, rooms=rooms, standings=("unconfirmed",) if unconfirmed else ())
    edition = book.current()
    found = queries.rows(actor, wanted, edition)
    items = [
        {"room": row.room.key, "name": row.parameter.name, "title": row.parameter.title, "unit": row.parameter.unit,
         "owner": row.owner, "waiting": row.waiting, "value_on": None if row.dated is None else _dated(row.dated)}
        for row in found
    ]  # fmt: skip
    tell({"book": edition.name, "on": day.isoformat(), "items": items})


@command.command("show")
@click.argument("parameter", metavar="ROOM.NAME")
def show(parameter: str) -> None:
    """一个参数的历史和变更。"""
    actor = acting()
    queries, book = _book()
    room, name = _named(parameter)
    found = book.current().parameter(room, name)
    changes = queries.changes_of(actor, room, name)
    tell(
        {
            "room": room, "name": name, "title": found.title, "unit": found.unit,
            "values": [_dated(value) for value in found.values],
            "changes": [_change(change) for change in changes],
        }
    )  # fmt: skip


@command.command("propose")
@click.argument("parameter", metavar="ROOM.NAME")
@click.argument("value")
@click.option("--as", "login", required=True, help="以哪个账号拟办。")
@click.option("--from", "first", type=DAY, required=True, help="自哪一天起（含）。")
@click.option("--to", "last", type=DAY, help="到哪一天止（含）；不写为长期。")
@click.option(
    "--source", type=click.Choice(("clause", "outside_rule", "default", "unconfirmed")), default="clause",
    help="来源：条款、外部规定、默认、待核实；默认条款。",
)  # fmt: skip
@click.option("--citation", default="", help="条款，如“某政发〔2018〕1号 三(五)”，或外部规定的名称。")
@click.option("--document", default="", help="据以确认的文件。")
@click.option("--reason", default="", help="理由；自过去的日期起改的必填。")
def propose(
    parameter: str, value: str, login: str, first: datetime.date, last: datetime.date | None, source: str,
    citation: str, document: str, reason: str,
) -> None:  # fmt: skip
    """拟改一个参数；列表和小数按现值的写法给出。"""
    _book()
    from luoshi.office.parameters import actions, packaged, values

    room, name = _named(parameter)
    given = values.from_text(packaged.parameter(room, name), value)
    made = actions.propose(
        actor=acting(login), room=room, name=name, value=given, valid_from=first, valid_to=last, source=source,
        citation=citation, document=document, reason=reason,
    )  # fmt: skip
    tell(_change(made))


@command.command("approve")
@click.argument("number", type=int)
@click.option("--as", "login", required=True, help="以哪个账号批准；不能是拟办的人。")
def approve(number: int, login: str) -> None:
    """批准一件变更。"""
    queries, _ = _book()
    from luoshi.office.parameters import actions

    actor = acting(login)
    version = queries.change(actor, number).version
    tell(_change(actions.approve(actor=actor, change_id=number, version=version)))


@command.command("recheck")
@click.argument("file", metavar="FILE|-")
def recheck(file: str) -> None:
    """按回执所载的参数重新计算并比对；结果不同时以 3 退出。"""
    from luoshi.site.deciding import rerun_here
    from luoshi.site.registry import load_decisions

    load_decisions()
    try:
        text = (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).decode("utf-8-sig")
        given = json.loads(text)
    except (OSError, ValueError) as error:
        raise LuoshiError("E_FILE", f"无法读取“{file}”：{error}", fields={"file": file}) from None
    receipt = given.get("receipt", given) if isinstance(given, dict) else {}
    again = rerun_here(receipt)
    tell({"same": again.same, "differences": again.differences, "value": again.decision.as_dict()["value"]})
    if not again.same:
        sys.exit(3)


def _book() -> tuple[Any, Any]:
    """Return the queries and the book, with the database ready."""
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.office.parameters import book, queries

    return queries, book


def _named(parameter: str) -> tuple[str, str]:
    room, dot, name = parameter.partition(".")
    if not dot:
        raise LuoshiError("E_INPUT", f"参数写作“领域.名称”，如 organs.stale_after，现为“{parameter}”。")
    return room, name


def _dated(value: DatedValue) -> dict[str, Any]:
    return {
        "value": plain(value.value),
        "from": value.valid_from.isoformat(),
        "to": None if value.valid_to is None else value.valid_to.isoformat(),
        "citation": None if value.citation is None else str(value.citation),
        "basis": value.basis,
        "source": value.source.value,
        "confirmed_by": value.confirmed_by,
        "needs_confirmation": value.needs_confirmation,
    }


def _change(change: Any) -> dict[str, Any]:
    state = {"id": change.pk, "state": change.state, "version": change.version, "book": change.book}
    names = {"proposed_by": change.proposed_name, "decided_by": change.decided_name}
    data: dict[str, Any] = state | names | change.content
    return data
