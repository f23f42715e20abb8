#!/usr/bin/env bash
# Sets up luoshi in .venv and runs it with the demonstration gazette on SQLite. Further words go to `luoshi serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3}"
"$python" -c 'import sys; sys.exit("luoshi needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
source tools/packages.sh
need_for_papers
install_needed || echo "luoshi runs, but papers cannot be made as PDF until these are installed: ${need[*]}" >&2

[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --require-hashes -r requirements/base.lock
.venv/bin/python -m pip install --quiet --no-deps --editable .
exec .venv/bin/luoshi serve --demo "$@"
