"""The duty ledger as a Django app."""

from django.apps import AppConfig


class DutiesConfig(AppConfig):
    """Label `duties`."""

    name = "luoshi.office.duties"
    label = "duties"
