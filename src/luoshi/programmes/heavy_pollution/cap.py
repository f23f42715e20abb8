"""CAP 1.2 messages of a warning (OASIS Common Alerting Protocol 1.2; spec section 11.4): made here, checked, immutable.

`build` is a pure function of what is announced; the order of elements is the standard's. The schema is OASIS's own.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SENDER_NAME = "乳山市重污染天气应急指挥部"
RECTANGLE = ((36.68, 121.19), (36.68, 121.85), (37.14, 121.85), (37.14, 121.19), (36.68, 121.19))
"""The stand-in for the city's surveyed boundary: latitude, longitude."""
_SEVERITY = {"red": "Extreme", "orange": "Severe", "yellow": "Moderate", "blue": "Minor"}
_RESPONSES = {
    "IV": ("Avoid", "Monitor"),
    "III": ("Avoid", "Execute"),
    "II": ("Shelter", "Avoid", "Execute"),
    "I": ("Shelter", "Avoid", "Execute"),
}
_HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a message says. `references`: all earlier messages of the incident, oldest first."""

    identifier: str
    sender: str
    sent: datetime.datetime
    msg_type: str
    incident: str
    colour: str
    level: str
    headline: str
    description: str
    instruction: str
    onset: datetime.datetime
    expires: datetime.datetime
    daily: Sequence[int] = ()
    duration_h: int | None = None
    observed: bool = False
    status: str = "Actual"
    note: str = ""
    references: Sequence[str] = ()
    web: str = ""
    area: str = "乳山市"
    polygon: Sequence[tuple[float, float]] = RECTANGLE
    division: str = "371083"
    parameters: dict[str, str] = field(default_factory=dict)


def identifier(division: str, sent: datetime.datetime, serial: int) -> str:
    """Return the Chinese form: GB/T 2260 + GB/T 4657 + unit + extension, time, serial 0 to 9."""
    return f"{division}00000000_{local(sent):%Y%m%d%H%M%S}_{serial}"


def reference(sender: str, message: str, sent: datetime.datetime) -> str:
    """Return how a message names an earlier one."""
    return f"{sender},{message},{stamp(sent)}"


def stamp(moment: datetime.datetime) -> str:
    """Return a moment as CAP writes it: to the second, +08:00, never Z."""
    return local(moment).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def build(said: Announcement) -> bytes:
    """Return the message; E_INPUT where OASIS's schema would refuse it."""
    spaces: Any = {None: NAMESPACE}
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap=spaces)

    def put(parent: etree._Element, name: str, text: object) -> etree._Element:
        child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        child.text = str(text)
        return child

    def pair(parent: etree._Element, name: str, key: str, value: object) -> None:
        child = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        put(child, "valueName", key)
        put(child, "value", value)

    release = said.msg_type == "Cancel"
    put(alert, "identifier", said.identifier)
    put(alert, "sender", said.sender)
    put(alert, "sent", stamp(said.sent))
    put(alert, "status", said.status)
    put(alert, "msgType", said.msg_type)
    put(alert, "scope", "Public")
    if said.note:
        put(alert, "note", said.note)
    if said.references:
        put(alert, "references", " ".join(said.references))
    put(alert, "incidents", said.incident)
    info = etree.SubElement(alert, f"{{{NAMESPACE}}}info")
    put(info, "language", "zh-CN")
    for category in ("Env", "Health"):
        put(info, "category", category)
    put(info, "event", "重污染天气")
    for kind in ("AllClear",) if release else _RESPONSES[said.level]:
        put(info, "responseType", kind)
    put(info, "urgency", _urgency(said, release))
    put(info, "severity", "Minor" if release else _SEVERITY[said.colour])
    put(info, "certainty", "Observed" if said.observed else "Likely")
    pair(info, "eventCode", "luoshi:event", "heavy-pollution")
    put(info, "effective", stamp(said.sent))
    if not release:
        put(info, "onset", stamp(said.onset))
    put(info, "expires", stamp(said.expires))
    put(info, "senderName", SENDER_NAME)
    put(info, "headline", said.headline)
    put(info, "description", said.description)
    put(info, "instruction", said.instruction)
    if said.web:
        put(info, "web", said.web)
    pair(info, "parameter", "luoshi:colour", said.colour)
    pair(info, "parameter", "luoshi:responseLevel", said.level)
    if said.daily:
        pair(info, "parameter", "luoshi:aqiDaily", ",".join(map(str, said.daily)))
    if said.duration_h is not None:
        pair(info, "parameter", "luoshi:durationHours", said.duration_h)
    area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
    put(area, "areaDesc", said.area)
    put(area, "polygon", " ".join(f"{lat:.2f},{lon:.2f}" for lat, lon in said.polygon))
    pair(area, "geocode", "GB/T 2260", said.division)
    check(alert)
    return etree.tostring(alert, xml_declaration=True, encoding="UTF-8")


def _urgency(said: Announcement, release: bool) -> str:
    if release:
        return "Past"
    if said.onset <= said.sent:
        return "Immediate"
    return "Expected" if said.onset <= said.sent + _HOUR else "Future"


def check(alert: etree._Element) -> None:
    """Refuse with E_INPUT, naming line and fault, what OASIS's schema refuses."""
    schema = _schema()
    if not schema.validate(alert):
        faults: Any = schema.error_log
        fault = faults[0]
        raise LuoshiError("E_INPUT", f"CAP报文不符合标准：{fault.message}", fields={"line": fault.line})


def read(data: bytes) -> etree._Element:
    """Return a message that is sound: right namespace, valid, without entities. E_FILE, E_INPUT otherwise."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        alert = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise LuoshiError("E_FILE", f"不是有效的XML：{error}") from None
    about: Any = alert.getroottree().docinfo
    if about.doctype or alert.tag != f"{{{NAMESPACE}}}alert":
        raise LuoshiError("E_FILE", "不是CAP 1.2报文，或带有不允许的实体声明。")
    check(alert)
    return alert


@lru_cache(maxsize=1)
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(Path(__file__).parent / "data" / "CAP-v1.2.xsd")))
