"""核对读出的记录：luoshi review list、show、decide、confirm、export。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from luoshi.kernel.errors import LuoshiError
from luoshi.site.console import acting, ready

if TYPE_CHECKING:
    pass

AS = click.option("--as", "login", required=True, help="以哪个账号办理（登录名）。核对须落到人，不能由系统代办。")


@click.group(help=__doc__)
def command() -> None:
    """Group of what is done with readings."""


@command.command("list")
@click.option("--state", default="", help="untouched、open、doubtful、conflicts、waiting、sent、done；默认全部。")
@click.option("--limit", type=click.IntRange(1, 1000), default=50)
def list_(state: str, limit: int) -> None:
    """列出文件和核对的进度。"""
    ready()
    from luoshi.office.instruments import review_queries as reads

    wanted = reads.QueueFilter(state=state if state in reads.STATES else "")
    for row in reads.queue_rows(reads.queue_page(wanted, size=limit).rows):
        review = row.review
        click.echo(
            f"{row.item.key}\t{review.get_stage_display()}\t{review.decided}/{row.total}"
            f"\t存疑 {review.doubtful}\t等第二人 {review.waiting}\t{row.item.name}"
        )


@command.command()
@click.argument("key")
@click.option("--clause", help="只看这一条款。")
@click.option("--open", "only_open", is_flag=True, help="只看未核和存疑的。")
def show(key: str, clause: str | None, only_open: bool) -> None:
    """列出一件文件的记录，每行一条：锚、版本、类型、条款、状态、内容（JSON）。"""
    ready()
    from luoshi.office.instruments import review_queries as reads

    for one in reads.items(reads.reviewed(key)):
        if (clause is None or one.clause == clause) and (one.open or one.doubtful or not only_open):
            content = json.dumps(one.content, ensure_ascii=False)
            click.echo(f"{one.anchor}\t{one.version}\t{one.kind}\t{one.clause or '—'}\t{one.state}\t{content}")


@command.command()
@click.argument("key")
@click.argument("anchor")
@click.argument("decision", type=click.Choice(("confirmed", "changed", "split", "excluded", "doubtful", "undo")))
@click.option("--version", type=int, default=None, help="看到的版本；默认现在的版本。")
@click.option("--content", default=None, help="更正的内容：JSON，或 @文件。split 为数组。")
@click.option("--note", default="", help="附言。")
@AS
def decide(
    key: str, anchor: str, decision: str, version: int | None, content: str | None, note: str, login: str
) -> None:
    """核对一处。更正和存疑要等第二人。"""
    actor = acting(login)
    from luoshi.office.instruments import review_actions
    from luoshi.office.instruments import review_queries as reads

    one = reads.item_of(reads.items(reads.reviewed(key)), anchor)
    common: dict[str, Any] = {
        "actor": actor, "key": key, "anchor": anchor, "version": one.version if version is None else version,
    }  # fmt: skip
    if decision == "undo":
        done = review_actions.undo(**common)
    else:
        done = review_actions.decide(**common, decision=decision, content=_json(content), note_text=note)
    review = done.review
    click.echo(f"{done.record.decision or '未核'}：已核 {review.decided}/{review.total}，等第二人 {review.waiting}")


@command.command()
@click.argument("key")
@click.option("--tick", "ticks", multiple=True, help="同意的记录，写“锚:版本”；可写多次。")
@click.option("--all", "everything", is_flag=True, help="同意全部在等的更正（先用 show 看过）。")
@AS
def confirm(key: str, ticks: tuple[str, ...], everything: bool, login: str) -> None:
    """第二人确认更正；已送签且没有剩下的，即为签字。"""
    actor = acting(login)
    from luoshi.office.instruments import review_actions
    from luoshi.office.instruments import review_queries as reads
    from luoshi.office.instruments.review_actions import Tick

    wanted = []
    for tick in ticks:
        anchor, _colon, version = tick.partition(":")
        if not version.isdecimal():
            raise LuoshiError("E_INPUT", f"“{tick}”应写作“锚:版本”。")
        wanted.append(Tick(anchor, int(version)))
    if everything:
        waiting = reads.to_confirm(reads.items(reads.reviewed(key)))
        wanted = [Tick(one.anchor, one.version) for one in waiting if one.decision != "doubtful"]
    review = review_actions.confirm(actor=actor, key=key, ticks=wanted)
    click.echo(f"{review.get_stage_display()}：已核 {review.decided}/{review.total}，等第二人 {review.waiting}")


@command.command()
@click.argument("keys", nargs=-1, required=True)
@click.option("--output", type=click.Path(path_type=Path), help="写入文件；默认标准输出。")
def export(keys: tuple[str, ...], output: Path | None) -> None:
    """把核对的结论写成标注（YAML），供 luoshi gazette evaluate --labels 使用。"""
    ready()
    import yaml

    from luoshi.office.instruments.review_labels import labels

    text = yaml.safe_dump(labels(keys), allow_unicode=True, sort_keys=False, width=120)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LuoshiError("E_FILE", f"无法写入“{output}”：{error.strerror}。请检查路径和权限。") from None


def _json(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return json.loads(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except (OSError, ValueError) as error:
        raise LuoshiError("E_INPUT", f"--content 不是可读的 JSON：{error}") from None
