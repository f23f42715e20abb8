"""Papers: draft, check, sign, publish, make void; their kinds, words and numbers; what is public, what is genuine."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.notices import actions, content, copies, numbers, queries, templates
from luoshi.office.notices import kinds as papers
from luoshi.office.notices.models import Notice, NumberSeries, Publication, TemplateEdition
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

State = Literal["draft", "checked", "signed", "issued", "void", "withdrawn"]
_PAGE = 100


class FieldOut(Schema):
    """A field of a kind of paper."""

    name: str
    title: str
    type: str
    required: bool
    choices: list[str] = Field(default_factory=list)
    columns: list[FieldOut] = Field(default_factory=list)


class KindOut(Schema):
    """A kind of paper with the words that hold today."""

    key: str
    title: str
    layout: str
    organs: list[str]
    series: dict[str, str] = Field(description="发文机关代字，按单位")
    public: bool
    check: bool
    channels: list[str]
    fields: list[FieldOut]
    words: dict[str, str]
    edition: int | None = Field(None, description="本单位修订的编号；空为随软件交付")


class PublicationOut(Schema):
    """Where a paper went and the proof of it."""

    id: int
    channel: str
    target: str
    state: Literal["waiting", "sent", "done", "failed", "withheld", "withdrawn"]
    exercise: bool
    made_at: datetime.datetime
    sent_at: datetime.datetime | None = None
    next_try_at: datetime.datetime | None = None
    attempts: int
    total: int
    error: str
    proof: dict[str, Any]


class NoticeRow(Schema):
    """A paper in a list."""

    id: int
    kind: str
    number: str
    title: str
    organ: str
    state: State
    version: int
    exercise: bool
    demo: bool
    dated: datetime.date | None = None
    case: int | None = None
    subject: str


class NoticeOut(NoticeRow):
    """One paper: its text, who did what, its digest, where it went."""

    slug: str
    public: bool
    fields: dict[str, Any]
    content: dict[str, Any]
    text: list[str]
    edition: int | None = None
    edited: bool
    replaces: int | None = None
    drafted_name: str
    drafted_at: datetime.datetime
    checked_name: str
    checked_at: datetime.datetime | None = None
    signed_name: str
    signed_at: datetime.datetime | None = None
    issued_at: datetime.datetime | None = None
    void_reason: str
    void_asked_name: str
    void_name: str
    void_at: datetime.datetime | None = None
    digest: str
    publications: list[PublicationOut]


class NoticePage(Schema):
    """A page of papers, newest first; `next` goes on."""

    items: list[NoticeRow]
    next: str = ""
    previous: str = ""


class DraftIn(Schema):
    """A paper to be drafted; `fields` as the kind asks."""

    kind: str
    fields: dict[str, Any]
    organ: str = ""
    case: int | None = None
    subject: str = ""
    exercise: bool = False
    replaces: int | None = None
    texts: dict[str, str] | None = Field(
        None, description="人工写的部分：title、to、body、attachments、note、copy、short"
    )


class VersionIn(Schema):
    """The version of the paper that was looked at."""

    version: int


class ReviseIn(VersionIn):
    """Other fields, or parts written by hand."""

    fields: dict[str, Any] | None = None
    texts: dict[str, str] | None = None


class VoidIn(VersionIn):
    """Why a paper is to be void."""

    reason: str


class PublishIn(VersionIn):
    """The channels; `inside` names organs, `mail` and `sms` give addresses or the key of a registered list."""

    channels: list[str] = Field(default_factory=list)
    inside: list[str] = Field(default_factory=list)
    mail: list[str] | str = Field(default_factory=list)
    sms: list[str] | str = Field(default_factory=list)


class ProofIn(Schema):
    """When and how a person served a channel."""

    at: datetime.datetime
    words: str
    reach: int | None = None


class ReasonIn(Schema):
    """A reason."""

    reason: str


class ProposeIn(Schema):
    """Other words for a kind, from a day on."""

    words: dict[str, str]
    valid_from: datetime.date
    reason: str = ""


class AnswerIn(VersionIn):
    """Why an edition is refused."""

    answer: str


class EditionOut(Schema):
    """An edition of a kind's words."""

    id: int
    kind: str
    parts: dict[str, str]
    valid_from: datetime.date
    state: Literal["proposed", "approved", "refused", "withdrawn"]
    version: int
    reason: str
    answer: str
    proposed_name: str
    decided_name: str


class SeriesOut(Schema):
    """A run of numbers."""

    id: int
    word: str
    year: int
    part: str
    organ: str
    gapless: bool
    first: int
    taken: int
    void: int


class SeriesIn(Schema):
    """A run that goes on from a register kept elsewhere."""

    word: str
    year: int
    first: int
    organ: str
    reason: str


class VerdictOut(Schema):
    """What is known of a printed paper; title and address only where it is public."""

    number: str
    organ: str
    dated: datetime.date | None = None
    state: State
    same: bool | None = Field(None, description="指纹是否与签发时一致；没有给指纹为空")
    whole: bool
    title: str = ""
    href: str = ""
    marks: list[str] = Field(default_factory=list)
    digest: str = ""


# --- reading ----------------------------------------------------------------------------------------------------------


@router.get("/notices", auth=Needs("notice.see"), response={200: NoticePage, ERRORS: Problem}, summary="文书")
def notices(
    request: HttpRequest,
    kind: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    organ: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    state: Annotated[list[State], Query()] = [],  # noqa: B006
    year: Annotated[int | None, Query(ge=1949, le=2100)] = None,
    subject: Annotated[str, Query(max_length=200)] = "",
    case: Annotated[int | None, Query(ge=0, lt=2**62)] = None,
    box: Literal["", "in"] = "",
    q: Annotated[str, Query(max_length=60)] = "",
    after: Annotated[str, Query(max_length=80)] = "",
    before: Annotated[str, Query(max_length=80)] = "",
    size: Annotated[int, Query(ge=1, le=_PAGE)] = 50,
) -> NoticePage:
    """List papers, newest first."""
    wanted = queries.NoticeFilter(
        kinds=tuple(kind), organs=tuple(organ), states=tuple(state), year=year, box=box, q=q.replace("\0", ""),
        subject=subject.replace("\0", ""), case=case,
    )  # fmt: skip
    found = queries.notices(actor_of(request), wanted, size=size, after=after, before=before)
    return NoticePage(items=[NoticeRow(**_row(one)) for one in found.rows], next=found.next, previous=found.previous)


@router.get("/notices/kinds", auth=Needs("template.see"), response={200: list[KindOut], ERRORS: Problem},
            summary="文书种类和模板")  # fmt: skip
def kinds(request: HttpRequest) -> list[KindOut]:
    """List the kinds of paper with the words that hold today."""
    return [_kind(key) for key in papers.kinds()]


@router.get("/notices/kinds/{key}", auth=Needs("template.see"), response={200: KindOut, ERRORS: Problem},
            summary="一种文书")  # fmt: skip
def kind(request: HttpRequest, key: str) -> KindOut:
    """Return one kind."""
    return _kind(key)


@router.get("/notices/numbers", auth=Needs("notice.see"), response={200: list[SeriesOut], ERRORS: Problem},
            summary="编号簿")  # fmt: skip
def series(request: HttpRequest, year: Annotated[int | None, Query(ge=0, le=2100)] = None) -> list[SeriesOut]:
    """List the runs of numbers."""
    return [_series(one) for one in queries.series(actor_of(request), year)]


@router.get(
    "/notices/{int:pk}", auth=Needs("notice.see"), response={200: NoticeOut, ERRORS: Problem}, summary="一件文书"
)
def notice(request: HttpRequest, pk: int) -> NoticeOut:
    """Return one paper."""
    return _notice(queries.notice(actor_of(request), _id(pk)))


@router.get("/notices/{int:pk}/file.{form}", auth=Needs("notice.see"), response={200: bytes, ERRORS: Problem},
            summary="文书的 PDF 或 DOCX")  # fmt: skip
def file(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """Return a paper as a file."""
    from luoshi.site.views.notices import send

    row = queries.notice(actor_of(request), _id(pk))
    if form not in copies.FORMS:
        raise LuoshiError("E_NOT_FOUND", f"文书可下载为 {'、'.join(copies.FORMS)}。")
    return send(row, form)


# --- acts -------------------------------------------------------------------------------------------------------------


@router.post("/notices", auth=Needs("notice.draft"), response={201: NoticeOut, ERRORS: Problem}, summary="拟稿")
def draft(request: HttpRequest, body: DraftIn) -> Status[NoticeOut]:
    """Draft a paper."""
    made = actions.draft(
        actor=actor_of(request), kind=body.kind, fields=body.fields, organ=body.organ,
        case=None if body.case is None else _id(body.case), subject=body.subject.replace("\0", ""),
        exercise=body.exercise, replaces=None if body.replaces is None else _id(body.replaces), texts=body.texts,
    )  # fmt: skip
    return Status(201, _again(request, made.pk))


@router.post("/notices/{int:pk}/revise", auth=Needs("notice.draft"), response={200: NoticeOut, ERRORS: Problem},
             summary="改稿")  # fmt: skip
def revise(request: HttpRequest, pk: int, body: ReviseIn) -> NoticeOut:
    """Change a draft."""
    actions.revise(actor=actor_of(request), notice=_id(pk), version=body.version, fields=body.fields, texts=body.texts)
    return _again(request, pk)


@router.post("/notices/{int:pk}/check", auth=Needs("notice.check"), response={200: NoticeOut, ERRORS: Problem},
             summary="核稿")  # fmt: skip
def check(request: HttpRequest, pk: int, body: VersionIn) -> NoticeOut:
    """Check a draft as another person."""
    actions.check(actor=actor_of(request), notice=_id(pk), version=body.version)
    return _again(request, pk)


@router.post("/notices/{int:pk}/withdraw", auth=Needs("notice.draft"), response={200: NoticeOut, ERRORS: Problem},
             summary="撤回草稿")  # fmt: skip
def withdraw(request: HttpRequest, pk: int, body: VersionIn) -> NoticeOut:
    """Take back a draft."""
    actions.withdraw(actor=actor_of(request), notice=_id(pk), version=body.version)
    return _again(request, pk)


@router.post("/notices/{int:pk}/sign", auth=Needs("notice.sign"), response={200: NoticeOut, ERRORS: Problem},
             summary="签发，取号")  # fmt: skip
def sign(request: HttpRequest, pk: int, body: VersionIn) -> NoticeOut:
    """Sign a paper; it takes its number."""
    actions.sign(actor=actor_of(request), notice=_id(pk), version=body.version)
    return _again(request, pk)


@router.post("/notices/{int:pk}/publish", auth=Needs("notice.publish"), response={200: NoticeOut, ERRORS: Problem},
             summary="印发、公开")  # fmt: skip
def publish(request: HttpRequest, pk: int, body: PublishIn) -> NoticeOut:
    """Put a signed paper on channels."""
    wanted: dict[str, Any] = dict.fromkeys(body.channels, True)
    wanted |= {name: value for name in ("inside", "mail", "sms") if (value := getattr(body, name))}
    actions.publish(actor=actor_of(request), notice=_id(pk), version=body.version, channels=wanted)
    return _again(request, pk)


@router.post("/notices/{int:pk}/void/ask", auth=Needs("notice.draft"), response={200: NoticeOut, ERRORS: Problem},
             summary="提出作废")  # fmt: skip
def ask_void(request: HttpRequest, pk: int, body: VoidIn) -> NoticeOut:
    """Propose to make a paper void."""
    actions.ask_void(actor=actor_of(request), notice=_id(pk), version=body.version, reason=body.reason)
    return _again(request, pk)


@router.post("/notices/{int:pk}/void/confirm", auth=Needs("notice.sign"), response={200: NoticeOut, ERRORS: Problem},
             summary="确认作废")  # fmt: skip
def void(request: HttpRequest, pk: int, body: VersionIn) -> NoticeOut:
    """Make a paper void as the second person."""
    actions.void(actor=actor_of(request), notice=_id(pk), version=body.version)
    return _again(request, pk)


@router.post("/notices/{int:pk}/void/withdraw", auth=Needs("notice.draft"), response={200: NoticeOut, ERRORS: Problem},
             summary="不作废")  # fmt: skip
def withdraw_void(request: HttpRequest, pk: int, body: VersionIn) -> NoticeOut:
    """Take back or refuse the proposal to make a paper void."""
    actions.withdraw_void(actor=actor_of(request), notice=_id(pk), version=body.version)
    return _again(request, pk)


@router.post("/notices/publications/{int:pk}/receive", auth=Needs("notice.receive"),
             response={200: PublicationOut, ERRORS: Problem}, summary="签收")  # fmt: skip
def receive(request: HttpRequest, pk: int) -> PublicationOut:
    """Sign for a paper as the organ it was served on."""
    return _publication(actions.receive(actor=actor_of(request), publication=_id(pk)))


@router.post("/notices/publications/{int:pk}/proof", auth=Needs("notice.publish"),
             response={200: PublicationOut, ERRORS: Problem}, summary="登记发布情况")  # fmt: skip
def proof(request: HttpRequest, pk: int, body: ProofIn) -> PublicationOut:
    """Record when and how a channel was served."""
    at = body.at if body.at.tzinfo else body.at.replace(tzinfo=CLOCK.now().tzinfo)
    return _publication(
        actions.record_proof(actor=actor_of(request), publication=_id(pk), at=at, words=body.words, reach=body.reach)
    )


@router.post("/notices/publications/{int:pk}/retry", auth=Needs("notice.publish"),
             response={200: PublicationOut, ERRORS: Problem}, summary="重发")  # fmt: skip
def retry(request: HttpRequest, pk: int) -> PublicationOut:
    """Try again what was given up."""
    return _publication(actions.retry(actor=actor_of(request), publication=_id(pk)))


@router.post("/notices/publications/{int:pk}/withdraw", auth=Needs("notice.publish"),
             response={200: PublicationOut, ERRORS: Problem}, summary="撤下")  # fmt: skip
def take_down(request: HttpRequest, pk: int, body: ReasonIn) -> PublicationOut:
    """Take a paper off a channel."""
    return _publication(actions.withdraw_publication(actor=actor_of(request), publication=_id(pk), reason=body.reason))


@router.post("/notices/numbers", auth=Needs("notice.number"), response={201: SeriesOut, ERRORS: Problem},
             summary="开立编号簿，续纸质簿起号")  # fmt: skip
def open_series(request: HttpRequest, body: SeriesIn) -> Status[SeriesOut]:
    """Open a run of numbers that goes on from another register."""
    made = numbers.open_series(
        actor=actor_of(request), word=body.word, year=body.year, first=body.first, organ=body.organ, reason=body.reason
    )
    return Status(201, _series(made))


# --- words ------------------------------------------------------------------------------------------------------------


@router.get("/notices/kinds/{key}/editions", auth=Needs("template.propose"),
            response={200: list[EditionOut], ERRORS: Problem}, summary="模板的修订")  # fmt: skip
def editions(request: HttpRequest, key: str) -> list[EditionOut]:
    """List the editions of a kind, newest first."""
    papers.kind_of(key)
    return [_edition(one) for one in templates.editions(key)]


@router.post("/notices/kinds/{key}/editions", auth=Needs("template.propose"),
             response={201: EditionOut, ERRORS: Problem}, summary="拟改模板")  # fmt: skip
def propose(request: HttpRequest, key: str, body: ProposeIn) -> Status[EditionOut]:
    """Propose other words; another person has to approve them."""
    made = templates.propose(
        actor=actor_of(request), kind=key, words=body.words, valid_from=body.valid_from, reason=body.reason
    )
    return Status(201, _edition(made))


@router.post("/notices/editions/{int:pk}/approve", auth=Needs("template.approve"),
             response={200: EditionOut, ERRORS: Problem}, summary="批准模板")  # fmt: skip
def approve(request: HttpRequest, pk: int, body: VersionIn) -> EditionOut:
    """Approve an edition as the second person."""
    return _edition(templates.approve(actor=actor_of(request), edition=_id(pk), version=body.version))


@router.post("/notices/editions/{int:pk}/refuse", auth=Needs("template.approve"),
             response={200: EditionOut, ERRORS: Problem}, summary="不予批准模板")  # fmt: skip
def refuse(request: HttpRequest, pk: int, body: AnswerIn) -> EditionOut:
    """Refuse an edition, saying why."""
    return _edition(
        templates.refuse(actor=actor_of(request), edition=_id(pk), version=body.version, answer=body.answer)
    )


# --- what is public ---------------------------------------------------------------------------------------------------


@router.get("/open/verify/{code}", auth=Needs("open.see"), response={200: VerdictOut, ERRORS: Problem},
            summary="核验文书")  # fmt: skip
def verify(request: HttpRequest, code: str, d: Annotated[str, Query(max_length=80)] = "") -> VerdictOut:
    """Tell whether a printed paper is genuine, by its code and the digest it bears."""
    found = queries.verdict(code[:20].replace("\0", ""), d)
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个核验码的文书。请核对输入，或联系文书上写的机关。")
    return VerdictOut(**{name: getattr(found, name) for name in VerdictOut.model_fields})


# --- into schemas -----------------------------------------------------------------------------------------------------


def _id(number: int) -> int:
    if not 0 <= number < 2**62:
        raise LuoshiError("E_NOT_FOUND", "没有这个编号的记录。")
    return number


def _again(request: HttpRequest, pk: int) -> NoticeOut:
    return _notice(queries.notice(actor_of(request), pk))


def _row(row: Notice) -> dict[str, Any]:
    return {
        "id": row.pk, "kind": row.kind, "number": row.number_text, "title": row.title, "organ": row.organ,
        "state": row.state, "version": row.version, "exercise": row.exercise, "demo": row.demo, "dated": row.dated,
        "case": row.case, "subject": row.subject,
    }  # fmt: skip


def _notice(row: Notice) -> NoticeOut:
    more = {
        name: getattr(row, name)
        for name in NoticeOut.model_fields
        if name not in (*NoticeRow.model_fields, "text", "edition", "replaces", "publications")
    }
    return NoticeOut(
        **_row(row), **more, text=content.lines_of(content.printed(row)), edition=row.edition_id,
        replaces=row.replaces_id, publications=[_publication(one) for one in queries.publications(row)],
    )  # fmt: skip


def _publication(row: Publication) -> PublicationOut:
    return PublicationOut(id=row.pk, **{
        name: getattr(row, name) for name in PublicationOut.model_fields if name != "id"
    })  # fmt: skip


def _field(one: Any) -> FieldOut:
    return FieldOut(
        name=one.name, title=one.title, type=one.type, required=one.required, choices=list(one.choices),
        columns=[_field(column) for column in one.columns],
    )  # fmt: skip


def _kind(key: str) -> KindOut:
    held = templates.on_day(key, CLOCK.today())
    found = held.kind
    return KindOut(
        key=found.key, title=found.title, layout=found.layout, organs=list(found.organs),
        series={organ: word for organ in found.organs if (word := found.series_of(organ))}, public=found.public,
        check=found.check, channels=list(found.channels), fields=[_field(one) for one in found.fields],
        words=dict(found.words), edition=held.edition.pk if held.edition else None,
    )  # fmt: skip


def _edition(row: TemplateEdition) -> EditionOut:
    return EditionOut(id=row.pk, **{name: getattr(row, name) for name in EditionOut.model_fields if name != "id"})


def _series(run: NumberSeries) -> SeriesOut:
    return SeriesOut(
        id=run.pk, word=run.word, year=run.year, part=run.part, organ=run.organ, gapless=run.gapless, first=run.first,
        taken=getattr(run, "count", 0), void=getattr(run, "voided", 0),
    )  # fmt: skip
