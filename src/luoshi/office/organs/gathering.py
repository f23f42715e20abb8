"""What imported instruments prove: their seats and acts become posts, persons, evidence, groups and members.

Who is one person: a name printed for the same post again, and a name one list removes and appoints (a transfer). The
same name elsewhere stays another person until two officers merge them (organs D6, D9, 12).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from luoshi.gazette.memberships import ROLES
from luoshi.kernel.clock import CLOCK
from luoshi.office.instruments.models import Appointment, Clause, CompilerWarning, Instrument
from luoshi.office.instruments.models import Membership as PrintedSeat
from luoshi.office.locks import serialise
from luoshi.office.organs.library import organ_reader
from luoshi.office.organs.models import Evidence, LeadingGroup, Membership, Organ, Person, Post
from luoshi.office.organs.naming import canonical
from luoshi.office.organs.posts import seats_of
from luoshi.office.organs.printed import PostPart, Reader, class_of, group_key
from luoshi.office.organs.seeding import fill_directory

_BATCH = 500
_OFFICE_RANK = ROLES["办公室主任"]
_OFFICE_AT = re.compile(r"办公室(?:设在|设于|设立在)(?P<organ>[^,，。;；、()（）]{2,30})")
_GROUP_NOUN = re.compile(r".*(?:小组|联席会议|会议|指挥部|委员会|机制|专班|办公室|组)(?:\([^()]*\))?")
_RULES_OF_GROUP = re.compile(r"(?P<group>.{2,20}?(?:组|办公室|指挥部))(?:行动细则|工作规则|职责)")
REPLACED = "文件已有更正版"

PersonKey = tuple[str, int]
"""A name and the id of a post: what makes two printed names one person. Without a post, minus the organ's id."""


@dataclass(slots=True)
class _Entry:
    """One printed name: a seat or an act, its posts, and the person it turns out to be."""

    instrument: Instrument
    kind: str
    place: str
    name: str
    printed: str
    clause: str
    parts: Sequence[PostPart]
    remark: str = ""
    person: Person | None = None
    posts: list[tuple[int, Post]] = field(default_factory=list)
    keys: list[PersonKey] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """One group of one instrument while it is read."""

    instrument: Instrument
    name: str
    clause: str
    seats: list[PrintedSeat]


def gather_evidence(instruments: Iterable[Instrument]) -> dict[str, int]:
    """Take in what the instruments (current versions) print of persons and groups, inside the caller's transaction.

    Side effects: posts, persons, evidence, groups, members; evidence and groups of versions these replace are
    withdrawn. What is there already is not taken twice. Returns how many rows of each were new.
    """
    rows = {row.pk: row for row in instruments}
    counts = {"persons": 0, "posts": 0, "evidence": 0, "groups": 0, "members": 0, "withdrawn": 0}
    if not rows:
        return counts
    counts["withdrawn"] = _withdraw_replaced([row.key for row in rows.values() if row.version > 1])
    seats: list[PrintedSeat] = _of(PrintedSeat.objects.all(), rows)
    acts: list[Appointment] = _of(Appointment.objects.all(), rows)
    if not seats and not acts:
        return counts
    serialise("organs.persons")
    if not Organ.objects.exists():
        fill_directory()
    reader = organ_reader()
    entries = [*_seat_entries(seats, rows, reader), *_act_entries(acts, rows, reader)]
    organs = _organs_of(entries, seats, reader)
    counts["posts"] = _find_posts(entries, organs)
    counts["persons"] = _find_persons(entries)
    counts["evidence"] = _store_evidence(entries)
    groups = list(_groups_of(seats, rows))
    counts["groups"], counts["members"] = _store_groups(groups, entries, organs, reader)
    return counts


def _of(printed: models.QuerySet[Any], rows: Mapping[int, Instrument]) -> list[Any]:
    found: list[Any] = []
    keys = sorted(rows)
    for first in range(0, len(keys), _BATCH):
        found += printed.filter(instrument__in=keys[first : first + _BATCH]).order_by("instrument_id", "seq")
    return found


def _withdraw_replaced(keys: Sequence[str]) -> int:
    withdrawn = 0
    for first in range(0, len(keys), _BATCH):
        old = {"instrument__key__in": keys[first : first + _BATCH], "instrument__is_current": False}
        evidence = Evidence.objects.filter(withdrawn_at__isnull=True, **old)
        withdrawn += evidence.update(withdrawn_at=CLOCK.now(), withdrawn_why=REPLACED)
        LeadingGroup.objects.filter(withdrawn_at__isnull=True, **old).update(withdrawn_at=CLOCK.now())
    return withdrawn


# --- entries ----------------------------------------------------------------------------------------------------------


def _seat_entries(seats: Iterable[PrintedSeat], rows: Mapping[int, Instrument], reader: Reader) -> Iterator[_Entry]:
    for seat in seats:
        if seat.person:
            yield _Entry(
                rows[seat.instrument_id],
                "attest",
                f"m{seat.seq}",
                seat.person,
                seat.post or seat.organ_name,
                seat.clause_path,
                reader.posts(seat.post or seat.organ_name, seat.organ_slug),
            )


def _act_entries(acts: Iterable[Appointment], rows: Mapping[int, Instrument], reader: Reader) -> Iterator[_Entry]:
    for act in acts:
        yield _Entry(
            rows[act.instrument_id],
            act.action,
            f"a{act.seq}",
            act.person,
            act.post,
            "",
            reader.posts(act.post, act.organ_slug),
            act.remark,
        )


def _organs_of(entries: Sequence[_Entry], seats: Iterable[PrintedSeat], reader: Reader) -> dict[str, int]:
    slugs = {part.organ for entry in entries for part in entry.parts if part.organ}
    slugs |= {part.organ for seat in seats for part in reader.posts(seat.post, seat.organ_slug) if part.organ}
    slugs |= {seat.organ_slug for seat in seats if seat.organ_slug}
    return dict(Organ.objects.filter(slug__in=slugs).values_list("slug", "pk"))


# --- posts ------------------------------------------------------------------------------------------------------------


def ensure_posts(wanted: Iterable[tuple[int, str]]) -> tuple[dict[tuple[int, str], Post], int]:
    """The posts (id of organ, title), made where they are missing, and how many were."""
    wanted = list(dict.fromkeys(wanted))
    organs = sorted({organ for organ, _ in wanted})
    known: dict[tuple[int, str], Post] = {}
    for first in range(0, len(organs), _BATCH):
        for post in Post.objects.filter(organ__in=organs[first : first + _BATCH]):
            known[post.organ_id, post.title] = post
    new = [
        Post(organ_id=organ, title=title, kind=class_of(title), seats=seats_of(title, None))
        for organ, title in wanted
        if (organ, title) not in known
    ]
    Post.objects.bulk_create(new, batch_size=_BATCH)
    return known | {(post.organ_id, post.title): post for post in new}, len(new)


def _find_posts(entries: Sequence[_Entry], organs: Mapping[str, int]) -> int:
    wanted = [
        (organs[part.organ], part.title)
        for entry in entries
        for part in entry.parts
        if part.organ is not None and part.organ in organs and part.title
    ]
    posts, made = ensure_posts(wanted)
    for entry in entries:
        for number, part in enumerate(entry.parts):
            if part.organ is None or part.organ not in organs:
                continue
            organ = organs[part.organ]
            if part.title:
                post = posts[organ, part.title]
                entry.posts.append((number, post))
                entry.keys.append((entry.name, post.pk))
            else:
                entry.keys.append((entry.name, -organ))
    return made


# --- persons ----------------------------------------------------------------------------------------------------------


def _find_persons(entries: Sequence[_Entry]) -> int:
    """Give every entry its person: known for one of its posts, the same transfer's, or a new one."""
    known = known_persons({entry.name for entry in entries})
    moved = _transferred(entries)
    new: list[Person] = []
    for entry in entries:
        transfer = (entry.name, -(10**12) - entry.instrument.pk) if (entry.instrument.pk, entry.name) in moved else None
        keys = [*entry.keys, *([transfer] if transfer else [])]
        person = next((known[key] for key in keys if key in known), None)
        if person is None:
            person = Person(name=entry.name, disambiguator=entry.printed[:120])
            new.append(person)
        entry.person = person
        for key in keys:
            known.setdefault(key, person)
    Person.objects.bulk_create(new, batch_size=_BATCH)
    return len(new)


def _transferred(entries: Iterable[_Entry]) -> set[tuple[int, str]]:
    """The names one list both removes and appoints."""
    acts: dict[tuple[int, str], set[str]] = {}
    for entry in entries:
        acts.setdefault((entry.instrument.pk, entry.name), set()).add(entry.kind)
    return {key for key, kinds in acts.items() if {"appoint", "remove"} <= kinds}


def known_persons(names: set[str]) -> dict[PersonKey, Person]:
    """Who bears one of the names on which post already, withdrawn evidence included: a new edition finds him again."""
    found: dict[PersonKey, Person] = {}
    wanted = sorted(names)
    for first in range(0, len(wanted), _BATCH):
        some = {"person__name__in": wanted[first : first + _BATCH]}
        proved = Evidence.objects.filter(**some).order_by("id").values_list("person_id", "post_id")
        seated = Membership.objects.filter(**some).order_by("id").values_list("person_id", "post_id", "organ_id")
        rows = [*proved, *((who, post or -organ) for who, post, organ in seated if post or organ)]
        people = {row.pk: row for row in Person.objects.filter(name__in=wanted[first : first + _BATCH])}
        for who, post in rows:
            found.setdefault((people[who].name, post), people[who])
    return found


# --- evidence ---------------------------------------------------------------------------------------------------------


def _store_evidence(entries: Sequence[_Entry]) -> int:
    present: set[tuple[int, str]] = set()
    ids = sorted({entry.instrument.pk for entry in entries})
    for first in range(0, len(ids), _BATCH):
        rows = Evidence.objects.filter(instrument__in=ids[first : first + _BATCH])
        present.update((pk, place) for pk, place in rows.values_list("instrument_id", "place") if pk is not None)
    said: set[tuple[int, str, int | None, int]] = set()
    new = []
    now = CLOCK.now()
    for entry in entries:
        assert entry.person is not None
        for number, post in entry.posts:
            place = f"{entry.place}.{number}"
            # A seat printed twice (a member who is office head too) proves the same thing once.
            same = (entry.instrument.pk, entry.kind, entry.person.pk, post.pk)
            if same in said or (entry.instrument.pk, place) in present:
                said.add(same)
                continue
            said.add(same)
            new.append(
                Evidence(
                    person=entry.person,
                    post=post,
                    kind=entry.kind,
                    day=entry.instrument.issued_on,
                    instrument=entry.instrument,
                    number=entry.instrument.number or entry.instrument.key,
                    clause=entry.clause,
                    place=place,
                    printed=entry.printed,
                    remark=entry.remark,
                    entered_at=now,
                )
            )
    Evidence.objects.bulk_create(new, batch_size=_BATCH)
    return len(new)


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups_of(seats: Iterable[PrintedSeat], rows: Mapping[int, Instrument]) -> Iterator[_Group]:
    """The groups of the instruments. A list of persons leaves out what the text before it says of the same group."""
    by_key: dict[tuple[int, str], _Group] = {}
    last: dict[int, _Group] = {}
    for seat in seats:
        name = _name_of_group(seat)
        if not _GROUP_NOUN.fullmatch(name) and seat.instrument_id in last:
            group = last[seat.instrument_id]
        else:
            key = (seat.instrument_id, group_key(name))
            group = by_key.get(key) or _Group(rows[seat.instrument_id], name, seat.clause_path, [])
            by_key[key] = last[seat.instrument_id] = group
        group.seats.append(seat)
    for group in by_key.values():
        listed = [seat for seat in group.seats if seat.person]
        if listed:
            where = {seat.clause_path for seat in listed}
            group.seats = [seat for seat in group.seats if seat.clause_path in where]
            group.name, group.clause = _name_of_group(listed[0]), listed[0].clause_path
        yield group


def _name_of_group(seat: PrintedSeat) -> str:
    """The printed name; a heading such as `应急行动` gets the name of the group whose rules it stands in."""
    if _GROUP_NOUN.fullmatch(seat.group):
        return seat.group
    for label in reversed(seat.clause_path.split("/")):
        if rules := _RULES_OF_GROUP.search(label):
            return f"{rules['group']}({seat.group})"
    return seat.group


def _store_groups(
    groups: Sequence[_Group], entries: Sequence[_Entry], organs: Mapping[str, int], reader: Reader
) -> tuple[int, int]:
    ids = sorted({group.instrument.pk for group in groups})
    present: set[int] = set()
    repeated: dict[int, int] = {}
    for first in range(0, len(ids), _BATCH):
        some = ids[first : first + _BATCH]
        present.update(LeadingGroup.objects.filter(instrument__in=some).values_list("instrument_id", flat=True))
        warned = CompilerWarning.objects.filter(instrument__in=some, code="repeated_person")
        for pk in warned.values_list("instrument_id", flat=True):
            if pk is not None:
                repeated[pk] = repeated.get(pk, 0) + 1
    fresh = [group for group in groups if group.instrument.pk not in present]
    offices = _offices(fresh, reader)
    posts = _posts_of_seats(fresh, organs, reader)
    persons = {(entry.instrument.pk, entry.place): entry for entry in entries}
    made: list[LeadingGroup] = []
    numbers: dict[int, int] = {}
    for index, group in enumerate(fresh):
        pk = group.instrument.pk
        seats = [seat for seat in group.seats if not _is_office_head(seat)]
        named = any(seat.person for seat in group.seats)
        slug, clause = offices.get(index) or _office_by_head(group)
        made.append(
            LeadingGroup(
                instrument=group.instrument,
                number=group.instrument.number or group.instrument.key,
                name=group.name[:300],
                seq=numbers.get(pk, 0),
                clause=group.clause,
                basis="named" if named else "ex_officio",
                issued_on=group.instrument.issued_on,
                office_id=organs.get(slug) or _organ_id(slug),
                office_clause=clause,
                printed_entries=len(seats) + (repeated.pop(pk, 0) if named else 0),
            )
        )
        numbers[pk] = numbers.get(pk, 0) + 1
    LeadingGroup.objects.bulk_create(made, batch_size=_BATCH)
    members = []
    for row, group in zip(made, fresh, strict=True):
        for order, seat in enumerate(sorted(group.seats, key=_is_office_head), 1):
            entry = persons.get((seat.instrument_id, f"m{seat.seq}"))
            post, organ = posts.get(seat.pk, (None, None))
            members.append(
                Membership(
                    group=row,
                    order=order,
                    role=seat.role,
                    is_office_head=_is_office_head(seat),
                    person=entry.person if entry else None,
                    post=post,
                    organ_id=organ,
                    printed=seat.post or seat.organ_name,
                    since=row.issued_on,
                )
            )
    Membership.objects.bulk_create(members, batch_size=_BATCH)
    return len(made), len(members)


def _is_office_head(seat: PrintedSeat) -> bool:
    return ROLES.get(seat.role) == _OFFICE_RANK


def _posts_of_seats(
    groups: Sequence[_Group], organs: Mapping[str, int], reader: Reader
) -> dict[int, tuple[Post | None, int | None]]:
    """The first post and organ of every seat."""
    first: dict[int, tuple[int | None, str]] = {}
    for group in groups:
        for seat in group.seats:
            parts = reader.posts(seat.post or seat.organ_name, seat.organ_slug)
            # Several posts in one seat: the one that has a single holder stands for the seat.
            part = next((p for p in parts if p.organ and p.title and seats_of(p.title, None) == 1), None)
            part = part or next((p for p in parts if p.organ), None)
            organ = organs.get(part.organ) if part and part.organ else None
            first[seat.pk] = (organ, part.title if part and organ else "")
    posts, _ = ensure_posts((organ, title) for organ, title in first.values() if organ and title)
    return {pk: (posts.get((organ, title)) if organ else None, organ) for pk, (organ, title) in first.items()}


def _offices(groups: Sequence[_Group], reader: Reader) -> dict[int, tuple[str, str]]:
    """By the place of the group in the list: the organ its office is said to sit at, and in which clause."""
    found: dict[int, tuple[str, str]] = {}
    of: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        of.setdefault(group.instrument.pk, []).append(index)
    ids = sorted(of)
    for first in range(0, len(ids), _BATCH):
        clauses = Clause.objects.filter(instrument__in=ids[first : first + _BATCH], text__contains="办公室设")
        for clause in clauses.order_by("instrument_id", "seq"):
            for said in _OFFICE_AT.finditer(canonical(clause.text)):
                slug = reader.organ(said["organ"])
                candidates = [index for index in of[clause.instrument_id] if index not in found]
                if slug is None or not candidates:
                    continue
                best = max(candidates, key=lambda index: (_shared(groups[index].clause, clause.path), -index))
                found[best] = (slug, clause.path)
    return found


def _shared(one: str, other: str) -> int:
    """How many labels two paths share from the start."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def _office_by_head(group: _Group) -> tuple[str, str]:
    head = next((seat for seat in group.seats if _is_office_head(seat)), None)
    return (head.organ_slug, head.clause_path) if head else ("", "")


def _organ_id(slug: str) -> int | None:
    return Organ.objects.filter(slug=slug).values_list("pk", flat=True).first() if slug else None
