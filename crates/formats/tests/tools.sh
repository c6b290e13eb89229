#!/usr/bin/env bash
# Makes the folder of other people's tools that tests/outside.rs opens our files with.
#   crates/formats/tests/tools.sh DIR && QUORATE_TOOLS=DIR/bin/python cargo test -p quorate-formats
set -euo pipefail
dir="${1:?the folder to make}"
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check \
  --requirement "$(dirname "$0")/outside/requirements.txt"
