"""Papers in words for their pages: states, channels with their proof, what happened, the fields of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.clock import local
from luoshi.kernel.money import Money
from luoshi.office.accounts.organs import choices, titles
from luoshi.office.notices.facts import Field
from luoshi.office.notices.kinds import CHANNELS, Kind
from luoshi.office.notices.models import Notice, Publication
from luoshi.site.typography import date_words

STATES = {
    "draft": (gettext_lazy("草稿"), ""),
    "checked": (gettext_lazy("已核稿"), "blue"),
    "signed": (gettext_lazy("已签发"), "green"),
    "issued": (gettext_lazy("已印发"), "green"),
    "void": (gettext_lazy("作废"), "red"),
    "withdrawn": (gettext_lazy("已撤回"), ""),
}
"""The word and the colour of a paper's state."""
PUBLISHED = {
    "waiting": (gettext_lazy("待发"), "yellow"),
    "sent": (gettext_lazy("已送出"), "blue"),
    "done": (gettext_lazy("已送达"), "green"),
    "failed": (gettext_lazy("未送出"), "red"),
    "withheld": (gettext_lazy("演练未发"), ""),
    "withdrawn": (gettext_lazy("已撤下"), ""),
}
"""The word and the colour of a publication's state."""
CHANNEL_WORDS = {
    "web": gettext_lazy("公开页"), "feed": gettext_lazy("订阅源"), "mail": gettext_lazy("电子邮件"),
    "sms": gettext_lazy("短信"), "inside": gettext_lazy("站内送达"), "wechat": gettext_lazy("微信"),
    "weibo": gettext_lazy("微博"), "tv": gettext_lazy("电视"), "radio": gettext_lazy("广播"),
    "screen": gettext_lazy("户外屏"), "press": gettext_lazy("新闻发布"), "board": gettext_lazy("公示栏"),
    "hand": gettext_lazy("直接送达"), "post": gettext_lazy("邮寄"),
}  # fmt: skip
assert set(CHANNEL_WORDS) == set(CHANNELS)
STEPS = ("draft", "checked", "signed", "issued")


def state_of(row: Notice) -> dict[str, str]:
    """Return a state's word and colour."""
    word, tone = STATES[row.state]
    return {"word": str(word), "tone": tone}


def series_of(kind: Kind) -> str:
    """Return the issuers' words of a kind's numbers."""
    return "、".join(word for _organ, word in kind.words_of_organs) or kind.series


def issuers_of(kind: Kind) -> str:
    """Return who may issue a kind: one organ by name, several as a count."""
    if len(kind.organs) > 1:
        return _("%d 个单位") % len(kind.organs)
    return titles([kind.organ])[kind.organ]


def row_of(row: Notice, kinds: Mapping[str, Kind], organs: Mapping[str, str]) -> dict[str, Any]:
    """Return a paper as a row of the list."""
    kind = kinds.get(row.kind)
    return {
        "href": reverse("notice", args=[row.pk]),
        "number": row.number_text,
        "title": row.title,
        "kind": kind.title if kind else row.kind,
        "organ": organs.get(row.organ, row.organ),
        "state": state_of(row),
        "marks": ["演练"] if row.exercise else [],
        "day": row.dated,
        "drafted_at": row.drafted_at,
        "who": row.signed_name or row.drafted_name,
        "asked": row.void_asked_at is not None and row.state != Notice.State.VOID,
        "channels": [
            {"word": str(CHANNEL_WORDS[channel]), "state": str(PUBLISHED[state][0]), "tone": PUBLISHED[state][1]}
            for channel, state in getattr(row, "channel_states", [])
        ],
    }


def steps_of(row: Notice) -> list[dict[str, str]]:
    """Return the four steps of a paper, as the bar shows them."""
    notes = {
        "draft": f"{row.drafted_name} {_when(row.drafted_at)}",
        "checked": f"{row.checked_name} {_when(row.checked_at)}" if row.checked_at else "",
        "signed": f"{row.signed_name} {_when(row.signed_at)}" if row.signed_at else "",
        "issued": _when(row.issued_at) if row.issued_at else "",
    }
    here = {"void": "issued", "withdrawn": "draft"}.get(row.state, row.state)
    place = STEPS.index(here)
    titles_ = {"draft": _("拟稿"), "checked": _("核稿"), "signed": _("签发"), "issued": _("印发、公开")}
    found = []
    for n, key in enumerate(STEPS):
        note = notes[key]
        if key == "checked" and row.signed and not row.checked_at:
            note = _("未经核稿")
        state = "here" if n == place else "done" if n < place else "next"
        found.append({"title": titles_[key], "note": note, "state": state})
    return found


def _when(moment: Any) -> str:
    return f"{date_words(local(moment).date())} {local(moment):%H:%M}" if moment else ""


def published(row: Publication, organs: Mapping[str, str], actor_organs: frozenset[str] | None) -> dict[str, Any]:
    """Return a publication with its proof in words; `actor_organs` are those the reader may sign for."""
    word, tone = PUBLISHED[row.state]
    mine = row.channel == "inside" and row.state == "sent" and (actor_organs is None or row.target in actor_organs)
    return {
        "id": row.pk,
        "channel": str(CHANNEL_WORDS[row.channel]),
        "key": row.channel,
        "target": organs.get(row.target, row.target),
        "word": str(_("未签收")) if row.channel == "inside" and row.state == "sent" else str(word),
        "tone": "yellow" if row.channel == "inside" and row.state == "sent" else tone,
        "at": row.sent_at,
        "proof": proof_words(row),
        "href": row.proof.get("href", "") if row.state == "done" else "",
        "error": row.error,
        "next": row.next_try_at,
        "attempts": row.attempts,
        "total": row.total,
        "file": row.proof.get("file"),
        "file_name": row.proof.get("file_name", ""),
        "receives": mine,
        "by_hand": row.channel not in ("web", "feed", "mail", "sms", "inside") and row.state in ("waiting", "done"),
        "registered": row.state == "done",
        "retries": row.state == "failed",
        "takes_down": row.state in ("waiting", "failed")
        or (row.state == "done" and row.channel in ("web", "feed", "board")),
    }  # fmt: skip


def proof_words(row: Publication) -> str:
    """Return in a sentence what shows that a paper was delivered."""
    proof = row.proof
    if row.state == "withheld":
        return _("演练，没有对外发送。") + (_("真发时有 %d 个接收方。") % row.total if row.total > 1 else "")
    if row.state == "withdrawn":
        return str(_("已撤下：%s") % proof.get("withdrawn", ""))
    if row.channel in ("web", "feed") and proof.get("digest"):
        return str(_("内容指纹 %s") % proof["digest"][:16])
    if row.channel == "inside" and proof.get("received_by"):
        return str(_("%(who)s签收") % {"who": proof["received_by"]})
    if row.channel in ("mail", "sms"):
        told = [_("共 %s 个接收方") % f"{row.total:,}"]
        if "handed" in proof:
            told.append(_("已交 %s 个") % f"{proof['handed']:,}")
        if proof.get("skipped"):
            told.append(_("略过无效或重复 %s 个") % f"{proof['skipped']:,}")
        if row.channel == "sms" and proof.get("answer", {}).get("body"):
            told.append(_("网关答复 %s") % str(proof["answer"]["body"])[:60])
        return "，".join(told)
    if proof.get("words"):
        reach = _("，覆盖约 %s 人") % f"{proof['reach']:,}" if proof.get("reach") else ""
        return f"{proof['words']}{reach}（{proof.get('by', '')}{_('登记')}）"
    return ""


def events_of(row: Notice, sent: Sequence[Publication], organs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what happened to a paper, newest first."""
    found: list[tuple[Any, str, str]] = [(row.drafted_at, _("%s 拟稿") % row.drafted_name, "")]
    if row.checked_at:
        found.append((row.checked_at, _("%s 核稿") % row.checked_name, ""))
    if row.signed_at:
        found.append((row.signed_at, _("%s 签发") % row.signed_name, row.number_text))
    for one in sent:
        where = str(CHANNEL_WORDS[one.channel]) + (f"：{organs.get(one.target, one.target)}" if one.target else "")
        found.append((one.made_at, _("%(who)s 送%(where)s") % {"who": one.made_name, "where": where}, ""))
    if row.void_asked_at:
        found.append((row.void_asked_at, _("%s 提出作废") % row.void_asked_name, row.void_reason))
    if row.void_at:
        found.append((row.void_at, _("%s 确认作废") % row.void_name, row.void_reason))
    # Of what was done in one moment the later act stands first.
    found = [one for _place, one in sorted(enumerate(found), key=lambda pair: (pair[1][0], pair[0]), reverse=True)]
    return [{"at": _when(at), "words": words, "note": note, "kind": "person", "href": ""} for at, words, note in found]


# --- the form of the fields -------------------------------------------------------------------------------------------


def inputs(kind: Kind, values: Mapping[str, Any], errors: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the fields of a kind as form fields with what was typed or kept."""
    return [_input(one, values.get(one.name), errors) for one in kind.fields]


def _input(one: Field, value: Any, errors: Mapping[str, str]) -> dict[str, Any]:
    kind = {"long": "area", "date": "date", "moment": "datetime-local", "list": "area"}.get(one.type, "text")
    hint = one.hint
    if one.type == "list":
        columns = " | ".join(column.title for column in one.columns)
        hint = _("每行一条，各列用“|”或制表符隔开：%s。可从表格软件复制粘贴。") % columns
    elif one.type == "money":
        hint = hint or _("写元，最多两位小数")
    faults = [words for place, words in errors.items() if place == one.name or place.startswith(f"{one.name}.")]
    return {
        "name": f"f.{one.name}", "label": f"{one.title}（{one.unit}）" if one.unit else one.title, "type": one.type,
        "kind": kind, "hint": hint, "required": one.required and one.type != "boolean", "value": shown(one, value),
        "values": value if isinstance(value, list) else [], "error": "".join(faults),
        "options": _options(one), "rows": 6 if one.type in ("long", "list") else 3,
    }  # fmt: skip


def _options(one: Field) -> list[tuple[str, str]]:
    if one.type == "choice":
        return [("", _("请选")), *((choice, choice) for choice in one.choices)]
    if one.type == "organ":
        return [("", _("请选")), *choices()]
    return choices() if one.type == "organs" else []


def shown(one: Field, value: Any) -> str:
    """Return a kept or typed value as the form shows it."""
    if value is None:
        return ""
    if one.type == "list" and isinstance(value, list):
        return "\n".join(" | ".join(shown(column, row.get(column.name)) for column in one.columns) for row in value)
    if one.type == "money" and isinstance(value, int):
        return str(Money(value)).replace(",", "")
    if one.type == "moment":
        return str(value)[:16]
    if one.type == "boolean":
        return "1" if value and value != "0" else ""
    return str(value)


def typed(kind: Kind, form: QueryDict) -> dict[str, Any]:
    """Return the values of a form by field, as `actions.draft` takes them."""
    found: dict[str, Any] = {}
    for one in kind.fields:
        text = form.get(f"f.{one.name}", "").replace("\0", "")
        if one.type == "organs":
            found[one.name] = [slug for slug in form.getlist(f"f.{one.name}") if slug]
        elif one.type == "list":
            found[one.name] = _rows(one, text)
        else:
            found[one.name] = text
    return found


def _rows(one: Field, text: str) -> list[dict[str, str]]:
    rows = []
    for line in text.splitlines():
        if not line.strip():
            continue
        cells = [cell.strip() for cell in (line.split("\t") if "\t" in line else line.split("|"))]
        row = {column.name: cell for column, cell in zip(one.columns, cells, strict=False)}
        # A cell too many is said, not dropped.
        rows.append(row | ({cells[len(one.columns)]: ""} if len(cells) > len(one.columns) else {}))
    slugs = {column.name: {name: slug for slug, name in choices()} for column in one.columns if column.type == "organ"}
    for row in rows:
        for name, known in slugs.items():
            if name in row:
                row[name] = known.get(row[name], row[name])
    return rows


def facts_of(kind: Kind | None, values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the facts a paper was written from, in words; long ones are left to the paper itself."""
    if kind is None:
        return []
    names = titles({slug for one in kind.fields for slug in _slugs(one, values.get(one.name))})
    found = []
    for one in kind.fields:
        value = values.get(one.name)
        if value is None or one.type in ("long", "list"):
            continue
        words = "、".join(names.get(slug, slug) for slug in _slugs(one, value)) or shown(one, value)
        if one.type == "boolean":
            words = _("是") if value else _("否")
        elif one.type == "date":
            words = date_words(value)
        elif one.type == "moment":
            words = f"{date_words(str(value)[:10])} {str(value)[11:16]}"
        found.append({"label": one.title, "words": words})
    return found


def _slugs(one: Field, value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if one.type == "organ" else list(value) if one.type == "organs" else []
