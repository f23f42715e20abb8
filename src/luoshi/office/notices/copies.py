"""A paper as a file: made when first asked for, and kept from the signature on, so that all get the same bytes."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.files import actions as files
from luoshi.office.files.queries import read
from luoshi.office.notices import content
from luoshi.office.notices.models import Notice, NoticeCopy

FORMS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
"""The forms a paper is given out in, and their media types."""


def verify_address(row: Notice) -> str:
    """Return the address of the check page that the QR code bears; empty before the signature."""
    if not row.signed:
        return ""
    origin = settings.CSRF_TRUSTED_ORIGINS[0] if settings.CSRF_TRUSTED_ORIGINS else ""
    return f"{origin}/open/verify/{row.slug}/?d={row.digest[:16]}"


def name_of(row: Notice, form: str) -> str:
    """Return the name of the file: number, title, and 草稿 or 作废 where it is that."""
    state = "" if row.state in (Notice.State.SIGNED, Notice.State.ISSUED) else f"（{row.get_state_display()}）"
    marks = "".join(f"【{mark}】" for mark in row.marks)
    return f"{marks}{row.number_text}{row.title}"[:120] + f"{state}.{form}"


def as_file(row: Notice, form: str) -> bytes:
    """Return the paper as PDF or DOCX. Side effects: from the signature on, the file is kept at the first time.

    Errors: E_INPUT for another form, E_INTERNAL where WeasyPrint is missing, E_FILE for a kept copy that is gone.
    """
    if form not in FORMS:
        raise LuoshiError(
            "E_INPUT", f"文书可下载为 {'、'.join(FORMS)}，没有“{form[:10]}”。", fields={"known": list(FORMS)}
        )
    if not row.signed:
        return render(row, form)
    mark = "作废" if row.state == Notice.State.VOID else ""
    kept = NoticeCopy.objects.filter(notice=row, form=form, mark=mark).select_related("file").first()
    if kept is not None:
        return read(kept.file)
    data = render(row, form)
    maker = Actor.system("文书排版", "job")
    with transaction.atomic():
        file = files.keep(actor=maker, name=name_of(row, form), data=data)
        if file.reason:
            # What the store would not give out is given out as it was made.
            return data
        kept, _ = NoticeCopy.objects.get_or_create(
            notice=row, form=form, mark=mark, defaults={"file": file, "made_at": CLOCK.now()}
        )
    return read(kept.file)


def render(row: Notice, form: str) -> bytes:
    """Return the paper set anew, without looking for a kept copy."""
    paper = content.printed(row, verify=verify_address(row))
    if form == "pdf":
        from luoshi.office.notices import pdf

        return pdf.render(paper)
    from luoshi.office.notices import word

    return word.render(paper)
