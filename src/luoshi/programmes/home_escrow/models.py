"""Supervised sales: agreement, lines, parties, vouchers, freezes; banks and their accounts; sales outside; checks.

Amounts in fen, areas in 0.01 m². Identity and account numbers are sealed; `tail` is what pages show of them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from luoshi.office.registers.models import Record


class Sale(models.Model):
    """A sale under supervision by an agreement of buyer, seller and bank.

    What came in and went out is kept beside the ledger and proven against it (Z4): `deposits` less `reversed`,
    `deducted`, `released`, `refunded` is what lies in the accounts or is on its way. `live`: not closed or cancelled.
    """

    class State(models.TextChoices):
        """How far it is."""

        FUNDING = "funding", "存入"
        FILED = "filed", "已备案"
        REGISTERED = "registered", "已过户"
        RELEASING = "releasing", "放款中"
        TERMINATING = "terminating", "解除中"
        CLOSED = "closed", "办结"
        CANCELLED = "cancelled", "已取消"

    class Plan(models.TextChoices):
        """Released at once, or in parts."""

        SINGLE = "SINGLE", "一次放款"
        STAGED = "STAGED", "分次放款"

    book = models.ForeignKey("funds.Book", on_delete=models.PROTECT, related_name="+")
    agreement_no = models.CharField(max_length=40, unique=True)
    contract_no = models.CharField(max_length=60)
    unit_code = models.CharField(max_length=28)
    buyer = models.CharField(max_length=100)
    seller = models.CharField(max_length=100)
    price = models.BigIntegerField()
    supervised = models.BigIntegerField()
    plan = models.CharField(max_length=6, choices=Plan.choices, default=Plan.SINGLE)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FUNDING)
    live = models.BooleanField(default=True)
    signed_on = models.DateField()
    filed_on = models.DateField(null=True)
    registered_on = models.DateField(null=True)
    deposits = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)
    deducted = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)
    contract_on = models.DateField(null=True)
    title_no = models.CharField(max_length=80, default="", blank=True)
    address = models.CharField(max_length=200, default="", blank=True)
    area = models.BigIntegerField(null=True)
    code = models.CharField(max_length=12, default="", blank=True)
    """By which the parties ask for their sale without an account."""

    class Meta:
        """One live sale a contract and a home; never more in than is supervised."""

        constraints = (
            models.UniqueConstraint(fields=["contract_no"], name="he_contract_live", condition=Q(live=True)),
            models.UniqueConstraint(fields=["unit_code"], name="he_home_live", condition=Q(live=True)),
            models.CheckConstraint(condition=Q(supervised__gt=0, supervised__lte=F("price")), name="he_supervised"),
            models.CheckConstraint(
                condition=Q(deposits__lte=F("supervised") + F("reversed") + F("deducted")), name="he_deposits"
            ),
            models.CheckConstraint(
                condition=Q(reversed__gte=0, deducted__gte=0, released__gte=0, refunded__gte=0), name="he_flows"
            ),
            models.CheckConstraint(
                condition=Q(registered_on__isnull=True) | Q(registered_on__gte=F("filed_on")), name="he_registered"
            ),
            models.CheckConstraint(
                condition=Q(live=True, state__in=["funding", "filed", "registered", "releasing", "terminating"])
                | Q(live=False, state__in=["closed", "cancelled"]),
                name="he_live",
            ),
        )
        indexes = (models.Index(fields=["book", "state", "agreement_no"], name="he_sale_state"),)

    def __str__(self) -> str:
        return self.agreement_no


class SaleLine(models.Model):
    """A part of the price: who pays it, how much, how much is in (deposits less reversals and deductions on it)."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="lines", db_index=False)
    n = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    lender = models.CharField(max_length=100, default="", blank=True)
    amount = models.BigIntegerField()
    deposited = models.BigIntegerField(default=0)
    before_filing = models.BooleanField()

    class Meta:
        """Never more in than the line."""

        ordering = ("sale", "n")
        constraints = (
            models.UniqueConstraint(fields=["sale", "n"], name="he_line_n"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, deposited__gte=0, deposited__lte=F("amount")), name="he_line_amount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.n}"


class Voucher(models.Model):
    """The voucher of a booked deposit: one a bank transaction of a sale."""

    number = models.CharField(max_length=40, unique=True)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="vouchers", db_index=False)
    payer = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    bank_txn_no = models.CharField(max_length=60)
    at = models.DateTimeField()
    code = models.CharField(max_length=12, default="", blank=True)
    """The check code printed on it."""

    class Meta:
        """Nothing without a deposit."""

        constraints = (
            models.UniqueConstraint(fields=["sale", "bank_txn_no"], name="he_voucher_once"),
            models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(bank_txn_no=""), name="he_voucher_deposit"),
        )

    def __str__(self) -> str:
        return self.number


class Supplement(models.Model):
    """A supplementary agreement of a sale: what it changed, before and after; numbers of persons stay sealed."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="supplements", db_index=False)
    n = models.PositiveSmallIntegerField()
    case_no = models.CharField(max_length=40, unique=True)
    on = models.DateField()
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        """Counted within the sale."""

        ordering = ("sale", "n")
        constraints = (models.UniqueConstraint(fields=["sale", "n"], name="he_supplement_n"),)

    def __str__(self) -> str:
        return self.case_no


class Hold(models.Model):
    """A freeze by an authority's order: of a sale's money, or (`book`) of a whole account.

    `used` was deducted by it; live until its end or lifted. `party`: against whom the order is.
    """

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="holds", null=True)
    book = models.ForeignKey("funds.Book", on_delete=models.PROTECT, related_name="+", null=True)
    party = models.CharField(max_length=100, default="", blank=True)
    authority = models.CharField(max_length=100)
    document_no = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    used = models.BigIntegerField(default=0)
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    proof_shown_at = models.DateTimeField(null=True)
    proof_shown_to = models.CharField(max_length=100, default="", blank=True)
    lifted_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        """No more is deducted than was frozen."""

        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, used__gte=0, used__lte=F("amount")), name="he_hold_amount"
            ),
            models.CheckConstraint(
                condition=Q(sale__isnull=True, book__isnull=False) | Q(sale__isnull=False, book__isnull=True),
                name="he_hold_target",
            ),
        )

    def __str__(self) -> str:
        return self.document_no


class Party(models.Model):
    """A buyer or a seller of a sale; `share` is the weight by which several sellers divide the price."""

    class Side(models.TextChoices):
        """On which side."""

        BUYER = "buyer", "买受人"
        SELLER = "seller", "出卖人"

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="parties", db_index=False)
    side = models.CharField(max_length=6, choices=Side.choices)
    n = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    suite = models.CharField(max_length=20)
    sealed = models.CharField(max_length=400)
    blind = models.CharField(max_length=64, db_index=True)
    tail = models.CharField(max_length=4)
    share = models.PositiveIntegerField(default=1)

    class Meta:
        """Each once on a sale, whichever the side."""

        ordering = ("sale", "side", "n")
        constraints = (
            models.UniqueConstraint(fields=["sale", "side", "n"], name="he_party_n"),
            models.UniqueConstraint(fields=["sale", "blind"], name="he_party_once"),
            models.CheckConstraint(condition=Q(share__gt=0), name="he_party_share"),
        )

    def __str__(self) -> str:
        return self.name


class Payout(models.Model):
    """Where money of a sale shall go: applied for by the clerk, valid once another hand has approved it.

    `basis` is why this account: its owner's own, a notarial deed, a law firm's attestation, with `paper_no`.
    """

    class Basis(models.TextChoices):
        """Why this account."""

        OWN = "own", "本人账户"
        NOTARIAL = "notarial", "公证书指定"
        LAW_FIRM = "law_firm", "律师见证书指定"

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="payouts")
    purpose = models.CharField(max_length=8, choices=(("release", "放款"), ("refund", "退款")))
    owner = models.CharField(max_length=100)
    suite = models.CharField(max_length=20)
    sealed = models.CharField(max_length=400)
    tail = models.CharField(max_length=4)
    blind = models.CharField(max_length=64, db_index=True)
    bank = models.CharField(max_length=100)
    basis = models.CharField(max_length=10, choices=Basis.choices, default=Basis.OWN)
    paper_no = models.CharField(max_length=80, default="", blank=True)
    paper_tail = models.CharField(max_length=4, default="", blank=True)
    amount = models.BigIntegerField(null=True)
    seller = models.CharField(max_length=100, default="", blank=True)
    live = models.BooleanField(default=True)
    approved = models.BooleanField(default=False)
    place = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    class Meta:
        """An amount, where one is named, is more than nothing."""

        constraints = (
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gt=0), name="he_payout_amount"),
        )

    def __str__(self) -> str:
        return f"{self.owner} {self.tail}"


class Bank(Record):
    """A bank that supervises: what it was chosen by, its cooperation agreement. `organ` is whose tellers work on it."""

    class Stage(models.TextChoices):
        """How far it is."""

        CANDIDATE = "candidate", "比选中"
        AGREED = "agreed", "已签合作协议"
        ACTIVE = "active", "已启用"
        ENDED = "ended", "已退出"

    class Link(models.TextChoices):
        """How its messages come."""

        FILE = "file", "报文文件"
        API = "api", "实时接口"

    code = models.CharField(max_length=2, unique=True)
    name = models.CharField(max_length=100)
    number = models.CharField(max_length=12)
    organ = models.CharField(max_length=80, default="", blank=True)
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.CANDIDATE)
    agreement_no = models.CharField(max_length=80, default="", blank=True)
    from_on = models.DateField(null=True, blank=True)
    to_on = models.DateField(null=True, blank=True)
    reputation = models.CharField(max_length=200, default="", blank=True)
    service = models.CharField(max_length=200, default="", blank=True)
    loan_rate = models.CharField(max_length=60, default="", blank=True)
    safety = models.CharField(max_length=200, default="", blank=True)
    network = models.CharField(max_length=200, default="", blank=True)
    link = models.CharField(max_length=5, choices=Link.choices, default=Link.FILE)
    phone = models.CharField(max_length=40, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class EscrowAccount(models.Model):
    """A supervised account: its book, its bank, the seal card without which it is not used; published or not."""

    class Status(models.TextChoices):
        """May it be used."""

        OPENED = "opened", "待留印鉴"
        ACTIVE = "active", "已启用"
        CLOSED = "closed", "已停用"

    book = models.OneToOneField("funds.Book", on_delete=models.PROTECT, related_name="+")
    bank = models.ForeignKey(Bank, on_delete=models.PROTECT, related_name="accounts")
    tail = models.CharField(max_length=4)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.OPENED)
    seal_card_on = models.DateField(null=True)
    published_on = models.DateField(null=True)

    class Meta:
        """No use without the Department's seal on the card."""

        constraints = (
            models.CheckConstraint(
                condition=~Q(status="active") | Q(seal_card_on__isnull=False), name="he_account_sealed"
            ),
        )

    def __str__(self) -> str:
        return f"{self.bank_id} {self.tail}"


class Agency(Record):
    """An agency or guarantee firm: filed, may it sign online, what stands in its credit file. It takes no money."""

    class Kind(models.TextChoices):
        """What it is."""

        AGENCY = "agency", "中介机构"
        GUARANTEE = "guarantee", "房屋置业担保机构"

    credit_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=100, db_index=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.AGENCY)
    filing_no = models.CharField(max_length=60, default="", blank=True)
    online_sign = models.BooleanField(default=True)
    violations = models.PositiveIntegerField(default=0)
    credit_note = models.CharField(max_length=300, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class Outside(models.Model):
    """A contract that goes another way than supervision: opted out, excluded, exempt."""

    class Route(models.TextChoices):
        """Which way."""

        OPT_OUT = "OPT_OUT", "自行划转"
        EXCLUDED = "EXCLUDED", "不纳入监管"
        EXEMPT = "EXEMPT", "豁免"

    contract_no = models.CharField(max_length=60)
    unit_code = models.CharField(max_length=28)
    route = models.CharField(max_length=8, choices=Route.choices)
    ground = models.CharField(max_length=20, default="", blank=True)
    buyer = models.CharField(max_length=100)
    seller = models.CharField(max_length=100)
    price = models.BigIntegerField()
    certificate = models.CharField(max_length=40, unique=True)
    filed_on = models.DateField()

    class Meta:
        """A contract is filed once."""

        constraints = (
            models.UniqueConstraint(fields=["contract_no"], name="he_outside_contract"),
            models.CheckConstraint(condition=Q(price__gt=0), name="he_outside_price"),
        )
        indexes = (
            models.Index(fields=["unit_code"], name="he_outside_unit"),
            models.Index(fields=["filed_on", "route"], name="he_outside_filed"),
        )

    def __str__(self) -> str:
        return self.contract_no


class StatusCheck(models.Model):
    """What registry or tax asked about a contract, and the answer it got."""

    asked = models.CharField(max_length=60)
    organ = models.CharField(max_length=80)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="checks", null=True)
    answer = models.JSONField()

    class Meta:
        """By the day."""

        indexes = (models.Index(fields=["at"], name="he_check_at"),)

    def __str__(self) -> str:
        return self.asked
