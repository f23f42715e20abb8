"""`luoshi decide`: JSON on standard output and nothing else, problems on standard error, exit status by code."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from luoshi.site.commands.decide import command
from luoshi.site.registry import DECISION_MODULES, load_decisions

pytestmark = pytest.mark.django_db

FACTS = '{"limit": "10 working days", "event": "2018-09-20"}'


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(command, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_decide_prints_the_answer_with_reasons_and_receipt() -> None:
    status, out, err = run("calendar.limit", "--facts", "-", "--on", "2018-09-20", stdin=FACTS)
    answer = json.loads(out)
    assert (status, err, answer["value"]["due"]) == (0, "", "2018-10-10")
    assert set(answer) == {"key", "value", "outcome", "on", "informal", "reasons", "parameters", "receipt"}


def test_decide_reads_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_text(FACTS, encoding="utf-8-sig")
    assert json.loads(run("calendar.limit", "--facts", str(file))[1])["value"]["due"] == "2018-10-10"


def test_what_if_sets_a_fact_and_is_informal() -> None:
    _, out, _ = run(
        "calendar.limit", "--facts", "-", "--set", "event=2018-02-10", "--set", "limit=5 working days", stdin=FACTS
    )
    answer = json.loads(out)
    assert (answer["value"]["due"], answer["informal"]) == ("2018-02-22", True)


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "code"),
    [
        (("calendar.limit", "--facts", "-"), '{"limit": "soon"}', 2, "E_INPUT"),
        (
            ("calendar.limit", "--facts", "-"),
            '{"limit": "3 working days", "event": "1990-01-01"}',
            3,
            "E_CALENDAR_MISSING",
        ),
        (("calendar.limit", "--facts", "-", "--on", "heute"), FACTS, 2, "E_INPUT"),
        (("calendar.limit", "--facts", "-", "--set", "x"), FACTS, 2, "E_INPUT"),
        (("calendar.limit", "--facts", "/nowhere/facts.json"), None, 2, "E_FILE"),
        (("calendar.limit",), None, 2, "E_INPUT"),
        (("calendar.nothing", "--facts", "-"), FACTS, 5, "E_NOT_FOUND"),
        ((), None, 2, "E_INPUT"),
    ],
)
def test_refusals_are_problems_on_standard_error(
    arguments: tuple[str, ...], stdin: str | None, status: int, code: str
) -> None:
    exit_status, out, err = run(*arguments, stdin=stdin)
    assert (exit_status, out, json.loads(err)["code"]) == (status, "", code)


def test_schema_and_list_name_every_decision() -> None:
    assert {entry["key"] for entry in json.loads(run("--list")[1])} >= {"calendar.limit", "instruments.validity"}
    schema = json.loads(run("calendar.limit", "--schema")[1])
    assert schema["facts"]["examples"][0] == {"limit": "10 working days", "event": "2018-09-20"}
    assert all("description" in field or "$ref" in field for field in schema["facts"]["properties"].values())


def test_every_listed_module_registers_a_decision() -> None:
    modules = {definition.function.__module__ for definition in load_decisions().values()}
    assert modules >= set(DECISION_MODULES)
