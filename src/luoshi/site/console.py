"""What the commands share: who acts, how a day is typed, how an answer, a refusal and progress are told."""

from __future__ import annotations

import datetime
import json
import sys
from typing import TYPE_CHECKING, Any

import click

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.site.setup import migrate, prepare

if TYPE_CHECKING:
    from luoshi.office.actors import Actor

AS = click.option("--as", "login", default="", metavar="登录名", help="以谁的身份；不写是本机操作员。")
"""The option of every command that does something in somebody's name."""


class Day(click.ParamType[datetime.date]):
    """A day as 2018-01-10; anything else is refused with E_INPUT."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        """Return the day; E_INPUT when `value` is none."""
        try:
            return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)
        except ValueError:
            raise LuoshiError("E_INPUT", f"“{value}”不是日期，应如 2018-01-10。", fields={"on": value}) from None


class Moment(click.ParamType[datetime.datetime]):
    """A moment of the city's time as 2018-09-20T15:00, or a day, which is its first; else refused with E_INPUT."""

    name = "YYYY-MM-DDTHH:MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.datetime:
        """Return the moment with its zone; E_INPUT when `value` is none."""
        try:
            return local(value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(value))
        except ValueError:
            raise LuoshiError("E_INPUT", f"“{value}”不是时刻，应如 2018-09-20T15:00。", fields={"at": value}) from None


DAY, MOMENT = Day(), Moment()


class Problems(click.Group):
    """A group whose refusals are problems (RFC 9457) on standard error, with the exit status of their code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Carry the command out; a refusal ends the program."""
        try:
            return super().invoke(ctx)
        except LuoshiError as error:
            tell(error.as_problem(), err=True)
            sys.exit(error.exit_status)


def ready() -> None:
    """Load settings and apps and bring the database to the present form."""
    prepare()
    migrate()


def acting(login: str = "") -> Actor:
    """Return who acts: the account of this login name, or the machine's operator; the database is ready then.

    Raises E_NOT_FOUND for a login nobody has.
    """
    ready()
    from django.conf import settings

    from luoshi.office.accounts.queries import actor_named
    from luoshi.office.actors import Actor

    return actor_named(login, "cli") if login else Actor.system(settings.OPERATOR, "cli")


def tell(data: Any, *, err: bool = False) -> None:
    """Print `data` as JSON that people can read too."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str), err=err)


def progress(phase: str, n: int = 0, total: int = 0) -> None:
    """Keep one line of progress on a terminal; nothing where standard error is a file."""
    if sys.stderr.isatty():
        click.echo(f"\r{phase} {n:,}/{total:,}   ", nl=False, err=True)
