"""The photos behind a report of a task and behind an inspection, for whoever sees the record itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.files.models import StoredFile
from luoshi.office.files.queries import read
from luoshi.office.web import actor_of, attachment, needs
from luoshi.programmes.heavy_pollution import tasks, violations


@needs("pollution.see")
@require_safe
def of_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the photo with which a task was reported."""
    return _shown(tasks.visible(actor_of(request), pk).evidence)


@needs("pollution.see")
@require_safe
def of_inspection(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the photo of an inspection."""
    return _shown(violations.visible(actor_of(request), pk).photo)


def _shown(file: StoredFile | None) -> HttpResponse:
    """Return the answer that shows a picture and hands out anything else. E_NOT_FOUND, E_FILE (quarantined)."""
    if file is None:
        raise LuoshiError("E_NOT_FOUND", "这条记录没有附照片。")
    return attachment(read(file), file.name, file.media_type, inline=file.media_type.startswith("image/"))
