"""The rows J1 to J14 of the posting table on the accounts of one supervised account, sale by sale; pure.

    books = Books()
    books.post("J1", sale="1", amount=32_000_000)
    books.post("J5", sale="1")           # the whole balance, the buyer's money first

An event that is not covered, or not open, is a `Refusal` with a code; nothing of it is booked. The decision
`home_escrow.ledger` and the book in the office's ledger take their lines from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from luoshi.kernel.money import Money

ACCOUNTS: Mapping[str, tuple[str, str, bool]] = {
    "1001": ("监管账户存款", "D", False),
    "1101": ("应收银行", "D", False),
    "2001": ("买受人的钱", "C", True),
    "2002": ("贷款的钱", "C", True),
    "2003": ("放款在途", "C", False),
    "2004": ("退款在途", "C", False),
    "2005": ("待查来款", "C", False),
    "2006": ("应付利息", "C", True),
}
"""Title, growing side, whether it is kept sale by sale."""
TITLES: Mapping[str, str] = {
    "J1": "买受人存入",
    "J2": "贷款存入",
    "J3": "待查来款及认领",
    "J4": "待查退回",
    "J5": "放款指令",
    "J6": "放款成功",
    "J7": "放款失败，对冲",
    "J8": "放款付后退回",
    "J9": "退款指令",
    "J10": "退款结果",
    "J11": "利息入账分配",
    "J12": "法院扣划",
    "J13": "银行错付及补回",
    "J14": "存款冲回",
}
OWN = ("2001", "2002", "2006")
"""What is kept sale by sale, in the order in which a release takes it."""


class Line(NamedTuple):
    """One posting: account, sale (empty where the account is common), fen on one side."""

    account: str
    sale: str
    debit: int
    credit: int


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault
    """Why an event was not booked: a code and a sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def debit(account: str, fen: int, sale: str = "") -> Line:
    """Return a posting on the debit side."""
    return Line(account, sale if ACCOUNTS[account][2] else "", fen, 0)


def credit(account: str, fen: int, sale: str = "") -> Line:
    """Return a posting on the credit side."""
    return Line(account, sale if ACCOUNTS[account][2] else "", 0, fen)


class Flow:
    """What came in and went out of one sale (Z4)."""

    def __init__(self) -> None:
        self.deposits = self.released = self.refunded = self.deducted = self.reversed = self.holds = 0
        self.releasing: list[list[Line]] = []
        self.refunding: list[list[Line]] = []
        self.owed = 0


class Books:
    """The accounts of one supervised account after a row of events."""

    def __init__(self) -> None:
        self.net: dict[tuple[str, str], int] = {}
        self.sales: dict[str, Flow] = {}
        self.vouchers = 0

    # --- reading ---

    def balance(self, account: str, sale: str = "") -> int:
        """Return the balance of an account, of one sale where it is kept so."""
        return self.net.get((account, sale), 0)

    def total(self, account: str) -> int:
        """Return the balance of an account over all sales."""
        return sum(net for (code, _sale), net in self.net.items() if code == account)

    def of(self, sale: str) -> int:
        """Return what a sale has in 2001 and 2002."""
        return self.balance("2001", sale) + self.balance("2002", sale)

    def free(self, sale: str) -> int:
        """Return what of a sale may be paid."""
        return max(self.of(sale) - self.flow(sale).holds, 0)

    def flow(self, sale: str) -> Flow:
        """Return the flows of a sale."""
        return self.sales.setdefault(sale, Flow())

    @property
    def balanced(self) -> bool:
        """Whether 1001 + 1101 = Σ2xxx (Z2)."""
        assets = self.total("1001") + self.total("1101")
        return assets == sum(self.total(code) for code in ACCOUNTS if code.startswith("2"))

    def accounted(self, sale: str) -> bool:
        """Whether deposits = balance + in transit + released + refunded + deducted + reversed (Z4)."""
        flow = self.flow(sale)
        moving = sum(
            line.debit for lines in (*flow.releasing, *flow.refunding) for line in lines if line.account != "2006"
        )
        gone = flow.released + flow.refunded + flow.deducted + flow.reversed
        return flow.deposits == self.of(sale) + moving + flow.owed + gone

    # --- writing ---

    def book(self, lines: Sequence[Line]) -> None:
        """Book one entry; a Refusal when it does not balance or an account would be overdrawn."""
        if not lines or sum(one.debit for one in lines) != sum(one.credit for one in lines):
            raise Refusal("E_SUM", "分录不平")
        changed: dict[tuple[str, str], int] = {}
        for one in lines:
            if min(one.debit, one.credit) < 0 or max(one.debit, one.credit) <= 0:
                raise Refusal("E_AMOUNT", "金额应大于零")
            key = (one.account, one.sale)
            sign = 1 if ACCOUNTS[one.account][1] == "D" else -1
            changed[key] = changed.get(key, self.net.get(key, 0)) + sign * (one.debit - one.credit)
        for (account, sale), net in changed.items():
            if net < 0:
                where = f"{account} {ACCOUNTS[account][0]}" + (f"（{sale}）" if sale else "")
                raise Refusal("E_CAPACITY", f"{where}不足{_yuan(-net)}")
        self.net.update(changed)

    def post(
        self,
        event: str,
        *,
        sale: str = "1",
        amount: int | None = None,
        variant: str = "",
        account: str = "",
        excess: int = 0,
        parts: Mapping[str, int] | None = None,
    ) -> None:
        """Book one row of the table. `variant` names its case (identified, failed, returned, good, lender, buyer)."""
        act = getattr(self, f"_{event.lower()}", None)
        if event not in TITLES or act is None:
            raise Refusal("E_INPUT", f"账目表没有“{event[:20]}”")
        act(sale, amount, variant, account, excess, parts or {})

    def _deposited(self, code: str, sale: str, amount: int | None, excess: int) -> None:
        fen = _given(amount)
        if excess > fen:
            raise Refusal("E_SUM", "超出部分大于存入")
        lines = [debit("1001", fen)]
        lines += [credit(code, fen - excess, sale)] if fen > excess else []
        lines += [credit("2005", excess)] if excess else []
        self.book(lines)
        self.flow(sale).deposits += fen - excess
        self.vouchers += fen > excess

    def _j1(self, sale: str, amount: int | None, _v: str, _a: str, excess: int, _p: Mapping[str, int]) -> None:
        self._deposited("2001", sale, amount, excess)

    def _j2(self, sale: str, amount: int | None, _v: str, _a: str, excess: int, _p: Mapping[str, int]) -> None:
        self._deposited("2002", sale, amount, excess)

    def _j3(self, sale: str, amount: int | None, variant: str, account: str, _e: int, _p: Mapping[str, int]) -> None:
        if variant != "identified":
            self.book([debit("1001", _given(amount)), credit("2005", _given(amount))])
            return
        self.book([debit("2005", _given(amount)), credit(account or "2001", _given(amount), sale)])
        self.flow(sale).deposits += _given(amount)
        self.vouchers += 1

    def _j4(self, _s: str, amount: int | None, variant: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        fen = _given(amount)
        if variant in ("", "instructed"):
            self.book([debit("2005", fen), credit("2004", fen)])
        if variant in ("", "confirmed"):
            self.book([debit("2004", fen), credit("1001", fen)])

    def _j5(self, sale: str, amount: int | None, _v: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        flow = self.flow(sale)
        if flow.refunding:
            raise Refusal("E_STATE", "退款正在办理，不能放款")
        fen = self.of(sale) if amount is None else amount
        if fen > self.free(sale):
            raise Refusal("E_CAPACITY", f"可用余额{_yuan(self.free(sale))}，不能放{_yuan(fen)}")
        lines = self._taken(sale, fen, whole=amount is None or fen == self.of(sale))
        self.book([*lines, credit("2003", sum(one.debit for one in lines))])
        flow.releasing.append(lines)

    def _taken(self, sale: str, fen: int, *, whole: bool) -> list[Line]:
        """Return the debits of a payment: the buyer's money first, then the loan's, interest with the last of it."""
        lines, left = [], fen
        for code in ("2001", "2002"):
            part = min(left, self.balance(code, sale))
            left -= part
            lines += [debit(code, part, sale)] if part else []
        if left:
            raise Refusal("E_CAPACITY", f"余额不足{_yuan(left)}")
        interest = self.balance("2006", sale) if whole else 0
        return [*lines, *([debit("2006", interest, sale)] if interest else [])]

    def _j6(self, sale: str, amount: int | None, _v: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        flow = self.flow(sale)
        if flow.owed:
            fen = flow.owed if amount is None else amount
            if fen > flow.owed:
                raise Refusal("E_CAPACITY", f"退回待付的只有{_yuan(flow.owed)}")
            self.book([debit("2003", fen), credit("1001", fen)])
            flow.owed -= fen
            flow.released += fen
            return
        if not flow.releasing:
            raise Refusal("E_STATE", "没有在途的放款")
        lines = flow.releasing[0]
        fen = sum(one.debit for one in lines)
        if amount is not None and amount != fen:
            raise Refusal("E_CONFLICT", f"在途的放款是{_yuan(fen)}")
        self.book([debit("2003", fen), credit("1001", fen)])
        flow.releasing.pop(0)
        flow.released += sum(one.debit for one in lines if one.account != "2006")

    def _j7(self, sale: str, _n: int | None, _v: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        flow = self.flow(sale)
        if not flow.releasing:
            raise Refusal("E_STATE", "没有在途的放款")
        lines = flow.releasing.pop(0)
        self.book([debit("2003", sum(one.debit for one in lines)),
                   *(Line(one.account, one.sale, 0, one.debit) for one in lines)])  # fmt: skip

    def _j8(self, sale: str, amount: int | None, _v: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        flow = self.flow(sale)
        fen = flow.released if amount is None else amount
        if fen > flow.released or not fen:
            raise Refusal("E_STATE", f"已放款{_yuan(flow.released)}，不能退回{_yuan(fen)}")
        self.book([debit("1001", fen), credit("2003", fen)])
        flow.released -= fen
        flow.owed += fen

    def _j9(self, sale: str, amount: int | None, variant: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        flow = self.flow(sale)
        if flow.releasing:
            raise Refusal("E_STATE", "放款正在办理，不能退款")
        codes: tuple[str, ...] = {"buyer": ("2001",), "lender": ("2002",)}.get(variant, ())
        if not codes:
            # Each part goes back to whom it came from: an amount that is not the whole must say whose it is.
            codes = tuple(code for code in ("2001", "2002") if self.balance(code, sale))
            if len(codes) > 1 and amount not in (None, self.of(sale)):
                raise Refusal("E_INPUT", "退款须写明退给买受人（buyer）还是贷款银行（lender）")
            amount = amount if len(codes) == 1 else None
        if not codes:
            raise Refusal("E_STATE", "没有可退的余额")
        for code in codes:
            fen = self.balance(code, sale) if amount is None else amount
            if not fen:
                continue
            if fen > self.free(sale):
                raise Refusal("E_CAPACITY", f"可用余额{_yuan(self.free(sale))}，不能退{_yuan(fen)}")
            lines = [debit(code, fen, sale)]
            if code == "2001" and fen == self.balance(code, sale) and self.balance("2006", sale):
                lines.append(debit("2006", self.balance("2006", sale), sale))
            self.book([*lines, credit("2004", sum(one.debit for one in lines))])
            flow.refunding.append(lines)

    def _j10(self, sale: str, amount: int | None, variant: str, account: str, _e: int, _p: Mapping[str, int]) -> None:
        flow = self.flow(sale)
        if variant == "returned":
            fen = _given(amount)
            if fen > flow.refunded:
                raise Refusal("E_STATE", f"已退款{_yuan(flow.refunded)}，不能退回{_yuan(fen)}")
            self.book([debit("1001", fen), credit("2004", fen)])
            flow.refunded -= fen
            flow.refunding.append([debit(account or "2001", fen, sale)])
            return
        if not flow.refunding:
            raise Refusal("E_STATE", "没有在途的退款")
        if amount == sum(line.debit for one in flow.refunding for line in one):
            amount = None
        fits = [one for one in flow.refunding if amount is None or sum(line.debit for line in one) == amount]
        if not fits:
            raise Refusal("E_CONFLICT", "没有这个金额的在途退款")
        for lines in fits if amount is None else fits[:1]:
            fen = sum(one.debit for one in lines)
            if variant == "failed":
                self.book([debit("2004", fen), *(Line(one.account, one.sale, 0, one.debit) for one in lines)])
            else:
                self.book([debit("2004", fen), credit("1001", fen)])
                flow.refunded += sum(one.debit for one in lines if one.account != "2006")
            flow.refunding.remove(lines)

    def _j11(self, sale: str, amount: int | None, _v: str, _a: str, _e: int, parts: Mapping[str, int]) -> None:
        split = {name: fen for name, fen in parts.items() if fen} or {sale: _given(amount)}
        self.book([debit("1001", sum(split.values())), *(credit("2006", fen, name) for name, fen in split.items())])

    def _j12(self, sale: str, amount: int | None, variant: str, account: str, _e: int, _p: Mapping[str, int]) -> None:
        fen, flow = _given(amount), self.flow(sale)
        code = account or ("2002" if variant == "lender" else "2001")
        self.book([debit(code, fen, sale), credit("1001", fen)])
        flow.holds = max(flow.holds - fen, 0)
        flow.deducted += fen

    def _j13(self, _s: str, amount: int | None, variant: str, _a: str, _e: int, _p: Mapping[str, int]) -> None:
        fen = _given(amount)
        if variant == "good":
            self.book([debit("1001", fen), credit("1101", fen)])
        else:
            self.book([debit("1101", fen), credit("1001", fen)])

    def _j14(
        self, sale: str, amount: int | None, variant: str, account: str, excess: int, _p: Mapping[str, int]
    ) -> None:
        fen, code = _given(amount), account or ("2002" if variant == "lender" else "2001")
        suspended = min(excess, self.total("2005"))
        free = min(fen - suspended, self.balance(code, sale), self.free(sale))
        rest = fen - suspended - free
        lines = [debit(code, free, sale)] if free else []
        lines += [debit("2005", suspended)] if suspended else []
        lines += [debit("1101", rest)] if rest else []
        self.book([*lines, credit("1001", fen)])
        self.flow(sale).reversed += free

    def hold(self, sale: str, amount: int) -> None:
        """Note a freeze on a sale; a negative amount lifts."""
        flow = self.flow(sale)
        flow.holds = max(flow.holds + amount, 0)


def _yuan(fen: int) -> str:
    return f"{Money(fen)}元"


def _given(amount: int | None) -> int:
    if amount is None:
        raise Refusal("E_AMOUNT", "没有写金额")
    return amount
