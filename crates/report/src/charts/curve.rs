//! Received above the line, sent below it, on one scale: means as areas, peaks as a band behind
//! them, times without observation as hatched stretches. What is laid over them is in `overlay.rs`.

use std::fmt::Write as _;

use super::frame::{CurveSize, Frame, LEFT, RIGHT, TOP, TOP_WITH_MARKS};
use super::overlay::{Overlay, marks, peaks, usual, usual_reach};
use super::scale::{rates, times};
use crate::Report;

/// Peaks reach this many times as high as the highest mean before they are cut off.
const MOST_OF_PEAKS: u64 = 2;

/// The report's curve as an SVG element, `None` if nothing was observed. Its parts have classes
/// (`down`, `up`, `band`, `gap`, `grid`, `axis`, `mark`, `usual`, `cut`, `peak`) and no colours. `id` tells
/// the pictures of a page apart.
pub(crate) fn curve_svg(
    report: &Report,
    size: CurveSize,
    id: &str,
    overlay: &Overlay<'_>,
) -> Option<String> {
    let curve = &report.curve;
    if curve.is_empty() {
        return None;
    }
    let frame = frame(report, size, overlay);
    let mut svg = String::with_capacity(32 * 1024);
    write!(
        svg,
        "<svg class=\"curve\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">Download and upload over time</title>\
         <desc id=\"{id}-desc\">{}</desc>\
         <defs><pattern id=\"{id}-hatch\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0V5\"/></pattern></defs>",
        frame.width,
        frame.height,
        describe(report),
    )
    .expect("a String takes any text");
    gaps(&mut svg, report, &frame, id);
    marks(&mut svg, overlay, &frame);
    grid(&mut svg, report, &frame, size);
    usual(&mut svg, overlay, &frame);
    let grouped = size.steps_drawn_as_one();
    let step = i64::from(curve.step_seconds) * grouped as i64;
    let mean = |group: &[u64]| group.iter().sum::<u64>() / group.len().max(1) as u64;
    let highest = |group: &[u64]| group.iter().copied().max().unwrap_or(0);
    let (peaks_down, peaks_up) = (&curve.peak_download_bps, &curve.peak_upload_bps);
    for (class, list, sign) in [
        ("band down", in_groups(peaks_down, grouped, highest), -1.0),
        ("band up", in_groups(peaks_up, grouped, highest), 1.0),
        ("down", in_groups(&curve.download_bps, grouped, mean), -1.0),
        ("up", in_groups(&curve.upload_bps, grouped, mean), 1.0),
    ] {
        let path = area(&list, step, &frame, sign);
        write!(svg, "<path class=\"{class}\" d=\"{path}\"/>").expect("a String takes any text");
    }
    let (zero, right) = (frame.zero(), frame.width - RIGHT);
    write!(
        svg,
        "<path class=\"axis\" d=\"M{LEFT:.1} {zero:.1}H{right:.1}\"/>"
    )
    .expect("a String takes any text");
    peaks(&mut svg, report, &frame, size);
    svg.push_str("</svg>");
    Some(svg)
}

fn largest(list: &[Option<u64>]) -> u64 {
    list.iter().flatten().copied().max().unwrap_or(0)
}

/// The highest rates shown of each direction.
fn reach(report: &Report, overlay: &Overlay<'_>) -> (u64, u64) {
    let curve = &report.curve;
    let means = largest(&curve.download_bps).max(largest(&curve.upload_bps));
    let most = means.saturating_mul(MOST_OF_PEAKS);
    let (usual_down, usual_up) = usual_reach(overlay);
    let down = largest(&curve.peak_download_bps).max(usual_down).min(most);
    let up = largest(&curve.peak_upload_bps).max(usual_up).min(most);
    (down, up)
}

fn frame(report: &Report, size: CurveSize, overlay: &Overlay<'_>) -> Frame {
    let (start, end) = (
        report.period.start.as_second(),
        report.period.end.as_second(),
    );
    let (down, up) = reach(report, overlay);
    // The lesser direction keeps room for a line of its own.
    let least = (down.max(up) / 8).max(1);
    let (width, height) = size.units();
    Frame {
        width,
        height,
        top: if overlay.marks.is_empty() {
            TOP
        } else {
            TOP_WITH_MARKS
        },
        bottom: 24.0,
        start,
        seconds: end.saturating_sub(start).max(1) as f64,
        down: down.max(least) as f64 * 1.04,
        up: up.max(least) as f64 * 1.04,
    }
}

fn describe(report: &Report) -> String {
    let gaps = match report.coverage.gaps_total {
        0 => String::new(),
        1 => " 1 gap in the observation is hatched.".to_owned(),
        many => format!(" {many} gaps in the observation are hatched."),
    };
    format!(
        "Download above the line, mean {}, peak {}; upload below it, mean {}, peak {}.{gaps} The same \
         numbers are in the table below.",
        display::rate(report.total_download_bps),
        display::rate(report.peak_download_bps),
        display::rate(report.total_upload_bps),
        display::rate(report.peak_upload_bps),
    )
}

/// The observed values of each group of steps as one.
fn in_groups(
    list: &[Option<u64>],
    length: usize,
    value: impl Fn(&[u64]) -> u64,
) -> Vec<Option<u64>> {
    let groups = list.chunks(length).map(|group| {
        let observed: Vec<u64> = group.iter().flatten().copied().collect();
        (!observed.is_empty()).then(|| value(&observed))
    });
    groups.collect()
}

/// Bars without gaps between them, from the line at zero; `None` breaks them.
fn area(list: &[Option<u64>], step: i64, frame: &Frame, sign: f64) -> String {
    let zero = frame.zero();
    let limit = if sign < 0.0 { frame.down } else { frame.up };
    let mut path = String::new();
    let mut open = false;
    let edge = |at: usize| frame.x(frame.start + step * at as i64);
    for (at, value) in list.iter().enumerate() {
        let Some(value) = value else {
            if open {
                write!(path, "V{zero:.1}Z").expect("a String takes any text");
                open = false;
            }
            continue;
        };
        if !open {
            write!(path, "M{:.1} {zero:.1}", edge(at)).expect("a String takes any text");
            open = true;
        }
        let y = zero + sign * frame.length((*value as f64).min(limit));
        write!(path, "V{y:.1}H{:.1}", edge(at + 1)).expect("a String takes any text");
    }
    if open {
        write!(path, "V{zero:.1}Z").expect("a String takes any text");
    }
    path
}

fn gaps(svg: &mut String, report: &Report, frame: &Frame, id: &str) {
    let mut path = String::new();
    let bottom = frame.height - frame.bottom;
    for gap in &report.coverage.gaps {
        let (from, to) = (frame.x(gap.start.as_second()), frame.x(gap.end.as_second()));
        // A gap narrower than a hair would not be seen.
        let to = to.max(from + 1.0);
        write!(path, "M{from:.1} {}H{to:.1}V{bottom}H{from:.1}Z", frame.top)
            .expect("a String takes any text");
    }
    if !path.is_empty() {
        write!(
            svg,
            "<path class=\"gap\" d=\"{path}\"/><path fill=\"url(#{id}-hatch)\" d=\"{path}\"/>"
        )
        .expect("a String takes any text");
    }
}

fn grid(svg: &mut String, report: &Report, frame: &Frame, size: CurveSize) {
    let (zero, right) = (frame.zero(), frame.width - RIGHT);
    let lines = rates(frame.down.max(frame.up) as u64, 4);
    let step = lines.get(1).copied().unwrap_or(1);
    let mut line = |rate: u64, y: f64| {
        write!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT:.1} {y:.1}H{right:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            display::rate(rate)
        )
        .expect("a String takes any text");
    };
    line(0, zero);
    let fits = |most: f64| move |rate: &u64| *rate as f64 <= most;
    let upwards = (1..).map(|times| step * times);
    for rate in upwards.clone().take_while(fits(frame.down)) {
        line(rate, zero - frame.length(rate as f64));
    }
    for rate in upwards.take_while(fits(frame.up)) {
        line(rate, zero + frame.length(rate as f64));
    }
    let bottom = frame.height - frame.bottom;
    let most = match size {
        CurveSize::Wide => 12,
        CurveSize::Narrow => 4,
    };
    for tick in times(report, most) {
        let x = frame.x(tick.at);
        write!(
            svg,
            "<path class=\"tick\" d=\"M{x:.1} {bottom}v4\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
             text-anchor=\"middle\">{}</text>",
            bottom + 17.0,
            tick.label
        )
        .expect("a String takes any text");
    }
}
