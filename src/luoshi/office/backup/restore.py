"""Load an archive into an empty database, rebuild what is made from it, and prove that it is the same.

The caller makes the database empty and known as `default`, and puts it in place when this has ended well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.audit import key, proof, seals
from luoshi.office.audit.models import AuditHead, AuditSeal
from luoshi.office.backup import tables
from luoshi.office.backup.archive import Archive
from luoshi.office.backup.resting import triggers_at_rest
from luoshi.office.files import store
from luoshi.office.funds import proof as books
from luoshi.office.funds.models import Book
from luoshi.office.migrating import draw_only_what_is_new

Report = Callable[[str, int, int], None]
Texts = Iterator[tuple[int, Iterable[str]]]
_PIECE = 500


def load(archive: Archive, report: Report) -> None:
    """Fill the empty database from `archive`; E_FILE when the archive is of a later version than this software."""
    wanted = [tuple(one) for one in archive.manifest["migrations"]]
    _migrate_to(wanted)
    told = [
        (tables.Table(one["name"], tuple(one["columns"]), tuple(one["kinds"]), one["order"]), one["rows"])
        for one in archive.manifest["tables"]
    ]
    _clear([table.name for table, _ in told])
    with triggers_at_rest():
        for place, (table, rows) in enumerate(told):
            report("loading", place, len(told))
            found = tables.load(connection, table, archive.lines(f"tables/{table.name}.jsonl.gz"))
            if found != rows:
                raise LuoshiError("E_ROWS", f"表 {table.name} 应有 {rows} 行，读出 {found} 行，没有恢复。")
    call_command("migrate", interactive=False, verbosity=0)
    _restart_numbers()
    report("indexing", 0, 0)
    rebuild_search()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def prove(archive: Archive) -> None:
    """Prove that the database is what was backed up: the trail whole, its heads identical, every row, every book."""
    told = proof.verify(workers=1)
    if not told.whole or told.unguarded:
        first = told.findings[0].message if told.findings else f"缺触发器 {told.unguarded[0]}"
        raise LuoshiError("E_HASH", f"恢复出来的审计链不完整（{first}），没有启用。备份前的库可能已被改动。")
    heads = {head.stream: {"position": head.position, "digest": head.digest} for head in AuditHead.objects.all()}
    if heads != archive.manifest["heads"]:
        raise LuoshiError("E_HASH", "恢复出来的审计链尾与备份清单不符，没有启用。")
    for one in archive.manifest["tables"]:
        if (found := tables.count(connection, one["name"])) != one["rows"]:
            raise LuoshiError("E_ROWS", f"表 {one['name']} 应有 {one['rows']} 行，现有 {found} 行，没有启用。")
    for book in Book.objects.order_by("pk"):
        if faults := books.prove(book, whole=True, keep=False).faults:
            raise LuoshiError(
                "E_HASH", f"恢复出来的账簿“{book.title}”重算不符（{faults[0]}），没有启用。备份前的库可能已被改动。"
            )


def put_files(archive: Archive) -> int:
    """Put the contents of the file store back, each under its digest; return how many. Those there stay."""
    names = archive.names("files/")
    for name in names:
        folder, digest = name.split("/")[1:]
        if not (folder + digest).isalnum():
            raise LuoshiError("E_FILE", f"备份里的文件名“{name}”不正常，没有恢复。")
        with archive.stream(name) as stream:
            store.write(folder + digest, stream.read())
    return len(names)


def put_seals() -> None:
    """Write the file of seals anew from the database; the one of before stays beside it."""
    log = key.seal_log()
    if log.exists():
        log.replace(log.with_suffix(f".before-{os.getpid()}.jsonl"))
    seals.repeat_outside(list(AuditSeal.objects.order_by("stream", "number")))


def _migrate_to(wanted: list[tuple[str, ...]]) -> None:
    """Bring the empty database to the state the archive was made in."""
    draw_only_what_is_new()
    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations
    ours = {app for app, _ in known}
    unknown = [one for one in wanted if one[0] in ours and one not in known]
    if unknown:
        app, name = unknown[0]
        raise LuoshiError(
            "E_FILE", f"备份来自更新的版本（有 {app}.{name} 这步升级），这个版本不认识。请先升级软件再恢复。"
        )
    last = {app: name for app, name in sorted(wanted) if app in ours}
    # All in one go: each `migrate APP NAME` would draw up the tables of every other room anew.
    executor.migrate(list(last.items()))


def _clear(names: Iterable[str]) -> None:
    """Empty the tables of what migrations put in."""
    with transaction.atomic(), connection.constraint_checks_disabled(), connection.cursor() as cursor:
        for name in names:
            if tables.count(connection, name):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(name)}")  # noqa: S608


def _restart_numbers() -> None:
    models = apps.get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def rebuild_search() -> None:
    """Fill every search index from the rows it is about."""
    for table, texts in _SEARCHED.items():
        if table not in connection.introspection.table_names():
            continue
        with transaction.atomic():
            piece = []
            for one in texts():
                piece.append(one)
                if len(piece) == _PIECE:
                    search.index(table, piece)
                    piece = []
            search.index(table, piece)


def _instruments() -> Texts:
    clause, instrument = apps.get_model("instruments", "Clause"), apps.get_model("instruments", "Instrument")
    heads = instrument.objects.order_by("id").values_list("id", "number", "title", "covering_title")
    clauses = clause.objects.order_by("instrument_id", "seq").values_list("instrument_id", "heading", "text").iterator()
    waiting = next(clauses, None)
    for pk, *words in heads.iterator():
        while waiting is not None and waiting[0] <= pk:
            if waiting[0] == pk:
                words += waiting[1:]
            waiting = next(clauses, None)
        yield pk, words


def _rows(app: str, model: str, *columns: str) -> Callable[[], Texts]:
    def texts() -> Texts:
        for pk, *words in apps.get_model(app, model).objects.order_by("id").values_list("id", *columns).iterator():
            yield pk, words

    return texts


_SEARCHED: dict[str, Callable[[], Texts]] = {
    "instruments_search": _instruments,
    "duties_duty_search": _rows("duties", "Duty", "summary", "action"),
    "duties_matter_search": _rows("duties", "Matter", "title", "basis"),
    "cases_search": _rows("cases", "Case", "number", "title"),
}
"""What each index of `office.search` holds; a room with another one adds its line."""
