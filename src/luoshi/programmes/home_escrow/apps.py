"""Supervised money of home sales as a Django app."""

from django.apps import AppConfig


class HomeEscrowConfig(AppConfig):
    """Label `home_escrow`."""

    name = "luoshi.programmes.home_escrow"
    label = "home_escrow"
