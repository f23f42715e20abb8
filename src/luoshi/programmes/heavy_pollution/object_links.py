"""Personal links: a firm, a site or a school without an account reads its tasks and answers them from a phone.

The link is the object's, for one response: who has it may answer for the object, as who holds the paper order may. The
office hands the links out by SMS through its operator, from a list it downloads; nothing is stored, the code is signed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Q, QuerySet

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import read_sensitive
from luoshi.office.permissions import require
from luoshi.programmes.heavy_pollution import tasks
from luoshi.programmes.heavy_pollution.models import ConstructionSite, Enterprise, MeasureTask, Response

KINDS = ("firm", "site", "school", "hospital", "port")
"""The kinds of object that somebody answers for."""
_SIGNER = Signer(salt="heavy_pollution.object-link")
_CHUNK = 2000


class Subject(NamedTuple):
    """Whose link it is: an object in one response."""

    response: int
    kind: str
    id: str


def code_of(subject: Subject) -> str:
    """Return the code of the link; it cannot be made without the key of this installation."""
    return _SIGNER.sign_object(list(subject))


def read(code: str) -> Subject:
    """Return whose link a code is; E_NOT_FOUND for every other text."""
    try:
        response, kind, key = _SIGNER.unsign_object(code[:400])
    except (BadSignature, ValueError, TypeError):
        raise LuoshiError("E_NOT_FOUND", "这个链接不对，或已改过。请用短信里的原链接，或问镇区、主管部门。") from None
    return Subject(int(response), str(kind), str(key))


def tasks_of(subject: Subject) -> QuerySet[MeasureTask]:
    """Return the tasks of the object in this response, those to be done first; E_NOT_FOUND when it has none."""
    found = MeasureTask.objects.filter(
        response=subject.response, object_kind=subject.kind, object_id=subject.id
    ).select_related("response__warning__case")
    if not found.exists():
        raise LuoshiError("E_NOT_FOUND", "这个对象在本次响应里没有任务。")
    return found.order_by("closed", "id")


def answer(
    *,
    code: str,
    task: int,
    state: str,
    note: str = "",
    photo: tuple[str, bytes] | None = None,
    lat: str = "",
    lon: str = "",
    acted_at: datetime.datetime | None = None,
    version: int | None = None,
) -> MeasureTask:
    """Say for the object how far one of its tasks is, as `tasks.report`; the trail says that a link was used.

    Errors: E_NOT_FOUND (a wrong code, another's task), E_STATE, E_VERSION, E_INPUT, E_FILE.
    """
    subject = read(code)
    row = tasks_of(subject).filter(pk=task).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {task} 号任务。")
    actor = Actor.system(f"{row.object_name}（凭链接）", "link")
    with transaction.atomic():
        return tasks.report(actor=actor, task=task, state=state, note=note, photo=photo, lat=lat, lon=lon,
                            acted_at=acted_at, version=version)  # fmt: skip


class Handed(NamedTuple):
    """One line of the list that goes to the SMS operator."""

    phone: str
    name: str
    text: str
    link: str


def hand_out(*, actor: Actor, response: Response, address: str, purpose: str) -> Iterator[Handed]:
    """Yield whom to send which link, of the objects the actor's organs answer for; telephone numbers are taken down.

    `address` is the beginning of the link. Errors, before the first line: E_FORBIDDEN, E_PURPOSE, E_STATE (over).
    """
    require(actor, "pollution.task")
    if response.ended_at is not None:
        raise LuoshiError("E_STATE", "响应已终止，不用再下达。")
    with transaction.atomic():
        read_sensitive(actor=actor, subject=f"hp-response:{response.pk}", fields=["phone"], purpose=purpose)
    rows = MeasureTask.objects.filter(response=response, closed="", object_kind__in=KINDS)
    reach = tasks.reach_of(actor)
    if reach is not None:
        rows = rows.filter(Q(organ__in=reach) | Q(town__in=reach))
    return _lines(rows, response, address)


def _lines(rows: QuerySet[MeasureTask], response: Response, address: str) -> Iterator[Handed]:
    number = response.warning.case.number
    drill = "【演练】" if response.warning.case.exercise else ""
    found = rows.values_list("object_kind", "object_id", "object_name").distinct().order_by("object_kind", "object_id")
    chunk: list[tuple[str, str, str]] = []
    for one in found.iterator(chunk_size=_CHUNK):
        chunk.append(one)
        if len(chunk) == _CHUNK:
            yield from _chunk(chunk, response, address, f"{drill}{number}")
            chunk = []
    yield from _chunk(chunk, response, address, f"{drill}{number}")


def _chunk(objects: Sequence[tuple[str, str, str]], response: Response, address: str, number: str) -> Iterator[Handed]:
    phones = {
        kind: dict(model.objects.filter(**{f"{key}__in": [one[1] for one in objects if one[0] == kind]})
                   .values_list(key, "phone"))
        for kind, model, key in (("firm", Enterprise, "credit_code"), ("site", ConstructionSite, "code"))
    }  # fmt: skip
    since = f"{local(response.started_at):%-m月%-d日%-H时}"
    for kind, key, name in objects:
        link = f"{address}{code_of(Subject(response.pk, kind, key))}/"
        text = f"【乳山应急】{number}自{since}启动应急响应，{name}的应急措施和回报请点：{link}"
        yield Handed(phones.get(kind, {}).get(key, ""), name, text, link)
