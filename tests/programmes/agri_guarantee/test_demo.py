"""The demonstration of the guarantee: what a stranger finds, and that a second load changes nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.cases.models import Case
from luoshi.programmes.agri_guarantee import demo, fund
from luoshi.programmes.agri_guarantee.models import Claim, Loan, Operator
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


def page(login: str, address: str) -> str:
    answer = client_of(User.objects.get(login=login)).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()
