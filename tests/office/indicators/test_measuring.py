"""Measuring, versions, roll-up by place and period, targets by date, drill-down, who may, the nightly timer."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.indicators import actions, declaration, queries, timers
from luoshi.office.indicators.declaration import Indicator, Part, Target
from luoshi.office.indicators.figures import Verdict
from luoshi.office.indicators.models import Measurement
from luoshi.office.indicators.spans import read
from luoshi.office.organs.actions import load_directory_into_database
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from tests.office.indicators.trial import LEAD, OTHER, OWNER, PEAK, PEAKS, RETURNS, TOWN, came
from tests.office.people import actor as actor_of

ANYBODY = Actor.system("测试甲", "test")
DAY = datetime.date


def measure(indicator, first, last, actor=ANYBODY):
    return actions.compute(actor=actor, indicator=indicator, first=first, last=last)


def cells(found):
    return [(figure.span.key, figure.numerator, figure.denominator, figure.words()) for figure in found]


def test_every_place_and_the_city_in_one_go(counted):
    came(DAY(2019, 1, 5), TOWN, 3)
    came(DAY(2019, 1, 6), OTHER, 1, in_time=False)
    came(DAY(2019, 2, 6), OTHER, 4)
    done = measure(counted, DAY(2019, 1, 1), DAY(2019, 2, 28))
    assert (done.periods, done.figures, done.new, done.changed) == (2, 6, 6, 0)
    assert cells(queries.series(counted)) == [("2019-01", 3, 4, "75.00"), ("2019-02", 4, 4, "100.00")]
    january = read("month", "2019-01")
    assert [(f.place, f.words(), f.verdict) for f in queries.places_in(counted, january)] == [
        (TOWN, "100.00", Verdict.MET),
        (OTHER, "0.00", Verdict.NOT_MET),
    ]
    february = queries.figure(counted, read("month", "2019-02"), TOWN)
    assert (february.verdict, february.words(), february.numerator) == (Verdict.NO_DATA, "", 0)


def test_the_same_again_keeps_the_row_another_figure_makes_a_version(counted):
    came(DAY(2019, 1, 5), TOWN, 3)
    measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
    first = Measurement.objects.get(place="")
    CLOCK.advance(datetime.timedelta(days=2))
    assert measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31)).changed == 0
    first.refresh_from_db()
    assert first.checked_at > first.computed_at
    came(DAY(2019, 1, 9), TOWN, 1, in_time=False)
    done = measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
    assert (done.new, done.changed) == (0, 2)
    january = read("month", "2019-01")
    assert [(f.version, f.words()) for f in queries.versions(counted, january)] == [(2, "75.00"), (1, "100.00")]
    then = queries.series(counted, day=CLOCK.today() - datetime.timedelta(days=1))
    assert cells(then) == [("2019-01", 3, 3, "100.00")]
    assert queries.series(counted, day=DAY(2019, 3, 3)) == []
    assert AuditEntry.objects.filter(act="indicator.compute").count() == 2


def test_what_is_gone_becomes_no_data(counted):
    came(DAY(2019, 1, 5), "no-such-town", 3)
    measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
    RETURNS.clear()
    measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
    found = queries.figure(counted, read("month", "2019-01"), "no-such-town")
    assert (found.numerator, found.verdict) == (None, Verdict.NO_DATA)
    assert queries.latest(counted).verdict is Verdict.NO_DATA


def test_longer_periods_are_sums_and_say_what_is_missing(counted):
    came(DAY(2018, 10, 5), TOWN, 1)
    came(DAY(2018, 11, 5), TOWN, 9, in_time=False)
    measure(counted, DAY(2018, 10, 1), DAY(2018, 11, 30))
    came(DAY(2019, 1, 5), TOWN, 1)
    measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
    found = queries.series(counted, kind="quarter")
    assert cells(found) == [("2018-Q4", 1, 10, "10.00"), ("2019-Q1", 1, 1, "100.00")]
    assert [(figure.parts, figure.of) for figure in found] == [(2, 3), (1, 3)]
    year = queries.figure(counted, read("year", "2018"))
    assert (year.words(), year.verdict, year.parts, year.of) == ("10.00", Verdict.NOT_MET, 2, 12)
    assert cells(queries.places_in(counted, read("year", "2018")))[0] == ("2018", 1, 10, "10.00")
    with pytest.raises(LuoshiError):
        queries.series(counted, kind="half")


def test_a_peak_is_the_greatest_and_nothing_measured_is_no_data(counted):
    PEAKS[:] = [(DAY(2019, 1, 5), 180), (DAY(2019, 1, 9), 250)]
    measure(PEAK, DAY(2018, 12, 1), DAY(2019, 2, 28))
    assert [(f.words(), f.verdict) for f in queries.series(PEAK)] == [
        ("", Verdict.NO_DATA),
        ("250", Verdict.AIM_OPEN),
        ("", Verdict.NO_DATA),
    ]
    assert queries.figure(PEAK, read("year", "2019")).numerator == 250
    assert queries.latest(PEAK).span.key == "2019-01"


def test_target_of_a_parameter_holds_by_the_period_s_last_day(counted):
    measure(LEAD, DAY(2019, 1, 1), DAY(2019, 3, 1))
    (found,) = queries.series(LEAD)
    assert (found.span.words, found.words()) == ("第1次过程", "50.00")
    assert found.target is not None
    early = replace(LEAD, target=Target(parameter="organs.stale_after"))
    from luoshi.office.indicators.spans import Span
    from luoshi.office.indicators.targets import TargetsOf

    assert TargetsOf(early).on(Span("month", "1900-01", DAY(1900, 1, 1), DAY(1900, 1, 31)), "") is None
    with pytest.raises(LuoshiError):
        LEAD.span("episode", "RS-2019-999")
    assert LEAD.span("episode", "RS-2019-001").first == DAY(2019, 1, 14)


def test_figures_are_exact_however_many_digits_they_have(counted):
    long = Decimal("123456789012345678901.123456789")
    exact = replace(PEAK, key="trial.exact", numerator=Part("数", lambda span: {"": long}), target=None)
    measure(exact, DAY(2019, 1, 1), DAY(2019, 1, 31))
    assert queries.latest(exact).numerator == long


def test_a_float_is_the_programmers_mistake(counted):
    wrong = replace(PEAK, numerator=Part("数", lambda span: {"": 0.1}))
    with pytest.raises(TypeError, match="not an exact number"):
        measure(wrong, DAY(2019, 1, 1), DAY(2019, 1, 31))


def test_queries_do_not_grow_with_places(counted):
    def count():
        seen = []
        with connection.execute_wrapper(lambda run, *given: (seen.append(1), run(*given))[1]):
            measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
        return len(seen)

    came(DAY(2019, 1, 5), TOWN)
    count()
    RETURNS.clear()
    came(DAY(2019, 1, 5), TOWN, in_time=False)
    one = count()
    for number in range(200):
        came(DAY(2019, 1, 5), f"ort-{number}")
    # Rows go in by the handful.
    assert count() <= one + 6


def test_behind_a_figure_stand_its_records(counted):
    came(DAY(2019, 1, 5), TOWN, 2)
    came(DAY(2019, 1, 6), OTHER, 1, in_time=False)
    january = read("month", "2019-01")
    below = queries.behind(ANYBODY, counted, "denominator", january)
    assert [below.shown(row).note for row in below.rows] == ["按时", "按时", "迟报"]
    assert len(queries.behind(ANYBODY, counted, "numerator", january, OTHER).rows) == 0
    for name, code in (("middle", "E_INPUT"),):
        with pytest.raises(LuoshiError) as refused:
            queries.behind(ANYBODY, counted, name, january)
        assert refused.value.code == code
    with pytest.raises(LuoshiError) as refused:
        queries.behind(ANYBODY, PEAK, "numerator", january)
    assert refused.value.code == "E_NOT_FOUND"
    with pytest.raises(LuoshiError):
        queries.behind(VISITOR, counted, "numerator", january)


@pytest.mark.parametrize(
    ("role", "organ", "may"),
    [
        (Role.CLERK, OWNER, True),
        (Role.CLERK, "finance", False),
        (Role.SUPERVISOR, "finance", True),
        (Role.AUDITOR, OWNER, False),
    ],
)
def test_who_may_measure(counted, role, organ, may):
    load_directory_into_database(actor=ANYBODY)
    who = actor_of("wer", (role, organ))
    if may:
        assert measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31), who).periods == 1
    else:
        with pytest.raises(LuoshiError) as refused:
            measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31), who)
        assert refused.value.code == "E_FORBIDDEN"


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        (DAY(2019, 2, 1), DAY(2019, 1, 1), "E_INPUT"),
        (DAY(2019, 4, 1), DAY(2019, 5, 1), "E_FUTURE"),
        (DAY(1800, 1, 1), DAY(2019, 1, 1), "E_INPUT"),
    ],
)
def test_wrong_days_are_refused(counted, first, last, code):
    with pytest.raises(LuoshiError) as refused:
        measure(counted, first, last)
    assert refused.value.code == code


def test_nightly_the_running_period_and_the_one_before_are_measured(counted):
    came(DAY(2019, 2, 5), TOWN, 2)
    came(DAY(2019, 3, 1), TOWN, 1, in_time=False)
    broken = replace(PEAK, key="trial.broken", numerator=Part("数", lambda span: 1 / 0))
    declaration.register(broken)
    try:
        fired = [one for one in tick() if one.kind == "indicators.compute"]
    finally:
        declaration._INDICATORS.pop("trial.broken")
    assert len(fired) == 1
    assert cells(queries.series(counted)) == [("2019-02", 2, 2, "100.00"), ("2019-03", 0, 1, "0.00")]
    assert timers.compute_nightly(CLOCK.now()) == 0


def test_one_current_figure_is_a_constraint(counted):
    came(DAY(2019, 1, 5), TOWN)
    measure(counted, DAY(2019, 1, 1), DAY(2019, 1, 31))
    row = Measurement.objects.filter(place=TOWN).get()
    row.pk, row.version = None, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"period": "week"}, "unknown period"),
        ({"period": "episode"}, "named by periods"),
        ({"longer": ("day",)}, "cannot be put together"),
        ({"over": "mean"}, "over is"),
        ({"denominator": None}, "needs a denominator"),
        ({"key": "x" * 61}, "1 to 60"),
    ],
)
def test_wrong_declaration_is_told(counted, changed, says):
    with pytest.raises(ValueError, match=says):
        declaration.register(replace(counted, **changed))


def test_a_target_has_a_value_or_a_parameter():
    with pytest.raises(ValueError, match="value or a parameter"):
        Target()
    with pytest.raises(ValueError, match="value or a parameter"):
        Target(value=1, parameter="a.b")
    assert isinstance(LEAD, Indicator)
