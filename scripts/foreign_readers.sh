#!/usr/bin/env bash
# Reads what the program writes with readers that nobody here wrote: pyarrow and DuckDB read the
# Parquet files of the history and of the reports, and their sums must be those of the JSON: before the
# history is compacted, afterwards, and while it is written and compacted.
#
#   scripts/foreign_readers.sh [BINARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary="${1:-}"
if [[ -z "$binary" ]]; then
    target="${CARGO_TARGET_DIR:-target}"
    cargo build --locked --quiet -p network-monitor
    binary="$target/debug/network-monitor"
fi

if ! .venv/bin/python -c 'import duckdb, pyarrow, pytz' 2>/dev/null; then
    python3 -m venv .venv
    .venv/bin/pip install --quiet --disable-pip-version-check duckdb pyarrow pytz
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cp -R examples/settings.yaml "$work/"
# First the logs as they were while they grew, so that the history holds what it had to replace.
mkdir "$work/logs"
for log in examples/logs/*.log; do
    head -c "$(($(wc -c <"$log") * 3 / 5))" "$log" >"$work/logs/${log##*/}"
done
export NETWORK_MONITOR__STORE__COMPACT_AFTER=never
"$binary" --quiet -c "$work/settings.yaml" report >/dev/null
cp examples/logs/*.log "$work/logs/"
"$binary" --quiet -c "$work/settings.yaml" report --json >"$work/result.json"
"$binary" --quiet -c "$work/settings.yaml" report --date 2026-11-21..2026-11-22 --json \
    >"$work/period.json"
.venv/bin/python scripts/foreign_readers.py "$work/output" "$work/result.json" "$work/period.json"

echo
"$binary" -c "$work/settings.yaml" store compact
.venv/bin/python scripts/foreign_readers.py "$work/output" "$work/result.json" "$work/period.json"
"$binary" --quiet -c "$work/settings.yaml" store check >/dev/null

echo
mkdir "$work/loop"
unset NETWORK_MONITOR__STORE__COMPACT_AFTER
.venv/bin/python scripts/foreign_reader_loop.py "$binary" "$work/loop" examples/logs/*.log
