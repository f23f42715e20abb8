"""What pages and the API ask: sales a person sees, the workbench's figures, a sale's money and what it waits for."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet, Sum

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.duties import concern
from luoshi.office.funds import queries as fund_queries
from luoshi.office.funds.gauge import Headline, headlines
from luoshi.office.funds.models import Balance, Book, PaymentInstruction
from luoshi.office.notices.models import Notice
from luoshi.office.organs.sealing import blind
from luoshi.office.parameters.book import current
from luoshi.office.permissions import scope_of
from luoshi.programmes.home_escrow import common, course, proving, releasing, signing
from luoshi.programmes.home_escrow.common import ORGAN, ROOM, SALE
from luoshi.programmes.home_escrow.escrow import ACCOUNTS
from luoshi.programmes.home_escrow.models import EscrowAccount, Party, Sale, Voucher

STEPS = ("存入", "备案", "过户", "到账")
"""The four steps parties see."""
_AT = {
    "signed": 0, "funding": 0, "funded": 1, "filing": 1, "filed": 2, "registered": 3, "requested": 3, "approved": 3,
    "releasing": 3, "owed": 3, "closed": 4, "terminating": -1, "cancelled": -1,
}  # fmt: skip
NEXT = {
    "signed": "买受人存入", "funding": "买受人存足备案前的款项", "funded": "双方带材料申请备案",
    "filing": "房产管理部门审核备案", "filed": "登记、税务窗口核对后办理过户", "registered": "双方共同申请划转",
    "requested": "房产管理部门审核划转", "approved": "房产管理部门拟指令", "releasing": "监管银行付款",
    "owed": "双方更正收款账户", "terminating": "房产管理部门和监管银行退款", "closed": "", "cancelled": "",
}  # fmt: skip
_STATE_OF = {
    Sale.State.FUNDING: "funding", Sale.State.FILED: "filed", Sale.State.REGISTERED: "registered",
    Sale.State.RELEASING: "releasing", Sale.State.TERMINATING: "terminating", Sale.State.CLOSED: "closed",
    Sale.State.CANCELLED: "cancelled",
}  # fmt: skip
TITLES = {
    "signed": "已签协议", "funding": "存入中", "funded": "款项已存足", "filing": "备案审核", "filed": "已备案",
    "registered": "已过户", "requested": "划转审核", "approved": "划转已批准", "releasing": "放款中",
    "owed": "付后退回", "terminating": "解除中", "closed": "办结", "cancelled": "已取消",
}  # fmt: skip
WAITS_HERE = ("funded", "filing", "registered", "requested", "approved", "owed", "terminating")
"""Where the Department has it."""


def visible_sales(actor: Actor) -> QuerySet[Sale]:
    """Return the sales an actor sees: all for the Department, its accounts' for a bank, none for others."""
    reach = concern.organs_within(scope_of(actor, "escrow.see"))
    rows = Sale.objects.select_related("book")
    if reach is None or ORGAN in reach:
        return rows
    own = EscrowAccount.objects.filter(bank__organ__in=reach).exclude(bank__organ="")
    return rows.filter(book__in=own.values("book"))


def visible_accounts(actor: Actor) -> list[EscrowAccount]:
    """Return the supervised accounts an actor sees."""
    reach = concern.organs_within(scope_of(actor, "escrow.see"))
    rows = EscrowAccount.objects.select_related("book", "bank").order_by("bank__code", "pk")
    if reach is not None and ORGAN not in reach:
        rows = rows.filter(bank__organ__in=reach).exclude(bank__organ="")
    return list(rows)


def visible_sale(actor: Actor, number: str) -> Sale:
    """Return a sale an actor sees; E_NOT_FOUND else."""
    found = visible_sales(actor).filter(agreement_no=number).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有监管协议“{number[:40]}”。")
    return found


def matching(rows: QuerySet[Sale], text: str) -> QuerySet[Sale]:
    """Return the sales a search finds: agreement, contract, unit code, name, tail or whole ID, amount, transaction."""
    word, flat = text.strip(), clean(text)
    if not word:
        return rows
    found = Q(agreement_no=flat) | Q(contract_no=word) | Q(unit_code=flat)
    found |= Q(pk__in=Party.objects.filter(Q(name=word) | Q(blind=blind("escrow.person", flat))).values("sale"))
    found |= Q(pk__in=Voucher.objects.filter(Q(number=flat) | Q(bank_txn_no=word)).values("sale"))
    if len(flat) == 4:
        found |= Q(pk__in=Party.objects.filter(tail=flat).values("sale"))
    if len(word) >= 4:
        found |= Q(agreement_no__startswith=flat) | Q(address__contains=word)
    try:
        fen = Money.yuan(word).fen
        found |= Q(price=fen) | Q(supervised=fen) | Q(lines__amount=fen)
    except LuoshiError:
        pass
    return rows.filter(found).distinct()


def in_state(rows: QuerySet[Sale], state: str) -> QuerySet[Sale]:
    """Return the sales whose case stands in a state; `live` all that run."""
    if state == "live":
        return rows.filter(live=True)
    if state == "here":
        return rows.filter(agreement_no__in=Case.objects.filter(procedure=SALE, state__in=WAITS_HERE).values("number"))
    if state == "held":
        return rows.filter(pk__in=course.live_holds().exclude(sale=None).values("sale"))
    return rows.filter(agreement_no__in=Case.objects.filter(procedure=SALE, state=state).values("number"))


def unset_limits() -> list[dict[str, str]]:
    """Return the limits of reminders that the city has not set: the parameter's name and title."""
    book = current()
    values = book.values(ROOM, CLOCK.today())
    names = ("review_days", "bank_days")
    return [{"name": one, "title": book.parameter(ROOM, one).title} for one in names if values[one] is None]


def balances_of(rows: Sequence[Sale]) -> dict[str, dict[str, int]]:
    """Return what each of some sales has by account, in one query."""
    kept: dict[str, dict[str, int]] = {one.agreement_no: {} for one in rows}
    lines = Balance.objects.filter(account__book__in={one.book_id for one in rows}, subject__in=list(kept))
    for number, code, net in lines.values_list("subject", "account__code", "net"):
        kept[number][code] = net
    return kept


def listed(rows: Sequence[Sale]) -> list[dict[str, Any]]:
    """Return sales as a list shows them: money, what is frozen, where the case stands and since when."""
    kept = balances_of(rows)
    frozen = course.live_holds().filter(sale__in=rows).order_by().values_list("sale")
    held = dict(frozen.annotate(n=Sum(F("amount") - F("used"))))
    cases = {one.number: one for one in Case.objects.filter(procedure=SALE, number__in=list(kept))}
    today, shown = CLOCK.today(), []
    for one in rows:
        case, money = cases.get(one.agreement_no), kept[one.agreement_no]
        state = case.state if case is not None else _STATE_OF[Sale.State(one.state)]
        since = day_of(local(case.entered_at)) if case is not None else one.signed_on
        inside = one.deposits - one.reversed - one.deducted
        shown.append({
            "sale": one, "state": state, "title": TITLES[state], "days": (today - since).days,
            "balance": money.get("2001", 0) + money.get("2002", 0), "held": held.get(one.pk, 0),
            "inside": inside, "percent": inside * 100 // one.supervised, "next": next_of(one, state),
            "tone": "green" if state == "closed" else "red" if state in ("owed", "terminating") else
            "yellow" if state in WAITS_HERE else "blue",
        })  # fmt: skip
    return shown


def books_total(books: Sequence[Book]) -> dict[str, int]:
    """Return the sums of the accounts of some books by code."""
    rows = Balance.objects.filter(account__book__in=books, subject="")
    found = dict(rows.order_by().values_list("account__code").annotate(n=Sum("net")))
    return {code: int(found.get(code) or 0) for code in ACCOUNTS}


@headlines(common.PLAN)
def said(book: Book) -> list[Headline]:
    """What an account's book says first: whose money it is, what is on its way, whether both sides agree (Z2)."""
    kept = fund_queries.balances(book)
    owed = sum(kept[code] for code in ("2001", "2002", "2003", "2004", "2005", "2006"))
    live = Sale.objects.filter(book=book, live=True).count()
    return [
        Headline("监管中的房款", kept["2001"] + kept["2002"], note=f"{live} 笔交易在监管"),
        Headline("放款、退款在途", kept["2003"] + kept["2004"]),
        Headline("待查来款", kept["2005"], note="不属于任何一笔交易"),
        Headline("应付利息", kept["2006"], note="随本金付给收款人"),
        Headline("存款等于各方的钱", words="相等" if kept["1001"] + kept["1101"] == owed else "不相等",
                 note=f"存款 {Money(kept['1001'])} 元，应收银行 {Money(kept['1101'])} 元"),
    ]  # fmt: skip


def queue(rows: QuerySet[Sale]) -> list[dict[str, Any]]:
    """Return how many sales stand at each step and how long the oldest does."""
    numbers = rows.filter(live=True).values("agreement_no")
    found = Case.objects.filter(procedure=SALE, is_open=True, number__in=numbers)
    counted = found.order_by().values_list("state").annotate(Count("pk"), Min("entered_at"))
    told = {state: (n, at) for state, n, at in counted}
    today = CLOCK.today()
    most = max((n for n, _at in told.values()), default=1)
    return [
        {"state": state, "title": title, "count": told[state][0], "days": (today - day_of(local(told[state][1]))).days,
         "width": max(told[state][0] * 100 // most, 2), "here": state in WAITS_HERE}
        for state, title in TITLES.items() if state in told
    ]  # fmt: skip


def money_of(sale: Sale) -> dict[str, Any]:
    """Return the money of a sale line by line, where it lies, what is frozen and what is free."""
    kept = course.money(sale)
    held = course.held(sale)
    balance = kept["2001"] + kept["2002"]
    lines = [
        {"line": one, "open": one.amount - one.deposited, "payer": one.lender or sale.buyer,
         "percent": one.deposited * 100 // one.amount}
        for one in sale.lines.all()
    ]  # fmt: skip
    return {
        "lines": lines, "buyer": kept["2001"], "loan": kept["2002"], "interest": kept["2006"], "balance": balance,
        "held": held, "free": max(balance - held, 0), "in_transit": proving.moving(sale),
        "inside": sale.deposits - sale.reversed - sale.deducted,
    }  # fmt: skip


def why(sale: Sale, state: str) -> tuple[str, list[dict[str, Any]]]:
    """Return what the sale waits for as a decision says it: title and reasons; none where nothing is decided next."""
    if state in ("signed", "funding", "funded", "filing"):
        facts = {"route": "SUPERVISED", "lines": signing.lines_told(sale)}
        title, taken = "备案还差什么", common.decide("filing", facts)
    elif state in ("filed", "registered", "requested", "approved"):
        applied = ["buyer", "seller"] if state in ("requested", "approved") else []
        facts = releasing.release_facts(sale, None) | {"applied_by": applied}
        title, taken = "放款还差什么", common.decide("release", facts)
    else:
        return "", []
    return title, [one.as_dict() for one in taken.reasons]


def next_of(sale: Sale, state: str) -> str:
    """Return who acts next; after the transfer a single release still waits for what has not come in."""
    lacking = sale.supervised - sale.deposits + sale.reversed
    if state == "registered" and sale.plan == "SINGLE" and lacking > 0:
        return f"其余 {Money(lacking)} 元存入（按揭贷款由贷款银行付），再共同申请划转"
    return NEXT[state]


def waits_on(sale: Sale, state: str) -> str:
    """Return who acts next, by the orders to the bank where some are on their way: to be checked, paid, asked after."""
    if state not in ("releasing", "terminating"):
        return next_of(sale, state)
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no)
    states = set(rows.filter(replaced_by__isnull=True).values_list("state", flat=True))
    for found, words in _ORDERS:
        if found & states:
            return words
    if state == "releasing":
        return _REDRAFT
    case = course.ending_of(sale.agreement_no)
    return _ENDINGS.get(case.state, NEXT[state]) if case is not None else NEXT[state]


_ORDERS = (
    ({"drafted"}, "房产管理部门另一人复核付款指令"),
    ({"unknown"}, "银行答复不明，等银行查明"),
    ({"checked", "sent"}, "监管银行付款"),
    ({"returned"}, "更正收款账户，再次付款"),
)
_REDRAFT = "付款指令已退回，房产管理部门重拟"
_ENDINGS = {
    "noticed": "房产管理部门拟退款指令",
    "refunding": "退款指令已退回，房产管理部门重拟",
    "owed": "更正收款账户，再次退款",
}


def strip(sale: Sale, state: str) -> list[dict[str, str]]:
    """Return the four steps with how far each is."""
    at = _AT[state]
    if at < 0:
        at = 0 if sale.filed_on is None else 2 if sale.registered_on is None else 3
    notes = (
        f"{Money(sale.deposits - sale.reversed - sale.deducted)} / {Money(sale.supervised)}",
        str(sale.filed_on or ""), str(sale.registered_on or ""), f"{Money(sale.released)}" if sale.released else "",
    )  # fmt: skip
    return [
        {"title": title, "state": "done" if n < at else "here" if n == at else "next", "note": note}
        for n, (title, note) in enumerate(zip(STEPS, notes, strict=True))
    ]


def state_of(sale: Sale) -> str:
    """Return where the case of a sale stands."""
    case = course.case_of(sale.agreement_no)
    return case.state if case is not None else _STATE_OF[Sale.State(sale.state)]


def payments_of(sale: Sale) -> list[PaymentInstruction]:
    """Return the orders to the bank for a sale, newest first."""
    return list(PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no).order_by("-pk")[:50])


def papers_of(sale: Sale) -> list[Notice]:
    """Return the papers drawn up for a sale."""
    return list(Notice.objects.filter(subject=f"sale:{sale.agreement_no}").order_by("pk")[:50])


def hints(sale: Sale) -> list[str]:
    """Return what may point to fraud: one buyer in many sales, one account for other sellers, a price far below."""
    found = []
    blinds = sale.parties.filter(side="buyer").values("blind")
    n = Party.objects.filter(side="buyer", blind__in=blinds).exclude(sale=sale).values("sale").distinct().count()
    if n >= 2:
        found.append(f"买受人另有 {n} 笔监管交易")
    accounts = sale.payouts.filter(purpose="release", live=True).values("blind")
    others = sale.payouts.model.objects.filter(purpose="release", blind__in=accounts).exclude(sale=sale)
    if others.exclude(sale__seller=sale.seller).exists():
        found.append("收款账户也用于其他出卖人")
    if sale.area:
        near = Sale.objects.exclude(pk=sale.pk).filter(area__gt=0).exclude(state="cancelled")
        told = near.aggregate(p=Sum("price"), a=Sum("area"), n=Count("pk"))
        # Below 60 % of the mean price a square metre of all other sales; fewer than five say nothing.
        if told["n"] >= 5 and sale.price * told["a"] * 10 < told["p"] * sale.area * 6:
            found.append("单价低于其他交易平均的六成")
    return found


def months(rows: QuerySet[Sale], most: int = 12) -> list[dict[str, Any]]:
    """Return the figures of the last months, newest first: signed, filed, transferred, supervised money (fen)."""
    found, first = [], CLOCK.today().replace(day=1)
    for _n in range(most):
        after = (first + datetime.timedelta(days=32)).replace(day=1)
        signed = rows.filter(signed_on__gte=first, signed_on__lt=after)
        told = signed.aggregate(n=Count("pk"), fen=Sum("supervised"))
        found.append({
            "month": first, "signed": told["n"], "supervised": int(told["fen"] or 0),
            "filed": rows.filter(filed_on__gte=first, filed_on__lt=after).count(),
            "registered": rows.filter(registered_on__gte=first, registered_on__lt=after).count(),
        })  # fmt: skip
        first = (first - datetime.timedelta(days=1)).replace(day=1)
    return found
