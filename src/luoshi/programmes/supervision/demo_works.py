"""The demonstration's key works outside the plan: one on its way, one behind, one red and put right, one just set."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from django.db import transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI, day_of
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.duties import lights, matter_actions, matter_reports
from luoshi.office.duties.matter_models import Matter
from luoshi.programmes.supervision import correcting, plan_actions, signing, works
from luoshi.programmes.supervision.models import Correction, Leaf, Plan

PROGRAM = Actor.system("演示数据", "demo")
NARRATIVE = "按周计划推进，现场已核对，资料随附。"
SPAN = 56
"""So many days ago the first of them was set."""


class Invented(NamedTuple):
    """An invented key work: what set it, who leads it and reports, its tasks (title, weight, how far of the plan)."""

    title: str
    words: str
    source: str
    basis: str
    lead: str
    coop: tuple[str, ...]
    clerk: str
    head: str
    tasks: tuple[tuple[str, int, int], ...]


WORKS = (
    Invented("滨河步道全线贯通", "打通断点，新修步道，配齐照明和座椅，节前开放。", "meeting",
             "市政府第9次常务会议（演示）",
             "housing-construction", ("finance",), "zhujian1", "zhujian2",
             (("打通断点", 3000, 100), ("新修步道", 4500, 96), ("照明和座椅", 2500, 97))),
    Invented("闲置厂房清单上网", "逐处核实闲置厂房，附图上网，供企业挑选。", "leader", "市长批示（演示）",
             "industry-it", (), "jingxin1", "", (("逐处核实", 6000, 55), ("附图上网", 4000, 60))),
    Invented("秋粮收储不压车", "收储点提前备仓，开通预约，排队不过半天。", "report", "政府工作报告第三部分（演示）",
             "agri-rural", ("finance",), "nongye1", "nongye2", (("备仓和预约", 5000, 99), ("收储和结算", 5000, 91))),
    Invented("中小学直饮水全覆盖", "勘点、采购、安装、检测，逐校销号。", "clause", "测政发〔2018〕9号 三（二）（演示）",
             "education-sports", (), "", "", ()),
)  # fmt: skip


def load(moment: datetime.datetime) -> Iterator[str]:
    """Set the works and play their weeks up to `moment`; a second time does nothing. Yields what was done."""
    logins = {"shizheng1", "ducha1", *(login for one in WORKS for login in (one.clerk, one.head) if login)}
    people = {user.login: standing(user).actor("demo") for user in User.objects.filter(login__in=logins)}
    if Plan.objects.filter(kind=Plan.Kind.KEY_WORKS).exists() or not {"shizheng1", "ducha1"} <= set(people):
        return
    today = day_of(moment)
    first = max(today - datetime.timedelta(days=SPAN), datetime.date(today.year, 1, 2))
    try:
        with transaction.atomic():
            for one in WORKS:
                _set(one, people, first, today)
            for back in (*range((today - first).days // 7 * 7, 0, -7), 1):
                _at(today - datetime.timedelta(days=back), 16)
                for one in WORKS:
                    _report(one, people)
            _correct(people, today)
    finally:
        CLOCK.release()
    orders = Correction.objects.count()
    yield f"计划外重点工作：{len(WORKS)}件，要求说明、纠偏{orders}次。"


def _at(day: datetime.date, hour: int) -> None:
    CLOCK.set(datetime.datetime.combine(day, datetime.time(hour, 20), SHANGHAI))


def _set(one: Invented, people: dict[str, Actor], first: datetime.date, today: datetime.date) -> None:
    begins = first if one.tasks else today - datetime.timedelta(days=1)
    begins = max(begins, datetime.date(today.year, 1, 1))
    _at(begins, 9)
    due = today + datetime.timedelta(days=34)
    work = works.Work(
        one.title, one.lead, begins, due, one.source, one.basis, one.words, one.coop, "副市长（分管）"
    )  # fmt: skip
    item = works.set_work(actor=people["shizheng1"], work=work)
    clerk = people.get(one.clerk, PROGRAM)
    for place, (title, weight, _share) in enumerate(one.tasks):
        row = {
            "title": title, "kind": "leaf", "weight_bp": weight, "start": begins + datetime.timedelta(days=place),
            "due": due - datetime.timedelta(days=10 * (len(one.tasks) - 1 - place)), "organ": one.lead,
            "post": "分管科室负责人", "deliverable": f"{title}完成，逐处有照片", "evidence_types": ["photo"],
        }  # fmt: skip
        plan_actions.save_node(actor=clerk, item=item.pk, row=row)
    for organ in one.coop if one.tasks else ():
        plan_actions.waive(actor=clerk, item=item.pk, organ=organ, reason="只保障资金，不单列任务")
    if one.tasks:
        plan_actions.propose(actor=clerk, item=item.pk)
        plan_actions.approve(actor=people["shizheng1"], item=item.pk)


def _leaves(one: Invented) -> list[tuple[Matter, int]]:
    """Return the tasks of a work that run, with how much of their plan is done."""
    rows = Leaf.objects.filter(item__title=one.title, matter__is_open=True).select_related("matter", "node")
    shares = {title: share for title, _weight, share in one.tasks}
    return [(leaf.matter, shares[leaf.node.title]) for leaf in rows.order_by("node__code") if leaf.matter is not None]


def _report(one: Invented, people: dict[str, Actor]) -> None:
    for matter, share in _leaves(one):
        percent = int((lights.planned(matter, CLOCK.today()) or 0) * share / 100)
        if matter.start > CLOCK.today() or percent * 100 <= matter.percent_bp:
            continue
        clerk, head = people.get(one.clerk, PROGRAM), people.get(one.head, PROGRAM)
        matter_actions.report_progress(actor=clerk, matter=matter.pk, percent=percent, narrative=NARRATIVE)
        signing.sign_report(actor=head, matter=matter.pk)
        matter_reports.accept_report(actor=people["ducha1"], matter=matter.pk)


def _correct(people: dict[str, Actor], today: datetime.date) -> None:
    """Let the last nights give their orders; the first task that is red is answered."""
    for back in (6, 5, 1):
        day = today - datetime.timedelta(days=back)
        _at(day, 0)
        correcting.look_after(CLOCK.now())
        if back != 5:
            continue
        _at(day, 15)
        red = Correction.objects.filter(level="red", ended_at=None, matter__organ="industry-it").order_by("pk").first()
        if red is not None and "jingxin1" in people:
            step = datetime.timedelta(days=7)
            correcting.answer(
                actor=people["jingxin1"], correction=red.pk,
                words="三处厂房产权人在外地，核实要等函复，已改为上门核对。",
                steps=[(day + step, "三处上门核对完"), (day + 2 * step, "全部附图上网")],
            )  # fmt: skip
