"""Read what was kept."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count

from luoshi.kernel.errors import LuoshiError
from luoshi.office.files import store
from luoshi.office.files.models import FileUse, StoredFile


def read(file: StoredFile) -> bytes:
    """Return the bytes; E_FILE when it is quarantined, missing from the store, or not what was kept."""
    if file.state != StoredFile.State.KEPT:
        raise LuoshiError("E_FILE", f"“{file.name}”已隔离（{file.reason}），不提供下载。")
    return store.read(file.digest, file.name)


def used_elsewhere(files: Collection[int], subject: str) -> dict[int, int]:
    """Return by how many other records each of `files` (ids) is used, those by none left out: for the checker."""
    if not files:
        return {}
    rows = FileUse.objects.filter(file__in=files).exclude(subject=subject).values_list("file_id")
    return dict(rows.annotate(uses=Count("pk")).order_by())
