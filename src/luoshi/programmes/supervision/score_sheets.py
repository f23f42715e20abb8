"""A run as a workbook from which anybody can reckon every score again: parameters, tasks, counts, scores, all exact."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.programmes.supervision.models import AssessmentLine, AssessmentRun

GROUPS = {"city": "市直部门", "local": "镇区", "other": "企业及其他单位"}
TASKS = ("单位代号", "单位", "最小颗粒", "角色", "权重（基点，精确）", "进度（%，精确）", "最后一日", "完成日",
    "晚（工作日）",
         "按时（1、0.5、0）")  # fmt: skip
COUNTS = (
    ("reports_due", "应填"), ("reports_good", "按时且接受"), ("returned", "退回"), ("spot_failed", "抽查不合格"),
    ("letters", "督办函"), ("circulars", "通报"), ("falsified", "弄虚作假"), ("bonuses", "表扬"),
)  # fmt: skip
SCORES = ("组", "名次", "单位代号", "单位", "得分", "精确值", "完成 C", "按时 T", "填报 R", "质量 Q", "扣分", "加分")
HOW = (
    "C＝Σ权重×进度÷Σ权重；T＝100×Σ权重×按时÷Σ权重；R＝100×按时且接受÷应填（应填为0时不计，其余权重折算）；",
    "Q＝100－退回×quality_return－抽查不合格×quality_spot，不小于0；权重先乘角色系数；",
    "得分＝加权平均－督办函×deduct_letter－通报×deduct_circular－弄虚作假×deduct_falsified",
    "＋min(表扬×bonus_each, bonus_cap)，在0到100之间，四舍五入到两位小数。分数写作“分子/分母”，没有取整。",
)


def workbook(actor: Actor, run: AssessmentRun, rows: Sequence[AssessmentLine]) -> bytes:
    """Return a run's workbook; that it was taken is in the audit trail."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    head = book.add_format({"bold": True, "bg_color": "#E8F0F1", "text_wrap": True})
    _scores(book, head, actor, run, rows)
    parameters = book.add_worksheet("参数")
    parameters.write_row(0, 0, ("代号", "名称", "值", "起", "条款", "来源"), head)
    for at, (name, row) in enumerate(run.parameters.items(), 1):
        for n, value in enumerate(
            (name, row["title"], row["value"], row["from"], row["citation"] or "", row["source"])
        ):
            parameters.write_string(at, n, str(value))
    parameters.set_column(0, 5, 20)
    tasks = book.add_worksheet("最小颗粒")
    tasks.write_row(0, 0, TASKS, head)
    at = 0
    for line in rows:
        for leaf in line.inputs["leaves"]:
            at += 1
            words = (line.organ, line.name, leaf["code"], leaf["role"], leaf["weight"], leaf["actual"], leaf["due"],
                     leaf["completed_on"] or "", leaf["late_wd"], leaf["tau"])  # fmt: skip
            for n, value in enumerate(words):
                tasks.write_string(at, n, str(value))
    tasks.set_column(0, 9, 16)
    counts = book.add_worksheet("计数")
    counts.write_row(0, 0, ("单位代号", "单位", *(title for _key, title in COUNTS)), head)
    for at, line in enumerate(rows, 1):
        counts.write_string(at, 0, line.organ)
        counts.write_string(at, 1, line.name)
        for n, (key, _title) in enumerate(COUNTS, 2):
            counts.write_number(at, n, line.inputs["counts"][key])
    counts.set_column(0, 9, 14)
    book.close()
    audit.append(actor=actor, act="work.score_export", subject=f"assessment:{run.pk}", permission="work.see",
                 after={"rows": len(rows)})  # fmt: skip
    return out.getvalue()


def _scores(book: Any, head: Any, actor: Actor, run: AssessmentRun, rows: Sequence[AssessmentLine]) -> None:
    sheet = book.add_worksheet("得分")
    said = f"{run.plan.title} {run.get_kind_display()}，{run.after}之后到{run.until}，第{run.seq}次"
    said += f"，{run.get_state_display()}"
    sheet.write(0, 0, f"{said}；{CLOCK.now():%Y-%m-%d %H:%M} {actor.name} 导出；摘要 {run.digest}")
    for n, text in enumerate(HOW, 1):
        sheet.write(n, 0, text)
    top = len(HOW) + 1
    sheet.write_row(top, 0, SCORES, head)
    for at, line in enumerate(rows, top + 1):
        parts = line.parts
        words = (GROUPS[line.group], "" if line.rank is None else str(line.rank), line.organ, line.name,
                 "" if line.score is None else str(line.score), line.exact,
                 *(str(parts.get(name) or "") for name in ("C", "T", "R", "Q", "deductions", "bonus")))  # fmt: skip
        for n, value in enumerate(words):
            sheet.write_string(at, n, value)
    sheet.freeze_panes(top + 1, 4)
    sheet.set_column(0, 11, 13)
