"""Send the e-mails that wait: each at least once tried, again after a growing while, given up after a day and a half.

A mail is noted as sent in the moment the server has taken it. Should the process die between the two, it goes out a
second time with the same Message-ID, which mail programs show once.
"""

from __future__ import annotations

import datetime
import smtplib
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.jobs.actions import enqueue, handler
from luoshi.office.jobs.models import Job
from luoshi.office.messages.models import Mail
from luoshi.office.timer import timer

MAIL_JOB = "mail.send"
MAX_ATTEMPTS = 10
_FIRST_WAIT = datetime.timedelta(minutes=1)
_LONGEST_WAIT = datetime.timedelta(hours=6)
_A_RUN = 500


def wait_after(attempts: int) -> datetime.timedelta:
    """Return how long to wait after the `attempts`-th try: 1, 2, 4 … minutes, at most 6 hours."""
    return min(_FIRST_WAIT * int(2 ** (attempts - 1)), _LONGEST_WAIT)


def backend() -> BaseEmailBackend:
    """Return a connection to the mail server of LUOSHI_SMTP_URL; E_INPUT when none is set or it cannot be read.

    `smtp://user:password@host:587/?tls=1`, `smtps://user:password@host:465/`; without a user no login.
    """
    url = getattr(settings, "SMTP_URL", "")
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise LuoshiError(
            "E_INPUT", "没有设邮件服务器，或地址不对：LUOSHI_SMTP_URL 应如 smtp://账号:口令@主机:587/?tls=1。"
        )
    secure = parts.scheme == "smtps"
    options: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or (465 if secure else 25),
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "use_ssl": secure,
        "use_tls": not secure and dict(parse_qsl(parts.query)).get("tls") == "1",
        "timeout": 20,
    }
    return get_connection(getattr(settings, "MAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend"), **options)


def send_due() -> dict[str, int]:
    """Send what is due; return how many were sent, will be tried again, were given up."""
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    connection = backend()
    try:
        for pk in list(_due().values_list("pk", flat=True)[:_A_RUN]):
            state = _send(pk, connection)
            if state is not None:
                counts[state] += 1
    finally:
        connection.close()
    return counts


def _due() -> Any:
    return Mail.objects.filter(state=Mail.State.WAITING, next_at__lte=CLOCK.now()).order_by("next_at", "id")


def _send(pk: int, connection: BaseEmailBackend) -> str | None:
    """Send one mail. The try is noted before, so that two senders at once do not both send it."""
    with transaction.atomic():
        mail = _due().select_for_update().filter(pk=pk).first()
        if mail is None:
            return None
        mail.attempts += 1
        mail.next_at = CLOCK.now() + wait_after(mail.attempts)
        mail.save(update_fields=["attempts", "next_at"])
    error = ""
    try:
        connection.open()
        message = EmailMessage(
            mail.subject,
            mail.body,
            getattr(settings, "MAIL_FROM", "") or "luoshi@localhost",
            [mail.to],
            headers={"Message-ID": f"<luoshi-{mail.pk}-{mail.made_at:%Y%m%d%H%M%S}@luoshi>"},
            connection=connection,
        )
        message.send()
    except (smtplib.SMTPException, OSError) as fault:
        error = f"{type(fault).__name__}: {fault}"[:300]
        connection.close()
    if not error:
        mail.state, mail.sent_at, mail.error = Mail.State.SENT, CLOCK.now(), ""
    else:
        mail.error = error
        if mail.attempts >= MAX_ATTEMPTS:
            mail.state = Mail.State.FAILED
    mail.save(update_fields=["state", "sent_at", "error"])
    return str(mail.state)


def retry_failed() -> int:
    """Let what was given up be tried again now; return how many."""
    rows = Mail.objects.filter(state=Mail.State.FAILED)
    return rows.update(state=Mail.State.WAITING, attempts=0, next_at=CLOCK.now())


@handler(MAIL_JOB)
def send_as_job(report: Any, actor: Actor) -> dict[str, int]:
    """Send what is due as a job."""
    return send_due()


@timer(MAIL_JOB, every=datetime.timedelta(minutes=1), catch_up=False)
def queue_sending(moment: datetime.datetime) -> int:
    """Queue a job when mail is due and none is queued yet."""
    if not getattr(settings, "SMTP_URL", "") or not _due().exists():
        return 0
    if Job.objects.filter(kind=MAIL_JOB, state__in=(Job.State.WAITING, Job.State.RUNNING)).exists():
        return 0
    enqueue(MAIL_JOB, actor=Actor.system("定时", "timer"), arguments={})
    return 1
