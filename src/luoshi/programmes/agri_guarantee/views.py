"""Pages of the guarantee: the workbench, a farmer's application, the guarantor's claim, the fund's year."""

from __future__ import annotations

import datetime
import io
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases import procedures
from luoshi.office.cases.offers import may_open
from luoshi.office.duties import concern
from luoshi.office.funds import queries
from luoshi.office.registers import reach, sheets
from luoshi.office.web import actor_of, attachment, needs, page, status_of
from luoshi.programmes.agri_guarantee import archive, board, claims, fund, lending, reports, subsidies, town_map
from luoshi.programmes.agri_guarantee.arithmetic import cut
from luoshi.programmes.agri_guarantee.decisions.settings import percent
from luoshi.programmes.agri_guarantee.models import Claim, Loan, Operator, Placement
from luoshi.programmes.agri_guarantee.registers import LOANS, OPERATORS


def crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way back to the workbench."""
    return [{"title": _("惠农贷"), "href": reverse("guarantee")}, *({"title": t, "href": h} for t, h in more)]


def yuan(fen: int | None) -> str:
    """Return an amount as pages show it; a dash for none."""
    return "—" if fen is None else str(Money(fen))


# --- the workbench ----------------------------------------------------------------------------------------------------


@needs("case.see")
@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """Show what waits for whoever looks, claims counted down, the gauge with its lines, loans by town."""
    actor = actor_of(request)
    found = board.picture()
    waiting = board.open_cases(actor, board.CLAIM)
    amounts = {one.case_id: one for one in Claim.objects.filter(case__in=[case.pk for case in waiting])}
    towns = board.towns(actor)
    for one in towns:
        one |= {"owed_yuan": yuan(one["owed"]), "late_yuan": yuan(one["late_owed"])}
    names = concern.titles(list(town_map.TILES))
    town = request.GET.get("town", "") if request.GET.get("town", "") in town_map.TILES else ""
    villages = board.villages(actor, town) if town else []
    for one in villages:
        one |= {"owed_yuan": yuan(one["owed"] or 0)}
    context = {
        "page_title": _("惠农贷工作台"),
        "crumbs": [],
        "found": found,
        "facts": [] if found is None else _facts(found),
        "mine": board.my_turn(actor),
        "claims": [{"case": case, "row": amounts.get(case.pk)} for case in waiting],
        "claim_cases": waiting,
        "claims_sum": yuan(sum(one.compensation - one.settled for one in amounts.values() if one.live)),
        "steps": board.steps(actor),
        "towns": towns,
        "map": town_map.draw(towns, names, "?town="),
        "town": town,
        "town_title": names.get(town, town),
        "villages": villages,
        "sums": {"loans": sum(one["loans"] for one in towns), "owed": yuan(sum(one["owed"] for one in towns))},
        "stale": board.stale(actor),
        "due": [one for one in board.open_cases(actor, archive.GUARANTEE, 200) if one.state in reports.RUNNING][:12],
        "accountable": board.open_cases(actor, board.ACCOUNTABILITY, 6),
        "can_account": may_open(actor, board.ACCOUNTABILITY),
        "can_apply": may_open(actor, archive.GUARANTEE) and _is_station(actor),
        "can_claim": may_open(actor, claims.CLAIM),
        "can_fund": found is not None and queries.visible_books(actor).filter(key=fund.BOOK).exists(),
        "can_enquire": found is not None and found["halt"] is not None and may_open(actor, claims.HALT),
        "sees_loans": bool(reach.reach(actor, LOANS)),
        "sees_archive": bool(reach.reach(actor, OPERATORS)),
    }
    return page(request, "agri_guarantee/workbench.html", context)


def _is_station(actor: Actor) -> bool:
    """Tell whether the actor takes applications in: the station of a town (or an operator of the machine)."""
    towns = set(concern.towns())
    return actor.trusted or any(towns & set(concern.served_by(one.organ)) for one in actor.grants)


def _facts(found: dict[str, Any]) -> list[dict[str, Any]]:
    now = found["now"]
    return [
        {"title": _("基金余额"), "words": yuan(now.balance),
         "note": _("利息 %(y)s 元另列，不作补偿") % {"y": yuan(now.accounts["2002"])}},
        {"title": _("累计已补偿"), "words": yuan(now.paid),
         "note": _("待付 %(y)s 元") % {"y": yuan(found["committed"] + now.moving)}},
        {"title": _("市里承担的敞口"), "words": yuan(found["exposure"]),
         "note": _("在保 %(y)s 元的 20%%") % {"y": yuan(found["outstanding"])}
         if percent(fund.values(), "share_city") == 20
         else _("在保 %(y)s 元") % {"y": yuan(found["outstanding"])}},
        {"title": _("覆盖率"), "words": f"{found['coverage']}%" if found["coverage"] else _("无数据"), "unit": False,
         "note": _("基金余额 ÷ 敞口")},
    ]  # fmt: skip


# --- an application ---------------------------------------------------------------------------------------------------

_PROJECTS = ("ORDINARY", "FARMLAND_INFRA")


def _towns(actor: Actor) -> frozenset[str] | None:
    """Return the towns whose archives the actor may see, None for all."""
    scope = reach.reach(actor, OPERATORS)
    return None if scope.everywhere else frozenset(scope.organs)


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """Take a farmer's application: find the archive, see what the household owes and may still have, open the case.

    A sum that will not pass the second look is taken only when the station says so again: nobody may refuse to take an
    application, but the farmer is to know.
    """
    actor, error = actor_of(request), None
    beyond: list[str] = []
    words = (request.POST if request.method == "POST" else request.GET).get("archive", "")[:100]
    towns, chosen = _towns(actor), None
    typed = {
        name: request.POST.get(name, "")[:2000] for name in ("requested", "project_type", "months", "purpose", "bank")
    }
    rows = archive.search(words, towns)
    if len(rows) == 1:
        chosen = rows[0]
    if request.method == "POST":
        try:
            operator = archive.find(words, towns)
            beyond = [] if "knowing" in request.POST else _beyond(operator, typed)
            if not beyond:
                case = cases.open_case(
                    actor=actor, procedure=archive.GUARANTEE, title=_title(operator), organ=operator.town,
                    facts={"archive": operator.number, **{key: value for key, value in typed.items() if value}},
                )  # fmt: skip
                return HttpResponseRedirect(reverse("case", args=[case.pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    kind = procedures.procedure(archive.GUARANTEE)
    asks = {ask.name: ask for ask in kind.asks}
    context = {
        "page_title": _("收惠农贷申请"),
        "crumbs": crumbs((_("收申请"), "")),
        "barred": "" if may_open(actor, archive.GUARANTEE) else _("申请由镇经管站收件。您可以在工作台看办到哪一步。"),
        "words": words,
        "rows": [] if chosen else [_row(one) for one in rows],
        "asked": bool(words),
        "chosen": None if chosen is None else _archive(chosen),
        "typed": typed,
        "projects": list(asks["project_type"].choices.items()),
        "banks": [(key, concern.title(key)) for key in asks["bank"].choices],
        "halt": fund.live_halt(),
        "beyond": beyond,
        "error": error,
        "errors": _errors(error),
    }
    return page(request, "agri_guarantee/apply.html", context, status=422 if beyond else status_of(error))


def _beyond(operator: Operator, typed: dict[str, str]) -> list[str]:
    """Return what stands against the sum asked for; nothing where it is no sum, which the case itself refuses."""
    try:
        asked = Money.yuan(typed["requested"]).fen
    except LuoshiError:
        return []
    if asked <= 0 or typed["project_type"] not in _PROJECTS:
        return []
    taken = fund.decide("agri_guarantee.amount", _household(operator, asked, typed["project_type"]))
    return [one.text for one in taken.reasons if one.ok is False]


def _household(operator: Operator, asked: int, project: str) -> dict[str, Any]:
    """Return the facts of the amount a household asks for, in fen."""
    return {"category": operator.category, "requested": asked, "project_type": project, **archive.owed(operator),
            "mechanised": operator.mechanised_on is not None}  # fmt: skip


def _title(operator: Operator) -> str:
    return f"{operator.name}申请惠农贷"


def _errors(error: LuoshiError | None) -> dict[str, str]:
    """Return the faults of a refused form by field; what belongs to none stands under an empty name."""
    if error is None:
        return {}
    found = error.fields.get("fields")
    return {str(key): str(words) for key, words in found.items()} if isinstance(found, dict) else {"": error.message}


def _row(one: Operator) -> dict[str, Any]:
    return {"number": one.number, "name": one.name, "town": concern.title(one.town), "village": one.village,
            "category": one.get_category_display(), "status": one.get_status_display(),
            "live": one.status == Operator.Status.ARCHIVED}  # fmt: skip


def _archive(one: Operator) -> dict[str, Any]:
    """Return what a form shows of an archive: who, the household's balance, the most it may still have."""
    owed = archive.owed(one)
    most = {}
    for kind in _PROJECTS:
        taken = fund.decide("agri_guarantee.amount", _household(one, 100, kind))
        most[kind] = (taken.value["least"], taken.value["most"])
    unknown = [
        str(Operator._meta.get_field(field).name) for field in archive.HAVES.values() if getattr(one, field) != "yes"
    ]
    titles = {column.name: column.title for column in OPERATORS.columns}
    return {
        **_row(one), "scope": one.get_scope_display(), "scale": f"{one.scale.normalize():f}{one.get_unit_display()}",
        "round": one.round, "lacking": [titles[name] for name in unknown],
        "members": len(archive.members(one)), "owed": yuan(owed["outstanding"] + owed["outstanding_infra"]),
        "undisbursed": yuan(owed["undisbursed"] + owed["undisbursed_infra"]),
        "least": yuan(max(most["ORDINARY"][0], 100)), "most": yuan(most["ORDINARY"][1]),
        "most_infra": yuan(most["FARMLAND_INFRA"][1]), "none": most["ORDINARY"][1] == 0,
    }  # fmt: skip


# --- a claim ----------------------------------------------------------------------------------------------------------

_TICKS = ("sealed", "payout_notice", "payout_certificate")
_TYPED = ("loss", "payout", "principal", "paid_out_on", "notice_no", "certificate_no", *_TICKS)


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest) -> HttpResponse:
    """Claim what the fund owes for a payout: choose the loan, enter payout and papers, deliver; one act."""
    actor, error = actor_of(request), None
    given = request.POST if request.method == "POST" else request.GET
    words = given.get("loan", "")[:60].strip()
    typed = {name: request.POST.get(name, "")[:200].strip() for name in _TYPED}
    rows = _loans(actor, words)
    chosen = next((one for one in rows if one.number == words), rows[0] if len(rows) == 1 else None)
    if request.method == "POST" and chosen is not None:
        try:
            return HttpResponseRedirect(reverse("case", args=[_deliver(actor, chosen, typed)]), status=303)
        except LuoshiError as refusal:
            error = refusal
    elif request.method == "POST":
        error = LuoshiError(
            "E_NOT_FOUND", _("没有这笔贷款，请核对编号。"), fields={"fields": {"loan": _("没有这笔贷款")}}
        )
    context = {
        "page_title": _("申请补偿（送达拨款单）"),
        "crumbs": crumbs((_("申请补偿"), "")),
        "barred": "" if may_open(actor, claims.CLAIM) else _("拨款单由省农担公司办事处送达。"),
        "words": words,
        "rows": [] if chosen else [_loan(one) for one in rows],
        "chosen": None if chosen is None else _loan(chosen) | _suggested(chosen),
        "typed": typed,
        "error": error,
        "errors": _errors(error),
    }
    return page(request, "agri_guarantee/claim.html", context, status=status_of(error))


def _deliver(actor: Actor, loan: Loan, typed: dict[str, str]) -> int:
    data: dict[str, Any] = {name: typed[name] for name in _TYPED[2:] if typed[name]}
    return claims.open_and_deliver(actor=actor, loan=loan, loss=typed["loss"], payout=typed["payout"], data=data)


def _loans(actor: Actor, words: str) -> list[Loan]:
    """Return loans a claim may be about: paid out and not settled; those that are late first."""
    rows = board.loans_seen(actor).exclude(status__in=[Loan.Status.SIGNED, Loan.Status.CLOSED])
    if words:
        exact = list(rows.filter(number=words))
        return exact or list(rows.filter(borrower__contains=words).order_by("-overdue_days", "pk")[:20])
    return list(rows.filter(overdue_days__gt=0).order_by("-overdue_days", "pk")[:20])


def _loan(one: Loan) -> dict[str, Any]:
    return {"number": one.number, "borrower": one.borrower, "bank": concern.title(one.bank),
            "owed": yuan(one.outstanding), "overdue_days": one.overdue_days,
            "status": one.get_status_display()}  # fmt: skip


def _suggested(one: Loan) -> dict[str, Any]:
    """Return what the shares of the policy give for all that is owed: L, D, C."""
    loss = one.outstanding + one.interest
    shared = fund.decide("agri_guarantee.sharing", {"loss": loss}).value if loss else {"payout": 0}
    payout = int(shared["payout"])
    part = one.outstanding * payout // loss if loss else 0
    return {"loss": lending.yuan(loss), "payout": lending.yuan(payout), "principal": lending.yuan(part),
            "comp": yuan(cut(percent(fund.values(), "comp_rate"), payout)), "rate": fund.values()["comp_rate"],
            "today": CLOCK.today().isoformat()}  # fmt: skip


# --- subsidies, reports -----------------------------------------------------------------------------------------------


def _subsidies(request: HttpRequest) -> tuple[int, list[int], list[dict[str, Any]]]:
    """Return the year asked for, the years there are, the subsidies of that year the actor sees."""
    now, asked = CLOCK.today().year, request.GET.get("year", "")
    rows = [subsidies.told(one) for one in subsidies.visible(actor_of(request))[:5000]]
    years = sorted({now, *(int(one["year"]) for one in rows if one["year"])}, reverse=True)
    chosen = int(asked) if asked.isdecimal() and len(asked) == 4 and int(asked) in years else now
    states = procedures.procedure(subsidies.SUBSIDY).states
    found = [one | {"title": states[one["state"]].title} for one in rows if one["year"] == chosen]
    return chosen, years, found


@needs("case.see")
@require_safe
def subsidy_list(request: HttpRequest) -> HttpResponse:
    """A year's subsidies: what was decided for each loan, how far it is."""
    chosen, years, rows = _subsidies(request)
    whole = sum(one["total"] or 0 for one in rows if one["state"] != "refused")
    context = {
        "page_title": _("贴息和担保费补助"), "crumbs": crumbs((_("补助"), "")), "year": chosen, "years": years,
        "rows": rows, "sum": yuan(whole), "rules": fund.values()["subsidy_rules"],
        "can_apply": may_open(actor_of(request), subsidies.SUBSIDY),
    }  # fmt: skip
    return page(request, "agri_guarantee/subsidies.html", context)


@needs("case.see")
@require_safe
def subsidy_export(request: HttpRequest) -> HttpResponse:
    """A year's subsidies as an Excel file."""
    chosen, _years, rows = _subsidies(request)
    stream = io.BytesIO()
    columns = [(_("办件"), 16, False), (_("贷款"), 20, False), (_("借款人"), 20, False), (_("天数"), 8, True),
               (_("贴息（元）"), 16, True), (_("担保费补助（元）"), 16, True), (_("合计（元）"), 16, True),
               (_("状态"), 20, False)]  # fmt: skip
    sheet = sheets.Book(stream, title=f"{chosen}年惠农贷补助", columns=columns)
    for one in rows:
        amounts = ("" if one[name] is None else Money(one[name]) for name in ("interest", "fee", "total"))
        sheet.add([one["number"], one["loan"], one["borrower"], one["days"], *amounts, one["title"]])
    sheet.close([[_("导出"), f"{CLOCK.now():%Y-%m-%d %H:%M} {actor_of(request).name}"]])
    return attachment(stream.getvalue(), f"guarantee-subsidies-{chosen}.xlsx")


@needs("case.see")
@require_safe
def due_reports(request: HttpRequest, number: str) -> HttpResponse:
    """Due-diligence reports and review results of a guarantee; a side reads the other's when both are filed."""
    actor = actor_of(request)
    case = reports.visible_case(actor, number)
    context = {"page_title": _("尽职调查和评审 %s") % case.number, "crumbs": crumbs((case.number, "")), "case": case,
               "rows": reports.read(actor, case)}  # fmt: skip
    return page(request, "agri_guarantee/reports.html", context)


# --- the fund's year --------------------------------------------------------------------------------------------------

_LINES = (
    ("3001", _lazy("市级财政预算")), ("3002", _lazy("上级专项补偿资金")), ("3003", _lazy("增信资金")),
    ("3004", _lazy("追偿分得")), ("3101", _lazy("已付补偿")), ("1101", _lazy("应收托管机构或银行")),
)  # fmt: skip


def statement(book: Any, year: int) -> dict[str, Any]:
    """Return a year of the fund (fen): opening, what each source brought, what was paid, closing; interest apart."""
    first, last = datetime.date(year, 1, 1), min(datetime.date(year, 12, 31), CLOCK.today())
    trial = {row.account.code: row for row in queries.trial_balance(book, first, last).rows}
    sign = {"3101": -1, "1101": -1}
    lines = []
    for code, title in _LINES:
        row, way = trial[code], sign.get(code, 1)
        lines.append({"code": code, "title": str(title), "opening": way * row.opening,
                      "change": way * (row.closing - row.opening), "closing": way * row.closing})  # fmt: skip
    interest = trial["2002"]
    return {
        "year": year, "first": first, "last": last, "lines": lines,
        "sums": {name: sum(one[name] for one in lines) for name in ("opening", "change", "closing")},
        "interest": {"opening": interest.opening, "in": interest.credit, "out": interest.debit,
                     "closing": interest.closing},
    }  # fmt: skip


def _year(request: HttpRequest, book: Any) -> tuple[int, list[int]]:
    now = CLOCK.today().year
    years = list(range(now, min(book.opened_on.year, now) - 1, -1))
    asked = request.GET.get("year", "")
    return (int(asked) if asked.isdecimal() and len(asked) == 4 and int(asked) in years else now), years


@needs("fund.see")
@require_safe
def year(request: HttpRequest) -> HttpResponse:
    """Show the fund's year: its statement, where the money is, placements with their days."""
    found = board.picture()
    context: dict[str, Any] = {
        "page_title": _("惠农贷基金年度报表"),
        "crumbs": crumbs((_("年度报表"), "")),
        "found": None,
    }
    if found is not None:
        book = queries.visible_book(actor_of(request), fund.BOOK)
        chosen, years = _year(request, book)
        told = statement(book, chosen)
        for one in (*told["lines"], told["sums"], told["interest"]):
            one |= {f"{name}_yuan": yuan(value) for name, value in list(one.items()) if isinstance(value, int)}
        now = found["now"]
        parts = [
            (_("活期"), max(now.free, 0)),
            (_("保本理财"), now.accounts["1002"]),
            (_("定期存款"), now.accounts["1003"]),
        ]
        whole = sum(fen for _title, fen in parts) or 1
        rows = Placement.objects.filter(void=False, ended_on=None).order_by("status", "matures_on")
        context |= {
            "found": found, "told": told, "years": years, "facts": _facts(found),
            "parts": [{"title": title, "yuan": yuan(fen), "share": fen * 100 // whole} for title, fen in parts],
            "placements": list(rows[:40]),
            "proposal": yuan(found["proposal"]) if found["proposal"] else "",
        }  # fmt: skip
    return page(request, "agri_guarantee/year.html", context)


@needs("fund.see")
@require_safe
def year_export(request: HttpRequest) -> HttpResponse:
    """The year's statement as an Excel file."""
    actor = actor_of(request)
    book = queries.visible_book(actor, fund.BOOK)
    chosen, _years = _year(request, book)
    told, stream = statement(book, chosen), io.BytesIO()
    columns = [(_("科目"), 8, False), (_("项目"), 24, False), (_("年初（元）"), 18, True),
               (_("本年增减（元）"), 18, True), (_("年末（元）"), 18, True)]  # fmt: skip
    sheet = sheets.Book(stream, title=f"{chosen}年风险补偿基金年度报表", columns=columns)
    for one in told["lines"]:
        sheet.add([one["code"], one["title"], *(Money(one[name]) for name in ("opening", "change", "closing"))])
    sums, interest = told["sums"], told["interest"]
    sheet.add(["", _("基金余额"), *(Money(sums[name]) for name in ("opening", "change", "closing"))])
    sheet.add(["2002", _("利息（另列，不作补偿）"), Money(interest["opening"]), Money(interest["in"] - interest["out"]),
               Money(interest["closing"])])  # fmt: skip
    sheet.close([[_("导出"), f"{CLOCK.now():%Y-%m-%d %H:%M} {actor.name}"]])
    return attachment(stream.getvalue(), f"guarantee-fund-{chosen}.xlsx")
