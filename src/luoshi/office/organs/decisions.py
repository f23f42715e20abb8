"""The decisions `organs.*`: numbers, citations, names, lists, successors, holders, appointments, groups (organs 6).

They read the packaged directory and the facts given, no database. What is not known stays open: a name that may mean
two organs, an organ whose successor nobody confirmed, a post without evidence give UNDETERMINED, never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.kernel.citation import Citation, DocumentNumber, Locator, fold
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.parameters import ParameterTable
from luoshi.office.organs.directory import issuer_slug, load_data, load_directory
from luoshi.office.organs.facts import (
    AppointmentFacts,
    CitationFacts,
    EvidenceRow,
    HolderFacts,
    ListFacts,
    MemberFacts,
    NumberFacts,
    RelationFact,
    ResolveFacts,
    SuccessorFacts,
)
from luoshi.office.organs.history import Succession, find_holder, follow
from luoshi.office.organs.naming import (
    BASES,
    all_relations,
    canonical,
    cite,
    organ_name,
    organ_value,
    organs,
    read_list,
    read_name,
    seen_years,
    slug_of,
)
from luoshi.office.organs.posts import (
    evidence_of_list,
    finding_value,
    holder_outcome,
    holder_reasons,
    is_named,
    namesakes,
    never_seen,
    occupied,
    posts_text,
    proposal_for,
    row_value,
    rows_of,
    seat_value,
    seats_of,
    several_holders,
    transfers_of,
)

PARAMETERS = ParameterTable.from_data(yaml_text.read((Path(__file__).parent / "parameters.yaml").read_text("utf-8")))

STAFFING_OFFICE = "staffing-office"
"""The organ whose queue takes duties without a successor."""
PENDING = "承接单位待定"

_FORMAT = "《党政机关公文格式》7.2.5"
_CLEAR_DUTIES = "乳政发〔2018〕2号 四(一)5"
"""Item 5: the staffing office revises 三定, clears overlapping duties, names who leads."""


def _missing(what: str) -> Verdict:
    return Verdict({"status": "unknown"}, Outcome.UNDETERMINED, [Rule(None, "未提供{what}").reason(False, what)])


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
    text = canonical(facts.text)
    found = DocumentNumber.parse(text)
    if found is None:
        fault = next(fault for pattern, fault in _NUMBER_FAULTS if pattern.fullmatch(text))
        reason = Rule(_FORMAT, "“{text}”不是文号：{fault}").reason(False, facts.text, fault)
        return Verdict({"number": None, "reason": fault}, Outcome.REFUSE, [reason])
    slug = issuer_slug(found.issuer)
    reasons = [Rule(_FORMAT, "“{text}”即{number}").reason(True, facts.text, str(found))]
    issuer = None if slug is None else organ_value(slug)
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


# --- D3 names ---------------------------------------------------------------------------------------------------------


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
    reading = read_name(facts.text, facts.readings, confirmations, facts.names)
    value: dict[str, Any] = {
        "status": reading.status,
        "text": facts.text,
        "organ": None,
        "basis": None,
        "candidates": [
            organ_value(slug) | {"basis": basis, "note": organs().get(slug, {}).get("note")}
            for slug, basis in reading.candidates
        ],
        "successor": None,
    }
    if reading.slug is None:
        said = "“{text}”有多种可能或疑为误印，须经{needed}人确认读法" if reading.candidates else "名录中没有“{text}”"
        values = (facts.text, confirmations) if reading.candidates else (facts.text,)
        return Verdict(value, Outcome.UNDETERMINED, [Rule(None, said).reason(False, *values)])
    value["organ"] = organ_value(reading.slug)
    value["basis"] = {"rule": reading.basis, "form": reading.form, "seen": seen_years(reading)}
    reasons = [
        Rule(None, "“{text}”为{organ}({basis})").reason(
            True, facts.text, organ_name(reading.slug), BASES.get(reading.basis or "", "")
        )
    ]
    day = facts.on or context.on
    found = follow(reading.slug, day, all_relations(facts.relations), confirmations=confirmations)
    value["successor"] = _succession_value(reading.slug, day, found)
    reasons += _succession_reasons(reading.slug, day, found)
    settled = found.organ is not None and not found.candidates
    return Verdict(value, Outcome.ALLOW if settled else Outcome.ALLOW_WITH_CONDITION, reasons)


# --- D5 successors ----------------------------------------------------------------------------------------------------


@decision(
    key="organs.successor",
    title="承接单位：某机构的职责在某日由谁承担",
    citation=_CLEAR_DUTIES,
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
    slug = slug_of(facts.organ)
    day = facts.on or context.on
    relations = all_relations(facts.relations)
    if slug not in organs() and all(slug not in (relation.origin, relation.target) for relation in relations):
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
    if found.organ is not None:
        outcome = Outcome.ALLOW_WITH_CONDITION if found.candidates else Outcome.ALLOW
    else:
        outcome = Outcome.REFUSE if found.status == "cycle" else Outcome.UNDETERMINED
    value = _succession_value(slug, day, found) | {"function": facts.function}
    return Verdict(value, outcome, _succession_reasons(slug, day, found))


def _succession_value(slug: str, day: date, found: Succession) -> dict[str, Any]:
    is_open = found.status in ("pending", "undetermined")
    return {
        "status": found.status,
        "on": day,
        "organ": organ_value(slug),
        "successor": None if found.organ is None else organ_value(found.organ),
        "path": [_relation_value(step) for step in found.steps],
        "candidates": [
            organ_value(relation.target) | {"relation": relation.kind, "evidence": relation.evidence}
            for relation in found.candidates
        ],
        "cycle": found.cycle,
        "queue": {"organ": STAFFING_OFFICE, "name": organ_name(STAFFING_OFFICE)} if is_open else None,
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
        Rule(cite(step.instrument, step.clause), "{origin}的职责转至{target}(已确认，{day}起)").reason(
            True, organ_name(step.origin), organ_name(step.target), step.effective or step.effective_until
        )
        for step in found.steps
    ]
    if found.status == "cycle":
        circle = "→".join(organ_name(organ) for organ in found.cycle)
        reasons.append(Rule(None, "承接关系成环：{circle}，不予采用").reason(False, circle))
    elif found.status in ("pending", "undetermined"):
        last = organ_name(found.steps[-1].target if found.steps else slug)
        names = "、".join(dict.fromkeys(organ_name(relation.target) for relation in found.candidates)) or "无"
        why = "已不存在，没有经确认的承接单位" if found.status == "pending" else "是否仍在、由谁承接尚不能确定"
        rule = Rule(_CLEAR_DUTIES, "{day},{organ}{why}，列入{queue}待办：" + PENDING + "(可能：{names})")
        reasons.append(rule.reason(False, day, last, why, organ_name(STAFFING_OFFICE), names))
    elif found.status == "same":
        rule = Rule(_CLEAR_DUTIES, "{day},{organ}的职责未见经确认的转移")
        reasons.append(rule.reason(True, day, organ_name(slug)))
    if found.candidates and found.organ is not None:
        names = "、".join(dict.fromkeys(organ_name(relation.target) for relation in found.candidates))
        reasons.append(Rule(_CLEAR_DUTIES, "部分职能可能已划转{names}，未经确认").reason(None, names))
    return reasons


# --- D4 lists ---------------------------------------------------------------------------------------------------------

_COUNTED = {"各镇区": ("town_count", "zone_count"), "各镇(办事处)": ("town_count",), "各镇(街道)": ("town_count",)}
"""Wildcards whose number of members is a parameter."""


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
    listed = read_list(facts.text, facts.first_leads)
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
    named = list(dict.fromkeys(slug for entry in (*lead, *others, *towns) for slug in entry["members"]))
    value = {
        "lead": [slug for entry in lead for slug in entry["members"]],
        "participants": [slug for entry in others for slug in entry["members"]] if listed.has_roles else [],
        "local": [slug for entry in towns for slug in entry["members"]],
        "organs": named,
        "count": len(named),
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
        picked = list(dict.fromkeys(slug_of(member) for member in chosen.get(name, ())))
        members = picked or list(load_directory().expand(name))
        unknown = [slug for slug in picked if slug not in organs()]
        if not members or unknown:
            said = "“{name}”由主办单位逐案确定，请给出成员" if not unknown else "“{name}”的成员中有名录没有的单位"
            reasons.append(Rule(None, said).reason(False, name))
        else:
            _count(name, members, context, reasons)
        return {"text": name, "wildcard": True, "status": "expanded" if members else "chosen", "members": members}
    reading = read_name(name, facts.readings, context.parameters["confirmations"], facts.names)
    if reading.slug is None:
        said = "“{name}”有歧义或疑为误印，未经确认" if reading.candidates else "名录中没有“{name}”"
        reasons.append(Rule(None, said).reason(False, name))
    else:
        reasons.append(Rule(None, "“{name}”为{organ}").reason(True, name, organ_name(reading.slug)))
    members = [] if reading.slug is None else [reading.slug]
    return {"text": name, "wildcard": False, "status": reading.status, "members": members}


def _count(name: str, members: Sequence[str], context: Context, reasons: list[Reason]) -> None:
    names = _COUNTED.get(name, ())
    if not names:
        reasons.append(Rule(None, "“{name}”共{count}个单位").reason(True, name, len(members)))
        return
    expected = sum(context.parameters[parameter] for parameter in names)
    dated = context.parameters.dated.get(names[-1])
    rule = Rule(dated.citation if dated else None, "“{name}”共{count}个单位，应为{expected}个")
    reasons.append(rule.reason(len(members) == expected, name, len(members), expected))


# --- D6 holders -------------------------------------------------------------------------------------------------------


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
    rows = rows_of(facts.evidence or (), facts.organ, facts.post)
    seats = seats_of(facts.post, facts.seats)
    years = context.parameters["stale_after"]
    value: dict[str, Any] = {
        "organ": organ_value(slug_of(facts.organ)),
        "post": facts.post,
        "on": day,
        "seats": seats,
        "supporting": [row_value(row) for row in sorted(rows, key=EvidenceRow.model_dump_json) if row.day is None],
    }
    if seats == 1:
        found = find_holder(rows, day)
        outcome = holder_outcome(found, day, years)
        return Verdict(finding_value(found, day, years) | value, outcome, holder_reasons(found, facts.post, day))
    return several_holders(rows, facts.post, day, seats, years, value)


# --- D9 appointments --------------------------------------------------------------------------------------------------


@decision(key="organs.appointments", title="任免名单：核对占职、转任、同名", citation="乳政任〔2019〕3号")
def appointments(facts: AppointmentFacts, context: Context) -> Verdict:
    """核对任免名单：职务已有人而未免、同一名单内转任、免去未见过的职务、同名。告警不阻止登记，须说明。

    Checks of an appointment list. Warnings do not stop it: an occupied post needs an explanation, a removal of a post
    never seen is accepted with its start unknown, a namesake elsewhere is a suggestion only. Remarks stay verbatim.
    """
    if not facts.acts or facts.issued_on is None:
        return _missing("任免事项" if not facts.acts else "名单日期")
    source = cite(facts.number)
    warnings = occupied(facts, facts.issued_on) + never_seen(facts)
    transfers = transfers_of(facts)
    suggestions = namesakes(facts)
    reasons = [
        Rule(source, "{message}").reason(not warning["needs_explanation"], warning["message"]) for warning in warnings
    ]
    reasons += [
        Rule(source, "{person}由{old}转任{new}").reason(
            True, move["person"], posts_text(move["from"]), posts_text(move["to"])
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
                "organ": slug_of(act.organ),
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
    source = cite(facts.instrument)
    status = "undated" if facts.issued_on is None else "not_yet" if day < facts.issued_on else "in_force"
    value: dict[str, Any] = {"group": facts.group, "on": day, "status": status, "members": [], "proposals": []}
    if status == "not_yet":
        reason = Rule(source, "名单自{start}起有效，{day}尚未成立").reason(False, facts.issued_on, day)
        return Verdict(value | {"count": 0}, Outcome.NOT_APPLICABLE, [reason])
    reasons: list[Reason] = []
    seats = sorted(facts.members, key=lambda seat: seat.order)
    rows = evidence_of_list(facts)
    for seat in seats:
        entry = seat_value(seat, facts, day, reasons)
        if seat.person is None and seat.organ and seat.post and seats_of(seat.post, None) == 1:
            found = find_holder(rows_of(rows, seat.organ, seat.post), day)
            entry["person"] = found.holders[0].person if is_named(found) else None
        value["members"].append(entry)
        if (proposal := proposal_for(seat, entry, rows, day)) is not None:
            value["proposals"].append(proposal)
            text = f"{seat.role}{entry['person']}的{seat.post}已由{proposal['to']}担任，建议按职务接任，待确认"
            reasons.append(Rule(cite(proposal["instrument"]), "{text}").reason(None, text))
    value["count"] = len(seats)
    if status == "undated":
        reasons.append(Rule(source, "文件未印日期，名单何日起有效不详，仅作佐证").reason(False))
        return Verdict(value, Outcome.UNDETERMINED, reasons)
    reasons.append(Rule(source, "名单共{count}人，自{start}起").reason(True, len(seats), facts.issued_on))
    is_open = bool(value["proposals"]) or any(reason.ok is False for reason in reasons)
    return Verdict(value, Outcome.ALLOW_WITH_CONDITION if is_open else Outcome.ALLOW, reasons)
