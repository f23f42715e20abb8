"""D1 to D3: who answers for an item as printed, whom a wildcard stands for, whether an item is broken down."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Day, Facts, Flag, Number, Text, plain
from luoshi.office.organs.directory import load_data, load_directory
from luoshi.programmes.supervision.decisions.settings import (
    CROSSING,
    PARAMETERS,
    PERSONS,
    PLAN,
    WHOLE_BP,
    Points,
    Profile,
    day_of,
    iso,
    organ_key,
    whole,
)

WILDCARDS = ("各镇区", "各相关镇区", "各有关镇区", "各镇", "各金融机构")
_DESIGNATED = ("各相关镇区", "各有关镇区")
_INNER = re.compile(r"\([^()]*\)")
_ADDRESSEES = f"{PLAN}"

# --- D1 ---------------------------------------------------------------------------------------------------------------


class Confirmed(Facts):
    """一处误印的读法：两个不同的人确认才算。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "printed": "raw", "text": "raw", "read_as": "organ", "as": "organ", "name": "organ", "confirmed_by": "by",
        "clerks": "by", "reading": "organ",
    }  # fmt: skip
    raw: Text = Field(None, description="印出的名称 / the name as printed")
    organ: Text = Field(None, description="读作 / read as")
    by: list[Text] = Field(default_factory=list, description="确认人，须两个不同的人 / who confirmed it")


class Name(NamedTuple):
    """One printed name: 市 restored, as people call it, the organ's slug (empty: not known), how it was resolved."""

    raw: str
    name: str
    organ: str
    resolution: str
    proposal: str = ""


def split(text: str) -> tuple[list[str], list[str]] | None:
    """Return the lead and the cooperating names of the last mark of a text, as printed; None where there is no mark.

    White space and line breaks inside are nothing; brackets, colons and semicolons are half- or full-width. What stands
    in brackets within the mark is a remark and no part of a name.
    """
    tight = "".join(unicodedata.normalize("NFKC", text).split()).replace("〔", "(").replace("〕", ")")
    body = _mark(f"({tight})" if tight.startswith("责任单位") else tight)
    if body is None:
        return None
    lead, _found, coop = body.partition("责任单位")[2].lstrip(":").partition("配合单位")
    return _names(lead), _names(coop.lstrip(":"))


def _mark(text: str) -> str | None:
    """Return what stands in the last bracket that says 责任单位, without the brackets inside it; None for none."""
    opened: list[int] = []
    found: str | None = None
    for place, sign in enumerate(f"{text})" if text.count("(") > text.count(")") else text):
        if sign == "(":
            opened.append(place)
        elif sign == ")" and opened:
            inside = _INNER.sub("", text[opened.pop() + 1 : place])
            found = inside if "责任单位" in inside else found
    return found


def _names(run: str) -> list[str]:
    return [name for name in re.split(r"[、,]", run.strip(";:。,、")) if name]


@cache
def _written_names() -> tuple[tuple[str, str], ...]:
    """Every written name of an organ without 市, and its slug; ambiguous ones and misprints are left out."""
    directory = load_directory()
    found: dict[str, str] = {}
    for organ in load_data()["organs"]:
        for one in ({"text": organ["name"]}, *organ.get("names", ())):
            text = one["text"].removeprefix("市")
            if directory.resolve(text) == organ["slug"]:
                found.setdefault(text, organ["slug"])
    return tuple(sorted(found.items()))


def _proposed(raw: str) -> str:
    """Return the name a misprint may stand for: one sign missing or other, the beginning alike before the end."""
    text = raw.removeprefix("市")
    if load_directory().resolve(f"{text}局"):
        return f"{text}局"
    near = [
        (-_alike(text, name), name)
        for name, _slug in _written_names()
        if len(name) == len(text) and sum(a != b for a, b in zip(name, text, strict=True)) == 1
    ]
    return min(near)[1] if near else (load_directory().similar(raw) or "").removeprefix("市")


def _alike(one: str, other: str) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def called(raw: str) -> str:
    """Return a printed name as the plan's own table calls it: without the 市 that only says of which city."""
    if raw.startswith(("市委", "市政府")) or not raw.startswith("市"):
        return raw
    directory = load_directory()
    return raw[1:] if directory.resolve(raw[1:]) is not None else raw


def resolve(names: Sequence[str], confirmed: Iterable[Confirmed] = ()) -> list[Name]:
    """Return the names of one list resolved: 市 restored for every name after the first, wildcards left as they are."""
    directory = load_directory()
    readings = {one.raw: one for one in confirmed if one.raw}
    found: list[Name] = []
    for printed in names:
        if printed in WILDCARDS:
            found.append(Name(printed, printed, "", "wildcard"))
            continue
        slug = directory.resolve(printed) or directory.resolve(f"市{printed}")
        own = printed.startswith("市") and (slug is None or directory.resolve(printed) == slug)
        zone = slug is not None and directory.resolve(f"市{printed}") is None
        raw = printed if own or zone else f"市{printed}"
        if slug is not None:
            exact = any(organ["slug"] == slug and organ["name"] in (raw, printed) for organ in load_data()["organs"])
            found.append(Name(raw, called(printed), slug, "exact" if exact else "alias"))
            continue
        reading = readings.get(raw) or readings.get(printed)
        meant = directory.resolve(reading.organ or "") if reading else None
        if reading and meant and len(set(reading.by)) >= 2:
            found.append(Name(raw, called(reading.organ), meant, "misprint_confirmed", called(reading.organ)))
        else:
            found.append(Name(raw, printed, "", "unresolved", _proposed(raw)))
    return found


class MarkFacts(Facts):
    """一条重点事项的原文，或只有责任单位的括号。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"text": "某事。（责任单位：市住建局、交通局；配合单位：各相关镇区）"},
                {
                    "text": "（责任单位:市自然资源）",
                    "confirmations": [{"raw": "市自然资源", "organ": "市自然资源局", "by": ["测试甲", "测试乙"]}],
                },
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "raw": "text", "item": "text", "mark": "text", "raw_text": "text", "confirmed": "confirmations",
        "readings": "confirmations", "misprints": "confirmations",
    }  # fmt: skip
    text: str | None = Field(None, description="原文 / text of the item", max_length=20_000)
    confirmations: list[Confirmed] = Field(default_factory=list, description="误印的读法 / confirmed readings")


LEADS = Rule(PLAN, "责任单位：{names}")
COOPS = Rule(PLAN, "配合单位：{names}")
NO_MARK = Rule(PLAN, "没有读到责任单位")
MISPRINT = Rule(PLAN, "“{raw}”疑为误印，建议读作“{proposal}”，须两个不同的人确认")
UNKNOWN = Rule(PLAN, "名录中没有“{raw}”，须两个不同的人认读")
READ_AS = Rule(PLAN, "“{raw}”经两人确认读作“{name}”")
TOKEN = Rule(PLAN, "“{raw}”为泛称，另行展开")


@decision(
    key="supervision.parse_mark",
    title="读责任单位",
    citation=PLAN,
    parameters=PARAMETERS,
    also=("supervision.parse", "supervision.marks", "supervision.responsibility"),
)
def parse_mark(facts: MarkFacts, context: Context) -> Verdict:
    """最后一个“责任单位”括号，换行和空白不计，补足“市”字；认不出的须两人确认，没认完不能启用年度计划。

    Value: `result` RESOLVED or UNRESOLVED, `lead` and `coop` as they are called, `wildcards`, `entries` with raw,
    organ and resolution, `queue`: what two different people must confirm, `may_activate`.
    """
    if not facts.text:
        return undetermined({"text": "原文"}, PLAN)
    lists = split(facts.text)
    if lists is None or not lists[0]:
        return answer("UNRESOLVED", Outcome.REFUSE, [NO_MARK.reason(False)], lead=[], coop=[], may_activate=False)
    lead, coop = (resolve(names, facts.confirmations) for names in lists)
    both = [*((one, "lead") for one in lead), *((one, "coop") for one in coop)]
    queue = [{"raw": one.raw, "proposal": one.proposal or None, "status": "unresolved", "role": role}
             for one, role in both if one.resolution == "unresolved"]  # fmt: skip
    tokens = [one.raw for one, _role in both if one.resolution == "wildcard"]
    named = [[one.name for one in part if one.resolution != "wildcard"] for part in (lead, coop)]
    reasons = [LEADS.reason(True, "、".join(one.name for one in lead))]
    reasons += [COOPS.reason(True, "、".join(one.name for one in coop))] if coop else []
    for one, _role in both:
        if one.resolution == "unresolved":
            reasons.append((MISPRINT if one.proposal else UNKNOWN).reason(
                False, one.raw, *([one.proposal] if one.proposal else [])))  # fmt: skip
        elif one.resolution == "misprint_confirmed":
            reasons.append(READ_AS.reason(True, one.raw, one.name))
    reasons += [TOKEN.reason(None, token) for token in tokens]
    entries = [{"raw": one.raw, "name": one.name, "organ": one.organ or None, "role": role,
                "resolution": "exact" if one.resolution == "wildcard" else one.resolution,
                "wildcard": one.resolution == "wildcard"} for one, role in both]  # fmt: skip
    value: dict[str, Any] = {
        "lead": named[0], "coop": named[1], "wildcards": tokens, "coordinating": named[0][0] if named[0] else None,
        "entries": entries, "queue": queue, "may_activate": not queue, "lead_count": len(named[0]),
        "coop_count": len(named[1]),
    }  # fmt: skip
    if queue:
        return answer("UNRESOLVED", Outcome.REFUSE, reasons, code="E_STATE", **value)
    return answer("RESOLVED", Outcome.ALLOW, reasons, **value)


# --- D2 ---------------------------------------------------------------------------------------------------------------

EXPANDED = Rule(_ADDRESSEES, "{token}：{count}个单位")
DESIGNATED = Rule(CROSSING, "{token}由责任单位确定：{names}")
NONE_CONCERNED = Rule(CROSSING, "{token}：责任单位写明无相关镇区：{reason}")
UNDESIGNATED = Rule(CROSSING, "{token}还没有确定成员，由责任单位自己负责，事项不能销号")
NO_REASON = Rule(CROSSING, "{token}写无相关镇区须写明理由")
NO_TOKEN = Rule(PLAN, "“{token}”不是泛称")
STRANGER = Rule(PLAN, "“{name}”不是镇区")


class ExpandFacts(Facts):
    """泛称，和责任单位确定的成员。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"token": "各镇区"}, {"token": "各相关镇区", "members": ["乳山口镇", "滨海新区"]}]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "text": "token", "wildcard": "token", "raw": "token", "name": "token", "designated": "members",
        "organs": "members",
        "chosen": "members", "why": "reason", "none": "none_concerned",
    }  # fmt: skip
    token: Text = Field(None, description="泛称：各镇区、各镇、各相关镇区、各有关镇区、各金融机构 / wildcard")
    members: list[Text] = Field(default_factory=list, description="责任单位确定的成员 / designated members")
    none_concerned: Flag = Field(False, description="写明无相关镇区 / none concerned")
    reason: Text = Field(None, description="无相关镇区的理由 / why none")


def expand(token: str) -> tuple[str, ...]:
    """Return the slugs a wildcard stands for; empty for those that the lead designates."""
    if token in _DESIGNATED:
        return ()
    if token == "各金融机构":  # noqa: S105
        return tuple(organ["slug"] for organ in load_data()["organs"] if organ.get("kind") == "bank")
    return load_directory().expand(token)


@cache
def organ_names() -> dict[str, str]:
    """The first name of every organ by slug."""
    return {organ["slug"]: organ["name"] for organ in load_data()["organs"]}


@decision(
    key="supervision.expand",
    title="各镇区指哪些",
    citation=PLAN,
    parameters=PARAMETERS,
    also=("supervision.wildcard", "supervision.expand_wildcard"),
)
def expand_wildcard(facts: ExpandFacts, context: Context) -> Verdict:
    """各镇区17个，各镇14个；各相关镇区由责任单位确定，至少一个，或写明无相关镇区及理由，之前不能销号。

    Value: `result` EXPANDED, DESIGNATED, NONE_CONCERNED or UNDESIGNATED, `members` (slugs), `names`, `count`,
    `cross_off_allowed`.
    """
    token = "".join((facts.token or "").split())
    if not token:
        return undetermined({"token": "泛称"}, PLAN)
    if token not in WILDCARDS:
        return answer("REFUSE", Outcome.REFUSE, [NO_TOKEN.reason(False, token[:20])], code="E_INPUT")
    members = list(expand(token))
    words, reason = "EXPANDED", EXPANDED.reason(True, token, len(members))
    allowed, outcome = True, Outcome.ALLOW
    if token in _DESIGNATED:
        local, directory = set(expand("各镇区")), load_directory()
        members = []
        for name in facts.members:
            slug = directory.resolve(name) or (name if name in local else None)
            if slug not in local:
                return answer("REFUSE", Outcome.REFUSE, [STRANGER.reason(False, name[:20])], code="E_INPUT")
            members.append(slug)
        members = list(dict.fromkeys(members))
        if members:
            words, reason = (
                "DESIGNATED",
                DESIGNATED.reason(True, token, "、".join(organ_names()[one] for one in members)),
            )
        elif facts.none_concerned or facts.reason:
            given = bool(facts.reason)
            reason = NONE_CONCERNED.reason(True, token, facts.reason) if given else NO_REASON.reason(False, token)
            words, allowed = ("NONE_CONCERNED", True) if given else ("UNDESIGNATED", False)
        else:
            words, reason, allowed = "UNDESIGNATED", UNDESIGNATED.reason(False, token), False
        outcome = Outcome.ALLOW if allowed else Outcome.UNDETERMINED
    return answer(words, outcome, [reason], members=members, names=[organ_names()[one] for one in members],
                  count=len(members), cross_off_allowed=allowed)  # fmt: skip


# --- D3 ---------------------------------------------------------------------------------------------------------------

COMPLETE = Rule(CROSSING, "分解到最小颗粒：{count}个，落实到岗位")
UNCOVERED = Rule(CROSSING, "目标{code}没有最小颗粒承担，也没有标为背景")
WEIGHTS = Rule(CROSSING, "{code}下的权重：同级任务权重之和须为 100%(现为{total}%)")
LACKS = Rule(PERSONS, "最小颗粒{code}缺少{what}")
ONE_ONLY = Rule(PERSONS, "最小颗粒{code}的{what}只能有一个")
DATES = Rule(CROSSING, "最小颗粒{code}的开始日{start}晚于最后一日{due}")
TOO_LATE = Rule(CROSSING, "最小颗粒{code}的最后一日{due}晚于事项的{end}，分包领导没有批准")
NO_LEAD = Rule(CROSSING, "责任单位“{organ}”没有最小颗粒")
NO_COOP = Rule(CROSSING, "配合单位“{organ}”没有最小颗粒，也没有书面说明")
TOO_SOON = Rule(PERSONS, "最小颗粒{code}的开始日{start}早于本项的开始日{begins}")
TOO_LONG = Rule(CROSSING, "最小颗粒{code}长{days}天，超过{limit}天，须有计划点")
NO_PARENT = Rule(CROSSING, "{code}的上级“{parent}”不在列出的节点中")
NO_LEAVES = Rule(CROSSING, "还没有最小颗粒")
BARE = Rule(CROSSING, "{code}下面没有最小颗粒")


class GivenTarget(Facts):
    """事项的一个目标。"""

    SPELLINGS: ClassVar[dict[str, str]] = {"target": "code", "id": "code"}
    code: Text = Field(None, description="代号 / code")
    context: Flag = Field(False, description="背景数字，不考核 / context only")


class GivenNode(Facts):
    """一个任务节点。"""

    SPELLINGS: ClassVar[dict[str, str]] = {"weight": "weight_bp", "id": "code", "node": "code"}
    code: Text = Field(None, description="编号 / code")
    parent: Text = Field(None, description="上级编号，空为事项 / parent")
    weight_bp: Number = Field(None, description="在同级中的权重（基点） / weight among siblings")
    kind: Text = Field(None, description="里程碑、任务、最小颗粒 / kind")


def _listed(data: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        if isinstance(data.get(name), str | int):
            data[name] = [data[name]]
    return data


class GivenLeaf(Facts):
    """一个最小颗粒。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "weight": "weight_bp", "id": "code", "node": "code", "organ": "organs", "post": "posts",
        "evidence": "evidence_types",
        "target": "targets", "target_id": "targets", "deliverable": "deliverables", "points": "planned_points",
        "milestones": "planned_points", "approved": "later_approved", "leader_approved": "later_approved",
        "holder": "person", "holder_person": "person",
    }  # fmt: skip
    code: Text = Field(None, description="编号 / code")
    parent: Text = Field(None, description="上级编号 / parent")
    weight_bp: Number = Field(None, description="在同级中的权重（基点） / weight among siblings")
    organs: list[Text] = Field(default_factory=list, description="单位，正好一个 / organ, exactly one")
    posts: list[Text] = Field(default_factory=list, description="岗位，正好一个 / post, exactly one")
    person: Text = Field(None, description="责任人，随岗位 / person, follows the post")
    deliverables: list[Text] = Field(default_factory=list, description="成果，正好一个 / deliverable")
    evidence_types: list[Text] = Field(default_factory=list, description="佐证种类，至少一个 / evidence types")
    targets: list[Text] = Field(default_factory=list, description="承担的目标 / targets it carries")
    start: Day = Field(None, description="开始日 / start")
    due: Day = Field(None, description="最后一日 / due")
    planned_points: Points = Field((), description="计划点 / planned points")
    later_approved: Flag = Field(False, description="分包领导批准晚于事项 / a later day was approved")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One of a thing may stand by itself."""
        return _listed(data, "organ", "organs", "post", "posts", "deliverable", "deliverables", "evidence",
                       "evidence_types", "target", "targets")  # fmt: skip


class DecompositionFacts(Facts):
    """事项的目标、单位、节点和最小颗粒。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "targets": [{"code": "T24.3"}],
                    "lead": ["transport"],
                    "leaves": [
                        {
                            "code": "2019-24.01",
                            "weight_bp": 10000,
                            "organ": "transport",
                            "post": "公路科科长",
                            "deliverable": "改造公路",
                            "evidence_types": ["acceptance"],
                            "target": "T24.3",
                            "start": "2019-04-10",
                            "due": "2019-06-30",
                        }
                    ],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "leads": "lead", "coops": "coop", "cooperating": "coop", "item_due": "due", "waived": "waivers",
        "tasks": "nodes",
    }  # fmt: skip
    item: Text = Field(None, description="事项编号 / item")
    profile: Profile = Field(
        "workpoints", description="规则：workpoints（工作要点）或 governance（政务督查） / profile"
    )
    start: Day = Field(None, description="事项的开始日 / first day of the item")
    due: Day = Field(None, description="事项的最后一日，默认年底 / due day of the item")
    targets: list[GivenTarget] = Field(default_factory=list, description="量化目标 / targets")
    lead: list[Text] = Field(default_factory=list, description="责任单位 / lead organs")
    coop: list[Text] = Field(default_factory=list, description="配合单位 / cooperating organs")
    waivers: list[Text] = Field(default_factory=list, description="写了书面说明的配合单位 / organs with a waiver")
    nodes: list[GivenNode] = Field(default_factory=list, description="最小颗粒以上的节点 / nodes above the leaves")
    leaves: list[GivenLeaf] | None = Field(None, description="最小颗粒 / leaves")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Targets may be codes alone."""
        data = _listed(data, "lead", "leads", "coop", "coops", "waivers")
        rows = data.get("targets")
        if isinstance(rows, list):
            data["targets"] = [one if isinstance(one, dict) else {"code": one} for one in rows]
        return data


def _leaf_faults(leaf: GivenLeaf, code: str, begins: Any, end: Any, limit: int | None) -> list[tuple[str, Reason]]:
    found: list[tuple[str, Reason]] = []
    for what, values in (("单位", leaf.organs), ("岗位", leaf.posts), ("成果", leaf.deliverables)):
        if not values:
            found.append((code, LACKS.reason(False, code, what)))
        elif len(set(map(organ_key, values) if what == "单位" else values)) > 1:
            found.append((code, ONE_ONLY.reason(False, code, what)))
    if not leaf.evidence_types:
        found.append((code, LACKS.reason(False, code, "佐证种类")))
    if leaf.start is None or leaf.due is None:
        found.append((code, LACKS.reason(False, code, "起止日")))
        return found
    if leaf.start > leaf.due:
        found.append((code, DATES.reason(False, code, iso(leaf.start), iso(leaf.due))))
    if begins is not None and leaf.start < begins:
        found.append((code, TOO_SOON.reason(False, code, iso(leaf.start), iso(begins))))
    if leaf.due > end and not leaf.later_approved:
        found.append((code, TOO_LATE.reason(False, code, iso(leaf.due), iso(end))))
    days = (leaf.due - leaf.start).days
    if limit is not None and days > limit and not leaf.planned_points:
        found.append((code, TOO_LONG.reason(False, code, days, limit)))
    return found


@decision(
    key="supervision.decomposition",
    title="分解到最小颗粒了吗",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=("plan_year_end", "leaf_max_span"),
    also=("supervision.decomposed", "supervision.decomposition_complete"),
)
def decomposition(facts: DecompositionFacts, context: Context) -> Verdict:
    """每个目标有最小颗粒，同级权重之和正好100%，每个最小颗粒一个单位、一个岗位、一个成果，有佐证种类、起止日。

    Profile governance (services-governance 6.2): the days lie inside the item's; no points are asked for. Value:
    `result` COMPLETE or INCOMPLETE, `complete`, `failures` with node codes.
    """
    if facts.leaves is None:
        return undetermined({"leaves": "最小颗粒"}, CROSSING)
    outside = facts.profile == "governance"
    end = facts.due or day_of(context, "plan_year_end")
    begins, limit = (facts.start, None) if outside else (None, whole(context, "leaf_max_span"))
    faults: list[tuple[str, Reason]] = []
    if not facts.leaves:
        faults.append((facts.item or "", NO_LEAVES.reason(False)))
    carried = {code for leaf in facts.leaves for code in leaf.targets}
    faults += [(one.code or "", UNCOVERED.reason(False, one.code)) for one in facts.targets
               if not one.context and one.code not in carried]  # fmt: skip
    sums: dict[str, Fraction] = defaultdict(Fraction)
    rows: list[GivenNode | GivenLeaf] = [*facts.nodes, *facts.leaves]
    for row in rows:
        sums[row.parent or facts.item or "事项"] += row.weight_bp or Fraction(0)
    faults += [(code, WEIGHTS.reason(False, code, plain(Fraction(total) / 100)))
               for code, total in sums.items() if total != WHOLE_BP]  # fmt: skip
    for place, leaf in enumerate(facts.leaves, 1):
        faults += _leaf_faults(leaf, leaf.code or f"第{place}个", begins, end, limit)
    above = {facts.item, None, *(node.code for node in facts.nodes)}
    faults += [(row.code or "", NO_PARENT.reason(False, row.code, row.parent))
               for row in rows if facts.nodes and row.parent not in above]  # fmt: skip
    parents = {row.parent for row in rows}
    faults += [(node.code, BARE.reason(False, node.code)) for node in facts.nodes
               if node.code and node.code not in parents]  # fmt: skip
    holding = {organ_key(organ) for leaf in facts.leaves for organ in leaf.organs}
    waived = {organ_key(organ) for organ in facts.waivers}
    faults += [("", NO_LEAD.reason(False, organ)) for organ in facts.lead if organ_key(organ) not in holding]
    faults += [("", NO_COOP.reason(False, organ)) for organ in facts.coop
               if organ_key(organ) not in holding | waived]  # fmt: skip
    failures = [{"code": code or None, "text": reason.text} for code, reason in faults]
    reasons = [reason for _code, reason in faults] or [COMPLETE.reason(True, len(facts.leaves))]
    return judged(reasons, good="COMPLETE", bad="INCOMPLETE", code="E_INCOMPLETE", complete=not faults,
                  failures=failures, leaves=len(facts.leaves))  # fmt: skip
