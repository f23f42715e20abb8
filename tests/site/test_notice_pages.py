"""Pages, API and command of papers: what each role sees and does, refusals with what was typed, what is public."""

from __future__ import annotations

import datetime
import io
import json
import re
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from lxml import etree

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.accounts import credentials
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.notices import actions, copies, templates
from luoshi.office.notices.models import Notice, Publication, TemplateEdition
from luoshi.office.roles import Role
from tests.office import notices_made as made
from tests.office.people import client_of, person

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def year_2026(settings):
    made.register()
    settings.CSRF_TRUSTED_ORIGINS = ["https://luoshi.example.cn"]
    CLOCK.set(datetime.datetime(2026, 1, 20, 9, 0, tzinfo=SHANGHAI))
    yield CLOCK
    CLOCK.release()


def logged(login: str, *held: tuple[Role, str]) -> Client:
    user = User.objects.filter(login=login).first() or person(login, *held)
    return client_of(user)


@pytest.fixture
def clerk() -> Client:
    return logged("n-clerk", (Role.CLERK, made.ORGAN))


@pytest.fixture
def reviewer() -> Client:
    return logged("n-reviewer", (Role.REVIEWER, made.ORGAN))


@pytest.fixture
def head() -> Client:
    return logged("n-head", (Role.LEADER, made.ORGAN))


def body_of(response: Any, status: int = 200) -> str:
    text = response.content.decode()
    assert response.status_code == status, text[:3000]
    return text


def show(client: Client, name: str, *arguments: Any, status: int = 200, **query: str) -> str:
    return body_of(client.get(reverse(name, args=arguments), query), status)


def act(client: Client, paper: Notice, name: str, **more: Any) -> Any:
    return client.post(reverse("notice-act", args=[paper.pk]), {"act": name, **more})


# --- the list ---------------------------------------------------------------------------------------------------------


def test_list_shows_own_papers_with_filters_and_counts(clerk):
    made.signed()
    made.letter()
    other = logged("other", (Role.CLERK, "finance"))
    text = show(clerk, "notices")
    assert "测环函〔2026〕1号" in text
    assert "2 条" in text
    assert "测环函〔2026〕" not in show(clerk, "notices", state="draft")
    assert "没有符合条件的文书" in show(clerk, "notices", year="2020")
    assert "测环函〔2026〕1号" in show(clerk, "notices", q="2026〕1")
    assert "测环函" not in show(other, "notices")


def test_list_asks_the_same_number_of_queries_for_one_and_for_many(clerk, django_assert_max_num_queries):
    made.signed()
    show(clerk, "notices")
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as one:
        show(clerk, "notices")
    for _ in range(6):
        actions.publish(actor=made.clerk(), notice=made.signed().pk, channels={"inside": ["finance"]})
    with CaptureQueriesContext(connection) as many:
        show(clerk, "notices")
    assert len(many) <= len(one) + 1


def test_what_is_served_on_an_organ_is_its_inbox(clerk):
    there = logged("there", (Role.CLERK, "finance"))
    paper = made.signed()
    actions.publish(actor=made.clerk(), notice=paper.pk, channels={"inside": ["finance"]})
    made.signed()
    text = show(there, "notices", box="in")
    assert text.count("关于完成测试的函") >= 1
    assert "1 条" in text
    page = show(there, "notice", paper.pk)
    assert "签收" in page
    assert "提出作废" not in page
    pub = Publication.objects.get()
    assert act(there, paper, "receive", publication=pub.pk).status_code == 303
    assert "测试there签收" in show(there, "notice", paper.pk)


# --- from draft to the public -----------------------------------------------------------------------------------------


def test_clerk_drafts_reviewer_checks_head_signs_clerk_publishes(clerk, reviewer, head):
    form = {"kind": "test.bulletin", "f.colour": "橙色"}
    preview = body_of(clerk.post(reverse("notice-new"), form | {"act": "preview"}))
    assert "全文是这样" in preview
    assert "橙色提示。" in preview
    assert Notice.objects.count() == 0
    answer = clerk.post(reverse("notice-new"), form | {"act": "draft"})
    paper = Notice.objects.get()
    assert answer.status_code == 303
    assert answer.url == f"/publish/notices/{paper.pk}/?done=draft"
    assert "须先核稿" in show(head, "notice", paper.pk)
    assert "已存草稿" in body_of(clerk.get(answer.url))
    assert act(reviewer, paper, "check", version=1).status_code == 303
    page = show(head, "notice", paper.pk)
    assert "签发这件文书" in page
    assert "签发后正文、编号、日期都不能再改" in page
    assert act(head, paper, "sign", version=2).status_code == 303
    assert "测环告〔2026〕1号" in show(clerk, "notice", paper.pk)
    sent = clerk.post(
        reverse("notice-act", args=[paper.pk]),
        {"act": "publish", "version": 3, "channel": ["web", "feed", "tv"], "inside": ["finance"]},
    )
    assert sent.status_code == 303
    assert set(Publication.objects.values_list("channel", flat=True)) == {"web", "feed", "tv", "inside"}
    assert "测环告〔2026〕1号" in show(Client(), "open-notices")


def test_form_refused_is_shown_again_with_what_was_typed(clerk):
    form = {"kind": "test.letter", "f.item": "某事", "f.to": "", "f.day": "2026-13-40", "f.rows": "甲|两个\n乙|2|多"}
    text = body_of(clerk.post(reverse("notice-new"), form | {"act": "draft"}), 422)
    assert 'value="某事"' in text
    assert "“主送单位”没有填" in text
    assert "“日期”应是日期" in text
    assert "“清单”第 1 行：“数”应是整数" in text
    assert "“清单”第 2 行：没有“多”这一项" in text
    assert 'href="#f-f.day"' in text
    assert Notice.objects.count() == 0


def test_rows_of_a_table_come_as_lines(clerk):
    form = {"kind": "test.letter", "f.item": "某事", "f.to": "finance", "f.day": "2026-02-01",
            "f.rows": "甲厂 | 3\n乙厂\t4\n", "act": "draft"}  # fmt: skip
    assert clerk.post(reverse("notice-new"), form).status_code == 303
    assert Notice.objects.get().fields["rows"] == [{"name": "甲厂", "count": 3}, {"name": "乙厂", "count": 4}]


def test_draft_is_revised_by_fields_and_by_hand(clerk):
    paper = made.letter()
    page = show(clerk, "notice-revise", paper.pk)
    assert "请于2026年2月1日前办结完成测试。" in page
    url = reverse("notice-revise", args=[paper.pk])
    parts = {"t.title": "关于手写的函", "t.to": "市财政局", "t.body": "一、手写\n内容。"}
    assert clerk.post(url, parts | {"act": "texts", "version": 1}).status_code == 303
    assert "人工改过文字" in show(clerk, "notice", paper.pk)
    stale = body_of(clerk.post(url, parts | {"act": "texts", "version": 1, "t.body": "我打的字。"}), 409)
    assert "我打的字。" in stale
    empty = body_of(clerk.post(url, parts | {"act": "texts", "version": 2, "t.body": " "}), 422)
    assert "正文是空的" in empty


def test_writer_sees_no_signature_and_is_refused(clerk):
    both = logged("both", (Role.CLERK, made.ORGAN), (Role.LEADER, made.ORGAN))
    assert both.post(reverse("notice-new"), {"kind": "test.letter", "f.item": "某事", "f.to": "finance",
                                             "f.day": "2026-02-01", "act": "draft"}).status_code == 303  # fmt: skip
    paper = Notice.objects.get()
    assert "签发这件文书" not in show(both, "notice", paper.pk)
    text = body_of(act(both, paper, "sign", version=1), 403)
    assert "签发须由另一人办理" in text
    assert 'class="gov' in text


def test_void_takes_two_and_shows_everywhere(clerk, head):
    paper = made.bulletin()
    actions.publish(actor=made.clerk(), notice=paper.pk, channels=["web", "feed"])
    text = body_of(act(clerk, paper, "ask_void", version=4, reason="错"), 422)
    assert "请写明作废的理由" in text
    assert act(clerk, paper, "ask_void", version=4, reason="颜色写错了").status_code == 303
    assert "确认作废" in show(head, "notice", paper.pk)
    assert act(head, paper, "void", version=5).status_code == 303
    assert "编号留在登记簿" in show(clerk, "notice", paper.pk)
    run = re.search(r"\?run=(\d+)", show(clerk, "notice-numbers")).group(1)
    register = show(clerk, "notice-numbers", run=run)
    assert "测环告〔2026〕1号" in register
    assert "颜色写错了" in register
    assert "颜色写错了" in show(Client(), "open-notice", paper.slug)
    assert "已作废" in show(Client(), "open-verify", paper.slug, d=paper.digest[:16])


def test_proof_is_recorded_with_its_file_and_kept_on_refusal(clerk):
    paper = made.bulletin()
    actions.publish(actor=made.clerk(), notice=paper.pk, channels=["tv"])
    pub = Publication.objects.get()
    form = {"publication": pub.pk, "at": "2026-01-20T10:30", "words": "电视台晚间新闻", "reach": "12,000"}
    text = body_of(act(clerk, paper, "proof", **form), 422)
    assert "发布时间还没有到" in text
    assert 'value="电视台晚间新闻"' in text
    CLOCK.set(datetime.datetime(2026, 1, 20, 11, 0, tzinfo=SHANGHAI))
    file = io.BytesIO("播出证明".encode())
    file.name = "播出证明.txt"
    assert act(clerk, paper, "proof", **form, file=file).status_code == 303
    page = show(clerk, "notice", paper.pk)
    assert "电视台晚间新闻，覆盖约 12,000 人" in page
    proof = clerk.get(reverse("notice-proof", args=[paper.pk, pub.pk]))
    assert proof.content == "播出证明".encode()


@pytest.mark.parametrize("form", ["pdf", "docx"])
def test_paper_is_downloaded(clerk, form):
    paper = made.signed()
    answer = clerk.get(reverse("notice-file", args=[paper.pk, form]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == copies.FORMS[form]
    assert answer.content == copies.as_file(paper, form)
    other = logged("other", (Role.CLERK, "finance"))
    assert other.get(reverse("notice-file", args=[paper.pk, form])).status_code == 404


def test_drill_is_marked_on_every_page(clerk):
    paper = made.bulletin(exercise=True)
    actions.publish(actor=made.clerk(), notice=paper.pk, channels={"web": True, "sms": ["13800000001"]})
    page = show(clerk, "notice", paper.pk)
    assert "演练文书：每一行都标明演练" in page
    assert "演练，没有对外发送" in page
    public = show(Client(), "open-notice", paper.slug)
    assert "这是演练文书，不是真实通知" in public
    assert "【演练】橙色提示。" in public
    assert "【演练】" in show(Client(), "open-notices")


# --- templates --------------------------------------------------------------------------------------------------------


def edition_form(**change: str) -> dict[str, str]:
    words = templates.on_day("test.letter", CLOCK.today()).kind.words
    form = {f"t.{part}": text for part, text in words.items()}
    return form | {"valid_from": "2026-02-01", "reason": "改措辞", "act": "preview"} | change


def test_template_is_edited_with_a_preview_and_two_hands(clerk, reviewer):
    url = reverse("notice-template", args=["test.letter"])
    assert "关于{{ item }}的函" in show(clerk, "notice-template", "test.letter")
    text = body_of(clerk.post(url, edition_form(**{"t.title": "商请办理{{ item }}的函"})))
    assert "改后的样张" in text
    assert "商请办理某事的函" in text
    assert TemplateEdition.objects.count() == 0
    sent = clerk.post(url, edition_form(**{"t.title": "商请办理{{ item }}的函", "act": "send"}))
    assert sent.status_code == 303
    edition = TemplateEdition.objects.get()
    assert "批准，自" not in show(clerk, "notice-template", "test.letter")
    page = show(reviewer, "notice-template", "test.letter")
    assert "批准，自2月1日起用" in page or "批准，自2026年2月1日起用" in page
    url = reverse("notice-template-act", args=[edition.pk])
    assert reviewer.post(url, {"act": "approve", "version": 1}).status_code == 303
    assert "第 1 号" in show(clerk, "notice-template", "test.letter").replace(str(edition.pk), "1")
    assert "本单位改过" not in show(clerk, "notice-templates")
    CLOCK.set(datetime.datetime(2026, 2, 1, 9, 0, tzinfo=SHANGHAI))
    assert "本单位改过" in show(clerk, "notice-templates")
    assert made.letter().title == "商请办理完成测试的函"


def test_faulty_template_names_part_line_and_field_and_keeps_the_words(clerk):
    form = edition_form(**{"t.body": "第一行\n{{ gone }}"})
    text = body_of(clerk.post(reverse("notice-template", args=["test.letter"]), form), 422)
    assert "正文第 2 行：没有“gone”这个字段" in text
    assert 'href="#f-t.body"' in text
    assert "第一行\n{{ gone }}" in text
    text = body_of(clerk.post(reverse("notice-template", args=["test.letter"]), edition_form(valid_from="")), 422)
    assert "请填从哪一天起用" in text


def test_template_of_another_organ_is_only_looked_at():
    other = logged("other", (Role.CLERK, "finance"))
    page = show(other, "notice-template", "test.letter")
    assert "拟改文字" not in page
    answer = other.post(reverse("notice-template", args=["test.letter"]),
                        edition_form(**{"t.title": "x", "act": "send"}))  # fmt: skip
    assert answer.status_code == 403


# --- what is public ---------------------------------------------------------------------------------------------------


def test_public_pages_show_published_papers_only_and_load_no_scripts():
    hidden = made.bulletin(colour="黄色")
    paper = made.bulletin()
    actions.publish(actor=made.clerk(), notice=paper.pk, channels=["web", "feed"])
    visitor = Client()
    listed = show(visitor, "open-notices")
    assert "关于发布橙色提示的通告" in listed
    assert "黄色" not in listed
    assert visitor.get(reverse("open-notice", args=[hidden.slug])).status_code == 404
    page = show(visitor, "open-notice", paper.slug)
    assert "<script" not in page
    assert len(page.encode()) < 20_000
    assert "测试n-" not in page
    again = visitor.get(reverse("open-notice", args=[paper.slug]))
    same = visitor.get(reverse("open-notice", args=[paper.slug]), headers={"If-None-Match": again["ETag"]})
    assert same.status_code == 304
    pdf = visitor.get(reverse("open-notice-file", args=[paper.slug]))
    assert pypdf.PdfReader(io.BytesIO(pdf.content)).metadata.title == paper.title
    assert visitor.get(reverse("open-notice-file", args=[hidden.slug])).status_code == 404


def test_feed_is_atom_with_stable_addresses():
    paper = made.bulletin()
    actions.publish(actor=made.clerk(), notice=paper.pk, channels=["web", "feed"])
    web_only = made.bulletin(colour="黄色")
    actions.publish(actor=made.clerk(), notice=web_only.pk, channels=["web"])
    answer = Client().get(reverse("open-notices-feed"))
    assert answer["Content-Type"].startswith("application/atom+xml")
    tree = etree.fromstring(answer.content)
    entries = tree.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}title") for one in entries] == ["关于发布橙色提示的通告"]
    assert entries[0].find(f"{ATOM}link").get("href") == f"https://luoshi.example.cn/open/notices/{paper.slug}/"
    assert entries[0].findtext(f"{ATOM}id") == f"urn:luoshi:notice:{paper.slug}"
    assert entries[0].findtext(f"{ATOM}updated").endswith("+08:00")
    assert "测环告〔2026〕1号" in entries[0].findtext(f"{ATOM}summary")


def test_check_page_says_genuine_altered_unknown_and_hides_what_is_not_public():
    letter = made.signed()
    visitor = Client()
    good = show(visitor, "open-verify", letter.slug, d=letter.digest[:16])
    assert "真实有效" in good
    assert "测环函〔2026〕1号" in good
    assert letter.title not in good
    assert "内容不符" in show(visitor, "open-verify", letter.slug, d="f" * 16)
    assert "查无此件" in show(visitor, "open-verify", "nothing", status=404)
    assert "真实有效" in show(visitor, "open-verify-form", code=letter.slug.upper(), d=letter.digest[:16])
    assert "核验码" in show(visitor, "open-verify-form")


# --- API and command --------------------------------------------------------------------------------------------------


def api(login: str, *held: tuple[Role, str]) -> Any:
    user = User.objects.filter(login=login).first() or person(login, *held)
    _, token = credentials.give_token(
        actor=standing(user).actor("test"), label="test", expires_on=CLOCK.today() + datetime.timedelta(days=2)
    )
    client = Client(headers={"Authorization": f"Bearer {token}"})

    def call(method: str, path: str, told: Any = None, status: int = 200) -> Any:
        answer = client.generic(method, f"/api/v1{path}", json.dumps(told or {}), "application/json")
        assert answer.status_code == status, answer.content.decode()[:2000]
        return (
            answer.json()
            if answer["Content-Type"].startswith("application/") and answer.content[:1] in b"[{"
            else answer
        )

    return call


def test_api_carries_a_paper_from_draft_to_void():
    clerk = api("n-clerk", (Role.CLERK, made.ORGAN))
    head = api("n-head", (Role.LEADER, made.ORGAN))
    fields = {"item": "某事", "to": "finance", "day": "2026-02-01"}
    paper = clerk("POST", "/notices", {"kind": "test.letter", "fields": fields, "subject": "matter:1"}, 201)
    assert (paper["state"], paper["number"]) == ("draft", "")
    told = clerk("POST", "/notices", {"kind": "test.letter", "fields": {"item": 1}}, 422)
    assert {one["field"] for one in told["fields"]["faults"]} == {"to", "day"}
    pk = paper["id"]
    clerk("POST", f"/notices/{pk}/sign", {"version": 1}, 403)
    signed = head("POST", f"/notices/{pk}/sign", {"version": 1})
    assert signed["number"] == "测环函〔2026〕1号"
    head("POST", f"/notices/{pk}/sign", {"version": 2}, 422)
    sent = clerk("POST", f"/notices/{pk}/publish", {"version": 2, "inside": ["finance"], "channels": ["hand"]})
    assert [(one["channel"], one["state"]) for one in sent["publications"]] == [("hand", "waiting"), ("inside", "sent")]
    there = api("there", (Role.CLERK, "finance"))
    inside = sent["publications"][1]["id"]
    assert there("POST", f"/notices/publications/{inside}/receive")["state"] == "done"
    hand = sent["publications"][0]["id"]
    proof = {"at": "2026-01-20T09:00:00+08:00", "words": "专人送达，对方签字"}
    assert clerk("POST", f"/notices/publications/{hand}/proof", proof)["state"] == "done"
    assert clerk("GET", "/notices?subject=matter:1")["items"][0]["id"] == pk
    assert clerk("GET", f"/notices/{pk}/file.pdf").content[:5] == b"%PDF-"
    clerk("GET", f"/notices/{pk}/file.odt", status=404)
    clerk("POST", f"/notices/{pk}/void/ask", {"version": 3, "reason": "主送单位写错"})
    assert head("POST", f"/notices/{pk}/void/confirm", {"version": 4})["state"] == "void"
    assert clerk("GET", "/notices/numbers")[0] == {
        "id": clerk("GET", "/notices/numbers")[0]["id"], "word": "测环函", "year": 2026, "part": "",
        "organ": made.ORGAN, "gapless": True, "first": 1, "taken": 1, "void": 1,
    }  # fmt: skip
    verdict = Client().get(f"/api/v1/open/verify/{signed['slug']}?d={signed['digest'][:16]}").json()
    assert (verdict["state"], verdict["same"], verdict["title"]) == ("void", True, "")


def test_api_gives_kinds_and_takes_editions():
    clerk = api("n-clerk", (Role.CLERK, made.ORGAN))
    reviewer = api("n-reviewer", (Role.REVIEWER, made.ORGAN))
    kind = clerk("GET", "/notices/kinds/test.letter")
    assert kind["series"] == {made.ORGAN: "测环函"}
    assert {one["key"] for one in clerk("GET", "/notices/kinds")} >= {"test.letter", "notices.letter"}
    words = kind["words"] | {"title": "新题{{ item }}"}
    edition = clerk("POST", "/notices/kinds/test.letter/editions", {"words": words, "valid_from": "2026-01-20"}, 201)
    reviewer("POST", f"/notices/editions/{edition['id']}/approve", {"version": 1})
    assert clerk("GET", "/notices/kinds/test.letter")["words"]["title"] == "新题{{ item }}"
    assert clerk("GET", "/notices/kinds/test.letter/editions")[0]["state"] == "approved"


def test_command_lists_shows_prints_and_verifies(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from luoshi.site.commands import notices as module

    paper = made.signed()
    run = CliRunner()

    def told(*words: str, status: int = 0) -> str:
        result = run.invoke(module.command, list(words))
        assert result.exit_code == status, result.output + str(result.exception)
        return result.output

    assert json.loads(told("list"))[0]["number"] == "测环函〔2026〕1号"
    assert json.loads(told("show", "测环函〔2026〕1号"))["digest"] == paper.digest
    target = tmp_path / "a.pdf"
    told("pdf", str(paper.pk), "-o", str(target))
    assert target.read_bytes()[:5] == b"%PDF-"
    assert json.loads(told("verify"))["whole"]
    assert json.loads(told("verify", paper.slug, "--digest", paper.digest[:16]))["same"]
    assert not json.loads(told("verify", "测环函〔2026〕1号", "--digest", "0" * 16, status=3))["same"]
    assert json.loads(told("series"))[0]["word"] == "测环函"
    told("show", "无〔2026〕9号", status=5)
    told("verify", str(made.letter().pk), status=3)
