"""The tables of an episode's whole file: each a name, columns with widths, and rows read piece by piece."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.procedures import Procedure
from luoshi.office.cases.models import Case, CaseEvent, CaseVoice
from luoshi.office.cases.queries import kind_of
from luoshi.office.duties import concern
from luoshi.office.notices.kinds import CHANNELS
from luoshi.office.notices.models import Notice, Publication
from luoshi.programmes.heavy_pollution import board, episodes, plan, replaying
from luoshi.programmes.heavy_pollution.decisions.chain import COLOURS
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    Consultation,
    DustRecord,
    EpisodeDuty,
    ForecastValue,
    Inspection,
    MetDay,
    PollutionWarning,
    Response,
)
from luoshi.programmes.heavy_pollution.models.air import POLLUTANTS

Columns = tuple[tuple[str, int], ...]
Sheet = tuple[str, Columns, Iterable[Sequence[Any]]]


def _columns(told: str) -> Columns:
    """Return columns told as `title width|title width`."""
    return tuple((title, int(width)) for title, width in (one.rsplit(" ", 1) for one in told.split("|")))


_BEFORE = datetime.timedelta(days=2)
"""So long before the first consultation the hours of the file begin."""
_HOURS = _columns(
    "时间 18|AQI 8|首要污染物 18|SO2 µg/m³ 11|NO2 µg/m³ 11|CO mg/m³ 11|O3 µg/m³ 11|PM10 µg/m³ 11|"
    "PM2.5 µg/m³ 12|有效站数 9|不全 7|止于该时的24小时AQI 20"
)
_FORECASTS = _columns("发布单位 26|发布时间 18|收到 18|种类 8|更正次 8|在用 7|时段 18|AQI 8|低 8|高 8|首要污染物 18")
_DUST = _columns("等级 12|开始 18|结束 18|依据 40|录入 14|确认 14|撤回 18")
_DAYS = _columns("日期 14|冰冻期 9|空气污染气象条件等级 20|录入 14")
_HELD = _columns(
    "办件 20|为了 10|开始 18|结束 18|参加 18|采用的预报 44|威海会商结果 24|沙尘 24|系统定级 10|会商建议 10|"
    "理由 40|纪要 60"
)
_SERIES = _columns("办件 20|起 18|时数 8|来源 10|数值 70|改定理由 40")
_REASONS = _columns("办件 20|判断 8|理由 80|依据 30")
_STORY = _columns("办件 20|序 6|时间 20|记下 20|谁办的 12|人 16|单位 26|经过 60|到 16")
_VOICES = _columns("办件 20|步骤 16|一方 16|意见 8|说明 50|人 16|时间 18")
TASK_COLUMNS = _columns(
    "编号 9|措施 8|措施名称 24|单位 26|镇区 18|对象 30|要求 50|下达 18|期限 18|状态 12|状态时间 18|谁报的 16|"
    "说明 40|存疑 30|证据 8|结束原因 18"
)
_REPORTS = _columns("种类 22|单位 26|期限 18|收到 18|状态 8|谁报的 16|内容 80|附件 8|依据 30")
_PUBLICITY = _columns("渠道 14|发布 18|登记 18|内容 50|覆盖人数 10|登记人 16|凭证 8")
_SERVED = _columns("文号 26|题名 50|渠道 14|送给 26|状态 10|送出 18|份数 8|问题 40")
_MESSAGES = _columns("编号 34|种类 10|状态 10|发出 20|失效 20")
_INSPECTIONS = _columns(
    "时间 18|检查单位 26|对象 30|镇区 18|发现 14|情况 60|责令 30|处罚文号 20|复查 18|结束 18|检查人 16|存疑 24"
)
_ORIGINS = {"measured": "实测", "forecast": "预报", "edited": "会商改定"}
_PURPOSES = {episodes.ISSUE: "发布", episodes.RELEASE: "解除", episodes.ADJUST: "调整"}
_VERDICTS = {True: "是", False: "否", None: "说明"}


def air(warning: PollutionWarning) -> Iterator[Sheet]:
    """Yield the hours measured, the forecasts, the dust and the weather of an episode."""
    first, last = replaying.bounds(warning)
    last = min(last, CLOCK.now())
    if warning.released_at is not None:
        last = min(last, local(warning.released_at) + _BEFORE)
    first -= _BEFORE
    yield "逐时空气", _HOURS, _hours(first, last)
    values = ForecastValue.objects.filter(run__received_at__gte=first, run__received_at__lte=last)
    yield "预报", _FORECASTS, (
        (one.run.get_issuer_display(), _at(one.run.issued_at), _at(one.run.received_at), one.run.get_kind_display(),
         one.run.revision, "是" if one.run.current else "已更正", _at(one.valid_from), one.aqi, one.low, one.high,
         one.primary)
        for one in values.select_related("run").order_by("run__issued_at", "run", "valid_from").iterator(2_000)
    )  # fmt: skip
    dust = DustRecord.objects.filter(begins__lte=last, ends__gte=first).order_by("begins", "pk")
    yield "沙尘", _DUST, (
        (one.get_grade_display(), _at(one.begins), _at(one.ends), one.evidence, one.entered_by,
         one.confirmed_by or "未确认", _at(one.withdrawn_at)) for one in dust
    )  # fmt: skip
    days = MetDay.objects.filter(day__gte=day_of(first), day__lte=day_of(last)).order_by("day")
    yield "气象日", _DAYS, ((one.day, "是" if one.frost else "否", one.grade, one.set_by) for one in days)


def _hours(first: datetime.datetime, last: datetime.datetime) -> Iterator[Sequence[Any]]:
    means = board.picture(last, last - first)["means"]
    step = datetime.timedelta(hours=1)
    for one in CityHour.objects.filter(hour__gte=first, hour__lt=last).order_by("hour").iterator(2_000):
        amounts = [_plain(getattr(one, name)) for name in POLLUTANTS]
        running = means.get((local(one.hour) + step).isoformat())
        yield (_at(one.hour), one.aqi, one.primary, *amounts, one.stations, "是" if one.partial else "", running)


def consultations(cases: Sequence[Case]) -> Iterator[Sheet]:
    """Yield the consultations, what each adopted and reckoned, the story of the approvals and each party's voice."""
    numbers = {case.pk: case.number for case in cases}
    told = {case.pk: kind_of(case) for case in cases}
    held = list(Consultation.objects.filter(approval__in=numbers).order_by("held_at", "pk"))
    yield "会商", _HELD, (_held(one, numbers[one.approval_id]) for one in held)
    yield "采用的序列", _SERIES, (row for one in held for row in _series(one, numbers[one.approval_id]))
    yield "定级理由", _REASONS, (row for one in held for row in _reasons(one, numbers[one.approval_id]))
    events = CaseEvent.objects.filter(case__in=numbers).order_by("at", "pk")
    names = _Titles()
    yield "经过", _STORY, (
        (numbers[one.case_id], one.n, _second(one.at), _second(one.received_at), one.get_hand_display(), one.who,
         names(one.organ), one.text, _word(told[one.case_id], "states", one.to_state)) for one in events.iterator(2_000)
    )  # fmt: skip
    voices = CaseVoice.objects.filter(case__in=numbers).order_by("at", "pk")
    yield (
        "各方意见",
        _VOICES,
        (
            (
                numbers[one.case_id],
                _word(told[one.case_id], "steps", one.step),
                _word(told[one.case_id], "parties", one.party),
                "同意" if one.agrees else "不同意",
                one.text,
                one.who,
                _at(one.at),
            )
            for one in voices
        ),
    )


def _word(kind: Procedure | None, part: str, key: str) -> str:
    """Return what a procedure calls one of its states, steps or parties; the key where its file is gone."""
    found = getattr(kind, part).get(key) if kind is not None else None
    return str(found.title) if found is not None else key


def _held(one: Consultation, number: str) -> Sequence[Any]:
    parties = {"environment": "环保局", "weather": "气象局"}
    runs = "、".join(str(run.get("title", "")) for run in one.runs)
    return (
        number, _PURPOSES.get(one.purpose, one.purpose), _at(one.held_at), _at(one.closed_at),
        "、".join(parties.get(who, who) for who in one.participants), runs, one.weihai, one.dust,
        COLOURS.get(one.grade, one.grade), COLOURS.get(one.proposed, one.proposed) if one.proposed else "存档",
        one.reason, one.minutes,
    )  # fmt: skip


def _series(one: Consultation, number: str) -> Iterator[Sequence[Any]]:
    if not one.series:
        return
    edited = {str(edit.get("hour", ""))[:16]: str(edit.get("reason", "")) for edit in one.edits}
    start = local(datetime.datetime.fromisoformat(one.series["start"]))
    for part in one.series.get("hours", ()):
        count = int(part.get("n", 1))
        values = "，".join(f"{key} {value}" for key, value in part.items() if key not in ("n", "origin", "flat"))
        origin = _ORIGINS.get(part.get("origin", ""), "逐日预报" if part.get("flat") else "缺测")
        yield number, _at(start), count, origin, values, edited.get(start.isoformat()[:16], "")
        start += datetime.timedelta(hours=count)


def _reasons(one: Consultation, number: str) -> Iterator[Sequence[Any]]:
    told = [*one.computed.get("reasons", ()), *((one.computed.get("nowcast") or {}).get("reasons", ()))]
    for reason in told:
        yield number, _VERDICTS.get(reason.get("ok"), "说明"), reason.get("text", ""), reason.get("citation") or ""


def task_rows(response: Response) -> Iterator[Sequence[Any]]:
    """Yield every task of a response, closed ones too, in the order they were sent."""
    known, names = plan.measures(), _Titles()
    for one in response.tasks.order_by("pk").iterator(2_000):
        measure = known.get(one.measure)
        yield (
            one.pk, one.measure, measure.title if measure else "", names(one.organ), names(one.town), one.object_name,
            one.text, _at(one.sent_at), _at(one.due_at), one.get_state_display(), _at(one.state_at), one.by, one.note,
            one.flagged, "有" if one.evidence_id else "", one.closed,
        )  # fmt: skip


def reports(rows: QuerySet[EpisodeDuty]) -> Iterator[Sheet]:
    """Yield what organs owed the episode and what came."""
    names = _Titles()
    yield "应急报告", _REPORTS, (
        (one.get_kind_display(), names(one.organ), _at(one.due_at), _at(one.received_at), one.get_state_display(),
         one.by, "\n".join(str(value) for value in one.content.values() if str(value).strip()),
         "有" if one.file_id else "", one.citation) for one in rows.order_by("due_at", "organ", "pk").iterator(2_000)
    )  # fmt: skip


def publications(warning: PollutionWarning, papers: QuerySet[Notice]) -> Iterator[Sheet]:
    """Yield what was said on which channel, where the papers went, the CAP messages."""
    logged = warning.response.publicity.order_by("sent_at", "pk")
    yield (
        "发布记录",
        _PUBLICITY,
        (
            (
                one.channel,
                _at(one.sent_at),
                _at(one.received_at),
                one.text,
                one.reach,
                one.by,
                "有" if one.proof_id else "",
            )
            for one in logged
        ),
    )
    names = _Titles()
    served = Publication.objects.filter(notice__in=papers.values("pk")).select_related("notice")
    yield "文书送达", _SERVED, (
        (one.notice.number_text, one.notice.title, CHANNELS.get(one.channel, one.channel), names(one.target),
         one.get_state_display(), _at(one.sent_at), one.total, one.error)
        for one in served.order_by("notice__drafted_at", "notice", "pk").iterator(2_000)
    )  # fmt: skip
    yield (
        "CAP",
        _MESSAGES,
        (
            (one.identifier, one.msg_type, one.status, _second(one.sent), _second(one.expires))
            for one in warning.messages.order_by("sent", "pk")
        ),
    )


def inspections(rows: QuerySet[Inspection]) -> Iterator[Sheet]:
    """Yield what was inspected and what followed."""
    names = _Titles()
    yield "检查与违规", _INSPECTIONS, (
        (_at(one.at), names(one.organ), one.object_name, names(one.town), one.get_finding_display(), one.text,
         one.order, one.penalty, _at(one.rechecked_at), _at(one.closed_at), one.by, one.flagged)
        for one in rows.iterator(2_000)
    )  # fmt: skip


class _Titles:
    """The titles of organs, each looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {"": ""}

    def __call__(self, slug: str) -> str:
        if slug not in self._known:
            self._known[slug] = concern.title(slug)
        return self._known[slug]


def _at(moment: datetime.datetime | None) -> str:
    return "" if moment is None else f"{local(moment):%Y-%m-%d %H:%M}"


def _second(moment: datetime.datetime | None) -> str:
    return "" if moment is None else f"{local(moment):%Y-%m-%d %H:%M:%S}"


def _plain(amount: Any) -> str:
    return "" if amount is None else f"{amount.normalize():f}"
