//! Analyses for a terminal of 80 columns.

use analysis::{
    AnomalyReport, Band, Beacon, Direction, Mover, PatternReport, Subject, TrendLine, TrendReport,
};
use display::{bytes, fitted, rate};

use super::{Analysis, AnalysisResult, HostAnalysis};
use crate::TextOptions;
use crate::text::{Lines, findings};

/// Days of a sparkline.
const DAYS: usize = 28;
/// Hours of a sparkline, and lines of them that are shown.
const HOURS: usize = 24;
const MOST_LINES: usize = 14;
/// Rows of a table.
const ROWS: usize = 10;

impl Analysis {
    /// For a terminal. Whatever comes from a log is made printable and cut to the width.
    pub fn to_text(&self, options: &TextOptions) -> String {
        let mut lines = Lines::new(options);
        if self.hosts.is_empty() {
            lines.line("Nothing to analyse: the store holds no history.");
        }
        for (number, host) in self.hosts.iter().enumerate() {
            if number > 0 {
                lines.blank();
            }
            of_host(&mut lines, host, self);
        }
        lines.text
    }
}

fn of_host(lines: &mut Lines, host: &HostAnalysis, analysis: &Analysis) {
    let after = format!(
        ": {}, {} ({})",
        host.told.name().to_lowercase(),
        host.days(),
        display::printable(&analysis.timezone)
    );
    let room = lines.width.saturating_sub(display::width(&after)).max(8);
    let name = display::cut(&host.host, room, lines.ellipsis());
    lines.heading(&format!("{name}{after}"));
    lines.labelled("History", &super::observed_days(host.told.history_days()));
    if let Some(reason) = host.told.silent_because() {
        lines.labelled("Silent", reason);
    }
    let found = host.found(&analysis.zone);
    if host.told.silent_because().is_none() || !found.is_empty() {
        findings(lines, &found, host.muted);
    }
    match &host.told {
        AnalysisResult::Trend(report) => trend(lines, report),
        AnalysisResult::Anomaly(report) => anomaly(lines, report, analysis),
        AnalysisResult::Patterns(report) => patterns(lines, report),
    }
}

fn trend(lines: &mut Lines, report: &TrendReport) {
    slopes(lines, report);
    movers(lines, "Moved more", &report.gained);
    movers(lines, "Moved less", &report.lost);
    if report.forecasts.is_empty() && report.percentiles.iter().all(|one| one.bps.is_none()) {
        return;
    }
    lines.blank();
    lines.heading("The billing month");
    for direction in [Direction::Down, Direction::Up] {
        let arrow = arrow(lines, direction);
        let mut forecasts = report.forecasts.iter();
        if let Some(forecast) = forecasts.find(|one| one.direction == direction) {
            let text = format!(
                "{arrow} {} so far, {} at its end ({} to {})",
                volume(forecast.so_far),
                volume(forecast.total),
                volume(forecast.low),
                volume(forecast.high),
            );
            lines.labelled("Forecast", &text);
            let linear = volume(forecast.linear);
            let text = format!("  by elapsed time, as vnStat does: {linear}");
            lines.labelled("", &text);
        }
        let mut percentiles = report.percentiles.iter();
        let percentile = percentiles.find(|one| one.direction == direction);
        if let Some((percentile, bps)) = percentile.and_then(|one| Some((one, one.bps?))) {
            let over = match percentile.over_committed {
                Some(over) => format!(", {over} above the committed rate"),
                None => String::new(),
            };
            let text = format!(
                "{arrow} {}, by {} of {} five minutes{over}",
                rate(bps),
                percentile.present,
                percentile.expected
            );
            lines.labelled("95th perc.", &text);
        }
    }
}

/// The whole host, then whose trend is no accident, by the bytes that come or go.
pub(crate) fn lines_of(report: &TrendReport) -> Vec<&TrendLine> {
    let (mut lines, mut others): (Vec<&TrendLine>, Vec<&TrendLine>) =
        (report.lines.iter()).partition(|line| line.subject == Subject::Total);
    lines.sort_by_key(|line| std::cmp::Reverse(line.direction));
    let change = |line: &&TrendLine| line.slope.map_or(0.0, |slope| slope.per_day.abs());
    others.retain(|line| line.slope.is_some_and(|slope| slope.p <= 0.05));
    others.sort_by(|one, other| change(other).total_cmp(&change(one)));
    others.truncate(ROWS);
    lines.extend(others);
    lines.retain(|line| line.days.iter().any(|day| day.bytes.is_some()));
    lines
}

fn slopes(lines: &mut Lines, report: &TrendReport) {
    let shown = lines_of(report);
    if shown.is_empty() {
        return;
    }
    lines.blank();
    let left = room(lines, 58);
    lines.heading(&format!(
        "{:<width$}{:>10}{:>8}{:>8}",
        "Bytes a day",
        "most",
        "a week",
        "p",
        width = left + 32
    ));
    for line in shown {
        let days = &line.days[line.days.len().saturating_sub(DAYS)..];
        let values: Vec<Option<f64>> = days.iter().map(|day| day.bytes).collect();
        let most = values.iter().flatten().copied().fold(0.0, f64::max);
        let dash = || lines.plain("–");
        let percent = line.slope.and_then(|slope| slope.percent_per_week);
        let text = format!(
            "  {}{}{:<DAYS$}{:>10}{:>8}{:>8}",
            fitted(&name(&line.subject), left - 4, lines.ellipsis()),
            match line.direction {
                Direction::Down => " < ",
                Direction::Up => " > ",
            },
            lines.spark(&values, most),
            volume(most),
            percent.map_or_else(dash, |percent| format!("{percent:+.0} %")),
            line.slope.map_or_else(dash, |slope| match slope.p {
                ..0.001 => "<0.001".to_owned(),
                p => format!("{p:.3}"),
            }),
        );
        lines.line(&text);
    }
    lines.line("  < received, > sent");
}

fn movers(lines: &mut Lines, title: &str, movers: &[Mover]) {
    if movers.is_empty() {
        return;
    }
    lines.blank();
    let left = room(lines, 30);
    lines.heading(&format!(
        "{title:<left$}{:>10}{:>10}{:>10}",
        "a day", "before", "usual"
    ));
    for mover in movers.iter().take(ROWS) {
        let text = format!(
            "  {}{:>10}{:>10}{:>10}",
            fitted(&name(&mover.subject), left - 2, lines.ellipsis()),
            volume(mover.now),
            volume(mover.before),
            mover.usual.map_or_else(|| lines.plain("–"), volume)
        );
        lines.line(&text);
    }
}

fn anomaly(lines: &mut Lines, report: &AnomalyReport, analysis: &Analysis) {
    for band in &report.bands {
        if band.hours.iter().all(|hour| hour.bytes.is_none()) {
            continue;
        }
        lines.blank();
        let done = match band.direction {
            Direction::Down => "received",
            Direction::Up => "sent",
        };
        lines.heading(&format!("{}, {done} by hour", name(&band.subject)));
        days_of(lines, band, analysis);
    }
}

/// Each day of a band: what was beside what is usual, on one scale.
fn days_of(lines: &mut Lines, band: &Band, analysis: &Analysis) {
    let seen = band.hours.iter().filter_map(|hour| hour.bytes);
    let usual = band.hours.iter().filter_map(|hour| hour.expected);
    let most = seen
        .chain(usual.map(|usual| usual.middle))
        .fold(0.0, f64::max);
    let chunks: Vec<_> = band.hours.chunks(HOURS).collect();
    let first = chunks.len().saturating_sub(MOST_LINES);
    for hours in &chunks[first..] {
        let at = display::Moment::new(hours[0].start, &analysis.zone).civil();
        let label = at.strftime("%a %-d %b").to_string();
        let was: Vec<_> = hours.iter().map(|hour| hour.bytes).collect();
        let usual: Vec<_> = (hours.iter())
            .map(|hour| hour.expected.map(|one| one.middle))
            .collect();
        let total: f64 = hours.iter().map(|hour| hour.observed_bytes as f64).sum();
        let text = format!(
            "{:<26}{:>10}   usual {}",
            lines.spark(&was, most),
            volume(total),
            lines.spark(&usual, most)
        );
        lines.labelled(&label, &text);
        let mark = |hour: &analysis::BandHour| if hour.is_unusual { '^' } else { ' ' };
        let marks: String = hours.iter().map(mark).collect();
        if marks.contains('^') {
            lines.labelled("", &marks);
        }
    }
    if first > 0 {
        lines.labelled("", &format!("and {first} days before"));
    }
}

fn patterns(lines: &mut Lines, report: &PatternReport) {
    beacons(lines, &report.beacons);
    recurring(lines, report);
    if report.shapes.is_empty() {
        return;
    }
    lines.blank();
    lines.heading(&format!(
        "{:<25}{:<26}{:<9}{:>6}  {}",
        "The usual day and week", "0     6     12    18", "Mo   Su", "night", "peak hours"
    ));
    for shape in &report.shapes {
        let week: Vec<Option<f64>> = (shape.up.iter().zip(&shape.down))
            .map(|(up, down)| Some(up.as_ref()? + down.as_ref()?))
            .collect();
        let of = |day: usize, hour: usize| week.get(day * 24 + hour).copied().flatten();
        let day: Vec<_> = (0..24)
            .map(|hour| mean((0..7).filter_map(|day| of(day, hour))))
            .collect();
        let days: Vec<_> = (0..7)
            .map(|day| mean((0..24).filter_map(|hour| of(day, hour))))
            .collect();
        let most = |values: &[Option<f64>]| values.iter().flatten().copied().fold(0.0, f64::max);
        let night = shape.night_share.map_or_else(
            || lines.plain("–"),
            |share| format!("{:.0} %", share * 100.0),
        );
        let peaks: Vec<String> = (shape.peak_hours.iter())
            .map(|peak| format!("{:02}", peak.hour))
            .collect();
        let text = format!(
            "  {}{:<26}{:<9}{night:>6}  {}",
            fitted(&name(&shape.subject), 23, lines.ellipsis()),
            lines.spark(&day, most(&day)),
            lines.spark(&days, most(&days)),
            peaks.join(" ")
        );
        lines.line(&text);
    }
}

/// Columns left for names beside others. If there is too little room, the last columns are cut.
fn room(lines: &Lines, others: usize) -> usize {
    lines.width.saturating_sub(others).max(12)
}

fn mean(known: impl Iterator<Item = f64>) -> Option<f64> {
    let known: Vec<f64> = known.collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

fn recurring(lines: &mut Lines, report: &PatternReport) {
    if report.recurring.is_empty() {
        return;
    }
    lines.blank();
    let left = room(lines, 38);
    lines.heading(&format!(
        "{:<left$}{:>8}{:>10}{:>8}{:>12}",
        "Transfers that recur", "at", "size", "days", "takes"
    ));
    for one in report.recurring.iter().take(ROWS) {
        let who = one.process.as_deref().unwrap_or("(unknown)");
        let (hour, minute) = (one.time_of_day / 3600, one.time_of_day % 3600 / 60);
        let whom = format!("{who} with {}", one.remote);
        let text = format!(
            "  {}{:>8}{:>10}{:>8}{:>12}",
            fitted(&whom, left - 2, lines.ellipsis()),
            format!("{hour:02}:{minute:02}"),
            bytes(one.bytes),
            format!("{}/{}", one.days_met, one.days_looked),
            display::duration(u64::from(one.seconds))
        );
        lines.line(&text);
    }
}

fn beacons(lines: &mut Lines, beacons: &[Beacon]) {
    if beacons.is_empty() {
        return;
    }
    lines.blank();
    let left = room(lines, 52);
    lines.heading(&format!(
        "{:<left$}{:>6}{:>7}{:>6}{:>6}{:>6}{:>13}{:>8}",
        "Beacons", "score", "times", "sizes", "hist.", "dur.", "every", "events"
    ));
    for beacon in beacons.iter().take(2 * ROWS) {
        let text = format!(
            "  {}{:>6.2}{:>7.2}{:>6.2}{:>6.2}{:>6.2}{:>13}{:>8}",
            fitted(&whom(beacon), left - 2, lines.ellipsis()),
            beacon.score,
            beacon.times.score,
            beacon.sizes.score,
            beacon.histogram.score,
            beacon.duration.score,
            every(beacon),
            beacon.events
        );
        lines.line(&text);
    }
}

/// How often a beacon comes; about, where no period was found.
pub(crate) fn every(beacon: &Beacon) -> String {
    let seconds = |seconds: f64| display::duration(seconds.round().max(0.0) as u64);
    match (beacon.is_strobe, beacon.period) {
        (true, _) => "strobe".to_owned(),
        (false, Some(period)) => seconds(period.seconds),
        (false, None) => format!("~{}", seconds(beacon.times.median)),
    }
}

/// `203.0.113.9:443/tcp`.
pub(crate) fn whom(beacon: &Beacon) -> String {
    let mut whom = beacon.remote.clone();
    if let Some(port) = beacon.port {
        whom = if whom.contains(':') {
            format!("[{whom}]:{port}")
        } else {
            format!("{whom}:{port}")
        };
    }
    if let Some(protocol) = &beacon.protocol {
        whom.push('/');
        whom.push_str(protocol);
    }
    whom
}

pub(crate) fn name(subject: &Subject) -> String {
    match subject {
        Subject::Total => "The whole host".to_owned(),
        Subject::Process(name) if name.is_empty() => "\"\"".to_owned(),
        Subject::Process(name) | Subject::Remote(name) => name.clone(),
        Subject::Port(port) => format!("port {port}"),
    }
}

/// Bytes that were reckoned.
pub(crate) fn volume(value: f64) -> String {
    bytes(value.round().max(0.0) as u64)
}

fn arrow(lines: &Lines, direction: Direction) -> &'static str {
    match direction {
        Direction::Down => lines.down(),
        Direction::Up => lines.up(),
    }
}
