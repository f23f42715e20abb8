"""The message to a person, and the e-mail that goes out for it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Message(models.Model):
    """One message to one person; `key` says for what, so that it is told once. `href` leads to the thing."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    key = models.CharField(max_length=150)
    kind = models.CharField(max_length=40)
    text = models.CharField(max_length=300)
    href = models.CharField(max_length=300, default="")
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        """A person's messages are read newest first; the bell counts those unread."""

        constraints = (models.UniqueConstraint(fields=["user", "key"], name="message_once"),)
        indexes = (
            models.Index(fields=["user", "-id"], name="message_newest"),
            models.Index(fields=["user"], name="message_unread", condition=Q(read_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.kind} {self.key}"


class Mail(models.Model):
    """An e-mail that is to go out: `attempts` so far, `next_at` when it is tried next, `error` of the last try."""

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "待发"
        SENT = "sent", "已发"
        FAILED = "failed", "未发出"

    key = models.CharField(max_length=180, unique=True)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, default="")

    class Meta:
        """What is to be sent next is found by state and time."""

        indexes = (models.Index(fields=["state", "next_at"], name="mail_due"),)
        constraints = (
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="mail_state_known"),
            models.CheckConstraint(condition=~Q(state="sent") | Q(sent_at__isnull=False), name="mail_sent_is_dated"),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
