"""Working papers for an auditor: one archive with the entries, the seals and how anyone can recompute them."""

from __future__ import annotations

import json
import tempfile
import zipfile
from typing import Any, BinaryIO

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import queries, seals
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditEntry, AuditSeal
from luoshi.office.audit.queries import AuditFilter
from luoshi.office.permissions import require

SHEET_ROWS = 100_000
"""Excel gets at most so many; the JSON lines have all."""

_COLUMNS = (
    ("编号", "id"), ("链", "stream"), ("位次", "position"), ("办理时间", "at"), ("收到时间", "received_at"),
    ("谁", "who"),
    ("账号", "user_id"), ("角色", "role"), ("单位", "organ"), ("代谁", "for_name"), ("途径", "via"), ("事项", "act"),
    ("对象", "subject"), ("改前", "before"), ("改后", "after"), ("用途", "purpose"), ("依据", "basis"),
    ("请求号", "request_id"), ("防重键", "key"), ("结果", "result"), ("前摘要", "previous"), ("摘要", "digest"),
)  # fmt: skip

HOW_TO_VERIFY = """如何独立核验 / How to verify without this software

entries.jsonl 每行一条审计记录，seals.jsonl 每行一次封存。

一条记录（version 2）的摘要 digest = SM3(字节 0x02 + JSON 数组的 UTF-8)，数组依次为：
  stream, position, previous, at, received_at, who, user_id, role, organ, for_id, for_name, via, act, subject,
  before, after, purpose, basis, request_id, key, result
写法：紧凑 JSON（分隔符 , 和 : 之后没有空格），汉字不转义，只转义引号、反斜杠和控制字符；
  at、received_at 写成 UTC 文本 "2019-03-01 01:30:15.000250"，微秒为 0 时不写小数；
  before、after 不为空时，是先按键排序写成紧凑 JSON 的一段文本（作为字符串放进数组），为空写 null。
previous 是同一条链（stream）中前一位次的 digest，第一条为 64 个 0；position 从 1 起连续。

一次封存的摘要 = SM3(字节 0x12 + JSON 数组 [stream, number, day, position, count, head, made_at, previous])，
head 是位次 position 那条记录的 digest；signature = HMAC-SM3(密钥, digest 的文本)，密钥由系统管理员保管。

Python（OpenSSL 3）示例：
  import hashlib, json
  def sm3(values):
      text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
      return hashlib.new("sm3", b"\\x02" + text.encode()).hexdigest()
version 1 的旧记录只含 [previous, at, who, via, act, subject, before, after, result]，before、after 为对象本身，
按键排序，无前缀字节，at 为 ISO 格式。
"""


def working_papers(*, actor: Actor, wanted: AuditFilter, purpose: str) -> BinaryIO:
    """Return an open archive of the entries that fit `wanted`; E_FORBIDDEN, E_PURPOSE without a purpose.

    Side effects: one audit entry that says who took out what and why. Made in a temporary file, read in pieces.
    """
    require(actor, "audit.see")
    if not purpose.strip():
        raise LuoshiError("E_PURPOSE", "导出审计记录须写明用途。", fields={"purpose": "必填"})
    archive_file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    count = 0
    with zipfile.ZipFile(archive_file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        with tempfile.NamedTemporaryFile(suffix=".xlsx") as sheet:
            book = _Book(sheet.name)
            with archive.open("entries.jsonl", "w", force_zip64=True) as lines:
                for row in queries.all_entries(wanted):
                    lines.write((json.dumps(queries.plain(row), ensure_ascii=False) + "\n").encode())
                    book.add(row, count)
                    count += 1
            book.close()
            archive.write(sheet.name, "entries.xlsx")
        with archive.open("seals.jsonl", "w") as lines:
            for seal in AuditSeal.objects.order_by("stream", "number").iterator():
                lines.write((seals.line_of(seal) + "\n").encode())
        archive.writestr("README.txt", HOW_TO_VERIFY)
        about = {
            "made_at": CLOCK.now().isoformat(),
            "by": actor.name,
            "purpose": purpose,
            "entries": count,
            "heads": {head.stream: {"position": head.position, "digest": head.digest} for head in queries.heads()},
        }
        archive.writestr("manifest.json", json.dumps(about, ensure_ascii=False, indent=1))
    condition = {name: str(getattr(wanted, name)) for name in AuditFilter.__slots__ if getattr(wanted, name)}
    append(
        actor=actor,
        act="audit.export",
        subject="audit:entries",
        after={"filter": condition, "entries": count},
        purpose=purpose.strip(),
        permission="audit.see",
    )
    archive_file.seek(0)
    return archive_file


class _Book:
    """The Excel file of the working papers, written row by row."""

    def __init__(self, path: str) -> None:
        from xlsxwriter import Workbook

        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = Workbook(path, options)
        self._sheet = self._book.add_worksheet("审计记录")
        bold = self._book.add_format({"bold": True})
        for place, (title, _) in enumerate(_COLUMNS):
            self._sheet.write_string(0, place, title, bold)
        self._sheet.freeze_panes(1, 0)

    def add(self, row: AuditEntry, place: int) -> None:
        """Write `row`; what is above the bound is only in the JSON lines."""
        if place >= SHEET_ROWS:
            return
        for column, (_, name) in enumerate(_COLUMNS):
            self._sheet.write_string(place + 1, column, _shown(getattr(row, name)))

    def close(self) -> None:
        self._book.close()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)[:32_000]
    if hasattr(value, "isoformat"):
        from luoshi.kernel.clock import local

        return local(value).isoformat(" ", "seconds")
    text = str(value)
    return f"'{text}" if text[:1] in "=+-@" else text
