"""发送等待的邮件：luoshi mail send、mail list、mail retry。"""

from __future__ import annotations

import click

from luoshi.site.setup import prepare


@click.group(help=__doc__)
def command() -> None:
    """Look after the outbox."""
    prepare()


@command.command(help="发送到时间的邮件。")
def send() -> None:
    """Send what is due."""
    from luoshi.office.messages.outbox import send_due

    counts = send_due()
    click.echo(f"发出 {counts['sent']} 封，稍后再试 {counts['waiting']} 封，未发出 {counts['failed']} 封。")


@command.command("list", help="列出没有发出的邮件。")
def list_waiting() -> None:
    """List what has not gone out."""
    from luoshi.office.messages.models import Mail

    rows = Mail.objects.exclude(state=Mail.State.SENT).order_by("id")
    for row in rows[:200]:
        click.echo(f"{row.pk}\t{row.get_state_display()}\t{row.to}\t试 {row.attempts} 次\t{row.error}")
    click.echo(f"共 {rows.count()} 封。", err=True)


@command.command(help="把未发出的重新放进待发。")
def retry() -> None:
    """Try again what was given up."""
    from luoshi.office.messages.outbox import retry_failed

    click.echo(f"重新待发 {retry_failed()} 封。")
