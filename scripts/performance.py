"""Times network-monitor beside other tools on one generated log and prints a table.

Figures are medians; CPU is user and system time of all threads. Only the ratios mean anything on
another machine.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
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


def measure(command, prepare=lambda: None, runs=5):
    """Median CPU seconds, median wall seconds, largest memory in MB."""
    cpu, memory = [], 0
    for _ in range(runs):
        prepare()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            sys.exit(f"{command[0]} failed: {process.stderr.read().decode()[-400:]}")
        cpu.append(usage.ru_utime + usage.ru_stime)
        memory = max(memory, usage.ru_maxrss / 1024)
    return statistics.median(cpu), memory


def main():
    megabytes, runs = float(sys.argv[1]), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "logs").mkdir()
        log = folder / "logs" / "bandwhich_20260302_0000.log"
        generator = [sys.executable, ROOT / "scripts/gen_log.py", "-o", log, "--hours", "24"]
        generator += ["--conns", "200", "--max-bytes", str(int(megabytes * 1e6))]
        subprocess.run([*generator, "--truth", folder / "truth.json"], check=True)
        settings = folder / "settings.yaml"
        settings.write_text(
            "timezone: UTC\nhost: bench\nemail: {enabled: false}\n"
            "paths: {log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: store}\n"
            "reports: {format: [json, csv, parquet]}\n"
        )
        binary = TARGET / "release" / "network-monitor"

        def afresh():
            for name in ("store", "reports"):
                shutil.rmtree(folder / name, ignore_errors=True)

        python = ROOT / ".venv/bin/python"
        ours = [binary, "--quiet", "--config", settings]
        awk = shutil.which("mawk") or "awk"
        tools = [
            ("wc -l", ["wc", "-l", log], None),
            ("ripgrep, count a word", [ROOT / ".tools/bin/rg", "-c", "node", log], None),
            (f"{Path(awk).name}, sum by process", [awk, AWK, log], None),
            ("DuckDB, regex and group", [python, "-c", DUCKDB.replace("LOG", str(log))], None),
            ("Polars, regex and group", [python, "-c", POLARS.replace("LOG", str(log))], None),
            ("network-monitor ingest", [*ours, "ingest"], afresh),
            ("network-monitor report", [*ours, "report"], afresh),
        ]
        figures = [(name, *measure(command, prepare or (lambda: None), runs)) for name, command, prepare in tools]
        least = figures[0][1]
        print(f"\n{log.stat().st_size / 1e6:.0f} MB, {runs} runs each\n")
        print("| what | CPU s | against wc -l | peak memory |\n|---|--:|--:|--:|")
        for name, cpu, memory in figures:
            print(f"| {name} | {cpu:.2f} | {cpu / least:.1f} | {memory:.0f} MB |")
        truth = json.loads((folder / "truth.json").read_text())
        report = json.loads((folder / "reports/report_20260302.json").read_text())
        size = sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())
        for way, name in (("up", "total_upload_bytes"), ("down", "total_download_bytes")):
            print(f"\n{name}: {report[name]}, {100 * (report[name] / truth[way] - 1):+.4f} % of the truth")
        print(f"\nstore: {100 * size / log.stat().st_size:.2f} % of the log")


if __name__ == "__main__":
    main()
