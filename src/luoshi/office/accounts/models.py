"""The account, the roles it holds at organs, delegations, API tokens, open sessions, saved views."""

from __future__ import annotations

import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from luoshi.office.roles import ROLE_TITLES, Role

_ROLES = [(role.value, ROLE_TITLES[role]) for role in Role if role is not Role.PUBLIC]


class UserManager(BaseUserManager["User"]):
    """Finds an account by its login."""


class User(AbstractBaseUser):
    """One person's account; never deleted, only closed. `totp` is encrypted, empty while the second factor is off.

    `totp_step` is the half minute of the last code taken: no code is taken twice. `left_at` is when the person was last
    seen before the present login.
    """

    login = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=60)
    email = models.EmailField(default="", blank=True)
    is_active = models.BooleanField(default=True)
    totp = models.CharField(max_length=300, default="", blank=True)
    totp_step = models.BigIntegerField(default=0)
    must_change_password = models.BooleanField(default=False)
    shortcuts = models.BooleanField(default=True)
    seen_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=100)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        """Names are listed by login."""

        constraints = (models.CheckConstraint(condition=~Q(login="") & ~Q(name=""), name="user_named"),)

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A role held at an organ from `valid_from` to `valid_to`, both included; ended, never deleted.

    `ended_at` is the moment of an end at once: from then on it is not held, even on a day that `valid_to` includes.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=16, choices=_ROLES)
    organ = models.CharField(max_length=80)
    post = models.CharField(max_length=100, default="", blank=True)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    granted_by = models.CharField(max_length=100)
    granted_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A role is held at most once at an organ at a time without an end."""

        constraints = (
            models.CheckConstraint(condition=Q(role__in=[value for value, _ in _ROLES]), name="assignment_role_known"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="assignment_span"
            ),
            models.UniqueConstraint(
                fields=["user", "role", "organ"],
                condition=Q(valid_to__isnull=True, ended_at__isnull=True),
                name="assignment_one_open",
            ),
        )
        indexes = (models.Index(fields=["organ", "role"], name="assignment_organ"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.organ}"

    def held_on(self, day: datetime.date) -> bool:
        """Tell whether the role is held on the day."""
        return self.ended_at is None and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Delegation(models.Model):
    """`giver` lets `taker` act with the role of `assignment` from `valid_from` to `valid_to`, both included.

    It ends early when revoked (from that moment), when the assignment ends or the giver's account is closed.
    """

    giver = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_given")
    taker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="delegations_taken")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="delegations")
    valid_from = models.DateField()
    valid_to = models.DateField()
    basis = models.CharField(max_length=200)
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """What a taker may act for is looked up by taker and date."""

        constraints = (
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="delegation_span"),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="delegation_to_another"),
            models.CheckConstraint(condition=~Q(basis=""), name="delegation_has_basis"),
        )
        indexes = (models.Index(fields=["taker", "valid_to"], name="delegation_taker"),)

    def __str__(self) -> str:
        return f"{self.giver_id}→{self.taker_id} {self.valid_from}–{self.valid_to}"


class ApiToken(models.Model):
    """A bearer token of a person: only `prefix` and the SHA-256 of the whole are kept; shown once when made."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_on = models.DateField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.label}"


class RecoveryCode(models.Model):
    """One of the codes that let a person in without the second factor, once; only its SHA-256 is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        """A code is looked up by its person."""

        constraints = (models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.made_at:%Y-%m-%d}"


class OpenSession(models.Model):
    """A login of a person in one browser; `ended_at` when it was ended by the person, by another or by closing."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="open_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    agent = models.CharField(max_length=200, default="", blank=True)
    address = models.CharField(max_length=45, default="", blank=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A person's own, newest first."""

        indexes = (models.Index(fields=["user", "-began_at"], name="open_session_user"),)

    def __str__(self) -> str:
        return f"{self.user_id} {self.began_at:%Y-%m-%d %H:%M}"


class SavedView(models.Model):
    """The conditions of a list a person keeps under a name: the query of its address, without paging."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="views")
    list = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000)
    made_at = models.DateTimeField()
    dropped_at = models.DateTimeField(null=True)

    class Meta:
        """A name is used once in a list."""

        constraints = (
            models.UniqueConstraint(
                fields=["user", "list", "name"], condition=Q(dropped_at__isnull=True), name="saved_view_named_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.list} {self.name}"
