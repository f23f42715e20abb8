"""Bank statements: read from a message, Excel or CSV; taken when they go on from the last and add up; then matched."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import matching
from luoshi.office.funds.envelope import MOST_FEN, Envelope, day
from luoshi.office.funds.models import Account, Statement, StatementLine
from luoshi.office.locks import serialise
from luoshi.office.permissions import require, require_visible
from luoshi.office.registers.kinds import as_text, blank, narrow
from luoshi.office.registers.sheets import HEAD_ROWS, cells_of

MOST_LINES = 100_000
_MOST_FAULTS = 200


class Row(NamedTuple):
    """A line of a statement as read; `direction` C is money in."""

    n: int
    on: datetime.date
    bank_txn_no: str
    direction: str
    amount: int
    counter_account: str = ""
    counter_name: str = ""
    ref: str = ""
    memo: str = ""


class Fault(NamedTuple):
    """What is wrong with a row of a file: its number, the column, what to do."""

    n: int
    column: str
    text: str


@dataclass(slots=True)
class Parsed:
    """A statement as read, before anything is kept of it."""

    first_on: datetime.date
    last_on: datetime.date
    opening: int
    closing: int
    rows: Sequence[Row]
    digest: str
    faults: list[Fault] = field(default_factory=list)
    assumed: bool = False
    """The opening was not in the file: it was taken from the last statement."""

    @property
    def sum_c(self) -> int:
        """Money in."""
        return sum(row.amount for row in self.rows if row.direction == "C")

    @property
    def sum_d(self) -> int:
        """Money out."""
        return sum(row.amount for row in self.rows if row.direction == "D")


def last_of(account: Account) -> Statement | None:
    """Return the latest statement of an account."""
    return Statement.objects.filter(account=account).order_by("-pk").first()


# --- from a message ---------------------------------------------------------------------------------------------------


def of_message(account: Account, message: Envelope) -> Parsed:
    """Read a STATEMENT message: first_on, last_on (business_date unless given), opening, closing, lines; E_INPUT."""
    body = message.body
    last = day(body, "last_on") if "last_on" in body else message.business_date
    first = day(body, "first_on") if "first_on" in body else last
    lines = body.get("lines")
    if not isinstance(lines, list) or len(lines) > MOST_LINES:
        raise LuoshiError("E_INPUT", "STATEMENT 的 lines 应为明细的列表。", fields={"field": "lines"})
    rows = []
    for n, told in enumerate(lines, 1):
        if not isinstance(told, Mapping):
            raise LuoshiError("E_INPUT", f"STATEMENT 第 {n} 行不是对象。", fields={"field": "lines"})
        rows.append(_line_of(n, told))
    opening, closing = (_whole(body, name) for name in ("opening", "closing"))
    return Parsed(first, last, opening, closing, rows, message.digest)


def _line_of(n: int, told: Mapping[str, Any]) -> Row:
    amount, direction = told.get("amount_fen"), told.get("direction")
    texts = [told.get(name, "") for name in ("bank_txn_no", "counter_account", "counter_name", "ref", "memo")]
    if (
        type(amount) is not int or not 0 < amount < MOST_FEN or direction not in ("C", "D")
        or any(not isinstance(text, str) for text in texts) or not 0 < len(texts[0]) <= 60
    ):  # fmt: skip
        raise LuoshiError("E_INPUT", f"STATEMENT 第 {n} 行应有流水号、方向和正整数金额（分）。", fields={"line": n})
    most = (60, 40, 100, 80, 200)
    txn, counter, name, ref, memo = (text[:length] for text, length in zip(texts, most, strict=True))
    return Row(n, day(told, "business_date"), txn, str(direction), amount, counter, name, ref, memo)


def _whole(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if type(value) is not int or not 0 <= value < MOST_FEN:
        raise LuoshiError("E_INPUT", f"STATEMENT 的 {name} 应为非负整数（分）。", fields={"field": name})
    return value


# --- from a file ------------------------------------------------------------------------------------------------------

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "on": ("日期", "交易日期", "记账日期", "入账日期"),
    "txn": ("流水号", "交易流水号", "银行流水号", "交易流水", "凭证号"),
    "in": ("收入", "贷方金额", "贷方发生额", "收入金额", "贷方"),
    "out": ("支出", "借方金额", "借方发生额", "支出金额", "借方"),
    "balance": ("余额", "账户余额"),
    "counter_account": ("对方账号", "对方帐号"),
    "counter_name": ("对方户名", "对方名称"),
    "ref": ("附言编号", "业务编号", "指令号", "备注编号"),
    "memo": ("摘要", "附言", "用途"),
}
TEMPLATE = ("日期", "流水号", "收入（元）", "支出（元）", "余额（元）", "对方账号", "对方户名", "业务编号", "摘要")
_UNIT = re.compile(r"[（(]元[)）]$")
_DAY = re.compile(r"(\d{4})[-./年]?(\d{1,2})[-./月]?(\d{1,2})日?")
_SERIAL_ZERO = datetime.date(1899, 12, 30)


def template() -> bytes:
    """Return an empty table to fill in, as CSV that spreadsheets open."""
    return ("\ufeff" + ",".join(TEMPLATE) + "\r\n").encode()


def of_file(account: Account, name: str, data: bytes) -> Parsed:
    """Read an Excel or CSV statement; `faults` tells every cell that is wrong. E_FILE, E_HEADER, E_TOO_LARGE, E_ROWS.

    Money in is the bank's credit. With a column of balances opening and closing come from it and every row is checked
    against it; without one the opening is the last statement's closing.
    """
    _refuse_known(account, hashlib.sha256(data).hexdigest())
    rows, _size = cells_of(name, data)
    head: list[Sequence[Any]] = []
    columns: dict[str, int] = {}
    for _place, cells in zip(range(HEAD_ROWS), rows, strict=False):
        head.append(cells)
        found = _header(cells)
        if len(found) > len(columns):
            columns, top = found, len(head)
    missing = [_COLUMNS[key][0] for key in ("on", "txn", "in", "out") if key not in columns]
    if missing:
        raise LuoshiError(
            "E_HEADER",
            f"表头缺少：{'、'.join(missing)}。请用本页的模板，或把银行的列名改成这样。",
            fields={"missing": missing},
        )
    parsed: list[Row] = []
    balances: list[int | None] = []
    faults: list[Fault] = []
    following = [*enumerate(head[top:], top + 1), *enumerate(rows, len(head) + 1)]
    for n, cells in following:
        if all(blank(cell) for cell in cells):
            continue
        if len(parsed) >= MOST_LINES:
            raise LuoshiError("E_TOO_LARGE", f"对账单超过 {MOST_LINES:,} 行，请分段导入。")
        row, after = _read(n, cells, columns, faults)
        if row is not None:
            parsed.append(row)
            balances.append(after)
    if not parsed and not faults:
        raise LuoshiError("E_ROWS", "对账单里没有明细。")
    return _whole_file(account, parsed, balances, faults, hashlib.sha256(data).hexdigest())


def _refuse_known(account: Account, digest: str) -> None:
    known = Statement.objects.filter(account=account, digest=digest).first()
    if known is not None:
        raise LuoshiError(
            "E_DUPLICATE_FILE", f"这份对账单（{known.first_on} 至 {known.last_on}）已经导入过。",
            fields={"statement": known.pk},
        )  # fmt: skip


def _header(cells: Sequence[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        title = _UNIT.sub("", narrow(as_text(cell)).replace(" ", "")) if not blank(cell) else ""
        for key, names in _COLUMNS.items():
            if title in names and key not in found:
                found[key] = place
    return found


def _read(
    n: int, cells: Sequence[Any], columns: Mapping[str, int], faults: list[Fault]
) -> tuple[Row | None, int | None]:
    def cell(key: str) -> Any:
        place = columns.get(key)
        return cells[place] if place is not None and place < len(cells) else None

    def fault(column: str, text: str) -> None:
        if len(faults) < _MOST_FAULTS:
            faults.append(Fault(n, column, text))

    on, txn = _day_of(cell("on")), narrow(as_text(cell("txn"))).strip() if not blank(cell("txn")) else ""
    got, paid = _fen(cell("in")), _fen(cell("out"))
    if on is None:
        fault("日期", "应为日期，如 2019-03-01")
    elif on > CLOCK.today():
        fault("日期", "晚于今天")
        on = None
    if not 0 < len(txn) <= 60 or not txn.isprintable():
        fault("流水号", "要写，最多60字")
    if got is None or paid is None or got < 0 or paid < 0 or max(got, paid) >= MOST_FEN:
        fault("收入、支出", "应为元，最多两位小数，不为负")
    elif (got > 0) == (paid > 0):
        fault("收入、支出", "应有且只有一个")
    after = None if blank(cell("balance")) else _fen(cell("balance"))
    if not blank(cell("balance")) and after is None:
        fault("余额", "应为元，最多两位小数")
    if on is None or not 0 < len(txn) <= 60 or got is None or paid is None or (got > 0) == (paid > 0):
        return None, None
    texts = [
        "" if blank(cell(key)) else re.sub(r"[\x00-\x1f\x7f]", " ", narrow(as_text(cell(key)))).strip()[:most]
        for key, most in (("counter_account", 40), ("counter_name", 100), ("ref", 80), ("memo", 200))
    ]
    return Row(n, on, txn, "C" if got else "D", got or paid, *texts), after


def _whole_file(
    account: Account, rows: list[Row], balances: list[int | None], faults: list[Fault], digest: str
) -> Parsed:
    last = last_of(account)
    opening, assumed = (last.closing if last else 0), True
    if rows and balances[0] is not None:
        # A bank that prints the newest row first is turned round.
        steps = [row.amount if row.direction == "C" else -row.amount for row in rows]
        falling = len(rows) > 1 and rows[0].on > rows[-1].on
        if falling or (len(rows) > 1 and _follows(balances[::-1], steps[::-1]) and not _follows(balances, steps)):
            rows, balances, steps = rows[::-1], balances[::-1], steps[::-1]
        opening, assumed = int(balances[0] or 0) - steps[0], False
        running = opening
        for row, step, told in zip(rows, steps, balances, strict=True):
            running += step
            if told is not None and told != running:
                faults.append(Fault(row.n, "余额", f"应为 {Money(running)}，写着 {Money(told)}：可能缺行或重复"))
                break
    seen: dict[str, int] = {}
    for row in rows:
        if row.bank_txn_no in seen:
            faults.append(Fault(row.n, "流水号", f"与第 {seen[row.bank_txn_no]} 行相同"))
        seen[row.bank_txn_no] = row.n
    closing = opening + sum(row.amount if row.direction == "C" else -row.amount for row in rows)
    days = [row.on for row in rows] or [CLOCK.today()]
    if not assumed and last is not None and opening != last.closing:
        faults.insert(
            0, Fault(rows[0].n, "余额", f"期初 {Money(opening)} 元，上期期末 {Money(last.closing)} 元：中间可能缺一段")
        )
    return Parsed(min(days), max(days), opening, closing, rows, digest, faults, assumed)


def _follows(balances: Sequence[int | None], steps: Sequence[int]) -> bool:
    return all(
        one is None or two is None or one + step == two
        for one, two, step in zip(balances, balances[1:], steps[1:], strict=False)
    )


def _day_of(cell: Any) -> datetime.date | None:
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 20_000 <= cell < 80_000:
        return _SERIAL_ZERO + datetime.timedelta(days=int(cell))
    found = _DAY.fullmatch(narrow(as_text(cell)).strip().partition(" ")[0]) if not blank(cell) else None
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def _fen(cell: Any) -> int | None:
    """Return an amount in fen, 0 for a blank cell, None for what is no whole number of fen."""
    if blank(cell):
        return 0
    if isinstance(cell, bool) or not isinstance(cell, (int, float, str)):
        return None
    text = format(cell, ".15g") if isinstance(cell, float) else narrow(str(cell)).replace(",", "").lstrip("¥￥").strip()
    if text in ("-", "—"):
        return 0
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= MOST_FEN:
        return None
    fen = number * 100
    return int(fen) if fen == fen.to_integral_value() else None


# --- taking it in -----------------------------------------------------------------------------------------------------


def import_file(*, actor: Actor, account: Account, name: str, data: bytes) -> Statement:
    """Take an Excel or CSV statement in and match it. Errors: E_FORBIDDEN, E_INCOMPLETE (faults), those of `take`."""
    require_visible(actor, "fund.see", account.book.seen_by, "这个账户")
    require(actor, "fund.bank", [account.book.organ])
    parsed = of_file(account, name, data)
    if parsed.faults:
        first = parsed.faults[0]
        raise LuoshiError(
            "E_INCOMPLETE",
            f"第 {first.n} 行“{first.column}”：{first.text}。共 {len(parsed.faults)} 处，改正后再导入。",
            fields={"faults": [one._asdict() for one in parsed.faults[:50]]},
        )  # fmt: skip
    return take(actor=actor, account=account, parsed=parsed, source=name.rpartition(".")[2].lower()[:10])


def take(*, actor: Actor, account: Account, parsed: Parsed, source: str) -> Statement:
    """Keep a statement and match its lines: refused unless opening = last closing and opening + ΣC − ΣD = closing.

    Side effects: lines, matches, payments found successful, differences, audit. Errors: E_DUPLICATE_FILE, E_DUPLICATE
    (a movement on an earlier statement), E_SUM (does not continue or add up), E_INPUT (days).
    """
    with transaction.atomic():
        serialise(f"funds.account:{account.pk}")
        _refuse_known(account, parsed.digest)
        last = last_of(account)
        if parsed.last_on > CLOCK.today() or parsed.first_on > parsed.last_on:
            raise LuoshiError("E_INPUT", "对账单的起止日期不对。", fields={"field": "last_on"})
        if last is not None and parsed.opening != last.closing:
            raise LuoshiError(
                "E_SUM",
                f"期初 {Money(parsed.opening)} 元与上期期末 {Money(last.closing)} 元不符，没有导入。"
                "请先补齐中间的对账单。",
                fields={"opening": parsed.opening, "last_closing": last.closing},
            )
        if last is not None and parsed.first_on < last.last_on:
            raise LuoshiError(
                "E_INPUT", f"对账单从 {parsed.first_on} 起，上一份已到 {last.last_on}。", fields={"field": "first_on"}
            )
        if parsed.opening + parsed.sum_c - parsed.sum_d != parsed.closing:
            raise LuoshiError(
                "E_SUM", "对账单期初加收入减支出不等于期末，没有导入。",
                fields={name: getattr(parsed, name) for name in ("opening", "sum_c", "sum_d", "closing")},
            )  # fmt: skip
        if any(not parsed.first_on <= row.on <= parsed.last_on for row in parsed.rows):
            raise LuoshiError("E_INPUT", "明细的日期不在对账单的起止日期之间。", fields={"field": "lines"})
        account.book.refresh_from_db()
        statement = Statement.objects.create(
            account=account, previous=last, first_on=parsed.first_on, last_on=parsed.last_on, opening=parsed.opening,
            sum_c=parsed.sum_c, sum_d=parsed.sum_d, closing=parsed.closing, count=len(parsed.rows), source=source,
            digest=parsed.digest, maker=actor.name, maker_id=actor.user_id, at=CLOCK.now(),
            book_no=account.book.last_no,
        )  # fmt: skip
        try:
            with transaction.atomic():
                StatementLine.objects.bulk_create(
                    [
                        StatementLine(statement=statement, account=account, **{**row._asdict(), "n": n})
                        for n, row in enumerate(parsed.rows, 1)
                    ],
                    batch_size=1000,
                )  # fmt: skip
        except IntegrityError:
            raise LuoshiError("E_DUPLICATE", "对账单里有流水号重复，或已在以前的对账单里，没有导入。") from None
        matched = matching.match(account, statement)
        audit.append(
            actor=actor, act="fund.statement", subject=f"account:{account.book.key}:{account.code}",
            after={"first_on": parsed.first_on, "last_on": parsed.last_on, "opening": parsed.opening,
                   "closing": parsed.closing, "lines": len(parsed.rows), **matched}, permission="fund.bank",
        )  # fmt: skip
    return statement
