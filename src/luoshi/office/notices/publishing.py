"""Where a signed paper goes, and the proof that it got there.

`web` and `feed` are this machine's own public pages. `inside` puts it before an organ, which signs for it. `mail` and
`sms` leave the machine: their parcels are written here, in the transaction of the act, and sent by `outbox`. The rest
(television, 微信, served by hand) is done by people, who record when and how. A drill is withheld from every gateway:
by this module, by a constraint on the publication and by a trigger on its parcels.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern
from luoshi.office.files import actions as files
from luoshi.office.messages import actions as messages
from luoshi.office.notices import content, facts, numbers, queries
from luoshi.office.notices.acts import name_of, opened, require_at
from luoshi.office.notices.kinds import BY_HAND, CHANNELS
from luoshi.office.notices.models import GATEWAYS, Notice, Publication, Sending
from luoshi.office.organs.sealing import seal
from luoshi.office.permissions import require
from luoshi.office.roles import Role

State = Publication.State
PARCEL = 5_000
"""Numbers handed over to the SMS gateway at a time."""
MOST_NUMBERS = 500_000
_MOBILE = re.compile(r"1[3-9]\d{9}")

Audience = Callable[[Notice], Iterable[str]]


@dataclass(frozen=True, slots=True)
class _Audience:
    title: str
    channel: str
    function: Audience


_AUDIENCES: dict[str, _Audience] = {}


def audience(key: str, *, title: str, channel: str) -> Callable[[Audience], Audience]:
    """Register the decorated `function(notice)` as a list of numbers (`sms`) or addresses (`mail`), read one by one."""

    def register(function: Audience) -> Audience:
        _AUDIENCES[key] = _Audience(title, channel, function)
        return function

    return register


def audiences(channel: str) -> list[tuple[str, str]]:
    """Return the registered lists of a channel: key, title."""
    return [(key, one.title) for key, one in _AUDIENCES.items() if one.channel == channel]


@dataclass(frozen=True, slots=True)
class _Parcel:
    count: int
    digest: str
    sealed: str


@dataclass(slots=True)
class _Load:
    """What is to be handed over: the parcels, how many addresses in all, how many were none."""

    parcels: list[_Parcel]
    total: int = 0
    skipped: int = 0


def publish(
    *, actor: Actor, notice: int, channels: Mapping[str, Any] | Iterable[str], version: int | None = None
) -> list[Publication]:
    """Put a signed paper on channels and return one publication each; a channel it is on already is left as it is.

    `channels` are names, or a mapping with what a channel needs: `{"web": True, "inside": ["finance"], "mail":
    [addresses], "sms": numbers}`; for mail and sms also the key of a registered audience. Up to 500,000 numbers are
    read one by one; what is no mobile number is counted and left out.

    Side effects: publications, parcels for the outbox, messages to the organs served, the paper is issued, an audit
    entry. Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_STATE before it is signed, E_RULE for the public page of a
    paper that is not public, E_INPUT, E_TOO_LARGE.
    """
    wanted = dict(channels) if isinstance(channels, Mapping) else dict.fromkeys(channels, True)
    found = queries.notice(actor, notice)
    _check(found, wanted)
    # Before the lock is taken: half a million numbers keep nobody else waiting.
    loads = {name: _load(name, found, wanted[name]) for name in ("mail", "sms") if wanted.get(name)}
    with transaction.atomic():
        row = opened(actor, notice, version)
        require_at(actor, "notice.publish", row.organ)
        if row.state not in (Notice.State.SIGNED, Notice.State.ISSUED):
            raise LuoshiError("E_STATE", f"“{row.title}”{row.get_state_display()}，签发以后才能印发、公开。")
        made: list[Publication] = []
        for name, value in wanted.items():
            if value:
                made += _put(actor, row, name, value, loads.get(name))
        if row.state == Notice.State.SIGNED and made:
            row.state, row.issued_at, row.version = Notice.State.ISSUED, CLOCK.now(), row.version + 1
            row.save(update_fields=["state", "issued_at", "version"])
        audit.append(
            actor=actor,
            act="notice.publish",
            subject=f"notice:{row.pk}",
            after={"channels": [[one.channel, one.target, one.state, one.total] for one in made]},
            basis=row.number_text,
        )
        if any(one.state == State.WAITING and one.channel in ("mail", "sms") for one in made):
            from luoshi.office.notices.outbox import queue

            queue()
    return made


def _check(row: Notice, wanted: Mapping[str, Any]) -> None:
    if not wanted or (extra := set(wanted) - set(CHANNELS)):
        raise LuoshiError(
            "E_INPUT",
            f"没有渠道“{'、'.join(sorted(extra))}”。" if wanted else "没有选渠道。",
            fields={"field": "channels", "known": list(CHANNELS)},
        )
    if not row.public and {"web", "feed"} & {name for name, value in wanted.items() if value}:
        raise LuoshiError("E_RULE", f"“{row.title}”属不公开的文书种类，不能上公开页和订阅源。")


def _put(actor: Actor, row: Notice, name: str, value: Any, load: _Load | None) -> list[Publication]:
    if name != "inside":
        made = _one(actor, row, name, "", load)
        return [made] if made else []
    slugs = [value] if isinstance(value, str) else list(dict.fromkeys(value))
    unknown = [slug for slug in slugs if not concern.known(slug)]
    if unknown:
        raise LuoshiError("E_INPUT", f"没有单位“{unknown[0][:60]}”，请从单位名册里选。", fields={"field": "inside"})
    return [made for slug in slugs if (made := _one(actor, row, name, slug, None))]


def _one(actor: Actor, row: Notice, name: str, target: str, load: _Load | None) -> Publication | None:
    if row.publications.filter(channel=name, target=target).exists():
        return None
    now = CLOCK.now()
    made = Publication(
        notice=row, channel=name, target=target, exercise=row.exercise, made_at=now, made_by_id=actor.user_id,
        made_name=name_of(actor), total=load.total if load else 1,
    )  # fmt: skip
    if load is not None:
        made.proof = {"text": _short(row), "skipped": load.skipped} if name == "sms" else {"skipped": load.skipped}
    if row.exercise and name in GATEWAYS:
        made.state = State.WITHHELD
        made.proof |= {"withheld": "演练不对外发送"}
        made.save()
        return made
    if name in ("web", "feed"):
        made.state, made.sent_at = State.DONE, now
        made.proof = {"href": public_address(row), "digest": row.digest}
    elif name == "inside":
        made.state, made.sent_at = State.SENT, now
    elif load is not None:
        made.next_try_at = now
    made.save()
    if load is not None:
        _store(made, load, now)
    if name == "inside":
        _tell_organ(row, target)
    return made


def _short(row: Notice) -> str:
    """Return what goes out as an SMS: the short words, and where the whole is read."""
    words = content.printed(row).short
    if row.demo:
        words = f"【演示数据】{words}"
    if settings.CSRF_TRUSTED_ORIGINS and row.publications.filter(channel="web", state=State.DONE).exists():
        words += f" 全文 {settings.CSRF_TRUSTED_ORIGINS[0]}{public_address(row)}"
    return words


def public_address(row: Notice) -> str:
    """Return the stable address of a paper's public page."""
    return f"/open/notices/{row.slug}/"


def _tell_organ(row: Notice, slug: str) -> None:
    mark = "【演练】" if row.exercise else ""
    messages.tell_organ(
        key=f"notice.served:{row.pk}:{slug}",
        organ=slug,
        roles=[Role.CLERK, Role.REVIEWER, Role.LEADER],
        kind="notice",
        text=f"{mark}{row.number_text or '来文'}：{row.title}，请签收。",
        href=f"/publish/notices/{row.pk}/",
    )


# --- parcels ----------------------------------------------------------------------------------------------------------


def _load(name: str, row: Notice, value: Any) -> _Load:
    """Return the parcels of a list: an audience's key, or the addresses themselves."""
    if isinstance(value, str):
        found = _AUDIENCES.get(value)
        if found is None or found.channel != name:
            known = [key for key, _title in audiences(name)]
            raise LuoshiError("E_INPUT", f"没有{CHANNELS[name]}名单“{value[:60]}”。", fields={"known": known})
        value = found.function(row)
    elif not isinstance(value, Iterable):
        raise LuoshiError("E_INPUT", f"{CHANNELS[name]}须给名单。", fields={"field": name})
    load = _Load([])
    size, fits = (PARCEL, _number) if name == "sms" else (1, _address)
    for piece in _pieces(_distinct(value, fits, load), size):
        text = "\n".join(piece)
        digest = hashlib.sha256(text.encode()).hexdigest()
        load.parcels.append(_Parcel(len(piece), digest, "" if row.exercise else _sealed(text, digest)))
    if not load.total:
        raise LuoshiError("E_INPUT", f"{CHANNELS[name]}名单里没有可用的号码或地址（略过 {load.skipped} 个）。")
    return load


def _sealed(text: str, digest: str) -> str:
    return "$".join(seal(text, f"notices_sending.addresses.{digest}"))


def _distinct(values: Iterable[str], fits: Callable[[str], str], load: _Load) -> Iterator[str]:
    seen: set[str] = set()
    for value in values:
        found = fits(str(value).strip())
        if not found or found in seen:
            load.skipped += 1
            continue
        seen.add(found)
        load.total += 1
        if load.total > MOST_NUMBERS:
            raise LuoshiError("E_TOO_LARGE", f"一次最多 {MOST_NUMBERS:,} 个号码，请分次发。")
        yield found


def _number(text: str) -> str:
    text = text.replace(" ", "").replace("-", "").removeprefix("+86")
    return text if _MOBILE.fullmatch(text) else ""


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        return ""
    return text if len(text) <= 254 else ""


def _pieces(values: Iterable[str], size: int) -> Iterator[list[str]]:
    piece: list[str] = []
    for value in values:
        piece.append(value)
        if len(piece) == size:
            yield piece
            piece = []
    if piece:
        yield piece


def _store(made: Publication, load: _Load, now: datetime.datetime) -> None:
    Sending.objects.bulk_create(
        [
            Sending(
                publication=made, place=place, key=f"ls-{made.notice.slug}-{made.channel}-{place}",
                count=parcel.count, digest=parcel.digest, addresses=parcel.sealed, next_try_at=now,
            )
            for place, parcel in enumerate(load.parcels, 1)
        ],
        batch_size=500,
    )  # fmt: skip


# --- what people do ---------------------------------------------------------------------------------------------------


def _publication(actor: Actor, pk: int) -> Publication:
    """Return a publication under lock, as the actor may see its paper; E_NOT_FOUND."""
    numbers.lock()
    found = Publication.objects.select_for_update(of=("self",)).select_related("notice").filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号印发记录。")
    queries.notice(actor, found.notice_id)
    return found


def receive(*, actor: Actor, publication: int) -> Publication:
    """Sign for a paper as the organ it was served on; a second time changes nothing.

    Side effects: the proof names person and time; audit entry. Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE.
    """
    with transaction.atomic():
        row = _publication(actor, publication)
        if row.channel != "inside" or row.state not in (State.SENT, State.DONE):
            raise LuoshiError("E_STATE", f"这一份{row.get_state_display()}，不能签收。")
        organs = concern.organs_for(actor, "notice.receive")
        if organs is not None and row.target not in organs:
            require(actor, "notice.receive", [row.target])
        if row.state == State.SENT:
            row.state, row.version = State.DONE, row.version + 1
            row.proof = {"received_by": name_of(actor), "received_at": local(CLOCK.now()).isoformat()}
            row.save(update_fields=["state", "proof", "version"])
            _note(actor, row, "notice.receive", row.proof)
    return row


def record_proof(
    *,
    actor: Actor,
    publication: int,
    at: datetime.datetime,
    words: str,
    reach: int | None = None,
    file: tuple[str, bytes] | None = None,
) -> Publication:
    """Record that a person has served a channel: when, in words how, how many it reached, a picture or receipt.

    Side effects: the publication is done, the file is kept as evidence, audit entry. Errors: E_NOT_FOUND, E_FORBIDDEN,
    E_STATE for a channel that keeps its own proof, E_INPUT, E_FUTURE, E_FILE.
    """
    faults = {}
    words = facts.clean(words).strip()
    if not 2 <= len(words) <= 500:
        faults["words"] = "请写明在哪里、怎么发的，2 至 500 字。"
    if reach is not None and not 0 <= reach < 10**9:
        faults["reach"] = "覆盖人数应是 0 到 10 亿之间的整数。"
    if faults:
        listed = [{"field": name, "fault": fault} for name, fault in faults.items()]
        raise LuoshiError("E_INPUT", "".join(faults.values()), fields={"faults": listed})
    with transaction.atomic():
        row = _publication(actor, publication)
        require_at(actor, "notice.publish", row.notice.organ)
        if row.channel not in BY_HAND or row.state not in (State.WAITING, State.DONE):
            raise LuoshiError("E_STATE", f"“{CHANNELS[row.channel]}”{row.get_state_display()}，不用人工记录。")
        if at > CLOCK.now():
            raise LuoshiError("E_FUTURE", "发布时间还没有到，请填实际发布的时间。", fields={"field": "at"})
        if row.notice.signed_at is not None and at < row.notice.signed_at:
            raise LuoshiError("E_INPUT", "发布时间早于签发时间，请核对。", fields={"field": "at"})
        proof: dict[str, Any] = {"words": words, "reach": reach, "by": name_of(actor)}
        if file is not None:
            kept = files.keep(actor=actor, name=file[0], data=file[1])
            files.attach(actor=actor, file=kept, subject=f"publication:{row.pk}", name=file[0])
            proof |= {"file": kept.pk, "file_name": kept.name, "file_digest": kept.digest}
        before = row.proof if row.state == State.DONE else None
        row.state, row.sent_at, row.proof, row.version = State.DONE, at, proof, row.version + 1
        row.save(update_fields=["state", "sent_at", "proof", "version"])
        _note(actor, row, "notice.proof", proof, before=before)
    return row


def withdraw_publication(*, actor: Actor, publication: int, reason: str) -> Publication:
    """Take a paper off a channel: what has not left is not sent, the public page says that it was taken down.

    Side effects: audit entry. Errors: E_NOT_FOUND, E_FORBIDDEN, E_INPUT without a reason, E_STATE for what has left.
    """
    if not 4 <= len(reason.strip()) <= 300:
        raise LuoshiError("E_INPUT", "请写明撤下的理由，4 至 300 字。", fields={"field": "reason"})
    with transaction.atomic():
        row = _publication(actor, publication)
        require_at(actor, "notice.publish", row.notice.organ)
        own = row.channel in ("web", "feed", "board")
        if row.state not in (State.WAITING, State.FAILED) and not (own and row.state == State.DONE):
            raise LuoshiError("E_STATE", f"“{CHANNELS[row.channel]}”{row.get_state_display()}，不能撤下。")
        before = row.state
        row.state, row.next_try_at, row.version = State.WITHDRAWN, None, row.version + 1
        row.proof = {**row.proof, "withdrawn": reason.strip(), "withdrawn_by": name_of(actor)}
        row.save(update_fields=["state", "next_try_at", "proof", "version"])
        left = row.sendings.filter(state__in=[Sending.State.WAITING, Sending.State.FAILED])
        left.update(state=Sending.State.WITHDRAWN, addresses="")
        _note(actor, row, "notice.take_down", {"reason": reason.strip()}, before={"state": before})
    return row


def retry(*, actor: Actor, publication: int) -> Publication:
    """Let a publication that was given up be tried again now, under its keys. E_NOT_FOUND, E_FORBIDDEN, E_STATE."""
    from luoshi.office.notices.outbox import queue

    with transaction.atomic():
        row = _publication(actor, publication)
        require_at(actor, "notice.publish", row.notice.organ)
        failed = row.sendings.filter(state=Sending.State.FAILED)
        if row.exercise or not failed.exists():
            raise LuoshiError("E_STATE", "没有未送出的，不用重发。")
        now = CLOCK.now()
        failed.update(state=Sending.State.WAITING, attempts=0, next_try_at=now)
        row.state, row.next_try_at, row.error, row.version = State.WAITING, now, "", row.version + 1
        row.save(update_fields=["state", "next_try_at", "error", "version"])
        _note(actor, row, "notice.retry", {"channel": row.channel})
        queue()
    return row


def _note(actor: Actor, row: Publication, act: str, after: Any, before: Any = None) -> None:
    audit.append(
        actor=actor,
        act=act,
        subject=f"notice:{row.notice_id}",
        before=before,
        after={"publication": row.pk, "channel": row.channel, "target": row.target, "proof": after},
        permission="notice.receive" if act == "notice.receive" else "notice.publish",
        basis=row.notice.number_text,
    )
