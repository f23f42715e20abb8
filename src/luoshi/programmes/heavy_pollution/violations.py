"""Inspections and what they find: violations ordered to stop and punished, organs that fail, what citizens report.

The ways are `procedures/violation.yaml` and `procedures/accountability.yaml`. Penalties are the competent organ's own;
here stands the number of its decision.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.audit.actions import append
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.files import actions as files
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.notices import actions as notices
from luoshi.office.notices.kinds import kind_of
from luoshi.office.permissions import may, require
from luoshi.programmes.heavy_pollution import catalogue, episodes, plan, tasks
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import (
    CitizenReport,
    ConstructionSite,
    Enterprise,
    Inspection,
    MeasureTask,
)

VIOLATION, ACCOUNTABILITY = "heavy_pollution.violation", "heavy_pollution.accountability"
STOP_ORDER = "heavy_pollution.stop_order"
Finding, Kind = Inspection.Finding, Inspection.Kind
PENAL = {Kind.FIRM: "environment", Kind.SITE: "housing-construction", Kind.VEHICLE: "public-security",
         Kind.PLACE: "enforcement"}  # fmt: skip
"""Which organ may punish, by what was inspected, unless the inspection names another."""
LATELY = 30
"""Days over which standing checks are counted on their page."""
A_DAY, A_CITY_HOUR = 5, 200
"""So many reports one address may send a day, and everybody together an hour."""
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}|\d{7,8}")


# --- inspections ------------------------------------------------------------------------------------------------------


def inspect(
    *,
    actor: Actor,
    kind: str,
    finding: str,
    text: str,
    name: str = "",
    object_id: str = "",
    organ: str = "",
    town: str = "",
    penal_organ: str = "",
    photo: tuple[str, bytes] | None = None,
    lat: str = "",
    lon: str = "",
    report: int | None = None,
) -> Inspection:
    """Record an inspection; a finding opens its case, an organ's failing the way to a proposal of accountability.

    `object_id` is a firm's credit code, a site's code, an organ's slug; `report` the citizen's report it follows. The
    server stamps the moment; a photo used elsewhere or taken far away is flagged. Errors: E_FORBIDDEN, E_INPUT by
    field, E_DUPLICATE while an open case has the same object.
    """
    whose = organ or actor.organ or plan.COMMAND
    require(actor, "pollution.task", [whose])
    wrong = {}
    if kind not in Kind.values:
        wrong["kind"] = "请选检查对象的类别"
    if finding not in Finding.values:
        wrong["finding"] = "请选检查结果"
    if finding != Finding.NONE and len(text.strip()) < 4:
        wrong["text"] = "请写明发现的情况"
    found = _object(kind, object_id.strip())
    if not name.strip() and found is None:
        wrong["name"] = "请写对象名称，或填名单里的编号"
    if kind == Kind.ORGAN and (not object_id or not concern.known(object_id)):
        wrong["object_id"] = "请选单位"
    for place in (lat, lon):
        if place and not re.fullmatch(r"-?\d{1,3}(\.\d+)?", place):
            wrong["lat"] = "经纬度应是数字"
    if wrong:
        raise LuoshiError("E_INPUT", "；".join(wrong.values()) + "。", fields={"fields": wrong})
    now, live = CLOCK.now(), episodes.live_warning()
    title = found[0] if found else name.strip()[:120]
    with transaction.atomic():
        row = Inspection(
            response=live.response if live else None, object_kind=kind, object_id=(object_id.strip() or title)[:60],
            object_name=title[:120], organ=whose, finding=finding, text=text.strip()[:1000], at=now,
            by=actor.name[:100], town=found[1] if found and found[1] else town[:80],
            lat=lat[:10] or None, lon=lon[:10] or None,
        )  # fmt: skip
        if photo is not None:
            row.photo = files.keep(actor=actor, name=photo[0], data=photo[1])
            used = Inspection.objects.filter(photo=row.photo).exclude(object_id=row.object_id).exists()
            if used or MeasureTask.objects.filter(evidence=row.photo).exclude(object_id=row.object_id).exists():
                row.flagged = "照片在别处用过"
        if (away := tasks.kilometres(row, lat, lon)) is not None and away > tasks.FAR_KM:
            row.flagged = f"{row.flagged}；检查地距对象{away:.1f}公里".strip("；")
        row.save()
        if report is not None:
            _answer(actor, report, CitizenReport.State.TAKEN, "", row)
        append(actor=actor, act="pollution.inspect", subject=f"hp-inspection:{row.pk}", permission="pollution.task",
               after={"kind": kind, "object": row.object_id, "finding": finding, "organ": whose},
               basis=f"{PLAN} 5.3")  # fmt: skip
        if finding != Finding.NONE:
            row.case = _open(actor, row, penal_organ)
            row.save(update_fields=["case"])
    return row


def _object(kind: str, object_id: str) -> tuple[str, str] | None:
    """Return name and town of an object that a register or the directory knows."""
    if not object_id:
        return None
    if kind == Kind.FIRM:
        return Enterprise.objects.filter(credit_code=object_id).values_list("name", "town").first()
    if kind == Kind.SITE:
        return ConstructionSite.objects.filter(code=object_id).values_list("name", "town").first()
    if kind == Kind.ORGAN and concern.known(object_id):
        return concern.title(object_id), object_id if object_id in concern.towns() else ""
    return None


def _open(actor: Actor, row: Inspection, penal_organ: str) -> Any:
    failing = row.object_kind == Kind.ORGAN
    penal = penal_organ or PENAL.get(Kind(row.object_kind), "environment")
    facts: dict[str, Any] = {"organ": row.organ, "inspection": row.pk}
    if not failing:
        if not concern.known(penal):
            wrong = {"penal_organ": "请从单位名册里选有处罚权的单位"}
            raise LuoshiError("E_INPUT", f"{wrong['penal_organ']}。", fields={"fields": wrong})
        facts |= {"penal_organ": penal, "finding": row.finding}
    return cases.open_case(
        actor=actor, procedure=ACCOUNTABILITY if failing else VIOLATION, organ=row.organ,
        subject=f"hp-object:{row.object_kind}:{row.object_id}"[:120], facts=facts,
        title=f"{row.object_name}：{row.get_finding_display() if not failing else '履职不到位'}",
    )  # fmt: skip


def seen(actor: Actor) -> QuerySet[Inspection]:
    """Return the inspections the actor sees: by its organs or in its towns; all for the command and supervisors."""
    rows = Inspection.objects.select_related("case", "response__warning__case", "photo")
    reach = tasks.reach_of(actor)
    if reach is None:
        return rows
    mine = Q(organ__in=reach) | Q(town__in=reach) | Q(case__parties__organ__in=reach)
    return rows.filter(pk__in=Inspection.objects.filter(mine).values("pk"))


def standing(actor: Actor) -> list[dict[str, Any]]:
    """Return the checks that stand at any time (2.1.2), of the organs the actor sees, with what came of them lately.

    `checks` and `findings` count the inspections of the organ in the last `LATELY` days, `last` is the newest.
    """
    reach = tasks.reach_of(actor)
    wanted = [one for one in catalogue.standing() if reach is None or one.lead[0] in reach]
    since = CLOCK.now() - datetime.timedelta(days=LATELY)
    rows = Inspection.objects.filter(organ__in={one.lead[0] for one in wanted}, at__gte=since).values_list("organ")
    found = {
        organ: (checks, findings, last)
        for organ, checks, findings, last in rows.annotate(
            n=Count("id"), bad=Count("id", filter=~Q(finding=Finding.NONE)), last=Max("at")
        )
    }
    names = concern.titles({one.lead[0] for one in wanted})
    result = []
    for one in wanted:
        organ = one.lead[0]
        checks, findings, last = found.get(organ, (0, 0, None))
        result.append({"id": one.id, "text": one.text, "organ": organ, "title": names.get(organ, organ), "last": last,
                       "checks": checks, "findings": findings, "cite": one.citations[0]})  # fmt: skip
    return result


def visible(actor: Actor, pk: int) -> Inspection:
    """Return one of them. E_NOT_FOUND."""
    row = seen(actor).filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号检查记录。")
    return row


# --- the steps --------------------------------------------------------------------------------------------------------


def _row(turn: Turn) -> Inspection:
    rows = Inspection.objects.select_for_update(of=("self",)).select_related("response__warning__case")
    found: Inspection = rows.get(pk=turn.case.facts["inspection"])
    return found


def _warning_number(row: Inspection) -> str:
    return row.response.warning.case.number if row.response is not None else ""


def _paper(turn: Turn, kind: str, fields: Mapping[str, Any], organ: str) -> None:
    """Draw a paper up and let whoever takes the step sign it: it takes its number now."""
    draft = notices.draft(actor=PROGRAM, kind=kind, fields=fields, case=turn.case.pk, organ=organ,
                          exercise=turn.case.exercise, subject=turn.case.subject)  # fmt: skip
    signed = notices.sign(actor=turn.actor, notice=draft.pk)
    CasePaper.objects.create(case=turn.case, kind=kind.partition(".")[2], title=signed.title[:200],
                             notice_id=signed.pk, event=turn.case.events_count + 1, at=turn.at)  # fmt: skip


@effect("heavy_pollution.order_stop")
def _order(turn: Turn) -> None:
    row = _row(turn)
    row.order = str(turn.data["order"])[:300]
    row.save(update_fields=["order"])
    fields = {
        "object": row.object_name, "place": concern.title(row.town) if row.town else "",
        "finding": row.get_finding_display(), "facts": row.text, "order": turn.data["order"],
        "stop_by": turn.data["stop_by"], "warning": _warning_number(row),
    }  # fmt: skip
    organ = row.organ if row.organ in kind_of(STOP_ORDER).organs else "environment"
    _paper(turn, STOP_ORDER, fields, organ)


@effect("heavy_pollution.propose_accountability")
def _propose(turn: Turn) -> None:
    row = _row(turn)
    advice = str(turn.case.facts.get("advice") or "")
    row.order = advice[:300]
    row.save(update_fields=["order"])
    fields = {"organ": row.object_id, "facts": row.text, "advice": advice, "warning": _warning_number(row)}
    _paper(turn, "heavy_pollution.accountability", fields, plan.COMMAND)


@effect("heavy_pollution.penalised")
def _penalised(turn: Turn) -> None:
    row = _row(turn)
    row.penalty = str(turn.data.get("penalty") or "不予处罚")[:100]
    row.save(update_fields=["penalty"])


@effect("heavy_pollution.rechecked")
def _rechecked(turn: Turn) -> None:
    row = _row(turn)
    row.rechecked_at = turn.at
    row.save(update_fields=["rechecked_at"])


@effect("heavy_pollution.repeated")
def _repeated(turn: Turn) -> None:
    row = _row(turn)
    row.finding, row.rechecked_at = Finding.REPEATED, turn.at
    row.save(update_fields=["finding", "rechecked_at"])


@effect("heavy_pollution.answered")
def _answered(turn: Turn) -> None:
    row = _row(turn)
    row.penalty = str(turn.data["answer"])[:100]
    row.save(update_fields=["penalty"])


@effect("heavy_pollution.violation_closed")
def _closed(turn: Turn) -> None:
    row = _row(turn)
    row.closed_at = turn.at
    row.save(update_fields=["closed_at"])


# --- citizens ---------------------------------------------------------------------------------------------------------


def origin_of(address: str, day: datetime.date) -> str:
    """Return a digest of an address that tells two of a day apart and leads back to nobody."""
    keyed = hmac.new(settings.SECRET_KEY.encode(), f"{day}:{address}".encode(), hashlib.sha256)
    return keyed.hexdigest()[:32]


def report(
    *, address: str, kind: str, town: str, place: str, text: str, phone: str = "", trap: str = ""
) -> CitizenReport:
    """Take a report from the public page; its code is how the sender finds the answer.

    Bounded: `A_DAY` an address and day, `A_CITY_HOUR` an hour in all; the same words again give the first report.
    Errors: E_INPUT by field, E_CAPACITY.
    """
    wrong = {}
    if kind not in CitizenReport.Kind.values:
        wrong["kind"] = "请选看到了什么"
    if town not in concern.towns():
        wrong["town"] = "请选镇区"
    if not 2 <= len(place.strip()) <= 120:
        wrong["place"] = "请写地点，2到120字"
    if not 4 <= len(text.strip()) <= 500:
        wrong["text"] = "请写情况，4到500字"
    if phone.strip() and not _PHONE.fullmatch(phone.strip()):
        wrong["phone"] = "电话号码不对；也可以不填"
    if wrong:
        raise LuoshiError("E_INPUT", "；".join(wrong.values()) + "。", fields={"fields": wrong})
    now = CLOCK.now()
    origin = origin_of(address, day_of(now))
    with transaction.atomic():
        same = CitizenReport.objects.filter(origin=origin, text=text.strip(), place=place.strip()).first()
        if same is not None:
            return same
        today = CitizenReport.objects.filter(origin=origin).count()
        hour = CitizenReport.objects.filter(at__gt=now - datetime.timedelta(hours=1)).count()
        # What fills in the field nobody sees is no person: it gets the same answer as one who sends too much.
        if trap or today >= A_DAY or hour >= A_CITY_HOUR:
            raise LuoshiError("E_CAPACITY", "今天的线索已收到很多，请稍后再报，或拨打12369环保举报热线。")
        row = CitizenReport.objects.create(
            code=secrets.token_hex(5).upper(), kind=kind, town=town, place=place.strip(), text=text.strip(),
            phone=phone.strip(), at=now, origin=origin,
        )  # fmt: skip
        append(actor=VISITOR, act="pollution.citizen_report", subject=f"hp-report:{row.pk}",
               after={"kind": kind, "town": town})  # fmt: skip
        tell_organs(
            [
                Telling(f"hp-report:{row.pk}:{organ}", organ, "clerk", "pollution",
                        f"市民线索：{row.get_kind_display()}，{concern.title(town)}{row.place}"[:300],
                        "/pollution/inspections/reports/")
                for organ in ("environment", town)
            ]
        )  # fmt: skip
    return row


def reports_seen(actor: Actor) -> QuerySet[CitizenReport]:
    """Return the citizens' reports the actor sees: of its towns; all for the command and the bureau."""
    reach = tasks.reach_of(actor)
    rows = CitizenReport.objects.select_related("inspection")
    return rows if reach is None else rows.filter(town__in=reach)


def dismiss(*, actor: Actor, report: int, answer: str) -> CitizenReport:
    """Close a citizen's report without an inspection, with the answer the sender will read."""
    if len(answer.strip()) < 4:
        raise LuoshiError("E_INPUT", "请写明答复。", fields={"fields": {"answer": "请写明答复"}})
    with transaction.atomic():
        return _answer(actor, report, CitizenReport.State.DISMISSED, answer.strip(), None)


def _answer(actor: Actor, pk: int, state: str, answer: str, inspection: Inspection | None) -> CitizenReport:
    row = CitizenReport.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if row is None or not reports_seen(actor).filter(pk=pk).exists():
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号线索。")
    if not may(actor, "pollution.task", [row.town, "environment", plan.COMMAND]) and not actor.trusted:
        require(actor, "pollution.task", [row.town])
    if row.state != CitizenReport.State.NEW:
        raise LuoshiError("E_STATE", f"这条线索已{row.get_state_display()}，不用再办。")
    row.state, row.answer, row.inspection = state, answer[:300], inspection
    row.answered_by, row.answered_at = actor.name[:100], CLOCK.now()
    row.save()
    append(actor=actor, act="pollution.citizen_answer", subject=f"hp-report:{pk}", permission="pollution.task",
           after={"state": state, "answer": answer, "inspection": inspection and inspection.pk})  # fmt: skip
    return row


def answer_of(code: str) -> dict[str, Any]:
    """Return what became of the report of a code, for its sender: no names, no telephone. E_NOT_FOUND."""
    row = CitizenReport.objects.select_related("inspection").filter(code=code.strip().upper()[:12]).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个查询码，请核对。")
    done = bool(row.inspection and (row.inspection.closed_at or row.inspection.finding == Finding.NONE))
    return {
        "code": row.code, "at": local(row.at), "kind": row.get_kind_display(), "state": row.get_state_display(),
        "answer": row.answer or ("检查已办结" if done else "正在检查" if row.inspection else ""),
    }  # fmt: skip
