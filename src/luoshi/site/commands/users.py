"""开账号、授角色、重置口令、打印权限表。"""

from __future__ import annotations

import datetime
import sys
from typing import Any

import click

from luoshi.kernel.errors import LuoshiError
from luoshi.site.console import DAY, acting


@click.group(help=__doc__)
def command() -> None:
    """Keep accounts from the machine itself, above all the first administrator of a fresh installation."""


def _user(login: str) -> Any:
    from luoshi.office.accounts.models import User

    user = User.objects.filter(login=login).first()
    if user is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账号“{login}”。")
    return user


@command.command("add")
@click.argument("login")
@click.argument("name")
@click.option("--email", default="", help="电子邮箱。")
@click.option("--role", default=None, help="同时授给的角色，例如 administrator。")
@click.option("--organ", default="government-office", show_default=True, help="单位，名称或代号。")
@click.option("--to", "until", type=DAY, help="角色到哪一天（审计必填）。")
@click.option("--password-stdin", is_flag=True, help="从标准输入读口令；否则随机生成，显示一次。")
def add(
    login: str, name: str, email: str, role: str | None, organ: str, until: datetime.date | None, password_stdin: bool
) -> None:
    """开账号，可同时授一个角色；显示一次首次口令。"""
    actor = acting()
    from django.db import transaction

    from luoshi.office.accounts.actions import assign_role, open_account
    from luoshi.office.accounts.organs import slug_of

    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    with transaction.atomic():
        user, first = open_account(
            actor=actor, login=login, name=name, email=email, password=given, must_change=not given
        )
        if role:
            assign_role(actor=actor, user_id=user.pk, role=role, organ=slug_of(organ), valid_to=until)
    click.echo(f"已开账号 {user.login}（{user.name}）")
    if not given:
        click.echo(f"首次口令 {first}（只显示这一次，首次登录须更换）")


@command.command("assign")
@click.argument("login")
@click.argument("role")
@click.argument("organ")
@click.option("--from", "begin", type=DAY, help="从哪一天，默认今天。")
@click.option("--to", "until", type=DAY, help="到哪一天（含），默认未定。")
def assign(login: str, role: str, organ: str, begin: datetime.date | None, until: datetime.date | None) -> None:
    """授角色。"""
    actor = acting()
    from luoshi.office.accounts.actions import assign_role
    from luoshi.office.accounts.organs import slug_of

    row = assign_role(
        actor=actor,
        user_id=_user(login).pk,
        role=role,
        organ=slug_of(organ),
        valid_from=begin,
        valid_to=until,
    )
    click.echo(f"已授 {row.pk}：{login} {row.role} {row.organ}，{row.valid_from} 起")


@command.command("end")
@click.argument("login")
@click.argument("role")
@click.argument("organ")
@click.option("--last-day", default=None, help="最后一天；不写为立即结束。")
@click.option("--reason", default="", help="理由。")
def end(login: str, role: str, organ: str, last_day: datetime.date | None, reason: str) -> None:
    """结束角色。"""
    actor = acting()
    from luoshi.office.accounts.actions import end_role
    from luoshi.office.accounts.organs import slug_of

    held = _user(login).assignments.filter(role=role, organ=slug_of(organ), ended_at__isnull=True)
    row = held.order_by("-valid_from").first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"{login}没有在{organ}担任“{role}”。")
    end_role(actor=actor, assignment_id=row.pk, last_day=last_day, reason=reason)
    click.echo("已结束")


@command.command("close")
@click.argument("login")
@click.option("--reason", required=True, help="理由。")
def close(login: str, reason: str) -> None:
    """停用账号。"""
    actor = acting()
    from luoshi.office.accounts.actions import close_account

    close_account(actor=actor, user_id=_user(login).pk, reason=reason)
    click.echo(f"已停用 {login}")


@command.command("password")
@click.argument("login")
@click.option("--password-stdin", is_flag=True, help="从标准输入读首次口令；否则随机生成。")
def password(login: str, password_stdin: bool) -> None:
    """重置口令，停用动态口令；显示一次首次口令。"""
    actor = acting()
    from luoshi.office.accounts.passwords import reset_password

    given = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    _, first = reset_password(actor=actor, user_id=_user(login).pk, password=given)
    click.echo("首次口令已设，首次登录须更换" if given else f"首次口令 {first}（只显示这一次，首次登录须更换）")


@command.command("list")
@click.option("--all", "closed", is_flag=True, help="含已停用的。")
def list_(closed: bool) -> None:
    """列出账号和现任角色。"""
    actor = acting()
    from luoshi.office.accounts.queries import people_page

    after = ""
    while True:
        found, _ = people_page(actor, closed=closed, size=200, after=after)
        for user in found.rows:
            held = "、".join(f"{row.role}@{row.organ}" for row in user.held) or "—"
            click.echo(f"{user.login}\t{user.name}\t{'在用' if user.is_active else '已停用'}\t{held}")
        if not found.next:
            return
        after = found.next


@command.command("roles")
@click.option("--markdown", is_flag=True, help="打印 docs/permissions.md。")
def roles(markdown: bool) -> None:
    """打印权限表和不能兼任的角色。"""
    from luoshi.office import roles as table

    if markdown:
        click.echo(table.markdown(), nl=False)
        return
    for role, title in table.ROLE_TITLES.items():
        keys = [key for key, row in table.PERMISSIONS.items() if row.reach[role] is not table.Reach.NONE]
        click.echo(f"{role.value}（{title}）：{' '.join(keys)}")
    for rule in table.SEPARATIONS:
        where = "同一单位" if rule.same_organ else "任何单位"
        click.echo(f"不能兼任：{rule.one.title} × {rule.other.title}（{where}）：{rule.reason}")
