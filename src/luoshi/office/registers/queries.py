"""Read a register: pages by keyset, facets, one record and its versions, the register as it stood on another day.

Today's lists read the programme's table; lists of another day read the history, whose last line of a record before the
day's end holds the record as it stood. The filter of permissions is part of every query.
"""

from __future__ import annotations

import base64
import datetime
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from luoshi.kernel.clock import CLOCK, end_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.paging import COUNT_BOUND, KeysetPage, Total, bounded_total
from luoshi.office.registers import reach
from luoshi.office.registers.declaration import Column, Register, registers
from luoshi.office.registers.history import values_in
from luoshi.office.registers.kinds import KINDS, masked, narrow
from luoshi.office.registers.models import RegisterChange, RegisterImport, standing
from luoshi.office.registers.reading import Books

STATES = ("current", "ended", "void", "all")
"""Which records a list shows: those that stand (unless said otherwise), ended ones, void ones, every one."""
_MOST = 60


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """What a list is narrowed to: chosen values by facet column (as text), words, which states; how it is sorted."""

    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    q: str = ""
    state: str = "current"
    sort: str = ""
    descending: bool = False

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for."""
        return not any(self.chosen.values()) and not self.q and self.state == "current"

    def as_data(self) -> dict[str, Any]:
        """Return the filter as plain JSON."""
        return asdict(self) | {"chosen": {name: list(values) for name, values in self.chosen.items()}}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> RegisterFilter:
        """Return the filter of plain JSON."""
        chosen = {str(name): tuple(values) for name, values in dict(data.get("chosen", {})).items()}
        return cls(**{**data, "chosen": chosen})


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record of a list: its id, version and values by column, as it stands on the day asked about."""

    pk: int
    version: int
    values: Mapping[str, Any]
    ended_on: datetime.date | None
    void: bool

    def stands(self, on: datetime.date) -> bool:
        """Tell whether it is neither void nor ended on the day."""
        return not self.void and (self.ended_on is None or self.ended_on >= on)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet: as text, in words, how many; None where counting would be long."""

    value: str
    label: str
    count: int | None


def sortable(register: Register) -> list[Column]:
    """Return the columns a list can be sorted by: those that are never without a value."""
    kinds = ("text", "code", "uscc", "integer", "year", "decimal", "money", "date", "choice", "person", "moment")
    fields = {f.name: f for f in register.model._meta.concrete_fields}
    return [c for c in register.columns if c.kind in kinds and not fields[c.name].null and not c.sensitive]


def facet_value(column: Column, text: str) -> Any:
    """Return the value a facet's text means, None where it means nothing."""
    if column.kind == "boolean":
        return {"1": True, "0": False}.get(text)
    if column.kind == "choice":
        return column.by_word.get(narrow(text))
    return text or None


def facet_text(value: Any) -> str:
    """Return the text under which a facet's value stands in an address."""
    return ("1" if value else "0") if isinstance(value, bool) else str(value)


class RegisterList:
    """One question to a register: its pages, its count, its facets, asked by `actor` about `day`.

    `public` asks for what everybody may see: the published records, their public columns.
    """

    def __init__(
        self,
        register: Register,
        wanted: RegisterFilter,
        *,
        actor: Actor,
        day: datetime.date,
        public: bool = False,
    ) -> None:
        if wanted.state not in STATES:
            raise LuoshiError("E_INPUT", f"没有“{wanted.state}”这种状态：{'、'.join(STATES)}。")
        if public and not register.public:
            raise LuoshiError("E_NOT_FOUND", f"没有“{register.key}”这个台账。")
        self.register, self.wanted, self.day, self._public = register, wanted, day, public
        self._scope = None if public else reach.require_open(actor, register)
        self.past = day < CLOCK.today() and not public
        self.books = Books(register, day)
        self.columns = [c for c in register.columns if not public or c.public]
        self._order = self._ordered(wanted.sort)

    def _ordered(self, name: str) -> Column | None:
        known = {column.name: column for column in sortable(self.register) if column in self.columns}
        return known.get(name) or known.get(self.register.order)

    # --- conditions -------------------------------------------------------------------------------------------------

    def _condition(self, *, without: str = "") -> Q:
        """Return the condition on the model's columns, or on the states of history; `without` one facet."""
        path = "after__" if self.past else ""
        condition = Q()
        for column in self.register.facets:
            texts = self.wanted.chosen.get(column.name, ())
            values = [v for v in (facet_value(column, text) for text in texts) if v is not None]
            if texts and column.name != without and column in self.columns:
                kept = [KINDS[column.kind].keep(v) for v in values] if self.past else values
                one = Q()
                for value in kept:
                    one |= Q(**{f"{path}{column.name if self.past else column.attname}": value})
                condition &= one if kept else Q(pk__in=[])
        if self.wanted.q:
            words = Q()
            for name in self.register.search:
                column = self.register.by_name[name]
                if column in self.columns:
                    words |= Q(**{f"{path}{name}__icontains": self.wanted.q})
            condition &= words
        if self._public:
            return condition & (self.register.published or Q()) & standing(self.day)
        assert self._scope is not None
        if not self._scope.everywhere:
            own = Q(pk__in=[])
            for name in self.register.organ_fields:
                for slug in sorted(self._scope.organs) if self.past else ():
                    own |= Q(**{f"{path}{name}": slug})
                if not self.past:
                    own |= Q(**{f"{name}__in": sorted(self._scope.organs)})
            condition &= own
        return condition & self._state(path)

    def _state(self, path: str) -> Q:
        state, day = self.wanted.state, self.day.isoformat() if self.past else self.day
        if state == "all":
            return Q()
        if state == "void":
            return Q(**{f"{path}void": True})
        open_ended = Q(**{f"{path}ended_on": None}) if self.past else Q(ended_on__isnull=True)
        stands = open_ended | Q(**{f"{path}ended_on__gte": day})
        return Q(**{f"{path}void": False}) & (stands if state == "current" else ~open_ended & ~stands)

    def _history(self) -> QuerySet[RegisterChange]:
        """Return the last line of each record before the end of the day."""
        bound = end_of(self.day)
        later = RegisterChange.objects.filter(
            register=OuterRef("register"),
            record_id=OuterRef("record_id"),
            version__gt=OuterRef("version"),
            at__lt=bound,
        )
        return RegisterChange.objects.filter(~Exists(later), register=self.register.key, at__lt=bound)

    def rows(self, *, without: str = "") -> QuerySet[Any]:
        """Return the records as a query: of the model today, of the history on another day."""
        base = self._history() if self.past else self.register.model._default_manager.all()
        return base.filter(self._condition(without=without))

    # --- pages ------------------------------------------------------------------------------------------------------

    def page(self, *, size: int, after: str = "", before: str = "") -> KeysetPage[Any]:
        """Return one page of `RecordRow`; E_INPUT for a cursor that is none."""
        backwards = bool(before) and not after
        cursor = _read_cursor(before if backwards else after)
        rows = self._sorted(self.rows(), cursor, backwards)
        found = list(rows[: size + 1])
        more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        shown = [self.row_of(row) for row in found]
        self.books.learn(row.values for row in shown)
        position = cursor[2] if cursor else 0
        first = max(position - len(found), 1) if backwards else position + 1
        earlier, later = (more, True) if backwards else (bool(cursor), more)
        return KeysetPage(
            shown,
            self._cursor(shown[0], first) if shown and earlier else "",
            self._cursor(shown[-1], first + len(shown) - 1) if shown and later else "",
            first,
        )

    def _sorted(self, rows: QuerySet[Any], cursor: tuple[Any, int, int] | None, backwards: bool) -> QuerySet[Any]:
        down = self.wanted.descending != backwards
        test, sign = ("lt", "-") if down else ("gt", "")
        if self.past or self._order is None:
            # History is in the order of the records' numbers: the columns of another day have no index.
            name = "record_id" if self.past else "pk"
            if cursor:
                rows = rows.filter(**{f"{name}__{test}": cursor[1]})
            return rows.order_by(f"{sign}{name}")
        name = self._order.attname
        if cursor:
            value = KINDS[self._order.kind].restore(cursor[0])
            beyond = Q(**{f"{name}__{test}": value}) | Q(**{name: value, f"pk__{test}": cursor[1]})
            rows = rows.filter(Q(**{f"{name}__{test}e": value}) & beyond)
        return rows.order_by(f"{sign}{name}", f"{sign}pk")

    def _cursor(self, row: RecordRow, position: int) -> str:
        value = None
        if self._order is not None and not self.past:
            value = KINDS[self._order.kind].keep(row.values[self._order.name])
        text = json.dumps([value, row.pk, position], ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def row_of(self, row: Any) -> RecordRow:
        """Return a row of `rows()` as it is shown."""
        if self.past:
            return row_of_change(self.register, row)
        return row_of_record(self.register, row)

    def every(self) -> Iterator[RecordRow]:
        """Yield every record that fits, in order, reading in pieces."""
        rows = self._sorted(self.rows(), None, False)
        piece: list[RecordRow] = []
        for row in rows.iterator(chunk_size=1000):
            piece.append(self.row_of(row))
            if len(piece) == 1000:
                self.books.learn(one.values for one in piece)
                yield from piece
                piece = []
        self.books.learn(one.values for one in piece)
        yield from piece

    def total(self, bound: int = COUNT_BOUND) -> Total:
        """Count what fits, up to the bound."""
        return bounded_total(self.rows(), bound)

    # --- facets -----------------------------------------------------------------------------------------------------

    def facets(self) -> list[tuple[Column, list[FacetValue]]]:
        """Return each facet with its values, most frequent first; counts up to the bound, None beyond."""
        found = []
        for column in self.register.facets:
            if column not in self.columns:
                continue
            chosen = self.wanted.chosen.get(column.name, ())
            path = f"after__{column.name}" if self.past else column.attname
            rows = self.rows(without=column.name).order_by()
            values = list(rows.values_list(path, flat=True)[: COUNT_BOUND + 1])
            exact = len(values) <= COUNT_BOUND
            counts = Counter(facet_text(value) for value in values if value not in (None, ""))
            texts = self._texts(column, counts, exact)
            texts += [text for text in chosen if text not in texts]
            labels = self._labels(column, texts)
            found.append((column, [FacetValue(t, labels[t], counts[t] if exact else None) for t in texts]))
        return found

    def _texts(self, column: Column, counts: Counter[str], exact: bool) -> list[str]:
        if column.kind == "choice":
            known = [facet_text(value) for value in column.words_of]
            return [text for text in known if counts[text] or not exact]
        if column.kind == "boolean":
            return [text for text in ("1", "0") if counts[text] or not exact]
        if column.kind == "organ" and not exact:
            return sorted(set(counts) | set(concern.towns()))
        return [text for text, _count in counts.most_common(_MOST)]

    def _labels(self, column: Column, texts: Sequence[str]) -> dict[str, str]:
        if column.kind == "organ":
            self.books.names.learn(texts)
            return {text: self.books.names.title(text) for text in texts}
        if column.kind == "boolean":
            return {text: {"1": "是", "0": "否"}.get(text, text) for text in texts}
        return {text: str(column.words_of.get(facet_value(column, text), text)) for text in texts}

    def words(self, column: Column, value: Any) -> str:
        """Return a value as the list shows it: sensitive ones masked, empty for nothing."""
        return words(column, value, self.books)


def words(column: Column, value: Any, books: Books, *, mask: bool = True) -> str:
    """Return a value in words, a sensitive one masked; empty for nothing."""
    if value is None or value == "":
        return ""
    text = KINDS[column.kind].show(column, value, books.reading)
    return masked(column, text) if mask and column.sensitive else text


def row_of_record(register: Register, record: Any) -> RecordRow:
    """Return a record of the model as it is shown."""
    values = {column.name: getattr(record, column.attname) for column in register.columns}
    return RecordRow(record.pk, record.version, values, record.ended_on, record.void)


def row_of_change(register: Register, change: RegisterChange) -> RecordRow:
    """Return a record as a line of its history left it."""
    ended = change.after.get("ended_on")
    return RecordRow(
        change.record_id,
        change.version,
        values_in(register, change.after),
        datetime.date.fromisoformat(ended) if ended else None,
        bool(change.after.get("void")),
    )


def _read_cursor(text: str) -> tuple[Any, int, int] | None:
    if not text:
        return None
    try:
        value, pk, position = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not (isinstance(pk, int) and isinstance(position, int)) or not 0 <= position < 10**9 or abs(pk) >= 2**62:
            raise ValueError
        if not isinstance(value, (str, int, type(None))):
            raise TypeError
    except (ValueError, TypeError):
        raise LuoshiError("E_INPUT", "翻页的位置不对，请回到第一页。", fields={"cursor": text[:80]}) from None
    return value, pk, position


# --- one record -----------------------------------------------------------------------------------------------------


def record(actor: Actor, register: Register, pk: int) -> Any:
    """Return one record of the model; E_NOT_FOUND for one the actor may not see, as for one that is not there."""
    scope = reach.require_open(actor, register)
    found = register.model._default_manager.filter(reach.within(register, scope), pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"“{register.title}”没有第 {pk} 号记录。")
    return found


def by_key(actor: Actor, register: Register, key: Sequence[str]) -> Any:
    """Return the record of a natural key as written; E_NOT_FOUND."""
    scope = reach.require_open(actor, register)
    asked = {register.by_name[name].attname: text for name, text in zip(register.natural_key, key, strict=True)}
    found = register.model._default_manager.filter(reach.within(register, scope), **asked).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"“{register.title}”没有“{' '.join(key)}”。")
    return found


def versions(register: Register, pk: int, upto: datetime.date | None = None) -> list[RegisterChange]:
    """Return the history of a record, newest first; up to the end of a day where one is given."""
    rows = RegisterChange.objects.filter(register=register.key, record_id=pk).select_related("taken")
    if upto is not None:
        rows = rows.filter(at__lt=end_of(upto))
    return list(rows.order_by("-version")[:500])


def has_history(register: Register, pk: int) -> bool:
    """Tell whether a record has any line of history."""
    return RegisterChange.objects.filter(register=register.key, record_id=pk).exists()


def state_on(register: Register, pk: int, day: datetime.date) -> RecordRow | None:
    """Return a record as it stood at the end of the day, None where it was not yet entered."""
    rows = RegisterChange.objects.filter(register=register.key, record_id=pk, at__lt=end_of(day))
    change = rows.order_by("-version").first()
    return None if change is None else row_of_change(register, change)


def differences(register: Register, change: RegisterChange, books: Books) -> list[dict[str, str]]:
    """Return what a line of history changed: {label, old, new} by column; of a first line every value."""
    before = change.before
    names = change.after if before is None else before
    old, new = values_in(register, before or {}), values_in(register, change.after)
    books.learn([old, new])
    found = [
        {
            "label": column.title,
            "old": "" if before is None else words(column, old[column.name], books),
            "new": words(column, new[column.name], books),
        }
        for column in register.columns
        if column.name in names and (before is not None or new[column.name] not in (None, ""))
    ]
    if before is not None and "ended_on" in before:
        found.append({"label": "终止日", "old": before["ended_on"] or "", "new": change.after.get("ended_on") or ""})
    if before is not None and "void" in before:
        word = {True: "作废", False: "有效"}
        found.append({"label": "效力", "old": word[bool(before["void"])], "new": word[bool(change.after["void"])]})
    return found


# --- imports, the index ---------------------------------------------------------------------------------------------


def imports(actor: Actor, register: Register) -> QuerySet[RegisterImport]:
    """Return the imports of a register, newest first; E_NOT_FOUND, E_FORBIDDEN for who may not import."""
    reach.require_act(actor, register, "take_in")
    return RegisterImport.objects.filter(register=register.key).order_by("-id")


def import_of(actor: Actor, register: Register, pk: int) -> RegisterImport:
    """Return one import; E_NOT_FOUND."""
    found = imports(actor, register).filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"“{register.title}”没有第 {pk} 次导入。")
    return found


def visible(actor: Actor) -> list[Register]:
    """Return the registers that are there for `actor`."""
    return [register for register in registers() if reach.may_open(actor, register)]


def public_registers() -> list[Register]:
    """Return the registers everybody may see in part."""
    return [register for register in registers() if register.public]


def last_change(registers_: Iterable[Register]) -> dict[str, datetime.datetime]:
    """Return when each register was last changed, by key; one query a register, each from an index."""
    found = {}
    for register in registers_:
        rows = RegisterChange.objects.filter(register=register.key).order_by("-at")
        if (at := rows.values_list("at", flat=True).first()) is not None:
            found[register.key] = at
    return found
