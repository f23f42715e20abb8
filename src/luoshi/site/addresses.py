"""Addresses made from the present one: a condition added, taken away or toggled; the page cursor is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from luoshi.office.paging import KeysetPage, Total

CURSORS = ("after", "before")


class Address:
    """The address of the present page and its conditions."""

    def __init__(self, request: HttpRequest) -> None:
        self._path = request.path
        # Plain lists: a page makes dozens of addresses, and copying a QueryDict parses it again.
        self._query = {name: list(values) for name, values in request.GET.lists() if name not in CURSORS}

    def having(self, **conditions: str) -> str:
        """Return the address with `conditions` instead of those of the same names; '' takes one away."""
        query = {name: values for name, values in self._query.items() if name not in conditions}
        return self._join(query | {name: [value] for name, value in conditions.items() if value})

    def toggled(self, name: str, value: str) -> str:
        """Return the address with `value` added to the condition `name`, or taken out if it is there."""
        values = self._query.get(name, [])
        chosen = [v for v in values if v != value] if value in values else [*values, value]
        return self._join(self._query | {name: chosen})

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """Return the conditions a GET form has to carry along, but for the names of its own fields."""
        return [(name, value) for name, values in self._query.items() if name not in without for value in values]

    def _join(self, query: Mapping[str, Sequence[str]]) -> str:
        text = urlencode(query, doseq=True)
        return self._path + (f"?{text}" if text else "")


def facet(
    address: Address,
    name: str,
    title: str,
    values: Iterable[tuple[str, str, int | None]],
    chosen: Sequence[str],
    size: int = 10,
) -> dict[str, Any]:
    """Return a facet of (value, label, count): the first `size` values, and those chosen."""
    found = list(values)
    missing = [(value, value, None) for value in chosen if value not in {row[0] for row in found}]
    shown = [row for place, row in enumerate(found) if place < size or row[0] in chosen] + missing
    return {
        "name": name,
        "title": title,
        "options": [
            {"value": v, "label": str(label), "count": n, "checked": v in chosen, "href": address.toggled(name, v)}
            for v, label, n in shown
        ],
        "more": len(found) + len(missing) - len(shown),
        "clear_href": address.having(**{name: ""}) if chosen else "",
    }


def chips(address: Address, conditions: Iterable[tuple[str, str, str, str]]) -> list[dict[str, str]]:
    """Return removable chips of (parameter, value, label, words)."""
    return [
        {"label": label, "value": words, "remove_href": address.toggled(name, value)}
        for name, value, label, words in conditions
    ]


def page_links(address: Address, page: KeysetPage[Any], total: Total) -> dict[str, Any]:
    """Return what the pager shows."""
    words = _("%(n)s 条") if total.exact else _("%(n)s 条以上")
    return {
        "prev_href": address.having(before=page.previous) if page.previous else "",
        "next_href": address.having(after=page.next) if page.next else "",
        "first": page.first,
        "last": page.first + len(page.rows) - 1,
        "shown": len(page.rows),
        "count_words": words % {"n": f"{total.value:,}"},
        "total": total.value,
        "exact": total.exact,
    }
