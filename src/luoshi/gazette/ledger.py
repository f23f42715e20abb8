"""The duty ledger of a compilation as rows people read: what spreadsheet, Markdown and HTML have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from luoshi.gazette.records import Compilation, Instrument, Limit, Organ, Target
from luoshi.gazette.records import Warning as Notice
from luoshi.kernel.citation import Locator

KIND_NAMES = {
    "opinion": "意见", "plan": "方案", "measures": "办法", "emergency_plan": "预案", "notice": "通知",
    "work_points": "要点", "appointment": "任免", "other": "其他",
}  # fmt: skip
OPERATORS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "", "~": "约"}
RELATION_NAMES = {"repeals": "废止", "based_on": "依据", "cites": "引用", "implements": "落实", "amends": "修改"}
ACTION_NAMES = {"appoint": "任命", "remove": "免去"}


class Row(NamedTuple):
    """One duty; the fields are the columns clerks know, all text."""

    number: str
    clause: str
    action: str
    lead: str
    cooperating: str
    limits: str
    targets: str


def rows(instrument: Instrument) -> Iterator[Row]:
    """Yield the duties of one instrument; a target stands with the duties of its clause."""
    targets: dict[str, list[Target]] = {}
    for target in instrument.targets:
        targets.setdefault(target.clause, []).append(target)
    name = instrument.number or instrument.title or "（无文号）"
    for duty in instrument.duties:
        cooperating = [organ.name for organ in duty.cooperating]
        if duty.local:
            cooperating += [town for town in duty.local_text or ["各镇区"] if town not in names(duty.lead)]
        if duty.open_ended:
            cooperating.append("等")
        yield Row(
            name,
            place(duty.clause),
            duty.action,
            names(duty.lead),
            "、".join(dict.fromkeys(cooperating)),
            "；".join(dict.fromkeys(map(limit_words, duty.time_limits))),
            "；".join(map(target_words, targets.get(duty.clause, ()))),
        )


def place(path: str) -> str:
    """Return a clause path as it is cited: `二(一)1`."""
    return str(Locator.parse(path)) if path else ""


def names(organs: Iterable[Organ]) -> str:
    """Return names of organs as one text."""
    return "、".join(organ.name for organ in organs)


def limit_words(limit: Limit) -> str:
    """Return a limit as printed, with the date it was read as where that is one."""
    if limit.kind in ("by", "from", "between") and limit.value not in limit.text:
        return f"{limit.text}（{limit.value.replace('/', ' 至 ')}）"
    return limit.text


def target_words(target: Target) -> str:
    """Return a target in one line: subject, comparison, figure, unit, date, and whether it is only striven for."""
    by = f"（{target.by} 前）" if target.by else ""
    striven = "（力争）" if target.aspiration else ""
    return f"{target.subject}{OPERATORS[target.op]}{target.value}{target.unit}{striven}{by}"


def title(instrument: Instrument) -> str:
    """Return what the instrument is called."""
    return instrument.title or instrument.covering_title or instrument.number or "（未读到标题）"


def facts(instrument: Instrument) -> list[tuple[str, str]]:
    """Return the head of an instrument as pairs of label and text; what the text does not print is left out."""
    pairs = [
        ("文号", instrument.number),
        ("所附通知", instrument.covering_title),
        ("种类", KIND_NAMES[instrument.kind] + ("（试行）" if instrument.trial else "")),
        ("发文机关", instrument.issuer),
        ("主送", "、".join(instrument.addressees)),
        ("成文日期", instrument.issued_on or "未印"),
        ("施行", instrument.effective_from),
        ("有效期至", instrument.expires_on),
        ("公开", instrument.disclosure),
    ]
    pairs += [
        (RELATION_NAMES[relation.type], relation.target.number or f"《{relation.target.title}》")
        for relation in instrument.relations
    ]
    return [(label, text) for label, text in pairs if text]


def counted(compilation: Compilation) -> str:
    """Return how much was read, in one line."""
    found = compilation.instruments
    return (
        f"文件 {len(found)} 件，条款 {_sum(item.clauses for item in found)} 条，"
        f"责任 {_sum(item.duties for item in found)} 条，"
        f"时限 {sum(len(duty.time_limits) for item in found for duty in item.duties)} 个，"
        f"目标 {_sum(item.targets for item in found)} 个，任免 {_sum(item.appointments for item in found)} 人次，"
        f"存疑 {len(compilation.warnings)} 处"
    )


def warning_words(warning: Notice) -> str:
    """Return a warning with the instrument it concerns."""
    return f"{warning.instrument}：{warning.message}" if warning.instrument else warning.message


def _sum(lists: Iterable[Sequence[object]]) -> int:
    return sum(map(len, lists))
