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
    "activity-heartbeat", "adjustments-horizontal", "alert-triangle", "arrow-down", "arrow-left", "arrow-right",
    "arrow-up", "arrows-diff", "book-2", "calendar-event", "calendar-stats", "chevron-down", "chevron-left",
    "chevron-right", "circle-check", "circle-x", "clock", "copy", "dots", "eye", "file-import", "file-spreadsheet",
    "file-text", "filter-plus", "help-circle", "history", "info-circle", "language", "layout-dashboard", "link",
    "list-check", "lock", "plus", "printer", "refresh", "search", "settings", "table", "text-size", "upload",
    "user-check", "x",
)  # fmt: skip

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


def main() -> None:
    """Write the vendored files and the list of their versions."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder)
        with fetch(TABLER, into) as tabler, fetch(HTMX, into) as htmx, fetch(ICONS, into) as icons:
            # The source maps are not shipped, and a reference to a missing file stops collectstatic.
            files = {
                "tabler.min.css": SOURCE_MAP.sub("", member(tabler, "dist/css/tabler.min.css")),
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
