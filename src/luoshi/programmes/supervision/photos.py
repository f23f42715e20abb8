"""Photos sent with the form of a task's page: their time and place are read from the picture itself (EXIF).

The phone page tells both beside each photo; a form does not, but the camera wrote them into the file. What is odd about
them is flagged to whoever checks as for the phone page (supervision section 12).
"""

from __future__ import annotations

import datetime
import io
import math
import struct
from typing import Any

from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, hooks
from luoshi.office.duties.matter_models import Evidence, Matter, ProgressReport
from luoshi.office.files import queries as files
from luoshi.office.files.models import StoredFile
from luoshi.programmes.supervision import field
from luoshi.programmes.supervision.crossing import leaf_of
from luoshi.programmes.supervision.letters import ROOM

_PICTURES = ("image/jpeg", "image/png")
_EXIF, _GPS, _TAKEN, _OFFSET = 0x8769, 0x8825, 0x9003, 0x9011
_BROKEN = (OSError, ValueError, TypeError, KeyError, SyntaxError, ZeroDivisionError, OverflowError, struct.error)


def read(name: str, data: bytes) -> field.Photo:
    """Return a photo with the time and place its camera wrote into it; without them where it did not, or not legibly.

    A camera that does not say where its clock stands is taken to show Shanghai time.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            told = picture.getexif()
            taken, gps = told.get_ifd(_EXIF), told.get_ifd(_GPS)
    except (*_BROKEN, Image.DecompressionBombError):
        return field.Photo(name, data)
    return field.Photo(name, data, _moment(taken.get(_TAKEN), taken.get(_OFFSET)), _place(gps))


def _moment(text: Any, offset: Any) -> datetime.datetime | None:
    try:
        at = datetime.datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    try:
        return datetime.datetime.fromisoformat(f"{at:%Y-%m-%dT%H:%M:%S}{str(offset).strip()}") if offset else at
    except ValueError:
        return at


def _place(gps: Any) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees; south and west are negative, 0/0 is a camera without a fix."""
    try:
        lat, lon = (sum(float(part) / 60**n for n, part in enumerate(gps[tag])) for tag in (2, 4))
    except _BROKEN:
        return None
    if not (math.isfinite(lat) and math.isfinite(lon) and lat <= 90 and lon <= 180) or (lat, lon) == (0, 0):
        return None
    return (-lat if str(gps.get(1)) == "S" else lat, -lon if str(gps.get(3)) == "W" else lon)


@hooks.on(ROOM, "reported")
def told(matter: Matter, report: ProgressReport, actor: Actor) -> None:
    """Write time, place and what is odd of a form's photos into the history; the phone page does it for its own."""
    if field.SENDING.get() or leaf_of(matter) is None:
        return
    rows = list(Evidence.objects.filter(report=report, media_type__in=_PICTURES).order_by("pk"))
    if not rows:
        return
    kept = {one.digest: one for one in StoredFile.objects.filter(digest__in=[one.digest for one in rows])}
    before = set(matter.evidence.exclude(report=report).values_list("digest", flat=True))
    place, now = field.place_of(matter), CLOCK.now()
    photos: list[dict[str, Any]] = []
    flags: list[str] = []
    for n, row in enumerate(rows, 1):
        photo = read(row.name, files.read(kept[row.digest]))
        found = field.odd(photo, matter.start, place, now)
        if row.digest in before:
            found.append(_("这张照片以前报过"))
        flags += [_("第 %(n)d 张：%(what)s") % {"n": n, "what": what} for what in found]
        photos.append({
            "name": row.name, "digest": row.digest, "accuracy": None, "flags": found,
            "at": photo.taken_at.isoformat() if photo.taken_at else None,
            "place": [round(degree, 6) for degree in photo.place] if photo.place else None,
        })  # fmt: skip
    words = _("照片 %d 张，时间和位置取自照片") % len(rows)
    acts.record(
        matter, actor=actor, act="field", text=words + ("；" + "；".join(flags) if flags else ""),
        data={"report": report.pk, "photos": photos, "flags": flags}, at=now,
    )  # fmt: skip
