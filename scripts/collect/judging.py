"""What a trial found: true bytes, the report's, and what was said of the difference."""

import dataclasses

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
    """Bytes that the report says the log lacks: what the kernel counted and bandwhich did not."""
    found = report.get("reconciliation") or {}
    if "missing_bytes" in found:
        return found["missing_bytes"]
    expected, counted = found.get("expected_bytes"), found.get("bandwhich_bytes")
    if expected and counted is not None:
        return max(0, expected[0] - counted)
    return 0


def volume(what, report, truth, interfaces=("c0",), tolerance=TOLERANCE):
    """Compares a report's bytes with the judge's. A loss beyond the tolerance must be stated by the report."""
    true = [sum(truth["sums"].get(name, (0, 0))[way] for name in interfaces) for way in (0, 1)]
    said = [report["total_upload_bytes"], report["total_download_bytes"]]
    errors = [100 * (mine - its) / its if its else 0.0 for mine, its in zip(said, true)]
    worst = max(errors, key=abs)
    loss, stated = sum(true) - sum(said), missing(report)
    figures = (f"true {true[0]}/{true[1]} up/down, report {said[0]}/{said[1]}, "
               f"error {errors[0]:+.3f} %/{errors[1]:+.3f} %")
    # Values are rounded, which a few packets of acknowledgements show.
    is_exact = all(abs(mine - its) <= max(100, tolerance * its) for mine, its in zip(said, true))
    if not is_exact:
        figures += f", {loss} lost, {stated} stated"
    is_stated = loss > 0 and abs(stated - loss) <= STATED * loss
    holds = (is_exact or is_stated) and not truth["lost"]
    return Result(what, holds, figures, worst)
