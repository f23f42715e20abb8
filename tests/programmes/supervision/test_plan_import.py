"""The real plan, where the gazette lies beside the repository: organs, roles and figures of all 52 items (spec 4.1);
and everywhere what an import refuses, how a misprint is settled, when a plan may be activated."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.roles import Role
from luoshi.programmes.supervision import plan_actions, plan_import
from luoshi.programmes.supervision.models import ItemOrgan, KeyItem, Target
from tests.office.people import actor, client_of, person

FILE = Path(__file__).parents[4] / "shared" / "gazettes" / "rushan-2019-2.txt"
REAL = pytest.mark.skipif(not FILE.exists(), reason="the gazette does not lie beside the repository")
KEY = "乳政发〔2019〕2号"
ACTOR = Actor.system("测试甲", "test")

# fmt: off
# ruff: noqa: E501 - a row of the table is one line
ITEMS = {
    1: ("industry-it", ""),
    2: ("commerce investment-promotion", "industry-it 各镇区"),
    3: ("industry-it science-tech", ""),
    4: ("industry-it", "big-data-center"),
    5: ("development-zone", "industry-it commerce investment-promotion"),
    6: ("industry-it", "各相关镇区"),
    7: ("finance", "state-capital-co"),
    8: ("science-tech", "big-data-center"),
    9: ("commerce investment-promotion", "各镇区"),
    10: ("commerce investment-promotion", "appraisal-office major-projects industry-it natural-resources"),
    11: ("commerce investment-promotion", "organization-dept staffing-office 各镇区"),
    12: ("organization-dept human-resources", "staffing-office education-sports housing-construction science-tech"),
    13: ("industry-it", "organization-dept approval-service big-data-center"),
    14: ("major-projects", "development-reform"),
    15: ("local-finance-center", "science-tech"),
    16: ("industry-it", "science-tech"),
    17: ("agri-rural", "water ocean-development culture-tourism 各相关镇区"),
    18: ("culture-tourism", "agri-rural"),
    19: ("agri-rural", "housing-construction culture-tourism 各相关镇区"),
    20: ("commerce investment-promotion", "agri-rural 各相关镇区"),
    21: ("agri-rural finance", ""),
    22: ("ocean-development", "market-supervision"),
    23: ("ocean-development", "development-reform industry-it science-tech market-supervision culture-tourism education-sports commerce local-finance-center state-capital-co"),
    24: ("housing-construction transport power-company", "各相关镇区"),
    25: ("housing-construction natural-resources", "culture-tourism urban-investment"),
    26: ("housing-construction enforcement", "development-reform commerce investment-promotion big-data-center urban-investment 各相关镇区"),
    27: ("government-office transport highway", "development-reform"),
    28: ("human-resources", "education-sports veterans"),
    29: ("civil-affairs healthcare-security veterans", "各有关镇区"),
    30: ("poverty-office development-reform", "各镇 finance"),
    31: ("education-sports", "各有关镇区"),
    32: ("health", ""),
    33: ("education-sports", ""),
    34: ("culture-tourism", ""),
    35: ("environment natural-resources", ""),
    36: ("environment", "housing-construction water agri-rural ocean-development 各有关镇区"),
    37: ("ocean-development", "natural-resources enforcement environment housing-construction emergency farm-machinery-center 各相关镇区"),
    38: ("natural-resources", "agri-rural enforcement 各镇区"),
    39: ("political-legal", "public-security"),
    40: ("political-legal petition veterans justice", ""),
    41: ("emergency market-supervision", "development-reform industry-it public-security education-sports natural-resources ocean-development big-data-center"),
    42: ("finance", "local-finance-center 各金融机构"),
    43: ("finance tax", "market-supervision big-data-center"),
    44: ("local-finance-center", "public-security 各金融机构"),
    45: ("approval-service", "staffing-office"),
    46: ("market-supervision", "development-reform livelihood-service"),
    47: ("government-office", "justice"),
    48: ("development-reform", "各镇区"),
    49: ("government-office", ""),
    50: ("organization-dept", "commerce approval-service big-data-center"),
    51: ("party-office government-office organization-dept", ""),
    52: ("supervisory-commission", "audit gov-logistics"),
}
"""Number: leading, cooperating organs and wildcards, in the order of the mark."""
TARGETS = """
1.1 >= 17 个 p
1.2 >= 23.7 亿元 p
1.3 >= 5 家 p
1.4 >= 4 家 p
3.1 >= 20 个 p
3.2 >= 30 家 p
3.3 >= 1 个 a
3.4 >= 2 个 a
4.1 >= 4 档 a
6.1 >= 1 个 a
8.1 >= 5 个 p
10.1 >= 1 套 a
13.1 >= 3 个 a
13.2 >= 4 个 a
14.1 >= 2 次 p
15.1 range 20-30 家 p
15.2 >= 1 家 a
16.1 >= 1 处 a
17.1 >= 2 个 a
17.2 >= 3 个 a
17.3 >= 2 个 a
19.1 >= 1 处 p
19.2 >= 125 个 p
19.3 >= 5 个 p
19.4 >= 15 个 p
19.5 >= 20 个 p
21.1 >= 197 个 p
21.2 >= 100 % a
22.1 >= 3 处 a
24.1 >= 6 个 p
24.2 >= 25 % p
24.3 >= 97 公里 p
24.4 >= 1.5 亿元 p
24.5 >= 100 % a
24.6 >= 100 % a
24.7 event - - a
25.1 >= 1 个 a
25.2 >= 2 条 a
26.1 >= 40 项 p
26.2 >= 3.7 亿元 p
26.3 >= 13.3 万平方米 p
27.1 >= 4 项 a
27.2 event 1 项 a
28.1 >= 2000 人次 p
28.2 >= 5000 人 p
29.1 >= 1.7 亿元 p
29.2 >= 3 处 p
29.3 >= 5000 万元 p
29.4 >= 2 处 p
29.5 >= 15 处 p
30.1 >= 4 个 a
31.1 >= 42 所 p
31.2 >= 5600 万元 p
31.3 >= 6 所 p
31.4 >= 2000 万元 p
31.5 >= 3 所 p
31.6 >= 1.5 亿元 p
31.7 event 1 处 a
31.8 event 1 个 a
32.1 >= 3000 万元 p
32.2 >= 640 万元 p
33.1 event 1 次 a
34.1 >= 1 处 p
34.2 >= 13 处 p
34.3 >= 22 个 p
34.4 >= 5 场 a
34.5 >= 1 场 a
35.1 >= 12 个 p
35.2 >= 1.5 亿元 p
35.3 >= 5 个 a
35.4 >= 2 万亩 p
36.1 >= 4 条 a
37.1 >= 2 个 a
38.1 <= 0 个 a
39.1 = 26 条 p
40.1 >= 80 % p
40.2 >= 100 % a
41.1 >= 8 家 p
44.1 >= 2 类 a
46.1 >= 100 % a
47.1 >= 100 % a
"""
"""Code, comparator of judgement, value, unit, p for what the compiler reads and a for what is added."""
# fmt: on
STANDING = {38, 41, 42, 44, 47, 48, 49, 51, 52}


@pytest.fixture
def plan(db):
    import_gazette(FILE.read_bytes(), actor=ACTOR, filename=FILE.name)
    return plan_import.load_plan(actor=ACTOR, key=KEY)


def shown(entry: ItemOrgan) -> str:
    return entry.organ or entry.token or entry.proposal


@REAL
def test_the_real_plan_has_the_organs_roles_and_figures_of_the_table(plan):
    for item in plan.items.order_by("seq"):
        entries = list(item.organs.order_by("seq"))
        sides = [" ".join(shown(one) for one in entries if one.role == role) for role in ("lead", "coop")]
        assert tuple(sides) == ITEMS[item.seq], item.seq
        assert (item.kind == KeyItem.Kind.STANDING) == (item.seq in STANDING)
    found = []
    for one in Target.objects.filter(item__plan=plan).order_by("item__seq", "seq"):
        value = "-" if one.value is None else f"{one.value.normalize():f}"
        value += f"-{one.upper.normalize():f}" if one.upper is not None else ""
        found.append(f"{one.code[1:]} {one.comparator} {value} {one.unit or '-'} {one.kind[0]}")
        assert one.name
    assert found == TARGETS.split("\n")[1:-1]
    dated = {one.code: one.due for one in Target.objects.filter(item__plan=plan)}
    assert dated.pop("T31.7") == datetime.date(2019, 6, 30)
    assert set(dated.values()) == {datetime.date(2019, 12, 31)}
    assert plan_import.load_check(plan) == {
        "chapters": 8, "items": 52, "lead_organs": 37, "lead_mentions": 77, "coop_organs": 33, "wildcards": 5,
        "coop_mentions": 102, "several_leads": 19, "without_coop": 10, "targets": len(found), "unresolved": 2,
    }  # fmt: skip
    members = {(one.item.seq, one.token): len(one.members) for one in ItemOrgan.objects.exclude(token="")}
    assert (members[38, "各镇区"], members[30, "各镇"], members[24, "各相关镇区"], members[42, "各金融机构"]) == (
        17,
        14,
        0,
        1,
    )
    text = plan.instrument.issue.source.text
    place = Target.objects.get(item__plan=plan, code="T28.2")
    assert text[place.start : place.end] == "5000人"
    assert (place.printed, place.value) == ("=", Decimal(5000))
    assert plan_import.load_faults(plan) == [
        "第23项的“市发政局”没有认定（配合单位）", "第38项的“市自然资源”没有认定（责任单位）",
    ]  # fmt: skip
    clerks = [actor(name, (Role.SUPERVISOR, "government-office")) for name in ("p", "q")]
    head = actor("h", (Role.LEADER, "government-office"))
    page = client_of(person("p")).get("/supervision/plan/2019/")
    assert "市发政局" in page.content.decode()
    with pytest.raises(LuoshiError) as refused:
        plan_actions.activate(actor=head, plan=plan.pk)
    assert (refused.value.code, len(refused.value.fields["reasons"])) == ("E_INCOMPLETE", 2)
    for entry in ItemOrgan.objects.filter(item__plan=plan, resolution="unresolved"):
        plan_actions.propose_reading(actor=clerks[0], entry=entry.pk, reading=entry.proposal, reason="其他各项都这样写")
        with pytest.raises(LuoshiError) as same:
            plan_actions.decide_reading(actor=clerks[0], entry=entry.pk, confirm=True)
        assert same.value.code == "E_SELF"
        plan_actions.decide_reading(actor=clerks[1], entry=entry.pk, confirm=True)
    assert ItemOrgan.objects.filter(item__plan=plan, resolution="misprint_confirmed").count() == 2
    assert plan_actions.activate(actor=head, plan=plan.pk).status == "active"
    with pytest.raises(LuoshiError) as twice:
        plan_import.load_plan(actor=ACTOR, key=KEY)
    assert twice.value.code == "E_DUPLICATE"
