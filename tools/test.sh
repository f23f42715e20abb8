#!/usr/bin/env bash
# Sets up everything the tests need and passes them all, on SQLite and on PostgreSQL. Further words go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit("luoshi needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'

source tools/packages.sh
need_for_papers
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || need+=(postgresql)
command -v chromium >/dev/null 2>&1 || need+=(chromium)
command -v msgfmt >/dev/null 2>&1 || need+=(gettext)
install_needed || { echo "please install: ${need[*]}" >&2; exit 1; }

[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --no-compile --require-hashes -r requirements/dev.lock
.venv/bin/python -m pip install --quiet --no-deps --editable .

# Many tests start the program anew: it is compiled once, whatever the machine is set to.
unset PYTHONDONTWRITEBYTECODE

echo "== tests on SQLite"
.venv/bin/python -m pytest -q -n auto --dist worksteal "$@"
# Of the pages only what is marked `both` runs here again, and nothing that touches no database (tests/conftest.py).
echo "== tests on PostgreSQL"
LUOSHI_TEST_DATABASE=postgresql .venv/bin/python -m pytest -q -n auto --dist worksteal -m "not browser" "$@"
