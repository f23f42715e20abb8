"""Who votes on a firm stands aside where an identity that he declared is the firm, or stands behind it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.funds.models import Kin
from luoshi.office.roles import Role
from luoshi.programmes.mitigation_fund import committee
from luoshi.programmes.mitigation_fund.models import Firm, Holder
from tests.office import people

FIRM, OTHER, OWNER = "91371083MA3TEST001", "91371083MA3TEST002", "91371083MA3TEST003"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("declared", "asked", "refused"),
    [
        (FIRM, {"firm": FIRM}, True),
        (FIRM, {"firm_name": "测试甲公司"}, True),
        (OWNER.lower(), {"firm": FIRM}, True),
        (OWNER, {"firm": OTHER}, False),
        ("", {"firm": FIRM}, False),
    ],
)
def test_a_voter_with_a_declared_tie_to_the_firm_is_refused(declared: str, asked: dict[str, str], refused: bool):
    actor = people.actor("voter", (Role.REVIEWER, "finance"))
    for code, name in ((FIRM, "测试甲公司"), (OTHER, "测试乙公司")):
        Firm.objects.create(credit_code=code, name=name, town="xiacun")
    Holder.objects.create(firm=Firm.objects.get(credit_code=FIRM), code=OWNER, name="测试丙公司", role="share")
    if declared:
        login = User.objects.get(pk=actor.user_id).login
        Kin.objects.create(login=login, organ="finance", relation="firm", code=declared)
    turn = SimpleNamespace(case=SimpleNamespace(parent=SimpleNamespace(facts={})), facts=asked)
    if not refused:
        committee.require_unrelated(turn, actor.hands, actor.name)
        return
    with pytest.raises(LuoshiError) as told:
        committee.require_unrelated(turn, actor.hands, actor.name)
    assert told.value.code == "E_INTEREST"
