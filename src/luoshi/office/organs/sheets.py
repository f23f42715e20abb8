"""Spreadsheets of organs, names, posts, members, appointment lists: out as tables, in as proposals.

Taking a sheet in writes nothing at first: `preview` tries every row and takes all of it back. `take_in` makes proposals
of all rows or of none; another person confirms them. The same file is taken in once.
"""

from __future__ import annotations

import datetime
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.locks import serialise
from luoshi.office.organs import actions, library
from luoshi.office.organs.models import (
    Evidence,
    ImportedSheet,
    LeadingGroup,
    Membership,
    Organ,
    OrganName,
    Post,
    Proposal,
)
from luoshi.office.permissions import require
from luoshi.office.workbook import Workbook

MAX_ROWS = 5000

Row = Mapping[str, str]
Cells = list[Any]


@dataclass(frozen=True, slots=True)
class SheetKind:
    """One sort of sheet: its title, its columns (title, field), the permission to take it in, empty where only out."""

    title: str
    columns: tuple[tuple[str, str], ...]
    permission: str


KINDS: Mapping[str, SheetKind] = {
    "organs": SheetKind(
        "单位",
        (
            ("代号", "slug"), ("全称", "name"), ("英文名", "english"), ("类别", "kind"), ("层级", "level"),
            ("上级", "parent"), ("统一社会信用代码", "uscc"), ("设立日", "not_before"), ("终止日", "not_after"),
            ("备注", "note"),
        ),
        "organ.edit",
    ),
    "names": SheetKind(
        "名称",
        (("单位", "organ"), ("名称", "text"), ("种类", "kind"), ("有歧义", "ambiguous"), ("出处", "instrument")),
        "organ.edit",
    ),
    "posts": SheetKind(
        "职务", (("单位", "organ"), ("职务", "title"), ("类别", "kind"), ("职数", "seats"), ("公开", "is_public")),
        "post.edit",
    ),
    "members": SheetKind(
        "领导小组成员名单",
        (
            ("文号", "number"), ("小组", "group"), ("序号", "order"), ("角色", "role"), ("姓名", "person"),
            ("印出的职务", "printed"), ("单位", "organ"), ("自何日起", "on"), ("至何日止", "until"),
        ),
        "group.propose",
    ),
    "appointments": SheetKind(
        "任免名单",
        (
            ("文号", "number"), ("日期", "issued_on"), ("任免", "action"), ("姓名", "person"), ("单位", "organ"),
            ("职务", "post"), ("备注", "remark"), ("说明", "explanation"),
        ),
        "post.edit",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with a row: its number in the sheet, the title of the column (empty for the row), what to do."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """What taking a sheet in would do: `titles` of the proposals it would make, `errors` that stop it.

    Rows that say what is registered already make no proposal.
    """

    kind: str
    name: str
    digest: str
    rows: int
    titles: Sequence[str]
    errors: Sequence[RowError]
    already: bool


# --- out --------------------------------------------------------------------------------------------------------------


def export(kind: str, *, actor: Actor, number: str = "") -> bytes:
    """Return the Excel file of a kind; `number` limits members and appointments to one instrument. E_INPUT."""
    require(actor, "organ.see")
    sheet_kind = _kind(kind)
    book = Workbook(sheet_kind.title)
    columns = [(title, 18) for title, _field in sheet_kind.columns]
    book.table(sheet_kind.title, columns, (list(map(_written, row)) for row in _ROWS[kind](number)))
    return book.data()


def _written(value: Any) -> str:
    return "" if value is None else ("否", "是")[value] if isinstance(value, bool) else str(value)


def _organ_rows(_number: str) -> Iterable[Cells]:
    fields = [field for _, field in KINDS["organs"].columns]
    yield from (list(row) for row in Organ.objects.order_by("slug").values_list(*fields))


def _name_rows(_number: str) -> Iterable[Cells]:
    rows = OrganName.objects.filter(ended=False).order_by("organ__slug", "id")
    yield from (list(row) for row in rows.values_list("organ__slug", "text", "kind", "ambiguous", "instrument"))


def _post_rows(_number: str) -> Iterable[Cells]:
    rows = Post.objects.filter(is_public=True).order_by("organ__slug", "id")
    yield from (list(row) for row in rows.values_list("organ__slug", "title", "kind", "seats", "is_public"))


def _member_rows(number: str) -> Iterable[Cells]:
    groups: QuerySet[LeadingGroup] = LeadingGroup.objects.filter(withdrawn_at__isnull=True)
    rows = Membership.objects.filter(group__in=groups.filter(number=number) if number else groups)
    for row in rows.select_related("group", "person__merged_into", "organ").order_by("group_id", "order", "id"):
        person = library.person_of(row.person).name if row.person else ""
        organ = row.organ.slug if row.organ else ""
        yield [row.group.number, row.group.name, row.order, row.role, person, row.printed, organ, row.since, row.until]


def _appointment_rows(number: str) -> Iterable[Cells]:
    for row in _acts(number):
        word = "任命" if row.kind == Evidence.Kind.APPOINT else "免职"
        person = library.person_of(row.person).name
        yield [row.number, row.day, word, person, row.post.organ.slug, row.post.title, row.remark, ""]


def _acts(number: str) -> QuerySet[Evidence]:
    rows = library.evidence_rows(Q(kind__in=["appoint", "remove"], post__is_public=True))
    rows = rows.filter(number=number) if number else rows
    return rows.order_by("day", "number", "id")


_ROWS: Mapping[str, Callable[[str], Iterable[Cells]]] = {
    "organs": _organ_rows,
    "names": _name_rows,
    "posts": _post_rows,
    "members": _member_rows,
    "appointments": _appointment_rows,
}


def appointment_text(number: str) -> str:
    """Return an appointment list in the gazette's form: 任命, then 免去, remarks verbatim, the day. E_NOT_FOUND."""
    rows = list(_acts(number))
    if not rows or not number:
        raise LuoshiError("E_NOT_FOUND", f"没有“{number}”的任免事项。", fields={"number": number})
    lines = ["乳山市人民政府任免的工作人员名单", number]
    for kind, head, form in (("appoint", "任命:", "{name}为{post}"), ("remove", "免去:", "{name}的{post}职务")):
        said = [
            form.format(name=library.person_of(row.person).name, post=row.printed)
            + (f",{row.remark}" if row.remark else "")
            for row in rows
            if row.kind == kind
        ]
        if said:
            lines += [head, ";\n".join(said) + "。"]
    day = rows[0].day
    return "\n".join([*lines, f"{day.year}年{day.month}月{day.day}日" if day else ""]) + "\n"


# --- in ---------------------------------------------------------------------------------------------------------------


def preview(kind: str, *, actor: Actor, name: str, data: bytes) -> SheetPreview:
    """Say what taking the sheet in would do, row by row; writes nothing. E_FILE, E_HEADER, E_TOO_LARGE, E_FORBIDDEN."""
    sheet_kind, rows = _read(kind, actor, name, data)
    with transaction.atomic():
        made, errors = _try_rows(kind, sheet_kind, rows, actor)
        titles = [row.title for row in made]
        transaction.set_rollback(True)
    digest = _digest(data)
    already = ImportedSheet.objects.filter(digest=digest).exists()
    return SheetPreview(kind, name, digest, len(rows), titles, errors, already)


def take_in(kind: str, *, actor: Actor, name: str, data: bytes) -> ImportedSheet:
    """Make proposals of all rows; another person confirms them.

    Side effects: the proposals with theirs, one audit entry. E_DUPLICATE_FILE 已导入 for a file taken in before; E_ROWS
    with every faulty row where any is, and nothing is written then.
    """
    sheet_kind, rows = _read(kind, actor, name, data)
    digest = _digest(data)
    with transaction.atomic():
        serialise("organs.sheets")
        if (known := ImportedSheet.objects.filter(digest=digest).first()) is not None:
            raise LuoshiError(
                "E_DUPLICATE_FILE",
                f"已导入：这个文件{known.taken_at:%Y-%m-%d}由{known.taken_by}导入过，内容一字未变。",
                fields={"digest": digest},
            )
        made, errors = _try_rows(kind, sheet_kind, rows, actor)
        if errors:
            said = [{"row": e.row, "column": e.column, "code": e.code, "message": e.message} for e in errors]
            raise LuoshiError(
                "E_ROWS",
                f"有{len(errors)}处须更正，没有导入任何一行。请按行列提示改正后重新导入。",
                fields={"rows": said},
            )
        sheet = ImportedSheet.objects.create(
            digest=digest,
            name=name[:200],
            kind=kind,
            rows=len(rows),
            proposal_ids=[row.pk for row in made],
            taken_at=CLOCK.now(),
            taken_by=actor.name,
        )
        after = {"name": name, "rows": len(rows), "proposals": len(made)}
        append(
            actor=actor, act="organs.import", subject=f"sheet:{digest}", after=after, permission=sheet_kind.permission
        )
    found: ImportedSheet = sheet
    return found


def _digest(data: bytes) -> str:
    return hashlib.new("sm3", data).hexdigest()


def _kind(kind: str) -> SheetKind:
    if kind not in KINDS:
        raise LuoshiError("E_INPUT", f"没有“{kind}”这种表：{'、'.join(KINDS)}。", fields={"kind": kind})
    return KINDS[kind]


def _read(kind: str, actor: Actor, name: str, data: bytes) -> tuple[SheetKind, list[tuple[int, dict[str, str]]]]:
    """The rows of a sheet with their numbers, cells as text by field; the head must be the one we export."""
    sheet_kind = _kind(kind)
    require(actor, sheet_kind.permission)
    if len(data) > settings.UPLOAD_BYTES:
        raise LuoshiError("E_TOO_LARGE", "表格超过上传的上限，请拆分后再导入。")
    from python_calamine import CalamineError, CalamineWorkbook

    from luoshi.office.files import content

    verdict = content.examine(name if name.lower().endswith(".xlsx") else f"{name}.xlsx", data)
    if verdict.reason:
        raise LuoshiError("E_FILE", f"“{name}”不能导入：{verdict.reason}", fields={"name": name})
    try:
        cells = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    except (CalamineError, ValueError, OSError) as error:
        raise LuoshiError(
            "E_FILE", f"“{name}”读不出，应为 Excel（.xlsx）文件。", fields={"fault": str(error)}
        ) from None
    titles = [title for title, _ in sheet_kind.columns]
    head = [str(cell).strip() for cell in cells[0]] if cells else []
    if head[: len(titles)] != titles:
        raise LuoshiError(
            "E_HEADER", f"表头应依次为：{'、'.join(titles)}。请用导出的表格填写。", fields={"head": head[:20]}
        )
    fields = [field for _, field in sheet_kind.columns]
    rows = [
        (place, dict(zip(fields, map(_text, row), strict=False)))
        for place, row in enumerate(cells[1:], 2)
        if any(str(cell).strip() for cell in row)
    ]
    if len(rows) > MAX_ROWS:
        raise LuoshiError("E_TOO_LARGE", f"表格有{len(rows)}行，超过{MAX_ROWS}行，请拆分后再导入。")
    return sheet_kind, rows


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat()
    text = str(cell).strip()
    return text[1:] if text.startswith("'") else text


_STANDING = ("organs", "names", "posts")
"""Sheets of what stands: a row that changes nothing makes no proposal."""


def _try_rows(
    kind: str, sheet_kind: SheetKind, rows: Sequence[tuple[int, dict[str, str]]], actor: Actor
) -> tuple[list[Proposal], list[RowError]]:
    titles = {field: title for title, field in sheet_kind.columns}
    made: list[Proposal] = []
    errors: list[RowError] = []
    for place, take in _TAKES[kind](rows, actor):
        try:
            with transaction.atomic():
                made.append(take())
        except LuoshiError as error:
            if error.code == "E_FORBIDDEN":
                raise
            if error.code == "E_DUPLICATE" and kind in _STANDING:
                continue  # the row says what is registered already
            column = next((titles[field] for field in error.fields if field in titles), "")
            errors.append(RowError(place, column, error.code, error.message))
    return made, errors


Take = tuple[int, Callable[[], Proposal]]


def _day(row: Row, field: str) -> datetime.date | None:
    if not row[field]:
        return None
    try:
        return datetime.date.fromisoformat(row[field])
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{row[field]}”不是日期，应如 2019-03-04。", fields={field: row[field]}) from None


def _yes(row: Row, field: str, default: bool) -> bool:
    words = {"": default, "是": True, "否": False, "True": True, "False": False, "1": True, "0": False}
    if row[field] not in words:
        raise LuoshiError("E_INPUT", f"“{row[field]}”应写是或否。", fields={field: row[field]})
    return words[row[field]]


def _number(row: Row, field: str) -> int | None:
    if not row[field]:
        return None
    if not (row[field].isascii() and row[field].isdigit() and len(row[field]) < 6):
        raise LuoshiError("E_INPUT", f"“{row[field]}”应为整数。", fields={field: row[field]})
    return int(row[field])


def _take_organs(rows: Iterable[tuple[int, Row]], actor: Actor) -> Iterable[Take]:
    def take(row: Row) -> Proposal:
        plain = {field: row[field] for field in ("slug", "name", "english", "kind", "level", "parent", "uscc", "note")}
        bounds = {field: _day(row, field) for field in ("not_before", "not_after")}
        return actions.propose_organ(actor=actor, **plain, **bounds)  # type: ignore[arg-type]

    return ((place, lambda row=row: take(row)) for place, row in rows)  # type: ignore[misc]


def _take_names(rows: Iterable[tuple[int, Row]], actor: Actor) -> Iterable[Take]:
    def take(row: Row) -> Proposal:
        return actions.propose_name(
            actor=actor,
            organ=row["organ"],
            text=row["text"],
            kind=row["kind"] or "alias",
            ambiguous=_yes(row, "ambiguous", False),
            instrument=row["instrument"],
        )

    return ((place, lambda row=row: take(row)) for place, row in rows)  # type: ignore[misc]


def _take_posts(rows: Iterable[tuple[int, Row]], actor: Actor) -> Iterable[Take]:
    def take(row: Row) -> Proposal:
        return actions.propose_post(
            actor=actor,
            organ=row["organ"],
            title=row["title"],
            kind=row["kind"],
            seats=_number(row, "seats"),
            is_public=_yes(row, "is_public", True),
        )

    return ((place, lambda row=row: take(row)) for place, row in rows)  # type: ignore[misc]


def _take_members(rows: Iterable[tuple[int, Row]], actor: Actor) -> Iterable[Take]:
    def take(row: Row) -> Proposal:
        group = library.find_group(row["group"], row["number"] or None)
        if group is None:
            raise LuoshiError("E_NOT_FOUND", f"没有小组“{row['group']}”。", fields={"group": row["group"]})
        on, order = _day(row, "on"), _number(row, "order")
        if on is None or order is None:
            raise LuoshiError("E_INCOMPLETE", "须写明序号和自何日起。", fields={"on" if on is None else "order": ""})
        return actions.propose_member(
            actor=actor, group=group.pk, order=order, person=None, name=row["person"], on=on, reason="表格导入"
        )

    return ((place, lambda row=row: take(row)) for place, row in rows)  # type: ignore[misc]


def _take_appointments(rows: Iterable[tuple[int, Row]], actor: Actor) -> Iterable[Take]:
    """One proposal a number; a fault is told at the list's first row."""
    lists: dict[str, list[tuple[int, Row]]] = {}
    for place, row in rows:
        lists.setdefault(row["number"], []).append((place, row))

    def take(number: str, own: Sequence[tuple[int, Row]]) -> Proposal:
        issued_on = _day(own[0][1], "issued_on")
        if issued_on is None:
            raise LuoshiError("E_INCOMPLETE", "须写明名单日期。", fields={"issued_on": ""})
        return actions.propose_appointments(
            actor=actor, number=number, issued_on=issued_on, acts=[row for _, row in own]
        )

    return ((own[0][0], lambda n=number, own=own: take(n, own)) for number, own in lists.items())  # type: ignore[misc]


_TAKES: Mapping[str, Callable[[Iterable[tuple[int, Row]], Actor], Iterable[Take]]] = {
    "organs": _take_organs,
    "names": _take_names,
    "posts": _take_posts,
    "members": _take_members,
    "appointments": _take_appointments,
}
