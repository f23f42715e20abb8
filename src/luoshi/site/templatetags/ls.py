"""The design system as template tags: each shared component once, with its words for screen readers.

A tag takes a mapping or any object with the same attributes, so that views may pass dataclasses and the design page
plain data. State is always told by shape and word before colour. The tags, all of them shown on /design/:

words   |typeset |ls_date |ls_moment |thousands |ls_label   `actor|may:"duty.see"` tells whether a control is offered
chips   ls_icon ls_cite ls_lamp ls_validity ls_due ls_bar ls_progress ls_level ls_emergency ls_masked ls_organs ls_tag
blocks  ls_holder ls_reasons ls_ribbon ls_days_left ls_derivation ls_due_open ls_consequence ls_diff ls_changes
        ls_evidence ls_timeline ls_two_hands
lists   ls_tabs ls_views ls_facets ls_chips ls_counts ls_pager ls_bulk ls_tick ls_import_preview
forms   ls_errors ls_field ls_select ls_check ls_hidden_version        states  ls_empty ls_error ls_warnings
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.citation import Locator
from luoshi.kernel.dues import Due
from luoshi.office.actors import Actor
from luoshi.office.permissions import may
from luoshi.site import derivation, drawing, ribbon, saved, typography

register = template.Library()

LAMPS = {
    "red": gettext_lazy("红"),
    "yellow": gettext_lazy("黄"),
    "green": gettext_lazy("绿"),
    "blue": gettext_lazy("蓝"),
    "grey": gettext_lazy("灰"),
    "paused": gettext_lazy("空"),
}
"""The colour's word of each lamp."""

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

LABEL_STOPS = {"cn": "、", "num": ".", "decimal": " "} | dict.fromkeys(
    ("article", "chapter", "section", "annex"), "\u3000"
)
"""What print puts between a clause's label and its words."""


def read(thing: Any, name: str, default: Any = "") -> Any:
    """Return `name` of a mapping or an object, `default` where it has none."""
    if isinstance(thing, Mapping):
        return thing.get(name, default)
    return getattr(thing, name, default)


# --- words ------------------------------------------------------------------------------------------------------------


@register.filter
def typeset(text: str | None) -> str:
    """Show canonical text with the full-width punctuation of Chinese print."""
    return typography.typeset(text) if text else ""


@register.filter
def ls_date(day: date | str | None, today: date | None = None) -> str:
    """Show a date as offices write it; the year is left out within the year of `today`."""
    return typography.date_words(day, today)


@register.filter
def ls_moment(moment: datetime | None) -> str:
    """Show a time as `10月17日 15:04`, with the year when it is not this one's."""
    if moment is None:
        return "—"
    local = timezone.localtime(moment)
    return f"{typography.date_words(local.date(), timezone.localdate())} {local:%H:%M}"


@register.filter
def ls_until(moment: datetime | None) -> str:
    """Show the end of a limit as officials write it: midnight is 24:00 of the day that ends."""
    if moment is None:
        return "—"
    local = timezone.localtime(moment)
    if (local.hour, local.minute, local.second) != (0, 0, 0):
        return ls_moment(moment)
    return f"{typography.date_words(local.date() - timedelta(days=1), timezone.localdate())} 24:00"


@register.filter
def thousands(number: int | None) -> str:
    """Show a count with separators."""
    return "—" if number is None else f"{number:,}"


@register.filter
def ls_label(clause: Any) -> str:
    """Show the label of a clause as print does: `一、`, `（一）`, `1.`, `第三条` and a blank."""
    label = str(read(clause, "label")).partition("~")[0]
    kind = str(read(clause, "kind"))
    if kind in ("paragraph", "dash"):
        return "——" if kind == "dash" else ""
    return typography.typeset(label) + LABEL_STOPS.get(kind, "")


@register.filter
def ls_run_in(heading: str) -> str:
    """Return the stop between a run-in heading and its text: none where the heading brings its own."""
    return "" if heading[-1:] in "。：:；;！？" else "。"


@register.filter
def one_group(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Give rows without groups to the table that shows groups."""
    return [{"title": "", "rows": rows}]


@register.filter(name="may")
def may_do(actor: Actor | None, key: str) -> bool:
    """Tell whether `actor` may do `key` somewhere; the act itself asks again, for its organ."""
    return actor is not None and may(actor, key)


# --- chips ------------------------------------------------------------------------------------------------------------


@register.simple_tag
def ls_icon(name: str, extra: str = "") -> SafeString:
    """Draw an icon; `extra` adds classes."""
    return drawing.icon(name, extra)


def _short_path(words: str) -> str:
    """Return a clause path that fits a chip: between annex and last label an ellipsis stands for the parts."""
    parts = words.split(" ")
    return f"{parts[0]}…{parts[-1]}" if len(parts) > 2 else words


@register.filter
def cited(rows: Sequence[Any], name: str = "cite") -> list[Any]:
    """Return rows whose `name` holds the text of a citation with the chip in its place; one question for all."""
    from luoshi.site import parameter_words

    listed = [dict(row) for row in rows]
    chips = parameter_words.cites({str(row[name]) for row in listed if row.get(name)})
    for row in listed:
        row[name] = chips.get(str(row[name])) if row.get(name) else None
    return listed


@register.simple_tag
def ls_cite(cite: Any, full: bool = False) -> SafeString:
    """Show a citation chip that opens the clause: in the drawer with scripts, as its own page without.

    `cite` has `number`, `short`, `path_words`, `href`, `text` (full form) and may have `lost` (text missing in print).
    """
    if not cite:
        return format_html('<span class="ls-muted">{}</span>', _("依据缺"))
    number, words, text, href = (read(cite, name) for name in ("number", "path_words", "text", "href"))
    shown = (number if full else read(cite, "short")) or number or text
    body = format_html(
        '<span class="visually-hidden">{} </span><span>{}</span>{}{}',
        _("依据"),
        typography.typeset(shown),
        format_html(" <b>{}</b>", words if full else _short_path(words)) if words else "",
        format_html("<i>{}</i>", _("缺")) if read(cite, "lost") else "",
    )
    title = text if words in text else f"{text or shown} {words}"
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
    tone = "grey" if state == "paused" else state
    return format_html('<span class="ls-lamp ls-t-{}">{}{} {}</span>', tone, drawing.lamp(state), LAMPS[state], words)


@register.simple_tag
def ls_validity(validity: Any, stamp: bool = False) -> SafeString:
    """Show whether an instrument is in force on the date looked at; `stamp` draws the boxed form."""
    tone, name, word = VALIDITY[str(read(validity, "state", "unknown"))]
    return format_html(
        '<span class="{} ls-t-{}">{}{}</span>',
        "ls-stamp" if stamp else "ls-lamp",
        tone,
        drawing.icon(name),
        read(validity, "words") or word,
    )


@register.simple_tag
def ls_due(due: Any, href: str = "") -> SafeString:
    """Show a due chip: elapsed pie, words with their unit, the day. `href` leads to how it was worked out.

    `due` has `words`, `date_words`, `title` and `state`: none, plenty, near, today, late, past (nobody keeps track),
    open, recurring, paused, done. It may have `elapsed` (0 to 1) and `provisional` (that year is not yet announced).
    """
    state, words, day = str(read(due, "state", "none")), read(due, "words"), read(due, "date_words")
    if state == "none":
        return format_html('<span class="ls-muted">{}</span>', words or _("未写时限"))
    provisional = bool(read(due, "provisional", False))
    body = format_html(
        "{}<b>{}</b>{}{}",
        drawing.pie(state, read(due, "elapsed", None)),
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
def ls_bar(done: float, planned: float | None = None, tone: str = "green") -> SafeString:
    """Draw an achieved/target bar, both in percent of the target, with a tick where the plan should be today."""
    label = _("完成 {done} %").format(done=f"{done:g}")
    if planned is not None:
        label += _("，按计划应为 {planned} %").format(planned=f"{planned:g}")
    return drawing.bar(done, planned, tone, label)


@register.simple_tag
def ls_progress(percent: int, label: str) -> SafeString:
    """Draw the progress of a job; screen readers hear it in steps of 25 %."""
    return format_html(
        '<div role="progressbar" aria-label="{}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{}">'
        '<svg class="ls-progress ls-progress-tall" aria-hidden="true"><rect width="100%" height="100%" fill="#EDF1F2"/>'
        '<rect width="{}%" height="100%" fill="#126374"/></svg></div>',
        label,
        percent - percent % 25,
        percent,
    )


@register.simple_tag
def ls_level(bars: int) -> SafeString:
    """Show a warning level: four bars of which `bars` are filled, the colour's word and the grade."""
    word, grade, tone = LEVELS[bars]
    grade_word = _("{grade}级").format(grade=grade)
    return format_html('<span class="ls-level ls-t-{}">{}{} {}</span>', tone, drawing.level(bars), word, grade_word)


@register.simple_tag
def ls_emergency(warning: Any) -> SafeString:
    """Show the warning in force across the page: level in bars and words, what it says, where to."""
    bars = int(read(warning, "level", 1))
    return format_html(
        '<div class="ls-emergency ls-emergency-{}" role="status">{} <b>{}</b> <a href="{}">{}</a></div>',
        LEVELS[bars][2],
        ls_level(bars),
        read(warning, "words"),
        read(warning, "href"),
        _("看措施"),
    )


@register.simple_tag
def ls_masked(value: str, href: str = "", kind: str = "") -> SafeString:
    """Show a sensitive value with its middle hidden; `href` leads to where a purpose is stated to see it.

    `kind` id (6 and 4 left), phone (3 and 4), account (last 4), name (first character); else first and last 4.
    """
    hidden = _masked(value, kind)
    link = format_html(' <a class="ls-link" href="{}">{}</a>', href, _("查看（写明用途）")) if href else ""
    return format_html('<span class="ls-nowrap" title="{}">{}</span>{}', _("中间几位不显示"), hidden, link)


def _masked(value: str, kind: str) -> str:
    if kind == "name":
        return value[:1] + "*" * max(len(value) - 1, 1)
    first, last = {"id": (6, 4), "phone": (3, 4), "account": (0, 4)}.get(kind, (4, 4))
    if len(value) <= first + last:
        return "*" * len(value)
    return value[:first] + "*" * max(len(value) - first - last, 4) + value[-last:]


@register.simple_tag
def ls_tag(words: str, tone: str = "") -> SafeString:
    """Show a short word in a box: `待复核`, `演练`; `tone` red, yellow, green, blue or orange."""
    return format_html('<span class="ls-tag{}">{}</span>', f" ls-tag-{tone}" if tone else "", words)


@register.simple_tag
def ls_organs(organs: Sequence[Any], limit: int = 2) -> SafeString:
    """Name the organs of a duty, each a link to all it owes; more than `limit` become a count."""
    if not organs:
        return format_html('<span class="ls-muted">{}</span>', _("未写明"))
    links = format_html_join(
        "、", '<a href="{}">{}</a>', ((read(organ, "href"), read(organ, "name")) for organ in organs[:limit])
    )
    if len(organs) <= limit:
        return links
    names = "、".join(str(read(organ, "name")) for organ in organs)
    count = _("等 {count} 个").format(count=len(organs))
    return format_html('{}<span class="ls-muted" title="{}"> {}</span>', links, names, count)


# --- blocks -----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ls/holder.html")
def ls_holder(holder: Any) -> dict[str, Any]:
    """Show who has a thing now, since when, and who is next.

    `holder` has `name`, `post`, `since` and may have `next` (list of {name, post}), `automatic`, `applicant`, `vacant`.
    """
    return {"holder": holder, "sign": str(read(holder, "name"))[-1:]}


@register.inclusion_tag("ls/reasons.html")
def ls_reasons(reasons: Sequence[Any], parameters: Sequence[Any] = (), receipt: str = "") -> dict[str, Any]:
    """List why a computed value is what it is: sign, sentence with the figures, citation; then parameters, receipt."""
    rows = []
    for reason in reasons:
        name, tone, word = REASONS[read(reason, "ok", None)]
        rows.append(
            {"icon": name, "tone": tone, "word": word} | {key: read(reason, key) for key in ("text", "cite", "by")}
        )
    return {"rows": rows, "parameters": parameters, "receipt": receipt}


@register.inclusion_tag("ls/ribbon.html")
def ls_ribbon(due: Due, today: date | None = None) -> dict[str, Any]:
    """Draw how the kernel counted a limit: the days, then its steps in words."""
    return {"cells": ribbon.cells(due.cells, today), "steps": due.steps, "calendar": due.calendar_version}


@register.inclusion_tag("ls/ribbon.html")
def ls_days_left(due_on: date | None, today: date) -> dict[str, Any]:
    """Draw the days from `today` to a printed date, working days numbered; nothing where it is past or far off."""
    days = ribbon.days_left(today, due_on, announced_calendar()) if due_on else ()
    return {"cells": ribbon.cells(days, today)}


@register.inclusion_tag("ls/derivation.html")
def ls_derivation(due: Any, today: date | None = None, silence: str = "", cite: Any = None) -> dict[str, Any]:
    """Draw how a limit was counted, then start rule, pauses and extensions, calendar, and what silence brings about.

    `due` is the kernel's `Due`; `silence` says what happens when nobody acts; `cite` is the clause of the limit.
    """
    return derivation.context(due, today, silence) | {"cite": cite}


@register.inclusion_tag("ls/due_open.html")
def ls_due_open(chip: Any, due: Any, today: date | None = None, silence: str = "", cite: Any = None) -> dict[str, Any]:
    """Show a due chip that unfolds its derivation; works without scripts. `chip` as for `ls_due`, rest as above."""
    return derivation.context(due, today, silence) | {"chip": chip, "cite": cite}


@register.inclusion_tag("ls/consequence.html")
def ls_consequence(sentences: Sequence[str]) -> dict[str, Any]:
    """Say what will happen before an act is done."""
    return {"sentences": sentences}


@register.inclusion_tag("ls/diff.html")
def ls_diff(rows: Sequence[Any]) -> dict[str, Any]:
    """Show old and new side by side by clause: rows of {path, kind: added, removed or changed, old, new}."""
    words = {"added": _("新增"), "removed": _("删去"), "changed": _("改动")}
    return {
        "rows": [
            {
                "path": str(Locator.parse(read(row, "path"))),
                "word": words[read(row, "kind")],
                "old": read(row, "old"),
                "new": read(row, "new"),
            }
            for row in rows
        ]
    }


@register.inclusion_tag("ls/changes.html")
def ls_changes(rows: Sequence[Any], caption: str = "") -> dict[str, Any]:
    """Show old → new by field: rows of {label, old, new}; what is equal is left out."""
    changed = [row for row in rows if read(row, "old") != read(row, "new")]
    return {"rows": changed, "caption": caption or _("改动")}


@register.inclusion_tag("ls/evidence.html")
def ls_evidence(items: Sequence[Any]) -> dict[str, Any]:
    """Show files of evidence as tiles: {title, href, note, at (datetime), place, digest, flags: [words], picture}."""
    return {"items": items}


@register.inclusion_tag("ls/timeline.html")
def ls_timeline(events: Sequence[Any], label: str = "") -> dict[str, Any]:
    """Show what happened and what will, newest first: {at, words, note, kind: person, auto, now or future, href}."""
    return {"events": events, "label": label or _("经过")}


@register.inclusion_tag("ls/two_hands.html")
def ls_two_hands(pair: Any) -> dict[str, Any]:
    """Show who prepares and who confirms, side by side; stands inside the page's `<form method="post">`.

    `pair` has `first` and `second`, each {name, post, at (datetime of the signature or None), you (bool), note}, and
    may have `consequence` (sentences), `void` (why an earlier signature no longer counts), `act` {name, value, words,
    next: whom it goes to}, `back` {name, value, words}: the buttons, left out where the actor may not act.
    """
    act = read(pair, "act", None)
    words = ""
    if act:
        words = read(act, "words") + (_("，送{name}").format(name=read(act, "next")) if read(act, "next") else "")
    return {"pair": pair, "act": act, "act_words": words}


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


@register.inclusion_tag("ls/views.html", takes_context=True)
def ls_views(context: Any, name: str, tabs: Sequence[Any], label: str, target: str = "") -> dict[str, Any]:
    """Show the given tabs, then the person's own saved views of the list `name`, then the way to save the present one.

    A saved view is the query of the list without paging; the present one is saved from the address of the page.
    """
    request = context.get("request")
    return saved.tabs_of(request, name, tabs) | {
        "label": label,
        "target": target,
        "csrf_token": context.get("csrf_token"),
        "readonly": context.get("readonly"),
    }


@register.inclusion_tag("ls/bulk.html")
def ls_bulk(acts: Sequence[Any], shown: int = 0) -> dict[str, Any]:
    """Show the bar of acts on ticked rows: acts of {name, value, words}; stands with `ls_tick`s in one form.

    Without scripts it is always there; with them it appears when a row is ticked and says how many are.
    """
    return {"acts": acts, "shown": shown}


@register.simple_tag
def ls_tick(value: Any, words: str, name: str = "row") -> SafeString:
    """Show the box that ticks a row; `words` name the row for a screen reader. An empty value ticks all of the page."""
    every = mark_safe(" data-ls-tick-all") if value == "" else ""
    return format_html(
        '<label class="ls-tick"><input class="form-check-input" type="checkbox" {}value="{}"{}>'
        '<span class="visually-hidden">{}</span></label>',
        "" if every else format_html('name="{}" ', name),
        value,
        every or mark_safe(" data-ls-tick"),
        words,
    )


@register.inclusion_tag("ls/import_preview.html")
def ls_import_preview(preview: Any) -> dict[str, Any]:
    """Show what an import would do, row by row; nothing is written yet.

    `preview` has `counts` ({new, changed, same, faulty}), `columns` (titles), `rows` of {number, kind: new, changed,
    same or faulty, cells: [{value, fault}]}, and may have `more` (rows not shown), `faults_href` (faults as Excel).
    """
    counts = read(preview, "counts", {})
    words = (("new", _("新增")), ("changed", _("改")), ("same", _("不变")), ("faulty", _("错")))
    kinds = dict(words)
    faulty, rows = 0, []
    for row in read(preview, "rows", ()):
        cells, first = [], True
        for cell in read(row, "cells", ()):
            fault = read(cell, "fault")
            faulty += bool(fault)
            cells.append({"value": read(cell, "value"), "fault": fault, "id": f"fault-{faulty}" if fault else ""})
            first = False
        rows.append({"number": read(row, "number"), "word": kinds[read(row, "kind", "same")],
                     "faulty": read(row, "kind") == "faulty", "cells": cells, "empty": first})  # fmt: skip
    for row in rows:
        for cell in row["cells"]:
            if cell["id"]:
                after = int(cell["id"].removeprefix("fault-")) + 1
                cell["next"] = f"#fault-{after}" if after <= faulty else ""
    return {
        "counts": [{"title": word, "value": read(counts, key, 0), "href": "#fault-1" if key == "faulty" and faulty
                    else "", "note": "", "bad": key == "faulty" and read(counts, key, 0)} for key, word in words],
        "columns": read(preview, "columns", ()), "rows": rows, "faulty": faulty,
        "more": read(preview, "more", 0), "faults_href": read(preview, "faults_href"),
    }  # fmt: skip


# --- forms ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ls/errors.html")
def ls_errors(errors: Any) -> dict[str, Any]:
    """Show why a form was not taken, each fault a link to its field: {field name: sentence}; "" is the form's own."""
    listed = [{"href": f"#f-{name}" if name else "", "message": words} for name, words in dict(errors or {}).items()]
    return {"errors": listed}


@register.inclusion_tag("ls/field.html")
def ls_field(
    name: str,
    label: str,
    value: Any = "",
    *,
    errors: Mapping[str, str] | None = None,
    hint: str = "",
    kind: str = "text",
    required: bool = False,
    autocomplete: str = "off",
    maxlength: int = 200,
    rows: int = 3,
) -> dict[str, Any]:
    """Show one field with label, hint and fault; `kind` is an input type, `area` for several lines."""
    return {"name": name, "label": label, "value": value, "error": (errors or {}).get(name, ""), "hint": hint,
            "kind": kind, "required": required, "autocomplete": autocomplete, "maxlength": maxlength,
            "rows": rows}  # fmt: skip


@register.inclusion_tag("ls/select.html")
def ls_select(
    name: str,
    label: str,
    options: Sequence[Any],
    value: Any = "",
    *,
    errors: Mapping[str, str] | None = None,
    hint: str = "",
    required: bool = False,
) -> dict[str, Any]:
    """Show a choice: `options` are (value, words) pairs."""
    return {"name": name, "label": label, "options": [(str(key), words) for key, words in options],
            "value": str(value), "error": (errors or {}).get(name, ""), "hint": hint, "required": required}  # fmt: skip


@register.simple_tag
def ls_check(name: str, label: str, checked: bool = False, value: str = "1") -> SafeString:
    """Show one box to tick with its words."""
    return format_html(
        '<label class="ls-check"><input class="form-check-input" type="checkbox" name="{}" value="{}"{}> '
        "<span>{}</span></label>",
        name,
        value,
        mark_safe(" checked") if checked else "",
        label,
    )


@register.simple_tag
def ls_hidden_version(version: int) -> SafeString:
    """Carry the version a form was opened at, so that a change made meanwhile is noticed (E_VERSION)."""
    return format_html('<input type="hidden" name="version" value="{}">', version)


# --- rows of figures, states ------------------------------------------------------------------------------------------


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
    """List what the reader should check: kind, sentence, the printed words, the place; then how many are left out."""
    left = max(total - len(warnings), 0)
    return {"warnings": warnings, "more": _("另有 {n} 处，见各文件“修补与存疑”").format(n=left) if left else ""}
