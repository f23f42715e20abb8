"""The worked examples of organs 14 on imported gazettes: on the real ones where they lie beside the repository, and on
a twin with invented names. A person is addressed by list and seat, never by name."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.decisions import decide
from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Appointment, Membership
from luoshi.office.library_facts import complete
from luoshi.office.organs import queries
from luoshi.office.organs.models import Evidence, LeadingGroup, Person
from tests.office.twin import NUMBERS, texts

ACTOR = Actor.system("测试甲", "test")
GAZETTES = sorted((Path(__file__).parents[3] / "shared" / "gazettes").glob("*.txt"))
REAL = pytest.param(
    "real", marks=pytest.mark.skipif(not GAZETTES, reason="the gazettes do not lie beside the repository")
)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.fixture(scope="module", params=["twin", REAL])
def library(request, django_db_setup, django_db_blocker):
    """The gazettes imported once for the module, taken back afterwards."""
    with django_db_blocker.unblock(), transaction.atomic():
        real = request.param == "real"
        files = [(path.name, path.read_bytes()) for path in GAZETTES] if real else list(texts().items())
        for name, text in files:
            import_gazette(text, actor=ACTOR, filename=name)
        yield request.param
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_import_loads_the_directory_where_there_is_none():
    """Marked, it also makes pytest set the database up; the others share one import and so carry no mark."""
    import_gazette(texts()["C.txt"], actor=ACTOR, filename="C.txt")
    assert queries.title_of("enforcement", day("2018-02-11")) == "市综合行政执法局"
    assert queries.organ_list(on=day("2018-02-11")).total == 170


def seat(letter: str, post: str) -> str:
    """The name the list `letter` prints on a seat, read from the imported rows, not from what was made of them."""
    rows = Membership.objects.filter(
        instrument__number=NUMBERS[letter], instrument__is_current=True, post__endswith=post, person__gt=""
    )
    return rows.order_by("seq")[0].person


def act(letter: str, action: str, post: str) -> str:
    """The name of an act, likewise."""
    return Appointment.objects.get(instrument__number=NUMBERS[letter], action=action, post__endswith=post).person


def held(organ: str, post: str, on: str):
    return queries.holder(organ, post, day(on))


def names(holding) -> list[str]:
    return [person.name for person in holding.persons]


def test_head_and_party_secretary_are_two_posts(library):
    found = held("自然资源局", "局长", "2019-05-08")
    assert (found.first.result, names(found.first)) == ("appointed", [act("任3", "appoint", "自然资源局局长")])
    assert (found.first.since, found.first.badge, found.outcome) == (day("2019-04-03"), "任命", "allow")
    found = held("自然资源局", "党组书记", "2019-05-08")
    assert (found.first.result, names(found.first)) == ("attested", [seat("E", "自然资源局党组书记")])
    assert found.first.basis[0].instrument == NUMBERS["E"]


def test_head_before_the_first_appointment_is_unknown(library):
    found = held("自然资源局", "局长", "2019-04-02")
    assert (found.first.result, found.first.first_evidence, names(found.first)) == ("unknown", day("2019-04-03"), [])


def test_old_appointment_stands_and_is_stale(library):
    found = held("自然资源局", "局长", "2025-01-01")
    assert (found.first.result, found.first.stale) == ("appointed", True)
    assert names(found.first) == [act("任3", "appoint", "自然资源局局长")]


def test_removal_proves_the_day_before(library):
    before, after = held("商务局", "局长", "2019-04-02"), held("商务局", "局长", "2019-04-03")
    assert (before.first.result, names(before.first)) == ("attested", [act("任3", "remove", "商务局局长")])
    assert before.first.basis[0].kind == "remove"
    assert (after.first.result, names(after.first)) == ("appointed", [act("任3", "appoint", "商务局局长")])
    early = held("商务局", "局长", "2018-12-31")
    assert (early.first.result, early.first.first_evidence) == ("unknown", day("2019-04-02"))


def test_deputies_are_answered_as_a_list(library):
    removed, listed = act("任2", "remove", "商务局副局长"), seat("D", "商务局副局长")
    before = held("商务局", "副局长", "2019-03-03")
    assert before.is_list
    assert [(names(one), one.result, one.last_known) for one in before.holdings] == [
        ([removed], "attested", None),
        ([listed], "last_known", day("2018-03-14")),
    ]
    after = held("商务局", "副局长", "2019-03-04")
    assert [(names(one), one.result, one.last_known) for one in after.holdings] == [
        ([listed], "last_known", day("2018-03-14"))
    ]
    assert [(row.person.name, row.day) for row in after.ended] == [(removed, day("2019-03-04"))]


@pytest.mark.parametrize(
    ("organ", "earlier", "on", "start", "end"),
    [
        ("住房和城乡建设局", "C", "2018-10-01", "2018-02-11", "2019-05-08"),
        ("财政局", "D", "2019-01-01", "2018-03-14", "2019-05-08"),
    ],
)
def test_one_name_before_and_after_is_bracketed(library, organ, earlier, on, start, end):
    found = held(organ, "局长", on)
    person = seat(earlier, f"{organ}局长")
    assert seat("E", f"{organ}局长") == person
    assert (found.first.result, names(found.first), found.first.badge) == ("bracketed", [person], "推定")
    assert (found.first.interval_from, found.first.interval_to) == (day(start), day(end))


def test_last_name_known_is_said_to_be_the_last(library):
    found = held("住建局", "局长", "2019-05-09")
    assert (found.first.result, found.first.last_known) == ("last_known", day("2019-05-08"))
    assert names(found.first) == [seat("C", "住房和城乡建设局局长")]


def test_two_names_leave_the_answer_uncertain(library):
    found = held("诸往镇", "镇长", "2018-12-01")
    assert found.first.result == "uncertain"
    assert set(names(found.first)) == {seat("B", "诸往镇镇长"), seat("E", "诸往镇镇长")}
    assert (found.first.interval_from, found.first.interval_to) == (day("2018-01-05"), day("2019-05-08"))


def test_deputy_mayor_in_a_list_proves_nothing_of_the_mayor(library):
    found = held("海阳所镇", "镇长", "2019-05-08")
    assert (found.first.result, found.first.last_known) == ("last_known", day("2018-01-05"))
    assert names(found.first) == [seat("B", "海阳所镇镇长")]


def test_undated_list_only_supports(library):
    found = held("诸往镇", "镇长", "2018-01-04")
    assert found.first.result == "unknown"
    assert [(row.instrument, row.day) for row in found.supporting] == [(NUMBERS["A"], None)]


def test_old_bureau_keeps_its_own_head(library):
    assert names(held("农业局", "局长", "2018-06-01").first) == [seat("C", "农业局局长")]
    assert held("农业局", "局长", "2018-06-01").first.result == "last_known"
    assert held("农业农村局", "局长", "2019-04-02").first.result == "unknown"
    found = held("农业农村局", "局长", "2019-04-03")
    assert (found.first.result, names(found.first)) == ("appointed", [act("任3", "appoint", "农业农村局局长")])


def test_names_that_differ_in_one_character_are_two_persons(library):
    mayor, head = seat("B", "育黎镇镇长"), seat("C", "农业局局长")
    assert sum(one != other for one, other in zip(mayor, head, strict=True)) == 1
    ids = [
        held(organ, post, "2018-06-01").first.persons[0].id for organ, post in (("育黎镇", "镇长"), ("农业局", "局长"))
    ]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("letter", "old", "new"),
    [
        ("任2", ("civil-affairs", "副主任科员"), ("veterans", "副主任科员")),
        ("任3", ("commerce", "局长"), ("approval-service", "局长")),
    ],
)
def test_one_list_that_removes_and_appoints_a_name_transfers_a_person(library, letter, old, new):
    moved = {}
    for person in Person.objects.all():
        for transfer in queries.person_page(person.pk).transfers:
            if transfer["instrument"] == NUMBERS[letter]:
                moved[person.pk] = [
                    [(post["organ"], post["post"]) for post in transfer[side]] for side in ("from", "to")
                ]
    assert list(moved.values()) == [[[old], [new]]]


def test_same_name_elsewhere_stays_another_person(library):
    printed = seat("D", "人社局副局长")
    people = Person.objects.filter(name=printed)
    assert people.count() == 2
    page = queries.person_page(people[0].pk, reader=ACTOR)
    assert [row.person.id for row in page.namesakes] == [people[1].pk]


def test_conference_counts_what_is_printed_and_who_sits(library):
    group = LeadingGroup.objects.get(number=NUMBERS["D"], basis="named")
    page = queries.group_page(group.pk, day("2018-03-14"))
    counts = {role.value: role.count for role in page.roles}
    if library == "real":
        assert (page.row.printed_entries, page.row.member_count) == (53, 52)
        assert counts == {"总召集人": 1, "召集人": 4, "成员": 47}
    else:
        assert (page.row.printed_entries, page.row.member_count) == (5, 4)
        assert counts == {"总召集人": 1, "召集人": 1, "成员": 2}
    assert page.row.office.slug == "finance"


def test_office_head_is_who_the_list_names(library):
    group = LeadingGroup.objects.get(number=NUMBERS["E"], basis="named")
    page = queries.group_page(group.pk, day("2019-05-08"))
    assert page.office_head.person.name == seat("E", "自然资源局党组书记")
    assert page.office_head.person.name != page.members[0].person.name
    assert page.row.office.slug == "natural-resources"


def test_named_lists_have_their_numbers_of_seats(library):
    found = {row.number: row.member_count for row in queries.group_list(on=day("2020-01-01")) if row.basis == "named"}
    sizes = {"A": 32, "B": 36, "C": 16, "D": 52, "E": 23}
    if library == "twin":
        sizes = {"A": 5, "B": 7, "C": 5, "D": 4, "E": 8}
    assert found == {NUMBERS[letter]: size for letter, size in sizes.items()}


def test_offices_sit_where_the_texts_say(library):
    found = {row.number: row.office.slug for row in queries.group_list(on=day("2020-01-01")) if row.office}
    expected = {"A": "land-resources", "B": "housing-construction", "C": "enforcement", "D": "finance"}
    expected["E"] = "natural-resources"
    assert {NUMBERS[letter]: slug for letter, slug in expected.items()}.items() <= found.items()


def test_totals_after_import(library):
    if library != "real":
        pytest.skip("the twin is smaller")
    acts = Evidence.objects.filter(kind__in=["appoint", "remove"])
    listed = set(Evidence.objects.filter(kind="attest").values_list("person__name", flat=True))
    listed |= set(LeadingGroup.objects.values_list("members__person__name", flat=True)) - {None}
    acted = set(acts.values_list("person__name", flat=True))
    assert (acts.count(), len(acted), len(listed), len(listed | acted), len(listed & acted)) == (24, 22, 111, 129, 4)


def test_every_printed_post_has_an_organ(library):
    assert not LeadingGroup.objects.filter(basis="named", members__organ__isnull=True).exists()


def test_importing_again_changes_nothing(library):
    from luoshi.office.instruments.models import Instrument
    from luoshi.office.organs.gathering import gather_evidence

    assert set(gather_evidence(Instrument.objects.filter(is_current=True)).values()) == {0}


def test_question_that_names_organ_and_post_is_answered_from_the_library(library):
    on = day("2019-04-03")
    asked = {"organ": "市商务局", "post": "局长"}
    taken = decide("organs.holder", complete("organs.holder", asked, on), on)
    assert taken.value["person"] == act("任3", "appoint", "商务局局长")
    assert (
        decide("organs.holder", complete("organs.holder", {**asked, "evidence": []}, on), on).value["result"]
        == "unknown"
    )


def test_question_about_a_group_is_answered_from_the_library(library):
    on = day("2018-03-14")
    taken = decide("organs.members", complete("organs.members", {"group": "tax-conference"}, on), on)
    assert taken.value["count"] == (52 if library == "real" else 4)


def test_holder_asks_as_many_queries_whoever_is_asked(library):
    counts = []
    for organ, post in (("commerce", "局长"), ("city-government", "副市长"), ("livestock", "书记")):
        with CaptureQueriesContext(
            connection,
        ) as found:
            held(organ, post, "2019-05-08")
        counts.append(len(found))
    assert len(set(counts)) == 1
    assert counts[0] <= 5
