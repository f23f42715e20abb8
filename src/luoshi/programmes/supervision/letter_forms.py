"""What the pages of letters, circulars, cross-offs and registers have in common: fields, refusals, the tabs."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.organs.directory import load_data
from luoshi.office.organs.models import OrganRelation
from luoshi.programmes.supervision import referrals

_CODES = {"E_FORBIDDEN": 403, "E_SELF": 403, "E_VERSION": 409, "E_DUPLICATE": 409}


def status_of(error: LuoshiError | None) -> int:
    """Return the status of a page that shows a form again; what is not there is refused as such."""
    if error is None:
        return 200
    if error.code == "E_NOT_FOUND":
        raise error
    return _CODES.get(error.code, 422)


def errors_of(error: LuoshiError | None) -> dict[str, str]:
    """Return a refusal by field, under no field where it names none."""
    if error is None:
        return {}
    field = error.fields.get("field", "")
    return {field if isinstance(field, str) else "": error.message}


def text_of(data: QueryDict, name: str, most: int = 2100) -> str:
    """Return a text field as typed."""
    return data.get(name, "").replace("\0", "").strip()[:most]


def date_of(data: QueryDict, name: str, label: str, *, required: bool = True) -> datetime.date | None:
    """Return a date field; E_INPUT for what is none."""
    typed = text_of(data, name, 20)
    if not typed and not required:
        return None
    try:
        return datetime.date.fromisoformat(typed)
    except ValueError:
        raise LuoshiError("E_INPUT", _("“%s”请填日期，如 2026-11-30。") % label, fields={"field": name}) from None


def version_of(data: QueryDict) -> int | None:
    """Return the version a form was opened at."""
    typed = text_of(data, "version", 12)
    return int(typed) if typed.isdecimal() else None


def _replaced(day: datetime.date) -> frozenset[str]:
    """Return the organs that were renamed or merged into others by a day."""
    done = Q(effective__lte=day) | Q(effective=None, effective_until__lte=day)
    rows = OrganRelation.objects.filter(done, kind__in=("merged_into", "renamed"), superseded=False)
    return frozenset(rows.values_list("origin__slug", flat=True))


def organ_options(*, empty: str = "") -> list[tuple[str, str]]:
    """Return the city's organs of today by slug and name: neither those above it nor those another has replaced."""
    rows = [row for row in load_data()["organs"] if row.get("level") in ("city", "town")]
    gone = _replaced(CLOCK.today())
    slugs = [slug for row in rows if (slug := str(row["slug"])) not in gone]
    return [("", empty or _("请选单位")), *concern.titles(slugs).items()]


def crumbs(*rest: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way to a page of this room."""
    return [{"title": title, "href": href} for title, href in rest]


def tabs(actor: Actor, here: str) -> list[dict[str, Any]]:
    """Return the pages that stand beside each other."""
    found = [
        ("letters", _("督办函")), ("circulars", _("通报")), ("crossings", _("销号意见")),
        ("integrity", _("政务诚信")), ("headquarters", _("指挥部、建议提案")),
    ]  # fmt: skip
    if referrals.may_see(actor):
        found.insert(2, ("referrals", _("移送建议")))
    return [
        {"label": words, "href": reverse(f"supervision-{key}"), "current": key == here, "count": None}
        for key, words in found
    ]
