"""Who may follow which job."""

from __future__ import annotations

from luoshi.office.actors import Actor
from luoshi.office.jobs.models import Job
from luoshi.office.permissions import may

IMPORT = "import"
"""The kind of job that takes a gazette in: everybody who sees imports may follow it."""


def may_follow(actor: Actor, job: Job) -> bool:
    """Tell whether `actor` may see how far a job is: its asker, who looks after the machine, who sees imports."""
    own = actor.user_id is not None and actor.user_id == job.by_id
    return actor.trusted or own or may(actor, "health.see") or (job.kind == IMPORT and may(actor, "import.see"))
