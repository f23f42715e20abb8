"""The whole file of an episode in one archive: air, consultations, approvals, papers, CAP, tasks, reports, trail.

The archive opens with an index (卷内目录: page, Excel, JSON) that names every item with its digest, and what is lacking
and why. It is written piece by piece, so that an episode of any size fits: a workbook holds `SHEET_ROWS` tasks at most.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, BinaryIO
from urllib.parse import quote

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import queries as trail
from luoshi.office.audit.actions import append
from luoshi.office.audit.export import HOW_TO_VERIFY
from luoshi.office.audit.models import AuditEntry, AuditSeal
from luoshi.office.audit.seals import line_of
from luoshi.office.cases.models import CasePaper
from luoshi.office.duties import concern
from luoshi.office.files import queries as files
from luoshi.office.files.models import StoredFile
from luoshi.office.notices import copies
from luoshi.office.notices import queries as notices
from luoshi.office.notices.models import Notice, NoticeCopy
from luoshi.office.permissions import may, require
from luoshi.office.workbook import Workbook
from luoshi.programmes.heavy_pollution import dossier_sheets as sheets
from luoshi.programmes.heavy_pollution import plan, replaying, tasks
from luoshi.programmes.heavy_pollution.models import Consultation, Inspection, PollutionWarning, WarningChange

Report = Callable[[str, int, int], None]
SHEET_ROWS = 20_000
"""Rows of tasks in one workbook."""
MOST_PAPERS_AT_ONCE, MOST_TASKS_AT_ONCE = 30, 5_000
"""Papers that must first be set, and tasks, up to which the archive is made while somebody waits."""
_SUBJECTS = 500
_AIR_ACTS = ("pollution.hours", "pollution.forecast", "pollution.weather", "pollution.dust")
_COLUMNS = (("序号", 6), ("文号", 26), ("责任者", 26), ("题名", 50), ("日期", 18), ("位置", 60), ("字节", 12),
            ("SHA-256", 66), ("备注", 40))  # fmt: skip
_STYLE = (
    "body{font:16px/1.7 serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#14232A}"
    "table{border-collapse:collapse;width:100%;font-size:14px}th,td{border:1px solid #7F9098;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top}th{background:#F7F9F9}td:first-child{text-align:right}"
    "code{font-size:11px;word-break:break-all}dl{display:grid;grid-template-columns:8rem 1fr}dd{margin:0}"
)


@dataclass(slots=True)
class Item:
    """One line of the index. `place` is empty for what is lacking; `note` says why, or what is to be known of it."""

    title: str
    place: str = ""
    number: str = ""
    organ: str = ""
    date: str = ""
    note: str = ""
    size: int = 0
    sha256: str = ""


def require_whole(actor: Actor) -> None:
    """E_FORBIDDEN for who does not see the tasks and reports of all organs: the file holds them all."""
    require(actor, "pollution.see")
    if tasks.reach_of(actor) is not None:
        raise LuoshiError(
            "E_FORBIDDEN",
            "整卷含全市各单位的任务和报告，由指挥部办公室、环保局或审计导出。本单位的可在“措施任务”“应急报告”查看。",
        )


def papers_of(actor: Actor, warning: PollutionWarning) -> QuerySet[Notice]:
    """Return the papers of an episode that the actor sees, in the order they were drafted."""
    own = (
        WarningChange.objects.filter(warning=warning).values("approval"),
        Consultation.objects.filter(warning=warning).values("approval"),
        Inspection.objects.filter(response__warning=warning).exclude(case=None).values("case"),
    )
    belongs = Q(case=warning.case_id)
    for cases in own:
        belongs |= Q(case__in=cases)
    return notices.visible(actor).filter(belongs).order_by("drafted_at", "pk")


def _cases(warning: PollutionWarning) -> list[int]:
    found = [case.pk for case in replaying.cases_of(warning)]
    inspected = Inspection.objects.filter(response__warning=warning).exclude(case=None)
    return found + list(inspected.values_list("case", flat=True))


def at_once(actor: Actor, warning: PollutionWarning) -> bool:
    """Whether the archive is small enough to be made while somebody waits."""
    kept = NoticeCopy.objects.filter(notice=OuterRef("pk"), form="pdf")
    unset = papers_of(actor, warning).exclude(Exists(kept))[: MOST_PAPERS_AT_ONCE + 1].count()
    return unset <= MOST_PAPERS_AT_ONCE and warning.response.tasks.count() <= MOST_TASKS_AT_ONCE


def write(*, actor: Actor, warning: PollutionWarning, purpose: str, report: Report | None = None) -> BinaryIO:
    """Return an open archive of the whole file of an episode; E_FORBIDDEN, E_PURPOSE without a purpose.

    Who may not read the trail gets all but the trail, and the index says so. Side effects: one audit entry that says
    who took out what and why; signed papers that were never printed get their kept copy.
    """
    require_whole(actor)
    if not purpose.strip():
        raise LuoshiError("E_PURPOSE", "导出整卷须写明用途。", fields={"purpose": "必填"})
    out: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
            made = _Dossier(archive, actor, warning, report)
            made.fill()
            made.close(purpose.strip())
    except BaseException:
        out.close()
        raise
    append(
        actor=actor, act="pollution.dossier", subject=f"case:{warning.case_id}", permission="pollution.see",
        after={"items": sum(bool(one.place) for one in made.items), "lacking": sum(not one.place for one in made.items),
               "bytes": out.tell()},
        purpose=purpose.strip()[:200],
    )  # fmt: skip
    out.seek(0)
    return out


def name_of(warning: PollutionWarning) -> str:
    """Return the name of the archive."""
    mark = "【演练】" if warning.exercise else "【演示数据】" if settings.DEMO else ""
    return f"{mark}{warning.case.number}整卷-{CLOCK.now():%Y%m%d%H%M}.zip"


class _Dossier:
    """The archive while it is filled: every item goes through `add`, which keeps the index."""

    def __init__(
        self, archive: zipfile.ZipFile, actor: Actor, warning: PollutionWarning, report: Report | None
    ) -> None:
        self._archive, self._actor, self._warning = archive, actor, warning
        self._report = report or (lambda _phase, _n, _total: None)
        self._now = CLOCK.now()
        self._places: set[str] = set()
        self._foot = f"{warning.case.number}；数据截至 {self._now:%Y-%m-%d %H:%M}；导出 {actor.name}"
        if settings.DEMO:
            self._foot = f"演示数据；{self._foot}"
        self.items: list[Item] = []

    def add(self, item: Item, pieces: bytes | Iterable[bytes]) -> None:
        """Put a file into the archive and on the index."""
        stem, dot, ending = item.place.rpartition(".")
        place, n = item.place, 1
        while place in self._places:
            n += 1
            place = f"{stem}-{n}{dot}{ending}"
        self._places.add(place)
        item.place, digest = place, hashlib.sha256()
        info = zipfile.ZipInfo(place, self._now.timetuple()[:6])
        info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        with self._archive.open(info, "w", force_zip64=True) as stream:
            for piece in (pieces,) if isinstance(pieces, bytes) else pieces:
                stream.write(piece)
                digest.update(piece)
                item.size += len(piece)
        item.sha256 = digest.hexdigest()
        self.items.append(item)

    def fill(self) -> None:
        """Put everything in, in the order of the file."""
        warning, steps = self._warning, 7
        cases = replaying.cases_of(warning)
        self._report("空气、会商和审批", 1, steps)
        self._book("01-空气与预报.xlsx", "空气质量、预报、沙尘和气象", sheets.air(warning))
        self._book("02-会商与审批.xlsx", "会商、采用的序列、定级理由、审批经过", sheets.consultations(cases))
        self._report("文书", 2, steps)
        self._papers()
        self._report("CAP", 3, steps)
        for message in warning.messages.order_by("sent", "pk"):
            self.add(
                Item(f"CAP {message.msg_type}", f"04-预警信息CAP/{message.identifier}.xml", message.identifier,
                     date=_moment(message.sent)),
                message.xml.encode(),
            )  # fmt: skip
        self._report("措施任务", 4, steps)
        self._tasks()
        self._report("报告和发布", 5, steps)
        rows = warning.response.duties.exclude(state="void")
        self._book("06-应急报告.xlsx", "名单、日报、落实报告、评估、备案", sheets.reports(rows))
        for duty in rows.exclude(file=None).select_related("file").order_by("due_at", "pk").iterator(500):
            self._file(duty.file, "06-应急报告附件", f"{concern.title(duty.organ)}{duty.get_kind_display()}",
                       concern.title(duty.organ), duty.received_at)  # fmt: skip
        self._book("07-发布与送达.xlsx", "发布记录、文书送达、CAP", sheets.publications(warning, self._own_papers()))
        for row in warning.response.publicity.exclude(proof=None).select_related("proof").order_by("sent_at", "pk"):
            self._file(row.proof, "07-发布凭证", f"{row.channel}发布凭证", row.by, row.sent_at)
        self._report("检查", 6, steps)
        inspected = Inspection.objects.filter(response=warning.response).order_by("at", "pk")
        self._book("08-检查与违规.xlsx", "检查、责令、处罚、复查", sheets.inspections(inspected))
        for one in inspected.exclude(photo=None).select_related("photo"):
            self._file(one.photo, "08-检查照片", one.object_name, concern.title(one.organ), one.at)
        self._report("审计记录", 7, steps)
        self._trail([case.pk for case in cases])

    def close(self, purpose: str) -> None:
        """Write the index last, when all is known of it."""
        listed = list(self.items)
        rows = [
            (n, one.number or "—", one.organ or "—", one.title, one.date or "—", one.place or "未附", one.size,
             one.sha256 or "—", one.note)
            for n, one in enumerate(listed, 1)
        ]  # fmt: skip
        book = Workbook(f"{self._warning.case.number}卷内目录")
        book.table("卷内目录", _COLUMNS, rows, heading=[f"{self._title()}卷内目录"], foot=self._foot)
        self.add(Item("卷内目录", "00-卷内目录.xlsx"), book.data())
        self.add(Item("卷内目录", "00-卷内目录.html"), self._page(listed, purpose).encode())
        about = {
            "number": self._warning.case.number,
            "colour": self._warning.colour,
            "highest": self._warning.highest,
            "level": self._warning.response.level,
            "exercise": self._warning.exercise,
            "demo": bool(settings.DEMO),
            "made_at": self._now.isoformat(),
            "by": self._actor.name,
            "purpose": purpose,
            "items": [asdict(one) for one in self.items],
        }
        self._archive.writestr("manifest.json", json.dumps(about, ensure_ascii=False, indent=1))

    def _title(self) -> str:
        mark = "【演练】" if self._warning.exercise else "【演示数据】" if settings.DEMO else ""
        return f"{mark}{self._warning.case.number} {plan.COLOUR_WORDS[self._warning.highest]}预警"

    def _page(self, listed: Sequence[Item], purpose: str) -> str:
        warning, ended = self._warning, self._warning.released_at
        about = {
            "发布": _moment(warning.issued_at),
            "解除": _moment(ended) if ended else "正在生效",
            "最高等级": f"{plan.COLOUR_WORDS[warning.highest]}，{plan.LEVEL_WORDS[warning.response.highest]}响应",
            "数据截至": _moment(self._now),
            "导出": f"{self._actor.name}，用途：{purpose}",
            "件数": f"{sum(bool(one.place) for one in listed)} 件，未附 {sum(not one.place for one in listed)} 件",
        }
        lines = "".join(
            f"<tr><td>{n}</td><td>{escape(one.number) or '—'}</td><td>{escape(one.organ) or '—'}</td>"
            f"<td>{_link(one)}</td><td>{one.date or '—'}</td><td>{one.size:,}</td><td>{escape(one.note)}"
            f"{f'<br><code>{one.sha256}</code>' if one.sha256 else ''}</td></tr>"
            for n, one in enumerate(listed, 1)
        )
        told = "".join(f"<dt>{name}</dt><dd>{escape(words)}</dd>" for name, words in about.items())
        heads = "".join(
            f'<th scope="col">{one}</th>' for one in ("序号", "文号", "责任者", "题名", "日期", "字节", "备注、SHA-256")
        )
        title = escape(f"{self._title()}卷内目录")
        return (
            f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1><dl>{told}</dl><table><thead><tr>{heads}</tr></thead>"
            f"<tbody>{lines}</tbody></table></body></html>"
        )

    def _book(self, place: str, title: str, tables: Iterable[sheets.Sheet]) -> None:
        book, counts = Workbook(title), []
        for name, columns, rows in tables:
            counted = _Counted(rows)
            book.table(name, columns, counted, foot=self._foot)
            counts.append(f"{name}{counted.count}行")
        self.add(Item(title, place, note="，".join(counts)), book.data())

    def _own_papers(self) -> QuerySet[Notice]:
        return papers_of(self._actor, self._warning)

    def _papers(self) -> None:
        cases = _cases(self._warning)
        shown = 0
        for row in list(self._own_papers()):
            shown += 1
            organ, day = concern.title(row.organ), row.signed_at or row.drafted_at
            item = Item(row.title, f"03-文书/{shown:03}-{_safe(f'{row.number_text}{row.title}')}.pdf", row.number_text,
                        organ, _moment(day), "" if row.signed else f"{row.get_state_display()}，未签发")  # fmt: skip
            try:
                self.add(item, copies.as_file(row, "pdf"))
            except LuoshiError as refusal:
                self._lacking(item, refusal)
            self._report("文书", shown, 0)
        if hidden := Notice.objects.filter(case__in=cases).count() - shown:
            self.items.append(Item(f"另有 {hidden} 份文书", note="导出人无权查看，未附"))
        for paper in CasePaper.objects.filter(case__in=cases).exclude(file=None).select_related("file").order_by("pk"):
            assert paper.file is not None
            self._file(paper.file, "03-文书/收到的材料", paper.title, "", paper.at)

    def _tasks(self) -> None:
        rows = sheets.task_rows(self._warning.response)
        total = self._warning.response.tasks.count()
        whole = max(1, -(-total // SHEET_ROWS))
        for n in range(whole):
            tail = f"-{n + 1:02}" if whole > 1 else ""
            part = _first(rows, SHEET_ROWS)
            self._book(f"05-措施任务{tail}.xlsx", "措施任务及到位情况", [("措施任务", sheets.TASK_COLUMNS, part)])
            self._report("措施任务", min((n + 1) * SHEET_ROWS, total), total)
        proven = self._warning.response.tasks.exclude(evidence=None).select_related("evidence").order_by("pk")
        for task in proven.iterator(500):
            self._file(task.evidence, "05-措施任务证据", f"{task.measure}-{task.object_name or task.text}",
                       concern.title(task.organ), task.acted_at or task.state_at)  # fmt: skip

    def _file(self, file: StoredFile | None, folder: str, title: str, organ: str, at: datetime.datetime | None) -> None:
        assert file is not None
        _stem, dot, ending = file.name.rpartition(".")
        item = Item(title, f"{folder}/{_safe(title)}{dot}{_safe(ending) if dot else ''}", "", organ,
                    _moment(at) if at else "", f"原名 {file.name}")  # fmt: skip
        try:
            self.add(item, files.read(file))
        except LuoshiError as refusal:
            self._lacking(item, refusal)

    def _lacking(self, item: Item, refusal: LuoshiError) -> None:
        item.place, item.note = "", f"未附：{refusal.message}"
        self.items.append(item)

    def _trail(self, cases: list[int]) -> None:
        if not may(self._actor, "audit.see"):
            self.items.append(Item("审计记录", note="导出人无权查看审计，未附；由审计员导出时附上"))
            return
        item = Item("审计记录（逐行 JSON）", "09-审计记录/entries.jsonl")
        self.add(item, (_line(trail.plain(row)) for row in self._entries(cases)))
        seals = AuditSeal.objects.order_by("stream", "number").iterator()
        self.add(Item("封存", "09-审计记录/seals.jsonl"), (f"{line_of(one)}\n".encode() for one in seals))
        self.add(Item("如何独立核验", "09-审计记录/README.txt"), HOW_TO_VERIFY.encode())

    def _entries(self, cases: list[int]) -> Iterator[AuditEntry]:
        """Yield what the trail holds of the episode: its air, its cases and papers, its tasks, reports, inspections."""
        first, last = replaying.bounds(self._warning)
        air = AuditEntry.objects.filter(act__in=_AIR_ACTS, at__gte=first, at__lte=last)
        yield from air.order_by("pk").iterator(1_000)
        response = self._warning.response
        inspected = Inspection.objects.filter(response=response)
        subjects = (
            ("case:", [*cases, *inspected.exclude(case=None).values_list("case", flat=True)]),
            ("hp-response:", [response.pk]),
            ("notice:", Notice.objects.filter(case__in=_cases(self._warning)).values_list("pk", flat=True).iterator()),
            ("hp-duty:", response.duties.values_list("pk", flat=True).iterator()),
            ("hp-inspection:", inspected.values_list("pk", flat=True).iterator()),
            ("hp-task:", response.tasks.values_list("pk", flat=True).iterator()),
        )
        for kind, keys in subjects:
            rest = iter(keys)
            while piece := [f"{kind}{pk}" for pk in _first(rest, _SUBJECTS)]:
                found = AuditEntry.objects.filter(Q(subject__in=piece)).order_by("pk")
                yield from found.iterator(1_000)


class _Counted:
    """Rows that are counted as they are written."""

    def __init__(self, rows: Iterable[Sequence[Any]]) -> None:
        self._rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Sequence[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _first(rows: Iterator[Any], count: int) -> Iterator[Any]:
    """Yield the next `count` of `rows`, and leave the rest there."""
    for _n in range(count):
        try:
            yield next(rows)
        except StopIteration:
            return


def _line(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, ensure_ascii=False) + "\n").encode()


def _link(item: Item) -> str:
    return f'<a href="{escape(quote(item.place))}">{escape(item.title)}</a>' if item.place else escape(item.title)


def _safe(name: str) -> str:
    """Return a name no file system stumbles over."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]+', "_", name).strip(" .")[:80] or "无题"


def _moment(at: datetime.datetime) -> str:
    return f"{local(at):%Y-%m-%d %H:%M}"
