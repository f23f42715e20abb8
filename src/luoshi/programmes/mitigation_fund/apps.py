"""The mitigation fund as a Django app."""

from django.apps import AppConfig


class MitigationFundConfig(AppConfig):
    """Label `mitigation_fund`."""

    name = "luoshi.programmes.mitigation_fund"
    label = "mitigation_fund"
