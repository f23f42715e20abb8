"""Headquarters and their sessions (P11), suggestions and proposals (P10): what they give to do enters as matters."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.counting import add_months
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind, Matter
from luoshi.office.permissions import require
from luoshi.programmes.supervision.letters import setting
from luoshi.programmes.supervision.models import Headquarters, KeyItem, MeetingTask

PROPOSALS = {"deputy": Kind.DEPUTY_SUGGESTION, "cppcc": Kind.CPPCC_PROPOSAL}
HQ_CLAUSE, PROPOSAL_CLAUSE = "乳政发〔2019〕2号 51", "乳政发〔2019〕2号 47"


def set_up(
    *, actor: Actor, name: str, organ: str, chief_post: str, members: Sequence[str], items: Sequence[int] = ()
) -> Headquarters:
    """Set a headquarters up: its organ, the chief's post, member organs, items. E_FORBIDDEN, E_INPUT, E_DUPLICATE."""
    require(actor, "work.letter")
    name, chief_post = name.replace("\0", "").strip(), chief_post.replace("\0", "").strip()
    if not 2 <= len(name) <= 200 or not 2 <= len(chief_post) <= 100:
        raise LuoshiError("E_INPUT", "请写明指挥部名称和指挥长职务。", fields={"field": "name"})
    if unknown := [slug for slug in (organ, *members) if not concern.known(slug)]:
        raise LuoshiError("E_INPUT", f"没有单位“{unknown[0][:60]}”。", fields={"field": "members"})
    with transaction.atomic():
        if Headquarters.objects.filter(name=name, dissolved_on=None).exists():
            raise LuoshiError("E_DUPLICATE", f"已有“{name}”。", fields={"field": "name"})
        row = Headquarters.objects.create(
            name=name, organ=organ, chief_post=chief_post, members=list(dict.fromkeys(members)),
            set_up_on=CLOCK.today(), made_name=actor.name[:100],
        )  # fmt: skip
        row.items.set(KeyItem.objects.filter(pk__in=items))
        _note(actor, f"headquarters:{row.pk}", "headquarters.set_up", HQ_CLAUSE)
    return row


def choose_items(*, actor: Actor, headquarters: int, items: Sequence[int]) -> Headquarters:
    """Say which items of a plan a headquarters leads; those left out it leads no more.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE (dissolved), E_INPUT (no such item).
    """
    require(actor, "work.letter")
    with transaction.atomic():
        row = _standing(headquarters)
        found = list(KeyItem.objects.filter(pk__in=items))
        if len(found) != len(set(items)):
            raise LuoshiError("E_INPUT", "有事项不在计划里，请重新选。", fields={"field": "items"})
        row.items.set(found)
        _note(actor, f"headquarters:{row.pk}", "headquarters.items", HQ_CLAUSE)
    return row


def give(*, actor: Actor, headquarters: int, session: int, title: str, organ: str, due: datetime.date) -> MeetingTask:
    """Note a decision of a session: a matter of a member organ with its due day.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE (dissolved), E_INPUT.
    """
    require(actor, "work.letter")
    with transaction.atomic():
        row = _standing(headquarters)
        if organ not in (row.organ, *row.members):
            raise LuoshiError("E_INPUT", f"{concern.title(organ) or organ}不是成员单位。", fields={"field": "organ"})
        if due < CLOCK.today() or not 1 <= session <= 999:
            raise LuoshiError("E_INPUT", "期限不能早于今天，会次应是 1 至 999。", fields={"field": "due"})
        last = MeetingTask.objects.filter(headquarters=row, session=session).aggregate(n=Max("seq"))["n"] or 0
        matter, _new = push_matter(
            actor=actor, module="headquarters", external_id=f"HQ-{row.pk}-{session}-{last + 1}", kind=Kind.MEETING,
            title=title, organ=organ, due_on=due, basis=f"{row.name}第{session}次会议",
        )  # fmt: skip
        made = MeetingTask.objects.create(
            headquarters=row, session=session, seq=last + 1, held_on=CLOCK.today(), matter=matter
        )
        _note(actor, f"headquarters:{row.pk}", "headquarters.give", HQ_CLAUSE)
    return made


def dissolve(*, actor: Actor, headquarters: int) -> Headquarters:
    """Dissolve a headquarters; the tasks it gave go on. Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE."""
    require(actor, "work.letter")
    with transaction.atomic():
        row = _standing(headquarters)
        row.dissolved_on = CLOCK.today()
        row.save()
        _note(actor, f"headquarters:{row.pk}", "headquarters.dissolve", HQ_CLAUSE)
    return row


def receive_proposal(
    *, actor: Actor, kind: str, number: str, title: str, organ: str, cooperating: Sequence[str] = ()
) -> Matter:
    """Take a deputy's suggestion or a member's proposal in: to be answered within the months of `proposal_limit` (P10).

    Errors: E_FORBIDDEN, E_INPUT, E_STATE (known and closed).
    """
    require(actor, "work.letter")
    number = number.replace("\0", "").strip()
    if kind not in PROPOSALS or not 1 <= len(number) <= 60:
        raise LuoshiError("E_INPUT", "请选建议或提案，写明编号。", fields={"field": "number"})
    today = CLOCK.today()
    due = add_months(today, setting("proposal_limit", today))
    row, _new = push_matter(
        actor=actor, module="proposals", external_id=f"{today.year}-{kind}-{number}", kind=PROPOSALS[kind],
        title=title, organ=organ, cooperating=cooperating, start=today, due_on=due, basis=PROPOSAL_CLAUSE,
    )  # fmt: skip
    return row


def _standing(headquarters: int) -> Headquarters:
    row = Headquarters.objects.select_for_update().filter(pk=headquarters).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个指挥部。")
    if row.dissolved_on is not None:
        raise LuoshiError("E_STATE", f"“{row.name}”已于{row.dissolved_on}撤销。")
    return row


def _note(actor: Actor, subject: str, act: str, basis: str) -> None:
    audit.append(actor=actor, act=act, subject=subject, basis=basis, permission="work.letter")
