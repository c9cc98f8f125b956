"""Trials in which addresses and interfaces come, change and go while bandwhich runs."""

import time

from judging import check, volume
from lab import ADDRESS, CLIENT, PEER, SERVER, Collector, Judge, both, finish, ip, link, network, run_inside

SIZE, SECONDS = 6_000_000, 12
# From an address to a bandwhich that knows it: what settles, the frame at hand, a start.
RESTART = 2.5


def boot(folder, options):
    """The collector starts before the address is there."""
    with network(address=False, up=False):
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        ip("-n", CLIENT, "link", "set", "c0", "up")
        ip("-n", CLIENT, "addr", "add", f"{ADDRESS}/24", "dev", "c0")
        time.sleep(RESTART)
        finish(both(SIZE, SECONDS))
        collector.stop()
        yield volume("boot without address", collector.report(), judge.end())


def late_dhcp(folder, options):
    """The link is up, and its IPv4 address comes three seconds later."""
    with network(address=False, up=False):
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(1)
        ip("-n", CLIENT, "link", "set", "c0", "up")
        time.sleep(3)
        ip("-n", CLIENT, "addr", "add", f"{ADDRESS}/24", "dev", "c0")
        time.sleep(RESTART)
        finish(both(SIZE, SECONDS))
        collector.stop()
        yield volume("late DHCP", collector.report(), judge.end())


def address_change(folder, options):
    """The IPv4 address changes."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        finish(both(SIZE // 3, SECONDS / 3))
        # The first address takes others of its network with it.
        ip("-n", CLIENT, "addr", "del", f"{ADDRESS}/24", "dev", "c0")
        ip("-n", CLIENT, "addr", "add", "10.201.0.9/24", "dev", "c0")
        time.sleep(RESTART)
        finish(both(SIZE, SECONDS))
        collector.stop()
        yield volume("address change", collector.report(), judge.end())
        yield check("  said", "new addresses on c0" in " ".join(collector.text()), collector.text()[1:3])


def address_under_traffic(folder, options):
    """A second address comes while the first is busy: what one restart costs."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        running = both(10 * SIZE, 30)
        time.sleep(10)
        ip("-n", CLIENT, "addr", "add", "10.201.0.9/24", "dev", "c0")
        finish(running)
        collector.stop()
        yield volume("address added under traffic", collector.report(), judge.end())


def privacy_address(folder, options):
    """A new IPv6 address takes over the uploads, as a temporary one does each day."""
    with network():
        ip("-n", SERVER, "addr", "add", "2001:db8::2/64", "dev", "s0", "nodad")
        ip("-n", CLIENT, "addr", "add", "2001:db8::1/64", "dev", "c0", "nodad")
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        finish(both(SIZE // 3, SECONDS / 3, peer="2001:db8::2", source="2001:db8::1"))
        # Tried out for a second or two before it may be used.
        ip("-n", CLIENT, "addr", "add", "2001:db8::77/64", "dev", "c0")
        time.sleep(2 + RESTART)
        finish(both(SIZE, SECONDS, peer="2001:db8::2", source="2001:db8::77"))
        collector.stop()
        yield volume("IPv6 privacy address", collector.report(), judge.end())


def interface_again(folder, options):
    """The interface goes, and comes again by its name."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        finish(both(SIZE // 3, SECONDS / 3))
        ip("-n", CLIENT, "link", "del", "c0")
        time.sleep(1)
        link()
        time.sleep(RESTART)
        finish(both(SIZE, SECONDS))
        collector.stop()
        yield volume("interface made again", collector.report(), judge.end())


def hot_plug(folder, options):
    """A second interface comes."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        ip("link", "add", "c1", "address", "02:00:00:00:00:03", "netns", CLIENT, "type", "veth",
           "peer", "name", "s1", "address", "02:00:00:00:00:04", "netns", SERVER)
        ip("-n", SERVER, "addr", "add", "10.202.0.2/24", "dev", "s1")
        ip("-n", SERVER, "link", "set", "s1", "up")
        ip("-n", CLIENT, "addr", "add", "10.202.0.1/24", "dev", "c1")
        ip("-n", CLIENT, "link", "set", "c1", "up")
        time.sleep(RESTART)
        finish(both(SIZE, SECONDS) + both(SIZE, SECONDS, peer="10.202.0.2"))
        collector.stop()
        yield volume("hot-plug", collector.report(), judge.end(), ("c0", "c1"))


def vpn(folder, options):
    """A tunnel (VXLAN) beside its port comes, and comes again. Both are watched, so what passes the tunnel
    passes twice, once within packets of the port."""
    def tunnel(name, local, remote, address):
        ip("-n", name, "link", "add", "vpn0", "type", "vxlan", "id", "7", "local", local, "remote", remote,
           "dstport", "4789", "dev", "c0" if name == CLIENT else "s0")
        ip("-n", name, "link", "set", "vpn0", "address", "02:00:00:00:01:0" + address[-1])
        ip("-n", name, "addr", "add", f"{address}/24", "dev", "vpn0")
        ip("-n", name, "link", "set", "vpn0", "up")

    with network():
        tunnel(SERVER, PEER, ADDRESS, "10.203.0.2")
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        for _ in range(2):
            tunnel(CLIENT, ADDRESS, PEER, "10.203.0.1")
            time.sleep(RESTART)
            finish(both(SIZE, SECONDS, peer="10.203.0.2"))
            ip("-n", CLIENT, "link", "del", "vpn0")
            time.sleep(1)
        collector.stop()
        report, truth = collector.report(), judge.end()
        rows = {name: sum(row["upload_bytes"] + row["download_bytes"] for row in report["interfaces"]
                          if row["name"] == name) for name in ("c0", "vpn0")}
        for name in rows:
            true = sum(truth["sums"].get(name, (0, 0)))
            error = 100 * (rows[name] - true) / true if true else 0.0
            yield check(f"VPN beside its port, on {name}", abs(error) <= 0.1,
                        f"true {true}, report {rows[name]}, error {error:+.3f} %")


def containers_come(folder, options):
    """Two hundred ports of a bridge come and go under traffic: bandwhich is not started again for them."""
    with network():
        ip("-n", CLIENT, "link", "add", "br0", "type", "bridge")
        ip("-n", CLIENT, "addr", "add", "10.204.0.1/24", "dev", "br0")
        ip("-n", CLIENT, "link", "set", "br0", "up")
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        running = both(SIZE, SECONDS)
        for number in range(100):
            name = f"v{number}"
            run_inside(CLIENT, "ip", "link", "add", name, "type", "veth", "peer", "name", f"w{number}")
            run_inside(CLIENT, "ip", "link", "set", name, "master", "br0", "up")
            run_inside(CLIENT, "ip", "link", "set", f"w{number}", "up")
        for number in range(100):
            run_inside(CLIENT, "ip", "link", "del", f"v{number}")
        finish(running)
        collector.stop()
        said = " ".join(collector.text())
        yield check("containers that come and go", "started 1 time" in said, collector.text()[-1])
        yield volume("  volume", collector.report(), judge.end())


def flapping(folder, options):
    """An address comes and goes for a minute: bandwhich is started again five times and then rarely."""
    with network():
        collector = Collector(folder, options)
        collector.wait_for(2)
        for number in range(30):
            address = f"10.205.0.{number + 1}/24"
            ip("-n", CLIENT, "addr", "add", address, "dev", "c0")
            time.sleep(1.5)
            ip("-n", CLIENT, "addr", "del", address, "dev", "c0")
            time.sleep(0.5)
        collector.stop()
        starts = " ".join(collector.text()).count("bandwhich was started again")
        yield check("flapping addresses", 5 <= starts <= 7, f"{starts} restarts for 30 addresses in 60 s")


TRIALS = [boot, late_dhcp, address_change, address_under_traffic, privacy_address, interface_again, hot_plug, vpn,
          containers_come, flapping]
