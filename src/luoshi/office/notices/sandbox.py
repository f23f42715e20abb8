"""The words of a paper with their places: `{{ colour }}`, `{% if %}`, `{% for %}` and a few filters, and nothing else.

Jinja2 and not Django's templates: it says the line of every fault, it refuses a name that is not there instead of
printing nothing, and its grammar can be walked before anything runs. What a clerk may write is what stands in `_NODES`:
no calls, no arithmetic, no assignments, no inclusion; a place reads a field or a column of a row and reaches nothing
else. On top of that the sandbox of Jinja2 runs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from luoshi.kernel.clock import local
from luoshi.kernel.money import Money

MOST_WORDS = 200_000
"""Longest text one part of a paper may come to."""
MOST_SOURCE = 50_000
_DEPTH = 2

_NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.If, nodes.For, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
)  # fmt: skip
_LOOP = ("index", "first", "last", "length")


class Fault(Exception):  # noqa: N818 - it becomes a LuoshiError with part and field
    """The words cannot be used: `line` counts from 1, `name` is the field concerned, empty where there is none."""

    def __init__(self, line: int, words: str, name: str = "") -> None:
        super().__init__(words)
        self.line, self.words, self.name = line, words, name


@dataclass(frozen=True, slots=True)
class Use:
    """A field that the words use, and on which line."""

    name: str
    line: int


# --- how values print -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Empty:
    """A field without a value: false in a condition, nothing in a loop, a fault where it is to be printed."""

    name: str

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def day_words(value: date) -> str:
    """Return a day as papers print it: `2026年1月12日`."""
    return f"{value.year}年{value.month}月{value.day}日"


def moment_words(value: datetime) -> str:
    """Return a moment as papers print it: `2026年1月12日16时`, with minutes where there are any."""
    value = local(value)
    minutes = f"{value.minute:02}分" if value.minute else ""
    return f"{day_words(value.date())}{value.hour}时{minutes}"


def printed(value: Any) -> str:
    """Return a value as a place prints it; a `Fault` for what cannot be printed."""
    if isinstance(value, str):
        # One place does not make a table of what a field says.
        return value.replace("|", "｜")
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return moment_words(value)
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Money):
        return f"{value}元"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "、".join(printed(one) for one in value)
    if isinstance(value, Empty):
        raise Fault(
            0, f"“{value.name}”没有值。可不填的字段请用 {{% if {value.name} %}}…{{% endif %}} 包住。", value.name
        )
    raise Fault(0, "这一处不能直接打印：多行表请用 {% for 行 in 字段 %} 逐行写。")


def _finalize(value: Any) -> Any:
    # A name that is not there refuses by itself when it is made text.
    return str(value) if isinstance(value, StrictUndefined) else printed(value)


def _unfit(value: Any, words: str) -> Fault:
    if isinstance(value, Empty):
        return Fault(0, f"“{value.name}”没有值，不能用过滤词。", value.name)
    return Fault(0, words)


def _thousands(value: Any) -> str:
    return f"{value:,}" if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else printed(value)


def _percent(value: Any) -> str:
    return f"{printed(value)}%"


def _capitals(value: Any) -> str:
    if isinstance(value, Money):
        return value.capitals()
    raise _unfit(value, "“capitals”只用于金额。")


def _clock_words(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{local(value):%H:%M}"
    raise _unfit(value, "“clock”只用于时刻。")


def _day(value: Any) -> str:
    if isinstance(value, datetime):
        return day_words(local(value).date())
    if isinstance(value, date):
        return day_words(value)
    raise _unfit(value, "“day”只用于日期和时刻。")


def _short_day(value: Any) -> str:
    return _day(value).partition("年")[2]


def _join(value: Any, between: str = "、") -> str:
    if not isinstance(value, list):
        raise _unfit(value, "“join”只用于多个单位或多行表的一列。")
    return str(between)[:4].join(printed(one) for one in value)


def _column(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list) or not all(isinstance(row, dict) and name in row for row in value):
        raise _unfit(value, f"“column”要写多行表的一列，没有“{str(name)[:20]}”。")
    return [row[name] for row in value]


def _length(value: Any) -> int:
    if isinstance(value, Empty):
        return 0
    if not isinstance(value, list):
        raise _unfit(value, "“length”只用于多个单位和多行表。")
    return len(value)


FILTERS = {
    "day": (_day, "只印年月日"),
    "short_day": (_short_day, "只印月日"),
    "clock": (_clock_words, "只印时:分"),
    "thousands": (_thousands, "千分位"),
    "percent": (_percent, "加百分号"),
    "capitals": (_capitals, "大写金额"),
    "join": (_join, "用“、”连成一行"),
    "column": (_column, "取多行表的一列"),
    "length": (_length, "有几行、几个"),
}
"""The filters a clerk may use, each with what it does."""


# --- the engine -------------------------------------------------------------------------------------------------------


class _Missing(StrictUndefined):
    """A name or a column that is not there: a fault that names it."""

    def _fail(self, *_args: Any, **_kwargs: Any) -> Any:
        name = str(self._undefined_name)
        raise Fault(0, f"没有“{name}”这个字段或列。", name)

    _fail_with_undefined_error = _fail
    __str__ = __len__ = __iter__ = __bool__ = __eq__ = __ne__ = __hash__ = __contains__ = _fail


class _Environment(ImmutableSandboxedEnvironment):
    """Places read fields, columns and the counters of a loop: no attribute of anything else is reached."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return a column of a row, or where a loop stands."""
        if isinstance(obj, dict) and attribute in obj:
            return obj[attribute]
        if type(obj).__name__ == "LoopContext" and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return a column of a row."""
        return self.getattr(obj, argument) if isinstance(argument, str) else self.undefined(obj=obj, name=argument)


def _environment() -> _Environment:
    made = _Environment(
        autoescape=False, undefined=_Missing, finalize=_finalize, keep_trailing_newline=True, trim_blocks=True,
        lstrip_blocks=True, cache_size=0, optimized=False,
    )  # fmt: skip
    made.globals.clear()
    made.filters.clear()
    made.filters.update({name: function for name, (function, _words) in FILTERS.items()})
    made.tests.clear()
    return made


_ENVIRONMENT = _environment()


def uses(source: str) -> list[Use]:
    """Return the fields that `source` uses, in the order of their lines; a `Fault` for what a clerk may not write."""
    return list(_walk(_parsed(source), frozenset(), 0))


def _parsed(source: str) -> nodes.Template:
    if len(source) > MOST_SOURCE:
        raise Fault(1, f"最多 {MOST_SOURCE:,} 字，现有 {len(source):,} 字。")
    try:
        return _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise Fault(error.lineno, _syntax_words(error.message or "")) from None
    except RecursionError:
        raise Fault(1, "条件套得太深。") from None


def _syntax_words(message: str) -> str:
    known = (
        ("Unexpected end of template", "少了结尾的 {% endif %} 或 {% endfor %}。"),
        ("unexpected end of template", "少了结尾的 {% endif %} 或 {% endfor %}。"),
        ("Encountered unknown tag", "用了不认识的标记；只能用 if、for。"),
        ("No filter named", "用了不认识的过滤词，可用：" + "、".join(FILTERS) + "。"),
        ("expected token", "花括号里的写法不完整，请核对 {{ 字段 }}。"),
        ("unexpected", "花括号里有多余的字符。"),
    )
    return next((words for start, words in known if start in message), "写法不对，请核对花括号是否成对。")


def _walk(node: nodes.Node, bound: frozenset[str], depth: int) -> Iterator[Use]:
    """Yield the fields used below `node`; `bound` are the names of loops around it."""
    if not isinstance(node, _NODES):
        raise Fault(node.lineno, "这里只能写字段、过滤词、条件和循环，不能计算、赋值、调用或引用别的文件。")
    if isinstance(node, nodes.Filter) and (node.name not in FILTERS or node.kwargs or node.dyn_args):
        raise Fault(node.lineno, f"没有过滤词“{node.name}”，可用：{'、'.join(FILTERS)}。")
    if isinstance(node, nodes.Const) and not isinstance(node.value, (str, int, bool)):
        raise Fault(node.lineno, "这里只能比较文字、整数、true 和 false。")
    if isinstance(node, (nodes.Getattr, nodes.Getitem)):
        yield from _attribute(node, bound, depth)
        return
    if isinstance(node, nodes.For):
        yield from _loop(node, bound, depth)
        return
    if isinstance(node, nodes.Name):
        if node.name not in bound:
            yield Use(node.name, node.lineno)
        return
    for child in node.iter_child_nodes():
        yield from _walk(child, bound, depth)


def _attribute(node: nodes.Getattr | nodes.Getitem, bound: frozenset[str], depth: int) -> Iterator[Use]:
    if isinstance(node, nodes.Getitem) and not (isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)):
        raise Fault(node.lineno, "取行里的一列请写 行.列名。")
    yield from _walk(node.node, bound, depth)


def _loop(node: nodes.For, bound: frozenset[str], depth: int) -> Iterator[Use]:
    if depth >= _DEPTH:
        raise Fault(node.lineno, f"循环最多套 {_DEPTH} 层。")
    if node.recursive or not isinstance(node.target, nodes.Name):
        raise Fault(node.lineno, "循环请写 {% for 行 in 字段 %}。")
    yield from _walk(node.iter, bound, depth)
    inside = bound | {node.target.name, "loop"}
    for child in [*node.body, *([node.test] if node.test else [])]:
        yield from _walk(child, inside, depth + 1)
    for child in node.else_:
        yield from _walk(child, bound, depth)


@lru_cache(maxsize=512)
def _compiled(source: str) -> Any:
    uses(source)
    try:
        return _ENVIRONMENT.from_string(source)
    except TemplateSyntaxError as error:
        raise Fault(error.lineno, _syntax_words(error.message or "")) from None


def check(source: str, known: Sequence[str]) -> None:
    """Refuse with a `Fault` words that use a field which is not among `known`, or what a clerk may not write."""
    for use in uses(source):
        if use.name not in known:
            raise Fault(use.line, f"没有“{use.name}”这个字段。", use.name)
    _compiled(source)


def render(source: str, values: Mapping[str, Any]) -> str:
    """Return the text of `source` with `values` in its places; a `Fault` names the line and the field."""
    template = _compiled(source)
    pieces, length = [], 0
    try:
        for piece in template.generate(**_named(values)):
            length += len(piece)
            if length > MOST_WORDS:
                raise Fault(0, f"印出来超过 {MOST_WORDS:,} 字。")
            pieces.append(piece)
    except Fault as fault:
        raise Fault(fault.line or _line_of(fault), fault.words, fault.name) from None
    except UndefinedError as error:
        raise Fault(_line_of(error), "没有这个字段或列。") from None
    except (TemplateError, TypeError, ValueError) as error:
        raise Fault(_line_of(error), "这一处的值不能这样用。") from None
    return "".join(pieces)


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with those that are not there knowing their names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        rows = isinstance(value, list) and any(isinstance(row, dict) for row in value)
        found[name] = Empty(name) if value is None else [_named(row) for row in value] if rows else value
    return found


def _line_of(error: BaseException) -> int:
    """Return the line of the words where it happened: Jinja2 puts the words' own lines into the traceback."""
    found, frame = 1, error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == "<template>":
            found = frame.tb_lineno
        frame = frame.tb_next
    return found
