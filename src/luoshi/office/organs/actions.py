"""Write organs: what one person prepares and another confirms, what gazettes prove, notes, private identifiers.

Every `propose_*` returns the open `Proposal`; `confirm` applies it by another hand, `refuse` sends it back, `withdraw`
takes it back. All are kept.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from luoshi.office.actors import Actor
from luoshi.office.organs.gathering import gather_evidence
from luoshi.office.organs.models import PrintNote, Proposal
from luoshi.office.organs.seeding import load_directory_into_database

__all__ = ("gather_evidence", "load_directory_into_database")


def propose_organ(
    *,
    actor: Actor,
    slug: str,
    name: str,
    kind: str,
    level: str = "city",
    english: str = "",
    parent: str = "",
    uscc: str = "",
    not_before: datetime.date | None = None,
    not_after: datetime.date | None = None,
    note: str = "",
    explanation: str = "",
) -> Proposal:
    """Propose a new organ, or a correction of the one with this slug. Permission organ.edit."""
    raise NotImplementedError


def propose_name(
    *, actor: Actor, organ: str, text: str, kind: str, ambiguous: bool = False, instrument: str = "", end: bool = False
) -> Proposal:
    """Propose a written form of an organ's name; with `end` that the form is no longer its. Permission organ.edit.

    E_CONFLICT 该简称已属于×,请标注歧义 when another organ owns the text and `ambiguous` is not set.
    """
    raise NotImplementedError


def propose_relation(
    *,
    actor: Actor,
    origin: str,
    target: str,
    kind: str,
    effective: datetime.date | None = None,
    effective_after: datetime.date | None = None,
    effective_until: datetime.date | None = None,
    function: str = "",
    evidence: Sequence[str] = (),
    instrument: str = "",
    clause: str = "",
) -> Proposal:
    """Propose a relation (or take up one of the directory's). Permission organ.edit. E_RULE for a circle."""
    raise NotImplementedError


def propose_batch(
    *,
    actor: Actor,
    title: str,
    effective: datetime.date,
    relations: Sequence[Mapping[str, Any]],
    ended_organs: Sequence[str] = (),
    instrument: str = "",
    director_note: str = "",
) -> Proposal:
    """Propose a reform batch: relations (from, to, kind, function), organs that end with their posts. organ.edit.

    A past `effective` needs the director: a leader's hand on confirmation, or `director_note` naming the approval.
    """
    raise NotImplementedError


def propose_reading(*, actor: Actor, text: str, organ: str) -> Proposal:
    """Propose how a misprinted or ambiguous name is to be read. Permission name.decide."""
    raise NotImplementedError


def propose_post(
    *, actor: Actor, organ: str, title: str, kind: str = "", seats: int | None = None, is_public: bool = True
) -> Proposal:
    """Propose a post, or a correction of its class and seats. Permission post.edit."""
    raise NotImplementedError


def propose_appointments(
    *,
    actor: Actor,
    number: str,
    issued_on: datetime.date,
    acts: Sequence[Mapping[str, Any]],
    explanation: str = "",
) -> Proposal:
    """Enter an appointment list: acts (action, person, person_id?, organ, post, remark). Permission post.edit.

    Checked by `organs.appointments` (D9): warnings are kept with the proposal; one that needs an explanation refuses
    with E_IMPLAUSIBLE until `explanation` is given. E_DUPLICATE for a number already entered.
    """
    raise NotImplementedError


def propose_merge(*, actor: Actor, kept: int, merged: int, reason: str) -> Proposal:
    """Propose that two persons (ids) are one. Permission person.merge."""
    raise NotImplementedError


def propose_unmerge(*, actor: Actor, merged: int, reason: str) -> Proposal:
    """Propose to take a merger back. Permission person.merge."""
    raise NotImplementedError


def propose_member(
    *, actor: Actor, group: int, order: int, person: int | None, on: datetime.date, name: str = "", reason: str = ""
) -> Proposal:
    """Propose who sits on a seat from a day: a person (id) or a new `name`. group.propose at the office organ."""
    raise NotImplementedError


def propose_dissolution(*, actor: Actor, group: int, on: datetime.date, instrument: str = "") -> Proposal:
    """Propose that a group is dissolved from a day. Permission group.propose at the office organ."""
    raise NotImplementedError


def confirm(*, actor: Actor, proposal_id: int, version: int) -> Proposal:
    """Confirm by another hand, and apply. E_SELF, E_VERSION, E_STATE, E_FORBIDDEN; E_RULE when it no longer holds."""
    raise NotImplementedError


def refuse(*, actor: Actor, proposal_id: int, version: int, reason: str) -> Proposal:
    """Send a proposal back with a reason, by whoever may confirm."""
    raise NotImplementedError


def withdraw(*, actor: Actor, proposal_id: int, version: int, reason: str = "") -> Proposal:
    """Take one's own proposal back."""
    raise NotImplementedError


def note_print_error(*, actor: Actor, number: str, clause: str, printed: str, note: str) -> PrintNote:
    """Note a print error beside the text, which stays as printed. Permission print.note."""
    raise NotImplementedError


def keep_identifier(*, actor: Actor, person: int, kind: str, value: str) -> None:
    """Keep a private identifier (id_number, phone) encrypted. Permission post.edit."""
    raise NotImplementedError


def read_identifier(*, actor: Actor, person: int, kind: str, purpose: str) -> str:
    """Read a private identifier; needs person.see and a purpose (E_PURPOSE), logged in the stream `sensitive`."""
    raise NotImplementedError
