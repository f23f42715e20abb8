"""SIGKILL at random moments while papers are signed: no number lost, none doubled, no signature without its entry.

LUOSHI_KILLS says how often (two hundred for a figure).
"""

from __future__ import annotations

import json
import os
import random
import threading

import pytest

from tests.databases import migrated
from tests.office.elsewhere import READY, python, start

KILLS = int(os.environ.get("LUOSHI_KILLS", "6"))
PREPARE = "from luoshi.site.setup import prepare; prepare()\nfrom tests.office import notices_made as made\n"
WRITE = (
    PREPARE
    + """
from luoshi.office.notices import actions
made.register()
clerk, head = made.clerk(), made.head()
while True:
    paper = actions.sign(actor=head, notice=made.letter(clerk).pk)
    print(paper.number_text, flush=True)
"""
)
TELL = (
    PREPARE
    + """
import json
from luoshi.office.audit import proof
from luoshi.office.audit.models import AuditEntry
from luoshi.office.notices import numbers, queries
from luoshi.office.notices.models import Notice, TakenNumber
made.register()
print(json.dumps({
    "numbers": list(TakenNumber.objects.order_by("n").values_list("n", flat=True)),
    "texts": list(TakenNumber.objects.values_list("text", flat=True)),
    "signed": Notice.objects.filter(state="signed").count(),
    "entries": AuditEntry.objects.filter(act="notice.sign").count(),
    "faults": [str(one) for one in numbers.faults()],
    "whole": queries.proof()["whole"] and proof.verify(workers=1).whole,
}))
"""
)


@pytest.mark.django_db
def test_killed_while_signing_leaves_no_gap_and_no_half_signature(tmp_path):
    moments = random.Random(20260120)
    url = migrated(tmp_path)
    python(READY, tmp_path, url)
    confirmed: list[str] = []
    for _ in range(KILLS):
        with start(WRITE, tmp_path, url) as process:
            confirmed.append(process.stdout.readline().strip())
            killer = threading.Timer(moments.uniform(0.0, 0.5), process.kill)
            killer.start()
            confirmed += [line.strip() for line in process.stdout if line.strip().endswith("号")]
            killer.join()
            assert process.wait() == -9, process.stderr.read()
    told = json.loads(python(TELL, tmp_path, url))
    assert all(confirmed)
    assert len(confirmed) == len(set(confirmed)) >= KILLS
    assert set(confirmed) <= set(told["texts"])
    assert told["numbers"] == list(range(1, len(told["numbers"]) + 1))
    assert len(told["numbers"]) == told["signed"] == told["entries"]
    assert told["faults"] == []
    assert told["whole"]
