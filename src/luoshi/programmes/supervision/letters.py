"""Supervision letters (督办函, P4): drafted by the ladder or by hand, signed by the director, answered, closed.

The paper, its number, its service and its invalidity are the office's (`office/notices`); this room keeps the tasks a
letter is about and the answer. Nothing is ever sent unsigned.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import acts, concern, workdays
from luoshi.office.duties.lights import progress, shown
from luoshi.office.duties.matter_models import Matter
from luoshi.office.messages import actions as messages
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice, Publication
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import may, require
from luoshi.office.roles import Role
from luoshi.programmes.supervision import seeing
from luoshi.programmes.supervision.models import LetterLeaf, SupervisionLetter

ROOM, OFFICE = "supervision", concern.GOVERNMENT_OFFICE
TIMER = Actor.system("系统", "timer")
State = SupervisionLetter.State
OPEN = (State.SIGNED, State.DELIVERED, State.REPLIED)
"""A letter that is out and not closed: its tasks are not crossed off meanwhile (D8)."""
DEMANDS = "立即研究落实，逐项明确责任人和完成日期，把进展和证据填入系统。"
_MOST = 200
"""Tasks a letter written by hand holds at most; one of the ladder holds all of its day."""
_BATCH = 1000


def setting(name: str, on: datetime.date) -> int:
    """Return a whole number among this room's parameters, as it is on a day; E_PARAMETER_MISSING before its first."""
    return int(parameters.current().values(ROOM, on)[name])


def address(row: SupervisionLetter) -> str:
    """Return the page of a letter."""
    return f"/supervision/letters/{row.pk}/"


# --- reading ----------------------------------------------------------------------------------------------------------


def sees_all(actor: Actor) -> bool:
    """Tell whether somebody sees every letter: who drafts, who signs, who audits."""
    return seeing.organs(actor) is None


def visible(actor: Actor) -> QuerySet[SupervisionLetter]:
    """Return the letters somebody sees: the addressee sees them once they are out."""
    rows = SupervisionLetter.objects.select_related("notice", "follows")
    if sees_all(actor):
        return rows
    own = concern.organs_for(actor, "work.see") or frozenset()
    return rows.filter(organ__in=own).exclude(state__in=[State.DRAFTED, State.SIGNED, State.DROPPED])


def one(actor: Actor, pk: int) -> SupervisionLetter:
    """Return one letter; E_NOT_FOUND."""
    found = visible(actor).filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号督办函。")
    return found


def open_on(matter: Matter | int) -> QuerySet[SupervisionLetter]:
    """Return the letters about a task that are out and not closed."""
    pk = matter if isinstance(matter, int) else matter.pk
    return SupervisionLetter.objects.filter(state__in=OPEN, leaves__matter=pk).exclude(notice__state="void")


def unanswered(matter: int, episode: datetime.date) -> int:
    """Count the letters about a task in one episode of being overdue that stayed without a reply in time."""
    rows = LetterLeaf.objects.filter(matter=matter, due_on=episode, letter__unanswered_at__isnull=False)
    return rows.exclude(letter__state=State.VOID).count()


# --- drafting ---------------------------------------------------------------------------------------------------------


def draft(
    *, actor: Actor, organ: str, matters: Sequence[int], facts: str = "", demands: str = "", follows: int | None = None
) -> SupervisionLetter:
    """Draft a letter to an organ about its overdue tasks by hand and return it. The director signs it.

    Side effects: the letter, its paper, audit, a message to the director. Errors: E_FORBIDDEN, E_INPUT, E_NOT_FOUND,
    E_STATE for a task that is not overdue or stands in another letter that is open.
    """
    require(actor, "work.letter")
    today = CLOCK.today()
    rows = list(Matter.objects.filter(pk__in=set(matters)).order_by("due_sort", "pk"))
    if not rows or len(rows) != len(set(matters)) or len(rows) > _MOST:
        raise LuoshiError("E_INPUT", f"请选 1 至 {_MOST} 件任务。", fields={"field": "matters"})
    for row in rows:
        if organ not in acts.answering(row):
            raise LuoshiError(
                "E_INPUT",
                f"“{row.title}”不由{concern.title(organ)}负责。",
                fields={"field": "matters", "matter": row.pk},
            )
        if not row.is_open or row.late_on > today:
            raise LuoshiError("E_STATE", f"“{row.title}”没有逾期，不发督办函。", fields={"matter": row.pk})
    with transaction.atomic():
        first = None
        if follows is not None:
            first = _opened(actor, follows, None)
            if first.unanswered_at is None or SupervisionLetter.objects.filter(follows=first).exists():
                raise LuoshiError("E_STATE", "前一份督办函没有逾期未复，或已有第二份。")
        elif taken := next((row for row in rows if open_on(row).exists()), None):
            raise LuoshiError("E_STATE", f"“{taken.title}”已有未办结的督办函。", fields={"matter": taken.pk})
        return _drafted(actor, organ, rows, facts.strip(), demands.strip(), follows=first)


def draft_daily(rows: Sequence[Matter], moment: datetime.datetime) -> list[SupervisionLetter]:
    """Draft the day's letters of the ladder, one an organ, about all tasks that reached the seventh working day."""
    held = _held(rows)
    by_organ: dict[str, list[Matter]] = {}
    for row in rows:
        if row.organ and row.pk not in held:
            by_organ.setdefault(row.organ, []).append(row)
    day, made = day_of(moment), []
    for organ, some in sorted(by_organ.items()):
        known = SupervisionLetter.objects.filter(organ=organ, drafted_on=day, auto=True, follows=None).first()
        if known is None:
            made.append(_drafted(TIMER, organ, some, "", "", day=day))
        elif known.state == State.DRAFTED:
            _gather(known, some)
            made.append(known)
    return made


def _held(rows: Sequence[Matter]) -> set[int]:
    """Return the tasks about which a letter is being drafted in this episode, or is out."""
    dues, held = {row.pk: row.due_sort for row in rows}, set()
    for first in range(0, len(rows), _BATCH):
        some = [row.pk for row in rows[first : first + _BATCH]]
        of_them = LetterLeaf.objects.filter(matter__in=some, letter__state__in=[State.DRAFTED, *OPEN])
        told = of_them.values_list("matter_id", "due_on", "letter__state", "letter__notice__state")
        held |= {
            pk for pk, due_on, state, paper in told
            if (due_on == dues[pk] if state == State.DRAFTED else paper != Notice.State.VOID)
        }  # fmt: skip
    return held


def _gather(row: SupervisionLetter, some: Sequence[Matter]) -> None:
    """Add tasks to the draft of the day."""
    known = set(row.leaves.values_list("matter_id", flat=True))
    LetterLeaf.objects.bulk_create([_leaf(row, one) for one in some if one.pk not in known and one.due_on])
    row.facts = _facts([one.matter for one in row.leaves.select_related("matter")], row.drafted_on)
    notices.revise(actor=TIMER, notice=_paper(row).pk, fields=_fields(row))
    row.version += 1
    row.save()


def _drafted(
    actor: Actor,
    organ: str,
    rows: Sequence[Matter],
    facts: str,
    demands: str,
    *,
    day: datetime.date | None = None,
    follows: SupervisionLetter | None = None,
) -> SupervisionLetter:
    today = day or CLOCK.today()
    _lengths(facts, demands)
    row = SupervisionLetter.objects.create(
        organ=organ, auto=actor is TIMER, follows=follows, facts=facts or _facts(rows, today),
        demands=demands or DEMANDS, drafted_on=today, drafted_at=CLOCK.now(), drafted_name=actor.name[:100],
    )  # fmt: skip
    LetterLeaf.objects.bulk_create([_leaf(row, one) for one in rows])
    row.notice = notices.draft(
        actor=actor, kind=f"{ROOM}.letter", fields=_fields(row), subject=f"letter:{row.pk}", key=f"letter:{row.pk}"
    )
    row.save()
    if actor is TIMER:
        messages.tell_organ(
            key=f"letter.draft:{row.pk}", organ=OFFICE, roles=[Role.LEADER, Role.SUPERVISOR], kind="letter",
            text=f"督办函待签发：{concern.title(organ)}，{len(rows)}件", href=address(row),
        )  # fmt: skip
    _note(actor, row, "draft", after={"organ": organ, "matters": [one.pk for one in rows]})
    return row


def _leaf(row: SupervisionLetter, matter: Matter) -> LetterLeaf:
    assert matter.due_on is not None
    return LetterLeaf(
        letter=row, matter=matter, due_on=matter.due_on, late_wd=workdays.after(matter.due_on, row.drafted_on),
        percent=shown(progress(matter)),
    )  # fmt: skip


def _facts(rows: Sequence[Matter], day: datetime.date) -> str:
    late = [workdays.after(row.due_on, day) for row in rows if row.due_on]
    none = sum(row.last_progress_at is None for row in rows)
    silent = f"其中{none}项没有填报过进展，" if none else ""
    return f"{len(rows)}项任务逾期没有销号，{silent}最长逾期{max(late, default=0)}个工作日。"


def _fields(row: SupervisionLetter) -> dict[str, Any]:
    leaves = list(row.leaves.select_related("matter").order_by("due_on", "pk"))
    first = leaves[0].matter.title[:60]
    return {
        "addressee": row.organ,
        "second": row.follows.number if row.follows is not None else "",
        "subject": f"{first}等{len(leaves)}项任务" if len(leaves) > 1 else first,
        "as_of": row.drafted_on,
        "tasks": [
            {"title": one.matter.title[:120], "basis": one.matter.basis or "—", "due": one.due_on,
             "late": one.late_wd, "done": f"{one.percent}%"}
            for one in leaves
        ],
        "facts": row.facts,
        "demands": row.demands,
        "reply_days": setting("letter_reply", row.drafted_on),
    }  # fmt: skip


def revise(*, actor: Actor, letter: int, facts: str, demands: str, version: int | None = None) -> SupervisionLetter:
    """Change what a draft says and asks for. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT."""
    facts, demands = facts.replace("\0", "").strip(), demands.replace("\0", "").strip()
    require(actor, "work.letter")
    if not facts or not demands:
        raise LuoshiError("E_INPUT", "现状和要求都要写。", fields={"field": "facts" if not facts else "demands"})
    _lengths(facts, demands)
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _in_state(row, (State.DRAFTED,), "改稿")
        before = {"facts": row.facts, "demands": row.demands}
        row.facts, row.demands = facts, demands
        notices.revise(actor=actor, notice=_paper(row).pk, fields=_fields(row))
        _write(actor, row, "revise", before=before, after={"facts": facts, "demands": demands})
        return row


def drop(*, actor: Actor, letter: int, reason: str, version: int | None = None) -> SupervisionLetter:
    """Take a draft back, with a reason. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT."""
    reason = _reason(reason, "撤稿理由")
    if not may(actor, "work.sign", [OFFICE]):
        require(actor, "work.letter")
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _in_state(row, (State.DRAFTED,), "撤稿")
        notices.withdraw(actor=actor, notice=_paper(row).pk)
        row.state, row.close_note = State.DROPPED, reason
        _write(actor, row, "drop", after={"reason": reason})
        return row


# --- signing, serving, answering --------------------------------------------------------------------------------------


def sign(*, actor: Actor, letter: int, version: int | None = None, deliver_now: bool = True) -> SupervisionLetter:
    """Sign a letter as the director: it takes the next number of 乳督函 and, unless told otherwise, goes out at once.

    Side effects: number, paper, service, audit, messages to the organ. Errors: E_FORBIDDEN, E_SELF (who wrote in it),
    E_NOT_FOUND, E_VERSION, E_STATE.
    """
    require(actor, "work.sign", [OFFICE])
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _in_state(row, (State.DRAFTED,), "签发")
        paper = notices.sign(actor=actor, notice=_paper(row).pk)
        row.notice, row.state, row.number = paper, State.SIGNED, paper.number_text
        row.signed_at, row.signed_name = paper.signed_at, paper.signed_name[:100]
        _write(actor, row, "sign", after={"number": row.number})
        for leaf in row.leaves.select_related("matter"):
            acts.record(
                leaf.matter, actor=actor, act="letter", text=f"签发督办函 {row.number}", data={"letter": row.pk}
            )
        return _delivered(actor, row) if deliver_now else row


def deliver(*, actor: Actor, letter: int, version: int | None = None) -> SupervisionLetter:
    """Serve a signed letter on its organ. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE."""
    if not may(actor, "work.sign", [OFFICE]):
        require(actor, "work.letter")
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _in_state(row, (State.SIGNED,), "送达")
        return _delivered(actor, row)


def _delivered(actor: Actor, row: SupervisionLetter) -> SupervisionLetter:
    notices.publish(actor=actor, notice=_paper(row).pk, channels={"inside": [row.organ]})
    now = CLOCK.now()
    row.state, row.delivered_at = State.DELIVERED, now
    row.reply_due = workdays.shift(now.date(), setting("letter_reply", now.date()))
    messages.tell_organ(
        key=f"letter.out:{row.pk}", organ=row.organ, roles=[Role.LEADER, Role.CLERK], kind="letter",
        text=f"收到督办函 {row.number}，请在{row.reply_due}前回复", href=address(row),
    )  # fmt: skip
    _write(actor, row, "deliver", after={"reply_due": str(row.reply_due)})
    return row


def read(*, actor: Actor, letter: int) -> SupervisionLetter:
    """Sign for a letter as its organ; a second time changes nothing. Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE."""
    with transaction.atomic():
        row = _opened(actor, letter, None)
        _require_addressee(actor, row)
        _in_state(row, (State.DELIVERED, State.REPLIED, State.CLOSED), "签收")
        if row.read_at is None:
            row.read_at, row.read_name = CLOCK.now(), actor.name[:100]
            served = Publication.objects.filter(notice=row.notice_id, channel="inside", target=row.organ).first()
            if served is not None and may(actor, "notice.receive"):
                notices.receive(actor=actor, publication=served.pk)
            _write(actor, row, "read")
        return row


def reply(
    *,
    actor: Actor,
    letter: int,
    done: str,
    why: str = "",
    following: str = "",
    finish_by: datetime.date | None = None,
    version: int | None = None,
) -> SupervisionLetter:
    """Answer a letter: what was done, why not all, what comes next and by when; a late answer stays late.

    Side effects: the letter, audit, a message to supervision. Errors: E_FORBIDDEN (not the organ it is to),
    E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT.
    """
    done, why, following = (one.replace("\0", "").strip() for one in (done, why, following))
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _require_addressee(actor, row)
        _in_state(row, (State.DELIVERED,), "回复")
        if not 10 <= len(done) <= 2000:
            raise LuoshiError("E_INPUT", "“落实情况”须写 10 到 2,000 字。", fields={"field": "done"})
        if max(len(why), len(following)) > 2000:
            raise LuoshiError("E_INPUT", "“未完成原因”“下步措施”至多 2,000 字。", fields={"field": "why"})
        waiting = Matter.objects.filter(letters__letter=row, is_open=True).exclude(state="submitted").exists()
        if waiting and not (why and following and finish_by):
            raise LuoshiError(
                "E_INCOMPLETE", "还有任务没有完成，请写明未完成原因、下步措施和完成时限。", fields={"field": "why"}
            )
        if finish_by is not None and finish_by < CLOCK.today():
            raise LuoshiError("E_INPUT", "完成时限不能早于今天。", fields={"field": "finish_by"})
        now = CLOCK.now()
        row.done, row.why, row.following, row.finish_by = done, why, following, finish_by
        row.state, row.replied_at, row.replied_name = State.REPLIED, now, actor.name[:100]
        row.read_at, row.read_name = row.read_at or now, row.read_name or actor.name[:100]
        messages.tell_organ(
            key=f"letter.reply:{row.pk}", organ=OFFICE, roles=[Role.SUPERVISOR], kind="letter",
            text=f"{concern.title(row.organ)}回复了督办函 {row.number}", href=address(row),
        )  # fmt: skip
        _write(actor, row, "reply", after={"done": done, "why": why, "following": following, "by": str(finish_by)})
        return row


def close(*, actor: Actor, letter: int, note: str = "", version: int | None = None) -> SupervisionLetter:
    """Close an answered letter, and the unanswered one it follows. E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE."""
    require(actor, "work.letter")
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _in_state(row, (State.REPLIED,), "办结")
        row.state, row.closed_at, row.closed_name = State.CLOSED, CLOCK.now(), actor.name[:100]
        row.close_note = note.replace("\0", "").strip()[:1000]
        first = row.follows
        if first is not None and first.state == State.DELIVERED:
            first.state, first.closed_at, first.closed_name = State.CLOSED, row.closed_at, row.closed_name
            first.close_note = f"由{row.number}一并办结"
            _write(actor, first, "close", after={"by": row.number})
        _write(actor, row, "close", after={"note": row.close_note})
        return row


def void(*, actor: Actor, letter: int, reason: str = "", version: int | None = None) -> SupervisionLetter:
    """Make a signed letter void: the first person proposes it with a reason, the director confirms as the second.

    Its number stays in the register. Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT.
    """
    if not may(actor, "work.sign", [OFFICE]):
        require(actor, "work.letter")
    with transaction.atomic():
        row = _opened(actor, letter, version)
        _in_state(row, (State.SIGNED, State.DELIVERED), "作废")
        paper = Notice.objects.get(pk=_paper(row).pk)
        if paper.state != Notice.State.VOID and paper.void_asked_at is None:
            paper = notices.ask_void(actor=actor, notice=paper.pk, reason=reason)
            row.void_reason = paper.void_reason
            _write(actor, row, "ask_void", after={"reason": row.void_reason})
            return row
        if paper.state != Notice.State.VOID:
            paper = notices.void(actor=actor, notice=paper.pk)
        row.state, row.void_reason = State.VOID, paper.void_reason[:500]
        _write(actor, row, "void", after={"number": row.number, "reason": row.void_reason})
        return row


# --- what a day does --------------------------------------------------------------------------------------------------


def look_after(moment: datetime.datetime) -> int:
    """Mark the letters whose reply did not come in time, and draft the second ones; return how many.

    The second letter is about the tasks of the first that are still overdue; after two nothing more is drafted here.
    """
    day, done = day_of(moment), 0
    if workdays.is_provisional(day):
        return 0
    late = SupervisionLetter.objects.filter(state=State.DELIVERED, reply_due__lt=day, unanswered_at=None)
    for row in late.exclude(notice__state="void").order_by("pk"):
        row.unanswered_at = moment
        _write(TIMER, row, "unanswered")
        done += 1
    if not workdays.is_working(day):
        return done
    first = SupervisionLetter.objects.filter(
        state=State.DELIVERED, unanswered_at__isnull=False, follows=None, second=None
    )
    for row in first.order_by("pk"):
        still = Matter.objects.filter(letters__letter=row, is_open=True, late_on__lte=day)
        rows = [one for one in still.order_by("due_sort", "pk") if one.due_on]
        if rows:
            _drafted(TIMER, row.organ, rows, "", "", day=day, follows=row)
            done += 1
    return done


# --- small parts ------------------------------------------------------------------------------------------------------


def _paper(row: SupervisionLetter) -> Notice:
    assert row.notice is not None
    return row.notice


def _opened(actor: Actor, pk: int, version: int | None) -> SupervisionLetter:
    from luoshi.office.notices import numbers

    numbers.lock()
    one(actor, pk)
    row = SupervisionLetter.objects.select_for_update(of=("self",)).select_related("notice", "follows").get(pk=pk)
    if version is not None and row.version != version:
        raise LuoshiError(
            "E_VERSION",
            f"您打开以后，这份督办函有变化（现为{row.get_state_display()}）。请重新看过再办。",
            fields={"yours": version, "now": row.version, "state": row.state},
        )
    return row


def _in_state(row: SupervisionLetter, states: Sequence[SupervisionLetter.State], what: str) -> None:
    if row.state not in states:
        raise LuoshiError(
            "E_STATE", f"这份督办函现在是“{row.get_state_display()}”，不能{what}。", fields={"state": row.state}
        )


def _require_addressee(actor: Actor, row: SupervisionLetter) -> None:
    acts.require_for(actor, "work.reply", [row.organ])


def _reason(text: str, name: str) -> str:
    text = text.replace("\0", "").strip()
    if not 4 <= len(text) <= 500:
        raise LuoshiError("E_INPUT", f"请写明{name}，4 至 500 字。", fields={"field": "reason"})
    return text


def _lengths(facts: str, demands: str) -> None:
    if max(len(facts), len(demands)) > 2000:
        raise LuoshiError("E_INPUT", "现状、要求各至多 2,000 字。", fields={"field": "facts"})


def _write(actor: Actor, row: SupervisionLetter, verb: str, *, before: Any = None, after: Any = None) -> None:
    row.version += 1
    row.save()
    _note(actor, row, verb, before=before, after=after)


def _note(actor: Actor, row: SupervisionLetter, verb: str, *, before: Any = None, after: Any = None) -> None:
    permission = {"reply": "work.reply", "read": "work.reply", "sign": "work.sign"}.get(verb, "work.letter")
    audit.append(
        actor=actor, act=f"letter.{verb}", subject=f"letter:{row.pk}", before=before,
        after={"state": row.state, **(after or {})}, basis=row.number, permission=permission,
    )  # fmt: skip


def waiting_for(actor: Actor) -> Q:
    """Return which letters wait for somebody: to be signed, to be answered, to be closed."""
    mine = Q(pk__in=[])
    if may(actor, "work.sign", [OFFICE]):
        mine |= Q(state=State.DRAFTED)
    if may(actor, "work.letter"):
        mine |= Q(state=State.REPLIED)
    reach = concern.organs_for(actor, "work.reply")
    if reach:
        mine |= Q(state=State.DELIVERED, organ__in=reach)
    return mine


__all__ = [
    "OPEN", "address", "close", "deliver", "draft", "draft_daily", "drop", "look_after", "one", "open_on",
    "read", "reply", "revise", "setting", "sign", "unanswered", "visible", "void", "waiting_for",
]  # fmt: skip
