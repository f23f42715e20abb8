"""Two hands for organs, names, relations, readings, posts, appointments, mergers, members; nothing is deleted."""

from __future__ import annotations

import datetime
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import decide
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.library_facts import complete
from luoshi.office.messages.models import Message
from luoshi.office.organs import actions, queries, sealing
from luoshi.office.organs.models import (
    Evidence,
    LeadingGroup,
    Organ,
    OrganName,
    OrganRelation,
    Person,
    PersonIdentifier,
    Post,
    Proposal,
)
from luoshi.office.permissions import may
from luoshi.office.roles import Role
from tests.office.people import actor, person
from tests.office.twin import NUMBERS, appointments, member_list, texts

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("测试甲", "test")
D = datetime.date.fromisoformat
STAFFING, ORGANISATION = "staffing-office", "organization-dept"
NOTE = "负责人批示〔2019〕1号"


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    """The directory and the gazettes, taken in once for all these tests; each of them leaves nothing behind."""
    with django_db_blocker.unblock(), transaction.atomic():
        actions.load_directory_into_database(actor=SYSTEM)
        for name, text in texts().items():
            import_gazette(text, actor=SYSTEM, filename=name)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def directory(kept, db):
    """The directory of organs; what the gazettes say of them is there as well."""


@pytest.fixture
def library(kept, db):
    """The gazettes, read into the directory."""


@pytest.fixture
def staff():
    return actor("s1", (Role.STAFFING, STAFFING)), actor("s2", (Role.STAFFING, STAFFING))


@pytest.fixture
def officers():
    return actor("p1", (Role.PERSONNEL, ORGANISATION)), actor("p2", (Role.PERSONNEL, ORGANISATION))


def both(row: Proposal, other: Actor) -> Proposal:
    return actions.confirm(actor=other, proposal_id=row.pk, version=row.version)


def refused(code: str):
    return pytest.raises(LuoshiError, match=rf"^{code}:")


def relation(by: Actor, origin="food-drug", target="market-supervision", **more) -> Proposal:
    more = {"kind": "functions_moved", "effective": D("2019-03-04"), "director_note": NOTE} | more
    return actions.propose_relation(actor=by, origin=origin, target=target, **more)


# --- two hands --------------------------------------------------------------------------------------------------------


def test_relation_moves_duties_only_when_another_confirmed_it(directory, staff):
    one, other = staff
    on = D("2019-06-01")
    assert queries.resolve("市食药局", on).successor is None
    row = relation(one)
    assert queries.successor_of("food-drug", on) is None
    assert queries.served_by("market-supervision", on) == {"market-supervision"}
    with refused("E_SELF"):
        both(row, one)
    both(row, other)
    assert queries.resolve("市食药局", on).successor.slug == "market-supervision"
    assert queries.successor_of("food-drug", on) == "market-supervision"
    assert queries.successor_of("food-drug", D("2019-03-03")) == "food-drug"
    assert queries.served_by("market-supervision", on) == {"market-supervision", "food-drug"}
    assert queries.served_by("market-supervision", D("2019-03-03")) == {"market-supervision"}
    taken = decide("organs.successor", complete("organs.successor", {"organ": "市食药局", "on": "2019-06-01"}, on), on)
    assert taken.value["successor"]["slug"] == "market-supervision"


def test_confirming_supersedes_what_the_directory_assumed_and_keeps_it(directory, staff):
    one, other = staff
    before = OrganRelation.objects.count()
    both(relation(one), other)
    pair = OrganRelation.objects.filter(origin__slug="food-drug", target__slug="market-supervision")
    assert sorted(pair.values_list("superseded", flat=True)) == [False, True]
    assert OrganRelation.objects.count() == before + 1


def test_program_is_no_second_hand(directory, staff):
    row = relation(staff[0])
    with refused("E_SELF"):
        both(row, Actor.system("定时", "timer"))


def test_delegate_of_the_proposer_is_no_second_hand(directory, staff):
    one, other = staff
    row = relation(one)
    stand_in = Actor(other.name, "test", other.user_id, other.grants, for_id=one.user_id, for_name=one.name)
    with refused("E_SELF"):
        both(row, stand_in)
    row = relation(stand_in, origin="work-safety", target="emergency")
    with refused("E_SELF"):
        both(row, one)


def test_database_refuses_one_hand_twice(directory, staff):
    row = relation(staff[0])
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=row.pk).update(state="confirmed", confirmed_by=row.proposed_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=row.pk).update(state="confirmed")


def test_stale_version_and_second_decision_are_refused(directory, staff):
    one, other = staff
    row = relation(one)
    with refused("E_VERSION"):
        actions.confirm(actor=other, proposal_id=row.pk, version=row.version + 1)
    both(row, other)
    with refused("E_STATE"):
        actions.confirm(actor=other, proposal_id=row.pk, version=row.version + 1)


def test_refusal_needs_a_reason_and_tells_the_proposer(directory, staff):
    one, other = staff
    row = relation(one)
    assert set(Message.objects.values_list("user", flat=True)) == {other.user_id}
    with refused("E_INCOMPLETE"):
        actions.refuse(actor=other, proposal_id=row.pk, version=1, reason=" ")
    actions.refuse(actor=other, proposal_id=row.pk, version=1, reason="日期不符")
    assert Message.objects.filter(user=one.user_id).count() == 1
    assert queries.successor_of("food-drug", D("2019-06-01")) is None


def test_only_the_proposer_withdraws(directory, staff):
    one, other = staff
    row = relation(one)
    with refused("E_FORBIDDEN"):
        actions.withdraw(actor=other, proposal_id=row.pk, version=1)
    actions.withdraw(actor=one, proposal_id=row.pk, version=1)
    assert relation(one).state == "open"


def test_one_subject_waits_once(directory, staff):
    relation(staff[0])
    with refused("E_BUSY"):
        relation(staff[1])


def test_every_step_is_in_the_audit_trail(directory, staff):
    both(relation(staff[0]), staff[1])
    acts = list(AuditEntry.objects.order_by("id").values_list("act", "user_id"))
    assert acts[-2:] == [("relation.propose", staff[0].user_id), ("relation.confirm", staff[1].user_id)]


# --- permissions ------------------------------------------------------------------------------------------------------


def acts_of(by: Actor):
    """Every act of the room with the permission it needs."""
    group = LeadingGroup.objects.get(number=NUMBERS["C"])
    twins = list(Person.objects.filter(name="测试庚").order_by("id"))
    return {
        "organ.edit": lambda: relation(by),
        "name.decide": lambda: actions.propose_reading(actor=by, text="市发政局", organ="development-reform"),
        "post.edit": lambda: actions.propose_post(actor=by, organ="commerce", title="总工程师"),
        "person.merge": lambda: actions.propose_merge(actor=by, kept=twins[0].pk, merged=twins[1].pk, reason="同一人"),
        "group.propose": lambda: actions.propose_member(
            actor=by, group=group.pk, order=3, person=None, name="测试申", on=D("2019-01-01")
        ),
        "print.note": lambda: actions.note_print_error(
            actor=by, number=NUMBERS["C"], clause="一", printed="市发政局", note="应为市发改局"
        ),
    }


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_each_act_is_done_by_the_roles_of_the_table_and_no_other(library, role):
    by = actor("x", (role, "enforcement"))
    for key, do in acts_of(by).items():
        if may(by, key, ["enforcement"]):
            do()
        else:
            with refused("E_FORBIDDEN"):
                do()


def test_visitor_does_nothing(library):
    for do in acts_of(VISITOR).values():
        with refused("E_FORBIDDEN"):
            do()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_each_confirmation_is_done_by_the_roles_of_the_table_and_no_other(library, role):
    maker = Actor.system("测试甲", "test", person("maker").pk)
    keys = {"organ.edit": "organ.confirm", "name.decide": "name.confirm", "post.edit": "post.confirm"}
    keys |= {"person.merge": "person.confirm", "group.propose": "group.confirm"}
    by = actor("x", (role, "enforcement"))
    for key, confirming in keys.items():
        row = acts_of(maker)[key]()
        if may(by, confirming, ["enforcement"]):
            both(row, by)
        else:
            with refused("E_FORBIDDEN"):
                both(row, by)


def test_group_is_changed_by_the_organ_of_its_office_alone(library):
    group = LeadingGroup.objects.get(number=NUMBERS["C"])
    stranger = actor("x", (Role.CLERK, "finance"))
    with refused("E_FORBIDDEN"):
        actions.propose_member(actor=stranger, group=group.pk, order=3, person=None, name="测试申", on=D("2019-01-01"))


# --- organs and names -------------------------------------------------------------------------------------------------


def test_new_organ_is_found_by_its_name_and_short_name(directory, staff):
    one, other = staff
    both(actions.propose_organ(actor=one, slug="bench-bureau", name="市长椅管护局", kind="gov_agency"), other)
    both(actions.propose_name(actor=one, organ="bench-bureau", text="市椅管局", kind="short"), other)
    on = D("2019-06-01")
    for text in ("市长椅管护局", "长椅管护局", "市椅管局"):
        assert queries.resolve(text, on).organ.slug == "bench-bureau"
    assert queries.title_of("bench-bureau", on) == "市长椅管护局"
    assert queries.organ_list(on=on, q="椅管").total == 1


def test_alias_already_owned_asks_for_the_flag(directory, staff):
    one, other = staff
    with pytest.raises(LuoshiError) as caught:
        actions.propose_name(actor=one, organ="water", text="财政局", kind="alias")
    assert (caught.value.code, caught.value.message) == ("E_CONFLICT", "该简称已属于市财政局,请标注歧义")
    on = D("2019-06-01")
    assert queries.resolve("财政局", on).organ.slug == "finance"
    both(actions.propose_name(actor=one, organ="water", text="财政局", kind="alias", ambiguous=True), other)
    found = queries.resolve("财政局", on)
    assert (found.status, [name.slug for name in found.candidates]) == ("candidates", ["finance", "water"])


def test_ended_name_is_kept_and_nobodys(directory, staff):
    one, other = staff
    both(actions.propose_name(actor=one, organ="environment", text="环保局", kind="short", end=True), other)
    assert queries.resolve("环保局", D("2019-06-01")).status == "none"
    assert OrganName.objects.get(text="环保局").ended


def test_organ_changed_in_between_is_not_overwritten(directory, staff):
    one, other = staff
    row = actions.propose_organ(actor=one, slug="water", name="市水利局", kind="gov_dept", note="甲")
    Organ.objects.filter(slug="water").update(version=7)
    with refused("E_VERSION"):
        both(row, other)
    assert Organ.objects.get(slug="water").note == ""


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"slug": "Bad Slug"}, "E_INPUT"),
        ({"kind": "ministry"}, "E_INPUT"),
        ({"uscc": "123"}, "E_INPUT"),
        ({"parent": "nobody"}, "E_INPUT"),
        ({"name": "财政局"}, "E_CONFLICT"),
        ({"not_before": D("2019-02-01"), "not_after": D("2019-01-01")}, "E_INPUT"),
        ({"kind": "sub_unit", "parent": "water"}, "E_INPUT"),
    ],
)
def test_organ_that_cannot_be_is_refused(directory, staff, given, code):
    with refused(code):
        actions.propose_organ(actor=staff[0], **({"slug": "bench", "name": "市长椅局", "kind": "gov_dept"} | given))


def test_misprint_resolves_after_two_confirmations(directory, staff):
    one, other = staff
    on = D("2019-06-01")
    assert queries.resolve("市发政局", on).status == "candidates"
    row = actions.propose_reading(actor=one, text="市发政局", organ="development-reform")
    assert queries.resolve("市发政局", on).status == "candidates"
    both(row, other)
    assert queries.resolve("市发政局", on).organ.slug == "development-reform"


def test_clear_name_needs_no_reading(directory, staff):
    with refused("E_RULE"):
        actions.propose_reading(actor=staff[0], text="市财政局", organ="water")


# --- succession -------------------------------------------------------------------------------------------------------


def test_circle_is_refused(directory, staff):
    one, other = staff
    both(relation(one), other)
    with refused("E_RULE"):
        relation(one, origin="market-supervision", target="food-drug")


def test_circle_that_closes_between_proposal_and_confirmation_is_refused(directory, staff):
    one, other = staff
    first = relation(one)
    second = relation(one, origin="market-supervision", target="food-drug")
    both(first, other)
    with refused("E_RULE"):
        both(second, other)


def test_past_day_of_effect_needs_the_director(directory, staff):
    one, other = staff
    row = relation(one, director_note="")
    assert [warning["code"] for warning in row.warnings] == ["past"]
    with refused("E_RULE"):
        both(row, other)
    director = actor("head", (Role.STAFFING, STAFFING), (Role.LEADER, STAFFING))
    both(row, director)
    assert queries.successor_of("food-drug", D("2019-06-01")) == "market-supervision"


def test_reform_batch_moves_duties_and_ends_posts_on_its_day(library, staff):
    one, other = staff
    row = actions.propose_batch(
        actor=one,
        title="机构改革方案",
        effective=D("2019-03-04"),
        relations=[
            {"from": "市农业局", "to": "市农业农村局", "kind": "renamed"},
            {"from": "市畜牧兽医局", "to": "市农业农村局", "kind": "merged_into"},
        ],
        ended_organs=["市农业局"],
        director_note=NOTE,
    )
    both(row, other)
    assert queries.served_by("agri-rural", D("2019-03-04")) == {"agri-rural", "agriculture", "livestock"}
    assert queries.served_by("agri-rural", D("2019-03-03")) == {"agri-rural"}
    assert Organ.objects.get(slug="agriculture").not_after == D("2019-03-03")
    assert set(Post.objects.filter(organ__slug="agriculture").values_list("ended_on", flat=True)) == {D("2019-03-04")}
    assert queries.resolve("市畜牧局", D("2019-06-01")).successor.slug == "agri-rural"
    assert queries.resolve("市畜牧局", D("2018-06-01")).successor.slug == "livestock"


def test_organ_with_duties_and_no_successor_waits_in_the_queue(directory, staff, monkeypatch):
    from tests.office import sample

    duties = [sample.duty("一", lead=("市畜牧局",)), sample.duty("一/(一)", lead=("市某某局",))]
    record = sample.instrument()
    record.duties = duties
    for duty in record.duties:
        for organ in duty.lead:
            organ.slug = "livestock" if organ.name == "市畜牧局" else None
    sample.compiled(monkeypatch, record)
    import_gazette("全文", actor=SYSTEM, filename="a.txt")
    queues = queries.open_queues(D("2019-06-01"), reader=staff[0])
    assert [(row.organ.slug, row.duties) for row in queues.duties] == [("livestock", 1)]
    assert "市某某局" in [row.text for row in queues.names]
    shown = {row.key: row for row in queries.indicators(D("2019-06-01"))}
    assert (shown["homeless_duties"].value, shown["homeless_duties"].met) == ("1", False)
    both(relation(staff[0], origin="livestock", target="agri-rural", kind="merged_into"), staff[1])
    assert queries.open_queues(D("2019-06-01"), reader=staff[0]).duties == []


# --- posts and appointments -------------------------------------------------------------------------------------------

LIST = "乳政任〔2019〕9号"


def listed(by: Actor, *acts, **more) -> Proposal:
    return actions.propose_appointments(
        actor=by, number=more.pop("number", LIST), issued_on=D("2019-09-01"), acts=list(acts), **more
    )


def appoint(name: str, organ: str = "市商务局", post: str = "局长", **more):
    return {"action": "appoint", "person": name, "organ": organ, "post": post} | more


def test_appointment_to_an_occupied_post_needs_an_explanation(library, officers):
    one, other = officers
    with pytest.raises(LuoshiError) as caught:
        listed(one, appoint("测试酉"))
    assert caught.value.code == "E_IMPLAUSIBLE"
    assert "测试丑" in caught.value.message
    both(listed(one, appoint("测试酉"), explanation="前任已退休，免职文件另发"), other)
    found = queries.holder("commerce", "局长", D("2019-09-01"))
    assert [row.name for row in found.first.persons] == ["测试酉"]
    assert Evidence.objects.get(number=LIST).explanation


def test_removal_and_appointment_in_one_list_need_none(library, officers):
    one, other = officers
    removal = {"action": "remove", "person": "测试丑", "organ": "commerce", "post": "局长"}
    row = listed(one, appoint("测试酉"), removal)
    assert [warning["code"] for warning in row.warnings] == ["same_name"]
    both(row, other)
    assert queries.holder("commerce", "局长", D("2019-08-31")).first.persons[0].name == "测试丑"
    assert queries.holder("commerce", "局长", D("2019-09-01")).first.persons[0].name == "测试酉"


def test_nothing_holds_before_the_second_hand(library, officers):
    listed(officers[0], appoint("测试酉"), explanation="说明")
    assert queries.holder("commerce", "局长", D("2019-09-01")).first.persons[0].name == "测试丑"


def test_transfer_entered_by_hand_is_one_person(library, officers):
    one, other = officers
    removal = {"action": "remove", "person": "测试丑", "organ": "commerce", "post": "局长"}
    row = listed(one, appoint("测试丑", "市民政局"), removal)
    assert "transfer" in [warning["code"] for warning in row.warnings]
    both(row, other)
    assert Person.objects.filter(name="测试丑").count() == 1
    assert queries.holder("civil-affairs", "局长", D("2019-09-01")).first.persons[0].name == "测试丑"


def test_removal_of_a_post_never_seen_is_accepted(library, officers):
    one, other = officers
    row = listed(one, {"action": "免职", "person": "测试地", "organ": "市水利局", "post": "局长"})
    assert [warning["code"] for warning in row.warnings] == ["start_unknown"]
    both(row, other)
    found = queries.holder("water", "局长", D("2019-08-31"))
    assert (found.first.result, found.first.persons[0].name) == ("attested", "测试地")


def test_namesake_elsewhere_is_another_person_until_chosen(library, officers):
    one, other = officers
    both(listed(one, appoint("测试庚", "市水利局")), other)
    assert Person.objects.filter(name="测试庚").count() == 3
    known = queries.holder("enforcement", "局长", D("2018-02-11")).first.persons[0]
    both(listed(one, appoint("测试庚", "市审计局", person_id=known.id), number="乳政任〔2019〕10号"), other)
    assert queries.holder("audit", "局长", D("2019-09-01")).first.persons[0].id == known.id


def test_number_is_entered_once_and_not_beside_an_imported_list(library, officers):
    one, other = officers
    row = listed(one, appoint("测试酉", "市水利局"))
    with refused("E_DUPLICATE"):
        listed(other, appoint("测试酉", "市水利局"), number="乳政任[2019]09 号")
    both(row, other)
    with refused("E_DUPLICATE"):
        listed(one, appoint("测试酉", "市水利局"))
    with refused("E_DUPLICATE"):
        listed(one, appoint("测试酉", "市水利局"), number=NUMBERS["任3"])


def test_list_of_tomorrow_is_refused(library, officers):
    with refused("E_FUTURE"):
        actions.propose_appointments(
            actor=officers[0],
            number=LIST,
            issued_on=CLOCK.today() + datetime.timedelta(days=1),
            acts=[appoint("测试酉")],
        )


def test_registered_number_of_seats_counts(library, officers):
    one, other = officers
    both(actions.propose_post(actor=one, organ="commerce", title="副局长", seats=1), other)
    found = queries.holder("commerce", "副局长", D("2019-03-03"))
    assert (found.is_list, found.seats) == (False, 1)


def test_post_that_is_not_public_is_answered_to_personnel_only(library, officers):
    one, other = officers
    both(actions.propose_post(actor=one, organ="commerce", title="局长", is_public=False), other)
    on = D("2019-04-03")
    assert queries.holder("commerce", "局长", on, reader=VISITOR).first.result == "unknown"
    assert queries.holder("commerce", "局长", on, reader=one).first.result == "appointed"
    asked = complete("organs.holder", {"organ": "commerce", "post": "局长"}, on)
    assert decide("organs.holder", asked, on).value["result"] == "unknown"
    assert "局长" not in [row.title for row in queries.organ_page("commerce", on).posts]


# --- persons ----------------------------------------------------------------------------------------------------------


def test_merger_takes_two_persons_and_is_undone_by_two(library, officers):
    one, other = officers
    kept, gone = Person.objects.filter(name="测试庚").order_by("id")
    row = actions.propose_merge(actor=one, kept=kept.pk, merged=gone.pk, reason="履历相符")
    with refused("E_SELF"):
        both(row, one)
    both(row, other)
    page = queries.person_page(kept.pk, reader=one)
    assert {tenure.organ.slug for tenure in page.tenures} == {"enforcement", "human-resources"}
    assert page.namesakes == []
    assert queries.person_page(gone.pk).merged_into.id == kept.pk
    assert queries.holder("human-resources", "副局长", D("2018-03-14")).holdings[0].persons[0].id == kept.pk
    back = actions.propose_unmerge(actor=other, merged=gone.pk, reason="并非一人")
    with refused("E_SELF"):
        both(back, other)
    both(back, one)
    assert queries.holder("human-resources", "副局长", D("2018-03-14")).holdings[0].persons[0].id == gone.pk
    assert [merge.undone for merge in queries.person_page(kept.pk, reader=one).merges] == [True]


def test_persons_of_two_names_are_never_merged(library, officers):
    head, mayor = Person.objects.get(name="测试晨"), Person.objects.get(name="测试辰")
    with refused("E_RULE"):
        actions.propose_merge(actor=officers[0], kept=head.pk, merged=mayor.pk, reason="一字之差")


ID_NUMBER = "11010519491231002X"


def test_identifier_is_sealed_read_with_a_purpose_and_logged(library, officers):
    pk = Person.objects.get(name="测试晨").pk
    actions.keep_identifier(actor=officers[0], person=pk, kind="id_number", value=ID_NUMBER)
    row = PersonIdentifier.objects.get()
    assert ID_NUMBER not in row.sealed + row.blind
    with refused("E_PURPOSE"):
        actions.read_identifier(actor=officers[0], person=pk, kind="id_number", purpose="")
    assert actions.read_identifier(actor=officers[0], person=pk, kind="id_number", purpose="核对档案") == ID_NUMBER
    entry = AuditEntry.objects.filter(stream="sensitive").latest("id")
    assert (entry.act, entry.purpose, entry.subject) == ("person.read", "核对档案", f"person:{pk}")
    assert ID_NUMBER not in str(list(AuditEntry.objects.values()))
    auditor = actor("aud", (Role.AUDITOR, "audit"))
    masked = actions.read_identifier(actor=auditor, person=pk, kind="id_number", purpose="审计")
    assert masked == "110105********002X"
    for role in (Role.CLERK, Role.LEADER, Role.STAFFING, Role.ARCHIVIST, Role.ADMINISTRATOR):
        with refused("E_FORBIDDEN"):
            actions.read_identifier(actor=actor(role, (role, "finance")), person=pk, kind="id_number", purpose="看看")
    assert actions.find_by_identifier(actor=officers[0], kind="id_number", value=ID_NUMBER, purpose="查重") == pk


def test_identifier_belongs_to_one_person(library, officers):
    for name, expected in (("测试晨", None), ("测试辰", "E_DUPLICATE")):
        pk = Person.objects.get(name=name).pk
        if expected:
            with refused(expected):
                actions.keep_identifier(actor=officers[0], person=pk, kind="id_number", value=ID_NUMBER)
        else:
            actions.keep_identifier(actor=officers[0], person=pk, kind="id_number", value=ID_NUMBER)


def test_sealed_value_opens_at_its_place_only():
    for place, other in product(("表|列|1", "表|列|2"), repeat=2):
        suite, sealed = sealing.seal("某号码", place)
        if place == other:
            assert sealing.unseal(suite, sealed, other) == "某号码"
        else:
            with refused("E_STATE"):
                sealing.unseal(suite, sealed, other)
    with refused("E_STATE"):
        sealing.unseal("aes-256-gcm" if suite == "sm4-gcm" else "sm4-gcm", sealed, other)


# --- groups -----------------------------------------------------------------------------------------------------------


def test_succession_by_post_is_proposed_and_applied_on_confirmation(library):
    group = LeadingGroup.objects.get(number=NUMBERS["B"])
    page = queries.group_page(group.pk, D("2019-06-01"))
    proposals = {one["order"]: one for one in page.proposals}
    seat = next(row for row in page.members if row.printed == "诸往镇镇长")
    assert (proposals[seat.order]["from"], proposals[seat.order]["to"]) == ("测试寅", "测试午")
    clerk, reviewer = (actor(role, (role, "housing-construction")) for role in (Role.CLERK, Role.REVIEWER))
    row = actions.propose_member(
        actor=clerk, group=group.pk, order=seat.order, person=proposals[seat.order]["person"].id, on=D("2019-05-08")
    )
    assert queries.group_page(group.pk, D("2019-06-01")).members[seat.order - 1].person.name == "测试寅"
    both(row, reviewer)
    after = queries.group_page(group.pk, D("2019-06-01"))
    member = after.members[seat.order - 1]
    assert (member.person.name, member.history[0]["person"].name) == ("测试午", "测试寅")
    assert seat.order not in {one["order"] for one in after.proposals}
    before = queries.group_page(group.pk, D("2019-05-07"))
    assert before.members[seat.order - 1].person.name == "测试寅"


def test_dissolved_group_is_shown_as_such(library):
    group = LeadingGroup.objects.get(number=NUMBERS["B"])
    one, other = (actor(name, (Role.ARCHIVIST, "government-office")) for name in ("a1", "a2"))
    both(actions.propose_dissolution(actor=one, group=group.pk, on=D("2019-06-01")), other)
    states = [queries.group_page(group.pk, D(day)).row.state for day in ("2018-01-04", "2019-05-31", "2019-06-01")]
    assert states == ["not_yet", "in_force", "dissolved"]
    with refused("E_STATE"):
        actions.propose_dissolution(actor=one, group=group.pk, on=D("2019-07-01"))


# --- new editions, nothing deleted ------------------------------------------------------------------------------------


def test_new_edition_withdraws_what_the_old_one_proved_and_knows_the_persons(library):
    people = Person.objects.count()
    import_gazette(member_list("C", 市农业局局长="市林业局局长"), actor=SYSTEM, filename="C2.txt")
    assert queries.holder("agriculture", "局长", D("2018-06-01")).first.result == "unknown"
    assert queries.holder("forestry", "局长", D("2018-06-01")).first.persons[0].name == "测试晨"
    old = Evidence.objects.filter(post__organ__slug="agriculture", withdrawn_at__isnull=False)
    assert [row.withdrawn_why for row in old] == ["文件已有更正版"]
    assert Person.objects.count() == people + 1
    assert [row.member_count for row in queries.group_list(on=D("2019-01-01"), number=NUMBERS["C"])] == [5]


def test_nothing_is_deleted(library):
    for model in (Organ, OrganName, OrganRelation, Evidence, Person, LeadingGroup):
        with refused("E_RULE"):
            model.objects.all().delete()
        with refused("E_RULE"):
            model.objects.first().delete()
    if connection.vendor == "postgresql":
        with pytest.raises(Exception, match="keeps its rows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM organs_evidence")


def test_print_error_is_noted_beside_the_text(library):
    archivist = actor("a1", (Role.ARCHIVIST, "government-office"))
    actions.note_print_error(actor=archivist, number=NUMBERS["C"], clause="附件", printed="椅子", note="应为长椅")
    assert [note["note"] for note in queries.print_notes(NUMBERS["C"])] == ["应为长椅"]


def test_loading_the_directory_again_changes_nothing(directory):
    assert Organ.objects.count() == 170
    assert set(actions.load_directory_into_database(actor=SYSTEM).values()) == {0}
    assert AuditEntry.objects.filter(subject="directory:rushan").count() == 1


def test_appointment_text_of_the_twin_is_taken_in_as_acts(library):
    assert appointments("任3")
    assert Evidence.objects.filter(kind="remove").count() == 4
