"""What everybody may see: rules, steps, banks and accounts; buyer and seller see their own sale by its two codes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean, mask_name
from luoshi.office.duties import concern
from luoshi.office.web import needs, page
from luoshi.programmes.home_escrow import common, incoming, queries, vouchers
from luoshi.programmes.home_escrow.decisions.scope import PAPERS
from luoshi.programmes.home_escrow.models import EscrowAccount, Sale, Voucher
from luoshi.programmes.home_escrow.views import pdf_answer, shown, strip, yuan

_NOT_THERE = "协议编号和查询码不符，请核对协议或存款凭证上的两个号码。"


@needs("open.see")
@require_http_methods(["GET", "HEAD", "POST"])
def public(request: HttpRequest) -> HttpResponse:
    """The public page; a POST asks for one sale or one voucher, so that the codes stand in no address."""
    context: dict[str, Any] = {
        "page_title": _("存量房交易资金监管"),
        "now": CLOCK.now(),
        "accounts": EscrowAccount.objects.filter(status="active", published_on__isnull=False)
        .select_related("bank").order_by("bank__code"),
        "papers": list(PAPERS.values()),
        "organ": concern.title(common.ORGAN, CLOCK.today()),
        "deadline": common.decide("agreement", {}),
        "typed": request.POST,
    }  # fmt: skip
    status = 200
    if request.method == "POST":
        try:
            if request.POST.get("act") == "pdf":
                return _pdf(request)
            context |= _voucher(request) if request.POST.get("act") == "voucher" else _own(request)
        except LuoshiError as refusal:
            context["error"], status = refusal, 422
    response = page(request, "home_escrow/public.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _own(request: HttpRequest) -> dict[str, Any]:
    """Return the sale of an agreement number and its code; one refusal, whether there is none or the code is off."""
    number, code = clean(request.POST.get("number", "")[:40]), clean(request.POST.get("code", "")[:20])
    sale = Sale.objects.select_related("book").filter(agreement_no=number).exclude(code="").first()
    if sale is None or code != sale.code:
        raise LuoshiError("E_NOT_FOUND", _(_NOT_THERE))
    state, money = queries.state_of(sale), queries.money_of(sale)
    title, reasons = queries.why(sale, state)
    return {
        "sale": sale,
        "buyer": "、".join(mask_name(one) for one in sale.buyer.split("、")),
        "seller": "、".join(mask_name(one) for one in sale.seller.split("、")),
        "state_title": queries.TITLES[state],
        "next": queries.waits_on(sale, state),
        "strip": strip(sale, state),
        "lines": [one | {"amount": yuan(one["line"].amount), "in": yuan(one["line"].deposited)}
                  for one in money["lines"]],
        "balance": yuan(money["balance"]),
        "held": yuan(money["held"]) if money["held"] else "",
        "in_transit": yuan(money["in_transit"]) if money["in_transit"] else "",
        "released": yuan(sale.released) if sale.released else "",
        "refunded": yuan(sale.refunded) if sale.refunded else "",
        "vouchers": [{"number": one.number, "at": one.at, "amount": yuan(one.amount)}
                     for one in sale.vouchers.order_by("at")],
        "why_title": title,
        "lacking": [one["text"] for one in shown(reasons) if one["ok"] is False],
    }  # fmt: skip


def _voucher(request: HttpRequest) -> dict[str, Any]:
    """Tell whether a printed voucher is one of ours: its number and its check code."""
    number, code = clean(request.POST.get("voucher", "")[:60]), clean(request.POST.get("check", "")[:20])
    row = Voucher.objects.filter(number=number).first()
    good = row is not None and code != "" and code == incoming.voucher_code(row.number, row.amount)
    return {"checked": True, "genuine": good, "voucher": row if good else None,
            "amount": yuan(row.amount) if good and row is not None else "", "href": reverse("open-escrow")}  # fmt: skip


def _pdf(request: HttpRequest) -> HttpResponse:
    """Return a voucher as PDF by its number and check code; one refusal, whether there is none or it is off."""
    number, code = clean(request.POST.get("voucher", "")[:60]), clean(request.POST.get("check", "")[:20])
    row = Voucher.objects.select_related("sale__book").filter(number=number).first()
    if row is None or code == "" or code != incoming.voucher_code(row.number, row.amount):
        raise LuoshiError("E_NOT_FOUND", _("凭证编号和校验码不符，这张凭证不是本系统出的。"))
    numbers = list(row.sale.vouchers.order_by("at", "pk").values_list("pk", flat=True))
    response = pdf_answer(vouchers.pdf(row.sale, numbers.index(row.pk) + 1), f"{row.number}.pdf")
    response["Cache-Control"] = "no-store"
    return response
