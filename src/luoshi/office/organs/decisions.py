"""The decisions `organs.*`: numbers, citations, names, lists, successors, holders, appointments, groups (organs 6).

They read the packaged directory and the facts given, no database. What is not known stays open: a name that may mean
two organs, an organ whose successor nobody confirmed, a post without evidence give UNDETERMINED, never an answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from luoshi.gazette.marks import MarkState, find_marks
from luoshi.gazette.organs import read_run
from luoshi.kernel.citation import Citation, DocumentNumber, Locator, fold
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.parameters import ParameterTable
from luoshi.office.organs.directory import issuer_slug, load_data, load_directory
from luoshi.office.organs.facts import (
    Act,
    AppointmentFacts,
    CitationFacts,
    ConfirmedReading,
    EvidenceRow,
    HolderFacts,
    ListFacts,
    MemberChange,
    MemberFacts,
    NumberFacts,
    RelationFact,
    ResolveFacts,
    Seat,
    SuccessorFacts,
)
from luoshi.office.organs.history import (
    MOVING,
    Finding,
    Point,
    Succession,
    find_holder,
    find_holders,
    follow,
    is_confirmed,
    points_of,
)

PARAMETERS = ParameterTable.from_data(yaml.safe_load((Path(__file__).parent / "parameters.yaml").read_text("utf-8")))

STAFFING_OFFICE = "staffing-office"
"""The organ whose queue takes duties without a successor."""
PENDING = "承接单位待定"

_FORMAT = "《党政机关公文格式》7.2.5"
_GOVERNMENT_WORK = "乳政发〔2018〕2号 5"
"""Duties of organs are cleared and handed over on reform by this clause."""


def _cite(number: str | None, clause: str | None = None) -> Citation | None:
    """The instrument, if its number can be read."""
    known = None if number is None else DocumentNumber.parse(number)
    return None if known is None else Citation(known, Locator.parse(clause or ""))


def _missing(what: str) -> Verdict:
    return Verdict({"status": "unknown"}, Outcome.UNDETERMINED, [Rule(None, "未提供{what}").reason(False, what)])


def _canonical(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


# --- D1 numbers -------------------------------------------------------------------------------------------------------

_NUMBER_FAULTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), fault)
    for pattern, fault in (
        (r"", "没有内容"),
        (r"[^〔\[(【〕\])】]*", "年份没有用括号括起"),
        (r".*[^号]", "末尾缺“号”字"),
        (r"[〔\[(【].*", "缺发文机关代字"),
        (r"(?![\u4e00-\u9fff]{2,10}[〔\[(【]).*", "发文机关代字应为2至10个汉字"),
        (r"[^〔\[(【]+[〔\[(【]\d{2}[〕\])】].*", "年份只有两位，应标全称"),
        (r"(?![^〔\[(【]+[〔\[(【](?:19|20)\d\d[〕\])】]).*", "年份应为19或20开头的四位数"),
        (r".*[〕\])】]第?0+号", "发文顺序号不能为0"),
        (r".*[〕\])】]第?\d{5,}号", "发文顺序号应在1至9999之间"),
        (r".*", "发文顺序号应为阿拉伯数字"),
    )
)
"""Why a text is no document number; the first pattern that matches the whole text names the fault."""


@decision(key="organs.number", title="文号：识别并写成规范形式", citation=_FORMAT)
def number(facts: NumberFacts, context: Context) -> Verdict:
    """文号的规范形式和发文机关；不是文号的，说明缺什么。

    The canonical number with its issuer organ, or none with the reason. Any bracket, blanks, 第, leading noughts and
    full-width digits are read; an unknown issuer word is kept, kind `external`.
    """
    if facts.text is None:
        return _missing("文号")
    text = _canonical(facts.text)
    found = DocumentNumber.parse(text)
    if found is None:
        fault = next(fault for pattern, fault in _NUMBER_FAULTS if pattern.fullmatch(text))
        reason = Rule(_FORMAT, "“{text}”不是文号：{fault}").reason(False, facts.text, fault)
        return Verdict({"number": None, "reason": fault}, Outcome.REFUSE, [reason])
    slug = issuer_slug(found.issuer)
    reasons = [Rule(_FORMAT, "“{text}”即{number}").reason(True, facts.text, str(found))]
    issuer = None if slug is None else _organ(slug)
    if issuer is None:
        reasons.append(Rule(None, "发文机关代字“{word}”不在名录中，按外部文件保留").reason(None, found.issuer))
    else:
        reasons.append(
            Rule(Citation(found, Locator(())), "代字“{word}”的发文机关为{issuer}").reason(
                None, found.issuer, issuer["name"]
            )
        )
    value = {
        "number": str(found),
        "issuer_word": found.issuer,
        "issuer": issuer,
        "kind": "external" if issuer is None or issuer["kind"] == "external" else "own",
        "year": found.year,
        "seq": found.serial,
        "reason": None,
    }
    return Verdict(value, Outcome.ALLOW, reasons)


# --- D2 citations -----------------------------------------------------------------------------------------------------


@decision(key="organs.citation", title="条款引用：文号和条款的路径", citation=_FORMAT)
def citation(facts: CitationFacts, context: Context) -> Verdict:
    """引用指向哪一文件的哪一条款；给出该文件的条款时，核对条款是否存在。

    Number and path of a citation. With `paths` also whether the clause exists; chapters and articles are taken as
    printed, so that `第五条` finds `第二章/第五条`.
    """
    if facts.text is None:
        return _missing("条款引用")
    found = Citation.parse(facts.text)
    if found is None:
        reason = Rule(None, "“{text}”没有指明文件，应如“某政发〔2018〕1号 三(五)”").reason(False, facts.text)
        return Verdict({"status": "none", "number": None, "path": None}, Outcome.REFUSE, [reason])
    path = found.locator.path
    status, outcome, matches = _look_up(found.locator, facts.paths)
    value = {
        "status": status,
        "citation": str(found),
        "number": None if isinstance(found.instrument, str) else str(found.instrument),
        "title": found.instrument if isinstance(found.instrument, str) else None,
        "path": matches[0] if len(matches) == 1 else path,
        "labels": [{"kind": label.kind, "text": label.text, "order": label.order} for label in found.locator.labels],
        "candidates": matches if len(matches) > 1 else [],
        "url": found.url,
    }
    said = {
        "instrument": "指向整个文件",
        "parsed": "条款路径为{path};未给出该文件的条款，未核对是否存在",
        "clause_found": "条款{path}存在",
        "ambiguous": "条款{path}在文件中不止一处",
        "clause_not_found": "文件中没有条款{path}",
    }[status]
    ok = {Outcome.ALLOW: True, Outcome.REFUSE: False}.get(outcome)
    values = () if status == "instrument" else (value["path"],)
    return Verdict(value, outcome, [Rule(found, said).reason(ok, *values)])


def _look_up(locator: Locator, paths: Sequence[str] | None) -> tuple[str, Outcome, list[str]]:
    if not locator.labels:
        return "instrument", Outcome.ALLOW, []
    if paths is None:
        return "parsed", Outcome.ALLOW_WITH_CONDITION, []
    wanted = [label.text for label in locator.labels]
    known = {path: [label.text for label in Locator.parse(path).labels] for path in dict.fromkeys(paths)}
    exact = [path for path, labels in known.items() if labels == wanted]
    tail = [path for path, labels in known.items() if labels[-len(wanted) :] == wanted]
    inside = [path for path, labels in known.items() if labels[-1:] == wanted[-1:] and _in_order(wanted, labels)]
    matches = exact or tail or inside
    if len(matches) > 1:
        return "ambiguous", Outcome.UNDETERMINED, matches
    return ("clause_found", Outcome.ALLOW, matches) if matches else ("clause_not_found", Outcome.REFUSE, [])


def _in_order(wanted: Sequence[str], labels: Sequence[str]) -> bool:
    rest = iter(labels)
    return all(label in rest for label in wanted)


# --- the directory ----------------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """A written name of an organ: its kind, the years in which it was seen."""

    slug: str
    kind: str
    seen: tuple[int, ...]


class Reading(NamedTuple):
    """What a printed name means. `status`: resolved, candidates, none; `basis` says by which rule."""

    status: str
    slug: str | None
    basis: str | None
    form: str | None
    candidates: tuple[tuple[str, str], ...] = ()


@cache
def _organs() -> Mapping[str, Mapping[str, Any]]:
    return {organ["slug"]: organ for organ in load_data()["organs"]}


@cache
def _forms() -> Mapping[str, tuple[Form, ...]]:
    """Every written name with its owners; an organ that is ambiguous as such owns its names as `ambiguous`."""
    forms: dict[str, tuple[Form, ...]] = {}
    for organ in load_data()["organs"]:
        printed = [{"text": organ["name"], "kind": "full", "seen": organ.get("seen", ())}, *organ.get("names", ())]
        for name in printed:
            kind = "ambiguous" if organ.get("ambiguous") or name.get("ambiguous") else name["kind"]
            form = Form(organ["slug"], kind, tuple(name.get("seen", ())))
            forms[name["text"]] = (*forms.get(name["text"], ()), form)
    return forms


def _organ(slug: str) -> dict[str, Any]:
    known = _organs().get(slug, {})
    return {"slug": slug, "name": known.get("name"), "english": known.get("english"), "kind": known.get("kind")}


def _name(slug: str) -> str:
    name: str = _organs().get(slug, {}).get("name", slug)
    return name


def _slug_of(text: str) -> str:
    """The slug of an organ given by slug or printed name; an unknown one is taken as given."""
    if text in _organs():
        return text
    return load_directory().resolve(_canonical(text)) or _canonical(text)


@cache
def _directory_relations() -> tuple[RelationFact, ...]:
    """The directory's successions, unconfirmed; an organ not seen after the reform ended within its window."""
    data = load_data()
    after, until = data["reform_window"]["after"], data["reform_window"]["until"]
    relations = []
    for organ in data["organs"]:
        years = [*organ.get("seen", ()), *(year for name in organ.get("names", ()) for year in name.get("seen", ()))]
        ended = max(years, default=until.year) < until.year
        for relation in organ.get("relations", ()):
            relations.append(
                RelationFact(
                    origin=organ["slug"],
                    target=relation["to"],
                    kind=relation["kind"],
                    effective_after=after if ended else None,
                    effective_until=until if ended else None,
                    evidence=tuple(relation.get("evidence", ())),
                )
            )
    return tuple(relations)


def _relations(given: Iterable[RelationFact]) -> list[RelationFact]:
    """The relations given, by slug, and those of the directory that are not given again."""
    known = [
        relation.model_copy(update={"origin": _slug_of(relation.origin), "target": _slug_of(relation.target)})
        for relation in given
    ]
    pairs = {(relation.origin, relation.target) for relation in known}
    return known + [relation for relation in _directory_relations() if (relation.origin, relation.target) not in pairs]


# --- D3 names ---------------------------------------------------------------------------------------------------------

_BRACKETED = re.compile(r"\([^()]*\)")
_GENERIC = re.compile(r"(?P<field>[\u4e00-\u9fff]{2,12}?)(?:行政主管部门|主管部门|行政部门|部门)")
_BASES = {
    "full": "全称",
    "short": "简称",
    "alias": "别称",
    "generic": "泛称",
    "place": "补足或省去地名",
    "confirmed": "经确认的读法",
    "misprint": "疑为误印，未经确认",
    "ambiguous": "名称有歧义",
}


def _read_name(printed: str, readings: Iterable[ConfirmedReading], confirmations: int) -> Reading:
    """Read a printed name: the directory's forms, with or without the place, then 环保部门 -> 环保局, then readings."""
    directory = load_directory()
    text = _canonical(printed)
    variants = _variants(text)
    if slug := directory.resolve(text):
        for variant in variants[:2]:
            for form in _forms().get(variant, ()):
                if form.slug == slug:
                    return Reading("resolved", slug, form.kind, variant)
        return Reading("resolved", slug, "place", next((v for v in variants if v in _forms()), None))
    confirmed = {
        _slug_of(reading.organ)
        for reading in readings
        if _canonical(reading.text) == text and is_confirmed(reading.confirmed_by, confirmations)
    }
    if len(confirmed) == 1:
        return Reading("resolved", confirmed.pop(), "confirmed", text)
    if confirmed:
        return Reading("candidates", None, None, text, tuple((slug, "confirmed") for slug in sorted(confirmed)))
    for variant in variants:
        if owners := _forms().get(variant):
            candidates = tuple((form.slug, form.kind) for form in owners)
            return Reading("candidates", None, None, variant, candidates)
    if generic := _GENERIC.fullmatch(text):
        slugs = {directory.resolve(generic["field"] + ending) for ending in "局办委"} - {None}
        if len(slugs) == 1:
            return Reading("resolved", slugs.pop(), "generic", text)
        if slugs:
            return Reading("candidates", None, None, text, tuple((slug, "generic") for slug in sorted(map(str, slugs))))
    return Reading("none", None, None, None)


def _variants(text: str) -> list[str]:
    """The text, without brackets, then each without the place or 市 and with them."""
    place = load_data()["place"]
    bare = list(dict.fromkeys((text, _BRACKETED.sub("", text))))
    cores = [form.removeprefix(prefix) for form in bare for prefix in (place, "市") if form.startswith(prefix)]
    longer = [prefix + form for form in (*cores, *bare) for prefix in ("市", place)]
    padded = bare if len(bare) == 2 else bare * 2
    return [*padded, *(form for form in (*cores, *longer) if form)]


@decision(
    key="organs.resolve",
    title="机构名称：指哪一机构，今由谁承接",
    parameters=PARAMETERS,
    reads=("confirmations",),
)
def resolve(facts: ResolveFacts, context: Context) -> Verdict:
    """名称指哪一机构(与日期无关)，查询日由谁承接；有歧义、疑误印的列出候选，不作判断。

    Which organ a printed name means, whatever the date, and who holds its duties on the day. Ambiguous names and
    misprints give candidates until enough persons confirmed a reading; similar names never match.
    """
    if not facts.text or not facts.text.strip():
        return _missing("机构名称")
    confirmations = context.parameters["confirmations"]
    reading = _read_name(facts.text, facts.readings, confirmations)
    value: dict[str, Any] = {
        "status": reading.status,
        "text": facts.text,
        "organ": None,
        "basis": None,
        "candidates": [
            _organ(slug) | {"basis": basis, "note": _organs().get(slug, {}).get("note")}
            for slug, basis in reading.candidates
        ],
        "successor": None,
    }
    if reading.slug is None:
        said = "“{text}”有多种可能或疑为误印，须经{needed}人确认读法" if reading.candidates else "名录中没有“{text}”"
        values = (facts.text, confirmations) if reading.candidates else (facts.text,)
        return Verdict(value, Outcome.UNDETERMINED, [Rule(None, said).reason(False, *values)])
    value["organ"] = _organ(reading.slug)
    value["basis"] = {"rule": reading.basis, "form": reading.form, "seen": _seen(reading)}
    reasons = [
        Rule(None, "“{text}”为{organ}({basis})").reason(
            True, facts.text, _name(reading.slug), _BASES.get(reading.basis or "", "")
        )
    ]
    day = facts.on or context.on
    found = follow(reading.slug, day, _relations(facts.relations), confirmations=confirmations)
    value["successor"] = _succession_value(reading.slug, day, found)
    reasons += _succession_reasons(reading.slug, day, found)
    settled = found.status in ("same", "moved")
    return Verdict(value, Outcome.ALLOW if settled else Outcome.ALLOW_WITH_CONDITION, reasons)


def _seen(reading: Reading) -> list[int]:
    return sorted({year for form in _forms().get(reading.form or "", ()) for year in form.seen})


# --- D5 successors ----------------------------------------------------------------------------------------------------


@decision(
    key="organs.successor",
    title="承接单位：某机构的职责在某日由谁承担",
    citation=_GOVERNMENT_WORK,
    parameters=PARAMETERS,
    reads=("confirmations",),
)
def successor(facts: SuccessorFacts, context: Context) -> Verdict:
    """机构职责在查询日由谁承担；只依经两人确认并已生效的关系，否则列为“承接单位待定”。

    Who holds an organ's duties on a day. Only confirmed relations in effect are followed; a vanished organ without one
    goes to the queue of the staffing office, the duty staying visible; circles are refused.
    """
    if facts.organ is None:
        return _missing("机构")
    slug = _slug_of(facts.organ)
    day = facts.on or context.on
    relations = _relations(facts.relations)
    if slug not in _organs() and all(slug not in (relation.origin, relation.target) for relation in relations):
        reason = Rule(None, "名录和所给关系中都没有“{text}”").reason(False, facts.organ)
        return Verdict({"status": "unknown", "organ": None, "successor": None}, Outcome.UNDETERMINED, [reason])

    def ended(organ: str) -> bool | None:
        return None if organ != slug or facts.ended_on is None else day >= facts.ended_on

    found = follow(
        slug,
        day,
        relations,
        function=facts.function,
        confirmations=context.parameters["confirmations"],
        ended=ended,
    )
    outcome = {"same": Outcome.ALLOW, "moved": Outcome.ALLOW, "cycle": Outcome.REFUSE}.get(
        found.status, Outcome.UNDETERMINED
    )
    value = _succession_value(slug, day, found) | {"function": facts.function}
    return Verdict(value, outcome, _succession_reasons(slug, day, found))


def _succession_value(slug: str, day: date, found: Succession) -> dict[str, Any]:
    is_open = found.status in ("pending", "undetermined")
    return {
        "status": found.status,
        "on": day,
        "organ": _organ(slug),
        "successor": None if found.organ is None else _organ(found.organ),
        "path": [_relation_value(step) for step in found.steps],
        "candidates": [
            _organ(relation.target) | {"relation": relation.kind, "evidence": relation.evidence}
            for relation in found.candidates
        ],
        "cycle": found.cycle,
        "queue": {"organ": STAFFING_OFFICE, "name": _name(STAFFING_OFFICE)} if is_open else None,
        "note": PENDING if is_open else None,
    }


def _relation_value(relation: RelationFact) -> dict[str, Any]:
    return {
        "from": relation.origin,
        "to": relation.target,
        "kind": relation.kind,
        "effective": relation.effective or relation.effective_until,
        "function": relation.function,
        "evidence": relation.evidence,
        "instrument": relation.instrument,
        "confirmed_by": relation.confirmed_by,
    }


def _succession_reasons(slug: str, day: date, found: Succession) -> list[Reason]:
    reasons = [
        Rule(_cite(step.instrument, step.clause), "{origin}的职责转至{target}(已确认，{day}起)").reason(
            True, _name(step.origin), _name(step.target), step.effective or step.effective_until
        )
        for step in found.steps
    ]
    if found.status == "cycle":
        circle = "→".join(_name(organ) for organ in found.cycle)
        reasons.append(Rule(None, "承接关系成环：{circle}，不予采用").reason(False, circle))
    elif found.status in ("pending", "undetermined"):
        last = _name(found.steps[-1].target if found.steps else slug)
        names = "、".join(dict.fromkeys(_name(relation.target) for relation in found.candidates)) or "无"
        why = "已不存在，没有经确认的承接单位" if found.status == "pending" else "是否仍在、由谁承接尚不能确定"
        rule = Rule(_GOVERNMENT_WORK, "{day},{organ}{why}，列入{queue}待办：" + PENDING + "(可能：{names})")
        reasons.append(rule.reason(False, day, last, why, _name(STAFFING_OFFICE), names))
    elif found.status == "same":
        rule = Rule(_GOVERNMENT_WORK, "{day}{organ}的职责没有转移")
        reasons.append(rule.reason(True, day, _name(slug)))
    return reasons


# --- D4 lists ---------------------------------------------------------------------------------------------------------

_FIRST_LEADS = re.compile(r"[,;。(]?首个责任单位为牵头单位(?:,?下同)?[):,;。]?")
_COUNTED = {"各镇区": ("town_count", "zone_count"), "各镇(办事处)": ("town_count",), "各镇(街道)": ("town_count",)}
"""Wildcards whose number of members is a parameter."""


class Listed(NamedTuple):
    """A list as printed: who leads, who else, which stands for towns and zones."""

    lead: tuple[str, ...]
    others: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool
    has_roles: bool


def _read_list(text: str, first_leads: bool) -> Listed:
    canonical = "".join(fold(text).split()).strip("。;")
    without = _FIRST_LEADS.sub("", canonical)
    first_leads = first_leads or without != canonical
    inner = without[1:-1] if without.startswith("(") and without.endswith(")") else without
    for attempt in (f"({inner})", without):
        if marks := find_marks(attempt, MarkState(first_leads=first_leads)):
            lead = tuple(dict.fromkeys(name for mark in marks for name in mark.lead))
            others = dict.fromkeys(name for mark in marks for name in mark.cooperating if name not in lead)
            local = tuple(dict.fromkeys(name for mark in marks for name in mark.local_names))
            is_open = any(mark.open_ended for mark in marks)
            return Listed(lead, tuple(others), local, is_open, has_roles=True)
    run = read_run(inner)
    heads = run.heads or (run.names[:1] if first_leads else ())
    others_of_run = tuple(name for name in run.names if name not in heads)
    return Listed(heads, others_of_run, run.local, run.open_ended, has_roles=bool(heads))


@decision(
    key="organs.list",
    title="责任单位：谁牵头、谁参与、各镇区指哪些",
    parameters=PARAMETERS,
    reads=("confirmations", "town_count", "zone_count"),
)
def organ_list(facts: ListFacts, context: Context) -> Verdict:
    """把印出的责任单位拆成牵头、参与和镇区，补足“市”字，展开“各镇区”等；“等”表示未列尽。

    A printed list split into lead, participants, towns and zones. 市 of the first name is supplied to the others, 等
    leaves the list open, wildcards are expanded and counted; those chosen case by case need `chosen`.
    """
    if not facts.text or not facts.text.strip():
        return _missing("责任单位")
    listed = _read_list(facts.text, facts.first_leads)
    chosen = {"".join(fold(name).split()): members for name, members in facts.chosen.items()}
    reasons: list[Reason] = []
    entries = {
        name: _entry(name, facts, chosen, context, reasons)
        for name in dict.fromkeys((*listed.lead, *listed.others, *listed.local))
    }
    towns = [entries[name] for name in listed.local]
    lead = [entries[name] for name in listed.lead if name not in listed.local]
    others = [entries[name] for name in listed.others if name not in listed.local]
    unresolved = [entry["text"] for entry in entries.values() if not entry["members"]]
    organs = list(dict.fromkeys(slug for entry in (*lead, *others, *towns) for slug in entry["members"]))
    value = {
        "lead": [slug for entry in lead for slug in entry["members"]],
        "participants": [slug for entry in others for slug in entry["members"]] if listed.has_roles else [],
        "local": [slug for entry in towns for slug in entry["members"]],
        "organs": organs,
        "count": len(organs),
        "open_ended": listed.open_ended,
        "wildcards": [
            {"text": entry["text"], "count": len(entry["members"]), "members": entry["members"]}
            for entry in entries.values()
            if entry["wildcard"]
        ],
        "names": list(entries.values()),
        "unresolved": unresolved,
    }
    if not entries:
        return Verdict(value, Outcome.UNDETERMINED, [Rule(None, "没有读出机构名称").reason(False)])
    if listed.open_ended:
        reasons.append(Rule(None, "有“等”字，所列单位未尽").reason(None))
    if unresolved or any(reason.ok is False for reason in reasons):
        return Verdict(value, Outcome.UNDETERMINED, reasons)
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION if listed.open_ended else Outcome.ALLOW, reasons)


def _entry(
    name: str, facts: ListFacts, chosen: Mapping[str, Sequence[str]], context: Context, reasons: list[Reason]
) -> dict[str, Any]:
    """One name of a list with the organs it stands for; appends why."""
    wildcards = load_data()["wildcards"]
    if name in chosen or name in wildcards:
        picked = list(dict.fromkeys(_slug_of(member) for member in chosen.get(name, ())))
        members = picked or list(load_directory().expand(name))
        unknown = [slug for slug in picked if slug not in _organs()]
        if not members or unknown:
            said = "“{name}”由主办单位逐案确定，请给出成员" if not unknown else "“{name}”的成员中有名录没有的单位"
            reasons.append(Rule(None, said).reason(False, name))
        else:
            _count(name, members, context, reasons)
        return {"text": name, "wildcard": True, "status": "expanded" if members else "chosen", "members": members}
    reading = _read_name(name, facts.readings, context.parameters["confirmations"])
    if reading.slug is None:
        said = "“{name}”有歧义或疑为误印，未经确认" if reading.candidates else "名录中没有“{name}”"
        reasons.append(Rule(None, said).reason(False, name))
    else:
        reasons.append(Rule(None, "“{name}”为{organ}").reason(True, name, _name(reading.slug)))
    members = [] if reading.slug is None else [reading.slug]
    return {"text": name, "wildcard": False, "status": reading.status, "members": members}


def _count(name: str, members: Sequence[str], context: Context, reasons: list[Reason]) -> None:
    names = () if name not in _COUNTED else _COUNTED[name]
    if not names:
        reasons.append(Rule(None, "“{name}”共{count}个单位").reason(True, name, len(members)))
        return
    expected = sum(context.parameters[parameter] for parameter in names)
    dated = context.parameters.dated.get(names[-1])
    rule = Rule(dated.citation if dated else None, "“{name}”共{count}个单位，应为{expected}个")
    reasons.append(rule.reason(len(members) == expected, name, len(members), expected))


# --- D6 holders -------------------------------------------------------------------------------------------------------

_BADGES = {
    "appointed": "任命",
    "attested": "名单",
    "bracketed": "推定",
    "uncertain": "待核",
    "last_known": "待核",
    "vacant_or_unknown": "待核",
    "unknown": "待核",
}
_HOLDER_OUTCOMES = {
    "appointed": Outcome.ALLOW,
    "attested": Outcome.ALLOW,
    "bracketed": Outcome.ALLOW_WITH_CONDITION,
}
_RANK = tuple(_BADGES)
_SEVERAL = re.compile(r".*副.*|.*(?:科员|调研员|巡视员|委员|成员|队员|顾问|职级)")


def _seats(post: str, seats: int | None) -> int | None:
    """Number of seats of a post: as given, 1 for a head, None (several) for deputies and non-leading ranks."""
    return seats if seats is not None else None if _SEVERAL.fullmatch(_canonical(post)) else 1


def _rows_of(rows: Iterable[EvidenceRow], organ: str, post: str) -> list[EvidenceRow]:
    """The rows of one post; a row that names no organ or post is of the one asked about."""
    slug, title = _slug_of(organ), _canonical(post)
    return [
        row
        for row in rows
        if (row.organ is None or _slug_of(row.organ) == slug) and (row.post is None or _canonical(row.post) == title)
    ]


@decision(
    key="organs.holder",
    title="任职：某日某职务由谁担任，依据什么",
    citation="乳政任〔2019〕3号",
    parameters=PARAMETERS,
    reads=("stale_after",),
)
def holder(facts: HolderFacts, context: Context) -> Verdict:
    """查询日某机构某职务由谁担任：任命、名单、推定，或不能确定；每一结果附依据。

    Who held a post on a day. `result`: appointed, attested, bracketed (the same person before and after), uncertain
    (candidates), vacant_or_unknown, last_known, unknown; `list` for a post of several seats. A removal proves the day
    before; undated rows only support. Never names a person removed by then.
    """
    if facts.organ is None or facts.post is None:
        return _missing("机构" if facts.organ is None else "职务")
    day = facts.on or context.on
    rows = _rows_of(facts.evidence or (), facts.organ, facts.post)
    seats = _seats(facts.post, facts.seats)
    years = context.parameters["stale_after"]
    value: dict[str, Any] = {
        "organ": _organ(_slug_of(facts.organ)),
        "post": facts.post,
        "on": day,
        "seats": seats,
        "supporting": [_row_value(row) for row in sorted(rows, key=lambda row: row.key) if row.day is None],
    }
    if seats == 1:
        found = find_holder(rows, day)
        outcome = _holder_outcome(found, day, years)
        return Verdict(_finding_value(found, day, years) | value, outcome, _holder_reasons(found, facts.post, day))
    return _several(rows, facts.post, day, seats, years, value)


def _several(
    rows: Sequence[EvidenceRow], post: str, day: date, seats: int | None, years: int, value: dict[str, Any]
) -> Verdict:
    """A post of several seats: one finding for each person."""
    findings = find_holders(rows, day).values()
    sitting = sorted(
        (found for found in findings if found.holders),
        key=lambda found: (_RANK.index(found.result), found.basis[0].day, found.basis[0].key),
    )
    ended = sorted((found.ended for found in findings if found.ended), key=lambda row: (row.day or date.min, row.key))
    firsts = [found.first_evidence for found in findings if found.first_evidence is not None]
    reasons = [reason for found in sitting for reason in _holder_reasons(found, post, day)]
    reasons += [
        Rule(_cite(row.instrument, row.clause), "{person}已于{day}免去{post}").reason(None, row.person, row.day, post)
        for row in ended
    ]
    outcomes = {_holder_outcome(found, day, years) for found in sitting} or {Outcome.UNDETERMINED}
    if seats is not None and len(sitting) > seats:
        reasons.append(Rule(None, "有依据的{count}人多于职数{seats}").reason(False, len(sitting), seats))
        outcomes.add(Outcome.UNDETERMINED)
    if not sitting:
        reasons.append(Rule(None, "{day}没有{post}的在任依据").reason(False, day, post))
    value |= {
        "result": "list" if sitting or ended else "unknown",
        "holders": [_finding_value(found, day, years) for found in sitting],
        "ended": [_row_value(row) | {"ended_on": row.day} for row in ended],
        "first_evidence": min(firsts, default=None),
        "stale": any(found.is_stale(day, years) for found in sitting),
    }
    worst = (Outcome.UNDETERMINED, Outcome.ALLOW_WITH_CONDITION, Outcome.ALLOW)
    return Verdict(value, next(outcome for outcome in worst if outcome in outcomes), reasons)


def _holder_outcome(found: Finding, day: date, years: int) -> Outcome:
    outcome = _HOLDER_OUTCOMES.get(found.result, Outcome.UNDETERMINED)
    if outcome is Outcome.ALLOW and (found.conflicts or found.is_stale(day, years)):
        return Outcome.ALLOW_WITH_CONDITION
    return outcome


def _finding_value(found: Finding, day: date, years: int) -> dict[str, Any]:
    alone = found.holders[0] if len(found.holders) == 1 else None
    return {
        "result": found.result,
        "badge": _BADGES[found.result],
        "person": None if alone is None else alone.person,
        "person_id": None if alone is None else alone.person_id,
        "since": found.first if found.result == "appointed" else None,
        "interval": None if found.first is None else {"from": found.first, "to": found.last},
        "candidates": [{"person": row.person, "person_id": row.person_id} for row in found.holders[:]]
        if alone is None
        else [],
        "basis": [_point_value(point) for point in found.basis],
        "last_known": found.basis[-1].day if found.result == "last_known" else None,
        "first_evidence": found.first_evidence,
        "ended": None if found.ended is None else _row_value(found.ended) | {"ended_on": found.ended.day},
        "conflicts": [_point_value(point) for point in found.conflicts],
        "stale": found.is_stale(day, years),
    }


def _row_value(row: EvidenceRow) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "person": row.person,
        "person_id": row.person_id,
        "date": row.day,
        "instrument": row.instrument,
        "clause": row.clause,
        "remark": row.remark,
    }


def _point_value(point: Point) -> dict[str, Any]:
    return _row_value(point.row) | {"proves": point.day, "by_removal": point.row.kind == "remove"}


_POINT_SAYS = {
    "appoint": "{person}自{day}起任{post}",
    "attest": "{day}的文件载明{person}为{post}",
    "remove": "{person}于{day}免去{post},前一日仍在任",
}
_RESULT_SAYS = {
    "appointed": "{day}，按任命由{names}担任",
    "attested": "{day}，由{names}担任",
    "bracketed": "{day}前后的依据均为{names},推定由其担任",
    "uncertain": "{day}可能为{names}，不能确定",
    "last_known": "{day}前最后的依据为{names}，其后无依据，待核",
    "vacant_or_unknown": "{day}前最后的任职人已免职，其后无依据{names}",
    "unknown": "{day}没有依据可据以认定{names}",
}


def _holder_reasons(found: Finding, post: str, day: date) -> list[Reason]:
    def say(point: Point, ok: bool | None) -> Reason:
        row = point.row
        rule = Rule(_cite(row.instrument, row.clause), _POINT_SAYS[row.kind])
        return rule.reason(ok, *(part for part in _in_sentence(rule, row, post)))

    named = found.result in ("appointed", "attested", "bracketed")
    reasons = [say(point, None) for point in found.basis]
    if found.ended is not None and all(point.row != found.ended for point in found.basis):
        reasons.append(say(Point(day, found.ended), None))
    if found.first_evidence is not None:
        reasons.append(Rule(None, "最早的依据在{day}").reason(None, found.first_evidence))
    reasons += [say(point, False) for point in found.conflicts]
    names = "、".join(row.person for row in found.holders)
    last = found.basis[-1].row if found.basis else None
    rule = Rule(None if last is None else _cite(last.instrument, last.clause), _RESULT_SAYS[found.result])
    return [*reasons, rule.reason(named, day, names)]


def _in_sentence(rule: Rule, row: EvidenceRow, post: str) -> list[Any]:
    data = {"person": row.person, "day": row.day, "post": post}
    return [data[name] for name in rule.names]


# --- D9 appointments --------------------------------------------------------------------------------------------------


@decision(key="organs.appointments", title="任免名单：核对占职、转任、同名", citation="乳政任〔2019〕3号")
def appointments(facts: AppointmentFacts, context: Context) -> Verdict:
    """核对任免名单：职务已有人而未免、同一名单内转任、免去未见过的职务、同名。告警不阻止登记，须说明。

    Checks of an appointment list. Warnings do not stop it: an occupied post needs an explanation, a removal of a post
    never seen is accepted with its start unknown, a namesake elsewhere is a suggestion only. Remarks stay verbatim.
    """
    if not facts.acts or facts.issued_on is None:
        return _missing("任免事项" if not facts.acts else "名单日期")
    source = _cite(facts.number)
    warnings = _occupied(facts, facts.issued_on) + _never_seen(facts)
    transfers = _transfers(facts)
    suggestions = _namesakes(facts)
    reasons = [
        Rule(source, "{message}").reason(not warning["needs_explanation"], warning["message"]) for warning in warnings
    ]
    reasons += [
        Rule(source, "{person}由{old}转任{new}").reason(
            True, move["person"], _posts_text(move["from"]), _posts_text(move["to"])
        )
        for move in transfers
    ]
    reasons += [Rule(source, "{message}").reason(None, suggestion["message"]) for suggestion in suggestions]
    appointed = sum(act.action == "appoint" for act in facts.acts)
    removed = len(facts.acts) - appointed
    reasons.append(Rule(source, "名单任命{appointed}人次，免职{removed}人次").reason(True, appointed, removed))
    value = {
        "accepted": True,
        "warnings": warnings,
        "transfers": transfers,
        "suggestions": suggestions,
        "appointed": appointed,
        "removed": removed,
        "records": [
            {
                "kind": act.action,
                "person": act.person,
                "organ": _slug_of(act.organ),
                "post": act.post,
                "date": facts.issued_on,
                "instrument": facts.number,
                "remark": act.remark,
            }
            for act in facts.acts
        ],
    }
    is_open = any(warning["needs_explanation"] for warning in warnings)
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION if is_open else Outcome.ALLOW, reasons)


def _post_of(item: Act | EvidenceRow | Seat) -> tuple[str, str]:
    return _slug_of(item.organ or ""), _canonical(item.post or "")


def _occupied(facts: AppointmentFacts, day: date) -> list[dict[str, Any]]:
    """Appointments to a post of one seat that somebody else holds, by what was known before or by this very list."""
    warnings = []
    for index, act in enumerate(facts.acts):
        if act.action != "appoint" or _seats(act.post, act.seats) != 1:
            continue
        post = _post_of(act)
        same_post = [other for other in facts.acts if _post_of(other) == post]
        removed = {other.key for other in same_post if other.action == "remove"}
        before = [row for row in facts.evidence if _post_of(row) == post and row.day is not None and row.day <= day]
        found = find_holder(before, day)
        sitting = {row.key: row.person for row in found.holders}
        sitting |= {other.key: other.person for other in same_post if other.action == "appoint"}
        holders = [name for key, name in sitting.items() if key not in removed | {act.key}]
        if holders:
            message = f"{_name(post[0])}{act.post}已由{'、'.join(holders)}担任，未见免职，拟任{act.person}应说明"
            warnings.append(_warning("occupied", index, message, act.explanation))
    return warnings


def _warning(code: str, index: int, message: str, explanation: str | None) -> dict[str, Any]:
    return {
        "code": code,
        "act": index + 1,
        "message": message,
        "explanation": explanation,
        "needs_explanation": not explanation,
    }


def _never_seen(facts: AppointmentFacts) -> list[dict[str, Any]]:
    known = {(row.key, *_post_of(row)) for row in facts.evidence}
    return [
        {
            "code": "start_unknown",
            "act": index + 1,
            "message": f"{act.person}的{_name(_slug_of(act.organ))}{act.post}此前未见，免职照收，任职起始不详",
            "explanation": act.explanation,
            "needs_explanation": False,
        }
        for index, act in enumerate(facts.acts)
        if act.action == "remove" and (act.key, *_post_of(act)) not in known
    ]


def _transfers(facts: AppointmentFacts) -> list[dict[str, Any]]:
    """Persons removed from one post and appointed to another by the same list."""
    transfers = []
    for key in dict.fromkeys(act.key for act in facts.acts):
        own = [act for act in facts.acts if act.key == key]
        new = [act for act in own if act.action == "appoint"]
        old = [act for act in own if act.action == "remove" and _post_of(act) not in map(_post_of, new)]
        if old and new:
            transfers.append({"person": own[0].person, "from": _posts_value(old), "to": _posts_value(new)})
    return transfers


def _posts_value(acts: Iterable[Act]) -> list[dict[str, Any]]:
    return [{"organ": _slug_of(act.organ), "post": act.post, "remark": act.remark} for act in acts]


def _posts_text(posts: Iterable[Mapping[str, Any]]) -> str:
    return "、".join(f"{_name(post['organ'])}{post['post']}" for post in posts)


def _namesakes(facts: AppointmentFacts) -> list[dict[str, Any]]:
    """The same name printed at another organ before: perhaps the same person, to be confirmed by two."""
    suggestions = []
    for person in dict.fromkeys(act.person for act in facts.acts):
        here = {_post_of(act) for act in facts.acts if act.person == person}
        elsewhere = sorted({_post_of(row) for row in facts.evidence if row.person == person} - here)
        if elsewhere:
            posts = "、".join(f"{_name(organ)}{post}" for organ, post in elsewhere)
            message = f"“{person}”此前另见于{posts}，是否同一人须经两人确认"
            suggestions.append({"code": "same_name", "person": person, "posts": elsewhere, "message": message})
    return suggestions


# --- D10 groups -------------------------------------------------------------------------------------------------------


@decision(
    key="organs.members",
    title="领导小组：某日的成员和按职务接任的建议",
    citation="乳政办发〔2018〕1号",
)
def members(facts: MemberFacts, context: Context) -> Verdict:
    """名单自成文日起有效；成员的职务已由他人担任的，建议按职务接任，经办公室所在单位确认后生效，历史保留。

    The members of a group on a day: the list from its instrument's date, confirmed changes applied. Where another
    person holds a member's post by then, succession by post is proposed, never applied.
    """
    if facts.members is None:
        return _missing("成员名单")
    day = facts.on or context.on
    source = _cite(facts.instrument)
    status = "undated" if facts.issued_on is None else "not_yet" if day < facts.issued_on else "in_force"
    value: dict[str, Any] = {"group": facts.group, "on": day, "status": status, "members": [], "proposals": []}
    if status == "not_yet":
        reason = Rule(source, "名单自{start}起有效，{day}尚未成立").reason(False, facts.issued_on, day)
        return Verdict(value | {"count": 0}, Outcome.NOT_APPLICABLE, [reason])
    reasons: list[Reason] = []
    seats = sorted(facts.members, key=lambda seat: seat.order)
    rows = _evidence_of_list(facts)
    for seat in seats:
        entry = _seat_value(seat, facts, day, reasons)
        if seat.person is None and seat.organ and seat.post and _seats(seat.post, None) == 1:
            found = find_holder(_rows_of(rows, seat.organ, seat.post), day)
            entry["person"] = found.holders[0].person if _is_named(found) else None
        value["members"].append(entry)
        if (proposal := _proposal(seat, entry, rows, day)) is not None:
            value["proposals"].append(proposal)
            text = f"{seat.role}{entry['person']}的{seat.post}已由{proposal['to']}担任，建议按职务接任，待确认"
            reasons.append(Rule(_cite(proposal["instrument"]), "{text}").reason(None, text))
    value["count"] = len(seats)
    if status == "undated":
        reasons.append(Rule(source, "文件未印日期，名单何日起有效不详，仅作佐证").reason(False))
        return Verdict(value, Outcome.UNDETERMINED, reasons)
    reasons.append(Rule(source, "名单共{count}人，自{start}起").reason(True, len(seats), facts.issued_on))
    is_open = bool(value["proposals"]) or any(reason.ok is False for reason in reasons)
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION if is_open else Outcome.ALLOW, reasons)


def _is_named(found: Finding) -> bool:
    return found.result in ("appointed", "attested", "bracketed")


def _evidence_of_list(facts: MemberFacts) -> list[EvidenceRow]:
    """The evidence given, and what the list itself attests on its date."""
    own = [
        EvidenceRow(
            kind="attest",
            person=seat.person,
            person_id=seat.person_id,
            day=facts.issued_on,
            instrument=facts.instrument,
            organ=seat.organ,
            post=seat.post,
        )
        for seat in facts.members or ()
        if seat.person and seat.organ and seat.post
    ]
    return [row for row in facts.evidence if row.organ and row.post] + own


def _is_applied(change: MemberChange, facts: MemberFacts) -> bool:
    """Whether the organ where the office sits has confirmed the change."""
    if not change.confirmed_by or facts.office is None:
        return False
    return _slug_of(change.confirmed_by) == _slug_of(facts.office)


def _seat_value(seat: Seat, facts: MemberFacts, day: date, reasons: list[Reason]) -> dict[str, Any]:
    """A seat on the day: confirmed changes applied in order of their dates, the earlier members kept as history."""
    entry: dict[str, Any] = {
        "order": seat.order,
        "role": seat.role,
        "person": seat.person,
        "key": seat.key,
        "organ": _slug_of(seat.organ) if seat.organ else None,
        "post": seat.post,
        "from": facts.issued_on,
        "history": [],
    }
    changes = sorted((change for change in facts.changes if change.order == seat.order), key=lambda change: change.on)
    for change in changes:
        if not _is_applied(change, facts):
            text = f"{change.order}号席位改为{change.person}未经办公室所在单位确认，不适用"
            reasons.append(Rule(_cite(change.instrument), "{text}").reason(False, text))
        elif change.on <= day:
            entry["history"].append({"person": entry["person"], "from": entry["from"], "to": change.on})
            entry |= {"person": change.person, "key": change.person_id or change.person, "from": change.on}
            rule = Rule(_cite(change.instrument or facts.instrument), "{order}号席位自{day}起由{person}接任")
            reasons.append(rule.reason(True, change.order, change.on, change.person))
    return entry


def _proposal(seat: Seat, entry: dict[str, Any], rows: Sequence[EvidenceRow], day: date) -> dict[str, Any] | None:
    """Succession by post: another person is proved to hold the member's post of one seat on the day."""
    if entry["person"] is None or not seat.organ or not seat.post or _seats(seat.post, None) != 1 or not seat.person:
        return None
    found = find_holder(_rows_of(rows, seat.organ, seat.post), day)
    if not found.holders or found.result == "uncertain" or found.holders[0].key == entry["key"]:
        return None
    basis = found.basis[-1].row
    return {
        "order": seat.order,
        "from": entry["person"],
        "to": found.holders[0].person,
        "basis": found.result,
        "date": basis.day,
        "instrument": basis.instrument,
    }
