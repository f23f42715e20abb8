"""Names of organs: split a printed run, supply what it prints once, tell towns apart, find the directory's slug.

The rules are the convention 'Organs' of the gazette's contract. All of them work on patterns of the language, so they
hold for any city; only `Directory` knows one place. Texts are canonical paragraphs (half-width brackets and commas).
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

from luoshi.gazette.wording import any_of


class Level(enum.StrEnum):
    """Level of the issuing government: a prefecture, county-level city or county is CITY, a 区 is DISTRICT."""

    CITY = "city"
    DISTRICT = "district"


class OrganList(NamedTuple):
    """One run of organs: full names, towns and zones as printed, and whether 等 leaves the list open."""

    names: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool


class Run(NamedTuple):
    """What `read_run` finds: an `OrganList`, the level it hands on, and the names printed with (牵头) behind them."""

    names: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool
    carry: str
    heads: tuple[str, ...]


# --- what a name looks like -----------------------------------------------------------------------------------------


_SUFFIX = any_of(
    """局 委 办 部 厅 署 处 所 站 院 社 台 队 组 厂 馆 校 会 园 场 中心 公司 集团 银行 支行 分行 农行 工行 建行
    中行 人行 政府 部门 单位 机构 机关 海关 企业 学校 大学 法庭 支部 妇联 残联 文联 侨联 台联 社科联 工商联
    科协 人大 政协 共青团 军分区 公积金 医保 红十字 指挥部 专班 联席会议 办公室 党组 党委 党工委 工委 工会
    商会 协会 学会 联合会 联社 编办 国资 督查室 研究室 政研室 信息室 档案室 物业 管委 电网 铁塔 联通 移动
    电信 邮政 党校 支队 大队 总队 基金 银监 证监 外办 侨办 台办 联盟 总站"""
)
_ORGAN = re.compile(
    rf"[\u4e00-\u9fffA-Za-z0-9·“”()、〔〕—-]{{0,40}}?{_SUFFIX}(?:\([^()]{{1,30}}\)|〔[^〔〕]{{1,30}}〕)?"
)
_NO_ORGAN_ALONE = any_of(
    """公司 集团 银行 中心 协会 学会 基金 电网 铁塔 联通 移动 电信 邮政 医保 国资 联盟 物业 商会 社会 全社会
    机会 大会 会议 全会 全部 内部 外部 干部 一部 大部 局部 场所 住所 处所 厕所 用处 好处 各处 到处 农场 部门
    单位 机构 机关 企业 学校 政府 家园 校园 公园 协办 主办 承办"""
)
_NO_ORGAN_WITH = any_of("谁 的 为了 以及 进行 加强 开展 建立健全 应当 负责")
_NO_ORGAN_ENDING = any_of("市场 机会 现场 督办 查办 交办 举办")
_NOT_AN_ORGAN = re.compile(rf"{_NO_ORGAN_ALONE}|.*{_NO_ORGAN_WITH}.*|.*{_NO_ORGAN_ENDING}")

_VAGUE_KIND = any_of(
    """职能 责任 业务 行业 主管 监管 成员 审批 执法 协办 配合 行政 行政管理 行政主管 行政执法 政府 国家 专业 管理"""
)
_VAGUE = re.compile(
    rf"(?:其他|其它|各)?(?:级|地)?(?:有关|相关|其他|其它)各?的?{_VAGUE_KIND}?"
    r"(?:部门|单位|机构|方面|机关|科室|企业|企事业单位|责任主体|各方)"
    r"(?:[和及与、]各?(?:单位|部门|机构|企业|乡镇))?(?:\((?:单位|部门|机构)\))?"
    r"|(?:下列|以下|上述)(?:单位|部门|机构|人员|机关)"
)

# --- towns and zones ------------------------------------------------------------------------------------------------

_ZONE = any_of(
    """新区 开发区 高新区 经开区 经济区 工业区 工业园 产业园 科技园 园区 度假区 保税区 综保区 示范区 功能区
    试验区 合作区 先行区 管理区 港区 新城 景区 名胜区 风景区 自贸区 片区 特区 城区 林区 矿区 农场 林场"""
)
_PLACE_CLASS = any_of(
    """县级市 设区市 设区的市 自治县 街道 街镇 苏木 社区 办事处 功能区 开发区 园区 新区 高新区 经开区 管理区 管委会
    县 市 区 旗 镇 乡 州 盟 师 街 村 居 地区 地方 地 有关 相关 所辖 属地"""
)
_NOTE = r"(?:[(〔][^()〔〕]{1,20}[)〕])"
_GOVERNMENT = r"(?:人民)?(?:政府|办事处|管委会|管理委员会|管委|党委|党工委|两委|村委会|居委会)"
_GOVERNMENT_ALONE = re.compile(_GOVERNMENT)
_CLASS_PIECE = re.compile(rf"{_PLACE_CLASS}{_NOTE}?(?:{_PLACE_CLASS}|{_NOTE}){{0,4}}(?:{_GOVERNMENT})?{_NOTE}?")
_EACH_CLASS = re.compile(rf"各(?:有关|相关)?{_CLASS_PIECE.pattern}")
_EACH_PLACE = re.compile(rf"(?:各|所在|属地|辖区|相关|有关|全[市县区]各)(?:有关|相关|所辖)?{_PLACE_CLASS}.*")
_EACH_TOWN = re.compile(r"各(?:有关|相关)?(?:[镇乡街村居]|社区).*")
_BODY = any_of("部门 单位 企业 职能 责任 监管 主管 机构 金融 方 行业 市直 县直 区直 院校 专业")
_NOT_A_PLACE = re.compile(
    r"(?:各|所在|属地|辖区)?(?:有关|相关)?"
    r"(?:市直|市级|市属|区直|区级|区属|县直|县级(?!市)|县属|镇级?直|地税|地震|地质|地勘|地铁).*"
    rf"|(?:相关|有关|属地)(?:地区?|地方|相关|有关)?{_BODY}.*|各(?:有关|相关|地方?){_BODY}.*"
)
_TOWN = re.compile(
    r"(?!.*(?:城镇(?!$)|市场|部门|单位)|[各小大新老本全]?城镇$)(?:属地|所在地?|事发地|辖区)?"
    r"(?:[\u4e00-\u9fff“”]{0,8}(?:镇|乡|街道|苏木|镇街|街镇|乡镇|镇区|镇村|村居)|[乡镇街](?:\([^()]{1,12}\)|级))"
    rf"(?:{_NOTE}|、街道|、乡)?(?:{_GOVERNMENT}|办|党委政府|政府办事处)?{_NOTE}?"
)
_TOWN_LEVEL = re.compile(
    rf"(?:镇|乡|街道|乡镇|村|社区|镇街)级.{{1,12}}|(?:村|居|社区){_NOTE}?(?:两委|村委会|居委会|委员会)?"
)
_ZONE_NAME = re.compile(
    rf"(?!(?:市|县|区|省|国家)(?!.{{0,8}}{_ZONE}))[\u4e00-\u9fff“”]{{0,14}}{_ZONE}{_NOTE}?"
    rf"(?:管委会|管理委员会|管委|党工委|推进办公室)?{_NOTE}?|[\u4e00-\u9fff]{{0,10}}[园镇城港岛湖山区]管(?:委会|理委员会)"
)
_NAMED_DISTRICT = (
    r"(?![市省区县各全本我])[\u4e00-\u9fff]{1,6}?(?<![社园景小街校林矿牧灾山库城地辖片厂湖港])[区县旗]"
    r"(?:\([市区县、]{1,5}\))?(?:人民)?(?:政府|区委|管委会)?"
)
_DISTRICT_CLASS = (
    r"[县市区旗](?:\([市区县州、旗管委会]{1,8}\)|级市)区?(?:人民)?(?:政府|管委会)?"
    rf"|(?:区县|县区|县市区|市县|旗县区?|县级)(?:人民)?政府{_NOTE}?|(?:区县|县区|县市区|旗县区?){_NOTE}?"
)
_DISTRICT_NAME = re.compile(rf"{_NAMED_DISTRICT}|(?:事发地|事故发生地|属地|所在地)?(?:{_DISTRICT_CLASS})")
_SISTER_CITY = re.compile(r"[\u4e00-\u9fff]{2,4}市(?:人民政府|政府)?")


@lru_cache(maxsize=4096)
def is_local(name: str, level: Level) -> bool:
    """Whether `name` is a town, street, district, county or zone below the issuer; under a 区 only a town or street."""
    if _NOT_A_PLACE.fullmatch(name):
        return False
    if _TOWN.fullmatch(name) or _TOWN_LEVEL.fullmatch(name):
        return True
    if level is Level.DISTRICT:
        return bool(_EACH_TOWN.fullmatch(name))
    return bool(_EACH_PLACE.fullmatch(name) or _ZONE_NAME.fullmatch(name) or _DISTRICT_NAME.fullmatch(name))


@lru_cache(maxsize=8192)
def is_organ(name: str) -> bool:
    """Whether `name` looks like an organ by its pattern; a name that fails may still be one (`市自然资源`)."""
    return len(name) > 1 and bool(_ORGAN.fullmatch(name)) and not _NOT_AN_ORGAN.fullmatch(name)


_OF_A_TASK = re.compile(
    r"(?:(?![和与及或由向报应将在把])[\u4e00-\u9fff]|\([\u4e00-\u9fff、]{1,8}\)){0,14}?(?:"
    r"(?:负有|承担|行使|履行|负责)[\u4e00-\u9fff、()]{2,24}(?:职责|职能|职权|任务|责任|工作)"
    r"|(?:受理|接受|收到|接到|查处|查办|办理|作出)[\u4e00-\u9fff、]{2,16}"
    r"|(?:政府|管委会|管理委员会|办事处)(?:指定|确定|授权|明确)"
    r")的[\u4e00-\u9fff]{0,10}(?:部门|机构|机关)"
)


@lru_cache(maxsize=4096)
def is_of_a_task(name: str) -> bool:
    """Whether `name` tells an organ by what it does: 负有监管职责的部门, 市政府指定的机构, 受理申请的机关."""
    return "的" in name and _OF_A_TASK.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_vague(name: str) -> bool:
    """Whether `name` names nobody: 有关部门, 相关单位, 各有关部门; not 市直有关部门, whose level is printed."""
    return bool(_VAGUE.fullmatch(name))


# --- what a run prints once -----------------------------------------------------------------------------------------

_LEVELS = "市|县|区|州|旗|盟"
_OWN_LEVEL = re.compile(
    rf"(?P<committee>团?(?:{_LEVELS})委(?!员会|托))"
    r"|(?P<level>自治[区州县]|师市|市(?!场|容|民(?!政|宗|族|盟|革|建|进|防|航)|域|政(?![府协务法数研工]))"
    r"|县(?!域)|区(?!域|块|间|划|位)|州|旗|盟)(?!级|直(?!机关工委)|属|内|辖|外)"
)
_PROVINCE = re.compile(r"省(?!级|直|属|内)")
_DESCRIBED_CLASS = any_of("企业 高校 院校 医疗机构 金融机构 保险机构 社会组织 用人单位 建设单位 学校 机构")
_DESCRIBED = re.compile(
    rf"各.*|全[市县区].*|.*主管部门|.*(?:有关|相关|其他|其它).*|中介机构.*|.{{0,6}}级.*|(?:{_LEVELS})[直属内辖外].*"
    rf"|.*{_DESCRIBED_CLASS}"
    r"|[\u4e00-\u9fff]{2,12}(?:开发区|高新区|新区|示范区|度假区|园区|保税区|景区)(?:管委会|管理委员会)?"
    r"|.{5,}[分支]行|(?:合作|监管|承办|贷款|托管|开户)(?:银行|机构)|(?:人民银行|人行|国家|中国|中央|全国|国网|国电|南方电网|驻|在|省|自治区).*"
    r"|(?:承办|实施|责任|主办|项目|建设|施工|运营|成员|用人).{0,2}单位"
)
"""Names that take no shared level: they say themselves whose they are, or name a class."""
_PLACE = re.compile(
    r"(?P<place>[\u4e00-\u9fff][城都]市|(?![市省区县])[\u4e00-\u9fff]{1,5}?(?:自治[区州县]|(?<![城都超])市(?![容场政民域])"
    r"|(?<![社园景小街校林矿牧灾山库城地辖片厂])区|(?<!郊)县|盟|旗))[\u4e00-\u9fff]{2,}.*"
)
_PROVINCE_NAME = re.compile(
    any_of(
        """北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东
        广西 海南 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 内蒙古"""
    )
)
_BRANCH = re.compile(
    r"(?P<place>(?!中国|国家|国网|城市|农村|公共|新能源|城乡|燃气|自来|出入境|市)[\u4e00-\u9fff]{2,3})"
    r"(?:(?:联通|移动|电信|铁塔|供电|电力|邮政)(?:分?公司|局)|海关|海事[局处]|边检站|(?:出入境)?检验检疫局"
    r"|(?:银保监|银监|证监|金融监管)(?:分局|局|办)|(?:机务|车务|工务)段|[日晚]报社?|广播电视总?台)"
)
_LEVEL_WORD = re.compile(r"(?P<level>(?:国家|省|市|县|区|镇|乡|村|市县|县乡|各|基层)级)(?P<rest>[\u4e00-\u9fff]{2,})")
_PARTY_OR_GOVERNMENT = re.compile(r"党委|(?:人民)?政府|财政|.{2,8}(?:局|部门)")

_SIMPLE_FIELD = re.compile(
    any_of(
        """公安 司法 教育 财政 环保 民政 人社 交通 水利 水务 农业 林业 卫生 审计 统计 税务 工商 质监 安监
        食药监 住建 规划 国土 建设 文化 体育 商务 科技 发改 经信 工信 应急 消防 信访 城管 气象 旅游 物价
        监察 畜牧 粮食 扶贫 残联 法院 检察院 宣传 组织 生态环境 自然资源 市场监管 农业农村 卫生健康 交通运输
        发展改革 医疗保障 人力资源社会保障 行政审批 金融 通信 电力"""
    )
)
"""Fields that 和 may separate in `公安和司法部门`."""
_ONE_FIELD = re.compile(
    any_of(
        """教育和体育 教育和科技 文化和旅游 文化和体育 规划和自然资源 自然资源和规划 规划和国土 住建和交通
        农业和水利"""
    )
)
"""Pairs of fields that are the name of one organ."""

_OWN_CLASS = re.compile(r"各|[市县区]直|.*(?:有关|相关)")
_DEPARTMENT = re.compile(r"(?P<field>[\u4e00-\u9fff]{2,12}?)(?P<noun>行政主管部门|主管部门|行政部门|部门)")
_AND_SO_ON = re.compile(
    r"(?P<head>.*?[^高中初平对同优次特])等"
    r"(?P<tail>$|[有相部单市县区各职能责机成主行企组群数多其\d一二三四五六七八九十][^局委]*$)"
)
_EXPLAINS = any_of(
    r"""不?含 包括 下同 以下 主要 其中 原(?!.*[局委办]) 注 牵头 主办 总牵头 排名? 列 首 第一 配合 协办 参与 责任
    负责 按 依 根据 简称 下简称 下称 即 例如 如 参照 [\u4e00-\u9fff]{2,6}:"""
)
_EXPLANATION = re.compile(rf"\({_EXPLAINS}.{{0,60}}\)(?!单位|部门)")
_HEAD_SIGN = re.compile(r"\((?:总?牵头(?:单位|部门|负责|抓总)?|主办(?:单位)?|主要牵头)\)$")

_PIECES = re.compile(r"(?:[^、,;()〔〕]|\((?:[^()]|\([^()]{0,40}\)){0,80}\)|〔[^〔〕]{0,80}〕)+")
_LOST_BLANK = re.compile(
    r"(?<=[局委办厅部])(?=[市县](?![委场])[\u4e00-\u9fff]{2,8}[局委办])|(?<=市委)(?=市(?:人民)?政府)"
)
"""Where a blank between two names was lost: 市发改委市财政局."""
_NEEDS_CARE = re.compile(r"[()〔〕和与及或各级]|部门、|[市省家县区乡]、|[局委办厅部][市县]")
"""What a run must hold for its commas not to be all there is to it."""
_AND = re.compile(r"以及|[和与及](?!其(?!他(?:负有|承担|行使|履行)))")
_WITH_OTHERS = re.compile(
    "(?:(?:及其|以及|[及和与])(?:有关|相关)|(?:以及|[及和与、])其[他它](?:有关|相关)?)"
    "(?:行政|职能|工作|业务|行业|专业)?(?:主管|管理)?(?:部门|单位|机构)(?:[和、](?:有关)?单位)?$"
)
"""`甲政府及其有关部门`, `甲局和其他有关部门`: a vague member beside a named one."""
_EITHER = re.compile(
    r"(?:(?<=政府)|(?<=部门)|(?<=事处)|(?<=办公室)|(?<=机构)|(?<=机关))(?:或者|或(?!者))(?!其)"
    r"(?=[\u4e00-\u9fff()、]{0,12}(?:人民政府|街道办事处|部门|机构|机关)$)"
    r"|(?<=[局处站心会])或者?(?=[\u4e00-\u9fff]{0,8}(?:政府|管委会)(?:指定|确定|授权|明确)的)"
)
_SO_ON_AND = re.compile("等[和及](?=各|有关)")
_LEVELS_TOGETHER = re.compile(
    r"(?P<levels>(?:[省市县区旗镇乡村](?:\([^()]{1,8}\))?[、和]?){2,4})(?P<count>[两三])级(?![要应将均都联])(?P<noun>[\u4e00-\u9fff]{2,14}?)(?=[、,;等]|$)"
)
"""`市、县两级政府` names two."""
_ONE_LEVEL = re.compile(r"[省市县区旗镇乡村](?:\([^()]{1,8}\))?")
_BROAD_LEVEL = re.compile(rf"乡镇|县区|镇村|{_ONE_LEVEL.pattern}")
_AND_ITS = re.compile(
    "(?<=政府)及其(?!有关|相关|[所直]属|各|他|工作|主要|负责|部门|职能|派出|办)(?=[\u4e00-\u9fff]{2,12}(?:部门|机构|、))"
)
"""`甲政府及其水利部门` names two."""
_ITS_STAFF = re.compile("(?<=.)及其(?:工作|执法)人员$")
"""`甲局及其工作人员` is 甲局."""
_LEADING = re.compile(r"[\u4e00-\u9fff]{0,8}由(?=[市县区省州])|(?:由|请|并|和|与|及|以及|会同|同时|再)+")
_LINKED_NOUN = re.compile(r"(?:各|直属|有关|相关|其他)?(?:直属)?(?:单位|机构|企事业单位|企业|机关|部门)")


_OWN_DEPARTMENTS = re.compile("(?:各|等|有关|相关|[直所]属|[市县区]直)[级地]?(?:有关|相关|职能)?部门$")
_GOVERNMENTS = ("政府", "管委会", "办事处", "主管部门", "行政部门", "管理部门")
"""What ends with these goes on with no 和: `各区政府和公安、财政部门`."""


def _split_and(piece: str, after: str = "") -> list[str]:
    """Split at 和, 与, 及 where an organ ends on the left and another begins on the right; 发展和改革局 stays whole.

    `after` is the name before it in the run: the last two fields of a list are apart, `财政、审计和甲主管部门`.
    """
    start = 0
    parts: list[str] = []
    for match in _AND.finditer(piece):
        left, right = piece[start : match.start()], piece[match.end() :]
        if left.count("(") != left.count(")") or not left or not right:
            continue
        goes_on = left.endswith(_GOVERNMENTS) and not right.endswith("人员")
        goes_on = goes_on or (match[0] == "以及" and left.endswith("部门")) or (left[0] == "各" and "等" in piece)
        apart = _is_name(left) and not right.startswith("社会") and (_starts_name(right) or goes_on)
        if apart or _fields_apart(left, right, bool(after) and after[-1] not in _ENDS_ORGAN):
            parts.append(left)
            start = match.end()
    parts.append(piece[start:])
    return parts


def _is_name(text: str) -> bool:
    return is_organ(text) or is_local(text, Level.CITY)


def _starts_name(text: str) -> bool:
    if is_of_a_task(text):
        return True
    head = _AND.split(text, maxsplit=1)[0]
    return any(is_organ(part) or is_local(part, Level.CITY) or is_vague(part) for part in (head, text)) or "等" in head


_ENDS_ORGAN = frozenset("局委办部厅署处所站院府门会")
_ONE_WITH = re.compile(
    any_of(
        """计划生育 人口 信息化 工业信息化 数据 旅游 广播 广电 新闻 体育 科技 技术 自然资源 国土 规划 建设 农村 宗教
        粮食 社会保障 保障 金融 执法 综合 投资 外事 改革 退役 海洋 渔业 水务 水利 交通 城市 城乡 民族 应急 市场"""
    )
)
"""What one department has beside its first field: 卫生和计划生育部门, 文化和旅游部门."""


def _fields_apart(left: str, right: str, listed: bool) -> bool:
    bare = left[1:] if left[0] in "市县区" else left
    field = _DEPARTMENT.fullmatch(right)
    if field is None:
        first = _AND.split(right, maxsplit=1)[0]
        return bool(_SIMPLE_FIELD.fullmatch(bare)) and is_organ(right) and _own(first)[0] in ("level", "place")
    other = field["field"]
    if listed and _SIMPLE_FIELD.fullmatch(bare) and not _ONE_WITH.match(other):
        return True
    both = _SIMPLE_FIELD.fullmatch(bare) and _SIMPLE_FIELD.fullmatch(other)
    return bool(both) and not _ONE_FIELD.fullmatch(f"{bare}和{other}")


def _pieces(text: str) -> list[str]:
    """Cut a run at its separators and join again what one 各 or one level covers (各部门、单位; 各县、区人民政府)."""
    if not _NEEDS_CARE.search(text):
        return [piece for piece in text.replace(",", "、").replace(";", "、").split("、") if piece]
    pieces: list[str] = []
    text = _LOST_BLANK.sub("、", text)
    for match in _PIECES.finditer(text):
        raw = match[0]
        last = pieces[-1] if pieces and text[match.start() - 1] == "、" else ""
        if last and _belongs_to(last, raw):
            pieces[-1] = f"{last}、{raw}"
        elif "和" in raw or "与" in raw or "及" in raw:
            pieces.extend(_split_and(raw, last))
        else:
            pieces.append(raw)
    if "市" in text or "县" in text or "乡" in text:
        _share_body(pieces)
    return _share_level(pieces) if "级" in text else pieces


def _belongs_to(last: str, piece: str) -> bool:
    """Whether 、 stands inside one name: 各部门、单位; 各县、区人民政府; 省、自治区、直辖市人民政府."""
    if last.endswith("部门"):
        return _OWN_DEPARTMENTS.search(last) is not None and _LINKED_NOUN.fullmatch(piece) is not None
    if piece == "自治区" or last.endswith("自治区"):
        return last.endswith(("省", "省、自治区")) and piece.startswith(("自治区", "直辖市"))
    if last.startswith("各"):
        if not _EACH_CLASS.fullmatch(last.replace("、", "")):
            return False
        has_noun = last.endswith(("政府", "办事处", "管委会"))
        return bool(_GOVERNMENT_ALONE.fullmatch(piece) or (not has_noun and _CLASS_PIECE.fullmatch(piece)))
    return last == "国家"


_BARE_LEVEL = (
    r"(?:设区的市|地级以上市|县级市|(?:区县|县区|市县|市州|[省市州县区镇乡旗])(?:\([省市州县区镇乡、旗自治级]{1,8}\))?)"
)
_LEVEL_ALONE = re.compile(rf"{_BARE_LEVEL}(?:[和与及]{_BARE_LEVEL})?")
_LEVELS_BODY = re.compile(
    rf"(?:(?P<levels>{_BARE_LEVEL})(?:[和与及]|或者?))?(?P<level>{_BARE_LEVEL})(?![和与及或])"
    r"(?P<body>人民政府.*|政府.*|(?:[\u4e00-\u9fff]{2,16})?(?:部门|机构|机关|委员会|联合会|工会|局))"
)
_LEVEL_AND_PLACE = re.compile(
    r"(?P<levels>[省市州])[和与及](?P<level>[\u4e00-\u9fff]{2,4}?(?:新区|区|县))"
    r"(?P<body>人民政府.*|政府.*|[\u4e00-\u9fff]{2,16}(?:部门|机构|委员会|局))"
)
"""The second of two levels may be a place: 市和东湖区教育部门."""

_NAMED_BODY = re.compile(
    r"(?:相关|有关)?[\u4e00-\u9fff]{0,3}[区县](?P<body>人民政府.*|政府.*|[\u4e00-\u9fff]{2,14}(?:部门|机构))"
)
"""The last of several places may be named: 市、东湖区人民政府."""


def _share_body(pieces: list[str]) -> None:
    """市、县(区)教育部门 names two: each level before the last has the body that only the last one prints."""
    body = ""
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        if body and _LEVEL_ALONE.fullmatch(piece):
            pieces[index : index + 1] = [level + body for level in _AND.split(piece)]
            continue
        body = ""
        match = _LEVELS_BODY.fullmatch(piece) or (_NAMED_BODY.fullmatch(piece) if index else None)
        if match is None and piece[1:2] in ("和", "与", "及"):
            match = _LEVEL_AND_PLACE.fullmatch(piece)
        if match is not None:
            body = match["body"]
            if match.re is not _NAMED_BODY and match["levels"]:
                pieces[index : index + 1] = [match["levels"] + body, match["level"] + body]


def _share_level(pieces: list[str]) -> list[str]:
    """镇级党委、政府: the level printed on the first goes to the bare names of the same kind after it."""
    level = ""
    for index, piece in enumerate(pieces):
        match = _LEVEL_WORD.fullmatch(piece)
        if match and _PARTY_OR_GOVERNMENT.fullmatch(match["rest"]):
            level = match["level"]
        elif level and _PARTY_OR_GOVERNMENT.fullmatch(piece) and not _own(piece)[0]:
            pieces[index] = level + piece
        else:
            level = ""
    return pieces


_NOUNS = frozenset(("主管部门", "行政主管部门", "行政部门"))
"""What each field before 等 has in common with the rest."""


_LOOKS_LIKE_AN_ORGAN = frozenset(("人社",))
"""Fields that end as the names of organs do."""


def _is_bare_field(name: str) -> bool:
    if name in _LOOKS_LIKE_AN_ORGAN:
        return True
    return 1 < len(name.rpartition("人民政府")[2]) <= 12 and not (
        name.endswith("部门") or is_organ(name) or is_local(name, Level.CITY)
    )


def _share_department(pieces: Sequence[str]) -> tuple[list[str], bool]:
    """Drop 等 with what follows it, and give the 部门 at the end of a run to every bare field before it."""
    out: list[str] = []
    noun = ""
    open_ended = False
    for piece in reversed(pieces):
        name = piece
        more = _AND_SO_ON.fullmatch(name) if "等" in name else None
        if more:
            open_ended = True
            name = more["head"]
            noun = more["tail"] if more["tail"] in _NOUNS else "部门" if "部门" in more["tail"] else ""
        elif name.startswith("等"):
            open_ended, noun, name = True, "部门" if "部门" in name else "", ""
        elif name.endswith("部门") and not is_vague(name) and not _OWN_CLASS.match(name):
            field = _DEPARTMENT.fullmatch(name)
            noun = field["noun"] if field else noun
        if noun and _is_bare_field(name):
            name += noun
        if name:
            out.append(name)
    out.reverse()
    return out, open_ended


@lru_cache(maxsize=4096)
def _own(name: str) -> tuple[str, str]:
    """How a name begins: ('level', 市), ('committee', 市) for 市委X, ('place', 某市), ('described', ''), ('', '')."""
    match = _OWN_LEVEL.match(name)
    if match:
        if match["committee"]:
            return "committee", match["committee"].lstrip("团")[:1]
        return ("level", match["level"]) if len(name) > len(match["level"]) else ("described", "")
    if _PROVINCE.match(name):
        return "province", "省"
    place = _BRANCH.fullmatch(name) or _PLACE.fullmatch(name)
    if place and not _DESCRIBED.fullmatch(name):
        return "place", place["place"]
    if _DESCRIBED.fullmatch(name) or _PROVINCE_NAME.match(name):
        return "described", ""
    return "", ""


def _carried(names: Sequence[str], inherited: str) -> str:
    """The level a run shares: none where its second organ (市委X aside) prints its own too."""
    kinds = [_own(name) for name in names]
    if inherited and next((kind for kind, _ in kinds if kind != "described"), "level") == "":
        return inherited
    for wanted in ("level", "province"):
        plain = [own if kind == wanted else "" for kind, own in kinds if kind != "committee"]
        for index, own in enumerate(plain):
            if own:
                return "" if any(plain[index + 1 : index + 2]) else own
    return next((own for kind, own in kinds if kind == "committee"), "")


_GOVERNMENT_OF = re.compile("(?:县级以上|各级|[县市区]级)?(?:地方)?(?:各级)?人民政府(?=[\u4e00-\u9fff]{2,12}部门$)")
"""The governments whose departments a run names: 县级以上人民政府公安、司法部门."""


def _supply(names: Sequence[str], inherited: str) -> tuple[list[str], str]:
    """Supply the shared level or place to every bare name; also the level that the next list of the mark inherits."""
    carry = _carried(names, inherited)
    out: list[str] = []
    seen = carry == inherited and carry != ""
    place = tail = government = ""
    for name in names:
        kind, own = _own(name)
        if government and kind == "" and name.endswith("部门"):
            name = government + name
        elif "政府" in name and (match := _GOVERNMENT_OF.match(name)) is not None:
            government = match[0]
        if kind == "place":
            place, tail = own, name[-2:]
        elif kind in ("level", "committee", "province"):
            seen = seen or own == carry
            place = ""
        elif kind == "" and place and (name.endswith(tail) or not carry):
            name = place + name
        elif kind == "" and carry and seen:
            name = carry + name
        out.append(name)
    return out, carry


def _without_opening(piece: str) -> str:
    if piece[0] in "由请并和与及以会同再" or "由" in piece:
        match = _LEADING.match(piece)
        return piece[match.end() :] if match else piece
    return piece


def _strip_marks(piece: str) -> tuple[str, bool]:
    """A piece without its explanation (含..., 下同), and whether the explanation says that this organ leads."""
    if "(" not in piece:
        return piece, False
    leads = bool(_HEAD_SIGN.search(piece))
    return _EXPLANATION.sub("", piece), leads


@lru_cache(maxsize=8192)
def _levels_apart(match: re.Match[str]) -> str:
    levels = _ONE_LEVEL.findall(match["levels"])
    if len(levels) > (2 if match["count"] == "两" else 3):
        levels = _BROAD_LEVEL.findall(match["levels"])
    return "、".join(f"{one}{match['noun']}" for one in levels)


def read_run(text: str, level: Level = Level.CITY, inherited: str = "") -> Run:
    """Read one run of organs; `inherited` is the level handed on by the list before it in the same mark."""
    pieces: list[str] = []
    headed: set[str] = set()
    if "关" in text or "其" in text:
        text = _AND_ITS.sub("、", _WITH_OTHERS.sub("", text) or text)
        text = _ITS_STAFF.sub("", text)
    if "或" in text:
        text = _EITHER.sub("、", text)
    if "等和" in text or "等及" in text:
        text = _SO_ON_AND.sub("等、", text)
    if "两级" in text or "三级" in text:
        text = _LEVELS_TOGETHER.sub(_levels_apart, text)
    for piece in _pieces(text):
        name, leads = _strip_marks(_without_opening(piece))
        if leads:
            headed.add(name)
        pieces.append(name.strip("。:“” "))
    open_ended = False
    if "等" in text or "部门" in text:
        pieces, open_ended = _share_department(pieces)
    pieces = [piece for piece in pieces if piece]
    local = _locals(pieces, level)
    named = [piece for piece in pieces if piece not in local]
    vague = [piece for piece in named if is_vague(piece)]
    named = [piece for piece in named if piece not in vague]
    if not named and not local:
        named = vague[:1]
    supplied, carry = _supply(named, inherited)
    heads = tuple(full for full, printed in zip(supplied, named, strict=True) if printed in headed)
    return Run(_unique(supplied), _unique(local), open_ended, carry, heads)


def _locals(pieces: Sequence[str], level: Level) -> list[str]:
    """The towns and zones of a run; beside them a named city, and bare place names that share the next one's noun."""
    plain = [piece for piece in pieces if is_local(piece, level)]
    if not plain:
        return []
    local: list[str] = []
    after = False
    for piece in reversed(pieces):
        if piece in plain:
            after = not piece.startswith("各")
        elif level is not Level.CITY or not _SISTER_CITY.fullmatch(piece):
            after = after and len(piece) <= 4 and not is_organ(piece) and not _own(piece)[0]
            if not after:
                continue
        local.append(piece)
    local.reverse()
    return local


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def split_organs(text: str, level: Level = Level.CITY, inherited: str = "") -> OrganList:
    """Split a printed run into full names, towns and zones apart as printed; drops vague members beside named ones."""
    run = read_run(text, level, inherited)
    return OrganList(run.names, run.local, run.open_ended)


# --- the directory --------------------------------------------------------------------------------------------------

_BRACKETED = re.compile(r"\([^()]*\)|（[^（）]*）")
_NOT_ALONE = frozenset(("政府", "委"))


class _Owner(NamedTuple):
    slug: str
    first: int | None
    last: int | None


class Directory:
    """The organs of one place: every written name and its slug. Plain data in, no I/O."""

    def __init__(
        self, place: str | None, owners: Mapping[str, tuple[_Owner, ...]], wildcards: Mapping[str, tuple[str, ...]]
    ):
        self.place = place
        self._owners = dict(owners)
        self._wildcards = dict(wildcards)
        self._known: dict[tuple[str, date | None], str | None] = {}
        self._similar: dict[str, str | None] = {}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Directory:
        """Build from the data of a directory file: `place`, `organs` with `names`, `wildcards`."""
        place = data.get("place")
        owners: dict[str, tuple[_Owner, ...]] = {}

        def add(text: str, owner: _Owner) -> None:
            present = owners.get(text, ())
            if all(other.slug != owner.slug for other in present):
                owners[text] = (*present, owner)

        short: list[tuple[str, _Owner]] = []
        for organ in data.get("organs", ()):
            for name in ({"text": organ["name"], "kind": "full"}, *organ.get("names", ())):
                years = name.get("seen") or (None,)
                unsure = organ.get("ambiguous") or name.get("ambiguous") or name["kind"] == "misprint"
                owner = _Owner("" if unsure else organ["slug"], years[0], years[-1])
                add(name["text"], owner)
                core = _without_place(name["text"], place)
                if core != name["text"] and core not in _NOT_ALONE:
                    short.append((core, owner))
        for text, owner in short:
            if text not in owners:
                add(text, owner)
        wildcards = {key: tuple(value) for key, value in data.get("wildcards", {}).items()}
        return cls(place, owners, wildcards)

    def resolve(self, name: str, on: date | None = None) -> str | None:
        """The slug of a printed name, with or without 市 or the city's name; None if unknown, ambiguous or a misprint.

        `on` chooses only where two organs of different years own the same text.
        """
        key = (name, on)
        if key not in self._known:
            self._known[key] = self._look_up(name, on)
        return self._known[key]

    def similar(self, name: str) -> str | None:
        """The written form close enough to be meant by a misprint: a proposal for a reader, never a reading.

        Of forms equally close the one that begins alike: an abbreviation is told by its first characters.
        """
        if name not in self._similar:
            sure = [text for text, owners in self._owners.items() if all(owner.slug for owner in owners)]
            near = get_close_matches(name, sure, n=5, cutoff=0.74)
            self._similar[name] = max(near, key=lambda form: _closeness(name, form), default=None)
        return self._similar[name]

    def expand(self, name: str) -> tuple[str, ...]:
        """The slugs a wildcard stands for (各镇区); empty for one whose members are chosen case by case."""
        return self._wildcards.get(name, ())

    def _look_up(self, name: str, on: date | None) -> str | None:
        text = "".join(name.split())
        for form in dict.fromkeys((text, _BRACKETED.sub("", text))):
            for candidate in (form, _without_place(form, self.place)):
                owners = self._owners.get(candidate)
                if owners:
                    return _choose(owners, on)
        return None


def _closeness(name: str, form: str) -> tuple[float, int]:
    differs = (place for place, (one, other) in enumerate(zip(name, form, strict=False)) if one != other)
    return SequenceMatcher(None, form, name).ratio(), next(differs, len(form))


def _choose(owners: Sequence[_Owner], on: date | None) -> str | None:
    if len(owners) > 1 and on is not None:
        owners = [owner for owner in owners if (owner.first or on.year) <= on.year <= (owner.last or on.year)]
    return (owners[0].slug or None) if len(owners) == 1 else None


def _without_place(text: str, place: str | None) -> str:
    if place and text.startswith(place) and len(text) > len(place) + 1:
        return text[len(place) :]
    if text.startswith("市") and not text.startswith("市委") and _own(text)[0] == "level" and len(text) > 2:
        return text[1:]
    return text


EMPTY_DIRECTORY = Directory(None, {}, {})
"""Resolves nothing: for gazettes of a place whose directory is not loaded."""
