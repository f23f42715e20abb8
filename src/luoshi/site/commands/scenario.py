"""跑场景：luoshi scenario run、words，按写好的算例在用后即弃的库里逐步核对，不符的逐步指出。"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from luoshi.site.console import Problems, tell

if TYPE_CHECKING:
    from luoshi.office.scenarios import Outcome


@click.group(name="scenario", cls=Problems, help="场景：办事人员能读的算例，逐步核对结果。")
def command() -> None:
    """Group of the commands."""


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


@command.command(name="words", help="列出场景里可用的动作和核对项（某个领域的，或全部）。")
@click.argument("programme", default="", metavar="[PROGRAMME]")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="输出形式")
def words(programme: str, form: str) -> None:
    """Print verbs with their fields, and checks, a line each."""
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.office.scenarios import words as known
    from luoshi.site.registry import load_decisions

    load_decisions()
    found = known(programme)
    if form == "json":
        tell([{"name": one.name.rstrip("?"), "kind": "check" if one.name.endswith("?") else "verb",
               "title": one.title, "fields": dict(one.fields), "needs": sorted(one.needs), "more": one.more}
              for one in found])  # fmt: skip
        return
    for room in sorted({one.programme for one in found}):
        mine = [one for one in found if one.programme == room]
        click.echo(f"{room}：动作（do: {room}.…，字段写在 with 下；* 必填）")
        for one in mine:
            if not one.name.endswith("?"):
                told = [f"{name}{'*' if name in one.needs else ''}{f' {text}' if text else ''}"
                        for name, text in one.fields.items()]  # fmt: skip
                told += [one.more] if one.more else []
                click.echo(f"  {one.name}  {one.title}{'：' if told and one.title else ''}{'；'.join(told)}".rstrip())
        checks = [one for one in mine if one.name.endswith("?")]
        if checks:
            click.echo(f"{room}：核对（写在 expect 下）")
        for one in checks:
            click.echo(f"  {one.name.partition('.')[2].rstrip('?')}  {one.title}".rstrip())


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
