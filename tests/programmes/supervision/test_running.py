"""The ladder through the timer, letters from draft to close, cross-offs with consent, more time, referrals."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office import timer
from luoshi.office.accounts.models import User
from luoshi.office.audit.models import AuditEntry
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties.matter_models import MatterEvent, State
from luoshi.office.notices.models import Notice, TakenNumber
from luoshi.programmes.supervision import (
    circulars,
    crossing,
    desk,
    integrity,
    letter_forms,
    letters,
    meetings,
    referrals,
)
from luoshi.programmes.supervision.models import (
    CircularLine,
    IntegrityCase,
    Plan,
    Referral,
    SpotCheck,
    SupervisionLetter,
)
from tests.programmes.supervision import running_made as made

REPLY = {
    "done": "已组织专班逐项核对并开工建设。",
    "why": "雨季停工",
    "following": "增加班组",
    "finish_by": datetime.date(2019, 6, 28),
}

_LADDER = ("matters.overdue", "matters.supervision", "matters.ladder", "supervision.letters")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    timer.autodiscover_modules("timers")
    kept = {k: t for k, t in timer._TIMERS.items() if k.startswith(_LADDER)}
    monkeypatch.setattr(timer, "_TIMERS", kept)
    yield
    CLOCK.release()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("due", "first", "expected"),
    [
        # Worked example 9: what exists on the evening before each day, and on it.
        ("2019-04-26", "2019-04-26", ["05-08", "05-20", "06-11"]),
        ("2019-09-27", "2019-09-27", ["10-12", "10-23", "11-13"]),
    ],
)
def test_the_ladder_drafts_on_the_exact_days_and_once(due: str, first: str, expected: list[str]) -> None:
    made.at(f"{first}T09:00")
    one, other = made.leaf(due), made.leaf(due)
    timer.tick()
    year = due[:4]
    tables = (SupervisionLetter, CircularLine, Referral)
    begun = datetime.date.fromisoformat(due)
    for n, day in enumerate(expected):
        on = datetime.date.fromisoformat(f"{year}-{day}")
        made.days(str(begun + datetime.timedelta(days=1)), str(on - datetime.timedelta(days=1)))
        assert tables[n].objects.count() == 0, day
        made.days(str(on), str(on))
        assert tables[n].objects.count() > 0, day
        begun = on
    # One draft for both tasks, never signed by itself, and nothing twice however often the timer runs.
    letter = SupervisionLetter.objects.get()
    assert (letter.state, letter.leaves.count(), letter.auto, letter.number) == ("drafted", 2, True, "")
    assert f"{letter.drafted_on:%m-%d}" == expected[0]
    assert TakenNumber.objects.count() == 0
    assert sorted(Referral.objects.values_list("matter_id", flat=True)) == [one.pk, other.pk]
    assert CircularLine.objects.count() == 2
    timer.tick()
    assert [table.objects.count() for table in tables] == [1, 2, 2]
    head = MatterEvent.objects.filter(matter=one, act="head").get()
    assert f"{local(head.at):%m-%d}" == {"04-26": "04-30", "09-27": "10-08"}[due[5:]]


@pytest.mark.django_db
def test_a_letter_from_draft_to_close() -> None:
    made.at("2019-04-26T09:00")
    matter = made.leaf("2019-04-26")
    made.step("2019-05-08")
    letter = SupervisionLetter.objects.get()
    # The organ sees nothing of a draft; a clerk of supervision does not sign.
    with pytest.raises(LuoshiError) as refused:
        letters.one(made.clerk(), letter.pk)
    assert refused.value.code == "E_NOT_FOUND"
    with pytest.raises(LuoshiError) as refused:
        letters.sign(actor=made.supervisor(), letter=letter.pk)
    assert refused.value.code == "E_FORBIDDEN"
    letters.revise(actor=made.supervisor(), letter=letter.pk, facts="该任务逾期未报进展。", demands="三日内报方案。")
    made.at("2019-05-09T10:00")
    signed = letters.sign(actor=made.director(), letter=letter.pk)
    assert (signed.number, signed.state, str(signed.reply_due)) == ("乳督函〔2019〕1号", "delivered", "2019-05-16")
    assert "三日内报方案。" in str(Notice.objects.get(pk=signed.notice_id).content)
    letters.read(actor=made.clerk(), letter=letter.pk)
    with pytest.raises(LuoshiError) as refused:
        letters.reply(actor=made.clerk("housing-construction"), letter=letter.pk, **REPLY)
    assert refused.value.code == "E_NOT_FOUND"
    with pytest.raises(LuoshiError) as refused:
        letters.reply(actor=made.head(), letter=letter.pk, done=REPLY["done"])
    assert refused.value.code == "E_INCOMPLETE"
    # An open letter keeps its task from being crossed off.
    check = made.handed_in(matter, made.head())
    with pytest.raises(LuoshiError) as refused:
        work.accept_and_cross_off(actor=made.supervisor(), matter=matter.pk)
    assert (refused.value.code, "乳督函" in refused.value.message) == ("E_RULE", True)
    letters.reply(actor=made.head(), letter=letter.pk, **REPLY)
    letters.close(actor=made.supervisor(), letter=letter.pk)
    work.accept_and_cross_off(actor=made.supervisor(), matter=matter.pk)
    check.refresh_from_db()
    assert check.decision == "accepted"


@pytest.mark.django_db
def test_two_letters_unanswered_draft_a_referral() -> None:
    made.at("2019-04-26T09:00")
    matter = made.leaf("2019-04-26")
    made.step("2019-05-08")
    made.at("2019-05-08T10:00")
    letters.sign(actor=made.director(), letter=SupervisionLetter.objects.get().pk)
    made.step("2019-05-15")
    assert SupervisionLetter.objects.count() == 1
    made.step("2019-05-16")
    second = SupervisionLetter.objects.get(follows__isnull=False)
    made.at("2019-05-16T10:00")
    assert letters.sign(actor=made.director(), letter=second.pk).number == "乳督函〔2019〕2号"
    made.step("2019-05-23")
    assert not Referral.objects.exists()
    made.step("2019-05-24", "2019-06-12")
    referral = Referral.objects.get()
    assert (referral.cause, referral.matter_id) == ("letters", matter.pk)
    # The director and the commission see it, each look is taken down; supervision's clerks do not know of it.
    with pytest.raises(LuoshiError) as refused:
        referrals.one(made.supervisor(), referral.pk)
    assert refused.value.code == "E_NOT_FOUND"
    referrals.one(made.director(), referral.pk)
    referrals.one(made.commission(), referral.pk)
    assert AuditEntry.objects.filter(act="referral.read", subject=f"referral:{referral.pk}").count() == 2
    referrals.decide(actor=made.director(), referral=referral.pk, send=True)
    referrals.record_outcome(actor=made.commission(), referral=referral.pk, outcome="已约谈责任人。")
    referral.refresh_from_db()
    assert (referral.state, referral.sent_to) == ("answered", "supervisory-commission")


@pytest.mark.django_db
def test_a_void_letter_keeps_its_number() -> None:
    made.at("2019-05-08T09:00")
    matter = made.leaf("2019-04-26")
    matter.backlog = False
    work.acts.written(matter, actor=made.PROGRAM, act="push", text="更新", before={})
    one = letters.draft(actor=made.supervisor(), organ="finance", matters=[matter.pk])
    letters.sign(actor=made.director(), letter=one.pk)
    letters.void(actor=made.supervisor(), letter=one.pk, reason="主送单位写错")
    assert letters.void(actor=made.director(), letter=one.pk).state == "void"
    again = letters.draft(actor=made.supervisor(), organ="finance", matters=[matter.pk])
    assert letters.sign(actor=made.director(), letter=again.pk).number == "乳督函〔2019〕2号"
    assert TakenNumber.objects.get(n=1).state == "void"


@pytest.mark.django_db
def test_a_cross_off_needs_head_consent_and_evidence() -> None:
    made.at("2019-04-22T09:00")
    matter = made.leaf("2019-04-30", coop=("housing-construction", "transport", "water"), evidence_types=["photo"])
    with pytest.raises(LuoshiError) as refused:
        made.handed_in(matter, made.clerk())
    assert "照片" in refused.value.message
    made.Leaf.objects.filter(matter=matter).update(evidence_types=["document"])
    check = work.submit_for_check(actor=made.clerk(), matter=matter.pk)
    crossing.speak(actor=made.clerk("transport"), check=check.pk, organ="transport", agree=True)
    crossing.speak(
        actor=made.head("housing-construction"), check=check.pk, organ="housing-construction", agree=False,
        reason="管网未移交",
    )  # fmt: skip
    with pytest.raises(LuoshiError) as refused:
        work.accept_and_cross_off(actor=made.supervisor(), matter=matter.pk)
    assert len(refused.value.fields["missing"]) == 3
    # The third says nothing: after the third working day, Thursday 25 April, that is consent.
    made.step("2019-04-25")
    assert check.confirmations.get(organ="water").state == "waiting"
    made.step("2019-04-26")
    assert check.confirmations.get(organ="water").state == "tacit"
    with pytest.raises(LuoshiError) as refused:
        crossing.sign_request(actor=made.clerk(), check=check.pk)
    assert refused.value.code == "E_FORBIDDEN"
    crossing.sign_request(actor=made.head(), check=check.pk)
    crossing.overrule(actor=made.supervisor(), check=check.pk, organ="housing-construction", reason="移交另立事项办理")
    # Five working days without a verdict: the director is told, nothing is accepted by it.
    made.step("2019-04-28")
    assert check.request.escalated_at is None
    made.step("2019-04-29")
    check.request.refresh_from_db()
    matter.refresh_from_db()
    assert (check.request.escalated_at is not None, matter.state) == (True, State.SUBMITTED)
    work.accept_and_cross_off(actor=made.supervisor(), matter=matter.pk)
    item = made.item()
    with pytest.raises(LuoshiError) as refused:
        crossing.cross_off_item(actor=made.supervisor(), item=item.pk)
    assert refused.value.code == "E_FORBIDDEN"
    assert crossing.cross_off_item(actor=made.leader(), item=item.pk).state == "crossed_off"
    work.reopen(actor=made.supervisor(), matter=matter.pk, reason="抽查发现未通水")
    item.refresh_from_db()
    assert item.state == "open"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("filed", "new_due", "code"),
    [
        ("2019-06-30", "2019-08-29", ""),
        ("2019-06-30", "2019-08-30", "E_RULE"),
        ("2019-07-01", "2019-08-20", "E_EXPIRED"),
    ],
)
def test_more_time_is_the_leaders_and_once(filed: str, new_due: str, code: str) -> None:
    # Worked example 11.
    made.at("2019-04-22T09:00")
    matter = made.leaf("2019-06-30")
    made.at(f"{filed}T23:00")
    ask = {
        "actor": made.head(),
        "matter": matter.pk,
        "new_due": datetime.date.fromisoformat(new_due),
        "reason": "汛期停工",
    }
    if code:
        with pytest.raises(LuoshiError) as refused:
            steps.ask_extension(**ask)
        assert refused.value.code == code
        return
    steps.ask_extension(**ask)
    with pytest.raises(LuoshiError) as refused:
        steps.decide_extension(actor=made.supervisor(), matter=matter.pk, grant=True)
    assert refused.value.code == "E_FORBIDDEN"
    steps.decide_extension(actor=made.leader(), matter=matter.pk, grant=True)
    matter.refresh_from_db()
    assert str(matter.due_on) == new_due
    with pytest.raises(LuoshiError) as refused:
        steps.ask_extension(**(ask | {"new_due": datetime.date(2019, 9, 10)}))
    assert refused.value.code == "E_RULE"


@pytest.mark.django_db
def test_a_circular_takes_the_red_list_along() -> None:
    made.at("2019-05-20T09:00")
    matter = made.leaf("2019-06-30")
    line = CircularLine.objects.create(
        kind="red", organ="finance", matter=matter, due_on=matter.due_on, late_wd=15, entered_on=CLOCK.today()
    )
    row = circulars.draft(
        actor=made.supervisor(), period="2019年5月", following="请各单位抓紧落实。", criticism=["finance"], public=True
    )
    assert row.lines.filter(pk=line.pk).exists()
    assert circulars.waiting_lines().count() == 0
    with pytest.raises(LuoshiError) as refused:
        circulars.one(made.clerk(), row.pk)
    assert refused.value.code == "E_NOT_FOUND"
    signed = circulars.sign(actor=made.director(), circular=row.pk)
    assert (signed.number, signed.state) == ("乳督通〔2019〕1号", "issued")
    assert circulars.one(made.clerk(), row.pk).number == signed.number


@pytest.mark.django_db
def test_integrity_meetings_and_proposals_enter_as_matters() -> None:
    made.at("2019-05-20T09:00")
    case = integrity.enter(
        actor=made.supervisor(), organ="finance", level="city", basis="judgment", reference="（2018）测民终1号",
        title="支付测试工程款", amount=1_000_000, due=datetime.date(2019, 6, 20),
    )  # fmt: skip
    states = {}
    for day in ("2019-05-21", "2019-06-21", "2019-09-18", "2019-09-19"):
        integrity.look_after(made.at(f"{day}T00:00"))
        states[day] = IntegrityCase.objects.get(pk=case.pk).state
    assert states == {
        "2019-05-21": "warned", "2019-06-21": "in_breach", "2019-09-18": "in_breach", "2019-09-19": "sanctioned"
    }  # fmt: skip
    closed = integrity.execute(
        actor=made.supervisor(), case=case.pk, on=datetime.date(2019, 9, 19), voucher=("凭证.txt", "测试".encode())
    )
    assert closed.state == "crossed_off"
    hq = meetings.set_up(
        actor=made.supervisor(),
        name="测试指挥部",
        organ="housing-construction",
        chief_post="副市长",
        members=["finance"],
    )
    task = meetings.give(
        actor=made.supervisor(), headquarters=hq.pk, session=1, title="落实测试资金", organ="finance",
        due=datetime.date(2019, 10, 18),
    )  # fmt: skip
    assert (task.matter.kind, task.matter.organ) == ("meeting", "finance")
    proposal = meetings.receive_proposal(
        actor=made.supervisor(), kind="cppcc", number="12", title="关于测试的提案", organ="finance"
    )
    assert (proposal.kind, str(proposal.due_on)) == ("cppcc_proposal", "2019-12-19")


def _fine(client, login: str, *addresses: str) -> str:  # type: ignore[no-untyped-def]
    client.force_login(User.objects.get(login=login))
    bodies = []
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        bodies.append(answer.content.decode())
    return "".join(bodies)


@pytest.mark.django_db
def test_the_pages_show_each_reader_what_is_theirs(client) -> None:  # type: ignore[no-untyped-def]
    made.at("2019-04-26T09:00")
    matter = made.leaf("2019-04-26", coop=("transport",))
    made.step("2019-05-08")
    made.step("2019-06-11")
    for person in (made.supervisor, made.director, made.leader, made.clerk, made.head, made.commission):
        person()
    letter = SupervisionLetter.objects.get()
    here, referral = f"/supervision/letters/{letter.pk}/", f"/supervision/referrals/{Referral.objects.get().pk}/"
    made.at("2019-06-11T10:00")
    common = ("/supervision/circulars/", "/supervision/crossings/", "/supervision/integrity/")
    own = ("/supervision/letters/", here, *common, "/supervision/referrals/", referral)
    body = _fine(client, "head-government-office", *own)
    assert "签发并送达" in body
    assert matter.title in body
    assert client.post(f"{here}sign/", {"version": letter.version}).status_code == 303
    body = _fine(client, "clerk-finance", "/supervision/letters/", here, *common, "/supervision/headquarters/")
    assert "回复市政府办" in body
    assert client.get(referral).status_code in (403, 404)
    refused = client.post(f"{here}reply/", {"done": "不够"})
    assert refused.status_code == 422
    assert "落实情况" in refused.content.decode()
    typed = REPLY | {"finish_by": "2019-06-28"}
    assert client.post(f"{here}reply/", typed).status_code == 303
    made.handed_in(matter, made.clerk())
    assert "签字申请销号" in _fine(client, "head-finance", "/supervision/crossings/")
    _fine(
        client, "ducha", "/supervision/letters/new/?organ=finance", "/supervision/circulars/new/", here,
        "/supervision/headquarters/",
    )  # fmt: skip
    assert client.post(f"{here}close/", {}).status_code == 303
    made_one = client.post("/supervision/circulars/new/", {"period": "2019年6月", "following": "请抓紧落实。"})
    assert made_one.status_code == 303
    assert matter.title in _fine(client, "ducha", made_one.headers["Location"])
    assert client.post("/supervision/integrity/", {"organ": "finance", "amount": "x"}).status_code == 422


@pytest.mark.django_db
def test_an_organ_to_be_chosen_is_one_of_the_city_that_exists_today() -> None:
    """After the reform of 2019 nobody is handed anything under a name that is gone, nor a ministry anything at all."""
    from luoshi.office.organs.models import Organ, OrganRelation

    made.at("2019-05-20T09:00")
    old, new = (
        Organ.objects.create(slug=slug, name=slug, kind="gov_dept", level="city") for slug in ("education", "sports")
    )
    before = dict(letter_forms.organ_options())
    assert {"education", "sports", "finance", "xiacun"} <= set(before)
    assert not {"state-council", "shandong-government"} & set(before)
    assert all(one in before for one in ("government-office", "finance"))
    OrganRelation.objects.create(kind="merged_into", origin=old, target=new, effective=datetime.date(2019, 1, 15))
    assert set(before) - set(dict(letter_forms.organ_options())) == {"education"}


@pytest.mark.django_db
def test_matters_say_by_the_registers_name_where_they_come_from() -> None:
    made.at("2019-09-19T09:00")
    row = meetings.receive_proposal(
        actor=made.supervisor(), kind="cppcc", number="12", title="关于测试的提案", organ="finance"
    )
    assert "建议提案登记送入" in str(MatterEvent.objects.get(matter=row).text) + str(row.derivation)
    assert "proposals" not in str(row.derivation)


@pytest.mark.django_db
def test_the_director_looks_at_spot_checks_but_does_not_draw_them(client) -> None:  # type: ignore[no-untyped-def]
    made.at("2019-05-20T09:00")
    made.director()
    made.clerk()
    assert "抽取一个季度" not in _fine(client, "head-government-office", "/supervision/checks/")
    assert client.post("/supervision/checks/draw/", {"quarter": "2019-Q1"}).status_code == 403
    plan = Plan.objects.create(year=2019, title="测试要点", issued_on=datetime.date(2019, 1, 10), loaded_at=CLOCK.now(),
                               loaded_by="测试")  # fmt: skip
    drawn = SpotCheck.objects.create(plan=plan, quarter="2019-Q1", seed="1", ratio=10, population=0, digest="0",
                                     drawn_at=CLOCK.now(), drawn_name="测试")  # fmt: skip
    page, record = f"/supervision/checks/{drawn.pk}/", f"/supervision/checks/{drawn.pk}/export.json"
    assert page in _fine(client, "head-government-office", "/supervision/checks/", page, record)
    # How many were drawn anybody may know who sees key works; which ones they were, who sees every organ.
    assert page not in _fine(client, "clerk-finance", "/supervision/checks/")
    assert {client.get(one).status_code for one in (page, record)} == {403}


@pytest.mark.django_db
def test_a_letter_stands_on_the_desk_with_the_day_its_answer_is_due(client) -> None:  # type: ignore[no-untyped-def]
    """Who owes an answer sees the day before anything is opened; one letter is a click away."""
    made.at("2019-04-26T09:00")
    made.leaf("2019-04-26")
    made.step("2019-05-08")
    made.at("2019-05-08T09:30")
    letter = letters.sign(actor=made.director(), letter=SupervisionLetter.objects.get().pk)
    clerk = made.clerk()
    waits = desk.letters(clerk, 10)
    assert (waits.many, waits.href, waits.by) == (1, f"/supervision/letters/{letter.pk}/", letter.reply_due)
    made.at("2019-05-30T09:30")
    page = _fine(client, "clerk-finance", "/desk")
    assert "止，已过期" in page
    assert page.index('id="desk-second"') < page.index('id="desk-month"')
