"""A paper's story in a real browser: drafted, checked, signed, published, read by everybody, checked by its code."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.office.notices.models import Notice
from luoshi.office.roles import Role
from tests.office import notices_made as made
from tests.office.people import person
from tests.site.browsing import faults, followed, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def calm(page) -> None:
    """Assert that axe finds nothing and that the page fits every window."""
    assert faults(page) == []


def test_paper_goes_from_draft_to_the_public_page(browser, live_server):
    made.register()
    clerk = page_of(browser, live_server.url, person("n-clerk", (Role.CLERK, made.ORGAN)))
    clerk.goto(live_server.url + reverse("notices"))
    calm(clerk)
    followed(clerk.get_by_role("link", name="拟稿"))
    calm(clerk)
    clerk.goto(live_server.url + reverse("notice-new") + "?kind=test.bulletin")
    clerk.get_by_role("button", name="存为草稿").click()
    expect(clerk.get_by_role("alert")).to_contain_text("“颜色”没有填")
    calm(clerk)
    clerk.get_by_label("颜色").select_option("橙色")
    clerk.get_by_role("button", name="先看全文").click()
    expect(clerk.get_by_role("region", name="全文是这样")).to_contain_text("橙色提示。")
    calm(clerk)
    clerk.get_by_role("button", name="存为草稿").click()
    expect(clerk.get_by_role("status").first).to_contain_text("已存草稿")
    calm(clerk)

    reviewer = page_of(browser, live_server.url, person("n-reviewer", (Role.REVIEWER, made.ORGAN)))
    reviewer.goto(live_server.url + reverse("notice", args=[Notice.objects.get().pk]))
    reviewer.get_by_role("button", name="核稿无误").click()
    expect(reviewer.get_by_role("status").first).to_contain_text("已核稿")
    reviewer.context.close()

    head = page_of(browser, live_server.url, person("n-head", (Role.LEADER, made.ORGAN)))
    head.goto(live_server.url + reverse("notice", args=[Notice.objects.get().pk]))
    calm(head)
    head.get_by_role("button", name="签发这件文书").click()
    expect(head.get_by_role("status").first).to_contain_text("测环告〔")
    calm(head)
    head.context.close()

    clerk.reload()
    expect(clerk.get_by_label("公开页")).to_be_checked()
    clerk.get_by_role("button", name="印发到所选各处").click()
    expect(clerk.get_by_role("cell", name="已送达").first).to_be_visible()
    calm(clerk)
    clerk.goto(live_server.url + reverse("notice-template", args=["test.letter"]))
    calm(clerk)
    clerk.context.close()

    visitor = page_of(browser, live_server.url, None)
    visitor.goto(live_server.url + reverse("open-notices"))
    calm(visitor)
    followed(visitor.get_by_role("link", name="关于发布橙色提示的通告"))
    calm(visitor)
    visitor.get_by_role("link", name="核验真伪").click()
    expect(visitor.get_by_text("真实有效")).to_be_visible()
    calm(visitor)
    visitor.context.close()
