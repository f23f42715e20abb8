"""The cheap tests before the finders' patterns let through all that the patterns alone would find."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.gazette import figures, heads, labels, marks, subjects, targets, timelimits
from luoshi.gazette.text import Line, join
from luoshi.gazette.wording import any_of

_PIECES = (
    "市甲局", "人民政府", "社区(村)", "办公室", "各镇", "要", "负责", "应当", "应", "设在", "自", "从", "于", "本办法",
    "发布", "印发实施", "之日起", "日起", "工作日", "内", "时间", "3", "10个", "年", "月", "底", "前", "每", "季度",
    "一次", "自查", "至少", "职责分工:", "责任单位:", "(", ")", "。", ";", ",", "、", ":", "①", "②", "③", "1.", "(一)",
    "二、", "不超过", "提前", "当月", "半年", "逐季", "年度", "五”", "末", "举办", "5日",
    "达到", "大于等于", "的", "必须", "须", "主要", "存在", "2018年", "至", "同比", "a", " ",
)  # fmt: skip
texts = st.lists(st.sampled_from(_PIECES), max_size=24).map("".join)


@settings(max_examples=60)
@given(texts)
def test_gates_stand_at_the_ends_of_the_names_that_meet_a_verb(text: str) -> None:
    tail = r"(?:\([^()]{1,60}\))?(?:,|设在|" + subjects._ADVERB + subjects._DOES + ")"
    named = re.compile(f"{any_of(subjects._BODY)}(?={subjects._MEETS}){tail}")

    def parts(begins: list[int]) -> set[int]:
        return {len(re.findall("[,:;。!?]", text[:begin])) for begin in begins}

    gates = [match.start() for match in subjects.STATEMENT_SIGN.finditer(text)]
    assert parts(gates) == parts([match.start() for match in named.finditer(text)])


@settings(max_examples=60)
@given(texts)
def test_windows_hide_no_day_of_issue(text: str) -> None:
    whole = [
        match.span()
        for match in timelimits._FROM_ISSUE.finditer(text)
        if match[0].strip("自从之日起") and not timelimits._FROM_ISSUE_NOT.match(text, match.end())
    ]
    context = timelimits.Context(date(2018, 1, 2), 2018)
    taken = timelimits._Taken(timelimits._Spans(), timelimits._Spans())
    assert [(hit.start, hit.end) for hit in timelimits._from_issue(text, context, taken)] == whole


@settings(max_examples=60)
@given(texts)
def test_hint_hides_no_work_done_in_days(text: str) -> None:
    assert timelimits._DONE_IN.search(text) is None or timelimits._DONE_HINT.search(text) is not None


@settings(max_examples=60)
@given(texts)
def test_cheap_tests_hide_nothing(text: str) -> None:
    context = timelimits.Context(date(2018, 1, 2), 2018)
    taken = timelimits._Taken(timelimits._NO_NAMES, timelimits._Spans())
    assert [*timelimits._within(text, context, taken)] == [
        hit for hit in timelimits._spans(text, taken) if not hit.value.startswith("0 ")
    ]
    for finder, signs in timelimits._FINDERS:
        hits = [*finder(text, context, taken)]
        assert signs in text or not hits
        assert timelimits.LIMIT_SIGN.search(text) is not None or not hits
    assert "位:" not in text or marks._HINTS.search(text) is not None
    assert marks._boxes_noun(text) == (marks._BOXED_NOUN.search(text) is not None)
    line = f"{text}…3"
    assert heads._is_page_entry(line) == (heads._PAGE_ENTRY.search(line) is not None)


@settings(max_examples=60)
@given(texts)
def test_inline_labels_are_those_behind_a_closing_mark(text: str) -> None:
    pattern = re.compile(rf"(?<=[。;:!)])(?:{labels._INLINE.pattern})")
    plain = [label.end for label in labels.inline_labels(text) if label.kind != "circle"]
    assert plain == [match.start() for match in pattern.finditer(text)]


def test_a_lone_circle_opens_no_clause() -> None:
    assert [label.text for label in labels.inline_labels("甲。①乙;②丙)③丁")] == ["①", "②"]
    assert labels.inline_labels("甲。①乙") == []


@pytest.mark.parametrize(
    "label",
    [
        "职责分工",
        "责任单位",
        "牵头单位",
        "配合单位",
        "任务分工",
        "落实",
        "完成时限",
        "联系电话",
        "市级领导",
        "督办部门",
    ],
)
def test_every_label_may_begin_a_line(label: str) -> None:
    assert marks._LINE.match(f"{label}:")
    assert label[0] in marks._LINE_STARTS
    assert marks._INLINE.match(f"{label}:")
    assert marks._INLINE_GATE.match(f"。{label}:")


@settings(max_examples=60)
@given(texts)
def test_the_last_word_of_a_duty_ends_where_the_greedy_search_ends(text: str) -> None:
    greedy = re.search(rf".*(?:{timelimits._TRIGGER_CUTS.pattern})", text, re.DOTALL)
    ends = [match.end() for match in timelimits._TRIGGER_CUTS.finditer(text)]
    assert (greedy.end() if greedy else None) == (ends[-1] if ends else None)


@settings(max_examples=60)
@given(texts)
def test_comparisons_begin_with_a_hinted_character(text: str) -> None:
    bare = re.compile(figures._BEFORE.pattern.replace("(?=[不至最控限高超大多突逾上低少小未基约近接])", ""))
    assert [match.span() for match in bare.finditer(text)] == [match.span() for match in figures._BEFORE.finditer(text)]
    hint = figures._BEFORE_HINT.search(text)
    match = bare.search(text)
    assert match is None or (hint is not None and hint.start() <= match.start())


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["利用率", "分别", "达到", "目标", "不低于", "总数", "数量", "在", "的"])).map("".join))
def test_trailing_words_are_taken_off_longest_first(subject: str) -> None:
    words = sorted((word for group in targets._TRAIL.values() for word in group), key=len, reverse=True)
    expected = subject
    while word := next((word for word in words if expected.endswith(word)), None):
        expected = expected[: -len(word)]
    assert targets._without_trail(subject) == expected


@settings(max_examples=60)
@given(st.lists(st.text("甲乙aB1 。", max_size=8).map(str.strip).filter(bool), min_size=1, max_size=3))
def test_joined_characters_stand_where_the_lines_have_them(rows: list[str]) -> None:
    source = "\n".join(rows)
    lines, offset = [], 0
    for row in rows:
        lines.append(Line(offset, row, 0))
        offset += len(row) + 1
    paragraph = join(lines)
    for place, char in enumerate(paragraph.text):
        assert source[paragraph.origin(place)] in (char, "\n")
