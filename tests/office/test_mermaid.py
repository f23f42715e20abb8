"""Mermaid of procedures: every state, step and limit where it belongs, nothing that Mermaid would take for a sign."""

from __future__ import annotations

import re

from hypothesis import given

from luoshi.kernel.procedures import Procedure
from luoshi.office.drawing.mermaid import to_mermaid
from tests.kernel.procedures_made import procedures, written

LINES = [
    re.compile(pattern)
    for pattern in (
        r"stateDiagram-v2",
        r'  state "[^":;#%{}<>\[\]]+" as s\d+',
        r"  \[\*\] --> s\d+",
        r"  s\d+ --> s\d+ : [^\":;#%{}<>\[\]]+",
        r"  s\d+ --> \[\*\]",
        r"  note right of s\d+",
        r"    [^\":;#%{}<>\[\]]+",
        r"  end note",
    )
]


def test_a_procedure_as_mermaid() -> None:
    assert to_mermaid(written("linear")) == (
        "stateDiagram-v2\n"
        '  state "起草" as s1\n'
        '  state "待签" as s2\n'
        '  state "已制发" as s3\n'
        "  [*] --> s1\n"
        "  s1 --> s2 : 送签（经办）\n"
        "  s2 --> s3 : 签发（负责人）\n"
        "  s3 --> [*]\n"
        "  note right of s2\n"
        "    签发期限 3个工作日内，到期提醒\n"
        "  end note\n"
    )


def test_joint_automatic_and_timed_ways_say_so() -> None:
    text = to_mermaid(written("joint"))
    assert "s1 --> s2 : 会商结论（环保局、气象局共同）" in text
    assert "s3 --> s3 : 自动核对名单（自动）" in text
    assert "s3 --> s4 : 响应终止（期满自动）" in text
    assert "    响应结束 至所定时刻，期满办结，响应终止" in text


@given(procedures())
def test_any_procedure_is_told_whole_in_lines_mermaid_can_read(procedure: Procedure) -> None:
    lines = to_mermaid(procedure).splitlines()
    for line in lines:
        assert any(pattern.fullmatch(line) for pattern in LINES), line
    ways = sum(len(step.sources) for step in procedure.steps.values())
    ends = sum(state.ends for state in procedure.states.values())
    assert sum("-->" in line for line in lines) == ways + ends + 1
    assert sum(line.startswith("    ") for line in lines) == len(procedure.limits)
