"""The review page's contents: a card for each reading, its fields, forms, choices; what a posted form says."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties.dates import words as limit_words
from luoshi.office.instruments import review_queries
from luoshi.office.instruments.models import Instrument
from luoshi.office.instruments.review_content import ADDABLE, SPLITTABLE
from luoshi.office.instruments.review_queries import Item
from luoshi.office.organs.directory import load_data, load_directory
from luoshi.site import present
from luoshi.site.words import BASIS, LIMIT_KIND, OPERATOR, RELATION, REPAIR, WARNING, WEEKDAY, confidence

KIND = {
    "head": lazy("文头"),
    "duty": lazy("责任"),
    "limit": lazy("时限"),
    "target": lazy("目标"),
    "membership": lazy("名单"),
    "appointment": lazy("任免"),
    "relation": lazy("引用"),
    "repair": lazy("修补"),
    "warning": lazy("存疑"),
}
HEAD_FIELD = {
    "title": lazy("标题"),
    "number": lazy("文号"),
    "issued_on": lazy("印发"),
    "effective_from": lazy("施行"),
    "expires_on": lazy("有效期至"),
}
STATE = {
    "open": lazy("未核"),
    "doubtful": lazy("存疑"),
    "conflict": lazy("新版有变"),
    "confirmed": lazy("已确认"),
    "changed": lazy("已改"),
    "split": lazy("已拆"),
    "excluded": lazy("已排除"),
    "added": lazy("补录"),
}
STAGE = {"open": lazy("在核"), "sent": lazy("等第二人"), "done": lazy("核完")}
CONFLICT = {
    "text": lazy("新版本改了这处文字，原来的结论要再看一遍"),
    "reading": lazy("同样的文字这次读法不同，请再看一遍"),
    "gone": lazy("新版本里没有这处文字了"),
}
_EXCLUDE = {
    "duty": lazy("不是责任"), "limit": lazy("不是时限"), "target": lazy("不是目标"), "membership": lazy("不是名单"),
    "appointment": lazy("不是任免"), "relation": lazy("不是引用"), "repair": lazy("不该修补"),
    "warning": lazy("没有问题"), "head": lazy("原件没有"),
}  # fmt: skip
_FIELD = {
    "summary": lazy("任务"), "lead": lazy("牵头"), "cooperating": lazy("配合"), "local": lazy("镇区一并落实"),
    "limits": lazy("时限"), "kind": lazy("类型"), "value": lazy("值"), "text": lazy("原文"), "subject": lazy("指标"),
    "op": lazy("比较"), "unit": lazy("单位"), "by": lazy("到"), "aspiration": lazy("力争"), "group": lazy("小组"),
    "role": lazy("席位"), "person": lazy("姓名"), "post": lazy("职务"), "organ_name": lazy("所在单位"),
    "action": lazy("任或免"), "title": lazy("标题"), "remark": lazy("附注"), "type": lazy("关系"),
    "number": lazy("文号"), "name": lazy("读作"), "baseline": lazy("比较基数"), "open_ended": lazy("等"),
    "local_text": lazy("镇区名称"),
}  # fmt: skip
_SEPARATORS = re.compile(r"[、，,;；\n]+")
_ACTS = {"appoint": lazy("任命"), "remove": lazy("免去")}
_SURE_ONLY = ("head", "repair")
_MANY_PARTS = 9


# --- words ------------------------------------------------------------------------------------------------------------


def organs(content: Sequence[Mapping[str, Any]]) -> str:
    """Return the names of organs as print lists them."""
    return "、".join(str(organ["name"]) for organ in content)


def value_words(kind: str, name: str, value: Any) -> str:
    """Return a field's value in words."""
    if value is None or value == "" or value == []:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if name in ("lead", "cooperating"):
        return organs(value)
    if name == "limits":
        return "；".join(limit_words(x["kind"], x["value"]) for x in value)
    if name == "local_text":
        return "、".join(value)
    tables: Mapping[tuple[str, str], Mapping[str, Any]] = {
        ("target", "op"): OPERATOR,
        ("limit", "kind"): LIMIT_KIND,
        ("relation", "type"): RELATION,
        ("appointment", "action"): _ACTS,
    }
    if (table := tables.get((kind, name))) is not None:
        return str(table.get(value, value)) or "="
    if kind == "limit" and name == "value":
        return str(value)
    return str(value)


def title_of(kind: str, content: Mapping[str, Any]) -> str:
    """Return the one line by which a record is known."""
    if kind == "head":
        return f"{HEAD_FIELD[content['field']]} {content['value'] or _('没有印')}"
    if kind == "limit":
        return limit_words(content["kind"], content["value"])
    if kind == "target":
        op = str(OPERATOR[content["op"]])
        return (
            f"{content['subject']} {_('力争') if content['aspiration'] else ''}{op} {content['value']}{content['unit']}"
        )
    if kind == "membership":
        who = content["person"] or content["post"] or content["organ_name"]
        return f"{content['role']} {who}".strip()
    if kind == "appointment":
        return f"{_ACTS[content['action']]} {content['person']}"
    if kind == "relation":
        return f"{RELATION[content['type']]} {content['number'] or content['title']}"
    if kind == "repair":
        return _repair_title(content)
    if kind == "warning":
        return str(WARNING.get(content["code"], _("存疑")))
    return str(content.get("summary", ""))


def _repair_title(content: Mapping[str, Any]) -> str:
    if content["kind"] == "quiet":
        return str(_("接上断行、去掉空格 %d 处") % content["count"])
    return str(REPAIR.get(content["kind"], _("修补")))


def changes(one: Item) -> list[dict[str, str]]:
    """Return what a correction changes: rows of label, old, new."""
    before, after = one.original or {}, one.content
    if one.decision == "split":
        rows = [{"label": str(_("原为一条")), "old": title_of(one.kind, before), "new": ""}]
        for place, part in enumerate(after, 1):
            lead, more = organs(part["lead"]) or "—", organs(part["cooperating"]) or "—"
            named = f"{part['summary']}（{_('牵头')} {lead}；{_('配合')} {more}）"
            rows.append({"label": _("第 %d 条") % place, "old": "", "new": named})
        return rows
    if one.decision == "excluded":
        return [{"label": str(_EXCLUDE[one.kind]), "old": title_of(one.kind, before) if before else "", "new": ""}]
    if one.decision not in ("changed", "added"):
        return []
    names = [
        name for name in after if name not in ("field", "start", "end", "slug", "action") or one.kind == "appointment"
    ]
    rows = []
    for name in names:
        old, new = value_words(one.kind, name, before.get(name)), value_words(one.kind, name, after[name])
        if after[name] is not None and old != new and not (new == _("否") and not old):
            label = HEAD_FIELD[after["field"]] if one.kind == "head" else _FIELD.get(name, name)
            rows.append({"label": str(label), "old": old, "new": new})
    return rows


# --- cards ------------------------------------------------------------------------------------------------------------


def _day_words(content: Mapping[str, Any], on: datetime.date) -> str:
    if content["kind"] in ("by", "from"):
        day = datetime.date.fromisoformat(content["value"])
        return f"{present.day_words(day)} {WEEKDAY[day.weekday()]}"
    return limit_words(content["kind"], content["value"])


def _full_name(name: str, on: datetime.date | None) -> str:
    """Return an organ's full name where the printed one is short, else ''."""
    slug = load_directory().resolve(name, on)
    organ = next((one for one in load_data()["organs"] if one.get("slug") == slug), None) if slug else None
    full = str((organ or {}).get("name", ""))
    return full if full and full not in (name, f"市{name}") else ""


def _facts(one: Item, item: Instrument, on: datetime.date) -> list[dict[str, Any]]:
    """Return the rows of a card: label, values as tags or words, what is said in grey behind."""
    content, kind = one.content, one.kind
    if isinstance(content, list) or content is None:
        return []
    rows: list[dict[str, Any]] = []

    def add(label: Any, value: str = "", *, tags: Sequence[Any] = (), quote: str = "", more: str = "") -> None:
        if value or tags or quote:
            rows.append({"label": str(label), "value": value, "tags": list(tags), "quote": quote, "more": more})

    if kind == "duty":
        names = [organ["name"] for organ in content["lead"]]
        full = _full_name(names[0], item.issued_on) if len(names) == 1 else ""
        add(_FIELD["lead"], tags=[{"name": n, "lead": True} for n in names], more=_("全称 %s") % full if full else "")
        tags = [
            {"name": n, "more": _("展开 %d 个") % len(spread) if (spread := load_directory().expand(n)) else ""}
            for n in (organ["name"] for organ in content["cooperating"])
        ]
        add(_FIELD["cooperating"], tags=tags)
        if content["local"]:
            add(_("镇区"), "、".join(content["local_text"]) or _("各镇区一并落实"))
        for limit in content.get("limits") or (one.original or {}).get("limits") or ():
            add(_FIELD["limits"], _day_words(limit, on), quote=limit["text"])
    elif kind == "limit":
        add(_("原文"), quote=content["text"])
        add(_("读作"), _day_words(content, on))
        if one.reading:
            add(_("管的是"), "；".join(one.reading.extra.get("owners", ())))
    elif kind == "target":
        add(_FIELD["lead"], tags=[{"name": organ["name"], "lead": True} for organ in content["lead"]])
        add(_("到"), present.day_words(datetime.date.fromisoformat(content["by"])) if content["by"] else "")
        add(_("比"), content["baseline"] or "")
    elif kind == "repair":
        _repair_facts(content, add)
    elif kind == "warning":
        add(_("要看的"), content.get("message", "") or content.get("text", ""))
        add(_("原文"), quote=str(one.reading.extra.get("excerpt", "")) if one.reading else "")
        add(_("读作"), content.get("name", ""))
    elif kind != "head":
        for name, value in content.items():
            add(_FIELD.get(name, name), value_words(kind, name, value))
    if one.reading and one.reading.basis:
        add(_("怎么读的"), str(BASIS.get(one.reading.basis, one.reading.basis)))
    return rows


def _repair_facts(content: Mapping[str, Any], add: Any) -> None:
    if content["kind"] == "quiet":
        add(_("在哪里"), _("断行、空格都已接上，意思不变；扫描原字里看得到"))
        return
    add(_("原样"), quote=content["before"].strip()[:80])
    add(_("修补后"), content["after"].strip()[:80] or _("移到别处"))


def card(
    one: Item, item: Instrument, on: datetime.date, rights: Mapping[str, bool], typed: Any = None
) -> dict[str, Any]:
    """Return what a card shows. `rights`: decide and confirm; `typed`: a refused form {form, data, error}."""
    record, reading = one.record, one.reading
    content = one.content[0] if isinstance(one.content, list) and one.content else one.content or {}
    shown = one.original if one.original is not None and one.decision != "added" else content
    open_ = one.open or one.doubtful
    offered = (
        review_queries.choices(one) if open_ and (one.conflict or one.doubtful) and one.decision != "doubtful" else []
    )
    form = typed["form"] if typed else ""
    data = typed["data"] if typed else None
    return {
        "anchor": one.anchor,
        "kind": one.kind,
        "kind_word": KIND[one.kind],
        "title": title_of(one.kind, shown if one.decision != "changed" else content) if shown or content else "",
        "state": one.state,
        "state_word": STATE[one.state],
        "version": one.version,
        "clause": one.clause,
        "open": open_ or bool(typed),
        "settled": one.settled,
        "waits": one.waits,
        "doubt": reading.doubt if reading and one.doubtful and not one.decision else "",
        "conflict": CONFLICT[one.conflict] if one.conflict else "",
        "confidence": confidence(reading.confidence) if reading and reading.confidence is not None else "",
        "facts": _facts(one, item, on),
        "changes": changes(one) if one.decision in ("changed", "split", "excluded", "added") else [],
        "choices": offered,
        "note": record.note if record else "",
        "by": record.decided_name if record and one.decision else "",
        "at": record.decided_at if record and one.decision else None,
        "second": record.second_name if record and record.second_at else "",
        "can": rights["decide"],
        "can_undo": rights["decide"] and bool(one.decision),
        "can_split": one.kind in SPLITTABLE and reading is not None,
        "can_change": one.kind not in ("repair",) and (reading is not None or one.decision == "added"),
        "can_exclude": not (one.kind == "head" and not (one.original or {}).get("value")),
        "exclude_word": _EXCLUDE[one.kind],
        "fields": fields(one.kind, content if isinstance(content, Mapping) else {}, data if form == "change" else None),
        "parts": [fields(one.kind, content, data if form == "split" else None, prefix=f"{n}-") for n in (0, 1)]
        if one.kind in SPLITTABLE and isinstance(content, Mapping)
        else [],
        "form": form,
        "error": typed["error"] if typed else None,
        "quote": reading.quote if reading and one.kind not in _SURE_ONLY else "",
    }


# --- forms ------------------------------------------------------------------------------------------------------------


def _options(table: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(value, str(word) or "=") for value, word in table.items()]


def _shape(kind: str, content: Mapping[str, Any]) -> list[tuple[str, str, Any, str]]:
    """Return the fields of a kind's form: name, type, options or hint, label where it is not the usual one."""
    if kind == "duty":
        names = _("多个单位用顿号隔开")
        return [("summary", "text", "", ""), ("lead", "text", names, ""), ("cooperating", "text", names, ""),
                ("local", "check", "", "")]  # fmt: skip
    if kind == "limit":
        hint = _("如 2018-10-31、10 working days、yearly by 10-31")
        return [("kind", "select", _options(LIMIT_KIND), ""), ("value", "text", hint, ""), ("text", "text", "", "")]
    if kind == "target":
        return [("subject", "text", "", ""), ("op", "select", _options(OPERATOR), ""), ("value", "text", "", ""),
                ("unit", "text", "", ""), ("by", "date", "", ""), ("lead", "text", _("多个单位用顿号隔开"), ""),
                ("aspiration", "check", "", "")]  # fmt: skip
    if kind == "relation":
        return [("type", "select", _options(RELATION), ""), ("number", "text", "", ""), ("title", "text", "", "")]
    if kind == "appointment":
        named = ("person", "post", "organ_name", "title", "remark")
        return [("action", "select", _options(_ACTS), ""), *((name, "text", "", "") for name in named)]
    if kind == "membership":
        return [(n, "text", "", "") for n in ("group", "role", "person", "post", "organ_name")]
    if kind == "head":
        name = content.get("field", "title")
        dated = name in ("issued_on", "effective_from", "expires_on")
        return [("value", "date" if dated else "text", "", str(HEAD_FIELD[name]))]
    if kind == "warning" and content.get("printed"):
        return [("name", "text", _("印的是“%s”，名单里应读作哪个单位") % content["printed"], "")]
    return [("text", "text", "", str(_("核对的结论")))]


def fields(
    kind: str, content: Mapping[str, Any], data: Mapping[str, Any] | None = None, prefix: str = ""
) -> list[dict[str, Any]]:
    """Return the fields of a form filled with a content, or with what was typed."""
    rows = []
    for name, form, more, label in _shape(kind, content):
        value = content.get(name)
        if name in ("lead", "cooperating"):
            value = organs(value or ())
        if data is not None:
            value = data.get(prefix + name, "")
        rows.append(
            {
                "name": prefix + name,
                "label": label or str(_FIELD.get(name, name)),
                "type": form,
                "value": "" if value is None else value,
                "checked": bool(value),
                "options": more if form == "select" else (),
                "hint": more if form != "select" else "",
            }
        )
    return rows


def content_from(kind: str, data: Mapping[str, Any], base: Mapping[str, Any] | None = None, prefix: str = "") -> Any:
    """Return the content a form says; fields the form does not show are those of `base`."""
    found: dict[str, Any] = {}
    for name, form, _more, _label in _shape(kind, base or {}):
        text = str(data.get(prefix + name, "")).strip()
        if name in ("lead", "cooperating"):
            kept = {organ["name"]: organ for organ in (base or {}).get(name, ())}
            names = dict.fromkeys(part.strip() for part in _SEPARATORS.split(text) if part.strip())
            found[name] = [kept.get(one, {"name": one, "slug": None}) for one in names]
        elif form == "check":
            found[name] = bool(text)
        else:
            found[name] = text or (None if name in ("by", "baseline") or kind == "head" else "")
    if kind == "head":
        return {"field": (base or {})["field"], **found}
    if kind == "warning":
        return found
    more = {n: v for n, v in (base or {}).items() if n not in found and n not in ("limits", "action", "start", "end")}
    if kind == "appointment":
        return found
    return more | found


def parts_from(kind: str, data: Mapping[str, Any], base: Mapping[str, Any]) -> list[Any]:
    """Return the contents of a split's parts; those left empty are none."""
    found = [content_from(kind, data, base, f"{n}-") for n in range(_MANY_PARTS) if f"{n}-summary" in data]
    return [part for part in found if part.get("summary") or part.get("lead")]


def chosen(one: Item, key: str) -> tuple[str, Any]:
    """Return decision and content of the choice `key`; E_INPUT for one that is not offered."""
    for choice in review_queries.choices(one):
        if choice.key == key:
            return choice.decision, choice.content
    raise LuoshiError("E_INPUT", _("请先选一种读法。"))


def addable() -> list[dict[str, Any]]:
    """Return the kinds a reviewer may add, with their empty forms."""
    return [{"kind": kind, "word": KIND[kind], "fields": fields(kind, {})} for kind in ADDABLE]
