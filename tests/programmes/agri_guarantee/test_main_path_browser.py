"""The main path in a browser: a station takes an application on a phone, the Office sees a claim counted down."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.roles import Role
from luoshi.programmes.agri_guarantee import scenes
from luoshi.programmes.agri_guarantee.models import Claim
from luoshi.site.registry import load_decisions, load_programmes
from tests.office.people import client_of, person
from tests.site.browsing import PHONE, complaints, faults, page_of, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime.datetime(2019, 4, 18, 9, tzinfo=SHANGHAI)
ACTOR = Actor.system("测试甲", "test")
PEOPLE = {
    "station": (Role.CLERK, "xiacun"), "branch": (Role.CLERK, "agri-guarantee--office"),
    "office": (Role.REVIEWER, "fin-agri-group"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def morning():
    load_decisions()
    load_programmes()
    CLOCK.set(NOW)
    scenes.open_fund(None, ACTOR, {"amount": 1_000_000_000})
    scenes.delegate(None, ACTOR, {})
    scenes.operator(None, ACTOR, {"code": "11010519491231002X", "name": "测试家庭农场"})
    scenes.loan(None, ACTOR, {"number": "LD201810000001", "operator": "11010519491231002X", "amount": 100_000_000})
    yield
    CLOCK.release()


def test_an_application_comes_in_and_a_claim_is_counted_down(browser, live_server):
    url = str(live_server)
    clients = {key: client_of(person(key, held, name=f"测试{key}")) for key, held in PEOPLE.items()}
    wrong: list[str] = []
    # 1. The station finds the archive and takes the application on a phone.
    station = page_of(browser, url, clients["station"], PHONE)
    told = complaints(station)
    station.goto(url + reverse("guarantee"))
    station.get_by_role("link", name="收申请").click()
    station.get_by_label("建档编号、证件号或名称").fill("测试家庭")
    station.get_by_role("button", name="查", exact=True).click()
    expect(station.get_by_text("1.00 至 1,000,000.00")).to_be_visible()
    station.get_by_label("申请金额（元）").fill("500000")
    station.get_by_label("用途").fill("购买农资")
    wrong += [f"apply: {one}" for one in violations(station)]
    station.get_by_role("button", name="受理申请").click()
    expect(station.get_by_text("LD201910000001").first).to_be_visible()
    case = Case.objects.get(procedure="agri_guarantee.guarantee")
    assert (case.state, case.facts["requested"], case.organ) == ("submitted", 50_000_000, "xiacun")
    # 2. The guarantor delivers a claim; the shares are there to begin with.
    branch = page_of(browser, url, clients["branch"])
    told += complaints(branch)
    branch.goto(f"{url}{reverse('guarantee-claim')}?loan=LD201810000001")
    expect(branch.get_by_label("实际代偿（元）")).to_have_value("800000.00")
    branch.get_by_label("代偿通知书编号").fill("TZ-1")
    branch.get_by_label("代偿证明书编号").fill("ZM-1")
    for label in ("拨款单已盖章", "附代偿通知书复印件", "附代偿证明书复印件"):
        branch.get_by_label(label).check()
    wrong += [f"claim: {one}" for one in violations(branch)]
    branch.get_by_role("button", name="送达拨款单").click()
    expect(branch.get_by_text("已送达，待审查").first).to_be_visible()
    assert Claim.objects.get().compensation == 20_000_000
    # 3. The Office has ten working days, to the worked Sunday of 5 May, and sees the line.
    office = page_of(browser, url, clients["office"])
    told += complaints(office)
    office.goto(url + reverse("guarantee"))
    expect(office.get_by_text("暂停新增").first).to_be_visible()
    expect(office.get_by_text("5月5日").first).to_be_visible()
    wrong += faults(office, "workbench")
    assert not wrong, "\n".join(wrong)
    assert not told
