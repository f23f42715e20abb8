"""Budget control (spec 8): postings, the page and its Excel file. Fines do not pass here.

Kept to this one module: accounts, postings and their invariants can be carried over to a general room of funds.
"""

from __future__ import annotations

import io
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.permissions import may, require
from luoshi.office.registers import sheets
from luoshi.office.web import actor_of, attachment, needs, page, status_of
from luoshi.programmes.heavy_pollution import plan
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import BudgetAccount, BudgetPosting
from luoshi.programmes.heavy_pollution.plan_views import crumbs
from luoshi.programmes.heavy_pollution.programme import PURSE

Kind, Purpose = BudgetPosting.Kind, BudgetAccount.Purpose
_MOVES = {
    Kind.APPROPRIATION: {"appropriated": 1, "available": 1},
    Kind.REDUCTION: {"appropriated": -1, "available": -1},
    Kind.COMMITMENT: {"available": -1, "committed": 1},
    Kind.RELEASE: {"committed": -1, "available": 1},
    Kind.PAYMENT: {"committed": -1, "paid": 1},
    Kind.REFUND: {"paid": -1, "committed": 1},
}
"""What a posting does to the balances of its account."""
_DRAWS = (Kind.RELEASE, Kind.PAYMENT, Kind.REFUND)
SHOWN = 200


def post(
    *,
    actor: Actor,
    kind: str,
    amount: str | int,
    text: str,
    year: int = 0,
    purpose: str = "",
    commitment: int | None = None,
    basis: str = "",
) -> BudgetPosting:
    """Make a posting; a payment, refund or release names its commitment, whose account it then belongs to.

    `amount` in yuan as text, or fen as a whole number. Errors: E_FORBIDDEN (finance appropriates; it and the command's
    office do the rest), E_INPUT, E_AMOUNT, E_NOT_FOUND for a commitment, E_CAPACITY with what is left.
    """
    if kind not in Kind.values:
        raise LuoshiError("E_INPUT", "请选记账的种类。", fields={"fields": {"kind": "请选一项"}})
    changing = kind in (Kind.APPROPRIATION, Kind.REDUCTION)
    require(actor, "pollution.task", ["finance"] if changing else ["finance", plan.COMMAND])
    fen = Money.yuan(amount).fen if isinstance(amount, str) else int(amount)
    if fen <= 0:
        raise LuoshiError("E_AMOUNT", "金额应大于0；冲正用相反的记账。", fields={"fields": {"amount": "应大于0"}})
    if len(text.strip()) < 2:
        raise LuoshiError("E_INPUT", "请写明事由。", fields={"fields": {"text": "请写事由"}})
    with transaction.atomic():
        cited = None
        if kind in _DRAWS:
            found = BudgetPosting.objects.select_related("account").filter(pk=commitment or 0, kind=Kind.COMMITMENT)
            cited = found.first()
            if cited is None:
                raise LuoshiError("E_NOT_FOUND", "支付、退回、解除都要写明是哪一笔承诺。",
                                  fields={"fields": {"commitment": "请选承诺"}})  # fmt: skip
            year, purpose = cited.account.year, cited.account.purpose
        elif purpose not in Purpose.values or not 2018 <= year <= 2100:
            raise LuoshiError("E_INPUT", "请选用途和年度。", fields={"fields": {"purpose": "请选用途和年度"}})
        BudgetAccount.objects.get_or_create(year=year, purpose=purpose)
        account = BudgetAccount.objects.select_for_update().get(year=year, purpose=purpose)
        _require_room(account, kind, fen, cited)
        for name, sign in _MOVES[Kind(kind)].items():
            setattr(account, name, getattr(account, name) + sign * fen)
        account.save()
        row = BudgetPosting.objects.create(
            account=account, kind=kind, fen=fen, commitment=cited, text=text.strip()[:300],
            basis=basis.strip()[:120], at=CLOCK.now(), by=actor.name[:100],
        )  # fmt: skip
        append(actor=actor, act="pollution.budget", subject=f"hp-budget:{account.pk}", permission="pollution.task",
               after={"posting": row.pk, "kind": kind, "fen": fen, "available": account.available},
               basis=f"{PLAN} 4.1")  # fmt: skip
    return row


def _require_room(account: BudgetAccount, kind: str, fen: int, cited: BudgetPosting | None) -> None:
    """Refuse what would leave an account or a commitment below zero, naming what is left."""
    if cited is not None:
        held = paid_of(cited) if kind == Kind.REFUND else left_of(cited)
        if fen > held:
            what = "已支付" if kind == Kind.REFUND else "未支付"
            raise LuoshiError("E_CAPACITY", f"这笔承诺{what}的只有 {Money(held)} 元，不够 {Money(fen)} 元。",
                              fields={"left": held})  # fmt: skip
    elif kind in (Kind.COMMITMENT, Kind.REDUCTION) and fen > account.available:
        raise LuoshiError("E_CAPACITY", f"{account}可用 {Money(account.available)} 元，不够 {Money(fen)} 元。",
                          fields={"left": account.available})  # fmt: skip


def _drawn(commitment: BudgetPosting) -> dict[str, int]:
    rows = BudgetPosting.objects.filter(commitment=commitment).values_list("kind").annotate(n=Sum("fen"))
    return dict(rows)


def paid_of(commitment: BudgetPosting) -> int:
    """Return what has been paid of a commitment, refunds taken off, in fen."""
    drawn = _drawn(commitment)
    return drawn.get(Kind.PAYMENT, 0) - drawn.get(Kind.REFUND, 0)


def left_of(commitment: BudgetPosting) -> int:
    """Return what of a commitment is neither paid nor released, in fen."""
    return commitment.fen - paid_of(commitment) - _drawn(commitment).get(Kind.RELEASE, 0)


# --- the page ---------------------------------------------------------------------------------------------------------


def _years() -> list[int]:
    return list(BudgetAccount.objects.order_by("-year").values_list("year", flat=True).distinct())


def _year(text: str) -> int:
    years = _years()
    return int(text) if text.isdecimal() and 2018 <= int(text) <= 2100 else years[0] if years else CLOCK.today().year


@needs("pollution.see")
@require_http_methods(["GET", "HEAD", "POST"])
def budget(request: HttpRequest) -> HttpResponse:
    """The accounts of a year with their postings; postings are made here."""
    actor, error = actor_of(request), None
    require(actor, "pollution.see", PURSE)
    year = _year(request.GET.get("year", ""))
    if request.method == "POST":
        number = request.POST.get("commitment", "")
        try:
            post(
                actor=actor, kind=request.POST.get("kind", ""), amount=request.POST.get("amount", ""),
                text=request.POST.get("text", ""), year=_year(request.POST.get("year", "")),
                purpose=request.POST.get("purpose", ""), basis=request.POST.get("basis", ""),
                commitment=int(number) if number.isdecimal() else None,
            )  # fmt: skip
            return HttpResponseRedirect(f"{reverse('pollution-budget')}?year={year}", status=303)
        except LuoshiError as refusal:
            error = refusal
    rows = BudgetPosting.objects.filter(account__year=year).select_related("account", "commitment")
    open_ones = [
        {"pk": one.pk, "words": f"{one.pk} {one.account.get_purpose_display()} {one.text[:30]} {Money(one.fen)}"}
        for one in rows.filter(kind=Kind.COMMITMENT).order_by("-id")[:SHOWN]
    ]
    accounts = [_account(one) for one in BudgetAccount.objects.filter(year=year).order_by("purpose")]
    context = {
        "page_title": _("应急经费"),
        "crumbs": crumbs((_("应急经费"), "")),
        "year": year,
        "years": _years(),
        "accounts": accounts,
        "rows": [{"row": one, "money": Money(one.fen)} for one in rows.order_by("-id")[:SHOWN]],
        "kinds": Kind.choices,
        "purposes": Purpose.choices,
        "commitments": open_ones,
        "may_post": may(actor, "pollution.task", ["finance", plan.COMMAND]),
        "typed": request.POST,
        "error": error,
    }
    return page(request, "heavy_pollution/budget.html", context, status=status_of(error))


_PARTS = ("appropriated", "available", "committed", "paid")


def _account(row: BudgetAccount) -> dict[str, Any]:
    return {"title": row.get_purpose_display(), "cells": [Money(getattr(row, part)) for part in _PARTS]}


@needs("pollution.see")
@require_safe
def budget_export(request: HttpRequest) -> HttpResponse:
    """The accounts and postings of a year as an Excel file."""
    actor = actor_of(request)
    require(actor, "pollution.see", PURSE)
    year = _year(request.GET.get("year", ""))
    stream = io.BytesIO()
    columns = [("编号", 8, True), ("用途", 16, False), ("种类", 12, False), ("金额（元）", 16, True), ("承诺", 8, True),
               ("事由", 40, False), ("依据", 24, False), ("时间", 18, False), ("经办", 12, False)]  # fmt: skip
    book = sheets.Book(stream, title=f"{year}年应急经费", columns=columns)
    rows = BudgetPosting.objects.filter(account__year=year).select_related("account").order_by("id")
    for one in rows:
        book.add([one.pk, one.account.get_purpose_display(), one.get_kind_display(), str(Money(one.fen)),
                  one.commitment_id, one.text, one.basis, f"{local(one.at):%Y-%m-%d %H:%M}", one.by])  # fmt: skip
    foot = [["台账", f"{'演示数据；' if settings.DEMO else ''}{year}年应急经费"],
            ["用途", "指标", "可用", "已承诺", "已支付"]]  # fmt: skip
    for account in BudgetAccount.objects.filter(year=year).order_by("purpose"):
        shown = _account(account)
        foot.append([shown["title"], *(str(cell) for cell in shown["cells"])])
    foot.append(["导出", f"{CLOCK.now():%Y-%m-%d %H:%M} {actor.name}"])
    book.close(foot)
    with transaction.atomic():
        append(actor=actor, act="pollution.budget_export", subject=f"hp-budget-year:{year}",
               permission="pollution.see")  # fmt: skip
    return attachment(stream.getvalue(), f"budget-{year}.xlsx")
