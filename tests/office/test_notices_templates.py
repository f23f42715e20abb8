"""Words with places: what a clerk may write, what a fault says, how fields print, editions by two hands."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.money import Money
from luoshi.office.audit.models import AuditEntry
from luoshi.office.messages.models import Message
from luoshi.office.notices import content, facts, kinds, sandbox, templates, text
from luoshi.office.notices.facts import Field
from luoshi.office.notices.models import TemplateEdition
from luoshi.office.roles import Role
from tests.office import notices_made as made
from tests.office.people import actor
from tests.office.test_notices import refused

DAY = datetime.date(2026, 1, 12)
MOMENT = datetime.datetime(2026, 1, 12, 8, 30, tzinfo=datetime.UTC)
VALUES = {
    "day": DAY, "at": MOMENT, "yes": True, "n": 12345, "d": Decimal("12.50"), "m": Money(1_234_50), "t": "甲|乙",
    "organs": ["市财政局", "市审计局"], "empty": None, "rows": [{"a": "甲", "b": None}, {"a": "乙", "b": 2}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def year_2026():
    made.register()
    CLOCK.set(datetime.datetime(2026, 1, 20, 9, 0, tzinfo=SHANGHAI))
    yield
    CLOCK.release()


# --- what may be written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("{{ day }}", "2026年1月12日"),
        ("{{ at }}", "2026年1月12日16时30分"),
        ("{{ at|day }} {{ at|clock }} {{ day|short_day }}", "2026年1月12日 16:30 1月12日"),
        ("{{ yes }}{{ n }} {{ n|thousands }} {{ d }} {{ d|percent }}", "是12345 12,345 12.50 12.50%"),
        ("{{ m }} {{ m|capitals }}", "1,234.50元 壹仟贰佰叁拾肆元伍角整"),
        ("{{ organs }}；{{ organs|join('和') }}；{{ organs|length }}个", "市财政局、市审计局；市财政局和市审计局；2个"),
        ("{{ t }}", "甲｜乙"),
        ("{% if empty %}有{% else %}无{% endif %}{{ empty|length }}", "无0"),
        ("{% for r in rows %}{{ loop.index }}{{ r.a }}{% if r.b %}{{ r.b }}{% endif %}{% endfor %}", "1甲2乙2"),
        ("{{ rows|column('a')|join }}", "甲、乙"),
        ("{% if n > 10000 and d < 13 %}大{% elif n %}小{% endif %}", "大"),
        ("{% for r in empty %}x{% else %}没有{% endfor %}", "没有"),
        ("{{ '甲' if yes else '乙' }}", "甲"),
        ("{# 注 #}一\n{% if yes %}\n二\n{% endif %}\n三", "一\n二\n三"),
    ],
)
def test_places_print(source, printed):
    sandbox.check(source, list(VALUES))
    assert sandbox.render(source, VALUES) == printed


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("一\n二{{ nope }}", 2, "没有“nope”这个字段"),
        ("一\n\n{{ empty }}", 3, "“empty”没有值"),
        ("{% for r in rows %}\n{{ r.b }}\n{% endfor %}", 2, "“b”没有值"),
        ("{% for r in rows %}\n\n{{ r.c }}{% endfor %}", 3, "没有“c”这个字段或列"),
        ("{{ rows }}", 1, "不能直接打印"),
        ("一\n{% if day %}", 2, "少了结尾"),
        ("一\n{% include 'x' %}", 2, "不能计算"),
        ("{% set a = 1 %}", 1, "不能计算"),
        ("{{ day.year }}", 1, "没有“year”这个字段或列"),
        ("{{ t.__class__.__mro__ }}", 1, "没有“__"),
        ("{{ ''['__class__'] }}", 1, "没有“__class__”"),
        ("{{ n() }}", 1, "不能计算"),
        ("{{ n * 9 }}", 1, "不能计算"),
        ("{{ t ~ t }}", 1, "不能计算"),
        ("{{ range(9) }}", 1, "不能计算"),
        ("{{ [1, 2] }}", 1, "不能计算"),
        ("{{ t[0] }}", 1, "取行里的一列"),
        ("{{ t|upper }}", 1, "没有过滤词“upper”"),
        ("{{ t|attr('x') }}", 1, "没有过滤词"),
        ("{{ t|day }}", 1, "“day”只用于日期"),
        ("{{ empty|day }}", 1, "“empty”没有值"),
        ("{% if t < 3 %}x{% endif %}", 1, "不能这样用"),
        ("{% for a in rows %}{% for b in rows %}{% for c in rows %}{% endfor %}{% endfor %}{% endfor %}", 1, "最多套"),
        ("{% for r in rows recursive %}{% endfor %}", 1, "循环请写"),
        ("{% macro x() %}{% endmacro %}", 1, "不能计算"),
        ("{% for r in rows %}{{ loop.cycle }}{% endfor %}", 1, "没有“cycle”"),
        ("{{ loop }}", 1, "没有“loop”"),
        ("{% if t is callable %}{% endif %}", 1, ""),
        ("{{", 1, ""),
        ("{% nonsense %}", 1, "只能用 if、for"),
    ],
)
def test_faults_name_the_line(source, line, words):
    def both():
        sandbox.check(source, list(VALUES))
        sandbox.render(source, VALUES)

    with pytest.raises(sandbox.Fault) as found:
        both()
    assert found.value.line == line
    assert words in found.value.words


def test_words_that_grow_without_end_are_stopped():
    rows = [{"a": "长" * 500} for _ in range(1000)]
    with pytest.raises(sandbox.Fault, match="超过"):
        sandbox.render("{% for r in rows %}{{ r.a }}{% endfor %}", {"rows": rows})
    with pytest.raises(sandbox.Fault, match="最多"):
        sandbox.check("字" * 60_000, [])


@given(st.text(alphabet="{}%#一 a.|'\n()[]_ifendor", max_size=40))
def test_whatever_is_typed_is_words_or_a_fault(source):
    found = None
    try:
        sandbox.check(source, ["a"])
        sandbox.render(source, {"a": "甲"})
    except sandbox.Fault as fault:
        found = fault
    assert found is None or (found.line >= 1 and found.words)


# --- fields -----------------------------------------------------------------------------------------------------------

FIELDS = (
    Field("name", "名称"),
    Field("count", "数", "integer"),
    Field("share", "比例", "decimal", required=False),
    Field("cost", "金额", "money", required=False),
    Field("on", "日期", "date", required=False),
    Field("at", "时刻", "moment", required=False),
    Field("colour", "颜色", "choice", required=False, choices=("蓝", "黄")),
    Field("lead", "单位", "organ", required=False),
    Field("rows", "清单", "list", required=False, columns=(Field("a", "甲"), Field("b", "乙", "integer"))),
    Field("urgent", "急件", "boolean", required=False),
)
NEEDED = {"name": "某", "count": 3}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ({"name": " 某\r\n某 "}, {"name": "某 某"}),
        ({"name": "某\x00\x07某"}, {"name": "某某"}),
        ({"count": "1,200"}, {"count": 1200}),
        ({"share": Decimal("0.30")}, {"share": "0.30"}),
        ({"cost": "12.5"}, {"cost": 1250}),
        ({"cost": 99}, {"cost": 99}),
        ({"on": DAY}, {"on": "2026-01-12"}),
        ({"at": MOMENT}, {"at": "2026-01-12T16:30:00+08:00"}),
        ({"at": "2026-01-12T16:30"}, {"at": "2026-01-12T16:30:00+08:00"}),
        ({"rows": [{"a": "x", "b": "2"}]}, {"rows": [{"a": "x", "b": 2}]}),
        ({"urgent": "是"}, {"urgent": True}),
        ({"rows": []}, {"rows": None}),
        ({"lead": "finance"}, {"lead": "finance"}),
    ],
)
def test_fields_are_kept_as_plain_json(given_, kept):
    found = facts.plain(FIELDS, NEEDED | given_, DAY)
    assert {name: found[name] for name in kept} == kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given_", "place"),
    [
        ({"name": "  "}, "name"),
        ({"count": "三"}, "count"),
        ({"count": 1.5}, "count"),
        ({"share": 0.3}, "share"),
        ({"share": "NaN"}, "share"),
        ({"on": "2026-13-01"}, "on"),
        ({"colour": "绿"}, "colour"),
        ({"lead": "no-such-organ"}, "lead"),
        ({"rows": [{"a": "x", "b": 1}, {"a": "y", "b": "z"}]}, "rows.1.b"),
        ({"rows": [{"a": "x"}]}, "rows.0.b"),
        ({"rows": "x"}, "rows"),
        ({"name": "长" * 501}, "name"),
        ({"other": 1}, "other"),
    ],
)
def test_faults_name_the_field(given_, place):
    error = refused("E_INPUT", facts.plain, FIELDS, NEEDED | given_, DAY)
    assert [fault["field"] for fault in error.fields["faults"]] == [place]


# --- paragraphs -------------------------------------------------------------------------------------------------------


def test_lines_become_headings_paragraphs_and_tables():
    found = text.blocks(
        "　　现将有关事项通知如下。\n一、总体要求\n（一）抓好落实。各单位要做好。\n1.第一项\n（1）第二项。\n"
        "# 居中\n|甲|乙|\n|---|---|\n|1|2|\n|3|\n12.5万元是上限。\n"
    )
    assert found == [
        {"k": "p", "t": "现将有关事项通知如下。", "level": 0, "head": ""},
        {"k": "p", "t": "", "level": 1, "head": "一、总体要求"},
        {"k": "p", "t": "各单位要做好。", "level": 2, "head": "（一）抓好落实。"},
        {"k": "p", "t": "", "level": 3, "head": "1.第一项"},
        {"k": "p", "t": "（1）第二项。", "level": 4, "head": ""},
        {"k": "c", "t": "居中"},
        {"k": "table", "head": ["甲", "乙"], "rows": [["1", "2"], ["3", ""]]},
        {"k": "p", "t": "12.5万元是上限。", "level": 0, "head": ""},
    ]


@given(st.text(alphabet="一二、（）1.。|# 甲乙\n　-", max_size=80))
def test_paragraphs_read_again_from_their_own_source(source):
    once = text.blocks(source)
    assert text.blocks(text.source(once)) == once


# --- kinds in files ---------------------------------------------------------------------------------------------------

FILE = {"key": "x", "title": "某函", "layout": "letter", "organ": "finance", "words": {"title": "题", "body": "文"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layout": "poem"}, "layout"),
        ({"key": "X y"}, "key"),
        ({"other": 1}, "other"),
        ({"words": {"title": "题", "body": ""}}, "words.body"),
        ({"words": {"title": "题", "body": "一\n{{ gone }}"}}, "正文第 2 行：没有“gone”这个字段"),
        ({"words": {"title": "题", "body": "文", "foot": "x"}}, "words"),
        ({"fields": {"a": {"type": "colour"}}}, "type"),
        ({"fields": {"a": {"type": "choice"}}}, "choices"),
        ({"fields": {"a": {"type": "list"}}}, "columns"),
        ({"fields": {"organ_name": "x"}}, "organ_name"),
        ({"fields": {"none": "x"}}, "none"),
        ({"channels": ["pigeon"]}, "pigeon"),
        ({"channels": ["web"]}, "public"),
    ],
)
def test_file_of_a_kind_is_refused_with_file_and_place(change, words):
    import yaml

    error = refused("E_INPUT", kinds.read, "room", yaml.safe_dump(FILE | change, allow_unicode=True), "x.yaml")
    assert error.message.startswith("x.yaml：")
    assert words in error.message


def test_file_that_is_no_yaml():
    assert refused("E_INPUT", kinds.read, "room", "a: [", "x.yaml").message.startswith("x.yaml：不是有效的 YAML")
    refused("E_NOT_FOUND", kinds.kind_of, "no.kind")


# --- editions ---------------------------------------------------------------------------------------------------------


def words(**change: str) -> dict[str, str]:
    return {**kinds.kind_of("test.letter").words, **change}


def proposed(day: datetime.date = datetime.date(2026, 2, 1), **change: str) -> TemplateEdition:
    return templates.propose(
        actor=made.clerk(), kind="test.letter", words=words(**({"title": "新题：{{ item }}"} | change)), valid_from=day,
        reason="改标题",
    )  # fmt: skip


@pytest.mark.django_db
def test_edition_holds_from_its_day_after_a_second_hand():
    edition = proposed()
    refused("E_FORBIDDEN", templates.approve, actor=made.clerk(), edition=edition.pk, version=1)
    templates.approve(actor=made.reviewer(), edition=edition.pk, version=1)
    assert made.letter().title == "关于完成测试的函"
    CLOCK.set(datetime.datetime(2026, 2, 1, 0, 0, tzinfo=SHANGHAI))
    paper = made.letter()
    assert (paper.title, paper.edition_id) == ("新题：完成测试", edition.pk)
    acts = AuditEntry.objects.filter(subject=f"template:{edition.pk}").values_list("act", flat=True)
    assert list(acts) == ["template.propose", "template.approve"]
    assert Message.objects.filter(kind="template", user__login="n-clerk").count() == 1


@pytest.mark.django_db
def test_later_edition_of_a_day_wins_and_the_earlier_days_stay():
    first, second = proposed(), proposed(datetime.date(2026, 3, 1), title="三月：{{ item }}")
    for one in (first, second):
        templates.approve(actor=made.reviewer(), edition=one.pk, version=1)
    again = proposed(title="二月更正：{{ item }}")
    templates.approve(actor=made.reviewer(), edition=again.pk, version=1)
    titles = {
        day: templates.on_day("test.letter", datetime.date.fromisoformat(day)).kind.words["title"][:4]
        for day in ("2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01")
    }
    assert titles == {
        "2026-01-31": "关于{{",
        "2026-02-01": "二月更正",
        "2026-02-28": "二月更正",
        "2026-03-01": "三月：{",
    }


@pytest.mark.django_db
def test_proposer_does_not_approve():
    both = actor("both", (Role.CLERK, made.ORGAN), (Role.REVIEWER, made.ORGAN))
    edition = templates.propose(
        actor=both, kind="test.letter", words=words(title="x"), valid_from=datetime.date(2026, 2, 1)
    )
    refused("E_SELF", templates.approve, actor=both, edition=edition.pk, version=1)
    refused("E_INPUT", templates.refuse, actor=made.reviewer(), edition=edition.pk, version=1, answer=" ")
    assert templates.refuse(actor=made.reviewer(), edition=edition.pk, version=1, answer="不妥").state == "refused"
    refused("E_STATE", templates.approve, actor=made.reviewer(), edition=edition.pk, version=2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"body": "一\n{{ gone }}"}, "body", "正文第 2 行：没有“gone”这个字段"),
        ({"body": "一\n\n{{ note }}"}, "body", "正文第 3 行：“note”没有值"),
        ({"to": "{{ rows }}"}, "to", "主送第 1 行"),
        ({"title": " "}, "title", "标题不能空着"),
        ({"title": "关于{{ item }}的函"}, "body", "没有改动"),
        ({"body": "{% if item %}\n"}, "body", "少了结尾"),
    ],
)
def test_faults_of_an_edition_name_part_and_line(change, field, said):
    error = refused("E_INPUT", proposed, **change)
    assert error.fields["faults"][0]["field"] == field
    assert said in error.fields["faults"][0]["fault"]


@pytest.mark.django_db
def test_one_edition_from_a_day_waits_and_the_past_is_left_alone():
    proposed()
    refused("E_DUPLICATE", proposed, title="又一个")
    refused("E_INPUT", proposed, datetime.date(2026, 1, 19))
    edition = proposed(datetime.date(2026, 4, 1))
    refused("E_FORBIDDEN", templates.withdraw, actor=made.clerk("n-clerk-2"), edition=edition.pk, version=1)
    assert templates.withdraw(actor=made.clerk(), edition=edition.pk, version=1).state == "withdrawn"


@pytest.mark.django_db
def test_decided_edition_is_fixed_by_the_database():
    edition = proposed()
    templates.approve(actor=made.reviewer(), edition=edition.pk, version=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        TemplateEdition.objects.update(parts={})
    with pytest.raises(DatabaseError), transaction.atomic():
        TemplateEdition.objects.all().delete()


# --- text by hand, drills ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_text_written_by_hand_stays_through_the_next_change_by_hand():
    from luoshi.office.notices import actions

    paper = made.letter(texts={"body": "一、手写\n内容。"})
    assert paper.edited
    paper = actions.revise(actor=made.clerk(), notice=paper.pk, texts={"title": "改题"})
    assert (paper.title, paper.content["blocks"][0]["head"]) == ("改题", "一、手写")
    paper = actions.revise(
        actor=made.clerk(), notice=paper.pk, fields={"item": "别事", "to": "finance", "day": "2026-02-02"}
    )
    assert (paper.title, paper.edited) == ("关于别事的函", False)
    refused("E_INPUT", actions.revise, actor=made.clerk(), notice=paper.pk, texts={"body": "  \n "})
    refused("E_INPUT", actions.revise, actor=made.clerk(), notice=paper.pk, texts={"foot": "x"})


@pytest.mark.django_db
def test_every_line_of_a_drill_says_so():
    paper = made.letter(
        exercise=True, fields={"rows": [{"name": "甲厂", "count": 2}, {"name": "乙厂", "count": 3}], "note": "完。"}
    )
    found = content.printed(paper)
    lines = [found.title, found.to, found.signatory, found.short]
    for block in found.blocks:
        if block["k"] == "table":
            lines += [block["head"][0], *(row[0] for row in block["rows"])]
        else:
            lines.append(block["head"] or block["t"])
    assert len(lines) > 7
    assert [line for line in lines if not line.startswith("【演练】")] == []
    assert found.marks == ["演练"]
