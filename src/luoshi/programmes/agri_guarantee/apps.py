"""Agricultural credit guarantee as a Django app."""

from django.apps import AppConfig


class AgriGuaranteeConfig(AppConfig):
    """Label `agri_guarantee`."""

    name = "luoshi.programmes.agri_guarantee"
    label = "agri_guarantee"
