"""SIGKILL at random moments while entries are posted: what was confirmed is there, nothing is there by half."""

from __future__ import annotations

import json
import random
import threading

import pytest

from tests.databases import migrated
from tests.office.elsewhere import python, start

KILLS = 5
PREPARE = "from luoshi.site.setup import prepare; prepare()\nfrom tests.office import funds_made as made\n"
WRITE = (
    PREPARE
    + """
import itertools
from luoshi.office.funds.models import Entry
from luoshi.office.funds.writing import post_all
ledger = made.book()
for n in itertools.count(Entry.objects.count()):
    orders = [made.deposit(f"{n}:{m}", f"户{m}", m + 1) for m in range(3)]
    posted = post_all(ledger, orders if n % 3 else orders[:1], made.HAND)
    print(posted[-1].no, flush=True)
"""
)
TELL = (
    PREPARE
    + """
import json
from luoshi.office.funds import proof
from luoshi.office.funds.models import Book, Entry
book = Book.objects.get()
print(json.dumps({
    "last": book.last_no,
    "entries": Entry.objects.count(),
    "keys": list(Entry.objects.values_list("key", flat=True)),
    "faults": proof.prove(book, whole=True, keep=False).faults,
}))
"""
)


@pytest.mark.django_db
def test_killed_while_posting_leaves_the_books_whole(tmp_path):
    moments = random.Random(20190305)
    url = migrated(tmp_path)
    confirmed: list[int] = []
    for _ in range(KILLS):
        with start(WRITE, tmp_path, url) as process:
            confirmed.append(int(process.stdout.readline()))
            killer = threading.Timer(moments.uniform(0.0, 0.4), process.kill)
            killer.start()
            confirmed += [int(line) for line in process.stdout if line.strip().isdecimal() and line.endswith("\n")]
            killer.join()
            assert process.wait() == -9, process.stderr.read()
    told = json.loads(python(TELL, tmp_path, url))
    assert told["faults"] == []
    assert told["last"] == told["entries"] >= max(confirmed)
    assert len(set(told["keys"])) == told["entries"]
    # An act of three entries is there with all three or not at all.
    acts = [key.partition(":")[0] for key in told["keys"]]
    assert all(acts.count(act) == (3 if int(act) % 3 else 1) for act in set(acts))
