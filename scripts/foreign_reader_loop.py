"""Reads a history with DuckDB and pyarrow, again and again, while it is written and compacted.

    foreign_reader_loop.py BINARY FOLDER LOG...

FOLDER is empty. The logs grow and are ingested one by one, and their days are compacted; meanwhile the readers
take lists from `store files` under a shared lock, as the README says. Ends with 1 if a sum is found that no
commit left.
"""

import fcntl
import json
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.compute
import pyarrow.parquet

SETTINGS = """
timezone: UTC
host: loop
paths: {log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: store}
email: {enabled: false}
"""


def duckdb_sum(database, files):
    if not files:
        return 0
    query = "SELECT sum(upload_bytes + download_bytes)::HUGEINT FROM read_parquet(?, union_by_name = true)"
    return int(database.execute(query, [files]).fetchone()[0] or 0)


def pyarrow_sum(files):
    total = 0
    for file in files:
        table = pyarrow.parquet.read_table(file, columns=["upload_bytes", "download_bytes"])
        total += sum(pyarrow.compute.sum(column).as_py() or 0 for column in table.columns)
    return total


class Loop:
    def __init__(self, binary, folder, logs):
        self.command = [binary, "--quiet", "-c", folder / "settings.yaml"]
        self.folder, self.logs = folder, [Path(log) for log in logs]
        (folder / "settings.yaml").write_text(SETTINGS)
        (folder / "logs").mkdir()
        self.committed = {0}
        self.failed = None

    def run(self, *words):
        return subprocess.run([*self.command, *words], check=True, capture_output=True).stdout

    def files(self):
        return [file["path"] for file in json.loads(self.run("store", "files", "--json"))]

    def write(self):
        """Each log in three versions, of which each replaces the one before; days are compacted in between."""
        try:
            database = duckdb.connect()
            for number, log in enumerate(self.logs):
                content = log.read_bytes()
                for part in (2, 4, 5):
                    (self.folder / "logs" / log.name).write_bytes(content[: len(content) * part // 5])
                    self.run("ingest")
                    self.committed.add(duckdb_sum(database, self.files()))
                    if (number + part) % 2:
                        self.run("store", "compact")
        except Exception as error:
            self.failed = error

    def read(self):
        """Sums that were found until the writer was done."""
        found = []
        database = duckdb.connect()
        writer = threading.Thread(target=self.write)
        writer.start()
        lock = self.folder / "store" / "readers"
        while writer.is_alive():
            if not lock.exists():
                continue
            with open(lock) as held:
                fcntl.flock(held, fcntl.LOCK_SH)
                files = self.files()
                found.append(("DuckDB", duckdb_sum(database, files)))
                found.append(("pyarrow", pyarrow_sum(files)))
        writer.join()
        return found


def main():
    binary, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    loop = Loop(binary, folder, sys.argv[3:])
    found = loop.read()
    if loop.failed:
        sys.exit(f"the writer failed: {loop.failed}")
    strange = [sums for sums in found if sums[1] not in loop.committed]
    different = len({total for _, total in found})
    print(f"{len(found)} sums beside {len(loop.committed)} commits, {different} different, {len(strange)} that no commit left")
    if strange or different < 5:
        sys.exit(f"expected none that no commit left, and at least 5 different ones: {strange[:5]}")


if __name__ == "__main__":
    main()
