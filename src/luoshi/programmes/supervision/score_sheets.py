"""A run as a workbook from which anybody can reckon every score again: parameters, tasks, counts, scores, all exact."""

from __future__ import annotations

from collections.abc import Sequence

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.workbook import Workbook
from luoshi.programmes.supervision.models import AssessmentLine, AssessmentRun

GROUPS = {"city": "市直部门", "local": "镇区", "other": "企业及其他单位"}
TASKS = ("单位代号", "单位", "最小颗粒", "角色", "权重（基点，精确）", "进度（%，精确）", "最后一日", "完成日",
         "晚（工作日）", "按时（1、0.5、0）")  # fmt: skip
PARAMETERS = ("代号", "名称", "值", "起", "条款", "来源")
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
    book = Workbook(run.title)
    said = f"{run.plan.title} {run.get_kind_display()}，{run.after}之后到{run.until}，第{run.seq}次"
    said += f"，{run.get_state_display()}；{CLOCK.now():%Y-%m-%d %H:%M} {actor.name} 导出；摘要 {run.digest}"
    book.table("得分", [(title, 13) for title in SCORES], map(_score, rows), heading=[said, *HOW])
    parameters = (
        (name, row["title"], str(row["value"]), row["from"], row["citation"], row["source"])
        for name, row in run.parameters.items()
    )
    book.table("参数", [(title, 20) for title in PARAMETERS], parameters)
    tasks = (
        (line.organ, line.name, leaf["code"], leaf["role"], leaf["weight"], leaf["actual"], leaf["due"],
         leaf["completed_on"], str(leaf["late_wd"]), leaf["tau"])
        for line in rows
        for leaf in line.inputs["leaves"]
    )  # fmt: skip
    book.table("最小颗粒", [(title, 16) for title in TASKS], tasks)
    counts = ((line.organ, line.name, *(line.inputs["counts"][key] for key, _title in COUNTS)) for line in rows)
    book.table("计数", [(title, 14) for title in ("单位代号", "单位", *(title for _key, title in COUNTS))], counts)
    audit.append(actor=actor, act="work.score_export", subject=f"assessment:{run.pk}", permission="work.see",
                 after={"rows": len(rows)})  # fmt: skip
    return book.data()


def _score(line: AssessmentLine) -> tuple[str, ...]:
    parts = line.parts
    return (
        GROUPS[line.group], "" if line.rank is None else str(line.rank), line.organ, line.name,
        "" if line.score is None else str(line.score), line.exact,
        *(str(parts.get(name) or "") for name in ("C", "T", "R", "Q", "deductions", "bonus")),
    )  # fmt: skip
