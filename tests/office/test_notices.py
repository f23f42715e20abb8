"""Papers from draft to signature: who may, in which order, what a signature fixes, what is void."""

from __future__ import annotations

import datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.messages.models import Message
from luoshi.office.notices import actions, numbers, queries
from luoshi.office.notices.models import Notice, NumberSeries, TakenNumber, TemplateEdition, digest_of
from luoshi.office.roles import Role
from tests.office import notices_made as made
from tests.office.people import actor, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def year_2026():
    made.register()
    CLOCK.set(datetime.datetime(2026, 1, 20, 9, 0, tzinfo=SHANGHAI))
    yield CLOCK
    CLOCK.release()


def refused(code: str, function, *arguments, **named) -> LuoshiError:
    with pytest.raises(LuoshiError) as found:
        function(*arguments, **named)
    assert found.value.code == code, found.value
    return found.value


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_numbers_of_an_organ_run_from_one_each_year(year_2026):
    assert [made.signed().number_text for _ in range(3)] == [
        "测环函〔2026〕1号",
        "测环函〔2026〕2号",
        "测环函〔2026〕3号",
    ]
    year_2026.set(datetime.datetime(2027, 1, 1, 0, 0, tzinfo=SHANGHAI))
    assert made.signed().number_text == "测环函〔2027〕1号"
    assert numbers.faults() == []


def test_number_of_a_drill_is_of_a_run_of_its_own():
    assert made.signed(exercise=True).number_text == "演练测环函〔2026〕1号"
    assert made.signed().number_text == "测环函〔2026〕1号"
    assert set(NumberSeries.objects.values_list("word", flat=True)) == {"演练测环函", "测环函"}


def test_signature_that_fails_takes_no_number():
    def sign_and_fail():
        with transaction.atomic():
            made.signed()
            raise KeyError

    with pytest.raises(KeyError):
        sign_and_fail()
    assert TakenNumber.objects.count() == 0
    assert made.signed().number_text == "测环函〔2026〕1号"


def test_case_numbers_follow_their_pattern_and_end():
    numbers.register_series("CSWR", pattern="CSWR-{year}-{n:01}", title="测试事件")
    taken = [numbers.take_number(series="CSWR", year=2026) for _ in range(9)]
    assert taken[0] == "CSWR-2026-1"
    assert taken[-1] == "CSWR-2026-9"
    error = refused("E_SERIES_FULL", numbers.take_number, series="CSWR", year=2026)
    assert error.fields["last"] == 9
    assert numbers.take_number(series="CSWR", year=2027) == "CSWR-2027-1"


@pytest.mark.parametrize(
    ("pattern", "year", "part", "text"),
    [
        ("RSZWR-{year}-{n:03}", 2026, "", "RSZWR-2026-001"),
        ("LD{year}{part}{n:05}", 2026, "102", "LD202610200001"),
        ("LD-371083-{n:06}", 2026, "", "LD-371083-000001"),
        ("JG{year}{part}{n:06}", 2026, "07", "JG202607000001"),
        ("HJ{yy}{n:04}", 2026, "", "HJ260001"),
    ],
)
def test_forms_of_case_numbers(pattern, year, part, text):
    word = "CS" + pattern[:2] + str(len(pattern))
    numbers.register_series(word, pattern=pattern, title="测试")
    assert numbers.take_number(series=word, year=year, part=part) == text
    assert numbers.take_number(series=word, year=year + 1, part=part) != text


def test_series_that_is_none_is_refused():
    refused("E_INPUT", numbers.take_number, series="no such", year=2026)
    refused("E_INPUT", numbers.take_number, series="测环函", year=26)
    with pytest.raises(ValueError, match="pattern"):
        numbers.register_series("X", pattern="X-{year}", title="x")
    with pytest.raises(ValueError, match="pattern"):
        numbers.register_series("X", pattern="X-{n}-{other}", title="x")


def test_run_goes_on_from_a_paper_register():
    chief = actor("chief", (Role.LEADER, "environment"))
    run = numbers.open_series(
        actor=chief, word="测环函", year=2026, first=35, organ="environment", reason="前34号在纸质登记簿"
    )
    assert (run.first, made.signed().number_text) == (35, "测环函〔2026〕35号")
    assert made.signed().number_text == "测环函〔2026〕36号"
    refused(
        "E_STATE",
        numbers.open_series,
        actor=chief,
        word="测环函",
        year=2026,
        first=1,
        organ="environment",
        reason="再开",
    )
    clerk = made.clerk()
    refused(
        "E_FORBIDDEN",
        numbers.open_series,
        actor=clerk,
        word="测函",
        year=2026,
        first=2,
        organ="environment",
        reason="续",
    )
    assert numbers.faults() == []


@pytest.mark.parametrize("n", [3, 1])
def test_database_refuses_a_gap_and_a_double(n):
    made.signed()
    run = NumberSeries.objects.get()
    with pytest.raises(DatabaseError), transaction.atomic():
        TakenNumber.objects.create(series=run, n=n, text=f"x{n}", taken_at=CLOCK.now())


def test_database_keeps_numbers_and_makes_them_void_once():
    paper = made.signed()
    for act in (
        lambda: TakenNumber.objects.all().delete(),
        lambda: TakenNumber.objects.update(n=2),
        lambda: TakenNumber.objects.update(text="别的"),
        lambda: TakenNumber.objects.update(subject="notice:99"),
        lambda: NumberSeries.objects.update(first=7),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()
    numbers.make_void(paper.number, "测试作废")
    with pytest.raises(DatabaseError), transaction.atomic():
        TakenNumber.objects.update(state="live", void_at=None, void_reason="")


def test_gap_made_by_force_is_seen():
    from django.db import connection

    for _ in range(3):
        made.signed()
    assert numbers.faults() == []
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER notices_takennumber_kept")
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE notices_takennumber DISABLE TRIGGER USER")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "PRAGMA defer_foreign_keys = ON" if connection.vendor == "sqlite" else "SET CONSTRAINTS ALL DEFERRED"
        )
        cursor.execute("DELETE FROM notices_takennumber WHERE n = 2")
        assert [one.words for one in numbers.faults()] == ["缺 2 号"]
        told = queries.proof()
        assert not told["whole"]
        # Put back, so that the end of the test finds no paper without its number.
        run = NumberSeries.objects.get().pk
        paper = Notice.objects.get(number_text="测环函〔2026〕2号")
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER notices_takennumber_gapless")
        cursor.execute(
            "INSERT INTO notices_takennumber (id, series_id, n, text, subject, taken_at, state, void_reason) "
            "VALUES (%s, %s, 2, %s, %s, %s, 'live', '')",
            [paper.number_id, run, paper.number_text, f"notice:{paper.pk}", paper.signed_at],
        )


# --- the order of acts ------------------------------------------------------------------------------------------------


def test_signed_paper_has_number_day_and_digest(year_2026):
    clerk, head = made.clerk(), made.head()
    paper = made.letter(clerk, case=12, subject="matter:7")
    assert (paper.state, paper.number_text, paper.digest) == ("draft", "", "")
    signed = actions.sign(actor=head, notice=paper.pk, version=paper.version)
    assert (signed.state, signed.dated, signed.signed_name) == ("signed", datetime.date(2026, 1, 20), "测试n-head")
    assert signed.digest == digest_of(Notice.objects.get())
    assert (signed.number.subject, signed.case, signed.subject) == (f"notice:{paper.pk}", 12, "matter:7")
    assert list(AuditEntry.objects.filter(subject=f"notice:{paper.pk}").values_list("act", flat=True)) == [
        "notice.draft", "notice.sign",
    ]  # fmt: skip
    assert Message.objects.get(user_id=clerk.user_id).text == (
        "您拟的“关于完成测试的函”已由测试n-head签发，测环函〔2026〕1号。"
    )


def test_who_wrote_it_does_not_sign_it():
    both = actor("both", (Role.CLERK, made.ORGAN), (Role.LEADER, made.ORGAN))
    paper = made.letter(both)
    refused("E_SELF", actions.sign, actor=both, notice=paper.pk)
    # Another hand rewrites it: the first one has still written it.
    actions.revise(actor=made.clerk(), notice=paper.pk, fields={"item": "改过", "to": "finance", "day": "2026-02-02"})
    refused("E_SELF", actions.sign, actor=both, notice=paper.pk)
    refused("E_SELF", actions.sign, actor=Actor.system("程序", "test"), notice=paper.pk)
    assert actions.sign(actor=made.head(), notice=paper.pk).state == "signed"


def test_program_drafts_and_a_person_signs():
    paper = made.letter(Actor.system("系统", "timer"))
    assert actions.sign(actor=made.head(), notice=paper.pk).signed_name == "测试n-head"


def test_kind_that_asks_for_a_check_is_signed_after_it():
    clerk, reviewer, head = made.clerk(), made.reviewer(), made.head()
    paper = actions.draft(actor=clerk, kind="test.bulletin", fields={"colour": "黄色"})
    refused("E_STATE", actions.sign, actor=head, notice=paper.pk)
    refused("E_FORBIDDEN", actions.check, actor=clerk, notice=paper.pk)
    checked = actions.check(actor=reviewer, notice=paper.pk)
    assert (checked.state, checked.checked_name) == ("checked", "测试n-reviewer")
    # A change after the check makes the check void.
    changed = actions.revise(actor=clerk, notice=paper.pk, fields={"colour": "红色"})
    assert (changed.state, changed.checked_at, changed.title) == ("draft", None, "关于发布红色提示的通告")
    refused("E_STATE", actions.sign, actor=head, notice=paper.pk)
    actions.check(actor=reviewer, notice=paper.pk)
    assert actions.sign(actor=head, notice=paper.pk).number_text == "测环告〔2026〕1号"


def test_checker_is_another_than_the_writer():
    both = actor("both", (Role.CLERK, made.ORGAN), (Role.REVIEWER, made.ORGAN))
    paper = made.letter(both)
    refused("E_SELF", actions.check, actor=both, notice=paper.pk)


@pytest.mark.parametrize(
    ("role", "organ", "may"),
    [(Role.LEADER, made.ORGAN, True), (Role.LEADER, "finance", False), (Role.CLERK, made.ORGAN, False),
     (Role.REVIEWER, made.ORGAN, False), (Role.SUPERVISOR, "government-office", False)],
)  # fmt: skip
def test_only_heads_of_the_organ_sign(role, organ, may):
    paper = made.letter()
    someone = actor("someone", (role, organ))
    if may:
        assert actions.sign(actor=someone, notice=paper.pk).signed
    else:
        with pytest.raises(LuoshiError) as found:
            actions.sign(actor=someone, notice=paper.pk)
        assert found.value.code in ("E_FORBIDDEN", "E_NOT_FOUND")


def test_stale_version_is_refused_with_both():
    paper = made.letter()
    actions.revise(actor=made.clerk(), notice=paper.pk, version=1, texts={"note": "急件"})
    error = refused("E_VERSION", actions.sign, actor=made.head(), notice=paper.pk, version=1)
    assert (error.fields["yours"], error.fields["current"]) == (1, 2)


def test_signed_paper_is_signed_once_and_not_revised():
    paper = made.signed()
    refused("E_STATE", actions.sign, actor=made.head(), notice=paper.pk)
    refused("E_STATE", actions.revise, actor=made.clerk(), notice=paper.pk, texts={"title": "别的"})
    refused("E_STATE", actions.withdraw, actor=made.clerk(), notice=paper.pk)
    assert TakenNumber.objects.count() == 1


def test_draft_taken_back_stays_readable_and_takes_no_number():
    paper = made.letter()
    assert actions.withdraw(actor=made.clerk(), notice=paper.pk).state == "withdrawn"
    refused("E_STATE", actions.sign, actor=made.head(), notice=paper.pk)
    assert queries.notice(made.clerk(), paper.pk).title == "关于完成测试的函"
    assert list(queries.filtered(made.clerk(), queries.NoticeFilter())) == []


def test_same_key_gives_the_same_draft():
    assert made.letter(key="step:1").pk == made.letter(key="step:1", fields={"item": "别的"}).pk
    assert Notice.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [{"title": "改"}, {"content": {}}, {"fields": {}}, {"number_text": "x"}, {"digest": "0" * 64}, {"organ": "finance"},
     {"signed_name": "别人"}, {"dated": datetime.date(2025, 1, 1)}, {"exercise": True}, {"state": "draft"},
     {"slug": "x"}, {"hands": []}, {"public": True}, {"demo": True}, {"subject": "x"}, {"series": ""}],
)  # fmt: skip
def test_database_keeps_a_signed_paper_as_it_is(change):
    paper = made.signed()
    with pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.filter(pk=paper.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Notice.objects.filter(pk=paper.pk).delete()


def test_database_refuses_the_writers_signature_and_one_without_a_number():
    paper = made.letter()
    user = person("n-clerk")
    now = CLOCK.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=paper.pk).update(
            state="signed", signed_at=now, dated=now.date(), digest="0" * 64, signed_by=user, series=""
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Notice.objects.filter(pk=paper.pk).update(state="signed", signed_at=now, dated=now.date(), digest="0" * 64)


# --- void -------------------------------------------------------------------------------------------------------------


def test_void_takes_two_and_keeps_the_number():
    paper, clerk, head = made.signed(), made.clerk(), made.head()
    refused("E_STATE", actions.void, actor=head, notice=paper.pk)
    refused("E_INPUT", actions.ask_void, actor=clerk, notice=paper.pk, reason="错")
    asked = actions.ask_void(actor=clerk, notice=paper.pk, reason="主送单位写错")
    assert (asked.state, asked.void_asked_name) == ("signed", "测试n-clerk")
    refused("E_STATE", actions.ask_void, actor=head, notice=paper.pk, reason="再提一次")
    refused("E_FORBIDDEN", actions.void, actor=clerk, notice=paper.pk)
    gone = actions.void(actor=head, notice=paper.pk)
    assert (gone.state, gone.number.state, gone.number.void_reason) == ("void", "live", "")
    number = TakenNumber.objects.get()
    assert (number.state, number.void_reason, number.text) == ("void", "主送单位写错", "测环函〔2026〕1号")
    assert made.signed().number_text == "测环函〔2026〕2号"
    assert numbers.faults() == []
    refused("E_STATE", actions.ask_void, actor=clerk, notice=paper.pk, reason="又一次作废")


def test_who_asked_for_void_does_not_confirm_it():
    paper = made.signed()
    asking = actor("asking", (Role.LEADER, made.ORGAN))
    actions.ask_void(actor=asking, notice=paper.pk, reason="主送单位写错")
    refused("E_SELF", actions.void, actor=asking, notice=paper.pk)
    kept = actions.withdraw_void(actor=made.head(), notice=paper.pk)
    assert (kept.state, kept.void_reason, kept.void_asked_at) == ("signed", "", None)


def test_paper_that_replaces_another_names_it():
    first = made.signed()
    draft = made.letter()
    refused("E_STATE", made.letter, replaces=draft.pk)
    second = made.letter(replaces=first.pk)
    assert actions.sign(actor=made.head(), notice=second.pk).replaces == first
    third = made.letter(replaces=first.pk)
    actions.ask_void(actor=made.clerk(), notice=first.pk, reason="主送单位写错")
    actions.void(actor=made.head(), notice=first.pk)
    refused("E_STATE", actions.sign, actor=made.head(), notice=third.pk)


# --- what is seen -----------------------------------------------------------------------------------------------------


def test_papers_of_other_organs_do_not_exist():
    paper = made.signed()
    other = actor("other", (Role.CLERK, "finance"))
    refused("E_NOT_FOUND", queries.notice, other, paper.pk)
    assert list(queries.filtered(other, queries.NoticeFilter())) == []
    refused("E_NOT_FOUND", queries.numbered, other, "测环函〔2026〕1号")
    assert queries.numbered(made.clerk(), "测环函〔2026〕1号").pk == paper.pk


def test_list_pages_facets_and_bounded_queries(django_assert_num_queries):
    clerk = made.clerk()
    for _ in range(5):
        made.signed()
    made.letter()
    page = queries.notices(clerk, queries.NoticeFilter(), size=4)
    assert [row.number_text for row in page.rows] == ["", "测环函〔2026〕5号", "测环函〔2026〕4号", "测环函〔2026〕3号"]
    rest = queries.notices(clerk, queries.NoticeFilter(), size=4, after=page.next)
    assert [row.number_text for row in rest.rows] == ["测环函〔2026〕2号", "测环函〔2026〕1号"]
    found = queries.facets(clerk, queries.NoticeFilter(states=("signed",)))
    assert (found.states, found.kinds, found.years) == ({"signed": 5, "draft": 1}, {"test.letter": 5}, (2026,))
    assert queries.total(clerk, queries.NoticeFilter(year=2025)).value == 0
    assert queries.total(clerk, queries.NoticeFilter(year=2026, q="〔2026〕5")).value == 1
    from luoshi.office.duties.concern import remembered

    with remembered():
        queries.notices(clerk, queries.NoticeFilter(), size=1)
        with django_assert_num_queries(2):
            queries.notices(clerk, queries.NoticeFilter(), size=1)
        with django_assert_num_queries(2):
            queries.notices(clerk, queries.NoticeFilter(), size=6)


def test_proof_of_the_whole_register_finds_an_altered_text():
    from django.db import connection

    made.signed()
    assert queries.proof() == {"notices": 1, "altered": [], "series": [], "whole": True}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER notices_notice_signed")
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE notices_notice DISABLE TRIGGER USER")
    Notice.objects.update(title="改过的标题")
    assert queries.proof()["altered"] == ["测环函〔2026〕1号"]


def test_delivered_kinds_are_whole():
    from luoshi.office.notices import content, kinds

    for kind in kinds.kinds().values():
        for required_only in (False, True):
            assert content.sample(kind, kind.words, CLOCK.today(), required_only=required_only).title
    assert "duties.supervision_letter" in kinds.kinds()
    assert TemplateEdition.objects.count() == 0


def test_what_a_trigger_looks_up_is_restored_before_it():
    """A backup is put back table by table in the order of their names, with the triggers in place."""
    from luoshi.office.notices import triggers

    looked_up = [
        (triggers.SERIES, triggers.NUMBER), (triggers.NOTICE, triggers.PUBLICATION),
        (triggers.PUBLICATION, triggers.SENDING),
    ]  # fmt: skip
    assert [pair for pair in looked_up if not pair[0] < pair[1]] == []


def test_what_waits_for_a_hand_is_counted_and_told_once():
    clerk, reviewer, head = made.clerk(), made.reviewer(), made.head()
    made.letter(clerk)
    checked = actions.draft(actor=clerk, kind="test.bulletin", fields={"colour": "黄色"})
    assert queries.awaited(head) == queries.Awaited(1, 1, 0, 0, 0)
    assert queries.awaited(reviewer) == queries.Awaited(0, 1, 0, 0, 0)
    assert queries.awaited(clerk) == queries.Awaited(0, 0, 0, 0, 0)
    actions.check(actor=reviewer, notice=checked.pk)
    assert queries.awaited(head).sign == 2
    assert set(Message.objects.filter(user_id=head.user_id).values_list("text", flat=True)) == {
        "“关于完成测试的函”待您签发。", "“关于发布黄色提示的通告”待您签发。",
    }  # fmt: skip
    assert Message.objects.get(user_id=reviewer.user_id).text == "“关于发布黄色提示的通告”待您核稿。"
    signed = actions.sign(actor=head, notice=checked.pk)
    actions.publish(actor=clerk, notice=signed.pk, channels={"inside": ["finance"]})
    actions.ask_void(actor=clerk, notice=signed.pk, reason="颜色写错了")
    assert queries.awaited(head) == queries.Awaited(1, 0, 1, 0, 0)
    assert queries.awaited(actor("there", (Role.CLERK, "finance"))).receive == 1
    assert queries.awaited(Actor.system("程序", "test")) == queries.Awaited(0, 0, 0, 0, 0)


def test_organ_without_a_word_of_its_own_does_not_issue():
    someone = actor("someone", (Role.CLERK, "audit"))
    fields = {"subject": "商请办理某事", "addressee": ["finance"], "text": "请办理。"}
    refused("E_INPUT", actions.draft, actor=someone, kind="notices.letter", fields=fields, organ="audit")
    paper = actions.draft(actor=made.clerk(), kind="notices.letter", fields=fields, organ=made.ORGAN)
    signed = actions.sign(actor=made.head(), notice=paper.pk)
    assert (signed.number_text, signed.content["masthead"]) == ("乳环函〔2026〕1号", "乳山市环境保护局")
