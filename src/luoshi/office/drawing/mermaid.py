"""A procedure as a Mermaid state diagram: for a wiki, a note, a merge request."""

from __future__ import annotations

from luoshi.kernel.procedures import OPEN, Limit, Procedure, Step


def to_mermaid(procedure: Procedure) -> str:
    """Return a `stateDiagram-v2` with the states' titles, each step as a way, each limit as a note at its state."""
    names = {key: f"s{n + 1}" for n, key in enumerate(procedure.states)}
    lines = ["stateDiagram-v2"]
    lines += [f'  state "{_words(state.title)}" as {names[key]}' for key, state in procedure.states.items()]
    lines.append(f"  [*] --> {names[procedure.start]}")
    for step in procedure.steps.values():
        for source in step.sources:
            lines.append(f"  {names[source]} --> {names[step.to or source]} : {_words(_way(procedure, step))}")
    lines += [f"  {names[key]} --> [*]" for key, state in procedure.states.items() if state.ends]
    for state, limits in _limits(procedure).items():
        lines.append(f"  note right of {names[state]}")
        lines += [f"    {_words(_limit(procedure, limit))}" for limit in limits]
        lines.append("  end note")
    return "\n".join(lines) + "\n"


def _way(procedure: Procedure, step: Step) -> str:
    who = "、".join(procedure.parties[party].title for party in step.by)
    if step.kind == "joint":
        return f"{step.title}（{who}共同）"
    return f"{step.title}（{who or {'timer': '期满自动'}.get(step.kind, '自动')}）"


def _limit(procedure: Procedure, limit: Limit) -> str:
    step = procedure.steps.get(limit.expiry.step)
    then = limit.expiry.kind.title + (f"，{step.title}" if step and step.title not in limit.expiry.kind.title else "")
    return f"{limit.title} {limit.words}，{then}" + (f"（{limit.citation}）" if limit.citation else "")


def _limits(procedure: Procedure) -> dict[str, list[Limit]]:
    """Return the limits by the state at which they are noted: where a step meets them, else where they begin."""
    found: dict[str, list[Limit]] = {}
    for limit in procedure.limits.values():
        until = [state for key in limit.until if key != OPEN for state in procedure.steps[key].sources]
        begun = [procedure.start if key == OPEN else procedure.steps[key].to for key in limit.starts]
        state = next((one for one in (*limit.during, *until, *begun) if one), procedure.start)
        found.setdefault(state, []).append(limit)
    return {state: found[state] for state in procedure.states if state in found}


_MEANING = str.maketrans(':;"#%{}[]<>\n\r', "：；”＃％｛｝［］＜＞  ")


def _words(text: str) -> str:
    """Return text without the signs that mean something to Mermaid."""
    return text.translate(_MEANING).strip() or "—"
