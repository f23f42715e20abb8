"""Runs of organs: what is shared, what is dropped, what is a town; and the directory's resolver."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.organs import (
    EMPTY_DIRECTORY,
    Directory,
    Level,
    OrganList,
    is_local,
    is_organ,
    is_vague,
    split_organs,
)


def names(text: str, level: Level = Level.CITY, inherited: str = "") -> str:
    return " ".join(split_organs(text, level, inherited).names)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市文旅局、水利局", "市文旅局 市水利局"),
        ("市市场监管局、供电公司", "市市场监管局 市供电公司"),
        ("市水利局、市场监管局", "市水利局 市市场监管局"),
        ("市委宣传部,市发改局、经信局", "市委宣传部 市发改局 市经信局"),
        ("市委组织部、教育局", "市委组织部 市教育局"),
        ("市教育局、团市委、妇联", "市教育局 团市委 市妇联"),
        ("县财政局、水务局", "县财政局 县水务局"),
        ("省商务厅、科技厅", "省商务厅 省科技厅"),
        ("州林草局、州委编办、气象局", "州林草局 州委编办 州气象局"),
        ("供电公司、市住建局、水务集团", "供电公司 市住建局 市水务集团"),
    ],
)
def test_run_shares_level_of_first_organ(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市财政局、人民银行、银监办", "市财政局 人民银行 市银监办"),
        ("市财政局、各金融机构", "市财政局 各金融机构"),
        ("市编办、审计局和中介机构行业主管部门", "市编办 市审计局 中介机构行业主管部门"),
        ("市商务局、荣城海关、荣城银保监分局", "市商务局 荣城海关 荣城银保监分局"),
        ("市商务局、国网荣城供电公司", "市商务局 国网荣城供电公司"),
        ("市水利局、省水文中心", "市水利局 省水文中心"),
        ("市水利局、人行荣城市支行", "市水利局 人行荣城市支行"),
        ("市政府和公安、财政部门", "市政府 市公安部门 市财政部门"),
        ("市政府和社会资本合作中心", "市政府和社会资本合作中心"),
    ],
)
def test_run_does_not_share_with_own_place_or_description(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市发改委、市住建局、某某集团", "市发改委 市住建局 某某集团"),
        ("市委组织部、市发改委、市住建局、某某集团", "市委组织部 市发改委 市住建局 某某集团"),
        ("省科技厅、省教育厅、商务厅", "省科技厅 省教育厅 商务厅"),
    ],
)
def test_run_shares_nothing_when_second_organ_prints_its_own(text, expected):
    assert names(text) == expected


def test_run_takes_inherited_level_only_where_it_begins_bare():
    assert names("住建局、水利局", inherited="市") == "市住建局 市水利局"
    assert names("市住建局、市水利局、某某集团", inherited="市") == "市住建局 市水利局 某某集团"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("荣城联通公司、移动公司、电信公司", "荣城联通公司 荣城移动公司 荣城电信公司"),
        ("荣城市环保局、气象局", "荣城市环保局 荣城市气象局"),
        ("各级党委、政府", "各级党委 各级政府"),
    ],
)
def test_run_shares_place_name_and_level_word(text, expected):
    assert names(text) == expected


def test_level_word_makes_towns():
    assert split_organs("市委政法委和镇级党委、政府", Level.CITY) == OrganList(
        ("市委政法委",), ("镇级党委", "镇级政府"), False
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("环保、规划、国土部门", "环保部门 规划部门 国土部门"),
        ("市环保、经信等部门", "市环保部门 市经信部门"),
        ("民政等有关部门", "民政部门"),
        ("公安、民政、卫生健康、残联等部门", "公安部门 民政部门 卫生健康部门 残联"),
        ("公安和司法部门", "公安部门 司法部门"),
        ("文化和旅游部门、财政部门", "文化和旅游部门 财政部门"),
    ],
)
def test_run_shares_department(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市发展和改革局和人民防空办公室", "市发展和改革局 市人民防空办公室"),
        ("市教育和体育局、文化和旅游局", "市教育和体育局 市文化和旅游局"),
        ("市自然资源和规划局与市住房和城乡建设局", "市自然资源和规划局 市住房和城乡建设局"),
        ("市人力资源和社会保障局及审计局", "市人力资源和社会保障局 市审计局"),
        ("市委和市政府", "市委 市政府"),
        ("市政府和社会资本合作中心", "市政府和社会资本合作中心"),
    ],
)
def test_and_splits_only_between_two_organs(text, expected):
    assert names(text) == expected


def test_and_so_on_leaves_the_list_open():
    assert split_organs("市水利局、林业局等", Level.CITY) == OrganList(("市水利局", "市林业局"), (), True)
    assert split_organs("市水利局、林业局", Level.CITY).open_ended is False


def test_vague_member_is_dropped_beside_a_named_one():
    assert names("市水利局、有关部门") == "市水利局"
    assert names("有关部门") == "有关部门"
    assert names("市水利局、市直有关部门") == "市水利局 市直有关部门"


@pytest.mark.parametrize("text", ["各部门、单位", "市政府各部门、单位"])
def test_departments_and_units_stay_one_name(text):
    assert names(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("甲部(乙办)", "甲部(乙办)"),
        ("甲办〔丙局〕", "甲办〔丙局〕"),
        ("市交通委(市道运局)", "市交通委(市道运局)"),
        ("市住建局(含房管中心)、水利局", "市住建局 市水利局"),
        ("市住建局(下同)", "市住建局"),
    ],
)
def test_bracket_of_a_name_stays_and_an_explanation_goes(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("市、县水利部门", "市水利部门 县水利部门"),
        ("省、市、县教育行政部门", "省教育行政部门 市教育行政部门 县教育行政部门"),
        ("市和区、县教育部门", "市教育部门 区教育部门 县教育部门"),
        ("省、自治区、直辖市人民政府", "省、自治区、直辖市人民政府"),
        ("市和区县(市)水利机构", "市水利机构 区县(市)水利机构"),
        ("区、县民政部门", "区民政部门 县民政部门"),
        ("市、区(县级市)水利局", "市水利局 区(县级市)水利局"),
        ("市或者区(县)水利部门", "市水利部门 区(县)水利部门"),
        ("水利执法部门以及公安机关", "水利执法部门 公安机关"),
        ("水利主管部门或者公安部门", "水利主管部门 公安部门"),
        ("市水利局及其有关部门", "市水利局"),
        ("市水利局和其他有关部门", "市水利局"),
        ("区政府及有关部门", "区政府"),
        ("市人民政府及其水利部门", "市人民政府 市水利部门"),
        ("教育主管部门和文化、体育等部门", "教育主管部门 文化部门 体育部门"),
        ("省水利厅、省教育厅等和各有关市人民政府", "省水利厅 省教育厅"),
        ("水利主管部门、有关部门", "水利主管部门"),
        ("市绿化市容、水利部门", "市绿化市容部门 市水利部门"),
        ("各级人民政府公安、司法部门", "各级人民政府公安部门 各级人民政府司法部门"),
    ],
)
def test_levels_before_one_noun_name_a_body_each(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "named", "local"),
    [
        ("各镇区,市食药监局、综合执法局", "市食药监局 市综合执法局", "各镇区"),
        ("市住建局,各镇(办事处)", "市住建局", "各镇(办事处)"),
        ("市住建局、各县(市、区)人民政府", "市住建局", "各县(市、区)人民政府"),
        ("各县、区人民政府(管委会)", "", "各县、区人民政府(管委会)"),
        ("市科委,各区、县级市", "市科委", "各区、县级市"),
        ("县水利局、各乡镇人民政府、街道办事处", "县水利局", "各乡镇人民政府 街道办事处"),
        ("市水利局、各县(市、区)党委、政府", "市水利局", "各县(市、区)党委、政府"),
        ("市水利局,各区〔市、县〕政府", "市水利局", "各区〔市、县〕政府"),
        ("经济开发区", "", "经济开发区"),
        ("东城、西城、湖滨经济开发区管委会", "", "东城 西城 湖滨经济开发区管委会"),
        ("市城管局,东岭区政府、荣城市政府", "市城管局", "东岭区政府 荣城市政府"),
    ],
)
def test_towns_and_zones_are_set_apart_as_printed(text, named, local):
    run = split_organs(text, Level.CITY)
    assert " ".join(run.names) == named
    assert " ".join(run.local) == local


@pytest.mark.parametrize(
    ("name", "city", "district"),
    [
        ("各镇区", True, True),
        ("白石镇人民政府", True, True),
        ("东城街道办事处", True, True),
        ("各街道", True, True),
        ("高新区管委会", True, False),
        ("各县区政府", True, False),
        ("事发地县级人民政府", True, False),
        ("滨江新区", True, False),
        ("市城市管理委员会", False, False),
        ("区教育局", False, False),
        ("各有关部门", False, False),
        ("县级有关部门", False, False),
        ("镇村建设管理中心", False, False),
    ],
)
def test_local_depends_on_the_issuers_level(name, city, district):
    assert is_local(name, Level.CITY) is city
    assert is_local(name, Level.DISTRICT) is district


@pytest.mark.parametrize("name", ["市住建局", "残联", "省水文中心", "国网供电公司", "城区指挥部", "市大项目推进中心"])
def test_organ_is_known_by_its_pattern(name):
    assert is_organ(name)


@pytest.mark.parametrize("name", ["全社会", "企业", "建设单位的", "提高质量", "市场", "干部", "局"])
def test_other_words_are_no_organs(name):
    assert not is_organ(name)


def test_vague_names():
    assert [is_vague(name) for name in ("有关部门", "各相关单位", "有关部门(单位)", "市直有关部门", "财政部门")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@given(st.text(alphabet="市局委和与及等、,()各镇区县人民政府部门单位有关级甲乙", max_size=60))
def test_split_never_fails_or_repeats_a_name(text):
    run = split_organs(text, Level.CITY)
    assert len(set(run.names)) == len(run.names)
    assert len(set(run.local)) == len(run.local)


DIRECTORY = Directory.from_data(
    {
        "place": "荣城市",
        "organs": [
            {"slug": "water", "name": "市水利局", "names": [{"text": "水利部门", "kind": "generic"}]},
            {"slug": "union", "name": "市联社", "ambiguous": True},
            {
                "slug": "reform",
                "name": "市发展和改革局",
                "names": [
                    {"text": "市发改局", "kind": "short", "seen": [2018]},
                    {"text": "市发政局", "kind": "misprint", "seen": [2019]},
                ],
            },
            {"slug": "old", "name": "市旧局", "names": [{"text": "市综合局", "kind": "short", "seen": [2016, 2017]}]},
            {"slug": "new", "name": "市新局", "names": [{"text": "市综合局", "kind": "short", "seen": [2018, 2019]}]},
        ],
        "wildcards": {"各镇区": ["east", "west"]},
    }
)


@pytest.mark.parametrize("name", ["市水利局", "水利局", "荣城市水利局", "水利部门", "市水利局(水资办)", " 市水 利局"])
def test_directory_resolves_with_and_without_the_citys_name(name):
    assert DIRECTORY.resolve(name) == "water"


def test_directory_never_resolves_ambiguous_misprinted_or_foreign_names():
    names_ = ("市联社", "联社", "市发政局", "东岭市水利局", "市气象局")
    assert [DIRECTORY.resolve(name) for name in names_] == [None] * 5


def test_directory_uses_the_date_only_where_two_organs_own_a_name():
    assert DIRECTORY.resolve("市综合局") is None
    assert DIRECTORY.resolve("市综合局", date(2016, 5, 1)) == "old"
    assert DIRECTORY.resolve("市综合局", date(2019, 5, 1)) == "new"
    assert DIRECTORY.resolve("市发改局", date(2030, 1, 1)) == "reform"


def test_of_names_equally_close_to_a_misprint_the_one_that_begins_alike_is_proposed():
    organs = [{"slug": "finance", "name": "市财政局"}, {"slug": "reform", "name": "市发改局"}]
    assert Directory.from_data({"place": "荣城市", "organs": organs}).similar("市发政局") == "市发改局"
    assert Directory.from_data({"place": "荣城市", "organs": organs}).similar("市气象局") is None


def test_directory_expands_wildcards():
    assert DIRECTORY.expand("各镇区") == ("east", "west")
    assert DIRECTORY.expand("各相关镇区") == ()


def test_empty_directory_resolves_nothing():
    assert EMPTY_DIRECTORY.resolve("市水利局") is None
    assert EMPTY_DIRECTORY.place is None


def test_zone_with_a_name_of_its_own_takes_no_level_of_the_district():
    run = split_organs("区商务局、测山经济开发区、市场局", Level.DISTRICT)
    assert run.names == ("区商务局", "测山经济开发区", "区市场局")
