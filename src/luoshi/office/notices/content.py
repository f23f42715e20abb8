"""From a kind's words and the fields' values to the text of a paper, and to what is printed of it.

`compose` writes the text once, when the paper is drafted. `printed` is what page, PDF, DOCX, feed and e-mail show: the
same text, with number, day and signature, and with 演练 before every line of a drill.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.office.notices import facts, sandbox
from luoshi.office.notices import text as texts
from luoshi.office.notices.kinds import PARTS, Kind, fault_of, words_refused
from luoshi.office.notices.models import Notice
from luoshi.office.organs.directory import load_data
from luoshi.office.organs.queries import title_of

MOST_TITLE = 300
MOST_SHORT = 500
_PLURAL = ("body", "attachments")


def full_name(slug: str, on: datetime.date) -> str:
    """Return an organ's name as a red head writes it, with the city before it: 乳山市环境保护局."""
    name = title_of(slug, on)
    return load_data()["place"] + name[1:] if name.startswith("市") else name


def masthead(kind: Kind, on: datetime.date, organ: str = "") -> str:
    """Return the name at the head of a paper, as its layout writes it."""
    if kind.masthead or kind.layout == "form":
        return kind.masthead
    ending = {
        "order": "命令",
        "report": "文件",
        "minutes": "会议纪要",
        "notice": "文件" if kind.series or kind.words_of_organs else "",
    }
    return full_name(organ or kind.organ, on) + ending.get(kind.layout, "")


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a paper: its title and its content (plain JSON)."""

    title: str
    content: dict[str, Any]


def compose(
    kind: Kind,
    values: Mapping[str, Any],
    *,
    on: datetime.date,
    organ: str = "",
    exercise: bool = False,
    written: Mapping[str, str] | None = None,
) -> Text:
    """Return the text of a paper of `kind` from its checked `values`; `written` are parts edited by hand.

    Errors: E_INPUT with `faults` (part, line, field) where the words cannot be used with these values.
    """
    organ = organ or kind.organ
    given = facts.typed(kind.fields, values, on) | {"organ_name": full_name(organ, on), "exercise": exercise}
    found: dict[str, str] = {}
    faults = []
    for part, title in PARTS.items():
        if written is not None and part in written:
            found[part] = facts.clean(written[part])
            continue
        try:
            found[part] = facts.clean(sandbox.render(kind.words.get(part, ""), given))
        except sandbox.Fault as fault:
            faults.append(fault_of(part, title, fault))
    if faults:
        raise words_refused(faults)
    return _text(kind, found, on, organ)


def _text(kind: Kind, found: Mapping[str, str], on: datetime.date, organ: str) -> Text:
    lines = {part: " ".join(words.split()) for part, words in found.items() if part not in _PLURAL}
    blocks = texts.blocks(found["body"])
    faults = {}
    if not 0 < len(lines["title"]) <= MOST_TITLE:
        faults["title"] = f"标题应有 1 至 {MOST_TITLE} 字，现有 {len(lines['title'])} 字。"
    if not blocks:
        faults["body"] = "正文是空的。"
    if len(lines["short"]) > MOST_SHORT:
        faults["short"] = f"短消息最多 {MOST_SHORT} 字，现有 {len(lines['short'])} 字。"
    if faults:
        listed = [
            {"part": part, "line": 1, "field": part, "name": "", "fault": words} for part, words in faults.items()
        ]
        raise words_refused(listed)
    content = {
        "v": 1,
        "layout": kind.layout,
        "masthead": masthead(kind, on, organ),
        "to": lines["to"].rstrip("：:"),
        "blocks": blocks,
        "attachments": [line.strip() for line in found["attachments"].split("\n") if line.strip()],
        "signatory": kind.signatory or full_name(organ, on),
        "note": lines["note"].strip("（）()"),
        "copy": lines["copy"].rstrip("。"),
        "short": lines["short"],
    }
    return Text(lines["title"], content)


def parts_of(title: str, content: Mapping[str, Any]) -> dict[str, str]:
    """Return a text by part, as a clerk edits it."""
    return {
        "title": title,
        "to": content["to"],
        "body": texts.source(content["blocks"]),
        "attachments": "\n".join(content["attachments"]),
        "note": content["note"],
        "copy": content["copy"],
        "short": content["short"],
    }


# --- what is printed --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as it is printed: nothing is left to be looked up. `watermark` is 草稿, 作废 or nothing."""

    layout: str
    masthead: str
    number: str
    title: str
    to: str
    blocks: list[dict[str, Any]]
    attachments: list[str]
    signatory: str
    dated: str
    note: str
    copy: str
    issuer: str
    signer: str
    marks: list[str]
    watermark: str
    digest: str
    verify: str
    short: str = ""
    shown: dict[str, str] = field(default_factory=dict)


def printed(notice: Notice, *, verify: str = "") -> Paper:
    """Return what is printed of a paper; `verify` is the address of its check page, for the QR code."""
    content = notice.content
    return paper(
        content,
        notice.title,
        number=notice.number_text,
        dated=notice.dated,
        signer=notice.signed_name,
        marks=notice.marks,
        exercise=notice.exercise,
        watermark={"void": "作废", "issued": "", "signed": ""}.get(notice.state, "草稿"),
        digest=notice.digest,
        verify=verify,
    )


def paper(
    content: Mapping[str, Any],
    title: str,
    *,
    number: str = "",
    dated: datetime.date | None = None,
    signer: str = "",
    marks: list[str] | None = None,
    exercise: bool = False,
    watermark: str = "草稿",
    digest: str = "",
    verify: str = "",
) -> Paper:
    """Return what is printed of a text; a drill says so at the beginning of every line."""

    def line(words: str) -> str:
        return f"【演练】{words}" if exercise and words else words

    return Paper(
        layout=content["layout"],
        masthead=content["masthead"],
        number=number,
        title=line(title),
        to=line(content["to"]),
        blocks=[_marked(block, line) for block in content["blocks"]],
        attachments=[line(one) for one in content["attachments"]],
        signatory=line(content["signatory"]),
        dated=sandbox.day_words(dated) if dated else "",
        note=line(content["note"]),
        copy=line(content["copy"]),
        issuer=content["signatory"],
        signer=signer,
        marks=list(marks or ()),
        watermark=watermark,
        digest=digest,
        verify=verify,
        short=line(content["short"] or title),
    )


def _marked(block: Mapping[str, Any], line: Any) -> dict[str, Any]:
    if block["k"] == "table":
        rows = [[line(row[0]), *row[1:]] for row in block["rows"]]
        return {**block, "head": [line(block["head"][0]), *block["head"][1:]], "rows": rows}
    if block.get("head"):
        return {**block, "head": line(block["head"])}
    return {**block, "t": line(block["t"])}


def lines_of(found: Paper) -> list[str]:
    """Return a paper as lines of text: for e-mail, the feed, the command line."""
    end = [f"附件：{'；'.join(found.attachments)}"] if found.attachments else []
    end += [found.signatory, found.dated]
    head = [*found.marks, found.number, found.title, f"{found.to}：" if found.to else ""]
    return [words for words in [*head, *texts.plain(found.blocks), *end] if words]


def sample(kind: Kind, words: Mapping[str, str], on: datetime.date, *, required_only: bool = False) -> Text:
    """Return the text that `words` make of sample values: for the preview, and to find what fails only when it runs.

    Errors as for `compose`.
    """
    from luoshi.office.notices.kinds import with_words

    try:
        values = facts.plain(kind.fields, facts.samples(kind.fields, required_only=required_only), on)
    except LuoshiError as error:
        raise LuoshiError("E_INPUT", f"{kind.key} 的样例值有误：{error.message}", fields=error.fields) from None
    return compose(with_words(kind, words), values, on=on)
