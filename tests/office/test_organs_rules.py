"""Holders against their definition read out word for word; succession as of a day; names and posts in print."""

from __future__ import annotations

import datetime
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.organs import actions, queries
from luoshi.office.organs.facts import EvidenceRow, NameFact, RelationFact
from luoshi.office.organs.history import find_holder, follow
from luoshi.office.organs.models import OrganRelation, Proposal
from luoshi.office.organs.naming import read_name
from luoshi.office.organs.printed import Reader, class_of, is_post
from luoshi.office.roles import Role
from tests.office.people import person

FIRST = datetime.date(2018, 1, 1)
TWO = ("测试丙", "测试丁")


# --- D6 ---------------------------------------------------------------------------------------------------------------


def slow(rows: list[EvidenceRow], on: datetime.date) -> tuple[str, set[str]]:
    """D6 step by step for rows of which no two prove the same day."""
    points = sorted((row.day - timedelta(days=row.kind == "remove"), row.person) for row in rows)
    removals = [(row.day, row.person) for row in rows if row.kind == "remove" and row.day <= on]
    appoints = sorted((row.day, row.person) for row in rows if row.kind == "appoint" and row.day <= on)
    if appoints:
        since, who = appoints[-1]
        if not any(name == who and day >= since for day, name in removals):
            return "appointed", {who}
    for day, who in points:
        if day == on:
            return "attested", {who}
    before = [point for point in points if point[0] < on]
    if not before:
        return "unknown", set()
    latest, who = before[-1]
    if any(name == who and day >= latest for day, name in removals):
        return "vacant_or_unknown", set()
    after = [point for point in points if point[0] > on]
    if not after:
        return "last_known", {who}
    return ("bracketed", {who}) if after[0][1] == who else ("uncertain", {who, after[0][1]})


# Days are even, so that a removal, which proves the odd day before, never meets another point.
ROWS = st.dictionaries(
    st.integers(0, 8),
    st.tuples(st.sampled_from(["attest", "appoint", "remove"]), st.sampled_from("甲乙丙")),
    max_size=8,
).map(
    lambda found: [
        EvidenceRow(kind=kind, person=f"测试{name}", day=FIRST + timedelta(days=2 * n))
        for n, (kind, name) in found.items()
    ]
)


@settings(max_examples=600)
@given(ROWS, st.integers(-2, 20).map(lambda n: FIRST + timedelta(days=n)))
def test_holder_is_what_the_definition_says(rows, on):
    found = find_holder(rows, on)
    assert (found.result, {row.person for row in found.holders}) == slow(rows, on)


# --- D5 ---------------------------------------------------------------------------------------------------------------

CHAINS = st.dictionaries(
    st.sampled_from("甲乙丙丁戊"), st.tuples(st.sampled_from("甲乙丙丁戊"), st.integers(0, 9)), max_size=5
).map(
    lambda found: [
        RelationFact(
            origin=origin, target=target, kind="renamed", effective=FIRST + timedelta(days=n), confirmed_by=TWO
        )
        for origin, (target, n) in found.items()
    ]
)


@given(CHAINS, st.integers(0, 10), st.integers(0, 10))
def test_succession_of_a_later_day_goes_on_from_that_of_an_earlier(relations, one, other):
    early, late = sorted((one, other))
    before = follow("甲", FIRST + timedelta(days=early), relations, confirmations=2)
    after = follow("甲", FIRST + timedelta(days=late), relations, confirmations=2)
    if "cycle" in (before.status, after.status):
        assert before.status == after.status
        return
    assert after.steps[: len(before.steps)] == before.steps
    organs = [step.origin for step in after.steps]
    assert len(set(organs)) == len(organs)


@pytest.mark.django_db
def test_every_successor_serves_whom_it_follows():
    actions.load_directory_into_database(actor=Actor.system("测试甲", "test"))
    one, other = (person(login, (Role.STAFFING, "staffing-office")) for login in ("s1", "s2"))
    for row in OrganRelation.objects.all():
        row.proposal = Proposal.objects.create(
            kind="relation", subject=f"r:{row.pk}", title="关系", payload={}, state="confirmed", proposed_by=one,
            confirmed_by=other, proposed_name=one.name, proposed_at=CLOCK.now(),
        )  # fmt: skip
        row.effective = datetime.date(2019, 3, 4)
        row.save()
    on = datetime.date(2019, 6, 1)
    for row in OrganRelation.objects.select_related("origin").exclude(kind="co_located"):
        slug = row.origin.slug
        follower = queries.successor_of(slug, on)
        if follower is not None:
            assert slug in queries.served_by(follower, on)
        assert queries.successor_of(slug, datetime.date(2019, 3, 3)) == slug


# --- names and posts --------------------------------------------------------------------------------------------------


def test_names_given_stand_before_the_directory():
    mine = [NameFact(text="财政局", organ="bench", kind="short")]
    assert read_name("财政局", (), 2).slug == "finance"
    assert read_name("市财政局", (), 2, mine).slug == "finance"
    assert read_name("财政局", (), 2, mine).slug == "bench"
    assert read_name("财政局", (), 2, [NameFact(text="财政局")]).status == "none"
    both = [NameFact(text="财政局", organ=slug, ambiguous=True) for slug in ("bench", "finance")]
    assert [slug for slug, _ in read_name("财政局", (), 2, both).candidates] == ["bench", "finance"]


READER = Reader(
    {"市甲局": "a", "市乙办": "b", "市委": "c", "市政府": "d"}.get,
    {"a": [("某某中心", "a--center"), ("市甲局分局", "a--branch")]},
)


@pytest.mark.parametrize(
    ("printed", "slug", "parts"),
    [
        ("市甲局局长", "a", [("a", "局长")]),
        ("市甲局局长、市乙办主任", "a", [("a", "局长"), ("b", "主任")]),
        ("市甲局党组成员、某某中心主任", "a", [("a", "党组成员"), ("a--center", "主任")]),
        ("市甲局某某中心主任", "", [("a--center", "主任")]),
        ("市甲局副局长、分局局长", "a", [("a", "副局长"), ("a--branch", "局长")]),
        ("市委常委,市政府副市长、党组副书记", "c", [("c", "常委"), ("d", "副市长"), ("d", "党组副书记")]),
        ("市甲局", "a", [("a", "")]),
        ("市甲局分管负责人", "a", [("a", "")]),
        ("丙公司经理", "", [(None, "经理")]),
    ],
)
def test_printed_post_is_taken_apart(printed, slug, parts):
    assert [(part.organ, part.title) for part in READER.posts(printed, slug)] == parts


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("局长", "head"),
        ("副局长", "deputy"),
        ("党组书记", "party_secretary"),
        ("副主任科员", "non_leading"),
        ("党组成员", "other"),
        ("常委", "other"),
        ("镇长", "head"),
    ],
)
def test_class_of_a_post_follows_its_title(title, kind):
    assert class_of(title) == kind
    assert is_post(title)
