"""Who stands close to whom money goes to: identity codes decide, a name that is the same does not."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.funds.models import Kin
from luoshi.office.roles import Role
from luoshi.programmes.agri_guarantee import archive
from luoshi.programmes.agri_guarantee.models import Operator
from luoshi.programmes.mitigation_fund import lending
from luoshi.programmes.mitigation_fund.models import Firm, Holder
from tests.office.people import actor

HEAD, WIFE, OWN, FIRM, SUPPLIER = "11010519491231002X", "CODE-WIFE", "CODE-OWN", "CODE-FIRM", "CODE-SUPPLIER"


def _refused(turn) -> str:
    try:
        archive.require_unrelated(turn)
    except LuoshiError as refused:
        return refused.code
    return ""


@pytest.mark.django_db
def test_a_household_is_known_by_its_numbers():
    day = datetime.date(2019, 1, 2)
    made = {"category": "FAMILY_FARM", "scope": "GRAIN", "town": "xiacun", "village": "测试村", "surveyed_on": day,
            "round": 2019, "status": "archived"}  # fmt: skip
    head = Operator.objects.create(code=HEAD, name="测试reviewer", **made)
    Operator.objects.create(code=WIFE, name="测试乙", household=HEAD, **made)
    who = actor("reviewer", (Role.REVIEWER, "fin-agri-group"))
    turn = SimpleNamespace(actor=who, facts={}, case=SimpleNamespace(subject=archive.subject_of(head)))
    # Nothing is declared: the same name is enough to ask a colleague.
    assert _refused(turn) == "E_SELF"
    login = User.objects.get(pk=who.user_id).login
    own = Kin.objects.create(login=login, organ="fin-agri-group", relation="self", code=OWN)
    assert _refused(turn) == ""
    # The wife's archive names the same head: a case of the head is the own household's.
    near = Kin.objects.create(login=login, organ="fin-agri-group", relation="spouse", code=WIFE.lower())
    assert _refused(turn) == "E_SELF"
    Kin.objects.filter(pk=near.pk).update(ended_on=day)
    assert _refused(turn) == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        Kin.objects.create(login=login, organ="fin-agri-group", relation="self", code="another")
    assert str(own) == "reviewer 本人"


@pytest.mark.django_db
def test_a_related_payee_is_known_by_its_number():
    firm = Firm.objects.create(credit_code=FIRM, name="测试甲公司", town="xiacun", legal_person="测试丙")
    other = Firm.objects.create(credit_code=SUPPLIER, name="测试供应商", town="xiacun", legal_person="测试丁")

    def flagged(payee: str, code: str = "") -> bool:
        return lending._related(firm, payee, {}, code) == ["related"]

    assert flagged("测试丙", OWN), "no holders are registered: the name still says it"
    Holder.objects.create(firm=firm, code=OWN, name="测试丙", role="head")
    assert flagged("改了名字", OWN.lower())
    assert not flagged("测试丙", "CODE-STRANGER"), "another person of the same name"
    assert not flagged("测试甲公司", FIRM)
    assert not flagged("测试供应商", SUPPLIER)
    Holder.objects.create(firm=other, code=OWN, name="测试丙", role="share", share=30)
    assert flagged("测试供应商", SUPPLIER), "a firm in which the same person holds shares"
