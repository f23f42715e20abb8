"""Read a review: readings with their decisions, what is left, what a doubt may be decided to, what a decision does."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from luoshi.gazette.ledger import OPERATORS
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties.dates import words
from luoshi.office.instruments import queries
from luoshi.office.instruments.models import GazetteIssue, Instrument, Review, ReviewRecord, ReviewStep
from luoshi.office.instruments.review_content import ADDABLE
from luoshi.office.instruments.review_counts import counts_of
from luoshi.office.instruments.review_readings import Reading, readings
from luoshi.office.paging import COUNT_BOUND, Key, KeysetPage, Total, bounded_total, bounded_totals, keyset_page

ORDER = (Key("sort_on", datetime.date.fromisoformat, descending=True), Key("id", int, descending=True))
STATES = ("open", "sent", "done", "doubtful", "waiting", "conflicts", "untouched")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to review: a reading with its record, if it has one; or a record without reading (added, gone)."""

    reading: Reading | None
    record: ReviewRecord | None

    @property
    def anchor(self) -> str:
        """Its address within the instrument."""
        return self.reading.anchor if self.reading else self._record.anchor

    @property
    def _record(self) -> ReviewRecord:
        assert self.record is not None
        return self.record

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.reading.kind if self.reading else self._record.kind

    @property
    def clause(self) -> str:
        """The path of its numbered clause, '' outside all."""
        return self.reading.clause if self.reading else self._record.clause

    @property
    def version(self) -> int:
        """The version of its record, 0 while there is none."""
        return self.record.version if self.record else 0

    @property
    def decision(self) -> str:
        """The present decision, '' for none."""
        return self.record.decision if self.record else ""

    @property
    def conflict(self) -> str:
        """What a later version did to the decision, '' for nothing."""
        return self.record.conflict if self.record else ""

    @property
    def waits(self) -> bool:
        """Whether a second person has still to look."""
        return self.record is not None and bool(self.record.decision) and self.record.waits

    @property
    def settled(self) -> bool:
        """Whether nothing is left to decide by the first person, and no doubt is open."""
        return self.record is not None and self.record.settled

    @property
    def doubtful(self) -> bool:
        """Whether a doubt is open: the compiler's own, or a reviewer's that waits for a second person."""
        if self.decision:
            return self.decision == "doubtful" and self.waits
        return bool(self.reading and self.reading.doubt)

    @property
    def open(self) -> bool:
        """Whether the first person has still to decide."""
        return not self.decision or bool(self.conflict)

    @property
    def state(self) -> str:
        """One word for lists: conflict, doubtful, open, or the decision."""
        if self.conflict:
            return "conflict"
        return "doubtful" if self.doubtful else self.decision or "open"

    @property
    def original(self) -> Any:
        """What the compiler read; None for what a reviewer added."""
        if self.reading:
            return dict(self.reading.content)
        return self._record.reading["content"] if self._record.reading else None

    @property
    def content(self) -> Any:
        """What counts by the present decision: the correction, else the reading."""
        if self.record and self.record.decision in ("changed", "split", "added"):
            return self.record.content
        return self.original


def reviewed(key: str) -> Instrument:
    """Return the current version of the instrument under review; E_NOT_FOUND otherwise."""
    return queries.instrument(key)


def review_of(item: Instrument) -> Review:
    """Return the stored review of an instrument, or one that has not begun (unsaved)."""
    return Review.objects.filter(key=item.key).first() or Review(key=item.key)


def items(item: Instrument) -> list[Item]:
    """Return everything to review in the order of the text; conflicts first."""
    return join(readings(item), ReviewRecord.objects.filter(key=item.key).order_by("pk"))


def join(found: Sequence[Reading], records: Sequence[ReviewRecord] | QuerySet[ReviewRecord]) -> list[Item]:
    """Put readings and records together; records of readings that are gone stay while they need a decision."""
    by_anchor = {record.anchor: record for record in records}
    joined = [Item(reading, by_anchor.pop(reading.anchor, None)) for reading in found]
    order = {path: place for place, path in enumerate(dict.fromkeys(one.clause for one in joined))}
    for record in by_anchor.values():
        added = record.reading is None and record.decision == "added"
        if added or record.conflict or (record.decision and record.waits):
            joined.append(Item(None, record))
    joined.sort(key=lambda one: (order.get(one.clause, len(order)), not one.conflict))
    return joined


@dataclass(slots=True)
class Progress:
    """How far a review is."""

    total: int = 0
    decided: int = 0
    doubtful: int = 0
    waiting: int = 0
    conflicts: int = 0
    open: int = 0
    by_clause: dict[str, tuple[int, int, bool]] = field(default_factory=dict)


def progress(found: Sequence[Item]) -> Progress:
    """Count items; `by_clause` gives (settled, all, whether a doubt or conflict is open) of each clause with items."""
    counted = Progress(total=len(found))
    for one in found:
        counted.decided += one.settled
        counted.doubtful += one.doubtful
        counted.waiting += one.waits
        counted.conflicts += bool(one.conflict)
        counted.open += one.open
        done, total, doubt = counted.by_clause.get(one.clause, (0, 0, False))
        counted.by_clause[one.clause] = (
            done + one.settled,
            total + 1,
            doubt or one.doubtful or bool(one.conflict),
        )
    return counted


def item_of(found: Sequence[Item], anchor: str) -> Item:
    """Return the item at `anchor`; E_NOT_FOUND otherwise."""
    for one in found:
        if one.anchor == anchor:
            return one
    raise LuoshiError(
        "E_NOT_FOUND", "这件文件里没有这条记录；文件可能已有新版本。请刷新核对页。", fields={"anchor": anchor[:40]}
    )


def steps(record: ReviewRecord) -> list[ReviewStep]:
    """Return the steps that led to a record's state, oldest first."""
    return list(record.steps.order_by("version"))


# --- what a doubt may be decided to -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to settle a doubt: `words`, `why`, and the decision it makes."""

    key: str
    words: str
    why: str
    decision: str
    content: Any = None


_PLAIN = [Choice("read", "读得对，照读出的", "", "confirmed"), Choice("not", "读得不对，排除", "", "excluded")]


def choices(one: Item) -> list[Choice]:
    """Return the ways a doubtful item, or one in conflict, may be settled; the likeliest first."""
    if one.conflict:
        return _after_conflict(one)
    content = one.original
    if one.kind == "target":
        return _for_target(content, one)
    if one.kind == "duty":
        names = _names(content["lead"])
        said = f"是责任，{names}牵头" if names else "是责任，没有写明由谁办"
        found = [Choice("read", said, "按句子读出", "confirmed")]
        if content["cooperating"]:
            both = [*content["lead"], *content["cooperating"]]
            joint = content | {"lead": both, "cooperating": []}
            found.append(Choice("joint", f"{_names(both)}共同牵头", "不分主次", "changed", _unplaced(joint)))
        return [*found, Choice("not", "不是责任，只是说明", "不进台账", "excluded")]
    if one.kind == "warning" and one.reading and one.reading.misprint:
        kept = [Choice("read", f"“{content.get('printed', '')}”照印，名录中没有", "不对应任何单位", "confirmed")]
        if near := content.get("proposal"):
            meant = Choice("meant", f"读作“{near}”", "疑为误印，印出的字不改", "changed", {"text": "", "name": near})
            return [meant, *kept]
        return kept
    if one.kind == "warning":
        return [
            Choice("read", "已与原件核对，照读出的保留", "", "confirmed"),
            Choice("not", "提示不成立，此处没有问题", "", "excluded"),
        ]
    if one.kind == "head":
        return [Choice("read", "原件确实没有印", "留空，不作推定", "confirmed")] if not content["value"] else _PLAIN
    return _PLAIN


def _for_target(content: Mapping[str, Any], one: Item) -> list[Choice]:
    own = _names(content["lead"])
    found = [Choice("read", own or "没有写明由谁考核", "句中主语" if own else "照读出的保留", "confirmed")]
    marked = list(one.reading.extra.get("marked", ())) if one.reading else []
    if marked and marked != [organ["name"] for organ in content["lead"]]:
        lead = [{"name": name, "slug": None} for name in marked]
        both = "共同" if len(marked) > 1 else ""
        found.append(
            Choice("mark", "、".join(marked) + both, "按段末括注", "changed", _unplaced(dict(content) | {"lead": lead}))
        )
    return [*found, Choice("not", "不作考核目标，只是做法", "", "excluded")]


def _after_conflict(one: Item) -> list[Choice]:
    record = one.record
    assert record is not None
    found = []
    if one.reading is None:
        if record.decision in ("changed", "added") and one.kind in ADDABLE:
            found.append(Choice("keep", "更正单独保留", "作为补录留在本条", "changed", record.content))
    elif record.decision in ("changed", "split"):
        found.append(Choice("keep", "沿用原来的更正", "文字虽改，更正仍然成立", record.decision, record.content))
    elif record.decision == "excluded":
        found.append(Choice("keep", "仍然排除", "文字虽改，仍不是这类记录", "excluded"))
    if one.reading:
        found.append(Choice("read", "改用新读出的", "原来的更正不再适用", "confirmed"))
    else:
        found.append(Choice("not", "不再适用", "新版本里没有这处文字", "excluded"))
    return found


def _names(organs: Sequence[Mapping[str, Any]]) -> str:
    return "、".join(organ["name"] for organ in organs)


def _unplaced(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "limits"}


# --- what a decision does ---------------------------------------------------------------------------------------------


def consequences(found: Sequence[Item]) -> list[str]:
    """Say what confirming these items of one clause means for the ledger."""
    said: list[str] = []
    for one in found:
        if one.waits and one.decision != "doubtful":
            said.append(_after_second(one))
        elif one.kind == "duty" and one.decision in ("", "confirmed") and one.reading:
            said.append(_kept_duty(one.content))
        elif one.kind == "target" and one.decision in ("", "confirmed"):
            content = one.content
            who = f"，由{_names(content['lead'])}填报" if content["lead"] else ""
            sign = OPERATORS.get(content["op"], content["op"])
            said.append(f"指标“{content['subject']}”{sign} {content['value']}{content['unit']} 记为已核对{who}")
        elif one.kind == "relation" and one.content and one.content["type"] == "repeals" and one.decision != "excluded":
            said.append(f"{one.content['number'] or one.content['title']}按本文件废止，自施行之日起不再有效")
    return list(dict.fromkeys(said))


def _kept_duty(content: Mapping[str, Any]) -> str:
    due = next((words(x["kind"], x["value"]) for x in content.get("limits") or () if x["kind"] in ("by", "every")), "")
    who = _names(content["lead"]) or "未写明单位"
    more = f"；{_names(content['cooperating'])}记为配合" if content["cooperating"] else ""
    towns = "；各镇区一并落实" if content["local"] else ""
    return f"{who}责任台账“{content['summary'][:30]}”记为已核对{f'，{due}' if due else ''}{more}{towns}"


_EFFECT = {
    "duty": {
        "changed": "责任台账“{name}”改为更正后的内容",
        "split": "责任台账“{name}”拆成 {n} 条",
        "excluded": "责任台账“{name}”退出台账，记录保留",
        "added": "责任台账新增“{name}”",
    },
    "target": {
        "changed": "指标“{name}”改为更正后的内容",
        "excluded": "指标“{name}”不再考核",
        "added": "新增指标“{name}”",
    },
}
_KIND = {
    "head": "文头", "limit": "时限", "membership": "名单", "appointment": "任免", "relation": "引用", "repair": "修补",
    "warning": "存疑", "duty": "责任", "target": "目标",
}  # fmt: skip


def _after_second(one: Item) -> str:
    parts = one.content if isinstance(one.content, list) else [one.content or {}]
    said = _EFFECT.get(one.kind, {}).get(one.decision, f"{_KIND[one.kind]}“{{name}}”按更正办理")
    first = parts[0]
    name = next(
        (str(first[k]) for k in ("summary", "subject", "person", "text", "value", "message") if first.get(k)), ""
    )
    return f"第二人确认后，{said.format(name=name[:30], n=len(parts))}"


# --- queue ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a reader of the queue asks for: a state of `STATES`, one issue (its id), words of a title or number."""

    state: str = ""
    issue: int | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One instrument of the queue with its review, the count of its readings, and of those in doubt."""

    item: Instrument
    review: Review
    total: int
    doubtful: int


def queued(wanted: QueueFilter) -> QuerySet[Instrument]:
    """Return the current instruments of the queue that fit."""
    rows = Instrument.objects.filter(is_current=True)
    if wanted.issue is not None:
        rows = rows.filter(issue=wanted.issue)
    if wanted.q:
        rows = rows.filter(Q(number__contains=wanted.q) | Q(title__contains=wanted.q))
    own = Review.objects.filter(key=OuterRef("key"))
    if wanted.state == "untouched":
        rows = rows.filter(~Exists(own))
    elif wanted.state == "open":
        rows = rows.filter(~Exists(own.exclude(stage="open")))
    elif wanted.state == "done":
        rows = rows.filter(Exists(own.filter(stage="done")))
    elif wanted.state in STATES:
        # These are few at a time: found from the reviews, not by asking every instrument of the library.
        few = Q(stage="sent") if wanted.state == "sent" else Q(**{f"{wanted.state}__gt": 0})
        rows = rows.filter(key__in=Review.objects.filter(few).values("key"))
    return rows


def queue_page(wanted: QueueFilter, *, size: int, after: str = "", before: str = "") -> KeysetPage[Instrument]:
    """Return one page of the queue, newest first."""
    return keyset_page(queued(wanted), ORDER, size=size, after=after, before=before)


def queue_total(wanted: QueueFilter, bound: int = COUNT_BOUND) -> Total:
    """Count what fits, up to the bound."""
    return bounded_total(queued(wanted), bound)


def queue_totals(states: Sequence[str], bound: int) -> list[Total]:
    """Count what is in each of `states`, up to the bound, in one query."""
    return bounded_totals([queued(QueueFilter(state=state)) for state in states], bound)


def queue_rows(rows: Sequence[Instrument]) -> list[QueueRow]:
    """Return the rows with their reviews; readings of reviews not yet begun are counted, in a few queries for all."""
    stored = {review.key: review for review in Review.objects.filter(key__in=[row.key for row in rows])}
    fresh = [row for row in rows if row.key not in stored]
    counted = counts_of(fresh) if fresh else {}
    found = []
    for row in rows:
        if (review := stored.get(row.key)) is not None:
            found.append(QueueRow(row, review, review.total, review.doubtful))
        else:
            found.append(QueueRow(row, Review(key=row.key), *counted[row.pk]))
    return found


def issue_counts(size: int = 20) -> list[tuple[GazetteIssue, int, int]]:
    """Return the newest issues, each with how many of its current instruments are reviewed, and how many it has."""
    done = Exists(Review.objects.filter(key=OuterRef("key"), stage="done"))
    rows = Instrument.objects.filter(is_current=True).annotate(is_done=done)
    counts = rows.values("issue").annotate(n=Count("pk"), done=Count("pk", filter=Q(is_done=True))).order_by("-issue")
    by_issue = {row["issue"]: (row["done"], row["n"]) for row in counts[:size]}
    issues = GazetteIssue.objects.filter(pk__in=by_issue).select_related("source").defer("source__text").order_by("-pk")
    return [(issue, *by_issue[issue.pk]) for issue in issues]


def neighbours(item: Instrument) -> tuple[int, int, int, Instrument | None, Instrument | None]:
    """Return place in the issue, how many it has, how many are reviewed, the instruments before and after."""
    own = Instrument.objects.filter(issue=item.issue_id, is_current=True)
    keys = list(own.order_by("seq", "pk").values_list("pk", "key"))
    done = Review.objects.filter(key__in=[key for _pk, key in keys], stage="done").count()
    place = next((n for n, (pk, _key) in enumerate(keys) if pk == item.pk), 0)
    near = {row.pk: row for row in own.filter(pk__in=[pk for pk, _key in keys[max(place - 1, 0) : place + 2]])}
    before = near.get(keys[place - 1][0]) if place else None
    after = near.get(keys[place + 1][0]) if place + 1 < len(keys) else None
    return place + 1, len(keys), done, before, after


def next_doubt(found: Sequence[Item], after: str) -> Item | None:
    """Return the next open doubt or conflict behind the item `after`, round to the beginning."""
    place = next((n for n, one in enumerate(found) if one.anchor == after), -1)
    return next((one for one in (*found[place + 1 :], *found[: place + 1]) if one.doubtful or one.conflict), None)


def to_confirm(found: Sequence[Item]) -> list[Item]:
    """Return what waits for a second person."""
    return [one for one in found if one.waits]


def summary_of(key: str) -> Mapping[str, Any]:
    """Return the stage and counts of a review for pages that only mention it, in one query; {} where none has begun."""
    names = ("stage", "total", "decided", "doubtful", "waiting", "conflicts")
    return Review.objects.filter(key=key).values(*names).first() or {}
