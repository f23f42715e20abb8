"""Accounts and roles: what is refused, what ends with what, what the trail holds."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import actions, credentials, delegations, own, passwords, queries, sealing
from luoshi.office.accounts.models import ApiToken, Assignment, Delegation, SavedView, User
from luoshi.office.accounts.queries import standing, user_of_token
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.messages.models import Message
from luoshi.office.roles import PERMISSIONS, SEPARATIONS, Reach, Role, separation_of
from tests.office.people import OFFICE, actor, person

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("测试", "test")
TODAY = CLOCK.today()
DAY = datetime.timedelta(days=1)
PASSWORD = "长椅-四把-2019-春"


def code_of(call, *args, **kwargs) -> str:
    """Return the code `call` is refused with."""
    with pytest.raises(LuoshiError) as refused, transaction.atomic():
        call(*args, **kwargs)
    return refused.value.code


def assign(user: User, role: Role, organ: str = "finance", **more) -> Assignment:
    """Give a role as the system does."""
    if role is Role.AUDITOR:
        more.setdefault("valid_to", TODAY + 30 * DAY)
    return actions.assign_role(actor=SYSTEM, user_id=user.pk, role=role, organ=organ, **more)


# --- opening and closing ----------------------------------------------------------------------------------------------


def test_account_is_opened_with_a_password_that_must_be_changed():
    user, first = actions.open_account(actor=SYSTEM, login=" Xin ", name="测试新")
    assert (user.login, user.must_change_password) == ("xin", True)
    assert user.check_password(first)
    assert user.password.startswith("argon2")
    assert first not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("login", "name", "email", "code"),
    [("x", "测试", "", "E_INPUT"), ("名", "测试", "", "E_INPUT"), ("a b", "测试", "", "E_INPUT"),
     ("xin", " ", "", "E_INPUT"), ("xin", "测试", "keine", "E_INPUT"), ("jia", "测试", "", "E_DUPLICATE")],
)  # fmt: skip
def test_account_that_cannot_be_opened(login, name, email, code):
    person("jia")
    assert code_of(actions.open_account, actor=SYSTEM, login=login, name=name, email=email) == code
    assert User.objects.count() == 1


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMINISTRATOR, Role.PUBLIC)])
def test_only_the_administrator_manages_accounts(role):
    somebody, user = actor("wer", (role, "finance")), person("jia")
    assert code_of(actions.open_account, actor=somebody, login="xin", name="测试") == "E_FORBIDDEN"
    assert code_of(actions.close_account, actor=somebody, user_id=user.pk, reason="x") == "E_FORBIDDEN"
    assert code_of(passwords.reset_password, actor=somebody, user_id=user.pk) == "E_FORBIDDEN"
    assert code_of(assign_as, somebody, user) == "E_FORBIDDEN"
    assert AuditEntry.objects.count() == 0


def assign_as(who: Actor, user: User) -> Assignment:
    """Give a role as `who`."""
    return actions.assign_role(actor=who, user_id=user.pk, role="clerk", organ="finance")


def test_administrator_changes_nothing_about_oneself():
    admin = person("guan", (Role.ADMINISTRATOR, OFFICE))
    person("guan2", (Role.ADMINISTRATOR, OFFICE))
    who = standing(admin).actor("test")
    assert code_of(assign_as, who, admin) == "E_SELF"
    assert code_of(actions.close_account, actor=who, user_id=admin.pk, reason="x") == "E_SELF"
    assert code_of(passwords.reset_password, actor=who, user_id=admin.pk) == "E_SELF"


def test_last_administrator_stays():
    admin = person("guan", (Role.ADMINISTRATOR, OFFICE))
    row = admin.assignments.get()
    assert code_of(actions.close_account, actor=SYSTEM, user_id=admin.pk, reason="x") == "E_STATE"
    assert code_of(actions.end_role, actor=SYSTEM, assignment_id=row.pk) == "E_STATE"
    person("guan2", (Role.ADMINISTRATOR, OFFICE))
    actions.end_role(actor=SYSTEM, assignment_id=row.pk)
    assert standing(admin).assignments == []


def test_closing_ends_everything_and_keeps_the_record():
    user, other = person("jia", (Role.LEADER, "finance")), person("yi", (Role.CLERK, "finance"))
    _, text = credentials.give_token(actor=standing(user).actor("test"), label="x", expires_on=TODAY)
    given = give(user, other)
    actions.close_account(actor=SYSTEM, user_id=user.pk, reason="调离")
    assert user_of_token(text) is None
    assert standing(user).assignments == []
    assert standing(other).delegations == []
    given.refresh_from_db()
    assert given.revoked_at is not None
    assert (User.objects.count(), Assignment.objects.count(), ApiToken.objects.count()) == (2, 2, 1)
    assert code_of(actions.close_account, actor=SYSTEM, user_id=user.pk, reason="x") == "E_STATE"
    again, first = actions.reopen_account(actor=SYSTEM, user_id=user.pk, reason="调回")
    assert again.check_password(first)
    assert standing(again).assignments == []


def test_reset_takes_the_second_factor_off():
    user = person("jia", (Role.CLERK, "finance"))
    User.objects.filter(pk=user.pk).update(totp=sealing.seal("A" * 32, f"accounts.user.totp:{user.pk}"))
    fresh, first = passwords.reset_password(actor=SYSTEM, user_id=user.pk)
    assert (fresh.totp, fresh.must_change_password, fresh.check_password(first)) == ("", True, True)
    assert first not in str(list(AuditEntry.objects.values()))


# --- roles and their separation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "field"),
    [({"role": "king"}, "role"), ({"role": "public"}, "role"), ({"organ": "nirgends"}, "organ"),
     ({"role": "auditor"}, "valid_to"), ({"valid_to": TODAY - DAY}, "valid_to")],
)  # fmt: skip
def test_role_that_cannot_be_given(more, field):
    user = person("jia")
    with pytest.raises(LuoshiError) as refused:
        actions.assign_role(**({"actor": SYSTEM, "user_id": user.pk, "role": "clerk", "organ": "finance"} | more))
    assert refused.value.fields == {"field": field}
    assert Assignment.objects.count() == 0


def test_role_is_held_on_its_days_only():
    user = person("jia")
    assign(user, Role.CLERK, valid_from=TODAY + DAY, valid_to=TODAY + 2 * DAY)
    held = [len(standing(user, TODAY + n * DAY).assignments) for n in range(4)]
    assert held == [0, 1, 1, 0]


def test_role_is_held_once_at_a_time():
    user = person("jia")
    assign(user, Role.CLERK, valid_to=TODAY + 5 * DAY)
    assert code_of(assign, user, Role.CLERK, valid_from=TODAY + 5 * DAY) == "E_DUPLICATE"
    assign(user, Role.CLERK, valid_from=TODAY + 6 * DAY)
    assign(user, Role.CLERK, "audit")


@pytest.mark.parametrize("rule", SEPARATIONS, ids=lambda rule: f"{rule.one.value}-{rule.other.value}")
@pytest.mark.parametrize("turned", [False, True])
def test_every_forbidden_pair_is_refused_whichever_comes_first(rule, turned):
    first, then = (rule.other, rule.one) if turned else (rule.one, rule.other)
    user = person("jia")
    person("guan", (Role.ADMINISTRATOR, OFFICE))
    held = assign(user, first)
    assert code_of(assign, user, then) == "E_RULE"
    if rule.same_organ:
        assign(user, then, "audit")
    else:
        assert code_of(assign, user, then, "audit") == "E_RULE"
        actions.end_role(actor=SYSTEM, assignment_id=held.pk)
        assign(user, then)


def test_pairs_that_go_together_are_given():
    """What no rule names may be held, as 经办 and 审核 of one bureau: the second hand is seen to act by act."""
    for one in Role:
        for other in Role:
            if Role.PUBLIC in (one, other) or one == other or separation_of((one, "finance"), (other, "finance")):
                continue
            user = person(f"{one.value[:4]}-{other.value[:4]}")
            assign(user, one)
            assign(user, other)


def test_separation_leaves_no_role_that_grants_itself():
    """Who manages accounts has no permission of content; who audits has no permission that changes any."""
    own_affairs = {"token.own", "delegation.give", "desk.see", "search.use", "decision.run"}
    see = {key for key in PERMISSIONS if key.endswith((".see", ".use", ".run", ".verify"))}
    for role, besides in ((Role.ADMINISTRATOR, {"user.manage"}), (Role.AUDITOR, set())):
        held = {key for key, row in PERMISSIONS.items() if row.reach[role] is not Reach.NONE}
        assert held - see - own_affairs == besides


def test_ends_are_dated_and_not_moved_back_or_on():
    user = person("jia")
    row = assign(user, Role.CLERK, valid_to=TODAY + 5 * DAY)
    for last in (TODAY - DAY, TODAY + 6 * DAY):
        assert code_of(actions.end_role, actor=SYSTEM, assignment_id=row.pk, last_day=last) == "E_INPUT"
    actions.end_role(actor=SYSTEM, assignment_id=row.pk, last_day=TODAY + DAY, reason="轮岗")
    assert [len(standing(user, TODAY + n * DAY).assignments) for n in range(3)] == [1, 1, 0]
    actions.end_role(actor=SYSTEM, assignment_id=row.pk)
    assert standing(user).assignments == []
    assert code_of(actions.end_role, actor=SYSTEM, assignment_id=row.pk) == "E_STATE"
    assert Assignment.objects.count() == 1


def test_role_given_and_ended_on_one_day_can_be_given_again():
    user = person("jia")
    for _ in range(2):
        row = assign(user, Role.CLERK)
        assert len(standing(user).assignments) == 1
        actions.end_role(actor=SYSTEM, assignment_id=row.pk)
        assert standing(user).assignments == []


def test_database_refuses_two_open_assignments_of_one_kind():
    user = person("jia", (Role.CLERK, "finance"))
    row = user.assignments.get()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


# --- delegation -------------------------------------------------------------------------------------------------------


def give(giver: User, taker: User, *, days: int = 7, assignment: int = 0, **more) -> Delegation:
    """Give a delegation from today."""
    asked = {
        "actor": standing(giver).actor("test"),
        "taker_login": taker.login,
        "assignment_id": assignment or giver.assignments.first().pk,
        "valid_from": TODAY,
        "valid_to": TODAY + days * DAY,
        "basis": "授权书1号",
    }
    return delegations.give_delegation(**(asked | more))


def test_delegation_is_told_and_written_down():
    head, clerk = person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))
    given = give(head, clerk)
    assert Message.objects.get(user=clerk).text.startswith("测试tou授权您代行“负责人”")
    entry = AuditEntry.objects.get(act="delegation.give")
    assert (entry.basis, entry.subject) == ("授权书1号", f"delegation:{given.pk}")


def test_delegation_of_a_role_of_somebody_else_is_not_found():
    head, clerk = person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))
    assert code_of(give, clerk, head, assignment=head.assignments.get().pk) == "E_NOT_FOUND"


def test_delegation_stays_inside_the_days_of_the_role():
    clerk, head = person("jia", (Role.CLERK, "finance")), person("tou")
    assign(head, Role.LEADER, valid_to=TODAY + 3 * DAY)
    assert code_of(give, head, clerk, days=4) == "E_INPUT"
    assert give(head, clerk, days=3).pk


def test_delegation_does_not_get_round_the_separation():
    head = person("tou", (Role.LEADER, "finance"))
    admin, other = person("guan", (Role.ADMINISTRATOR, OFFICE)), person("jia")
    assert code_of(give, head, admin) == "E_RULE"
    give(head, other)
    assert code_of(assign, other, Role.AUDITOR, "audit") == "E_RULE"
    assert code_of(assign, other, Role.ADMINISTRATOR, OFFICE) == "E_RULE"


def test_administrator_and_auditor_do_not_delegate():
    other = person("jia", (Role.CLERK, "finance"))
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        assert code_of(give, person(role.value, (role, OFFICE)), other) == "E_FORBIDDEN"


def test_delegation_is_ended_by_giver_taker_and_administrator_only():
    head, clerk = person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))
    stranger, admin = person("yi", (Role.LEADER, "audit")), person("guan", (Role.ADMINISTRATOR, OFFICE))
    for who, code in ((stranger, "E_FORBIDDEN"), (head, ""), (clerk, ""), (admin, "")):
        given = give(head, clerk)
        call = {"actor": standing(who).actor("test"), "delegation_id": given.pk}
        if code:
            assert code_of(delegations.revoke_delegation, **call) == code
        delegations.revoke_delegation(actor=SYSTEM, delegation_id=given.pk) if code else (
            delegations.revoke_delegation(**call)
        )
        assert standing(clerk).delegations == []
        assert code_of(delegations.revoke_delegation, **call | {"actor": SYSTEM}) == "E_STATE"


def test_own_account_is_not_managed_while_acting_for_another():
    head, clerk = person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))
    given = give(head, clerk)
    acting = standing(clerk).actor("test", acting=given.pk)
    assert code_of(credentials.give_token, actor=acting, label="x", expires_on=TODAY) == "E_STATE"


# --- sealing, passwords, views ----------------------------------------------------------------------------------------


def test_sealed_text_opens_at_its_place_only():
    sealed = sealing.seal("geheim", "a:1")
    assert "geheim" not in sealed
    assert sealing.seal("geheim", "a:1") != sealed
    assert sealing.unseal(sealed, "a:1") == "geheim"
    assert code_of(sealing.unseal, sealed, "a:2") == "E_STATE"
    assert code_of(sealing.unseal, sealed[:-4] + "AAA=", "a:1") == "E_STATE"


def test_sealed_text_does_not_open_with_another_key(settings):
    sealed = sealing.seal("geheim", "a:1")
    settings.SECRET_KEY = "another"
    assert code_of(sealing.unseal, sealed, "a:1") == "E_STATE"


def test_password_is_changed_by_who_knows_the_old_one():
    user = person("jia", (Role.CLERK, "finance"))
    user.set_password(PASSWORD)
    user.save()
    who = standing(user).actor("test")
    assert code_of(passwords.change_password, actor=who, old="falsch", new=PASSWORD + "!") == "E_INPUT"
    assert code_of(passwords.change_password, actor=who, old=PASSWORD, new=PASSWORD) == "E_INPUT"
    assert passwords.change_password(actor=who, old=PASSWORD, new=PASSWORD + "!").check_password(PASSWORD + "!")
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


def test_fresh_passwords_are_strong_and_never_the_same():
    made = {passwords.fresh_password() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        passwords.check_strength(one, User(login="jia", name="测试"))


def test_view_of_the_same_name_replaces_the_older_and_there_is_a_bound():
    who = actor("jia", (Role.CLERK, "finance"))
    for query in ("a=1", "a=2"):
        own.save_view(actor=who, name="duties", words="我的", query=query)
    assert [row.query for row in queries.saved_views(who.user_id, "duties")] == ["a=2"]
    assert SavedView.objects.count() == 2
    for number in range(own.MOST_VIEWS - 1):
        own.save_view(actor=who, name="duties", words=f"视图{number}", query="")
    assert code_of(own.save_view, actor=who, name="duties", words="多", query="") == "E_CAPACITY"
