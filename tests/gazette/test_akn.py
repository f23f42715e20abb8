"""Akoma Ntoso: every instrument is valid against the strict schema, whatever its text holds."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from luoshi.gazette import records
from luoshi.gazette.akn import NAMESPACE, UNKNOWN_DATE, to_akn, validate_akn
from luoshi.gazette.compiler import compile_text
from luoshi.gazette.organs import Directory
from luoshi.gazette.records import Clause, Duty, Instrument, Organ, Reference, Relation

REAL = sorted((Path(__file__).parents[2].parent / "shared" / "gazettes").glob("*.txt"))
NS = {"a": NAMESPACE}


def instrument(**values: object) -> Instrument:
    base = Instrument(
        "测政发〔2018〕3号", records.NumberParts("测政发", 2018, 3), "测试办法", "关于印发测试办法的通知",
        "measures", False, "测试市人民政府", ["各镇人民政府"], "测试市人民政府", "2018-03-01", "此件公开发布",
        "2018-04-01", "2023-03-31", 0, 90,
    )  # fmt: skip
    return dataclasses.replace(base, **values)  # type: ignore[arg-type]


def clause(path: str, kind: str = "cn", text: str = "测试。", heading: str | None = None) -> Clause:
    return Clause(path, path.rpartition("/")[2].partition("~")[0], kind, heading, text, 0, 1)


def tree(found: Instrument, **options: object) -> etree._Element:
    data = to_akn(found, **options)  # type: ignore[arg-type]
    assert validate_akn(data) == []
    return etree.fromstring(data, etree.XMLParser(huge_tree=True))


def all_of(root: etree._Element, path: str) -> list[str]:
    found = root.xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return [str(item) for item in found]


def test_akn_says_who_issued_what_when() -> None:
    root = tree(instrument(clauses=[clause("一")]))
    assert all_of(root, "//a:FRBRWork/a:FRBRuri/@value") == ["/akn/cn/act/2018-03-01/测政发-2018-3"]
    assert all_of(root, "//a:FRBRWork/a:FRBRdate/@date") == ["2018-03-01"]
    assert all_of(root, "//a:FRBRWork/a:FRBRnumber/@value") == ["测政发〔2018〕3号"]
    assert all_of(root, "//a:FRBRlanguage/@language") == ["zho"]
    assert all_of(root, "//a:TLCOrganization/@showAs") == ["测试市人民政府"]


def test_akn_never_pretends_a_date() -> None:
    root = tree(instrument(issued_on=None, effective_from=None, expires_on=None, clauses=[clause("一")]))
    assert all_of(root, "//a:FRBRWork/a:FRBRdate/@name") == ["unknown"]
    assert all_of(root, "//a:eventRef/@date") == []
    assert UNKNOWN_DATE in all_of(root, "//a:proprietary//text()")[0]


def test_akn_tells_beginning_and_end() -> None:
    root = tree(instrument(clauses=[clause("一")]))
    events = zip(all_of(root, "//a:eventRef/@type"), all_of(root, "//a:eventRef/@date"), strict=True)
    assert list(events) == [("generation", "2018-03-01"), ("generation", "2018-04-01"), ("repeal", "2023-03-31")]


def test_akn_nests_clauses_as_their_paths_do() -> None:
    clauses = [
        clause("第一章", "chapter", "", "总则"), clause("第一章/第一条", "article"),
        clause("第一章/第一条/(一)", "cn_paren"),
        clause("第一章/第二条", "article"), clause("附件", "annex", ""), clause("附件/甲/乙细则", "part", ""),
        clause("附件/甲/乙细则/3.1", "decimal"), clause("附件/甲/乙细则/3.1/¶1", "paragraph"), clause("一~2"),
    ]  # fmt: skip
    clauses[5].label = "甲/乙细则"
    root = tree(instrument(clauses=clauses))
    assert all_of(root, "//a:body//@eId") == [
        "chp_第一章", "chp_第一章__art_第一条", "chp_第一章__art_第一条__subpara_一", "chp_第一章__art_第二条",
        "hcontainer_附件", "hcontainer_附件__part_甲乙细则", "hcontainer_附件__part_甲乙细则__level_3.1",
        "hcontainer_附件__part_甲乙细则__level_3.1__al_1", "para_一",
    ]  # fmt: skip
    assert all_of(root, "//a:chapter/a:heading/text()") == ["总则"]
    assert all_of(root, "//a:chapter/a:article[1]/a:intro/a:p/text()") == ["测试。"]
    assert all_of(root, "//a:body/a:paragraph/a:num/text()") == ["一、"]


def test_akn_gives_clauses_of_one_label_different_ids() -> None:
    root = tree(instrument(clauses=[clause("一"), clause("一~2"), clause("一~3")]))
    assert all_of(root, "//a:body//@eId") == ["para_一", "para_一-2", "para_一-3"]


def test_akn_names_related_texts_and_repeals() -> None:
    relations = [
        Relation("repeals", Reference("测政发〔2010〕1号", None), "一", 0, 1),
        Relation("based_on", Reference(None, "测试条例"), "一", 0, 1),
    ]
    root = tree(instrument(clauses=[clause("一")], relations=relations))
    assert all_of(root, "//a:activeRef/@showAs") == ["测政发〔2010〕1号"]
    assert all_of(root, "//a:TLCReference/@name") == ["based_on"]
    assert all_of(root, "//a:textualMod/a:source/@href") == ["#para_一"]


def test_akn_refers_from_a_clause_to_the_organs_that_lead() -> None:
    duty = Duty("一", "", "", [Organ("市甲局"), Organ("市乙局")], [], False, [], [], 0, 1, "mark", 0.9)
    root = tree(instrument(clauses=[clause("一"), clause("二")], duties=[duty]))
    assert all_of(root, "//a:body/a:paragraph/@refersTo") == ["#org2 #org3"]
    assert all_of(root, "//a:TLCOrganization/@showAs") == ["测试市人民政府", "市甲局", "市乙局"]


def test_akn_takes_addresses_of_organs_from_the_directory() -> None:
    root = tree(instrument(clauses=[clause("一")]), directory=Directory.from_data({}))
    assert all_of(root, "//a:TLCOrganization/@href") == ["/akn/ontology/organization/cn/测试市人民政府"]


def test_akn_prints_appointments_as_a_table() -> None:
    act = records.Appointment("appoint", "测试甲", "市甲局局长", Organ("市甲局"), "局长", None, 0, 1)
    root = tree(instrument(kind="appointment", appointments=[act]))
    assert all_of(root, "//a:doc//a:td/a:p/text()") == ["任命", "测试甲", "市甲局局长"]


def test_akn_keeps_the_text_of_an_instrument_without_clauses() -> None:
    root = tree(instrument(start=0, end=8), source_text="测试<甲>\n\n测试乙")
    assert all_of(root, "//a:mainBody/a:p/text()") == ["测试<甲>", "测"]


def test_akn_is_valid_where_clauses_nest_deeper_than_readers_accept() -> None:
    labels = [str(n) for n in range(300)]
    clauses = [clause("/".join(labels[: n + 1]), "num") for n in range(300)]
    root = tree(instrument(clauses=clauses))
    assert len(all_of(root, "//a:body//@eId")) == 300


@pytest.mark.parametrize("text", ["\x00\x01\x1f", "\ud800", "\ufffe\uffff", "<&>\"'", "]]>", "a b\u2028c"])
def test_akn_holds_any_character(text: str) -> None:
    odd = instrument(
        number=text, title=text, covering_title=text, issuer=text, addressees=[text], disclosure=text,
        clauses=[Clause(f"{text}/{text}", text, "part", text, text, 0, 1)],
        relations=[Relation("cites", Reference(text, text), text, 0, 1)],
    )  # fmt: skip
    tree(odd)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60), st.text("一二(（)）、。《〔年1<&\x00\ud800第条章附件任命为\n ", max_size=100))
def test_akn_is_valid_for_any_text(label: str, text: str) -> None:
    for found in compile_text(text).instruments:
        tree(found, source_text=text)
    tree(instrument(clauses=[Clause(label, label, "part", None, text, 0, 1)]))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_akn_is_valid_for_a_real_issue(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = compile_text(text).instruments
    assert [validate_akn(to_akn(item, None, text)) for item in found] == [[]] * len(found)


def test_validate_akn_tells_faults() -> None:
    assert validate_akn(b"<akomaNtoso") != []
    assert validate_akn(f'<akomaNtoso xmlns="{NAMESPACE}"/>'.encode()) != []
