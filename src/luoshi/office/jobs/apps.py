"""Long jobs as a Django app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Label `jobs`."""

    name = "luoshi.office.jobs"
    label = "jobs"
