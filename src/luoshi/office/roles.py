"""The one table of who may do what: `docs/permissions.md` and the page of roles print it, tests run through all of it.

A cell is `all` (everywhere), `own` (what concerns the organ at which the role is held) or `-`. A new act is one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Role(StrEnum):
    """What a person is in an organ; one person may hold several, never two of them in one matter."""

    PUBLIC = "public"
    CLERK = "clerk"
    REVIEWER = "reviewer"
    LEADER = "leader"
    ARCHIVIST = "archivist"
    SUPERVISOR = "supervisor"
    STAFFING = "staffing"
    PERSONNEL = "personnel"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The Chinese word."""
        return ROLE_TITLES[self]


ROLE_TITLES: Mapping[Role, str] = MappingProxyType(
    {
        Role.PUBLIC: "公众",
        Role.CLERK: "经办",
        Role.REVIEWER: "审核",
        Role.LEADER: "负责人",
        Role.ARCHIVIST: "文书",
        Role.SUPERVISOR: "督查",
        Role.STAFFING: "编制管理",
        Role.PERSONNEL: "干部管理",
        Role.AUDITOR: "审计",
        Role.ADMINISTRATOR: "系统管理",
    }
)


class Reach(StrEnum):
    """How far a permission goes."""

    NONE = "-"
    OWN = "own"
    ALL = "all"


class Permission(NamedTuple):
    """One row: key, Chinese title, reach by role."""

    key: str
    title: str
    reach: Mapping[Role, Reach]


class Separation(NamedTuple):
    """Two roles one person may not hold on the same day: `anywhere`, or only `same_organ` when that is set."""

    one: Role
    other: Role
    same_organ: bool
    reason: str


_COLUMNS = (
    Role.PUBLIC,
    Role.CLERK,
    Role.REVIEWER,
    Role.LEADER,
    Role.ARCHIVIST,
    Role.SUPERVISOR,
    Role.STAFFING,
    Role.PERSONNEL,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)

_TABLE = """
key                title                      pub cle rev lea arc sup sta per aud adm
instrument.see     看文件、条款、效力         all all all all all all all all all all
instrument.import  导入公报、更正版           -   -   -   -   all -   -   -   -   -
import.see         看导入记录、修补与存疑     -   -   -   -   all all -   -   all -
review.see         看核对页                   -   -   -   -   all all -   -   all -
review.decide      核对：确认、改、拆、排除   -   -   -   -   all -   -   -   -   -
review.confirm     核对：第二人确认           -   -   -   -   all all -   -   -   -
print.note         给印刷错误加注             -   -   -   -   all -   -   -   -   -
duty.see           看责任台账                 -   own own own all all all own all -
matter.see         看事项、进展、证据         -   own own own all all -   own all -
matter.report      填报进展、上传证据         -   own -   own -   -   -   -   -   -
matter.assign      指定办理人                 -   -   own own -   -   -   -   -   -
matter.check       核验：接受、退回、销号     -   -   -   -   -   all -   -   -   -
matter.reopen      重新打开                   -   -   -   -   -   all -   -   -   -
matter.remind      催办                       -   -   -   -   -   all -   -   -   -
matter.push        接口送入督办事项           -   -   -   -   -   all -   -   -   -
case.see           看办件、经过、材料         -   own own own all all -   -   all -
case.open          立案、收件                 -   own own own -   all -   -   -   -
case.act           办理办件的步骤             -   own own own -   all -   -   -   -
case.manage        换程序版本、整批移交       -   -   -   -   -   all -   -   -   -
calendar.propose   录入放假调休通知           -   -   -   -   all all -   -   -   -
calendar.approve   批准日历变更               -   -   -   -   all all -   -   -   -
pollution.see      看重污染应急的任务、报告   -   own own own -   all -   -   all -
pollution.measure  导入监测、确认沙尘         -   own own own -   -   -   -   -   -
pollution.forecast 导入预报                   -   own own own -   -   -   -   -   -
pollution.weather  录入气象、沙尘、冰冻期     -   own own own -   -   -   -   -   -
pollution.consult  会商：采用序列、改定       -   own own own -   -   -   -   -   -
pollution.command  指挥部：免除任务、演练     -   own own own -   -   -   -   -   -
pollution.task     报任务落实、交报告         -   own own own -   -   -   -   -   -
pollution.plan     企业减排方案：拟、审、备案 -   own own own -   -   -   -   -   -
escrow.see         看存量房交易资金监管       -   own own own -   all -   -   all -
escrow.check       登记、税务核对备案情况     -   own own own -   -   -   -   -   -
open.see           看公开网站                 all all all all all all all all all all
organ.see          看单位、职务、任职依据     all all all all all all all all all all
organ.edit         拟改单位、名称、承接关系   -   -   -   -   -   -   all -   -   -
organ.confirm      第二人确认单位变更         -   -   -   -   -   -   all -   -   -
name.decide        拟定误印、歧义名称的读法   -   -   -   -   all -   all -   -   -
name.confirm       第二人确认名称读法         -   -   -   -   all -   all -   -   -
post.edit          登记职务、任免             -   -   -   -   -   -   -   all -   -
post.confirm       第二人确认任免             -   -   -   -   -   -   -   all -   -
person.see         看人员内部信息             -   -   -   -   -   -   -   all all -
person.merge       拟合并同名人员             -   -   -   -   -   -   -   all -   -
person.confirm     第二人确认合并             -   -   -   -   -   -   -   all -   -
group.propose      拟改领导小组成员           -   own -   own all -   -   -   -   -
group.confirm      确认领导小组成员           -   -   own own all -   -   -   -   -
parameter.see      看参数簿                   all all all all all all all all all all
parameter.propose  拟改参数                   -   own -   -   all -   -   -   -   -
parameter.approve  批准参数                   -   -   own own all -   -   -   -   -
decision.run       试算                       all all all all all all all all all all
procedure.see      看办件程序、条款覆盖       all all all all all all all all all all
desk.see           看自己的工作台             -   all all all all all all all all all
search.use         检索                       all all all all all all all all all all
delegation.give    授权他人代行               -   own own own own own own own -   -
token.own          管理自己的接口令牌         -   all all all all all all all all all
user.see           看人员账号和角色           -   -   -   own -   -   -   -   all all
user.manage        开停账号、授角色           -   -   -   -   -   -   -   -   -   all
notice.see         看文书、编号簿、送达记录   -   own own own all all own own own -
notice.draft       拟稿、改稿、撤回草稿       -   own own own own own -   -   -   -
notice.check       核稿                       -   -   own own own -   -   -   -   -
notice.sign        签发、确认作废             -   -   -   own -   -   -   -   -   -
notice.publish     印发、公开、登记送达       -   own own own own own -   -   -   -
notice.receive     签收来文                   -   own own own own own own own -   -
notice.number      开立编号簿、续纸质簿起号   -   -   -   own all -   -   -   -   -
template.see       看文书模板                 -   all all all all all all all all all
template.propose   拟改文书模板               -   own own -   all -   -   -   -   -
template.approve   批准文书模板               -   -   own own all -   -   -   -   -
audit.see          看审计记录                 -   -   -   -   -   -   -   -   all -
audit.verify       校验审计链                 -   -   -   -   -   -   -   -   all all
indicator.see      看指标                     -   all all all all all -   -   all -
indicator.compute  重算指标                   -   own own own -   all -   -   -   -
register.see       看台账记录                 -   own own own all all -   -   all -
register.edit      登记、更正、终止台账记录   -   own own -   -   -   -   -   -   -
register.import    导入台账、对冲导入         -   own own -   -   -   -   -   -   -
fund.see           看账簿、分录、对账         -   own own own -   all -   -   all -
fund.open          开立账簿、加科目、设银行   -   -   own own -   -   -   -   -   -
fund.post          拟开账、记账、付款、结账   -   own own -   -   -   -   -   -   -
fund.check         复核记账、付款、差异       -   -   own own -   -   -   -   -   -
fund.close         复核结账                   -   -   own own -   -   -   -   -   -
fund.bank          导对账单、核对、编调节表   -   own own -   -   -   -   -   -   -
fund.receive       收银行报文（凭签名）       all -   -   -   -   -   -   -   -   -
mitigation.see     看缓释基金的企业、贷款     -   own own own -   all -   -   all -
mitigation.vote    缓释基金：审核意见、表决   -   -   own own -   -   -   -   -   -
work.see           看重点工作、看板           -   own own own -   all -   -   all -
work.plan          导入要点、认读名称         -   -   -   -   -   all -   -   -   -
work.activate      启用年度计划               -   -   -   own -   -   -   -   -   -
work.set           设立计划外重点工作         -   -   -   own -   all -   -   -   -
work.decompose     分解任务                   -   own -   own -   -   -   -   -   -
work.lead          分包领导：分解延期销号     -   -   -   own -   -   -   -   -   -
work.letter        起草督办函、通报           -   -   -   -   -   all -   -   -   -
work.sign          签发督办函、通报           -   -   -   own -   -   -   -   -   -
work.reply         回复督办函、配合意见       -   own -   own -   -   -   -   -   -
work.score         评估、抽查、年度评价       -   -   -   -   -   all -   -   -   -
work.freeze        定稿排名                   -   -   -   own -   -   -   -   -   -
referral.see       看移送                     -   -   -   own -   -   -   -   all -
job.see            看后台任务                 -   all all all all all all all all all
health.see         看运行状况                 -   -   -   -   -   -   -   -   all all
design.see         看构件样张                 all all all all all all all all all all
"""


def _read(table: str) -> Mapping[str, Permission]:
    header, *rows = [line.split() for line in table.strip().splitlines()]
    assert header[2:] == [role.value[:3] for role in _COLUMNS], header
    found = {}
    for key, title, *cells in rows:
        assert len(cells) == len(_COLUMNS), key
        reach = {role: Reach(cell) for role, cell in zip(_COLUMNS, cells, strict=True)}
        found[key] = Permission(key, title, MappingProxyType(reach))
    return MappingProxyType(found)


PERMISSIONS: Mapping[str, Permission] = _read(_TABLE)

SECOND_HAND: Mapping[str, str] = MappingProxyType(
    {
        "review.confirm": "review.decide",
        "organ.confirm": "organ.edit",
        "name.confirm": "name.decide",
        "post.confirm": "post.edit",
        "person.confirm": "person.merge",
        "group.confirm": "group.propose",
        "parameter.approve": "parameter.propose",
        "matter.check": "matter.report",
        "notice.check": "notice.draft",
        "notice.sign": "notice.draft",
        "template.approve": "template.propose",
        "fund.open": "fund.post",
        "fund.check": "fund.post",
        "fund.close": "fund.post",
    }
)
"""Acts that only another person than the one who did the act beside it may do, whatever roles the person holds."""

_WRITING = (
    Role.CLERK,
    Role.REVIEWER,
    Role.LEADER,
    Role.ARCHIVIST,
    Role.SUPERVISOR,
    Role.STAFFING,
    Role.PERSONNEL,
)

SEPARATIONS: tuple[Separation, ...] = (
    *(Separation(Role.ADMINISTRATOR, role, False, "授角色的人不办业务") for role in _WRITING),
    Separation(Role.ADMINISTRATOR, Role.AUDITOR, False, "授角色的人不审计自己的授权"),
    *(Separation(Role.AUDITOR, role, False, "审计只看不办，不审自己办的事") for role in _WRITING),
    Separation(Role.STAFFING, Role.PERSONNEL, False, "定机构编制与定人员任免分开"),
    Separation(Role.SUPERVISOR, Role.CLERK, True, "填报进展与核验销号分开"),
    Separation(Role.SUPERVISOR, Role.LEADER, True, "指定办理与核验销号分开"),
)
"""Pairs of roles one person may not hold together. Other pairs (经办 and 审核 at one organ) may be held together but
never in one matter: `SECOND_HAND` below sees to that act by act."""


def separation_of(one: tuple[Role, str], other: tuple[Role, str]) -> Separation | None:
    """Return the rule that forbids holding the two roles (role, slug of the organ) together, None when they go."""
    for rule in SEPARATIONS:
        if {one[0], other[0]} == {rule.one, rule.other} and (not rule.same_organ or one[1] == other[1]):
            return rule
    return None


def markdown() -> str:
    """Return docs/permissions.md: who may do what, which acts need a second person, which roles exclude each other."""
    words = {Reach.NONE: "—", Reach.OWN: "本单位", Reach.ALL: "全部"}
    lines = [
        "# 权限表",
        "",
        "谁能做什么。此页由 `luoshi users roles --markdown` 按 `luoshi.office.roles` 生成，测试逐格核对。",
        "“本单位”指担任角色的单位承担的事项；“全部”不限单位。",
        "",
        "| 权限 | 含义 | " + " | ".join(role.title for role in _COLUMNS) + " |",
        "|---|---|" + "---|" * len(_COLUMNS),
    ]
    lines += [
        f"| `{row.key}` | {row.title} | " + " | ".join(words[row.reach[role]] for role in _COLUMNS) + " |"
        for row in PERMISSIONS.values()
    ]
    lines += [
        "",
        "## 须另一人办理",
        "",
        "做了左边一步的人，不论还有什么角色，都不能做右边一步；代其办理的人也不能。",
        "",
    ]
    lines += ["| 第一步 | 第二步（另一人） |", "|---|---|"]
    lines += [f"| {PERMISSIONS[first].title} | {PERMISSIONS[then].title} |" for then, first in SECOND_HAND.items()]
    lines += [
        "",
        "## 不能兼任的角色",
        "",
        "同一天不能由一人同时担任，受委托代办也不行。其余角色可以兼任，但同一件事不能经两次手。",
        "",
    ]
    lines += ["| 角色 | 角色 | 范围 | 理由 |", "|---|---|---|---|"]
    lines += [
        f"| {rule.one.title} | {rule.other.title} | {'同一单位' if rule.same_organ else '任何单位'} | {rule.reason} |"
        for rule in SEPARATIONS
    ]
    return "\n".join(lines) + "\n"
