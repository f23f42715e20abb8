"""A paper as HTML: the page shows it, WeasyPrint prints it. The same paragraphs become DOCX in `word`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any

from luoshi.office.notices.content import Paper

_TITLE_LINE = 18
_NO_START = "的了和与、，。；：）》”〕"
_NO_END = "（《“〔和与"
_WHOLE = (
    "关于", "印发", "发布", "启动", "解除", "开展", "做好", "加强", "进一步", "重点", "工作", "落实", "情况", "重大",
    "重污染", "天气", "应急", "预警", "响应", "减排", "管理", "实施", "检查", "责任", "办法", "方案", "意见", "报告",
    "通知", "通报", "通告", "公告", "紧急", "季度", "年度", "全市", "单位", "企业", "项目", "资金", "安全", "生产",
)  # fmt: skip
"""Words that titles often hold and that are not broken."""
_HEAD_RULE = ("letter", "order", "notice", "report", "minutes")


def html(paper: Paper, *, heading: str = "h1", qr: str = "") -> str:
    """Return the paper as an `article`; `heading` is the element of its title, `qr` an SVG set beside its foot."""
    inside = "".join([*_head(paper), *_title(paper, heading), *_body(paper), *_end(paper), *_foot(paper, qr)])
    state = " gov-draft" if paper.watermark == "草稿" else " gov-void" if paper.watermark == "作废" else ""
    return f'<article class="gov gov-{escape(paper.layout)}{state}" lang="zh-CN">{inside}</article>'


def _head(paper: Paper) -> Iterator[str]:
    if paper.watermark:
        yield f'<p class="gov-water" data-mark="{paper.watermark}" aria-hidden="true"></p>'
    if paper.marks:
        yield f'<p class="gov-marks">{escape("　".join(paper.marks))}</p>'
    if not paper.masthead:
        if paper.number:
            yield f'<p class="gov-number">{escape(paper.number)}</p>'
        return
    yield f'<header class="gov-head"><p class="gov-mast"{_size(paper.masthead)}>{escape(paper.masthead)}</p>'
    number = escape(paper.number) or "&#160;"
    if paper.layout == "letter":
        yield f'<hr class="gov-rule"><p class="gov-number">{number}</p><hr class="gov-rule gov-rule-low"></header>'
        return
    if paper.layout == "report":
        signer = f"签发人：<span>{escape(paper.signer)}</span>" if paper.signer else "签发人："
        yield f'<p class="gov-number"><span>{number}</span><span class="gov-signer">{signer}</span></p>'
    elif paper.layout == "minutes":
        yield f'<p class="gov-number">{number}</p>'
        yield f'<p class="gov-day"><span>{escape(paper.issuer)}</span><span>{escape(paper.dated)}</span></p>'
    else:
        yield f'<p class="gov-number">{number}</p>'
    yield '<hr class="gov-rule"></header>' if paper.layout in _HEAD_RULE else "</header>"


def _size(masthead: str) -> str:
    """Return the size at which the name fits on its line of 156 mm, at most 44 pt, and its length for the page."""
    length = max(len(masthead), 1)
    return f' style="--gov-pt:{min(44.0, 438 / length):.1f}pt;--gov-n:{length}"'


def title_lines(title: str) -> list[str]:
    """Return a title in lines of at most 18 characters, of about one length, broken after 的 or a mark where it can be.

    A number or a word in Latin letters is not broken.
    """
    count = -(-len(title) // _TITLE_LINE)
    lines, rest = [], title
    for left in range(count, 1, -1):
        aim = -(-len(rest) // left)
        near = range(max(aim - 3, 2), min(aim + 3, _TITLE_LINE, len(rest) - 1) + 1)
        whole = [cut for cut in near if not (rest[cut - 1].isascii() and rest[cut].isascii())
                 and rest[cut] not in _NO_START and rest[cut - 1] not in _NO_END]  # fmt: skip
        if not whole:
            break
        cut = min(whole, key=lambda at: (_splits(rest, at), rest[at - 1] not in "的》、）", abs(at - aim)))
        lines.append(rest[:cut])
        rest = rest[cut:]
    return [*lines, rest]


def _splits(title: str, at: int) -> bool:
    return any(title[at - n : at - n + len(word)] == word for word in _WHOLE for n in range(1, len(word)) if at >= n)


def _title(paper: Paper, heading: str) -> Iterator[str]:
    lines = "".join(f"<span>{escape(line)}</span>" for line in title_lines(paper.title))
    yield f'<{heading} class="gov-title">{lines}</{heading}>'
    if paper.to:
        yield f'<p class="gov-to">{escape(paper.to)}：</p>'


def _body(paper: Paper) -> Iterator[str]:
    for block in paper.blocks:
        if block["k"] == "table":
            yield _table(block)
        elif block["k"] == "c":
            yield f'<p class="gov-c">{escape(block["t"])}</p>'
        else:
            head = f'<span class="gov-h{block["level"]}">{escape(block["head"])}</span>' if block.get("head") else ""
            keep = ' class="gov-keep"' if head and not block["t"] else ""
            yield f"<p{keep}>{head}{escape(block['t'])}</p>"


def _table(block: dict[str, Any]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in block["head"])
    rows = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in block["rows"])
    return f'<table class="gov-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


_AMOUNT = re.compile(r"-?\d{1,3}(,\d{3})*\.\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def _cell(text: str) -> str:
    """Return a cell of a table; amounts stand under each other and, like dates, in one line."""
    sort = "gov-n" if _AMOUNT.fullmatch(text) else "gov-w" if _DAY.fullmatch(text) else ""
    return f'<td class="{sort}">{escape(text)}</td>' if sort else f"<td>{escape(text)}</td>"


def _end(paper: Paper) -> Iterator[str]:
    if paper.attachments:
        many = len(paper.attachments) > 1
        items = "".join(
            f'<p class="{"gov-att" if n == 1 else "gov-att gov-att-next"}">{"附件：" if n == 1 else ""}'
            f"{f'{n}. ' if many else ''}{escape(one)}</p>"
            for n, one in enumerate(paper.attachments, 1)
        )
        yield f'<div class="gov-atts">{items}</div>'
    if paper.layout != "minutes":
        date = escape(paper.dated) or "（签发后填写日期）"
        yield f'<div class="gov-sign"><p class="gov-by">{escape(paper.signatory)}</p>'
        yield f'<p class="gov-date">{date}</p></div>'
    if paper.note:
        yield f'<p class="gov-note">（{escape(paper.note)}）</p>'


def _foot(paper: Paper, qr: str) -> Iterator[str]:
    lines = [f'<p class="gov-copy"><span>抄送：</span><span>{escape(paper.copy)}。</span></p>'] if paper.copy else []
    if paper.dated and paper.layout not in ("letter", "form"):
        lines.append(
            f'<p class="gov-issued"><span>{escape(paper.issuer)}</span><span>{escape(paper.dated)}印发</span></p>'
        )
    check = ""
    if qr:
        digest = f'<br><span class="gov-digest">{escape(paper.digest[:16])}</span>' if paper.digest else ""
        check = f'<div class="gov-check">{qr}<p>扫码核验{digest}</p></div>'
    if lines or check:
        row = f'{check}<div class="gov-lines">{"".join(lines)}</div>'
        yield f'<footer class="gov-foot"><div class="gov-row">{row}</div></footer>'
