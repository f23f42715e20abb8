"""The decision `instruments.validity`: is an instrument in force on a day, and why (organs D7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from luoshi.kernel.citation import Citation, DocumentNumber, Locator
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision

Source = Literal["stated", "default", "unknown"]


_REPEAL_WORDS = {
    "全部": "whole", "废止": "whole", "全部废止": "whole", "替代": "superseded", "被替代": "superseded",
    "取代": "superseded", "部分": "part", "部分废止": "part",
}  # fmt: skip


def _repeal_word(value: Any) -> Any:
    return _REPEAL_WORDS.get(value.strip(), value) if isinstance(value, str) else value


class Strict(BaseModel):
    """A group of facts: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Repeal(Strict):
    """废止: another instrument ends this one; without `on`, on the day that instrument itself begins."""

    by: str | None = Field(None, description="废止它的文件的文号 / number of the repealing instrument")
    clause: str | None = Field(None, description="废止条款 / clause of the repealing instrument that says so")
    kind: Annotated[Literal["whole", "superseded", "part"], BeforeValidator(_repeal_word)] = Field(
        "whole", description="part 部分废止：不影响其余 / does not end the rest"
    )
    on: date | None = Field(None, description="废止生效日 / day of effect, where printed")
    effective_from: date | None = Field(None, description="废止文件的施行日 / start of the repealing instrument")
    published_on: date | None = Field(None, description="废止文件的公布日 / its publication")
    issued_on: date | None = Field(None, description="废止文件的成文日 / its signing")

    @property
    def effective(self) -> date | None:
        """First day on which the repeal holds, as far as known."""
        return self.on or self.effective_from or self.published_on or self.issued_on


class Neighbours(Strict):
    """Signing dates of the instruments numbered just before and after."""

    before: date | None = Field(None, description="前一号的成文日 / date of the number before")
    after: date | None = Field(None, description="后一号的成文日 / date of the number after")


class ValidityFacts(Strict):
    """What is known of an instrument's life. Leave out what the text does not print; nothing is guessed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"number": "某政办发〔2018〕10号", "issued_on": "2018-03-27", "from_issue": True,
                 "expires_on": "2020-03-26"},
                {"number": "某政办发〔2016〕30号", "issued_on": "2016-09-19",
                 "repeals": [{"by": "某政办发〔2018〕2号", "issued_on": "2018-01-08"}]},
                {"number": "某政发〔2018〕4号", "neighbours": {"before": "2018-02-13", "after": "2018-03-08"}},
            ]
        }
    )  # fmt: skip

    number: str | None = Field(None, description="文号 / document number")
    on: date | None = Field(None, description="查询日 / day asked about; default: the day of the decision")
    issued_on: date | None = Field(None, description="成文(签发)日 / signing date")
    published_on: date | None = Field(None, description="公布日 / publication, if known")
    effective_from: date | None = Field(None, description="写明的施行日 / printed start")
    from_issue: bool = Field(False, description="写明自发布(印发、公布)之日起施行 / in force from the day of issue")
    start_clause: str | None = Field(None, description="规定施行日的条款 / clause that states the start")
    expires_on: date | None = Field(None, description="有效期最后一日（含） / last day in force, inclusive")
    expiry_clause: str | None = Field(None, description="规定有效期的条款 / clause that states the end")
    repeals: tuple[Repeal, ...] = Field((), description="废止它的文件 / repeals of it")
    annulled_on: date | None = Field(None, description="备案审查撤销决定之日 / decision of the filing review")
    annulled_by: str | None = Field(None, description="撤销决定的文号 / number of that decision")
    neighbours: Neighbours | None = Field(None, description="无日期时，前后号的日期 / used when no date is printed")


class Start(NamedTuple):
    """When an instrument begins: a day, or bounds estimated from its neighbours."""

    day: date | None
    source: Source
    reason: Reason
    bounds: tuple[date, date] | None = None


class End(NamedTuple):
    """One way an instrument ends: the first day without effect, the status from then on, and why."""

    ceases_on: date
    status: str
    reason: Reason


_OUTCOMES = {
    "in_force": Outcome.ALLOW,
    "not_yet": Outcome.REFUSE,
    "expired": Outcome.REFUSE,
    "repealed": Outcome.REFUSE,
    "annulled": Outcome.REFUSE,
    "unknown": Outcome.UNDETERMINED,
}
_TITLES = {
    "in_force": "有效",
    "not_yet": "尚未施行",
    "expired": "有效期已届满",
    "repealed": "已废止",
    "annulled": "已撤销",
    "unknown": "无法确定",
}
UPSIDE = "有效期最后一日{day}早于施行日{start}，请核对原件"
NO_TERM = "未注明有效期"


@decision(key="instruments.validity", title="文件在某日是否有效")
def validity(facts: ValidityFacts, context: Context) -> Verdict:
    """文件在查询日是否有效：有效、尚未施行、有效期届满、废止、撤销或无法确定。

    Whether an instrument is in force on the day asked, with the clause or date each step rests on. `estimated` is true
    where the answer stands on the dates of the neighbouring numbers only.
    """
    day = facts.on or context.on
    start = _start(facts)
    ends = sorted(_ends(facts))
    ended = next((end for end in ends if end.ceases_on <= day), None)
    status, estimated = (ended.status, False) if ended else _status(start, day)
    reasons = [start.reason, *(end.reason for end in ends), *_open_repeals(facts)]
    if start.day is not None and facts.expires_on is not None and facts.expires_on < start.day:
        reasons.append(Rule(_citation(facts.number), UPSIDE).reason(False, facts.expires_on, start.day))
    notes = []
    if facts.expires_on is None:
        notes.append(NO_TERM)
        reasons.append(Rule(_citation(facts.number), NO_TERM + ",不因期满失效").reason(None))
    reasons.append(
        Rule(_citation(facts.number), "查询日{day}：{status}").reason(status == "in_force", day, _TITLES[status])
    )
    value = {
        "status": status,
        "title": _TITLES[status],
        "on": day,
        "estimated": estimated,
        "begins_on": start.day,
        "ends_on": ends[0].ceases_on - timedelta(days=1) if ends else None,
        "validity_source": start.source,
        "bounds": start.bounds,
        "note": "、".join(notes) or None,
    }
    return Verdict(value, _OUTCOMES[status], reasons)


def _status(start: Start, day: date) -> tuple[str, bool]:
    """Status of an instrument that has not ended, and whether it is an estimate."""
    if start.day is not None:
        return ("not_yet" if day < start.day else "in_force"), False
    if start.bounds is None:
        return "unknown", False
    first, last = start.bounds
    if day < first:
        return "not_yet", True
    return ("in_force", True) if day > last else ("unknown", True)


def _start(facts: ValidityFacts) -> Start:
    clause = _citation(facts.number, facts.start_clause)
    if facts.effective_from is not None:
        return Start(facts.effective_from, "stated", Rule(clause, "自{day}起施行").reason(None, facts.effective_from))
    if facts.from_issue and facts.published_on is not None:
        return Start(
            facts.published_on, "stated", Rule(clause, "自发布之日起施行，公布于{day}").reason(None, facts.published_on)
        )
    if facts.issued_on is not None:
        sentence = (
            "自发布之日起施行，公布日不详，以成文日{day}计" if facts.from_issue else "未写明施行日，以成文日{day}起算"
        )
        source: Source = "stated" if facts.from_issue else "default"
        return Start(facts.issued_on, source, Rule(clause, sentence).reason(None, facts.issued_on))
    near = facts.neighbours
    if near is not None and near.before is not None and near.after is not None:
        first, last = sorted((near.before, near.after))
        rule = Rule(clause, "文件未印日期，前后文号的日期为{first}和{last}，施行日估计在其间")
        return Start(None, "unknown", rule.reason(None, first, last), (first, last))
    return Start(None, "unknown", Rule(clause, "文件未印日期，也无前后文号的日期可据以估计").reason(False))


def _ends(facts: ValidityFacts) -> list[End]:
    ends = []
    if facts.expires_on is not None:
        rule = Rule(_citation(facts.number, facts.expiry_clause), "有效期至{day}（含当日）")
        reason = rule.reason(None, facts.expires_on)
        ends.append(End(facts.expires_on + timedelta(days=1), "expired", reason))
    for repeal in facts.repeals:
        if repeal.effective is not None and repeal.kind != "part":
            rule = Rule(
                _citation(repeal.by, repeal.clause), "自{day}起废止" if repeal.kind == "whole" else "自{day}起被替代"
            )
            ends.append(End(repeal.effective, "repealed", rule.reason(None, repeal.effective)))
    if facts.annulled_on is not None:
        reason = Rule(_citation(facts.annulled_by), "备案审查于{day}决定撤销").reason(None, facts.annulled_on)
        ends.append(End(facts.annulled_on, "annulled", reason))
    return ends


def _open_repeals(facts: ValidityFacts) -> list[Reason]:
    """Repeals that end nothing: of a part only, or of a day nobody knows."""
    reasons: list[Reason] = []
    for repeal in facts.repeals:
        clause = _citation(repeal.by, repeal.clause)
        if repeal.kind == "part":
            reasons.append(Rule(clause, "废止其中一部分，其余不受影响").reason(None))
        elif repeal.effective is None:
            reasons.append(Rule(clause, "有文件将其废止，但废止生效日不详，请核实").reason(False))
    return reasons


def _citation(number: str | None, clause: str | None = None) -> Citation | None:
    known: Any = None if number is None else DocumentNumber.parse(number)
    return None if known is None else Citation(known, Locator.parse(clause or ""))
