"""Give a kept file out: as an attachment, of the type it was found to be, never to be guessed at by the browser."""

from __future__ import annotations

from django.http import HttpResponse

from luoshi.office.files.models import StoredFile
from luoshi.office.files.queries import read
from luoshi.office.web import attachment


def file_response(file: StoredFile, name: str = "") -> HttpResponse:
    """Return the answer that downloads `file` under `name` (its own unless given).

    Who may have it is asked before, by the room of the record that uses it. E_FILE for what is quarantined.
    """
    return attachment(read(file), name or file.name, file.media_type)
