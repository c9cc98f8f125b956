//! One series over hours or days: what was as bars, what is usual as a band behind them, what is
//! unusual in a colour of its own, a slope as a line.

use std::fmt::Write as _;

use analysis::{Direction, Expected};
use display::Moment;
use jiff::tz::TimeZone;

use super::CurveSize;
use super::scale::rates;

/// The band reaches this many times as high as the rest before it is cut off.
const MOST_OF_BAND: f64 = 1.6;
/// Seconds beyond which marks are days.
const IN_DAYS: i64 = 50 * 3600;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 24.0;

/// An hour or day.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    /// First second, since 1970.
    pub(crate) start: i64,
    /// The second after its last.
    pub(crate) end: i64,
    /// Bytes. `None` if too little was observed.
    pub(crate) bytes: Option<f64>,
    /// What is usual. `None` if that is not known.
    pub(crate) expected: Option<Expected>,
    /// Whether a finding is about it.
    pub(crate) is_unusual: bool,
}

/// A chart of a series.
pub(crate) struct SeriesChart<'a> {
    /// In order.
    pub(crate) points: &'a [Point],
    /// Which way.
    pub(crate) direction: Direction,
    /// Bytes of a straight line at the middle of the first and the last point.
    pub(crate) slope: Option<(f64, f64)>,
    /// The zone of its times.
    pub(crate) zone: &'a TimeZone,
    /// What screen readers say; no names.
    pub(crate) title: &'a str,
}

struct Frame {
    width: f64,
    height: f64,
    start: i64,
    seconds: f64,
    most: f64,
}

impl Frame {
    fn x(&self, second: i64) -> f64 {
        let part = second.saturating_sub(self.start) as f64 / self.seconds;
        LEFT + part.clamp(0.0, 1.0) * (self.width - LEFT - RIGHT)
    }

    fn y(&self, bytes: f64) -> f64 {
        let part = (bytes / self.most).clamp(0.0, 1.0);
        self.height - BOTTOM - part * (self.height - TOP - BOTTOM)
    }
}

impl SeriesChart<'_> {
    /// The chart as an SVG element whose parts have classes and no colours; empty without points. `id`
    /// tells the pictures of a page apart.
    pub(crate) fn svg(&self, size: CurveSize, id: &str) -> String {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return String::new();
        };
        let (width, height) = match size {
            CurveSize::Wide => (960.0, 200.0),
            CurveSize::Narrow => (344.0, 180.0),
        };
        let frame = Frame {
            width,
            height,
            start: first.start,
            seconds: last.end.saturating_sub(first.start).max(1) as f64,
            most: self.most() * 1.04,
        };
        let mut svg = format!(
            "<svg class=\"curve series\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} \
             {height}\" role=\"img\" aria-labelledby=\"{id}\"><title id=\"{id}\">{}</title>",
            self.title
        );
        self.grid(&mut svg, &frame);
        let band = |of: fn(&Expected) -> f64| {
            let points = self.points.iter();
            let value = |point: &Point| point.expected.as_ref().map(of);
            points.map(value).collect::<Vec<_>>()
        };
        let (low, high) = (band(|one| one.low), band(|one| one.high));
        push_path(&mut svg, "usual", &self.band(&low, &high, &frame));
        let class = match self.direction {
            Direction::Down => "down",
            Direction::Up => "up",
        };
        push_path(&mut svg, class, &self.bars(&frame, false));
        push_path(&mut svg, "unusual", &self.bars(&frame, true));
        push_path(
            &mut svg,
            "middle",
            &self.steps(&band(|one| one.middle), &frame),
        );
        if let Some((from, to)) = self.slope {
            let middle = |point: &Point| frame.x((point.start + point.end) / 2);
            let path = format!(
                "M{:.1} {:.1}L{:.1} {:.1}",
                middle(first),
                frame.y(from),
                middle(last),
                frame.y(to)
            );
            push_path(&mut svg, "slope", &path);
        }
        let (zero, right) = (frame.y(0.0), width - RIGHT);
        push_path(
            &mut svg,
            "axis",
            &format!("M{LEFT:.1} {zero:.1}H{right:.1}"),
        );
        svg.push_str("</svg>");
        svg
    }

    fn most(&self) -> f64 {
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let seen = most(&mut self.points.iter().filter_map(|point| point.bytes));
        let expected = || self.points.iter().filter_map(|point| point.expected);
        let middle = most(&mut expected().map(|one| one.middle));
        let high = most(&mut expected().map(|one| one.high));
        let slope = self.slope.map_or(0.0, |(from, to)| from.max(to));
        let told = seen.max(middle).max(slope);
        told.max(high.min(told * MOST_OF_BAND)).max(1.0)
    }

    /// Bars of what is unusual, or of the rest.
    fn bars(&self, frame: &Frame, unusual: bool) -> String {
        let mut path = String::new();
        let zero = frame.y(0.0);
        // Bars of many points touch; a hair between them would be all that is seen.
        let width = (frame.width - LEFT - RIGHT) / self.points.len().max(1) as f64;
        let gap = if width > 4.0 { 1.0 } else { 0.0 };
        for point in self.points.iter().filter(|one| one.is_unusual == unusual) {
            let Some(bytes) = point.bytes else { continue };
            let (from, to) = (frame.x(point.start), frame.x(point.end) - gap);
            let y = frame.y(bytes);
            write!(path, "M{from:.1} {zero:.1}V{y:.1}H{to:.1}V{zero:.1}Z")
                .expect("a String takes any text");
        }
        path
    }

    /// The area between two values of each point.
    fn band(&self, low: &[Option<f64>], high: &[Option<f64>], frame: &Frame) -> String {
        let mut path = String::new();
        for (point, (low, high)) in self.points.iter().zip(low.iter().zip(high)) {
            let (Some(low), Some(high)) = (low, high) else {
                continue;
            };
            let (from, to) = (frame.x(point.start), frame.x(point.end));
            let (bottom, top) = (frame.y(*low), frame.y(*high));
            write!(path, "M{from:.1} {bottom:.1}V{top:.1}H{to:.1}V{bottom:.1}Z")
                .expect("a String takes any text");
        }
        path
    }

    /// A line of steps; what is missing breaks it.
    fn steps(&self, values: &[Option<f64>], frame: &Frame) -> String {
        let mut path = String::new();
        let mut is_open = false;
        for (point, value) in self.points.iter().zip(values) {
            let Some(value) = value else {
                is_open = false;
                continue;
            };
            let (from, to, y) = (frame.x(point.start), frame.x(point.end), frame.y(*value));
            let begin = if is_open {
                format!("V{y:.1}")
            } else {
                format!("M{from:.1} {y:.1}")
            };
            write!(path, "{begin}H{to:.1}").expect("a String takes any text");
            is_open = true;
        }
        path
    }

    fn grid(&self, svg: &mut String, frame: &Frame) {
        let right = frame.width - RIGHT;
        for bytes in rates(frame.most as u64, 3) {
            let y = frame.y(bytes as f64);
            push_path(svg, "grid", &format!("M{LEFT:.1} {y:.1}H{right:.1}"));
            write!(
                svg,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                y + 4.0,
                display::bytes(bytes)
            )
            .expect("a String takes any text");
        }
        let bottom = frame.height - BOTTOM;
        for (x, label) in self.ticks(frame) {
            push_path(svg, "tick", &format!("M{x:.1} {bottom}v4"));
            write!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{label}</text>",
                bottom + 17.0
            )
            .expect("a String takes any text");
        }
    }

    /// About ten marks: midnights, or full hours if it is short.
    fn ticks(&self, frame: &Frame) -> Vec<(f64, String)> {
        let most = if frame.width > 600.0 { 12 } else { 5 };
        let in_days = frame.seconds > IN_DAYS as f64;
        let civil = |point: &Point| Moment::new(point.start, self.zone).civil();
        let is_mark = |point: &&Point| {
            let at = civil(point);
            at.minute() == 0 && (at.hour() == 0 || !in_days)
        };
        let marks: Vec<&Point> = self.points.iter().filter(is_mark).collect();
        let every = marks.len().div_ceil(most).max(1);
        let every = if in_days {
            every
        } else {
            [1, 2, 3, 6, 12, 24]
                .into_iter()
                .find(|hours| *hours >= every)
                .unwrap_or(24)
        };
        let format = if in_days { "%-d %b" } else { "%H:%M" };
        marks
            .into_iter()
            .step_by(every)
            .map(|point| {
                (
                    frame.x(point.start),
                    civil(point).strftime(format).to_string(),
                )
            })
            .collect()
    }
}

fn push_path(svg: &mut String, class: &str, path: &str) {
    if !path.is_empty() {
        write!(svg, "<path class=\"{class}\" d=\"{path}\"/>").expect("a String takes any text");
    }
}
