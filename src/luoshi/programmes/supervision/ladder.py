"""What the steps of the ladder do beyond telling people (D7): letters drafted, red list, referrals drafted.

The steps themselves, their working days and their being taken once an episode are the office's (`duties/reminders`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Count, Min

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern, hooks, workdays
from luoshi.office.duties.lights import progress, shown
from luoshi.office.duties.matter_models import FAR, Matter
from luoshi.office.messages import actions as messages
from luoshi.office.roles import Role
from luoshi.office.rows import Writing
from luoshi.programmes.supervision import letters
from luoshi.programmes.supervision.letters import OFFICE, TIMER
from luoshi.programmes.supervision.models import CircularLine, Leaf, LetterLeaf, Referral

_BATCH = 5000
CLAUSE = "乳政发〔2018〕2号 39"
"""Inspection and accountability."""


@hooks.on_step("letter")
def draft_letters(rows: Sequence[Matter], moment: datetime.datetime) -> None:
    """Put the letters of the day into the director's tray."""
    letters.draft_daily(rows, moment)


@hooks.on_step("leader")
def red_list(rows: Sequence[Matter], moment: datetime.datetime) -> None:
    """Enter tasks on the red list of the next circular, and tell the leaders in charge of their items."""
    day = day_of(moment)
    CircularLine.objects.bulk_create(
        [
            CircularLine(
                kind=CircularLine.Kind.RED, organ=row.organ, matter=row, due_on=row.due_on,
                late_wd=workdays.after(row.due_on, day), entered_on=day,
            )
            for row in rows if row.organ and row.due_on
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    led: dict[str, tuple[int, int]] = {}
    for some in batched(rows):
        leaves = Leaf.objects.filter(matter__in=[row.pk for row in some]).exclude(node__item__leader_organ="")
        totals = leaves.order_by().values_list("node__item__leader_organ").annotate(n=Count("pk"), first=Min("matter"))
        for organ, count, first in totals:
            known = led.get(organ, (0, first))
            led[organ] = (known[0] + count, min(known[1], first))
    titles = {row.pk: row.title for row in rows}
    for organ, (count, first) in led.items():
        messages.tell_organ(
            key=f"work.late:{organ}:{day}", organ=organ, roles=[Role.LEADER], kind="ladder",
            text=f"您分包的重点工作有{count}项任务逾期满15个工作日：{titles[first]}"[:300],
            href=f"/tasks/{first}/",
        )  # fmt: skip


@hooks.on_step("referral")
def refer_late(rows: Sequence[Matter], moment: datetime.datetime) -> None:
    """Draft referrals of tasks thirty working days overdue, those of a day together."""
    for some in batched(rows):
        _draft_all(some, moment)


def batched(rows: Sequence[Matter]) -> Iterator[Sequence[Matter]]:
    """Return rows so many at a time as one query may name."""
    for first in range(0, len(rows), _BATCH):
        yield rows[first : first + _BATCH]


def _draft_all(rows: Sequence[Matter], moment: datetime.datetime) -> None:
    ids, day = [row.pk for row in rows], day_of(moment)
    known = set(Referral.objects.filter(matter__in=ids).values_list("matter", "episode"))
    posts = dict(Leaf.objects.filter(matter__in=ids).values_list("matter", "post"))
    letters_of: dict[tuple[int, datetime.date], list[LetterLeaf]] = {}
    told = LetterLeaf.objects.filter(matter__in=ids).exclude(letter__number="").select_related("letter")
    for one in told.order_by("pk"):
        letters_of.setdefault((one.matter_id, one.due_on), []).append(one)
    fresh = [
        (row, row.due_on) for row in rows
        if row.due_on is not None and row.organ and row.late_on != FAR and (row.pk, row.due_on) not in known
    ]  # fmt: skip
    made = Referral.objects.bulk_create(
        Referral(
            matter=row, episode=due, organ=row.organ, post=posts.get(row.pk, ""), cause=Referral.Cause.LATE,
            clause=CLAUSE, drafted_at=CLOCK.now(), facts=_facts(row, day, letters_of.get((row.pk, due), [])),
        )
        for row, due in fresh
    )  # fmt: skip
    writing = Writing()
    audit.append_all([_drafted(one) for one in made], writing=writing)
    writing.send()


def _drafted(made: Referral) -> audit.Act:
    return audit.Act(
        TIMER, "referral.draft", f"referral:{made.pk}", after={"matter": made.matter_id, "cause": str(made.cause)},
        basis=CLAUSE,
    )  # fmt: skip


def refer_unanswered(moment: datetime.datetime) -> int:
    """Draft referrals of tasks about which two letters stayed unanswered; return how many."""
    day, made = day_of(moment), 0
    if not workdays.is_working(day):
        return 0
    twice = LetterLeaf.objects.filter(
        letter__follows__isnull=False, letter__unanswered_at__isnull=False, matter__is_open=True,
        matter__late_on__lte=day,
    )  # fmt: skip
    for leaf in twice.exclude(letter__state="void").select_related("matter").order_by("pk"):
        if leaf.matter.due_on == leaf.due_on and letters.unanswered(leaf.matter_id, leaf.due_on) >= 2:
            made += draft_referral(leaf.matter, Referral.Cause.LETTERS, moment)
    return made


def draft_referral(row: Matter, cause: Referral.Cause, moment: datetime.datetime) -> bool:
    """Draft a referral of a task in this episode of being overdue, once; return whether it is new."""
    if row.due_on is None or not row.organ or row.late_on == FAR:
        return False
    leaf = Leaf.objects.filter(matter=row).first()
    of_it = LetterLeaf.objects.filter(matter=row, due_on=row.due_on).exclude(letter__number="").select_related("letter")
    made, new = Referral.objects.get_or_create(
        matter=row, episode=row.due_on,
        defaults={
            "organ": row.organ, "post": leaf.post if leaf else "", "cause": cause, "clause": CLAUSE,
            "facts": _facts(row, day_of(moment), of_it.order_by("pk")), "drafted_at": CLOCK.now(),
        },
    )  # fmt: skip
    if new:
        if cause == Referral.Cause.LETTERS:
            # Of thirty days the step of the ladder has told. The message names nothing the draft says.
            messages.tell_organ(
                key=f"referral.draft:{made.pk}", organ=OFFICE, roles=[Role.LEADER], kind="ladder",
                text="有移送建议待审", href=f"/supervision/referrals/{made.pk}/",
            )  # fmt: skip
        audit.append_all([_drafted(made)])
    return new


def _facts(row: Matter, day: datetime.date, of_it: Iterable[LetterLeaf]) -> dict[str, Any]:
    """Return the registered facts a referral rests on: days, progress, letters; nothing is judged here."""
    assert row.due_on is not None
    return {
        "title": row.title, "basis": row.basis, "organ": concern.title(row.organ), "due": str(row.due_on),
        "late_wd": workdays.after(row.due_on, day), "percent": shown(progress(row)), "reminders": row.reminders,
        "letters": [
            {"number": one.letter.number, "state": one.letter.get_state_display(),
             "unanswered": one.letter.unanswered_at is not None}
            for one in of_it
        ],
    }  # fmt: skip
