"""The demonstration of the guarantee: what a stranger finds, and that a second load changes nothing."""

from __future__ import annotations

import dataclasses
import datetime
import io
from fractions import Fraction

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case, CaseEvent
from luoshi.office.duties.matter_models import Matter
from luoshi.office.funds import actions as ledger
from luoshi.office.funds import openings, payments, queries
from luoshi.office.funds.models import Entry, Kin, PaymentInstruction
from luoshi.office.funds.orders import Hand, credit, debit
from luoshi.office.indicators.models import Measurement
from luoshi.office.notices.models import Notice
from luoshi.office.parameters import actions as parameters
from luoshi.office.roles import Role
from luoshi.programmes.agri_guarantee import archive, demo, demo_registers, fund, owing, papers, subsidies
from luoshi.programmes.agri_guarantee.models import Claim, Loan, Operator, Placement, TownScore
from luoshi.site.registry import load_decisions, load_programmes
from tests.office.people import actor, client_of
from tests.programmes import case_pages


@pytest.mark.django_db
def test_the_demonstration_plays_some_years_of_the_fund():
    load_decisions()
    load_programmes()
    load_people()
    assert len(list(demo.load())) == 1
    declared = list(Kin.objects.order_by("pk"))
    assert {one.login for one in declared} >= {"nongdan1", "xiaozu1", "guoyun1"}
    assert {one.name[:2] for one in declared} == {"测试"}
    firm = next(one for one in declared if one.relation == Kin.Relation.FIRM)
    assert not Loan.objects.filter(operator__code=firm.code).exists(), "nobody of the demonstration is in a tie"
    states = set(Claim.objects.values_list("case__state", flat=True))
    assert states == {"paid", "approved", "delivered"}
    loans = Case.objects.filter(procedure="agri_guarantee.guarantee").values_list("state", flat=True)
    assert len(set(loans)) == len(demo._LOANS)
    assert fund.faults() == []
    figures = fund.figures(fund.fund())
    assert figures.paid > 0
    assert figures.placed > 0
    pages_are_there()
    assert case_pages.refused() == {}
    figures_are_measured(figures)
    what_one_prepared_another_booked()
    the_year_adds_up(figures.balance)
    everybody_sees_no_names()
    papers_are_drawn_up()
    duties_fall_due_once()
    other_systems_ask()
    a_clerk_takes_an_application()
    the_guarantor_claims()
    subsidies_are_paid_from_their_own_book()
    each_side_reads_the_other_s_report_after_both_are_filed()
    nobody_examines_the_own_case()
    before = Case.objects.count()
    assert "已装入过" in next(iter(demo.load()))
    assert Case.objects.count() == before


def pages_are_there() -> None:
    """Each finds what is his: the Office its claim, the station its form, the custodian the fund with its line."""
    html = page("xiaozu1", reverse("guarantee") + "?town=xiachu")
    assert 'class="ag-map"' in html
    assert "下初镇各村" in html
    assert "各村" not in page("xiaozu1", reverse("guarantee") + "?town=nowhere").replace("看各村", "")
    claim = Claim.objects.get(case__state="delivered").case
    html = page("xiaozu1", reverse("case", args=[claim.pk]))
    assert claim.title in html
    assert "审查期限" in html
    bench = page("xiaozu1", reverse("guarantee"))
    assert claim.title in bench
    assert "暂停新增" in bench
    assert "收申请" not in bench
    assert "收申请" in page("xiachu1", reverse("guarantee"))
    assert "收申请" not in page("guoyun1", reverse("guarantee")), "a custodian takes no applications"
    # Who keeps the book finds the payment from its case; the guarantor may not see the book and is shown no way to it.
    paid = Case.objects.filter(procedure="agri_guarantee.claim", state="paid").order_by("pk")[0]
    assert "付款：已支付" in page("guoyun1", reverse("case", args=[paid.pk]))
    assert "付款：" not in page("nongdan1", reverse("case", args=[paid.pk]))
    differences = page("guoyun1", reverse("fund-bank-account", args=["agri_guarantee", "fund", "1001"]))
    assert "账户管理费" in differences
    assert "在谁手上" in differences
    assert "申请补偿" in page("nongdan1", reverse("guarantee"))
    told = page("caizheng2", reverse("guarantee"))
    assert "不对您的单位开放" in told, "the ledger says that money waits: no list may say that nothing does"
    assert "没有未付的补偿申请" not in told
    book = page("guoyun1", reverse("fund-book", args=["agri_guarantee", "fund"]))
    assert "暂停新增" in book
    assert "基金余额 F" in book
    assert "调节后一致" in book


def a_clerk_takes_an_application() -> None:
    """The archive is found, what the household may have is shown, and the case is opened under the town's number."""
    client, address = client_of(User.objects.get(login="xiachu1")), reverse("guarantee-apply")
    operator = Operator.objects.get(name="测试家庭农场五")
    shown = client.get(address, {"archive": operator.number}).content.decode()
    assert "100,000.00 至 2,000,000.00" in shown
    told = {"archive": operator.number, "requested": "300000.50", "project_type": "ORDINARY",
            "bank": "rural-commercial-bank", "purpose": "买种"}  # fmt: skip
    refused = client.post(address, told)
    assert refused.status_code == 422
    assert "买种" in refused.content.decode()
    done = client.post(address, told | {"requested": "300000"})
    assert done.status_code == 303
    case = Case.objects.get(pk=int(done["Location"].strip("/").split("/")[-1]))
    assert case.number.startswith(f"LD{case.opened_at.year}107")
    assert case.facts["category"] == "FAMILY_FARM"
    elsewhere = Operator.objects.exclude(town="xiachu").first()
    assert elsewhere is not None
    hidden = client.post(address, told | {"archive": elsewhere.number})
    assert hidden.status_code == 422
    assert elsewhere.name not in hidden.content.decode()


def what_one_prepared_another_booked() -> None:
    """A placement and a recovery bear the hand that prepared them and the hand that checked and booked them."""
    kept = Entry.objects.filter(book__key=fund.BOOK, case__gt="").select_related("seal")
    hands = {(one.event, one.seal.maker, one.seal.checker) for one in kept if not one.key.endswith(":end")}
    assert {event for event, _maker, _checker in hands} >= {"J2", "J7"}
    assert all(maker and checker and maker != checker for event, maker, checker in hands if event in ("J2", "J7"))


def the_guarantor_claims() -> None:
    """The shares are suggested from what is owed; one act opens the claim and delivers it, the loan is paid out for."""
    client, address = client_of(User.objects.get(login="nongdan1")), reverse("guarantee-claim")
    loan = Loan.objects.filter(status="overdue").order_by("pk")[0]
    shown = client.get(address, {"loan": loan.number}).content.decode()
    assert f"{loan.outstanding * 8 // 1000}.00" in shown
    told = {"loan": loan.number, "loss": str(loan.outstanding // 100), "payout": str(loan.outstanding * 8 // 1000),
            "principal": str(loan.outstanding * 8 // 1000), "paid_out_on": CLOCK.today().isoformat(),
            "notice_no": "TZ-9", "certificate_no": "ZM-9", "sealed": "1", "payout_notice": "1"}  # fmt: skip
    refused = client.post(address, told)
    assert refused.status_code == 422
    assert "代偿证明书" in refused.content.decode()
    assert not Claim.objects.filter(loan=loan.number).exists()
    assert client.post(address, told | {"payout_certificate": "1"}).status_code == 303
    row = Claim.objects.get(loan=loan.number)
    assert (row.compensation, row.case.state) == (loan.outstanding * 2 // 10, "delivered")
    loan.refresh_from_db()
    assert (loan.status, loan.outstanding) == ("subrogated", loan.disbursed - loan.repaid - loan.covered)


def figures_are_measured(now: fund.Figures) -> None:
    """Each indicator is what the registers and the book say, counted another way."""
    day = CLOCK.today()
    shares = {
        "agri_guarantee.use": Fraction(now.paid, now.existing),
        "agri_guarantee.placed": Fraction(now.placed, now.balance),
        "agri_guarantee.recovery": Fraction(37_500_000, sum(demo_registers.FAILED)),
        "agri_guarantee.claims_on_time": Fraction(1),
        "agri_guarantee.archived": Fraction(
            Operator.objects.filter(round=day.year, status="archived").count(),
            Operator.objects.filter(round=day.year).count(),
        ),
    }
    for key, share in shares.items():
        part, whole = measured(key, day)
        assert part / whole == share, key
    assert measured("agri_guarantee.coverage", day)[0] == Fraction(now.balance, 100)
    running = Loan.objects.exclude(status__in=["signed", "closed"])
    assert measured("agri_guarantee.balance", day)[0] == Fraction(sum(one.outstanding for one in running), 100)
    assert measured("agri_guarantee.loans", day)[0] == running.count()
    assert measured("agri_guarantee.tacit", day)[0] == 0
    assert measured("agri_guarantee.floated", day)[0] == 0
    part, whole = measured("agri_guarantee.cost", day)
    assert Fraction(6, 100) < part / whole < Fraction(7, 100)
    points = measured("agri_guarantee.town_score", datetime.date(day.year - 1, 6, 1))
    assert points[1] == sum(one.weight for one in TownScore.objects.all())


def measured(key: str, day: datetime.date) -> tuple[Fraction, Fraction]:
    """The city's figure of an indicator in the period of a day: numerator and denominator."""
    row = Measurement.objects.filter(indicator=key, place="", first__lte=day, last__gte=day, superseded_at=None)[0]
    return Fraction(row.numerator), Fraction(row.denominator or 1)


def the_year_adds_up(balance: int) -> None:
    """The year's statement ends in the fund's balance; its Excel says the same in numbers."""
    shown = page("guoyun1", reverse("guarantee-fund"))
    assert f"{balance // 100:,}.00" in shown
    assert "两年期" not in shown
    assert Placement.objects.get().number in shown
    answer = client_of(User.objects.get(login="guoyun1")).get(reverse("guarantee-fund-export"))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    total = next(row for row in rows if row[1] == "基金余额")
    assert total[4] == balance / 100, "a number, that can be added up"
    entry = Entry.objects.filter(book__key=fund.BOOK, case__startswith="DC").first()
    voucher = page("guoyun1", reverse("fund-entry", args=[*fund.BOOK.split("/"), entry.no]))
    assert reverse("case", args=[Case.objects.get(number=entry.case).pk]) in voucher, "from the voucher to its case"


def everybody_sees_no_names() -> None:
    """The public page and the calculator know limits and totals, and no borrower."""
    client = Client()
    html = client.get(reverse("open-guarantee")).content.decode()
    assert "10 至 200 万元" in html
    assert not [one.borrower for one in Loan.objects.all() if one.borrower in html]
    address = reverse("open-guarantee-calculator")
    asked = {"category": "FAMILY_FARM", "owed": "1200000", "amount": "800000", "months": "12"}
    answer = client.get(address, asked).content.decode()
    assert "800,000.00 元在限额之内" in answer
    assert "49,760.00" in answer  # 6.22 % of it
    assert "不在限额之内" in client.get(address, asked | {"amount": "800100"}).content.decode()
    assert client.get(address, asked | {"amount": "很多"}).status_code == 422


def papers_are_drawn_up() -> None:
    """Each step has left its paper; what a claim's papers say is what the claim is."""
    made = set(Notice.objects.values_list("kind", flat=True))
    wanted = {
        "agri_guarantee.application", "agri_guarantee.first_review", "agri_guarantee.recommendation",
        "agri_guarantee.payment_form", "agri_guarantee.receipt", "agri_guarantee.payment_notice",
    }  # fmt: skip
    assert wanted <= made
    claim = Claim.objects.get(case__state="delivered")
    form = Notice.objects.get(kind="agri_guarantee.payment_form", case=claim.case_id)
    assert form.fields["compensation"] == claim.compensation
    receipt = Notice.objects.get(kind="agri_guarantee.receipt", case=claim.case_id)
    last = claim.case.clocks.get(limit="review").until - datetime.timedelta(seconds=1)
    assert receipt.fields["last"] == local(last).date().isoformat()
    leaflet = papers.leaflet(Actor.system("测试甲", "test"))
    assert leaflet.kind == "agri_guarantee.leaflet"
    assert papers.leaflet(Actor.system("测试甲", "test")).pk == leaflet.pk


def duties_fall_due_once() -> None:
    """On the first day of a year each duty of the calendar becomes a matter, the next day nothing."""
    day = datetime.date(CLOCK.today().year + 1, 1, 1)
    assert owing.owe(day) == 8
    assert owing.owe(day + datetime.timedelta(days=1)) == 0
    assert Matter.objects.get(external_id__startswith=f"balances:{day.year}-01").organ == "rural-commercial-bank"


def other_systems_ask() -> None:
    """Figures, limits and balances through the API; a bank reports its loans only, once a day."""
    office = client_of(User.objects.get(login="xiaozu1"))
    told = office.get("/api/v1/guarantee/fund").json()
    assert told["balance"] == fund.figures(fund.fund()).balance
    limits = (
        Client().get("/api/v1/guarantee/limits", {"category": "COOP", "owed": "1500000", "scope": "SPECIAL"}).json()
    )
    assert (limits["most"], limits["fee_ceiling"]) == (50_000_000, "1.5")
    bank, loan = client_of(User.objects.get(login="nongshang1")), Loan.objects.filter(status="active").order_by("pk")[0]
    body = {"number": loan.number, "date": CLOCK.today().isoformat(), "principal": loan.outstanding - 100_00,
            "overdue_days": 3}  # fmt: skip
    for _again in range(2):
        answer = bank.post("/api/v1/guarantee/balances", body, content_type="application/json")
        assert answer.json() == {"number": loan.number, "outstanding": body["principal"], "status": "overdue"}
    other = bank.post("/api/v1/guarantee/balances", body | {"principal": 1}, content_type="application/json")
    assert other.status_code == 409
    farm = client_of(User.objects.get(login="huanbao1"))
    assert farm.post("/api/v1/guarantee/balances", body, content_type="application/json").status_code == 404


def hand(login: str) -> Actor:
    return standing(User.objects.get(login=login)).actor("web")


def subsidies_are_paid_from_their_own_book() -> None:
    """Nothing before the rules are recorded; then half of interest and fee, once a loan and year, by two hands."""
    loan = Loan.objects.filter(status="active", disbursed_on__isnull=False).order_by("disbursed_on")[0]
    year, station = CLOCK.today().year, actor("station", (Role.CLERK, loan.town))
    told = {"loan": loan.number, "year": str(year), "days": "1", "interest_paid": "1000000", "fee_paid": "1000.01"}
    open_one = {"actor": station, "procedure": subsidies.SUBSIDY, "title": loan.borrower, "organ": loan.town}
    with pytest.raises(LuoshiError, match="最多用款"):
        cases.open_case(**open_one, facts=told | {"days": "400"})
    case = cases.open_case(**open_one, facts=told)
    with pytest.raises(LuoshiError, match="已经申请过"):
        cases.open_case(**open_one, facts=told)
    office, head = hand("xiaozu1"), actor("fin-head", (Role.LEADER, "finance"))
    with pytest.raises(LuoshiError, match="补助办法尚未登记"):
        cases.act(actor=office, case=case.pk, step="check", data={"opinion": "相符"})
    clerk, day = actor("fin-clerk", (Role.CLERK, "finance")), CLOCK.today()
    change = parameters.propose(
        actor=clerk, room=fund.ROOM, name="subsidy_rules", value="测试〔2018〕1号", valid_from=case.rules_on,
        source="outside_rule", document="测试〔2018〕1号", reason="补助办法", citation="《测试补助办法》第一条",
    )  # fmt: skip
    parameters.approve(actor=head, change_id=change.pk, version=change.version)
    cases.act(actor=office, case=case.pk, step="check", data={"opinion": "相符"})
    case.refresh_from_db()
    whole = int(case.facts["total"])
    assert (case.facts["fee_part"], whole) == (50_000, 50_000 + case.facts["interest_part"])
    cases.act(actor=head, case=case.pk, step="approve")
    payee = {"number": "6222000000000001234", "payee_bank": "测试银行"}
    with pytest.raises(LuoshiError, match="还没有开立"):
        cases.act(actor=clerk, case=case.pk, step="instruct", data=payee)
    told_bank = {"bank": "313465000099", "number": "370500000000999"}
    book = openings.open_at_once(actor=Actor.system("测试", "test"), plan=fund.SUBSIDY, opened_on=day, values=told_bank)
    ledger.post(actor=Actor.system("测试", "test"), book=book.key, key="s1", value_on=day, event="S1", memo="预算",
                basis="测试", lines=[debit("S1001", 10_000_000), credit("S3001", 10_000_000)])  # fmt: skip
    before = fund.figures(fund.fund()).balance
    cases.act(actor=clerk, case=case.pk, step="instruct", data=payee)
    row = PaymentInstruction.objects.get(claim=case.number)
    payments.check_payment(actor=head, payment=row.pk)
    with pytest.raises(LuoshiError, match="还没有确认"):
        cases.act(actor=clerk, case=case.pk, step="pay")
    with transaction.atomic():
        payments.apply_result(payments.locked(row.instr_id), "success", txn="S-1", on=day, reason="",
                              hand=Hand("银行", "bank"))  # fmt: skip
    case.refresh_from_db()
    assert (case.state, queries.balances(book)["S3101"]) == ("paid", whole)
    assert fund.figures(fund.fund()).balance == before
    assert "6222000000000001234" not in str(list(CaseEvent.objects.filter(case=case).values("data")))
    html = page("xiaozu1", reverse("guarantee-subsidies"))
    assert case.number in html
    assert f"{whole // 100:,}.{whole % 100:02d}" in html
    office_client = client_of(User.objects.get(login="xiaozu1"))
    assert office_client.get(reverse("guarantee-subsidies-export")).content[:2] == b"PK"
    rows = office_client.get(f"/api/v1/guarantee/subsidies/{year}").json()["subsidies"]
    assert [one["total"] for one in rows] == [whole]
    assert case.number not in page("nongshang1", reverse("guarantee-subsidies"))


def each_side_reads_the_other_s_report_after_both_are_filed() -> None:
    """The guarantor's office and the bank file; until both have, each sees its own only, the Office none."""
    case = Case.objects.filter(procedure="agri_guarantee.guarantee", state="established").get()
    told = {"on": CLOCK.today().isoformat(), "amount": "100000", "opinion": "担保方看过大棚", "conditions": ""}
    with pytest.raises(LuoshiError, match="不超过申请"):
        cases.act(actor=hand("nongdan1"), case=case.pk, step="report_guarantor", data=told | {"amount": "99999999"})
    cases.act(actor=hand("nongdan1"), case=case.pk, step="report_guarantor", data=told)
    with pytest.raises(LuoshiError, match="已经提交过"):
        cases.act(actor=hand("nongdan1"), case=case.pk, step="report_guarantor", data=told)
    address = reverse("guarantee-reports", args=[case.number])
    assert "担保方看过大棚" in page("nongdan1", address)
    assert address in page("nongdan1", reverse("guarantee"))
    for login in ("nongshang1", "xiaozu1"):
        assert "担保方看过大棚" not in page(login, address)
        assert "担保方看过大棚" not in page(login, reverse("case", args=[case.pk]))
    cases.act(actor=hand("nongshang1"), case=case.pk, step="report_bank", data=told | {"opinion": "银行方看过流水"})
    for login in ("nongshang1", "xiaozu1", "nongdan1"):
        assert "担保方看过大棚" in page(login, address)
        assert "银行方看过流水" in page(login, address)
    bank = client_of(User.objects.get(login="nongshang1"))
    answer = bank.get(f"/api/v1/guarantee/cases/{case.number}/reports").json()["reports"]
    assert [one["filed"] for one in answer] == [True, True, False, False]
    assert client_of(User.objects.get(login="huanbao1")).get(address).status_code == 404


def nobody_examines_the_own_case() -> None:
    """Who has the name of the applicant, its representative or one of the household is refused; another is not."""
    case = Case.objects.filter(procedure="agri_guarantee.guarantee", state="town_passed").get()
    operator = archive.of_case(case)
    Operator.objects.filter(pk=operator.pk).update(represent="测试己")
    own = dataclasses.replace(actor("own", (Role.REVIEWER, "fin-agri-group")), name="测试己")
    with pytest.raises(LuoshiError, match="应当回避"):
        cases.act(actor=own, case=case.pk, step="recommend", data={"recheck": "同意"})
    cases.act(actor=hand("xiaozu1"), case=case.pk, step="recommend", data={"recheck": "同意"})
    claim = Claim.objects.filter(case__state="delivered").order_by("pk")[0]
    Operator.objects.filter(loans__number=claim.loan).update(represent="测试己")
    with pytest.raises(LuoshiError, match="应当回避"):
        cases.act(actor=own, case=claim.case_id, step="examine", data={"opinion": "同意"})


def page(login: str, address: str) -> str:
    answer = client_of(User.objects.get(login=login)).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()
