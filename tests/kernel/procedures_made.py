"""Procedures for the tests of drawings: those of the folder `procedures`, and any that hypothesis thinks of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from luoshi.kernel.procedures import Expiry, Procedure, read_procedure

FOLDER = Path(__file__).parent / "procedures"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def written(name: str) -> Procedure:
    """Return a procedure of the folder."""
    return read_procedure(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")))


_TITLES = st.text(alphabet='审查准予会商上报，（）<&>":;#% 0Az\x07', min_size=1, max_size=24)
_SILENT = [kind for kind in Expiry if kind.by_silence and kind is not Expiry.PROVISIONAL]
_LOUD = [kind for kind in Expiry if kind not in _SILENT]
_FORMS = st.sampled_from(
    [{"within": "10wd"}, {"within": "4h"}, {"within": "3mo"}, {"clock": "15:00"}, {"at_fact": "t0"},
     {"before": "24h", "event_fact": "t0"}]
)  # fmt: skip


@st.composite
def procedures(draw: st.DrawFn) -> Procedure:
    """Return any valid procedure of up to eight states: loops, joint steps, timers, ways back from the end."""
    parties = [f"p{n}" for n in range(draw(st.integers(1, 4)))]
    states = [f"s{n}" for n in range(draw(st.integers(1, 8)))]
    steps: dict[str, dict[str, Any]] = {}

    def add(sources: list[str], to: str) -> None:
        kind = draw(st.sampled_from(["human", "human", "human", "joint", "auto", "timer"]))
        by = draw(st.lists(st.sampled_from(parties), min_size=1, max_size=4, unique=True))
        title = draw(_TITLES)
        steps[f"t{len(steps)}"] = {"title": title, "kind": kind, "from": sources, "to": to} | (
            {"by": by} if kind in ("human", "joint") else {}
        )

    for place, state in enumerate(states[1:], 1):
        add([states[draw(st.integers(0, place - 1))]], state)
    leaving = {source for step in steps.values() for source in step["from"]}
    for _ in range(draw(st.integers(0, 6))):
        sources = draw(st.lists(st.sampled_from(states), min_size=1, max_size=3, unique=True))
        add(sources, draw(st.sampled_from([*states, ""])))
    names = ["open", *steps]
    for step in steps.values():
        if step["kind"] == "joint" and draw(st.booleans()):
            step["on_refusal"] = draw(st.sampled_from(list(steps)))
    limits: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.integers(0, 5)) if steps else 0):
        step = draw(st.sampled_from(["", *steps]))
        kind = draw(st.sampled_from(_SILENT + _LOUD if step else _LOUD))
        limits[f"l{len(limits)}"] = {
            "title": draw(_TITLES),
            "from": draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True)),
            "until": draw(st.lists(st.sampled_from(list(steps)), max_size=2, unique=True)),
            "while": draw(st.lists(st.sampled_from(states), max_size=1)),
            "expiry": {"kind": kind.value, "step": step, "to": draw(st.sampled_from(["", *parties]))},
            "party": draw(st.sampled_from(["", *parties])),
        } | draw(_FORMS)
    return read_procedure(
        {
            "key": "demo.any",
            "title": draw(_TITLES),
            "from": "2018-01-01",
            "parties": {key: {"title": draw(_TITLES), "organ": "finance"} for key in parties},
            "states": {
                key: {"title": draw(_TITLES), "status": "in_review", "ends": key not in leaving} for key in states
            },
            "start": states[0],
            "steps": steps,
            "limits": limits,
        }
    )
