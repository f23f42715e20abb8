"""The registers of this room: listed firms, listings, windows, benchmark rates, the banks' monthly reports."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import parse_id_number, parse_uscc
from luoshi.office.actors import Actor
from luoshi.office.registers.declaration import Column, Link, Register, RowFault, register
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import ORGAN, ROOM
from luoshi.programmes.mitigation_fund.models import Benchmark, Firm, Holder, Listing, MonthlyReport, Window

NIL = "-"
"""The contract of a nil report."""


def _firm_links(firm: Firm, _on: datetime.date, _actor: Actor) -> Iterable[Link]:
    yield Link("企业情况", firm.name, reverse("mitigation-firm", args=[firm.credit_code]))


def _identity(row: Mapping[str, Any]) -> Iterable[RowFault]:
    """A person's number or a firm's credit code, whichever check digit fits."""
    code, first = str(row.get("code") or "").upper(), None
    for parse in (parse_uscc, lambda text: parse_id_number(text, CLOCK.today())):
        try:
            parse(code)
        except LuoshiError as error:
            first = error
        else:
            return
    if code and first is not None:
        yield RowFault("code", "不是有效的身份证号或统一社会信用代码，请核对", code=first.code)


def _days(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if row.get("delisted_on") and row.get("listed_on") and row["delisted_on"] < row["listed_on"]:
        yield RowFault("delisted_on", "摘牌日早于挂牌日，请核对")


def _neeq(row: Mapping[str, Any]) -> Iterable[RowFault]:
    code = str(row.get("code") or "")
    if row.get("board") == Listing.Board.NEEQ and not (len(code) == 6 and code.isascii() and code.isdigit()):
        yield RowFault("code", "新三板的证券代码应为六位数字")


def _window(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if row.get("opens_on") and row.get("closes_on") and row["closes_on"] < row["opens_on"]:
        yield RowFault("closes_on", "截止日早于开始日，请核对")


def _first_day(row: Mapping[str, Any]) -> Iterable[RowFault]:
    month = row.get("month")
    if month is not None and month.day != 1:
        yield RowFault("month", "月份写该月第一天，如 2020-03-01")
    if row.get("contract_no") == NIL and row.get("outstanding"):
        yield RowFault("outstanding", "无贷款的月报余额应为0")


FIRMS = register(
    Register(
        key=f"{ROOM}.firms", title="挂牌企业", programme=ROOM, model=Firm, natural_key=("credit_code",),
        owners=(ORGAN, "finance", "tax"), citation=f"{RULES} 第二条", links=_firm_links,
        columns=(
            Column("credit_code", "统一社会信用代码", kind="uscc"),
            Column("name", "企业名称"),
            Column("town", "所在镇区", kind="organ"),
            Column("address", "地址", listed=False),
            Column("sme", "中小微企业", kind="boolean", note="只显示，不作条件"),
            Column("legal_person", "法定代表人", kind="person", listed=False, sensitive=True),
        ),
    )
)  # fmt: skip

HOLDERS = register(
    Register(
        key=f"{ROOM}.holders", title="股东和关联人", programme=ROOM, model=Holder,
        natural_key=("firm", "code", "role"), name="name", owners=(ORGAN, "finance", "tax"),
        checks=(_identity,), citation=f"{RULES} 第十条",
        note="放款付给关联方、审核人与企业有利害关系，都按证件号比对",
        columns=(
            Column("firm", "企业", kind="reference", by="credit_code", called="name", note="写统一社会信用代码"),
            Column("role", "身份", kind="choice"),
            Column("name", "姓名或单位名称", kind="person", sensitive=True),
            Column("code", "身份证号或统一社会信用代码", kind="code", sensitive=True),
            Column("share", "持股比例", kind="decimal", unit="%", least=0, most=100, places=4),
        ),
    )
)  # fmt: skip

LISTINGS = register(
    Register(
        key=f"{ROOM}.listings", title="挂牌情况", programme=ROOM, model=Listing,
        natural_key=("firm", "board", "listed_on"), name="code", owners=(ORGAN, "finance", "tax"),
        checks=(_days, _neeq), citation=f"{RULES} 第二条",
        columns=(
            Column("firm", "企业", kind="reference", by="credit_code", called="name", note="写统一社会信用代码"),
            Column("board", "挂牌场所", kind="choice"),
            Column("code", "证券代码", kind="code"),
            Column("listed_on", "挂牌日期", kind="date", past=True),
            Column("delisted_on", "摘牌日期", kind="date"),
            Column("checked_on", "最近核对", kind="date", past=True, note="放款前三十天内须核对"),
            Column("proof", "证明材料", listed=False),
        ),
    )
)  # fmt: skip

WINDOWS = register(
    Register(
        key=f"{ROOM}.windows", title="申报窗口", programme=ROOM, model=Window, natural_key=("code",),
        owners=(ORGAN,), checks=(_window,), citation=f"{RULES} 第九条",
        columns=(
            Column("code", "窗口编号", kind="code"),
            Column("opens_on", "开始日期", kind="date"),
            Column("closes_on", "截止日期", kind="date", note="当天仍可申请"),
            Column("note", "说明"),
        ),
    )
)  # fmt: skip

BENCHMARKS = register(
    Register(
        key=f"{ROOM}.benchmarks", title="基准利率", programme=ROOM, model=Benchmark, natural_key=("series", "day"),
        name="series", owners=(ORGAN, "finance"), citation=f"{RULES} 第四条",
        columns=(
            Column("series", "种类", kind="choice"),
            Column("day", "自哪天起", kind="date"),
            Column("rate", "利率", kind="decimal", unit="%", least=0, most=100, places=4),
        ),
    )
)  # fmt: skip

REPORTS = register(
    Register(
        key=f"{ROOM}.reports", title="银行贷后月报", programme=ROOM, model=MonthlyReport,
        natural_key=("bank", "month", "contract_no"), name="contract_no", organ_field="bank",
        owners=(ORGAN, "finance", "tax"), checks=(_first_day,), citation=f"{RULES} 第十三条",
        columns=(
            Column("bank", "银行", kind="organ"),
            Column("month", "月份", kind="date", note="写该月第一天"),
            Column("contract_no", "合同编号", kind="code", note="本月没有贷款的写 -"),
            Column("outstanding", "贷款余额", kind="money", unit="元", least=0),
            Column("interest_paid", "利息已按期支付", kind="boolean"),
            Column("loan_class", "五级分类", kind="choice"),
            Column("money_use", "资金用途", listed=False),
            Column("business", "经营和结算变化", listed=False),
            Column("remark", "备注", listed=False),
            Column("received_on", "收到日期", kind="date", past=True),
        ),
    )
)  # fmt: skip
