"""A synthetic winter of Rushan: stations, hours, weather, forecasts, 400 firms and sites, two episodes; deterministic.

Everything but the names of organs and towns is invented. The winter ends at the moment the demonstration is loaded: an
episode that is over lies three weeks back, another is live.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI, local
from luoshi.kernel.identifiers import uscc_check
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.duties import concern
from luoshi.office.timer import tick
from luoshi.programmes.heavy_pollution import air_actions, demo_standing, duties, episodes, indicators, plan, tasks
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Contact,
    DustRecord,
    EmissionInventory,
    Enterprise,
    EpisodeDuty,
    ForecastRun,
    ForecastValue,
    MeasureTask,
    MedicalInstitution,
    MetDay,
    MetHour,
    Pledge,
    PollutionWarning,
    PortBerth,
    Publicity,
    RoadSection,
    School,
    SitePlan,
    Station,
    VehicleScheme,
)

SEED = 371083
DAYS = 60
PAST_EPISODE, LIVE_EPISODE = -24, -1
"""Days from today on which the two episodes begin."""
BUILT_UP = [[36.88, 121.48], [36.88, 121.58], [36.95, 121.58], [36.95, 121.48], [36.88, 121.48]]
_HOUR = datetime.timedelta(hours=1)
_PEOPLE = {
    "forecaster": "huanbao1",
    "weather": "qixiang1",
    "officer": "zhihui1",
    "director": "huanbao2",
    "commander": "zhihui2",
    "committee": "yingji1",
    "police": "gongan1",
    "industry": "jingxin1",
    "schools": "jiaoyu1",
    "publicity": "xuanchuan1",
    "sites": "zhujian1",
    "sites_head": "zhujian2",
    "town": "xiachu1",
}


def _tick() -> None:
    """Let what is due happen; indicators are measured once, at the end."""
    tick(without=("indicators.compute",))


_NOTES = {tasks.State.FAILED: "停产检修未完成", tasks.State.IN_PLACE: "用电读数和照片已核"}
"""What reports on firms say, by state; of other objects `_OTHER_NOTES`."""
_OTHER_NOTES = {tasks.State.FAILED: "值班人员未到岗，已通知", tasks.State.IN_PLACE: "现场照片已核"}


def load(now: datetime.datetime | None = None) -> Iterator[str]:
    """Make the winter and play its episodes; a second time does nothing. Yields in words what was done."""
    if Station.objects.exists():
        yield "重污染天气：已装入过，没有改动。"
        return
    moment = (now or CLOCK.now()).replace(minute=0, second=0, microsecond=0)
    dice = random.Random(SEED)  # noqa: S311 - invented data
    with transaction.atomic():
        firms, sites = _objects(dice, moment.date())
    yield f"重污染天气：{firms} 家企业、{sites} 个工地及其减排方案。"
    people = _people()
    try:
        if people:
            with transaction.atomic():
                unfinished = list(Enterprise.objects.filter(plans=None).order_by("pk"))
                demo_standing.before_winter(people, unfinished, moment, _contents)
    finally:
        CLOCK.release()
    yield "重污染天气：企业方案、部门方案、演练、值班表。"
    with transaction.atomic():
        hours = _air(dice, moment)
    yield f"重污染天气：{hours} 个小时的监测，含沙尘、缺测和更正。"
    try:
        _Winter(moment, people).play()
        if people:
            demo_standing.after_winter(people, moment)
    finally:
        CLOCK.release()
    yield f"重污染天气：{PollutionWarning.objects.count()} 次预警，{MeasureTask.objects.count()} 项任务。"
    yield f"重污染天气：{indicators.measure(moment.date() - datetime.timedelta(days=DAYS))} 个指标值。"


def _people() -> dict[str, Actor]:
    """Return the invented people by what they do; nobody when one of them is not there."""
    users = {user.login: user for user in User.objects.filter(login__in=_PEOPLE.values())}
    if len(users) < len(set(_PEOPLE.values())):
        return {}
    return {key: standing(users[login]).actor("web") for key, login in _PEOPLE.items()}


# --- objects ----------------------------------------------------------------------------------------------------------

_TRADES = (
    ("rubber", "橡胶", 12),
    ("casting", "铸造", 28),
    ("cement_grinding", "水泥粉磨", 5),
    ("printing", "印刷", 30),
    ("chemical", "化工", 34),
    ("metal_products", "金属制品", 44),
    ("equipment", "设备制造", 40),
    ("voc_spraying", "喷涂", 26),
    ("concrete_mixing", "混凝土搅拌", 14),
    ("other", "综合", 17),
)
_RATIO = {"iv": Decimal("0.1"), "iii": Decimal("0.2"), "ii": Decimal("0.3"), "i": Decimal("0.4")}
_NUMBERS = "一二三四五六七八九十"


def _code(number: int) -> str:
    """Return a credit code of a reserved look with a sound check digit."""
    body = f"9137108300{number:07d}"
    return body + uscc_check(body)


def _place(dice: random.Random) -> tuple[Decimal, Decimal]:
    return (
        Decimal(str(round(dice.uniform(36.75, 37.05), 5))),
        Decimal(str(round(dice.uniform(121.28, 121.75), 5))),
    )


def _somewhere(dice: random.Random, known: bool = True) -> dict[str, Any]:
    """Return where an object lies; nothing for one whose place nobody has registered."""
    lat, lon = _place(dice)
    return {"lat": lat, "lon": lon} if known else {}


def _kg(dice: random.Random, low: float, high: float) -> Decimal:
    return Decimal(str(round(dice.uniform(low, high), 1)))


def _objects(dice: random.Random, today: datetime.date) -> tuple[int, int]:
    towns = sorted(concern.towns())
    firms: list[Enterprise] = []
    for trade, word, count in _TRADES:
        for n in range(count):
            number, (lat, lon) = len(firms) + 1, _place(dice)
            exempt = "livelihood" if trade == "concrete_mixing" and n == 0 else "none"
            firms.append(
                Enterprise(
                    credit_code=_code(number),
                    name=f"测试{word}{n + 1:02d}号有限公司",
                    address=f"测试路{number}号",
                    town=dice.choice(towns),
                    lat=lat,
                    lon=lon,
                    sector=trade,
                    so2=_kg(dice, 0, 30),
                    nox=_kg(dice, 2, 40),
                    pm=_kg(dice, 5, 60),
                    vocs=_kg(dice, 1, 40),
                    sensitivity=dice.randint(1, 5),
                    priority=number,
                    reserve=number % 12 == 0,
                    exempt=exempt,
                    max_load=Decimal(60) if exempt != "none" else None,
                    contact="测试甲",
                    phone=f"1380000{number:04d}",
                    list_year=today.year,
                    published=True,
                )
            )
    Enterprise.objects.bulk_create(firms)
    sites = []
    for n in range(150):
        kind, organ = ("road", "highway") if n % 5 == 0 else ("building", "housing-construction")
        base, (lat, lon) = _kg(dice, 10, 80), _place(dice)
        sites.append(
            ConstructionSite(
                code=f"GD-{n + 1:04d}",
                name=f"测试{'道路' if kind == 'road' else '住宅'}工程{n + 1:03d}标段",
                kind=kind,
                builder=f"测试建设{_NUMBERS[n % 10]}公司",
                area_m2=dice.randint(2, 90) * 1000,
                town=dice.choice(towns),
                lat=lat,
                lon=lon,
                built_up=n % 3 != 0,
                organ=organ,
                earthwork=n % 4 == 0,
                waterings=2,
                pm=base,
                priority=n + 1,
                reserve=n % 15 == 0,
                contact="测试乙",
                phone=f"1390000{n:04d}",
                **{f"pm_{level}": (base * ratio).quantize(Decimal("0.001")) for level, ratio in _RATIO.items()},
            )
        )
    ConstructionSite.objects.bulk_create(sites)
    _plans(firms, today)
    _rest(dice, towns, today)
    return len(firms), len(sites)


def _contents(firm: Enterprise) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return steps and reductions of a firm's plan: a share of each baseline that rises with the level."""
    reductions = {
        level.upper(): {
            name: str((getattr(firm, name) * ratio).quantize(Decimal("0.001"))) for name in ("so2", "nox", "pm", "vocs")
        }
        for level, ratio in _RATIO.items()
    }
    steps = {
        level.upper(): [
            {
                "process": "主要排污工序",
                "action": "停产" if firm.sector in ("cement_grinding", "voc_spraying") else "限产",
                "limit": f"{int(ratio * 100)}%",
                "hours": "4",
                "safety": "按规程降负荷",
                "evidence": "用电量",
            }
        ]
        for level, ratio in _RATIO.items()
    }
    return steps, reductions


def _plans(firms: Sequence[Enterprise], today: datetime.date) -> None:
    """Every ninth firm is not done with its plan: `demo_standing` plays how far each of them is."""
    plans = []
    for number, firm in enumerate(firms):
        if number % 9 == 0:
            continue
        steps, reductions = _contents(firm)
        plans.append(
            SitePlan(
                enterprise=firm,
                year=today.year,
                steps=steps,
                reductions=reductions,
                state="filed",
                drawn_by="测试甲",
                reviewed_by="测试辛",
                reviewed_at=CLOCK.now() - datetime.timedelta(days=70),
                filed_at=CLOCK.now() - datetime.timedelta(days=69),
            )
        )
    SitePlan.objects.bulk_create(plans)
    Pledge.objects.bulk_create(
        [
            Pledge(
                object_id=firm.credit_code,
                object_name=firm.name,
                year=today.year,
                signed_on=today - datetime.timedelta(days=60),
                signatory="测试甲",
            )
            for number, firm in enumerate(firms)
            if number % 11
        ]
    )


def _rest(dice: random.Random, towns: Sequence[str], today: datetime.date) -> None:
    stages = ("kindergarten", "primary", "middle", "high")
    places = random.Random(SEED + 1)  # noqa: S311 - invented data
    School.objects.bulk_create(
        [
            School(
                code=f"XX-{n + 1:04d}",
                name=f"测试第{n + 1}{'幼儿园' if n % 4 == 0 else '学校'}",
                stage=stages[n % 4],
                town=dice.choice(towns),
                students=dice.randint(80, 1800),
                **_somewhere(places, n % 24 != 7),
            )
            for n in range(120)
        ]
    )
    MedicalInstitution.objects.bulk_create(
        [
            MedicalInstitution(
                code=f"YY-{n + 1:03d}",
                name=f"测试医院{n + 1}",
                level="二级" if n < 3 else "一级",
                town=dice.choice(towns),
                beds=20 + 5 * n,
                on_call=6,
                **_somewhere(places),
            )
            for n in range(12)
        ]
    )
    RoadSection.objects.bulk_create(
        [
            RoadSection(
                code=f"LD-{n + 1:03d}",
                name=f"测试大街{n + 1}段",
                organ=("housing-construction", "highway")[n % 2],
                town=dice.choice(towns),
                km=Decimal(n + 2) / 2,
                waterings=2,
                **_somewhere(places),
            )
            for n in range(24)
        ]
    )
    PortBerth.objects.bulk_create(
        PortBerth(
            code=f"BW-{n + 1}",
            name=f"测试{n + 1}号泊位",
            town=towns[0],
            bulk=n % 2 == 0,
            lat=Decimal("36.78") + n * Decimal("0.002"),
            lon=Decimal("121.51"),
        )
        for n in range(6)
    )
    rows = (
        ("industry", "工业企业限产停产", 4000, 6000, 5200, 5000),
        ("mobile", "柴油货车和工程机械", 0, 3800, 400, 600),
        ("dust", "工地和道路扬尘", 0, 0, 3400, 0),
    )
    for source, category, so2, nox, pm, vocs in rows:
        amounts = {"so2": so2, "nox": nox, "pm": pm, "vocs": vocs}
        cut = {
            f"{name}_{level}": Decimal(amount) * (ratio + Decimal("0.02"))
            for name, amount in amounts.items()
            for level, ratio in _RATIO.items()
        }
        EmissionInventory.objects.create(year=today.year, source=source, category=category, **amounts, **cut)
    VehicleScheme.objects.create(
        effective_from=datetime.date(2018, 1, 8),
        area=BUILT_UP,
        signed_by="测试丙",
        text="末位数字与日期同奇偶的可行驶",
        exempt=["ambulance", "fire", "police"],
    )
    Contact.objects.bulk_create(
        [
            Contact(organ=organ, kind=kind, name=f"测试{_NUMBERS[n % 10]}", phone=f"1370000{n:02d}{k:02d}")
            for n, organ in enumerate(plan.MEMBERS)
            for k, kind in enumerate(("responsible", "liaison"))
        ]
    )


# --- air --------------------------------------------------------------------------------------------------------------

_STATIONS = (
    ("371083051", "测试环保站", "national", True),
    ("371083052", "测试城南站", "provincial", True),
    ("371083053", "测试滨海站", "city", True),
    ("371083054", "测试工业园站", "city", False),
)
_CURVES = {
    PAST_EPISODE: [(24, 160), (24, 205), (26, 235), (20, 190), (12, 95)],
    LIVE_EPISODE: [(8, 120), (10, 175), (6, 196)],
}
"""PM2.5 of an episode from its first day on: hours, µg/m³."""


def _levels(moment: datetime.datetime, dice: random.Random) -> list[tuple[datetime.datetime, float]]:
    """Return the city's PM2.5 hour by hour up to now: ordinary air, and the episodes."""
    begin = moment.replace(hour=0) - datetime.timedelta(days=DAYS)
    hours = int((moment - begin) / _HOUR)
    wave, levels = 45.0, []
    for n in range(hours):
        wave = min(max(wave + dice.gauss(0, 4) + (48 - wave) * 0.06, 9), 120)
        levels.append(wave + (8 if (begin + n * _HOUR).hour in (7, 8, 19, 20) else 0))
    for days, curve in _CURVES.items():
        place = int((moment.replace(hour=0) + datetime.timedelta(days=days) - begin) / _HOUR)
        for count, level in curve:
            for _ in range(count):
                if 0 <= place < hours:
                    levels[place] = level + dice.gauss(0, 3)
                place += 1
        while 0 <= place < hours and days == LIVE_EPISODE:
            levels[place] = 214 + dice.gauss(0, 4)
            place += 1
    return [(begin + n * _HOUR, level) for n, level in enumerate(levels)]


def _air(dice: random.Random, moment: datetime.datetime) -> int:
    towns = sorted(concern.towns())
    stations = {}
    for n, (code, name, kind, evaluated) in enumerate(_STATIONS):
        lat, lon = _place(dice)
        stations[code] = Station.objects.create(
            code=code,
            name=name,
            station_class=kind,
            town=towns[n],
            lat=lat,
            lon=lon,
            evaluated=evaluated,
            active_from=datetime.date(2017, 1, 1),
        )
    levels = _levels(moment, dice)
    storm = moment.replace(hour=0) - datetime.timedelta(days=12)
    rows: list[dict[str, Any]] = []
    for hour, level in levels:
        dusty = storm + 10 * _HOUR <= hour < storm + 18 * _HOUR
        for code in stations:
            pm25 = max(level + dice.gauss(0, 3), 3)
            pm10 = 900 + dice.gauss(0, 60) if dusty else pm25 * 1.35 + 12
            row = {
                "station": code,
                "hour": hour,
                "pm25": _exact(pm25 * (1.4 if dusty else 1)),
                "pm10": _exact(pm10),
                "so2": _exact(12 + level * 0.15),
                "no2": _exact(20 + level * 0.25),
                "o3": _exact(58 - min(level, 40) * 0.4),
                "co": Decimal(str(round(0.5 + level * 0.008, 2))),
            }
            # Now and then a value is missing, and once a station is silent for an afternoon.
            if dice.random() < 0.01:
                row["pm25"] = None
            if code == _STATIONS[1][0] and (hour - storm).days == 3 and 12 <= hour.hour < 18:
                continue
            rows.append(row)
    air_actions.store_hours(rows, stations, source="演示")
    corrected = [row | {"pm25": row["pm25"] - 4} for row in rows[400:420] if row["pm25"] is not None]
    air_actions.store_hours(corrected, stations, source="演示", reason="仪器校准后更正")
    DustRecord.objects.create(
        grade="沙尘暴",
        begins=storm + 10 * _HOUR,
        ends=storm + 18 * _HOUR,
        evidence="能见度600米",
        entered_by="测试戌",
        entered_at=storm + 11 * _HOUR,
        confirmed_by="测试辛",
        confirmed_at=storm + 12 * _HOUR,
    )
    MetHour.objects.bulk_create(
        [
            MetHour(
                hour=hour,
                rh=Decimal(str(round(min(max(52 + (level - 60) * 0.1 + dice.gauss(0, 6), 15), 99), 1))),
                temperature=Decimal(str(round(6 + dice.gauss(0, 4), 1))),
                wind=Decimal("2.1"),
                rain=Decimal(0),
                received_at=hour + _HOUR,
            )
            for hour, level in levels
        ],
        batch_size=500,
    )
    for days in range(-7, 3):
        MetDay.objects.create(
            day=moment.date() + datetime.timedelta(days=days), frost=False, grade=4, set_by="测试戌", set_at=moment
        )
    return len(rows)


def _exact(value: float) -> Decimal:
    return Decimal(round(value))


# --- episodes ---------------------------------------------------------------------------------------------------------


class _Winter:
    """Plays the two episodes through everybody's actions, with the clock set back."""

    def __init__(self, now: datetime.datetime, people: dict[str, Actor]) -> None:
        self.now, self.people = now, people

    def play(self) -> None:
        """Play the past episode to its end, then the live one up to now."""
        if not self.people:
            return
        past = self._day(PAST_EPISODE)
        self._forecasts(past - datetime.timedelta(days=2), [90, 120, 210, 250, 270, 140, 90])
        self._chain(past - datetime.timedelta(hours=42), "issue", "yellow")
        self._work(0.93, past + datetime.timedelta(hours=8))
        self._daily(past, 3)
        CLOCK.set(past + datetime.timedelta(days=3, hours=20))
        _tick()
        self._forecasts(past + datetime.timedelta(days=3, hours=19), [110, 90, 80, 75, 70], hourly=True)
        self._chain(past + datetime.timedelta(days=3, hours=20), "release", "release")
        CLOCK.set(past + datetime.timedelta(days=5, hours=9))
        _tick()
        self._close(past + datetime.timedelta(days=7))
        live = self._day(LIVE_EPISODE)
        self._forecasts(live - datetime.timedelta(hours=40), [130, 150, 235, 320, 270, 160, 90])
        self._chain(live - datetime.timedelta(hours=39), "issue", "orange")
        CLOCK.set(live + datetime.timedelta(hours=6))
        _tick()
        self._work(0.72, live + datetime.timedelta(hours=6))
        self._daily(live, 1)
        CLOCK.set(self.now)
        self._forecasts(self.now - datetime.timedelta(hours=2), [255, 325, 280, 150, 85, 80, 75])
        _tick()
        self._today()

    def _day(self, days: int) -> datetime.datetime:
        return datetime.datetime.combine(self.now.date() + datetime.timedelta(days=days), datetime.time(), SHANGHAI)

    def _actor(self, key: str) -> Actor:
        return self.people[key]

    def _forecasts(self, issued: datetime.datetime, days: Sequence[int], *, hourly: bool = False) -> None:
        first = local(issued).replace(hour=0, minute=0, second=0, microsecond=0)
        for issuer, shift in (("rushan_environment", 0), ("rushan_weather", -8), ("weihai_centre", 6)):
            kind = ForecastRun.Kind.HOURLY if hourly else ForecastRun.Kind.DAILY
            run = ForecastRun.objects.create(
                issuer=issuer,
                issued_at=issued,
                kind=kind,
                digest=f"demo{issuer}{issued:%m%d%H}"[:64],
                received_at=issued,
                received_by="测试辛",
            )
            if hourly:
                begin = local(issued).replace(minute=0, second=0, microsecond=0)
                values = [(begin + n * _HOUR, days[n // 24]) for n in range(24 * len(days))]
            else:
                values = [(first + datetime.timedelta(days=n), aqi) for n, aqi in enumerate(days)]
            ForecastValue.objects.bulk_create(
                [
                    ForecastValue(
                        run=run,
                        valid_from=when,
                        aqi=min(max(aqi + shift, 0), 500),
                        primary="PM2.5",
                        low=max(aqi + shift - 20, 0),
                        high=min(aqi + shift + 20, 500),
                    )
                    for when, aqi in values
                ]
            )

    def _chain(self, at: datetime.datetime, purpose: str, proposed: str) -> None:
        """Go through the chain of approval from consultation to issue."""
        CLOCK.set(at)
        _tick()
        row = episodes.hold(actor=self._actor("forecaster"), purpose=purpose)
        case = row.approval_id
        episodes.adopt(
            actor=self._actor("forecaster"),
            approval=case,
            with_weihai=True,
            minutes="环保、气象双方会商，静稳天气持续，扩散条件不利。",
        )
        given = {"proposed": proposed, "reason": "会商一致，从严提出"}
        for minutes, who, step, data in (
            (25, "forecaster", "propose", given),
            (30, "weather", "propose", given),
            (60, "director", "confirm", {}),
            (80, "officer", "submit", {}),
            (150, "committee", "consent", {"consented": proposed}),
            (170, "commander", "sign", {}),
            (180, "officer", "issue", {"late_reason": "污染过程提前"}),
        ):
            CLOCK.set(at + datetime.timedelta(minutes=minutes))
            cases.act(actor=self._actor(who), case=case, step=step, data=data)

    def _work(self, share: float, at: datetime.datetime) -> None:
        """Let most tasks be in place, some received, a few fail; lists, publicity and filing come."""
        CLOCK.set(at)
        dice = random.Random(f"{SEED}{at}")  # noqa: S311 - invented data
        response = PollutionWarning.objects.get(live=True).response
        rows = list(response.tasks.filter(closed=""))
        for row in rows:
            luck = dice.random()
            row.state = (
                tasks.State.IN_PLACE
                if luck < share
                else tasks.State.RECEIVED
                if luck < share + 0.15
                else tasks.State.FAILED
                if luck > 0.985
                else tasks.State.SENT
            )
            row.state_at, row.by = at, "测试甲"
            row.acted_at = at if row.state != tasks.State.SENT else None
            row.note = (
                (_NOTES if row.object_kind == "firm" else _OTHER_NOTES).get(row.state, "")
                if luck > share * 0.04
                else ""
            )
        MeasureTask.objects.bulk_update(rows, ["state", "state_at", "acted_at", "by", "note"], batch_size=500)
        for channel in ("微信", "微博", "短信", "电视", "广播", "户外屏幕"):
            Publicity.objects.create(
                response=response,
                channel=channel,
                sent_at=response.started_at + datetime.timedelta(minutes=50),
                received_at=at,
                reach=dice.randint(2000, 180000),
                by="测试宙",
            )
        for duty in response.duties.filter(kind__in=("lists", "publicity", "filing"), state="due"):
            CLOCK.set(max(response.started_at + datetime.timedelta(minutes=100), duty.due_at - _HOUR))
            duties.hand_in(actor=Actor.system("演示", "cli"), duty=duty.pk, content={"text": "已按要求完成"})
        CLOCK.set(at)

    def _daily(self, first: datetime.datetime, days: int) -> None:
        """Let daily reports come, most in time, a few late, a few never."""
        dice = random.Random(f"{SEED}{first}")  # noqa: S311 - invented data
        for n in range(days):
            CLOCK.set(first + datetime.timedelta(days=n, hours=14, minutes=20))
            _tick()
            due = EpisodeDuty.objects.filter(
                kind__in=("daily", "compiled"), state="due", due_at__lte=CLOCK.now() + datetime.timedelta(hours=3)
            )
            for duty in due.order_by("id"):
                luck = dice.random()
                if luck > 0.94:
                    continue
                CLOCK.set(duty.due_at + datetime.timedelta(minutes=35 if luck > 0.86 else -20))
                duties.hand_in(
                    actor=Actor.system("演示", "cli"),
                    duty=duty.pk,
                    content={"due": "18", "in_place": "17", "failed": "1", "problems": "个别企业停产较慢"},
                )

    def _today(self) -> None:
        """Let two in three of today's daily reports be in, as far as the day has come."""
        dice = random.Random(f"{SEED}today")  # noqa: S311 - invented data
        last = self.now + datetime.timedelta(hours=2)
        for duty in EpisodeDuty.objects.filter(
            kind="daily", state="due", due_at__date=self.now.date(), due_at__lte=last
        ).order_by("id"):
            luck = dice.random()
            if luck < 0.67:
                CLOCK.set(min(duty.due_at - datetime.timedelta(minutes=5 + int(luck * 130)), self.now))
                words = {"due": "18", "in_place": "16", "failed": "1", "text": "一家正在停产检修"}
                duties.hand_in(actor=Actor.system("演示", "cli"), duty=duty.pk, content=words)
        CLOCK.set(self.now)

    def _close(self, at: datetime.datetime) -> None:
        CLOCK.set(at)
        _tick()
        words = {
            "measures": "按黄色预警落实各项措施",
            "results": "峰值较预报下降",
            "problems": "个别名单报送偏晚",
            "improvements": "提前核对名单",
        }
        for duty in EpisodeDuty.objects.filter(kind__in=("implementation", "evaluation", "upward"), state="due"):
            duties.hand_in(actor=Actor.system("演示", "cli"), duty=duty.pk, content=words)
        warning = PollutionWarning.objects.order_by("issued_at").first()
        if warning is not None and not warning.live:
            cases.act(actor=self._actor("officer"), case=warning.case_id, step="close")
