"""Cases as a Django app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Label `cases`."""

    name = "luoshi.office.cases"
    label = "cases"
