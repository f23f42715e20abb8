"""The design system as template tags: each shared component once, with its words for screen readers.

A tag takes a mapping or any object with the same attributes, so that views may pass dataclasses and the design page
plain data. State is always told by shape and word before colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import pi
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.citation import Locator
from luoshi.site import typography

register = template.Library()

LAMPS = {
    "red": ('<path fill="#BE2A1E" d="M8 1l7 7-7 7-7-7z"/>', gettext_lazy("红")),
    "yellow": ('<path fill="#F3C846" stroke="#6E5200" stroke-width="1.2" d="M8 2l6.5 12h-13z"/>', gettext_lazy("黄")),
    "green": ('<circle fill="#2A7F4C" cx="8" cy="8" r="6.5"/>', gettext_lazy("绿")),
    "blue": (
        '<rect fill="#1F5FB8" x="1.5" y="1.5" width="13" height="13" rx="2.5"/>'
        '<path fill="none" stroke="#fff" stroke-width="2" d="M4.5 8.5l2.5 2.5 4.5-5.5"/>',
        gettext_lazy("蓝"),
    ),
    "grey": (
        '<circle fill="none" stroke="#566970" stroke-width="1.4" stroke-dasharray="2.2 1.9" cx="8" cy="8" r="6"/>',
        gettext_lazy("灰"),
    ),
    "paused": (
        '<g fill="none" stroke="#566970" stroke-width="1.4"><circle cx="8" cy="8" r="6.3"/>'
        '<path d="M6.3 5.5v5M9.7 5.5v5"/></g>',
        gettext_lazy("空"),
    ),
}
"""State of a thing being chased: shape (16 x 16) and the colour's word."""

VALIDITY = {
    "in_force": ("green", "circle-check", gettext_lazy("有效")),
    "not_yet": ("blue", "clock", gettext_lazy("尚未施行")),
    "expired": ("grey", "history", gettext_lazy("已失效")),
    "repealed": ("grey", "circle-x", gettext_lazy("已废止")),
    "unknown": ("yellow", "help-circle", gettext_lazy("未注明")),
}
"""State of an instrument on a date: colour, icon and word."""

REASONS = {
    True: ("circle-check", "ls-t-green", gettext_lazy("成立")),
    False: ("circle-x", "ls-t-red", gettext_lazy("不成立")),
    None: ("info-circle", "ls-t-grey", gettext_lazy("说明")),
}
"""A reason's icon, colour and word, by whether it holds."""

LEVELS = {
    1: (gettext_lazy("蓝色"), "Ⅳ", "blue"),
    2: (gettext_lazy("黄色"), "Ⅲ", "yellow"),
    3: (gettext_lazy("橙色"), "Ⅱ", "orange"),
    4: (gettext_lazy("红色"), "Ⅰ", "red"),
}
"""Warning levels by number of filled bars: word, roman grade, colour."""

LABEL_STOPS = {"cn": "、", "num": ".", "article": "\u3000", "chapter": "\u3000", "section": "\u3000", "decimal": " ", "annex": "\u3000"}
"""What print puts between a clause's label and its words."""

PIE_RADIUS = 2.25
WEEKDAYS = gettext_lazy("一二三四五六日")
RIBBON_DAYS = 40
"""More days than this are drawn week by week."""


def read(thing: Any, name: str, default: Any = "") -> Any:
    """Return `name` of a mapping or an object, `default` where it has none."""
    if isinstance(thing, Mapping):
        return thing.get(name, default)
    return getattr(thing, name, default)


def icon(name: str, extra: str = "") -> SafeString:
    """Return one outline icon of the vendored sprite, hidden from screen readers: a word stands beside it."""
    return format_html(
        '<svg class="ls-icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {extra}" if extra else "",
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def ls_icon(name: str, extra: str = "") -> SafeString:
    """Draw an icon; `extra` adds classes."""
    return icon(name, extra)


@register.filter
def typeset(text: str | None) -> str:
    """Show canonical text with the full-width punctuation of Chinese print."""
    return typography.typeset(text) if text else ""


@register.filter
def ls_date(day: date | str | None, today: date | None = None) -> str:
    """Show a date as offices write it; the year is left out within the year of `today`."""
    return typography.date_words(day, today)


def _short_path(words: str) -> str:
    """Return a clause path that fits a chip: between annex and last label an ellipsis stands for the parts."""
    parts = words.split(" ")
    return f"{parts[0]}…{parts[-1]}" if len(parts) > 2 else words


@register.simple_tag
def ls_cite(cite: Any, full: bool = False) -> SafeString:
    """Show a citation chip that opens the clause: in the drawer with scripts, as its own page without.

    `cite` has `number`, `short`, `path_words`, `href`, `text` (full form) and may have `lost` (text missing in print).
    """
    if not cite:
        return format_html('<span class="ls-muted">{}</span>', _("依据缺"))
    number, words, text = read(cite, "number"), read(cite, "path_words"), read(cite, "text")
    shown = (number if full else read(cite, "short")) or number or text
    lost = mark_safe(f"<i>{_('缺')}</i>") if read(cite, "lost") else ""
    body = format_html(
        '<span class="visually-hidden">{} </span><span>{}</span>{}{}',
        _("依据"),
        typography.typeset(shown),
        format_html(" <b>{}</b>", words if full else _short_path(words)) if words else "",
        lost,
    )
    title = f"{text or shown} {words}".strip() if words not in text else text
    href = read(cite, "href")
    if not href:
        return format_html('<span class="ls-cite" title="{}">{}</span>', title, body)
    return format_html(
        '<a class="ls-cite" href="{0}" title="{1}" hx-get="{0}" hx-target="#ls-drawer" hx-push-url="true">{2}</a>',
        href,
        title,
        body,
    )


@register.simple_tag
def ls_lamp(state: str, words: str = "") -> SafeString:
    """Show a lamp: shape, the colour's word, and `words` (`正常`, `逾期`)."""
    shape, colour_word = LAMPS[state]
    return format_html(
        '<span class="ls-lamp ls-t-{}"><svg viewBox="0 0 16 16" aria-hidden="true">{}</svg>{} {}</span>',
        "grey" if state == "paused" else state,
        mark_safe(shape),
        colour_word,
        words,
    )


@register.simple_tag
def ls_validity(validity: Any, stamp: bool = False) -> SafeString:
    """Show whether an instrument is in force on the date looked at; `stamp` draws the boxed form."""
    colour, name, word = VALIDITY[str(read(validity, "state", "unknown"))]
    return format_html(
        '<span class="{} ls-t-{}">{}{}</span>',
        "ls-stamp" if stamp else "ls-lamp",
        colour,
        icon(name),
        read(validity, "words") or word,
    )


def _pie(state: str, elapsed: float | None) -> SafeString:
    """Return the small drawing of a due chip: a pie of elapsed time, or the sign of a limit without one day."""
    ring = '<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    if state in ("late", "past", "today"):
        inner = '<circle cx="8" cy="8" r="4" fill="currentColor"/>'
    elif state == "paused":
        inner = '<path d="M6.3 5.2v5.6M9.7 5.2v5.6" stroke="currentColor" stroke-width="1.5"/>'
    elif state == "recurring":
        inner = '<path d="M8 4.2v4l2.6 1.6" fill="none" stroke="currentColor" stroke-width="1.3"/>'
    elif state == "done":
        inner = '<path d="M5 8.2l2.2 2.2 3.8-4.6" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    elif elapsed is not None:
        whole = 2 * pi * PIE_RADIUS
        inner = (
            f'<circle cx="8" cy="8" r="{PIE_RADIUS}" fill="none" stroke="currentColor" stroke-width="4.5" '
            f'stroke-dasharray="{min(max(elapsed, 0.0), 1.0) * whole:.2f} {whole:.2f}" transform="rotate(-90 8 8)"/>'
        )
    else:
        inner = ""
    return mark_safe(f'<svg viewBox="0 0 16 16" aria-hidden="true">{ring}{inner}</svg>')


@register.simple_tag
def ls_due(due: Any, href: str = "") -> SafeString:
    """Show a due chip: elapsed pie, words with their unit, the day. `href` leads to how it was worked out.

    `due` has `state` (none, plenty, near, today, late, past where nobody keeps track, open, recurring, paused, done), `words`, `date_words`, `title`
    and may have `elapsed` (0 to 1) and `provisional` (the calendar of that year is not yet announced).
    """
    state = str(read(due, "state", "none"))
    if state == "none":
        return format_html('<span class="ls-muted">{}</span>', read(due, "words") or _("未写时限"))
    provisional = bool(read(due, "provisional", False))
    words, day = read(due, "words"), read(due, "date_words")
    body = format_html(
        "{}<b>{}</b>{}{}",
        _pie(state, read(due, "elapsed", None)),
        words or day,
        format_html(" <span>{}</span>", day) if words and day else "",
        format_html(" <span>{}</span>", _("暂定")) if provisional else "",
    )
    classes = f"ls-due ls-due-{state}" + (" ls-due-provisional" if provisional else "")
    title = read(due, "title")
    if href:
        return format_html('<a class="{}" href="{}" title="{}">{}</a>', classes, href, title, body)
    return format_html('<span class="{}" title="{}">{}</span>', classes, title, body)


@register.simple_tag
def ls_bar(done: float, planned: float | None = None, tone: str = "green", words: str = "") -> SafeString:
    """Draw an achieved/target bar, both in percent of the target, with a tick where the plan should be today."""
    colours = {"green": "#2A7F4C", "yellow": "#B8860B", "red": "#BE2A1E", "blue": "#1F5FB8", "sea": "#1E8091"}
    label = words or _("完成 {done} %").format(done=f"{done:g}")
    if planned is not None and not words:
        label += _("，按计划应为 {planned} %").format(planned=f"{planned:g}")
    tick = "" if planned is None else f'<rect x="{min(planned, 99):g}%" y="0" width="2" height="100%" fill="#14232A"/>'
    return format_html(
        '<svg class="ls-progress" role="img" aria-label="{}"><rect width="100%" height="100%" rx="2" fill="#EDF1F2"/>'
        '<rect width="{}%" height="100%" rx="2" fill="{}"/>{}</svg>',
        label,
        f"{min(max(done, 0), 100):g}",
        colours[tone],
        mark_safe(tick),
    )


@register.simple_tag
def ls_progress(percent: int, label: str, words: str = "") -> SafeString:
    """Draw the progress of a job; screen readers hear `words`, which the view changes at 25 % steps only."""
    return format_html(
        '<div role="progressbar" aria-label="{}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{}"{}>'
        '<svg class="ls-progress ls-progress-tall" aria-hidden="true"><rect width="100%" height="100%" fill="#EDF1F2"/>'
        '<rect width="{}%" height="100%" fill="#126374"/></svg></div>',
        label,
        percent,
        format_html(' aria-valuetext="{}"', words) if words else "",
        percent,
    )


@register.inclusion_tag("ls/holder.html")
def ls_holder(holder: Any) -> dict[str, Any]:
    """Show who has a thing now, since when, and who is next.

    `holder` has `name`, `post`, `since` and may have `next` (list of {name, post}), `automatic`, `applicant`, `vacant`.
    """
    return {"holder": holder, "sign": str(read(holder, "name"))[-1:]}


@register.simple_tag
def ls_level(bars: int) -> SafeString:
    """Show a warning level: four bars of which `bars` are filled, the colour's word and the grade."""
    word, grade, tone = LEVELS[bars]
    drawing = format_html_join(
        "",
        '<rect x="{}" y="{}" width="3.5" height="{}" fill="{}" stroke="currentColor"/>',
        (
            (0.5 + 5 * n, 12 - 3 * n, 3.5 + 3 * n, "currentColor" if n < bars else "none")
            for n in range(len(LEVELS))
        ),
    )
    return format_html(
        '<span class="ls-level ls-t-{}"><svg viewBox="0 0 20 16" aria-hidden="true">{}</svg>{} {}</span>',
        tone,
        drawing,
        word,
        _("{grade}级").format(grade=grade),
    )


@register.simple_tag
def ls_masked(value: str, href: str = "") -> SafeString:
    """Show a sensitive value with its middle hidden; `href` leads to where a purpose is stated to see it."""
    hidden = value[:4] + "*" * max(len(value) - 8, 4) + value[-4:] if len(value) > 8 else "*" * len(value)
    link = format_html(' <a class="ls-link" href="{}">{}</a>', href, _("查看（写明用途）")) if href else ""
    return format_html('<span class="ls-nowrap" title="{}">{}</span>{}', _("中间几位不显示"), hidden, link)


@register.simple_tag
def ls_organs(organs: Sequence[Any], limit: int = 2) -> SafeString:
    """Name the leading organs of a duty, each a link to all it owes; more than `limit` become a count."""
    if not organs:
        return format_html('<span class="ls-muted">{}</span>', _("未写明"))
    links = format_html_join(
        "、", '<a href="{}">{}</a>', ((read(organ, "href"), read(organ, "name")) for organ in organs[:limit])
    )
    if len(organs) <= limit:
        return links
    return format_html(
        '{}<span class="ls-muted" title="{}"> {}</span>',
        links,
        "、".join(str(read(organ, "name")) for organ in organs),
        _("等 {count} 个").format(count=len(organs)),
    )


@register.inclusion_tag("ls/reasons.html")
def ls_reasons(reasons: Sequence[Any], parameters: Sequence[Any] = (), receipt: str = "") -> dict[str, Any]:
    """List why a computed value is what it is: sign, sentence with the figures, citation; then parameters, receipt."""
    rows = []
    for reason in reasons:
        name, tone, word = REASONS[read(reason, "ok", None)]
        rows.append({"icon": name, "tone": tone, "word": word, "text": read(reason, "text"), "cite": read(reason, "cite"),
                     "by": read(reason, "by")})  # fmt: skip
    return {"rows": rows, "parameters": parameters, "receipt": receipt}


def _day_cell(day: Any, today: date | None) -> dict[str, Any]:
    """Return the words and classes of one day of a ribbon."""
    on, kind, count = read(day, "date"), str(read(day, "kind")), read(day, "n", None)
    on = date.fromisoformat(on) if isinstance(on, str) else on
    last = bool(read(day, "last", False))
    words = {"start": _("起算"), "off": _("休"), "pause": _("停表")}.get(kind, str(count or ""))
    told = {"start": _("起算日，不计"), "off": _("休，不计"), "pause": _("停表，不计")}.get(
        kind, _("第 {n} 日").format(n=count)
    )
    classes = [f"ls-day-{kind}"] if kind in ("start", "off", "pause") else []
    classes += ["ls-day-last"] * last + ["ls-day-today"] * (on == today)
    classes += ["ls-day-provisional"] * bool(read(day, "provisional", False))
    extra = [_("调休上班")] * (kind == "makeup") + [_("今天")] * (on == today) + [_("到期日")] * last
    return {
        "date": on,
        "day": f"{on.month}/{on.day}" if on.day == 1 or kind == "start" else str(on.day),
        "weekday": str(WEEKDAYS)[on.weekday()],
        "words": words,
        "flag": _("班") if kind == "makeup" else "",
        "classes": " ".join(classes),
        "title": "，".join([typography.date_words(on), told, *extra]),
    }


def _week_cells(days: Sequence[Any], today: date | None) -> list[dict[str, Any]]:
    """Return one cell a week for a long limit, each with the number its last counted day has."""
    weeks: dict[date, list[Any]] = {}
    for day in days:
        on = read(day, "date")
        on = date.fromisoformat(on) if isinstance(on, str) else on
        weeks.setdefault(on - timedelta(days=on.weekday()), []).append(day)
    cells = []
    for monday, members in weeks.items():
        counts = [read(day, "n", None) for day in members if read(day, "n", None)]
        last = any(read(day, "last", False) for day in members)
        here = today is not None and monday <= today < monday + timedelta(days=7)
        cells.append({
            "date": monday, "day": f"{monday.month}/{monday.day}", "weekday": _("周"),
            "words": str(max(counts)) if counts else _("休"), "flag": "",
            "classes": " ".join(["ls-day-off"] * (not counts) + ["ls-day-last"] * last + ["ls-day-today"] * here),
            "title": _("{monday}这一周，计 {n} 日").format(monday=typography.date_words(monday), n=len(counts)),
        })  # fmt: skip
    return cells


@register.inclusion_tag("ls/ribbon.html")
def ls_ribbon(derivation: Any, today: date | None = None) -> dict[str, Any]:
    """Draw how a limit was counted, day by day (week by week above 40 days).

    `derivation` has `days` ({date, kind: start, day, off, makeup or pause, n, last, provisional}) and the sentences
    `start_rule`, `pauses`, `extensions`, `calendar`, `consequence`; those it lacks are not shown.
    """
    days = read(derivation, "days", ())
    cells = _week_cells(days, today) if len(days) > RIBBON_DAYS else [_day_cell(day, today) for day in days]
    notes = (
        (_("起算"), "start_rule"), (_("中止"), "pauses"), (_("延长"), "extensions"),
        (_("不办的后果"), "consequence"), (_("历表"), "calendar"),
    )  # fmt: skip
    told = [(title, read(derivation, name)) for title, name in notes]
    return {"cells": cells, "notes": [(title, text) for title, text in told if text]}


@register.inclusion_tag("ls/consequence.html")
def ls_consequence(sentences: Sequence[str], title: str = "") -> dict[str, Any]:
    """Say what will happen before an act is done."""
    return {"sentences": sentences, "title": title or _("确认后会发生")}


@register.inclusion_tag("ls/diff.html")
def ls_diff(rows: Sequence[Any], caption: str = "") -> dict[str, Any]:
    """Show old and new side by side, by field or clause: rows of {path, kind: added, removed or changed, old, new}."""
    words = {"added": _("新增"), "removed": _("删去"), "changed": _("改动")}
    told = [
        {"path": str(Locator.parse(read(row, "path"))), "word": words[read(row, "kind")],
         "old": read(row, "old"), "new": read(row, "new")}
        for row in rows
    ]  # fmt: skip
    return {"rows": told, "caption": caption or _("新旧对照")}


@register.inclusion_tag("ls/pager.html")
def ls_pager(page: Any, target: str = "") -> dict[str, Any]:
    """Show where in a list the reader is, and the ways on and back."""
    first, shown = read(page, "first", 0), read(page, "shown", 0)
    return {"page": page, "first": first, "last": first + shown - 1, "target": target}


@register.inclusion_tag("ls/facets.html")
def ls_facets(facets: Sequence[Any], target: str = "") -> dict[str, Any]:
    """Show the ways to narrow a list, each with its count; every option is a link."""
    return {"facets": facets, "target": target}


@register.inclusion_tag("ls/chips.html")
def ls_chips(chips: Sequence[Any], target: str = "") -> dict[str, Any]:
    """Show the conditions in force, each with the way to take it off."""
    return {"chips": chips, "target": target}


@register.inclusion_tag("ls/tabs.html")
def ls_tabs(tabs: Sequence[Any], label: str, target: str = "") -> dict[str, Any]:
    """Show saved views or the parts of a record as tabs; each is a link."""
    return {"tabs": tabs, "label": label, "target": target}


@register.inclusion_tag("ls/counts.html")
def ls_counts(counts: Sequence[Any], label: str) -> dict[str, Any]:
    """Show a row of figures, each a link where it leads somewhere."""
    return {"counts": counts, "label": label}


@register.inclusion_tag("ls/empty.html")
def ls_empty(reason: str, href: str = "", act: str = "") -> dict[str, Any]:
    """Say which condition made a list empty and offer the one next act."""
    return {"reason": reason, "href": href, "act": act}


@register.inclusion_tag("ls/error.html")
def ls_error(error: Any) -> dict[str, Any]:
    """Say what happened, why, and what to do, with the code in small."""
    return {"error": error}


@register.inclusion_tag("ls/warnings.html")
def ls_warnings(warnings: Sequence[Any], total: int = 0) -> dict[str, Any]:
    """List what the reader should check: kind, sentence, the printed words, the place."""
    left = max(total - len(warnings), 0)
    more = _("另有 {n} 处，见各文件“修补与存疑”").format(n=left) if left else ""
    return {"warnings": warnings, "more": more}


@register.filter
def ls_moment(moment: datetime | None) -> str:
    """Show a time as `10月17日 15:04`, with the year when it is not this one's."""
    if moment is None:
        return "—"
    local = timezone.localtime(moment)
    return f"{typography.date_words(local.date(), timezone.localdate())} {local:%H:%M}"


@register.filter
def ls_label(clause: Any) -> str:
    """Show the label of a clause as print does: `一、`, `（一）`, `1.`, `第三条` and a blank."""
    label = str(read(clause, "label")).partition("~")[0]
    kind = str(read(clause, "kind"))
    if kind == "paragraph":
        return ""
    if kind == "dash":
        return "——"
    return typography.typeset(label) + LABEL_STOPS.get(kind, "")


@register.filter
def ls_run_in(heading: str) -> str:
    """Return the stop between a run-in heading and its text: none where the heading brings its own."""
    return "" if heading[-1:] in "。：:；;！？" else "。"


@register.filter
def one_group(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Give rows without groups to the table that shows groups."""
    return [{"title": "", "rows": rows}]


@register.filter
def thousands(number: int | None) -> str:
    """Show a count with separators."""
    return "—" if number is None else f"{number:,}"
