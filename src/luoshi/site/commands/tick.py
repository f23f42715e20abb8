"""办理到点的事：逾期、提醒、督办、下一期事项。"""

from __future__ import annotations

import datetime

import click

from luoshi.site.console import MOMENT
from luoshi.site.setup import prepare


@click.command(help=__doc__)
@click.option("--at", "moment", type=MOMENT, help="办到哪一刻为止，如 2026-11-21 或 2026-11-21T09:00；默认现在。")
def command(moment: datetime.datetime | None) -> None:
    """Carry out what has fallen due, once; a second time changes nothing."""
    prepare()
    from luoshi.office.timer import tick

    done = tick(moment)
    for one in done:
        click.echo(f"{one.moment:%Y-%m-%d %H:%M}  {one.kind}  {one.count}")
    click.echo(f"办理 {len(done)} 项。" if done else "没有到点的事。", err=True)
