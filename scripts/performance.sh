#!/usr/bin/env bash
# Times the main job beside other tools on the same generated log, in one run, as ratios.
# LOG_MB=100 (size of the log) and RUNS=5 (runs per tool, of which the median is shown) may be set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --release --locked -p network-monitor
mkdir -p .tools && echo '*' >.tools/.gitignore
[ -x .tools/bin/rg ] || cargo install --locked --quiet --root .tools ripgrep
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check duckdb polars
python3 scripts/performance.py "${LOG_MB:-100}" "${RUNS:-5}"
