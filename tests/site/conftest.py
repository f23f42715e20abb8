"""Pages are asked for by an account with every role, unless a test says otherwise."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.office.people import client_of, everybody


@pytest.fixture
def client(db) -> Client:
    """A client logged in with every role."""
    return client_of(everybody())
