"""重点工作：luoshi work score，试算和评估各单位得分。"""

from __future__ import annotations

import json

import click

from luoshi.site.commands.matters import _AS, _actor


@click.group(help=__doc__)
def command() -> None:
    """Work on key works from the command line."""


@command.command("score", help="算一期得分：month 月度试算、half 半年、year 年度；不写种类则列出最近一次。")
@_AS
@click.argument("kind", required=False, type=click.Choice(["month", "half", "year"]))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="期间的最后一日。")
@click.option("--reason", default="", help="这一期算过的，为什么再算。")
def score(login: str, kind: str | None, until: object, reason: str) -> None:
    """Reckon a period, or show the newest run, as JSON."""
    actor = _actor(login)
    import datetime

    from luoshi.kernel.errors import LuoshiError
    from luoshi.programmes.supervision import assessing
    from luoshi.programmes.supervision.board import plan_of

    if kind is None:
        row = assessing.runs(actor).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "还没有评估过。")
    else:
        plan = plan_of()
        if plan is None or not isinstance(until, datetime.datetime):
            raise LuoshiError("E_INPUT", "要有执行中的年度计划，并以 --until 写明期间的最后一日。")
        row = assessing.run(actor=actor, plan=plan.pk, kind=kind, until=until.date(), reason=reason)
    lines = [
        {"group": one.group, "rank": one.rank, "name": one.name, "score": None if one.score is None else str(one.score),
         "exact": one.exact, "leaves": one.leaves}
        for one in assessing.lines(actor, row)
    ]  # fmt: skip
    found = {"id": row.pk, "title": row.title, "state": row.state, "digest": row.digest, "lines": lines}
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
