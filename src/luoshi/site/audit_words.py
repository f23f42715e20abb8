"""Words and rows of the trail for its pages."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from luoshi.office.audit.models import AuditEntry, Stream
from luoshi.office.roles import PERMISSIONS, ROLE_TITLES, Role

STREAM = {Stream.OFFICE: _("办理"), Stream.SENSITIVE: _("敏感信息读取"), Stream.ACCESS: _("登录与拒绝")}
RESULT = {
    "done": _("已办"),
    "refused": _("拒绝"),
    "failed": _("未成"),
    "quarantined": _("隔离"),
    "unchanged": _("未变"),
    "imported": _("已导入"),
}
VIA = {
    "web": _("网页"),
    "api": _("接口"),
    "cli": _("命令行"),
    "job": _("后台任务"),
    "timer": _("定时"),
    "bench": _("量速"),
    "test": _("测试"),
}
ACT = {
    "audit.verify": _("校验审计链"),
    "audit.export": _("导出审计记录"),
    "audit.seal": _("封存"),
    "access.refused": _("被拒绝"),
    "access.login": _("登录"),
    "access.logout": _("退出"),
    "access.failed": _("登录失败"),
    "sensitive.read": _("查看敏感信息"),
    "file.keep": _("存入文件"),
    "job.stop": _("停下任务"),
    "backup.make": _("备份"),
    "backup.restore": _("恢复"),
    "access.end_session": _("退出一次登录"),
    "instruments.import": _("导入公报"),
    "organs.import": _("导入单位与任免"),
    "delegation.revoke": _("收回授权"),
    "matter.materialise": _("责任转为事项"),
    "parameter.refuse": _("不批参数"),
    "parameter.withdraw": _("撤回参数"),
    "person.read": _("看人员内部信息"),
    "person.keep": _("存人员信息"),
    "review.send": _("送第二人"),
    "user.open": _("开账号"),
    "user.close": _("停账号"),
    "user.reopen": _("重开账号"),
    "user.correct": _("更正姓名"),
    "user.assign": _("授角色"),
    "user.end_role": _("止角色"),
    "user.password": _("换口令"),
    "user.reset_password": _("重设口令"),
    "user.profile": _("改邮箱与快捷键"),
    "user.totp_on": _("启用动态口令"),
    "user.totp_off": _("停用动态口令"),
    "user.recovery_codes": _("换恢复码"),
    "user.token": _("发令牌"),
    "user.revoke_token": _("收回令牌"),
    "view.save": _("存视图"),
    "view.drop": _("去掉视图"),
    "matter.submit": _("送核验"),
    "matter.return": _("退回"),
    "matter.cross_off": _("核验通过，销号"),
    "matter.reopen": _("重新打开"),
    "matter.pause": _("停表"),
    "matter.resume": _("恢复计时"),
    "matter.ask_extension": _("申请延期"),
    "matter.decide_extension": _("批延期"),
    "matter.assign": _("指定办理人"),
    "matter.remind": _("催办"),
    "matter.push": _("送入事项"),
    "register.create": _("登记记录"),
    "register.correct": _("更正记录"),
    "register.end": _("终止记录"),
    "register.restore": _("恢复记录"),
    "register.void": _("作废记录"),
    "register.enter": _("成批登记"),
    "register.undo": _("对冲台账导入"),
    "register.export": _("导出台账"),
    "pollution.dossier": _("导出重污染整卷"),
    "matter.settle": _("决定新版怎么办"),
    "matter.move": _("随新版转入"),
    "matter.changed": _("新版有改动"),
    "matter.withdraw": _("撤回事项"),
    "notice.revise": _("改稿"),
    "notice.withdraw": _("撤回草稿"),
    "notice.ask_void": _("提出作废"),
    "notice.withdraw_void": _("不作废"),
    "notice.void": _("确认作废"),
    "notice.proof": _("登记发布情况"),
    "notice.take_down": _("撤下"),
    "notice.retry": _("重发"),
    "notice.series": _("开立编号簿"),
    "template.refuse": _("不批模板"),
    "template.withdraw": _("撤回模板"),
    "matter.overdue": _("到期未办，转逾期"),
    "matter.supervise": _("进入督办"),
    "matter.head": _("提醒负责人"),
    "matter.letter": _("提示起草督办函"),
    "matter.leader": _("报告分管领导"),
    "matter.referral": _("提示移送"),
    "matter.successions": _("随机构改革移交"),
    "batch.propose": _("拟定改革批次"),
    "batch.confirm": _("确认改革批次"),
    "batch.refuse": _("退回改革批次"),
    "batch.withdraw": _("撤回改革批次"),
    "organ.propose": _("拟定单位"),
    "organ.confirm": _("确认单位"),
    "organ.refuse": _("退回单位"),
    "organ.withdraw": _("撤回单位"),
    "name.propose": _("拟定名称"),
    "name.confirm": _("确认名称"),
    "name.refuse": _("退回名称"),
    "name.withdraw": _("撤回名称"),
    "relation.propose": _("拟定承接关系"),
    "relation.confirm": _("确认承接关系"),
    "relation.refuse": _("退回承接关系"),
    "relation.withdraw": _("撤回承接关系"),
    "reading.propose": _("拟定名称读法"),
    "reading.confirm": _("确认名称读法"),
    "reading.refuse": _("退回名称读法"),
    "reading.withdraw": _("撤回名称读法"),
    "post.propose": _("拟定职务"),
    "post.confirm": _("确认职务"),
    "post.refuse": _("退回职务"),
    "post.withdraw": _("撤回职务"),
    "appointments.propose": _("拟定任免名单"),
    "appointments.confirm": _("确认任免名单"),
    "appointments.refuse": _("退回任免名单"),
    "appointments.withdraw": _("撤回任免名单"),
    "merge.propose": _("拟定人员合并"),
    "merge.confirm": _("确认人员合并"),
    "merge.refuse": _("退回人员合并"),
    "merge.withdraw": _("撤回人员合并"),
    "unmerge.propose": _("拟定撤销合并"),
    "unmerge.confirm": _("确认撤销合并"),
    "unmerge.refuse": _("退回撤销合并"),
    "unmerge.withdraw": _("撤回撤销合并"),
    "member.propose": _("拟定小组成员"),
    "member.confirm": _("确认小组成员"),
    "member.refuse": _("退回小组成员"),
    "member.withdraw": _("撤回小组成员"),
    "dissolve.propose": _("拟定小组撤销"),
    "dissolve.confirm": _("确认小组撤销"),
    "dissolve.refuse": _("退回小组撤销"),
    "dissolve.withdraw": _("撤回小组撤销"),
}
FINDING = {
    "changed": _("被改动"),
    "missing": _("被移走"),
    "order": _("次序被调换"),
    "link": _("接不上"),
    "cut": _("末尾被截"),
    "rewritten": _("被改写"),
    "seal": _("封存不符"),
}
_TONE = {"done": "green", "refused": "red", "failed": "red", "quarantined": "yellow"}


def act_words(act: str) -> str:
    """Return the Chinese of an act: its own word, the permission's title, or the code."""
    if act in ACT:
        return str(ACT[act])
    return PERMISSIONS[act].title if act in PERMISSIONS else act


def result_words(result: str) -> str:
    """Return the Chinese of a result."""
    return str(RESULT.get(result, result))


def entry_row(row: AuditEntry, organs: dict[str, str]) -> dict[str, Any]:
    """Return an entry as the list shows it."""
    return {
        "id": row.pk,
        "at": row.at,
        "who": row.who,
        "for_name": row.for_name,
        "role": ROLE_TITLES[Role(row.role)] if row.role in set(Role) else row.role,
        "organ": organs.get(row.organ, row.organ),
        "via": VIA.get(row.via, row.via),
        "act": act_words(row.act),
        "code": row.act,
        "subject": row.subject,
        "result": row.result,
        "result_words": result_words(row.result),
        "tone": _TONE.get(row.result, "grey"),
        "stream": STREAM.get(Stream(row.stream), row.stream),
        "position": row.position,
    }


def differences(before: Any, after: Any) -> list[dict[str, Any]]:
    """Return field by field what was and what is: the changed ones first."""
    old, new = (value if isinstance(value, dict) else {"": value} for value in (before, after))
    if before is None:
        old = {}
    if after is None:
        new = {}
    names = list(dict.fromkeys([*old, *new]))
    rows = [
        {
            "name": name or "—",
            "old": _plain(old.get(name)) if name in old else "",
            "new": _plain(new.get(name)) if name in new else "",
            "changed": old.get(name) != new.get(name) or (name in old) != (name in new),
        }
        for name in names
    ]
    return sorted(rows, key=lambda row: not row["changed"])


def _plain(value: Any) -> str:
    if value is None:
        return str(_("空"))
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, (dict, list)) else json.dumps(value)


def proof_rows(told: dict[str, Any]) -> dict[str, Any]:
    """Return a proof's result as its page shows it."""
    streams = [stream | {"title": STREAM.get(Stream(stream["stream"]), "")} for stream in told["streams"]]
    findings = [
        finding | {"word": FINDING.get(finding["kind"], finding["kind"]), "title": stream["title"]}
        for stream in streams
        for finding in stream["findings"]
    ]
    return told | {"streams": streams, "findings": findings}
