"""The facts of `calendar.limit`, with synonyms for people who write them by hand; the schema explains every form."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from luoshi.kernel.clock import local
from luoshi.kernel.dues import Unit
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limit_words import read_limit, read_unit

FORM_WORDS: dict[str, str] = {
    word: form
    for form, words in {
        "after": "after within 内 后",
        "before": "before ahead 提前 前",
        "term": "term from_first_day 期间",
        "fixed": "fixed by fixed_date until 截止",
        "yearly": "yearly annual annually every_year 每年",
        "monthly": "monthly every_month 每月",
        "kth_working_day": "kth_working_day nth_working_day working_day_of_month 每月第几个工作日",
        "clock": "clock daily clock_time every_day 每日",
        "period": "period within_period once_per_period 周期",
        "rolling": "rolling rolling_window 滚动",
        "window": "window from_to between 窗口",
    }.items()
    for word in words.split()
}
PERIOD_WORDS: dict[str, str] = {
    word: period
    for period, words in {
        "week": "week weekly 周 每周",
        "month": "month monthly 月 每月",
        "quarter": "quarter quarterly 季度 每季度",
        "half_year": "half_year half-year half-yearly halfyear 半年 每半年",
        "year": "year yearly 年 每年",
        "season": "season heating_season heating-season 供暖季 采暖季",
    }.items()
    for word in words.split()
}


def _word_of(table: dict[str, str]) -> BeforeValidator:
    def read(word: Any) -> Any:
        return table.get("_".join(str(word).strip().lower().split()), word)

    return BeforeValidator(read)


def _read_moment(value: Any) -> Any:
    """A date, or a moment; text without an hour is a date, `24:00` is the start of the next day."""
    if not isinstance(value, str):
        return local(value) if isinstance(value, datetime) else value
    text = value.strip().replace(" ", "T")
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        midnight = text[10:16] == "T24:00"
        moment = local(datetime.fromisoformat(text.replace("T24:", "T00:") if midnight else text))
    except ValueError:
        raise ValueError(f"“{value}”不是日期或时刻，应如 2018-09-20 或 2018-09-20T15:00") from None
    return moment + timedelta(days=1) if midnight else moment


def _read_unit(value: Any) -> Any:
    try:
        return read_unit(value) if isinstance(value, str) else value
    except LuoshiError as error:
        raise ValueError(error.message) from None


_MOMENT_SCHEMA = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
Moment = Annotated[date | datetime, BeforeValidator(_read_moment), WithJsonSchema(_MOMENT_SCHEMA)]
UnitWord = Annotated[
    Unit,
    BeforeValidator(_read_unit),
    WithJsonSchema(
        {
            "type": "string",
            "description": "wd 工作日 | d 日 | w 周 | mo 月 | y 年 | h 小时 | min 分钟 | wh 工作小时; "
            "'working days', '个工作日', 'hours' and the like too",
            "examples": ["wd", "d", "mo", "y", "h", "min", "wh"],
        }
    ),
]


class Strict(BaseModel):
    """A group of facts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class PauseFacts(Strict):
    """中止: the days after the day it begins up to and including the day it ends do not count."""

    begins: Moment = Field(
        validation_alias=AliasChoices("from", "begins", "start", "begin"),
        serialization_alias="from",
        description="开始(当日照计) / begins; that day still counts",
    )
    ends: Moment | None = Field(
        None,
        validation_alias=AliasChoices("to", "ends", "end"),
        serialization_alias="to",
        description="结束（含） / ends, that day included; leave out while it is still on",
    )
    kind: str = Field("", description="事由，如检测、专家评审 / kind")
    recorded_at: Moment | None = Field(
        None, description="记录时间 / must lie before the limit ends; default: when it begins"
    )


class Span(Strict):
    """A number of units."""

    n: int = Field(ge=0, le=40_000, description="数量 / number")
    unit: UnitWord


class ExtensionFacts(Span):
    """延长: runs from the old due day, not from the day of granting."""

    granted_at: Moment | None = Field(
        None,
        validation_alias=AliasChoices("granted_at", "granted", "approved_at", "approved"),
        description="批准时间 / when it was granted (must be before the limit ends)",
    )
    asked_at: Moment | None = Field(
        None,
        validation_alias=AliasChoices("asked_at", "asked", "requested_at", "requested"),
        description="申请时间 / when it was asked for (decides where extension_by is 'asked')",
    )


class Ceiling(Strict):
    """A limit never later than the end of the period of its event (每季度至少一次)."""

    period: Annotated[Literal["week", "month", "quarter", "half_year", "year"], _word_of(PERIOD_WORDS)]
    grace_days: int = Field(
        0, ge=0, description="余下天数少于此数的，当期不适用 / fewer days left: no ceiling in this period"
    )


class CalendarDays(Strict):
    """Days that differ from the announced calendar."""

    off: tuple[date, ...] = Field((), description="放假 / days off")
    working: tuple[date, ...] = Field(
        (),
        validation_alias=AliasChoices("working", "worked"),
        serialization_alias="working",
        description="上班 / days worked",
    )


class CalendarChange(CalendarDays):
    """A late notice: the limit is computed before and after it."""

    entered_on: date = Field(
        validation_alias=AliasChoices("entered_on", "entered"),
        serialization_alias="entered_on",
        description="录入日期 / when it was entered; no open limit moves to before the end of the next working day",
    )


class LimitFacts(Strict):
    """A time limit in words (`limit`) or in fields (`form`, `n`, `unit` ...), and the event it hangs on.

    after 事后: n units after the event, whose day does not count, to 24:00 of the last day; hours run from the instant.
    before 提前: the n-th (working) day before the event, to its 24:00; never rolls.
    term 期间: n units from the event, whose day counts.
    fixed 定日: due_on. yearly 每年: month, day. monthly 每月: day. kth_working_day 每月第k个工作日: k.
    clock 每日定时: at, cutoff. period 每周期一次: period.
    rolling 滚动窗口: n days up to the event. window 窗口: opens to closes.
    """

    model_config = ConfigDict(
        title="LimitFacts",
        json_schema_extra={
            "examples": [
                {"limit": "10 working days", "event": "2018-09-20"},
                {"form": "after", "n": 10, "unit": "wd", "event": "2018-09-20T15:00"},
                {"form": "after", "n": 15, "unit": "d", "event": "2018-06-02", "roll": "next"},
                {"form": "after", "n": 3, "unit": "mo", "event": "2018-11-30"},
                {"form": "after", "n": 4, "unit": "h", "event": "2018-01-12T16:00"},
                {"form": "after", "n": 6, "unit": "wh", "event": "2018-04-27T16:00"},
                {"form": "after", "n": 1, "unit": "wd", "at": "12:00", "event": "2018-04-27"},
                {"form": "term", "n": 36, "unit": "mo", "event": "2018-03-01"},
                {"form": "before", "n": 5, "unit": "wd", "event": "2019-02-11"},
                {"form": "before", "n": 24, "unit": "h", "event": "2018-01-14T00:00"},
                {"form": "fixed", "due_on": "2018-04-15", "roll": "next"},
                {"form": "yearly", "month": 10, "day": 31, "event": "2018-03-06"},
                {"form": "monthly", "day": 15, "event": "2018-06-30", "months_after": 1, "roll": "next"},
                {"form": "kth_working_day", "k": 3, "of_month": "2018-07"},
                {"form": "clock", "at": "15:00", "cutoff": "11:00", "event": "2018-01-12T16:00"},
                {"form": "period", "period": "quarter", "event": "2019-06-17", "grace_days": 14},
                {
                    "form": "period",
                    "period": "season",
                    "season_from": "11-15",
                    "season_to": "03-31",
                    "event": "2018-12-01",
                },
                {
                    "form": "rolling",
                    "n": 30,
                    "unit": "d",
                    "event": "2018-06-30",
                    "moments": ["2018-06-01", "2018-05-31"],
                },
                {
                    "form": "window",
                    "opens": {"n": 12, "unit": "mo"},
                    "closes": {"n": 24, "unit": "mo"},
                    "event": "2018-12-01",
                    "looked_at": "2020-12-02",
                },
                {
                    "limit": "10 working days",
                    "event": "2018-04-23",
                    "pauses": [{"from": "2018-04-26", "to": "2018-05-08", "kind": "检测"}],
                },
                {
                    "limit": "20 working days",
                    "event": "2018-09-17",
                    "extensions": [{"n": 10, "unit": "wd", "granted_at": "2018-10-19T16:00"}],
                },
                {
                    "limit": "10 working days",
                    "event": "2020-01-20",
                    "calendar": {"working": ["2020-01-31", "2020-02-01"]},
                    "calendar_change": {"off": ["2020-01-31", "2020-02-01"], "entered_on": "2020-01-27"},
                },
            ]
        },
    )

    limit: str | None = Field(
        None,
        description="期限的文字 / the limit in words: '10 working days', '4 hours', '3 months', '24 hours before', "
        "'yearly by 10-31', "
        "'monthly by 15', 'daily by 15:00', 'quarterly', '12 months/24 months', '2018-12-31', '10个工作日内'",
    )
    form: Annotated[
        Literal[
            "after", "before", "term", "fixed", "yearly", "monthly", "kth_working_day", "clock", "period", "rolling",
            "window",
        ],
        _word_of(FORM_WORDS),
    ] = Field("after", validation_alias=AliasChoices("form", "direction"), description="形式 / form")  # fmt: skip
    n: int | None = Field(
        None,
        ge=0,
        le=40_000,
        validation_alias=AliasChoices("n", "number", "count", "amount"),
        description="数量 / number of units",
    )
    unit: UnitWord | None = Field(None, description="单位 / unit")
    event: Moment | None = Field(
        None,
        validation_alias=AliasChoices("event", "event_at", "event_on", "received_at", "received", "start", "starts_at"),
        description="起算的事件：日期或时刻 / the event the limit runs from (or before); hours need an instant",
    )
    roll: Literal["none", "next"] | None = Field(
        None,
        description="末日遇休息日: none 不顺延, next 顺延 / default: none; next for a party's days, months, years",
    )
    holder: Literal["organ", "party"] = Field("organ", description="谁的期限：organ 机关, party 当事人 / whose limit")
    at: time | None = Field(
        None, description="末日的截止钟点，含该时刻 / clock time of the last day, inclusive; default 24:00"
    )
    cutoff: time | None = Field(
        None, description="clock: 此刻（含）前发生的，当日即应报 / event by this time: owed the same day"
    )
    ends_at: Moment | None = Field(
        None, description="clock: 义务终止时刻 / when the duty ends; occurrences are listed up to it"
    )
    due_on: date | None = Field(None, description="fixed: 截止日期 / the due date")
    month: int | None = Field(None, ge=1, le=12, description="yearly: 月份 / month")
    before_month: int | None = Field(
        None, ge=1, le=12, description="yearly: “8月前”写8，即7月31日前 / 'before August': 8"
    )
    day: int | None = Field(
        None, ge=1, le=31, description="yearly, monthly: 日；不写或31为月底 / day; left out or 31: end of month"
    )
    k: int | None = Field(None, ge=-23, le=23, description="kth_working_day: 第几个，-1为最后一个 / which, -1 the last")
    of_month: str | None = Field(
        None, pattern=r"^\d{4}-\d{2}$", description="monthly, kth_working_day: 指定月份 / that month, '2018-07'"
    )
    months_after: int | None = Field(
        None,
        ge=0,
        le=120,
        description="monthly, kth_working_day: 事件所在月之后第几个月 / months after the event's month",
    )
    period: Annotated[
        Literal["week", "month", "quarter", "half_year", "year", "season"] | None, _word_of(PERIOD_WORDS)
    ] = Field(None, description="period: 周期 / the period in which it is owed once")
    season_from: str | None = Field(
        None, pattern=r"^\d{2}-\d{2}$", description="period season: 起 / first day, '11-15'"
    )
    season_to: str | None = Field(None, pattern=r"^\d{2}-\d{2}$", description="period season: 止 / last day, '03-31'")
    grace_days: int = Field(
        0, ge=0, description="period: 余下天数少于此数的，自下一周期起 / fewer days left: owed from the next period"
    )
    liable: tuple[PauseFacts, ...] = Field(
        (), description="period: 负有义务的时段 / spans liable; one day in the period is enough"
    )
    opens: Span | Moment | None = Field(
        None, description="window: 起，日期或事件后n个单位 / from: a date, or n units after the event"
    )
    closes: Span | Moment | None = Field(None, description="window: 止（含） / to, included")
    moments: tuple[Moment, ...] = Field(
        (), description="rolling: 要计数的发生时间 / occurrences to be counted in the window"
    )
    seconds: int | None = Field(None, ge=1, description="rolling: 以秒计的窗口 (t-n, t] / window in seconds")
    ceiling: Ceiling | None = Field(
        None, description="不晚于事件所在周期末 / never later than the end of the event's period"
    )
    pauses: tuple[PauseFacts, ...] = Field((), description="中止，重叠只计一次 / pauses, overlapping ones count once")
    pause_kinds: tuple[str, ...] | None = Field(None, description="可中止的情形 / only these kinds pause; default: all")
    extensions: tuple[ExtensionFacts, ...] = Field((), description="延长 / extensions, in order")
    extension_by: Literal["granted", "asked"] = Field(
        "granted", description="届满前须批准(granted)还是申请(asked) / what must happen before the limit ends"
    )
    max_extensions: int | None = Field(None, ge=0, description="最多延长次数 / how often at most")
    reset_at: Moment | None = Field(
        None, description="补正后重新收到 / fresh receipt after correction: the limit starts anew"
    )
    calendar: CalendarDays | None = Field(
        None, description="与公布日历不同的日子(复现当时所知) / days that differ from the announced calendar"
    )
    calendar_change: CalendarChange | None = Field(
        None, description="事后的放假调整 / a late change; old and new are both given"
    )
    looked_at: Moment | None = Field(
        None,
        validation_alias=AliasChoices("looked_at", "done_at", "acted_at", "filed_at", "judged_at"),
        description="判断时刻或办结时刻 / when it was done or is looked at: gives state, days late, working days left",
    )
    tacit: bool = Field(
        False, description="届满有默示效力 / silence has effect at the end: refused on provisional dates"
    )
    citation: str | None = Field(None, description="规定该期限的条款 / the clause that sets the limit")

    @model_validator(mode="before")
    @classmethod
    def _spell_out(cls, data: Any) -> Any:
        """Turn a limit in words into fields, and name the form where the fields alone say it."""
        if not isinstance(data, dict):
            return data
        words = data.get("limit")
        try:
            read = read_limit(words) if isinstance(words, str) else {}
        except LuoshiError as error:
            raise ValueError(error.message) from None
        if isinstance(data.get("form", data.get("direction")), str) and read.get("form") == "after":
            read.pop("form")
        if not {"form", "direction"} & data.keys() and "form" not in read:
            read["form"] = next((form for field, form in _FORM_BY_FIELD if data.get(field) is not None), "after")
        for field in ("opens", "closes"):
            if isinstance(data.get(field), str) and not data[field][:4].isdecimal():
                data = data | {field: {part: read_limit(data[field])[part] for part in ("n", "unit")}}
        return data | read


_FORM_BY_FIELD = (
    ("n", "after"),
    ("due_on", "fixed"),
    ("k", "kth_working_day"),
    ("month", "yearly"),
    ("before_month", "yearly"),
    ("day", "monthly"),
    ("period", "period"),
    ("closes", "window"),
    ("seconds", "rolling"),
    ("at", "clock"),
)
