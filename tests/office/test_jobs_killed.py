"""SIGKILL at random moments: what was confirmed is there, nothing is half there, the job is carried out after all."""

from __future__ import annotations

import json
import random
import threading

import pytest

from tests.databases import migrated
from tests.office.elsewhere import python, start

WRITE = (
    "from luoshi.site.setup import prepare; prepare()\n"
    """
import itertools, os
from django.db import transaction
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.files.actions import attach, keep
from luoshi.office.files.models import FileUse
from luoshi.office.jobs.actions import enqueue, handler, run_next
from luoshi.office.jobs import liveness
liveness.LOST_AFTER = liveness.timedelta(0)
one = Actor.system("测试甲", "test")
handler("work")(lambda progress, actor, name: work(name))

def work(name):
    subject = f"matter:{name}"
    with transaction.atomic():
        # Begun again after a kill between this commit and the job's end: it has been done.
        if FileUse.objects.filter(subject=subject).exists(): return
        file = keep(actor=one, name="一.txt", data=f"{name} ".encode() * 200)
        attach(actor=one, file=file, subject=subject)
        append(actor=one, act="matter.report", subject=subject, after={"file": file.digest})
    print(file.digest, flush=True)

while run_next(): pass
for n in itertools.count():
    enqueue("work", actor=one, arguments={"name": f"{os.getpid()}:{n}"})
    while run_next(): pass
"""
)
TELL = (
    "from luoshi.site.setup import prepare; prepare()\n"
    """
import json
from luoshi.office.audit import proof
from luoshi.office.audit.models import AuditEntry
from luoshi.office.files.models import FileUse, StoredFile
from luoshi.office.files.queries import read
from luoshi.office.jobs.models import Job
files = list(StoredFile.objects.all())
print(json.dumps({
    "whole": proof.verify(workers=1).whole,
    "digests": [f.digest for f in files if read(f)],
    "uses": sorted(FileUse.objects.values_list("subject", flat=True)),
    "told": sorted(AuditEntry.objects.filter(act="matter.report").values_list("subject", flat=True)),
    "kept": AuditEntry.objects.filter(act="file.keep").count(),
    "jobs": sorted(set(Job.objects.values_list("state", flat=True))),
}))
"""
)
FINISH = WRITE.split("for n in itertools")[0]
KILLS = 5


@pytest.mark.django_db
def test_killed_at_random_moments_loses_nothing_that_was_confirmed(tmp_path):
    moments = random.Random(20190301)
    url = migrated(tmp_path)
    confirmed = []
    for _ in range(KILLS):
        with start(WRITE, tmp_path, url) as process:
            confirmed.append(process.stdout.readline().strip())
            killer = threading.Timer(moments.uniform(0.0, 0.4), process.kill)
            killer.start()
            confirmed += [line.strip() for line in process.stdout if len(line.strip()) == 64]
            killer.join()
            assert process.wait() == -9, process.stderr.read()
    python(FINISH, tmp_path, url)
    told = json.loads(python(TELL, tmp_path, url))
    assert len(confirmed) >= KILLS
    assert all(confirmed)
    assert set(confirmed) <= set(told["digests"])
    # Of every piece of work all three parts are there, or none.
    assert told["uses"] == told["told"]
    assert len(told["digests"]) == len(told["uses"]) == told["kept"]
    assert told["whole"]
    assert told["jobs"] == ["done"]
