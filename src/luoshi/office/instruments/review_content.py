"""What a reviewer may say instead of a reading, checked field by field; one class a kind."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from luoshi.kernel.citation import DocumentNumber
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties.dates import occurrence

Name = Annotated[str, Field(min_length=1, max_length=200)]
_SPAN = re.compile(
    r"\d{1,5}(?:\.\d{1,2})? (?:minute|hour|day|working day|week|month|year)s?(?: before)?"
    r"|\d{1,4} months/\d{1,4} months"
)
_MOST_ORGANS = 60


class _Content(BaseModel):
    """Blanks around texts do not count; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class OrganContent(_Content):
    """An organ by its printed name; the slug is looked up when the correction takes effect."""

    name: Name
    slug: Annotated[str, Field(max_length=80)] | None = None


class LimitContent(_Content):
    """A time limit in the forms of the contract: by 2018-10-31, within `10 working days`, every `yearly by 10-31`."""

    kind: Literal["by", "from", "between", "within", "every"]
    value: Annotated[str, Field(min_length=1, max_length=60)]
    text: Annotated[str, Field(max_length=400)] = ""
    start: int = -1
    end: int = -1

    @model_validator(mode="after")
    def _of_its_kind(self) -> LimitContent:
        if self.kind in ("by", "from"):
            _date(self.value)
        elif self.kind == "within":
            if not _SPAN.fullmatch(self.value):
                raise ValueError("时长应如“10 working days”“4 hours”“24 hours before”")
        elif self.kind == "every":
            if not occurrence("every", self.value).months:
                raise ValueError("周期应如“yearly by 10-31”“quarterly”“monthly by 15”")
        elif not _SPAN.fullmatch(self.value):
            first, _, last = self.value.partition("/")
            if _date(first) > _date(last):
                raise ValueError("起止日期颠倒")
        return self


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError("日期应如 2018-10-31") from None


class DutyContent(_Content):
    """A duty. Without `limits` the printed ones stay, without `action` the printed sentence."""

    summary: Annotated[str, Field(min_length=1, max_length=400)]
    lead: Annotated[list[OrganContent], Field(max_length=_MOST_ORGANS)] = []
    cooperating: Annotated[list[OrganContent], Field(max_length=_MOST_ORGANS)] = []
    local: bool = False
    local_text: Annotated[list[str], Field(max_length=_MOST_ORGANS)] = []
    open_ended: bool = False
    action: Annotated[str, Field(max_length=8000)] | None = None
    limits: Annotated[list[LimitContent], Field(max_length=40)] | None = None

    @model_validator(mode="after")
    def _once(self) -> DutyContent:
        names = [organ.name for organ in (*self.lead, *self.cooperating)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"“{twice[0]}”写了两次；一个单位要么牵头，要么配合")
        return self


class TargetContent(_Content):
    """A target; value and unit as printed."""

    subject: Annotated[str, Field(min_length=1, max_length=300)]
    op: Literal[">=", "<=", ">", "<", "=", "~"]
    value: Annotated[str, Field(min_length=1, max_length=40)]
    unit: Annotated[str, Field(max_length=40)] = ""
    by: str | None = None
    baseline: Annotated[str, Field(max_length=200)] | None = None
    aspiration: bool = False
    lead: Annotated[list[OrganContent], Field(max_length=_MOST_ORGANS)] = []

    @field_validator("by")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        return _date(value).isoformat() if value else None

    @field_validator("value")
    @classmethod
    def _figure(cls, value: str) -> str:
        if not re.fullmatch(r"-?\d{1,20}(?:\.\d{1,10})?", value):
            raise ValueError("数值应是数字，如 95 或 1.5")
        return value


class MembershipContent(_Content):
    """A seat of a leading group."""

    group: Annotated[str, Field(min_length=1, max_length=300)]
    role: Annotated[str, Field(min_length=1, max_length=60)]
    person: Annotated[str, Field(max_length=60)] = ""
    post: Annotated[str, Field(max_length=300)] = ""
    organ_name: Annotated[str, Field(max_length=200)] = ""


class AppointmentContent(_Content):
    """An act of an appointment order."""

    action: Literal["appoint", "remove"]
    person: Annotated[str, Field(min_length=1, max_length=60)]
    post: Annotated[str, Field(min_length=1, max_length=300)]
    organ_name: Annotated[str, Field(max_length=200)] = ""
    title: Annotated[str, Field(max_length=200)] = ""
    remark: Annotated[str, Field(max_length=200)] = ""


class RelationContent(_Content):
    """What an instrument says about another, which it names by number or title."""

    type: Literal["repeals", "based_on", "cites", "implements", "amends"]
    number: Annotated[str, Field(max_length=120)] = ""
    title: Annotated[str, Field(max_length=400)] = ""

    @model_validator(mode="after")
    def _named(self) -> RelationContent:
        if not self.number and not self.title:
            raise ValueError("文号和标题至少写一样")
        if self.number and (number := DocumentNumber.parse(self.number)) is not None:
            self.number = str(number)
        return self


class HeadContent(_Content):
    """One field of a document's head; null where the text prints none."""

    field: Literal["title", "number", "issued_on", "effective_from", "expires_on"]
    value: Annotated[str, Field(max_length=400)] | None = None

    @model_validator(mode="after")
    def _of_its_field(self) -> HeadContent:
        self.value = self.value or None
        if self.value and self.field in ("issued_on", "effective_from", "expires_on"):
            self.value = _date(self.value).isoformat()
        if self.value and self.field == "number":
            number = DocumentNumber.parse(self.value)
            if number is None:
                raise ValueError("文号应如“某政发〔2018〕1号”")
            self.value = str(number)
        return self


class NoteContent(_Content):
    """What a reviewer found out about a repair or a doubt; `name` is how a misprinted organ is to be read."""

    text: Annotated[str, Field(max_length=500)] = ""
    name: Annotated[str, Field(max_length=200)] = ""


_OF_KIND: Mapping[str, type[_Content]] = {
    "head": HeadContent,
    "duty": DutyContent,
    "limit": LimitContent,
    "target": TargetContent,
    "membership": MembershipContent,
    "appointment": AppointmentContent,
    "relation": RelationContent,
    "repair": NoteContent,
    "warning": NoteContent,
}
SPLITTABLE = ("duty",)
"""Kinds of which one reading may turn out to be two records."""
ADDABLE = ("duty", "target", "membership", "appointment", "relation")
"""Kinds of which a reviewer may add a record the compiler did not read."""


def checked(kind: str, content: Any) -> dict[str, Any]:
    """Return `content` as kept; E_INPUT names each field that is wrong."""
    try:
        return _OF_KIND[kind].model_validate(content).model_dump(mode="json")
    except ValidationError as error:
        faults = [
            {"field": ".".join(str(part) for part in fault["loc"]), "fault": _words(fault)} for fault in error.errors()
        ]
        said = "；".join("：".join(filter(None, (fault["field"], fault["fault"]))) for fault in faults)
        raise LuoshiError("E_INPUT", f"更正的内容有误：{said}。", fields={"faults": faults}) from None


def checked_parts(kind: str, parts: Any) -> list[dict[str, Any]]:
    """Return the parts of a split as kept; E_INPUT for fewer than two, more than nine, or two alike."""
    if kind not in SPLITTABLE:
        raise LuoshiError("E_INPUT", "只有责任能拆成两条；别的记录请改，或补一条。")
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not 2 <= len(parts) <= 9:
        raise LuoshiError("E_INPUT", "拆分应给出二至九条。")
    found = [checked(kind, part) for part in parts]
    if any(one == other for n, one in enumerate(found) for other in found[:n]):
        raise LuoshiError("E_INPUT", "拆出的两条一模一样。请改其中一条的任务、牵头或配合。")
    return found


_SAID = {
    "missing": "没有填写",
    "extra_forbidden": "没有这一项",
    "string_too_short": "没有填写",
    "string_too_long": "太长",
    "too_long": "太多",
    "literal_error": "不在可选的值里",
}


def _words(fault: Any) -> str:
    return _SAID.get(fault["type"]) or str(fault["msg"]).removeprefix("Value error, ")
