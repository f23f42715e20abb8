"""Acts on a case as forms: fields from what a step asks for, what was typed, what will happen."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Ask, Limit, Step
from luoshi.office.cases import asks as office_asks
from luoshi.office.cases import clocks
from luoshi.office.cases.actions import Upload
from luoshi.office.cases.models import CaseClock
from luoshi.office.cases.offers import Offer
from luoshi.office.cases.replay import Whole
from luoshi.office.notices.kinds import kinds
from luoshi.site.case_rows import until_words

PREFIX = "ask-"
"""What stands before the name of a field a step asks for, so that it meets no field of the form itself."""
_LONGEST = office_asks.LONGEST
_INPUTS = {"date": "date", "moment": "datetime-local", "integer": "text", "decimal": "text", "money": "text"}
_HINTS = {
    "money": gettext_lazy("单位元，至多两位小数"),
    "integer": gettext_lazy("整数"),
    "decimal": gettext_lazy("数"),
    "list": gettext_lazy("一行一项"),
    "file": gettext_lazy("PDF、图片、Word、Excel、文本；按指纹保存，不能改"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form: how it is drawn, what stands in it."""

    name: str
    label: str
    kind: str
    input: str
    value: Any
    hint: str
    required: bool
    options: list[tuple[str, str]]
    most: int


def fields(asks: Sequence[Ask], values: Mapping[str, Any]) -> list[Field]:
    """Return the fields of what a step asks for; `values` are what was typed, by the form's names."""
    return [_field(ask, values.get(PREFIX + ask.name, "")) for ask in asks]


def _field(ask: Ask, value: Any) -> Field:
    hint = "；".join(str(part) for part in (ask.help, _HINTS.get(ask.type, "")) if part)
    options = [("", _("请选一项")), *ask.choices.items()] if ask.type == "choice" else []
    most = _LONGEST if ask.type in ("long", "list") else 400
    return Field(
        PREFIX + ask.name, ask.title, ask.type, _INPUTS.get(ask.type, "text"), value, hint,
        ask.required and ask.type != "tick", options, most,
    )  # fmt: skip


def given(asks: Sequence[Ask], data: QueryDict, files: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form gives for what is asked: files with their bytes, lists line by line; E_TOO_LARGE."""
    found: dict[str, Any] = {}
    for ask in asks:
        name = PREFIX + ask.name
        if ask.type == "file":
            if (sent := files.get(name)) is not None:
                found[ask.name] = upload(sent, name)
        elif ask.type == "list":
            found[ask.name] = [line.strip() for line in data.get(name, "").splitlines() if line.strip()]
        elif ask.type == "money":
            found[ask.name] = data.get(name, "").replace(",", "").replace("，", "").strip()
        elif name in data:
            found[ask.name] = data.get(name, "")
    return found


def upload(sent: UploadedFile[bytes], field: str) -> Upload:
    """Return a file of a form with its bytes; E_TOO_LARGE before anything is read."""
    bound = settings.UPLOAD_BYTES
    if (sent.size or 0) > bound:
        message = _("“%(name)s”超过上限 %(n)d MB。请压缩或拆分后再传。") % {
            "name": sent.name,
            "n": bound // 1024 // 1024,
        }
        raise LuoshiError("E_TOO_LARGE", message, fields={"fields": {field.removeprefix(PREFIX): message}})
    return sent.name or _("未命名"), sent.read()


def typed(data: QueryDict) -> dict[str, str]:
    """Return what was typed into the form, so that nothing is lost when it is shown again."""
    left_out = ("csrfmiddlewaretoken", "revision", "seen", "_key", "then")
    return {name: str(data[name])[:4100] for name in data if name not in left_out}


def faults(error: LuoshiError | None, asks: Sequence[Ask] = ()) -> dict[str, str]:
    """Return a refusal by field of the form; "" for the form itself."""
    if error is None or error.code == "E_VERSION":
        return {}
    named = error.fields.get("fields")
    if isinstance(named, Mapping) and named:
        known = {ask.name for ask in asks}
        return {PREFIX + name if name in known else str(name): str(text) for name, text in named.items()}
    field = error.fields.get("field", "")
    return {field if isinstance(field, str) else "": error.message}


def shown(ask: Ask, value: Any) -> str:
    """Return what was given as a page shows it."""
    if value in (None, ""):
        return _("未填")
    if ask.type == "choice":
        return ask.choices.get(str(value), str(value))
    if ask.type == "tick":
        return _("是") if value else _("否")
    if ask.type == "money":
        return _("%s 元") % f"{int(value) / 100:,.2f}"
    if ask.type == "list" and isinstance(value, list):
        return "、".join(str(one) for one in value[:20]) + ("…" if len(value) > 20 else "")
    if ask.type == "moment":
        return str(value)[:16].replace("T", " ")
    return str(value)


# --- what will happen -------------------------------------------------------------------------------------------------


def consequence(found: Whole, offer: Offer) -> list[str]:
    """Return what will happen when a step is taken, in sentences, before it is."""
    step, procedure = offer.step, found.procedure
    sentences = []
    if step.kind == "joint":
        spoken = {voice.party for voice in found.voices if voice.step == step.key and voice.agrees
                  and voice.round == found.case.entered_event}  # fmt: skip
        waiting = [key for key in step.by if key not in spoken and (offer.party is None or key != offer.party.party)]
        if waiting:
            names = "、".join(procedure.parties[key].title for key in waiting)
            return [_("记下本单位的意见，不能再改"), _("还等%s，都同意后才往下走") % names]
        sentences.append(_("您是最后一家：同意即往下走"))
    to = procedure.states[step.to] if step.to else found.state
    if to.key == found.state.key:
        sentences.append(_("仍是“%s”，期限不变") % to.title)
    else:
        sentences.append(_("由“%(old)s”转为“%(new)s”") % {"old": found.state.title, "new": to.title})
    if to.ends:
        sentences.append(_("办结：只能看，不能再改；要改须另走重开的步骤"))
    elif to.key != found.state.key:
        sentences += _whose_turn(found, to.key)
    sentences += _limits(found, step)
    papers = {key: kind.title for key, kind in kinds().items()}
    if step.issues:
        sentences.append(_("制作：%s") % "、".join(papers.get(key, key) for key in step.issues))
    return sentences


def _whose_turn(found: Whole, state: str) -> list[str]:
    keys = dict.fromkeys(
        party
        for step in found.procedure.steps_from(state)
        if step.by_person and not step.aside and not step.counter_of
        for party in step.by
    )
    return (
        [_("轮到%s办理，他们收到消息") % "、".join(found.procedure.parties[key].title for key in keys)] if keys else []
    )


def _limits(found: Whole, step: Step) -> list[str]:
    sentences = []
    running = {view.row.limit: view for view in found.running}
    today = day_of(found.now)
    for view in running.values():
        if view.limit is not None and step.key in view.limit.until:
            late = found.now >= view.until and not view.provisional
            how = _("记为逾期办成") if late else _("按期")
            sentences.append(_("“%(limit)s”停止计算，%(how)s") % {"limit": view.limit.title, "how": how})
    for limit in found.procedure.limits.values():
        if step.key not in limit.starts or (step.to and limit.during and step.to not in limit.during):
            continue
        if limit.key in running and step.key not in limit.resets and step.key not in limit.starts:
            continue
        if (end := _end_of(found, limit)) is not None:
            words = until_words(end.until, inclusive=end.inclusive, today=today)
            sentences.append(_("“%(limit)s”起算，到 %(end)s") % {"limit": limit.title, "end": words})
    return sentences


def _end_of(found: Whole, limit: Limit) -> Any:
    """Return the end a limit would have if it began now; None where that hangs on what is not known yet."""
    if found.turn is None or any(
        found.case.facts.get(name) in (None, "") for name in (limit.at_fact, limit.event_fact) if name
    ):
        return None
    try:
        values = found.turn.book.values(found.procedure.programme, found.case.rules_on) if limit.parameter else {}
        rule = clocks.rule_of(limit, values, found.case.facts)
        return clocks.due_of(rule, found.now, found.calendar)
    except LuoshiError:
        return None


def prolonged(found: Whole, key: str) -> list[str]:
    """Return what prolonging a limit brings about."""
    view = next(one for one in found.running if one.row.limit == key)
    limit = view.limit
    assert limit is not None
    assert limit.extension is not None
    n, unit = _span(limit.extension.by)
    added = [*view.extensions, {"n": n, "unit": unit}]
    due = clocks.due_of(view.row.rule, view.row.started_at, found.calendar, pauses=view.pauses, extensions=added,
                        as_of=day_of(found.now))  # fmt: skip
    today = day_of(found.now)
    left = limit.extension.most - len(added)
    return [
        _("“%(limit)s”由 %(old)s 延到 %(new)s") % {
            "limit": limit.title,
            "old": until_words(view.until, inclusive=view.inclusive, today=today),
            "new": until_words(due.until, inclusive=due.inclusive, today=today),
        },
        _("还可再延 %d 次") % left if left else _("以后不能再延"),
    ]  # fmt: skip


def _span(text: str) -> tuple[int, str]:
    from luoshi.kernel.procedures import read_span

    return read_span(text)


def paused(found: Whole, kind: str) -> list[str]:
    """Return what stopping the limits on a ground brings about."""
    names = "、".join(
        view.limit.title for view in found.running
        if view.limit is not None and kind in view.limit.pauses and view.state == CaseClock.State.RUNNING
    )  # fmt: skip
    return [_("%s：今天照计，从明天起不计，直到恢复那天（含）") % names, _("停表期间到期不发生任何后果")]


def resumed(found: Whole, kind: str) -> list[str]:
    """Return what letting the limits go on brings about."""
    sentences = []
    for view in found.running:
        if not any(one["kind"] == kind and not one["ends"] for one in view.pauses):
            continue
        ended = [one if one["ends"] or one["kind"] != kind else {**one, "ends": found.now.isoformat()}
                 for one in view.pauses]  # fmt: skip
        due = clocks.due_of(view.row.rule, view.row.started_at, found.calendar, pauses=ended,
                            extensions=view.extensions, as_of=day_of(found.now))  # fmt: skip
        words = until_words(due.until, inclusive=due.inclusive, today=day_of(found.now))
        title = view.limit.title if view.limit else view.row.limit
        sentences.append(_("“%(limit)s”继续计算，到 %(end)s") % {"limit": title, "end": words})
    return sentences


# --- acts beside the steps --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Act:
    """An act beside the steps: its button, what is said when it is done, its icon."""

    key: str
    title: str | Promise
    words: str | Promise
    said: str | Promise
    icon: str


ACTS: Mapping[str, Act] = {
    act.key: act
    for act in (
        Act(
            "resume",
            gettext_lazy("恢复计时"),
            gettext_lazy("恢复计时"),
            gettext_lazy("已恢复计时，期限已顺延。"),
            "player-play",
        ),
        Act(
            "pause",
            gettext_lazy("停表"),
            gettext_lazy("从现在停表"),
            gettext_lazy("已停表，期限从明天起不走。"),
            "player-pause",
        ),
        Act(
            "extend",
            gettext_lazy("延长期限"),
            gettext_lazy("延长"),
            gettext_lazy("期限已延长，原截止日留着。"),
            "calendar-plus",
        ),
        Act(
            "papers",
            gettext_lazy("存入材料"),
            gettext_lazy("存入卷内"),
            gettext_lazy("材料已存入卷内，期限不变。"),
            "paperclip",
        ),
        Act(
            "reassign",
            gettext_lazy("移交单位"),
            gettext_lazy("移交"),
            gettext_lazy("已移交，期限不变。"),
            "exchange",
        ),
        Act(
            "move",
            gettext_lazy("换程序版本"),
            gettext_lazy("改按这一版办"),
            gettext_lazy("已改按所选版本办理。"),
            "arrows-diff",
        ),
    )
}
"""In the order of the menu."""


def open_acts(found: Whole) -> list[Act]:
    """Return the acts beside the steps that are open to whoever looks."""
    acts = found.acts
    open_to = {"pause": acts.pause, "resume": acts.resume, "extend": acts.extend, "papers": acts.paper,
               "reassign": acts.reassign, "move": acts.move}  # fmt: skip
    return [act for act in ACTS.values() if open_to[act.key]]


def local_input(moment: datetime.datetime) -> str:
    """Return a moment as a field of the page takes it."""
    return f"{local(moment):%Y-%m-%dT%H:%M}"
