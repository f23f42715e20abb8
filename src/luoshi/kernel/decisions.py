"""Decisions: pure functions of typed facts and dated parameters that say why, clause by clause, and can be re-run.

    ADULT = Rule("某政发〔2018〕1号 三(一)", "申请人{age}周岁，应满{minimum}周岁")

    @decision(key="room.adult", title="是否成年", parameters=TABLE, reads=("minimum_age",))
    def adult(facts: Applicant, context: Context) -> Verdict:
        minimum = context.parameters["minimum_age"]
        old_enough = facts.age >= minimum
        outcome = Outcome.ALLOW if old_enough else Outcome.REFUSE
        return Verdict(old_enough, outcome, [ADULT.reason(old_enough, facts.age, minimum)])

Registered decisions answer the command line, the API and the calculator pages through `decide`. Sentences, parameter
lists and receipts are made when they are read: a decision is cheap enough to be taken for every subject of a city.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from inspect import cleandoc
from string import Formatter
from typing import Any, NamedTuple, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json, to_jsonable_python

from luoshi import __version__
from luoshi.kernel.calendar import WorkingCalendar, announced_calendar
from luoshi.kernel.citation import Citation
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import Parameter, ParameterTable, Values


class Outcome(StrEnum):
    """The verdict every decision shares (conventions section 5); missing facts give UNDETERMINED, never ALLOW."""

    ALLOW = "allow"
    ALLOW_WITH_CONDITION = "allow_with_condition"
    UNDETERMINED = "undetermined"
    REFUSE = "refuse"
    NOT_APPLICABLE = "not_applicable"


_new = tuple.__new__
"""Makes a NamedTuple without its own `__new__`: half the time, and reasons are what a decision makes most of."""

# --- reasons ----------------------------------------------------------------------------------------------------------


class Rule:
    """What a reason says: the clause it rests on and a sentence with `{named}` places for its data."""

    __slots__ = ("citation", "cited", "names", "sentence")

    def __init__(self, citation: str | Citation | None, template: str) -> None:
        self.citation = Citation.of(citation) if isinstance(citation, str) else citation
        self.cited = None if self.citation is None else str(self.citation)
        self.names = tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))
        self.sentence = template.format_map({name: f"{{{place}}}" for place, name in enumerate(self.names)})

    def reason(self, ok: bool | None, *values: Any) -> Reason:
        """Return this rule applied: whether it is met (None: it only explains) and its data in order."""
        return _new(Reason, (self, ok, values))


class Reason(NamedTuple):
    """One reason of a decision. Its text is made when read."""

    rule: Rule
    ok: bool | None
    values: tuple[Any, ...]

    @property
    def citation(self) -> Citation | None:
        """The clause the reason rests on."""
        return self.rule.citation

    @property
    def data(self) -> dict[str, Any]:
        """The data by name."""
        return dict(zip(self.rule.names, self.values, strict=True))

    @property
    def text(self) -> str:
        """The Chinese sentence."""
        return self.rule.sentence.format(*self.values)

    def as_dict(self) -> dict[str, Any]:
        """Return the reason as JSON shows it."""
        rule, ok, values = self
        data = dict(zip(rule.names, values, strict=True))
        return {"citation": rule.cited, "text": rule.sentence.format(*values), "ok": ok, "data": data}


class Verdict(NamedTuple):
    """What a decision function returns."""

    value: Any
    outcome: Outcome
    reasons: Sequence[Reason]


# --- decisions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may look at besides its facts: the day, the parameters of that day, the working calendar."""

    on: date
    parameters: Values
    calendar: WorkingCalendar
    overrides: Mapping[str, Any]


class Definition:
    """A registered decision: its function, its facts, the parameters it reads.

    `book` is the edition of the parameter book these parameters stand in, empty for the values as delivered.
    """

    book = ""

    def __init__(
        self,
        function: Callable[[Any, Context], Verdict],
        *,
        key: str,
        title: str,
        citation: str | None,
        parameters: ParameterTable,
        reads: Sequence[str],
        version: int,
        uses_calendar: bool,
    ) -> None:
        self.function = function
        self.key = key
        self.title = title
        self.citation = None if citation is None else Citation.of(citation)
        self.parameters: Mapping[str, Parameter] = {name: parameters[name] for name in reads}
        self.version = version
        self.uses_calendar = uses_calendar
        self.facts_model: type[BaseModel] = next(iter(get_type_hints(function).values()))
        self._validate = self.facts_model.__pydantic_validator__.validate_python
        self._contexts: dict[date, Context] = {}

    def edition(self, parameters: Mapping[str, Parameter], book: str) -> Definition:
        """Return this decision with the parameters of another edition of the book; what it reads stays the same."""
        changed = copy(self)
        changed.parameters = {name: parameters[name] for name in self.parameters}
        changed.book = book
        changed._contexts = {}
        return changed

    def context(
        self, on: date, overrides: Mapping[str, Any] | None = None, calendar: WorkingCalendar | None = None
    ) -> Context:
        """Return the context of a day; those of plain days are kept."""
        if overrides or calendar is not None:
            return Context(
                on, Values(on, self.parameters, overrides or {}), calendar or announced_calendar(), overrides or {}
            )
        if (known := self._contexts.get(on)) is None:
            if len(self._contexts) > 10_000:
                self._contexts.clear()
            known = self._contexts[on] = Context(on, Values(on, self.parameters, {}), announced_calendar(), {})
        return known

    def facts(self, facts: Any) -> BaseModel:
        """Return validated facts; E_INPUT names every wrong field."""
        if type(facts) is self.facts_model:
            return facts
        try:
            valid: BaseModel = self._validate(facts)
        except ValidationError as error:
            raise _input_error(error) from None
        return valid

    def __call__(self, facts: Any, on: date) -> Decision:
        """Decide on a day's parameters."""
        context = self._contexts.get(on) or self.context(on)
        return self.decide(facts, context)

    def decide(self, facts: Any, context: Context) -> Decision:
        """Decide in a given context. E_INPUT where dates or numbers leave what can be reckoned (year 9999)."""
        valid = self.facts(facts)
        try:
            return Decision(self, context, valid, self.function(valid, context))
        except OverflowError:
            raise LuoshiError("E_INPUT", "事实填写有误：日期或数值超出可以计算的范围，请核对年份和数值") from None

    def schema(self) -> dict[str, Any]:
        """Return key, title, citation, JSON schema of the facts, and the parameters with their values."""
        return {
            "key": self.key,
            "title": self.title,
            "description": cleandoc(self.function.__doc__ or ""),
            "citation": None if self.citation is None else str(self.citation),
            "facts": self.facts_model.model_json_schema(),
            "parameters": [
                {"name": parameter.name, "title": parameter.title, "unit": parameter.unit}
                for parameter in self.parameters.values()
            ],
            "outcomes": [outcome.value for outcome in Outcome],
        }


class Decision:
    """A decision taken. Reasons, parameters and receipt are spelt out when read."""

    __slots__ = ("context", "definition", "facts", "outcome", "reasons", "value")

    def __init__(self, definition: Definition, context: Context, facts: BaseModel, verdict: Verdict) -> None:
        self.definition = definition
        self.context = context
        self.facts = facts
        self.value, self.outcome, self.reasons = verdict

    @property
    def informal(self) -> bool:
        """Whether a what-if value was used: such an answer binds nobody."""
        return bool(self.context.overrides)

    @property
    def parameters(self) -> list[dict[str, Any]]:
        """The dated values the decision could read, with citation and provenance."""
        return self.context.parameters.rows

    def _head(self) -> dict[str, Any]:
        return {
            "key": self.definition.key,
            "value": self.value,
            "outcome": self.outcome.value,
            "on": self.context.on,
            "informal": self.informal,
            "reasons": [reason.as_dict() for reason in self.reasons],
        }

    def to_json(self) -> bytes:
        """Return what was decided and why as JSON text, without receipt. The parameters' text is the same all day."""
        return to_json(self._head())[:-1] + b',"parameters":' + self.context.parameters.rows_json + b"}"

    @property
    def receipt(self) -> dict[str, Any]:
        """What is needed to take the decision again: inputs, parameters, code version, SHA-256 digests."""
        receipt: dict[str, Any] = {
            "key": self.definition.key,
            "on": self.context.on.isoformat(),
            "inputs": self.facts.model_dump(mode="json", exclude_unset=True, by_alias=True),
            "overrides": to_jsonable_python(dict(self.context.overrides)),
            "parameters": to_jsonable_python(self.parameters),
            "book": self.definition.book,
            "calendar": self.context.calendar.version if self.definition.uses_calendar else None,
            "code": f"luoshi {__version__}, {self.definition.key} v{self.definition.version}",
            "answer_sha256": hashlib.sha256(self.to_json()).hexdigest(),
        }
        return receipt | {"sha256": _digest(receipt)}

    def as_dict(self) -> dict[str, Any]:
        """Return the decision with its receipt, as JSON data."""
        data: dict[str, Any] = to_jsonable_python(self._head())
        return data | {"parameters": to_jsonable_python(self.parameters), "receipt": self.receipt}


def _digest(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


# --- the register -----------------------------------------------------------------------------------------------------

REGISTRY: dict[str, Definition] = {}
"""Every decision whose module has been imported, by key."""
ALIASES: dict[str, str] = {}
"""Other keys under which a decision answers, to its own: they are found, not listed."""

Facts = TypeVar("Facts", bound=BaseModel)


def decision(
    *,
    key: str,
    title: str,
    citation: str | None = None,
    parameters: ParameterTable | None = None,
    reads: Sequence[str] = (),
    version: int = 1,
    uses_calendar: bool = False,
    also: Sequence[str] = (),
) -> Callable[[Callable[[Facts, Context], Verdict]], Definition]:
    """Register a function of (facts, context) under a key; `reads` names the parameters it may read.

    Raise `version` whenever the function would answer differently: receipts name it. `also`: other keys under which
    `find` knows it; lists and receipts have its own.
    """

    def register(function: Callable[[Facts, Context], Verdict]) -> Definition:
        if key in REGISTRY and REGISTRY[key].function.__module__ != function.__module__:
            raise ValueError(f"决定“{key}”登记了两次")
        if taken := [name for name in also if name in REGISTRY or ALIASES.get(name, key) != key]:
            raise ValueError(f"决定的别名“{taken[0]}”已被占用")
        definition = Definition(
            function,
            key=key,
            title=title,
            citation=citation,
            parameters=parameters or ParameterTable(),
            reads=reads,
            version=version,
            uses_calendar=uses_calendar,
        )
        REGISTRY[key] = definition
        ALIASES.update(dict.fromkeys(also, key))
        return definition

    return register


def find(key: str) -> Definition:
    """Return the decision of that key, or of that other name; E_NOT_FOUND with the known keys."""
    found = REGISTRY.get(key) or REGISTRY.get(ALIASES.get(key, ""))
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有“{key}”这项决定", fields={"key": key, "known": sorted(REGISTRY)})
    return found


def decide(
    key: str | Definition,
    facts: Mapping[str, Any] | str | bytes,
    on: date,
    overrides: Mapping[str, Any] | None = None,
    calendar: WorkingCalendar | None = None,
) -> Decision:
    """Take a decision by key. `facts`: an object or its JSON text; `overrides`: what-if values of parameters or facts.

    A key is decided with the parameters as delivered, a `Definition.edition` with those of its book. An overridden
    decision is informal. E_NOT_FOUND, E_INPUT, E_PARAMETER_MISSING, E_CALENDAR_MISSING.
    """
    definition = key if isinstance(key, Definition) else find(key)
    given = dict(_parsed(facts))
    assumed = dict(overrides or {})
    for name in assumed.keys() - definition.parameters.keys():
        if name not in definition.facts_model.model_fields:
            known = sorted([*definition.parameters, *definition.facts_model.model_fields])
            raise LuoshiError("E_INPUT", f"“{name}”既不是参数也不是事实", fields={"name": name, "known": known})
        given[name] = assumed[name]
    return definition.decide(given, definition.context(on, assumed, calendar))


def _as_printed(text: str) -> Decimal | float:
    """Return a number as it is printed: a float would already have lost its last digits. With an exponent it is one."""
    return float(text) if "e" in text.lower() else Decimal(text)


def _parsed(facts: Mapping[str, Any] | str | bytes) -> Mapping[str, Any]:
    if isinstance(facts, Mapping):
        return facts
    try:
        data = json.loads(facts, parse_float=_as_printed)
    except (ValueError, RecursionError) as error:
        raise LuoshiError("E_INPUT", f"事实不是有效的JSON:{error}") from None
    if not isinstance(data, dict):
        raise LuoshiError("E_INPUT", "事实应为一个JSON对象")
    return data


class Rerun(NamedTuple):
    """A receipt taken again: the decision, whether the answer is the same, and what stands differently today."""

    decision: Decision
    same: bool
    differences: tuple[str, ...]


def rerun(
    receipt: Mapping[str, Any], calendar: WorkingCalendar | None = None, today: Definition | None = None
) -> Rerun:
    """Take the decision of a receipt again, with the parameter values the receipt names. E_HASH if it was altered.

    `today` is the decision with the parameters it would have now, for the differences; default: as delivered.
    """
    body = {name: part for name, part in receipt.items() if name != "sha256"}
    if _digest(body) != receipt.get("sha256"):
        raise LuoshiError("E_HASH", "回执内容与其摘要不符，可能被改动")
    definition = today or find(receipt["key"])
    on = date.fromisoformat(receipt["on"])
    table = ParameterTable.from_data(
        {row["name"]: {"title": row["title"], "unit": row["unit"], "values": [row]} for row in receipt["parameters"]}
    )
    present = definition.context(on, receipt["overrides"] or None, calendar)
    as_then = Context(on, Values(on, table, receipt["overrides"]), present.calendar, receipt["overrides"])
    again = definition.decide(receipt["inputs"] | {}, as_then)
    now = {name: dated.value for name, dated in present.parameters.dated.items()}
    then = {name: dated.value for name, dated in as_then.parameters.dated.items()}
    fresh = again.receipt
    differences = [f"参数“{name}”现为{now.get(name)}" for name in then if now.get(name) != then[name]]
    differences += [f"{word}现为{fresh[name]}" for name, word in (("calendar", "日历"), ("code", "程序"))
                    if fresh[name] != receipt[name]]  # fmt: skip
    return Rerun(again, fresh["answer_sha256"] == receipt["answer_sha256"], tuple(differences))


# --- faults in facts --------------------------------------------------------------------------------------------------

_FAULTS = {
    "missing": "缺少此项",
    "extra_forbidden": "没有这个字段",
    "int": "应为整数",
    "float": "应为数字",
    "decimal": "应为数字",
    "finite_number": "应为数字",
    "bool": "应为是或否",
    "string": "应为文本",
    "string_too_short": "不得为空",
    "string_too_long": "过长",
    "list": "应为列表",
    "tuple": "应为列表",
    "set": "应为列表",
    "too_short": "项数过少",
    "too_long": "项数过多",
    "dict": "应为一组事实（JSON对象）",
    "mapping": "应为一组事实（JSON对象）",
    "model": "应为一组事实（JSON对象）",
    "date": "应为日期，如 2019-07-01",
    "datetime": "应为时刻，如 2019-07-01T15:00",
    "timezone": "应为时刻，如 2019-07-01T15:00",
    "time": "应为钟点，如 15:00",
    "greater_than": "过小，应大于{gt}",
    "greater_than_equal": "过小，不得小于{ge}",
    "less_than": "过大，应小于{lt}",
    "less_than_equal": "过大，不得大于{le}",
    "int_parsing_size": "过大",
}
"""What a kind of fault is called; the rest of pydantic's kind (`date_parsing`, `date_type`) matters to nobody."""
_LIKE = {r"^\d{4}-\d{2}$": "2018-07", r"^\d{2}-\d{2}$": "11-15"}
_BRANCH = re.compile(r"date|datetime|time|str|int|float|bool|[a-z-]+\[.*|function-.*|[A-Z]\w+")
"""How pydantic names, among the places of a fault, which of several kinds of value it tried there."""


def _fault(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "literal_error" or kind == "enum":
        return f"应为{str(context['expected']).replace(' or ', ', ').replace(chr(39), '').replace(', ', '、')}之一"
    if kind == "string_pattern_mismatch":
        like = _LIKE.get(str(context.get("pattern")))
        return f"写法不对，应如 {like}" if like else "写法不对"
    if kind in ("value_error", "assertion_error"):
        return message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    words = _FAULTS.get(kind) or _FAULTS.get(kind.partition("_")[0])
    return words.format_map(context) if words else "填写不对"


def _place(loc: Sequence[int | str]) -> str:
    return ".".join(str(part) for n, part in enumerate(loc) if n == 0 or not _BRANCH.fullmatch(str(part)))


def _input_error(error: ValidationError) -> LuoshiError:
    faults: list[dict[str, str]] = []
    for fault in error.errors(include_url=False):
        said = {
            "field": _place(fault["loc"]),
            "fault": _fault(fault["type"], fault["msg"], fault.get("ctx", {})),
            "value": repr(fault["input"])[:80],
        }
        if said not in faults:
            faults.append(said)
    places: dict[str, list[str]] = {}
    for said in faults:
        places.setdefault(said["field"], []).append(said["fault"])
    words = "；".join(f"“{place}”{'，或'.join(said)}" if place else "，或".join(said)
                     for place, said in list(places.items())[:5])  # fmt: skip
    return LuoshiError("E_INPUT", f"事实填写有误：{words}", fields={"faults": faults})
