"""作决定：luoshi decide 名称 --facts 文件，给出结果、理由和条款。

JSON on standard output, problems as JSON on standard error, exit status by the code of the refusal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import find
from luoshi.kernel.errors import LuoshiError
from luoshi.office.library_facts import complete, lacks_facts
from luoshi.site.console import tell
from luoshi.site.deciding import decide_here, keeps_data
from luoshi.site.registry import load_decisions
from luoshi.site.setup import prepare


@click.command(name="decide", help="按条款作出一项决定，给出理由、所用参数和可复核的回执。")
@click.argument("key", required=False)
@click.option("--facts", "facts_file", metavar="FILE|-", help="事实（JSON 文件，- 为标准输入）")
@click.option("--on", "on_text", metavar="YYYY-MM-DD", help="按哪一天的参数和规则，默认今天")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="假设某参数或事实取此值；结果仅供试算")
@click.option("--schema", is_flag=True, help="打印该决定的事实格式(JSON Schema)、参数和示例")
@click.option("--list", "show_list", is_flag=True, help="列出全部决定")
def command(
    key: str | None,
    facts_file: str | None,
    on_text: str | None,
    settings: tuple[str, ...],
    schema: bool,
    show_list: bool,
) -> None:
    """Run the command; every refusal ends it with the exit status of its code."""
    try:
        registry = load_decisions()
        if show_list:
            tell([{"key": name, "title": registry[name].title} for name in sorted(registry)])
            return
        if key is None:
            raise LuoshiError("E_INPUT", "请给出决定的名称，如 calendar.limit;luoshi decide --list 列出全部")
        if schema:
            tell(find(key).schema())
            return
        on, assumed = _day(on_text), dict(map(_setting, settings))
        decision = decide_here(key, _completed(key, _facts(key, facts_file), on, assumed), on, assumed)
        tell(decision.as_dict())
    except LuoshiError as error:
        tell(error.as_problem(), err=True)
        sys.exit(error.exit_status)


def _facts(key: str, source: str | None) -> str:
    if source is None:
        raise LuoshiError("E_INPUT", f"请用 --facts 给出事实；格式见 luoshi decide {key} --schema")
    try:
        return (sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise LuoshiError("E_FILE", f"无法读取“{source}”：{error}", fields={"file": source}) from None


def _completed(key: str, facts: str, on: date, assumed: dict[str, Any]) -> Mapping[str, Any] | str:
    """The facts with what the library knows of a thing that is only named; as they are where there is no library."""
    if not lacks_facts(key, facts, assumed) or not keeps_data():
        return facts
    prepare()
    return complete(key, facts, on, assumed)


def _day(text: str | None) -> date:
    if text is None:
        return CLOCK.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text}”不是日期，应如 2018-01-10", fields={"on": text}) from None


def _setting(text: str) -> tuple[str, Any]:
    """Read NAME=VALUE; the value is JSON where it can be, numbers exact, else text."""
    name, sign, value = text.partition("=")
    if not sign:
        raise LuoshiError("E_INPUT", f"--set 应写成 NAME=VALUE，现为“{text}”")
    try:
        return name.strip(), json.loads(value, parse_float=Decimal)
    except ValueError:
        return name.strip(), value
