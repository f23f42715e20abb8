"""Kinds of case on pages, through the API and the command line: drawing, tables, versions, files to take along."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from lxml import etree

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.procedures import read_procedure
from luoshi.office.cases import procedures as known
from luoshi.office.drawing.bpmn import to_bpmn
from luoshi.office.drawing.flow import flow_of
from luoshi.office.drawing.layout import lay_out
from luoshi.site.commands.procedures import command
from luoshi.site.procedure_drawing import draw, told
from luoshi.site.registry import load_decisions
from tests.kernel.procedures_made import FOLDER, NAMES, written
from tests.office.elsewhere import luoshi
from tests.office.test_bpmn import check_drawing, faults

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    """The written procedures, `demo.notice` in two versions of which the later begins in 2099."""
    load_decisions()
    monkeypatch.setattr(known, "_MORE", {})
    for name in NAMES:
        known.add(written(name))
    later = written("linear").model_dump(by_alias=True) | {"from": "2099-01-01", "title": "通告签发（新）"}
    known.add(read_procedure(later))


def get(client: Client, address: str, status: int = 200, **query: str) -> str:
    response = client.get(address, query)
    assert response.status_code == status, response.content.decode()
    return response.content.decode()


def rows(page: str, prefix: str) -> dict[str, str]:
    """Return the rows of a table by the key in their id, as words."""
    found = re.findall(rf'<tr id="{prefix}-([^"]+)">(.*?)</tr>', page, re.DOTALL)
    return {key: " ".join(re.sub(r"<[^>]+>", " ", text).split()) for key, text in found}


# --- pages ------------------------------------------------------------------------------------------------------------


def test_kinds_of_case_are_listed_for_everybody(db):
    page = get(Client(), reverse("procedures"))
    assert 'href="/procedures/demo.permit/"' in page
    assert "10 个步骤，4 个期限" in page


def test_page_of_a_kind_says_who_does_what_on_which_condition(client):
    page = get(client, reverse("procedure", args=["demo.permit"]))
    steps = rows(page, "step")
    assert list(steps) == list(written("permit").steps)
    assert steps["grant"] == (
        "准予许可 人办 负责人 审查 → 已许可 决定 demo.may_grant 先办 现场踏勘 "
        "须另一人，不能是办 受理、现场踏勘 的人 出 许可证 —"
    )
    assert steps["silent"].startswith("期满视为准予 期满自动 系统 审查 → 已许可")
    assert steps["withdraw"].startswith("撤回申请 人办 申请人 收件、待补正、审查 → 已撤回")
    limits = rows(page, "limit")
    assert limits["review"].startswith(
        "审查期限 20个工作日内 起 受理 止 准予许可、不予许可 期满视为同意 走到 期满视为准予"
    )
    assert limits["half"].startswith("半程提醒 10个工作日内 起 受理 止 准予许可、不予许可 逾期上报 报 负责人")
    assert "办件所定的单位 · 经办" in page


def test_a_guard_leads_to_its_calculator_where_there_is_one(client):
    data = written("linear").model_dump(by_alias=True)
    data["steps"]["sign"]["guard"] = "calendar.limit"
    known.add(read_procedure(data))
    page = get(client, reverse("procedure", args=["demo.notice"]))
    assert (
        '<a class="ls-link" href="/calc/calendar.limit/" title="calendar.limit">期限计算：何时届满，如何算出</a>'
        in page
    )


def test_version_shown_is_the_one_in_force_unless_another_is_asked_for(client):
    address = reverse("procedure", args=["demo.notice"])
    assert "<h1>通告签发</h1>" in get(client, address)
    later = get(client, address, version="2099-01-01")
    assert "<h1>通告签发（新）</h1>" in later
    assert "这一版自2099年1月1日起施行，现在还没有到。" in later
    assert "<h1>通告签发</h1>" in get(client, address, on="2018-05-01")
    CLOCK.set(datetime.datetime(2099, 2, 1, tzinfo=SHANGHAI))
    try:
        assert "此前立案的仍按这一版办" in get(client, address, version="2018-01-01")
    finally:
        CLOCK.release()
    assert get(client, address, 404, version="2000-01-01")
    assert get(client, reverse("procedure", args=["demo.none"]), 404)


def test_files_to_take_along_are_the_version_shown(client):
    response = client.get(reverse("procedure-bpmn", args=["demo.notice"]), {"version": "2099-01-01"})
    assert response["Content-Disposition"] == 'attachment; filename="demo.notice-2099-01-01.bpmn"'
    assert etree.fromstring(response.content).get("name") == "通告签发（新）"
    response = client.get(reverse("procedure-mermaid", args=["demo.notice"]))
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode().startswith("stateDiagram-v2\n")


def test_page_asks_the_database_no_more_for_a_long_kind_than_for_a_short_one(client, django_assert_max_num_queries):
    for name in ("demo.notice", "demo.joint"):
        with django_assert_max_num_queries(14):
            get(client, reverse("procedure", args=[name]))


# --- the drawing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_drawing_is_a_picture_with_a_sentence_and_marks_where_a_case_stands(name):
    procedure = written(name)
    here = list(procedure.states)[-1]
    svg = etree.fromstring(str(draw(procedure, here)))
    assert (svg.get("role"), svg.get("aria-label")) == ("img", told(procedure, here))
    words = "".join(svg.itertext())
    for state in procedure.states.values():
        assert state.title in words
    assert words.count("现在") == 1
    assert "现在" not in "".join(etree.fromstring(str(draw(procedure))).itertext())
    assert not [one for one in svg.iter() if one.get("style") or one.get("onclick") or one.tag.endswith("script")]


def test_sentence_of_the_drawing():
    assert told(written("linear"), "signing") == (
        "通告签发的程序图：从起草开始，2 个步骤，1 个期限，到已制发为止，现在是待签。"
    )


# --- API --------------------------------------------------------------------------------------------------------------


def test_api_lists_shows_and_gives_out_bpmn(client):
    listed = {row["key"]: row for row in json.loads(get(client, "/api/v1/procedures/", programme="demo"))}
    assert listed["demo.permit"] == {
        "key": "demo.permit", "title": "许可", "programme": "demo", "version": "2018-01-01",
        "citation": "某政发〔2018〕3号", "states": 8, "steps": 10, "limits": 4, "href": "/procedures/demo.permit/",
    }  # fmt: skip
    shown = json.loads(get(client, "/api/v1/procedures/demo.notice"))
    assert (shown["version"], shown["versions"]) == ("2018-01-01", ["2099-01-01", "2018-01-01"])
    assert shown["steps"]["sign"]["by"] == ["head"]
    assert shown["limits"]["sign"]["words"] == "3个工作日内"
    assert json.loads(get(client, "/api/v1/procedures/demo.notice", on="2099-05-01"))["title"] == "通告签发（新）"
    assert json.loads(get(client, "/api/v1/procedures/demo.notice", 422, on="2000-05-01"))["code"] == "E_NOT_IN_FORCE"
    assert json.loads(get(client, "/api/v1/procedures/none", 404))["code"] == "E_NOT_FOUND"
    response = client.get("/api/v1/procedures/demo.notice/bpmn")
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    assert etree.fromstring(response.content).get("name") == "通告签发"
    assert get(client, "/api/v1/procedures/demo.notice/mermaid").startswith("stateDiagram-v2\n")


def test_what_the_api_shows_of_a_procedure_can_be_read_again(client):
    shown = json.loads(get(client, "/api/v1/procedures/demo.permit"))
    for limit in shown["limits"].values():
        limit.pop("words")
    for name in ("versions", "version"):
        shown.pop(name)
    assert read_procedure(shown) == written("permit")


# --- command line -----------------------------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, list(words))
    return result.exit_code, result.stdout or result.stderr


def test_command_begins_by_itself(tmp_path):
    told = luoshi("procedures", "list", data=tmp_path)
    assert (told.returncode, told.stderr) == (0, "")
    assert "heavy_pollution.approval" in {row["key"] for row in json.loads(told.stdout)}


def test_command_lists_shows_and_writes(tmp_path):
    status, text = run("list", "--programme", "demo")
    assert (status, {row["key"] for row in json.loads(text)}) == (0, {written(name).key for name in NAMES})
    status, text = run("show", "demo.notice", "--version", "2099-01-01")
    assert (status, json.loads(text)["title"]) == (0, "通告签发（新）")
    status, text = run("mermaid", "demo.notice")
    assert (status, text.splitlines()[0]) == (0, "stateDiagram-v2")
    file = tmp_path / "permit.bpmn"
    assert run("bpmn", "demo.permit", "-o", str(file)) == (0, f"{file}\n")
    assert etree.parse(file).getroot().get("name") == "许可"
    assert run("show", "demo.none")[0] == 5
    assert run("show", "demo.notice", "--on", "gestern")[0] == 2


def test_check_says_what_a_file_names_that_does_not_exist(tmp_path):
    status, text = run("check", str(FOLDER / "permit.yaml"))
    assert (status, json.loads(text)["fields"]["faults"]) == (2, ["步骤“grant”：没有决定“demo.may_grant”"])
    file: Path = tmp_path / "good.yaml"
    file.write_text((FOLDER / "linear.yaml").read_text("utf-8"), "utf-8")
    status, text = run("check", str(file))
    assert (status, json.loads(text)) == (
        0, [{"key": "demo.notice", "title": "通告签发", "version": "2018-01-01", "states": 3, "steps": 2, "limits": 1}],
    )  # fmt: skip
    file.write_text("key: demo.x\nstates: [", "utf-8")
    assert run("check", str(file))[0] == 2
    assert run("check", str(tmp_path / "none.yaml"))[0] == 2


# --- the kinds of case of this house ----------------------------------------------------------------------------------


def test_every_kind_of_case_of_the_rooms_is_valid_bpmn_with_nothing_drawn_on_anything(db):
    drawn = [version for one in known.all_procedures() for version in known.versions(one.key)]
    for procedure in drawn:
        assert faults(to_bpmn(procedure)) == []
        flow = flow_of(procedure)
        assert flow.unplaced == []
        check_drawing(flow, lay_out(flow))
