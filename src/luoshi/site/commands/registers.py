"""台账：luoshi registers list、show、import、export、undo。"""

from __future__ import annotations

import datetime
import sys
from dataclasses import asdict
from pathlib import Path

import click

from luoshi.kernel.clock import CLOCK
from luoshi.site.console import AS, DAY, Problems, acting, progress, tell


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with registers."""


@command.command("list")
@AS
@click.option("--programme", default="", help="只看此领域。")
def list_(login: str, programme: str) -> None:
    """列出台账和它们的现行记录数。"""
    actor = acting(login)
    from luoshi.office.registers import queries

    found = [one for one in queries.visible(actor) if not programme or one.programme == programme]
    tell(
        [
            {
                "key": one.key,
                "title": one.title,
                "programme": one.programme,
                "records": queries.RegisterList(one, queries.RegisterFilter(), actor=actor, day=CLOCK.today())
                .total(10**9)
                .value,
            }
            for one in found
        ]
    )


@command.command()
@AS
@click.argument("key")
@click.argument("record", type=int, required=False)
@click.option("--on", type=DAY, default=None, help="按哪一天，默认今天。")
def show(login: str, key: str, record: int | None, on: datetime.date | None) -> None:
    """一个台账的列，或一条记录和它的版本。"""
    actor = acting(login)
    from luoshi.office.registers import queries, reach
    from luoshi.office.registers.declaration import find
    from luoshi.office.registers.reading import Books

    register = find(key)
    reach.require_open(actor, register)
    if record is None:
        columns = [
            {"name": c.name, "title": c.header, "kind": c.kind, "required": c.required} for c in register.columns
        ]
        tell({"key": key, "title": register.title, "natural_key": register.natural_key, "columns": columns})
        return
    queries.record(actor, register, record)
    books = Books(register, CLOCK.today())
    lines = queries.versions(register, record, on)
    tell(
        [
            {
                "version": line.version,
                "kind": line.kind,
                "at": line.at,
                "by": line.by,
                "reason": line.reason,
                "changes": queries.differences(register, line, books),
            }
            for line in lines
        ]
    )


@command.command("import")
@AS
@click.argument("key")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--confirm", is_flag=True, help="确实写入；不写只预览，什么也不改。")
@click.option("--mode", default="all", type=click.Choice(["all", "valid_rows", "by_group"]), show_default=True)
@click.option("--faults", type=click.Path(dir_okay=False, path_type=Path), help="错误清单写到哪个 .xlsx。")
def import_(login: str, key: str, file: Path, confirm: bool, mode: str, faults: Path | None) -> None:
    """导入 Excel 或 CSV：先预览，加 --confirm 才写入；有错以 2 退出。"""
    actor = acting(login)
    from luoshi.office.registers import actions, preview
    from luoshi.office.registers.declaration import find

    register, data = find(key), file.read_bytes()
    found = preview.preview(actor=actor, register=register, name=file.name, data=data, report=progress)
    if faults is not None:
        faults.write_bytes(preview.faults_sheet(register, found))
    if not confirm:
        told = asdict(found)
        told["rows"], told["faults"] = found.rows_total, found.faults[:200]
        tell({name: told[name] for name in ("name", "rows", "counts", "ignored", "faults", "fault_total", "changes",
                                              "already", "plan", "seconds")})  # fmt: skip
        sys.exit(2 if found.fault_total else 4 if found.already else 0)
    taken = actions.take_in(
        actor=actor, register=register, name=file.name, data=data, mode=mode, plan_digest=found.plan,
        seen_at=found.at, report=progress,
    )  # fmt: skip
    tell({"import": taken.pk, "rows": taken.rows, "new": taken.new, "changed": taken.changed,
            "restored": taken.restored, "unchanged": taken.unchanged, "left_out": taken.left_out})  # fmt: skip


@command.command()
@AS
@click.argument("key")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path), help="写到哪个 .xlsx。")
@click.option("--on", type=DAY, default=None, help="按哪一天结束时的情况，默认今天。")
@click.option("--state", default="current", type=click.Choice(["current", "ended", "void", "all"]), show_default=True)
@click.option("--template", is_flag=True, help="只要空模板。")
def export(login: str, key: str, output: Path, on: datetime.date | None, state: str, template: bool) -> None:
    """导出全部列；敏感列遮盖。"""
    actor = acting(login)
    from luoshi.office.registers import exports, sheets
    from luoshi.office.registers.declaration import find
    from luoshi.office.registers.queries import RegisterFilter, RegisterList

    register = find(key)
    if template:
        output.write_bytes(sheets.template(register))
    else:
        day = on or CLOCK.today()
        found = RegisterList(register, RegisterFilter(state=state), actor=actor, day=day)
        output.write_bytes(exports.workbook(found, columns=list(register.columns), actor=actor, described="全部列"))
    tell({"register": key, "file": str(output)})


@command.command()
@AS
@click.argument("number", type=int)
@click.option("--reason", required=True, help="为什么对冲。")
@click.option("--skip-changed", is_flag=True, help="后来改过的不动，其余对冲。")
def undo(login: str, number: int, reason: str, skip_changed: bool) -> None:
    """对冲一次导入。"""
    actor = acting(login)
    from luoshi.office.registers import actions

    done = actions.undo_import(actor=actor, import_id=number, reason=reason, skip_changed=skip_changed, report=progress)
    tell({"import": done.pk, "undone": done.undone_count})
