"""The library as a Django app."""

from django.apps import AppConfig


class InstrumentsConfig(AppConfig):
    """Label `instruments`."""

    name = "luoshi.office.instruments"
    label = "instruments"
