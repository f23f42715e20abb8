"""The words pages, API and exports use for codes of the records."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

KIND = {
    "opinion": _("意见"),
    "plan": _("方案"),
    "measures": _("办法"),
    "emergency_plan": _("预案"),
    "notice": _("通知"),
    "work_points": _("要点"),
    "appointment": _("任免"),
    "other": _("其他"),
}
STATE = {
    "in_force": _("有效"),
    "not_yet": _("尚未施行"),
    "expired": _("已失效"),
    "repealed": _("已废止"),
    "unknown": _("未注明"),
}
RELATION = {
    "repeals": _("废止"),
    "based_on": _("依据"),
    "cites": _("引用"),
    "implements": _("落实"),
    "amends": _("修改"),
}
INCOMING = {
    "repeals": _("被废止"),
    "based_on": _("被作为依据"),
    "cites": _("被引用"),
    "implements": _("被落实"),
    "amends": _("被修改"),
}
BASIS = {
    "mark": _("责任括注"),
    "declaration": _("文内声明"),
    "heading": _("标题主体"),
    "subject": _("句子主语"),
    "review": _("核对时补录"),
}
LIMIT_KIND = {
    "by": _("到期"),
    "from": _("起始"),
    "between": _("期间"),
    "within": _("时长"),
    "every": _("周期"),
}
OPERATOR = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "=": "", "~": _("约")}
PHASE = {
    "": _("等待开始"),
    "reading": _("读取文件"),
    "compiling": _("识别文件和条款"),
    "storing": _("写入文件和条款"),
    "duties": _("写入责任、时限和目标"),
    "relations": _("写入关系、名单和存疑"),
}
JOB_KIND = {"import": _("导入公报")}
JOB_PHASE = {
    "checking": _("逐行核对"),
    "undoing": _("对冲"),
    "exporting": _("写出表格"),
    "computing": _("测算指标"),
}
REPAIR = {
    "joined_line": _("接上断行"),
    "removed_blank": _("去掉空格"),
    "moved_block": _("移回原位"),
    "supplied_label": _("补上序号"),
    "removed_mark": _("去掉排版符号"),
}
WARNING = {
    "missing_date": _("缺日期"),
    "missing_number": _("缺文号"),
    "missing_head": _("缺文头"),
    "truncated": _("文件截断"),
    "truncated_document": _("文件截断"),
    "interleaved_fragment": _("夹杂片段"),
    "unknown_organ": _("单位不识"),
    "skipped_number": _("序号跳号"),
    "supplied_label": _("补上序号"),
}
MARK = {
    "lead": _("牵头"),
    "cooperating": _("配合"),
    "duty": _("责任（此处没写单位）"),
    "limit": _("时限"),
    "target": _("目标"),
    "list": _("名单"),
    "cites": _("引用"),
    "repair": _("修补"),
    "warning": _("存疑"),
}
"""What a marked stretch of a text is read as."""
WEEKDAY = (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))
CONFIDENCE = ((0.9, _("高")), (0.7, _("中")), (0.0, _("低")))


def confidence(value: float) -> str:
    """Return 高, 中 or 低."""
    return str(next(word for bound, word in CONFIDENCE if value >= bound))
