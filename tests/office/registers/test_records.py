"""One record: entered, corrected at a version, ended, restored, void; lists, facets, another day, who sees what."""

from __future__ import annotations

import datetime
import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection, connections

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.organs.actions import load_directory_into_database
from luoshi.office.registers import actions, declaration, exports, queries
from luoshi.office.registers.declaration import Column
from luoshi.office.registers.models import RegisterChange
from luoshi.office.registers.queries import RegisterFilter, RegisterList
from luoshi.office.roles import Role
from tests.office.people import actor as actor_of
from tests.office.registers.trial import FIRMS, OTHER_TOWN, OWNER, TOWN, Firm, Plot, uscc

ANYBODY = Actor.system("测试甲", "test")
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def _on_a_day():
    CLOCK.set(datetime.datetime(2019, 3, 4, 9, 0, tzinfo=datetime.UTC))
    yield
    CLOCK.release()


def given(number=1, **more):
    base = {"credit_code": uscc(number), "name": f"测试{number}号", "town": "育黎镇", "sector": "橡胶", "so2": "12.5"}
    return base | more


def make(firms, number=1, actor=ANYBODY, **more):
    return actions.create(actor=actor, register=firms, given=given(number, **more)).record


def refused(function, **more):
    with pytest.raises(LuoshiError) as error:
        function(**more)
    return error.value


def asked(firms, actor=ANYBODY, day=None, **more):
    return RegisterList(firms, RegisterFilter(**more), actor=actor, day=day or CLOCK.today())


def names(found, **more):
    return [row.values["name"] for row in found.page(size=50, **more).rows]


# --- the declaration --------------------------------------------------------------------------------------------------


def test_columns_take_what_they_leave_open_from_the_model(firms):
    by_name = firms.by_name
    assert by_name["name"].longest == 60
    assert (by_name["so2"].places, by_name["so2"].required, by_name["so2"].empty) == (3, False, 0)
    assert by_name["credit_code"].required
    assert not by_name["note"].required
    assert by_name["sector"].words_of["casting"] == "铸造"
    assert [column.name for column in firms.facets] == ["town", "sector", "reserve"]
    assert firms.search == ("credit_code", "name")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"model": Plot}, "must inherit"),
        ({"natural_key": ("name",)}, "unique constraint"),
        ({"organ_field": "county"}, "organ_field names no column"),
        ({"columns": (Column("weight", "重量"),)}, "no field weight"),
        ({"columns": (Column("credit_code", "码", kind="barcode"),)}, "unknown kind"),
        ({"key": "x" * 41}, "1 to 40"),
    ],
)
def test_wrong_declaration_is_told(changed, says):
    with pytest.raises(ValueError, match=says):
        declaration.register(replace(FIRMS, **changed))


def test_a_check_that_names_no_column_is_the_programmers_mistake(firms):
    wrong = replace(firms, checks=(lambda row: [("nowhere", "不行")],))
    with pytest.raises(ValueError, match="nowhere"):
        actions.create(actor=ANYBODY, register=wrong, given=given())


# --- one record -------------------------------------------------------------------------------------------------------


def test_entering_tells_every_fault_at_once(firms):
    error = refused(
        actions.create, actor=ANYBODY, register=firms, given=given(name="", so2="-1", sector="纺织", phone="abc")
    )
    assert [fault["field"] for fault in error.fields["faults"]] == ["name", "sector", "so2", "phone"]
    error = refused(actions.create, actor=ANYBODY, register=firms, given=given(cut_so2="13"))
    assert error.fields["faults"][0]["field"] == "cut_so2"
    assert refused(actions.create, actor=ANYBODY, register=firms, given=given(nowhere="1")).code == "E_INPUT"
    assert not Firm.objects.exists()


def test_entered_record_has_its_first_line_and_an_audit_entry(firms):
    firm = make(firms, phone="13800001111", lat="36.9")
    assert (firm.version, firm.town, firm.so2, firm.outside) == (1, TOWN, Decimal("12.5"), "原样")
    line = RegisterChange.objects.get()
    assert (line.kind, line.before, line.after["so2"], line.after["void"]) == ("new", None, "12.5", False)
    entry = AuditEntry.objects.get(act="register.create")
    assert entry.subject == f"register:trial.firms:{firm.pk}"
    assert "13800001111" not in str(entry.after)


def test_same_key_is_refused_while_it_stands(firms):
    firm = make(firms)
    error = refused(actions.create, actor=ANYBODY, register=firms, given=given())
    assert (error.code, error.fields["record"]) == ("E_DUPLICATE", firm.pk)
    actions.void(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, reason="误登")
    again = make(firms, name="重登")
    assert (again.pk, again.version, again.void, again.name) == (firm.pk, 3, False, "重登")


def test_correction_keeps_what_was_not_given_and_sensitive_blanks(firms):
    firm = make(firms, phone="13800001111", note="原话")
    change = actions.correct(
        actor=ANYBODY, register=firms, record_id=firm.pk, version=1,
        given={"name": "新名", "phone": "", "note": "原话"}, reason="更名",
    )  # fmt: skip
    assert (change.record.phone, change.record.version) == ("13800001111", 2)
    assert change.change.before == {"name": "测试1号"}
    masked = {"phone": "138****1111", "so2": "1"}
    kept = actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=2, given=masked, reason="改数")
    assert kept.record.phone == "13800001111"


def test_stale_version_is_refused_with_both_values(firms):
    firm = make(firms, phone="13800001111")
    other = Actor.system("测试乙", "test")
    actions.correct(actor=other, register=firms, record_id=firm.pk, version=1, given={"so2": "20"}, reason="核实")
    error = refused(
        actions.correct, actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given={"so2": "30"}, reason="改"
    )
    assert error.code == "E_VERSION"
    assert "测试乙" in error.message
    assert error.fields["rows"] == [{"field": "so2", "label": "SO2基准", "now": "20.000", "yours": "30.000"}]
    assert (error.fields["yours"], error.fields["now"]) == (1, 2)
    assert Firm.objects.get().so2 == 20


@pytest.mark.parametrize("act", [actions.end, actions.restore, actions.void, actions.correct])
def test_every_act_compares_versions_and_wants_a_reason(firms, act):
    firm = make(firms)
    more = {actions.end: {"on": CLOCK.today()}, actions.correct: {"given": {"so2": "1"}}}.get(act, {})
    base = {"actor": ANYBODY, "register": firms, "record_id": firm.pk}
    assert refused(act, **base, version=7, reason="理由", **more).code == "E_VERSION"
    assert refused(act, **base, version=1, reason=" ", **more).code == "E_INPUT"
    assert refused(act, **(base | {"record_id": 999}), version=1, reason="理由", **more).code == "E_NOT_FOUND"


def test_correcting_nothing_or_what_has_ended_is_refused(firms):
    firm = make(firms)
    base = {"actor": ANYBODY, "register": firms, "record_id": firm.pk}
    assert refused(actions.correct, **base, version=1, given={"so2": "12.5"}, reason="改").code == "E_INCOMPLETE"
    actions.end(**base, version=1, on=CLOCK.today() - DAY, reason="停产")
    assert refused(actions.correct, **base, version=2, given={"so2": "1"}, reason="改").code == "E_STATE"
    assert refused(actions.end, **base, version=2, on=CLOCK.today(), reason="再停").code == "E_STATE"
    actions.restore(**base, version=2, reason="复产")
    assert refused(actions.restore, **base, version=3, reason="再复").code == "E_STATE"


def test_last_day_counts(firms):
    firm = make(firms)
    actions.end(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, on=CLOCK.today(), reason="停产")
    assert names(asked(firms)) == ["测试1号"]
    CLOCK.advance(DAY)
    assert names(asked(firms)) == []
    assert names(asked(firms, state="ended")) == ["测试1号"]


def test_unique_value_may_not_be_taken_by_another_standing_record(firms):
    one = make(firms, 1, priority="1")
    error = refused(actions.create, actor=ANYBODY, register=firms, given=given(2, priority="1"))
    assert (error.code, error.fields["faults"][0]["field"]) == ("E_DUPLICATE", "priority")
    actions.void(actor=ANYBODY, register=firms, record_id=one.pk, version=1, reason="误登")
    two = make(firms, 2, priority="1")
    base = {"actor": ANYBODY, "register": firms, "record_id": one.pk}
    assert refused(actions.restore, **base, version=2, reason="恢复").code == "E_DUPLICATE"
    assert two.priority == 1


def test_a_programme_enters_known_values_once(firms):
    rows = [{"credit_code": uscc(n), "name": f"厂{n}", "town": TOWN, "sector": "other"} for n in range(1, 4)]
    assert actions.enter(actor=ANYBODY, register=firms, rows=rows, reason="演示") == 3
    assert actions.enter(actor=ANYBODY, register=firms, rows=rows) == 0
    assert RegisterChange.objects.filter(kind="new").count() == 3


def test_hook_is_told_what_was_written(firms):
    told = []
    hooked = replace(firms, changed=lambda actor, changes, records: told.append((changes, records)))
    actions.create(actor=ANYBODY, register=hooked, given=given())
    ((changes, records),) = told
    assert (changes[0].kind, records[0].name) == ("new", "测试1号")


# --- lists ------------------------------------------------------------------------------------------------------------


def test_pages_forth_and_back_by_every_order(firms):
    for number in range(1, 8):
        make(firms, number, so2=str(number % 3))
    for sort, down in (("", False), ("so2", False), ("so2", True), ("name", True)):
        whole = names(asked(firms, sort=sort, descending=down))
        assert len(whole) == 7
        seen, after, pages = [], "", []
        while True:
            page = asked(firms, sort=sort, descending=down).page(size=3, after=after)
            pages.append(page)
            seen += [row.values["name"] for row in page.rows]
            if not page.next:
                break
            after = page.next
        assert seen == whole
        back = asked(firms, sort=sort, descending=down).page(size=3, before=pages[-1].previous)
        assert [row.pk for row in back.rows] == [row.pk for row in pages[-2].rows]
        assert (pages[1].first, back.first) == (4, 4)
    assert refused(asked(firms).page, size=3, after="%%").code == "E_INPUT"


def test_search_facets_and_counts(firms):
    load_directory_into_database(actor=ANYBODY)
    make(firms, 1)
    make(firms, 2, sector="铸造", town="崖子镇")
    make(firms, 3, sector="铸造", reserve="是")
    assert names(asked(firms, q="2号")) == ["测试2号"]
    assert names(asked(firms, chosen={"sector": ("casting",)})) == ["测试2号", "测试3号"]
    assert names(asked(firms, chosen={"sector": ("casting",), "town": (TOWN,)})) == ["测试3号"]
    assert names(asked(firms, chosen={"sector": ("无",)})) == []
    found = asked(firms, chosen={"sector": ("casting",)}).facets()
    facets = {column.name: [(v.value, v.label, v.count) for v in values] for column, values in found}
    assert facets["sector"] == [("rubber", "橡胶", 1), ("casting", "铸造", 2)]
    assert facets["town"] == [(OTHER_TOWN, "崖子镇", 1), (TOWN, "育黎镇", 1)]
    assert facets["reserve"] == [("1", "是", 1), ("0", "否", 1)]


def test_list_asks_no_query_per_row(firms):
    plot = Plot.objects.create(number="P", title="地")

    def count(numbers):
        for number in numbers:
            make(firms, number, plot="P")
        run = []
        with connection.execute_wrapper(lambda execute, *given: (run.append(1), execute(*given))[1]):
            found = asked(firms)
            for row in found.page(size=50).rows:
                assert [found.words(column, row.values[column.name]) for column in firms.columns]
            found.facets()
        return len(run)

    assert plot.pk
    assert count([1]) == count(range(2, 20))


def test_the_register_as_it_stood(firms):
    first = make(firms, 1)
    make(firms, 2, sector="铸造")
    before = CLOCK.today()
    CLOCK.advance(10 * DAY)
    actions.correct(
        actor=ANYBODY,
        register=firms,
        record_id=first.pk,
        version=1,
        given={"name": "后名", "sector": "铸造"},
        reason="改",
    )
    make(firms, 3)
    then = asked(firms, day=before)
    assert names(then) == ["测试1号", "测试2号"]
    assert then.total().value == 2
    assert names(asked(firms, day=before, chosen={"sector": ("casting",)})) == ["测试2号"]
    assert names(asked(firms, day=before, q="后名")) == []
    assert {c.name: [v.count for v in vs] for c, vs in then.facets()}["sector"] == [1, 1]
    assert names(asked(firms, day=before - DAY)) == []
    assert queries.state_on(firms, first.pk, before).values["name"] == "测试1号"
    assert queries.state_on(firms, first.pk, before - DAY) is None
    page = then.page(size=1)
    assert names(then, after=page.next) == ["测试2号"]
    actions.end(actor=ANYBODY, register=firms, record_id=first.pk, version=2, on=before, reason="补记停产")
    assert names(asked(firms, day=before + DAY)) == ["测试1号", "测试2号"]
    assert names(asked(firms)) == ["测试2号", "测试3号"]


def test_versions_tell_their_differences_masked(firms):
    firm = make(firms, phone="13800001111")
    given_now = {"phone": "13900002222", "town": "崖子镇"}
    actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given=given_now, reason="搬迁")
    books = RegisterList(firms, RegisterFilter(), actor=ANYBODY, day=CLOCK.today()).books
    newest, first = queries.versions(firms, firm.pk)
    assert queries.differences(firms, newest, books) == [
        {"label": "所在镇街", "old": "育黎镇", "new": "崖子镇"},
        {"label": "责任人电话", "old": "138****1111", "new": "139****2222"},
    ]
    assert "13800001111" not in str(queries.differences(firms, first, books))


# --- who sees what ----------------------------------------------------------------------------------------------------


@pytest.fixture
def city(firms):
    load_directory_into_database(actor=ANYBODY)
    make(firms, 1)
    make(firms, 2, town="崖子镇")
    make(firms, 3, town="崖子镇", reserve="是")
    return firms


@pytest.mark.parametrize(
    ("role", "organ", "seen", "edits"),
    [
        (Role.CLERK, TOWN, 1, True),
        (Role.CLERK, OTHER_TOWN, 2, True),
        (Role.CLERK, OWNER, 3, True),
        (Role.LEADER, OWNER, 3, False),
        (Role.CLERK, "finance", 0, False),
        (Role.SUPERVISOR, "finance", 3, False),
        (Role.AUDITOR, "finance", 3, False),
    ],
)
def test_rows_are_seen_and_edited_by_organ(city, role, organ, seen, edits):
    who = actor_of("wer", (role, organ))
    found = asked(city, actor=who)
    assert (len(names(found)), found.total().value) == (seen, seen)
    exported = exports.workbook(found, columns=list(city.columns), actor=who, described="")
    assert exported[:2] == b"PK"
    firm = Firm.objects.get(credit_code=uscc(1))
    correcting = {
        "actor": who,
        "register": city,
        "record_id": firm.pk,
        "version": 1,
        "given": {"so2": "1"},
        "reason": "改",
    }
    if edits and organ in (TOWN, OWNER):
        assert actions.correct(**correcting).record.version == 2
    else:
        sees = any(row.pk == firm.pk for row in found.page(size=50).rows)
        assert refused(actions.correct, **correcting).code == ("E_FORBIDDEN" if sees else "E_NOT_FOUND")


def test_who_may_not_see_a_register_is_told_there_is_none(city):
    for who in (VISITOR, actor_of("wer", (Role.ADMINISTRATOR, OWNER)), actor_of("pe", (Role.STAFFING, OWNER))):
        with pytest.raises(LuoshiError) as error:
            asked(city, actor=who)
        assert error.value.code == "E_NOT_FOUND"
        assert queries.visible(who) == []


def test_a_town_can_neither_take_nor_give_away_a_record(city):
    who = actor_of("wer", (Role.CLERK, TOWN))
    error = refused(actions.create, actor=who, register=city, given=given(9, town="崖子镇"))
    assert error.code == "E_FORBIDDEN"
    firm = Firm.objects.get(credit_code=uscc(1))
    moved = {"town": "崖子镇"}
    base = {"actor": who, "register": city, "record_id": firm.pk, "version": 1, "reason": "搬"}
    assert refused(actions.correct, **base, given=moved).code == "E_FORBIDDEN"
    hidden = refused(actions.create, actor=who, register=city, given=given(2))
    assert (hidden.code, "record" in hidden.fields) == ("E_DUPLICATE", False)


def test_past_lists_are_filtered_by_the_organ_of_that_day(city):
    firm = Firm.objects.get(credit_code=uscc(1))
    then = CLOCK.today()
    CLOCK.advance(2 * DAY)
    actions.correct(actor=ANYBODY, register=city, record_id=firm.pk, version=1, given={"town": "崖子镇"}, reason="搬迁")
    who = actor_of("wer", (Role.CLERK, TOWN))
    assert names(asked(city, actor=who)) == []
    assert names(asked(city, actor=who, day=then)) == ["测试1号"]


def test_everybody_sees_published_rows_and_public_columns(city):
    found = RegisterList(city, RegisterFilter(), actor=VISITOR, day=CLOCK.today(), public=True)
    assert [row.values["name"] for row in found.page(size=9).rows] == ["测试1号", "测试2号"]
    assert [column.name for column in found.columns] == ["credit_code", "name", "town"]
    assert [column.name for column, _values in found.facets()] == ["town"]
    closed = replace(city, public=False)
    with pytest.raises(LuoshiError) as error:
        RegisterList(closed, RegisterFilter(), actor=VISITOR, day=CLOCK.today(), public=True)
    assert error.value.code == "E_NOT_FOUND"


def test_a_register_without_organs_belongs_to_its_owner(firms):
    load_directory_into_database(actor=ANYBODY)
    whole = replace(firms, organ_field=())
    make(firms)
    assert len(names(asked(whole, actor=actor_of("hb", (Role.CLERK, OWNER))))) == 1
    with pytest.raises(LuoshiError):
        asked(whole, actor=actor_of("cz", (Role.CLERK, TOWN)))


# --- two at once ------------------------------------------------------------------------------------------------------


def test_of_two_corrections_at_once_one_wins_and_the_other_is_told(firms, transactional_db):
    firm = make(firms)
    barrier, came = threading.Barrier(2), []

    def correct(value):
        try:
            barrier.wait(60)
            given_now = {"so2": value}
            actions.correct(actor=ANYBODY, register=firms, record_id=firm.pk, version=1, given=given_now, reason="同时")
            came.append("written")
        except LuoshiError as error:
            came.append(error.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=correct, args=(value,)) for value in ("1", "2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(came) == ["E_VERSION", "written"]
    assert RegisterChange.objects.filter(record_id=firm.pk).count() == 2
