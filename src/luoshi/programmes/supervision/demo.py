"""An invented year of key works: twelve items in four chapters, decomposed, reported on, some done, some behind, late.

Everything but the names of organs is invented. The plan was issued on 10 April of the year, or half a year before the
demonstration is loaded where April is too near or too far, so that the board always shows a year well under way. All
of it is done by the acts the pages use.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from django.db import transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.duties import lights, matter_actions, matter_reports, matter_steps
from luoshi.office.duties.matter_models import Matter
from luoshi.office.instruments.actions import import_gazette
from luoshi.programmes.supervision import crossing, plan_actions, plan_import, signing
from luoshi.programmes.supervision.models import CoopConfirmation, ItemOrgan, KeyItem, Node, Plan

SINCE, LASTS = 180, 265
"""The plan was issued so many days ago, when not in April of this year; its items are due so many days after."""
PROGRAM = Actor.system("演示", "demo")
_RETURNED = "台账没有写清本月新增数，请补齐后重报。"
NARRATIVE = "按月度计划推进，台账逐项登记，未发现虚报。"
_MONTHS = {"ahead": Fraction(21, 20), "green": Fraction(19, 20), "yellow": Fraction(4, 5), "red": Fraction(1, 2)}
"""How much of what the plan asks for has been done."""


class Habit(NamedTuple):
    """How an organ works: what part of its first task it reached in time, whether it hands it in a day late, which of
    the first rounds of reports it leaves out, whether reports of the first round were returned."""

    first: Fraction = Fraction(97, 100)
    late: bool = False
    silent: tuple[int, ...] = ()
    returned: bool = False


_HABITS = {
    "industry-it": Habit(Fraction(49, 50)),
    "education-sports": Habit(silent=(1,), returned=True),
    "human-resources": Habit(Fraction(9, 10), silent=(0,)),
    "transport": Habit(Fraction(4, 5), silent=(0, 1)),
    "housing-construction": Habit(silent=(1,), returned=True),
    "finance": Habit(late=True),
    "environment": Habit(silent=(0,)),
}
"""So that no two of them score alike; the others report every time."""


class Invented(NamedTuple):
    """An invented item: its sentence, its lead and cooperating organs as printed, how it goes."""

    chapter: str
    text: str
    lead: str
    coop: str
    course: str


ITEMS = (
    Invented("壮大实体经济", "帮企业上台阶，年内新增规模以上企业12家，完成技改投资8亿元", "市工信局",
             "市财政局、科技局", "green"),
    Invented("壮大实体经济", "办好惠企贷款，年内服务小微企业300家", "市财政局、地方金融服务中心", "市税务局", "ahead"),
    Invented("壮大实体经济", "培养技能人才，年内培训技工2600人次", "市人社局", "市教体局", "yellow"),
    Invented("帮好农家", "推广节水灌溉，年内铺设滴灌管网5万亩", "市农业农村局", "市水利局、各相关镇区", "green"),
    Invented("帮好农家", "建设产地冷库，年内建成冷库9处", "市农业农村局", "市商务局、财政局", "done"),
    Invented("帮好农家", "整修通村道路，年内整修村道86公里", "市交通局", "市农业农村局、各镇", "red"),
    Invented("修好城市", "改造老旧小区，年内改造小区24个，加装电梯60部", "市住建局", "市财政局", "yellow"),
    Invented("修好城市", "添绿留白，年内新建口袋公园8处", "市住建局、综合执法局", "市自然资源局", "ahead"),
    Invented("修好城市", "更换供热管网，年内更换管网18公里", "市住建局", "市应急管理局", "late"),
    Invented("守住底线", "治理河口，年内治理河口5处，布设水质监测点30个", "市环保局", "市水利局、住建局", "paused"),
    Invented("守住底线", "看好校门，年内安装护学岗设施120套", "市教体局、公安局", "", "green"),
    Invented("守住底线", "查清燃气隐患，年内入户检查4万户", "市住建局", "市应急管理局、各镇区", "red"),
)  # fmt: skip
_PEOPLE = {
    "finance": ("caizheng1", "caizheng3"), "agri-rural": ("nongye1", "nongye2"),
    "environment": ("huanbao1", "huanbao2"),
    "housing-construction": ("zhujian1", "zhujian2"), "industry-it": ("jingxin1", ""),
    "education-sports": ("jiaoyu1", ""), "public-security": ("gongan1", ""), "tax": ("", "shuiwu2"),
    "local-finance-center": ("jinfu1", "jinfu3"),
}  # fmt: skip
"""Who reports for an organ and who heads it."""


def text(issued: datetime.date, items: Sequence[Invented] = ITEMS) -> str:
    """Return the invented work points as a document of the gazette."""
    numerals = "一二三四"
    lines = [
        "测州市人民政府",
        f"关于印发市政府{issued.year}年工作要点（演示）的通知",
        f"测政发〔{issued.year}〕12号",
        "各镇人民政府，城区街道办事处，滨海新区、经济开发区管委，市政府有关部门、单位：",
        f"现将《市政府{issued.year}年工作要点（演示）》印发给你们，请抓好落实。",
        "测州市人民政府",
        f"{issued.year}年{issued.month}月{issued.day}日",
        f"市政府{issued.year}年工作要点（演示）",
    ]
    chapters: list[str] = []
    for number, one in enumerate(items, 1):
        if one.chapter not in chapters:
            lines.append(f"{numerals[len(chapters)]}、{one.chapter}")
            chapters.append(one.chapter)
        mark = f"责任单位：{one.lead}" + (f"；配合单位：{one.coop}" if one.coop else "")
        lines.append(f"{number}.{one.text}。（{mark}）")
    return "\n".join(lines) + "\n"


def load(now: datetime.datetime | None = None) -> Iterator[str]:
    """Make the plan and play its half year; a second time does nothing. Yields in words what was done."""
    if Plan.objects.exists():
        yield "重点工作：已装入过，没有改动。"
        return
    moment = now or CLOCK.now()
    people = {user.login: user for user in User.objects.filter(login__in=_logins())}
    if "ducha1" not in people or "shizheng1" not in people:
        yield "重点工作：没有演示账号，没有装入。"
        return
    year = _Year(moment, people)
    try:
        with transaction.atomic():
            year.plan_made()
            tasks = Matter.objects.filter(module="supervision").count()
            yield f"重点工作：{year.plan.title}，{len(ITEMS)}项，{tasks}个最小颗粒。"
        with transaction.atomic():
            year.months_pass()
    finally:
        CLOCK.release()
    for name in ("demo_running", "demo_scores", "demo_works"):
        if find_spec(f"{__package__}.{name}") is not None:
            yield from import_module(f"{__package__}.{name}").load(moment)
    done = year.plan.items.filter(state=KeyItem.State.CROSSED_OFF).count()
    yield f"重点工作：半年的填报，{done}项已销号。"


def _going(course: str = "", words: str = "") -> list[int]:
    """Return the numbers of the invented items that go in a way, or that say something."""
    return [n for n, one in enumerate(ITEMS, 1) if one.course == course or (words and words in one.text)]


def _logins() -> set[str]:
    return {"ducha1", "ducha2", "shizheng1", "zhuren1", *(login for pair in _PEOPLE.values() for login in pair)} - {""}


class _Year:
    """Plays the half year day by day."""

    def __init__(self, now: datetime.datetime, people: dict[str, User]) -> None:
        self.now, self.people = now, people
        today = now.date()
        april = (today - datetime.date(today.year, 4, 10)).days
        self.since = april if 130 <= april <= 250 else SINCE
        self.issued = today - datetime.timedelta(days=self.since)
        self.plan: Plan

    def at(self, days: int) -> datetime.date:
        """Go to the morning of a day counted from now, never beyond now; return the day."""
        day = self.now.date() + datetime.timedelta(days=days)
        CLOCK.set(min(datetime.datetime.combine(day, datetime.time(9, 30), SHANGHAI), self.now))
        return day

    def who(self, login: str) -> Actor:
        """Return who acts as an account of the demonstration, the program itself for none."""
        user = self.people.get(login)
        return standing(user).actor("demo") if user else PROGRAM

    def clerk(self, organ: str) -> Actor:
        """Return who reports for an organ."""
        clerk, head = _PEOPLE.get(organ, ("", ""))
        return self.who(clerk or head)

    # --- the plan -----------------------------------------------------------------------------------------------------

    def plan_made(self) -> None:
        """Import, load, decompose, approve, activate."""
        self.at(-self.since + 1)
        words = text(self.issued, ITEMS)
        import_gazette(words.encode(), actor=PROGRAM, filename=f"工作要点-{self.issued.year}-演示.txt")
        self.plan = plan_import.load_plan(
            actor=self.who("ducha1"), key=f"测政发〔{self.issued.year}〕12号", year=self.issued.year
        )
        KeyItem.objects.filter(plan=self.plan).update(due=self.day(LASTS))
        for lifts in self.plan.items.filter(seq__in=_going(words="加装电梯")):
            plan_actions.add_target(actor=self.who("ducha1"), item=lifts.pk, name="加装电梯", value="60", unit="部")
        for item in self.plan.items.select_related("plan").order_by("seq"):
            self.at(-self.since + 4 + item.seq // 3)
            self._decompose(item)
        self.at(-self.since + 10)
        leader = self.who("shizheng1")
        for item in self.plan.items.order_by("seq"):
            plan_actions.approve(actor=leader, item=item.pk)
        self.at(-self.since + 12)
        director = self.who("zhuren1") if "zhuren1" in self.people else PROGRAM
        self.plan = plan_actions.activate(actor=director, plan=self.plan.pk)

    def day(self, after: int) -> datetime.date:
        """Return a day counted from the issue."""
        return self.issued + datetime.timedelta(days=after)

    def _decompose(self, item: KeyItem) -> None:
        leads = plan_actions.leads(item)
        actor = self.clerk(leads[0])
        coops = list(item.organs.filter(role="coop").exclude(organ="").order_by("seq").values_list("organ", flat=True))
        for entry in item.organs.filter(token__in=plan_import.CHOSEN):
            plan_actions.designate(actor=actor, entry=entry.pk, members=["xiachu", "wuji", "yuli"])
        if "commerce" in coops:
            coops.remove("commerce")
            plan_actions.waive(
                actor=actor, item=item.pk, organ="commerce", reason="冷库建成后再参与产销对接，本年不设任务"
            )
        others = [*leads[1:], *coops]
        put = self._putter(actor, item)
        put("", "定方案、排工期", "leaf", 1500, 13, 50, leads[0], "经审定的实施方案", proofs=["document"])
        rest = 2500 if others else 0
        group = put("", "组织实施", "task", 8500 - rest, 20, LASTS)
        targets = list(item.targets.order_by("seq"))
        for place, target in enumerate(targets):
            share = 10000 // len(targets) + (10000 % len(targets) if place == 0 else 0)
            last = self.since - 16 if ITEMS[item.seq - 1].course in ("late", "done") else LASTS
            put(group.code, target.name[:40] or item.title, "leaf", share, 20, last, leads[0],
                f"{target.name}达到目标", target=target, points=True)  # fmt: skip
        for place, organ in enumerate(others):
            share = rest // len(others) + (rest % len(others) if place == 0 else 0)
            put("", "分担的任务" if organ in leads else "配合事项", "leaf", share, 30, self.since - 16
                if ITEMS[item.seq - 1].course == "done" else LASTS - 15, organ, "分工任务完成情况", points=True,
                proofs=["document"])  # fmt: skip
        plan_actions.propose(actor=actor, item=item.pk)

    def _putter(self, actor: Actor, item: KeyItem) -> Any:
        def put(parent: str, title: str, kind: str, weight: int, start: int, due: int, organ: str = "",
                deliverable: str = "", *, target: Any = None, points: bool = False,
                proofs: list[str] | None = None) -> Node:  # fmt: skip
            first, last = self.day(start), self.day(due)
            row: dict[str, Any] = {"title": title, "kind": kind, "weight_bp": weight, "start": first, "due": last}
            if kind == "leaf":
                middle = first + (last - first) / 2
                row |= {
                    "organ": organ, "post": "分管科室负责人", "deliverable": deliverable,
                    "evidence_types": proofs or ["document", "acceptance"], "planned_points": [(middle, "45")] * points,
                }  # fmt: skip
            if target is not None:
                row |= {"target": target.code, "target_value": target.value, "unit": target.unit, "baseline": "0"}
                north, east = (item.seq * 37 + target.seq * 11) % 36, (item.seq * 23 + target.seq * 17) % 50
                row |= {"latitude": f"36.{74 + north % 25}", "longitude": f"121.{30 + east}"}
            return plan_actions.save_node(actor=actor, item=item.pk, parent=parent, row=row)

        return put

    # --- the months ---------------------------------------------------------------------------------------------------

    def months_pass(self) -> None:
        """Report, accept, cross off, pause; every organ in its own way."""
        for after in (45, 51):
            self.at(-self.since + after)
            for node in self._leaves(level=1).filter(code__endswith=".01"):
                known = _HABITS.get(node.leaf.organ, Habit())
                if known.late == (after == 51):
                    self._finish(node.leaf.matter, node.leaf.organ, known.first)
        for after in (52, 60):
            self.at(-self.since + after)
            self._check()
        early = [days for days in (-self.since + 72, -self.since + 102) if days < -75]
        for place, days in enumerate((*early, -70, -9)):
            day = self.at(days)
            for node in self._leaves().exclude(code__regex=r"-\d\d\.01$"):
                course, known = ITEMS[node.item.seq - 1].course, _HABITS.get(node.leaf.organ, Habit())
                if (days == -9 and course in ("done", "late")) or (days < -70 and place in known.silent):
                    continue
                back = days < -70 and place == 0 and known.returned
                self._report(node.leaf.matter, node.leaf.organ, _MONTHS.get(course, Fraction(17, 20)), day, back=back)
        self.at(-30)
        for node in self._leaves().filter(item__seq__in=_going("paused"), leaf__role=ItemOrgan.Role.LEAD, level=2)[:1]:
            matter_steps.pause(
                actor=self.who("shizheng1"), matter=node.leaf.matter.pk, kind="superior", reason="等待上级批复用海手续",
                expected_end=self.now.date() + datetime.timedelta(days=20),
            )  # fmt: skip
        self.at(-26)
        for node in self._leaves().filter(item__seq__in=_going("done")).exclude(code__regex=r"-\d\d\.01$"):
            if node.leaf.matter.is_open:
                self._finish(node.leaf.matter, node.leaf.organ)
        self.at(-18)
        self._check()
        self.at(-17)
        for item in self.plan.items.filter(seq__in=_going("done")):
            crossing.cross_off_item(actor=self.who("shizheng1"), item=item.pk, note="现场看过，同意")
        self.at(0)

    def _leaves(self, **more: Any) -> Any:
        rows = Node.objects.filter(plan=self.plan, kind=Node.Kind.LEAF, ended_at=None, **more)
        return rows.select_related("item", "leaf__matter").order_by("code")

    def _report(self, matter: Matter, organ: str, factor: Fraction, day: datetime.date, *, back: bool = False) -> None:
        """Report what the plan asks for by a day times a factor; `back`: it was returned once before."""
        matter.refresh_from_db()
        if not matter.is_open or matter.state == "paused" or matter.start > day:
            return
        share = min((lights.planned(matter, day) or Fraction(0)) * factor, Fraction(97))
        if matter.target_value is not None:
            value = Fraction(matter.target_value) * share / 100
            whole = matter.target_value >= 20
            given: dict[str, Any] = {"value": Decimal(int(value)) if whole else Decimal(int(value * 10)) / 10}
        else:
            given = {"percent": Decimal(int(share))}
        head = _PEOPLE.get(organ, ("", ""))[1]
        for reason in (_RETURNED, "") if back else ("",):
            matter_actions.report_progress(actor=self.clerk(organ), matter=matter.pk, narrative=NARRATIVE, **given)
            signing.sign_report(actor=self.who(head) if head else PROGRAM, matter=matter.pk)
            if reason:
                matter_reports.return_report(actor=self.who("ducha1"), matter=matter.pk, reason=reason)
            else:
                matter_reports.accept_report(actor=self.who("ducha1"), matter=matter.pk)

    def _finish(self, matter: Matter, organ: str, share: Fraction = Fraction(97, 100)) -> None:
        """Report all of it with its evidence and hand it in as the head; without one, report a `share` of the plan."""
        head = self.who(_PEOPLE.get(organ, ("", ""))[1])
        if head is PROGRAM:
            self._report(matter, organ, share, CLOCK.today())
            return
        given: dict[str, Any] = {"percent": 100} if matter.target_value is None else {"value": matter.target_value}
        matter_actions.report_progress(
            actor=head, matter=matter.pk, narrative="已全部完成，验收合格，资料归档。",
            evidence=[(f"完成证明-{matter.external_id}.txt", f"{matter.title} {matter.external_id} 完成证明".encode())],
            **given,
        )  # fmt: skip
        matter_actions.submit_for_check(actor=head, matter=matter.pk)

    def _check(self) -> None:
        """Take silence for consent and cross off what was handed in."""
        crossing.silence_agrees(CLOCK.now())
        asked = CoopConfirmation.objects.filter(state=CoopConfirmation.State.WAITING)
        for matter in Matter.objects.filter(module="supervision", state="submitted").order_by("external_id"):
            if not asked.filter(check_of__matter=matter).exists():
                matter_actions.accept_and_cross_off(actor=self.who("ducha2"), matter=matter.pk, note="核对原件")
