#!/usr/bin/env python3
"""Tries `network-monitor collect` with the real bandwhich, in network namespaces of its own.

    unshare --net --mount python3 scripts/collect.py NETWORK_MONITOR BANDWHICH

A client's namespace and a server's are joined by a veth pair; nothing leaves them. Transfers of known
size run while bandwhich is collected; then the report's volumes, process ids and reconciliation are
compared with what was sent. Needs root and iproute2. Prints its figures; exits with 1 where one is off.
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

CLIENT, SERVER, PORT = "10.201.0.1", "10.201.0.2", 5001
NAMES = ("nmclient", "nmserver")
# TCP headers of both directions' packets, as a part of the payload. Transfers are slow enough for the
# stock buffer of a capture, so that nothing is lost.
MOST_HEADERS = 0.06

SERVE = """
import socket, sys, threading, time
def serve(peer):
    with peer:
        total, seconds = peer.recv(64).split()
        want = total = int(total); seconds = float(seconds); begun = time.monotonic()
        while want > 0:
            want -= peer.send(bytes(min(want, 8192)))
            time.sleep(max(0, (total - want) / total * seconds - (time.monotonic() - begun)))
        while peer.recv(65536): pass
listener = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""

FETCH = """
import socket, sys, time
name, address, port, total, seconds = sys.argv[1:]
open('/proc/self/comm', 'w').write(name)
peer = socket.create_connection((address, int(port))); peer.send(f'{total} {seconds}\\n'.encode())
got = 0
while got < int(total):
    got += len(peer.recv(65536))
time.sleep(1.5)
peer.close()
"""

failures = []


def check(what, holds, figures):
    print(f"{'ok ' if holds else 'OFF'} {what}: {figures}", flush=True)
    if not holds:
        failures.append(what)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def inside(name, *command, **options):
    return subprocess.Popen(["ip", "netns", "exec", name, *command], **options)


def build_network():
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    for name in NAMES:
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
    # Hardware addresses that every version of bandwhich reads.
    ip("link", "add", "c0", "address", "02:00:00:00:00:01", "netns", NAMES[0], "type", "veth",
       "peer", "name", "s0", "address", "02:00:00:00:00:02", "netns", NAMES[1])
    for name, link, address in ((NAMES[0], "c0", CLIENT), (NAMES[1], "s0", SERVER)):
        ip("-n", name, "addr", "add", f"{address}/24", "dev", link)
        ip("-n", name, "link", "set", link, "up")


def frames(text):
    pieces = text.split(b"\n\n")[:-1]
    found = [piece[piece.find(b"Refreshing:"):] for piece in pieces if b"Refreshing:" in piece]
    return found


def logs(folder):
    return sorted(folder.glob("*.log"), key=lambda path: path.stem)


def all_frames(folder):
    return [frame for log in logs(folder) for frame in frames(log.read_bytes())]


class Collector:
    """A collector in the client's namespace, of a bandwhich whose output is also copied."""

    def __init__(self, folder, program, bandwhich, zone=None):
        self.folder, self.program = folder, program
        folder.mkdir()
        (folder / "logs").mkdir()
        tee = folder / "bandwhich"
        tee.write_text(
            f"#!/bin/bash\n[ \"$1\" = --version ] && exec {bandwhich} --version\n"
            f"echo $$ >> {folder}/pids\n"
            f"{bandwhich} \"$@\" | tee -a {folder}/copy\n")
        tee.chmod(0o755)
        (folder / "settings.yaml").write_text(
            "host: lab\ntimezone: local\nemail: {enabled: false}\narchive: {enabled: false}\n"
            "reports: {format: [json]}\ncollect: {bandwhich: ./bandwhich}\n"
            "paths: {log_dir: logs, report_dir: reports, store_dir: store, archive_dir: archive}\n")
        self.environment = dict(os.environ, TZ=zone or "UTC")
        self.said = open(folder / "said", "wb")
        self.process = inside(NAMES[0], program, "-c", str(folder / "settings.yaml"), "collect",
                              stderr=self.said, env=self.environment)
        self.wait_for(2)

    def wait_for(self, count):
        limit = time.time() + 60
        while len(all_frames(self.folder / "logs")) < count:
            if time.time() > limit or self.process.poll() is not None:
                sys.exit("no frames: " + (self.folder / "said").read_text())
            time.sleep(0.1)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(10)

    def report(self):
        command = [self.program, "-q", "-c", str(self.folder / "settings.yaml"), "report", "--date", "today"]
        subprocess.run(command, check=False, env=self.environment, stdout=subprocess.DEVNULL)
        return json.loads(next((self.folder / "reports").glob("report_*.json")).read_text())

    def copied(self):
        return frames((self.folder / "copy").read_bytes())


def fetch(name, total, seconds):
    return inside(NAMES[0], sys.executable, "-c", FETCH, name, SERVER, str(PORT), str(total), str(seconds))


def named(name):
    """The ids of living processes of this name in the client's namespace."""
    found, home = [], os.stat(f"/run/netns/{NAMES[0]}").st_ino
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            is_here = os.stat(folder / "ns/net").st_ino == home
            is_alive = ") Z " not in (folder / "stat").read_text()
            if is_here and is_alive and (folder / "comm").read_text().strip() == name:
                found.append(int(folder.name))
        except OSError:
            pass
    return found


def volumes_and_pids(folder, program, bandwhich):
    collector = Collector(folder, program, bandwhich)
    # The kernel's counters are noted on full minutes; what is compared lies between two.
    time.sleep(61 - time.time() % 60)
    wanted = {"fetch-a": (8_000_000, 40), "fetch-b": (3_000_000, 30), "fetch-c": (1_000_000, 20)}
    running = {name: fetch(name, *size) for name, size in wanted.items()}
    time.sleep(3)
    pids = {name: next(iter(named(name)), None) for name in wanted}
    for process in running.values():
        process.wait()
    # Beyond the next note of the counters.
    time.sleep(max(0, 302 - time.time() % 300))
    code = collector.stop()
    check("SIGTERM ends the collector", code == 0, f"exit code {code}")
    report = collector.report()
    seen = {entry["name"]: entry for entry in report["top_processes"]}
    for name, (total, _) in wanted.items():
        entry = seen.get(name, {"download_bytes": 0, "pid": None})
        ratio = entry["download_bytes"] / total
        check(f"volume of {name}", 1.0 <= ratio <= 1 + MOST_HEADERS,
              f"{entry['download_bytes']} counted of {total} payload, {100 * (ratio - 1):+.2f} %")
        check(f"pid of {name}", entry["pid"] == pids[name], f"{entry['pid']}, true {pids[name]}")
    rows = [row for row in report["connections"] if row["process"] in wanted]
    with_pid = sum(row["download_bytes"] for row in rows if row["pid"])
    check("bytes with a pid", with_pid >= 0.99 * sum(row["download_bytes"] for row in rows),
          f"{with_pid} in {len(rows)} connections")
    found = report.get("reconciliation") or {}
    check("reconciliation", found.get("verdict") == "agree",
          {key: found.get(key) for key in
           ("verdict", "seconds", "bandwhich_bytes", "kernel_bytes", "expected_bytes")})
    check("no damage", report["input"]["damaged_lines"] == 0, report["input"]["damaged_lines"])


def rotation(folder, program, bandwhich):
    # A zone in which an hour ends in 15 seconds.
    east = (3600 - 15 - int(time.time())) % 3600
    collector = Collector(folder, program, bandwhich, f"<XXX>-0:{east // 60:02}:{east % 60:02}")
    load = fetch("fetch-r", 6_000_000, 30)
    load.wait()
    collector.stop()
    found, copied = all_frames(folder / "logs"), collector.copied()
    count = len(logs(folder / "logs"))
    check("rotation", count == 2, f"{count} logs")
    check("each frame of the copy is in one log", found == copied[:len(found)]
          and len(copied) - len(found) <= 1, f"{len(found)} written, {len(copied)} copied")
    total = sum(entry["download_bytes"] for entry in collector.report()["top_processes"]
                if entry["name"] == "fetch-r")
    check("volume over a rotation", 1.0 <= total / 6_000_000 <= 1 + MOST_HEADERS,
          f"{total} of 6000000 payload, {100 * (total / 6_000_000 - 1):+.2f} %")
    # The plain copy is the same traffic.
    before = collector.report()["total_download_bytes"]
    (folder / "logs" / "copy.log").write_bytes((folder / "copy").read_bytes())
    after = collector.report()["total_download_bytes"]
    check("a tee'd copy counts once", abs(after - before) <= before * 0.002, f"{before} before, {after} after")


def killed(folder, program, bandwhich):
    collector = Collector(folder, program, bandwhich)
    load = fetch("fetch-k", 4_000_000, 20)
    time.sleep(6)
    for pid in named("bandwhich"):
        os.kill(pid, signal.SIGKILL)
    load.wait()
    time.sleep(3)
    found, copied = all_frames(folder / "logs"), collector.copied()
    check("kill -9 of bandwhich: restarted into a new log", len(logs(folder / "logs")) == 2,
          f"{len(logs(folder / 'logs'))} logs")
    missing = [frame for frame in copied if frame not in found]
    check("kill -9 of bandwhich: frames lost", len(missing) <= 2, f"{len(missing)} of {len(copied)}")
    collector.stop(signal.SIGKILL)
    time.sleep(3)
    found, copied = all_frames(folder / "logs"), collector.copied()
    missing = [frame for frame in copied if frame not in found]
    check("kill -9 of the collector: frames lost", len(missing) <= 4, f"{len(missing)} of {len(copied)}")
    left = named("bandwhich")
    check("kill -9 of the collector: nobody is left behind", not left, left)
    whole = all(log.read_bytes().endswith(b"\n\n") for log in logs(folder / "logs"))
    check("all logs end with a whole frame", whole, [log.name for log in logs(folder / "logs")])
    total = sum(entry["download_bytes"] for entry in collector.report()["top_processes"]
                if entry["name"] == "fetch-k")
    print(f"    volume over a kill: {total} of 4000000 payload, {100 * (total / 4_000_000 - 1):+.2f} %")


def main():
    program, bandwhich = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
    only = sys.argv[3:]
    build_network()
    server = inside(NAMES[1], sys.executable, "-c", SERVE, SERVER, str(PORT))
    with tempfile.TemporaryDirectory() as folder:
        try:
            time.sleep(1)
            for part in (rotation, killed, volumes_and_pids):
                if not only or part.__name__ in only:
                    print(f"{part.__name__}:", flush=True)
                    part(pathlib.Path(folder) / part.__name__, program, bandwhich)
        finally:
            server.kill()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
