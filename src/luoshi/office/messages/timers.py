"""What of the messages falls due by itself: `outbox` registers it."""

from luoshi.office.messages import outbox

__all__ = ["outbox"]
