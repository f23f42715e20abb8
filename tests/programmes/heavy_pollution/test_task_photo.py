"""A task reported on the page with a photo: who reports is told what was received, who sees the task sees the photo."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution.models import Inspection
from tests.office.people import client_of, person
from tests.programmes.heavy_pollution.test_indicators import _on_a_day, episode
from tests.programmes.heavy_pollution.test_object_links import PHOTO, task

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db


def test_what_was_reported_is_said_and_its_photo_is_shown_to_who_sees_the_task():
    response = episode(released="")
    row = task(response)
    holder = client_of(person("holder", (Role.CLERK, "economy-it")))
    other = client_of(person("other", (Role.CLERK, "public-security")))
    office = client_of(person("office", (Role.CLERK, "environment")))
    place = reverse("pollution-task-photo", args=[row.pk])
    assert holder.get(place).status_code == 404  # nothing yet
    given = {"task": row.pk, "version": 1, "state": "in_place", "note": "二号线已停",
             "photo": SimpleUploadedFile("现场.png", PHOTO, "image/png")}  # fmt: skip
    said = holder.post(reverse("pollution-tasks") + "?state=sent", given, follow=True)
    assert said.redirect_chain[-1][0] == f"{reverse('pollution-tasks')}?state=sent&done={row.pk}"
    assert "已收到：测试化工有限公司，已落实" in said.text
    assert f'href="{place}"' in holder.get(reverse("pollution-tasks")).text
    for client in (holder, office):
        shown = client.get(place)
        assert (shown.status_code, shown.content, shown["Content-Type"]) == (200, PHOTO, "image/png")
        assert shown["Content-Disposition"].startswith("inline")
        assert "no-store" in shown["Cache-Control"]
    assert other.get(place).status_code == 404
    assert other.get(reverse("pollution-tasks") + f"?done={row.pk}").text.count("已收到：") == 0


def test_the_photo_of_an_inspection_is_shown_on_its_page():
    episode(released="")
    office = client_of(person("office", (Role.CLERK, "environment")))
    given = {"kind": "place", "name": "测试料场", "finding": "none", "text": "已覆盖", "town": "xiacun",
             "photo": SimpleUploadedFile("检查.png", PHOTO, "image/png")}  # fmt: skip
    assert office.post(reverse("pollution-inspect"), given).status_code == 303
    found = Inspection.objects.get()
    place = reverse("pollution-inspection-photo", args=[found.pk])
    assert f'href="{place}"' in office.get(reverse("pollution-inspection", args=[found.pk])).text
    assert office.get(place).content == PHOTO
