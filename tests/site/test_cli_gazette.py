"""`luoshi gazette`: exactly the contract on standard output, refusals with their exit status."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from luoshi.gazette.akn import validate_akn
from luoshi.gazette.schema import load_schema
from luoshi.kernel.errors import LuoshiError
from luoshi.site import cli
from luoshi.site.commands.gazette import command

NOTICE = (
    "测试市人民政府\n关于河道巡查的通知\n\n测政发〔2018〕{serial}号\n\n各镇人民政府：\n\n"
    "一、于2018年底前完成{work}。(责任单位：市甲局；配合单位：市乙局)\n\n二、各镇要配合。\n\n测试市人民政府\n2018年3月1日\n\n"
)


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "一件.txt"
    path.write_text(NOTICE.format(serial=3, work="河道巡查"), encoding="utf-8")
    return path


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "两件.txt"
    path.write_text(NOTICE.format(serial=3, work="河道巡查") + NOTICE.format(serial=4, work="清淤"), encoding="utf-8")
    return path


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], input=stdin)


def refusal(*arguments: object) -> LuoshiError:
    error = run(*arguments).exception
    assert isinstance(error, LuoshiError), error
    return error


def test_compile_prints_exactly_the_contract(notice: Path) -> None:
    result = run("compile", notice)
    data = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "河道巡查" in result.stdout
    assert list(Draft202012Validator(load_schema()).iter_errors(data)) == []
    assert [item["number"] for item in data["instruments"]] == ["测政发〔2018〕3号"]
    assert [organ["name"] for organ in data["instruments"][0]["duties"][0]["lead"]] == ["市甲局"]


def test_compile_tells_people_on_standard_error(notice: Path) -> None:
    result = run("compile", notice, "-v")
    json.loads(result.stdout)
    assert "文件 1 件" in result.stderr


def test_compile_reads_standard_input(notice: Path) -> None:
    assert run("compile", "-", stdin=notice.read_bytes()).stdout == run("compile", notice).stdout


def test_compile_writes_a_file_and_nothing_beside_it(notice: Path, tmp_path: Path) -> None:
    result = run("compile", notice, "--output", tmp_path / "out" / "a.json", "--directory", "none")
    assert result.stdout == ""
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.json"]
    assert json.loads((tmp_path / "out" / "a.json").read_text(encoding="utf-8"))["version"] == 1


@pytest.mark.parametrize(("form", "begin"), [("md", b"# "), ("html", b"<!DOCTYPE html>"), ("xlsx", b"PK")])
def test_compile_writes_what_people_read(notice: Path, form: str, begin: bytes) -> None:
    assert run("compile", notice, "--format", form).stdout_bytes.startswith(begin)


def test_compile_prints_one_instrument_as_akn(notice: Path) -> None:
    assert validate_akn(run("compile", notice, "--format", "akn").stdout_bytes) == []


def test_compile_needs_a_folder_or_a_number_for_several_akn(two: Path, tmp_path: Path) -> None:
    assert "--number" in refusal("compile", two, "--format", "akn").message
    chosen = run("compile", two, "--format", "akn", "--number", "测政发〔2018〕4号")
    assert "测政发〔2018〕4号".encode() in chosen.stdout_bytes
    assert "测政发〔2018〕4号" in refusal("compile", two, "--format", "akn", "--number", "无").message
    run("compile", two, "--format", "akn", "--output", tmp_path / "akn")
    assert sorted(path.name for path in (tmp_path / "akn").iterdir()) == [
        "001-测政发〔2018〕3号.xml", "002-测政发〔2018〕4号.xml",
    ]  # fmt: skip


def test_compile_refuses_what_is_no_gazette(tmp_path: Path) -> None:
    prose, empty, twice = tmp_path / "文.txt", tmp_path / "空.txt", tmp_path / "重.txt"
    prose.write_text("今天天气很好，我们去海边散步。\n", encoding="utf-8")
    empty.touch()
    twice.write_text(NOTICE.format(serial=3, work="巡查") + NOTICE.format(serial=3, work="清淤"), encoding="utf-8")
    codes = [refusal("compile", path).code for path in (prose, empty, twice, tmp_path / "没有.txt")]
    assert codes == ["E_INPUT", "E_FILE", "E_CONFLICT", "E_FILE"]


def test_compile_refuses_too_large_a_file_unread(tmp_path: Path) -> None:
    path = tmp_path / "大.txt"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    assert refusal("compile", path).code == "E_TOO_LARGE"


def test_refusal_ends_the_command_with_its_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["luoshi", "gazette", "compile", str(tmp_path / "没有.txt")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    captured = capsys.readouterr()
    assert (ended.value.code, captured.out, captured.err[:6]) == (2, "", "E_FILE")


def test_evaluate_prints_the_figures(notice: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.yaml"
    labels.write_text(
        "instruments:\n- number: 测政发〔2018〕3号\n  title: 关于河道巡查的通知\n  covers: {marks: all}\n"
        "  duties: [{clause: 一, lead: [市甲局], cooperating: [市乙局], basis: mark}]\n",
        encoding="utf-8",
    )
    result = run("evaluate", notice, "--labels", labels, "--details")
    assert result.exit_code == 0
    assert [line.split()[-1] for line in result.stdout.splitlines() if line.startswith("marks")] == ["1.000"]


def test_evaluate_refuses_labels_that_are_none(notice: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.yaml"
    labels.write_text("a: [", encoding="utf-8")
    assert refusal("evaluate", notice, "--labels", labels).code == "E_FILE"
    labels.write_text("a: 1", encoding="utf-8")
    assert refusal("evaluate", notice, "--labels", labels).code == "E_INPUT"


@pytest.mark.django_db
def test_import_takes_a_file_once_and_goes_on_after_a_refusal(
    notice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from luoshi.office.instruments.models import Instrument

    monkeypatch.setattr("luoshi.site.setup.migrate", lambda: None)
    empty = tmp_path / "空.txt"
    empty.touch()
    first = run("import", empty, notice)
    assert (first.exit_code, "未导入" in first.stderr, "新增 1" in first.stdout) == (2, True, True)
    again = run("import", notice)
    assert (again.exit_code, "以前导入过" in again.stdout) == (0, True)
    assert Instrument.objects.count() == 1
