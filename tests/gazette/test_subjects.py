"""In-text duties: who the sentence binds, who cooperates, and what is no duty."""

from __future__ import annotations

import pytest

from luoshi.gazette.organs import Level
from luoshi.gazette.subjects import colon_subject, find_statements, heading_body, same_body


def leads(text: str) -> list[tuple[str, ...]]:
    return [statement.lead for statement in find_statements(text, Level.CITY)]


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("市财政局负责筹集和拨付补助资金。", ("市财政局",)),
        ("市财政局应当于每年3月底前拨付补助资金。", ("市财政局",)),
        ("市公安局、城管局要加强路面巡查。", ("市公安局", "市城管局")),
        ("本办法由市水务局负责解释。", ("市水务局",)),
        ("各镇区要明确专人负责。", ("各镇区",)),
        ("各县(市、区)自然资源主管部门要加强值班。", ("各县(市、区)自然资源主管部门",)),
        ("环保、规划、国土部门应当加强协同监管。", ("环保部门", "规划部门", "国土部门")),
        ("组织、人事、民政等部门牵头每年选派一批干部。", ("组织部门", "人事部门", "民政部门")),
        ("市、县(区)水利部门应当公布监测结果。", ("市水利部门", "县(区)水利部门")),
        ("省、设区的市人民政府水利主管部门负责水质监测。", ("省人民政府水利主管部门", "设区的市人民政府水利主管部门")),
        ("县级以上人民政府公安、水利部门应当建立台账。", ("县级以上人民政府公安部门", "县级以上人民政府水利部门")),
        ("各省、自治区、直辖市人民政府应当制定实施办法。", ("各省、自治区、直辖市人民政府",)),
        ("区政府及其有关部门应当安排专人值守。", ("区政府",)),
        ("试点地区要按月报送进展。", ("试点地区",)),
        ("2019年底前,水利部门完成首轮普查。", ("水利部门",)),
        ("每年3月底前,各省份出台年度计划。", ("各省份",)),
        ("市、东湖区人民政府应当划定范围。", ("市人民政府", "东湖区人民政府")),
        ("乡、镇人民政府或者街道办事处应当及时核实。", ("乡人民政府", "镇人民政府", "街道办事处")),
        ("市、区残疾人联合会负责组织培训。", ("市残疾人联合会", "区残疾人联合会")),
        ("不动产登记机构应当公开办理时限。", ("不动产登记机构",)),
        ("必要时,由县指挥部提请市指挥部派出专家。", ("县指挥部",)),
        ("区人民政府是辖区供水安全的责任主体。", ("区人民政府",)),
        ("东湖区、西湖区和南县要在6月底前完成普查。", ("东湖区", "西湖区", "南县")),
        ("各地以乡镇为单位,对水井进行全面摸底。", ("各地",)),
        ("上半年,县政府印发巡河计划。", ("县政府",)),
        ("由街道办事处或者镇人民政府就申请材料进行审查。", ("街道办事处", "镇人民政府")),
        ("公安、人社、民政等部门应当共享数据。", ("公安部门", "人社部门", "民政部门")),
        ("市财政局、农商行城北支行应当及时兑付。", ("市财政局", "农商行城北支行")),
        ("不足部分,由市财政局据实补助。", ("市财政局",)),
        ("由市水利局会同市财政局据实核算。", ("市水利局",)),
        ("公安、水利等主管部门应当共享数据。", ("公安主管部门", "水利主管部门")),
        (
            "水利主管部门和其他负有河道监管职责的部门,应当公开巡查结果。",
            ("水利主管部门", "其他负有河道监管职责的部门"),
        ),
        ("受理投诉的部门应当为投诉人保密。", ("受理投诉的部门",)),
        ("县人民政府负责应急工作的部门应当发布信息。", ("县人民政府负责应急工作的部门",)),
        ("县(市)、东湖区水利主管部门负责巡查。", ("县(市)水利主管部门", "东湖区水利主管部门")),
        (
            "市、县(市、区)人民政府发展改革、财政等部门应当开展评估。",
            ("市人民政府发展改革部门", "县(市、区)人民政府发展改革部门", "财政部门"),
        ),
        ("补偿款由作出征收决定的机关核定。", ("作出征收决定的机关",)),
        ("市水利部门和区人民政府指定的部门负责日常协调。", ("市水利部门", "区人民政府指定的部门")),
        ("市水利局、各区承担巡河任务的机构应当建立台账。", ("市水利局", "各区承担巡河任务的机构")),
        ("县河道管理处或政府确定的部门负责日常养护。", ("县河道管理处", "县政府确定的部门")),
        ("县节水办公室或者县政府确定的部门(以下统称节水机构)按权限负责检查。", ("县节水办公室", "县政府确定的部门")),
        ("市或者区人民政府应当催告当事人。", ("市人民政府", "区人民政府")),
        ("市和东湖区教育部门应当加强监管。", ("市教育部门", "东湖区教育部门")),
        ("财政、审计和供水行政主管部门应当开展抽查。", ("财政行政主管部门", "审计行政主管部门", "供水行政主管部门")),
        ("水利局及其工作人员应当保守秘密。", ("水利局",)),
        ("执法机构发现违建、接到举报后,应当在两日内到场查看。", ("执法机构",)),
        ("各河段河长按照分工负责日常巡河。", ("各河段河长",)),
        ("特别是牵头单位要统筹编制方案。", ("牵头单位",)),
        ("审计署要加强审计监督。", ("审计署",)),
        (
            "各区政府(东湖新城管理委员会、西湖新城管理委员会)应当落实经费。",
            ("各区政府(东湖新城管理委员会、西湖新城管理委员会)",),
        ),
        (
            "科技、工业和信息化、司法行政、自然资源、生态环境、住房城乡建设、交通运输、农业农村、文化和旅游、卫生健康等部门,按照各自职责做好供水保障工作。",
            (
                "科技部门",
                "工业和信息化部门",
                "司法行政部门",
                "自然资源部门",
                "生态环境部门",
                "住房城乡建设部门",
                "交通运输部门",
                "农业农村部门",
                "文化和旅游部门",
                "卫生健康部门",
            ),
        ),
    ],
)
def test_bound_organ_leads(text: str, lead: tuple[str, ...]) -> None:
    assert [sorted(found) for found in leads(text)] == [sorted(lead)]


def test_partner_named_by_together_with_cooperates() -> None:
    (statement,) = find_statements("市财政局会同市审计局制定绩效评价办法,并负责组织实施。", Level.CITY)
    assert statement.lead == ("市财政局",)
    assert statement.cooperating == ("市审计局",)
    (statement,) = find_statements("你局要会同市财政局、市自然资源局抓紧组织实施。", Level.CITY)
    assert statement.cooperating == ("市财政局", "市自然资源局")


def test_several_subjects_of_one_paragraph_are_several_duties() -> None:
    found = leads("市公安局负责交通秩序管理;市财政局负责资金保障。市审计局应当加强审计监督。")
    assert found == [("市公安局",), ("市财政局",), ("市审计局",)]


def test_towns_among_the_subjects_are_kept_apart_as_printed() -> None:
    (statement,) = find_statements("各镇区要建立工作台账。", Level.CITY)
    assert statement.local == ("各镇区",)


@pytest.mark.parametrize(
    "text",
    [
        "有关部门要加强监督检查。",
        "下列单位应当按照职责做好征兵工作:",
        "领导市政府全面工作,负责审计方面工作。",
        "任何单位和个人不得擅自占用泊位。",
        "本办法所称主管部门,是指市综合执法局。",
        "企业应当依法缴纳费用。",
        "坚持统一领导、分级负责,提高处置能力。",
        "按季度对各村街绿化养护情况进行评估。",
        "市政府重点任务实行领导包抓制。",
        "各单位具体任务目标,详见附件1。",
        "各级领导要站在全局高度抓好落实。",
        "允许银行业金融机构按照规定办理保函业务。",
        "门户网站要设置专栏。",
        "需要由市甲委员会作出决定的,按照程序提出议案。",
        "固废处置单位应当建立台账。",
        "有关行政管理部门应当加强协作。",
        "编制计划应当事先向水利部门备案。",
        "用水单位和失业人员应当如实申报。",
    ],
)
def test_parties_definitions_and_vague_subjects_are_no_duties(text: str) -> None:
    assert leads(text) == []


def test_covered_span_is_no_sentence() -> None:
    text = "提升能力。(市甲局负责)"
    assert find_statements(text, Level.CITY, ((5, len(text)),)) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("市水务局:负责排水设施运行调度;负责抢险排涝。", ("市水务局",)),
        ("市气象局、水文中心:负责监测预报。", ("市气象局", "市水文中心")),
    ],
)
def test_name_before_a_colon_is_the_subject_of_its_list(text: str, names: tuple[str, ...]) -> None:
    found = colon_subject(text, Level.CITY)
    assert found is not None
    assert found[0] == names
    assert text[found[3] :].startswith("负责")


def test_colon_after_other_words_names_no_subject() -> None:
    assert colon_subject("重点做好以下工作:负责排水设施运行调度。", Level.CITY) is None


@pytest.mark.parametrize(
    ("heading", "body"),
    [("抢险排涝组行动细则", ("抢险排涝组",)), ("市指挥部办公室行动细则", ("市指挥部办公室",)), ("总体要求", None)],
)
def test_title_that_names_a_body_binds_it(heading: str, body: tuple[str, ...] | None) -> None:
    assert heading_body(heading, Level.CITY) == body


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("市环保局", "环保部门", True),
        ("各镇区", "镇区", True),
        ("市财政局", "市审计局", False),
        ("各县区财政局", "市财政局", False),
    ],
)
def test_two_forms_of_one_body_are_known(one: str, other: str, same: bool) -> None:
    assert same_body(one, other) is same


@pytest.mark.parametrize(
    "text",
    [
        "行政机关及其工作人员在供水工作中,滥用职权、玩忽职守的,依法给予处分。",
        "也可以根据需要由本级人民政府确定的机构审核。",
        "开工前,应当向所在地的区人民政府指定的部门申报。",
        "财政票据一并出具财政部门制发的凭证。",
        "分类落实,高效督办,确保完成。",
        "中选后十五个工作日内向市水利部门提交报告。",
    ],
)
def test_misconduct_permissions_and_objects_bind_nobody(text: str) -> None:
    assert leads(text) == []


def test_a_government_and_its_department_are_two() -> None:
    assert not same_body("县人民政府", "县人民政府水利部门")
    assert not same_body("区人民政府", "区人民政府指定的部门")
