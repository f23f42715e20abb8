"""Up to a million open cases in minutes, for measuring: written past the actions, the same ones every time.

Each case has what an act would have left of it: parties, clocks, a story. The audit trail and the index of words do not
know them. Of ten cases one is under review, with a limit in working days whose end a change of the calendar moves;
three are late; six are in time.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from django.core.management.color import no_style
from django.db import connection, models, transaction

from luoshi.kernel.calendar import ONE_DAY, WorkingCalendar
from luoshi.kernel.clock import start_of
from luoshi.kernel.procedures import Procedure, read_procedure
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import clocks, procedures
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CaseParty

STEPS = 8
NOW = datetime.datetime.fromisoformat("2018-09-20T10:00+08:00")
"""The moment as of which the cases stand."""
MOVING = datetime.date(2018, 10, 12)
"""A working day that lies in every review under way: turned off, it moves all their ends."""
_REVIEW, _NATURAL = 20, 10
_ORGANS = ("agriculture", "housing", "education", "health", "transport", "taxation", "culture-tourism", "water")
_BATCH = 20_000


def procedure() -> Procedure:
    """Make the kind of case known that is measured, and return it: eight steps by three parties, a limit for each."""
    steps: dict[str, Any] = {
        f"t{n}": {
            "title": f"办理第{n}步", "from": f"s{n}", "to": f"s{n + 1}" if n < STEPS else "done",
            "by": _party(n), "asks": [{"name": "opinion", "title": "意见"}], "citation": "测政办发〔2018〕7号 第十二条",
        }
        for n in range(1, STEPS + 1)
    }  # fmt: skip
    limits: dict[str, Any] = {
        f"l{n}": {
            "title": f"第{n}步期限", "within": f"{_NATURAL}d", "from": f"t{n - 1}", "until": f"t{n}",
            "pauses": "expert", "expiry": {"kind": "mark_late"},
        }
        for n in range(2, STEPS + 1)
    }  # fmt: skip
    states: dict[str, Any] = {f"s{n}": {"title": f"第{n}步", "status": "in_review"} for n in range(1, STEPS + 1)}
    return procedures.add(
        read_procedure(
            {
                "key": "bench.permit",
                "title": "量速许可",
                "from": "2018-01-01",
                "number": "LS-{year}-{n:07}",
                "citation": "测政办发〔2018〕7号 第十二条",
                "parties": {
                    "clerk": {"title": "经办", "organ": "case", "role": "clerk"},
                    "officer": {"title": "审核", "organ": "fact:organ", "role": "reviewer"},
                    "head": {"title": "负责人", "organ": "fact:organ", "role": "leader"},
                },
                "states": states | {"done": {"title": "办结", "status": "closed", "ends": True}},
                "start": "s1",
                "steps": steps | {"silent": {"title": "视为同意", "kind": "timer", "from": "s1", "to": "s2"}},
                "limits": limits
                | {
                    "l1": {
                        "title": "审查期限", "within": f"{_REVIEW}wd", "until": "t1", "pauses": "expert",
                        "expiry": {"kind": "tacit_approve", "step": "silent"},
                    },
                    # What follows silence has its limit too.
                    "l2": limits["l2"] | {"from": ["t1", "silent"]},
                },
                "pauses": {"expert": {"title": "专家评审", "by": ["officer"]}},
            }
        )
    )  # fmt: skip


def _party(step: int) -> str:
    return ("clerk", "officer", "head")[step % 3]


class _Standing(NamedTuple):
    """Where a case stands: its step, when that began, whether its limit has ended and was seen to."""

    step: int
    since: datetime.datetime
    late: bool = False


def fill(count: int, report: Callable[[str], None] | None = None) -> None:
    """Add `count` open cases as of NOW. The indexes are built when all stand."""
    procedure()
    today = NOW.date()

    def standing(n: int) -> _Standing:
        draw, more = n % 10, n // 10
        if draw == 0:
            return _Standing(1, _at(today - ONE_DAY * (more % 10)))
        if draw <= 3:
            return _Standing(2, _at(today - ONE_DAY * (_NATURAL + 2 + more % 60)), late=True)
        return _Standing(2, _at(today - ONE_DAY * (more % 8)))

    held = [(model, index) for model in (Case, CaseParty, CaseClock, CaseEvent) for index in model._meta.indexes]
    with connection.schema_editor() as editor:
        for model, index in held:
            editor.remove_index(model, index)
    _write(count, standing, report)
    with connection.schema_editor() as editor:
        for model, index in held:
            editor.add_index(model, index)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")


def fill_due(count: int) -> None:
    """Add `count` cases whose limit has just ended as of NOW: half are decided by silence, half become late."""
    procedure()
    today, calendar = NOW.date(), calendar_book.calendar()
    rule = {"form": "after", "n": _REVIEW, "unit": "wd", "roll": "none"}
    day = today
    while clocks.due_of(rule, _at(day), calendar).until > start_of(today):
        day -= ONE_DAY
    review, natural = _Standing(1, _at(day)), _Standing(2, _at(today - ONE_DAY * (_NATURAL + 1)))
    _write(count, lambda n: natural if n % 2 else review, None, organ="agriculture")


def _at(day: datetime.date) -> datetime.datetime:
    return start_of(day) + datetime.timedelta(hours=9)


def _write(
    count: int, standing: Callable[[int], _Standing], report: Callable[[str], None] | None, organ: str = ""
) -> None:
    last, calendar = Case.objects.order_by("-pk").values_list("pk", flat=True).first() or 0, calendar_book.calendar()
    for begun in range(0, count, _BATCH):
        rows: dict[type[models.Model], list[list[Any]]] = {model: [] for model in _COLUMNS}
        for n in range(begun, min(begun + _BATCH, count)):
            for model, values in _case(last + 1 + n, standing(n), organ or _ORGANS[n % len(_ORGANS)], calendar):
                rows[model].append(values)
        with transaction.atomic():
            for model, found in rows.items():
                _insert(model, found)
        if report is not None:
            report(f"{min(begun + _BATCH, count):,} of {count:,} cases")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [Case]):
                cursor.execute(statement)


_COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Case: (
        "id", "number", "procedure", "version", "programme", "title", "subject", "one_open", "organ", "state", "status",
        "is_open", "facts", "rules_on", "opened_at", "entered_at", "entered_event", "due_at", "due_limit", "exercise",
        "events_count", "revision",
    ),
    CaseParty: ("case_id", "party", "organ", "role", "acts", "is_open", "due_at"),
    CaseClock: (
        "case_id", "limit", "state", "rule", "started_at", "event", "until", "inclusive", "provisional", "calendar",
        "pauses", "extensions", "fires_at", "stage", "expired", "ended_at",
    ),
    CaseEvent: (
        "case_id", "n", "at", "received_at", "hand", "act", "from_state", "to_state", "text", "who", "party", "organ",
    ),
}  # fmt: skip
_PARTIES = (("clerk", "clerk"), ("officer", "reviewer"), ("head", "leader"))


def _case(
    pk: int, at: _Standing, organ: str, counted_by: WorkingCalendar
) -> Iterator[tuple[type[models.Model], list[Any]]]:
    """Yield the rows of one case."""
    opened = at.since if at.step == 1 else at.since - ONE_DAY
    end, calendar = _end(at.step, at.since, counted_by)
    since, due, acting = _text(at.since), _text(end), _party(at.step)
    title = f"测试{'甲乙丙丁戊己庚辛壬癸'[pk % 10]}公司许可申请第{pk}号"
    yield Case, [
        pk, f"LS-M-{pk:08}", "bench.permit", "2018-01-01", "bench", title, f"bench:{pk}", False, "finance",
        f"s{at.step}", "in_review", True, json.dumps({"organ": organ, "amount": pk * 100}), "2018-09-01", _text(opened),
        since, at.step, due, f"l{at.step}", False, at.step, at.step,
    ]  # fmt: skip
    for party, role in _PARTIES:
        yield CaseParty, [pk, party, "finance" if party == "clerk" else organ, role, party == acting, True, due]
    for step in range(1, at.step + 1):
        runs, started = step == at.step, at.since if step == at.step else opened
        until, calendar = _end(step, started, counted_by)
        yield CaseClock, [
            pk, f"l{step}", "running" if runs else "met", _rule(step), _text(started),
            "open" if step == 1 else f"t{step - 1}", _text(until), False, False, calendar, "[]", "[]",
            _text(until) if runs and not at.late else None, 0, at.late and runs, None if runs else since,
        ]  # fmt: skip
    yield CaseEvent, [pk, 1, _text(opened), _text(opened), "person", "open", "", "s1", "量速许可立案", "测试甲", "",
                      "finance"]  # fmt: skip
    for step in range(1, at.step):
        yield CaseEvent, [pk, step + 1, since, since, "person", f"t{step}", f"s{step}", f"s{step + 1}",
                          f"办理第{step}步", "测试乙", _party(step), organ]  # fmt: skip


@cache
def _rule(step: int) -> str:
    kind = "tacit_approve" if step == 1 else "mark_late"
    n, unit = (_REVIEW, "wd") if step == 1 else (_NATURAL, "d")
    return json.dumps({"expiry": kind, "form": "after", "n": n, "unit": unit, "roll": "none"})


@cache
def _end(step: int, since: datetime.datetime, calendar: WorkingCalendar) -> tuple[datetime.datetime, str]:
    rule = json.loads(_rule(step))
    due = clocks.due_of(rule, since, calendar)
    return due.until, due.calendar_version if clocks.hangs_on_calendar(rule) else ""


@cache
def _text(moment: datetime.datetime) -> str:
    text = f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S}"
    return text if connection.vendor == "sqlite" else f"{text}+00"


def _insert(model: type[models.Model], rows: list[list[Any]]) -> None:
    table, names = f'"{model._meta.db_table}"', [f'"{name}"' for name in _COLUMNS[model]]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write("\t".join(["\\N" if value is None else str(value) for value in row]) + "\n")
        else:
            marks = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608
