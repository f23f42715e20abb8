"""The derivation ribbon: how a limit was counted, a cell a day, or a cell a week for a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from luoshi.kernel.calendar import DayKind, WorkingCalendar
from luoshi.kernel.dues import DayCell
from luoshi.site.typography import date_words

LONGEST_BY_DAY = 40
LONGEST_DRAWN = 370
_ONE_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as drawn; `title` is what a screen reader hears."""

    day: str
    weekday: str
    words: str
    flag: str
    classes: str
    title: str


def days_left(today: date, due_on: date, calendar: WorkingCalendar) -> tuple[DayCell, ...]:
    """Return the days from `today` to the last day, working days numbered; none where it is past or over a year off."""
    if not 0 < (due_on - today).days <= LONGEST_DRAWN:
        return ()
    cells, left = [], 0
    for day in calendar.days(today, due_on):
        kind = calendar.kind(day)
        counts = day > today and kind.works
        left += counts
        role = "start" if day == today else "due" if day == due_on else "counted" if counts else "off"
        cells.append(DayCell(day, kind, role, left if counts else None, calendar.is_provisional(day)))
    return tuple(cells)


def cells(days: Sequence[DayCell], today: date | None) -> list[Cell]:
    """Return the cells of a derivation; `today` is framed."""
    if len(days) <= LONGEST_BY_DAY:
        return [_day(day, today) for day in days]
    weeks: dict[date, list[DayCell]] = {}
    for day in days:
        weeks.setdefault(day.day - timedelta(days=day.day.weekday()), []).append(day)
    return [_week(monday, members, today) for monday, members in weeks.items()]


def _day(cell: DayCell, today: date | None) -> Cell:
    uncounted = {
        "start": (_("起算"), _("起算日，不计")),
        "off": (_("休"), _("休，不计")),
        "paused": (_("停表"), _("停表，不计")),
        "due": (_("止"), ""),
    }
    numbered = str(cell.ordinal), _("第 {n} 日").format(n=cell.ordinal)
    words, told = numbered if cell.ordinal is not None else uncounted.get(cell.role, ("", ""))
    here, last, makeup = cell.day == today, cell.role == "due", cell.kind is DayKind.WORKED_WEEKEND
    marks = {f"ls-day-{cell.role}": True, "ls-day-today": here, "ls-day-provisional": cell.provisional}
    said = {_("调休上班"): makeup, _("今天"): here, _("到期日"): last, _("暂定"): cell.provisional}
    with_month = cell.day.day == 1 or cell.role == "start"
    return Cell(
        day=f"{cell.day.month}/{cell.day.day}" if with_month else str(cell.day.day),
        weekday=_("一二三四五六日")[cell.day.weekday()],
        words=words,
        flag=_("班") if makeup else "",
        classes=_chosen(marks, " "),
        title="，".join(filter(None, (date_words(cell.day), told, _chosen(said, "，")))),
    )


def _week(monday: date, days: Sequence[DayCell], today: date | None) -> Cell:
    counted = [cell.ordinal for cell in days if cell.ordinal]
    marks = {
        "ls-day-off": not counted,
        "ls-day-due": any(cell.role == "due" for cell in days),
        "ls-day-today": today is not None and monday <= today < monday + _ONE_WEEK,
        "ls-day-provisional": any(cell.provisional for cell in days),
    }
    return Cell(
        day=f"{monday.month}/{monday.day}",
        weekday=_("周"),
        words=str(max(counted)) if counted else _("休"),
        flag="",
        classes=_chosen(marks, " "),
        title=_("{monday}这一周，计 {n} 日").format(monday=date_words(monday), n=len(counted)),
    )


def _chosen(choices: dict[str, bool], between: str) -> str:
    return between.join(name for name, chosen in choices.items() if chosen)
