"""Messages as a Django app."""

from django.apps import AppConfig


class MessagesConfig(AppConfig):
    """Label `messages`."""

    name = "luoshi.office.messages"
    label = "messages"
