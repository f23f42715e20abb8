"""The programme switcher: the choice narrows every place, goes with the rail, and adds the programme's pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from luoshi.office.permissions import may
from luoshi.office.programme import Programme
from luoshi.office.roles import Role
from luoshi.site import context, switching
from luoshi.site.registry import manifests
from tests.office.people import client_of, person

pytestmark = pytest.mark.django_db
CHOICE = {"p": "heavy_pollution"}


def switch(answer):
    return answer.context["switch"]()


def rail(answer) -> dict[str, str]:
    return {place["key"]: place["href"] for place in answer.context["nav"]()}


def test_choice_goes_along_to_every_place(client):
    answer = client.get(reverse("cases"), CHOICE)
    assert switch(answer)["now"].key == "heavy_pollution"
    assert {href.partition("?")[2] for href in rail(answer).values()} == {"p=heavy_pollution"}
    assert {href.partition("?")[2] for href in rail(client.get(reverse("cases"))).values()} == {""}


def test_other_conditions_stay_when_another_programme_is_chosen(client):
    answer = client.get(reverse("cases"), CHOICE | {"view": "all", "after": "x"})
    other = next(room for room in switch(answer)["rooms"] if not room["current"])
    assert "view=all" in other["href"]
    assert "after" not in other["href"]
    assert "heavy_pollution" not in other["href"]
    assert switch(answer)["everything"] == reverse("cases") + "?view=all"


def test_place_of_a_programme_shows_its_pages(client):
    pages = {page["label"]: page for page in switch(client.get(reverse("cases"), CHOICE))["pages"]}
    assert pages["监测与预报"]["href"] == reverse("pollution-air")
    assert [label for label, page in pages.items() if page["current"]] == ["办件"]
    assert switch(client.get(reverse("cases")))["pages"] == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
@pytest.mark.parametrize("organ", ["education", "finance", "environment", "agriculture"])
def test_nobody_is_shown_a_page_that_refuses_them(role, organ):
    """What the programmes offer on the desk opens for whoever it is offered to."""
    mine = client_of(person(f"{role}-{organ}", (role, organ)))
    offered = [
        page["href"]
        for room in manifests()
        for page in switch(mine.get(reverse("desk"), {"p": room.key}))["pages"]
    ]  # fmt: skip
    assert {href: mine.get(href).status_code for href in offered if mine.get(href).status_code >= 400} == {}


def test_page_of_a_programme_needs_no_choice_in_its_address(client):
    answer = client.get(reverse("pollution-roster"))
    assert switch(answer)["now"].key == "heavy_pollution"
    assert [page["label"] for page in switch(answer)["pages"] if page["current"]] == ["值班和通讯录"]
    assert rail(answer)["funds"] == reverse("funds") + "?p=heavy_pollution"
    assert [place["key"] for place in answer.context["nav"]() if place["current"]] == ["cases"]


@pytest.mark.parametrize("name", sorted(switching.READS_IT))
def test_every_place_can_be_seen_for_every_programme(client, name):
    for room in manifests():
        assert client.get(reverse(name), {"p": room.key}).status_code == 200


@pytest.mark.parametrize("asked", [{"p": "nothing"}, {"p": ["heavy_pollution", "agri_guarantee"]}, {"p": ""}])
def test_what_is_no_single_programme_is_no_choice(client, asked):
    assert switch(client.get(reverse("desk"), asked))["now"] is None


def test_lists_show_only_what_is_the_programmes(client):
    def groups(name: str) -> set[str]:
        return {group["title"] for group in client.get(reverse(name), CHOICE).context["groups"]}

    for name in ("procedures", "calculators", "registers"):
        assert len(groups(name)) == 1, name
    assert {kind.partition(".")[0] for kind in _kinds_asked(client)} == {"heavy_pollution"}


def _kinds_asked(client: Client) -> tuple[str, ...]:
    from django.http import QueryDict

    from luoshi.site.views.notices import _of_room

    return _of_room(QueryDict("p=heavy_pollution"))


@pytest.mark.parametrize("role", [Role.CLERK, Role.ARCHIVIST])
def test_a_person_is_offered_the_pages_he_may_use(role):
    login = client_of(person("c", (role, "finance")))
    answer = login.get(reverse("desk"), CHOICE)
    room = next(room for room in manifests() if room.key == "heavy_pollution")
    allowed = {page.title for page in room.pages if may(answer.context["actor"], page.permission)}
    assert {page["label"] for page in switch(answer)["pages"]} - {"工作台"} == allowed
    assert ("重污染天气" in allowed) == (role is Role.CLERK)


def test_a_visitor_has_no_switcher():
    assert switch(Client().get(reverse("policy"), CHOICE)) == {}


def test_a_database_that_does_not_answer_has_no_warning(monkeypatch):
    def fail():
        raise OperationalError("gone")

    monkeypatch.setattr(context, "manifests", lambda: [Programme("x", "x", (), Path(), emergency=fail)])
    assert context.emergency() is None
