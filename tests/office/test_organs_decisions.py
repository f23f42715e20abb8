"""`organs.*` on the worked examples of the directory; all persons are invented (测试甲, 测试乙...)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import luoshi.office.organs.decisions  # noqa: F401  registers the decisions
from luoshi.kernel.citation import DocumentNumber
from luoshi.kernel.decisions import REGISTRY, Decision, decide, rerun
from luoshi.kernel.errors import LuoshiError
from luoshi.office.organs.directory import load_data, load_directory
from luoshi.office.organs.facts import EvidenceRow, RelationFact
from luoshi.office.organs.history import find_holder, find_holders, follow, points_of
from luoshi.site.registry import load_decisions

KEYS = {"number", "citation", "resolve", "list", "successor", "holder", "appointments", "members"}
TWO = ["测试丙", "测试丁"]
LIST_2, LIST_3 = "乳政任〔2019〕2号", "乳政任〔2019〕3号"


def ask(name: str, facts: dict[str, Any], on: str = "2019-06-01") -> Decision:
    return decide(f"organs.{name}", facts, date.fromisoformat(on))


def day(text: str) -> date:
    return date.fromisoformat(text)


def attest(person: str, on: str | None, **more: Any) -> dict[str, Any]:
    return {"kind": "attest", "person": person, "date": on} | more


def appoint(person: str, on: str, **more: Any) -> dict[str, Any]:
    return {"kind": "appoint", "person": person, "date": on, "instrument": LIST_3} | more


def remove(person: str, on: str, **more: Any) -> dict[str, Any]:
    return {"kind": "remove", "person": person, "date": on, "instrument": LIST_3} | more


def test_every_decision_is_registered_and_explains_its_facts() -> None:
    registry = load_decisions()
    assert {f"organs.{key}" for key in KEYS} <= set(registry)
    for key in KEYS:
        schema = registry[f"organs.{key}"].schema()["facts"]
        assert schema["examples"]
        assert all(
            "description" in field
            for model in (schema, *schema.get("$defs", {}).values())
            for field in model.get("properties", {}).values()
        )
        for example in schema["examples"]:
            taken = ask(key, example)
            assert taken.value
            assert rerun(taken.receipt).same


@pytest.mark.parametrize("key", sorted(KEYS))
def test_missing_facts_are_undetermined_and_unknown_fields_refused(key: str) -> None:
    assert ask(key, {}).outcome == "undetermined"
    with pytest.raises(LuoshiError, match="E_INPUT"):
        ask(key, {"nonsense": 1})


# --- numbers and citations --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "issuer"),
    [
        ("乳政发〔2019〕2 号", "乳政发〔2019〕2号", "city-government"),
        ("乳政发[2019]2号", "乳政发〔2019〕2号", "city-government"),
        ("乳政发〔2019〕02号", "乳政发〔2019〕2号", "city-government"),
        ("乳政办发（２０１８）１０号", "乳政办发〔2018〕10号", "government-office"),
        ("乳政任〔2019〕第3号", "乳政任〔2019〕3号", "city-government"),
        ("乳政办发【2018】11号", "乳政办发〔2018〕11号", "government-office"),
        ("威海食安委发〔2018〕1号", "威海食安委发〔2018〕1号", "weihai-food-safety"),
    ],
)
def test_number_is_written_canonically(text: str, number: str, issuer: str) -> None:
    taken = ask("number", {"text": text})
    assert (taken.outcome, taken.value["number"], taken.value["issuer"]["slug"]) == ("allow", number, issuer)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("乳政发2019 2号", "括号"),
        ("乳政发〔19〕2号", "两位"),
        ("乳政发〔2019〕0号", "不能为0"),
        ("乳政发〔2019〕2", "缺“号”"),
        ("乳政发〔1819〕2号", "19或20"),
        ("乳政发〔2019〕10000号", "9999"),
        ("乳〔2019〕2号", "2至10个汉字"),
        ("〔2019〕2号", "缺发文机关代字"),
        ("乳政发〔2019〕二号", "阿拉伯数字"),
        ("", "没有内容"),
    ],
)
def test_what_is_no_number_says_why(text: str, fault: str) -> None:
    taken = ask("number", {"text": text})
    assert (taken.outcome, taken.value["number"]) == ("refuse", None)
    assert fault in taken.value["reason"]
    assert taken.reasons[0].citation is not None


def test_unknown_issuer_is_kept_as_external() -> None:
    value = ask("number", {"text": "某某字〔2019〕3号"}).value
    assert (value["number"], value["issuer"], value["kind"]) == ("某某字〔2019〕3号", None, "external")


NUMBERS = st.builds(
    DocumentNumber,
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=10),
    st.integers(1900, 2099),
    st.integers(1, 9999),
)


@given(NUMBERS, st.sampled_from(["〔〕", "[]", "［］", "()", "（）", "【】"]), st.integers(0, 3), st.booleans())
def test_number_reads_what_it_writes(number: DocumentNumber, brackets: str, noughts: int, ordinal: bool) -> None:
    loose = f"{number.issuer} {brackets[0]}{number.year}{brackets[1]} {'第' * ordinal}{'0' * noughts}{number.serial} 号"
    for text in (str(number), loose):
        assert ask("number", {"text": text}).value["number"] == str(number)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_says_why_not(text: str) -> None:
    value = ask("number", {"text": text}).value
    assert (value["number"] is None) == bool(value["reason"])


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("乳政办发〔2018〕2号 3.1.3(4)", "3/3.1/3.1.3/(4)"),
        ("乳政发〔2019〕2号 39", "39"),
        ("乳政办发〔2018〕10号 第十二条", "第十二条"),
        ("乳政办发〔2018〕10号 12条", "第十二条"),
        ("乳政发(2018)1 号 三(五)", "三/(五)"),
        ("乳政发〔2018〕4号 附件 一", "附件/一"),
    ],
)
def test_citation_is_number_and_path(text: str, path: str) -> None:
    taken = ask("citation", {"text": text})
    assert (taken.value["path"], taken.value["status"], taken.outcome) == (path, "parsed", "allow_with_condition")
    assert ask("citation", {"text": text, "paths": [path]}).value["status"] == "clause_found"


def test_citation_finds_an_article_inside_its_chapter_and_tells_what_is_missing() -> None:
    paths = ["第六章/第二十条", "第八章/第二十一条", "一/1", "二/1"]
    asked = {
        text: ask("citation", {"text": f"乳政办发〔2018〕8号 {text}", "paths": paths})
        for text in ("第二十一条", "第七章", "1", "")
    }
    assert [taken.value["status"] for taken in asked.values()] == [
        "clause_found", "clause_not_found", "ambiguous", "instrument",
    ]  # fmt: skip
    assert [taken.outcome for taken in asked.values()] == ["allow", "refuse", "undetermined", "allow"]
    assert asked["第二十一条"].value["path"] == "第八章/第二十一条"
    assert ask("citation", {"text": "第三条"}).value["status"] == "none"
    assert ask("citation", {"text": "《民法总则》第二百零三条"}).value["title"] == "《民法总则》"


# --- names ------------------------------------------------------------------------------------------------------------

CONFIRMED = {"from": "food-drug", "to": "market-supervision", "effective": "2019-03-04", "confirmed_by": TWO}


@pytest.mark.parametrize(
    ("text", "slug", "rule"),
    [
        ("市食药局", "food-drug", "short"),
        ("食药监局", "food-drug", "short"),
        ("市食品药品监督管理局", "food-drug", "full"),
        ("环保部门", "environment", "generic"),
        ("水利部门", "water", "generic"),
        ("城市管理行政执法局", "enforcement", "alias"),
        ("乳山市水利局", "water", "place"),
        (" 市财政局（国资局） ", "finance", "full"),
    ],
)
def test_name_resolves_whatever_the_date(text: str, slug: str, rule: str) -> None:
    for on in ("1999-01-01", "2018-03-06", "2019-06-01"):
        value = ask("resolve", {"text": text, "on": on}).value
        assert (value["organ"]["slug"], value["basis"]["rule"]) == (slug, rule)


def test_successor_is_named_only_when_two_persons_confirmed_it() -> None:
    def after(relations: list[dict[str, Any]]) -> dict[str, Any]:
        value: dict[str, Any] = ask("resolve", {"text": "市食药局", "relations": relations}).value["successor"]
        return value

    for open_relations in ([], [CONFIRMED | {"confirmed_by": TWO[:1]}], [CONFIRMED | {"confirmed_by": TWO[:1] * 2}]):
        value = after(open_relations)
        assert (value["successor"], [organ["slug"] for organ in value["candidates"]]) == (None, ["market-supervision"])
        assert value["note"] == "承接单位待定"
    assert after([CONFIRMED])["successor"]["slug"] == "market-supervision"


@pytest.mark.parametrize("text", ["市联社", "联社", "市发政局", "市自然资源"])
def test_ambiguous_names_and_misprints_wait_for_two_confirmations(text: str) -> None:
    def read(**reading: Any) -> Decision:
        readings = [{"text": text, "organ": "development-reform"} | reading] if reading else []
        return ask("resolve", {"text": text, "readings": readings})

    for taken in (read(), read(confirmed_by=TWO[:1]), read(confirmed_by=["测试丙", " 测试丙 "])):
        assert (taken.value["status"], taken.value["organ"], taken.outcome) == ("candidates", None, "undetermined")
        assert len(taken.value["candidates"]) == 1
    assert read(confirmed_by=TWO).value["organ"]["slug"] == "development-reform"


def test_two_confirmed_readings_of_one_text_stay_open() -> None:
    readings = [{"text": "市联社", "organ": organ, "confirmed_by": TWO} for organ in ("finance", "water")]
    taken = ask("resolve", {"text": "市联社", "readings": readings})
    assert (taken.value["status"], len(taken.value["candidates"])) == ("candidates", 2)


@pytest.mark.parametrize("text", ["市水力局", "市财政周", "有关部门", "政府", "威海市教育局"])
def test_similar_and_vague_names_are_no_match(text: str) -> None:
    taken = ask("resolve", {"text": text})
    assert (taken.value["status"], taken.outcome) == ("none", "undetermined")


def test_every_sure_name_of_the_directory_resolves_to_its_owner() -> None:
    for organ in load_data()["organs"]:
        for text in (organ["name"], *(name["text"] for name in organ.get("names", ()))):
            expected = load_directory().resolve(text)
            value = ask("resolve", {"text": text}).value
            assert (value["organ"] or {"slug": None})["slug"] == expected
            assert expected is not None or value["candidates"]


# --- lists ------------------------------------------------------------------------------------------------------------


def test_list_with_lead_and_participants() -> None:
    taken = ask("list", {"text": "市环保局、水利局牵头,市财政局、农业局、民政局等参与"})
    assert taken.value["lead"] == ["environment", "water"]
    assert taken.value["participants"] == ["finance", "agriculture", "civil-affairs"]
    assert (taken.value["open_ended"], taken.outcome) == (True, "allow_with_condition")


def test_plain_list_carries_the_city_on() -> None:
    taken = ask("list", {"text": "市委宣传部，市发改局、经信局"})
    assert taken.value["organs"] == ["publicity-dept", "development-reform", "economy-it"]
    assert [name["text"] for name in taken.value["names"]] == ["市委宣传部", "市发改局", "市经信局"]
    assert (taken.value["lead"], taken.value["open_ended"], taken.outcome) == ([], False, "allow")


@pytest.mark.parametrize(
    ("text", "count"),
    [("各镇区", 17), ("各镇", 14), ("各镇(办事处)", 15), ("各镇（街道）", 15), ("夏村镇、滨海新区", 2)],
)
def test_wildcards_are_expanded_and_counted(text: str, count: int) -> None:
    taken = ask("list", {"text": text})
    assert (taken.value["count"], len(taken.value["local"]), taken.outcome) == (count, count, "allow")


def test_wildcard_that_does_not_have_its_number_is_not_settled() -> None:
    taken = decide("organs.list", {"text": "各镇区"}, day("2019-06-01"), {"zone_count": 3})
    assert (taken.outcome, taken.reasons[-1].ok) == ("undetermined", False)


@pytest.mark.parametrize(
    ("text", "facts", "lead", "participants"),
    [
        ("责任单位：市住建局、水利局；配合单位：市财政局", {}, ["housing-construction", "water"], ["finance"]),
        ("首个责任单位为牵头单位：市住建局、水利局", {}, ["housing-construction"], ["water"]),
        ("责任单位:市住建局、水利局。首个责任单位为牵头单位,下同", {}, ["housing-construction"], ["water"]),
        ("(市住建局、水利局)", {"first_leads": True}, ["housing-construction"], ["water"]),
        ("市发展和改革局和人民防空办公室负责", {}, ["development-reform", "civil-air-defence"], []),
    ],
)
def test_roles_of_a_list(text: str, facts: dict[str, Any], lead: list[str], participants: list[str]) -> None:
    value = ask("list", {"text": text} | facts).value
    assert (value["lead"], value["participants"]) == (lead, participants)


def test_chosen_wildcards_need_their_members() -> None:
    taken = ask("list", {"text": "市住建局牵头，各相关镇区负责"})
    assert (taken.value["unresolved"], taken.outcome) == (["各相关镇区"], "undetermined")
    facts = {"text": "市住建局牵头，各相关镇区负责", "chosen": {"各相关镇区": ["夏村镇", "滨海新区"]}}
    taken = ask("list", facts)
    assert (taken.value["local"], taken.outcome) == (["xiacun", "binhai-zone"], "allow")
    assert ask("list", facts | {"chosen": {"各相关镇区": ["无此镇"]}}).outcome == "undetermined"


def test_list_with_an_open_name_stays_open() -> None:
    taken = ask("list", {"text": "市联社、水利局"})
    assert (taken.value["unresolved"], taken.value["organs"], taken.outcome) == (["市联社"], ["water"], "undetermined")


# --- successors -------------------------------------------------------------------------------------------------------


def relation(origin: str, target: str, **more: Any) -> dict[str, Any]:
    return {"from": origin, "to": target, "kind": "renamed", "effective": "2019-03-04", "confirmed_by": TWO} | more


@pytest.mark.parametrize(
    ("organ", "on", "status", "outcome"),
    [
        ("市畜牧局", "2018-03-29", "same", "allow"),
        ("市畜牧局", "2018-12-01", "undetermined", "undetermined"),
        ("市畜牧局", "2019-03-04", "pending", "undetermined"),
        ("财政局", "2019-06-01", "same", "allow"),
        ("人社局", "2018-03-01", "same", "allow"),
        ("人社局", "2019-06-01", "same", "allow_with_condition"),
        ("无此局", "2019-06-01", "unknown", "undetermined"),
    ],
)
def test_unconfirmed_relations_of_the_directory_move_nothing(organ: str, on: str, status: str, outcome: str) -> None:
    taken = ask("successor", {"organ": organ, "on": on})
    assert (taken.value["status"], taken.outcome) == (status, outcome)
    if outcome == "undetermined" and status != "unknown":
        assert (taken.value["note"], taken.value["queue"]["organ"]) == ("承接单位待定", "staffing-office")
        assert taken.value["successor"] is None


def test_confirmed_relations_are_followed_from_their_day() -> None:
    relations = [
        relation("livestock", "agri-rural", kind="merged_into", instrument="乳办发〔2019〕1号"),
        relation("agri-rural", "测试新局", effective="2024-01-01"),
    ]
    found = {
        on: ask("successor", {"organ": "livestock", "on": on, "relations": relations}).value
        for on in ("2019-03-03", "2019-03-04", "2024-01-01")
    }
    assert [value["status"] for value in found.values()] == ["same", "moved", "moved"]
    assert [value["successor"]["slug"] for value in found.values()] == ["livestock", "agri-rural", "测试新局"]
    taken = ask("successor", {"organ": "livestock", "relations": relations})
    assert str(taken.reasons[0].citation) == "乳办发〔2019〕1号"


def test_functions_may_go_apart() -> None:
    relations = [relation("甲局", "乙局", kind="functions_moved", function="医保"), relation("甲局", "丙局")]
    for function, target in (("医保", "乙局"), ("就业", "丙局"), (None, "丙局")):
        value = ask("successor", {"organ": "甲局", "function": function, "relations": relations}).value
        assert value["successor"]["slug"] == target


def test_split_without_function_and_relations_without_date_stay_open() -> None:
    two = [relation("甲局", target, kind="split") for target in ("乙局", "丙局")]
    taken = ask("successor", {"organ": "甲局", "relations": two})
    assert (taken.value["status"], len(taken.value["candidates"])) == ("undetermined", 2)
    undated = [relation("甲局", "乙局", effective=None)]
    assert ask("successor", {"organ": "甲局", "relations": undated}).value["status"] == "undetermined"


def test_circles_are_refused() -> None:
    circle = [relation("甲局", "乙局"), relation("乙局", "丙局"), relation("丙局", "甲局")]
    taken = ask("successor", {"organ": "甲局", "relations": circle})
    assert (taken.value["status"], taken.outcome, taken.value["successor"]) == ("cycle", "refuse", None)
    assert set(taken.value["cycle"]) == {"甲局", "乙局", "丙局"}
    assert ask("successor", {"organ": "甲局", "relations": [relation("甲局", "甲局")]}).outcome == "refuse"
    unconfirmed = [*circle[:2], circle[2] | {"confirmed_by": []}]
    assert ask("successor", {"organ": "甲局", "relations": unconfirmed}).outcome != "refuse"


def test_co_location_moves_no_duty_and_an_ended_organ_waits() -> None:
    facts = {"organ": "甲局", "relations": [relation("甲局", "乙局", kind="co_located")]}
    assert ask("successor", facts).value["status"] == "same"
    taken = ask("successor", facts | {"ended_on": "2019-01-01"})
    assert (taken.value["status"], taken.value["note"], taken.outcome) == ("pending", "承接单位待定", "undetermined")


RELATIONS = st.builds(
    RelationFact,
    origin=st.sampled_from("甲乙丙丁"),
    target=st.sampled_from("甲乙丙丁"),
    kind=st.sampled_from(["renamed", "split", "functions_moved", "co_located"]),
    effective=st.none() | st.dates(day("2019-01-01"), day("2019-01-09")),
    function=st.none() | st.sampled_from("一二"),
    confirmed_by=st.sampled_from([(), ("测试丙",), tuple(TWO)]),
)


@given(st.lists(RELATIONS, max_size=6), st.sampled_from([None, *"一二"]), st.randoms())
def test_succession_ends_follows_confirmed_relations_only_and_knows_no_order(
    relations: list[RelationFact], function: str | None, random: Any
) -> None:
    on = day("2019-01-05")
    found = follow("甲", on, relations, function=function, confirmations=2)
    shuffled = random.sample(relations, len(relations))
    assert follow("甲", on, shuffled, function=function, confirmations=2) == found
    assert all(len(step.confirmed_by) == 2 and step.effective and step.effective <= on for step in found.steps)
    assert (found.organ is None) == (found.status not in ("same", "moved"))


# --- holders ----------------------------------------------------------------------------------------------------------

NATURAL = [
    appoint("测试甲", "2019-04-03", organ="市自然资源局", post="局长"),
    attest("测试乙", "2019-05-08", organ="自然资源局", post="党组书记", instrument="乳政办发〔2019〕6号"),
]
COMMERCE = [remove("测试甲", "2019-04-03"), appoint("测试乙", "2019-04-03")]
DEPUTIES = [
    remove("测试丙", "2019-03-04", instrument=LIST_2),
    attest("测试丁", "2018-03-14", instrument="乳政办发〔2018〕9号"),
]
HOUSING = [attest("测试戊", "2018-02-11"), attest("测试戊", "2019-05-08"), attest("测试戊", None)]
ZHUWANG = [attest("测试己", "2018-01-05"), attest("测试庚", "2019-05-08")]
HAIYANGSUO = [attest("测试辛", "2018-01-05", post="镇长"), attest("测试壬", "2019-05-08", post="副镇长")]
AGRICULTURE = [
    attest("测试癸", "2018-02-11", organ="农业局", post="局长"),
    appoint("测试甲", "2019-04-03", organ="农业农村局", post="局长"),
]


def hold(organ: str, post: str, on: str, evidence: list[dict[str, Any]], **more: Any) -> Decision:
    return ask("holder", {"organ": organ, "post": post, "on": on, "evidence": evidence} | more)


@pytest.mark.parametrize(
    ("organ", "post", "on", "evidence", "result", "person"),
    [
        ("自然资源局", "局长", "2019-05-08", NATURAL, "appointed", "测试甲"),
        ("自然资源局", "党组书记", "2019-05-08", NATURAL, "attested", "测试乙"),
        ("自然资源局", "局长", "2019-04-02", NATURAL, "unknown", None),
        ("自然资源局", "局长", "2025-01-01", NATURAL, "appointed", "测试甲"),
        ("商务局", "局长", "2019-04-02", COMMERCE, "attested", "测试甲"),
        ("商务局", "局长", "2019-04-03", COMMERCE, "appointed", "测试乙"),
        ("商务局", "局长", "2018-12-31", COMMERCE, "unknown", None),
        ("住建局", "局长", "2018-10-01", HOUSING, "bracketed", "测试戊"),
        ("住建局", "局长", "2019-05-09", HOUSING, "last_known", "测试戊"),
        ("诸往镇", "镇长", "2018-12-01", ZHUWANG, "uncertain", None),
        ("海阳所镇", "镇长", "2019-05-08", HAIYANGSUO, "last_known", "测试辛"),
        ("农业局", "局长", "2018-06-01", AGRICULTURE, "last_known", "测试癸"),
        ("农业农村局", "局长", "2019-04-02", AGRICULTURE, "unknown", None),
        ("农业农村局", "局长", "2019-04-03", AGRICULTURE, "appointed", "测试甲"),
    ],
)
def test_holder_of_the_worked_examples(
    organ: str, post: str, on: str, evidence: list[dict[str, Any]], result: str, person: str | None
) -> None:
    for rows in permutations(evidence):
        taken = hold(organ, post, on, list(rows))
        assert (taken.value["result"], taken.value["person"]) == (result, person)
        proved = result in ("appointed", "attested", "bracketed")
        assert (taken.outcome != "undetermined") == proved


def test_holder_tells_since_when_and_when_the_evidence_is_stale() -> None:
    fresh = hold("自然资源局", "局长", "2024-04-03", NATURAL)
    stale = hold("自然资源局", "局长", "2024-04-04", NATURAL)
    assert (fresh.value["since"], fresh.value["stale"], fresh.outcome) == (day("2019-04-03"), False, "allow")
    assert (stale.value["stale"], stale.outcome) == (True, "allow_with_condition")
    assert str(fresh.reasons[0].citation) == LIST_3
    assert not decide(
        "organs.holder",
        {"organ": "自然资源局", "post": "局长", "on": "2025-01-01", "evidence": NATURAL},
        day("2025-01-01"),
        {"stale_after": 10},
    ).value["stale"]


def test_holder_gives_interval_candidates_and_first_evidence() -> None:
    bracketed = hold("住建局", "局长", "2018-10-01", HOUSING).value
    assert bracketed["interval"] == {"from": day("2018-02-11"), "to": day("2019-05-08")}
    assert len(bracketed["supporting"]) == 1
    uncertain = hold("诸往镇", "镇长", "2018-12-01", ZHUWANG).value
    assert [candidate["person"] for candidate in uncertain["candidates"]] == ["测试己", "测试庚"]
    assert uncertain["interval"] == {"from": day("2018-01-05"), "to": day("2019-05-08")}
    assert hold("商务局", "局长", "2018-12-31", COMMERCE).value["first_evidence"] == day("2019-04-02")
    assert hold("自然资源局", "局长", "2019-04-02", NATURAL).value["first_evidence"] == day("2019-04-03")
    assert hold("海阳所镇", "镇长", "2019-05-08", HAIYANGSUO).value["last_known"] == day("2018-01-05")
    assert hold("商务局", "局长", "2019-04-02", COMMERCE).value["basis"][0]["by_removal"] is True


def test_post_of_several_seats_is_a_list() -> None:
    before = hold("商务局", "副局长", "2019-03-03", DEPUTIES).value
    assert [(found["person"], found["result"]) for found in before["holders"]] == [
        ("测试丙", "attested"),
        ("测试丁", "last_known"),
    ]
    after = hold("商务局", "副局长", "2019-03-04", DEPUTIES).value
    assert [(found["person"], found["last_known"]) for found in after["holders"]] == [("测试丁", day("2018-03-14"))]
    assert [(row["person"], row["ended_on"]) for row in after["ended"]] == [("测试丙", day("2019-03-04"))]
    assert after["result"] == "list"
    assert hold("商务局", "副局长", "2017-01-01", DEPUTIES).value["first_evidence"] == day("2018-03-14")


def test_more_persons_than_seats_is_not_settled() -> None:
    rows = [appoint(person, "2019-01-01") for person in ("测试甲", "测试乙", "测试丙")]
    assert hold("某局", "副局长", "2019-06-01", rows).outcome == "allow"
    assert hold("某局", "副局长", "2019-06-01", rows, seats=2).outcome == "undetermined"
    assert hold("某局", "局长", "2019-06-01", rows).value["result"] == "uncertain"


def test_removed_holder_leaves_the_post_vacant_or_unknown_until_somebody_is_seen() -> None:
    rows = [appoint("测试甲", "2018-01-01"), remove("测试甲", "2018-06-01"), attest("测试乙", "2019-01-01")]
    vacant = hold("某局", "局长", "2018-07-01", rows)
    assert (vacant.value["result"], vacant.value["person"]) == ("vacant_or_unknown", None)
    assert vacant.value["ended"]["ended_on"] == day("2018-06-01")
    assert hold("某局", "局长", "2018-05-31", rows).value["result"] == "appointed"
    assert hold("某局", "局长", "2019-02-01", rows).value["result"] == "last_known"


def test_contradicting_evidence_is_shown() -> None:
    rows = [appoint("测试甲", "2018-01-01"), attest("测试乙", "2018-06-01")]
    taken = hold("某局", "局长", "2018-07-01", rows)
    assert (taken.value["result"], taken.outcome) == ("appointed", "allow_with_condition")
    assert [point["person"] for point in taken.value["conflicts"]] == ["测试乙"]


def test_namesakes_are_two_persons_where_identifiers_say_so() -> None:
    rows = [attest("测试甲", "2018-01-01", person_id="p1"), attest("测试甲", "2019-01-01", person_id="p2")]
    assert hold("某局", "局长", "2018-06-01", rows).value["result"] == "uncertain"


def test_undated_rows_and_no_rows_prove_nothing() -> None:
    taken = hold("某局", "局长", "2018-06-01", [attest("测试甲", None)])
    assert (taken.value["result"], taken.outcome) == ("unknown", "undetermined")
    assert [row["person"] for row in taken.value["supporting"]] == ["测试甲"]
    assert ask("holder", {"organ": "某局", "post": "局长"}).value["result"] == "unknown"


FIRST = day("2018-01-01")
ROWS = st.lists(
    st.builds(
        EvidenceRow,
        kind=st.sampled_from(["attest", "appoint", "remove"]),
        person=st.sampled_from(["测试甲", "测试乙", "测试丙"]),
        day=st.none() | st.integers(0, 12).map(lambda n: FIRST + timedelta(days=n)),
    ),
    max_size=8,
)
DAYS = st.integers(-1, 14).map(lambda n: FIRST + timedelta(days=n))


@settings(max_examples=400)
@given(ROWS, DAYS, st.randoms())
def test_holder_knows_no_order_and_never_names_a_removed_person(rows: list[EvidenceRow], on: date, random: Any) -> None:
    found = find_holder(rows, on)
    assert find_holder(random.sample(rows, len(rows)) + rows[:2], on) == found
    assert find_holder([row for row in rows if row.day is not None], on) == found
    assert (len(found.holders) == 1) == (found.result in ("appointed", "attested", "bracketed", "last_known"))
    if len(found.holders) == 1:
        own = [row for row in rows if row.key == found.holders[0].key]
        removed = max((row.day for row in own if row.kind == "remove" and row.day and row.day <= on), default=date.min)
        proved = max((point.day for point in points_of(own) if point.day <= on), default=date.min)
        assert proved > removed or removed == date.min
    if found.result == "unknown":
        assert found.first_evidence is None or found.first_evidence > on


@given(ROWS, DAYS)
def test_persons_of_several_seats_do_not_touch_each_other(rows: list[EvidenceRow], on: date) -> None:
    for key, found in find_holders(rows, on).items():
        assert found == find_holder([row for row in rows if row.key == key], on)
        assert found.result != "uncertain"


# --- appointments -----------------------------------------------------------------------------------------------------


def act(action: str, person: str, organ: str, post: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "person": person, "organ": organ, "post": post} | more


SECOND_LIST = [
    act("appoint", "测试甲", "市政府办公室", "副主任科员"),
    act("appoint", "测试乙", "退役军人事务局", "副主任科员"),
    act("remove", "测试乙", "民政局", "副主任科员"),
    act("remove", "测试丙", "司法局", "副主任科员", remark="保留原职级"),
]
THIRD_LIST = [
    act("appoint", "测试丁", "市行政审批服务局", "局长"),
    act("appoint", "测试戊", "市商务局", "局长"),
    act("remove", "测试丁", "市商务局", "局长"),
]


def check(number: str, on: str, acts: list[dict[str, Any]], *evidence: dict[str, Any]) -> Decision:
    return ask("appointments", {"number": number, "issued_on": on, "acts": acts, "evidence": list(evidence)})


@pytest.mark.parametrize(
    ("number", "on", "acts", "old", "new"),
    [
        (LIST_2, "2019-03-04", SECOND_LIST, "civil-affairs", "veterans"),
        (LIST_3, "2019-04-03", THIRD_LIST, "commerce", "approval-service"),
    ],
)
def test_removed_and_appointed_in_one_list_is_one_transfer(
    number: str, on: str, acts: list[dict[str, Any]], old: str, new: str
) -> None:
    taken = check(number, on, acts)
    [transfer] = taken.value["transfers"]
    assert ([post["organ"] for post in transfer["from"]], [post["organ"] for post in transfer["to"]]) == ([old], [new])
    assert {warning["code"] for warning in taken.value["warnings"]} == {"start_unknown"}
    assert (taken.value["accepted"], taken.outcome) == (True, "allow")
    assert str(taken.reasons[0].citation) == number


def test_second_head_without_removal_is_a_warning_that_wants_an_explanation() -> None:
    known = appoint("测试戊", "2019-04-03", organ="商务局", post="局长")
    again = act("appoint", "测试己", "市商务局", "局长")
    taken = check("乳政任〔2019〕9号", "2019-09-01", [again], known)
    [warning] = taken.value["warnings"]
    assert (warning["code"], warning["needs_explanation"], taken.outcome) == ("occupied", True, "allow_with_condition")
    explained = check("乳政任〔2019〕9号", "2019-09-01", [again | {"explanation": "原任另有任用"}], known)
    assert (len(explained.value["warnings"]), explained.outcome) == (1, "allow")
    removed = check("乳政任〔2019〕9号", "2019-09-01", [again, act("remove", "测试戊", "商务局", "局长")], known)
    assert removed.value["warnings"] == []
    both = check("乳政任〔2019〕9号", "2019-09-01", [again, act("appoint", "测试庚", "商务局", "局长")])
    assert [warning["code"] for warning in both.value["warnings"]] == ["occupied", "occupied"]


def test_deputies_do_not_fill_each_others_posts() -> None:
    known = appoint("测试甲", "2019-01-01", organ="商务局", post="副局长")
    assert check(LIST_3, "2019-04-03", [act("appoint", "测试乙", "商务局", "副局长")], known).value["warnings"] == []


def test_same_name_elsewhere_is_a_suggestion_only_and_remarks_are_kept() -> None:
    known = attest("测试丙", "2018-03-14", organ="人社局", post="副局长")
    taken = check(LIST_2, "2019-03-04", SECOND_LIST, known)
    [suggestion] = taken.value["suggestions"]
    assert (suggestion["code"], suggestion["person"], taken.outcome) == ("same_name", "测试丙", "allow")
    assert taken.value["records"][3]["remark"] == "保留原职级"
    assert ask("appointments", {"acts": SECOND_LIST}).outcome == "undetermined"


# --- groups -----------------------------------------------------------------------------------------------------------

GROUP: dict[str, Any] = {
    "group": "某某工作领导小组",
    "instrument": "乳政办发〔2018〕3号",
    "issued_on": "2018-02-11",
    "office": "综合执法局",
    "members": [
        {"order": 2, "person": "测试乙", "organ": "市财政局", "post": "局长"},
        {"order": 1, "role": "组长", "person": "测试甲", "organ": "市政府", "post": "副市长"},
        {"order": 3, "person": "测试丙", "organ": "市商务局", "post": "局长"},
    ],
    "evidence": [appoint("测试丁", "2019-04-03", organ="商务局", post="局长")],
}


def seats(taken: Decision) -> list[str | None]:
    return [member["person"] for member in taken.value["members"]]


def test_named_list_holds_from_its_instrument_and_proposes_succession_by_post() -> None:
    before = ask("members", GROUP | {"on": "2018-02-10"})
    assert (before.value["status"], before.outcome, before.value["members"]) == ("not_yet", "not_applicable", [])
    then = ask("members", GROUP | {"on": "2018-02-11"})
    assert (seats(then), then.value["proposals"], then.outcome) == (["测试甲", "测试乙", "测试丙"], [], "allow")
    now = ask("members", GROUP | {"on": "2019-04-03"})
    [proposal] = now.value["proposals"]
    assert (proposal["order"], proposal["from"], proposal["to"]) == (3, "测试丙", "测试丁")
    assert (seats(now)[2], now.outcome, now.value["count"]) == ("测试丙", "allow_with_condition", 3)
    assert str(now.reasons[0].citation) == LIST_3


@pytest.mark.parametrize(("confirmed_by", "applied"), [("市综合行政执法局", True), ("市财政局", False), (None, False)])
def test_change_is_applied_on_confirmation_by_the_office(confirmed_by: str | None, applied: bool) -> None:
    change = {"order": 3, "person": "测试丁", "on": "2019-05-01", "confirmed_by": confirmed_by}
    taken = ask("members", GROUP | {"on": "2019-06-01", "changes": [change]})
    member = taken.value["members"][2]
    assert (member["person"] == "测试丁", len(member["history"]), taken.value["proposals"] == []) == (
        applied,
        int(applied),
        applied,
    )
    assert seats(ask("members", GROUP | {"on": "2019-04-30", "changes": [change]}))[2] == "测试丙"


def test_undated_list_is_undetermined_and_seats_without_names_follow_the_post() -> None:
    undated = {key: part for key, part in GROUP.items() if key != "issued_on"}
    taken = ask("members", undated | {"on": "2019-06-01"})
    assert (taken.value["status"], taken.outcome) == ("undated", "undetermined")
    by_post = GROUP | {"members": [{"order": 1, "organ": "市商务局", "post": "局长"}]}
    assert seats(ask("members", by_post | {"on": "2019-06-01"})) == ["测试丁"]
    assert seats(ask("members", by_post | {"on": "2019-01-01"})) == [None]


def test_every_answer_is_json_with_a_receipt() -> None:
    for key in KEYS:
        for example in REGISTRY[f"organs.{key}"].schema()["facts"]["examples"]:
            assert ask(key, example).as_dict()["receipt"]["sha256"]


@pytest.mark.parametrize(
    ("word", "status"), [("更名", "moved"), ("合并", "moved"), ("职能划转", "moved"), ("合署办公", "same")]
)
def test_a_relation_may_be_told_in_chinese_and_moves_from_its_day(word: str, status: str) -> None:
    relation = {"from": "food-drug", "to": "market-supervision", "kind": word, "effective": "2019-03-04",
                "confirmed_by": ["测试丙", "测试丁"]}  # fmt: skip
    asked = {"organ": "市食药监局", "relations": [relation]}
    assert ask("successor", asked, "2019-03-04").value["status"] == status
    assert ask("successor", asked, "2019-03-03").value["status"] != "moved"
