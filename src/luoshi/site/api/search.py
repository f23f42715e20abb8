"""One search over numbers, clauses, organs, matters."""

from __future__ import annotations

from ninja import Router

router = Router()
