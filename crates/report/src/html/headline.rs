//! What a page says first: its headline, and the numbers as tiles.

use serde::Serialize;

use super::change::{report_days, sentence};
use super::findings::in_short;
use super::quantities::{bytes, duration, percent, rate};
use crate::{Report, UNKNOWN};

/// What stands first: the worst finding, if there is one, and the volumes.
#[derive(Serialize)]
pub(super) struct Headline {
    finding: Option<WorstFinding>,
    volumes: String,
    leaders: Vec<String>,
}

/// The worst finding.
#[derive(Serialize)]
struct WorstFinding {
    severity: &'static str,
    message: String,
}

/// One of the numbers that come first.
#[derive(Serialize)]
pub(super) struct Tile {
    class: &'static str,
    name: &'static str,
    value: String,
    detail: String,
    /// Where the page says more. `None` if it does not.
    link: Option<&'static str>,
}

impl Headline {
    pub(super) fn new(report: &Report) -> Self {
        Headline {
            finding: report.worst().map(|worst| WorstFinding {
                severity: worst.severity(),
                message: worst.sentence(),
            }),
            volumes: volumes(report),
            leaders: leaders(report),
        }
    }
}

fn volumes(report: &Report) -> String {
    let coverage = &report.coverage;
    if coverage.observed_seconds == 0 && report.total_bytes() == 0 {
        return "Nothing was observed.".to_owned();
    }
    let mut text = format!(
        "{} down, {} up{}",
        bytes(report.total_download_bytes),
        bytes(report.total_upload_bytes),
        if report.period.partial { " so far" } else { "" }
    );
    let comparison = &report.comparison;
    let before = match report_days(report) {
        1 => "the day before",
        _ => "the days before",
    };
    let than = comparison
        .previous
        .as_ref()
        .and_then(|then| sentence(report, then, before))
        .or_else(|| {
            let then = comparison.same_weekday.as_ref()?;
            sentence(report, then, "the same time last week")
        });
    if let Some(than) = than {
        text.push_str(&format!(": {than}"));
    }
    if let Some(missed) = coverage.missed_bytes.filter(|_| coverage.misses_bytes()) {
        text.push_str(&format!("; about {} missed", bytes(missed)));
    }
    text.push_str(&match coverage.gaps_total {
        0 if coverage.ratio >= 0.99 => "; observed without a gap.".to_owned(),
        0 => format!("; {} observed.", percent(coverage.ratio)),
        1 => format!("; 1 gap, {} observed.", percent(coverage.ratio)),
        many => format!("; {many} gaps, {} observed.", percent(coverage.ratio)),
    });
    text
}

/// Who moved most, and when.
fn leaders(report: &Report) -> Vec<String> {
    let mut leaders = Vec::new();
    let known = report
        .top_processes
        .iter()
        .find(|process| process.name != UNKNOWN);
    if let Some(top) = known.filter(|top| top.share > 0.0) {
        let name = display::cut(&top.name, 48, "…");
        leaders.push(format!("Most by {name}: {}", percent(top.share)));
    }
    if let Some(top) = report.top_remotes.first().filter(|top| top.share > 0.0) {
        let name = display::cut(&top.address, 48, "…");
        leaders.push(format!("Most with {name}: {}", percent(top.share)));
    }
    let busiest = report
        .timeline
        .iter()
        .max_by_key(|entry| entry.upload_bytes.saturating_add(entry.download_bytes));
    if let Some(busiest) = busiest.filter(|_| report.timeline.len() > 1) {
        let volume = busiest.upload_bytes.saturating_add(busiest.download_bytes);
        if volume > 0 {
            let when = busiest.start.civil();
            let when = match report_days(report) {
                1 => format!("Busiest hour from {}", when.strftime("%H:%M")),
                2 => format!("Busiest hour from {}", when.strftime("%-d %b, %H:%M")),
                _ => format!("Busiest day {}", when.strftime("%a, %-d %b")),
            };
            leaders.push(format!("{when}: {}", bytes(volume)));
        }
    }
    leaders
}

pub(super) fn tiles(report: &Report) -> Vec<Tile> {
    let tile = |class, name, value, detail, link| Tile {
        class,
        name,
        value,
        detail,
        link,
    };
    let mut tiles = Vec::new();
    if let Some(found) = in_short(report) {
        let link = Some("#findings");
        tiles.push(tile(
            found.class,
            "Findings",
            found.count,
            found.detail,
            link,
        ));
    }
    tiles.extend([
        tile(
            "down",
            "Received",
            bytes(report.total_download_bytes),
            format!("mean {}", rate(report.total_download_bps)),
            None,
        ),
        tile(
            "up",
            "Sent",
            bytes(report.total_upload_bytes),
            format!("mean {}", rate(report.total_upload_bps)),
            None,
        ),
        tile(
            "",
            "Peak received",
            rate(report.peak_download_bps),
            format!("95 % of the time below {}", rate(report.p95_download_bps)),
            None,
        ),
        tile(
            "",
            "Peak sent",
            rate(report.peak_upload_bps),
            format!("95 % of the time below {}", rate(report.p95_upload_bps)),
            None,
        ),
        tile(
            "",
            "Recorded",
            percent(report.coverage.ratio),
            format!(
                "{} of {}",
                duration(report.coverage.observed_seconds),
                duration(report.coverage.expected_seconds)
            ),
            Some("#recorded"),
        ),
    ]);
    tiles
}
