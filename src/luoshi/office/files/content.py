"""What a file is, by its bytes: the types that are taken, and why one is quarantined."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import NamedTuple

import filetype

_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u202a-\u202e\u2066-\u2069]+")

TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
    "csv": "text/csv",
}
"""The endings that are taken and the media type each must be."""
_MAIN_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_IMAGES_AND_PDF = {"pdf", "jpg", "png"}

MAX_ENTRIES = 2_000
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 200
"""Bounds of what an office file may hold; beyond, it is taken for a bomb."""


class Verdict(NamedTuple):
    """The media type by content, and why the file is quarantined, empty when it is not."""

    media_type: str
    reason: str


def clean_name(name: str) -> str:
    """Return the last part of `name` without what a file system or a page could mistake, at most 200 characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    last = _UNSAFE.sub("_", last).strip(" .") or "未命名"
    if len(last) <= 200:
        return last
    stem, dot, ending = last.rpartition(".")
    return f"{stem[: 199 - len(ending)]}{dot}{ending}" if dot and len(ending) <= 10 else last[:200]


def examine(name: str, data: bytes) -> Verdict:
    """Tell what `data` is and whether it may be kept under `name`."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in TYPES:
        return Verdict("application/octet-stream", f"不收这种文件（.{ending[:10] or '无扩展名'}）")
    if ending in _MAIN_PART:
        return Verdict(TYPES[ending], _office_fault(ending, data))
    if ending in ("txt", "csv"):
        return Verdict(TYPES[ending], _text_fault(data))
    kind = filetype.guess(data)
    found = kind.extension if kind else ""
    wanted = "jpg" if ending == "jpeg" else ending
    if found != wanted:
        shown = found.upper() if found else "认不出的内容"
        return Verdict(kind.mime if kind else "application/octet-stream", f"扩展名是 .{ending}，内容却是{shown}")
    return Verdict(TYPES[ending], _pdf_fault(data) if ending == "pdf" else "")


def _pdf_fault(data: bytes) -> str:
    if b"%%EOF" not in data[-2048:]:
        return "PDF 不完整"
    if re.search(rb"/(?:JavaScript|JS|Launch|EmbeddedFile)\b", data):
        return "PDF 带脚本、启动程序或内嵌文件"
    return ""


def _text_fault(data: bytes) -> str:
    if b"\0" in data or filetype.guess(data) is not None:
        return "扩展名是文本，内容却不是"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return ""
    return "文本编码读不出（应为 UTF-8 或 GB18030）"


def _office_fault(ending: str, data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _archive_fault(ending, archive, len(data))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError):
        return f"扩展名是 .{ending}，内容却不是 Office 文件"


def _archive_fault(ending: str, archive: zipfile.ZipFile, size: int) -> str:
    parts = archive.infolist()
    if len(parts) > MAX_ENTRIES:
        return f"文件里的部件超过 {MAX_ENTRIES} 个"
    names = {part.filename for part in parts}
    if len(names) != len(parts) or any(name.startswith("/") or ".." in name.split("/") for name in names):
        return "文件里的部件名不正常"
    if any(part.flag_bits & 1 for part in parts):
        return "文件加了密，无法检查"
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names):
        return "文件带宏或程序"
    if "[Content_Types].xml" not in names or _MAIN_PART[ending] not in names:
        return f"扩展名是 .{ending}，内容却不是"
    # What an archive says of its own sizes may be a lie: it is unpacked, into nothing, up to the bound.
    unpacked = 0
    bound = min(MAX_UNPACKED_BYTES, max(size * MAX_RATIO, 1024 * 1024))
    for part in parts:
        with archive.open(part) as stream:
            while piece := stream.read(65536):
                unpacked += len(piece)
                if unpacked > bound:
                    return "解压后过大，疑为压缩炸弹"
                if part.filename == "[Content_Types].xml" and b"macroEnabled" in piece:
                    return "文件带宏或程序"
    return ""
