"""审计记录：校验、封存、导出、列出。"""

from __future__ import annotations

import datetime
import json
import os
import shutil
import time
from pathlib import Path

import click

from luoshi.site.console import DAY, progress
from luoshi.site.setup import prepare


@click.group(help=__doc__)
def command() -> None:
    """Look after the trail."""
    prepare()


@command.command(help="逐条校验审计链；有一处不符，退出码为 1。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="用几个进程。")
def verify(as_json: bool, workers: int | None) -> None:
    """Prove the whole trail."""
    from luoshi.office.audit.proof import verify as prove

    begun = time.perf_counter()
    proof = prove(progress, workers=workers)
    if as_json:
        click.echo(json.dumps(proof.as_json() | {"seconds": round(time.perf_counter() - begun, 3)}, ensure_ascii=False))
    else:
        for stream in proof.streams:
            click.echo(f"{stream.stream}\t{stream.entries:,} 条\t不符 {stream.faults} 处\t末条 {stream.digest}")
        for finding in proof.findings:
            click.echo(f"  {finding.kind}\t{finding.stream} 第 {finding.position} 位\t{finding.message}")
        for name in proof.unguarded:
            click.echo(f"  trigger\t保护审计表的触发器缺失：{name}")
        if not proof.signatures:
            click.echo("  没有封存密钥（audit.key），签名没有核对。", err=True)
        seconds = time.perf_counter() - begun
        click.echo("完整。" if proof.whole else "不完整。", nl=False)
        click.echo(f"（{seconds:.1f} 秒）")
    raise SystemExit(0 if proof.whole and not proof.unguarded else 1)


@command.command(help="封存已结束的日子；--today 连今天到此刻的一起封存。")
@click.option("--today", is_flag=True)
def seal(today: bool) -> None:
    """Seal what is not sealed yet."""
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.audit.seals import seal_day

    last = CLOCK.today() - datetime.timedelta(days=0 if today else 1)
    made = seal_day(last)
    for one in made:
        click.echo(f"{one.stream}\t{one.day}\t第 {one.position} 位\t{one.digest}")
    click.echo(f"封存 {len(made)} 次。", err=True)


def _filtered(function: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option("--who", default="", help="谁。"),
        click.option("--act", default="", help="事项，如 matter.report。"),
        click.option("--subject", default="", help="对象，如 matter:12。"),
        click.option("--organ", default="", help="单位代号。"),
        click.option("--since", type=DAY, default=None, help="从哪天。"),
        click.option("--until", type=DAY, default=None, help="到哪天。"),
        click.option("--stream", type=click.Choice(["", "office", "sensitive", "access"]), default="", help="哪条链。"),
        click.option("--result", default="", help="结果，如 refused。"),
    ):
        function = option(function)
    return function


def _wanted(asked: dict[str, object]) -> object:
    from luoshi.office.audit.queries import AuditFilter

    days = {name: value for name, value in asked.items() if isinstance(value, datetime.date)}
    return AuditFilter(**({name: value for name, value in asked.items() if value} | days))  # type: ignore[arg-type]


@command.command("list", help="列出记录，新的在前。")
@_filtered
@click.option("--limit", type=click.IntRange(1, 1000), default=50)
def list_entries(limit: int, **asked: object) -> None:
    """Print entries."""
    from luoshi.kernel.clock import local
    from luoshi.office.audit.queries import audit_page

    for row in audit_page(_wanted(asked), size=limit).rows:  # type: ignore[arg-type]
        at = f"{local(row.at):%Y-%m-%d %H:%M:%S}"
        click.echo(f"{row.pk}\t{at}\t{row.who}\t{row.act}\t{row.subject}\t{row.result}\t{row.stream}:{row.position}")


@command.command(help="导出底稿：逐行 JSON、Excel、封存、独立核验的说明，装在一个 zip 里。")
@_filtered
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="写到哪个 zip 文件。")
@click.option("--purpose", required=True, help="为什么导出，会记入审计。")
def export(target: Path, purpose: str, **asked: object) -> None:
    """Write the working papers."""
    from django.conf import settings

    from luoshi.office.actors import Actor
    from luoshi.office.audit.export import working_papers

    actor = Actor.system(settings.OPERATOR, "cli")
    part = target.with_name(f".{target.name}.part")
    with working_papers(actor=actor, wanted=_wanted(asked), purpose=purpose) as papers, part.open("wb") as stream:  # type: ignore[arg-type]
        shutil.copyfileobj(papers, stream)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(target)
    click.echo(str(target))
