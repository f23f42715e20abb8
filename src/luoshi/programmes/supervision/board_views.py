"""Pages of key-work supervision: board, phone, public."""

from __future__ import annotations

from django.urls import URLPattern

from luoshi.programmes.supervision import field_views

urlpatterns: list[URLPattern] = [*field_views.urlpatterns]
