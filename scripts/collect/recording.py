"""Trials of the recording itself: volumes, process ids, rotation, and what dies."""

import os
import shutil
import signal
import sys
import time

from judging import check, volume
from lab import CLIENT, Collector, Judge, finish, inside, named, network, transfer


def frames(text):
    pieces = text.split(b"\n\n")[:-1]
    return [piece[piece.find(b"Refreshing:"):] for piece in pieces if b"Refreshing:" in piece]


def all_frames(collector):
    return [frame for log in collector.logs() for frame in frames(log.read_bytes())]


def copying(folder, options):
    """A script in bandwhich's place that also keeps what bandwhich printed."""
    folder.mkdir()
    script = folder / "bandwhich"
    script.write_text(f"#!/bin/bash\n[ \"$1\" = --version ] && exec {options.bandwhich} --version\n"
                      f"{options.bandwhich} \"$@\" | tee -a {folder}/copy\n")
    script.chmod(0o755)
    return type(options)(**dict(vars(options), bandwhich=script)), folder / "copy"


def volumes_and_pids(folder, options):
    """Three transfers: their volumes, process ids and the kernel's counters."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        wanted = {"fetch-a": (8_000_000, 40), "fetch-b": (3_000_000, 30), "fetch-c": (1_000_000, 20)}
        running = {name: transfer("down", *size, name) for name, size in wanted.items()}
        time.sleep(3)
        pids = {name: next(iter(named(name)), None) for name in wanted}
        finish(running.values())
        code = collector.stop()
        yield check("SIGTERM ends the collector", code == 0, f"exit code {code}")
        report = collector.report()
        yield volume("three transfers", report, judge.end())
        seen = {entry["name"]: entry for entry in report["top_processes"]}
        for name in wanted:
            pid = seen.get(name, {}).get("pid")
            yield check(f"  pid of {name}", pid == pids[name], f"{pid}, true {pids[name]}")
        found = report.get("reconciliation") or {}
        yield check("  reconciliation", found.get("verdict") == "agree", found)
        yield check("  no damage", report["input"]["damaged_lines"] == 0, report["input"]["damaged_lines"])


def rotation(folder, options):
    """An hour ends under traffic: each frame is in one log, and a copy of the output counts once."""
    # A zone in which an hour ends in 15 seconds.
    east = (3600 - 15 - int(time.time())) % 3600
    with network():
        options, copy = copying(folder.with_suffix(".copy"), options)
        judge = Judge()
        collector = Collector(folder, options, zone=f"<XXX>-0:{east // 60:02}:{east % 60:02}")
        collector.wait_for(2)
        finish([transfer("down", 6_000_000, 30)])
        collector.stop()
        found, copied = all_frames(collector), frames(copy.read_bytes())
        count = len(collector.logs())
        yield check("rotation", count == 2, f"{count} logs")
        yield check("  each frame of the copy is in one log",
                    found == copied[:len(found)] and len(copied) - len(found) <= 1,
                    f"{len(found)} written, {len(copied)} copied")
        report = collector.report()
        yield volume("  volume", report, judge.end())
        before = report["total_download_bytes"]
        shutil.copy(copy, folder / "logs" / "copy.log")
        after = collector.report()["total_download_bytes"]
        yield check("  a tee'd copy counts once", abs(after - before) <= before * 0.002, f"{before}, then {after}")


def collector_killed(folder, options):
    """The collector is killed: what was written stays, and nobody is left behind."""
    with network():
        options, copy = copying(folder.with_suffix(".copy"), options)
        collector = Collector(folder, options)
        collector.wait_for(5)
        collector.stop(signal.SIGKILL)
        for pid in named("network-monitor"):
            os.kill(pid, signal.SIGKILL)
        time.sleep(3)
        missing = [frame for frame in frames(copy.read_bytes()) if frame not in all_frames(collector)]
        yield check("kill -9 of the collector: frames lost", len(missing) <= 4, len(missing))
        yield check("  nobody is left behind", not named("bandwhich"), named("bandwhich"))
        whole = all(log.read_bytes().endswith(b"\n\n") for log in collector.logs())
        yield check("  the log ends with a whole frame", whole, [log.name for log in collector.logs()])


QUERIES = """
import socket, time
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for _ in range(2000):
    peer.sendto(bytes(60), ("10.201.0.2", 53))
    time.sleep(0.005)
"""


def dns(folder, options):
    """Packets to port 53, which bandwhich hides by itself."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        finish([inside(CLIENT, sys.executable, "-c", QUERIES)])
        collector.stop()
        yield volume("DNS", collector.report(), judge.end())


TRIALS = [rotation, collector_killed, volumes_and_pids, dns]
