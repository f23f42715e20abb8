"""Messages as a Django app."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """Label `messages`."""

    name = "luoshi.office.messages"
    label = "messages"

    def ready(self) -> None:
        """Make the job that sends e-mail known."""
        import luoshi.office.messages.outbox  # noqa: F401
