"""BPMN of procedures: valid against OMG's schema, read back by SpiffWorkflow, drawn without anything on anything."""

from __future__ import annotations

from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from lxml import etree

from luoshi.kernel.procedures import Limit, Procedure
from luoshi.office.drawing.bpmn import MODEL, timer_of, to_bpmn
from luoshi.office.drawing.flow import Flow, Kind, flow_of
from luoshi.office.drawing.layout import Box, Layout, Point, lay_out, text_lines
from tests.kernel.procedures_made import NAMES, procedures, written

reader = pytest.importorskip("SpiffWorkflow.bpmn.parser")
SCHEMA = etree.XMLSchema(etree.parse(Path(reader.__file__).parent / "schema" / "BPMN20.xsd"))


def faults(data: bytes) -> list[str]:
    SCHEMA.validate(etree.fromstring(data))
    return [str(error) for error in SCHEMA.error_log]


def tasks_read(data: bytes) -> dict[str, str]:
    """Return the tasks SpiffWorkflow finds: name by id."""
    parser = reader.BpmnParser()
    parser.add_bpmn_str(data)
    (process,) = parser.get_process_ids()
    specs = parser.get_spec(process).task_specs.values()
    return {spec.bpmn_id: spec.bpmn_name for spec in specs
            if type(spec).__name__ in ("UserTask", "ServiceTask")}  # fmt: skip


def element(data: bytes, key: str):
    (found,) = etree.fromstring(data).xpath(f'//*[@id="{key}"]')
    return found


# --- what is written --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_bpmn_is_valid_and_read_back_with_the_same_tasks(name: str) -> None:
    procedure = written(name)
    data = to_bpmn(procedure)
    assert faults(data) == []
    flow = flow_of(procedure)
    assert tasks_read(data) == {
        node.id: node.title for node in flow.nodes.values() if node.kind in (Kind.TASK, Kind.SERVICE)
    }


@settings(max_examples=60)
@given(procedures())
def test_bpmn_of_any_procedure_is_valid_and_tells_all_of_it(procedure: Procedure) -> None:
    data = to_bpmn(procedure)
    assert faults(data) == []
    flow = flow_of(procedure)
    assert {node.step for node in flow.nodes.values() if node.kind in (Kind.TASK, Kind.SERVICE)} == set(procedure.steps)
    drawn = {node.limit for node in flow.nodes.values() if node.kind in (Kind.TIMER, Kind.WAIT)}
    assert drawn | set(flow.unplaced) == set(procedure.limits)
    assert set(flow.states) == set(procedure.states)
    tasks_read(data)


@settings(max_examples=60)
@given(procedures())
def test_every_node_of_a_flow_has_a_way_in_and_a_way_out(procedure: Procedure) -> None:
    flow = flow_of(procedure)
    for node in flow.nodes.values():
        coming = [arrow for arrow in flow.arrows if arrow.target == node.id]
        leaving = flow.arrows_from(node.id)
        by_limit_only = node.kind is Kind.SERVICE and procedure.steps[node.step].kind == "timer"
        assert bool(coming) != (node.kind in (Kind.START, Kind.TIMER)) or by_limit_only, node
        assert bool(leaving) != (node.kind in (Kind.END, Kind.NOTICE)), node
        if node.kind is Kind.CHOICE:
            assert all(arrow.condition or arrow.otherwise for arrow in leaving), node


def test_a_permit_becomes_the_tasks_gateways_and_timers_a_modeller_expects() -> None:
    data = to_bpmn(written("permit"))
    tags = {
        child.get("id"): etree.QName(child).localname
        for child in element(data, "process_demo_permit")
        if child.get("id")
    }
    assert tags["step_accept"] == tags["step_grant"] == "userTask"
    assert tags["step_silent"] == "serviceTask"
    assert tags["state_review"] == "exclusiveGateway"
    assert tags["state_granted"] == "intermediateCatchEvent"
    assert tags["state_withdrawn"] == "endEvent"
    assert tags["limit_review"] == tags["limit_half"] == tags["limit_correct"] == "boundaryEvent"
    silence = element(data, "limit_review")
    assert (silence.get("attachedToRef"), silence.get("cancelActivity")) == ("step_grant", "true")
    assert element(data, "limit_half").get("cancelActivity") == "false"
    onward = {flow.get("targetRef") for flow in element(data, "process_demo_permit").iter(f"{{{MODEL}}}sequenceFlow")
              if flow.get("sourceRef") == "limit_review"}  # fmt: skip
    assert onward == {"step_silent"}
    words = element(data, "step_grant").findtext(f"{{{MODEL}}}documentation")
    assert words.splitlines() == [
        "须由决定准许：demo.may_grant", "须先办：现场踏勘", "与下列步骤须不同人：受理、现场踏勘", "制发：许可证",
    ]  # fmt: skip


def test_joint_steps_are_parallel_in_the_lanes_of_their_parties() -> None:
    flow = flow_of(written("joint"))
    assert {arrow.target for arrow in flow.arrows_from("split_consult")} == {"step_consult_env", "step_consult_met"}
    assert (flow.nodes["step_consult_env"].lane, flow.nodes["step_consult_met"].lane) == ("env", "met")
    assert [(arrow.target, arrow.condition, arrow.otherwise) for arrow in flow.arrows_from("answer_consult")] == [
        ("step_dissent", "refused", False), ("state_proposed", "", True),
    ]  # fmt: skip


def test_a_joint_step_that_silence_ends_is_one_task_for_all() -> None:
    data = to_bpmn(written("vote"))
    task = element(data, "step_agree")
    assert task.findtext(f"{{{MODEL}}}multiInstanceLoopCharacteristics/{{{MODEL}}}loopCardinality") == "2"
    assert [ref.text for ref in task.iter(f"{{{MODEL}}}resourceRef")] == ["party_2", "party_3"]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"within": "4h"}, ("timeDuration", "PT4H", "")),
        ({"within": "3个月"}, ("timeDuration", "P3M", "")),
        ({"within": "2年"}, ("timeDuration", "P2Y", "")),
        ({"within": "10wd"}, ("timeDuration", "10wd", "urn:luoshi:limit:1")),
        ({"clock": "15:00"}, ("timeDate", "15:00", "urn:luoshi:limit:1")),
        ({"at_fact": "t0"}, ("timeDate", "fact:t0", "urn:luoshi:limit:1")),
        ({"before": "24h", "event_fact": "t0"}, ("timeDate", "fact:t0 - 24h", "urn:luoshi:limit:1")),
    ],
)
def test_timers_say_their_limit_in_iso_or_in_the_words_of_the_procedure(limit: dict, expected: tuple) -> None:
    assert timer_of(Limit(title="期限", **limit)) == expected


def test_the_same_procedure_gives_the_same_bytes() -> None:
    assert to_bpmn(written("joint")) == to_bpmn(written("joint"))


# --- what is drawn ----------------------------------------------------------------------------------------------------


def check_drawing(flow: Flow, layout: Layout) -> None:
    assert set(layout.shapes) == set(flow.nodes)
    _nothing_on_anything(flow, layout)
    for key, node in flow.nodes.items():
        lane, shape = layout.lanes[node.lane], layout.shapes[key]
        assert lane.y < shape.y < shape.bottom < lane.bottom, key
        assert lane.x < shape.x < shape.right < lane.right, key
    bands = list(layout.lanes.values())
    assert [band.bottom for band in bands[:-1]] == [band.y for band in bands[1:]]
    assert (bands[0].y, bands[-1].bottom) == (layout.pool.y, layout.pool.bottom)
    _lines_keep_clear(flow, layout)


def _nothing_on_anything(flow: Flow, layout: Layout) -> None:
    boxes = [(key, box) for key, box in layout.shapes.items()] + [(f"{key} label", box)
                                                                  for key, box in layout.labels.items()]  # fmt: skip
    for (one, box), (other, second) in combinations(boxes, 2):
        hosted = any(flow.nodes[a].host == b and flow.nodes[a].kind is Kind.TIMER
                     for a, b in ((one, other), (other, one)) if a in flow.nodes)  # fmt: skip
        assert not box.meets(second) or hosted, (one, other)


def _lines_keep_clear(flow: Flow, layout: Layout) -> None:
    runs: list[tuple[Point, Point, str, str]] = []
    for arrow in flow.arrows:
        points = layout.lines[arrow.id]
        source, target = layout.shapes[arrow.source], layout.shapes[arrow.target]
        assert points[0] in (Point(source.right, source.middle.y), Point(source.middle.x, source.bottom)), arrow
        assert points[-1] in (Point(target.x, target.middle.y), Point(target.middle.x, target.y)), arrow
        for start, end in pairwise(points):
            assert start.x == end.x or start.y == end.y, (arrow, start, end)
            run = Box(min(start.x, end.x), min(start.y, end.y), abs(start.x - end.x), abs(start.y - end.y))
            for key, shape in layout.shapes.items():
                inner = Box(shape.x + 1, shape.y + 1, shape.width - 2, shape.height - 2)
                touched = Box(run.x, run.y, max(run.width, 1), max(run.height, 1))
                assert not inner.meets(touched), (arrow, key)
            runs.append((Point(run.x, run.y), Point(run.right, run.bottom), arrow.source, arrow.target))
    for (a, b, source, target), (c, d, other, aim) in combinations(runs, 2):
        if source == other or target == aim or (a, b) == (c, d) == (a, a):
            continue
        along = (a.x == b.x == c.x == d.x and min(b.y, d.y) > max(a.y, c.y)) or (
            a.y == b.y == c.y == d.y and min(b.x, d.x) > max(a.x, c.x)
        )
        assert not along, (source, target, other, aim)


@pytest.mark.parametrize("name", NAMES)
def test_drawing_has_nothing_on_anything(name: str) -> None:
    flow = flow_of(written(name))
    check_drawing(flow, lay_out(flow))


@settings(max_examples=80)
@given(procedures())
def test_drawing_of_any_procedure_has_nothing_on_anything(procedure: Procedure) -> None:
    flow = flow_of(procedure)
    check_drawing(flow, lay_out(flow))


def test_the_drawing_in_the_file_is_the_layout() -> None:
    procedure = written("joint")
    flow = flow_of(procedure)
    layout, root = lay_out(flow), etree.fromstring(to_bpmn(procedure))
    space = {"di": "http://www.omg.org/spec/BPMN/20100524/DI", "dc": "http://www.omg.org/spec/DD/20100524/DC",
             "dd": "http://www.omg.org/spec/DD/20100524/DI"}  # fmt: skip
    shapes = {shape.get("bpmnElement"): Box(*(int(shape.find("dc:Bounds", space).get(side)) for side in
              ("x", "y", "width", "height"))) for shape in root.iterfind(".//di:BPMNShape", space)}  # fmt: skip
    assert {key: shapes[key] for key in flow.nodes} == layout.shapes
    assert shapes["pool"] == layout.pool
    lines = {edge.get("bpmnElement"): [Point(int(point.get("x")), int(point.get("y")))
             for point in edge.iterfind("dd:waypoint", space)]
             for edge in root.iterfind(".//di:BPMNEdge", space)}  # fmt: skip
    assert lines == layout.lines


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("审查期限 20个工作日内", 84, ["审查期限", "20个工作日内"]),
        ("补正期限 15日内", 84, ["补正期限", "15日内"]),
        ("一二三四五六七，八", 84, ["一二三四五六七，", "八"]),
        ("", 84, []),
    ],
)
def test_words_break_at_blanks_and_keep_figures_whole(text: str, width: int, lines: list[str]) -> None:
    assert text_lines(text, width) == lines
