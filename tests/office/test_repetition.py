"""A write sent twice is done once: by key, by asker, by body; in the API and in forms."""

from __future__ import annotations

import datetime

import pytest
from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditEntry, KeptAnswer
from luoshi.office.repetition import Answer, forget_old, once
from luoshi.site.repetition import Repetition
from tests.office.people import person

pytestmark = pytest.mark.django_db
ONE, TWO = Actor("测试甲", "api", user_id=1), Actor("测试乙", "api", user_id=2)


def write(actor, key, body="a", status=201):
    def function():
        append(actor=actor, act="test.act", subject=f"x:{body}")
        return Answer(status, b"first", {"Content-Type": "text/plain"})

    return once(actor=actor, key=key, body_digest=body, function=function)


def test_same_key_and_body_give_the_first_answer():
    first, second = write(ONE, "k"), write(ONE, "k")
    assert (first.status, first.body, first.repeated) == (201, b"first", False)
    assert (second.status, second.body, second.headers, second.repeated) == (
        201,
        b"first",
        {"Content-Type": "text/plain"},
        True,
    )
    assert AuditEntry.objects.get().key == "k"


def test_another_body_is_refused_and_another_asker_is_not():
    write(ONE, "k")
    with pytest.raises(LuoshiError) as refused:
        write(ONE, "k", "b")
    assert refused.value.code == "E_CONFLICT"
    assert not write(TWO, "k", "b").repeated
    assert AuditEntry.objects.count() == 2


def test_what_was_refused_may_be_tried_again():
    write(ONE, "k", status=422)
    assert not write(ONE, "k").repeated


def test_answer_and_act_stand_or_fall_together():
    def breaks():
        append(actor=ONE, act="test.act", subject="x:1")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        once(actor=ONE, key="k", body_digest="a", function=breaks)
    assert not AuditEntry.objects.exists()
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 101, "键", "a\nb"])
def test_key_that_is_none_is_refused(key):
    with pytest.raises(LuoshiError) as refused:
        write(ONE, key)
    assert refused.value.code == "E_INPUT"


def test_answers_are_forgotten_after_a_week():
    write(ONE, "k")
    assert forget_old(CLOCK.now() + datetime.timedelta(days=6)) == 0
    assert forget_old(CLOCK.now() + datetime.timedelta(days=8)) == 1
    assert not write(ONE, "k").repeated


class Site:
    """A site of one view behind the middleware, and how often the view was asked."""

    def __init__(self, answer):
        self.calls = 0
        self._answer = answer
        self._middleware = Repetition(self._view)
        self._user = person("a")

    def _view(self, request):
        self.calls += 1
        return self._answer(request)

    def post(self, path, data, key="", **rest):
        headers = {"Idempotency-Key": key} if key else {}
        request = RequestFactory().post(path, data, headers=headers, **rest)
        request.user = self._user
        return self._middleware(request)


def test_api_answers_a_repetition_with_the_first_answer():
    site = Site(lambda request: HttpResponse(f'{{"n": {site.calls}}}', status=201, content_type="application/json"))
    answers = [site.post("/api/v1/x", {"a": 1}, "k1", content_type="application/json") for _ in range(3)]
    assert [answer.content for answer in answers] == [b'{"n": 1}'] * 3
    assert [answer.get("Idempotent-Replayed") for answer in answers] == [None, "true", "true"]
    assert {answer["Content-Type"] for answer in answers} == {"application/json"}
    other = site.post("/api/v1/x", {"a": 2}, "k1", content_type="application/json")
    assert (other.status_code, other["Content-Type"], site.calls) == (409, "application/problem+json", 1)


def test_form_with_a_key_is_carried_out_once():
    site = Site(lambda request: HttpResponseRedirect("/there/", status=303))
    form = {"note": "进展", "_key": "k2"}
    answers = [site.post("/x/", form | {"csrfmiddlewaretoken": str(n)}) for n in range(2)]
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(303, "/there/")] * 2
    assert site.calls == 1


def test_page_is_not_kept_but_its_act_is_not_repeated(client):
    site = Site(lambda request: HttpResponse("令牌：只显示一次"))
    site.post("/x/", {"_key": "k3"})
    again = site.post("/x/", {"_key": "k3"})
    assert (again.status_code, site.calls) == (409, 1)
    assert bytes(KeptAnswer.objects.get().body) == b""


def test_without_a_key_nothing_is_kept():
    site = Site(lambda request: HttpResponse("x"))
    site.post("/x/", {"a": 1})
    site.post("/x/", {"a": 1})
    assert (site.calls, KeptAnswer.objects.count()) == (2, 0)


def test_visitor_with_a_key_stays_outside():
    from django.contrib.auth.models import AnonymousUser

    site = Site(lambda request: HttpResponse("x"))
    site._user = AnonymousUser()
    site.post("/login/", {"_key": "k4"})
    assert KeptAnswer.objects.count() == 0
