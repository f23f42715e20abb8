"""The line to a bank: its keys, the messages that go out, tried until the bank has them, or written into a file.

A message goes out under one msg_id at every try; the bank knows a repetition by it and an instruction by its instr_id.
"""

from __future__ import annotations

import datetime
import http.client
import json
import ssl
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.sealing import seal, unseal
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import envelope
from luoshi.office.funds.models import Account, BankLink, BankMessage, PaymentInstruction
from luoshi.office.permissions import require

TIMEOUT_S = 20
MOST_ATTEMPTS = 30
ASK_AFTER = datetime.timedelta(minutes=30)
"""How long silence about an instruction lasts before the bank is asked."""
_LEASE = datetime.timedelta(minutes=2)
_A_RUN = 500


def set_link(
    *, actor: Actor, bank: str, name: str, key: str = "", url: str = "", keep_old: datetime.timedelta | None = None
) -> BankLink:
    """Set up a bank, or give it a new key: the old one stays valid for `keep_old`. Audit without the key.

    Errors: E_FORBIDDEN, E_INPUT (number, key shorter than 32 characters, address).
    """
    require(actor, "fund.open")
    if not envelope.BANK.fullmatch(bank):
        raise LuoshiError("E_INPUT", "行号应为12位数字。", fields={"field": "bank"})
    if key and not (32 <= len(key) <= 200 and key.isascii() and key.isprintable()):
        raise LuoshiError("E_INPUT", "密钥应为32到200个可见的英文字符。", fields={"field": "key"})
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise LuoshiError("E_INPUT", "银行接口地址应以 https:// 或 http:// 开头。", fields={"field": "url"})
    now = CLOCK.now()
    with transaction.atomic():
        row = BankLink.objects.select_for_update().filter(bank=bank).first()
        if row is None:
            if not key:
                raise LuoshiError("E_INPUT", "新设的银行要有密钥。", fields={"field": "key"})
            row = BankLink(bank=bank, created_at=now)
        elif key:
            row.other_key_sealed, row.other_until = row.key_sealed, now + (keep_old or datetime.timedelta(0))
        if key:
            row.key_sealed = seal(key, f"funds_banklink.key.{bank}")
        row.name, row.url, row.updated_at = name.strip()[:80], url, now
        row.save()
        audit.append(actor=actor, act="fund.link", subject=f"bank:{bank}", permission="fund.open",
                     after={"name": row.name, "url": url, "new_key": bool(key)})  # fmt: skip
    return row


def names(banks: Iterable[str]) -> dict[str, str]:
    """Return the names of banks by their 12-digit numbers, as far as they are set up."""
    wanted = set(banks)
    return dict(BankLink.objects.filter(bank__in=wanted).values_list("bank", "name")) if wanted else {}


def keys_of(bank: str) -> list[str]:
    """Return the keys valid now, the present one first; none for an unknown bank."""
    row = BankLink.objects.filter(bank=bank).first()
    if row is None:
        return []
    keys = [unseal(row.key_sealed, f"funds_banklink.key.{bank}")]
    if row.other_key_sealed and row.other_until and row.other_until > CLOCK.now():
        keys.append(unseal(row.other_key_sealed, f"funds_banklink.key.{bank}"))
    return keys


def queue(
    account: Account,
    kind: str,
    *,
    instruction: PaymentInstruction | None = None,
    fields: Mapping[str, Any] | None = None,
) -> BankMessage | None:
    """Put a message to the bank of `account` into the queue, signed; None for an account without a bank."""
    if not account.number:
        return None
    now = CLOCK.now()
    keys = keys_of(account.bank)
    body: dict[str, Any] = {
        "v": 1, "bank": account.bank, "account": account.number, "msg_id": f"LS-{uuid.uuid4().hex}", "type": kind,
        "created_at": local(now).isoformat(timespec="seconds"), "business_date": str(CLOCK.today()), "bank_txn_no": "",
        "currency": "CNY", **(fields or {}),
    }  # fmt: skip
    told = envelope.signed(body, keys[0]) if keys else {**body, "digest": envelope.digest_of(body), "sig": ""}
    return BankMessage.objects.create(
        way="out", bank=account.bank, account=account, msg_id=body["msg_id"], type=kind, created_at=now,
        business_date=CLOCK.today(), direction=body.get("direction", ""), amount_fen=body.get("amount_fen"),
        ref=body.get("ref", ""), body=json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        digest=told["digest"], channel="api", state=BankMessage.State.WAITING, instruction=instruction, at=now,
        next_try_at=now,
    )  # fmt: skip


def due() -> QuerySet[BankMessage]:
    """Return the messages that are to be tried now: of banks with an address."""
    banks = BankLink.objects.exclude(url="").values("bank")
    return BankMessage.objects.filter(state="waiting", next_try_at__lte=CLOCK.now(), bank__in=banks)


def send_due(report: Any = None) -> dict[str, int]:
    """Send what waits to banks with an address; return how many were sent, wait, were given up."""
    counts = {"sent": 0, "waiting": 0, "failed": 0}
    urls = {row.bank: row.url for row in BankLink.objects.exclude(url="")}
    for place, pk in enumerate(list(due().order_by("next_try_at", "pk").values_list("pk", flat=True)[:_A_RUN])):
        if report is not None:
            report("sending", place, 0)
        row = _claim(pk)
        if row is None:
            continue
        taken, said = _post(urls[row.bank], row)
        counts[_noted(row.pk, taken, said)] += 1
    return counts


def _claim(pk: int) -> BankMessage | None:
    """Note the try and return the message; None when somebody else has it."""
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        rows = BankMessage.objects.filter(pk=pk, state="waiting", next_try_at__lte=CLOCK.now())
        row = rows.select_for_update(skip_locked=skip).first()
        if row is None:
            return None
        row.attempts += 1
        pause = datetime.timedelta(seconds=min(15 * 2 ** (row.attempts - 1), 1800))
        row.next_try_at = CLOCK.now() + max(pause, _LEASE)
        row.save(update_fields=["attempts", "next_try_at"])
    return row


def _noted(pk: int, taken: bool, said: dict[str, Any]) -> str:
    with transaction.atomic():
        row = BankMessage.objects.select_for_update().get(pk=pk)
        if row.state != BankMessage.State.WAITING:
            return "sent"
        row.answer = said
        if taken:
            row.state, row.next_try_at = BankMessage.State.SENT, None
            mark_sent(row)
        elif row.attempts >= MOST_ATTEMPTS:
            row.state, row.next_try_at = BankMessage.State.FAILED, None
        row.save(update_fields=["state", "answer", "next_try_at"])
    return str(row.state) if row.state in ("sent", "failed") else "waiting"


def mark_sent(message: BankMessage) -> None:
    """Note on the instruction of an order that the bank has it; call inside the transaction."""
    if message.instruction_id is None:
        return
    row = PaymentInstruction.objects.select_for_update().get(pk=message.instruction_id)
    row.asked_at = CLOCK.now()
    if message.type != "QUERY" and row.state == PaymentInstruction.State.CHECKED:
        row.state, row.sent_at = PaymentInstruction.State.SENT, CLOCK.now()
        row.version += 1
    row.save()


def ask_silent() -> int:
    """Ask the bank about instructions it has had for half an hour without a result; return how many."""
    before = CLOCK.now() - ASK_AFTER
    rows = PaymentInstruction.objects.filter(state__in=["sent", "unknown"], asked_at__lte=before)
    count = 0
    for pk in list(rows.order_by("asked_at").values_list("pk", flat=True)[:_A_RUN]):
        with transaction.atomic():
            row = PaymentInstruction.objects.select_for_update(of=("self",)).select_related("account").get(pk=pk)
            if row.state not in ("sent", "unknown") or row.asked_at is None or row.asked_at > before:
                continue
            if BankMessage.objects.filter(instruction=row, type="QUERY", state="waiting").exists():
                continue
            row.asked_at = CLOCK.now()
            row.save(update_fields=["asked_at"])
            queue(row.account, "QUERY", instruction=row, fields={"instr_id": row.instr_id, "ref": row.instr_id})
            count += 1
    return count


def write_file(*, actor: Actor, account: Account) -> tuple[str, bytes]:
    """Return the name and the bytes of a file with all that waits for the bank of an account; it counts as sent.

    Errors: E_FORBIDDEN, E_STATE when nothing waits.
    """
    require(actor, "fund.bank", [account.book.organ])
    with transaction.atomic():
        rows = list(
            BankMessage.objects.select_for_update().filter(way="out", account=account, state="waiting").order_by("pk")
        )
        if not rows:
            raise LuoshiError("E_STATE", "没有待送银行的报文。")
        day = f"{CLOCK.today():%Y%m%d}"
        done = BankMessage.objects.filter(way="out", account=account, channel__startswith="f", at__date=CLOCK.today())
        number = (done.aggregate(n=Max("attempts"))["n"] or 0) % 99 + 1
        for row in rows:
            row.state, row.channel, row.next_try_at, row.attempts = BankMessage.State.SENT, "file", None, number
            row.save(update_fields=["state", "channel", "next_try_at", "attempts"])
            mark_sent(row)
        name = f"{account.bank}_{account.number}_{day}_{number:02d}.jsonl"
        told = {"name": name, "n": len(rows)}
        audit.append(actor=actor, act="fund.file", subject=f"account:{account.pk}", after=told, permission="fund.bank")
    return name, envelope.file_of(json.loads(row.body) for row in rows)


def _post(url: str, row: BankMessage) -> tuple[bool, dict[str, Any]]:
    """Hand a message over; tell whether the bank has it, and what it said."""
    parts = urlsplit(url)
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        line = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
        )
    else:
        line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": row.msg_id, "User-Agent": "luoshi"}
    try:
        line.request("POST", parts.path or "/", body=row.body.encode(), headers=headers)
        response = line.getresponse()
        text = response.read(64 * 1024).decode("utf-8", "replace").replace("\0", "")
        return 200 <= response.status < 300, {"status": response.status, "text": text[:500]}
    except (OSError, http.client.HTTPException) as fault:
        return False, {"error": f"{type(fault).__name__}: {fault}"[:300]}
    finally:
        line.close()
