"""The command line starts at once, and its settings document themselves."""

from __future__ import annotations

import gettext
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from luoshi.site import environment

ROOT = Path(__file__).parents[2]


def run(*arguments, **environ):
    code = "import sys; sys.argv[0] = 'luoshi'; from luoshi.site.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environ or None,
    )


def test_help_lists_the_commands_without_django():
    code = "import sys; from luoshi.site.cli import group; group(['--help'], standalone_mode=False)\n"
    code += "assert 'django' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    for name in ("serve", "migrate", "settings", "bench", "demo"):
        assert name in done.stdout


def test_settings_page_is_current():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == environment.documentation()


def test_every_setting_is_used_by_settings_or_a_command():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/luoshi/site").rglob("*.py")
                      if path.name != "environment.py")  # fmt: skip
    assert [s.name for s in environment.SETTINGS if s.name not in sources] == []


@pytest.mark.parametrize(("name", "value"), [("LUOSHI_PORT", "x"), ("LUOSHI_DEMO", "maybe"), ("LUOSHI_JOBS", "often")])
def test_wrong_setting_is_refused_by_name(name, value):
    with pytest.raises(environment.SettingError, match=name):
        environment.read({name: value})


def test_database_url_is_read_in_all_its_parts(tmp_path):
    read = environment.databases("postgresql://u:p%40ss@db.example:5433/name?sslmode=require", tmp_path)
    assert (read["USER"], read["PASSWORD"], read["HOST"], read["PORT"], read["NAME"]) == (
        "u",
        "p@ss",
        "db.example",
        "5433",
        "name",
    )
    assert read["OPTIONS"] == {"options": environment.SESSION, "sslmode": "require"}
    assert environment.databases("", tmp_path)["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    with pytest.raises(environment.SettingError):
        environment.databases("mysql://x/y", tmp_path)


def test_secret_key_is_made_once_and_private(tmp_path):
    key = environment.secret_key("", tmp_path)
    assert len(key) > 50
    assert environment.secret_key("", tmp_path) == key
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0


def test_unknown_bench_is_refused_naming_the_known_ones():
    done = run("bench", "nothing")
    assert done.returncode == 2
    assert "pages" in done.stderr


# --- what the library of the command line says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["decide", "--foo"], "没有选项 '--foo'"),
        (["nothing"], "没有命令 'nothing'"),
        (["gazette", "compile"], "缺少参数 'FILE'"),
        (["calendar", "show", "abc"], "'abc' 不是数"),
        (["scenario", "run", "--format", "xml"], "'xml' 不在可写的值之内，可写：'text', 'json'"),
    ],
)
def test_a_slip_on_the_command_line_is_refused_in_chinese(arguments, said):
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    for english in ("Usage", "Error", "No such", "Missing", "Invalid", "Try"):
        assert english not in done.stderr


def test_the_librarys_sentences_are_still_its_own():
    """A sentence that a new version of the library words otherwise would silently be English again."""
    words = ROOT / "src/luoshi/site/locale_cli/zh_CN/LC_MESSAGES"
    library = "".join(file.read_text(encoding="utf-8") for file in Path(click.__file__).parent.glob("*.py"))
    own = re.findall(r'^msgid "(.+)"$', (words / "click.po").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(own) > 40
    assert [one for one in own if one not in library] == []
    with (words / "click.mo").open("rb") as stream:
        compiled = gettext.GNUTranslations(stream)
    assert [one for one in own if compiled.gettext(one.replace("\\n", "\n").replace("\\t", "\t")) == one] == []
