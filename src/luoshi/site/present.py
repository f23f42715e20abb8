"""From records to what a page shows: citation chips, due chips, validity, ledger rows."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.citation import Locator, clause_url
from luoshi.office.duties.dates import next_due, words
from luoshi.office.duties.models import Duty, Target, TimeLimit
from luoshi.office.instruments.models import CompilerWarning, Instrument
from luoshi.office.instruments.validity import Validity as Judged
from luoshi.office.organs.directory import load_directory
from luoshi.site.words import BASIS, LIMIT_KIND, OPERATOR, STATE, WARNING, confidence

_NEAR_WORKING_DAYS = 3
_LONG_DAYS = 370


@dataclass(frozen=True, slots=True)
class Cite:
    """A citation chip."""

    number: str
    short: str
    path: str
    path_words: str
    href: str
    text: str


@dataclass(frozen=True, slots=True)
class Due:
    """A due chip."""

    state: str
    words: str
    date: datetime.date | None = None
    date_words: str = ""
    title: str = ""
    provisional: bool = False
    elapsed: float | None = None


@dataclass(frozen=True, slots=True)
class ShownReason:
    """One reason of a validity, with its chip."""

    ok: bool | None
    text: str
    cite: Cite | None


@dataclass(frozen=True, slots=True)
class ShownValidity:
    """Whether an instrument is in force on a day, and why."""

    state: str
    words: str
    on: datetime.date
    reasons: list[ShownReason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OrganLink:
    """An organ that leads to its part of the ledger."""

    name: str
    slug: str
    href: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One time limit of a duty."""

    kind: str
    kind_word: str
    value: str
    text: str
    words: str
    due_on: datetime.date | None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target."""

    subject: str
    op_word: str
    value: str
    unit: str
    by: datetime.date | None
    baseline: str
    aspiration: bool
    cite: Cite
    lead: list[OrganLink]
    words: str


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One row of the ledger."""

    id: int
    href: str
    seq: int
    summary: str
    action: str
    cite: Cite
    title: str
    lead: list[OrganLink]
    cooperating: list[OrganLink]
    cooperating_count: int
    local: bool
    local_words: str
    limits: list[LimitRow]
    due: Due
    targets: list[TargetRow]
    basis_word: str
    confidence_word: str
    open_ended: bool


def day_words(day: datetime.date, today: datetime.date | None = None) -> str:
    """Return `2018年3月8日`, without the year when it is that of `today`."""
    if today is not None and day.year == today.year:
        return f"{day.month}月{day.day}日"
    return f"{day.year}年{day.month}月{day.day}日"


@functools.lru_cache(maxsize=20_000)
def path_words(path: str) -> str:
    """Return a clause's path as printed: `二/(一)` is 二(一), `3/3.1/3.1.3` is 3.1.3."""
    return str(Locator.parse(path)) if path else ""


def short_number(number: str) -> str:
    """Return a number as people of the city say it: the place's own character and 发 left out."""
    place = load_directory().place
    word, bracket, rest = number.partition("〔")
    if place and bracket and word.startswith(place[0]) and len(word) > 2:
        return word[1:].removesuffix("发") + bracket + rest
    return number


def instrument_href(instrument: Instrument, path: str = "") -> str:
    """Return the permanent address of an instrument, or of its clause; an old version says which it is."""
    href = clause_url(instrument.key, path)
    return href if instrument.is_current else f"{href}?v={instrument.version}"


def cite(instrument: Instrument, path: str = "") -> Cite:
    """Return the chip for an instrument or one of its clauses."""
    shown, name = path_words(path), instrument.number or f"《{instrument.name}》"
    return Cite(
        number=instrument.number,
        short=short_number(instrument.number),
        path=path,
        path_words=shown,
        href=instrument_href(instrument, path),
        text=f"{name} {shown}".strip(),
    )


def organ_link(name: str, slug: str) -> OrganLink:
    """Return the organ with the address of its part of the ledger."""
    return OrganLink(name, slug, f"/registers/duties/?{urlencode({'organ': name})}")


def shown_validity(judged: Judged, known: Callable[[str], str]) -> ShownValidity:
    """Return a validity with its reasons; `known` gives the address of a cited text, '' if the library has it not."""
    reasons = [
        ShownReason(
            r.ok, r.text, Cite(r.citation, r.citation, "", "", known(r.citation), r.citation) if r.citation else None
        )
        for r in judged.reasons
    ]
    words = str(STATE[judged.state])
    if judged.estimated:
        words = _("%s（据前后文号推定）") % words
    return ShownValidity(judged.state, words, judged.on, reasons)


def due_chip(limits: Sequence[TimeLimit], on: datetime.date) -> Due:
    """Return the chip of the day when all is due, by which the ledger sorts, else of the next round."""
    dated = [limit.due_on for limit in limits if limit.due_on]
    if dated:
        day = max(dated)
        if day >= on:
            return _upcoming(day, False, on)
        return Due(
            "past", _("期限已过"), day, day_words(day, on), _("文件写明的期限是 %s；办结情况未登记") % day_words(day)
        )
    rounds = [due for limit in limits if (due := next_due(limit.kind, limit.value, on))]
    if rounds:
        return _upcoming(min(rounds), True, on)
    spans = [limit for limit in limits if limit.kind in ("within", "between", "from", "every")]
    if spans:
        first = spans[0]
        return Due("open", words(first.kind, first.value), None, "", first.text)
    return Due("none", _("未写时限"))


def _upcoming(day: datetime.date, recurring: bool, on: datetime.date) -> Due:
    title = (_("周期性期限，下一次 %s") if recurring else _("文件写明的期限 %s")) % day_words(day)
    if day == on:
        return Due("today", _("今日到期"), day, day_words(day, on), title)
    if (day - on).days > _LONG_DAYS:
        return Due("plenty", _("剩 %d 天") % (day - on).days, day, day_words(day, on), title)
    calendar = announced_calendar()
    left = calendar.working_days(on + datetime.timedelta(days=1), day)
    state = "near" if left <= _NEAR_WORKING_DAYS else "plenty"
    return Due(state, _("剩 %d 个工作日") % left, day, day_words(day, on), title, calendar.is_provisional(day))


def target_row(target: Target, instrument: Instrument) -> TargetRow:
    """Return one target as shown."""
    op = str(OPERATOR[target.op])
    aspiration = _("力争") if target.aspiration else ""
    return TargetRow(
        subject=target.subject,
        op_word=op,
        value=target.value,
        unit=target.unit,
        by=target.by,
        baseline=target.baseline,
        aspiration=target.aspiration,
        cite=cite(instrument, target.clause_path),
        lead=[organ_link(organ["name"], organ["slug"] or "") for organ in target.lead],
        words=f"{target.subject} {aspiration}{op} {target.value}{target.unit}".replace("  ", " "),
    )


def duty_row(duty: Duty, on: datetime.date, targets: Mapping[int, list[Target]]) -> DutyRow:
    """Return one row of the ledger; `duty` comes from `luoshi.office.duties.queries.complete`."""
    organs, limits = list(duty.organs.all()), list(duty.limits.all())
    lead = [organ_link(o.name, o.slug) for o in organs if o.leads]
    cooperating = [organ_link(o.name, o.slug) for o in organs if not o.leads]
    own = targets.get(duty.clause_id, []) if duty.clause_id else []
    return DutyRow(
        id=duty.pk,
        href=f"/registers/duties/{duty.pk}/",
        seq=duty.seq,
        summary=duty.summary,
        action=duty.action,
        cite=cite(duty.instrument, duty.clause_path),
        title=duty.instrument.name,
        lead=lead,
        cooperating=cooperating,
        cooperating_count=len(cooperating),
        local=duty.local,
        local_words="、".join(duty.local_text) or (_("各镇区") if duty.local else ""),
        limits=[
            LimitRow(x.kind, str(LIMIT_KIND[x.kind]), x.value, x.text, words(x.kind, x.value), x.due_on) for x in limits
        ],
        due=due_chip(limits, on),
        targets=[target_row(target, duty.instrument) for target in own],
        basis_word=str(BASIS.get(duty.basis, duty.basis)),
        confidence_word=confidence(duty.confidence),
        open_ended=duty.open_ended,
    )


def warning_row(warning: CompilerWarning) -> dict[str, str]:
    """Return one stored warning as shown."""
    owner = warning.instrument
    return {
        "code": warning.code,
        "code_word": str(WARNING.get(warning.code, _("存疑"))),
        "message": warning.message,
        "place": _("第 %d 行") % warning.line,
        "excerpt": warning.excerpt,
        "instrument": owner.number or owner.name if owner else "",
        "href": instrument_href(owner) + "?tab=repairs" if owner else "",
    }


def size_words(size: int) -> str:
    """Return a file's size in words."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1024 * 1024 else f"{max(size / 1024, 0.1):.1f} KB"
