"""等我复核: what waits for a second hand in each room, counted by what the room itself offers.

A room adds one function to `ROOMS`; each asks first what the actor may do, so that nobody hears of what is not theirs.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from luoshi.office.actors import Actor
from luoshi.office.permissions import may
from luoshi.office.roles import SECOND_HAND
from luoshi.site.places import address
from luoshi.site.present import day_words

_BOUND = 200
"""Counted up to here: nobody does more from a desk."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the actor: what, how many (or more, where not `exact`), where; `icon` of the room."""

    title: str
    count: int
    href: str
    icon: str
    note: str = ""
    exact: bool = True


def matters(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Submissions to check, extensions to decide on, matters whose duty a new version changed."""
    from luoshi.office.duties.matter_models import Extension
    from luoshi.office.duties.matter_queries import MatterFilter
    from luoshi.office.duties.matter_queries import matters as rows
    from luoshi.office.paging import bounded_total
    from luoshi.site.matter_list import address as ledger

    if may(actor, "matter.check"):
        total = bounded_total(rows(MatterFilter(checking=True), actor=actor, day=day), _BOUND)
        href = ledger(check="1")
        yield Waiting(_("事项等我核验"), total.value, href, "clipboard-check", _("核验通过即销号"), total.exact)
        asked = Extension.objects.filter(decision="").exclude(asked_by__in=sorted(actor.hands)).order_by()
        first = asked.order_by("id").values_list("matter_id", flat=True).first()
        if first is not None:
            from luoshi.site.matter_rows import matter_href

            yield Waiting(
                _("延期等我批"), asked[:_BOUND].count(), matter_href(first), "calendar-plus", _("先看最早的一件")
            )
    if may(actor, "review.decide"):
        total = bounded_total(rows(MatterFilter(changed=True), actor=actor, day=day), _BOUND)
        if total.value:
            href = ledger(changed="1")
            yield Waiting(_("文件有新版，事项待定"), total.value, href, "arrows-diff", exact=total.exact)


def reviews(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Instruments whose reading waits for a first or a second person."""
    from luoshi.office.instruments.review_queries import queue_totals

    href = address("review-queue") or address("review")
    offered = (
        ("sent", _("核对等第二人"), "eye", "review.confirm"),
        ("doubtful", _("文件有存疑"), "help-circle", "review.decide"),
        ("untouched", _("文件还没有核对"), "book-2", "review.decide"),
    )
    own = [(state, title, icon) for state, title, icon, key in offered if may(actor, key)]
    totals = queue_totals([state for state, _title, _icon in own], _BOUND)
    for (state, title, icon), total in zip(own, totals, strict=True):
        yield Waiting(title, total.value, f"{href}?state={state}" if href else "", icon, exact=total.exact)


def parameters(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Changes of parameters that somebody else proposed."""
    from luoshi.office.parameters.queries import visible_changes

    if may(actor, "parameter.approve"):
        changes = visible_changes(actor).filter(state="proposed").exclude(proposed_by__in=sorted(actor.hands))
        href = address("parameters")
        yield Waiting(_("参数变更等批准"), changes.order_by()[:_BOUND].count(), f"{href}?waiting=1" if href else "",
                      "calculator")  # fmt: skip


def organs(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Proposals about organs, posts, persons and groups that somebody else prepared."""
    from luoshi.office.organs.queries import proposals

    wanted = ("organ.confirm", "name.confirm", "post.confirm", "person.confirm", "group.confirm")
    if any(may(actor, key) for key in wanted if key in SECOND_HAND):
        found = [row for row in proposals(reader=actor, state="open", limit=_BOUND) if row.may_confirm]
        yield Waiting(_("单位、职务、人员等确认"), len(found), address("organ-queue"), "building-community")


def calendars(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Changes of the working calendar that somebody else entered."""
    from luoshi.office.calendar.queries import waiting_for as entered

    if may(actor, "calendar.approve"):
        yield Waiting(_("日历变更等批准"), entered(actor, _BOUND), address("calendar"), "calendar-event")


def papers(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Papers to check, to sign, to make void, to sign for as the organ served; words that somebody else proposed."""
    from luoshi.office.notices.queries import awaited

    if not may(actor, "notice.see"):
        return
    found, href = awaited(actor, _BOUND), address("notices")
    for title, count, query, icon in (
        (_("文书等我签发"), found.sign, "?state=draft&state=checked", "pencil"),
        (_("文书等我核稿"), found.check, "?state=draft", "clipboard-check"),
        (_("作废等我确认"), found.void, "?state=signed&state=issued", "ban"),
        (_("来文等我签收"), found.receive, "?box=in", "mail"),
    ):
        yield Waiting(title, count, href + query, icon)
    if may(actor, "template.approve"):
        yield Waiting(_("文书模板等批准"), found.templates, address("notice-templates"), "file-text")


def funds(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Entries, payments and books to open that somebody else prepared."""
    from luoshi.office.funds.queries import awaited

    if not may(actor, "fund.check") and not may(actor, "fund.open"):
        return
    found = awaited(actor, _BOUND)
    for title, one, icon in (
        (_("记账等我复核"), found.drafts, "clipboard-check"),
        (_("付款等我复核"), found.payments, "coin-yuan"),
        (_("账簿等我开立"), found.openings, "book-2"),
    ):
        yield Waiting(title, one.many, one.href, icon, _("先看最早的一件"))


def works(actor: Actor, day: datetime.date) -> Iterator[Waiting]:
    """Key works: reports and cross-offs to sign, words to say, letters, changes and more time to decide on."""
    if not may(actor, "work.see"):
        return
    from luoshi.programmes.supervision import desk as room

    owed = room.due_reports(actor, day)
    if owed.by is not None:
        note = _("%(day)s止") % {"day": day_words(owed.by, day)}
        yield Waiting(_("进展等我填报"), owed.many, owed.href, "pencil", note)
    for title, one, icon in (
        (_("误印名称等我认读"), room.readings(actor, _BOUND), "file-text"),
        (_("重点事项等我分解"), room.undecomposed(actor, _BOUND), "target-arrow"),
        (_("分解等我批"), room.proposed(actor, _BOUND), "pencil"),
        (_("填报等我签字"), room.reports(actor, _BOUND), "pencil"),
        (_("填报等我接受"), room.accepting(actor, _BOUND), "clipboard-check"),
        (_("销号等我表示意见"), room.crossings(actor, _BOUND), "circle-check"),
        (_("重点事项等我销号"), room.finished(actor, _BOUND), "circle-check"),
        (_("督办函等我办"), room.letters(actor, _BOUND), "mail"),
        (_("说明、纠偏等我报"), room.corrections(actor, _BOUND), "arrows-diff"),
        (_("调整等我批"), room.adjustments(actor, _BOUND), "arrows-diff"),
        (_("延期等分包领导批"), room.extensions(actor, _BOUND), "calendar-plus"),
        (_("年度评价等我签字"), room.reviews(actor, _BOUND), "file-text"),
    ):
        if one.many:
            yield Waiting(title, one.many, one.href, icon, _until(one.by, day))


def _until(by: datetime.date | None, day: datetime.date) -> str:
    """Return by when something is to be done, and that the day is past."""
    if by is None:
        return ""
    return (_("%(day)s止，已过期") if by < day else _("%(day)s止")) % {"day": day_words(by, day)}


ROOMS: tuple[Callable[[Actor, datetime.date], Iterator[Waiting]], ...] = (
    matters, reviews, parameters, organs, calendars, papers, funds, works,
)  # fmt: skip


def waiting_for(actor: Actor, day: datetime.date) -> list[Waiting]:
    """Return what waits for the actor, room by room."""
    found: list[Waiting] = []
    for room in ROOMS:
        found += room(actor, day)
    return found
