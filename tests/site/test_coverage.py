"""Coverage of an installation: names looked up in the registries, clauses from the library, pages, API, command."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

import luoshi
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import read_procedure
from luoshi.office import coverage_evidence, programme
from luoshi.office.actors import Actor
from luoshi.office.cases import procedures as known
from luoshi.office.coverage import Artefact, Found, declare
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Instrument
from luoshi.office.programme import Programme
from luoshi.site import coverage_look, registry
from luoshi.site.commands.coverage import command
from tests.kernel.procedures_made import written

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("测试甲", "test")
DEMO = Path(luoshi.__file__).parent / "office" / "instruments" / "demo" / "cezhou-2024-1.txt"


@pytest.fixture
def room(tmp_path, monkeypatch) -> Programme:
    """A programme with one document, which is not in the library, and tests of its own."""
    # Addresses are made once a process, with the programmes there are then: before another one takes their place.
    reverse("coverages")
    one = Programme(key="trial", title="试验领域", instruments=("某政发〔2018〕9号",), root=tmp_path)
    monkeypatch.setattr(programme, "_PROGRAMMES", {"trial": one})
    monkeypatch.setattr(registry, "load_programmes", lambda: [one])
    monkeypatch.setattr(coverage_look, "load_programmes", lambda: [one])
    for module in ("luoshi.site.views.coverage", "luoshi.site.api.coverage"):
        monkeypatch.setattr(f"{module}.load_programmes", lambda: [one])
    monkeypatch.setattr(known, "_MORE", {})
    mine = {"key": "trial.notice", "programme": "trial"}
    known.add(read_procedure(written("linear").model_dump(by_alias=True) | mine))
    declare("measure", "trial.M1", "一项措施")
    (tmp_path / "checkout" / "tests").mkdir(parents=True)
    (tmp_path / "checkout" / "pyproject.toml").write_text("", "utf-8")
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "a.yaml").write_text("open: trial.notice\nstep: sign\n", "utf-8")
    monkeypatch.setattr(coverage_evidence, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(coverage_look, "CHECKOUT", tmp_path / "checkout")
    (tmp_path / "checkout" / "tests" / "test_x.py").write_text(
        'def test_limit():\n    decide("calendar.limit")\n    reverse("groups")\n', "utf-8"
    )
    coverage_evidence._read.cache_clear()
    return one


def carry(room: Programme, **lines: str) -> None:
    text = "".join(f'  "{key}": {value}\n' for key, value in lines.items())
    room.coverage.write_text(f"某政发〔2018〕9号:\n{text}", "utf-8")


def found(room: Programme, name: str) -> Found:
    carry(room, 一=f'["{name}"]')
    (report,) = coverage_look.reports(room)
    ((_artefact, standing),) = report.lines[0].found
    return standing


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "exists", "exercised", "where"),
    [
        ("decision:calendar.limit", True, True, "tests/test_x.py"),
        ("decision:instruments.validity", True, False, ""),
        ("decision:calendar.nothing", False, None, ""),
        ("procedure:trial.notice", True, True, "a.yaml"),
        ("procedure:trial.nothing", False, None, ""),
        ("step:trial.notice/sign", True, True, "a.yaml"),
        ("step:trial.notice/submit", True, False, ""),
        ("step:trial.notice/nothing", False, None, ""),
        ("limit:trial.notice/sign", True, True, "a.yaml"),
        ("limit:trial.notice/nothing", False, None, ""),
        ("page:groups", True, True, "tests/test_x.py"),
        ("page:persons", True, False, ""),
        ("page:nothing", False, None, ""),
        ("parameter:organs.stale_after", True, False, ""),
        ("parameter:organs.nothing", False, None, ""),
        ("register:trial.nothing", False, None, ""),
        ("notice:trial.nothing", False, None, ""),
        ("measure:trial.M1", True, False, ""),
        ("measure:trial.M2", False, None, ""),
        ("duty:ledger", None, None, ""),
        ("test:tests/test_x.py::test_limit", True, True, "tests/test_x.py::test_limit"),
        ("test:tests/test_x.py::test_other", False, None, ""),
        ("test:a.yaml", True, True, "a.yaml"),
        ("test:b.yaml", False, None, ""),
    ],
)
def test_a_name_is_looked_up_where_it_must_stand_and_in_the_tests(room, name, exists, exercised, where):
    standing = found(room, name)
    assert (standing.exists, standing.exercised) == (exists, exercised)
    assert standing.where.endswith(where)


def test_names_of_this_house_lead_to_their_pages(room):
    assert found(room, "decision:calendar.limit").href == "/calc/calendar.limit/"
    assert found(room, "step:trial.notice/sign").href == "/procedures/trial.notice/#step-sign"
    assert found(room, "page:groups").href == reverse("groups")


def test_without_tests_at_hand_nothing_is_called_untested(room, monkeypatch, tmp_path):
    monkeypatch.setattr(coverage_evidence, "CHECKOUT", tmp_path / "site-packages")
    monkeypatch.setattr(coverage_look, "CHECKOUT", tmp_path / "site-packages")
    coverage_evidence._read.cache_clear()
    assert found(room, "decision:calendar.limit").exercised is None
    assert found(room, "step:trial.notice/sign").exercised is True
    assert found(room, "test:tests/test_x.py").exists is None


# --- the library ------------------------------------------------------------------------------------------------------


@pytest.fixture
def document(room) -> Instrument:
    """A document of the demonstration gazette that has duties, as the room's own."""
    import_gazette(DEMO.read_text("utf-8"), actor=SYSTEM, filename=DEMO.name)
    item = Instrument.objects.filter(duty_count__gt=3, number__gt="").order_by("clause_count").first()
    object.__setattr__(room, "instruments", (item.number,))
    return item


def test_clauses_come_from_the_library_and_duties_from_its_ledger(room, document):
    from luoshi.office.duties.models import Duty

    path = Duty.objects.filter(instrument=document).values_list("clause_path", flat=True)[0]
    top = path.partition("/")[0]
    room.coverage.write_text(f'{document.number}:\n  "{top}/": ["duty:ledger"]\n', "utf-8")
    (report,) = coverage_look.reports(room)
    assert report.library
    assert report.title == document.name
    assert [line.clause.path for line in report.lines] == list(
        document.clauses.order_by("seq").values_list("path", flat=True)
    )
    line = next(line for line in report.lines if line.clause.path == path)
    ((_artefact, standing),) = line.found
    assert (standing.exists, standing.exercised) == (True, True)
    assert standing.title.startswith("责任台账 ")
    assert report.figures["missing"] > 0


def test_reading_a_report_does_not_ask_the_database_for_every_clause(room, document, django_assert_max_num_queries):
    paths = list(document.clauses.values_list("path", flat=True))
    lines = "".join(f'  "{path if "/" in path else path + "/"}": ["duty:ledger", "page:groups"]\n' for path in paths)
    room.coverage.write_text(f"{document.number}:\n{lines}", "utf-8")
    coverage_look.reports(room)
    with django_assert_max_num_queries(4):
        coverage_look.reports(room)


# --- pages, API, command ----------------------------------------------------------------------------------------------


@pytest.fixture
def carried(room) -> Programme:
    carry(
        room,
        一="[decision:calendar.limit, page:groups]",
        二="[decision:calendar.nothing]",
        三="[step:trial.notice/submit]",
        四="{exhortation: 没有要执行的}",
    )
    return room


def get(client: Client, address: str, status: int = 200, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == status, response.content.decode()
    return response.content.decode()


def test_pages_show_every_clause_with_what_carries_it_without_login(carried):
    listed = get(Client(), reverse("coverages"))
    assert "2/4 条" in listed
    page = get(Client(), reverse("coverage", args=["trial"]))
    for words in ("已承载", "所指不存在", "没有测试", "无须执行", "没有要执行的", "库里没有这份文件的原文"):
        assert words in page
    assert 'href="/calc/calendar.limit/"' in page
    open_only = get(Client(), reverse("coverage", args=["trial"]), state="open")
    assert "calendar.nothing" in open_only
    assert "没有要执行的" not in open_only.partition("<table")[2]
    assert get(Client(), reverse("coverage", args=["nothing"]), 404)
    assert "没有这种状态的条款" in get(Client(), reverse("coverage", args=["trial"]), state="missing")


def test_clauses_of_the_library_lead_to_their_text(room, document, client):
    room.coverage.write_text(f'{document.number}:\n  "通知": ["page:groups"]\n', "utf-8")
    page = get(client, reverse("coverage", args=["trial"]))
    path = document.clauses.exclude(text="").order_by("seq")[0].path
    assert f'href="/instruments/{quote(document.number)}/{quote(path)}"' in page
    assert "发文通知" in page


def test_api_gives_figures_and_clauses(carried, client):
    (listed,) = json.loads(get(client, "/api/v1/coverage/"))
    assert (listed["programme"], listed["clauses"], listed["complete"]) == ("trial", [], False)
    assert listed["figures"] == {
        "clauses": 4, "missing": 0, "unknown": 1, "untested": 1, "carried": 1, "judgement": 0, "exhortation": 1,
    }  # fmt: skip
    (shown,) = json.loads(get(client, "/api/v1/coverage/trial"))
    assert [row["state"] for row in shown["clauses"]] == ["carried", "unknown", "untested", "exhortation"]
    assert shown["clauses"][0]["carried_by"][0]["exists"] is True
    assert shown["clauses"][3]["exhortation"] == "没有要执行的"
    (short,) = json.loads(get(client, "/api/v1/coverage/trial", missing="true"))
    assert [row["locator"] for row in short["clauses"]] == ["二", "三"]
    assert json.loads(get(client, "/api/v1/coverage/nothing", 404))["code"] == "E_NOT_FOUND"


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(words))
    return result.exit_code, result.stdout or result.stderr


def test_command_tells_what_is_left(carried):
    status, text = run("trial")
    assert (status, text.splitlines()) == (
        0,
        [
            "试验领域 某政发〔2018〕9号：共 4 条，所指不存在 1，没有测试 1，已承载 1，无须执行 1",
            "  库里没有这份文件，只列覆盖文件写到的条款。",
            "  ✓ 一 已承载 decision:calendar.limit、page:groups",
            "  ✗ 二 所指不存在 decision:calendar.nothing（不存在）",
            "  ! 三 没有测试 step:trial.notice/submit（没有测试）",
            "  · 四 无须执行 没有要执行的",
        ],
    )
    status, text = run("trial", "--missing", "--format", "json", "--strict")
    assert status == 3
    assert [row["locator"] for row in json.loads(text)[0]["instruments"][0]["clauses"]] == ["二", "三"]
    assert run("nothing")[0] == 5
    assert run("--strict", "trial")[0] == 3
    carry(carried, 一="[decision:calendar.limit]")
    assert run("--strict", "trial")[0] == 0


def test_a_faulty_file_is_refused_with_its_faults(room):
    carry(room, 一="[something]")
    with pytest.raises(LuoshiError, match="something"):
        coverage_look.reports(room)
    status, text = run("trial")
    assert (status, json.loads(text)["code"]) == (2, "E_INPUT")


# --- the rooms of this house ------------------------------------------------------------------------------------------


def test_coverage_files_of_the_rooms_can_be_read_and_name_each_thing_by_a_known_kind():
    for one in registry.load_programmes():
        for report in coverage_look.reports(one):
            unknown = [str(artefact) for line in report.lines for artefact, standing in line.found
                       if standing.exists is False]  # fmt: skip
            assert sorted(set(unknown)) == [], one.key


def test_artefacts_print_as_they_are_written():
    assert str(Artefact("decision", "a.b")) == "decision:a.b"


def test_a_document_that_a_programme_runs_leads_to_its_coverage(room, document, client, monkeypatch):
    monkeypatch.setattr("luoshi.site.views.instruments.load_programmes", lambda: [room])
    page = get(client, reverse("instrument", args=[document.key]))
    assert f'href="/policy/coverage/trial/?instrument={quote(document.number)}"' in page
    monkeypatch.setattr("luoshi.site.views.instruments.load_programmes", list)
    assert "/policy/coverage/" not in get(client, reverse("instrument", args=[document.key]))
