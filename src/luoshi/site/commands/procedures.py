"""办件程序：luoshi procedures list、show、bpmn、mermaid、check。"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import click
import yaml

from luoshi.kernel import yaml_text
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure, read_procedure
from luoshi.site.console import DAY, Problems, tell


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with procedures."""


_on = click.option("--on", type=DAY, help="按哪一天施行的版本，默认今天。")
_version = click.option("--version", "name", metavar="YYYY-MM-DD", default="", help="指定自哪一天起施行的版本。")


@command.command("list")
@click.option("--programme", default="", help="只看一个领域，如 heavy_pollution。")
def list_(programme: str) -> None:
    """列出各种办件的程序。"""
    listed = [one for one in _known().all_procedures() if programme in ("", one.programme)]
    from luoshi.site.procedure_words import row

    tell([row(one) for one in listed])


@command.command("show")
@click.argument("key")
@_on
@_version
def show(key: str, on: datetime.date | None, name: str) -> None:
    """一种办件的状态、步骤、期限。"""
    found = _found(key, on, name)
    from luoshi.site.procedure_words import as_data

    tell(as_data(found) | {"versions": [one.version for one in _known().versions(key)]})


@command.command("bpmn")
@click.argument("key")
@_on
@_version
@click.option("--out", "-o", metavar="FILE", help="写到哪个文件，默认标准输出。")
def bpmn(key: str, on: datetime.date | None, name: str, out: str | None) -> None:
    """输出 BPMN 2.0，带图形布局。"""
    from luoshi.office.drawing.bpmn import to_bpmn

    _write(to_bpmn(_found(key, on, name)), out)


@command.command("mermaid")
@click.argument("key")
@_on
@_version
@click.option("--out", "-o", metavar="FILE", help="写到哪个文件，默认标准输出。")
def mermaid(key: str, on: datetime.date | None, name: str, out: str | None) -> None:
    """输出 Mermaid 状态图。"""
    from luoshi.office.drawing.mermaid import to_mermaid

    _write(to_mermaid(_found(key, on, name)).encode(), out)


@command.command("check")
@click.argument("file", metavar="FILE")
def check(file: str) -> None:
    """校验一个程序文件：能否成立，所引的决定、事实、动作、单位是否存在；有误时以 2 退出。"""
    try:
        documents = [data for data in yaml_text.read_all(Path(file).read_text("utf-8")) if data]
    except (OSError, UnicodeDecodeError) as error:
        raise LuoshiError("E_FILE", f"无法读取“{file}”：{error}", fields={"file": file}) from None
    except yaml.YAMLError as error:
        raise LuoshiError("E_INPUT", f"{file}不是有效的YAML：{error}") from None
    found = [read_procedure(data, Path(file).name) for data in documents]
    if not found:
        raise LuoshiError("E_INPUT", f"{file}里没有程序。")
    faults = [fault for one in found for fault in _unknown(one)]
    if faults:
        raise LuoshiError("E_INPUT", f"{file}引用了没有的东西：" + "；".join(faults), fields={"faults": faults})
    tell([{"key": one.key, "title": one.title, "version": one.version, "states": len(one.states),
             "steps": len(one.steps), "limits": len(one.limits)} for one in found])  # fmt: skip


def _unknown(procedure: Procedure) -> list[str]:
    """Return what a procedure names and this installation has not."""
    _known()
    from luoshi.office.accounts.organs import is_known
    from luoshi.office.cases.hooks import EFFECTS, FACTS
    from luoshi.site.registry import load_decisions

    decisions = load_decisions()
    faults = []
    for step in procedure.steps.values():
        if step.guard and step.guard not in decisions:
            faults.append(f"步骤“{step.key}”：没有决定“{step.guard}”")
        if step.facts and step.facts not in FACTS:
            faults.append(f"步骤“{step.key}”：没有登记事实“{step.facts}”")
        faults += [f"步骤“{step.key}”：没有登记动作“{name}”" for name in step.effects if name not in EFFECTS]
    faults += [f"没有登记动作“{name}”" for name in procedure.effects if name not in EFFECTS]
    faults += [
        f"参与方“{key}”：没有单位“{party.organ}”"
        for key, party in procedure.parties.items()
        if not party.organ.startswith("fact:") and not is_known(party.organ)
    ]
    return faults


def _known() -> Any:
    """Return the procedures of this installation, with every room loaded."""
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.office.cases import procedures
    from luoshi.site.registry import load_programmes

    load_programmes()
    return procedures


def _found(key: str, on: datetime.date | None, name: str) -> Procedure:
    procedures = _known()
    found: Procedure = procedures.version(key, name) if name else procedures.procedure(key, on)
    return found


def _write(data: bytes, out: str | None) -> None:
    if out is None:
        click.echo(data.decode(), nl=False)
    else:
        Path(out).write_bytes(data)
        click.echo(out)
