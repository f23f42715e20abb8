"""Private identifiers sealed with a key of their own, kept in a file beside the site's and never in the database.

SM4-GCM where the machine's cryptography offers it, AES-256-GCM otherwise; the suite is stored with the value. What is
authenticated beside it is the place (table, column, record), so that a value moved elsewhere does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from luoshi.kernel.errors import LuoshiError

SM4, AES = "sm4-gcm", "aes-256-gcm"
KEY_FILE = "persons.key"
_NONCE, _TAG, _KEY = 12, 16, 32


def seal(text: str, place: str) -> tuple[str, str]:
    """Return the suite and the sealed text; it opens only at the same `place`."""
    nonce = os.urandom(_NONCE)
    suite = SM4
    try:
        work = _cipher(SM4, nonce).encryptor()
    except UnsupportedAlgorithm:
        suite = AES
        work = _cipher(AES, nonce).encryptor()
    work.authenticate_additional_data(f"{suite}|{place}".encode())
    body = work.update(text.encode()) + work.finalize()
    return suite, base64.urlsafe_b64encode(nonce + work.tag + body).decode()


def unseal(suite: str, sealed: str, place: str) -> str:
    """Return what was sealed; E_STATE when the key is another or the value was moved or changed."""
    try:
        data = base64.urlsafe_b64decode(sealed.encode())
        nonce, tag, body = data[:_NONCE], data[_NONCE : _NONCE + _TAG], data[_NONCE + _TAG :]
        if suite not in (SM4, AES):
            raise ValueError(suite)
        work = _cipher(suite, nonce, tag).decryptor()
        work.authenticate_additional_data(f"{suite}|{place}".encode())
        return (work.update(body) + work.finalize()).decode()
    except (InvalidTag, ValueError, UnsupportedAlgorithm):
        raise LuoshiError(
            "E_STATE", f"这项人员信息打不开：密钥文件{KEY_FILE}可能换过，或数据被改动。请系统管理核对密钥文件的备份。"
        ) from None


def blind(kind: str, text: str) -> str:
    """Return the index by which a value is found again without being read: HMAC-SM3 under a key of its own."""
    return hmac.new(_derived(b"blind"), f"{kind}|{text}".encode(), lambda: hashlib.new("sm3")).hexdigest()


def _cipher(suite: str, nonce: bytes, tag: bytes | None = None) -> Cipher[modes.GCM]:
    algorithm = algorithms.SM4(_derived(b"sm4")[:16]) if suite == SM4 else algorithms.AES(_derived(b"aes"))
    return Cipher(algorithm, modes.GCM(nonce, tag))


def _derived(use: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY, salt=None, info=b"luoshi.persons." + use).derive(_key())


def _key() -> bytes:
    """The key of the file, made on first use; readable by its owner alone."""
    path = Path(settings.DATA_DIR) / KEY_FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(_KEY))
    except FileExistsError:
        pass
    return path.read_bytes()
