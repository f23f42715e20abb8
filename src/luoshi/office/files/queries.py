"""Read what was kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from luoshi.kernel.errors import LuoshiError
from luoshi.office.files import store
from luoshi.office.files.models import FileUse, StoredFile


def read(file: StoredFile) -> bytes:
    """Return the bytes; E_FILE when it is quarantined, missing from the store, or not what was kept."""
    if file.state != StoredFile.State.KEPT:
        raise LuoshiError("E_FILE", f"“{file.name}”已隔离（{file.reason}），不提供下载。")
    return store.read(file.digest, file.name)


def uses_of(subject: str) -> Sequence[FileUse]:
    """Return the files used by a record, in the order they came, each with its file."""
    return list(FileUse.objects.filter(subject=subject).select_related("file").order_by("id"))


def used_elsewhere(files: Collection[int], subject: str) -> Mapping[int, list[str]]:
    """Return, for those of `files` (ids) other records use too, the subjects of these: for the checker to look at."""
    found: dict[int, list[str]] = {}
    rows = FileUse.objects.filter(file__in=files).exclude(subject=subject).order_by("id")
    for file, other in rows.values_list("file_id", "subject"):
        found.setdefault(file, []).append(other)
    return found
