#!/usr/bin/env python3
"""Tries `network-monitor collect` with the real bandwhich, in network namespaces of its own.

    unshare --net --mount python3 scripts/collect.py [--runs N] NETWORK_MONITOR BANDWHICH [TRIAL...]

Each trial prints the true bytes, the report's, the error and what was said, and is named by its function in
scripts/collect/. With --runs it is repeated, and its worst run is printed again at the end. Needs root and
iproute2. Exits with 1 where a figure is off.
"""

import argparse
import pathlib
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "collect"))
import addresses  # noqa: E402
import bridges  # noqa: E402
import clocks  # noqa: E402
import holes  # noqa: E402
import judging  # noqa: E402
import lab  # noqa: E402
import load  # noqa: E402
import recording  # noqa: E402


def results(trial, folder, options):
    """What a trial finds; one that cannot be held is a failure and does not keep the others back."""
    try:
        yield from trial(folder, options)
    except Exception as error:  # noqa: BLE001
        yield judging.check(trial.__name__, False, repr(error))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=1, help="how often each trial runs")
    arguments.add_argument("--length", type=int, default=120, help="seconds of mixed load")
    arguments.add_argument("--megabytes", type=int, default=300, help="of each direction on a busy machine")
    arguments.add_argument("program")
    arguments.add_argument("bandwhich")
    arguments.add_argument("trials", nargs="*")
    options = arguments.parse_args()
    options.program = pathlib.Path(options.program).resolve()
    options.bandwhich = pathlib.Path(options.bandwhich).resolve()
    trials = [trial for part in (recording, addresses, bridges, holes, clocks, load) for trial in part.TRIALS]
    unknown = set(options.trials) - {trial.__name__ for trial in trials}
    if unknown:
        sys.exit(f"no such trial: {', '.join(sorted(unknown))}")
    lab.own_mounts()
    worst, failures = {}, 0
    with tempfile.TemporaryDirectory() as folder:
        for trial in trials:
            if options.trials and trial.__name__ not in options.trials:
                continue
            for run in range(options.runs):
                print(f"{trial.__name__} ({time.strftime('%H:%M:%S')}):", flush=True)
                for result in results(trial, pathlib.Path(folder) / f"{trial.__name__}-{run}", options):
                    result.show()
                    failures += not result.holds
                    before = worst.get(result.what)
                    if before is None or (result.holds, -abs(result.error)) < (before.holds, -abs(before.error)):
                        worst[result.what] = result
    if options.runs > 1:
        print(f"\nThe worst of {options.runs} runs:")
        for result in worst.values():
            result.show()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
