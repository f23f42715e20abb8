"""The main path in a real browser: a gazette is uploaded, looked at, taken in, worked with; nothing there yet."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.office.instruments.models import Instrument
from luoshi.office.jobs.actions import run_next
from tests.office.sample import GAZETTE
from tests.site.browsing import PHONE, office, page_of, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_empty_library_says_what_fills_it(browser, live_server):
    page = page_of(browser, live_server.url, office())
    for name in ("desk", "policy", "duties", "imports"):
        page.goto(live_server.url + reverse(name))
        expect(page.get_by_role("link", name="上传一份公报")).to_be_visible()
        assert violations(page) == []
    page.context.close()


def test_clerk_uploads_a_gazette_and_exports_the_ledger(browser, live_server):
    """The main path: file, preview, job, summary, instrument, ledger, filter, Excel."""
    page = page_of(browser, live_server.url, office())
    page.goto(live_server.url + reverse("policy"))
    page.get_by_role("link", name="上传公报").click()
    file = {"name": "测山公报2019-8.txt", "mimeType": "text/plain", "buffer": GAZETTE.encode()}
    page.get_by_label("选一个文件").set_input_files(file)
    page.get_by_role("button", name="读出来看看").click()
    expect(page.get_by_text("测政办发〔2019〕7号").first).to_be_visible()
    assert Instrument.objects.count() == 0
    assert violations(page) == []

    page.get_by_role("button", name=re.compile("存入文件库")).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert violations(page) == []
    assert run_next() is not None
    link = page.get_by_role("link", name=re.compile("关于加强公园长椅管护工作的意见"))
    expect(link).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert violations(page) == []

    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("关于加强公园长椅管护工作的意见")
    expect(page.locator("article")).to_contain_text("（责任单位：市住建局；配合单位：市财政局）")

    page.get_by_role("link", name="台账", exact=True).click()
    page.get_by_role("link", name=re.compile("^市住建局")).first.click()
    expect(page.locator(".ls-chip")).to_contain_text("市住建局")
    expect(page).to_have_url(re.compile("organ=" + quote("市住建局")))
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    page.context.close()


def test_upload_without_a_file_is_refused_and_told(browser, live_server):
    page = page_of(browser, live_server.url, office(), PHONE)
    page.goto(live_server.url + reverse("upload"))
    page.get_by_role("button", name="读出来看看").click()
    expect(page.get_by_role("alert")).to_contain_text("还没有选择文件")
    assert violations(page) == []
    page.context.close()
