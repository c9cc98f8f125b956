#!/usr/bin/env bash
# Opens HTML reports in a real browser: see scripts/browser/pages.test.cjs for what is checked. Needs
# Node.js 20; the test's packages come from the npm registry. The browser is the one that CHROMIUM
# names, else an installed Chromium or Chrome, else Debian's, which root installs here.
#
#   scripts/browser.sh [BINARY]        pictures go to the folder that SCREENSHOTS names, if it does
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary="${1:-}"
if [[ -z "$binary" ]]; then
    target="${CARGO_TARGET_DIR:-target}"
    cargo build --locked --quiet -p network-monitor
    binary="$target/debug/network-monitor"
fi

find_browser() {
    local name
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
        if [[ -n "$name" ]] && command -v "$name"; then return; fi
    done
    return 1
}
if ! browser="$(find_browser)"; then
    if [[ $EUID -eq 0 ]] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium
    fi
    browser="$(find_browser)" || {
        echo "browser.sh: no Chromium or Chrome; install one, or name it in CHROMIUM" >&2
        exit 1
    }
fi

mkdir -p .tools/browser && echo '*' >.tools/.gitignore
cp scripts/browser/package.json .tools/browser/
npm install --prefix .tools/browser --no-audit --no-fund --loglevel=error

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
generate() {
    local folder="$work/$1/logs"
    mkdir -p "$folder"
    python3 scripts/gen_log.py -o "$folder/$2.log" "${@:3}" 2>/dev/null
}
generate busy one --date 2026-03-02 --hours 24 --conns 8 --hosts 150 --procs 22 --hostnames 0.4 --iface2 0.2 \
    --rate 900k --spike "start=14:30,secs=240,proc=rsync,host=3,bps=3M,dir=up" \
    --gap "start=05:00,secs=2400" --gap "start=17:20,secs=600"
generate quiet one --date 2026-03-03 --start 09:00:00 --hours 2 --conns 1 --hosts 3 --procs 2 --rate 2k --activity 0.1
for day in 22 23 24 25 26 27 28; do
    generate week "$day" --date "2026-02-$day" --seed "$day" --hours 24 --conns 2 --hosts 15 --procs 6 --activity 0.2
done
mkdir -p "$work/hostile/logs"
python3 scripts/browser/hostile_log.py >"$work/hostile/logs/hostile.log"
for name in busy quiet week hostile; do
    printf 'timezone: UTC\nhost: web1\nreports: {format: html, include_csv: false, compress_reports: false}\n' \
        >"$work/$name/settings.yaml"
    printf 'paths: {log_dir: logs, report_dir: out, archive_dir: archive, store_dir: store}\narchive: {keep_original: true}\n' \
        >>"$work/$name/settings.yaml"
done
for name in busy quiet hostile; do
    "$binary" --quiet -c "$work/$name/settings.yaml" report
done
"$binary" --quiet -c "$work/week/settings.yaml" report --date 2026-02-22..2026-02-28

# Five weeks that grow, with a spike on the last day and a beacon on the last two.
for number in $(seq 0 34); do
    day="$(date -u -d "2026-01-20 + $number days" +%F)"
    extra=()
    if ((number >= 33)); then extra+=(--beacon "proc=updatesvc,host=7,period=600,jitter=15,up=420,down=900"); fi
    if ((number == 34)); then extra+=(--spike "start=14:00,secs=3600,proc=rsync,host=3,bps=300k,dir=up"); fi
    generate found "$day" --date "$day" --hours 24 --conns 1 --hosts 12 --procs 6 \
        --activity 0.2 --rate 20k --growth 0.02 --day-index "$number" "${extra[@]}"
done
sed 's/^archive:/analysis: {min_bytes: 1MB}\narchive:/' "$work/week/settings.yaml" >"$work/found/settings.yaml"
for day in 22 23; do "$binary" --quiet -c "$work/found/settings.yaml" report --date "2026-02-$day"; done
for name in found hostile; do
    for kind in trend anomaly patterns; do
        "$binary" --quiet -c "$work/$name/settings.yaml" analysis --type "$kind" --format html \
            --output "$work/$name/$kind.html"
    done
done

BROWSER="$browser" PAGES="$work" NODE_PATH=.tools/browser/node_modules node --test scripts/browser/pages.test.cjs
