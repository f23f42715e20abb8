"""Words of this room that pages say in the reader's language: colours, levels, classes of the air, audiences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

COLOURS: Mapping[str, Any] = {
    "none": _("无"), "blue": _("蓝色"), "yellow": _("黄色"), "orange": _("橙色"), "red": _("红色"),
}  # fmt: skip
LEVELS: Mapping[str, Any] = {"IV": _("Ⅳ级"), "III": _("Ⅲ级"), "II": _("Ⅱ级"), "I": _("Ⅰ级")}
SEVERITIES: Mapping[str, Any] = {"IV": _("一般"), "III": _("较大"), "II": _("重大"), "I": _("特别重大")}
CLASSES: Mapping[int, Any] = {
    1: _("优"), 2: _("良"), 3: _("轻度污染"), 4: _("中度污染"), 5: _("重度污染"), 6: _("严重污染"),
}  # fmt: skip
SHORT_CLASSES: Mapping[int, Any] = {
    1: _("优"), 2: _("良"), 3: _("轻度"), 4: _("中度"), 5: _("重度"), 6: _("严重"),
}  # fmt: skip
ADVICE: Mapping[int, Any] = {
    1: _("可以正常活动"), 2: _("可以正常活动"), 3: _("适当减少剧烈的户外运动"), 4: _("减少户外运动"),
    5: _("减少户外活动，外出戴口罩"), 6: _("不做户外活动，必须外出时戴口罩"),
}  # fmt: skip
"""What everybody should do; a test holds them to `data/air.yaml`."""
AUDIENCES = (
    ("sensitive", _("老人和孩子")),
    ("everyone", _("其他人")),
    ("school", _("学校")),
    ("driver", _("司机")),
    ("builder", _("工地")),
)
CATEGORIES = (("载货", _("货车")), ("载客", _("客车")), ("非道路", _("工程机械")))
FUELS = (("柴油", _("柴油")), ("汽油", _("汽油")), ("天然气", _("天然气")), ("电", _("电动")))
USES = (("", _("一般")), ("渣土", _("渣土、建筑垃圾、散装建材")), ("工程运输", _("工程运输")))
PLACES = (("建成区内", _("城市建成区内")), ("建成区外", _("建成区以外")))
TASK_STATES: Mapping[str, Any] = {"in_place": _("到位"), "going": _("在办"), "failed": _("未到位")}
