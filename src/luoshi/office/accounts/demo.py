"""The invented people of the demonstration: one or more for every role, with one fixed password that is no secret."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.contrib.auth.hashers import make_password
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import Assignment, Delegation, User
from luoshi.office.accounts.organs import titles
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.roles import Role

PASSWORD = "luoshi-demo-2019"  # noqa: S105 - shown on the login page of the demonstration
BEGIN = datetime.date(2018, 1, 1)


class Sample(NamedTuple):
    """One invented person: login, name, roles (role, slug of the organ)."""

    login: str
    name: str
    roles: tuple[tuple[Role, str], ...]


PEOPLE = (
    Sample("wenshu1", "测试甲", ((Role.ARCHIVIST, "government-office"),)),
    Sample("wenshu2", "测试乙", ((Role.ARCHIVIST, "government-office"),)),
    Sample("caizheng1", "测试丙", ((Role.CLERK, "finance"),)),
    Sample("caizheng2", "测试丁", ((Role.REVIEWER, "finance"),)),
    Sample("caizheng3", "测试戊", ((Role.LEADER, "finance"),)),
    Sample("nongye1", "测试己", ((Role.CLERK, "agri-rural"), (Role.CLERK, "agriculture"))),
    Sample("nongye2", "测试庚", ((Role.LEADER, "agri-rural"), (Role.LEADER, "agriculture"))),
    Sample("huanbao1", "测试辛", ((Role.CLERK, "environment"),)),
    Sample("huanbao2", "测试壬", ((Role.LEADER, "environment"), (Role.REVIEWER, "air-command"))),
    Sample("zhujian1", "测试癸", ((Role.CLERK, "housing-construction"),)),
    Sample("zhujian2", "测试子", ((Role.LEADER, "housing-construction"),)),
    Sample("xiachu1", "测试丑", ((Role.CLERK, "xiachu"),)),
    Sample("ducha1", "测试寅", ((Role.SUPERVISOR, "government-office"),)),
    Sample("ducha2", "测试卯", ((Role.SUPERVISOR, "government-office"),)),
    Sample("bianban1", "测试辰", ((Role.STAFFING, "staffing-office"),)),
    Sample("bianban2", "测试巳", ((Role.STAFFING, "staffing-office"),)),
    Sample("ganbu1", "测试午", ((Role.PERSONNEL, "organization-dept"),)),
    Sample("ganbu2", "测试未", ((Role.PERSONNEL, "organization-dept"),)),
    Sample("shenji1", "测试申", ((Role.AUDITOR, "audit"),)),
    Sample("guanli1", "测试酉", ((Role.ADMINISTRATOR, "government-office"),)),
    Sample("qixiang1", "测试戌", ((Role.CLERK, "weather"),)),
    Sample("zhihui1", "测试亥", ((Role.CLERK, "air-command"),)),
    Sample("zhihui2", "测试天", ((Role.LEADER, "air-command"),)),
    Sample("shizheng1", "测试洪", ((Role.LEADER, "city-government"), (Role.LEADER, "air-command"))),
    Sample("zhuren1", "测试腾", ((Role.LEADER, "government-office"),)),
    Sample("yingji1", "测试地", ((Role.LEADER, "emergency-commission"),)),
    Sample("gongan1", "测试玄", ((Role.CLERK, "public-security"),)),
    Sample("jingxin1", "测试黄", ((Role.CLERK, "economy-it"), (Role.CLERK, "industry-it"))),
    Sample("jiaoyu1", "测试宇", ((Role.CLERK, "education"), (Role.CLERK, "education-sports"))),
    Sample("xuanchuan1", "测试宙", ((Role.CLERK, "publicity-dept"),)),
    Sample("nongdan1", "测试荒", ((Role.CLERK, "agri-guarantee--office"),)),
    Sample("nongdan2", "测试日", ((Role.LEADER, "agri-guarantee"),)),
    Sample("xiaozu1", "测试月", ((Role.REVIEWER, "fin-agri-group"),)),
    Sample("xiaozu2", "测试盈", ((Role.LEADER, "fin-agri-group"),)),
    Sample("nongshang1", "测试昃", ((Role.CLERK, "rural-commercial-bank"),)),
    Sample("nongshang2", "测试宿", ((Role.LEADER, "rural-commercial-bank"),)),
    Sample("guoyun1", "测试列", ((Role.CLERK, "state-capital-co"),)),
    Sample("guoyun2", "测试收", ((Role.REVIEWER, "state-capital-co"),)),
    Sample("jinfu1", "测试冬", ((Role.CLERK, "local-finance-center"),)),
    Sample("jinfu2", "测试藏", ((Role.REVIEWER, "local-finance-center"),)),
    Sample("jinfu3", "测试闰", ((Role.LEADER, "local-finance-center"),)),
    Sample("shuiwu1", "测试余", ((Role.REVIEWER, "tax"),)),
    Sample("shuiwu2", "测试成", ((Role.LEADER, "tax"),)),
    Sample("fangguan1", "测试岁", ((Role.CLERK, "housing-admin"),)),
    Sample("fangguan2", "测试律", ((Role.REVIEWER, "housing-admin"),)),
    Sample("fangguan3", "测试吕", ((Role.LEADER, "housing-admin"),)),
    Sample("guotu1", "测试调", ((Role.CLERK, "land-resources"),)),
    Sample("shuiwu3", "测试阳", ((Role.CLERK, "tax"),)),
)
"""Whom the login page of the demonstration offers."""

_AUDIT_DAYS = 60


def load_people() -> int:
    """Open the invented accounts that are not there yet and return how many were; twice is as once.

    One delegation is given: the agriculture bureau's head lets its clerk act for a month.
    """
    actor = Actor.system("演示", "cli")
    now, today, made = CLOCK.now(), CLOCK.today(), 0
    with transaction.atomic():
        known = set(User.objects.filter(login__in=[one.login for one in PEOPLE]).values_list("login", flat=True))
        # One hash for all: a memory-hard hash for each would make the demonstration start slowly.
        password = make_password(PASSWORD)
        for one in PEOPLE:
            if one.login in known:
                continue
            user = User.objects.create(
                login=one.login, name=one.name, password=password, created_at=now, created_by=actor.name
            )
            for role, organ in one.roles:
                Assignment.objects.create(
                    user=user,
                    role=role,
                    organ=organ,
                    valid_from=BEGIN,
                    valid_to=today + datetime.timedelta(days=_AUDIT_DAYS) if role is Role.AUDITOR else None,
                    granted_by=actor.name,
                    granted_at=now,
                )
            audit.append(actor=actor, act="user.open", subject=f"user:{user.pk}", after={"login": one.login})
            made += 1
        if made:
            _give_one(today, now)
    return made


def samples() -> Sequence[dict[str, Any]]:
    """Return the invented people that are there, as the login page shows them."""
    names = titles({organ for one in PEOPLE for _, organ in one.roles})
    there = set(
        User.objects.filter(login__in=[one.login for one in PEOPLE], is_active=True).values_list("login", flat=True)
    )
    return [
        {
            "login": one.login,
            "name": one.name,
            "post": f"{names[one.roles[0][1]]} · {one.roles[0][0].title}",
            "password": PASSWORD,
        }
        for one in PEOPLE
        if one.login in there
    ]


def _give_one(today: datetime.date, now: datetime.datetime) -> None:
    row = Assignment.objects.filter(user__login="nongye2", role=Role.LEADER, organ="agri-rural").first()
    taker = User.objects.filter(login="nongye1").first()
    if row is None or taker is None or Delegation.objects.filter(assignment=row).exists():
        return
    Delegation.objects.create(
        giver=row.user,
        taker=taker,
        assignment=row,
        valid_from=today,
        valid_to=today + datetime.timedelta(days=30),
        basis="演示授权书第1号",
        given_at=now,
    )
