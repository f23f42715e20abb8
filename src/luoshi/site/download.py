"""Give a kept file out: as an attachment, of the type it was found to be, never to be guessed at by the browser."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header

from luoshi.office.files.models import StoredFile
from luoshi.office.files.queries import read


def file_response(file: StoredFile, name: str = "") -> HttpResponse:
    """Return the answer that downloads `file` under `name` (its own unless given).

    Who may have it is asked before, by the room of the record that uses it. E_FILE for what is quarantined.
    """
    response = HttpResponse(read(file), content_type=file.media_type)
    response["Content-Disposition"] = content_disposition_header(True, name or file.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store, private"
    return response
