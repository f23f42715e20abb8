"""重污染天气：现在的空气和定级、导入监测和预报、任务到位情况。"""

from __future__ import annotations

import json
from pathlib import Path

import click

from luoshi.site.commands.matters import _AS, _actor


@click.group(help=__doc__)
def command() -> None:
    """Work on heavy pollution weather from the command line."""


@command.command("grade", help="按最新监测和预报定级，给出理由和条款。")
def grade() -> None:
    """Print the grade of now as JSON."""
    _actor("")
    from luoshi.programmes.heavy_pollution import air_queries
    from luoshi.site.registry import load_decisions

    load_decisions()
    click.echo(json.dumps(air_queries.grading().graded.as_dict(), ensure_ascii=False, indent=2, default=str))


@command.command("hours", help="导入监测小时值（CSV、Excel、JSON）。")
@_AS
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", default="", help="值有变化时的更正理由。")
def hours(login: str, file: Path, reason: str) -> None:
    """Take in measured hours."""
    actor = _actor(login)
    from luoshi.programmes.heavy_pollution import air_actions

    click.echo(json.dumps(air_actions.import_hours(actor=actor, name=file.name, data=file.read_bytes(), reason=reason)))


@command.command("forecast", help="导入预报（逐日或逐时）。")
@_AS
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--issuer", default="", help="发布单位。")
@click.option("--issued-at", default="", help="发布时间，如 2018-01-12T08:00。")
@click.option("--revise", is_flag=True, help="作为更正导入。")
def forecast(login: str, file: Path, issuer: str, issued_at: str, revise: bool) -> None:
    """Take in a forecast."""
    actor = _actor(login)
    from luoshi.programmes.heavy_pollution import air_actions
    from luoshi.programmes.heavy_pollution.views import moment_of

    taken = air_actions.import_forecast(
        actor=actor, name=file.name, data=file.read_bytes(), issuer=issuer, issued_at=moment_of(issued_at),
        revise=revise,
    )  # fmt: skip
    click.echo(json.dumps(taken))


@command.command("status", help="生效的预警和各项措施到位情况。")
def status() -> None:
    """Print the live warning and how far its measures are."""
    _actor("")
    from luoshi.programmes.heavy_pollution import board, plan

    warning = board.warning_of()
    if warning is None:
        click.echo("没有预警。")
        return
    live = "正在生效" if warning.live else "已解除"
    click.echo(f"{warning.case.number} {plan.COLOUR_WORDS[warning.colour]}预警 {live}")
    for row in board.measures(warning.response, None):
        click.echo(f"{row['measure'].id:4} {row['done']:5}/{row['total']:<5} {row['measure'].title}")
