"""The registers of the guarantee (spec section 4): operators, loans, and what stands around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import organ_code_agrees, parse_id_number, parse_uscc
from luoshi.kernel.money import Money
from luoshi.office.duties import concern
from luoshi.office.funds.models import Kin
from luoshi.office.parameters.book import current
from luoshi.office.registers.declaration import Column, Register, RowFault, register
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, POLICY
from luoshi.programmes.agri_guarantee.models import (
    BankScore,
    Custody,
    Delegation,
    Loan,
    Operator,
    Placement,
    Publicity,
    Ruling,
    TownScore,
    VillageCharge,
)

ROOM = "agri_guarantee"
OFFICE, COMPANY, BRANCH, CUSTODIAN = "fin-agri-group", "agri-guarantee", "agri-guarantee--office", "state-capital-co"
FARM = ("agriculture", "agri-rural")
_BANKS_WORDS = "贷款银行"


def _code_is_sound(row: Mapping[str, Any]) -> Iterable[RowFault]:
    """A person's number or a firm's credit code, each by its own check digit."""
    code = str(row.get("code") or "").upper()
    natural = len(code) == 18 and code[:17].isdecimal() and code[:2] in _PROVINCES and code[6:8] in ("19", "20")
    try:
        if natural:
            parse_id_number(code, CLOCK.today())
        elif code:
            parse_uscc(code)
            if code[0] in "159" and not organ_code_agrees(code):
                yield RowFault("code", "第9–17位的机构代码校验位不符，请核对执照", warning=True, code="E_CHECK_DIGIT")
    except LuoshiError as error:
        yield RowFault("code", error.message, code=error.code)


_PROVINCES = frozenset(
    str(10 * one + two) for one, most in ((1, 5), (2, 3), (3, 7), (4, 6), (5, 4), (6, 5)) for two in range(most + 1)
)
"""The first two figures of a person's number; places 7 and 8 are its century, in a credit code part of a division."""


def _in_a_town(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if row.get("town") and row["town"] not in concern.towns():
        yield RowFault("town", "应是本市的镇、街道或区")


def _is_medium(row: Mapping[str, Any]) -> Iterable[RowFault]:
    """A small farming enterprise's income has its own ceiling in the national standard; above it, only a remark."""
    if row.get("category") != "MICRO_ENT":
        return
    most = int(current().values(ROOM, CLOCK.today())["micro_revenue"]) * 100
    if (row.get("revenue") or 0) >= most:
        yield RowFault("revenue", f"收入不少于 {Money(most)} 元，按划型标准是中型企业，请核对类别", warning=True)


def _posting_ends(row: Mapping[str, Any]) -> Iterable[RowFault]:
    begins, ends = row.get("posted_from"), row.get("posted_to")
    if begins and ends and ends <= begins:
        yield RowFault("posted_to", "公示截止应晚于公示开始")


def _loan_adds_up(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if (row.get("amount") or 0) % 100:
        yield RowFault("amount", "合同金额应为整元")
    if (row.get("disbursed") or 0) > (row.get("amount") or 0):
        yield RowFault("disbursed", "放款大于合同金额")
    if (row.get("repaid") or 0) + (row.get("covered") or 0) > (row.get("disbursed") or 0):
        yield RowFault("repaid", "已还加已代偿大于放款")
    if row.get("ends_on") and row.get("starts_on") and row["ends_on"] <= row["starts_on"]:
        yield RowFault("ends_on", "到期应晚于开始")
    if row.get("disbursed") and not row.get("disbursed_on"):
        yield RowFault("disbursed_on", "已放款的须填放款日期")


def _ends_after(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if row.get("ends_on") and row.get("starts_on") and row["ends_on"] < row["starts_on"]:
        yield RowFault("ends_on", "止日早于起日")


def _not_above_weight(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if (row.get("score") or 0) > (row.get("weight") or 0):
        yield RowFault("score", "得分大于分值")


def _at_account_bank(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> Iterable[tuple[int, RowFault]]:
    """A placement stands at the bank of the custody account, where that is registered."""
    banks = set(Custody.objects.filter(void=False, ended_on=None).values_list("bank", flat=True))
    for number, row in rows:
        if banks and row.get("bank") not in banks:
            yield number, RowFault("bank", "存放应在托管账户所在银行")


def _haves() -> list[Column]:
    titles = {
        "creditworthy": "有信用", "has_scale": "有规模", "experience": "有经验", "profit": "有效益",
        "main_business": "有主业", "need": "有需求", "wide_reach": "辐射面广", "strong_pull": "带动力强",
        "close_links": "利益联结紧密",
    }  # fmt: skip
    return [Column(name, title, kind="choice", listed=False, facet=False) for name, title in titles.items()]


OPERATORS = register(
    Register(
        key=f"{ROOM}.operators", title="经营主体建档", programme=ROOM, model=Operator, natural_key=("code",),
        organ_field="town", owners=(OFFICE, COMPANY, BRANCH, *FARM), search=("name", "village"), order="name",
        checks=(_code_is_sound, _in_a_town, _is_medium, _posting_ends), modes=("all", "valid_rows", "by_group"),
        group="village", citation=f"{POLICY} 二(二)2",
        note="没有建档不能申请；同一家庭的各户写同一个“家庭户主证件号”，余额合并计算",
        columns=(
            Column("code", "身份证号或统一社会信用代码", kind="code", sensitive=True),
            Column("name", "经营主体"),
            Column("category", "类别", kind="choice"),
            Column("scope", "主营业务", kind="choice"),
            Column("town", "镇街道", kind="organ"),
            Column("village", "村"),
            Column("represent", "法定代表人", kind="person", listed=False, sensitive=True),
            Column("phone", "电话", kind="phone", listed=False, sensitive=True),
            Column("scale", "规模", kind="decimal", least=0),
            Column("unit", "规模单位", kind="choice", facet=False),
            Column("began", "从业起始年份", kind="year", least=1949, most=2100, listed=False),
            Column("revenue", "上年收入", kind="money", unit="元", least=0, listed=False),
            Column("income", "上年净收入", kind="money", unit="元", listed=False),
            Column("households", "带动农户", kind="integer", unit="户", least=0, listed=False),
            Column("wanted", "资金需求", kind="money", unit="元", least=0),
            Column("purpose", "用途", listed=False),
            *_haves(),
            Column("evidence", "“七有”的凭据", kind="area", listed=False),
            Column("assessor", "评定人", kind="person", listed=False, sensitive=True),
            Column("household", "家庭户主证件号", kind="code", required=False, listed=False, sensitive=True,
                   note="夫妻、本人控制的主体写同一个；不写即只算本户"),
            Column("mechanised_on", "规模化机械化认定日期", kind="date", past=True, listed=False),
            Column("surveyed_on", "调查日期", kind="date", past=True, listed=False),
            Column("surveyor", "调查人", kind="person", listed=False, sensitive=True),
            Column("posted_from", "公示开始", kind="date", past=True, listed=False),
            Column("posted_to", "公示截止", kind="date", listed=False),
            Column("posted_at", "公示地点", listed=False),
            Column("objections", "异议和处理", kind="area", listed=False),
            Column("signed_on", "镇签字日期", kind="date", past=True, listed=False),
            Column("round", "建档年度", kind="year", least=2018, most=2100),
            Column("status", "状态", kind="choice"),
        ),
    )
)  # fmt: skip

LOANS = register(
    Register(
        key=f"{ROOM}.loans", title="担保贷款", programme=ROOM, model=Loan, natural_key=("number",), name="borrower",
        organ_field=("town", "bank"), owners=(OFFICE, COMPANY, BRANCH, "finance"), checks=(_loan_adds_up,),
        search=("number", "borrower", "contract_no", "guarantee_no"), citation=f"{POLICY} 二(二)3",
        note="签约时由办件登记，放款、余额、逾期由银行报送更新",
        columns=(
            Column("number", "办件编号", kind="code"),
            Column("borrower", "借款人"),
            Column("operator", "建档", kind="reference", by="code", called="name", listed=False),
            Column("town", "镇街道", kind="organ"),
            Column("bank", _BANKS_WORDS, kind="organ"),
            Column("project_type", "项目类型", kind="choice"),
            Column("entrusted_no", "委托担保合同", kind="code", listed=False),
            Column("guarantee_no", "保证合同", kind="code", listed=False),
            Column("contract_no", "借款合同", kind="code", listed=False),
            Column("signed_on", "签约日期", kind="date", past=True, listed=False),
            Column("amount", "合同金额", kind="money", unit="元", least=1),
            Column("rate", "年利率", kind="decimal", unit="%", least=0, most=100, listed=False),
            Column("fee", "担保费率", kind="decimal", unit="%", least=0, most=100, listed=False),
            Column("starts_on", "开始", kind="date", listed=False),
            Column("ends_on", "到期", kind="date"),
            Column("disbursed", "放款", kind="money", unit="元", least=0),
            Column("disbursed_on", "放款日期", kind="date", past=True, listed=False),
            Column("repaid", "已还本金", kind="money", unit="元", least=0),
            Column("covered", "代偿本金", kind="money", unit="元", least=0, listed=False),
            Column("interest", "欠息", kind="money", unit="元", least=0, listed=False),
            Column("reported_on", "余额报送日期", kind="date", past=True),
            Column("overdue_days", "逾期天数", kind="integer", unit="天", least=0),
            Column("level", "五级分类", kind="choice", listed=False),
            Column("status", "状态", kind="choice"),
        ),
    )
)  # fmt: skip

DELEGATIONS = register(
    Register(
        key=f"{ROOM}.delegations", title="省公司对办事处的授权", programme=ROOM, model=Delegation,
        natural_key=("document",), organ_field=("grantor", "delegate"), owners=(OFFICE, COMPANY),
        checks=(_ends_after,), citation=f"{FUND} 第十七条",
        columns=(
            Column("document", "授权书文号", kind="code"),
            Column("grantor", "授权单位", kind="organ"),
            Column("delegate", "被授权单位", kind="organ"),
            Column("acts", "授权事项", kind="choice"),
            Column("starts_on", "起", kind="date"),
            Column("ends_on", "止", kind="date"),
        ),
    )
)  # fmt: skip

CHARGES = register(
    Register(
        key=f"{ROOM}.charges", title="村责任人", programme=ROOM, model=VillageCharge,
        natural_key=("town", "village", "starts_on"), name="village", organ_field="town",
        owners=(OFFICE, COMPANY, BRANCH, *FARM), checks=(_in_a_town,), citation=f"{POLICY} 三(一)",
        columns=(
            Column("town", "镇街道", kind="organ"),
            Column("village", "村"),
            Column("person", "责任人", kind="person"),
            Column("phone", "电话", kind="phone", sensitive=True),
            Column("starts_on", "起", kind="date", past=True),
        ),
    )
)  # fmt: skip

PUBLICITY = register(
    Register(
        key=f"{ROOM}.publicity", title="政策宣传", programme=ROOM, model=Publicity, natural_key=("code",),
        name="title", organ_field="town", owners=(OFFICE, COMPANY, BRANCH, *FARM), citation=f"{POLICY} 二(二)1",
        columns=(
            Column("code", "编号", kind="code"),
            Column("on", "日期", kind="date", past=True),
            Column("medium", "方式", kind="choice"),
            Column("town", "镇街道", kind="organ"),
            Column("title", "内容"),
            Column("reach", "覆盖人数", kind="integer", least=0),
            Column("photo", "照片", listed=False),
        ),
    )
)  # fmt: skip

TOWN_SCORES = register(
    Register(
        key=f"{ROOM}.town_scores", title="镇考评得分", programme=ROOM, model=TownScore,
        natural_key=("year", "town", "item"), name="item", organ_field="town", owners=(OFFICE,),
        checks=(_in_a_town, _not_above_weight), citation=f"{POLICY} 三(三)",
        note="项目和分值按《考评工作管理暂行办法》登记；导出供百分考核使用",
        columns=(
            Column("year", "年度", kind="year", least=2018, most=2100),
            Column("town", "镇街道", kind="organ"),
            Column("item", "项目"),
            Column("weight", "分值", kind="decimal", least=0),
            Column("score", "得分", kind="decimal"),
            Column("note", "说明", listed=False),
        ),
    )
)  # fmt: skip

BANK_SCORES = register(
    Register(
        key=f"{ROOM}.bank_scores", title="合作银行考评", programme=ROOM, model=BankScore,
        natural_key=("year", "bank"), organ_field="bank", owners=(OFFICE, "finance"), citation=f"{POLICY} 三(三)",
        columns=(
            Column("year", "年度", kind="year", least=2018, most=2100),
            Column("bank", "银行", kind="organ"),
            Column("score", "得分", kind="decimal", least=0, most=100),
            Column("reward", "奖励"),
        ),
    )
)  # fmt: skip

CUSTODY = register(
    Register(
        key=f"{ROOM}.custody", title="托管协议和账户", programme=ROOM, model=Custody, natural_key=("agreement_no",),
        organ_field=("custodian", "bank"), owners=(OFFICE, COMPANY, BRANCH, "finance"), checks=(_ends_after,),
        citation=f"{FUND} 第七条", note="账户应开在合作银行",
        columns=(
            Column("agreement_no", "协议编号", kind="code"),
            Column("custodian", "托管机构", kind="organ"),
            Column("bank", "开户银行", kind="organ"),
            Column("account", "账号", kind="account", sensitive=True),
            Column("starts_on", "起", kind="date"),
            Column("ends_on", "止", kind="date"),
        ),
    )
)  # fmt: skip

PLACEMENTS = register(
    Register(
        key=f"{ROOM}.placements", title="基金存放", programme=ROOM, model=Placement, natural_key=("number",),
        organ_field="bank", owners=(OFFICE, COMPANY, BRANCH, CUSTODIAN, "finance"), batch_checks=(_at_account_bank,),
        citation=f"{FUND} 第九条", note="由“基金存放”办件登记，到期收回时更新",
        columns=(
            Column("number", "办件编号", kind="code"),
            Column("product", "产品", kind="choice"),
            Column("bank", "银行", kind="organ"),
            Column("contract_no", "合同编号", kind="code", listed=False),
            Column("principal", "本金", kind="money", unit="元", least=1),
            Column("rate", "年利率", kind="decimal", unit="%", least=0, most=100),
            Column("starts_on", "起", kind="date"),
            Column("matures_on", "到期", kind="date"),
            Column("interest", "收益", kind="money", unit="元", least=0),
            Column("ended", "收回日期", kind="date", listed=False),
            Column("status", "状态", kind="choice"),
        ),
    )
)  # fmt: skip

RULINGS = register(
    Register(
        key=f"{ROOM}.rulings", title="办法的咨询和解释", programme=ROOM, model=Ruling, natural_key=("number",),
        name="question", organ_field="organ", owners=(OFFICE, COMPANY, BRANCH), citation=f"{FUND} 第十六条",
        columns=(
            Column("number", "编号", kind="code"),
            Column("clause", "条款"),
            Column("asked_on", "询问日期", kind="date", past=True),
            Column("asker", "询问人", kind="person", sensitive=True),
            Column("question", "问题", kind="area"),
            Column("answered_on", "答复日期", kind="date", past=True),
            Column("answer", "解释", kind="area"),
            Column("organ", "答复单位", kind="organ"),
        ),
    )
)  # fmt: skip

KIN = register(
    Register(
        key=f"{ROOM}.kin", title="办件人员回避登记", programme=ROOM, model=Kin, natural_key=("login", "code"),
        name="login", organ_field="organ", owners=(OFFICE,), checks=(_code_is_sound,),
        note="经办、审批人员登记本人、家人和有关单位的证件号；惠农贷和缓释基金的件按证件号要求回避",
        columns=(
            Column("login", "登录名", kind="code"),
            Column("organ", "单位", kind="organ"),
            Column("relation", "关系", kind="choice"),
            Column("code", "身份证号或统一社会信用代码", kind="code", sensitive=True),
            Column("name", "姓名或单位名称", kind="person", sensitive=True),
        ),
    )
)  # fmt: skip
