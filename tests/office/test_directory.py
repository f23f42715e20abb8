"""The packaged organ directory: complete, consistent, quick to load, and it resolves what the gazettes print."""

import subprocess
import sys
from datetime import date

import pytest

from luoshi.office.organs.directory import issuer_slug, load_data, load_directory


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("市食药局", "food-drug"),
        ("食药监局", "food-drug"),
        ("市食品药品监督管理局", "food-drug"),
        ("环保部门", "environment"),
        ("城市管理行政执法局", "enforcement"),
        ("乳山市自然资源局", "natural-resources"),
        ("财政局", "finance"),
        ("人民银行", "pboc"),
        ("市市场监管局", "market-supervision"),
        ("乳山移动公司", "mobile"),
        ("国网乳山市供电公司", "power-company"),
        ("乳山市人民政府办公室", "government-office"),
        ("威海市环保局", "weihai-environment"),
        ("农业部", "state-agriculture"),
        ("农业部门", "agriculture"),
        ("夏村镇", "xiacun"),
        ("滨海新区", "binhai-zone"),
    ],
)
def test_directory_resolves_printed_name(name, slug):
    assert load_directory().resolve(name) == slug


@pytest.mark.parametrize("name", ["市联社", "市发政局", "市自然资源", "政府", "市直有关部门", "威海市教育局"])
def test_directory_leaves_ambiguous_misprinted_and_unknown_names_open(name):
    assert load_directory().resolve(name) is None


def test_directory_identity_does_not_depend_on_date():
    assert load_directory().resolve("市食药监局", date(2018, 3, 6)) == "food-drug"
    assert load_directory().resolve("市食药监局", date(2019, 6, 1)) == "food-drug"


def test_directory_wildcards_count_their_members():
    names = ("各镇区", "各镇", "各镇(办事处)", "各镇(街道)", "各相关镇区")
    assert [len(load_directory().expand(name)) for name in names] == [17, 14, 15, 15, 0]


def test_directory_data_refers_only_to_known_organs():
    data = load_data()
    slugs = [organ["slug"] for organ in data["organs"]]
    assert len(slugs) == len(set(slugs))
    known = set(slugs)
    named = {relation["to"] for organ in data["organs"] for relation in organ.get("relations", ())}
    named |= {organ[key] for organ in data["organs"] for key in ("parent", "office") if key in organ}
    named |= {slug for members in data["wildcards"].values() for slug in members}
    named |= set(data["issuers"].values())
    assert named <= known


def test_directory_towns_carry_division_codes():
    data = load_data()
    codes = [organ["division_code"] for organ in data["organs"] if "division_code" in organ]
    assert len(codes) == len(set(codes)) == 15
    assert all(len(code) == 12 and code.startswith(data["division"]) and code.endswith("000") for code in codes)


def test_issuer_words_lead_to_organs():
    assert issuer_slug("乳政办发") == "government-office"
    assert issuer_slug("无此字") is None


def test_directory_loads_without_framework():
    code = (
        "import sys\n"
        "from luoshi.office.organs.directory import load_directory\n"
        "load_directory()\n"
        "assert 'django' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd="src")
