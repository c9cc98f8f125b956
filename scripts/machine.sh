#!/usr/bin/env bash
# Follows the README's page on a machine of its own: a container that systemd boots, with this machine's
# programs, an own network and a mail server in it. The package that `make deb` made is installed, set up
# and used as a new user would. Needs root, systemd-nspawn (Debian: systemd-container), and Python's
# aiosmtpd as the tests of mail have it. Takes the path of a bandwhich; without one, none records.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "${1:-}" != --apart ]; then
    # The mounts below are for this script alone, and go with it.
    exec unshare --mount bash "$0" --apart "$@"
fi
shift
bandwhich=${1:-}
scratch=$(mktemp -d)
root=$scratch/root
cleanup() {
    umount "$root/usr" || true
    rm -rf "$scratch"
}
trap cleanup EXIT
mkdir -p "$root"/{usr,etc/systemd/system/multi-user.target.wants,var/{lib,log,cache},tmp,run,proc,sys,dev,root,home} \
    "$scratch"/{upper,work}
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=/usr,upperdir=$scratch/upper,workdir=$scratch/work" "$root/usr"
for name in bin sbin lib lib64; do
    ln -s "usr/$name" "$root/$name"
done
for name in passwd group shadow gshadow nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d ssl os-release \
    alternatives pam.d login.defs security localtime services protocols; do
    [ ! -e "/etc/$name" ] || cp -a "/etc/$name" "$root/etc/"
done
cp -a /var/lib/dpkg "$root/var/lib/"
echo machine > "$root/etc/hostname"
echo '127.0.0.1 localhost machine' > "$root/etc/hosts"
touch "$root/etc/machine-id"

cp scripts/machine/trial.{sh,service} "$root/root/"
cp "$root/root/trial.service" "$root/etc/systemd/system/"
ln -s ../trial.service "$root/etc/systemd/system/multi-user.target.wants/"
# Services of this machine's own packages are no part of it.
for unit in $(cd /usr/lib/systemd/system && grep -ls '^WantedBy=' -- *.service *.timer); do
    case $unit in
    network-monitor-* | systemd-*) ;;
    *) ln -sf /dev/null "$root/etc/systemd/system/$unit" ;;
    esac
done
cp "$(ls -t target/debian/network-monitor_*.deb | head -1)" "$root/root/network-monitor.deb"
cp scripts/smtp_server.py examples/logs/*.log "$root/root/"
cp -a target/tmp/smtp/venv/lib/python3*/site-packages "$root/root/packages"
cp -a target/tmp/smtp/certificates "$root/root/"
[ -z "$bandwhich" ] || install -m 755 "$bandwhich" "$root/root/bandwhich"

# Beside what nspawn allows, the collector copies descriptors of bandwhich.
timeout 300 systemd-nspawn --quiet --directory="$root" --private-network --register=no --keep-unit --boot \
    --system-call-filter=pidfd_getfd \
    > "$scratch/boot.log" 2>&1 < /dev/null || true
cat "$root/root/trial.log"
tail -1 "$root/root/trial.log" | grep -q '^[0-9]* passed, 0 failed$'
