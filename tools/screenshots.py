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
    ("ledger", "/registers/duties/", 1440, 900),
    ("policy", "/policy/", 1440, 900),
    ("compare", "/instruments/测政办发〔2024〕1号/?tab=compare&clause=3/3.1", 1440, 900),
    ("instrument", "/instruments/测政办发〔2024〕1号/", 1440, 900),
    ("ledger-phone", "/registers/duties/", 390, 844),
)


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
                for name, path, width, height in PAGES:
                    page = browser.new_page(viewport={"width": width, "height": height})
                    page.goto(f"http://127.0.0.1:{PORT}{path}")
                    page.screenshot(path=OUT / f"{name}.png")
                browser.close()
        finally:
            server.terminate()
            server.wait(timeout=20)


def _wait(address: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=1)
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"no answer from {address}")


if __name__ == "__main__":
    main()
