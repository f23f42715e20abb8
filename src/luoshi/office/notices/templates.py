"""The words of the kinds of paper as the office has them: delivered, or an edition approved by a second person.

One person proposes an edition from a day on, another approves or refuses it; what is decided stays as it is. A paper is
written with the edition of the day on which it is drafted, and says which.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.locks import serialise
from luoshi.office.messages import actions as messages
from luoshi.office.notices import content
from luoshi.office.notices.acts import name_of
from luoshi.office.notices.kinds import PARTS, Kind, check_words, kind_of, with_words
from luoshi.office.notices.models import TemplateEdition
from luoshi.office.permissions import may, require, require_other_hand
from luoshi.office.roles import Role

State = TemplateEdition.State
EARLIEST, LATEST = datetime.date(1949, 10, 1), datetime.date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class Words:
    """A kind with the words that hold on a day, and the edition they are of; None for the delivered ones."""

    kind: Kind
    edition: TemplateEdition | None


def on_day(key: str, on: datetime.date) -> Words:
    """Return a kind of paper with the words that hold on a day; E_NOT_FOUND."""
    kind = kind_of(key)
    edition = (
        TemplateEdition.objects.filter(kind=key, state=State.APPROVED, valid_from__lte=on)
        .order_by("-valid_from", "-decided_at", "-id")
        .first()
    )
    return Words(kind, None) if edition is None else Words(with_words(kind, edition.parts), edition)


def propose(
    *, actor: Actor, kind: str, words: Mapping[str, str], valid_from: datetime.date, reason: str = ""
) -> TemplateEdition:
    """Propose other words for a kind from a day on; nothing changes before another person approves.

    Side effects: audit entry, a message to those who may approve. Errors: E_NOT_FOUND, E_FORBIDDEN; E_INPUT with
    `faults` naming part, line and field; E_DUPLICATE while another edition from that day waits.
    """
    proposed = draft(kind=kind, words=words, valid_from=valid_from, reason=reason)
    require(actor, "template.propose", [proposed.owner])
    proposed.proposed_by_id, proposed.proposed_for_id = actor.user_id, actor.for_id
    proposed.proposed_name, proposed.proposed_at = name_of(actor), CLOCK.now()
    with transaction.atomic():
        serialise("notices.templates")
        waiting = TemplateEdition.objects.filter(kind=kind, valid_from=valid_from, state=State.PROPOSED).first()
        if waiting is not None:
            raise LuoshiError(
                "E_DUPLICATE",
                f"这种文书自{valid_from.isoformat()}起的模板已有一件待批准（第 {waiting.pk} 号）。"
                "请先由他人批准或退回，或由拟稿人撤回。",
                fields={"edition": waiting.pk},
            )
        proposed.save(force_insert=True)
        messages.tell_organ(
            key=f"template.proposed:{proposed.pk}",
            organ=proposed.owner,
            roles=[Role.REVIEWER, Role.LEADER],
            kind="template",
            text=f"{proposed.proposed_name}拟改“{kind_of(kind).title}”模板，待您批准。",
            href=address(proposed),
        )
        audit.append(
            actor=actor,
            act="template.propose",
            subject=f"template:{proposed.pk}",
            before={"words": dict(on_day(kind, valid_from).kind.words)},
            after={"kind": kind, "words": proposed.parts, "from": valid_from.isoformat(), "reason": proposed.reason},
        )
    return proposed


def draft(*, kind: str, words: Mapping[str, str], valid_from: datetime.date, reason: str = "") -> TemplateEdition:
    """Return a checked edition that is not stored: for the preview and for `propose`. Errors as there."""
    found = kind_of(kind)
    parts = {part: str(words.get(part) or "").replace("\r\n", "\n").strip("\n") for part in PARTS}
    faults = [
        {"field": part, "part": part, "fault": f"{PARTS[part]}不能空着。"}
        for part in ("title", "body")
        if not parts[part].strip()
    ]
    if not EARLIEST <= valid_from <= LATEST:
        faults.append({"field": "valid_from", "fault": "起用日应在 1949 年 10 月到 2100 年之间。"})
    if valid_from < CLOCK.today():
        faults.append({"field": "valid_from", "fault": "起用日不能早于今天：已拟的文书不改。"})
    if len(reason) > 500:
        faults.append({"field": "reason", "fault": "理由最多 500 字。"})
    if not faults and parts == dict(on_day(kind, valid_from).kind.words):
        faults.append({"field": "body", "fault": "与那一天用的模板相同，没有改动。"})
    if faults:
        message = "".join(one["fault"] for one in faults)
        raise LuoshiError("E_INPUT", message, fields={"faults": faults})
    check_words(found, parts)
    # What fails only when it runs: with every field, and with only those that must be there.
    for required_only in (False, True):
        content.sample(found, parts, valid_from, required_only=required_only)
    return TemplateEdition(
        kind=kind, parts=parts, delivered=found.digest, owner=found.organ, valid_from=valid_from, reason=reason.strip()
    )


def approve(*, actor: Actor, edition: int, version: int) -> TemplateEdition:
    """Approve an edition: papers drafted from its day on are written with it.

    Side effects: audit entry, a message to whoever proposed. E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_STATE, E_VERSION;
    E_INPUT when the software has changed and the words no longer fit.
    """
    with transaction.atomic():
        found = _open(actor, edition, version)
        check_words(kind_of(found.kind), found.parts)
        _decide(found, actor, State.APPROVED)
        found.save()
        _tell_maker(found, "已获批准")
        audit.append(
            actor=actor,
            act="template.approve",
            subject=f"template:{found.pk}",
            before={"state": State.PROPOSED.value},
            after={"state": State.APPROVED.value, "kind": found.kind, "from": found.valid_from.isoformat()},
        )
    return found


def refuse(*, actor: Actor, edition: int, version: int, answer: str) -> TemplateEdition:
    """Refuse an edition, saying why. Side effects and errors as for `approve`; E_INPUT without a reason."""
    if not answer.strip():
        raise LuoshiError(
            "E_INPUT",
            "请写明不予批准的理由。",
            fields={"faults": [{"field": "answer", "fault": "请写明不予批准的理由。"}]},
        )
    with transaction.atomic():
        found = _open(actor, edition, version)
        found.answer = answer.strip()[:500]
        _decide(found, actor, State.REFUSED)
        found.save()
        _tell_maker(found, f"不予批准：{found.answer}")
        audit.append(
            actor=actor,
            act="template.refuse",
            subject=f"template:{found.pk}",
            before={"state": State.PROPOSED.value},
            after={"state": State.REFUSED.value, "answer": found.answer},
            permission="template.approve",
        )
    return found


def withdraw(*, actor: Actor, edition: int, version: int) -> TemplateEdition:
    """Take back an edition one proposed oneself, while it waits. E_NOT_FOUND, E_FORBIDDEN, E_STATE, E_VERSION."""
    with transaction.atomic():
        found = _locked(edition)
        require(actor, "template.propose", [found.owner])
        if not actor.trusted and not actor.hands & {found.proposed_by_id, found.proposed_for_id}:
            raise LuoshiError("E_FORBIDDEN", f"这件模板由{found.proposed_name}拟稿，只能由其本人撤回；他人可予退回。")
        _check_waiting(found, version)
        _decide(found, actor, State.WITHDRAWN)
        found.save()
        audit.append(
            actor=actor,
            act="template.withdraw",
            subject=f"template:{found.pk}",
            before={"state": State.PROPOSED.value},
            after={"state": State.WITHDRAWN.value},
            permission="template.propose",
        )
    return found


# --- reading ----------------------------------------------------------------------------------------------------------


def sees_drafts(actor: Actor) -> bool:
    """Tell whether `actor` sees what waits for approval."""
    return may(actor, "template.propose") or may(actor, "template.approve")


def editions(kind: str) -> Sequence[TemplateEdition]:
    """Return the editions of a kind, newest first."""
    return list(TemplateEdition.objects.filter(kind=kind).order_by("-id")[:200])


def edition_of(pk: int) -> TemplateEdition:
    """Return one edition; E_NOT_FOUND."""
    found = TemplateEdition.objects.filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号模板变更。")
    return found


def address(of: TemplateEdition) -> str:
    """Return the page of an edition's kind, at the edition."""
    return f"/publish/templates/{of.kind}/#edition-{of.pk}"


def _locked(pk: int) -> TemplateEdition:
    edition_of(pk)
    return TemplateEdition.objects.select_for_update().get(pk=pk)


def _open(actor: Actor, pk: int, version: int) -> TemplateEdition:
    found = _locked(pk)
    require(actor, "template.approve", [found.owner])
    require_other_hand(actor, [found.proposed_by_id, found.proposed_for_id], "模板变更")
    _check_waiting(found, version)
    return found


def _check_waiting(found: TemplateEdition, version: int) -> None:
    if found.state != State.PROPOSED:
        raise LuoshiError("E_STATE", f"第 {found.pk} 号模板变更{found.get_state_display()}，不能再改。")
    if found.version != version:
        raise LuoshiError(
            "E_VERSION",
            "您打开以后这件模板有变化，请重新看过再办。",
            fields={"yours": version, "current": found.version},
        )


def _decide(found: TemplateEdition, actor: Actor, state: TemplateEdition.State) -> None:
    found.state, found.version = state, found.version + 1
    found.decided_by_id, found.decided_for_id = actor.user_id, actor.for_id
    found.decided_name, found.decided_at = name_of(actor), CLOCK.now()


def _tell_maker(found: TemplateEdition, words: str) -> None:
    messages.tell(
        key=f"template.decided:{found.pk}",
        users={one for one in (found.proposed_by_id, found.proposed_for_id) if one is not None},
        kind="template",
        text=f"您拟改的“{kind_of(found.kind).title}”模板{words}。",
        href=address(found),
    )
