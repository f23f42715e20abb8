"""从备份恢复：先核对备份文件，装进新库，校验审计链，一致才启用。"""

from __future__ import annotations

import os
from pathlib import Path

import click

from luoshi.site import environment
from luoshi.site.console import progress
from luoshi.site.setup import prepare


@click.command(help=__doc__)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--into", "url", default=None, help="恢复到哪个库（默认现在设置的库），如 postgresql://…。")
@click.option("--replace", is_flag=True, help="库里有数据时也恢复；原来的库改名留着。")
@click.option("--check", is_flag=True, help="只核对备份文件，不恢复。")
def command(file: Path, url: str | None, replace: bool, check: bool) -> None:
    """Restore into an empty database, or with --replace in place of the present one."""
    from luoshi.kernel.errors import LuoshiError
    from luoshi.office.backup.archive import opened, put_keys
    from luoshi.office.backup.targets import target_of

    with opened(file) as archive:
        rows = sum(one["rows"] for one in archive.manifest["tables"])
        click.echo(
            f"备份完好：{archive.manifest['made_at'][:19]}，{rows:,} 行，文件 {archive.manifest['files']} 个。",
            err=True,
        )
        if check:
            return
        try:
            values = environment.read()
        except environment.SettingError as error:
            raise LuoshiError("E_INPUT", str(error)) from None
        data = values["LUOSHI_DATA"].resolve()
        data.mkdir(parents=True, exist_ok=True)
        target = target_of(url if url is not None else values["LUOSHI_DATABASE_URL"], data)
        target.refuse_unless_empty(replace)
        # Before the settings are read: they make a new key where there is none.
        differing = put_keys(archive, data)
        os.environ["LUOSHI_DATABASE_URL"] = target.stage()
        try:
            _fill(archive)
        except BaseException:
            _close()
            target.drop_stage()
            raise
        _close()
        kept = target.put_in_place()
    click.echo(f"已恢复到 {target.name}，审计链与备份时一致。")
    if kept:
        click.echo(f"原来的库留在 {kept}，确认无误后由管理员处理。", err=True)
    for name in differing:
        click.echo(f"密钥 {name} 与备份里的不同，保留了现有的。", err=True)


def _fill(archive: object) -> None:
    prepare()
    from luoshi.office.backup import restore
    from luoshi.office.backup.archive import Archive

    assert isinstance(archive, Archive)
    restore.load(archive, progress)
    restore.put_files(archive)
    restore.put_seals()
    restore.prove(archive)


def _close() -> None:
    from django.db import connections

    connections.close_all()
