"""Every setting of luoshi: one table that is read from the environment and documents itself.

`luoshi settings` prints the table, docs/settings.md is generated from it, `luoshi.site.settings` reads it. No Django
here, so that the command line can use it at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names the variable and what it may be."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: `parse` turns its text into the value used, `default` is text too."""

    name: str
    default: str
    meaning: str
    parse: Callable[[str], Any]


def _boolean(text: str) -> bool:
    values = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if (value := values.get(text.strip().lower())) is None:
        raise ValueError("应为 1 或 0")
    return value


def _positive(text: str) -> int:
    if not text.strip().isascii() or not text.strip().isdigit() or int(text) < 1:
        raise ValueError("应为正整数")
    return int(text)


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", " ").split() if word]


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"应为 {' 或 '.join(allowed)}")
        return text

    return parse


SETTINGS = (
    Setting("LUOSHI_DATA", "var", "数据目录：数据库文件、密钥、待确认的上传文件都在这里。", Path),
    Setting("LUOSHI_DATABASE_URL", "", "PostgreSQL 地址，如 postgresql://用户:口令@主机:5432/库名；空用 SQLite。", str),
    Setting("LUOSHI_SECRET_KEY", "", "签名密钥；空则首次启动时生成并存入数据目录的 secret.key。", str),
    Setting("LUOSHI_HOSTS", "localhost 127.0.0.1 [::1]", "允许的访问主机名，以空格分隔；* 表示不限。", _words),
    Setting("LUOSHI_ORIGINS", "", "经 HTTPS 反向代理访问时的来源，如 https://gazette.example.cn，以空格分隔。", _words),
    Setting("LUOSHI_LISTEN", "127.0.0.1", "luoshi serve 监听的地址；对内网开放写 0.0.0.0。", str),
    Setting("LUOSHI_PORT", "8000", "luoshi serve 监听的端口。", _positive),
    Setting("LUOSHI_THREADS", "4", "luoshi serve 处理请求的线程数。", _positive),
    Setting("LUOSHI_JOBS", "thread", "后台任务：thread 由服务进程的一个线程做；off 不做。", _one_of("thread", "off")),
    Setting("LUOSHI_UPLOAD_MB", "32", "上传文件的上限，单位 MB。", _positive),
    Setting("LUOSHI_OPERATOR", "值班文书", "命令行办理时，审计记录里写的经办人。", str),
    Setting("LUOSHI_SMTP_URL", "", "邮件服务器，如 smtp://账号:口令@主机:587/?tls=1；空则只在页面里通知。", str),
    Setting("LUOSHI_MAIL_FROM", "", "邮件的发件人地址。", str),
    Setting("LUOSHI_SMS_URL", "", "短信网关收名单的地址，如 https://sms.example.cn/send；空则短信渠道待发。", str),
    Setting("LUOSHI_SMS_KEY", "", "与短信网关共用的签名密钥（HMAC-SHA-256）。", str),
    Setting("LUOSHI_DEMO", "0", "1 表示库里是演示数据，每个页面和导出文件都会标明。", _boolean),
    Setting("LUOSHI_DEBUG", "0", "1 打开开发模式；正式使用必须为 0。", _boolean),
)  # fmt: skip


def read(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return every setting by name, typed; raises `SettingError` naming the variable that cannot be used."""
    environ = os.environ if environ is None else environ
    values = {}
    for setting in SETTINGS:
        text = environ.get(setting.name) or setting.default
        try:
            values[setting.name] = setting.parse(text)
        except ValueError as error:
            raise SettingError(f"设置 {setting.name} 的值“{text}”不能用：{error}。") from None
    return values


SESSION = "-c jit=off -c max_parallel_workers_per_gather=0 -c random_page_cost=1.1 -c work_mem=32MB"
"""How PostgreSQL plans for us: every query is short, so compiling it or starting workers costs more than running it;
an index is read from memory or from a disk without heads; the ids a word is found in fit into memory."""


def databases(url: str, data: Path) -> dict[str, Any]:
    """Return Django's default database for `url`, or the SQLite file in `data` when it is empty."""
    if not url:
        return _sqlite(data / "luoshi.sqlite3")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return _sqlite(Path(unquote(parts.path)))
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingError("设置 LUOSHI_DATABASE_URL 应以 postgresql:// 开头。")
    options = {"options": SESSION, **dict(parse_qsl(parts.query))}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def _sqlite(file: Path) -> dict[str, Any]:
    # IMMEDIATE takes the write lock when a transaction begins: two writers then wait for each other instead of failing
    # in the middle. WAL lets readers go on meanwhile; 32 MB of it are carried into the file at once: a page that many
    # acts write is carried over once. Pages of 2 KB: what a commit waits for is the writing of whole pages, and an act
    # changes a row or two on each (a file that is there keeps its size).
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(file),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA page_size=2048; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
                "PRAGMA cache_size=-65536; PRAGMA mmap_size=2147483648; PRAGMA temp_store=MEMORY; "
                "PRAGMA wal_autocheckpoint=16000"
            ),
        },
    }


def secret_key(configured: str, data: Path) -> str:
    """Return the configured key, or the one kept in `data`, which is made at the first call."""
    if configured:
        return configured
    import secrets

    file = data / "secret.key"
    if not file.exists():
        data.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="ascii") as stream:
                file.chmod(0o600)
                stream.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another process made it a moment ago
    return file.read_text(encoding="ascii")


def documentation() -> str:
    """Return docs/settings.md."""
    lines = [
        "# 设置",
        "",
        "全部设置取自环境变量；此页由 `luoshi settings --markdown` 生成。",
        "",
        "| 变量 | 默认值 | 含义 |",
        "|---|---|---|",
    ]
    lines += [f"| `{s.name}` | {f'`{s.default}`' if s.default else '（空）'} | {s.meaning} |" for s in SETTINGS]
    return "\n".join(lines) + "\n"
