"""Send the parcels that wait: each tried until the other side has it, with growing pauses, under one key.

A try is noted before it is made, so that two senders at once do not both make it and a process that dies in between
leaves it to be made again: at least once for everybody, exactly once for a gateway that knows keys and for mail
programs that know Message-IDs.
"""

from __future__ import annotations

import datetime
import smtplib
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Count, Min, Q, Sum

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.jobs.actions import enqueue, handler
from luoshi.office.jobs.models import Job
from luoshi.office.messages.outbox import backend
from luoshi.office.notices import content, gateway
from luoshi.office.notices.models import Publication, Sending
from luoshi.office.notices.publishing import public_address
from luoshi.office.organs.sealing import unseal
from luoshi.office.timer import timer

SEND_JOB = "notices.send"
MAX_ATTEMPTS = 20
_FIRST_WAIT_S = 15
_LONGEST_WAIT_S = 1800
_LEASE = datetime.timedelta(minutes=2)
_A_RUN = 2_000


def wait_after(attempts: int) -> datetime.timedelta:
    """Return how long to wait after the `attempts`-th try: 15, 30, 60 … seconds, at most half an hour."""
    return datetime.timedelta(seconds=min(_FIRST_WAIT_S * 2 ** (attempts - 1), _LONGEST_WAIT_S))


def due() -> Any:
    """Return the parcels that are to be tried now; a drill has none, and none of a drill would be sent."""
    return Sending.objects.filter(
        state=Sending.State.WAITING, next_try_at__lte=CLOCK.now(), publication__exercise=False
    ).order_by("next_try_at", "id")


def send_due(report: Any = None) -> dict[str, int]:
    """Send what is due; return how many parcels were sent, will be tried again, were given up."""
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    mail = _Mail()
    touched: set[int] = set()
    try:
        for place, pk in enumerate(list(due().values_list("pk", flat=True)[:_A_RUN])):
            if report is not None:
                report("sending", place, 0)
            row = _claim(pk)
            if row is None:
                continue
            counts[_send(row, mail)] += 1
            touched.add(row.publication_id)
    finally:
        mail.close()
        for publication in touched:
            settle(publication)
    return counts


class _Mail:
    """The mail server's line, opened at the first mail."""

    def __init__(self) -> None:
        self._line: BaseEmailBackend | None = None

    def line(self) -> BaseEmailBackend:
        if self._line is None:
            self._line = backend()
        self._line.open()
        return self._line

    def close(self) -> None:
        if self._line is not None:
            self._line.close()


def _claim(pk: int) -> Sending | None:
    """Note the try and return the parcel; None when somebody else has it. It comes back when nothing more is heard."""
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        rows = due().filter(pk=pk).select_related("publication__notice")
        row: Sending | None = rows.select_for_update(skip_locked=skip, of=("self",)).first()
        if row is None:
            return None
        row.attempts += 1
        row.next_try_at = CLOCK.now() + max(wait_after(row.attempts), _LEASE)
        row.save(update_fields=["attempts", "next_try_at"])
    return row


def _send(row: Sending, mail: _Mail) -> str:
    publication = row.publication
    if publication.exercise:
        raise LuoshiError("E_STATE", "演练的文书不对外发送。")
    suite, _, sealed = row.addresses.partition("$")
    addresses = unseal(suite, sealed, f"notices_sending.addresses.{row.digest}").split("\n")
    try:
        if publication.channel == "sms":
            answer = gateway.post(row.key, publication.proof.get("text", ""), addresses)
        else:
            answer = _mailed(row, addresses[0], mail)
    except LuoshiError as error:
        # Nothing is set up: it waits until something is.
        answer = gateway.Answer(False, True, {}, error.message[:300], 600)
    return _noted(row, answer)


def _mailed(row: Sending, address: str, mail: _Mail) -> gateway.Answer:
    paper = row.publication.notice
    found = content.printed(paper)
    origin = settings.CSRF_TRUSTED_ORIGINS[0] if settings.CSRF_TRUSTED_ORIGINS else ""
    where = [f"公开页：{origin}{public_address(paper)}"] if origin and paper.public else []
    body = "\n\n".join([*content.lines_of(found), *where, "（此邮件由系统发出，请勿回复。）"])
    key = f"<{row.key}@luoshi>"
    try:
        line = mail.line()
        marks = "".join(f"【{mark}】" for mark in found.marks)
        EmailMessage(
            f"{marks}{paper.title}"[:200],
            body,
            getattr(settings, "MAIL_FROM", "") or "luoshi@localhost",
            [address],
            headers={"Message-ID": key},
            connection=line,
        ).send()
    except smtplib.SMTPRecipientsRefused as fault:
        codes = [code for code, _words in fault.recipients.values()]
        return gateway.Answer(False, any(code < 500 for code in codes), {"codes": codes}, "SMTPRecipientsRefused")
    except (smtplib.SMTPException, OSError) as fault:
        mail.close()
        return gateway.Answer(False, True, {}, f"{type(fault).__name__}: {fault}"[:300])
    return gateway.Answer(True, False, {"message_id": key, "at": local(CLOCK.now()).isoformat()}, "")


def _noted(row: Sending, answer: gateway.Answer) -> str:
    now = CLOCK.now()
    if answer.taken:
        state = Sending.State.SENT
        told: dict[str, Any] = {"sent_at": now, "answer": answer.proof, "error": "", "addresses": ""}
    elif answer.again and row.attempts < MAX_ATTEMPTS:
        wait = max(wait_after(row.attempts), datetime.timedelta(seconds=answer.wait_s))
        state, told = Sending.State.WAITING, {"next_try_at": now + wait, "error": answer.error[:300]}
    else:
        state, told = Sending.State.FAILED, {"error": answer.error[:300], "answer": answer.proof}
    # What was withdrawn meanwhile stays withdrawn, unless the other side has it.
    rows = Sending.objects.filter(pk=row.pk)
    if state != Sending.State.SENT:
        rows = rows.filter(state=Sending.State.WAITING)
    rows.update(state=state, **told)
    return str(state)


def settle(publication: int) -> None:
    """Bring a publication to what its parcels are: sent when all are, given up when none waits and one is."""
    with transaction.atomic():
        row = Publication.objects.select_for_update().get(pk=publication)
        if row.state in (Publication.State.WITHDRAWN, Publication.State.WITHHELD):
            return
        states = Sending.State
        told = row.sendings.aggregate(
            waiting=Count("id", filter=Q(state=states.WAITING)),
            failed=Count("id", filter=Q(state=states.FAILED)),
            sent=Count("id", filter=Q(state=states.SENT)),
            handed=Sum("count", filter=Q(state=states.SENT)),
            next=Min("next_try_at", filter=Q(state=states.WAITING)),
            tries=Sum("attempts"),
        )
        row.attempts, row.next_try_at = told["tries"] or 0, told["next"]
        row.proof = {**row.proof, "parcels": told["sent"], "handed": told["handed"] or 0}
        row.error = ""
        if told["waiting"]:
            row.state = Publication.State.WAITING
            row.error = row.sendings.exclude(error="").order_by("-id").values_list("error", flat=True).first() or ""
        elif told["failed"]:
            row.state = Publication.State.FAILED
            row.error = row.sendings.filter(state=states.FAILED).values_list("error", flat=True).first() or ""
        else:
            row.state = Publication.State.SENT
            row.sent_at = row.sent_at or CLOCK.now()
            last = row.sendings.filter(state=states.SENT).order_by("-place").values_list("answer", flat=True).first()
            row.proof["answer"] = last or {}
        row.version += 1
        row.save()


def queue() -> bool:
    """Queue a job that sends, unless one waits already; tell whether one was queued."""
    if Job.objects.filter(kind=SEND_JOB, state=Job.State.WAITING).exists():
        return False
    enqueue(SEND_JOB, actor=Actor.system("定时", "timer"), arguments={})
    return True


@handler(SEND_JOB)
def send_as_job(report: Any, actor: Actor) -> dict[str, int]:
    """Send what is due as a job."""
    return send_due(report)


@timer(SEND_JOB, every=datetime.timedelta(minutes=1), catch_up=False)
def queue_sending(moment: datetime.datetime) -> int:
    """Queue a job when a parcel is due and none is being sent."""
    if not due().exists():
        return 0
    if Job.objects.filter(kind=SEND_JOB, state__in=(Job.State.WAITING, Job.State.RUNNING)).exists():
        return 0
    return int(queue())
