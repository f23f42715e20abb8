"""Change the book: one person proposes, another approves or refuses; what is decided stays as it is."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from luoshi.kernel.citation import Citation
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DatedValue, Provenance, plain
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.locks import serialise
from luoshi.office.messages import actions as messages
from luoshi.office.parameters import packaged, queries, values
from luoshi.office.parameters.book import Span, current
from luoshi.office.parameters.models import ParameterChange, ParameterSpan
from luoshi.office.permissions import require, require_other_hand
from luoshi.office.roles import Role

EARLIEST, LATEST = datetime.date(1949, 10, 1), datetime.date(2100, 12, 31)
_GENESIS = "0" * 64
_LOCK = "parameters"
State, Kind = ParameterChange.State, ParameterChange.Kind


def propose(
    *,
    actor: Actor,
    room: str,
    name: str,
    value: Any,
    valid_from: datetime.date,
    valid_to: datetime.date | None = None,
    source: str = Provenance.CLAUSE,
    citation: str = "",
    document: str = "",
    reason: str = "",
) -> ParameterChange:
    """Propose that a parameter has `value` from a day on (until `valid_to`, included); nothing holds before approval.

    Side effects: audit entry, a message to those who may approve. E_FORBIDDEN, E_NOT_FOUND; E_INPUT with `faults` by
    field; E_IMPLAUSIBLE for a leap without a reason; E_DUPLICATE while another change from that day waits.
    """
    proposed = draft(
        room=room, name=name, value=value, valid_from=valid_from, valid_to=valid_to, source=source, citation=citation,
        document=document, reason=reason,
    )  # fmt: skip
    return _file(actor, proposed)


def propose_confirmation(
    *, actor: Actor, room: str, name: str, on: datetime.date, document: str, reason: str = ""
) -> ParameterChange:
    """Propose to confirm, by a document, the value that holds on a day but comes from no clause.

    Side effects and errors as for `propose`; E_STATE where there is nothing to confirm.
    """
    return _file(actor, confirmation_draft(room=room, name=name, on=on, document=document, reason=reason))


def _file(actor: Actor, proposed: ParameterChange) -> ParameterChange:
    require(actor, "parameter.propose", [proposed.owner])
    proposed.proposed_by_id, proposed.proposed_for_id = actor.user_id, actor.for_id
    proposed.proposed_name, proposed.proposed_at = _name(actor), CLOCK.now()
    waiting = ParameterChange.objects.filter(
        room=proposed.room, name=proposed.name, valid_from=proposed.valid_from, state=State.PROPOSED
    )
    with transaction.atomic():
        serialise(_LOCK)
        if (other := waiting.first()) is not None:
            raise LuoshiError(
                "E_DUPLICATE",
                f"这个参数自{proposed.valid_from.isoformat()}起的变更已有一件待批准（第 {other.pk} 号）。"
                "请先由他人批准或退回，或由拟办人撤回。",
                fields={"change": other.pk},
            )
        proposed.save(force_insert=True)
        messages.tell_organ(
            key=f"parameter.proposed:{proposed.pk}",
            organ=proposed.owner,
            roles=[Role.REVIEWER, Role.LEADER],
            kind="parameter",
            text=f"{proposed.proposed_name}拟改参数“{_title(proposed)}”，待您批准。",
            href=address(proposed),
        )
        audit.append(
            actor=actor,
            act="parameter.propose",
            subject=f"parameter_change:{proposed.pk}",
            after=proposed.content,
            basis=proposed.document or proposed.citation,
        )
    return proposed


def approve(*, actor: Actor, change_id: int, version: int) -> ParameterChange:
    """Approve a proposed change; from now on every decision of its days is taken with it, everywhere.

    Side effects: a new edition of the book; other waiting changes of the parameter must be looked at anew (their
    version rises); audit entry; a message to whoever proposed. E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_STATE, E_VERSION.
    """
    with transaction.atomic():
        serialise(_LOCK)
        found = _open(actor, change_id, version)
        if found.kind == Kind.CONFIRM and not _still_holds(found):
            raise LuoshiError("E_STATE", "要确认的值已被另一件变更取代，不能再确认。请退回，由拟办人按现值重拟。")
        last = ParameterChange.objects.aggregate(last=Max("book"))["last"] or 0
        before = ParameterChange.objects.filter(book=last).values_list("digest", flat=True).first()
        found.book = last + 1
        _decide(found, actor, State.APPROVED)
        found.digest = _digest(before or _GENESIS, found)
        found.save()
        _stand(found)
        waiting = ParameterChange.objects.filter(room=found.room, name=found.name, state=State.PROPOSED)
        waiting.update(version=F("version") + 1)
        _tell_maker(found, "已获批准")
        audit.append(
            actor=actor,
            act="parameter.approve",
            subject=f"parameter_change:{found.pk}",
            before={"state": State.PROPOSED.value},
            after={"state": State.APPROVED.value, "book": found.book, "digest": found.digest} | found.content,
            basis=found.document or found.citation,
        )
    return found


def refuse(*, actor: Actor, change_id: int, version: int, answer: str) -> ParameterChange:
    """Refuse a proposed change, saying why; the book stays as it is.

    Side effects: audit entry, a message to whoever proposed. Errors as for `approve`; E_INPUT without a reason.
    """
    if not answer.strip():
        raise _faulty({"answer": "请写明不予批准的理由。"})
    with transaction.atomic():
        serialise(_LOCK)
        found = _open(actor, change_id, version)
        found.answer = answer.strip()[:2000]
        _decide(found, actor, State.REFUSED)
        found.save()
        _tell_maker(found, f"不予批准：{found.answer}")
        audit.append(
            actor=actor,
            act="parameter.refuse",
            subject=f"parameter_change:{found.pk}",
            before={"state": State.PROPOSED.value},
            after={"state": State.REFUSED.value, "answer": found.answer},
            permission="parameter.approve",
        )
    return found


def withdraw(*, actor: Actor, change_id: int, version: int) -> ParameterChange:
    """Take back a change one proposed oneself, while it waits; it stays readable as withdrawn.

    Side effects: audit entry. E_NOT_FOUND, E_FORBIDDEN for another's, E_STATE, E_VERSION.
    """
    with transaction.atomic():
        serialise(_LOCK)
        found = _locked(actor, change_id)
        require(actor, "parameter.propose", [found.owner])
        if not actor.trusted and not actor.hands & {found.proposed_by_id, found.proposed_for_id}:
            raise LuoshiError("E_FORBIDDEN", f"这件变更由{found.proposed_name}拟办，只能由其本人撤回；他人可予退回。")
        _check_waiting(found, version)
        _decide(found, actor, State.WITHDRAWN)
        found.save()
        audit.append(
            actor=actor,
            act="parameter.withdraw",
            subject=f"parameter_change:{found.pk}",
            before={"state": State.PROPOSED.value},
            after={"state": State.WITHDRAWN.value},
            permission="parameter.propose",
        )
    return found


# --- what is proposed -------------------------------------------------------------------------------------------------


def draft(
    *,
    room: str,
    name: str,
    value: Any,
    valid_from: datetime.date,
    valid_to: datetime.date | None = None,
    source: str = Provenance.CLAUSE,
    citation: str = "",
    document: str = "",
    reason: str = "",
) -> ParameterChange:
    """Return a checked change that is not stored: for the preview and for `propose`. Errors as for `propose`."""
    delivered = packaged.parameter(room, name)
    present = current().parameter(room, name)
    faults: dict[str, str] = {}
    try:
        value = values.checked(delivered, value)
    except LuoshiError as error:
        faults["value"] = error.fields["faults"][0]["fault"]
    cited = _basis(source, citation.strip(), faults)
    texts = {"document": (document.strip(), 300), "reason": (reason.strip(), 2000), "citation": (cited, 300)}
    for field, (text, most) in texts.items():
        if len(text) > most or "\0" in text:
            faults[field] = f"最多 {most} 字，不含控制字符。"
    _check_days(valid_from, valid_to, faults)
    if faults:
        raise _faulty(faults)
    old = queries.value_on(present, valid_from)
    if valid_from < CLOCK.today() and not reason.strip():
        faults["reason"] = "自过去的日期起改值，须写明理由：已作的决定可能受影响。"
    if old is not None and _same(old, value, cited, source, valid_to):
        faults["value"] = "与现值和依据都相同，没有改动。要确认现值，请用“确认现值”。"
    if faults:
        raise _faulty(faults)
    if old is not None and values.is_implausible(old.value, value) and not reason.strip():
        raise LuoshiError(
            "E_IMPLAUSIBLE",
            f"由 {values.as_text(old.value)} 改为 {values.as_text(value)}，相差过大。请核对；确实如此，请写明理由。",
            fields={"faults": [{"field": "reason", "fault": "数值相差过大，请核对或写明理由。"}]},
        )
    return ParameterChange(
        room=room, name=name, kind=Kind.VALUE, value=plain(value), valid_from=valid_from, valid_to=valid_to,
        source=str(Provenance(source)), citation=cited, document=document.strip(), reason=reason.strip(),
        owner=packaged.owner_of(delivered),
    )  # fmt: skip


def confirmation_draft(*, room: str, name: str, on: datetime.date, document: str, reason: str = "") -> ParameterChange:
    """Return a checked confirmation that is not stored. Errors as for `propose_confirmation`."""
    delivered = packaged.parameter(room, name)
    held = current().parameter(room, name).on(on)
    if not held.needs_confirmation:
        raise LuoshiError("E_STATE", f"参数“{delivered.title}”在{on.isoformat()}的值出自条款或已经确认，无须再确认。")
    named = document.strip()
    if not named or len(named) > 300 or "\0" in named:
        raise _faulty({"document": "请写明据以确认的文件，如文号、会议纪要，最多 300 字。"})
    return ParameterChange(
        room=room, name=name, kind=Kind.CONFIRM, value=plain(held.value), valid_from=held.valid_from,
        valid_to=held.valid_to, source=held.source.value, citation=_cited(held) or named, document=named,
        reason=reason.strip()[:2000], owner=packaged.owner_of(delivered),
    )  # fmt: skip


def _basis(source: str, citation: str, faults: dict[str, str]) -> str:
    """Return the citation in its canonical form, noting what is wrong with it."""
    if source not in {known.value for known in Provenance}:
        faults["source"] = "请选数值的来源。"
    elif source == Provenance.CLAUSE:
        parsed = Citation.parse(citation)
        if parsed is None:
            faults["citation"] = "出自条款的，请写文号和条款，如“某政发〔2018〕1号 三(五)”。"
        else:
            return str(parsed)
    elif source == Provenance.OUTSIDE_RULE and not citation:
        faults["citation"] = "请写明是哪一项规定，如“《某某条例》第三条”或标准号。"
    parsed = Citation.parse(citation) if citation else None
    return str(parsed) if parsed is not None else citation


def _check_days(first: datetime.date, last: datetime.date | None, faults: dict[str, str]) -> None:
    if not EARLIEST <= first <= LATEST:
        faults["valid_from"] = "起始日应在 1949 年 10 月到 2100 年之间。"
    if last is not None and not first <= last <= LATEST:
        faults["valid_to"] = "终止日不能早于起始日，也不能晚于 2100 年。"


def _same(old: DatedValue, value: Any, cited: str, source: str, valid_to: datetime.date | None) -> bool:
    return (plain(old.value), _cited(old), old.source.value, old.valid_to) == (plain(value), cited, source, valid_to)


def _cited(held: DatedValue) -> str:
    return str(held.citation) if held.citation is not None else held.basis or ""


def _faulty(faults: dict[str, str]) -> LuoshiError:
    return LuoshiError(
        "E_INPUT",
        "；".join(words.removesuffix("。") for words in faults.values()) + "。",
        fields={"faults": [{"field": field, "fault": words} for field, words in faults.items()]},
    )


# --- deciding ---------------------------------------------------------------------------------------------------------


def _locked(actor: Actor, change_id: int) -> ParameterChange:
    queries.change(actor, change_id)
    return ParameterChange.objects.select_for_update().get(pk=change_id)


def _open(actor: Actor, change_id: int, version: int) -> ParameterChange:
    """Return a waiting change that this actor may decide as the second person."""
    found = _locked(actor, change_id)
    require(actor, "parameter.approve", [found.owner])
    require_other_hand(actor, [found.proposed_by_id, found.proposed_for_id], "参数变更")
    _check_waiting(found, version)
    return found


def _check_waiting(found: ParameterChange, version: int) -> None:
    if found.state != State.PROPOSED:
        raise LuoshiError(
            "E_STATE", f"第 {found.pk} 号变更{found.get_state_display()}，不能再改。", fields={"state": found.state}
        )
    if found.version != version:
        raise LuoshiError(
            "E_VERSION",
            "您打开后这个参数已有另一件变更获得批准，后果与您看到的不同。请重新看过再办。",
            fields={"yours": version, "current": found.version, "content": found.content},
        )


def _decide(found: ParameterChange, actor: Actor, state: ParameterChange.State) -> None:
    found.state, found.version = state, found.version + 1
    found.decided_by_id, found.decided_for_id = actor.user_id, actor.for_id
    found.decided_name, found.decided_at = _name(actor), CLOCK.now()


def _stand(found: ParameterChange) -> None:
    """Put the days of an approved change into the book: what stood there ends, what is left of it is written anew."""
    book = found.book or 0
    standing = ParameterSpan.objects.filter(room=found.room, name=found.name, until__isnull=True)
    for row in list(standing.select_for_update()):
        old = Span(row.room, row.name, row.valid_from, row.valid_to, None, "", "", None)
        left = next(queries.cut_spans([old], found.valid_from, found.valid_to), None)
        if left == old:
            continue
        ParameterSpan.objects.filter(pk=row.pk).update(until=book)
        if left is not None:
            _write_span(row.change_id, left.room, left.name, left.valid_from, left.valid_to, book)
    _write_span(found.pk, found.room, found.name, found.valid_from, found.valid_to, book)


def _write_span(
    change_id: int, room: str, name: str, first: datetime.date, last: datetime.date | None, book: int
) -> None:
    ParameterSpan.objects.create(change_id=change_id, room=room, name=name, valid_from=first, valid_to=last, since=book)


def _still_holds(found: ParameterChange) -> bool:
    present = current().parameter(found.room, found.name)
    held = queries.value_on(present, found.valid_from)
    return (
        held is not None
        and held.needs_confirmation
        and (plain(held.value), held.valid_from, held.valid_to) == (found.value, found.valid_from, found.valid_to)
    )


def _digest(before: str, found: ParameterChange) -> str:
    """Return the SM3 digest that chains an edition to the one before it."""
    moment = found.decided_at.isoformat() if found.decided_at else ""
    content = [before, found.book, found.content, found.proposed_name, found.decided_name, moment]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.new("sm3", text.encode()).hexdigest()


def _tell_maker(found: ParameterChange, words: str) -> None:
    users = {one for one in (found.proposed_by_id, found.proposed_for_id) if one is not None}
    messages.tell(
        key=f"parameter.decided:{found.pk}",
        users=users,
        kind="parameter",
        text=f"您拟改的参数“{_title(found)}”{words}。",
        href=address(found),
    )


def address(of: ParameterChange) -> str:
    """Return the page of a change's parameter, at the change."""
    return f"/policy/parameters/{of.room}/{of.name}/#change-{of.pk}"


def _title(of: ParameterChange) -> str:
    return packaged.parameter(of.room, of.name).title


def _name(actor: Actor) -> str:
    return f"{actor.name}（代{actor.for_name}）" if actor.for_name else actor.name
