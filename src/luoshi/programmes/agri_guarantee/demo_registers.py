"""The registers of the demonstration: invented operators in every town, loans of some years, banks' reports."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from typing import Any

from luoshi.kernel.identifiers import id_check, uscc_check
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.registers import actions as records
from luoshi.programmes.agri_guarantee import archive, registers
from luoshi.programmes.agri_guarantee.models import Loan, LoanBalance, Operator

_DEMO = Actor.system("演示", "cli")
BANK = "rural-commercial-bank"
_KINDS = (
    ("家庭农场", "FAMILY_FARM", "GRAIN", "mu"), ("合作社", "COOP", "SPECIAL", "mu"),
    ("种养大户", "LARGE_GROWER", "BREEDING", "head"), ("小微企业", "MICRO_ENT", "SERVICES", "machine"),
    ("服务组织", "SERVICE_ORG", "SERVICES", "machine"), ("家庭农场", "FAMILY_FARM", "SPECIAL", "mu"),
    ("龙头企业", "LEADING_ENT", "INTEGRATED", "mu"), ("农场", "STATE_FARM_UNIT", "GRAIN", "mu"),
)  # fmt: skip
_NATURAL = ("FAMILY_FARM", "LARGE_GROWER")
_NUMERALS = "一二三四五六七八九十"
_DAY = datetime.timedelta(days=1)
OPERATORS = 64
"""So many operators, spread over the towns."""


def code_of(number: int, *, natural: bool) -> str:
    """Return an invented identity code with its check digit: a person born in 1900, or a firm of no registry."""
    if natural:
        body = f"37108319000101{number:03d}"
        return body + id_check(body)
    body = f"93371083MA{number:07d}"
    return body + uscc_check(body)


def title_of(number: int) -> str:
    """Return the invented name of an operator."""
    return f"测试{_KINDS[number % len(_KINDS)][0]}{number}号"


def load(today: datetime.date, named: list[tuple[str, str, str]]) -> None:
    """Enter delegation, custody, operators (the named ones in 下初镇), village charges, publicity, scores, loans.

    `named` are name, category, scope of those whose applications are played.
    """
    dice = random.Random("agri-guarantee")  # noqa: S311 - invented data
    towns = sorted(one for one in concern.towns() if archive.town_part(one) != "000")
    begin = today - 1000 * _DAY
    _enter(registers.DELEGATIONS, [
        {"document": "测试授〔2018〕1号", "grantor": "agri-guarantee", "delegate": "agri-guarantee--office",
         "acts": "all", "starts_on": begin, "ends_on": None},
    ])  # fmt: skip
    rows = [_operator(n, towns[n % len(towns)], today, dice) for n in range(1, OPERATORS + 1)]
    fresh = {"status": "draft", "posted_from": None, "signed_on": None}
    rows += [_operator(600 + n, "xiachu", today, dice) | fresh | {"name": f"测试家庭农场{600 + n}号"} for n in range(4)]
    for n, (name, category, scope) in enumerate(named):
        row = _operator(500 + n, "xiachu", today, dice)
        code = code_of(500 + n, natural=category in _NATURAL)
        told = {"code": code, "name": name, "category": category, "scope": scope, "status": "archived"}
        rows.append(row | told | _all_yes())
    _enter(registers.OPERATORS, rows)
    _enter(registers.CHARGES, [
        {"town": town, "village": f"测试{_NUMERALS[n]}村", "person": f"测试责任{_NUMERALS[n]}", "phone": "",
         "starts_on": begin}
        for town in towns for n in range(2)
    ])  # fmt: skip
    media = ("tv", "radio", "banner", "leaflet")
    _enter(registers.PUBLICITY, [
        {"code": f"XC-{today.year}-{n:03d}", "on": today - (20 + 9 * n) * _DAY, "medium": media[n % 4], "town": town,
         "title": ("电视专题", "广播问答", "集市横幅", "入户明白纸")[n % 4], "reach": 200 + 90 * n, "photo": ""}
        for n, town in enumerate(towns[:12], 1)
    ])  # fmt: skip
    _scores(today.year - 1, towns, dice)
    _loans(today, dice)
    _kin()


def _enter(register: Any, rows: list[dict[str, Any]]) -> None:
    records.enter(actor=_DEMO, register=register, rows=rows, reason="演示")


def _all_yes() -> dict[str, str]:
    names = ("creditworthy", "has_scale", "experience", "profit", "main_business", "need", "wide_reach", "strong_pull",
             "close_links")  # fmt: skip
    return dict.fromkeys(names, "yes")


def _operator(number: int, town: str, today: datetime.date, dice: random.Random) -> dict[str, Any]:
    _word, category, scope, unit = _KINDS[number % len(_KINDS)] if number < 500 else ("", "FAMILY_FARM", "GRAIN", "mu")
    natural = category in _NATURAL
    status = "archived" if number % 9 else ("draft", "posted", "signed", "lapsed")[number // 9 % 4]
    surveyed = today - dice.randint(60, 300) * _DAY
    return {
        "code": code_of(number, natural=natural), "name": title_of(number), "category": category, "scope": scope,
        "town": town, "village": f"测试{_NUMERALS[number % 5]}村", "represent": f"测试法人{number}",
        "scale": Decimal(dice.randint(30, 900)), "unit": unit, "began": today.year - dice.randint(3, 20),
        "revenue": dice.randint(20, 400) * 1_000_000, "income": dice.randint(3, 60) * 1_000_000,
        "wanted": dice.randint(2, 18) * 10_000_000, "households": dice.randint(0, 40), "purpose": "扩大生产",
        **_all_yes(), "evidence": "村调查表、镇核对表", "assessor": "测试丑", "household": "", "surveyed_on": surveyed,
        "surveyor": f"测试主任{number % 7}", "posted_from": surveyed + _DAY, "posted_to": surveyed + 8 * _DAY,
        "posted_at": "村务公开栏", "objections": "", "round": surveyed.year, "status": status,
        "signed_on": surveyed + 12 * _DAY if status in ("signed", "archived") else None,
        "mechanised_on": surveyed if number % 16 == 0 else None,
    }  # fmt: skip


_KIN = (
    ("nongdan1", "self", 900, "测试荒"), ("nongdan1", "spouse", 901, "测试乙"), ("xiaozu1", "self", 910, "测试月"),
    ("xiaozu1", "firm", OPERATORS, title_of(OPERATORS)), ("guoyun1", "self", 920, "测试列"),
    ("caizheng2", "self", 930, "测试丁"), ("shuiwu1", "self", 940, "测试余"), ("shuiwu1", "spouse", 941, "测试丑一"),
)  # fmt: skip
"""Declared by the people of the demonstration: login, relation, number of the invented identity, name.

One controls an operator nobody plays a case of; one is married to the head of a firm that has applied for nothing.
"""


def _kin() -> None:
    held = dict(Assignment.objects.filter(user__login__in={one[0] for one in _KIN}).values_list("user__login", "organ"))
    _enter(registers.KIN, [
        {"login": login, "organ": held[login], "relation": relation, "name": name,
         "code": code_of(n, natural=relation != "firm")}
        for login, relation, n, name in _KIN if login in held
    ])  # fmt: skip


def _scores(year: int, towns: list[str], dice: random.Random) -> None:
    items = (("建档进度", 30), ("推荐质量", 40), ("政策宣传", 10), ("保后协助", 20))
    _enter(registers.TOWN_SCORES, [
        {"year": year, "town": town, "item": item, "weight": Decimal(weight),
         "score": Decimal(dice.randint(weight * 7, weight * 10)) / 10, "note": ""}
        for town in towns for item, weight in items
    ])  # fmt: skip
    _enter(registers.BANK_SCORES, [{"year": year, "bank": BANK, "score": Decimal("92.50"), "reward": "通报表扬"}])


def _loans(today: datetime.date, dice: random.Random) -> None:
    """Loans of two years; four went wrong long ago, two run late now."""
    operators = list(Operator.objects.filter(status="archived").exclude(town="xiachu").order_by("pk")[:34])
    rows = []
    for n, one in enumerate(operators, 1):
        ago = 900 - 24 * n
        begin, amount = today - ago * _DAY, dice.choice((20, 30, 50, 80, 100, 150, 180)) * 1_000_000
        failed, late = n <= 6, n in (20, 27)
        repaid = 0 if failed else amount * dice.randint(0, 4) // 10
        rows.append(
            {
                "number": f"LD{begin.year}{archive.town_part(one.town)}{90000 + n}", "borrower": one.name,
                "operator": one.pk, "town": one.town,
                "bank": BANK, "project_type": "ORDINARY", "entrusted_no": f"WT{n:04d}", "guarantee_no": f"BZ{n:04d}",
                "contract_no": f"JK{n:04d}", "signed_on": begin, "amount": FAILED[n - 1] if failed else amount,
                "rate": Decimal("5.2"), "fee": Decimal("1" if one.scope == "GRAIN" else "1.5"), "starts_on": begin,
                "ends_on": begin + 1095 * _DAY, "disbursed": FAILED[n - 1] if failed else amount,
                "disbursed_on": begin, "repaid": repaid, "covered": 0, "interest": 0,
                "reported_on": today - (60 if n == 31 else 12) * _DAY, "overdue_days": 40 + n if late else 0,
                "level": "watch" if late else "normal", "status": "overdue" if late or failed else "active",
            }
        )  # fmt: skip
    _enter(registers.LOANS, rows)
    LoanBalance.objects.bulk_create(
        [
            LoanBalance(loan=loan, on=loan.reported_on, principal=loan.outstanding, overdue_days=loan.overdue_days,
                        at=datetime.datetime.combine(loan.reported_on, datetime.time(9), datetime.UTC))
            for loan in Loan.objects.all() if loan.reported_on
        ]
    )  # fmt: skip


FAILED = (150_000_000, 180_000_000, 120_000_000, 200_000_000, 40_000_000, 26_000_000)
"""The loans that went wrong, fen, in the order of their claims."""
