"""The audit entry, the head of each stream, the daily seals; triggers refuse their change and their removal."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import Q

from luoshi.office.json_text import encoder

DIGEST = 64
"""Hex digits of an SM3 digest."""

_encode = encoder(compact=True, sort_keys=True, allow_nan=True, default=str)


def canonical(value: Any) -> str | None:
    """Return plain JSON data in the one form that is hashed; None stays None. Dates and decimals become text."""
    return None if value is None else _encode(value)


class CanonicalJSON(models.TextField):  # type: ignore[type-arg]
    """JSON kept as the very text that was hashed, so that a proof reads it without parsing."""

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> Any:
        """Return the data."""
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        """Return the text."""
        return canonical(value)


class Stream(models.TextChoices):
    """Which chain an entry belongs to."""

    OFFICE = "office", "办理"
    SENSITIVE = "sensitive", "敏感信息读取"
    ACCESS = "access", "登录与拒绝"


class AuditEntry(models.Model):
    """One act: who, in which role, for whom, by which way, what, on which record, before and after, how it ended.

    `at` is when it was done, `received_at` when the server took it down. `position` counts within `stream` without
    gaps. `digest` is SM3 over the digest before it and every other column (`chain.preimage`); `version` says by which
    form. `version` 1 is the form of before streams and is accepted only at the beginning of the first stream.
    """

    version = models.PositiveSmallIntegerField(default=2)
    stream = models.CharField(max_length=12, choices=Stream.choices, default=Stream.OFFICE)
    position = models.BigIntegerField()
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    who = models.CharField(max_length=100)
    user_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=16, default="")
    organ = models.CharField(max_length=80, default="")
    for_id = models.BigIntegerField(null=True)
    for_name = models.CharField(max_length=100, default="")
    via = models.CharField(max_length=20)
    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    before = CanonicalJSON(null=True)
    after = CanonicalJSON(null=True)
    purpose = models.CharField(max_length=200, default="")
    basis = models.CharField(max_length=200, default="")
    request_id = models.CharField(max_length=40, default="")
    key = models.CharField(max_length=100, default="")
    result = models.CharField(max_length=30)
    previous = models.CharField(max_length=DIGEST)
    digest = models.CharField(max_length=DIGEST)

    class Meta:
        """Every filter of the list is entered by its own index, newest first."""

        constraints = (models.UniqueConstraint(fields=["stream", "position"], name="audit_position"),)
        indexes = (
            models.Index(fields=["subject", "id"], name="audit_subject"),
            models.Index(fields=["who", "id"], name="audit_who"),
            models.Index(fields=["act", "id"], name="audit_act"),
            models.Index(fields=["organ", "id"], name="audit_organ"),
            models.Index(fields=["received_at", "id"], name="audit_received"),
            models.Index(fields=["result", "id"], name="audit_result"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.act} {self.subject}"


class AuditHead(models.Model):
    """The last position and digest of a stream: what an append continues, and what tells that a tail was cut.

    `received_at` is the newest so far: a machine clock that is put back does not put the trail back.
    """

    stream = models.CharField(max_length=12, primary_key=True)
    position = models.BigIntegerField()
    received_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=DIGEST)

    def __str__(self) -> str:
        return f"{self.stream} {self.position}"


class AuditSeal(models.Model):
    """What a stream was at the end of `day`: its last position and digest, signed with a key outside the database.

    Seals form a chain of their own: `digest` is SM3 over the seal before and this one's content, `signature` the HMAC
    of it. Who rewrites the trail and its digests cannot rewrite the signatures without the key.
    """

    stream = models.CharField(max_length=12, choices=Stream.choices)
    number = models.PositiveIntegerField()
    day = models.DateField()
    position = models.BigIntegerField()
    count = models.BigIntegerField()
    head = models.CharField(max_length=DIGEST)
    made_at = models.DateTimeField()
    previous = models.CharField(max_length=DIGEST)
    digest = models.CharField(max_length=DIGEST)
    signature = models.CharField(max_length=DIGEST)

    class Meta:
        """Seals of a stream are numbered without gaps."""

        constraints = (
            models.UniqueConstraint(fields=["stream", "number"], name="seal_number"),
            models.CheckConstraint(condition=Q(count__gte=0, position__gte=0), name="seal_counts"),
        )

    def __str__(self) -> str:
        return f"{self.stream} {self.number} {self.day}"


class KeptAnswer(models.Model):
    """The answer once given to a write under a key: the same key and body get it again, another body is refused.

    `asker` is `user:<id>`, or what stands for a caller without an account. `status` is 0 while the first one runs.
    """

    asker = models.CharField(max_length=80)
    key = models.CharField(max_length=100)
    body_digest = models.CharField(max_length=DIGEST)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    at = models.DateTimeField()

    class Meta:
        """A key is used once by an asker; old ones are found by time."""

        constraints = (models.UniqueConstraint(fields=["asker", "key"], name="answer_key"),)
        indexes = (models.Index(fields=["at"], name="answer_at"),)

    def __str__(self) -> str:
        return f"{self.asker} {self.key} {self.status}"
