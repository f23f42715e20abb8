"""A paper as PDF in the layout of GB/T 9704-2012, by WeasyPrint; loaded where it is used, for it takes a second."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.office.notices.content import Paper
from luoshi.office.notices.paper import html

_STYLE = Path(__file__).parent / "paper.css"


def render(paper: Paper) -> bytes:
    """Return the paper as PDF; E_INTERNAL where the libraries that set it are missing."""
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]
    except (ImportError, OSError) as missing:
        raise LuoshiError(
            "E_INTERNAL", f"这台机器不能排 PDF：缺 WeasyPrint 或 Pango（{str(missing)[:120]}）。请告诉管理员安装。"
        ) from None
    document = HTML(string=page(paper), url_fetcher=_nothing, base_url=None).render(
        stylesheets=[_style()], font_config=_fonts(), full_fonts=False
    )
    document.metadata.title = paper.title
    document.metadata.authors = [paper.issuer]
    document.metadata.keywords = [one for one in (paper.number, paper.digest) if one]
    return bytes(document.write_pdf(pdf_version="1.7") or b"")


def page(paper: Paper) -> str:
    """Return the whole document that is printed."""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>x</title><style>{_marks(paper)}</style>'
        f"</head><body>{html(paper, qr=qr(paper.verify))}</body></html>"
    )


def _marks(paper: Paper) -> str:
    """Return the rule that sets 演练, 演示数据 at the head of every page; their words are our own."""
    if not paper.marks:
        return ""
    words = "　".join(f"【{mark}】" for mark in paper.marks)
    box = (
        f'content: "{words}"; font: 700 16pt SimHei, "Noto Sans CJK SC", sans-serif; color: #BE2A1E; '
        "vertical-align: top; padding-top: 10mm;"
    )
    return f"@page {{ @top-center {{ {box} }} }} @page letter:first {{ @top-center {{ {box} }} }}"


def qr(address: str) -> str:
    """Return a QR code as SVG, nothing without an address."""
    if not address:
        return ""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=True, border=1, omitsize=True, svgclass=None, lineclass=None
    )
    return out.getvalue().decode().strip()


def qr_png(address: str) -> bytes:
    """Return a QR code as PNG, for DOCX."""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="png", scale=6, border=1)
    return out.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> Any:
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]

    return FontConfiguration()


@lru_cache(maxsize=1)
def _style() -> Any:
    from weasyprint import CSS

    return CSS(string=_STYLE.read_text("utf-8"), font_config=_fonts())


def _nothing(url: str, *_arguments: Any, **_named: Any) -> Any:
    raise ValueError(f"a paper loads nothing: {url[:80]}")
