"""Many sign cases at the same moment, from several processes: numbers without a gap, of two at one case one wins.

LUOSHI_SIGNATURES says how many cases (eight here, two hundred for a figure); each is signed by two people at once,
four connections of each: who waits for whom is the same as with more.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.databases import migrated
from tests.office.elsewhere import READY, python, start

SIGNATURES = int(os.environ.get("LUOSHI_SIGNATURES", "8"))
SHARES = 2 if SIGNATURES >= 100 else 1
"""So many processes has each of the two people, each process so many connections."""
CONNECTIONS = SIGNATURES // (2 * SHARES)
PREPARE = """
from luoshi.site.setup import prepare; prepare()
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions
from luoshi.office.cases.models import Case, CaseEvent
from tests.office import cases_made as made, notices_made
notices_made.register()
"""
BEGIN = (
    READY
    + PREPARE
    + f"""
import json
with made.known_procedures():
    for name in ("甲", "乙"):
        notices_made.head(name)
    print(json.dumps([made.letter_to_sign().pk for _ in range({SIGNATURES})]))
"""
)
SIGN = (
    PREPARE
    + f"""
import json, sys, threading
from concurrent.futures import ThreadPoolExecutor
from django.db import connections
name, gate, *cases = sys.argv[1:]
who, all_there, known = notices_made.head(name), threading.Barrier({CONNECTIONS}), threading.local()

def sign(case):
    if not hasattr(known, "there"):
        known.there = Case.objects.exists()  # each of them with a connection of its own before the first signs
        all_there.wait(300)
    try:
        return case, "done", actions.act(actor=who, case=int(case), step="sign", revision=1).facts["number"]
    except LuoshiError as refusal:
        return case, refusal.code, refusal.message

with made.known_procedures(), ThreadPoolExecutor({CONNECTIONS}) as pool:
    connections.close_all()
    with open(gate) as opened:
        print("ready", flush=True)
        opened.read()
    print(json.dumps(list(pool.map(sign, cases))), flush=True)
"""
)
TELL = (
    PREPARE
    + """
import json
from luoshi.office.audit import proof
from luoshi.office.audit.models import AuditEntry
from luoshi.office.notices import numbers
from luoshi.office.notices.models import Notice, TakenNumber
print(json.dumps({
    "taken": list(TakenNumber.objects.order_by("n").values_list("n", flat=True)),
    "texts": sorted(TakenNumber.objects.values_list("text", flat=True)),
    "on_cases": sorted(one["number"] for one in Case.objects.values_list("facts", flat=True)),
    "on_letters": sorted(Notice.objects.values_list("number_text", flat=True)),
    "signed": CaseEvent.objects.filter(act="sign").count(),
    "entries": AuditEntry.objects.filter(act="notice.sign").count(),
    "faults": [str(one) for one in numbers.faults()],
    "whole": proof.verify(workers=1).whole,
}))
"""
)


@pytest.mark.django_db
def test_many_signatures_from_several_processes_leave_no_gap_and_one_wins_each_case(tmp_path):
    url, gate = migrated(tmp_path), tmp_path / "gate"
    cases = json.loads(python(BEGIN, tmp_path, url))
    shares = [cases[one::SHARES] for one in range(SHARES)]
    os.mkfifo(gate)
    shut = os.open(gate, os.O_RDWR)  # whoever has opened it reads until it is let go
    signers = [start(SIGN, tmp_path, url, who, str(gate), *map(str, share)) for who in ("甲", "乙") for share in shares]
    for process in signers:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    os.close(shut)
    with ThreadPoolExecutor(len(signers)) as pool:
        said = list(pool.map(lambda process: process.communicate(timeout=900), signers))
    assert [process.returncode for process in signers] == [0] * len(signers), [errors for _, errors in said]

    outcomes: dict[str, list[tuple[str, str]]] = {}
    for found, _ in said:
        for case, outcome, text in json.loads(found):
            outcomes.setdefault(case, []).append((outcome, text))
    told = json.loads(python(TELL, tmp_path, url))
    assert len(outcomes) == SIGNATURES
    for pair in outcomes.values():
        won = [text for outcome, text in pair if outcome == "done"]
        lost = [(outcome, text) for outcome, text in pair if outcome != "done"]
        assert (len(won), len(lost)) == (1, 1), pair
        assert lost[0][0] in ("E_VERSION", "E_STATE")
        assert "请" in lost[0][1]  # what to do now
    numbers = sorted(text for pair in outcomes.values() for outcome, text in pair if outcome == "done")
    assert told["taken"] == list(range(1, SIGNATURES + 1))
    assert numbers == told["texts"] == told["on_cases"] == told["on_letters"]
    assert told["signed"] == told["entries"] == SIGNATURES
    assert told["faults"] == []
    assert told["whole"]
