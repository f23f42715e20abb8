"""One search over numbers, clauses, organs, matters."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
