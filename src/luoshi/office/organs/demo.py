"""A large synthetic city for measuring: organs, names, posts, persons, evidence; visibly invented, always alike."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.office.organs.models import Evidence, Organ, OrganName, OrganRelation, Person, Post, Proposal

SIZE = {"organs": 150, "names": 600, "posts": 3_000, "persons": 2_500, "evidence": 12_000}
"""The volume of organs 13."""

_BATCH = 2_000
_FIRST = datetime.date(2010, 1, 1)
_TITLES = ("局长", "副局长", "党组书记", "副主任科员", "总工程师")


def fill(scale: float = 1.0) -> dict[str, int]:
    """Add the volume times `scale`, inside one transaction; returns how many rows of each. For empty databases."""
    size = {name: max(int(count * scale), 5) for name, count in SIZE.items()}
    with transaction.atomic():
        source = Proposal.objects.create(
            kind=Proposal.Kind.APPOINTMENTS,
            subject="stress",
            title="测试数据",
            payload={},
            proposed_name="演示",
            proposed_at=CLOCK.now(),
        )
        organs = _create(Organ, _organs(size["organs"]))
        _create(OrganName, _names(organs, size["names"]))
        _create(OrganRelation, _relations(organs))
        posts = _create(Post, _posts(organs, size["posts"]))
        persons = _create(
            Person, (Person(name=f"测试{n}", disambiguator=f"测试岗位{n}") for n in range(size["persons"]))
        )
        _create(Evidence, _evidence(posts, persons, size["evidence"], source))
    return size


def _create(model: type, rows: Iterator) -> list:  # type: ignore[type-arg]
    made = list(rows)
    model.objects.bulk_create(made, batch_size=_BATCH)  # type: ignore[attr-defined]
    return made


def _organs(count: int) -> Iterator[Organ]:
    for n in range(count):
        yield Organ(slug=f"test-{n}", name=f"测试第{n}局", kind="gov_dept", level="city", source="stress")


def _names(organs: list[Organ], count: int) -> Iterator[OrganName]:
    forms = ("测试第{}局", "测{}局", "第{}局", "局之{}")
    kinds = ("full", "short", "short", "alias")
    for n in range(count):
        form, place = divmod(n, len(organs))
        if form < len(forms):
            yield OrganName(organ=organs[place], text=forms[form].format(place), kind=kinds[form], years=[2018])


def _relations(organs: list[Organ]) -> Iterator[OrganRelation]:
    for n in range(0, len(organs) - 1, 5):
        yield OrganRelation(
            origin=organs[n], target=organs[n + 1], kind="merged_into", effective=_FIRST, evidence=["A"]
        )


def _posts(organs: list[Organ], count: int) -> Iterator[Post]:
    for n in range(count):
        title = _TITLES[n // len(organs) % len(_TITLES)] + (f"（{n}）" if n >= len(organs) * len(_TITLES) else "")
        kind = ("head", "deputy", "party_secretary", "non_leading", "other")[n // len(organs) % len(_TITLES)]
        yield Post(organ=organs[n % len(organs)], title=title, kind=kind, seats=1 if kind == "head" else None)


def _evidence(posts: list[Post], persons: list[Person], count: int, source: Proposal) -> Iterator[Evidence]:
    for n in range(count):
        kind = ("appoint", "attest", "remove", "attest")[n // len(posts) % 4]
        yield Evidence(
            person=persons[(n * 7 + n // len(posts)) % len(persons)],
            post=posts[n % len(posts)],
            kind=kind,
            day=_FIRST + datetime.timedelta(days=n // len(posts) * 400 + n % 300),
            number=f"测政任〔2018〕{n % 9000 + 1}号",
            place=f"s{n}",
            printed="测试职务",
            entered_at=CLOCK.now(),
            proposal=source,
        )
