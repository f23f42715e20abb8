"""The journal (序时账) of a book as a bound book has it, the same as Excel, and a printed voucher (记账凭证)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.office.funds import actions, plans, queries, sheets
from luoshi.office.funds.models import Book
from luoshi.office.paging import Total
from luoshi.office.web import attachment
from luoshi.site import fund_sheet
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.fund_words import book_href, crumbs, yuan
from luoshi.site.pages import page
from luoshi.site.parameter_words import cites
from luoshi.site.views import funds


@needs("fund.see")
@require_safe
def journal(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show the entries of a span by their numbers, a row a posting, debit left and credit right, with their sums."""
    book = funds.book_of(request, room, name)
    at, day = Address(request), funds.day_seen(request)
    first, last = funds.year_of(book, *funds.span_of(request), day)
    case, event = funds.conditions(request)
    found, rows = queries.journal(
        book, case=case, event=event, first_on=first, last_on=last, oldest_first=True,
        after=request.GET.get("after", ""), before=request.GET.get("before", ""),
    )  # fmt: skip
    lines = [line for row in rows for line in row.lines]
    context = {
        "page_title": _("序时账"),
        "crumbs": [*crumbs(), {"title": book.title, "href": funds.seen_on(book_href("fund-book", book), day)}],
        "book": book, "tabs": funds.tabs_of(book, "fund-journal", day=day), "first": first, "last": last,
        "case": case, "event": event, "events": funds.events_of(book),
        "hidden": at.hidden("from", "to", "case", "event"),
        "rows": _rows(rows, book),
        "here": [yuan(sum(one.debit for one in lines)), yuan(sum(one.credit for one in lines))],
        "sums": [yuan(fen) for fen in queries.turnover(book, first, last, case, event)],
        "paged": bool(found.previous or found.next),
        "last_page": not found.next,
        "pager": page_links(at, found, Total(0, False)),
        "export_href": funds.journal_export_href(book, case, event, first, last),
    }  # fmt: skip
    return page(request, "funds/journal.html", context, fragment="results")


def _rows(rows: list[queries.JournalRow], book: Book) -> list[dict[str, Any]]:
    chips = cites({row.entry.basis for row in rows if row.entry.basis})
    return [
        {
            "entry": row.entry,
            "href": book_href("fund-entry", book, row.entry.no),
            "cite": chips.get(row.entry.basis),
            "event": plans.event_title(book.plan, row.entry.event),
            "booked_at": row.seal.booked_at,
            "maker": row.seal.maker,
            "checker": row.seal.checker,
            "undoes": fund_sheet.undoes(row),
            "undone": row.countered,
            "lines": [
                {"account": line.account, "subject": line.subject, "txn": line.bank_txn_no,
                 "debit": yuan(line.debit) if line.debit else "", "credit": yuan(line.credit) if line.credit else ""}
                for line in row.lines
            ],
            "more": row.entry.lines - len(row.lines),
        }
        for row in rows
    ]  # fmt: skip


@needs("fund.see")
@require_safe
def export(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Give the journal of a span, this year unless given, of a business number or an event where asked, as Excel."""
    book = funds.book_of(request, room, name)
    first, last = funds.year_of(book, *funds.span_of(request))
    case, event = funds.conditions(request)
    rows = queries.journal_within(book, first, last, fund_sheet.LIMIT, case, event)
    if rows is None:
        raise funds.too_many()
    data = fund_sheet.journal(book, rows, first, last, actor_of(request).name, " ".join(filter(None, (case, event))))
    return attachment(data, f"{book.title}-{_('序时账')}-{first}-{last}.xlsx")


@needs("fund.see")
@require_safe
def voucher(request: HttpRequest, room: str, name: str, no: int) -> HttpResponse:
    """Give an entry as a printed voucher."""
    book = funds.book_of(request, room, name)
    row = queries.journal_rows([actions.entry_of(book, no)])[0]
    return attachment(sheets.voucher_pdf(book, row), f"{_('记账凭证')}-{row.entry.number}.pdf", "application/pdf")


_BOOK = "funds/<slug:room>/<str:name>/"
urlpatterns: list[URLPattern] = [
    path(f"{_BOOK}journal/", journal, name="fund-journal"),
    path(f"{_BOOK}journal.xlsx", export, name="fund-journal-export"),
    path(f"{_BOOK}entries/<int:no>/voucher.pdf", voucher, name="fund-voucher"),
]
