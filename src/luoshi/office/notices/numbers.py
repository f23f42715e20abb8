"""Series and their numbers: taken under a lock in the transaction of what bears them, so one is never lost or doubled.

An issuer's word (发文机关代字) makes a gapless run per year, `乳环函〔2026〕3号`. The number of a kind of case has a
form of its own, registered by its room: unique, never given again, gaps allowed.

    register_series("RSZWR", pattern="RSZWR-{year}-{n:03}", title="重污染天气预警")
    take_number(series="RSZWR", year=2026)          # RSZWR-2026-001

A drill takes its numbers from a run beside the real one (`演练乳环函〔2026〕1号`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.audit.models import AuditHead, Stream
from luoshi.office.locks import serialise
from luoshi.office.notices.models import NumberSeries, TakenNumber
from luoshi.office.permissions import require

EXERCISE = "演练"
_WORD = re.compile(r"[\u4e00-\u9fff]{1,20}")
_PLACE = re.compile(r"\{(year|yy|part|n)(?::0(\d{1,2}))?\}")


@dataclass(frozen=True, slots=True)
class Form:
    """How a series writes its numbers: `pattern` with {year}, {yy}, {part} and {n:0w}, its last number by the width."""

    word: str
    title: str
    pattern: str
    gapless: bool
    yearly: bool
    maximum: int | None

    def text(self, year: int, part: str, n: int) -> str:
        """Return a number as it is printed."""
        return self.pattern.format(year=year, yy=f"{year % 100:02}", part=part, n=n)


_FORMS: dict[str, Form] = {}


def register_series(word: str, *, pattern: str, title: str, maximum: int | None = None) -> Form:
    """Make the numbers of a kind of case known; the width of `{n:0w}` sets the last number unless `maximum` does."""
    places = dict(_PLACE.findall(pattern))
    if "n" not in places or _PLACE.sub("", pattern).count("{"):
        raise ValueError(f"not the pattern of a number: {pattern!r}")
    width = places["n"]
    last = maximum or (10 ** int(width) - 1 if width else None)
    form = Form(word, title, pattern, False, bool({"year", "yy"} & set(places)), last)
    if _FORMS.get(word, form) != form:
        raise ValueError(f"two series are called {word!r}")
    _FORMS[word] = form
    return form


def form_of(word: str) -> Form:
    """Return how a series writes its numbers; E_INPUT for what is neither registered nor an issuer's word."""
    if word in _FORMS:
        return _FORMS[word]
    if not _WORD.fullmatch(word):
        raise LuoshiError("E_INPUT", f"“{word[:40]}”不是发文机关代字，应是 1 至 20 个汉字，如“乳环函”。")
    return Form(word, word, word.replace("{", "") + "〔{year}〕{n}号", True, True, None)


def series_of(word: str, *, exercise: bool) -> str:
    """Return the word of the run a paper's number comes from: a drill's own, or the real one."""
    return f"{EXERCISE}{word}" if exercise and word else word


def take_number(
    *, series: str, year: int, part: str = "", subject: str = "", organ: str = "", exercise: bool = False
) -> str:
    """Take the next number of `series` and return it as it is printed; call it in the transaction of what bears it.

    Side effects: the run is opened at its first number; one row that is never removed. Whoever takes the next number of
    any run waits until the transaction ends. Errors: E_INPUT, E_SERIES_FULL.
    """
    return take(word=series, year=year, part=part, subject=subject, organ=organ, exercise=exercise).text


def take(
    *, word: str, year: int, part: str = "", subject: str = "", organ: str = "", exercise: bool = False
) -> TakenNumber:
    """Take the next number as a row. See `take_number`."""
    form = form_of(word)
    if not 1949 <= year <= 2100:
        raise LuoshiError("E_INPUT", f"编号的年份 {year} 不对，应在 1949 到 2100 之间。", fields={"year": year})
    with transaction.atomic():
        lock()
        run = _run(form, year, part, organ, exercise)
        last = TakenNumber.objects.filter(series=run).aggregate(last=Max("n"))["last"]
        n = run.first if last is None else last + 1
        if run.maximum is not None and n > run.maximum:
            raise LuoshiError(
                "E_SERIES_FULL",
                f"“{form.title}”{year}年的编号已用到 {form.text(year, part, run.maximum)}，没有号了。"
                "请由管理部门另定编号规则。",
                fields={"series": run.word, "year": year, "last": run.maximum},
            )
        text = form.text(year, part, n)
        if exercise:
            text = EXERCISE + text
        return TakenNumber.objects.create(series=run, n=n, text=text, subject=subject[:200], taken_at=CLOCK.now())


def lock() -> None:
    """Hold the lock under which numbers are taken and papers signed until the transaction ends.

    The head of the audit trail is locked first, by everybody: who holds it already (an act that signs two papers) and
    who comes to it after the number then never wait for each other in a circle.
    """
    AuditHead.objects.select_for_update().filter(pk=Stream.OFFICE).first()
    serialise("notices.numbers")


def _run(form: Form, year: int, part: str, organ: str, exercise: bool) -> NumberSeries:
    run, _ = NumberSeries.objects.get_or_create(
        word=series_of(form.word, exercise=exercise),
        year=year if form.yearly else 0,
        part=part,
        defaults={
            "organ": organ,
            "gapless": form.gapless,
            "maximum": form.maximum,
            "opened_at": CLOCK.now(),
            "opened_by": "首号自动开立",
        },
    )
    return run


def open_series(*, actor: Actor, word: str, year: int, first: int, organ: str, reason: str) -> NumberSeries:
    """Open a run that goes on from a register kept elsewhere: `first` is the first number to be taken here.

    Side effects: one row, an audit entry. Errors: E_FORBIDDEN, E_INPUT, E_STATE once a number was taken or the run is
    open: a run is opened once.
    """
    require(actor, "notice.number", [organ])
    form = form_of(word)
    if not 1 <= first <= 99_999 or not reason.strip():
        raise LuoshiError("E_INPUT", "起号应在 1 到 99999 之间，并写明理由（如：此前各号在纸质登记簿）。")
    with transaction.atomic():
        lock()
        if NumberSeries.objects.filter(word=word, year=year, part="").exists():
            raise LuoshiError("E_STATE", f"“{word}”{year}年的号已经开立，不能再改起号。")
        run = NumberSeries.objects.create(
            word=word, year=year, organ=organ, gapless=form.gapless, first=first, maximum=form.maximum,
            opened_at=CLOCK.now(), opened_by=actor.name[:100], reason=reason.strip()[:300],
        )  # fmt: skip
        audit.append(
            actor=actor,
            act="notice.series",
            subject=f"number_series:{run.pk}",
            after={"word": word, "year": year, "first": first, "organ": organ, "reason": run.reason},
            permission="notice.number",
        )
    return run


def make_void(number: TakenNumber, reason: str) -> None:
    """Mark a number void; it stays in the register. Called by the act that makes its paper void."""
    TakenNumber.objects.filter(pk=number.pk).update(
        state=TakenNumber.State.VOID, void_at=CLOCK.now(), void_reason=reason[:500]
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Something wrong with a gapless run: the numbers left out, or a number that no paper bears."""

    series: str
    year: int
    words: str


def faults() -> list[Gap]:
    """Return what is wrong with the register: a number left out, one that nothing bears, a paper's number that differs.

    The constraints and triggers of the database make it impossible; this proves it after a repair by hand.
    """
    found = []
    for run in NumberSeries.objects.order_by("word", "year", "part"):
        rows = list(TakenNumber.objects.filter(series=run).order_by("n").values_list("n", "text", "subject"))
        numbers = [n for n, _text, _subject in rows]
        if run.gapless and numbers != list(range(run.first, run.first + len(numbers))):
            missing = sorted(set(range(run.first, numbers[-1] + 1)) - set(numbers))
            found.append(Gap(run.word, run.year, f"缺 {'、'.join(str(n) for n in missing[:20]) or '起号'} 号"))
        if run.gapless:
            found += [Gap(run.word, run.year, f"{text} 没有文书") for _n, text, subject in rows if not subject]
    return found
