"""Files kept as evidence: what is taken, what is quarantined, that a content is stored once and whole."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.files import content, store
from luoshi.office.files.actions import attach, keep
from luoshi.office.files.models import StoredFile
from luoshi.office.files.queries import read, used_elsewhere

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("测试甲", "test")
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
JPG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 40


def office(main="word/document.xml", extra=(), types="<Types/>"):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr(main, "<x/>")
        for name, data in extra:
            archive.writestr(name, data)
    return made.getvalue()


@pytest.fixture(autouse=True)
def elsewhere(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("一.pdf", PDF, "application/pdf"),
        ("一.PNG", PNG, "image/png"),
        ("一.jpg", JPG, "image/jpeg"),
        ("一.jpeg", JPG, "image/jpeg"),
        ("一.docx", office(), content.TYPES["docx"]),
        ("一.xlsx", office("xl/workbook.xml"), content.TYPES["xlsx"]),
        ("一.txt", "进展".encode(), "text/plain"),
        ("一.csv", "甲,乙".encode("gb18030"), "text/csv"),
    ],
)
def test_what_its_name_says_is_kept(name, data, media_type):
    file = keep(actor=ACTOR, name=name, data=data)
    assert (file.state, file.reason, file.media_type) == ("kept", "", media_type)
    assert file.digest == hashlib.new("sm3", data).hexdigest()
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert read(file) == data


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("一.pdf", PNG, "内容却是PNG"),
        ("一.png", PDF, "内容却是PDF"),
        ("一.pdf", b"%PDF-1.7 cut", "不完整"),
        ("一.pdf", b"%PDF-1.7 /JavaScript (x) %%EOF", "脚本"),
        ("一.exe", b"MZ" + b"\0" * 100, "不收"),
        ("一", b"text", "不收"),
        ("一.html", b"<script>", "不收"),
        ("一.svg", b"<svg/>", "不收"),
        ("一.zip", office(), "不收"),
        ("一.docx", office("xl/workbook.xml"), "内容却不是"),
        ("一.docx", b"not a zip", "不是 Office"),
        ("一.docx", office(extra=[("word/vbaProject.bin", b"x")]), "宏"),
        ("一.xlsx", office("xl/workbook.xml", types="application/vnd.ms-excel.sheet.macroEnabled.main+xml"), "宏"),
        ("一.docx", office(extra=[("../x", b"x")]), "部件名"),
        ("一.docx", office(extra=[("a.bin", b"\0" * 20_000_000)]), "炸弹"),
        ("一.docx", office(extra=[(f"p{n}", b"") for n in range(2_001)]), "2000"),
        ("一.txt", PNG, "内容却不是"),
        ("一.txt", b"\xff\xff\xff\x80", "编码"),
    ],
)
def test_what_it_is_not_is_quarantined_and_never_given_out(name, data, words):
    file = keep(actor=ACTOR, name=name, data=data)
    assert file.state == "quarantined"
    assert words in file.reason
    with pytest.raises(LuoshiError, match="隔离"):
        read(file)
    with pytest.raises(LuoshiError, match="不能作为证据"):
        attach(actor=ACTOR, file=file, subject="matter:1")
    assert AuditEntry.objects.get().result == "quarantined"


def test_same_content_is_one_file_and_its_reuse_is_told():
    one = keep(actor=ACTOR, name="一.pdf", data=PDF)
    assert keep(actor=ACTOR, name="另.pdf", data=PDF) == one
    assert StoredFile.objects.count() == AuditEntry.objects.count() == 1
    for subject in ("matter:1", "matter:1", "matter:2"):
        attach(actor=ACTOR, file=one, subject=subject, name="照片.pdf")
    assert used_elsewhere([one.pk], "matter:1") == {one.pk: 1}
    assert used_elsewhere([one.pk], "matter:3") == {one.pk: 2}


def test_too_large_or_empty_is_refused(settings):
    settings.UPLOAD_BYTES = 1024 * 1024
    for data, code in ((b"x" * (1024 * 1024 + 1), "E_TOO_LARGE"), (b"", "E_FILE")):
        with pytest.raises(LuoshiError) as refused:
            keep(actor=ACTOR, name="一.txt", data=data)
        assert refused.value.code == code
    assert not StoredFile.objects.exists()


def test_damaged_or_missing_content_is_not_given_out():
    file = keep(actor=ACTOR, name="一.txt", data="进展".encode())
    store.place(file.digest).write_bytes(b"other")
    with pytest.raises(LuoshiError) as refused:
        read(file)
    assert refused.value.code == "E_HASH"
    store.place(file.digest).unlink()
    with pytest.raises(LuoshiError, match="缺"):
        read(file)
    keep(actor=ACTOR, name="一.txt", data="进展".encode())
    assert read(file) == "进展".encode()


def test_write_that_breaks_off_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr("luoshi.office.files.store.os.fsync", lambda handle: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        keep(actor=ACTOR, name="一.txt", data=b"x")
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\资料\\一.pdf", "一.pdf"),
        ("一\n二.pdf", "一_二.pdf"),
        ("", "未命名"),
        ("..", "未命名"),
        ("\u202efdp.exe", "_fdp.exe"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_names_are_made_harmless(name, clean):
    assert content.clean_name(name) == clean
