"""Errors become problems with the table's status; the clock is the only source of now."""

from datetime import UTC, date, datetime, timedelta

import pytest

from luoshi.kernel.clock import SHANGHAI, Clock, day_of, end_of
from luoshi.kernel.errors import CODES, LuoshiError


def test_error_becomes_a_problem() -> None:
    error = LuoshiError("E_NOT_YET", "尚未到时间", fields={"from": "2018-10-11"}, citation="测政发〔2018〕1号 三")
    assert error.as_problem() == {
        "type": "urn:luoshi:error:E_NOT_YET",
        "title": "未到时间",
        "status": 422,
        "detail": "尚未到时间",
        "code": "E_NOT_YET",
        "fields": {"from": "2018-10-11"},
        "citation": "测政发〔2018〕1号 三",
    }
    assert error.exit_status == 3


def test_room_codes_are_refusals_of_a_rule() -> None:
    assert (LuoshiError("E_LINE_FULL", "满").http_status, LuoshiError("E_LINE_FULL", "满").exit_status) == (422, 3)


def test_every_code_has_a_status_the_command_line_can_return() -> None:
    assert all(400 <= code.http <= 500 and code.exit in (2, 3, 4, 5, 70) and code.title for code in CODES.values())


def test_clock_stands_where_it_is_set_and_never_goes_back() -> None:
    clock = Clock(datetime(2018, 1, 14, 1, 30, tzinfo=UTC))
    assert clock.now() == datetime(2018, 1, 14, 9, 30, tzinfo=SHANGHAI)
    assert clock.advance(timedelta(hours=15)).date() == date(2018, 1, 15)
    assert clock.today() == date(2018, 1, 15)
    with pytest.raises(ValueError, match="倒拨"):
        clock.advance(timedelta(seconds=-1))
    clock.release()
    assert clock.now().utcoffset() == timedelta(hours=8)


def test_day_of_a_moment_is_the_shanghai_day() -> None:
    assert day_of(datetime(2018, 1, 13, 16, 0, tzinfo=UTC)) == date(2018, 1, 14)
    assert end_of(date(2018, 2, 28)) == datetime(2018, 3, 1, tzinfo=SHANGHAI)
