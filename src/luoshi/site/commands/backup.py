"""备份：整个库、文件库装进一个文件，不停服务。"""

from __future__ import annotations

from pathlib import Path

import click

from luoshi.site.console import progress
from luoshi.site.setup import prepare


@click.command(help=__doc__)
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=None, help="写到哪个目录（默认在数据目录下）。"
)
@click.option("--keep", type=click.IntRange(1, 10_000), default=None, help="目录里只留最新的几份。")
@click.option("--with-keys", is_flag=True, help="连同密钥一起备份；这样的备份文件要像密钥一样保管。")
def command(folder: Path | None, keep: int | None, with_keys: bool) -> None:
    """Write one archive."""
    prepare()
    from django.conf import settings

    from luoshi.office.actors import Actor
    from luoshi.office.backup.actions import backup

    target = backup(
        actor=Actor.system(settings.OPERATOR, "cli"),
        folder=folder or Path(settings.DATA_DIR) / "backups",
        keys=with_keys,
        keep=keep,
        report=progress,
    )
    click.echo(str(target))
    if with_keys:
        click.echo("备份里有密钥：请加密保存，不要与数据库放在同一处。", err=True)
    else:
        click.echo("备份里没有密钥（secret.key、audit.key），请另行保管；加 --with-keys 可一并备份。", err=True)
