"""Uploaded files that wait for a reader's confirmation: in the data directory, not in the library, for a day."""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from luoshi.kernel.errors import LuoshiError

_KEPT_S = 24 * 3600
_KEY = re.compile(r"[0-9a-f]{64}")


class Upload(NamedTuple):
    """A waiting file."""

    key: str
    filename: str
    data: bytes


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def keep(filename: str, data: bytes) -> Upload:
    """Put a file aside and return it with its key; drops what has waited longer than a day."""
    folder = _folder()
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink(missing_ok=True)
    name = Path(filename.replace("\\", "/")).name[:200] or "未命名.txt"
    key = hashlib.sha256(name.encode(errors="replace") + b"\0" + data).hexdigest()
    (folder / f"{key}.bin").write_bytes(data)
    (folder / f"{key}.json").write_text(json.dumps({"filename": name}), encoding="ascii")
    return Upload(key, name, data)


def take(key: str) -> Upload:
    """Return a waiting file; E_NOT_FOUND when it has been dropped or never was."""
    folder = _folder()
    try:
        if not _KEY.fullmatch(key):
            raise FileNotFoundError
        data = (folder / f"{key}.bin").read_bytes()
        filename = json.loads((folder / f"{key}.json").read_text(encoding="ascii"))["filename"]
    except FileNotFoundError:
        raise LuoshiError("E_NOT_FOUND", "这次上传的文件已不在待确认区（只保留一天）。请重新上传。") from None
    return Upload(key, filename, data)


def discard(key: str) -> None:
    """Drop a waiting file."""
    for suffix in ("bin", "json"):
        (_folder() / f"{key}.{suffix}").unlink(missing_ok=True)
