"""The search page, what expires, and the words that changed between two versions."""

from __future__ import annotations

import datetime
import re

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette import records as r
from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.roles import Role
from luoshi.site.worddiff import spans, word_diff
from tests.office import sample
from tests.office.people import client_of, person

pytestmark = pytest.mark.both

PROGRAM = Actor.system("测试程序", "test")
words = st.text(alphabet="甲乙丙丁，。<&12 ", max_size=30)


@given(words, words)
def test_a_word_diff_holds_both_texts_whole(old, new):
    found = spans(old, new)
    assert "".join(part[1] for part in found) == old
    assert "".join(part[2] for part in found) == new
    assert all(part[1] == part[2] for part in found if part[0] == "equal")


def test_a_word_diff_keeps_figures_whole_and_escapes():
    assert spans("到95%以上", "到96%以上") == [
        ("equal", "到", "到"),
        ("replace", "95%", "96%"),
        ("equal", "以上", "以上"),
    ]
    assert "<b>" not in word_diff("<b>甲</b>", "<b>乙</b>")


@pytest.fixture
def library(db, monkeypatch):
    """Two instruments, one of which expires."""
    ending = sample.instrument("测政发〔2018〕2号", "路灯办法", text="路灯。", expires_on="2019-03-01")
    ending.number_parts = r.NumberParts("测政发", 2018, 2)
    sample.compiled(monkeypatch, sample.instrument(), ending)
    import_gazette("第一期全文", actor=PROGRAM, filename="一期.txt")


@pytest.mark.parametrize(
    ("on", "days", "shown"),
    [("2018-12-01", 90, True), ("2018-11-30", 90, False), ("2018-09-02", 180, True), ("2019-03-01", 90, True),
     ("2019-03-02", 180, False)],
)  # fmt: skip
def test_what_expires_is_listed_in_time(library, client, on, days, shown):
    body = client.get(reverse("policy"), {"expiring": days, "on": on}).content.decode()
    assert ("路灯办法" in body) is shown
    assert "街边长椅修补方案" not in body


def test_days_left_are_said_beside_the_date(library, client):
    body = client.get(reverse("policy"), {"on": "2019-01-01"}).content.decode()
    assert f"还有 {(datetime.date(2019, 3, 1) - datetime.date(2019, 1, 1)).days} 天" in body


def test_the_first_hit_has_the_focus_and_is_a_link(library, client):
    body = client.get(reverse("search"), {"q": "2号"}).content.decode()
    focused = re.findall(r"<a [^>]*autofocus[^>]*>", body)
    assert len(focused) == 1
    assert "2%E5%8F%B7" in focused[0]


@pytest.mark.parametrize("q", ["", "无此词语", "%", "'", '"', "<script>"])
def test_odd_questions_are_answered(library, client, q):
    assert client.get(reverse("search"), {"q": q}).status_code == 200


def test_a_clerk_finds_no_duty_of_another_organ(library):
    client = client_of(person("水", (Role.CLERK, "water")))
    assert "责任里有" not in client.get(reverse("search"), {"q": "长椅"}).content.decode()


def test_two_versions_are_compared_clause_by_clause(library, client, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument(text="修补全市街边长椅和路灯。"))
    import_gazette("第二期全文", actor=PROGRAM, filename="二期.txt")
    address = reverse("instrument", args=[sample.NUMBER])
    assert "<ins>和路灯</ins>" in client.get(address, {"tab": "versions"}).content.decode()
    body = client.get(address, {"tab": "versions", "old": "2", "new": "1"}).content.decode()
    assert "<ins>和路灯</ins>" in body
