"""People, roles, tokens, delegations and views through the API and the command line."""

from __future__ import annotations

import datetime
import json

import pytest
from click.testing import CliRunner
from django.test import Client

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import Assignment, User
from luoshi.office.roles import PERMISSIONS, SEPARATIONS, Role
from luoshi.site.commands.users import command
from tests.office.people import OFFICE, client_of, person

pytestmark = pytest.mark.django_db
TODAY = CLOCK.today()


def send(client: Client, path: str, body: dict, status: int = 201) -> dict:
    """Post JSON and return the answer, which must have this status."""
    answer = client.post(f"/api/v1{path}", json.dumps(body), "application/json")
    assert answer.status_code == status, answer.content.decode()
    return answer.json()


def admin() -> Client:
    """A client of an administrator beside whom there is another."""
    person("guan2", (Role.ADMINISTRATOR, OFFICE))
    return client_of(person("guan", (Role.ADMINISTRATOR, OFFICE)))


def test_me_tells_roles_and_permissions():
    me = client_of(person("jia", (Role.CLERK, "finance"))).get("/api/v1/me").json()
    assert [(row["role"], row["organ"]) for row in me["roles"]] == [("clerk", "finance")]
    assert me["permissions"]["matter.report"] == "own"
    assert me["permissions"]["organ.see"] == "all"
    assert "user.manage" not in me["permissions"]


def test_person_is_opened_given_a_role_and_closed():
    client = admin()
    made = send(client, "/people", {"login": "xin", "name": "测试新"})
    assert User.objects.get(login="xin").check_password(made["first_password"])
    role = send(client, f"/people/{made['id']}/assignments", {"role": "clerk", "organ": "市财政局"})
    assert role["organ"] == "finance"
    refused = send(client, f"/people/{made['id']}/assignments", {"role": "auditor", "organ": "audit",
                   "valid_to": TODAY.isoformat()}, 422)  # fmt: skip
    assert refused["code"] == "E_RULE"
    ended = send(client, f"/people/{made['id']}/assignments/{role['id']}/end", {"reason": "轮岗"}, 200)
    assert ended["ended_at"]
    other = send(client, f"/people/{made['id'] + 999}/assignments/{role['id']}/end", {}, 404)
    assert other["code"] == "E_NOT_FOUND"
    assert send(client, f"/people/{made['id']}/close", {"reason": "调离"}, 200)["active"] is False


def test_people_are_paged_without_loss():
    client = admin()
    for number in range(5):
        person(f"ren{number}", (Role.CLERK, "finance"))
    seen, after = [], ""
    while True:
        found = client.get("/api/v1/people", {"limit": 2, "after": after}).json()
        seen += [row["login"] for row in found["items"]]
        after = found["next"]
        if not after:
            break
    assert seen == sorted(seen)
    assert len(seen) == found["total"] == 7


def test_leader_gets_the_people_of_the_own_organ_only():
    client = client_of(person("tou", (Role.LEADER, "finance")))
    outside = person("yi", (Role.CLERK, "audit"))
    assert [row["login"] for row in client.get("/api/v1/people").json()["items"]] == ["tou"]
    assert client.get(f"/api/v1/people/{outside.pk}").status_code == 404


def test_delegation_is_given_and_revoked():
    head, clerk = person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))
    body = {"taker": "jia", "assignment": head.assignments.get().pk, "basis": "授权书1号",
            "valid_from": TODAY.isoformat(), "valid_to": (TODAY + datetime.timedelta(days=3)).isoformat()}  # fmt: skip
    given = send(client_of(head), "/delegations", body)
    assert [row["id"] for row in client_of(clerk).get("/api/v1/delegations").json()["taken"]] == [given["id"]]
    stranger = client_of(person("yi", (Role.LEADER, "audit")))
    assert send(stranger, f"/delegations/{given['id']}/revoke", {}, 403)["code"] == "E_FORBIDDEN"
    assert send(client_of(head), f"/delegations/{given['id']}/revoke", {}, 200)["revoked_at"]


def test_token_of_another_person_is_not_found():
    jia, yi = (client_of(person(name, (Role.CLERK, "finance"))) for name in ("jia", "yi"))
    made = send(jia, "/tokens", {"label": "统计", "expires_on": TODAY.isoformat()})
    assert made["token"].startswith("ls_")
    assert send(yi, f"/tokens/{made['id']}/revoke", {}, 404)["code"] == "E_NOT_FOUND"
    assert jia.get("/api/v1/tokens").json()[0]["token"] is None


def test_view_is_kept_and_dropped():
    client = client_of(person("jia", (Role.CLERK, "finance")))
    kept = send(client, "/views", {"list": "duties", "name": "我的", "query": "organ=finance"})
    assert client.get("/api/v1/views", {"list": "duties"}).json() == [kept]
    send(client, f"/views/{kept['id']}/drop", {}, 200)
    assert client.get("/api/v1/views", {"list": "duties"}).json() == []


def test_table_of_roles_is_whole():
    table = client_of(person("jia", (Role.CLERK, "finance"))).get("/api/v1/roles").json()
    assert [row["key"] for row in table["permissions"]] == list(PERMISSIONS)
    assert len(table["separations"]) == len(SEPARATIONS)


# --- command line -----------------------------------------------------------------------------------------------------


@pytest.fixture
def run():
    """Run `luoshi users …` on the test's database."""
    return lambda *words, **more: CliRunner().invoke(command, list(words), **more)


def test_first_administrator_of_a_fresh_installation(run):
    result = run("add", "guan", "测试管", "--role", "administrator")
    assert result.exit_code == 0
    first = result.output.split("首次口令 ")[1].split("（")[0]
    user = User.objects.get(login="guan")
    assert user.check_password(first)
    assert (user.must_change_password, user.assignments.get().organ) == (True, "government-office")
    assert "guan\t测试管\t在用\tadministrator@government-office" in run("list").output


def test_role_is_given_and_ended_and_password_reset(run):
    run("add", "jia", "测试甲", "--password-stdin", input="长椅-四把-2019\n")
    assert User.objects.get().check_password("长椅-四把-2019")
    assert run("assign", "jia", "clerk", "市财政局").exit_code == 0
    assert run("end", "jia", "clerk", "finance", "--reason", "轮岗").exit_code == 0
    assert Assignment.objects.get().ended_at is not None
    assert "首次口令" in run("password", "jia").output
    assert run("close", "jia", "--reason", "调离").exit_code == 0
    assert isinstance(run("assign", "jia", "clerk", "finance").exception, LuoshiError)


def test_account_with_a_role_that_is_none_is_not_opened(run):
    assert isinstance(run("add", "jia", "测试甲", "--role", "king").exception, LuoshiError)
    assert User.objects.count() == 0


def test_table_is_printed(run):
    from luoshi.office.roles import markdown

    assert run("roles", "--markdown").output == markdown()
    assert "不能兼任：系统管理 × 经办" in run("roles").output
