# What a new user does, in the container of scripts/machine.sh.
cd /root
passed=0
failed=0
step() { # TEXT COMMAND...: runs it, shows what it says, and counts whether it ended with 0
    local text=$1
    shift
    echo "== $text"
    if "$@" 2>&1; then
        passed=$((passed + 1))
    else
        echo "FAILED ($?): $text"
        failed=$((failed + 1))
    fi
}
within() { # SECONDS COMMAND...
    local left=$1
    shift
    until "$@"; do
        sleep 1
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
    done
}

# The machine's surroundings: a neighbour to talk to, and a mail server.
ip netns add neighbour
ip link add uplink address 02:00:00:00:00:01 type veth peer name uplink netns neighbour
ip -n neighbour addr add 10.99.0.2/24 dev uplink
ip -n neighbour link set uplink up
connect() { # Brings the network, which the collector does not wait for.
    ip link set uplink up
    sleep 2
    ip addr add 10.99.0.1/24 dev uplink
}
mkdir mail
PYTHONPATH=packages python3 smtp_server.py serve --mail mail --login 'reports@example.org:hunter2 & more' \
    --tls starttls --certificate certificates/good.pem > port 2> smtp.err < <(sleep 1000) &
within 20 test -s port
port=$(cat port)

step 'install the package' dpkg -i network-monitor.deb
[ ! -e bandwhich ] || step 'install bandwhich' install -m 755 bandwhich /usr/local/bin/bandwhich
step 'set the machine up' network-monitor setup --system
cp certificates/ca.pem /etc/network-monitor/ca.pem
chmod 644 /etc/network-monitor/ca.pem
sed -i "s/^  smtp_server:.*/  smtp_server: localhost/; s/^  smtp_port:.*/  smtp_port: $port/
    s/^  username:.*/  username: reports@example.org/; s/^  to_addrs:.*/  to_addrs: [ada@example.org]/
    s/^  ca_file:.*/  ca_file: ca.pem/" /etc/network-monitor/settings.yaml
(umask 077; echo 'hunter2 & more' > /etc/network-monitor/email_password)
step 'the settings are right' network-monitor config check
step 'a test letter arrives' network-monitor email test
step 'systemd takes the units' systemctl daemon-reload
step 'the daily report is enabled' systemctl enable --now network-monitor-report.timer
systemctl list-timers network-monitor-report.timer --no-pager --legend=false
if [ -e bandwhich ]; then
    step 'the collector runs' systemctl enable --now network-monitor-collect.service
    connect
    sleep 4
    # A transfer of known size, as a user who owns it.
    head -c 5000000 /dev/zero > 5MB
    ip netns exec neighbour python3 -m http.server --bind 10.99.0.2 --directory /root 8080 > /dev/null 2>&1 &
    within 20 python3 -c 'import socket; socket.create_connection(("10.99.0.2", 8080))' 2> /dev/null
    setpriv --reuid nobody --clear-groups python3 -c '
import time, urllib.request
with urllib.request.urlopen("http://10.99.0.2:8080/5MB") as answer:
    while answer.read(500_000):
        time.sleep(0.5)'
    sleep 8
    step 'it is watched and well' systemctl status --no-pager --lines 5 network-monitor-collect.service
    step 'the capture buffer is large, and nothing is lost' bash -c '
        ! journalctl --unit network-monitor-collect --output cat | grep -E "buffer stays|kernel dropped"'
    step 'its log tells of the transfer' grep -rqE '<uplink>:[0-9]+ => 10.99.0.2:8080 .*"python3"' \
        /var/lib/network-monitor/log
    step 'bandwhich knows the address that came after it' bash -c '
        cd /var/lib/network-monitor/log
        grep -rq "stopped .addresses changed: uplink" . && ! grep -rq "=> 10.99.0.1:" .'
else
    connect
fi
install -o network-monitor -g network-monitor -m 640 bandwhich_*.log /var/lib/network-monitor/log/
step 'the service reports' systemctl start network-monitor-report
journalctl --unit network-monitor-report --no-pager --output cat | grep -E 'received|Mailed|Attention'
# The test letter, and the letters of the two days of the samples.
step 'the letters arrive' within 20 test -e mail/3.eml
step 'nothing needs attention' network-monitor status
if [ -e bandwhich ]; then
    step 'everything is as it should be' network-monitor doctor
else
    network-monitor doctor
fi
step 'without the password the service starts still' bash -c '
    rm /etc/network-monitor/email_password
    systemctl start network-monitor-report || journalctl --unit network-monitor-report --no-pager -n 20 |
        grep "status=3"'
if [ -e bandwhich ]; then
    step 'the collector stops with its last frame whole' systemctl stop network-monitor-collect
    systemctl show --property Result,ExecMainStatus network-monitor-collect
    step 'nothing of today is damaged' bash -c '
        systemctl start network-monitor-report
        network-monitor status --json | grep -q "\"damaged_logs\": \[\]"'
    journalctl --unit network-monitor-collect --no-pager --output cat | tail -20
fi
echo "$passed passed, $failed failed"
