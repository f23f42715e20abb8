"""Member lists in their printed forms, and the damage that two-column print does to them. All persons are invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.memberships import find_seats, group_name, looks_like_member_list, read_posts

TITLE = "甲州市水源保护工作领导小组成员名单"
GROUP = "甲州市水源保护工作领导小组"
LIST = [
    "组 长: 测 试 (市政府副市长)",
    "副组长: 测试甲 (市水务局局长、市节水办主任)",
    "测试乙 (市政府办公室副主任)",
    "成 员: 测试丙 (市发展和改革委员会)",
    "测试丁 (市财政局党组成员、收入管理处主任)",
    "王·测试 (甲州经济开发区(管委会)副主任)",
    "领导小组办公室设在市水务局,测试甲同志兼任办公室主任。",
]


def brief(paragraphs: list[str], title: str = TITLE) -> list[tuple[str, str | None, str | None]]:
    return [(seat.role, seat.person, seat.post) for seat in find_seats(paragraphs, title)[0]]


def codes(paragraphs: list[str], title: str = TITLE) -> list[str]:
    return [code for code, _, _ in find_seats(paragraphs, title)[1]]


EXPECTED = [
    ("组长", "测试", "市政府副市长"),
    ("副组长", "测试甲", "市水务局局长、市节水办主任"),
    ("副组长", "测试乙", "市政府办公室副主任"),
    ("成员", "测试丙", "市发展和改革委员会"),
    ("成员", "测试丁", "市财政局党组成员、收入管理处主任"),
    ("成员", "王·测试", "甲州经济开发区(管委会)副主任"),
    ("办公室主任", "测试甲", "市水务局局长、市节水办主任"),
]


def test_named_list_gives_role_person_and_post():
    assert brief(LIST) == EXPECTED
    assert codes(LIST) == []
    assert {seat.group for seat in find_seats(LIST, TITLE)[0]} == {GROUP}


def test_blanks_and_line_breaks_make_no_difference():
    compact = [line.replace(" ", "") for line in LIST]
    assert brief(compact) == EXPECTED
    assert brief([compact[0], compact[1] + compact[2], "".join(compact[3:6]), compact[6]]) == EXPECTED
    assert brief(["".join(compact)]) == EXPECTED


def test_seat_begins_where_the_name_is_printed():
    for seat in find_seats(LIST, TITLE)[0]:
        printed = LIST[seat.paragraph][seat.start : seat.end].replace(" ", "")
        assert printed.startswith(seat.person or "")


def test_organ_is_that_of_the_first_post():
    assert [seat.organ for seat in find_seats(LIST, TITLE)[0]][:5] == [
        "市政府", "市水务局", "市政府办公室", "市发展和改革委员会", "市财政局",
    ]  # fmt: skip


def test_label_printed_again_after_a_lower_one_changes_no_role():
    damaged = [
        "总召集人:测试(市委常委、市政府副市长)",
        "召集人:测试甲(市财政局局长)",
        "测试乙(市税务局局长)",
        "成员:测试(市委常委、市政府副市长)",
        "召集人:测试丙(市法院副院长)",
        "测试丁(市残联副理事长)",
    ]
    assert [(role, person) for role, person, _ in brief(damaged)] == [
        ("总召集人", "测试"), ("召集人", "测试甲"), ("召集人", "测试乙"), ("成员", "测试丙"), ("成员", "测试丁"),
    ]  # fmt: skip
    assert codes(damaged) == ["repeated_person", "displaced_label"]


def test_office_sentence_cut_in_two_is_joined():
    damaged = [
        "组长:测试甲(市政府副市长)志兼任办公室主任。",
        "成员:测试乙(市水务局局长)",
        "领导小组办公室设在市水务局,测试乙同",
    ]
    assert brief(damaged) == [
        ("组长", "测试甲", "市政府副市长"),
        ("成员", "测试乙", "市水务局局长"),
        ("办公室主任", "测试乙", "市水务局局长"),
    ]
    assert codes(damaged) == ["split_office_sentence"]


def test_blank_or_comma_divides_name_from_post():
    assert brief(["组 长:王 试 市长", "副组长:李测试 副市长", "赵 试 市政府副秘书长", "成 员:王测试 市某局局长"]) == [
        ("组长", "王试", "市长"),
        ("副组长", "李测试", "副市长"),
        ("副组长", "赵试", "市政府副秘书长"),
        ("成员", "王测试", "市某局局长"),
    ]
    assert brief(["第一副组长:", "李测 国务委员"]) == [("第一副组长", "李测", "国务委员")]
    assert brief(["组长:李测试,市委副书记、市长", "副组长:王测试,副市长;赵测试,市政府秘书长"]) == [
        ("组长", "李测试", "市委副书记、市长"),
        ("副组长", "王测试", "副市长"),
        ("副组长", "赵测试", "市政府秘书长"),
    ]


def test_post_after_an_aligned_name_needs_no_second_blank():
    assert brief(["副组长:王 试副省长"]) == [("副组长", "王试", "副省长")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["组长:王测试副市长"], [("组长", "王测试", "副市长")]),
        (["副组长:王试市政府办公室主任"], [("副组长", "王试", "市政府办公室主任")]),
        (
            ["成员:王测试市财政局副局长", "李试验市发展改革委副主任"],
            [("成员", "王测试", "市财政局副局长"), ("成员", "李试验", "市发展改革委副主任")],
        ),
        (
            ["副组长:王测试市委常委、常务副市长、李试验副市长"],
            [("副组长", "王测试", "市委常委、常务副市长"), ("副组长", "李试验", "副市长")],
        ),
    ],
)
def test_name_run_into_its_post_is_divided_at_the_level_of_the_post_with_a_warning(lines, expected):
    assert brief(lines, "测试市某工作领导小组") == expected
    assert set(codes(lines, "测试市某工作领导小组")) == {"name_run_in"}


def test_a_district_divides_names_at_its_own_level():
    assert brief(["副主任:郑测州区委常委、常务副区长", "成员:王试市某分局局长"], "测区某委员会") == [
        ("副主任", "郑测州", "区委常委、常务副区长"),
        ("成员", "王试", "市某分局局长"),
    ]


def test_a_place_that_looks_like_a_name_is_none():
    # In a city's list a district may be meant, and only a reader can tell.
    assert brief(["成员:江测区财政局局长"], "测试市某工作领导小组") == []
    assert codes(["成员:江测区财政局局长"], "测试市某工作领导小组") == ["name_not_divided"]
    assert brief(["组长:常务副市长"], "测试市某工作领导小组") == [("组长", None, "常务副市长")]


def test_office_in_a_clause_of_its_own_is_recorded_once():
    assert brief(["办公室设在市某局,办公室主任由王测试同志兼任。"]) == [("办公室主任", "王测试", None)]


def test_deputy_of_an_office_with_the_post_in_brackets():
    text = "办公室设在市某局,由王测试同志兼任办公室主任,李试验同志(市某局党组成员、副局长)任办公室副主任。"
    assert brief([text]) == [
        ("办公室主任", "王测试", None),
        ("办公室副主任", "李试验", "市某局党组成员、副局长"),
    ]


def test_members_on_one_line():
    assert brief(["成员:测试甲(市某局局长)、测试乙(市某委主任);测试丙(市某办主任)。"]) == [
        ("成员", "测试甲", "市某局局长"),
        ("成员", "测试乙", "市某委主任"),
        ("成员", "测试丙", "市某办主任"),
    ]


def test_labels_on_lines_of_their_own():
    assert brief(["组长:", "测试甲(市长)", "成员", "测试乙(市某局局长)"]) == [
        ("组长", "测试甲", "市长"),
        ("成员", "测试乙", "市某局局长"),
    ]


def test_lists_of_posts_give_posts():
    assert brief(
        ["组长:市水务局局长。", "副组长:市水务局、林业局分管副局长。", "成员:由市节水办各成员单位相关负责人。"]
    ) == [
        ("组长", None, "市水务局局长"),
        ("副组长", None, "市水务局分管副局长"),
        ("副组长", None, "市林业局分管副局长"),
        ("成员", None, "市节水办各成员单位相关负责人"),
    ]


def test_member_units_give_organs():
    seats, _ = find_seats(["成员单位:市甲局、乙局,各镇人民政府"], TITLE)
    assert [(s.role, s.person, s.organ, s.post) for s in seats] == [
        ("成员单位", None, "市甲局", None),
        ("成员单位", None, "市乙局", None),
        ("成员单位", None, "各镇人民政府", None),
    ]  # fmt: skip


def test_running_text_gives_posts_ex_officio():
    text = (
        "成立市某应急指挥部(以下简称市指挥部),总指挥由市长担任,副总指挥由市甲局局长担任,"
        "成员由市乙局、丙局以及各镇区负责人组成。"
    )
    seats, _ = find_seats([text], "2.1组织机构")
    assert {seat.group for seat in seats} == {"市某应急指挥部"}
    assert [(s.role, s.post) for s in seats] == [
        ("总指挥", "市长"), ("副总指挥", "市甲局局长"),
        ("成员", "市乙局负责人"), ("成员", "市丙局负责人"), ("成员", "各镇区负责人"),
    ]  # fmt: skip


def test_running_text_with_the_role_behind_the_post():
    text = "区政府建立某工作联席会议,由区政府主要负责人担任总召集人,相关部门主要负责人任成员,办公室设在市甲局。"
    assert brief([text], "三、保障措施") == [
        ("总召集人", None, "区政府主要负责人"),
        ("成员", None, "相关部门主要负责人"),
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("领导小组下设办公室,办公室主任由测试甲同志兼任。", ("办公室主任", "测试甲", "市某局局长")),
        ("领导小组办公室设在市某局,由王测试同志兼任主任。", ("办公室主任", "王测试", None)),
        ("办公室设在市乙局,办公室主任由市乙局局长担任。", ("办公室主任", None, "市乙局局长")),
        ("办公室设在市乙局,由市乙局局长李测试兼任办公室主任。", ("办公室主任", "李测试", "市乙局局长")),
    ],
)
def test_office_sentences(sentence, expected):
    assert brief(["组长:测试甲(市某局局长)", sentence])[1:] == [expected]


def test_headings_open_groups_of_their_own():
    seats, _ = find_seats(
        [
            "一、领导小组",
            "组长:测试甲(县长)",
            "成员:测试乙(县甲局局长)",
            "二、领导小组办公室",
            "主任:测试乙(县甲局局长)",
            "(一)综合协调组",
            "组长:测试乙(县甲局局长)",
        ],
        TITLE,
    )
    assert [(s.group, s.role, s.person) for s in seats] == [
        (GROUP, "组长", "测试甲"),
        (GROUP, "成员", "测试乙"),
        (f"{GROUP}办公室", "主任", "测试乙"),
        ("综合协调组", "组长", "测试乙"),
    ]


def test_duties_printed_below_a_list_are_no_seats():
    lines = [
        "组长:测试甲(县长)",
        "各单位任务如下:",
        "市水务局:负责牵头。",
        "各镇(办事处):负责日常巡查。",
    ]
    assert brief(lines) == [("组长", "测试甲", "县长")]


def test_clerk_is_told_of_an_unclosed_bracket():
    assert brief(["组长:测试甲(市政府副市长"]) == [("组长", "测试甲", "市政府副市长")]
    assert codes(["组长:测试甲(市政府副市长"]) == ["unclosed_bracket"]


@pytest.mark.parametrize(
    ("title", "group"),
    [
        ("乙县第三次普查领导小组成员名单", "乙县第三次普查领导小组"),
        ("乙县防汛工作领导小组成员名单及职责分工", "乙县防汛工作领导小组"),
        ("市某工作 联席会议成员名单", "市某工作联席会议"),
        ("关于成立乙县城市更新工作专班的通知", "乙县城市更新工作专班"),
        ("预报预警组行动细则", "预报预警组"),
        ("某领导小组组成人员名单", "某领导小组"),
    ],
)
def test_group_name_from_a_title(title, group):
    assert group_name(title) == group


def test_looks_like_member_list_tells_lists_from_other_clauses():
    assert looks_like_member_list(TITLE, LIST)
    assert looks_like_member_list("(一)组成人员", ["组长:市水务局局长。"])
    assert not looks_like_member_list("三、保障措施", ["领导小组各成员单位要落实责任。", "市甲局:负责统筹。"])
    assert not looks_like_member_list("", ["各镇镇长(街道办主任)要亲自检查,居委会主任为直接责任人。"])


def test_read_posts_gives_a_shared_title_to_each_organ():
    text = "市甲局局长、市乙局和丙局分管负责人"
    assert [post for _, post, _, _ in read_posts(text, 0, len(text))] == [
        "市甲局局长",
        "市乙局分管负责人",
        "市丙局分管负责人",
    ]


@given(st.lists(st.text(alphabet="组长成员主任:() 、;。测试甲市某局副办公室同志兼由设在\n", max_size=60), max_size=8))
def test_any_text_gives_seats_inside_its_paragraphs(paragraphs):
    seats, notices = find_seats(paragraphs, "某领导小组")
    assert all(0 <= s.start <= s.end <= len(paragraphs[s.paragraph]) for s in seats)
    assert all(0 <= index < max(len(paragraphs), 1) for _, _, index in notices)


HOSTILE = (
    *(
        "组长:",
        "组长:成员:",
        "测试甲(市长)",
        "测",
        "由甲任组长,",
        "办公室设在",
        "测试甲同志兼任办公室主任,",
        "(",
        "组 ",
    ),
    *("成立领导小组", "市甲局、", "甲 乙 "),
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_comes_to_an_end(piece):
    """A pattern that backtracks without bound would hang here; speed itself is measured by `luoshi bench gazette`."""
    for text in (piece * 9000, "成员:" + piece * 9000):
        looks_like_member_list("", [text])
        find_seats([text], "")


NOTICE = (
    "甲州市人民政府办公室\n关于成立甲州市测试工作领导小组的通知\n甲政办发〔2021〕4号\n\n各县区人民政府:\n"
    "经市政府同意,决定成立甲州市测试工作领导小组,现将有关事项通知如下:\n"
)
NAMED = [
    ("组长", "于测试", "副市长"),
    ("副组长", "温测试", "市政府副秘书长"),
    ("成员", "文测试", "市教育局局长"),
    ("成员", "应测试", "市财政局副局长"),
]


def compiled(text: str) -> list[tuple[str, str | None, str | None]]:
    instrument = compile_text(f"{NOTICE}{text}\n甲州市人民政府办公室\n2021年6月2日\n").instruments[0]
    return [(seat.role, seat.person, seat.post) for seat in instrument.memberships]


@pytest.mark.parametrize(
    "text",
    [
        (
            "一、组成人员\n组  长：于测试  副市长\n副组长：温测试  市政府副秘书长\n成  员：文测试  市教育局局长\n"
            "        应测试  市财政局副局长\n"
        ),
        (
            "组  长    于测试    副 市 长\n副组长    温测试    市政府副秘书长\n成  员    文测试    市教育局局长\n"
            "          应测试    市财政局副局长\n"
        ),
        (
            "|职务|姓名|单位及职务|\n|--|--|--|\n|组长|于测试|副市长|\n|副组长|温测试|市政府副秘书长|\n"
            "|成员|文测试|市教育局局长|\n|成员|应测试|市财政局副局长|\n"
        ),
        "组长\n于测试\n副市长\n副组长\n温测试\n市政府副秘书长\n成员\n文测试\n市教育局局长\n应测试\n市财政局副局长\n",
        (
            "1.组长：于测试  副市长\n2.副组长：温测试  市政府副秘书长\n"
            "3.成员：文测试  市教育局局长\n应测试  市财政局副局长\n"
        ),
        "组长:于测试 副市长\n副组长:温测试 市政府\n副秘书长\n成员:文测试 市教育局局长\n应测试 市财政局副局长\n",
    ],
)
def test_one_list_in_its_printed_layouts(text: str) -> None:
    assert compiled(text) == NAMED


def test_posts_go_on_line_by_line_and_wrapped_ones_are_joined() -> None:
    text = (
        "召 集 人：分管副市长\n副召集人：市政府办公室副主任\n　　　　　市甲局局长、\n市乙局局长\n"
        "成　　员：市丙局副局长\n　　　　　市丁局副局长\n"
    )
    assert compiled(text) == [
        ("召集人", None, "分管副市长"),
        ("副召集人", None, "市政府办公室副主任"),
        ("副召集人", None, "市甲局局长"),
        ("副召集人", None, "市乙局局长"),
        ("成员", None, "市丙局副局长"),
        ("成员", None, "市丁局副局长"),
    ]


def test_office_named_in_another_clause_takes_its_post_from_the_list() -> None:
    text = (
        "一、组成人员\n组长：于测试  副市长\n成员：文测试  市教育局局长\n"
        "二、工作机构\n领导小组办公室设在市教育局,文测试同志兼任办公室主任。\n"
    )
    assert compiled(text) == [NAMED[0], NAMED[2], ("办公室主任", "文测试", "市教育局局长")]
    assert compiled("组长：于测试  副市长\n成员：文测试  市教育局局长\n办公室主任：文测试（兼）\n") == [
        NAMED[0],
        NAMED[2],
        ("办公室主任", "文测试", "市教育局局长"),
    ]


def test_lists_of_names_only_and_roles_in_a_sentence() -> None:
    assert compiled("组 长：于测试\n成  员：温测试  文  测  应测试\n        卓测试  时测试\n") == [
        ("组长", "于测试", None),
        *(("成员", name, None) for name in ("温测试", "文测", "应测试", "卓测试", "时测试")),
    ]
    assert compiled("组长由副市长于测试担任,副组长由市政府副秘书长温测试担任。\n") == NAMED[:2]


def test_committees_with_blanks_in_their_roles_and_two_posts_of_one_person() -> None:
    text = (
        "1、市甲委员会\n主 任 委 员:于测试\n常务副主任委员:温测试\n2、市乙委员会\n主 任:文测试\n副主任:应测试、卓测试\n"
    )
    assert compiled(text) == [
        ("主任委员", "于测试", None),
        ("常务副主任委员", "温测试", None),
        ("主任", "文测试", None),
        ("副主任", "应测试", None),
        ("副主任", "卓测试", None),
    ]
    running = "县政府成立由县委副书记、县长任组长,县政府办公室副主任和县甲局局长任副组长的县测试工作领导小组。\n"
    assert compiled(running) == [
        ("组长", None, "县委副书记、县长"),
        ("副组长", None, "县政府办公室副主任"),
        ("副组长", None, "县甲局局长"),
    ]


def test_a_name_alone_above_its_post_is_told_by_its_family_name() -> None:
    lines = ["组 长:赖 试 副市长", "成 员:赖测试 市水务局局长", "洪测 市财政局局长"]
    assert [person for _, person, _ in brief(lines)] == ["赖试", "赖测试", "洪测"]


def test_names_in_a_column_of_three_run_into_posts_that_begin_with_a_place() -> None:
    found = brief(
        [
            "组 长:王测试省委常委、副省长",
            "副组长:李测试副省长",
            "张 测副省长",
            "成 员:刘 测海州市副市长",
            "陈测试山州市副市长",
            "赵测试某某控股有限公司董事长",
            "文化和旅游厅厅长",
        ],
        "甲省航道建设领导小组",
    )
    assert found[3:6] == [
        ("成员", "刘测", "海州市副市长"),
        ("成员", "陈测试", "山州市副市长"),
        ("成员", "赵测试", "某某控股有限公司董事长"),
    ]
    assert all(person != "文化和" for _, person, _ in found)


def test_posts_before_names_stand_beside_organs_that_share_a_title() -> None:
    assert brief(["组长:王测试(市长)", "成员:市政府办公室主任李测试,甲镇政府、市水务局、市财政局主要负责同志。"]) == [
        ("组长", "王测试", "市长"),
        ("成员", "李测试", "市政府办公室主任"),
        ("成员", None, "市水务局主要负责同志"),
        ("成员", None, "市财政局主要负责同志"),
        ("成员", None, "甲镇政府主要负责同志"),
    ]


def test_kinds_of_members_in_numbered_headings_stay_in_one_list() -> None:
    text = """主  任:王测试  副市长
秘书长:李测试  市教育局局长
委  员:
(一)部门委员
张测试  市财政局副局长
(二)专家委员(按姓氏笔划为序)
刘测试  甲州大学校长
"""
    assert compiled(text) == [
        ("主任", "王测试", "副市长"),
        ("秘书长", "李测试", "市教育局局长"),
        ("委员", "张测试", "市财政局副局长"),
        ("委员", "刘测试", "甲州大学校长"),
    ]


def test_a_given_name_may_stand_apart_from_a_family_name_of_two_characters() -> None:
    printed = ["组 长: 测 试 市政府副市长", "成 员: 欧阳 测 市水务局局长", "诸葛 试 市财政局局长"]
    assert brief(printed)[1:] == [("成员", "欧阳测", "市水务局局长"), ("成员", "诸葛试", "市财政局局长")]
