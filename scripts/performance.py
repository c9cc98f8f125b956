"""Times network-monitor beside other tools on generated logs and prints tables.

Figures are medians, the tools taking turns, so that a busy minute of the machine meets all of them;
memory is the largest seen. CPU is user and system time of all threads. Only the ratios mean anything
on another machine.
"""

import argparse
import json
import re
import shutil
import tempfile
import time
from pathlib import Path

from performance_sites import churn, sites
from performance_tools import DAY, ROOT, START, TARGET, Site, Tool, generate, measure

FOLD = TARGET / "release/examples/fold"
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
    parser.add_argument("--only", choices=("compare", "growth", "history", "sites"), help="one part of it")
    arguments = parser.parse_args()
    sizes = [100, 1000] + [arguments.large] * (arguments.large > 0)
    parts = {
        "compare": lambda folder: compare(folder, arguments.megabytes, arguments.runs),
        "growth": lambda folder: growth(folder, sizes, arguments.runs),
        "history": lambda folder: history(folder, arguments.runs),
        "sites": lambda folder: sites(folder, arguments.runs),
    }
    for name, part in parts.items():
        if arguments.only in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                part(Path(folder) / "site")


if __name__ == "__main__":
    main()
