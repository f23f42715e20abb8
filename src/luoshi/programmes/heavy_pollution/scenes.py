"""What scenarios can do and look at in this room."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Count

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases.models import CasePaper
from luoshi.office.duties.matter_models import Matter
from luoshi.office.notices.models import Notice, Publication, Sending
from luoshi.office.scenarios import Scene, check, moment, verb
from luoshi.programmes.heavy_pollution import (
    air_actions,
    drills,
    duties,
    episodes,
    organ_plans,
    site_plans,
    tasks,
    violations,
)
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    CitizenReport,
    CityHour,
    Consultation,
    Drill,
    DustRecord,
    Enterprise,
    EpisodeDuty,
    ForecastRun,
    ForecastValue,
    Inspection,
    MeasureTask,
    PlanVersion,
    PollutionWarning,
    SitePlan,
)

_POLLUTANTS = ("so2", "nox", "pm", "vocs")
_ISSUERS = dict(ForecastRun.ISSUERS)
_PURPOSES = (episodes.ISSUE, episodes.ADJUST, episodes.RELEASE)


def _pairs(rows: Any, name: str, parts: str) -> list[tuple[Any, int]]:
    """Rows of two parts, the second an AQI of 0 to 500; E_INPUT names the row that is none."""
    found: list[tuple[Any, int]] = []
    for place, one in enumerate(rows if isinstance(rows, list) else [rows], 1):
        if not isinstance(one, list) or len(one) != 2 or not str(one[1]).isdecimal() or not int(one[1]) <= 500:
            raise LuoshiError("E_INPUT", f"{name}第{place}行应写成[{parts}]，AQI为0到500的整数。")
        found.append((one[0], int(one[1])))
    return found


def _hours(written: Any) -> list[int]:
    """The AQI hour by hour of `hours` [[count, aqi], ...]."""
    rows = _pairs(written, "hours", "小时数, AQI")
    for place, (count, _aqi) in enumerate(rows, 1):
        if not str(count).isdecimal() or int(count) == 0:
            raise LuoshiError("E_INPUT", f"hours第{place}行的小时数“{count}”应为正整数。")
    return [aqi for count, aqi in rows for _ in range(int(count))]


def _one_of(given: Any, name: str, known: Iterable[str]) -> str:
    """A word of a closed list; E_INPUT lists them."""
    if str(given) not in known:
        raise LuoshiError("E_INPUT", f"{name}没有“{given}”，可写：{'、'.join(known)}。")
    return str(given)


@verb("heavy_pollution.measured", "登记全市各小时的实测AQI", hours="[[小时数, AQI], …]", until="到哪个整点止，默认现在")
def measured(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the city have measured these AQI: `hours` [[count, aqi], ...] ending at `until` (now)."""
    until = moment(given["until"]) if "until" in given else CLOCK.now()
    values = _hours(given["hours"])
    end = until.replace(minute=0, second=0, microsecond=0)
    CityHour.objects.filter(hour__gte=end - datetime.timedelta(hours=len(values)), hour__lt=end).delete()
    CityHour.objects.bulk_create(
        [
            CityHour(hour=end - datetime.timedelta(hours=len(values) - n), pm25=_pm25(aqi), aqi=aqi, partial=True,
                     stations=3, received_at=CLOCK.now())
            for n, aqi in enumerate(values)
        ],
        batch_size=500,
    )  # fmt: skip


_STEPS = ((0, 0), (50, 35), (100, 75), (150, 115), (200, 150), (300, 250), (400, 350), (500, 500))


def _pm25(aqi: int) -> Decimal:
    """Return a PM2.5 concentration whose index is `aqi`, by the breakpoints of 2012."""
    for (low, under), (high, over) in pairwise(_STEPS):
        if aqi <= high:
            return Decimal(under) + Decimal((aqi - low) * (over - under)) / (high - low)
    return Decimal(500)


@verb(
    "heavy_pollution.forecast",
    "收到一家的预报，逐日或逐小时",
    days="[[日期, AQI], …]，与 hours 二选一",
    hours="从现在起 [[小时数, AQI], …]",
    issued="发布时刻，默认现在",
    issuer=f"发布单位：{'、'.join(_ISSUERS)}",
)
def forecast(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let an issuer have forecast `days` [[date, aqi], ...], or `hours` [[count, aqi], ...] from now on."""
    issued = moment(given["issued"]) if "issued" in given else CLOCK.now()
    daily = "days" in given
    kind = ForecastRun.Kind.DAILY if daily else ForecastRun.Kind.HOURLY
    issuer = _one_of(given.get("issuer", "rushan_environment"), "issuer", _ISSUERS)
    if ("hours" in given) is daily:
        raise LuoshiError("E_INPUT", "动作“heavy_pollution.forecast”还要写：days 或 hours，只写一个。")
    if daily:
        rows = [(moment(day), aqi) for day, aqi in _pairs(given["days"], "days", "日期, AQI")]
    else:
        begin = CLOCK.now().replace(minute=0, second=0, microsecond=0)
        rows = [(begin + datetime.timedelta(hours=n), aqi) for n, aqi in enumerate(_hours(given["hours"]))]
    ForecastRun.objects.filter(issuer=issuer, issued_at=issued, kind=kind).update(current=False)
    run = ForecastRun.objects.create(
        issuer=issuer, issued_at=issued, kind=kind, digest="scene", received_at=CLOCK.now(), received_by="场景"
    )
    ForecastValue.objects.bulk_create([ForecastValue(run=run, valid_from=when, aqi=aqi) for when, aqi in rows])


@verb(
    "heavy_pollution.dust",
    "录入沙尘天气，返回记录号",
    grade=f"等级：{'、'.join(DustRecord.Grade.values)}",
    begins="开始时刻",
    ends="结束时刻",
    evidence="依据，默认能见度观测",
)
def dust(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Enter dust weather; returns its record for `confirm_dust`."""
    return air_actions.enter_dust(
        actor=actor, grade=str(given["grade"]), begins=moment(given["begins"]), ends=moment(given["ends"]),
        evidence=str(given.get("evidence", "能见度观测")),
    ).pk  # fmt: skip


@verb("heavy_pollution.confirm_dust", "确认沙尘天气", dust="沙尘记录")
def confirm_dust(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Confirm dust weather."""
    air_actions.confirm_dust(actor=actor, dust=int(given["dust"]))


@verb(
    "heavy_pollution.hold",
    "开会商，返回审批办件",
    purpose="issue 发布、adjust 调整、release 解除；默认按有无生效预警",
    exercise="是否演练",
)
def hold(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Open a consultation; returns its case."""
    purpose = _one_of(given.get("purpose", ""), "purpose", ("", *_PURPOSES))
    row = episodes.hold(actor=actor, purpose=purpose, exercise=bool(given.get("exercise")))
    return row.approval_id


@verb(
    "heavy_pollution.adopt",
    "会商采用一个序列并定级",
    consultation="会商办件",
    forecast="采用的序列，默认最新预报",
    edits="改定的小时 [{hour, aqi, reason}, …]",
    weihai="威海会商结果的等级",
    no_improvement="会商认定今后12小时有无明显改善（3.1.4）",
    outlook_reason="这样认定的理由",
)
def adopt(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Adopt a series for a consultation: the newest forecast unless one is given."""
    episodes.adopt(actor=actor, approval=int(given["consultation"]), forecast=given.get("forecast"),
                   edits=given.get("edits") or (), weihai=str(given.get("weihai", "")),
                   no_improvement=given.get("no_improvement"),
                   outlook_reason=str(given.get("outlook_reason", "")))  # fmt: skip


@verb(
    "heavy_pollution.report_task",
    "报一项措施的第一个未结束任务的落实情况",
    measure="措施编号",
    organ="责任单位，默认不限",
    state=f"状态：{'、'.join(MeasureTask.State.values)}",
    note="说明",
)
def report_task(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Report the first open task of a measure (of an organ)."""
    rows = MeasureTask.objects.filter(measure=given["measure"], closed="")
    if "organ" in given:
        rows = rows.filter(organ=given["organ"])
    row = rows.order_by("id").first()
    state = _one_of(given["state"], "state", MeasureTask.State.values)
    tasks.report(actor=actor, task=row.pk if row else 0, state=state, note=str(given.get("note", "")))


@verb(
    "heavy_pollution.hand_in",
    "报送一种报告中最先到期的一份",
    kind=f"种类：{'、'.join(EpisodeDuty.Kind.values)}",
    organ="报送单位，默认不限",
    all="这一种全部报送",
    content="内容：各项名称和文字",
)
def hand_in(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Hand in the first report of a kind that an organ owes; `all`: every one of that kind."""
    kind = _one_of(given["kind"], "kind", EpisodeDuty.Kind.values)
    rows = EpisodeDuty.objects.filter(kind=kind, state=EpisodeDuty.State.DUE)
    if "organ" in given:
        rows = rows.filter(organ=given["organ"])
    found = list(rows.order_by("due_at", "id").values_list("pk", flat=True))
    for pk in found if given.get("all") else found[:1]:
        duties.hand_in(actor=actor, duty=pk, content=given.get("content") or {})
    if not found:
        duties.hand_in(actor=actor, duty=0)


# --- what stands ready between episodes -------------------------------------------------------------------------------

_LEVELS = ("IV", "III", "II", "I")
_REDUCED = dict.fromkeys(_POLLUTANTS, "各级减排量 [Ⅳ, Ⅲ, Ⅱ, Ⅰ]，kg/d")


@verb(
    "heavy_pollution.firm",
    "登记一年清单上的企业",
    code="统一社会信用代码",
    name="名称",
    town="镇区",
    sector="行业",
    year="清单年度",
    so2="二氧化硫基准，kg/d",
    nox="氮氧化物基准，kg/d",
    pm="颗粒物基准，kg/d",
    vocs="挥发性有机物基准，kg/d",
)
def firm(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let a firm stand on the list of a year: code, name, town, sector, baselines so2, nox, pm, vocs."""
    amounts = {name: Decimal(str(given.get(name, 0))) for name in _POLLUTANTS}
    Enterprise.objects.create(credit_code=str(given["code"]), name=str(given["name"]), town=str(given["town"]),
                              sector=str(given["sector"]), list_year=int(given["year"]), **amounts)  # fmt: skip


def _plan_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return steps and reductions: each pollutant a list of four amounts, from the mildest level up."""
    for name in _POLLUTANTS:
        if name in given and (not isinstance(given[name], list) or len(given[name]) != len(_LEVELS)):
            raise LuoshiError("E_INPUT", f"{name}应写四个减排量，依次为Ⅳ、Ⅲ、Ⅱ、Ⅰ级。")
    steps = {level: [{"process": "涂装线", "action": "限产", "limit": "20%"}] for level in _LEVELS}
    return {
        "steps": steps,
        "reductions": {
            level: {name: str(given[name][n]) for name in _POLLUTANTS if name in given}
            for n, level in enumerate(_LEVELS)
        },
    }


@verb("heavy_pollution.draft_plan", "企业起草减排操作方案，返回办件", firm="统一社会信用代码", **_REDUCED)
def draft_plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Begin a firm's plan; returns its case."""
    return site_plans.draft(actor=actor, firm=str(given["firm"]), **_plan_of(given)).case_id


@verb("heavy_pollution.change_plan", "修改草稿或退回的减排操作方案", case="方案办件", **_REDUCED)
def change_plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Change a plan that is a draft or was returned."""
    row = SitePlan.objects.get(case=given["case"])
    site_plans.change(actor=actor, pk=row.pk, **_plan_of(given))


@verb("heavy_pollution.publish_list", "公布一年的企业清单", year="年度")
def publish_list(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Publish the list of a year."""
    site_plans.publish_list(actor=actor, year=int(given["year"]))


@verb(
    "heavy_pollution.inspect",
    "记一次检查，返回所发现问题的办件",
    kind=f"对象类别：{'、'.join(Inspection.Kind.values)}",
    finding=f"结果：{'、'.join(Inspection.Finding.values)}",
    text="发现的情况",
    object_id="企业信用代码、工地编号或单位",
    name="对象名称",
    organ="检查单位",
    town="镇区",
    penal_organ="处罚单位",
    lat="纬度",
    lon="经度",
    report="所依据的群众线索",
)
def inspect(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Record an inspection; returns the case of what it found."""
    words: dict[str, Any] = {str(key): str(value) for key, value in given.items() if key != "report"}
    words |= {"kind": str(given["kind"]), "finding": str(given["finding"]), "text": str(given["text"])}
    return violations.inspect(actor=actor, report=given.get("report"), **words).case_id


@verb(
    "heavy_pollution.citizen",
    "群众在公众页举报，返回线索",
    kind=f"看到了什么：{'、'.join(CitizenReport.Kind.values)}",
    town="镇区",
    place="地点",
    text="情况",
    phone="电话",
    address="网络地址",
)
def citizen(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Let somebody report a violation on the public page; returns the report."""
    return violations.report(
        address=str(given.get("address", "203.0.113.7")), kind=str(given["kind"]), town=str(given["town"]),
        place=str(given["place"]), text=str(given["text"]), phone=str(given.get("phone", "")),
    ).pk  # fmt: skip


@verb(
    "heavy_pollution.draw_up_drill",
    "拟演练方案，返回办件",
    title="名称",
    planned_on="计划日期",
    aim="目的",
    people="参加人员",
    content="内容",
    mode=f"方式：{'、'.join(Drill.Mode.values)}",
    rules="规则",
    scenario="情景",
)
def draw_up_drill(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Draw a drill up; returns its case."""
    words = {str(key): str(value) for key, value in given.items()}
    words["title"], words["planned_on"] = str(given["title"]), str(given["planned_on"])
    words["aim"], words["people"], words["content"] = str(given["aim"]), str(given["people"]), str(given["content"])
    row = drills.draw_up(actor=actor, **words)
    case = drills.case_of(row)
    return case.pk if case else None


@verb("heavy_pollution.exercise_case", "最新一次演练会商的办件")
def exercise_case(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Return the case of the newest consultation that is an exercise."""
    return (
        Consultation.objects.filter(approval__exercise=True).order_by("-id").values_list("approval", flat=True).first()
        or 0
    )


@verb("heavy_pollution.exercise_warning", "最新一次演练预警的办件")
def exercise_warning(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Return the case of the newest warning that is an exercise."""
    return PollutionWarning.objects.filter(exercise=True).order_by("-id").values_list("case", flat=True).first() or 0


@verb("heavy_pollution.warning_case", "最新一次预警（不含演练）的办件")
def warning_case(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Return the case of the newest warning that is no exercise."""
    return PollutionWarning.objects.filter(exercise=False).order_by("-id").values_list("case", flat=True).first() or 0


@check("drill", "最近一次演练：日期、文书、是否都标明演练、有没有外发")
def drill(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The newest drill: when held, its papers, whether every line that can leave the house says so, what did leave."""
    row = Drill.objects.order_by("-id").get()
    case = drills.case_of(row)
    drilled = MeasureTask.objects.filter(response__warning__exercise=True)
    messages = CapMessage.objects.filter(warning__exercise=True)
    marked = (
        not Notice.objects.filter(exercise=False).exists()
        and all(one.startswith("【演练】") for one in drilled.values_list("text", flat=True))
        and all(one.xml.count("【演练】") == 3 and one.status == "Exercise" for one in messages)
    )
    return {
        "held": row.held_on, "before_season": drills.held_before_season(row.season), "marked": marked,
        "papers": list(case.papers.order_by("id").values_list("title", flat=True)) if case else [],
        "matters": Matter.objects.filter(external_id__startswith="drill:").count(),
        "sent": Sending.objects.count(), "public": Publication.objects.count(),
    }  # fmt: skip


@check("inspection", "一个办件的检查：结果、处理、文书、线索")
def inspected(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """What the inspection behind a case says."""
    row = Inspection.objects.get(case=subject)
    report = row.reports.first()
    papers = list(row.case.papers.order_by("id").values_list("title", flat=True)) if row.case else []
    return {
        "finding": row.finding, "order": row.order, "penalty": row.penalty, "closed": row.closed_at is not None,
        "rechecked": row.rechecked_at is not None, "papers": papers, "report": report.state if report else None,
        "object": row.object_name,
    }  # fmt: skip


@verb("heavy_pollution.propose_plan", "提出修订市级预案，返回办件", why="修订缘由", changes="修订内容")
def propose_plan(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Propose a revision of the city's plan; returns its case."""
    return organ_plans.propose(actor=actor, why=str(given["why"]), changes=str(given["changes"])).case_id


@verb("heavy_pollution.organ_plan", "一个单位最新方案的办件", organ="单位")
def organ_plan(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Return the case of an organ's newest plan."""
    row = PlanVersion.objects.filter(organ=given["organ"]).order_by("-edition").first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"“{given['organ']}”还没有方案。")
    return row.case_id


@check("plans", "新市级预案带来的方案：应备案、已备案、期限")
def plans_filed(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """How many plans the newest city plan brought, how many are filed in time, missing, named; when it is published."""
    row = organ_plans.current()
    if row is None:
        return {"owed": 0}
    parts = row.parts.all()
    due = {one.due_on.isoformat() for one in parts if one.due_on}
    return organ_plans.counts(row) | {
        "due": sorted(due), "named": parts.filter(named=True).count(), "number": row.number, "state": row.state,
        "publish_by": row.publish_by,
    }  # fmt: skip


@check("readiness", "清单企业就绪、未就绪各几家")
def readiness(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """How many firms are listed, ready and not, and how many matters there are because of those that were not."""
    rows = list(site_plans.with_readiness(Enterprise.objects.all(), CLOCK.today().year).values_list("ready", flat=True))
    matters = Matter.objects.filter(module="heavy-pollution", external_id__startswith="site-plan:").count()
    return {"listed": len(rows), "ready": sum(rows), "not_ready": len(rows) - sum(rows), "matters": matters}


# --- looking ----------------------------------------------------------------------------------------------------------


def _latest() -> PollutionWarning | None:
    return PollutionWarning.objects.select_related("case", "response").order_by("-issued_at", "-id").first()


@check("grade", "会商测算的等级")
def grade(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The grade computed in a consultation."""
    return Consultation.objects.get(approval=subject).grade


@check("warning", "最近一次预警")
def warning(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The newest warning."""
    row = _latest()
    if row is None:
        return {"live": False, "number": None}
    return {
        "number": row.case.number, "state": row.case.state, "colour": row.colour, "highest": row.highest,
        "basis": row.basis, "live": row.live, "onset": row.onset,
        "end": row.expected_end, "hours": row.duration_h, "daily": row.daily,
        "late_s": row.late_s, "issued": row.issued_at, "released": row.released_at, "release_at": row.release_at,
        "level": row.response.level, "reached": row.response.highest, "ended": row.response.ended_at,
        "changes": list(row.changes.order_by("id").values_list("kind", flat=True)),
    }  # fmt: skip


@check("measures", "正在执行的措施")
def measures(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The measures in force, in order."""
    row = _latest()
    return row.response.measures if row else []


@check("papers", "办件的文书")
def papers_of(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The papers of a case, in order, by kind."""
    return list(CasePaper.objects.filter(case=subject).order_by("id").values_list("kind", flat=True))


@check("tasks", "各措施的任务数，另有 open、total")
def task_counts(_scene: Scene, _subject: Any, asked: Any) -> Any:
    """How many tasks there are, by measure, `open` and `total` beside them."""
    row = _latest()
    if row is None:
        return {}
    found = dict(row.response.tasks.filter(closed="").values_list("measure").annotate(n=Count("id")))
    found["total"] = row.response.tasks.count()
    found["open"] = row.response.tasks.filter(closed="").count()
    return {key: found.get(key, 0) for key in asked}


@check("duties", "各种报告的期限、份数、状态，写“种类/单位”看一家")
def owed(_scene: Scene, _subject: Any, asked: Any) -> Any:
    """Reports by kind: the moment the latest is due, how many, their states; of one organ as `kind/organ`."""
    row = _latest()
    found: dict[str, Any] = {}
    for key in asked:
        kind, _slash, organ = str(key).partition("/")
        rows = row.response.duties.filter(kind=kind) if row else EpisodeDuty.objects.none()
        if organ:
            rows = rows.filter(organ=organ)
        states = dict(rows.values_list("state").annotate(n=Count("id")))
        due = rows.order_by("due_at").values_list("due_at", flat=True)
        found[key] = {
            "count": rows.count(),
            "first": _until(due.first()),
            "last": _until(due.last()),
            **states,
        }
    return found


def _until(value: datetime.datetime | None) -> str | None:
    if value is None:
        return None
    shown = local(value)
    if (shown.hour, shown.minute) == (0, 0):
        return f"{shown - datetime.timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{shown:%Y-%m-%d %H:%M}"


@check("cap", "最近一条CAP消息的各要素")
def cap_messages(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The newest CAP message, by element."""
    from lxml import etree

    row = CapMessage.objects.order_by("-id").first()
    if row is None:
        return None
    found: dict[str, Any] = {}
    for element in etree.fromstring(row.xml.encode()).iter():
        name = etree.QName(element).localname
        if len(element) == 0:
            found[name] = element.text if name not in found else f"{found[name]} {element.text}"
    found["count"] = CapMessage.objects.count()
    return found
