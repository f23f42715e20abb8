"""Appointment orders: lists, sentences, remarks, and the two halves of a post. All persons are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.appointments import Act, ends_with_title, find_acts, split_post


def brief(acts: list[Act]) -> list[tuple[str, str, str, str | None]]:
    return [(a.action, a.person, a.post, a.remark) for a in acts]


ORDER = [
    "甲州市人民政府任免的工作人员名单",
    "2021年5月6日甲政任〔2021〕7号",
    "任命:",
    "测试甲为甲州市人民政府办公室副主任科员;",
    "测试为甲州市林业局局长。",
    "免去:",
    "测试乙的甲州市商务局副局长职务,保留原职级;",
    "测试的甲州高新区管委会办公室副主任职务。",
]


def test_list_gives_appointments_and_removals():
    assert brief(find_acts(ORDER)) == [
        ("appoint", "测试甲", "甲州市人民政府办公室副主任科员", None),
        ("appoint", "测试", "甲州市林业局局长", None),
        ("remove", "测试乙", "甲州市商务局副局长", "保留原职级"),
        ("remove", "测试", "甲州高新区管委会办公室副主任", None),
    ]


def test_list_cut_inside_posts_gives_the_same_acts():
    cut = []
    for line in ORDER:
        cut += [line[: len(line) * 2 // 3], line[len(line) * 2 // 3 :]] if "为" in line or "职务" in line else [line]
    assert brief(find_acts(cut)) == brief(find_acts(ORDER))


def test_span_begins_at_the_name_and_covers_the_act():
    for act in find_acts(ORDER):
        printed = ORDER[act.paragraph][act.start : act.end]
        assert printed.startswith(act.person)
        assert printed.endswith(act.remark or ("职务" if act.action == "remove" else act.title))


def test_list_without_closing_marks_breaks_at_the_next_name():
    acts = find_acts(
        [
            "任命:",
            "测试甲为某县教育局局长",
            "测试乙为某县水利局副局长(试用期一年)",
            "免去:",
            "测试丙的某县水利局副局长职务",
        ]
    )
    assert brief(acts) == [
        ("appoint", "测试甲", "某县教育局局长", None),
        ("appoint", "测试乙", "某县水利局副局长", "试用期一年"),
        ("remove", "测试丙", "某县水利局副局长", None),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "市政府决定:任命测试甲为市教育局副局长,试用期一年;免去测试乙的市教育局副局长职务。",
            [("appoint", "测试甲", "市教育局副局长", "试用期一年"), ("remove", "测试乙", "市教育局副局长", None)],
        ),
        ("经研究,决定任命测试甲同志为市水务局总工程师。", [("appoint", "测试甲", "市水务局总工程师", None)]),
        ("测试甲同志任市信访局局长,免去其市政府办公室副主任职务。", [
            ("appoint", "测试甲", "市信访局局长", None), ("remove", "测试甲", "市政府办公室副主任", None),
        ]),
        ("免去测试乙同志市信访局局长职务。", [("remove", "测试乙", "市信访局局长", None)]),
        ("免去测试乙同志的市信访局局长职务,退休。", [("remove", "测试乙", "市信访局局长", "退休")]),
        ("测试丙同志不再担任市统计局局长职务。", [("remove", "测试丙", "市统计局局长", None)]),
        ("聘任测试甲为市职业学院院长,聘期三年。", [("appoint", "测试甲", "市职业学院院长", "聘期三年")]),
        ("解聘测试甲的市职业学院院长职务。", [("remove", "测试甲", "市职业学院院长", None)]),
        ("任命测试甲、测试乙为市审计局副局长。", [
            ("appoint", "测试甲", "市审计局副局长", None), ("appoint", "测试乙", "市审计局副局长", None),
        ]),
        ("任命测试甲和测试乙为市审计局副局长。", [
            ("appoint", "测试甲", "市审计局副局长", None), ("appoint", "测试乙", "市审计局副局长", None),
        ]),
        ("任命测试·甲(女)为市民族宗教局副局长。", [("appoint", "测试·甲", "市民族宗教局副局长", None)]),
        ("任命测试甲为市政府秘书长、办公室主任。", [("appoint", "测试甲", "市政府秘书长、办公室主任", None)]),
    ],
)  # fmt: skip
def test_sentence_styles(text, expected):
    assert brief(find_acts([text])) == expected


def test_remark_on_all_above_reaches_each_appointment():
    acts = find_acts(["任命:", "测试甲为市教育局副局长;", "测试乙为市水务局副局长。", "以上人员试用期一年。"])
    assert [a.remark for a in acts] == ["试用期一年", "试用期一年"]


def test_numbered_headings_open_sections():
    acts = find_acts(["一、任命", "1.测试甲为市教育局局长", "二、免去", "1.测试乙的市教育局局长职务"])
    assert brief(acts) == [("appoint", "测试甲", "市教育局局长", None), ("remove", "测试乙", "市教育局局长", None)]


def test_surname_that_is_also_a_verb_is_kept_in_a_list():
    assert brief(find_acts(["任命:", "任测试为市教育局局长。"])) == [("appoint", "任测试", "市教育局局长", None)]


def test_ordinary_text_gives_no_acts():
    assert find_acts(["各镇人民政府,市政府各部门:", "为加强管理,市某局为牵头单位,任何单位不得擅自变更。"]) == []


@pytest.mark.parametrize(
    ("post", "organ", "title"),
    [
        ("市某局副局长", "市某局", "副局长"),
        ("市财政局党组成员、收入管理处主任", "市财政局", "党组成员、收入管理处主任"),
        ("市委常委、市政府副市长", "市委", "常委、市政府副市长"),
        ("甲州市人民政府办公室副主任科员", "甲州市人民政府办公室", "副主任科员"),
        ("市某局一级调研员", "市某局", "一级调研员"),
        ("某镇党委书记", "某镇", "党委书记"),
        ("市某局分管副局长", "市某局", "分管副局长"),
        ("市发展和改革委员会", "市发展和改革委员会", ""),
        ("副市长", "", "副市长"),
    ],
)
def test_split_post_gives_organ_and_title(post, organ, title):
    assert split_post(post) == (organ, title)


@given(st.text(alphabet="市某局镇委副主任长书记、,科员(办)", min_size=1, max_size=40))
def test_split_post_loses_nothing(post):
    organ, title = split_post(post)
    assert organ + title == post


def test_ends_with_title_tells_posts_from_organs():
    assert ends_with_title("市某局局长")
    assert not ends_with_title("市某局")


def test_hostile_text_comes_to_an_end():
    """A pattern that backtracks without bound would hang here; speed itself is measured by `luoshi bench gazette`."""
    n = 20_000
    find_acts(["任命" + "甲、" * n, "甲和" * n + "为", "任命" * n, "测试甲为" * n, "免去" + "甲·" * n])


def test_sentences_of_a_notice_name_the_person_alone():
    acts = find_acts(
        [
            "经市政府常务会议研究,决定:",
            "测试甲任市水利局局长,免去其市水文中心主任职务;",
            "测试乙任市国资委调研员,免去市国资委副主任职务;",
            "测试丙、测试丁任市政府副秘书长;",
            "免去测试戊市审计局副局长职务;",
            "本次调整自印发之日起执行,任期内不再变动。",
        ]
    )
    assert brief(acts) == [
        ("appoint", "测试甲", "市水利局局长", None),
        ("remove", "测试甲", "市水文中心主任", None),
        ("appoint", "测试乙", "市国资委调研员", None),
        ("remove", "测试乙", "市国资委副主任", None),
        ("appoint", "测试丙", "市政府副秘书长", None),
        ("appoint", "测试丁", "市政府副秘书长", None),
        ("remove", "测试戊", "市审计局副局长", None),
    ]


def test_a_verb_printed_once_governs_the_acts_after_it():
    order = [
        "免去测试甲的县甲委办公室副主任职务,测试乙的县乙局副局长职务;测试丙的县丙街道办事处主任职务;决定免去测试丁的县丁局局长职务。任命测试戊为县甲委办公室副主任,测试己为县乙局副局长(试用期一年)。",
        "测试庚为人正直,工作负责。",
    ]
    assert brief(find_acts(order)) == [
        ("remove", "测试甲", "县甲委办公室副主任", None),
        ("remove", "测试乙", "县乙局副局长", None),
        ("remove", "测试丙", "县丙街道办事处主任", None),
        ("remove", "测试丁", "县丁局局长", None),
        ("appoint", "测试戊", "县甲委办公室副主任", None),
        ("appoint", "测试己", "县乙局副局长", "试用期一年"),
    ]


def test_acts_may_be_divided_as_words_of_a_list_are():
    order = [
        "任命测试甲为市甲局局长,免去测试乙的市甲局局长职务、测试丙的市乙局副局长职务。",
        "决定任命测试丁任市丙局局长、党组书记、测试戊任市丁局局长。",
    ]
    assert brief(find_acts(order)) == [
        ("appoint", "测试甲", "市甲局局长", None),
        ("remove", "测试乙", "市甲局局长", None),
        ("remove", "测试丙", "市乙局副局长", None),
        ("appoint", "测试丁", "市丙局局长、党组书记", None),
        ("appoint", "测试戊", "市丁局局长", None),
    ]


@pytest.mark.parametrize(
    ("printed", "acts"),
    [
        (["任命以下同志:", "测试甲县财政局局长", "测试县审计局副局长(试用期一年,自7月算起)"],
         [("appoint", "测试甲", "县财政局局长", None), ("appoint", "测试", "县审计局副局长", "试用期一年,自7月算起")]),
        (["决定免去:", "测试县统计局副局长职务。"], [("remove", "测试", "县统计局副局长", None)]),
        (["免去测试兼任的县统计局副局长职务。"], [("remove", "测试", "县统计局副局长", None)]),
        (["接受测试甲辞去县审计局局长职务的请求。"], [("remove", "测试甲", "县审计局局长", None)]),
        (["测试甲同志免去县统计局局长职务;"], [("remove", "测试甲", "县统计局局长", None)]),
        (["因机构改革,测试原任县统计局副局长职务自然免除。"], [("remove", "测试", "县统计局副局长", None)]),
        (["测试甲同志因到龄退休,免去其县信访局局长职务。"], [("remove", "测试甲", "县信访局局长", None)]),
        (["测试甲同志试用期满,正式任县水利局副局长。"], [("appoint", "测试甲", "县水利局副局长", None)]),
        (["测试甲挂职任商务局副局长(时间至7月);"], [("appoint", "测试甲", "商务局副局长", "时间至7月")]),
        (["任命测试甲为县财政局局长、一级主任科员;"], [("appoint", "测试甲", "县财政局局长、一级主任科员", None)]),
        (["任命测试甲为县政府办公室主任,免去其县大数据局局长职务;测试乙为县审计局局长。"],
         [("appoint", "测试甲", "县政府办公室主任", None), ("remove", "测试甲", "县大数据局局长", None),
          ("appoint", "测试乙", "县审计局局长", None)]),
    ],
)  # fmt: skip
def test_other_ways_of_printing_an_act(printed, acts):
    assert brief(find_acts(printed)) == acts


def test_the_issuers_own_place_belongs_to_the_post_behind_a_name_without_a_mark():
    printed = ["免去测试丙县财政局局长职务。"]
    assert brief(find_acts(printed, "丙县")) == [("remove", "测试", "丙县财政局局长", None)]
    assert brief(find_acts(printed)) == [("remove", "测试丙", "县财政局局长", None)]


def test_a_part_without_name_says_what_its_person_no_longer_is() -> None:
    found = find_acts(["测试甲同志任市甲局局长,不再担任市乙局局长职务。"])
    assert [(act.action, act.person, act.post) for act in found] == [
        ("appoint", "测试甲", "市甲局局长"),
        ("remove", "测试甲", "市乙局局长"),
    ]


def test_a_removal_without_a_particle_is_cut_at_the_word_for_comrade_or_at_the_issuers_place() -> None:
    printed = [
        "免去:",
        "测试同志清河区规划局副局长职务,退休;",
        "测试甲清河区粮库主任职务;",
        "测试清河区粮库副主任职务。",
    ]
    assert brief(find_acts(printed, place="清河区")) == [
        ("remove", "测试", "清河区规划局副局长", "退休"),
        ("remove", "测试甲", "清河区粮库主任", None),
        ("remove", "测试", "清河区粮库副主任", None),
    ]
