"""6.1 to 6.4, 6.6: which sales are supervised, by which route, for how much; when a contract may be filed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Text, folded
from luoshi.kernel.identifiers import clean, parse_id_number, parse_uscc
from luoshi.programmes.home_escrow.decisions.settings import (
    FORCE,
    PARAMETERS,
    RULES,
    SUCCESSOR,
    force,
    in_force,
    positive,
    ruled,
    yuan,
)

_SCOPE = f"{RULES} 第二条"
_WHERE = f"{RULES} 第三条"
_UNIT = re.compile(r"371083\d{6}[A-Z]{2}\d{5}[FLQW]\d{8}")
PLACE = Rule(_WHERE, "房屋在乳山市内")
NOT_PLACE = Rule(_WHERE, "房屋不在乳山市内")
STATE_LAND = Rule(_SCOPE, "土地为国有")
COLLECTIVE = Rule(_SCOPE, "土地为集体所有（宗地特征码{letters}），不在监管范围")
CERTIFIED = Rule(_SCOPE, "已取得不动产权证书或房屋所有权证")
NOT_CERTIFIED = Rule(_SCOPE, "没有取得不动产权证书")
SEALED = Rule(_SCOPE, "房屋被查封，不能交易")
OBJECTION = Rule(_SCOPE, "有未了结的异议登记，不能交易")
MORTGAGED = Rule(_SCOPE, "房屋已抵押，抵押权人没有书面同意")
BAD_UNIT = Rule(
    _SCOPE, "不动产单元代码“{code}”不合规则：应为28位，371083、6位数字、2位字母、5位数字、F（房屋）等1位字母、8位数字"
)
NO_HOUSE = Rule(_SCOPE, "不动产单元代码的定着物特征码为{fixture}，不是房屋（F）")
BAD_LINE = Rule(_SCOPE, "“{kind}”不是房价款，不能列入监管")

Land = Annotated[Any, Choice({"state": "国有 state_owned stateowned", "collective": "集体 集体所有"})]


class ScopeFacts(Facts):
    """房屋的位置、土地、权证和限制。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"land": "state", "unit_code": "371083001001GB00001F00010001"},
                {"unit_code": "371083001001JC00001F00010001"},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "land_nature": "land", "unit": "unit_code", "real_estate_unit_code": "unit_code", "rushan": "in_rushan",
        "title": "certificate", "title_certificate": "certificate", "has_certificate": "certificate",
        "seal": "sealed", "mortgage": "mortgaged", "consent": "mortgagee_consent",
        "mortgage_consent": "mortgagee_consent",
        "letters": "parcel_letters", "state_owned": "state_owned",
    }  # fmt: skip

    in_rushan: Flag = Field(None, description="在乳山市内：默认看单元代码，没有即是 / in Rushan")
    land: Land = Field(None, description="土地：state 国有、collective 集体 / land nature")
    unit_code: Text = Field(None, description="不动产单元代码，28位 / unit code")
    parcel_letters: Text = Field(None, description="宗地特征码，如 GB、JC / parcel feature letters")
    certificate: Flag = Field(True, description="已取得权证 / title certificate obtained")
    sealed: Flag = Field(False, description="被查封 / sealed")
    objection: Flag = Field(False, description="有异议登记 / unresolved objection")
    mortgaged: Flag = Field(False, description="已抵押 / mortgaged")
    mortgagee_consent: Flag = Field(False, description="抵押权人同意 / the mortgage holder consents")
    lines: list[Text] = Field(default_factory=list, description="款项种类：佣金、税费不能列入 / kinds of money")


FOREIGN_LINE = re.compile(r"税|佣金|中介费|手续费|tax|commission|fee", re.IGNORECASE)
"""Kinds of money that are not the price."""


@ruled(
    key="home_escrow.scope",
    title="是否在监管范围",
    citation=_SCOPE,
    also=("home_escrow.in_scope",),
)
def scope(facts: ScopeFacts, _context: Context) -> Verdict:
    """在乳山、国有土地、有权证、可以交易的房屋；税费和佣金不在监管资金之内。

    Value: `result` IN_SCOPE or OUT_OF_SCOPE.
    """
    reasons: list[Reason] = []
    letters = clean(facts.parcel_letters or "")
    if not letters and facts.unit_code is None and facts.land is None and facts.in_rushan is not False:
        return undetermined({"land": "土地性质或不动产单元代码"}, _SCOPE)
    place = facts.in_rushan
    if facts.unit_code:
        code = clean(facts.unit_code)
        if not _UNIT.fullmatch(code):
            reasons.append(BAD_UNIT.reason(False, code[:40]))
            place = code.startswith("371083") if place is None else place
        else:
            letters = letters or code[12:14]
            if code[19] != "F":
                reasons.append(NO_HOUSE.reason(False, code[19]))
    reasons.append(NOT_PLACE.reason(False) if place is False else PLACE.reason(True))
    collective = facts.land == "collective" or letters.startswith("J")
    reasons.append(COLLECTIVE.reason(False, letters or "未写") if collective else STATE_LAND.reason(True))
    reasons.append(NOT_CERTIFIED.reason(False) if facts.certificate is False else CERTIFIED.reason(True))
    for bad, rule in ((facts.sealed, SEALED), (facts.objection, OBJECTION)):
        reasons += [rule.reason(False)] if bad else []
    if facts.mortgaged and not facts.mortgagee_consent:
        reasons.append(MORTGAGED.reason(False))
    reasons += [BAD_LINE.reason(False, kind) for kind in facts.lines if FOREIGN_LINE.search(str(kind))]
    return judged(reasons, good="IN_SCOPE", bad="OUT_OF_SCOPE")


# --- parties ----------------------------------------------------------------------------------------------------------

_PARTIES = f"{RULES} 第十五条(三)"
ID_GOOD = Rule(_PARTIES, "{who}的证件号码校验无误")
ID_BAD = Rule(_PARTIES, "{who}的证件号码有误：{why}")
ID_OTHER = Rule(_PARTIES, "{who}的{paper}没有校验位，请核对原件")
SAME = Rule(_PARTIES, "买受人和出卖人是同一人")
_OTHER_PAPER = re.compile("护照|通行证|居住证|居留证|军官证|PASSPORT|PERMIT")


class PartyFacts(Facts):
    """买卖双方的证件号码。"""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"buyers": ["371083197001010014"]}]}
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"id": "buyers", "id_number": "buyers", "number": "buyers"}

    buyers: list[Text] = Field(
        default_factory=list, description="买受人证件号码；护照等写明种类，如 护照E1234 / buyers' ID numbers"
    )
    sellers: list[Text] = Field(default_factory=list, description="出卖人证件号码 / sellers' ID numbers")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One number may stand by itself."""
        for name, own in (("buyer", "buyers"), ("seller", "sellers")):
            if name in data:
                data[own] = data.pop(name)
        for name in ("buyers", "sellers", "id", "id_number", "number"):
            if isinstance(data.get(name), str):
                data[name] = [data[name]]
        return data


@decision(key="home_escrow.party", title="双方的证件号码", citation=_PARTIES, parameters=PARAMETERS,
          also=("home_escrow.parties", "home_escrow.person"))  # fmt: skip
def party(facts: PartyFacts, context: Context) -> Verdict:
    """身份证号或统一社会信用代码校验；买卖双方不能是同一人。Value: `result` OK or REFUSE, `code` E_CHECK_DIGIT."""
    reasons, code, seen = [], "", set()
    for who, numbers in (("买受人", facts.buyers), ("出卖人", facts.sellers)):
        for number in numbers:
            try:
                text = clean(str(number))
                if paper := _OTHER_PAPER.match(text):
                    found = text
                    reasons.append(ID_OTHER.reason(None, who, paper[0]))
                else:
                    uscc = len(text) == 18 and not text[:17].isdecimal()
                    found = parse_uscc(text) if uscc else parse_id_number(text, max(context.on, CLOCK.today()))
                    reasons.append(ID_GOOD.reason(True, who))
                if who == "出卖人" and found in seen:
                    reasons.append(SAME.reason(False))
                    code = code or "E_INTEREST"
                if who == "买受人":
                    seen.add(found)
            except LuoshiError as error:
                reasons.append(ID_BAD.reason(False, who, error.message))
                code = code or error.code
    if not reasons:
        return undetermined({"buyers": "证件号码"}, _PARTIES)
    return judged(reasons, code=code)


# --- 6.2, 6.3 ---------------------------------------------------------------------------------------------------------

_FREE = f"{RULES} 第四条"
_EXCLUDED = f"{RULES} 第十三条"
_EXEMPT = f"{RULES} 第十四条"
EXCLUSIONS = {
    "inheritance": "继承、遗赠、赠与、等值交换",
    "legal_document": "生效法律文书、拍卖",
    "division": "分割、合并、出资等无价款的转移",
    "co_owners": "共有人之间",
    "relatives": "直系亲属之间",
    "other_law": "法律规定的其他情形",
}
PROOFS = {
    "filed": "已在当地备案的合同",
    "notarised": "公证的合同",
    "bank_voucher": "付款的银行凭证",
    "tax_invoice": "出卖人开具的税票或收据",
    "other_law": "法律规定的其他证明",
}
SUPERVISED = Rule(_FREE, "三方签订监管协议，纳入监管")
OPTED_OUT = Rule(_FREE, "双方都签署自行划转声明")
ONE_SIGNED = Rule(_FREE, "自行划转声明只有{who}签署，须双方签署")
OUTSIDE = {kind: Rule(f"{_EXCLUDED}({number})", "{kind}，可以不纳入监管（也可以自愿选择）")
           for kind, number in zip(EXCLUSIONS, "一二三四五六", strict=True)}  # fmt: skip
NO_PROOF = Rule(_EXCLUDED, "{kind}：没有证明材料")
NO_BASIS = Rule(_EXCLUDED, "法律规定的其他情形，须写明依据")
NO_ROUTE = Rule(_FREE, "没有监管协议、双方声明、不纳入或豁免的证明，合同不予备案")
BEFORE = Rule(_EXEMPT, "{what}{day}在施行日{first}之前")
NOT_BEFORE = Rule(_EXEMPT, "{what}{day}不在施行日{first}之前")
PROVEN = {kind: Rule(f"{_EXEMPT}({number})", "{kind}取得于{day}")
          for kind, number in zip(PROOFS, "一二三四五", strict=True)}  # fmt: skip
NO_PROVEN = Rule(_EXEMPT, "没有施行日之前取得的证明")
NOT_PAID = Rule(_EXEMPT, "房价款尚未交付")
PAID_UNKNOWN = Rule(_EXEMPT, "没有写房价款何时交付")

Exclusion = Annotated[
    Any,
    Choice({
        "inheritance": "1 (1) (一) 继承 遗赠 赠与 交换 等价交换 继承、遗赠、赠与、等价交换 gift bequest exchange "
        "exchange_of_equal_value",
        "legal_document": "2 (2) (二) 法律文书 生效法律文书 判决 拍卖 拍卖房屋 auction judgment court "
        "effective_legal_document",
        "division": "3 (3) (三) 分割 合并 出资 所有权分割 所有权合并 所有权分割或合并 投资入股 无价款 "
        "投资入股等无价款方式 "
        "merger share_contribution contribution division_of_ownership merger_of_ownership",
        "co_owners": "4 (4) (四) 共有人 共有人之间 房屋共有人 房屋共有人之间 co-owner coowner between_co_owners",
        "relatives": "5 (5) (五) 直系亲属 直系亲属之间 亲属 lineal lineal_relatives kinship relative father_daughter",
        "other_law": "6 (6) (六) 其他 其他情形 法律法规规定的其他情形 other other_by_law",
    }),
]  # fmt: skip
ProofKind = Annotated[
    Any,
    Choice({
        "filed": "备案 备案合同 经备案的合同 contract_filed filed_contract contract_filed_with_the_local_authority 1",
        "notarised": "公证 公证合同 经公证的合同 notarized notarial notary notarised_contract 2",
        "bank_voucher": "银行凭证 银行凭据 交割房款的银行凭据 voucher bank bank_voucher_of_the_price 3",
        "tax_invoice": "税票 税务发票 发票 收据 invoice receipt tax_receipt tax_invoice_or_receipt 4",
        "other_law": "其他 其他法律 法律法规规定的材料 other other_by_law 5",
    }),
]  # fmt: skip


class Proof(Facts):
    """一份证明。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "on": "obtained_on",
        "date": "obtained_on",
        "day": "obtained_on",
        "type": "kind",
    }

    kind: ProofKind = Field(None, description="种类：filed、notarised、bank_voucher、tax_invoice、other_law / kind")
    obtained_on: Day = Field(None, description="取得日 / obtained on")


class ExemptionFacts(Facts):
    """施行前的合同、付款和证明。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "contract_on": "2018-03-26",
                    "paid_on": "2018-03-26",
                    "proofs": [{"kind": "bank_voucher", "obtained_on": "2018-03-26"}],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "contract": "contract_on", "contract_date": "contract_on", "signed_on": "contract_on", "signed": "contract_on",
        "contract_signed_on": "contract_on", "price_paid_on": "paid_on", "payment_on": "paid_on", "price_paid": "paid",
        "paid_date": "paid_on",
    }  # fmt: skip

    contract_on: Day = Field(None, description="合同签订日 / contract signed on")
    paid_on: Day = Field(None, description="房价款交付日 / price handed over on")
    paid: Flag = Field(None, description="房价款已交付（没有写明日期时） / price paid, without a day")
    price: Fen = Field(None, description="房价款（分） / price")
    paid_amount: Fen = Field(None, description="已付（分）：部分付款时，其余可以纳入监管 / paid so far")
    proofs: list[Proof] = Field(default_factory=list, description="证明及取得日 / proofs")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A single proof may stand by itself, or as `bank_voucher_on: 2018-03-26`."""
        proofs = data.pop("proof", None)
        if proofs is not None:
            data["proofs"] = proofs
        if isinstance(data.get("proofs"), Mapping):
            one = data["proofs"]
            known = set(one) <= {"kind", "type", "on", "date", "day", "obtained_on"}
            data["proofs"] = [one] if known else [{"kind": kind, "on": day} for kind, day in one.items()]
        for kind, names in (("bank_voucher", ("bank_voucher_on", "voucher_on", "bank_voucher", "voucher")),
                            ("filed", ("filed_on",)), ("notarised", ("notarised_on",)),
                            ("tax_invoice", ("invoice_on",))):  # fmt: skip
            for name in names:
                if name in data:
                    data["proofs"] = [*data.get("proofs", []), {"kind": kind, "on": data.pop(name)}]
        return data


def _handed_over(facts: ExemptionFacts) -> bool | None:
    """Tell whether the price was handed over; None where nothing tells."""
    if facts.paid_on is not None or facts.paid_amount:
        return True
    return None if facts.paid is None else bool(facts.paid)


def exempt(facts: ExemptionFacts, context: Context) -> list[Reason]:
    """Return why a contract made before the rules is exempt, or why not."""
    first, _last = force(context)
    reasons = []
    paid_on = facts.paid_on
    for what, day in (("合同签订", facts.contract_on), ("房价款交付", paid_on)):
        if day is not None:
            good = day < first
            reasons.append((BEFORE if good else NOT_BEFORE).reason(good, what, day.isoformat(), first.isoformat()))
    if paid_on is None and facts.paid is False:
        reasons.append(NOT_PAID.reason(False))
    found = [one for one in facts.proofs if one.obtained_on is not None and one.obtained_on < first and one.kind]
    if found:
        reasons.append(PROVEN[found[0].kind].reason(True, PROOFS[found[0].kind], found[0].obtained_on.isoformat()))
    else:
        reasons.append(NO_PROVEN.reason(False))
    return reasons


@decision(
    key="home_escrow.exemption",
    title="施行前的合同是否豁免",
    citation=_EXEMPT,
    parameters=PARAMETERS,
    reads=FORCE,
    also=("home_escrow.exempt",),
)
def exemption(facts: ExemptionFacts, context: Context) -> Verdict:
    """合同签订、房价款交付都在施行日之前，并有一份施行日之前取得的证明；施行当日的不算。

    Value: `result` EXEMPT or REFUSE, `exempt_amount` and `open_amount` where only a part was paid.
    """
    if facts.contract_on is None:
        return undetermined({"contract_on": "合同签订日"}, _EXEMPT)
    if facts.price is not None and facts.paid_amount is not None and facts.paid_amount > facts.price:
        raise LuoshiError("E_SUM", f"已付{yuan(facts.paid_amount)}大于房价款{yuan(facts.price)}，请核对。")
    reasons = exempt(facts, context)
    if _handed_over(facts) is None and all(reason.ok is not False for reason in reasons):
        return answer("UNDETERMINED", Outcome.UNDETERMINED, [*reasons, PAID_UNKNOWN.reason(None)], missing=["paid_on"])
    more: dict[str, Any] = {}
    if facts.price is not None and facts.paid_amount is not None and facts.paid_amount < facts.price:
        more = {"exempt_amount": facts.paid_amount, "open_amount": facts.price - facts.paid_amount}
    return judged(reasons, good="EXEMPT", **more)


class RouteFacts(Facts):
    """协议、声明、不纳入的情形、豁免。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"exclusion": "relatives", "proof": True},
                {"opt_out": ["buyer"]},
                {"agreement": True},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "excluded": "exclusion", "exclusion_kind": "exclusion", "kind": "exclusion", "kinship_proof": "proof",
        "evidence": "proof", "opt_out_signed_by": "opt_out", "optout": "opt_out", "declaration": "opt_out",
        "signed_by": "opt_out", "agreement_signed": "agreement", "supervised": "agreement", "basis": "citation",
    }  # fmt: skip

    agreement: Flag = Field(None, description="已签监管协议 / supervision agreement signed")
    opt_out: list[Text] = Field(
        default_factory=list, description="自行划转声明由谁签：buyer、seller / who signed the opt-out"
    )
    exclusion: Exclusion = Field(None, description="不纳入的情形，如 relatives / kind of exclusion")
    proof: Flag = Field(None, description="有证明材料 / proof given")
    citation: Text = Field(None, description="其他情形的法律依据 / legal basis of other")
    exemption: ExemptionFacts | None = Field(None, description="施行前合同的豁免 / exemption of an old contract")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Signatures may be told one by one; the route wished for may be named."""
        signed = data.get("opt_out")
        if isinstance(signed, str):
            data["opt_out"] = re.split(r"[,、， ]+", signed)
        elif isinstance(signed, Mapping):
            data["opt_out"] = [name for name, value in signed.items() if value]
        for name in ("opt_out_buyer", "opt_out_seller", "buyer_signed", "seller_signed"):
            if name in data and data.pop(name) is True:
                data["opt_out"] = [*data.get("opt_out", []), "buyer" if "buyer" in name else "seller"]
        return data


_SIDES = (("buyer", "买受人", ("buyer", "买受人", "买方")), ("seller", "出卖人", ("seller", "出卖人", "卖方")))


@decision(
    key="home_escrow.route",
    title="走哪条路径",
    citation=_FREE,
    parameters=PARAMETERS,
    reads=FORCE,
)
def route(facts: RouteFacts, context: Context) -> Verdict:
    """监管自愿且免费：签协议，或双方声明自行划转，或属可以不纳入的情形，或施行前合同豁免；都没有则不予备案。

    Value: `result` SUPERVISED, OPT_OUT, EXCLUDED, EXEMPT or REFUSE, `filing`: whether the contract may be filed on this
    route, `possible`: the routes open.
    """
    reasons: list[Reason] = []
    possible: list[str] = []
    if facts.agreement:
        possible.append("SUPERVISED")
        reasons.append(SUPERVISED.reason(True))
    words = {str(one).strip().lower() for one in facts.opt_out}
    both = "both" in words or "双方" in words
    signed = [title for _side, title, names in _SIDES if both or words & set(names)]
    if len(signed) == 2:
        possible.append("OPT_OUT")
        reasons.append(OPTED_OUT.reason(True))
    elif facts.opt_out:
        reasons.append(ONE_SIGNED.reason(None if possible else False, "、".join(signed) or "他人"))
    if facts.exclusion is not None:
        title = EXCLUSIONS[facts.exclusion]
        if facts.exclusion == "other_law" and not facts.citation:
            reasons.append(NO_BASIS.reason(None if possible else False))
        elif (facts.exclusion == "relatives" and facts.proof is not True) or facts.proof is False:
            reasons.append(NO_PROOF.reason(None if possible else False, title))
        else:
            possible.append("EXCLUDED")
            reasons.append(OUTSIDE[facts.exclusion].reason(True, title))
    if facts.exemption is not None:
        found = exempt(facts.exemption, context)
        if all(one.ok is not False for one in found) and _handed_over(facts.exemption):
            possible.append("EXEMPT")
            reasons += found
        else:
            reasons += [one.rule.reason(None, *one.values) if possible and one.ok is False else one for one in found]
    if possible:
        kept = [one for one in reasons if one.ok is not False]
        return answer(possible[0], Outcome.ALLOW, kept, filing=True, possible=possible)
    reasons.append(NO_ROUTE.reason(False))
    return answer("REFUSE", Outcome.REFUSE, reasons, filing=False, possible=[])


# --- 6.4 --------------------------------------------------------------------------------------------------------------

_MODE = f"{RULES} 第十二条"
ALL = Rule(_MODE, "全额监管，监管资金{amount}等于房价款{price}")
NOT_ALL = Rule(_MODE, "全额监管，监管资金{amount}应等于房价款{price}，相差{more}")
PART = Rule(_MODE, "部分监管，监管资金{amount}大于零、小于房价款{price}")
CHOOSE_FULL = Rule(_MODE, "部分监管的资金等于房价款，请选全额监管")
NOT_PART = Rule(_MODE, "部分监管的资金{amount}应大于零、小于房价款{price}")
SAME_AS_CONTRACT = Rule(_MODE, "合同写明的监管资金与协议相同")
DIFFERS = Rule(_MODE, "{what}：合同为{theirs}，协议为{ours}，相差{more}")
OTHERWISE = Rule(_MODE, "{what}：合同为{theirs}，协议为{ours}")
LINES_SUM = Rule(_MODE, "各笔款项之和{total}等于监管资金")
LINES_OFF = Rule(_MODE, "各笔款项之和{total}与监管资金{amount}相差{more}")
LINE_EMPTY = Rule(_MODE, "第{n}笔款项应大于零")
TOO_LOW = Rule(_MODE, "变更后的监管资金{amount}少于已存入的{paid}")
Mode = Annotated[Any, Choice({"FULL": "全额 全额监管", "PARTIAL": "部分 部分监管 part"})]
Kind = Annotated[
    Any,
    Choice({
        "首付款": "down_payment downpayment deposit own own_money buyer 自有 自有资金",
        "按揭贷款": "loan mortgage 贷款 mortgage_loan",
        "一次性付款": "lump_sum single one_off", "分期付款": "instalment installment", "其他": "other",
        "佣金": "commission 中介费 经纪佣金 agency_commission", "税费": "税 费 契税 个人所得税 增值税 维修资金 "
        "手续费 tax taxes fee fees",
    }),
]  # fmt: skip
Due = Annotated[Any, Choice({"BEFORE_FILING": "备案前 before", "AFTER_REGISTRATION": "登记后 after"})]


class PayLine(Facts):
    """一笔款项。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {"due_point": "due", "paid": "deposited", "in": "deposited"}

    kind: Kind = Field("首付款", description="种类：首付款、按揭贷款、一次性付款、分期付款、其他 / kind")
    amount: Fen = Field(None, description="金额（分） / amount")
    payer: Text = Field(None, description="付款人 / payer")
    lender: Text = Field(None, description="贷款银行 / lender")
    due: Due = Field(None, description="何时付：BEFORE_FILING、AFTER_REGISTRATION / due point")
    deposited: Fen = Field(0, description="已存入（分） / paid in")

    @property
    def is_loan(self) -> bool:
        """Whether a lender pays it."""
        return bool(self.kind == "按揭贷款" or self.lender)

    @property
    def before_filing(self) -> bool:
        """Whether it must be in before the contract is filed; a loan's line need not unless it says so."""
        return bool((self.due or ("AFTER_REGISTRATION" if self.is_loan else "BEFORE_FILING")) == "BEFORE_FILING")


class AmountFacts(Facts):
    """方式、房价款、协议和合同写明的监管资金、各笔款项。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"mode": "PARTIAL", "price": 80000000, "supervised": 50000000, "contract_supervised": 48000000},
                {
                    "mode": "FULL",
                    "price": 80000000,
                    "supervised": 80000000,
                    "lines": [{"kind": "首付款", "amount": 32000000}, {"kind": "按揭贷款", "amount": 48000000}],
                },
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "s": "supervised", "amount": "supervised", "supervised_amount": "supervised",
        "contract_s": "contract_supervised",
        "contract_says": "contract_supervised", "contract_amount": "contract_supervised",
        "contract_supervised_amount": "contract_supervised", "deposits": "deposited",
        "already_in": "deposited",
    }  # fmt: skip

    mode: Mode = Field(None, description="方式：FULL 全额、PARTIAL 部分 / mode")
    price: Fen = Field(None, description="房价款（分） / price")
    supervised: Fen = Field(None, description="协议的监管资金（分） / supervised amount s of the agreement")
    contract_supervised: Fen = Field(
        None, description="合同写明的监管资金（分）：默认相同 / the contract's own statement"
    )
    contract_price: Fen = Field(None, description="合同的房价款（分）：默认相同 / the contract's price")
    parties: list[Text] = Field(default_factory=list, description="协议的当事人 / parties of the agreement")
    contract_parties: list[Text] = Field(default_factory=list, description="合同的当事人 / parties of the contract")
    home: Text = Field(None, description="协议的房屋 / home of the agreement")
    contract_home: Text = Field(None, description="合同的房屋 / home of the contract")
    lines: list[PayLine] = Field(default_factory=list, description="各笔款项 / lines")
    deposited: Fen = Field(0, description="变更时已存入（分） / money already in, at a change")


@ruled(
    key="home_escrow.amount",
    title="监管多少",
    citation=_MODE,
    reads=("modes",),
    also=("home_escrow.mode", "home_escrow.supervised_amount"),
)
def amount(facts: AmountFacts, _context: Context) -> Verdict:
    """全额监管等于房价款，部分监管大于零、小于房价款；合同与协议一致；款项之和等于监管资金；佣金、税费不能列入。

    Value: `result` OK or REFUSE, `differences` between contract and agreement.
    """
    missing = {name: word for name, word in (("price", "房价款"), ("supervised", "监管资金"))
               if getattr(facts, name) is None}  # fmt: skip
    if facts.supervised is None and facts.lines and facts.price is not None:
        missing = {}
    if missing:
        return undetermined(missing, _MODE)
    positive(facts.price, "房价款", "price")
    supervised = facts.supervised if facts.supervised is not None else sum(one.amount or 0 for one in facts.lines)
    mode = facts.mode or ("FULL" if supervised == facts.price else "PARTIAL")
    reasons: list[Reason] = []
    if mode == "FULL":
        good = supervised == facts.price
        words = (yuan(supervised), yuan(facts.price))
        reasons.append(ALL.reason(True, *words) if good else
                       NOT_ALL.reason(False, *words, yuan(abs(facts.price - supervised))))  # fmt: skip
    elif supervised == facts.price and supervised > 0:
        reasons.append(CHOOSE_FULL.reason(False))
    else:
        good = 0 < supervised < facts.price
        reasons.append((PART if good else NOT_PART).reason(good, yuan(supervised), yuan(facts.price)))
    differences = []
    for what, theirs, ours in (
        ("监管资金", facts.contract_supervised, supervised), ("房价款", facts.contract_price, facts.price),
    ):  # fmt: skip
        if theirs is not None and theirs != ours:
            differences.append({"what": what, "contract": theirs, "agreement": ours, "difference": abs(theirs - ours)})
            reasons.append(DIFFERS.reason(False, what, yuan(theirs), yuan(ours), yuan(abs(theirs - ours))))
    named = [("当事人", sorted(map(str, facts.contract_parties)), sorted(map(str, facts.parties)))]
    named.append(("房屋", [facts.contract_home or ""], [facts.home or ""]))
    for label, one, other in named:
        if any(one) and any(other) and sorted(map(folded, one)) != sorted(map(folded, other)):
            said = {"contract": "、".join(one), "agreement": "、".join(other)}
            differences.append({"what": label, **said})
            reasons.append(OTHERWISE.reason(False, label, said["contract"], said["agreement"]))
    if not differences and facts.contract_supervised is not None:
        reasons.append(SAME_AS_CONTRACT.reason(True))
    reasons += [BAD_LINE.reason(False, one.kind) for one in facts.lines if one.kind in ("佣金", "税费")]
    reasons += [LINE_EMPTY.reason(False, n) for n, one in enumerate(facts.lines, 1) if not one.amount]
    if facts.lines:
        total = sum(one.amount or 0 for one in facts.lines)
        good = total == supervised
        off = LINES_OFF.reason(False, yuan(total), yuan(supervised), yuan(abs(total - supervised)))
        reasons.append(LINES_SUM.reason(True, yuan(total)) if good else off)
    if supervised < (facts.deposited or 0):
        reasons.append(TOO_LOW.reason(False, yuan(supervised), yuan(facts.deposited)))
    advice = "choose FULL" if any(reason.rule is CHOOSE_FULL for reason in reasons) else ""
    return judged(reasons, differences=differences, **({"advice": advice} if advice else {}))


# --- dates, 6.6 -------------------------------------------------------------------------------------------------------

_AGREED = f"{RULES} 第十五条(一)"
_FILING = f"{RULES} 第十五条(三)"
_SIGNED_ONLINE = Rule(_AGREED, "合同已网上签订")
_NOT_ONLINE = Rule(_AGREED, "合同没有网上签订")
_FILED_ALREADY = Rule(_AGREED, "签订监管协议时合同已经备案")
_RUNS_ON = Rule(f"{RULES} 第二十三条", "协议签于有效期内，{what}{day}照办到底")
LIVE_ALREADY = Rule(_AGREED, "该房屋已有在办监管")
LINE_OPEN = Rule(_FILING, "第{n}笔{kind}应在备案前存足，还差{more}")
LINES_IN = Rule(_FILING, "备案前应存入的款项都已存足")
PAPER_MISSING = Rule(_FILING, "缺少材料：{papers}")
PAPERS = {"agreement": "监管协议", "vouchers": "存款凭证", "identity": "各方身份证明", "title": "权属证书"}
PAPERS_ASSUMED = Rule(_FILING, "未写材料：以四种材料齐全为条件")
Paper = Annotated[
    Any,
    Choice({
        "agreement": "监管协议 存量房交易资金监管协议 supervision_agreement",
        "vouchers": "存款凭证 收款凭证 监管存款凭证 存量房交易资金监管存款凭证 voucher deposit_voucher "
        "deposit_vouchers",
        "identity": "身份证明 有效身份证明 各方身份证明 身份证 id identity_papers id_papers",
        "title": "权属证书 权利证书 不动产权证书 房屋所有权证 房产证 产权证 certificate title_certificate",
    }),
]  # fmt: skip


class AgreementFacts(Facts):
    """签协议之日、合同的状态、此后的日子。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"agreement_on": "2020-03-26", "released_on": "2020-05-08"}]},
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "signed_on": "agreement_on", "agreement_date": "agreement_on", "on": "agreement_on", "day": "agreement_on",
        "agreement": "agreement_on", "date": "agreement_on", "release_on": "released_on", "released": "released_on",
        "online_signed": "signed_online", "contract_online": "signed_online", "already_filed": "filed",
        "contract_filed": "filed", "live": "live_sale", "live_agreement": "live_sale",
    }  # fmt: skip

    agreement_on: Day = Field(None, description="签订协议之日：默认按哪一天 / agreement signed on")
    released_on: Day = Field(None, description="此后放款或退款之日 / later release or refund")
    signed_online: Flag = Field(True, description="合同已网上签订 / contract signed online")
    filed: Flag = Field(False, description="合同已经备案 / contract filed already")
    live_sale: Flag = Field(False, description="该房屋已有在办监管 / home already in a live sale")


@decision(
    key="home_escrow.agreement",
    title="可以签监管协议吗",
    citation=_AGREED,
    parameters=PARAMETERS,
    reads=(*FORCE, *SUCCESSOR),
    also=("home_escrow.validity", "home_escrow.sign"),
)
def agreement(facts: AgreementFacts, context: Context) -> Verdict:
    """办法有效期内、合同已网签而未备案、房屋没有在办的监管，才可签协议；签了的照办到底。

    Value: `result` OK or REFUSE, `code` E_EXPIRED, E_NOT_IN_FORCE, E_STATE or E_DUPLICATE.
    """
    day = facts.agreement_on or context.on
    reason, code = in_force(context, "签订协议", day)
    reasons = [reason]
    if facts.released_on is not None and facts.released_on < day:
        raise LuoshiError("E_INPUT", f"放款或退款{facts.released_on}早于签订协议{day}，请核对。")
    reasons.append(_NOT_ONLINE.reason(False) if facts.signed_online is False else _SIGNED_ONLINE.reason(True))
    if facts.signed_online is False:
        code = code or "E_STATE"
    if facts.filed:
        reasons.append(_FILED_ALREADY.reason(False))
        code = code or "E_STATE"
    if facts.live_sale:
        reasons.append(LIVE_ALREADY.reason(False))
        code = code or "E_DUPLICATE"
    if facts.released_on is not None and not code:
        reasons.append(_RUNS_ON.reason(True, "放款或退款", facts.released_on.isoformat()))
    return judged(reasons, code=code)


class FilingFacts(Facts):
    """路径、款项、材料。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "route": "SUPERVISED",
                    "lines": [
                        {"kind": "首付款", "amount": 32000000, "deposited": 32000000, "due": "BEFORE_FILING"},
                        {"kind": "按揭贷款", "amount": 48000000, "due": "AFTER_REGISTRATION"},
                    ],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"online_signed": "signed_online", "papers": "papers"}

    route: Annotated[
        Any, Choice({"SUPERVISED": "监管", "OPT_OUT": "自行划转", "EXCLUDED": "不纳入", "EXEMPT": "豁免"})
    ] = Field(None, description="路径：SUPERVISED、OPT_OUT、EXCLUDED、EXEMPT / route")
    record: Flag = Field(True, description="其他路径有各自的记录 / the record of another route")
    signed_online: Flag = Field(True, description="合同已网上签订 / contract signed online")
    filed_before: Flag = Field(False, description="签协议时合同已备案 / filed when the agreement was made")
    lines: list[PayLine] = Field(default_factory=list, description="各笔款项和已存入 / lines with what is in")
    papers: list[Paper] | None = Field(
        None, description="已有材料：agreement、vouchers、identity、title；不写即齐全 / papers at hand"
    )


@ruled(key="home_escrow.filing", title="合同可以备案吗", citation=_FILING)
def filing(facts: FilingFacts, _context: Context) -> Verdict:
    """监管的：材料齐全，备案前应存的款项存足；其他路径凭各自的记录；没有路径不予备案。

    Value: `result` OK or REFUSE, `missing` papers, `open` fen still to come before filing.
    """
    if facts.route is None:
        return judged([NO_ROUTE.reason(False)], missing=[], open=0)
    if facts.route == "SUPERVISED" and not facts.lines:
        return undetermined({"lines": "各笔款项和已存入"}, _FILING)
    if facts.route != "SUPERVISED":
        return judged([NO_ROUTE.reason(False)] if facts.record is False else [_SIGNED_ONLINE.reason(None)],
                      missing=[], open=0)  # fmt: skip
    reasons: list[Reason] = []
    reasons.append(_NOT_ONLINE.reason(False) if facts.signed_online is False else _SIGNED_ONLINE.reason(True))
    if facts.filed_before:
        reasons.append(_FILED_ALREADY.reason(False))
    missing = [] if facts.papers is None else [name for name in PAPERS if name not in facts.papers]
    if missing:
        reasons.append(PAPER_MISSING.reason(False, "、".join(PAPERS[name] for name in missing)))
    still = 0
    for n, one in enumerate(facts.lines, 1):
        more = (one.amount or 0) - (one.deposited or 0)
        if one.before_filing and more > 0:
            still += more
            reasons.append(LINE_OPEN.reason(False, n, one.kind, yuan(more)))
    if facts.lines and not still:
        reasons.append(LINES_IN.reason(True))
    if facts.papers is None:
        reasons.append(PAPERS_ASSUMED.reason(None))
        if all(reason.ok is not False for reason in reasons):
            return answer("OK", Outcome.ALLOW_WITH_CONDITION, reasons, missing=missing, open=still)
    return judged(reasons, missing=missing, open=still)
