"""The review's pages: what each role sees and may do, forms without scripts, fragments with them."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments import queries, review_queries
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Review, ReviewRecord
from luoshi.office.roles import PERMISSIONS, Reach, Role
from tests.office import sample
from tests.office.people import OFFICE, client_of, person

pytestmark = pytest.mark.django_db
KEY = sample.NUMBER
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """One instrument under review."""
    sample.compiled(monkeypatch, sample.instrument(start=0, end=60))
    import_gazette("第一期全文，" * 20, actor=Actor.system("测试程序", "test"), filename="一期.txt")


@pytest.fixture
def first():
    return client_of(person("甲", (Role.ARCHIVIST, OFFICE)))


@pytest.fixture
def second():
    return client_of(person("乙", (Role.ARCHIVIST, OFFICE)))


def items(kind=""):
    return [one for one in review_queries.items(queries.instrument(KEY)) if kind in ("", one.kind)]


def address(name="review", **query):
    return reverse(name, args=[KEY])


def post(client, one, decision, name="review-decide", **more):
    data = {"anchor": one.anchor, "version": one.version, "clause": one.clause or "head", "decision": decision}
    headers = more.pop("headers", {})
    return client.post(address(name), data | more, **headers)


def test_page_shows_head_fields_outline_text_and_the_records_of_one_clause(first):
    body = first.get(address(), {"clause": "一"}).content.decode()
    for words in (
        "核对第 1 件",
        "标题",
        "印发",
        "施行",
        "有效期至",
        "送第二人确认（还差",
        "本条确认后会发生",
        "修补长椅",
    ):
        assert words in body, words
    assert body.count("data-ls-card=") == len([one for one in items() if one.clause == "一"])


def test_confirming_without_scripts_leads_back_to_the_clause(first):
    response = post(first, items("duty")[0], "confirmed")
    assert response.status_code == 303
    assert "clause=" in response["Location"]
    assert Review.objects.get().decided == 1


def test_confirming_with_scripts_answers_the_card_and_the_counts(first):
    response = post(first, items("duty")[0], "confirmed", headers=HTMX)
    body = response.content.decode()
    assert response.status_code == 200
    assert "<html" not in body
    assert "已确认" in body
    assert set(re.findall(r'id="(rv-[a-z]+)"[^>]*hx-swap-oob', body)) == {
        "rv-progress", "rv-heads", "rv-foot", "rv-consequence",
    }  # fmt: skip


def test_a_refused_correction_keeps_what_was_typed(first):
    response = post(first, items("duty")[0], "changed", summary="", lead="市戊局、市己局")
    assert response.status_code == 422
    assert "市戊局、市己局" in response.content.decode()
    assert not ReviewRecord.objects.exists()


def test_correction_split_and_addition_through_forms_and_the_second_person(first, second):
    duty, other = items("duty")
    post(first, duty, "changed", summary="修长椅", lead="市戊局", cooperating="市乙局，丙公司")
    post(first, other, "split", **{"0-summary": "先修", "0-lead": "市丁局", "1-summary": "后修", "1-lead": "市己局"})
    response = first.post(
        address("review-add"), {"kind": "target", "clause": "一", "target-subject": "完好率", "target-op": ">=",
                                "target-value": "98", "target-unit": "%"}
    )  # fmt: skip
    assert response.status_code == 303
    page = second.get(address("review-second")).content.decode()
    assert "<del>修补长椅</del>" in page
    assert "<ins>修长椅</ins>" in page
    ticks = re.findall(r'name="tick" value="([^"]+)"', page)
    assert len(ticks) == 3
    assert second.post(address("review-second"), {"act": "confirm", "tick": ticks}).status_code == 303
    assert set(Duty.objects.filter(is_current=True).values_list("summary", flat=True)) == {"修长椅", "先修", "后修"}


def test_the_maker_has_nothing_to_tick_and_is_refused(first):
    post(first, items("duty")[0], "excluded")
    page = first.get(address("review-second")).content.decode()
    assert 'name="tick"' not in page
    assert "须由另一人看" in page
    one = items("duty")[0]
    response = first.post(address("review-second"), {"act": "confirm", "tick": f"{one.anchor}:{one.version}"})
    assert response.status_code == 403
    assert "E_SELF" in response.content.decode()


def test_a_doubt_is_left_to_the_second_person_who_settles_it(first, second):
    post(first, items("duty")[0], "doubtful")
    one = items("duty")[0]
    data = {"act": "settle", "anchor": one.anchor, "version": one.version, "choice": "not"}
    assert second.post(address("review-second"), data).status_code == 303
    assert items("duty")[0].state == "excluded"


def test_everything_confirmed_sent_and_signed_is_reviewed(first, second):
    for one in items():
        post(first, one, "confirmed")
    assert first.post(address("review-send")).status_code == 303
    assert second.post(address("review-second"), {"act": "confirm"}).status_code == 303
    assert Review.objects.get().stage == "done"
    assert "核完" in first.get(reverse("review-queue")).content.decode()


def test_sending_too_soon_says_how_much_is_left(first):
    response = first.post(address("review-send"))
    assert response.status_code == 422
    assert "还差" in response.content.decode()


def test_a_stale_card_is_refused_and_shows_the_present_state(first, second):
    one = items("duty")[0]
    post(first, one, "excluded")
    response = post(second, one, "confirmed", headers=HTMX)
    assert response.status_code == 409
    assert "已先改过" in response.content.decode()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_pages_open_and_buttons_show_as_the_table_says(role):
    client = client_of(person(f"某-{role}", (role, OFFICE)))
    see = PERMISSIONS["review.see"].reach[role] is not Reach.NONE
    may_decide = PERMISSIONS["review.decide"].reach[role] is not Reach.NONE
    may_confirm = PERMISSIONS["review.confirm"].reach[role] is not Reach.NONE
    for name in (address(), address("review-second"), reverse("review-queue")):
        assert client.get(name).status_code == (200 if see else 403)
    if see:
        assert ("data-ls-act=" in client.get(address(), {"clause": "一"}).content.decode()) is may_decide
        assert ('id="rs-confirm"' in client.get(address("review-second")).content.decode()) is may_confirm
    assert (post(client, items("duty")[0], "confirmed").status_code == 303) is may_decide


def test_a_visitor_is_sent_to_the_login_page(client):
    client.logout()
    assert client.get(address()).status_code == 302


def test_queue_filters_by_state_and_counts_without_a_query_a_row(first, django_assert_max_num_queries):
    post(first, items("duty")[0], "excluded")
    with django_assert_max_num_queries(45):
        body = first.get(reverse("review-queue"), {"state": "waiting"}).content.decode()
    assert KEY in body
    assert KEY not in first.get(reverse("review-queue"), {"state": "done"}).content.decode()
