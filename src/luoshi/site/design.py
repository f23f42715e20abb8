"""The design page: every shared component once, in each of its states, with invented data."""

from __future__ import annotations

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.clock import SHANGHAI
from luoshi.kernel.dues import Pause, Unit
from luoshi.kernel.limits import TimeLimit
from luoshi.site.access import needs

TODAY = date(2019, 10, 15)

PALETTE = (
    (gettext_lazy("文字"), ("ink-900", "ink-700", "ink-500")),
    (gettext_lazy("底与线"), ("page", "surface", "head", "tint", "line", "control")),
    (gettext_lazy("海色"), ("sea-900", "sea-700", "sea-600", "sea-500", "sea-200", "sea-100", "sea-50")),
    (gettext_lazy("纸色"), ("paper-50", "paper-100", "paper-300", "paper-ctl", "paper-ink")),
    (gettext_lazy("状态"), ("red", "orange", "yellow", "blue", "green")),
)

CITES = (
    {"number": "测政办发〔2018〕7号", "short": "政办〔2018〕7号", "path_words": "第十二条",
     "text": "测政办发〔2018〕7号 第十二条", "href": "/design/"},
    {"number": "测政发〔2019〕2号", "short": "政〔2019〕2号", "path_words": "3.1.3(4)",
     "text": "测政发〔2019〕2号 3.1.3(4)", "href": "/design/", "lost": True},
    {"number": "", "short": "", "path_words": "", "text": "关于加强公共照明设施管护工作的意见", "href": "/design/"},
)  # fmt: skip

DUES = (
    ("plenty", "剩 12 个工作日", "10月31日", 0.4, False),
    ("near", "剩 2 个工作日", "10月17日", 0.85, False),
    ("today", "今日到期", "24:00", 1, False),
    ("late", "逾期 1 个工作日", "10月14日", 1, False),
    ("past", "期限已过", "2018年12月31日", 1, False),
    ("paused", "停表", "已停 3 日", None, False),
    ("plenty", "剩 240 个工作日", "2027年10月8日", 0.1, True),
    ("recurring", "每年", "10月底前", None, False),
    ("open", "10 个工作日内", "收到申请后", None, False),
    ("done", "办结", "早 2 日", None, False),
    ("none", "未写时限", "", None, False),
)

LAMPS = (
    ("red", gettext_lazy("逾期")), ("yellow", gettext_lazy("滞后")), ("green", gettext_lazy("正常")),
    ("blue", gettext_lazy("已销号")), ("grey", gettext_lazy("未开始")), ("paused", gettext_lazy("暂停")),
)  # fmt: skip

VALIDITIES = ("in_force", "not_yet", "expired", "repealed", "unknown")

REASONS = (
    {"ok": True, "text": "自2018年4月1日起施行,至2019年10月15日已施行562天", "cite": CITES[0]},
    {"ok": True, "text": "已付389,056.45元,按25%计为97,264.11元", "cite": CITES[1]},
    {"ok": False, "text": "要连续96小时,现41小时", "cite": CITES[1]},
    {"ok": None, "text": "正文没有写明有效期", "cite": CITES[0]},
    {"ok": True, "text": "材料与原件一致", "cite": None, "by": "测试甲"},
)

HOLDERS = (
    {"name": "测试丙", "post": "市财政局 · 经办", "since": "已 8 个工作日",
     "next": [{"name": "测试丁", "post": "负责人"}, {"name": "托管公司", "post": ""}]},
    {"automatic": True, "since": "10月18日 00:00"},
    {"applicant": True, "post": "补正", "since": "已 3 日"},
    {"vacant": True, "post": "市规划局 分管负责人", "name": "测试戊", "since": ""},
)  # fmt: skip

FACETS = (
    {"name": "organ", "title": gettext_lazy("牵头单位"), "more": 31, "clear_href": "/design/", "options": [
        {"value": "a", "label": "市住建局", "count": 23, "checked": True, "href": "/design/"},
        {"value": "b", "label": "市农业农村局", "count": 16, "checked": False, "href": "/design/"},
        {"value": "c", "label": "市财政局", "count": 1204, "checked": False, "href": "/design/"}]},
    {"name": "origin", "title": gettext_lazy("期限怎么来"), "more": 0, "clear_href": "", "options": [
        {"value": "by", "label": "文件写明日期", "count": 97, "checked": False, "href": "/design/"},
        {"value": "every", "label": "周期生成", "count": 24, "checked": False, "href": "/design/"}]},
)  # fmt: skip

WARNINGS = (
    {"code_word": "未印日期", "message": "文末没有印发日期,留空", "place": "第 412 行", "excerpt": "测试市人民政府"},
    {"code_word": "文件不全", "message": "正文在一句话中间断开", "place": "第 980 行", "excerpt": "各单位要于"},
    {"code_word": "单位不识", "message": "“市照明中心”不在机构名录,按原文保留", "place": "第 1,033 行"},
)  # fmt: skip


def _hour(day: int, hour: int) -> datetime:
    return datetime(2019, 10, day, hour, 4, tzinfo=SHANGHAI)


EVIDENCE = (
    {"title": "付款凭证.pdf", "href": "/design/", "note": "2 页", "at": _hour(14, 9), "place": "测试镇甲村",
     "digest": "9c1e5f2a09c4e1", "flags": ()},
    {"title": "现场照片.jpg", "href": "", "note": "1.2 MB", "at": _hour(15, 8), "place": "",
     "digest": "77aa01bb02cc03", "flags": ("离登记地点 1.4 公里",)},
)  # fmt: skip

EVENTS = (
    {"at": "10月18日 00:00", "kind": "future", "words": "届时没有退回：视为同意，自动生效"},
    {"at": "今天 09:12", "kind": "now", "words": "测试丙 打开本件"},
    {"at": "10月11日 08:30", "kind": "auto", "words": "第 5 个工作日提醒：测试丙"},
    {"at": "10月9日 10:22", "kind": "person", "words": "测试丙 核对材料", "note": "“分期代偿只此一笔”"},
)

HANDS = (
    {"first": {"name": "测试丙", "post": "经办", "at": None, "you": True},
     "second": {"name": "测试丁", "post": "负责人"},
     "consequence": ("补偿比例自2019年11月1日起为 25 %", "此前已办结的件不变"),
     "act": {"name": "act", "value": "propose", "words": "拟同意", "next": "测试丁"},
     "back": {"name": "act", "value": "back", "words": "退回（写明理由）"}},
    {"first": {"name": "测试丙", "post": "经办", "at": _hour(15, 9)},
     "second": {"name": "测试丁", "post": "负责人", "you": True, "note": "逐项打钩后签"},
     "void": "测试己 10月15日 10:02 改过金额", "act": {"name": "act", "value": "ok", "words": "确认生效"}},
    {"first": {"name": "测试丙", "post": "经办", "at": _hour(14, 9)},
     "second": {"name": "测试丁", "post": "负责人", "at": _hour(15, 10)}},
)  # fmt: skip

PREVIEW = {
    "counts": {"new": 12, "changed": 3, "same": 40, "faulty": 2},
    "columns": ("工作任务", "牵头单位", "期限"),
    "rows": (
        {"number": 2, "kind": "new", "cells": ({"value": "逐盏登记"}, {"value": "市住建局"}, {"value": "2019-10-31"})},
        {"number": 3, "kind": "faulty", "cells": ({"value": "抽查"}, {"value": "市照明中心", "fault": "不在机构名录"},
                                                  {"value": "2019-02-30", "fault": "没有这一天"})},
        {"number": 4, "kind": "same", "cells": ({"value": "公示"}, {"value": "市财政局"}, {"value": "2019-11-15"})},
    ),
    "more": 54, "faults_href": "/design/",
}  # fmt: skip

BULK = ({"value": "remind", "words": gettext_lazy("催办")}, {"value": "export", "words": gettext_lazy("导出所选")})


@needs("design.see")
def design(request: HttpRequest) -> HttpResponse:
    """Show the design page."""
    calendar = announced_calendar()
    context = {
        "page_title": _("设计样张"),
        "palette": PALETTE,
        "cites": CITES,
        "dues": [{"state": state, "words": words, "date_words": day, "elapsed": elapsed, "provisional": provisional,
                  "title": f"{words} {day}"} for state, words, day, elapsed, provisional in DUES],
        "lamps": LAMPS,
        "levels": range(1, 5),
        "validities": [{"state": state, "words": ""} for state in VALIDITIES],
        "ribbon": TimeLimit(10, Unit.WORKING_DAY).due(date(2019, 9, 29), calendar),
        "paused_ribbon": TimeLimit(5, Unit.WORKING_DAY).due(
            date(2019, 10, 8), calendar, pauses=[Pause(date(2019, 10, 9), date(2019, 10, 11), _("待补正"))]
        ),
        "provisional_ribbon": TimeLimit(5, Unit.WORKING_DAY).due(date(2031, 9, 29), calendar),
        "long_ribbon": TimeLimit(45, Unit.WORKING_DAY).due(date(2019, 8, 26), calendar),
        "today": TODAY,
        "reasons": REASONS,
        "parameters": [{"title": "补偿比例", "value": "25 %", "since": "2018年3月8日起"},
                       {"title": "停办线", "value": "20 %", "since": "2018年3月8日起"}],
        "holders": HOLDERS,
        "facets": FACETS,
        "chips": [{"label": "期限", "value": "10月15日–11月15日", "remove_href": "/design/"},
                  {"label": "牵头单位", "value": "市住建局", "remove_href": "/design/"}],
        "page": {"first": 51, "shown": 50, "prev_href": "/design/", "next_href": "/design/",
                 "count_words": "约 12,400 条"},
        "tabs": [{"label": "全部", "href": "/design/", "count": 1284, "current": True},
                 {"label": "三十天内", "href": "/design/", "count": 128, "current": False}],
        "counts": [{"title": "逾期", "value": 1, "href": "/design/", "note": "", "bad": True},
                   {"title": "今天到期", "value": 3, "href": "/design/", "note": ""},
                   {"title": "责任", "value": 12400, "href": "", "note": "比上期多 16"}],
        "diff": [{"path": "二/(一)/1", "kind": "changed", "old": "2018年10月底前完成", "new": "2018年12月底前完成"},
                 {"path": "附件1/三", "kind": "added", "old": "", "new": "每季度报送一次"},
                 {"path": "3/3.1/3.1.3/(4)", "kind": "removed", "old": "不再执行", "new": ""}],
        "warnings": WARNINGS,
        "evidence": EVIDENCE, "events": EVENTS, "hands": HANDS, "preview": PREVIEW, "bulk": BULK,
        "changes": [{"label": "金额", "old": "9.73万", "new": "9.72万"},
                    {"label": "期限", "old": "", "new": "10月31日"},
                    {"label": "单位", "old": "市住建局", "new": "市住建局"}],
        "roles": [("clerk", _("经办")), ("leader", _("负责人"))],
        "faults": {"until": _("到哪一天：早于开始日期"), "": _("两人不能是同一人")},
        "consequence": ["新增 2 件文件、58 条、责任 31 条", "市住建局台账新增 1 条，10月31日到期",
                        "已有的 1 件不变"],
        "error": {"code": "E_INPUT_EMPTY", "title": "这份文件是空的", "message": "里面没有文字，没有可以读出的内容。",
                  "remedy": "请换一份有文字层的文件，或把文字粘贴进来。", "place": "测试公报.txt"},
    }  # fmt: skip
    return render(request, "site/design.html", context)
