"""Review of what was read, beside the original text: queue, one instrument, the second person's view."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import get_template
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.instruments import review_actions, review_queries
from luoshi.office.instruments.models import Clause, Instrument, Review
from luoshi.office.instruments.review_actions import Tick
from luoshi.office.instruments.review_queries import Item, Progress, QueueFilter
from luoshi.office.instruments.review_readings import HEAD_FIELDS, Reading
from luoshi.office.permissions import may
from luoshi.site import present, reviewing
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.comparison import HEAD, Place, compare
from luoshi.site.context import as_of
from luoshi.site.pages import page, wants_fragment
from luoshi.site.templatetags.ls import ls_label
from luoshi.site.typography import typeset
from luoshi.site.words import MARK

PAGE_SIZE = 50
_MAX_QUERY = 60
_DECISIONS = ("confirmed", "excluded", "doubtful", "changed", "split", "choice")


# --- queue ------------------------------------------------------------------------------------------------------------


@needs("review.see")
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show the instruments to review, newest first: how far each is, what waits, who has it."""
    address = Address(request)
    text = request.GET.get("issue", "")
    state = request.GET.get("state", "")
    wanted = QueueFilter(
        state=state if state in review_queries.STATES else "",
        issue=int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None,
        q=request.GET.get("q", "").replace("\0", "").strip()[:_MAX_QUERY],
    )
    found = review_queries.queue_page(
        wanted, size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    issues = review_queries.issue_counts()
    context = {
        "page_title": _("核对"),
        "crumbs": [{"title": _("公报与政策"), "href": reverse("policy")}],
        "rows": [_queue_row(row) for row in review_queries.queue_rows(found.rows)],
        "page": page_links(address, found, review_queries.queue_total(wanted)),
        "tabs": _queue_tabs(address, wanted),
        "issues": [
            {
                "title": issue.title or issue.source.filename,
                "done": done,
                "total": total,
                "href": address.toggled("issue", str(issue.pk)) if wanted.issue == issue.pk
                else address.having(issue=str(issue.pk)),
                "current": wanted.issue == issue.pk,
            }
            for issue, done, total in issues
        ],
        "q": "",
        "wanted": wanted,
        "hidden": address.hidden("q"),
        "reset_href": request.path,
        "no_data": not issues,
    }  # fmt: skip
    return page(request, "site/review_queue.html", context, fragment="results")


def _queue_tabs(address: Address, wanted: QueueFilter) -> list[dict[str, Any]]:
    tabs = (
        (_("全部"), ""),
        (_("没开始"), "untouched"),
        (_("在核"), "open"),
        (_("有存疑"), "doubtful"),
        (_("新版有变"), "conflicts"),
        (_("等第二人"), "waiting"),
        (_("已送签"), "sent"),
        (_("核完"), "done"),
    )
    return [
        {"label": label, "href": address.having(state=state), "count": None, "current": wanted.state == state}
        for label, state in tabs
    ]


def _queue_row(row: review_queries.QueueRow) -> dict[str, Any]:
    review = row.review
    return {
        "title": row.item.name,
        "number": row.item.number,
        "href": reverse("review", args=[row.item.key]),
        "second_href": reverse("review-second", args=[row.item.key])
        if review.waiting or review.stage == "sent"
        else "",
        "decided": review.decided,
        "total": row.total,
        "percent": 100 * review.decided // row.total if row.total else 0,
        "doubtful": row.doubtful,
        "waiting": review.waiting,
        "conflicts": review.conflicts,
        "stage": review.stage if review.pk else "untouched",
        "stage_word": reviewing.STAGE[review.stage] if review.pk else _("没开始"),
        "who": review.second_name or review.first_name or review.last_name,
        "at": review.last_at,
        "voided": review.voided,
    }


def _second_href(row: review_queries.QueueRow) -> str:
    wanted = row.review.waiting or row.review.stage == Review.Stage.SENT
    return reverse("review-second", args=[row.item.key]) if wanted else ""


# --- one instrument ---------------------------------------------------------------------------------------------------


class _Seen:
    """What the page of one instrument is made of: the items, the chosen clause, the words of its address."""

    def __init__(self, request: HttpRequest, key: str) -> None:
        self.request = request
        self.item = review_queries.reviewed(key)
        self.review = review_queries.review_of(self.item)
        self.items = review_queries.items(self.item)
        asked = request.POST if request.method == "POST" else request.GET
        self.asked_clause = asked.get("clause", "")
        self.raw = asked.get("text") == "raw"
        self.only_open = asked.get("only") == "open"
        self.at = asked.get("r", "")
        self.on = as_of(request).date
        self._by_clause: dict[str, tuple[int, int, bool]] | None = None
        actor = actor_of(request)
        writable = not as_of(request).active
        self.rights = {key: may(actor, f"review.{key}") and writable for key in ("decide", "confirm")}

    @property
    def progress(self) -> Progress:
        """Counts of the items."""
        return review_queries.progress(self.items)

    def counted(self, unit: str) -> tuple[int, int, bool]:
        """Return (settled, all, whether a doubt is open) of a unit."""
        if self._by_clause is None:
            self._by_clause = self.progress.by_clause
        return self._by_clause.get(unit, (0, 0, False))

    def renewed(self, done: review_actions.Decided) -> None:
        """Take what an act left."""
        self.items, self.review = done.items, done.review

    def here(self, unit: str) -> list[Item]:
        """Return the items of a unit, head fields aside: those stand above the text."""
        return [one for one in self.items if one.clause == unit]

    def href(self, clause: str, **more: str) -> str:
        """Return the address of a clause on this page."""
        kept = {"clause": clause or HEAD, "text": "raw" if self.raw else "", "only": "open" if self.only_open else ""}
        query = {name: value for name, value in (kept | more).items() if value}
        return f"{reverse('review', args=[self.item.key])}?{urlencode(query)}"


@needs("review.see")
@require_safe
def review(request: HttpRequest, key: str) -> HttpResponse:
    """Show an instrument's text and, for one clause, what was read from it, to be confirmed or corrected."""
    return _page(_Seen(request, key))


def _page(seen: _Seen, typed: Mapping[str, Any] | None = None, status: int = 200) -> HttpResponse:
    context = _context(seen, typed)
    return page(seen.request, "site/review.html", context, status=status)


def _context(seen: _Seen, typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    item, asked = seen.item, seen.asked_clause
    wanted = asked or _first_open(seen.items)
    hidden = [kind for kind in seen.request.GET.getlist("hide") if kind in MARK]

    def places(unit: str) -> list[Place]:
        here = [one.reading for one in seen.here(unit) if one.reading and one.kind not in ("head", "repair")]
        return [_set_off(one) for one in here if 0 <= one.start < one.end]

    here = seen.here("" if wanted == HEAD else wanted)
    now = seen.at or next((one.anchor for one in here if one.open or one.doubtful), here[0].anchor if here else "")
    compared = compare(item, wanted, raw=seen.raw, on=seen.on, places=places, now=now, hidden=hidden)
    unit = "" if compared.chosen.path == HEAD else compared.chosen.path
    here = seen.here(unit)
    address = Address(seen.request)
    order = list(dict.fromkeys(["", *(row.path for row in compared.units if row.clause)]))
    return _changing(seen, unit) | {
        "page_title": _("核对"),
        "crumbs": _crumbs(item),
        "instrument": _head(item),
        "place": _place(item),
        "compared": compared,
        "outline": [_outline_row(seen, row.clause) for row in compared.units],
        "unit": unit,
        "unit_words": present.path_words(unit) if unit else _("文头与落款"),
        "cards": [reviewing.card(one, item, seen.on, seen.rights, _typed(typed, one)) for one in here],
        "now": now,
        "raw": seen.raw,
        "only_open": seen.only_open,
        "only_href": seen.href(unit, only="" if seen.only_open else "open"),
        "repaired_href": seen.href(unit, text=""),
        "raw_href": seen.href(unit, text="raw"),
        "before_href": seen.href(compared.before) if compared.before else "",
        "after_href": seen.href(compared.after) if compared.after else "",
        "legend": [
            row | {"href": address.toggled("hide", row["kind"]), "off": row["kind"] in hidden}
            for row in compared.legend
        ],
        "addable": reviewing.addable() if seen.rights["decide"] else [],
        "add_typed": typed if typed and typed.get("form") == "add" else None,
        "error": typed["error"] if typed else None,
        "next_clause_href": _beside(seen, order, unit, 1),
        "previous_clause_href": _beside(seen, order, unit, -1),
        "act_href": reverse("review-decide", args=[item.key]),
        "chars": _("第 %(first)s–%(last)s 字") % {"first": f"{item.start + 1:,}", "last": f"{item.end:,}"},
    }


def _changing(seen: _Seen, unit: str) -> dict[str, Any]:
    """Return what changes with each act: progress, head fields, the clause's count, what will happen, the foot."""
    counted, item, review = seen.progress, seen.item, seen.review
    here = seen.here(unit)
    done, total, doubt = counted.by_clause.get(unit, (0, 0, False))
    last = next((one.anchor for one in reversed(here)), "")
    doubtful = review_queries.next_doubt(seen.items, seen.at or last)
    return {
        "rights": seen.rights,
        "item_key": item.key,
        "progress": counted,
        "percent": 100 * counted.decided // counted.total if counted.total else 0,
        "doubt_percent": -(-100 * counted.doubtful // counted.total) if counted.total else 0,
        "review": review,
        "stage_word": reviewing.STAGE[review.stage],
        "heads": [_head_field(seen, one) for name in HEAD_FIELDS for one in seen.items
                  if one.kind == "head" and (one.original or {}).get("field") == name],
        "unit_count": {"done": done, "total": total, "doubt": doubt, "id": _unit_id(item, unit)},
        "consequence": review_queries.consequences(here)[:8],
        "doubt_href": f"{seen.href(doubtful.clause, r=doubtful.anchor)}#r-{doubtful.anchor}" if doubtful else "",
        "send_href": reverse("review-send", args=[item.key]),
        "second_href": reverse("review-second", args=[item.key]),
        "repeals": sum(one.kind == "relation" and (one.content or {}).get("type") == "repeals" for one in seen.items),
    }  # fmt: skip


def _set_off(reading: Reading) -> Place:
    """Return where a reading is set off in the text: a duty where it names its organs."""
    organs = (
        [*reading.content.get("lead", ()), *reading.content.get("cooperating", ())] if reading.kind == "duty" else []
    )
    marked = reading.basis in ("mark", "declaration")
    return Place(reading.anchor, reading.start, reading.end, [organ["name"] for organ in organs], marked)


def _typed(typed: Mapping[str, Any] | None, one: Item) -> Mapping[str, Any] | None:
    return typed if typed and typed.get("anchor") == one.anchor else None


def _first_open(items: Sequence[Item]) -> str:
    """Return the clause to begin with: conflicts, then the first clause with something open."""
    first = next((one for one in items if one.conflict), None)
    first = first or next((one for one in items if one.open and one.kind != "head" and one.clause), None)
    return (first.clause or HEAD) if first else ""


def _beside(seen: _Seen, order: Sequence[str], unit: str, step: int) -> str:
    """Return the address of the nearest clause with items in one direction; with "only open", with open ones."""
    place = order.index(unit) if unit in order else 0
    has = {one.clause for one in seen.items if not seen.only_open or one.open}
    rest = order[place + 1 :] if step > 0 else order[:place][::-1]
    found = next((path for path in rest if path in has), None)
    return seen.href(found) if found is not None else ""


def _crumbs(item: Instrument) -> list[dict[str, str]]:
    issue = item.issue.title or item.issue.source.filename
    return [
        {"title": _("公报与政策"), "href": reverse("policy")},
        {"title": issue, "href": f"{reverse('review-queue')}?issue={item.issue_id}"},
        {"title": _("核对"), "href": ""},
    ]


def _head(item: Instrument) -> dict[str, Any]:
    return {"title": item.name, "number": item.number, "href": present.instrument_href(item), "key": item.key}


def _place(item: Instrument) -> dict[str, Any]:
    place, total, done, before, after = review_queries.neighbours(item)
    return {
        "n": place,
        "total": total,
        "done": done,
        "before": reverse("review", args=[before.key]) if before else "",
        "after": reverse("review", args=[after.key]) if after else "",
    }


def _unit_id(item: Instrument, unit: str) -> str:
    row = item.clauses.filter(path=unit).values_list("seq", flat=True).first() if unit else None
    return "head" if row is None else str(row)


def _outline_row(seen: _Seen, clause: Clause | None) -> dict[str, Any]:
    unit = clause.path if clause else ""
    done, total, doubt = seen.counted(unit)
    words = ls_label(clause) + typeset(clause.heading or clause.text[:16]) if clause else _("文头与发文说明")
    return {
        "id": clause.seq if clause else "head",
        "depth": min(clause.depth, 3) if clause else 0,
        "unit": unit,
        "words": words,
        "done": done,
        "total": total,
        "doubt": doubt,
        "href": seen.href(unit),
        "dim": seen.only_open and done == total,
    }


def _head_field(seen: _Seen, one: Item) -> dict[str, Any]:
    content = one.content or {}
    value = content.get("value")
    name = (one.original or {}).get("field", "")
    if value and name in ("issued_on", "effective_from", "expires_on"):
        value = present.day_words(datetime.date.fromisoformat(value))
    return reviewing.card(one, seen.item, seen.on, seen.rights) | {
        "label": reviewing.HEAD_FIELD[name],
        "name": name,
        "value": value,
        "href": f"{seen.href('', r=one.anchor)}#r-{one.anchor}",
    }


# --- acts -------------------------------------------------------------------------------------------------------------


@needs("review.decide")
@require_http_methods(["POST"])
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """Take one decision, or go back to before one; answers HTMX with the card, else leads back to the clause."""
    seen = _Seen(request, key)
    anchor, act = request.POST.get("anchor", ""), request.POST.get("decision", "")
    one = review_queries.item_of(seen.items, anchor)
    try:
        done = _decided(request, seen, one, act)
    except LuoshiError as error:
        return _refused(seen, one, act, error)
    seen.renewed(done)
    after = next((x for x in seen.items if x.anchor == done.record.anchor), None)
    if not wants_fragment(request) or after is None:
        return HttpResponseRedirect(f"{seen.href(one.clause, r=anchor)}#r-{anchor}", status=303)
    return _changed(seen, after)


def _decided(request: HttpRequest, seen: _Seen, one: Item, act: str) -> review_actions.Decided:
    common: dict[str, Any] = {
        "actor": actor_of(request),
        "key": seen.item.key,
        "anchor": one.anchor,
        "version": _number(request.POST.get("version", "")),
    }
    if act == "undo":
        return review_actions.undo(**common)
    if act not in _DECISIONS:
        raise LuoshiError("E_INPUT", _("没有说要做什么。"))
    content: Any = None
    if act == "choice":
        act, content = reviewing.chosen(one, request.POST.get("choice", ""))
    else:
        content = _content(one, act, request.POST)
    return review_actions.decide(**common, decision=act, content=content, note_text=request.POST.get("note", ""))


def _content(one: Item, act: str, data: Mapping[str, Any]) -> Any:
    base = one.content if isinstance(one.content, Mapping) else one.original or {}
    if act == "changed":
        return reviewing.content_from(one.kind, data, base)
    return reviewing.parts_from(one.kind, data, base) if act == "split" else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _refused(seen: _Seen, one: Item, act: str, error: LuoshiError) -> HttpResponse:
    """Show the form again with what was typed; a record changed meanwhile is shown as it is now."""
    typed = {
        "anchor": one.anchor,
        "form": {"changed": "change", "split": "split"}.get(act, "act"),
        "data": seen.request.POST,
        "error": _shown(error),
    }
    if not wants_fragment(seen.request):
        seen.asked_clause, seen.at = one.clause or HEAD, one.anchor
        return _page(seen, typed, status=error.http_status)
    return _changed(seen, one, typed, status=error.http_status)


def _shown(error: LuoshiError) -> dict[str, Any]:
    return {"code": error.code, "title": error.definition.title, "message": error.message}


def _changed(seen: _Seen, one: Item, typed: Mapping[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """Answer HTMX: the card, and out of band what counts it."""
    seen.at = one.anchor
    context = _changing(seen, one.clause) | {
        "card": reviewing.card(one, seen.item, seen.on, seen.rights, typed),
        "act_href": reverse("review-decide", args=[seen.item.key]),
        "unit": one.clause,
        "raw": seen.raw,
        "only_open": seen.only_open,
        "raw_href": seen.href(one.clause, text="raw"),
        "said": f"{reviewing.KIND[one.kind]} {reviewing.STATE[one.state]}",
    }
    body = get_template("site/_review_changed.html").render(context, seen.request)
    return HttpResponse(body, status=status, headers={"Vary": "HX-Request"})


@needs("review.decide")
@require_http_methods(["POST"])
def add(request: HttpRequest, key: str) -> HttpResponse:
    """Add a record the compiler did not read to the clause."""
    seen = _Seen(request, key)
    kind, unit = request.POST.get("kind", ""), "" if seen.asked_clause == HEAD else seen.asked_clause
    try:
        content = reviewing.content_from(kind, request.POST, {}, f"{kind}-") if kind in reviewing.KIND else None
        done = review_actions.add(
            actor=actor_of(request), key=seen.item.key, clause=unit, kind=kind, content=_without_empty(content)
        )
    except LuoshiError as error:
        typed = {"form": "add", "kind": kind, "error": _shown(error), "data": request.POST}
        return _page(seen, typed, status=error.http_status)
    anchor = done.record.anchor
    return HttpResponseRedirect(f"{seen.href(unit, r=anchor)}#r-{anchor}", status=303)


def _without_empty(content: Any) -> Any:
    return {k: v for k, v in content.items() if v not in ("", None, [])} if isinstance(content, dict) else content


@needs("review.decide")
@require_http_methods(["POST"])
def send(request: HttpRequest, key: str) -> HttpResponse:
    """Sign first and send to the second person."""
    seen = _Seen(request, key)
    try:
        review_actions.send(actor=actor_of(request), key=key)
    except LuoshiError as error:
        return _page(seen, {"error": _shown(error)}, status=error.http_status)
    return HttpResponseRedirect(reverse("review-second", args=[seen.item.key]), status=303)


# --- the second person ------------------------------------------------------------------------------------------------


@needs("review.see")
@require_http_methods(["GET", "HEAD", "POST"])
def second(request: HttpRequest, key: str) -> HttpResponse:
    """Show each correction with what it changes; the second person ticks each, settles doubts, signs or sends back."""
    seen = _Seen(request, key)
    error: LuoshiError | None = None
    if request.method == "POST":
        try:
            _second_act(request, seen.item.key, request.POST.get("act", ""))
            return HttpResponseRedirect(reverse("review-second", args=[seen.item.key]), status=303)
        except LuoshiError as refused:
            error, seen = refused, _Seen(request, key)
    ticked = set(request.POST.getlist("tick"))
    waiting = review_queries.to_confirm(seen.items)
    context = _changing(seen, "") | {
        "page_title": _("第二人确认"),
        "crumbs": [*_crumbs(seen.item)[:2], {"title": _("核对"), "href": reverse("review", args=[seen.item.key])}],
        "instrument": _head(seen.item),
        "rows": [_waiting_row(seen, one, ticked) for one in waiting],
        "pair": _pair(seen),
        "error": _shown(error) if error else None,
        "review_href": reverse("review", args=[seen.item.key]),
        "sign": seen.review.stage == Review.Stage.SENT,
    }
    return page(request, "site/review_second.html", context, status=error.http_status if error else 200)


def _second_act(request: HttpRequest, key: str, act: str) -> None:
    actor, data = actor_of(request), request.POST
    if act == "confirm":
        parts = (tick.partition(":") for tick in data.getlist("tick"))
        ticks = [Tick(anchor, _number(version)) for anchor, _colon, version in parts]
        review_actions.confirm(actor=actor, key=key, ticks=ticks)
        return
    one = review_queries.item_of(review_queries.items(review_queries.reviewed(key)), data.get("anchor", ""))
    common: dict[str, Any] = {
        "actor": actor, "key": key, "anchor": one.anchor, "version": _number(data.get("version", "")),
    }  # fmt: skip
    if act == "back":
        review_actions.send_back(**common, note_text=data.get("note", ""))
    elif act == "settle":
        decision, content = reviewing.chosen(_undoubted(one), data.get("choice", ""))
        review_actions.settle(**common, decision=decision, content=content)
    else:
        raise LuoshiError("E_INPUT", _("没有说要做什么。"))


def _undoubted(one: Item) -> Item:
    """Return the item as it was before it was left in doubt: its choices are those of the reading."""
    return Item(one.reading, None) if one.reading else one


def _waiting_row(seen: _Seen, one: Item, ticked: set[str]) -> dict[str, Any]:
    doubtful = one.decision == "doubtful"
    choices = review_queries.choices(_undoubted(one)) if doubtful else []
    value = f"{one.anchor}:{one.version}"
    actor = actor_of(seen.request)
    own = one.record is not None and one.record.decided_by in actor.hands
    return reviewing.card(one, seen.item, seen.on, seen.rights) | {
        "tick": value,
        "ticked": value in ticked,
        "doubtful": doubtful,
        "settle": choices,
        "own": own,
        "cite": present.cite(seen.item, one.clause),
        "href": f"{seen.href(one.clause, r=one.anchor)}#r-{one.anchor}",
    }


def _pair(seen: _Seen) -> dict[str, Any]:
    review, actor = seen.review, actor_of(seen.request)
    return {
        "void": review.voided,
        "first": {
            "name": review.first_name or review.last_name or _("还没有人"),
            "post": _("核对"),
            "at": review.first_at,
            "you": review.first_by is not None and review.first_by in actor.hands,
        },
        "second": {"name": review.second_name, "at": review.second_at,
                   "you": review.second_by is not None and review.second_by in actor.hands},
    }  # fmt: skip


urlpatterns: list[URLPattern] = [
    path("policy/review/", queue, name="review-queue"),
    path("instruments/<str:key>/review", review, name="review"),
    path("instruments/<str:key>/review/decide", decide, name="review-decide"),
    path("instruments/<str:key>/review/add", add, name="review-add"),
    path("instruments/<str:key>/review/send", send, name="review-send"),
    path("instruments/<str:key>/review/second", second, name="review-second"),
]
