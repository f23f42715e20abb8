"""Papers of the demonstration city: one in every state, written and signed by its invented people.

All of it is invented but the names of organs. A second time does nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice

_MARK = "demo:papers"
_LETTERS: tuple[tuple[int, str, str, tuple[str, ...], str], ...] = (
    (-30, "finance", "商请提供2026年度预算执行数据", ("agri-rural", "housing-construction"),
     ("为做好预算执行分析，现商请你单位提供有关数据。\n一、提供内容\n（一）支出进度。截至上月底各项目的预算数、执行数。\n"
     "（二）未执行原因。逐项说明。\n二、报送要求\n请于收到本函后5个工作日内书面反馈，并确定一名联系人。")),
    (-21, "environment", "通报入河排污口标识牌设置进度", ("housing-construction",),
     ("现将入河排污口标识牌设置进度函告如下。\n|区域|应设|已设|\n|城区|12|12|\n|沿海|18|15|\n|河道|26|20|\n"
     "请按职责配合做好剩余点位的现场协调。")),
    (-9, "environment", "商请做好重污染天气应急演练准备", ("weather", "emergency"),
     ("按照年度计划，拟于下月组织重污染天气应急演练。\n一、时间和方式\n桌面推演和现场检查相结合。\n二、请予支持的事项\n"
     "（一）预报会商。提供演练日前三天的模拟预报。\n（二）现场检查。各派一名业务人员参加。")),
    (-4, "finance", "更正补助资金发放名册", ("agri-rural",), "经核对，原发名册有两处笔误，请以附件为准。"),
)  # fmt: skip


def load_papers() -> Iterator[str]:
    """Write the papers, yielding in words what was done."""
    if Notice.objects.filter(key=_MARK + ":0").exists():
        yield "演示文书：已装入过，没有改动。"
        return
    now = CLOCK.now()
    hands = {"finance": ("caizheng1", "caizheng3"), "environment": ("huanbao1", "huanbao2")}
    logins = {login for pair in hands.values() for login in pair} | {"nongye1"}
    people = {user.login: standing(user) for user in User.objects.filter(login__in=logins)}
    if set(people) != logins:
        yield "演示文书：没有演示账号，未装入。"
        return
    made: list[Notice] = []
    try:
        for n, (days, organ, subject, to, text) in enumerate(_LETTERS):
            CLOCK.set((now + datetime.timedelta(days=days)).replace(hour=10, minute=5 + n))
            clerk, head = (people[login].actor("cli") for login in hands[organ])
            fields: dict[str, Any] = {"subject": subject, "addressee": list(to), "text": text}
            if n == 3:
                fields["attachments"] = "补助资金发放名册（更正）"
            row = notices.draft(actor=clerk, kind="notices.letter", organ=organ, fields=fields, key=f"{_MARK}:{n}")
            CLOCK.advance(datetime.timedelta(hours=3))
            row = notices.sign(actor=head, notice=row.pk)
            sent = notices.publish(actor=clerk, notice=row.pk, channels={"inside": list(to)})
            made.append(row)
            if n == 0:
                CLOCK.advance(datetime.timedelta(hours=20))
                notices.receive(actor=people["nongye1"].actor("cli"), publication=sent[0].pk)
    finally:
        CLOCK.set(now)
        CLOCK.release()
    _today(people, made)
    yield f"演示文书：{Notice.objects.count()} 件，编号 {sum(1 for row in made if row.number_text)} 个。"


def _today(people: dict[str, Any], made: list[Notice]) -> None:
    """What waits today: a letter to be made void, a draft to be signed, a drill."""
    clerk: Actor = people["caizheng1"].actor("cli")
    notices.ask_void(actor=clerk, notice=made[3].pk, reason="附件名册有误，重新核对后另发")
    counts = (("housing-construction", 8, 7), ("agri-rural", 5, 5), ("finance", 3, 2))
    figures = [{"organ": organ, "due": due, "done": done, "late": due - done} for organ, due, done in counts]
    told = {"period": "三季度", "figures": figures, "praised": "各项目标总体完成，台账登记及时。",
            "next": "请逾期单位于5个工作日内补报进展。"}  # fmt: skip
    row = notices.draft(actor=people["huanbao1"].actor("cli"), kind="duties.circular", organ="environment", fields=told)
    notices.sign(actor=people["huanbao2"].actor("cli"), notice=row.pk)
    notices.publish(actor=people["huanbao1"].actor("cli"), notice=row.pk, channels=["web", "feed", "wechat"])
    fields: dict[str, Any] = {"subject": "商请支持专项债券项目材料报送", "addressee": ["housing-construction"],
              "text": "请于本月25日前报送项目可行性研究报告和收益测算表。\n联系人：测试丙。"}  # fmt: skip
    notices.draft(actor=clerk, kind="notices.letter", organ="finance", fields=fields)
    drill = {"subject": "启动重污染天气应急演练", "addressee": ["weather", "emergency"],
             "text": "现启动演练。请各参演单位按方案到位。\n一、到位要求\n1小时内反馈到位情况。"}  # fmt: skip
    row = notices.draft(
        actor=people["huanbao1"].actor("cli"), kind="notices.letter", organ="environment", fields=drill, exercise=True
    )
    notices.sign(actor=people["huanbao2"].actor("cli"), notice=row.pk)
