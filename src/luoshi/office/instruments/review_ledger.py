"""Let the library and the ledger show what a second person confirmed, or again what the compiler read.

The compiler's own reading is kept in the review record; rows are changed in place, so that what hangs on a duty stays.
A duty taken out leaves the ledger and is kept; other rows are taken out and can be made again from the record.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max, Model

from luoshi.kernel.citation import DocumentNumber
from luoshi.office import search
from luoshi.office.duties.actions import SEARCH_TABLE as DUTY_SEARCH
from luoshi.office.duties.dates import occurrence
from luoshi.office.duties.models import RECURRING, UNDATED, Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import Appointment, Clause, Instrument, Membership, Relation, ReviewRecord
from luoshi.office.organs.directory import load_directory

_BY_REVIEWER = "review"
_FAR = datetime.date(9999, 12, 31)


def show(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None, *, matters: bool = True) -> None:
    """Make the rows of `item` show `effective` ({decision, content}) for the record, or with None its reading.

    In the caller's transaction; the record's `effective`, `rows` and `applied_to` are set, and saved by the caller.
    Without `matters` the caller lets matters follow itself, when all corrections are shown.
    """
    if record.applied_to != item.pk:
        record.rows, record.effective, record.applied_to = [], None, item.pk
    before = record.effective
    if before is None and effective is None:
        return
    if before is not None:
        _SHOW[record.kind](record, item, None)
    record.effective = dict(effective) if effective else None
    if effective:
        _SHOW[record.kind](record, item, record.effective)
    if matters and record.kind == "duty":
        _follow(record.rows)
    _recount(item)


def _recount(item: Instrument) -> None:
    """Set the counts an instrument notes for lists: what its current version has now."""
    duties = Duty.objects.filter(instrument=item, is_current=item.is_current)
    item.duty_count = duties.count()
    item.limit_count = TimeLimit.objects.filter(duty__in=duties).count()
    item.target_count = Target.objects.filter(instrument=item).count()
    item.save(update_fields=["duty_count", "limit_count", "target_count"])


# --- duties -----------------------------------------------------------------------------------------------------------


def _show_duty(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    decision = effective["decision"] if effective else ""
    if decision == "added" or record.reading is None:
        contents = [effective["content"]] if effective else []
    elif decision == "split":
        contents = list(effective["content"]) if effective else []
    elif decision == "excluded":
        contents = []
    elif decision == "changed" and effective:
        contents = [effective["content"]]
    else:
        contents = [_original(record)]
    if record.reading is not None and not record.rows:
        record.rows = [record.reading["row"]]
    rows = {row.pk: row for row in Duty.objects.filter(pk__in=record.rows)}
    used: list[int] = []
    for place, content in enumerate(contents):
        row = rows.get(record.rows[place]) if place < len(record.rows) else None
        row = row or _new_duty(record, item, content)
        write_duty(row, content, item)
        used.append(row.pk)
    for pk in record.rows:
        if pk not in used and pk in rows:
            _set_current(rows[pk], False)
    record.rows = [*record.rows, *(pk for pk in used if pk not in record.rows)]


def _follow(touched: Sequence[int]) -> None:
    """Let matters follow: new duties get theirs at once, open matters of changed ones are asked about."""
    from luoshi.office.duties.versions import follow_correction

    follow_correction(duties=list(touched))


def _original(record: ReviewRecord) -> dict[str, Any]:
    """Return what the compiler read; its limits only where the correction taken back had set any."""
    assert record.reading is not None
    taken_back = (record.effective or {}).get("content") or {}
    parts = taken_back if isinstance(taken_back, list) else [taken_back]
    content = dict(record.reading["content"])
    if not any(part.get("limits") is not None for part in parts):
        content["limits"] = None
    return content


def _new_duty(record: ReviewRecord, item: Instrument, content: Mapping[str, Any]) -> Duty:
    """Return a stored duty of the record's clause, after the others, still without organs and limits."""
    origin = record.reading or {}
    path = (origin.get("extra") or {}).get("path") or record.clause
    clause = Clause.objects.filter(instrument=item, path=path).first()
    last = Duty.objects.filter(instrument=item).aggregate(n=Max("seq"))["n"]
    action = content.get("action") or (origin.get("content") or {}).get("action") or content["summary"]
    row = Duty.objects.create(
        instrument=item,
        clause=clause,
        seq=0 if last is None else last + 1,
        is_current=item.is_current,
        clause_path=path,
        action=action,
        summary=content["summary"],
        basis=origin.get("basis") or _BY_REVIEWER,
        confidence=1.0,
        open_ended=False,
        local=False,
        origin=Duty.Origin.NONE,
        due_sort=UNDATED,
        start=origin.get("start", clause.start if clause else item.start),
        end=origin.get("end", clause.end if clause else item.start),
    )
    search.index(DUTY_SEARCH, [(row.pk, (row.summary, row.action))])
    if content.get("limits") is None and origin:
        _write_limits(row, origin["content"]["limits"])
    return row


def _set_current(row: Duty, current: bool) -> None:
    row.is_current = current
    row.save(update_fields=["is_current"])
    row.organs.update(is_current=current)


def write_duty(row: Duty, content: Mapping[str, Any], item: Instrument) -> None:
    """Write a duty's summary, organs, limits (where `content` has any) and what the ledger sorts by."""
    words = (row.summary, row.action)
    row.summary = content["summary"][:400]
    row.action = content.get("action") or row.action
    row.local, row.local_text = content["local"], list(content["local_text"])
    row.open_ended = content["open_ended"]
    row.is_current = item.is_current
    if words != (row.summary, row.action):
        search.reindex(DUTY_SEARCH, row.pk, words, (row.summary, row.action))
    if content.get("limits") is not None:
        _write_limits(row, content["limits"])
    _sort_by_limits(row)
    row.save()
    row.organs.all().delete()
    DutyOrgan.objects.bulk_create(
        DutyOrgan(
            duty=row, leads=leads, seq=seq, name=organ["name"], slug=_slug(organ, item), is_current=item.is_current
        )
        for leads, organs in ((True, content["lead"]), (False, content["cooperating"]))
        for seq, organ in enumerate(organs)
    )


def _slug(organ: Mapping[str, Any], item: Instrument) -> str:
    return organ.get("slug") or load_directory().resolve(organ["name"], item.issued_on) or ""


def _write_limits(row: Duty, limits: Sequence[Mapping[str, Any]]) -> None:
    kept = list(row.limits.order_by("seq"))
    for seq, limit in enumerate(limits):
        own = kept[seq] if seq < len(kept) else TimeLimit(duty=row, seq=seq, start=0, end=0)
        _fill_limit(own, limit)
        own.start, own.end = max(limit.get("start", 0), 0), max(limit.get("end", 0), 0)
        own.save()
    for own in kept[len(limits) :]:
        own.delete()


def _fill_limit(row: TimeLimit, limit: Mapping[str, Any]) -> None:
    found = occurrence(limit["kind"], limit["value"])
    row.kind, row.value, row.text = limit["kind"], limit["value"][:60], (limit.get("text") or row.text)[:400]
    row.due_on, row.months, row.day = found.due_on, found.months, found.day


def _sort_by_limits(row: Duty) -> None:
    limits = list(row.limits.all())
    dated = [limit.due_on for limit in limits if limit.due_on]
    recurs = any(limit.months for limit in limits)
    row.due_sort = max(dated) if dated else RECURRING if recurs else UNDATED
    if dated:
        row.origin = Duty.Origin.BY
    elif recurs:
        row.origin = Duty.Origin.EVERY
    else:
        spans = any(limit.kind in ("within", "between") for limit in limits)
        row.origin = Duty.Origin.WITHIN if spans else Duty.Origin.NONE


def _show_limit(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    assert record.reading is not None
    if not record.rows:
        record.rows = record.reading["extra"]["places"]
    decision = effective["decision"] if effective else ""
    content = effective["content"] if effective and decision == "changed" else record.reading["content"]
    for duty, seq in record.rows:
        owner = Duty.objects.filter(pk=duty, instrument=item).first()
        if owner is None:
            continue
        own = owner.limits.filter(seq=seq).first()
        if decision == "excluded":
            if own is not None:
                own.delete()
        else:
            own = own or TimeLimit(duty=owner, seq=seq, start=0, end=0)
            _fill_limit(own, content)
            origin = record.reading["content"]
            own.start, own.end = max(origin["start"], 0), max(origin["end"], 0)
            own.save()
        _sort_by_limits(owner)
        owner.save(update_fields=["due_sort", "origin"])


# --- other rows -------------------------------------------------------------------------------------------------------


def _show_target(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    def fields(content: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "subject": content["subject"],
            "op": content["op"],
            "value": content["value"],
            "unit": content["unit"],
            "by": datetime.date.fromisoformat(content["by"]) if content["by"] else None,
            "baseline": content["baseline"] or "",
            "aspiration": content["aspiration"],
            "lead": [{"name": organ["name"], "slug": _slug(organ, item) or None} for organ in content["lead"]],
        }

    _show_row(Target, record, item, effective, fields)


def _show_membership(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    def fields(content: Mapping[str, Any]) -> dict[str, Any]:
        name = content["organ_name"]
        return dict(content) | {"organ_slug": _slug({"name": name}, item) if name else ""}

    _show_row(Membership, record, item, effective, fields)


def _show_appointment(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    def fields(content: Mapping[str, Any]) -> dict[str, Any]:
        name = content["organ_name"]
        return dict(content) | {"organ_slug": _slug({"name": name}, item) if name else ""}

    _show_row(Appointment, record, item, effective, fields)


def _show_relation(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    from luoshi.office.instruments.actions import derive_ends

    contents = [found["content"] for found in (record.reading, effective, record.effective) if found]
    names = {name for content in contents if content for name in (content["number"], content["title"]) if name}

    def fields(content: Mapping[str, Any]) -> dict[str, Any]:
        return {"type": content["type"], "target_number": content["number"], "target_title": content["title"]}

    _show_row(Relation, record, item, effective, fields)
    derive_ends([item], [], names)
    item.refresh_from_db(fields=["ends_on"])


def _show_row(
    model: type[Any], record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None, fields: Any
) -> None:
    """Let one row say the reading, the corrected content, or be taken out."""
    origin = record.reading
    if origin is not None and not record.rows:
        record.rows = [origin["row"]]
    decision = effective["decision"] if effective else ""
    row: Model | None = model.objects.filter(pk__in=record.rows, instrument=item).first()
    if decision == "excluded" or (origin is None and not effective):
        if row is not None:
            row.delete()
        return
    content = effective["content"] if effective and decision in ("changed", "added") else (origin or {})["content"]
    if row is None:
        row = _new_row(model, record, item)
    for name, value in fields(content).items():
        setattr(row, name, value)
    row.save()
    record.rows = [row.pk]


def _new_row(model: type[Any], record: ReviewRecord, item: Instrument) -> Model:
    origin = record.reading
    path = (origin["extra"].get("path") if origin else "") or record.clause
    clause = Clause.objects.filter(instrument=item, path=path).first()
    last = model.objects.filter(instrument=item).aggregate(n=Max("seq"))["n"]
    seq = 0 if last is None else last + 1
    if origin and not model.objects.filter(instrument=item, seq=origin["extra"]["seq"]).exists():
        seq = origin["extra"]["seq"]
    place = (origin["start"], origin["end"]) if origin else (clause.start, clause.end) if clause else (item.start,) * 2
    made: Model = model(instrument=item, seq=seq, start=place[0], end=place[1])
    if model is not Appointment:
        made.clause_path = path  # type: ignore[attr-defined]
    if model is Target:
        made.clause = clause  # type: ignore[attr-defined]
    return made


# --- head and names ---------------------------------------------------------------------------------------------------


def _show_head(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    from luoshi.office.instruments.actions import TITLE_TABLE, derive_ends

    assert record.reading is not None
    content = effective["content"] if effective and effective["decision"] == "changed" else record.reading["content"]
    if effective and effective["decision"] == "excluded":
        content = {"field": content["field"], "value": None}
    name, value = content["field"], content["value"]
    names = {one for one in (item.title, item.covering_title) if one}
    before = (item.number, item.title, item.covering_title)
    if name == "title":
        item.title = value or ""
    elif name == "number":
        item.number = value or ""
        number = DocumentNumber.parse(item.number)
        item.issuer_word = number.issuer if number else ""
        item.serial = number.serial if number else None
        item.year = number.year if number else item.year
    else:
        setattr(item, name, datetime.date.fromisoformat(value) if value else None)
        item.begins_on = item.effective_from or item.issued_on
        item.ends_on = item.expires_on or _FAR
        known = item.issued_on or item.effective_from
        item.sort_on = known or datetime.date(item.year or 1949, 1, 1)
    item.save()
    if before != (item.number, item.title, item.covering_title):
        search.reindex(TITLE_TABLE, item.pk, before, (item.number, item.title, item.covering_title))
    derive_ends([item], [], names)
    item.refresh_from_db(fields=["ends_on"])


def _show_name(record: ReviewRecord, item: Instrument, effective: Mapping[str, Any] | None) -> None:
    """Let a misprinted organ's name stand for the organ it is read as; the printed name stays."""
    origin = (record.reading or {}).get("content") or {}
    printed = origin.get("printed")
    if not printed:
        return
    meant = effective["content"].get("name", "") if effective and effective["decision"] == "changed" else ""
    slug = load_directory().resolve(meant, item.issued_on) if meant else None
    DutyOrgan.objects.filter(duty__instrument=item, name=printed).update(slug=slug or "")


def _show_nothing(_record: ReviewRecord, _item: Instrument, _effective: Mapping[str, Any] | None) -> None:
    """A repair is only judged."""


_SHOW = {
    "head": _show_head,
    "duty": _show_duty,
    "limit": _show_limit,
    "target": _show_target,
    "membership": _show_membership,
    "appointment": _show_appointment,
    "relation": _show_relation,
    "repair": _show_nothing,
    "warning": _show_name,
}
