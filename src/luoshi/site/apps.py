"""The site as a Django app: templates, static files, template tags."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Label `site`."""

    name = "luoshi.site"
    label = "site"

    def ready(self) -> None:
        """Register the handlers of background jobs."""
        import luoshi.office.instruments.actions  # noqa: F401
