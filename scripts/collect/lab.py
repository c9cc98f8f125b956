"""Namespaces, traffic of known size, a judge of its own, and a collector to try.

Each trial has a client's and a server's namespace, joined by a veth pair; nothing leaves them. The judge
is a packet socket in the client's namespace: it adds up what bandwhich should count, TCP and UDP behind
their IP headers, by interface and direction. Where it lost a packet itself, the trial says so and fails.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
CLIENT, SERVER = "nmclient", "nmserver"
# Own addresses, and hardware addresses that every version of bandwhich reads.
ADDRESS, PEER, PORT = "10.201.0.1", "10.201.0.2", 5001
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")


def ip(*arguments, check=True):
    subprocess.run(["ip", *arguments], check=check, stderr=None if check else subprocess.DEVNULL)


def inside(name, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", name, *map(str, command)], **options)


def run_inside(name, *command):
    subprocess.run(["ip", "netns", "exec", name, *map(str, command)], check=True)


def own_mounts():
    """Names of namespaces lie in /run: that of this process alone."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)


@contextlib.contextmanager
def network(address=True, up=True):
    """The two namespaces. The client's interface has no address, or is down, where a trial brings that."""
    for name in (CLIENT, SERVER):
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
    link(address, up)
    server = inside(SERVER, sys.executable, HERE / "traffic.py", "serve", str(PORT))
    try:
        time.sleep(0.5)
        yield
    finally:
        server.kill()
        server.wait()
        for name in (CLIENT, SERVER):
            for pid in subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True).stdout.split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            ip("netns", "del", name)


def link(address=True, up=True):
    ip("link", "add", "c0", "address", MACS[0], "netns", CLIENT, "type", "veth",
       "peer", "name", "s0", "address", MACS[1], "netns", SERVER)
    ip("-n", SERVER, "addr", "add", f"{PEER}/24", "dev", "s0")
    ip("-n", SERVER, "link", "set", "s0", "up")
    if address:
        ip("-n", CLIENT, "addr", "add", f"{ADDRESS}/24", "dev", "c0")
    if up:
        ip("-n", CLIENT, "link", "set", "c0", "up")


class Judge:
    """Adds up what passes the client's interfaces, from its start to its end."""

    def __init__(self, own=()):
        self.process = inside(CLIENT, sys.executable, HERE / "judge.py", *own, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        found = json.loads(self.process.communicate()[0])
        if found["lost"]:
            print(f"    the judge itself lost {found['lost']} packets")
        return found


class Collector:
    """A collector in the client's namespace."""

    def __init__(self, folder, options, collect="", prefix=(), zone="UTC", environment=()):
        self.folder, self.options = folder, options
        folder.mkdir()
        (folder / "logs").mkdir()
        (folder / "settings.yaml").write_text(
            "host: lab\ntimezone: local\nemail: {enabled: false}\narchive: {enabled: false}\n"
            "reports: {format: [json]}\n"
            f"collect: {{bandwhich: {options.bandwhich}{collect}}}\n"
            "paths: {log_dir: logs, report_dir: reports, store_dir: store, archive_dir: archive}\n")
        self.environment = dict(os.environ, TZ=zone, **dict(environment))
        self.said = open(folder / "said", "wb")
        self.process = inside(CLIENT, *prefix, options.program, "-c", folder / "settings.yaml", "collect",
                              stderr=self.said, env=self.environment)

    def logs(self):
        return sorted((self.folder / "logs").glob("*.log"), key=lambda path: path.stem)

    def frames(self):
        return sum(log.read_bytes().count(b"\nRefreshing:\n") for log in self.logs())

    def wait_for(self, count):
        limit = time.time() + 60
        while self.frames() < count:
            if time.time() > limit or self.process.poll() is not None:
                raise RuntimeError("no frames: " + (self.folder / "said").read_text())
            time.sleep(0.05)

    def stop(self, number=signal.SIGTERM):
        # bandwhich prints means over five refreshes; what it counted last is printed by then.
        self.process.send_signal(number)
        return self.process.wait(15)

    def report(self):
        command = [self.options.program, "-q", "-c", str(self.folder / "settings.yaml"), "report", "--date", "today"]
        subprocess.run(command, check=False, env=self.environment, stdout=subprocess.DEVNULL)
        return json.loads(next((self.folder / "reports").glob("report_*.json")).read_text())

    def text(self):
        return (self.folder / "said").read_text().strip().splitlines()

    def bandwhich(self):
        """The ids of the bandwhich that run in the client's namespace."""
        return named("bandwhich")


def named(name):
    """The ids of living processes of this name in the client's namespace."""
    found, home = [], os.stat(f"/run/netns/{CLIENT}").st_ino
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            is_here = os.stat(folder / "ns/net").st_ino == home
            is_alive = ") Z " not in (folder / "stat").read_text()
            if is_here and is_alive and (folder / "comm").read_text().strip() == name:
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def transfer(way, total, seconds, name="transfer", peer=PEER, source=""):
    """A process in the client's namespace that downloads or uploads so many bytes in so many seconds."""
    return inside(CLIENT, sys.executable, HERE / "traffic.py", way, name, peer, str(PORT), str(total), str(seconds),
                  *([source] if source else []))


def both(total, seconds, **where):
    """A download and an upload of so many bytes each."""
    return [transfer("down", total, seconds, "down", **where), transfer("up", total, seconds, "up", **where)]


def finish(processes):
    for process in processes:
        process.wait()
    time.sleep(3)
