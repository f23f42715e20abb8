"""The working calendar as a Django app."""

from django.apps import AppConfig


class CalendarConfig(AppConfig):
    """Label `calendar`."""

    name = "luoshi.office.calendar"
    label = "calendar"
