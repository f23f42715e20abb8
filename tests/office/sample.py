"""Invented compilations for tests of the office and the site: records made directly, whatever the compiler does."""

from __future__ import annotations

from luoshi.gazette import records as r

NUMBER = "测政发〔2018〕1号"
GAZETTE = """测山市人民政府办公室
关于加强公园长椅管护工作的意见
测政办发〔2019〕7号
各镇人民政府，市政府各部门、单位：
为做好公园长椅管护，经市政府同意，提出以下意见。
一、总体要求
到2019年底，完好率达到95%以上。
二、重点任务
（一）逐把登记。2019年10月底前完成登记编号。（责任单位：市住建局；配合单位：市财政局）
（二）及时修补。接到报修后5个工作日内修好。（责任单位：市综合执法局）
（三）按月巡查。每月巡查一次，结果报市政府办公室。（责任单位：市住建局）
测山市人民政府办公室
2019年8月20日
（此件公开发布）
"""
"""The text of a gazette with one opinion, for what goes through the compiler."""


def duty(
    clause: str = "一", lead: tuple[str, ...] = ("市甲局",), limits: tuple[tuple[str, str, str], ...] = (), **more
):
    """Return a duty; limits are (kind, value, text)."""
    return r.Duty(
        clause=clause,
        action=more.pop("action", "修补街边长椅，按月登记。"),
        summary=more.pop("summary", "修补长椅"),
        lead=[r.Organ(name) for name in lead],
        cooperating=[r.Organ(name) for name in more.pop("cooperating", ("市乙局", "丙公司"))],
        local=more.pop("local", False),
        local_text=[],
        time_limits=[r.Limit(kind, value, text, 20, 30) for kind, value, text in limits],
        start=12,
        end=40,
        basis="mark",
        confidence=0.95,
    )


def instrument(number: str | None = NUMBER, title: str = "街边长椅修补方案", text: str = "修补全市街边长椅。", **more):
    """Return an instrument of two clauses and whatever `more` gives."""
    found = r.Instrument(
        number=number,
        number_parts=r.NumberParts("测政发", 2018, 1) if number else None,
        title=title,
        covering_title=None,
        kind="plan",
        trial=False,
        issuer="测试市人民政府",
        addressees=["各镇人民政府"],
        signed_by=None,
        issued_on=more.pop("issued_on", "2018-03-01"),
        disclosure=None,
        effective_from=more.pop("effective_from", None),
        expires_on=more.pop("expires_on", None),
        start=more.pop("start", 0),
        end=more.pop("end", 60),
        clauses=[
            r.Clause("一", "一", "cn", "总要求", text, 10, 40),
            r.Clause("一/(一)", "(一)", "cn_paren", None, "先修损坏的，后修陈旧的。", 40, 60),
        ],
        duties=[duty(limits=(("by", "2018-10-31", "2018年10月底前"),)), duty("一/(一)", lead=("市丁局",))],
        targets=[r.Target("修补率", ">=", "95", "%", None, None, False, "一", [r.Organ("市甲局")], 20, 24)],
    )
    for name, value in more.items():
        setattr(found, name, value)
    return found


def compilation(*instruments, warnings: int = 1):
    """Return a compilation of the instruments."""
    return r.Compilation(
        r.Gazette("测试市人民政府公报", 2018, 1, "测试市人民政府办公室"),
        list(instruments),
        [r.Repair("joined_line", 5, 6, "\n", "")],
        [r.Warning("missing_date", "没有印出成文日期，请核对。", 12, 20) for _ in range(warnings)],
    )


def compiled(monkeypatch, *instruments, warnings: int = 1) -> None:
    """Let the library compile every text to these instruments."""
    monkeypatch.setattr(
        "luoshi.office.instruments.plan.compile_for_library", lambda text: compilation(*instruments, warnings=warnings)
    )
