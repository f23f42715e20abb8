"""Secrets that must be read again are sealed with a key drawn from the site's: SM4-GCM, the cipher named beside it."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from luoshi.kernel.errors import LuoshiError

_SUITE = "sm4-gcm"
_NONCE, _TAG = 12, 16


def seal(text: str, place: str) -> str:
    """Return `text` sealed; it opens only at the same `place` (table, column, record)."""
    nonce = os.urandom(_NONCE)
    work = Cipher(algorithms.SM4(_key()), modes.GCM(nonce)).encryptor()
    work.authenticate_additional_data(place.encode())
    body = work.update(text.encode()) + work.finalize()
    return f"{_SUITE}${base64.urlsafe_b64encode(nonce + work.tag + body).decode()}"


def unseal(sealed: str, place: str) -> str:
    """Return what was sealed; E_STATE when the site's key is another or the text was moved or changed."""
    suite, _, text = sealed.partition("$")
    try:
        data = base64.urlsafe_b64decode(text.encode())
        nonce, tag, body = data[:_NONCE], data[_NONCE : _NONCE + _TAG], data[_NONCE + _TAG :]
        if suite != _SUITE:
            raise ValueError(suite)
        work = Cipher(algorithms.SM4(_key()), modes.GCM(nonce, tag)).decryptor()
        work.authenticate_additional_data(place.encode())
        return (work.update(body) + work.finalize()).decode()
    except (InvalidTag, ValueError):
        raise LuoshiError(
            "E_STATE", "存着的密钥打不开：站点密钥可能换过。请系统管理停用此账号的动态口令后重新启用。"
        ) from None


def _key() -> bytes:
    return HKDF(hashes.SHA256(), 16, salt=None, info=b"luoshi.accounts").derive(settings.SECRET_KEY.encode())
