#!/usr/bin/env bash
# Gathers in packaging/staged what packages hold beside the program: manual pages, completions, settings
# and licences, made by the program that they will hold. Takes the program's path.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program="$1"
stage=packaging/staged
rm -rf "$stage"
mkdir -p "$stage"

"$program" man --output "$stage/man"
gzip --no-name --best "$stage"/man/*.1
"$program" completions bash > "$stage/network-monitor.bash"
"$program" completions zsh > "$stage/_network-monitor"
"$program" completions fish > "$stage/network-monitor.fish"
"$program" config init --system "$stage/settings.yaml"
{
    cat LICENSE
    printf '\n%s\nLibraries that are built in\n\n' "$(printf '=%.0s' {1..78})"
    python3 scripts/licences.py
} > "$stage/copyright"
