"""The common intake (supervision section 4): other rooms and programs push what somebody owes."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, workdays
from luoshi.office.duties.matter_actions import need, number
from luoshi.office.duties.matter_models import Kind, Matter, MatterOrgan, State
from luoshi.office.duties.matter_queries import MATTER_SEARCH
from luoshi.office.duties.schedule import MODULE
from luoshi.office.locks import serialise
from luoshi.office.permissions import require
from luoshi.office.programme import programmes

_NAME = re.compile(r"[a-z][a-z0-9_-]{1,39}")


def push_matter(
    *,
    actor: Actor,
    module: str,
    external_id: str,
    kind: str,
    title: str,
    organ: str,
    due_on: datetime.date | None = None,
    due_time: datetime.time | None = None,
    start: datetime.date | None = None,
    co_leads: Sequence[str] = (),
    cooperating: Sequence[str] = (),
    basis: str = "",
    href: str = "",
    target_value: Decimal | int | str | None = None,
    target_unit: str = "",
    withdrawn: bool = False,
    key: str = "",
) -> tuple[Matter, bool]:
    """Take a matter of another room in, or update the one known by (module, external_id); return it and whether new.

    A second push is an update, never a second matter; each push is an audit entry. Crossed-off ones are not changed.
    `organ`, `co_leads`, `cooperating` are slugs. Side effects: the matter, history, audit, messages to the organ.
    Errors: E_FORBIDDEN, E_INPUT, E_CONFLICT (key), E_STATE (closed).
    """
    require(actor, "matter.push")
    title, basis = title.replace("\0", "").strip(), basis.replace("\0", "").strip()
    _check(module, external_id, kind, title, organ, [*co_leads, *cooperating], due_on, due_time, start)
    body: list[object] = [
        module,
        external_id,
        kind,
        title,
        organ,
        due_on,
        due_time,
        start,
        list(co_leads),
        list(cooperating),
    ]
    body += [basis, href, str(target_value), target_unit, withdrawn]
    with transaction.atomic():
        serialise(f"matter:{module}:{external_id}")
        if (known := acts.answered(actor, key, "push", body)) is not None:
            return Matter.objects.get(pk=known["matter"]), bool(known["new"])
        found = Matter.objects.select_for_update(of=("self",)).filter(module=module, external_id=external_id).first()
        row = found or _new(module, external_id)
        if found is not None and not row.is_open:
            raise LuoshiError("E_STATE", "这件事项已经办结或撤回，不能再改。请先重新打开，或换一个编号。")
        before = acts.picture(row) if found else {}
        moved = found is not None and row.organ != organ
        if moved:
            row.holder, row.handed_at = None, CLOCK.now()
        row.kind, row.title, row.organ, row.organ_name = kind, title, organ, concern.title(organ)
        row.origin, row.basis, row.href = ("given" if due_on else "none"), basis[:300], href[:300]
        if found is None or row.due_on != due_on or row.due_time != due_time:
            row.due_on, row.due_time = due_on, due_time
            row.provisional, row.supervised_at, row.escalated = False, None, 0
            said = f"{_called(module)}送入，期限{due_on}" if due_on else f"{_called(module)}送入，未写时限"
            row.derivation = {
                "rule": "given", "text": said, "steps": [{"rule": "given", "text": said}],
                "calendar": workdays.calendar().version, "provisional": False,
            }  # fmt: skip
            row.backlog = found is None and due_on is not None and due_on < CLOCK.today()
        row.start = start or (row.start if found else CLOCK.today())
        if row.due_on is not None:
            row.start = min(row.start, row.due_on)
        row.target_value, row.target_unit = number(target_value, "目标值", 6), target_unit[:40]
        if withdrawn:
            row.state = State.WITHDRAWN
        _store(row, found is None, [(MatterOrgan.Role.LEAD, [organ]), (MatterOrgan.Role.CO_LEAD, co_leads),
                                    (MatterOrgan.Role.COOP, cooperating)])  # fmt: skip
        text = "撤回" if withdrawn else f"由{_called(module)}{'送入' if found is None else '更新'}"
        acts.written(row, actor=actor, act="push", text=text, before=before, bump=found is not None)
        acts.tell_holder(row, key=f"matter.push:{row.pk}:{row.version}", text=f"{text}：{title}"[:300])
        acts.answer(actor, key, "push", body, {"matter": row.pk, "new": found is None})
        return row, found is None


def _check(
    module: str,
    external_id: str,
    kind: str,
    title: str,
    organ: str,
    others: Sequence[str],
    due_on: datetime.date | None,
    due_time: datetime.time | None,
    start: datetime.date | None,
) -> None:
    if not _NAME.fullmatch(module) or module == MODULE:
        raise LuoshiError("E_INPUT", "来源模块应是小写字母开头的短名，且不是 duties。", fields={"field": "module"})
    if not 1 <= len(external_id) <= 200 or external_id != external_id.strip() or "\0" in external_id:
        raise LuoshiError("E_INPUT", "来源编号应为1到200字，首尾无空格。", fields={"field": "external_id"})
    if kind not in Kind.values:
        raise LuoshiError("E_INPUT", f"事项类别应为：{'、'.join(Kind.values)}。", fields={"field": "kind"})
    need(title, "事项名称", 400)
    for slug in (organ, *others):
        if not concern.known(slug):
            raise LuoshiError("E_INPUT", f"没有单位“{slug[:60]}”，请用单位代号。", fields={"field": "organ"})
    if due_time is not None and due_on is None:
        raise LuoshiError("E_INPUT", "写了时刻，也要写日期。", fields={"field": "due_on"})
    days = [day for day in (due_on, start) if day is not None]
    if any(not 1949 <= day.year <= 2100 for day in days) or (due_on and start and start > due_on):
        raise LuoshiError("E_INPUT", "日期不对：开始日不能晚于期限。", fields={"field": "due_on"})


def _called(module: str) -> str:
    """Return what people call a room that sends matters; another program goes by its own name."""
    known = {"funds": "资金"}
    for one in programmes():
        known |= {one.key.replace("_", "-"): one.title, **one.senders}
    return known.get(module, module)


def _new(module: str, external_id: str) -> Matter:
    now = CLOCK.now()
    return Matter(
        module=module, external_id=external_id, start=now.date(), handed_at=now, created_at=now, updated_at=now
    )


def _store(row: Matter, new: bool, sides: Sequence[tuple[MatterOrgan.Role, Sequence[str]]]) -> None:
    from luoshi.office.duties.lights import derive

    derive(row)
    row.save()
    if new:
        search.index(MATTER_SEARCH, [(row.pk, (row.title, row.basis))])
    MatterOrgan.objects.filter(matter=row).delete()
    slugs: dict[str, MatterOrgan.Role] = {}
    for role, some in sides:
        for slug in some:
            slugs.setdefault(slug, role)
    names = concern.titles(slugs)
    MatterOrgan.objects.bulk_create(
        MatterOrgan(
            matter=row, seq=seq, organ=slug, name=names[slug], role=role, is_open=row.is_open, due_sort=row.due_sort
        )
        for seq, (slug, role) in enumerate(slugs.items())
    )
