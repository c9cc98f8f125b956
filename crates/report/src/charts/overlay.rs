//! What is laid over a curve: what is usual, when findings were, and how high the peaks went that the
//! picture has no room for.

use std::fmt::Write as _;

use analysis::{Band, BandHour, Direction, Expected, Severity};

use super::frame::{CurveSize, Frame};
use crate::Report;

/// Seconds of an hour of a [`Band`].
const HOUR: i64 = 3600;
/// The least width of a mark, which a finding of a minute has.
const LEAST_WIDTH: f64 = 3.0;
/// Units between the numbers of two marks.
const NUMBER_WIDTH: f64 = 14.0;
/// Units that the text of a peak takes.
const PEAK_WIDTH: f64 = 84.0;

/// What is laid over a curve. Nothing of it is drawn by default.
#[derive(Clone, Copy, Default)]
pub(crate) struct Overlay<'a> {
    /// What is usual: the bands of the whole host.
    pub(crate) usual: &'a [Band],
    /// When findings were, in any order.
    pub(crate) marks: &'a [Mark],
}

/// When a finding was.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    /// First second, since 1970.
    pub(crate) start: i64,
    /// The second after its last.
    pub(crate) end: i64,
    /// How severe it is.
    pub(crate) severity: Severity,
    /// Its number in the list of findings.
    pub(crate) number: usize,
}

/// The highest usual rates of each direction: received, sent.
pub(super) fn usual_reach(overlay: &Overlay<'_>) -> (u64, u64) {
    let most = |direction| {
        let bands = overlay
            .usual
            .iter()
            .filter(|band| band.direction == direction);
        let hours = bands.flat_map(|band| &band.hours);
        let high = hours.filter_map(|hour| hour.expected).map(|one| one.high);
        (high.fold(0.0, f64::max) / HOUR as f64) as u64
    };
    (most(Direction::Down), most(Direction::Up))
}

/// What is usual, as a band from its least to its most.
pub(super) fn usual(svg: &mut String, overlay: &Overlay<'_>, frame: &Frame) {
    let mut path = String::new();
    for band in overlay.usual {
        let (sign, limit) = match band.direction {
            Direction::Down => (-1.0, frame.down),
            Direction::Up => (1.0, frame.up),
        };
        let y = |bytes: f64| {
            let rate = (bytes / HOUR as f64).clamp(0.0, limit);
            frame.zero() + sign * frame.length(rate)
        };
        let known = |hour: &BandHour| Some((hour.start, hour.expected?));
        for (start, Expected { low, high, .. }) in band.hours.iter().filter_map(known) {
            let (from, to) = (frame.x(start), frame.x(start.saturating_add(HOUR)));
            let (low, high) = (y(low), y(high));
            write!(path, "M{from:.1} {low:.1}V{high:.1}H{to:.1}V{low:.1}Z")
                .expect("a String takes any text");
        }
    }
    if !path.is_empty() {
        write!(svg, "<path class=\"usual\" d=\"{path}\"/>").expect("a String takes any text");
    }
}

/// When findings were, each with its number above.
pub(super) fn marks(svg: &mut String, overlay: &Overlay<'_>, frame: &Frame) {
    let mut marks: Vec<&Mark> = overlay.marks.iter().collect();
    marks.sort_by_key(|mark| (mark.start, mark.number));
    let bottom = frame.height - frame.bottom;
    let mut free = f64::MIN;
    for mark in marks {
        let class = match mark.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let from = frame.x(mark.start);
        let to = frame.x(mark.end).max(from + LEAST_WIDTH);
        let middle = ((from + to) / 2.0)
            .max(free)
            .min(frame.width - NUMBER_WIDTH / 2.0);
        free = middle + NUMBER_WIDTH;
        write!(
            svg,
            "<path class=\"mark {class}\" d=\"M{from:.1} {top:.1}H{to:.1}V{bottom:.1}H{from:.1}Z\"/>\
             <text class=\"number {class}\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            frame.top - 6.0,
            mark.number,
            top = frame.top,
        )
        .expect("a String takes any text");
    }
}

/// How high the peaks went that reach beyond the picture, or else the highest of each direction.
pub(super) fn peaks(svg: &mut String, report: &Report, frame: &Frame, size: CurveSize) {
    let curve = &report.curve;
    let step = i64::from(curve.step_seconds);
    let most = match size {
        CurveSize::Wide => 4,
        CurveSize::Narrow => 1,
    };
    for (list, sign, limit) in [
        (&curve.peak_download_bps, -1.0, frame.down),
        (&curve.peak_upload_bps, 1.0, frame.up),
    ] {
        let edge = frame.zero() + sign * frame.length(limit);
        let x = |at: usize| frame.x(frame.start.saturating_add(step * at as i64));
        let mut peaks: Vec<(u64, usize)> = (list.iter().enumerate())
            .filter_map(|(at, rate)| Some((rate.filter(|rate| *rate > 0)?, at)))
            .collect();
        peaks.sort_unstable_by(|one, other| other.cmp(one));
        let cut = peaks
            .iter()
            .take_while(|(rate, _)| *rate as f64 > limit)
            .count();
        let mut notches = String::new();
        for (_, at) in &peaks[..cut] {
            write!(notches, "M{:.1} {edge:.1}H{:.1}", x(*at), x(at + 1))
                .expect("a String takes any text");
        }
        if !notches.is_empty() {
            write!(svg, "<path class=\"cut\" d=\"{notches}\"/>").expect("a String takes any text");
        }
        let mut taken: Vec<f64> = Vec::new();
        for (rate, at) in &peaks[..cut.max(1).min(peaks.len())] {
            let from = x(*at);
            let is_free = taken.iter().all(|other| (other - from).abs() >= PEAK_WIDTH);
            if taken.len() == most || !is_free {
                continue;
            }
            taken.push(from);
            let top = frame.zero() + sign * frame.length((*rate as f64).min(limit));
            // Beside the end of the bar: above and below it there is no room for the tallest.
            let y = if sign < 0.0 { top + 9.0 } else { top - 2.0 };
            let (x, anchor) = if from + PEAK_WIDTH < frame.width {
                (x(at + 1) + 3.0, "start")
            } else {
                (from - 3.0, "end")
            };
            write!(
                svg,
                "<text class=\"peak\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
                display::rate(*rate)
            )
            .expect("a String takes any text");
        }
    }
}
