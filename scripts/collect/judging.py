"""What a trial found: true bytes, the report's, and what was said of the difference."""

import dataclasses
import re

# Bytes that may be missing or too many without a word, as a part of the truth.
TOLERANCE = 0.001
# How near a stated loss must come, as a part of itself.
STATED = 0.1


@dataclasses.dataclass
class Result:
    what: str
    holds: bool
    figures: str
    error: float = 0.0

    def show(self):
        print(f"{'ok ' if self.holds else 'OFF'} {self.what}: {self.figures}", flush=True)


def check(what, holds, figures):
    return Result(what, bool(holds), str(figures))


def missing(report):
    """Bytes that the report says the log lacks."""
    return (report.get("coverage") or {}).get("missed_bytes", 0)


# Bytes of the headers of Ethernet and IPv4, which the kernel counts and bandwhich does not.
HEADERS = 34


def counted(logs, interface):
    """What the kernel counted on an interface from the first note of the logs to the last, behind its headers."""
    pattern = rb'interface "' + interface.encode() + rb'" \w+ received (\d+)/(\d+) sent (\d+)/(\d+)'
    notes = [list(map(int, note)) for log in logs for note in re.findall(pattern, log.read_bytes())]
    total = 0
    for before, after in zip(notes, notes[1:]):
        # An interface that was made again counts from 0.
        change = [new - old if new >= old else new for old, new in zip(before, after)]
        total += change[0] + change[2] - HEADERS * (change[1] + change[3])
    return total


def volume(what, report, truth, interfaces=("c0",), logs=()):
    """Compares a report's bytes with the judge's. A loss beyond the tolerance must be stated: by the report, or
    by the kernel's counters in the notes of the logs."""
    true = [sum(truth["sums"].get(name, (0, 0))[way] for name in interfaces) for way in (0, 1)]
    said = [report["total_upload_bytes"], report["total_download_bytes"]]
    errors = [100 * (mine - its) / its if its else 0.0 for mine, its in zip(said, true)]
    figures = (f"true {true[0]}/{true[1]} up/down, report {said[0]}/{said[1]}, "
               f"error {errors[0]:+.3f} %/{errors[1]:+.3f} %")
    # Values are rounded, which a few packets of acknowledgements show.
    is_exact = all(abs(mine - its) <= max(100, TOLERANCE * its) for mine, its in zip(said, true))
    is_stated = False
    if not is_exact:
        loss = sum(true) - sum(said)
        stated = missing(report)
        noted = sum(counted(logs, name) for name in interfaces) - sum(said) if logs else 0
        figures += f", {loss} lost, the report states {stated}, the log's notes {noted}"
        is_stated = loss > 0 and any(abs(value - loss) <= STATED * loss for value in (stated, noted))
    return Result(what, (is_exact or is_stated) and not truth["lost"], figures, max(errors, key=abs))
