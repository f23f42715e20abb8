"""Heavy pollution weather as a Django app."""

from django.apps import AppConfig


class HeavyPollutionConfig(AppConfig):
    """Label `heavy_pollution`."""

    name = "luoshi.programmes.heavy_pollution"
    label = "heavy_pollution"
