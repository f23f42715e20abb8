"""Duties stated in running text: the grammatical subject of a sentence (or 由 ...) is an organ, and the sentence binds it.

A sentence is read part by part between commas. A part states a duty when it begins with a run of organs, or has one after
由, followed by a word that binds (要, 应当, 负责 ...) or by a plain verb of procedure. Conditions (…后, …时, …的), definitions,
permissions and prohibitions state none; nor do private parties.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from luoshi.gazette.organs import Level, is_local, is_vague, split_organs


class Statement(NamedTuple):
    """A duty in running text: who leads and cooperates, and the span of text that states it."""

    start: int
    end: int
    lead: tuple[str, ...]
    cooperating: tuple[str, ...]
    local: tuple[str, ...]
    open_ended: bool


_BODY = (
    "人民政府办公室|人民政府|政府|党委|党工委|管委会|委员会|委办|街道办事处|办事处|办公室|办公厅|指挥部|领导小组|工作专班|专班|联席会议|"
    "工作组|小组|协调组|保障组|处置组|预警组|防护组|宣传组|调查组|专家组|组织|部门|单位|机关|机构|中心|局|厅|法院|检察院|支队|大队|队|"
    "镇区|镇街|乡镇|街道|镇|区县|县区|县市区|社区|村委会|居委会|两委|卫生院|医院|学校|园区|开发区|新区|银行|公司|联社|平台公司|"
    "成员|负责人|负责同志|领导|局长|主任|市长|县长|区长|镇长|乡长|书记|人员|网格员|民警|"
    "委|办|院|处|站|所|科|部|组|方"
)
_BINDING = "应当|应该|应|必须|须|需要|需|要|负责|将|牵头|均|都|也要|还要|分别负责|各自负责|共同负责|具体负责|承担"
_PLAIN = (
    "会同|联合|组织|协调|协同|协助|配合|开展|制定|制订|编制|建立|完善|加强|审核|审查|审批|审定|办理|受理|报送|上报|报请|报告|提出|提交|汇总|通报|公布|公示|公告|发布|"
    "向|对|按照|按|根据|依据|依照|结合|在|于|与|和|同|以|为|作为|凭|收到|接到|接|通过|应急|做好|抓好|落实|履行|指导|监督|检查|督促|督导|督查|推进|推动|实施|选择|确定|签订|签署|"
    "出具|移交|处置|处理|告知|函告|通知|定期|每年|每月|每季度|每半年|每周|每日|每天|及时|统一|具体|共同|分别|积极|切实|进一步|严格|认真|充分|主动|统筹|全面|依法|"
    "研究|拟定|起草|召集|主持|派出|选派|安排|设立|成立|指定|明确|配备|提供|给予|予以|拨付|支付|划转|核定|核实|核查|核发|评估|考核|验收|备案|登记|管理|使用|保障|支持|引导|帮助|"
    "进行|参照|自|从|利用|运用|依托|围绕|把|将|启动|发出|下达|下发|调度|分解|细化|梳理|清理|整改|反馈|答复|作出|采取|确保|保证|不断|加快|加大|强化|深化|优化|健全|"
    "先|再|最终|逐级|逐步|随时|立即|应急|至少|重点|主要负责|增加|停止|执行|服从|接受|执法|巡查|监测|预测|预报|研判|会商|签发|撰写|填制|填写|张榜|搞活|同意"
)
_NOT_BINDING = r"(?!不得|不准|可|可以|有权|是|系|属|包括|指|所|的|之|内|间|中|等有关规定)"
_PREFIX = (
    r"(?:其中|同时|并且|并|再|先|最终|最后|然后|随后|必要时|原则上|此外|另外|确需|如|由|再由|均由|统一由|应由|具体由|分别由|则由|"
    r"[一二三四五六七八九十]是)?"
)
_RUN = rf"[\u4e00-\u9fff、()〔〕“”]{{0,70}}?(?:{_BODY})(?:\([\u4e00-\u9fff、]{{1,20}}\))?(?:等[\u4e00-\u9fff]{{0,8}}?(?:部门|单位|机构|地方|方面)?)?"
_AFTER = rf"{_NOT_BINDING}(?P<verb>{_BINDING}|{_PLAIN})"
_SUBJECT = re.compile(rf"{_PREFIX}(?P<run>{_RUN})(?:\([^()]{{2,40}}\))?(?:,)?(?:按照?各?自?职责(?:分工)?,?|分别|共同|具体|主要)?{_AFTER}")
_BY_WHOM = re.compile(rf"(?<![自来理缘])由(?P<run>{_RUN})(?:\([^()]{{2,40}}\))?(?:按照?各?自?职责(?:分工)?|分别|共同|具体|主要|统一)?{_AFTER}")
_PARTNERS = re.compile(rf"(?:会同|联合|商)(?P<run>{_RUN})(?=[,。;]|{_PLAIN}|{_BINDING}|等)")
_CONDITION = re.compile(r"(?:后|时|前|的|之日起|期间|之后|以前|以后|情况下|过程中|基础上|范围内|情形|原因|为主|为准)$")
_FORBIDS = re.compile(r"^(?:一律|均|也|都|应|要)?(?:不得|不准|不予|禁止|严禁)")
_PERMITS = re.compile(r"^(?:也|均|都)?(?:可以|可|有权)")
_COLON = re.compile(rf"(?P<run>{_RUN}):(?=.)")
_PRIVATE = re.compile(
    r"(?:企业|养殖户|养殖场|业户|经营者|经营单位|生产单位|用人单位|施工单位|监理单位|建设单位|物业|申请人|当事人|买受人|出卖人|农户|个人|群众|居民|公民|"
    r"合作社|中介机构|担保机构|培训机构|金融机构|社会组织|行业协会|项目公司|平台公司|融资平台公司|用户|法人|消费者|供应商|采购人|任何单位|排污单位|餐饮单位|投资方|社会资本方|"
    r"行业|监护人|患者|家长|人群|家庭)$"
)
_OFFICIAL = re.compile(r"项目建设单位|代建单位|实施单位|行业主管|建设单位主管")
_NOT_A_BODY = re.compile(
    r"^(?:加强|推进|完善|建立|健全|对|在|向|将|把|与|和|及|从|为|以|按|经|据|因|凡|给|让|使|其他|包括|通过|组织|成立|设立|确定|明确|要求|鼓励|支持|引导|督促|推动|促进|发挥|落实|充分|严格|"
    r"强化|实行|实施|开展|做好|全面|积极|不断|进一步|深入|依托|利用|协调|指导|监督|配合|会同|联合|涉及|根据|按照|申请|未|不|无|有|每|该项|此|本次|其他有关|上述企业)"
)
_HAS_VERB = re.compile(r"(?:建设|管理|使用|提供|组成|报送|提交|负责|进行|实行|纳入|属于|确定|要求|没有|应当|不得|已经|需要|以及|或者|经过|参加)(?=[\u4e00-\u9fff]{5,})")
_FORM = re.compile(r"^(?:全|我|本)?(?:市|县|区|省)|(?:行政)?主管部门$|部门$|管理局$|局$|委员会$|委$|办公室$|办$|厅$")


@lru_cache(maxsize=16384)
def core(name: str) -> str:
    """Return the words of a name that tell its field: 市环保局 and 环保部门 both give 环保."""
    stripped = _FORM.sub("", _FORM.sub("", name))
    return stripped or name


def same_body(one: str, other: str) -> bool:
    """Return whether two names are two forms of one body (环保部门 beside 市环保局)."""
    if one == other:
        return True
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


@lru_cache(maxsize=32768)
def bodies(run: str, level: Level) -> tuple[tuple[str, ...], tuple[str, ...], bool] | None:
    """Return (names, local names among them, open-ended) of a subject run, or None when it names no bound body."""
    if _NOT_A_BODY.match(run) or len(run) < 2 or _HAS_VERB.search(run):
        return None
    if run.count("(") != run.count(")"):
        return None
    parsed = split_organs(run, level)
    names = [name for name in (*parsed.names, *parsed.local) if not is_vague(name)]
    if not names:
        return None
    for name in names:
        if len(name) < 2 or len(name) > 34 or (_PRIVATE.search(name) and not _OFFICIAL.search(name)):
            return None
    local = tuple(name for name in names if name in parsed.local or is_local(name, level))
    ordered = _in_order(run, names)
    return ordered, local, parsed.open_ended


def _in_order(run: str, names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: run.find(name) if name in run else run.find(name[-2:])))


def find_statements(text: str, level: Level, covered: tuple[tuple[int, int], ...] = ()) -> list[Statement]:
    """Return the duties stated in a canonical paragraph; `covered` are spans (marks) that are no sentences."""
    found: list[Statement] = []
    for start, end in _sentences(text, covered):
        found.extend(_in_sentence(text, start, end, level))
    return found


_SENTENCE_END = re.compile("[。;!?]")
_PART = re.compile("[^,:]+")


def _sentences(text: str, covered: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        spans.append((start, match.start()))
        start = match.end()
    if start < len(text):
        spans.append((start, len(text)))
    return [
        span for span in spans if span[1] - span[0] > 5 and not any(a <= span[0] + 2 and span[1] - 2 <= b for a, b in covered)
    ]


def _in_sentence(text: str, start: int, end: int, level: Level) -> list[Statement]:
    heads: list[tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...], bool]] = []
    for part in _PART.finditer(text, start, end):
        words = part[0]
        if len(words) < 5:
            continue
        read = _read_part(words, level)
        if read is not None:
            heads.append((part.start(), *read))
    merged: list[Statement] = []
    for position, (place, lead, cooperating, local, open_ended) in enumerate(heads):
        stop = heads[position + 1][0] if position + 1 < len(heads) else end
        begin = start if position == 0 else place
        merged.append(Statement(begin, stop, lead, cooperating, local, open_ended))
    return merged


def _read_part(words: str, level: Level) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], bool] | None:
    """Read one part between commas."""
    if _CONDITION.search(words):
        return None
    match = _SUBJECT.match(words)
    parsed = bodies(match["run"], level) if match and _binds(words, match) else None
    if parsed is None and "由" in words:
        for match in _BY_WHOM.finditer(words):
            if _binds(words, match) and (parsed := bodies(match["run"], level)) is not None:
                break
    if parsed is None or match is None:
        return None
    names, local, open_ended = parsed
    cooperating: tuple[str, ...] = ()
    partners = _PARTNERS.search(words, match.start("verb")) if "会同" in words or "联合" in words else None
    if partners and partners.start() - match.start("verb") <= 12 and (helpers := bodies(partners["run"], level)) is not None:
        cooperating = tuple(name for name in helpers[0] if name not in names)
    return names, cooperating, local, open_ended


def _binds(words: str, match: re.Match[str]) -> bool:
    rest = words[match.start("verb") :]
    return not _FORBIDS.match(rest) and not _PERMITS.match(rest)


def colon_subject(text: str, level: Level) -> tuple[tuple[str, ...], tuple[str, ...], bool, int] | None:
    """Read `市甲局:负责...` at the start of a text: (names, local, open-ended, offset after the colon)."""
    match = _COLON.match(text)
    if not match or "," in match["run"]:
        return None
    parsed = bodies(match["run"], level)
    return (*parsed, match.end()) if parsed else None


_TITLE_TAIL = re.compile(
    r"(?:行动细则|工作细则|行动方案|工作方案|实施细则|主要职责|工作职责|职责任务|职责分工|职责|任务|行动|措施|工作)$"
)


def heading_body(heading: str, level: Level) -> tuple[str, ...] | None:
    """Return the body that a title names (甲组行动细则, 市指挥部办公室职责), or None."""
    run = _TITLE_TAIL.sub("", heading.strip("()0123456789.、"))
    if run == heading or not re.search(rf"(?:{_BODY})$", run):
        return None
    parsed = bodies(run, level)
    return parsed[0] if parsed else None
