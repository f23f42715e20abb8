"""The public page: who may borrow, how much, at what rate at most, where and when; totals; a small calculator."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.parameters import book as parameters
from luoshi.office.registers.models import standing
from luoshi.office.web import needs
from luoshi.programmes.mitigation_fund import lending
from luoshi.programmes.mitigation_fund.decisions.settings import in_fen
from luoshi.programmes.mitigation_fund.fund import ROOM, decide
from luoshi.programmes.mitigation_fund.models import Agreement, Listing, Loan, Window
from luoshi.programmes.mitigation_fund.views import rate_words, reasons, shown


@needs("open.see")
@require_safe
def public(request: HttpRequest) -> HttpResponse:
    """What everybody may know: conditions, ceilings, the highest rate today, banks, windows, totals; no firm's file."""
    day = CLOCK.today()
    within = max(day, lending.FIRST_DAY)
    values = parameters.current().values(ROOM, within)
    disbursed = Loan.objects.filter(disbursed__isnull=False)
    over = str(values["valid_to"]) < day.isoformat()
    context: dict[str, Any] = {
        "page_title": _("挂牌企业信用贷款"),
        "over": over,
        "valid_to": values["valid_to"],
        "caps": [(_("新三板"), Money(in_fen(values, "cap_neeq"))),
                 (_("齐鲁股权交易中心、青岛蓝海股权交易中心"), Money(in_fen(values, "cap_regional")))],
        "highest": rate_words(lending.highest_rate(day)),
        "months": values["loan_months"],
        "line": values["line_months"],
        "banks": Agreement.objects.filter(ended_on__isnull=True).order_by("name").values_list("name", flat=True),
        "windows": Window.objects.filter(standing(day), closes_on__gte=day).order_by("opens_on"),
        "firms": disbursed.values("firm").distinct().count(),
        "loans": disbursed.count(),
        "boards": Listing.Board.choices,
        "board": request.GET.get("board", ""),
        "amount": request.GET.get("amount", "")[:20],
        **_answer(request, within),
    }  # fmt: skip
    return shown(request, "mitigation_fund/public.html", context)


def _answer(request: HttpRequest, day: Any) -> dict[str, Any]:
    if not request.GET.get("board"):
        return {}
    amount = request.GET.get("amount", "").strip()
    try:
        asked = Money.yuan(amount).fen if amount else None
        if asked is not None and asked <= 0:
            raise LuoshiError("E_AMOUNT", _("想贷的金额应大于零。"))
        facts = {"board": request.GET["board"], **({} if asked is None else {"amount": asked})}
        taken = decide("ceiling", facts, day)
    except LuoshiError as refusal:
        return {"error": refusal}
    return {"answer": taken, "good": taken.value["result"] == "OK", "ceiling": Money(taken.value["ceiling"]),
            "reasons": reasons(taken.reasons)}  # fmt: skip
