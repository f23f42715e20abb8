"""The demonstration of the guarantee: a fund of some years, claims paid, one that runs out of time, loans on their way.

Invented persons and farms only; the same every time, counted back from now. A second time does nothing.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.money import Money
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.office.funds import bank, envelope, links, payments
from luoshi.office.funds.demo import with_the_bank
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.programmes.agri_guarantee import (
    archiving,
    claims,
    demo_registers,
    fund,
    guarantees,
    indicators,
    lending,
    recovery,
)
from luoshi.programmes.agri_guarantee import standing as standing_acts
from luoshi.programmes.agri_guarantee.models import Claim, Loan, Operator

BANK, NUMBER = "402465000017", "90317000000000008018"
_PEOPLE = {
    "town": "xiachu1", "branch": "nongdan1", "company": "nongdan2", "reviewer": "xiaozu1", "leader": "xiaozu2",
    "bank": "nongshang1", "bank_head": "nongshang2", "custodian": "guoyun1", "checker": "guoyun2",
}  # fmt: skip
_PAPERS = {"sealed": True, "payout_notice": True, "payout_certificate": True}
_BOOKED = {("J1", False): "市级预算安排到账", ("J7", False): "存一年期定期", ("J7", True): "定期到期，收回本息"}
"""What is said of a row booked by hand, by event and whether principal came back."""
_PAID = (760, 540, 330, 120)
"""Days ago on which claims were paid; their loans are `demo_registers.FAILED`."""
_LOANS = (
    ("测试家庭农场五", "FAMILY_FARM", "GRAIN", 300_000, 0),
    ("测试合作社六", "COOP", "SPECIAL", 800_000, 1),
    ("测试种养大户七", "LARGE_GROWER", "BREEDING", 1_500_000, 2),
    ("测试小微企业八", "MICRO_ENT", "SERVICES", 600_000, 3),
    ("测试服务组织九", "SERVICE_ORG", "SERVICES", 900_000, 5),
    ("测试家庭农场十", "FAMILY_FARM", "GRAIN", 500_000, 6),
    ("测试龙头企业十一", "LEADING_ENT", "INTEGRATED", 5_000_000, 7),
)
"""Loans: operator, category, scope, yuan, how many of the steps after the application are done."""


def load(now: datetime.datetime | None = None) -> Iterator[str]:
    """Play some years of the fund; needs the people of the demonstration. Yields in words what was done."""
    if Book.objects.filter(key=fund.BOOK).exists():
        yield "鲁担惠农贷：已装入过，没有改动。"
        return
    users = {user.login: user for user in User.objects.filter(login__in=_PEOPLE.values())}
    if len(users) < len(_PEOPLE):
        yield "鲁担惠农贷：没有演示账号，没有装入。"
        return
    play = _Play({key: standing(users[login]).actor("web") for key, login in _PEOPLE.items()}, now or CLOCK.now())
    try:
        with transaction.atomic():
            play.years()
            play.day(0)
            with_the_bank(maker=play.people["custodian"], book=fund.fund(), fee=2000)
    finally:
        CLOCK.release()
    indicators.measure(CLOCK.today() - datetime.timedelta(days=400))
    figures = fund.figures(fund.fund())
    yield (
        f"鲁担惠农贷：{Claim.objects.count()} 笔补偿，{len(_LOANS)} 笔担保，"
        f"基金余额 {Money(figures.balance)} 元，累计补偿 {Money(figures.paid)} 元。"
    )


class _Play:
    """The fund's years, day by day, each act by who does it."""

    def __init__(self, people: dict[str, Actor], now: datetime.datetime) -> None:
        self.people, self.now = people, now.replace(hour=10, minute=0, second=0, microsecond=0)
        if self.now > now:
            self.now -= datetime.timedelta(days=1)
        self.key, self.count = secrets.token_hex(24), 0

    def day(self, ago: int, hour: int = 9) -> None:
        """Go to a day so many days ago."""
        CLOCK.set((self.now - datetime.timedelta(days=ago)).replace(hour=hour))

    def act(self, who: str, case: Case, step: str, **data: Any) -> None:
        """Let a person take a step."""
        cases.act(actor=self.people[who], case=case.pk, step=step, data=data)

    def booked(self, event: str, yuan: int, **more: Any) -> None:
        """Post a row of the table."""
        self.count += 1
        lines = fund.lines_of(event, yuan * 100, txn=f"D{self.count:06d}", **more)
        fund.post(actor=Actor.system("演示", "cli"), event=event, key=f"demo:{self.count}", value_on=CLOCK.today(),
                  lines=lines, memo=_BOOKED[event, "principal" in more])  # fmt: skip

    def years(self) -> None:
        """Play it all."""
        self.day(1000)
        fund.open_fund(actor=Actor.system("演示", "cli"), opened_on=CLOCK.today(), bank=(BANK, NUMBER), demo=True)
        links.set_link(actor=Actor.system("演示", "cli"), bank=BANK, name="测试合作银行", key=self.key)
        self.booked("J1", 10_000_000)
        payee = cases.open_case(actor=self.people["branch"], procedure=claims.PAYEE, title="补偿收款账户", facts={
            "name": "测试担保公司办事处", "number": "6222000000000000019", "payee_bank": "测试合作银行"})  # fmt: skip
        self.act("leader", payee, "approve")
        self.day(980)
        self.booked("J7", 6_000_000, account="1003")
        demo_registers.load(self.now.date(), [(name, category, scope) for name, category, scope, *_rest in _LOANS])
        for n, ago in enumerate(_PAID, 1):
            case = self.delivered(ago + 12, n)
            self.day(ago + 9)
            self.act("reviewer", case, "examine", opinion="材料齐全，金额相符")
            self.day(ago + 8)
            self.act("leader", case, "approve")
            self.paid(case, ago + 7)
            if n == 1:
                self.day(ago - 60)
                row = Claim.objects.get(case=case)
                self.recovered(row)
                self.day(615)
                self.booked("J7", 6_198_000, principal=600_000_000, account="1003")
                self.day(610)
                self.placed(5_000_000)
        waiting = self.delivered(11, 5)
        self.day(8)
        self.act("reviewer", waiting, "examine", opinion="材料齐全")
        self.day(1, 15)
        self.act("leader", waiting, "approve")
        self.delivered(5, 6)
        for n, loan in enumerate(_LOANS):
            self.loan(n, *loan)
        self.standing()

    def delivered(self, ago: int, n: int) -> Case:
        """Open a claim and deliver it: all of the loan was lost."""
        self.day(ago)
        loan = Loan.objects.get(guarantee_no=f"BZ{n:04d}")
        loss = loan.outstanding
        case = cases.open_case(
            actor=self.people["branch"], procedure=claims.CLAIM, title=f"{loan.borrower}代偿补偿",
            facts={"loan": loan.number, "loss": lending.yuan(loss), "payout": lending.yuan(loss * 8 // 10)},
        )  # fmt: skip
        self.act("branch", case, "deliver", paid_out_on=CLOCK.today().isoformat(), notice_no=f"TZ{n:03d}",
                 certificate_no=f"ZM{n:03d}", principal=lending.yuan(loss * 8 // 10), **_PAPERS)  # fmt: skip
        return case

    def recovered(self, row: Claim) -> None:
        """Money is recovered for a loan: the suit, the help of the court's letter, the receipt shared and booked."""
        case = Case.objects.get(procedure=recovery.RECOVERY, subject=recovery.subject_of(row.loan))
        self.act("branch", case, "act", measure="suit", words="已起诉，法院立案")
        self.act("reviewer", case, "ask_help", organ="court", letter="测试函〔1〕号")
        self.count += 1
        self.act("branch", case, "receive", base="POOL", gross="400000", costs="25000", voucher="诉讼费、执行费票据",
                 received_on=CLOCK.today().isoformat(), bank_txn_no=f"D{self.count:06d}")  # fmt: skip
        self.act("checker", case, "book")

    def placed(self, yuan: int) -> None:
        """Fund money is placed: proposed by the custodian, authorised by both, placed by another hand."""
        day = CLOCK.today()
        facts = {"product": "TIME_DEPOSIT", "principal": yuan, "rate": "1.95", "contract_no": "DQ-2",
                 "at_account_bank": True,
                 "matures_on": day.replace(year=day.year + 2, day=min(day.day, 28)).isoformat()}  # fmt: skip
        case = cases.open_case(actor=self.people["custodian"], procedure=standing_acts.PLACING, title="两年期定期存款",
                               facts=facts)  # fmt: skip
        for who in ("leader", "company"):
            self.act(who, case, "authorise")
        self.count += 1
        self.act("checker", case, "place", bank_txn_no=f"D{self.count:06d}")

    def standing(self) -> None:
        """What runs beside loans and claims: archives on their way, an audit under way."""
        rows = Operator.objects.filter(town="xiachu", status__in=["draft", "posted", "signed", "lapsed"]).order_by("pk")
        for n, row in enumerate(rows[:3]):
            self.day(20 - n)
            case = cases.open_case(actor=self.people["town"], procedure=archiving.ARCHIVING, title=f"{row.name}建档",
                                   facts={"archive": row.number, "director": "测试主任"}, organ="xiachu")  # fmt: skip
            if n:
                self.act("town", case, "post", posted_on=CLOCK.today().isoformat(), place="村务公开栏")
            if n > 1:
                self.day(3)
                self.act("town", case, "settle")
        self.day(15)
        day = CLOCK.today()
        audit = cases.open_case(
            actor=self.people["reviewer"], procedure=standing_acts.AUDIT, title="年度基金审计",
            facts={"agency": "测试会计师事务所", "scope": "基金收支和存放", "starts_on": day.isoformat(),
                   "ends_on": (day + datetime.timedelta(days=40)).isoformat()},
        )  # fmt: skip
        self.day(14)
        self.act("leader", audit, "order")

    def paid(self, case: Case, ago: int) -> None:
        """Let a claim be paid: drafted, checked by another hand, confirmed by the bank."""
        self.day(ago)
        self.act("custodian", case, "instruct")
        payment = Claim.objects.get(case=case).payment
        assert payment is not None
        payments.check_payment(actor=self.people["checker"], payment=payment.pk)
        self.day(ago, 14)
        self.said(payment)

    def said(self, payment: PaymentInstruction) -> None:
        """Let the bank say that it has paid."""
        self.count += 1
        body = {
            "v": 1, "bank": BANK, "account": NUMBER, "msg_id": f"DEMO-{self.count}", "type": "RESULT",
            "created_at": CLOCK.now().isoformat(), "business_date": str(CLOCK.today()), "direction": "D",
            "bank_txn_no": f"D{self.count:06d}", "amount_fen": payment.amount, "currency": "CNY",
            "counter_account": "", "counter_name": "", "ref": payment.instr_id, "memo": "",
            "instr_id": payment.instr_id, "result": "success",
        }  # fmt: skip
        bank.receive(json.dumps(envelope.signed(body, self.key), ensure_ascii=False).encode())

    def loan(self, n: int, operator: str, _category: str, scope: str, yuan: int, done: int) -> None:
        """Let a loan come as far as it has."""
        self.day(40 - n)
        facts = {"archive": operator, "requested": yuan, "project_type": "ORDINARY", "months": 12,
                 "bank": demo_registers.BANK, "purpose": "扩大生产"}  # fmt: skip
        case = cases.open_case(actor=self.people["town"], procedure=guarantees.GUARANTEE, title=operator, facts=facts,
                               organ="xiachu")  # fmt: skip
        start = CLOCK.today()
        contract = {
            "entrusted_no": f"WT-N{n}", "guarantee_no": f"BZ-N{n}", "loan_no": f"JK-N{n}", "amount": yuan,
            "start": start.isoformat(), "end": start.replace(year=start.year + 1, day=min(start.day, 28)).isoformat(),
            "rate": "5.2", "fee": "1" if scope == "GRAIN" else "1.5", "rate_reason": "按生产周期",
        }  # fmt: skip
        report = {"on": None, "amount": yuan, "opinion": "实地查看，经营正常"}
        review = {"on": None, "amount": yuan, "opinion": "同意", "result": "pass"}
        stages: list[list[tuple[str, str, dict[str, Any]]]] = [
            [("town_pass", "town", {"integrity": "村镇核查，诚信经营"})],
            [("recommend", "reviewer", {"recheck": "材料齐全"})],
            [("establish", "branch", {}), ("establish", "bank", {})],
            [("report_guarantor", "branch", report), ("report_bank", "bank", report),
             ("investigate", "branch", {}), ("investigate", "bank", {})],
            [("review_guarantor", "company", review), ("review_bank", "bank_head", review),
             ("approve", "company", {}), ("approve", "bank_head", {})],
            [("contract", "branch", contract)],
            [("disburse", "bank", {"disbursed": yuan, "disbursed_on": None})],
        ]  # fmt: skip
        for stage in stages[:done]:
            CLOCK.advance(datetime.timedelta(days=3))
            today = CLOCK.today().isoformat()
            for step, who, data in stage:
                self.act(who, case, step, **{key: today if value is None else value for key, value in data.items()})
