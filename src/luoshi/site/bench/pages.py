"""Server time of desk, ledger, search and trail at ten years of data, for each kind of reader.

    luoshi bench pages [--duties 300000] [--each 50] [--audit 5000000] [--keep DIR] [--database sqlite|postgresql|both]

Fills a database with invented instruments, the matters their duties owe in every state, and a chained trail, then asks
the site itself, without the network. With `--keep DIR` it is filled once and kept there. PostgreSQL is started in DIR,
unless LUOSHI_BENCH_DATABASE_URL (or `--url`) names one. Before every request somebody acts, as in an office at work,
so that nothing is remembered that an act makes old. Figures: median and shortest wall time, median processor time of
this process and of PostgreSQL's behind it, in milliseconds, number of queries. Aim: a median under 100 ms of wall time
each; exit status 1 above. On a machine with other work the processor time says what the page itself takes; the speed of
SM3 printed first says how fast the machine is just now. `--slow 20` prints the statements that took longer than 20 ms.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from luoshi.site.bench._kept import ask_where, on_each, opened
from luoshi.site.bench._scratch import say

_FILE = 100
_READ = 20_000
"""So many duties are read, stored and worked on as real ones are; the rest are copies of them."""
READERS = {"督查": "ducha1", "部门": "caizheng1", "镇区": "xiachu1", "文书": "wenshu1", "审计": "shenji1"}

ADDRESSES = (
    ("督查", "工作台 全市", "/desk?view=all"),
    ("督查", "工作台 待核验", "/desk?view=check"),
    ("部门", "工作台 我经办", "/desk"),
    ("部门", "工作台 本单位", "/desk?view=organ"),
    ("镇区", "工作台", "/desk"),
    ("文书", "工作台", "/desk"),
    ("审计", "工作台", "/desk"),
    ("督查", "台账", "/registers/duties/"),
    ("部门", "台账", "/registers/duties/"),
    ("镇区", "台账", "/registers/duties/"),
    ("督查", "台账 单位（多）", "/registers/duties/?organ=development-reform"),
    ("督查", "台账 单位（少）", "/registers/duties/?organ=media-center"),
    ("督查", "台账 单位 含配合", "/registers/duties/?organ=finance&role=any"),
    ("督查", "台账 红灯", "/registers/duties/?light=red"),
    ("督查", "台账 绿灯", "/registers/duties/?light=green"),
    ("督查", "台账 已逾期", "/registers/duties/?overdue=1"),
    ("督查", "台账 待核验", "/registers/duties/?state=submitted"),
    ("督查", "台账 已销号", "/registers/duties/?state=crossed_off"),
    ("督查", "台账 含已销号", "/registers/duties/?closed=1"),
    ("督查", "台账 月份", "/registers/duties/?month={month}"),
    ("督查", "台账 文件", "/registers/duties/?document={key}"),
    ("督查", "台账 来源", "/registers/duties/?origin=every"),
    ("督查", "台账 镇区任务", "/registers/duties/?town=1"),
    ("督查", "台账 词（多）", "/registers/duties/?q=路灯"),
    ("督查", "台账 词（更多）", "/registers/duties/?q=片区"),
    ("督查", "台账 词（少）", "/registers/duties/?q=第77片区的村内路灯"),
    ("督查", "台账 词（无）", "/registers/duties/?q=无此词语"),
    ("督查", "台账 单位+月份+词", "/registers/duties/?organ=finance&month={month}&q=登记"),
    ("部门", "台账 词", "/registers/duties/?q=路灯"),
    ("部门", "台账 我单位牵头", "/registers/duties/?own=1"),
    ("镇区", "台账 镇区任务", "/registers/duties/?town=1"),
    ("督查", "台账 第1000页", "/registers/duties/?after={deep}"),
    ("部门", "台账 往后", "/registers/duties/?after={deep}"),
    ("督查", "任务督办", "/tasks/"),
    ("督查", "一件事项", "/tasks/{matter}/"),
    ("部门", "一件事项", "/tasks/{own}/"),
    ("督查", "条文责任", "/registers/duties/clauses/"),
    ("部门", "条文责任", "/registers/duties/clauses/"),
    ("督查", "条文责任 单位+词", "/registers/duties/clauses/?organ=市财政局&q=登记"),
    ("督查", "检索 文号", "/search?q={number}"),
    ("督查", "检索 词", "/search?q=路灯"),
    ("督查", "检索 词（更多）", "/search?q=片区"),
    ("督查", "检索 单位", "/search?q=市财政局"),
    ("部门", "检索 词", "/search?q=路灯"),
    ("文书", "政策文件", "/policy/"),
    ("文书", "政策文件 年份", "/policy/?year=2018"),
    ("文书", "政策文件 词", "/policy/?q=路灯"),
    ("文书", "一件文件", "/instruments/{key}/"),
    ("文书", "单位", "/organs/"),
    ("文书", "一个单位", "/organs/finance/"),
    ("文书", "核对", "/policy/review/"),
    ("审计", "审计", "/system/audit/"),
    ("审计", "审计 对象", "/system/audit/?subject=matter:777"),
    ("审计", "审计 人", "/system/audit/?who=测试甲7"),
    ("审计", "审计 日期", "/system/audit/?since=2018-06-01&until=2018-06-03"),
    ("审计", "审计 人+日期", "/system/audit/?who=测试甲7&since=2018-01-01&until=2018-12-31"),
    ("督查", "接口 事项", "/api/v1/matters"),
    ("部门", "接口 事项 词", "/api/v1/matters?q=路灯"),
    ("督查", "接口 工作台", "/api/v1/desk?view=all"),
    ("部门", "接口 工作台", "/api/v1/desk"),
)  # fmt: skip


def run(argv: list[str]) -> None:
    """Measure and print a table; exit status 1 when a page is above its aim."""
    parser = argparse.ArgumentParser(prog="luoshi bench pages")
    parser.add_argument("--duties", type=int, default=300_000)
    parser.add_argument("--each", type=int, default=50, help="duties of an instrument; 3 makes 100,000 instruments")
    parser.add_argument("--audit", type=int, default=5_000_000)
    parser.add_argument("--months", type=int, default=6, help="of recurring matters")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--aim", type=float, default=100.0, help="milliseconds")
    ask_where(parser, "sqlite")
    parser.add_argument("--only", default="", help="pages whose name holds this")
    parser.add_argument("--slow", type=float, default=0.0, help="print statements longer than this, milliseconds")
    options = parser.parse_args(argv)
    sys.exit(1 if on_each(options, _one) else 0)


def _one(folder: Path, kind: str, options: argparse.Namespace, told: Any) -> None:
    filled = folder / f"{kind}.filled"
    sizes = f"{options.duties} duties, {options.each} each, {options.audit} entries, {options.months} months"
    with opened(folder, kind, options.url):
        if not filled.exists():
            _fill(options)
            filled.write_text(sizes, encoding="utf-8")
        elif (held := filled.read_text(encoding="utf-8")) != sizes:
            say(f"{folder} holds {held}")
        told.put(_measure(options, kind))


def _fill(options: argparse.Namespace) -> None:
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.accounts.demo import load_people
    from luoshi.office.actors import Actor
    from luoshi.office.audit.models import AuditEntry
    from luoshi.office.duties import demo_copies, demo_years
    from luoshi.office.duties.models import Duty
    from luoshi.office.organs.seeding import load_directory_into_database

    # The trail first: its years are past when the library comes.
    begun = time.perf_counter()
    if AuditEntry.objects.count() < options.audit:
        demo_years.audit_entries(options.audit)
        begun = _stage("entries of the trail", options.audit, begun)
    load_directory_into_database(actor=Actor.system("量速", "bench"))
    load_people()
    if not Duty.objects.exists():
        _import(min(options.duties, _READ), options.each)
        begun = _stage("duties read and stored", Duty.objects.count(), begun)
    made = demo_years.fill(CLOCK.today(), months=options.months)
    begun = _stage("matters", made, begun)
    if copies := round(options.duties / Duty.objects.count()) - 1:
        begun = _stage("duties, most of them copies", demo_copies.multiply(copies), begun)
    demo_years.analyse()
    _stage("analysed", 0, begun)


def _stage(what: str, count: int, begun: float) -> float:
    say(f"{count:,} {what} in {time.perf_counter() - begun:.0f} s")
    return time.perf_counter()


def _import(count: int, each: int) -> None:
    from luoshi.gazette.records import Compilation, Gazette
    from luoshi.office.actors import Actor
    from luoshi.office.duties.demo import instruments
    from luoshi.office.instruments.actions import import_gazette
    from luoshi.office.instruments.plan import plan_of

    made = instruments(count // each, each)
    for number in range(0, count // each, _FILE):
        some = [item for _, item in zip(range(_FILE), made, strict=False)]
        compilation = Compilation(Gazette(f"第{number}期", None, None, None), some, [], [])
        text = f"第{number}期"
        import_gazette(text, actor=Actor.system("量速", "bench"), filename=text, plan=plan_of(text, compilation))


def _places() -> dict[str, str]:
    """Return what the addresses name: a document, a month, a matter, a cursor far down."""
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.duties.matter_models import Matter
    from luoshi.office.instruments.models import Instrument

    document, rows = Instrument.objects.earliest("id"), Matter.objects.filter(is_open=True)
    at = min(40 * 1000, rows.count() // 2)
    deep = rows.order_by("due_sort", "id")[at]
    return {
        "key": document.key,
        "number": document.key,
        "month": f"{CLOCK.today():%Y-%m}",
        "matter": f"{rows.filter(state='in_progress').earliest('id').pk}",
        "own": f"{rows.filter(organ='finance').earliest('id').pk}",
        "deep": f"{deep.due_sort}.{deep.pk}.{at}",
    }


def _measure(options: argparse.Namespace, kind: str) -> bool:
    from django.test import Client

    from luoshi.office.accounts.models import User
    from luoshi.site.setup import settled

    settled()
    clients = {}
    for words, login in READERS.items():
        clients[words] = Client()
        clients[words].force_login(User.objects.get(login=login), backend="django.contrib.auth.backends.ModelBackend")
    places, over, own_work = _places(), 0, 0
    say(f"{kind}: wall and processor time in ms, medians of {options.repeat}; SM3 {_speed():.0f} MB/s")
    say(f"{'wall':>7} {'best':>7} {'cpu':>7} {'queries':>7}  page")
    for reader, name, address in ADDRESSES:
        if options.only not in f"{reader} {name}":
            continue
        for place, value in places.items():
            address = address.replace(f"{{{place}}}", value)
        wall, best, own, queries = _timed(clients[reader], quote(address, safe="/?=&:"), options)
        over += wall > options.aim
        own_work += own > options.aim
        waited = ", waiting for a processor" if own <= options.aim else ""
        verdict = "PASS" if wall <= options.aim else f"over {options.aim:.0f} ms{waited}"
        say(f"{wall:7.1f} {best:7.1f} {own:7.1f} {queries:7d}  {reader} {name}  {verdict}")
    say(
        f"{kind}: {over} pages over {options.aim:.0f} ms, {own_work} of them by their own work; SM3 {_speed():.0f} MB/s"
    )
    return over > 0


def _speed() -> float:
    """Return how many megabytes one processor digests a second: figures of different runs compare by it."""
    body, begun = b"x" * 20_000_000, time.process_time()
    hashlib.new("sm3", body).hexdigest()
    return 20 / (time.process_time() - begun)


def _worked() -> float:
    """Return the processor time in seconds of this process and, where it runs here, of PostgreSQL's behind it."""
    from django.db import connection

    own = time.process_time()
    if connection.vendor == "sqlite" or connection.connection is None:
        return own
    try:
        text = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text(encoding="ascii")
    except OSError:
        return own
    return own + int(text.split()[0]) / 1e9


def _timed(client: Any, address: str, options: argparse.Namespace) -> tuple[float, float, float, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as watched:
        response = client.get(address)
    # Now: the next request forgets them.
    queries = watched.captured_queries
    if response.status_code != 200:
        raise SystemExit(f"{address}: HTTP {response.status_code} {response.headers.get('Location', '')}")
    times, own = [], []
    for _ in range(options.repeat):
        _act()
        begun, worked = time.perf_counter(), _worked()
        client.get(address)
        times.append((time.perf_counter() - begun) * 1000)
        own.append((_worked() - worked) * 1000)
    if options.slow:
        for query in queries:
            if float(query["time"]) * 1000 > options.slow:
                say(f"  {float(query['time']) * 1000:.0f} ms: {query['sql']}")
    return statistics.median(times), min(times), statistics.median(own), len(queries)


def _act() -> None:
    from django.db import transaction

    from luoshi.office.actors import Actor
    from luoshi.office.audit.actions import append

    with transaction.atomic():
        append(actor=Actor.system("量速", "bench"), act="file.keep", subject="bench:1")
