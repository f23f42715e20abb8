"""The book: who may change it, what a change does to the days, that nothing approved changes, that receipts last."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.messages.models import Message
from luoshi.office.parameters import actions, book, packaged, queries
from luoshi.office.parameters.models import ParameterChange, ParameterSpan
from luoshi.office.roles import Role
from luoshi.site.registry import load_decisions
from tests.office.people import OFFICE, actor, person

pytestmark = pytest.mark.django_db

DAY = datetime.date(2027, 1, 1)
CLAUSE = "测政发〔2026〕3号 二(一)"
CALLED = datetime.date(1949, 10, 1)
HOLDER = {
    "organ": "commerce", "post": "局长", "on": "2027-06-01",
    "evidence": [{"kind": "appoint", "person": "测试乙", "date": "2019-04-03", "instrument": "乳政任〔2019〕3号"}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def today():
    load_decisions()
    CLOCK.set(datetime.datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI))
    yield
    CLOCK.release()


def clerk() -> Actor:
    return known("clerk", Role.CLERK)


def reviewer() -> Actor:
    return known("reviewer", Role.REVIEWER)


def known(login: str, role: Role) -> Actor:
    """The actor behind an account of the Government Office, made on first use."""
    return actor(login) if User.objects.filter(login=login).exists() else actor(login, (role, OFFICE))


def propose(value: Any = 3, first: datetime.date = DAY, **more: Any) -> ParameterChange:
    given = {"room": "organs", "name": "stale_after", "source": "clause", "citation": CLAUSE} | more
    by = given.pop("by", None) or clerk()
    return actions.propose(actor=by, value=value, valid_from=first, **given)


def approve(change: ParameterChange, by: Actor | None = None) -> ParameterChange:
    return actions.approve(actor=by or reviewer(), change_id=change.pk, version=change.version)


def stale_after(day: datetime.date) -> Any:
    return book.current().parameter("organs", "stale_after").on(day).value


def code_of(refused: pytest.ExceptionInfo[LuoshiError]) -> str:
    return refused.value.code


def faults_of(refused: pytest.ExceptionInfo[LuoshiError]) -> set[str]:
    return {fault["field"] for fault in refused.value.fields["faults"]}


# --- what a change does -----------------------------------------------------------------------------------------------


def test_proposal_changes_nothing_until_another_approves() -> None:
    change = propose()
    assert stale_after(DAY) == 5
    approve(change)
    assert [stale_after(DAY - datetime.timedelta(days=1)), stale_after(DAY)] == [5, 3]


def test_new_value_closes_the_delivered_one_on_the_day_before() -> None:
    approve(propose())
    spans = [(v.value, v.valid_from, v.valid_to) for v in book.current().parameter("organs", "stale_after").values]
    assert spans == [
        (5, datetime.date(1949, 10, 1), datetime.date(2026, 12, 31)),
        (3, DAY, None),
    ]


def test_after_the_last_day_there_is_no_value_and_the_error_names_the_dates() -> None:
    approve(propose(valid_to=datetime.date(2027, 12, 31)))
    with pytest.raises(LuoshiError) as refused:
        stale_after(datetime.date(2028, 1, 1))
    assert code_of(refused) == "E_PARAMETER_MISSING"
    assert refused.value.fields["known"] == ["1949-10-01至2026-12-31", "2027-01-01至2027-12-31"]


def test_correction_supersedes_from_its_date_and_leaves_the_rows_alone() -> None:
    first = approve(propose(3))
    before = ParameterChange.objects.filter(pk=first.pk).values().get()
    approve(propose(4, datetime.date(2027, 7, 1)))
    assert [stale_after(datetime.date(2027, month, 30)) for month in (6, 7)] == [3, 4]
    assert ParameterChange.objects.filter(pk=first.pk).values().get() == before


def test_change_in_front_of_a_later_one_takes_its_place_when_it_has_no_end() -> None:
    approve(propose(3, datetime.date(2028, 1, 1)))
    approve(propose(4, datetime.date(2027, 1, 1), valid_to=datetime.date(2027, 12, 31)))
    assert [stale_after(datetime.date(year, 6, 1)) for year in (2026, 2027, 2028)] == [5, 4, 3]
    approve(propose(6, datetime.date(2027, 3, 1)))
    assert [stale_after(datetime.date(year, 6, 1)) for year in (2026, 2027, 2028)] == [5, 6, 6]


def test_old_edition_can_be_read_again() -> None:
    approve(propose(3))
    approve(propose(4, datetime.date(2027, 7, 1)))
    later = datetime.date(2027, 12, 1)
    assert [queries.read_book(n).parameter("organs", "stale_after").on(later).value for n in (0, 1, 2)] == [5, 3, 4]


def test_every_room_reads_its_values_by_the_day() -> None:
    approve(propose(3))
    assert book.current().values("organs", DAY)["stale_after"] == 3
    with pytest.raises(LuoshiError) as refused:
        _ = book.current().values("organs", DAY)["no_such"]
    assert code_of(refused) == "E_PARAMETER_MISSING"


# --- decisions and receipts -------------------------------------------------------------------------------------------


def test_later_decisions_show_the_new_value_and_where_it_comes_from() -> None:
    approve(propose(3))
    taken = book.decide("organs.holder", HOLDER, DAY).as_dict()
    row = taken["parameters"][0]
    assert (row["value"], row["from"], row["to"], row["citation"], row["source"], row["confirmed_by"]) == (
        3,
        "2027-01-01",
        None,
        CLAUSE,
        "clause",
        None,
    )
    before = book.decide("organs.holder", HOLDER, DAY - datetime.timedelta(days=1)).as_dict()["parameters"][0]
    assert (before["value"], before["to"]) == (5, "2026-12-31")


def test_old_receipt_gives_the_same_answer_after_the_change() -> None:
    receipt = json.loads(json.dumps(book.decide("organs.holder", HOLDER, DAY).receipt))
    assert receipt["book"] == ""
    approve(propose(3))
    again = book.rerun(receipt)
    assert again.same
    assert again.differences == ("参数“stale_after”现为3",)
    fresh = book.decide("organs.holder", HOLDER, DAY)
    assert fresh.parameters[0]["value"] == 3
    assert fresh.receipt["book"] == queries.newest_edition() != ""
    assert book.rerun(fresh.receipt).same


def test_what_is_no_receipt_is_refused() -> None:
    for text in ({}, {"key": "organs.holder"}, {"key": 3}):
        with pytest.raises(LuoshiError) as refused:
            book.rerun(text)
        assert code_of(refused) in ("E_INPUT", "E_HASH", "E_NOT_FOUND")


def test_another_process_sees_the_change_at_once(monkeypatch) -> None:
    book.decide("organs.holder", HOLDER, DAY)
    elsewhere = book._latest
    approve(propose(3))
    monkeypatch.setattr(book, "_latest", elsewhere)
    assert book.decide("organs.holder", HOLDER, DAY).parameters[0]["value"] == 3


def test_edition_is_read_once_and_asked_for_with_one_query(django_assert_num_queries) -> None:
    approve(propose(3))
    book.decide("organs.holder", HOLDER, DAY)
    with django_assert_num_queries(1):
        book.decide("organs.holder", HOLDER, DAY)
    assert book.current().definition("organs.holder") is book.current().definition("organs.holder")


# --- confirmation -----------------------------------------------------------------------------------------------------


def test_two_persons_confirm_a_default_by_a_document() -> None:
    row = book.current().parameter("organs", "stale_after").on(DAY)
    assert row.needs_confirmation
    change = actions.propose_confirmation(
        actor=clerk(), room="organs", name="stale_after", on=DAY, document="测政办发〔2026〕9号"
    )
    approve(change)
    row = book.current().parameter("organs", "stale_after").on(DAY)
    assert (row.value, row.needs_confirmation) == (5, False)
    assert row.confirmed_by == "测试clerk、测试reviewer 2026-11-20 测政办发〔2026〕9号"
    assert [v.valid_from for v in book.current().parameter("organs", "stale_after").values] == [
        datetime.date(1949, 10, 1)
    ]


def test_nothing_is_confirmed_twice_or_without_document() -> None:
    with pytest.raises(LuoshiError) as refused:
        actions.propose_confirmation(actor=clerk(), room="organs", name="stale_after", on=DAY, document=" ")
    assert faults_of(refused) == {"document"}
    approve(propose(3))
    with pytest.raises(LuoshiError) as refused:
        actions.propose_confirmation(actor=clerk(), room="organs", name="stale_after", on=DAY, document="某纪要")
    assert code_of(refused) == "E_STATE"


def test_value_that_was_superseded_meanwhile_is_not_confirmed() -> None:
    confirmation = actions.propose_confirmation(
        actor=clerk(), room="organs", name="stale_after", on=DAY, document="测政办发〔2026〕9号"
    )
    approve(propose(3))
    confirmation.refresh_from_db()
    with pytest.raises(LuoshiError) as refused:
        approve(confirmation)
    assert code_of(refused) == "E_STATE"


# --- who --------------------------------------------------------------------------------------------------------------


def test_nobody_approves_his_own_proposal_whatever_roles_he_has() -> None:
    both = actor("both", (Role.ARCHIVIST, OFFICE), (Role.REVIEWER, OFFICE))
    change = propose(by=both)
    with pytest.raises(LuoshiError) as refused:
        approve(change, both)
    assert code_of(refused) == "E_SELF"
    with pytest.raises(LuoshiError) as refused:
        approve(change, Actor.system("定时任务", "timer"))
    assert code_of(refused) == "E_SELF"


def test_database_refuses_one_hand_on_both_sides() -> None:
    change = propose()
    one = person("clerk").pk
    with pytest.raises(IntegrityError), transaction.atomic():
        ParameterChange.objects.filter(pk=change.pk).update(
            state="approved", decided_by=one, decided_at=CLOCK.now(), book=1, digest="d"
        )


REACH = {
    Role.CLERK: ("own", "-"),
    Role.REVIEWER: ("-", "own"),
    Role.LEADER: ("-", "own"),
    Role.ARCHIVIST: ("all", "all"),
}


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
@pytest.mark.parametrize("organ", [OFFICE, "finance"])
def test_every_role_proposes_and_approves_as_the_table_says(role: Role, organ: str) -> None:
    who = actor("who", (role, organ))
    for act, reach in zip(("propose", "approve"), REACH.get(role, ("-", "-")), strict=True):
        waiting = propose(first=datetime.date(2030, 1, 1)) if act == "approve" else None
        allowed = reach == "all" or (reach == "own" and organ == OFFICE)

        def do(waiting: ParameterChange | None = waiting) -> None:
            propose(by=who) if waiting is None else approve(waiting, who)

        if allowed:
            do()
        else:
            with pytest.raises(LuoshiError) as refused:
                do()
            assert code_of(refused) == "E_FORBIDDEN"


def test_visitors_see_what_holds_and_nothing_that_waits() -> None:
    waiting = propose()
    with pytest.raises(LuoshiError) as refused:
        queries.change(VISITOR, waiting.pk)
    assert code_of(refused) == "E_NOT_FOUND"
    assert queries.waiting_counts(VISITOR) == {}
    assert queries.changes_of(VISITOR, "organs", "stale_after") == []
    assert queries.waiting_counts(clerk()) == {("organs", "stale_after"): 1}
    approve(waiting)
    assert [change.pk for change in queries.changes_of(VISITOR, "organs", "stale_after")] == [waiting.pk]


def test_withdrawn_and_refused_proposals_stay_and_do_nothing() -> None:
    mine, other = propose(), actor("other", (Role.CLERK, OFFICE))
    with pytest.raises(LuoshiError) as refused:
        actions.withdraw(actor=other, change_id=mine.pk, version=1)
    assert code_of(refused) == "E_FORBIDDEN"
    actions.withdraw(actor=clerk(), change_id=mine.pk, version=1)
    second = propose()
    with pytest.raises(LuoshiError) as refused:
        actions.refuse(actor=reviewer(), change_id=second.pk, version=1, answer=" ")
    assert faults_of(refused) == {"answer"}
    actions.refuse(actor=reviewer(), change_id=second.pk, version=1, answer="依据不足")
    assert stale_after(DAY) == 5
    assert list(ParameterChange.objects.order_by("id").values_list("state", flat=True)) == ["withdrawn", "refused"]
    for change in (mine, second):
        with pytest.raises(LuoshiError) as refused:
            actions.approve(actor=reviewer(), change_id=change.pk, version=2)
        assert code_of(refused) == "E_STATE"


def test_approver_who_saw_an_older_book_is_asked_to_look_again() -> None:
    one, two = propose(3), propose(4, datetime.date(2028, 1, 1))
    approve(one)
    with pytest.raises(LuoshiError) as refused:
        approve(two)
    assert code_of(refused) == "E_VERSION"
    two.refresh_from_db()
    approve(two)
    assert stale_after(datetime.date(2028, 1, 1)) == 4


def test_acts_are_in_the_audit_trail_and_told() -> None:
    reviewer()
    approve(propose())
    assert list(AuditEntry.objects.order_by("id").values_list("act", flat=True)) == [
        "parameter.propose",
        "parameter.approve",
    ]
    assert AuditEntry.objects.last().after["value"] == 3
    assert set(Message.objects.values_list("user__login", flat=True)) == {"clerk", "reviewer"}


# --- what may be proposed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"value": "3"}, "value"),
        ({"value": 3.5}, "value"),
        ({"value": True}, "value"),
        ({"value": None}, "value"),
        ({"value": 10**20}, "value"),
        ({"value": [3]}, "value"),
        ({"citation": "某处"}, "citation"),
        ({"citation": ""}, "citation"),
        ({"source": "outside_rule", "citation": ""}, "citation"),
        ({"source": "rumour"}, "source"),
        ({"first": datetime.date(1900, 1, 1)}, "valid_from"),
        ({"valid_to": datetime.date(2026, 12, 31)}, "valid_to"),
        ({"document": "长" * 301}, "document"),
        ({"first": datetime.date(2026, 1, 1)}, "reason"),
        ({"value": 5, "source": "default", "citation": "", "first": CALLED, "reason": "因"}, "value"),
        ({"room": "calendar", "name": "working_hours", "value": "08:30"}, "value"),
        ({"room": "calendar", "name": "working_hours", "value": []}, "value"),
        ({"room": "calendar", "name": "working_hours", "value": [["08:30", 12]]}, "value"),
        ({"room": "calendar", "name": "working_hours", "value": {"a": "b"}}, "value"),
    ],
)
def test_faults_are_named_by_field(given: dict[str, Any], field: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        propose(**given)
    assert code_of(refused) == "E_INPUT"
    assert faults_of(refused) == {field}
    assert not ParameterChange.objects.exists()


def test_leap_needs_a_reason() -> None:
    with pytest.raises(LuoshiError) as refused:
        propose(500)
    assert code_of(refused) == "E_IMPLAUSIBLE"
    propose(500, reason="改按百分之一年计")


def test_unknown_parameter_is_not_found() -> None:
    with pytest.raises(LuoshiError) as refused:
        propose(room="organs", name="nothing")
    assert code_of(refused) == "E_NOT_FOUND"


def test_one_change_from_a_day_waits_at_a_time() -> None:
    propose()
    with pytest.raises(LuoshiError) as refused:
        propose(4)
    assert code_of(refused) == "E_DUPLICATE"


def test_table_keeps_its_shape() -> None:
    hours = [["09:00", "12:00"], ["13:00", "17:00"]]
    approve(propose(hours, room="calendar", name="working_hours"))
    assert book.current().parameter("calendar", "working_hours").on(DAY).value == (
        ("09:00", "12:00"),
        ("13:00", "17:00"),
    )
    taken = book.decide("calendar.limit", {"limit": "3 working hours", "event": "2027-03-01T16:00"}, DAY)
    assert taken.value["until"].startswith("2027-03-02T11:00")


# --- what a change would bring about ----------------------------------------------------------------------------------


def test_consequence_shows_decisions_before_and_after() -> None:
    change = actions.draft(
        room="calendar", name="working_hours", value=[["09:00", "12:00"]], valid_from=DAY, citation=CLAUSE,
        valid_to=datetime.date(2027, 12, 31),
    )  # fmt: skip
    seen = queries.consequence(change, CLOCK.today())
    assert [definition.key for definition in seen.readers] == ["calendar.limit"]
    assert seen.gap_from == datetime.date(2028, 1, 1)
    assert seen.past is None
    assert {sample.key for sample in seen.samples} == {"calendar.limit"}
    assert not ParameterChange.objects.exists()


def test_past_change_names_the_days_that_may_be_affected() -> None:
    change = actions.draft(
        room="organs", name="stale_after", value=4, valid_from=datetime.date(2026, 3, 1), citation=CLAUSE, reason="补录"
    )
    seen = queries.consequence(change, CLOCK.today())
    assert seen.past == (datetime.date(2026, 3, 1), datetime.date(2026, 11, 19))
    assert [definition.key for definition in seen.readers] == ["organs.holder"]


# --- the database stands guard ----------------------------------------------------------------------------------------


def refuses(statement: str, *arguments: Any) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, arguments)


def test_approved_change_cannot_be_altered_or_removed() -> None:
    change = approve(propose())
    table = ParameterChange._meta.db_table
    for column, value in (("valid_to", "2027-12-31"), ("state", "withdrawn"), ("reason", "另说"), ("book", 9)):
        refuses(f"UPDATE {table} SET {column} = %s WHERE id = %s", value, change.pk)
    refuses(f"DELETE FROM {table} WHERE id = %s", change.pk)


def test_span_is_only_ended_and_no_day_has_two() -> None:
    change = approve(propose())
    span = ParameterSpan.objects.get()
    table = ParameterSpan._meta.db_table
    refuses(f"UPDATE {table} SET valid_to = '2030-01-01' WHERE id = %s", span.pk)
    refuses(f"DELETE FROM {table} WHERE id = %s", span.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        ParameterSpan.objects.create(
            change=change, room=span.room, name=span.name, valid_from=datetime.date(2028, 1, 1), since=1
        )
    ParameterSpan.objects.filter(pk=span.pk).update(until=2)
    refuses(f"UPDATE {table} SET until = 3 WHERE id = %s", span.pk)


def test_editions_are_chained() -> None:
    one = approve(propose(3))
    two = approve(propose(4, datetime.date(2028, 1, 1)))
    assert (one.book, two.book) == (1, 2)
    assert actions._digest(one.digest, two) == two.digest
    assert actions._digest("0" * 64, one) == one.digest


def test_delivered_books_are_whole() -> None:
    for room in packaged.rooms().values():
        for name, parameter in room.table.items():
            assert parameter.values, f"{room.key}.{name}"
            assert parameter.room == room.key
