"""The components render with any state, carry their words for screen readers, and escape what they are given."""

from __future__ import annotations

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


def test_every_icon_named_in_templates_is_in_the_sprite():
    sprite = (STATIC / "vendor" / "icons.svg").read_text(encoding="utf-8")
    templates = "".join(path.read_text(encoding="utf-8") for path in (STATIC.parent / "templates").rglob("*.html"))
    named = {piece.split('"')[1] for piece in templates.split("{% ls_icon ")[1:] if piece.startswith('"')}
    named |= {icon for _tone, icon, _word in ls.VALIDITY.values()}
    named |= {icon for icon, _tone, _word in ls.REASONS.values()}
    assert {name for name in named if f'id="{name}"' not in sprite} == set()


def test_design_page_shows_every_component(settings):
    settings.ALLOWED_HOSTS = ["*"]
    html = design.design(RequestFactory().get("/design/")).content.decode()
    marks = "cite lamp due day reasons holder level progress diff chip facet tabs counts warns alert empty stamp"
    assert [mark for mark in marks.split() if f"ls-{mark}" not in html] == []


def test_pages_carry_no_inline_script_or_style():
    """The content security policy forbids both; bars and pies are drawn with SVG attributes instead."""
    html = Client().get("/design/").content.decode()
    assert "style=" not in html
    assert "<script>" not in html
    assert "onclick" not in html
