"""Compile a text, import a file, follow the job."""

from __future__ import annotations

from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest
from ninja import File, Path, Query, Router, Status
from ninja.files import UploadedFile

from luoshi.gazette.records import to_json
from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.instruments import plan, queries, spool
from luoshi.office.instruments.actions import IMPORT_JOB, read
from luoshi.office.instruments.models import GazetteIssue
from luoshi.office.jobs.actions import Progress, enqueue
from luoshi.office.jobs.models import Job
from luoshi.office.jobs.queries import may_follow
from luoshi.office.paging import Key, keyset_page
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, CompileIn, GazetteOut, GazettePage, JobOut, Problem

router = Router()

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.post(
    "/gazettes/compile",
    auth=Needs("decision.run"),
    response={200: dict[str, Any], ERRORS: Problem},
    summary="编译文本，不保存",
)
def compile_gazette(request: HttpRequest, body: CompileIn) -> dict[str, Any]:
    """Return what the compiler reads from a text, by the public contract (gazette-v1)."""
    data: dict[str, Any] = to_json(plan.compile_for_library(read(body.text, "text.txt")))
    return data


@router.post(
    "/gazettes", auth=Needs("instrument.import"), response={202: JobOut, ERRORS: Problem}, summary="导入公报文件"
)
def import_gazette(request: HttpRequest, file: Annotated[UploadedFile, File()]) -> Status[JobOut]:
    """Queue the import of a file; the answer is the job to follow."""
    if (file.size or 0) > settings.UPLOAD_BYTES:
        bound = settings.UPLOAD_BYTES // (1024 * 1024)
        raise LuoshiError("E_TOO_LARGE", f"文件超过上限 {bound} MB。请按期拆分成几个文件。")
    data, name = file.read(), file.name or "未命名.txt"
    read(data, name)
    waiting = spool.keep(name, data)
    job = enqueue(IMPORT_JOB, actor=actor_of(request), arguments={"key": waiting.key})
    return Status(202, job_out(job))


@router.get(
    "/gazettes",
    auth=Needs("import.see"),
    response={200: GazettePage, ERRORS: Problem},
    summary="已导入的文件",
)
def gazettes(request: HttpRequest, after: str = "", limit: Annotated[int, Query(ge=1, le=100)] = 20) -> GazettePage:
    """List imported files, newest first."""
    found = keyset_page(queries.issues(), (Key("id", int, descending=True),), size=limit, after=after)
    return GazettePage(items=[_gazette(row) for row in found.rows], next=found.next or None)


@router.get(
    "/gazettes/{id}",
    auth=Needs("import.see"),
    response={200: GazetteOut, ERRORS: Problem},
    summary="一次导入",
)
def gazette(request: HttpRequest, id: RowId) -> GazetteOut:  # noqa: A002 - the address's own word
    """Return one imported file."""
    row = queries.issues().filter(pk=id).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {id} 号导入记录。")
    return _gazette(row)


@router.get(
    "/jobs/{id}",
    auth=Needs("job.see"),
    response={200: JobOut, ERRORS: Problem},
    summary="任务进度",
)
def job(request: HttpRequest, id: RowId) -> JobOut:  # noqa: A002 - the address's own word
    """Return how far a job is, and its result or error when it has ended."""
    row = Job.objects.filter(pk=id).first()
    if row is None or not may_follow(actor_of(request), row):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {id} 号任务。")
    return job_out(row)


def job_out(row: Job) -> JobOut:
    """Return a job as the API shows it."""
    phase, n, total = Progress.of(row)
    return JobOut(
        id=row.pk,
        kind=row.kind,
        state=row.state,
        phase=phase,
        n=n,
        total=total,
        result=row.result,
        error=row.error,
        href=f"/api/v1/jobs/{row.pk}",
    )


def _gazette(row: GazetteIssue) -> GazetteOut:
    return GazetteOut(
        id=row.pk,
        filename=row.source.filename,
        title=row.title or None,
        year=row.year,
        issue=row.issue,
        publisher=row.publisher or None,
        digest=row.source.digest,
        imported_at=local(row.source.received_at),
        instruments=row.instrument_count,
        clauses=row.clause_count,
        duties=row.duty_count,
        time_limits=row.limit_count,
        targets=row.target_count,
        warnings=row.warning_count,
    )
