"""Applications and loans (P1): what guards their steps, what the steps do; capacity and old loans tested under lock."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean, parse_uscc
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.messages.actions import tell_organ
from luoshi.office.parameters import book as parameters
from luoshi.office.registers.models import standing
from luoshi.office.roles import Role
from luoshi.programmes.mitigation_fund import committee, fund, papers
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import ORGAN, decide, refuse, wrong
from luoshi.programmes.mitigation_fund.models import (
    Agreement,
    Application,
    Benchmark,
    Firm,
    Holder,
    Listing,
    Loan,
    Window,
)

APPLICATION = "mitigation_fund.application"
RECOVERING = ("recourse", "judicial_end", "returned")
"""States of a claim's case in which what comes back is entered there and makes the loss smaller."""
FIRST_DAY = datetime.date(2019, 6, 4)
"""The first day of the rules: parameters have no values before it."""
_TERMS = f"{RULES} 第四条"


# --- firms ------------------------------------------------------------------------------------------------------------


def firm_of(code: str, *, lock: bool = False) -> Firm:
    """Return a firm by its credit code. Errors: E_INPUT, E_CHECK_DIGIT, E_NOT_FOUND."""
    try:
        read = parse_uscc(code)
    except LuoshiError as fault:
        raise wrong(fault.code, f"统一社会信用代码校验不符：{fault.message}。", "firm") from None
    rows = Firm.objects.select_for_update() if lock else Firm.objects.all()
    found = rows.filter(standing(CLOCK.today()), credit_code=read).first()
    if found is None:
        raise wrong("E_NOT_FOUND", "挂牌企业台账里没有这家企业，请先登记企业和挂牌情况。", "firm")
    return found


def listings_of(firm: Firm) -> list[Listing]:
    """Return a firm's listings that stand in the register, the newest first."""
    return list(firm.listings.filter(standing(CLOCK.today())).order_by("-listed_on"))


def _listing_facts(rows: Iterable[Listing]) -> list[dict[str, Any]]:
    return [
        {"board": one.board, "listed_on": one.listed_on.isoformat(),
         "delisted_on": one.delisted_on and one.delisted_on.isoformat()}
        for one in rows
    ]  # fmt: skip


def firm_facts(firm: Firm, day: datetime.date) -> dict[str, Any]:
    """Return what the decision on a firm is taken from, on a day."""
    return {
        "listings": _listing_facts(listings_of(firm)) or [{"board": "OTHER"}], "day": day.isoformat(),
        "in_rushan": firm.town in concern.towns(), "sme": firm.sme,
    }  # fmt: skip


def boards_of(firm: Firm, day: datetime.date) -> list[str]:
    """Return the boards on which a firm is listed on a day."""
    rows = firm.listings.filter(standing(day), listed_on__lte=day)
    return sorted(set(rows.filter(Q(delisted_on=None) | Q(delisted_on__gt=day)).values_list("board", flat=True)))


def window_on(day: datetime.date) -> dict[str, str]:
    """Return the application window that counts on a day as facts: the one that is open, else the nearest; or none."""
    rows = list(Window.objects.filter(standing(day)).order_by("opens_on"))
    if not rows:
        return {}
    here = next((one for one in rows if one.opens_on <= day <= one.closes_on), None)
    one = here or next((row for row in rows if row.opens_on > day), rows[-1])
    return {"window_from": one.opens_on.isoformat(), "window_to": one.closes_on.isoformat(),
            "filed_on": day.isoformat()}  # fmt: skip


def benchmark(day: datetime.date) -> Decimal | None:
    """Return the one-year benchmark in force on a day (percent), None where none is registered."""
    series = parameters.current().values(fund.ROOM, day)["bench_series"]
    rows = Benchmark.objects.filter(standing(day), series=series, day__lte=day).order_by("-day")
    return rows.values_list("rate", flat=True).first()


def highest_rate(day: datetime.date) -> str:
    """Return the highest rate that may be charged on a day, in percent, cut to four decimals."""
    bench = benchmark(day)
    return str(decide("rate", {} if bench is None else {"bench": str(bench)}, _within(day)).value["highest"])


def _within(day: datetime.date) -> datetime.date:
    """Return a day on which the rules' parameters have values."""
    return max(day, FIRST_DAY)


# --- the application --------------------------------------------------------------------------------------------------


def agreement_in_force(organ: str) -> Agreement:
    """Return the agreement under which a bank lends now; E_STATE without one."""
    found = Agreement.objects.select_related("book").filter(organ=organ, ended_on__isnull=True).first()
    if found is None:
        raise LuoshiError(
            "E_STATE", f"{concern.title(organ)}没有有效的合作协议，不能受理。", citation=f"{RULES} 第五条"
        )
    return found


@effect("mitigation_fund.applied")
def applied(turn: Turn) -> None:
    """Take an application in: the firm is listed and in time, and has no other application under way at any bank."""
    told, day = turn.facts, day_of(turn.at)
    if int(told["amount"]) <= 0:
        raise wrong("E_AMOUNT", "申请金额应大于零。", "amount")
    if not told.get("material"):
        raise wrong("E_INCOMPLETE", "申请材料还没有收齐。", "material")
    agreement = agreement_in_force(turn.case.organ)
    firm = firm_of(str(told["firm"]), lock=True)
    refuse(decide("eligible", firm_facts(firm, day) | window_on(day), day), "不能申请")
    try:
        with transaction.atomic():
            Application.objects.create(
                case_id=turn.case.number, agreement=agreement, firm=firm, amount=int(told["amount"]),
                purpose=str(told["purpose"])[:300], filed_on=day,
            )  # fmt: skip
    except IntegrityError:
        raise wrong("E_DUPLICATE", "同一企业已有在办申请，办结后才能再申请。", "firm") from None
    turn.facts.update(firm=firm.credit_code, firm_name=firm.name, bank_name=agreement.name,
                      boards=boards_of(firm, day), filed_on=day.isoformat())  # fmt: skip
    turn.case.subject = f"mf-firm:{firm.pk}"


def application_of(turn: Turn) -> Application:
    """Return the application of a case, locked for an act."""
    return turn.held(Application.objects.select_related("firm", "agreement__book")).get(case_id=turn.case.number)


def loan_of(turn: Turn) -> Loan:
    """Return the loan of a case, locked for an act; E_STATE before there is a contract."""
    rows = turn.held(Loan.objects.select_related("firm", "agreement__book", "application"))
    found = rows.filter(application__case__number=turn.case.number).first()
    if found is None:
        raise LuoshiError("E_STATE", "还没有签合同。")
    return found


@facts("mitigation_fund.ceiling_facts")
def ceiling_facts(turn: Turn) -> dict[str, Any]:
    """The boards the firm is listed on today, and the amount."""
    row = application_of(turn)
    return {"boards": boards_of(row.firm, day_of(turn.at)) or ["OTHER"], "amount": row.amount}


@effect("mitigation_fund.listed")
def listed(turn: Turn) -> None:
    """The bank has room for it on its fund; the review slip is drawn up."""
    row = application_of(turn)
    refuse(fund.capacity(row.agreement, amount=row.amount, firm=row.firm_id), "额度不够")
    turn.facts["free"] = fund.capacity(row.agreement).value["free"]
    papers.review_slip(turn, row)


@effect("mitigation_fund.over")
def over(turn: Turn) -> None:
    """The application ends: the firm may apply again, the room it took is free."""
    row = application_of(turn)
    row.live = False
    row.save(update_fields=["live"])


@effect("mitigation_fund.queried")
def queried(turn: Turn) -> None:
    """The day of the query counts from now."""
    turn.facts["credit_queried_at"] = turn.at.isoformat()


@effect("mitigation_fund.circulated")
def circulated(turn: Turn) -> None:
    """Open the committee's case: Finance and Tax are asked now, never before the platform was found clean."""
    row = application_of(turn)
    told = turn.facts
    committee.open_review(
        turn, "application", f"{row.firm.name} 申请 {Money(row.amount)} 元",
        {"firm": row.firm.credit_code, "firm_name": row.firm.name, "amount": row.amount, "purpose": row.purpose,
         "bank_name": row.agreement.name, "queried_at": told.get("credit_queried_at", ""),
         "matter": _asked_for(row, day_of(turn.at)), "grounds": papers.six_factors(told)},
    )  # fmt: skip


def _asked_for(row: Application, day: datetime.date) -> str:
    """Return whom the committee judges, and what is asked for."""
    firm, boards = row.firm, "、".join(Listing.Board(one).label for one in boards_of(row.firm, day))
    where = f"{concern.title(firm.town)}，{boards}挂牌" if boards else concern.title(firm.town)
    return (
        f"{firm.name}（{firm.credit_code}，{where}）经{row.agreement.name}申请 {Money(row.amount)} 元，"
        f"用途：{row.purpose}"
    )


@effect("mitigation_fund.passed")
def passed(turn: Turn) -> None:
    """Three organs passed it: the amount is approved, under the lock of the bank's account; short, nothing passes."""
    committee.require_result(turn, "passed")
    row = application_of(turn)
    fund.lock(row.agreement)
    day = day_of(turn.at)
    refuse(decide("validity", {"passed_on": day.isoformat()}, day), "不能通过")
    refuse(fund.capacity(row.agreement, amount=row.amount, firm=row.firm_id), "额度不够，仍在会签")
    row.approved, row.passed_at = row.amount, turn.at
    row.save(update_fields=["approved", "passed_at"])
    turn.facts["approved"] = row.approved
    turn.facts["passed_at"] = turn.at.isoformat()


@effect("mitigation_fund.rejected")
def rejected(turn: Turn) -> None:
    """It fails: by the platform, or because one organ said so. The bank is told without the finding."""
    if turn.step is not None and turn.step.key == "reject":
        committee.require_result(turn, "rejected")
    else:
        turn.facts["credit_queried_at"] = turn.at.isoformat()
    row = application_of(turn)
    row.live, row.rejected = False, True
    row.save(update_fields=["live", "rejected"])
    papers.result(turn, row, passed=False)
    turn.tell("bank", f"{turn.case.number} {row.firm.name}：联合审查未通过")


@effect("mitigation_fund.result_paper")
def result_paper(turn: Turn) -> None:
    """Draw up the joint result for the bank."""
    papers.result(turn, application_of(turn), passed=True)


# --- contract and money -----------------------------------------------------------------------------------------------


@facts("mitigation_fund.rate_facts")
def rate_facts(turn: Turn) -> dict[str, Any]:
    """The rate of the contract against the benchmark of the day it is signed."""
    bench = benchmark(day_of(turn.at))
    return {"rate": str(turn.data["rate"]), **({} if bench is None else {"bench": str(bench)})}


def earlier_loans(firm: Firm, besides: int | None = None) -> list[dict[str, Any]]:
    """Return a firm's loans so far as facts, over all banks: the three years are the firm's."""
    rows = Loan.objects.filter(firm=firm, disbursed__isnull=False).order_by("start", "pk")
    rows = rows if besides is None else rows.exclude(pk=besides)
    return [
        {"start": one.start.isoformat(), "end": one.end.isoformat(), "principal": one.outstanding,
         "interest": 1 if one.interest_owed else 0, "repaid_at": one.repaid_at and one.repaid_at.isoformat()}
        for one in rows
    ]  # fmt: skip


def _term(loan: Mapping[str, Any], firm: Firm, at: datetime.datetime | None, besides: int | None) -> dict[str, Any]:
    """Return the facts of a loan's term; before it is drawn what is still owed does not count yet."""
    rows = earlier_loans(firm, besides)
    if at is None:
        rows = [one | {"principal": 0, "interest": 0, "repaid_at": None} for one in rows]
    return {**loan, "loans": rows, **({} if at is None else {"drawn_at": at.isoformat()})}


@effect("mitigation_fund.contracted")
def contracted(turn: Turn) -> None:
    """Keep the loan: a year long, within the firm's three years; the number is unique with its bank."""
    row, told = application_of(turn), turn.facts | turn.data
    loan = {"start": str(told["start"]), "end": str(told["end"])}
    refuse(decide("term", _term(loan, row.firm, None, None), day_of(turn.at)), "合同期限不符")
    try:
        with transaction.atomic():
            Loan.objects.create(
                application=row, agreement=row.agreement, firm=row.firm, contract_no=str(told["contract_no"])[:60],
                approved=row.approved or 0, rate=Decimal(str(told["rate"])),
                start=datetime.date.fromisoformat(loan["start"]), end=datetime.date.fromisoformat(loan["end"]),
            )  # fmt: skip
    except IntegrityError:
        raise wrong("E_DUPLICATE", "这个合同编号在本行已有一笔贷款。", "contract_no") from None


@facts("mitigation_fund.disbursement_facts")
def disbursement_facts(turn: Turn) -> dict[str, Any]:
    """The firm on the day it draws; a listing looked up too long ago must be looked up again first."""
    row, day = application_of(turn), day_of(turn.at)
    days = int(parameters.current().values(fund.ROOM, day)["listing_check_days"])
    rows = [one for one in listings_of(row.firm) if one.delisted_on is None]
    if rows and all(one.checked_on is None or (day - one.checked_on).days > days for one in rows):
        raise LuoshiError(
            "E_INCOMPLETE", f"挂牌情况超过 {days} 天没有核对，请先在挂牌台账核对并登记核对日期。",
            citation=f"{RULES} 第二条",
        )  # fmt: skip
    return firm_facts(row.firm, day) | {"disbursed_on": day.isoformat()}


@effect("mitigation_fund.disbursed")
def disbursed(turn: Turn) -> None:
    """Money goes out: under the locks of firm and account, the old loan repaid, room left, not above what passed."""
    day, told = day_of(turn.at), turn.data
    found = application_of(turn)
    Firm.objects.select_for_update().get(pk=found.firm_id)
    fund.lock(found.agreement)
    loan, amount = loan_of(turn), int(told["disbursed"])
    if found.agreement.ended_on is not None:
        raise LuoshiError("E_STATE", "与该行的合作已经终止，不再放新贷款。", citation=f"{RULES} 第五条")
    if not 0 < amount <= loan.approved:
        said = f"放款金额应大于零，不超过通过的 {Money(loan.approved)} 元。"
        raise wrong("E_AMOUNT", said, "disbursed", citation=f"{RULES} 第十六条")
    refuse(decide("validity", {"disbursed_on": day.isoformat()}, day), "不能放款")
    term = {"start": loan.start.isoformat(), "end": loan.end.isoformat()}
    refuse(decide("term", _term(term, loan.firm, turn.at, loan.pk), day), "不能放款")
    refuse(decide("ceiling", {"boards": boards_of(loan.firm, day) or ["OTHER"], "amount": amount}, day), "不能放款")
    refuse(fund.capacity(found.agreement, amount=amount, firm=found.firm_id), "额度不够")
    loan.disbursed, loan.outstanding, loan.disbursed_at = amount, amount, turn.at
    code = str(told.get("paid_to_code") or "")
    loan.breaches = [*_alerts(loan, turn.at), *_related(loan.firm, str(told.get("paid_to") or ""), turn.facts, code)]
    loan.save()
    found.live = False
    found.save(update_fields=["live"])
    turn.facts["disbursed_on"] = day.isoformat()
    if "bridge" in loan.breaches:
        turn.tell("centre", f"{turn.case.number} {loan.firm.name}：还旧后几日内放款，请查是否过桥资金")
    if "related" in loan.breaches:
        turn.tell("centre", f"{turn.case.number} {loan.firm.name}：贷款付给关联方，请核查用途")


def _related(firm: Firm, payee: str, told: Mapping[str, Any], code: str = "") -> list[str]:
    """Return what is shown of a drawing paid to a related party: the firm's head, a holder, a firm of either.

    Identity codes decide where the register has the firm's holders and the payee's code is told; names otherwise.
    """
    name, code = payee.strip(), clean(code)
    if code and code == firm.credit_code:
        return []
    if code and (behind := holders(firm)):
        stand = Holder.objects.filter(standing(CLOCK.today()), code__in=behind, firm__credit_code=code)
        return ["related"] if code in behind or stand.exists() else []
    if not name or name == firm.name:
        return []
    head = firm.legal_person.strip()
    same = head and Firm.objects.filter(standing(CLOCK.today()), name=name, legal_person=head).exists()
    held = len(name) > 1 and name in str(told.get("share_structure") or "")
    return ["related"] if same or held or name == head else []


def holders(firm: Firm) -> set[str]:
    """Return the identity codes of who stands behind a firm today."""
    found = Holder.objects.filter(standing(CLOCK.today()), firm=firm).values_list("code", flat=True)
    return {clean(code) for code in found}


def _alerts(loan: Loan, at: datetime.datetime) -> list[str]:
    """Return what is shown of a drawing: the old loan was repaid by money that came and went within days."""
    days = int(parameters.current().values(fund.ROOM, day_of(at))["bridge_days"])
    since = at - datetime.timedelta(days=days)
    old = Loan.objects.filter(firm=loan.firm, repaid_at__gte=since).exclude(pk=loan.pk)
    return ["bridge"] if old.exists() else []


@effect("mitigation_fund.filed")
def filed(turn: Turn) -> None:
    """The copies are with the Centre."""
    if not (turn.data.get("contract_copy") and turn.data.get("papers_copy")):
        raise LuoshiError("E_INCOMPLETE", "合同和放款资料的复印件都要报备。", citation=f"{RULES} 第十二条")
    loan = loan_of(turn)
    loan.filed_at = turn.at
    loan.save(update_fields=["filed_at"])
    papers.filing_receipt(turn, loan)


def recourse_on(loan: Loan) -> Case | None:
    """Return the case of recourse on a loan, None before it has begun and after it ended without compensation."""
    rows = Case.objects.filter(procedure="mitigation_fund.claim", subject=f"mf-loan:{loan.pk}")
    return rows.exclude(state__in=["rejected", "closed"]).first()


def _refuse_beside_recourse(loan: Loan) -> None:
    """Refuse principal entered beside the recourse: what is recovered since it began lowers the loss (6.9)."""
    begun = recourse_on(loan)
    if begun is None:
        return
    way = "请在那一件登记补偿后追回" if begun.state == "paid" else "补偿正在办理，付款后由中心登记补偿后追回"
    way = "请在那一件办理“登记追回款项”，才从损失中扣减" if begun.state in RECOVERING else way
    said = f"这笔贷款已登记追偿（{begun.number}），收回的本金{way}。"
    raise wrong("E_STATE", said, "principal_paid", citation=f"{RULES} 第十五条", case=begun.pk)


@effect("mitigation_fund.repayment")
def repayment(turn: Turn) -> None:
    """Enter what was repaid; principal never falls below nothing, and since recourse began it is entered there."""
    loan, paid = loan_of(turn), int(turn.data["principal_paid"])
    if paid:
        _refuse_beside_recourse(loan)
    if not 0 <= paid <= loan.outstanding:
        raise wrong("E_AMOUNT", f"归还本金应不超过余额 {Money(loan.outstanding)} 元。", "principal_paid")
    loan.outstanding -= paid
    loan.interest_owed = not turn.data.get("interest_settled")
    loan.repaid_at = turn.at if not loan.outstanding and not loan.interest_owed else None
    if loan.repaid_at is not None and turn.case.state in ("disbursed", "filed"):
        loan.unpaid_since = None
    loan.save(update_fields=["outstanding", "interest_owed", "repaid_at", "unpaid_since"])


@effect("mitigation_fund.repriced")
def repriced(turn: Turn) -> None:
    """Keep the new rate of a loan; it was tested against the highest one of today."""
    loan = loan_of(turn)
    loan.rate = Decimal(str(turn.data["rate"]))
    loan.save(update_fields=["rate"])


@effect("mitigation_fund.repayment_corrected")
def repayment_corrected(turn: Turn) -> None:
    """Take back principal that was entered as repaid by mistake; the Centre is told."""
    loan, back = loan_of(turn), int(turn.data["principal_back"])
    entered = (loan.disbursed or 0) - loan.outstanding
    if not 0 < back <= entered:
        raise wrong("E_AMOUNT", f"冲回的本金应大于零，不超过已登记归还的 {Money(entered)} 元。", "principal_back")
    loan.outstanding, loan.repaid_at = loan.outstanding + back, None
    loan.save(update_fields=["outstanding", "repaid_at"])
    turn.tell("centre", f"{turn.case.number} {loan.firm.name}：冲回误记的还款 {Money(back)} 元")


@effect("mitigation_fund.settled")
def settled(turn: Turn) -> None:
    """Close the loan when principal and interest are repaid."""
    loan = loan_of(turn)
    if loan.outstanding or loan.interest_owed or loan.repaid_at is None:
        raise LuoshiError(
            "E_OLD_NOT_REPAID", f"还欠本金 {Money(loan.outstanding)} 元或利息，不能结清。", citation=_TERMS
        )
    loan.unpaid_since = None
    loan.save(update_fields=["unpaid_since"])


@effect("mitigation_fund.finished")
def finished(turn: Turn) -> None:
    """A loan in recourse ends with its recourse, not before it."""
    begun = recourse_on(loan_of(turn))
    if begun is not None:
        raise LuoshiError("E_STATE", f"追偿 {begun.number} 还没有办结，不能终结。", fields={"case": begun.pk})


# --- overdue ----------------------------------------------------------------------------------------------------------


@effect("mitigation_fund.overdue")
def overdue(turn: Turn) -> None:
    """Something due is unpaid from that day on; the report is due from the thirtieth day."""
    loan, due = loan_of(turn), datetime.date.fromisoformat(str(turn.data["due"]))
    if due >= day_of(turn.at):
        raise wrong("E_NOT_YET", f"到期日 {due} 还没有过。", "due")
    if not loan.outstanding and not loan.interest_owed:
        raise LuoshiError("E_STATE", "这笔贷款本息都已还清，没有逾期。")
    loan.unpaid_since = due
    loan.save(update_fields=["unpaid_since"])
    turn.facts["report_from"] = decide("overdue", {"due": due.isoformat()}, day_of(turn.at)).value["duty_from"]


@effect("mitigation_fund.cured")
def cured(turn: Turn) -> None:
    """What was due has been paid; after the last day of the loan that is all of it."""
    loan = loan_of(turn)
    if loan.end < day_of(turn.at) and (loan.outstanding or loan.interest_owed):
        raise LuoshiError(
            "E_STATE", f"贷款已到期，还欠本金 {Money(loan.outstanding)} 元或利息，先登记还款。", citation=_TERMS
        )
    Loan.objects.filter(pk=loan.pk).update(unpaid_since=None)


@facts("mitigation_fund.overdue_facts")
def overdue_facts(turn: Turn) -> dict[str, Any]:
    """The day since when something is unpaid, and today."""
    loan = loan_of(turn)
    return {"due": loan.unpaid_since and loan.unpaid_since.isoformat(), "day": day_of(turn.at).isoformat()}


@effect("mitigation_fund.reported")
def reported(turn: Turn) -> None:
    """The report is in: the Centre co-ordinates from now on."""
    loan = loan_of(turn)
    loan.reported_on = day_of(turn.at)
    loan.save(update_fields=["reported_on"])
    papers.overdue_report(turn, loan)
    turn.tell("centre", f"{turn.case.number} {loan.firm.name}逾期已报告，请协调有关部门配合追偿")


def note_overdue(day: datetime.date) -> int:
    """Enter loans whose last day has passed with principal or interest unpaid as overdue; return how many.

    One whose papers were never filed counts its days too; its report waits for the filing.
    """
    owed = Loan.objects.filter(Q(outstanding__gt=0) | Q(interest_owed=True)).select_related("application__case")
    rows = owed.filter(Q(end__lt=day) | Q(unpaid_since__lt=day), application__case__state="filed")
    count = 0
    for one in rows.order_by("pk")[:2000]:
        due = one.unpaid_since or one.end
        cases.act(actor=PROGRAM, case=one.application.case.pk, step="default", data={"due": due.isoformat()})
        count += 1
    unfiled = owed.filter(end__lt=day, unpaid_since__isnull=True, application__case__state="disbursed")
    for one in unfiled.select_related("firm", "agreement").order_by("pk")[:2000]:
        unpaid_before_filing(one, one.end)
        count += 1
    return count


@transaction.atomic
def unpaid_before_filing(loan: Loan, due: datetime.date) -> None:
    """Note since when something is unpaid of a loan that is still to be filed; tell the bank and the Centre."""
    loan.unpaid_since = due
    loan.save(update_fields=["unpaid_since"])
    case = loan.application.case
    for organ in filter(None, (loan.agreement.organ, ORGAN)):
        tell_organ(
            key=f"mf-unfiled:{loan.pk}:{due}:{organ}", organ=organ, roles=(Role.CLERK,), kind="mitigation",
            text=f"{case.number} {loan.firm.name}：{due} 到期未还，合同还没有报备，请先报备再报告逾期",
            href=f"/cases/{case.pk}/",
        )  # fmt: skip
