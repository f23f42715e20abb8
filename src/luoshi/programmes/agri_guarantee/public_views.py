"""What everybody may see of the guarantee: the policy in numbers, the eight steps, 可贷多少, the year's totals."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.duties import concern
from luoshi.office.web import needs, page
from luoshi.programmes.agri_guarantee import fund
from luoshi.programmes.agri_guarantee.decisions.fields import CATEGORIES, GROUNDS, PROJECTS, SCOPES
from luoshi.programmes.agri_guarantee.decisions.fund import STEPS
from luoshi.programmes.agri_guarantee.decisions.settings import POLICY
from luoshi.programmes.agri_guarantee.models import Claim, Loan

MAX_AGE_S = 60
BANKS = ("rural-commercial-bank",)
_SIZES = ("normal", "large", "largest")


def _shell(request: HttpRequest) -> dict[str, Any]:
    size = request.COOKIES.get("ls_size", "")
    size = size if size in _SIZES else "normal"
    return {
        "size": size, "next_size": {"normal": "large", "large": "largest", "largest": "normal"}[size],
        "language": "en" if get_language() == "en" else "zh-CN", "demo": settings.DEMO, "now": CLOCK.now(),
    }  # fmt: skip


def numbers() -> dict[str, Any]:
    """Return the policy's numbers of today as the page says them."""
    known = fund.values()
    wan = {name: _wan(int(known[name])) for name in ("base_min", "base_max", "mech_max", "big_max")}
    rest = ("term_min", "term_max", "float_max", "fee_grain", "fee_other", "fee_leading", "halt_line")
    return wan | {name: known[name] for name in rest} | {"benchmark": list(known["benchmark"])}


def _wan(yuan: int) -> str:
    return f"{(Decimal(yuan) / 10_000).normalize():f}"


def totals(year: int) -> dict[str, Any]:
    """Return a year's totals: loans given, what stands, what was compensated; no names."""
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    loans = Loan.objects.filter(void=False)
    given = loans.filter(disbursed_on__range=(first, last)).aggregate(n=Count("pk"), fen=Sum("disbursed"))
    stands = loans.exclude(status__in=["closed", "signed"]).aggregate(
        n=Count("pk"), a=Sum("disbursed"), b=Sum("repaid"), c=Sum("covered")
    )
    paid = Claim.objects.filter(paid_on__range=(first, last)).aggregate(n=Count("pk"), fen=Sum("settled"))
    return {
        "year": year, "given": given["n"], "given_fen": given["fen"] or 0, "stands": stands["n"],
        "stands_fen": (stands["a"] or 0) - (stands["b"] or 0) - (stands["c"] or 0), "paid": paid["n"],
        "paid_fen": paid["fen"] or 0,
    }  # fmt: skip


@needs("open.see")
@require_safe
@cache_control(public=True, max_age=MAX_AGE_S)
def public(request: HttpRequest) -> HttpResponse:
    """Show who may apply, how much, how long, at what cost, the steps, the banks, the totals."""
    found = totals(CLOCK.today().year)
    context = _shell(request) | {
        "page_title": _("鲁担惠农贷"), "numbers": numbers(), "categories": list(CATEGORIES.titles.values()),
        "scopes": list(SCOPES.titles.values()), "grounds": list(GROUNDS.titles.values()), "steps": STEPS,
        "banks": [concern.title(one) for one in BANKS], "halt": fund.live_halt(),
        "totals": found | {name: str(Money(found[name])) for name in ("given_fen", "stands_fen", "paid_fen")},
        "policy": POLICY,
    }  # fmt: skip
    return page(request, "agri_guarantee/public.html", context)


# --- 可贷多少 ---------------------------------------------------------------------------------------------------------


def reckon(asked: dict[str, str]) -> dict[str, Any]:
    """Return what an operator may have and what it costs a year. E_INPUT by field for what cannot be read."""
    faults: dict[str, str] = {}
    owed = _yuan(asked, "owed", faults) or 0
    amount = _yuan(asked, "amount", faults)
    category = asked.get("category", "")
    project = asked.get("project_type") or "ORDINARY"
    scope = asked.get("scope") or "GRAIN"
    months = asked.get("months", "").strip() or "12"
    if category not in CATEGORIES.titles:
        faults["category"] = _("请选一类")
    if project not in PROJECTS.titles:
        faults["project_type"] = _("请选一项")
    if scope not in SCOPES.titles:
        faults["scope"] = _("请选一项")
    if not months.isascii() or not months.isdigit() or not 1 <= int(months) <= 120:
        faults["months"] = _("应是 1 至 120 的整数")
    if faults:
        raise LuoshiError("E_INPUT", "；".join(faults.values()), fields={"fields": faults})
    facts = {"category": category, "project_type": project, "outstanding": owed, "requested": amount or 100,
             "mechanised": bool(asked.get("mechanised"))}  # fmt: skip
    taken = fund.decide("agri_guarantee.amount", facts)
    today = CLOCK.today()
    term = fund.decide("agri_guarantee.term", {"start": today.isoformat(), "months": int(months)})
    priced = {"category": category, "scope": scope, "months": int(months), "rate": "0", "fee": "0"}
    known = fund.decide("agri_guarantee.cost", priced).value
    all_in = Decimal(known["rate_ceiling"]) + Decimal(known["fee_ceiling"])
    found: dict[str, Any] = {
        "least": taken.value["least"], "most": taken.value["most"], "term": term.value["result"],
        "rate_ceiling": known["rate_ceiling"], "fee_ceiling": known["fee_ceiling"], "all_in": f"{all_in.normalize():f}",
        "amount": amount, "ok": taken.value["result"] == "OK" if amount else None,
        "reasons": [one.text for one in taken.reasons] if amount else [],
    }  # fmt: skip
    if amount:
        # The most a year may cost: rate and fee at their ceilings, on the whole amount.
        found["cost"] = int(Decimal(amount) * all_in / 100)
    return found


def _yuan(asked: dict[str, str], name: str, faults: dict[str, str]) -> int | None:
    text = asked.get(name, "").strip()
    if not text:
        return None
    try:
        fen = Money.yuan(text).fen
    except LuoshiError:
        faults[name] = _("应是金额，如 500000")
        return None
    if not 0 <= fen < 10**14:
        faults[name] = _("金额不对，请核对")
        return None
    return fen


_ASKED = ("category", "scope", "project_type", "owed", "amount", "months", "mechanised")


@needs("open.see")
@require_safe
def calculator(request: HttpRequest) -> HttpResponse:
    """Tell a farmer how much there may be, and what it costs a year at most. Nothing is kept."""
    asked = {name: request.GET.get(name, "")[:40] for name in _ASKED}
    answer, faults = None, {}
    if asked["category"] or asked["amount"]:
        try:
            answer = reckon(asked)
        except LuoshiError as refusal:
            faults = refusal.fields.get("fields", {"": refusal.message})
    if answer is not None:
        shown = ("least", "most", "amount", "cost")
        answer |= {f"{name}_yuan": str(Money(answer[name])) for name in shown if answer.get(name) is not None}
    context = _shell(request) | {
        "page_title": _("可贷多少"), "asked": asked, "answer": answer, "faults": list(faults.values()),
        "categories": list(CATEGORIES.titles.items()), "scopes": list(SCOPES.titles.items()),
        "projects": list(PROJECTS.titles.items()), "halt": fund.live_halt(), "numbers": numbers(),
    }  # fmt: skip
    return page(request, "agri_guarantee/calculator.html", context, status=422 if faults else 200)
