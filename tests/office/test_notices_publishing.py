"""Where papers go: public page, feed, organs within, e-mail, a gateway that loses and delays; no drill gets out."""

from __future__ import annotations

import datetime
import hashlib
import http.client
import json
import smtplib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.audit.models import AuditEntry
from luoshi.office.jobs.models import Job
from luoshi.office.messages.models import Message
from luoshi.office.notices import actions, gateway, outbox, publishing, queries
from luoshi.office.notices.models import GATEWAYS, Notice, Publication, Sending
from luoshi.office.roles import Role
from tests.office import notices_made as made
from tests.office.people import actor
from tests.office.test_notices import refused

pytestmark = pytest.mark.django_db
NUMBERS = ["13800000001", "13800000002", "13800000003"]


@pytest.fixture(autouse=True)
def year_2026(settings):
    made.register()
    settings.SMS_URL = settings.SMS_KEY = ""
    CLOCK.set(datetime.datetime(2026, 1, 20, 9, 0, tzinfo=SHANGHAI))
    yield CLOCK
    CLOCK.release()


@pytest.fixture
def smtp(settings):
    settings.SMTP_URL = "smtp://mail.example:25/"
    settings.MAIL_FROM = "luoshi@example.cn"
    settings.MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return settings


class Gateway(ThreadingHTTPServer):
    """An SMS gateway that knows keys: `plan` says what it does at each try; `delivered` counts texts by number."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[str] = []
        self.tries: list[tuple[str, str]] = []
        self.delivered: dict[str, int] = {}
        self.answers: dict[str, str] = {}
        self.forged = 0
        self.hold = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/send?unit=1"


class Handler(BaseHTTPRequestHandler):
    """Answers a parcel as the plan says."""

    server: Gateway

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key, time = self.headers["Idempotency-Key"], self.headers["X-Luoshi-Time"]
        if self.headers["X-Luoshi-Signature"] != gateway.signature("secret", time, key, body):
            self.server.forged += 1
            return self.answer(401, {"error": "signature"})
        act = self.server.plan.pop(0) if self.server.plan else "take"
        self.server.tries.append((key, act))
        if act in ("take", "lose", "late"):
            self.take(key, json.loads(body))
        if act == "late":
            self.server.hold.wait(60)
        if act in ("lose", "drop", "late"):
            self.close_connection = True
            return None
        if act == "busy":
            return self.answer(503, {"error": "busy"}, {"Retry-After": "120"})
        if act == "refuse":
            return self.answer(400, {"error": "text"})
        if act == "moved":
            return self.answer(302, {}, {"Location": "http://192.0.2.1/"})
        return self.answer(200, {"batch": self.server.answers[key]})

    def take(self, key: str, told: dict) -> None:
        if key not in self.server.answers:
            self.server.answers[key] = f"b{len(self.server.answers) + 1}"
            for number in told["numbers"]:
                self.server.delivered[number] = self.server.delivered.get(number, 0) + 1

    def answer(self, status: int, told: dict, headers: dict | None = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def sms(settings, monkeypatch):
    server = Gateway()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    settings.SMS_URL, settings.SMS_KEY = server.url, "secret"

    def line(host, port, timeout, real=http.client.HTTPConnection):
        # Only the answer that comes too late is not waited for: a busy machine may be slow with the others.
        return real(host, port, timeout=1 if server.plan[:1] == ["late"] else timeout)

    monkeypatch.setattr(gateway.http.client, "HTTPConnection", line)
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()
    thread.join()


def put(paper: Notice, channels, by=None) -> dict[str, Publication]:
    return {one.channel: one for one in actions.publish(actor=by or made.clerk(), notice=paper.pk, channels=channels)}


# --- this machine's own pages -----------------------------------------------------------------------------------------


def test_published_paper_is_issued_and_public_with_its_digest():
    paper = made.bulletin()
    refused("E_NOT_FOUND", queries.public_notice, paper.slug)
    found = put(paper, ["web", "feed"])
    assert found["web"].state == "done"
    assert found["web"].proof == {"href": f"/open/notices/{paper.slug}/", "digest": paper.digest}
    public = queries.public_notice(paper.slug)
    assert (public.state, public.issued_at) == ("issued", CLOCK.now())
    assert [row.pk for row in queries.fed()] == [paper.pk]
    assert AuditEntry.objects.filter(act="notice.publish").count() == 1
    assert put(paper, ["web"]) == {}


def test_what_is_not_signed_or_not_public_stays_in():
    draft = actions.draft(actor=made.clerk(), kind="test.bulletin", fields={"colour": "黄色"})
    refused("E_STATE", put, draft, ["web"])
    refused("E_RULE", put, made.signed(), ["web"])
    refused("E_INPUT", put, made.signed(), ["pigeon"])
    refused("E_INPUT", put, made.signed(), [])
    refused("E_FORBIDDEN", put, made.signed(), ["hand"], by=actor("auditor", (Role.AUDITOR, made.ORGAN)))


def test_void_and_replaced_papers_stay_readable_and_say_so():
    first = made.bulletin()
    put(first, ["web", "feed"])
    second = made.bulletin(colour="红色", replaces=first.pk)
    put(second, ["web", "feed"])
    assert queries.follower_of(queries.public_notice(first.slug)).pk == second.pk
    actions.ask_void(actor=made.clerk(), notice=first.pk, reason="颜色写错了")
    actions.void(actor=made.head(), notice=first.pk)
    assert queries.public_notice(first.slug).state == "void"
    told = queries.verdict(first.slug, first.digest[:16])
    assert (told.state, told.same, told.whole, told.void_reason) == ("void", True, True, "颜色写错了")


def test_paper_taken_down_is_no_longer_public():
    paper = made.bulletin()
    web = put(paper, ["web", "feed"])["web"]
    actions.withdraw_publication(actor=made.clerk(), publication=web.pk, reason="含个人信息，撤下处理")
    refused("E_NOT_FOUND", queries.public_notice, paper.slug)
    assert queries.fed() == []
    assert queries.verdict(paper.slug).title == ""


def test_check_of_a_print_tells_genuine_altered_and_unknown():
    letter = made.signed()
    told = queries.verdict(letter.slug, letter.digest[:16].upper())
    # What is not public is told by number, issuer and day.
    assert (told.number, told.organ, told.same, told.title, told.href) == (
        "测环函〔2026〕1号", "乳山市环境保护局", True, "", "",
    )  # fmt: skip
    assert queries.verdict(letter.slug, "0" * 16).same is False
    assert queries.verdict(letter.slug, letter.digest[:4]).same is False
    assert queries.verdict(letter.slug).same is None
    assert queries.verdict("nothing") is None
    assert queries.verdict(made.letter().slug) is None


# --- organs within ----------------------------------------------------------------------------------------------------


def test_organ_served_sees_the_paper_and_signs_for_it():
    there = actor("there", (Role.CLERK, "finance"))
    other = actor("other", (Role.CLERK, "audit"))
    paper = made.signed()
    refused("E_NOT_FOUND", queries.notice, there, paper.pk)
    served = actions.publish(actor=made.clerk(), notice=paper.pk, channels={"inside": ["finance", "finance"]})
    assert [(one.target, one.state) for one in served] == [("finance", "sent")]
    assert queries.notice(there, paper.pk).pk == paper.pk
    assert Message.objects.get(user_id=there.user_id).text == "测环函〔2026〕1号：关于完成测试的函，请签收。"
    assert queries.total(there, queries.NoticeFilter(box="in")).value == 1
    assert [one.pk for one in queries.waiting_for(["finance"])] == [served[0].pk]
    refused("E_NOT_FOUND", actions.receive, actor=other, publication=served[0].pk)
    refused("E_FORBIDDEN", actions.receive, actor=made.clerk(), publication=served[0].pk)
    done = actions.receive(actor=there, publication=served[0].pk)
    assert (done.state, done.proof["received_by"]) == ("done", "测试there")
    CLOCK.advance(datetime.timedelta(hours=1))
    assert actions.receive(actor=there, publication=served[0].pk).proof == done.proof
    refused("E_INPUT", actions.publish, actor=made.clerk(), notice=paper.pk, channels={"inside": ["nowhere"]})


def test_organ_served_sees_no_drafts_of_the_sender():
    there = actor("there", (Role.CLERK, "finance"))
    paper = made.letter()
    refused("E_NOT_FOUND", queries.notice, there, paper.pk)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_person_records_when_and_how_a_channel_was_served():
    clerk, paper = made.clerk(), made.bulletin()
    row = put(paper, ["tv"])["tv"]
    assert row.state == "waiting"
    now = CLOCK.now()
    for code, more in (
        ("E_FUTURE", {"at": now + datetime.timedelta(minutes=1), "words": "电视台播出"}),
        ("E_INPUT", {"at": now - datetime.timedelta(hours=1), "words": "电视台播出"}),
        ("E_INPUT", {"at": now, "words": "x"}),
        ("E_INPUT", {"at": now, "words": "电视台播出", "reach": -1}),
    ):
        refused(code, actions.record_proof, actor=clerk, publication=row.pk, **more)
    file = ("播出证明.txt", "晚间新闻播出".encode())
    done = actions.record_proof(
        actor=clerk, publication=row.pk, at=now, words="电视台晚间新闻滚动播出", reach=120_000, file=file
    )
    assert (done.state, done.sent_at, done.proof["reach"]) == ("done", now, 120_000)
    assert done.proof["file_digest"] == hashlib.new("sm3", file[1]).hexdigest()
    web = put(paper, ["web"])["web"]
    refused("E_STATE", actions.record_proof, actor=clerk, publication=web.pk, at=now, words="上网")


# --- e-mail -----------------------------------------------------------------------------------------------------------


def test_mails_go_out_one_by_one_with_their_own_message_id(smtp):
    paper = made.bulletin()
    row = put(paper, {"web": True, "mail": ["a@example.cn", "b@example.cn", "a@example.cn", "none"]})["mail"]
    assert (row.state, row.total, row.proof["skipped"]) == ("waiting", 2, 2)
    assert Job.objects.filter(kind=outbox.SEND_JOB).count() == 1
    assert "example.cn" not in json.dumps(list(Sending.objects.values("addresses", "key")))
    assert outbox.send_due() == {"sent": 2, "waiting": 0, "failed": 0}
    assert sorted(one.to[0] for one in mail.outbox) == ["a@example.cn", "b@example.cn"]
    assert mail.outbox[0].subject == "关于发布橙色提示的通告"
    assert "测环告〔2026〕1号" in mail.outbox[0].body
    assert len({one.extra_headers["Message-ID"] for one in mail.outbox}) == 2
    row.refresh_from_db()
    assert (row.state, row.proof["handed"], row.proof["parcels"]) == ("sent", 2, 2)
    assert outbox.send_due() == {"sent": 0, "waiting": 0, "failed": 0}
    assert set(Sending.objects.values_list("addresses", flat=True)) == {""}


@pytest.mark.parametrize(("code", "state"), [(550, "failed"), (450, "waiting")])
def test_mail_the_server_refuses_for_good_is_given_up(smtp, monkeypatch, code, state):
    def refuse(self, messages):
        raise smtplib.SMTPRecipientsRefused({"a@example.cn": (code, b"no")})

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    row = put(made.bulletin(), {"mail": ["a@example.cn"]})["mail"]
    outbox.send_due()
    row.refresh_from_db()
    assert row.state == state
    assert row.error


def test_nothing_configured_leaves_it_waiting():
    row = put(made.bulletin(), {"sms": NUMBERS})["sms"]
    assert outbox.send_due() == {"sent": 0, "waiting": 1, "failed": 0}
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("waiting", 1)
    assert "LUOSHI_SMS_URL" in row.error


# --- the SMS gateway --------------------------------------------------------------------------------------------------


def run_until_settled(row: Publication, clock, tries: int = 40) -> Publication:
    """Let the timer's job run at each moment something is due."""
    for _ in range(tries):
        outbox.send_due()
        row.refresh_from_db()
        if row.state != "waiting":
            break
        clock.set(max(row.next_try_at, clock.now()))
    return row


def test_parcel_is_signed_taken_once_and_its_numbers_are_dropped(sms):
    row = put(made.bulletin(), {"web": True, "sms": [*NUMBERS, "+86 138-0000-0001", "12345", ""]})["sms"]
    assert (row.total, row.proof["skipped"]) == (3, 3)
    assert row.proof["text"] == "【乳山市环境保护局】发布橙色提示"
    assert NUMBERS[0] not in json.dumps(list(Sending.objects.values("addresses")))
    assert outbox.send_due() == {"sent": 1, "waiting": 0, "failed": 0}
    assert sms.delivered == dict.fromkeys(NUMBERS, 1)
    assert sms.forged == 0
    row.refresh_from_db()
    assert (row.state, row.sent_at, row.proof["handed"]) == ("sent", CLOCK.now(), 3)
    parcel = Sending.objects.get()
    assert (parcel.addresses, parcel.answer["status"]) == ("", 200)
    assert parcel.answer["body"] == '{"batch": "b1"}'
    assert parcel.digest == hashlib.sha256("\n".join(NUMBERS).encode()).hexdigest()


def test_gateway_that_loses_delays_and_is_busy_delivers_each_text_once(sms, year_2026, monkeypatch):
    monkeypatch.setattr(publishing, "PARCEL", 2)
    numbers = [f"1380000{n:04}" for n in range(7)]
    sms.plan = ["lose", "drop", "busy", "late", "take", "lose", "busy", "late", "drop", "lose"]
    row = run_until_settled(put(made.bulletin(), {"sms": numbers})["sms"], year_2026)
    assert (row.state, row.proof["parcels"], row.proof["handed"]) == ("sent", 4, 7)
    assert sms.delivered == dict.fromkeys(numbers, 1)
    assert row.attempts == len(sms.tries) == 13
    # Each try of a parcel bears its key.
    assert len({key for key, _ in sms.tries}) == 4


def test_pauses_grow_and_a_busy_gateway_is_left_alone_as_long_as_it_asks(sms, year_2026):
    assert [outbox.wait_after(n).total_seconds() for n in (1, 2, 3, 8, 20)] == [15, 30, 60, 1800, 1800]
    sms.plan = ["drop", "busy"]
    row = put(made.bulletin(), {"sms": NUMBERS})["sms"]
    now = year_2026.now()
    outbox.send_due()
    row.refresh_from_db()
    assert (row.next_try_at - now).total_seconds() == 15
    assert outbox.send_due()["sent"] == 0
    year_2026.set(row.next_try_at)
    outbox.send_due()
    row.refresh_from_db()
    assert (row.next_try_at - year_2026.now()).total_seconds() == 120
    assert "HTTP 503" in row.error


@pytest.mark.parametrize("act", ["refuse", "moved"])
def test_refusal_is_final_until_a_person_tries_again(sms, year_2026, act):
    sms.plan = [act]
    row = run_until_settled(put(made.bulletin(), {"sms": NUMBERS})["sms"], year_2026)
    assert (row.state, len(sms.tries)) == ("failed", 1)
    assert row.error.startswith("HTTP ")
    actions.retry(actor=made.clerk(), publication=row.pk)
    row = run_until_settled(row, year_2026)
    assert (row.state, sms.delivered) == ("sent", dict.fromkeys(NUMBERS, 1))
    assert len({key for key, _ in sms.tries}) == 1
    refused("E_STATE", actions.retry, actor=made.clerk(), publication=row.pk)


def test_gateway_that_never_answers_is_given_up(sms, year_2026):
    sms.plan = ["drop"] * outbox.MAX_ATTEMPTS
    row = run_until_settled(put(made.bulletin(), {"sms": NUMBERS})["sms"], year_2026)
    assert (row.state, len(sms.tries)) == ("failed", outbox.MAX_ATTEMPTS)


def test_sender_killed_after_the_hand_over_hands_over_again_under_the_same_key(sms, year_2026):
    row = put(made.bulletin(), {"sms": NUMBERS})["sms"]
    parcel = outbox._claim(Sending.objects.get().pk)
    # Nobody else takes it meanwhile, and it comes back by itself when nothing more is heard.
    assert outbox.send_due()["sent"] == 0
    assert gateway.post(parcel.key, "x", NUMBERS).taken
    year_2026.advance(datetime.timedelta(minutes=3))
    assert outbox.send_due()["sent"] == 1
    assert [key for key, _ in sms.tries] == [parcel.key] * 2
    assert sms.delivered == dict.fromkeys(NUMBERS, 1)
    row.refresh_from_db()
    assert row.state == "sent"


def test_void_paper_sends_nothing_more(sms):
    paper = made.bulletin()
    row = put(paper, {"sms": NUMBERS})["sms"]
    actions.ask_void(actor=made.clerk(), notice=paper.pk, reason="颜色写错了")
    actions.void(actor=made.head(), notice=paper.pk)
    assert outbox.send_due()["sent"] == 0
    assert sms.tries == []
    row.refresh_from_db()
    assert (row.state, Sending.objects.get().addresses) == ("withdrawn", "")


def test_half_a_million_numbers_are_read_one_by_one_in_parcels(monkeypatch):
    monkeypatch.setattr(publishing, "MOST_NUMBERS", 20_000)
    read = []

    @publishing.audience("test.everybody", title="测试名单", channel="sms")
    def everybody(paper):
        for n in range(20_000):
            read.append(n)
            yield f"139{n:08}"

    assert ("test.everybody", "测试名单") in publishing.audiences("sms")
    row = put(made.bulletin(), {"sms": "test.everybody"})["sms"]
    assert (row.total, len(read)) == (20_000, 20_000)
    assert list(Sending.objects.values_list("count", flat=True)) == [5_000] * 4
    more = [f"139{n:08}" for n in range(20_001)]
    refused("E_TOO_LARGE", put, made.bulletin(colour="黄色"), {"sms": more})
    refused("E_INPUT", put, made.bulletin(colour="红色"), {"sms": "test.nobody"})
    refused("E_INPUT", put, made.bulletin(colour="蓝色"), {"sms": ["1"]})


# --- a drill stays in -------------------------------------------------------------------------------------------------


def test_drill_is_withheld_from_every_gateway(sms, smtp):
    paper = made.bulletin(exercise=True)
    wanted = dict.fromkeys(GATEWAYS, True) | {"sms": NUMBERS, "mail": ["a@example.cn"], "web": True}
    found = put(paper, wanted)
    assert {name: one.state for name, one in found.items()} == dict.fromkeys(GATEWAYS, "withheld") | {"web": "done"}
    assert found["sms"].total == 3
    outbox.send_due()
    assert (sms.tries, mail.outbox, Sending.objects.count()) == ([], [], 0)
    assert queries.fed() == []
    refused(
        "E_STATE", actions.record_proof, actor=made.clerk(), publication=found["tv"].pk, at=CLOCK.now(), words="播出"
    )
    refused("E_STATE", actions.retry, actor=made.clerk(), publication=found["sms"].pk)


@pytest.mark.parametrize("channel", GATEWAYS)
def test_database_lets_no_drill_out(channel):
    paper = made.bulletin(exercise=True)
    row = {"notice": paper, "channel": channel, "made_at": CLOCK.now(), "made_name": "x"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.create(**row, exercise=True, state="waiting")
    # It cannot be called none either.
    with pytest.raises(DatabaseError), transaction.atomic():
        Publication.objects.create(**row, exercise=False, state="waiting")
    held = Publication.objects.create(**row, exercise=True, state="withheld")
    for change in (
        {"state": "waiting"},
        {"exercise": False},
        {"channel": "web"},
        {"state": "done", "sent_at": CLOCK.now()},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            Publication.objects.filter(pk=held.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Sending.objects.create(publication=held, place=1, key="x", count=1, digest="0" * 64, next_try_at=CLOCK.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.filter(pk=paper.pk).update(exercise=False)
