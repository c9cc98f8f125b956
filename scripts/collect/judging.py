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
    """Bytes that the report says the log lacks."""
    return (report.get("coverage") or {}).get("missed_bytes", 0)


def holes(report):
    """The times without bandwhich, in the report's words."""
    return [note["message"] for note in report["notes"] if note["code"] == "hole"]


def volume(what, report, truth, interfaces=("c0",)):
    """Compares a report's bytes with the judge's. The report must state a loss beyond the tolerance."""
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
        figures += f", {loss} lost, the report states {stated}"
        is_stated = loss > 0 and abs(stated - loss) <= STATED * loss
    return Result(what, (is_exact or is_stated) and not truth["lost"], figures, max(errors, key=abs))
