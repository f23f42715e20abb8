"""列出全部设置：变量、现值、含义。"""

from __future__ import annotations

import os

import click

from luoshi.kernel.errors import LuoshiError
from luoshi.site import environment

_HIDDEN = ("LUOSHI_SECRET_KEY", "LUOSHI_DATABASE_URL", "LUOSHI_SMTP_URL")


@click.command(help=__doc__)
@click.option("--markdown", is_flag=True, help="打印 docs/settings.md。")
def command(markdown: bool) -> None:
    """Print the table of settings."""
    if markdown:
        click.echo(environment.documentation(), nl=False)
        return
    try:
        environment.read()
    except environment.SettingError as error:
        raise LuoshiError("E_INPUT", str(error)) from None
    for setting in environment.SETTINGS:
        value = os.environ.get(setting.name) or setting.default
        shown = "（已设，不显示）" if value and setting.name in _HIDDEN else value or "（空）"
        mark = "*" if os.environ.get(setting.name) else " "
        click.echo(f"{mark} {setting.name} = {shown}\n    {setting.meaning}")
