"""Books come back from a backup past their triggers, which are the same afterwards; an altered book does not."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection

from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.models import AuditHead
from luoshi.office.backup import restore, tables
from luoshi.office.backup.resting import RESTING, _triggers, triggers_at_rest
from luoshi.office.funds import proof
from luoshi.office.funds.models import Posting
from luoshi.office.funds.writing import post_all
from tests.office.funds_made import DAY, HAND, book, deposit, funded, withdrawal

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger():
    made = book()
    funded(made, 1000)
    post_all(made, [deposit("d", "甲", 500), withdrawal("w", "甲", 200)], HAND)
    proof.prove(made.book)
    return made


class Told:
    """The manifest of an archive made of the database as it stands."""

    def __init__(self):
        heads = {one.stream: {"position": one.position, "digest": one.digest} for one in AuditHead.objects.all()}
        names = [one.name for one in tables.tables() if one.name.startswith(RESTING)]
        rows = [{"name": name, "rows": tables.count(connection, name)} for name in names]
        self.manifest = {"heads": heads, "tables": rows}


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def test_rows_come_in_past_the_triggers_and_prove(ledger):
    told, before = Told(), _triggers()
    assert len(before) >= 20
    found = [(one, list(tables.lines(connection, one))) for one in tables.tables() if one.name.startswith(RESTING)]
    with triggers_at_rest():
        for one, _ in reversed(found):
            run(f"DELETE FROM {one.name}")
        # By name, as an archive is read: balances and days before the entries they are sums of.
        for one, lines in found:
            assert tables.load(connection, one, lines) == len(lines)
    assert _triggers() == before
    restore.prove(told)
    assert Posting.objects.count() == 6
    with pytest.raises(DatabaseError, match="funds:append-only"):
        Posting.objects.update(credit=1)


def failing_load():
    with triggers_at_rest():
        run("DELETE FROM funds_day")
        raise ZeroDivisionError


def test_failed_load_leaves_rows_and_triggers(ledger):
    before = _triggers()
    with pytest.raises(ZeroDivisionError):
        failing_load()
    assert _triggers() == before
    assert proof.prove(ledger.book, whole=True, keep=False).faults == []


ALTERED = {
    "a posting": ("UPDATE funds_posting SET debit = debit + 1 WHERE debit = 500", "余额 1001"),
    "a whole entry": ("UPDATE funds_entry SET memo = '别的' WHERE key = 'd'", "封印摘要不符"),
    "a kept balance": (
        "UPDATE funds_balance SET debit = debit + 1, credit = credit + 1 WHERE subject = '甲'",
        "余额 2001 甲",
    ),
    "a day": ("UPDATE funds_day SET debit = debit + 1 WHERE subject = '甲'", "日合计 2001 甲"),
    "a number": ("UPDATE funds_book SET last_no = 4", "凭证号"),
    "a seal": ("UPDATE funds_seal SET digest = '" + "f" * 64 + "' WHERE first_no = 2", "封印摘要不符"),
    "an earlier proof": ("UPDATE funds_proof SET digest = '" + "f" * 64 + "'", "第 1 次重算"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_altered_books_are_not_put_in_use(ledger, what):
    statement, words = ALTERED[what]
    with triggers_at_rest():
        run(statement)
    with pytest.raises(LuoshiError) as refused:
        restore.prove(Told())
    assert refused.value.code == "E_HASH"
    assert words in " ".join(proof.prove(ledger.book, whole=True, keep=False).faults)


def test_day_below_zero_is_found_though_today_is_not(ledger):
    account = ledger.ids["1001"]
    with triggers_at_rest():
        run(
            f"UPDATE funds_day SET credit = credit + 5000 WHERE account_id = {account}",
            f"INSERT INTO funds_day (account_id, subject, value_on, debit, credit) "
            f"VALUES ({account}, '', '{DAY.replace(day=2)}', 5000, 0)",
        )
    assert "有一天为负 1001" in " ".join(proof.prove(ledger.book, keep=False).faults)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a full join is a loop in a loop on SQLite only")
def test_resum_is_no_loop_in_a_loop(ledger):
    with connection.cursor() as cursor:
        for statement in proof._SUMS.values():
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", proof._values(ledger.book))
            steps = [row[3] for row in cursor.fetchall()]
            assert not [step for step in steps if "JOIN" in step]
