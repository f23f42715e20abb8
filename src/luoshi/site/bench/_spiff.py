"""The eight human steps with SpiffWorkflow: in memory, taken from and put back into the database at each step.

What it does less: no deadline, no audit trail, nobody is told, no lock; the permission is the name of a lane.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from django.db import connection, transaction
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.util.task import TaskState

from luoshi.office.cases.demo_many import STEPS

OPINION = "符合条件，同意"
_TABLE = "bench_spiff"


def _bpmn() -> str:
    names = ["start", *(f"t{n}" for n in range(1, STEPS + 1)), "end"]
    tasks = "".join(f'<bpmn:userTask id="{name}" name="{name}"/>' for name in names[1:-1])
    flows = "".join(
        f'<bpmn:sequenceFlow id="f{n}" sourceRef="{a}" targetRef="{b}"/>' for n, (a, b) in enumerate(pairwise(names))
    )
    lanes = "".join(
        f'<bpmn:lane id="lane{n}" name="party{n}">'
        + "".join(f"<bpmn:flowNodeRef>{name}</bpmn:flowNodeRef>" for name in names[1:-1] if int(name[1:]) % 3 == n)
        + "</bpmn:lane>"
        for n in range(3)
    )
    return (
        '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="bench">'
        f'<bpmn:process id="permit" isExecutable="true"><bpmn:laneSet id="lanes">{lanes}</bpmn:laneSet>'
        f'<bpmn:startEvent id="start"/>{tasks}<bpmn:endEvent id="end"/>{flows}</bpmn:process></bpmn:definitions>'
    )


def steps() -> Callable[[int], None]:
    """Return what takes a workflow through its eight steps."""
    parser = BpmnParser()
    parser.add_bpmn_str(_bpmn().encode())
    spec, serializer = parser.get_spec("permit"), BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
    key = "integer PRIMARY KEY" if connection.vendor == "sqlite" else "bigserial PRIMARY KEY"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE} (id {key}, body text NOT NULL)")

    def open_one(n: int) -> int:
        workflow = BpmnWorkflow(spec)
        workflow.do_engine_steps()
        with transaction.atomic(), connection.cursor() as cursor:
            body = serializer.serialize_json(workflow)
            cursor.execute(f"INSERT INTO {_TABLE} (body) VALUES (%s) RETURNING id", [body])  # noqa: S608
            return int(cursor.fetchone()[0])

    def step(pk: int, lane: str) -> Any:
        locked = " FOR UPDATE" if connection.vendor == "postgresql" else ""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT body FROM {_TABLE} WHERE id = %s{locked}", [pk])  # noqa: S608
            workflow = serializer.deserialize_json(cursor.fetchone()[0])
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            if task.task_spec.lane != lane:
                raise PermissionError(task.task_spec.lane)
            task.data["opinion"] = OPINION
            task.run()
            workflow.do_engine_steps()
            body = serializer.serialize_json(workflow)
            cursor.execute(f"UPDATE {_TABLE} SET body = %s WHERE id = %s", [body, pk])  # noqa: S608
        return workflow

    def run(n: int) -> None:
        pk = open_one(n)
        for number in range(1, STEPS + 1):
            workflow = step(pk, f"party{number % 3}")
        if not workflow.completed:
            raise RuntimeError

    return run
