"""The acts on a matter as forms: words, what will happen, what was typed, and the office's action behind each."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, matter_actions, matter_reports, matter_steps, versions, workdays
from luoshi.office.duties.lights import in_time
from luoshi.office.duties.matter_models import CrossOff, Matter, PauseKind
from luoshi.office.duties.matter_queries import MatterDetail
from luoshi.office.organs.directory import load_data
from luoshi.site.present import day_words

Run = Callable[[Actor, Matter, QueryDict, Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: `needs` is its name in `MatterDetail.may`, `words` its button, `said` what is said when it is done."""

    key: str
    needs: str
    title: str | Promise
    words: str | Promise
    said: str | Promise
    icon: str
    run: Run
    primary: bool = False


def _text(data: QueryDict, name: str, most: int = 2100) -> str:
    return data.get(name, "").replace("\0", "").strip()[:most]


def _date(data: QueryDict, name: str, label: str, *, required: bool = True) -> datetime.date | None:
    text = _text(data, name, 20)
    if not text and not required:
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise LuoshiError("E_INPUT", _("“%s”请填日期，如 2026-11-30。") % label, fields={"field": name}) from None


def _kept(data: QueryDict, with_version: bool = True) -> dict[str, Any]:
    version = _text(data, "version", 12)
    found: dict[str, Any] = {"key": _text(data, "key", 60)}
    return found | ({"version": int(version) if version.isdecimal() else None} if with_version else {})


def uploads(files: Mapping[str, Any]) -> list[matter_actions.Upload]:
    """Return the files of a form with their bytes; E_TOO_LARGE before anything is read."""
    given: list[UploadedFile[bytes]] = files.getlist("evidence") if hasattr(files, "getlist") else []
    bound = settings.UPLOAD_BYTES
    for one in given:
        if (one.size or 0) > bound:
            raise LuoshiError(
                "E_TOO_LARGE",
                _("“%(name)s”超过上限 %(n)d MB。请压缩或拆分后再传。") % {"name": one.name, "n": bound // 1024 // 1024},
                fields={"field": "evidence"},
            )
    return [(one.name or "", one.read()) for one in given[: matter_actions.EVIDENCE_FILES + 1]]


def _report(actor: Actor, matter: Matter, data: QueryDict, files: Mapping[str, Any]) -> Any:
    made = matter_actions.report_progress(
        actor=actor,
        matter=matter.pk,
        narrative=_text(data, "narrative"),
        percent=_text(data, "percent", 20) or None,
        value=_text(data, "value", 30) or None,
        stage=_text(data, "stage", 61),
        obstacles=_text(data, "obstacles"),
        help_from=_text(data, "help_from", 80),
        help_text=_text(data, "help_text", 1100),
        evidence=uploads(files),
        period=_text(data, "period", 16),
        reason=_text(data, "reason", 1000),
        **_kept(data),
    )
    if data.get("then") == "submit":
        try:
            matter_actions.submit_for_check(actor=actor, matter=matter.pk, key=f"{_text(data, 'key', 50)}:then")
        except LuoshiError as error:
            raise LuoshiError(error.code, _("进展已存好。%s") % error.message, fields={"saved": True}) from error
    return made


def _submit(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_actions.submit_for_check(actor=actor, matter=matter.pk, note=_text(data, "note", 300), **_kept(data))


def _accept(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    if data.get("seen") != "1":
        raise LuoshiError("E_INCOMPLETE", _("请先看填报内容和证据，再勾选“已看过”。"), fields={"field": "seen"})
    return matter_actions.accept_and_cross_off(
        actor=actor, matter=matter.pk, note=_text(data, "note", 1000), **_kept(data)
    )


def _return(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_actions.return_matter(
        actor=actor, matter=matter.pk, reason=_text(data, "reason"), formal=data.get("formal") == "1", **_kept(data)
    )


def _accept_report(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_reports.accept_report(actor=actor, matter=matter.pk, note=_text(data, "note", 1000), **_kept(data))


def _return_report(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_reports.return_report(actor=actor, matter=matter.pk, reason=_text(data, "reason"), **_kept(data))


def _reopen(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_actions.reopen(actor=actor, matter=matter.pk, reason=_text(data, "reason"), **_kept(data))


def _pause(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_steps.pause(
        actor=actor,
        matter=matter.pk,
        kind=_text(data, "kind", 20),
        reason=_text(data, "reason"),
        expected_end=_date(data, "expected_end", _("预计恢复日"), required=False),
        **_kept(data),
    )


def _resume(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_steps.resume(actor=actor, matter=matter.pk, **_kept(data))


def _extend(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    day = _date(data, "new_due", _("延到哪一天"))
    assert day is not None
    return matter_steps.ask_extension(
        actor=actor, matter=matter.pk, new_due=day, reason=_text(data, "reason"), **_kept(data)
    )


def _grant(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_steps.decide_extension(
        actor=actor,
        matter=matter.pk,
        grant=data.get("decision") == "grant",
        reason=_text(data, "reason"),
        **_kept(data),
    )


def _assign(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    user = _text(data, "user", 15)
    if not user.isdecimal():
        raise LuoshiError("E_INPUT", _("请选一个人。"), fields={"field": "user"})
    return matter_steps.assign(actor=actor, matter=matter.pk, user=int(user), **_kept(data))


def _remind(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return matter_steps.remind(actor=actor, matter=matter.pk, text=_text(data, "text", 300), **_kept(data, False))


def _settle(actor: Actor, matter: Matter, data: QueryDict, _files: Mapping[str, Any]) -> Any:
    return versions.settle_changed_matter(
        actor=actor,
        matter=matter.pk,
        decision=_text(data, "decision", 10),
        reason=_text(data, "reason"),
        **_kept(data),
    )


ACTS: Mapping[str, Act] = {
    act.key: act
    for act in (
        Act(
            "report",
            "report",
            gettext_lazy("填报进展"),
            gettext_lazy("存下这次进展"),
            gettext_lazy("进展已存，期限不变。"),
            "edit",
            _report,
            primary=True,
        ),
        Act(
            "submit",
            "submit",
            gettext_lazy("送核验"),
            gettext_lazy("送市政府办督查核验"),
            gettext_lazy("已送市政府办督查核验，期限不变；是否按期以收到的时刻为准。"),
            "send",
            _submit,
            primary=True,
        ),
        Act(
            "accept_report",
            "review_report",
            gettext_lazy("接受填报"),
            gettext_lazy("接受这次填报"),
            gettext_lazy("填报已接受，从现在起算数。"),
            "checks",
            _accept_report,
            primary=True,
        ),
        Act(
            "return_report",
            "review_report",
            gettext_lazy("退回填报"),
            gettext_lazy("退回这次填报"),
            gettext_lazy("填报已退回，理由已送办理人，期限不变。"),
            "arrow-back-up",
            _return_report,
        ),
        Act(
            "accept",
            "check",
            gettext_lazy("接受并销号"),
            gettext_lazy("接受并销号"),
            gettext_lazy("已核验销号。"),
            "circle-check",
            _accept,
            primary=True,
        ),
        Act(
            "return",
            "check",
            gettext_lazy("退回（写理由）"),
            gettext_lazy("退回办理人"),
            gettext_lazy("已退回，理由已送办理人，期限不变。"),
            "arrow-back-up",
            _return,
        ),
        Act(
            "reopen",
            "reopen",
            gettext_lazy("重新打开"),
            gettext_lazy("重新打开这件事项"),
            gettext_lazy("已重新打开，交回办理人。"),
            "lock-open",
            _reopen,
        ),
        Act(
            "decide_extension",
            "decide_extension",
            gettext_lazy("批延期"),
            gettext_lazy("同意延期"),
            gettext_lazy("延期申请已批复，结果见下。"),
            "calendar-check",
            _grant,
            primary=True,
        ),
        Act(
            "ask_extension",
            "ask_extension",
            gettext_lazy("申请延期"),
            gettext_lazy("送督查批延期"),
            gettext_lazy("延期申请已送审批，批下来以前期限不变。"),
            "calendar-plus",
            _extend,
        ),
        Act(
            "assign",
            "assign",
            gettext_lazy("指定办理人"),
            gettext_lazy("交这个人办"),
            gettext_lazy("已交办，办理人收到了消息。"),
            "user-check",
            _assign,
        ),
        Act(
            "remind",
            "remind",
            gettext_lazy("催办"),
            gettext_lazy("催办一次"),
            gettext_lazy("已催办，办理人收到了消息，期限不变。"),
            "bell-ringing",
            _remind,
        ),
        Act(
            "pause",
            "pause",
            gettext_lazy("停表"),
            gettext_lazy("从今天停表"),
            gettext_lazy("已停表，期限从明天起不走。"),
            "player-pause",
            _pause,
        ),
        Act(
            "resume",
            "resume",
            gettext_lazy("恢复计时"),
            gettext_lazy("恢复计时"),
            gettext_lazy("已恢复计时，期限已顺延。"),
            "player-play",
            _resume,
            primary=True,
        ),
        Act(
            "settle",
            "settle",
            gettext_lazy("决定新旧版"),
            gettext_lazy("按这样办"),
            gettext_lazy("已定。"),
            "arrows-diff",
            _settle,
        ),
    )
}
"""In the order of the bar of acts."""


def offered(detail: MatterDetail) -> list[Act]:
    """Return the acts that state and roles leave open."""
    return [act for act in ACTS.values() if act.needs in detail.may]


def consequence(act: Act, detail: MatterDetail, actor: Actor, day: datetime.date) -> list[str]:
    """Return what will happen, in sentences, before it is done."""
    matter = detail.matter
    holder = matter.holder.name if matter.holder is not None else detail.holding.organ_title or _("责任单位")
    due = day_words(matter.due_on, day) if matter.due_on else _("未写时限")
    if act.key == "submit":
        late = "" if in_time(matter, CLOCK.now()) else _("现在已过期限，按逾期记")
        found = [
            _("交到市政府办督查手上，期限 %s 不变") % due,
            _("是否按期以现在收到的时刻为准"),
            _("核验前不能再填报"),
            late,
        ]
    elif act.key == "accept":
        found = [_finish(matter, detail.checks, day), _("事项离开在办清单，%s收到消息") % holder]
        found.append(_("以后要改，只能由督查写明理由重新打开，原来的记录都留着"))
    elif act.key == "return":
        found = [_("事项回到%s手上，期限 %s 不变") % (holder, due), _("只勾“形式”时，第一次送来的时刻仍算数")]
    elif act.key == "accept_report":
        found = [_("填报的数从现在起算数，进展和灯照它重算"), _("期限 %s 不变") % due]
    elif act.key == "return_report":
        found = [_("填报回到%s手上，上次接受的数不变") % holder, _("退回的填报计入责任单位的工作质量分")]
    elif act.key == "reopen":
        found = [_("事项回到%s手上，重新计入在办") % holder, _("原来的核验记录留着，写明何人何时为何重开")]
    elif act.key == "pause":
        found = [_("今天照计，从明天起不计，直到恢复那天（含）"), _("%s收到消息") % holder]
    elif act.key == "resume":
        days = next(((day - stop.begins).days for stop in detail.pauses if stop.ends is None), 0)
        moved = matter.due_on + datetime.timedelta(days=days) if matter.due_on else None
        found = [_("扣除停表 %d 日") % max(days, 0)]
        found += [_("期限由 %(old)s 顺延到 %(new)s") % {"old": due, "new": day_words(moved, day)}] if moved else []
    elif act.key == "ask_extension":
        found = [_("批下来以前期限 %s 不变") % due, _("至多延 60 日，只能延一次")]
    elif act.key == "decide_extension":
        asked = next((row for row in detail.extensions if not row.decision), None)
        new = day_words(asked.new_due, day) if asked else ""
        found = [_("同意：期限由 %(old)s 延到 %(new)s") % {"old": due, "new": new}, _("不同意：须写理由，期限不变")]
    elif act.key == "remind":
        found = [
            _("%(who)s收到消息；这是第 %(n)d 次催办") % {"who": holder, "n": matter.reminders + 1},
            _("期限和版本不变"),
        ]
    elif act.key == "assign":
        found = [_("从现在起在所选的人手上，他收到消息"), _("期限 %s 不变") % due]
    elif act.key == "settle":
        found = [
            _("转入：事项改按新版的条文、期限办"),
            _("按原版办完：条文和期限都不变"),
            _("撤回：不再要求，记录留着"),
        ]
    else:
        found = []
    return [sentence for sentence in found if sentence]


def _finish(matter: Matter, checks: list[CrossOff], day: datetime.date) -> str:
    check = next((row for row in checks if not row.decision), None)
    if check is None:
        return _("事项销号")
    when = day_words(day_of(check.effective_at), day)
    if in_time(matter, check.effective_at):
        return _("事项销号，完成日记为 %s，按期") % when
    late = workdays.after(matter.due_on, day_of(check.effective_at)) if matter.due_on else 0
    return _("事项销号，完成日记为 %(day)s，晚 %(n)d 个工作日") % {"day": when, "n": late}


def form_context(act: Act, detail: MatterDetail, data: Mapping[str, str], actor: Actor) -> dict[str, Any]:
    """Return what the form of an act shows besides what was typed."""
    matter = detail.matter
    found: dict[str, Any] = {"act": act, "values": defaults(act, detail) | dict(data)}
    if act.key == "report":
        found["helpers"] = [("", _("不需要")), *organ_options(matter.organ)]
        found["has_value"] = matter.target_value is not None
        found["can_submit"] = True
    if act.key == "assign":
        found["people"] = [(row.user_id, f"{row.user.name}（{row.get_role_display()}）")
                           for row in matter_steps.candidates(matter)]  # fmt: skip
    if act.key == "pause":
        found["kinds"] = [("", _("请选一项")), *PauseKind.choices]
    if act.key == "decide_extension":
        found["asked"] = next((row for row in detail.extensions if not row.decision), None)
    if act.key in ("accept", "return"):
        found["check"] = next((row for row in detail.checks if not row.decision), None)
    return found


def defaults(act: Act, detail: MatterDetail) -> dict[str, str]:
    """Return what a fresh form begins with."""
    matter = detail.matter
    if act.key == "report":
        value = f"{matter.value.normalize():f}" if matter.value is not None else ""
        percent = "" if matter.target_value is not None else f"{matter.percent_bp / 100:g}"
        return {"percent": percent, "value": value, "stage": matter.stage, "period": f"{CLOCK.today():%Y-%m}"}
    if act.key == "assign":
        return {"user": str(matter.holder_id or "")}
    return {}


def organ_options(own: str) -> list[tuple[str, str]]:
    """Return the organs one may ask for help, by slug and name, without the asking one."""
    slugs = [str(row["slug"]) for row in load_data()["organs"] if row["slug"] != own]
    return list(concern.titles(slugs).items())


def typed(request: HttpRequest) -> dict[str, str]:
    """Return what was typed into the form, so that nothing is lost when it is shown again."""
    left_out = ("csrfmiddlewaretoken", "version", "key")
    return {name: request.POST[name][:2100] for name in request.POST if name not in left_out}
