"""Whether the page of every kind and state of case there is opens, and the API's answer on it."""

from __future__ import annotations

from luoshi.office.cases.models import Case
from tests.office.people import client_of, everybody


def refused() -> dict[str, int]:
    """Return the addresses of cases that somebody who sees all does not get, each with the status; {} when all do."""
    client, found = client_of(everybody()), {}
    one_of_each = {(row.procedure, row.state): row.pk for row in Case.objects.defer("facts")}
    for pk in one_of_each.values():
        for address in (f"/cases/{pk}/", f"/api/v1/cases/{pk}"):
            if (status := client.get(address).status_code) != 200:
                found[address] = status
    assert one_of_each, "there are no cases"
    return found
