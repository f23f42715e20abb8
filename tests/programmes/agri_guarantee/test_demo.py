"""The demonstration of the guarantee: what a stranger finds, and that a second load changes nothing."""

from __future__ import annotations

import pytest
from django.urls import reverse

from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.cases.models import Case
from luoshi.programmes.agri_guarantee import demo, fund
from luoshi.programmes.agri_guarantee.models import Claim
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
    before = Case.objects.count()
    assert "已装入过" in next(iter(demo.load()))
    assert Case.objects.count() == before


def pages_are_there() -> None:
    """Each finds what is his: the Office its claim, the station its form, the custodian the fund with its line."""
    claim = Claim.objects.get(case__state="delivered").case
    html = page("xiaozu1", reverse("case", args=[claim.pk]))
    assert claim.title in html
    assert "审查期限" in html
    assert "申请金额" in page("xiachu1", reverse("case-new", args=["agri_guarantee.guarantee"]))
    assert "暂停新增" in page("guoyun1", reverse("fund-book", args=["agri_guarantee", "fund"]))


def page(login: str, address: str) -> str:
    answer = client_of(User.objects.get(login=login)).get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()
