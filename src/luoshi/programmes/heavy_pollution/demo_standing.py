"""The demonstration of what stands ready: firms' plans in every state, plans of organs, a drill, inspections, a roster.

Deterministic; everything but the names of organs and towns is invented. What is in every state goes through the same
actions as a person's work; what only fills lists is written at once.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.programmes.heavy_pollution import budget, drills, episodes, organ_plans, plan, site_plans, violations
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Enterprise,
    Forecaster,
    Inspection,
    MedicalInstitution,
    MedicalStock,
    PlanVersion,
    Shift,
    Supply,
    Training,
)

PROGRAM = Actor.system("演示", "cli")
_Contents = Callable[[Enterprise], tuple[Mapping[str, Any], Mapping[str, Any]]]
"""What gives steps and reductions of a firm's plan."""
_NUMBERS = "一二三四五六七八九十"
_HOUR = datetime.timedelta(hours=1)
_DAY = datetime.timedelta(days=1)
_WEEKLY = ("draft", "submitted", "returned", "approved", "none", "filed", "submitted")
"""The states in which the plans stand of firms that are not yet done with them, in turn."""


def before_winter(
    people: Mapping[str, Actor],
    firms: Sequence[Enterprise],
    now: datetime.datetime,
    contents: Callable[[Enterprise], Any],
) -> None:
    """Play what lies before the winter's episodes; `contents` gives steps and reductions of a firm's plan."""
    _organ_plans(people, now - 15 * _DAY)
    _firm_plans(people, firms, now - 40 * _DAY, contents)
    _drill(people, now - 45 * _DAY)
    _lists(now)
    _budget(now)


def after_winter(people: Mapping[str, Actor], now: datetime.datetime) -> None:
    """Play the inspections of the live episode, in different states, and what citizens report."""
    _inspections(people, now)
    for number, (kind, town, place, text) in enumerate(
        (
            ("smoke", "xiacun", "测试路12号", "夜里车间有浓烟，气味刺鼻"),
            ("site", "chengqu-subdistrict", "测试大街东头工地", "挖掘机还在挖土，没有洒水"),
            ("burning", "xiachu", "测试村南", "田边焚烧秸秆"),
        )
    ):
        CLOCK.set(now - (5 - number) * _HOUR)
        violations.report(address=f"192.0.2.{number}", kind=kind, town=town, place=place, text=text)
    CLOCK.set(now)


# --- plans ------------------------------------------------------------------------------------------------------------


def _firm_plans(
    people: Mapping[str, Actor],
    firms: Sequence[Enterprise],
    at: datetime.datetime,
    contents: Callable[[Enterprise], Any],
) -> None:
    for number, firm in enumerate(firms):
        state = _WEEKLY[number % len(_WEEKLY)]
        if state == "none":
            continue
        CLOCK.set(at + number * _HOUR)
        drawer = people["town"] if firm.town == "xiachu" and "town" in people else PROGRAM
        steps, reductions = contents(firm)
        row = site_plans.draft(actor=drawer, firm=firm.credit_code, year=firm.list_year, steps=steps,
                               reductions=reductions)  # fmt: skip
        if state == "draft" or row.case is None:
            continue
        _step(drawer, row.case.pk, "submit")
        if state == "returned":
            _step(people["forecaster"], row.case.pk, "send_back", {"comment": "请把用电监控写入应交凭证"})
        elif state in ("approved", "filed"):
            # A plan that falls short of its trade's ratio is approved for a reason that is written down.
            _step(people["forecaster"], row.case.pk, "approve", {"reason": "生产线不能部分停，已核定最低负荷"})
            if state == "filed":
                _step(people["forecaster"], row.case.pk, "file")


def _step(actor: Actor, case: int, step: str, data: Mapping[str, Any] | None = None) -> None:
    cases.act(actor=actor, case=case, step=step, data=data or {})


def _organ_plans(people: Mapping[str, Actor], at: datetime.datetime) -> None:
    """The plan of 2018 as published; a revision approved two weeks ago, and what members owe because of it."""
    issued = datetime.datetime(2018, 1, 8, 9, tzinfo=SHANGHAI)
    first = PlanVersion.objects.create(
        kind="city", organ=plan.COMMAND, edition=1, title="乳山市重污染天气应急预案", number="乳政办发〔2018〕2号",
        issued_on=issued.date(), state="published", approved_at=issued, published_at=issued,
    )  # fmt: skip
    PlanVersion.objects.bulk_create(
        [
            PlanVersion(
                kind=kind, organ=organ, edition=1, issued_on=issued.date(), parent=first, state="published",
                title=organ_plans.title_of(kind, organ), named=organ in organ_plans.NAMED,
                changes="本单位措施、责任人和联络员", due_on=datetime.date(2018, 1, 29),
                approved_at=issued + 8 * _DAY, filed_at=issued + (25 if number % 13 == 12 else 9 + number % 10) * _DAY,
                published_at=issued + 30 * _DAY,
            )
            for number, (kind, organ) in enumerate(organ_plans.owing())
        ]
    )  # fmt: skip
    CLOCK.set(at)
    city = organ_plans.propose(actor=people["officer"], why="drill", changes="补充名单核对和联络员要求")
    if city.case is None:
        return
    case = city.case.pk
    _step(people["officer"], case, "submit", {"changes": "补充名单核对和联络员要求；更新限产清单"})
    _step(people["director"], case, "confirm")
    _step(PROGRAM, case, "approve", {"number": f"测试文号〔{at.year}〕1号", "issued_on": at.date().isoformat()})
    hands = {"environment": ("forecaster", "director"), "housing-construction": ("sites", "sites_head")}
    for number, row in enumerate(PlanVersion.objects.filter(parent=city).order_by("id")):
        if row.case_id is None or (number % 4 == 3 and row.organ not in hands):
            continue
        CLOCK.set(at + (number // 4 + 1) * _DAY)
        maker, head = (people.get(key, PROGRAM) for key in hands.get(row.organ, ("", "")))
        _step(maker, row.case_id, "submit", {"changes": "按新预案修订本单位措施和责任人"})
        if row.organ in hands:
            CLOCK.set(at + 10 * _DAY)
            _step(head, row.case_id, "approve")
            _step(maker, row.case_id, "file")


# --- drills -----------------------------------------------------------------------------------------------------------


def _drill(people: Mapping[str, Actor], at: datetime.datetime) -> None:
    """One drill done before the season, one planned."""
    CLOCK.set(at)
    row = drills.draw_up(
        actor=people["officer"], title="采暖季前橙色预警桌面推演", planned_on=(at + _DAY).date().isoformat(),
        aim="检验会商、审批和四小时名单报送", people="各成员单位责任人和联络员", content="会商、请示、发布、名单、日报",
        rules="只在系统内推演，不对外发布", scenario="三日持续重污染，日均值最高320",
    )  # fmt: skip
    case = drills.case_of(row)
    if case is None:
        return
    _step(people["commander"], case.pk, "approve")
    CLOCK.set(at + _DAY)
    _step(people["officer"], case.pk, "run")
    case.refresh_from_db()
    consultation = int(case.facts["consultation"])
    CLOCK.set(at + _DAY + 2 * _HOUR)
    _step(people["officer"], consultation, "file", {"reason": "推演结束，会商流程用时一小时四十分"})
    _step(people["officer"], case.pk, "sum_up",
          {"summary": "会商到签发用时一小时四十分，名单在三小时内报齐。",
           "suggestions": "提前核对企业名单\n补齐三个镇的联络员电话"})  # fmt: skip
    CLOCK.set(at + 2 * _DAY)
    _step(people["commander"], case.pk, "close")
    CLOCK.set(at + 30 * _DAY)
    drills.draw_up(
        actor=people["officer"], title="重点企业停限产实战演练", planned_on=(at + 70 * _DAY).date().isoformat(),
        mode="field", aim="检验企业按方案停产所需时间", people="橡胶、铸造企业和所在镇", content="下达指令、停产、取证",
    )  # fmt: skip


# --- inspections ------------------------------------------------------------------------------------------------------


def _inspections(people: Mapping[str, Actor], now: datetime.datetime) -> None:
    dice = random.Random(f"inspections{now:%Y%m%d}")  # noqa: S311 - invented data
    live = episodes.live_warning()
    response = live.response if live else None
    firms = list(Enterprise.objects.order_by("pk")[:60])
    Inspection.objects.bulk_create(
        [
            Inspection(
                response=response, object_kind="firm", object_id=firm.credit_code, object_name=firm.name,
                organ="environment", town=firm.town, finding="none", text="已按方案停限，用电量下降明显",
                at=now - dice.randint(2, 30) * _HOUR, by="测试辛",
            )
            for firm in firms[10:34]
        ]
    )  # fmt: skip
    checker, head = people["forecaster"], people["director"]
    stages = ("found", "ordered", "penalised", "rechecked", "closed")
    for number, stage in enumerate(stages):
        begin = now - (30 - 4 * number) * _HOUR
        CLOCK.set(begin)
        row = violations.inspect(actor=checker, kind="firm", object_id=firms[number].credit_code,
                                 finding=("not_done", "secret")[number % 2], organ="environment",
                                 text="预警期间涂装线仍在生产，没有按方案停限")  # fmt: skip
        if row.case is None:
            continue
        _pursue(row.case.pk, stages.index(stage), checker, head, begin)
    site = ConstructionSite.objects.filter(organ="housing-construction").order_by("pk").first()
    if site is not None and "sites" in people:
        CLOCK.set(now - 3 * _HOUR)
        violations.inspect(actor=people["sites"], kind="site", object_id=site.code, finding="not_done",
                           organ="housing-construction", text="停工令下达后仍在土方作业")  # fmt: skip
    CLOCK.set(now - 2 * _HOUR)
    violations.inspect(actor=checker, kind="organ", object_id="highway", finding="not_done", organ="environment",
                       text="两次未按时报送停工工地名单")  # fmt: skip


def _pursue(case: int, stage: int, checker: Actor, head: Actor, begin: datetime.datetime) -> None:
    steps: tuple[tuple[Actor, str, dict[str, Any]], ...] = (
        (head, "order", {"order": "立即停止涂装线，断电封存", "stop_by": (begin + 5 * _HOUR).isoformat()}),
        (checker, "penalise", {"penalty": f"测试罚〔{begin.year}〕{stage}号"}),
        (checker, "recheck", {"recheck": "涂装线已断电，现场无排放"}),
        (head, "close", {}),
    )
    for number, (actor, step, data) in enumerate(steps[:stage]):
        CLOCK.set(begin + (number + 1) * _HOUR)
        _step(actor, case, step, data)


def _budget(now: datetime.datetime) -> None:
    """Money for the season: appropriated, partly committed and paid."""
    CLOCK.set(now - 50 * _DAY)
    for purpose, wan in (("monitoring", 120), ("warning", 30), ("response", 200), ("operation", 80)):
        budget.post(actor=PROGRAM, kind="appropriation", amount=f"{wan}万元", text="年度预算下达", year=now.year,
                    purpose=purpose, basis="测试预算〔1〕号")  # fmt: skip
    CLOCK.set(now - 30 * _DAY)
    bought = budget.post(actor=PROGRAM, kind="commitment", amount="48万元", text="走航监测服务合同", year=now.year,
                         purpose="monitoring")  # fmt: skip
    watered = budget.post(actor=PROGRAM, kind="commitment", amount="15万元", text="应急洒水作业", year=now.year,
                          purpose="response")  # fmt: skip
    CLOCK.set(now - 10 * _DAY)
    budget.post(actor=PROGRAM, kind="payment", amount="24万元", text="首付款", commitment=bought.pk)
    budget.post(actor=PROGRAM, kind="payment", amount="9.6万元", text="十月作业费", commitment=watered.pk)
    budget.post(actor=PROGRAM, kind="release", amount="1.4万元", text="作业量减少", commitment=watered.pk)


# --- lists ------------------------------------------------------------------------------------------------------------


def _lists(now: datetime.datetime) -> None:
    """The roster of the whole winter, gear, stock, forecasters, courses."""
    first = datetime.datetime.combine(now.date() - 60 * _DAY, datetime.time(8), SHANGHAI)
    shifts = []
    for place, organ in enumerate((plan.COMMAND, *plan.MEMBERS)):
        length = 12 * _HOUR if organ in (plan.COMMAND, "environment") else 24 * _HOUR
        for number in range(int(180 * _DAY / length)):
            begins = first + number * length
            # One organ has left half an hour open next week: the page shows where.
            late = organ == "transport" and begins.date() == (now + 4 * _DAY).date()
            shifts.append(
                Shift(organ=organ, begins=begins + (_HOUR / 2 if late else datetime.timedelta()), ends=begins + length,
                      person=f"测试{_NUMBERS[(number + place) % 10]}", phone=f"1360000{place:02}{number % 100:02}",
                      leader=f"测试{_NUMBERS[(number // 7 + place + 3) % 10]}")
            )  # fmt: skip
    Shift.objects.bulk_create(shifts, batch_size=500)
    checked = now.date() - 20 * _DAY
    gear = (
        ("便携式烟气分析仪", "instrument", "environment", 4, "台"),
        ("颗粒物激光雷达", "instrument", "environment", 1, "台"),
        ("走航监测车", "vehicle", "environment", 1, "辆"), ("洒水车", "vehicle", "housing-construction", 12, "辆"),
        ("雾炮车", "vehicle", "highway", 5, "辆"), ("执法记录仪", "instrument", "enforcement", 20, "台"),
        ("防护口罩", "protective", "health-family", 20_000, "只"),
        ("应急广播终端", "other", "publicity-dept", 15, "套"),
    )  # fmt: skip
    Supply.objects.bulk_create(
        [
            Supply(code=f"WZ-{n + 1:03d}", name=name, kind=kind, organ=organ, quantity=count, unit=unit,
                   condition="repair" if n == 4 else "good", allocation="按预案级别由指挥部统一调配",
                   checked_on=checked)
            for n, (name, kind, organ, count, unit) in enumerate(gear)
        ]
    )  # fmt: skip
    MedicalStock.objects.bulk_create(
        [
            MedicalStock(institution=place, item=item, quantity=count + 5 * n, least=count, unit=unit, town=place.town,
                         checked_on=checked)
            for n, place in enumerate(MedicalInstitution.objects.order_by("pk"))
            for item, count, unit in (("雾化吸入药", 200, "支"), ("制氧机", 6, "台"))
        ]
    )  # fmt: skip
    Forecaster.objects.bulk_create(
        [
            Forecaster(code=f"YB-{n + 1:02d}", organ=organ, name=f"测试{_NUMBERS[n]}", full_time=n != 4,
                       since=datetime.date(2017, 3, 1))
            for n, organ in enumerate(("environment", "environment", "environment", "weather", "weather"))
        ]
    )  # fmt: skip
    courses = (
        ("预案和系统操作培训", plan.COMMAND, "各成员单位联络员"),
        ("企业停限产操作培训", "economy-it", "名单企业责任人"),
    )
    Training.objects.bulk_create(
        [
            Training(code=f"PX-{n + 1:02d}", title=title, organ=organ, planned_on=now.date() - (50 - 40 * n) * _DAY,
                     held_on=now.date() - 49 * _DAY if n == 0 else None, audience=audience, hours=Decimal(6),
                     attended=64 if n == 0 else 0)
            for n, (title, organ, audience) in enumerate(courses)
        ]
    )  # fmt: skip
