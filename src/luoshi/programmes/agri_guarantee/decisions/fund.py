"""The fund: halt line, what a halt stops, placements, replenishment, who may draw on it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.agri_guarantee.arithmetic import exceeds, exposure, placing
from luoshi.programmes.agri_guarantee.decisions.fields import (
    Count,
    Day,
    Fen,
    Flag,
    Instant,
    Percent,
    Strict,
    Tri,
    Words,
    plain,
    read_fen,
    require_positive,
    shown,
    written,
)
from luoshi.programmes.agri_guarantee.decisions.settings import (
    FUND,
    POLICY,
    fen,
    optional_percent,
    percent,
    ruled_fund,
    undetermined,
    whole,
    word,
)
from luoshi.programmes.agri_guarantee.decisions.sharing import two_places

_HALT, _PLACE, _USE = f"{FUND} 第十四条", f"{FUND} 第九条", f"{FUND} 第八条"
ACCOUNTS = ("1001", "1002", "1003", "1101", "2001", "2002", "2003", "3001", "3002", "3003", "3004", "3101")


def _accounts(data: dict[str, Any]) -> dict[str, int]:
    """Return the balances under `accounts` (or codes standing by themselves), each on its own side."""
    given = data.pop("accounts", None) or {}
    if not isinstance(given, Mapping):
        raise ValueError("accounts 应为“科目: 分”的对象")
    rows = {str(code): value for code, value in given.items()} | {
        code: data.pop(code) for code in [name for name in data if name in ACCOUNTS]
    }
    if unknown := sorted(set(rows) - set(ACCOUNTS)):
        raise ValueError(f"没有科目{'、'.join(unknown)[:40]}")
    return {code: read_fen(value) for code, value in rows.items()}


def balance(rows: Mapping[str, int]) -> int:
    """Return the fund balance F of account balances."""
    held = sum(rows.get(code, 0) for code in ("1001", "1002", "1003"))
    return held - sum(rows.get(code, 0) for code in ("2001", "2002", "2003"))


# --- 6.10 halt --------------------------------------------------------------------------------------------------------

LINE = Rule(_HALT, "累计代偿{paid}，现有基金{existing}，其{line}%为{limit}：{said}")
WARN = Rule(_HALT, "已超过提醒线{warn}%")
STANDS = Rule(_HALT, "已经暂停，没有恢复决定：补充资金不会自动恢复")
AGAIN = Rule(_HALT, "恢复之后仍在线上，{why}，再次暂停")
NOT_AGAIN = Rule(_HALT, "恢复之后仍在线上，这笔入账没有使累计代偿增加或基金减少，不再次暂停")
SINCE_RESUME = Rule(_HALT, "累计代偿自上次恢复起算：{whole}减去恢复时的{before}")


class HaltFacts(Strict):
    """What was paid and what is left; before and after a resume."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"paid": 166_666_667, "existing_fund": 833_333_333},
                {"paid": 166_666_667, "existing_fund": 1_333_333_333, "halted": True},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "S": "paid", "s": "paid", "payouts": "paid", "cumulative": "paid", "compensation_paid": "paid",
        "payouts_total": "paid", "cumulative_payouts": "paid", "total_paid": "paid", "cumulative_paid": "paid",
        "cumulative_compensation": "paid", "E": "existing_fund", "e": "existing_fund", "existing": "existing_fund",
        "fund_balance": "existing_fund", "balance": "existing_fund", "F": "existing_fund",
        "fund": "fund_before", "fund_initial": "fund_before", "initial": "fund_before",
        "initial_fund": "fund_before", "topups": "added", "top_up": "added", "topup": "added",
        "additions": "added", "recoveries": "recovered", "recovery": "recovered", "already_halted": "halted",
        "in_halt": "halted", "resume_decision": "resumed", "resume": "resumed",
        "paid_before_resume": "paid_at_resume", "previous_paid": "paid_before", "previous_S": "paid_before",
        "previous_existing": "existing_before", "previous_E": "existing_before",
    }  # fmt: skip

    paid: Fen = Field(None, description="已支付的补偿 S（分），不减追回 / compensation paid, gross of recoveries, fen")
    existing_fund: Fen = Field(None, description="现有基金 E（分），支付之后 / existing fund after the payment, fen")
    fund_before: Fen = Field(
        None, description="或原有基金（分），减去已支付得现有 / or the fund before all payments, fen"
    )
    added: Fen = Field(0, description="其后补充的资金（分） / money added since, fen")
    recovered: Fen = Field(0, description="其后转入的追偿款（分） / recoveries that came in, fen")
    corrected: Fen = Field(0, description="错付后收回的（分），减少累计代偿 / wrong payments given back, fen")
    halted: Flag = Field(False, description="已经暂停 / already halted")
    resumed: Flag = Field(False, description="已有恢复决定 / a resume decision was taken")
    paid_at_resume: Fen = Field(None, description="上次恢复时的累计代偿（分） / paid at the last resume, fen")
    paid_before: Fen = Field(None, description="这笔入账之前的累计代偿（分） / paid before this posting, fen")
    existing_before: Fen = Field(None, description="这笔入账之前的现有基金（分） / existing fund before it, fen")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Balances of accounts say what the existing fund is."""
        rows = _accounts(data)
        if rows:
            data.setdefault("existing_fund", max(balance(rows), 0))
            if "3101" in rows and not {"paid", "S"} & data.keys():
                data["paid"] = rows["3101"]
        return data


@ruled_fund(
    key="agri_guarantee.halt",
    title="是否暂停新增担保业务",
    citation=_HALT,
    reads=("halt_line", "halt_warn", "halt_base"),
    also=("agri_guarantee.halt_line",),
)
def halt(facts: HaltFacts, context: Context) -> Verdict:
    """累计代偿超过现有基金的停办线即暂停；等于不算超过。暂停后补充资金不自动恢复，要有恢复决定。

    `result` HALT or OPEN; `above` whether the line is passed now; `ratio` in percent; `light` green, amber or red;
    `limit` is the line in fen, cut down.
    """
    if facts.paid is None or (facts.existing_fund is None and facts.fund_before is None):
        return undetermined({"result": None}, "累计代偿和现有基金", _HALT)
    values = context.parameters
    line, warn = percent(values, "halt_line"), percent(values, "halt_warn")
    base = word(values, "halt_base", ("inception", "last_resume"))
    paid = facts.paid - facts.corrected
    if facts.existing_fund is not None:
        existing = facts.existing_fund
    else:
        existing = facts.fund_before + facts.added + facts.recovered - paid
    if paid < 0 or existing < 0:
        raise LuoshiError("E_SUM", "已支付的补偿大于基金，请核对金额。", fields={"field": "paid"})
    reasons: list[Reason] = []
    counted = paid
    if base == "last_resume" and facts.paid_at_resume is not None:
        counted = max(paid - facts.paid_at_resume, 0)
        reasons.append(SINCE_RESUME.reason(None, shown(paid), shown(facts.paid_at_resume)))
    above = exceeds(counted, existing, line)
    amber = exceeds(counted, existing, warn)
    limit = line * existing / 100
    said = "超过，暂停新增业务" if above else "没有超过"
    exact = plain(limit / 100)
    reasons.append(LINE.reason(not above, shown(counted), shown(existing), plain(line), f"{exact}元", said))
    if amber and not above:
        reasons.append(WARN.reason(None, plain(warn)))
    halted = above
    if facts.halted and not facts.resumed:
        halted = True
        if not above:
            reasons.append(STANDS.reason(False))
    elif facts.resumed and above:
        # What is counted from the last resume was nothing then: whatever is above the line came after it.
        since_resume = base == "last_resume" and facts.paid_at_resume is not None
        halted = since_resume or _again(facts, paid, existing, reasons)
    value = {
        "result": "HALT" if halted else "OPEN",
        "above": above,
        "paid": counted,
        "existing_fund": existing,
        "limit": limit.numerator // limit.denominator,
        "limit_yuan": exact,
        "ratio": _ratio(counted, existing, line),
        "light": "red" if halted or above else "amber" if amber else "green",
    }
    return Verdict(value, Outcome.REFUSE if halted else Outcome.ALLOW, reasons)


def _again(facts: HaltFacts, paid: int, existing: int, reasons: list[Reason]) -> bool:
    """After a resume: a posting that raises what was paid or lowers the fund halts again while above the line."""
    more = facts.paid_before is not None and paid > facts.paid_before
    less = facts.existing_before is not None and existing < facts.existing_before
    if more or less:
        reasons.append(AGAIN.reason(False, "累计代偿增加" if more else "基金减少"))
        return True
    reasons.append(NOT_AGAIN.reason(None))
    return False


def _ratio(part: int, whole_: int, line: Fraction) -> str | None:
    """Return a share in percent as it is shown: two decimals, four where two would contradict the verdict."""
    if whole_ <= 0:
        return None
    share = Fraction(part * 100, whole_)
    for places in (2, 4):
        scaled = share * 10**places * 2 + 1
        near = Fraction(scaled.numerator // (scaled.denominator * 2), 10**places)
        if (near > line) == (share > line) and (near < line) == (share < line):
            return plain(near)
    return f"{'>' if share > line else '<'}{plain(line)}"


# --- 6.10 what a halt stops -------------------------------------------------------------------------------------------

STEPS = ("提交申请", "镇初审", "办公室推荐", "联合立项", "尽职调查", "评审", "签订合同", "放款")
FREE = Rule(_HALT, "第{step}步“{title}”在暂停期间照常办理，并提示已暂停")
STOPPED = Rule(_HALT, "暂停期间不办理第{step}步“{title}”；续保按新增业务办理")
SIGNED = Rule(_HALT, "保证合同{signed}签订，早于暂停{halted}，可以放款")
OPEN = Rule(_HALT, "没有暂停，可以办理")
PAYS = Rule(_HALT, "补偿支付不受暂停影响")
_FIRST_STOPPED = 4


class StepFacts(Strict):
    """A step of a guarantee case during a halt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"step": 8, "halted_at": "2019-06-03T10:00", "signed_at": "2019-06-03T09:59"},
                {"step": 4, "halted_at": "2019-06-03T10:00"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "contract_signed_at": "signed_at", "signed": "signed_at", "signed_on": "signed_at", "halt_at": "halted_at",
        "guarantee_contract_signed_at": "signed_at", "halt": "halted", "in_halt": "halted", "renews": "renewal",
    }  # fmt: skip

    step: Count = Field(None, description="第几步，1至8 / step 1 to 8")
    halted: Flag = Field(None, description="现在暂停 / halted now; default: when a moment of the halt is given")
    halted_at: Instant = Field(None, description="暂停的时刻 / moment of the halt")
    signed_at: Instant = Field(None, description="保证合同签订的时刻 / guarantee contract signed")
    renewal: Flag = Field(False, description="续保 / renewal: counts as new")


@ruled_fund(
    key="agri_guarantee.step",
    title="暂停期间能否办理这一步",
    citation=_HALT,
    reads=("steps",),
    also=("agri_guarantee.halt_effect", "agri_guarantee.guarantee_step"),
)
def step(facts: StepFacts, context: Context) -> Verdict:
    """暂停期间一至三步照常，四至八步不办；暂停之前已签保证合同的仍可放款；续保按新增办理。

    `result` OK or REFUSE.
    """
    if facts.step is None:
        return undetermined({"result": None}, "第几步", _HALT)
    last = whole(context.parameters, "steps", 1, len(STEPS))
    if not 1 <= facts.step <= last:
        raise LuoshiError("E_INPUT", f"步骤应为1至{last}。", fields={"field": "step"})
    title = STEPS[facts.step - 1]
    halted = facts.halted_at is not None if facts.halted is None else facts.halted
    if not halted:
        return Verdict({"result": "OK", "banner": False}, Outcome.ALLOW, [OPEN.reason(True)])
    if facts.step < _FIRST_STOPPED:
        return Verdict({"result": "OK", "banner": True}, Outcome.ALLOW, [FREE.reason(True, facts.step, title)])
    signed, at = facts.signed_at, facts.halted_at
    if facts.step == last and signed is not None and at is not None and signed < at:
        reason = SIGNED.reason(True, written(signed), written(at))
        return Verdict({"result": "OK", "banner": True}, Outcome.ALLOW, [reason])
    reason = STOPPED.reason(False, facts.step, title)
    return Verdict({"result": "REFUSE", "banner": True}, Outcome.REFUSE, [reason])


# --- 6.11 placements --------------------------------------------------------------------------------------------------

PRODUCTS = Words(
    "产品类型",
    {
        "PRINCIPAL_GUARANTEED": "保本理财 保本理财产品 保本型理财 PRINCIPAL_GUARANTEED_PRODUCT WEALTH "
        "PRINCIPAL_GUARANTEED_WEALTH_PRODUCT",
        "TIME_DEPOSIT": "定期存款 定期 DEPOSIT TIME",
        "OTHER": "其他 OTHER_PRODUCT NON_PRINCIPAL_GUARANTEED 非保本理财 STOCK BOND",
    },
)
Product = Annotated[Any, PRODUCTS.kind()]
CAP = Rule(_PLACE, "存放后{after}，基金余额{fund}的{cap}%为{most}：{said}")
CASH = Rule(_PLACE, "可动用活期{free}，应留补偿{committed}，存放{amount}：{said}")
PRODUCT = Rule(_PLACE, "产品：{product}，{said}")
BANK = Rule(_PLACE, "在账户所在银行存放：{said}")
STANDING = Rule(_USE, "首次存放前已有双方签署的常年授权：{said}")
PASSIVE = Rule(_PLACE, "现有存放{placed}超过上限{most}，超出{over}：没有存放行为造成，不得新存或转存，直到回到上限以内")
STANDING_ROOM = Rule(_PLACE, "现有存放{placed}不超过上限{most}，还可存放{room}")
OLD_PRODUCT = Rule(_PLACE, "{since}起银行不再发行保本理财，请核对产品说明书")


class PlacementFacts(Strict):
    """The fund, what is placed, and what is to be placed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"fund": 1_000_000_000, "placed": 0, "amount": 800_000_000, "product": "TIME_DEPOSIT",
                 "at_account_bank": "yes", "standing_authorisation": "yes"},
                {"fund": 980_000_000, "placed": 800_000_000},
                {"fund": 980_000_000, "placed": 800_000_000, "maturing": 800_000_000, "amount": 784_000_000},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "F": "fund", "f": "fund", "fund_balance": "fund", "P": "placed", "placements": "placed",
        "already_placed": "placed", "p": "amount", "place": "amount", "new_placement": "amount", "new": "amount",
        "placement": "amount", "requested": "amount", "rolled": "maturing", "roll": "maturing", "rolling": "maturing",
        "matured": "maturing", "demand": "demand_free", "available_cash": "demand_free", "free": "demand_free",
        "cash": "demand_free", "committed_claims": "committed", "claims": "committed", "product_type": "product",
        "account_bank": "at_account_bank", "same_bank": "at_account_bank",
        "authorised": "standing_authorisation", "authorization": "standing_authorisation",
        "authorisation": "standing_authorisation", "standing_authorization": "standing_authorisation",
        "on": "placed_on", "date": "placed_on",
    }  # fmt: skip

    fund: Fen = Field(None, description="基金余额 F（分） / fund balance, fen")
    placed: Fen = Field(None, description="现有存放 P（分），默认0 / placed now, fen")
    amount: Fen = Field(None, description="要存放（分） / to be placed, fen")
    maturing: Fen = Field(0, description="其中到期转存的原存放（分） / principal that matures and is rolled, fen")
    demand_free: Fen = Field(None, description="可动用活期：1001减2001、2002、2003（分） / free demand money, fen")
    committed: Fen = Field(0, description="已同意未付的补偿（分） / claims approved or tacit, not yet instructed, fen")
    product: Product = Field(None, description="产品类型 / product")
    at_account_bank: Tri = Field(None, description="在账户所在银行 / at the account bank")
    standing_authorisation: Tri = Field(None, description="已有常年授权 / standing authorisation on file")
    placed_on: Day = Field(None, description="存放之日，默认为所问之日 / day of placing")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Balances of accounts say what the fund, the placements and the free money are."""
        for name in ("rolled", "roll", "rolling"):
            if data.get(name) is True:
                data[name] = next((data[one] for one in ("placed", "P", "placements") if one in data), None)
            elif data.get(name) is False:
                data.pop(name)
        rows = _accounts(data)
        if rows:
            owed = sum(rows.get(code, 0) for code in ("2001", "2002", "2003"))
            data.setdefault("fund", max(balance(rows), 0))
            data.setdefault("placed", rows.get("1002", 0) + rows.get("1003", 0))
            data.setdefault("demand_free", max(rows.get("1001", 0) - owed, 0))
        return data


@ruled_fund(
    key="agri_guarantee.placement",
    title="基金存放",
    citation=_PLACE,
    reads=("place_cap", "product_warn"),
)
def placement(facts: PlacementFacts, context: Context) -> Verdict:
    """保本理财和定期存款合计不超过基金余额的上限，等于可以；活期要留足已定的补偿；转存按新存办理。

    `result` OK or REFUSE for `amount`, None where none is asked; `state` WITHIN or PASSIVE_OVER as things stand, with
    `over`; `cap`, `room` in fen.
    """
    if facts.fund is None:
        return undetermined({"result": None}, "基金余额", _PLACE)
    ceiling = percent(context.parameters, "place_cap")
    placed = facts.placed or 0
    now = placing(facts.fund, placed, ceiling)
    reasons: list[Reason] = []
    if now.over:
        reasons.append(PASSIVE.reason(None, shown(placed), shown(now.cap), shown(now.over)))
    value: dict[str, Any] = {
        "result": None, "state": "PASSIVE_OVER" if now.over else "WITHIN", "over": now.over, "cap": now.cap,
        "room": now.room,
    }  # fmt: skip
    if facts.amount is None:
        if not now.over:
            reasons.append(STANDING_ROOM.reason(True, shown(placed), shown(now.cap), shown(now.room)))
        return Verdict(value, Outcome.ALLOW_WITH_CONDITION if now.over else Outcome.ALLOW, reasons)
    require_positive(facts.amount, "要存放的金额", "amount")
    if facts.maturing > placed:
        raise LuoshiError("E_INPUT", "到期转存的金额大于现有存放，请核对。", fields={"field": "maturing"})
    after = placed - facts.maturing + facts.amount
    ok = not exceeds(after, facts.fund, ceiling)
    checks = [
        (ok, CAP.reason(ok, shown(after), shown(facts.fund), plain(ceiling), shown(now.cap), "可以" if ok else "超过"))
    ]
    if facts.demand_free is not None:
        free = facts.demand_free + facts.maturing
        ok = free >= facts.amount + facts.committed
        said = "够" if ok else "不够"
        checks.append((ok, CASH.reason(ok, shown(free), shown(facts.committed), shown(facts.amount), said)))
    _papers(facts, context, checks, reasons)
    failed = any(passed is False for passed, _reason in checks)
    unknown = any(passed is None for passed, _reason in checks)
    value["result"] = "REFUSE" if failed else "OK"
    reasons += [reason for _passed, reason in checks]
    outcome = Outcome.REFUSE if failed else Outcome.ALLOW_WITH_CONDITION if unknown else Outcome.ALLOW
    return Verdict(value, outcome, reasons)


def _papers(facts: PlacementFacts, context: Context, checks: list[Any], reasons: list[Reason]) -> None:
    """Check product, bank and standing authorisation; what is not known stays a condition."""
    allowed = None if facts.product is None else facts.product != "OTHER"
    title = "不详" if facts.product is None else PRODUCTS.titles[facts.product]
    said = {True: "可以", False: "不可以：只限保本理财和定期存款", None: "须核对"}[allowed]
    checks.append((allowed, PRODUCT.reason(allowed, title, said)))
    words = {True: "是", False: "否", None: "不详"}
    checks.append((facts.at_account_bank, BANK.reason(facts.at_account_bank, words[facts.at_account_bank])))
    standing = facts.standing_authorisation
    checks.append((standing, STANDING.reason(standing, words[standing])))
    since = str(context.parameters["product_warn"])
    if facts.product == "PRINCIPAL_GUARANTEED" and str(facts.placed_on or context.on) >= since:
        reasons.append(OLD_PRODUCT.reason(None, since))


# --- 6.13 replenishment -----------------------------------------------------------------------------------------------

_ADEQUATE = f"{FUND} 第五条"
EXPOSED = Rule(f"{POLICY} 三(二)", "担保余额{outstanding}，市里承担{share}%即{exposure}")
COVERED = Rule(_ADEQUATE, "基金余额{fund}，覆盖率{coverage}")
SHORT = Rule(_ADEQUATE, "初始规模{initial}，缺{gap}")
TARGET = Rule(_ADEQUATE, "目标覆盖率{target}%，缺{gap}")
NO_TARGET = Rule(_ADEQUATE, "没有规定目标覆盖率，只看初始规模")


class ReplenishmentFacts(Strict):
    """The figures of a year's end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"fund": 925_000_000, "outstanding": 18_000_000_000}]})
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "F": "fund", "f": "fund", "fund_balance": "fund", "balance": "fund", "outstanding_balance": "outstanding",
        "guaranteed_balance": "outstanding", "outstanding_guaranteed": "outstanding",
        "target_coverage": "target", "coverage_target": "target",
    }  # fmt: skip

    fund: Fen = Field(None, description="基金余额 F（分） / fund balance, fen")
    outstanding: Fen = Field(
        None, description="担保的本息余额（分） / outstanding principal and interest guaranteed, fen"
    )
    target: Percent = Field(None, description="目标覆盖率（%），默认查参数 / target coverage; default: the parameter")


@ruled_fund(
    key="agri_guarantee.replenishment",
    title="基金补充",
    citation=_ADEQUATE,
    reads=("share_city", "fund_initial", "target_coverage"),
)
def replenishment(facts: ReplenishmentFacts, context: Context) -> Verdict:
    """市里承担的敞口、基金覆盖率，以及应补充多少：补到初始规模，有目标覆盖率的补到目标。

    In fen: `exposure` (X), `proposal`; `coverage` in percent (None without exposure).
    """
    if facts.fund is None or facts.outstanding is None:
        missing = "基金余额" if facts.fund is None else "担保余额"
        return undetermined({"result": None}, missing, _ADEQUATE)
    values = context.parameters
    share = percent(values, "share_city")
    exposed = exposure(facts.outstanding, share)
    initial = fen(values, "fund_initial")
    coverage = two_places(Fraction(facts.fund * 100, exposed)) if exposed else None
    gap = max(initial - facts.fund, 0)
    reasons = [
        EXPOSED.reason(None, shown(facts.outstanding), plain(share), shown(exposed)),
        COVERED.reason(None, shown(facts.fund), "无数据" if coverage is None else f"{coverage}%"),
        SHORT.reason(gap == 0, shown(initial), shown(gap)),
    ]
    target = facts.target if facts.target is not None else optional_percent(values, "target_coverage")
    wanted = 0
    if target is None:
        reasons.append(NO_TARGET.reason(None))
    else:
        exact = target * exposed / 100 - facts.fund
        wanted = max(-(-exact.numerator // exact.denominator), 0)
        reasons.append(TARGET.reason(wanted == 0, plain(target), shown(wanted)))
    proposal = max(gap, wanted)
    value = {
        "result": "REPLENISH" if proposal else "ADEQUATE", "exposure": exposed, "coverage": coverage,
        "proposal": proposal, "gap_to_initial": gap, "gap_to_target": wanted if target is not None else None,
    }  # fmt: skip
    return Verdict(value, Outcome.ALLOW, reasons)


# --- 6.15 authority ---------------------------------------------------------------------------------------------------

USES = Words(
    "基金用途",
    {
        "COMPENSATION": "补偿 代偿补偿 补偿支付 PAYMENT CLAIM",
        "PLACEMENT": "存放 PLACE TIME_DEPOSIT DEPOSIT",
        "INTEREST_HANDOVER": "利息划转 利息 INTEREST HAND_OVER",
        "SEND_BACK": "退回来款 退款 SENDBACK RETURN REFUND UNIDENTIFIED_RECEIPT",
        "PLEDGE": "质押 担保物 PLEDGING COLLATERAL",
        "OWN_DEBT": "偿还托管机构债务 清偿自身债务 清偿托管机构自身债务 抵债 CUSTODIAN_DEBT CUSTODIANS_DEBT OWN_DEBTS",
        "OTHER": "与风险补偿无关的支出 其他 OTHER_USE FEE SEIZURE BANK_FEE",
    },
)
Use = Annotated[Any, USES.kind()]
AUTHORISED = Rule(_USE, "办公室和省农担公司双方授权：{said}")
BY_SILENCE = Rule(f"{FUND} 第十二条", "默示同意的证据（拨款单、收到回执、期满）：{said}")
BY_PLACEMENT = Rule(_PLACE, "存放和利息划转由第九条允许，首次存放须有常年授权：{said}")
SENT_BACK = Rule(_USE, "来款退回原付款人：{said}")
NO_SUCH = Rule(_USE, "基金不得用于{use}，双方授权也不行：没有这样的分录；银行如已扣划，记应收并报警")
NO_GROUND = Rule(_USE, "没有可以动用基金的依据")


class AuthorityFacts(Strict):
    """A debit of the custody account and what it rests on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"use": "COMPENSATION", "office_authorised": "yes", "company_authorised": "yes"},
                {"use": "COMPENSATION", "tacit": "yes"},
                {"use": "PLEDGE", "office_authorised": "yes", "company_authorised": "yes"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "purpose": "use", "kind": "use", "type": "use", "debit": "use", "office": "office_authorised",
        "company": "company_authorised", "office_authorized": "office_authorised",
        "company_authorized": "company_authorised", "office_signed": "office_authorised",
        "company_signed": "company_authorised", "tacit_evidence": "tacit", "tacit_approval": "tacit",
        "standing": "standing_authorisation", "standing_authorization": "standing_authorisation",
        "to_original_payer": "to_payer", "original_payer": "to_payer",
    }  # fmt: skip

    use: Use = Field(None, description="用途：" + "、".join(USES.titles) + " / what the money is for")
    office_authorised: Tri = Field(None, description="办公室已授权 / authorised by the Office")
    company_authorised: Tri = Field(None, description="省农担公司已授权 / authorised by the company")
    tacit: Tri = Field(None, description="有默示同意的证据 / tacit evidence: payment form, receipt, time ended")
    standing_authorisation: Tri = Field(None, description="已有常年授权 / standing authorisation on file")
    to_payer: Tri = Field(None, description="退给原付款人 / sent back to its payer")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """`joint_authorisation` stands for both signatures."""
        for name in ("joint_authorisation", "joint_authorization", "authorised", "authorisation"):
            if name in data:
                said = data.pop(name)
                data |= {"office_authorised": said, "company_authorised": said}
        return data


@ruled_fund(
    key="agri_guarantee.authority",
    title="能否动用基金",
    citation=_USE,
    also=("agri_guarantee.fund_authority",),
)
def authority(facts: AuthorityFacts, context: Context) -> Verdict:
    """动用基金要有双方授权、默示同意的证据，或属于存放、利息划转、退回来款；与风险补偿无关的（质押、偿还托管机构债务等）一律不可。

    `result` VALID or REFUSE; `ground` a, b, c or d; `booked_to` 1101 for a debit the bank made without a ground.
    """
    if facts.use is None:
        return undetermined({"result": None}, "用途", _USE)
    if facts.use in ("PLEDGE", "OWN_DEBT", "OTHER"):
        value = {"result": "REFUSE", "ground": None, "booked_to": "1101", "alarm": True}
        return Verdict(value, Outcome.REFUSE, [NO_SUCH.reason(False, USES.titles[facts.use])])
    words = {True: "有", False: "没有", None: "不详"}
    both = _both(facts.office_authorised, facts.company_authorised)
    grounds: list[tuple[str, bool | None, Reason]] = [("a", both, AUTHORISED.reason(both, words[both]))]
    if facts.use == "COMPENSATION":
        grounds.append(("b", facts.tacit, BY_SILENCE.reason(facts.tacit, words[facts.tacit])))
    elif facts.use == "PLACEMENT":
        standing = facts.standing_authorisation
        grounds.append(("c", standing, BY_PLACEMENT.reason(standing, words[standing])))
    elif facts.use == "INTEREST_HANDOVER":
        grounds.append(("c", True, BY_PLACEMENT.reason(True, "利息划转")))
    elif facts.use == "SEND_BACK":
        payer = True if facts.to_payer is None else facts.to_payer
        grounds.append(("d", payer, SENT_BACK.reason(payer, words[payer])))
    ground = next((name for name, holds, _reason in grounds if holds), None)
    if ground is not None:
        reason = next(reason for name, _holds, reason in grounds if name == ground)
        return Verdict(
            {"result": "VALID", "ground": ground, "booked_to": None, "alarm": False}, Outcome.ALLOW, [reason]
        )
    reasons = [*(reason for _name, _holds, reason in grounds), NO_GROUND.reason(False)]
    value = {"result": "REFUSE", "ground": None, "booked_to": "1101", "alarm": True}
    return Verdict(value, Outcome.REFUSE, reasons)


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return True if one and other else None
