"""Without a line: a report outlives a restart of the browser and is taken once; what is refused stays with a reason."""

from __future__ import annotations

import datetime

import pytest
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties import matter_actions
from luoshi.office.duties.matter_models import MatterEvent, ProgressReport
from luoshi.office.roles import Role
from tests.office.matters import DONE, PROGRAM, pushed
from tests.office.people import person
from tests.site.browsing import complaints, faults, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = """async (path) => {
  for (let n = 0; n < 400; n++) {
    if (await caches.match(path)) return true;
    await new Promise((go) => setTimeout(go, 50));
  }
  return false;
}"""
"""Waits until the phone has kept a page."""


def test_a_report_made_without_a_line_is_not_lost(browser, live_server):
    CLOCK.release()
    due = CLOCK.today() + datetime.timedelta(days=9)
    row = pushed("xiacun", f"{due}", title="测试一村：设备安装到位", target_value="20", target_unit="户")
    officer = person("du", (Role.SUPERVISOR, "government-office"))
    clerk = page_of(
        browser, live_server.url, person("zhen", (Role.CLERK, "xiacun")), 390,
        geolocation={"latitude": 36.9, "longitude": 121.5}, permissions=["geolocation"],
    )  # fmt: skip
    told = complaints(clerk)
    home = live_server.url + "/field/"
    clerk.goto(home)
    assert faults(clerk, "list on the phone") == []
    # The list itself is kept at the first visit too: the queue is seen and sent from it.
    assert clerk.evaluate(KEPT, f"/field/{row.pk}/")
    assert clerk.evaluate(KEPT, "/field/")

    clerk.context.set_offline(True)
    clerk.goto(f"{home}{row.pk}/")
    expect(clerk.locator("#net")).to_contain_text("没有网络")
    clerk.get_by_label("累计完成").fill("18")
    clerk.get_by_label("进展情况").fill(DONE)
    clerk.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": PICTURE})
    expect(clerk.locator(".photo")).to_contain_text("误差")
    clerk.get_by_role("button", name="报给政府办·督查复核").click()
    expect(clerk.locator("#queue")).to_contain_text("待上传")
    expect(clerk.locator("#net")).to_contain_text("1 条")
    # The browser is shut and opened again.
    again = clerk.context.new_page()
    clerk.close()
    again.goto(home)
    expect(again.locator("#queue")).to_contain_text("18 户")
    assert not ProgressReport.objects.exists()

    again.context.set_offline(False)
    expect(again.locator("#queue")).to_contain_text("收到，以此为准")
    assert faults(again, "queue on the phone") == []
    assert ProgressReport.objects.get().value == 18
    assert MatterEvent.objects.get(act="field").data["photos"][0]["place"] == [36.9, 121.5]

    # Somebody else writes while the form is open: what was typed is kept, with the reason.
    again.goto(f"{home}{row.pk}/")
    matter_actions.report_progress(actor=PROGRAM, matter=row.pk, narrative=DONE, value="19")
    again.get_by_label("累计完成").fill("20")
    again.get_by_label("进展情况").fill(DONE)
    again.get_by_role("button", name="报给政府办·督查复核").click()
    expect(again.locator("#queue")).to_contain_text("您填的还在")
    again.get_by_role("link", name="改后再报").click()
    expect(again.get_by_label("累计完成")).to_have_value("20")
    again.get_by_role("button", name="报给政府办·督查复核").click()
    expect(again.locator(".entry.sent")).to_have_count(2)
    assert ProgressReport.objects.filter(state="filed").get().value == 20
    assert told == []
    # Where supervision then works with it: the registers beside the board.
    desk = page_of(browser, live_server.url, officer)
    for name in ("letters", "integrity", "headquarters", "scores"):
        desk.goto(f"{live_server.url}/supervision/{name}/")
        assert faults(desk, name) == []


PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
