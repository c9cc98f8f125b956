"""Trials in which bandwhich, the log or its folder goes away."""

import os
import shutil
import signal
import time

from judging import check, holes, volume
from lab import CLIENT, Collector, Judge, both, finish, ip, network


def restarts(folder, options):
    """bandwhich is killed twenty times under traffic."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        running = both(40_000_000, 240)
        for _ in range(20):
            time.sleep(11)
            for pid in collector.bandwhich():
                os.kill(pid, signal.SIGKILL)
        finish(running)
        collector.stop()
        report, truth = collector.report(), judge.end()
        yield volume("20 kills under traffic", report, truth)
        yield check("  said", "20 short restarts" in " ".join(holes(report)), holes(report))
        shares = {name: sum(row["upload_bytes"] + row["download_bytes"] for row in report["interfaces"]
                            if row["name"] == name) for name in ("lo", "c0")}
        yield check("  nothing is loopback", shares["lo"] == 0, shares)
        at_once = " ".join(collector.text()).count("it is started again at once")
        yield check("  each is started again at once", at_once == 20, at_once)


def kill(folder, options):
    """bandwhich is killed once."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        running = both(6_000_000, 20)
        time.sleep(8)
        for pid in collector.bandwhich():
            os.kill(pid, signal.SIGKILL)
        finish(running)
        collector.stop()
        report = collector.report()
        yield volume("one kill", report, judge.end())
        yield check("  said", "one short restart" in " ".join(holes(report)), holes(report))


def pause(collector, seconds):
    """Stops bandwhich for so long."""
    pids = collector.bandwhich()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    for pid in set(pids) & set(collector.bandwhich()):
        os.kill(pid, signal.SIGCONT)


def stopped(folder, options):
    """bandwhich is stopped for 20 seconds."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        running = both(20_000_000, 40)
        time.sleep(8)
        pause(collector, 20)
        finish(running)
        collector.stop()
        report = collector.report()
        yield volume("stopped for 20 s", report, judge.end())
        yield check("  its hole is listed", "one short restart" in " ".join(holes(report)), holes(report))
        said = " ".join(collector.text())
        yield check("  said", "stopped by a signal; it is started again" in said, collector.text()[1:2])


def stopped_shortly(folder, options):
    """bandwhich is stopped for a second, four times."""
    with network():
        judge, collector = Judge(), Collector(folder, options)
        collector.wait_for(2)
        running = both(30_000_000, 60)
        for _ in range(4):
            time.sleep(12)
            pause(collector, 1)
        finish(running)
        collector.stop()
        report = collector.report()
        yield volume("stopped for 1 s, four times", report, judge.end())
        yield check("  said", "4 short restarts" in " ".join(holes(report)), holes(report))


def deleted(folder, options):
    """The log is deleted, then its folder. What the deleted files held is lost, and no more."""
    with network():
        collector = Collector(folder, options)
        collector.wait_for(2)
        # Before the judge: this log's bytes are lost by intent.
        finish(both(1_000_000, 4))
        collector.logs()[0].unlink()
        time.sleep(8)
        log = collector.logs()
        yield check("a deleted log is begun again", len(log) == 1, [path.name for path in log])
        shutil.rmtree(folder / "logs")
        time.sleep(8)
        judge = Judge()
        finish(both(6_000_000, 12))
        collector.stop()
        yield volume("log and folder deleted", collector.report(), judge.end())


TRIALS = [kill, restarts, stopped, stopped_shortly, deleted]
