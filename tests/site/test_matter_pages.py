"""The page of one matter: what it shows in each state, the acts offered, what a refusal keeps, the files behind it."""

from __future__ import annotations

import datetime
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import User
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps
from luoshi.office.duties.matter_models import CrossOff, Evidence, Extension, Matter, MatterPause, ProgressReport
from luoshi.office.roles import Role
from luoshi.site.matter_acts import ACTS
from luoshi.site.matter_rows import derived
from tests.office.matters import DONE, clerk, handed_in, pushed, reported, supervisor
from tests.office.people import OFFICE, client_of, person
from tests.site import matters_made as made

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(made.NOW)
    yield
    CLOCK.release()


def client_as(actor) -> Client:
    """Return a client of the person behind an actor."""
    return client_of(User.objects.get(pk=actor.user_id))


def matter(**more) -> Matter:
    """Return a pushed matter of finance due in nine days."""
    return pushed(due=f"{made.day(more.pop('days', 9))}", **more)


def page(client: Client, row: Matter, **query: str):
    """Open the page of a matter."""
    return client.get(f"/tasks/{row.pk}/", query)


def keys(response) -> dict[str, str]:
    """Return version and idempotency key of the form on the page."""
    return {"version": str(response.context["version"]), "key": response.context["key"]}


def do(client: Client, row: Matter, act: str, **data):
    """Open the form of an act and send it."""
    opened = page(client, row, act=act)
    return client.post(f"/tasks/{row.pk}/{act}/", keys(opened) | data)


def offered(response) -> set[str]:
    """Return the acts the page offers."""
    return {act.key for act in response.context["acts"]}


def proof(name: str = "验收单.txt", text: str = "验收合格") -> SimpleUploadedFile:
    """Return a file to send."""
    return SimpleUploadedFile(name, text.encode())


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_page_names_holder_due_day_derivation_and_clause():
    row = matter(basis="测政发〔2019〕2号 第三条")
    response = page(client_as(clerk()), row)
    assert response.status_code == 200
    body = response.text
    number = f"第 {row.pk} 号"
    for words in ("在谁手上", "这个期限怎么算出来的", "11月27日 24:00", "测政发〔2019〕2号 第三条", number, "经过"):
        assert words in body, words
    assert body.count("<h1") == 1
    assert response.context["derived"].due_on == row.due_on


def test_days_are_drawn_with_what_a_pause_takes_out():
    row = made.matter(due=5, start=-5)
    stop = MatterPause(matter=row, kind="season", reason="冬", begins=made.day(0), ends=made.day(2))
    drawn = derived(row, [stop], made.TODAY)
    roles = {cell.day: cell.role for cell in drawn.cells}
    assert roles[made.day(-5)] == "start"
    assert (roles[made.day(1)], roles[made.day(2)]) == ("paused", "paused")
    assert roles[made.day(3)] == "off"
    assert roles[made.day(5)] == "due"
    assert derived(made.matter(due=None), [], made.TODAY) is None


@pytest.mark.parametrize(
    ("role", "organ", "status"),
    [
        (Role.CLERK, "finance", 200),
        (Role.REVIEWER, "finance", 200),
        (Role.LEADER, "finance", 200),
        (Role.SUPERVISOR, OFFICE, 200),
        (Role.ARCHIVIST, OFFICE, 200),
        (Role.AUDITOR, "audit", 200),
        (Role.CLERK, "audit", 404),
        (Role.LEADER, "audit", 404),
        (Role.PERSONNEL, "audit", 404),
        (Role.STAFFING, OFFICE, 403),
        (Role.ADMINISTRATOR, OFFICE, 403),
    ],
)
def test_matter_is_seen_by_whom_it_concerns_and_404_to_others(role, organ, status):
    row = matter()
    response = client_of(person("x", (role, organ))).get(f"/tasks/{row.pk}/")
    assert response.status_code == status
    missing = client_of(person("x")).get("/tasks/99999/") if status == 404 else response
    assert missing.status_code in (status, 403)


def test_what_is_not_there_and_what_is_not_to_be_seen_answer_the_same():
    row = matter()
    client = client_as(clerk("audit"))
    hidden, missing = page(client, row), client.get("/tasks/99999/")
    assert hidden.status_code == missing.status_code == 404
    assert hidden.text.count("E_NOT_FOUND") == missing.text.count("E_NOT_FOUND")
    assert client.post(f"/tasks/{row.pk}/report/", {}).status_code == 404


def test_visitor_is_asked_to_log_in():
    assert Client().get(f"/tasks/{matter().pk}/").status_code == 302


@pytest.mark.parametrize(
    ("state", "who", "wanted"),
    [
        ("open", "clerk", {"report", "ask_extension"}),
        ("open", "sup", {"pause", "remind"}),
        ("reported", "clerk", {"report", "submit", "ask_extension"}),
        ("submitted", "clerk", set()),
        ("submitted", "sup", {"accept", "return"}),
        ("returned", "clerk", {"report", "ask_extension"}),
        ("paused", "sup", {"resume"}),
        ("crossed_off", "clerk", set()),
        ("crossed_off", "sup", {"reopen"}),
        ("open", "leader", {"report", "ask_extension", "assign"}),
        ("open", "auditor", set()),
    ],
)
def test_acts_offered_follow_state_and_role(state, who, wanted):
    row, me, sup = matter(), clerk(), supervisor()
    if state in ("reported", "submitted", "returned", "crossed_off"):
        reported(row, me)
    if state in ("submitted", "returned", "crossed_off"):
        work.submit_for_check(actor=me, matter=row.pk)
    if state == "returned":
        work.return_matter(actor=sup, matter=row.pk, reason="缺名单")
    if state == "crossed_off":
        work.accept_and_cross_off(actor=sup, matter=row.pk)
    if state == "paused":
        matter_steps.pause(actor=sup, matter=row.pk, kind="superior", reason="等批复")
    clients = {
        "clerk": lambda: client_as(me),
        "sup": lambda: client_as(sup),
        "leader": lambda: client_of(person("ld", (Role.LEADER, "finance"))),
        "auditor": lambda: client_of(person("au", (Role.AUDITOR, "audit"))),
    }
    assert offered(page(clients[who](), row)) == wanted


def test_as_of_day_is_read_only():
    row = matter()
    response = page(client_as(clerk()), row, on="2026-11-10", act="report")
    assert not response.context["acts"]
    assert "mt-act" not in response.text


def test_act_that_is_not_open_shows_the_page_without_its_form():
    assert "mt-act-h" not in page(client_as(clerk()), matter(), act="accept").text
    assert page(client_as(clerk()), matter(), act="nonsense").status_code == 200


# --- the clerk's acts -------------------------------------------------------------------------------------------------


def test_progress_is_reported_with_a_file_as_evidence():
    row, client = matter(), client_as(clerk())
    response = do(client, row, "report", percent="40", narrative=DONE, stage="已登记", evidence=[proof()])
    assert response.status_code == 303
    shown = client.get(response["Location"])
    assert "进展已存，期限不变。" in shown.text
    assert "验收单.txt" in shown.text
    report = ProgressReport.objects.get()
    assert (report.percent_bp, report.stage, Evidence.objects.get().name) == (4000, "已登记", "验收单.txt")


def test_value_is_reported_against_the_target():
    row = made.measured()
    client = client_as(clerk())
    assert 'name="value"' in page(client, row, act="report").text
    assert do(client, row, "report", value="15", narrative=DONE).status_code == 303
    row.refresh_from_db()
    assert row.value == 15


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"percent": "40", "narrative": "短"}, "narrative", "须写10到2,000字"),
        ({"percent": "", "narrative": DONE}, "percent", "请填完成比例"),
        ({"percent": "四十", "narrative": DONE}, "完成比例", "应是数字"),
        ({"percent": "140", "narrative": DONE}, "percent", "0到100"),
        ({"percent": "40", "narrative": DONE, "period": "去年"}, "period", "填报期应如"),
        ({"percent": "40", "narrative": DONE, "help_from": "nobody"}, "help_from", "没有单位"),
    ],
)
def test_refused_report_keeps_what_was_typed(data, field, words):
    row, client = matter(), client_as(clerk())
    response = do(client, row, "report", obstacles="人手不够，正在协调", **data)
    assert response.status_code == 422
    assert words in response.text
    assert "人手不够，正在协调" in response.text
    assert data["narrative"] in response.text
    assert response.context["errors"].get(field), response.context["errors"]
    assert not ProgressReport.objects.exists()


def test_less_than_before_wants_a_reason():
    row, me = matter(), clerk()
    reported(row, me, 60)
    client = client_as(me)
    refused = do(client, row, "report", percent="50", narrative=DONE)
    assert (refused.status_code, "E_IMPLAUSIBLE" in refused.text) == (422, True)
    assert do(client, row, "report", percent="50", narrative=DONE, reason="上次算错").status_code == 303


def test_file_that_is_not_what_its_name_says_is_refused_and_nothing_is_kept():
    row, client = matter(), client_as(clerk())
    response = do(client, row, "report", percent="40", narrative=DONE, evidence=[proof("照片.jpg", "不是图片")])
    assert response.status_code == 422
    assert "没有通过检查" in response.text
    assert "文件请重新选一次" in response.text
    assert not ProgressReport.objects.exists()


def test_too_large_a_file_is_refused(settings):
    settings.UPLOAD_BYTES = 10
    long = [proof(text="长" * 20)]
    response = do(client_as(clerk()), matter(), "report", percent="40", narrative=DONE, evidence=long)
    assert response.status_code == 422
    assert "E_TOO_LARGE" in response.text


def test_same_form_sent_twice_is_one_report():
    row, client = matter(), client_as(clerk())
    data = keys(page(client, row, act="report")) | {"percent": "40", "narrative": DONE}
    codes = [client.post(f"/tasks/{row.pk}/report/", data).status_code for _again in range(2)]
    assert codes == [303, 303]
    assert ProgressReport.objects.count() == 1


def test_somebody_else_wrote_meanwhile_shows_both_contents():
    row, me = matter(), clerk()
    client = client_as(me)
    stale = keys(page(client, row, act="report"))
    reported(row, clerk(name="other"), 70)
    mine = "我这边又登记了二十处，全部复核完毕。"
    response = client.post(f"/tasks/{row.pk}/report/", stale | {"percent": "80", "narrative": mine})
    assert response.status_code == 409
    assert "E_VERSION" in response.text
    assert mine in response.text
    assert DONE in response.text
    rows = {one["label"]: (one["old"], one["new"]) for one in response.context["stale"]["rows"]}
    assert rows["完成比例 %"] == ("70", "80")
    again = client.post(f"/tasks/{row.pk}/report/", keys(response) | {"percent": "80", "narrative": mine})
    assert again.status_code == 303


def test_report_and_hand_in_at_once():
    row, client = matter(), client_as(clerk())
    response = do(client, row, "report", percent="100", narrative=DONE, evidence=[proof()], then="submit")
    assert response.status_code == 303
    assert "并已送市政府办督查核验" in client.get(response["Location"]).text
    assert CrossOff.objects.count() == 1


def test_report_is_kept_when_it_cannot_be_handed_in_yet():
    row, client = matter(), client_as(clerk())
    response = do(client, row, "report", percent="60", narrative=DONE, then="submit")
    assert response.status_code == 422
    assert "进展已存好" in response.text
    assert "没有达到目标" in response.text
    assert ProgressReport.objects.count() == 1


def test_handing_in_says_that_the_receipt_counts():
    row, me = matter(), clerk()
    reported(row, me)
    client = client_as(me)
    assert "是否按期以现在收到的时刻为准" in page(client, row, act="submit").text
    assert do(client, row, "submit").status_code == 303
    shown = page(client, row)
    assert "督查" in shown.text
    assert shown.context["hands"]["first"]["you"]
    assert "act" not in shown.context["hands"]


def test_more_time_is_asked_for_and_decided_by_another():
    row, me, sup = matter(), clerk(), supervisor()
    client = client_as(me)
    assert do(client, row, "ask_extension", new_due="明天", reason="等天气").status_code == 422
    assert do(client, row, "ask_extension", new_due=f"{made.day(30)}", reason="等天气").status_code == 303
    boss = client_as(sup)
    assert "同意：期限由 11月27日 延到 12月18日" in page(boss, row, act="decide_extension").text
    assert do(boss, row, "decide_extension", decision="refuse").status_code == 422
    assert do(boss, row, "decide_extension", decision="grant").status_code == 303
    row.refresh_from_db()
    assert row.due_on == made.day(30)
    assert Extension.objects.get().decision == "granted"
    assert "同意延期" in page(client, row).text


# --- the reviewer's acts ----------------------------------------------------------------------------------------------


def test_checker_reads_then_crosses_off():
    row, me, sup = matter(), clerk(), supervisor()
    handed_in(row, me)
    client = client_as(sup)
    opened = page(client, row)
    assert opened.context["hands"]["act"]["words"] == "接受并销号"
    form = page(client, row, act="accept")
    assert "完成日记为 11月18日，按期" in form.text
    unseen = do(client, row, "accept", note="看过")
    assert unseen.status_code == 422
    assert "请先看填报内容和证据" in unseen.text
    assert "看过" in unseen.text
    assert do(client, row, "accept", seen="1", note="属实").status_code == 303
    row.refresh_from_db()
    assert (row.state, row.completed_late) == ("crossed_off", False)
    assert "销号" in page(client, row).text


def test_consequence_of_a_late_submission_says_how_late():
    row, me, sup = matter(days=1), clerk(), supervisor()
    CLOCK.set(made.NOW + datetime.timedelta(days=5))
    handed_in(row, me)
    assert "晚 2 个工作日" in page(client_as(sup), row, act="accept").text


def test_checker_returns_with_a_reason():
    row, me, sup = matter(), clerk(), supervisor()
    handed_in(row, me)
    client = client_as(sup)
    refused = do(client, row, "return", reason="  ", formal="1")
    assert refused.status_code == 422
    assert refused.context["errors"]["reason"]
    assert do(client, row, "return", reason="缺登记名单").status_code == 303
    shown = page(client_as(me), row).text
    assert "缺登记名单" in shown
    assert "退回（实质）" in shown


def test_who_reported_may_not_check():
    row = matter()
    both = person("both", (Role.CLERK, "finance"), (Role.SUPERVISOR, OFFICE))
    client = client_of(both)
    do(client, row, "report", percent="100", narrative=DONE, evidence=[proof()], then="submit")
    assert not offered(page(client, row)) & {"accept", "return"}
    response = client.post(f"/tasks/{row.pk}/accept/", {"seen": "1", "version": Matter.objects.get().version})
    assert response.status_code == 403
    assert "E_SELF" in response.text


def test_clerk_may_not_check_by_hand_made_address():
    row, me = matter(), clerk()
    handed_in(row, me)
    response = client_as(me).post(f"/tasks/{row.pk}/accept/", {"seen": "1"})
    assert response.status_code == 403
    assert "E_FORBIDDEN" in response.text


def test_act_in_the_wrong_state_says_which_state_it_is_in():
    response = client_as(supervisor()).post(f"/tasks/{matter().pk}/accept/", {"seen": "1"})
    assert response.status_code == 422
    assert "现在是“未开始”" in response.text


def test_crossed_off_matter_is_opened_again_with_a_reason():
    row, me, sup = matter(), clerk(), supervisor()
    handed_in(row, me)
    work.accept_and_cross_off(actor=sup, matter=row.pk)
    client = client_as(sup)
    assert do(client, row, "reopen", reason="").status_code == 422
    assert do(client, row, "reopen", reason="抽查发现漏登").status_code == 303
    assert "抽查发现漏登" in page(client, row).text


def test_clock_is_stopped_and_runs_again():
    row, client = matter(), client_as(supervisor())
    assert do(client, row, "pause", kind="", reason="等批复").status_code == 422
    assert do(client, row, "pause", kind="superior", reason="等批复", expected_end=f"{made.day(10)}").status_code == 303
    assert "停表" in page(client, row).text
    CLOCK.set(made.NOW + datetime.timedelta(days=4))
    assert "扣除停表 4 日" in page(client, row, act="resume").text
    assert do(client, row, "resume").status_code == 303
    row.refresh_from_db()
    assert row.due_on == made.day(9)


def test_head_names_who_works_on_it():
    row = matter()
    user = person("clerk-finance", (Role.CLERK, "finance"), name="测试丙")
    client = client_of(person("ld", (Role.LEADER, "finance")))
    assert "测试丙（经办）" in page(client, row, act="assign").text
    assert do(client, row, "assign", user="").status_code == 422
    assert do(client, row, "assign", user=str(user.pk)).status_code == 303
    assert page(client, row).context["holder"]["name"] == "测试丙"


def test_supervisor_reminds():
    row, client = matter(), client_as(supervisor())
    assert "这是第 1 次催办" in page(client, row, act="remind").text
    assert do(client, row, "remind", text="请本周内回").status_code == 303
    row.refresh_from_db()
    assert row.reminders == 1


def test_form_is_refused_without_its_token():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(pk=clerk().user_id), backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(f"/tasks/{matter().pk}/report/", {"percent": "1"}).status_code == 403


def test_act_nobody_knows_is_not_found():
    assert client_as(clerk()).post(f"/tasks/{matter().pk}/nichts/", {}).status_code == 404
    assert client_as(clerk()).get(f"/tasks/{matter().pk}/report/").status_code == 405


@pytest.mark.parametrize("act", ACTS)
def test_every_act_refuses_an_empty_form_without_a_defect(act):
    row = matter()
    for actor in (clerk(), supervisor()):
        assert client_as(actor).post(f"/tasks/{row.pk}/{act}/", {}).status_code in (303, 403, 422)


@pytest.mark.parametrize("act", ACTS)
def test_every_form_survives_hostile_text(act):
    row = matter()
    hostile = "<script>alert(1)</script>\0"
    names = ("narrative", "percent", "value", "reason", "note", "text", "kind", "user", "new_due", "expected_end",
             "decision", "period", "help_from", "stage", "key", "version")  # fmt: skip
    for actor in (clerk(), supervisor()):
        response = client_as(actor).post(f"/tasks/{row.pk}/{act}/", dict.fromkeys(names, hostile))
        assert response.status_code in (303, 403, 409, 422)
        assert "<script>alert(1)" not in response.text


# --- evidence ---------------------------------------------------------------------------------------------------------


def evidence_of(row: Matter, client: Client) -> str:
    """Return the address of the evidence on the page."""
    return re.search(rf"/tasks/{row.pk}/evidence/\d+/", page(client, row).text).group()


def test_evidence_is_handed_out_to_whoever_sees_the_matter_only():
    row, me = matter(), clerk()
    reported(row, me, evidence=[("验收单.txt", "验收合格".encode())])
    client = client_as(me)
    address = evidence_of(row, client)
    response = client.get(address)
    assert response.content.decode() == "验收合格"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert client_as(supervisor()).get(address).status_code == 200
    assert client_as(clerk("audit")).get(address).status_code == 404
    assert Client().get(address).status_code == 302


def test_evidence_of_another_matter_is_not_found():
    row, other, me = matter(), matter(), clerk()
    reported(row, me)
    number = Evidence.objects.get().pk
    assert client_as(me).get(f"/tasks/{other.pk}/evidence/{number}/").status_code == 404


def test_file_used_elsewhere_is_flagged_to_the_checker():
    first, second, me = matter(), matter(), clerk()
    same = [("同一份.txt", b"same bytes")]
    reported(first, me, evidence=same)
    reported(second, me, evidence=same, reason="两件共用一次验收")
    assert f"第 {first.pk} 号事项也用过" in page(client_as(supervisor()), second).text


# --- cost -------------------------------------------------------------------------------------------------------------


def test_page_makes_the_same_number_of_queries_for_one_report_and_for_many():
    row, me = matter(), clerk()
    client = client_as(me)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert page(client, row).status_code == 200
        return len(found)

    reported(row, me, 5)
    queries()
    few = queries()
    for percent in range(6, 40):
        reported(row, me, percent)
    assert queries() == few
    assert few <= 45


def test_fragment_is_the_matter_alone():
    body = client_as(clerk()).get(f"/tasks/{matter().pk}/", headers={"HX-Request": "true"}).text
    assert "<html" not in body
    assert "<h1" in body
