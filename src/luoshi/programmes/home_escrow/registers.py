"""The registers of this room: supervising banks with what they were chosen by, agencies with their credit file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q

from luoshi.office.registers.declaration import Column, Register, RowFault, register
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Agency, Bank

ROOM = "home_escrow"
OWNERS = ("housing-admin",)


def _agreement_in_order(row: Mapping[str, Any]) -> Iterable[RowFault]:
    first, last = row.get("from_on"), row.get("to_on")
    if first and last and last < first:
        yield RowFault("to_on", "合作协议的止日早于起日")
    if row.get("stage") == "active" and not row.get("agreement_no"):
        yield RowFault("agreement_no", "已启用的银行须有合作协议")


BANKS = register(
    Register(
        key=f"{ROOM}.banks", title="监管银行", programme=ROOM, model=Bank, natural_key=("code",), owners=OWNERS,
        checks=(_agreement_in_order,), public=True, published=Q(stage="active"), citation=f"{RULES} 第六条",
        columns=(
            Column("code", "代号", kind="code", pattern=r"[0-9]{2}", note="协议编号里的两位"),
            Column("name", "银行", public=True),
            Column("number", "支付系统行号", kind="code", pattern=r"[0-9]{12}"),
            Column("organ", "单位", kind="organ", required=False, listed=False),
            Column("stage", "状态", kind="choice", public=True),
            Column("agreement_no", "合作协议编号", required=False),
            Column("from_on", "自", kind="date", required=False),
            Column("to_on", "至", kind="date", required=False),
            Column("reputation", "信誉", required=False, listed=False),
            Column("service", "服务", required=False, listed=False),
            Column("loan_rate", "贷款利率", required=False),
            Column("safety", "资金安全管理", required=False, listed=False),
            Column("network", "网点和网络", required=False, listed=False),
            Column("link", "报文方式", kind="choice"),
            Column("phone", "电话", kind="phone", required=False, public=True),
        ),
    )
)  # fmt: skip

AGENCIES = register(
    Register(
        key=f"{ROOM}.agencies", title="中介和置业担保机构", programme=ROOM, model=Agency, natural_key=("credit_code",),
        owners=OWNERS, citation=f"{RULES} 第九条",
        columns=(
            Column("credit_code", "统一社会信用代码", kind="uscc"),
            Column("name", "机构名称"),
            Column("kind", "类别", kind="choice"),
            Column("filing_no", "备案编号", required=False),
            Column("online_sign", "网上签约资格", kind="boolean"),
            Column("violations", "违规次数", kind="integer", least=0),
            Column("credit_note", "信用档案", required=False, listed=False),
        ),
    )
)  # fmt: skip
