"""把数据库升级到当前版本。"""

from __future__ import annotations

import click

from luoshi.site.setup import migrate, prepare


@click.command(help=__doc__)
def command() -> None:
    """Bring the database to the present form."""
    prepare()
    migrate()
    from django.db import connection

    click.echo(f"数据库已是当前版本：{connection.vendor} {connection.settings_dict['NAME']}", err=True)
