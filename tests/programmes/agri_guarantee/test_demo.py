"""The demonstration of the guarantee: what a stranger finds, and that a second load changes nothing."""

from __future__ import annotations

import datetime
import io
from fractions import Fraction

import pytest
from django.test import Client
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK, local
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.duties.matter_models import Matter
from luoshi.office.indicators.models import Measurement
from luoshi.office.notices.models import Notice
from luoshi.programmes.agri_guarantee import demo, demo_registers, fund, owing, papers
from luoshi.programmes.agri_guarantee.models import Claim, Loan, Operator, Placement, TownScore
from luoshi.site.registry import load_decisions, load_programmes
from tests.office.people import client_of


@pytest.mark.django_db
def test_the_demonstration_plays_some_years_of_the_fund():
    load_decisions()
    load_programmes()
    load_people()
    assert len(list(demo.load())) == 1
    states = set(Claim.objects.values_list("case__state", flat=True))
    assert states == {"paid", "approved", "delivered"}
    loans = Case.objects.filter(procedure="agri_guarantee.guarantee").values_list("state", flat=True)
    assert len(set(loans)) == len(demo._LOANS)
    assert fund.faults() == []
    figures = fund.figures(fund.fund())
    assert figures.paid > 0
    assert figures.placed > 0
    pages_are_there()
    figures_are_measured(figures)
    the_year_adds_up(figures.balance)
    everybody_sees_no_names()
    papers_are_drawn_up()
    duties_fall_due_once()
    other_systems_ask()
    a_clerk_takes_an_application()
    the_guarantor_claims()
    before = Case.objects.count()
    assert "已装入过" in next(iter(demo.load()))
    assert Case.objects.count() == before


def pages_are_there() -> None:
    """Each finds what is his: the Office its claim, the station its form, the custodian the fund with its line."""
    claim = Claim.objects.get(case__state="delivered").case
    html = page("xiaozu1", reverse("case", args=[claim.pk]))
    assert claim.title in html
    assert "审查期限" in html
    bench = page("xiaozu1", reverse("guarantee"))
    assert claim.title in bench
    assert "暂停新增" in bench
    assert "收申请" not in bench
    assert "收申请" in page("xiachu1", reverse("guarantee"))
    assert "申请补偿" in page("nongdan1", reverse("guarantee"))
    assert "暂停新增" in page("guoyun1", reverse("fund-book", args=["agri_guarantee", "fund"]))


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
    """The year's statement ends in the fund's balance; its Excel says the same."""
    shown = page("guoyun1", reverse("guarantee-fund"))
    assert f"{balance // 100:,}.00" in shown
    assert "两年期" not in shown
    assert Placement.objects.get().number in shown
    answer = client_of(User.objects.get(login="guoyun1")).get(reverse("guarantee-fund-export"))
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    total = next(row for row in rows if row[1] == "基金余额")
    assert total[4] == f"{balance // 100:,}.00"


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
    assert owing.owe(day) == 6
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


def page(login: str, address: str) -> str:
    answer = client_of(User.objects.get(login=login)).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()
