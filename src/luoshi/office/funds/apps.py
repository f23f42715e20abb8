"""The app of the books."""

from django.apps import AppConfig


class FundsConfig(AppConfig):
    """Books that always balance, payments and the bank."""

    name = "luoshi.office.funds"
    label = "funds"
    verbose_name = "资金"
