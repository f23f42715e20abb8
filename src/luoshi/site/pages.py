"""Answer a request with a page, or with one named block of the same template when HTMX asks for a part."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import Template, TemplateDoesNotExist
from django.template.context import make_context
from django.template.loader import get_template
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode, ExtendsNode


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
