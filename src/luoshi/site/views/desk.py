"""The desk: what I owe, what is due, what changed, what waits for others."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
