"""The archive: a tar with a manifest first, then each part; the manifest has every part's SHA-256. No Django here."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

from luoshi.kernel.errors import LuoshiError

FORMAT = 1
MANIFEST = "manifest.json"
_PIECE = 1 << 20


class Parts:
    """Collects the parts of an archive in a folder, then packs them with their manifest into one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[dict[str, Any]] = []
        self._files: list[Path] = []

    def add_lines(self, name: str, lines: Iterable[str]) -> int:
        """Add a part of text lines, compressed; return how many lines there were."""
        handle, path = tempfile.mkstemp(dir=self._folder)
        count = 0
        with (
            os.fdopen(handle, "wb") as raw,
            gzip.GzipFile("", "wb", 1, raw, 0) as packed,
            io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
        ):
            for line in lines:
                text.write(line)
                count += 1
        self._note(name, Path(path))
        return count

    def add_file(self, name: str, source: Path) -> None:
        """Add a file as it is; it must not change until the archive is packed."""
        self._note(name, source)

    def _note(self, name: str, file: Path) -> None:
        self._parts.append({"name": name, "bytes": file.stat().st_size, "sha256": sha256_of(file)})
        self._files.append(file)

    def pack(self, target: Path, about: dict[str, Any]) -> None:
        """Write the archive beside `target` and rename it: it is there whole or not at all."""
        manifest = json.dumps(about | {"format": FORMAT, "parts": self._parts}, ensure_ascii=False, indent=1).encode()
        handle, path = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as stream:
                with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                    tar.addfile(_header(MANIFEST, len(manifest)), io.BytesIO(manifest))
                    for part, file in zip(self._parts, self._files, strict=True):
                        with file.open("rb") as content:
                            tar.addfile(_header(part["name"], part["bytes"]), content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(path).chmod(0o600)
            Path(path).replace(target)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Archive:
    """An archive that has been opened and checked: its manifest, and its parts by name."""

    def __init__(self, tar: tarfile.TarFile, manifest: dict[str, Any]) -> None:
        self._tar = tar
        self.manifest = manifest

    def names(self, prefix: str) -> list[str]:
        """Return the names of the parts that begin with `prefix`."""
        return [part["name"] for part in self.manifest["parts"] if part["name"].startswith(prefix)]

    def stream(self, name: str) -> IO[bytes]:
        """Return an open part."""
        found = self._tar.extractfile(name)
        assert found is not None, name
        return found

    def lines(self, name: str) -> Iterator[str]:
        """Yield the lines of a compressed part."""
        with gzip.open(self.stream(name), "rt", encoding="utf-8", newline="\n") as text:
            yield from text


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open an archive after every part has been compared with the manifest; E_HASH or E_FILE say what is damaged."""
    try:
        with file.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:") as tar:
            yield Archive(tar, _checked(tar, raw))
    except FileNotFoundError:
        raise LuoshiError("E_FILE", f"没有备份文件 {file}。") from None
    except (tarfile.TarError, EOFError, UnicodeDecodeError, json.JSONDecodeError, KeyError, gzip.BadGzipFile) as fault:
        raise LuoshiError("E_FILE", f"{file.name} 不是完整的备份文件（{fault}），没有恢复。请换另一份备份。") from None


def _checked(tar: tarfile.TarFile, _raw: BinaryIO) -> dict[str, Any]:
    first = tar.next()
    if first is None or first.name != MANIFEST or (content := tar.extractfile(first)) is None:
        raise tarfile.TarError("开头没有清单")
    manifest: dict[str, Any] = json.loads(content.read())
    if manifest["format"] != FORMAT:
        raise LuoshiError("E_FILE", f"备份的格式是第 {manifest['format']} 版，这个版本只读第 {FORMAT} 版。")
    wanted = {part["name"]: part for part in manifest["parts"]}
    while (member := tar.next()) is not None:
        part = wanted.pop(member.name, None)
        stream = tar.extractfile(member) if part is not None else None
        if part is None or stream is None:
            raise LuoshiError("E_HASH", f"备份里多出清单上没有的“{member.name}”，没有恢复。")
        state = hashlib.sha256()
        while piece := stream.read(_PIECE):
            state.update(piece)
        if state.hexdigest() != part["sha256"]:
            raise LuoshiError("E_HASH", f"备份里的“{member.name}”与清单的摘要不符，已损坏，没有恢复。请换另一份备份。")
    if wanted:
        raise LuoshiError("E_HASH", f"备份里缺“{next(iter(wanted))}”等 {len(wanted)} 部分，没有恢复。请换另一份备份。")
    return manifest


def put_keys(archive: Archive, data: Path) -> list[str]:
    """Put keys back that are not in `data`; one that is there and differs stays, and is named."""
    differing = []
    for name in archive.names("keys/"):
        target = data / Path(name).name
        with archive.stream(name) as stream:
            content = stream.read()
        if not target.exists():
            target.touch(mode=0o600)
            target.write_bytes(content)
        elif target.read_bytes() != content:
            differing.append(target.name)
    return differing
