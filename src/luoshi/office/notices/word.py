"""A paper as DOCX in the layout of GB/T 9704-2012, by python-docx, for offices that edit, seal or forward it in Word.

python-docx and not docxtpl: what a clerk edits is the words of the kind, in one place and with a second hand; a Word
file as template would be a second source beside them. The layout is made here from the same paragraphs as the PDF.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.enum.text import WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from luoshi.office.notices import pdf
from luoshi.office.notices.content import Paper
from luoshi.office.notices.paper import title_lines

TEXT, BLACK, REGULAR, TITLE, FIGURES = "仿宋_GB2312", "黑体", "楷体_GB2312", "方正小标宋简体", "宋体"
_LATIN = "Times New Roman"
SIZE, LINE = 16.0, 28.95
"""Size three, and the pitch of 22 lines on 225 mm, in points."""
RED, GREY = RGBColor(0xE0, 0, 0), RGBColor(0x77, 0x77, 0x77)
_EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


def render(paper: Paper) -> bytes:
    """Return the paper as DOCX; the same paper gives the same bytes but for what the library dates."""
    document = Document()
    _page(document, paper)
    _head(document, paper)
    _title(document, paper)
    for block in paper.blocks:
        _block(document, block)
    _end(document, paper)
    _foot(document, paper)
    properties = document.core_properties
    properties.title, properties.author, properties.language = paper.title, paper.issuer, "zh-CN"
    properties.subject, properties.keywords = paper.number, paper.digest
    properties.created = properties.modified = _EPOCH
    properties.last_modified_by = paper.issuer
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# --- page -------------------------------------------------------------------------------------------------------------


def _page(document: WordDocument, paper: Paper) -> None:
    section = document.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(30 if paper.layout == "letter" else 37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(15), Mm(24)
    # Exact lines give 22 a page and a quarter point less between characters 28 a line: a grid would double every line
    # that is set larger.
    for grid in section._sectPr.findall(qn("w:docGrid")):
        section._sectPr.remove(grid)
    document.settings.odd_and_even_pages_header_footer = True
    section.different_first_page_header_footer = paper.layout == "letter"
    style = document.styles["Normal"]
    style.font.name, style.font.size = _LATIN, Pt(SIZE)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), TEXT)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    style.paragraph_format.line_spacing = Pt(LINE)
    closer = OxmlElement("w:spacing")
    closer.set(qn("w:val"), "-5")
    size = style.element.get_or_add_rPr().find(qn("w:sz"))
    assert size is not None
    size.addprevious(closer)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "zh-CN")
    language.set(qn("w:eastAsia"), "zh-CN")
    for old in style.element.get_or_add_rPr().findall(qn("w:lang")):
        style.element.get_or_add_rPr().remove(old)
    style.element.get_or_add_rPr().append(language)
    _fonts(document)
    for footer, side in ((section.footer, ALIGN.RIGHT), (section.even_page_footer, ALIGN.LEFT)):
        _page_number(footer.paragraphs[0], side)
    headers = [section.header, section.even_page_header]
    if paper.layout == "letter":
        headers.append(section.first_page_header)
    for number, header in enumerate(headers):
        line = header.paragraphs[0]
        line.alignment = ALIGN.CENTER
        words = "　".join(f"【{mark}】" for mark in paper.marks)
        if words:
            _run(line, words, BLACK, 16, color=RGBColor(0xBE, 0x2A, 0x1E))
        if paper.watermark:
            _watermark(line, paper.watermark, number)


def _page_number(line: Paragraph, side: Any) -> None:
    line.alignment = side
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
    _run(line, "— ", FIGURES, 14)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = _run(line, "", FIGURES, 14)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.set(qn("xml:space"), "preserve")
            mark.text = text
        run._r.append(mark)
    _run(line, " —", FIGURES, 14)


def _watermark(line: Paragraph, words: str, number: int) -> None:
    colour = "#BE2A1E" if words == "作废" else "#808A8E"
    line.add_run()._r.append(
        parse_xml(
            f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" '
            'xmlns:o="urn:schemas-microsoft-com:office:office">'
            '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
            'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/><v:f eqn="prod #0 2 1"/>'
            '<v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/><v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/>'
            '<v:f eqn="if @0 21600 @1"/><v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
            '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
            f'<v:shape id="mark{number}" o:spid="_x0000_s{2049 + number}" type="#_x0000_t136" '
            'style="position:absolute;margin-left:0;margin-top:0;width:360pt;height:170pt;rotation:325;z-index:-251;'
            "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
            'mso-position-vertical:center;mso-position-vertical-relative:margin" '
            f'fillcolor="{colour}" stroked="f"><v:fill opacity=".3"/>'
            f'<v:textpath style="font-family:&quot;{BLACK}&quot;;font-size:1pt" string="{words}"/></v:shape></w:pict>'
        )
    )


# --- parts ------------------------------------------------------------------------------------------------------------


def _run(
    line: Paragraph, text: str, font: str = TEXT, size: float = SIZE, *, bold: bool = False, color: Any = None
) -> Run:
    run = line.add_run(text)
    run.font.size, run.font.bold = Pt(size), bold
    run.font.name = _LATIN
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    if color is not None:
        run.font.color.rgb = color
    return run


def _line(document: Any, *, align: Any = None, indent: float = 0, size: float = SIZE) -> Paragraph:
    line: Paragraph = document.add_paragraph()
    if align is not None:
        line.alignment = align
    if indent:
        line.paragraph_format.first_line_indent = Pt(indent * size)
    return line


def _border(line: Paragraph, side: str, colour: str, kind: str = "single", size: int = 12) -> None:
    properties = line._p.get_or_add_pPr()
    around: Any = properties.find(qn("w:pBdr"))
    if around is None:
        around = OxmlElement("w:pBdr")
        properties.insert_element_before(around, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
    edge = OxmlElement(f"w:{side}")
    for name, value in (("val", kind), ("sz", str(size)), ("space", "4"), ("color", colour)):
        edge.set(qn(f"w:{name}"), value)
    around.append(edge)


def _head(document: WordDocument, paper: Paper) -> None:
    signed = paper.watermark != "草稿"
    colour, rule = (RED, "E00000") if signed else (GREY, "999999")
    if not paper.masthead:
        if paper.number:
            _run(_line(document, align=ALIGN.RIGHT), paper.number)
        return
    name = _line(document, align=ALIGN.CENTER)
    size = min(44.0, 438 / len(paper.masthead))
    name.paragraph_format.line_spacing = Pt(size * 1.3)
    name.paragraph_format.space_before = Pt(0 if paper.layout in ("letter", "order") else 57)
    _run(name, paper.masthead, TITLE, size, bold=True, color=colour)
    if paper.layout == "letter":
        _border(name, "bottom", rule, "thickThinSmallGap", 24)
        _run(_line(document, align=ALIGN.RIGHT), paper.number)
        document.add_paragraph()
        return
    document.add_paragraph()
    document.add_paragraph()
    number = _line(document, align=ALIGN.CENTER)
    last = number
    if paper.layout == "report":
        _sides(number, paper.number, "签发人：", paper.signer)
    else:
        _run(number, paper.number)
    if paper.layout == "minutes":
        last = document.add_paragraph()
        _sides(last, paper.issuer, paper.dated)
    _border(last, "bottom", rule, "single", 12)
    document.add_paragraph()
    document.add_paragraph()


def _sides(line: Paragraph, left: str, right: str, tail: str = "", size: float = SIZE) -> None:
    """Set one text at the left and one at the right of a line."""
    line.alignment = ALIGN.LEFT
    # Tabs and not indents, so that a rule below keeps the width of the page.
    line.paragraph_format.tab_stops.add_tab_stop(Pt(size))
    line.paragraph_format.tab_stops.add_tab_stop(Mm(156) - Pt(size), alignment=WD_TAB_ALIGNMENT.RIGHT)
    _run(line, f"\t{left}\t{right}", size=size)
    if tail:
        _run(line, tail, REGULAR, size)


def _title(document: WordDocument, paper: Paper) -> None:
    for words in title_lines(paper.title):
        line = _line(document, align=ALIGN.CENTER)
        line.paragraph_format.line_spacing = Pt(34)
        line.paragraph_format.keep_with_next = True
        _run(line, words, TITLE, 22, bold=True)
    document.add_paragraph()
    if paper.to:
        _run(_line(document), f"{paper.to}：")


def _block(document: WordDocument, block: dict[str, Any]) -> None:
    if block["k"] == "table":
        _table(document, [block["head"], *block["rows"]])
        return
    if block["k"] == "c":
        _run(_line(document, align=ALIGN.CENTER), block["t"], bold=True)
        return
    line = _line(document, align=ALIGN.JUSTIFY, indent=2)
    if block.get("head"):
        _run(line, block["head"], {1: BLACK, 2: REGULAR}.get(block["level"], TEXT))
        line.paragraph_format.keep_with_next = not block["t"]
    if block["t"]:
        _run(line, block["t"])


def _table(document: WordDocument, rows: Sequence[Sequence[str]]) -> None:
    table = document.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    cells = table._cells
    for number, row in enumerate(rows):
        for place, words in enumerate(row):
            line = cells[number * len(rows[0]) + place].paragraphs[0]
            line.paragraph_format.line_spacing = Pt(18)
            line.alignment = ALIGN.LEFT if number else ALIGN.CENTER
            _run(line, words, TEXT if number else BLACK, 12)
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)


def _end(document: WordDocument, paper: Paper) -> None:
    if paper.attachments:
        document.add_paragraph()
        many = len(paper.attachments) > 1
        for n, one in enumerate(paper.attachments, 1):
            line = _line(document)
            line.paragraph_format.left_indent = Pt(5 * SIZE if n == 1 else 6.2 * SIZE)
            line.paragraph_format.first_line_indent = Pt(-3 * SIZE if n == 1 else -1.2 * SIZE)
            _run(line, f"{'附件：' if n == 1 else ''}{f'{n}. ' if many else ''}{one}")
    if paper.layout != "minutes":
        document.add_paragraph()
        document.add_paragraph()
        date = paper.dated or "（签发后填写日期）"
        wide, narrow = max(len(paper.signatory), _width(date)), min(len(paper.signatory), _width(date))
        for words in (paper.signatory, date):
            line = _line(document, align=ALIGN.RIGHT)
            shorter = _width(words) == narrow and wide != narrow
            line.paragraph_format.right_indent = Pt((4 + (wide - narrow) / 2 if shorter else 4) * SIZE)
            line.paragraph_format.keep_with_next = words == paper.signatory
            _run(line, words)
    if paper.note:
        _run(_line(document, indent=2), f"（{paper.note}）")


def _width(words: str) -> float:
    """Return how many full-width characters a text is wide."""
    return sum(0.5 if char.isascii() else 1 for char in words)


def _foot(document: WordDocument, paper: Paper) -> None:
    """Set the QR code, whom it is copied to and when it was issued, in a frame at the foot of the last page."""
    ruled = paper.layout not in ("letter", "form")
    if paper.verify:
        line = _framed(document)
        line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        line.add_run().add_picture(io.BytesIO(pdf.qr_png(paper.verify)), width=Mm(18))
        _run(line, f" 扫码核验 {paper.digest[:16]}", BLACK, 8)
    if ruled and (paper.copy or paper.dated):
        _rule(document, 1)
    if paper.copy:
        line = _framed(document)
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(14 * 4), Pt(-14 * 3)
        _run(line, f"抄送：{paper.copy}。", size=14)
    if paper.dated and ruled:
        if paper.copy:
            _rule(document, 0.7)
        _sides(_framed(document), paper.issuer, f"{paper.dated}印发", size=14)
    if ruled and (paper.copy or paper.dated):
        _rule(document, 1)
    if paper.verify or paper.copy or paper.dated:
        # A frame hangs on the paragraph behind it, which takes no room.
        document.add_paragraph().paragraph_format.line_spacing = Pt(1)


def _rule(document: WordDocument, points: float) -> None:
    """Draw a line as a filled paragraph of its height: borders of paragraphs break a frame up in LibreOffice."""
    line = _framed(document)
    line.paragraph_format.line_spacing = Pt(points)
    fill: Any = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "000000")):
        fill.set(qn(f"w:{name}"), value)
    line._p.get_or_add_pPr().insert_element_before(fill, "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr")
    _run(line, "", size=1)


def _framed(document: WordDocument) -> Paragraph:
    line = document.add_paragraph()
    line.paragraph_format.line_spacing = Pt(24)
    frame: Any = OxmlElement("w:framePr")
    for name, value in (
        ("w", str(round(156 / 25.4 * 1440))), ("wrap", "around"), ("vAnchor", "margin"), ("hAnchor", "margin"),
        ("xAlign", "left"), ("yAlign", "bottom"),
    ):  # fmt: skip
        frame.set(qn(f"w:{name}"), value)
    properties = line._p.get_or_add_pPr()
    properties.insert_element_before(
        frame, "w:widowControl", "w:numPr", "w:pBdr", "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )
    return line


_INSTEAD = {
    TEXT: "FangSong", REGULAR: "KaiTi", BLACK: "SimHei", TITLE: "FZXiaoBiaoSong-B05S", FIGURES: "SimSun",
}  # fmt: skip


def _fonts(document: WordDocument) -> None:
    """Name what may stand in for a font that a machine has not got."""
    part = next((one for one in document.part.package.iter_parts() if one.partname == "/word/fontTable.xml"), None)
    if part is None:
        return
    entries = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other},Noto {"Sans" if name == BLACK else "Serif"} CJK SC"/>'
        f'<w:charset w:val="86"/><w:family w:val="{"swiss" if name == BLACK else "roman"}"/><w:pitch w:val="variable"/>'
        "</w:font>"
        for name, other in _INSTEAD.items()
    )
    part._blob = part.blob.replace(b"</w:fonts>", f"{entries}</w:fonts>".encode())
