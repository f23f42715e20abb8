"""Registers: what there is, records and their versions, acts on one record, tables looked through and taken in."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import File, Path, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AfterValidator, Field

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR
from luoshi.office.instruments import spool
from luoshi.office.paging import COUNT_BOUND
from luoshi.office.registers import actions, jobs, preview, queries, reach
from luoshi.office.registers.declaration import Column, Register, find
from luoshi.office.registers.kinds import KINDS, masked
from luoshi.office.registers.models import RegisterChange, RegisterImport
from luoshi.office.registers.preview import Preview
from luoshi.office.registers.queries import RecordRow, RegisterList
from luoshi.office.registers.reading import Books
from luoshi.site import register_list
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId, job_out
from luoshi.site.api.schemas import ERRORS, JobOut, Problem

router = Router()

Key = Annotated[str, Path(max_length=40)]
Moment = Annotated[datetime.datetime, AfterValidator(local)]
Day = Annotated[datetime.date | None, Query(description="按哪一天结束时的登记情况，默认今天")]
Reason = Annotated[str, Field(max_length=300)]
Version = Annotated[int, Field(ge=1, description="打开时看到的版本；不同则答 E_VERSION，附两边的值")]
Size = Annotated[int, Query(ge=1, le=200)]


class ColumnOut(Schema):
    """A column: its kind says how a value is written, `choices` are value and word."""

    name: str
    title: str
    kind: str
    unit: str
    required: bool
    sensitive: bool
    public: bool
    choices: dict[str, str]
    note: str


class RegisterOut(Schema):
    """A register; `may` says what the asker may do with it."""

    key: str
    title: str
    programme: str
    note: str
    citation: str
    natural_key: list[str]
    public: bool
    records: int
    exact: bool
    may: list[str]


class RegisterFull(RegisterOut):
    """A register with its columns."""

    columns: list[ColumnOut]
    modes: list[str]


class RecordOut(Schema):
    """A record: plain values by column (decimals as text, money in fen, organs by slug), sensitive ones masked."""

    id: int
    version: int
    name: str
    values: dict[str, Any]
    ended_on: datetime.date | None = None
    void: bool
    href: str


class RecordPage(Schema):
    """A page of records; `next` is the cursor of the following one."""

    items: list[RecordOut]
    next: str | None = None
    total: int
    exact: bool


class VersionOut(Schema):
    """A line of a record's history: what changed from what to what."""

    version: int
    kind: str
    at: Moment
    by: str
    reason: str
    taken: int | None = Field(None, serialization_alias="import")
    row: int | None = None
    changes: list[dict[str, str]]


class RecordIn(Schema):
    """Cells by column, written as in a table: an organ's name, a word of the choices, 元 for money."""

    values: dict[str, str | int | float | bool | None]
    reason: Reason = ""


class CorrectIn(RecordIn):
    """Only the columns to change; sensitive ones left out keep their values."""

    version: Version


class ActIn(Schema):
    """An act on a record."""

    version: Version
    reason: Reason


class EndIn(ActIn):
    """`on` is the last day on which it stands."""

    on: datetime.date


class PreviewOut(Schema):
    """What taking a file in would do; nothing is written. `file` and `plan` go into the confirmation."""

    file: str
    plan: str
    name: str
    digest: str
    rows: int
    counts: dict[str, int]
    columns: list[str]
    ignored: list[str]
    faults: list[dict[str, Any]]
    fault_total: int
    warnings: int
    changes: list[dict[str, Any]]
    already: int | None = None


class ConfirmIn(Schema):
    """Take a looked-through file in as its preview showed it."""

    file: Annotated[str, Field(max_length=64)]
    plan: Annotated[str, Field(max_length=64)]
    mode: Annotated[str, Field(max_length=10)] = "all"


class ImportOut(Schema):
    """An import."""

    id: int
    of: str = Field(serialization_alias="register")
    name: str
    digest: str
    mode: str
    rows: int
    new: int
    changed: int
    restored: int
    unchanged: int
    left_out: int
    at: Moment
    by: str
    undone_at: Moment | None = None
    undone_by: str
    undone_count: int


class UndoIn(Schema):
    """Take an import back; with `skip_changed` records changed since are left as they are."""

    reason: Reason
    skip_changed: bool = False


# --- reading ----------------------------------------------------------------------------------------------------------


@router.get(
    "/registers", auth=Needs("register.see"), response={200: list[RegisterOut], ERRORS: Problem}, summary="有哪些台账"
)
def list_registers(request: HttpRequest) -> list[RegisterOut]:
    """Return the registers that are there for whoever asks."""
    return [_register(request, one) for one in queries.visible(actor_of(request))]


@router.get(
    "/registers/{key}",
    auth=Needs("register.see"),
    response={200: RegisterFull, ERRORS: Problem},
    summary="一个台账的列",
)
def show_register(request: HttpRequest, key: Key) -> RegisterFull:
    """Return a register with its columns."""
    one = find(key)
    reach.require_open(actor_of(request), one)
    plain = _register(request, one).dict()
    return RegisterFull(**plain, columns=[_column(c) for c in one.columns], modes=list(one.modes))


def _register(request: HttpRequest, one: Register) -> RegisterOut:
    actor = actor_of(request)
    total = RegisterList(one, queries.RegisterFilter(), actor=actor, day=CLOCK.today()).total()
    return RegisterOut(
        key=one.key,
        title=one.title,
        programme=one.programme,
        note=one.note,
        citation=one.citation,
        natural_key=list(one.natural_key),
        public=one.public,
        records=total.value,
        exact=total.exact,
        may=[act for act in reach.ACTS if reach.reach(actor, one, act)],
    )


def _column(column: Column) -> ColumnOut:
    return ColumnOut(
        name=column.name,
        title=column.title,
        kind=column.kind,
        unit=column.unit,
        required=bool(column.required),
        sensitive=column.sensitive,
        public=column.public,
        choices={str(key): word for key, word in column.words_of.items()},
        note=column.note,
    )


@router.get(
    "/registers/{key}/records",
    auth=Needs("register.see"),
    response={200: RecordPage, ERRORS: Problem},
    summary="台账的记录",
)
def list_records(
    request: HttpRequest, key: Key, on: Day = None, size: Size = 50, after: str = "", q: str = "", state: str = ""
) -> RecordPage:
    """Return a page of records; `state` is current, ended, void or all; every facet is a parameter as well."""
    one = find(key)
    wanted = register_list.read(request.GET, one)
    found = RegisterList(one, wanted, actor=actor_of(request), day=on or CLOCK.today())
    return _page(found, size, after)


@router.get(
    "/open/registers/{key}",
    auth=Needs("open.see"),
    response={200: RecordPage, ERRORS: Problem},
    summary="公开的记录，不需登录",
)
def list_public_records(request: HttpRequest, key: Key, size: Size = 50, after: str = "", q: str = "") -> RecordPage:
    """Return a page of what everybody may see of a register."""
    one = find(key)
    wanted = register_list.read(request.GET, one)
    if wanted.state != "current":
        raise LuoshiError("E_INPUT", "公开的只有现行记录。", fields={"state": wanted.state})
    return _page(RegisterList(one, wanted, actor=VISITOR, day=CLOCK.today(), public=True), size, after)


def _page(found: RegisterList, size: int, after: str) -> RecordPage:
    rows, total = found.page(size=size, after=after), found.total(COUNT_BOUND)
    return RecordPage(
        items=[_record(found.register, row, found.columns) for row in rows.rows],
        next=rows.next or None,
        total=total.value,
        exact=total.exact,
    )


def _record(register: Register, row: RecordRow, columns: list[Column]) -> RecordOut:
    return RecordOut(
        id=row.pk,
        version=row.version,
        name=str(row.values[register.name]),
        values={column.name: _value(column, row.values[column.name]) for column in columns},
        ended_on=row.ended_on,
        void=row.void,
        href=f"/registers/{register.key}/{row.pk}/",
    )


def _value(column: Column, value: Any) -> Any:
    kept = KINDS[column.kind].keep(value)
    return masked(column, str(kept)) if column.sensitive and kept not in (None, "") else kept


@router.get(
    "/registers/{key}/records/{row_id}",
    auth=Needs("register.see"),
    response={200: RecordOut, ERRORS: Problem},
    summary="一条记录",
)
def show_record(request: HttpRequest, key: Key, row_id: RowId, on: Day = None) -> RecordOut:
    """Return a record as it stood at the end of the day asked about."""
    one = find(key)
    row = queries.row_of_record(one, queries.record(actor_of(request), one, row_id))
    if on is not None and on < CLOCK.today():
        past = queries.state_on(one, row_id, on)
        if past is None:
            raise LuoshiError("E_NOT_FOUND", f"{on} 时“{one.title}”还没有第 {row_id} 号记录。")
        row = past
    return _record(one, row, list(one.columns))


@router.get(
    "/registers/{key}/records/{row_id}/versions",
    auth=Needs("register.see"),
    response={200: list[VersionOut], ERRORS: Problem},
    summary="一条记录的版本",
)
def list_versions(request: HttpRequest, key: Key, row_id: RowId) -> list[VersionOut]:
    """Return a record's history, newest first."""
    one, actor = find(key), actor_of(request)
    queries.record(actor, one, row_id)
    books = Books(one, CLOCK.today())
    return [_version(one, change, books) for change in queries.versions(one, row_id)]


def _version(register: Register, change: RegisterChange, books: Books) -> VersionOut:
    return VersionOut(
        version=change.version,
        kind=change.kind,
        at=change.at,
        by=change.by,
        reason=change.reason,
        taken=change.taken_id,
        row=change.row,
        changes=queries.differences(register, change, books),
    )


# --- one record -------------------------------------------------------------------------------------------------------


@router.post(
    "/registers/{key}/records",
    auth=Needs("register.edit"),
    response={201: RecordOut, ERRORS: Problem},
    summary="登记一条",
)
def create_record(request: HttpRequest, key: Key, body: RecordIn) -> Status[RecordOut]:
    """Enter one record."""
    one = find(key)
    done = actions.create(actor=actor_of(request), register=one, given=body.values, reason=body.reason)
    return Status(201, _record(one, queries.row_of_record(one, done.record), list(one.columns)))


@router.patch(
    "/registers/{key}/records/{row_id}",
    auth=Needs("register.edit"),
    response={200: RecordOut, ERRORS: Problem},
    summary="更正一条",
)
def correct_record(request: HttpRequest, key: Key, row_id: RowId, body: CorrectIn) -> RecordOut:
    """Correct a record opened at a version."""
    one = find(key)
    done = actions.correct(
        actor=actor_of(request), register=one, record_id=row_id, version=body.version, given=body.values,
        reason=body.reason,
    )  # fmt: skip
    return _record(one, queries.row_of_record(one, done.record), list(one.columns))


@router.post(
    "/registers/{key}/records/{row_id}/end",
    auth=Needs("register.edit"),
    response={200: RecordOut, ERRORS: Problem},
    summary="终止一条",
)
def end_record(request: HttpRequest, key: Key, row_id: RowId, body: EndIn) -> RecordOut:
    """End a record."""
    one = find(key)
    done = actions.end(
        actor=actor_of(request), register=one, record_id=row_id, version=body.version, on=body.on, reason=body.reason
    )
    return _record(one, queries.row_of_record(one, done.record), list(one.columns))


@router.post(
    "/registers/{key}/records/{row_id}/restore",
    auth=Needs("register.edit"),
    response={200: RecordOut, ERRORS: Problem},
    summary="恢复一条",
)
def restore_record(request: HttpRequest, key: Key, row_id: RowId, body: ActIn) -> RecordOut:
    """Let an ended or void record stand again."""
    one = find(key)
    done = actions.restore(
        actor=actor_of(request), register=one, record_id=row_id, version=body.version, reason=body.reason
    )
    return _record(one, queries.row_of_record(one, done.record), list(one.columns))


@router.post(
    "/registers/{key}/records/{row_id}/void",
    auth=Needs("register.edit"),
    response={200: RecordOut, ERRORS: Problem},
    summary="作废一条",
)
def void_record(request: HttpRequest, key: Key, row_id: RowId, body: ActIn) -> RecordOut:
    """Mark a record as one that should never have been entered."""
    one = find(key)
    done = actions.void(
        actor=actor_of(request), register=one, record_id=row_id, version=body.version, reason=body.reason
    )
    return _record(one, queries.row_of_record(one, done.record), list(one.columns))


# --- tables -----------------------------------------------------------------------------------------------------------


@router.post(
    "/registers/{key}/previews",
    auth=Needs("register.import"),
    response={200: PreviewOut, 202: JobOut, ERRORS: Problem},
    summary="预览表格，不写入",
)
def preview_file(request: HttpRequest, key: Key, file: Annotated[UploadedFile, File()]) -> Status[Any]:
    """Look a file through; a large one as a job, whose `href` leads to its preview."""
    one, actor = find(key), actor_of(request)
    reach.require_act(actor, one, "take_in")
    if (file.size or 0) > settings.UPLOAD_BYTES:
        bound = settings.UPLOAD_BYTES // (1024 * 1024)
        raise LuoshiError("E_TOO_LARGE", f"文件超过上限 {bound} MB，请拆分后再导入。")
    data, name = file.read(), file.name or ""
    long = preview.is_long(one, name, data)
    waiting = spool.keep(name, data)
    if long:
        return Status(202, job_out(jobs.enqueue_preview(actor=actor, register=one, key=waiting.key)))
    found = preview.preview(actor=actor, register=one, name=name, data=data)
    preview.keep(actor, waiting.key, found)
    return Status(200, _preview(waiting.key, found))


@router.get(
    "/registers/{key}/previews/{file}",
    auth=Needs("register.import"),
    response={200: PreviewOut, ERRORS: Problem},
    summary="等待确认的预览",
)
def show_preview(request: HttpRequest, key: Key, file: str) -> PreviewOut:
    """Return a preview made before; kept for a day, for who asked for it."""
    one, actor = find(key), actor_of(request)
    reach.require_act(actor, one, "take_in")
    found = preview.kept(actor, one, file)
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份预览，或已过一天。请重新上传。")
    return _preview(file, found)


def _preview(file: str, found: Preview) -> PreviewOut:
    return PreviewOut(
        file=file,
        plan=found.plan,
        name=found.name,
        digest=found.digest,
        rows=found.rows_total,
        counts=found.counts,
        columns=found.columns,
        ignored=found.ignored,
        faults=found.faults[:1000],
        fault_total=found.fault_total,
        warnings=found.warnings,
        changes=found.changes,
        already=found.already,
    )


@router.post(
    "/registers/{key}/imports",
    auth=Needs("register.import"),
    response={201: ImportOut, 202: JobOut, ERRORS: Problem},
    summary="确认导入",
)
def confirm_import(request: HttpRequest, key: Key, body: ConfirmIn) -> Status[Any]:
    """Take a looked-through file in: at once where it is small, else as a job."""
    one, actor = find(key), actor_of(request)
    reach.require_act(actor, one, "take_in")
    found = preview.kept(actor, one, body.file)
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份预览，或已过一天。请重新上传。")
    if found.plan != body.plan:
        raise LuoshiError("E_VERSION", "您确认的是先前的预览。请看过现在的预览再导入。", fields={"plan": found.plan})
    if found.rows_total > preview.IN_REQUEST:
        job = jobs.enqueue_import(actor=actor, register=one, key=body.file, mode=body.mode, found=found)
        return Status(202, job_out(job))
    waiting = spool.take(body.file)
    taken = actions.take_in(
        actor=actor, register=one, name=waiting.filename, data=waiting.data, mode=body.mode, plan_digest=found.plan,
        seen_at=found.at,
    )  # fmt: skip
    preview.forget(actor, one, body.file)
    return Status(201, _import(taken))


@router.get(
    "/registers/{key}/imports/{row_id}",
    auth=Needs("register.import"),
    response={200: ImportOut, ERRORS: Problem},
    summary="一次导入",
)
def show_import(request: HttpRequest, key: Key, row_id: RowId) -> ImportOut:
    """Return one import."""
    return _import(queries.import_of(actor_of(request), find(key), row_id))


@router.post(
    "/registers/{key}/imports/{row_id}/undo",
    auth=Needs("register.import"),
    response={200: ImportOut, ERRORS: Problem},
    summary="对冲一次导入",
)
def undo_import(request: HttpRequest, key: Key, row_id: RowId, body: UndoIn) -> ImportOut:
    """Take an import back by counter-changes."""
    actor = actor_of(request)
    queries.import_of(actor, find(key), row_id)
    return _import(
        actions.undo_import(actor=actor, import_id=row_id, reason=body.reason, skip_changed=body.skip_changed)
    )


def _import(row: RegisterImport) -> ImportOut:
    names = ("name", "digest", "mode", "rows", "new", "changed", "restored", "unchanged", "left_out", "at", "by",
             "undone_at", "undone_by", "undone_count")  # fmt: skip
    return ImportOut(id=row.pk, of=row.register, **{name: getattr(row, name) for name in names})
