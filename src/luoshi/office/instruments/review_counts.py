"""How many readings instruments have whose review has not begun, and how many are in doubt, without making them.

The same numbers as `review_readings.readings` gives, from the same rows: a list of instruments needs no more of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from django.db.models import Count, Model, Q

from luoshi.office.duties.models import Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import (
    Appointment,
    Clause,
    CompilerWarning,
    Instrument,
    Membership,
    Relation,
    Repair,
)
from luoshi.office.instruments.review_readings import (
    HEAD,
    HEAD_DOUBTS,
    HEAD_FIELDS,
    MARKED,
    QUIET_REPAIRS,
    SURE,
    Places,
    doubtful_target,
    placed,
)

_NONE = Q(pk__in=[])


def counts_of(items: Sequence[Instrument]) -> dict[int, tuple[int, int]]:
    """Return (readings, those in doubt) by primary key of instruments on which nothing was decided yet."""
    of = {item.pk: item for item in items}
    totals = Counter(dict.fromkeys(of, len(HEAD_FIELDS)))
    doubts = Counter({pk: sum(not getattr(item, name) for name in HEAD_DOUBTS) for pk, item in of.items()})
    kinds: tuple[tuple[type[Model], Q], ...] = (
        (Duty, Q(confidence__lt=SURE)), (CompilerWarning, ~Q(message="")),
        (Membership, _NONE), (Appointment, _NONE), (Relation, _NONE),
    )  # fmt: skip
    for model, unsure in kinds:
        for pk, count, doubtful in _by_instrument(model, of, unsure):
            totals[pk] += count
            doubts[pk] += doubtful
    places = _places(of)
    _limits(of, places, totals)
    _targets(of, totals, doubts)
    _repairs(of, places, totals)
    return {pk: (totals[pk], doubts[pk]) for pk in of}


def _by_instrument(model: type[Model], of: Collection[int], unsure: Q) -> Iterator[tuple[int, int, int]]:
    rows = model._default_manager.filter(instrument__in=of).order_by().values_list("instrument")
    yield from rows.annotate(n=Count("pk"), unsure=Count("pk", filter=unsure))


def _places(of: Mapping[int, Instrument]) -> dict[int, Places]:
    clauses: dict[int, list[tuple[str, str, int, int]]] = {pk: [] for pk in of}
    rows = Clause.objects.filter(instrument__in=of).order_by("instrument_id", "seq")
    for pk, path, kind, start, end in rows.values_list("instrument_id", "path", "kind", "start", "end"):
        clauses[pk].append((path, kind, start, end))
    return {pk: Places(own) for pk, own in clauses.items()}


def _limits(of: Mapping[int, Instrument], places: Mapping[int, Places], totals: Counter[int]) -> None:
    """Count each printed limit once, however many duties of its unit it holds for."""
    rows = TimeLimit.objects.filter(duty__instrument__in=of).values_list(
        "duty__instrument_id", "duty__clause_path", "start", "end", "kind", "value", "text"
    )
    found = {(row[0], places[row[0]].units.get(row[1], HEAD), row[2:]) for row in rows}
    totals.update(pk for pk, _unit, _printed in found)


def _targets(of: Mapping[int, Instrument], totals: Counter[int], doubts: Counter[int]) -> None:
    targets = list(Target.objects.filter(instrument__in=of).values_list("instrument_id", "clause_path", "lead"))
    totals.update(pk for pk, _path, _lead in targets)
    # By instrument and clause the leads of the first duty with a mark.
    first: dict[tuple[int, str], tuple[int, set[str]]] = {}
    leads = DutyOrgan.objects.filter(
        leads=True,
        duty__instrument__in=of,
        duty__clause_path__in={path for _pk, path, lead in targets if lead},
        duty__basis__in=MARKED,
    ).order_by("duty__instrument_id", "duty__seq")
    for pk, path, duty, name in leads.values_list("duty__instrument_id", "duty__clause_path", "duty_id", "name"):
        owner, names = first.setdefault((pk, path), (duty, set()))
        if owner == duty:
            names.add(name)
    for pk, path, lead in targets:
        _duty, marked = first.get((pk, path), (0, set()))
        doubts[pk] += doubtful_target({organ["name"] for organ in lead}, marked)


def _repairs(of: Mapping[int, Instrument], places: Mapping[int, Places], totals: Counter[int]) -> None:
    """Count joined lines and removed blanks once a clause, all else one by one."""
    quiet = defaultdict(set)
    for pk, repair in placed(of, Repair.objects.only("issue_id", "kind", "start")):
        if repair.kind in QUIET_REPAIRS:
            quiet[pk].add(places[pk].unit_at(repair.start))
        else:
            totals[pk] += 1
    totals.update({pk: len(units) for pk, units in quiet.items()})
