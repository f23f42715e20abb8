"""Pages of the Department, the banks and the counters: workbench, the form that opens a sale, a sale, status checks."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases import stepping
from luoshi.office.cases.models import Case
from luoshi.office.cases.procedures import procedure
from luoshi.office.funds import payments
from luoshi.office.funds.models import BOOK, Book
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, attachment, needs, page
from luoshi.programmes.home_escrow import (
    common,
    contracts,
    course,
    freezing,
    holds,
    incoming,
    papers,
    paying,
    queries,
    sheets,
    supplements,
    suspense,
    vouchers,
)
from luoshi.programmes.home_escrow.common import ENDING, HOLD, ORGAN
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import EscrowAccount, Hold, Sale, StatusCheck

PAGE = 30
_ORDER = (Key("id", int, descending=True),)


_CODES = {"E_FORBIDDEN": 403, "E_SELF": 403, "E_NOT_FOUND": 404, "E_VERSION": 409, "E_DUPLICATE": 409}


def status_of(error: LuoshiError | None) -> int:
    """Return the status of a page that shows a form again: what is wrong with a party is a fault of the form."""
    return 200 if error is None else _CODES.get(error.code, 422)


def crumbs(*rest: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way to a page of this room."""
    head = {"title": _("存量房交易资金监管"), "href": reverse("escrow")}
    return [head, *({"title": title, "href": href} for title, href in rest)]


def yuan(fen: int) -> str:
    """Return an amount as pages show it."""
    return str(Money(fen))


def book_href(book: Book) -> str:
    """Return the address of an account's book."""
    room, _slash, name = book.key.partition("/")
    return reverse("fund-book", args=[room, name])


def shown(reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a decision's reasons as pages show them: days in words, the clause where a chip is made of it."""
    return [
        {"ok": one["ok"], "text": _DAY.sub(_in_words, one["text"]), "cite": one["citation"]} for one in reasons
    ]  # fmt: skip


def strip(row: Sale, state: str) -> list[dict[str, str]]:
    """Return the four steps of a sale as pages show them: days in words."""
    return [one | {"note": _DAY.sub(_in_words, one["note"])} for one in queries.strip(row, state)]


_DAY = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")


def _in_words(found: re.Match[str]) -> str:
    year, month, day = (int(one) for one in found.groups())
    return _("{year}年{month}月{day}日").format(year=year, month=month, day=day)


# --- the workbench ----------------------------------------------------------------------------------------------------


@needs("escrow.see")
@require_safe
def workbench(request: HttpRequest) -> HttpResponse:
    """What lies in the accounts, what waits at which step and how long, the sales with their money."""
    actor = actor_of(request)
    text, state = request.GET.get("q", "")[:100], request.GET.get("state", "live")[:20]
    everything = queries.visible_sales(actor)
    rows = queries.matching(everything, text)
    rows = rows if text or state == "all" else queries.in_state(rows, state)
    found = keyset_page(
        rows, _ORDER, size=PAGE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    accounts = queries.visible_accounts(actor)
    total = queries.books_total([one.book for one in accounts])
    waiting = Case.objects.filter(procedure__in=(ENDING, contracts.SUSPENSE, contracts.DISCIPLINE), is_open=True)
    waiting |= Case.objects.filter(procedure=HOLD, state__in=("noted", "lifting"))
    full = may(actor, "escrow.see", [ORGAN])
    context = {
        "page_title": _("存量房交易资金监管"),
        "crumbs": [],
        "figures": _figures(total),
        "queue": queries.queue(everything),
        "accounts": [
            {"account": one, "href": book_href(one.book) if full else "", "balance": yuan(kept["1001"]),
             "even": kept["1001"] + kept["1101"] == sum(net for code, net in kept.items() if code[0] == "2"),
             "frozen": course.frozen(one.book)}
            for one in accounts for kept in (queries.books_total([one.book]),)
        ],
        "rows": _rows(queries.listed(found.rows)),
        "total": bounded_total(rows),
        "pager": {name: f"?{urlencode({'q': text, 'state': state, name: cursor})}" for name, cursor in
                  (("before", found.previous), ("after", found.next)) if cursor},
        "q": text,
        "state": state,
        "states": _states(),
        "waiting": waiting.order_by("opened_at")[:8] if full else [],
        "may_open": may(actor, "case.open") and any(one.status == "active" for one in accounts),
        "full": full,
        "unset": queries.unset_limits() if full else [],
        "export": f"?{urlencode({'q': text, 'state': state})}",
        "deadline": common.decide("agreement", {}),
    }  # fmt: skip
    return page(request, "home_escrow/workbench.html", context, fragment="sales")


def _states() -> list[tuple[str, str]]:
    return [
        ("live", _("在办")), ("here", _("轮到房管部门")), ("held", _("有冻结")), *queries.TITLES.items(),
        ("all", _("全部")),
    ]  # fmt: skip


def _rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for one in rows:
        sale: Sale = one["sale"]
        one |= {
            "href": reverse("escrow-sale", args=[sale.agreement_no]), "supervised": yuan(sale.supervised),
            "inside_yuan": yuan(one["inside"]), "balance_yuan": yuan(one["balance"]),
            "held_yuan": yuan(one["held"]) if one["held"] else "",
        }  # fmt: skip
    return rows


def _figures(total: dict[str, int]) -> list[dict[str, Any]]:
    assets, owed = total["1001"] + total["1101"], sum(net for code, net in total.items() if code[0] == "2")
    even = assets == owed
    return [
        {"title": _("监管中的钱"), "yuan": yuan(total["2001"] + total["2002"]),
         "note": _("买受人 %(a)s，贷款 %(b)s") % {"a": yuan(total["2001"]), "b": yuan(total["2002"])}},
        {"title": _("放款在途"), "yuan": yuan(total["2003"]), "note": ""},
        {"title": _("退款在途"), "yuan": yuan(total["2004"]), "note": ""},
        {"title": _("待查来款"), "yuan": yuan(total["2005"]), "href": reverse("escrow-suspense"), "note": _("逐笔看")},
        {"title": _("应收银行"), "yuan": yuan(total["1101"]), "note": _("应付利息 %s") % yuan(total["2006"])},
        {"title": _("账户与各方"), "words": _("相等") if even else _("不等"), "tone": "green" if even else "red",
         "note": _("存款和应收 %s") % yuan(assets)},
    ]  # fmt: skip


@needs("escrow.see")
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The list as Excel, with what it was narrowed by."""
    actor = actor_of(request)
    text, state = request.GET.get("q", "")[:100], request.GET.get("state", "live")[:20]
    rows = queries.matching(queries.visible_sales(actor), text)
    rows = rows if text or state == "all" else queries.in_state(rows, state)
    months = queries.months(queries.visible_sales(actor))
    data = sheets.sales_sheet(actor, rows.order_by("-pk"), dict(_states()).get(state, state), text, months)
    return attachment(data, f"监管台账{CLOCK.today():%Y%m%d}.xlsx")


# --- a new sale -------------------------------------------------------------------------------------------------------

_FIELDS = ("account", "contract_no", "contract_on", "unit_code", "title_no", "address", "area", "price", "mode",
           "contract_supervised", "own", "loan", "lender", "more_loans", "plan", "filed_already")  # fmt: skip
_PEOPLE, _SHOWN = 8, 3
"""How many persons a side may have on the form, and how many of their rows stand open."""


@needs("case.open")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """The form that opens a sale at the bank's counter; a refusal keeps what was typed."""
    actor, error = actor_of(request), None
    typed: Any = {"mode": "FULL", "plan": "SINGLE"}
    if request.method == "POST":
        typed = request.POST
        told = {name: _told(request, name)[:300] for name in _FIELDS}
        for side in ("buyers", "sellers"):
            told[side] = "\n".join(_line(request, side, n) for n in range(1, _PEOPLE + 1) if _line(request, side, n))
        try:
            case = contracts.open_sale(actor=actor, told=told)
            return HttpResponseRedirect(reverse("escrow-sale", args=[case.number]), status=303)
        except LuoshiError as refusal:
            error = refusal
    accounts = [one for one in queries.visible_accounts(actor) if one.status == EscrowAccount.Status.ACTIVE]
    context = {
        "page_title": _("签订监管协议"),
        "crumbs": crumbs((_("签订监管协议"), "")),
        "typed": typed,
        "accounts": [(one.book.key, _("%(bank)s 尾号 %(tail)s") % {"bank": one.bank.name, "tail": one.tail})
                     for one in accounts],
        "modes": [("FULL", _("全额监管")), ("PARTIAL", _("部分监管"))],
        "plans": Sale.Plan.choices,
        "people": [
            {"side": side, "title": title,
             "rows": _person_rows(typed, side)[:_SHOWN], "more": _person_rows(typed, side)[_SHOWN:],
             "open": any(one["name"] for one in _person_rows(typed, side)[_SHOWN:])}
            for side, title in (("buyers", _("买受人")), ("sellers", _("出卖人")))
        ],
        "faults": _faults(error),
        "error": error,
        "deadline": common.decide("agreement", {}),
    }  # fmt: skip
    return page(request, "home_escrow/new.html", context, status=status_of(error))


def _told(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()


def _person_rows(typed: Any, side: str) -> list[dict[str, Any]]:
    return [{"n": n, **{name: typed.get(f"{side}_{name}_{n}", "") for name in ("name", "number", "share")}}
            for n in range(1, _PEOPLE + 1)]  # fmt: skip


def _line(request: HttpRequest, side: str, n: int) -> str:
    name = " ".join(_told(request, f"{side}_name_{n}")[:60].split())
    number, share = ("".join(_told(request, f"{side}_{word}_{n}")[:60].split()) for word in ("number", "share"))
    return " ".join(one for one in (name, number, share) if one) if name or number else ""


def _faults(error: LuoshiError | None) -> dict[str, str]:
    """Return the faults of a form by field; the form's own under an empty name."""
    if error is None:
        return {}
    found = error.fields.get("fields")
    told = dict(found) if isinstance(found, dict) else {}
    return told or {"": error.message}


# --- a sale -----------------------------------------------------------------------------------------------------------


@needs("escrow.see")
@require_http_methods(["GET", "HEAD", "POST"])
def sale(request: HttpRequest, number: str) -> HttpResponse:
    """One sale: the four steps, its money line by line, what is held and why, papers, orders, its story."""
    actor, error = actor_of(request), None
    row = queries.visible_sale(actor, number)
    case = course.case_of(number)
    if request.method == "POST":
        try:
            done = _posted(request, row, case)
            return HttpResponseRedirect(done or request.path, status=303)
        except LuoshiError as refusal:
            if refusal.code == "E_NOT_FOUND":
                raise
            error = refusal
            row = queries.visible_sale(actor, number)
    state = queries.state_of(row)
    money = queries.money_of(row)
    title, reasons = queries.why(row, state)
    ending = course.ending_of(number)
    parties = list(row.parties.all())
    full = may(actor, "escrow.see", [ORGAN])
    context = {
        "page_title": _("监管协议 %s") % number,
        "crumbs": crumbs((number, "")),
        "row": row,
        "parties": parties,
        "by_shares": sum(one.side == "seller" for one in parties) > 1,
        "state": state,
        "state_title": queries.TITLES[state],
        "strip": strip(row, state),
        "next": queries.waits_on(row, state),
        "figures": [
            {"title": _("现存"), "yuan": yuan(money["balance"]),
             "note": _("买受人 %(a)s，贷款 %(b)s") % {"a": yuan(money["buyer"]), "b": yuan(money["loan"])}},
            {"title": _("冻结"), "yuan": yuan(money["held"]), "note": ""},
            {"title": _("可用"), "yuan": yuan(money["free"]), "note": ""},
            {"title": _("在途"), "yuan": yuan(money["in_transit"]), "note": ""},
            {"title": _("已放款"), "yuan": yuan(row.released),
             "note": _("退款 %(a)s，扣划 %(b)s") % {"a": yuan(row.refunded), "b": yuan(row.deducted)}},
            {"title": _("应付利息"), "yuan": yuan(money["interest"]), "note": _("随本金走")},
        ],
        "lines": [one | {"amount": yuan(one["line"].amount), "in": yuan(one["line"].deposited),
                         "short": yuan(one["open"]) if one["open"] else ""} for one in money["lines"]],
        "supervised": yuan(row.supervised),
        "price": yuan(row.price),
        "why_title": title,
        "reasons": shown(reasons),
        "holds": [{"hold": one, "amount": yuan(one.amount - one.used), "live": _live(one), "case": case}
                  for one in Hold.objects.filter(sale=row).order_by("-pk") for case in (holds.case_of(one.pk),)],
        "account_hold": course.frozen(row.book),
        "vouchers": [{"voucher": one, "amount": yuan(one.amount)} for one in row.vouchers.order_by("at", "pk")],
        "orders": [{"order": one, "amount": yuan(one.amount)} for one in queries.payments_of(row)] if full else [],
        "papers": queries.papers_of(row) if full else [],
        "checks": list(row.checks.order_by("-at")[:10]),
        "hints": queries.hints(row) if full else [],
        "way": stepping.offered(actor, case, request.POST if error else None, besides="feed"),
        "ending": ending,
        "may_end": full and may(actor, "case.open") and row.live and not (ending is not None and ending.is_open),
        "end_asks": [stepping.field(ask, number if ask.name == "agreement_no" else
                                    request.POST.get(ask.name, "") if error else "")
                     for ask in procedure(ENDING, CLOCK.today()).asks],
        "supplements": list(row.supplements.all()),
        "may_supplement": may(actor, "case.open") and row.state in (Sale.State.FUNDING, Sale.State.FILED),
        "supplement_asks": _supplement(request, row, error),
        "may_hold": may(actor, "fund.post", [ORGAN]) and may(actor, "case.open"),
        "late_interest": money["interest"] and not row.live and may(actor, "fund.post", [ORGAN]),
        "interest_yuan": yuan(money["interest"]),
        "interest_to": [one for one, _part in paying.receivers(row)] if money["interest"] and not row.live else [],
        "book_href": f"{book_href(row.book)}?{urlencode({'case': number})}" if full else "",
        "refused": request.POST.get("step", "") or request.POST.get("act", "") if error else "",
        "typed": request.POST if error else {},
        "error": error,
        "faults": _faults(error),
    }  # fmt: skip
    return page(request, "home_escrow/sale.html", context, status=status_of(error))


def _supplement(request: HttpRequest, row: Sale, error: LuoshiError | None) -> list[dict[str, Any]]:
    """Return the form of a supplementary agreement: the sale as it is, or what was refused."""
    typed = request.POST if error is not None and request.POST.get("act") == "supplement" else _as_it_is(row)
    asks = procedure(supplements.SUPPLEMENT, CLOCK.today()).asks
    return [stepping.field(ask, typed.get(ask.name, "")) for ask in asks]


def _as_it_is(row: Sale) -> dict[str, str]:
    loans = [one for one in row.lines.all() if one.lender]
    own = sum(one.amount for one in row.lines.all() if not one.lender)
    return {
        "agreement_no": row.agreement_no, "price": yuan(row.price), "own": yuan(own) if own else "",
        "contract_supervised": yuan(row.supervised), "loan": yuan(loans[0].amount) if loans else "",
        "lender": loans[0].lender if loans else "",
        "more_loans": "\n".join(f"{one.lender} {yuan(one.amount)}" for one in loans[1:]),
    }  # fmt: skip


def _live(hold: Hold) -> bool:
    today = CLOCK.today()
    return not hold.lifted_by and hold.from_on <= today and (hold.to_on is None or hold.to_on >= today)


def _posted(request: HttpRequest, row: Sale, case: Case | None) -> str:
    """Do what the page posted: a step of the case, a freeze, its lifting, its proof, interest, the sale's end."""
    actor = actor_of(request)
    told = {name: _told(request, name) for name in request.POST}
    if told.get("step") and case is not None:
        stepping.take(request, actor, case)
        return ""
    act, pk = told.get("act", ""), told.get("hold", "")
    hold = int(pk) if pk.isdecimal() and len(pk) < 19 else 0
    if hold and not Hold.objects.filter(pk=hold, sale=row).exists():
        raise LuoshiError("E_NOT_FOUND", "没有这道冻结。")
    if act == "freeze":
        words = {name: told.get(name, "")[:80] for name in ("authority", "document_no", "party", "amount", "to_on")}
        holds.open_hold(actor=actor, told=words | {"agreement_no": row.agreement_no})
    elif act == "lift":
        holds.ask_lift(actor=actor, hold=hold, document_no=told.get("document_no", ""))
    elif act == "proof":
        freezing.show_proof(actor=actor, hold=hold, to=told.get("to", ""))
        paper = papers.proof(actor=actor, hold=Hold.objects.select_related("sale__book").get(pk=hold))
        return reverse("notice", args=[paper.pk])
    elif act == "interest":
        to = payments.Payee(*(told.get(name, "")[:100] for name in ("owner", "number", "payee_bank")))
        paying.pay_interest(actor=actor, agreement_no=row.agreement_no, payee=to)
    elif act == "end":
        asks = procedure(ENDING, CLOCK.today()).asks
        given = {ask.name: told.get(ask.name, "") for ask in asks} | {"agreement_no": row.agreement_no}
        ending = contracts.open_ending(actor=actor, told=given)
        return reverse("case", args=[ending.pk])
    elif act == "supplement":
        asks = procedure(supplements.SUPPLEMENT, CLOCK.today()).asks
        given = {ask.name: told.get(ask.name, "") for ask in asks} | {"agreement_no": row.agreement_no}
        return reverse("case", args=[supplements.open_supplement(actor=actor, told=given).pk])
    else:
        raise LuoshiError("E_INPUT", "不认得这个动作。")
    return ""


@needs("escrow.see")
@require_safe
def voucher(request: HttpRequest, number: str, n: int) -> HttpResponse:
    """The voucher of a deposit, to print: figures and capitals, cumulative, open, check code."""
    row = queries.visible_sale(actor_of(request), number)
    told = vouchers.told(row, n)
    one = told["voucher"]
    context = {
        "page_title": _("存款凭证 %s") % one.number,
        "crumbs": crumbs((number, reverse("escrow-sale", args=[number])), (_("存款凭证"), "")),
        "row": row,
        "voucher": one,
        "amount": yuan(one.amount),
        "capitals": Money(one.amount).capitals(),
        "so_far": yuan(told["so_far"]),
        "open": yuan(told["open"]),
        "n": n,
    }
    return page(request, "home_escrow/voucher.html", context)


@needs("escrow.see")
@require_safe
def voucher_pdf(request: HttpRequest, number: str, n: int) -> HttpResponse:
    """The voucher of a deposit as PDF."""
    row = queries.visible_sale(actor_of(request), number)
    return pdf_answer(vouchers.pdf(row, n), f"{number}-{n:03d}.pdf")


def pdf_answer(data: bytes, name: str) -> HttpResponse:
    """Return a PDF to open in the browser."""
    return attachment(data, name, "application/pdf", inline=True)


# --- money in suspense ------------------------------------------------------------------------------------------------


@needs("escrow.see")
@require_http_methods(["GET", "HEAD", "POST"])
def waiting_money(request: HttpRequest) -> HttpResponse:
    """What lies in suspense, transaction by transaction: to be identified to a sale, or sent back to its payer."""
    actor, error, refused = actor_of(request), None, ""
    accounts = [one.book for one in queries.visible_accounts(actor)]
    rows = [one for one in suspense.inflows(accounts) if one.left > 0 or one.case is not None]
    if request.method == "POST":
        refused = _told(request, "entry")
        try:
            row = next((one for one in rows if str(one.entry) == refused), None)
            if row is None:
                raise LuoshiError("E_NOT_FOUND", _("这笔来款已经处理，或不在您能看的账户里。"))
            return HttpResponseRedirect(reverse("case", args=[_asked(request, row).pk]), status=303)
        except LuoshiError as refusal:
            error = refusal
    total = queries.books_total(accounts)["2005"]
    listed = sum(one.left for one in rows)
    context = {
        "page_title": _("待查来款"),
        "crumbs": crumbs((_("待查来款"), "")),
        "rows": [
            {"row": one, "amount": yuan(one.amount), "left": yuan(one.left), "agency": incoming.agency_kind(one.payer),
             "href": f"{book_href(one.book)}entries/{one.entry % BOOK}/", "refused": refused == str(one.entry),
             "plain": f"{Decimal(one.left) / 100:.2f}"}
            for one in rows
        ],
        "clauses": [{"cite": f"{RULES} 第十五条(二)"}, {"cite": f"{RULES} 第九条"}],
        "total": yuan(total),
        "besides": yuan(total - listed) if total > listed else "",
        "may_ask": may(actor, "escrow.see", [ORGAN]) and may(actor, "case.open", [ORGAN]),
        "typed": request.POST if error else {},
        "error": error,
        "faults": _faults(error),
    }  # fmt: skip
    return page(request, "home_escrow/suspense.html", context, status=status_of(error))


def _asked(request: HttpRequest, row: suspense.Inflow) -> Case:
    """Open the case that disposes of a transaction: identified to a sale, or to be sent back."""
    told = {name: _told(request, name)[:100] for name in ("amount", "agreement_no", "line", "lender", "both_signed")}
    if request.POST.get("act") == "send_back":
        told = {"amount": told["amount"]}
    elif not told["agreement_no"] or not told["both_signed"]:
        wanted = {"agreement_no": _("请写协议编号")} if not told["agreement_no"] else {"both_signed": _("请勾选")}
        raise LuoshiError("E_INCOMPLETE", _("认领要写明监管协议，并由买受人和付款人签字。"), fields={"fields": wanted})
    payer = row.payer or _told(request, "payer")[:100]
    given = {name: value for name, value in told.items() if value}
    return cases.open_case(
        actor=actor_of(request), procedure=contracts.SUSPENSE, title=f"{payer}来款 {row.txn}"[:100], organ=ORGAN,
        facts=given | {"account": row.book.key, "payer": payer, "txn": row.txn},
    )  # fmt: skip


# --- the counters of registry and tax ---------------------------------------------------------------------------------


@needs("escrow.check")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Is the contract signed online and filed, by which route: answered at once, and kept with who asked."""
    actor, error, found = actor_of(request), None, None
    asked = _told(request, "asked")[:80]
    if request.method == "POST":
        try:
            found = contracts.check_status(actor=actor, asked=asked)
        except LuoshiError as refusal:
            error = refusal
    mine = StatusCheck.objects.filter(organ=actor.organ).order_by("-at")[:10]
    routes = {"SUPERVISED": _("资金监管"), "OPT_OUT": _("自行划转"), "EXCLUDED": _("不纳入监管"), "EXEMPT": _("豁免")}
    context = {
        "page_title": _("核对合同备案"),
        "crumbs": crumbs((_("核对合同备案"), "")),
        "asked": asked,
        "found": found,
        "unknown": found is not None and not found.answer.get("contract_no"),
        "route": routes.get(str(found.answer.get("route")), _("查不到")) if found else "",
        "price": yuan(int(found.answer["price"])) if found and found.answer.get("price") else "",
        "mine": mine,
        "error": error,
        "faults": {"asked": error.message} if error else {},
    }
    return page(request, "home_escrow/check.html", context, status=status_of(error))
