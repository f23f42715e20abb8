"""The time of a claim: the Office's ten working days, silence after them, the custodian's two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, end_of, start_of
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.dues import Due, Unit
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import moment_words
from luoshi.kernel.limits import TimeLimit, revise
from luoshi.programmes.agri_guarantee.decisions.fields import (
    Day,
    Days,
    Flag,
    Instant,
    Moment,
    Strict,
    Text,
    Tri,
    folded,
    written,
)
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, ruled_fund, undetermined, whole

_REVIEW = f"{FUND} 第十二条"

RUNS = Rule(_REVIEW, "收到回执之日{received}不计，第{days}个工作日为{last}，至当日24:00")
CHANGED = Rule(_REVIEW, "日历变更：原为{before}，现为{after}")
APPROVED = Rule(_REVIEW, "{at}同意，{said}")
RETURNED = Rule(_REVIEW, "{at}书面退回，期限内有效，重新送达另起{days}个工作日")
LATE_OBJECTION = Rule(_REVIEW, "{at}的异议晚于{last}，记录在案，不影响支付")
TACIT = Rule(_REVIEW, "至{last} 24:00没有同意也没有退回，自{since}起视为无异议，凭拨款单和收到回执通知托管机构")
WAITING = Rule(_REVIEW, "期限至{last} 24:00，尚未届满")
TOO_EARLY = Rule(_REVIEW, "{at}通知托管机构早于{since}，不予受理")
ACCEPTED = Rule(_REVIEW, "{at}通知托管机构，支付至{due}")
NO_RECEIPT = Rule(f"{FUND} 第十一条", "通知须附拨款单和收到回执")
PROVISIONAL = Rule(_REVIEW, "{last}所在年度的放假安排尚未公布，为暂定期限，不产生默示同意")


class CalendarFacts(Strict):
    """Days that differ from the announced calendar."""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "worked": "working", "working_days": "working", "holidays": "off", "entered": "entered_on",
        "not_working": "off",
    }  # fmt: skip

    off: Days = Field((), description="改为放假的日期 / days made holidays")
    working: Days = Field((), description="改为上班的日期 / days made working days")
    entered_on: Day = Field(None, description="录入之日 / day the change was entered")


_ACTS = {
    word: field
    for field, words in {
        "notice_at": "NOTIFY NOTICE 通知",
        "approved_at": "APPROVE APPROVAL 同意",
        "returned_at": "RETURN SENDBACK 退回",
        "objected_at": "OBJECT OBJECTION 异议",
    }.items()
    for word in words.split()
}
_CALENDAR = Field(None, description="起算时已知的日历与公布的不同之处 / how the calendar known then differed")
_CHANGE = Field(None, description="期限未满时的日历变更 / a change made while the limit ran")


class TacitFacts(Strict):
    """A claim delivered, and what the Office and the guarantor did."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"received_on": "2018-09-20", "notice_at": "2018-10-11T00:00"},
                {"received_on": "2018-09-20", "now": "2018-10-08T09:00"},
                {"received_on": "2020-01-20", "calendar": {"working": ["2020-01-31", "2020-02-01"]}},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "receipt_date": "received_on", "receipt_on": "received_on", "receipt": "received_on", "t0": "received_on",
        "received_at": "received_on", "delivered_on": "received_on", "delivered_at": "received_on",
        "received": "received_on", "at": "now", "on": "now", "as_of": "now", "approved_on": "approved_at",
        "approval_at": "approved_at", "approval": "approved_at", "approved": "approved_at",
        "returned_on": "returned_at", "returned": "returned_at", "objection_at": "objected_at",
        "objected_on": "objected_at", "objection_on": "objected_at", "objection": "objected_at",
        "notice": "notice_at", "noticed_at": "notice_at", "notified_at": "notice_at", "notice_on": "notice_at",
        "notified_on": "notice_at", "resubmitted": "resubmitted_on", "redelivered_on": "resubmitted_on",
        "calendar_override": "calendar", "has_receipt": "receipt_attached",
    }  # fmt: skip

    received_on: Day = Field(None, description="收到回执之日 / receipt date t0")
    approved_at: Moment = Field(None, description="同意的时刻 / approval")
    returned_at: Moment = Field(None, description="书面退回的时刻 / written return with reasons")
    objected_at: Moment = Field(None, description="提出异议的时刻 / an objection")
    resubmitted_on: Day = Field(None, description="退回后重新送达之日 / new receipt after a return")
    notice_at: Instant = Field(None, description="通知托管机构的时刻 / notice to the custodian")
    receipt_attached: Tri = Field(None, description="通知附有拨款单和收到回执 / notice with payment form and receipt")
    now: Instant = Field(None, description="所问的时刻 / moment asked about")
    calendar: CalendarFacts | None = _CALENDAR
    calendar_change: CalendarFacts | None = _CHANGE

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One act `at` a moment stands for its field: notify, approve, return, object."""
        act = next((data.pop(name) for name in ("act", "action", "event") if name in data), None)
        if act is None:
            return data
        field = _ACTS.get(folded(act))
        at = next((data.pop(name) for name in ("at", "now", "on") if data.get(name) is not None), None)
        if field is None or at is None:
            raise ValueError("act 应为 notify、approve、return 或 object，并给出 at")
        return data | {field: at}


def _known(facts: Any, context: Context) -> WorkingCalendar:
    if facts.calendar is None:
        return context.calendar
    return context.calendar.with_change(off=facts.calendar.off, worked=facts.calendar.working, source="事实给定的日历")


def _due(event: date, days: int, facts: Any, context: Context, reasons: list[Reason]) -> tuple[Due, WorkingCalendar]:
    """Return the end of a limit in working days under the calendar as it stands, a late change taken in."""
    limit = TimeLimit(days, Unit.WORKING_DAY)
    calendar = _known(facts, context)
    due = limit.due(event, calendar)
    if facts.calendar_change is None:
        return due, calendar
    change = facts.calendar_change
    changed = calendar.with_change(off=change.off, worked=change.working, source="事实给定的日历变更")
    found = revise(due, lambda now: limit.due(event, now), changed, change.entered_on or event)
    reasons.append(CHANGED.reason(None, due.due_on, found.holds.due_on))
    return found.holds, changed


@ruled_fund(
    key="agri_guarantee.tacit",
    title="拨款单的审查期限和默示同意",
    citation=_REVIEW,
    reads=("review_days", "pay_days"),
    uses_calendar=True,
    also=("agri_guarantee.claim", "agri_guarantee.tacit_approval", "agri_guarantee.review_deadline"),
)
def tacit(facts: TacitFacts, context: Context) -> Verdict:
    """办公室自收到回执起十个工作日内同意或退回；期满未办即视为无异议，此前通知托管机构不予受理。

    `result` WAITING, APPROVED, RETURNED, TACIT, or E_NOT_YET for a notice before `tacit_from`; `last` is the last day,
    `payment_due` the custodian's day once approval or notice reached it; `remaining` working days from then on.
    """
    received = facts.resubmitted_on or facts.received_on
    if received is None:
        return undetermined({"result": None}, "收到回执之日", _REVIEW)
    days = whole(context.parameters, "review_days", 1, 250)
    reasons: list[Reason] = []
    due, calendar = _due(received, days, facts, context, reasons)
    reasons.insert(0, RUNS.reason(None, received, days, due.due_on))
    since = end_of(due.due_on)
    returned = facts.returned_at
    if returned is None and facts.objected_at is not None and due.in_time(facts.objected_at):
        returned = facts.objected_at
    late_objection = next(
        (one for one in (facts.returned_at, facts.objected_at) if one is not None and not due.in_time(one)), None
    )
    if facts.resubmitted_on is not None:
        returned = late_objection = None
    for one in (facts.approved_at, returned, facts.notice_at):
        if one is not None and day_of(one) < received:
            raise LuoshiError("E_INPUT", f"{moment_words(one)}早于收到回执之日{received}，请核对。")
    value: dict[str, Any] = {
        "result": "WAITING", "received_on": received, "last": due.due_on, "last_until": due.text,
        "tacit_from": written(since), "provisional": due.provisional, "late": False, "payment_due": None,
        "remaining": None,
    }  # fmt: skip
    now = facts.now or facts.notice_at
    if now is not None and due.in_time(now):
        value["remaining"] = due.working_days_remaining(day_of(now), calendar)
    if returned is not None and due.in_time(returned) and not _before(facts.approved_at, returned):
        reasons.append(RETURNED.reason(None, moment_words(returned), days))
        return Verdict(value | {"result": "RETURNED"}, Outcome.REFUSE, reasons)
    if late_objection is not None:
        reasons.append(LATE_OBJECTION.reason(None, moment_words(late_objection), due.due_on))
    if facts.approved_at is not None and not _before(facts.notice_at, facts.approved_at):
        late = not due.in_time(facts.approved_at)
        said = "晚于期限，通知之前仍为一般同意" if late else "期限之内"
        reasons.append(APPROVED.reason(True, moment_words(facts.approved_at), said))
        value |= {"result": "APPROVED", "late": late, "payment_due": _payment(facts.approved_at, facts, context)}
        return Verdict(value, Outcome.ALLOW, reasons)
    return _silence(facts, context, due, since, value, reasons)


def _before(one: date | datetime | None, other: date | datetime) -> bool:
    """Tell whether a moment lies before another; nothing does not."""
    if one is None:
        return False
    first, second = (at if isinstance(at, datetime) else start_of(at) for at in (one, other))
    return first < second


def _silence(
    facts: TacitFacts, context: Context, due: Due, since: datetime, value: dict[str, Any], reasons: list[Reason]
) -> Verdict:
    """What nothing signed in time means: at the moment of the notice, else at the moment asked about."""
    at = facts.notice_at or facts.now
    if at is None or due.in_time(at):
        if facts.notice_at is None:
            reasons.append(WAITING.reason(None, due.due_on))
            return Verdict(value, Outcome.UNDETERMINED, reasons)
        reasons.append(TOO_EARLY.reason(False, moment_words(at), moment_words(since)))
        return Verdict(value | {"result": "E_NOT_YET"}, Outcome.REFUSE, reasons)
    if due.provisional:
        reasons.append(PROVISIONAL.reason(None, due.due_on))
        return Verdict(value | {"result": "E_CALENDAR_MISSING"}, Outcome.UNDETERMINED, reasons)
    reasons.append(TACIT.reason(True, due.due_on, moment_words(since)))
    value["result"] = "TACIT"
    if facts.notice_at is None:
        return Verdict(value, Outcome.ALLOW, reasons)
    if facts.receipt_attached is False:
        reasons.append(NO_RECEIPT.reason(False))
        return Verdict(value | {"result": "E_INCOMPLETE"}, Outcome.REFUSE, reasons)
    value["payment_due"] = _payment(facts.notice_at, facts, context)
    reasons.append(ACCEPTED.reason(True, moment_words(at), value["payment_due"]))
    return Verdict(value, Outcome.ALLOW, reasons)


def _payment(told: date | datetime, facts: Any, context: Context) -> date:
    days = whole(context.parameters, "pay_days", 1, 250)
    return _due(day_of(told), days, facts, context, [])[0].due_on


# --- 6.9 payment ------------------------------------------------------------------------------------------------------

PAY = Rule(_REVIEW, "托管机构{told}收到，第{days}个工作日为{last}")
PAID = Rule(_REVIEW, "银行{paid}支付成功，{said}")
UNPAID = Rule(_REVIEW, "至{now}尚未支付，{said}")
LIFTED = Rule(f"{FUND} 第八条", "默示同意的支付不需要双方授权，是其本身的例外")


class PayFacts(Strict):
    """Approval or notice received by the custodian, and the day the bank paid."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"received_on": "2018-04-27"}, {"received_on": "2018-04-04", "paid_on": "2018-04-10"}]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "received_at": "received_on", "notice_date": "received_on", "approval_date": "received_on",
        "from": "received_on",
        "date": "received_on", "event": "received_on", "notice_on": "received_on", "notice_at": "received_on",
        "notice": "received_on",
        "approved_on": "received_on", "approval_on": "received_on", "approval_received_on": "received_on",
        "notified_on": "received_on", "notice_received_on": "received_on", "approval": "received_on",
        "reached_custodian_on": "received_on", "received": "received_on", "approved_at": "received_on",
        "success_on": "paid_on", "success_date": "paid_on", "paid_at": "paid_on", "paid": "paid_on", "at": "now",
        "as_of": "now", "on": "now", "tacit_path": "tacit",
    }  # fmt: skip

    received_on: Day = Field(
        None, description="托管机构收到同意或通知之日 / approval or notice received by the custodian"
    )
    paid_on: Day = Field(None, description="银行支付成功之日 / the bank's success date")
    now: Day = Field(None, description="所问之日 / day asked about")
    tacit: Flag = Field(False, description="默示同意的支付 / payment on the tacit path")
    basis: Text = Field(None, description="依据的单据 / paper it rests on")
    calendar: CalendarFacts | None = _CALENDAR
    calendar_change: CalendarFacts | None = _CHANGE


@ruled_fund(
    key="agri_guarantee.pay_deadline",
    title="托管机构的支付期限",
    citation=_REVIEW,
    reads=("pay_days",),
    uses_calendar=True,
    also=("agri_guarantee.payment_deadline", "agri_guarantee.payment", "agri_guarantee.payment_due"),
)
def pay_deadline(facts: PayFacts, context: Context) -> Verdict:
    """托管机构自收到同意或通知起两个工作日内支付；银行支付成功之日不晚于期限即为按时。

    `due`; `result` OPEN, IN_TIME or LATE; `met`: whether the bank's success date kept it, None while it is open.
    """
    if facts.received_on is None:
        return undetermined({"result": None}, "托管机构收到同意或通知之日", _REVIEW)
    days = whole(context.parameters, "pay_days", 1, 250)
    reasons: list[Reason] = []
    due, _calendar = _due(facts.received_on, days, facts, context, reasons)
    reasons.insert(0, PAY.reason(None, facts.received_on, days, due.due_on))
    if facts.tacit:
        reasons.append(LIFTED.reason(None))
    value: dict[str, Any] = {"result": "OPEN", "due": due.due_on, "due_until": due.text, "met": None,
                             "provisional": due.provisional}  # fmt: skip
    asked = facts.paid_on or facts.now
    if asked is None or (facts.paid_on is None and due.in_time(asked)):
        return Verdict(value, Outcome.ALLOW, reasons)
    if facts.paid_on is not None and facts.paid_on < facts.received_on:
        raise LuoshiError("E_INPUT", f"支付之日{facts.paid_on}早于收到之日{facts.received_on}，请核对。")
    in_time = due.in_time(asked)
    if not in_time and due.provisional:
        return Verdict(value | {"result": "E_CALENDAR_MISSING"}, Outcome.UNDETERMINED, reasons)
    rule = PAID if facts.paid_on is not None else UNPAID
    reasons.append(rule.reason(in_time, asked, "未逾期" if in_time else "已逾期"))
    value |= {"result": "IN_TIME" if in_time else "LATE", "met": in_time}
    return Verdict(value, Outcome.ALLOW if in_time else Outcome.REFUSE, reasons)
