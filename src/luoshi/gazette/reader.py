"""From the bytes of a file to the text that spans refer to; each refusal says what is wrong and what to do.

What `read_bytes` returns is "the original text" of the records: the decoded file without byte order mark, every line
ending with `\\n`. Offsets count its characters.
"""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_left

from luoshi.gazette.records import Compilation, Instrument
from luoshi.kernel.errors import LuoshiError

MAX_BYTES = 32 * 1024 * 1024
"""Largest file taken in through page and API; the command line allows more."""

MAX_PAGES = 2_000
"""Most pages of a PDF that are read."""

_MAX_UNPACKED = 256 * 1024 * 1024
_MAX_TEXT = 64 * 1024 * 1024
_SAMPLE = 64 * 1024
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS = 0.01
_MAGIC = {
    b"\xd0\xcf\x11\xe0": "旧版 Word 文档（.doc）",
    b"{\\rtf": "RTF 文档",
    b"\x89PNG": "图片",
    b"\xff\xd8\xff": "图片",
    b"GIF8": "图片",
    b"Rar!": "压缩包",
    b"7z\xbc\xaf": "压缩包",
    b"\x1f\x8b": "压缩包",
}
_PACKED = {
    "OFD.xml": "OFD 版式文件",
    "xl/workbook.xml": "Excel 表格",
    "ppt/presentation.xml": "演示文稿",
    "content.xml": "ODF 文档",
}
_SURELY_UTF8 = 40
_UNNUMBERED = frozenset(("paragraph", "dash"))


def read_bytes(data: bytes, filename: str = "", *, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file: UTF-8 or GB18030, .docx, .pdf with a text layer; the content decides, not the name.

    Errors: E_TOO_LARGE above `max_bytes` or a document that unpacks to too much; E_FILE for an empty, binary or damaged
    file, an unknown encoding (with the byte where it fails), a PDF without text.
    """
    name = f"“{filename}”" if filename else "文件"
    if len(data) > max_bytes:
        size = len(data) / 1024 / 1024
        raise LuoshiError(
            "E_TOO_LARGE",
            f"{name}有 {size:.1f} MB，超过上限 {max_bytes // 1024 // 1024} MB。请按期或按件拆分后再导入。",
            fields={"bytes": len(data), "limit": max_bytes},
        )
    if not data:
        raise _unreadable(f"{name}是空的（0 字节）。请检查是否选错文件，或重新保存后再导入。")
    if data.startswith(b"PK\x03\x04"):
        text = _read_docx(data, name)
    elif data.startswith(b"%PDF"):
        text = _read_pdf(data, name)
    else:
        text = _decode(data, name)
    if not text.strip():
        raise _unreadable(f"{name}只有空白，没有文字。请检查是否选错文件。")
    return text


def require_document(compilation: Compilation) -> None:
    """Refuse (E_INPUT) a text in which neither a document head nor a numbered clause was read."""
    if not any(_is_document(instrument) for instrument in compilation.instruments):
        raise LuoshiError(
            "E_INPUT",
            "全文没有读到公文标题、文号，也没有读到带序号的条款，不像公报或公文。请检查是否选错文件。",
            fields={"instruments": len(compilation.instruments)},
        )


def duplicate_numbers(compilation: Compilation, text: str) -> None:
    """Refuse (E_CONFLICT) a document number that stands twice in `text` over different contents, naming both lines."""
    seen: dict[str, Instrument] = {}
    breaks: list[int] | None = None
    for instrument in compilation.instruments:
        if instrument.number is None:
            continue
        first = seen.setdefault(instrument.number, instrument)
        if first is instrument or _content(first) == _content(instrument):
            continue
        breaks = breaks or [match.start() for match in re.finditer("\n", text)]
        lines = [bisect_left(breaks, place.start) + 1 for place in (first, instrument)]
        raise LuoshiError(
            "E_CONFLICT",
            f"文号 {instrument.number} 出现两次而内容不同：第 {lines[0]} 行和第 {lines[1]} 行。"
            "请核对哪一处文号有误，改正后再导入。",
            fields={"number": instrument.number, "lines": lines},
        )


def _is_document(instrument: Instrument) -> bool:
    if instrument.number or instrument.title or instrument.appointments:
        return True
    return any(clause.kind not in _UNNUMBERED for clause in instrument.clauses)


def _content(instrument: Instrument) -> list[object]:
    """Return what is printed in an instrument, without places."""
    head = (instrument.title, instrument.covering_title, instrument.issuer, instrument.issued_on)
    clauses = ((clause.path, clause.heading, clause.text) for clause in instrument.clauses)
    acts = ((act.action, act.person, act.post, act.remark) for act in instrument.appointments)
    return [head, *clauses, *acts]


def _unreadable(message: str, **fields: object) -> LuoshiError:
    return LuoshiError("E_FILE", message, fields=fields)


def _of_another_kind(name: str, what: str) -> LuoshiError:
    return _unreadable(f"{name}是{what}，不能直接读取。请另存为 .docx、.txt 或带文字层的 .pdf 后再导入。")


def _unify(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


# --- plain text


def _decode(data: bytes, name: str) -> str:
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise _of_another_kind(name, what)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return _checked(data.decode("utf-16"), name)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(name, "UTF-16", error.start) from None
    try:
        return _checked(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as error:
        utf8 = error
    before = data[: utf8.start]
    if len(before) - len(before.decode("utf-8")) > _SURELY_UTF8:
        cut = "文件可能被截断，" if utf8.end == len(data) else ""
        raise _wrong_encoding(name, "UTF-8", utf8.start, cut)
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError as gb:
        _refuse_binary(data[:_SAMPLE].decode("latin-1"), name)
        raise _wrong_encoding(name, "GB18030", gb.start) from None
    if not _plausible(text):
        _refuse_binary(text[:_SAMPLE], name)
        raise _wrong_encoding(name, "UTF-8", utf8.start, "按 GB18030 读出的也不是中文，")
    return _checked(text, name)


def _wrong_encoding(name: str, encoding: str, byte: int, remark: str = "") -> LuoshiError:
    return _unreadable(
        f"{name}的编码有误：按 {encoding} 读到第 {byte + 1} 个字节处出错，{remark}"
        "请核对文件，另存为 UTF-8 文本后再导入。",
        encoding=encoding,
        byte=byte,
    )


def _plausible(text: str) -> bool:
    """Whether GB18030 gave Chinese: almost any bytes decode, but then most characters lie outside GB2312."""
    sample = text[:_SAMPLE]
    plain = sum(map(str.isascii, sample))
    everyday = (len(sample.encode("gb2312", "ignore")) - plain) // 2
    return everyday >= 0.8 * (len(sample) - plain)


def _checked(text: str, name: str) -> str:
    _refuse_binary(text[:_SAMPLE], name)
    return _unify(text)


def _refuse_binary(sample: str, name: str) -> None:
    match = _BINARY.search(sample)
    if match and (match[0] == "\x00" or len(_BINARY.findall(sample)) > _MOST_CONTROLS * len(sample)):
        raise _unreadable(
            f"{name}不是文本文件：第 {match.start() + 1} 个字符是控制字符。"
            "请选择 .txt、.md、.docx 或带文字层的 .pdf 文件。",
            character=match.start(),
        )


# --- documents of a word processor


def _read_docx(data: bytes, name: str) -> str:
    import docx
    from docx.document import Document
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import XMLSyntaxError

    from luoshi.gazette.word import lines_of

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            # What a member says of its size binds the unpacking too: a lie ends in a damaged file, not in more bytes.
            if sum(member.file_size for member in members) > _MAX_UNPACKED:
                raise _too_much(name)
            text = [member for member in members if member.filename == "word/document.xml"]
            other = [what for member, what in _PACKED.items() if member in archive.NameToInfo]
            if not text and other:
                raise _of_another_kind(name, other[0])
            if not text:
                raise _unreadable(f"{name}是压缩包而不是 Word 文档。请解压后选择其中的 .docx 或 .txt 文件。")
            if text[0].file_size > _MAX_TEXT:
                raise _too_much(name)
        document: Document = docx.Document(io.BytesIO(data))
        return _unify("\n".join(lines_of(document)))
    except (zipfile.BadZipFile, PackageNotFoundError, XMLSyntaxError, KeyError, ValueError, OSError, EOFError):
        raise _unreadable(f"{name}不是完好的 .docx 文档。请用 Word 或 WPS 打开后重新另存为 .docx。") from None


def _too_much(name: str) -> LuoshiError:
    return LuoshiError("E_TOO_LARGE", f"{name}解压后内容过大。请删去图片或拆分成几个文件后再导入。")


# --- printed pages


def _read_pdf(data: bytes, name: str) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise _unreadable(f"{name}加了密码。请去掉密码后再导入。")
        if len(reader.pages) > MAX_PAGES:
            raise LuoshiError(
                "E_TOO_LARGE", f"{name}有 {len(reader.pages)} 页，超过上限 {MAX_PAGES} 页。请拆分后再导入。"
            )
        text = _unify("\n".join(page.extract_text() for page in reader.pages))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, RecursionError):
        raise _unreadable(f"{name}不是完好的 .pdf 文件。请重新下载，或另存为文本后再导入。") from None
    if not text.strip():
        raise _unreadable(f"{name}只有图像，没有文字层。请先做文字识别（OCR），再导入识别后的 PDF 或文本。")
    return text
