"""重点工作：年度计划的导入、查看、启用，各单位得分。"""

from __future__ import annotations

import json
from typing import Any

import click

from luoshi.site.console import AS, DAY, acting, tell


@click.group(help=__doc__)
def command() -> None:
    """Work on key works from the command line."""


@command.group("plan")
def plan() -> None:
    """年度计划。"""


@plan.command("load")
@AS
@click.argument("instrument")
@click.option("--year", type=click.IntRange(1949, 2100), help="计划的年份；不写按文件的年份。")
def load(login: str, instrument: str, year: int | None) -> None:
    """从文库的工作要点（文号，如 某政发〔2019〕2号）导入一年的计划。"""
    actor = acting(login)
    from luoshi.programmes.supervision import plan_import

    made = plan_import.load_plan(actor=actor, key=instrument, year=year)
    click.echo(f"已导入：{made.year}年 {made.title}")
    _figures(made)


@plan.command("show")
@AS
@click.argument("year", type=click.IntRange(1949, 2100))
@click.option("--items", is_flag=True, help="逐项列出单位、目标、分解。")
def show(login: str, year: int, items: bool) -> None:
    """看一年的计划：核对数、还不能启用的原因；加 --items 逐项列出。"""
    actor = acting(login)
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
@AS
@click.argument("year", type=click.IntRange(1949, 2100))
def activate(login: str, year: int) -> None:
    """启用一年的计划；不能启用时逐条列出原因。"""
    actor = acting(login)
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


@command.command("score", help="算一期得分：month 月度试算、half 半年、year 年度；不写种类则列出最近一次。")
@AS
@click.argument("kind", required=False, type=click.Choice(["month", "half", "year"]))
@click.option("--until", type=DAY, help="期间的最后一日。")
@click.option("--reason", default="", help="这一期算过的，为什么再算。")
def score(login: str, kind: str | None, until: object, reason: str) -> None:
    """Reckon a period, or show the newest run, as JSON."""
    actor = acting(login)
    import datetime

    from luoshi.kernel.errors import LuoshiError
    from luoshi.programmes.supervision import assessing
    from luoshi.programmes.supervision.board import plan_of

    if kind is None:
        row = assessing.runs(actor).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "还没有评估过。")
    else:
        held = plan_of()
        if held is None or not isinstance(until, datetime.date):
            raise LuoshiError("E_INPUT", "要有执行中的年度计划，并以 --until 写明期间的最后一日。")
        row = assessing.run(actor=actor, plan=held.pk, kind=kind, until=until, reason=reason)
    lines = [
        {"group": one.group, "rank": one.rank, "name": one.name, "score": None if one.score is None else str(one.score),
         "exact": one.exact, "leaves": one.leaves}
        for one in assessing.lines(actor, row)
    ]  # fmt: skip
    found = {"id": row.pk, "title": row.title, "state": row.state, "digest": row.digest, "lines": lines}
    tell(found)


@command.group("works")
def works_() -> None:
    """计划外重点工作。"""


@works_.command("list")
@AS
@click.option("--year", type=click.IntRange(2000, 2100), help="哪一年；不写为最近一年。")
def works_list(login: str, year: int | None) -> None:
    """列出计划外重点工作：编号、灯、计划、实际、责任单位、期限。"""
    actor = acting(login)
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.duties import curve
    from luoshi.programmes.supervision import board

    found = board.board(actor, CLOCK.today(), board.Wanted(year=year, kind="key_works"))
    for tile in found.tiles:
        assert found.plan is not None
        click.echo(
            f"{found.plan.code(tile.item.seq)}  {tile.word}  计划{curve.written(tile.planned)}%  "
            f"实际{curve.written(tile.actual)}%  {tile.lead}  {tile.item.due}止  {tile.item.title}"
        )
    click.echo(f"共{len(found.tiles)}件。")


@works_.command("set")
@AS
@click.argument("title")
@click.option("--lead", required=True, help="责任单位代号。")
@click.option("--coop", multiple=True, help="配合单位代号，可写多个。")
@click.option("--begins", type=DAY, required=True, help="开始日。")
@click.option("--due", type=DAY, required=True, help="完成日。")
@click.option("--source", type=click.Choice(["clause", "meeting", "report", "leader"]), required=True, help="来源。")
@click.option("--basis", required=True, help="依据：文号和条号、哪次会议。")
@click.option("--words", default="", help="内容；不写同名称。")
@click.option("--leader", default="", help="分包领导的职务。")
def works_set(login: str, title: str, **said: Any) -> None:
    """设立一件计划外重点工作。"""
    actor = acting(login)
    from luoshi.programmes.supervision import plan_actions, works

    work = works.Work(
        title=title, lead=said["lead"], coop=said["coop"], begins_on=said["begins"], due=said["due"],
        source=said["source"], basis=said["basis"], words=said["words"], leader_post=said["leader"],
    )  # fmt: skip
    made = works.set_work(actor=actor, work=work)
    click.echo(f"已设立：{made.code} {made.title}，请责任单位在{plan_actions.decompose_by(made)}前分解到人。")


@works_.command("withdraw")
@AS
@click.argument("code")
@click.option("--reason", required=True, help="为什么撤销。")
def works_withdraw(login: str, code: str, reason: str) -> None:
    """撤销一件重点工作（编号如 2019-Z003），没办完的任务一并撤回。"""
    actor = acting(login)
    from luoshi.programmes.supervision import plan_queries, works

    made = works.withdraw_work(actor=actor, item=plan_queries.item_of(actor, code).pk, reason=reason)
    click.echo(f"已撤销：{made.code} {made.title}")


@command.group("letters")
def letters_() -> None:
    """督办函。"""


@letters_.command("list")
@AS
@click.option("--state", default="", help="drafted、delivered、replied、closed、void。")
@click.option("--limit", default=40, type=click.IntRange(1, 200), show_default=True)
def letter_list(login: str, state: str, limit: int) -> None:
    """列出督办函，新的在前。"""
    actor = acting(login)
    from luoshi.office.duties import concern
    from luoshi.programmes.supervision import letters

    rows = letters.visible(actor)
    rows = rows.filter(state=state) if state else rows
    for row in rows.order_by("-pk")[:limit]:
        due = f"{row.reply_due}前回复" if row.reply_due else f"{row.drafted_on}起草"
        silent = "  逾期未复" if row.unanswered_at and row.state == "delivered" else ""
        name = concern.title(row.organ)
        click.echo(f"{row.pk:>6}  {row.number or '—'}  {name}  {row.get_state_display()}  {due}{silent}")


@letters_.command("sign")
@AS
@click.argument("number", type=click.IntRange(1))
def letter_sign(login: str, number: int) -> None:
    """签发一份督办函（序号见 list），取得编号并送达。"""
    actor = acting(login)
    from luoshi.programmes.supervision import letters

    row = letters.sign(actor=actor, letter=number)
    click.echo(f"已签发：{row.number}，{row.reply_due}前回复。")


@letters_.command("close")
@AS
@click.argument("number", type=click.IntRange(1))
@click.option("--note", default="", help="办结意见。")
def letter_close(login: str, number: int, note: str) -> None:
    """办结一份已回复的督办函。"""
    actor = acting(login)
    from luoshi.programmes.supervision import letters

    click.echo(f"已办结：{letters.close(actor=actor, letter=number, note=note).number}。")


@command.group("check")
def check() -> None:
    """抽查。"""


@check.command("export")
@AS
@click.argument("quarter")
def check_export(login: str, quarter: str) -> None:
    """把一季（如 2019-Q2）的抽取记录写成 JSON：名单、种子、比例、抽中的任务。"""
    actor = acting(login)
    from luoshi.kernel.errors import LuoshiError
    from luoshi.office.permissions import require
    from luoshi.programmes.supervision import checking

    require(actor, "work.score")
    row = checking.checks().filter(quarter=quarter).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"{quarter[:20]}没有抽过。")
    tell(checking.exported(row))


@check.command("redraw")
@click.argument("record", type=click.File("rb"))
def check_redraw(record: Any) -> None:
    """用导出的记录重抽一次，看与记录是否一致；只读这一个文件，不连数据库。"""
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.kernel.errors import LuoshiError
    from luoshi.programmes.supervision import checking

    try:
        found = json.loads(record.read())
    except ValueError:
        raise LuoshiError("E_INPUT", "文件不是 JSON。") from None
    again, odd = checking.redraw(found if isinstance(found, dict) else {})
    for organ, code in again:
        click.echo(f"{organ}  {code}")
    if odd:
        raise LuoshiError("E_RULE", f"与记录不一致：{'；'.join(odd)}。", fields={"odd": odd})
    click.echo(f"一致：抽中{len(again)}件。")


@command.group("review")
def review() -> None:
    """年度评价。"""


def _year_plan(year: int) -> int:
    from luoshi.programmes.supervision import plan_queries

    return plan_queries.plan_of(year).pk


@review.command("draft")
@AS
@click.argument("year", type=click.IntRange(1949, 2100))
def review_draft(login: str, year: int) -> None:
    """一年结束以后，按12月31日的情况做年度评价。"""
    actor = acting(login)
    from luoshi.programmes.supervision import reviewing

    made = reviewing.draft(actor=actor, plan=_year_plan(year))
    click.echo(f"已做{year}年度评价，{made.lines.count()}项，{made.due}前完成签字。")


@review.command("cosign")
@AS
@click.argument("year", type=click.IntRange(1949, 2100))
def review_cosign(login: str, year: int) -> None:
    """以市政府办、市委办或市委组织部主要负责人会签。"""
    actor = acting(login)
    from luoshi.programmes.supervision import reviewing

    made = reviewing.co_sign(actor=actor, plan=_year_plan(year))
    left = reviewing.missing(made.review)
    click.echo(f"已会签：{made.organ}；" + (f"还差{len(left)}家。" if left else "会签齐了，等分包领导签字。"))


@review.command("sign")
@AS
@click.argument("year", type=click.IntRange(1949, 2100))
def review_sign(login: str, year: int) -> None:
    """会签齐了以后，由分包领导签字，计划随之结束。"""
    actor = acting(login)
    from luoshi.programmes.supervision import reviewing

    click.echo(f"已签字：{reviewing.sign(actor=actor, plan=_year_plan(year)).signed_name}。")


@review.command("carry")
@AS
@click.argument("year", type=click.IntRange(1949, 2100))
def review_carry(login: str, year: int) -> None:
    """把一年没有完成的任务转入下一年的计划。"""
    actor = acting(login)
    from luoshi.programmes.supervision import carrying

    for item in carrying.carry_over(actor=actor, plan=_year_plan(year)):
        click.echo(f"{item.code}  {item.title}  任务{item.nodes.filter(kind='leaf').count()}个")
