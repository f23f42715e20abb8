"""Pages of the plan: loading, names, activation; an item with its text, organs, targets, tree; Excel in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.instruments import spool
from luoshi.office.permissions import may
from luoshi.office.web import actor_of, attachment, needs, page, status_of
from luoshi.programmes.supervision import (
    board,
    crossing,
    plan_actions,
    plan_import,
    plan_jobs,
    plan_queries,
    plan_sheets,
    seeing,
    works,
)
from luoshi.programmes.supervision.models import EVIDENCE, KeyItem, Leaf, Node, Plan, Target

_FIELDS = (
    "title", "kind", "weight", "start", "due", "organ", "post", "deliverable", "target", "baseline", "target_value",
    "unit", "cycle", "planned_points", "place",
)  # fmt: skip
_CHECKED = {
    "chapters": gettext_lazy("章"),
    "items": gettext_lazy("重点事项"),
    "lead_organs": gettext_lazy("责任单位（家）"),
    "lead_mentions": gettext_lazy("责任单位（次）"),
    "coop_organs": gettext_lazy("配合单位（家）"),
    "wildcards": gettext_lazy("统称（种）"),
    "coop_mentions": gettext_lazy("配合单位（次）"),
    "several_leads": gettext_lazy("不止一个责任单位的"),
    "without_coop": gettext_lazy("没有配合单位的"),
    "targets": gettext_lazy("目标"),
    "unresolved": gettext_lazy("未认定名称"),
}


def crumbs(*more: tuple[str, str]) -> list[dict[str, str]]:
    """Return the way back to the board."""
    return [
        {"title": _("重点工作"), "href": reverse("supervision")},
        *({"title": title, "href": href} for title, href in more),
    ]


def plan_href(plan: Plan) -> str:
    """Return the page of a plan: of the key works outside the plan the list of its year."""
    if plan.outside:
        return f"{reverse('supervision-works')}?year={plan.year}"
    return reverse("supervision-plan", args=[plan.year])


def _version(request: HttpRequest) -> int | None:
    text = request.POST.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _back(address: str) -> HttpResponse:
    return HttpResponseRedirect(address, status=303)


# --- the plan ---------------------------------------------------------------------------------------------------------


@needs("work.see")
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The newest plan, or the form that loads the first."""
    newest = Plan.objects.filter(kind=Plan.Kind.WORK_POINTS).order_by("-year").first()
    if newest is not None:
        return HttpResponseRedirect(reverse("supervision-plan", args=[newest.year]))
    return _plan_page(request, None)


@needs("work.see")
@require_safe
def plan_page(request: HttpRequest, year: int) -> HttpResponse:
    """A plan: what was loaded, names to be read, items by chapter, what stands in the way of activation."""
    return _plan_page(request, plan_queries.plan_of(year))


def _plan_page(request: HttpRequest, plan: Plan | None, error: LuoshiError | None = None) -> HttpResponse:
    actor = actor_of(request)
    seen_all = seeing.organs(actor) is None
    context: dict[str, Any] = {
        "page_title": plan.title if plan else _("年度计划"),
        "crumbs": crumbs((_("年度计划"), "")),
        "plan": plan,
        "error": error,
        "reasons": error.fields.get("reasons", []) if error else [],
        "loadable": plan_queries.loadable() if may(actor, "work.plan") else [],
        "may_plan": may(actor, "work.plan"),
    }
    if plan is not None:
        faults = plan_actions.activation_faults(plan) if plan.status == Plan.Status.LOADING and seen_all else []
        check = plan_import.load_check(plan) if seen_all else {}
        context |= {
            "chapters": plan_queries.overview(actor, plan),
            "plans": list(Plan.objects.filter(kind=plan.kind).order_by("-year").values_list("year", flat=True)),
            "check": [{"word": _CHECKED[key], "value": value} for key, value in check.items()],
            "faults": faults,
            "misread": [
                {"item": item, "entry": one}
                for item in plan.items.filter(organs__resolution="unresolved").order_by("seq").distinct()
                for one in plan_queries.organs_of(item)
                if one["resolution"] == "unresolved"
            ]
            if seen_all
            else [],
            "organs": _every_organ(),
            "may_activate": may(actor, "work.activate", [concern.GOVERNMENT_OFFICE])
            and plan.status == Plan.Status.LOADING,
            "user": actor.user_id,
        }
    return page(request, "supervision/plan.html", context, status=status_of(error))


def _every_organ() -> list[tuple[str, str]]:
    from luoshi.programmes.supervision.decisions.marks import organ_names

    return sorted(organ_names().items(), key=lambda one: one[1])


@needs("work.plan")
@require_POST
def load(request: HttpRequest) -> HttpResponse:
    """Read work points of the library into the plan of their year."""
    try:
        made = plan_import.load_plan(actor=actor_of(request), key=request.POST.get("instrument", ""))
    except LuoshiError as refusal:
        known = refusal.fields.get("plan")
        return _plan_page(request, Plan.objects.filter(pk=known).first() if known else None, refusal)
    return _back(reverse("supervision-plan", args=[made.year]))


@needs("work.activate")
@require_POST
def activate(request: HttpRequest, year: int) -> HttpResponse:
    """Activate a plan, a large one as a job with its progress bar, or say what stands in the way."""
    plan = plan_queries.plan_of(year)
    try:
        if not plan_jobs.at_once(plan):
            job = plan_jobs.later(actor=actor_of(request), plan=plan, version=_version(request))
            return _back(reverse("job", args=[job.pk]))
        plan_actions.activate(actor=actor_of(request), plan=plan.pk, version=_version(request))
    except LuoshiError as refusal:
        return _plan_page(request, plan, refusal)
    return _back(reverse("supervision-plan", args=[year]))


@needs("work.plan")
@require_http_methods(["GET", "HEAD", "POST"])
def settle(request: HttpRequest, year: int) -> HttpResponse:
    """A row for each item: who leads it, what it weighs, whether the public sees it."""
    plan, error = plan_queries.plan_of(year), None
    items = list(plan.items.select_related("chapter").order_by("seq"))
    if request.method == "POST":
        try:
            rows = {
                item.seq: {
                    "leader_post": request.POST.get(f"leader-{item.seq}", ""),
                    "weight_bp": plan_sheets.weight_of(weight)
                    if (weight := request.POST.get(f"weight-{item.seq}", "").strip())
                    else None,
                    "public": request.POST.get(f"public-{item.seq}") == "1",
                }
                for item in items
            }
            plan_actions.settle_items(actor=actor_of(request), plan=plan.pk, rows=rows, version=_version(request))
            return _back(reverse("supervision-plan", args=[year]))
        except LuoshiError as refusal:
            error = refusal
    given = request.POST if error else None
    context = {
        "page_title": _("分包领导、权重和公开"),
        "crumbs": crumbs((plan.title, reverse("supervision-plan", args=[year])), (_("分包领导、权重和公开"), "")),
        "plan": plan,
        "rows": [
            {
                "item": item,
                "leader": given.get(f"leader-{item.seq}", "") if given else item.leader_post,
                "weight": given.get(f"weight-{item.seq}", "")
                if given
                else ("" if item.weight_bp is None else plan_sheets.percent(item.weight_bp)),
                "public": given.get(f"public-{item.seq}") == "1" if given else item.public,
            }
            for item in items
        ],
        "version": request.POST.get("version", plan.version),
        "error": error,
    }
    return page(request, "supervision/plan_settle.html", context, status=status_of(error))


@needs("work.plan")
@require_POST
def reading(request: HttpRequest, year: int, entry: int) -> HttpResponse:
    """Propose how an unread name is read, or decide on what another person proposed."""
    plan, actor, act = plan_queries.plan_of(year), actor_of(request), request.POST.get("act", "")
    try:
        if act == "propose":
            plan_actions.propose_reading(
                actor=actor,
                entry=entry,
                reading=request.POST.get("reading", ""),
                reason=request.POST.get("reason", ""),
            )
        else:
            plan_actions.decide_reading(actor=actor, entry=entry, confirm=act == "confirm")
    except LuoshiError as refusal:
        return _plan_page(request, plan, refusal)
    return _back(reverse("supervision-plan", args=[year]) + "#names")


# --- an item ----------------------------------------------------------------------------------------------------------


@needs("work.see")
@require_safe
def item_page(request: HttpRequest, code: str) -> HttpResponse:
    """An item: its words with the targets marked, who answers, targets, tree, evidence, history."""
    return _item_page(request, plan_queries.item_of(actor_of(request), code))


def _item_page(request: HttpRequest, item: KeyItem, error: LuoshiError | None = None) -> HttpResponse:
    actor, day = actor_of(request), CLOCK.today()
    names = concern.titles([item.leader_organ, *item.concerns.values_list("organ", flat=True)])
    targets = [plan_queries.target_shown(one) for one in item.targets.order_by("seq")]
    may_decompose = plan_actions.may_decompose(actor, item) and item.state == KeyItem.State.OPEN
    waived = list(item.waivers.order_by("id"))
    organs = plan_queries.organs_of(item)
    failures = plan_actions.failures(item) if item.decomposition != KeyItem.Decomposition.APPROVED else []
    found = board.board_of(item.plan, [item], day)
    coop = [one for one in organs if one["role"] == "coop" and one["organ"]]
    context = {
        "page_title": f"{item.number} {item.title}",
        "crumbs": crumbs((item.plan.title, plan_href(item.plan)), (item.code, "")),
        "item": item,
        "may_set": item.plan.outside and item.state == KeyItem.State.OPEN and works.may_set(actor),
        "may_withdraw": item.plan.outside and item.state == KeyItem.State.OPEN and plan_queries.may_lead(actor, item),
        "tile": found.everything[0] if found.everything else None,
        "percent": plan_queries.shown_percent(item.actual),
        "text": plan_queries.marked(item, targets),
        "organs": organs,
        "leader": names.get(item.leader_organ, item.leader_organ),
        "targets": targets,
        "waived": [{"row": one, "name": names.get(one.organ, one.organ)} for one in waived],
        "waivable": [one for one in coop if one["organ"] not in {row.organ for row in waived}],
        "tree": plan_queries.tree_of(item, day),
        "failures": failures,
        "evidence": plan_queries.evidence_of(item),
        "events": [
            {"at": f"{one.at.astimezone(CLOCK.now().tzinfo):%Y-%m-%d %H:%M}", "words": one.text, "note": one.who}
            for one in plan_queries.log_of(item)
        ],
        "towns": sorted(concern.titles(concern.expand("各镇区")).items(), key=lambda one: one[1]),
        "comparators": Target.Comparator.choices,
        "may_decompose": may_decompose,
        "may_change": may_decompose and item.decomposition != KeyItem.Decomposition.PROPOSED,
        "may_plan": may(actor, "work.plan"),
        "may_lead": plan_queries.may_lead(actor, item),
        "may_cross_off": plan_queries.may_lead(actor, item)
        and item.state == KeyItem.State.OPEN
        and not crossing.item_missing(item),
        "error": error,
        "typed": request.POST if error else {},
        "wrong": error.fields.get("failures", []) if error else [],
    }
    return page(request, "supervision/item.html", context, status=status_of(error))


@needs("work.see")
@require_POST
def item_act(request: HttpRequest, code: str, act: str) -> HttpResponse:
    """Do one act on an item: propose, approve, send back, waive, designate, add a target, cross off."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    try:
        _do(actor, item, act, request)
    except LuoshiError as refusal:
        if refusal.code in ("E_FORBIDDEN", "E_NOT_FOUND"):
            raise
        return _item_page(request, item, refusal)
    return _back(reverse("supervision-item", args=[item.code]))


def _do(actor: Actor, item: KeyItem, act: str, request: HttpRequest) -> None:
    given, version = request.POST, _version(request)
    if act == "propose":
        plan_actions.propose(actor=actor, item=item.pk, version=version)
    elif act == "approve":
        plan_actions.approve(actor=actor, item=item.pk, version=version)
    elif act == "send-back":
        plan_actions.send_back(actor=actor, item=item.pk, reason=given.get("reason", ""), version=version)
    elif act == "waive":
        plan_actions.waive(
            actor=actor, item=item.pk, organ=given.get("organ", ""), reason=given.get("reason", ""), version=version
        )
    elif act == "designate":
        entry = given.get("entry", "")
        plan_actions.designate(
            actor=actor,
            entry=int(entry) if entry.isdecimal() and item.organs.filter(pk=entry).exists() else 0,
            members=given.getlist("members"),
            none_reason=given.get("none_reason", ""),
            version=version,
        )
    elif act == "target":
        plan_actions.add_target(
            actor=actor,
            item=item.pk,
            comparator=given.get("comparator", ">="),
            due=plan_sheets.day(given.get("due", ""), "due"),
            context=given.get("context") == "1",
            **{name: given.get(name, "") for name in ("name", "value", "upper", "unit", "scope")},
        )
    elif act == "cross-off":
        crossing.cross_off_item(actor=actor, item=item.pk, note=given.get("note", ""), version=version)
    else:
        raise LuoshiError("E_NOT_FOUND", _("没有这个办理步骤。"))


# --- a node -----------------------------------------------------------------------------------------------------------


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def node_form(request: HttpRequest, code: str, node: str = "") -> HttpResponse:
    """Add a node (`?parent=`), or change one: title, weight, days, and of a smallest task all that it has."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    plan_actions.require_decomposer(actor, item)
    row = Node.objects.filter(item=item, code=node, ended_at=None).select_related("leaf__target").first()
    if node and row is None:
        raise LuoshiError("E_NOT_FOUND", _("没有这个节点。"))
    parent = request.POST.get("parent", request.GET.get("parent", ""))[:30]
    errors: dict[str, str] = {}
    error = None
    if request.method == "POST":
        try:
            if errors := _blank(request.POST):
                raise LuoshiError("E_INPUT", _("请把必填的填上。"))
            values = row_of(request.POST, item)
            plan_actions.save_node(
                actor=actor, item=item.pk, code=node, parent="" if node else parent, row=values,
                version=_version(request),
            )  # fmt: skip
            return _back(reverse("supervision-item", args=[item.code]) + "#tree")
        except LuoshiError as refusal:
            error = refusal
            field = {"weight_bp": "weight"}.get(str(refusal.fields.get("field", "")), refusal.fields.get("field", ""))
            errors = errors or {str(field) if field in _FIELDS else "": refusal.message}
    organs = item.concerns.order_by("-role", "id").values_list("organ", flat=True)
    context = {
        "page_title": _("改任务") if node else _("增加任务"),
        "crumbs": crumbs((item.code, reverse("supervision-item", args=[item.code])), (node or _("增加任务"), "")),
        "item": item,
        "node": row,
        "parent": parent,
        "above": Node.objects.filter(item=item, code=parent).first() if parent else None,
        "values": dict(request.POST.items()) if error else _shown(row, item),
        "proofs": [
            (key, word, key in (request.POST.getlist("evidence_types") if error else _proofs(row)))
            for key, word in EVIDENCE.items()
        ],
        "kinds": Node.Kind.choices,
        "cycles": Leaf.Cycle.choices,
        "organs": [("", _("请选择")), *concern.titles(organs).items()],
        "targets": [
            ("", _("不对应目标")),
            *((one.code, f"{one.code} {one.name}") for one in item.targets.order_by("seq")),
        ],
        "errors": errors,
        "error": error,
        "version": request.POST.get("version", item.version),
    }
    return page(request, "supervision/plan_node.html", context, status=status_of(error))


def _blank(given: Mapping[str, Any]) -> dict[str, str]:
    """Return for each field that was left empty and may not be a sentence: a smallest task has more of them."""
    needed = {"title": _("任务名称"), "weight": _("权重")}
    if given.get("kind", Node.Kind.LEAF) == Node.Kind.LEAF:
        needed |= {
            "start": _("开始日"), "due": _("完成日"), "organ": _("单位"), "post": _("岗位"), "deliverable": _("成果"),
        }  # fmt: skip
    empty = [name for name in needed if not str(given.get(name, "")).strip()]
    return {name: _("请填%(what)s。") % {"what": needed[name]} for name in empty}


def row_of(given: Mapping[str, Any], item: KeyItem) -> dict[str, Any]:
    """Return a node's values from a form as the tree takes them; E_INPUT names the field."""
    values = {name: str(given.get(name, "")).strip() for name in _FIELDS}
    listed = getattr(given, "getlist", None)
    proofs = listed("evidence_types") if listed else list(given.get("evidence_types", ()))
    return values | {
        "weight_bp": plan_sheets.weight_of(values["weight"]),
        "start": plan_sheets.day(values["start"], "start"),
        "due": plan_sheets.day(values["due"], "due"),
        "planned_points": plan_sheets.points(values["planned_points"]),
        **plan_sheets.place(values["place"]),
        "evidence_types": proofs,
    }


def _proofs(row: Node | None) -> list[str]:
    return list(row.leaf.evidence_types) if row is not None and row.kind == Node.Kind.LEAF else []


def _shown(row: Node | None, item: KeyItem) -> dict[str, Any]:
    if row is None:
        first = item.begins_on or item.plan.issued_on
        start = max(first, CLOCK.today()) if item.due >= CLOCK.today() else first
        cycle = plan_actions.usual_cycle(item)
        return {"kind": "leaf", "start": start.isoformat(), "due": item.due.isoformat(), "cycle": cycle}
    values: dict[str, Any] = {
        "title": row.title, "kind": row.kind, "weight": plan_sheets.percent(row.weight_bp),
        "start": row.start.isoformat() if row.start else "", "due": row.due.isoformat() if row.due else "",
    }  # fmt: skip
    if row.kind == Node.Kind.LEAF:
        leaf = row.leaf
        values |= {
            "organ": leaf.organ, "post": leaf.post, "deliverable": leaf.deliverable, "unit": leaf.unit,
            "target": leaf.target.code if leaf.target else "", "cycle": leaf.cycle,
            "baseline": "" if leaf.baseline is None else f"{leaf.baseline.normalize():f}",
            "target_value": "" if leaf.target_value is None else f"{leaf.target_value.normalize():f}",
            "planned_points": "；".join(f"{day}:{percent}" for day, percent in leaf.planned_points),
            "place": plan_sheets.place_text(leaf),
        }  # fmt: skip
    return values


@needs("work.see")
@require_POST
def node_end(request: HttpRequest, code: str, node: str) -> HttpResponse:
    """Take a node with all below it out of the tree."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    try:
        plan_actions.remove_node(actor=actor, item=item.pk, code=node, version=_version(request))
    except LuoshiError as refusal:
        if refusal.code in ("E_FORBIDDEN", "E_NOT_FOUND"):
            raise
        return _item_page(request, item, refusal)
    return _back(reverse("supervision-item", args=[item.code]) + "#tree")


# --- Excel ------------------------------------------------------------------------------------------------------------


@needs("work.plan")
@require_safe
def plan_table(request: HttpRequest, year: int) -> HttpResponse:
    """The trees of a whole plan as a table that can be taken in again."""
    plan = plan_queries.plan_of(year)
    return attachment(plan_sheets.workbook(plan, None, actor=actor_of(request)), f"tasks-{year}.xlsx")


@needs("work.plan")
@require_http_methods(["GET", "HEAD", "POST"])
def plan_import_table(request: HttpRequest, year: int, file: str = "") -> HttpResponse:
    """Take a table of nodes of any items of a plan: looked at first, cell by cell, all of it written or nothing."""
    plan = plan_queries.plan_of(year)
    return _taken_in(
        request, plan, None, file, here=reverse("supervision-plan-import", args=[year]),
        back=reverse("supervision-plan", args=[year]), table=reverse("supervision-plan-table", args=[year]),
        title=plan.title,
    )  # fmt: skip


@needs("work.see")
@require_safe
def item_table(request: HttpRequest, code: str) -> HttpResponse:
    """The tree of an item as a table that can be taken in again; an empty tree is the template."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    return attachment(plan_sheets.workbook(item.plan, item, actor=actor), f"tasks-{item.code}.xlsx")


@needs("work.see")
@require_http_methods(["GET", "HEAD", "POST"])
def item_import(request: HttpRequest, code: str, file: str = "") -> HttpResponse:
    """Take a table of nodes: look at what it would do, cell by cell; written only when that is confirmed."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    plan_actions.require_decomposer(actor, item)
    return _taken_in(
        request, item.plan, item, file, here=reverse("supervision-item-import", args=[item.code]),
        back=reverse("supervision-item", args=[item.code]), table=reverse("supervision-item-table", args=[item.code]),
        title=item.code,
    )  # fmt: skip


def _taken_in(
    request: HttpRequest, plan: Plan, item: KeyItem | None, file: str, *, here: str, back: str, table: str, title: str
) -> HttpResponse:
    """Look at a table, of one item or of any of the plan, or write it; `file` names what was sent to be looked at."""
    actor, error = actor_of(request), None
    found: plan_sheets.Planned | None = None
    try:
        upload = request.FILES.get("file")
        if request.method == "POST" and upload is not None:
            name, data = str(upload.name), upload.read()
            plan_sheets.look(actor=actor, plan=plan, item=item, name=name, data=data)
            waiting = spool.keep(name, data)
            return _back(f"{here}{waiting.key}/")
        if request.method == "POST" and not file:
            raise LuoshiError("E_FILE", _("还没有选择文件。请选择填好的表格。"))
        if file:
            kept = spool.take(file)
            found = plan_sheets.look(actor=actor, plan=plan, item=item, name=kept.filename, data=kept.data)
            if request.method == "POST":
                plan_sheets.take_in(
                    actor=actor, plan=plan, item=item, name=kept.filename, data=kept.data,
                    digest=request.POST.get("digest", ""),
                )  # fmt: skip
                return _back(f"{back}#tree" if item is not None else back)
    except LuoshiError as refusal:
        error = refusal
    context = {
        "page_title": _("导入任务分解"),
        "crumbs": crumbs((title, back), (_("导入"), "")),
        "item": item,
        "here": here,
        "table": table,
        "found": found,
        "columns": [title for _name, title, _width in plan_sheets.COLUMNS],
        "error": error,
    }
    return page(request, "supervision/plan_tree_import.html", context, status=status_of(error))


urlpatterns: list[URLPattern] = [
    path("supervision/plan/", home, name="supervision-plans"),
    path("supervision/plan/load/", load, name="supervision-plan-load"),
    path("supervision/plan/<int:year>/", plan_page, name="supervision-plan"),
    path("supervision/plan/<int:year>/activate/", activate, name="supervision-plan-activate"),
    path("supervision/plan/<int:year>/tree.xlsx", plan_table, name="supervision-plan-table"),
    path("supervision/plan/<int:year>/import/", plan_import_table, name="supervision-plan-import"),
    path("supervision/plan/<int:year>/import/<str:file>/", plan_import_table, name="supervision-plan-preview"),
    path("supervision/plan/<int:year>/settle/", settle, name="supervision-plan-settle"),
    path("supervision/plan/<int:year>/reading/<int:entry>/", reading, name="supervision-reading"),
    path("supervision/items/<str:code>/", item_page, name="supervision-item"),
    path("supervision/items/<str:code>/tree.xlsx", item_table, name="supervision-item-table"),
    path("supervision/items/<str:code>/import/", item_import, name="supervision-item-import"),
    path("supervision/items/<str:code>/import/<str:file>/", item_import, name="supervision-item-preview"),
    path("supervision/items/<str:code>/node/", node_form, name="supervision-node-new"),
    path("supervision/items/<str:code>/node/<str:node>/", node_form, name="supervision-node"),
    path("supervision/items/<str:code>/node/<str:node>/end/", node_end, name="supervision-node-end"),
    path("supervision/items/<str:code>/do/<slug:act>/", item_act, name="supervision-item-act"),
]
