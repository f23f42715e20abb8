#!/usr/bin/env bash
# Sets up everything the tests need and passes them all, on SQLite and on PostgreSQL. Further words go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit("luoshi needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'

need=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
command -v chromium >/dev/null 2>&1 || need+=(chromium)
fc-list 2>/dev/null | grep -q "Noto Sans CJK" || need+=(fonts-noto-cjk)
command -v msgfmt >/dev/null 2>&1 || need+=(gettext)
if [ ${#need[@]} -gt 0 ]; then
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq "${need[@]}" >/dev/null
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --require-hashes -r requirements/dev.lock
.venv/bin/python -m pip install --quiet --no-deps --editable .

echo "== tests on SQLite"
.venv/bin/python -m pytest -q -n auto --dist worksteal "$@"
echo "== tests on PostgreSQL"
LUOSHI_TEST_DATABASE=postgresql .venv/bin/python -m pytest -q -n auto --dist worksteal -m "not browser" "$@"
