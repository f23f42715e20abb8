"""Responsibility marks: where they stand, who leads and who cooperates, what they declare for the rest."""

import pytest

from luoshi.gazette.marks import MarkState, find_marks
from luoshi.gazette.organs import Level


def read(text: str, state: MarkState | None = None) -> list[tuple[str, str, str, bool]]:
    return [
        (" ".join(mark.lead), " ".join(mark.cooperating), " ".join(mark.local_names), mark.local)
        for mark in find_marks(text, state or MarkState())
    ]


@pytest.mark.parametrize(
    ("mark", "lead", "cooperating"),
    [
        ("(市水利局负责)", "市水利局", ""),
        ("(市水利局牵头负责)", "市水利局", ""),
        ("(市水利局、林业局、住建局负责)", "市水利局 市林业局 市住建局", ""),
        ("(市水利局、林业局牵头,市财政局、住建局等参与)", "市水利局 市林业局", "市财政局 市住建局"),
        ("(市水利局牵头,财政局、住建局负责)", "市水利局", "市财政局 市住建局"),
        ("(市水利局牵头,财政局、住建局分工负责)", "市水利局", "市财政局 市住建局"),
        ("(市水利局牵头,财政局、住建局配合)", "市水利局", "市财政局 市住建局"),
        ("(市水利局牵头,市委宣传部,市财政局、报社等参与)", "市水利局", "市委宣传部 市财政局 市报社"),
        ("(市水利局牵头,市财政局、住建局)", "市水利局", "市财政局 市住建局"),
        ("(市水利局、林业局按各自职责分工负责)", "市水利局 市林业局", ""),
        ("(市水利局、林业局等有关部门、单位按各自职责分工负责)", "市水利局 市林业局", ""),
        ("(市水利局、林业局按照职责分工抓好落实)", "市水利局 市林业局", ""),
        ("(由市水利局牵头,林业局配合,2030年6月底前完成)", "市水利局", "市林业局"),
        ("(市水利局会同市林业局、住建局负责)", "市水利局", "市林业局 市住建局"),
        ("(市水利局负责;市林业局配合)", "市水利局", "市林业局"),
        ("(市水利局牵头落实)", "市水利局", ""),
        ("(市审计局牵头,市直有关部门按职责分工负责)", "市审计局", "市直有关部门"),
        ("(市水利局牵头,有关部门配合)", "市水利局", ""),
        ("(市政府各部门、单位负责)", "市政府各部门、单位", ""),
        ("(市政府各部门分别负责,年内持续推进)", "市政府各部门", ""),
        ("(省科技厅、教育厅、政务和数据局等单位按职责分工负责)", "省科技厅 省教育厅 省政务和数据局", ""),
        ("(国土资源部、水利部按职责分工负责)", "国土资源部 水利部", ""),
        ("(市水利局、林业局;2021年9月底前)", "市水利局 市林业局", ""),
        ("(市水利局牵头,市林业局等按职责分工负责,每季度末报送进展)", "市水利局", "市林业局"),
        ("(市政务服务管理办公室)", "市政务服务管理办公室", ""),
        ("(市委宣传部牵头,测州日报社配合)", "市委宣传部", "测州日报社"),
        ("(省水利厅、住建厅指导)", "省水利厅 省住建厅", ""),
        ("(省水利厅指导,省林业局参与)", "省水利厅", "省林业局"),
        ("(省水利厅指导,省水务集团负责落实)", "省水务集团", "省水利厅"),
        ("(牵头单位:市水利局(适用范围:城区);责任单位:市林业局)", "市水利局", "市林业局"),
        ("(责任单位:市水利局;牵头处室:河道处)", "市水利局", ""),
    ],
)
def test_mark_with_verbs(mark, lead, cooperating):
    assert read(f"加强河道管护。{mark}") == [(lead, cooperating, "", False)]


@pytest.mark.parametrize(
    ("mark", "lead", "cooperating"),
    [
        ("(责任单位:市水利局)", "市水利局", ""),
        ("(责任单位:市水利局、林业局)", "市水利局 市林业局", ""),
        ("(负责部门:市水利局、市林业局,适用范围:东湖片区)", "市水利局 市林业局", ""),
        ("(责任单位:市水利局;配合单位:市林业局、住建局)", "市水利局", "市林业局 市住建局"),
        ("(牵头单位:市水利局,责任单位:林业局、市直有关部门)", "市水利局", "市林业局 市直有关部门"),
        ("(责任单位:市编办牵头,林业局、住建局等单位按职责分别负责)", "市编办", "市林业局 市住建局"),
        ("(责任单位:市林业局;牵头单位:市水利局)", "市水利局", "市林业局"),
        ("(牵头部门:县水利局;责任部门:县财政局、林业局)", "县水利局", "县财政局 县林业局"),
        ("(主办单位:市水利局;协办单位:市林业局;责任领导:测试甲;完成时限:2030年底)", "市水利局", "市林业局"),
        ("(牵头单位:市水利局责任单位:市林业局完成时限:2030年10月)", "市水利局", "市林业局"),
        ("(责任单位:市水利局(牵头)、市林业局、市住建局)", "市水利局", "市林业局 市住建局"),
        ("(责任单位:市水利局、市林业局(市林业局为牵头单位))", "市林业局", "市水利局"),
        ("(配合单位:市林业局)", "", "市林业局"),
        ("【牵头单位:市水利局】【责任单位:市林业局】", "市水利局", "市林业局"),
        ("〔责任单位:市水利局〕", "市水利局", ""),
        ("[责任单位:市水利局]", "市水利局", ""),
        ("【责任单位】市水利局、林业局", "市水利局 市林业局", ""),
        ("责任单位:市水利局、市林业局。", "市水利局 市林业局", ""),
        ("责任单位:市水利局。完成时限:2030年底前。", "市水利局", ""),
        ("(责任单位:市自然资源;配合单位:市林业局)", "市自然资源", "市林业局"),
        ("(分工:市水利局负责,市林业局配合)", "市水利局", "市林业局"),
        ("(责任单位:市水利局 市林业局)", "市水利局 市林业局", ""),
        ("(责任单位:市水利局市林业局)", "市水利局 市林业局", ""),
    ],
)
def test_mark_with_labels(mark, lead, cooperating):
    assert read(f"加强河道管护。{mark}") == [(lead, cooperating, "", False)]


@pytest.mark.parametrize(
    ("mark", "lead", "cooperating", "local"),
    [
        ("(责任单位:各镇区,市水利局、综合执法局)", "市水利局 市综合执法局", "", "各镇区"),
        ("(责任单位:市水利局,各镇(办事处))", "市水利局", "", "各镇(办事处)"),
        ("(市水利局牵头,市林业局参与,各镇区负责落实)", "市水利局", "市林业局", "各镇区"),
        ("(责任单位:市水利局;配合单位:各镇、市财政局)", "市水利局", "市财政局", "各镇"),
        ("(各镇区负责)", "各镇区", "", "各镇区"),
        ("(责任单位:经济开发区;配合单位:市商务局、水利局)", "经济开发区", "市商务局 市水利局", "经济开发区"),
        ("(各区县政府、市直有关部门负责)", "市直有关部门", "", "各区县政府"),
        ("(各区县政府负责,市水利局指导)", "各区县政府", "市水利局", "各区县政府"),
        ("(市水利局和各区人民政府按职责分工负责)", "市水利局", "", "各区人民政府"),
        ("(牵头单位:市科委,配合单位:各区、县级市)", "市科委", "", "各区、县级市"),
    ],
)
def test_towns_beside_city_organs_only_set_local(mark, lead, cooperating, local):
    assert read(f"加强河道管护。{mark}") == [(lead, cooperating, local, True)]


def test_district_counts_streets_as_towns():
    text = "整治环境。(责任单位:区城管局、各街道,高新区管委会)"
    assert read(text, MarkState(level=Level.DISTRICT)) == [("区城管局 高新区管委会", "", "各街道", True)]


@pytest.mark.parametrize(
    "text",
    [
        "成立工作组(以下简称工作组),市水利局负责日常事务。",
        "覆盖全部村庄(含各镇区、市属企业)的责任。",
        "按照(谁主管、谁负责)的原则推进。",
        "推广“河道看护(市水利局负责)”的做法。",
        "(一)市水利局负责日常巡查。",
        "由市水利局负责日常巡查。",
        "其他事项(市水利局负责组织的除外)。",
        "印发各部门(此件公开发布)。",
        "责任单位应当在三日内报告。",
        "落实:各项目按期开工,责任到人。",
    ],
)
def test_other_brackets_and_sentences_are_no_marks(text):
    assert read(text) == []


def test_line_of_its_own_is_a_mark():
    assert read("责任单位:市水利局、林业局;配合单位:财政局") == [("市水利局 市林业局", "市财政局", "", False)]


def test_responsible_line_after_a_leading_line_names_helpers():
    state = MarkState()
    assert read("牵头单位:市水利局", state) == [("市水利局", "", "", False)]
    assert read("责任单位:市林业局、财政局", state) == [("", "市林业局 市财政局", "", False)]
    assert read("责任单位:市住建局", state) == [("市住建局", "", "", False)]


def test_bare_list_in_brackets_is_a_mark_behind_a_full_stop():
    assert read("加强河道管护。(市水利局、林业局)") == [("市水利局 市林业局", "", "", False)]
    assert read("报主管部门(市水利局)备案,由其负责。") == []


def test_mark_may_stand_before_more_text():
    text = "加强管护。(市水利局负责)开展巡查。(市林业局、水利局牵头,住建局参与)"
    marks = find_marks(text, MarkState())
    assert [(mark.lead, mark.at_end) for mark in marks] == [(("市水利局",), False), (("市林业局", "市水利局"), True)]
    assert [text[mark.start : mark.end] for mark in marks] == [mark.text for mark in marks]
    assert marks[0].text == "(市水利局负责)"


def test_bracket_and_labelled_end_of_one_paragraph_are_two_marks():
    text = "加强管护。(市水利局负责)开展巡查。责任单位:市林业局。"
    assert read(text) == [("市水利局", "", "", False), ("市林业局", "", "", False)]
    assert read("责任单位:要层层压实责任。开展巡查。(市水利局负责)") == [("市水利局", "", "", False)]


def test_mark_may_be_nested_and_may_lack_its_closing_bracket():
    assert read("河道(十二条(责任单位:市水利局))整治。") == [("市水利局", "", "", False)]
    assert read("河道整治。(责任单位:市水利局、林业局") == [("市水利局 市林业局", "", "", False)]
    assert read("河道整治。[市水利局牵头,林业局配合)]") == [("市水利局", "市林业局", "", False)]


@pytest.mark.parametrize(
    "mark",
    [
        "(责任单位:市水利局、林业局、住建局。首个责任单位为牵头单位,下同)",
        "(责任单位:市水利局、林业局、住建局,排在首位的为牵头单位,下同)",
        "(责任单位:市水利局、林业局、住建局(列第一位者为牵头或汇总单位,下同))",
        "责任单位:市水利局、林业局、住建局(第一个单位为牵头单位,下同)",
        "(责任单位(牵头单位列首位):市水利局、林业局、住建局)",
    ],
)
def test_declaration_that_the_first_leads_holds_from_its_mark_on(mark):
    state = MarkState()
    assert read("绿化造林。(责任单位:市林业局、水利局)", state) == [("市林业局 市水利局", "", "", False)]
    assert read(f"加强管护。{mark}", state) == [("市水利局", "市林业局 市住建局", "", False)]
    assert read("绿化造林。(责任单位:各镇区,市林业局、水利局)", state) == [("市林业局", "市水利局", "各镇区", True)]
    assert read("绿化造林。(市林业局、水利局牵头,住建局参与)", state) == [("市林业局 市水利局", "市住建局", "", False)]


def test_declaration_may_stand_in_a_sentence():
    state = MarkState()
    assert read("任务分解中,排名第一的责任单位为牵头单位,其他为参与单位。", state) == []
    assert read("绿化造林。(责任单位:市林业局、水利局)", state) == [("市林业局", "市水利局", "", False)]


@pytest.mark.parametrize(
    "mark",
    [
        "(市水利局牵头,林业局参与,各镇区负责落实。以下均需各镇区政府落实,不再列出)",
        "〔市水利局牵头,林业局参与,各镇区负责落实。以下各项工作均需各县、区人民政府(管委会)落实,不再列出。〕",
        "(市水利局牵头,林业局参与,各镇区。以下政策措施均需各县区人民政府落实,不再单独列出)",
    ],
)
def test_declaration_that_binds_every_town_holds_from_its_mark_on(mark):
    state = MarkState()
    assert read("绿化造林。(市林业局负责)", state) == [("市林业局", "", "", False)]
    assert read(f"加强管护。{mark}", state) == [("市水利局", "市林业局", "各镇区", True)]
    assert read("绿化造林。(市林业局负责)", state) == [("市林业局", "", "", True)]


def test_mark_tells_what_it_declares():
    first = find_marks("管护。(责任单位:市水利局、林业局。首个责任单位为牵头单位,下同)", MarkState())[0]
    towns = find_marks("管护。(市水利局负责。以下均需各镇区政府落实,不再列出)", MarkState())[0]
    plain = find_marks("管护。(市水利局、林业局等负责)", MarkState())[0]
    assert (first.first_leads, first.binds_towns, first.open_ended) == (True, False, False)
    assert (towns.first_leads, towns.binds_towns, towns.open_ended) == (None, True, False)
    assert (plain.first_leads, plain.binds_towns, plain.open_ended) == (None, False, True)


@pytest.mark.parametrize(
    "unit",
    [
        "(",
        "((责任单位:",
        "(责任单位:市水利局、",
        "责任单位:市水利局。",
        "(市水利局负责)",
        "【责任单位】",
        "“(市水利局负责",
        "以下不再",
        "第一牵头",
        "和与及(牵头",
    ],
)
def test_hostile_text_comes_to_an_end(unit):
    """A pattern that backtracks without bound would hang here; speed itself is measured by `luoshi bench gazette`."""
    find_marks(unit * 16_000, MarkState())


def test_a_division_of_work_behind_a_full_stop_is_a_mark() -> None:
    assert read("加强河道管护。责任分工:由市水利局牵头,市林业局、各区政府配合。") == [
        ("市水利局", "市林业局", "各区政府", True)
    ]


def test_towns_under_a_label_of_their_own_are_local() -> None:
    assert read("加强管护。(牵头部门:市水利局;协同部门:市林业局;属地责任:各县区)") == [
        ("市水利局", "市林业局", "各县区", True)
    ]
