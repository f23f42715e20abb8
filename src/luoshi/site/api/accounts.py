"""Logging in, own account, people and roles, delegations."""

from __future__ import annotations

from ninja import Router

router = Router()
