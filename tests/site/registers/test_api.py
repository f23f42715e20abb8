"""Registers by API and by command."""

from __future__ import annotations

import datetime
import json

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts import credentials
from luoshi.office.accounts.queries import standing
from luoshi.office.registers.models import RegisterImport
from luoshi.office.roles import Role
from luoshi.site.commands import registers as commands
from tests.office.people import person
from tests.office.registers.trial import OWNER, TOWN, Firm, row, sheet, uscc

pytestmark = pytest.mark.both

BASE = "/api/v1/registers/trial.firms"


class Caller:
    """Calls the API with somebody's token."""

    def __init__(self, login, *held):
        user = person(login, *held)
        until = CLOCK.today() + datetime.timedelta(days=2)
        _, token = credentials.give_token(actor=standing(user).actor("test"), label="t", expires_on=until)
        self.headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method, path="", body=None):
        path = path if path.startswith("/api") else BASE + path
        data = json.dumps(body) if body is not None else ""
        answer = Client().generic(method, path, data, "application/json", headers=self.headers)
        return answer.status_code, json.loads(answer.content) if answer.content else None

    def send(self, path, data, name="a.xlsx"):
        answer = Client().post(BASE + path, {"file": SimpleUploadedFile(name, data)}, headers=self.headers)
        return answer.status_code, answer.json()


@pytest.fixture
def clerk(firms):
    return Caller("hb", (Role.CLERK, OWNER))


VALUES = {
    "credit_code": uscc(1),
    "name": "甲厂",
    "town": "育黎镇",
    "sector": "橡胶",
    "so2": "12.5",
    "phone": "13800001111",
}


def test_record_from_entering_to_voiding(clerk):
    status, made = clerk("POST", "/records", {"values": VALUES})
    assert (status, made["version"], made["values"]["so2"], made["values"]["phone"]) == (201, 1, "12.5", "138****1111")
    path = f"/records/{made['id']}"
    assert clerk("PATCH", path, {"values": {"so2": "13"}, "reason": "核", "version": 1})[1]["version"] == 2
    status, problem = clerk("PATCH", path, {"values": {"so2": "14"}, "reason": "核", "version": 1})
    assert (status, problem["code"], problem["fields"]["rows"][0]["now"]) == (409, "E_VERSION", "13.000")
    status, problem = clerk("PATCH", path, {"values": {"so2": "-1"}, "reason": "核", "version": 2})
    assert (status, problem["fields"]["faults"][0]["field"]) == (422, "so2")
    assert (
        clerk("POST", path + "/end", {"on": "2019-03-01", "reason": "停", "version": 2})[1]["ended_on"] == "2019-03-01"
    )
    assert clerk("GET", "/records")[1]["total"] == 0
    assert clerk("GET", "/records?state=ended")[1]["total"] == 1
    assert clerk("POST", path + "/restore", {"reason": "复", "version": 3})[0] == 200
    assert clerk("POST", path + "/void", {"reason": "误", "version": 4})[1]["void"] is True
    lines = clerk("GET", path + "/versions")[1]
    assert [line["kind"] for line in lines] == ["void", "restore", "end", "change", "new"]
    assert "13800001111" not in str(lines)
    assert clerk("GET", path + "?on=2019-03-03")[0] == 404


def test_lists_are_paged_narrowed_and_scoped(clerk):
    for number in range(1, 6):
        clerk("POST", "/records", {"values": VALUES | {"credit_code": uscc(number), "name": f"{number}厂"}})
    clerk("POST", "/records", {"values": VALUES | {"credit_code": uscc(9), "town": "崖子镇", "sector": "铸造"}})
    first = clerk("GET", "/records?size=4")[1]
    second = clerk("GET", f"/records?size=4&after={first['next']}")[1]
    assert (first["total"], len(first["items"]), len(second["items"]), second["next"]) == (6, 4, 2, None)
    assert clerk("GET", "/records?sector=casting")[1]["total"] == 1
    assert clerk("GET", "/records?sort=-name&size=1")[1]["items"][0]["name"] == "甲厂"
    town = Caller("zhen", (Role.CLERK, TOWN))
    assert town("GET", "/records")[1]["total"] == 5
    assert town("GET", "")[1]["may"] == ["see", "edit", "take_in"]
    assert [one["key"] for one in town("GET", "/api/v1/registers")[1] if one["key"].startswith("trial")] == [
        "trial.firms"
    ]
    open_to_all = Client().get("/api/v1/open/registers/trial.firms").json()
    assert open_to_all["total"] == 6
    assert set(open_to_all["items"][0]["values"]) == {"credit_code", "name", "town"}


def test_table_is_looked_through_confirmed_once_and_taken_back(clerk):
    data = sheet(row(1), row(2, 行业="纺织"))
    status, found = clerk.send("/previews", data)
    assert (status, found["counts"]["new"], found["faults"][0]["title"]) == (200, 1, "行业")
    assert Firm.objects.count() == 0
    body = {"file": found["file"], "plan": found["plan"]}
    assert clerk("POST", "/imports", body)[1]["code"] == "E_ROWS"
    status, done = clerk("POST", "/imports", body | {"mode": "valid_rows"})
    assert (status, done["new"], done["left_out"]) == (201, 1, 1)
    assert clerk("POST", "/imports", body | {"mode": "valid_rows"})[0] == 404
    again = clerk.send("/previews", data)[1]
    body = {"file": again["file"], "plan": again["plan"], "mode": "valid_rows"}
    assert clerk("POST", "/imports", body)[1]["code"] == "E_DUPLICATE_FILE"
    assert clerk("POST", f"/imports/{done['id']}/undo", {"reason": "错"})[1]["undone_count"] == 1
    assert clerk("GET", f"/imports/{done['id']}")[1]["undone_by"] == "测试hb"
    other = Caller("yz", (Role.CLERK, OWNER))
    assert other("GET", f"/previews/{again['file']}")[0] == 404


def test_schema_names_the_columns(clerk):
    found = clerk("GET", "")[1]
    sector = next(column for column in found["columns"] if column["name"] == "sector")
    assert sector["choices"]["rubber"] == "橡胶"
    assert found["natural_key"] == ["credit_code"]
    assert Caller("xt", (Role.ADMINISTRATOR, OWNER))("GET", "")[0] == 403


def run(*arguments):
    return CliRunner().invoke(commands.command, list(arguments), catch_exceptions=False)


def test_command_looks_imports_exports_and_takes_back(firms, tmp_path):
    file = tmp_path / "企业.xlsx"
    file.write_bytes(sheet(row(1), row(2, 行业="纺织")))
    looked = run("import", "trial.firms", str(file), "--faults", str(tmp_path / "错.xlsx"))
    assert looked.exit_code == 2
    assert json.loads(looked.stdout)["counts"]["faulty"] == 1
    assert (tmp_path / "错.xlsx").read_bytes()[:2] == b"PK"
    assert Firm.objects.count() == 0
    refused = run("import", "trial.firms", str(file), "--confirm")
    assert (refused.exit_code, json.loads(refused.stderr)["code"]) == (2, "E_ROWS")
    done = run("import", "trial.firms", str(file), "--confirm", "--mode", "valid_rows")
    assert json.loads(done.stdout)["new"] == 1
    listed = json.loads(run("list", "--programme", "trial").stdout)
    assert listed == [{"key": "trial.firms", "title": "测试企业", "programme": "trial", "records": 1}]
    assert run("export", "trial.firms", "-o", str(tmp_path / "出.xlsx")).exit_code == 0
    assert run("export", "trial.firms", "-o", str(tmp_path / "模板.xlsx"), "--template").exit_code == 0
    taken = RegisterImport.objects.get()
    assert json.loads(run("undo", str(taken.pk), "--reason", "传错").stdout)["undone"] == 1
    shown = json.loads(run("show", "trial.firms", str(Firm.objects.get().pk)).stdout)
    assert [line["kind"] for line in shown] == ["undo", "new"]
    assert json.loads(run("show", "trial.firms").stdout)["natural_key"] == ["credit_code"]
    assert json.loads(run("show", "no.such").stderr)["code"] == "E_NOT_FOUND"
