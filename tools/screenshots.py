"""Take the pictures of the README from the demonstration, in the system's Chromium: `python tools/screenshots.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

OUT = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
PORT = 8765
PAGES = (
    ("desk", "caizheng1", "/desk", 1440, 900),
    ("ledger", "ducha1", "/registers/duties/", 1440, 900),
    ("matter", "caizheng1", "/registers/duties/?light=red", 1440, 900),
    ("review", "wenshu1", "/instruments/测政办发〔2024〕1号/review", 1440, 900),
    ("organ", "wenshu1", "/organs/finance/?post=局长&day=2024-05-01", 1440, 900),
    ("policy", "wenshu1", "/policy/", 1440, 900),
    ("pollution", "huanbao1", "/pollution/", 1440, 900),
    ("case", "huanbao1", "/cases/?kind=heavy_pollution.approval&closed=1", 1440, 900),
    ("book", "guoyun1", "/funds/", 1440, 900),
    ("board", "ducha1", "/supervision/", 1440, 900),
    ("ledger-phone", "caizheng1", "/desk", 390, 844),
    ("public-phone", "", "/open/pollution/", 390, 844),
)
"""Name, who looks (nobody: a citizen), address, width, height. `matter` and `case` open a row of their list."""
OPENED = {
    "book": "main th[scope=row] a >> nth=0",
    "matter": "main tbody a.ls-act >> nth=-1",
    "case": "main tbody a.ls-act >> nth=0",
}


def main() -> None:
    """Serve the demonstration from a fresh data folder and photograph its pages."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        environment = {**os.environ, "LUOSHI_DATA": data}
        command = [str(Path(sys.executable).with_name("luoshi")), "serve", "--demo", "--port", str(PORT)]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(f"http://127.0.0.1:{PORT}/health")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
                )
                for name, who, path, width, height in PAGES:
                    page = browser.new_page(viewport={"width": width, "height": height})
                    if who:
                        page.goto(f"http://127.0.0.1:{PORT}/login/")
                        page.click(f"button:has-text('{who}')")
                    page.goto(f"http://127.0.0.1:{PORT}{path}")
                    if name in OPENED:
                        page.click(OPENED[name])
                    page.screenshot(path=OUT / f"{name}.png")
                browser.close()
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(address: str) -> None:
    for _ in range(1200):
        try:
            urllib.request.urlopen(address, timeout=1)
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"no answer from {address}")


if __name__ == "__main__":
    main()
