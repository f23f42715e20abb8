"""Registers as a Django app."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    """Label `registers`."""

    name = "luoshi.office.registers"
    label = "registers"
