"""Scenarios: worked examples that run, written as YAML a programme officer can read.

    title: 橙色预警，从会商到发布
    start: 2018-01-12 08:00
    people:
      forecaster: [clerk, environment]
    steps:
      - decide: heavy_pollution.level
        facts: {colour: orange}
        expect: {value: {level: II}}
      - at: 2018-01-12 10:00
        who: forecaster
        open: heavy_pollution.approval
        as: chain
        expect: {state: consulting}
      - who: commander
        step: sign
        case: chain
        expect: {refused: E_STATE}
      - at: 2018-01-12 24:00
        do: tick

A step is one of `decide`, `open`, `step`, `pause`, `resume`, `extend`, `do: tick`, or a verb of a room
(`do: room.verb`) with what it is given under `with`. `expect` says what must then hold; what it does not mention is not
looked at. Values of `expect` are compared part by part: an object names the keys that matter, a list must have the same
items; `cites` lists clauses that must be among a decision's reasons (an item of an article cites the article). A step
without `refused` that is refused fails; a scenario goes on after a step that fails, so that all faults are seen.

A scenario runs in whatever database there is and leaves everything behind: run it in one that is thrown away.
"""

from __future__ import annotations

import datetime
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from pydantic_core import to_jsonable_python

from luoshi.kernel import yaml_text
from luoshi.kernel.citation import Citation, Locator
from luoshi.kernel.clock import CLOCK, SHANGHAI, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import Assignment, User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.expiry import shown_until
from luoshi.office.cases.models import Case, CaseClock
from luoshi.office.organs.naming import slug_of
from luoshi.office.parameters import book
from luoshi.office.roles import Role
from luoshi.office.timer import tick


@dataclass(slots=True)
class Step:
    """One step as it went: what it was, at which moment, and what was other than expected (nothing: it held)."""

    number: int
    text: str
    at: datetime.datetime
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Outcome:
    """A scenario as it went."""

    title: str
    path: str
    steps: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return not any(step.faults for step in self.steps)


@dataclass(slots=True)
class Scene:
    """What steps share: people by their name in the scenario, things by theirs (`as`), the scenario's folder."""

    people: dict[str, Actor]
    things: dict[str, Any]
    folder: Path
    on: datetime.date | None = None

    def thing(self, name: str) -> Any:
        """Return what an earlier step called `name`; E_INPUT for what none did."""
        if name not in self.things:
            raise LuoshiError("E_INPUT", f"场景里没有“{name}”，前面的步骤要用 as 起名。")
        return self.things[name]


Verb = Callable[[Scene, Actor, Mapping[str, Any]], Any]
Check = Callable[[Scene, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Word:
    """What a verb or a check is called in Chinese, its fields and what each means.

    `needs`: the fields that must be given; `more`: what it takes besides (facts of a decision, columns of a register).
    """

    name: str
    title: str
    fields: Mapping[str, str]
    needs: frozenset[str]
    more: str = ""

    @property
    def programme(self) -> str:
        """The room it belongs to."""
        return self.name.partition(".")[0]


VERBS: dict[str, Verb] = {}
CHECKS: dict[str, Check] = {}
_SAID: dict[str, tuple[str, Mapping[str, str], str]] = {}
"""Title, fields and `more` of verbs and checks, by name; a check's name begins with its room and ends with `?`."""
_TAKEN = re.compile(r"""\bgiven\[["'](\w+)["']\]""")
_ASKED = re.compile(r"""\bgiven\.(?:get|pop)\(\s*["'](\w+)["']|["'](\w+)["'] in given\b""")


def verb(name: str, title: str = "", /, *, more: str = "", **fields: str) -> Callable[[Verb], Verb]:
    """Register what a room can do in a scenario: `function(scene, actor, given)`; what it returns is named by `as`.

    `title` says in Chinese what it does, `fields` what each field means, `more` what else may be given. Without a
    title the fields the function itself reads are listed. ValueError for a name another function has.
    """

    def register(function: Verb) -> Verb:
        if (known := VERBS.setdefault(name, function)) is not function:
            raise ValueError(f"{name!r} is {known.__module__}.{known.__name__} already")
        _SAID[name] = title, fields, more
        return function

    return register


def check(name: str, title: str = "") -> Callable[[Check], Check]:
    """Register what a room can look at: `function(scene, thing, asked)` returns what is found, to be compared.

    `title` says in Chinese what is looked at.
    """

    def register(function: Check) -> Check:
        CHECKS[name] = function
        room = function.__module__.rpartition(".")[0].rpartition(".")[2]
        _SAID[f"{room}.{name}?"] = title, {}, ""
        return function

    return register


@cache
def word(name: str) -> Word:
    """Return what a verb or a check is called; what it reads without asking whether it is there must be given."""
    title, fields, more = _SAID[name]
    text = inspect.getsource(VERBS[name]) if name in VERBS else ""
    taken, asked = _TAKEN.findall(text), [one or other for one, other in _ASKED.findall(text)]
    return Word(name, title, fields if title else dict.fromkeys(taken + asked, ""), frozenset(taken) - set(asked), more)


def words(programme: str = "") -> list[Word]:
    """Return what verbs and checks are called, of one programme or all; E_NOT_FOUND for one that has none."""
    found = [word(name) for name in sorted(_SAID)]
    rooms = {one.programme for one in found}
    if programme and programme not in rooms:
        raise LuoshiError("E_NOT_FOUND", f"“{programme}”没有场景动作，有的是：{'、'.join(sorted(rooms))}。")
    return [one for one in found if programme in ("", one.programme)]


def _require_known(name: str, given: Mapping[str, Any]) -> None:
    """Refuse what a verb that says what it takes does not read, and what it lacks: a slip never passes in silence."""
    known = word(name)
    if not known.title:
        return
    strange = [] if known.more else [one for one in given if one not in known.fields]
    if strange:
        named = "、".join(known.fields) or "（没有）"
        raise LuoshiError("E_INPUT", f"动作“{name}”不要“{'、'.join(map(str, strange))}”，可写：{named}。",
                          fields={"known": list(known.fields)})  # fmt: skip
    lacking = [one for one in known.fields if one in known.needs and one not in given]
    if lacking:
        said = "、".join(f"{one}（{known.fields[one]}）" if known.fields[one] else one for one in lacking)
        raise LuoshiError("E_INPUT", f"动作“{name}”还要写：{said}。", fields={"missing": lacking})


# --- reading ----------------------------------------------------------------------------------------------------------


def read(path: Path) -> dict[str, Any]:
    """Return a scenario; E_FILE, E_INPUT for what is none."""
    try:
        data = yaml_text.read(path.read_text("utf-8"))
    except FileNotFoundError:
        raise LuoshiError("E_NOT_FOUND", f"没有文件 {path}。") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LuoshiError("E_FILE", f"{path.name}不是有效的YAML：{error}") from None
    if not isinstance(data, dict) or not isinstance(data.get("steps"), list):
        raise LuoshiError("E_INPUT", f"{path.name}不是场景：要有 steps。")
    return data


def moment(text: Any) -> datetime.datetime:
    """Return a moment as scenarios write it: `2018-01-12 16:00`, `2018-10-10 24:00`, a day for its 00:00."""
    if isinstance(text, datetime.datetime):
        return text.replace(tzinfo=SHANGHAI) if text.tzinfo is None else local(text)
    if isinstance(text, datetime.date):
        return datetime.datetime.combine(text, datetime.time(), SHANGHAI)
    words = str(text).strip().replace("T", " ")
    try:
        if words.endswith(" 24:00"):
            return moment(datetime.date.fromisoformat(words[:10])) + datetime.timedelta(days=1)
        return local(datetime.datetime.fromisoformat(words))
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text}”不是时刻，应如 2018-01-12 16:00。") from None


# --- running ----------------------------------------------------------------------------------------------------------


def run(path: Path, data: Mapping[str, Any] | None = None) -> Outcome:
    """Run a scenario and return how it went; its moments are the clock's while it runs."""
    scenario = data if data is not None else read(path)
    outcome = Outcome(str(scenario.get("title", path.stem)), str(path))
    CLOCK.set(moment(scenario.get("start", "2018-01-08 09:00")))
    try:
        scene = Scene(_people(scenario.get("people") or {}), {}, path.parent)
        for number, given in enumerate(scenario["steps"], start=1):
            outcome.steps.append(_run_step(scene, number, given))
    finally:
        CLOCK.release()
    return outcome


def _people(written: Mapping[str, Any]) -> dict[str, Actor]:
    """Open an account for everybody who takes part: `name: [role, organ]`, or a list of such pairs.

    Roles and organs by their key or in Chinese.
    """
    found = {}
    for name, held in written.items():
        user, _made = User.objects.get_or_create(
            login=f"scenario-{name}"[:60],
            defaults={"name": f"测试{name}"[:40], "created_at": CLOCK.now(), "created_by": "场景"},
        )
        for role, organ in held if held and isinstance(held[0], list) else [held]:
            Assignment.objects.get_or_create(
                user=user, role=_role(role), organ=slug_of(str(organ)), valid_from=datetime.date(2017, 1, 1),
                defaults={"granted_by": "场景", "granted_at": CLOCK.now()},
            )  # fmt: skip
        found[str(name)] = standing(user).actor("scenario")
    return found


def _role(word: Any) -> str:
    """Return a role by its key or its Chinese word; E_INPUT lists them."""
    found = next((role for role in Role if str(word).strip() in (role.value, role.title)), None)
    if found is None:
        known = "、".join(f"{role.value} {role.title}" for role in Role)
        raise LuoshiError("E_INPUT", f"people 里没有“{word}”这种角色，有：{known}。")
    return found.value


def _run_step(scene: Scene, number: int, given: Mapping[str, Any]) -> Step:
    if "at" in given:
        CLOCK.set(moment(given["at"]))
    step = Step(number, str(given.get("note") or _words(given)), CLOCK.now())
    expect = dict(given.get("expect") or {})
    wanted = expect.pop("refused", None)
    words = expect.pop("text", None)
    result: Any = None
    try:
        with transaction.atomic():
            result = _do(scene, given)
    except LuoshiError as refusal:
        if wanted is None:
            step.faults.append(f"被拒绝：{refusal.code} {refusal.message}")
        elif refusal.code != wanted:
            step.faults.append(f"应以 {wanted} 拒绝，却是 {refusal.code}：{refusal.message}")
        elif words and str(words) not in refusal.message:
            step.faults.append(f"拒绝的话里应有“{words}”：{refusal.message}")
    else:
        if wanted is not None:
            step.faults.append(f"应以 {wanted} 拒绝，却办成了")
    name = given.get("as")
    if name and result is not None:
        scene.things[name] = result
    subject = result if result is not None else scene.things.get(str(given.get("case", "")))
    for key, value in expect.items():
        try:
            step.faults += _differences(key, value, _seen(scene, subject, key, value))
        except LuoshiError as refusal:
            step.faults.append(f"{key}：{refusal.code} {refusal.message}")
        except ObjectDoesNotExist:
            step.faults.append(f"{key}：没有可核对的记录")
    return step


def _words(given: Mapping[str, Any]) -> str:
    for key in ("decide", "open", "step", "pause", "resume", "extend", "do"):
        if key in given:
            who = f"{given['who']} " if given.get("who") else ""
            return f"{who}{key} {given[key]}"
    return "查看"


def _do(scene: Scene, given: Mapping[Any, Any]) -> Any:
    who = given.get("who")
    if who is not None and who not in scene.people:
        raise LuoshiError("E_INPUT", f"场景的 people 里没有“{who}”。")
    actor = scene.people[str(who)] if who is not None else Actor.system("场景", "scenario")
    with_ = {key: _named(scene, value) for key, value in (given.get("with") or {}).items()}
    if "decide" in given:
        # YAML takes an unquoted `on` for true.
        day = given.get("on", given.get(True))
        on = moment(day).date() if day else day_of(CLOCK.now())
        return book.decide(str(given["decide"]), dict(given.get("facts") or {}), on, dict(given.get("set") or {}))
    if "open" in given:
        options = {key: with_.pop(key) for key in ("subject", "organ", "title") if key in with_}
        at = moment(given["received"]) if "received" in given else None
        return cases.open_case(actor=actor, procedure=str(given["open"]), title=options.pop("title", "场景办件"),
                               facts=with_, at=at, **options).pk  # fmt: skip
    if "do" in given:
        name = str(given["do"])
        if name == "tick":
            tick()
            return None
        if name not in VERBS:
            raise LuoshiError("E_INPUT", f"不认得动作“{name}”。{_like(name)}", fields={"known": sorted(VERBS)})
        _require_known(name, with_)
        return VERBS[name](scene, actor, with_)
    if "case" not in given:
        return None
    case = scene.thing(str(given["case"]))
    if "step" in given:
        cases.act(actor=actor, case=case, step=str(given["step"]), data=with_)
    elif "pause" in given:
        cases.pause(actor=actor, case=case, kind=str(given["pause"]), reason=str(with_.get("reason", "场景停表")))
    elif "resume" in given:
        cases.resume(actor=actor, case=case, kind=str(given["resume"]), reason=str(with_.get("reason", "")))
    elif "extend" in given:
        cases.extend(actor=actor, case=case, limit=str(given["extend"]), reason=str(with_.get("reason", "场景延期")))
    return None


def _like(name: str) -> str:
    """Say what the room of an unknown verb can do, or which rooms there are."""
    room = name.partition(".")[0]
    known = sorted(one.partition(".")[2] for one in VERBS if one.startswith(f"{room}."))
    if known:
        return f"{room} 的动作有：{'、'.join(known)}。"
    return f"领域有：{'、'.join(sorted({one.partition('.')[0] for one in VERBS}))}；另有 tick。"


def _named(scene: Scene, value: Any) -> Any:
    """Return what `$name` stands for; everything else as it is."""
    return scene.thing(value[1:]) if isinstance(value, str) and value.startswith("$") else value


# --- comparing --------------------------------------------------------------------------------------------------------


def _seen(scene: Scene, subject: Any, key: str, asked: Any) -> Any:
    if key in CHECKS:
        return CHECKS[key](scene, subject, asked)
    if key == "cites" and hasattr(subject, "reasons"):
        cited = [_clauses(reason.citation) for reason in subject.reasons if reason.citation is not None]
        return [one for one in asked if any(str(one) in clauses for clauses in cited)]
    if key in ("value", "outcome", "reasons") and hasattr(subject, "reasons"):
        if key == "reasons":
            return [reason.as_dict() for reason in subject.reasons]
        return to_jsonable_python(getattr(subject, key), fallback=str)
    if key in _CASE and isinstance(subject, int):
        return _CASE[key](Case.objects.get(pk=subject), asked)
    raise LuoshiError("E_INPUT", f"不认得要核对的“{key}”。", fields={"known": sorted({*CHECKS, *_CASE})})


def _clauses(citation: Citation) -> set[str]:
    """Return a clause and what it stands in: who cites an item cites its article."""
    labels = citation.locator.labels
    return {str(replace(citation, locator=Locator(labels[:n]))) for n in range(1, len(labels) + 1)} or {str(citation)}


def _due(case: Case, asked: Any) -> Any:
    rows = {clock.limit: clock for clock in case.clocks.order_by("id")}
    return {name: shown_until(rows[name]) if name in rows else None for name in asked}


def _clocks(case: Case, asked: Any) -> Any:
    rows = {clock.limit: str(CaseClock.State(clock.state)) for clock in case.clocks.order_by("id")}
    return {name: rows.get(name) for name in asked}


def _last(case: Case, _asked: Any) -> Any:
    event = case.events.order_by("-n").first()
    assert event is not None
    return {"act": event.act, "hand": event.hand, "at": f"{local(event.at):%Y-%m-%d %H:%M}", "who": event.who}


_CASE: dict[str, Callable[[Case, Any], Any]] = {
    "state": lambda case, _asked: case.state,
    "status": lambda case, _asked: case.status,
    "open": lambda case, _asked: case.is_open,
    "number": lambda case, _asked: case.number,
    "facts": lambda case, _asked: case.facts,
    "due": _due,
    "clocks": _clocks,
    "holders": lambda case, _asked: sorted(case.parties.filter(acts=True).values_list("party", flat=True)),
    "last": _last,
    "story": lambda case, _asked: list(case.events.order_by("n").values_list("act", flat=True)),
}


def _plain(value: Any) -> Any:
    """Return a value as YAML and JSON can both say it, so that the two compare."""
    if isinstance(value, datetime.datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal | Fraction):
        return Fraction(str(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return str(value)


def _differences(place: str, wanted: Any, found: Any) -> list[str]:
    """Return where what was found is not what was wanted; an object names only the keys that matter."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        names = {str(key): value for key, value in found.items()}
        return [
            fault
            for key, value in wanted.items()
            for fault in _differences(f"{place}.{key}", value, names.get(str(key)))
        ]
    one, other = _plain(wanted), _plain(found)
    if one == other or _same_number(one, other):
        return []
    return [f"{place}：应为 {_shown(wanted)}，实为 {_shown(found)}"]


def _same_number(one: Any, other: Any) -> bool:
    """Tell whether two things are one number, however written; a decision's exact number travels as text."""
    try:
        return isinstance(one, Fraction) != isinstance(other, Fraction) and Fraction(str(one)) == Fraction(str(other))
    except (ValueError, ZeroDivisionError):
        return False


def _shown(value: Any) -> str:
    text = str(to_jsonable_python(value, fallback=str))
    return text if len(text) <= 160 else text[:159] + "…"
