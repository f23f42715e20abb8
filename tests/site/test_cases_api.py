"""Cases through the API and from the command line: the same rules as on the pages."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.cases import actions
from luoshi.office.cases.models import Case
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from luoshi.site.commands.cases import command
from tests.office.cases_made import guarantee, known_procedures, moment, people, votes
from tests.office.people import client_of, person

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/cases"


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


@pytest.fixture
def who():
    return people()


def client_as(actor):
    return client_of(User.objects.get(pk=actor.user_id))


def post(actor, address, key="", **body):
    headers = {"Idempotency-Key": key} if key else {}
    return client_as(actor).post(
        f"{ROOT}{address}", json.dumps(body), content_type="application/json", headers=headers
    )  # fmt: skip


def get(actor, address="", **query):
    return client_as(actor).get(f"{ROOT}{address}", query)


def test_a_case_goes_from_opening_to_payment(who):
    body = {"procedure": "test.guarantee", "title": "测试甲", "facts": {"amount": "12.50"}, "organ": "finance"}
    made = post(who["applicant"], "", key="k1", **body)
    assert made.status_code == 201
    assert post(who["applicant"], "", key="k1", **body).json() == made.json()
    pk = made.json()["id"]
    seen = get(who["officer"], f"/{pk}").json()
    assert (seen["state"], seen["facts"], seen["due"]["title"]) == ("review", {"amount": 1250}, "审查期限")
    assert seen["limits"][0]["expiry"] == "期满视为同意：自动“视为同意”，不需人办"
    assert {one["step"]: one["may"] for one in seen["offered"]} == {
        "note": True, "approve": False, "send_back": True, "refuse": False
    }  # fmt: skip
    answer = post(who["officer"], f"/{pk}/steps/note", data={"opinion": "相符"}, revision=1)
    assert (answer.status_code, answer.json()["revision"]) == (200, 2)
    assert post(who["officer"], f"/{pk}/steps/note", data={"opinion": "相符"}, revision=1).json()["code"] == "E_VERSION"
    steps = get(who["head"], f"/{pk}/steps").json()
    assert next(one for one in steps if one["step"] == "approve")["allowed"] is True
    assert post(who["head"], f"/{pk}/steps/approve").json()["state"] == "approved"
    assert post(who["payer"], f"/{pk}/steps/pay").json()["is_open"] is False
    story = get(who["payer"], f"/{pk}/events", limit=2).json()
    assert ([one["act"] for one in story["items"]], story["next"]) == (["open", "note"], 2)
    assert [one["act"] for one in get(who["payer"], f"/{pk}/events", after=2).json()["items"]] == ["approve", "pay"]


def test_list_is_narrowed_and_paged(who):
    pks = [guarantee(who["applicant"]).pk for _ in range(3)]
    voting = votes()
    first = get(who["officer"], limit=2, mine=True).json()
    assert ([one["id"] for one in first["items"]], first["total"]) == (pks[:2], 3)
    then = get(who["officer"], limit=2, mine=True, after=first["next"]).json()
    assert ([one["id"] for one in then["items"]], then["next"]) == (pks[2:], None)
    assert [one["id"] for one in get(who["officer"], procedure="test.votes").json()["items"]] == [voting.pk]
    one = first["items"][0]
    assert (one["due"]["overdue"], [holder["title"] for holder in one["holders"]]) == (False, ["审查人", "负责人"])
    assert get(who["officer"], after="x").json()["code"] == "E_INPUT"


def test_what_one_may_not_see_is_not_there(who):
    case = guarantee(who["applicant"])
    stranger = client_of(person("x", (Role.CLERK, "education")))
    for address in (f"/{case.pk}", f"/{case.pk}/events", f"/{case.pk}/steps"):
        assert stranger.get(f"{ROOT}{address}").status_code == 404, address
    answer = stranger.post(f"{ROOT}/{case.pk}/steps/note", "{}", content_type="application/json")
    assert answer.status_code == 404
    assert post(who["applicant"], f"/{case.pk}/steps/approve").json()["code"] == "E_FORBIDDEN"


def test_limits_papers_and_moving(who):
    case = guarantee(who["applicant"])
    assert post(who["officer"], f"/{case.pk}/pause", kind="expert", reason="送评审").status_code == 200
    stopped = get(who["officer"], f"/{case.pk}").json()
    assert (stopped["limits"][0]["state"], stopped["acts"]["resume"]) == ("paused", {"expert": "专家评审"})
    assert post(who["officer"], f"/{case.pk}/resume", kind="expert").status_code == 200
    assert post(who["head"], f"/{case.pk}/extend", limit="review", reason="情况复杂").status_code == 200
    paper = client_as(who["applicant"]).post(
        f"{ROOT}/{case.pk}/papers", {"title": "合同", "file": SimpleUploadedFile("合同.txt", "一式两份".encode())}
    )
    assert (paper.status_code, paper.json()["kind"]) == (201, "合同")
    assert [one["title"] for one in get(who["payer"], f"/{case.pk}").json()["papers"]] == ["合同"]
    body = {"origin": "agriculture", "target": "agri-rural", "reason": "机构改革"}
    assert post(who["head"], f"/{case.pk}/reassign", **body).status_code == 403
    assert post(who["supervisor"], f"/{case.pk}/reassign", **body).status_code == 200
    assert post(who["supervisor"], f"/{case.pk}/reassign", **body).json()["code"] == "E_STATE"
    back = {"origin": "agri-rural", "target": "agriculture", "reason": "改回"}
    assert post(who["supervisor"], "/reassign", cases=[case.pk], **back).json() == {"moved": 1}
    missing = post(who["supervisor"], f"/{case.pk}/move", version="2017-01-01", reason="换版")
    assert missing.json()["code"] == "E_NOT_FOUND"


def test_case_as_it_stood(who):
    case = guarantee(who["applicant"])
    CLOCK.set(moment("2018-10-12T09:00"))
    tick()
    then = get(who["head"], f"/{case.pk}", at="2018-10-10T23:59:00+08:00").json()
    assert (then["state"], then["events"], then["offered"]) == ("review", 1, [])
    assert get(who["head"], f"/{case.pk}").json()["state"] == "approved"
    silent = get(who["head"], f"/{case.pk}/events").json()["items"][-1]
    assert (silent["hand"], silent["at"][:16]) == ("timer", "2018-10-11T00:00")


def test_a_voice(who):
    case = votes()
    leader = client_of(person("l", (Role.LEADER, "finance")))
    voice = json.dumps({"agrees": True, "remark": "无异议"})
    answer = leader.post(f"{ROOT}/{case.pk}/steps/sign", voice, content_type="application/json")
    assert answer.json()["state"] == "voting"
    voice = leader.get(f"{ROOT}/{case.pk}").json()["voices"][0]
    assert (voice["party"], voice["agrees"], voice["text"]) == ("first", True, "无异议")


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def at_hand(monkeypatch):
    monkeypatch.setattr("luoshi.site.setup.migrate", lambda: None)


def run(*words: str):
    result = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_cases_from_the_command_line(who, at_hand, tmp_path):
    pk, number = run(
        "open", "test.guarantee", "--as", "a", "--title", "测试甲", "--data", "amount=5", "--organ", "finance"
    ).split()
    assert number in run("list", "--as", "o", "--mine")
    told = run("show", pk, "--as", "h")
    for words in ("审查期限", "10月10日 24:00", "期满视为同意", "✗ 要先办“出具审查意见”", "测试a"):
        assert words in told, words
    assert json.loads(run("show", pk, "--json"))["number"] == number
    assert "审查" in run("act", pk, "note", "--as", "o", "--data", "opinion=相符")
    assert "已停表" in run("pause", pk, "expert", "--as", "o", "--reason", "送评审")
    CLOCK.set(moment("2018-09-21T10:00"))
    assert "已恢复计时" in run("pause", pk, "expert", "--as", "o", "--resume")
    assert "期限" in run("extend", pk, "review", "--as", "h", "--reason", "情况复杂")
    assert "已通过" in run("act", pk, "approve", "--as", "h")
    assert "已支付" in run("act", pk, "pay", "--as", "p")
    assert number in run("list", "--closed")
    assert "审查" in run("show", pk, "--at", "2018-09-20T10:00")


def test_refusals_on_the_command_line(who, at_hand):
    case = guarantee(who["applicant"])
    for words in (
        ("act", str(case.pk), "approve", "--as", "a"), ("show", "999"), ("act", str(case.pk), "note", "--data", "x"),
        ("show", str(case.pk), "--at", "nonsense"), ("act", str(case.pk), "note", "--data", "opinion=@/nirgends"),
    ):  # fmt: skip
        with pytest.raises(LuoshiError):
            run(*words)
    assert Case.objects.get().revision == 1


def test_a_voice_from_the_command_line(who, at_hand):
    case = votes()
    person("l", (Role.LEADER, "finance"))
    run("act", str(case.pk), "sign", "--as", "l", "--remark", "无异议")
    with pytest.raises(LuoshiError, match="表过态"):
        actions.act(actor=people_leader(), case=case.pk, step="sign")


def people_leader():
    from luoshi.office.accounts.queries import standing

    return standing(User.objects.get(login="l")).actor("test")
