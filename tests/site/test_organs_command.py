"""`luoshi organs`: JSON on standard output, problems on standard error, exit statuses by code."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.organs import actions
from luoshi.office.roles import Role
from luoshi.site.commands.decide import command as decide_command
from luoshi.site.commands.organs import command
from tests.office.people import actor, person
from tests.office.twin import NUMBERS, texts

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("测试甲", "test")


@pytest.fixture(autouse=True)
def at_hand(monkeypatch):
    monkeypatch.setattr("luoshi.site.console.migrate", lambda: None)
    monkeypatch.setattr("luoshi.site.commands.decide.keeps_data", lambda: True)


@pytest.fixture
def library():
    for name, text in texts().items():
        import_gazette(text, actor=SYSTEM, filename=name)


def run(*words: str, to=command):
    result = CliRunner().invoke(to, list(words))
    return result.exit_code, json.loads(result.stdout or result.stderr)


def test_directory_is_loaded_once():
    assert run("load")[1]["organs"] == 170
    assert run("load") == (0, {"organs": 0, "names": 0, "relations": 0, "towns": 0})


def test_name_holder_and_successor(library):
    assert run("resolve", "市食药局", "--on", "2019-06-01")[1]["organ"]["slug"] == "food-drug"
    found = run("holder", "市商务局", "局长", "--on", "2019-04-03")[1]
    assert found["holdings"][0]["persons"][0]["name"] == "测试丑"
    assert run("holder", "诸往镇", "--on", "2018-01-05")[1]["post"] == "镇长"
    assert run("successor", "市食药局", "--on", "2019-06-01")[1]["note"] == "承接单位待定"


def test_refusals_have_their_exit_status(library):
    assert run("holder", "petition")[0] == 5
    assert run("resolve", "市食药局", "--on", "昨天")[0] == 2
    assert run("confirm", "1", "--version", "1", "--as", "nobody")[0] == 5


def test_proposal_is_confirmed_by_another(library):
    one = actor("s1", (Role.STAFFING, "staffing-office"))
    person("s2", (Role.STAFFING, "staffing-office"))
    row = actions.propose_reading(actor=one, text="市发政局", organ="development-reform")
    code, problem = run("confirm", str(row.pk), "--version", "1", "--as", "s1")
    assert (code, problem["code"]) == (5, "E_SELF")
    assert run("confirm", str(row.pk), "--version", "1", "--as", "s2")[1]["state"] == "confirmed"


def test_export_and_import(library, tmp_path):
    file, text = tmp_path / "names.xlsx", tmp_path / "list.txt"
    assert run("export", "names", "-o", str(file))[0] == 0
    code, shown = run("import", "names", str(file))
    assert (code, shown["errors"], shown["titles"]) == (0, [], [])
    assert run("import", "names", str(file), "--confirm")[0] == 2
    person("s1", (Role.STAFFING, "staffing-office"))
    assert run("import", "names", str(file), "--as", "s1", "--confirm")[0] == 0
    code, problem = run("import", "names", str(file), "--as", "s1", "--confirm")
    assert (code, problem["code"]) == (4, "E_DUPLICATE_FILE")
    assert run("export", "appointments", "-o", str(text), "--number", NUMBERS["任2"])[0] == 0
    assert text.read_text(encoding="utf-8").startswith("乳山市人民政府任免的工作人员名单")


def test_decide_answers_from_the_library_when_nothing_is_given(library, tmp_path):
    file = tmp_path / "facts.json"
    words = ("organs.holder", "--facts", str(file), "--on", "2019-04-03")
    file.write_text(json.dumps({"organ": "市商务局", "post": "局长"}), encoding="utf-8")
    assert run(*words, to=decide_command)[1]["value"]["person"] == "测试丑"
    file.write_text(json.dumps({"organ": "市商务局", "post": "局长", "evidence": []}), encoding="utf-8")
    assert run(*words, to=decide_command)[1]["value"]["result"] == "unknown"
    assert run(*words, "--set", "evidence=[]", to=decide_command)[1]["value"]["result"] == "unknown"
