"""Duties stated in running text: the subject of a sentence (or 由 ...) is an organ, and the sentence binds it.

A sentence is read part by part between commas. A part states a duty when it begins with a run of organs, or has one
after 由, followed by a word that binds (要, 应当, 负责 ...) or by a plain verb of procedure. Conditions (…后, …时),
definitions, permissions and prohibitions state none; nor do private parties.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from luoshi.gazette.organs import Level, is_local, is_of_a_task, is_vague, split_organs
from luoshi.gazette.wording import any_of, ends_in, first_of, last_of, words_of


class Statement(NamedTuple):
    """A duty in running text: who leads and cooperates, and the span of text that states it."""

    start: int
    end: int
    lead: tuple[str, ...]
    cooperating: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool


_BODY = r"""
    人民政府办公室 人民政府 政府 党委 党工委 管委会 委员会 安委会 食安委 委办 街道办事处 办事处 办公室 办公厅 指挥部
    领导小组 指挥长 工作专班 专班 联席会议 工作组 小组 协调组 部门 单位 机关 机构 责任主体 中心 局 厅 法院 检察院 支队
    大队 镇区 镇街 乡镇 街道 镇 区县 县区 县市区 村委会 居委会 两委 卫生院 医院 学校 园区 开发区 新区 银行 公司 联社
    成员 总指挥 召集人 负责人 负责同志 组长 局长 主任 市长 县长 区长 镇长 乡长 书记 人员 网格员 民警 委 办 院 处 站
    派出所 研究所 卫生所 司法所 监管所 事务所 科 室 部 组 社区 社区\(村\) 村\(社区\) 乡\(镇\) 各县 各区 各市
    各乡 各村 各地 其他县 其他区
    试点地区 试点城市 联合会 工会 各省份 总署 公署 行署 审计署 分行 支行 河长 湖长 林长 田长 链长 路长 楼栋长
    护林员 协管员 巡查员 残联 妇联 工商联 文联 侨联 科协 作协 红十字会 供销社 信用社 档案馆 图书馆 博物馆 文化馆 气象台
    电视台 中队 总队 工作队 党校 林场 行政村 集团 防指 府分管领导 财政所 市财政 县财政 区财政 省财政 镇财政 级财政"""
"""How the name of a body ends."""
_BINDING = r"""
    应当 应该 应(?!急|对(?:重|突|气|措|能|工作|疫|灾|处)) 必须 须(?!知) 需要 需(?!求) 要(?!求|点|素)
    负责(?!人|同志) 将 牵头(?!单位|部门) 均(?!由) 都 也要 还要 承担 有义务 有责任"""
_PLAIN = r"""
    会同 联合 组织(?!部) 协调 协同 协助 协商 配合 开展 制定 制订 编制 建立 完善 加强 审核 审查 审批 审定 办理 受理
    报(?![刊社告]) 提出 提交 汇总 通报 公布 公示 公告 发布 批复 向 对 按照 按 根据 依据 依照 结合 在 于 为(?!主)
    以(?=[^,。]{1,10}为单位) 就(?=[^业是地近医学读餐职任绪此算能会可])
    作为 凭 收到 接到 接(?![任替班续]) 发现 据实 通过 做好 抓好 落实 履行 指导 监督 检查 督促 督导 督查 推进 推动 实施
    选择 确定 签订 签署 出具 移交 处置 处理 告知 函告 定期 每年 每月 每季度 每半年 每周 每日 每天 每个 及时 统一
    具体(?!任务|目标|情况|措施|办法|要求|内容|职责|分工|事项|名单) 共同 分别 积极
    切实 进一步 严格 认真 充分 主动 统筹 全面 依法 研究 拟定 起草 召集 主持 派出 选派 安排 设立 成立 指定 明确
    配备 提供 给予 予以 拨付 支付 划转 核定 核实 核查 核发 评估 考核 验收 备案 登记 适时 管理 使用 保障 支持
    引导 帮助 进行 参照 自(?!行|愿|主|然) 从 利用 运用 依托 围绕 把 启动 发出 下达 下发 调度 分解 细化 梳理 清理
    整改 反馈 答复 作出 采取 采用 确保 保证 不断 加快 加大 强化 深化 优化 健全 先 再 最终 逐级 逐步 随时 立即
    应急 至少 重点(?!工作|任务|项目|领域|企业|产业|行业|区域|工程) 主要负责(?!人|同志) 责令 查处 处以 视情
    每[一两二三四五六0-9] 增加 停止 执行 约谈 服从 接受 执法 巡查 监测 预测 预报 研判 会商 签发 撰写 填制 填写 张榜
    主管(?!部门|单位|机关|机构|人员|局) 搞活 视作 委托 未按 未 组成 是 提请 掌握
    解决 拟订 申报 征求 转报 送达 处罚(?!决定|标准) 吊销 没收 认定(?!标准|条件|办法|程序|结果) 组建 养护 收取
    征收(?!办|中心) 颁发 发放 注销 撤销 收回 返还 办成
    完成 推行 出台 印发(?=[^的了《后时]{3}) 年内 每半月
    遇(?!难|险|害) 力争 争取 用(?=[0-9一二两三]{1,2}(?:个月|年)) 实行(?![^,。;]{0,12}制(?:度|$|[,。;]))"""
_DAY_NUMBER = (
    r"(?=[0-9]{0,3}(?:(?:年[0-9]{1,2})?月(?:[0-9]{1,2}日|底|末|份|[上中下]旬)?(?:之?前|以前)|年?[底末](?:之?前|以前)"
    r"|年(?:要(?!求|点)|将|应当|须|[至到][0-9]{4}年)|个?(?:工作日|小时)(?:之|以)?内|[日天](?:之|以)?内)(?!的))"
)
_PLAIN += " ".join(("", *(f"{digit}{_DAY_NUMBER}" for digit in "123456789"), "年底前"))
"""The date of what is to be done may stand right behind its body: `市甲局6月底前完成`, `市乙局3个工作日内答复`."""
_BOUND = any_of(_BINDING)
_DOES = any_of(_BINDING + _PLAIN)
_NOT_BINDING = r"(?!不得|不准|可|可以|有权|系|属|包括|指|所|的|之|内|间|中|等有关规定)"
_NOT_A_NAME = (
    r"(?!的|(?:管理|服务|执法|监督|建设|主管|工作|行政)(?:部门|机构|单位|局|办|处|室|站|所|中心|公司|人员|委员会|小组)"
    r"|部门|机构|单位|办公室|中心|公司|人员|委员会|小组|室(?![内外])|局)"
)
_ADVERBS = """
    原则上 按照?各?自?的?(?:职责|职能|权限|分工)(?:分工)? 分别 共同 具体 主要 统一 也 还 均 都 各自"""
_ADVERB = f"{any_of(_ADVERBS)}?"
_PREFIXES = any_of(
    """其中 同时 并且 并 再 先 最终 最后 然后 随后 必要时 原则上 此外 另外 特别是 尤其是 请 如 由 再由 均由 统一由 应由
    具体由 分别由 则由 最终由 一是
    二是 三是 四是 五是 六是 七是 八是 九是 十是"""
)
_PREFIX = f"{_PREFIXES}?"
_RUN = (
    rf"[\u4e00-\u9fff、,()〔〕]{{0,120}}?(?={first_of(_BODY)}){any_of(_BODY)}(?:\((?!以下|[下简统]称|下同|包?含|包括)[\u4e00-\u9fff、]{{1,60}}\))?"
    r"(?:等[\u4e00-\u9fff]{0,8}?(?:部门、单位|部门|单位|机构|地方|方面)?(?<!主))?"
)
_NOTE = r"(?:\([^()]{2,60}\))?"
_FIRST = first_of(f"{_ADVERBS} {_BINDING} {_PLAIN}")
_VERB = rf"(?P<verb>(?P<binding>{_BOUND})|{_DOES})"
_OF_WHICH = r"(?!(?<=承担|负责|履行)[\u4e00-\u9fff、]{2,24}(?:职责|职能|工作|任务)的(?:部门|机构|机关))"
"""What the words behind a body's name do not say: `各区承担巡查职责的机构`."""
_AFTER = rf"(?={_FIRST}){_ADVERB}{_NOT_BINDING}{_VERB}{_NOT_A_NAME}{_OF_WHICH}"
_SUBJECT = re.compile(rf"{_PREFIX}(?P<run>{_RUN}){_NOTE}{_AFTER}")
_BY_WHOM = re.compile(rf"由(?<![自来理缘]由)(?P<run>{_RUN}){_NOTE}{_AFTER}")
_WHOLE = re.compile(rf"{_PREFIX}(?P<run>{_RUN}){_NOTE}$")
_SEATED = re.compile(rf"(?P<run>{_RUN}){_NOTE}设在")
_MEETS = first_of(f"{_ADVERBS} {_BINDING} {_PLAIN} , ( 设在")
_PLACE_LAST = "[市县区州旗]"
_SECOND_PLACE = "|".join(rf"(?<={_PLACE_LAST}[、和][\u4e00-\u9fff]{{{length}}}{_PLACE_LAST})" for length in (1, 2, 3))
_PLACES = re.compile(
    rf"{_PREFIX}(?P<run>(?:[\u4e00-\u9fff]{{1,3}}{_PLACE_LAST}[、和])+[\u4e00-\u9fff]{{1,3}}{_PLACE_LAST})(?:均|都|也|还)?"
    r"(?:应当|应(?!急)|必须|要(?!求|点|素)|负责(?!人|同志))(?!不得)"
)
"""Several places that have to do something: `甲区、乙县要…`."""
STATEMENT_SIGN = re.compile(
    rf"{last_of(_BODY)}(?={_MEETS})(?:{ends_in(_BODY)}|(?<={_PLACE_LAST})(?:{_SECOND_PLACE}))(?:\([^()]{{1,60}}\))?(?:,|设在|{_ADVERB}{_DOES})"
)
"""The last character of a body's name where a verb follows: only parts with such a place are read at all."""
_PARTNERS = re.compile(rf"(?:会同|联合|商)(?P<run>{_RUN})(?=[,。;]|$|{_DOES}|等|抓紧|尽快|认真|研究|另行)")
_GOES_ON = re.compile(rf"{_ADVERB}(?:并|并且|同时|还|也)?{_DOES}")
_GOES_ON_IN_TIME = re.compile(
    rf"(?:[在于]?(?:\d{{1,3}}|[一二两三四五六七八九十]{{1,3}})个?(?:工作日|日|天|小时|分钟|月)(?:之|以)?内)?{_GOES_ON.pattern}"
)
_CONDITION = re.compile(r"(?:后|时|前|的|之日起|期间|之后|以前|以后|情况下|过程中|基础上|范围内|情形|原因)$")
_PERMITS = re.compile(r"(?:也|均|都)?(?:可以|可|有权)")
_UNBOUND = re.compile(rf"(?:一律|均|也|都|应|应当|要)?(?:不得|不准|不予|禁止|严禁)|{_PERMITS.pattern}")
_IS_BODY = re.compile(r"是[^,;。()]{0,30}(?:主体|单位|机构|部门|责任人|机关)(?:\([^()]{2,40}\))?$")
LONGEST_RUN = 60
_COLON = re.compile(rf"(?P<run>{_RUN}):(?=.)")
_PRIVATE_WORDS = any_of(
    r"""
        企业 养殖户 养殖场 业户 经营者 经营单位 生产单位 用人单位 施工单位 监理单位 建设单位 物业 申请人 当事人
        买受人 出卖人 农户 个人 群众 居民 公民 双方 合作社 中介机构 担保机构 培训机构 社会组织 行业协会 项目公司
        用户 法人 举报人 投诉人 消费者 供应商 采购人 任何单位 排污单位 排放单位 餐饮单位 投资方 社会资本方 第三方.{0,8}
        行业 监护人 患者 家长 人群 家庭 经营公司 有限公司 处理中心 金融组织 处置单位 运输单位 产生单位 供应单位 销售单位
        勘察单位 设计单位 检测机构 鉴定机构 评估机构 代理机构
        用地单位 用水单位 用工单位 缴费单位 产权单位 承包单位 承租单位 出租单位 制造单位 维修单位 出版单位 收费单位
        竞买人 竞得人 投标人 中标人 受让人 承租人 出租人 承包人 发包人 权利人 义务人 所有权人 使用权人 使用人 纳税人
        缴费人 参保人 被征收人 借款人 被保险人 受益人 申报人 经营人 持证人 承运人 车主 业主
        占用单位 遇险人员 困难人员 失业人员 科研人员 驾驶人员 操作人员 家属 家庭成员"""
)
_PRIVATE = re.compile(f"{_PRIVATE_WORDS}$")
_OFFICIAL = re.compile(r"项目建设单位|代建单位|实施单位|行业主管|建设单位主管")
_ROLE = frozenset(
    words_of(
        """
    成员 主任 副主任 组长 副组长 负责人 人员 单位 部门 机构 机关 全部 内部 外部 一个部门 一处 公司 银行 园区
    学校 医院 社区 镇 街道 城镇 农村 办 局 委 所 站 处 室 科 院 部 组 书记 局长 主管部门 召集人
    副召集人 总指挥 副总指挥 指挥长 副指挥长 社会 城市 乡村"""
    )
)
_OPENS_WITH_VERB = re.compile(
    any_of(
        r"""
        加强 推进 完善 建立 健全 对 在 向 将 把 与 和 及 从 为 以 按 经(?!信|济|发|贸|开|管|营|办机构) 据 因 凡 给 让
        使 包括 通过 组织(?!部|、) 成立 设立 确定 明确 要 应(?!急) 也 可 是 若 如 除 鼓励 支持 引导 督促 推动 促进
        发挥 落实 充分 严格 强化 实行 实施 开展 做好 全面 积极 不断 进一步 深入 依托 利用
        领导(?!小组|班子|机构)
        协调(?!办|组|机构|小组) 指导 监督(?!管理|检查组) 配合(?!单位|部门) 协助(?!单位|部门)
        协同(?!单位|部门|配合单位|配合部门) 会同 联合 涉及 根据 按照 申请 未 不(?!动产) 无
        有(?!关) 该项 此 本次 上述企业 加盖 附 重视 切实 引入 到 优先 选择 采用 采取 坚持 优化 构建 培育
        保障(?!组|部门) 确保 保证 倡导 迅速 定期 负责 报 会商 移送 依法 依规 用于 违法 国际 委托 授权 通知 抄送
        征求 广泛 发现 学习 成片 紧扣 一并 做到 提请 认真 提高 提升 拓展 扩大 持 凭 享受 接受 参与(?!单位|部门)
        参加(?!单位) 聘请 邀请 服从 借鉴 畅通 完成 启动 满足 需 须 仍 受 被 各类企业 具有 存在 属于 围绕 聚焦 突出
        抓好 抓实 继续 持续 增强 改善 改革(?!办|委) 创新 打造 搭建 举办 开通 开放 取消 减少 增加 缩短 简化 规范 整合
        推广 推行 试行 普及 宣传(?!部|组) 普查 排查 摸清 整治(?!办|领) 打击 查处 严厉 严肃 追究 处理 处置(?!组)
        救助(?!管理|站) 安置 安排 征收(?!办|中心) 返还 每[天日月年季周半] 严禁 禁止 强制 分类 限期 责令 收取
        设立 汇总(?!单位|部门) 收集 整理 配备 允许 准许 探索 比照 参照 指定 准予 责成 争取 放宽 赋予 授予
        事先 必须 结合 上报 送 交(?!通|警|投|易|管|建|战|行)
        转送 转递 转交 批转 移交 发给 通报 形成 衡量 撤销 行使 尊重 尽 听从
        但 曾 出具 阻碍 奖励 面向 防止 聚力 更 加快 扩建 依照 显示 本市鼓励 本市对 建好 加大 帮助"""
    )
)
_HOLDS_VERB = re.compile(
    any_of(
        r"""
        的(?!主要负责同志|主要负责人|负责同志|负责人|分管负责同志|市人民政府|市政府)
        由 或 完成 不得 未经 [案划书录]经 委托 鼓励 送交
        (?<![所驻潜])在(?![建线职校编册外地押])
        报(?=市|省|县|区|请|送) 同志任 负责(?!人|同志) 决定 移送 追究 仅限 属于 纳入 提交 送(?=领导|市|省) 凭
        以及其 应(?!急) 需要 实行 经过 所指 所称 或者 给予 设在 下设 适用 资金 来源 反馈 以(?![外上下内])
        企业(?![服家发局]) 行使 (?<![面导方走取意动])向(?=[市县区省各公本上所国同有])
        [“”] (?:布|格|大|全|结|时)局$ [全内外]部$ 要站$ 网站$ (?:督|交|举|兴|开|代|快|速|(?<!督)查)办$"""
    )
)
_FORM = re.compile(
    r"^(?:全|我|本)?(?:市|县|区|省)(?:\([市县区省州、]{1,7}\))?|(?:行政)?主管部门$|部门$|管理局$|局$|委$|厅$"
)


@lru_cache(maxsize=16384)
def core(name: str) -> str:
    """Return the words of a name that tell its field: 市环保局 and 环保部门 both give 环保."""
    stripped = _FORM.sub("", _FORM.sub("", name.replace("各", "")))
    return stripped or name


_OWN_LEVEL = re.compile("(?:全|我|本)?(?:市(?!场|容|政(?!府))|县|区(?!域)|省|镇(?!街)|乡(?!村))")
_EACH_BELOW = re.compile("各[县市区旗镇乡街]")


@lru_cache(maxsize=16384)
def same_body(one: str, other: str) -> bool:
    """Return whether two names are two forms of one body (环保部门 beside 市环保局)."""
    if one == other or (("各" in one or "各" in other) and one.replace("各", "") == other.replace("各", "")):
        return True
    if (_EACH_BELOW.match(one) is None) != (_EACH_BELOW.match(other) is None):
        return False
    if is_of_a_task(one) or is_of_a_task(other) or one.endswith("政府") != other.endswith("政府"):
        return False
    level, others = _OWN_LEVEL.match(one), _OWN_LEVEL.match(other)
    if level is not None and others is not None and level[0][-1] != others[0][-1]:
        return False
    a, b = core(one), core(other)
    if len(a) < 2 or len(b) < 2:
        return False
    if a == b:
        return True
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    return (one.endswith("部门") or other.endswith("部门")) and _abbreviates(short, long)


def _abbreviates(short: str, long: str) -> bool:
    place = -1
    for char in short:
        place = long.find(char, place + 1)
        if place < 0:
            return False
    return long[0] == short[0]


_AFTERWARDS = re.compile(r"^[\u4e00-\u9fff]{2,8}?(?<!善)后(?![勤备续方台期])(?=[\u4e00-\u9fff]{3})")
"""What has to happen before the body acts: 补偿后合作银行应当…"""


_Bodies = tuple[tuple[str, ...], tuple[str, ...], bool]


@lru_cache(maxsize=32768)
def bodies(run: str, level: Level) -> _Bodies | None:
    """Return (names, local names among them, open-ended) of a subject run, or None when it names no bound body."""
    if "后" in run:
        run = _AFTERWARDS.sub("", run)
    if run.startswith(("我市", "我县", "我区", "我省")):
        run = run[1:]
    if len(run) < 2 or run.count("(") != run.count(")") or (_OPENS_WITH_VERB.match(run) and not is_of_a_task(run)):
        return None
    parsed = split_organs(run, level)
    names = [_one_of_two(name) for name in (*parsed.names, *parsed.local) if not is_vague(name)]
    if not names or any(not _names_body(name) and (name not in _AMONG_OTHERS or len(names) < 2) for name in names):
        return None
    local = tuple(name for name in names if name in parsed.local or is_local(name, level))
    return _in_order(run, names), local, parsed.open_ended


_AMONG_OTHERS = frozenset(("街道", "学校", "社区", "医院"))
"""Words for places as well as bodies: bodies where they stand in a row with others."""


def _one_of_two(name: str) -> str:
    """X或X委托Y names X; 社区(村)或单位 names nobody in particular."""
    first, _, second = name.partition("或")
    return first if second and second.startswith(first) else name


_LONGEST_BODY = 34
"""No name of a body has more characters, those in a bracket at its end aside."""


def _names_body(name: str) -> bool:
    """Return whether a name can be a bound body: no verb in it, no bare role word, no private party."""
    if is_of_a_task(name):
        return not _PRIVATE.search(name)
    return (
        len(name) >= 2
        and (len(name) <= _LONGEST_BODY or (name[-1] == ")" and name.rfind("(") <= _LONGEST_BODY))
        and name not in _ROLE
        and not _OPENS_WITH_VERB.match(name)
        and not _HOLDS_VERB.search(name)
        and not (_PRIVATE.search(name) and not _OFFICIAL.search(name))
    )


def _in_order(run: str, names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: _place_in(run, name))) if len(names) > 1 else tuple(names)


def _place_in(run: str, name: str) -> int:
    """Return where a run prints a name; the 市 or 部门 that the run shares may not stand there."""
    if run.startswith(f"{name[0]}、"):
        return 0
    own = name.removesuffix("部门")
    return next((place for form in (name, own, own[1:], own[-2:]) if (place := run.find(form)) >= 0), len(run))


_STOP = re.compile("[。;!?]")
_DEFINES = re.compile("所称|是指")
_start_of = re.Match.start


def find_statements(
    text: str, level: Level, covered: Sequence[tuple[int, int]] = (), signs: Sequence[int] | None = None
) -> list[Statement]:
    """Return the duties stated in a canonical paragraph; `covered` are spans of it (marks) that are no sentences.

    `signs` are the places of `STATEMENT_SIGN` in it, where they are known already.
    """
    found: list[Statement] = []
    gates = signs if signs is not None else [*map(_start_of, STATEMENT_SIGN.finditer(text))]
    if not gates:
        return found
    stops = [*map(_start_of, _STOP.finditer(text)), len(text)]
    defines = "所称" in text or "是指" in text
    accuses = "职权" in text or "职守" in text or "徇私" in text
    position = mark = 0
    last = len(gates)
    while position < last:
        first = position
        stop = bisect_left(stops, gates[first])
        start, done = stops[stop - 1] + 1 if stop else 0, stops[stop]
        position = bisect_left(gates, done, position)
        while mark < len(covered) and covered[mark][1] < done - 2:
            mark += 1
        if defines and _DEFINES.search(text, start, done):
            continue
        if done - start > 5 and not (mark < len(covered) and covered[mark][0] <= start + 2):
            found.extend(_in_sentence(text, start, done, gates[first:position], level, accuses=accuses))
    return found


_PART = re.compile(r"(?:[^,:()]++|\([^()]{0,80}\)|[()])+")


_GROUNDS = frozenset(("根据", "按照", "按", "依据", "依照", "结合", "在", "于", "对", "凭"))


_NEAR = 40
"""How many parts after one can bear on it."""


class _Head(NamedTuple):
    """The subject of one part of a sentence."""

    place: int
    lead: tuple[str, ...]
    cooperating: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool


def _in_sentence(
    text: str, start: int, end: int, places: Sequence[int], level: Level, *, accuses: bool
) -> list[Statement]:
    parts = _parts(text, start, end)
    heads: list[_Head] = []
    gate = 0
    accused = _MISCONDUCT.search(text, start, end) if accuses else None
    for position, (place, words) in enumerate(parts, start=1):
        if places[gate] >= (after := place + len(words)):
            continue
        if accused is not None and _accuses(parts[position - 1 : position + 3], accused.start()):
            continue
        head = _read_part(place, words, parts[position : position + _NEAR], level)
        if head is not None and not (heads and set(head.lead) <= set(heads[-1].cooperating)):
            heads.append(head)
        if (gate := bisect_left(places, after, gate)) == len(places):
            break
    found: list[Statement] = []
    begin = start
    for index, (_, lead, cooperating, local, open_ended) in enumerate(heads, start=1):
        stop = heads[index].place if index < len(heads) else end
        found.append(Statement(begin, stop, lead, cooperating, local, open_ended))
        begin = stop
    return found


def _parts(text: str, start: int, end: int) -> list[tuple[int, str]]:
    """The parts of a sentence between commas and colons, each with its place; a bracket belongs to its part."""
    sentence = text[start:end]
    if "(" in sentence or ")" in sentence:
        return [(match.start(), match[0]) for match in _PART.finditer(text, start, end)]
    parts: list[tuple[int, str]] = []
    for words in sentence.replace(":", ",").split(","):
        if words:
            parts.append((start, words))
        start += len(words) + 1
    return parts


def _read_part(place: int, words: str, rest: list[tuple[int, str]], level: Level) -> _Head | None:
    """Read one part between commas; `rest` are the parts after it, which a condition or a bare subject leans on."""
    match = _SUBJECT.match(words)
    if "位为" in words and (named := _NAMED_AS.match(words)) is not None:
        parsed = bodies(named["run"], level)
        return _Head(place, parsed[0], (), parsed[1], parsed[2]) if parsed is not None else None
    if rest and "立" in words and (group := _group_set_up(words, rest[0][1], level)) is not None:
        return _Head(place, group, (), (), False)
    if (
        match is not None
        and not _UNBOUND.match(words, match.start("verb"))
        and (parsed := bodies(match["run"], level)) is not None
    ):
        if _stands(words, match, rest, parsed[0]):
            return _head(place, words, match, rest, parsed, level)
        if "由" not in words:
            return None
    if "由" in words and not (rest and _NEEDS.search(words)):
        for match in _BY_WHOM.finditer(words):
            if words.endswith(("可以", "可"), 0, match.start()) or "可以根据" in words[: match.start()]:
                continue
            if not _UNBOUND.match(words, match.start("verb")) and match["verb"] not in ("组成", "是", "为"):
                parsed = bodies(match["run"], level)
                if parsed is not None:
                    return _head(place, words, match, rest, parsed, level)
    if match is None and (places := _PLACES.match(words)) is not None:
        names = tuple(re.split("[、和]", places["run"]))
        return _Head(place, names, (), names, False)
    if rest and (run := _bare_subject(words, rest)) and (parsed := bodies(run, level)) is not None:
        return _Head(place, parsed[0], (), parsed[1], parsed[2])
    return None


_NAMED_AS = re.compile(rf"(?:主要)?(?:责任|牵头|实施|主管)单位为(?P<run>{_RUN})$")
"""Whose work it is, said in a sentence: `责任单位为市甲局`."""
_MISCONDUCT = re.compile("滥用职权|玩忽职守|徇私舞弊")


def _accuses(parts: Sequence[tuple[int, str]], place: int) -> bool:
    """Whether parts say what misconduct, named at `place`, has consequences: `甲局在工作中,滥用职权的,给予处分`."""
    reached = parts[0][0] <= place < parts[-1][0] + len(parts[-1][1])
    return reached and any(part.endswith("的") for at, part in parts if at + len(part) > place)


def _head(
    place: int, words: str, match: re.Match[str], rest: list[tuple[int, str]], parsed: _Bodies, level: Level
) -> _Head:
    """The subject that a part names before its verb, with the partners that this part or one after it names."""
    names, local, open_ended = parsed
    partners = _partners(words, match.start("verb"), names, level)
    if not partners:
        partners = _partners_after(rest, names, level)
    return _Head(place, names, partners, local, open_ended)


def _partners_after(rest: list[tuple[int, str]], names: tuple[str, ...], level: Level) -> tuple[str, ...]:
    """The partners of parts that go on without a subject: `甲局审核后,会同乙局下达`, `甲局牵头,乙局、丙局配合`."""
    for _, part in rest[:_NEXT_PARTS]:
        if part.startswith(("会同", "联合", "并会同", "并联合")):
            return _partners(part, 0, names, level)
        if part.endswith(_HELPING) and (match := _HELPS.fullmatch(part)) is not None:
            helpers = bodies(match["run"], level)
            return tuple(name for name in helpers[0] if name not in names) if helpers is not None else ()
        if not _GOES_ON.match(part):
            break
    return ()


_NEXT_PARTS = 3
_HELPING = ("配合", "参与", "参加", "协助", "协办", "支持", "落实", "实施", "负责")
_HELPS = re.compile(
    rf"(?P<run>{_RUN})(?:等)?(?:分工|共同|具体|积极|密切|协同)*(?:配合|参与|参加|协助|协办|支持)(?:落实|实施)?"
)


def _bare_subject(words: str, rest: list[tuple[int, str]]) -> str | None:
    """The run of a part that is only a subject, or says where a body sits, when the next parts state its duty."""
    if "设在" in words:
        match = _SEATED.match(words)
        return match["run"] if match is not None and any(_WORKS.search(part) for _, part in rest) else None
    following = rest[0][1]
    if len(words) > _LONGEST_LIST or "组成的" in words or not _GOES_ON.match(following) or _PERMITS.match(following):
        return None
    match = _WHOLE.match(words)
    return match["run"] if match is not None and not _MADE_MEMBERS.search(words) else None


_LONGEST_LIST = 120
"""No list of bodies that stands between two commas is longer."""
_WORKS = re.compile("负责|承担|履行|主要职责|作为")


def _stands(words: str, match: re.Match[str], rest: list[tuple[int, str]], names: tuple[str, ...]) -> bool:
    """Return whether a matched subject states a duty: it binds, or acts plainly without condition or definition."""
    verb = match["verb"]
    if match["binding"]:
        return True
    if verb == "是":
        goes_on = bool(rest) and bool(_GOES_ON.match(rest[0][1]))
        return words.endswith("责任主体") or (goes_on and bool(_IS_BODY.search(words)))
    if names == ("政府",) or (rest and rest[0][1].startswith(_BY) and _OF_PAPERS.search(words)):
        return False
    if verb in ("成立", "设立") and _SETS_UP.search(words):
        return False
    if verb == "为" and _MADE_MEMBERS.search(words):
        return False
    if verb == "为" and _IS_MEMBER.search(words):
        return bool(rest) and bool(_GOES_ON.match(rest[0][1]))
    if verb in _GROUNDS and any(_MAY.match(part) for _, part in rest[:2]):
        return False
    if verb == "组成":
        return not words.startswith("由") and bool(rest) and bool(_GOES_ON.match(rest[0][1]))
    if verb in ("未", "未按", "发现", "遇") or _CONDITION.search(words):
        return any(_BINDS_NEXT.match(part) for _, part in rest[:3]) or (
            _CONDITION.search(words) is not None
            and words[-1] in "后时"
            and bool(rest)
            and (
                bool(_GOES_ON_IN_TIME.match(rest[0][1]))
                or (verb in ("收到", "接到") and any(_DUE_THEN.match(part) for _, part in rest[:3]))
            )
        )
    return True


_BY = ("由", "应由", "应当由", "须由", "必须由")
_OF_PAPERS = re.compile("的(?:公文|文件|请示|报告|材料|信息|事项|方案|项目)$")
"""What the words before say of papers that somebody else acts upon: `各部门报送的公文,应当由主要负责人签发`."""
_DUE_THEN = re.compile(
    rf"(?![^,]{{0,40}}{_PRIVATE_WORDS})[\u4e00-\u9fff]{{2,12}}?(?:应当?|须)(?:当?[在于])?[\d一二两三五七十]+个?(?:工作日|日|天|小时)内"
)
"""What is due then, said of the thing and not of who does it: `一般公文应在3个工作日内办结`."""


_NEEDS = re.compile("(?:需要?|应当|应该|依法|规定)由.*的$")
"""The case that something is another's to do: `需要由市甲局审批的,…`."""
_BINDS_NEXT = re.compile("应当|应该|应(?!急)|必须|须|要(?!求)|负责|将")
_MAY = re.compile("可以|可(?!能|行|靠|持)")
_IS_MEMBER = re.compile("为[^,;。]{0,16}(?:牵头|成员|组长|副组长|召集)(?:责任)?(?:单位|部门)$")
_MADE_MEMBERS = re.compile("为(?:副?组长|成员|副?召集人|副?总指挥|副?指挥长)")
_SET_UP = re.compile(
    r"(?:成立|设立)(?P<group>[\u4e00-\u9fff]{2,40}?(?:领导小组|指挥部|委员会|工作组|小组|专班|联席会议))(?:\([^()]{2,40}\))?$"
)


def _group_set_up(words: str, following: str, level: Level) -> tuple[str, ...] | None:
    """The body that a part sets up, where the next part says what it does: `设立甲指挥部,负责…`."""
    match = _SET_UP.search(words)
    if match is None or not _WORKS.match(following) or (parsed := bodies(match["group"], level)) is None:
        return None
    return parsed[0]


_SETS_UP = re.compile("(?:成立|设立).{0,50}(?:领导小组|指挥部|委员会|工作组|小组|专班|联席会议|办公室)")


def _partners(words: str, verb: int, names: tuple[str, ...], level: Level) -> tuple[str, ...]:
    if "会同" not in words and "联合" not in words:
        return ()
    match = _PARTNERS.search(words, verb)
    if match is None or match.start() - verb > 12 or (helpers := bodies(match["run"], level)) is None:
        return ()
    return tuple(name for name in helpers[0] if name not in names)


def partners_in(text: str, level: Level) -> tuple[str, ...]:
    """Return the named partners of 会同 and 联合 in a text whose subject stands before a colon."""
    if "会同" not in text and "联合" not in text:
        return ()
    found: list[str] = []
    for match in _PARTNERS.finditer(text):
        if (helpers := bodies(match["run"], level)) is not None:
            found.extend(name for name in helpers[0] if name not in found)
    return tuple(found)


def colon_subject(text: str, level: Level) -> tuple[tuple[str, ...], tuple[str, ...], bool, int] | None:
    """Read `市甲局:负责...` at the start of a text: (names, local, open-ended, offset after the colon)."""
    if text.find(":", 0, LONGEST_RUN + 1) < 0 or (match := _COLON.match(text)) is None:
        return None
    if len(match["run"]) > LONGEST_RUN or match["run"] in _LISTED:
        return None
    parsed = bodies(match["run"], level)
    return (*parsed, match.end()) if parsed else None


_LISTED = frozenset(
    words_of("成员单位 组成单位 参加单位 组成部门 成员部门 配合单位 参与单位 协助单位 协同单位 配合部门")
)
"""What names those listed after it, not a body that does something."""


_TASKS_OF = re.compile(r"(?P<run>[^,;。:]{2,40})的(?:主要|工作|具体|基本|法定)*职责(?:是|为|包括|如下)?:")


def tasks_of(text: str, level: Level) -> tuple[str, ...] | None:
    """The body of an opening whose list says what it has to do: `市甲局的职责是:`."""
    if "职责" not in text[-5:] or (match := _TASKS_OF.fullmatch(text)) is None:
        return None
    parsed = bodies(match["run"], level)
    return parsed[0] if parsed is not None else None


_LEFT_OUT = re.compile(
    r"(?:[自从][^,。;]{2,16}起,)?(?:并|同时|还|也|另外|此外|原则上|,)*务?(?:必|请)?(?:(?:应当|应该|应(?!急)|必须|须|需(?!求)|要(?!求|点|素)|将|负责)(?:在|于)?|[在于]|$)"
)
_ACTS = re.compile(
    rf"[,内前]*(?:务(?:必|须|请)?)?(?:{_GOES_ON.pattern}|(?:不少于|至少)?[一二三两四1-9][次轮]?|报[送告请经]?|上报|完成|召开|更新|出台|总结|形成|组织)"
)


def leaves_out_subject(sentence: str, limit: tuple[int, int]) -> bool:
    """Whether a sentence names no subject: it begins with its time limit or a binding word, and goes on with a verb.

    `limit` is the limit's place in it: `应于每月5日前报送进度`, `每季度通报一次`; not `清单每年更新一次`.
    """
    before = _LEFT_OUT.fullmatch(sentence, 0, limit[0])
    return before is not None and _ACTS.match(sentence, limit[1]) is not None


_BINDS_PRIVATE = re.compile(
    r"(?P<who>[\u4e00-\u9fff、()]{2,40}?)(?:(?:发现|发生|收到|接到|取得|完成|遇到|需要)[^,。;]{0,20}[后时的],)?"
    r"(?:应当|应(?!急)|必须|须|可以|可(?!能|行|靠|持)|按照)"
)


_BINDS_PRIVATE_WHEN = re.compile(
    rf"[\u4e00-\u9fff、]{{0,14}}?{_PRIVATE_WORDS}[^,。;]{{2,40}}[后时的],(?:应当|应(?!急)|必须|须)"
    r"(?![^。;]{0,40}(?:受理|办结|答复|批复|审核|审批|核准|核发|作出|一次性告知|告知申请人|拨付|兑付|发放))"
)


def binds_private(sentence: str) -> bool:
    """Whether a sentence says what a private party has to do, which is nobody's duty here."""
    if _BINDS_PRIVATE_WHEN.match(sentence):
        return True
    match = _BINDS_PRIVATE.match(sentence) or _BINDS_PRIVATE.match(sentence, sentence.find(",") + 1)
    return match is not None and _PRIVATE.search(match["who"]) is not None and not _OFFICIAL.search(match["who"])


_TITLE_TAILS = words_of(
    """
    行动细则 工作细则 行动方案 工作方案 实施细则 主要职责 工作职责 职责任务 职责分工 职责 任务 行动 措施 工作"""
)
_ENDS_AS_BODY = re.compile(f"{any_of(_BODY)}$")


def ends_as_body(name: str) -> bool:
    """Return whether a name ends as that of a body does."""
    return _ENDS_AS_BODY.search(name) is not None


@lru_cache(maxsize=4096)
def heading_body(heading: str, level: Level) -> tuple[str, ...] | None:
    """Return the body that a title names (甲组行动细则, 市指挥部办公室职责), or None."""
    run = heading.strip("()0123456789.、")
    tail = next((tail for tail in _TITLE_TAILS if run.endswith(tail)), None)
    if tail is None or not _ENDS_AS_BODY.search(run := run.removesuffix(tail)):
        return None
    parsed = bodies(run, level)
    return parsed[0] if parsed else None
