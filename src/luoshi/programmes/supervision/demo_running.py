"""The demonstration's letters, circular, integrity cases, headquarters and proposal, played from what is overdue."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.db import transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI, day_of
from luoshi.office.accounts.models import Assignment, User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.duties import reminders, workdays
from luoshi.office.roles import Role
from luoshi.programmes.supervision import circulars, integrity, letters, meetings
from luoshi.programmes.supervision.models import CircularLine, Headquarters, SupervisionLetter

_BEFORE = (9, 3, 1)
"""Working days ago on which the ladder was climbed; the first letters were signed and some of them answered."""


def load(moment: datetime.datetime) -> Iterator[str]:
    """Play what is overdue up to `moment`; a second time does nothing. Yields what was done."""
    people = {user.login: user for user in User.objects.filter(login__in=["ducha1", "zhuren1"])}
    if Headquarters.objects.exists() or "ducha1" not in people:
        return
    clerk = standing(people["ducha1"]).actor("demo")
    director = standing(people["zhuren1"]).actor("demo") if "zhuren1" in people else None
    try:
        with transaction.atomic():
            for back in _BEFORE:
                day = workdays.shift(day_of(moment), -back)
                _at(day, 8)
                reminders.climb_ladder(CLOCK.now())
                if director is not None and back == _BEFORE[0]:
                    _sign_and_answer(director, day)
            _at(workdays.shift(day_of(moment), -2), 10)
            _registers(clerk)
            _circular(clerk)
    finally:
        CLOCK.release()
    made = SupervisionLetter.objects.count()
    signed = SupervisionLetter.objects.exclude(number="").count()
    yield f"重点工作：督办函{made}份，{signed}份已签发；通报稿一份，政务诚信、指挥部、提案各有登记。"


def _at(day: datetime.date, hour: int) -> None:
    CLOCK.set(datetime.datetime.combine(day, datetime.time(hour, 30), SHANGHAI))


def _sign_and_answer(director: Actor, day: datetime.date) -> None:
    """Sign the drafts; every second organ with a head answers, the others stay silent."""
    _at(day, 10)
    headed = 0
    for row in SupervisionLetter.objects.filter(state="drafted", drafted_on__lte=day).order_by("pk"):
        letters.sign(actor=director, letter=row.pk)
        head = _head(row.organ)
        headed += head is not None
        if head is None or not headed % 2:
            continue
        answered = workdays.shift(day, 3)
        _at(answered, 15)
        letters.reply(
            actor=head, letter=row.pk, done="已召开专题会，逐项落实到岗位，前期手续已补齐。",
            why="材料进场比计划晚，雨天停工多日。", following="增加班组，双休日不停工，每周报一次进展。",
            finish_by=answered + datetime.timedelta(days=30),
        )  # fmt: skip
        _at(day, 10)


def _head(organ: str) -> Actor | None:
    found = Assignment.objects.filter(organ=organ, role=Role.LEADER.value, user__is_active=True)
    row = found.select_related("user").order_by("user__login").first()
    return standing(row.user).actor("demo") if row is not None else None


def _registers(clerk: Actor) -> None:
    today = CLOCK.today()
    for organ, reference, title, amount, days in (
        ("finance", "测承〔2018〕3号", "兑付招商奖励资金", 5_000_000, 20),
        ("housing-construction", "（2018）测民终1号", "支付道路改造工程款", 123_456_700, -35),
    ):
        integrity.enter(
            actor=clerk, organ=organ, level="city", basis="judgment" if "民终" in reference else "promise",
            reference=reference, title=title, amount=amount, due=today + datetime.timedelta(days=days),
        )  # fmt: skip
    hq = meetings.set_up(
        actor=clerk, name="重点项目建设指挥部", organ="housing-construction", chief_post="副市长",
        members=["finance", "transport"],
    )  # fmt: skip
    meetings.give(
        actor=clerk, headquarters=hq.pk, session=1, title="排出项目资金拨付计划", organ="finance",
        due=workdays.shift(today, 10),
    )  # fmt: skip
    meetings.receive_proposal(actor=clerk, kind="cppcc", number="12", title="关于增设公交站点的提案", organ="transport")


def _circular(clerk: Actor) -> None:
    today = CLOCK.today()
    first = CircularLine.objects.filter(kind="red", entered_on__lte=today).order_by("pk").first()
    month = today.replace(day=1) - datetime.timedelta(days=1)
    circulars.draft(
        actor=clerk, period=f"{month.year}年{month.month}月", praised="多数单位按期填报，证据齐全。",
        following="请各单位对照清单抓紧落实，按期销号。", criticism=[first.organ] if first else [],
    )  # fmt: skip
