"""The replay of an episode: the board as of a moment, with a slider over what happened."""

from __future__ import annotations

import bisect
import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import needs, page
from luoshi.programmes.heavy_pollution import board, charts, replaying, words_shown

_MINUTE = datetime.timedelta(minutes=1)


@needs("pollution.see")
@require_safe
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the board as it stood at `?at=`: the air, the grade, the warning, tasks, reports, what had been done."""
    warning = board.warning_of(pk)
    assert warning is not None
    stops = replaying.stops(warning)
    first, last = replaying.bounds(warning)
    at = _moment(request.GET.get("at", ""), first, last)
    found = board.picture(at)
    grade = found["grade"]
    state = replaying.state_at(warning, at)
    rows = replaying.measures(warning.response, at) if state["issued"] else []
    span = (local(warning.onset), local(warning.expected_end)) if state["issued"] else None
    finding = _("%(at)s 的逐小时AQI实测和当时的预报") % {"at": f"{at:%m-%d %H:%M}"}
    context = {
        "page_title": _("回放：%s") % warning.case.title,
        "crumbs": [
            {"title": _("重污染天气应急"), "href": reverse("pollution")},
            {"title": warning.case.number, "href": reverse("pollution-warning", args=[pk])},
            {"title": _("回放"), "href": ""},
        ],
        "warning": warning,
        "at": at,
        "replay": _control(pk, at, stops, first, last),
        "state": state,
        "colour_word": words_shown.COLOURS[state["colour"]] if state["colour"] else "",
        "level_word": words_shown.LEVELS[state["level"]] if state["level"] else "",
        "air": found,
        "latest_class": board.air_class(found["latest"]["aqi"] if found["latest"] else None),
        "grade_word": words_shown.COLOURS[grade.get("grade") or "none"],
        "reasons": [
            {"ok": one.ok, "text": one.text, "cite": str(one.citation) if one.citation else None}
            for one in found["reasons"]
        ],
        "chart": charts.air_chart(found["hours"], found["means"], at, span, finding),
        "measures": [row | {"bar": charts.share_bar(row["done"], row["going"], row["failed"])} for row in rows],
        "done": sum(row["done"] for row in rows),
        "going": sum(row["going"] for row in rows),
        "failed": sum(row["failed"] for row in rows),
        "reports": replaying.reports(warning.response, at) if state["issued"] else None,
        "story": replaying.story(warning, at),
        "messages": warning.messages.filter(sent__lte=at).order_by("sent"),
    }
    return page(request, "heavy_pollution/replay.html", context, fragment="body")


def _moment(text: str, first: datetime.datetime, last: datetime.datetime) -> datetime.datetime:
    """Return the moment asked for, within the episode; its last when none is named; E_INPUT for what is no time."""
    if not text:
        return last
    try:
        asked = local(datetime.datetime.fromisoformat(text))
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text[:30]}”不是时刻，应如 2018-01-12 16:00。") from None
    return min(max(asked, first), last)


def _control(
    pk: int, at: datetime.datetime, stops: list[replaying.Stop], first: datetime.datetime, last: datetime.datetime
) -> dict[str, Any]:
    """Return the control pages of cases have too: where it stands, a stop and a minute on and back."""
    href = reverse("pollution-replay", args=[pk])
    here = bisect.bisect_right([_up(one.at) for one in stops], at)

    def to(moment: datetime.datetime) -> str:
        return f"{href}?{urlencode({'at': replaying.day_words(moment)})}"

    return {
        "href": href,
        "input": f"{at:%Y-%m-%dT%H:%M}",
        "earliest": f"{first:%Y-%m-%dT%H:%M}",
        "latest": f"{last:%Y-%m-%dT%H:%M}",
        "n": max(here, 1),
        "total": len(stops),
        "stops": [{"at": replaying.day_words(_up(one.at)), "words": one.words[:60]} for one in stops],
        "previous": to(_up(stops[here - 2].at)) if here > 1 else "",
        "next": to(_up(stops[here].at)) if here < len(stops) else "",
        "minute_back": to(at - _MINUTE) if at - _MINUTE >= first else "",
        "minute_on": to(at + _MINUTE) if at + _MINUTE <= last else "",
        "last": stops[here - 1].words if here else "",
    }


def _up(moment: datetime.datetime) -> datetime.datetime:
    """Return a moment to the second, rounded up, so that what happened at it is in."""
    return moment.replace(microsecond=0) + datetime.timedelta(seconds=1) if moment.microsecond else moment
