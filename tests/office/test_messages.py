"""Messages: told once, counted, read; e-mail goes out with retries and says nothing."""

from __future__ import annotations

import datetime

import pytest
from django.core import mail

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.messages import outbox
from luoshi.office.messages.actions import mark_read, tell, tell_organ
from luoshi.office.messages.models import Mail, Message
from luoshi.office.messages.queries import messages_page, since, unread
from luoshi.office.roles import Role
from tests.office.people import person

pytestmark = pytest.mark.django_db
WORDS = {"kind": "matter.due", "text": "明天到期：测试事项", "href": "/tasks/1/"}


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(datetime.datetime(2019, 3, 1, 8, 0, tzinfo=SHANGHAI))
    yield CLOCK
    CLOCK.release()


@pytest.fixture
def smtp(settings):
    settings.SMTP_URL = "smtp://user:pass@mail.example:587/?tls=1"
    settings.MAIL_FROM = "luoshi@example.cn"
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return settings


def test_person_is_told_once_per_key():
    one, two = person("a"), person("b")
    assert tell(key="due:1", users=[one.pk, two.pk], **WORDS) == 2
    assert tell(key="due:1", users=[one.pk], **WORDS) == 0
    assert tell(key="due:2", users=[one.pk, one.pk], **WORDS) == 1
    assert (unread(one.pk), unread(two.pk)) == (2, 1)


def test_organ_is_told_through_those_who_hold_the_role_today(clock):
    clerk, gone = person("a", (Role.CLERK, "finance")), person("b", (Role.CLERK, "finance"))
    person("c", (Role.CLERK, "health"))
    person("d", (Role.LEADER, "finance"))
    gone.assignments.update(valid_to=datetime.date(2019, 2, 28))
    assert tell_organ(key="x", organ="finance", roles=[Role.CLERK], **WORDS) == 1
    assert list(Message.objects.values_list("user_id", flat=True)) == [clerk.pk]


def test_reading_counts_only_ones_own(clock):
    one, two = person("a"), person("b")
    for number in range(3):
        tell(key=f"k:{number}", users=[one.pk, two.pk], **WORDS)
        clock.advance(datetime.timedelta(minutes=1))
    theirs = Message.objects.filter(user=two).values_list("pk", flat=True)
    actor = Actor("测试a", "test", user_id=one.pk)
    assert mark_read(actor=actor, ids=theirs) == 0
    assert mark_read(actor=actor, ids=[Message.objects.filter(user=one).first().pk]) == 1
    assert mark_read(actor=actor) == 2
    assert (unread(one.pk), unread(two.pk)) == (0, 3)
    with pytest.raises(LuoshiError):
        mark_read(actor=Actor("访客", "web"))


def test_what_came_since_is_newest_first(clock):
    one = person("a")
    moments = []
    for number in range(3):
        moments.append(clock.now())
        tell(key=f"k:{number}", users=[one.pk], **WORDS)
        clock.advance(datetime.timedelta(minutes=1))
    assert [row.key for row in since(one.pk, moments[0], 5)] == ["k:2", "k:1"]
    page = messages_page(one.pk, size=2)
    assert [row.key for row in page.rows] == ["k:2", "k:1"]
    assert [row.key for row in messages_page(one.pk, size=2, after=page.next).rows] == ["k:0"]


@pytest.mark.parametrize("href", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_address_elsewhere_is_refused(href):
    with pytest.raises(ValueError, match="not an address"):
        tell(key="x", users=[], kind="k", text="t", href=href)


def test_without_mail_server_nothing_waits(settings):
    settings.SMTP_URL = ""
    user = person("a")
    user.email = "a@example.cn"
    user.save()
    tell(key="x", users=[user.pk], **WORDS)
    assert not Mail.objects.exists()


def mailed(smtp):
    user = person("a")
    user.email = "a@example.cn"
    user.save()
    tell(key="x", users=[user.pk, person("b").pk], **WORDS)
    tell(key="x", users=[user.pk], **WORDS)
    return Mail.objects.get()


def test_mail_goes_out_once_and_says_nothing(smtp):
    mailed(smtp)
    assert outbox.send_due() == {"sent": 1, "waiting": 0, "failed": 0}
    assert outbox.send_due() == {"sent": 0, "waiting": 0, "failed": 0}
    [sent] = mail.outbox
    assert (sent.to, sent.from_email) == (["a@example.cn"], "luoshi@example.cn")
    assert "测试事项" not in sent.subject + sent.body
    assert sent.extra_headers["Message-ID"].startswith("<luoshi-")


def test_mail_is_tried_again_later_and_later_then_given_up(smtp, monkeypatch, clock):
    row = mailed(smtp)

    def down(self):
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", down)
    waits = []
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.send_due()
        row.refresh_from_db()
        waits.append((row.next_at - clock.now()).total_seconds() / 60)
        assert outbox.send_due() == {"sent": 0, "waiting": 0, "failed": 0}
        clock.set(row.next_at)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360]
    assert (row.state, row.attempts) == ("failed", 10)
    assert "no server" in row.error
    monkeypatch.undo()
    assert outbox.retry_failed() == 1
    smtp.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert outbox.send_due()["sent"] == 1


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp://u:p%40w@mail.example:587/?tls=1", 587, False, True),
        ("smtps://mail.example", 465, True, False),
    ],
)
def test_address_of_the_mail_server(settings, url, port, ssl, tls):
    settings.SMTP_URL = url
    made = outbox.backend()
    assert (made.host, made.port, made.use_ssl, made.use_tls) == ("mail.example", port, ssl, tls)


def test_no_mail_server_is_said(settings):
    settings.SMTP_URL = ""
    with pytest.raises(LuoshiError, match="LUOSHI_SMTP_URL"):
        outbox.send_due()
