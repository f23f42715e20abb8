"""The demonstration of the fund: two banks, firms, loans at every step, one overdue, one compensated, reports.

Invented firms only; the same every time, counted back from now. A second time does nothing. The rules ended with 2022:
the demonstration city has an invented successor that keeps them in force.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.counting import add_months
from luoshi.kernel.identifiers import id_check, uscc_check
from luoshi.kernel.money import Money
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.office.funds import bank, envelope, links, payments
from luoshi.office.funds.demo import with_the_bank
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.parameters import actions as parameters
from luoshi.office.registers import actions as registers
from luoshi.programmes.mitigation_fund import committee, fund, indicators, instructions, lending, monitoring, recourse
from luoshi.programmes.mitigation_fund.models import Agreement, Application, Listing, Loan
from luoshi.programmes.mitigation_fund.registers import BENCHMARKS, FIRMS, HOLDERS, LISTINGS, REPORTS
from luoshi.programmes.mitigation_fund.scenes import SCREENED

BANK, NUMBER, ORGAN = "402465000025", "90317000000000008026", "rural-commercial-bank"
OTHER = "313465000043"
_PEOPLE = {
    "centre": "jinfu1", "reviewer": "jinfu2", "head": "jinfu3", "finance": "caizheng1", "finance_reviewer": "caizheng2",
    "finance_head": "caizheng3", "tax_reviewer": "shuiwu1", "tax_head": "shuiwu2", "bank": "nongshang1",
}  # fmt: skip
_FIRMS = (
    ("测试甲科技公司", "NEEQ", 5_000_000), ("测试乙食品公司", "QILU", 3_000_000), ("测试丙机械公司", "QILU", 3_000_000),
    ("测试丁新材料公司", "BLUE_OCEAN", 2_400_000), ("测试戊水产公司", "NEEQ", 4_000_000),
    ("测试己电子公司", "BLUE_OCEAN", 2_000_000), ("测试庚纺织公司", "QILU", 1_500_000),
    ("测试辛农业公司", "QILU", 1_800_000), ("测试壬包装公司", "QILU", 2_600_000), ("测试癸海洋公司", "NEEQ", 3_600_000),
    ("测试子生物公司", "BLUE_OCEAN", 0), ("测试丑软件公司", "NEEQ", 0),
)  # fmt: skip
"""Firms: name, board, what they ask for in yuan."""


def credit_code(n: int) -> str:
    """Return the invented credit code of a firm, both its check characters right."""
    inner = f"MA3T{n:04d}"
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    total = sum(values.index(char) * weight for char, weight in zip(inner, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    body = f"91371083{inner}{'0123456789X0'[11 - total % 11]}"
    return body + uscc_check(body)


def _behind(firm: int, n: int) -> list[dict[str, Any]]:
    """Return who stands behind a firm: its head, who holds most of it, an invented company that holds the rest.

    The head of the last one is the spouse of a reviewer, as the register of kin has it.
    """
    stems = "甲乙丙丁戊己庚辛壬癸子丑"
    body = f"37108319000101{941 if n == len(_FIRMS) - 1 else 800 + n}"
    person = {"firm": firm, "code": body + id_check(body), "name": f"测试{stems[n]}一"}
    return [
        person | {"role": "head", "share": None},
        person | {"role": "share", "share": Decimal(60 + n)},
        {"firm": firm, "code": credit_code(500 + n), "name": f"测试{stems[n]}投资公司", "role": "share",
         "share": Decimal(40 - n)},
    ]  # fmt: skip


def load(now: datetime.datetime | None = None) -> Iterator[str]:
    """Play two years of the fund; needs the people of the demonstration. Yields in words what was done."""
    if Agreement.objects.exists():
        yield "缓释基金：已装入过，没有改动。"
        return
    users = {user.login: user for user in User.objects.filter(login__in=_PEOPLE.values())}
    if len(users) < len(_PEOPLE):
        yield "缓释基金：没有演示账号，没有装入。"
        return
    play = _Play({key: standing(users[login]).actor("web") for key, login in _PEOPLE.items()}, now or CLOCK.now())
    try:
        with transaction.atomic():
            play.years()
            play.day(0)
            for one in Agreement.objects.select_related("book"):
                with_the_bank(maker=play.people["centre"], book=one.book)
        CLOCK.release()
        today = CLOCK.today()
        indicators.measure(monitoring.month_before(today, 6), today)
    finally:
        CLOCK.release()
    balance = sum(fund.figures(one.book).balance for one in Agreement.objects.select_related("book"))
    yield (
        f"缓释基金：{Application.objects.count()} 件申请，{Loan.objects.count()} 笔贷款，基金余额 {Money(balance)} 元。"
    )


class _Play:
    """The fund's years, day by day, each act by who does it."""

    def __init__(self, people: Mapping[str, Actor], now: datetime.datetime) -> None:
        self.people, self.now = people, now.replace(hour=10, minute=0, second=0, microsecond=0)
        if self.now > now:
            self.now -= datetime.timedelta(days=1)
        self.key, self.count = secrets.token_hex(24), 0
        self.system = Actor.system("演示", "cli")

    def day(self, ago: int, hour: int = 9) -> None:
        """Go to a day so many days ago."""
        CLOCK.set((self.now - datetime.timedelta(days=ago)).replace(hour=hour))

    def act(self, who: str, case: int, step: str, **data: Any) -> None:
        """Let a person take a step."""
        cases.act(actor=self.people[who], case=case, step=step, data=data)

    def years(self) -> None:
        """Play it all."""
        self.day(760)
        self.prolonged()
        self.registers()
        self.bank(BANK, "测试农商银行", NUMBER, ORGAN, 5_000_000)
        self.bank(OTHER, "测试城市银行", "90317000000000008034", "", 2_000_000)
        self.day(700)
        fund.interest(actor=self.system, agreement=fund.agreement_of(BANK), amount=432_109, value_on=CLOCK.today(),
                      key="demo:J7", txn="DJ7")  # fmt: skip
        self.compensated(self.lent(2, 640))
        self.repaid(self.lent(0, 500), 0, 132)
        self.lent(0, 130, "续")
        self.reported(self.lent(1, 420), 1, 55)
        self.late(self.lent(3, 380), 15)
        self.lent(4, 200)
        self.unfiled(9, 3)
        self.circulated(5, 12)
        self.rejected(8, 40)
        self.day(6)
        self.screened(self.applied(6))
        self.day(2)
        self.applied(7)
        self.day(0)
        self.reports()

    def prolonged(self) -> None:
        """Keep the rules in force by an invented successor, proposed and approved by two persons."""
        change = parameters.propose(
            actor=self.people["centre"], room=fund.ROOM, name="valid_to", value="2035-12-31",
            valid_from=datetime.date(2022, 12, 31), document="演政办发〔2022〕88号", citation="演政办发〔2022〕88号",
            reason="演示：有效期延长",
        )  # fmt: skip
        parameters.approve(actor=self.people["head"], change_id=change.pk, version=change.version)

    def registers(self) -> None:
        """Enter firms, listings, the benchmark."""
        towns = ("xiachu", "xiacun", "rushankou", "baishatan", "yuli", "binhai-zone")
        firms = [
            {"credit_code": credit_code(n), "name": name, "town": towns[n % len(towns)], "address": f"测试路{n + 1}号",
             "sme": True}
            for n, (name, _board, _yuan) in enumerate(_FIRMS)
        ]  # fmt: skip
        registers.enter(actor=self.system, register=FIRMS, rows=firms)
        from luoshi.programmes.mitigation_fund.models import Firm

        known = {row.credit_code: row.pk for row in Firm.objects.all()}
        checked = (self.now - datetime.timedelta(days=5)).date()
        rows = [
            {"firm": known[credit_code(n)], "board": board, "code": f"{830000 + n}", "checked_on": checked,
             "listed_on": datetime.date(2018, 5, 8), "proof": "挂牌函",
             "delisted_on": (self.now - datetime.timedelta(days=90)).date() if n == len(_FIRMS) - 1 else None}
            for n, (_name, board, _yuan) in enumerate(_FIRMS)
        ]  # fmt: skip
        registers.enter(actor=self.system, register=LISTINGS, rows=rows)
        registers.enter(actor=self.system, register=HOLDERS, rows=[row for n in range(len(_FIRMS)) for row in _behind(
            known[credit_code(n)], n)])  # fmt: skip
        registers.enter(actor=self.system, register=BENCHMARKS, rows=[
            {"series": "LOAN_1Y", "day": datetime.date(2019, 6, 4), "rate": "4.3500"}])  # fmt: skip

    def bank(self, number: str, name: str, account: str, organ: str, yuan: int) -> None:
        """Sign a bank and let Finance put money into its account."""
        case = cases.open_case(actor=self.people["centre"], procedure=instructions.AGREEMENT, title=name, facts={
            "bank": number, "bank_name": name, "bank_organ": organ, "account": account, "multiple": "9",
        }).pk  # fmt: skip
        self.act("head", case, "sign")
        links.set_link(actor=self.system, bank=number, name=name, key=self.key)
        money = cases.open_case(actor=self.people["finance"], procedure=instructions.MONEY, title=f"{name}拨款", facts={
            "what": "allocate", "bank": number, "amount": str(yuan), "document": "演财预〔1〕号"}).pk  # fmt: skip
        self.act("finance_head", money, "decide")
        self.count += 1
        self.act("centre", money, "carry_out", value_on=CLOCK.today().isoformat(), txn=f"D{self.count:05d}")

    # --- a loan ---

    def applied(self, n: int) -> int:
        """Take an application in today."""
        name, _board, yuan = _FIRMS[n]
        return int(cases.open_case(actor=self.people["bank"], procedure=lending.APPLICATION, title=name, facts={
            "firm": credit_code(n), "amount": str(yuan), "purpose": "购买原材料", "material": True}).pk)  # fmt: skip

    def screened(self, case: int) -> int:
        """Let the bank screen and list it."""
        self.act("bank", case, "screen", **SCREENED)
        self.act("bank", case, "list", list_no="MD-1")
        return case

    def reviewed(self, case: int) -> int:
        """Let the Centre query and circulate it; return the committee's case."""
        self.act("centre", case, "credit_clean", credit_reference="XY001")
        self.act("centre", case, "circulate")
        return self.review_of(case)

    def review_of(self, case: int) -> int:
        """Return the committee's newest case for one."""
        found = Case.objects.filter(parent=case, procedure=committee.REVIEW).order_by("-pk").first()
        assert found is not None
        return int(found.pk)

    def opinion(self, review: int, party: str, who: str) -> None:
        """Let one organ's reviewer give an opinion."""
        told = {f"{party}_checks": "已核查，没有发现问题", f"{party}_proposes": "pass", "unrelated": True}
        self.act(who, review, f"{party}_opinion", **told)

    def voted(self, review: int) -> None:
        """Let all three organs pass it."""
        for party, who in (("centre", "reviewer"), ("finance", "finance_reviewer"), ("tax", "tax_reviewer")):
            self.opinion(review, party, who)
        for who in ("head", "finance_head", "tax_head"):
            self.act(who, review, "vote")

    def disbursed(self, n: int, ago: int, more: str = "") -> int:
        """Take a loan up to its disbursement so many days ago; return its case."""
        self.day(ago + 9)
        case = self.screened(self.applied(n))
        self.day(ago + 6)
        review = self.reviewed(case)
        self.day(ago + 3)
        self.voted(review)
        self.act("centre", case, "notify")
        self.day(ago)
        start = CLOCK.today()
        # A listing looked up long before is looked up again.
        Listing.objects.filter(firm__credit_code=credit_code(n)).update(checked_on=start)
        self.act("bank", case, "contract", contract_no=f"JK{n + 1:03d}{more}", rate="5.22", start=start.isoformat(),
                 end=add_months(start, 12).isoformat())  # fmt: skip
        self.act("bank", case, "disburse", disbursed=str(_FIRMS[n][2]), voucher=f"PZ{n + 1:03d}{more}")
        return case

    def lent(self, n: int, ago: int, more: str = "") -> int:
        """Take a loan up to its filing."""
        case = self.disbursed(n, ago, more)
        self.day(ago - 2)
        self.act("bank", case, "file", contract_copy=True, papers_copy=True)
        return case

    def unfiled(self, n: int, ago: int) -> None:
        """A loan whose papers are still to be filed."""
        self.disbursed(n, ago)

    def repaid(self, case: int, n: int, ago: int) -> None:
        """Repay a loan."""
        self.day(ago)
        self.act("bank", case, "repay", principal_paid=str(_FIRMS[n][2]), interest_settled=True)
        self.act("bank", case, "settle")

    def late(self, case: int, days: int) -> None:
        """Let a loan fall overdue, so many days by now."""
        self.day(days - 1)
        loan = Loan.objects.get(application__case__pk=case)
        self.act("bank", case, "default", due=loan.end.isoformat())

    def reported(self, case: int, n: int, days: int) -> None:
        """A loan overdue for long: reported, recourse begun, something recovered."""
        self.late(case, days)
        self.day(days - 31)
        self.act("bank", case, "report", overdue_situation="主要客户拖欠货款", recourse="已向法院起诉")
        loan = Loan.objects.get(application__case__pk=case)
        self.day(days - 33)
        begun = self.recourse(loan, n)
        self.day(10)
        self.act("bank", begun, "recovered", amount="300000", source="保证人")

    def recourse(self, loan: Loan, n: int) -> int:
        """Enter recourse today."""
        owed = f"{Money(loan.outstanding)}".replace(",", "")
        return int(cases.open_case(actor=self.people["bank"], procedure=recourse.CLAIM, title=_FIRMS[n][0], facts={
            "contract_no": loan.contract_no, "principal": owed, "last_balance": owed,
            "sued_on": CLOCK.today().isoformat(), "suit_court": "测试法院"}).pk)  # fmt: skip

    def compensated(self, case: int) -> None:
        """A loan that failed: recourse, the judicial end, the claim, three passes, payment, later recovery."""
        n, ago = 2, 640 - 365
        self.day(ago - 5)
        loan = Loan.objects.get(application__case__pk=case)
        self.act("bank", case, "default", due=loan.end.isoformat())
        self.day(ago - 31)
        self.act("bank", case, "report", overdue_situation="停产", recourse="已向法院起诉")
        begun = self.recourse(loan, n)
        self.day(ago - 120)
        self.act("bank", begun, "recovered", amount="700000", source="执行")
        self.act("bank", begun, "end", judicial_end="enforcement_ended", court="测试法院", paper_no="测执1号",
                 paper_on=CLOCK.today().isoformat())  # fmt: skip
        ticks = dict.fromkeys(
            ("has_form", "has_contract", "has_result", "has_report", "has_judgment", "has_ledger"), True
        )
        self.act("bank", begun, "claim", interest="123456.78", **ticks)
        self.day(ago - 125)
        self.voted(self.review_of(begun))
        self.act("centre", begun, "instruct", payee="测试农商银行", payee_number="6222000000000000026")
        payment = PaymentInstruction.objects.order_by("-pk").first()
        assert payment is not None
        payments.check_payment(actor=self.people["reviewer"], payment=payment.pk)
        self.day(ago - 125, 14)
        self.said(payment)
        self.day(60)
        self.count += 1
        self.act("centre", begun, "recover_later", later_amount="200000.01", txn=f"D{self.count:05d}")

    def said(self, payment: PaymentInstruction) -> None:
        """Let the bank say that it has paid."""
        self.count += 1
        body = {
            "v": 1, "bank": BANK, "account": NUMBER, "msg_id": f"MFDEMO-{self.count}", "type": "RESULT",
            "created_at": CLOCK.now().isoformat(), "business_date": str(CLOCK.today()), "direction": "D",
            "bank_txn_no": f"D{self.count:05d}", "amount_fen": payment.amount, "currency": "CNY",
            "counter_account": "", "counter_name": "", "ref": payment.instr_id, "memo": "",
            "instr_id": payment.instr_id, "result": "success",
        }  # fmt: skip
        bank.receive(json.dumps(envelope.signed(body, self.key), ensure_ascii=False).encode())

    def circulated(self, n: int, ago: int) -> None:
        """An application before the committee: two opinions, one vote."""
        self.day(ago)
        review = self.reviewed(self.screened(self.applied(n)))
        self.day(ago - 4)
        self.opinion(review, "centre", "reviewer")
        self.opinion(review, "finance", "finance_reviewer")
        self.day(ago - 5)
        self.act("head", review, "vote")

    def rejected(self, n: int, ago: int) -> None:
        """An application one organ rejected."""
        self.day(ago)
        review = self.reviewed(self.screened(self.applied(n)))
        self.day(ago - 3)
        self.opinion(review, "tax", "tax_reviewer")
        self.act("tax_head", review, "vote", agrees="no", remark="核查未通过")

    def reports(self) -> None:
        """The bank's reports of the last three months; of the last one a loan is missing."""
        today, rows = CLOCK.today(), []
        for back in (3, 2, 1):
            month = monitoring.month_before(today, back)
            last = monitoring.month_end(month)
            running = Loan.objects.filter(agreement__organ=ORGAN, disbursed_at__date__lte=last).order_by("pk")
            running = running.exclude(repaid_at__date__lte=last)
            for number, loan in enumerate(running):
                if back == 1 and number == 1:
                    continue
                late = loan.unpaid_since is not None and loan.unpaid_since <= last
                rows.append({
                    "bank": ORGAN, "month": month, "contract_no": loan.contract_no, "outstanding": loan.outstanding,
                    "interest_paid": not late, "loan_class": "substandard" if late else "normal",
                    "money_use": "购买原材料",
                    "business": f"结算额比上月{'增' if back % 2 else '减'}{number + 2}%",
                    "received_on": min(last + datetime.timedelta(days=8), today),
                })  # fmt: skip
        registers.enter(actor=self.system, register=REPORTS, rows=rows)
