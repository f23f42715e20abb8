"""`luoshi bench gazette`: characters a second and peak memory of the compiler, beside a jieba pass over the same text.

Each text is measured twice: repair, structure and duties together, and all that `compile_text` reads (relations, seats,
appointments, repairs and warnings as well). The time goes with the records read rather than with the characters, so
their number is printed too.

Texts: the files named on the command line, else the two issues beside the repository where they are, else the packaged
demonstration; then a corpus of invented instruments, compiled in parts of a hundred, and a tenth of it again as dense
text; then hostile text in three sizes, each alone, which must take time in proportion; then Akoma Ntoso of the first
texts, built and validated.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from luoshi.gazette.akn import to_akn, validate_akn
from luoshi.gazette.compiler import compile_text, head_record
from luoshi.gazette.duties import DutyReader
from luoshi.gazette.heads import find_documents, without_contents
from luoshi.gazette.marks import MarkState
from luoshi.gazette.reader import read_bytes
from luoshi.gazette.records import Compilation, Gazette
from luoshi.gazette.sheet import Sheet
from luoshi.gazette.structure import read_structure
from luoshi.gazette.text import read_lines
from luoshi.gazette.timelimits import Context
from luoshi.office.instruments.demo import demo_texts
from luoshi.office.organs.directory import load_directory

SAMPLES = Path("../shared/gazettes")
PART = 100
"""Instruments compiled as one text; an issue of a gazette holds ten to thirty."""

_CN = "一二三四五六七八九十"
_ORGANS = ("市甲工局", "市乙业局", "市丙务局", "市丁源局", "市戊保局", "市己教局", "市庚卫局", "市辛管局")
_FIELDS = ("河道巡查", "校车运行", "冬季供暖", "果品检测", "道路养护", "数据归集", "养老服务", "港口作业")
_SENTENCES = (
    "各镇要把{field}列入重要日程，明确专人，逐项落实措施，确保各项工作有序推进。",
    "到{year}年底，{field}合格率达到{figure}%以上，新增示范点{count}处，完成投资{count}.5亿元。",
    "{organ}应当自收到材料之日起{count}个工作日内提出意见，逾期未提出的视为同意。",
    "建立{field}台账，每季度至少检查一次，发现问题的，于次月10日前整改完毕。",
    "坚持问题导向，加强部门之间的沟通，统筹使用资金，提高{field}的质量和效率。",
)
_PLAIN = (
    "近年来，全市上下在{field}方面积累了不少经验，群众的满意程度稳步上升，但基础薄弱、投入偏少、手段单一的情况依然存在。",
    "{field}事关千家万户，涉及面广、周期长、头绪多，思想上的重视、方法上的得当和作风上的扎实缺一不可。",
    "这项工作的总体思路是先易后难、由点到面，以问题最集中的地段为突破口，带动{field}整体水平的改善。",
    "从实践来看，{field}的成效取决于人员、经费和设施三个因素，其中人员的稳定性和专业性最为关键。",
    "宣传的形式包括广播、展板和入户讲解，内容以{field}的常识、典型事例和办事流程为主，语言通俗，贴近生活。",
)
_MARKS = (
    "(责任单位：{organ}；配合单位：{second}、{third})",
    "({organ}牵头，{second}、{third}等参与)",
    "(牵头单位：{organ}，责任单位：{second})",
)


def instrument(serial: int, *, dense: bool = False) -> str:
    """Return an invented notice with a plan of some 3,000 characters; the same for the same serial.

    It holds about as many duties, limits and figures a thousand characters as real issues do, a `dense` one five times
    as many: nearly every sentence states some.
    """
    chance = random.Random(serial)  # noqa: S311
    year = 2010 + serial % 10

    def sentence() -> str:
        organ, second, third = chance.sample(_ORGANS, 3)
        mark = chance.choice(_MARKS) if chance.random() < 0.35 else ""
        opening = chance.choice(_SENTENCES if dense else _PLAIN)
        closing = chance.choice(_SENTENCES if dense or chance.random() < 0.35 else _PLAIN)
        return f"{opening}{closing}{mark}".format(
            field=chance.choice(_FIELDS), year=year + chance.randint(0, 3), figure=chance.randint(50, 99),
            count=chance.randint(2, 20), organ=organ, second=second, third=third,
        )  # fmt: skip

    field = chance.choice(_FIELDS)
    lines = [f"测试市人民政府\n关于印发测试市{field}工作方案的通知\n\n测政发〔{year}〕{1 + serial % 9999}号\n",
             f"各镇人民政府，市政府各部门、单位：\n\n现将《测试市{field}工作方案》印发给你们，请认真贯彻执行。\n",
             f"测试市人民政府\n{year}年{1 + serial % 12}月{1 + serial % 28}日\n\n测试市{field}工作方案\n"]  # fmt: skip
    for chapter in _CN[:3]:
        lines.append(f"{chapter}、{chance.choice(_FIELDS)}")
        for section in _CN[:4]:
            lines.append(f"({section}){chance.choice(_FIELDS)}。{sentence()}")
            lines += [f"{item}.{sentence()}" for item in range(1, chance.randint(1, 4))]
    return "\n\n".join(lines) + "\n\n"


def hostile(size: int) -> str:
    """Return text of `size` bytes made to hurt: nested numbers, runs of brackets, digits, dates, quotes and marks."""
    share = size // 12
    kinds = (
        "\n".join(f"{_CN[n % 10]}、({_CN[n % 10]}){n}.({n})①测试内容" for n in range(10_000)) + "\n",
        "\n".join(f"{n}.测试内容" for n in range(10_000)) + "\n",
        ".".join("1" * 40) + " 测试\n",
        "（【〔(" * 50,
        "1" * 400,
        "年月日前内" * 80,
        "“《" * 100,
        "2018年1月2日前",
        "完成测试(责任单位：市甲局；配合单位：乙局、丙局)。",
        "市甲局要于2018年底前完成测试，达到90%以上。",
        "——测试\n附件1\n",
        "组长：测试甲\n任命：\n",
    )
    return "\n".join(_filled(kind, share) for kind in kinds)


def _filled(kind: str, size: int) -> str:
    return (kind.encode() * (size // len(kind.encode()) + 1))[:size].decode(errors="ignore")


def duties_of(text: str) -> Compilation:
    """Run the part of the compiler that repairs, finds the clauses and reads their duties, limits and targets."""
    lines = without_contents(read_lines(text))
    result = Compilation(Gazette(), [], [], [])
    for document in find_documents(lines):
        sheet = Sheet(document, head_record(document, lines), result, load_directory())
        DutyReader(sheet, Context(document.issued_on, None), MarkState()).read(read_structure(document.body))
        result.instruments.append(sheet.instrument)
    return result


def measured(work: Callable[[], Any], repeat: int) -> float:
    """Return the seconds of processor time of the fastest of some runs."""
    best = float("inf")
    for _ in range(repeat):
        gc.collect()
        gc.disable()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
        gc.enable()
    return best


def peak(work: Callable[[], Any]) -> int:
    """Return the most bytes that Python objects made by `work` took at once."""
    gc.collect()
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def run(argv: list[str]) -> None:
    """Measure and print; without jieba the comparison is left out."""
    parser = argparse.ArgumentParser(prog="luoshi bench gazette")
    parser.add_argument("files", nargs="*", help="量这些文件，缺省为公报样本或演示公报")
    parser.add_argument("--instruments", type=int, default=10_000, help="生成语料的件数")
    parser.add_argument("--hostile", default="10,25,50", help="恶意文本的大小（MB），逗号分隔；空则不测")
    parser.add_argument("--repeat", type=int, default=5, help="小文件各量几遍，取最快")
    arguments = parser.parse_args(argv)
    directory = load_directory()

    def compiled(text: str) -> Compilation:
        return compile_text(text, directory)

    segment = _segmenter()
    texts = dict(_samples([Path(name) for name in arguments.files]))
    for name, text in texts.items():
        seconds = measured(lambda text=text: compiled(text), arguments.repeat)  # type: ignore[misc]
        memory = peak(lambda text=text: compiled(text))  # type: ignore[misc]
        base = measured(lambda text=text: segment(text), 2) if segment else None  # type: ignore[misc]
        core = measured(lambda text=text: duties_of(text), arguments.repeat)  # type: ignore[misc]
        _line(f"{name}: repair, structure, duties", len(text), core, base)
        _line(f"{name}: everything", len(text), seconds, base, memory, _records(compiled(text)))
    if arguments.instruments:
        _corpus(arguments.instruments, compiled, segment)
        _corpus(max(arguments.instruments // 10, 1), compiled, segment, dense=True)
    if arguments.hostile:
        _hostile([float(size) for size in arguments.hostile.split(",")], compiled)
    for name, text in texts.items():
        _akn(name, text, compiled(text), arguments.repeat)


def _samples(named: list[Path]) -> Iterator[tuple[str, str]]:
    for path in named or sorted(SAMPLES.glob("*.txt")):
        yield path.name, read_bytes(path.read_bytes(), path.name)
    if not named and not SAMPLES.is_dir():
        yield from demo_texts().items()


def _segmenter() -> Callable[[str], Any] | None:
    try:
        import jieba
    except ImportError:
        click.echo("jieba: not installed")
        return None
    jieba.setLogLevel(60)
    jieba.initialize()
    segment: Callable[[str], Any] = jieba.lcut
    return segment


def _corpus(
    number: int, compiled: Callable[[str], Compilation], segment: Callable[[str], Any] | None, *, dense: bool = False
) -> None:
    parts = [
        "".join([instrument(serial, dense=dense) for serial in range(at + 1, min(at + PART, number) + 1)])
        for at in range(0, number, PART)
    ]
    found = records = 0
    seconds = 0.0
    for part in parts:
        start = time.process_time()
        result = compiled(part)
        seconds += time.process_time() - start
        found += len(result.instruments)
        records += _records(result)
    sample = parts[0]
    # jieba would take minutes over the whole: its rate on the first part stands for it.
    base = measured(lambda: segment(sample), 1) * sum(map(len, parts)) / len(sample) if segment else None
    memory = peak(lambda: compiled(sample))
    what = f"{number:,}{' dense' if dense else ''} instruments, {PART} a text, {found:,} read"
    _line(what, sum(map(len, parts)), seconds, base, memory, records)


def _records(result: Compilation) -> int:
    """How many duties with their limits, targets and parameters were read."""
    duties = [duty for item in result.instruments for duty in item.duties]
    figures = sum(len(item.targets) + len(item.parameters) for item in result.instruments)
    return len(duties) + sum(len(duty.time_limits) for duty in duties) + figures


def _hostile(sizes: list[float], compiled: Callable[[str], Compilation]) -> None:
    rates = []
    for megabytes in sizes:
        text = hostile(int(megabytes * 1_000_000))
        seconds = measured(lambda text=text: compiled(text), 1)  # type: ignore[misc]
        rates.append(len(text) / seconds)
        _line(f"hostile, {megabytes:g} MB", len(text), seconds)
    if len(rates) > 1:
        click.echo(f"hostile: rate at {sizes[-1]:g} MB is {rates[-1] / rates[0]:.2f} of the rate at {sizes[0]:g} MB")


def _akn(name: str, text: str, compilation: Compilation, repeat: int) -> None:
    directory = load_directory()

    def build() -> list[bytes]:
        return [to_akn(item, directory, text) for item in compilation.instruments]

    written = build()
    faults = sum(bool(validate_akn(data)) for data in written)
    seconds = measured(lambda: [validate_akn(data) for data in build()], repeat)
    _line(f"{name}: AKN, {len(written) - faults} of {len(written)} valid", len(text), seconds)


def _line(
    what: str,
    characters: int,
    seconds: float,
    base: float | None = None,
    memory: int | None = None,
    records: int | None = None,
) -> None:
    parts = [f"{what:<52}{characters:>12,} chars{seconds:>9.3f} s{characters / seconds:>12,.0f} chars/s"]
    if base:
        parts.append(f"jieba {characters / base:>9,.0f} chars/s: luoshi is {base / seconds:.1f}x")
    if memory is not None:
        parts.append(f"peak {memory / 1_000_000:.0f} MB")
    if records is not None:
        parts.append(f"{records / characters * 1000:.1f} records a 1,000 chars")
    click.echo("   ".join(parts))
