"""跑场景：worked examples as YAML, run in a throwaway database; what is other than expected is named step by step."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from luoshi.site.console import tell

if TYPE_CHECKING:
    from luoshi.office.scenarios import Outcome


@click.group(name="scenario", help="场景：办事人员能读的算例，逐步核对结果。")
def command() -> None:
    """Group of the two commands."""


@command.command(name="run", help="在用后即弃的数据库里跑场景文件（默认跑全部领域的）。")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="输出形式")
def run(files: tuple[Path, ...], form: str) -> None:
    """Run scenario files, exit status 1 when one is other than expected."""
    with _throwaway():
        from django.db import transaction

        from luoshi.office.programme import programmes
        from luoshi.office.scenarios import run as run_scenario
        from luoshi.site.registry import load_decisions

        load_decisions()
        chosen = list(files) or [path for one in programmes() for path in one.scenarios]
        outcomes = []
        for path in chosen:
            # Each file begins with an empty house.
            with transaction.atomic():
                outcomes.append(run_scenario(path))
                transaction.set_rollback(True)
    if form == "json":
        tell([_as_json(one) for one in outcomes])
    else:
        for outcome in outcomes:
            _print(outcome)
    failed = sum(not one.ok for one in outcomes)
    click.echo(f"{len(outcomes)} 个场景，{failed} 个不符。", err=True)
    sys.exit(1 if failed else 0)


class _throwaway:  # noqa: N801 - a context manager
    """A migrated database that is gone afterwards."""

    def __enter__(self) -> None:
        from luoshi.site.setup import prepare

        self._folder = tempfile.TemporaryDirectory(prefix="luoshi-scenario-")
        import os

        os.environ["LUOSHI_DATA"] = self._folder.name
        os.environ.pop("LUOSHI_DATABASE_URL", None)
        prepare()
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)

    def __exit__(self, *_error: object) -> None:
        from django.db import connections

        connections.close_all()
        self._folder.cleanup()


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "title": outcome.title,
        "path": outcome.path,
        "ok": outcome.ok,
        "steps": [
            {"number": step.number, "text": step.text, "at": step.at.isoformat(), "faults": step.faults}
            for step in outcome.steps
        ],
    }


def _print(outcome: Outcome) -> None:
    click.echo(f"{'✓' if outcome.ok else '✗'} {outcome.title}（{outcome.path}，{len(outcome.steps)} 步）")
    for step in outcome.steps:
        for fault in step.faults:
            click.echo(f"    第 {step.number} 步 {step.at:%Y-%m-%d %H:%M} {step.text}：{fault}")
