"""Which pages of this room belong to a case, and which of its steps are taken elsewhere or come by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from luoshi.office.cases.hooks import elsewhere, links
from luoshi.office.cases.models import Case
from luoshi.office.funds.models import PaymentInstruction
from luoshi.programmes.mitigation_fund import claims, committee, fund, instructions, lending, recourse
from luoshi.programmes.mitigation_fund.fund import ROOM
from luoshi.programmes.mitigation_fund.models import Application, Claim

Page = tuple[str, str]
_NEVER: Page = ("", "")
"""A step this case never takes as it stands."""
_STATES = PaymentInstruction.State
_BY_REVIEW = ("pass", "reject")
_BY_BANK = ("pay", "paid", "come_back")
_UNPAID = ("fail", "unpaid")
_WAYS = {"allocate": ("carry_out",), "keep_interest": ("carry_out",), "move": ("send", "arrive")}
"""By what Finance instructed: the steps that carry it out; a payment has steps of its own."""


@links(ROOM)
def of_case(case: Case) -> Sequence[Page]:
    """Return the firm and the bank of an application, the computation and the application of a claim."""
    if case.procedure == lending.APPLICATION:
        row = Application.objects.select_related("firm", "agreement").filter(case=case).first()
        return [] if row is None else _of_application(row)
    if case.procedure == recourse.CLAIM:
        row = Application.objects.select_related("case").filter(
            loan__contract_no=str(case.facts.get("contract_no")), agreement__organ=case.organ
        ).first()  # fmt: skip
        found = [] if row is None else [(_("贷款 %s") % row.case.number, reverse("case", args=[row.case.pk]))]
        filed = Claim.objects.filter(case=case).exists()
        return [*([(_("补偿计算单"), reverse("mitigation-claim", args=[case.number]))] if filed else []), *found]
    return []


def _of_application(row: Application) -> list[Page]:
    loan = getattr(row, "loan", None)
    begun = lending.recourse_on(loan) if loan is not None else None
    return [
        (_("企业情况"), reverse("mitigation-firm", args=[row.firm.credit_code])),
        (_("银行额度"), reverse("mitigation-bank", args=[row.agreement.bank])),
        *([(_("追偿 %s") % begun.number, reverse("case", args=[begun.pk]))] if begun is not None else []),
    ]


@elsewhere(ROOM)
def of_step(case: Case, step: str) -> Page | None:
    """Return where a step is taken that a person does not take here: the committee's case, the payment; or never."""
    if step == "told_disbursed":
        return _NEVER
    if case.procedure == committee.REVIEW:
        return _to_parent(case) if step == "recall" else None
    if step in _BY_REVIEW:
        return _to_review(case)
    if step in (*_BY_BANK, *_UNPAID):
        return _to_payment(case, step)
    if case.procedure == instructions.MONEY:
        return _of_money(case, step)
    return _of_nothing_due(case, step)


def _to_review(case: Case) -> Page:
    found = Case.objects.filter(parent=case, procedure=committee.REVIEW).order_by("-pk").first()
    return _NEVER if found is None else (_("到会签 %s") % found.number, reverse("case", args=[found.pk]))


def _to_parent(case: Case) -> Page:
    parent = case.parent
    return _NEVER if parent is None else (_("到原件 %s") % parent.number, reverse("case", args=[parent.pk]))


def _to_payment(case: Case, step: str) -> Page | None:
    """Return the payment's page; what did not come off may be entered here when its checker sent it back."""
    last = PaymentInstruction.objects.filter(claim=case.number, book__plan=fund.PLAN).order_by("-pk").first()
    if last is None or step == "come_back":
        return _NEVER
    if step in _UNPAID:
        return None if last.state in (_STATES.FAILED, _STATES.CANCELLED, _STATES.RETURNED) else _NEVER
    return _("到付款 %s") % last.instr_id, reverse("fund-payment", args=[last.pk])


def _of_money(case: Case, step: str) -> Page | None:
    what = str(case.facts.get("what"))
    if step in ("carry_out", "send", "arrive", "pay_out", "ask_vote"):
        votes = what == "return" and instructions.must_be_voted_on(case.facts)
        ways = _WAYS.get(what, ("ask_vote",) if votes else ("pay_out",))
        return None if step in ways else _NEVER
    return None


def _of_nothing_due(case: Case, step: str) -> Page | None:
    """Tell an instruction to pay from the end of a claim for which nothing is left."""
    if case.procedure != recourse.CLAIM or step not in ("instruct", "close_zero"):
        return None
    row = Claim.objects.select_related("agreement__book").filter(case=case).first()
    if row is None:
        return None
    nothing = row.compensation is None and claims.amount_now(row) == 0
    return None if nothing is (step == "close_zero") else _NEVER
