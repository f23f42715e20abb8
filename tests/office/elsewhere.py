"""Run the software in processes of its own, on a database of its own: for what ends with a killed process or a copy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parents[2]
CLI = "from luoshi.site.cli import main; main()"
READY = "from luoshi.site.setup import migrate, prepare; prepare(); migrate()\n"


def environment(data: Path, url: str = "") -> dict[str, str]:
    """Return the environment of a process that works on `data`."""
    left_out = ("LUOSHI", "DJANGO", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    path = os.pathsep.join([str(SOURCE / "src"), str(SOURCE)])
    return kept | {"LUOSHI_DATA": str(data), "LUOSHI_DATABASE_URL": url, "LUOSHI_JOBS": "off", "PYTHONPATH": path}


def python(code: str, data: Path, url: str = "") -> str:
    """Run `code` and return what it prints; it must end well."""
    ended = run([sys.executable, "-c", code], data, url)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def luoshi(*words: str, data: Path, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command `luoshi` and return how it ended."""
    return run([sys.executable, "-c", CLI, *words], data, url)


def run(command: list[str], data: Path, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command in the environment of `data`."""
    return subprocess.run(
        command, env=environment(data, url), capture_output=True, text=True, encoding="utf-8", timeout=900, check=False
    )


def start(code: str, data: Path, url: str = "", *words: str) -> subprocess.Popen[str]:
    """Start `code`, which is given `words`, and return its process, whose output can be read line by line."""
    command = [sys.executable, "-u", "-c", code, *words]
    return subprocess.Popen(
        command, env=environment(data, url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
