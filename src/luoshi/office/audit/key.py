"""The key that signs seals: a file of the data directory, beside secret.key and never in the database."""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from django.conf import settings


def key_file() -> Path:
    """Return where the key lies."""
    return Path(settings.DATA_DIR) / "audit.key"


def signing_key() -> bytes:
    """Return the key, made at the first call."""
    file = key_file()
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="ascii") as stream:
                file.chmod(0o600)
                stream.write(secrets.token_hex(32))
        except FileExistsError:
            pass  # another process made it a moment ago
    return file.read_text(encoding="ascii").strip().encode()


def known_key() -> bytes | None:
    """Return the key, None where there is none: then signatures cannot be checked."""
    return signing_key() if key_file().exists() else None


def sign(digest: str, key: bytes) -> str:
    """Return the signature of a seal's digest."""
    return hmac.new(key, digest.encode(), "sm3").hexdigest()


def seal_log() -> Path:
    """Return the file that repeats every seal outside the database, one JSON line each."""
    return Path(settings.DATA_DIR) / "audit-seals.jsonl"
