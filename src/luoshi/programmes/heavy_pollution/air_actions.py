"""Taking in what is measured and forecast; entering and confirming dust. Corrections are revisions: the old stays."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, F, Q, Sum
from django.db.models.functions import Cast, Round

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.collecting import collector_paused
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.locks import serialise
from luoshi.office.parameters import book
from luoshi.office.permissions import require, require_other_hand
from luoshi.programmes.heavy_pollution import air, intake
from luoshi.programmes.heavy_pollution.decisions import settings
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    DustRecord,
    ForecastRun,
    ForecastValue,
    HourlyObservation,
    MetDay,
    MetHour,
    Station,
)
from luoshi.programmes.heavy_pollution.models.air import POLLUTANTS

ROOM = "heavy_pollution"
ENVIRONMENT, WEATHER = "environment", "weather"
HOURLY = ("SO2_1h", "NO2_1h", "CO_1h", "O3_1h", "PM10_1h", "PM2.5_1h")
_NAMES = dict(zip(POLLUTANTS, HOURLY, strict=True))


class Taken(dict[str, Any]):
    """What an import did: counts by name, for page, API and command line."""


# --- measured hours ---------------------------------------------------------------------------------------------------


def import_hours(*, actor: Actor, name: str, data: bytes, reason: str = "") -> Taken:
    """Take in measured hours of stations; the same again changes nothing, another value is a correction.

    Side effects: observations, the city's hours, audit. Errors: E_FORBIDDEN, E_FILE, E_HEADER, E_INPUT with rows,
    E_INCOMPLETE when values on file would change and no `reason` is given.
    """
    require(actor, "pollution.measure", [ENVIRONMENT])
    with collector_paused():
        return _import_hours(actor, name, data, reason)


def _import_hours(actor: Actor, name: str, data: bytes, reason: str) -> Taken:
    found = intake.hours(name, data, CLOCK.now())
    stations = {station.code: station for station in Station.objects.all()}
    for number, row in enumerate(found.rows, start=2):
        if row["station"] not in stations:
            found.faults.append(intake.Fault(number, "站点", f"没有站点“{row['station'][:20]}”，请先登记站点"))
    found.require_sound()
    with transaction.atomic():
        counts = store_hours(found.rows, stations, source=name[:40], reason=reason)
        append(actor=actor, act="pollution.hours", subject=f"file:{name}", after=dict(counts),
               permission="pollution.measure", basis=f"{settings.PLAN} 3.1.1(1)")  # fmt: skip
    return counts


def store_hours(
    rows: Sequence[Mapping[str, Any]], stations: Mapping[str, Station], *, source: str, reason: str = ""
) -> Taken:
    """Write checked hours and the city's hours they belong to. Needs a transaction. E_INCOMPLETE as `import_hours`."""
    serialise("heavy-pollution-hours")
    now = CLOCK.now()
    wanted = {(stations[row["station"]].pk, row["hour"]): row for row in rows}
    hours = sorted({hour for _station, hour in wanted})
    on_file = HourlyObservation.objects.filter(current=True, hour__gte=hours[0], hour__lte=hours[-1])
    known = {
        (station, local(hour)): (pk, revision, values)
        for pk, station, hour, revision, *values in on_file.values_list(
            "pk", "station_id", "hour", "revision", *POLLUTANTS
        ).iterator(chunk_size=5000)
    }
    fresh: list[Sequence[Any]] = []
    corrected: list[tuple[int, datetime.datetime]] = []
    same = 0
    for (station, hour), row in wanted.items():
        values = [_stored(row[name]) for name in POLLUTANTS]
        old = known.get((station, hour))
        if old is None:
            fresh.append((station, hour, *values, 1, source, "", now))
        elif old[2] != values:
            corrected.append((old[0], hour))
            fresh.append((station, hour, *values, old[1] + 1, source, reason, now))
        else:
            same += 1
    if corrected and not reason.strip():
        raise LuoshiError(
            "E_INCOMPLETE",
            f"有 {len(corrected)} 个小时与已有数据不同，首个是 {corrected[0][1]:%Y-%m-%d %H:%M}。"
            "更正请写明理由；原值会保留。",
            fields={"changed": len(corrected)},
        )
    for begin in range(0, len(corrected), 5000):
        pks = [pk for pk, _hour in corrected[begin : begin + 5000]]
        HourlyObservation.objects.filter(pk__in=pks).update(current=False)
    if fresh:
        _insert(fresh)
        make_city_hours(sorted({hour for _station, hour, *_rest in fresh}), stations.values(), now)
    return Taken(rows=len(wanted), new=len(fresh) - len(corrected), corrected=len(corrected), unchanged=same)


_COLUMNS = ("station_id", "hour", *POLLUTANTS, "revision", "source", "reason", "received_at", "current")


def _insert(fresh: Iterable[Sequence[Any]]) -> None:
    """Write observations in the order of `_COLUMNS`, past the objects of the ORM: a year of a thousand stations."""
    table = f'"{HourlyObservation._meta.db_table}" ({", ".join(_COLUMNS)})'
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in fresh:
                    copy.write_row((*row, True))
            return
        marks = ", ".join(["%s"] * len(_COLUMNS))
        moment = lru_cache(maxsize=100_000)(connection.ops.adapt_datetimefield_value)
        places = len(POLLUTANTS) + 2
        rows = [
            (row[0], moment(row[1]), *[None if one is None else str(one) for one in row[2:places]],
             *row[places:-1], moment(row[-1]), True)
            for row in fresh
        ]  # fmt: skip
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608 - our own words


@lru_cache(maxsize=100_000)
def _stored(value: Any) -> Decimal | None:
    """Return an exact concentration as the column keeps it; no more than three decimals are kept."""
    if value is None:
        return None
    fraction = Fraction(value)
    return (Decimal(fraction.numerator) / Decimal(fraction.denominator)).quantize(Decimal("0.001"))


_PARTS = 1000
"""A concentration is kept in thousandths: so are sums, exactly."""


def make_city_hours(hours: Sequence[datetime.datetime], stations: Iterable[Station], now: datetime.datetime) -> None:
    """Make the city's hours anew from the observations in use: means of the stations that count, and the index."""
    counted = [station for station in stations if station.evaluated]
    by_stations: dict[tuple[int, ...], list[datetime.datetime]] = defaultdict(list)
    for day, group in groupby(hours, day_of):
        by_stations[_active(counted, day)] += group
    sums = {
        f"{name}_{what}": found
        for name in POLLUTANTS
        for what, found in (
            ("count", Count(name)),
            ("sum", Sum(Cast(Round(F(name) * _PARTS), BigIntegerField()))),
        )
    }
    made = []
    for active, wanted in by_stations.items():
        if not active:
            continue
        rows = HourlyObservation.objects.filter(
            current=True, station__in=active, hour__gte=wanted[0], hour__lte=wanted[-1]
        )
        found = {local(row["hour"]): row for row in rows.values("hour").annotate(observed=Count("pk"), **sums)}
        made += [_city_hour(hour, found.get(hour, {}), len(active), now) for hour in wanted]
    CityHour.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["hour"],
        update_fields=[*POLLUTANTS, "aqi", "primary", "partial", "stations", "received_at"],
        batch_size=1000,
    )


def _active(stations: Iterable[Station], day: datetime.date) -> tuple[int, ...]:
    """Return the stations that measure on a day."""
    return tuple(
        one.pk for one in stations if one.active_from <= day and (one.active_to is None or one.active_to >= day)
    )


def _city_hour(hour: datetime.datetime, sums: Mapping[str, Any], stations: int, now: datetime.datetime) -> CityHour:
    means: dict[str, tuple[int, int]] = {}
    kept: dict[str, Decimal] = {}
    for name in POLLUTANTS:
        mean = air.city_mean(sums.get(f"{name}_sum") or 0, sums.get(f"{name}_count", 0), stations, Fraction(75))
        if mean is not None:
            total, count = mean
            means[_NAMES[name]] = total, count * _PARTS
            kept[name] = _stored(Fraction(total, count * _PARTS)) or Decimal(0)
    index = air.index_of(means, HOURLY, air.standard_on(day_of(hour)), _rounding(day_of(hour)))
    return CityHour(
        hour=hour, aqi=index.value, primary="、".join(index.primary)[:60], partial=index.partial,
        stations=sums.get("observed", 0), received_at=now, **kept,
    )  # fmt: skip


def _rounding(day: datetime.date) -> Any:
    return settings.rounding(book.current().values(ROOM, day))


# --- forecasts --------------------------------------------------------------------------------------------------------


def import_forecast(
    *, actor: Actor, name: str, data: bytes, issuer: str = "", issued_at: datetime.datetime | None = None,
    revise: bool = False,
) -> Taken:  # fmt: skip
    """Take in a forecast file. The same content again is told, other content of the same run needs `revise`.

    `missing` names the hours or days between the first and the last that the file leaves out. Errors: E_FORBIDDEN,
    E_FILE, E_HEADER, E_INPUT, E_DUPLICATE_FILE, E_CONFLICT (other content, not `revise`).
    """
    require(actor, "pollution.forecast", [ENVIRONMENT, WEATHER])
    found = intake.forecast(name, data, issued_at)
    found.require_sound()
    runs: dict[tuple[str, datetime.datetime, str], list[dict[str, Any]]] = defaultdict(list)
    for row in found.rows:
        who = _issuer(row["issuer"] or issuer)
        when = row["issued_at"]
        if when is None:
            raise LuoshiError("E_INPUT", "请写明预报的发布时间。", fields={"fields": {"issued_at": "请填发布时间"}})
        if when > CLOCK.now() + intake.SKEW:
            raise LuoshiError("E_FUTURE", f"发布时间{when:%Y-%m-%d %H:%M}晚于现在，请核对。")
        runs[who, when, row["kind"]].append(row)
    digest = hashlib.new("sm3", data).hexdigest()
    taken = Taken(runs=0, values=0, missing=[])
    with transaction.atomic():
        serialise("heavy-pollution-forecasts")
        for (who, when, kind), rows in runs.items():
            taken["values"] += _store_run(actor, who, when, kind, rows, digest, revise)
            taken["runs"] += 1
            taken["missing"] += _left_out(kind, sorted({row["valid_from"] for row in rows}))
        append(actor=actor, act="pollution.forecast", subject=f"file:{name}", after=dict(taken),
               basis=f"{settings.PLAN} 3.1.2")  # fmt: skip
    return taken


def _store_run(
    actor: Actor, issuer: str, issued_at: datetime.datetime, kind: str, rows: Sequence[Mapping[str, Any]], digest: str,
    revise: bool,
) -> int:  # fmt: skip
    old = ForecastRun.objects.filter(issuer=issuer, issued_at=issued_at, kind=kind, current=True).first()
    title = f"{dict(ForecastRun.ISSUERS)[issuer]} {local(issued_at):%Y-%m-%d %H:%M}的预报"
    if old is not None and old.digest == digest:
        raise LuoshiError("E_DUPLICATE_FILE", f"{title}已导入，未重复写入。", fields={"run": old.pk})
    if old is not None and not revise:
        raise LuoshiError(
            "E_CONFLICT",
            f"{title}已有（{old.received_by} {local(old.received_at):%m月%d日 %H:%M} 导入），内容不同。"
            "确是更正的，请选“作为更正导入”，原来的会保留。",
            fields={"run": old.pk},
        )
    if old is not None:
        ForecastRun.objects.filter(pk=old.pk).update(current=False)
    run = ForecastRun.objects.create(
        issuer=issuer, issued_at=issued_at, kind=kind, revision=old.revision + 1 if old else 1, digest=digest,
        received_at=CLOCK.now(), received_by=actor.name[:100],
    )  # fmt: skip
    values = [
        ForecastValue(
            run=run, valid_from=row["valid_from"], aqi=row["aqi"], low=row["low"], high=row["high"],
            primary=row["primary"], **{name: _stored(row[name]) for name in POLLUTANTS},
        )
        for row in rows
    ]  # fmt: skip
    often = Counter(one.valid_from for one in values)
    if twice := [moment for moment, count in often.items() if count > 1]:
        shown = f"{local(twice[0]):%Y-%m-%d}" if kind == "daily" else f"{local(twice[0]):%Y-%m-%d %H:%M}"
        raise LuoshiError("E_INPUT", f"{title}里{shown}出现了两次，请只留一行再导入，这次什么也没有写入。")
    ForecastValue.objects.bulk_create(values, batch_size=1000)
    return len(values)


def _left_out(kind: str, moments: Sequence[datetime.datetime]) -> list[str]:
    """Return in words what is left out between the first and the last: hours or whole days."""
    step = datetime.timedelta(days=1) if kind == "daily" else datetime.timedelta(hours=1)
    found = []
    for before, after in pairwise(moments):
        if after - before <= step:
            continue
        first, last = local(before + step), local(after - step)
        if kind == "daily":
            whole = f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d}至{last:%Y-%m-%d}"
        else:
            whole = f"{first:%m月%d日%H时}至{last:%m月%d日%H时}共{(after - before) // step - 1}小时"
        found.append(whole)
    return found


def _issuer(text: str) -> str:
    for key, title in ForecastRun.ISSUERS:
        if text in (key, title):
            return key
    if not text:
        raise LuoshiError("E_INPUT", "请写明是哪个单位的预报。", fields={"fields": {"issuer": "请选发布单位"}})
    known = "、".join(title for _key, title in ForecastRun.ISSUERS)
    raise LuoshiError("E_INPUT", f"不认得发布单位“{text[:30]}”，应是：{known}。")


# --- weather and dust -------------------------------------------------------------------------------------------------


def import_weather(*, actor: Actor, name: str, data: bytes) -> Taken:
    """Take in hours of weather; a later file replaces what an earlier said of an hour. Errors as of `import_hours`."""
    require(actor, "pollution.weather", [WEATHER])
    found = intake.weather(name, data, CLOCK.now())
    found.require_sound()
    now = CLOCK.now()
    with transaction.atomic():
        MetHour.objects.bulk_create(
            [MetHour(received_at=now, **row) for row in {row["hour"]: row for row in found.rows}.values()],
            update_conflicts=True, unique_fields=["hour"],
            update_fields=["rh", "temperature", "wind", "rain", "received_at"], batch_size=1000,
        )  # fmt: skip
        append(actor=actor, act="pollution.weather", subject=f"file:{name}", after={"rows": len(found.rows)})
    return Taken(rows=len(found.rows))


def set_met_day(*, actor: Actor, day: datetime.date, frost: bool, grade: int | None = None) -> MetDay:
    """Set a day's flag of the frost period and its grade of pollution weather (1 to 6). E_FORBIDDEN, E_INPUT."""
    require(actor, "pollution.weather", [WEATHER])
    if grade is not None and not 1 <= grade <= 6:
        raise LuoshiError("E_INPUT", "空气污染气象条件等级应为1至6。", fields={"fields": {"grade": "应为1至6"}})
    with transaction.atomic():
        row, _made = MetDay.objects.update_or_create(
            day=day, defaults={"frost": frost, "grade": grade, "set_by": actor.name[:100], "set_at": CLOCK.now()}
        )
        append(actor=actor, act="pollution.weather", subject=f"day:{day}", after={"frost": frost, "grade": grade})
    return row


def enter_dust(
    *, actor: Actor, grade: str, begins: datetime.datetime, ends: datetime.datetime, evidence: str,
    forecast: bool = False,
) -> DustRecord:  # fmt: skip
    """Enter dust weather, as the weather bureau; it counts once the environment bureau confirms.

    Errors: E_FORBIDDEN, E_INPUT.
    """
    require(actor, "pollution.weather", [WEATHER])
    faults = {}
    if grade not in DustRecord.Grade.values:
        faults["grade"] = "请选沙尘等级"
    if ends <= begins:
        faults["ends"] = "结束应晚于开始"
    if len(evidence.strip()) < 4:
        faults["evidence"] = "请写明观测或预报依据"
    if faults:
        raise LuoshiError("E_INPUT", "；".join(faults.values()) + "。", fields={"fields": faults})
    with transaction.atomic():
        row = DustRecord.objects.create(
            grade=grade, begins=begins, ends=ends, evidence=evidence.strip()[:300], forecast=forecast,
            entered_by=actor.name[:100], entered_by_user_id=actor.user_id, entered_at=CLOCK.now(),
        )  # fmt: skip
        append(actor=actor, act="pollution.dust", subject=f"dust:{row.pk}",
               after={"grade": grade, "begins": begins.isoformat(), "ends": ends.isoformat()},
               permission="pollution.weather", basis=f"{settings.PLAN} 1.3")  # fmt: skip
    return row


def confirm_dust(*, actor: Actor, dust: int) -> DustRecord:
    """Confirm dust weather, as the environment bureau. E_FORBIDDEN, E_NOT_FOUND, E_STATE, E_SELF."""
    require(actor, "pollution.measure", [ENVIRONMENT])
    with transaction.atomic():
        row = DustRecord.objects.select_for_update().filter(pk=dust, withdrawn_at=None).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {dust} 号沙尘记录。")
        if row.confirmed_at is not None:
            raise LuoshiError("E_STATE", f"这条沙尘记录已由{row.confirmed_by}确认。")
        require_other_hand(actor, [row.entered_by_user_id], "沙尘记录")
        row.confirmed_by, row.confirmed_at = actor.name[:100], CLOCK.now()
        row.save(update_fields=["confirmed_by", "confirmed_at"])
        append(actor=actor, act="pollution.dust", subject=f"dust:{row.pk}", after={"confirmed": True},
               permission="pollution.measure")  # fmt: skip
    return row


def dust_between(first: datetime.datetime, last: datetime.datetime) -> list[dict[str, Any]]:
    """Return the dust records that touch the span, as the decisions read them."""
    rows = DustRecord.objects.filter(Q(begins__lt=last) & Q(ends__gt=first), withdrawn_at=None).order_by("begins")
    return [
        {
            "grade": row.grade,
            "begins": local(row.begins).isoformat(),
            "ends": local(row.ends).isoformat(),
            "entered_by": "气象局",
            "confirmed": ["气象局", "环保局"] if row.confirmed_at else ["气象局"],
        }
        for row in rows
    ]
