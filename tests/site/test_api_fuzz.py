"""The API against its own OpenAPI document: whatever is sent, by whomever, is answered; nothing is a server error."""

from __future__ import annotations

import datetime
import os

import pytest
import schemathesis
from django.db import connection
from hypothesis import HealthCheck, Phase, settings

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.credentials import give_token
from luoshi.office.accounts.queries import standing
from luoshi.site.wsgi import application
from tests.office.people import everybody

pytestmark = [pytest.mark.django_db, pytest.mark.both]
PROBLEM = "application/problem+json"

schemathesis.serializer.alias("application/x-ndjson", "text/plain")
schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
# Values at their limits are tried once, on SQLite; methods that an address does not know have a test of their own.
# LUOSHI_FUZZ=60 tries that many requests an operation.
schema.config.phases.coverage.enabled = connection.vendor == "sqlite"
schema.config.phases.coverage.unexpected_methods = set()


@pytest.fixture
def bearer(own_connection):
    """A token of an account with every role."""
    until = CLOCK.today() + datetime.timedelta(days=7)
    _, text = give_token(actor=standing(everybody()).actor("test"), label="测试", expires_on=until)
    return {"Authorization": f"Bearer {text}"}


@schema.parametrize()
@settings(
    max_examples=int(os.environ.get("LUOSHI_FUZZ", "6")),
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_a_server_error(case, bearer):
    response = case.call(headers=bearer)
    assert response.status_code < 500
    if response.status_code >= 400:
        assert response.headers["content-type"][0] == PROBLEM
