"""Make Django ready for a command that needs the database."""

from __future__ import annotations

import os


def prepare() -> None:
    """Load settings and apps, once; a wrong setting is refused by its name."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "luoshi.site.settings")
    from luoshi.kernel.errors import LuoshiError
    from luoshi.site.environment import SettingError

    try:
        import django

        django.setup()
    except SettingError as error:
        raise LuoshiError("E_INPUT", str(error)) from None


def migrate() -> None:
    """Bring the database to the present form, and load the directory of organs where there is none."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from luoshi.office.actors import Actor
    from luoshi.office.organs.actions import load_directory_into_database
    from luoshi.office.organs.models import Organ

    if not Organ.objects.exists():
        load_directory_into_database(actor=Actor.system("初始化", "cli"))
