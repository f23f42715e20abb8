"""Registers as a Django app."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    """Label `registers`."""

    name = "luoshi.office.registers"
    label = "registers"

    def ready(self) -> None:
        """Make the jobs of registers known."""
        import luoshi.office.registers.jobs  # noqa: F401
