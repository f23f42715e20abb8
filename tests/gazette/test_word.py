"""What a reader sees in print is read: automatic numbers, controls, tagged dates, revisions, boxes, merged cells."""

import io

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.reader import read_bytes
from luoshi.gazette.word import _FORMS, _written

W = nsdecls("w")


def read(document) -> list[str]:
    stream = io.BytesIO()
    document.save(stream)
    return read_bytes(stream.getvalue(), "样本.docx").split("\n")


def add(document, xml: str) -> None:
    """Put a block before the section's end."""
    document.element.body.insert_element_before(parse_xml(xml), "w:sectPr")


def paragraph(inner: str) -> str:
    return f"<w:p {W}>{inner}</w:p>"


def run(text: str, props: str = "") -> str:
    return f"<w:r>{props}<w:t>{text}</w:t></w:r>"


def numbered(text: str, num: int = 90, level: int = 0) -> str:
    props = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{num}"/></w:numPr></w:pPr>'
    return paragraph(props + (run(text) if text else ""))


def level(place: int, form: str, words: str, more: str = "") -> str:
    inner = f'<w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}<w:lvlText w:val="{words}"/>'
    return f'<w:lvl w:ilvl="{place}">{inner}</w:lvl>'


def with_list(document, *levels: str, num: int = 90, more: str = "") -> None:
    root = document.part.numbering_part.element
    first = root.find("{*}num")
    root.insert(
        root.index(first) if first is not None else 0,
        parse_xml(f'<w:abstractNum {W} w:abstractNumId="{num}">{"".join(levels)}</w:abstractNum>'),
    )
    root.append(parse_xml(f'<w:num {W} w:numId="{num}"><w:abstractNumId w:val="{num}"/>{more}</w:num>'))


THREE = (
    level(0, "chineseCountingThousand", "%1、"),
    level(1, "japaneseCounting", "（%2）"),
    level(2, "decimal", "%3."),
)


def test_numbers_the_word_processor_draws_stand_before_their_paragraphs():
    document = docx.Document()
    with_list(document, *THREE)
    for text, place in (
        ("目标", 0),
        ("范围", 1),
        ("测试一", 2),
        ("测试二", 2),
        ("步骤", 1),
        ("测试三", 2),
        ("保障", 0),
    ):
        add(document, numbered(text, level=place))
    assert read(document) == ["一、目标", "（一）范围", "1.测试一", "2.测试二", "（二）步骤", "1.测试三", "二、保障"]


def test_articles_count_on_through_chapters_that_do_not_restart_them():
    document = docx.Document()
    article = level(1, "chineseCounting", "第%2条", '<w:lvlRestart w:val="0"/>')
    with_list(document, level(0, "chineseCounting", "第%1章"), article)
    for text, place in (("总则", 0), ("甲", 1), ("乙", 1), ("附则", 0), ("丙", 1)):
        add(document, numbered(text, level=place))
    assert read(document) == ["第一章 总则", "第一条 甲", "第二条 乙", "第二章 附则", "第三条 丙"]


def test_legal_numbering_writes_the_levels_above_in_digits():
    document = docx.Document()
    with_list(document, level(0, "chineseCounting", "%1"), level(1, "decimal", "%1.%2", "<w:isLgl/>"))
    for text, place in (("总则", 0), ("目的", 1), ("依据", 1)):
        add(document, numbered(text, level=place))
    assert read(document) == ["一 总则", "1.1 目的", "1.2 依据"]


def test_second_list_of_the_same_kind_goes_on_or_begins_where_it_says():
    document = docx.Document()
    with_list(document, *THREE)
    root = document.part.numbering_part.element
    for num, more in ((91, ""), (92, '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>')):
        root.append(parse_xml(f'<w:num {W} w:numId="{num}"><w:abstractNumId w:val="90"/>{more}</w:num>'))
    for text, num in (("甲", 90), ("乙", 91), ("丙", 92), ("丁", 92), ("无", 0), ("", 92), ("戊", 92)):
        add(document, numbered(text, num))
    assert read(document) == ["一、甲", "二、乙", "一、丙", "二、丁", "无", "", "四、戊"]


def test_numbers_of_styles_are_drawn_and_bullets_are_not():
    document = docx.Document()
    with_list(
        document, level(0, "chineseCounting", "%1、", '<w:pStyle w:val="Heading1"/>'), level(1, "bullet", "\uf0b7")
    )
    props = document.styles["Heading 1"].element.get_or_add_pPr()
    props.append(parse_xml(f'<w:numPr {W}><w:numId w:val="90"/></w:numPr>'))
    document.add_paragraph("总体要求", style="Heading 1")
    add(document, numbered("圆点", level=1))
    document.add_paragraph("主要任务", style="Heading 1")
    assert read(document) == ["一、总体要求", "圆点", "二、主要任务"]


def test_text_in_controls_tags_and_revisions_is_read_and_what_is_struck_out_or_hidden_is_not():
    document = docx.Document()
    add(document, f"<w:sdt {W}><w:sdtContent>{paragraph(run('控件'))}</w:sdtContent></w:sdt>")
    hidden = "<w:rPr><w:vanish/></w:rPr>"
    add(
        document,
        paragraph(
            run("于") + f'<w:smartTag w:uri="u" w:element="chsdate">{run("2019年5月1日")}</w:smartTag>'
            f'<w:ins w:id="1" w:author="测试甲">{run("前")}</w:ins>'
            f'<w:del w:id="2" w:author="测试甲"><w:r><w:delText>后</w:delText></w:r></w:del>'
            + run("隐藏", hidden) + run("报送")
        ),
    )  # fmt: skip
    assert read(document) == ["控件", "于2019年5月1日前报送"]


def test_text_box_is_read_once_though_an_older_picture_repeats_it():
    document = docx.Document()
    names = (
        f'{W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    )
    box = f"<w:txbxContent>{paragraph(run('测试市人民政府文件'))}</w:txbxContent>"
    xml = (
        f'<w:p {names}><w:r><mc:AlternateContent><mc:Choice Requires="wps"><wps:txbx>{box}</wps:txbx></mc:Choice>'
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>{run('测政发〔2019〕3号')}</w:p>"
    )
    add(document, xml)
    assert read(document) == ["测试市人民政府文件", "测政发〔2019〕3号"]


def test_cells_merged_down_are_read_in_each_row_and_cells_merged_across_once():
    def cell(text: str, props: str = "") -> str:
        return f"<w:tc><w:tcPr>{props}</w:tcPr><w:p>{run(text) if text else ''}</w:p></w:tc>"

    down, on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    rows = (
        cell("任务清单", '<w:gridSpan w:val="3"/>'),
        cell("甲") + cell("测试一") + cell("市甲局", down),
        cell("乙") + cell("测试二") + cell("", on),
    )
    document = docx.Document()
    add(document, f"<w:tbl {W}><w:tblPr/><w:tblGrid/>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>")
    assert read(document) == ["任务清单", "甲\t测试一\t市甲局", "乙\t测试二\t市甲局"]


def test_clauses_of_a_document_numbered_by_the_word_processor_are_found():
    document = docx.Document()
    with_list(document, *THREE)
    for line in ("测试市人民政府办公室", "关于印发测试方案的通知", "", "测政办发〔2019〕7号", "", "各镇人民政府:", ""):
        document.add_paragraph(line)
    for text, place in (("主要任务", 0), ("测试局要于2019年6月底前完成普查。", 1), ("测试局要每月报送进展。", 1)):
        add(document, numbered(text, level=place))
    (found,) = compile_text("\n".join(read(document))).instruments
    assert [clause.path for clause in found.clauses] == ["一", "一/(一)", "一/(二)"]
    assert len(found.duties) == 2


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("decimal", 12, "12"), ("decimalZero", 7, "07"), ("chineseCounting", 21, "二十一"), ("none", 3, ""),
        ("chineseCountingThousand", 105, "一百零五"), ("chineseLegalSimplified", 3, "叁"),
        ("ideographDigital", 10, "一〇"), ("taiwaneseDigital", 2, "二"),
        ("ideographTraditional", 2, "乙"), ("ideographTraditional", 11, "11"), ("ideographZodiac", 12, "亥"),
        ("decimalEnclosedCircle", 20, "⑳"), ("decimalEnclosedCircleChinese", 21, "21"),
        ("decimalEnclosedParen", 1, "⑴"), ("decimalEnclosedFullstop", 10, "⒑"), ("lowerRoman", 4, "iv"),
        ("upperRoman", 1999, "MCMXCIX"), ("upperLetter", 27, "AA"), ("lowerLetter", 1, "a"), ("unheard of", 5, "5"),
        ("chineseCounting", 0, "0"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_the_list_asks(form, number, text):
    assert _written(form, number) == text


def test_every_form_writes_every_number():
    for form in _FORMS:
        for number in (0, 1, 50, 9_999, 10_000):
            assert _written(form, number) is not None
