"""A book for tests: a fund with a bank account, payments in transit, suspense, sources and subjects."""

from __future__ import annotations

import datetime
import json

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.funds import plans
from luoshi.office.funds.actions import open_book
from luoshi.office.funds.orders import Hand, Order, credit, debit
from luoshi.office.funds.writing import Ledger, ledger_of, post_all

DAY = datetime.date(2019, 3, 1)
BANK, NUMBER = "313465000019", "37050000000000000172"
ACTOR = Actor.system("测试甲", "test")
HAND = Hand("测试甲", "test")
PLAN = plans.declare(
    plans.BookPlan(
        "trial/fund",
        "试验基金",
        "finance",
        (
            plans.AccountPlan("1001", "活期", "asset", part="bank"),
            plans.AccountPlan("1101", "应收银行", "asset", part="receivable"),
            plans.AccountPlan("2001", "各户资金", "liability", by_subject=True),
            plans.AccountPlan("2002", "在途付款", "liability", part="transit"),
            plans.AccountPlan("2003", "待认领", "liability", part="suspense"),
            plans.AccountPlan("3001", "拨款", "fund"),
            plans.AccountPlan("3101", "已补偿", "fund", normal="D"),
            plans.AccountPlan("3900", "轧差", "fund", guarded=False),
        ),
        basis="乳政办发〔2018〕7号 四",
        events={"J1": "收到拨款", "J3": "补偿指令", "J4": "银行确认"},
    )
)


def book(key: str = "", now: datetime.datetime | None = None) -> Ledger:
    """Return the trial book, opened; another one for another key."""
    number = {"1001": (BANK, NUMBER if not key else f"9{abs(hash(key)) % 10**12}")}
    open_book(actor=ACTOR, plan="trial/fund", opened_on=datetime.date(2018, 1, 1), key=key, bank=number)
    return ledger_of(key or "trial/fund")


def funded(ledger: Ledger, fen: int, day: datetime.date = DAY, key: str = "grant", txn: str = "") -> None:
    """Put money into the fund."""
    post_all(ledger, [Order(key, day, [debit("1001", fen, bank_txn_no=txn), credit("3001", fen)], "J1", "拨款")], HAND)


def deposit(key: str, subject: str, fen: int, day: datetime.date = DAY) -> Order:
    """Return the order that books a subject's money in."""
    return Order(key, day, [debit("1001", fen), credit("2001", fen, subject)], "J1", "存入")


def withdrawal(key: str, subject: str, fen: int, day: datetime.date = DAY) -> Order:
    """Return the order that books a subject's money out."""
    return Order(key, day, [debit("2001", fen, subject), credit("1001", fen)], "J4", "划出")


def today() -> datetime.date:
    """Return the day of the clock."""
    return CLOCK.today()


KEY = "k" * 40


def clock_at(day: datetime.date) -> None:
    """Set the clock to nine in the morning of a day."""
    CLOCK.set(datetime.datetime(day.year, day.month, day.day, 9, tzinfo=datetime.timezone(datetime.timedelta(hours=8))))


def linked(url: str = "") -> None:
    """Set the bank up with its key."""
    from luoshi.office.funds import links

    links.set_link(actor=ACTOR, bank=BANK, name="试验银行", key=KEY, url=url)


_count = iter(range(1, 10**9))


def message(kind: str = "MOVEMENT", **more: object) -> bytes:
    """Return a signed message of the bank; `key` signs it, fields of `more` set to None are left out."""
    from luoshi.office.funds import envelope

    key = str(more.pop("key", KEY))
    body: dict[str, object] = {
        "v": 1, "bank": BANK, "account": NUMBER, "msg_id": f"M-{next(_count)}", "type": kind,
        "created_at": CLOCK.now().isoformat(), "business_date": str(CLOCK.today()), "bank_txn_no": "",
        "direction": "", "currency": "CNY", "counter_account": "", "counter_name": "", "ref": "", "memo": "",
    }  # fmt: skip
    body |= more
    body = {name: value for name, value in body.items() if value is not None}
    return json.dumps(envelope.signed(body, key), ensure_ascii=False).encode()


def movement(txn: str, direction: str, fen: int, **more: object) -> bytes:
    """Return a message of money that moved."""
    return message(bank_txn_no=txn, direction=direction, amount_fen=fen, **more)


def result(instr_id: str, outcome: str, fen: int = 0, txn: str = "", **more: object) -> bytes:
    """Return the bank's answer to an instruction."""
    moved = {"bank_txn_no": txn, "direction": "D", "amount_fen": fen} if txn else {}
    return message("RESULT", instr_id=instr_id, ref=instr_id, result=outcome, **moved, **more)
