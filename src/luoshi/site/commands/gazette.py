"""读公报：luoshi gazette compile、evaluate、import。"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from luoshi.kernel import yaml_text
from luoshi.kernel.errors import LuoshiError

if TYPE_CHECKING:
    from luoshi.gazette.organs import Directory
    from luoshi.gazette.records import Compilation, Instrument

MAX_BYTES = 64 * 1024 * 1024
"""Largest file the command line compiles."""

_NOT_IN_NAMES = re.compile(r"[^\w〔〕.-]+")


@click.group(help=__doc__)
def command() -> None:
    """Group of what is done with the text of a gazette."""


@command.command("compile")
@click.argument("file")
@click.option("--format", "form", type=click.Choice(("json", "akn", "md", "html", "xlsx")), default="json",
              help="输出格式，默认 json（公开的数据契约）。")  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), help="写入文件；akn 且不止一件时为目录。默认写到标准输出。")
@click.option("--number", help="akn 只输出此文号的一件。")
@click.option("--directory", type=click.Choice(("none", "rushan")), default="rushan", help="机构目录，默认 rushan。")
@click.option("-v", "--verbose", is_flag=True, help="在标准错误输出上报告进度和存疑之处。")
def compile_(file: str, form: str, output: Path | None, number: str | None, directory: str, verbose: bool) -> None:
    """编译一个文件（- 为标准输入），不写数据库。"""
    text, compilation = _compiled(file, _directory(directory), verbose)
    if form == "akn":
        _write_akn(text, compilation, _directory(directory), number, output)
        return
    data = _rendered(compilation, form)
    if output is not None:
        _save(output, data)
    elif form == "xlsx" and sys.stdout.isatty():
        raise LuoshiError("E_INPUT", "表格文件不能显示在终端上。请用 --output 文件名.xlsx 保存。")
    else:
        click.echo(data, nl=False)


@command.command()
@click.argument("file")
@click.option("--labels", "labels_file", required=True, help="人工标注的记录（YAML 或 JSON）。")
@click.option("--directory", type=click.Choice(("none", "rushan")), default="rushan", help="机构目录，默认 rushan。")
@click.option("--details", is_flag=True, help="列出每一处漏读和多读。")
def evaluate(file: str, labels_file: str, directory: str, details: bool) -> None:
    """与人工标注比较，打印各项的准确率。"""
    from luoshi.gazette.evaluate import evaluate as compare

    labels = _labels(labels_file)
    text, compilation = _compiled(file, _directory(directory), verbose=False)
    report = compare(compilation, labels, text)
    click.echo(report.table())
    if details:
        click.echo(report.details())


@command.command("import")
@click.argument("files", nargs=-1, required=True)
@click.option("-v", "--verbose", is_flag=True, help="在标准错误输出上报告进度。")
def import_(files: tuple[str, ...], verbose: bool) -> None:
    """导入文件到数据库；每个文件要么全部导入，要么一字不动。"""
    from luoshi.site.setup import migrate, prepare

    prepare()
    migrate()
    from django.conf import settings

    from luoshi.office.actors import Actor
    from luoshi.office.instruments.actions import import_gazette

    def report(phase: str, n: int = 0, total: int = 0) -> None:
        if verbose:
            click.echo(f"{phase} {n}/{total}" if total else phase, err=True)

    refused: LuoshiError | None = None
    for file in files:
        name = "标准输入.txt" if file == "-" else Path(file).name
        try:
            result = import_gazette(
                _bytes(file), actor=Actor.system(settings.OPERATOR, "cli"), filename=name, report=report
            )
        except LuoshiError as error:
            refused = refused or error
            click.echo(f"{name}：未导入，{error.message}", err=True)
        else:
            click.echo(f"{name}：{result.message}")
    if refused is not None:
        sys.exit(refused.exit_status)


def _compiled(file: str, directory: Directory, verbose: bool) -> tuple[str, Compilation]:
    """Return the text of a file and what was read from it; refuses what is no gazette."""
    from luoshi.gazette.compiler import compile_text
    from luoshi.gazette.ledger import counted, warning_words
    from luoshi.gazette.reader import duplicate_numbers, read_bytes, require_document

    text = read_bytes(_bytes(file), "" if file == "-" else Path(file).name, max_bytes=MAX_BYTES)
    if verbose:
        click.echo(f"读入 {len(text):,} 字，正在编译……", err=True)
    compilation = compile_text(text, directory)
    require_document(compilation)
    duplicate_numbers(compilation, text)
    if verbose:
        for warning in compilation.warnings:
            click.echo(f"存疑：{warning_words(warning)}（第 {text.count(chr(10), 0, warning.start) + 1} 行）", err=True)
        click.echo(f"{counted(compilation)}。", err=True)
    return text, compilation


def _bytes(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        path = Path(file)
        if path.stat().st_size > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            raise LuoshiError("E_TOO_LARGE", f"“{path.name}”超过上限 {limit} MB。请按期或按件拆分后再处理。")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LuoshiError("E_FILE", f"无法读取“{file}”：{reason}。请检查路径和权限。", fields={"file": file}) from None


def _labels(file: str) -> Mapping[str, Any]:
    import yaml

    try:
        labels = yaml_text.read(_bytes(file).decode("utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LuoshiError("E_FILE", f"标注文件“{file}”不是完好的 YAML：{error}") from None
    if not isinstance(labels, Mapping) or not isinstance(labels.get("instruments"), list):
        raise LuoshiError("E_INPUT", f"标注文件“{file}”缺少 instruments 列表。格式见 luoshi.gazette.evaluate 的说明。")
    return labels


def _directory(name: str) -> Directory:
    if name == "none":
        from luoshi.gazette.organs import Directory

        return Directory.from_data({})
    from luoshi.office.organs.directory import load_directory

    return load_directory()


def _rendered(compilation: Compilation, form: str) -> bytes:
    if form == "json":
        from luoshi.gazette.records import to_json

        return (json.dumps(to_json(compilation), ensure_ascii=False) + "\n").encode()
    if form == "md":
        from luoshi.gazette.markdown import to_markdown

        return to_markdown(compilation).encode(errors="replace")
    if form == "html":
        from luoshi.gazette.html import to_html

        return to_html(compilation).encode()
    from luoshi.gazette.xlsx import to_xlsx

    return to_xlsx(compilation)


def _write_akn(
    text: str, compilation: Compilation, directory: Directory, number: str | None, output: Path | None
) -> None:
    """Write one XML a instrument: the only one or the chosen one to standard output or a file, several to a folder."""
    found = compilation.instruments
    if number is not None:
        found = [item for item in found if item.number == number]
        if not found:
            known = "、".join(item.number for item in compilation.instruments if item.number) or "无"
            raise LuoshiError("E_INPUT", f"文件中没有文号 {number}。读到的文号：{known}。", fields={"number": number})
    if len(found) > 1 and (output is None or output.is_file()):
        raise LuoshiError(
            "E_INPUT",
            f"文件中有 {len(found)} 件。请用 --output 目录 每件写一个文件，或用 --number 文号 选一件。",
            fields={"numbers": [item.number for item in found]},
        )
    written = [_akn(item, directory, text) for item in found]
    if output is None:
        click.echo(written[0], nl=False)
    elif len(found) == 1 and not output.is_dir():
        _save(output, written[0])
    else:
        for position, (item, data) in enumerate(zip(found, written, strict=True), 1):
            name = _NOT_IN_NAMES.sub("", item.number or item.title or "")[:60]
            _save(output / f"{position:03d}-{name or '无文号'}.xml", data)


def _akn(instrument: Instrument, directory: Directory, text: str) -> bytes:
    from luoshi.gazette.akn import to_akn, validate_akn

    data = to_akn(instrument, directory, text)
    if faults := validate_akn(data):
        raise LuoshiError("E_INTERNAL", f"{instrument.number or '无文号文件'} 的 XML 不合规范：{faults[0]}")
    return data


def _save(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    part = path.parent / f"{path.name}.part"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise LuoshiError("E_FILE", f"无法写入“{path}”：{error.strerror}。请检查路径和权限。") from None
