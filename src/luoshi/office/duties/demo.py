"""A synthetic library of any size: invented instruments whose lengths, organs and limits are spread as a city's are.

The same seed gives the same library. It is what the benchmark of pages and the tests of lists measure themselves on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from luoshi.gazette import records as r
from luoshi.office.organs.directory import load_directory

BUREAUS = (
    "发改局", "教体局", "科技局", "工信局", "公安局", "民政局", "司法局", "财政局",
    "人社局", "自然资源局", "住建局", "交通运输局", "水利局", "农业农村局", "商务局", "文旅局",
    "卫生健康局", "退役军人局", "应急局", "审计局", "国资局", "市场监管局", "统计局", "医保局",
    "海洋局", "综合执法局", "审批服务局", "信访局", "金融局", "大数据局", "生态环境局", "气象局",
    "供电公司", "税务局", "林业局", "畜牧中心", "园林中心", "公路中心", "档案馆", "融媒体中心",
)  # fmt: skip
_VERBS = (
    "建立", "完善", "修补", "登记", "核查", "公布", "清理", "更新", "巡查", "补建", "编制", "汇总",
    "检修", "验收", "回访",
)  # fmt: skip
_THINGS = (
    "街边长椅", "村内路灯", "公共厕所", "候车亭", "图书角", "健身器材", "排水沟", "指示牌",
    "晾晒场", "停车泊位", "便民窗口", "文化广场", "饮水点", "农机库棚", "渔港浮标", "苗圃围栏",
    "校门斑马线", "社区食堂", "旧书回收箱", "电动车充电桩",
)  # fmt: skip
_WAYS = (
    "按月登记并公布结果", "逐处核对台账", "分批组织验收", "损坏的先修", "结果在政务网站公布",
    "纳入年度考核", "做到一处一档", "由专人保管记录", "听取居民意见后定点", "建立巡查日志",
)  # fmt: skip
_KINDS = ("plan", "measures", "notice", "opinion", "work_points", "emergency_plan")
_WORDS = ("测政发", "测政办发", "测政字", "测政办字")
_ISSUERS = ("测试市人民政府", "测试市人民政府办公室")


def instruments(count: int, clauses_each: int = 50, seed: int = 2018) -> Iterator[r.Instrument]:
    """Yield `count` instruments of `clauses_each` clauses, each clause with one duty."""
    chance = random.Random(seed)  # noqa: S311 - invented data
    serials: dict[tuple[str, int], int] = {}
    for _ in range(count):
        word, year = chance.choice(_WORDS), chance.randint(2010, 2024)
        serial = serials[word, year] = serials.get((word, year), 0) + 1
        yield _instrument(chance, word, year, serial, clauses_each)


def _instrument(chance: random.Random, word: str, year: int, serial: int, size: int) -> r.Instrument:
    issued = f"{year}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    thing = chance.choice(_THINGS)
    found = r.Instrument(
        number=f"{word}〔{year}〕{serial}号",
        number_parts=r.NumberParts(word, year, serial),
        title=f"{thing}{chance.choice(_VERBS)}工作{chance.choice(('方案', '办法', '意见'))}（{year}年第{serial}号）",
        covering_title=None,
        kind=chance.choice(_KINDS),
        trial=chance.random() < 0.1,
        issuer=_ISSUERS[word.endswith("办发")],
        addressees=["各镇人民政府", "市直各部门"],
        signed_by=None,
        issued_on=issued,
        disclosure=None,
        effective_from=None,
        expires_on=f"{year + 5}-12-31" if chance.random() < 0.5 else None,
        start=0,
        end=size * 100,
    )
    chapter = 0
    for n in range(size):
        chapter += n % 10 == 0
        path = f"{chapter}" if n % 10 == 0 else f"{chapter}/({n % 10})"
        duty = _duty(chance, path, year, n)
        found.clauses.append(
            r.Clause(path, path.rpartition("/")[2], "num", duty.summary, duty.action, n * 100, n * 100 + 99)
        )
        found.duties.append(duty)
        if chance.random() < 0.2:
            value = str(chance.randint(50, 99))
            lead = duty.lead
            found.targets.append(
                r.Target(f"{thing}完好率", ">=", value, "%", None, None, False, path, lead, n * 100 + 1, n * 100 + 9)
            )
    return found


def _duty(chance: random.Random, path: str, year: int, n: int) -> r.Duty:
    verb, thing = chance.choice(_VERBS), chance.choice(_THINGS)
    ways = chance.sample(_WAYS, 4)
    town = f"第{chance.randint(1, 999)}片区"
    # A few organs carry most of the work, as everywhere.
    names = [f"市{BUREAUS[int(len(BUREAUS) * chance.random() ** 2)]}" for _ in range(chance.randint(1, 4))]
    names = list(dict.fromkeys(names))
    return r.Duty(
        clause=path,
        action=f"{verb}{town}的{thing}，{'，'.join(ways)}。",
        summary=f"{verb}{thing}",
        lead=[_organ(names[0])],
        cooperating=[_organ(name) for name in names[1:]],
        local=chance.random() < 0.2,
        local_text=[],
        time_limits=_limits(chance, year),
        start=n * 100,
        end=n * 100 + 99,
        basis=chance.choice(("mark", "mark", "mark", "subject")),
        confidence=chance.choice((0.95, 0.8, 0.6)),
    )


@cache
def _organ(name: str) -> r.Organ:
    return r.Organ(name, load_directory().resolve(name))


def _limits(chance: random.Random, year: int) -> list[r.Limit]:
    draw = chance.random()
    if draw < 0.35:
        month = chance.randint(1, 12)
        return [r.Limit("by", f"{year + chance.randint(0, 2)}-{month:02}-28", f"{month}月28日前", 0, 5)]
    if draw < 0.5:
        month = chance.randint(1, 12)
        return [r.Limit("every", f"yearly by {month:02}-28", f"每年{month}月28日前", 0, 5)]
    if draw < 0.6:
        return [r.Limit("every", "monthly", "每月", 0, 2)]
    if draw < 0.75:
        return [r.Limit("within", f"{chance.randint(1, 30)} working days", "收到申请后若干个工作日内", 0, 5)]
    return []
