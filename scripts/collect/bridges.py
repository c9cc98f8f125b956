"""Trials of bridges with a container behind them, with NAT and without."""

import shutil
import subprocess
import sys

from judging import check, volume
from lab import ADDRESS, CLIENT, HERE, PEER, PORT, SERVER, Collector, Judge, both, finish, ip, network, run_inside


INNER, GATEWAY = "10.206.0.2", "10.206.0.1"
SIZE, SECONDS = 6_000_000, 12


def container():
    """A namespace behind a bridge of the client's."""
    ip("-n", CLIENT, "link", "add", "br0", "type", "bridge")
    ip("-n", CLIENT, "link", "set", "br0", "address", "02:00:00:00:02:01")
    ip("-n", CLIENT, "addr", "add", f"{GATEWAY}/24", "dev", "br0")
    ip("-n", CLIENT, "link", "set", "br0", "up")
    ip("netns", "add", "nminner")
    ip("link", "add", "v0", "address", "02:00:00:00:02:02", "netns", CLIENT, "type", "veth",
       "peer", "name", "e0", "address", "02:00:00:00:02:03", "netns", "nminner")
    ip("-n", CLIENT, "link", "set", "v0", "master", "br0", "up")
    ip("-n", "nminner", "addr", "add", f"{INNER}/24", "dev", "e0")
    ip("-n", "nminner", "link", "set", "e0", "up")
    ip("-n", "nminner", "route", "add", "default", "via", GATEWAY)
    run_inside(CLIENT, "sysctl", "-qw", "net.ipv4.ip_forward=1")


def load():
    """Transfers of the container's."""
    return [subprocess.Popen(["ip", "netns", "exec", "nminner", sys.executable, str(HERE / "traffic.py"), way, way, PEER,
                              str(PORT), str(SIZE), str(SECONDS)]) for way in ("down", "up")]


def translate():
    """What the container sends leaves with the host's address."""
    rules = f"table ip trial {{ chain out {{ type nat hook postrouting priority 100; ip saddr {INNER} masquerade; }} }}"
    run_inside(CLIENT, "nft", rules)


def bridge(folder, options, what, has_nat, collect=""):
    if has_nat and not shutil.which("nft"):
        yield check(what, True, "left out: there is no nft here")
        return
    with network():
        container()
        if has_nat:
            translate()
        else:
            ip("-n", SERVER, "route", "add", "10.206.0.0/24", "via", ADDRESS)
        try:
            judge, collector = Judge(), Collector(folder, options, collect)
            collector.wait_for(2)
            finish(load() + both(SIZE, SECONDS))
            collector.stop()
            report, truth = collector.report(), judge.end()
            print(f"    by interface: {truth['sums']}")
            yield volume(what, report, truth)
        finally:
            ip("netns", "del", "nminner")


def nat(folder, options):
    """Each byte passes veth, bridge and uplink; it counts once."""
    yield from bridge(folder, options, "bridge with NAT", True)


def nat_uplink(folder, options):
    yield from bridge(folder, options, "bridge with NAT, --interface", True, ", args: [--interface, c0]")


def routed_uplink(folder, options):
    yield from bridge(folder, options, "bridge without NAT, --interface", False, ", args: [--interface, c0]")


def routed(folder, options):
    yield from bridge(folder, options, "bridge without NAT", False)


TRIALS = [nat, nat_uplink, routed, routed_uplink]
