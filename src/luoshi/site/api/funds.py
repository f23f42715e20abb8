"""Books: balances, trial balance, statements, entries by two hands, payments; and the interface the banks speak."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import actions, bank, links, openings, payments, proof, queries, reconcile, sheets, statements
from luoshi.office.funds.models import Account, Book, Difference, Draft, Opening, PaymentInstruction, Sheet
from luoshi.office.funds.orders import Line
from luoshi.office.permissions import require_visible
from luoshi.office.web import attachment
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

Fen = Annotated[int, Field(ge=0, le=10**16, description="整数分")]
Cursor = Annotated[str, Query(max_length=80)]
Day = Annotated[datetime.date | None, Query(description="起息日")]


class BookOut(Schema):
    """A book."""

    key: str
    title: str
    organ: str
    opened_on: datetime.date
    closed_through: datetime.date | None
    last_no: int
    bank_fen: int
    transit_fen: int
    suspense_fen: int


class AccountOut(Schema):
    """An account with its balance, in its own direction."""

    code: str
    title: str
    kind: str
    normal: str
    by_subject: bool
    guarded: bool
    part: str
    balance_fen: int


class LineOut(Schema):
    """A posting."""

    account: str
    debit_fen: int
    credit_fen: int
    subject: str
    bank_txn_no: str


class EntryOut(Schema):
    """An entry with its lines and hands."""

    no: int
    number: str
    value_on: datetime.date
    booked_at: datetime.datetime
    event: str
    memo: str
    basis: str
    case: str
    key: str
    counter_of: int | None
    countered_by: int | None
    maker: str
    checker: str
    seal: str
    lines: list[LineOut]


class JournalOut(Schema):
    """A page of entries, newest first."""

    rows: list[EntryOut]
    next: str
    previous: str


class TrialRowOut(Schema):
    """One account of a trial balance."""

    code: str
    title: str
    opening_fen: int
    debit_fen: int
    credit_fen: int
    year_debit_fen: int
    year_credit_fen: int
    closing_fen: int


class TrialOut(Schema):
    """A trial balance."""

    first_on: datetime.date
    last_on: datetime.date
    balances: bool
    turnover_fen: list[int]
    rows: list[TrialRowOut]


class StatementRowOut(Schema):
    """A line of an account's statement."""

    no: int
    value_on: datetime.date
    memo: str
    subject: str
    debit_fen: int
    credit_fen: int
    after_fen: int
    bank_txn_no: str


class StatementOut(Schema):
    """A page of an account's statement, newest first."""

    opening_fen: int
    closing_fen: int
    rows: list[StatementRowOut]
    next: str
    previous: str


class SubjectOut(Schema):
    """What a subject has on an account."""

    subject: str
    balance_fen: int
    debit_fen: int
    credit_fen: int
    count: int
    last_on: datetime.date


class SubjectsOut(Schema):
    """A page of subjects."""

    rows: list[SubjectOut]
    next: str
    previous: str


class LineIn(Schema):
    """A line of a proposed entry: one side only."""

    account: Annotated[str, Field(max_length=30)]
    debit_fen: Fen = 0
    credit_fen: Fen = 0
    subject: Annotated[str, Field(max_length=60)] = ""


class EntryIn(Schema):
    """An entry for another hand to check."""

    value_on: datetime.date
    lines: Annotated[list[LineIn], Field(max_length=2000)]
    memo: Annotated[str, Field(max_length=200)]
    basis: Annotated[str, Field(max_length=200)]
    event: Annotated[str, Field(max_length=20)] = ""
    case: Annotated[str, Field(max_length=80)] = ""


class CounterIn(Schema):
    """Why an entry is undone."""

    reason: Annotated[str, Field(max_length=150)]


class DecisionIn(Schema):
    """What the second hand says."""

    accept: bool
    reason: Annotated[str, Field(max_length=300)] = ""
    version: int | None = None


class DraftOut(Schema):
    """What one hand prepared and another decides."""

    id: int
    act: str
    state: str
    title: str
    maker: str
    checker: str
    entry: int | None
    version: int


class PaymentOut(Schema):
    """A payment; of the payee's account the last four digits."""

    id: int
    instr_id: str
    claim: str
    part: int
    amount_fen: int
    payee: str
    payee_tail: str
    state: str
    due_on: datetime.date | None
    bank_txn_no: str
    version: int


class DifferenceOut(Schema):
    """What bank and books do not both have."""

    id: int
    sort: str
    direction: str
    amount_fen: int
    since_on: datetime.date
    due_on: datetime.date | None
    organ: str
    text: str


class SheetIn(Schema):
    """Of which day a sheet is drawn up."""

    on: datetime.date


class SheetOut(Schema):
    """A reconciliation sheet."""

    id: int
    on: datetime.date
    number: int
    bank_fen: int
    book_fen: int
    book_receipts_fen: int
    book_payments_fen: int
    bank_receipts_fen: int
    bank_payments_fen: int
    difference_fen: int
    maker: str
    checker: str


class StatementIn(Schema):
    """What taking a statement in did."""

    lines: int
    opening_fen: int
    closing_fen: int


class ProofOut(Schema):
    """The result of a re-sum."""

    number: int
    last_no: int
    debit_fen: int
    credit_fen: int
    faults: list[str]
    digest: str


class BankAnswer(Schema):
    """What is said to the bank."""

    result: Literal["accepted", "duplicate"]
    msg_id: str
    entry: int | None = None
    booked: bool | None = None
    reason: str | None = None
    instr_id: str | None = None
    state: str | None = None
    first: dict[str, Any] | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class OpeningFieldOut(Schema):
    """What is asked for when a book is opened."""

    name: str
    title: str
    kind: str
    hint: str
    optional: bool
    choices: dict[str, str]


class BookKindOut(Schema):
    """A kind of book: who keeps it, who sees it beside, how many are open, what is asked for."""

    plan: str
    title: str
    organ: str
    sees: list[str]
    basis: str
    many: bool
    books: int
    offered: bool
    fields: list[OpeningFieldOut]


class OpeningIn(Schema):
    """A book to be opened: its kind, its first day, the answers to what its kind asks for."""

    plan: Annotated[str, Field(max_length=80)]
    opened_on: datetime.date
    values: dict[str, Annotated[str, Field(max_length=200)]] = Field(default_factory=dict)


class OpeningOut(Schema):
    """A book that one hand proposed and another decides."""

    id: int
    plan: str
    key: str
    title: str
    organ: str
    opened_on: datetime.date
    values: dict[str, str]
    state: str
    maker: str
    checker: str
    reason: str
    version: int


class FileAnswer(Schema):
    """What came of a file."""

    name: str
    accepted: int
    duplicate: int
    faults: list[dict[str, Any]]


def _book(request: HttpRequest, room: str, name: str) -> Book:
    return queries.visible_book(actor_of(request), f"{room}/{name}")


def _account(request: HttpRequest, room: str, name: str, code: str) -> Account:
    return queries.account_of(_book(request, room, name), code)


def _entry(row: queries.JournalRow) -> EntryOut:
    one, codes = row.entry, {line.account_id: line.account.code for line in row.lines}
    return EntryOut(
        no=one.no, number=one.number, value_on=one.value_on, booked_at=row.seal.booked_at, event=one.event,
        memo=one.memo, basis=one.basis, case=one.case, key=one.key,
        counter_of=one.counter_of_id and one.counter_of_id % (1 << 32),
        countered_by=row.countered.no if row.countered else None, maker=row.seal.maker, checker=row.seal.checker,
        seal=row.seal.digest,
        lines=[LineOut(account=codes[line.account_id], debit_fen=line.debit, credit_fen=line.credit,
                       subject=line.subject, bank_txn_no=line.bank_txn_no) for line in row.lines],
    )  # fmt: skip


def _draft(row: Draft) -> DraftOut:
    return DraftOut(
        id=row.pk, act=row.act, state=row.state, title=row.title, maker=row.maker_name, checker=row.checker_name,
        entry=row.entry_id and row.entry_id % (1 << 32), version=row.version,
    )  # fmt: skip


def _payment(row: PaymentInstruction) -> PaymentOut:
    return PaymentOut(
        id=row.pk, instr_id=row.instr_id, claim=row.claim, part=row.claim_part, amount_fen=row.amount,
        payee=row.payee_name, payee_tail=row.payee_tail, state=row.state, due_on=row.due_on,
        bank_txn_no=row.bank_txn_no, version=row.version,
    )  # fmt: skip


def _opening(row: Opening) -> OpeningOut:
    return OpeningOut(
        id=row.pk, plan=row.plan, key=row.key, title=row.title, organ=row.organ, opened_on=row.opened_on,
        values=row.told, state=row.state, maker=row.maker_name, checker=row.checker_name, reason=row.reason,
        version=row.version,
    )  # fmt: skip


def _sheet(row: Sheet) -> SheetOut:
    names = ("bank", "book", "book_receipts", "book_payments", "bank_receipts", "bank_payments", "difference")
    return SheetOut(
        id=row.pk, on=row.on, number=row.number, maker=row.maker_name, checker=row.checker_name,
        **{f"{name}_fen": getattr(row, name) for name in names},
    )  # fmt: skip


# --- reads ------------------------------------------------------------------------------------------------------------


@router.get("/funds/books", auth=Needs("fund.see"), response={200: list[BookOut], ERRORS: Problem}, summary="账簿")
def list_books(request: HttpRequest) -> list[BookOut]:
    """Return the books the asker may see, with what lies in the bank, is on its way and is unclaimed."""
    rows = queries.rows_of_books(list(queries.visible_books(actor_of(request))[:500]))
    return [
        BookOut(
            key=row["book"].key, title=row["book"].title, organ=row["book"].organ, opened_on=row["book"].opened_on,
            closed_through=row["book"].closed_through, last_no=row["book"].last_no, bank_fen=row["bank"],
            transit_fen=row["transit"], suspense_fen=row["suspense"],
        )
        for row in rows
    ]  # fmt: skip


@router.get(
    "/funds/kinds", auth=Needs("fund.see"), response={200: list[BookKindOut], ERRORS: Problem}, summary="账簿种类"
)
def list_kinds(request: HttpRequest) -> list[BookKindOut]:
    """Return the kinds of books the asker sees, and what each wants to know when one is opened."""
    return [
        BookKindOut(
            plan=one.plan.key, title=one.plan.title, organ=one.plan.organ, sees=list(one.plan.sees),
            basis=one.plan.basis, many=one.plan.many, books=one.books, offered=one.offered,
            fields=[
                OpeningFieldOut(name=row.name, title=row.title, kind=row.kind, hint=row.hint, optional=row.optional,
                                choices=dict(row.choices)) for row in one.plan.asked
            ],
        )
        for one in openings.kinds(actor_of(request))
    ]  # fmt: skip


@router.get(
    "/funds/openings", auth=Needs("fund.see"), response={200: list[OpeningOut], ERRORS: Problem}, summary="待开立账簿"
)
def list_openings(request: HttpRequest) -> list[OpeningOut]:
    """Return the books that wait to be opened by a second hand."""
    return [_opening(row) for row in openings.waiting(actor_of(request))]


@router.post(
    "/funds/openings", auth=Needs("fund.post"), response={200: OpeningOut, ERRORS: Problem}, summary="拟开立账簿"
)
def propose_opening(request: HttpRequest, body: OpeningIn) -> OpeningOut:
    """Propose a book of a kind for another hand to open."""
    row = openings.propose(actor=actor_of(request), plan=body.plan, opened_on=body.opened_on, values=dict(body.values))
    return _opening(row)


@router.post(
    "/funds/openings/{opening}", auth=Needs("fund.open"), response={200: OpeningOut, ERRORS: Problem},
    summary="复核开立账簿",
)  # fmt: skip
def decide_opening(request: HttpRequest, opening: int, body: DecisionIn) -> OpeningOut:
    """Open a proposed book, or send it back with a reason."""
    row = openings.decide(
        actor=actor_of(request), opening=_id(opening), accept=body.accept, reason=body.reason, version=body.version
    )
    return _opening(row)


_BOOK = "/funds/books/{room}/{name}"


@router.get(
    f"{_BOOK}/accounts", auth=Needs("fund.see"), response={200: list[AccountOut], ERRORS: Problem}, summary="科目"
)
def list_accounts(request: HttpRequest, room: str, name: str, on: Day = None) -> list[AccountOut]:
    """Return the accounts of a book with their balances, now or at the end of a value date."""
    book = _book(request, room, name)
    now = queries.balances(book) if on is None else {}
    return [
        AccountOut(
            code=one.code, title=one.title, kind=one.kind, normal=one.normal, by_subject=one.by_subject,
            guarded=one.guarded, part=one.part,
            balance_fen=now[one.code] if on is None else queries.balance_on(one, on),
        )
        for one in Account.objects.filter(book=book).order_by("seq", "code")
    ]  # fmt: skip


@router.get(f"{_BOOK}/entries", auth=Needs("fund.see"), response={200: JournalOut, ERRORS: Problem}, summary="分录")
def list_entries(
    request: HttpRequest, room: str, name: str, case: Annotated[str, Query(max_length=80)] = "",
    event: Annotated[str, Query(max_length=20)] = "", after: Cursor = "", before: Cursor = "",
) -> JournalOut:  # fmt: skip
    """Return a page of the journal, newest first; `case` is a business number, `event` a row of the book's table.

    Of an event those among the latest 50,000 entries.
    """
    page, rows = queries.journal(_book(request, room, name), case=case, event=event, after=after, before=before)
    return JournalOut(rows=[_entry(row) for row in rows], next=page.next, previous=page.previous)


@router.get(
    f"{_BOOK}/entries/{{no}}", auth=Needs("fund.see"), response={200: EntryOut, ERRORS: Problem}, summary="一笔分录"
)
def show_entry(request: HttpRequest, room: str, name: str, no: int) -> EntryOut:
    """Return one entry by its number."""
    if not 0 < no < 1 << 32:
        raise LuoshiError("E_NOT_FOUND", "没有这笔分录。")
    entry = actions.entry_of(_book(request, room, name), no)
    return _entry(queries.journal_rows([entry])[0])


@router.get(f"{_BOOK}/trial", auth=Needs("fund.see"), response={200: TrialOut, ERRORS: Problem}, summary="试算平衡")
def trial(request: HttpRequest, room: str, name: str, first_on: Day = None, last_on: Day = None) -> TrialOut:
    """Return the trial balance of a span of value dates, this month unless given."""
    last = last_on or CLOCK.today()
    found = queries.trial_balance(_book(request, room, name), first_on or last.replace(day=1), last)
    return TrialOut(
        first_on=found.first_on, last_on=found.last_on, balances=found.balances, turnover_fen=list(found.turnover),
        rows=[TrialRowOut(code=row.account.code, title=row.account.title, opening_fen=row.opening, debit_fen=row.debit,
                          credit_fen=row.credit, year_debit_fen=row.year_debit, year_credit_fen=row.year_credit,
                          closing_fen=row.closing) for row in found.rows],
    )  # fmt: skip


@router.get(
    f"{_BOOK}/accounts/{{code}}/statement", auth=Needs("fund.see"), response={200: StatementOut, ERRORS: Problem},
    summary="明细账",
)  # fmt: skip
def statement(
    request: HttpRequest, room: str, name: str, code: str, subject: Annotated[str, Query(max_length=60)] = "",
    first_on: Day = None, last_on: Day = None, after: Cursor = "", before: Cursor = "",
) -> StatementOut:  # fmt: skip
    """Return a page of an account's statement, newest first, each line with the balance after it by value dates."""
    account = _account(request, room, name, code)
    found = queries.account_statement(
        account, subject=subject, first_on=first_on, last_on=last_on, after=after, before=before
    )
    rows = [
        StatementRowOut(
            no=row.entry.no, value_on=row.posting.value_on, memo=row.entry.memo, subject=row.posting.subject,
            debit_fen=row.posting.debit, credit_fen=row.posting.credit, after_fen=row.after,
            bank_txn_no=row.posting.bank_txn_no,
        )
        for row in found.rows
    ]  # fmt: skip
    return StatementOut(
        opening_fen=found.opening,
        closing_fen=found.closing,
        rows=rows,
        next=found.page.next,
        previous=found.page.previous,
    )


@router.get(
    f"{_BOOK}/accounts/{{code}}/subjects", auth=Needs("fund.see"), response={200: SubjectsOut, ERRORS: Problem},
    summary="子目余额",
)  # fmt: skip
def list_subjects(
    request: HttpRequest, room: str, name: str, code: str, q: Annotated[str, Query(max_length=60)] = "",
    zero: bool = False, after: Cursor = "", before: Cursor = "",
) -> SubjectsOut:  # fmt: skip
    """Return a page of an account's subjects; `q` is how they begin, `zero` shows settled ones too."""
    page = queries.subjects(_account(request, room, name, code), text=q, open_only=not zero, after=after, before=before)
    return SubjectsOut(
        rows=[SubjectOut(subject=one.subject, balance_fen=one.net, debit_fen=one.debit, credit_fen=one.credit,
                         count=one.count, last_on=one.last_on) for one in page.rows],
        next=page.next, previous=page.previous,
    )  # fmt: skip


@router.get(
    f"{_BOOK}/drafts", auth=Needs("fund.see"), response={200: list[DraftOut], ERRORS: Problem}, summary="待复核"
)
def list_drafts(request: HttpRequest, room: str, name: str) -> list[DraftOut]:
    """Return what waits for a second hand."""
    rows = Draft.objects.filter(book=_book(request, room, name), state=Draft.State.PROPOSED).order_by("pk")
    return [_draft(row) for row in rows[:500]]


@router.get(
    f"{_BOOK}/payments", auth=Needs("fund.see"), response={200: list[PaymentOut], ERRORS: Problem}, summary="付款"
)
def list_payments(
    request: HttpRequest, room: str, name: str, state: Annotated[str, Query(max_length=10)] = ""
) -> list[PaymentOut]:
    """Return the newest 200 payments, of one state where given."""
    rows = PaymentInstruction.objects.filter(book=_book(request, room, name))
    return [_payment(row) for row in (rows.filter(state=state) if state else rows).order_by("-pk")[:200]]


@router.get(
    f"{_BOOK}/accounts/{{code}}/differences",
    auth=Needs("fund.see"),
    response={200: list[DifferenceOut], ERRORS: Problem},
    summary="对账差异",
)
def list_differences(request: HttpRequest, room: str, name: str, code: str) -> list[DifferenceOut]:
    """Return what stands open against the bank."""
    rows = Difference.objects.filter(account=_account(request, room, name, code), open=True).order_by("since_on", "pk")
    return [
        DifferenceOut(id=row.pk, sort=row.sort, direction=row.direction, amount_fen=row.amount, since_on=row.since_on,
                      due_on=row.due_on, organ=row.organ, text=row.text) for row in rows[:500]
    ]  # fmt: skip


# --- writes -----------------------------------------------------------------------------------------------------------


@router.post(f"{_BOOK}/entries", auth=Needs("fund.post"), response={200: DraftOut, ERRORS: Problem}, summary="拟记账")
def propose_entry(request: HttpRequest, room: str, name: str, body: EntryIn) -> DraftOut:
    """Prepare an entry for another hand; nothing is booked before."""
    lines = [Line(one.account, one.debit_fen, one.credit_fen, one.subject) for one in body.lines]
    row = actions.propose(
        actor=actor_of(request), book=f"{room}/{name}", value_on=body.value_on, lines=lines, memo=body.memo,
        basis=body.basis, event=body.event, case=body.case,
    )  # fmt: skip
    return _draft(row)


@router.post(
    f"{_BOOK}/entries/{{no}}/counter",
    auth=Needs("fund.post"),
    response={200: DraftOut, ERRORS: Problem},
    summary="拟对冲",
)
def propose_counter(request: HttpRequest, room: str, name: str, no: int, body: CounterIn) -> DraftOut:
    """Prepare the counter-entry of an entry for another hand."""
    if not 0 < no < 1 << 32:
        raise LuoshiError("E_NOT_FOUND", "没有这笔分录。")
    return _draft(actions.propose_counter(actor=actor_of(request), book=f"{room}/{name}", entry=no, reason=body.reason))


@router.post(f"{_BOOK}/close", auth=Needs("fund.post"), response={200: DraftOut, ERRORS: Problem}, summary="拟结账")
def propose_close(request: HttpRequest, room: str, name: str) -> DraftOut:
    """Prepare the close of the earliest open month for another hand."""
    book = _book(request, room, name)
    return _draft(actions.propose_close(actor=actor_of(request), book=book.key, month=actions.next_month(book)))


@router.post("/funds/drafts/{draft}", auth=Needs("fund.see"), response={200: DraftOut, ERRORS: Problem}, summary="复核")
def decide(request: HttpRequest, draft: int, body: DecisionIn) -> DraftOut:
    """Check what another hand prepared: book it, or send it back with a reason."""
    row = actions.decide(
        actor=actor_of(request), draft=_id(draft), accept=body.accept, reason=body.reason, version=body.version
    )
    return _draft(row)


@router.post(
    "/funds/payments/{payment}",
    auth=Needs("fund.check"),
    response={200: PaymentOut, ERRORS: Problem},
    summary="复核付款",
)
def check_payment(request: HttpRequest, payment: int, body: DecisionIn) -> PaymentOut:
    """Check a drafted payment with another hand."""
    row = payments.check_payment(
        actor=actor_of(request), payment=_id(payment), accept=body.accept, reason=body.reason, version=body.version
    )
    return _payment(row)


@router.post(
    f"{_BOOK}/accounts/{{code}}/statements/{{filename}}", auth=Needs("fund.bank"),
    response={200: StatementIn, ERRORS: Problem}, summary="导入对账单",
    openapi_extra={
        "requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    },
)  # fmt: skip
def import_statement(request: HttpRequest, room: str, name: str, code: str, filename: str) -> StatementIn:
    """Take an Excel or CSV statement in (the body is the file) and match it."""
    row = statements.import_file(
        actor=actor_of(request), account=_account(request, room, name, code), name=filename, data=request.body
    )
    return StatementIn(lines=row.count, opening_fen=row.opening, closing_fen=row.closing)


@router.post(
    f"{_BOOK}/accounts/{{code}}/sheets",
    auth=Needs("fund.bank"),
    response={200: SheetOut, ERRORS: Problem},
    summary="编调节表",
)
def make_sheet(request: HttpRequest, room: str, name: str, code: str, body: SheetIn) -> SheetOut:
    """Draw up the reconciliation sheet of an account at the end of a day."""
    return _sheet(
        reconcile.make_sheet(actor=actor_of(request), account=_account(request, room, name, code), on=body.on)
    )


@router.get(
    "/funds/sheets/{sheet}.pdf", auth=Needs("fund.see"), response={200: None, ERRORS: Problem}, summary="调节表 PDF"
)
def sheet_pdf(request: HttpRequest, sheet: int) -> HttpResponse:
    """Return a sheet as PDF."""
    row = Sheet.objects.select_related("account__book").filter(pk=_id(sheet)).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份调节表。")
    require_visible(actor_of(request), "fund.see", row.account.book.seen_by, "这份调节表")
    return HttpResponse(sheets.pdf(row), content_type="application/pdf")


@router.post(f"{_BOOK}/proof", auth=Needs("fund.see"), response={200: ProofOut, ERRORS: Problem}, summary="重算账簿")
def prove(request: HttpRequest, room: str, name: str) -> ProofOut:
    """Re-sum a book now and keep the result."""
    found = proof.prove(_book(request, room, name))
    return ProofOut(number=found.number, last_no=found.last_no, debit_fen=found.debit, credit_fen=found.credit,
                    faults=found.faults, digest=found.digest)  # fmt: skip


def _id(value: int) -> int:
    if not 0 < value < 1 << 62:
        raise LuoshiError("E_NOT_FOUND", "没有这个编号。")
    return value


# --- the banks --------------------------------------------------------------------------------------------------------

_RAW: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
}


def _refuse_accounts(request: HttpRequest) -> None:
    """Refuse whoever comes with an account: a bank has none, its signature opens."""
    if actor_of(request).user_id is not None:
        raise LuoshiError("E_FORBIDDEN", "银行接口凭报文的签名，不凭账号。请由银行系统直接送，不带登录和令牌。")


@router.post(
    "/bank/messages", auth=Needs("fund.receive"), response={200: BankAnswer, ERRORS: Problem}, summary="银行报文",
    openapi_extra=_RAW,
)  # fmt: skip
def receive(request: HttpRequest) -> BankAnswer:
    """Take one message of a bank. It is believed by its signature; a repetition gets the first answer."""
    _refuse_accounts(request)
    answer = bank.receive(request.body)
    known = {name: value for name, value in answer.data.items() if name in BankAnswer.model_fields and name != "data"}
    rest = {name: value for name, value in answer.data.items() if name not in known}
    return BankAnswer(result=answer.result, msg_id=answer.msg_id, data=rest, **known)  # type: ignore[arg-type]


@router.post(
    "/bank/files/{name}", auth=Needs("fund.receive"), response={200: FileAnswer, ERRORS: Problem}, summary="银行文件",
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
    },
)  # fmt: skip
def receive_file(request: HttpRequest, name: str) -> FileAnswer:
    """Take a file of messages (JSON lines with a trailer): nothing when the trailer is wrong, else line by line."""
    _refuse_accounts(request)
    report = bank.receive_file(name=name, data=request.body)
    return FileAnswer(name=report.name, accepted=report.accepted, duplicate=report.duplicate, faults=report.faults)


@router.post(
    f"{_BOOK}/accounts/{{code}}/outgoing", auth=Needs("fund.bank"), response={200: None, ERRORS: Problem},
    summary="待送报文写成文件",
)  # fmt: skip
def outgoing(request: HttpRequest, room: str, name: str, code: str) -> HttpResponse:
    """Return a file of what waits for the bank; it counts as sent."""
    filename, data = links.write_file(actor=actor_of(request), account=_account(request, room, name, code))
    return attachment(data, filename, "application/x-ndjson")
