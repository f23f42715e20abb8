"""The kinds of paper: delivered as YAML in each room's `notices/`, their words editable in the office.

A file gives one kind:

    key: warning                      # with the room before it: heavy_pollution.warning
    title: 预警信息
    layout: notice                    # letter 函, order 命令, notice 公告通知, report 报告, minutes 纪要, form 表单
    organ: air-command                # who issues it, and whose people draft and sign it
    series: 乳重污指                   # the issuer's word of its number; without it the paper has none; or, for a
                                      # kind that several organs use, {environment: 乳环函, finance: 乳财函}
    public: true                      # may stand on the public page
    check: false                      # must a third person check it before it is signed
    channels: [web, feed, sms]        # where it usually goes
    masthead: 乳山市重污染天气应急指挥部   # the red head; else the organ's name
    signatory: ...                    # the name under the text; else the organ's
    fields:
      colour: {title: 预警颜色, type: choice, choices: [蓝色, 黄色]}
      firms: {title: 企业, type: list, required: false, columns: {name: {title: 名称}}}
    words:
      title: 关于发布重污染天气{{ colour }}预警的通告
      to: ""
      body: |
        一、预警级别。{{ colour }}。
      attachments: ""                 # a line each
      note: 此件公开发布
      copy: ""
      short: 【{{ organ_name }}】{{ colour }}预警

In the words, `{{ organ_name }}` is the issuer's name on the day. Fields, layout and series are the software's contract
with the procedures that write the paper; the words are the office's (`templates`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

import luoshi
from luoshi.kernel import yaml_text
from luoshi.kernel.errors import LuoshiError
from luoshi.office.notices import sandbox
from luoshi.office.notices.facts import TYPES, Field
from luoshi.office.parameters.packaged import title_of
from luoshi.office.programme import programmes

LAYOUTS = {"letter": "函", "order": "命令", "notice": "公告、通知", "report": "报告", "minutes": "纪要", "form": "表单"}
"""The layouts of GB/T 9704-2012 and the plain form."""
PARTS = {
    "title": "标题",
    "to": "主送",
    "body": "正文",
    "attachments": "附件说明",
    "note": "附注",
    "copy": "抄送",
    "short": "短消息",
}
"""The parts of the words, in the order of the paper."""
IMPLICIT = ("organ_name", "exercise")
"""Names that stand in every kind's words beside its fields."""
CHANNELS = {
    "web": "公开页", "feed": "订阅源", "mail": "电子邮件", "sms": "短信", "inside": "站内送达", "wechat": "微信",
    "weibo": "微博", "tv": "电视", "radio": "广播", "screen": "户外屏", "press": "新闻发布", "board": "公示栏",
    "hand": "直接送达", "post": "邮寄",
}  # fmt: skip
"""Every channel; those behind `inside` are served by people, who record the proof."""
BY_HAND = ("wechat", "weibo", "tv", "radio", "screen", "press", "board", "hand", "post")
_RESERVED = ("loop", "none", "true", "false", "and", "or", "not", "in", "is", "if", "else")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_KEYS = {
    "key", "title", "layout", "organ", "series", "public", "check", "channels", "masthead", "signatory", "fields",
    "words", "note",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of paper; `key` is `room.name`, `words` its delivered words by part."""

    key: str
    title: str
    layout: str
    organ: str
    words: Mapping[str, str]
    fields: tuple[Field, ...] = ()
    series: str = ""
    words_of_organs: tuple[tuple[str, str], ...] = ()
    public: bool = False
    check: bool = False
    channels: tuple[str, ...] = ()
    masthead: str = ""
    signatory: str = ""
    note: str = ""

    @property
    def room(self) -> str:
        """The room that brought it."""
        return self.key.partition(".")[0]

    @property
    def digest(self) -> str:
        """SHA-256 of the delivered words: tells whether an upgrade brought others."""
        return digest_of(self.words)

    @property
    def names(self) -> tuple[str, ...]:
        """What the words may use."""
        return (*(one.name for one in self.fields), *IMPLICIT)

    @property
    def organs(self) -> tuple[str, ...]:
        """The organs that may issue it."""
        return tuple(dict.fromkeys([self.organ, *(organ for organ, _word in self.words_of_organs)]))

    def series_of(self, organ: str) -> str:
        """Return the issuer's word of the numbers of `organ`, empty where the paper has none.

        Errors: E_INPUT for an organ without a word of its own where the kind gives one for each.
        """
        if not self.words_of_organs:
            return self.series
        found = dict(self.words_of_organs).get(organ)
        if found is None:
            raise LuoshiError(
                "E_INPUT",
                f"“{self.title}”没有登记这个单位的发文机关代字，不能由它发文。请由软件管理员在文书种类里补登。",
                fields={"field": "organ", "organ": organ},
            )
        return found

    def field(self, name: str) -> Field | None:
        """Return a field by name."""
        return next((one for one in self.fields if one.name == name), None)


def digest_of(words: Mapping[str, str]) -> str:
    """Return the SHA-256 of words by part."""
    text = json.dumps({part: words.get(part, "") for part in PARTS}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


_REGISTERED: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known that lies in no file; another one of the same key is a mistake of the programmer."""
    if _REGISTERED.get(kind.key, kind) != kind:
        raise ValueError(f"two kinds of paper are called {kind.key!r}")
    _REGISTERED[kind.key] = kind
    return kind


def kinds() -> dict[str, Kind]:
    """Return every kind of this installation by key, rooms in the order of their registration."""
    folders = [(path.parent.name, path) for path in sorted((Path(luoshi.__file__).parent / "office").glob("*/notices"))]
    folders += [(one.key, one.root / "notices") for one in programmes()]
    return {**_delivered(tuple(folders)), **_REGISTERED}


@lru_cache(maxsize=8)
def _delivered(folders: tuple[tuple[str, Path], ...]) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for room, folder in folders:
        for file in sorted(folder.glob("*.yaml")):
            kind = read(room, file.read_text("utf-8"), str(file))
            if kind.key in found:
                raise LuoshiError("E_INPUT", f"{file}：文书种类 {kind.key} 重复。")
            found[kind.key] = kind
    return found


def kind_of(key: str) -> Kind:
    """Return one kind; E_NOT_FOUND names the known ones."""
    found = kinds()
    if key not in found:
        raise LuoshiError("E_NOT_FOUND", f"没有“{key[:60]}”这种文书。", fields={"known": sorted(found)})
    return found[key]


def room_title(room: str) -> str:
    """Return the Chinese title of a room."""
    return next(
        (one.title for one in programmes() if one.key == room), "通用文书" if room == "notices" else title_of(room)
    )


# --- reading a file ---------------------------------------------------------------------------------------------------


def read(room: str, text: str, file: str = "") -> Kind:
    """Return the kind that a file gives; E_INPUT names file, place and, in the words, the line."""
    where = file or room
    try:
        data = yaml_text.read(text)
    except yaml.YAMLError as error:
        raise LuoshiError("E_INPUT", f"{where}：不是有效的 YAML（{str(error)[:200]}）。") from None
    if not isinstance(data, dict):
        raise _fault(where, "应是一组键和值")
    if extra := set(data) - _KEYS:
        raise _fault(where, f"不认识的键 {'、'.join(sorted(map(str, extra)))}")
    key, layout, words = str(data.get("key", "")), data.get("layout"), data.get("words") or {}
    if not _NAME.fullmatch(key):
        raise _fault(where, "key 应是小写英文、数字、下划线")
    if layout not in LAYOUTS:
        raise _fault(where, f"layout 应是 {'、'.join(LAYOUTS)} 之一")
    if not isinstance(words, dict) or set(words) - set(PARTS):
        raise _fault(where, f"words 的各部分应是 {'、'.join(PARTS)}")
    channels = tuple(data.get("channels") or ())
    if extra := set(channels) - set(CHANNELS):
        raise _fault(where, f"没有渠道 {'、'.join(sorted(extra))}")
    kind = Kind(
        key=f"{room}.{key}", title=str(data.get("title") or ""), layout=layout, organ=str(data.get("organ") or ""),
        words={part: str(words.get(part) or "").strip("\n") for part in PARTS},
        fields=_fields(data.get("fields") or {}, where),
        series="" if isinstance(data.get("series"), dict) else str(data.get("series") or ""),
        words_of_organs=tuple(data["series"].items()) if isinstance(data.get("series"), dict) else (),
        public=bool(data.get("public")), check=bool(data.get("check")), channels=channels,
        masthead=str(data.get("masthead") or ""), signatory=str(data.get("signatory") or ""),
        note=str(data.get("note") or ""),
    )  # fmt: skip
    if not kind.title or not kind.organ or not kind.words["title"] or not kind.words["body"]:
        raise _fault(where, "title、organ、words.title、words.body 都要有")
    if not kind.public and {"web", "feed"} & set(channels):
        raise _fault(where, "public 不是 true，不能列 web、feed")
    try:
        check_words(kind, kind.words)
    except LuoshiError as error:
        raise _fault(where, error.message) from None
    return kind


def _fault(where: str, words: str) -> LuoshiError:
    return LuoshiError("E_INPUT", f"{where}：{words.removesuffix('。')}。", fields={"file": where})


def _fields(data: Any, where: str) -> tuple[Field, ...]:
    if not isinstance(data, dict):
        raise _fault(where, "fields 应是 名称: {title, type}")
    found = []
    for name, given in data.items():
        given = given if isinstance(given, dict) else {"title": str(given)}
        kind = given.get("type", "text")
        if not _NAME.fullmatch(str(name)) or name in (*IMPLICIT, *_RESERVED):
            raise _fault(where, f"字段名 {name} 应是小写英文，且不是 {'、'.join((*IMPLICIT, *_RESERVED))}")
        if kind not in TYPES or (kind == "choice") is not bool(given.get("choices")):
            raise _fault(where, f"字段 {name} 的 type 应是 {'、'.join(TYPES)}；choice 要列 choices")
        if extra := set(given) - {"title", "type", "required", "choices", "columns", "unit", "hint", "sample"}:
            raise _fault(where, f"字段 {name} 有不认识的键 {'、'.join(sorted(extra))}")
        columns = _fields(given["columns"], where) if kind == "list" and given.get("columns") else ()
        if (kind == "list") is not bool(columns) or any(column.type in ("list", "long") for column in columns):
            raise _fault(where, f"字段 {name}：list 要列 columns，列里不能再有表或多段文字")
        found.append(
            Field(
                str(name), str(given.get("title") or name), kind, bool(given.get("required", True)),
                tuple(str(one) for one in given.get("choices") or ()), columns, str(given.get("unit") or ""),
                str(given.get("hint") or ""), given.get("sample"),
            )
        )  # fmt: skip
    return tuple(found)


def check_words(kind: Kind, words: Mapping[str, str]) -> None:
    """Refuse words that use what the kind has not; E_INPUT with `faults`: part, line, field, sentence."""
    faults = []
    for part, title in PARTS.items():
        try:
            sandbox.check(words.get(part, ""), kind.names)
        except sandbox.Fault as fault:
            faults.append(fault_of(part, title, fault))
    if faults:
        raise words_refused(faults)


def fault_of(part: str, title: str, fault: sandbox.Fault) -> dict[str, Any]:
    """Return a fault of the words as the page and the API show it."""
    return {"part": part, "line": fault.line, "field": part, "name": fault.name,
            "fault": f"{title}第 {fault.line} 行：{fault.words}"}  # fmt: skip


def words_refused(faults: list[dict[str, Any]]) -> LuoshiError:
    """Return the refusal of words with these faults."""
    return LuoshiError("E_INPUT", "".join(one["fault"] for one in faults[:5]), fields={"faults": faults})


def with_words(kind: Kind, words: Mapping[str, str]) -> Kind:
    """Return the kind with other words."""
    return replace(kind, words={part: words.get(part, "") for part in PARTS})
