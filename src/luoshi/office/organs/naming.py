"""Printed names of organs and lists of them, read by the packaged directory (organs D3, D4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from luoshi.gazette.marks import MarkState, find_marks
from luoshi.gazette.organs import read_run
from luoshi.kernel.citation import Citation, DocumentNumber, Locator, fold
from luoshi.office.organs.directory import load_data, load_directory
from luoshi.office.organs.facts import ConfirmedReading, NameFact, RelationFact
from luoshi.office.organs.history import is_confirmed


def canonical(text: str) -> str:
    """The text in NFKC without blanks, as names are compared."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def cite(number: str | None, clause: str | None = None) -> Citation | None:
    """The instrument, if its number can be read."""
    known = None if number is None else DocumentNumber.parse(number)
    return None if known is None else Citation(known, Locator.parse(clause or ""))


# --- the directory ----------------------------------------------------------------------------------------------------


class Form(NamedTuple):
    """A written name of an organ: its kind, the years in which it was seen."""

    slug: str
    kind: str
    seen: tuple[int, ...]


Forms = Mapping[str, tuple[Form, ...]]
"""Written names with their owners; names given for a decision stand before the directory's."""


class Reading(NamedTuple):
    """What a printed name means. `status`: resolved, candidates, none; `basis` says by which rule."""

    status: str
    slug: str | None
    basis: str | None
    form: str | None
    candidates: tuple[tuple[str, str], ...] = ()


@cache
def organs() -> Mapping[str, Mapping[str, Any]]:
    """The organs of the directory by slug."""
    return {organ["slug"]: organ for organ in load_data()["organs"]}


@cache
def forms_by_text() -> Forms:
    """Every written name with its owners; an organ that is ambiguous as such owns its names as `ambiguous`."""
    forms: dict[str, tuple[Form, ...]] = {}
    for organ in load_data()["organs"]:
        printed = [{"text": organ["name"], "kind": "full", "seen": organ.get("seen", ())}, *organ.get("names", ())]
        for name in printed:
            kind = "ambiguous" if organ.get("ambiguous") or name.get("ambiguous") else name["kind"]
            form = Form(organ["slug"], kind, tuple(name.get("seen", ())))
            forms[name["text"]] = (*forms.get(name["text"], ()), form)
    return forms


def forms_given(names: Iterable[NameFact]) -> Forms:
    """The names given with a decision: of a text given here the directory is not asked."""
    forms: dict[str, tuple[Form, ...]] = {}
    for name in names:
        text = canonical(name.text)
        kind = "ambiguous" if name.ambiguous else name.kind
        forms[text] = (*forms.get(text, ()), Form(name.organ, kind, name.years)) if name.organ else forms.get(text, ())
    return forms


def organ_value(slug: str) -> dict[str, Any]:
    """An organ as answers show it; its name is None where the directory does not know the slug."""
    known = organs().get(slug, {})
    return {"slug": slug, "name": known.get("name"), "english": known.get("english"), "kind": known.get("kind")}


def organ_name(slug: str) -> str:
    """The canonical name of an organ, or the slug of an unknown one."""
    name: str = organs().get(slug, {}).get("name", slug)
    return name


def slug_of(text: str) -> str:
    """The slug of an organ given by slug or printed name; an unknown one is taken as given."""
    if text in organs():
        return text
    return load_directory().resolve(canonical(text)) or canonical(text)


@cache
def directory_relations() -> tuple[RelationFact, ...]:
    """The directory's successions, unconfirmed, after the reform began; an organ not seen after it ended by then."""
    data = load_data()
    after, until = data["reform_window"]["after"], data["reform_window"]["until"]
    relations: list[RelationFact] = []
    for organ in data["organs"]:
        years = [*organ.get("seen", ()), *(year for name in organ.get("names", ()) for year in name.get("seen", ()))]
        ended = max(years, default=until.year) < until.year
        relations.extend(
            RelationFact(
                origin=organ["slug"],
                target=relation["to"],
                kind=relation["kind"],
                effective_after=after,
                effective_until=until if ended else None,
                evidence=tuple(relation.get("evidence", ())),
            )
            for relation in organ.get("relations", ())
        )
    return tuple(relations)


def all_relations(given: Iterable[RelationFact]) -> list[RelationFact]:
    """The relations given, by slug, and those of the directory that are not given again."""
    known = [
        relation.model_copy(update={"origin": slug_of(relation.origin), "target": slug_of(relation.target)})
        for relation in given
    ]
    pairs = {(relation.origin, relation.target) for relation in known}
    return known + [relation for relation in directory_relations() if (relation.origin, relation.target) not in pairs]


# --- names ------------------------------------------------------------------------------------------------------------

_BRACKETED = re.compile(r"\([^()]*\)")
_GENERIC = re.compile(r"(?P<field>[\u4e00-\u9fff]{2,12}?)(?:行政主管部门|主管部门|行政部门|部门)")
BASES = {
    "full": "全称",
    "short": "简称",
    "alias": "别称",
    "generic": "泛称",
    "place": "补足或省去地名",
    "confirmed": "经确认的读法",
    "misprint": "疑为误印，未经确认",
    "ambiguous": "名称有歧义",
}


def read_name(
    printed: str, readings: Iterable[ConfirmedReading], confirmations: int, names: Iterable[NameFact] = ()
) -> Reading:
    """Read a printed name: the forms, with or without the place, then 环保部门 -> 环保局, then confirmed readings.

    A text among `names` is read by them and not by the directory.
    """
    directory = load_directory()
    text = canonical(printed)
    variants = variants_of(text)
    given = forms_given(names)
    known = next((variant for variant in variants if variant in given or variant in forms_by_text()), None)
    own = known if known in given else None
    if own is not None:
        owners = given[own]
        if len(owners) == 1 and owners[0].kind not in ("misprint", "ambiguous"):
            return Reading("resolved", owners[0].slug, owners[0].kind, own)
    elif slug := directory.resolve(text):
        for variant in variants[:2]:
            for form in forms_by_text().get(variant, ()):
                if form.slug == slug:
                    return Reading("resolved", slug, form.kind, variant)
        return Reading("resolved", slug, "place", next((v for v in variants if v in forms_by_text()), None))
    confirmed = {
        slug_of(reading.organ)
        for reading in readings
        if canonical(reading.text) == text and is_confirmed(reading.confirmed_by, confirmations)
    }
    if len(confirmed) == 1:
        return Reading("resolved", confirmed.pop(), "confirmed", text)
    if confirmed:
        return Reading("candidates", None, None, text, tuple((slug, "confirmed") for slug in sorted(confirmed)))
    for variant in variants:
        owners = given.get(variant, () if own is not None else forms_by_text().get(variant, ()))
        if len(owners) > 1 or any(form.kind in ("misprint", "ambiguous") for form in owners):
            return Reading("candidates", None, None, variant, tuple((form.slug, form.kind) for form in owners))
    if own is None and (generic := _GENERIC.fullmatch(text)):
        slugs = {directory.resolve(generic["field"] + ending) for ending in "局办委"} - {None}
        if len(slugs) == 1:
            return Reading("resolved", slugs.pop(), "generic", text)
        if slugs:
            return Reading("candidates", None, None, text, tuple((slug, "generic") for slug in sorted(map(str, slugs))))
    return Reading("none", None, None, None)


def variants_of(text: str) -> list[str]:
    """The text, without brackets, then each without the place or 市 and with them."""
    place = load_data()["place"]
    bare = list(dict.fromkeys((text, _BRACKETED.sub("", text))))
    cores = [form.removeprefix(prefix) for form in bare for prefix in (place, "市") if form.startswith(prefix)]
    longer = [prefix + form for form in (*cores, *bare) for prefix in ("市", place)]
    padded = bare if len(bare) == 2 else bare * 2
    return [*padded, *(form for form in (*cores, *longer) if form)]


def seen_years(reading: Reading) -> list[int]:
    """The years in which the form that was read is printed."""
    return sorted({year for form in forms_by_text().get(reading.form or "", ()) for year in form.seen})


# --- lists ------------------------------------------------------------------------------------------------------------

_FIRST_LEADS = re.compile(r"[,;。(]?首个责任单位为牵头单位(?:,?下同)?[):,;。]?")


class Listed(NamedTuple):
    """A list as printed: who leads, who else, which stands for towns and zones."""

    lead: tuple[str, ...]
    others: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool
    has_roles: bool


def read_list(text: str, first_leads: bool) -> Listed:
    """Read a printed list; `first_leads` where the document declared earlier that the first unit leads."""
    printed = "".join(fold(text).split()).strip("。;")
    without = _FIRST_LEADS.sub("", printed)
    first_leads = first_leads or without != printed
    inner = without[1:-1] if without.startswith("(") and without.endswith(")") else without
    for attempt in (f"({inner})", without):
        if marks := find_marks(attempt, MarkState(first_leads=first_leads)):
            lead = tuple(dict.fromkeys(name for mark in marks for name in mark.lead))
            others = dict.fromkeys(name for mark in marks for name in mark.cooperating if name not in lead)
            local = tuple(dict.fromkeys(name for mark in marks for name in mark.local_names))
            is_open = any(mark.open_ended for mark in marks)
            return Listed(lead, tuple(others), local, is_open, has_roles=True)
    run = read_run(inner)
    heads = run.heads or (run.names[:1] if first_leads else ())
    others_of_run = tuple(name for name in run.names if name not in heads)
    return Listed(heads, others_of_run, run.local, run.open_ended, has_roles=bool(heads))
