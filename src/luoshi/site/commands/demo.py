"""把演示公报装入当前数据库。"""

from __future__ import annotations

import click

from luoshi.site.setup import migrate, prepare


@click.command(help=__doc__)
def command() -> None:
    """Load the demonstration gazettes; a second time changes nothing."""
    prepare()
    migrate()
    from luoshi.site.demo import load_demonstration

    for line in load_demonstration():
        click.echo(line, err=True)
