"""Trials in which the wall clock is set, by a library that shifts it for the collector and bandwhich."""

import os
import shutil
import subprocess
import time

from judging import check, volume
from lab import HERE, Collector, Judge, both, finish, network

SIZE, SECONDS = 6_000_000, 20
HOUR = 3600


def clock(folder):
    """The library, and the file that holds the shift."""
    library, file = folder.with_suffix(".so"), folder.with_suffix(".clock")
    compiler = os.environ.get("CC", "cc")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, HERE / "clock.c"], check=True)
    file.write_text("0")
    return file, {"LD_PRELOAD": str(library), "CLOCK_FILE": str(file)}


def stepped(folder, options, what, step):
    """The clock is set under traffic, and traffic goes on."""
    if not shutil.which(os.environ.get("CC", "cc")):
        yield check(what, True, "left out: there is no C compiler here")
        return
    # A zone in which it is a quarter past noon, so that the day stays the same and the hour does not.
    east = (12 * HOUR + 900 - int(time.time())) % (24 * HOUR) // 60
    zone = f"<XXX>-{east // 60}:{east % 60:02}"
    with network():
        file, environment = clock(folder)
        judge, collector = Judge(), Collector(folder, options, zone=zone, environment=environment)
        collector.wait_for(2)
        running = both(SIZE, SECONDS)
        time.sleep(SECONDS / 2)
        file.write_text(str(step))
        finish(running)
        code = collector.stop()
        report = collector.report()
        yield volume(what, report, judge.end())
        # A clock that is ahead by no more than an hour looks like a pause.
        said = [note["message"] for note in report["notes"] if note["code"] == "clock_step"]
        yield check("  said", code == 0 and (said or step > 0), said)
        yield check("  logs", len(collector.logs()) == 2, [log.name for log in collector.logs()])


def clock_forward(folder, options):
    """The clock is set an hour forward."""
    yield from stepped(folder, options, "clock set an hour forward", HOUR)


def clock_back(folder, options):
    """The clock is set an hour back."""
    yield from stepped(folder, options, "clock set an hour back", -HOUR)


TRIALS = [clock_forward, clock_back]
