"""单位：luoshi organs load、resolve、holder、successor、confirm、export、import。"""

from __future__ import annotations

import datetime
import sys
from dataclasses import asdict
from pathlib import Path

import click

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.site.console import DAY, Problems, acting, ready, tell

_KINDS = click.Choice(("organs", "names", "posts", "members", "appointments"))
_ON = click.option("--on", type=DAY, help="按哪一天，默认今天。")


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with organs."""


@command.command("load")
def load() -> None:
    """把随软件交付的机构名录装入数据库；再装一次没有改动。"""
    actor = acting()
    from luoshi.office.organs import actions

    tell(actions.load_directory_into_database(actor=actor))


@command.command("resolve")
@click.argument("text")
@_ON
def resolve(text: str, on: datetime.date | None) -> None:
    """印出的名称指哪一单位，今由谁承接。"""
    ready()
    from luoshi.office.organs import queries

    tell(asdict(queries.resolve(text, on or CLOCK.today())))


@command.command("holder")
@click.argument("organ")
@click.argument("post", required=False, default="")
@_ON
def holder(organ: str, post: str, on: datetime.date | None) -> None:
    """某日某单位某职务由谁担任，依据什么；不写职务为正职。"""
    ready()
    from luoshi.office.organs import queries
    from luoshi.office.organs.library import slug_in_library

    slug = slug_in_library(organ)
    tell(asdict(queries.holder(slug, post or queries.head_post(slug), on or CLOCK.today())))


@command.command("successor")
@click.argument("organ")
@_ON
def successor(organ: str, on: datetime.date | None) -> None:
    """某单位的职责在某日由谁承担。"""
    ready()
    from luoshi.office.organs import queries
    from luoshi.office.organs.library import slug_in_library

    tell(asdict(queries.succession(slug_in_library(organ), on or CLOCK.today())))


@command.command("confirm")
@click.argument("proposal", type=int)
@click.option("--version", type=int, required=True, help="所见拟办的版本。")
@click.option("--as", "login", required=True, help="以哪个账号确认；不能是拟办人。")
def confirm(proposal: int, version: int, login: str) -> None:
    """确认一份拟办。"""
    actor = acting(login)
    from luoshi.office.organs import actions, queries

    row = actions.confirm(actor=actor, proposal_id=proposal, version=version)
    tell(asdict(queries.proposal(row.pk, reader=actor)))


@command.command("export")
@click.argument("kind", type=_KINDS)
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="写到哪个文件（.xlsx 或 .txt）。")
@click.option("--number", default="", help="只导出此文号的成员或任免。")
def export(kind: str, output: Path, number: str) -> None:
    """导出单位、名称、职务、成员名单、任免名单；任免名单写到 .txt 即按公报格式。"""
    actor = acting()
    from luoshi.office.organs import sheets

    if kind == "appointments" and output.suffix == ".txt":
        output.write_text(sheets.appointment_text(number), encoding="utf-8")
    else:
        output.write_bytes(sheets.export(kind, actor=actor, number=number))
    tell({"kind": kind, "file": str(output)})


@command.command("import")
@click.argument("kind", type=_KINDS)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "login", default="", help="以哪个账号拟办；导入时必填。")
@click.option("--confirm", "is_sure", is_flag=True, help="确实导入；不写只预览，什么也不改。")
def import_(kind: str, file: Path, login: str, is_sure: bool) -> None:
    """导入 Excel 表：先预览，加 --confirm 才登记为拟办，由另一人确认。"""
    actor = acting(login)
    from luoshi.office.organs import sheets

    try:
        data = file.read_bytes()
    except OSError as error:
        raise LuoshiError("E_FILE", f"无法读取“{file}”：{error.strerror}", fields={"file": str(file)}) from None
    if not is_sure:
        found = sheets.preview(kind, actor=actor, name=file.name, data=data)
        tell(asdict(found))
        if found.errors or found.already:
            sys.exit(2 if found.errors else 4)
        return
    if not login:
        raise LuoshiError("E_INPUT", "导入须用 --as 写明以哪个账号拟办。", fields={"as": ""})
    sheet = sheets.take_in(kind, actor=actor, name=file.name, data=data)
    tell({"kind": kind, "rows": sheet.rows, "proposals": sheet.proposal_ids, "digest": sheet.digest})
