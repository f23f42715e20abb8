"""The audit trail as a Django app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Label `audit`."""

    name = "luoshi.office.audit"
    label = "audit"

    def ready(self) -> None:
        """Make the jobs of the trail known."""
        import luoshi.office.audit.jobs  # noqa: F401
