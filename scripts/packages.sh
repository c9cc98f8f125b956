#!/usr/bin/env bash
# Installs the packages that `make deb` and `make rpm` made into empty folders, as their package managers
# do, and has the installed program do its main job. Needs root, dpkg and, for the second half, rpm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }
passed=0
exec 3>&1
check() { # WHAT COMMAND...
    local what=$1
    shift
    "$@" || fail "$what"
    passed=$((passed + 1))
    echo "ok: $what" >&3
}
mode() { # FILE MODE:USER:GROUP
    [ "$(stat -c %a:%U:%G "$1")" = "$2" ] || { stat -c '%a:%U:%G %n' "$1" >&2; return 1; }
}
owner() { # FILE MODE:UID:GID
    [ "$(stat -c %a:%u:%g "$1")" = "$2" ] || { stat -c '%a:%u:%g %n' "$1" >&2; return 1; }
}
# An empty machine, with the files that hold accounts.
root() {
    local root="$scratch/$1"
    mkdir -p "$root"/etc "$root"/var/lib/dpkg/{info,updates,triggers}
    touch "$root"/etc/{passwd,group,shadow,gshadow} "$root"/var/lib/dpkg/status
    echo "$root"
}
main_job() { # ROOT
    local work="$scratch/work"
    rm -rf "$work"
    mkdir "$work"
    cp -r examples/logs examples/settings.yaml "$work"
    (cd "$work" && "$1/usr/bin/network-monitor" --config settings.yaml report > said) || return 1
    # The samples are two days; on the first of them bandwhich saw 6.3 MB come in.
    [ "$(find "$work" -name 'report_*.json' | wc -l)" = 2 ] || return 1
    grep -q '6.3 MB received' "$work/said"
}
# What both packages hold.
contents() { # ROOT
    local root=$1 name
    mode "$root/usr/bin/network-monitor" 755:root:root || return 1
    for name in collect.service report.service report.timer; do
        mode "$root/usr/lib/systemd/system/network-monitor-$name" 644:root:root || return 1
        mode "$root/usr/lib/systemd/user/network-monitor-$name" 644:root:root || return 1
    done
    for name in '' -report -doctor -setup -email-test; do
        zcat "$root/usr/share/man/man1/network-monitor$name.1.gz" | grep -q '^\.TH network-monitor' || return 1
    done
    grep -q 'complete -F' "$root/usr/share/bash-completion/completions/network-monitor" || return 1
    local licences
    licences=$(find "$root" -name copyright)
    grep -q '^ring ' "$licences" && grep -q 'BoringSSL' "$licences"
}

deb=$(ls -t target/debian/network-monitor_*.deb | head -1)
echo "== $deb: $(stat -c %s "$deb") bytes"
check 'the settings are a conffile' grep -qx /etc/network-monitor/settings.yaml <(dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./conffiles)
root=$(root deb)
# Scripts run outside of the folder, which has no shell, and are told of it; dependencies are this machine's.
install=(dpkg --root="$root" --force-script-chrootless --force-depends --force-confold --log=/dev/null)
check 'dpkg installs it' "${install[@]}" --install "$deb" > /dev/null
check 'it holds the program, units, pages, completions and licences' contents "$root"
ids=$(awk -F: '$1 == "network-monitor" { print $3 ":" $4 }' "$root/etc/passwd")
check 'the services have a user' test -n "$ids"
settings=$root/etc/network-monitor/settings.yaml
check 'the services may read the settings, and nobody else' owner "$settings" "640:0:${ids#*:}"
for folder in '' log reports archive store; do
    check "the services own their folder ($folder)" owner "$root/var/lib/network-monitor/$folder" "750:$ids"
done
check 'no unit was written over those of the package' test ! -e "$root/etc/systemd"
check 'nothing is enabled' test -z "$(find "$root/etc" -name '*.wants')"
check 'the settings are right' "$root/usr/bin/network-monitor" config check "$settings" > /dev/null
check 'the installed program reports the samples' main_job "$root"
sed -i 's/^timezone: local/timezone: UTC/' "$settings"
touch "$root/var/lib/network-monitor/store/history"
check 'it is installed again' "${install[@]}" --install "$deb" > /dev/null
check 'edited settings stay' grep -q '^timezone: UTC' "$settings"
check 'with their owner and mode' owner "$settings" "640:0:${ids#*:}"
check 'it is removed' "${install[@]}" --remove network-monitor > /dev/null
check 'its settings stay' test -e "$settings"
check 'it is purged' "${install[@]}" --purge network-monitor > /dev/null
check 'its settings are gone' test ! -e "$settings"
check 'the history stays' test -e "$root/var/lib/network-monitor/store/history"

rpm=$(ls -t target/generate-rpm/network-monitor-*.rpm | head -1)
echo "== $rpm: $(stat -c %s "$rpm") bytes"
check 'the settings are a configuration file' grep -qx /etc/network-monitor/settings.yaml <(rpm -qp --configfiles "$rpm")
root=$(root rpm)
# Its scripts would run in the folder, which has no shell; what they do is done by hand.
install=(rpm --root "$root" --nodeps --noscripts)
check 'rpm installs it' "${install[@]}" --install "$rpm"
check 'it holds the program, units, pages, completions and licences' contents "$root"
mode "$root/etc/network-monitor/settings.yaml" 640:root:root || fail 'the mode of the settings'
check 'its script sets the services up' "$root/usr/bin/network-monitor" setup --system --root "$root" > /dev/null
ids=$(awk -F: '$1 == "network-monitor" { print $3 ":" $4 }' "$root/etc/passwd")
check 'the services may read the settings, and nobody else' owner "$root/etc/network-monitor/settings.yaml" "640:0:${ids#*:}"
check 'the installed program reports the samples' main_job "$root"
sed -i 's/^timezone: local/timezone: UTC/' "$root/etc/network-monitor/settings.yaml"
check 'it is installed again' "${install[@]}" --upgrade --force "$rpm"
check 'edited settings stay' grep -q '^timezone: UTC' "$root/etc/network-monitor/settings.yaml"
check 'it is removed' "${install[@]}" --erase network-monitor
check 'edited settings are kept aside' test -e "$root/etc/network-monitor/settings.yaml.rpmsave"

echo "$passed passed, 0 failed"
