"""Trials of bridges with a container behind them, with NAT and without."""

import shutil
import sys
import time

from judging import check, volume
from lab import ADDRESS, CLIENT, HERE, PEER, PORT, SERVER, Collector, Judge
from lab import both, finish, inside, ip, network, run_inside


INNER, GATEWAY = "10.206.0.2", "10.206.0.1"
SIZE, SECONDS = 6_000_000, 12
RESTART = 2.5


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
    command = (sys.executable, HERE / "traffic.py")
    return [inside("nminner", *command, way, way, PEER, PORT, SIZE, SECONDS) for way in ("down", "up")]


def translate():
    """What the container sends leaves with the host's address."""
    run_inside(CLIENT, "nft", "add table ip trial; "
               "add chain ip trial out { type nat hook postrouting priority 100; }; "
               f"add rule ip trial out ip saddr {INNER} masquerade")


def recorded(folder, options, has_nat, collect=""):
    """A collector of the bridge's host under load, its report and the truth."""
    with network():
        container()
        try:
            if has_nat:
                translate()
            else:
                ip("-n", SERVER, "route", "add", "10.206.0.0/24", "via", ADDRESS)
            judge, collector = Judge(), Collector(folder, options, collect)
            collector.wait_for(2)
            finish(load() + both(SIZE, SECONDS))
            collector.stop()
            return collector, collector.report(), judge.end()
        finally:
            ip("netns", "del", "nminner")


def translated(folder, options, what, collect=""):
    if not shutil.which("nft"):
        return check(what, True, "left out: there is no nft here")
    collector, report, truth = recorded(folder, options, True, collect)
    return volume(what, report, truth)


def nat(folder, options):
    """Each byte passes veth, bridge and uplink; it counts once."""
    yield translated(folder, options, "bridge with NAT")


def nat_uplink(folder, options):
    """The same, recorded at the uplink alone."""
    yield translated(folder, options, "bridge with NAT, --interface", ", args: [--interface, c0]")


def alone(collector, report):
    """Whether it was said that the uplink was recorded alone, by the collector and by the report."""
    told = [line for line in collector.text() if "c0 is recorded alone" in line]
    noted = [note["message"] for note in report["notes"] if note["code"] == "recorded_alone"]
    return check("  said", len(told) == 1 and noted, (told[:1], noted))


def routed(folder, options):
    """Without NAT bandwhich would have one row for all interfaces: the uplink is recorded alone."""
    collector, report, truth = recorded(folder, options, False)
    yield volume("bridge without NAT", report, truth)
    yield alone(collector, report)


def routed_later(folder, options):
    """The same with a bridge that comes, and then goes, while bandwhich runs."""
    with network():
        run_inside(CLIENT, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        finish(both(SIZE // 3, SECONDS / 3))
        container()
        ip("-n", SERVER, "route", "add", "10.206.0.0/24", "via", ADDRESS)
        try:
            time.sleep(RESTART)
            finish(load() + both(SIZE, SECONDS))
        finally:
            ip("netns", "del", "nminner")
        ip("-n", CLIENT, "link", "del", "br0")
        time.sleep(RESTART)
        finish(both(SIZE // 3, SECONDS / 3))
        collector.stop()
        report = collector.report()
        yield volume("bridge without NAT that comes and goes", report, judge.end())
        yield alone(collector, report)
        all_again = [line for line in collector.text() if "all interfaces are recorded" in line]
        yield check("  all interfaces again", len(all_again) == 1, all_again)


def routed_all(folder, options):
    """The same with the setting that keeps all interfaces: the cure is named."""
    collector, report, truth = recorded(folder, options, False, ", routed_bridges: all")
    true, said = sum(truth["sums"]["c0"]), report["total_upload_bytes"] + report["total_download_bytes"]
    print(f"    all interfaces without NAT: true {true}, report {said}, error {100 * (said / true - 1):+.1f} %")
    cure = [line for line in collector.text() if "without translation" in line and "--interface" in line]
    yield check("bridge without NAT, all interfaces: the cure is named", cure, cure[:1])


def routed_uplink(folder, options):
    """The cure. bandwhich knows no address of the container's and prints what it sends as received."""
    _, report, truth = recorded(folder, options, False, ", args: [--interface, c0]")
    yield volume("bridge without NAT, --interface", report, truth)


def among_containers(folder, options):
    """Two containers of one bridge: what they send to each other is apart, as often as interfaces show it."""
    with network():
        container()
        run_inside(CLIENT, "sysctl", "-qw", "net.ipv4.ip_forward=0")
        ip("netns", "add", "nmsecond")
        ip("link", "add", "v1", "address", "02:00:00:00:02:04", "netns", CLIENT, "type", "veth",
           "peer", "name", "e1", "address", "02:00:00:00:02:05", "netns", "nmsecond")
        ip("-n", CLIENT, "link", "set", "v1", "master", "br0", "up")
        ip("-n", "nmsecond", "addr", "add", "10.206.0.3/24", "dev", "e1")
        ip("-n", "nmsecond", "link", "set", "e1", "up")
        traffic = (sys.executable, HERE / "traffic.py")
        server = inside("nmsecond", *traffic, "serve", str(PORT))
        try:
            # The ports' link-local addresses, without which bandwhich does not watch them.
            time.sleep(3)
            judge, collector = Judge(), Collector(folder, options)
            collector.wait_for(2)
            running = [inside("nminner", *traffic, way, way, "10.206.0.3", PORT, SIZE, SECONDS)
                       for way in ("down", "up")]
            finish(running + both(SIZE, SECONDS))
            collector.stop()
            report, truth = collector.report(), judge.end()
        finally:
            server.kill()
            server.wait()
            for name in ("nminner", "nmsecond"):
                ip("netns", "del", name)
        yield volume("traffic between containers, the totals", report, truth)
        passed = {name: sum(sums) for name, sums in truth["sums"].items() if name != "c0"}
        error = 100 * (report["apart_bytes"] / sum(passed.values()) - 1)
        yield check("  apart, once for each interface", abs(error) <= 0.1,
                    f"{report['apart_bytes']}, error {error:+.3f} %, true {passed}")


TRIALS = [nat, nat_uplink, among_containers, routed, routed_later, routed_all, routed_uplink]
