"""What an import would do: compile a text and compare it with the library, writing nothing."""

from __future__ import annotations

import bisect
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from luoshi.gazette import records
from luoshi.gazette.reader import duplicate_numbers, require_document
from luoshi.kernel.errors import LuoshiError
from luoshi.office.instruments.models import Clause, Instrument, SourceFile
from luoshi.office.organs.directory import load_directory

NEW, NEW_VERSION, SAME = "new", "new_version", "same"
_LONGEST_PATH = Clause._meta.get_field("path").max_length or 0
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def digest_of(text: str) -> str:
    """Return the SM3 digest of a text, which is what makes two files the same."""
    return hashlib.new("sm3", text.encode()).hexdigest()


class Places:
    """Says where in a text an offset lies, in words a reader can follow."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def line(self, offset: int) -> int:
        """Return the line, from 1, in which `offset` lies."""
        return bisect.bisect_left(self._breaks, offset) + 1

    def excerpt(self, start: int, end: int) -> str:
        """Return at most 60 characters of what stands at the place, on one line; nothing for a place without text."""
        return " ".join(self._text[start:end][:60].split())


@dataclass(frozen=True, slots=True)
class Planned:
    """One instrument of a file: its key in the library, and what an import would do with it."""

    record: records.Instrument
    key: str
    digest: str
    status: str
    existing: Instrument | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled file and what an import would do."""

    text: str
    digest: str
    already: SourceFile | None
    compilation: records.Compilation
    instruments: list[Planned]


def compile_for_library(text: str) -> records.Compilation:
    """Compile with the library's own directory of organs; refuses a text no record can be kept of."""
    if match := _UNSTORABLE.search(text):
        line = Places(text).line(match.start())
        raise LuoshiError("E_FILE", f"第 {line} 行有不能保存的字符，文件可能不是纯文本。请另存为 UTF-8 文本后再导入。")
    from luoshi.gazette.compiler import compile_text

    compilation = compile_text(text, load_directory())
    require_document(compilation)
    return compilation


def plan_import(text: str) -> Plan:
    """Compile `text` and compare with the library.

    E_CONFLICT when one number stands in the text twice with different contents.
    """
    return plan_of(text, compile_for_library(text))


def plan_of(text: str, compilation: records.Compilation) -> Plan:
    """Compare what was read from `text` with the library; errors as `plan_import`."""
    duplicate_numbers(compilation, text)
    digest = digest_of(text)
    keyed = _keyed(compilation.instruments, digest, Places(text))
    already = SourceFile.objects.defer("text").filter(digest=digest).first()
    return Plan(text, digest, already, compilation, compare(keyed))


def compare(keyed: Sequence[tuple[str, str, records.Instrument]]) -> list[Planned]:
    """Compare (key, digest, record) with the current versions in the library."""
    existing: dict[str, Instrument] = {}
    keys = [key for key, _, _ in keyed]
    for first in range(0, len(keys), 500):
        for found in Instrument.objects.filter(is_current=True, key__in=keys[first : first + 500]):
            existing[found.key] = found
    planned = []
    for key, digest, record in keyed:
        old = existing.get(key)
        status = NEW if old is None else SAME if old.digest == digest else NEW_VERSION
        planned.append(Planned(record, key, digest, status, old))
    return planned


def _keyed(
    instruments: Sequence[records.Instrument], file_digest: str, places: Places
) -> list[tuple[str, str, records.Instrument]]:
    seen: dict[str, str] = {}
    keyed = []
    for seq, record in enumerate(instruments, 1):
        _check_paths(record, places)
        digest = _digest_of_record(record)
        key = record.number or _key_without_number(record, file_digest, seq)
        if key in seen:
            # A number stands here again only over the same words (`duplicate_numbers`): taken once.
            if record.number or seen[key] == digest:
                continue
            key = f"{key}-{seq}"
        seen[key] = digest
        keyed.append((key, digest, record))
    return keyed


def _check_paths(record: records.Instrument, places: Places) -> None:
    for clause in record.clauses:
        if len(clause.path) > _LONGEST_PATH:
            raise LuoshiError(
                "E_TOO_LARGE",
                f"第 {places.line(clause.start)} 行的条款编号嵌套过深（路径超过 {_LONGEST_PATH} 字）。"
                "请核对此处的编号后再导入。",
                fields={"offset": clause.start},
            )


def _key_without_number(record: records.Instrument, file_digest: str, seq: int) -> str:
    # A corrected file should find its former self: the head is steadier than the place in the file.
    head = f"{record.issuer}|{record.title}|{record.issued_on}" if record.title else f"{file_digest}|{seq}"
    return f"无文号-{digest_of(head)[:10]}"


def _digest_of_record(record: records.Instrument) -> str:
    # Only what is printed counts: a better reading of the same words is no new version of the document.
    content = [
        record.number,
        record.title,
        record.covering_title,
        record.issuer,
        record.addressees,
        record.signed_by,
        record.issued_on,
        [(clause.path, clause.heading, clause.text) for clause in record.clauses],
        [(act.action, act.person, act.post, act.remark) for act in record.appointments],
    ]
    return digest_of(json.dumps(content, ensure_ascii=False))
