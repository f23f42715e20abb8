"""The envelope of a bank message (conventions section 4): read, checked, signed. Pure: no database, no Django.

    digest = SHA-256 of the object without digest and sig, keys sorted, no spaces, UTF-8 unescaped
    sig    = HMAC-SHA-256 of the digest's hex under the bank's key

What cannot be one object with plain values is E_INPUT; nothing here raises anything else but LuoshiError.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from luoshi.kernel.errors import LuoshiError

MOST_BYTES = 256 * 1024
MOST_DEPTH = 6
MOST_FEN = 10**16
AHEAD, OLD = datetime.timedelta(minutes=10), datetime.timedelta(hours=24)

BANK = re.compile(r"[0-9]{12}")
MSG_ID = re.compile(r"[A-Za-z0-9-]{1,40}")
TYPE = re.compile(r"[A-Z][A-Z_]{2,29}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_TEXTS = {"counter_account": 40, "counter_name": 100, "ref": 80, "memo": 200, "bank_txn_no": 60}


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message whose form is right; `body` is the whole object."""

    bank: str
    account: str
    msg_id: str
    type: str
    created_at: datetime.datetime
    business_date: datetime.date
    bank_txn_no: str
    direction: str
    amount_fen: int | None
    ref: str
    memo: str
    counter_account: str
    counter_name: str
    digest: str
    body: Mapping[str, Any]


def canonical(body: Mapping[str, Any]) -> bytes:
    """Return what the digest is over."""
    told = {key: value for key, value in body.items() if key not in ("digest", "sig")}
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest_of(body: Mapping[str, Any]) -> str:
    """Return the digest of a message."""
    return hashlib.sha256(canonical(body)).hexdigest()


def signature(digest: str, key: str) -> str:
    """Return the signature of a digest."""
    return hmac.new(key.encode(), digest.encode(), hashlib.sha256).hexdigest()


def signed(body: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the message with digest and signature."""
    digest = digest_of(body)
    return {**body, "digest": digest, "sig": signature(digest, key)}


def _fault(words: str, field: str = "") -> LuoshiError:
    return LuoshiError("E_INPUT", f"报文{words}，没有受理。", fields={"field": field} if field else {})


def parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object of a message; E_TOO_LARGE, E_INPUT (no JSON, repeated keys, fractions, too deep)."""
    if len(data) > MOST_BYTES:
        raise LuoshiError("E_TOO_LARGE", f"报文超过 {MOST_BYTES // 1024} KB，没有受理。对账明细多的请分段或送文件。")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        told = dict(found)
        if len(told) != len(found):
            raise ValueError("repeated key")
        return told

    def no_fraction(_text: str) -> Any:
        raise ValueError("fraction")

    try:
        body = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_float=no_fraction,
                          parse_constant=no_fraction)  # fmt: skip
    except (ValueError, RecursionError):
        raise _fault("不是有效的 JSON 对象（UTF-8，键不重复，金额为整数分）") from None
    if not isinstance(body, dict):
        raise _fault("不是 JSON 对象")
    _plain(body, MOST_DEPTH)
    return body


def _plain(value: Any, depth: int) -> None:
    if depth < 0:
        raise _fault("层次过深")
    if isinstance(value, str):
        if _CONTROL.search(value):
            raise _fault("的文字里有控制字符")
    elif isinstance(value, bool) or value is None:
        pass
    elif isinstance(value, int):
        if abs(value) >= 2**63:
            raise _fault("里的数过大")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            _plain(key, depth)
            _plain(one, depth - 1)
    elif isinstance(value, list):
        for one in value:
            _plain(one, depth - 1)


def address(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return bank and account of a message, as far as they are text."""
    bank, account = body.get("bank"), body.get("account")
    if not isinstance(bank, str) or not isinstance(account, str):
        raise LuoshiError("E_ACCOUNT", "报文没有写明银行和账户，没有受理。")
    return bank, account


def verify(body: Mapping[str, Any], keys: Iterable[str]) -> None:
    """Refuse with E_SIG a message whose digest or signature is not right under any of the keys."""
    digest, sig = body.get("digest"), body.get("sig")
    right = isinstance(digest, str) and isinstance(sig, str) and digest.isascii() and sig.isascii()
    if right:
        right = hmac.compare_digest(digest_of(body), str(digest))
        # Every key is tried, so that time tells nothing of which.
        right &= sum(hmac.compare_digest(signature(str(digest), key), str(sig)) for key in keys) > 0
    if not right:
        raise LuoshiError("E_SIG", "报文的摘要或签名不符，没有受理。")


def read(body: Mapping[str, Any]) -> Envelope:
    """Return the envelope of a message; E_INPUT names the field that is wrong, E_AMOUNT an amount."""
    texts = {name: _text(body, name, most) for name, most in _TEXTS.items()}
    msg_id, kind = _text(body, "msg_id", 40), _text(body, "type", 30)
    if body.get("v") != 1 or isinstance(body.get("v"), bool):
        raise _fault("的版本 v 应为 1", "v")
    if not MSG_ID.fullmatch(msg_id):
        raise _fault("的 msg_id 应为1到40位字母、数字或短横", "msg_id")
    if not TYPE.fullmatch(kind):
        raise _fault("的 type 应为大写字母和下划线", "type")
    direction, amount = _text(body, "direction", 1), body.get("amount_fen")
    moved = bool(texts["bank_txn_no"])
    if direction not in ("", "C", "D") or (moved and not direction):
        raise _fault("的 direction 应为 C 或 D", "direction")
    if amount is not None and (isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount < MOST_FEN):
        raise LuoshiError("E_AMOUNT", "报文的 amount_fen 应为正整数（分），没有受理。", fields={"field": "amount_fen"})
    if moved and amount is None:
        raise _fault("有流水号却没有金额", "amount_fen")
    if body.get("currency", "CNY") != "CNY":
        raise _fault("的币种应为 CNY", "currency")
    return Envelope(
        bank=str(body["bank"]), account=str(body["account"]), msg_id=msg_id, type=kind,
        created_at=moment(body, "created_at"), business_date=day(body, "business_date"), direction=direction,
        amount_fen=amount, digest=str(body["digest"]), body=body, **texts,
    )  # fmt: skip


def _text(body: Mapping[str, Any], name: str, most: int) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > most:
        raise _fault(f"的 {name} 应为文字，最多{most}字", name)
    return value


def day(body: Mapping[str, Any], name: str) -> datetime.date:
    """Return a date field; E_INPUT."""
    value = body.get(name)
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        found = datetime.date.fromisoformat(value)
    except ValueError:
        raise _fault(f"的 {name} 应为日期（2019-03-01）", name) from None
    if not 1990 <= found.year <= 2200:
        raise _fault(f"的 {name} 不在可用的年份", name)
    return found


def moment(body: Mapping[str, Any], name: str) -> datetime.datetime:
    """Return a moment with its offset; E_INPUT."""
    value = body.get(name)
    try:
        if not isinstance(value, str) or len(value) > 40:
            raise ValueError
        found = datetime.datetime.fromisoformat(value)
        if found.tzinfo is None or not 1990 <= found.year <= 2200:
            raise ValueError
        return found.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise _fault(f"的 {name} 应为带时区的时刻（2019-03-01T09:00:00+08:00）", name) from None


def refuse_stale(message: Envelope, now: datetime.datetime) -> None:
    """Refuse with E_STALE what is more than ten minutes ahead or a day old."""
    if message.created_at > now + AHEAD or message.created_at < now - OLD:
        raise LuoshiError("E_STALE", "报文的时间超出允许范围（不早于24小时前，不晚于10分钟后），没有受理。")


# --- files ------------------------------------------------------------------------------------------------------------

FILE_NAME = re.compile(r"([0-9]{12})_([A-Za-z0-9-]{1,40})_([0-9]{8})_([0-9]{2})\.jsonl")
MOST_LINES = 200_000


def trailer(lines: list[bytes]) -> dict[str, Any]:
    """Return the last line of a file of `lines`: count, sums of both directions, SHA-256 over all lines before it."""
    sums = {"C": 0, "D": 0}
    for line in lines:
        body = json.loads(line)
        if body.get("direction") in sums and isinstance(body.get("amount_fen"), int) and body.get("bank_txn_no"):
            sums[body["direction"]] += body["amount_fen"]
    whole = b"".join(line + b"\n" for line in lines)
    return {"count": len(lines), "sum_c": sums["C"], "sum_d": sums["D"], "sha256": hashlib.sha256(whole).hexdigest()}


def file_of(messages: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a file of messages with its trailer."""
    lines = [json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() for one in messages]
    last = json.dumps(trailer(lines), separators=(",", ":")).encode()
    return b"".join(line + b"\n" for line in [*lines, last])


def split(name: str, data: bytes) -> list[bytes]:
    """Return the lines of a file whose name and trailer are right; E_FILE, E_HASH, E_ROWS, E_SUM, E_TOO_LARGE."""
    if FILE_NAME.fullmatch(name) is None:
        raise LuoshiError("E_FILE", "文件名应为 行号_账号_日期_序号.jsonl，没有受理。", fields={"name": name[:80]})
    lines = data.removesuffix(b"\n").split(b"\n")
    if len(lines) > MOST_LINES + 1:
        raise LuoshiError("E_TOO_LARGE", f"文件超过 {MOST_LINES:,} 行，没有受理。")
    try:
        last = parse(lines.pop())
        told = _told(lines)
    except (LuoshiError, ValueError):
        raise LuoshiError("E_FILE", "文件没有正确的尾行（count、sum_c、sum_d、sha256），整份没有入账。") from None
    whole = b"".join(line + b"\n" for line in lines)
    if last.get("sha256") != hashlib.sha256(whole).hexdigest():
        raise LuoshiError("E_HASH", "文件尾行的摘要不符，整份没有入账。")
    if last.get("count") != len(lines):
        raise LuoshiError("E_ROWS", f"文件尾行写 {last.get('count')} 行，实有 {len(lines)} 行，整份没有入账。")
    if (last.get("sum_c"), last.get("sum_d")) != told:
        raise LuoshiError("E_SUM", "文件尾行的收付合计不符，整份没有入账。")
    return lines


def _told(lines: list[bytes]) -> tuple[int, int]:
    """Return the sums of money in and out; a line that cannot be read adds nothing and is reported later by number."""
    sums = {"C": 0, "D": 0}
    for line in lines:
        try:
            body = parse(line)
        except LuoshiError:
            continue
        amount, direction = body.get("amount_fen"), body.get("direction")
        if isinstance(direction, str) and direction in sums and type(amount) is int and body.get("bank_txn_no"):
            sums[direction] += amount
    return sums["C"], sums["D"]
