"""Review of what was read, beside the original text."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
