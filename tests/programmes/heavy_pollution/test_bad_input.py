"""Bad input and abuse (section 12): what is answered, where no other test says it."""

from __future__ import annotations

import pytest

from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import episodes, intake, plan
from tests.office.people import actor
from tests.programmes.heavy_pollution.facts import take
from tests.programmes.heavy_pollution.test_case_pages import warning
from tests.programmes.heavy_pollution.test_indicators import _on_a_day

__all__ = ["_on_a_day", "warning"]

SIGNED = {"proposed": "orange", "consented": "orange", "considered_run_at": "2018-01-12T08:00",
          "newest_run_at": "2018-01-12T14:00"}  # fmt: skip


def test_carbon_monoxide_in_the_wrong_unit_is_named() -> None:
    with pytest.raises(LuoshiError, match="CO 单位应为 mg/m³"):
        intake.forecast("f.csv", "日期,CO\n2018-01-13,800\n".encode()).require_sound()


@pytest.mark.parametrize("code", ["-999", "-99", "-9999"])
def test_a_code_for_missing_is_a_missing_value(code: str) -> None:
    (row,) = intake.forecast("f.csv", f"日期,AQI,CO\n2018-01-13,90,{code}\n".encode()).rows
    assert row["co"] is None


@pytest.mark.django_db
def test_a_second_warning_goes_the_way_of_an_adjustment(warning) -> None:
    with pytest.raises(LuoshiError, match=f"已有生效预警{warning.case.number}，请走调整程序") as refused:
        episodes.hold(actor=actor("officer", (Role.CLERK, plan.COMMAND)), purpose="issue")
    assert refused.value.fields["case"] == warning.case_id


def test_a_newer_forecast_asks_for_a_word_before_the_signature() -> None:
    refused = take("signable", SIGNED)
    assert refused.outcome is Outcome.REFUSE
    assert any("有更新的预报" in one.text and "请复核" in one.text for one in refused.reasons)
    assert take("signable", SIGNED | {"override": "新预报与采用的一致"}).outcome is Outcome.ALLOW


def test_another_colour_than_consented_is_not_signed() -> None:
    found = take("signable", SIGNED | {"newest_run_at": "2018-01-12T08:00", "consented": "yellow"})
    assert found.outcome is Outcome.REFUSE
    assert any("签发级别与批复不一致" in one.text for one in found.reasons)
