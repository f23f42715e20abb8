"""Key works set outside the yearly plan (services-governance 4.1, 7.1): set, changed, withdrawn.

They are items of the year's plan of their own kind, and from then on everything is as with the items of the work
points: tree, tasks, reports, evidence, ladder, crossing off. Only the profile differs by which they are judged.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import acts, concern, workdays
from luoshi.office.duties.curve import GOVERNANCE
from luoshi.office.duties.matter_models import Matter, State
from luoshi.office.locks import serialise
from luoshi.office.messages.actions import tell_organ
from luoshi.office.parameters import book
from luoshi.office.permissions import may, require
from luoshi.office.roles import Role
from luoshi.programmes.supervision import plan_import
from luoshi.programmes.supervision.models import SOURCES, Chapter, ItemOrgan, KeyItem, Leaf, Plan
from luoshi.programmes.supervision.plan_actions import MODULE, address, decompose_by, leads, locked, need, record

CITY = "city-government"
"""The organ of the mayor and the vice mayors, who set work."""
_MOST = 9999
_YEARS = 5
"""So many years ahead a key work may be due."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is said of a key work: what it is, who leads it and who helps, from when to when, and what set it.

    `source` is one of `SOURCES`, `basis` names the clause, the meeting or the report.
    """

    title: str
    lead: str
    begins_on: datetime.date | None
    due: datetime.date | None
    source: str
    basis: str
    words: str = ""
    coop: Collection[str] = field(default_factory=tuple)
    leader_post: str = ""

    def checked(self) -> Work:
        """Return it without blanks at the ends; E_INPUT names what is missing or wrong, and its field."""
        if self.source not in SOURCES:
            raise LuoshiError(
                "E_INPUT",
                f"来源应为：{'、'.join(title for title, _kind in SOURCES.values())}。",
                fields={"field": "source"},
            )
        begins, due = self.begins_on, self.due
        for name, day, what in (("begins_on", begins, "开始日"), ("due", due, "完成日")):
            if day is None:
                raise LuoshiError("E_INPUT", f"请填{what}。", fields={"field": name})
        assert begins is not None
        assert due is not None
        if begins > due:
            raise LuoshiError("E_INPUT", f"开始日{begins}晚于完成日{due}。", fields={"field": "due"})
        if due.year > CLOCK.today().year + _YEARS:
            raise LuoshiError("E_INPUT", f"完成日至多在{_YEARS}年以内。", fields={"field": "due"})
        if not concern.known(self.lead):
            raise LuoshiError("E_INPUT", "请从名录中选责任单位。", fields={"field": "lead"})
        coop = [slug for slug in dict.fromkeys(self.coop) if slug != self.lead]
        if unknown := [slug for slug in coop if not concern.known(slug)]:
            raise LuoshiError("E_INPUT", f"没有单位“{unknown[0][:60]}”，请从名录中选。", fields={"field": "coop"})
        title = need(self.title, "重点工作名称", "title", 200)
        words = need(self.words or title, "内容", "words", 4000)
        basis = need(self.basis, "依据：哪个文件哪一条、哪次会议", "basis", 200)
        post = self.leader_post.replace("\0", "").strip()[:100]
        return Work(title, self.lead, begins, due, self.source, basis, words, tuple(coop), post)


def may_set(actor: Actor) -> bool:
    """Tell whether somebody may set key works: the mayor and vice mayors, and supervision for them."""
    return may(actor, "work.set", [CITY])


def require_setter(actor: Actor) -> None:
    """Refuse with E_FORBIDDEN whoever may not set key works."""
    require(actor, "work.set", [CITY])


def set_work(*, actor: Actor, work: Work) -> KeyItem:
    """Set a key work outside the yearly plan; the year is that of its first day. Return its item.

    Side effects: the year's plan with its chapter when it is the first, history, audit, messages to clerks and heads of
    the lead organ. Errors: E_FORBIDDEN, E_INPUT with the field, E_DUPLICATE (one of the same name runs), E_STATE (the
    due day is past).
    """
    require_setter(actor)
    work = work.checked()
    assert work.begins_on is not None
    assert work.due is not None
    today = CLOCK.today()
    if not today.year - 1 <= work.begins_on.year <= today.year + 1:
        raise LuoshiError("E_INPUT", "开始日应在上年到下年之间。", fields={"field": "begins_on"})
    if work.due < today:
        raise LuoshiError("E_INPUT", f"完成日{work.due}已经过了，不能再设。", fields={"field": "due"})
    with transaction.atomic():
        serialise(f"key_works:{work.begins_on.year}")
        plan = _plan(actor, work.begins_on.year)
        twin = plan.items.filter(title=work.title, state=KeyItem.State.OPEN).select_related("plan").first()
        if twin is not None:
            raise LuoshiError(
                "E_DUPLICATE", f"已有同名的重点工作{twin.code}，请看是不是同一件。", fields={"item": twin.code}
            )
        seq = (plan.items.aggregate(last=Max("seq"))["last"] or 0) + 1
        if seq > _MOST:
            raise LuoshiError("E_STATE", f"{plan.year}年的编号已经用完（{_MOST}个）。")
        item = KeyItem(plan=plan, seq=seq, public=False)
        _put(item, work)
        item.save()
        _put_organs(item, work)
        record(item, actor, "set", f"设立重点工作：{work.title}", _facts(work))
        tell_organ(
            key=f"work.set:{item.pk}",
            organ=work.lead,
            roles=(Role.CLERK, Role.LEADER),
            kind="matter",
            text=f"新设重点工作{item.code} {work.title}，请在{decompose_by(item)}前分解到人"[:300],
            href=address(item),
        )
        return item


def _plan(actor: Actor, year: int) -> Plan:
    known = Plan.objects.filter(year=year, kind=Plan.Kind.KEY_WORKS).first()
    if known is not None:
        return known
    now, who = CLOCK.now(), actor.name[:100]
    made = Plan.objects.create(
        year=year, kind=Plan.Kind.KEY_WORKS, title=f"{year}年计划外重点工作", issued_on=datetime.date(year, 1, 1),
        status=Plan.Status.ACTIVE, loaded_at=now, loaded_by=who, activated_at=now, activated_by=who,
    )  # fmt: skip
    append(actor=actor, act="work.open", subject=f"plan:{made.pk}", after={"year": year, "kind": made.kind})
    return made


def _put(item: KeyItem, work: Work) -> None:
    assert work.due is not None
    item.chapter, _new = Chapter.objects.get_or_create(
        plan=item.plan, no=list(SOURCES).index(work.source) + 1, defaults={"title": SOURCES[work.source][0]}
    )
    item.title, item.words, item.basis, item.leader_post = work.title, work.words, work.basis, work.leader_post
    item.begins_on, item.due, item.leader_organ = work.begins_on, work.due, CITY


def _put_organs(item: KeyItem, work: Work) -> None:
    names = concern.titles([work.lead, *work.coop])
    sides = [(ItemOrgan.Role.LEAD, work.lead), *((ItemOrgan.Role.COOP, slug) for slug in work.coop)]
    item.organs.all().delete()
    ItemOrgan.objects.bulk_create(
        ItemOrgan(
            item=item, seq=seq, role=role, raw=names[slug][:100], organ=slug, resolution=ItemOrgan.Resolution.EXACT
        )
        for seq, (role, slug) in enumerate(sides, 1)
    )
    plan_import.spread(item)


def _facts(work: Work) -> dict[str, Any]:
    return {
        "lead": work.lead, "coop": list(work.coop), "begins_on": str(work.begins_on), "due": str(work.due),
        "source": work.source, "basis": work.basis,
    }  # fmt: skip


def work_of(item: KeyItem) -> Work:
    """Return what is said of a key work now."""
    rows = list(item.organs.order_by("seq").values_list("role", "organ"))
    return Work(
        title=item.title,
        lead=next((organ for role, organ in rows if role == ItemOrgan.Role.LEAD), ""),
        begins_on=item.begins_on,
        due=item.due,
        source=list(SOURCES)[item.chapter.no - 1],
        basis=item.basis,
        words=item.words,
        coop=tuple(organ for role, organ in rows if role == ItemOrgan.Role.COOP),
        leader_post=item.leader_post,
    )


_TITLES = {
    "title": "名称", "lead": "责任单位", "begins_on": "开始日", "due": "完成日", "source": "来源", "basis": "依据",
    "words": "内容", "coop": "配合单位", "leader_post": "分包领导",
}  # fmt: skip
_TREE = frozenset(("lead", "coop", "begins_on", "due"))
"""What the tree has to fit: with another of these it is approved again."""


def change_work(*, actor: Actor, item: int, work: Work, reason: str = "", version: int | None = None) -> KeyItem:
    """Change what is said of a key work; return its item.

    Once decomposed a reason is asked for, and what the tree has to fit makes it a draft again. A due day that is past
    moves no more: the old one counts (services-governance 12). Side effects: history, audit. Errors: E_FORBIDDEN,
    E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT with the field.
    """
    require_setter(actor)
    work = work.checked()
    with transaction.atomic():
        row = _outside(item, version)
        was = work_of(row)
        changed = [name for name in _TITLES if getattr(was, name) != getattr(work, name)]
        if not changed:
            raise LuoshiError("E_INCOMPLETE", "内容与现在的一致，没有要改的。")
        decomposed = row.decomposition != KeyItem.Decomposition.NONE
        if decomposed and not reason.strip():
            raise LuoshiError("E_INPUT", "已经分解，请写明为什么改。", fields={"field": "reason"})
        _require_fit(row, was, work)
        _put(row, work)
        if _TREE.intersection(changed):
            _put_organs(row, work)
            if decomposed:
                row.decomposition = KeyItem.Decomposition.DRAFTED
        said = f"改{'、'.join(_TITLES[name] for name in changed)}" + (f"：{reason.strip()}" if reason.strip() else "")
        record(row, actor, "change", said, _facts(work))
        return row


def _require_fit(row: KeyItem, was: Work, work: Work) -> None:
    assert was.due is not None
    assert work.due is not None
    if work.begins_on is not None and work.begins_on.year != row.plan.year:
        raise LuoshiError(
            "E_INPUT", f"编号{row.code}是{row.plan.year}年的，开始日不能换年。", fields={"field": "begins_on"}
        )
    if work.due != was.due and min(work.due, was.due) < CLOCK.today():
        raise LuoshiError(
            "E_STATE", "最后一日已经过了的不改日期，原定日期照算；要改怎么做，请办纠偏。", fields={"field": "due"}
        )
    dropped = {was.lead, *was.coop} - {work.lead, *work.coop}
    holding = Leaf.objects.filter(node__item=row, node__ended_at=None, organ__in=dropped).values_list(
        "organ", flat=True
    )
    if held := sorted(set(holding)):
        raise LuoshiError(
            "E_STATE", f"{concern.title(held[0])}还有最小颗粒，先在分解里撤下或改给别的单位。", fields={"field": "coop"}
        )


def _outside(item: int, version: int | None) -> KeyItem:
    row = locked(item, version)
    if not row.plan.outside:
        raise LuoshiError("E_STATE", "工作要点的事项以文件为准，在这里不能改。")
    if row.state != KeyItem.State.OPEN:
        raise LuoshiError("E_STATE", f"这项重点工作已经{row.get_state_display()}，不能再改。")
    return row


def withdraw_work(*, actor: Actor, item: int, reason: str, version: int | None = None) -> KeyItem:
    """Withdraw a key work with a reason, as who leads it; its open tasks are withdrawn with it, nothing is deleted.

    Side effects: matters, histories, audit, messages to the organs. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION,
    E_STATE, E_INPUT.
    """
    reason = need(reason, "撤销的理由", "reason", 400)
    with transaction.atomic():
        row = _outside(item, version)
        require(actor, "work.lead", [row.leader_organ])
        row.state = KeyItem.State.WITHDRAWN
        record(row, actor, "withdraw", f"撤销重点工作：{reason}")
        matters = Matter.objects.select_for_update(of=("self",)).filter(work_leaf__node__item=row, is_open=True)
        for matter in matters.order_by("pk"):
            before, matter.state = acts.picture(matter), State.WITHDRAWN
            acts.written(matter, actor=actor, act="withdraw", text=f"{row.code}已撤销：{reason}"[:400], before=before)
        _tell(row, f"work.withdraw:{row.pk}", f"重点工作{row.code} {row.title}已撤销：{reason}")
        return row


_OBJECTED = "object"


def object_by(matter: Matter) -> datetime.date | None:
    """Return the last day on which who got a task may ask to have it corrected; None where nobody may (any more).

    Once, within a working day of getting it; silence is acceptance (services-governance 7.1).
    """
    known = matter.events.filter(act=_OBJECTED).exists()
    if matter.profile != GOVERNANCE.key or not matter.is_open or matter.worked or known:
        return None
    days = int(book.current().values(MODULE, CLOCK.today())["gov_accept_wd"])
    last = workdays.shift(day_of(matter.handed_at), days)
    return last if CLOCK.today() <= last else None


def may_object(actor: Actor, matter: Matter) -> bool:
    """Tell whether somebody may ask to have a task corrected now: who reports on it."""
    return object_by(matter) is not None and acts.reaches(actor, "matter.report", [matter.organ])


def object_to(*, actor: Actor, matter: int, reason: str, version: int | None = None) -> Matter:
    """Ask, for the organ that got a task of a key work, to have it corrected; the tree is a draft again.

    Side effects: histories, audit, messages to the lead organs. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE
    (asked before, the day is past, work has begun), E_INPUT.
    """
    reason = need(reason, "要怎么改、为什么", "reason", 400)
    with transaction.atomic():
        row = acts.opened(actor, matter)
        acts.expect(row, version)
        require(actor, "matter.report", [row.organ])
        leaf = Leaf.objects.select_related("node").filter(matter=row).first()
        if leaf is None or object_by(row) is None:
            raise LuoshiError("E_STATE", "交办后只在期限内、动手以前可请改正一次；现在视为已经接受。")
        item = _outside(leaf.node.item_id, None)
        if item.decomposition == KeyItem.Decomposition.APPROVED:
            item.decomposition = KeyItem.Decomposition.DRAFTED
        said = f"{concern.title(row.organ)}请改正任务{leaf.node.code}：{reason}"
        record(item, actor, _OBJECTED, said, {"matter": row.pk})
        acts.written(row, actor=actor, act=_OBJECTED, text=f"请改正：{reason}"[:400], before=acts.picture(row))
        for organ in leads(item):
            tell_organ(
                key=f"work.object:{row.pk}:{organ}", organ=organ, roles=(Role.CLERK, Role.LEADER), kind="matter",
                text=said[:300], href=address(item),
            )  # fmt: skip
        return row


def _tell(row: KeyItem, key: str, text: str) -> None:
    for organ in row.concerns.order_by("organ").values_list("organ", flat=True):
        tell_organ(
            key=f"{key}:{organ}", organ=organ, roles=(Role.CLERK, Role.LEADER), kind="matter", text=text[:300],
            href=address(row),
        )  # fmt: skip


def years() -> list[int]:
    """Return the years that hold key works, newest first."""
    rows = Plan.objects.filter(kind=Plan.Kind.KEY_WORKS).order_by("-year")
    return list(rows.values_list("year", flat=True))
