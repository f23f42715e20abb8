"""What must hold of a book (section 8.2), looked for; empty when all does."""

from __future__ import annotations

from luoshi.office.funds import queries
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.programmes.home_escrow import course, earning
from luoshi.programmes.home_escrow.common import OWN
from luoshi.programmes.home_escrow.models import Sale


def faults(book: Book) -> list[str]:
    """Return what does not hold of a book (Z2 to Z6 that are not the ledger's own doing); empty when all does."""
    now = queries.balances(book)
    found = [f"{code} 为负：{net}" for code, net in now.items() if net < 0]
    if now["1001"] + now["1101"] != sum(net for code, net in now.items() if code.startswith("2")):
        found.append("资产与各方的钱不等")
    total = {"2001": 0, "2002": 0, "2006": 0}
    for sale in Sale.objects.filter(book=book).select_related("book"):
        kept = course.money(sale)
        for code in total:
            total[code] += kept[code]
        on_way = moving(sale)
        gone = sale.released + sale.refunded + sale.deducted + sale.reversed
        if sale.deposits != kept["2001"] + kept["2002"] + on_way + gone:
            found.append(f"{sale.agreement_no} 存入 {sale.deposits}，余额、在途和去向之和不等")
        if sum(one.deposited for one in sale.lines.all()) != sale.deposits - sale.reversed - sale.deducted:
            found.append(f"{sale.agreement_no} 各笔款项与存入不等")
        kinds = set(PaymentInstruction.objects.filter(
            book=book, case=sale.agreement_no, state__in=("checked", "sent", "unknown")
        ).values_list("type", flat=True))  # fmt: skip
        if len(kinds) > 1:
            found.append(f"{sale.agreement_no} 放款和退款同时在办")
    total["2006"] += queries.balances_of_subject(book, earning.UNSPLIT).get("2006", 0)
    found += [f"{code} 分户之和 {fen} 与总账 {now[code]} 不符" for code, fen in total.items() if fen != now[code]]
    return found


def moving(sale: Sale) -> int:
    """Return what of a sale's deposits is in transit (fen)."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type__in=("RELEASE", "REFUND"))
    rows = rows.filter(state__in=("checked", "sent", "unknown", "returned")).exclude(
        state="returned", replaced_by__state__in=("checked", "sent", "unknown", "confirmed", "returned")
    )
    return sum(int(fen) for row in rows for code, _sale, fen in row.lines if code in OWN)
