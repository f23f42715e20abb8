"""Write organs: what one person prepares and another confirms, what gazettes prove, notes, private identifiers.

Every `propose_*` returns the open `Proposal`; `confirm` applies it by another hand, `refuse` sends it back, `withdraw`
takes it back. All are kept.
"""

from __future__ import annotations

from luoshi.office.organs.gathering import gather_evidence
from luoshi.office.organs.group_actions import propose_dissolution, propose_member
from luoshi.office.organs.organ_actions import (
    propose_batch,
    propose_name,
    propose_organ,
    propose_reading,
    propose_relation,
)
from luoshi.office.organs.person_actions import (
    find_by_identifier,
    keep_identifier,
    note_print_error,
    propose_appointments,
    propose_merge,
    propose_post,
    propose_unmerge,
    read_identifier,
)
from luoshi.office.organs.seeding import load_directory_into_database
from luoshi.office.organs.workflow import confirm, refuse, withdraw

__all__ = (
    "confirm",
    "find_by_identifier",
    "gather_evidence",
    "keep_identifier",
    "load_directory_into_database",
    "note_print_error",
    "propose_appointments",
    "propose_batch",
    "propose_dissolution",
    "propose_member",
    "propose_merge",
    "propose_name",
    "propose_organ",
    "propose_post",
    "propose_reading",
    "propose_relation",
    "propose_unmerge",
    "read_identifier",
    "refuse",
    "withdraw",
)
