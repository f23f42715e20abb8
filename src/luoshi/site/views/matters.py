"""Matters: what is to be done by when, progress, check, cross-off."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
