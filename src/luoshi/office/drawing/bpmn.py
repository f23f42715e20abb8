"""A procedure as BPMN 2.0 with its drawing, valid against OMG's schema, for the modellers other offices use.

One pool, a lane a party; human steps are user tasks, steps a case takes by itself service tasks, joint ones a task a
party between parallel gateways. A limit is a timer on the border of the task that meets it: interrupting where its end
takes a step. ISO 8601 knows no working days and no moments named by a fact: such limits stand in the timer in the words
of the procedure, under the language `urn:luoshi:limit:1`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from luoshi import __version__
from luoshi.kernel.dues import Unit
from luoshi.kernel.limit_words import read_unit
from luoshi.kernel.procedures import OPEN, Expiry, Limit, Procedure, Step, read_span
from luoshi.office.drawing.flow import Arrow, Flow, Kind, Node, flow_of
from luoshi.office.drawing.layout import POOL_HEAD, Box, Layout, Point, lay_out

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_DI = "http://www.omg.org/spec/DD/20100524/DI"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
LIMIT_LANGUAGE = "urn:luoshi:limit:1"
"""What a limit says that ISO 8601 cannot: `10wd`, `15:00`, `fact:release_at`, `fact:release_at - 24h`."""
_NAMES = {None: MODEL, "bpmndi": _BPMNDI, "dc": _DC, "di": _DI, "xsi": _XSI}
_ISO = {Unit.DAY: "P{}D", Unit.WEEK: "P{}W", Unit.MONTH: "P{}M", Unit.YEAR: "P{}Y", Unit.HOUR: "PT{}H",
        Unit.MINUTE: "PT{}M"}  # fmt: skip
_ELEMENTS = {
    Kind.START: "startEvent",
    Kind.END: "endEvent",
    Kind.NOTICE: "endEvent",
    Kind.STATE: "intermediateThrowEvent",
    Kind.WAIT: "intermediateCatchEvent",
    Kind.CHOICE: "exclusiveGateway",
    Kind.RACE: "eventBasedGateway",
    Kind.SPLIT: "parallelGateway",
    Kind.JOIN: "parallelGateway",
    Kind.TASK: "userTask",
    Kind.SERVICE: "serviceTask",
    Kind.TIMER: "boundaryEvent",
}


def to_bpmn(procedure: Procedure) -> bytes:
    """Return a procedure as UTF-8 XML."""
    flow = flow_of(procedure)
    return _Writer(flow, lay_out(flow)).write()


class _Writer:
    def __init__(self, flow: Flow, layout: Layout) -> None:
        self.flow = flow
        self.layout = layout
        self.procedure = flow.procedure
        self.lanes = {key: f"lane_{n + 1}" for n, (key, _title) in enumerate(flow.lanes)}
        self.resources = {key: f"party_{n + 1}" for n, key in enumerate(self.procedure.parties)}
        self.process = "process_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in self.procedure.key)

    def write(self) -> bytes:
        """Write definitions: the parties, the pool, the process, the drawing."""
        procedure = self.procedure
        root = etree.Element(
            f"{{{MODEL}}}definitions",
            {
                "id": "definitions",
                "name": _clean(procedure.title),
                "targetNamespace": f"urn:luoshi:procedure:{self.process.removeprefix('process_')}",
                "exporter": "luoshi",
                "exporterVersion": __version__,
            },
            nsmap=_NAMES,  # type: ignore[arg-type]
        )
        for key, party in procedure.parties.items():
            _add(root, "resource", id=self.resources[key], name=party.title)
        collaboration = _add(root, "collaboration", id="collaboration")
        _add(collaboration, "participant", id="pool", name=procedure.title, processRef=self.process)
        self._process(root)
        self._drawing(root)
        etree.indent(root)
        written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        return written

    # --- the process ---

    def _process(self, root: Any) -> None:
        process = _add(root, "process", id=self.process, name=self.procedure.title, isExecutable="true")
        _document(process, self._about_process())
        lanes = _add(process, "laneSet", id="lanes")
        for key, title in self.flow.lanes:
            lane = _add(lanes, "lane", id=self.lanes[key], name=title)
            for node in self.flow.nodes.values():
                if node.lane == key:
                    _add(lane, "flowNodeRef").text = node.id
        for node in self.flow.nodes.values():
            self._node(process, node)
        for arrow in self.flow.arrows:
            self._arrow(process, arrow)

    def _node(self, process: Any, node: Node) -> None:
        element = _add(process, _ELEMENTS[node.kind], id=node.id)
        if node.title:
            element.set("name", _clean(node.title))
        if node.kind is Kind.TIMER:
            element.set("attachedToRef", node.host)
            element.set("cancelActivity", "true" if node.interrupts else "false")
        _document(element, self._about(node))
        coming = [arrow for arrow in self.flow.arrows if arrow.target == node.id]
        leaving = self.flow.arrows_from(node.id)
        for arrow in coming:
            _add(element, "incoming").text = arrow.id
        for arrow in leaving:
            _add(element, "outgoing").text = arrow.id
            if arrow.otherwise:
                element.set("default", arrow.id)
        if node.kind in (Kind.CHOICE, Kind.SPLIT, Kind.JOIN, Kind.RACE):
            element.set("gatewayDirection", _direction(len(coming), len(leaving)))
        if node.kind is Kind.TASK:
            for party in node.parties:
                owner = _add(element, "potentialOwner", id=f"{node.id}_by_{self.resources[party]}")
                _add(owner, "resourceRef").text = self.resources[party]
        if node.at_once:
            self._all_at_once(element, node)
        if node.kind in (Kind.TIMER, Kind.WAIT):
            _timer(element, self.procedure.limits[node.limit])
        if node.kind is Kind.NOTICE:
            self._notice(element, self.procedure.limits[node.limit])

    def _all_at_once(self, element: Any, node: Node) -> None:
        loop = _add(element, "multiInstanceLoopCharacteristics", id=f"{node.id}_each", isSequential="false")
        _expression(_add(loop, "loopCardinality"), str(node.at_once))
        if self.procedure.steps[node.step].on_refusal:
            _expression(_add(loop, "completionCondition"), "refused")

    def _notice(self, element: Any, limit: Limit) -> None:
        if limit.expiry.kind is Expiry.ESCALATE:
            _add(element, "escalationEventDefinition", id=f"{element.get('id')}_escalation")
        elif limit.expiry.kind is Expiry.REMIND:
            _add(element, "messageEventDefinition", id=f"{element.get('id')}_message")

    def _arrow(self, process: Any, arrow: Arrow) -> None:
        element = _add(process, "sequenceFlow", id=arrow.id, sourceRef=arrow.source, targetRef=arrow.target)
        if arrow.condition:
            _expression(_add(element, "conditionExpression"), arrow.condition)

    # --- what stands in no drawing ---

    def _about_process(self) -> list[str]:
        procedure = self.procedure
        limits = [procedure.limits[key] for key in self.flow.unplaced]
        return [
            f"程序：{procedure.key}，自{procedure.version}起施行",
            *_line("依据", procedure.citation),
            *(f"期限：{limit.title}，{limit.words}，{limit.expiry.kind.title}" for limit in limits),
            *_line("", procedure.note),
        ]

    def _about(self, node: Node) -> list[str]:
        if node.limit:
            return self._about_limit(self.procedure.limits[node.limit])
        if node.kind in (Kind.TASK, Kind.SERVICE):
            return self._about_step(self.procedure.steps[node.step])
        if node.state:
            state = self.procedure.states[node.state]
            return [f"状态：{state.title}（{state.status.title}）", *_line("", state.note)]
        return []

    def _about_step(self, step: Step) -> list[str]:
        return [
            *_line("依据", step.citation),
            *_line("须由决定准许", step.guard),
            *_line("须先办", self._titles(step.after)),
            *_line("各方表态前须先办", self._titles(step.voice_after.values())),
            *_line("与下列步骤须不同人", self._titles(step.other_hand_than)),
            *_line("须有", "、".join(step.needs)),
            *_line("制发", "、".join(step.issues)),
            *_line("对冲", self._titles(filter(None, [step.counter_of]))),
            *_line("", step.note),
        ]

    def _about_limit(self, limit: Limit) -> list[str]:
        words = limit.words if not limit.parameter else f"{limit.words}（以参数{limit.parameter}在当日的值为准）"
        return [
            f"期限：{limit.title}，{words}",
            *_line("起算", self._titles(limit.starts)),
            *_line("止于", self._titles(limit.until)),
            f"期满：{limit.expiry.kind.title}",
            *_line("依据", limit.citation),
            *_line("", limit.note),
        ]

    def _titles(self, steps: Iterable[str]) -> str:
        known = self.procedure.steps
        return "、".join("立案" if key == OPEN else known[key].title for key in steps)

    # --- the drawing ---

    def _drawing(self, root: Any) -> None:
        diagram = etree.SubElement(root, f"{{{_BPMNDI}}}BPMNDiagram", {"id": "diagram"})
        plane = etree.SubElement(diagram, f"{{{_BPMNDI}}}BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"})
        _shape(plane, "pool", self.layout.pool, isHorizontal="true")
        for key, box in self.layout.lanes.items():
            _shape(plane, self.lanes[key], box, isHorizontal="true")
        for key, node in self.flow.nodes.items():
            marked = {"isMarkerVisible": "true"} if node.kind is Kind.CHOICE else {}
            _shape(plane, key, self.layout.shapes[key], label=self.layout.labels.get(key), **marked)
        for arrow in self.flow.arrows:
            edge = etree.SubElement(
                plane, f"{{{_BPMNDI}}}BPMNEdge", {"id": f"{arrow.id}_edge", "bpmnElement": arrow.id}
            )
            for point in self.layout.lines[arrow.id]:
                _waypoint(edge, point)


# --- small elements ---------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    """Return text without what XML cannot hold."""
    return "".join(c if c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe" or c > "\uffff" else "\ufffd"
                   for c in text)  # fmt: skip


def _add(parent: Any, tag: str, **attributes: str) -> Any:
    return etree.SubElement(parent, f"{{{MODEL}}}{tag}", {name: _clean(value) for name, value in attributes.items()})


def _document(element: Any, lines: list[str]) -> None:
    if lines:
        _add(element, "documentation").text = _clean("\n".join(lines))


def _line(head: str, words: str) -> list[str]:
    return [f"{head}：{words}" if head else words] if words else []


def _expression(element: Any, text: str, language: str = "") -> None:
    element.set(f"{{{_XSI}}}type", "tFormalExpression")
    if language:
        element.set("language", language)
    element.text = _clean(text)


def _timer(element: Any, limit: Limit) -> None:
    definition = _add(element, "timerEventDefinition", id=f"{element.get('id')}_timer")
    tag, text, language = timer_of(limit)
    _expression(_add(definition, tag), text, language)


def timer_of(limit: Limit) -> tuple[str, str, str]:
    """Return how a limit is written in a timer: the element, its text, the language (empty for ISO 8601)."""
    if limit.clock:
        return "timeDate", limit.clock, LIMIT_LANGUAGE
    if limit.at_fact:
        return "timeDate", f"fact:{limit.at_fact}", LIMIT_LANGUAGE
    if limit.before:
        return "timeDate", f"fact:{limit.event_fact} - {limit.before}", LIMIT_LANGUAGE
    n, unit = read_span(limit.within)
    known = _ISO.get(read_unit(unit))
    if known is None:
        return "timeDuration", f"{n}{unit}", LIMIT_LANGUAGE
    return "timeDuration", known.format(n), ""


def _direction(coming: int, leaving: int) -> str:
    if coming > 1 and leaving > 1:
        return "Mixed"
    return "Converging" if coming > 1 and leaving == 1 else "Diverging" if leaving > 1 else "Unspecified"


def _shape(plane: Any, element: str, box: Box, label: Box | None = None, **attributes: str) -> None:
    shape = etree.SubElement(
        plane, f"{{{_BPMNDI}}}BPMNShape", {"id": f"{element}_shape", "bpmnElement": element, **attributes}
    )
    _bounds(shape, box)
    if label is not None:
        _bounds(etree.SubElement(shape, f"{{{_BPMNDI}}}BPMNLabel"), label)


def _bounds(parent: Any, box: Box) -> None:
    etree.SubElement(parent, f"{{{_DC}}}Bounds", dict(zip(("x", "y", "width", "height"), map(str, box), strict=True)))


def _waypoint(edge: Any, point: Point) -> None:
    etree.SubElement(edge, f"{{{_DI}}}waypoint", {"x": str(point.x), "y": str(point.y)})


__all__ = ["LIMIT_LANGUAGE", "MODEL", "POOL_HEAD", "timer_of", "to_bpmn"]
