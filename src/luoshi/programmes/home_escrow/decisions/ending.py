"""6.9: when a supervised sale may be ended and the money goes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import judged, undetermined
from luoshi.kernel.decisions import Context, Reason, Rule, Verdict
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Text
from luoshi.programmes.home_escrow.decisions.settings import RULES, ruled, whole, yuan

_END = f"{RULES} 第十六条"
_AGREED, _DECREED, _LAWFUL = f"{_END}(一)", f"{_END}(二)", f"{_END}(三)"
JOINT = Rule(_AGREED, "买卖双方共同申请")
ONE_SIDE = Rule(_AGREED, "只有一方申请，又没有生效法律文书")
STILL_SELLER = Rule(_AGREED, "登记簿显示房屋仍在出卖人名下（{day}）")
IS_BUYER = Rule(_AGREED, "房屋已登记在买受人名下，不能按协商解除")
NO_PRINT = Rule(_AGREED, "没有登记簿或权属查询证明")
FUTURE_PRINT = Rule(_AGREED, "登记簿证明的日期{day}晚于出具通知之日{on}")
OLD_PRINT = Rule(_AGREED, "登记簿证明出具于{day}，到{on}已{days}个工作日，超过{limit}个工作日")
DOCUMENT = Rule(_DECREED, "有生效法律文书终止交易和登记，一方即可申请")
NO_DOCUMENT = Rule(_DECREED, "没有生效法律文书")
BY_LAW = Rule(_LAWFUL, "法律规定的其他情形：{basis}")
NO_LAW = Rule(_LAWFUL, "法律规定的其他情形，须写明依据")
RELEASED = Rule(_END, "已放款，只能退余额{left}")
NOTHING = Rule(_END, "款项已全部放出，没有可退的")
RELEASING = Rule(_END, "放款正在办理，不能同时解除")
RECORDED = Rule(_END, "放款正在办理：先登记，核实后，未在途的放款批准作废")
_GROUND = Annotated[
    Any,
    Choice({
        "1": "joint agreed agreement 协商 not_registered 不予登记", "2": "judgment legal_document court 法律文书 判决",
        "3": "law other other_law 其他",
    }),
]  # fmt: skip
_TITLE = Annotated[Any, Choice({"seller": "出卖人 卖方", "buyer": "买受人 买方"})]


class TerminationFacts(Facts):
    """情形、谁申请、登记簿、法律文书、余额。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "ground": 1,
                    "applied_by": ["buyer", "seller"],
                    "title_in": "seller",
                    "print_on": "2018-06-19",
                    "day": "2018-06-20",
                },
                {"ground": 2, "applied_by": ["buyer"], "legal_document": True},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "applicants": "applied_by", "joint": "joint", "both_applied": "joint", "title": "title_in",
        "title_holder": "title_in", "register_print_on": "print_on", "print_date": "print_on",
        "register_print": "print_given", "judgment": "legal_document", "effective_judgment": "legal_document",
        "document": "legal_document", "on": "day", "today": "day", "date": "day", "remaining": "balance",
        "release_approved": "release_open", "fresh_print": "print_given", "basis": "citation",
    }  # fmt: skip

    ground: _GROUND = Field(None, description="情形：1 协商或不予登记、2 法律文书、3 其他；默认看申请人和文书 / ground")
    applied_by: list[Text] | None = Field(None, description="谁申请：buyer、seller / who applied")
    joint: Flag = Field(None, description="双方共同申请 / joint application")
    title_in: _TITLE = Field("seller", description="房屋登记在谁名下：seller、buyer / whose name the title is in")
    print_on: Day = Field(None, description="登记簿证明出具日 / date of the register print")
    print_given: Flag = Field(None, description="有新近的登记簿证明 / a fresh register print, without its date")
    legal_document: Flag = Field(False, description="有生效法律文书 / an effective legal document")
    citation: Text = Field(None, description="其他情形的依据 / legal basis of other")
    balance: Fen = Field(None, description="余额（分） / remaining balance")
    released: Fen = Field(0, description="已放（分） / released already")
    release_open: Flag = Field(False, description="放款正在办理 / a release is open")
    day: Day = Field(None, description="出具通知之日：默认按哪一天 / the day of the notice")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One applicant may stand by itself; a ground may be a number."""
        for name in ("applied_by", "applicants", "applicant"):
            if isinstance(data.get(name), str):
                words = str(data.pop(name))
                data["applied_by"] = ["buyer", "seller"] if words in ("both", "双方", "joint") else [words]
        if isinstance(data.get("register_print"), str):
            data["print_on"] = data.pop("register_print")
        return data


@ruled(
    key="home_escrow.termination",
    title="可以解除监管吗",
    citation=_END,
    reads=("proof_fresh_days",),
    uses_calendar=True,
    also=("home_escrow.terminate",),
)
def termination(facts: TerminationFacts, context: Context) -> Verdict:
    """协商解除或不予登记：双方申请，新近的登记簿证明房屋仍在出卖人名下；有生效法律文书的一方即可；其他凭法律。

    Value: `result` OK or REFUSE, `ground`, `refundable` in fen where the balance is given.
    """
    sides = {str(one).lower() for one in facts.applied_by or ()}
    joint = facts.joint
    if joint is None and facts.applied_by is not None:
        joint = bool(sides & {"buyer", "买受人", "buyers"}) and bool(sides & {"seller", "出卖人", "sellers"})
    ground = facts.ground or ("2" if facts.legal_document else "3" if facts.citation else "1")
    if ground == "1" and joint is None:
        return undetermined({"applied_by": "谁申请"}, _END)
    shown = facts.print_on is not None or facts.print_given is not None or "title_in" in facts.model_fields_set
    day = facts.day or context.on
    reasons: list[Reason] = []
    code = ""
    if ground == "1":
        reasons.append(JOINT.reason(True) if joint else ONE_SIDE.reason(False))
        if facts.title_in == "buyer":
            reasons.append(IS_BUYER.reason(False))
        elif facts.print_on is not None and facts.day is not None and facts.print_on > facts.day:
            reasons.append(FUTURE_PRINT.reason(False, facts.print_on.isoformat(), day.isoformat()))
            code = "E_FUTURE"
        elif facts.print_on is not None:
            age = _working_days(context, facts.print_on, day)
            limit = whole(context, "proof_fresh_days")
            words = (facts.print_on.isoformat(), day.isoformat(), age, limit)
            reasons.append(STILL_SELLER.reason(True, words[0]) if age <= limit else OLD_PRINT.reason(False, *words))
        elif facts.print_given is False:
            reasons.append(NO_PRINT.reason(False))
            code = "E_INCOMPLETE"
        else:
            reasons.append(STILL_SELLER.reason(True if facts.print_given else None, "日期未写"))
    elif ground == "2":
        reasons.append(DOCUMENT.reason(True) if facts.legal_document else NO_DOCUMENT.reason(False))
    else:
        reasons.append(BY_LAW.reason(True, facts.citation) if facts.citation else NO_LAW.reason(False))
    if facts.release_open:
        reasons.append(RECORDED.reason(None) if ground == "2" else RELEASING.reason(False))
        code = code or ("" if ground == "2" else "E_STATE")
    more: dict[str, Any] = {"ground": int(ground)}
    if facts.balance is not None:
        more["refundable"] = facts.balance
        if facts.balance == 0:
            reasons.append(NOTHING.reason(False))
        elif facts.released:
            reasons.append(RELEASED.reason(None, yuan(facts.balance)))
    if ground == "1" and not shown and all(reason.ok is not False for reason in reasons):
        return undetermined({"print_on": "登记簿或权属查询证明"}, _END)
    return judged(reasons, code=code, **more)


def _working_days(context: Context, first: Any, last: Any) -> int:
    """Return the working days after a day up to and including another."""
    if last <= first:
        return 0
    count, day = 0, first
    # A print is days old, not years: beyond a hundred working days it is stale in any case.
    while day < last and count <= 100:
        day = context.calendar.shift(day, 1)
        count += day <= last
    return count
