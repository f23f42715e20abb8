"""Matters: what is to be done by when, progress, check, cross-off."""

from __future__ import annotations

from ninja import Router

router = Router()
