"""Make Django ready for a command that needs the database."""

from __future__ import annotations

import gc
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


def settled() -> None:
    """Load all pages now, and take what is loaded out of the garbage collector's rounds.

    It would walk through hundreds of thousands of objects that never go, a tenth of a second now and then.
    """
    from django.urls import get_resolver

    _pages = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


def migrate() -> None:
    """Bring the database to the present form, and load the directory of organs where there is none."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from luoshi.office.migrating import draw_only_what_is_new

    draw_only_what_is_new()
    executor = MigrationExecutor(connection)
    # Django's command draws up every table before it finds that there is nothing to do.
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    from luoshi.office.actors import Actor
    from luoshi.office.organs.actions import load_directory_into_database
    from luoshi.office.organs.models import Organ

    if not Organ.objects.exists():
        load_directory_into_database(actor=Actor.system("初始化", "cli"))
