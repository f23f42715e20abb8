"""The pages of the mitigation fund: workbench, banks, firms, forms for application and claim, the sheet of a claim."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import may
from luoshi.office.registers import sheets
from luoshi.office.roles import Role
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.mitigation_fund import annual, board, lending, monitoring, papers, recourse
from luoshi.programmes.mitigation_fund.decisions.settings import RULES, in_fen
from luoshi.programmes.mitigation_fund.fund import ORGAN, QUOTA_YEAR, ROOM, allocated, wrong
from luoshi.programmes.mitigation_fund.models import Agreement, Claim, Firm, Listing, Loan

PAGE = 50


def crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way back to the workbench."""
    head = {"title": _("资本市场缓释基金"), "href": reverse("mitigation")}
    return [head, *({"title": title, "href": href} for title, href in more)]


_CITED = ("二", "三", "四", "五", "六", "九", "十三", "十四", "十五", "十六")
CLAUSES = [*({"cite": f"{RULES} 第{one}条"} for one in _CITED), {"cite": RULES}]
"""The clauses the pages cite, in the order in which templates name them."""


def shown(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Render a page of this room with the clauses it cites."""
    return page(request, template, {"clauses": CLAUSES, **context}, status=status)


def _yuan(fen: int) -> str:
    return f"{Money(fen)}"


def reasons(rows: Any) -> list[dict[str, Any]]:
    """Return a decision's reasons as pages show them."""
    return [
        {"ok": one.ok, "text": one.text, "cite": None if one.citation is None else str(one.citation)} for one in rows
    ]


def rate_words(rate: str) -> str:
    """Return a rate as pages show it: 7, 7.4022."""
    return f"{Decimal(rate).normalize():f}"


def _own_bank(request: HttpRequest) -> Agreement | None:
    """Return the agreement of the bank whose clerk asks, if it is in force."""
    organs = {grant.organ for grant in actor_of(request).grants}
    return Agreement.objects.filter(organ__in=organs, ended_on__isnull=True).first()


@needs("mitigation.see")
@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """The fund as it stands: figures, each bank's capacity, files before the committee, loans past their day."""
    actor, day = actor_of(request), CLOCK.today()
    stands = board.stands(monitoring.agreements(actor))
    total, _year = allocated()
    size = in_fen(parameters.current().values(ROOM, max(day, lending.FIRST_DAY)), "fund_total")
    month = monitoring.month_before(day)
    reports = monitoring.owed(month, monitoring.reach_of(actor))
    counts = board.totals(actor)
    claims = list(board.claims(actor)[:8])
    everything = monitoring.reach_of(actor) is None
    context = {
        "page_title": _("资本市场缓释基金"),
        "crumbs": [{"title": _("资金"), "href": reverse("funds")}],
        "everything": everything,
        "figures": [
            {"title": _("基金余额 F"), "value": _yuan(sum(one.balance for one in stands)),
             "note": _("利息和待查来款另列，不作补偿")},
            {"title": _("在贷"), "value": _yuan(sum(one.outstanding for one in stands)),
             "note": _("%(n)s 笔") % {"n": sum(one.loans for one in stands)}},
            {"title": _("还可贷"), "value": _yuan(sum(one.free for one in stands)),
             "note": _("各行可贷总额减已用")},
            {"title": _("逾期本金"), "value": _yuan(sum(one.overdue for one in stands)),
             "note": _("%(n)s 笔") % {"n": sum(one.overdue_loans for one in stands)},
             "tone": "red" if any(one.overdue for one in stands) else ""},
            {"title": _("已付补偿"), "value": _yuan(sum(one.accounts.get("3101", 0) for one in stands)),
             "note": _("先追偿，再各担一半")},
        ],
        "stands": stands,
        "quota": {"total": _yuan(total), "size": _yuan(size), "share": min(100, total * 100 // size) if size else 0,
                  "room": _yuan(max(size - total, 0))} if everything else None,
        "counts": [
            {"value": counts["at_bank"], "title": _("待银行筛选")},
            {"value": counts["at_centre"], "title": _("待中心办理")},
            {"value": counts["circulated"], "title": _("三家会签中")},
            {"value": counts["to_lend"], "title": _("待签约放款")},
            {"value": counts["to_file"], "title": _("待报备")},
            {"value": counts["overdue"], "title": _("逾期和追偿"), "bad": counts["overdue"] > 0},
        ],
        "files": board.files(actor),
        "overdue": board.overdue(actor, day),
        "flagged": board.flagged(actor),
        "applications": [
            {"row": one, "state": board.STATES.get(one.case.state, one.case.state), "href": board.shown_href(one)}
            for one in board.applications(actor)[:12]
        ],
        "claims": claims,
        "reports": reports,
        "report_month": month,
        "copied": monitoring.copied() if everything else [],
        "highest": rate_words(lending.highest_rate(day)),
        "year": day.year,
        "may_apply": may(actor, "case.open") and _own_bank(request) is not None,
        "may_report": _may_report(actor),
        "may_circulate": may(actor, "notice.draft", [ORGAN]),
        "quota_year": QUOTA_YEAR,
    }  # fmt: skip
    return shown(request, "mitigation_fund/workbench.html", context)


@needs("notice.draft")
@require_POST
def circular(request: HttpRequest) -> HttpResponse:
    """Draft the circular to the members and go to it."""
    paper = papers.circular(actor=actor_of(request))
    return HttpResponseRedirect(reverse("notice", args=[paper.pk]), status=303)


def _with_flags(rows: Iterable[Loan]) -> list[Loan]:
    """Return loans, each with what is shown of it besides its state."""
    found = list(rows)
    for one in found:
        one.__dict__["flags"] = board.flags(one)
    return found


@needs("mitigation.see")
@require_safe
def bank(request: HttpRequest, number: str) -> HttpResponse:
    """A bank: what it may lend, its loans and applications, the reports it owes."""
    actor, day = actor_of(request), CLOCK.today()
    row = next((one for one in monitoring.agreements(actor) if one.bank == number), None)
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有行号 {number[:12]} 的合作银行。")
    stand = board.stands([row])[0]
    months = [monitoring.month_before(day, back) for back in (1, 2, 3)]
    reports = [one for month in months for one in monitoring.owed(month, [row.organ])] if row.organ else []
    context = {
        "page_title": row.name,
        "crumbs": crumbs((row.name, "")),
        "stand": stand,
        "money": {"balance": _yuan(stand.balance), "cap": _yuan(stand.cap), "used": _yuan(stand.used),
                  "free": _yuan(stand.free), "committed": _yuan(stand.committed)},
        "reasons": reasons(stand.reasons),
        "loans": _with_flags(board.loans(actor).filter(agreement=row).order_by("-start", "-pk")[:PAGE]),
        "applications": [
            {"row": one, "state": board.STATES.get(one.case.state, one.case.state), "href": board.shown_href(one)}
            for one in board.applications(actor).filter(agreement=row, case__is_open=True)[:PAGE]
        ],
        "reports": reports,
        "today": day,
        "scores": row.scores.order_by("-quarter", "-pk")[:12],
        "unknown": [{"row": one, "left": _yuan(max(one.disbursed - one.repaid, 0)), "drawn": _yuan(one.disbursed)}
                    for one in row.unknown_loans.order_by("-at")[:PAGE]],
        "book_href": f"/funds/{row.book.key}/" if may(actor, "fund.see", [ORGAN, "finance"]) else "",
    }  # fmt: skip
    return shown(request, "mitigation_fund/bank.html", context)


@needs("mitigation.see")
@require_safe
def firm_list(request: HttpRequest) -> HttpResponse:
    """Listed firms: where they are listed, whether they have a loan, by name, code or board."""
    actor = actor_of(request)
    query, chosen = request.GET.get("q", "").strip()[:60], request.GET.get("board", "")
    chosen = chosen if chosen in Listing.Board.values else ""
    rows = list(board.firms(actor, query, chosen).prefetch_related("listings")[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    owed: dict[int, int] = {}
    for firm, fen in board.loans(actor).filter(firm__in=rows, outstanding__gt=0).values_list("firm", "outstanding"):
        owed[firm] = owed.get(firm, 0) + fen
    context = {
        "page_title": _("挂牌企业"),
        "crumbs": crumbs((_("挂牌企业"), "")),
        "rows": [
            {"row": one, "listings": [each for each in one.listings.all() if not each.void],
             "owed": _yuan(owed[one.pk]) if one.pk in owed else ""}
            for one in rows
        ],
        "more": more,
        "q": query,
        "board": chosen,
        "boards": Listing.Board.choices,
    }  # fmt: skip
    return shown(request, "mitigation_fund/firms.html", context)


@needs("mitigation.see")
@require_safe
def firm_page(request: HttpRequest, code: str) -> HttpResponse:
    """A firm: does it qualify today, its ceiling, the highest rate, its three years with the loans drawn on them."""
    actor, day = actor_of(request), CLOCK.today()
    row = Firm.objects.filter(credit_code=code).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "挂牌企业台账里没有这家企业。")
    stand = board.firm_stand(row, day)
    seen = set(board.loans(actor).filter(firm=row).values_list("pk", flat=True))
    context = {
        "page_title": row.name,
        "crumbs": crumbs((_("挂牌企业"), reverse("mitigation-firms")), (row.name, "")),
        "row": row,
        "stand": stand | {"highest": rate_words(stand["highest"])},
        "eligible": stand["eligible"].value["result"] == "ELIGIBLE",
        "ceiling": _yuan(stand["ceiling"].value["ceiling"]),
        "reasons": reasons([*stand["eligible"].reasons, *stand["ceiling"].reasons]),
        "listings": lending.listings_of(row),
        "loans": [one | {"seen": one["loan"].pk in seen} for one in stand["line"].loans],
        "applications": [
            {"row": one, "state": board.STATES.get(one.case.state, one.case.state), "href": board.shown_href(one)}
            for one in board.applications(actor).filter(firm=row)[:PAGE]
        ],
        "may_apply": may(actor, "case.open") and _own_bank(request) is not None,
    }
    return shown(request, "mitigation_fund/firm.html", context)


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """A bank takes a firm's application in: whether the firm qualifies and the room left stand beside the form."""
    actor, error, own = actor_of(request), None, _own_bank(request)
    typed = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            firm = lending.firm_of(typed.get("firm", ""))
            opened = cases.open_case(
                actor=actor, procedure=lending.APPLICATION, title=firm.name, organ=own.organ if own else "",
                facts={name: typed.get(name, "") for name in ("firm", "amount", "purpose", "material")},
            )  # fmt: skip
            return HttpResponseRedirect(f"/cases/{opened.pk}/", status=303)
        except LuoshiError as refusal:
            error = refusal
    chosen = Firm.objects.filter(credit_code=typed.get("firm", "").strip().upper()).first()
    stand = board.firm_stand(chosen, CLOCK.today()) if chosen is not None else None
    firms = list(board.firms(actor).values_list("credit_code", "name")[: board.MOST])
    if chosen is not None and chosen.credit_code not in dict(firms):
        firms.append((chosen.credit_code, chosen.name))
    context = {
        "page_title": _("收一件贷款申请"),
        "crumbs": crumbs((_("收一件贷款申请"), "")),
        "own": own,
        "firms": [("", _("请选企业")), *firms],
        "typed": typed,
        "error": error,
        "errors": (error.fields.get("fields") if error else None) or {},
        "stand": stand and stand | {"highest": rate_words(stand["highest"])},
        "eligible": bool(stand and stand["eligible"].value["result"] == "ELIGIBLE"),
        "ceiling": _yuan(stand["ceiling"].value["ceiling"]) if stand else "",
        "reasons": reasons([*stand["eligible"].reasons, *stand["ceiling"].reasons]) if stand else [],
        "free": _yuan(board.stands([own])[0].free) if own else "",
    }
    return shown(request, "mitigation_fund/apply.html", context, status=status_of(error))


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def begin_recourse(request: HttpRequest) -> HttpResponse:
    """A bank enters recourse on a loan whose overdue report is in; its claim grows from here."""
    actor, error, own = actor_of(request), None, _own_bank(request)
    typed = request.POST if request.method == "POST" else request.GET
    if request.method == "POST":
        try:
            loan = Loan.objects.filter(agreement=own, contract_no=typed.get("contract_no", "")).select_related("firm")
            name = next((one.firm.name for one in loan), typed.get("contract_no", ""))
            asked = ("contract_no", "principal", "last_balance", "sued_on", "suit_court")
            opened = cases.open_case(
                actor=actor, procedure=recourse.CLAIM, title=name or _("追偿"), organ=own.organ if own else "",
                facts={key: typed.get(key, "") for key in asked},
            )  # fmt: skip
            return HttpResponseRedirect(f"/cases/{opened.pk}/", status=303)
        except LuoshiError as refusal:
            error = refusal
    waiting = Loan.objects.filter(agreement=own, reported_on__isnull=False, outstanding__gt=0).select_related("firm")
    context = {
        "page_title": _("登记追偿"),
        "crumbs": crumbs((_("登记追偿"), "")),
        "own": own,
        "options": [
            ("", _("请选合同")),
            *((one.contract_no, f"{one.contract_no} {one.firm.name} {_yuan(one.outstanding)}") for one in waiting),
        ],
        "typed": typed,
        "error": error,
        "errors": (error.fields.get("fields") if error else None) or {},
    }
    return shown(request, "mitigation_fund/recourse.html", context, status=status_of(error))


def _ceiling(row: Claim, steps: Mapping[str, Any]) -> dict[str, str]:
    """Return what capped a claim: the balance now, or as it was when the first instruction fixed the amount."""
    if not steps["fixed"]:
        return {"title": _("该行专户可用余额"), "value": _yuan(steps["available"])}
    title = _("首次指令时的专户可用余额")
    return {"title": title, "value": _yuan(steps["paid"]) if steps["capped"] else _("足够")}


def _may_report(actor: Actor) -> bool:
    """Tell whether an actor may report a risk: clerks of a bank with an agreement, of the Centre, Finance and Tax."""
    organs = {grant.organ for grant in actor.grants if grant.role == Role.CLERK}
    own = organs & monitoring.COMMITTEE or Agreement.objects.filter(organ__in=organs, ended_on__isnull=True).exists()
    return may(actor, "case.open") and bool(own)


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def report_risk(request: HttpRequest) -> HttpResponse:
    """Report a risk of a bank or of one of its loans; the bank assesses it, three organs decide what is done (P2)."""
    actor, error = actor_of(request), None
    typed = request.POST if request.method == "POST" else request.GET
    banks = [one for one in monitoring.agreements(actor) if one.organ]
    loans = board.loans(actor).filter(outstanding__gt=0).order_by("agreement__bank", "-start", "-pk")[: board.MOST]
    if request.method == "POST":
        try:
            named = next((one for one in loans if str(one.pk) == typed.get("loan", "")), None)
            organ = named.agreement.organ if named is not None else typed.get("bank_organ", "")
            if organ not in {one.organ for one in banks}:
                raise wrong("E_INPUT", _("请选一家合作银行。"), "bank_organ")
            told = {"bank_organ": organ, "contract_no": named.contract_no if named is not None else "",
                    "facts_told": typed.get("facts_told", "")}  # fmt: skip
            about = f"{named.contract_no} {named.firm.name}" if named is not None else board.bank_name(organ)
            opened = cases.open_case(actor=actor, procedure=recourse.RISK, title=about, facts=told)
            return HttpResponseRedirect(reverse("case", args=[opened.pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    context = {
        "page_title": _("报风险事件"),
        "crumbs": crumbs((_("报风险事件"), "")),
        "banks": [("", _("请选银行")), *((one.organ, one.name) for one in banks)],
        "loans": [("", _("不是某一笔")),
                  *((str(one.pk), f"{one.contract_no} {one.firm.name} {_yuan(one.outstanding)}") for one in loans)],
        "typed": typed,
        "own": banks[0].organ if len(banks) == 1 else "",
        "error": error,
        "errors": (error.fields.get("fields") if error else None) or {},
    }  # fmt: skip
    return shown(request, "mitigation_fund/risk.html", context, status=status_of(error))


@needs("mitigation.see")
@require_safe
def claim(request: HttpRequest, number: str) -> HttpResponse:
    """A claim step by step: P, R, loss, half, balance, G, and what was recovered later."""
    row = board.claims(actor_of(request)).filter(number=number).prefetch_related("votes").first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这件补偿申请。")
    steps = board.claim_steps(row)
    committee_sees = monitoring.reach_of(actor_of(request)) is None
    context = {
        "page_title": _("补偿计算单 %(number)s") % {"number": row.number},
        "crumbs": crumbs((row.number, "")),
        "row": row,
        "steps": steps,
        "lines": [
            {"sign": "", "title": _("启动追偿时的未还本金 P"), "value": _yuan(row.principal)},
            {"sign": "−", "title": _("此后追回 R"), "value": _yuan(row.recovered)},
            {"sign": "=", "title": _("本金损失"), "value": _yuan(steps["whole"])},
            *([{"sign": "×", "title": _("保障内（通过 ÷ 放款）"), "value": _yuan(row.loss)}]
              if row.loss != steps["whole"] else []),
            {"sign": "½", "title": _("基金应担一半（舍去不足一分）"), "value": _yuan(row.half)},
            {"sign": "≤", **_ceiling(row, steps)},
            {"sign": "=",
             "title": _("基金补偿 G（首次指令已定）") if steps["fixed"] else _("基金补偿 G（按现在的余额）"),
             "value": _yuan(steps["paid"]), "sum": True},
            {"sign": "", "title": _("银行承担"), "value": _yuan(steps["bank"])},
        ],
        "reasons": reasons(steps["reasons"]),
        # A bank learns the result, never whose vote it was.
        "votes": row.votes.all() if committee_sees else None,
        "later": {"all": _yuan(row.recovered_all), "fund": _yuan(row.recovered_after),
                  "bank": _yuan(row.recovered_all - row.recovered_after)} if row.recovered_all else None,
        "case_href": f"/cases/{row.case.pk}/" if row.case else "",
    }  # fmt: skip
    return shown(request, "mitigation_fund/claim.html", context)


# --- the fund's year --------------------------------------------------------------------------------------------------

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _statement(request: HttpRequest, year: int) -> dict[str, Any] | None:
    """Return a year's statement; E_NOT_FOUND for a bank (it sees its own account only) and for other years."""
    if monitoring.reach_of(actor_of(request)) is not None:
        raise LuoshiError("E_NOT_FOUND", "没有这一年的报表。")
    known = annual.years()
    if known and year not in known:
        raise LuoshiError("E_NOT_FOUND", f"没有{year}年的报表。")
    return annual.statement(year) if known else None


@needs("mitigation.see")
@require_safe
def year(request: HttpRequest, year: int) -> HttpResponse:
    """The fund's year: all banks together, then bank by bank."""
    told = _statement(request, year)
    parts = (
        [{"title": _("各行合计"), **told}, *({"title": one["row"].name, **one} for one in told["banks"])]
        if told
        else []
    )
    context = {
        "page_title": _("%(year)s 年基金报表") % {"year": year}, "crumbs": crumbs((_("年度报表"), "")), "told": told,
        "parts": parts, "years": annual.years(),
    }  # fmt: skip
    return shown(request, "mitigation_fund/year.html", context)


@needs("mitigation.see")
@require_safe
def year_export(request: HttpRequest, year: int) -> HttpResponse:
    """The year's statement and each bank's trial balance as a workbook."""
    told = _statement(request, year)
    if told is None:
        raise LuoshiError("E_NOT_FOUND", f"没有{year}年的报表。")
    columns = [(_("银行"), 24, False), (_("科目"), 8, False), (_("名称"), 20, False), (_("年初（元）"), 18, True),
               (_("借方（元）"), 18, True), (_("贷方（元）"), 18, True), (_("年末（元）"), 18, True)]  # fmt: skip
    stream = io.BytesIO()
    sheet = sheets.Book(stream, title=f"{year}年缓释基金年度报表", columns=columns)
    for name, part in ((_("各行合计"), told), *((one["row"].name, one) for one in told["banks"])):
        for one in part["lines"]:
            sheet.add([name, one["code"], one["title"],
                       *(Money(one[key]) for key in ("opening", "debit", "credit", "closing"))])  # fmt: skip
        told_fund = part["fund"]
        sheet.add([name, "F", _("基金余额 F"), Money(told_fund["opening"]), "", "", Money(told_fund["closing"])])
    sheet.close(
        [
            [_("年度"), str(year)],
            [_("金额"), _("元")],
            [_("导出"), f"{CLOCK.now():%Y-%m-%d %H:%M} {actor_of(request).name}"],
        ]
    )
    response = HttpResponse(stream.getvalue(), content_type=_XLSX)
    response["Content-Disposition"] = f'attachment; filename="mitigation-fund-{year}.xlsx"'
    response["Cache-Control"] = "no-store, private"
    return response
