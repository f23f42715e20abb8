"""The forms of section 11 that are printed from what is kept: 销号申请表, 延期申请, 督办回复, 年度总结表.

They are set by the office's kinds of paper, so their words can be changed there; nothing is stored by printing one.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.duties.lights import progress, shown
from luoshi.office.duties.matter_models import CrossOff, Extension, Matter
from luoshi.office.notices import content, facts, templates
from luoshi.office.notices.content import Paper
from luoshi.programmes.supervision.crossing import leaf_of
from luoshi.programmes.supervision.models import AnnualReview, CoopConfirmation, CrossOffRequest, SupervisionLetter
from luoshi.programmes.supervision.reviewing import fields_of

FORMS = ("pdf", "docx")


def paper(
    kind: str, fields: Mapping[str, Any], *, organ: str = "", on: datetime.date | None = None, dated: bool = True,
    signer: str = "", watermark: str = "",
) -> Paper:  # fmt: skip
    """Return a paper of this room set from its fields; `on` is the day it bears. E_INPUT, E_NOT_FOUND."""
    day = on or CLOCK.today()
    words = templates.on_day(f"supervision.{kind}", day)
    values = facts.plain(words.kind.fields, fields, day)
    text = content.compose(words.kind, values, on=day, organ=organ)
    return content.paper(
        text.content,
        text.title,
        dated=day if dated else None,
        signer=signer,
        watermark=watermark,
        marks=["演示数据"] if settings.DEMO else [],
    )


def rendered(found: Paper, form: str) -> tuple[bytes, str]:
    """Return a paper as a file with its media type; `form` pdf or docx. E_NOT_FOUND."""
    if form == "pdf":
        from luoshi.office.notices import pdf

        return pdf.render(found), "application/pdf"
    if form == "docx":
        from luoshi.office.notices import word

        return word.render(found), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    raise LuoshiError("E_NOT_FOUND", "文书只有 PDF 和 Word 两种。")


def _at(moment: datetime.datetime | None, who: str) -> str:
    if moment is None:
        return ""
    at = local(moment)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M} {who}".strip()


def of_matter(matter: Matter, what: str, pk: int) -> Paper:
    """Return a form of a smallest task: `crossing` by check, `extension` by request. E_NOT_FOUND."""
    if what == "crossing" and (check := CrossOff.objects.filter(matter=matter, pk=pk).first()) is not None:
        return _crossing(matter, check)
    if what == "extension" and (asked := Extension.objects.filter(matter=matter, pk=pk).first()) is not None:
        return _extension(matter, asked)
    raise LuoshiError("E_NOT_FOUND", "没有这份申请。")


def _crossing(matter: Matter, check: CrossOff) -> Paper:
    request = CrossOffRequest.objects.filter(check_of=check).first()
    leaf = leaf_of(matter)
    report, unit = check.report, matter.target_unit
    value = f"{report.value.normalize():f}{unit}" if report.value is not None else f"{report.percent_bp / 100:g}%"
    target = f"{matter.target_value.normalize():f}{unit}" if matter.target_value is not None else matter.target_text
    decided = check.get_decision_display() if check.decision else ""
    item = leaf.node.item if leaf is not None else None
    led = ""
    if item is not None and item.crossed_off_at is not None:
        led = _at(item.crossed_off_at, f"{concern.title(item.leader_organ)}{item.leader_post} 同意事项销号")
    fields = {
        "number": matter.external_id, "task": matter.title, "lead": matter.organ, "target": target or "完成",
        "reached": value, "submitted": _at(check.submitted_at, check.submitter.name if check.submitter else ""),
        "head": _at(request.signed_at, request.signed_name) if request is not None else "",
        "coops": [
            {"organ": one.organ, "words": _spoken(one)} for one in check.confirmations.order_by("pk")
        ],
        "files": [{"name": one["name"], "digest": one["digest"][:16]} for one in check.snapshot],
        "verdict": f"{decided}{'：' + check.reason if check.reason else ''}",
        "leader": led,
    }  # fmt: skip
    return paper("crossing_form", fields, organ=matter.organ, on=day_of(check.submitted_at))


def _spoken(one: CoopConfirmation) -> str:
    words = str(one.get_state_display())
    if one.reason:
        words += f"：{one.reason}"
    if one.overruled_why:
        words += f"（不采纳：{one.overruled_why}）"
    return words


def _extension(matter: Matter, asked: Extension) -> Paper:
    verdict = ""
    if asked.decision:
        who = asked.decided_by.name if asked.decided_by is not None else ""
        verdict = f"{asked.get_decision_display()}{'：' + asked.decision_reason if asked.decision_reason else ''}"
        verdict = f"{verdict} {_at(asked.decided_at, who)}"
    fields = {
        "number": matter.external_id, "task": matter.title, "lead": matter.organ, "old_due": asked.old_due,
        "new_due": asked.new_due, "reached": f"{shown(progress(matter))}%", "reason": asked.reason,
        "asked": _at(asked.asked_at, asked.asked_by.name if asked.asked_by is not None else ""), "verdict": verdict,
    }  # fmt: skip
    return paper("extension_form", fields, organ=matter.organ, on=day_of(asked.asked_at))


def of_reply(row: SupervisionLetter) -> Paper:
    """Return the organ's reply to a letter. E_STATE before it has replied."""
    if row.replied_at is None:
        raise LuoshiError("E_STATE", "这份督办函还没有回复。")
    fields = {
        "letter": row.number, "done": row.done, "why": row.why, "following": row.following,
        "finish_by": row.finish_by,
    }  # fmt: skip
    return paper("letter_reply", fields, organ=row.organ, on=day_of(row.replied_at), signer=row.replied_name)


def of_review(row: AnnualReview) -> Paper:
    """Return the report of an annual review: as it was signed, before that a draft."""
    if row.notice is not None:
        return content.printed(row.notice)
    return paper("annual_review", fields_of(row), dated=False, watermark="草稿")
