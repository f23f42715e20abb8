"""A vice mayor sets a key work on a phone; supervision asks for a plan that puts it right, the organ answers."""

from __future__ import annotations

import datetime

import pytest
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties.matter_models import Matter
from luoshi.office.roles import Role
from luoshi.programmes.supervision import plan_actions
from luoshi.programmes.supervision.models import KeyItem
from tests.office.people import actor, person
from tests.site.browsing import complaints, faults, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = 390
HOUSING = "housing-construction"


def test_a_key_work_from_its_setting_to_the_plan_that_puts_it_right(browser, live_server):
    CLOCK.release()
    today = CLOCK.today()

    def after(days: int) -> str:
        return (today + datetime.timedelta(days=days)).isoformat()

    leader = page_of(browser, live_server.url, person("sz", (Role.LEADER, "city-government")), PHONE)
    told = complaints(leader)
    works = f"{live_server.url}/supervision/works/"
    leader.goto(works)
    assert faults(leader, "no works yet") == []
    leader.get_by_role("link", name="设立重点工作").first.click()
    assert faults(leader, "form") == []
    leader.get_by_label("名称").fill("测试河东市场搬迁" * 9)
    leader.get_by_label("完成日").fill(after(-1))
    leader.get_by_label("依据").fill("第10次会议（测试）")
    leader.get_by_role("button", name="设立").click()
    expect(leader.get_by_role("alert")).to_contain_text("没有办成")
    assert faults(leader, "refused") == []
    leader.get_by_label("责任单位").select_option(HOUSING)
    leader.get_by_label("完成日").fill(after(12))
    leader.get_by_role("button", name="设立").click()
    expect(leader.get_by_role("heading", level=1)).to_contain_text("Z001")
    assert faults(leader, "a work just set") == []
    for path in (works, f"{live_server.url}/supervision/?kind=key_works"):
        leader.goto(path)
        expect(leader.get_by_text("测试河东市场搬迁").first).to_be_visible()
        assert faults(leader, path) == []

    item, clerk = KeyItem.objects.get(), actor("zj", (Role.CLERK, HOUSING))
    row = {
        "title": "测试旧市场关停", "kind": "leaf", "weight_bp": 10000, "start": today, "due": item.due,
        "organ": HOUSING,
        "post": "测试岗", "deliverable": "测试成果", "evidence_types": ["photo"],
    }  # fmt: skip
    plan_actions.save_node(actor=clerk, item=item.pk, row=row)
    plan_actions.propose(actor=clerk, item=item.pk)
    leader.goto(f"{live_server.url}/supervision/items/{item.code}/")
    leader.get_by_role("button", name="批准分解").click()
    expect(leader.get_by_text("已批准").first).to_be_visible()
    task = Matter.objects.get()

    office = page_of(browser, live_server.url, person("du", (Role.SUPERVISOR, "government-office")))
    office.goto(f"{live_server.url}/tasks/{task.pk}/")
    assert faults(office, "a task of a key work") == []
    office.get_by_role("link", name="说明和纠偏").click()
    assert faults(office, "order") == []
    office.get_by_label("要求的内容").fill("公告还没有张贴，请排出日期。")
    office.get_by_role("button", name="发给承办单位").click()
    expect(office.get_by_text("待纠偏")).to_be_visible()

    holder = page_of(browser, live_server.url, person("zj"), PHONE)
    holder.goto(f"{live_server.url}/supervision/tasks/{task.pk}/correct/")
    assert faults(holder, "answer") == []
    holder.get_by_label("原因和下步怎么办").fill("公告底稿已送印，明天上午张贴。")
    holder.get_by_label("纠偏安排").fill("明天 张贴")
    holder.get_by_role("button", name="报纠偏安排").click()
    expect(holder.get_by_role("alert")).to_contain_text("第1行")
    expect(holder.get_by_label("纠偏安排")).to_have_value("明天 张贴")
    holder.get_by_label("纠偏安排").fill(f"{after(1)} 张贴公告")
    holder.get_by_role("button", name="报纠偏安排").click()
    expect(holder.get_by_text("已纠偏")).to_be_visible()
    office.reload()
    expect(office.get_by_text("张贴公告")).to_be_visible()
    assert [one for one in told if "422" not in one] == []
