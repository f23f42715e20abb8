"""A register for tests over a model of no installed app, so that nothing else of the suite meets its tables."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
import xlsxwriter
from django.db import connection, models

from luoshi.kernel.identifiers import uscc_check
from luoshi.office.registers import declaration
from luoshi.office.registers.declaration import Column, Link, Register, RowFault
from luoshi.office.registers.models import Record
from tests import databases

OWNER, TOWN, OTHER_TOWN = "environment", "yuli", "yazi"


class Plot(models.Model):
    """What a firm may refer to."""

    number = models.CharField(max_length=10, unique=True)
    title = models.CharField(max_length=20)

    class Meta:
        app_label = "trial"


class Firm(Record):
    """An invented firm."""

    class Sector(models.TextChoices):
        RUBBER = "rubber", "橡胶"
        CASTING = "casting", "铸造"
        OTHER = "other", "其他"

    credit_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=60)
    town = models.CharField(max_length=80, db_index=True)
    sector = models.CharField(max_length=10, choices=Sector.choices, db_index=True)
    so2 = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    cut_so2 = models.DecimalField(max_digits=12, decimal_places=3, null=True)
    priority = models.IntegerField(null=True)
    reserve = models.BooleanField(default=False)
    listed_on = models.DateField(null=True)
    paid = models.BigIntegerField(null=True)
    phone = models.CharField(max_length=20, blank=True, default="")
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    plot = models.ForeignKey(Plot, models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, default="")
    outside = models.CharField(max_length=20, default="原样")
    """No column of the register: the register must leave it alone."""

    class Meta:
        app_label = "trial"


def cut_below_baseline(row):
    if row["cut_so2"] is not None and row["cut_so2"] > row["so2"]:
        yield RowFault("cut_so2", f"减排 {row['cut_so2']:f} 超过基准 {row['so2']:f}，请核对")


def no_forbidden_names(rows):
    return [(number, ("name", "名称含“禁”字，不收")) for number, row in rows if "禁" in row["name"]]


def links(record, day, _actor):
    return [Link("测试链接", f"{record.name} {day.year}", "/desk/")]


FIRMS = Register(
    key="trial.firms",
    title="测试企业",
    programme="trial",
    model=Firm,
    natural_key=("credit_code",),
    organ_field="town",
    owners=(OWNER,),
    note="测试用的企业",
    public=True,
    published=models.Q(reserve=False),
    links=links,
    modes=("all", "valid_rows", "by_group"),
    group="town",
    columns=(
        Column("credit_code", "统一社会信用代码", kind="uscc", public=True),
        Column("name", "企业名称", public=True),
        Column("town", "所在镇街", kind="organ", public=True),
        Column("sector", "行业", kind="choice"),
        Column("so2", "SO2基准", kind="decimal", unit="kg/d", least=0),
        Column("cut_so2", "SO2减排", kind="decimal", unit="kg/d", least=0),
        Column("priority", "优先序号", kind="integer", least=1, unique=True),
        Column("reserve", "备用", kind="boolean"),
        Column("listed_on", "列入日期", kind="date", past=True),
        Column("paid", "补助", kind="money", unit="元", least=0),
        Column("phone", "责任人电话", kind="phone", sensitive=True),
        Column("lat", "纬度", kind="latitude"),
        Column("plot", "地块", kind="reference", by="number", called="title"),
        Column("note", "备注", kind="area", listed=False),
    ),
    checks=(cut_below_baseline,),
    batch_checks=(no_forbidden_names,),
)


@pytest.fixture(scope="session")
def _trial_tables(django_db_setup, django_db_blocker):
    # Two folders of tests know this fixture: the tables are made once.
    with django_db_blocker.unblock():
        known = set(connection.introspection.table_names())
        with connection.schema_editor() as editor:
            for model in (Plot, Firm):
                if model._meta.db_table not in known:
                    editor.create_model(model)
        databases.remember()


@pytest.fixture
def firms(_trial_tables, db):
    """The register of firms, empty."""
    made = declaration.register(FIRMS)
    yield made
    declaration._REGISTERS.pop(made.key)


def uscc(number: int) -> str:
    """Return a credit code with valid checks from an invented sequence (0000nnnnn is given to nobody)."""
    inner = f"{number:08d}"
    total = sum(int(digit) * weight for digit, weight in zip(inner, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    body = f"91371083{inner}{'0123456789X0'[11 - total % 11]}"
    return body + uscc_check(body)


HEAD = tuple(column.title for column in FIRMS.columns)
PLAIN = {
    "统一社会信用代码": uscc(1),
    "企业名称": "测试甲公司",
    "所在镇街": "育黎镇",
    "行业": "橡胶",
    "SO2基准": "12.5",
}


def row(number: int = 1, **changed) -> dict:
    """Return the cells of one invented firm."""
    return {**PLAIN, "统一社会信用代码": uscc(number), "企业名称": f"测试{number}号公司"} | changed


def sheet(*rows, head=None, formats=None) -> bytes:
    """Return an Excel file of rows given by title."""
    titles = head or list(dict.fromkeys(title for one in rows for title in one)) or list(HEAD)
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    page = book.add_worksheet()
    page.write_row(0, 0, titles)
    for place, one in enumerate(rows, 1):
        for column, title in enumerate(titles):
            value = one.get(title)
            if isinstance(value, Decimal):
                page.write_number(place, column, float(value))
            elif isinstance(value, str):
                page.write_string(place, column, value)
            elif value is not None:
                page.write(place, column, value)
    book.close()
    return stream.getvalue()


def text(*rows, head=None, encoding="utf-8") -> bytes:
    """Return a CSV file of rows given by title."""
    titles = head or list(dict.fromkeys(title for one in rows for title in one))
    lines = [",".join(titles), *(",".join(str(one.get(title, "")) for title in titles) for one in rows)]
    return "\r\n".join(lines).encode(encoding)
