"""The command `luoshi`: one module of `luoshi.site.commands` a subcommand, loaded when it is used."""

from __future__ import annotations

import ast
import gettext
import importlib
import os
import sys
from pathlib import Path

import click

import luoshi
from luoshi.kernel.errors import LuoshiError

_COMMANDS = Path(__file__).parent / "commands"
_WORDS = Path(__file__).parent / "locale_cli"


class _Lazy(click.Group):
    """A group whose commands are modules, so that `luoshi --help` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(file.stem for file in _COMMANDS.glob("*.py") if not file.stem.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"luoshi.site.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = []
        for name in self.list_commands(ctx):
            docstring = ast.get_docstring(ast.parse((_COMMANDS / f"{name}.py").read_text(encoding="utf-8"))) or ""
            rows.append((name, docstring.partition("\n")[0]))
        with formatter.section(gettext.gettext("Commands")):
            formatter.write_dl(rows)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(luoshi.__version__, prog_name="luoshi", message="%(prog)s %(version)s", help="显示版本。")
def group() -> None:
    """落实：读公报，管责任台账、期限和决定。"""


def speak_chinese() -> None:
    """Have the command line's own library say in Chinese what it asks for and refuses."""
    os.environ["LANGUAGE"] = "zh_CN"
    gettext.bindtextdomain("click", _WORDS)
    gettext.textdomain("click")


def main() -> None:
    """Run the command; a refusal is said on standard error and ends with its own exit status."""
    speak_chinese()
    try:
        group(prog_name="luoshi")
    except LuoshiError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_status)
