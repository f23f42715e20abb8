"""The bank interface under junk: every answer is a clear refusal or the right booking, never anything else."""

from __future__ import annotations

import datetime
import json
import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import CODES, LuoshiError
from luoshi.office.funds import bank, envelope
from luoshi.office.funds.models import BankMessage, Entry
from tests.office.funds_made import BANK, KEY, NUMBER, book, clock_at, funded, linked, movement

EXAMPLES = int(os.environ.get("LUOSHI_FUZZ_EXAMPLES", "60"))
FIELDS = ("v", "bank", "account", "msg_id", "type", "created_at", "business_date", "bank_txn_no", "direction",
          "amount_fen", "currency", "counter_account", "counter_name", "ref", "memo", "digest", "sig", "instr_id",
          "result", "lines", "opening", "closing", "first_on", "last_on")  # fmt: skip
TYPES = ("MOVEMENT", "RESULT", "RETURNED", "STATEMENT", "QUERY", "OTHER", "x")
plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=12), st.sampled_from(TYPES),
    st.sampled_from(("C", "D", "", "CNY", "2019-03-05", "2019-02-30", "9999-12-31", BANK, NUMBER, "success")),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@pytest.fixture
def fund(db):
    clock_at(datetime.date(2019, 3, 5))
    ledger = book()
    linked()
    funded(ledger, 1000)
    yield ledger
    CLOCK.release()


def answered(act, data: bytes):
    """Return what `act` answers, or the code of its refusal: one of the table, that is nobody's defect."""
    try:
        return act(data)
    except LuoshiError as refused:
        code = refused.code
    assert CODES[code].http < 500
    return code


def taken(data: bytes) -> str:
    return answered(lambda told: bank.receive(told).result, data)


def counts() -> tuple[int, int]:
    return Entry.objects.count(), BankMessage.objects.count()


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(cut=st.integers(0, 600), flip=st.integers(0, 600), by=st.integers(1, 255))
def test_cut_or_changed_message_is_never_booked(fund, cut, flip, by):
    data = movement("T1", "C", 70)
    changed = bytearray(data[:-1] if cut % 2 else data[: cut % len(data)])
    if changed and cut % 3 == 0:
        changed[flip % len(changed)] ^= by
    before = counts()
    assert taken(bytes(changed)) in CODES
    assert counts() == before


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(changes=st.dictionaries(st.sampled_from(FIELDS), plain, max_size=4), kind=st.sampled_from(TYPES))
def test_rightly_signed_nonsense_is_refused_or_rightly_booked(fund, changes, kind):
    body = json.loads(movement("T1", "C", 70)) | {"type": kind} | changes
    for name in ("digest", "sig"):
        if name not in changes:
            body.pop(name, None)
    try:
        data = json.dumps(
            envelope.signed(body, KEY) | {k: v for k, v in changes.items() if k in ("digest", "sig")}
        ).encode()
    except (ValueError, UnicodeEncodeError):
        return
    with transaction.atomic():
        before = counts()
        said = taken(data)
        if said == "accepted":
            assert counts()[1] == before[1] + 1
            assert counts()[0] - before[0] in (0, 1)
        else:
            assert counts() == before, said
        transaction.set_rollback(True)


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))))
def test_junk_is_refused(fund, data):
    before = counts()
    assert taken(data) in CODES
    assert counts() == before


@settings(max_examples=max(EXAMPLES // 3, 10), suppress_health_check=list(HealthCheck))
@given(cut=st.integers(0, 5000), at=st.integers(0, 5000), by=st.integers(0, 255))
def test_damaged_file_books_nothing_or_names_its_lines(fund, cut, at, by):
    name = f"{BANK}_{NUMBER}_20190305_01.jsonl"
    data = bytearray(envelope.file_of(json.loads(movement(f"F{n}", "C", 10)) for n in range(3)))
    data = data[: max(len(data) - cut % 40, 0)] if cut % 2 else data
    if data:
        data[at % len(data)] ^= by
    with transaction.atomic():
        before = counts()
        told = answered(lambda told: bank.receive_file(name=name, data=told).accepted, bytes(data))
        assert counts() == before if isinstance(told, str) else counts()[1] == before[1] + told
        transaction.set_rollback(True)


def test_huge_and_deep_messages_are_refused(fund):
    assert taken(b" " * (envelope.MOST_BYTES + 1)) == "E_TOO_LARGE"
    assert taken(b'{"a":' * 50_000) == "E_INPUT"
    deep = json.loads(movement("T1", "C", 7)) | {"x": [[[[[[[[1]]]]]]]]}
    assert taken(json.dumps(envelope.signed(deep, KEY)).encode()) == "E_INPUT"
    many = json.loads(movement("T1", "C", 7)) | {"amount_fen": 10**30}
    assert taken(json.dumps(envelope.signed(many, KEY)).encode()) == "E_INPUT"
