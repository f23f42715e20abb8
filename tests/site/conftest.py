"""Pages are asked for by an account with every role, unless a test says otherwise; one browser serves a worker."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.office.people import client_of, everybody
from tests.site.browsing import browser

__all__ = ["browser"]


@pytest.fixture
def client(db) -> Client:
    """A client logged in with every role."""
    return client_of(everybody())
