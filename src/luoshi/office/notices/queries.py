"""Read papers: lists, one paper, the register of numbers, what is public, whether a printed one is genuine."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from luoshi.kernel.clock import start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.notices import numbers
from luoshi.office.notices.kinds import kinds
from luoshi.office.notices.models import Notice, NumberSeries, Publication, TakenNumber, TemplateEdition, digest_of
from luoshi.office.paging import Key, KeysetPage, Total, bounded_total, keyset_page
from luoshi.office.permissions import scope_of

ORDER = (Key("id", int, descending=True),)
PUBLIC = (Notice.State.ISSUED, Notice.State.VOID)
_LIST = ("hands", "fields", "content")


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which papers; empty conditions hold for all. `box` is `in` for those served on the actor's own organs."""

    kinds: tuple[str, ...] = ()
    organs: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    year: int | None = None
    box: str = ""
    q: str = ""
    subject: str = ""
    case: int | None = None
    exercise: bool | None = None


@dataclass(frozen=True, slots=True)
class Facets:
    """How many papers each condition would leave, by value."""

    kinds: Mapping[str, int] = field(default_factory=dict)
    organs: Mapping[str, int] = field(default_factory=dict)
    states: Mapping[str, int] = field(default_factory=dict)
    years: Sequence[int] = ()


def visible(actor: Actor) -> QuerySet[Notice]:
    """Return the papers `actor` may see: those of organs within reach, and those served on them."""
    organs = concern.organs_for(actor, "notice.see")
    if organs is None:
        return Notice.objects.all()
    served = Publication.objects.filter(notice=OuterRef("pk"), channel="inside", target__in=organs)
    return Notice.objects.filter(Q(organ__in=organs) | Exists(served.exclude(state=Publication.State.WITHDRAWN)))


def readable(actor: Actor, notices: Collection[int]) -> frozenset[int]:
    """Return those of some papers (ids) that `actor` may see."""
    return frozenset(visible(actor).filter(pk__in=notices).values_list("pk", flat=True)) if notices else frozenset()


def notice(actor: Actor, pk: int) -> Notice:
    """Return one paper with what it rests on; E_NOT_FOUND for what the actor may not see either."""
    found = Notice.objects.select_related("number", "replaces", "edition").filter(pk=pk).first()
    if found is None or not sees(actor, found):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号文书。")
    return found


def sees(actor: Actor, row: Notice) -> bool:
    """Tell whether `actor` may see a paper: as its issuer, or, once it is signed, as an organ it was served on."""
    scope = scope_of(actor, "notice.see")
    # The organs behind an organ are asked for only where its own name does not do.
    if scope.covers([row.organ]):
        return True
    organs = concern.organs_within(scope) or frozenset()
    if row.organ in organs:
        return True
    served = row.publications.filter(channel="inside", target__in=organs)
    return row.signed and served.exclude(state=Publication.State.WITHDRAWN).exists()


def numbered(actor: Actor, number: str) -> Notice:
    """Return the paper that bears a number; E_NOT_FOUND."""
    found = visible(actor).filter(number_text=number.strip()).values_list("pk", flat=True).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有编号“{number[:60]}”的文书。")
    return notice(actor, found)


def filtered(actor: Actor, wanted: NoticeFilter) -> QuerySet[Notice]:
    """Return the papers that fit."""
    rows = visible(actor)
    if wanted.box == "in":
        own = concern.own_organs(actor)
        served = Publication.objects.filter(notice=OuterRef("pk"), channel="inside", target__in=own)
        rows = rows.filter(Exists(served), signed_at__isnull=False)
    if wanted.kinds:
        rows = rows.filter(kind__in=wanted.kinds)
    if wanted.organs:
        rows = rows.filter(organ__in=wanted.organs)
    # What was taken back is looked for, not met.
    known = Q(state__in=wanted.states) if wanted.states else ~Q(state=Notice.State.WITHDRAWN)
    rows = rows.filter(known)
    if wanted.year is not None:
        first, last = datetime.date(wanted.year, 1, 1), datetime.date(wanted.year + 1, 1, 1)
        drafted = Q(dated__isnull=True, drafted_at__gte=start_of(first), drafted_at__lt=start_of(last))
        rows = rows.filter(Q(dated__gte=first, dated__lt=last) | drafted)
    if wanted.q:
        rows = rows.filter(Q(number_text__contains=wanted.q) | Q(title__contains=wanted.q))
    if wanted.subject:
        rows = rows.filter(subject=wanted.subject)
    if wanted.case is not None:
        rows = rows.filter(case=wanted.case)
    if wanted.exercise is not None:
        rows = rows.filter(exercise=wanted.exercise)
    return rows


def notices(actor: Actor, wanted: NoticeFilter, *, size: int, after: str = "", before: str = "") -> KeysetPage[Notice]:
    """Return a page of papers, newest first, with the channels each is on (`channel_states`)."""
    page = keyset_page(filtered(actor, wanted).defer(*_LIST), ORDER, size=size, after=after, before=before)
    states: dict[int, list[tuple[str, str]]] = {}
    rows = Publication.objects.filter(notice__in=[row.pk for row in page.rows]).order_by("id")
    for pk, channel, state in rows.values_list("notice_id", "channel", "state"):
        found = states.setdefault(pk, [])
        if (channel, state) not in found:
            found.append((channel, state))
    for row in page.rows:
        row.channel_states = states.get(row.pk, [])  # type: ignore[attr-defined]
    return page


def total(actor: Actor, wanted: NoticeFilter) -> Total:
    """Count papers, up to the bound."""
    return bounded_total(filtered(actor, wanted))


def facets(actor: Actor, wanted: NoticeFilter) -> Facets:
    """Return how many papers there are by kind, organ and state, each without its own condition, and the years."""
    from dataclasses import replace

    def counted(name: str, without: NoticeFilter) -> dict[str, int]:
        rows = filtered(actor, without).order_by().values(name).annotate(n=Count("id")).order_by("-n")[:60]
        return {row[name]: row["n"] for row in rows}

    last = visible(actor).order_by("-id").values_list("drafted_at", flat=True).first()
    first = visible(actor).order_by("id").values_list("drafted_at", flat=True).first()
    years = range(last.year, first.year - 1, -1) if last and first else ()
    return Facets(
        counted("kind", replace(wanted, kinds=())),
        counted("organ", replace(wanted, organs=())),
        counted("state", replace(wanted, states=())),
        tuple(years)[:20],
    )


def publications(row: Notice) -> Sequence[Publication]:
    """Return where a paper went, in the order it went."""
    return list(row.publications.order_by("id"))


def waiting_for(organs: Iterable[str], *, limit: int = 50) -> Sequence[Publication]:
    """Return the papers served on `organs` that nobody has signed for yet."""
    rows = Publication.objects.filter(channel="inside", target__in=list(organs), state=Publication.State.SENT)
    return list(rows.select_related("notice").order_by("id")[:limit])


@dataclass(frozen=True, slots=True)
class Awaited:
    """How many papers wait for an actor: to be signed, checked, made void, signed for; words to be approved."""

    sign: int
    check: int
    void: int
    receive: int
    templates: int


def awaited(actor: Actor, bound: int = 200) -> Awaited:
    """Count what waits for the actor's hand, each up to `bound`; nobody is offered what he has prepared himself."""
    signs, checks, void = 0, 0, 0
    if organs := _reach(actor, "notice.sign") | _reach(actor, "notice.check"):
        checked = {key for key, kind in kinds().items() if kind.check}
        rows = Notice.objects.filter(organ__in=organs, state__in=[Notice.State.DRAFT, Notice.State.CHECKED])
        may_sign, may_check = _reach(actor, "notice.sign"), _reach(actor, "notice.check")
        for organ, kind, state, hands in rows.order_by("-id").values_list("organ", "kind", "state", "hands")[:bound]:
            if actor.hands & set(hands):
                continue
            waits = state == Notice.State.DRAFT and kind in checked
            signs += organ in may_sign and not waits
            checks += organ in may_check and waits
        asked = Notice.objects.filter(organ__in=may_sign, void_asked_at__isnull=False, void_at__isnull=True)
        own = Q(void_asked_by__in=sorted(actor.hands)) | Q(void_asked_for__in=sorted(actor.hands))
        void = asked.exclude(own).order_by()[:bound].count()
    served = _reach(actor, "notice.receive")
    come = Publication.objects.filter(channel="inside", target__in=served, state=Publication.State.SENT)
    editions = TemplateEdition.objects.filter(state="proposed", owner__in=_reach(actor, "template.approve"))
    return Awaited(
        signs, checks, void, come.order_by()[:bound].count() if served else 0,
        editions.exclude(proposed_by__in=sorted(actor.hands)).order_by()[:bound].count(),
    )  # fmt: skip


def _reach(actor: Actor, key: str) -> frozenset[str]:
    """Return the organs at which a person acts by `key`; a program acts for nobody here."""
    scope = scope_of(actor, key)
    if actor.user_id is None:
        return frozenset()
    return frozenset(grant.organ for grant in actor.grants) if scope.everywhere else scope.organs


# --- the register of numbers ------------------------------------------------------------------------------------------


def series(actor: Actor, year: int | None = None) -> Sequence[NumberSeries]:
    """Return the runs of numbers of organs within reach, newest year first, each with how many are taken and void."""
    organs = concern.organs_for(actor, "notice.see")
    rows = NumberSeries.objects.annotate(
        count=Count("taken"), voided=Count("taken", filter=Q(taken__state=TakenNumber.State.VOID))
    )
    if organs is not None:
        rows = rows.filter(organ__in=organs)
    if year is not None:
        rows = rows.filter(year=year)
    return list(rows.order_by("-year", "word", "part")[:500])


def taken(actor: Actor, run: int, *, size: int, after: str = "", before: str = "") -> KeysetPage[TakenNumber]:
    """Return a page of the register of one run, in the order of the numbers; E_NOT_FOUND."""
    if not any(one.pk == run for one in series(actor)):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {run} 号编号簿。")
    rows = (
        TakenNumber.objects.filter(series=run)
        .select_related("notice")
        .defer("notice__content", "notice__fields", "notice__hands")
    )
    return keyset_page(rows, (Key("n", int, descending=True),), size=size, after=after, before=before)


# --- what is public ---------------------------------------------------------------------------------------------------


def _on(channel: str) -> Q:
    done = Publication.objects.filter(notice=OuterRef("pk"), channel=channel, state=Publication.State.DONE)
    return Q(Exists(done))


def public(*, size: int, after: str = "", before: str = "", organ: str = "") -> KeysetPage[Notice]:
    """Return a page of the papers on the public page, newest first."""
    rows = Notice.objects.filter(_on("web"), public=True, state__in=PUBLIC)
    if organ:
        rows = rows.filter(organ=organ)
    return keyset_page(rows.defer(*_LIST), ORDER, size=size, after=after, before=before)


def public_notice(slug: str) -> Notice:
    """Return the paper at a public address; E_NOT_FOUND for what is not, or no longer, public."""
    found = Notice.objects.filter(_on("web"), slug=slug, public=True, state__in=PUBLIC).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份公开文书：可能没有公开、已经撤下，或地址不全。请核对链接。")
    return found


def follower_of(row: Notice) -> Notice | None:
    """Return the public paper that takes the place of this one."""
    return row.replaced_by.filter(_on("web"), state=Notice.State.ISSUED).order_by("-id").first()


def fed(limit: int = 50) -> Sequence[Notice]:
    """Return what the Atom feed holds, newest first: papers that are also on the public page."""
    rows = Notice.objects.filter(_on("feed"), _on("web"), public=True, state__in=PUBLIC)
    return list(rows.order_by(F("issued_at").desc(), "-id")[:limit])


# --- is it genuine ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the check page says of a printed paper: `same` is None where no digest was given with it.

    What is not public is told by number, issuer, day and state only.
    """

    number: str
    organ: str
    dated: datetime.date | None
    state: str
    words: str
    same: bool | None
    whole: bool
    title: str = ""
    href: str = ""
    void_reason: str = ""
    marks: tuple[str, ...] = ()
    digest: str = ""
    signed_at: datetime.datetime | None = None


def verdict(slug: str, digest: str = "") -> Verdict | None:
    """Return what is known of the signed paper `slug`, None where there is none.

    `digest` is what the print bears (its first 16 hex digits at least): another one tells that the print is of another
    text. `whole` tells whether the stored text still has the digest it was signed with.
    """
    from luoshi.office.notices.publishing import public_address

    row = Notice.objects.filter(slug=slug, signed_at__isnull=False).first()
    if row is None:
        return None
    given = "".join(digest.lower().split())
    on_web = row.public and row.publications.filter(channel="web", state=Publication.State.DONE).exists()
    return Verdict(
        number=row.number_text,
        organ=row.content["signatory"],
        dated=row.dated,
        state=row.state,
        words=row.get_state_display(),
        same=None if not given else len(given) >= 16 and row.digest.startswith(given),
        whole=digest_of(row) == row.digest,
        title=row.title if on_web else "",
        href=public_address(row) if on_web else "",
        void_reason=row.void_reason if row.state == Notice.State.VOID and on_web else "",
        marks=tuple(row.marks),
        digest=row.digest,
        signed_at=row.signed_at,
    )


def proof() -> dict[str, Any]:
    """Prove the whole register: every signed paper has the digest it was signed with, every run is without a gap."""
    altered, count = [], 0
    for row in Notice.objects.filter(signed_at__isnull=False).select_related("number").order_by("id").iterator(500):
        count += 1
        wrong = digest_of(row) != row.digest
        if row.series and (row.number is None or row.number.text != row.number_text):
            wrong = True
        if wrong:
            altered.append(row.number_text or str(row.pk))
    gaps = [{"series": one.series, "year": one.year, "fault": one.words} for one in numbers.faults()]
    return {"notices": count, "altered": altered, "series": gaps, "whole": not altered and not gaps}
