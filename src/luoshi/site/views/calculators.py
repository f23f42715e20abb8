"""Calculators (试算): a page for every decision, made from its facts; no login. A link carries the facts."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.calendar import DayKind
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Decision, Definition, decide
from luoshi.kernel.dues import DayCell
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import Parameter, plain
from luoshi.office.accounts.organs import titles
from luoshi.office.parameters import packaged, values
from luoshi.office.parameters.book import Book, current, rerun
from luoshi.office.web import incident_of
from luoshi.site import parameter_words as words
from luoshi.site import ribbon, switching
from luoshi.site.access import needs
from luoshi.site.fact_fields import FactError, FactField, as_text, fields_of, read_facts
from luoshi.site.pages import page
from luoshi.site.registry import load_decisions
from luoshi.site.typography import date_words

LONGEST_LINK = 6_000
"""Longer facts do not fit into an address: their result has no link."""
OUTCOMES = {
    "allow": (gettext_lazy("成立"), "green", "circle-check"),
    "allow_with_condition": (gettext_lazy("附条件成立"), "yellow", "alert-triangle"),
    "undetermined": (gettext_lazy("不能确定"), "yellow", "help-circle"),
    "refuse": (gettext_lazy("不成立"), "red", "circle-x"),
    "not_applicable": (gettext_lazy("不适用"), "", "info-circle"),
}
"""The verdicts all decisions share: word, tone, icon."""
_HEADLINES = ("text", "title", "citation", "number", "person", "result", "status", "accepted", "count")
_NAMES = {
    "text": gettext_lazy("结果"), "due_on": gettext_lazy("截止日"),
    "until": gettext_lazy("届满时刻"), "provisional": gettext_lazy("暂定"), "owed": gettext_lazy("应办"),
    "status": gettext_lazy("状态"), "result": gettext_lazy("结果"), "title": gettext_lazy("结论"),
    "on": gettext_lazy("所问之日"), "estimated": gettext_lazy("推定"), "begins_on": gettext_lazy("施行"),
    "ends_on": gettext_lazy("终止"), "note": gettext_lazy("说明"), "organ": gettext_lazy("单位"),
    "successor": gettext_lazy("承接单位"), "issuer": gettext_lazy("制发机关"), "number": gettext_lazy("文号"),
    "year": gettext_lazy("年份"), "seq": gettext_lazy("序号"), "person": gettext_lazy("人员"),
    "since": gettext_lazy("自"), "badge": gettext_lazy("依据类别"), "post": gettext_lazy("职务"),
    "count": gettext_lazy("个数"), "citation": gettext_lazy("引用"), "accepted": gettext_lazy("照收"),
    "appointed": gettext_lazy("任命"), "removed": gettext_lazy("免职"), "group": gettext_lazy("小组"),
    "stale": gettext_lazy("依据陈旧"), "lead": gettext_lazy("牵头"), "participants": gettext_lazy("参与"),
    "open_ended": gettext_lazy("有“等”字"), "ended": gettext_lazy("止"), "late": gettext_lazy("逾期"),
}  # fmt: skip
"""Chinese names of parts of results; a part without one keeps its own."""
_ORGAN_LISTS = frozenset({"lead", "participants"})
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}\+08:00)?)?(?![\d-])")
_MAX_PARTS = 10
_SHORT = 160


@needs("decision.run")
@require_safe
def calculator_list(request: HttpRequest) -> HttpResponse:
    """List the calculators, by room."""
    chosen = switching.chosen(request.GET)
    prefix = f"{chosen.key}." if chosen is not None else ""
    found = sorted(pair for pair in load_decisions().items() if pair[0].startswith(prefix))
    named = {room.key: room.title for room in packaged.rooms().values()}
    cited = words.cites({str(item.citation) for _key, item in found if item.citation})
    groups = [
        {
            "title": named.get(room, packaged.title_of(room)),
            "rows": [
                {
                    "key": key,
                    "title": item.title,
                    "href": reverse("calculator", args=[key]),
                    "cite": cited.get(str(item.citation)) if item.citation else None,
                    "reads": len(item.parameters),
                }
                for key, item in rows
            ],
        }
        for room, rows in groupby(found, lambda pair: pair[0].partition(".")[0])
    ]
    context = {
        "page_title": _("试算"),
        "crumbs": [{"title": _("公报与政策"), "href": reverse("policy")}],
        "groups": groups,
        "receipt_href": reverse("receipt-check"),
        "book_href": reverse("parameters"),
    }
    return page(request, "site/calculators.html", context)


# --- one calculator ---------------------------------------------------------------------------------------------------


@needs("decision.run")
@require_http_methods(["GET", "HEAD", "POST"])
def calculator(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form of a decision, and the answer when facts are given: by GET with a link, by POST when long."""
    load_decisions()
    book = current()
    definition = book.definition(key)
    fields = fields_of(definition)
    given = request.POST if request.method == "POST" else request.GET
    typed = {field.name: given.get(f"f.{field.name}", "") for field in fields}
    assumed = {name: given.get(f"p.{name}", "") for name in definition.parameters}
    day, day_fault = _day(given.get("on", ""))
    asked = request.method == "POST" or "go" in given or any(typed.values())
    address = _address(key, given.get("on", ""), typed, assumed)
    if request.method == "POST" and len(address) <= LONGEST_LINK:
        return HttpResponseRedirect(address, status=303)
    context: dict[str, Any] = {
        "page_title": definition.title,
        "crumbs": [{"title": _("试算"), "href": reverse("calculators")}],
        "key": key,
        "about": (definition.function.__doc__ or "").strip().partition("\n\n")[0],
        "cite": words.cites([str(definition.citation)]).get(str(definition.citation)) if definition.citation else None,
        "day": given.get("on", "") or day.isoformat(),
        "asked": asked,
        "sample_href": _sample_link(definition, given.get("on", "")),
    }
    faults = {"on": day_fault} if day_fault else {}
    status = 200
    if asked and not faults:
        try:
            facts = read_facts(fields, typed)
            overrides = _overrides(definition, assumed)
            taken = decide(definition, facts, day, overrides)
            link = address if len(address) <= LONGEST_LINK else ""
            context |= _answer(request, book, definition, taken, link)
        except FactError as error:
            faults, status = {f"f.{name}": fault for name, fault in error.faults.items()}, 422
        except LuoshiError as error:
            status = error.http_status
            faults = _faults_of(error, {field.name for field in fields})
            if error.code != "E_INPUT" or not faults:
                context["refusal"] = _refusal(request, error, definition)
    elif faults:
        status = 422
    shown = [_shown_field(field, typed[field.name], faults.get(f"f.{field.name}", "")) for field in fields]
    context |= {
        "fields": [row for row in shown if row["first"]],
        "more": [row for row in shown if not row["first"]],
        "more_open": any(row["value"] or row["error"] for row in shown if not row["first"]),
        "parameters": [_assumable(definition, name, day, assumed[name], faults) for name in definition.parameters],
        "assumes": any(assumed.values()),
        "errors": faults,
        "informal": any(assumed.values()),
    }
    return page(request, "site/calculator.html", context, status=status)


def _day(text: str) -> tuple[datetime.date, str]:
    try:
        day = datetime.date.fromisoformat(text.strip()) if text.strip() else CLOCK.today()
    except ValueError:
        return CLOCK.today(), _("“%s”不是日期，应如 2018-03-08。") % text[:20]
    if not datetime.date(1949, 10, 1) <= day <= datetime.date(2100, 12, 31):
        return CLOCK.today(), _("日期应在 1949 年 10 月到 2100 年之间。")
    return day, ""


def _address(key: str, on: str, typed: Mapping[str, str], assumed: Mapping[str, str]) -> str:
    query = QueryDict(mutable=True)
    if on:
        query["on"] = on
    for prefix, parts in (("f", typed), ("p", assumed)):
        for name, text in parts.items():
            if text.strip():
                query[f"{prefix}.{name}"] = _compact(text.strip())
    query["go"] = "1"
    return f"{reverse('calculator', args=[key])}?{query.urlencode()}"


def _compact(text: str) -> str:
    """Return JSON without blanks, other text as it is: addresses are short of room."""
    if text[:1] not in "[{":
        return text
    try:
        return json.dumps(json.loads(text, parse_float=str), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return text


def link(key: str, facts: Mapping[str, Any]) -> str:
    """Return the address of a calculator with facts in it, empty where they do not fit."""
    query = {f"f.{name}": _compact(as_text(plain(value))) for name, value in facts.items()}
    address = f"{reverse('calculator', args=[key])}?{urlencode(query)}&go=1"
    return address if len(address) <= LONGEST_LINK else ""


def _sample_link(definition: Definition, on: str) -> str:
    examples = definition.facts_model.model_json_schema().get("examples", ())
    found = link(definition.key, examples[0]) if examples else ""
    return f"{found}&on={on}" if found and on else found


def _overrides(definition: Definition, assumed: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    faults: list[dict[str, str]] = []
    for name, text in assumed.items():
        if not text.strip():
            continue
        try:
            found[name] = values.from_text(definition.parameters[name], text)
        except LuoshiError as error:
            faults.append({"field": f"p.{name}", "fault": error.fields["faults"][0]["fault"]})
    if faults:
        raise LuoshiError("E_INPUT", "；".join(fault["fault"] for fault in faults), fields={"faults": faults})
    return found


def _faults_of(error: LuoshiError, names: Iterable[str]) -> dict[str, str]:
    """Return the faults of a refusal by form field; a fault deep in a list is told at the list."""
    known, found = set(names), {}
    for fault in error.fields.get("faults", ()):
        where = str(fault["field"])
        top, _dot, deep = where.partition(".")
        if where.startswith("p."):
            found[where] = str(fault["fault"])
        elif top in known:
            found.setdefault(f"f.{top}", f"{deep}：{fault['fault']}" if deep else str(fault["fault"]))
        else:
            found.setdefault("", str(fault["fault"]))
    return found


def _refusal(request: HttpRequest, error: LuoshiError, definition: Definition) -> dict[str, Any]:
    name = error.fields.get("parameter")
    href = ""
    if error.code == "E_PARAMETER_MISSING" and name in definition.parameters:
        href = reverse("parameter", args=[packaged.room_of(definition, str(name)), name])
    return {
        "title": error.definition.title,
        "message": error.message,
        "code": error.code,
        "incident": incident_of(request),
        "fields": [{"message": _("看这个参数的全部日期"), "href": href}] if href else [],
    }


def _shown_field(field: FactField, value: str, error: str) -> dict[str, Any]:
    options = {"boolean": (("true", _("是")), ("false", _("否"))), "choice": field.options}.get(field.kind, ())
    return {
        "name": f"f.{field.name}",
        "label": field.label,
        "hint": field.hint,
        "kind": {"date": "date", "json": "area", "boolean": "select", "choice": "select"}.get(field.kind, "text"),
        "numeric": field.kind == "integer",
        "required": field.required,
        "options": [("", _("未填")), *options],
        "value": value,
        "example": field.example if field.kind == "json" else "",
        "error": error,
        "first": field.first,
    }


def _assumable(
    definition: Definition, name: str, day: datetime.date, typed: str, faults: Mapping[str, str]
) -> dict[str, Any]:
    parameter = definition.parameters[name]
    held = next((value for value in parameter.values if value.covers(day)), None)
    present = values.as_text(held.value) if held else _("这一天没有值")
    return {
        "name": f"p.{name}",
        "label": parameter.title,
        "hint": _("现为 %s") % (words.held(parameter, held.value) if held else present),
        "value": typed,
        "area": values.kind_of(parameter) == "json",
        "error": faults.get(f"p.{name}", ""),
    }


# --- the answer -------------------------------------------------------------------------------------------------------


def _answer(request: HttpRequest, book: Book, definition: Definition, taken: Decision, link: str) -> dict[str, Any]:
    data = taken.as_dict()
    word, tone, icon = OUTCOMES[taken.outcome.value]
    overrides = taken.context.overrides
    value = data["value"]
    cited = {reason["citation"] for reason in data["reasons"] if reason["citation"]}
    cited |= {row["citation"] or row.get("basis") or "" for row in data["parameters"]}
    chip_of = words.cites(cited)
    known = definition.parameters
    assumed = {name: words.held(known[name], value) for name, value in overrides.items() if name in known}
    return {
        "answer": {
            "headline": headline(value),
            "outcome": word,
            "tone": tone,
            "icon": icon,
            "parts": _parts(value),
            "ribbon": _ribbon(value),
            "json": json.dumps(value, ensure_ascii=False, indent=1),
            "reasons": [
                {"ok": reason["ok"], "text": reason["text"], "cite": chip_of.get(reason["citation"])}
                for reason in data["reasons"]
            ],
            "parameters": [
                _parameter_row(definition.parameters[row["name"]], row, chip_of, definition)
                | {"assumed": assumed.get(row["name"], "")}
                for row in data["parameters"]
            ],
            "receipt": _grouped(data["receipt"]["sha256"]),
            "receipt_json": json.dumps(data["receipt"], ensure_ascii=False, indent=1),
            "edition": book.name.partition(":")[0],
            "on": date_words(taken.context.on),
            "link": request.build_absolute_uri(link) if link else "",
            "assumed": [{"title": known[name].title, "value": value} for name, value in assumed.items()],
        }
    }


def _parameter_row(
    parameter: Parameter, row: Mapping[str, Any], chip_of: Mapping[str, Any], definition: Definition
) -> dict[str, Any]:
    last = datetime.date.fromisoformat(row["to"]) if row["to"] else None
    room = packaged.room_of(definition, parameter.name)
    known = room in packaged.rooms() and parameter.name in packaged.rooms()[room].table
    return {
        "title": parameter.title,
        "value": words.held(parameter, row["value"]),
        "days": words.span_words(datetime.date.fromisoformat(row["from"]), last),
        "cite": chip_of.get(row["citation"] or row.get("basis") or ""),
        "unconfirmed": row["needs_confirmation"],
        "confirmed_by": row["confirmed_by"] or "",
        "href": reverse("parameter", args=[room, parameter.name]) if known else "",
    }


def headline(value: Any) -> str:
    """Return a result in a few words, large: the part of it that answers."""
    if isinstance(value, Mapping):
        if isinstance(value.get("successor"), Mapping):
            return str(value["successor"].get("name", ""))
        found = next((value[key] for key in _HEADLINES if value.get(key) not in (None, "", [])), None)
        return headline(found) if found is not None else ""
    return "" if value is None else _short(value)


def _parts(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, Mapping):
        return []
    parts, large = [], headline(value)
    for key, part in value.items():
        if part in (None, "", [], {}) or key not in _NAMES or (isinstance(part, Mapping) and "name" not in part):
            continue
        if isinstance(part, list) and any(isinstance(item, (list, dict)) for item in part):
            continue
        words = _short(_named_organs(part) if key in _ORGAN_LISTS else part)
        # A part said in large type already, and a word of the program's own, tell a reader nothing.
        if words != large and not _CODE.fullmatch(words):
            parts.append({"name": str(_NAMES[key]), "value": words})
    return parts[:_MAX_PARTS]


def _named_organs(slugs: Any) -> Any:
    return [titles([slug])[slug] for slug in slugs] if isinstance(slugs, list) else slugs


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, Mapping):
        return str(value.get("name", "")) or _("%d 项") % len(value)
    if isinstance(value, list):
        return "、".join(_short(item) for item in value[:6]) + (_(" 等 %d 项") % len(value) if len(value) > 6 else "")
    text = str(value)[:_SHORT]
    return _MOMENT.sub(_moment_words, text)


def _moment_words(found: re.Match[str]) -> str:
    try:
        day = date_words(datetime.date.fromisoformat(found[1]))
    except ValueError:
        return found[0]
    return f"{day} {found[2]}" if found[2] else day


def _ribbon(value: Any) -> list[ribbon.Cell]:
    """Return the days of a limit as drawn, none for another result."""
    days = value.get("days") if isinstance(value, Mapping) else None
    if not isinstance(days, list):
        return []
    try:
        cells = [
            DayCell(
                datetime.date.fromisoformat(day["date"]), DayKind(day["kind"]), day["role"], day["ordinal"],
                day["provisional"],
            )
            for day in days[: ribbon.LONGEST_DRAWN]
        ]  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return []
    return ribbon.cells(cells, CLOCK.today())


def _grouped(digest: str) -> str:
    return " ".join(digest[place : place + 4].upper() for place in range(0, 16, 4))


def facts_words(facts: Mapping[str, Any]) -> str:
    """Return facts in one line, for a table of samples."""
    text = "；".join(f"{name} {_short(plain(value))}" for name, value in facts.items())
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"


def answer_words(answer: Any) -> str:
    """Return a sample's answer in one line; a refusal is a sentence already."""
    if isinstance(answer, str):
        return answer
    return f"{headline(answer['value']) or '—'}（{OUTCOMES[answer['outcome']][0]}）"


# --- receipts ---------------------------------------------------------------------------------------------------------


@needs("decision.run")
@require_http_methods(["GET", "HEAD", "POST"])
def receipt_check(request: HttpRequest) -> HttpResponse:
    """Take the decision of a pasted receipt again and compare."""
    load_decisions()
    text = request.POST.get("receipt", "")
    context: dict[str, Any] = {
        "page_title": _("复核回执"),
        "crumbs": [{"title": _("试算"), "href": reverse("calculators")}],
        "typed": text,
        "errors": {},
    }
    status = 200
    if request.method == "POST":
        try:
            again = rerun(_receipt(text))
            context["result"] = {
                "same": again.same,
                "title": again.decision.definition.title,
                "on": date_words(again.decision.context.on),
                "headline": headline(again.decision.as_dict()["value"]),
                "differences": again.differences,
            }
        except LuoshiError as error:
            status = error.http_status
            context["errors"] = {"receipt": error.message}
    return page(request, "site/receipt.html", context, status=status)


def _receipt(text: str) -> Mapping[str, Any]:
    try:
        given = json.loads(text[:500_000])
    except (ValueError, RecursionError):
        raise LuoshiError("E_INPUT", _("这不是一份回执：不是有效的 JSON。请粘贴完整的回执。")) from None
    if isinstance(given, dict):
        return given["receipt"] if isinstance(given.get("receipt"), dict) else given
    raise LuoshiError("E_INPUT", _("这不是一份回执。请粘贴完整的回执。"))


urlpatterns = [
    path("calc/", calculator_list, name="calculators"),
    path("calc/receipt/", receipt_check, name="receipt-check"),
    path("calc/<str:key>/", calculator, name="calculator"),
]
