"""An episode from consultation to closing: the room's part in the chain of approval, and what each signature sets off.

The chain itself is `procedures/approval.yaml`, the warning `procedures/warning.yaml`; here is what their steps look at
(facts) and what they do besides (effects): warning, response, tasks, duties, CAP messages.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import moment_of
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditEntry
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case, CaseVoice
from luoshi.office.cases.turns import Turn
from luoshi.office.parameters import book
from luoshi.office.permissions import require
from luoshi.programmes.heavy_pollution import air_queries, cap, duties, papers, plan, tasks
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions.chain import COLOURS
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    Consultation,
    ForecastRun,
    PollutionWarning,
    Response,
    WarningChange,
)

APPROVAL, WARNING, DRILL = "heavy_pollution.approval", "heavy_pollution.warning", "heavy_pollution.drill"
ISSUE, ADJUST, RELEASE = "issue", "adjust", "release"
_ISSUING: ContextVar[str] = ContextVar("heavy_pollution_issuing", default="")
"""The approval whose issue is being taken: only then is a warning adjusted or released (3.1.5)."""
FORECAST, NOWCAST = "forecast", "nowcast"
SENDER = "cap@luoshi.example"
Kind = WarningChange.Kind


def live_warning(*, exercise: bool = False) -> PollutionWarning | None:
    """Return the live warning of the city (or the live drill), with its case; None when there is none."""
    found = PollutionWarning.objects.filter(live=True, exercise=exercise)
    return found.select_related("case", "response").first()


# --- the consultation -------------------------------------------------------------------------------------------------


def hold(
    *, actor: Actor, purpose: str = "", at: datetime.datetime | None = None, exercise: bool = False
) -> Consultation:
    """Open a consultation: to issue, adjust or release; without a purpose, to issue or, under a live warning, adjust.

    Errors: E_FORBIDDEN; E_STATE for a release or an adjustment without a live warning, for an issue under one.
    """
    warning = live_warning(exercise=exercise)
    chosen = purpose or (ADJUST if warning else ISSUE)
    if warning is None and chosen != ISSUE:
        raise LuoshiError("E_STATE", "没有生效的预警，不能调整或解除。请先会商发布。")
    if warning is not None and chosen == ISSUE:
        raise LuoshiError(
            "E_STATE",
            f"已有生效预警{warning.case.number}，请走调整程序。",
            fields={"case": warning.case_id, "number": warning.case.number},
        )
    if warning is not None and chosen == RELEASE and warning.release_at is not None:
        at_text = f"{local(warning.release_at):%m月%d日 %H:%M}"
        raise LuoshiError(
            "E_STATE",
            f"{warning.case.number}已公布于{at_text}解除，不用再开解除会商。情况有变的，开调整会商。",
            fields={"case": warning.case_id, "number": warning.case.number},
        )
    now = CLOCK.now()
    title = {ISSUE: "预警发布会商", ADJUST: "预警调整会商", RELEASE: "预警解除会商"}[chosen]
    with transaction.atomic():
        case = cases.open_case(
            actor=actor, procedure=APPROVAL, title=f"{mark(exercise)}{local(at or now):%Y年%m月%d日}{title}",
            facts={"purpose": chosen},
            organ=plan.COMMAND if actor.organ == plan.COMMAND or actor.trusted else actor.organ, at=at,
            exercise=exercise, parent=warning.case if warning else None,
        )  # fmt: skip
        return Consultation.objects.create(
            approval=case, purpose=chosen, warning=warning, held_at=case.opened_at, now=case.opened_at
        )


def adopt(
    *,
    actor: Actor,
    approval: int,
    forecast: Sequence[Mapping[str, Any]] | None = None,
    edits: Sequence[Mapping[str, Any]] = (),
    issuer: str = "rushan_environment",
    pick: str = "mid",
    weihai: str = "",
    with_weihai: bool = False,
    dust: str = "",
    minutes: str = "",
    no_improvement: bool | None = None,
    outlook_reason: str = "",
    seen: str = "",
) -> Consultation:
    """Adopt a series for a consultation and grade it; again before it is closed replaces what was adopted.

    A first warning is issued at once, at least blue, where it is heavy already and will not improve (3.1.4):
    `no_improvement` with `outlook_reason` is the consultation's own word on that, in place of the mean of the next
    hours (A9). `edits` change single hours with a reason each. Errors: E_FORBIDDEN (neither bureau nor the office),
    E_NOT_FOUND, E_STATE once closed, E_INPUT for an edit or a word on the outlook without a reason, E_VERSION when
    somebody has adopted another series since the one that was `seen` (`token_of`).
    """
    require(actor, "pollution.consult", ["environment", "weather", plan.COMMAND])
    with transaction.atomic():
        row = Consultation.objects.select_for_update().filter(approval=approval).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {approval} 号会商。")
        if row.closed_at is not None:
            raise LuoshiError("E_STATE", "会商已结束，采用的序列不能再改。请退回重新会商。")
        if seen and seen != token_of(row):
            raise LuoshiError(
                "E_VERSION",
                f"{_adopter(approval)}已另外采用了一个序列，您看到的是之前的。请看过新的定级，再决定要不要改。",
            )
        for edit in edits:
            if len(str(edit.get("reason", "")).strip()) < 2:
                raise LuoshiError("E_INPUT", f"改定{edit.get('hour', '')}的值请写明理由。")
        if no_improvement is not None and len(outlook_reason.strip()) < 4:
            raise LuoshiError(
                "E_INPUT",
                "会商认定今后有无明显改善，请写明理由。",
                fields={"fields": {"outlook_reason": "请写明理由"}},
                citation=f"{PLAN} 3.1.4",
            )
        row.now = CLOCK.now()
        found = air_queries.grading(row.now, forecast=forecast, edits=edits, pick=pick, issuer=issuer, weihai=weihai)
        value = found.graded.value
        row.series = found.assembled.value.get("series") or {}
        row.edits = [dict(edit) for edit in edits]
        row.runs = [
            {"id": run.pk, "title": str(run), "issued_at": local(run.issued_at).isoformat()} for run in found.runs
        ]
        row.newest_run_at = max((run.issued_at for run in found.runs), default=None)
        row.computed = found.graded.as_dict()
        row.grade = value.get("grade") or "none"
        if row.purpose == RELEASE:
            row.computed["release"] = air_queries.release_of(found, row.now).as_dict()
        if row.purpose == ISSUE:
            at_once = air_queries.nowcast_of(
                found, row.now, no_improvement=no_improvement, reason=outlook_reason.strip()
            )
            if at_once is not None:
                row.computed["nowcast"] = at_once.as_dict()
                row.computed["outlook"] = {"no_improvement": no_improvement, "reason": outlook_reason.strip()}
                row.grade = at_once.value.get("grade") or row.grade
        row.weihai, row.with_weihai, row.dust, row.minutes = weihai[:200], with_weihai, dust[:300], minutes
        row.save()
        append(actor=actor, act="pollution.adopt", subject=f"case:{approval}",
               after={"grade": row.grade, "edits": len(row.edits), "runs": row.runs},
               permission="pollution.consult", basis=f"{PLAN} 3.1.2")  # fmt: skip
    return row


def token_of(row: Consultation) -> str:
    """Return what tells one adoption of a consultation from the next."""
    return local(row.now).isoformat()


def _adopter(approval: int) -> str:
    """Return who adopted the series that stands, and when."""
    last = AuditEntry.objects.filter(act="pollution.adopt", subject=f"case:{approval}").order_by("-pk").first()
    return f"{last.who} {local(last.at):%H:%M} " if last is not None else "另一人"


def basis_of(row: Consultation) -> str:
    """Return what a consultation's grade rests on: `nowcast` where it is to be issued at once, else `forecast`."""
    return NOWCAST if papers.at_once(row) else FORECAST


def _consultation(turn: Turn) -> Consultation:
    found = Consultation.objects.filter(approval=turn.case).select_related("warning__case", "warning__response").first()
    if found is None:
        raise LuoshiError("E_INCOMPLETE", "还没有会商记录。请先在会商页采用预报序列。")
    return found


@facts("heavy_pollution.consultation")
def _consultation_facts(turn: Turn) -> dict[str, Any]:
    row = _consultation(turn)
    voices = CaseVoice.objects.filter(case=turn.case, step="propose", round=turn.case.entered_event, agrees=True)
    # Who only looks at the form has no party in the turn yet.
    own = turn.party or getattr(cases.party_among(turn, turn.step.by if turn.step else ()), "party", "")
    others = voices.exclude(party=own)
    present = {*others.values_list("party", flat=True), own}
    computed = RELEASE if row.purpose == RELEASE else row.grade
    return {
        "participants": sorted(present & {"environment", "weather"}),
        "hours": sum(int(run.get("n", 1)) for run in row.series.get("hours", [])) if row.series else 0,
        "computed": computed,
        "proposed": str(turn.data.get("proposed", "")),
        "reason": str(turn.data.get("reason", "")),
        "others": [str(data.get("proposed", "")) for data in others.values_list("data", flat=True)],
    }


@effect("heavy_pollution.consultation_closed")
def _consultation_closed(turn: Turn) -> None:
    row = _consultation(turn)
    row.closed_at, row.proposed, row.reason = turn.at, turn.data["proposed"], turn.data.get("reason", "")
    row.participants = ["environment", "weather"]
    row.save(update_fields=["closed_at", "proposed", "reason", "participants"])
    papers.minutes(turn, row)
    value = row.computed["value"]
    turn.case.facts["basis"] = basis_of(row)
    # What is issued at once has no onset to be ahead of: no limit runs before it.
    if row.purpose == ISSUE and value.get("start_at") and basis_of(row) == FORECAST:
        turn.case.facts["onset"] = value["start_at"]
        turn.case.facts["expected_end"] = value.get("end_at")
    turn.case.title = f"{turn.case.title.split('：')[0]}：{COLOURS[row.proposed]}"


@effect("heavy_pollution.consultation_filed")
def _consultation_filed(turn: Turn) -> None:
    row = _consultation(turn)
    row.closed_at, row.reason = turn.at, str(turn.data.get("reason", ""))
    row.save(update_fields=["closed_at", "reason"])
    papers.minutes(turn, row)


@effect("heavy_pollution.draft_notice")
def _draft_notice(turn: Turn) -> None:
    row = _consultation(turn)
    release_at = release_decision(turn.at).value.get("t0_at") if row.proposed == RELEASE else None
    papers.request(turn, row, release_at)
    papers.draft(turn, row, release_at)


@facts("heavy_pollution.fresh_consultation")
def _fresh_facts(turn: Turn) -> dict[str, Any]:
    row = _consultation(turn)
    return {"closed_at": row.closed_at, "now": turn.at}


@facts("heavy_pollution.signable")
def _sign_facts(turn: Turn) -> dict[str, Any]:
    row = _consultation(turn)
    newest = ForecastRun.objects.filter(current=True, issued_at__lte=turn.at).order_by("-issued_at").first()
    found: dict[str, Any] = {
        "proposed": row.proposed,
        "consented": turn.case.facts.get("consented", ""),
        "newest_run_at": newest.issued_at if newest else None,
        "considered_run_at": row.newest_run_at,
        "override": str(turn.data.get("override", "")),
    }
    if row.proposed == RELEASE:
        decided = release_decision(turn.at)
        found["release_from"] = decided.value.get("t0_at")
        against = [reason.text for reason in decided.reasons if reason.ok is False]
        found["release_refused"] = "；".join(against)
    return found


def release_decision(at: datetime.datetime) -> Any:
    """Return the decision whether a warning may be released, on what is known at a moment."""
    return air_queries.release_of(air_queries.grading(at), at)


@effect("heavy_pollution.signed")
def _signed(turn: Turn) -> None:
    row = _consultation(turn)
    turn.case.facts |= {"signed_at": local(turn.at).isoformat(), "signed_by": turn.actor.name}
    if row.proposed == RELEASE:
        turn.case.facts["release_at"] = release_decision(turn.at).value["t0_at"]
    papers.sign(turn)


# --- what a signature sets off ----------------------------------------------------------------------------------------


@effect("heavy_pollution.issue")
def _issue(turn: Turn) -> None:
    row = _consultation(turn)
    token = _ISSUING.set(turn.case.number)
    try:
        if row.proposed == RELEASE:
            _announce_release(turn, row)
        elif row.warning is None:
            _first_issue(turn, row)
        else:
            _adjust(turn, row)
    finally:
        _ISSUING.reset(token)
    papers.publish(turn)


@facts("heavy_pollution.by_chain")
def _chain_facts(turn: Turn) -> dict[str, Any]:
    approval = str(turn.data.get("approval", ""))
    return {"approval": approval, "issued": bool(approval) and _ISSUING.get() == approval}


@facts("heavy_pollution.exercise_only")
def _exercise_facts(turn: Turn) -> dict[str, Any]:
    return {"exercise": turn.case.exercise}


def _first_issue(turn: Turn, row: Consultation) -> None:
    value, basis = row.computed["value"], basis_of(row)
    colour, at, numbers = row.proposed, turn.at, book.current().values(ROOM, turn.case.rules_on)
    onset = _when(value.get("start_at")) or at
    end = _when(value.get("end_at")) or at + datetime.timedelta(hours=int(numbers["hp.nowcast.h"]))
    ahead = int(numbers["hp.issue.lead"]) * 3600
    late = max(0, round(ahead - (onset - at).total_seconds())) if basis == FORECAST else 0
    reason = str(turn.data.get("late_reason", ""))
    if late and len(reason.strip()) < 4:
        raise LuoshiError(
            "E_INCOMPLETE",
            f"距重污染开始不足24小时（差{late // 3600}小时{late % 3600 // 60}分）。可以发布，但须写明理由。",
            fields={"fields": {"late_reason": "请写明理由"}},
            citation=f"{PLAN} 3.1.4",
        )
    case = cases.open_case(
        actor=turn.actor, procedure=WARNING, title=f"{mark(turn.case.exercise)}重污染天气{COLOURS[colour]}预警",
        subject="drill:371083" if turn.case.exercise else "city:371083", organ=plan.COMMAND, at=at,
        exercise=turn.case.exercise, number=_drill_number(at) if turn.case.exercise else "",
        facts={"colour": colour, "approval": turn.case.number},
    )  # fmt: skip
    try:
        with transaction.atomic():
            warning = PollutionWarning.objects.create(
                case=case, basis=basis, colour=colour, highest=colour, onset=onset, expected_end=end,
                duration_h=value.get("hours") or round((end - onset).total_seconds() / 3600),
                daily=daily_peaks(row), max_aqi=value.get("max_w"), issued_at=at, late_s=late, late_reason=reason,
                exercise=turn.case.exercise,
            )  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "已有生效预警，请走调整程序。") from None
    level = plan.LEVEL_OF[colour]
    response = Response.objects.create(
        warning=warning, level=level, highest=level, started_at=at, levels=[{"level": level, "at": at.isoformat()}]
    )
    _change(warning, Kind.ISSUE, turn, row)
    tasks.send(response, at)
    duties.owe_issue(response, at)
    announce(warning, turn.at, "Alert")
    papers.order(turn, warning, level)
    papers.filing(turn, warning, "预警发布")
    row.warning = warning
    row.save(update_fields=["warning"])
    turn.case.facts["warning"] = case.number


def mark(exercise: bool) -> str:
    """Return the word that stands before every line of a drill."""
    return "【演练】" if exercise else ""


def _drill_number(at: datetime.datetime) -> str:
    """Return the number of a drill's warning: a series of its own, so that real processes have no gap."""
    year = local(at).year
    return f"YL-RSZWR-{year}-{PollutionWarning.objects.filter(exercise=True).count() + 1:03}"


def running_drill() -> str:
    """Return the number of the drill that is being run, empty when there is none."""
    rows = Case.objects.filter(procedure=DRILL, state="running", is_open=True).order_by("-id")
    return rows.values_list("number", flat=True).first() or ""


def _adjust(turn: Turn, row: Consultation) -> None:
    warning, colour = row.warning, row.proposed
    assert warning is not None
    if not warning.live:
        raise LuoshiError("E_STATE", f"{warning.case.number}已解除，不能再调整。")
    if colour == warning.colour:
        raise LuoshiError("E_STATE", f"{warning.case.number}已是{COLOURS[colour]}，不用调整。")
    higher = plan.ORDER.index(colour) > plan.ORDER.index(warning.colour)
    value = row.computed["value"]
    warning.colour = colour
    if plan.ORDER.index(colour) > plan.ORDER.index(warning.highest):
        warning.highest = colour
    warning.expected_end = _when(value.get("end_at")) or warning.expected_end
    warning.duration_h = value.get("hours") or warning.duration_h
    warning.daily, warning.max_aqi = daily_peaks(row), value.get("max_w")
    warning.release_at = None
    warning.save()
    response = warning.response
    before, response.level = response.level, plan.LEVEL_OF[colour]
    if higher:
        response.highest = plan.LEVEL_OF[warning.highest]
    response.levels = [*response.levels, {"level": response.level, "at": turn.at.isoformat()}]
    cases.act(actor=turn.actor, case=warning.case_id, step="adjust", at=turn.at,
              data={"colour": colour, "approval": turn.case.number})  # fmt: skip
    Case.objects.filter(pk=warning.case_id).update(title=f"{mark(warning.exercise)}重污染天气{COLOURS[colour]}预警")
    tasks.close_replaced(response, turn.at)
    tasks.send(response, turn.at, note="等级调整，请落实新增")
    if higher:
        duties.owe_issue(response, turn.at)
    _change(warning, Kind.UPGRADE if higher else Kind.DOWNGRADE, turn, row)
    announce(warning, turn.at, "Update")
    papers.order(turn, warning, response.level, before)
    papers.filing(turn, warning, "预警调整")


def _announce_release(turn: Turn, row: Consultation) -> None:
    warning = row.warning
    if warning is None or not warning.live:
        raise LuoshiError("E_STATE", "没有生效的预警可解除。")
    release_at = _when(turn.case.facts.get("release_at"))
    if release_at is None:
        raise LuoshiError("E_INCOMPLETE", "没有解除的时刻。请重新签发。")
    release_at = max(release_at, turn.at)
    cases.act(actor=turn.actor, case=warning.case_id, step="announce_release", at=turn.at,
              data={"release_at": release_at.isoformat(), "approval": turn.case.number})  # fmt: skip
    warning.release_at = release_at
    warning.save(update_fields=["release_at"])
    _change(warning, Kind.RELEASE, turn, row, effective=release_at)
    announce(warning, turn.at, "Cancel")
    papers.filing(turn, warning, "预警解除")


def _over(turn: Turn) -> tuple[PollutionWarning, Response]:
    """End the warning of the case and its response at this hour: open tasks close."""
    warning = PollutionWarning.objects.select_related("response").get(case=turn.case)
    warning.live, warning.released_at = False, turn.at
    warning.save(update_fields=["live", "released_at"])
    response = warning.response
    response.ended_at = turn.at
    response.save(update_fields=["ended_at"])
    tasks.close_all(response, turn.at)
    return warning, response


@effect("heavy_pollution.ended")
def _ended(turn: Turn) -> None:
    """The response ends by itself at the hour announced (3.2.5): open tasks close, reports fall due."""
    _, response = _over(turn)
    duties.owe_end(response, turn.at)


@effect("heavy_pollution.exercise_ended")
def _exercise_ended(turn: Turn) -> None:
    """A drill's warning ends when the office says so: its tasks close, nothing is owed for it."""
    if not turn.case.exercise:
        raise LuoshiError("E_STATE", "这是真实的预警，不能按演练结束。请会商提出解除。")
    warning, response = _over(turn)
    response.duties.filter(state=duties.State.DUE).update(state=duties.State.VOID)
    announce(warning, turn.at, "Cancel")


@facts("heavy_pollution.closable")
def _closable_facts(turn: Turn) -> dict[str, Any]:
    warning = PollutionWarning.objects.select_related("response").get(case=turn.case)
    return {"missing": duties.missing(warning.response)}


def _change(
    warning: PollutionWarning, kind: str, turn: Turn, row: Consultation, effective: datetime.datetime | None = None
) -> None:
    WarningChange.objects.create(
        warning=warning, kind=kind, colour=warning.colour, approval=turn.case, at=turn.at,
        effective_at=effective or turn.at, reasons=row.computed.get("reasons", []), text=row.reason[:600],
    )  # fmt: skip


def _when(value: Any) -> datetime.datetime | None:
    if not value:
        return None
    found = moment_of(value)
    return local(found) if isinstance(found, datetime.datetime) else None


def daily_peaks(row: Consultation) -> list[int]:
    """Return the AQI of each whole day the process covers, from the series adopted."""
    found: list[int] = []
    value = row.computed["value"]
    start, end = _when(value.get("start_at")), _when(value.get("end_at"))
    if start is None or end is None:
        return found
    moment = start
    while moment < end:
        decided = book.decide(
            "heavy_pollution.window", {"series": row.series, "h": moment.isoformat()}, day_of(moment)
        ).value
        aqi = decided.get("aqi") if isinstance(decided, dict) else None
        if isinstance(aqi, int):
            found.append(aqi)
        moment += datetime.timedelta(days=1)
    return found


# --- CAP --------------------------------------------------------------------------------------------------------------


def announce(warning: PollutionWarning, sent: datetime.datetime, msg_type: str) -> CapMessage:
    """Make the CAP message of an issue (Alert), adjustment (Update) or release (Cancel) and keep it for ever."""
    earlier = list(warning.messages.order_by("sent", "id"))
    moment = local(sent).replace(microsecond=0)
    serial = CapMessage.objects.filter(sent=moment).count()
    latest = air_queries.latest(moment)
    heavy = int(book.current().values(ROOM, day_of(moment))["hp.aqi.heavy"])
    measured_heavy = latest is not None and latest.aqi is not None and latest.aqi > heavy
    colour, level = warning.colour, plan.LEVEL_OF[warning.colour]
    words = f"{COLOURS[colour]}预警（{plan.LEVEL_WORDS[level]}应急响应）"
    release = msg_type == "Cancel"
    t0 = warning.release_at or sent
    headline = f"重污染天气{words}" if not release else f"解除重污染天气预警（{local(t0):%m月%d日%H时}起）"
    span = f"{local(warning.onset):%Y年%m月%d日%H时}至{local(warning.expected_end):%m月%d日%H时}"
    peak = f"日均值最高{warning.max_aqi}" if warning.max_aqi else ""
    drill, instruction = mark(warning.exercise), _advice(level) if not release else "恢复正常生产生活。"
    description = f"预计{span}空气重污染，{peak}。" if not release else "空气质量好转，响应按时终止。"
    said = cap.Announcement(
        identifier=cap.identifier("371083", moment, serial),
        sender=getattr(settings, "CAP_SENDER", SENDER),
        sent=moment,
        msg_type=msg_type,
        incident=warning.case.number,
        colour=colour,
        level=level,
        headline=f"{drill}{headline}",
        description=f"{drill}{description}",
        instruction=f"{drill}{instruction}",
        onset=warning.onset,
        expires=warning.expected_end if not release else t0 + datetime.timedelta(hours=24),
        daily=warning.daily if not release else (),
        duration_h=warning.duration_h if not release else None,
        observed=measured_heavy or warning.basis == NOWCAST,
        status="Exercise" if warning.exercise else "Actual",
        note=f"演练 {running_drill() or warning.case.number}" if warning.exercise else "",
        references=[cap.reference(one.sender, one.identifier, one.sent) for one in earlier],
    )
    return CapMessage.objects.create(
        warning=warning, identifier=said.identifier, sender=said.sender, sent=moment, status=said.status,
        msg_type=msg_type, expires=said.expires, xml=cap.build(said).decode(),
    )  # fmt: skip


def _advice(level: str) -> str:
    """Return what everybody should do at a level: the measures for the public, in our words."""
    return "；".join(one.text for one in plan.in_force(level) if "public" in one.objects) + "。"
