"""The phone's pages `/field/`: what is to be reported, one report; they work without a line (service worker)."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern, workdays
from luoshi.office.duties.lights import lamp, shown
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import Matter, ProgressReport
from luoshi.office.duties.matter_queries import get, who_holds
from luoshi.office.web import actor_of, needs, page, status_of
from luoshi.programmes.supervision import board, field, signing

_STATIC = Path(__file__).parent / "static"
_FILES = ("supervision/field.css", "supervision/field.js", "ls/tokens.css", "vendor/icons.svg")
_MOST_META = 20_000


def _number(value: Any) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _due(row: Matter, day: datetime.date) -> dict[str, str]:
    if row.due_on is None:
        return {"tone": "", "words": _("未写时限"), "day": ""}
    when = _("%(m)d月%(d)d日") % {"m": row.due_on.month, "d": row.due_on.day}
    if row.late_on <= day:
        late = workdays.after(row.due_on, day)
        return {"tone": "late", "words": _("逾期 %d 个工作日") % late if late else _("逾期"), "day": when}
    left = workdays.after(day, row.due_on)
    if row.due_on == day:
        return {"tone": "near", "words": _("今天到期"), "day": when}
    if row.due_on < day:
        # Not counted as overdue: handed in in time, or late before it came here.
        return {"tone": "near", "words": _("已过最后一日"), "day": when}
    words = _("剩 %d 个工作日") % left if left else _("剩 %d 天") % max((row.due_on - day).days, 0)
    return {"tone": "near" if left <= 3 else "", "words": words, "day": when}


def _item(row: Matter, day: datetime.date, holder: str) -> dict[str, Any]:
    light = lamp(row, day)
    return {
        "pk": row.pk,
        "code": row.external_id if row.module == "supervision" else "",
        "title": row.title,
        "kind": row.get_kind_display(),
        "light": light.light,
        "word": light.word,
        "due": _due(row, day),
        "percent": shown(light.done),
        "done": float(light.done),
        "plan": None if light.planned is None else float(light.planned),
        "version": row.version,
        "href": reverse("field-report", args=[row.pk]),
        "holder": holder,
        "state": row.get_state_display(),
    }


@needs("matter.report")
@require_safe
def owed(request: HttpRequest) -> HttpResponse:
    """List what the person has to report, the nearest due day first, and what waits on this phone."""
    actor, day = actor_of(request), CLOCK.today()
    rows = list(field.to_report(actor)[: field.SHOWN + 1])
    held = who_holds(rows, day)
    items = [_item(row, day, held[row.pk].person or held[row.pk].organ_title) for row in rows[: field.SHOWN]]
    context = {
        "page_title": _("现场填报"),
        "items": items,
        "more": len(rows) > field.SHOWN,
        "done": request.GET.get("done", ""),
        "now": CLOCK.now(),
        "person": actor.user_id,
    }
    return page(request, "supervision/field.html", context)


def _wanted(row: Matter) -> list[dict[str, Any]]:
    """Return the checklist of evidence: what the task of the plan asks for, else a photo or a paper."""
    leaf = getattr(row, "work_leaf", None) if row.module == "supervision" else None
    kinds = list(leaf.evidence_types) if leaf is not None else []
    words = {
        "photo": _("带时间和位置的照片"), "document": _("文件"), "statistics": _("统计表"), "acceptance": _("验收证书"),
        "voucher": _("付款凭证"), "record": _("其他领域的记录"),
    }  # fmt: skip
    found = [{"key": str(one), "words": words.get(str(one), str(one)), "photo": str(one) == "photo"} for one in kinds]
    found = found or [{"key": "photo", "words": _("照片或文件"), "photo": True}]
    if any(one["photo"] for one in found):
        near = field.place_of(row) is not None
        place = _("位置：离任务地点不超过 %d 公里") % field.FAR_KM if near else _("位置：每张照片都带")
        found.append({"key": "place", "words": place, "photo": False})
    return found


@needs("matter.report")
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form of one report; take a report, from the page itself or from the phone's queue (JSON)."""
    if request.method == "POST":
        return _take(request, pk)
    return _form(request, pk, None)


def _form(request: HttpRequest, pk: int, error: LuoshiError | None) -> HttpResponse:
    actor, day = actor_of(request), CLOCK.today()
    row = get(actor, pk)
    last = ProgressReport.objects.filter(matter=row).order_by("-id").first()
    held, office = who_holds([row], day)[row.pk], concern.title(concern.GOVERNMENT_OFFICE)
    target = _number(row.target_value) if row.target_value is not None else ""
    before = _number(last.value) if last and last.value is not None else _number(row.value) if row.value else "0"
    context = {
        "page_title": _("填报进展"),
        "row": row,
        "item": _item(row, day, held.person or held.organ_title),
        "next_hand": held.next_hand.replace(office, board.short(office, concern.GOVERNMENT_OFFICE)),
        "signer": signing.after_report(actor, row),
        "place": field.place_of(row),
        "far_km": field.FAR_KM,
        "open": row.state in RUNNING and row.is_open,
        "target": target,
        "last": last,
        "before": before if target else f"{(last.percent_bp if last else row.percent_bp) / 100:g}",
        "unit": row.target_unit if target else "%",
        "field": "value" if target else "percent",
        "wanted": _wanted(row),
        "basis": row.basis,
        "typed": request.POST,
        "error": error,
        "person": actor.user_id,
        "photos": field.PHOTOS,
        "photo_bytes": field.PHOTO_BYTES,
    }
    response = page(request, "supervision/field_report.html", context, status=status_of(error))
    response["X-Matter-Version"] = str(row.version)
    return response


def _take(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a report; the phone's queue gets JSON, what was refused with its code, sentence and the matter as it is."""
    told = "application/json" in request.headers.get("Accept", "")
    try:
        receipt = field.send(actor=actor_of(request), matter=pk, sent=_sent(request), key=_key(request))
    except LuoshiError as error:
        if not told:
            if error.code == "E_NOT_FOUND":
                raise
            return _form(request, pk, error)
        request.refusal = error  # type: ignore[attr-defined]
        # As the API's problem; `message` is what pages kept on phones read.
        return JsonResponse(
            error.as_problem() | {"message": error.message}, status=error.http_status,
            content_type="application/problem+json", json_dumps_params={"ensure_ascii": False, "default": str},
        )  # fmt: skip
    if not told:
        return HttpResponseRedirect(f"{reverse('field')}?done={receipt.report.pk}", status=303)
    return JsonResponse(
        {
            "report": receipt.report.pk,
            "version": receipt.version,
            "received_at": local(receipt.report.filed_at).isoformat(),
            "flags": receipt.flags,
            "note": receipt.note,
        },
        status=201,
        json_dumps_params={"ensure_ascii": False},
    )


def _key(request: HttpRequest) -> str:
    return (request.headers.get("Idempotency-Key", "") or request.POST.get("_key", ""))[:80]


def _sent(request: HttpRequest) -> field.Sent:
    data = request.POST
    version = data.get("version", "")
    photos = request.FILES.getlist("photos")
    metas = _metas(data.get("photos_meta", ""), len(photos))
    names: set[str] = set()
    found = []
    for n, (one, meta) in enumerate(zip(photos[: field.PHOTOS + 1], metas, strict=False), 1):
        if (one.size or 0) > field.PHOTO_BYTES:
            found.append(field.Photo(one.name or f"{n}.jpg", b"\0" * (field.PHOTO_BYTES + 1)))
            continue
        name = one.name or f"{n}.jpg"
        name = f"{n}-{name}" if name in names else name
        names.add(name)
        found.append(field.Photo(name, one.read(), _moment(meta.get("at")), _place(meta), _float(meta.get("accuracy"))))
    files = [(one.name or "", one.read()) for one in request.FILES.getlist("files")[:10]]
    return field.Sent(
        narrative=data.get("narrative", "")[:2100],
        value=data.get("value", "")[:30],
        percent=data.get("percent", "")[:20],
        stage=data.get("stage", "")[:61],
        obstacles=data.get("obstacles", "")[:2001],
        reason=data.get("reason", "")[:1000],
        version=int(version) if version.isdecimal() and len(version) < 10 else None,
        made_at=_moment(data.get("made_at")),
        photos=found,
        files=files,
        hand_in=data.get("then") == "submit",
    )


def _metas(text: str, count: int) -> Sequence[dict[str, Any]]:
    """Return what the phone says of each photo; nothing for one it says nothing of."""
    try:
        given = json.loads(text[:_MOST_META]) if text else []
    except ValueError:
        given = []
    rows = [one if isinstance(one, dict) else {} for one in given] if isinstance(given, list) else []
    return [*rows[:count], *({} for _n in range(count - len(rows)))]


def _moment(text: Any) -> datetime.datetime | None:
    try:
        found = datetime.datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    # A phone says where its clock stands; without that nothing can be compared.
    return found if found is not None and found.tzinfo is not None and 1990 < found.year < 2200 else None


def _float(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if -1e6 < number < 1e6 else None


def _place(meta: dict[str, Any]) -> tuple[float, float] | None:
    lat, lon = _float(meta.get("lat")), _float(meta.get("lon"))
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return lat, lon


@lru_cache(maxsize=1)
def _worker() -> str:
    """Return the service worker with the list of files it keeps and their digest, so that a new release is noticed."""
    own = (_STATIC / "supervision" / "field_worker.js").read_text(encoding="utf-8")
    parts = [(_STATIC / name).read_bytes() for name in _FILES if (_STATIC / name).exists()]
    version = hashlib.sha256(b"".join([own.encode(), *parts])).hexdigest()[:12]
    files = [static(name) for name in _FILES]
    return f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(files)};\n{own}"


@needs("matter.report")
@require_safe
def worker(_request: HttpRequest) -> HttpResponse:
    """Hand out the service worker; its place makes /field/ all it may answer for."""
    return HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")


urlpatterns = [
    path("field/", owed, name="field"),
    path("field/worker.js", worker, name="field-worker"),
    path("field/<int:pk>/", report, name="field-report"),
]
