"""Organs, posts, persons, groups: who handles what, who held which post, and how we know."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
