"""Coming in, the second step, throttling, one's own account, people and roles, acting for another: by the pages."""

from __future__ import annotations

import datetime
import re

import pyotp
import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts import credentials, demo
from luoshi.office.accounts.models import ApiToken, Assignment, Delegation, OpenSession, SavedView, User
from luoshi.office.accounts.queries import standing
from luoshi.office.audit import refusals
from luoshi.office.audit.models import AuditEntry
from luoshi.office.roles import Role
from tests.office.people import OFFICE, client_of, person

pytestmark = pytest.mark.django_db

PASSWORD = "长椅-bench-四把-2019"
HASH = make_password(PASSWORD)


@pytest.fixture(autouse=True)
def counted_anew():
    """Refusals are taken down in a bounded number a minute; each test begins at none."""
    refusals.forget()


def known(login: str, *held: tuple[Role, str], password: str = PASSWORD) -> User:
    """Return an account with a password."""
    user = person(login, *held)
    user.password = HASH if password == PASSWORD else make_password(password)
    user.save()
    return user


def enter(login: str, password: str = PASSWORD, client: Client | None = None, **query: str):
    """Post the login form; return client and answer."""
    client = client or Client()
    address = reverse("login") + (f"?next={query['next']}" if query else "")
    return client, client.post(address, {"login": login, "password": password})


def acts(prefix: str) -> list[str]:
    """Return the acts in the trail that begin so."""
    return list(AuditEntry.objects.filter(act__startswith=prefix).order_by("id").values_list("act", flat=True))


def test_login_leads_to_the_desk_and_is_taken_down():
    known("jia", (Role.CLERK, "finance"))
    client, answer = enter("jia")
    assert (answer.status_code, answer.url) == (302, reverse("desk"))
    assert acts("access.") == ["access.login"]
    assert client.get(reverse("account")).status_code == 200


def test_login_does_not_care_for_capitals_and_blanks():
    known("jia", (Role.CLERK, "finance"))
    assert enter(" JIA ")[1].status_code == 302


@pytest.mark.parametrize(
    ("asked", "lands"),
    [("/policy/?q=1", "/policy/?q=1"), ("https://elsewhere.example/", "/desk"), ("//elsewhere.example/", "/desk"),
     ("/login/", "/desk"), ("javascript:alert(1)", "/desk")],
)  # fmt: skip
def test_next_is_followed_on_this_site_only(asked, lands):
    known("jia", (Role.CLERK, "finance"))
    assert enter("jia", next=asked)[1].url == lands


@pytest.mark.parametrize("login", ["jia", "nobody"])
def test_wrong_password_and_unknown_account_are_told_alike(login):
    known("jia", (Role.CLERK, "finance"))
    _, answer = enter(login, "wrong-wrong-wrong")
    assert answer.status_code == 422
    assert "账号或口令不对" in answer.content.decode()
    assert acts("access.") == ["access.refused"]


def test_unknown_account_costs_as_much_as_a_known_one(monkeypatch):
    """Both compute one memory-hard hash: the time says nothing about who has an account."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    known("jia", (Role.CLERK, "finance"))
    hashes = []
    for name in ("encode", "verify"):
        plain = getattr(Argon2PasswordHasher, name)
        monkeypatch.setattr(
            Argon2PasswordHasher, name, lambda self, *a, _plain=plain, **k: (hashes.append(1), _plain(self, *a, **k))[1]
        )
    enter("jia", "wrong-wrong-wrong")
    known_cost, hashes[:] = len(hashes), []
    enter("nobody", "wrong-wrong-wrong")
    assert len(hashes) == known_cost == 1


def test_five_wrong_passwords_close_the_login_and_say_for_how_long():
    known("jia", (Role.CLERK, "finance"))
    client = Client()
    for _ in range(4):
        assert enter("jia", "wrong-wrong-wrong", client)[1].status_code == 422
    answer = enter("jia", "wrong-wrong-wrong", client)[1]
    assert answer.status_code == 429
    assert "15 分钟" in answer.content.decode()
    assert answer["Retry-After"] == "900"
    assert enter("jia", PASSWORD, client)[1].status_code == 429
    known("yi", (Role.CLERK, "finance"))
    assert enter("yi", PASSWORD, client)[1].status_code == 302


def test_closed_account_does_not_come_in():
    user = known("jia", (Role.CLERK, "finance"))
    user.is_active = False
    user.save()
    assert enter("jia")[1].status_code == 422


def test_logout_is_by_post_and_is_taken_down():
    known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    assert client.get(reverse("logout")).status_code == 405
    assert client.post(reverse("logout")).status_code == 302
    assert client.get(reverse("account")).status_code == 302
    assert acts("access.") == ["access.login", "access.logout"]
    assert OpenSession.objects.get().ended_at is not None


def test_fragment_without_login_leads_htmx_to_the_login_page():
    answer = Client().get(reverse("account"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/login/?next=%2Faccount%2F"


def test_form_after_the_login_has_ended_keeps_what_was_typed():
    answer = Client().post(reverse("token-give"), {"label": "长椅统计", "password": "geheim", "code": "123456"})
    html = answer.content.decode()
    assert answer.status_code == 401
    assert "长椅统计" in html
    assert "geheim" not in html
    assert "123456" not in html


# --- second factor ---------------------------------------------------------------------------------------------------


def code_of(secret: str, steps: int = 0) -> str:
    """Return the six digits of now, or some half minutes on."""
    return pyotp.TOTP(secret).at(CLOCK.now() + datetime.timedelta(seconds=30 * steps))


def with_totp(login: str) -> tuple[User, str, list[str]]:
    """Return an account whose second factor is on."""
    user = known(login, (Role.CLERK, "finance"))
    secret = credentials.new_secret()
    codes = credentials.confirm_totp(actor=standing(user).actor("test"), secret=secret, code=code_of(secret, -1))
    user.refresh_from_db()
    return user, secret, codes


def test_second_step_is_asked_and_nothing_is_open_before_it():
    _, secret, _ = with_totp("jia")
    client, answer = enter("jia", next="/policy/")
    assert answer.url == reverse("login-second")
    assert client.get(reverse("account")).status_code == 302
    assert client.post(reverse("login-second"), {"code": code_of(secret)}).url == "/policy/"
    assert client.get(reverse("account")).status_code == 200


def test_code_is_taken_once():
    _, secret, _ = with_totp("jia")
    code = code_of(secret)
    first, _ = enter("jia")
    assert first.post(reverse("login-second"), {"code": code}).status_code == 302
    second, _ = enter("jia")
    assert second.post(reverse("login-second"), {"code": code}).status_code == 422


def test_recovery_code_is_taken_once():
    _, _, codes = with_totp("jia")
    first, _ = enter("jia")
    assert first.post(reverse("login-second"), {"code": codes[0].upper()}).status_code == 302
    second, _ = enter("jia")
    assert second.post(reverse("login-second"), {"code": codes[0]}).status_code == 422


def test_wrong_codes_close_the_login_like_wrong_passwords():
    with_totp("jia")
    client, _ = enter("jia")
    answers = [client.post(reverse("login-second"), {"code": "000000"}).status_code for _ in range(5)]
    assert answers == [422, 422, 422, 422, 429]


def test_secret_is_kept_sealed_and_the_trail_holds_none():
    user, secret, codes = with_totp("jia")
    assert user.totp.startswith("sm4-gcm$")
    assert secret not in user.totp
    trail = str(list(AuditEntry.objects.values_list("before", "after")))
    assert secret not in trail
    assert not any(code in trail for code in codes)


def test_second_factor_is_enrolled_by_the_page():
    user = known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    client.post(reverse("totp-begin"))
    html = client.get(reverse("account")).content.decode()
    assert "<svg" in html
    secret = re.search(r'la-break">([A-Z2-7]{32})<', html)[1]
    assert client.post(reverse("totp-confirm"), {"code": "000000"}).status_code == 422
    html = client.post(reverse("totp-confirm"), {"code": code_of(secret)}).content.decode()
    assert html.count("<code>") >= credentials.RECOVERY_CODES
    user.refresh_from_db()
    assert user.totp
    assert client.post(reverse("totp-off"), {"act": "off", "code": code_of(secret, 1)}).status_code == 303
    user.refresh_from_db()
    assert not user.totp


# --- first password, sessions, tokens, views -------------------------------------------------------------------------


def test_first_password_must_be_changed_before_anything_else():
    user = known("jia", (Role.CLERK, "finance"))
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    client, answer = enter("jia")
    assert answer.url == reverse("password")
    assert client.get(reverse("account")).url.startswith(reverse("password"))
    assert client.get("/api/v1/me").status_code == 422
    form = {"old": PASSWORD, "password": "新长椅-四把-2020", "again": "新长椅-四把-2020"}
    assert client.post(reverse("password"), form).status_code == 303
    assert client.get(reverse("account")).status_code == 200
    assert client.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    ("new", "again", "field"),
    [("短", "短", "password"), ("1234567890123", "1234567890123", "password"),
     ("password123", "password123", "password"),
     ("xjia-is-my-login", "xjia-is-my-login", "password"), ("长椅-四把-2020-a", "长椅-四把-2020-b", "again")],
)  # fmt: skip
def test_weak_password_is_refused_at_its_field(new, again, field):
    known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    answer = client.post(reverse("password"), {"old": PASSWORD, "password": new, "again": again})
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.content.decode()
    assert User.objects.get(login="jia").check_password(PASSWORD)


def test_changing_the_password_ends_the_other_logins_and_keeps_this_one():
    known("jia", (Role.CLERK, "finance"))
    here, _ = enter("jia")
    there, _ = enter("jia")
    here.post(reverse("password"), {"old": PASSWORD, "password": "新长椅-四把-2020", "again": "新长椅-四把-2020"})
    assert here.get(reverse("account")).status_code == 200
    assert there.get(reverse("account")).status_code == 302


def test_other_logins_are_ended_from_here():
    known("jia", (Role.CLERK, "finance"))
    here, _ = enter("jia")
    there, _ = enter("jia")
    assert here.post(reverse("sessions-end")).status_code == 303
    assert there.get(reverse("account")).status_code == 302
    assert here.get(reverse("account")).status_code == 200


def test_login_of_another_person_cannot_be_ended():
    known("jia", (Role.CLERK, "finance"))
    known("yi", (Role.CLERK, "finance"))
    here, _ = enter("jia")
    there, _ = enter("yi")
    row = OpenSession.objects.get(user__login="yi")
    assert here.post(reverse("sessions-end"), {"session": row.pk}).status_code == 404
    assert there.get(reverse("account")).status_code == 200


def test_login_lasts_another_full_time_when_asked():
    known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    html = client.get(reverse("account")).content.decode()
    assert 28_000 < int(re.search(r'data-session-left="(\d+)"', html)[1]) <= 28_800
    assert client.post(reverse("session-extend"), headers={"X-Requested-With": "luoshi"}).status_code == 204


def test_token_is_shown_once_and_works_until_revoked():
    known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    until = (CLOCK.today() + datetime.timedelta(days=30)).isoformat()
    html = client.post(reverse("token-give"), {"label": "统计", "expires_on": until}).content.decode()
    text = re.search(r"<code>(ls_[\w-]{40})</code>", html)[1]
    assert text not in client.get(reverse("account")).content.decode()
    assert ApiToken.objects.get().digest != text
    asked = {"headers": {"Authorization": f"Bearer {text}"}}
    assert Client().get("/api/v1/me", **asked).json()["login"] == "jia"
    client.post(reverse("token-revoke", args=[ApiToken.objects.get().pk]))
    assert Client().get("/api/v1/me", **asked).status_code == 401
    assert text not in str(list(AuditEntry.objects.values_list("after", flat=True)))


@pytest.mark.parametrize("days", [-1, 400])
def test_token_lasts_a_year_at_most(days):
    known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    until = (CLOCK.today() + datetime.timedelta(days=days)).isoformat()
    assert client.post(reverse("token-give"), {"label": "统计", "expires_on": until}).status_code == 422
    assert ApiToken.objects.count() == 0


def test_view_is_kept_under_a_name_and_taken_off():
    client = client_of(person("jia", (Role.CLERK, "finance")))
    form = {"list": "design", "name": "我的样张", "query": "q=1", "next": "/design/?q=1"}
    assert client.post(reverse("view-save"), form).url == "/design/?q=1"
    html = client.get("/design/?q=1").content.decode()
    assert re.search(r'href="/design/\?q=1" aria-current="page">我的样张', html)
    assert "我的样张" not in client_of(person("yi", (Role.CLERK, "finance"))).get("/design/").content.decode()
    other = client_of(person("yi"))
    assert other.post(reverse("view-drop", args=[SavedView.objects.get().pk])).status_code == 404
    client.post(reverse("view-drop", args=[SavedView.objects.get().pk]))
    assert "我的样张" not in client.get("/design/?q=1").content.decode()


# --- demonstration ---------------------------------------------------------------------------------------------------


def test_demonstration_offers_its_people_with_one_press(settings):
    settings.DEMO = True
    assert demo.load_people() == len(demo.PEOPLE)
    assert demo.load_people() == 0
    html = Client().get(reverse("login")).content.decode()
    assert all(one.name in html for one in demo.PEOPLE)
    assert demo.PASSWORD in html
    for one in demo.PEOPLE:
        client = Client()
        assert client.post(reverse("login-demo"), {"login": one.login}).status_code == 302
        assert client.get(reverse("account")).status_code == 200
    assert {role for one in demo.PEOPLE for role, _ in one.roles} == set(Role) - {Role.PUBLIC}


def test_demonstration_people_hold_no_roles_that_exclude_each_other():
    from luoshi.office.roles import separation_of

    for one in demo.PEOPLE:
        assert [pair for a in one.roles for b in one.roles if (pair := separation_of(a, b))] == []


def test_one_press_is_refused_outside_the_demonstration(settings):
    demo.load_people()
    client = Client()
    assert client.post(reverse("login-demo"), {"login": "wenshu1"}).status_code == 403
    settings.DEMO = True
    known("jia", (Role.ADMINISTRATOR, OFFICE))
    assert client.post(reverse("login-demo"), {"login": "jia"}).status_code == 403
    assert "演示人员" not in Client().get(reverse("account"), follow=True).content.decode() or settings.DEMO


# --- people ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def admin() -> Client:
    """A client of an administrator; there is another one."""
    person("guan2", (Role.ADMINISTRATOR, OFFICE))
    return client_of(person("guan", (Role.ADMINISTRATOR, OFFICE)))


def test_administrator_opens_an_account_and_gives_a_role(admin):
    answer = admin.post(reverse("people"), {"login": "xin", "name": "测试新", "email": ""})
    first = re.search(r"<code>([a-z0-9-]{19})</code>", answer.content.decode())[1]
    assert answer.status_code == 201
    user = User.objects.get(login="xin")
    form = {"role": "clerk", "organ": "市财政局", "valid_from": CLOCK.today().isoformat(), "valid_to": ""}
    assert admin.post(reverse("people-assign", args=[user.pk]), form).status_code == 303
    assert Assignment.objects.get(user=user).organ == "finance"
    _, answer = enter("xin", first)
    assert answer.url == reverse("password")
    assert first not in admin.get(reverse("people-person", args=[user.pk])).content.decode()


def test_role_that_excludes_another_is_refused_and_said(admin):
    user = person("jia", (Role.CLERK, "finance"))
    form = {"role": "auditor", "organ": "audit", "valid_from": CLOCK.today().isoformat(),
            "valid_to": CLOCK.today().isoformat()}  # fmt: skip
    answer = admin.post(reverse("people-assign", args=[user.pk]), form)
    assert answer.status_code == 422
    assert "审计只看不办" in answer.content.decode()


def test_closing_an_account_ends_session_and_token_at_once(admin):
    user = known("jia", (Role.CLERK, "finance"))
    client, _ = enter("jia")
    _, text = credentials.give_token(
        actor=standing(user).actor("test"), label="统计", expires_on=CLOCK.today() + datetime.timedelta(days=9)
    )
    asked = {"headers": {"Authorization": f"Bearer {text}"}}
    assert Client().get("/api/v1/me", **asked).status_code == 200
    assert admin.post(reverse("people-change", args=[user.pk]), {"act": "close", "reason": "调离"}).status_code == 303
    assert client.get(reverse("account")).status_code == 302
    assert Client().get("/api/v1/me", **asked).status_code == 401


def test_leader_sees_the_people_of_the_own_organ_only():
    client = client_of(person("tou", (Role.LEADER, "finance")))
    inside, outside = person("jia", (Role.CLERK, "finance")), person("yi", (Role.CLERK, "audit"))
    html = client.get(reverse("people")).content.decode()
    assert "测试jia" in html
    assert "测试yi" not in html
    assert "2 条" in html
    assert client.get(reverse("people-person", args=[inside.pk])).status_code == 200
    assert client.get(reverse("people-person", args=[outside.pk])).status_code == 404
    assert client.post(reverse("people"), {"login": "xin", "name": "测试新"}).status_code == 403
    assert client.post(reverse("people-change", args=[inside.pk]), {"act": "close", "reason": "x"}).status_code == 403


def test_people_page_makes_the_same_number_of_queries_for_one_and_for_many(admin, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    admin.get(reverse("people"))
    with CaptureQueriesContext(connection) as few:
        admin.get(reverse("people"))
    for number in range(30):
        person(f"ren{number}", (Role.CLERK, "finance"), (Role.CLERK, "audit"))
    with CaptureQueriesContext(connection) as many:
        admin.get(reverse("people"))
    assert len(many) == len(few)


# --- delegation ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair() -> tuple[User, User]:
    """A bureau's head and clerk."""
    return person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))


def give(client: Client, assignment: int, **more: str):
    """Post the form that gives a delegation for a week."""
    today = CLOCK.today()
    form = {"assignment_id": assignment, "taker_login": "jia", "basis": "授权书1号", "valid_from": today.isoformat(),
            "valid_to": (today + datetime.timedelta(days=7)).isoformat()}  # fmt: skip
    return client.post(reverse("delegations"), form | more)


def test_taker_acts_for_the_giver_and_goes_back(pair):
    head, clerk = pair
    assert give(client_of(head), head.assignments.get().pk).status_code == 303
    client = client_of(clerk)
    pk = Delegation.objects.get().pk
    assert client.post(reverse("act-for"), {"delegation": pk}).status_code == 302
    html = client.get(reverse("delegations")).content.decode()
    assert 'class="ls-acting"' in html
    assert "测试tou" in html
    assert client.get("/api/v1/me").json()["acting_for"] == "测试tou"
    assert client.get(reverse("people")).status_code == 200
    assert client.post(reverse("act-for"), {}).status_code == 302
    assert client.get(reverse("people")).status_code == 403
    assert acts("access.act_for") == ["access.act_for"] * 2


def test_revoked_delegation_falls_back_to_oneself(pair):
    head, clerk = pair
    giver = client_of(head)
    give(giver, head.assignments.get().pk)
    client = client_of(clerk)
    given = Delegation.objects.get()
    client.post(reverse("act-for"), {"delegation": given.pk})
    assert giver.post(reverse("delegation-revoke", args=[given.pk])).status_code == 303
    assert client.get(reverse("people")).status_code == 403
    assert client.get("/api/v1/me").json()["acting_for"] == ""
    assert client.post(reverse("act-for"), {"delegation": given.pk}).status_code == 403


def test_what_was_delegated_is_not_passed_on(pair):
    head, clerk = pair
    give(client_of(head), head.assignments.get().pk)
    person("yi", (Role.CLERK, "finance"))
    client = client_of(clerk)
    client.post(reverse("act-for"), {"delegation": Delegation.objects.get().pk})
    answer = give(client, head.assignments.get().pk, taker_login="yi")
    assert answer.status_code == 422
    assert "不能再转授" in answer.content.decode()
    client.post(reverse("act-for"), {})
    assert give(client, head.assignments.get().pk, taker_login="yi").status_code == 422
    assert Delegation.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"basis": " "}, "basis"), ({"valid_from": "2018-01-01"}, "valid_from"), ({"valid_to": "2018-01-01"}, "valid_to"),
     ({"valid_to": "morgen"}, "valid_to"), ({"taker_login": "nobody"}, "taker_login"),
     ({"taker_login": "tou"}, "taker_login"), ({"assignment_id": "0"}, "assignment_id")],
)  # fmt: skip
def test_delegation_form_says_what_is_wrong_where(pair, change, field):
    head, _ = pair
    answer = give(client_of(head), head.assignments.get().pk, **change)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.content.decode()
    assert Delegation.objects.count() == 0
