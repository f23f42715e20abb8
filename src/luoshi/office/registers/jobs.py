"""What of registers is done as a job: looking a large file through, taking it in, taking it back, a large export."""

from __future__ import annotations

import datetime
from typing import Any

from luoshi.office.actors import Actor
from luoshi.office.instruments import spool
from luoshi.office.jobs.actions import Progress, enqueue, handler
from luoshi.office.jobs.models import Job
from luoshi.office.registers import actions, exports, preview, reach
from luoshi.office.registers.declaration import Register, find

PREVIEW_JOB, IMPORT_JOB, UNDO_JOB, EXPORT_JOB = (
    "register.preview", "register.import", "register.undo", "register.export",
)  # fmt: skip


def enqueue_preview(*, actor: Actor, register: Register, key: str) -> Job:
    """Queue the preview of a waiting file."""
    reach.require_act(actor, register, "take_in")
    return enqueue(PREVIEW_JOB, actor=actor, arguments={"register": register.key, "key": key, "grants": _grants(actor)})


def enqueue_import(*, actor: Actor, register: Register, key: str, mode: str, found: preview.Preview) -> Job:
    """Queue the import of a waiting file as its preview showed it."""
    reach.require_act(actor, register, "take_in")
    return enqueue(
        IMPORT_JOB,
        actor=actor,
        arguments={
            "register": register.key,
            "key": key,
            "mode": mode,
            "plan": found.plan,
            "seen_at": found.at.isoformat(),
            "grants": _grants(actor),
        },
    )


def enqueue_undo(*, actor: Actor, register: Register, import_id: int, reason: str, skip_changed: bool) -> Job:
    """Queue taking an import back."""
    reach.require_act(actor, register, "take_in")
    return enqueue(
        UNDO_JOB,
        actor=actor,
        arguments={
            "register": register.key,
            "import_id": import_id,
            "reason": reason,
            "skip_changed": skip_changed,
            "grants": _grants(actor),
        },
    )


def enqueue_export(*, actor: Actor, register: Register, asked: dict[str, Any], described: str) -> Job:
    """Queue an export; `asked` is the filter as plain data."""
    reach.require_open(actor, register)
    return enqueue(
        EXPORT_JOB,
        actor=actor,
        arguments={"register": register.key, "asked": asked, "described": described, "grants": _grants(actor)},
    )


def _grants(actor: Actor) -> list[list[str]] | None:
    """Return the roles of who asks, for the job to act within; None for a trusted program."""
    return None if actor.trusted else [[grant.role.value, grant.organ] for grant in actor.grants]


def _acting(actor: Actor, grants: list[list[str]] | None) -> Actor:
    """Return who the job acts as: the asker with the roles held when asking, not a program that may do everything."""
    from dataclasses import replace

    from luoshi.office.actors import Grant
    from luoshi.office.roles import Role

    if grants is None:
        return actor
    return replace(actor, trusted=False, grants=tuple(Grant(Role(role), organ) for role, organ in grants))


@handler(PREVIEW_JOB)
def preview_file(progress: Progress, actor: Actor, *, register: str, key: str, grants: Any = None) -> dict[str, Any]:
    """Look a waiting file through and put the preview aside."""
    one, acting, file = find(register), _acting(actor, grants), spool.take(key)
    progress("reading", 0, 0)
    found = preview.preview(actor=acting, register=one, name=file.filename, data=file.data, report=progress)
    preview.keep(acting, key, found)
    return {"href": f"/registers/{register}/import/{key}/", "rows": found.rows_total, "counts": found.counts,
            "seconds": found.seconds}  # fmt: skip


@handler(IMPORT_JOB)
def import_file(
    progress: Progress, actor: Actor, *, register: str, key: str, mode: str, plan: str, seen_at: str, grants: Any = None
) -> dict[str, Any]:
    """Take a waiting file in."""
    one, acting, file = find(register), _acting(actor, grants), spool.take(key)
    progress("reading", 0, 0)
    taken = actions.take_in(
        actor=acting, register=one, name=file.filename, data=file.data, mode=mode, plan_digest=plan,
        seen_at=datetime.datetime.fromisoformat(seen_at), report=progress,
    )  # fmt: skip
    preview.forget(acting, one, key)
    return {"href": f"/registers/{register}/imports/{taken.pk}/", "import": taken.pk, "new": taken.new,
            "changed": taken.changed, "restored": taken.restored, "left_out": taken.left_out}  # fmt: skip


@handler(UNDO_JOB)
def undo_import(
    progress: Progress, actor: Actor, *, register: str, import_id: int, reason: str, skip_changed: bool,
    grants: Any = None,
) -> dict[str, Any]:  # fmt: skip
    """Take an import back."""
    done = actions.undo_import(
        actor=_acting(actor, grants), import_id=import_id, reason=reason, skip_changed=skip_changed, report=progress
    )
    return {"href": f"/registers/{register}/imports/{import_id}/", "undone": done.undone_count}


@handler(EXPORT_JOB)
def export_list(
    progress: Progress, actor: Actor, *, register: str, asked: dict[str, Any], described: str, grants: Any = None
) -> dict[str, Any]:
    """Write a list to a file that waits for whoever asked."""
    acting = _acting(actor, grants)
    key, count = exports.write_to_folder(find(register), asked, actor=acting, described=described, report=progress)
    return {"href": f"/registers/{register}/exports/{key}/", "rows": count}
