"""启动网站：升级数据库、打印地址、开始服务。"""

from __future__ import annotations

import os
import socket

import click

from luoshi.kernel.errors import LuoshiError
from luoshi.site import environment
from luoshi.site.setup import migrate, prepare


@click.command(help=__doc__)
@click.option("--demo", is_flag=True, help="装入演示公报；每页标明“演示数据”。")
@click.option("--listen", default=None, help="监听地址（默认取 LUOSHI_LISTEN）。")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="端口（默认取 LUOSHI_PORT）。")
def command(demo: bool, listen: str | None, port: int | None) -> None:
    """Migrate, load the demonstration if asked, serve until stopped."""
    if demo:
        os.environ["LUOSHI_DEMO"] = "1"
    try:
        values = environment.read()
    except environment.SettingError as error:
        raise LuoshiError("E_INPUT", str(error)) from None
    listen, port = listen or values["LUOSHI_LISTEN"], port or values["LUOSHI_PORT"]
    if not os.environ.get("LUOSHI_HOSTS") and listen not in ("127.0.0.1", "localhost"):
        os.environ["LUOSHI_HOSTS"] = "*" if listen == "0.0.0.0" else f"{listen} localhost"  # noqa: S104
    _refuse_taken(listen, port)
    prepare()
    migrate()
    if demo:
        from luoshi.site.demo import load_demonstration

        for line in load_demonstration():
            click.echo(line, err=True)
    shown = "127.0.0.1" if listen == "0.0.0.0" else listen  # noqa: S104
    click.echo(f"落实已启动：http://{shown}:{port}/ （按 Ctrl+C 停止）")
    from django.db import connections
    from granian.constants import Interfaces
    from granian.server import Server

    connections.close_all()
    Server(
        "luoshi.site.wsgi:application",
        address=listen,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=values["LUOSHI_THREADS"],
        log_enabled=False,
        websockets=False,
    ).serve()


def _refuse_taken(listen: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except OSError:
            raise LuoshiError("E_BUSY", f"{listen}:{port} 已被占用或不可用，请用 --port 换一个端口。") from None
