"""The site as a Django app: templates, static files, template tags."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Label `site`."""

    name = "luoshi.site"
    label = "site"

    def ready(self) -> None:
        """Register the handlers of background jobs, and the programmes."""
        import luoshi.office.instruments.actions  # noqa: F401
        from luoshi.site.registry import load_programmes

        load_programmes()
