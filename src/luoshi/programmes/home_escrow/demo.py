"""The demonstration of supervised sale money: two banks, sales at every step, freezes, an end, money nobody claims.

Invented persons with ID numbers whose checks are right; the same every time, counted back from now. The rules ended in
2020: the demonstration records an invented successor, without which no agreement could be signed. Twice is as once.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.identifiers import id_check, uscc_check
from luoshi.kernel.money import Money
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.office.funds import bank, envelope, links, payments
from luoshi.office.funds.demo import with_the_bank
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.office.parameters import actions as parameters
from luoshi.programmes.home_escrow import common, contracts, queries, signing
from luoshi.programmes.home_escrow.models import Agency, Bank, Sale

_PEOPLE = {"clerk": "fangguan1", "reviewer": "fangguan2", "leader": "fangguan3", "registry": "guotu1", "tax": "shuiwu3",
           "teller": "nongshang1"}  # fmt: skip
_BANKS = (
    ("01", "测试农商银行", "402465000025", "90317000000000006601", "rural-commercial-bank"),
    ("02", "测试商业银行", "313465000027", "37050000000000006602", ""),
)
LENDER = "测试住房贷款银行"
_STREETS = ("测试一路", "测试二路", "测试三街", "测试花园")
_SALES = (
    # days ago, yuan of the buyer, yuan of the loan, how far it came, account
    (300, 320_000, 480_000, "closed", 0),
    (270, 610_000, 0, "closed", 1),
    (240, 250_000, 400_000, "closed", 0),
    (205, 455_000, 0, "ended", 0),
    (150, 380_000, 420_000, "closed", 1),
    (92, 300_000, 500_000, "owed", 0),
    (75, 720_000, 0, "held", 0),
    (61, 280_000, 360_000, "releasing", 1),
    (55, 540_000, 0, "noticed", 0),
    (47, 330_000, 450_000, "approved", 0),
    (40, 415_000, 0, "requested", 1),
    (36, 290_000, 510_000, "registered", 0),
    (29, 365_000, 300_000, "filed", 0),
    (24, 480_000, 0, "filed", 1),
    (17, 310_000, 390_000, "filing", 0),
    (11, 520_000, 0, "funded", 0),
    (6, 270_000, 430_000, "funding", 1),
    (2, 345_000, 455_000, "signed", 0),
)
_WAY = ("signed", "funding", "funded", "filing", "filed", "registered", "requested", "approved", "releasing", "closed")
_END = {"owed": "closed", "held": "registered", "ended": "filed", "noticed": "funded"}


def load(now: datetime.datetime | None = None) -> Iterator[str]:
    """Play most of a year of supervised sales; needs the people of the demonstration. Yields in words what was done."""
    if Bank.objects.exists():
        yield "存量房交易资金监管：已装入过，没有改动。"
        return
    users = {user.login: user for user in User.objects.filter(login__in=_PEOPLE.values())}
    if len(users) < len(_PEOPLE):
        yield "存量房交易资金监管：没有演示账号，没有装入。"
        return
    play = _Play({key: standing(users[login]).actor("web") for key, login in _PEOPLE.items()}, now or CLOCK.now())
    try:
        with transaction.atomic():
            play.year()
            play.day(0)
            for n, book in enumerate(play.books):
                with_the_bank(maker=play.people["clerk"], book=book, fee=0 if n else 500)
    finally:
        CLOCK.release()
    total = queries.books_total(list(Book.objects.filter(plan=common.PLAN)))
    yield (
        f"存量房交易资金监管：{Sale.objects.count()} 笔交易，监管中 {Money(total['2001'] + total['2002'])} 元，"
        f"待查来款 {Money(total['2005'])} 元。"
    )


def person(n: int) -> tuple[str, str]:
    """Return an invented name and an ID number that no one has (a sequence kept for tests), with its right check."""
    body = f"371083{1960 + n % 40}{1 + n % 12:02d}{1 + n % 28:02d}{900 + n % 99:03d}"
    signs = "甲乙丙丁戊己庚辛壬癸"
    return f"测试{signs[n // 10 % 10]}{signs[n % 10]}", body + id_check(body)


class _Play:
    """The year, day by day, each act by who does it."""

    def __init__(self, people: dict[str, Actor], now: datetime.datetime) -> None:
        self.people, self.now = people, now.replace(hour=10, minute=0, second=0, microsecond=0)
        if self.now > now:
            self.now -= datetime.timedelta(days=1)
        self.key, self.count, self.ago = secrets.token_hex(24), 0, 0
        self.books: list[Book] = []

    def day(self, ago: int, hour: int = 9) -> None:
        """Go to a day so many days ago."""
        self.ago = ago
        CLOCK.set((self.now - datetime.timedelta(days=ago)).replace(hour=hour))

    def later(self, days: int) -> None:
        """Go some days on, not past yesterday."""
        self.day(max(self.ago - days, 1))

    def act(self, who: str, case: Case, step: str, **data: Any) -> None:
        """Let a person take a step."""
        cases.act(actor=self.people[who], case=case.pk, step=step, data=data)

    def year(self) -> None:
        """Play it all."""
        self.successor()
        self.banks()
        for n, row in enumerate(_SALES):
            self.sale(n, *row)
        self.strangers()
        self.outside()
        self.interest()

    def successor(self) -> None:
        """Record a successor of the rules, proposed by one hand and approved by another."""
        self.day(400)
        first = CLOCK.today()
        told = {"successor_from": first, "successor_to": first + datetime.timedelta(days=1460)}
        for name, value in told.items():
            self.set(name, value.isoformat(), first)
        # The rules print no limits for review and execution: the demonstration sets days after which people are told.
        self.set("review_days", 3, first)
        self.set("bank_days", 1, first)

    def set(self, name: str, value: Any, first: datetime.date) -> None:
        """Set a parameter by two hands."""
        change = parameters.propose(
            actor=self.people["clerk"], room=common.ROOM, name=name, value=value, valid_from=first,
            source="outside_rule", document="（演示）后继文件，虚构", reason="演示：原办法2020年期满",
            citation="《（演示）存量房交易资金监管办法》第一条",
        )  # fmt: skip
        parameters.approve(actor=self.people["leader"], change_id=change.pk, version=change.version)

    def banks(self) -> None:
        """Choose two banks: compared, agreed, account opened, seal card, published."""
        for code, name, number, account, organ in _BANKS:
            Bank.objects.create(
                code=code, name=name, number=number, organ=organ, reputation="良好", service="网点齐全", link="api",
                loan_rate="基准", safety="专户管理", network="城区五处", phone="0631-5550000",
            )  # fmt: skip
            self.day(395)
            told = {"code": code}
            case = cases.open_case(actor=self.people["clerk"], procedure=contracts.BANK, title=name, facts=told)
            today = CLOCK.today()
            self.act("leader", case, "agree", agreement_no=f"测试合作{code}号", from_on=today.isoformat(),
                     to_on=today.replace(year=today.year + 3, day=min(today.day, 28)).isoformat())  # fmt: skip
            book = signing.open_account(actor=Actor.system("演示", "cli"), bank=number, name=name, number=account,
                                      opened_on=today, demo=True)  # fmt: skip
            links.set_link(actor=Actor.system("演示", "cli"), bank=number, name=name, key=self.key)
            self.act("clerk", case, "open_account")
            self.act("leader", case, "seal", seal_card_on=today.isoformat())
            self.act("clerk", case, "publish", poster_on=today.isoformat())
            self.books.append(book)
        for n, title in enumerate(("测试安居房产中介有限公司", "测试佳园房产中介有限公司", "测试置业担保有限公司")):
            body = f"91371083MA3C{n:05d}"
            Agency.objects.create(credit_code=body + uscc_check(body), name=title, filing_no=f"测试备{n + 1}号",
                                  kind="guarantee" if "担保" in title else "agency")  # fmt: skip

    def sale(self, n: int, ago: int, own: int, loan: int, state: str, account: int) -> None:
        """Sign a sale and let it come as far as it has."""
        self.day(ago)
        buyer, seller = person(2 * n), person(2 * n + 1)
        who = "teller" if account == 0 else "clerk"
        case = contracts.open_sale(actor=self.people[who], told={
            "account": self.books[account].key, "contract_no": f"CS{CLOCK.today():%Y}-{n + 1:04d}",
            "contract_on": (CLOCK.today() - datetime.timedelta(days=1)).isoformat(),
            "unit_code": f"371083001001GB00001F{n + 1:08d}", "address": f"{_STREETS[n % 4]}{n + 1}号",
            "title_no": f"鲁(2018)乳山市不动产权第{n + 1:07d}号", "area": f"{78 + 3 * n}.50",
            "buyers": " ".join(buyer), "sellers": " ".join(seller), "price": str(own + loan), "mode": "FULL",
            "contract_supervised": str(own + loan), "own": str(own), "loan": str(loan or ""),
            "lender": LENDER if loan else "", "plan": "STAGED" if state == "held" else "SINGLE",
        })  # fmt: skip
        upto = _WAY.index(_END.get(state, state))
        if upto >= 1:
            self.later(1)
            self.comes(account, case.number, buyer[0], own // 2 if state == "funding" else own)
        if upto >= 3:
            self.later(2)
            ticked = ("paper_agreement", "paper_vouchers", "paper_identity", "paper_title")
            self.act("clerk", case, "submit", **dict.fromkeys(ticked, "1"))
        if upto >= 4:
            self.later(1)
            self.act("reviewer", case, "file")
        if upto >= 5:
            self.later(4)
            self.act("registry", case, "registry_check")
            self.act("tax", case, "tax_check")
            self.later(5)
            self.act("registry", case, "register", registered_on=CLOCK.today().isoformat(),
                     certificate_no=f"鲁(2018)乳山市不动产权第{9000 + n:07d}号")  # fmt: skip
        if upto >= 5 and loan and state != "registered":
            self.later(2)
            self.comes(account, case.number, LENDER, loan)
        if state == "held":
            self.later(3)
            self.bank_says(account, "FREEZE", ref=case.number, amount_fen=20_000_000, authority="某人民法院",
                           document_no="测试冻1号", party=seller[0])  # fmt: skip
        if upto >= 6:
            self.later(1)
            self.act("clerk", case, "request", buyer_applied="1", seller_applied="1", owner=seller[0],
                     number=f"62220000000000{n:04d}", payee_bank="测试银行", basis="own")  # fmt: skip
        if upto >= 7:
            self.later(2)
            self.act("reviewer", case, "approve")
        if upto >= 8:
            self.act("clerk", case, "instruct")
            self.sent(account, case.number, "" if state == "releasing" else "success")
        if state == "owed":
            self.later(1)
            self.returned(account, case.number)
        if state in ("ended", "noticed"):
            self.end(case, account, buyer, state)

    def end(self, case: Case, account: int, buyer: tuple[str, str], state: str) -> None:
        """End the supervision: joint application, notice, refund where it came so far."""
        self.later(3)
        ending = contracts.open_ending(actor=self.people["clerk"], told={
            "agreement_no": case.number, "ground": "1", "buyer_applied": "1", "seller_applied": "1",
            "print_on": CLOCK.today().isoformat(), "title_in": "seller", "reason": "双方协商不再交易",
        })  # fmt: skip
        self.act("clerk", ending, "verify")
        self.act("reviewer", ending, "issue")
        if state == "ended":
            self.later(1)
            self.act("clerk", ending, "refund", owner=buyer[0], number="6222000000009901", payee_bank="测试银行",
                     basis="own")  # fmt: skip
            self.sent(account, case.number, "success")

    # --- the bank ---

    def bank_says(self, account: int, kind: str, **more: Any) -> None:
        """Let the bank of an account send a message."""
        self.count += 1
        _code, name, number, own, _organ = _BANKS[account]
        body = {
            "v": 1, "bank": number, "account": own, "msg_id": f"DEMO-{self.count}", "type": kind,
            "created_at": CLOCK.now().isoformat(), "business_date": str(CLOCK.today()), "direction": "",
            "bank_txn_no": "", "currency": "CNY", "counter_account": "", "counter_name": "", "ref": "", "memo": name,
        }  # fmt: skip
        bank.receive(json.dumps(envelope.signed(body | more, self.key), ensure_ascii=False).encode())

    def comes(self, account: int, number: str, payer: str, yuan: int) -> None:
        """Let money come in."""
        self.bank_says(account, "DEPOSIT", direction="C", bank_txn_no=f"D{self.count:06d}", amount_fen=yuan * 100,
                       ref=number, counter_name=payer)  # fmt: skip

    def sent(self, account: int, number: str, result: str) -> None:
        """Let another hand check the orders of a sale and the bank answer them."""
        for row in PaymentInstruction.objects.filter(case=number, state="drafted"):
            payments.check_payment(actor=self.people["reviewer"], payment=row.pk)
            if result:
                self.bank_says(account, "RESULT", direction="D", bank_txn_no=f"D{self.count:06d}", ref=row.instr_id,
                               amount_fen=row.amount, instr_id=row.instr_id, result=result)  # fmt: skip

    def returned(self, account: int, number: str) -> None:
        """Let the payee's bank send the money back."""
        row = PaymentInstruction.objects.get(case=number, state="confirmed")
        self.bank_says(account, "RETURNED", direction="C", bank_txn_no=f"D{self.count:06d}", ref=row.instr_id,
                       amount_fen=row.amount, instr_id=row.instr_id, reason="收款账户已销户")  # fmt: skip

    def strangers(self) -> None:
        """Money of a stranger and of an agency."""
        self.day(9)
        number = Sale.objects.filter(book=self.books[0]).order_by("-pk").values_list("agreement_no", flat=True)[1]
        self.comes(0, number, "测试外人", 50_000)
        self.comes(0, number, "测试佳园房产中介有限公司", 30_000)

    def outside(self) -> None:
        """A contract the parties settle themselves, and one between relatives that waits for its certificate."""
        ways: tuple[tuple[str, dict[str, str]], ...] = (
            ("OPT_OUT", {"buyer_signed": "1", "seller_signed": "1", "risk_read": "1"}),
            ("EXCLUDED", {"exclusion": "relatives", "proof_no": "测试亲属证明1号"}),
        )
        for n, (route, more) in enumerate(ways):
            self.day(20 - 9 * n)
            buyer, seller = person(80 + 2 * n), person(81 + 2 * n)
            case = cases.open_case(
                actor=self.people["clerk"], procedure=contracts.OUTSIDE, title=f"{buyer[0]}购房",
                facts={"route": route, "contract_no": f"CSW-{n + 1}", "unit_code": f"371083001001GB00002F{n + 1:08d}",
                       "buyer": buyer[0], "seller": seller[0], "price": str(450_000 + n), **more},
            )  # fmt: skip
            self.act("clerk", case, "check", opinion="材料齐全")
            if route == "OPT_OUT":
                self.later(1)
                self.act("reviewer", case, "certify")

    def interest(self) -> None:
        """A quarter's interest, split over the sales to the fen."""
        self.day(3)
        last = CLOCK.today() - datetime.timedelta(days=1)
        first = last - datetime.timedelta(days=90)
        self.bank_says(0, "INTEREST", direction="C", bank_txn_no=f"D{self.count:06d}", amount_fen=123_457,
                       period_from=first.isoformat(), period_to=last.isoformat())  # fmt: skip
