"""资金：luoshi fund kinds、open、opening、books、trial、statement、entry、prove、receive、out、link、send、bank。"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import click

from luoshi.kernel.clock import CLOCK
from luoshi.site.console import AS, DAY, Problems, acting, tell


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with books."""


@command.command()
@AS
def books(login: str) -> None:
    """列出账簿和余额（分）。"""
    actor = acting(login)
    from luoshi.office.funds import queries

    rows = queries.rows_of_books(list(queries.visible_books(actor)))
    tell([
        {"key": row["book"].key, "title": row["book"].title, "last_no": row["book"].last_no, "bank": row["bank"],
         "transit": row["transit"], "suspense": row["suspense"], "closed_through": row["book"].closed_through}
        for row in rows
    ])  # fmt: skip


@command.command()
@AS
def kinds(login: str) -> None:
    """列出可以开立的账簿：由谁记账、开立时问什么、已开几本。"""
    actor = acting(login)
    from luoshi.office.funds import openings

    tell([
        {"plan": one.plan.key, "title": one.plan.title, "organ": one.plan.organ, "sees": list(one.plan.sees),
         "books": one.books, "offered": one.offered,
         "asks": {row.name: f"{row.title}{'（可不写）' if row.optional else ''}" for row in one.plan.asked}}
        for one in openings.kinds(actor)
    ])  # fmt: skip


@command.command("open")
@AS
@click.argument("plan")
@click.option("--on", "day", type=DAY, default=None, help="开立日，默认今天。")
@click.option(
    "--set", "answers", multiple=True, metavar="名=值", help="开立时问的一项，可写多次；见 luoshi fund kinds。"
)
def open_(login: str, plan: str, day: datetime.date | None, answers: tuple[str, ...]) -> None:
    """拟开立一本账，例如 luoshi fund open agri_guarantee/fund --set bank=… --set number=… --as 经办。

    另一人用 luoshi fund opening 编号 --accept 复核后开立。
    """
    told = {}
    for one in answers:
        name, mark, value = one.partition("=")
        if not mark:
            raise click.BadParameter(f"“{one}”应写成 名=值", param_hint="--set")
        told[name.strip()] = value.strip()
    actor = acting(login)
    from luoshi.office.funds import openings

    row = openings.propose(actor=actor, plan=plan, opened_on=day or CLOCK.today(), values=told)
    tell({"opening": row.pk, "book": row.key, "title": row.title, "state": row.state})


@command.command()
@AS
@click.argument("number", type=int)
@click.option("--accept/--refuse", default=None, help="开立，或退回（要写 --reason）；都不写只看。")
@click.option("--reason", default="", help="退回的原因。")
def opening(login: str, number: int, accept: bool | None, reason: str) -> None:
    """看一份开立账簿的提议，或由另一人复核。"""
    actor = acting(login)
    from luoshi.office.funds import openings

    row = openings.opening_of(actor, number)
    if accept is not None:
        row = openings.decide(actor=actor, opening=number, accept=accept, reason=reason)
    tell({"opening": row.pk, "plan": row.plan, "book": row.key, "title": row.title, "organ": row.organ,
            "opened_on": row.opened_on, "told": row.told, "state": row.state, "maker": row.maker_name,
            "checker": row.checker_name, "reason": row.reason})  # fmt: skip


@command.command()
@AS
@click.argument("book")
@click.option("--from", "first", type=DAY, default=None, help="起息日从，默认本月1日。")
@click.option("--to", "last", type=DAY, default=None, help="起息日到，默认今天。")
def trial(login: str, book: str, first: datetime.date | None, last: datetime.date | None) -> None:
    """试算平衡表；不平衡时退出状态为 1。"""
    actor = acting(login)
    from luoshi.office.funds import queries

    end = last or CLOCK.today()
    begin = first or end.replace(day=1)
    found = queries.trial_balance(queries.visible_book(actor, book), begin, end)
    rows = [
        {"code": row.account.code, "title": row.account.title, "opening": row.opening, "debit": row.debit,
         "credit": row.credit, "year_debit": row.year_debit, "year_credit": row.year_credit,
         "closing": row.closing} for row in found.rows
    ]  # fmt: skip
    tell({"from": begin, "to": end, "balances": found.balances, "rows": rows})
    sys.exit(0 if found.balances else 1)


@command.command()
@AS
@click.argument("book")
@click.argument("account")
@click.option("--subject", default="", help="子目。")
@click.option("--from", "first", type=DAY, default=None, help="起息日从。")
@click.option("--to", "last", type=DAY, default=None, help="起息日到。")
@click.option("--after", default="", help="接着上一页：上页的 next。")
def statement(
    login: str, book: str, account: str, subject: str, first: datetime.date | None, last: datetime.date | None,
    after: str,
) -> None:  # fmt: skip
    """一个科目（或它的一个子目）的明细账，新的在前。"""
    actor = acting(login)
    from luoshi.office.funds import queries

    found = queries.account_statement(
        queries.account_of(queries.visible_book(actor, book), account), subject=subject,
        first_on=first, last_on=last, after=after,
    )  # fmt: skip
    rows = [
        {"no": row.entry.number, "value_on": row.posting.value_on, "memo": row.entry.memo, "debit": row.posting.debit,
         "credit": row.posting.credit, "after": row.after} for row in found.rows
    ]  # fmt: skip
    tell({"opening": found.opening, "closing": found.closing, "rows": rows, "next": found.page.next})


@command.command()
@AS
@click.argument("book")
@click.argument("number", type=int)
def entry(login: str, book: str, number: int) -> None:
    """一笔分录：各行、依据、经办和复核。"""
    actor = acting(login)
    from luoshi.office.funds import actions, queries

    row = queries.journal_rows([actions.entry_of(queries.visible_book(actor, book), number)])[0]
    one = row.entry
    tell({
        "number": one.number, "value_on": one.value_on, "event": one.event, "memo": one.memo, "basis": one.basis,
        "case": one.case, "maker": row.seal.maker, "checker": row.seal.checker, "seal": row.seal.digest,
        "counter_of": one.counter_of_id and one.counter_of_id % (1 << 32),
        "lines": [[line.account.code, line.debit, line.credit, line.subject, line.bank_txn_no] for line in row.lines],
    })  # fmt: skip


@command.command()
@AS
@click.argument("book", required=False, default="")
@click.option("--whole", is_flag=True, help="连以前核过的封印一起从头核。")
def prove(login: str, book: str, whole: bool) -> None:
    """重算账簿：存着的余额、日合计、借贷、封印；有不符时退出状态为 1。"""
    actor = acting(login)
    from luoshi.office.funds import proof, queries

    wanted = [queries.visible_book(actor, book)] if book else list(queries.visible_books(actor))
    told = [(one, proof.prove(one, whole=whole)) for one in wanted]
    tell([
        {"book": one.key, "number": found.number, "last_no": found.last_no, "debit": found.debit,
         "credit": found.credit, "faults": found.faults} for one, found in told
    ])  # fmt: skip
    sys.exit(1 if any(found.faults for _one, found in told) else 0)


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def receive(files: tuple[Path, ...]) -> None:
    """收银行送来的文件（行号_账号_日期_序号.jsonl）；有错行时退出状态为 2。"""
    acting()
    from luoshi.office.funds import bank

    told = [bank.receive_file(name=one.name, data=one.read_bytes()) for one in files]
    tell([
        {"name": one.name, "accepted": one.accepted, "duplicate": one.duplicate, "faults": one.faults} for one in told
    ])  # fmt: skip
    sys.exit(2 if any(one.faults for one in told) else 0)


@command.command()
@AS
@click.argument("book")
@click.argument("account")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="写到哪个目录。")
def out(login: str, book: str, account: str, folder: Path) -> None:
    """把待送银行的报文写成文件；写出即算已送。"""
    actor = acting(login)
    from luoshi.office.funds import links, queries

    row = queries.account_of(queries.visible_book(actor, book), account)
    name, data = links.write_file(actor=actor, account=row)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    click.echo(str(folder / name))


@command.command()
@click.argument("bank")
@click.option("--name", required=True, help="银行名称。")
@click.option("--url", default="", help="银行接口地址；不写则用文件往来。")
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
              help="密钥文件（32到200个字符）；不写则不换密钥。")  # fmt: skip
@click.option("--keep-old-days", type=int, default=7, help="旧密钥再用几天。")
def link(bank: str, name: str, url: str, key_file: Path | None, keep_old_days: int) -> None:
    """设银行的名称、接口地址和密钥。"""
    actor = acting()
    from luoshi.office.funds import links

    key = key_file.read_text(encoding="ascii").strip() if key_file else ""
    row = links.set_link(
        actor=actor, bank=bank, name=name, key=key, url=url, keep_old=datetime.timedelta(days=keep_old_days)
    )
    tell({"bank": row.bank, "name": row.name, "url": row.url})


@command.command()
def send() -> None:
    """现在就送待送银行的报文。"""
    acting()
    from luoshi.office.funds import links

    tell(links.send_due())


@command.command("bank")
@click.option("--port", type=int, default=8099, help="监听的端口。")
@click.option("--to", "target", default="http://127.0.0.1:8000/api/v1/bank/messages", help="往哪里送报文。")
@click.option(
    "--key-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="密钥文件。"
)
@click.option("--delay", type=float, default=0.0, help="付款后几秒才回结果。")
@click.option(
    "--plan", default="", help="依次怎么办，以逗号分隔：success、failed、unknown、silent、twice、late、return。"
)
def simulated(port: int, target: str, key_file: Path, delay: float, plan: str) -> None:
    """开一家模拟银行：只懂报文接口，可延迟、重发、丢失、退回。"""
    from luoshi.site.banksim import Bank, serve

    key = key_file.read_text(encoding="ascii").strip()
    serve(Bank(key=key, target=target, delay_s=delay, plan=[one for one in plan.split(",") if one]), port)
