"""The layout of GB/T 9704-2012: page, PDF and DOCX show one text; size, lines, fonts, marks, watermark, copies."""

from __future__ import annotations

import datetime
import io
import re
import shutil
import subprocess

import docx
import pypdf
import pytest
from django.test import override_settings
from docx.oxml.ns import qn

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.notices import actions, content, copies, paper, pdf, text, word
from luoshi.office.notices.models import NoticeCopy
from tests.office import notices_made as made
from tests.office.test_notices import refused

SENTENCE = "各单位要高度重视切实加强组织领导压实工作责任确保各项任务落到实处取得实效做好各项保障工作。"
LAYOUTS = ("letter", "order", "notice", "report", "minutes", "form")


def a_paper(layout: str = "notice", body: str = "", **more) -> content.Paper:
    source = body or (
        "现将有关事项通知如下。\n一、总体要求\n（一）抓好落实。各单位要做好。\n"
        "|名称|数量|\n|甲<厂>|3|\n# 小标题\n请遵照执行。"
    )
    told = {
        "v": 1, "layout": layout, "masthead": "" if layout == "form" else "测山市人民政府办公室文件", "to": "市财政局",
        "blocks": text.blocks(source), "attachments": ["责任清单", "分工表"], "signatory": "测山市人民政府办公室",
        "note": "此件公开发布", "copy": "市审计局", "short": "",
    }  # fmt: skip
    named = {
        "number": "测政办〔2026〕3号", "dated": datetime.date(2026, 1, 5), "signer": "测试甲", "watermark": "",
        "digest": "0123456789abcdef" * 4, "verify": "https://luoshi.example.cn/open/verify/abc/?d=0123456789abcdef",
    }  # fmt: skip
    return content.paper(told, "关于测试排版的通知", **(named | more))


def pdf_of(found: content.Paper) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(pdf.render(found)))


def words_of(reader: pypdf.PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def fonts_of(reader: pypdf.PdfReader) -> dict[str, bool]:
    """Return the fonts of a PDF and whether each is embedded."""
    found = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].get_object().values():
            font = font.get_object()
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            files = [key for key in inner["/FontDescriptor"].get_object() if key.startswith("/FontFile")]
            found[font["/BaseFont"]] = bool(files)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pdf_is_a4_with_every_font_embedded_and_all_words(layout):
    found = a_paper(layout)
    reader = pdf_of(found)
    for page in reader.pages:
        assert (round(float(page.mediabox.width)), round(float(page.mediabox.height))) == (595, 842)
    fonts = fonts_of(reader)
    assert fonts
    assert all(fonts.values()), fonts
    words = words_of(reader).replace("\n", "")
    for part in (found.number, found.title, "市财政局：", "一、总体要求", "（一）抓好落实。各单位要做好。", "甲<厂>",
                 "附件：1. 责任清单", "2. 分工表", "（此件公开发布）", "抄送：市审计局。"):  # fmt: skip
        assert part in words, (part, words)
    assert "2026年1月5日" in words
    assert ("签发人：测试甲" in words) is (layout == "report")
    assert reader.metadata.title == found.title


def test_page_holds_22_lines_of_28_characters():
    reader = pdf_of(a_paper(body=SENTENCE * 60))
    lines = [line for line in reader.pages[1].extract_text().split("\n") if line]
    assert len(lines) == 22 + 1
    assert max(len(line) for line in lines) == 28
    assert lines[-1] == "— 2 —"


def test_page_numbers_stand_outside_and_not_on_the_first_page_of_a_letter():
    def place(reader, number):
        found = []
        reader.pages[number].extract_text(
            visitor_text=lambda words, _cm, tm, _font, _size: found.append((words, tm[4])) if "—" in words else None
        )
        return found[0][1] if found else None

    reader = pdf_of(a_paper("notice", body=SENTENCE * 60))
    assert place(reader, 0) > 400 > 200 > place(reader, 1)
    letter = pdf_of(a_paper("letter", body=SENTENCE * 60))
    assert "— 1 —" not in letter.pages[0].extract_text()
    assert "— 2 —" in letter.pages[1].extract_text()


def across(page, mark: str) -> bool:
    """Tell whether `mark` stands across the page, its characters far apart."""
    return " ".join(mark) in page.extract_text()


@pytest.mark.parametrize("mark", ["草稿", "作废", ""])
def test_draft_and_void_are_written_across_every_page(mark):
    reader = pdf_of(a_paper(body=SENTENCE * 40, watermark=mark))
    seen = [(across(page, "草稿"), across(page, "作废")) for page in reader.pages]
    assert len(seen) > 1
    assert seen == [(mark == "草稿", mark == "作废")] * len(seen)


@pytest.mark.parametrize(("mark", "red"), [("草稿", False), ("", True), ("作废", True)])
def test_only_a_signed_paper_has_a_red_head(mark, red):
    first = pdf_of(a_paper(watermark=mark)).pages[0].get_contents().get_data().decode("latin-1")
    assert bool(re.search(r"0\.878\d* 0 0 rg", first)) is red


def test_every_page_of_a_drill_and_of_a_demonstration_says_so():
    reader = pdf_of(a_paper(body=SENTENCE * 60, marks=["演练", "演示数据"], exercise=True))
    assert len(reader.pages) > 2
    assert [page for page in reader.pages if "【演练】　【演示数据】" not in page.extract_text()] == []
    document = docx.Document(io.BytesIO(word.render(a_paper(marks=["演练"], exercise=True))))
    for header in (document.sections[0].header, document.sections[0].even_page_header):
        assert "【演练】" in header.paragraphs[0].text


def test_text_of_a_field_is_text_and_nothing_is_loaded():
    found = a_paper(body='<img src="http://192.0.2.1/x.png"><script>alert(1)</script>&amp;\n|<b>|x|\n|1|2|')
    assert "<script>" not in paper.html(found)
    words = re.sub(r"\s", "", words_of(pdf_of(found)))
    assert '<imgsrc="http://192.0.2.1/x.png"><script>alert(1)</script>&amp;' in words


def plain(document) -> list[str]:
    """Return the paragraphs and cells of a DOCX in their order, without blank ones."""
    found = []
    for element in document.element.body.iter(qn("w:p")):
        words = "".join(node.text or "" for node in element.iter(qn("w:t")))
        if words.strip():
            found.append(words)
    return found


@pytest.mark.parametrize("layout", LAYOUTS)
def test_docx_holds_the_same_text_in_the_same_order(layout):
    found = a_paper(layout)
    document = docx.Document(io.BytesIO(word.render(found)))
    squeezed = re.sub(r"\s|扫码核验\s*[0-9a-f]*", "", "".join(plain(document)))
    from_page = re.sub(r"\s", "", re.sub(r"<[^>]+>", "", paper.html(found))).replace("&#160;", "")
    from_page = from_page.replace("&lt;", "<").replace("&gt;", ">")
    assert squeezed == from_page
    section = document.sections[0]
    assert (section.page_width.mm, section.page_height.mm) == (pytest.approx(210, abs=0.1), pytest.approx(297, abs=0.1))
    text_width = section.page_width - section.left_margin - section.right_margin
    assert text_width.mm if hasattr(text_width, "mm") else text_width / 36000 == pytest.approx(156, abs=0.2)
    assert document.settings.odd_and_even_pages_header_footer
    assert "PAGE" in section.footer._element.xml
    assert section.different_first_page_header_footer is (layout == "letter")
    assert document.core_properties.title == found.title


def test_docx_marks_draft_and_void():
    for mark in ("草稿", "作废"):
        document = docx.Document(io.BytesIO(word.render(a_paper(watermark=mark))))
        assert f'string="{mark}"' in document.sections[0].header._element.xml
    assert "textpath" not in docx.Document(io.BytesIO(word.render(a_paper()))).sections[0].header._element.xml


@pytest.mark.skipif(shutil.which("soffice") is None, reason="no LibreOffice on this machine")
def test_docx_opens_in_libreoffice(tmp_path):
    names = []
    for layout in LAYOUTS:
        (tmp_path / f"{layout}.docx").write_bytes(
            word.render(a_paper(layout, watermark="草稿" if layout == "form" else ""))
        )
        names.append(f"{layout}.docx")
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf"]
    subprocess.run([*command, *names], cwd=tmp_path, check=True, capture_output=True, timeout=300)
    for layout in LAYOUTS:
        reader = pypdf.PdfReader(tmp_path / f"{layout}.pdf")
        words = words_of(reader).replace("\n", "").replace(" ", "")
        assert "关于测试排版的通知" in words
        assert "抄送：市审计局。" in words
        assert (round(float(reader.pages[0].mediabox.width)), round(float(reader.pages[0].mediabox.height))) == (
            595,
            842,
        )
        assert all(fonts_of(reader).values())


@pytest.mark.parametrize(
    ("title", "lines"),
    [
        ("关于测试的函", ["关于测试的函"]),
        ("关于2026年一季度重点工作落实情况的通报", ["关于2026年一季度", "重点工作落实情况的通报"]),
        ("关于印发《测山市政府性债务管理办法》的通知", ["关于印发《测山市政府性", "债务管理办法》的通知"]),
        ("x" * 40, ["x" * 40]),
    ],
)
def test_title_is_broken_where_sense_allows(title, lines):
    assert paper.title_lines(title) == lines
    assert "".join(paper.title_lines(title)) == title


# --- kept copies ------------------------------------------------------------------------------------------------------


@pytest.fixture
def year_2026(db):
    made.register()
    CLOCK.set(datetime.datetime(2026, 1, 20, 9, 0, tzinfo=SHANGHAI))
    yield
    CLOCK.release()


@override_settings(CSRF_TRUSTED_ORIGINS=["https://luoshi.example.cn"])
def test_signed_paper_is_given_out_as_it_was_first_made(year_2026):
    draft = made.letter()
    assert across(pypdf.PdfReader(io.BytesIO(copies.as_file(draft, "pdf"))).pages[0], "草稿")
    assert NoticeCopy.objects.count() == 0
    signed = actions.sign(actor=made.head(), notice=draft.pk)
    assert copies.verify_address(signed) == (
        f"https://luoshi.example.cn/open/verify/{signed.slug}/?d={signed.digest[:16]}"
    )
    first = copies.as_file(signed, "pdf")
    assert copies.as_file(signed, "pdf") == first
    assert NoticeCopy.objects.get().file.name == "测环函〔2026〕1号关于完成测试的函.pdf"
    words = words_of(pypdf.PdfReader(io.BytesIO(first)))
    assert "测环函〔2026〕1号" in words
    assert signed.digest[:16] in words
    actions.ask_void(actor=made.clerk(), notice=signed.pk, reason="主送单位写错")
    gone = actions.void(actor=made.head(), notice=signed.pk)
    assert across(pypdf.PdfReader(io.BytesIO(copies.as_file(gone, "pdf"))).pages[0], "作废")
    assert copies.name_of(gone, "docx") == "测环函〔2026〕1号关于完成测试的函（作废）.docx"
    assert NoticeCopy.objects.count() == 2
    refused("E_INPUT", copies.as_file, gone, "odt")
