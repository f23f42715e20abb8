"""Assessment runs reckoned from what was kept, reckoned again from the workbook; spot checks; the annual review."""

from __future__ import annotations

import datetime
import io
import json
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from math import ceil
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.duties.matter_models import CrossOff, Matter, ProgressReport
from luoshi.office.notices import content
from luoshi.office.roles import Role
from luoshi.programmes.supervision import (
    assessing,
    carrying,
    checking,
    papers,
    plan_actions,
    reviewing,
    rollup,
    score_sheets,
)
from luoshi.programmes.supervision.decisions.settings import PARAMETERS
from luoshi.programmes.supervision.models import (
    AssessmentRun,
    Circular,
    CircularLine,
    KeyItem,
    Leaf,
    Node,
    Plan,
    SupervisionLetter,
)
from tests.office.matters import moment
from tests.office.people import client_of, person
from tests.programmes.supervision import running_made as made
from tests.programmes.supervision.running_made import at, clerk, director, head, leader, supervisor


def report(matter: Matter, period: str, filed: str, percent: int, state: str = "accepted") -> None:
    ProgressReport.objects.create(
        matter=matter, period=period, version=1, state=state, percent_bp=percent * 100, narrative=made.PLAIN,
        filed_at=moment(filed), filed_name="测试", organ=matter.organ, decided_at=moment(filed),
    )  # fmt: skip


def crossed_off(matter: Matter, effective: str, late_wd: int = 0) -> None:
    last = ProgressReport.objects.filter(matter=matter).last()
    CrossOff.objects.create(
        matter=matter, report=last, submitted_at=moment(effective), effective_at=moment(effective),
        decided_at=moment(effective), decision="accepted", late_wd=late_wd, organ=matter.organ,
        checker_id=made.supervisor().user_id, checker_organ="government-office", late=late_wd > 0,
    )  # fmt: skip
    Matter.objects.filter(pk=matter.pk).update(
        state="crossed_off", is_open=False, crossed_off_at=moment(effective), completed_at=moment(effective),
        percent_bp=10000,
    )  # fmt: skip


@pytest.fixture
def plan(db: Any) -> Any:
    """Three tasks of two organs, with reports, a letter and a circular, by the first of July 2019."""
    at("2019-04-10T09:00")
    done, behind = made.leaf("2019-05-31"), made.leaf("2019-06-28")
    helping = made.leaf("2019-06-20", organ="transport")
    later = made.leaf("2019-09-30", organ="nanhuang")
    Leaf.objects.filter(matter=helping).update(role="coop")
    for matter, weight in ((done, 2500), (behind, 4000), (helping, 3000), (later, 500)):
        Node.objects.filter(leaf__matter=matter).update(weight_bp=weight)
    report(done, "2019-04", "2019-04-25T23:59:59", 30)
    report(done, "2019-05", "2019-05-24T09:00", 100)
    crossed_off(done, "2019-05-31T23:59:59")
    report(behind, "2019-04", "2019-04-26T00:00", 20)
    report(behind, "2019-05", "2019-05-27T09:00", 90)
    report(behind, "2019-06", "2019-06-25T09:00", 95, state="returned")
    report(helping, "2019-05", "2019-05-20T09:00", 100)
    crossed_off(helping, "2019-06-24T09:00", late_wd=2)
    SupervisionLetter.objects.create(
        organ="finance", state="signed", number="测督函〔2019〕1号", facts="甲", demands="乙", drafted_on="2019-06-10",
        drafted_at=moment("2019-06-10T09:00"), drafted_name="测试", signed_at=moment("2019-06-10T10:00"),
    )  # fmt: skip
    paper = Circular.objects.create(
        period="2019年5月", state="issued", number="测督通〔2019〕1号", following="丙", drafted_name="测试",
        drafted_at=moment("2019-06-03T09:00"), signed_at=moment("2019-06-03T10:00"), signed_name="测试",
    )  # fmt: skip
    for kind, organ in (("praise", "transport"), ("criticism", "finance"), ("criticism", "finance")):
        CircularLine.objects.create(circular=paper, kind=kind, organ=organ, entered_on="2019-06-03")
    at("2019-07-01T09:00")
    yield made.item().plan
    CLOCK.release()


def half(plan: Plan, **more: Any) -> AssessmentRun:
    return assessing.run(actor=supervisor(), plan=plan.pk, kind="half", until=datetime.date(2019, 6, 30), **more)


def test_a_run_counts_what_was_kept(plan: Plan) -> None:
    lines = {line.organ: line for line in half(plan).lines.all()}
    finance, transport = lines["finance"], lines["transport"]
    # Due of finance: April, May of the first; April, May, June of the second: four on time and accepted but for two.
    assert finance.inputs["counts"] == {
        "reports_due": 5, "reports_good": 3, "returned": 1, "spot_failed": 0, "letters": 1, "circulars": 1,
        "falsified": 0, "bonuses": 0,
    }  # fmt: skip
    c = Fraction(2500 * 100 + 4000 * 90, 6500)
    exact = (60 * c + 20 * Fraction(250000, 6500) + 10 * 60 + 10 * 90) / 100 - 1 - 3
    assert Fraction(finance.exact) == exact
    assert (finance.rank, finance.group) == (2, "city")
    # A cooperating organ two working days late: credit of one half, April's and June's report missing... June is done.
    assert [row["tau"] for row in transport.inputs["leaves"]] == ["0.5"]
    assert transport.inputs["counts"]["reports_due"] == 2
    assert Fraction(transport.exact) == (60 * 100 + 20 * 50 + 10 * 50 + 10 * 100) / Fraction(100) + 2
    assert (transport.rank, lines["nanhuang"].score, lines["nanhuang"].rank) == (1, None, None)


def test_the_workbook_alone_gives_every_score_to_the_last_digit(plan: Plan) -> None:
    run = half(plan)
    data = score_sheets.workbook(supervisor(), run, list(run.lines.all()))
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(data))

    def rows(name: str) -> list[list[Any]]:
        return list(sheets.get_sheet_by_name(name).to_python())

    p = {row[0]: Fraction(str(row[2])) for row in rows("参数")[1:]}
    counts = {row[0]: [Fraction(one) for one in row[2:]] for row in rows("计数")[1:]}
    table = rows("得分")
    top = next(at for at, row in enumerate(table) if row[0] == "组")
    scored = 0
    for group, rank, organ, _name, score, exact, *_parts in table[top + 1 :]:
        mine = [row for row in rows("最小颗粒")[1:] if row[0] == organ]
        if not score:
            assert not mine
            continue
        for row in mine:
            in_time = bool(row[7]) and row[7] <= row[6]
            partly = bool(row[7]) and Fraction(str(row[8])) <= p["late_half_credit"]
            assert Fraction(row[9]) == (1 if in_time else Fraction(1, 2) if partly else 0)
        w = [Fraction(row[4]) * p[f"role_factor_{row[3]}"] for row in mine]
        c = sum(x * Fraction(row[5]) for x, row in zip(w, mine, strict=True)) / sum(w)
        t = 100 * sum(x * Fraction(row[9]) for x, row in zip(w, mine, strict=True)) / sum(w)
        due, good, returned, spot, letters, circulars, falsified, bonuses = counts[organ]
        q = max(Fraction(0), 100 - p["quality_return"] * returned - p["quality_spot"] * spot)
        parts = [(p["w_completion"], c), (p["w_timely"], t), (p["w_quality"], q)]
        parts += [(p["w_report"], 100 * good / due)] if due else []
        mean = sum(x * y for x, y in parts) / sum(x for x, _y in parts)
        lost = p["deduct_letter"] * letters + p["deduct_circular"] * circulars + p["deduct_falsified"] * falsified
        full = min(max(mean - lost + min(p["bonus_each"] * bonuses, p["bonus_cap"]), Fraction(0)), Fraction(100))
        assert Fraction(exact) == full
        assert Fraction(score) == Fraction(int(full * 100 + Fraction(1, 2)), 100)
        better = [row for row in table[top + 1 :] if row[0] == group and row[4] and Fraction(row[4]) > Fraction(score)]
        assert int(rank) == 1 + len(better)
        scored += 1
    assert scored == 2


def test_a_run_takes_as_many_queries_for_three_tasks_as_for_thirty(plan: Plan) -> None:
    with CaptureQueriesContext(connection) as few:
        half(plan)
    at("2019-06-01T09:00")
    for organ in ("finance", "transport", "xiacun", "housing-construction", "health"):
        made.leaf("2019-06-15", organ=organ)
    at("2019-07-01T09:00")
    with CaptureQueriesContext(connection) as many:
        again = half(plan, reason="补录")
    assert again.lines.count() > 3
    assert len(many) <= len(few)
    assert len(few) < 40


def test_objections_two_hands_and_a_second_run(plan: Plan) -> None:
    run = half(plan)
    with pytest.raises(LuoshiError, match="评估过"):
        half(plan)
    with pytest.raises(LuoshiError) as early:
        assessing.freeze(actor=director(), pk=run.pk)
    assert early.value.code == "E_STATE"
    assessing.open_objections(actor=supervisor(), pk=run.pk)
    run.refresh_from_db()
    assert run.objections_until == datetime.date(2019, 7, 8)
    assessing.object_to(actor=clerk(), pk=run.pk, organ="finance", text="四月的填报按时送出。")
    with pytest.raises(LuoshiError):
        assessing.object_to(actor=clerk(), pk=run.pk, organ="transport", text="别家的。")
    at("2019-07-08T23:59:59")
    with pytest.raises(LuoshiError) as waiting:
        assessing.freeze(actor=director(), pk=run.pk)
    assert waiting.value.code == "E_NOT_YET"
    at("2019-07-09T00:00:00")
    with pytest.raises(LuoshiError) as unanswered:
        assessing.freeze(actor=director(), pk=run.pk)
    assert unanswered.value.code == "E_INCOMPLETE"
    assessing.answer_objection(actor=supervisor(), pk=run.pk, organ="finance", text="送出于二十六日，不改。")
    with pytest.raises(LuoshiError) as other:
        assessing.freeze(actor=head(), pk=run.pk)
    assert other.value.code == "E_FORBIDDEN"
    assessing.freeze(actor=director(), pk=run.pk)
    frozen = AssessmentRun.objects.get(pk=run.pk)
    kept = list(frozen.lines.values_list("organ", "exact", "rank"))
    again = half(plan, reason="补登一份通报")
    assert (again.seq, again.state, AssessmentRun.objects.filter(plan=plan).count()) == (2, "trial", 2)
    assert list(frozen.lines.values_list("organ", "exact", "rank")) == kept
    assert [line.organ for line in assessing.lines(clerk(), frozen)] == ["finance"]
    assessing.publish(actor=director(), pk=run.pk)
    frozen.refresh_from_db()
    assert assessing.lines(clerk(), frozen).count() == 3


def test_who_reckons_does_not_freeze(plan: Plan) -> None:
    both = made.somebody("both", (Role.SUPERVISOR, "government-office"), (Role.LEADER, "government-office"))
    run = assessing.run(actor=both, plan=plan.pk, kind="half", until=datetime.date(2019, 6, 30))
    assessing.open_objections(actor=both, pk=run.pk)
    at("2019-07-09T09:00")
    with pytest.raises(LuoshiError) as refused:
        assessing.freeze(actor=both, pk=run.pk)
    assert refused.value.code == "E_SELF"


@pytest.mark.parametrize(
    ("kind", "until", "after"),
    [("month", "2019-02-28", "2019-01-31"), ("half", "2019-12-31", "2019-06-30"), ("year", "2019-12-31", "2018-12-31")],
)
def test_spans(kind: str, until: str, after: str) -> None:
    assert assessing.span(kind, datetime.date.fromisoformat(until)) == datetime.date.fromisoformat(after)


@pytest.mark.parametrize(("kind", "until"), [("month", "2019-02-27"), ("half", "2019-05-31"), ("year", "2019-06-30")])
def test_spans_that_are_none(kind: str, until: str) -> None:
    with pytest.raises(LuoshiError):
        assessing.span(kind, datetime.date.fromisoformat(until))


def test_a_period_is_judged_under_the_plan_of_its_year(plan: Plan) -> None:
    """The next year's plan may be out before the old year is judged; of a year without a plan nothing is offered."""
    day = datetime.date
    Plan.objects.create(year=2020, title="次年要点", issued_on=day(2020, 1, 3), status="active", loaded_at=CLOCK.now(),
                        loaded_by="测试", activated_at=CLOCK.now(), activated_by="测试")  # fmt: skip
    at("2020-02-10T09:00")
    assert assessing.plan_for(day(2019, 12, 31)).pk == plan.pk
    assert assessing.plan_for(day(2020, 1, 31)).year == 2020
    assert assessing.offered("year", day(2019, 12, 31))
    page = client_of(person("du1", (Role.SUPERVISOR, "government-office")))
    shown = page.get("/supervision/scores/").content.decode()
    assert ">2019年度评估</option>" in shown
    page.post("/supervision/scores/run/", {"kind": "year", "until": "2019-12-31"})
    assert AssessmentRun.objects.get(kind="year").plan_id == plan.pk
    at("2019-06-10T09:00")
    shown = page.get("/supervision/scores/").content.decode()
    assert "2018" not in shown.partition('name="kind"')[2].partition("</select>")[0]
    refused = page.post("/supervision/scores/run/", {"kind": "year", "until": "2018-12-31"})
    assert refused.status_code == 404
    assert "2018-12-31以前没有执行中的年度计划" in refused.content.decode()
    assert page.post("/supervision/checks/draw/", {"quarter": "0000-Q1"}).status_code == 422


# --- spot checks ------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 60).map(str)), max_size=60), st.text(max_size=4),
    st.integers(1, 100),
)  # fmt: skip
def test_a_draw_is_fair_to_every_organ_and_can_be_drawn_again(
    rows: set[tuple[str, str]], seed: str, ratio: int
) -> None:
    found = checking.drawn(rows, seed, Fraction(ratio))
    assert found == checking.drawn(sorted(rows, reverse=True), seed, Fraction(ratio))
    assert len(set(found)) == len(found)
    assert set(found) <= rows
    for organ in "abc":
        held = sum(one == organ for one, _code in rows)
        assert sum(one == organ for one, _code in found) == ceil(Fraction(held * ratio, 100))


def test_a_failed_spot_check_opens_the_task_again_and_costs_points(plan: Plan) -> None:
    drawn = checking.draw(actor=supervisor(), plan=plan.pk, quarter="2019-Q2")
    assert (drawn.population, drawn.lines.count(), len(drawn.seed)) == (2, 2, 32)
    # Who has the record alone draws the same.
    record = json.loads(json.dumps(checking.exported(drawn)))
    again = []
    for organ in sorted({one for one, _code in record["list"]}):
        codes = [code for one, code in record["list"] if one == organ]
        codes.sort(key=lambda code: sha256(f"{record['seed']}|{code}".encode()).hexdigest())
        again += [[organ, code] for code in codes[: ceil(len(codes) * Fraction(record["ratio"]) / 100)]]
    assert again == record["drawn"]
    assert sha256("\n".join("|".join(one) for one in record["list"]).encode()).hexdigest() == record["digest"]
    assert checking.redraw(record)[1] == []
    assert len(checking.redraw(record | {"seed": "0", "digest": "0", "drawn": []})[1]) == 2
    assert drawn.ratio == PARAMETERS["spot_ratio"].values[0].value
    with pytest.raises(LuoshiError, match="不重抽"):
        checking.draw(actor=supervisor(), plan=plan.pk, quarter="2019-Q2")
    line = drawn.lines.get(organ="finance")
    told = {"actor": supervisor(), "line": line.pk, "visited_on": datetime.date(2019, 7, 1), "found": "现场没有完成。"}
    with pytest.raises(LuoshiError, match="不得是被抽查的单位"):
        checking.record(**told, passed=False, with_organ="finance")
    checking.record(**told, passed=False, with_organ="transport", falsified=True)
    assert Matter.objects.get(pk=line.matter_id).state == "in_progress"
    at("2019-08-01T09:00")
    july = assessing.run(actor=supervisor(), plan=plan.pk, kind="month", until=datetime.date(2019, 7, 31))
    counts = july.lines.get(organ="finance").inputs["counts"]
    assert (counts["spot_failed"], counts["falsified"]) == (1, 1)


@pytest.mark.parametrize(("figure", "false"), [("94.99", True), ("95", False), ("54", True)])
def test_progress_falls_back_to_the_figure_a_check_found(plan: Plan, figure: str, false: bool) -> None:
    """Found more than five points below, what was reported was false (services-governance 6.3)."""
    line = checking.draw(actor=supervisor(), plan=plan.pk, quarter="2019-Q2").lines.get(organ="finance")
    told = {"actor": supervisor(), "line": line.pk, "visited_on": datetime.date(2019, 7, 1), "with_organ": "transport"}
    for wrong, passed, word in (("40", True, "合格的不填"), ("一半", False, "数字"), ("100", False, "不少于填报的")):
        with pytest.raises(LuoshiError, match=word) as refused:
            checking.record(**told, passed=passed, found="现场没有完成。", reached=wrong)
        assert refused.value.fields["field"] == "reached"
    row = Matter.objects.get(pk=line.matter_id)
    assert row.state == "crossed_off"
    kept = checking.record(**told, passed=False, found="现场没有完成。", reached=figure)
    assert (kept.falsified, kept.reached) == (false, Decimal(figure))
    row.refresh_from_db()
    assert (row.state, row.percent_bp) == ("in_progress", int(Decimal(figure) * 100))
    report = row.reports.order_by("-pk").first()
    assert (report.state, report.filed_name, report.percent_bp) == ("accepted", "核查", row.percent_bp)
    assert not rollup.check_all()[1]
    page = client_of(person("ducha")).get(f"/supervision/checks/{line.check_of_id}/").content.decode()
    assert f"查到 {Decimal(figure).normalize():f}%" in page


# --- the annual review ------------------------------------------------------------------------------------------------


def test_the_year_is_reviewed_once_it_is_over_and_signed_by_the_leader(plan: Plan) -> None:
    with pytest.raises(LuoshiError) as early:
        reviewing.draft(actor=supervisor(), plan=plan.pk)
    assert early.value.code == "E_NOT_YET"
    at("2020-01-02T09:00")
    Matter.objects.filter(work_leaf__node__plan=plan, state="open").update(percent_bp=9000)
    review = reviewing.draft(actor=supervisor(), plan=plan.pk)
    line = review.lines.get()
    assert (line.category, sorted(line.counts.items())) == ("基本完成", [("基本完成", 2), ("完成", 2)])
    assert line.carried == ["2019-24.02", "2019-24.04"]
    # The three organs that own the assessment together sign it first, each by its head, then the leader in charge.
    with pytest.raises(LuoshiError) as waits:
        reviewing.sign(actor=leader(), plan=plan.pk)
    assert (waits.value.code, len(waits.value.fields["missing"])) == ("E_INCOMPLETE", 3)
    with pytest.raises(LuoshiError):
        reviewing.co_sign(actor=head(), plan=plan.pk)
    for organ in reviewing.CO_SIGNERS:
        assert reviewing.waits_for(head(organ))
        reviewing.co_sign(actor=head(organ), plan=plan.pk)
    with pytest.raises(LuoshiError):
        reviewing.sign(actor=head(), plan=plan.pk)
    signed = reviewing.sign(actor=leader(), plan=plan.pk)
    assert signed.state == "signed"
    words = content.lines_of(papers.of_review(signed))
    assert any("2019-24.02、2019-24.04" in one for one in words)
    assert sum(head(organ).name in "".join(words) for organ in reviewing.CO_SIGNERS) == 3
    page = client_of(User.objects.get(pk=supervisor().user_id))
    assert page.get("/supervision/review/2019.docx").content[:2] == b"PK"
    _carried_into_the_next_year(plan)
    assert "2020-02.01" in page.get("/supervision/review/").content.decode()


def _carried_into_the_next_year(plan: Plan) -> None:
    """What is left stands in the next plan once; the old task is chased until the new one begins, and not after."""
    with pytest.raises(LuoshiError, match="还没有导入2020年的计划"):
        carrying.carry_over(actor=supervisor(), plan=plan.pk)
    following = made.item(2020)
    KeyItem.objects.filter(pk=following.pk).update(seq=1)
    (item,) = carrying.carry_over(actor=supervisor(), plan=plan.pk)
    with pytest.raises(LuoshiError, match="已经转入"):
        carrying.carry_over(actor=supervisor(), plan=plan.pk)
    leaves = list(Leaf.objects.filter(node__item=item).select_related("node").order_by("node__code"))
    # 4,000 and 500 of the old year become the whole of the new item.
    assert [(one.node.code, one.node.weight_bp, one.organ) for one in leaves] == [
        ("2020-02.01", 8889, "finance"), ("2020-02.02", 1111, "nanhuang"),
    ]  # fmt: skip
    old = Matter.objects.get(external_id="2019-24.02")
    assert (old.is_open, Matter.objects.filter(external_id__startswith="2020-").count()) == (True, 0)
    assert plan_actions.hand_over(item) == 2
    old.refresh_from_db()
    new = Matter.objects.get(external_id="2020-02.01")
    assert (old.is_open, old.state, new.is_open, new.percent_bp) == (False, "withdrawn", True, 9000)


# --- pages ------------------------------------------------------------------------------------------------------------


def test_pages_from_the_first_run_to_the_ranking(plan: Plan) -> None:
    made.supervisor()
    user = made.somebody("ducha", (Role.SUPERVISOR, "government-office"))
    page = client_of(User.objects.get(pk=user.user_id))
    assert page.get("/supervision/scores/").status_code == 200
    wrong = page.post("/supervision/scores/run/", {"kind": "half", "until": "2019-05-31"})
    assert wrong.status_code == 422
    sent = page.post("/supervision/scores/run/", {"kind": "half", "until": "2019-06-30"})
    assert sent.status_code == 303
    run = AssessmentRun.objects.get()
    for path in ("", "finance/"):
        shown = page.get(f"/supervision/scores/{run.pk}/{path}")
        assert shown.status_code == 200
        assert ("75.00" if path else "87.00") in shown.content.decode()
    assert page.get(f"/supervision/scores/{run.pk}/export.xlsx").status_code == 200
    assert page.get("/supervision/checks/").status_code == 200
    sent = page.post("/supervision/checks/draw/", {"quarter": "2019-Q2"})
    assert (sent.status_code, page.get(sent["Location"]).status_code) == (303, 200)
    assert page.get("/supervision/review/").status_code == 200
    assert page.get(reverse("supervision-plans"), follow=True).status_code == 200
    told = client_of(User.objects.get(pk=clerk("health").user_id))
    assert told.get(f"/supervision/scores/{run.pk}/").status_code == 404
    # How many were drawn everybody who sees key works may know; which ones only who sees every organ's score.
    assert (told.get("/supervision/checks/").status_code, told.get(sent["Location"]).status_code) == (200, 403)
    assert "年度评价" in told.get("/supervision/review/").content.decode()


def test_each_organ_answers_for_a_task_from_the_day_of_the_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The organ that was is asked before the transfer, its successor from that day; who got a task by hand, always."""
    transfer = datetime.date(2019, 3, 20)

    class Successors:
        def __init__(self, day: datetime.date) -> None:
            self.day = day

        def of(self, organ: str) -> str:
            return "agri-rural" if organ == "agriculture" and self.day >= transfer else organ

    monkeypatch.setattr(assessing.concern, "Successors", Successors)
    CLOCK.set(moment("2019-07-01T09:00"))
    try:
        holders = assessing.Holders()
        moved = Leaf(organ="agriculture", matter=Matter(organ="agri-rural"))
        given = Leaf(organ="agriculture", matter=Matter(organ="finance"))
        for day, organ in ((datetime.date(2019, 3, 19), "agriculture"), (transfer, "agri-rural")):
            assert (holders.of(moved, day), holders.of(given, day)) == (organ, "finance")
    finally:
        CLOCK.release()
