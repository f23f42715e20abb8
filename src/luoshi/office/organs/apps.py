"""Organs as a Django app."""

from django.apps import AppConfig


class OrgansConfig(AppConfig):
    """Label `organs`."""

    name = "luoshi.office.organs"
    label = "organs"
