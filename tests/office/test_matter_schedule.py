"""From duties to matters: dates against a slow definition, holders, versions, successions."""

from __future__ import annotations

import datetime
from calendar import monthrange

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette import records as r
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import versions
from luoshi.office.duties.matter_models import FAR, Matter, MatterEvent, MatterOrgan
from luoshi.office.duties.owed import STANDING, Limit, period_words, slots
from luoshi.office.duties.schedule import materialise
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.roles import Role
from tests.office import sample
from tests.office.matters import DONE, clerk, moment, reported
from tests.office.people import actor

ACTOR = Actor.system("测试甲", "test")
D = datetime.date


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


# --- pure: what is owed --------------------------------------------------------------------------------------------

RULES = st.sampled_from(
    ["yearly", "half-yearly", "quarterly", "monthly", "weekly", "daily", "yearly by 10-31", "yearly by 02-29",
     "monthly by 15", "monthly by 31", "quarterly by 10", "half-yearly by 05", "daily by 15:00"]
)  # fmt: skip
DAYS = st.dates(D(2017, 1, 1), D(2021, 12, 31))


def slow(rule: str, begins: D | None, ends: D | None, first: D, last: D) -> set[tuple[D, D]]:
    """Walk every day of ten years: (first day, last day) of each period owed, by the words of the definition."""
    name, _, printed = rule.partition(" by ")
    length = {"yearly": 12, "half-yearly": 6, "quarterly": 3, "monthly": 1, "weekly": 3, "daily": 3}[name]
    found = set()
    for year in range(2016, 2024):
        for month in range(1, 13, length):
            end = month + length - 1
            opens, closes = D(year, month, 1), D(year, end, monthrange(year, end)[1])
            due = closes
            fixed = printed and name not in ("weekly", "daily")
            if fixed:
                month_of, _, number = printed.rpartition("-")
                at = int(month_of) if month_of else end
                due = D(year, at, min(int(number), monthrange(year, at)[1]))
            in_force = [
                one
                for one in (opens + datetime.timedelta(n) for n in range((closes - opens).days + 1))
                if (begins is None or one >= begins) and (ends is None or one <= ends)
            ]
            if due < first or opens > last or not in_force:
                continue
            if fixed and due not in in_force:
                continue
            found.add((min(max(opens, begins) if begins else opens, due), due))
    return found


@given(RULES, st.none() | DAYS, st.none() | DAYS, DAYS, st.integers(0, 500))
def test_recurring_duties_are_owed_as_the_slow_definition_says(rule, begins, ends, first, more):
    last = first + datetime.timedelta(days=more)
    found = slots([Limit("every", rule, "每期")], begins, ends, first, last)
    assert {(slot.start, slot.due_on) for slot in found} == slow(rule, begins, ends, first, last)
    assert len({slot.period for slot in found}) == len(found)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([("by", "2018-10-31")], [("once:2018-10-31", D(2018, 3, 1), D(2018, 10, 31), "by")]),
        ([("by", "2018-02-01")], [("once:2018-02-01", D(2018, 2, 1), D(2018, 2, 1), "by")]),
        ([("between", "2018-04-01/2018-05-31")], [("once:2018-05-31", D(2018, 4, 1), D(2018, 5, 31), "by")]),
        ([("within", "10 working days")], [(STANDING, D(2018, 3, 1), None, "within")]),
        ([], [(STANDING, D(2018, 3, 1), None, "none")]),
        ([("from", "2018-06-01")], [(STANDING, D(2018, 6, 1), None, "none")]),
        (
            [("by", "2018-10-31"), ("within", "5 days")],
            [("once:2018-10-31", D(2018, 3, 1), D(2018, 10, 31), "by")],
        ),
        (
            [("by", "2018-10-31"), ("by", "2019-10-31"), ("by", "2018-10-31")],
            [
                ("once:2018-10-31", D(2018, 3, 1), D(2018, 10, 31), "by"),
                ("once:2019-10-31", D(2018, 3, 1), D(2019, 10, 31), "by"),
            ],
        ),
    ],
)
def test_dated_and_standing_duties_are_owed_once(limits, expected):
    found = slots([Limit(*one, "文") for one in limits], D(2018, 3, 1), None, D(2026, 1, 1), D(2026, 2, 1))
    assert [(slot.period, slot.start, slot.due_on, slot.origin) for slot in found] == expected


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("yearly:2026-10-31", "2026年"), ("half-yearly:2026-12-31", "2026年下半年"),
        ("quarterly:2026-09-30", "2026年三季度"),
        ("monthly:2026-11-15", "2026年11月"), ("daily:2026-12-31", "每日（2026年四季度）"), ("once:2018-10-31", ""),
        ("standing", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_period_has_a_name(period, words):
    assert period_words(period) == words


# --- with the library ----------------------------------------------------------------------------------------------


def organ(name: str, slug: str | None) -> r.Organ:
    return r.Organ(name, slug)


def duty(clause: str = "一", lead=(("市财政局", "finance"),), cooperating=(), limits=(), **more) -> r.Duty:
    made = sample.duty(clause, limits=limits, **more)
    made.lead, made.cooperating = [organ(*one) for one in lead], [organ(*one) for one in cooperating]
    return made


def imported(monkeypatch, *duties, text="全文", **more):
    instrument = sample.instrument(duties=list(duties), text=text, **more)
    sample.compiled(monkeypatch, instrument)
    return import_gazette(text, actor=ACTOR, filename="a.txt")


@pytest.fixture
def today(db):
    CLOCK.set(moment("2018-05-10T09:00"))
    yield
    CLOCK.release()


def test_an_import_makes_the_matters_of_its_duties(today, monkeypatch):
    imported(
        monkeypatch,
        duty(
            lead=(("市财政局", "finance"), ("市民政局", "civil-affairs")),
            cooperating=(("市公安局", "public-security"), ("丙公司", None)),
            limits=(("by", "2018-10-31", "10月底前"),),
        ),
        duty("一/(一)", limits=(("every", "monthly by 15", "每月15日前"),)),
        duty("一/(一)", limits=(("within", "10 working days", "收到后10个工作日内"),)),
    )
    rows = list(Matter.objects.order_by("due_sort", "id"))
    assert [(row.period, row.due_on, row.backlog) for row in rows] == [
        ("monthly:2018-05-15", D(2018, 5, 15), False),
        ("monthly:2018-06-15", D(2018, 6, 15), False),
        ("once:2018-10-31", D(2018, 10, 31), False),
        (STANDING, None, False),
    ]
    assert [(o.organ, o.name, o.role) for o in rows[2].organs.order_by("seq")] == [
        ("finance", "市财政局", "lead"),
        ("civil-affairs", "市民政局", "co_lead"),
        ("public-security", "市公安局", "coop"),
        ("", "丙公司", "coop"),
    ]
    assert (rows[2].organ, rows[2].start, rows[2].late_on) == ("finance", D(2018, 3, 1), D(2018, 11, 1))
    assert (rows[3].due_sort, rows[3].late_on) == (FAR, FAR)
    assert rows[2].target_value == 95
    assert rows[2].target_text == "修补率 ≥ 95%"


def test_making_again_makes_nothing_and_later_windows_add_their_periods(today, monkeypatch):
    imported(monkeypatch, duty(limits=(("every", "monthly", "每月"),)), duty("一/(一)"))
    before = Matter.objects.count()
    assert materialise().made == 0
    assert Matter.objects.count() == before
    assert materialise(D(2018, 7, 1), D(2018, 9, 30)).made == 3
    assert materialise(D(2018, 7, 1), D(2018, 9, 30)).made == 0


def test_a_wildcard_makes_a_matter_for_each_town(today, monkeypatch):
    imported(
        monkeypatch, duty(lead=(("市水利局", "water"), ("各镇区", None)), limits=(("by", "2018-10-31", "10月底前"),))
    )
    organs = list(Matter.objects.values_list("organ", flat=True))
    assert len(organs) == len(set(organs)) == 18
    assert {"water", "xiacun", "binhai-zone"} <= set(organs)
    town = Matter.objects.get(organ="xiacun")
    assert list(town.organs.order_by("seq").values_list("organ", "role")) == [("xiacun", "lead"), ("water", "coop")]


def test_an_unresolved_lead_and_none_at_all_are_not_forgotten(today, monkeypatch):
    imported(monkeypatch, duty(lead=(("市某局", None),)), duty("一/(一)", lead=()))
    assert sorted(Matter.objects.values_list("organ", "organ_name")) == [("", ""), ("", "市某局")]


def test_what_was_past_when_it_came_is_not_held_against_the_organ(today, monkeypatch):
    imported(monkeypatch, duty(limits=(("by", "2018-04-30", "4月底前"),)))
    row = Matter.objects.get()
    assert (row.backlog, row.late_on, row.red_on) == (True, FAR, FAR)


def test_the_holder_follows_a_successor_and_waits_when_there_is_none(today, monkeypatch):
    monkeypatch.setattr(
        "luoshi.office.duties.concern.Successors.of", lambda self, slug: {"finance": "agriculture"}.get(slug)
    )
    imported(monkeypatch, duty(), duty("一/(一)", lead=(("市民政局", "civil-affairs"),)))
    assert sorted(Matter.objects.values_list("organ", "organ_pending")) == [
        ("agriculture", False),
        ("civil-affairs", True),
    ]


def test_a_reform_moves_what_is_open_and_names_it_in_the_history(today, monkeypatch):
    imported(monkeypatch, duty(cooperating=(("市农业局", "agriculture"),)))
    row = Matter.objects.get()
    reported(row, clerk())
    monkeypatch.setattr(
        "luoshi.office.duties.concern.Successors.of", lambda self, slug: "agriculture" if slug == "finance" else slug
    )
    assert versions.follow_successions(D(2018, 5, 11)) == 1
    row.refresh_from_db()
    assert (row.organ, row.holder_id, row.percent_bp) == ("agriculture", None, 10000)
    assert list(row.organs.values_list("organ", "role")) == [("agriculture", "lead")]
    assert MatterEvent.objects.filter(matter=row, act="succeed").count() == 1
    assert versions.follow_successions(D(2018, 5, 12)) == 0
    assert materialise().made == 0


@pytest.mark.parametrize("organs", [1, 6])
def test_a_step_of_the_timer_reads_the_relations_once_however_many_organs_owe(today, organs):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.office.matters import pushed

    slugs = [
        "finance",
        "education-sports",
        "civil-affairs",
        "justice",
        "public-security",
        "commerce",
        "audit",
        "taxation",
    ]
    for slug in slugs[:organs]:
        pushed(slug, due="2019-10-18")
    with CaptureQueriesContext(connection) as captured:
        versions.follow_successions(D(2018, 5, 11))
    assert sum("organs_organrelation" in query["sql"] for query in captured.captured_queries) <= 1


@pytest.mark.parametrize("on", [D(2018, 6, 1), D(2019, 3, 3), D(2019, 3, 5), D(2026, 1, 1)])
def test_successors_asked_for_all_at_once_are_those_the_room_of_organs_tells_one_by_one(db, on):
    from luoshi.office.duties.concern import Successors
    from luoshi.office.organs import queries
    from luoshi.office.organs.models import OrganRelation
    from luoshi.office.organs.seeding import load_directory_into_database

    load_directory_into_database(actor=ACTOR)
    slugs = sorted(
        {slug for pair in OrganRelation.objects.values_list("origin__slug", "target__slug") for slug in pair}
    )
    assert len(slugs) > 10
    successors = Successors(on)
    assert {slug: successors.of(slug) for slug in slugs} == {slug: queries.successor_of(slug, on) for slug in slugs}


def second(monkeypatch, *duties):
    return imported(monkeypatch, *duties, text="更正后的全文")


LIMIT = (("by", "2018-10-31", "10月底前"),)


def test_an_unchanged_duty_of_a_new_version_keeps_its_matter(today, monkeypatch):
    imported(monkeypatch, duty(limits=LIMIT))
    row = Matter.objects.get()
    reported(row, clerk(), percent=40)
    second(monkeypatch, duty(limits=LIMIT))
    moved = Matter.objects.get()
    assert (moved.pk, moved.percent_bp, moved.pending_duty_id) == (row.pk, 4000, None)
    assert moved.duty.instrument.version == 2
    assert MatterEvent.objects.filter(matter=row).order_by("-id").first().act == "move"


def test_a_changed_duty_nobody_worked_on_is_made_anew(today, monkeypatch):
    imported(monkeypatch, duty(limits=LIMIT))
    second(monkeypatch, duty(limits=(("by", "2018-11-30", "11月底前"),)))
    assert list(Matter.objects.order_by("id").values_list("state", "due_on")) == [
        ("withdrawn", D(2018, 10, 31)),
        ("open", D(2018, 11, 30)),
    ]
    assert MatterOrgan.objects.filter(is_open=True).values("matter").distinct().count() == 1


@pytest.mark.parametrize(
    ("decision", "state", "due", "open_matters"),
    [
        ("move", "in_progress", D(2018, 11, 30), 1),
        ("keep", "in_progress", D(2018, 10, 31), 2),
        ("withdraw", "withdrawn", D(2018, 10, 31), 1),
    ],
)
def test_a_changed_duty_somebody_worked_on_waits_for_a_clerk(today, monkeypatch, decision, state, due, open_matters):
    imported(monkeypatch, duty(limits=LIMIT))
    row = Matter.objects.get()
    reported(row, clerk(), percent=40)
    second(monkeypatch, duty(limits=(("by", "2018-11-30", "11月底前"),)))
    row.refresh_from_db()
    assert (row.due_on, row.percent_bp, row.pending_duty.instrument.version) == (D(2018, 10, 31), 4000, 2)
    assert Matter.objects.count() == 1
    archivist = actor("arch", (Role.ARCHIVIST, "government-office"))
    with pytest.raises(LuoshiError) as caught:
        versions.settle_changed_matter(actor=clerk(), matter=row.pk, decision=decision, reason="更正")
    assert caught.value.code == "E_FORBIDDEN"
    versions.settle_changed_matter(actor=archivist, matter=row.pk, decision=decision, reason="更正日期")
    row.refresh_from_db()
    assert (row.state, row.due_on, row.pending_duty_id) == (state, due, None)
    assert Matter.objects.filter(is_open=True).count() == open_matters
    assert materialise().made == 0


def test_what_was_past_when_it_was_entered_is_not_so_any_more_with_a_new_day_to_come(today, monkeypatch):
    imported(monkeypatch, duty(limits=LIMIT))
    Matter.objects.update(backlog=True, worked=True)
    second(monkeypatch, duty(limits=(("by", "2018-11-30", "11月底前"),)))
    row = Matter.objects.get()
    archivist = actor("arch", (Role.ARCHIVIST, "government-office"))
    versions.settle_changed_matter(actor=archivist, matter=row.pk, decision="move", reason="更正日期")
    row.refresh_from_db()
    assert (row.due_on, row.backlog, row.late_on) == (D(2018, 11, 30), False, D(2018, 12, 1))


def test_a_duty_that_vanished_waits_and_cannot_be_moved(today, monkeypatch):
    imported(monkeypatch, duty(limits=LIMIT))
    row = Matter.objects.get()
    reported(row, clerk(), percent=40)
    second(monkeypatch, duty("九", action="另一件事", summary="另一件"))
    row.refresh_from_db()
    assert row.pending_duty_id == row.duty_id
    archivist = actor("arch", (Role.ARCHIVIST, "government-office"))
    with pytest.raises(LuoshiError) as caught:
        versions.settle_changed_matter(actor=archivist, matter=row.pk, decision="move", reason="转")
    assert caught.value.code == "E_STATE"
    work.report_progress(actor=clerk(), matter=row.pk, percent=50, narrative=DONE)


def test_making_matters_costs_the_same_queries_for_one_duty_and_for_many(today, monkeypatch):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    imported(monkeypatch, duty())
    counts = []
    for n in (1, 8):
        instrument = sample.instrument(f"测政发〔2018〕{n + 5}号", duties=[duty(limits=LIMIT) for _ in range(n)])
        sample.compiled(monkeypatch, instrument)
        with CaptureQueriesContext(connection) as captured:
            import_gazette(f"全文{n}", actor=ACTOR, filename=f"{n}.txt")
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("worked", [False, True])
def test_a_duty_corrected_in_place_is_followed_or_asked_about(today, monkeypatch, worked):
    imported(monkeypatch, duty(limits=LIMIT))
    row = Matter.objects.get()
    if worked:
        reported(row, clerk(), percent=40)
    owed = row.duty
    versions.follow_correction(duties=[owed.pk])
    assert Matter.objects.get().state == ("in_progress" if worked else "open")
    owed.limits.update(value="2018-11-30", due_on=D(2018, 11, 30))
    versions.follow_correction(duties=[owed.pk])
    row.refresh_from_db()
    if not worked:
        assert (row.state, Matter.objects.get(is_open=True).due_on) == ("withdrawn", D(2018, 11, 30))
        owed.limits.update(value="2018-10-31", due_on=D(2018, 10, 31))
        versions.follow_correction(duties=[owed.pk])
        assert Matter.objects.get(is_open=True).due_on == D(2018, 10, 31)
        return
    assert (row.due_on, row.pending_duty_id, Matter.objects.count()) == (D(2018, 10, 31), owed.pk, 1)
    archivist = actor("arch", (Role.ARCHIVIST, "government-office"))
    versions.settle_changed_matter(actor=archivist, matter=row.pk, decision="move", reason="更正日期")
    row.refresh_from_db()
    assert (row.due_on, row.pending_duty_id, row.percent_bp) == (D(2018, 11, 30), None, 4000)
    assert materialise().made == 0


def test_lists_carry_only_what_they_show_and_ask_for_no_more(today, monkeypatch):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from luoshi.office.duties.matter_queries import MatterFilter, MatterLedger
    from luoshi.site.matter_rows import rows_of

    imported(monkeypatch, *(duty(limits=LIMIT) for _ in range(3)))
    page = MatterLedger(MatterFilter(), actor=clerk(), day=CLOCK.today()).page(size=9)
    assert "derivation" in page.rows[0].get_deferred_fields()
    with CaptureQueriesContext(connection) as captured:
        rows = rows_of(page.rows, CLOCK.today())
    assert len(rows) == 3
    assert len(captured) == 2, "the organs' names, the pauses"
