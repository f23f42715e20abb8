"""Reading of files: what is accepted comes out as one text, what is not is refused with place and remedy."""

import io
import zipfile

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.reader import MAX_BYTES, duplicate_numbers, read_bytes, require_document
from luoshi.kernel.errors import LuoshiError

TEXT = "测试市人民政府关于河道巡查的通知\n测政发〔2018〕3号\n一、由市甲局负责河道巡查。\n"


def refusal(data: bytes, filename: str = "样本.txt", **options: int) -> LuoshiError:
    with pytest.raises(LuoshiError) as caught:
        read_bytes(data, filename, **options)
    return caught.value


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_read_bytes_finds_the_encoding(encoding: str) -> None:
    assert read_bytes(TEXT.encode(encoding)) == TEXT


def test_read_bytes_reads_long_gb18030_with_rare_characters() -> None:
    text = TEXT * 50 + "㙓塂村"
    assert read_bytes(text.encode("gb18030")) == text


def test_read_bytes_makes_line_ends_one_character() -> None:
    assert read_bytes("一、测试\r\n二、测试\r三、测试".encode()) == "一、测试\n二、测试\n三、测试"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip))
def test_read_bytes_gives_back_every_utf8_text(text: str) -> None:
    assert read_bytes(text.encode()) == text.removeprefix("\ufeff") or not text.removeprefix("\ufeff").strip()


@given(st.binary(max_size=300))
def test_read_bytes_never_crashes(data: bytes) -> None:
    try:
        outcome = "read" if read_bytes(data).strip() else "blank"
    except LuoshiError as error:
        outcome = error.code
    assert outcome in ("read", "E_FILE")


def test_read_bytes_refuses_an_empty_file() -> None:
    error = refusal(b"")
    assert (error.code, "样本.txt" in error.message, "空" in error.message) == ("E_FILE", True, True)


def test_read_bytes_refuses_blanks() -> None:
    assert "空白" in refusal("\ufeff \n\u3000\t".encode()).message


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02\x03" * 500, b"\x7fELF\x02\x01\x01\x00", bytes(range(256)) * 40, b"a\x01" * 90]
)
def test_read_bytes_refuses_binary(data: bytes) -> None:
    assert refusal(data).code == "E_FILE"


@pytest.mark.parametrize("data", [b"\xd0\xcf\x11\xe0" + b"\0" * 90, b"{\\rtf1}", b"\x89PNG\r\n", b"Rar!\x1a"])
def test_read_bytes_names_a_format_it_cannot_read(data: bytes) -> None:
    assert "另存为" in refusal(data).message


def test_read_bytes_refuses_too_large_a_file() -> None:
    error = refusal(b"a" * 101, max_bytes=100)
    assert (error.code, error.fields) == ("E_TOO_LARGE", {"bytes": 101, "limit": 100})
    assert MAX_BYTES == 32 * 1024 * 1024


def test_read_bytes_names_the_byte_at_which_utf8_breaks() -> None:
    before = (TEXT * 3).encode()
    error = refusal(before + b"\xff" + before)
    assert error.fields == {"encoding": "UTF-8", "byte": len(before)}
    assert str(len(before) + 1) in error.message


def test_read_bytes_says_that_a_file_was_cut_inside_a_character() -> None:
    assert "截断" in refusal((TEXT * 3).encode()[:-3]).message


def document(*lines: str, table: tuple[tuple[str, ...], ...] = ()) -> bytes:
    written = docx.Document()
    for line in lines:
        written.add_paragraph(line)
    if table:
        grid = written.add_table(len(table), len(table[0]))
        for row, texts in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
    written.add_paragraph("完")
    stream = io.BytesIO()
    written.save(stream)
    return stream.getvalue()


def test_read_bytes_reads_paragraphs_and_tables_of_docx_in_order() -> None:
    data = document("测试方案", "一、测试", table=(("组长", "测试甲"), ("成员", "测试乙")))
    assert read_bytes(data, "样本.docx") == "测试方案\n一、测试\n组长\t测试甲\n成员\t测试乙\n完"


def test_read_bytes_refuses_a_zip_that_is_no_document() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "测试")
    assert "压缩包" in refusal(stream.getvalue(), "样本.docx").message


@pytest.mark.parametrize(
    ("member", "what"), [("OFD.xml", "OFD 版式文件"), ("xl/workbook.xml", "Excel 表格"), ("content.xml", "ODF 文档")]
)
def test_read_bytes_names_the_kind_of_a_package_it_does_not_read(member: str, what: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(member, "<a/>")
    assert f"是{what}" in refusal(stream.getvalue(), "样本.ofd").message


def test_read_bytes_refuses_a_zip_bomb_before_unpacking_it() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (70 * 1024 * 1024))
    assert refusal(stream.getvalue()).code == "E_TOO_LARGE"


def test_read_bytes_refuses_half_a_document() -> None:
    data = document("测试方案")
    assert refusal(data[: len(data) // 2]).code == "E_FILE"


def pdf(text: bytes) -> bytes:
    """Return a one-page PDF whose page shows `text` in Helvetica."""
    stream = b"BT /F1 12 Tf 72 720 Td (" + text + b") Tj ET" if text else b""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 6\n0000000000 65535 f \n%strailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return out + tail % (table, len(out))


def test_read_bytes_reads_the_text_layer_of_a_pdf() -> None:
    assert read_bytes(pdf(b"1. Test clause"), "样本.pdf").strip() == "1. Test clause"


def test_read_bytes_says_that_a_pdf_has_no_text_layer() -> None:
    assert "文字层" in refusal(pdf(b""), "样本.pdf").message


def test_read_bytes_refuses_a_damaged_pdf() -> None:
    assert refusal(b"%PDF-1.4\n" + b"garbage " * 30).code == "E_FILE"


def test_require_document_refuses_prose() -> None:
    with pytest.raises(LuoshiError) as caught:
        require_document(compile_text("今天天气很好，我们去海边散步。\n海风吹来，很凉快。\n"))
    assert caught.value.code == "E_INPUT"


def test_require_document_accepts_a_fragment() -> None:
    require_document(compile_text("一、加强河道巡查\n(一)市甲局负责巡查。\n(二)市乙局负责清理。\n"))


def notice(duty: str) -> str:
    return (
        "测试市人民政府\n关于河道巡查的通知\n\n测政发〔2018〕3号\n\n各镇人民政府：\n\n"
        f"一、{duty}。\n\n二、各镇要配合。\n\n测试市人民政府\n2018年3月1日\n\n"
    )


def test_duplicate_numbers_names_both_lines() -> None:
    text = notice("由市甲局负责河道巡查") + notice("由市乙局负责河道清淤")
    compilation = compile_text(text)
    assert [item.number for item in compilation.instruments] == ["测政发〔2018〕3号"] * 2
    with pytest.raises(LuoshiError) as caught:
        duplicate_numbers(compilation, text)
    first, second = (text.count("\n", 0, item.start) + 1 for item in compilation.instruments)
    assert (caught.value.code, caught.value.fields["lines"]) == ("E_CONFLICT", [first, second])
    assert f"第 {first} 行" in caught.value.message


def test_duplicate_numbers_accepts_the_same_document_twice() -> None:
    text = notice("由市甲局负责河道巡查") * 2
    duplicate_numbers(compile_text(text), text)
