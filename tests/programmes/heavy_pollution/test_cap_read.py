"""CAP messages read by an independent library, and what is no sound message refused."""

from __future__ import annotations

import datetime

import capparser
import pytest

from luoshi.kernel.clock import SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution import cap

SENDER = "cap@luoshi.example"


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def chain():
    """Spec 14.15: orange, red at 2018-01-14 09:30, its end; each message names all before it."""
    made, known = [], []
    for msg_type, sent, colour, level, observed in (
        ("Alert", "2018-01-12 16:00", "orange", "II", False),
        ("Update", "2018-01-14 09:30", "red", "I", True),
        ("Cancel", "2018-01-17 10:00", "red", "I", True),
    ):
        name = cap.identifier("371083", at(sent), 0)
        made.append(
            cap.build(
                cap.Announcement(
                    identifier=name, sender=SENDER, sent=at(sent), msg_type=msg_type, incident="RSZWR-2018-001",
                    colour=colour, level=level, headline="测试标题", description="测试说明", instruction="测试提示",
                    onset=at("2018-01-14 00:00"), expires=at("2018-01-18 00:00"), daily=(220, 315, 240),
                    duration_h=72, observed=observed, references=tuple(known),
                )
            )
        )  # fmt: skip
        known.append(cap.reference(SENDER, name, at(sent)))
    return made


@pytest.fixture
def read(monkeypatch):
    """Return the library's reader; its default list of categories is shared by all readings, here each has its own."""
    info = capparser.Info.__init__
    monkeypatch.setattr(capparser.Info, "__init__", lambda self: info(self, category=[]))
    return lambda message: capparser.parse(stringXML=message.decode())


def test_another_library_reads_alert_update_and_cancel(read):
    told = [read(message) for message in chain()]
    # The library keeps each element as its text and its place in the order of the standard.
    assert [one.identifier[0] for one in told] == [
        "37108300000000_20180112160000_0", "37108300000000_20180114093000_0", "37108300000000_20180117100000_0",
    ]  # fmt: skip
    assert [one.msgType[0] for one in told] == ["Alert", "Update", "Cancel"]
    assert {(one.status[0], one.sender[0], one.incidents[0]) for one in told} == {("Actual", SENDER, "RSZWR-2018-001")}
    first, second, third = (one.info[0][0] for one in told)
    assert [one.severity[0] for one in (first, second, third)] == ["Severe", "Extreme", "Minor"]
    assert [one.urgency[0] for one in (first, second, third)] == ["Future", "Immediate", "Past"]
    assert [one.certainty[0] for one in (first, second, third)] == ["Likely", "Observed", "Observed"]
    assert first.category[0] == ["Env", "Health"]
    assert first.responseType[0] == ["Shelter", "Avoid", "Execute"]
    assert (first.event[0], first.onset[0]) == ("重污染天气", "2018-01-14T00:00:00+08:00")
    said = {one.valueName[0]: one.value[0] for one in first.parameter[0]}
    assert said == {"luoshi:colour": "orange", "luoshi:responseLevel": "II", "luoshi:aqiDaily": "220,315,240",
                    "luoshi:durationHours": "72"}  # fmt: skip
    (area,) = first.area[0]
    assert (area.areaDesc[0], area.geocode[0][0].value[0]) == ("乳山市", "371083")


def test_each_message_names_all_before_it():
    texts = [cap.read(message).findtext("{*}references") or "" for message in chain()]
    alert = f"{SENDER},37108300000000_20180112160000_0,2018-01-12T16:00:00+08:00"
    update = f"{SENDER},37108300000000_20180114093000_0,2018-01-14T09:30:00+08:00"
    assert texts == ["", alert, f"{alert} {update}"]


ENTITY = b'<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
BOMB = b'<!DOCTYPE alert [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


def changed(old, new):
    message = chain()[0]
    assert old in message
    return message.replace(old, new)


@pytest.mark.parametrize(
    "forged",
    [
        lambda: changed(b"cap:1.2", b"cap:1.1"),
        lambda: changed(b"<alert ", ENTITY + b"<alert ").replace("测试标题".encode(), b"&x;"),
        lambda: changed(b"<alert ", BOMB + b"<alert ").replace("测试标题".encode(), b"&b;"),
        lambda: changed(b"<status>Actual</status>", b"<status>Genuine</status>"),
        lambda: changed(b"<severity>Severe</severity>", b""),
        lambda: changed(b"<sent>2018-01-12T16:00:00+08:00", b"<sent>2018-01-12T08:00:00Z"),
        lambda: changed(b"</alert>", b"<forged/></alert>"),
        lambda: chain()[0][:-20],
        lambda: b"",
    ],
    ids=["namespace", "external entity", "bomb", "status", "lacks severity", "Z", "element", "cut off", "empty"],
)
def test_what_is_forged_is_refused(forged):
    with pytest.raises(LuoshiError) as refused:
        cap.read(forged())
    assert refused.value.code in ("E_FILE", "E_INPUT")
    assert "root:" not in str(refused.value)
