"""A procedure as a drawing has it: events, gateways, tasks, and the flows between them.

A procedure is written as states and the steps that lead from one to another; BPMN draws tasks and what comes between.
Every step becomes a task. A state becomes what stands between the tasks: an event where one way leads on, a gateway
where several do, a timer where only the end of a limit does, an end where nothing is owed any more. Each limit is one
timer, on the border of the task that meets it. `layout` gives all of it places, `bpmn` writes it down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from luoshi.kernel.procedures import OPEN, Limit, Procedure, Step

SYSTEM = ""
"""The lane of what nobody does: steps a case takes by itself, and by the end of a limit."""
SYSTEM_TITLE = "系统自动"
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_\u4e00-\u9fff-]")


class Kind(StrEnum):
    """What a node is drawn as."""

    START = "start"
    END = "end"
    STATE = "state"
    CHOICE = "choice"
    RACE = "race"
    """A state that only limits leave, several of them: what ends first decides."""
    WAIT = "wait"
    """A timer in the flow: the end of a limit leads on."""
    TASK = "task"
    SERVICE = "service"
    SPLIT = "split"
    JOIN = "join"
    TIMER = "timer"
    """A timer on the border of the task `host`."""
    NOTICE = "notice"
    """What the end of a limit does that leads nowhere: a reminder, a report to the next level, a late mark."""

    @property
    def on_border(self) -> bool:
        """Whether it is placed with its task instead of a place of its own."""
        return self in (Kind.TIMER, Kind.NOTICE)


@dataclass(frozen=True, slots=True)
class Node:
    """One thing drawn. `state`, `step`, `limit`: the key of what it stands for; `parties`: who does a task."""

    id: str
    kind: Kind
    title: str
    lane: str = SYSTEM
    state: str = ""
    step: str = ""
    limit: str = ""
    parties: tuple[str, ...] = ()
    at_once: int = 0
    """Of a task of several parties that ends for all of them at once: how many."""
    host: str = ""
    interrupts: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """A flow. `condition`: an expression over `step` (the one taken), `state` or `refused`; `otherwise`: the rest.

    `back`: it leads back in the story, so that no place follows from it.
    """

    id: str
    source: str
    target: str
    condition: str = ""
    otherwise: bool = False
    back: bool = False


@dataclass(slots=True)
class Flow:
    """All that is drawn, in the order in which the procedure tells it. `lanes`: key and title, from top to bottom."""

    procedure: Procedure
    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    lanes: list[tuple[str, str]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    """The node at which a case in a state stands."""
    unplaced: list[str] = field(default_factory=list)
    """Limits without any task on which they could be drawn."""

    def arrows_from(self, node: str) -> list[Arrow]:
        """Return the flows that leave a node."""
        return [arrow for arrow in self.arrows if arrow.source == node]

    def timers_of(self, node: str) -> list[Node]:
        """Return the timers on the border of a task."""
        return [one for one in self.nodes.values() if one.kind is Kind.TIMER and one.host == node]


def flow_of(procedure: Procedure) -> Flow:
    """Return the drawing's parts of a procedure."""
    return _Builder(procedure).build()


class _Builder:
    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.flow = Flow(procedure)
        self.entry: dict[str, str] = {}
        self.exit: dict[str, str] = {}
        self.waits = _waits(procedure)
        self.hosts = {key: self._host(limit) for key, limit in procedure.limits.items() if key not in self._waiting()}

    def build(self) -> Flow:
        """Make nodes, then arrows, in the order in which the procedure is walked."""
        procedure = self.procedure
        start = self._add(Kind.START, "start", "立案", self._lane_of_start())
        for key in self._walk():
            self._state(key)
        for key in self.flow.states:
            for step in procedure.steps_from(key):
                if step.key not in self.entry:
                    self._step(step)
        self._arrow(start.id, self.flow.states[procedure.start])
        for key in self.flow.states:
            self._leave(key)
        for step in procedure.steps.values():
            if step.key in self.exit:
                self._lead_on(step)
        for key, limit in procedure.limits.items():
            self._limit(key, limit)
        self._lanes()
        return self.flow

    # --- nodes ---

    def _add(self, kind: Kind, name: str, title: str, lane: str = SYSTEM, **rest: object) -> Node:
        stem = _NOT_IN_NAMES.sub("_", name)
        key, n = stem, 1
        while key in self.flow.nodes:
            n += 1
            key = f"{stem}_{n}"
        node = Node(key, kind, title, lane, **rest)  # type: ignore[arg-type]
        self.flow.nodes[key] = node
        return node

    def _walk(self) -> Iterable[str]:
        """Return the states in the order in which a case may come to them, each once."""
        seen = [self.procedure.start]
        for here in seen:
            for step in self.procedure.steps_from(here):
                if step.to and step.to not in seen:
                    seen.append(step.to)
        return seen

    def _ways(self, key: str) -> list[Step]:
        """Return the steps that lead on from a state of themselves: not those only the end of a limit takes."""
        by_limit = {limit.expiry.step for limit in self.procedure.limits.values()}
        return [step for step in self.procedure.steps_from(key) if not (step.kind == "timer" and step.key in by_limit)]

    def _state(self, key: str) -> None:
        state, ways = self.procedure.states[key], self._ways(key)
        lane = self._lane_of_state(key)
        if key in self.waits:
            kind = Kind.WAIT if len(self.waits[key]) == 1 else Kind.RACE
        elif not ways:
            kind = Kind.END
        else:
            kind = Kind.CHOICE if len(ways) + state.ends > 1 else Kind.STATE
        title = state.title
        if kind is Kind.WAIT:
            title = f"{state.title} {self._timer_title(self.procedure.limits[self.waits[key][0]])}"
        node = self._add(
            kind, f"state_{key}", title, lane, state=key, limit=self.waits[key][0] if kind is Kind.WAIT else ""
        )
        self.flow.states[key] = node.id

    def _step(self, step: Step) -> None:
        if not step.by_person:
            node = self._add(Kind.SERVICE, f"step_{step.key}", step.title, step=step.key)
            self.entry[step.key] = self.exit[step.key] = node.id
            return
        parties = step.by
        together = step.kind == "joint" and len(parties) > 1
        if together and not self._broken_off(step):
            self._joint(step)
            return
        node = self._add(
            Kind.TASK, f"step_{step.key}", step.title, parties[0], step=step.key, parties=parties,
            at_once=len(parties) if together else 0,
        )  # fmt: skip
        self.entry[step.key] = self.exit[step.key] = node.id
        self._answer(step)

    def _joint(self, step: Step) -> None:
        """Draw one task a party between two bars; what all of them said decides where one may refuse."""
        split = self._add(Kind.SPLIT, f"split_{step.key}", "", step.by[0], step=step.key)
        tasks = [
            self._add(Kind.TASK, f"step_{step.key}_{party}", step.title, party, step=step.key, parties=(party,))
            for party in step.by
        ]
        join = self._add(Kind.JOIN, f"join_{step.key}", "", step.by[0], step=step.key)
        for task in tasks:
            self._arrow(split.id, task.id)
            self._arrow(task.id, join.id)
        self.entry[step.key], self.exit[step.key] = split.id, join.id
        self._answer(step)

    def _answer(self, step: Step) -> None:
        """Where one of the parties may refuse, let what they said decide."""
        if step.on_refusal:
            answer = self._add(Kind.CHOICE, f"answer_{step.key}", "各方是否都同意", step.by[0], step=step.key)
            self._arrow(self.exit[step.key], answer.id)
            self.exit[step.key] = answer.id

    def _broken_off(self, step: Step) -> bool:
        """Whether the end of a limit ends a joint step for all parties: BPMN calls no task of another branch back."""
        return any(
            self.hosts.get(key) == step.key and limit.expiry.step for key, limit in self.procedure.limits.items()
        )

    # --- arrows ---

    def _arrow(
        self, source: str, target: str, condition: str = "", *, otherwise: bool = False, back: bool = False
    ) -> None:
        known = self.flow.arrows
        if any(one.source == source and one.target == target for one in known):
            return
        known.append(Arrow(f"flow_{len(known) + 1}", source, target, condition, otherwise, back))

    def _comes_back(self, key: str, step: Step) -> bool:
        """Whether a step taken from a later state leads back: it is drawn where it may first be taken."""
        order = list(self.flow.states)
        first = min(order.index(one) for one in step.sources if one in order)
        here = order.index(key)
        if not step.to:
            return here > first
        return here > first and order.index(step.to) <= here and not self.procedure.states[step.to].ends

    def _leave(self, key: str) -> None:
        node = self.flow.nodes[self.flow.states[key]]
        if node.kind is Kind.WAIT:
            self._after_limit(node.id, self.procedure.limits[node.limit], key)
        elif node.kind is Kind.RACE:
            for name in self.waits[key]:
                limit = self.procedure.limits[name]
                timer = self._add(Kind.WAIT, f"limit_{name}", self._timer_title(limit), node.lane, limit=name)
                self._arrow(node.id, timer.id)
                self._after_limit(timer.id, limit, key)
        elif node.kind is not Kind.END:
            several = node.kind is Kind.CHOICE
            for step in self._ways(key):
                condition = f'step == "{step.key}"' if several else ""
                self._arrow(node.id, self.entry[step.key], condition, back=self._comes_back(key, step))
            if self.procedure.states[key].ends:
                rest = self._add(Kind.END, f"state_{key}_end", node.title, node.lane, state=key)
                self._arrow(node.id, rest.id, otherwise=True)

    def _lead_on(self, step: Step) -> None:
        here, onward = self.exit[step.key], self._targets(step)
        refused = self.procedure.steps.get(step.on_refusal)
        if refused is not None and refused.key in self.entry:
            self._arrow(here, self.entry[refused.key], "refused")
        if len(onward) > 1:
            back = self._add(Kind.CHOICE, f"back_{step.key}", "回到原状态", self.flow.nodes[here].lane, step=step.key)
            self._arrow(here, back.id, otherwise=self.flow.nodes[here].kind is Kind.CHOICE)
            for state in onward:
                self._arrow(back.id, self.flow.states[state], f'state == "{state}"', back=True)
            return
        for state in onward:
            rest = self.flow.nodes[here].kind is Kind.CHOICE
            self._arrow(here, self.flow.states[state], otherwise=rest, back=not step.to)

    def _targets(self, step: Step) -> list[str]:
        return [step.to] if step.to else [one for one in dict.fromkeys(step.sources) if one in self.flow.states]

    def _after_limit(self, source: str, limit: Limit, state: str = "") -> None:
        """Lead on from the end of a limit: to the step it takes, or past it where a person otherwise takes it."""
        step = self.procedure.steps[limit.expiry.step]
        if step.by_person:
            self._arrow(source, self.flow.states[step.to or state or self._targets(step)[0]])
        else:
            self._arrow(source, self.entry[step.key])

    # --- limits ---

    def _waiting(self) -> set[str]:
        """Return the limits drawn as a timer in the flow wherever their step may be taken."""
        return {
            name
            for names in self.waits.values()
            for name in names
            if set(self.procedure.steps[self.procedure.limits[name].expiry.step].sources) <= self.waits.keys()
        }

    def _host(self, limit: Limit) -> str:
        """Return the step on whose task a limit is drawn: one that meets it, else the first taken while it runs."""
        steps = self.procedure.steps
        meeting = [steps[key] for key in limit.until if key in steps and steps[key].kind != "timer"]
        expiry = steps.get(limit.expiry.step)
        states = list(expiry.sources) if expiry else []
        states += limit.during or [self.procedure.start if key == OPEN else steps[key].to for key in limit.starts]
        groups = [meeting, *map(self._ways, self._from(states))]
        if expiry:
            groups.insert(0, [one for one in meeting if set(one.sources) & set(expiry.sources)])
        for group in groups:
            able = [one for one in group if one.key != limit.expiry.step and one.sources]
            if able:
                return next((one for one in able if one.by_person), able[0]).key
        return ""

    def _from(self, states: Iterable[str]) -> list[str]:
        """Return the states and those a case may come to from them, nearest first."""
        seen = [state for state in dict.fromkeys(states) if state]
        for here in seen:
            for step in self.procedure.steps_from(here):
                if step.to and step.to not in seen:
                    seen.append(step.to)
        return seen

    def _limit(self, key: str, limit: Limit) -> None:
        if key in self._waiting():
            return
        tasks = [one for one in self.flow.nodes.values() if one.kind in (Kind.TASK, Kind.SERVICE)]
        found = [one for one in tasks if one.step == self.hosts[key]]
        if not found:
            self.flow.unplaced.append(key)
            return
        host = next((one for one in found if limit.party and limit.party in one.parties), found[0])
        title, interrupts = self._timer_title(limit), bool(limit.expiry.step)
        if interrupts and self.procedure.steps[limit.expiry.step].by_person:
            title += f"，{limit.expiry.kind.title}"
        timer = self._add(Kind.TIMER, f"limit_{key}", title, host.lane, limit=key, host=host.id, interrupts=interrupts)
        if interrupts:
            self._after_limit(timer.id, limit)
        else:
            to = self.procedure.parties.get(limit.expiry.to)
            words = limit.expiry.kind.title + (f"（{to.title}）" if to else "")
            notice = self._add(Kind.NOTICE, f"expiry_{key}", words, host.lane, limit=key, host=host.id)
            self._arrow(timer.id, notice.id)

    @staticmethod
    def _timer_title(limit: Limit) -> str:
        return f"{limit.title} {limit.words}"

    # --- lanes ---

    def _lane_of_state(self, key: str) -> str:
        doers = [step for step in self._ways(key) if step.by_person]
        if doers:
            return doers[0].by[0]
        if self._ways(key) or key in self.waits:
            return SYSTEM
        coming = [step for step in self.procedure.steps.values() if step.to == key]
        return next((step.by[0] for step in coming if step.by_person), SYSTEM)

    def _lane_of_start(self) -> str:
        first = self.procedure.opened_by
        return first[0] if first and first[0] in self.procedure.parties else self._lane_of_state(self.procedure.start)

    def _lanes(self) -> None:
        used = {node.lane for node in self.flow.nodes.values()}
        self.flow.lanes = [(key, party.title) for key, party in self.procedure.parties.items() if key in used]
        if SYSTEM in used:
            self.flow.lanes.append((SYSTEM, SYSTEM_TITLE))


def _waits(procedure: Procedure) -> Mapping[str, tuple[str, ...]]:
    """Return the states that only the end of limits leaves, with these limits."""
    found: dict[str, tuple[str, ...]] = {}
    for key in procedure.states:
        steps = procedure.steps_from(key)
        if not steps or any(step.kind != "timer" for step in steps):
            continue
        limits = [name for name, limit in procedure.limits.items() if limit.expiry.step in {step.key for step in steps}]
        if limits and {procedure.limits[name].expiry.step for name in limits} == {step.key for step in steps}:
            found[key] = tuple(limits)
    return found
