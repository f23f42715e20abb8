"""量速度：luoshi bench 名称（gazette、decisions、cases、ledger、pages 等）。"""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from luoshi.kernel.errors import LuoshiError

_FOLDER = Path(__file__).parent.parent / "bench"


@click.command(help=__doc__, context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("name", required=False)
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
def command(name: str | None, argv: tuple[str, ...]) -> None:
    """Run one benchmark."""
    known = sorted(file.stem for file in _FOLDER.glob("*.py") if not file.stem.startswith("_"))
    if name not in known:
        raise LuoshiError("E_INPUT", f"请写要量什么：{'、'.join(known)}。")
    importlib.import_module(f"luoshi.site.bench.{name}").run(list(argv))
