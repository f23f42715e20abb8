"""Files as a Django app."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Label `files`."""

    name = "luoshi.office.files"
    label = "files"
