"""Key-work supervision as a Django app."""

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    """Label `supervision`."""

    name = "luoshi.programmes.supervision"
    label = "supervision"
