"""Trials of volume: a busy machine, and long mixed load over rotations."""

import os
import re
import sys
import time

from judging import check, volume
from lab import CLIENT, Collector, Judge, both, finish, inside, network, transfer


def captured(collector):
    """Packets and drops by the notes of the last log."""
    text = "".join(log.read_text(errors="replace") for log in collector.logs())
    notes = re.findall(r'capture "c0" packets (\d+) dropped (\d+)', text)
    return tuple(map(int, notes[-1])) if notes else None


def burner():
    return [inside(CLIENT, sys.executable, "-c", "while True: pass") for _ in range(os.cpu_count())]


def busy(folder, options, collect="", what="busy machine, large buffer"):
    """The collector is nice to burners on all processors, and bursts come in."""
    with network():
        judge, collector = Judge(), Collector(folder, options, collect, prefix=("nice", "-n", "19"))
        collector.wait_for(2)
        burners = burner()
        try:
            # Until the next note of the counters, so that what is compared is whole.
            finish(both(options.megabytes * 1_000_000, 60))
        finally:
            for process in burners:
                process.kill()
        time.sleep(3)
        collector.stop()
        report, truth = collector.report(), judge.end()
        packets, dropped = captured(collector) or (0, 0)
        yield volume(what, report, truth)
        yield check("  noted", captured(collector), f"{dropped} of {packets} packets dropped")


def busy_stock(folder, options):
    """The same with the kernel's own buffer: what is lost must be stated."""
    yield from busy(folder, options, ", capture_buffer: 0", "busy machine, stock buffer")


def mixed(folder, options):
    """Mixed load for as long as --length says, over rotations."""
    east = (3600 - int(options.length / 2) - int(time.time())) % 3600
    zone = f"<XXX>-0:{east // 60:02}:{east % 60:02}"
    with network():
        judge, collector = Judge(), Collector(folder, options, zone=zone)
        collector.wait_for(2)
        end = time.time() + options.length
        long = both(int(options.length * 50_000), options.length)
        while time.time() < end - 15:
            short = [transfer("down", 300_000, 2, f"short{number}") for number in range(5)]
            finish(short + [transfer("up", 2_000_000, 8, "burst")])
        finish(long)
        collector.stop()
        count = len(collector.logs())
        yield volume(f"{options.length} s of mixed load", collector.report(), judge.end())
        yield check("  over a rotation", count == 2, f"{count} logs")


TRIALS = [busy, busy_stock, mixed]
