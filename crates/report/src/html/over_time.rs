//! The curve of a page, its numbers for the script that reads them out, and the same hours as a table.

use analysis::{Band, Direction, FindingKind};
use serde::Serialize;

use super::change::report_days;
use super::findings::with_numbers;
use super::quantities::{bytes, duration, rate};
use crate::charts::{CurveSize, Mark, Overlay, curve_svg};
use crate::{DatedFinding, Report};

/// A finding that takes more of the period is no event on its curve.
const LONGEST_MARK: f64 = 0.8;
/// Seconds to which the first sight of a name is known.
const FIRST_SIGHT: i64 = 900;

/// The curve.
#[derive(Serialize)]
pub(super) struct Curve {
    wide: String,
    narrow: String,
    step: String,
    has_usual: bool,
    has_marks: bool,
    data: CurveData,
}

/// The curve's numbers, as lists with commas between them. What is missing is empty.
#[derive(Serialize)]
struct CurveData {
    start: i64,
    end: i64,
    step: u32,
    /// Seconds since 1970 from which on the clocks are so many seconds ahead of UTC: `second:offset`.
    offsets: String,
    received: String,
    sent: String,
    peak_received: String,
    peak_sent: String,
    /// Usual rates from a second on: `second:least:most`.
    usual_received: String,
    usual_sent: String,
    /// The first and the last part of each picture's width that belong to the curve.
    plot_wide: String,
    plot_narrow: String,
}

/// An hour or day of the table.
#[derive(Serialize)]
pub(super) struct Hour {
    start: String,
    received: String,
    sent: String,
    peak_received: String,
    peak_sent: String,
    observed: String,
}

pub(super) fn curve(report: &Report) -> Option<Curve> {
    let usual = report.usual.as_ref().map_or(&[][..], |usual| &usual.bands);
    let marks: Vec<Mark> = (with_numbers(report).into_iter())
        .filter_map(|(number, finding)| mark(report, number, &finding))
        .collect();
    let overlay = Overlay {
        usual,
        marks: &marks,
    };
    Some(Curve {
        wide: curve_svg(report, CurveSize::Wide, "wide", &overlay)?,
        narrow: curve_svg(report, CurveSize::Narrow, "narrow", &overlay)?,
        step: duration(report.curve.step_seconds.into()),
        has_usual: !usual.is_empty(),
        has_marks: !marks.is_empty(),
        data: data(report, usual),
    })
}

/// When a finding was, if that is a part of the period.
fn mark(report: &Report, number: usize, dated: &DatedFinding<'_>) -> Option<Mark> {
    let finding = dated.finding;
    let (first, last) = (
        report.period.start.as_second(),
        report.period.end.as_second(),
    );
    let mut end = finding.end.min(last);
    // It is known when the name was first seen; from then on to the end of the day it was known.
    if finding.kind == FindingKind::FirstSeen && finding.end >= last {
        end = finding.start.saturating_add(FIRST_SIGHT).min(last);
    }
    let start = finding.start.max(first);
    let length = end.saturating_sub(start);
    let is_event = length > 0 && (length as f64) < (last - first) as f64 * LONGEST_MARK;
    let is_told = !matches!(finding.kind, FindingKind::Quota | FindingKind::Trend);
    (is_event && is_told && !dated.has_ended()).then_some(Mark {
        start,
        end,
        severity: finding.severity,
        number,
    })
}

fn data(report: &Report, usual: &[Band]) -> CurveData {
    let curve = &report.curve;
    let list = |rates: &[Option<u64>]| {
        let rates = rates
            .iter()
            .map(|rate| rate.map_or_else(String::new, |rate| rate.to_string()));
        rates.collect::<Vec<_>>().join(",")
    };
    let band = |direction: Direction| {
        let bands = usual.iter().filter(|band| band.direction == direction);
        let hours = bands.flat_map(|band| &band.hours);
        let rates = hours.filter_map(|hour| {
            let expected = hour.expected?;
            let rate = |bytes: f64| (bytes / 3600.0).round() as u64;
            Some(format!(
                "{}:{}:{}",
                hour.start,
                rate(expected.low),
                rate(expected.high)
            ))
        });
        rates.collect::<Vec<_>>().join(",")
    };
    let plot = |size: CurveSize| {
        let (first, last) = size.plot();
        format!("{first:.5},{last:.5}")
    };
    CurveData {
        start: report.period.start.as_second(),
        end: report.period.end.as_second(),
        step: curve.step_seconds,
        offsets: offsets(report),
        received: list(&curve.download_bps),
        sent: list(&curve.upload_bps),
        peak_received: list(&curve.peak_download_bps),
        peak_sent: list(&curve.peak_upload_bps),
        usual_received: band(Direction::Down),
        usual_sent: band(Direction::Up),
        plot_wide: plot(CurveSize::Wide),
        plot_narrow: plot(CurveSize::Narrow),
    }
}

/// The offsets of the zone's clocks in the period.
fn offsets(report: &Report) -> String {
    let end = report.period.end.as_second();
    let mut at = report.period.start.as_second();
    let mut offsets = Vec::new();
    while let Ok(timestamp) = jiff::Timestamp::from_second(at) {
        let offset = report.zone.to_offset(timestamp).seconds();
        offsets.push(format!("{at}:{offset}"));
        let next = report.zone.following(timestamp).next();
        match next.map(|transition| transition.timestamp().as_second()) {
            Some(next) if next > at && next < end => at = next,
            _ => break,
        }
    }
    offsets.join(",")
}

pub(super) fn timeline(report: &Report) -> Vec<Hour> {
    let days = report_days(report);
    let entries = report.timeline.iter();
    entries
        .map(|entry| Hour {
            start: entry
                .start
                .civil()
                .strftime(match days {
                    1 => "%H:%M",
                    2 => "%-d %b, %H:%M",
                    _ => "%a, %-d %b",
                })
                .to_string(),
            received: bytes(entry.download_bytes),
            sent: bytes(entry.upload_bytes),
            peak_received: rate(entry.peak_download_bps),
            peak_sent: rate(entry.peak_upload_bps),
            observed: duration(entry.observed_seconds),
        })
        .collect()
}
