"""The books: list, book, journal, entries, statements, trial balance, papers of two hands. Bank pages: `fund_bank`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case, CaseParty
from luoshi.office.duties import concern
from luoshi.office.funds import actions, gauge, links, openings, orders, plans, queries, reconcile
from luoshi.office.funds.models import Account, Book, Draft, Entry, Kind, Period, Proof
from luoshi.office.paging import Total
from luoshi.office.permissions import may, scope_of
from luoshi.office.web import attachment
from luoshi.site import fund_sheet, switching
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.context import as_of
from luoshi.site.fund_words import book_href, cite_of, crumbs, gauge_drawn, split_yuan, yuan
from luoshi.site.pages import page
from luoshi.site.parameter_words import cites
from luoshi.site.typography import date_words
from luoshi.site.views import fund_opening

LINES = 8
TABS = (
    ("fund-book", gettext_lazy("概况与分录")),
    ("fund-journal", gettext_lazy("序时账")),
    ("fund-payments", gettext_lazy("付款")),
    ("fund-bank", gettext_lazy("对账")),
    ("fund-trial", gettext_lazy("试算平衡")),
    ("fund-drafts", gettext_lazy("待复核")),
)


def day_seen(request: HttpRequest) -> datetime.date | None:
    """Return the day the books are looked at as of; None for today."""
    seen = as_of(request)
    return seen.date if seen.active else None


def seen_on(href: str, day: datetime.date | None) -> str:
    """Return an address that goes on looking at the same day."""
    return href if day is None else f"{href}{'&' if '?' in href else '?'}on={day}"


def tabs_of(
    book: Book, current: str, counts: dict[str, int] | None = None, day: datetime.date | None = None
) -> list[dict[str, Any]]:
    """Return the tabs of a book's pages."""
    counts = counts or {}
    return [
        {"label": str(words), "href": seen_on(book_href(name, book), day), "current": name == current,
         "count": counts.get(name)}
        for name, words in TABS
    ]  # fmt: skip


def book_of(request: HttpRequest, room: str, name: str) -> Book:
    """Return the book of an address; E_NOT_FOUND for one the actor may not see."""
    return queries.visible_book(actor_of(request), f"{room}/{name}")


def back(href: str, done: str) -> HttpResponse:
    """Send back to a page that says what was done."""
    return HttpResponseRedirect(f"{href}{'&' if '?' in href else '?'}done={done}", status=303)


DONE = {
    "proposed": gettext_lazy("已送复核，另一人同意后入账"),
    "closing": gettext_lazy("已送复核，另一人同意后结账"),
    "accepted": gettext_lazy("已复核"),
    "refused": gettext_lazy("已退回"),
    "imported": gettext_lazy("对账单已导入并勾对"),
    "matched": gettext_lazy("已勾对"),
    "sheet": gettext_lazy("调节表已编制"),
    "signed": gettext_lazy("已复核签名"),
    "paid": gettext_lazy("付款已拟，待复核"),
    "seen": gettext_lazy("已看"),
    "opened": gettext_lazy("账簿已开立，可以记账"),
}


def said(request: HttpRequest) -> str:
    """Return what the page before has done, in words."""
    return str(DONE.get(request.GET.get("done", ""), ""))


# --- books ------------------------------------------------------------------------------------------------------------


@needs("fund.see")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show the books with their money, what is on its way and what waits."""
    actor, day = actor_of(request), day_seen(request)
    room = switching.chosen(request.GET)
    seen = queries.visible_books(actor)
    books = list((seen.filter(room=room.key) if room is not None else seen)[:500])
    rows = queries.rows_of_books(books, day)
    keepers = concern.titles({row["book"].organ for row in rows}, CLOCK.today())
    for row in rows:
        row["href"] = seen_on(book_href("fund-book", row["book"]), day)
        row["keeper"] = keepers[row["book"].organ]
        row |= {f"{name}_yuan": yuan(row[name]) for name in ("bank", "transit", "suspense")}
    offered = openings.kinds(actor)
    context = {
        "page_title": _("资金"),
        "crumbs": [],
        "rows": rows,
        "waiting": fund_opening.waiting_rows(actor),
        "open_href": reverse("fund-open-kinds") if any(one.offered for one in offered) else "",
        "kinds": [] if rows else fund_opening.kind_rows(offered),
    }
    return page(request, "funds/books.html", context)


def _runs(over: queries.Overview) -> str:
    """What the column of running sums in a journal holds (`queries.running`)."""
    return _("净资产余额") if any(one.kind == Kind.FUND for one, _net in over.accounts) else _("银行存款余额")


@needs("fund.see")
@require_safe
def book_page(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show a book: figures, gauges, accounts, the journal."""
    book = book_of(request, room, name)
    actor, day, at = actor_of(request), day_seen(request), Address(request)
    case, event = conditions(request)
    found, rows = queries.journal(
        book, case=case, event=event, last_on=day,
        after=request.GET.get("after", ""), before=request.GET.get("before", ""),
    )  # fmt: skip
    after = {} if case or event or day else queries.running(book, found.rows)
    over = queries.overview(book, day)
    names = links.names([one.bank for one, _net in over.accounts if one.bank])
    context = {
        "page_title": book.title,
        "crumbs": crumbs(),
        "book": book,
        "over": over,
        "cite": cite_of(book.basis),
        # What a room computes of its book is told of today only.
        "headlines": [
            {"title": one.title, "value": None if one.fen is None else split_yuan(one.fen), "words": one.words,
             "note": one.note}
            for one in gauge.said_of(book)
        ] if day is None else [],
        "figures": _figures(over, day),
        "gauges": [gauge_drawn(one) for one in gauge.of_book(book)] if day is None else [],
        "accounts": [
            {"account": one, "net": net, "words": yuan(net), "href": seen_on(account_href(one), day),
             "subjects_href": seen_on(f"{account_href(one)}?view=subjects", day)}
            for one, net in over.accounts
        ],
        "where": _where(over),
        "rows": entry_rows(rows, book, after, day),
        "runs": _runs(over) if after else "",
        "case": case,
        "event": event,
        "events": events_of(book),
        "hidden": at.hidden("case", "event"),
        "banks": [
            {"name": names.get(one.bank, one.title), "tail": one.number[-4:]}
            for one, _net in over.accounts if one.part == "bank" and one.number
        ][:3],
        "pager": page_links(at, found, Total(book.last_no, True)),
        "tabs": tabs_of(book, "fund-book", {"fund-payments": sum(n for n, _fen in over.payments.values()),
                                            "fund-bank": over.differences, "fund-drafts": over.drafts}
                        if day is None else {}, day),
        "can_post": day is None and may(actor, "fund.post", [book.organ]),
        "can_bank": day is None and may(actor, "fund.bank", [book.organ]),
        "new_href": book_href("fund-new", book),
        "bank_href": book_href("fund-bank", book),
        "export_href": journal_export_href(book, case, event, None, day),
        "done": said(request),
    }  # fmt: skip
    return page(request, "funds/book.html", context, fragment="journal")


def conditions(request: HttpRequest) -> tuple[str, str]:
    """Return the business number and the event a journal is asked for."""
    return request.GET.get("case", "").strip()[:80], request.GET.get("event", "")[:20]


def events_of(book: Book) -> list[tuple[str, str]]:
    """Return the events of a book's table to choose from; none where its plan is not known."""
    plan = next((one for one in plans.known_plans() if one.key == book.plan), None)
    events = list(plan.events.items()) if plan else []
    return [("", _("全部事项")), *((key, f"{key} {words}") for key, words in events)] if events else []


def journal_export_href(
    book: Book, case: str, event: str, first: datetime.date | None, last: datetime.date | None
) -> str:
    """Return the address of the journal as Excel with the conditions of the page; from the first entry unless said."""
    span = {"from": first or queries.first_day(book), "to": last or CLOCK.today()}
    asked = {name: words for name, words in (("case", case), ("event", event)) if words}
    return f"{book_href('fund-journal-export', book)}?{urlencode(asked | span)}"


def _where(over: queries.Overview) -> list[dict[str, Any]]:
    """Return the accounts that hold the book's money, the largest first, each with its share; none for a lone one."""
    held = sorted(((net, one.title) for one, net in over.accounts if one.kind == "asset" and net > 0), reverse=True)
    total = sum(net for net, _title in held)
    shown = [{"title": title, "words": yuan(net), "share": round(100 * net / total, 2)} for net, title in held]
    return shown if len(shown) > 1 else []


def _figures(over: queries.Overview, day: datetime.date | None) -> list[dict[str, Any]]:
    checked = [sheet for _account, sheet, _statement in over.sheets]
    agree = all(sheet is not None and not sheet.difference for sheet in checked) and bool(checked)
    open_items = sum(len(sheet.items) for sheet in checked if sheet is not None)
    newest = max((sheet.on for sheet in checked if sheet is not None), default=None)
    words, tone = (_("一致"), "green") if agree else (_("尚未对账"), "") if newest is None else (_("不一致"), "red")
    if agree and over.differences:
        words, tone = _("调节后一致"), "green"
    waiting = [n for state, (n, _fen) in over.payments.items()]
    return [
        {"title": _("银行存款"), "value": split_yuan(over.money), "note": _("%d 个账户") % len(over.sheets)},
        {"title": _("在途付款"), "value": split_yuan(over.in_transit),
         "note": _("%d 笔未了") % sum(waiting) if day is None else ""},
        {"title": _("待认领"), "value": split_yuan(over.suspense), "note": ""},
        {"title": _("与银行核对"), "words": words, "tone": tone,
         "note": _("%(day)s，未达 %(n)d 笔") % {"day": date_words(newest), "n": open_items}
         if newest else ""},
        *([{"title": _("夜间重算"), **_proven(over.proof)}] if day is None else []),
    ]  # fmt: skip


def _proven(proof: Proof | None) -> dict[str, Any]:
    if proof is None:
        return {"words": _("尚未重算"), "tone": "", "note": ""}
    words, tone = (_("不符"), "red") if proof.faults else (_("相符"), "green")
    return {"words": words, "tone": tone, "note": _("到 JZ-%04d") % proof.last_no}


def account_href(account: Account, subject: str = "") -> str:
    """Return the address of an account's statement."""
    href = book_href("fund-account", account.book, account.code)
    return f"{href}?{urlencode({'subject': subject})}" if subject else href


def entry_rows(
    rows: Sequence[queries.JournalRow],
    book: Book,
    after: Mapping[int, int] = MappingProxyType({}),
    day: datetime.date | None = None,
) -> list[dict[str, Any]]:
    """Return entries as the journal shows them; their citations are looked up together. `after`: what the book held."""
    chips = cites({row.entry.basis for row in rows if row.entry.basis})
    return [
        _entry_row(row, book, day)
        | {"cite": chips.get(row.entry.basis), "after": yuan(after[row.entry.pk]) if row.entry.pk in after else ""}
        for row in rows
    ]


def _entry_row(row: queries.JournalRow, book: Book, day: datetime.date | None) -> dict[str, Any]:
    entry, owed, had = row.entry, row.debits[:4], row.credits[:4]
    return {
        "entry": entry,
        "href": seen_on(book_href("fund-entry", book, entry.no), day),
        "debits": owed,
        "credits": had,
        "more": entry.lines - len(owed) - len(had),
        "amount": yuan(row.amount),
        "event": plans.event_title(book.plan, entry.event),
        "hands": " / ".join(one for one in (row.seal.maker, row.seal.checker) if one),
        "counter": entry.counter_of_id is not None,
        "countered": row.countered,
    }


@needs("fund.see")
@require_safe
def entry_page(request: HttpRequest, room: str, name: str, no: int) -> HttpResponse:
    """Show one entry: its lines, basis, hands, and its counter-entry beside it."""
    book = book_of(request, room, name)
    entry = actions.entry_of(book, no)
    return _entry(request, book, entry)


def _entry(request: HttpRequest, book: Book, entry: Entry, error: LuoshiError | None = None) -> HttpResponse:
    pair = [entry]
    other = entry.counter_of_id and Entry.objects.filter(pk=entry.counter_of_id).first()
    undone = Entry.objects.filter(counter_of=entry).first()
    pair += [one for one in (other, undone) if one]
    rows = queries.journal_rows(pair)
    actor, day = actor_of(request), day_seen(request)
    shown = entry_rows(rows, book, day=day)
    context = {
        "page_title": f"{entry.number} {entry.memo}".strip(),
        "crumbs": [*crumbs(), {"title": book.title, "href": book_href("fund-book", book)}],
        "book": book,
        "row": shown[0],
        "seal": rows[0].seal,
        "pair": [
            {"row": row, "lines": [_line(line) for line in one.lines], "seal": one.seal}
            for row, one in zip(shown, rows, strict=True)
        ],
        "case_href": seen_on(f"{book_href('fund-book', book)}?{urlencode({'case': entry.case})}", day)
        if entry.case
        else "",
        "matter_href": _matter_href(actor, entry.case),
        "before_href": seen_on(book_href("fund-entry", book, entry.no - 1), day) if entry.no > 1 else "",
        "after_href": seen_on(book_href("fund-entry", book, entry.no + 1), day) if entry.no < book.last_no else "",
        "pdf_href": book_href("fund-voucher", book, entry.no),
        "can_counter": day is None
        and entry.counter_of_id is None
        and undone is None
        and may(actor, "fund.post", [book.organ]),
        "errors": {"reason": error.message} if error else {},
        "done": said(request),
    }
    return page(request, "funds/entry.html", context, status=422 if error else 200)


def _matter_href(actor: Actor, number: str) -> str:
    """Return the address of the case an entry belongs to, where the hands of each step stand; '' if it is not seen."""
    found = Case.objects.filter(number=number).first() if number else None
    if found is None:
        return ""
    reach = concern.organs_within(scope_of(actor, "case.see"))
    own = {found.organ, *CaseParty.objects.filter(case=found).values_list("organ", flat=True)}
    return reverse("case", args=[found.pk]) if reach is None or reach & own else ""


def _line(line: Any) -> dict[str, Any]:
    # The statement of the entry's own year, where the entry stands.
    href, year = account_href(line.account, line.subject), line.value_on.year
    return {
        "account": line.account,
        "href": f"{href}{'&' if '?' in href else '?'}from={year}-01-01&to={year}-12-31",
        "subject": line.subject,
        "debit": yuan(line.debit) if line.debit else "",
        "credit": yuan(line.credit) if line.credit else "",
        "txn": line.bank_txn_no,
    }


@needs("fund.post")
@require_POST
def counter(request: HttpRequest, room: str, name: str, no: int) -> HttpResponse:
    """Propose the counter-entry of an entry."""
    book = book_of(request, room, name)
    try:
        draft = actions.propose_counter(
            actor=actor_of(request), book=book.key, entry=no, reason=request.POST.get("reason", "")
        )
    except LuoshiError as error:
        if error.http_status not in (409, 422):
            raise
        return _entry(request, book, actions.entry_of(book, no), error)
    return back(reverse("fund-draft", args=[draft.pk]), "proposed")


# --- statements, trial balance ----------------------------------------------------------------------------------------


def span_of(request: HttpRequest) -> tuple[datetime.date | None, datetime.date | None]:
    """Return the span a page is asked for, as far as it is; E_INPUT for what is no date or ends before it begins."""
    found = []
    for name in ("from", "to"):
        text = request.GET.get(name, "").strip()
        try:
            found.append(datetime.date.fromisoformat(text) if text else None)
        except ValueError:
            raise LuoshiError("E_INPUT", _("“%s”不是日期，应如 2018-03-08。") % text[:20]) from None
    if found[0] and found[1] and found[0] > found[1]:
        raise LuoshiError("E_INPUT", _("起日晚于止日。"))
    return found[0], found[1]


@needs("fund.see")
@require_safe
def account_page(request: HttpRequest, room: str, name: str, code: str) -> HttpResponse:
    """Show an account's statement as a bound book has it, oldest first, or its subjects with their balances."""
    book = book_of(request, room, name)
    account = queries.account_of(book, code)
    subject, wants = request.GET.get("subject", "")[:60], request.GET.get("view", "")
    at, day = Address(request), day_seen(request)
    first, last = year_of(book, *span_of(request), day)
    net = queries.balance(account, subject) if day is None else queries.balance_on(account, day, subject)
    context: dict[str, Any] = {
        "page_title": f"{account.code} {account.title}" + (f" · {subject}" if subject else ""),
        "crumbs": [*crumbs(), {"title": book.title, "href": seen_on(book_href("fund-book", book), day)}],
        "book": book, "account": account, "subject": subject, "by_subject": account.by_subject,
        "first": first, "last": last, "hidden": at.hidden("from", "to"),
        "views": [
            {"label": _("明细账"), "href": at.having(view="", subject=""), "current": wants != "subjects"},
            {"label": _("按子目"), "href": at.having(view="subjects", subject=""), "current": wants == "subjects"},
        ] if account.by_subject and not subject else [],
        "net": split_yuan(abs(net)),
        "side": _on_side(account, net),
    }  # fmt: skip
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    if account.by_subject and wants == "subjects" and not subject:
        return _subjects(request, account, context, after, before)
    told = queries.account_statement(
        account, subject=subject, first_on=first, last_on=last, after=after, before=before, oldest_first=True
    )
    context |= {
        "bank": account.part == "bank",
        "title": _(fund_sheet.title_of(account)),
        "opening": _stands(account, told.opening), "closing": _stands(account, told.closing),
        "opening_word": _(fund_sheet.opening_word(first, told.opening)),
        "turnover": [yuan(told.debit), yuan(told.credit)],
        "brought": _carried(account, told.before, told.brought) if told.page.previous else None,
        "carried": _carried(account, told.rows[-1].after, told.carried) if told.page.next and told.rows else None,
        "export_href": book_href("fund-account-export", book, code) + f"?from={first}&to={last}"
        + (f"&{urlencode({'subject': subject})}" if subject else ""),
        "rows": _bound(account, told, day),
        "pager": page_links(at, told.page, Total(0, False)),
    }  # fmt: skip
    return page(request, "funds/statement.html", context, fragment="results")


def _bound(account: Account, told: queries.AccountStatement, day: datetime.date | None) -> list[dict[str, Any]]:
    """Return the lines of a page with what a bound book writes under them: sums of the month, a new year's opening."""
    return [
        {"posting": one.posting, "entry": one.entry, "others": one.others, "after": _stands(account, one.after),
         "href": seen_on(book_href("fund-entry", account.book, one.entry.no), day),
         "debit": yuan(one.posting.debit) if one.posting.debit else "",
         "credit": yuan(one.posting.credit) if one.posting.credit else "",
         "sums": [
             {"on": end.until, "words": words, "debit": yuan(debit), "credit": yuan(credit),
              "after": _stands(account, end.after)}
             for words, debit, credit in ((_("本月合计"), end.debit, end.credit),
                                          (_("本年累计"), end.year_debit, end.year_credit))
         ] if (end := told.ends.get(one.posting.pk)) else [],
         "year": _stands(account, one.after) | {"on": following.posting.value_on.replace(month=1, day=1)}
         if following and one.after and following.posting.value_on.year != one.posting.value_on.year else None}
        for one, following in zip_longest(told.rows, told.rows[1:]) if one
    ]  # fmt: skip


def _subjects(request: HttpRequest, account: Account, context: dict[str, Any], after: str, before: str) -> HttpResponse:
    day, text, every = day_seen(request), request.GET.get("q", "").strip()[:60], request.GET.get("all") == "1"
    # Of a past day every subject is asked for: what is settled now may have stood open then.
    found = queries.subjects(account, text=text, open_only=not every and day is None, after=after, before=before)
    rows = list(found.rows) if day is None else queries.subjects_on(account, found.rows, day)
    kept = queries.sums_of(account, day)
    pager = page_links(Address(request), found, Total(0, False))
    shown = [one for one in rows if one.net or every or day is None]
    context |= {
        "sums": [yuan(kept.debit), yuan(kept.credit), yuan(abs(kept.net))] if kept else [],
        "mark": fund_sheet.side(account, kept.net if kept else 0),
        "q": text, "all": every, "day": day,
        "rows": [
            {"subject": one.subject, "net": yuan(abs(one.net)), "side": fund_sheet.side(account, one.net),
             "debit": yuan(one.debit), "credit": yuan(one.credit), "count": one.count, "last_on": one.last_on,
             "href": seen_on(account_href(account, one.subject), day)}
            for one in shown
        ],
        "export_href": book_href("fund-subjects-export", account.book, account.code)
        + f"?{urlencode({'q': text, 'all': '1' if every else '', 'on': day or ''})}",
        "pager": pager | {"shown": len(shown)},
    }  # fmt: skip
    return page(request, "funds/subjects.html", context, fragment="results")


def _on_side(account: Account, net: int) -> str:
    sides = {"借": _("借方余额"), "贷": _("贷方余额"), "平": _("余额")}
    return sides[fund_sheet.side(account, net)]


def year_of(
    book: Book, first: datetime.date | None, last: datetime.date | None, day: datetime.date | None = None
) -> tuple[datetime.date, datetime.date]:
    """Return a span; what is not given is the year of the last day, up to today or the `day` looked at."""
    last = last or max(day or CLOCK.today(), first or book.opened_on)
    return first or last.replace(month=1, day=1), last


def _stands(account: Account, net: int) -> dict[str, str]:
    """Return a balance with the side it stands on."""
    return {"side": fund_sheet.side(account, net), "words": yuan(abs(net))}


def _carried(account: Account, net: int, sums: tuple[int, int]) -> dict[str, str]:
    """Return what a page hands to the next: the turnover so far and the balance."""
    return _stands(account, net) | {"debit": yuan(sums[0]), "credit": yuan(sums[1])}


@needs("fund.see")
@require_safe
def account_export(request: HttpRequest, room: str, name: str, code: str) -> HttpResponse:
    """Give the statement of an account, or one subject of it, for a span as an Excel file."""
    book = book_of(request, room, name)
    account, subject = queries.account_of(book, code), request.GET.get("subject", "")[:60]
    first, last = year_of(book, *span_of(request))
    told = queries.account_statement(
        account, subject=subject, first_on=first, last_on=last, size=fund_sheet.LIMIT, oldest_first=True
    )
    if told.page.next:
        raise too_many()
    data = fund_sheet.statement(account, subject, told, first, last, actor_of(request).name)
    return attachment(data, f"{account.code}-{account.title}-{first}-{last}.xlsx")


@needs("fund.see")
@require_safe
def subjects_export(request: HttpRequest, room: str, name: str, code: str) -> HttpResponse:
    """Give the subjects of an account with their balances as an Excel file, as the page lists them."""
    account = queries.account_of(book_of(request, room, name), code)
    day, text, every = day_seen(request), request.GET.get("q", "").strip()[:60], request.GET.get("all") == "1"
    found = queries.subjects(account, text=text, open_only=not every and day is None, size=fund_sheet.LIMIT)
    if found.next:
        raise too_many()
    rows = list(found.rows) if day is None else queries.subjects_on(account, found.rows, day)
    on = day or CLOCK.today()
    data = fund_sheet.subjects(account, [one for one in rows if one.net or every], on, actor_of(request).name)
    return attachment(data, f"{account.code}-{account.title}-{_('子目余额表')}-{on}.xlsx")


@needs("fund.see")
@require_safe
def trial_export(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Give the trial balance of a span, this month unless given, as an Excel file."""
    book = book_of(request, room, name)
    first, last = _month(*span_of(request))
    data = fund_sheet.trial(book, queries.trial_balance(book, first, last), actor_of(request).name)
    return attachment(data, f"{book.title}-{_('试算平衡表')}-{first}-{last}.xlsx")


def too_many() -> LuoshiError:
    """Return the refusal of a file with too many rows."""
    bound = f"{fund_sheet.LIMIT:,}"
    return LuoshiError("E_TOO_LARGE", _("这段时间超过 %s 行，请把起止日期缩短后分次导出。") % bound)


def _month(
    first: datetime.date | None, last: datetime.date | None, day: datetime.date | None = None
) -> tuple[datetime.date, datetime.date]:
    last = last or max(day or CLOCK.today(), first or datetime.date.min)
    return first or last.replace(day=1), last


@needs("fund.see")
@require_safe
def trial(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show the trial balance of a span, this month unless given."""
    return _trial(request, book_of(request, room, name))


def _trial(request: HttpRequest, book: Book, error: LuoshiError | None = None) -> HttpResponse:
    day = day_seen(request)
    first, last = _month(*span_of(request), day)
    found = queries.trial_balance(book, first, last)
    context = {
        "page_title": _("试算平衡表"),
        "crumbs": [*crumbs(), {"title": book.title, "href": seen_on(book_href("fund-book", book), day)}],
        "book": book, "tabs": tabs_of(book, "fund-trial", day=day), "first": first, "last": last,
        "hidden": Address(request).hidden("from", "to"),
        "rows": [_trial_row(row, first, last, day) for row in found.rows],
        "sums": [yuan(fen) for pair in found.pairs for fen in pair],
        "balances": found.balances,
        "export_href": book_href("fund-trial-export", book) + f"?from={first}&to={last}",
        "journal_href": seen_on(book_href("fund-journal", book) + f"?from={first}&to={last}", day),
        "periods": [
            {"period": one, "turnover": yuan(sum(debit for _opening, debit, _credit, _closing in one.figures.values())),
             "href": f"{book_href('fund-trial', book)}?from={one.first_on}&to={one.last_on}"}
            for one in Period.objects.filter(book=book).order_by("-first_on")[:24]
        ],
        "next_month": (coming := actions.next_month(book)),
        "next_over": actions.month_of(coming)[1] < CLOCK.today(),
        "closing": actions.closing(book),
        "can_close": day is None and may(actor_of(request), "fund.post", [book.organ]),
        "errors": {"": error.message} if error else {},
        "done": said(request),
    }  # fmt: skip
    return page(request, "funds/trial.html", context, status=error.http_status if error else 200)


def _trial_row(
    row: queries.TrialRow, first: datetime.date, last: datetime.date, day: datetime.date | None
) -> dict[str, Any]:
    def sides(value: int) -> list[str]:
        on_debit = (row.account.normal == "D") == (value >= 0)
        return [yuan(abs(value)) if value and on_debit else "", yuan(abs(value)) if value and not on_debit else ""]

    moved = [yuan(fen) if fen else "" for fen in (row.debit, row.credit, row.year_debit, row.year_credit)]
    return {
        "account": row.account,
        "href": seen_on(f"{account_href(row.account)}?from={first}&to={last}", day),
        "cells": [*sides(row.opening), *moved, *sides(row.closing)],
        "empty": not (row.opening or row.debit or row.credit),
    }


@needs("fund.post")
@require_POST
def close(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Propose the close of the next month; who comes second is led to what waits already."""
    book = book_of(request, room, name)
    try:
        draft = actions.propose_close(actor=actor_of(request), book=book.key, month=actions.next_month(book))
    except LuoshiError as error:
        if error.code == "E_DUPLICATE" and (waits := actions.closing(book)) is not None:
            return HttpResponseRedirect(reverse("fund-draft", args=[waits.pk]), status=303)
        if error.http_status not in (409, 422):
            raise
        return _trial(request, book, error)
    return back(reverse("fund-draft", args=[draft.pk]), "closing")


# --- two hands --------------------------------------------------------------------------------------------------------


@needs("fund.post")
@require_http_methods(["GET", "HEAD", "POST"])
def new_entry(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Prepare an entry for another hand."""
    book = book_of(request, room, name)
    accounts = list(Account.objects.filter(book=book, closed_on__isnull=True).order_by("seq", "code"))
    typed, errors = _typed(request), {}
    if request.method == "POST":
        try:
            draft = actions.propose(
                actor=actor_of(request), book=book.key, value_on=_typed_day(typed["value_on"]),
                lines=_typed_lines(typed), memo=typed["memo"], basis=typed["basis"], case=typed["case"],
                event=typed["event"],
            )  # fmt: skip
            return back(reverse("fund-draft", args=[draft.pk]), "proposed")
        except LuoshiError as error:
            if error.http_status not in (409, 422):
                raise
            errors = {str(error.fields.get("field", "")): error.message}
    plan = plans.plan_of(book.plan) if any(one.key == book.plan for one in plans.known_plans()) else None
    context = {
        "page_title": _("记一笔"),
        "crumbs": [*crumbs(), {"title": book.title, "href": book_href("fund-book", book)}],
        "book": book,
        "typed": typed,
        "errors": errors,
        "accounts": [("", _("选科目")), *((one.code, f"{one.code} {one.title}") for one in accounts)],
        "events": [("", _("不写")), *((key, f"{key} {words}") for key, words in (plan.events if plan else {}).items())],
        "by_subject": any(one.by_subject for one in accounts),
    }
    return page(request, "funds/new.html", context, status=422 if errors else 200)


def _typed(request: HttpRequest) -> dict[str, Any]:
    names = {"value_on": 10, "memo": 200, "basis": 200, "case": 80, "event": 20}
    typed: dict[str, Any] = {name: request.POST.get(name, "")[:most] for name, most in names.items()}
    typed["value_on"] = typed["value_on"] or str(CLOCK.today())
    columns = {name: request.POST.getlist(name) for name in ("account", "subject", "debit", "credit")}
    typed["lines"] = [
        {name: (values[place] if place < len(values) else "")[:60].strip() for name, values in columns.items()}
        | {"n": place + 1}
        for place in range(max(LINES, min(len(columns["account"]), 200)))
    ]  # fmt: skip
    return typed


def _typed_day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise LuoshiError("E_INPUT", _("起息日应如 2018-03-08。"), fields={"field": "value_on"}) from None


def _typed_lines(typed: dict[str, Any]) -> list[orders.Line]:
    lines = []
    for row in typed["lines"]:
        if not any(row[name] for name in ("account", "debit", "credit")):
            continue
        if not row["account"]:
            raise LuoshiError("E_INPUT", _("第 %d 行没有选科目。") % row["n"])
        owed, had = (Money.yuan(row[name]).fen if row[name] else 0 for name in ("debit", "credit"))
        lines.append(orders.Line(row["account"], owed, had, row["subject"]))
    return lines


@needs("fund.see")
@require_safe
def drafts(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show what waits for a second hand in a book, and what was decided last."""
    book = book_of(request, room, name)
    waiting = Draft.objects.filter(book=book, state=Draft.State.PROPOSED).order_by("pk")[:200]
    decided = Draft.objects.filter(book=book).exclude(state=Draft.State.PROPOSED).order_by("-pk")[:50]
    context = {
        "page_title": _("待复核"),
        "crumbs": [*crumbs(), {"title": book.title, "href": book_href("fund-book", book)}],
        "book": book, "tabs": tabs_of(book, "fund-drafts", day=day_seen(request)),
        "waiting": [{"draft": one, "href": reverse("fund-draft", args=[one.pk])} for one in waiting],
        "decided": [{"draft": one, "href": reverse("fund-draft", args=[one.pk])} for one in decided],
    }  # fmt: skip
    return page(request, "funds/drafts.html", context)


@needs("fund.see")
@require_http_methods(["GET", "HEAD", "POST"])
def draft_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what another hand prepared; decide it."""
    actor, error = actor_of(request), None
    if request.method == "POST":
        try:
            done = actions.decide(
                actor=actor, draft=pk, accept=request.POST.get("act") == "accept",
                reason=request.POST.get("reason", ""), version=_version(request),
            )  # fmt: skip
            return back(reverse("fund-draft", args=[pk]), "accepted" if done.state == Draft.State.DONE else "refused")
        except LuoshiError as refused:
            if refused.code in ("E_NOT_FOUND", "E_FORBIDDEN"):
                raise
            error = refused
    row = Draft.objects.select_related("book", "entry").filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这份待复核。"))
    book = queries.visible_book(actor, row.book.key)
    context = {
        "page_title": row.title,
        "crumbs": [*crumbs(), {"title": book.title, "href": book_href("fund-book", book)}],
        "book": book, "draft": row, "content": row.content, "cite": cite_of(str(row.content.get("basis", ""))),
        "event": _event_words(book, str(row.content.get("event") or "")),
        "lines": (lines := _draft_lines(row, book)),
        "sums": [yuan(sum(line[side] for line in lines)) for side in ("debit_fen", "credit_fen")],
        "closing": _closing(row, book),
        "moved_to": _moved_to(row, book),
        "trial_href": _trial_href(row, book),
        "entry_href": book_href("fund-entry", book, row.entry.no) if row.entry else "",
        "entry": row.entry,
        "hands": hands(row, actor, "fund.close" if row.act == Draft.Act.CLOSE else "fund.check", book)
        if day_seen(request) is None else None,
        "errors": {str(error.fields.get("field", "")): error.message} if error else {},
        "done": "" if error else said(request),
    }  # fmt: skip
    return page(request, "funds/draft.html", context, status=422 if error else 200)


def _event_words(book: Book, event: str) -> str:
    return f"{event} {plans.event_title(book.plan, event)}" if event else ""


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 9 else None


def _moved_to(row: Draft, book: Book) -> datetime.date | None:
    """Return the day on which what the bank moved in a closed month will be booked, None where it is that day."""
    if row.act != Draft.Act.SETTLE or row.state != Draft.State.PROPOSED or not row.content.get("value_on"):
        return None
    day = datetime.date.fromisoformat(row.content["value_on"])
    return moved if (moved := book.open_day(day)) != day else None


def _closing(row: Draft, book: Book) -> dict[str, Any]:
    """Return the sums of the month that is to be closed, as the second hand looks at them."""
    if row.act != Draft.Act.CLOSE:
        return {}
    found = queries.trial_balance(book, *_month_closed(row))
    return {"turnover": [yuan(fen) for fen in found.turnover], "ends": [yuan(fen) for fen in found.closing],
            "balances": found.balances}  # fmt: skip


def _month_closed(row: Draft) -> tuple[datetime.date, datetime.date]:
    return actions.month_of(datetime.date.fromisoformat(f"{row.content['month']}-01"))


def _trial_href(row: Draft, book: Book) -> str:
    """Return the trial balance of the month that is to be closed."""
    if row.act != Draft.Act.CLOSE:
        return ""
    first, last = _month_closed(row)
    return f"{book_href('fund-trial', book)}?from={first}&to={last}"


def _draft_lines(row: Draft, book: Book) -> list[dict[str, Any]]:
    titles = dict(Account.objects.filter(book=book).values_list("code", "title"))
    lines: Sequence[Any] = row.content.get("lines") or ()
    if row.act == Draft.Act.COUNTER and row.entry is not None and row.state == Draft.State.PROPOSED:
        found = queries.lines_of([row.entry]).get(row.entry.pk, [])
        lines = [[one.account.code, one.credit, one.debit, one.subject] for one in found]
    if row.act == Draft.Act.SETTLE and row.state == Draft.State.PROPOSED:
        lines = reconcile.as_it_would_be(row)
    return [
        {"code": one[0], "title": titles.get(one[0], ""), "debit": yuan(one[1]) if one[1] else "",
         "credit": yuan(one[2]) if one[2] else "", "subject": one[3] if len(one) > 3 else "",
         "debit_fen": one[1], "credit_fen": one[2]}
        for one in lines
    ]  # fmt: skip


def hands(row: Any, actor: Actor, permission: str, book: Book) -> dict[str, Any] | None:
    """Return the two slots of a draft that waits; None when it is decided."""
    if row.state != Draft.State.PROPOSED:
        return None
    own = row.maker_id is not None and row.maker_id in actor.hands
    mine = may(actor, permission, [book.organ]) and not own
    pair: dict[str, Any] = {
        "first": {"name": row.maker_name, "post": _("拟办"), "at": row.made_at, "you": own, "note": ""},
        "second": {"name": actor.name if mine else "", "post": _("复核"), "at": None, "you": mine,
                   "note": _("对照原始单据看过每一行后办")},
    }  # fmt: skip
    words = _("复核无误，入账")
    if row.act == Draft.Act.CLOSE:
        words, pair["second"]["note"] = _("复核无误，结账"), _("看过这个月的试算平衡后办")
    if mine:
        pair["act"] = {"name": "act", "value": "accept", "words": words}
        pair["back"] = {"name": "act", "value": "refuse", "words": _("退回")}
    return pair


_BOOK = "funds/<slug:room>/<str:name>/"
urlpatterns: list[URLPattern] = [
    path("funds/", index, name="funds"),
    path("funds/drafts/<int:pk>/", draft_page, name="fund-draft"),
    path(_BOOK, book_page, name="fund-book"),
    path(f"{_BOOK}new/", new_entry, name="fund-new"),
    path(f"{_BOOK}entries/<int:no>/", entry_page, name="fund-entry"),
    path(f"{_BOOK}entries/<int:no>/counter/", counter, name="fund-counter"),
    path(f"{_BOOK}accounts/<str:code>/", account_page, name="fund-account"),
    path(f"{_BOOK}accounts/<str:code>/statement.xlsx", account_export, name="fund-account-export"),
    path(f"{_BOOK}accounts/<str:code>/subjects.xlsx", subjects_export, name="fund-subjects-export"),
    path(f"{_BOOK}trial.xlsx", trial_export, name="fund-trial-export"),
    path(f"{_BOOK}trial/", trial, name="fund-trial"),
    path(f"{_BOOK}close/", close, name="fund-close"),
    path(f"{_BOOK}drafts/", drafts, name="fund-drafts"),
]
