"""Server time of the first page of lists at 100,000 duties and 100,000 clauses.

    luoshi bench pages [--duties 100000] [--repeat 5]

Fills a scratch database (SQLite in a temporary directory, or one beside LUOSHI_DATABASE_URL's; removed afterwards)
and asks the site itself, without the network, for the first page of each filter. Figures: median in
milliseconds, the longest, processor time of this process, number of queries. Aim: under 100 ms each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

_EACH = 50
_FILE = 200

ADDRESSES = (
    ("台账 全部", "/registers/duties/"),
    ("台账 单位（多）", "/registers/duties/?organ=市发改局"),
    ("台账 单位（少）", "/registers/duties/?organ=市融媒体中心"),
    ("台账 单位 含配合", "/registers/duties/?organ=市财政局&role=any"),
    ("台账 月份", "/registers/duties/?month=2018-10"),
    ("台账 文件", "/registers/duties/?document={key}"),
    ("台账 写明日期", "/registers/duties/?origin=by"),
    ("台账 周期", "/registers/duties/?origin=every"),
    ("台账 镇区", "/registers/duties/?local=1"),
    ("台账 词（多）", "/registers/duties/?q=路灯"),
    ("台账 词（更多）", "/registers/duties/?q=片区"),
    ("台账 词（少）", "/registers/duties/?q=第77片区的路灯"),
    ("台账 词（无）", "/registers/duties/?q=无此词语"),
    ("台账 一个字", "/registers/duties/?q=修"),
    ("台账 某日有效", "/registers/duties/?on=2018-06-01"),
    ("台账 某日无有效", "/registers/duties/?on=1990-01-01"),
    ("台账 单位+月份+词", "/registers/duties/?organ=市财政局&month=2018-10&q=登记"),
    ("台账 第1000页", "/registers/duties/?after=2018-06-28.50000.50000"),
    ("文件 全部", "/policy/"),
    ("文件 年份", "/policy/?year=2018"),
    ("文件 文种", "/policy/?kind=plan"),
    ("文件 机关", "/policy/?issuer=测试市人民政府"),
    ("文件 有效", "/policy/?validity=in_force&on=2018-06-01"),
    ("文件 词（多）", "/policy/?q=路灯"),
    ("文件 词（更多）", "/policy/?q=片区"),
    ("文件 词（少）", "/policy/?q=第77片区的路灯"),
    ("文件 某件", "/instruments/{key}/"),
    ("工作台", "/desk"),
    ("接口 责任", "/api/v1/duties?organ=市财政局"),
    ("接口 文件", "/api/v1/instruments?year=2018"),
)


def run(argv: list[str]) -> None:
    """Measure and print a table; exit status 1 when a page is above its aim."""
    parser = argparse.ArgumentParser(prog="luoshi bench pages")
    parser.add_argument("--duties", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--aim", type=float, default=100.0, help="milliseconds")
    options = parser.parse_args(argv)
    with _scratch():
        _fill(options.duties)
        slow = _measure(options.repeat, options.aim)
    sys.exit(1 if slow else 0)


@contextmanager
def _scratch() -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="luoshi-bench-") as folder:
        os.environ["LUOSHI_DATA"] = folder
        os.environ["LUOSHI_JOBS"] = "off"
        os.environ["LUOSHI_HOSTS"] = "*"
        url = os.environ.get("LUOSHI_DATABASE_URL", "")
        name = f"luoshi_bench_{os.getpid()}"
        if url:
            _administer(url, f'CREATE DATABASE "{name}"')
            os.environ["LUOSHI_DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
        from luoshi.site.setup import migrate, prepare

        prepare()
        migrate()
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()
            if url:
                _administer(url, f'DROP DATABASE "{name}"')


def _administer(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _fill(count: int) -> None:
    from django.db import connection

    from luoshi.gazette.records import Compilation, Gazette
    from luoshi.office.actors import Actor
    from luoshi.office.duties.demo import instruments
    from luoshi.office.instruments.actions import import_gazette
    from luoshi.office.instruments.plan import plan_of

    begun = time.perf_counter()
    made = instruments(count // _EACH, _EACH)
    for number in range(0, count // _EACH, _FILE):
        some = [item for _, item in zip(range(_FILE), made, strict=False)]
        compilation = Compilation(Gazette(f"第{number}期", None, None, None), some, [], [])
        text = f"第{number}期"
        import_gazette(text, actor=Actor.system("量速", "bench"), filename=text, plan=plan_of(text, compilation))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    _say(f"{connection.vendor}: {count} duties in {time.perf_counter() - begun:.1f} s")


def _measure(repeat: int, aim: float) -> bool:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from luoshi.office.instruments.models import Instrument

    client, slow, key = Client(), False, Instrument.objects.earliest("id").key
    _say(f"{'ms':>7} {'max':>7} {'cpu':>7} {'queries':>7}  page")
    for name, address in ADDRESSES:
        address = quote(address.replace("{key}", key), safe="/?=&")
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        if response.status_code != 200:
            raise SystemExit(f"{name}: HTTP {response.status_code}")
        count = len(queries)
        times, own = [], []
        for _ in range(repeat):
            begun, worked = time.perf_counter(), time.process_time()
            client.get(address)
            own.append((time.process_time() - worked) * 1000)
            times.append((time.perf_counter() - begun) * 1000)
        median = statistics.median(times)
        slow = slow or median > aim
        mark = "  *" if median > aim else ""
        _say(f"{median:7.1f} {max(times):7.1f} {statistics.median(own):7.1f} {count:7d}  {name}{mark}")
    return slow


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
