"""A book for tests: a fund with a bank account, payments in transit, suspense, sources and subjects."""

from __future__ import annotations

import datetime

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
