"""Notices as a Django app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Label `notices`."""

    name = "luoshi.office.notices"
    label = "notices"
