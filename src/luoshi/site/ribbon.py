"""The derivation ribbon: how a limit was counted, a cell a day, or a cell a week for a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from luoshi.site.typography import date_words

LONGEST_BY_DAY = 40
_ONE_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a limit: `kind` start, day, off, makeup (a weekend worked) or pause; `n` where it counts."""

    date: date
    kind: str
    n: int | None = None
    last: bool = False
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as drawn; `title` is what a screen reader hears."""

    day: str
    weekday: str
    words: str
    flag: str
    classes: str
    title: str


def cells(days: Sequence[Day], today: date | None) -> list[Cell]:
    """Return the cells of a limit; `today` is framed."""
    if len(days) <= LONGEST_BY_DAY:
        return [_day(day, today) for day in days]
    weeks: dict[date, list[Day]] = {}
    for day in days:
        weeks.setdefault(day.date - timedelta(days=day.date.weekday()), []).append(day)
    return [_week(monday, members, today) for monday, members in weeks.items()]


def _day(day: Day, today: date | None) -> Cell:
    uncounted = {
        "start": (_("起算"), _("起算日，不计")),
        "off": (_("休"), _("休，不计")),
        "pause": (_("停表"), _("停表，不计")),
    }
    words, told = uncounted.get(day.kind) or (str(day.n), _("第 {n} 日").format(n=day.n))
    here = day.date == today
    marks = {
        f"ls-day-{day.kind}": day.kind in uncounted,
        "ls-day-last": day.last,
        "ls-day-today": here,
        "ls-day-provisional": day.provisional,
    }
    said = {_("调休上班"): day.kind == "makeup", _("今天"): here, _("到期日"): day.last, _("暂定"): day.provisional}
    with_month = day.date.day == 1 or day.kind == "start"
    return Cell(
        day=f"{day.date.month}/{day.date.day}" if with_month else str(day.date.day),
        weekday=_("一二三四五六日")[day.date.weekday()],
        words=words,
        flag=_("班") if day.kind == "makeup" else "",
        classes=_chosen(marks, " "),
        title="，".join(filter(None, (date_words(day.date), told, _chosen(said, "，")))),
    )


def _week(monday: date, days: Sequence[Day], today: date | None) -> Cell:
    counted = [day.n for day in days if day.n]
    marks = {
        "ls-day-off": not counted,
        "ls-day-last": any(day.last for day in days),
        "ls-day-today": today is not None and monday <= today < monday + _ONE_WEEK,
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
