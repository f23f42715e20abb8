"""Lists of cases: what each person sees, in which order, by which conditions, and what it costs."""

from __future__ import annotations

import datetime
import itertools

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions, queries
from luoshi.office.cases.models import Case
from luoshi.office.cases.queries import ALL, CLOSED, CaseFilter, CaseLedger
from luoshi.office.roles import Role
from tests.office.cases_made import PROGRAM, guarantee, known_procedures, moment, people, votes
from tests.office.people import actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


@pytest.fixture
def who():
    return people()


def ledger(actor=PROGRAM, **conditions) -> CaseLedger:
    return CaseLedger(CaseFilter(**conditions), actor=actor, now=CLOCK.now())


def listed(actor=PROGRAM, **conditions) -> list[int]:
    """Return the ids of all pages of two, forwards; backwards they are the same."""
    book, found, cursor = ledger(actor, **conditions), [], ""
    while True:
        page = book.page(size=2, after=cursor)
        found.append([row.pk for row in page.rows])
        if not page.next:
            break
        cursor = page.next
    again, cursor = [[row.pk for row in page.rows]], page.previous
    while cursor:
        page = book.page(size=2, before=cursor)
        again.append([row.pk for row in page.rows])
        cursor = page.previous
    assert [list(rows) for rows in reversed(again)] == found
    flat = list(itertools.chain(*found))
    assert book.total().value == len(flat)
    return flat


def test_open_cases_are_listed_by_the_end_of_their_limit_and_those_without_come_last(who):
    voting = votes()
    later = guarantee(who["applicant"])
    CLOCK.set(moment("2018-09-10T10:00"))
    earlier = guarantee(who["applicant"])
    assert listed() == [earlier.pk, later.pk, voting.pk]
    assert listed(procedures=("test.votes",)) == [voting.pk]
    assert listed(procedures=("test.votes", "test.guarantee")) == [earlier.pk, later.pk, voting.pk]


def test_everybody_sees_what_the_organ_takes_part_in_and_no_more(who):
    one, voting = guarantee(who["applicant"]), votes()
    own = guarantee(PROGRAM, organ="education")
    everything = {one.pk, voting.pk, own.pk}
    sees = {
        "applicant": everything, "officer": everything, "payer": everything, "supervisor": everything,
        "teacher": {own.pk}, "stranger": set(), "auditor": everything, "administrator": set(),
    }  # fmt: skip
    who |= {
        "teacher": actor("t", (Role.LEADER, "education")),
        "stranger": actor("x", (Role.LEADER, "health")),
        "auditor": actor("au", (Role.AUDITOR, "health")),
        "administrator": actor("ad", (Role.ADMINISTRATOR, "finance")),
    }
    for name, wanted in sees.items():
        assert set(listed(who[name])) == wanted, name
        assert set(listed(who[name], q="测试")) == wanted - {voting.pk}, name
        assert set(listed(who[name], organs=("agriculture",))) == wanted, name


def test_my_turn_is_what_my_role_may_do_now(who):
    case = guarantee(who["applicant"])
    turns = {name: listed(one, mine=True) for name, one in who.items()}
    assert turns == {"applicant": [], "officer": [case.pk], "head": [case.pk], "payer": [], "supervisor": []}
    actions.act(actor=who["officer"], case=case.pk, step="send_back", data={"reason": "缺合同"})
    turns = {name: listed(one, mine=True) for name, one in who.items()}
    assert turns == {"applicant": [case.pk], "officer": [], "head": [], "payer": [], "supervisor": []}
    assert listed(who["officer"], holders=("finance",)) == [case.pk]
    assert listed(who["officer"], holders=("agriculture",)) == []
    assert listed(who["officer"], own=True) == [case.pk]
    assert listed(who["supervisor"], own=True) == []


def test_an_organ_that_is_several_parties_is_one_row(who):
    pks = [guarantee(who["applicant"]).pk for _ in range(5)]
    assert listed(who["head"]) == listed(who["head"], own=True) == pks


def test_overdue_is_what_has_ended_by_now(who):
    case = guarantee(who["applicant"])
    actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    actions.act(actor=who["head"], case=case.pk, step="approve")
    running = guarantee(who["applicant"])
    CLOCK.set(moment("2018-09-26T10:00"))
    assert listed(overdue=True) == listed(who["payer"], overdue=True) == [case.pk]
    assert listed(due_to=datetime.date(2018, 10, 10)) == [case.pk, running.pk]
    assert listed(due_to=datetime.date(2018, 10, 9)) == [case.pk]


def test_nothing_is_overdue_by_a_day_that_is_not_announced(who):
    CLOCK.set(moment("2031-03-03T10:00"))
    guarantee(who["applicant"])
    CLOCK.set(moment("2031-06-03T10:00"))
    from luoshi.office.calendar.book import calendar

    wanted = CaseFilter(overdue=True)
    assert CaseLedger(wanted, actor=PROGRAM, now=CLOCK.now(), calendar=calendar()).page(size=5).rows == []


def test_closed_ones_are_listed_newest_first(who):
    first, second, third = (guarantee(who["applicant"]) for _ in range(3))
    for case in (third, first):
        actions.act(actor=who["head"], case=case.pk, step="refuse", data={"reason": "不在范围"})
    for one in (PROGRAM, who["head"], who["applicant"]):
        assert listed(one, which=CLOSED) == [third.pk, first.pk]
        assert listed(one, which=ALL) == [third.pk, second.pk, first.pk]
        assert listed(one) == [second.pk]
    assert listed(which=CLOSED, statuses=("refused",)) == [third.pk, first.pk]
    assert listed(which=ALL, procedures=("test.guarantee",), states=("review",)) == [second.pk]


def test_words_number_and_subject_are_searched_where_one_may_look(who):
    case = guarantee(who["applicant"], title="海边长椅登记", subject="loan:77")
    guarantee(who["applicant"])
    stranger = actor("x", (Role.LEADER, "education"))
    for words in ("长椅", case.number, "loan:77"):
        assert listed(q=words) == listed(who["head"], q=words, mine=True) == [case.pk]
        assert listed(stranger, q=words) == []
    assert listed(q="没有这样的词") == listed(q="，。") == []


def test_words_that_are_everywhere_are_looked_for_on_the_way(who, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_BOUND", 1)
    pks = [guarantee(who["applicant"]).pk for _ in range(3)]
    votes()
    assert [row.pk for row in ledger(who["head"], q="测试甲").page(size=9).rows] == pks


def test_a_drill_can_be_left_out(who):
    case, drill = guarantee(who["applicant"]), guarantee(who["applicant"], exercise=True)
    assert listed(exercise=False) == [case.pk]
    assert listed(exercise=True) == [drill.pk]


def test_facets_count_what_each_would_leave(who):
    case, other = guarantee(who["applicant"]), guarantee(who["applicant"])
    votes()
    actions.act(actor=who["officer"], case=other.pk, step="send_back", data={"reason": "缺合同"})
    found = ledger(statuses=("in_review",)).facets()
    assert found.total.value == 1
    counts = {one.value: one.count for one in found.statuses}
    assert (counts["in_review"], counts["returned"], counts["waiting"]) == (1, 1, 1)
    assert {one.value: one.count for one in found.procedures} == {"test.guarantee": 1}
    assert {one.label for one in ledger(procedures=("test.guarantee",)).facets().states} == {
        "审查", "已通过", "退回补正"
    }  # fmt: skip
    holders = {one.value: one.count for one in ledger().facets().holders}
    assert holders == {"agriculture": 2, "finance": 2, "audit": 1}
    assert ledger(who["head"]).by_kind_and_state() == {
        ("test.guarantee", "in_review"): 1, ("test.guarantee", "returned"): 1, ("test.votes", "waiting"): 1
    }  # fmt: skip
    assert case.is_open


def test_what_is_too_much_to_count_says_so(who, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_BOUND", 2)
    for _ in range(4):
        guarantee(who["applicant"])
    book = ledger(who["head"])
    assert (book.total(2).value, book.total(2).exact) == (2, False)


@pytest.mark.parametrize("cursor", ["x", "1.2", "1.2.3.4", "-1.-2.3", "99999999999999999999999.1.1", "1.2.x"])
def test_a_place_that_is_none_is_refused(cursor):
    with pytest.raises(LuoshiError) as refused:
        ledger().page(size=2, after=cursor)
    assert refused.value.code == "E_INPUT"


def test_queries_of_a_page_do_not_grow_with_its_rows(who):
    def asked(one, **conditions):
        with CaptureQueriesContext(connection) as seen:
            book = ledger(one, **conditions)
            page = book.page(size=40)
            book.facets()
            beside = queries.beside(page.rows, CLOCK.today())
        return len(seen), len(page.rows), beside

    guarantee(who["applicant"])
    few = {name: asked(one, mine=name == "officer")[0] for name, one in who.items()}
    for _ in range(30):
        guarantee(who["applicant"])
    for name, one in who.items():
        many, rows, beside = asked(one, mine=name == "officer")
        assert rows == 31
        assert many == few[name], name
    pk = Case.objects.latest("pk").pk
    assert [clock.limit for clock in beside.clocks[pk]] == ["review"]
    assert [(holder.title, holder.role) for holder in beside.holders[pk]] == [
        ("审查人", "reviewer"), ("负责人", "leader")
    ]  # fmt: skip


@pytest.mark.parametrize("conditions", [{}, {"overdue": True}, {"procedures": ("test.guarantee",)}, {"which": CLOSED}])
def test_the_database_reads_in_the_order_of_an_index(conditions):
    """No page is sorted: what is asked for stands in an index in its order."""
    book = ledger(**conditions)
    with CaptureQueriesContext(connection) as seen:
        book.page(size=40)
    sql = seen[0]["sql"] if "Savepoint" not in seen[0]["sql"] else seen[1]["sql"]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN'} {sql}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    if connection.vendor == "sqlite":
        assert "TEMP B-TREE" not in plan, plan
        assert "INDEX" in plan or "PRIMARY KEY" in plan or "SCAN cases_case" in plan, plan
