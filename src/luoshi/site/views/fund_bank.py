"""Payments, bank accounts, statements, differences and sheets of a book."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.funds import bank, links, matching, payments, queries, reconcile, sheets, statements
from luoshi.office.funds.models import (
    Account,
    Alarm,
    BankMessage,
    Book,
    Difference,
    Entry,
    PaymentInstruction,
    Sheet,
    Statement,
)
from luoshi.office.instruments import spool
from luoshi.office.paging import Key, Total, keyset_page
from luoshi.office.permissions import may, require_visible
from luoshi.office.web import attachment
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.fund_words import book_href, cite_of, crumbs, message_word, yuan
from luoshi.site.pages import page
from luoshi.site.views.funds import back, book_of, day_seen, said, tabs_of

STATE_TONES = {"drafted": "yellow", "checked": "sea", "sent": "sea", "unknown": "yellow", "confirmed": "green",
               "failed": "red", "returned": "red", "cancelled": ""}  # fmt: skip
_SHOWN = 200


def _crumbs(book: Book) -> list[dict[str, str]]:
    return [*crumbs(), {"title": book.title, "href": book_href("fund-book", book)}]


# --- payments ---------------------------------------------------------------------------------------------------------


@needs("fund.see")
@require_safe
def payment_list(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show the payments of a book, newest first; `state` filters."""
    book = book_of(request, room, name)
    state, at = request.GET.get("state", ""), Address(request)
    rows = PaymentInstruction.objects.filter(book=book)
    if state in PaymentInstruction.State.values:
        rows = rows.filter(state=state)
    found = keyset_page(rows, [Key("id", int, descending=True)], size=50, after=request.GET.get("after", ""),
                        before=request.GET.get("before", ""))  # fmt: skip
    context = {
        "page_title": _("付款"),
        "crumbs": _crumbs(book),
        "book": book,
        "tabs": tabs_of(book, "fund-payments", day=day_seen(request)),
        "states": [{"label": _("全部"), "href": at.having(state=""), "current": not state},
                   *({"label": str(words), "href": at.having(state=key), "current": key == state}
                     for key, words in PaymentInstruction.State.choices)],
        "rows": [_payment_row(one) for one in found.rows],
        "pager": page_links(at, found, Total(0, False)),
    }  # fmt: skip
    return page(request, "funds/payments.html", context, fragment="results")


_UNFINISHED = ("drafted", "checked", "sent", "unknown")


def _payment_row(one: PaymentInstruction) -> dict[str, Any]:
    return {
        "payment": one, "href": reverse("fund-payment", args=[one.pk]), "amount": yuan(one.amount),
        "tone": STATE_TONES[one.state],
        "late": one.due_on is not None and one.due_on < CLOCK.today() and one.state in _UNFINISHED,
    }  # fmt: skip


@needs("fund.see")
@require_http_methods(["GET", "HEAD", "POST"])
def payment_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a payment with its way; check it, send it back, draft it anew."""
    actor, error = actor_of(request), None
    if request.method == "POST":
        try:
            return _payment_act(request, actor, pk)
        except LuoshiError as refused:
            if refused.code in ("E_NOT_FOUND", "E_FORBIDDEN"):
                raise
            error = refused
    row = PaymentInstruction.objects.select_related("book", "account", "transit", "replaces").filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这笔付款。"))
    book = row.book
    require_visible(actor, "fund.see", book.seen_by, _("这笔付款"))
    entries = {one.pk: one for one in Entry.objects.filter(pk__in=[row.instructed_id, row.settled_id, row.returned_id])}
    following = PaymentInstruction.objects.filter(replaces=row).exclude(state="cancelled").first()
    day = day_seen(request)
    owed = row.state == "returned" or (row.state == "failed" and row.replaces_id is not None)
    context = {
        "page_title": _("付款 %s") % row.claim,
        "crumbs": [*_crumbs(book), {"title": _("付款"), "href": book_href("fund-payments", book)}],
        "book": book, "payment": row, "amount": yuan(row.amount), "tone": STATE_TONES[row.state],
        "cite": cite_of(row.basis), "lines": [{"code": code, "subject": subject, "amount": yuan(fen)}
                                             for code, subject, fen in row.lines],
        "entries": [
            {"words": words, "entry": entries[entry_pk], "href": book_href("fund-entry", book, entries[entry_pk].no)}
            for words, entry_pk in ((_("转入在途"), row.instructed_id), (_("银行结果"), row.settled_id),
                                    (_("退回"), row.returned_id))
            if entry_pk in entries
        ],
        "messages": [{"message": one, "word": message_word(one.type)}
                     for one in BankMessage.objects.filter(instruction=row).order_by("pk")[:100]],
        "replaces_href": reverse("fund-payment", args=[row.replaces_id]) if row.replaces_id else "",
        "following": following and reverse("fund-payment", args=[following.pk]),
        "can_reissue": owed and following is None and day is None and may(actor, "fund.post", [book.organ]),
        "hands": _hands(row, actor) if day is None else None,
        "errors": {str(error.fields.get("field", "")): error.message} if error else {},
        "done": said(request),
    }  # fmt: skip
    return page(request, "funds/payment.html", context, status=422 if error else 200)


def _payment_act(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")
    if act == "reissue":
        row = payments.reissue(actor=actor, payment=pk, reason=reason)
        return back(reverse("fund-payment", args=[row.pk]), "paid")
    version = request.POST.get("version", "")
    payments.check_payment(actor=actor, payment=pk, accept=act == "accept", reason=reason,
                           version=int(version) if version.isdecimal() and len(version) < 9 else None)  # fmt: skip
    return back(reverse("fund-payment", args=[pk]), "accepted" if act == "accept" else "refused")


def _hands(row: PaymentInstruction, actor: Actor) -> dict[str, Any] | None:
    if row.state != "drafted":
        return None
    own = row.drafted_by_id is not None and row.drafted_by_id in actor.hands
    mine = may(actor, "fund.check", [row.book.organ]) and not own
    pair: dict[str, Any] = {
        "first": {"name": row.drafted_name, "post": _("拟付"), "at": row.drafted_at, "you": own, "note": ""},
        "second": {"name": actor.name if mine else "", "post": _("复核"), "at": None, "you": mine,
                   "note": _("核对收款人、账号、金额和依据后办")},
        "consequence": [_("%s 元转入在途付款，指令送银行") % yuan(row.amount), _("银行确认支付后才减少银行存款")],
    }  # fmt: skip
    if mine:
        pair["act"] = {"name": "act", "value": "accept", "words": _("复核无误，送银行")}
        pair["back"] = {"name": "act", "value": "refuse", "words": _("退回")}
    return pair


# --- bank accounts ----------------------------------------------------------------------------------------------------


def account_of(request: HttpRequest, room: str, name: str, code: str) -> Account:
    """Return a bank account of a book the actor may see."""
    found = queries.account_of(book_of(request, room, name), code)
    if found.part != "bank":
        raise LuoshiError("E_NOT_FOUND", _("这个科目不是银行存款。"))
    return found


@needs("fund.see")
@require_safe
def bank_index(request: HttpRequest, room: str, name: str) -> HttpResponse:
    """Show the bank accounts of a book, the messages of the bank, its alarms."""
    book = book_of(request, room, name)
    accounts = list(Account.objects.filter(book=book, part="bank").order_by("seq", "code"))
    if len(accounts) == 1 and "all" not in request.GET:
        return HttpResponseRedirect(book_href("fund-bank-account", book, accounts[0].code))
    over = queries.overview(book)
    context = {
        "page_title": _("对账"),
        "crumbs": _crumbs(book),
        "book": book,
        "tabs": tabs_of(book, "fund-bank", day=day_seen(request)),
        "rows": [
            {"account": account, "net": yuan(queries.balance(account)), "sheet": sheet, "statement": statement,
             "closing": yuan(statement.closing) if statement else "",
             "href": book_href("fund-bank-account", book, account.code)}
            for account, sheet, statement in over.sheets
        ],
    }  # fmt: skip
    return page(request, "funds/bank.html", context)


@needs("fund.see")
@require_http_methods(["GET", "HEAD", "POST"])
def bank_account(request: HttpRequest, room: str, name: str, code: str) -> HttpResponse:
    """Show what stands against the bank: import, proposals, differences, sheets, messages."""
    account = account_of(request, room, name, code)
    actor, errors = actor_of(request), {}
    preview: dict[str, Any] | None = None
    if request.method == "POST":
        try:
            act = request.POST.get("act", "")
            if act == "look":
                preview = _look(request, account, actor)
            else:
                return _account_act(request, account, actor, act)
        except LuoshiError as refused:
            if refused.code in ("E_NOT_FOUND", "E_FORBIDDEN"):
                raise
            errors = {str(refused.fields.get("field", "")): refused.message}
    return _show_account(request, account, actor, preview, errors)


def _look(request: HttpRequest, account: Account, actor: Actor) -> dict[str, Any]:
    """Read an uploaded statement without keeping anything of it but the file."""
    require_visible(actor, "fund.see", account.book.seen_by, _("这个账户"))
    file = request.FILES.get("file")
    if file is None:
        raise LuoshiError("E_FILE", _("请选择对账单文件（Excel 或 CSV）。"), fields={"field": "file"})
    upload = spool.keep(file.name or "", file.read())
    parsed = statements.of_file(account, upload.filename, upload.data)
    last = statements.last_of(account)
    known = matching.known_numbers(account, [row.bank_txn_no for row in parsed.rows])
    faults: dict[int, list[statements.Fault]] = {}
    for one in parsed.faults:
        faults.setdefault(one.n, []).append(one)
    rows = [
        {"row": row, "amount": yuan(row.amount), "faults": faults.get(row.n, []),
         "word": _("有错") if row.n in faults else _("账上已有") if row.bank_txn_no in known else _("账上没有")}
        for row in parsed.rows[:_SHOWN]
    ]  # fmt: skip
    return {
        "key": upload.key, "name": upload.filename, "parsed": parsed, "rows": rows, "faults": parsed.faults[:_SHOWN],
        "more": max(len(parsed.rows) - _SHOWN, 0), "opening": yuan(parsed.opening), "closing": yuan(parsed.closing),
        "sum_c": yuan(parsed.sum_c), "sum_d": yuan(parsed.sum_d),
        "unknown": sum(row.bank_txn_no not in known for row in parsed.rows),
        "continues": last is None or last.closing == parsed.opening, "first": last is None,
    }  # fmt: skip


def _account_act(request: HttpRequest, account: Account, actor: Actor, act: str) -> HttpResponse:
    href = book_href("fund-bank-account", account.book, account.code)
    if act == "import":
        upload = spool.take(request.POST.get("key", ""))
        statements.import_file(actor=actor, account=account, name=upload.filename, data=upload.data)
        spool.discard(upload.key)
        return back(href, "imported")
    if act == "accept":
        lines = [int(text) for text in request.POST.getlist("line") if text.isdecimal() and len(text) < 15]
        matching.accept(actor=actor, account=account, lines=lines)
        return back(href, "matched")
    if act == "sheet":
        try:
            on = datetime.date.fromisoformat(request.POST.get("on", ""))
        except ValueError:
            raise LuoshiError("E_INPUT", _("日期应如 2018-03-31。"), fields={"field": "on"}) from None
        sheet = reconcile.make_sheet(actor=actor, account=account, on=on)
        return back(reverse("fund-sheet", args=[sheet.pk]), "sheet")
    if act == "file":
        name, data = links.write_file(actor=actor, account=account)
        return attachment(data, name, "application/x-ndjson")
    if act == "seen":
        pk = request.POST.get("alarm", "")
        bank.see_alarm(actor=actor, alarm=int(pk) if pk.isdecimal() and len(pk) < 15 else 0)
        return back(href, "seen")
    raise LuoshiError("E_INPUT", _("不知道要做什么。"))


def _show_account(
    request: HttpRequest, account: Account, actor: Actor, preview: dict[str, Any] | None, errors: dict[str, str]
) -> HttpResponse:
    book = account.book
    odd = (
        Difference.objects.filter(account=account, open=True).select_related("line").order_by("since_on", "pk")[:_SHOWN]
    )
    latest = Statement.objects.filter(account=account).order_by("-pk")[:12]
    found = list(odd)
    known = reconcile.outlook(account, [row.line for row in found if row.line is not None][:50])
    drafts = reconcile.waiting(account)
    entries = {
        one.pk: one for one in Entry.objects.filter(pk__in={row.posting_id >> 16 for row in found if row.posting_id})
    }
    holders = concern.titles({row.organ for row in found})
    context = {
        "page_title": _("对账 %s") % account.title,
        "crumbs": _crumbs(book), "book": book, "account": account,
        "tabs": tabs_of(book, "fund-bank", day=day_seen(request)),
        "net": yuan(queries.balance(account)), "tail": account.number[-4:],
        "statements": [
            {"statement": one, "closing": yuan(one.closing), "sum_c": yuan(one.sum_c), "sum_d": yuan(one.sum_d)}
            for one in latest
        ],
        "sheets": [{"sheet": one, "href": reverse("fund-sheet", args=[one.pk]), "difference": yuan(one.difference)}
                   for one in Sheet.objects.filter(account=account).order_by("-on", "-number")[:12]],
        "differences": [
            _difference(one, book, entries)
            | {"holder": holders.get(one.organ, ""), "known": known.get(one.line_id or 0),
               "draft": reverse("fund-draft", args=[drafts[one.pk]]) if one.pk in drafts else ""}
            for one in found
        ],
        "proposals": [{"line": one.line, "amount": yuan(one.line.amount),
                       "entry": Entry(pk=one.posting.entry_id).number,
                       "href": book_href("fund-entry", book, one.posting.entry_id % (1 << 32)),
                       "value_on": one.posting.value_on} for one in matching.proposals(account)[:_SHOWN]],
        "pairs": [
            {"amount": yuan(one.debit or one.credit),
             "first": Entry(pk=one.entry_id).number, "href": book_href("fund-entry", book, one.entry_id % (1 << 32)),
             "second": Entry(pk=two.entry_id).number, "value_on": one.value_on}
            for one, two in matching.latest_pairs(account, 20)
        ],
        "messages": [{"message": one, "word": message_word(one.type),
                      "amount": yuan(one.amount_fen) if one.amount_fen else ""}
                     for one in BankMessage.objects.filter(account=account).order_by("-pk")[:30]],
        "waiting": BankMessage.objects.filter(account=account, way="out", state="waiting").count(),
        "alarms": list(Alarm.objects.filter(account=account, seen_at__isnull=True).order_by("-pk")[:20]),
        "can_bank": day_seen(request) is None and may(actor, "fund.bank", [book.organ]),
        "preview": preview, "errors": errors, "today": CLOCK.today(),
        "suggested": latest[0].last_on if latest else "",
        "done": said(request),
    }  # fmt: skip
    return page(request, "funds/account.html", context, status=422 if errors else 200)


def _difference(row: Difference, book: Book, entries: dict[int, Entry]) -> dict[str, Any]:
    entry = entries.get(row.posting_id >> 16) if row.posting_id else None
    return {
        "difference": row, "amount": yuan(row.amount), "late": row.due_on is not None and row.due_on < CLOCK.today(),
        "word": row.get_sort_display(), "line": row.line, "entry": entry,
        "href": book_href("fund-entry", book, entry.no) if entry else "",
        "settle": reverse("fund-settle", args=[row.pk]) if row.line_id else "",
    }  # fmt: skip


@needs("fund.bank")
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose how a bank's line without an entry is settled."""
    draft = reconcile.propose_settle(actor=actor_of(request), difference=pk, text=request.POST.get("text", "")[:150])
    return back(reverse("fund-draft", args=[draft.pk]), "proposed")


@needs("fund.see")
@require_safe
def template(request: HttpRequest) -> HttpResponse:
    """Give the table a statement is written into."""
    return attachment(statements.template(), _("银行对账单模板") + ".csv", "text/csv")


# --- sheets -----------------------------------------------------------------------------------------------------------


def _sheet(request: HttpRequest, pk: int) -> Sheet:
    row = Sheet.objects.select_related("account__book", "statement").filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这份调节表。"))
    require_visible(actor_of(request), "fund.see", row.account.book.seen_by, _("这份调节表"))
    return row


@needs("fund.see")
@require_http_methods(["GET", "HEAD", "POST"])
def sheet_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a reconciliation sheet; sign it with another hand."""
    actor, error = actor_of(request), None
    row = _sheet(request, pk)
    if request.method == "POST":
        try:
            reconcile.sign_sheet(actor=actor, sheet=pk)
            return back(reverse("fund-sheet", args=[pk]), "signed")
        except LuoshiError as refused:
            if refused.code in ("E_NOT_FOUND", "E_FORBIDDEN"):
                raise
            error = refused
    book = row.account.book
    own = row.maker_id is not None and row.maker_id in actor.hands
    mine = may(actor, "fund.check", [book.organ]) and not own and row.checked_at is None and not day_seen(request)
    adjusted = row.bank + row.book_receipts - row.book_payments
    pair: dict[str, Any] = {
        "first": {"name": row.maker_name, "post": _("制表"), "at": row.made_at, "you": own, "note": ""},
        "second": {"name": row.checker_name or (actor.name if mine else ""), "post": _("复核"), "at": row.checked_at,
                   "you": mine, "note": ""},
    }  # fmt: skip
    if mine and not row.difference:
        pair["act"] = {"name": "act", "value": "sign", "words": _("复核无误，签名")}
    context = {
        "page_title": _("银行存款余额调节表"),
        "crumbs": [
            *_crumbs(book), {"title": _("对账"), "href": book_href("fund-bank-account", book, row.account.code)},
        ],
        "book": book, "sheet": row, "account": row.account, "tail": row.account.number[-4:],
        "rows": [
            [_("银行存款日记账余额"), yuan(row.book), _("银行对账单余额"), yuan(row.bank)],
            [_("加：银行已收、账上未收"), yuan(row.bank_receipts),
             _("加：账上已收、银行未收"), yuan(row.book_receipts)],
            [_("减：银行已付、账上未付"), yuan(row.bank_payments),
             _("减：账上已付、银行未付"), yuan(row.book_payments)],
        ],
        "adjusted": [yuan(adjusted - row.difference), yuan(adjusted)],
        "difference": yuan(row.difference) if row.difference else "",
        "items": [{**one, "amount": yuan(one["amount"])} for one in row.items],
        "hands": pair, "errors": {"": error.message} if error else {}, "done": said(request),
        "pdf_href": reverse("fund-sheet-pdf", args=[pk]),
    }  # fmt: skip
    return page(request, "funds/sheet.html", context, status=422 if error else 200)


@needs("fund.see")
@require_safe
def sheet_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the sheet as PDF."""
    row = _sheet(request, pk)
    name = f"{_('余额调节表')}-{row.account.code}-{row.on}-{row.number}.pdf"
    return attachment(sheets.pdf(row), name, "application/pdf")


_BOOK = "funds/<slug:room>/<str:name>/"
urlpatterns: list[URLPattern] = [
    path("funds/payments/<int:pk>/", payment_page, name="fund-payment"),
    path("funds/sheets/<int:pk>/", sheet_page, name="fund-sheet"),
    path("funds/sheets/<int:pk>/sheet.pdf", sheet_pdf, name="fund-sheet-pdf"),
    path("funds/differences/<int:pk>/settle/", settle, name="fund-settle"),
    path("funds/statement-template.csv", template, name="fund-template"),
    path(f"{_BOOK}payments/", payment_list, name="fund-payments"),
    path(f"{_BOOK}bank/", bank_index, name="fund-bank"),
    path(f"{_BOOK}bank/<str:code>/", bank_account, name="fund-bank-account"),
]
