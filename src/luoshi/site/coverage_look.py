"""Coverage of this installation: clauses from the library, names looked up in every registry, tests as evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.db import DatabaseError
from django.urls import NoReverseMatch, get_resolver, reverse

from luoshi.kernel.decisions import find
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import OPEN
from luoshi.office import coverage
from luoshi.office.cases import procedures
from luoshi.office.coverage import Artefact, ClauseRef, Found, Report
from luoshi.office.coverage_evidence import CHECKOUT, Evidence, evidence, names
from luoshi.office.programme import Programme
from luoshi.site.registry import PROGRAMMES, load_decisions, load_programmes

_NONE = Found(exists=False)
_LEDGER = Artefact("duty", "ledger")


def reports(programme: Programme) -> list[Report]:
    """Return the coverage of each document of a programme; E_INPUT for a coverage file with faults."""
    load_decisions()
    _declare(programme)
    written = coverage.read(programme.coverage)
    found = []
    for number in dict.fromkeys([*programme.instruments, *written]):
        entries = written.get(number, [])
        title, clauses = library(number)
        look = _Looking(programme, number, known=bool(clauses))
        shown = clauses or coverage.clauses_of(entries)
        found.append(coverage.report(number, shown, entries, look, library=bool(clauses), title=title))
    return found


def _declare(programme: Programme) -> None:
    """Import a room's module `covered`, where it has one."""
    for room in PROGRAMMES:
        if room.rpartition(".")[2] == programme.key and find_spec(f"{room}.covered"):
            import_module(f"{room}.covered")


def library(number: str) -> tuple[str, list[ClauseRef]]:
    """Return title and clauses of a document of the library; nothing where there is none, or no database yet."""
    from luoshi.office.instruments import queries

    try:
        item = queries.instrument(number)
        rows = item.clauses.order_by("seq").values_list("path", "heading", "text")
        return item.name, [ClauseRef(*row) for row in rows]
    except LuoshiError as error:
        if error.code != "E_NOT_FOUND":
            raise
    except DatabaseError:
        pass
    return "", []


class _Looking:
    """Says what became of the names at one document; each is looked up once."""

    def __init__(self, programme: Programme, number: str, *, known: bool) -> None:
        self.programme = programme
        self.number = number
        self.known = known
        self.tests = evidence()
        self.kept: dict[Artefact, Found] = {}
        self.ledger: list[str] | None = None

    def __call__(self, artefact: Artefact, _number: str, path: str) -> Found:
        if artefact == _LEDGER:
            return self._ledger(path)
        if artefact not in self.kept:
            self.kept[artefact] = self._look(artefact)
        return self.kept[artefact]

    def _look(self, artefact: Artefact) -> Found:
        if artefact.kind == "test":
            return _test(self.programme, artefact.name, self.tests)
        lookup = _LOOKUPS.get(artefact.kind)
        found = coverage.declared(artefact) or (lookup(artefact.name) if lookup else _NONE)
        if not found.exists:
            return found
        where = self.tests.first(names(artefact))
        if not where and artefact.kind == "parameter":
            where = _by_its_readers(self.tests, artefact.name)
        if not where and artefact.kind == "page":
            where = _by_its_address(self.tests, artefact.name)
        return replace(found, exercised=True if where else False if self.tests.whole else None, where=where)

    def _ledger(self, path: str) -> Found:
        """The duties the ledger has from a clause or below it; not known while the document is not in the library."""
        from luoshi.office.duties.models import Duty

        if not self.known:
            return Found("责任台账", exists=None)
        if self.ledger is None:
            own = Duty.objects.filter(instrument__key=self.number, instrument__is_current=True, is_current=True)
            self.ledger = list(own.values_list("clause_path", flat=True))
        n = sum(one == path or one.startswith(f"{path}/") for one in self.ledger)
        if not n:
            return _NONE
        return Found(f"责任台账 {n} 项", f"{reverse('instrument', args=[self.number])}?tab=duties", exercised=True)


# --- one kind of name after the other ---------------------------------------------------------------------------------


def _decision(name: str) -> Found:
    load_decisions()
    try:
        return Found(find(name).title, reverse("calculator", args=[name]))
    except LuoshiError:
        return _NONE


def _procedure(name: str) -> Found:
    try:
        found = procedures.versions(name)[0]
    except LuoshiError:
        return _NONE
    return Found(found.title, reverse("procedure", args=[name]))


def _step(name: str) -> Found:
    return _part(name, "step")


def _limit(name: str) -> Found:
    return _part(name, "limit")


def _part(name: str, kind: str) -> Found:
    key, _slash, part = name.partition("/")
    try:
        found = procedures.versions(key)[0]
    except LuoshiError:
        return _NONE
    parts: Mapping[str, object] = found.steps if kind == "step" else found.limits
    href = reverse("procedure", args=[key])
    if kind == "step" and part == OPEN:
        return Found(f"{found.title}：立案", href)
    if part not in parts:
        return _NONE
    return Found(f"{found.title}：{getattr(parts[part], 'title', '')}", f"{href}#{kind}-{part}")


def _notice(name: str) -> Found:
    from luoshi.office.notices.kinds import kinds

    known = kinds()
    return Found(known[name].title) if name in known else _NONE


def _register(name: str) -> Found:
    from luoshi.office.registers.declaration import registers

    return next((Found(one.title, _address("register", name)) for one in registers() if one.key == name), _NONE)


def _indicator(name: str) -> Found:
    try:
        from luoshi.office.indicators.declaration import indicators
    except ImportError:
        return Found(exists=None)
    return next((Found(one.title, _address("indicator", name)) for one in indicators() if one.key == name), _NONE)


def _parameter(name: str) -> Found:
    from luoshi.office.parameters import packaged

    room, _dot, own = name.partition(".")
    try:
        found = packaged.parameter(room, own)
    except LuoshiError:
        return _NONE
    return Found(found.title, reverse("parameter", args=[room, own]))


def _page(name: str) -> Found:
    if name not in _url_names():
        return _NONE
    return Found(name, _address(name))


@cache
def _url_names() -> frozenset[str]:
    return frozenset(key for key in get_resolver().reverse_dict if isinstance(key, str))


def _address(name: str, *parts: str) -> str:
    try:
        return reverse(name, args=parts)
    except NoReverseMatch:
        return ""


_LOOKUPS: Mapping[str, Callable[[str], Found]] = {
    "decision": _decision,
    "procedure": _procedure,
    "step": _step,
    "limit": _limit,
    "notice": _notice,
    "register": _register,
    "indicator": _indicator,
    "parameter": _parameter,
    "page": _page,
}


def _test(programme: Programme, name: str, tests: Evidence) -> Found:
    """A test by file and name, a scenario by its file; where the tests are not at hand nothing is known."""
    file, _colons, function = name.partition("::")
    for folder in (programme.root, programme.root / "scenarios", CHECKOUT):
        path = folder / file
        if path.is_file():
            there = not function or f"def {function.partition('[')[0]}(" in path.read_text("utf-8")
            return Found(name, exists=there, exercised=there or None, where=name if there else "")
    return _NONE if tests.whole else Found(name, exists=None)


def _by_its_readers(tests: Evidence, name: str) -> str:
    """A parameter is tested where a decision that reads it is."""
    room, _dot, own = name.partition(".")
    readers = (key for key, one in load_decisions().items() if own in one.parameters and key.startswith(f"{room}."))
    return next((where for key in readers if (where := tests.first(names(Artefact("decision", key))))), "")


def _by_its_address(tests: Evidence, name: str) -> str:
    address = _address(name)
    return tests.first(lambda text: f'"{address}"' in text) if address not in ("", "/") else ""


def programme_of(key: str) -> Programme:
    """Return a programme by key; E_NOT_FOUND names the known ones."""
    found = {one.key: one for one in load_programmes()}
    if key not in found:
        raise LuoshiError("E_NOT_FOUND", f"没有“{key}”这个领域。", fields={"known": sorted(found)})
    return found[key]
