"""Indicators as a Django app."""

from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    """Label `indicators`."""

    name = "luoshi.office.indicators"
    label = "indicators"
