"""重污染天气：现在的空气和定级、导入监测和预报、任务到位情况。"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import click

from luoshi.site.console import AS, acting, tell


@click.group(help=__doc__)
def command() -> None:
    """Work on heavy pollution weather from the command line."""


@command.command("grade", help="按最新监测和预报定级，给出理由和条款。")
def grade() -> None:
    """Print the grade of now as JSON."""
    acting()
    from luoshi.programmes.heavy_pollution import air_queries
    from luoshi.site.registry import load_decisions

    load_decisions()
    tell(air_queries.grading().graded.as_dict())


@command.command("hours", help="导入监测小时值（CSV、Excel、JSON）。")
@AS
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", default="", help="值有变化时的更正理由。")
def hours(login: str, file: Path, reason: str) -> None:
    """Take in measured hours."""
    actor = acting(login)
    from luoshi.programmes.heavy_pollution import air_actions

    tell(air_actions.import_hours(actor=actor, name=file.name, data=file.read_bytes(), reason=reason))


@command.command("forecast", help="导入预报（逐日或逐时）。")
@AS
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--issuer", default="", help="发布单位。")
@click.option("--issued-at", default="", help="发布时间，如 2018-01-12T08:00。")
@click.option("--revise", is_flag=True, help="作为更正导入。")
def forecast(login: str, file: Path, issuer: str, issued_at: str, revise: bool) -> None:
    """Take in a forecast."""
    actor = acting(login)
    from luoshi.programmes.heavy_pollution import air_actions
    from luoshi.programmes.heavy_pollution.views import moment_of

    taken = air_actions.import_forecast(
        actor=actor, name=file.name, data=file.read_bytes(), issuer=issuer, issued_at=moment_of(issued_at),
        revise=revise,
    )  # fmt: skip
    tell(taken)


@command.command("status", help="生效的预警和各项措施到位情况。")
def status() -> None:
    """Print the live warning and how far its measures are."""
    acting()
    from luoshi.programmes.heavy_pollution import board, plan

    warning = board.warning_of()
    if warning is None:
        click.echo("没有预警。")
        return
    live = "正在生效" if warning.live else "已解除"
    click.echo(f"{warning.case.number} {plan.COLOUR_WORDS[warning.colour]}预警 {live}")
    for row in board.measures(warning.response, None):
        click.echo(f"{row['measure'].id:4} {row['done']:5}/{row['total']:<5} {row['measure'].title}")


@command.command("file", help="导出一次污染过程的整卷（zip）：空气、会商、审批、文书、CAP、任务、报告、审计。")
@AS
@click.argument("number")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="写到哪个 zip 文件。")
@click.option("--purpose", required=True, help="为什么导出，会记入审计。")
def whole_file(login: str, number: str, target: Path, purpose: str) -> None:
    """Write the whole file of the warning NUMBER (RSZWR-2018-001)."""
    actor = acting(login)
    from luoshi.programmes.heavy_pollution import board, dossier

    warning = board.numbered(number)
    part = target.with_name(f".{target.name}.part")
    with dossier.write(actor=actor, warning=warning, purpose=purpose) as made, part.open("wb") as stream:
        shutil.copyfileobj(made, stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)
    click.echo(str(target))


@command.command("plans", help="企业减排操作方案：哪家就绪，哪家没有；--missing 只列未就绪的。")
@AS
@click.option("--year", default="", help="名单年度，缺省为最近一年。")
@click.option("--town", default="", help="只看一个镇区（代码）。")
@click.option("--missing", is_flag=True, help="只列未就绪的。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--publish", is_flag=True, help="公布名单，未就绪的转督办。")
def plans(login: str, year: str, town: str, missing: bool, as_json: bool, publish: bool) -> None:
    """Print who is ready; publish the list."""
    actor = acting(login)
    from luoshi.programmes.heavy_pollution import site_plans

    chosen = site_plans.year_of(year)
    if publish:
        tell(site_plans.publish_list(actor=actor, year=chosen))
        return
    rows = site_plans.with_readiness(site_plans.listed(chosen), chosen)
    reach = None if actor.trusted else site_plans.reach_of(actor)
    if reach is not None:
        rows = rows.filter(town__in=reach)
    if town:
        rows = rows.filter(town=town)
    if missing:
        rows = rows.filter(ready=False)
    firms = list(rows.order_by("town", "name"))
    newest = site_plans.newest(firms, chosen)
    found = [
        {"firm": one.credit_code, "name": one.name, "town": one.town, "ready": one.ready,
         "state": newest[one.pk].state if one.pk in newest else ""}
        for one in firms
    ]  # fmt: skip
    if as_json:
        tell({"year": chosen, "plans": found})
        return
    for row in found:
        word = site_plans.State(row["state"]).label if row["state"] else "没有方案"
        click.echo(f"{'就绪  ' if row['ready'] else '未就绪'} {row['name']} {word}")
    ready = sum(row["ready"] for row in found)
    click.echo(f"{chosen}年名单：所列 {len(found)} 家，就绪 {ready} 家，未就绪 {len(found) - ready} 家。")
