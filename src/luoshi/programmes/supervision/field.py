"""Reports from where the work is done: what a person has to report, and reports sent late from a phone without a line.

The time that counts is the server's (supervision section 12); the phone's own time, place and time of each photo are
kept beside it in the history of the matter, where whoever checks sees them with what is odd about them.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern, matter_actions
from luoshi.office.duties.matter_acts_open import RUNNING
from luoshi.office.duties.matter_models import Matter, MatterEvent, MatterOrgan, ProgressReport
from luoshi.office.duties.matter_queries import complete
from luoshi.programmes.supervision.models import Leaf

SHOWN = 60
"""Matters a phone takes along."""
PHOTOS, PHOTO_BYTES = 12, 6 * 1024 * 1024
"""Photos of one report, and the size of each."""
FAR_KM = 5
"""A photo further than this from the task's place is flagged (supervision section 12)."""
LATE = datetime.timedelta(hours=24)
"""What was kept on the phone for longer is flagged."""
FAST_CLOCK = datetime.timedelta(minutes=5)
_EARTH_KM = 6371.0088
SENDING: ContextVar[bool] = ContextVar("supervision_field_sending", default=False)
"""Whether a report is filed that was made on a phone: what its photos are is told here and not read from the files."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it was sent: its name, bytes, the phone's time, place (degrees) and the place's error in metres."""

    name: str
    data: bytes
    taken_at: datetime.datetime | None = None
    place: tuple[float, float] | None = None
    accuracy: float | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What was typed, with the phone's own moment (`made_at`); `photos` and other `files`."""

    narrative: str
    value: str = ""
    percent: str = ""
    stage: str = ""
    obstacles: str = ""
    reason: str = ""
    version: int | None = None
    made_at: datetime.datetime | None = None
    photos: Sequence[Photo] = ()
    files: Sequence[matter_actions.Upload] = ()
    hand_in: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the phone is told: the report, the matter's version now, both times, what the checker will see flagged.

    `note` says what did not happen although the report was taken (it was not handed in for check, and why).
    """

    report: ProgressReport
    version: int
    flags: list[str] = field(default_factory=list)
    note: str = ""


def to_report(actor: Actor) -> QuerySet[Matter]:
    """Return the open matters on which the actor may report now: held, or owed by an organ of the actor."""
    organs = concern.organs_for(actor, "matter.report")
    own = concern.own_organs(actor) if organs is None else organs
    led = MatterOrgan.objects.filter(organ__in=own, is_open=True).exclude(role=MatterOrgan.Role.COOP)
    mine = Q(holder__in=sorted(actor.hands)) | Q(organ__in=own) | Q(pk__in=led.values("matter"))
    return complete(Matter.objects.filter(mine, is_open=True, state__in=RUNNING)).order_by("due_sort", "id")


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance of two places given in degrees, over the sphere."""
    lat, to = math.radians(one[0]), math.radians(other[0])
    up, across = math.sin((to - lat) / 2), math.sin(math.radians(other[1] - one[1]) / 2)
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(up * up + math.cos(lat) * math.cos(to) * across * across, 1)))


def odd(photo: Photo, start: datetime.date, place: tuple[float, float] | None, now: datetime.datetime) -> list[str]:
    """Return what whoever checks should know of a photo: taken before the start, ahead of time, too far, no place."""
    found = []
    if photo.taken_at is not None and day_of(photo.taken_at) < start:
        found.append(_("拍摄早于任务开始"))
    if photo.taken_at is not None and photo.taken_at > now + FAST_CLOCK:
        found.append(_("拍摄时间晚于收到时间"))
    if photo.place is None:
        found.append(_("没有位置"))
    elif place is not None and (far := kilometres(photo.place, place)) > FAR_KM:
        found.append(_("离任务地点 %.1f 公里") % far)
    return found


def send(*, actor: Actor, matter: int, sent: Sent, key: str = "") -> Receipt:
    """File a report that was made on a phone, now or hours ago, and return what the phone is told.

    A stale version is refused (E_VERSION) unless everything since was the sender's own reporting, as when two reports
    waited on one phone. Side effects: as `matter_actions.report_progress`, with a line of history that has both times
    and what is odd about the photos. Errors: as there; E_TOO_LARGE for a photo or their number.
    """
    _bounded(sent)
    now = CLOCK.now()
    with transaction.atomic():
        row = acts.opened(actor, matter)
        again = ProgressReport.objects.filter(matter=row, filed_by=actor.user_id).values_list("id", flat=True)
        known = set(again)
        sending = SENDING.set(True)
        try:
            report = matter_actions.report_progress(
                actor=actor,
                matter=matter,
                narrative=sent.narrative,
                percent=sent.percent or None,
                value=sent.value or None,
                stage=sent.stage,
                obstacles=sent.obstacles,
                reason=sent.reason,
                evidence=[*((one.name, one.data) for one in sent.photos), *sent.files],
                version=_own_since(row, actor, sent.version),
                key=f"field:{key}"[:100] if key else "",
            )
        finally:
            SENDING.reset(sending)
        row.refresh_from_db()
        if report.pk in known:
            return Receipt(report, row.version)
        flags = _told(actor, row, report, sent, now)
    return Receipt(report, row.version, flags, _handed_in(actor, row, sent, key))


def _bounded(sent: Sent) -> None:
    if len(sent.photos) > PHOTOS:
        raise LuoshiError("E_TOO_LARGE", _("一次至多 %d 张照片，请分两次报。") % PHOTOS, fields={"field": "photos"})
    for one in sent.photos:
        if len(one.data) > PHOTO_BYTES:
            raise LuoshiError(
                "E_TOO_LARGE",
                _("照片“%(name)s”超过 %(n)d MB，请缩小后再报。") % {"name": one.name, "n": PHOTO_BYTES // 1024 // 1024},
                fields={"field": "photos"},
            )


def _own_since(row: Matter, actor: Actor, version: int | None) -> int | None:
    if version is None or version == row.version or actor.user_id is None:
        return version
    since = MatterEvent.objects.filter(matter=row, version__gt=version).exclude(act="field")
    others = since.exclude(user_id=actor.user_id, act="report")
    return row.version if version < row.version and since.exists() and not others.exists() else version


def place_of(row: Matter) -> tuple[float, float] | None:
    """Return where the work of a task is done, in degrees, None where its tree does not say."""
    leaf = Leaf.objects.filter(matter=row).only("latitude", "longitude").first()
    if leaf is None or leaf.latitude is None or leaf.longitude is None:
        return None
    return float(leaf.latitude), float(leaf.longitude)


def _told(actor: Actor, row: Matter, report: ProgressReport, sent: Sent, now: datetime.datetime) -> list[str]:
    """Write both times and the photos into the history; return the flags, each with the photo it is about."""
    place = place_of(row)
    digests = dict(report.evidence.values_list("name", "digest"))
    seen = set(row.evidence.exclude(report=report).values_list("digest", flat=True))
    photos: list[Mapping[str, Any]] = []
    flags: list[str] = []
    for n, one in enumerate(sent.photos, 1):
        digest = digests.get(one.name, "")
        found = odd(one, row.start, place, now)
        if digest and digest in seen:
            found.append(_("这张照片以前报过"))
        flags += [_("第 %(n)d 张：%(what)s") % {"n": n, "what": what} for what in found]
        at = one.taken_at.isoformat() if one.taken_at else None
        where = [round(degree, 6) for degree in one.place] if one.place else None
        photos.append({"name": one.name, "digest": digest, "at": at, "place": where, "accuracy": one.accuracy,
                       "flags": found})  # fmt: skip
    if sent.made_at is not None and now - sent.made_at > LATE:
        flags.insert(0, _("手机上存了 %d 小时才传到") % ((now - sent.made_at) // datetime.timedelta(hours=1)))
    elif sent.made_at is not None and sent.made_at > now + FAST_CLOCK:
        flags.insert(0, _("手机时钟比服务器快"))
    words = [_("手机填报，服务器收到 %s") % f"{local(now):%m-%d %H:%M}"]
    if sent.made_at is not None:
        words.append(_("手机记 %s") % f"{local(sent.made_at):%m-%d %H:%M}")
    if sent.photos:
        words.append(_("照片 %d 张") % len(sent.photos))
    made = sent.made_at.isoformat() if sent.made_at else None
    acts.record(
        row,
        actor=actor,
        act="field",
        text="，".join(words) + ("；" + "；".join(flags) if flags else ""),
        data={"report": report.pk, "made_at": made, "received_at": now.isoformat(), "photos": photos, "flags": flags},
        at=now,
    )
    return flags


def _handed_in(actor: Actor, row: Matter, sent: Sent, key: str) -> str:
    if not sent.hand_in:
        return ""
    try:
        matter_actions.submit_for_check(actor=actor, matter=row.pk, key=f"field:{key}:then"[:100] if key else "")
    except LuoshiError as error:
        return _("进展已收到；没有送核验：%s") % error.message
    return ""
