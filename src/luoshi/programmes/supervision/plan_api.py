"""Operations of key-work supervision."""

from __future__ import annotations

from ninja import Router

router = Router()
