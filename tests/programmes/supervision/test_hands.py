"""The head signs reports; a target moves only by an instrument; who spoke in time is shown; the forms are printed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_reports as reports
from luoshi.office.duties.matter_models import Matter
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.notices import content
from luoshi.office.roles import Role
from luoshi.programmes.supervision import adjusting, crossing, demo, letters, papers, rollup, signing
from luoshi.programmes.supervision.models import Adjustment, KeyItem, Leaf, Node, ReportSignature, SupervisionLetter
from tests.office.people import OFFICE, client_of, person
from tests.programmes.supervision import running_made as made
from tests.programmes.supervision.points import KEY, work_points


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    yield
    CLOCK.release()


def reported(matter: Matter, by, value: int = 30) -> None:  # type: ignore[no-untyped-def]
    work.report_progress(actor=by, matter=matter.pk, value=value, narrative=made.PLAIN)


def aimed(due: str, **more) -> Matter:  # type: ignore[no-untyped-def]
    """Return a smallest task that is measured: 60 of something."""
    matter = made.leaf(due, **more)
    Leaf.objects.filter(matter=matter).update(target_value=60, unit="部", baseline=0)
    Matter.objects.filter(pk=matter.pk).update(target_value=60, target_unit="部", baseline=0)
    return Matter.objects.get(pk=matter.pk)


def code_of(call, **given) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(LuoshiError) as refused:
        call(**given)
    return refused.value.code


@pytest.mark.django_db
def test_a_report_is_accepted_once_the_head_signed_it() -> None:
    made.at("2019-05-06T09:00")
    one, other = aimed("2019-12-31"), aimed("2019-12-31")
    reported(one, made.clerk())
    assert code_of(reports.accept_report, actor=made.supervisor(), matter=one.pk) == "E_INCOMPLETE"
    # Silence does not accept it either, however many days go by without the signature.
    made.at("2019-05-16T00:01")
    assert reports.accept_in_silence(CLOCK.now()) == 0
    assert code_of(signing.sign_report, actor=made.clerk(), matter=one.pk) == "E_FORBIDDEN"
    assert code_of(signing.sign_report, actor=made.head("transport"), matter=one.pk) == "E_NOT_FOUND"
    made.at("2019-05-16T10:00")
    assert [row.matter_id for row in signing.unsigned(made.head())] == [one.pk]
    signing.sign_report(actor=made.head(), matter=one.pk)
    signing.sign_report(actor=made.head(), matter=one.pk)
    assert (ReportSignature.objects.count(), signing.unsigned(made.head()).count()) == (1, 0)
    # Signed on Thursday: the third working day after it is Tuesday, silence counts from Wednesday on.
    made.at("2019-05-21T00:01")
    assert reports.accept_in_silence(CLOCK.now()) == 0
    made.at("2019-05-22T00:01")
    assert reports.accept_in_silence(CLOCK.now()) == 1
    # What the head files himself is signed with it.
    reported(other, made.head())
    reports.accept_report(actor=made.supervisor(), matter=other.pk)
    assert ReportSignature.objects.get(report__matter=other).signed_name == made.head().name


@pytest.mark.django_db
def test_a_target_moves_only_by_an_instrument_and_everything_follows() -> None:
    made.at("2019-05-06T09:00")
    import_gazette(work_points().encode(), actor=made.PROGRAM, filename="points.txt")
    matter = aimed("2019-06-30")
    made.leaf("2019-06-30")
    Matter.objects.filter(pk=matter.pk).update(planned_points=[["2019-05-31", "50"]])
    reported(matter, made.head())
    reports.accept_report(actor=made.supervisor(), matter=matter.pk)
    item = made.item()
    assert KeyItem.objects.get(pk=item.pk).actual == "25/1"
    ask = {
        "actor": made.head(), "matter": matter.pk, "instrument": KEY, "place": "第3项", "reason": "文件调减任务",
        "value": "40", "due": datetime.date(2019, 8, 30),
    }  # fmt: skip
    for code, wrong in (
        ("E_INPUT", {"instrument": "测政发〔1999〕99号"}), ("E_INPUT", {"place": ""}),
        ("E_FORBIDDEN", {"actor": made.clerk()}), ("E_RULE", {"due": datetime.date(2020, 1, 1)}),
        ("E_INPUT", {"value": "60", "due": None}), ("E_INPUT", {"value": "0"}),
    ):  # fmt: skip
        assert code_of(adjusting.ask, **(ask | wrong)) == code, wrong
    asked = adjusting.ask(**ask)
    assert code_of(adjusting.ask, **ask) == "E_DUPLICATE"
    assert code_of(adjusting.decide, actor=made.supervisor(), adjustment=asked.pk, approve=True) == "E_FORBIDDEN"
    assert code_of(adjusting.decide, actor=made.leader(), adjustment=asked.pk, approve=False) == "E_INPUT"
    adjusting.decide(actor=made.leader(), adjustment=asked.pk, approve=True)
    matter.refresh_from_db()
    node = Node.objects.get(leaf__matter=matter)
    assert (matter.target_value, str(matter.due_on), str(node.due)) == (Decimal(40), "2019-08-30", "2019-08-30")
    assert matter.derivation["steps"][-1]["rule"] == "adjustment"
    # 30 of 40 of a half: the item follows at once, exactly; what was stays.
    assert (KeyItem.objects.get(pk=item.pk).actual, matter.percent_bp) == ("75/2", 7500)
    kept = Adjustment.objects.get()
    assert (kept.old_value, str(kept.old_due), kept.old_points) == (60, "2019-06-30", [["2019-05-31", "50"]])
    assert kept.citation == f"{KEY} 第3项"
    # After the due day a request is refused outright.
    made.at("2019-08-31T00:00:00")
    assert code_of(adjusting.ask, **(ask | {"value": "30"})) == "E_EXPIRED"


@pytest.mark.django_db
def test_a_cancelled_task_leaves_the_tree_whole() -> None:
    made.at("2019-05-06T09:00")
    import_gazette(work_points().encode(), actor=made.PROGRAM, filename="points.txt")
    rows = [made.leaf("2019-12-31") for _n in range(4)]
    Node.objects.filter(leaf__matter__in=rows).update(weight_bp=2500)
    Matter.objects.filter(pk=rows[0].pk).update(percent_bp=10000)
    asked = adjusting.ask(
        actor=made.head(), matter=rows[3].pk, instrument=KEY, place="第3项", reason="文件取消", withdraw=True
    )
    adjusting.decide(actor=made.leader(), adjustment=asked.pk, approve=True)
    left = Node.objects.filter(ended_at=None).order_by("code")
    assert [one.weight_bp for one in left] == [3334, 3333, 3333]
    assert Matter.objects.get(pk=rows[3].pk).state == "withdrawn"
    assert rollup.recompute(made.item().pk) == Decimal("33.34")


@pytest.mark.django_db
def test_the_page_of_a_task_shows_hands_words_and_papers(client) -> None:  # type: ignore[no-untyped-def]
    made.at("2019-05-06T09:00")
    matter = made.leaf("2019-12-31", coop=("transport", "water"))
    for one in (made.clerk, made.head, made.leader, made.supervisor):
        one()
    work.report_progress(actor=made.clerk(), matter=matter.pk, percent=50, narrative=made.PLAIN)
    here = f"/tasks/{matter.pk}/"
    client.force_login(User.objects.get(login="head-finance"))
    assert "签字，报市政府办" in client.get(here).content.decode()
    assert client.post(f"/supervision/tasks/{matter.pk}/sign-report/").status_code == 303
    assert client.get(f"/supervision/tasks/{matter.pk}/adjust/").status_code == 200
    assert client.post(f"/supervision/tasks/{matter.pk}/adjust/", {"act": "ask", "instrument": "无"}).status_code == 422
    check = made.handed_in(matter, made.head())
    crossing.speak(actor=made.clerk("transport"), check=check.pk, organ="transport", agree=True)
    body = client.get(here).content.decode()
    assert "按时表态" in body
    assert "还没有表态" in body
    words = content.lines_of(papers.of_matter(matter, "crossing", check.pk))
    assert any("证据" in line and ".txt" in line for line in words)
    answer = client.get(f"/supervision/tasks/{matter.pk}/papers/crossing-{check.pk}.docx")
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    client.force_login(User.objects.get(login="clerk-transport"))
    assert client.get(f"/supervision/tasks/{matter.pk}/papers/crossing-0.pdf").status_code == 404


@pytest.mark.django_db
def test_the_demonstration_plays_its_half_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shorter year, by the same acts: signed reports, a cross-off, letters, scores; nobody's right is missing."""
    for login, role, organ in (
        ("ducha1", Role.SUPERVISOR, OFFICE), ("ducha2", Role.SUPERVISOR, OFFICE), ("zhuren1", Role.LEADER, OFFICE),
        ("shizheng1", Role.LEADER, "city-government"), ("nongye1", Role.CLERK, "agri-rural"),
        ("nongye2", Role.LEADER, "agri-rural"), ("caizheng1", Role.CLERK, "finance"),
        ("caizheng3", Role.LEADER, "finance"),
    ):  # fmt: skip
        person(login, (role, organ))
    monkeypatch.setattr(demo, "ITEMS", (demo.ITEMS[4], demo.ITEMS[5]))
    made.at("2026-11-20T10:00")
    said = list(demo.load(CLOCK.now()))
    assert any("最小颗粒" in one for one in said)
    assert ReportSignature.objects.filter(signed_by__login="nongye2").exists()
    assert KeyItem.objects.filter(state="crossed_off").count() == 1


@pytest.mark.django_db
def test_accepting_is_offered_only_after_the_head_signed() -> None:
    made.at("2019-05-06T09:00")
    matter = aimed("2019-12-31")
    reported(matter, made.clerk())
    client = client_of(person("shenhe", (Role.SUPERVISOR, OFFICE)))
    page, form = f"/tasks/{matter.pk}/", f"/tasks/{matter.pk}/?act=accept_report"
    for shown in (client.get(page), client.get(form)):
        words = shown.content.decode()
        assert "填报待签字" in words
        assert "接受这次填报" not in words
        assert "act=accept_report" not in words
    signing.sign_report(actor=made.head(), matter=matter.pk)
    assert "act=accept_report" in client.get(page).content.decode()
    assert "接受这次填报" in client.get(form).content.decode()


@pytest.mark.django_db
def test_the_page_of_an_item_names_holder_days_late_and_letters() -> None:
    made.at("2019-04-11T09:00")
    matter = made.leaf("2019-04-26")
    holder = made.clerk()
    work.report_progress(actor=holder, matter=matter.pk, percent=30, narrative=made.PLAIN)
    made.step("2019-04-27", "2019-04-28", "2019-04-30", "2019-05-08")
    client = client_of(person("chakan", (Role.SUPERVISOR, OFFICE)))
    code = made.item().code
    assert "乳督函" not in client.get(f"/supervision/items/{code}/").content.decode()
    letter = SupervisionLetter.objects.get()
    letters.sign(actor=made.director(), letter=letter.pk)
    made.at("2019-05-08T15:00")
    shown = client.get(f"/supervision/items/{code}/").content.decode()
    letter.refresh_from_db()
    assert letter.number in shown
    assert "逾期 7 个工作日" in shown
    assert holder.name in shown
