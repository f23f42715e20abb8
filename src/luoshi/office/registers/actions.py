"""Write a register: take a table in, make, correct, end, restore or void one record, take an import back.

Every act appends to the history of each record and to the audit trail in one transaction. A record is opened at a
version: who corrects another's newer one is refused and shown both (E_VERSION).
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.locks import serialise
from luoshi.office.registers import history, plan, reach, sheets
from luoshi.office.registers.declaration import Register, Row
from luoshi.office.registers.history import Written
from luoshi.office.registers.kinds import KINDS, Fault, blank, masked
from luoshi.office.registers.models import RegisterChange, RegisterImport
from luoshi.office.registers.plan import CHANGED, FAULTY, NEW, RESTORED, Known, Plan, Report
from luoshi.office.registers.reading import Books

MAX_REASON = 300
_UNDONE = 20
"""So many records are named when an import cannot be taken back whole."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of an act on one record."""

    record: Any
    change: RegisterChange


# --- a table ----------------------------------------------------------------------------------------------------------


def digest_of(data: bytes) -> str:
    """Return the digest by which a file is known."""
    return hashlib.new("sm3", data).hexdigest()


def taken_before(register: Register, digest: str) -> RegisterImport | None:
    """Return the import of the same content, None when there is none or it has been taken back."""
    return RegisterImport.objects.filter(register=register.key, digest=digest, undone_at__isnull=True).first()


def take_in(
    *,
    actor: Actor,
    register: Register,
    name: str,
    data: bytes,
    mode: str = "all",
    plan_digest: str = "",
    seen_at: datetime.datetime | None = None,
    report: Report | None = None,
) -> RegisterImport:
    """Take a file in as its preview said; `plan_digest` is the preview's, `seen_at` when it was made.

    Side effects: the records, their history, one import, one audit entry, all or nothing. Errors: E_DUPLICATE_FILE for
    content taken in before; E_VERSION when what would be written is no longer what the preview showed; E_ROWS in mode
    all with any faulty row; E_INCOMPLETE when nothing would be written; what reading the file refuses; E_FORBIDDEN.
    """
    reach.require_act(actor, register, "take_in")
    if mode not in register.modes:
        raise LuoshiError("E_INPUT", f"“{register.title}”不能按“{mode}”导入：可用 {'、'.join(register.modes)}。")
    digest, at = digest_of(data), CLOCK.now()
    table = sheets.read(register, name, data)
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        if (known := taken_before(register, digest)) is not None:
            raise already(known)
        planned = Plan(register, table, actor=actor, on=CLOCK.today(), report=report)
        taken = RegisterImport.objects.create(
            register=register.key, digest=digest, name=name[:200], size_bytes=len(data), mode=mode, plan=plan_digest,
            rows=0, new=0, changed=0, unchanged=0, left_out=0, at=at, by=actor.name, by_user_id=actor.user_id,
        )  # fmt: skip
        counts = dict.fromkeys(plan.OPS, 0)
        for batch in planned.batches(hold=mode == "by_group"):
            rows = _chosen(register, batch, mode)
            history.write(register, [_written(row) for row in rows if row.op != plan.UNCHANGED],
                          actor=actor, at=at, taken=taken)  # fmt: skip
            for row in rows:
                counts[row.op] += 1
        if plan_digest and planned.digest != plan_digest:
            raise _moved(register, seen_at)
        plan.require_share(register, planned)
        if mode == "all" and planned.counts[FAULTY]:
            raise LuoshiError(
                "E_ROWS",
                f"有 {planned.counts[FAULTY]:,} 行须更正，没有写入任何一行。请按行列提示改正后重新导入。",
                fields={"faulty": planned.counts[FAULTY]},
            )
        written = counts[NEW] + counts[CHANGED] + counts[RESTORED]
        if not written:
            raise LuoshiError("E_INCOMPLETE", "文件里没有要写入的行：与台账一致，或都有错。台账没有改动。")
        taken.rows, taken.plan = planned.total, planned.digest
        taken.new, taken.changed, taken.restored = counts[NEW], counts[CHANGED], counts[RESTORED]
        taken.unchanged = counts[plan.UNCHANGED]
        taken.left_out = planned.total - written - taken.unchanged
        taken.save()
        append(
            actor=actor,
            act="register.import",
            subject=f"register:{register.key}",
            after={
                "import": taken.pk, "name": taken.name, "digest": digest, "mode": mode, "rows": taken.rows,
                "new": taken.new, "changed": taken.changed, "restored": taken.restored, "left_out": taken.left_out,
            },
            permission=register.take_in,
        )  # fmt: skip
    return taken


def already(known: RegisterImport) -> LuoshiError:
    """Return the refusal of content that has been taken in before."""
    return LuoshiError(
        "E_DUPLICATE_FILE",
        f"这个文件已导入：{known.at:%Y-%m-%d}由{known.by}导入（第 {known.pk} 次），内容一字未变，没有再写。",
        fields={"import": known.pk, "digest": known.digest},
    )


def _chosen(register: Register, batch: Sequence[plan.Planned], mode: str) -> list[plan.Planned]:
    """Return the rows of a batch that are written in this mode."""
    if mode != "by_group":
        return [row for row in batch if row.op != FAULTY]
    faulty = {row.values.get(register.group) for row in batch if row.op == FAULTY}
    return [row for row in batch if row.op != FAULTY and row.values.get(register.group) not in faulty]


def _written(row: plan.Planned) -> Written:
    known = row.known
    if known is None:
        return Written("new", row.values, row=row.number)
    kind = "restore" if row.op == RESTORED else "change"
    return _over(known, kind, row.values, row=row.number)


def _over(
    known: Known,
    kind: str,
    values: Row,
    *,
    ended_on: datetime.date | None = None,
    void: bool = False,
    row: int | None = None,
) -> Written:
    return Written(kind, values, known.pk, known.version, known.values, ended_on, void, known.ended_on, known.void, row)


def _moved(register: Register, seen_at: datetime.datetime | None) -> LuoshiError:
    rows = RegisterChange.objects.filter(register=register.key)
    since = list((rows.filter(at__gte=seen_at) if seen_at else rows.none()).order_by("-id")[:5])
    if since:
        who = "、".join(dict.fromkeys(row.by for row in since))
        told = f"预览以后，{who}改过这个台账（如第 {since[0].record_id} 号记录）"
    else:
        told = "预览以后，日期、单位名称或您的权限变了"
    return LuoshiError(
        "E_VERSION",
        f"{told}，现在会写入的与您看到的不同，没有写入任何一行。请重新预览，看过再确认。",
        fields={"changed": [row.record_id for row in since]},
    )


def undo_import(
    *, actor: Actor, import_id: int, reason: str, skip_changed: bool = False, report: Report | None = None
) -> RegisterImport:
    """Take an import back by counter-changes: what it made becomes void, what it changed gets its old values back.

    A record changed since then stops it, unless `skip_changed` leaves such records as they are. Side effects: the
    records, their history, the import's row, one audit entry. Errors: E_NOT_FOUND, E_FORBIDDEN, E_STATE when it was
    taken back already, E_VERSION naming the records changed since, E_INPUT without a reason.
    """
    from luoshi.office.registers.declaration import find

    reason = _reason(reason, "对冲")
    with transaction.atomic():
        row = RegisterImport.objects.select_for_update().filter(pk=import_id).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {import_id} 次导入。")
        register = find(row.register)
        scope = reach.require_act(actor, register, "take_in")
        serialise(f"registers:{register.key}")
        if row.undone_at is not None:
            raise LuoshiError("E_STATE", f"第 {import_id} 次导入已由{row.undone_by}对冲，不能再对冲。")
        at, count, left = CLOCK.now(), 0, []
        last = 0
        total = row.new + row.changed + row.restored
        while changes := list(row.changes.filter(pk__gt=last).order_by("pk")[: plan.BATCH]):
            last = changes[-1].pk
            known = _known(register, [change.record_id for change in changes])
            before = _states_before(register, changes)
            written = []
            for change in changes:
                record = known[change.record_id]
                if not reach.covers(register, scope, record.values):
                    reach.require_act(actor, register, "take_in", record.values)
                now = history.state_of(register, record.values, record.ended_on, record.void)
                # Content counts, not the version: what was changed and changed back stops nothing.
                if any(now.get(name) != value for name, value in change.after.items() if name in now):
                    left.append(change.record_id)
                    continue
                written.append(_counter(register, change, record, before.get(change.pk)))
            history.write(register, written, actor=actor, at=at, reason=reason)
            count += len(written)
            if report is not None:
                report("undoing", count, total)
        if left and not skip_changed:
            names = "、".join(f"第 {pk} 号" for pk in left[:5])
            raise LuoshiError(
                "E_VERSION",
                f"导入以后又有 {len(left)} 条记录被更正（{names}…），没有对冲任何一条。"
                "可以打钩“后来改过的不动”，再对冲其余各条。",
                fields={"changed": left[:_UNDONE], "count": len(left)},
            )
        row.undone_at, row.undone_by, row.undone_reason, row.undone_count = at, actor.name, reason, count
        row.save(update_fields=["undone_at", "undone_by", "undone_reason", "undone_count"])
        append(
            actor=actor,
            act="register.undo",
            subject=f"register:{register.key}",
            before={"import": row.pk},
            after={"undone": count, "left": len(left), "reason": reason},
            permission=register.take_in,
        )
    return row


def _states_before(register: Register, changes: Sequence[RegisterChange]) -> dict[int, dict[str, Any]]:
    """Return the state of each record before its change, by the change's id; new ones have none."""
    return {change.pk: {**change.after, **change.before} for change in changes if change.before is not None}


def _counter(register: Register, change: RegisterChange, known: Known, before: dict[str, Any] | None) -> Written:
    if before is None:
        return _over(known, "undo", known.values, ended_on=known.ended_on, void=True)
    ended = before.get("ended_on")
    return _over(
        known,
        "undo",
        history.values_in(register, before),
        ended_on=datetime.date.fromisoformat(ended) if ended else None,
        void=bool(before.get("void")),
    )


def _known(register: Register, ids: Iterable[int]) -> dict[int, Known]:
    """Return records by id, locked until the transaction ends."""
    names = [column.name for column in register.columns]
    attnames = [column.attname for column in register.columns]
    found, wanted, today = {}, list(ids), CLOCK.today()
    rows = register.model._default_manager.select_for_update().filter(pk__in=wanted)
    for pk, version, ended_on, void, *values in rows.values_list("pk", "version", "ended_on", "void", *attnames):
        stands = not void and (ended_on is None or ended_on >= today)
        found[pk] = Known(pk, version, stands, ended_on, void, dict(zip(names, values, strict=True)))
    return found


# --- one record -------------------------------------------------------------------------------------------------------


def create(*, actor: Actor, register: Register, given: Mapping[str, Any], reason: str = "") -> Change:
    """Enter one record; `given` are cells by column as typed. One that ended or is void under the same key is restored.

    Side effects: the record, its history, one audit entry. Errors: E_INPUT with every fault by column, E_DUPLICATE for
    one that stands, E_FORBIDDEN.
    """
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        scope = reach.require_act(actor, register, "edit")
        values = _read(register, given, None)
        key = tuple(values[name] for name in register.natural_key)
        known = plan.known_records(register, [key], CLOCK.today()).get(key)
        if known is not None and known.stands:
            names = "、".join(register.by_name[name].title for name in register.natural_key)
            seen = reach.covers(register, reach.reach(actor, register), known.values)
            raise LuoshiError(
                "E_DUPLICATE",
                f"{names}相同的记录已登记，没有再登。请更正原来那条。"
                if seen
                else f"{names}相同的记录已在别的单位名下登记。",
                fields={"field": register.natural_key[0]} | ({"record": known.pk} if seen else {}),
            )
        _require_inside(register, scope, values)
        _require_unique(register, values, known.pk if known else None)
        row = Written("new", values) if known is None else _over(known, "restore", values)
        return _one(register, row, actor, reason, "register.create")


def correct(
    *, actor: Actor, register: Register, record_id: int, version: int, given: Mapping[str, Any], reason: str
) -> Change:
    """Correct a record opened at `version`; columns not in `given` keep their values, as do sensitive ones left blank.

    Side effects: the record, its history, one audit entry. Errors: E_NOT_FOUND, E_FORBIDDEN, E_VERSION with both
    values, E_INPUT, E_STATE for an ended or void one, E_INCOMPLETE when nothing differs.
    """
    reason = _reason(reason, "更正")
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        known, scope = _opened(actor, register, record_id)
        if not known.stands:
            raise LuoshiError("E_STATE", "这条记录已终止或作废，不能更正。须先恢复。")
        values = _read(register, given, known)
        if known.version != version:
            raise _stale(register, known, version, values)
        if values == known.values:
            raise LuoshiError("E_INCOMPLETE", "没有改动任何一项，没有写入。")
        _require_inside(register, scope, values)
        _require_unique(register, values, known.pk)
        return _one(register, _over(known, "change", values), actor, reason, "register.correct")


def end(*, actor: Actor, register: Register, record_id: int, version: int, on: datetime.date, reason: str) -> Change:
    """End a record: `on` is the last day on which it stands. Errors as `correct`; E_STATE when it has ended."""
    reason = _reason(reason, "终止")
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        known, _scope = _opened(actor, register, record_id)
        _require_version(register, known, version)
        if known.void or known.ended_on is not None:
            raise LuoshiError("E_STATE", "这条记录已终止或作废，不能再终止。")
        if not 1949 <= on.year <= 2100:
            raise LuoshiError("E_INPUT", f"终止日期 {on} 不对，请核对。", fields={"field": "on"})
        row = _over(known, "end", known.values, ended_on=on)
        return _one(register, row, actor, reason, "register.end")


def restore(*, actor: Actor, register: Register, record_id: int, version: int, reason: str) -> Change:
    """Let an ended or void record stand again. Errors as `correct`; E_STATE when it stands."""
    reason = _reason(reason, "恢复")
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        known, _scope = _opened(actor, register, record_id)
        _require_version(register, known, version)
        if not known.void and known.ended_on is None:
            raise LuoshiError("E_STATE", "这条记录没有终止或作废，不用恢复。")
        _require_unique(register, known.values, known.pk)
        return _one(register, _over(known, "restore", known.values), actor, reason, "register.restore")


def void(*, actor: Actor, register: Register, record_id: int, version: int, reason: str) -> Change:
    """Mark a record as one that should never have been entered; it stays readable. Errors as `correct`."""
    reason = _reason(reason, "作废")
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        known, _scope = _opened(actor, register, record_id)
        _require_version(register, known, version)
        if known.void:
            raise LuoshiError("E_STATE", "这条记录已作废。")
        row = _over(known, "void", known.values, ended_on=known.ended_on, void=True)
        return _one(register, row, actor, reason, "register.void")


def enter(*, actor: Actor, register: Register, rows: Iterable[Row], reason: str = "") -> int:
    """Enter many records of values the program itself knows to be right (a demonstration, another room's act).

    Values are as the model keeps them; columns left out are empty. Rows of a registered natural key are passed over.
    Side effects: the records, their history, one audit entry. Returns how many were entered. E_FORBIDDEN, E_DUPLICATE.
    """
    with transaction.atomic():
        serialise(f"registers:{register.key}")
        reach.require_act(actor, register, "edit")
        full = [{column.name: row.get(column.name, column.empty) for column in register.columns} for row in rows]
        keys = [tuple(row[name] for name in register.natural_key) for row in full]
        known: dict[tuple[Any, ...], Known] = {}
        for start in range(0, len(keys), plan.BATCH):
            known |= plan.known_records(register, keys[start : start + plan.BATCH], CLOCK.today())
        fresh = [Written("new", row) for row, key in zip(full, keys, strict=True) if key not in known]
        if fresh:
            history.write(register, fresh, actor=actor, at=CLOCK.now(), reason=reason)
            append(
                actor=actor,
                act="register.enter",
                subject=f"register:{register.key}",
                after={"new": len(fresh), "reason": reason},
                permission=register.edit,
            )
    return len(fresh)


# --- steps ------------------------------------------------------------------------------------------------------------


def _reason(text: str, act: str) -> str:
    text = text.replace("\0", "").strip()
    if not text:
        raise LuoshiError(
            "E_INPUT", f"请写明{act}的理由。", fields={"faults": [{"field": "reason", "fault": f"请写明{act}的理由。"}]}
        )
    if len(text) > MAX_REASON:
        raise LuoshiError(
            "E_INPUT",
            f"理由最多 {MAX_REASON} 字。",
            fields={"faults": [{"field": "reason", "fault": "太长，请缩短。"}]},
        )
    return text


def _opened(actor: Actor, register: Register, record_id: int) -> tuple[Known, Any]:
    """Return the record locked, and how far the actor may edit; E_NOT_FOUND, E_FORBIDDEN."""
    seen = reach.require_open(actor, register)
    known = _known(register, [record_id]).get(record_id)
    if known is None or not reach.covers(register, seen, known.values):
        raise LuoshiError("E_NOT_FOUND", f"“{register.title}”没有第 {record_id} 号记录。")
    return known, reach.require_act(actor, register, "edit", known.values)


def _read(register: Register, given: Mapping[str, Any], known: Known | None) -> dict[str, Any]:
    """Read typed cells into a record's values; E_INPUT with every fault by column."""
    base = known.values if known is not None else {column.name: column.empty for column in register.columns}
    values, faults = dict(base), []
    reading = Books(register, CLOCK.today()).reading
    if unknown := [name for name in given if name not in register.by_name]:
        raise LuoshiError(
            "E_INPUT", f"“{register.title}”没有“{'、'.join(unknown)}”这些列。", fields={"unknown": unknown}
        )
    for column in register.columns:
        cell = given.get(column.name, base[column.name] if known is not None else None)
        if known is not None and (
            column.name not in given
            or (column.sensitive and (blank(cell) or _is_mask(column, cell, base[column.name])))
        ):
            continue
        if blank(cell):
            values[column.name] = column.empty
            if column.required:
                faults.append({"field": column.name, "fault": f"“{column.title}”必填。", "code": "E_INCOMPLETE"})
            continue
        try:
            values[column.name] = KINDS[column.kind].read(column, cell, reading)
        except Fault as fault:
            values[column.name] = fault.value
            if not fault.warning:
                message = f"“{column.title}”：{fault.message}。"
                faults.append({"field": column.name, "fault": message, "code": fault.code})
    if not faults:
        faults = [
            {"field": found.column, "fault": f"{found.message}。".replace("。。", "。"), "code": found.code}
            for found in _checked(register, values)
        ]
    if faults:
        told = "".join(fault["fault"] for fault in faults)
        raise LuoshiError(faults[0]["code"] if len(faults) == 1 else "E_INPUT", told, fields={"faults": faults})
    return values


def _is_mask(column: Any, cell: Any, value: Any) -> bool:
    return bool(value) and isinstance(cell, str) and cell.strip() == masked(column, str(value))


def _checked(register: Register, values: dict[str, Any]) -> list[plan.CellFault]:
    found = plan.faults_of(register, values)
    for check in register.batch_checks:
        found += [plan._cell_fault(register, fault) for _number, fault in check([(1, values)])]
    return [fault for fault in found if not fault.warning]


def _require_inside(register: Register, scope: Any, values: Row) -> None:
    if not reach.covers(register, scope, values):
        column = register.by_name[register.organ_fields[0]]
        message = f"“{column.title}”不是您所在的单位，不能替其登记。"
        raise LuoshiError("E_FORBIDDEN", message, fields={"faults": [{"field": column.name, "fault": message}]})


def _require_unique(register: Register, values: Row, own: int | None) -> None:
    for column in register.columns:
        value = values[column.name]
        if column.unique and value not in (None, ""):
            taken = plan.holders(register, column, [value], [own] if own else [], CLOCK.today())
            if taken:
                message = f"“{column.title}”与“{taken[value]}”相同，不得重复。"
                raise LuoshiError("E_DUPLICATE", message, fields={"faults": [{"field": column.name, "fault": message}]})


def _require_version(register: Register, known: Known, version: int) -> None:
    if known.version != version:
        raise _stale(register, known, version, known.values)


def _stale(register: Register, known: Known, version: int, yours: Row) -> LuoshiError:
    """Return E_VERSION: who changed it when, and both values of every column that differs now."""
    last = RegisterChange.objects.filter(register=register.key, record_id=known.pk).order_by("-version").first()
    reading = Books(register, CLOCK.today()).reading
    rows = [
        {
            "field": column.name,
            "label": column.title,
            "now": shown(column, known.values[column.name], reading, mask=True),
            "yours": shown(column, yours[column.name], reading, mask=True),
        }
        for column in register.columns
        if known.values[column.name] != yours[column.name]
    ]
    who = f"{last.by}于 {local(last.at):%m-%d %H:%M}" if last is not None else "别人"
    return LuoshiError(
        "E_VERSION",
        f"{who}已改过这条记录：您打开的是第 {version} 版，现在是第 {known.version} 版。您填的内容还在，请比对后再存。",
        fields={"yours": version, "now": known.version, "rows": rows},
    )


def shown(column: Any, value: Any, reading: Any, *, mask: bool) -> str:
    """Return a value in words, a sensitive one masked; empty for nothing."""
    if value is None or value == "":
        return ""
    words = KINDS[column.kind].show(column, value, reading)
    return masked(column, words) if mask and column.sensitive else words


def _one(register: Register, row: Written, actor: Actor, reason: str, act: str) -> Change:
    history.write(register, [row], actor=actor, at=CLOCK.now(), reason=reason)
    change = RegisterChange.objects.get(register=register.key, record_id=row.pk or 0, version=row.version)
    masks = {column.name: column for column in register.columns if column.sensitive}

    def told(state: Mapping[str, Any] | None) -> Any:
        return state and {
            name: masked(masks[name], str(value)) if name in masks and value else value for name, value in state.items()
        }

    after = change.after if change.before is None else {name: change.after[name] for name in change.before}
    append(
        actor=actor,
        act=act,
        subject=f"register:{register.key}:{change.record_id}",
        before=told(change.before),
        after=told(after),
        basis=register.citation,
        permission=register.edit,
    )
    return Change(register.model._default_manager.get(pk=change.record_id), change)


__all__ = [
    "Change", "already", "correct", "create", "digest_of", "end", "enter", "restore", "shown", "take_in",
    "taken_before", "undo_import", "void",
]  # fmt: skip
