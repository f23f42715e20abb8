"""`luoshi bench decisions`: a decision of ten cited reasons, beside openfisca-core and zen-engine on the same rules.

All three answer the same thousand subjects, one at a time, in one process; their answers are compared before the clock
runs. The model is invented: thirteen facts, twelve dated parameters with two values each, ten rules.
"""

from __future__ import annotations

import argparse
import json
import operator
import random
import time
from collections.abc import Callable
from datetime import date
from itertools import cycle
from typing import Any

import click
from pydantic import BaseModel, ConfigDict

from luoshi.kernel.decisions import Context, Decision, Definition, Outcome, Rule, Verdict
from luoshi.kernel.parameters import ParameterTable

SWITCH = date(2018, 7, 1)
DAY = date(2018, 9, 20)
NUMBER = "测政发〔2018〕1号"
PARAMETERS = {
    "age_min": (18, 20), "age_max": (60, 65), "credit_min": (550, 600), "overdue_max": (3, 2),
    "amount_min": (50_000, 100_000), "amount_max": (2_000_000, 3_000_000), "total_max": (5_000_000, 6_000_000),
    "term_max": (24, 36), "rate_max": (600, 522), "fee_max": (150, 100), "years_min": (1, 2), "area_min": (10, 20),
}  # fmt: skip
"""Parameter: its value before and from the switch."""
RULES = (
    ("at_least", "age", "age_min", "年龄{fact}周岁，不低于{limit}周岁"),
    ("at_most", "age_at_end", "age_max", "到期年龄{fact}周岁，不超过{limit}周岁"),
    ("at_least", "credit", "credit_min", "信用分{fact}，不低于{limit}"),
    ("at_most", "overdue", "overdue_max", "逾期{fact}次，不超过{limit}次"),
    ("at_least", "amount", "amount_min", "申请{fact}元，不低于{limit}元"),
    ("at_most", "amount", "amount_max", "申请{fact}元，不超过{limit}元"),
    ("at_most", "total", "total_max", "累计{fact}元，不超过{limit}元"),
    ("at_most", "term", "term_max", "期限{fact}个月，不超过{limit}个月"),
    ("at_most", "rate", "rate_max", "利率{fact}基点，不超过{limit}基点"),
    ("at_most", "fee", "fee_max", "费率{fact}基点，不超过{limit}基点"),
)
"""The ten rules: comparison, fact, parameter, sentence. Four more facts and two parameters guard them all."""
_COMPARE = {"at_least": operator.ge, "at_most": operator.le}
_SIGN = {"at_least": ">=", "at_most": "<="}
FACTS = (
    "age", "age_at_end", "credit", "overdue", "amount", "total", "term", "rate", "fee", "years", "area", "local",
    "listed",
)  # fmt: skip


class Applicant(BaseModel):
    """The thirteen facts."""

    model_config = ConfigDict(extra="forbid")

    age: int
    age_at_end: int
    credit: int
    overdue: int
    amount: int
    total: int
    term: int
    rate: int
    fee: int
    years: int
    area: int
    local: bool
    listed: bool


def eligibility() -> Definition:
    """Build the decision; it is not registered, for nobody but the benchmark asks it."""
    table = ParameterTable.from_data(
        {
            name: {
                "title": name,
                "unit": "",
                "values": [
                    {"value": old, "from": "2017-01-01", "to": "2018-06-30", "citation": f"{NUMBER} 二(一)"},
                    {"value": new, "from": SWITCH, "citation": f"{NUMBER} 二(一)"},
                ],
            }
            for name, (old, new) in PARAMETERS.items()
        }
    )
    checks = [
        (sign == "at_least", operator.attrgetter(fact), parameter, Rule(f"{NUMBER} 三({numeral})", sentence))
        for (sign, fact, parameter, sentence), numeral in zip(RULES, "一二三四五六七八九十", strict=True)
    ]

    def decide(facts: Applicant, context: Context) -> Verdict:
        parameters = context.parameters
        reasons = []
        met = True
        for is_floor, fact_of, name, rule in checks:
            fact, limit = fact_of(facts), parameters[name]
            ok = fact >= limit if is_floor else fact <= limit
            met = met and ok
            reasons.append(rule.reason(ok, fact, limit))
        known = facts.local and not facts.listed
        established = facts.years >= parameters["years_min"] or facts.area >= parameters["area_min"]
        met = met and known and established
        return Verdict(met, Outcome.ALLOW if met else Outcome.REFUSE, reasons)

    decide.__annotations__ = {"facts": Applicant, "context": Context, "return": Verdict}
    return Definition(
        decide,
        key="bench.eligibility",
        title="试算",
        citation=NUMBER,
        parameters=table,
        reads=tuple(PARAMETERS),
        version=1,
        uses_calendar=False,
    )


def subjects(number: int) -> list[dict[str, Any]]:
    """Return subjects of whom some fail each rule; the same every time."""
    chance = random.Random(20180920)  # noqa: S311
    return [
        {
            "age": chance.randint(18, 60),
            "age_at_end": chance.randint(20, 68),
            "credit": chance.randint(580, 800),
            "overdue": chance.choice((0, 0, 0, 1, 2, 3)),
            "amount": chance.randint(90_000, 3_100_000),
            "total": chance.randint(100_000, 6_200_000),
            "term": chance.choice((12, 24, 36, 37)),
            "rate": chance.randint(435, 525),
            "fee": chance.randint(20, 102),
            "years": chance.randint(0, 9),
            "area": chance.randint(0, 90),
            "local": chance.random() < 0.95,
            "listed": chance.random() < 0.05,
        }
        for _ in range(number)
    ]


def per_second(take: Callable[[Any], object], inputs: list[Any], seconds: float) -> float:
    """Return how many decisions a second of processor time the function takes, median of five; results are dropped.

    Processor time, not the wall's: other work on the machine then slows none of the three.
    """
    rates = []
    for _ in range(5):
        taken, supply = 0, cycle(inputs)
        start = time.process_time()
        end = start + seconds / 5
        while (now := time.process_time()) < end:
            for _ in range(50):
                take(next(supply))
            taken += 50
        rates.append(taken / (now - start))
    return sorted(rates)[2]


# --- the peers --------------------------------------------------------------------------------------------------------


def zen_decision() -> Callable[[dict[str, Any]], bool]:
    """Return the same ten rules as a zen-engine decision graph; it knows no dates, so it gets the day as a number."""
    import zen

    switch = SWITCH.toordinal()
    expressions = [
        {"id": f"p{name}", "key": name, "value": f"on >= {switch} ? {new} : {old}"}
        for name, (old, new) in PARAMETERS.items()
    ]
    expressions += [
        {"id": f"r{place}", "key": f"rule{place}", "value": f"{fact} {_SIGN[sign]} $.{parameter}"}
        for place, (sign, fact, parameter, _) in enumerate(RULES)
    ]
    every = " and ".join(f"$.rule{place}" for place in range(len(RULES)))
    last = f"{every} and local and not listed and (years >= $.years_min or area >= $.area_min)"
    expressions.append({"id": "all", "key": "eligible", "value": last})
    graph = {
        "contentType": "application/vnd.gorules.decision",
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": {"x": 0, "y": 0}},
            {"id": "rules", "type": "expressionNode", "name": "rules", "position": {"x": 1, "y": 0},
             "content": {"expressions": expressions}},
            {"id": "out", "type": "outputNode", "name": "out", "position": {"x": 2, "y": 0}},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "rules"},
            {"id": "b", "type": "edge", "sourceId": "rules", "targetId": "out"},
        ],
    }  # fmt: skip
    engine = zen.ZenEngine().create_decision(json.dumps(graph))
    on = DAY.toordinal()
    return lambda facts: bool(engine.evaluate(facts | {"on": on})["result"]["eligible"])


def openfisca_decision() -> Callable[[dict[str, Any]], bool]:
    """Return the same ten rules as an openfisca-core tax and benefit system, one variable a rule."""
    from openfisca_core.entities import build_entity
    from openfisca_core.parameters import ParameterNode
    from openfisca_core.periods import DateUnit
    from openfisca_core.simulations import SimulationBuilder
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    person = build_entity("person", "persons", "", is_person=True)
    system = TaxBenefitSystem([person])
    system.parameters = ParameterNode(
        "",
        data={
            name: {"values": {"2017-01-01": {"value": old}, SWITCH.isoformat(): {"value": new}}}
            for name, (old, new) in PARAMETERS.items()
        },
    )

    def add(name: str, kind: type, formula: Callable[..., Any] | None = None) -> None:
        body: dict[str, Any] = {"value_type": kind, "entity": person, "definition_period": DateUnit.MONTH}
        system.add_variable(type(name, (Variable,), body | ({"formula": formula} if formula else {})))

    for fact in FACTS:
        add(fact, bool if fact in ("local", "listed") else int)
    for place, (sign, fact, parameter, _) in enumerate(RULES):

        def rule(
            persons: Any, period: Any, parameters: Any, sign: str = sign, fact: str = fact, name: str = parameter
        ) -> Any:
            return _COMPARE[sign](persons(fact, period), getattr(parameters(period), name))

        add(f"rule{place}", bool, lambda persons, period, parameters, rule=rule: rule(persons, period, parameters))

    def eligible(persons: Any, period: Any, parameters: Any) -> Any:
        met = persons("local", period) * (persons("listed", period) == 0)
        limits = parameters(period)
        met = met * ((persons("years", period) >= limits.years_min) + (persons("area", period) >= limits.area_min))
        for place in range(len(RULES)):
            met = met * persons(f"rule{place}", period)
        return met

    add("eligible", bool, eligible)
    month = f"{DAY:%Y-%m}"

    def take(facts: dict[str, Any]) -> bool:
        inputs = {"persons": {"p": {name: {month: value} for name, value in facts.items()}}}
        simulation = SimulationBuilder().build_from_dict(system, inputs)
        return bool(simulation.calculate("eligible", month)[0])

    return take


# --- the run ----------------------------------------------------------------------------------------------------------


def run(argv: list[str]) -> None:
    """Measure and print; a peer that is not installed is named and left out."""
    parser = argparse.ArgumentParser(prog="luoshi bench decisions")
    parser.add_argument("--seconds", type=float, default=3.0, help="每项测多少秒")
    seconds = parser.parse_args(argv).seconds
    inputs = subjects(1_000)
    definition = eligibility()
    answers = [definition(facts, DAY).value for facts in inputs]

    def with_text(facts: dict[str, Any]) -> bytes:
        return definition(facts, DAY).to_json()

    def with_receipt(facts: dict[str, Any]) -> dict[str, Any]:
        return definition(facts, DAY).receipt

    def decided(facts: dict[str, Any]) -> Decision:
        return definition(facts, DAY)

    ours = per_second(decided, inputs, seconds)
    _line("luoshi: validated facts, 12 dated parameters, 10 cited reasons", ours, None)
    _line("luoshi: the same, JSON text out", per_second(with_text, inputs, seconds), None)
    _line("luoshi: the same, receipt with SHA-256", per_second(with_receipt, inputs, seconds), None)
    for name, build in (("openfisca-core", openfisca_decision), ("zen-engine", zen_decision)):
        try:
            peer = build()
        except ImportError as error:
            click.echo(f"{name}: not installed ({error.name})")
            continue
        if [peer(facts) for facts in inputs] != answers:
            raise click.ClickException(f"{name} answers differently")
        _line(f"{name}: build_from_dict + calculate" if build is openfisca_decision else f"{name}: evaluate(dict)",
              per_second(peer, inputs, seconds), ours)  # fmt: skip


def _line(what: str, rate: float, ours: float | None) -> None:
    ratio = f"   luoshi is {ours / rate:,.0f}x" if ours else ""
    click.echo(f"{what:<66}{rate:>12,.0f} decisions/s{ratio}")
