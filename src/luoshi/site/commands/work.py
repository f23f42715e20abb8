"""重点工作：年度计划的导入、查看、启用。"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from luoshi.site.setup import prepare

if TYPE_CHECKING:
    from luoshi.office.actors import Actor

_AS = click.option("--as", "login", default="", metavar="登录名", help="以谁的身份；不写是本机操作员。")


def _actor(login: str) -> Actor:
    prepare()
    from luoshi.office.accounts.queries import actor_named
    from luoshi.office.actors import Actor

    return actor_named(login, "cli") if login else Actor.system("本机操作员", "cli")


@click.group(help=__doc__)
def command() -> None:
    """Work on key works from the command line."""


@command.group("plan")
def plan() -> None:
    """年度计划。"""


@plan.command("load")
@_AS
@click.argument("instrument")
@click.option("--year", type=click.IntRange(1949, 2100), help="计划的年份；不写按文件的年份。")
def load(login: str, instrument: str, year: int | None) -> None:
    """从文库的工作要点（文号，如 某政发〔2019〕2号）导入一年的计划。"""
    actor = _actor(login)
    from luoshi.programmes.supervision import plan_import

    made = plan_import.load_plan(actor=actor, key=instrument, year=year)
    click.echo(f"已导入：{made.year}年 {made.title}")
    _figures(made)


@plan.command("show")
@_AS
@click.argument("year", type=click.IntRange(1949, 2100))
@click.option("--items", is_flag=True, help="逐项列出单位、目标、分解。")
def show(login: str, year: int, items: bool) -> None:
    """看一年的计划：核对数、还不能启用的原因；加 --items 逐项列出。"""
    actor = _actor(login)
    from luoshi.programmes.supervision import plan_actions, plan_queries

    found = plan_queries.plan_of(year)
    click.echo(f"{found.year}年 {found.title}（{found.get_status_display()}）")
    _figures(found)
    if found.status == "loading":
        for one in plan_actions.activation_faults(found):
            click.echo(f"  还不能启用：{one}")
    if not items:
        return
    for chapter in plan_queries.overview(actor, found):
        click.echo(f"{chapter['no']} {chapter['title']}")
        for row in chapter["items"]:
            lead, coop = ("、".join(entry["raw"] for entry in row[side]) for side in ("lead", "coop"))
            click.echo(
                f"  {row['item'].seq:>2} {row['item'].title}  责任：{lead}" + (f"  配合：{coop}" if coop else "")
            )
            for one in row["item"].targets.order_by("seq"):
                shown = plan_queries.target_shown(one)
                value = f"{shown['word']} {shown['value'] or ''}" + (f"—{shown['upper']}" if shown["upper"] else "")
                click.echo(f"       {one.code} {one.name} {value}{one.unit}（{shown['kind_word']}）")


@plan.command("activate")
@_AS
@click.argument("year", type=click.IntRange(1949, 2100))
def activate(login: str, year: int) -> None:
    """启用一年的计划；不能启用时逐条列出原因。"""
    actor = _actor(login)
    from luoshi.kernel.errors import LuoshiError
    from luoshi.programmes.supervision import plan_actions, plan_queries

    found = plan_queries.plan_of(year)
    try:
        plan_actions.activate(actor=actor, plan=found.pk)
    except LuoshiError as refusal:
        for one in refusal.fields.get("reasons", ()):
            click.echo(f"  {one}", err=True)
        raise
    click.echo(f"已启用：{found.title}")


def _figures(found: Any) -> None:
    from luoshi.programmes.supervision import plan_import

    check = plan_import.load_check(found)
    click.echo(
        f"  {check['chapters']}章{check['items']}项；责任单位{check['lead_organs']}家{check['lead_mentions']}次，"
        f"配合单位{check['coop_organs']}家和统称{check['wildcards']}种{check['coop_mentions']}次；"
        f"不止一个责任单位的{check['several_leads']}项，没有配合单位的{check['without_coop']}项；"
        f"目标{check['targets']}个，未认定名称{check['unresolved']}个。"
    )
