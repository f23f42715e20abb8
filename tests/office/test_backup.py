"""A backup restores into an empty database of either kind to the same rows and the same head of the trail."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from django.db import connection

from luoshi.kernel.errors import LuoshiError
from luoshi.office.backup.archive import MANIFEST, Parts, opened, put_keys
from tests.databases import empty, migrated
from tests.office.elsewhere import READY, luoshi, python

WORK = (
    READY
    + """
import datetime
from django.db import transaction
from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import demo, seals
from luoshi.office.audit.actions import append
from luoshi.office.files.actions import keep
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.repetition import Answer, once
from luoshi.office.accounts.demo import load_people
from luoshi.site.demo_city import load_city
from tests.office.people import person
one = Actor.system("测试甲", "test")
demo.fill(50)
load_people()
for _ in load_city(): pass
person("a", name="测试乙")
keep(actor=one, name="一.txt", data="进展，带“引号”\\n和换行".encode())
once(actor=one, key="k", body_digest="b", function=lambda: Answer(201, bytes(range(256))))
append(actor=one, act="x.y", subject="x:1", before={"b": None, "a": 1.5, "嵌": ["\\u0000\\\\"]}, stream="access")
seals.seal_due()
from luoshi.office.funds import proof as books
from luoshi.office.funds.models import Period
from tests.office.funds_made import DAY, HAND, book, deposit, funded, post_all, withdrawal
ledger = book()
funded(ledger, 1000, DAY.replace(month=2), txn="T1")
post_all(ledger, [deposit("d", "甲", 500), withdrawal("w", "甲", 200), deposit("e", "乙", 7)], HAND)
books.prove(ledger.book)
Period.objects.create(book=ledger.book, first_on=DAY.replace(month=2), last_on=DAY.replace(month=2, day=28), last_no=1,
                      maker="测试甲", checker="测试乙", closed_at=CLOCK.now())
"""
)
TELL = (
    "from luoshi.site.setup import prepare; prepare()\n"
    """
import json
from django.db import connection
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.audit import proof
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditHead, KeptAnswer
from luoshi.office.backup import tables
from luoshi.office.duties.models import Duty
from luoshi.office.files.models import StoredFile
from luoshi.office.files.queries import read
from luoshi.office.funds import proof as books
from luoshi.office.funds.models import Balance, Book, Posting
from luoshi.office.funds.writing import ledger_of
told = proof.verify(workers=1)
words = Duty.objects.order_by("id").values_list("summary", flat=True).first()[:4]
found = Duty.objects.filter(pk__in=search.all_matching("duties_duty_search", words)).count()
print(json.dumps({
    "whole": told.whole, "signatures": told.signatures, "unguarded": told.unguarded, "seals": told.streams[0].seals,
    "heads": [[h.stream, h.position, h.digest] for h in AuditHead.objects.order_by("stream")],
    "rows": {t.name: tables.count(connection, t.name) for t in tables.tables()},
    "file": read(StoredFile.objects.latest("pk")).decode(), "answer": bytes(KeptAnswer.objects.get().body).hex(),
    "found": found,
    "book": [books.prove(Book.objects.get(), whole=True, keep=False).faults, str(Book.objects.get().closed_through),
             *Balance.objects.order_by("account_id", "net").values_list("net", flat=True)],
}))
append(actor=Actor.system("测试甲", "test"), act="x.y", subject="x:after")
assert proof.verify(workers=1).whole
# The books guard themselves again: nothing posted changes, and what is posted is added up.
from django.db import DatabaseError
from tests.office.funds_made import DAY, HAND, deposit, post_all
try:
    Posting.objects.update(debit=1)
except DatabaseError:
    pass
else:
    raise AssertionError("a posting was changed")
post_all(ledger_of("trial/fund"), [deposit("after", "甲", 3)], HAND)
assert Balance.objects.get(subject="甲").net == 303
"""
)


@pytest.mark.django_db
def test_round_trip_gives_identical_rows_and_heads(tmp_path):
    source = migrated(tmp_path / "a")
    python(WORK, tmp_path / "a", source)
    made = luoshi("backup", "--to", str(tmp_path / "kept"), "--with-keys", data=tmp_path / "a", url=source)
    assert made.returncode == 0, made.stderr
    archive = made.stdout.strip()
    before = json.loads(python(TELL, tmp_path / "a", source))
    assert before["whole"]
    assert before["found"] > 0
    assert before["rows"]["duties_duty"] > 10
    assert before["book"] == [[], "2019-02-28", 1307, 7, 300, 307, 1000]
    # Into an empty database of the same kind, and from PostgreSQL into SQLite.
    for number, url in enumerate([empty(), *([""] if source else [])]):
        data = tmp_path / f"b{number}"
        restored = luoshi("restore", archive, data=data, url=url)
        assert restored.returncode == 0, restored.stderr
        again = luoshi("restore", archive, data=data, url=url)
        assert (again.returncode, "E_STATE" in again.stderr) == (3, True)
        assert json.loads(python(TELL, data, url)) == before


@pytest.mark.django_db
def test_replacing_keeps_the_database_of_before(tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("the same steps as for SQLite, proven by hand")
    migrated(tmp_path)
    python(READY + "from luoshi.office.audit import demo; demo.fill(3)", tmp_path)
    archive = luoshi("backup", "--to", str(tmp_path / "kept"), data=tmp_path).stdout.strip()
    python(READY + "from luoshi.office.audit import demo; demo.fill(2)", tmp_path)
    assert luoshi("restore", archive, "--replace", data=tmp_path).returncode == 0
    # Three made here, and the directory of organs loaded at the first start.
    assert "office\t4 条" in luoshi("audit", "verify", data=tmp_path).stdout
    assert len(list(tmp_path.glob("luoshi.sqlite3.before-*"))) == 1


def packed(folder, **contents):
    work = folder / "work"
    work.mkdir(exist_ok=True)
    parts = Parts(work)
    for name, lines in contents.items():
        parts.add_lines(f"tables/{name}.jsonl.gz", lines)
    target = folder / "x.tar"
    parts.pack(target, {"tables": []})
    return target


def test_archive_gives_its_parts_back(tmp_path):
    with opened(packed(tmp_path, one=["[1]\n", "[2]\n"], none=[])) as archive:
        assert list(archive.lines("tables/one.jsonl.gz")) == ["[1]\n", "[2]\n"]
        assert list(archive.lines("tables/none.jsonl.gz")) == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".part")] == []


@pytest.mark.parametrize("place", [0.05, 0.3, 0.5, 0.7])
def test_flipped_byte_is_refused(tmp_path, place):
    file = packed(tmp_path, one=[f"[{n}, {n * 7919 % 1000}]\n" for n in range(5000)])
    data = bytearray(file.read_bytes())
    data[int(len(data) * place)] ^= 1
    file.write_bytes(data)
    with pytest.raises(LuoshiError) as refused, opened(file):
        pass
    assert refused.value.code in ("E_HASH", "E_FILE")


@pytest.mark.parametrize("left", [0, 100, 3000, -2000])
def test_archive_that_was_cut_is_refused(tmp_path, left):
    file = packed(tmp_path, one=[f"[{n}, {n * 7919 % 1000}]\n" for n in range(5000)])
    data = file.read_bytes().rstrip(b"\0")
    file.write_bytes(data[:left])
    with pytest.raises(LuoshiError) as refused, opened(file):
        pass
    assert refused.value.code in ("E_HASH", "E_FILE")


def test_part_that_is_not_in_the_manifest_is_refused(tmp_path):
    file = packed(tmp_path, one=["[1]\n"])
    with tarfile.open(file, "a") as tar:
        header = tarfile.TarInfo("keys/secret.key")
        header.size = 3
        tar.addfile(header, io.BytesIO(b"bad"))
    with pytest.raises(LuoshiError, match=r"secret\.key"), opened(file):
        pass


def test_missing_file_and_other_files_are_refused(tmp_path):
    (tmp_path / "a.tar").write_bytes(b"no archive at all" * 100)
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("something"))
    for name in ("a.tar", "b.tar", "c.tar"):
        with pytest.raises(LuoshiError) as refused, opened(tmp_path / name):
            pass
        assert refused.value.code == "E_FILE"


def test_manifest_of_another_format_is_refused(tmp_path):
    file = tmp_path / "x.tar"
    content = json.dumps({"format": 99, "parts": []}).encode()
    with tarfile.open(file, "w") as tar:
        header = tarfile.TarInfo(MANIFEST)
        header.size = len(content)
        tar.addfile(header, io.BytesIO(content))
    with pytest.raises(LuoshiError, match="99"), opened(file):
        pass


def test_keys_are_put_back_only_where_there_are_none(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    for folder in (source, target):
        folder.mkdir()
    for name in ("secret.key", "audit.key"):
        (source / name).write_text(f"old {name}")
    (target / "secret.key").write_text("new")
    parts = Parts(source)
    for name in ("secret.key", "audit.key"):
        parts.add_file(f"keys/{name}", source / name)
    parts.pack(tmp_path / "x.tar", {})
    with opened(tmp_path / "x.tar") as archive:
        assert put_keys(archive, target) == ["secret.key"]
    assert (target / "secret.key").read_text() == "new"
    assert (target / "audit.key").read_text() == "old audit.key"
    assert (target / "audit.key").stat().st_mode & 0o77 == 0


def test_only_the_newest_are_kept(tmp_path):
    from luoshi.office.backup.actions import _prune

    for day in range(1, 6):
        (tmp_path / f"luoshi-2019030{day}-010000.tar").touch()
    (tmp_path / "other.tar").touch()
    assert _prune(tmp_path, 2) == [f"luoshi-2019030{day}-010000.tar" for day in (3, 2, 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "luoshi-20190304-010000.tar",
        "luoshi-20190305-010000.tar",
        "other.tar",
    ]
