"""A claim's case (P3): recourse, the judicial end, the claim, the committee, the payment, what comes back later."""

from __future__ import annotations

import datetime
from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case, CaseEvent
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.programmes.mitigation_fund import claims, committee, fund, papers
from luoshi.programmes.mitigation_fund.decisions.claims import PAPERS
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import wrong
from luoshi.programmes.mitigation_fund.models import Agreement, Claim, ClaimVote, Loan

CLAIM, RISK = "mitigation_fund.claim", "mitigation_fund.risk"
_LOSS = f"{RULES} 第十五条"
_PAPERS = ("has_form", "has_contract", "has_result", "has_report", "has_judgment", "has_ledger")
State = PaymentInstruction.State


def _loan(turn: Turn) -> Loan:
    rows = Loan.objects.select_related("firm", "agreement__book", "application__case")
    found = rows.filter(agreement__organ=turn.case.organ, contract_no=str(turn.facts["contract_no"])).first()
    if found is None or found.disbursed is None:
        raise wrong("E_NOT_FOUND", "本行没有这个合同编号的已放款贷款。", "contract_no")
    return found


@effect("mitigation_fund.recourse")
def recourse(turn: Turn) -> None:
    """Recourse begins for a loan whose overdue report is in; one claim a loan; interest never enters P."""
    loan = _loan(turn)
    if loan.reported_on is None:
        raise LuoshiError("E_STATE", "先报告逾期，再登记追偿。逾期满三十天须报告。", citation=f"{RULES} 第十四条")
    here = Case.objects.filter(procedure=CLAIM, subject=f"mf-loan:{loan.pk}").first()
    if here is not None or Claim.objects.filter(agreement=loan.agreement, contract_no=loan.contract_no).exists():
        raise LuoshiError("E_DUPLICATE", f"合同 {loan.contract_no} 已申请过补偿。")
    turn.case.subject = f"mf-loan:{loan.pk}"
    # What the bank has as its last balance is believed as far as it agrees with what stands here.
    turn.facts["last_balance"] = min(int(turn.facts["last_balance"]), loan.outstanding)
    turn.facts.update(
        firm_name=loan.firm.name, approved=loan.approved, disbursed=loan.disbursed, recovered=0,
        passed_on=loan.application.passed_at and loan.application.passed_at.isoformat(),
        disbursed_on=loan.disbursed_at and loan.disbursed_at.isoformat(), uncovered=loan.uncovered,
    )  # fmt: skip
    fund.refuse(fund.decide("loss", _loss(turn) | {"recovered": 0, "judicial_end": None}), "追偿登记有误")


def _loss(turn: Turn) -> dict[str, Any]:
    """Return the facts of the loss as the case has them; a ruling that ends one round passes if the votes accept it."""
    told = turn.facts | turn.data
    found = {
        "principal": int(told["principal"]), "last_balance": int(turn.facts["last_balance"]),
        "recovered": int(told.get("recovered") or 0), "approved": told["approved"], "disbursed": told["disbursed"],
        "interest": int(told.get("interest") or 0), "sued_on": str(told["sued_on"]),
    }  # fmt: skip
    if told.get("judicial_end"):
        found |= {"judicial_end": told["judicial_end"], "paper_on": str(told["paper_on"]),
                  "round_accepted": told["judicial_end"] == "round_ended"}  # fmt: skip
    return found


@facts("mitigation_fund.loss_facts")
def loss_facts(turn: Turn) -> dict[str, Any]:
    """What the loss is reckoned from."""
    return _loss(turn)


@effect("mitigation_fund.recovered")
def recovered(turn: Turn) -> None:
    """Add what was recovered from debtor, guarantors and enforcement, gross: it is set against principal."""
    amount = int(turn.data["amount"])
    if amount <= 0:
        raise wrong("E_AMOUNT", "追回金额应大于零。", "amount")
    turn.facts["recovered"] = int(turn.facts.get("recovered") or 0) + amount
    loan = _loan(turn)
    Loan.objects.filter(pk=loan.pk).update(outstanding=max(loan.outstanding - amount, 0))


@effect("mitigation_fund.ended")
def ended(turn: Turn) -> None:
    """The paper is not older than the suit."""
    paper_on = datetime.date.fromisoformat(str(turn.data["paper_on"]))
    if paper_on.isoformat() < str(turn.facts["sued_on"]):
        raise wrong("E_INPUT", "文书日期早于起诉日期，请核对。", "paper_on")


@effect("mitigation_fund.claimed")
def claimed(turn: Turn) -> None:
    """File the claim and ask the committee; what the fund would pay today is shown, not promised."""
    told = turn.facts
    if not all(turn.data.get(name) for name in _PAPERS):
        raise LuoshiError("E_INCOMPLETE", "补偿申请的材料还没有备齐，请逐项勾选。", citation=_LOSS)
    if told.get("uncovered"):
        raise LuoshiError("E_RULE", f"这笔贷款不在基金保障内：{told['uncovered']}。", citation=f"{RULES} 第十六条")
    agreement = Agreement.objects.select_related("book").get(organ=turn.case.organ, loans__pk=_loan(turn).pk)
    row = claims.file_claim(
        actor=turn.actor, agreement=agreement, number=turn.case.number, contract_no=str(told["contract_no"]),
        firm=str(told["firm_name"])[:100], case=turn.case.number,
        facts=_loss(turn) | {"passed_on": told["passed_on"], "disbursed_on": told["disbursed_on"]},
    )  # fmt: skip
    turn.facts.update(loss=row.loss, half=row.half)
    papers.computation(turn, row, fund.available(agreement.book))
    round_ended = told.get("judicial_end") == "round_ended"
    note = "。文书为终结本次执行程序裁定，表决通过即明示接受" if round_ended else ""
    committee.open_review(
        turn, "claim", f"{row.firm} 本金损失 {Money(row.loss)} 元，基金至多承担 {Money(row.half)} 元{note}",
        {"loss": row.loss, "half": row.half, "claim": turn.case.number, "firm_name": row.firm, "round": round_ended,
         "matter": f"{row.firm}，{agreement.name}合同 {row.contract_no}：通过 {Money(row.approved)} 元，"
                   f"放款 {Money(row.disbursed)} 元",
         "grounds": f"启动追偿时未还本金 {Money(row.principal)} 元，此后追回 {Money(row.recovered)} 元，"
                    f"计入的本金损失 {Money(row.loss)} 元；{_ruling(turn)}"},
    )  # fmt: skip


def _ruling(turn: Turn) -> str:
    told = turn.facts
    kind = PAPERS[str(told["judicial_end"])]
    return f"{kind}（{told.get('court', '')} {told.get('paper_no', '')} {told['paper_on']}）"


@effect("mitigation_fund.sent_back")
def sent_back(turn: Turn) -> None:
    """Take the committee's case back: the claim is filed anew after it was put right."""
    cases.act(actor=PROGRAM, case=committee.review_of(turn).pk, step="recall", data={"recalled_because": "退回补正"})


@committee.before_result("claim")
def write_votes(turn: Turn) -> None:
    """Write the committee's votes into the claim: a payment rests on three passes that stand there."""
    row = Claim.objects.get(number=str(turn.facts["claim"]))
    for one in committee.voices(turn.case):
        ClaimVote.objects.create(
            claim=row, organ=committee.MEMBERS[one.party.removesuffix("_head")], passes=one.agrees,
            reason=one.text[:300], voter=one.who, at=one.at,
        )  # fmt: skip


@effect("mitigation_fund.given_up")
def given_up(turn: Turn) -> None:
    """Recourse ends and nothing is claimed; a claim sent back is not paid."""
    why = str(turn.data["closed_because"])[:200]
    Claim.objects.filter(case_id=turn.case.number).update(state=Claim.State.REJECTED, closing=why)


def claim_of(turn: Turn) -> Claim:
    """Return the claim of a case with its account and itself locked."""
    return claims.locked(Claim.objects.get(case_id=turn.case.number).pk)


@effect("mitigation_fund.claim_passed")
def claim_passed(turn: Turn) -> None:
    """Three organs passed the claim: it has its turn from this moment."""
    committee.require_result(turn, "passed")
    row = claim_of(turn)
    row.state, row.passed_at = Claim.State.PASSED, turn.at
    row.save()
    papers.decision(turn, row)


@effect("mitigation_fund.claim_rejected")
def claim_rejected(turn: Turn) -> None:
    """One organ rejected it."""
    committee.require_result(turn, "rejected")
    row = claim_of(turn)
    row.state = Claim.State.REJECTED
    row.save()
    turn.tell("bank", f"{turn.case.number} {row.firm}：补偿申请未通过")


@effect("mitigation_fund.instruct")
def instruct(turn: Turn) -> None:
    """Draft the payment, or again what failed or came back; another hand checks it in the funds' room."""
    row, told = claim_of(turn), turn.data
    payee = payments.Payee(str(told["payee"]), str(told["payee_number"]), row.agreement.name)
    last = PaymentInstruction.objects.filter(claim=row.number, book=row.agreement.book).order_by("-pk").first()
    back = last is not None and (last.state == State.RETURNED or (last.state == State.FAILED and last.replaces_id))
    if back and last is not None:
        payments.reissue(actor=turn.actor, payment=last.pk, payee=payee, reason="付后退回")
    elif row.compensation is None and claims.amount_now(row) == 0:
        raise LuoshiError("E_RULE", "专户余额已用完，补偿为零，请办理“补偿为零，办结”。", citation=_LOSS)
    else:
        claims.instruct(actor=turn.actor, claim=row.pk, payee=payee)
    turn.data = claims.masked(turn.data)
    turn.tell("checker", f"补偿 {turn.case.number} 的付款待复核")


@effect("mitigation_fund.close_zero")
def close_zero(turn: Turn) -> None:
    """Nothing is to be paid: the claim is closed with its reason, nothing is posted."""
    row = claim_of(turn)
    if row.compensation is not None or claims.amount_now(row) > 0:
        raise LuoshiError("E_STATE", "还有可补偿的金额，请拟付款指令。")
    claims.instruct(actor=turn.actor, claim=row.pk, payee=payments.Payee("无", "0", "无"))


def _last(turn: Turn) -> PaymentInstruction | None:
    return PaymentInstruction.objects.filter(claim=turn.case.number).order_by("-pk").first()


@effect("mitigation_fund.paid")
def paid(turn: Turn) -> None:
    """The bank has confirmed; a person's word for it is not enough."""
    payment = _last(turn)
    if payment is None or payment.state != State.CONFIRMED:
        raise LuoshiError("E_STATE", "银行还没有确认付款成功。")
    turn.facts["compensation"] = payment.amount


@effect("mitigation_fund.unpaid")
def unpaid(turn: Turn) -> None:
    """The payment failed, was refused by the checker or came back: only then may it be instructed again."""
    payment = _last(turn)
    if payment is None or payment.state not in (State.FAILED, State.RETURNED, State.CANCELLED):
        raise LuoshiError("E_STATE", "这笔付款没有失败，不能重新指令。")


@effect("mitigation_fund.recovered_later")
def recovered_later(turn: Turn) -> None:
    """Share what was recovered after payment: the fund's part goes into its account, the rest is the bank's."""
    amount, row = int(turn.data["later_amount"]), Claim.objects.get(case_id=turn.case.number)
    if amount <= 0:
        raise wrong("E_AMOUNT", "追回金额应大于零。", "later_amount")
    key = f"J6:{turn.case.number}:{turn.case.events_count + 1}"
    part = claims.recover(actor=turn.actor, claim=row.pk, amount=amount, key=key, txn=str(turn.data["txn"]))
    turn.facts["recovered_later"] = int(turn.facts.get("recovered_later") or 0) + amount
    turn.tell(
        "bank", f"{turn.case.number} 追回 {Money(amount)} 元，基金得 {Money(part)} 元，本行得 {Money(amount - part)} 元"
    )


@effect("mitigation_fund.claim_closed")
def claim_closed(turn: Turn) -> None:
    """Recourse is over."""
    row = claim_of(turn)
    row.state, row.closing = Claim.State.CLOSED, str(turn.data["closed_because"])[:200]
    row.save()


def bank_said(row: Claim, step: str) -> None:
    """Move a claim's case on by what the bank said; one that stands elsewhere already stays."""
    case = Case.objects.filter(number=row.case_id).first()
    if case is not None and case.state in ("instructed", "paid"):
        cases.act(actor=PROGRAM, case=case.pk, step=step)


claims.moved_on.append(bank_said)


# --- risks ------------------------------------------------------------------------------------------------------------


@effect("mitigation_fund.propose")
def propose(turn: Turn) -> None:
    """Ask the committee for a treatment plan."""
    plan = str(turn.data["plan"])
    committee.open_review(turn, "plan", plan, {"plan": plan})


@effect("mitigation_fund.plan_decided")
def plan_decided(turn: Turn) -> None:
    """The committee has decided the plan."""
    wanted = "passed" if turn.step is not None and turn.step.key == "pass" else "rejected"
    committee.require_result(turn, wanted)


def story(case: Case) -> list[CaseEvent]:
    """Return the story of a case in order."""
    return list(CaseEvent.objects.filter(case=case).order_by("n"))
