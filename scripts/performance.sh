#!/usr/bin/env bash
# Times the main job beside other tools on the same generated log, in one run, as ratios; then how
# CPU and memory grow with the log, its connections and the history.
# LOG_MB=100 (size of the log), LOG_MB_LARGE=10000 (a further one, by default none) and RUNS=5 (runs
# per tool, of which the median is shown) may be set; ONLY=compare, growth or history does one part.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --release --locked -p network-monitor
cargo build --release --locked -p traffic --example fold
mkdir -p .tools && echo '*' >.tools/.gitignore
[ -x .tools/bin/rg ] || cargo install --locked --quiet --root .tools ripgrep
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check duckdb polars
python3 scripts/performance.py --megabytes "${LOG_MB:-100}" --large "${LOG_MB_LARGE:-0}" \
    --runs "${RUNS:-5}" ${ONLY:+--only "$ONLY"}
