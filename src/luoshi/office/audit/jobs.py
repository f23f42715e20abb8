"""What of the trail is done as a job: proving it."""

from __future__ import annotations

from typing import Any

from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.audit.proof import Report, verify
from luoshi.office.jobs.actions import handler

VERIFY_JOB = "audit.verify"


@handler(VERIFY_JOB, "audit.verify")
def verify_trail(report: Report, actor: Actor) -> dict[str, Any]:
    """Prove the whole trail and take down that it was done and what came out."""
    told = verify(report).as_json()
    note_proof(actor, told)
    return told


def note_proof(actor: Actor, told: dict[str, Any]) -> None:
    """Take down who had the trail proven, and what was found."""
    faults = sum(stream["faults"] for stream in told["streams"])
    append(
        actor=actor,
        act="audit.verify",
        subject="audit:entries",
        after={"entries": told["entries"], "whole": told["whole"], "faults": faults},
        result="done" if told["whole"] else "failed",
    )
