"""Sites as `collect` writes them: a log an hour over many days, many hosts, short connections, restarts.

A part of performance.py, which see. Logs are made once and moved in time, so that a year costs minutes.
"""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from performance_tools import BINARY, DAY, START, Site, Tool, generate, measure

# Kilobytes of an hour without traffic, of one with a connection that never rests, and of each of many.
IDLE, BUSY, EACH = 95, 1000, 330
STAMP = re.compile(rb"<(\d{10})>")


class Day:
    """The logs of one day, an hour each, cut between two frames, as a collector that rotates cuts them."""

    def __init__(self, folder, kilobytes):
        folder.mkdir(parents=True)
        if kilobytes <= BUSY:
            shape = {"connections": 1, "activity": max(0.01, (kilobytes - IDLE) / (BUSY - IDLE))}
        else:
            shape = {"connections": round(kilobytes / EACH), "activity": 0.45}
        generate(folder / "day.log", megabytes=1e6, hours=24, **shape)
        text = (folder / "day.log").read_bytes()
        (folder / "day.log").unlink()
        hours, second = {}, 0
        for frame in text.split(b"Refreshing:\n")[1:]:
            stamp = STAMP.search(frame)
            second = int(stamp[1]) - START if stamp else second + 1
            hours.setdefault(min(second // 3600, 23), []).append(b"Refreshing:\n" + frame)
        logs = ((hour, b"".join(frames)) for hour, frames in sorted(hours.items()))
        # Text and times by turns.
        self.hours = [(hour, STAMP.split(log)) for hour, log in logs]

    def write(self, logs, number):
        """Writes the logs of a later day. Gives their bytes."""
        size = 0
        for hour, parts in self.hours:
            parts = parts.copy()
            later = {stamp: b"<%d>" % (int(stamp) + number * DAY) for stamp in set(parts[1::2])}
            parts[1::2] = [later[stamp] for stamp in parts[1::2]]
            name = time.strftime(f"bandwhich_%Y%m%d_{hour:02}00.log", time.gmtime(START + number * DAY))
            size += (logs / name).write_bytes(b"".join(parts))
        return size


def once(tool):
    """Runs a tool once. Gives its CPU and wall time."""
    tool.run()
    return tool.cpu[-1], tool.wall[-1]


def compact(site):
    """Merges finished days, if the program does so."""
    tool = site.tool("compact", "store", "compact", keep_store=True)
    if subprocess.run([BINARY, "store", "compact", "--help"], capture_output=True).returncode == 0:
        tool.run()


def days(folder, kilobytes, counts, runs):
    """What a history of hourly logs costs, the more days it has."""
    print(f"\nA log of {kilobytes:,} kB an hour\n")
    print(
        "| days | logs | ingest, CPU ms a log | files of the store | store, % of the logs | all days: CPU s, MB |"
        " a day: CPU s | against alone | status: wall s |\n|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    )
    day = Day(folder, kilobytes)
    site = Site(folder / "site", "reports: {format: [json, csv, html]}\narchive: {enabled: false}\n")
    site.tool("", "ingest").run()
    number, raw, logs, cpu, alone = 0, 0, 0, 0.0, None
    for count in counts:
        while number < count:
            # As where they are archived: logs that were read go.
            for log in site.logs.iterdir():
                log.unlink()
            some = min(20, count - number)
            raw += sum(day.write(site.logs, number + later) for later in range(some))
            number += some
            logs += len(list(site.logs.iterdir()))
            cpu += once(site.tool("ingest", "ingest", keep_store=True))[0]
        compact(site)
        first, last = (time.strftime("%Y-%m-%d", time.gmtime(START + at * DAY)) for at in (0, number - 1))
        all_days = site.tool("all days", "report", "--date", f"{first}..{last}", "--no-archive", keep_store=True)
        one_day = site.tool("a day", "report", "--date", last, "--no-archive", keep_store=True)
        status = site.tool("status", "status", keep_store=True)
        status.fine = (0, 3)
        figures = measure([all_days, one_day, status], runs)
        alone = alone or figures["a day"][0]
        files = [path for path in site.store.rglob("*") if path.is_file()]
        share = 100 * sum(path.stat().st_size for path in files) / raw
        print(
            f"| {number} | {logs:,} | {1000 * cpu / logs:.1f} | {len(files):,} | {share:.1f} |"
            f" {figures['all days'][0]:.2f}, {all_days.memory:.0f} | {figures['a day'][0]:.3f} |"
            f" {figures['a day'][0] / alone:.1f} | {figures['status'][1]:.3f} |",
            flush=True,
        )
    shutil.rmtree(folder)


def hosts(folder, counts):
    """Many machines with a log each, all reported by one run."""
    print("\n| hosts, a log of 0.5 MB each | files | CPU s | CPU ms a host | wall s | wall ms a host |")
    print("|--:|--:|--:|--:|--:|--:|")
    folder.mkdir(parents=True)
    log = folder / "one.log"
    generate(log, megabytes=0.5, connections=20)
    parts = STAMP.split(log.read_bytes())
    stamps = [int(stamp) for stamp in parts[1::2]]
    for count in counts:
        site = Site(
            folder / str(count),
            "input: {hosts: directories}\nreports: {format: [json, csv, html]}\narchive: {enabled: false}\n",
        )
        for host in range(count):
            # No two logs are the same.
            parts[1::2] = [b"<%d>" % (stamp + host) for stamp in stamps]
            of_host = site.logs / f"web{host:03}"
            of_host.mkdir()
            (of_host / "bandwhich_20260302_0000.log").write_bytes(b"".join(parts))
        os.sync()
        cpu, wall = once(site.tool("report", "report"))
        files = sum(path.is_file() for part in (site.store, site.reports) for path in part.rglob("*"))
        print(
            f"| {count} | {files:,} | {cpu:.2f} | {1000 * cpu / count:.1f} | {wall:.2f} |"
            f" {1000 * wall / count:.1f} |",
            flush=True,
        )
        shutil.rmtree(site.folder)


def churn(log, hours, an_hour):
    """Writes a log in which each connection is printed for the five seconds that a packet is seen."""
    with open(log, "w") as out:
        out.write("Refreshing:\n<NO TRAFFIC>\n\n")
        for second in range(1, hours * 3600):
            time = START + second
            born = [an_hour * max(0, second - back) // 3600 for back in (5, 0)]
            names = [(number % 20, number // 64_000 % 256, 1000 + number % 64_000) for number in range(*born)]
            count = [sum(name == process for name, _, _ in names) for process in range(20)]
            bytes = 1000 // min(second + 1, 5)
            rows = [
                f'process: <{time}> "svc-{name}" up/down Bps: {bytes * each}/{bytes * each} connections: {each}'
                for name, each in enumerate(count)
                if each
            ]
            rows += [
                f"connection: <{time}> <enp3s0>:{port} => 203.0.113.{host}:443 (tcp)"
                f' up/down Bps: {bytes}/{bytes} process: "svc-{name}"'
                for name, host, port in names
            ]
            out.write("Refreshing:\n" + "\n".join(rows) + "\n\n")


def restarts(log, count, megabytes):
    """Writes a log in which bandwhich began so many times."""
    with open(log, "wb") as out:
        for number in range(count):
            part = log.with_suffix(".part")
            generate(part, megabytes=megabytes / count, connections=200, start=number * DAY // count, seed=number)
            out.write(part.read_bytes())
            part.unlink()


def shapes(folder, runs):
    """Logs that are hard for their shape."""
    print("\n| log | ingest, CPU against wc -l | report (JSON, CSV, HTML) | with its zip | peak memory |")
    print("|---|--:|--:|--:|--:|")
    cases = [
        ("200 connections, 100 MB", lambda log: generate(log, 100)),
        ("50 restarts, 100 MB", lambda log: restarts(log, 50, 100)),
        ("100,000 short connections, an hour", lambda log: churn(log, 1, 100_000)),
        ("400,000 short connections, four hours", lambda log: churn(log, 4, 100_000)),
    ]
    settings = "reports: {format: [json, csv, html], compress_reports: %s}\narchive: {enabled: false}\n"
    for number, (name, write) in enumerate(cases):
        site = Site(folder / str(number), settings % "true")
        plain = Site(folder / f"{number}-plain", settings % "false")
        write(site.log)
        plain.log.hardlink_to(site.log)
        zipped, without = site.tool("zipped", "report"), plain.tool("report", "report")
        figures = measure([site.wc(), site.tool("ingest", "ingest"), without, zipped], runs)
        least = figures["wc -l"][0]
        ratios = (f"{figures[what][0] / least:.1f}" for what in ("ingest", "report", "zipped"))
        print(f"| {name} | {' | '.join(ratios)} | {zipped.memory:.0f} MB |", flush=True)
        shutil.rmtree(site.folder)
        shutil.rmtree(plain.folder)


def sizes_of(variable, default):
    """Numbers from the environment, apart by commas."""
    return [int(number) for number in os.environ.get(variable, default).split(",")]


def sites(folder, runs):
    """All of this file. performance.sh says what the variables mean."""
    for days_of, kilobytes_of, kilobytes, counts in (
        ("DAYS", "SMALL_KB", "120", "1,60,400"),
        ("LARGE_DAYS", "LARGE_KB", "500", "1,60"),
        ("HUGE_DAYS", "HUGE_KB", "40000", "1"),
    ):
        counts = [count for count in sizes_of(days_of, counts) if count > 0]
        if counts:
            days(Path(folder) / days_of, sizes_of(kilobytes_of, kilobytes)[0], counts, runs)
    counts = [count for count in sizes_of("HOSTS", "1,50,500") if count > 0]
    if counts:
        hosts(Path(folder) / "hosts", counts)
    shapes(Path(folder) / "shapes", runs)
