"""文书：luoshi notices list、show、pdf、docx、verify、series、send。"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from luoshi.kernel.errors import LuoshiError
from luoshi.site.console import Problems, acting, tell


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with papers."""
    from luoshi.site.setup import prepare

    prepare()


@command.command("list")
@click.option("--kind", "kinds", multiple=True, help="只看此种，如 notices.letter；可多次。")
@click.option("--organ", "organs", multiple=True, help="只看此单位。")
@click.option("--state", "states", multiple=True, help="只看此状态：draft、checked、signed、issued、void、withdrawn。")
@click.option("--year", type=int, help="只看此年。")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_(
    kinds: tuple[str, ...], organs: tuple[str, ...], states: tuple[str, ...], year: int | None, limit: int
) -> None:
    """列出文书，新的在前。"""
    from luoshi.office.notices import queries

    wanted = queries.NoticeFilter(kinds=kinds, organs=organs, states=states, year=year)
    found = queries.notices(acting(), wanted, size=limit)
    tell([_row(row) for row in found.rows])


@command.command("show")
@click.argument("number", metavar="文号|编号")
def show(number: str) -> None:
    """一件文书的全文、经手和送达。"""
    from luoshi.office.notices import content, queries

    row = _found(number)
    sent = [
        {"channel": one.channel, "target": one.target, "state": one.state, "sent_at": one.sent_at, "proof": one.proof}
        for one in queries.publications(row)
    ]
    told = _row(row) | {
        "text": content.lines_of(content.printed(row)), "digest": row.digest, "drafted": row.drafted_name,
        "checked": row.checked_name, "signed": row.signed_name, "signed_at": row.signed_at,
        "void_reason": row.void_reason, "publications": sent,
    }  # fmt: skip
    tell(told)


@command.command("pdf")
@click.argument("number", metavar="文号|编号")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="写到哪个文件；- 为标准输出。")
def pdf(number: str, output: Path | None) -> None:
    """把一件文书写成 PDF。"""
    _write(number, "pdf", output)


@command.command("docx")
@click.argument("number", metavar="文号|编号")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="写到哪个文件；- 为标准输出。")
def docx(number: str, output: Path | None) -> None:
    """把一件文书写成 Word。"""
    _write(number, "docx", output)


@command.command("verify")
@click.argument("code", required=False)
@click.option("--digest", default="", help="文书上印的指纹。")
def verify(code: str | None, digest: str) -> None:
    """核验一件（核验码或文号）；不写则核验全部已签文书的指纹和全部编号簿，有差错退出码为 3。"""
    from luoshi.office.notices import queries

    if code is None:
        told = queries.proof()
        tell(told)
        if not told["whole"]:
            sys.exit(3)
        return
    found = queries.verdict(code, digest)
    if found is None:
        found = queries.verdict(_found(code).slug, digest)
    if found is None:
        raise LuoshiError("E_STATE", f"“{code[:60]}”还没有签发，没有指纹可核。")
    tell({"number": found.number, "organ": found.organ, "dated": found.dated, "state": found.state,
            "same": found.same, "whole": found.whole, "digest": found.digest})  # fmt: skip
    if found.same is False or not found.whole:
        sys.exit(3)


@command.command("series")
@click.option("--open", "word", help="开立此代字的编号簿，续纸质簿。")
@click.option("--year", type=int, help="哪一年。")
@click.option("--first", type=int, help="从几号起。")
@click.option("--organ", default="", help="哪个单位。")
@click.option("--reason", default="", help="为什么不从1号起。")
def series(word: str | None, year: int | None, first: int | None, organ: str, reason: str) -> None:
    """列出编号簿；--open 开立一个从某号起的。"""
    from luoshi.office.notices import numbers, queries

    if word is not None:
        if year is None or first is None:
            raise LuoshiError("E_INPUT", "开立编号簿须写 --year 和 --first。")
        numbers.open_series(actor=acting(), word=word, year=year, first=first, organ=organ, reason=reason)
    tell([
        {"word": one.word, "year": one.year, "part": one.part, "organ": one.organ, "gapless": one.gapless,
         "first": one.first, "taken": one.count, "void": one.voided}  # type: ignore[attr-defined]
        for one in queries.series(acting(), year)
    ])  # fmt: skip


@command.command("send")
def send() -> None:
    """把到时的短信、邮件现在发出。"""
    from luoshi.office.notices import outbox

    tell(outbox.send_due())


def _found(number: str) -> Any:
    from luoshi.office.notices import queries

    if number.isascii() and number.isdecimal() and len(number) < 16:
        return queries.notice(acting(), int(number))
    return queries.numbered(acting(), number)


def _row(row: Any) -> dict[str, Any]:
    return {
        "id": row.pk, "number": row.number_text, "title": row.title, "kind": row.kind, "organ": row.organ,
        "state": row.state, "dated": row.dated, "exercise": row.exercise, "demo": row.demo,
    }  # fmt: skip


def _write(number: str, form: str, output: Path | None) -> None:
    from luoshi.office.notices import copies

    row = _found(number)
    data = copies.as_file(row, form)
    if output is not None and str(output) == "-":
        sys.stdout.buffer.write(data)
        return
    target = output or Path(copies.name_of(row, form).replace("/", "_"))
    target.write_bytes(data)
    click.echo(str(target))
