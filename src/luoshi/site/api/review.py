"""Review of what was read, beside the original text."""

from __future__ import annotations

from ninja import Router

router = Router()
