"""The main path in a browser: a bank takes an application in, the committee's lights, the sheet of a claim."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.programmes.mitigation_fund import demo
from luoshi.programmes.mitigation_fund.models import Claim
from luoshi.site.registry import load_decisions, load_programmes
from tests.site.browsing import faults, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_application_to_vote_in_a_browser(browser, live_server):
    CLOCK.release()
    load_decisions()
    load_programmes()
    load_people()
    list(demo.load())
    bank = page_of(browser, live_server.url, User.objects.get(login="nongshang1"))
    bank.goto(live_server.url + reverse("mitigation"))
    assert faults(bank, "workbench of a bank") == []
    bank.get_by_role("main").get_by_role("link", name="收一件贷款申请").click()
    bank.get_by_label("企业", exact=True).select_option(demo.credit_code(11))
    bank.get_by_label("申请金额（元）").fill("1000000")
    bank.get_by_label("贷款用途").fill("购买原材料")
    bank.get_by_label("申请材料已收齐").check()
    bank.get_by_role("button", name="收件并立案").click()
    expect(bank.get_by_role("alert")).to_contain_text("已摘牌")
    assert faults(bank, "application refused") == []
    bank.get_by_label("企业", exact=True).select_option(demo.credit_code(10))
    bank.get_by_role("button", name="收件并立案").click()
    expect(bank.get_by_role("heading", level=1)).to_contain_text("测试子生物公司")
    bank.context.close()

    review = Case.objects.get(procedure="mitigation_fund.review", is_open=True)
    who = {login: standing(User.objects.get(login=login)).actor("web") for login in ("shuiwu1", "shuiwu2", "caizheng3")}
    told = {"tax_checks": "无欠税", "tax_proposes": "pass", "unrelated": True}
    centre = page_of(browser, live_server.url, User.objects.get(login="jinfu1"))
    centre.goto(live_server.url + reverse("mitigation"))
    row = centre.get_by_role("row", name=review.number)
    expect(row).to_contain_text("税务局 未办")
    cases.act(actor=who["shuiwu1"], case=review.pk, step="tax_opinion", data=told)
    cases.act(actor=who["shuiwu2"], case=review.pk, step="vote")
    centre.reload()
    expect(row).to_contain_text("税务局 通过")
    expect(row).to_contain_text("财政局 已审核")
    cases.act(actor=who["caizheng3"], case=review.pk, step="vote")
    centre.reload()
    expect(centre.get_by_text("现在没有等会签的。")).to_be_visible()
    assert faults(centre, "workbench of the Centre") == []
    for name, address in (
        ("bank", reverse("mitigation-bank", args=[demo.BANK])),
        ("firm", reverse("mitigation-firm", args=[demo.credit_code(0)])),
        ("claim", reverse("mitigation-claim", args=[Claim.objects.get().number])),
        ("public", reverse("open-mitigation") + "?board=QILU&amount=3000000.01"),
    ):
        centre.goto(live_server.url + address)
        assert faults(centre, name) == []
    centre.context.close()
