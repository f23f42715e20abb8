"""办理到点的事：逾期、提醒、督办、下一期事项。"""

from __future__ import annotations

import datetime

import click

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.site.setup import prepare


@click.command(help=__doc__)
@click.option("--at", "moment", default="", help="办到哪一刻为止，如 2026-11-21 或 2026-11-21T09:00；默认现在。")
def command(moment: str) -> None:
    """Carry out what has fallen due, once; a second time changes nothing."""
    prepare()
    from luoshi.office.timer import tick

    done = tick(_moment(moment))
    for one in done:
        click.echo(f"{one.moment:%Y-%m-%d %H:%M}  {one.kind}  {one.count}")
    click.echo(f"办理 {len(done)} 项。" if done else "没有到点的事。", err=True)


def _moment(text: str) -> datetime.datetime | None:
    if not text:
        return None
    try:
        return local(datetime.datetime.fromisoformat(text))
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text}”不是时刻，应如 2026-11-21T09:00。") from None
