"""The register of invented firms for every test of this folder."""

from tests.office.registers.trial import _trial_tables, firms  # noqa: F401
