"""One's own account, tokens, people and their roles, delegations."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import actions, credentials, delegations, own, queries
from luoshi.office.accounts.models import ApiToken, Assignment, Delegation, SavedView, User
from luoshi.office.accounts.organs import slug_of
from luoshi.office.actors import Actor
from luoshi.office.roles import PERMISSIONS, ROLE_TITLES, SEPARATIONS, Role
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()
REFUSED = ERRORS | {401}


class RoleOut(Schema):
    """A role at an organ (its slug), from day to day, both included."""

    id: int
    role: str
    organ: str
    post: str = ""
    valid_from: datetime.date
    valid_to: datetime.date | None = None
    ended_at: datetime.datetime | None = None


class MeOut(Schema):
    """Who asks, with what, for whom."""

    login: str
    name: str
    email: str = ""
    acting_for: str = ""
    roles: list[RoleOut]
    permissions: dict[str, str] = Field(description="权限键 → own 或 all；没有的不列")


class PersonOut(Schema):
    """An account."""

    id: int
    login: str
    name: str
    email: str = ""
    active: bool
    totp: bool
    roles: list[RoleOut]


class PersonPage(Schema):
    """A page of accounts; `next` goes into `after`."""

    items: list[PersonOut]
    next: str | None = None
    total: int
    exact: bool


class PersonIn(Schema):
    """A new account."""

    login: str = Field(max_length=60)
    name: str = Field(max_length=60)
    email: str = Field(default="", max_length=254)


class PersonMade(PersonOut):
    """A new account with its first password, told once."""

    first_password: str


class AssignmentIn(Schema):
    """A role to give: `organ` by slug or name."""

    role: str = Field(max_length=16)
    organ: str = Field(max_length=80)
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    post: str = Field(default="", max_length=100)


class EndIn(Schema):
    """How a role ends: after `last_day`, or at once."""

    last_day: datetime.date | None = None
    reason: str = Field(default="", max_length=200)


class ReasonIn(Schema):
    """Why."""

    reason: str = Field(max_length=200)


class TokenIn(Schema):
    """A token to make."""

    label: str = Field(max_length=60)
    expires_on: datetime.date


class TokenOut(Schema):
    """A token; its text is told once, when it is made."""

    id: int
    label: str
    prefix: str
    created_at: datetime.datetime
    expires_on: datetime.date
    revoked_at: datetime.datetime | None = None
    token: str | None = None


class DelegationIn(Schema):
    """A delegation to give, of one of one's own roles (`assignment`, see /me)."""

    taker: str = Field(max_length=60, description="受托人账号")
    assignment: int = Field(ge=1, le=2**63 - 1)
    valid_from: datetime.date
    valid_to: datetime.date
    basis: str = Field(max_length=200)


class DelegationOut(Schema):
    """A delegation."""

    id: int
    giver: str
    taker: str
    role: str
    organ: str
    valid_from: datetime.date
    valid_to: datetime.date
    basis: str
    given_at: datetime.datetime
    revoked_at: datetime.datetime | None = None


class DelegationsOut(Schema):
    """What one gave and what one was given."""

    given: list[DelegationOut]
    taken: list[DelegationOut]


class ViewIn(Schema):
    """Conditions of a list to keep under a name."""

    list: str = Field(max_length=40)
    name: str = Field(max_length=40)
    query: str = Field(max_length=1000)


class ViewOut(ViewIn):
    """A kept view."""

    id: int


class PermissionOut(Schema):
    """A row of the table: reach by role."""

    key: str
    title: str
    reach: dict[str, str]


class SeparationOut(Schema):
    """Two roles that are not held together."""

    one: str
    other: str
    same_organ: bool
    reason: str


class RolesOut(Schema):
    """The whole table."""

    roles: dict[str, str]
    permissions: list[PermissionOut]
    separations: list[SeparationOut]


@router.get("/me", auth=Needs("desk.see"), response={200: MeOut, REFUSED: Problem}, summary="本人")
def me(request: HttpRequest) -> MeOut:
    """Return who asks."""
    actor = actor_of(request)
    user = _user(actor)
    reach = {
        key: "all" if any(row.reach[role] == "all" for role in actor.roles) else "own"
        for key, row in PERMISSIONS.items()
        if any(row.reach[role] != "-" for role in actor.roles)
    }
    return MeOut(
        login=user.login,
        name=user.name,
        email=user.email,
        acting_for=actor.for_name,
        roles=[_role(row) for row in queries.standing(user).assignments],
        permissions=reach,
    )


@router.get("/roles", auth=Needs("desk.see"), response={200: RolesOut, REFUSED: Problem}, summary="角色与权限表")
def roles(request: HttpRequest) -> RolesOut:
    """Return the one table of who may do what."""
    return RolesOut(
        roles={role.value: title for role, title in ROLE_TITLES.items()},
        permissions=[
            PermissionOut(
                key=row.key, title=row.title, reach={role.value: reach.value for role, reach in row.reach.items()}
            )
            for row in PERMISSIONS.values()
        ],
        separations=[
            SeparationOut(one=rule.one.value, other=rule.other.value, same_organ=rule.same_organ, reason=rule.reason)
            for rule in SEPARATIONS
        ],
    )


@router.get("/tokens", auth=Needs("token.own"), response={200: list[TokenOut], REFUSED: Problem}, summary="我的令牌")
def tokens(request: HttpRequest) -> list[TokenOut]:
    """Return one's own tokens, without their text."""
    return [_token(row) for row in queries.tokens_of(_user(actor_of(request)).pk)]


@router.post("/tokens", auth=Needs("token.own"), response={201: TokenOut, REFUSED: Problem}, summary="发令牌")
def give_token(request: HttpRequest, body: TokenIn) -> Any:
    """Make a token; the answer holds its text, nothing else ever does."""
    row, text = credentials.give_token(actor=actor_of(request), label=body.label, expires_on=body.expires_on)
    made = _token(row)
    made.token = text
    return Status(201, made)


@router.post(
    "/tokens/{id}/revoke", auth=Needs("token.own"), response={200: TokenOut, REFUSED: Problem}, summary="收回令牌"
)
def revoke_token(request: HttpRequest, id: RowId) -> TokenOut:  # noqa: A002 - the address's own word
    """End one of one's own tokens at once."""
    return _token(credentials.revoke_token(actor=actor_of(request), token_id=id))


@router.get("/people", auth=Needs("user.see"), response={200: PersonPage, REFUSED: Problem}, summary="人员")
def people(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=60)] = "",
    role: Annotated[str, Query(max_length=16)] = "",
    organ: Annotated[str, Query(max_length=80, description="单位名称或代号")] = "",
    closed: Annotated[bool, Query(description="含已停用")] = False,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PersonPage:
    """List the accounts one may see, with the roles held today."""
    found, total = queries.people_page(
        actor_of(request),
        q=_clean(q),
        role=role if role in set(Role) else "",
        organ=slug_of(_clean(organ)) if organ else "",
        closed=closed,
        size=limit,
        after=after,
    )
    items = [_person(user, user.held) for user in found.rows]
    return PersonPage(items=items, next=found.next or None, total=total.value, exact=total.exact)


@router.post("/people", auth=Needs("user.manage"), response={201: PersonMade, REFUSED: Problem}, summary="开账号")
def open_account(request: HttpRequest, body: PersonIn) -> Any:
    """Open an account; the answer holds its first password, told once."""
    user, first = actions.open_account(
        actor=actor_of(request), login=_clean(body.login), name=_clean(body.name), email=_clean(body.email)
    )
    return Status(201, PersonMade(**_person(user, []).dict(), first_password=first))


@router.get("/people/{id}", auth=Needs("user.see"), response={200: PersonOut, REFUSED: Problem}, summary="一个人")
def person(request: HttpRequest, id: RowId) -> PersonOut:  # noqa: A002
    """Return one account with every role ever held."""
    user = queries.person(actor_of(request), id)
    return _person(user, queries.assignments_of(user))


@router.post(
    "/people/{id}/close", auth=Needs("user.manage"), response={200: PersonOut, REFUSED: Problem}, summary="停用账号"
)
def close_account(request: HttpRequest, id: RowId, body: ReasonIn) -> PersonOut:  # noqa: A002
    """Close an account: sessions, tokens, roles and delegations end at once."""
    user = actions.close_account(actor=actor_of(request), user_id=id, reason=_clean(body.reason))
    return _person(user, queries.assignments_of(user))


@router.post(
    "/people/{id}/assignments",
    auth=Needs("user.manage"),
    response={201: RoleOut, REFUSED: Problem},
    summary="授角色",
)
def assign(request: HttpRequest, id: RowId, body: AssignmentIn) -> Any:  # noqa: A002
    """Give a role; E_RULE when it excludes another held in the same days."""
    row = actions.assign_role(
        actor=actor_of(request),
        user_id=id,
        role=body.role,
        organ=slug_of(_clean(body.organ)),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        post=_clean(body.post),
    )
    return Status(201, _role(row))


@router.post(
    "/people/{id}/assignments/{assignment}/end",
    auth=Needs("user.manage"),
    response={200: RoleOut, REFUSED: Problem},
    summary="结束角色",
)
def end_role(request: HttpRequest, id: RowId, assignment: RowId, body: EndIn) -> RoleOut:  # noqa: A002
    """End a role at once, or after a day."""
    if not Assignment.objects.filter(pk=assignment, user_id=id).exists():
        raise LuoshiError("E_NOT_FOUND", "这个人没有这项角色。")
    row = actions.end_role(
        actor=actor_of(request), assignment_id=assignment, last_day=body.last_day, reason=_clean(body.reason)
    )
    return _role(row)


@router.get(
    "/delegations", auth=Needs("desk.see"), response={200: DelegationsOut, REFUSED: Problem}, summary="授权代行"
)
def my_delegations(request: HttpRequest) -> DelegationsOut:
    """Return what one gave and was given."""
    user = _user(actor_of(request))
    return DelegationsOut(
        given=[_delegation(row) for row in queries.delegations_given(user.pk)],
        taken=[_delegation(row) for row in queries.delegations_taken(user.pk)],
    )


@router.post(
    "/delegations", auth=Needs("delegation.give"), response={201: DelegationOut, REFUSED: Problem}, summary="授权他人"
)
def give_delegation(request: HttpRequest, body: DelegationIn) -> Any:
    """Let another act with one of one's own roles."""
    row = delegations.give_delegation(
        actor=actor_of(request),
        taker_login=_clean(body.taker),
        assignment_id=body.assignment,
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        basis=_clean(body.basis),
    )
    return Status(201, _delegation(row))


@router.post(
    "/delegations/{id}/revoke",
    auth=Needs("desk.see"),
    response={200: DelegationOut, REFUSED: Problem},
    summary="收回授权",
)
def revoke_delegation(request: HttpRequest, id: RowId, body: EndIn) -> DelegationOut:  # noqa: A002
    """End a delegation at once: its giver, its taker, or an administrator."""
    return _delegation(
        delegations.revoke_delegation(actor=actor_of(request), delegation_id=id, reason=_clean(body.reason))
    )


@router.get("/views", auth=Needs("desk.see"), response={200: list[ViewOut], REFUSED: Problem}, summary="我的视图")
def views(request: HttpRequest, list: Annotated[str, Query(max_length=40)]) -> list[ViewOut]:  # noqa: A002
    """Return the views one keeps of a list."""
    return [_view(row) for row in queries.saved_views(_user(actor_of(request)).pk, _clean(list))]


@router.post("/views", auth=Needs("desk.see"), response={201: ViewOut, REFUSED: Problem}, summary="存视图")
def save_view(request: HttpRequest, body: ViewIn) -> Any:
    """Keep the conditions of a list under a name."""
    row = own.save_view(
        actor=actor_of(request), name=_clean(body.list), words=_clean(body.name), query=_clean(body.query)
    )
    return Status(201, _view(row))


@router.post("/views/{id}/drop", auth=Needs("desk.see"), response={200: ViewOut, REFUSED: Problem}, summary="撤视图")
def drop_view(request: HttpRequest, id: RowId) -> ViewOut:  # noqa: A002
    """Take a view off the list."""
    return _view(own.drop_view(actor=actor_of(request), view_id=id))


def _user(actor: Actor) -> User:
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "这个接口须登录：请在请求头写 Authorization: Bearer 令牌。")
    return User.objects.get(pk=actor.user_id)


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()


def _role(row: Assignment) -> RoleOut:
    return RoleOut(
        id=row.pk,
        role=row.role,
        organ=row.organ,
        post=row.post,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        ended_at=row.ended_at,
    )


def _person(user: User, held: Any) -> PersonOut:
    return PersonOut(
        id=user.pk,
        login=user.login,
        name=user.name,
        email=user.email,
        active=user.is_active,
        totp=bool(user.totp),
        roles=[_role(row) for row in held],
    )


def _token(row: ApiToken) -> TokenOut:
    return TokenOut(
        id=row.pk,
        label=row.label,
        prefix=row.prefix,
        created_at=row.created_at,
        expires_on=row.expires_on,
        revoked_at=row.revoked_at,
    )


def _delegation(row: Delegation) -> DelegationOut:
    return DelegationOut(
        id=row.pk,
        giver=row.giver.name,
        taker=row.taker.name,
        role=row.assignment.role,
        organ=row.assignment.organ,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        basis=row.basis,
        given_at=row.given_at,
        revoked_at=row.revoked_at,
    )


def _view(row: SavedView) -> ViewOut:
    return ViewOut(id=row.pk, list=row.list, name=row.name, query=row.query)
