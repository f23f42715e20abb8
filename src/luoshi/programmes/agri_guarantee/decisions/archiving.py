"""Whether a village's posting of an operator is over, and until when an archive stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.programmes.agri_guarantee.decisions.fields import Day, Strict, Text, Tri
from luoshi.programmes.agri_guarantee.decisions.settings import POLICY, ruled, undetermined, whole

_POSTED = f"{POLICY} 三(一)"
RUNS = Rule(_POSTED, "{begins}开始公示，当日不计，满{days}日为{last}：{said}")
OBJECTED = Rule(_POSTED, "公示期间的异议：{said}")
PLACED = Rule(_POSTED, "公示地点：{place}")
_SAID = {True: "没有，或已处理", False: "还没有处理", None: "不详"}


class PostingFacts(Strict):
    """A posting in the village."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"posted_on": "2018-05-02", "now": "2018-05-10", "objections_settled": "yes", "place": "公开栏"}
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "posted_from": "posted_on", "from": "posted_on", "on": "now", "at": "now", "as_of": "now",
        "objections": "objections_settled", "settled": "objections_settled", "posted_at": "place",
    }  # fmt: skip

    posted_on: Day = Field(None, description="公示开始之日 / first day of the posting")
    now: Day = Field(None, description="所问之日，默认为今天 / day asked about")
    objections_settled: Tri = Field(None, description="没有异议或已处理 / no objection, or settled")
    place: Text = Field(None, description="公示地点 / where")


@ruled(
    key="agri_guarantee.posting",
    title="村内公示是否期满",
    citation=_POSTED,
    reads=("posting_days",),
)
def posting(facts: PostingFacts, context: Context) -> Verdict:
    """公示满规定的天数、异议已处理，才能报镇签字。

    `result` OVER, RUNNING, OBJECTED or INCOMPLETE; `last` the last day of the posting.
    """
    if facts.posted_on is None:
        return undetermined({"result": None}, "公示开始日期", _POSTED)
    days = whole(context.parameters, "posting_days", 0, 365)
    now = facts.now or context.on
    last = facts.posted_on + timedelta(days=days)
    over = now > last
    reasons: list[Reason] = [
        RUNS.reason(over, facts.posted_on, days, last, "已满" if over else "未满"),
        PLACED.reason(None if facts.place is None else True, facts.place or "不详"),
        OBJECTED.reason(facts.objections_settled, _SAID[facts.objections_settled]),
    ]
    if not over:
        return Verdict({"result": "RUNNING", "last": last}, Outcome.REFUSE, reasons)
    if facts.objections_settled is False:
        return Verdict({"result": "OBJECTED", "last": last}, Outcome.REFUSE, reasons)
    if facts.objections_settled is None or facts.place is None:
        return Verdict({"result": "INCOMPLETE", "last": last}, Outcome.UNDETERMINED, reasons)
    return Verdict({"result": "OVER", "last": last}, Outcome.ALLOW, reasons)
