"""The review of what was read: each decision, its effect, two hands, undo, and what a new version does to it."""

from __future__ import annotations

import pytest

from luoshi.gazette import records as r
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.duties.models import Duty, Target, TimeLimit
from luoshi.office.instruments import queries, review_actions, review_queries, review_readings
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Instrument, Review, ReviewRecord, ReviewStep
from luoshi.office.instruments.review_actions import Tick
from luoshi.office.instruments.review_counts import counts_of
from luoshi.office.roles import PERMISSIONS, Reach, Role
from tests.office import sample
from tests.office.people import OFFICE, actor

pytestmark = pytest.mark.django_db

PROGRAM = Actor.system("测试程序", "test")
KEY = sample.NUMBER


def stored(monkeypatch, *instruments, text: str = "第一版全文"):
    """Import the instruments as one file."""
    sample.compiled(monkeypatch, *(instruments or (sample.instrument(),)), warnings=0)
    return import_gazette(text, actor=PROGRAM, filename="一期.txt")


@pytest.fixture
def first():
    """The archivist."""
    return actor("甲", (Role.ARCHIVIST, OFFICE))


@pytest.fixture
def second():
    """Another archivist."""
    return actor("乙", (Role.ARCHIVIST, OFFICE))


def items(kind: str = "", clause: str | None = None):
    """Return what there is to review, of a kind and clause."""
    found = review_queries.items(queries.instrument(KEY))
    return [one for one in found if kind in ("", one.kind) and clause in (None, one.clause)]


def decided(by: Actor, one, decision: str, content=None, **more):
    return review_actions.decide(
        actor=by, key=KEY, anchor=one.anchor, decision=decision, version=one.version, content=content, **more
    )


def all_confirmed(by: Actor) -> None:
    for one in items():
        if one.open:
            decided(by, one, "confirmed")


def ticks():
    return [Tick(one.anchor, one.version) for one in review_queries.to_confirm(items())]


def changed(one, **fields):
    """Return an item's content with other fields, its limits left as printed."""
    return {name: value for name, value in one.original.items() if name != "limits"} | fields


def test_every_reading_is_an_item_in_the_order_of_the_text(monkeypatch):
    stored(monkeypatch)
    assert [(one.clause, one.kind) for one in items()] == [
        *[("", "head")] * 5, ("", "repair"), ("一", "duty"), ("一", "target"), ("一", "limit"), ("一/(一)", "duty"),
    ]  # fmt: skip
    assert all(one.state in ("open", "doubtful") for one in items())


def of_everything(number: str, **more) -> r.Instrument:
    """Return an instrument with something of every kind, and doubts."""
    found = sample.instrument(number, **more)
    found.clauses += [
        r.Clause("一/(二)", "(二)", "cn_paren", None, "按月登记。", 60, 70),
        r.Clause("一/(二)/—1", "—", "dash", None, "先登记。", 70, 80),
        r.Clause("一/(二)/—2", "—", "dash", None, "后修补。", 80, 90),
    ]
    monthly = (("every", "monthly", "按月"),)
    found.duties += [sample.duty(f"一/(二)/—{n}", limits=monthly, action=f"第{n}件") for n in (1, 2)]
    found.duties.append(sample.duty("一", lead=("市己局",), limits=monthly, action="又一件"))
    found.duties[-1].confidence = 0.4
    found.targets.append(r.Target("登记率", ">=", "90", "%", None, None, True, "一", [r.Organ("市庚局")], 25, 28))
    found.targets.append(r.Target("上报率", ">=", "90", "%", None, None, True, "没有这一条", [], 25, 28))
    found.memberships.append(r.Membership("测试小组", "组长", "测试甲", None, "局长", "一", 30, 33))
    found.appointments.append(r.Appointment("appoint", "测试乙", "市甲局局长", r.Organ("市甲局"), "局长", None, 33, 36))
    found.relations.append(r.Relation("cites", r.Reference("测政发〔2017〕9号", None), "一", 36, 39))
    for clause in found.clauses:
        clause.start, clause.end = clause.start + found.start, clause.end + found.start
    found.end = found.start + 90
    return found


def test_readings_of_a_review_not_begun_are_counted_without_making_them(monkeypatch, django_assert_num_queries):
    kinds = ("joined_line", "removed_blank", "supplied_label", "joined_line")
    places = zip(kinds * 6, range(3, 3 + 24 * 11, 11), strict=True)
    repairs = [r.Repair(kind, start, start + 1, "甲", "乙") for kind, start in places]
    made = sample.compilation(
        of_everything(sample.NUMBER),
        of_everything("测政发〔2018〕2号", start=100, issued_on=None, title=""),
        sample.instrument("测政发〔2018〕3号", start=200, end=260),
        warnings=2,
    )
    made = r.Compilation(made.gazette, made.instruments, repairs, [*made.warnings, r.Warning("x", "有疑", 130, 131)])
    monkeypatch.setattr("luoshi.office.instruments.plan.compile_for_library", lambda text: made)
    import_gazette("全文", actor=PROGRAM, filename="一期.txt")
    library = list(Instrument.objects.order_by("pk"))
    expected = {
        pk: (len(own), sum(bool(one.doubt) for one in own)) for pk, own in review_readings.readings_of(library).items()
    }
    with django_assert_num_queries(10):
        found = counts_of(library)
    assert found == expected
    assert [doubts for _total, doubts in found.values()] == [4, 5, 0]


def test_a_plain_confirmation_counts_at_once_and_changes_nothing_in_the_ledger(monkeypatch, first):
    stored(monkeypatch)
    before = list(Duty.objects.order_by("pk").values())
    done = decided(first, items("duty")[0], "confirmed")
    assert (done.record.needs_second, done.progress.decided, done.review.decided) == (False, 1, 1)
    assert list(Duty.objects.order_by("pk").values()) == before
    entry = AuditEntry.objects.latest("id")
    assert (entry.act, entry.who) == ("review.decide", "测试甲")


def test_a_correction_waits_for_a_second_person_and_then_changes_the_ledger(monkeypatch, first, second):
    stored(monkeypatch)
    one = items("duty")[0]
    content = changed(one, summary="修长椅", lead=[{"name": "市戊局"}], cooperating=[{"name": "市甲局"}])
    done = decided(first, one, "changed", content)
    assert (done.record.needs_second, done.review.waiting) == (True, 1)
    duty = Duty.objects.get(pk=one.reading.row)
    assert duty.summary == "修补长椅"
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    duty.refresh_from_db()
    assert duty.summary == "修长椅"
    assert list(duty.organs.order_by("-leads", "seq").values_list("leads", "name")) == [
        (True, "市戊局"), (False, "市甲局"),
    ]  # fmt: skip
    assert duty.limits.get().value == "2018-10-31"
    # The reading stays the compiler's own, under the same anchor.
    again = items("duty")[0]
    assert (again.anchor, again.original["summary"], again.content["summary"]) == (one.anchor, "修补长椅", "修长椅")


def test_a_split_makes_two_duties_and_undoing_it_takes_the_second_out_of_the_ledger(monkeypatch, first, second):
    stored(monkeypatch)
    one = items("duty")[0]
    parts = [changed(one, summary="修补"), changed(one, summary="登记", lead=[{"name": "市戊局"}])]
    decided(first, one, "split", parts)
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert list(Duty.objects.filter(is_current=True).order_by("pk").values_list("summary", flat=True)) == [
        "修补", "修补长椅", "登记",
    ]  # fmt: skip
    assert queries.instrument(KEY).duty_count == 3
    made = Duty.objects.get(summary="登记")
    assert (made.clause_path, made.limits.get().value, made.due_sort.isoformat()) == ("一", "2018-10-31", "2018-10-31")
    assert len(items("duty")) == 2
    one = items("duty")[0]
    review_actions.undo(actor=first, key=KEY, anchor=one.anchor, version=one.version)
    assert Duty.objects.filter(is_current=True).count() == 3
    decided(first, items("duty")[0], "confirmed")
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert Duty.objects.filter(is_current=True).count() == 2
    assert len(items("duty")) == 2


def test_excluded_leaves_the_ledger_and_added_enters_it(monkeypatch, first, second):
    stored(monkeypatch)
    decided(first, items("duty")[0], "excluded")
    decided(first, items("target")[0], "excluded")
    review_actions.add(
        actor=first, key=KEY, clause="一/(一)", kind="duty",
        content={"summary": "公布名单", "lead": [{"name": "市己局"}],
                 "limits": [{"kind": "by", "value": "2019-01-31"}]},
    )  # fmt: skip
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    current = Duty.objects.filter(is_current=True)
    assert set(current.values_list("summary", flat=True)) == {"修补长椅", "公布名单"}
    assert current.get(summary="公布名单").due_sort.isoformat() == "2019-01-31"
    assert not Target.objects.exists()
    assert [one.state for one in items("target")] == ["excluded"]
    one = items("target")[0]
    decided(first, one, "confirmed")
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert Target.objects.get().subject == "修补率"


def test_a_limit_is_corrected_for_every_duty_it_holds_for(monkeypatch, first, second):
    both = sample.instrument()
    limit = (("by", "2018-10-31", "2018年10月底前"),)
    both.duties = [sample.duty(limits=limit), sample.duty(lead=("市丁局",), action="另一件事。", limits=limit)]
    stored(monkeypatch, both)
    one = items("limit")[0]
    decided(first, one, "changed", {"kind": "by", "value": "2019-10-31", "text": "2019年10月底前"})
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert set(TimeLimit.objects.values_list("value", flat=True)) == {"2019-10-31"}
    assert {row.isoformat() for row in Duty.objects.values_list("due_sort", flat=True)} == {"2019-10-31"}
    assert [x.original["value"] for x in items("limit")] == ["2018-10-31"]
    decided(first, items("limit")[0], "excluded")
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert not TimeLimit.objects.exists()
    assert len(items("limit")) == 1


def test_a_head_field_is_corrected_with_all_that_follows_from_it(monkeypatch, first, second):
    stored(monkeypatch)
    one = next(one for one in items("head") if one.original["field"] == "expires_on")
    decided(first, one, "changed", {"field": "expires_on", "value": "2021-08-31"})
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    row = queries.instrument(KEY)
    assert (row.expires_on.isoformat(), row.ends_on.isoformat()) == ("2021-08-31", "2021-08-31")


def test_a_wrong_repeal_taken_out_lets_the_other_instrument_live(monkeypatch, first, second):
    old = sample.instrument("测政发〔2017〕9号", "旧办法", text="旧规定。", issued_on="2017-01-01")
    new = sample.instrument()
    new.relations = [r.Relation("repeals", r.Reference("测政发〔2017〕9号", None), "一", 20, 24)]
    stored(monkeypatch, old, new)
    assert queries.instrument("测政发〔2017〕9号").ends_on.isoformat() == "2018-02-28"
    decided(first, items("relation")[0], "excluded")
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert queries.instrument("测政发〔2017〕9号").ends_on.isoformat() == "9999-12-31"


def test_a_doubt_is_settled_by_another_person_only(monkeypatch, first, second):
    stored(monkeypatch)
    one = items("duty")[0]
    decided(first, one, "doubtful", note_text="看不清")
    one = items("duty")[0]
    assert (one.doubtful, one.open, one.settled) == (True, False, False)
    again = {"key": KEY, "anchor": one.anchor, "version": one.version, "decision": "excluded"}
    with pytest.raises(LuoshiError) as refused:
        review_actions.settle(actor=first, **again)
    assert refused.value.code == "E_SELF"
    with pytest.raises(LuoshiError) as refused:
        review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert refused.value.code == "E_STATE"
    review_actions.settle(actor=second, **again)
    assert not Duty.objects.get(pk=one.reading.row).is_current
    assert items("duty")[0].settled


def test_reviewed_needs_everything_decided_and_two_signatures_and_a_change_voids_them(monkeypatch, first, second):
    stored(monkeypatch)
    with pytest.raises(LuoshiError, match="还差 10 处") as refused:
        review_actions.send(actor=first, key=KEY)
    assert refused.value.code == "E_INCOMPLETE"
    one = items("duty")[0]
    decided(first, one, "changed", changed(one, summary="修长椅"))
    all_confirmed(first)
    review_actions.send(actor=first, key=KEY)
    with pytest.raises(LuoshiError) as refused:
        review_actions.confirm(actor=first, key=KEY, ticks=ticks())
    assert refused.value.code == "E_SELF"
    with pytest.raises(LuoshiError) as refused:
        review_actions.confirm(actor=second, key=KEY, ticks=[])
    assert refused.value.code == "E_INCOMPLETE"
    review = review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert (review.stage, review.first_name, review.second_name) == ("done", "测试甲", "测试乙")
    done = decided(first, items("target")[0], "excluded")
    assert (done.review.stage, done.review.second_at) == ("open", None)
    assert "签字作废" in done.review.voided


def test_send_back_opens_the_record_again_with_the_reason(monkeypatch, first, second):
    stored(monkeypatch)
    one = items("duty")[0]
    decided(first, one, "excluded")
    one = items("duty")[0]
    with pytest.raises(LuoshiError) as refused:
        review_actions.send_back(actor=second, key=KEY, anchor=one.anchor, version=one.version, note_text=" ")
    assert refused.value.code == "E_INPUT"
    done = review_actions.send_back(actor=second, key=KEY, anchor=one.anchor, version=one.version, note_text="是责任")
    assert (done.record.decision, done.record.note) == ("", "测试乙退回：是责任")


def test_undo_goes_back_one_decision_at_a_time_and_keeps_every_step(monkeypatch, first):
    stored(monkeypatch)
    one = items("target")[0]
    decided(first, one, "confirmed")
    decided(first, items("target")[0], "excluded")
    states = []
    for _ in range(2):
        one = items("target")[0]
        states.append(review_actions.undo(actor=first, key=KEY, anchor=one.anchor, version=one.version).record.decision)
    assert states == ["confirmed", ""]
    assert list(ReviewStep.objects.order_by("version").values_list("act", "decision")) == [
        ("decide", "confirmed"), ("decide", "excluded"), ("undo", "confirmed"), ("undo", ""),
    ]  # fmt: skip
    one = items("target")[0]
    with pytest.raises(LuoshiError) as refused:
        review_actions.undo(actor=first, key=KEY, anchor=one.anchor, version=one.version)
    assert refused.value.code == "E_STATE"


def test_a_stale_version_is_refused_with_both_states(monkeypatch, first, second):
    stored(monkeypatch)
    one = items("duty")[0]
    decided(first, one, "excluded")
    with pytest.raises(LuoshiError) as refused:
        decided(second, one, "confirmed")
    assert refused.value.code == "E_VERSION"
    assert (refused.value.fields["now"], refused.value.fields["state"]["decision"]) == (1, "excluded")


def test_what_is_said_instead_is_checked_field_by_field(monkeypatch, first):
    stored(monkeypatch)
    duty, target, limit = items("duty")[0], items("target")[0], items("limit")[0]
    wrong = (
        (duty, "changed", changed(duty, summary="")),
        (duty, "changed", changed(duty, lead=[{"name": "市甲局"}], cooperating=[{"name": "市甲局"}])),
        (duty, "changed", changed(duty)),
        (duty, "split", [changed(duty)]),
        (target, "split", [target.original, target.original]),
        (target, "changed", target.original | {"value": "很多"}),
        (target, "changed", target.original | {"op": "!"}),
        (limit, "changed", {"kind": "by", "value": "2018年"}),
        (limit, "changed", {"kind": "within", "value": "soon"}),
        (limit, "changed", {"kind": "every", "value": "sometimes"}),
        (duty, "approved", None),
        (duty, "added", changed(duty)),
    )
    for one, decision, content in wrong:
        with pytest.raises(LuoshiError) as refused:
            decided(first, one, decision, content)
        assert refused.value.code == "E_INPUT", (decision, content)
    assert not ReviewRecord.objects.exists()


def test_a_misprinted_name_needs_two_persons_even_when_it_is_kept(monkeypatch, first):
    item = sample.instrument()
    sample.compiled(monkeypatch, item, warnings=0)
    made = sample.compilation(item, warnings=0)
    made.warnings = [r.Warning("unknown_organ", "机构名录中没有“市甲局”,是否为“市财政局”?原文照录,请核对", 12, 20)]
    monkeypatch.setattr("luoshi.office.instruments.plan.compile_for_library", lambda _text: made)
    import_gazette("全文" * 40, actor=PROGRAM, filename="一期.txt")
    one = items("warning")[0]
    assert [choice.key for choice in review_queries.choices(one)] == ["meant", "read"]
    assert decided(first, one, "confirmed").record.needs_second


def test_corrections_survive_a_corrected_file_and_changed_words_come_first(monkeypatch, first, second):
    stored(monkeypatch)
    duty, other = items("duty")
    decided(first, duty, "changed", changed(duty, summary="修长椅"))
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    decided(first, other, "excluded")
    decided(first, items("target")[0], "confirmed")
    new = sample.instrument(text="修补全市街边长椅和路灯。")
    new.duties[1].action = "修补街边长椅和路灯，按月登记。"
    stored(monkeypatch, new, text="第二版全文")
    first_duty, second_duty = items("duty")
    assert (first_duty.state, first_duty.content["summary"]) == ("changed", "修长椅")
    assert Duty.objects.get(is_current=True, clause_path="一").summary == "修长椅"
    assert (second_duty.state, second_duty.record.conflict, second_duty.decision) == ("conflict", "text", "excluded")
    assert Duty.objects.get(is_current=True, clause_path="一/(一)").summary == "修补长椅"
    assert items("target")[0].state == "confirmed"
    assert Review.objects.get().conflicts == 1
    choice = review_queries.choices(second_duty)[0]
    decided(first, second_duty, choice.decision, choice.content)
    assert items("duty")[1].state == "excluded"


def test_a_correction_whose_words_are_gone_waits_as_a_conflict_and_may_stay_on_its_own(monkeypatch, first, second):
    stored(monkeypatch)
    duty = items("duty")[1]
    decided(first, duty, "changed", changed(duty, summary="先修损坏的"))
    new = sample.instrument(text="修补全市街边长椅和路灯。")
    new.duties = new.duties[:1]
    stored(monkeypatch, new, text="第二版全文")
    gone = next(one for one in items("duty") if one.conflict)
    assert (gone.conflict, gone.record.content["summary"]) == ("gone", "先修损坏的")
    keep = review_queries.choices(gone)[0]
    decided(first, gone, keep.decision, keep.content)
    review_actions.confirm(actor=second, key=KEY, ticks=ticks())
    assert Duty.objects.filter(is_current=True, summary="先修损坏的", clause_path="一/(一)").count() == 1


ACTS = {
    "review.decide": (
        lambda by, one: decided(by, one, "confirmed"),
        lambda by, one: review_actions.undo(actor=by, key=KEY, anchor=one.anchor, version=one.version),
        lambda by, _one: review_actions.add(actor=by, key=KEY, clause="一", kind="duty", content={"summary": "某"}),
        lambda by, _one: review_actions.send(actor=by, key=KEY),
    ),
    "review.confirm": (
        lambda by, _one: review_actions.confirm(actor=by, key=KEY, ticks=[]),
        lambda by, one: review_actions.settle(
            actor=by, key=KEY, anchor=one.anchor, decision="confirmed", version=one.version
        ),
        lambda by, one: review_actions.send_back(
            actor=by, key=KEY, anchor=one.anchor, version=one.version, note_text="某"
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_every_act_is_refused_to_every_role_the_table_does_not_name(monkeypatch, role):
    stored(monkeypatch)
    by, one = actor(f"someone-{role}", (role, OFFICE)), items("duty")[0]
    for key, acts in ACTS.items():
        allowed = PERMISSIONS[key].reach[role] is not Reach.NONE
        for act in acts:
            try:
                act(by, items("duty")[0] if one else one)
                code = ""
            except LuoshiError as error:
                code = error.code
            assert (code == "E_FORBIDDEN") is not allowed, (key, role, code)
