"""The components render with any state, carry their words for screen readers, and escape what they are given."""

from __future__ import annotations

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.dues import Pause, Unit
from luoshi.kernel.limits import TimeLimit
from luoshi.site import design, drawing
from luoshi.site.templatetags import ls

STATIC = Path(ls.__file__).parents[1] / "static"


def shown(source: str, **context) -> str:
    """Render a template source with the tags loaded."""
    return Template("{% load ls %}" + source).render(Context(context))


def test_cite_links_the_clause_and_names_its_purpose():
    html = shown("{% ls_cite cite %}", cite=design.CITES[0])
    assert 'href="/design/"' in html
    assert '<span class="visually-hidden">依据 </span>' in html
    assert 'title="测政办发〔2018〕7号 第十二条"' in html


def test_cite_shortens_a_long_path_but_tells_it_whole_on_hover():
    path = "附件 甲组行动细则 一(二)2"
    cite = {"number": "测政发〔2018〕1号", "path_words": path, "text": f"测政发〔2018〕1号 {path}"}
    html = shown("{% ls_cite cite %}", cite=cite)
    assert "<b>附件…一(二)2</b>" in html
    assert "甲组行动细则" in html.split(">")[0]


def test_cite_marks_lost_text():
    assert "<i>缺</i>" in shown("{% ls_cite cite %}", cite=design.CITES[1])


def test_cite_without_a_clause_says_so():
    assert "依据缺" in shown("{% ls_cite cite %}", cite=None)


@pytest.mark.parametrize("state", list(ls.LAMPS))
def test_lamp_has_shape_and_word(state):
    html = shown("{% ls_lamp state '某状态' %}", state=state)
    assert "<svg" in html
    assert f"{ls.LAMPS[state]} 某状态" in html


def test_lamps_differ_in_shape_not_only_colour():
    outlines = {re.sub(r'(fill|stroke)="[^"]*"', "", shape) for shape in drawing.LAMP_SHAPES.values()}
    assert len(outlines) == len(ls.LAMPS)


@pytest.mark.parametrize("state", list(ls.VALIDITY))
def test_validity_says_the_word(state):
    assert str(ls.VALIDITY[state][2]) in shown("{% ls_validity v stamp=True %}", v={"state": state})


@pytest.mark.parametrize("row", design.DUES)
def test_due_says_its_words_and_day(row):
    state, words, day, elapsed, provisional = row
    due = {"state": state, "words": words, "date_words": day, "elapsed": elapsed, "provisional": provisional}
    html = shown("{% ls_due due %}", due=due)
    assert words in html
    assert day in html
    assert ("暂定" in html) is provisional


def test_due_pie_shows_the_elapsed_share():
    due = {"state": "plenty", "words": "剩", "elapsed": 0.5}
    assert 'stroke-dasharray="7.07 14.14"' in shown("{% ls_due due %}", due=due)


def test_bar_tells_achieved_and_planned():
    assert 'aria-label="完成 86 %，按计划应为 84 %"' in shown("{% ls_bar 86 84 %}")


def test_progress_has_role_and_value():
    html = shown("{% ls_progress 62 '读公报' %}")
    assert 'role="progressbar" aria-label="读公报"' in html
    assert 'aria-valuenow="50"' in html


def test_reasons_carry_sign_sentence_and_citation():
    html = shown("{% ls_reasons reasons %}", reasons=design.REASONS)
    assert html.count("<li>") == len(design.REASONS)
    assert "成立：" in html
    assert "不成立：" in html
    assert "自2018年4月1日起施行，" in html


def limit(days: int, start: date, **more):
    """Return a limit in working days as the kernel counts it."""
    return TimeLimit(days, Unit.WORKING_DAY).due(start, announced_calendar(), **more)


def test_ribbon_numbers_the_counted_days():
    html = shown("{% ls_ribbon due today %}", due=limit(10, date(2019, 9, 29)), today=design.TODAY)
    assert html.count('<li class="ls-day ') == 19
    assert "2019年10月17日，第 10 日，到期日" in html
    assert "调休上班" in html
    assert "2019年10月15日，第 8 日，今天" in html


def test_ribbon_shows_the_days_the_clock_stood_still():
    pause = Pause(date(2019, 10, 9), date(2019, 10, 11), "待补正")
    html = shown("{% ls_ribbon due %}", due=limit(5, date(2019, 10, 8), pauses=[pause]))
    assert len(re.findall('title="[^"]*停表，不计', html)) == 2
    assert "“待补正”中止" in html


def test_ribbon_above_forty_days_is_drawn_by_weeks():
    assert shown("{% ls_ribbon due %}", due=limit(45, date(2019, 8, 26))).count('<li class="ls-day ') == 10


def test_days_left_are_drawn_up_to_a_printed_date():
    html = shown("{% ls_days_left due today %}", due=date(2019, 10, 17), today=design.TODAY)
    assert html.count('<li class="ls-day ') == 3
    assert "2019年10月17日，第 2 日，到期日" in html


@pytest.mark.parametrize("due", [None, date(2019, 10, 15), date(2018, 1, 1), date(2025, 1, 1)])
def test_days_left_are_not_drawn_where_there_are_none_or_too_many(due):
    assert shown("{% ls_days_left due today %}", due=due, today=design.TODAY).strip() == ""


@pytest.mark.parametrize("holder", design.HOLDERS)
def test_holder_is_never_nameless(holder):
    html = shown("{% ls_holder holder %}", holder=holder)
    assert "在谁手上" in html
    assert any(word in html for word in ("测试", "系统", "申请人", "职位空缺"))


def test_masked_hides_the_middle():
    html = shown("{% ls_masked '371083199001011234' '/x' %}")
    assert "3710**********1234" in html
    assert "371083199001011234" not in html


def test_masked_hides_short_values_wholly():
    assert "1234" not in shown("{% ls_masked '1234' %}")


def test_organs_name_all_beyond_the_limit_in_the_title():
    organs = [{"name": name, "href": "/x"} for name in ("市甲局", "市乙局", "市丙局")]
    html = shown("{% ls_organs organs 1 %}", organs=organs)
    assert 'title="市甲局、市乙局、市丙局"' in html
    assert "等 3 个" in html


def test_components_escape_what_documents_say():
    nasty = "<script>x</script>"
    html = shown(
        "{% ls_cite cite %}{% ls_due due %}{% ls_organs organs %}{% ls_empty text %}{% ls_consequence list %}",
        cite={"number": nasty, "path_words": nasty, "text": nasty, "href": nasty},
        due={"state": "near", "words": nasty, "date_words": nasty, "title": nasty},
        organs=[{"name": nasty, "href": nasty}],
        text=nasty,
        list=[nasty],
    )
    assert "<script>" not in html


@pytest.mark.parametrize(
    ("kind", "label", "printed"),
    [("cn", "一", "一、"), ("cn_paren", "(一)", "（一）"), ("num", "1~2", "1."), ("article", "第三条", "第三条\u3000"),
     ("decimal", "3.1.3", "3.1.3 "), ("dash", "—1", "——"), ("paragraph", "¶1", "")],
)  # fmt: skip
def test_label_is_shown_as_printed(kind, label, printed):
    assert ls.ls_label({"kind": kind, "label": label}) == printed


# --- acts, forms, lists -----------------------------------------------------------------------------------------------


def test_two_hands_name_the_next_person_on_the_button():
    html = shown("{% ls_two_hands pair %}", pair=design.HANDS[0])
    assert "拟同意，送测试丁</button>" in html
    assert "测试丙（您）" in html
    assert html.count('class="ls-slot') == 2
    assert "补偿比例自2019年11月1日起为 25 %" in html


def test_two_hands_say_that_an_earlier_signature_is_void():
    html = shown("{% ls_two_hands pair %}", pair=design.HANDS[1])
    assert "前一次签署作废：</p>" not in html
    assert "前一次签署作废：测试己 10月15日 10:02 改过金额" in html


def test_two_hands_without_an_act_offer_no_button():
    assert "<button" not in shown("{% ls_two_hands pair %}", pair=design.HANDS[2])


def test_derivation_tells_start_pauses_end_silence_and_calendar():
    pause = Pause(date(2019, 10, 9), date(2019, 10, 11), "待补正")
    html = shown(
        "{% ls_derivation due day '届时视为同意' %}", due=limit(5, date(2019, 10, 8), pauses=[pause]), day=None
    )
    for word in ("起算", "截止", "中止、延长", "“待补正”中止", "不办的后果", "届时视为同意", "历表"):
        assert word in html
    assert "2019年10月16日" in html or "2019年10月17日" in html


def test_derivation_without_pause_or_silence_says_so():
    html = shown("{% ls_derivation due %}", due=limit(5, date(2019, 10, 8)))
    assert "<dt>中止、延长</dt><dd>无</dd>" in html
    assert "文件没有写明" in html


def test_derivation_of_a_year_not_yet_announced_is_provisional():
    html = shown("{% ls_derivation due %}", due=limit(5, date(2031, 9, 29)))
    assert "暂定" in html
    assert "ls-day-provisional" in html


def test_due_chip_unfolds_without_scripts():
    html = shown(
        "{% ls_due_open chip due %}", chip={"state": "near", "words": "剩 2 个工作日"}, due=limit(5, date(2019, 10, 8))
    )
    assert html.startswith('<details class="ls-unfold">')
    assert "剩 2 个工作日" in html.split("</summary>")[0]


def test_evidence_tells_time_place_and_digest():
    html = shown("{% ls_evidence items %}", items=design.EVIDENCE)
    assert "测试镇甲村" in html
    assert "2019年10月14日 09:04" in html
    assert "9c1e5f2a</code>" in html
    assert "离登记地点 1.4 公里" in html


def test_changes_leave_out_what_is_equal():
    rows = [{"label": "金额", "old": "1", "new": "2"}, {"label": "单位", "old": "甲", "new": "甲"}]
    html = shown("{% ls_changes rows %}", rows=rows)
    assert "<del>1</del>" in html
    assert "<ins>2</ins>" in html
    assert "单位" not in html


def test_import_preview_leads_from_fault_to_fault():
    html = shown("{% ls_import_preview preview %}", preview=design.PREVIEW)
    assert 'id="fault-1"' in html
    assert 'href="#fault-2">下一处错' in html
    assert 'href="#fault-3"' not in html
    assert html.count('class="ls-fault"') == 2
    assert "尚未写入" in html


def test_bulk_bar_and_ticks_name_their_rows():
    html = shown("{% ls_bulk acts 18 %}{% ls_tick '' '全部' %}{% ls_tick 7 '逐盏登记' %}", acts=design.BULK)
    assert '<button class="btn btn-sm" name="act" value="remind">催办</button>' in html
    assert 'name="row" value="7" data-ls-tick' in html
    assert html.count('name="row"') == 1
    assert '<span class="visually-hidden">逐盏登记</span>' in html


def test_errors_link_to_the_fields_and_fields_tell_them_again():
    faults = {"until": "早于开始日期", "": "两人不能相同"}
    html = shown("{% ls_errors e %}{% ls_field 'until' '到哪天' '2019-10-01' errors=e kind='date' %}", e=faults)
    assert '<a href="#f-until">早于开始日期</a>' in html
    assert "<li>两人不能相同</li>" in html
    assert 'id="f-until" name="until" type="date" value="2019-10-01"' in html
    assert 'aria-describedby=" e-until" aria-invalid="true"' in html


def test_no_errors_show_nothing():
    assert shown("{% ls_errors e %}", e={}).strip() == ""


def test_password_field_never_carries_a_value():
    assert "geheim" not in shown("{% ls_field 'p' '口令' 'geheim' kind='password' %}")


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [("id", "371083199001011234", "371083********1234"), ("phone", "13800001111", "138****1111"),
     ("account", "6222000011110172", "************0172"), ("name", "测试甲", "测**"), ("id", "1234", "****")],
)  # fmt: skip
def test_mask_leaves_what_the_kind_allows(kind, value, seen):
    assert f">{seen}</span>" in shown("{% ls_masked v kind=k %}", v=value, k=kind)


def test_emergency_tells_level_word_and_way():
    html = shown("{% ls_emergency w %}", w={"level": 3, "words": "重污染天气", "href": "/x"})
    assert "橙色 Ⅱ级" in html
    assert 'role="status"' in html
    assert '<a href="/x">' in html


def test_components_of_acts_escape_what_people_write():
    nasty = "<script>x</script>"
    person = {"name": nasty, "post": nasty, "note": nasty}
    html = shown(
        "{% ls_two_hands pair %}{% ls_evidence files %}{% ls_changes rows %}{% ls_import_preview preview %}"
        "{% ls_errors faults %}{% ls_field 'a' label label %}{% ls_timeline events %}{% ls_tag label %}"
        "{% ls_tick label label %}{% ls_check 'b' label %}{% ls_select 'c' label options %}{% ls_emergency warning %}",
        pair={"first": person, "second": person, "void": nasty, "consequence": [nasty]},
        files=[{"title": nasty, "href": nasty, "note": nasty, "place": nasty, "digest": nasty, "flags": [nasty]}],
        rows=[{"label": nasty, "old": nasty, "new": ""}],
        preview={
            "columns": [nasty],
            "rows": [{"number": 1, "kind": "faulty", "cells": [{"value": nasty, "fault": nasty}]}],
        },
        faults={"a": nasty},
        label=nasty,
        events=[{"at": nasty, "words": nasty, "note": nasty}],
        options=[(nasty, nasty)],
        warning={"level": 1, "words": nasty, "href": nasty},
    )  # fmt: skip
    assert "<script>" not in html


def test_staff_style_sheets_stay_inside_the_budget():
    """75 KB packed for the sheets of every page: what is shipped of Tabler, and our own."""
    names = ("vendor/tabler.min.css", "ls/tokens.css", "ls/ls.css", "ls/print.css")
    packed = sum(len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in names)
    assert packed < 75_000


def test_every_class_of_the_pages_has_a_rule():
    """A class of Tabler that `tools/vendor.py` leaves out would quietly do nothing."""
    sheets = "".join(path.read_text(encoding="utf-8") for path in STATIC.rglob("*.css"))
    known = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", sheets)) | {"me-1", "list"}
    templates = "".join(path.read_text(encoding="utf-8") for path in (STATIC.parent / "templates").rglob("*.html"))
    used = {name for text in re.findall(r'class="([^"{}]*)"', templates) for name in text.split()}
    assert {name for name in used if not name.startswith("ls-")} - known == set()


def test_every_icon_named_in_templates_is_in_the_sprite():
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    templates = "".join(path.read_text(encoding="utf-8") for path in (STATIC.parent / "templates").rglob("*.html"))
    named = {piece.split('"')[1] for piece in templates.split("{% ls_icon ")[1:] if piece.startswith('"')}
    named |= {icon for _tone, icon, _word in ls.VALIDITY.values()}
    named |= {icon for icon, _tone, _word in ls.REASONS.values()}
    assert {name for name in named if f'id="{name}"' not in sprite} == set()


@pytest.mark.django_db
def test_design_page_shows_every_component(settings):
    settings.ALLOWED_HOSTS = ["*"]
    html = design.design(RequestFactory().get("/design/")).content.decode()
    marks = (
        "cite lamp due day reasons holder level progress diff chip facet tabs counts warns alert empty stamp "
        "hands slot derivation unfold tile timeline bulk tick preview fault field check views tag"
    )
    assert [mark for mark in marks.split() if f"ls-{mark}" not in html] == []


@pytest.mark.django_db
def test_pages_carry_no_inline_script_or_style():
    """The content security policy forbids both; bars and pies are drawn with SVG attributes instead."""
    html = Client().get("/design/").content.decode()
    assert "style=" not in html
    assert "<script>" not in html
    assert "onclick" not in html
