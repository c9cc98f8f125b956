//! Received above the line, sent below it, on one scale: means as areas, peaks as a band behind
//! them, times without observation as hatched stretches.

use std::fmt::Write as _;

use super::scale::{rates, times};
use crate::Report;

/// How large a curve is drawn: text has the same size in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveSize {
    /// For pages, 960 units wide.
    Wide,
    /// For telephones, 344 units wide.
    Narrow,
}

/// Peaks reach this many times as high as the highest mean before they are cut off.
const MOST_OF_PEAKS: u64 = 2;

/// Where a curve lies within its picture.
struct Frame {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Seconds since 1970 at the left end, and seconds shown.
    start: i64,
    seconds: f64,
    /// Bytes per second at the upper and the lower end.
    down: f64,
    up: f64,
}

impl Frame {
    fn x(&self, second: i64) -> f64 {
        let part = second.saturating_sub(self.start) as f64 / self.seconds;
        self.left + part.clamp(0.0, 1.0) * (self.width - self.left - self.right)
    }

    fn plot_height(&self) -> f64 {
        self.height - self.top - self.bottom
    }

    /// Height of a rate.
    fn length(&self, rate: u64) -> f64 {
        self.plot_height() * rate as f64 / (self.down + self.up)
    }

    fn zero(&self) -> f64 {
        self.top + self.plot_height() * self.down / (self.down + self.up)
    }
}

/// The report's curve as an SVG element, `None` if nothing was observed. Its parts have classes
/// (`down`, `up`, `band`, `gap`, `grid`, `axis`) and no colours. `id` tells the pictures of a page
/// apart.
pub fn curve_svg(report: &Report, size: CurveSize, id: &str) -> Option<String> {
    let curve = &report.curve;
    if curve.is_empty() {
        return None;
    }
    let frame = frame(report, size);
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
    grid(&mut svg, report, &frame, size);
    let step = i64::from(curve.step_seconds);
    for (class, list, sign) in [
        ("band down", &curve.peak_download_bps, -1.0),
        ("band up", &curve.peak_upload_bps, 1.0),
        ("down", &curve.download_bps, -1.0),
        ("up", &curve.upload_bps, 1.0),
    ] {
        let path = area(list, step, &frame, sign);
        write!(svg, "<path class=\"{class}\" d=\"{path}\"/>").expect("a String takes any text");
    }
    let (zero, right) = (frame.zero(), frame.width - frame.right);
    write!(
        svg,
        "<path class=\"axis\" d=\"M{:.1} {zero:.1}H{right:.1}\"/></svg>",
        frame.left
    )
    .expect("a String takes any text");
    Some(svg)
}

/// Whether some peak is too high for the chart.
pub(crate) fn cuts_peaks(report: &Report) -> bool {
    let curve = &report.curve;
    let (down, up) = reach(report);
    largest(&curve.peak_download_bps) > down || largest(&curve.peak_upload_bps) > up
}

fn largest(list: &[Option<u64>]) -> u64 {
    list.iter().flatten().copied().max().unwrap_or(0)
}

/// The highest rates shown of each direction.
fn reach(report: &Report) -> (u64, u64) {
    let curve = &report.curve;
    let means = largest(&curve.download_bps).max(largest(&curve.upload_bps));
    let most = means.saturating_mul(MOST_OF_PEAKS);
    let down = largest(&curve.peak_download_bps).min(most);
    let up = largest(&curve.peak_upload_bps).min(most);
    (down, up)
}

fn frame(report: &Report, size: CurveSize) -> Frame {
    let (start, end) = (
        report.period.start.as_second(),
        report.period.end.as_second(),
    );
    let (down, up) = reach(report);
    // The lesser direction keeps room for a line of its own.
    let least = (down.max(up) / 8).max(1);
    let (width, height) = match size {
        CurveSize::Wide => (960.0, 272.0),
        CurveSize::Narrow => (344.0, 220.0),
    };
    Frame {
        width,
        height,
        left: 66.0,
        right: 18.0,
        top: 8.0,
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
        let y = zero + sign * frame.length((*value).min(limit as u64));
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
    let (zero, right) = (frame.zero(), frame.width - frame.right);
    let lines = rates(frame.down.max(frame.up) as u64, 4);
    let step = lines.get(1).copied().unwrap_or(1);
    let mut line = |rate: u64, y: f64| {
        write!(
            svg,
            "<path class=\"grid\" d=\"M{:.1} {y:.1}H{right:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{}</text>",
            frame.left,
            frame.left - 6.0,
            y + 4.0,
            display::rate(rate)
        )
        .expect("a String takes any text");
    };
    line(0, zero);
    let fits = |most: f64| move |rate: &u64| *rate as f64 <= most;
    let upwards = (1..).map(|times| step * times);
    for rate in upwards.clone().take_while(fits(frame.down)) {
        line(rate, zero - frame.length(rate));
    }
    for rate in upwards.take_while(fits(frame.up)) {
        line(rate, zero + frame.length(rate));
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
