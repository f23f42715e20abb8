"""Targets and parameters: which printed figures an organ will be measured on, and which belong to the policy itself.

`find_figures` reads one canon paragraph. One printed figure gives one record. Left out are names with a number, figures
that define a class (`过10亿元企业`), the present state, dates and time limits. Rates, caps, fees and thresholds of a
procedure are parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple, Protocol

from luoshi.gazette.figures import MEASURES, TIME_UNITS, Phrase, find_phrases, last_match
from luoshi.gazette.wording import any_of


class LimitSpan(Protocol):
    """What is read of a time limit: its kind, its normalised value and its span."""

    @property
    def kind(self) -> str:
        """One of by, from, between, within, every."""

    @property
    def value(self) -> str:
        """The normalised date or duration."""

    @property
    def start(self) -> int:
        """First character."""

    @property
    def end(self) -> int:
        """Character behind the last."""


class FoundTarget(NamedTuple):
    """A figure an organ is measured on; offsets count characters of the paragraph."""

    subject: str
    op: str
    value: str
    unit: str
    by: str | None
    baseline: str | None
    aspiration: bool
    start: int
    end: int


class FoundParameter(NamedTuple):
    """A figure of the policy itself: rate, cap, fee, threshold."""

    subject: str
    op: str
    value: str
    unit: str
    start: int
    end: int


_LEFT, _RIGHT = 90, 60  # how far around a figure its meaning is looked for
_PART_END = re.compile(r"[,;。:!?]")
_RATIOS = frozenset(("%", "‰", "个百分点", "百分点", "个点"))
_MONEY = frozenset(("元", "百元", "千元", "万元", "百万元", "千万元", "亿元", "美元", "万美元", "亿美元"))
_COUNTED = frozenset(("个", "项", "条", "类", "种", "家", "名", "位", "级", "次", "件"))
_SIZES = frozenset(("平方米", "立方米", "吨", "米", "千瓦", "兆瓦", "千伏安", "蒸吨", "㎡"))
_OCCASIONS = frozenset(("次", "场", "场次"))


def _any(*lines: str) -> str:
    """Return a pattern for one of the words of some lines."""
    return any_of(" ".join(lines))


def _by_last(*lines: str) -> dict[str, tuple[str, ...]]:
    """Return the words by their last character, longer ones first."""
    words = sorted(" ".join(lines).split(), key=len, reverse=True)
    return {word[-1]: tuple(other for other in words if other[-1] == word[-1]) for word in words}


# --- figures that are no figures of the work -------------------------------------------------------------------------
_NAME_BEFORE = re.compile(r"(?:第|届|其[他余]|(?<![底月日年之以目])前|每|这|该|上述|上列|以下|下列|不?含|[A-Za-z+×/])$")
_COUNTED_BEFORE = ("下设", "目录(", "清单(", "名单(", "(共", "方面共", "方面")
_EACH_BEFORE = re.compile(r"每(?:周转|增加|减少|超过|新增|提高|下降|满|达到?|超)?[^,;。、\d一-龥]{0,3}$")
_ONCE_EVERY = re.compile(
    r"每(?:半?年度?|个?季度?|个?月|周|日|天|[\d一二两三四五六七八九十]{1,2}个?[年月周天])[^,;。增]{0,10}$"
)
_MEETS = re.compile("[^,;。]{0,6}(?:会议|例会)")
_LISTED = re.compile(r"(?:[一-龥()]{2,10}、)+[一-龥()]{2,10}$")
_PLACES = re.compile("直辖市|省|自治区|城市|部门|单位|高新")
"""What is only counted behind a list of its names: `甲省、乙省2个省`, `甲局、乙局等2个部门`."""
_NAME_AFTER = re.compile(r"级|型|量级|期工程|周年|常务会|全体会|全会|[一-龥]?日游|以外的")
_OWN_MEASURES = re.compile("[^,;。、]{0,8}(?:措施|举措|政策|事项)")
_RECOUNTED = re.compile(
    r"(?:(?:调整|增加|精简|归并|合并|扩充|压减)[^,;。]{0,6}[为至到]|(?:实施|出台|提出|制定|印发)的)$"
)
"""What a paper counts of its own measures: `由5项举措增加为7项举措`, `去年出台的5项举措`."""
_AREAS = frozenset(("平方公里", "平方米", "公顷", "亩"))
_AREA_REACHES = re.compile("[^,;。、的]{0,10}面积(?:均|都|要|应|全部|基本)?达到")
"""An area that has to meet something, and no class: `9公顷以上甲区面积达到要求`."""
_CAPACITIES = frozenset(("吨", "千瓦", "兆瓦", "千伏安", "蒸吨"))
_CAPACITY = re.compile("[^,;。、的]{1,12}(?:项目|工程|装置|机组|生产线)")
"""What a size belongs to as part of its name: `抓好6万吨水泥项目`."""
_GENERALITY = re.compile(
    "(?:"
    + _any(
        "方面 环节 步骤 阶段 部分 类别 层次 层面 维度 要素 原则 条件 等级 档次 等次 部门 工作组 小组 专项组",
        "领导小组 委员会 部委 成员 代表 常委",
        "有利于 坚持 确保 转变 必须 统一 结合 到位 实事 大事 月 年度 字 文明 全面 服从 自信 意识 规定 维护 清单",
        "关系 能力 导向 体系 优先 文件 规章 规范性文件 政策性文件",
        "严格 严禁 不得 问题 特点 标准(?!化|厂) 联络员 信息员 分管 负责人 领导 工作人员 专人 科级",
    )
    + ")"
)
_STATE = re.compile(
    _any("现有 目前 截至 截止 已有 已建 已完成 已达 已累计 以来 近年 现状 原有 去年 历年 过去 位于 地处")
)
_STATE_NEAR = re.compile(
    r"(?:下设|设有|下辖|辖|已经|共有|共分|共设|合计|总面积|设(?:主任|组长|副|秘书|总指挥|指挥长))[^,;。、]{0,12}$"
    r"|(?:组长|主任|指挥|指挥长|召集人|秘书长)$"
    r"|(?:(?:确定|部署|明确|提出|列出|安排)的|(?:分解|细化|分列|归纳|梳理)[为成出])$"
)
_NEAR = 18
"""Characters before a figure among which a word of the present state, and what follows it, has room."""
_FUTURE = re.compile(
    _any(
        "提高到 提升到 增加到 提高至 提升至 增加至 扩大到 下降到 降低到 达到 力争 争取 年内 今年 新增 新建 确保",
        "完成 压减 培育",
        r"\d年底?前?,",
    )
)
_DONE = re.compile(r"[成完]?了[^,;。、]{0,4}$")
_WEAK_UNITS = frozenset(("级次", *"种类位届部本分轮门道列对单岁起期篇"))
_ACHIEVING = re.compile(
    _any(
        "达到? 提高 提升 新增 推广 引进 培育 建设 开发 打造 制定 出版 创作 推出 举办 完成 增加 不少于 不低于 至少",
        "超过? 突破 发展 认定",
        "选育 开展 培训 寿命 创排 办好 开办 压减 下降 降低 减少",
    )
)

# --- time as a measure ------------------------------------------------------------------------------------------------
_SHORTENED = re.compile(
    "(?:" + _any("压缩 压减 缩短 精简 缩减 减少 降低 减 优化") + ")(?:至|到|为)?(?:不超过|平均)?$|控制在$"
)
_PRESSED = re.compile(
    f"{_SHORTENED.pattern}"
    "|(?:天数|时间|时长|寿命|学时|课时)[^,;。]{0,6}(?:达到?|不少于|不低于|提高到|提升到|增加到|超过|为|控制在|至少)?$"
)
_DURATION = re.compile(_any("时间 时限 时长 天数 周期 用时 环节 寿命 优良 天气 压缩 缩短"))

# --- Chinese numerals -------------------------------------------------------------------------------------------------
_COUNTING = re.compile(
    "(?:"
    + _any(
        "新?建设? 建成 创建 打造 培育 选取 选择 选定 选树 筛选 引进 新增 完成 举办 办好 组织好? 启动 改造 扶持",
        "争创 争取 申报 认定 招引 培养",
        "评选 推出 新开 增加 增设 开展 开工 投用 布局 落户 签约 实施 召开 配备 确定 制定 修订 出台 编制 发行 推广",
        "开通 拆除 修复 整治 清理",
        "不少于 不低于 至少 达到 超过? 年度 全年",
    )
    + ")[^,;。、]{0,9}$"
)
_NO_COUNT_BEFORE = ("最后", *"数几大的这同各另哪双任十")

# --- parameters -------------------------------------------------------------------------------------------------------
_RATE = re.compile(
    _any(
        "利率 费率 上浮 浮动幅度 担保费 限额 在保余额 贷款额度 授信额度 担保额度 担保期限 起付 封顶 自付 自负 报销",
        "首付 分担(?!率) 分摊 税率",
        "资本金(?:不低于|比例|占) 赔付 赔偿 违约金 滞纳金 罚款 处以(?![上下内]) 收费标准 保费",
    )
)
_EVENT = re.compile(
    _any(
        "死亡(?!率|人数(?:和[^,;。]{0,8})?(?:控制|分别|下降|较|比|不超过)) 重伤 受伤 失踪 被困 中毒 直接经济损失",
        "遇难 紧急转移 倒塌 停电 受灾 烈度 震级 AQI(?!达标) 湿度 评分 计分 满分 加分",
        "扣分 得分 分值 权重 考核[^,;。]{0,12}占",
    )
)
_GIVING = re.compile(
    _any("给予 奖励 补助(?!资金) 补贴(?!资金) 奖补 资助 一次性 最高 元/ 的标准 津贴 奖金 低保")
    + r"|按照?[^,;。]{0,16}(?:标准|比例)|标准(?:为|是|的|发放)|每[人户亩月年次个家名台辆平套吨](?!年)[^,;。]{0,10}$"
)
_GIVING_STRICTLY = re.compile(r"给予|每[人户亩个家名台辆平套吨件]|最高|一次性|标准")
_GIVEN_AFTER = re.compile(r"(?:[\d.]+[百千万]?元)?(?:以内|以下|以上)?的?(?:奖励|补助|补贴|奖补|资助|/|罚款|标准)")
_RAISING = re.compile(
    _any(
        "发放 新增 争取 筹集 落实 投入 投资 到位 完成 实现 安排 达到 突破 增长 收入 总额 规模 产值 销售 营收",
        "增加值 减免 兑现 撬动",
        "降低成本 减轻",
    )
)
_SHARE_GIVEN = re.compile(r"给予|补助|补贴|奖励|贴息|返还|减免|抵扣|下浮|按(?![期时质量需规月季年])照?[^,;。]{0,10}$")
_SHARE_REACHED = re.compile(r"覆盖率|到位率|增长|提高")
_SHARE_AFTER = re.compile(r"的?(?:比例)?(?:给予|予以|补助|补贴|奖励|分担|分摊|贴息|标准|计提|返还)")
_NOT_WHEN = ("小时", "学时", "课时", "工时", "及时", "同时")

_ALLOWED = re.compile("(?<![许认不])可(?:以|在|按|由|享受|申请)[^,;。]{0,16}$")
_OF_PROCEDURE = re.compile("(?:征求意见|公示|公告|公开)[^,;。]{0,8}$")
"""How long a step of a procedure lasts at least: `征求意见时间不少于7个工作日`."""

# --- figures that define a class --------------------------------------------------------------------------------------
_CLASS_NOUN = re.compile(
    "(?:的(?!目标|要求|速度|增速|比例|标准)|大?(?:型|额)?)?(?:"
    + _any(
        "企业 项目 产业 工业 园区 集群 单位 村 镇 乡 小区 场所 建筑 住宅 老年人 老人 人员 人口 青少年 儿童 锅炉",
        "商贸 服务业 水库 工程 养殖",
        "用户 家庭 品牌 产品 规模 骨干 龙头 纳税 重大 重点 优质 大 特大 及以上 医院 酒店 机构 区域 道路 河流 地膜",
        "集聚 门店 街区 商场 超市",
        "建制 燃煤 燃气 集中式 连片 游客 社区",
    )
    + ")"
)
_SIZE_OF = re.compile(r"[一-龥]{2,9}\d")
_PEOPLE_REACHED = re.compile(
    _any("新增 培育 带动 培训 惠及 扶持 覆盖 服务 受益 帮扶 改造 完成 组织 引导 吸引 实现 帮助 达到")
)

# --- subject ----------------------------------------------------------------------------------------------------------
_LEAD_IN = re.compile(
    r"(?:\([一二三四五六七八九十]{1,3}\)|\d{1,2}[.、](?!\d)|[(\)—\-①-⑳、\"“”》《\s]"
    r"|(?:到|至|自|从|截至)?\d{4}年度?(?:—|-|~|至|到)?(?:\d{4}年)?(?:\d{1,2}月)?(?:\d{1,2}日)?[底末]?(?:前|以前|之前|起)?,?"
    r"|\d{1,2}月(?:\d{1,2}日)?[底末]?(?:前|以前|之前)?|"
    + _any(
        "“?十[二三四五六]五”?(?:规划)?期?末",
        "其中 分别 但 且 同时 此外 并且? 以及 和 与 及 或 确保 力争 争取 努力 实现 使 将 到(?!位|账|访) 在 全年 年内",
        "当年 今年 本年度? 年底前?",
        "好 年度 全面 积极 加快 继续 大力 进一步 深入 稳步 推进 推动 抓好 抓实 抓严 落实 实施好? 开展 完成 组织",
        "做好 加强 不断 逐步 要 应",
        "完善 至少 每年 每季度 每月 全市 全区 全县",
    )
    + ")*+"
)
_TRAIL = _by_last(
    "不超过 不高于 不低于 不少于 不得 不应 分别 均 都 各 也 再 要 应 力争 争取 基本 确保 总体 稳定 累计 总数 数量",
    "年均 平均 目标 达 达到 提高 提升 增加 增长 下降 降低 减少 压减 控制 保持 维持 扩大 发展 突破 超 超过 高于 低于",
    "大于 小于 少于 多于 超出 不足 约 近 逾 实现 完成 最高 最低 至少 建成 新建 等 及以上 一般 可 由 从 于 为 至 到",
    "在 的",
    "> < ≥ ≤ =",
)
_BASE_TAIL = re.compile(
    r"(?:(?:较|比|与|到|至)(?:\d{4}年|上一?年|去年)[^,;。]{0,6}|同比|(?:由|从)[^,;。]{0,6}\d[^,;。]{0,14})$"
)
_FOLLOWING = re.compile(r"(?:及?以上|以内|以下|左右)?的?(?P<noun>[^,;。:、()!?\d]{2,24})")
_FOLLOWING_END = re.compile(
    _any("进行 开展 实现 启动 完成 达到 全部 落实 建设$ 的?改造工程 的建设 和 及 与 、 并 投入使用 以上")
)
_FIRST_FIGURE = re.compile(r"(?<![A-Za-z.\d])\d+(?!年)")
_OWN_START = re.compile(r"(?:[、和与及,]|以上|以下|以内|左右)*+")
_VERBS_ONLY = re.compile(
    "(?:"
    + _any(
        "新建 改造 建设 建成 打造 创建 培育 新增 完成 实施 举办 开展 组织 引进 提升 扩建 改扩建 认定 转化 培训",
        "筛选 选取 完善 推进 抓好 抓严",
        "抓实 高标准 新开 增加 设置 设立 配备 发展 扶持 争创 申报 培养 制定 修订 拆除 整治 修复 清理 推广 改建",
        "续建 开工 竣工 办理 选派 建立",
        "出台 评选 推出 办好 签约 落户 启动 投用 开通 发放 查处 检查 化解 争取 支持 服务 资助 招引 选树 选拔 形成",
        "编制 修建 修缮 布局 新认证",
        "力争 年内 计划 先 从 全市 全年 好 等 逐步 实现 落实 重点",
    )
    + ")*+"
)

# --- baseline, aspiration, runs ---------------------------------------------------------------------------------------
_BASE = re.compile(
    r"(?:较|比|相比于?|与)(?P<base>\d{4}年[底末]?|上一?年度?|去年|前一年|上年同期|“?十[一二三四五]五”?(?:末|期末|时期)?)"
)
_FROM = re.compile(r"(?:由|从)(?:[^,;。\d]|\d{4}年){0,8}$")
_TO = re.compile(
    "(?:左右|以上)?[^,;。\\d]{0,8}?(?:"
    + _any("提高 提升 增加 上升 增长 降低? 下降 减少 压缩 压减 缩短 扩大 缩减 精简 调整 减 升 增")
    + ")?(?:到|至|为)"
)
_JOIN = re.compile(r"(?:\(含\))?(?:、|和|与|及|以及|或|/)")
_ONE_YEAR = re.compile(r"20\d\d(?=年)")
_YEARS_RUN = re.compile(r"20\d\d年底?(?:[、和及]20\d\d年底?)+")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:/(\d{4}-\d{2}-\d{2}))?\Z")


_begin = attrgetter("start")


class _Part(NamedTuple):
    """The surroundings of a figure: its part of the sentence on either side, and the sentence before it."""

    left: str
    right: str
    sentence: str


def _surroundings(text: str, phrase: Phrase) -> _Part:
    start, tail = phrase.start, phrase.tail
    before = text[start - _LEFT if start > _LEFT else 0 : start]
    sentence = before.rpartition("。")[2].rpartition(";")[2]
    ending = _PART_END.search(text, tail, tail + _RIGHT)
    right = text[tail : ending.start() if ending else tail + _RIGHT]
    return _Part(sentence.rpartition(",")[2].rpartition(":")[2], right, sentence)


def _quoted(text: str, phrase: Phrase) -> bool:
    """Tell whether the figure stands in a title or a quoted name; quoted words with a comma are a sentence."""
    low = max(0, phrase.start - 60)
    for opening, closing in ("“”", "《》", "‘’"):
        at = text.rfind(opening, low, phrase.start)
        if at < 0 or text.find(closing, at, phrase.start) >= 0:
            continue
        end = text.find(closing, phrase.end, phrase.end + 60)
        if end >= 0 and (opening == "《" or text.find(",", at, end) < 0):
            return True
    return False


def _measures_duration(part: _Part, phrase: Phrase) -> bool:
    """Tell whether a time is itself what is measured: `开办时间压缩至3个工作日`, `优良天数达到260天`."""
    if _PRESSED.search(part.left):
        return _DURATION.search(part.sentence) is not None
    return phrase.before_op is not None and _DURATION.search(part.left) is not None


def _counts_in_words(part: _Part, phrase: Phrase) -> bool:
    """Tell whether a figure in words counts work: `选取三个村`, `超百人`; not names such as `三个代表`."""
    if phrase.unit == "%" or phrase.value == "1":
        return True
    if part.left.endswith(_NO_COUNT_BEFORE):
        return False
    if phrase.after_op == ">=" and phrase.before_op is None:
        return _ACHIEVING.search(part.left) is not None
    if phrase.value in {"100", "1000"} and phrase.end - phrase.start <= 3:
        return phrase.op in {">", ">=", "~"}
    return phrase.op is not None or _COUNTING.search(part.left) is not None


def _is_name(text: str, part: _Part, phrase: Phrase) -> bool:
    """Tell whether the figure belongs to a name, a counting of generalities, or the present state."""
    left, right = part.left, text[phrase.tail : phrase.tail + 10]
    if _NAME_BEFORE.search(left, max(0, len(left) - 2)) or left.endswith(_COUNTED_BEFORE):
        return True
    if "每" in left and phrase.unit not in _MONEY and _EACH_BEFORE.search(left):
        return True
    if phrase.unit not in _RATIOS and _NAME_AFTER.match(right):
        return True
    if phrase.unit in _COUNTED and _GENERALITY.match(right.removeprefix("的")):
        return True
    if phrase.unit in _COUNTED and (
        right.startswith("符合条件")
        or (_RECOUNTED.search(left) and _OWN_MEASURES.match(text, phrase.tail, phrase.tail + 12))
    ):
        return True
    if phrase.unit in _OCCASIONS and _ONCE_EVERY.search(left) and (phrase.value == "1" or _MEETS.match(right)):
        return True
    if phrase.unit == "个" and "、" in left and _LISTED.search(left) and _PLACES.match(right):
        return True
    if phrase.unit == "件" and left.endswith("文件"):
        return True
    if phrase.unit in _WEAK_UNITS and phrase.after_op is None and not _ACHIEVING.search(left):
        return True
    if phrase.unit in _COUNTED and left.endswith("等") and _HONOURS.search(part.sentence):
        return True
    if _since_then(text, phrase):
        return True
    if ("了" in left and _DONE.search(left)) or (
        _STATE_NEAR.search(left, max(0, len(left) - _NEAR)) and not _ACHIEVING.search(left)
    ):
        return True
    if _STATE.search(part.sentence) is None:
        return False
    last = last_match(_STATE, part.sentence)
    return last is not None and not _FUTURE.search(part.sentence, last.end())


_HONOURS = re.compile("命名|表彰|表扬|授予|通报")
_SINCE = re.compile(r"(?:\d{4}年|近年|近[\d一二三四五]年|多年|长期|建[国市县]|党的[\u4e00-\u9fff]{2,6})以?来")
_LONG_SENTENCE = 400


def _since_then(text: str, phrase: Phrase) -> bool:
    """Tell whether the sentence begins by saying what has been reached since then: `2018年以来,…下降20%`."""
    low = max(0, phrase.start - _LONG_SENTENCE)
    if text.find("来", low, phrase.start) < 0:
        return False
    begin = text.rfind("。", low, phrase.start) + 1
    if begin <= low > 0:
        return False
    return _SINCE.match(text, begin) is not None and not _FUTURE.search(text, begin, phrase.start)


def _defines_class(text: str, part: _Part, phrase: Phrase) -> bool:
    """Tell whether the figure says which things are meant: `过10亿元企业`, `300户以上的村`, `60岁以上老年人`."""
    base = phrase.unit.lstrip("万亿千百十")
    if base and base not in MEASURES:
        return False
    left, right = part.left, text[phrase.tail : phrase.tail + 12]
    if left.endswith("(") and phrase.after_op is not None and right.startswith(")"):
        return True
    if (base in _MONEY and _GIVEN_AFTER.match(right)) or right.startswith("的标准"):
        return False
    if phrase.before_op == "<" and right.startswith("的"):
        return True
    if base in _CAPACITIES and not _ACHIEVING.search(left) and _CAPACITY.match(text, phrase.tail, phrase.tail + 16):
        return True
    if base in _SIZES and (_SIZE_OF.match(right) or (phrase.before_op is not None and right.startswith("的"))):
        return True
    if base in _AREAS and _AREA_REACHES.match(text, phrase.tail, phrase.tail + 20):
        return False
    if phrase.after_op in {">=", "<="} and "一" <= right[:1] <= "龥" and right[:1] not in "和与及或并":
        return right.startswith("的") or not (base in {"人", "人次", "户"} and _PEOPLE_REACHED.search(left))
    over = phrase.before_op not in {None, "~"} or left.endswith(("过", "超", "达", "达到", "突破"))
    return over and _CLASS_NOUN.match(right) is not None


def _is_condition(text: str, part: _Part, phrase: Phrase) -> bool:
    """Tell whether the figure is the threshold of a rule: `低于70%时`, `逾期30天以上的,`."""
    tail = phrase.tail
    if text.startswith("时", tail):
        return not text.startswith(("时间", "时限"), tail)
    end = tail + len(part.right)
    if end >= tail + 40 or end >= len(text):
        return False
    if part.right.endswith("时"):
        return not part.right.endswith(_NOT_WHEN)
    return part.right.endswith("的") and text[end] in ",;:"


def _is_parameter(text: str, part: _Part, phrase: Phrase) -> bool:
    """Tell whether the figure is the policy's own: rate, cap, fee, grant, threshold."""
    if (phrase.symbol and not phrase.unit) or part.right.startswith("的标准"):
        return True
    if _is_condition(text, part, phrase) or "罚款" in part.right or _RATE.search(part.sentence):
        return True
    if phrase.unit in TIME_UNITS and _OF_PROCEDURE.search(part.left):
        return True
    if "可" in part.left and _ALLOWED.search(part.left):
        return True
    if phrase.unit in _MONEY or phrase.unit.startswith("元/"):
        if _GIVING.search(part.left) or _GIVEN_AFTER.match(part.right):
            return not _RAISING.search(part.left) or _GIVING_STRICTLY.search(part.left) is not None
        return "给予" in part.sentence and not _RAISING.search(part.left)
    if phrase.unit in _RATIOS or phrase.unit == "倍":
        if _SHARE_GIVEN.search(part.left):
            return not _SHARE_REACHED.search(part.left)
        return _SHARE_AFTER.match(part.right) is not None
    return False


def _without_trail(subject: str) -> str:
    """Take off the verbs and adverbs between the thing measured and its figure: 利用率分别达到 -> 利用率."""
    while subject:
        for word in _TRAIL.get(subject[-1], ()):
            if subject.endswith(word):
                subject = subject[: -len(word)]
                break
        else:
            break
    return subject


def _clean_subject(subject: str) -> str:
    lead = _LEAD_IN.match(subject)
    if lead:
        subject = subject[lead.end() :]
    subject = _without_trail(subject)
    reference = _BASE_TAIL.search(subject, max(0, len(subject) - 24))
    if reference:
        subject = _without_trail(subject[: reference.start()])
    return subject.lstrip("、和与及的“”()— ").rstrip("、的“”(— ")


def _subject(text: str, part: _Part, phrase: Phrase, since: int) -> str:
    """Return the noun phrase measured: before the figure for ratios, usually behind it for counts.

    `since` is the end of the figure before: what lies in front of it belongs to that one.
    """
    own_start = phrase.start - len(part.left)
    own = text[max(since, own_start) : phrase.start]
    skip = _OWN_START.match(own)
    own = own[skip.end() :] if skip else own
    ratio = phrase.unit in _RATIOS
    listed = since > own_start and own.endswith(("、", "和", "与", "及")) and not ratio
    before = "" if listed else _clean_subject(own)
    if before.endswith("投资"):
        return before
    if not before or (not ratio and _VERBS_ONLY.fullmatch(before)):
        following = _FOLLOWING.match(text, phrase.tail)
        if following:
            noun = following["noun"]
            stop = _FOLLOWING_END.search(noun, 2)
            noun = (noun[: stop.start()] if stop else noun).strip("的“”")
            if len(noun) >= 2:
                return noun
    if before:
        return before[-40:]
    earlier = part.sentence.rsplit(",", 2)[-2] if "," in part.sentence else ""
    return _clean_subject(_FIRST_FIGURE.split(earlier, maxsplit=1)[0])[-40:]


def _deadlines(text: str, limits: Sequence[LimitSpan]) -> list[tuple[int, int, str]]:
    """Return (start, end, last day) of the limits by which a figure can be dated."""
    found = []
    for limit in limits:
        if limit.kind not in {"by", "between"} or text[max(0, limit.start - 1) : limit.start] in {"较", "比", "与"}:
            continue
        match = _ISO.match(limit.value)
        if match is not None:
            found.append((limit.start, limit.end, match[1] or limit.value))
    return found


def _by(deadlines: Sequence[tuple[int, int, str]], text: str, phrase: Phrase, inherited: str | None) -> str | None:
    """Return the date by which the figure holds: nearest date before it, else one right behind it, else inherited.

    A year holds for the sentences after it too, a month or a day for its own sentence.
    """
    found: str | None = None
    for start, end, day in deadlines:
        if end <= phrase.start + 1:
            near = phrase.start - end < _LONG_SENTENCE and text.find("。", end, phrase.start) < 0
            if near or "月" not in text[start:end]:
                found = day
            continue
        between = text[phrase.tail : start] if start - phrase.tail < _LEFT else "。"
        if found is None and not _PART_END.search(between):
            found = day
        break
    return found or inherited


_IN_YEAR = re.compile(r"(?<![较比与])(?<!\d)(20\d\d)年度?(?!以来|底|末|前)[^\d,;。、]{0,14}$")


def _own_year(part: _Part) -> str | None:
    """Return the last day of the year that stands before the figure in its part: `其中2018年120座`."""
    match = _IN_YEAR.search(part.left) if "年" in part.left else None
    return f"{match[1]}-12-31" if match is not None else None


def _baseline(part: _Part) -> str | None:
    if not ("较" in part.left or "比" in part.left or "与" in part.left):
        return None
    last = last_match(_BASE, part.left)
    return last["base"] if last else None


def _runs(text: str, phrases: list[Phrase]) -> tuple[list[str], set[int]]:
    """Return the comparison of each figure, and which figures continue a run.

    Figures joined by 、 or 和 (`分别达到90%和60%以上`) share what is printed once for them all.
    """
    ops = [phrase.op or "=" for phrase in phrases]
    continuing: set[int] = set()
    if len(phrases) == 1:
        return ops, continuing
    first = 0
    for index in range(1, len(phrases) + 1):
        if index < len(phrases):
            before, here = phrases[index - 1], phrases[index]
            if (
                here.unit == before.unit
                and 0 < here.start - before.tail <= 6
                and _JOIN.fullmatch(text, before.tail, here.start)
            ):
                continuing.add(index)
                continue
        if index - first > 1:
            shared = phrases[first].before_op or phrases[index - 1].after_op
            for member in range(first, index):
                ops[member] = phrases[member].after_op or shared or ops[member]
        first = index
    return ops, continuing


def _dates_apart(text: str, phrases: list[Phrase], continuing: set[int]) -> dict[int, str]:
    """Return the last day of the figures that share a verb and have a year each: 到2022年、2025年分别达到80%、100%."""
    found: dict[int, str] = {}
    if "分别" not in text:
        return found
    for first in range(len(phrases)):
        if first in continuing or first + 1 not in continuing:
            continue
        last = first + 1
        while last + 1 in continuing:
            last += 1
        start = phrases[first].start
        before = text[max(0, start - _LEFT) : start].rpartition("。")[2].rpartition(";")[2]
        run = last_match(_YEARS_RUN, before)
        years = _ONE_YEAR.findall(run[0]) if run and "分别" in before[run.end() :] else []
        if len(years) == last - first + 1:
            found.update((first + place, f"{year}-12-31") for place, year in enumerate(years))
    return found


def find_figures(
    text: str, limits: Sequence[LimitSpan], by: str | None, policy: bool
) -> tuple[list[FoundTarget], list[FoundParameter]]:
    """Return the targets and the parameters of one canon paragraph, each in the order printed.

    `limits` are the paragraph's time limits, `by` the date an opening sentence gave (ISO), and `policy` says that the
    instrument is rules (办法, 细则), whose figures are parameters.
    """
    phrases = find_phrases(text)
    targets: list[FoundTarget] = []
    parameters: list[FoundParameter] = []
    if not phrases:
        return targets, parameters
    ops, continuing = _runs(text, phrases)
    apart = _dates_apart(text, phrases, continuing) if continuing else {}
    ordered = sorted(limits, key=_begin) if len(limits) > 1 else limits
    deadlines = _deadlines(text, ordered)
    quotes = "“" in text or "《" in text or "‘" in text
    position = dated = 0
    since, subject = 0, ""
    origin: tuple[int, str] | None = None
    for index, (phrase, op) in enumerate(zip(phrases, ops, strict=True)):
        part = _surroundings(text, phrase)
        while position < len(ordered) and ordered[position].end <= phrase.start:
            position += 1
        in_limit = position < len(ordered) and ordered[position].start < phrase.end
        if ("由" in part.left or "从" in part.left) and _FROM.search(part.left) and _TO.match(text, phrase.end):
            origin = (phrase.end, text[phrase.start : phrase.end])
            continue
        if phrase.unit in TIME_UNITS:
            if not _measures_duration(part, phrase) or (in_limit and not _SHORTENED.search(part.left)):
                continue
        elif in_limit and (phrase.unit in _OCCASIONS or phrase.value == "1"):
            continue
        if phrase.word and not _counts_in_words(part, phrase):
            continue
        if (quotes and _quoted(text, phrase)) or _is_name(text, part, phrase):
            continue
        event = _EVENT.search(part.left) or _EVENT.search(part.right)
        if not event and _defines_class(text, part, phrase):
            continue
        if not subject or not (phrase.range_end or index in continuing):
            subject = _subject(text, part, phrase, since) or (subject if "。" not in text[since : phrase.start] else "")
        since = phrase.tail
        if policy or event or _is_parameter(text, part, phrase):
            parameters.append(FoundParameter(subject, op, phrase.value, phrase.unit, phrase.start, phrase.end))
        else:
            near = origin is not None and phrase.start - origin[0] < 16
            baseline = origin[1] if near and origin is not None else _baseline(part)
            while dated + 1 < len(deadlines) and deadlines[dated + 1][1] <= phrase.start + 1:
                dated += 1
            day = apart.get(index) or _own_year(part) or _by(deadlines[dated : dated + 2], text, phrase, by)
            hoped = "力争" in part.sentence
            span = phrase.start, phrase.end
            targets.append(FoundTarget(subject, op, phrase.value, phrase.unit, day, baseline, hoped, *span))
        origin = None
    return targets, parameters
