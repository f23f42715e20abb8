"""The papers of an episode: minutes when a consultation closes, the announcement drafted, signed and published."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from luoshi.kernel.clock import local
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.notices import actions as notices
from luoshi.programmes.heavy_pollution import plan
from luoshi.programmes.heavy_pollution.decisions.chain import COLOURS
from luoshi.programmes.heavy_pollution.models import Consultation, PollutionWarning

RELEASE = "release"
DRAFT = "notice_draft"
"""The fact under which a case keeps the number of its announcement."""


def minutes(turn: Turn, row: Consultation) -> None:
    """Draw up the minutes of a consultation that closes."""
    fields = {
        "held": _hour(row.held_at),
        "present": "、".join({"environment": "环保局", "weather": "气象局"}[one] for one in row.participants)
        or "环保局",
        "runs": "、".join(one["title"] for one in row.runs) or "无",
        "weihai": row.weihai,
        "dust": row.dust,
        "grade": COLOURS[row.grade] + ("（应立即发布）" if at_once(row) else ""),
        "proposed": COLOURS[row.proposed] if row.proposed else "存档",
        "talk": row.minutes,
    }
    paper = notices.draft(
        actor=PROGRAM, kind="heavy_pollution.minutes", fields=fields, case=turn.case.pk, exercise=turn.case.exercise,
        key=f"hp-minutes:{turn.case.pk}:{turn.at.isoformat()}",
    )  # fmt: skip
    _file(turn, "minutes", paper)


def request(turn: Turn, row: Consultation, release_at: str | None) -> None:
    """Draft the request to the emergency committee (请示), once for each closed consultation (3.1.4)."""
    value = row.computed["value"]
    released = row.proposed == RELEASE
    colour = row.warning.colour if released and row.warning is not None else row.proposed
    begins, ends = _parsed(value.get("start_at")), _parsed(release_at if released else value.get("end_at"))
    fields: dict[str, Any] = {
        "what": "解除" if released else "发布" if row.warning is None else "调整",
        "colour": COLOURS[colour], "level": plan.LEVEL_WORDS[plan.LEVEL_OF[colour]],
        "grounds": "自该时起连续36小时空气质量指数不高于150" if released else _grounds(_told(row)),
        "weihai": row.weihai[:100], "reason": row.reason,
    }  # fmt: skip
    if row.warning is not None and not released:
        fields["before"] = COLOURS[row.warning.colour]
    if ends is not None:
        fields["end"] = _hour(ends)
    if not released:
        fields |= {"onset": _hour(begins)} if begins is not None else {}
        fields |= {name: str(value[key]) for name, key in (("duration", "hours"), ("peak", "max_w")) if value.get(key)}
    paper = notices.draft(
        actor=turn.actor, kind="heavy_pollution.request", fields=fields, case=turn.case.pk,
        exercise=turn.case.exercise, key=f"hp-request:{turn.case.pk}:{row.closed_at and row.closed_at.isoformat()}",
    )  # fmt: skip
    if not CasePaper.objects.filter(case=turn.case, notice_id=paper.pk).exists():
        _file(turn, "request", paper)


def _told(row: Consultation) -> list[dict[str, Any]]:
    """Return the reasons of a consultation's grade, those of an issue at once first."""
    return [*(row.computed["nowcast"]["reasons"] if at_once(row) else ()), *row.computed.get("reasons", [])]


def draft(turn: Turn, row: Consultation, release_at: str | None) -> None:
    """Draft the announcement that goes up with the request: issue, adjustment or release."""
    value, colour = row.computed["value"], COLOURS.get(row.proposed, "")
    grounds = _grounds(_told(row))
    if row.proposed == RELEASE:
        assert row.warning is not None
        when = _parsed(release_at)
        fields: dict[str, Any] = {
            "colour": COLOURS[row.warning.colour],
            "at": _hour(when) if when else "公布之时",
            "grounds": "自该时起连续36小时空气质量指数不高于150",
        }
        kind = "release"
    else:
        level = plan.LEVEL_OF[row.proposed]
        end = _parsed(value.get("end_at"))
        fields = {
            "colour": colour,
            "level": plan.LEVEL_WORDS[level],
            "end": _hour(end) if end else "另行公布",
            "grounds": grounds,
            "advice": "；".join(one.text.rstrip("。") for one in plan.in_force(level) if "public" in one.objects)[:900]
            + "。",
        }
        kind = "warning" if row.warning is None else "adjustment"
        if row.warning is None:
            start = _parsed(value.get("start_at"))
            fields |= {"onset": _hour(start) if start else "即时", "duration": str(value.get("hours") or "—"),
                       "peak": str(value.get("max_w") or "—")}  # fmt: skip
            if at_once(row) and not end:
                now = row.computed["nowcast"]["value"]
                hours = now["expected_end"] - now["onset"]
                fields |= {"end": f"发布后{hours}小时", "duration": str(hours)}
        else:
            fields["before"] = COLOURS[row.warning.colour]
    paper = notices.draft(
        actor=turn.actor, kind=f"heavy_pollution.{kind}", fields=fields, case=turn.case.pk,
        exercise=turn.case.exercise, key=f"hp-notice:{turn.case.pk}:{row.closed_at and row.closed_at.isoformat()}",
    )  # fmt: skip
    if turn.case.facts.get(DRAFT) != paper.pk:
        turn.case.facts[DRAFT] = paper.pk
        _file(turn, "announcement", paper)


_STAMP = re.compile(r"\d{4}-(\d\d)-(\d\d)[ T](\d\d):00")


def _grounds(told: Sequence[Mapping[str, Any]]) -> str:
    """Return the reasons of a grade as an announcement gives them: what holds, without dust of past days, as people
    write hours."""
    held = [str(one["text"]) for one in told if one.get("ok") and not str(one.get("citation") or "").endswith(" 1.3")]
    words = "；".join(dict.fromkeys(held))
    return _STAMP.sub(lambda hour: "{}月{}日{}时".format(*map(int, hour.groups())), words)[:900] or "会商研判"


def at_once(row: Consultation) -> bool:
    """Whether the warning of a consultation is to be issued at once, because it is heavy already (3.1.4)."""
    return bool(((row.computed.get("nowcast") or {}).get("value") or {}).get("trigger"))


def sign(turn: Turn) -> None:
    """Sign the announcement with the step: it takes its number now."""
    if (pk := turn.case.facts.get(DRAFT)) is not None:
        paper = notices.sign(actor=turn.actor, notice=int(pk))
        turn.case.facts["notice_number"] = paper.number_text


def publish(turn: Turn) -> None:
    """Put the signed announcement on the public page and the feed; a drill leaves the house by no channel."""
    pk = turn.case.facts.get(DRAFT)
    if pk is not None and not turn.case.exercise:
        notices.publish(actor=turn.actor, notice=int(pk), channels={"web": True, "feed": True})


def order(turn: Turn, warning: PollutionWarning, level: str, before: str = "") -> None:
    """Draft the order that starts or changes the response, for the head of the command's office to sign."""
    names = concern.titles({lead for one in plan.in_force(level) for lead in one.lead if lead != "all"})
    fields = {
        "warning": warning.case.number, "colour": COLOURS[warning.colour], "level": plan.LEVEL_WORDS[level],
        "at": turn.at, "before": plan.LEVEL_WORDS[before] if before else "",
        "measures": [
            {"id": one.id, "title": one.title, "lead": "、".join(names.get(lead, "各镇区") for lead in one.lead)}
            for one in plan.in_force(level)
        ],
    }  # fmt: skip
    _drafted(turn, "start_order", fields)


def filing(turn: Turn, warning: PollutionWarning, what: str) -> None:
    """Draft the form by which the provincial working group is told of an issue, adjustment or release."""
    fields = {
        "what": what, "warning": warning.case.number, "colour": COLOURS[warning.colour],
        "level": plan.LEVEL_WORDS[plan.LEVEL_OF[warning.colour]], "at": turn.at, "onset": _hour(warning.onset),
        "end": _hour(warning.release_at or warning.expected_end), "peak": str(warning.max_aqi or ""),
        "signer": str(turn.case.facts.get("signed_by", "")),
    }  # fmt: skip
    _drafted(turn, "filing_form", fields)


def _drafted(turn: Turn, kind: str, fields: dict[str, Any]) -> None:
    paper = notices.draft(
        actor=PROGRAM, kind=f"heavy_pollution.{kind}", fields=fields, case=turn.case.pk, exercise=turn.case.exercise,
        key=f"hp-{kind}:{turn.case.pk}",
    )  # fmt: skip
    _file(turn, kind, paper)


def _file(turn: Turn, kind: str, paper: Any) -> None:
    CasePaper.objects.create(
        case=turn.case, kind=kind, title=paper.title[:200], notice_id=paper.pk, event=turn.case.events_count + 1,
        at=turn.at,
    )  # fmt: skip
    if turn.papers is not None:
        turn.papers.add(kind)


def _hour(moment: datetime.datetime) -> str:
    shown = local(moment)
    return f"{shown.month}月{shown.day}日{shown.hour}时"


def _parsed(text: Any) -> datetime.datetime | None:
    return local(datetime.datetime.fromisoformat(str(text))) if text else None
