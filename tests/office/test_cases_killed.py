"""SIGKILL at random moments while steps are taken and ends of limits carried out: nothing half done, nothing twice.

LUOSHI_KILLS says how often (two times here, two hundred for a figure). Among the steps is one that signs a numbered
letter; so many ends of limits fall due that the timer is at work whenever it is killed.
"""

from __future__ import annotations

import json
import os
import random
import threading

import pytest

from tests.databases import migrated
from tests.office.elsewhere import READY, python, start

KILLS = int(os.environ.get("LUOSHI_KILLS", "2"))
DUE = 60 * KILLS
PREPARE = """
from luoshi.site.setup import prepare; prepare()
from luoshi.kernel.clock import CLOCK
from luoshi.office.cases import actions, expiry
from luoshi.office.cases.models import Case, CaseClock, CaseEvent
from tests.office import cases_made as made, notices_made
notices_made.register()
"""
PEOPLE = ("applicant", "officer", "head", "payer")
STEPS = (
    PREPARE
    + f"PEOPLE = {PEOPLE}"
    + """
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
head = notices_made.head()
with made.known_procedures():
    who = {name: standing(User.objects.get(login=name[0])).actor("test") for name in PEOPLE}
    while True:
        case = made.guarantee(who["applicant"]).pk
        print("did", case, 1, flush=True)
        taken = (("officer", "note", {"opinion": "相符"}), ("head", "approve", {}), ("payer", "pay", {}))
        for name, step, data in taken:
            event = actions.act(actor=who[name], case=case, step=step, data=data).events_count
            print("did", case, event, flush=True)
        case = made.letter_to_sign().pk
        print("did", case, 1, flush=True)
        print("did", case, actions.act(actor=head, case=case, step="sign").events_count, flush=True)
"""
)
BEGIN = READY + PREPARE + "with made.known_procedures(): made.people(), notices_made.head()\n"
OPEN = PREPARE + f"with made.known_procedures(): [made.guarantee(title='到期') for _ in range({DUE})]\n"
TICK = (
    PREPARE
    + """
expiry.BATCH = 5
with made.known_procedures("2018-10-12T09:00"):
    print("began", flush=True)
    while expiry._batch(CLOCK.now()):
        print("fired", flush=True)
    print("done", flush=True)
    import time
    time.sleep(60)
"""
)
TELL = (
    PREPARE
    + """
import json
from django.db.models import Count
from luoshi.office.audit import proof
from luoshi.office.audit.models import AuditEntry
from luoshi.office.notices import numbers
from luoshi.office.notices.models import Notice, TakenNumber
letters = Case.objects.filter(procedure="test.letters", is_open=False)
told = {
    "faults": [str(one) for one in numbers.faults()],
    "events": {},
    "numbers": sorted(Case.objects.filter(procedure="test.guarantee").values_list("number", flat=True)),
    "taken": list(TakenNumber.objects.order_by("n").values_list("n", flat=True)),
    "texts": sorted(TakenNumber.objects.values_list("text", flat=True)),
    "on_cases": sorted(one["number"] for one in letters.values_list("facts", flat=True)),
    "on_letters": sorted(Notice.objects.exclude(number_text="").values_list("number_text", flat=True)),
}
for case in Case.objects.prefetch_related("events", "clocks"):
    events = sorted(case.events.all(), key=lambda one: one.n)
    told["events"][case.pk] = [one.act for one in events]
    whole = [one.n for one in events] == list(range(1, case.events_count + 1)) and events[-1].to_state == case.state
    running = [one.limit for one in case.clocks.all() if one.state == "running"]
    wanted = {"review": ["review"], "approved": ["pay"]}.get(case.state, [])
    if not whole or running != wanted:
        told["faults"].append([case.pk, case.state, running, told["events"][case.pk]])
told["entries"] = AuditEntry.objects.filter(act__startswith="case.").count()
told["written"] = CaseEvent.objects.count()
told["whole"] = proof.verify(workers=1).whole
print(json.dumps(told))
"""
)


def killed(code, data, url, moments, within=0.5):
    """Run `code`, kill it at most so many seconds after its first line, and return the lines it had printed."""
    with start(code, data, url) as process:
        lines = [process.stdout.readline().strip()]
        killer = threading.Timer(moments.uniform(0.0, within), process.kill)
        killer.start()
        lines += [line.strip() for line in process.stdout if line.endswith("\n")]
        killer.join()
        assert process.wait() == -9, process.stderr.read()
    return lines


@pytest.mark.django_db
def test_killed_in_steps_and_in_ends_of_limits_leaves_each_whole_or_undone(tmp_path):
    moments, url = random.Random(20181010), migrated(tmp_path)
    python(BEGIN, tmp_path, url)
    confirmed = [line.split() for _ in range(KILLS) for line in killed(STEPS, tmp_path, url, moments)]
    told = json.loads(python(TELL, tmp_path, url))
    assert len(confirmed) >= KILLS
    assert told["faults"] == []
    for _, case, number in confirmed:
        assert len(told["events"][case]) >= int(number)
    assert told["entries"] == told["written"] >= len(confirmed)
    assert told["numbers"] == [f"CS-2018-{n:04}" for n in range(1, len(told["numbers"]) + 1)]
    assert told["taken"] == list(range(1, len(told["taken"]) + 1))
    assert told["on_cases"] == told["on_letters"] == told["texts"]
    assert told["whole"]

    known = set(told["events"])
    python(OPEN, tmp_path, url)
    ticks = [killed(TICK, tmp_path, url, moments, 0.1) for _ in range(KILLS)]
    assert sum("done" in lines for lines in ticks) <= KILLS // 2  # the others were at work
    python(TICK.partition('    print("done"')[0], tmp_path, url)
    told = json.loads(python(TELL, tmp_path, url))
    assert told["faults"] == []
    # Silence consented to each of them once, and then the limit for paying began.
    due = [acts for case, acts in told["events"].items() if case not in known]
    assert [acts.count("tacit") for acts in due] == [1] * DUE
    assert told["entries"] == told["written"]
    assert told["whole"]
