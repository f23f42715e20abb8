"""What of the papers falls due by itself: `outbox` registers it."""

from luoshi.office.notices import outbox

__all__ = ["outbox"]
