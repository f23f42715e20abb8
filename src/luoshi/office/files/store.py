"""The store: DATA_DIR/files/ab/cdef…, one file a content, written beside and renamed, so never half there."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from luoshi.kernel.errors import LuoshiError


def folder() -> Path:
    """Return the folder of the store."""
    return Path(settings.DATA_DIR) / "files"


def place(digest: str) -> Path:
    """Return where the content of `digest` lies."""
    return folder() / digest[:2] / digest[2:]


def write(digest: str, data: bytes) -> None:
    """Write `data`, durably, unless it is there already; a content that was damaged is put right."""
    target = place(digest)
    if target.exists() and hashlib.new("sm3", target.read_bytes()).hexdigest() == digest:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def read(digest: str, name: str) -> bytes:
    """Return the content of `digest`; E_FILE when it is missing or changed. `name` is for the message."""
    try:
        data = place(digest).read_bytes()
    except FileNotFoundError:
        raise LuoshiError("E_FILE", f"文件库里缺“{name}”。请告诉管理员从备份恢复。") from None
    if hashlib.new("sm3", data).hexdigest() != digest:
        raise LuoshiError("E_HASH", f"“{name}”的内容与登记的摘要不符，不提供下载。请告诉管理员从备份恢复。")
    return data


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
