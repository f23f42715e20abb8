"""A book is opened: what its plan asks for, read; one hand proposes it, another opens it.

A room adds what its own rules say and its own rows, by plan:

    @checks("mitigation_fund/bank")
    def may_open(told: Told) -> None: ...      # asked when it is proposed and again when it is opened; refuses

    @opened("mitigation_fund/bank")
    def signed(told: Told) -> None: ...        # the book is there (told.book), in the same transaction

`open_at_once` is the same for programs (scenarios, demonstrations, imports), which have no second hand to wait for.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern
from luoshi.office.funds import plans
from luoshi.office.funds.actions import open_book
from luoshi.office.funds.models import Account, Book, Opening
from luoshi.office.funds.plans import BookPlan, Field
from luoshi.office.messages.actions import tell, tell_organ
from luoshi.office.permissions import may, require, require_other_hand, require_visible
from luoshi.office.roles import Role

_TAIL = 8
_MOST = {"text": 80, "account": 40, "number": 20, "date": 10, "bank": 12, "organ": 80, "choice": 40}


@dataclass(frozen=True, slots=True)
class Told:
    """What a room is told of a book to be opened: `values` are the answers by name of field; `book` once it is open."""

    plan: BookPlan
    key: str
    title: str
    organ: str
    opened_on: datetime.date
    values: Mapping[str, str]
    actor: Actor
    book: Book | None = None
    demo: bool = False


Rule = Callable[[Told], None]
_CHECKS: dict[str, Rule] = {}
_OPENED: dict[str, Rule] = {}


def checks(plan: str) -> Callable[[Rule], Rule]:
    """Register the decorated function: it refuses a book of `plan` that may not be opened; one a plan."""
    return _registered(_CHECKS, plan)


def opened(plan: str) -> Callable[[Rule], Rule]:
    """Register the decorated function: it makes the room's own rows when a book of `plan` is opened; one a plan."""
    return _registered(_OPENED, plan)


def _registered(into: dict[str, Rule], plan: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        into[plan] = function
        return function

    return register


# --- what was told ----------------------------------------------------------------------------------------------------


def read(
    *, actor: Actor, plan: str, opened_on: datetime.date, values: Mapping[str, object], demo: bool = False
) -> Told:
    """Return what is to be opened, read by the plan's fields. Errors: E_NOT_FOUND, E_INPUT, E_INCOMPLETE, E_FUTURE."""
    declared = plans.plan_of(plan)
    names = {one.name for one in declared.asked}
    if strange := sorted(set(values) - names):
        raise LuoshiError(
            "E_INPUT", f"开立“{declared.title}”不问“{strange[0][:40]}”。", fields={"field": strange[0][:40],
            "known": sorted(names)},
        )  # fmt: skip
    if opened_on > CLOCK.today():
        raise LuoshiError("E_FUTURE", f"开立日 {opened_on} 晚于今天。", fields={"field": "opened_on"})
    told = {one.name: _answer(one, str(values.get(one.name, "") or "")) for one in declared.asked}
    words = {**told, **{f"{one.name}_tail": told[one.name][-_TAIL:] for one in declared.asked if one.kind == "account"}}
    own = declared.opening
    key = f"{declared.room}/{own.key.format_map(words)}" if own.key else declared.key
    title = own.title.format_map(words) if own.title else declared.title
    organ = next((told[one.name] for one in declared.asked if one.kind == "organ" and told[one.name]), declared.organ)
    if not re.fullmatch(r"[a-z0-9_-]{1,40}/[A-Za-z0-9._-]{1,39}", key):
        raise LuoshiError(
            "E_INPUT", f"账簿的代号“{key[:80]}”不合式样：用字母、数字、点、短横。", fields={"field": "key"}
        )
    return Told(declared, key, title[:120], organ, opened_on, told, actor, demo=demo)


def _answer(one: Field, text: str) -> str:
    text = text.strip()
    where = {"field": one.name}
    if not text:
        if one.optional:
            return ""
        raise LuoshiError("E_INCOMPLETE", f"“{one.title}”要写。", fields=where)
    most = _MOST[one.kind]
    if len(text) > most or not text.isprintable():
        raise LuoshiError("E_INPUT", f"“{one.title}”最多{most}字，不能有控制字符。", fields=where)
    if one.kind == "bank" and not (len(text) == 12 and text.isascii() and text.isdigit()):
        raise LuoshiError("E_INPUT", f"“{one.title}”应为12位数字的支付系统行号。", fields=where)
    if one.kind == "account" and not re.fullmatch(r"[0-9A-Za-z-]{1,40}", text):
        raise LuoshiError("E_INPUT", f"“{one.title}”应为1到40位数字、字母或短横。", fields=where)
    if one.kind == "number":
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise LuoshiError("E_INPUT", f"“{one.title}”应为数，如 9.00。", fields=where)
    if one.kind == "date":
        try:
            datetime.date.fromisoformat(text)
        except ValueError:
            raise LuoshiError("E_INPUT", f"“{one.title}”应如 2018-03-08。", fields=where) from None
    if one.kind == "organ" and not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise LuoshiError("E_INPUT", f"“{one.title}”应为单位代号。", fields=where)
    if one.kind == "choice" and text not in one.choices:
        raise LuoshiError("E_INPUT", f"“{one.title}”应为{'、'.join(one.choices)}之一。", fields=where)
    return text


def _banks(told: Told) -> dict[str, tuple[str, str]]:
    """Return bank and number by the code of the bank account they belong to."""
    first = next((one.code for one in told.plan.accounts if one.part == "bank"), "")
    found: dict[str, dict[str, str]] = {}
    for one in told.plan.asked:
        if one.kind in ("bank", "account") and told.values[one.name]:
            found.setdefault(one.of or first, {})[one.kind] = told.values[one.name]
    return {
        code: (pair["bank"], pair["account"]) for code, pair in found.items() if code and len(pair) == 2
    }  # fmt: skip


def _refuse_known(told: Told) -> None:
    """Refuse a book that is open and a bank account of another book."""
    known = Book.objects.filter(key=told.key).first()
    if known is not None:
        raise LuoshiError(
            "E_DUPLICATE", f"“{known.title}”已于 {known.opened_on} 开立，不能再开。", fields={"book": known.key}
        )
    for code, (bank, number) in _banks(told).items():
        held = Account.objects.filter(bank=bank, number=number).select_related("book").first()
        if held is not None:
            name = next((one.name for one in told.plan.asked if one.kind == "account"), code)
            raise LuoshiError(
                "E_DUPLICATE", f"银行账户 尾号{number[-4:]} 已属于“{held.book.title}”。", fields={"field": name}
            )


def _may_open(told: Told) -> None:
    _refuse_known(told)
    if (rule := _CHECKS.get(told.plan.key)) is not None:
        rule(told)


def _open(told: Told) -> Book:
    try:
        with transaction.atomic():
            book = open_book(
                actor=told.actor, plan=told.plan.key, opened_on=told.opened_on, key=told.key, title=told.title,
                organ=told.organ, bank=_banks(told), demo=told.demo,
            )  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", f"“{told.title}”或它的银行账户刚刚已由别人开立。") from None
    if (rule := _OPENED.get(told.plan.key)) is not None:
        rule(replace(told, book=book))
    return book


# --- acts -------------------------------------------------------------------------------------------------------------


def open_at_once(
    *, actor: Actor, plan: str, opened_on: datetime.date, values: Mapping[str, object], demo: bool = False
) -> Book:
    """Open a book by the same rules in one act of a program and return it; one that is open under its key stays.

    Errors: E_FORBIDDEN, those of `read`, of the room's rules and of `actions.open_book`.
    """
    told = read(actor=actor, plan=plan, opened_on=opened_on, values=values, demo=demo)
    require(actor, "fund.open", [told.organ])
    with transaction.atomic():
        if (known := Book.objects.filter(key=told.key).first()) is not None:
            return known
        _may_open(told)
        return _open(told)


def propose(*, actor: Actor, plan: str, opened_on: datetime.date, values: Mapping[str, object]) -> Opening:
    """Propose a book for another hand to open. Side effects: the proposal, audit, a message to who may open it.

    Errors: E_FORBIDDEN, E_DUPLICATE (open, proposed, or its bank account is another book's), those of `read` and of
    the room's rules.
    """
    told = read(actor=actor, plan=plan, opened_on=opened_on, values=values)
    require(actor, "fund.post", [told.organ])
    _may_open(told)
    try:
        with transaction.atomic():
            row = Opening.objects.create(
                plan=plan, key=told.key, title=told.title, organ=told.organ, opened_on=opened_on,
                told=dict(told.values), maker_id=actor.user_id, maker_for=actor.for_id, maker_name=actor.name,
                made_at=CLOCK.now(),
            )  # fmt: skip
            audit.append(
                actor=actor, act="fund.propose", subject=f"book:{told.key}", permission="fund.post",
                after={"opening": row.pk, "plan": plan, "opened_on": str(opened_on), **told.values},
                basis=told.plan.basis,
            )  # fmt: skip
            tell_organ(key=f"fund.opening:{row.pk}", organ=told.organ, roles=(Role.REVIEWER, Role.LEADER),
                       kind="fund.check", text=f"待复核开立账簿：{told.title}",
                       href=f"/funds/openings/{row.pk}/")  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", f"“{told.title}”已有人提出开立，正待复核。") from None
    return row


def decide(*, actor: Actor, opening: int, accept: bool, reason: str = "", version: int | None = None) -> Opening:
    """Open a proposed book with another hand, or send it back with a reason; return the proposal.

    Side effects: the book with its accounts and what its room makes of it, audit, a message to who proposed it.
    Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_VERSION, E_STATE (decided), E_INCOMPLETE (no reason), those of opening.
    """
    with transaction.atomic():
        row = Opening.objects.select_for_update(of=("self",)).filter(pk=opening).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这份开立账簿的提议。")
        require_visible(actor, "fund.see", [row.organ, *plans.seers(row.plan)], "这份开立账簿的提议")
        require(actor, "fund.open", [row.organ])
        if row.state != Opening.State.PROPOSED:
            raise LuoshiError("E_STATE", f"这份提议{row.get_state_display()}。")
        if version is not None and version != row.version:
            raise LuoshiError("E_VERSION", "这份提议已被他人改过，请重新打开再看。", fields={"version": row.version})
        require_other_hand(actor, [row.maker_id, row.maker_for], "开立账簿的复核")
        if not accept and not reason.strip():
            raise LuoshiError("E_INCOMPLETE", "退回要写明原因。", fields={"field": "reason"})
        row.state = Opening.State.DONE if accept else Opening.State.REFUSED
        row.checker_id, row.checker_name, row.checked_at = actor.user_id, actor.name, CLOCK.now()
        row.reason, row.version = reason.strip()[:300], row.version + 1
        if accept:
            told = read(actor=actor, plan=row.plan, opened_on=row.opened_on, values=row.told)
            _may_open(told)
            row.book = _open(told)
        row.save()
        audit.append(
            actor=actor, act="fund.decide", subject=f"book:{row.key}", permission="fund.open",
            before={"opening": row.pk, "state": "proposed"}, after={"state": row.state, "reason": row.reason},
            basis=plans.plan_of(row.plan).basis,
        )  # fmt: skip
        if row.maker_id is not None:
            word = "已复核开立" if accept else f"的开立被退回：{row.reason}"
            tell(key=f"fund.opening:{row.pk}:{row.version}", users=[row.maker_id], kind="fund.decide",
                 text=f"{row.title}{word}", href=f"/funds/openings/{row.pk}/")  # fmt: skip
    return row


# --- reads ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """A plan as it is offered for opening: its keeper's name, its open books, whether the actor may propose one."""

    plan: BookPlan
    organ: str
    books: int
    offered: bool


def kinds(actor: Actor) -> list[Kind]:
    """Return the declared plans the actor sees, by key, with how many books of each are open."""
    seen = [one for one in plans.known_plans() if may(actor, "fund.see", [one.organ, *one.sees])]
    found: dict[str, int] = {}
    for plan in Book.objects.filter(plan__in=[one.key for one in seen]).values_list("plan", flat=True)[:2000]:
        found[plan] = found.get(plan, 0) + 1
    names = concern.titles([one.organ for one in seen], CLOCK.today())
    return [
        Kind(one, names.get(one.organ, one.organ), found.get(one.key, 0),
             proposable(actor, one) and (one.many or not found.get(one.key)))
        for one in seen
    ]  # fmt: skip


def proposable(actor: Actor, plan: BookPlan) -> bool:
    """Tell whether the actor may propose a book of the plan: at its keeper, or anywhere where the keeper is asked."""
    asked = any(one.kind == "organ" for one in plan.asked)
    return may(actor, "fund.post") if asked else may(actor, "fund.post", [plan.organ])


def opening_of(actor: Actor, opening: int) -> Opening:
    """Return a proposal the actor may see; E_NOT_FOUND."""
    row = Opening.objects.select_related("book").filter(pk=opening).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份开立账簿的提议。")
    require_visible(actor, "fund.see", [row.organ, *plans.seers(row.plan)], "这份开立账簿的提议")
    return row


def waiting(actor: Actor) -> list[Opening]:
    """Return the proposals that wait and that the actor may see, oldest first (500 at most)."""
    rows = Opening.objects.filter(state=Opening.State.PROPOSED).order_by("pk")[:500]
    return [one for one in rows if may(actor, "fund.see", [one.organ, *plans.seers(one.plan)])]
