//! What the template of an analysis shows: every number as text, every name harmless, every chart
//! drawn.

use analysis::{
    AnomalyReport, Band, Direction, Mover, PatternReport, Shape, TrendLine, TrendReport, median,
};
use serde::Serialize;

use super::findings::{Shown, shown};
use super::names::{FullName, Name, Names};
use super::quantities::{bytes, count, counted, duration, percent, rate};
use crate::analyses::{every, lines_of, name, observed_days, whom};
use crate::charts::{CurveSize, Point, SeriesChart};
use crate::{Analysis, AnalysisResult, HostAnalysis};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Charts and weeks of a host.
const MOST_CHARTS: usize = 12;

/// A page.
#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    made: String,
    made_shown: String,
    zone: String,
    hosts: Vec<Host>,
    full_names: Vec<FullName>,
}

#[derive(Serialize)]
struct Host {
    name: Name,
    verdict: String,
    about: String,
    findings: Vec<Shown>,
    charts: Vec<Chart>,
    tables: Vec<Table>,
    weeks: Vec<Week>,
}

#[derive(Serialize)]
struct Chart {
    name: Name,
    what: &'static str,
    class: &'static str,
    wide: String,
    narrow: String,
    has_band: bool,
    has_unusual: bool,
    detail: String,
}

#[derive(Serialize)]
struct Table {
    title: &'static str,
    caption: String,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: Name,
    detail: String,
    cells: Vec<String>,
}

#[derive(Serialize)]
struct Week {
    name: Name,
    caption: String,
    rows: Vec<(&'static str, Vec<Cell>)>,
}

#[derive(Serialize)]
struct Cell {
    /// From 0 to 5. `None` if it was never observed.
    level: Option<u64>,
    volume: String,
}

impl Page {
    pub(super) fn new(analysis: &Analysis) -> Self {
        let mut names = Names::default();
        let kinds = analysis
            .hosts
            .first()
            .map_or("Analysis", |host| host.told.name());
        let hosts: Vec<Host> = (analysis.hosts.iter().enumerate())
            .map(|(number, host)| self::host(host, number, analysis, &mut names))
            .collect();
        let title = match &analysis.hosts[..] {
            [one] => {
                let host = display::cut(&one.host, 64, "…");
                format!("{kinds}: {host}, {}", one.days())
            }
            many => format!("{kinds} of {}", counted(many.len() as u64, "host")),
        };
        Page {
            title,
            made: analysis.timestamp.to_string(),
            made_shown: analysis
                .timestamp
                .civil()
                .strftime("%-d %B %Y, %H:%M")
                .to_string(),
            zone: analysis.timezone.clone(),
            hosts,
            full_names: names.finish(),
        }
    }
}

fn host(host: &HostAnalysis, number: usize, analysis: &Analysis, names: &mut Names) -> Host {
    let found = host.found(&analysis.zone);
    let muted = match host.muted {
        0 => String::new(),
        muted => format!(", {muted} muted"),
    };
    let verdict = match (host.told.silent_because(), found.len()) {
        (Some(reason), 0) => format!("Not analysed: {reason}."),
        (_, 0) => format!("No findings{muted}."),
        (_, 1) => format!("1 finding{muted}."),
        (_, many) => format!("{many} findings{muted}."),
    };
    let mut shown_host = Host {
        name: names.show(&host.host),
        verdict,
        about: format!(
            "{}, by {}.",
            host.days(),
            observed_days(host.told.history_days())
        ),
        findings: shown(&found),
        charts: Vec::new(),
        tables: Vec::new(),
        weeks: Vec::new(),
    };
    let mut page = Drawing {
        analysis,
        names,
        number,
    };
    match &host.told {
        AnalysisResult::Trend(report) => page.trend(report, &mut shown_host),
        AnalysisResult::Anomaly(report) => page.anomaly(report, &mut shown_host),
        AnalysisResult::Patterns(report) => page.patterns(report, &mut shown_host),
    }
    shown_host
}

/// Draws what is found of a host.
struct Drawing<'a> {
    analysis: &'a Analysis,
    names: &'a mut Names,
    /// Number of the host.
    number: usize,
}

impl Drawing<'_> {
    fn trend(&mut self, report: &TrendReport, host: &mut Host) {
        let lines = lines_of(report);
        for (place, line) in lines.into_iter().take(MOST_CHARTS).enumerate() {
            let chart = self.trend_chart(line, place);
            host.charts.push(chart);
        }
        for (title, movers) in [("Moved more", &report.gained), ("Moved less", &report.lost)] {
            if !movers.is_empty() {
                let table = self.movers(title, movers);
                host.tables.push(table);
            }
        }
        host.tables.extend(self.month(report));
    }

    fn trend_chart(&mut self, line: &TrendLine, place: usize) -> Chart {
        let zone = &self.analysis.zone;
        let points: Vec<Point> = (line.days.iter())
            .map(|day| {
                let date = jiff::civil::date(1970, 1, 1);
                let date = date.saturating_add(jiff::Span::new().days(day.day));
                let seconds = traffic::Period::day(date).seconds(zone);
                Point {
                    start: seconds.start,
                    end: seconds.end,
                    bytes: day.bytes,
                    expected: None,
                    is_unusual: false,
                }
            })
            .collect();
        let slope = line.slope.and_then(|slope| {
            // Through the middle of the days and of their bytes, as Sen's line goes.
            let known = line
                .days
                .iter()
                .filter_map(|day| Some((day.day, day.bytes?)));
            let (mut days, mut volumes): (Vec<f64>, Vec<f64>) =
                known.map(|(day, bytes)| (f64::from(day), bytes)).unzip();
            let (day, volume) = (median(&mut days)?, median(&mut volumes)?);
            let at = |day_at: i32| volume + slope.per_day * (f64::from(day_at) - day);
            Some((at(line.days.first()?.day), at(line.days.last()?.day)))
        });
        let detail = match &line.slope {
            Some(slope) => format!(
                "{} a day each day ({} to {}), p {}{}.",
                signed(slope.per_day),
                signed(slope.low),
                signed(slope.high),
                match slope.p {
                    ..0.001 => "below 0.001".to_owned(),
                    p => format!("= {p:.3}"),
                },
                match slope.percent_per_week {
                    Some(percent) => format!(", {percent:+.0} % a week"),
                    None => String::new(),
                }
            ),
            None => "Too few days for a slope.".to_owned(),
        };
        let chart = SeriesChart {
            points: &points,
            direction: line.direction,
            slope,
            zone,
            title: "Bytes a day, with the slope",
        };
        let id = format!("chart-{}-{place}", self.number);
        Chart {
            name: self.names.show(&name(&line.subject)),
            what: done(line.direction),
            class: class(line.direction),
            wide: chart.svg(CurveSize::Wide, &format!("{id}-wide")),
            narrow: chart.svg(CurveSize::Narrow, &format!("{id}-narrow")),
            has_band: false,
            has_unusual: false,
            detail,
        }
    }

    fn movers(&mut self, title: &'static str, movers: &[Mover]) -> Table {
        let rows = movers.iter().map(|mover| Row {
            name: self.names.show(&name(&mover.subject)),
            detail: String::new(),
            cells: vec![
                whole(mover.now),
                whole(mover.before),
                mover.usual.map_or_else(dash, whole),
            ],
        });
        Table {
            title,
            caption: "Bytes a day of both directions.".to_owned(),
            rows: rows.collect(),
            heads: vec![
                "Who",
                "These days",
                "As many days before",
                "Same weekdays before",
            ],
        }
    }

    fn month(&mut self, report: &TrendReport) -> Option<Table> {
        let row = |direction: Direction| {
            let forecast = report
                .forecasts
                .iter()
                .find(|one| one.direction == direction);
            let percentile = (report.percentiles.iter()).find(|one| one.direction == direction);
            let bps = percentile.and_then(|one| one.bps);
            if forecast.is_none() && bps.is_none() {
                return None;
            }
            let of = |value: fn(&analysis::Forecast) -> f64| {
                forecast.map_or_else(dash, |one| whole(value(one)))
            };
            let interval = forecast.map_or_else(dash, |one| {
                format!("{} to {}", whole(one.low), whole(one.high))
            });
            let over = percentile.and_then(|one| one.over_committed);
            Some(Row {
                name: self.names.show(done(direction)),
                detail: percentile.map_or_else(String::new, |one| {
                    format!(
                        "{} of {} five minutes observed",
                        count(one.present),
                        count(one.expected)
                    )
                }),
                cells: vec![
                    of(|one| one.so_far),
                    of(|one| one.total),
                    interval,
                    of(|one| one.linear),
                    bps.map_or_else(dash, rate),
                    over.map_or_else(dash, count),
                ],
            })
        };
        let rows: Vec<Row> = [Direction::Down, Direction::Up]
            .into_iter()
            .filter_map(row)
            .collect();
        (!rows.is_empty()).then(|| Table {
            title: "The billing month",
            caption:
                "The forecast by usual days, with an interval of 95 %, and by elapsed time, as vnStat \
                 does; the 95th percentile of five-minute rates."
                    .to_owned(),
            heads: vec![
                "Which way",
                "So far",
                "At its end",
                "Interval",
                "vnStat’s way",
                "95th percentile",
                "Above the committed rate",
            ],
            rows,
        })
    }

    fn anomaly(&mut self, report: &AnomalyReport, host: &mut Host) {
        for (place, band) in report.bands.iter().take(MOST_CHARTS).enumerate() {
            if band.hours.iter().any(|hour| hour.bytes.is_some()) {
                let chart = self.band(band, place);
                host.charts.push(chart);
            }
        }
    }

    fn band(&mut self, band: &Band, place: usize) -> Chart {
        let points: Vec<Point> = (band.hours.iter())
            .map(|hour| Point {
                start: hour.start,
                end: hour.start.saturating_add(3600),
                bytes: hour.bytes,
                expected: hour.expected,
                is_unusual: hour.is_unusual,
            })
            .collect();
        let chart = SeriesChart {
            points: &points,
            direction: band.direction,
            slope: None,
            zone: &self.analysis.zone,
            title: "Bytes by hour, with what is usual",
        };
        let total: f64 = (band.hours.iter().map(|hour| hour.observed_bytes as f64)).sum();
        let usual = points.iter().filter(|point| point.bytes.is_some());
        let usual: f64 = usual.filter_map(|point| Some(point.expected?.middle)).sum();
        let id = format!("chart-{}-{place}", self.number);
        Chart {
            name: self.names.show(&name(&band.subject)),
            what: done(band.direction),
            class: class(band.direction),
            wide: chart.svg(CurveSize::Wide, &format!("{id}-wide")),
            narrow: chart.svg(CurveSize::Narrow, &format!("{id}-narrow")),
            has_band: points.iter().any(|point| point.expected.is_some()),
            has_unusual: points.iter().any(|point| point.is_unusual),
            detail: format!(
                "{} in all; {} are usual in these hours.",
                whole(total),
                whole(usual)
            ),
        }
    }

    fn patterns(&mut self, report: &PatternReport, host: &mut Host) {
        if !report.beacons.is_empty() {
            let table = self.beacons(report);
            host.tables.push(table);
        }
        if !report.recurring.is_empty() {
            let rows = report.recurring.iter().map(|one| {
                let (hour, minute) = (one.time_of_day / 3600, one.time_of_day % 3600 / 60);
                Row {
                    name: self
                        .names
                        .show(one.process.as_deref().unwrap_or("(unknown)")),
                    detail: display::cut(&format!("with {}", one.remote), 80, "…"),
                    cells: vec![
                        format!("{hour:02}:{minute:02}"),
                        format!("± {}", duration(u64::from(one.time_deviation))),
                        bytes(one.bytes),
                        duration(u64::from(one.seconds)),
                        format!("{} of {}", one.days_met, one.days_looked),
                    ],
                }
            });
            let rows = rows.collect();
            host.tables.push(Table {
                title: "Transfers that recur",
                caption: "Of similar size, near the same time of the day.".to_owned(),
                heads: vec!["Who", "At", "Within", "Size", "Takes", "Days"],
                rows,
            });
        }
        for shape in report.shapes.iter().take(MOST_CHARTS) {
            host.weeks.extend(self.week(shape));
        }
    }

    fn beacons(&mut self, report: &PatternReport) -> Table {
        let part = |score: f64| format!("{score:.2}");
        let rows = report.beacons.iter().map(|beacon| Row {
            name: self.names.show(&whom(beacon)),
            detail: match &beacon.process {
                Some(process) => display::cut(process, 60, "…"),
                None => String::new(),
            },
            cells: vec![
                part(beacon.score),
                part(beacon.times.score),
                part(beacon.sizes.score),
                part(beacon.histogram.score),
                part(beacon.duration.score),
                every(beacon),
                beacon
                    .period
                    .map_or_else(dash, |period| format!("± {}", percent(period.jitter))),
                count(beacon.events),
                bytes(beacon.bytes),
            ],
        });
        Table {
            title: "Beacons",
            caption: "Traffic at regular times. The score is the mean of four parts: how regular the \
                 times between events are, how similar their sizes, how evenly they are spread, and how \
                 long they go on."
                .to_owned(),
            rows: rows.collect(),
            heads: vec![
                "Peer", "Score", "Times", "Sizes", "Histogram", "Duration", "Every", "Jitter",
                "Events", "Bytes",
            ],
        }
    }

    fn week(&mut self, shape: &Shape) -> Option<Week> {
        let hours: Vec<Option<f64>> = (shape.up.iter().zip(&shape.down))
            .map(|(up, down)| Some(up.as_ref()? + down.as_ref()?))
            .collect();
        let most = hours.iter().flatten().copied().fold(0.0, f64::max);
        if most <= 0.0 {
            return None;
        }
        let cell = |hour: &Option<f64>| Cell {
            // Levels of the root, as in reports.
            level: hour.map(|hour| ((hour / most).max(0.0).sqrt() * 5.0).ceil() as u64),
            volume: hour.map_or_else(|| "not observed".to_owned(), whole),
        };
        let peaks: Vec<String> = (shape.peak_hours.iter())
            .map(|peak| format!("{:02}:00", peak.hour))
            .collect();
        let mut caption = format!(
            "Mean bytes of both directions by hour. Strongest: {}; peak hours {}",
            whole(most),
            peaks.join(", ")
        );
        if let Some(night) = shape.night_share {
            caption.push_str(&format!("; {} from 22:00 to 06:00", percent(night)));
        }
        if let (Some(weekday), Some(weekend)) = (shape.weekday_bytes, shape.weekend_bytes) {
            caption.push_str(&format!(
                "; {} a weekday, {} a day of the weekend",
                whole(weekday),
                whole(weekend)
            ));
        }
        caption.push('.');
        Some(Week {
            name: self.names.show(&name(&shape.subject)),
            caption,
            rows: DAYS
                .into_iter()
                .zip(hours.chunks(24))
                .map(|(day, hours)| (day, hours.iter().map(cell).collect()))
                .collect(),
        })
    }
}

fn done(direction: Direction) -> &'static str {
    match direction {
        Direction::Down => "Received",
        Direction::Up => "Sent",
    }
}

fn class(direction: Direction) -> &'static str {
    match direction {
        Direction::Down => "down",
        Direction::Up => "up",
    }
}

/// Bytes that were reckoned.
fn whole(value: f64) -> String {
    bytes(value.round().max(0.0) as u64)
}

fn signed(value: f64) -> String {
    let sign = if value < 0.0 { "−" } else { "+" };
    format!("{sign}{}", whole(value.abs()))
}

fn dash() -> String {
    "–".to_owned()
}
