#!/usr/bin/env bash
# Times the main job beside other tools on the same generated log, in one run, as ratios; then how
# CPU and memory grow with the log, its connections and the history; then sites as `collect` writes them: a log
# an hour over many days, many hosts, short connections, restarts.
# LOG_MB=100 (size of the log), LOG_MB_LARGE=10000 (a further one, by default none) and RUNS=5 (runs
# per tool, of which the median is shown) may be set; ONLY=compare, growth, history or sites does one part.
# Of sites, each as `1,60,400`: DAYS with logs of SMALL_KB=120 an hour, LARGE_DAYS=1,60 with LARGE_KB=500,
# HUGE_DAYS=1 with HUGE_KB=40000; HOSTS=1,50,500. 0 leaves a table out.
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
