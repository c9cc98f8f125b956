"""Times network-monitor beside other tools on generated logs and prints tables.

Figures are medians, the tools taking turns, so that a busy minute of the machine meets all of them;
memory is the largest seen. CPU is user and system time of all threads. Only the ratios mean anything
on another machine.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = TARGET / "release/network-monitor"
FOLD = TARGET / "release/examples/fold"
START = 1_772_409_600  # 2026-03-02 in UTC
DAY = 86_400
DAYS = 400

ROW = r'^connection: <\d+> .* up/down Bps: (\d+)/(\d+) process: "(.*)"$'

AWK = r"""/^process: / { split($0, part, "\""); sum[part[2]] += $(NF - 2) }
END { for (name in sum) print name, sum[name] }"""

DUCKDB = f"""
import duckdb, sys
print(duckdb.sql('''
    SELECT row[3] AS process, sum(row[1]::BIGINT), sum(row[2]::BIGINT) FROM (
        SELECT regexp_extract(line, '{ROW}', ['1', '2', '3']) AS fields,
               [fields['1'], fields['2'], fields['3']] AS row
        FROM read_csv('LOG', columns = {{'line': 'VARCHAR'}}, delim = '\\x01', quote = '',
                      escape = '', header = false)
        WHERE line LIKE 'connection: %')
    GROUP BY ALL''').fetchall())
"""

POLARS = f"""
import polars
print(polars.scan_csv('LOG', has_header=False, separator='\\x01', quote_char=None,
                      new_columns=['line'])
    .filter(polars.col('line').str.starts_with('connection: '))
    .select(polars.col('line').str.extract_groups(r'''{ROW}''').alias('row')).unnest('row')
    .group_by('3').agg(polars.col('1').cast(polars.Int64).sum(), polars.col('2').cast(polars.Int64).sum())
    .collect())
"""

# A process counts the memory of the one that started it as its own peak: this one has little.
LAUNCH = """
import os, sys, time
begun = time.monotonic()
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(process, 0)
print(usage.ru_utime + usage.ru_stime, time.monotonic() - begun, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@dataclass
class Tool:
    """What is timed: a command, what it reads, and what is removed before each run."""

    name: str
    command: list
    stdin: Path | None = None
    remove: list = field(default_factory=list)
    workers: int = 1
    cpu: list = field(default_factory=list)
    wall: list = field(default_factory=list)
    memory: float = 0

    def run(self):
        for path in self.remove:
            shutil.rmtree(path, ignore_errors=True)
        environment = os.environ | {"NETWORK_MONITOR__PROCESSING__MAX_WORKERS": str(self.workers)}
        with open(self.stdin or os.devnull, "rb") as stdin:
            command = [sys.executable, "-I", "-S", "-c", LAUNCH, *self.command]
            done = subprocess.run(command, stdin=stdin, capture_output=True, env=environment)
        if done.returncode != 0:
            sys.exit(f"{self.name} failed: {done.stderr.decode()[-400:]}")
        cpu, wall, memory = (float(figure) for figure in done.stdout.split())
        self.cpu.append(cpu)
        self.wall.append(wall)
        self.memory = max(self.memory, memory)


def measure(tools, runs):
    """Runs all tools in turn, once to warm up and then `runs` times. Gives (CPU, wall) medians by name."""
    for tool in tools:
        tool.run()
        tool.cpu, tool.wall = [], []
    for _ in range(runs):
        for tool in tools:
            tool.run()
    return {tool.name: (statistics.median(tool.cpu), statistics.median(tool.wall)) for tool in tools}


class Site:
    """A folder with logs, settings, a store and reports."""

    def __init__(self, folder):
        self.folder = folder
        self.logs, self.store, self.reports = (folder / name for name in ("logs", "store", "reports"))
        self.logs.mkdir(parents=True)
        self.settings = folder / "settings.yaml"
        self.settings.write_text(
            "timezone: UTC\nhost: bench\nemail: {enabled: false}\n"
            "paths: {log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: store}\n"
            "reports: {format: [json, csv, parquet]}\n"
        )
        self.log = self.logs / "bandwhich_20260302_0000.log"

    def tool(self, name, *arguments, workers=1, keep_store=False):
        command = [BINARY, "--quiet", "--config", self.settings, *arguments]
        remove = [self.reports] if keep_store else [self.store, self.reports]
        return Tool(name, command, remove=remove, workers=workers)

    def wc(self):
        return Tool("wc -l", ["wc", "-l", self.log])

    def store_share(self):
        """Size of the store in per cent of the logs'."""

        def size(folder):
            return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

        return 100 * size(self.store) / size(self.logs)


def generate(log, megabytes=1000, connections=200, hours=None):
    """Writes a log of so many megabytes, or of so many hours if that is less, and gives what is true of
    it. An hour of 200 connections has about 50 MB."""
    hours = hours or megabytes / 20
    truth = log.parent.parent / "truth.json"
    generator = [sys.executable, ROOT / "scripts/gen_log.py", "-o", log, "--hours", str(hours)]
    generator += ["--conns", str(connections), "--max-bytes", str(int(megabytes * 1e6)), "--truth", truth]
    subprocess.run(generator, check=True, stderr=subprocess.DEVNULL)
    return json.loads(truth.read_text())


def compare(folder, megabytes, runs):
    """The main job beside other tools, all on one log."""
    site = Site(folder)
    log = site.log
    truth = generate(log, megabytes)
    python = ROOT / ".venv/bin/python"
    awk = shutil.which("mawk") or "awk"
    tools = [
        site.wc(),
        Tool("ripgrep, count a word", [ROOT / ".tools/bin/rg", "-c", "node", log]),
        Tool("parsing alone", [FOLD, "--parse-only"], stdin=log),
        Tool("parsing and folding alone", [FOLD], stdin=log),
        site.tool("network-monitor ingest", "ingest"),
        site.tool("network-monitor report", "report"),
        site.tool("network-monitor report, two workers", "report", workers=2),
        Tool(f"{Path(awk).name}, sum by process", [awk, AWK, log]),
        Tool("Polars, regex and group by process", [python, "-c", POLARS.replace("LOG", str(log))]),
        Tool("DuckDB, regex and group by process", [python, "-c", DUCKDB.replace("LOG", str(log))]),
    ]
    figures = measure(tools, runs)
    least = figures["wc -l"][0]
    print(f"\n{log.stat().st_size / 1e6:.0f} MB, {runs} runs each\n")
    print("| what | CPU s | against wc -l | wall s | peak memory |\n|---|--:|--:|--:|--:|")
    for tool in tools:
        cpu, wall = figures[tool.name]
        print(f"| {tool.name} | {cpu:.2f} | {cpu / least:.1f} | {wall:.2f} | {tool.memory:.0f} MB |")
    one, two = (figures[f"network-monitor report{workers}"][1] for workers in ("", ", two workers"))
    print(f"\nreport with two workers takes {two / one:.2f} of the time that it takes with one")
    report = json.loads((site.reports / "report_20260302.json").read_text())
    for way, name in (("up", "total_upload_bytes"), ("down", "total_download_bytes")):
        print(f"{name}: {report[name]}, {100 * (report[name] / truth[way] - 1):+.4f} % of the truth")
    print(f"store: {site.store_share():.2f} % of the log")


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


def growth(folder, sizes, runs):
    """CPU and memory over logs of growing size, and over many connections."""
    print("\n| log | CPU of report against wc -l | peak memory |\n|---|--:|--:|")
    cases = [(f"{size:,.0f} MB", lambda log, size=size: generate(log, size)) for size in sizes]
    for hours in (1, 4):
        name = f"{hours} h, 100,000 connections an hour"
        cases.append((name, lambda log, hours=hours: churn(log, hours, 100_000)))
    for number, (name, write) in enumerate(cases):
        site = Site(folder / str(number))
        write(site.log)
        least, report = tools = [site.wc(), site.tool("report", "report")]
        figures = measure(tools, runs if site.log.stat().st_size < 2e9 else 1)
        ratio = figures[report.name][0] / figures[least.name][0]
        print(f"| {name} | {ratio:.1f} | {report.memory:.0f} MB |", flush=True)
        shutil.rmtree(site.folder)


def history(folder, runs):
    """A day's report with more and more history, and a report over all of it. Findings look back over
    eight weeks, so beyond these nothing should grow."""
    one = Site(folder / "1")
    generate(one.log, connections=20, hours=1 / 3)
    text = one.log.read_bytes()

    def day(number):
        return time.gmtime(START + number * DAY)

    tools = []
    for days in (1, 60, DAYS):
        site = one if days == 1 else Site(folder / str(days))
        for number in range(days):
            later = re.sub(rb"<(\d{10})>", lambda stamp: b"<%d>" % (int(stamp[1]) + number * DAY), text)
            log = site.logs / time.strftime("bandwhich_%Y%m%d_0000.log", day(number))
            log.write_bytes(later)
        site.tool("", "ingest").run()
        share = site.store_share()
        # Each day has news until it was reported once.
        all_days = site.tool(f"each of {days} days", "report", keep_store=True)
        all_days.run()
        # As where they are archived: only the last day's log is there.
        for path in site.logs.iterdir():
            if path != log:
                path.unlink()
        last = time.strftime("%Y-%m-%d", day(days - 1))
        name = f"a day, {days} day{'s' * (days > 1)} in the store"
        tools.append(site.tool(name, "report", "--date", last, keep_store=True))
    first = time.strftime("%Y-%m-%d", day(0))
    range_of_days = site.tool(f"{DAYS} days as one", "report", "--date", f"{first}..{last}", keep_store=True)
    figures = measure([*tools, range_of_days], runs)
    figures[all_days.name] = (all_days.cpu[0], all_days.wall[0])
    print("\n| report of | CPU s | against one day | wall s | peak memory |\n|---|--:|--:|--:|--:|")
    least = figures[tools[0].name][0]
    for tool in [*tools, all_days, range_of_days]:
        cpu, wall = figures[tool.name]
        print(f"| {tool.name} | {cpu:.3f} | {cpu / least:.1f} | {wall:.3f} | {tool.memory:.0f} MB |")
    print(f"\nstore of {DAYS} days: {share:.2f} % of the logs")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=100, help="size of the log")
    parser.add_argument("--large", type=float, default=0, help="size of a further, large log; 0 for none")
    parser.add_argument("--runs", type=int, default=5, help="runs of each tool")
    parser.add_argument("--only", choices=("compare", "growth", "history"), help="one part of it")
    arguments = parser.parse_args()
    sizes = [100, 1000] + [arguments.large] * (arguments.large > 0)
    parts = {
        "compare": lambda folder: compare(folder, arguments.megabytes, arguments.runs),
        "growth": lambda folder: growth(folder, sizes, arguments.runs),
        "history": lambda folder: history(folder, arguments.runs),
    }
    for name, part in parts.items():
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                part(Path(folder) / "site")


if __name__ == "__main__":
    main()
