"""The parameter book as a Django app."""

from django.apps import AppConfig


class ParametersConfig(AppConfig):
    """Label `parameters`."""

    name = "luoshi.office.parameters"
    label = "parameters"
