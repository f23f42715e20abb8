"""From matters to what pages show: lamp, due chip, derivation, holder, target against done, one row of a list."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from luoshi.kernel.calendar import ONE_DAY, DayKind
from luoshi.kernel.clock import SHANGHAI, day_of, end_of, local
from luoshi.kernel.dues import DayCell, Step
from luoshi.kernel.dues import Due as Derived
from luoshi.office.duties import workdays
from luoshi.office.duties.lights import Lamp, lamp, shown
from luoshi.office.duties.matter_models import FAR, Kind, Matter, MatterOrgan, MatterPause, State
from luoshi.office.duties.matter_queries import Holding, who_holds
from luoshi.office.instruments.models import Instrument
from luoshi.site.present import Cite, Due, OrganLink, cite, day_words

NEAR_WORKING_DAYS = 3
LONG_DAYS = 370
TONES = {"red": "red", "yellow": "yellow", "green": "green", "blue": "blue", "grey": "sea", "paused": "sea"}
"""The colour of the bar of progress under each lamp."""


@dataclass(frozen=True, slots=True)
class Done:
    """Target against done: `words` big, `of` beside it, the bar in percent with the plan's tick; `bar` False: none."""

    words: str
    of: str
    percent: float
    planned: float | None
    tone: str
    bar: bool


@dataclass(frozen=True, slots=True)
class MatterRow:
    """One row of the ledger of matters, of the desk, of a record's list."""

    id: int
    href: str
    number: str
    title: str
    kind: str
    light: str
    light_words: str
    reason: str
    state: str
    state_word: str
    cite: Cite | None
    organ: OrganLink
    cooperating: int | None
    cooperating_names: str
    local: bool
    due: Due
    due_sort: datetime.date
    overdue: bool
    done: Done
    holder: str
    holder_note: str
    holder_days: int
    came: str
    progress: str
    document: str


def number_of(pk: int) -> str:
    """Return how a matter is called: `第 12 号`, as refusals name it too."""
    return _("第 %d 号") % pk


def matter_href(pk: int) -> str:
    """Return the address of a matter's page."""
    return _matter_pattern() % pk


@cache
def _matter_pattern() -> str:
    return reverse("matter", args=[0]).replace("%", "%%").replace("/0/", "/%d/")


def organ_of(slug: str, name: str) -> OrganLink:
    """Return the organ with the address of its part of the ledger of matters."""
    if not (slug or name):
        return OrganLink(_("未写明"), "", "")
    return OrganLink(name or slug, slug, f"{reverse('duties')}?{urlencode({'organ': slug or name})}")


def cite_of(matter: Matter) -> Cite | None:
    """Return the chip of the clause a matter rests on; of the words it came with where there is no clause."""
    if matter.instrument is not None:
        return cite(matter.instrument, matter.duty.clause_path if matter.duty is not None else "")
    return Cite(matter.basis, matter.basis, "", "", "", matter.basis) if matter.basis else None


def moment_words(moment: datetime.datetime | None, today: datetime.date) -> str:
    """Return the day of a moment as lists show it: `今天`, `10月8日`, a dash for none."""
    if moment is None:
        return "—"
    day = day_of(moment)
    return _("今天") if day == today else day_words(day, today)


def due_of(matter: Matter, day: datetime.date, pause: MatterPause | None = None) -> Due:
    """Return the due chip of `matter` on `day`; `pause` is the one that is on."""
    due = matter.due_on
    if matter.state == State.CROSSED_OFF:
        return _closed(matter)
    if matter.state == State.WITHDRAWN:
        return Due("none", _("已撤回"))
    if matter.state == State.PAUSED:
        return _paused(pause, day)
    if due is None:
        return Due("none", _("未写时限"))
    words = day_words(due, day)
    title = _("到期 %s 24:00") % day_words(due)
    if matter.due_time is not None:
        title = _("到期 %(day)s %(time)s") % {"day": day_words(due), "time": matter.due_time.strftime("%H:%M")}
    if matter.late_on <= day:
        late = workdays.after(due, day)
        text = _("逾期 %d 个工作日") % late if late else _("逾期 %d 天") % (day - due).days
        return Due("late", text, due, words, title)
    if due < day:
        told = _("待核实") if matter.backlog else _("期限已过")
        title = _("%s；录入时已过期，有没有办成待核实") % title if matter.backlog else title
        text = _("已送核验") if matter.state == State.SUBMITTED else told
        return Due("past", text, due, words, title, matter.provisional)
    if due == day:
        hour = matter.due_time.strftime("%H:%M") if matter.due_time is not None else "24:00"
        return Due("today", _("今日 %s") % hour, due, "", title, matter.provisional)
    if (due - day).days > LONG_DAYS:
        return Due("plenty", _("剩 %d 天") % (due - day).days, due, words, title, matter.provisional)
    left = workdays.after(day, due)
    if left == 0:
        return Due("near", _("剩 %d 天") % (due - day).days, due, words, title, matter.provisional)
    state = "near" if left <= NEAR_WORKING_DAYS else "plenty"
    return Due(state, _("剩 %d 个工作日") % left, due, words, title, matter.provisional)


def _closed(matter: Matter) -> Due:
    if matter.due_on is None or matter.completed_at is None:
        return Due("done", _("已销号"), None, "", "")
    done = day_of(matter.completed_at)
    gap = (matter.due_on - done).days
    words = _("早 %d 日") % gap if gap > 0 else _("按期") if not matter.completed_late else _("晚 %d 日") % -gap
    return Due("done", _("办结"), matter.due_on, words, _("期限 %s") % day_words(matter.due_on))


def _paused(pause: MatterPause | None, day: datetime.date) -> Due:
    if pause is None:
        return Due("paused", _("停表"))
    stopped = _("已停 %d 日") % max((day - pause.begins).days, 0)
    end = _("预计 %s 恢复") % day_words(pause.expected_end) if pause.expected_end else ""
    return Due("paused", _("停表"), None, stopped, f"{pause.get_kind_display()} {end}".strip())


def elapsed(matter: Matter, day: datetime.date) -> float | None:
    """Return the share of the time that is gone, 0 to 1, for the chip's pie."""
    if matter.due_on is None or matter.due_on <= matter.start:
        return None
    return min(max((day - matter.start).days / (matter.due_on - matter.start).days, 0.0), 1.0)


def plain_number(value: Any) -> str:
    """Return a quantity without needless zeros and with separators."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def done_of(matter: Matter, light: Lamp) -> Done:
    """Return target against done; a matter without a figure to measure shows its percentage."""
    percent = float(light.done)
    # What was past before anybody could know of it here has no plan to be measured by.
    plan = None if light.planned is None or not matter.is_open or matter.backlog else float(light.planned)
    tone = TONES[light.light]
    if matter.target_value is not None:
        value = plain_number(matter.value) if matter.value is not None else "0"
        target = f"{plain_number(matter.target_value)} {matter.target_unit}".strip()
        return Done(value, target, percent, plan, tone, True)
    started = matter.state != State.OPEN or matter.percent_bp
    if matter.target_text and not started:
        return Done("", matter.target_text, percent, plan, tone, False)
    return Done(shown(light.done), "%", percent, plan, tone, True)


def open_pauses(rows: Sequence[Matter]) -> Mapping[int, MatterPause]:
    """Return the pauses that are on, by matter, in one query however many rows there are."""
    found = MatterPause.objects.filter(matter__in=[row.pk for row in rows], ends__isnull=True)
    return {pause.matter_id: pause for pause in found}


def rows_of(matters: Sequence[Matter], day: datetime.date) -> list[MatterRow]:
    """Return the rows of `matters` (read with `matter_queries.complete`) on `day`; no query per row."""
    if not matters:
        return []
    held, pauses = who_holds(matters, day), open_pauses(matters)
    return [_row(matter, held[matter.pk], pauses.get(matter.pk), day) for matter in matters]


def _row(matter: Matter, held: Holding, pause: MatterPause | None, day: datetime.date) -> MatterRow:
    light = lamp(matter, day)
    others = [organ for organ in matter.organs.all() if organ.role != MatterOrgan.Role.LEAD]
    names = "、".join(organ.name for organ in others)
    title = held.organ_title if matter.is_open and matter.state != State.SUBMITTED else matter.organ_name
    return MatterRow(
        id=matter.pk,
        href=matter_href(matter.pk),
        number=number_of(matter.pk),
        title=matter.title,
        kind=Kind(matter.kind).label,
        light=light.light,
        light_words=light_word(matter, light),
        reason=light.reason,
        state=matter.state,
        state_word=State(matter.state).label,
        cite=cite_of(matter),
        organ=organ_of(matter.organ, title or matter.organ_name),
        cooperating=len(others) or None,
        cooperating_names=names or (_("各镇区") if matter.local else ""),
        local=matter.local,
        due=with_pie(due_of(matter, day, pause), matter, day),
        due_sort=matter.due_sort,
        overdue=light.overdue,
        done=done_of(matter, light),
        holder=held.person or ("" if held.organ == matter.organ and matter.is_open else held.organ_title),
        holder_note=held.note or _note(held),
        holder_days=held.working_days,
        came=moment_words(matter.handed_at, day),
        progress=moment_words(matter.last_progress_at, day),
        document=matter.instrument.name if isinstance(matter.instrument, Instrument) else matter.basis,
    )


def _note(held: Holding) -> str:
    return "" if held.person else _("未指定办理人") if held.role == "未指定办理人" else held.role


def with_pie(due: Due, matter: Matter, day: datetime.date) -> Due:
    """Return the chip with the share of time gone."""
    return replace(due, elapsed=elapsed(matter, day)) if due.state in ("plenty", "near") else due


def light_word(matter: Matter, light: Lamp) -> str:
    """Return the word after the colour: `逾期` for what is overdue, `滞后` for what is only behind."""
    if light.light == "red":
        return _("逾期") if light.overdue else _("滞后")
    if matter.state == State.SUBMITTED and light.light == "green":
        return _("待核验")
    if matter.state == State.WITHDRAWN:
        return _("已撤回")
    return _(light.word)


def derived(matter: Matter, pauses: Iterable[MatterPause], day: datetime.date) -> Derived | None:
    """Return the due day with its derivation as the kernel draws it; None for a matter without a due day.

    The sentences are those stored with the matter; the days are drawn from start to due, pauses taken out.
    """
    if matter.due_on is None:
        return None
    told = matter.derivation or {}
    steps = tuple(
        Step(str(step.get("rule", "")), str(step.get("text", "")), bool(step.get("ok", True)))
        for step in told.get("steps", ())
        if step.get("text")
    )
    if not any(step.rule == "start" for step in steps):
        steps = (Step("start", _("%s 起，当日不计") % day_words(matter.start)), *steps)
    stops = [(pause.begins, pause.ends or day) for pause in pauses]
    until = end_of(matter.due_on)
    if matter.due_time is not None:
        until = datetime.datetime.combine(matter.due_on, matter.due_time, SHANGHAI)
    return Derived(
        until=until,
        inclusive=matter.due_time is not None,
        provisional=matter.provisional,
        calendar_version=str(told.get("calendar", "")) or workdays.calendar().version,
        steps=steps,
        cells=tuple(_cells(matter.start, matter.due_on, stops)),
    )


def _cells(
    start: datetime.date, due: datetime.date, stops: Sequence[tuple[datetime.date, datetime.date]]
) -> Iterable[DayCell]:
    if not 0 < (due - start).days <= LONG_DAYS:
        return
    calendar, counted = workdays.calendar(), 0
    day = start
    while day <= due:
        known = calendar.knows(day)
        kind = calendar.kind(day) if known else (DayKind.WEEKEND if day.weekday() >= 5 else DayKind.WORKDAY)
        stopped = any(begin < day <= end for begin, end in stops)
        counts = day > start and kind.works and not stopped
        counted += counts
        role = "paused" if stopped else "counted" if counts else "off"
        role = {start: "start", due: "due"}.get(day, role)
        yield DayCell(day, kind, role, counted if counts else None, known and calendar.is_provisional(day))
        day += ONE_DAY


def holder_line(held: Holding) -> dict[str, Any]:
    """Return what `ls_holder` draws."""
    since = _("已 %d 个工作日") % held.working_days if held.working_days else _("今天到手")
    next_hand = [{"name": held.next_hand, "post": ""}] if held.next_hand else []
    if held.note and held.note in ("已销号", "已撤回"):
        return {"name": held.organ_title or "—", "post": held.note, "since": "", "next": []}
    if not held.person and held.role == "未指定办理人":
        return {"name": held.organ_title, "post": _("未指定办理人"), "since": since, "next": next_hand}
    post = " · ".join(part for part in ((held.organ_title if held.person else ""), held.role, held.note) if part)
    return {"name": held.person or held.organ_title, "post": post, "since": since, "next": next_hand}


def groups_by_due(rows: Sequence[MatterRow], day: datetime.date) -> list[dict[str, Any]]:
    """Put rows, which come in the order of their due days, under headings: past, this week, next week, then months."""
    found: list[dict[str, Any]] = []
    for row in rows:
        key, title = _bucket(row.due_sort, day)
        if not found or found[-1]["key"] != key:
            found.append({"key": key, "title": title, "rows": []})
        found[-1]["rows"].append(row)
    for group in found:
        if group["key"] == "past" and all(row.overdue for row in group["rows"]):
            group["title"] = _("已逾期")
        elif group["key"] == "past" and not any(row.overdue for row in group["rows"]):
            group["title"] = _("期限已过，未计逾期")
        group["title"] = _("%(name)s · %(n)d 条") % {"name": group["title"], "n": len(group["rows"])}
    return found


def _bucket(due: datetime.date, day: datetime.date) -> tuple[str, str]:
    if due < day:
        return "past", _("期限已过")
    if due >= FAR:
        return "none", _("未写时限")
    sunday = day + datetime.timedelta(days=6 - day.weekday())
    if due <= sunday:
        return "week", _("本周（%s）") % _span(day, sunday, day)
    if due <= sunday + datetime.timedelta(days=7):
        return "next", _("下周（%s）") % _span(sunday + ONE_DAY, sunday + datetime.timedelta(days=7), day)
    if (due.year, due.month) == (day.year, day.month):
        return f"{due:%Y-%m}", _("本月以后各周（到%s）") % day_words(_month_end(day), day)
    return f"{due:%Y-%m}", _("%(year)d年%(month)d月") % {"year": due.year, "month": due.month}


def _span(first: datetime.date, last: datetime.date, today: datetime.date) -> str:
    end = _("%d日") % last.day if first.month == last.month else day_words(last, today)
    return f"{day_words(first, today)}–{end}"


def _month_end(day: datetime.date) -> datetime.date:
    following = day.replace(day=28) + datetime.timedelta(days=4)
    return following - datetime.timedelta(days=following.day)


def clock_words(moment: datetime.datetime, today: datetime.date) -> str:
    """Return a moment as a list of what changed shows it: `09:02`, `昨 18:10`, `10月8日 09:02`."""
    at = local(moment)
    if at.date() == today:
        return f"{at:%H:%M}"
    if at.date() == today - ONE_DAY:
        return _("昨 %s") % f"{at:%H:%M}"
    return f"{day_words(at.date(), today)} {at:%H:%M}"
