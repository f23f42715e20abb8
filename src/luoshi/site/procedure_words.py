"""Procedures in words: the tables of their page, and the same as data for the API and the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.decisions import Definition
from luoshi.kernel.procedures import OPEN, Limit, Party, Procedure, Step, read_span
from luoshi.office.accounts.organs import titles
from luoshi.office.notices.kinds import kinds
from luoshi.office.roles import Role
from luoshi.site.present import Cite

KINDS = {
    "human": gettext_lazy("人办"),
    "joint": gettext_lazy("各方共同办"),
    "auto": gettext_lazy("自动"),
    "timer": gettext_lazy("期满自动"),
}
"""Who takes a step, in a word."""


def as_data(procedure: Procedure) -> dict[str, Any]:
    """Return a procedure as JSON data: as it is written, without what is empty, with limits in words."""
    data = procedure.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for name, step in procedure.steps.items():
        data["steps"][name] |= {"kind": step.kind}
    for name, limit in procedure.limits.items():
        data["limits"][name] |= {"words": limit.words, "expiry": limit.expiry.model_dump(mode="json")}
    return {"key": procedure.key, "title": procedure.title, "programme": procedure.programme,
            "version": procedure.version} | data  # fmt: skip


def row(procedure: Procedure) -> dict[str, Any]:
    """Return what a list says of a procedure."""
    return {
        "key": procedure.key,
        "title": procedure.title,
        "programme": procedure.programme,
        "version": procedure.version,
        "citation": procedure.citation,
        "states": len(procedure.states),
        "steps": len(procedure.steps),
        "limits": len(procedure.limits),
        "href": reverse("procedure", args=[procedure.key]),
    }


def citations(procedure: Procedure) -> set[str]:
    """Return every clause a procedure cites."""
    cited = [procedure.citation]
    cited += [step.citation for step in procedure.steps.values()]
    cited += [limit.citation for limit in procedure.limits.values()]
    cited += [rule.citation for rule in procedure.pauses.values()]
    return set(filter(None, cited))


def parties(procedure: Procedure) -> dict[str, str]:
    """Return who each party is: organ and role."""
    named = titles({party.organ for party in procedure.parties.values() if not party.organ.startswith("fact:")})
    return {key: _party(party, named) for key, party in procedure.parties.items()}


def _party(party: Party, named: Mapping[str, str]) -> str:
    organ = _("办件所定的单位") if party.organ.startswith("fact:") else named.get(party.organ, party.organ)
    return f"{organ} · {Role(party.role).title}"


def step_rows(
    procedure: Procedure, cites: Mapping[str, Cite], calculators: Mapping[str, Definition]
) -> list[dict[str, Any]]:
    """Return the steps as the table shows them; a guard that has a calculator leads to it."""
    papers = {key: kind.title for key, kind in kinds().items()}
    return [
        {
            "key": step.key,
            "title": step.title,
            "kind": KINDS[step.kind],
            "who": [procedure.parties[party].title for party in step.by],
            "way": _way(procedure, step),
            "guard": step.guard,
            "guard_title": calculators[step.guard].title if step.guard in calculators else "",
            "guard_href": reverse("calculator", args=[step.guard]) if step.guard in calculators else "",
            "after": _titles(procedure, step.after),
            "voice_after": _titles(procedure, step.voice_after.values()),
            "other_hand_than": _titles(procedure, step.other_hand_than),
            "needs": [*step.needs, *(ask.title for ask in step.asks if ask.required)],
            "may": [ask.title for ask in step.asks if not ask.required],
            "issues": [papers.get(kind, kind) for kind in step.issues],
            "pauses": procedure.pauses[step.pauses].title if step.pauses in procedure.pauses else "",
            "resumes": procedure.pauses[step.resumes].title if step.resumes in procedure.pauses else "",
            "on_refusal": _titles(procedure, filter(None, [step.on_refusal])),
            "counter_of": _titles(procedure, filter(None, [step.counter_of])),
            "cite": cites.get(step.citation),
            "note": step.note,
        }
        for step in procedure.steps.values()
    ]


def _way(procedure: Procedure, step: Step) -> str:
    states = procedure.states
    came_from = "、".join(states[key].title for key in step.sources)
    return f"{came_from} → {states[step.to].title}" if step.to and step.sources != (step.to,) else came_from


def limit_rows(procedure: Procedure, cites: Mapping[str, Cite]) -> list[dict[str, Any]]:
    """Return the limits as the table shows them."""
    return [
        {
            "key": limit.key,
            "title": limit.title,
            "words": limit.words,
            "parameter": limit.parameter,
            "since": _titles(procedure, limit.starts),
            "until": _titles(procedure, limit.until),
            "during": [procedure.states[key].title for key in limit.during],
            "expiry": limit.expiry.kind.title,
            "by_silence": limit.expiry.kind.by_silence,
            "step": "、".join(_titles(procedure, filter(None, [limit.expiry.step]))),
            "told": procedure.parties[limit.expiry.to].title if limit.expiry.to in procedure.parties else "",
            "pauses": [procedure.pauses[key].title if key in procedure.pauses else key for key in limit.pauses],
            "extension": _extension(limit),
            "remind": _reminders(limit),
            "cite": cites.get(limit.citation),
            "note": limit.note,
        }
        for limit in procedure.limits.values()
    ]


def _extension(limit: Limit) -> str:
    if limit.extension is None:
        return ""
    return _("可延长 %(by)s，至多 %(n)d 次") % {"by": limit.extension.by, "n": limit.extension.most}


def _reminders(limit: Limit) -> str:
    return "、".join(str(_BEFORE[unit]) % {"n": n} for n, unit in map(read_span, limit.remind))


_BEFORE = {
    "wd": gettext_lazy("提前%(n)d个工作日"), "d": gettext_lazy("提前%(n)d日"), "w": gettext_lazy("提前%(n)d周"),
    "mo": gettext_lazy("提前%(n)d个月"), "y": gettext_lazy("提前%(n)d年"), "h": gettext_lazy("提前%(n)d小时"),
    "min": gettext_lazy("提前%(n)d分钟"), "wh": gettext_lazy("提前%(n)d个工作小时"),
}  # fmt: skip
"""How long before its end a limit is reminded of, by unit."""


def _titles(procedure: Procedure, keys: Iterable[str]) -> list[str]:
    return [_("立案") if key == OPEN else procedure.steps[key].title for key in keys]
