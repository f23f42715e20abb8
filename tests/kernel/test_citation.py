"""Citations: numbers are read leniently and written canonically; a locator and its path are two forms of one thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.citation import Citation, DocumentNumber, Locator, clause_url
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.numerals import to_chinese


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("乳政发〔2019〕2 号", "乳政发〔2019〕2号"),
        ("乳政发[2019]2号", "乳政发〔2019〕2号"),
        ("乳政发［2019］2号", "乳政发〔2019〕2号"),
        ("乳政发〔2019〕02号", "乳政发〔2019〕2号"),
        ("乳政办发（２０１８）１０号", "乳政办发〔2018〕10号"),
        ("乳政任〔2019〕第3号", "乳政任〔2019〕3号"),
        ("乳政办发【2018】11号", "乳政办发〔2018〕11号"),
    ],
)
def test_number_is_read_leniently_and_written_canonically(text: str, canonical: str) -> None:
    assert str(DocumentNumber.of(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "乳政发2019 2号",
        "乳政发〔19〕2号",
        "乳政发〔2019〕0号",
        "乳政发〔2019〕2",
        "〔2019〕2号",
        "乳政发〔2019〕12345号",
    ],
)
def test_number_refuses_what_is_none(text: str) -> None:
    assert DocumentNumber.parse(text) is None
    with pytest.raises(LuoshiError) as refusal:
        DocumentNumber.of(text)
    assert refusal.value.code == "E_INPUT"


@pytest.mark.parametrize(
    ("printed", "path", "canonical"),
    [
        ("39", "39", "39"),
        ("第十二条", "第十二条", "第十二条"),
        ("12条", "第十二条", "第十二条"),
        ("第12条", "第十二条", "第十二条"),
        ("第十二条第二款第(三)项", "第十二条/第二款/(三)", "第十二条第二款(三)"),
        ("第十二条之一", "第十二条之一", "第十二条之一"),
        ("三(五)", "三/(五)", "三(五)"),
        ("三、（五）1.", "三/(五)/1", "三(五)1"),
        ("3.1.3(4)", "3/3.1/3.1.3/(4)", "3.1.3(4)"),
        ("二/(一)/1", "二/(一)/1", "二(一)1"),
        ("第二章/第七条", "第二章/第七条", "第二章第七条"),
        ("第二章 第一节 第七条", "第二章/第一节/第七条", "第二章第一节第七条"),
        ("附件2 三(一)", "附件2/三/(一)", "附件2 三(一)"),
        ("附件/甲组行动细则/一", "附件/甲组行动细则/一", "附件 甲组行动细则 一"),
        ("附件 3.1", "附件/3/3.1", "附件 3.1"),
        ("1(1)①", "1/(1)/①", "1(1)①"),
        ("二(一)—1", "二/(一)/—1", "二(一)—1"),
        ("第三条¶1", "第三条/¶1", "第三条¶1"),
        ("3.1.3~2(4)", "3/3.1/3.1.3~2/(4)", "3.1.3~2(4)"),
        ("1/2", "1/2", "1/2"),
        ("十/一", "十/一", "十/一"),
        ("3/3.1.3", "3/3.1.3", "3/3.1.3"),
    ],
)
def test_locator_reads_every_style(printed: str, path: str, canonical: str) -> None:
    locator = Locator.parse(printed)
    assert locator.path == path
    assert str(locator) == canonical


numeral = st.integers(1, 120).map(to_chinese)
simple_label = st.one_of(
    numeral,
    numeral.map(lambda text: f"({text})"),
    st.integers(1, 120).map(str),
    st.integers(1, 99).map(lambda number: f"({number})"),
    st.sampled_from("①②③④⑤⑥⑦⑧⑨⑩⑪⑳"),
    numeral.map(lambda text: f"第{text}条"),
    numeral.map(lambda text: f"第{text}章"),
    numeral.map(lambda text: f"第{text}节"),
    st.integers(1, 9).map(lambda number: f"附件{number}"),
    st.just("附件"),
    st.sampled_from(["甲组行动细则", "工作职责", "乙类措施"]),
    st.integers(1, 30).map(lambda number: f"—{number}"),
    st.integers(1, 30).map(lambda number: f"¶{number}"),
)
decimal_run = st.lists(st.integers(1, 20), min_size=2, max_size=4).map(
    lambda numbers: [".".join(map(str, numbers[:depth])) for depth in range(1, len(numbers) + 1)]
)
label_run = st.one_of(
    st.tuples(simple_label, st.sampled_from(["", "", "", "~2", "~13"])).map(lambda pair: ["".join(pair)]), decimal_run
)


@given(st.lists(label_run, min_size=1, max_size=5).map(lambda runs: [label for run in runs for label in run]))
def test_locator_path_and_print_round_trip(labels: list[str]) -> None:
    path = "/".join(labels)
    if len(labels) == 1 and labels[0].count("."):
        return
    locator = Locator.parse(path)
    assert locator.path == path
    assert Locator.parse(str(locator)) == locator


@given(st.text(max_size=60))
def test_locator_never_fails_on_any_text(text: str) -> None:
    locator = Locator.parse(text)
    assert Locator.parse(locator.path).path == locator.path or "/" not in locator.path


def test_citation_reads_number_and_locator() -> None:
    citation = Citation.of("乳政办发[2018]02号 3.1.3（4）")
    assert str(citation) == "乳政办发〔2018〕2号 3.1.3(4)"
    assert citation.locator.path == "3/3.1/3.1.3/(4)"
    assert citation == Citation.of("乳政办发〔2018〕2号 3/3.1/3.1.3/(4)")


def test_citation_reads_a_law_by_title() -> None:
    citation = Citation.of("《中华人民共和国测试法》第二百零三条")
    assert str(citation) == "《中华人民共和国测试法》第二百零三条"
    assert citation.url is None


def test_citation_refuses_text_without_instrument() -> None:
    assert Citation.parse("第十二条") is None


def test_citation_orders_clauses_by_their_numbers() -> None:
    texts = [f"测政发〔2018〕1号 {place}" for place in ("十", "二", "九", "二(十)", "二(二)")]
    ordered = sorted(map(Citation.of, texts), key=lambda citation: citation.sort_key)
    assert [str(citation.locator) for citation in ordered] == ["二", "二(二)", "二(十)", "九", "十"]


def test_clause_url_is_percent_encoded() -> None:
    assert (
        clause_url("A〔2018〕2号", "二/(一)")
        == "/instruments/A%E3%80%942018%E3%80%952%E5%8F%B7/%E4%BA%8C/%28%E4%B8%80%29"
    )
