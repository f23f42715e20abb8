"""The registers of this room: stations and objects of the response, contacts, and what stands ready for an episode."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from luoshi.office.registers.declaration import Column, Register, RowFault, register
from luoshi.programmes.heavy_pollution import plan, register_links
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Contact,
    Drill,
    EmissionInventory,
    Enterprise,
    Forecaster,
    MedicalInstitution,
    MedicalStock,
    Pledge,
    PortBerth,
    RoadSection,
    School,
    Shift,
    Station,
    Supply,
    Training,
)

ROOM = "heavy_pollution"
OFFICE = ("environment", plan.COMMAND)
POLLUTANTS = (("so2", "SO2"), ("nox", "NOx"), ("pm", "颗粒物"), ("vocs", "VOCs"))
LEVELS = (("iv", "Ⅳ级"), ("iii", "Ⅲ级"), ("ii", "Ⅱ级"), ("i", "Ⅰ级"))
"""From the mildest up, as the columns are named."""


def _amounts(suffix: str = "", words: str = "") -> list[Column]:
    return [
        Column(f"{name}{suffix}", f"{title}{words}", kind="decimal", unit="kg/d", least=0, listed=not suffix)
        for name, title in POLLUTANTS
    ]


def _rising(row: Mapping[str, Any], names: Iterable[tuple[str, str]]) -> Iterable[RowFault]:
    """Refuse a reduction above the baseline, or one that falls from a milder level to a stricter one."""
    for name, title in names:
        base, below = row.get(name) or 0, 0
        for level, words in LEVELS:
            amount = row.get(f"{name}_{level}") or 0
            if amount > base:
                yield RowFault(f"{name}_{level}", f"{title}{words}减排量{amount}大于基准{base}，请核对")
            if amount < below:
                yield RowFault(f"{name}_{level}", f"{title}{words}减排量{amount}小于前一级的{below}，应逐级不减")
            below = amount


def _inventory_rises(row: Mapping[str, Any]) -> Iterable[RowFault]:
    return _rising(row, POLLUTANTS)


def _site_rises(row: Mapping[str, Any]) -> Iterable[RowFault]:
    return _rising(row, (("pm", "颗粒物"),))


def _exempt_has_load(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if row.get("exempt") not in (None, "none") and row.get("max_load") is None:
        yield RowFault("max_load", "豁免企业须填核定最大负荷")


STATIONS = register(
    Register(
        key=f"{ROOM}.stations", title="空气质量监测站", programme=ROOM, model=Station, natural_key=("code",),
        organ_field="town", owners=OFFICE, public=True, citation=f"{PLAN} 3.1.1(1)",
        columns=(
            Column("code", "站点编码", kind="code", public=True),
            Column("name", "站名", public=True),
            Column("station_class", "类别", kind="choice", public=True),
            Column("town", "所在镇区", kind="organ", public=True),
            Column("lat", "纬度", kind="latitude"),
            Column("lon", "经度", kind="longitude"),
            Column("evaluated", "参评", kind="boolean"),
            Column("active_from", "启用", kind="date"),
            Column("active_to", "停用", kind="date"),
        ),
    )
)  # fmt: skip

ENTERPRISES = register(
    Register(
        key=f"{ROOM}.enterprises", title="应急减排企业", programme=ROOM, model=Enterprise,
        natural_key=("credit_code",), organ_field="town", owners=(*OFFICE, "economy-it"), checks=(_exempt_has_load,),
        public=True, citation=f"{PLAN} 3.1.1(2)",
        links=register_links.of_firm,
        columns=(
            Column("credit_code", "统一社会信用代码", kind="uscc"),
            Column("name", "企业名称", public=True),
            Column("address", "地址", listed=False),
            Column("town", "所在镇区", kind="organ", public=True),
            Column("lat", "纬度", kind="latitude", listed=False),
            Column("lon", "经度", kind="longitude", listed=False),
            Column("sector", "行业", kind="choice", public=True),
            Column("other_heavy", "指定的其他重污染行业", kind="boolean", listed=False),
            *_amounts(),
            Column("sensitivity", "民生敏感度", kind="integer", least=1, most=5, listed=False),
            Column("priority", "限产次序", kind="integer", unique=True, least=1),
            Column("reserve", "备用", kind="boolean", listed=False, note="只在减排不足时按次序调用"),
            Column("exempt", "豁免", kind="choice"),
            Column("max_load", "核定最大负荷", kind="decimal", unit="%", least=0, most=100, listed=False),
            Column("power_account", "用电户号", kind="code", listed=False, sensitive=True),
            Column("contact", "责任人", kind="person", listed=False, sensitive=True),
            Column("phone", "电话", kind="phone", listed=False, sensitive=True),
            Column("list_year", "名单年度", kind="integer", least=2018, most=2100),
            Column("published", "公开", kind="boolean", listed=False),
        ),
    )
)  # fmt: skip

SITES = register(
    Register(
        key=f"{ROOM}.sites", title="停工工地", programme=ROOM, model=ConstructionSite, natural_key=("code",),
        organ_field=("town", "organ"), owners=OFFICE, checks=(_site_rises,), citation=f"{PLAN} 3.1.1(2)",
        links=register_links.of_object("site"),
        columns=(
            Column("code", "工地编号", kind="code"),
            Column("name", "工地名称"),
            Column("kind", "类型", kind="choice"),
            Column("builder_code", "施工单位信用代码", kind="uscc", required=False, listed=False),
            Column("builder", "施工单位"),
            Column("area_m2", "面积", kind="integer", unit="平方米", least=0),
            Column("town", "所在镇区", kind="organ"),
            Column("lat", "纬度", kind="latitude", listed=False),
            Column("lon", "经度", kind="longitude", listed=False),
            Column("built_up", "建成区内", kind="boolean"),
            Column("organ", "监管单位", kind="organ"),
            Column("earthwork", "土方阶段", kind="boolean"),
            Column("waterings", "日常洒水", kind="integer", unit="次/日", least=0, most=48, listed=False),
            Column("pm", "颗粒物基准", kind="decimal", unit="kg/d", least=0),
            *(
                Column(f"pm_{level}", f"颗粒物{words}减排", kind="decimal", unit="kg/d", least=0, listed=False)
                for level, words in LEVELS
            ),
            Column("priority", "停工次序", kind="integer", unique=True, least=1, listed=False),
            Column("reserve", "备用", kind="boolean", listed=False),
            Column("contact", "责任人", kind="person", listed=False, sensitive=True),
            Column("phone", "电话", kind="phone", listed=False, sensitive=True),
        ),
    )
)  # fmt: skip

INVENTORY = register(
    Register(
        key=f"{ROOM}.inventory", title="应急减排清单", programme=ROOM, model=EmissionInventory,
        natural_key=("year", "source", "category"), name="category", owners=OFFICE, checks=(_inventory_rises,),
        citation=f"{PLAN} 3.2.1.3(3)",
        columns=(
            Column("year", "年度", kind="integer", least=2018, most=2100),
            Column("source", "源类", kind="choice"),
            Column("category", "项目"),
            Column("measure", "对应措施", kind="code", required=False),
            *_amounts(),
            *(column for level, words in LEVELS for column in _amounts(f"_{level}", f"{words}减排")),
        ),
    )
)  # fmt: skip

ROADS = register(
    Register(
        key=f"{ROOM}.roads", title="城市主干道", programme=ROOM, model=RoadSection, natural_key=("code",),
        organ_field=("town", "organ"), owners=OFFICE, citation=f"{PLAN} 3.2.1.3(3)③",
        links=register_links.of_object("road"),
        columns=(
            Column("code", "路段编号", kind="code"),
            Column("name", "路段"),
            Column("organ", "保洁单位", kind="organ"),
            Column("town", "所在镇区", kind="organ"),
            Column("km", "长度", kind="decimal", unit="公里", least=0),
            Column("waterings", "日常洒水", kind="integer", unit="次/日", least=0, most=48),
            Column("lat", "纬度", kind="latitude", listed=False),
            Column("lon", "经度", kind="longitude", listed=False),
        ),
    )
)  # fmt: skip

BERTHS = register(
    Register(
        key=f"{ROOM}.berths", title="港口泊位", programme=ROOM, model=PortBerth, natural_key=("code",),
        organ_field="town", owners=(*OFFICE, "transport"), citation=f"{PLAN} 3.2.3.3(3)⑤",
        links=register_links.of_object("port"),
        columns=(
            Column("code", "泊位编号", kind="code"),
            Column("name", "泊位"),
            Column("town", "所在镇区", kind="organ"),
            Column("bulk", "装卸散货", kind="boolean"),
            Column("lat", "纬度", kind="latitude", listed=False),
            Column("lon", "经度", kind="longitude", listed=False),
        ),
    )
)  # fmt: skip

SCHOOLS = register(
    Register(
        key=f"{ROOM}.schools", title="学校和幼儿园", programme=ROOM, model=School, natural_key=("code",),
        organ_field="town", owners=(*OFFICE, "education"), citation=f"{PLAN} 3.2.2.3(1)",
        links=register_links.of_object("school"),
        columns=(
            Column("code", "学校编码", kind="code"),
            Column("name", "校名"),
            Column("stage", "学段", kind="choice"),
            Column("town", "所在镇区", kind="organ"),
            Column("students", "学生数", kind="integer", least=0),
            Column("flexible", "可弹性上下学", kind="boolean"),
            Column("suspendable", "可临时停课", kind="boolean"),
            Column("lat", "纬度", kind="latitude", listed=False),
            Column("lon", "经度", kind="longitude", listed=False),
        ),
    )
)  # fmt: skip

HOSPITALS = register(
    Register(
        key=f"{ROOM}.hospitals", title="医疗机构", programme=ROOM, model=MedicalInstitution, natural_key=("code",),
        organ_field="town", owners=(*OFFICE, "health-family"), citation=f"{PLAN} 4.5",
        links=register_links.of_object("hospital"),
        columns=(
            Column("code", "机构编码", kind="code"),
            Column("name", "机构名称"),
            Column("level", "等级"),
            Column("town", "所在镇区", kind="organ"),
            Column("beds", "呼吸科床位", kind="integer", least=0),
            Column("on_call", "备勤人员", kind="integer", least=0),
            Column("lat", "纬度", kind="latitude", listed=False),
            Column("lon", "经度", kind="longitude", listed=False),
        ),
    )
)  # fmt: skip

PLEDGES = register(
    Register(
        key=f"{ROOM}.pledges", title="应急责任承诺书", programme=ROOM, model=Pledge,
        natural_key=("object_id", "year"), name="object_name", owners=OFFICE, citation=f"{PLAN} 3.1.1(2)",
        columns=(
            Column("object_id", "对象编号", kind="code", note="企业为统一社会信用代码，工地、学校为其编号"),
            Column("object_name", "对象"),
            Column("year", "年度", kind="integer", least=2018, most=2100),
            Column("signed_on", "签订日期", kind="date", past=True),
            Column("signatory", "签字人", kind="person", sensitive=True),
        ),
    )
)  # fmt: skip

CONTACTS = register(
    Register(
        key=f"{ROOM}.contacts", title="应急通讯录", programme=ROOM, model=Contact, natural_key=("organ", "kind"),
        organ_field="organ", owners=OFFICE, citation=f"{PLAN} 4.4",
        columns=(
            Column("organ", "单位", kind="organ"),
            Column("kind", "类别", kind="choice"),
            Column("name", "姓名", kind="person"),
            Column("phone", "电话", kind="phone", sensitive=True),
        ),
    )
)  # fmt: skip

# --- what stands ready ------------------------------------------------------------------------------------------------


def _shift_has_length(row: Mapping[str, Any]) -> Iterable[RowFault]:
    begins, ends = row.get("begins"), row.get("ends")
    if begins and ends and ends <= begins:
        yield RowFault("ends", "下班应晚于上班")
    elif begins and ends and ends - begins > datetime.timedelta(hours=48):
        yield RowFault("ends", "一个班超过48小时，请核对", warning=True)


def _drill_summed_was_held(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if row.get("summary") and row.get("held_on") is None:
        yield RowFault("held_on", "有总结的演练须填演练日期")


def _stock_is_enough(row: Mapping[str, Any]) -> Iterable[RowFault]:
    if (row.get("quantity") or 0) < (row.get("least") or 0):
        yield RowFault("quantity", "低于应备数量", warning=True)


DRILLS = register(
    Register(
        key=f"{ROOM}.drills", title="应急演练", programme=ROOM, model=Drill, natural_key=("code",), name="title",
        owners=OFFICE, checks=(_drill_summed_was_held,), citation=f"{PLAN} 5.1",
        columns=(
            Column("code", "演练编号", kind="code"),
            Column("title", "名称"),
            Column("mode", "方式", kind="choice"),
            Column("season", "采暖季", kind="integer", least=2018, most=2100, note="采暖季开始的年份"),
            Column("planned_on", "计划日期", kind="date"),
            Column("held_on", "演练日期", kind="date", past=True),
            Column("aim", "目的", kind="area", listed=False),
            Column("people", "参加人员", kind="area", listed=False),
            Column("content", "内容", kind="area", listed=False),
            Column("rules", "规则", kind="area", listed=False),
            Column("scenario", "情景", kind="area", listed=False),
            Column("summary", "演练情况", kind="area", listed=False),
            Column("suggestions", "改进建议", kind="area", listed=False),
            Column("case_number", "办件", kind="code", required=False),
        ),
    )
)  # fmt: skip

TRAININGS = register(
    Register(
        key=f"{ROOM}.trainings", title="培训", programme=ROOM, model=Training, natural_key=("code",), name="title",
        organ_field="organ", owners=OFFICE, citation=f"{PLAN} 5.2.2",
        columns=(
            Column("code", "培训编号", kind="code"),
            Column("title", "名称"),
            Column("organ", "组织单位", kind="organ"),
            Column("planned_on", "计划日期", kind="date"),
            Column("held_on", "举办日期", kind="date", past=True),
            Column("audience", "对象"),
            Column("hours", "学时", kind="decimal", least=0, most=200),
            Column("attended", "参加人数", kind="integer", least=0),
            Column("content", "内容", kind="area", listed=False),
        ),
    )
)  # fmt: skip

ROSTER = register(
    Register(
        key=f"{ROOM}.roster", title="值班表", programme=ROOM, model=Shift, natural_key=("organ", "begins", "person"),
        name="person", organ_field="organ", owners=OFFICE, checks=(_shift_has_length,), citation=f"{PLAN} 4.4",
        columns=(
            Column("organ", "单位", kind="organ"),
            Column("begins", "上班", kind="moment"),
            Column("ends", "下班", kind="moment"),
            Column("person", "值班员", kind="person"),
            Column("phone", "电话", kind="phone", sensitive=True),
            Column("leader", "带班领导", kind="person", required=False),
        ),
    )
)  # fmt: skip

SUPPLIES = register(
    Register(
        key=f"{ROOM}.supplies", title="应急物资装备", programme=ROOM, model=Supply, natural_key=("code",),
        organ_field="organ", owners=OFFICE, citation=f"{PLAN} 4.2",
        columns=(
            Column("code", "编号", kind="code"),
            Column("name", "名称"),
            Column("kind", "种类", kind="choice"),
            Column("organ", "持有单位", kind="organ"),
            Column("quantity", "数量", kind="integer", least=0),
            Column("unit", "单位"),
            Column("condition", "状况", kind="choice"),
            Column("allocation", "调配方案", kind="area", required=False, listed=False),
            Column("checked_on", "检查日期", kind="date", past=True),
        ),
    )
)  # fmt: skip

STOCK = register(
    Register(
        key=f"{ROOM}.stock", title="医疗物资储备", programme=ROOM, model=MedicalStock,
        natural_key=("institution", "item"), name="item", organ_field="town", owners=(*OFFICE, "health-family"),
        checks=(_stock_is_enough,), citation=f"{PLAN} 4.5",
        columns=(
            Column("institution", "医疗机构", kind="reference", by="code", called="name"),
            Column("item", "品名"),
            Column("quantity", "数量", kind="integer", least=0),
            Column("least", "应备数量", kind="integer", least=0),
            Column("unit", "单位"),
            Column("town", "所在镇区", kind="organ"),
            Column("checked_on", "检查日期", kind="date", past=True),
        ),
    )
)  # fmt: skip

FORECASTERS = register(
    Register(
        key=f"{ROOM}.forecasters", title="预报人员", programme=ROOM, model=Forecaster, natural_key=("code",),
        organ_field="organ", owners=OFFICE, citation=f"{PLAN} 4.3",
        columns=(
            Column("code", "编号", kind="code"),
            Column("organ", "单位", kind="organ"),
            Column("name", "姓名", kind="person"),
            Column("full_time", "专职", kind="boolean"),
            Column("phone", "电话", kind="phone", required=False, sensitive=True),
            Column("since", "自", kind="date", past=True),
        ),
    )
)  # fmt: skip
