"""Compares the Parquet files of a history and its reports with the JSON beside them.

    foreign_readers.py OUTPUT RESULT.json...

OUTPUT holds `store/` and `reports/`; each RESULT is what `report --json` printed. Ends with 1 where
a reader finds another sum, another count, or a column of another type.
"""

import json
import sys
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet

COLUMNS = [
    "timestamp", "host", "process_name", "pid", "local_interface", "local_port", "remote_address",
    "remote_port", "protocol", "upload_bytes", "download_bytes", "upload_bps", "download_bps",
    "upload_peak_bps", "download_peak_bps", "first_seen", "last_seen",
]  # fmt: skip
TIMES = ["timestamp", "first_seen", "last_seen"]

differences = 0


def compare(what, found, expected):
    """Prints one figure, and notes where it is another than expected."""
    global differences
    verdict = "ok" if found == expected else f"DIFFERENT, expected {expected}"
    differences += found != expected
    print(f"{what:<58} {found}  {verdict}")


def pyarrow_sums(table):
    total = lambda column: pyarrow.compute.sum(table[column]).as_py() or 0
    return total("upload_bytes"), total("download_bytes")


def duckdb_sums(database, source):
    row = database.execute(
        f"SELECT sum(upload_bytes)::HUGEINT, sum(download_bytes)::HUGEINT FROM {source}"
    ).fetchone()
    return tuple(int(value or 0) for value in row)


def read_report(database, report, entry):
    """A report's Parquet against its JSON."""
    path = report.with_suffix(".parquet")
    whole = json.loads(report.read_text())
    expected = (whole["total_upload_bytes"], whole["total_download_bytes"])
    compare(f"{path.stem}, printed result", result_sums(entry), expected)

    table = pyarrow.parquet.read_table(path)
    strange = set(table.column_names) ^ set(COLUMNS)
    compare(f"{path.stem}, pyarrow columns missing or unknown", sorted(strange), [])
    compare(f"{path.stem}, pyarrow columns in order", table.column_names == COLUMNS, True)
    zones = {getattr(table.schema.field(name).type, "tz", None) for name in TIMES}
    compare(f"{path.stem}, pyarrow zone of times", zones, {"UTC"})
    compare(f"{path.stem}, pyarrow sums", pyarrow_sums(table), expected)

    source = f"read_parquet('{path}')"
    compare(f"{path.stem}, DuckDB sums", duckdb_sums(database, source), expected)
    start, end = whole["period"]["start"], whole["period"]["end"]
    outside = database.execute(
        f"SELECT count(*) FROM {source} "
        "WHERE timestamp < ?::TIMESTAMPTZ OR timestamp >= ?::TIMESTAMPTZ",
        [start, end],
    ).fetchone()[0]
    compare(f"{path.stem}, DuckDB rows outside of the period", outside, 0)

    # The busiest process is the busiest, whoever adds it up.
    top = whole["top_processes"][0]
    found = database.execute(
        f"SELECT process_name, sum(upload_bytes)::HUGEINT, sum(download_bytes)::HUGEINT "
        f"FROM {source} GROUP BY 1 ORDER BY sum(upload_bytes + download_bytes) DESC LIMIT 1"
    ).fetchone()
    busiest = (top["name"], top["upload_bytes"], top["download_bytes"])
    compare(f"{path.stem}, DuckDB busiest process", found, busiest)


def result_sums(entry):
    return entry["total_upload_bytes"], entry["total_download_bytes"]


def read_store(database, store, entries):
    """The history, partitioned by day and host, against the daily reports (in UTC)."""
    expected = {
        (entry["first_day"], entry["host"]): result_sums(entry)
        for entry in entries
        if entry["first_day"] == entry["last_day"]
    }
    folder = store / "traffic"
    dataset = pyarrow.dataset.dataset(folder, format="parquet", partitioning="hive")
    table = dataset.to_table()
    for (day, host), sums in expected.items():
        mine = pyarrow.compute.and_(
            pyarrow.compute.equal(table["date"].cast(pyarrow.string()), day),
            pyarrow.compute.equal(table["host"].cast(pyarrow.string()), host),
        )
        compare(f"store {day} {host}, pyarrow sums", pyarrow_sums(table.filter(mine)), sums)

    source = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = true, union_by_name = true)"
    found = database.execute(
        "SELECT date::VARCHAR, host, sum(upload_bytes)::HUGEINT, sum(download_bytes)::HUGEINT "
        f"FROM {source} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    found = {(day, host): (up, down) for day, host, up, down in found}
    for key in sorted(expected.keys() | found.keys()):
        compare(f"store {' '.join(key)}, DuckDB sums", found.get(key), expected.get(key))


def main():
    output = Path(sys.argv[1])
    results = [json.loads(Path(name).read_text()) for name in sys.argv[2:]]
    entries = [entry for result in results for entry in result["reports"]]
    print(f"pyarrow {pyarrow.__version__}, DuckDB {duckdb.__version__}")
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    if not entries:
        sys.exit("no reports were written")
    for entry in entries:
        paths = [Path(file["path"]) for file in entry["files"]]
        is_report = lambda path: path.name.startswith("report_") and path.suffix == ".json"
        read_report(database, next(filter(is_report, paths)), entry)
    read_store(database, output / "store", entries)
    if differences:
        sys.exit(f"{differences} differences")
    print("no differences")


if __name__ == "__main__":
    main()
