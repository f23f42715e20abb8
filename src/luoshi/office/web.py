"""What pages and API of every room have in common: the permission asked, who asks, a page or one block of it.

A page is decorated with `@needs("duty.see")`, an operation of the API has `auth=Needs("duty.see")`. What is not named
is not served: `tests/site/test_permissions.py` walks all addresses. Which records a person sees inside a page is the
query's affair (`permissions.scope_of`). Who the actor is, the site's middleware finds out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template import Template, TemplateDoesNotExist
from django.template.context import make_context
from django.template.loader import get_template
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode, ExtendsNode
from django.utils.http import content_disposition_header
from ninja.security import HttpBearer

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.queries import standing, user_of_token
from luoshi.office.actors import Actor
from luoshi.office.permissions import may, require
from luoshi.office.workbook import EXCEL

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

OPEN = "open"
"""What a page needs that everybody may use, logged in or not: logging in, choosing the language, the health check."""


def needs(key: str) -> Callable[[View], View]:
    """Declare the permission a page needs; `OPEN` for none."""

    def mark(view: View) -> View:
        view.needs = key  # type: ignore[attr-defined]
        return view

    return mark


def actor_of(request: HttpRequest) -> Actor:
    """Return who sends the request; a visitor when nobody is logged in."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


def incident_of(request: HttpRequest) -> str:
    """Return the request's id, which the log names too."""
    return getattr(request, "incident", "")


class Needs(HttpBearer):
    """The API's guard of one operation: a bearer token or the session of the page; visitors where the table lets them.

    E_LOGIN for a token that is none or for nobody at all, E_FORBIDDEN for a person without the permission.
    """

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def __call__(self, request: HttpRequest) -> Any:
        """Return who acts, or refuse."""
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if header:
            user = user_of_token(token.strip()) if scheme.lower() == "bearer" else None
            if user is None:
                raise LuoshiError("E_LOGIN", "令牌无效、已过期或已收回。请在“系统 / 我的账号”另发令牌。")
            request.user = user
            request.actor = standing(user).actor("api", request_id=incident_of(request))  # type: ignore[attr-defined]
        actor = actor_of(request)
        if not header and request.user.is_authenticated and request.user.must_change_password:
            raise LuoshiError("E_STATE", "首次登录须先更换口令，再用接口。")
        if not may(actor, self.key) and not actor.grants:
            raise LuoshiError("E_LOGIN", "这个接口须登录：请在请求头写 Authorization: Bearer 令牌。")
        require(actor, self.key)
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Not used: `__call__` does all of it."""
        raise NotImplementedError


# --- files ---------------------------------------------------------------------------------------------------------


def attachment(body: bytes, name: str, media_type: str = EXCEL, *, inline: bool = False) -> HttpResponse:
    """Return the answer that hands `body` out as a file called `name`, never to be guessed at or kept by a browser.

    `inline` lets the browser show it, a PDF in its own viewer, which a sandbox would keep from working.
    """
    response = HttpResponse(body, content_type=media_type)
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store, private"
    if not (inline and media_type == "application/pdf"):
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


# --- pages ------------------------------------------------------------------------------------------------------------


def status_of(error: LuoshiError | None) -> int:
    """Return the status of a page that shows a refusal beside what was typed: 200 for none, never a server error."""
    return 200 if error is None else error.http_status if error.http_status < 500 else 422


def wants_fragment(request: HttpRequest) -> bool:
    """Whether HTMX asks for a part of the page: not a boosted link, not a page taken back from history."""
    headers = request.headers
    asked = "HX-Request" in headers
    return asked and "HX-Boosted" not in headers and "HX-History-Restore-Request" not in headers


def page(
    request: HttpRequest, template: str, context: dict[str, Any], *, fragment: str = "", status: int = 200
) -> HttpResponse:
    """Render `template`, or only its block `fragment` when HTMX asks for a part."""
    if fragment and wants_fragment(request):
        body = render_block(request, template, fragment, context)
    else:
        body = get_template(template).render(context, request)
    response = HttpResponse(body, status=status)
    response["Vary"] = "HX-Request"
    return response


def render_block(request: HttpRequest, template_name: str, block: str, context: dict[str, Any]) -> str:
    """Return the text of one block of a template; the template's parents are not rendered."""
    template: Template = get_template(template_name).template  # type: ignore[attr-defined]
    blocks: dict[str, BlockNode] = {}
    _collect(template, blocks)
    if block not in blocks:
        raise TemplateDoesNotExist(f"{template_name}#{block}")
    bound = make_context(context, request)
    with bound.bind_template(template), bound.render_context.push_state(template):
        known = BlockContext()
        known.add_blocks(blocks)
        bound.render_context[BLOCK_CONTEXT_KEY] = known
        return blocks[block].render(bound)


def _collect(template: Template, blocks: dict[str, BlockNode]) -> None:
    for node in template.nodelist:
        if isinstance(node, ExtendsNode):
            blocks.update(node.blocks)
            return
    for block in template.nodelist.get_nodes_by_type(BlockNode):
        assert isinstance(block, BlockNode)
        blocks[block.name] = block
