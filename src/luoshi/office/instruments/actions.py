"""Take a gazette file into the library: one transaction a file, the same file twice changes nothing."""

from __future__ import annotations

import bisect
import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, models, transaction

from luoshi.gazette import records
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties.actions import follow_versions, record_duties, retire_duties
from luoshi.office.instruments import spool
from luoshi.office.instruments.models import (
    FAR_FUTURE,
    Appointment,
    Clause,
    CompilerWarning,
    GazetteIssue,
    Instrument,
    Membership,
    PolicyParameter,
    Relation,
    Repair,
    SourceFile,
)
from luoshi.office.instruments.plan import NEW_VERSION, SAME, Places, Plan, Planned, compare, plan_import
from luoshi.office.jobs.actions import handler
from luoshi.office.locks import serialise

SEARCH_TABLE = "instruments_search"
TITLE_TABLE = "instruments_titles"
IMPORT_JOB = "import"
_BATCH = 500
_FAR = datetime.date.fromisoformat(FAR_FUTURE)

Report = Callable[[str, int, int], None]
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: `status` is imported or unchanged; the counts are those of the file."""

    status: str
    issue_id: int
    filename: str
    instruments: int
    new: int
    new_versions: int
    same: int
    clauses: int
    duties: int
    limits: int
    targets: int
    warnings: int
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return asdict(self)


def _silent(_phase: str, _n: int = 0, _total: int = 0) -> None:
    """Report to nobody."""


def import_gazette(
    source: str | bytes, *, actor: Actor, filename: str, report: Report = _silent, plan: Plan | None = None
) -> ImportResult:
    """Compile `source` and store what it says; returns what was done.

    Side effects: rows of the library, the ledger and the search index, one audit entry. A file already taken in changes
    nothing and says so. A number already in the library with another text becomes a new version; the old one is kept
    and its duties leave the ledger. Errors: those of reading and compiling, E_CONFLICT for a number twice in the file.
    """
    if plan is None:
        report("reading", 0, 0)
        text = read(source, filename)
        report("compiling", 0, 0)
        plan = plan_import(text)
    try:
        with transaction.atomic():
            return _store(plan, actor, filename, len(source.encode() if isinstance(source, str) else source), report)
    except IntegrityError:
        # Another import of the same file was first; anything else is a defect and is raised again.
        if (same := SourceFile.objects.filter(digest=plan.digest).first()) is None:
            raise
        return _unchanged(same)


def read(source: str | bytes, filename: str) -> str:
    """Return the text of a file; E_FILE or E_TOO_LARGE say why it cannot be read."""
    if isinstance(source, str):
        if not source.strip():
            raise LuoshiError("E_FILE", "文本是空的。请粘贴公报全文，或选择文件。")
        return source
    from luoshi.gazette.reader import read_bytes

    return read_bytes(source, filename, max_bytes=settings.UPLOAD_BYTES)


@handler(IMPORT_JOB)
def import_upload(report: Report, actor: Actor, key: str) -> dict[str, Any]:
    """Carry out the import of a waiting upload as a job."""
    upload = spool.take(key)
    result = import_gazette(upload.data, actor=actor, filename=upload.filename, report=report)
    spool.discard(key)
    return result.as_json()


def _store(plan: Plan, actor: Actor, filename: str, size: int, report: Report) -> ImportResult:
    serialise("import")
    if (same := SourceFile.objects.filter(digest=plan.digest).first()) is not None:
        return _unchanged(same)
    # Compared again under the lock: another import may have come between plan and store.
    planned = compare([(item.key, item.digest, item.record) for item in plan.instruments])
    stored = [item for item in planned if item.status != SAME]
    replaced = [item.existing for item in stored if item.existing is not None]
    total = len(stored)
    report("storing", 0, total)

    source = SourceFile.objects.create(
        digest=plan.digest,
        filename=filename[:200],
        size_bytes=size,
        text=plan.text,
        received_at=CLOCK.now(),
        received_by=actor.name,
    )
    issue = _issue(source, plan)
    Instrument.objects.filter(pk__in=[old.pk for old in replaced]).update(is_current=False)
    retire_duties(replaced)
    warnings_of = _warnings_by_instrument(plan)
    seq_of = {id(item.record): seq for seq, item in enumerate(planned)}
    rows = [_instrument(issue, seq_of[id(item.record)], item, warnings_of) for item in stored]
    Instrument.objects.bulk_create(rows, batch_size=_BATCH)
    clauses = _store_clauses(rows, [item.record for item in stored])
    report("duties", 0, total)
    record_duties([(row, item.record, found) for row, item, found in zip(rows, stored, clauses, strict=True)])
    report("relations", 0, total)
    _store_placed(rows, [item.record for item in stored])
    current = {item.key: item.existing for item in planned if item.status == SAME}
    _store_findings(issue, plan, {row.key: row for row in rows} | current)
    derive_ends(rows, replaced)
    from luoshi.office.instruments.review_actions import carry_over

    carry_over(rows=[row for row, item in zip(rows, stored, strict=True) if item.existing is not None], actor=actor)
    follow_versions(rows)
    from luoshi.office.organs.gathering import gather_evidence

    gather_evidence(rows)
    result = _result("imported", issue, planned)
    append(
        actor=actor,
        act="instruments.import",
        subject=f"file:{plan.digest}",
        before={old.key: old.version for old in replaced},
        after={row.key: row.version for row in rows},
    )
    report("storing", total, total)
    return result


def _unchanged(source: SourceFile) -> ImportResult:
    return _result("unchanged", source.issue_read, [])


def _result(status: str, issue: GazetteIssue, planned: Sequence[Planned]) -> ImportResult:
    versions = sum(item.status == NEW_VERSION for item in planned)
    same = sum(item.status == SAME for item in planned) if planned else issue.instrument_count
    if status == "unchanged":
        message = "这个文件以前导入过，内容一字未变，库中没有改动。"
    else:
        message = (
            f"导入 {issue.instrument_count} 件：新增 {len(planned) - versions - same}，新版本 {versions}，未变 {same}。"
        )
    return ImportResult(
        status=status,
        issue_id=issue.pk,
        filename=issue.source.filename,
        instruments=issue.instrument_count,
        new=len(planned) - versions - same if planned else 0,
        new_versions=versions,
        same=same,
        clauses=issue.clause_count,
        duties=issue.duty_count,
        limits=issue.limit_count,
        targets=issue.target_count,
        warnings=issue.warning_count,
        message=message,
    )


def _date(value: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(value) if value else None


def _fitted(model: type[Row], **values: Any) -> Row:
    """Return a row of `model` whose texts are cut to their columns; the whole text stays in the file."""
    for field in model._meta.concrete_fields:
        length = getattr(field, "max_length", None)
        value = values.get(field.name)
        if length and isinstance(value, str) and len(value) > length:
            values[field.name] = value[: length - 1] + "…"
    return model(**values)


def _issue(source: SourceFile, plan: Plan) -> GazetteIssue:
    head, instruments = plan.compilation.gazette, [item.record for item in plan.instruments]
    issue = _fitted(
        GazetteIssue,
        source=source,
        title=head.title or "",
        year=head.year,
        issue=head.issue,
        publisher=head.publisher or "",
        contract_version=plan.compilation.version,
        instrument_count=len(instruments),
        clause_count=sum(len(record.clauses) for record in instruments),
        duty_count=sum(len(record.duties) for record in instruments),
        limit_count=sum(_limit_count(record) for record in instruments),
        target_count=sum(len(record.targets) for record in instruments),
        warning_count=len(plan.compilation.warnings),
    )
    issue.save()
    return issue


def _limit_count(record: records.Instrument) -> int:
    return sum(len(duty.time_limits) for duty in record.duties)


def _warnings_by_instrument(plan: Plan) -> Mapping[int, list[records.Warning]]:
    """Group the warnings by the `id` of the record in whose span they lie."""
    found: dict[int, list[records.Warning]] = {}
    in_order = sorted((item.record for item in plan.instruments), key=lambda record: record.start)
    starts = [record.start for record in in_order]
    for warning in plan.compilation.warnings:
        place = bisect.bisect_right(starts, warning.start) - 1
        if place >= 0 and warning.start < in_order[place].end:
            found.setdefault(id(in_order[place]), []).append(warning)
    return found


def _instrument(
    issue: GazetteIssue, seq: int, item: Planned, warnings_of: Mapping[int, list[records.Warning]]
) -> Instrument:
    record, parts = item.record, item.record.number_parts
    issued, effective, expires = _date(record.issued_on), _date(record.effective_from), _date(record.expires_on)
    return _fitted(
        Instrument,
        issue=issue,
        seq=seq,
        key=item.key,
        version=item.existing.version + 1 if item.existing else 1,
        is_current=True,
        digest=item.digest,
        number=record.number or "",
        issuer_word=parts.issuer_word if parts else "",
        year=parts.year if parts else issued.year if issued else None,
        serial=parts.serial if parts else None,
        title=record.title or "",
        covering_title=record.covering_title or "",
        kind=record.kind,
        trial=record.trial,
        issuer=record.issuer or "",
        addressees=record.addressees,
        signed_by=record.signed_by or "",
        issued_on=issued,
        disclosure=record.disclosure or "",
        effective_from=effective,
        expires_on=expires,
        begins_on=effective or issued,
        ends_on=expires or _FAR,
        sort_on=issued or effective or datetime.date(parts.year if parts else 1949, 1, 1),
        start=record.start,
        end=record.end,
        clause_count=len(record.clauses),
        duty_count=len(record.duties),
        limit_count=_limit_count(record),
        target_count=len(record.targets),
        warning_count=len(warnings_of.get(id(record), ())),
    )


def _store_clauses(rows: Sequence[Instrument], found: Sequence[records.Instrument]) -> list[dict[str, Clause]]:
    by_path: list[dict[str, Clause]] = []
    clauses: list[Clause] = []
    for row, record in zip(rows, found, strict=True):
        own = {
            clause.path: _fitted(
                Clause,
                instrument=row,
                seq=seq,
                path=clause.path,
                label=clause.label,
                kind=clause.kind,
                heading=clause.heading or "",
                text=clause.text,
                start=clause.start,
                end=clause.end,
            )
            for seq, clause in enumerate(record.clauses)
        }
        by_path.append(own)
        clauses += own.values()
    Clause.objects.bulk_create(clauses, batch_size=_BATCH)
    search.index(SEARCH_TABLE, ((row.pk, _words(row, own.values())) for row, own in zip(rows, by_path, strict=True)))
    search.index(TITLE_TABLE, ((row.pk, (row.number, row.title, row.covering_title)) for row in rows))
    return by_path


def _words(row: Instrument, clauses: Iterable[Clause]) -> Iterator[str]:
    yield from (row.number, row.title, row.covering_title)
    for clause in clauses:
        yield from (clause.heading, clause.text)


def _store_placed(rows: Sequence[Instrument], found: Sequence[records.Instrument]) -> None:
    relations, parameters, memberships, appointments = [], [], [], []
    for row, record in zip(rows, found, strict=True):
        for seq, relation in enumerate(record.relations):
            relations.append(
                _fitted(
                    Relation,
                    instrument=row,
                    seq=seq,
                    type=relation.type,
                    target_number=relation.target.number or "",
                    target_title=relation.target.title or "",
                    clause_path=relation.clause or "",
                    start=relation.start,
                    end=relation.end,
                )
            )
        for seq, figure in enumerate(record.parameters):
            parameters.append(
                _fitted(
                    PolicyParameter,
                    instrument=row,
                    seq=seq,
                    clause_path=figure.clause,
                    subject=figure.subject,
                    op=figure.op,
                    value=figure.value,
                    unit=figure.unit,
                    start=figure.start,
                    end=figure.end,
                )
            )
        for seq, seat in enumerate(record.memberships):
            memberships.append(
                _fitted(
                    Membership,
                    instrument=row,
                    seq=seq,
                    clause_path=seat.clause,
                    group=seat.group,
                    role=seat.role,
                    person=seat.person or "",
                    post=seat.post or "",
                    organ_name=seat.organ.name if seat.organ else "",
                    organ_slug=(seat.organ.slug or "") if seat.organ else "",
                    start=seat.start,
                    end=seat.end,
                )
            )
        for seq, act in enumerate(record.appointments):
            appointments.append(
                _fitted(
                    Appointment,
                    instrument=row,
                    seq=seq,
                    action=act.action,
                    person=act.person,
                    post=act.post,
                    organ_name=act.organ.name,
                    organ_slug=act.organ.slug or "",
                    title=act.title,
                    remark=act.remark or "",
                    start=act.start,
                    end=act.end,
                )
            )
    Relation.objects.bulk_create(relations, batch_size=_BATCH)
    PolicyParameter.objects.bulk_create(parameters, batch_size=_BATCH)
    Membership.objects.bulk_create(memberships, batch_size=_BATCH)
    Appointment.objects.bulk_create(appointments, batch_size=_BATCH)


def _store_findings(issue: GazetteIssue, plan: Plan, stored: Mapping[str, Instrument | None]) -> None:
    places = Places(plan.text)
    owner = {}
    for item in plan.instruments:
        owner[id(item.record)] = stored.get(item.key)
    of_warning = {
        id(warning): owner[key] for key, warnings in _warnings_by_instrument(plan).items() for warning in warnings
    }
    CompilerWarning.objects.bulk_create(
        [
            _fitted(
                CompilerWarning,
                issue=issue,
                instrument=of_warning.get(id(warning)),
                code=warning.code,
                message=warning.message,
                start=max(warning.start, 0),
                end=max(warning.end, warning.start, 0),
                line=places.line(max(warning.start, 0)),
                excerpt=places.excerpt(max(warning.start, 0), warning.end),
            )
            for warning in plan.compilation.warnings
        ],
        batch_size=_BATCH,
    )
    Repair.objects.bulk_create(
        [
            Repair(issue=issue, kind=r.kind[:30], start=r.start, end=r.end, before=r.before, after=r.after)
            for r in plan.compilation.repairs
        ],
        batch_size=_BATCH,
    )


def derive_ends(new: Sequence[Instrument], replaced: Sequence[Instrument], names: Iterable[str] = ()) -> None:
    """Set `ends_on` of every instrument that new versions end, no longer end, or that is new itself.

    `names` are numbers and titles of others that may be affected. The end is the printed one or the day before a
    current instrument that repeals it begins, whichever is earlier.
    """
    changed = [row.pk for row in (*new, *replaced)]
    repeals = Relation.objects.filter(type="repeals")
    numbers = {row.key for row in new} | set(names)
    titles = {name for row in new for name in (row.title, row.covering_title) if name} | set(names)
    for number, title in _chunked(repeals, "instrument_id", changed, "target_number", "target_title"):
        numbers.add(number)
        titles.add(title)
    numbers.discard("")
    titles.discard("")
    begins: dict[str, datetime.date] = {}
    wanted = ("target_number", "target_title", "instrument__begins_on")
    current = repeals.filter(instrument__is_current=True, instrument__begins_on__isnull=False)
    ends = _chunked(current, "target_number", sorted(numbers), *wanted)
    ends += _chunked(current.filter(target_number=""), "target_title", sorted(titles), *wanted)
    for number, title, day in ends:
        name = number or title
        begins[name] = min(begins.get(name, day), day)
    affected: dict[int, Instrument] = {}
    instruments = Instrument.objects.filter(is_current=True)
    for field, names in (("key", numbers), ("title", titles), ("covering_title", titles)):
        for first in range(0, len(names), _BATCH):
            some = sorted(names)[first : first + _BATCH]
            affected |= {row.pk: row for row in instruments.filter(**{f"{field}__in": some})}
    moved = []
    for row in affected.values():
        repealed = [begins[name] for name in (row.key, row.title, row.covering_title) if name and name in begins]
        last = min([row.expires_on or _FAR, *(day - datetime.timedelta(days=1) for day in repealed)])
        if last != row.ends_on:
            row.ends_on = last
            moved.append(row)
    Instrument.objects.bulk_update(moved, ["ends_on"], batch_size=_BATCH)


def _chunked(rows: models.QuerySet[Relation], field: str, values: Sequence[Any], *wanted: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(values), _BATCH):
        found += rows.filter(**{f"{field}__in": values[first : first + _BATCH]}).values_list(*wanted)
    return found
