"""Papers for tests: two invented kinds, people of the issuing organ, papers in each state."""

from __future__ import annotations

from typing import Any

from luoshi.office.accounts.models import User
from luoshi.office.actors import Actor
from luoshi.office.notices import actions, kinds
from luoshi.office.notices.models import Notice
from luoshi.office.roles import Role
from tests.office.people import actor

ORGAN = "environment"

LETTER = """
key: letter
title: 测试函
layout: letter
organ: environment
series: 测环函
channels: [inside]
fields:
  item: {title: 事项, sample: 某事}
  to: {title: 主送单位, type: organ, sample: finance}
  day: {title: 日期, type: date}
  note: {title: 附言, type: long, required: false}
  rows: {title: 清单, type: list, required: false, columns: {name: {title: 名称}, count: {title: 数, type: integer}}}
words:
  title: 关于{{ item }}的函
  to: "{{ to }}"
  body: |
    请于{{ day }}前办结{{ item }}。
    {% if rows %}
    |名称|数|
    {% for row in rows %}
    |{{ row.name }}|{{ row.count }}|
    {% endfor %}
    {% endif %}
    {% if note %}{{ note }}{% endif %}
  short: 【{{ organ_name }}】{{ item }}
"""
PUBLIC = """
key: bulletin
title: 测试通告
layout: notice
organ: environment
series: 测环告
public: true
check: true
channels: [web, feed, sms]
fields:
  colour: {title: 颜色, type: choice, choices: [蓝色, 黄色, 橙色, 红色]}
words:
  title: 关于发布{{ colour }}提示的通告
  body: |
    一、级别
    {{ colour }}提示。
    二、要求。各单位做好防护。请市民减少外出。
  note: 此件公开发布
  short: 【{{ organ_name }}】发布{{ colour }}提示
"""


def register() -> None:
    """Make the invented kinds known."""
    for text in (LETTER, PUBLIC):
        kinds.register(kinds.read("test", text))


def _held(login: str, role: Role) -> Actor:
    known = User.objects.filter(login=login).exists()
    return actor(login) if known else actor(login, (role, ORGAN))


def clerk(name: str = "n-clerk") -> Actor:
    """Return a clerk of the issuing organ."""
    return _held(name, Role.CLERK)


def reviewer(name: str = "n-reviewer") -> Actor:
    """Return a reviewer of the issuing organ."""
    return _held(name, Role.REVIEWER)


def head(name: str = "n-head") -> Actor:
    """Return the head of the issuing organ."""
    return _held(name, Role.LEADER)


def letter(by: Actor | None = None, **more: Any) -> Notice:
    """Return a drafted letter."""
    fields = {"item": "完成测试", "to": "finance", "day": "2026-02-01"} | more.pop("fields", {})
    return actions.draft(actor=by or clerk(), kind="test.letter", fields=fields, **more)


def signed(**more: Any) -> Notice:
    """Return a signed letter."""
    return actions.sign(actor=head(), notice=letter(**more).pk)


def bulletin(*, colour: str = "橙色", **more: Any) -> Notice:
    """Return a signed public paper."""
    made = actions.draft(actor=clerk(), kind="test.bulletin", fields={"colour": colour}, **more)
    actions.check(actor=reviewer(), notice=made.pk)
    return actions.sign(actor=head(), notice=made.pk)
