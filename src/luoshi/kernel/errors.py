"""Refusals: one type, one table of codes; `as_problem` turns any of them into an RFC 9457 problem.

A refusal says in Chinese what is wrong, where and what to do; its fields are for machines, its citation names the
clause that refused. Pages, API and command line take status and exit code from the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Code(NamedTuple):
    """What a code means: HTTP status, exit status of the command line, Chinese title."""

    http: int
    exit: int
    title: str


def _codes(rows: str) -> Mapping[str, Code]:
    table: dict[str, Code] = {}
    for row in rows.strip().splitlines():
        code, http, exit_status, title = row.split(maxsplit=3)
        table[code] = Code(int(http), int(exit_status), title)
    return MappingProxyType(table)


CODES: Mapping[str, Code] = _codes(
    """
    E_INPUT             422  2  填写有误
    E_AMOUNT            422  2  金额有误
    E_SUM               422  2  分项之和与合计不符
    E_FUTURE            422  2  日期晚于今天
    E_UNIT              422  2  单位未知或不一致
    E_CHECK_DIGIT       422  2  校验位不符
    E_ID_MANGLED        422  2  号码被表格软件破坏
    E_IMPLAUSIBLE       422  2  数值异常，需说明理由
    E_FILE              422  2  文件无法读取
    E_HEADER            422  2  表头不符
    E_HASH              422  2  摘要不符
    E_ROWS              422  2  行数不符
    E_TOO_LARGE         422  2  内容过大
    E_DUPLICATE_FILE    409  4  文件已导入过
    E_DUPLICATE         409  4  已有相同记录
    E_CONFLICT          409  4  同一编号内容不同
    E_TXN_CONFLICT      409  4  同一流水内容不同
    E_SIG               401  4  签名不符
    E_ACCOUNT           404  4  银行或账户不存在
    E_STALE             422  4  报文时间超出允许范围
    E_VERSION           409  4  内容已被他人修改
    E_BUSY              409  4  正在被他人处理
    E_CAPACITY          409  3  余量不足
    E_SERIES_FULL       409  3  编号已用完
    E_NOT_YET           422  3  未到时间
    E_EXPIRED           422  3  已过期限
    E_NOT_IN_FORCE      422  3  尚未生效
    E_CALENDAR_MISSING  422  3  工作日历未公布
    E_PARAMETER_MISSING 422  3  参数无值
    E_RULE              422  3  不符合规定
    E_STATE             422  3  当前状态不可办理
    E_INCOMPLETE        422  3  材料或事实不全
    E_LOGIN             401  5  请先登录
    E_FORBIDDEN         403  5  无权操作
    E_NOT_FOUND         404  5  不存在
    E_SELF              403  5  不得办理本人事项
    E_INTEREST          403  5  存在利害关系，应当回避
    E_NO_DELEGATION     403  5  没有有效授权
    E_PURPOSE           403  5  未说明用途
    E_INTERNAL          500  70 系统内部错误
    """
)

ROOM_CODE = Code(422, 3, "不符合规定")
"""Rooms add codes of the same style (`E_LINE_FULL`); they are refusals of a rule."""


class LuoshiError(Exception):
    """A refusal: `code` of the table or of a room, Chinese `message`, `fields` for machines, printed `citation`."""

    def __init__(
        self, code: str, message: str, *, fields: Mapping[str, Any] | None = None, citation: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = dict(fields or {})
        self.citation = citation

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def definition(self) -> Code:
        """Status and title of this error's code."""
        return CODES.get(self.code, ROOM_CODE)

    @property
    def http_status(self) -> int:
        """HTTP status of the answer that carries this error."""
        return self.definition.http

    @property
    def exit_status(self) -> int:
        """Exit status of a command that ends with this error."""
        return self.definition.exit

    def as_problem(self) -> dict[str, Any]:
        """Return the RFC 9457 problem object; `code`, `fields` and `citation` are extension members."""
        problem: dict[str, Any] = {
            "type": f"urn:luoshi:error:{self.code}",
            "title": self.definition.title,
            "status": self.http_status,
            "detail": self.message,
            "code": self.code,
        }
        if self.fields:
            problem["fields"] = self.fields
        if self.citation:
            problem["citation"] = self.citation
        return problem
