"""The indicators K1 to K15 of the plan (spec section 10), for the office's room of indicators.

What they count stands in `counting`, what they reckon in `skill`. Times are the server's; exercises never count.
"""

from __future__ import annotations

import datetime
from functools import partial

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.indicators import actions
from luoshi.office.indicators.declaration import Indicator, Part, Target, indicators, register
from luoshi.office.indicators.figures import Direction
from luoshi.programmes.heavy_pollution import counting, plan, skill
from luoshi.programmes.heavy_pollution.counting import Reports
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.skill import HeavyHours, Reductions, Skill

ROOM = "heavy_pollution"
_declare = partial(Indicator, programme=ROOM)
_ALL = Target(value=100)
_LONGER = ("quarter", "year")


def _towns() -> list[str]:
    return sorted(concern.towns())


# --- issuing and reporting --------------------------------------------------------------------------------------------

LEAD = register(
    _declare(
        key=f"{ROOM}.lead", number="K1", title="预警提前发布率", unit="%", period="month", longer=_LONGER,
        numerator=Part("提前24小时以上发布的预警", counting.ahead, counting.warnings_behind(in_time=True)),
        denominator=Part("按预报发布的预警", counting.issued, counting.warnings_behind(in_time=False)),
        target=_ALL, owner=plan.COMMAND, citation=f"{PLAN} 3.1.4",
        formula="提前24小时以上发布的预警 ÷ 全部预警（不含已经重污染时即时发布的）",
        note="提前量精确到秒；只看首次发布，升级不计",
    )
)  # fmt: skip

_REPORTED = (
    ("lists", "K2", "名单按时报送率", Reports("lists"), "environment", f"{PLAN} 3.3", "发布后4小时内"),
    ("daily", "K3", "日报按时报送率", Reports("daily", "compiled"), plan.COMMAND, f"{PLAN} 3.3",
     "成员单位15:00前，办公室17:00前"),
    ("publicity", "K4", "向社会发布按时率", Reports("publicity"), "publicity-dept",
     f"{PLAN} 附件/信息公开和宣传组行动细则/一/(二)/1", "响应启动后2小时内"),
    ("evaluation", "K5", "评估按时报送率", Reports("evaluation", "upward"), plan.COMMAND, f"{PLAN} 3.4",
     "响应终止后3个工作日内"),
)  # fmt: skip
for _key, _number, _title, _of, _owner, _clause, _limit in _REPORTED:
    register(
        _declare(
            key=f"{ROOM}.{_key}_on_time", number=_number, title=_title, unit="%", period="episode",
            periods=counting.episodes,
            numerator=Part("按时报送", _of.in_time, _of.in_time_rows),
            denominator=Part("应报送", _of.due, _of.due_rows),
            target=_ALL, owner=_owner, citation=_clause, formula=f"按时报送 ÷ 到期应报送（{_limit}）",
            note="时刻以系统收到为准；还没有到期又没有报的不计",
        )
    )  # fmt: skip

# --- what stands ready ------------------------------------------------------------------------------------------------

PLEDGES = register(
    _declare(
        key=f"{ROOM}.pledges", number="K6", title="应急责任承诺书签订率", unit="%", period="year",
        numerator=Part("已签承诺书", counting.pledged, counting.pledges_behind(signed=True)),
        denominator=Part("名单内企业和工地", counting.pledging, counting.pledges_behind(signed=False)),
        target=_ALL, owner="environment", citation=f"{PLAN} 3.1.1(2)", places=_towns,
        formula="已签承诺书 ÷ 名单内企业和工地", note="采暖季前应全部签订",
        reads=(f"{ROOM}.pledges", f"{ROOM}.enterprises", f"{ROOM}.sites"),
    )
)  # fmt: skip

SITE_PLANS = register(
    _declare(
        key=f"{ROOM}.site_plans", number="K7", title="减排操作方案就绪率", unit="%", period="year",
        numerator=Part("方案已审核或备案的企业", counting.plans_approved, counting.plans_behind(ready=True)),
        denominator=Part("名单内企业", counting.plans_owed, counting.plans_behind(ready=False)),
        target=_ALL, owner="economy-it", citation=f"{PLAN} 3.1.1(2)", places=_towns,
        formula="有经审核方案的企业 ÷ 名单内企业", note="采暖季前应全部就绪", reads=(f"{ROOM}.enterprises",),
    )
)  # fmt: skip

ORGAN_PLANS = register(
    _declare(
        key=f"{ROOM}.organ_plans", number="K8", title="专项实施方案按期备案率", unit="%", period="year",
        numerator=Part("按期备案", counting.organ_plans_filed, counting.organ_plans_behind(in_time=True)),
        denominator=Part("应备案", counting.organ_plans_owed, counting.organ_plans_behind(in_time=False)),
        target=_ALL, owner=plan.COMMAND, citation=f"{PLAN} 6.4", formula="20日内备案的方案 ÷ 应备案的方案",
        note="期限最后一天逢休息日顺延",
    )
)  # fmt: skip

_PLANNED, _REACHED = Reductions(skill.planned, by_level=True), Reductions(skill.reached, by_level=False)
_NAMES = "SO2与NOx合计、颗粒物、VOCs"
REDUCTIONS_PLANNED = register(
    _declare(
        key=f"{ROOM}.reductions_planned", number="K9", title="全社会减排目标达到率（按清单）", unit="%", period="year",
        numerator=Part("达到的减排目标", _PLANNED.met, _PLANNED.met_rows),
        denominator=Part("各级减排目标", _PLANNED.all, _PLANNED.rows),
        target=_ALL, owner=plan.COMMAND, citation=f"{PLAN} 3.2", formula=f"达到的目标 ÷ 各级的目标（{_NAMES}）",
        place_titles=dict(plan.LEVEL_WORDS), places=tuple(plan.LEVEL_WORDS), reads=(f"{ROOM}.inventory",),
        note="按应急减排清单的计划减排量；比例按精确值比较",
    )
)  # fmt: skip
REDUCTIONS_REACHED = register(
    _declare(
        key=f"{ROOM}.reductions_reached", number="K9", title="全社会减排目标达到率（按落实）", unit="%",
        period="episode", periods=counting.episodes,
        numerator=Part("达到的减排目标", _REACHED.met, _REACHED.met_rows),
        denominator=Part("本级减排目标", _REACHED.all, _REACHED.rows),
        target=_ALL, owner=plan.COMMAND, citation=f"{PLAN} 3.2", formula=f"达到的目标 ÷ 最高一级的目标（{_NAMES}）",
        note="计划减排量按已落实任务的比例折算：清单写明措施的按该措施，其余按源类",
    )
)  # fmt: skip
SECTORS = register(
    _declare(
        key=f"{ROOM}.sector_reductions", number="K10", title="行业减排比例达到率", unit="%", period="year",
        numerator=Part("方案各级都达到的企业", skill.sector_met, skill.sector_met_rows),
        denominator=Part("名单内企业", counting.plans_owed, skill.sector_rows),
        target=_ALL, owner="economy-it", citation=f"{PLAN} 3.2.1.3(3)①", places=_towns,
        formula="方案各级都达到行业比例的企业 ÷ 名单内企业", note="没有经审核方案的企业按未达到计",
        reads=(f"{ROOM}.enterprises",),
    )
)  # fmt: skip
DRILLS = register(
    _declare(
        key=f"{ROOM}.drills", number="K11", title="采暖季前应急演练", unit="次", period="year",
        numerator=Part("采暖季前举行的演练", counting.drills_held, counting.drills_behind),
        target=Target(parameter=f"{ROOM}.hp.drill"), owner=plan.COMMAND, citation=f"{PLAN} 5.1",
        formula="采暖季开始前举行的演练次数", decimals=0, reads=(f"{ROOM}.drills",),
    )
)  # fmt: skip
ROSTER = register(
    _declare(
        key=f"{ROOM}.roster_gaps", number="K12", title="值班空档", unit="分钟", period="month", longer=_LONGER,
        numerator=Part("无人值班的分钟", counting.roster_gaps, counting.roster_behind),
        target=Target(value=0, direction=Direction.AT_MOST), owner=plan.COMMAND, citation=f"{PLAN} 4.4",
        formula="各单位值班表没有覆盖的分钟数", rank="least", decimals=0, places=counting.roster_organs,
        note="只算已经过去的时间", reads=(f"{ROOM}.roster",),
    )
)  # fmt: skip

# --- forecasts, tasks, peaks ------------------------------------------------------------------------------------------

_HITS, _HEAVY = Skill("hit"), Skill("hit", "miss")
_FALSE, _SAID = Skill("false"), Skill("hit", "false")
HITS = register(
    _declare(
        key=f"{ROOM}.forecast_hits", number="K13", title="重污染日报中率", unit="%", period="month", longer=_LONGER,
        numerator=Part("报中的重污染日", _HITS.count, _HITS.rows),
        denominator=Part("实测重污染日", _HEAVY.count, _HEAVY.rows),
        owner="environment", citation=f"{PLAN} 3.1.2", formula="报中 ÷（报中+漏报）",
        note="取前一日24时前最新的预报；沙尘时段除外",
    )
)  # fmt: skip
FALSE_ALARMS = register(
    _declare(
        key=f"{ROOM}.false_alarms", number="K13", title="重污染日空报率", unit="%", period="month", longer=_LONGER,
        numerator=Part("空报的日", _FALSE.count, _FALSE.rows),
        denominator=Part("预报为重污染的日", _SAID.count, _SAID.rows),
        owner="environment", citation=f"{PLAN} 3.1.2", formula="空报 ÷（报中+空报）", rank="least",
        note="取前一日24时前最新的预报；沙尘时段除外",
    )
)  # fmt: skip
COLOUR_ERROR = register(
    _declare(
        key=f"{ROOM}.colour_error", number="K13", title="预警级别误差", unit="级", period="episode",
        periods=counting.episodes, over="most",
        numerator=Part("发布与实测相差的级数", skill.colour_error, skill.hindsight_rows),
        owner="environment", citation=f"{PLAN} 3.4", rank="least", decimals=0,
        formula="发布的最高级别与按实测定级之差", note="过程结束后，以当时起的实测代替预报重新定级",
    )
)  # fmt: skip
ONSET_ERROR = register(
    _declare(
        key=f"{ROOM}.onset_error", number="K13", title="开始时刻误差", unit="小时", period="episode",
        periods=counting.episodes, over="most",
        numerator=Part("发布与实测的开始时刻之差", skill.onset_error, skill.hindsight_rows),
        owner="environment", citation=f"{PLAN} 3.4", rank="least", decimals=1,
        formula="发布的开始时刻与实测过程开始时刻之差的绝对值", note="过程结束后计算",
    )
)  # fmt: skip
TASKS = register(
    _declare(
        key=f"{ROOM}.tasks_verified", number="K14", title="措施落实率", unit="%", period="episode",
        periods=counting.episodes,
        numerator=Part("有凭证的已落实任务", counting.tasks_verified, counting.tasks_behind(verified=True)),
        denominator=Part("下达的任务", counting.tasks_given, counting.tasks_behind(verified=False)),
        owner=plan.COMMAND, citation=f"{PLAN} 3.3", formula="有凭证的已落实任务 ÷ 下达的任务",
        note="经批准免除的和已被替代的不计；任务既计入牵头单位，也计入所在镇区",
    )
)  # fmt: skip
_PEAKS = (
    ("peak", "采暖季日均值峰值", "AQI", Part("滑动24小时均值最高", skill.peak), "滑动24小时AQI均值的最高值"),
    ("heavy_hours", "采暖季重度污染小时数", "小时",
     Part("AQI大于200的小时", HeavyHours("hp.aqi.heavy").count, HeavyHours("hp.aqi.heavy").rows),
     "逐小时AQI大于200的小时数"),
    ("severe_hours", "采暖季严重污染小时数", "小时",
     Part("AQI大于300的小时", HeavyHours("hp.aqi.severe").count, HeavyHours("hp.aqi.severe").rows),
     "逐小时AQI大于300的小时数"),
)  # fmt: skip
for _key, _title, _unit, _part, _formula in _PEAKS:
    register(
        _declare(
            key=f"{ROOM}.{_key}", number="K15", title=_title, unit=_unit, period="season", over="last",
            numerator=_part, target=skill.lower_than_before(f"{ROOM}.{_key}"), owner=plan.COMMAND,
            citation=f"{PLAN} 3.4", formula=_formula, rank="least", decimals=0,
            note="力争低于上一采暖季（削峰降频）；沙尘时段除外",
        )
    )  # fmt: skip


def measure(first: datetime.date, last: datetime.date | None = None) -> int:
    """Measure every indicator of this room in the periods of the days given; return how many figures are new."""
    actor, count = Actor.system("定时", "timer"), 0
    for one in indicators(ROOM):
        done = actions.compute(actor=actor, indicator=one, first=first, last=last or CLOCK.today())
        count += done.new + done.changed
    return count
