"""The whole table of permissions, page by page and operation by operation, for every role and for visitors."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office import roles
from luoshi.office.accounts import actions, credentials, delegations
from luoshi.office.accounts.models import Assignment, Delegation, User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import VISITOR, Actor, Grant
from luoshi.office.permissions import may, require_other_hand, scope_of
from luoshi.office.roles import PERMISSIONS, SECOND_HAND, Reach, Role
from luoshi.site.access import OPEN, Needs
from luoshi.site.api import api
from luoshi.site.places import address
from tests.office.people import client_of, person

ROLES = [role for role in Role if role is not Role.PUBLIC]
# All pages and operations are asked for on both databases by whom most of them open for.
WALKERS = [pytest.param(role, marks=pytest.mark.both) if role is Role.LEADER else role for role in ROLES]
ORGAN = "finance"
DOCS = Path(__file__).parents[2] / "docs" / "permissions.md"


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every address of the site's pages with its pattern; those of the API have their own walk."""
    for one in (resolver or get_resolver()).url_patterns:
        path = before + str(one.pattern)
        if isinstance(one, URLResolver):
            if not path.startswith("api/v1/"):
                yield from patterns(one, path)
        else:
            yield path, one


def operations() -> Iterator[tuple[str, str, object]]:
    """Yield every operation of the API: method, path, operation."""
    for before, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, f"/api/v1{before}{path}", operation


def filled(path: str) -> str:
    """Return an address with something in place of its parameters."""
    path = re.sub(r"<int:[^>]+>", "1", path)
    path = re.sub(r"<[^>]+>", "nichts", path)
    return "/" + path.lstrip("/")


def api_filled(path: str, operation: object) -> str:
    """Return an API address with numbers or words in place of its parameters."""
    return re.sub(r"\{(?:int:|str:|path:)?([^}]+)\}", "1", path)


def key_of(operation: object) -> str:
    """Return the permission an operation needs."""
    guards = [guard for guard in operation.auth_callbacks if isinstance(guard, Needs)]
    return guards[0].key if guards else ""


def holder(role: Role) -> Client:
    """Return a client of somebody with one role."""
    return client_of(person(f"nur-{role.value}", (role, ORGAN)))


# --- every door has a lock --------------------------------------------------------------------------------------------


def test_every_page_names_the_permission_it_needs():
    unnamed = [path for path, one in patterns() if getattr(one.callback, "needs", None) not in {*PERMISSIONS, OPEN}]
    assert unnamed == []


def test_pages_open_to_everybody_are_these_only():
    """A new page without a lock is seen here and must be meant."""
    assert {one.name for _, one in patterns() if one.callback.needs == OPEN} <= {
        "home", "size", "language", "health", "login", "login-second", "login-demo", "logout", "session-done",
        "act-for", "keys", "password", "api-docs",
    }  # fmt: skip


def test_every_operation_names_the_permission_it_needs():
    unnamed = [f"{method} {path}" for method, path, one in operations() if key_of(one) not in PERMISSIONS]
    assert unnamed == []


def test_every_permission_is_needed_somewhere():
    """A row of the table that no page, operation or action asks for would promise what is not guarded."""
    source = Path(roles.__file__).parents[1]
    text = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py") if path.name not in ("roles.py",))
    assert [key for key in PERMISSIONS if f'"{key}"' not in text] == []


def test_printed_table_is_the_table():
    assert DOCS.read_text(encoding="utf-8") == roles.markdown()


# --- every cell -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("key", list(PERMISSIONS))
def test_cell(key, role):
    """The reach of a permission is what the table says, everywhere or at the organ of the role."""
    actor = VISITOR if role is Role.PUBLIC else Actor("测试甲", "test", 1, (Grant(role, ORGAN),))
    scope, reach = scope_of(actor, key), PERMISSIONS[key].reach[role]
    if PERMISSIONS[key].reach[Role.PUBLIC] is Reach.ALL:
        reach = Reach.ALL
    assert scope.everywhere is (reach is Reach.ALL)
    assert (ORGAN in scope.organs) is (reach is Reach.OWN)
    assert may(actor, key) is (reach is not Reach.NONE)
    assert may(actor, key, ["another-organ"]) is (reach is Reach.ALL)


@pytest.mark.django_db
@pytest.mark.parametrize("role", WALKERS)
def test_pages_answer_a_role_as_the_table_says(role):
    """Without the permission 403; with it whatever the page has to say, but not 403 and not the login page."""
    client, faults = holder(role), []
    client.raise_request_exception = False
    for path, one in patterns():
        key = one.callback.needs
        if key == OPEN:
            continue
        allowed = PERMISSIONS[key].reach[role] is not Reach.NONE
        if allowed and "<" in path:
            continue  # what is behind is the room's own test; that the door opens is told by `test_cell`
        status = client.get(filled(path)).status_code
        if (status == 403) is allowed or status in (401, 500):
            faults.append(f"{path} ({key}): {status}")
    assert faults == []


@pytest.mark.django_db
def test_pages_answer_visitors_as_the_table_says():
    client, faults = Client(raise_request_exception=False), []
    for path, one in patterns():
        key = one.callback.needs
        if key == OPEN or (PERMISSIONS[key].reach[Role.PUBLIC] is Reach.ALL and "<" in path):
            continue
        answer = client.get(filled(path))
        shut = answer.status_code == 302 and answer.url.startswith(reverse("login"))
        if shut is (PERMISSIONS[key].reach[Role.PUBLIC] is Reach.ALL) or answer.status_code in (403, 500):
            faults.append(f"{path} ({key}): {answer.status_code}")
    assert faults == []


@pytest.mark.django_db
@pytest.mark.parametrize("role", WALKERS)
def test_operations_answer_a_role_as_the_table_says(role):
    user = person(f"nur-{role.value}", (role, ORGAN))
    _, text = credentials.give_token(
        actor=standing(user).actor("test"), label="test", expires_on=CLOCK.today() + datetime.timedelta(days=2)
    )
    client, faults = Client(raise_request_exception=False), []
    for method, path, one in operations():
        allowed = PERMISSIONS[key_of(one)].reach[role] is not Reach.NONE
        if allowed and method != "GET":
            continue  # acts ask again for the record's organ
        headers = {"Authorization": f"Bearer {text}"}
        answer = client.generic(method, api_filled(path, one), "{}", "application/json", headers=headers)
        if (answer.status_code == 403) is allowed or answer.status_code in (401, 500):
            faults.append(f"{method} {path} ({key_of(one)}): {answer.status_code}")
    assert faults == []


@pytest.mark.django_db
def test_operations_answer_visitors_as_the_table_says():
    client, faults = Client(raise_request_exception=False), []
    for method, path, one in operations():
        public = PERMISSIONS[key_of(one)].reach[Role.PUBLIC] is Reach.ALL
        answer = client.generic(method, api_filled(path, one), "{}", "application/json")
        if (answer.status_code == 401) is public or answer.status_code in (403, 500):
            faults.append(f"{method} {path} ({key_of(one)}): {answer.status_code}")
    assert faults == []


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer ls_nothing", "Basic dTpw", "Bearer"])
def test_wrong_token_is_refused_even_where_visitors_may(header):
    assert Client().get("/api/v1/instruments", headers={"Authorization": header}).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_rail_shows_the_places_a_role_may_use_and_no_other(role):
    html = holder(role).get(reverse("keys")).content.decode()
    rail = html.split('class="ls-rail"')[1].split("</nav>")[0]
    for name, key in (("duties", "duty.see"), ("matters", "matter.see")):
        href = address(name)
        shown = bool(href) and f'href="{href}"' in rail
        assert shown is (PERMISSIONS[key].reach[role] is not Reach.NONE), name


# --- acting for another -----------------------------------------------------------------------------------------------


@pytest.fixture
def pair(db) -> tuple[User, User, Delegation]:
    """A bureau's head, its clerk, and the delegation between them."""
    head, clerk = person("tou", (Role.LEADER, ORGAN)), person("jia", (Role.CLERK, ORGAN))
    given = delegations.give_delegation(
        actor=standing(head).actor("test"),
        taker_login="jia",
        assignment_id=head.assignments.get().pk,
        valid_from=CLOCK.today(),
        valid_to=CLOCK.today() + datetime.timedelta(days=7),
        basis="授权书1号",
    )
    return head, clerk, given


def test_acting_uses_the_grants_of_the_other_and_no_own(pair):
    head, clerk, given = pair
    acting = standing(clerk).actor("test", acting=given.pk)
    assert acting.grants == standing(head).actor("test").grants
    assert may(acting, "matter.assign")
    assert not may(standing(clerk).actor("test"), "matter.assign")
    assert not may(acting, "parameter.propose")


@pytest.mark.parametrize("key", list(SECOND_HAND))
def test_both_hands_count_in_four_eyes(pair, key):
    """What either of the two has prepared, neither may confirm, in whatever name."""
    head, clerk, given = pair
    own, acting = standing(clerk).actor("test"), standing(clerk).actor("test", acting=given.pk)
    assert acting.hands == {head.pk, clerk.pk}
    for maker in (head.pk, clerk.pk):
        with pytest.raises(LuoshiError) as refused:
            require_other_hand(acting, [maker], PERMISSIONS[key].title)
        assert refused.value.code == "E_SELF"
    require_other_hand(own, [head.pk], PERMISSIONS[key].title)
    with pytest.raises(LuoshiError):
        require_other_hand(own, [head.pk, clerk.pk], PERMISSIONS[key].title)


def _revoke(head: User, clerk: User, given: Delegation) -> None:
    delegations.revoke_delegation(actor=standing(head).actor("test"), delegation_id=given.pk)


def _expire(head: User, clerk: User, given: Delegation) -> None:
    day = CLOCK.today() - datetime.timedelta(days=1)
    Delegation.objects.filter(pk=given.pk).update(valid_from=day, valid_to=day)


def _end_role(head: User, clerk: User, given: Delegation) -> None:
    actions.end_role(actor=Actor.system("测试", "test"), assignment_id=head.assignments.get().pk)


def _close(head: User, clerk: User, given: Delegation) -> None:
    actions.close_account(actor=Actor.system("测试", "test"), user_id=head.pk, reason="调离")


@pytest.mark.parametrize("ended", [_revoke, _expire, _end_role, _close])
def test_delegation_that_has_ended_falls_back_to_oneself_at_once(pair, ended):
    head, clerk, given = pair
    client = client_of(clerk)
    client.post(reverse("act-for"), {"delegation": given.pk})
    assert client.get(reverse("people")).status_code == 200
    ended(head, clerk, given)
    assert client.get(reverse("people")).status_code == 403
    assert client.get("/api/v1/me").json()["acting_for"] == ""
    with pytest.raises(LuoshiError) as refused:
        standing(clerk).actor("test", acting=given.pk)
    assert refused.value.code == "E_NO_DELEGATION"


def test_role_ended_at_once_is_gone_at_the_next_click(pair):
    head, _, _ = pair
    client = client_of(head)
    assert client.get(reverse("people")).status_code == 200
    _end_role(*pair)
    assert client.get(reverse("people")).status_code == 403
    row = Assignment.objects.get(user=head)
    assert row.ended_at is not None


def test_person_without_a_role_sees_what_the_public_sees(db):
    client = client_of(person("ohne"))
    assert client.get(reverse("policy")).status_code == 200
    assert client.get(reverse("account")).status_code == 403
    assert client.get("/api/v1/me").status_code in (401, 403)
