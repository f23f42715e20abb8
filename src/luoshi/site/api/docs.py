"""The API's documentation as a plain page: no scripts from elsewhere, readable in an office without internet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from luoshi.site.access import OPEN, needs
from luoshi.site.pages import page


@needs(OPEN)
def docs(request: HttpRequest) -> HttpResponse:
    """List every operation; the full description is openapi.json."""
    from luoshi.site.api import api

    schema = api.get_openapi_schema()
    operations = [
        {
            "method": method.upper(),
            "path": path,
            "summary": operation.get("summary", ""),
            "description": operation.get("description", ""),
            "group": (operation.get("tags") or [""])[0],
            "parameters": [
                {
                    "name": p["name"],
                    "where": p["in"],
                    "required": p.get("required", False),
                    "description": p.get("description") or p["schema"].get("description", ""),
                }
                for p in operation.get("parameters", [])
            ],
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    context = {
        "page_title": _("接口说明"),
        "crumbs": [{"title": _("系统"), "href": ""}],
        "operations": operations,
        "schema_href": "/api/v1/openapi.json",
    }
    return page(request, "site/api_docs.html", context)
