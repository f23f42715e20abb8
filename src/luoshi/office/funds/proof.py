"""The re-sum: every kept balance and day against the postings, every seal against what it covers; a chain of results.

Sums are taken anew over the whole book by the database; seals are read from the last proof on. With `whole` all seals
are read and the chain of earlier results with them: a book rewritten with new digests does not fit what was proven.
"""

# ruff: noqa: S608 - the words of every statement are our own
from __future__ import annotations

import hashlib
from collections.abc import Iterator

from django.db import connection, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.office.funds.models import BOOK, LINE, Account, Book, Entry, Posting, Proof, Seal
from luoshi.office.funds.orders import Line, Order, content

GENESIS = "0" * 64
_MOST_FAULTS = 50
_PIECE = 2_000

_LINES = "SELECT p.* FROM funds_posting p WHERE p.id > %(lo)s AND p.id < %(hi)s"
_ACCOUNTS = "SELECT id FROM funds_account WHERE book_id = %(book)s"
_TOLD_AND_KEPT = "HAVING sum(t) <> 1 OR sum(k) <> 1"
# Told and kept are laid under each other and grouped: a full join is a loop in a loop on SQLite.
_SUMS = {
    "balance": f"""SELECT account_id, subject, sum(d), sum(c), sum(kd), sum(kc) FROM (
SELECT account_id, '' AS subject, sum(debit) AS d, sum(credit) AS c, count(*) AS n, max(value_on) AS last, 1 AS t,
0 AS kd, 0 AS kc, 0 AS kn, NULL AS klast, 0 AS net, 0 AS sign, 0 AS k FROM ({_LINES}) x GROUP BY account_id
UNION ALL SELECT account_id, subject, 0, 0, 0, NULL, 0, debit, credit, count, last_on, net, sign, 1 FROM funds_balance
WHERE account_id IN ({_ACCOUNTS})
UNION ALL SELECT account_id, subject, sum(debit), sum(credit), count(*), max(value_on), 1, 0, 0, 0, NULL, 0, 0, 0
FROM ({_LINES}) y WHERE subject <> '' GROUP BY account_id, subject) z
GROUP BY account_id, subject {_TOLD_AND_KEPT} OR sum(d) <> sum(kd) OR sum(c) <> sum(kc)
OR sum(n) <> sum(kn) OR max(last) <> max(klast) OR sum(net) <> sum(sign) * (sum(d) - sum(c))""",
    "day": f"""SELECT account_id, subject, sum(d), sum(c), sum(kd), sum(kc) FROM (
SELECT account_id, '' AS subject, value_on, sum(debit) AS d, sum(credit) AS c, 1 AS t, 0 AS kd, 0 AS kc, 0 AS k
FROM ({_LINES}) x GROUP BY account_id, value_on UNION ALL SELECT account_id, subject, value_on, sum(debit), sum(credit),
1, 0, 0, 0 FROM ({_LINES}) y WHERE subject <> '' GROUP BY account_id, subject, value_on
UNION ALL SELECT account_id, subject, value_on, 0, 0, 0, debit, credit, 1 FROM funds_day
WHERE account_id IN ({_ACCOUNTS})) z GROUP BY account_id, subject, value_on {_TOLD_AND_KEPT} OR sum(d) <> sum(kd)
OR sum(c) <> sum(kc)""",
    "entry": f"""SELECT id, '', sum(d), sum(c), sum(n), sum(lines) FROM (
SELECT entry_id AS id, sum(debit) AS d, sum(credit) AS c, count(*) AS n, min(value_on) AS v1, max(value_on) AS v2,
1 AS t, 0 AS lines, NULL AS value_on, 0 AS k FROM ({_LINES}) x GROUP BY entry_id
UNION ALL SELECT id, 0, 0, 0, NULL, NULL, 0, lines, value_on, 1 FROM funds_entry WHERE id > %(elo)s AND id < %(ehi)s) z
GROUP BY id {_TOLD_AND_KEPT} OR sum(d) <> sum(c) OR sum(n) <> sum(lines) OR max(v1) <> max(value_on)
OR max(v2) <> max(value_on)""",
    "negative": f"""SELECT account_id, subject, debit, credit, net, 0 FROM funds_balance
WHERE account_id IN ({_ACCOUNTS}) AND guarded AND net < 0""",
    "negative_day": f"""SELECT d.account_id, d.subject, d.debit, d.credit, d.stands, 0 FROM (SELECT account_id, subject,
debit, credit, sum(debit - credit) OVER (PARTITION BY account_id, subject ORDER BY value_on) AS stands
FROM funds_day WHERE account_id IN ({_ACCOUNTS})) d JOIN funds_account a ON a.id = d.account_id
WHERE a.guarded AND CASE a.normal WHEN 'D' THEN d.stands ELSE -d.stands END < 0""",
}


def prove(book: Book, *, whole: bool = False, keep: bool = True) -> Proof:
    """Prove a book and return the result, kept as the next link of its chain unless `keep` is off."""
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=book.pk)
        last = last_of(book)
        faults = list(_sum_faults(book)) + list(_number_faults(book))
        since, previous = (last.last_no, last.digest) if last else (0, GENESIS)
        for seal, told in _seals(book, 0 if whole else since):
            if told != seal.digest:
                faults.append(f"JZ-{seal.first_no:04d} 至 {seal.last_no:04d} 的内容与封印摘要不符")
        if whole:
            faults += _chain_faults(book)
        sums = _turnover(book)
        proof = Proof(
            book=book, number=(last.number if last else 0) + 1, last_no=book.last_no, debit=sums[0], credit=sums[1],
            faults=faults[:_MOST_FAULTS], made_at=CLOCK.now(), previous=previous,
            digest=_link(book, previous, since, book.last_no),
        )  # fmt: skip
        if keep:
            proof.save(force_insert=True)
    return proof


def _link(book: Book, previous: str, since: int, last_no: int) -> str:
    """Return the next link: over the one before and the digests of the seals in (since, last_no]."""
    chain = hashlib.new("sm3", previous.encode())
    seals = Seal.objects.filter(pk__gt=book.pk * BOOK + since, pk__lte=book.pk * BOOK + last_no).order_by("pk")
    for digest in seals.values_list("digest", flat=True).iterator(chunk_size=_PIECE):
        chain.update(digest.encode())
    return chain.hexdigest()


def _chain_faults(book: Book) -> Iterator[str]:
    """Yield the first earlier result that the seals up to it do not give any more."""
    since, digest = 0, GENESIS
    for one in Proof.objects.filter(book=book).order_by("number"):
        digest = _link(book, digest, since, one.last_no)
        if one.digest != digest:
            yield f"第 {one.number} 次重算之前的封印已不是当时的封印"
            return
        since = one.last_no


def last_of(book: Book) -> Proof | None:
    """Return the latest result of a book."""
    return Proof.objects.filter(book=book).order_by("-number").first()


def _values(book: Book) -> dict[str, int]:
    return {
        "book": book.pk, "lo": book.pk * BOOK * LINE, "hi": (book.pk + 1) * BOOK * LINE, "elo": book.pk * BOOK,
        "ehi": (book.pk + 1) * BOOK,
    }  # fmt: skip


def _sum_faults(book: Book) -> Iterator[str]:
    codes = dict(Account.objects.filter(book=book).values_list("pk", "code"))
    words = {"balance": "余额", "day": "日合计", "entry": "分录", "negative": "余额为负", "negative_day": "有一天为负"}
    with connection.cursor() as cursor:
        for kind, sql in _SUMS.items():
            cursor.execute(sql, _values(book))
            for place, subject, d, c, had_d, had_c in cursor.fetchmany(_MOST_FAULTS):
                what = (
                    f"JZ-{(place or 0) % BOOK:04d}"
                    if kind == "entry"
                    else f"{codes.get(place, place)} {subject}".strip()
                )
                yield f"{words[kind]} {what}：重算借 {d} 贷 {c}，存着 {had_d}、{had_c}"


def _number_faults(book: Book) -> Iterator[str]:
    rows = Entry.objects.filter(pk__gt=book.pk * BOOK, pk__lt=(book.pk + 1) * BOOK)
    count, last = rows.count(), rows.order_by("-pk").values_list("pk", flat=True).first()
    if count != book.last_no or (last or book.pk * BOOK) % BOOK != book.last_no:
        yield f"凭证号：账簿记到 {book.last_no}，实有 {count} 笔，最大号 {(last or 0) % BOOK}"
    seals = Seal.objects.filter(pk__gt=book.pk * BOOK, pk__lt=(book.pk + 1) * BOOK).order_by("pk")
    expected = 1
    for first, end in seals.values_list("first_no", "last_no").iterator(chunk_size=_PIECE):
        if first != expected:
            yield f"封印：应从 {expected} 起，实从 {first} 起"
        expected = end + 1


def _turnover(book: Book) -> tuple[int, int]:
    from django.db.models import Sum

    told = Posting.objects.filter(pk__gt=book.pk * BOOK * LINE, pk__lt=(book.pk + 1) * BOOK * LINE).aggregate(
        d=Sum("debit"), c=Sum("credit")
    )
    return int(told["d"] or 0), int(told["c"] or 0)


def _seals(book: Book, since: int) -> Iterator[tuple[Seal, str]]:
    """Yield every seal after entry number `since` with the digest of what it covers as it stands now."""
    codes = dict(Account.objects.filter(book=book).values_list("pk", "code"))
    lower = book.pk * BOOK + since
    while piece := list(Seal.objects.filter(pk__gt=lower, pk__lt=(book.pk + 1) * BOOK).order_by("pk")[:_PIECE]):
        first, last = piece[0].pk, book.pk * BOOK + piece[-1].last_no
        lines: dict[int, list[Line]] = {}
        rows = Posting.objects.filter(pk__gt=first * LINE, pk__lt=(last + 1) * LINE).order_by("pk")
        for entry, account, subject, d, c, txn in rows.values_list(
            "entry_id", "account_id", "subject", "debit", "credit", "bank_txn_no"
        ).iterator(chunk_size=_PIECE):
            lines.setdefault(entry, []).append(Line(codes.get(account, "?"), d, c, subject, txn))
        orders: dict[int, list[Order]] = {}
        for one in Entry.objects.filter(pk__gte=first, pk__lte=last).order_by("pk").iterator(chunk_size=_PIECE):
            order = Order(one.key, one.value_on, lines.get(one.pk, []), one.event, one.memo, one.basis, one.case,
                          one.counter_of_id)  # fmt: skip
            orders.setdefault(one.seal_id, []).append(order)
        for seal in piece:
            yield seal, hashlib.new("sm3", content(orders.get(seal.pk, [])).encode()).hexdigest()
        lower = last
