"""Is everything in order: one check each, with what to do when it is not; for the page and `luoshi health`."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.clock import CLOCK, local
from luoshi.office.audit import key, queries, triggers
from luoshi.office.backup.actions import last_backup
from luoshi.office.jobs.models import Job
from luoshi.office.messages.models import Mail
from luoshi.office.notices.models import Publication, Sending

OK, WARN, FAIL = "ok", "warn", "fail"
_GB = 1024**3
JOB_WORDS = {
    "audit.verify": gettext_lazy("校验审计链"),
    "mail.send": gettext_lazy("发送邮件"),
    "notices.send": gettext_lazy("发送文书的短信、邮件"),
    "backup": gettext_lazy("备份"),
    "register.preview": gettext_lazy("预览台账表格"),
    "register.import": gettext_lazy("导入台账"),
    "register.undo": gettext_lazy("对冲台账导入"),
    "register.export": gettext_lazy("导出台账"),
    "pollution.dossier": gettext_lazy("导出重污染整卷"),
    "work.activate": gettext_lazy("启用年度计划"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One check: how it stands (ok, warn, fail), in words, and what to do, empty when it is in order."""

    key: str
    title: str
    state: str
    words: str
    remedy: str = ""


_CHECKS: list[tuple[str, str | Promise, Callable[[], tuple[str, str, str]]]] = []


def _check(name: str, title: str | Promise) -> Callable[[Callable[[], tuple[str, str, str]]], Callable[[], object]]:
    def register(function: Callable[[], tuple[str, str, str]]) -> Callable[[], object]:
        _CHECKS.append((name, title, function))
        return function

    return register


def run() -> list[Check]:
    """Carry out every check; one that cannot be carried out has failed."""
    found = []
    for name, title, function in _CHECKS:
        try:
            state, words, remedy = function()
        except (DatabaseError, OSError) as error:
            state, words, remedy = FAIL, str(error).strip()[:200], _("看服务的日志；排除后再按“重新检查”。")
        found.append(Check(name, str(title), state, words, remedy))
    return found


def worst(checks: Sequence[Check]) -> str:
    """Return the worst state there is."""
    states = {check.state for check in checks}
    return FAIL if FAIL in states else WARN if WARN in states else OK


@_check("database", gettext_lazy("数据库"))
def _database() -> tuple[str, str, str]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA journal_mode")
            mode = cursor.fetchone()[0]
            size = Path(str(connection.settings_dict["NAME"]))
            words = f"SQLite，{_size(size.stat().st_size)}" if size.exists() else "SQLite"
            if mode not in ("wal", "memory"):
                return WARN, _("%s，不是 WAL 模式") % words, _("停下服务，用 luoshi serve 重启；数据目录须在本机磁盘。")
            return OK, words, ""
        cursor.execute("SELECT current_setting('server_version'), pg_database_size(current_database())")
        version, size_bytes = cursor.fetchone()
        return OK, f"PostgreSQL {version}，{_size(size_bytes)}", ""


@_check("migrations", gettext_lazy("数据库版本"))
def _migrations() -> tuple[str, str, str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        return FAIL, _("有 %d 步升级没有做") % len(plan), _("运行 luoshi migrate。")
    return OK, _("已是当前版本"), ""


@_check("disk", gettext_lazy("磁盘"))
def _disk() -> tuple[str, str, str]:
    usage = shutil.disk_usage(settings.DATA_DIR)
    words = _("数据目录所在磁盘剩 %(free)s，共 %(all)s") % {"free": _size(usage.free), "all": _size(usage.total)}
    remedy = _("腾出空间，或把数据目录移到更大的磁盘。")
    if usage.free < _GB // 2:
        return FAIL, words, remedy
    return (WARN, words, remedy) if usage.free < 5 * _GB else (OK, words, "")


@_check("folder", gettext_lazy("数据目录"))
def _folder() -> tuple[str, str, str]:
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.W_OK):
        return FAIL, _("%s 不可写") % folder, _("把目录的写权限给运行服务的账号。")
    loose = [
        file.name for file in (folder / "secret.key", key.key_file()) if file.exists() and file.stat().st_mode & 0o77
    ]
    if loose:
        return WARN, _("密钥文件别人也能读：%s") % "、".join(loose), _("运行 chmod 600 收紧权限。")
    return OK, str(folder), ""


@_check("jobs", gettext_lazy("后台任务"))
def _jobs() -> tuple[str, str, str]:
    now = CLOCK.now()
    waiting = Job.objects.filter(state=Job.State.WAITING).order_by("id")
    count, first = waiting.count(), waiting.first()
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gte=now - datetime.timedelta(days=1)).count()
    words = _("等待 %(waiting)d 个，一天内未办成 %(failed)d 个") % {"waiting": count, "failed": failed}
    if first is not None and now - local(first.created_at) > datetime.timedelta(minutes=10):
        return FAIL, words, _("最早的已等了十分钟以上：看服务是否在运行，LUOSHI_JOBS 是否为 thread。")
    return (WARN, words, _("到“后台任务”看未办成的原因。")) if failed else (OK, words, "")


@_check("seal", gettext_lazy("审计封存"))
def _seal() -> tuple[str, str, str]:
    seal, days = queries.last_seal(), queries.days_unsealed()
    words = _("还没有封存过") if seal is None else _("最近封存到 %s") % seal.day
    if days > 2:
        return FAIL, words, _("已有 %d 天没有封存：看定时是否在运行，或运行 luoshi audit seal。") % days
    return OK, words, ""


@_check("protection", gettext_lazy("审计保护"))
def _protection() -> tuple[str, str, str]:
    missing = triggers.unguarded()
    if missing:
        return FAIL, _("缺触发器：%s") % "、".join(missing), _("有人绕过系统改过库：马上校验审计链，从备份比对。")
    if not key.key_file().exists() and queries.last_seal() is not None:
        return FAIL, _("封存密钥 audit.key 不在"), _("从备份取回；没有它，封存的签名无法核对。")
    return OK, _("记录只能追加，触发器完好"), ""


@_check("backup", gettext_lazy("备份"))
def _backup() -> tuple[str, str, str]:
    last = last_backup()
    if last is None:
        return WARN, _("还没有备份过"), _("运行 luoshi backup --to 另一块磁盘的目录，并设为每天一次。")
    at = datetime.datetime.fromisoformat(last["at"])
    words = _("最近一次 %s") % f"{local(at):%Y-%m-%d %H:%M}"
    if not Path(last["file"]).exists():
        return WARN, words, _("文件已不在 %s：确认搬到了别处，或重新备份。") % last["file"]
    if CLOCK.now() - at > datetime.timedelta(days=2):
        return WARN, words, _("已超过两天：看每天的备份为什么没有运行。")
    return OK, words, ""


@_check("mail", gettext_lazy("邮件"))
def _mail() -> tuple[str, str, str]:
    if not getattr(settings, "SMTP_URL", ""):
        return OK, _("没有设邮件服务器，只在页面里通知"), ""
    failed = Mail.objects.filter(state=Mail.State.FAILED).count()
    late = Mail.objects.filter(
        state=Mail.State.WAITING, made_at__lt=CLOCK.now() - datetime.timedelta(hours=1)
    ).order_by("made_at")
    count, first = late.count(), late.first()
    words = _("等待一小时以上 %(late)d 封，未发出 %(failed)d 封") % {"late": count, "failed": failed}
    if count or failed:
        row = first or Mail.objects.filter(state=Mail.State.FAILED).order_by("-id").first()
        told = row.error if row else ""
        return WARN, words, _("核对 LUOSHI_SMTP_URL；最近的原因：%s") % (told or _("还没有试发"))
    return OK, words, ""


@_check("papers", gettext_lazy("文书发送"))
def _papers() -> tuple[str, str, str]:
    waiting = Sending.objects.filter(state=Sending.State.WAITING)
    failed = Publication.objects.filter(state=Publication.State.FAILED).count()
    remedy = _("在文书页看原因，排除后按“重发”。")
    if failed:
        return WARN, _("未送出 %d 处") % failed, remedy
    late = waiting.filter(next_try_at__lt=CLOCK.now() - datetime.timedelta(minutes=15)).count()
    if late:
        return WARN, _("到时没有发的 %d 批") % late, _("看后台任务是否在跑，或运行 luoshi notices send。")
    return OK, _("待发 %d 批") % waiting.count(), ""


@_check("calendar", gettext_lazy("工作日历"))
def _calendar() -> tuple[str, str, str]:
    years, today = announced_calendar().years, CLOCK.today()
    words = _("已公布 %(first)d–%(last)d 年") % {"first": min(years), "last": max(years)}
    if today.year not in years:
        return WARN, words, _("今年的放假安排没有录入：到期日都标为暂定，请更新日历。")
    if today.month == 12 and today.year + 1 not in years:
        return WARN, words, _("明年的放假安排还没有录入，公布后请更新。")
    return OK, words, ""


def _size(size_bytes: int) -> str:
    size = float(size_bytes)
    for unit in ("字节", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "字节" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
