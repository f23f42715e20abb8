"""Fetch the pinned front-end files into `src/luoshi/site/static/vendor/`.

Run it only to change a version: `python tools/vendor.py`. It asks the ordinary npm client for each package, refuses
an archive whose SHA-512 is not the one written here, and writes only the files the pages load. Nothing of npm is
needed to install or run luoshi.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "luoshi" / "site" / "static" / "vendor"

TABLER = "@tabler/core@1.0.0"
HTMX = "htmx.org@2.0.11"
ICONS = "@tabler/icons@3.51.0"

INTEGRITY = {
    TABLER: "sha512-uFmv6f8TAaW2JaGwzjT1LfK+TjmBQSTCoznCMdV5uur4cv4TtJlV8Hh1Beu55YX0svMtOQ0Xts7tYv/+qBEcfA==",
    HTMX: "sha512-Thx/WtpeOQqSrqBCw/A1cwGJGg4UrVa3+sW0GmrM3p4gJgO89ecH4qtbnyzDDWFvBTqjnIMCgELTNt636dtamA==",
    ICONS: "sha512-0pinvPZz7YeX+OSfxuEAbnEPWbocVXW5iU8h5lh41pYG8sZuQfpWECC980lxOT0clGIcNGn8xsBr+zKaRGdA/g==",
}

ICON_NAMES = (
    "activity-heartbeat", "adjustments-horizontal", "alert-circle", "alert-triangle", "archive", "arrow-back-up",
    "arrow-down", "arrow-left", "arrow-merge", "arrow-right", "arrow-up", "arrows-diff", "arrows-split", "ban", "bell",
    "bell-ringing", "bolt", "book-2", "bookmark", "briefcase", "building", "building-community", "calculator",
    "calendar-check", "calendar-event", "calendar-plus", "calendar-stats", "certificate", "chart-histogram", "check",
    "chevron-down", "chevron-left", "chevron-right", "circle-check", "circle-x", "clipboard-check", "clipboard-text",
    "clock", "coin-yuan", "copy", "corner-up-left", "database", "device-mobile", "dots", "download", "edit",
    "exchange", "external-link", "eye", "eye-off", "file-export", "file-import", "file-spreadsheet", "file-text",
    "filter-plus", "flag", "gavel", "git-merge", "help", "help-circle", "history", "home-2", "hourglass", "id-badge-2",
    "info-circle", "key", "keyboard", "keyframe", "language", "layout-dashboard", "link", "list-check", "list-details",
    "lock", "lock-open", "login-2", "logout", "mail", "map-pin", "message", "paperclip", "pencil", "photo",
    "player-pause", "player-play", "plus", "printer", "qrcode", "refresh", "reload", "scissors", "search", "send",
    "server", "settings", "shield-check", "shield-lock", "sitemap", "speakerphone", "square-check", "stack-2", "star",
    "table", "tag", "target-arrow", "text-size", "upload", "user", "user-check", "user-circle", "user-off",
    "user-plus", "users", "world", "x", "zoom-in",
)  # fmt: skip

UNUSED = re.compile(
    r"\[data-bs-theme=[\"']?dark|\.theme-dark"
    r"|\.(?:navbar|nav|dropdown|dropend|dropstart|dropup|offcanvas|carousel|modal|accordion|popover|bs-popover|tooltip"
    r"|bs-tooltip|toast|ribbon|avatar|markdown|calendar|chart|chat|timeline|steps|step|switch-icon|datagrid|dimmer|loader"
    r"|layout|signature|tracking|status|placeholder|offset|order|object|divide|figure|stars|apexcharts|payment|flag|tom"
    r"|ts|tox|plyr|dropzone|jvm|noUi|litepicker|fslightbox|empty|progressbg|row-cols|col|g|gx|gy|list-group|tag|tags"
    r"|form-imagecheck|form-colorinput|form-selectgroup|form-floating|input-icon|img|ratio|sticky|columns|space|hr"
    r"|card-(?:tabs|rotate|stacked|link|stamp|chart|sponsor|progress|borderless|sm|md|lg|active|inactive|actions)"
    r"|page|pagination|breadcrumb|spinner|alert|badge|collapse|collapsing|fade|was-validated|valid|invalid|is-valid"
    r"|is-invalid|focus-ring|icon|btn-(?:close|ghost|outline|[a-z]*-lt|facebook|twitter|google|youtube|vimeo|dribbble"
    r"|github|instagram|pinterest|vk|rss|flickr|bitbucket|tabler|x|blue|azure|indigo|purple|pink|red|orange|yellow|lime"
    r"|green|teal|cyan|dark|light|info|muted|white|black|floating|action|loading|actions|list|square|pill|check|group"
    r"|toggle|dropdown))(?![a-zA-Z0-9])"
    r"|\.[a-z]+-(?:sm|md|lg|xl|xxl)(?:-[a-z0-9]+)?(?![a-z0-9-])(?<!btn-sm)(?<!btn-lg)"
)
"""Selectors of Tabler's parts that no page uses; `tests/site/test_components.py` finds a class that lost its rule."""

SOURCE_MAP = re.compile(r"^/[/*]# sourceMappingURL=[^\n]*\n?", re.MULTILINE)
SVG_INSIDE = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def fetch(package: str, into: Path) -> tarfile.TarFile:
    """Return the opened archive of `package` after comparing its SHA-512 with the pinned one."""
    listing = subprocess.run(["npm", "pack", "--silent", package], cwd=into, check=True, capture_output=True, text=True)
    archive = into / listing.stdout.strip().splitlines()[-1]
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != INTEGRITY[package]:
        raise SystemExit(f"{package}: archive has {digest}, expected {INTEGRITY[package]}")
    return tarfile.open(archive)


def member(archive: tarfile.TarFile, name: str) -> str:
    """Return the text of one file of an npm archive."""
    stream = archive.extractfile(f"package/{name}")
    if stream is None:
        raise SystemExit(f"{name} is not in the archive")
    return stream.read().decode("utf-8")


def sprite(archive: tarfile.TarFile) -> str:
    """Return one SVG file that holds every icon of ICON_NAMES as a symbol."""
    symbols = []
    for name in ICON_NAMES:
        found = SVG_INSIDE.search(member(archive, f"icons/outline/{name}.svg"))
        if found is None:
            raise SystemExit(f"icon {name} has no drawing")
        drawing = " ".join(found.group(1).split()).replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" /> ', "")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Yield the top rules of minified CSS: what stands before the brace, and what is inside (`;` rules: no inside)."""
    start, depth, opened, quote = 0, 0, 0, ""
    for place, char in enumerate(css):
        if quote:
            quote = "" if char == quote and css[place - 1] != "\\" else quote
        elif char in "\"'":
            quote = char
        elif char == "{":
            opened, depth = (opened, depth + 1) if depth else (place, 1)
        elif char == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened], css[opened + 1 : place]
                start = place + 1
        elif char == ";" and depth == 0:
            yield css[start : place + 1], ""
            start = place + 1


def subset(css: str) -> str:
    """Return minified CSS without the rules no page uses; selectors that share a rule are judged one by one."""
    licence = re.match(r"(?s)(@charset[^;]*;)?\s*(/\*!.*?\*/)", css)
    head = licence.group(0) if licence else ""
    kept = []
    for selector, inside in blocks(re.sub(r"(?s)/\*.*?\*/", "", css[len(head) :])):
        selector = selector.strip()
        if selector.startswith(("@media", "@supports")):
            inner = subset(inside)
            kept += [f"{selector}{{{inner}}}"] if inner else []
        elif selector.startswith("@") or not inside:
            kept.append(f"{selector}{{{inside}}}" if inside else selector)
        elif used := [one for one in split_selectors(selector) if not UNUSED.search(one)]:
            kept.append(f"{','.join(used)}{{{inside}}}")
    return head + "".join(kept)


def split_selectors(selector: str) -> list[str]:
    """Split at commas outside brackets."""
    parts, depth, start = [], 0, 0
    for place, char in enumerate(selector):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append(selector[start:place])
            start = place + 1
    return [*parts, selector[start:]]


def main() -> None:
    """Write the vendored files and the list of their versions."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        with fetch(TABLER, into) as tabler, fetch(HTMX, into) as htmx, fetch(ICONS, into) as icons:
            # The source maps are not shipped, and a reference to a missing file stops collectstatic.
            files = {
                "tabler.min.css": subset(SOURCE_MAP.sub("", member(tabler, "dist/css/tabler.min.css"))) + "\n",
                "htmx.min.js": SOURCE_MAP.sub("", member(htmx, "dist/htmx.min.js")),
                "icons.svg": sprite(icons),
                "LICENSE-tabler.txt": member(tabler, "LICENSE"),
                "LICENSE-htmx.txt": member(htmx, "LICENSE"),
                "LICENSE-tabler-icons.txt": member(icons, "LICENSE"),
            }
    files["VERSIONS"] = "".join(f"{package} {digest}\n" for package, digest in INTEGRITY.items())
    for name, text in files.items():
        (TARGET / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
