"""What the parts of performance.py share: programs that are timed, sites, and generated logs."""

import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = TARGET / "release/network-monitor"
START = 1_772_409_600  # 2026-03-02 in UTC
DAY = 86_400

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
    fine: tuple = (0,)

    def run(self):
        for path in self.remove:
            shutil.rmtree(path, ignore_errors=True)
        environment = os.environ | {"NETWORK_MONITOR__PROCESSING__MAX_WORKERS": str(self.workers)}
        with open(self.stdin or os.devnull, "rb") as stdin:
            command = [sys.executable, "-I", "-S", "-c", LAUNCH, *self.command]
            done = subprocess.run(command, stdin=stdin, capture_output=True, env=environment)
        if done.returncode not in self.fine:
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

    def __init__(self, folder, more="reports: {format: [json, csv, parquet]}\n"):
        self.folder = folder
        self.logs, self.store, self.reports = (folder / name for name in ("logs", "store", "reports"))
        self.logs.mkdir(parents=True)
        self.settings = folder / "settings.yaml"
        self.settings.write_text(
            "timezone: UTC\nhost: bench\nemail: {enabled: false}\n"
            "paths: {log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: store}\n" + more
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


def generate(log, megabytes=1000, connections=200, hours=None, activity=0.5, start=0, seed=1):
    """Writes a log of so many megabytes, or of so many hours if that is less, and gives what is true of
    it. It begins so many seconds after the first day. An hour of 200 connections has about 50 MB."""
    hours = hours or megabytes / 20
    truth = log.with_suffix(".truth")
    generator = [sys.executable, ROOT / "scripts/gen_log.py", "-o", log, "--hours", str(hours)]
    generator += ["--start", f"{start // 3600:02}:{start // 60 % 60:02}", "--seed", str(seed)]
    generator += ["--conns", str(connections), "--activity", str(activity)]
    generator += ["--max-bytes", str(int(megabytes * 1e6)), "--truth", truth]
    subprocess.run(generator, check=True, stderr=subprocess.DEVNULL)
    true = json.loads(truth.read_text())
    truth.unlink()
    return true
