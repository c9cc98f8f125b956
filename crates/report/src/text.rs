//! The summary for a terminal: what moved, who moved it, and how far that can be trusted.

mod findings;
mod lines;
mod options;
mod table;

use std::fmt::Write as _;

use analysis::FindingKind;
use display::{Moment, bytes, counted, cut, duration, percent, printable, rate, width, wrapped};
use jiff::civil::Date;

use crate::{Compared, DatedFinding, Gap, Report};
use table::Line;

pub(crate) use findings::findings;
pub(crate) use lines::Lines;
pub use options::{Glyphs, TextOptions};

/// Gaps, and damaged lines, that are shown.
const MAX_SHOWN: usize = 5;
/// The part of a period from which on it counts as observed.
const MOSTLY: f64 = 0.9;

impl Report {
    /// The summary for a terminal. Whatever comes from a log is made printable and cut to the width.
    pub fn to_text(&self, options: &TextOptions) -> String {
        let mut summary = Summary {
            report: self,
            lines: Lines::new(options),
        };
        summary.heading();
        // The worst comes first, volumes after it.
        let is_warned = self.worst().is_some();
        if is_warned {
            summary.findings();
            summary.lines.blank();
        }
        summary.totals();
        summary.coverage();
        summary.rates();
        summary.comparison();
        summary.quotas();
        if !is_warned {
            summary.findings();
        }
        summary.input();
        summary.processes();
        summary.remotes();
        summary.notes();
        summary.files(&options.files);
        summary.lines.text
    }
}

struct Summary<'a> {
    report: &'a Report,
    lines: Lines,
}

impl Summary<'_> {
    fn heading(&mut self) {
        let report = self.report;
        let days = days(&report.period.start, &report.period.end);
        let so_far = if report.period.partial {
            ", so far"
        } else {
            ""
        };
        let after = format!(": {days}{so_far} ({})", printable(&report.period.timezone));
        let host = cut(
            &report.host,
            self.lines.width.saturating_sub(width(&after)).max(8),
            self.lines.ellipsis(),
        );
        self.lines.heading(&format!("{host}{after}"));
    }

    fn totals(&mut self) {
        let report = self.report;
        self.lines.line(&format!(
            "{} {} received ({})   {} {} sent ({})",
            self.lines.down(),
            bytes(report.total_download_bytes),
            rate(report.total_download_bps),
            self.lines.up(),
            bytes(report.total_upload_bytes),
            rate(report.total_upload_bps),
        ));
        self.lines.blank();
    }

    fn coverage(&mut self) {
        let coverage = &self.report.coverage;
        let gaps = match coverage.gaps_total {
            0 => String::new(),
            1 => ", 1 gap".to_owned(),
            count => format!(", {count} gaps"),
        };
        self.lines.labelled(
            "Observed",
            &format!(
                "{} of {} ({}){gaps}",
                duration(coverage.observed_seconds),
                duration(coverage.expected_seconds),
                percent(coverage.ratio),
            ),
        );
        if let (Some(missed @ 1..), Some(ratio)) = (coverage.missed_bytes, coverage.byte_ratio) {
            let text = format!(
                "{} of the bytes, about {} missed",
                percent(ratio),
                bytes(missed)
            );
            self.lines.labelled("", &text);
        }
        for gap in coverage.gaps.iter().take(MAX_SHOWN) {
            self.lines.labelled("", &self.gap(gap));
        }
        self.more(coverage.gaps_total, coverage.gaps.len());
    }

    fn gap(&self, gap: &Gap) -> String {
        let (start, end) = (gap.start.civil(), gap.end.civil());
        let same_day = self.report.period.start.civil().date() == last_day(&self.report.period.end);
        let format = if same_day {
            "%H:%M:%S"
        } else {
            "%Y-%m-%d %H:%M:%S"
        };
        let seconds = gap
            .end
            .as_second()
            .saturating_sub(gap.start.as_second())
            .unsigned_abs();
        let dash = match self.lines.glyphs {
            Glyphs::Unicode => '–',
            Glyphs::Ascii => '-',
        };
        format!(
            "{} {dash} {}  {}",
            start.strftime(format),
            end.strftime(format),
            duration(seconds)
        )
    }

    fn rates(&mut self) {
        let report = self.report;
        let both = |down: u64, up: u64| {
            format!(
                "{} {:>10}   {} {:>10}",
                self.lines.down(),
                rate(down),
                self.lines.up(),
                rate(up)
            )
        };
        let peak = both(report.peak_download_bps, report.peak_upload_bps);
        let percentile = both(report.p95_download_bps, report.p95_upload_bps);
        self.lines
            .labelled("Peak", &format!("{peak}   a mean over five refreshes"));
        self.lines.labelled(
            "95th perc.",
            &format!("{percentile}   of means over 5 minutes"),
        );
    }

    fn quotas(&mut self) {
        for state in &self.report.quotas {
            let [used, rest] = crate::quota_lines(state);
            self.lines
                .labelled("Quota", &format!("{}: {used}", state.name));
            self.lines.labelled("", &rest);
        }
    }

    fn findings(&mut self) {
        let report = self.report;
        if let Some(reason) = &report.findings_silent_because {
            self.lines.labelled("Findings", reason);
        }
        if let Some(learning) = &report.learning {
            self.lines.labelled("", &learning.sentence());
        }
        // Quotas have lines of their own.
        let is_finding = |one: &DatedFinding<'_>| one.finding.kind != FindingKind::Quota;
        let found: Vec<_> = report.found().filter(is_finding).collect();
        let muted = report.findings_muted;
        if muted + found.len() as u64 == 0 {
            return;
        }
        let going_on = found.iter().filter(|one| one.goes_on()).count();
        let ended = found.iter().filter(|one| one.has_ended()).count();
        let new = found.len() - going_on - ended;
        let mut parts = vec![match new {
            0 => "nothing new".to_owned(),
            count => format!("{count} new"),
        }];
        for (count, what) in [
            (going_on, "going on"),
            (ended, "ended"),
            (usize::try_from(muted).unwrap_or(usize::MAX), "muted"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        self.lines.labelled("Findings", &parts.join(", "));
        // A warning is always shown, in the words of letters and pages; of the others a few.
        let (warnings, others): (Vec<&DatedFinding<'_>>, Vec<&DatedFinding<'_>>) =
            (found.iter()).partition(|one| one.finding.is_warning());
        let room = MAX_SHOWN.saturating_sub(warnings.len());
        for one in warnings
            .into_iter()
            .chain(others.iter().take(room).copied())
        {
            self.finding(one);
        }
        if others.len() > room {
            let more = others.len() - room;
            self.lines.labelled("", &format!("and {more} more"));
        }
    }

    /// A sentence, and for what is worth a look what to type next.
    fn finding(&mut self, one: &DatedFinding<'_>) {
        let is_told = one.finding.is_warning() && !one.has_ended();
        let text = if is_told && !one.goes_on() {
            format!("{} {}", one.tag(), one.sentence())
        } else {
            format!("{} [{}]", one.sentence(), one.finding.id)
        };
        let text = printable(&self.lines.plain(&text)).into_owned();
        for (place, line) in wrapped(&text, self.lines.width - 13).iter().enumerate() {
            let indent = if place == 0 { "" } else { "  " };
            self.lines.labelled("", &format!("{indent}{line}"));
        }
        if is_told {
            let commands = one.commands();
            let show = commands.show.map(|show| ("Look", show));
            for (what, command) in show.into_iter().chain([("Mute", commands.mute)]) {
                // A command that is cut does something else: it may be longer than the line.
                let _ = writeln!(self.lines.text, "             {what}: {command}");
            }
        }
    }

    fn comparison(&mut self) {
        let before = |days: u32| match days {
            1 => "the day before".to_owned(),
            days => format!("the {days} days before"),
        };
        let same_weekday = |days: u32| match days {
            1 => "the same weekday before".to_owned(),
            days => format!("{days} same weekdays before"),
        };
        let comparison = &self.report.comparison;
        let rows = [
            comparison
                .previous
                .as_ref()
                .map(|then| (then, before(then.days))),
            comparison
                .same_weekday
                .as_ref()
                .map(|then| (then, same_weekday(then.days))),
        ];
        let mut label = "Compared";
        for (
            Compared {
                change,
                download_bps,
                upload_bps,
                observed_seconds,
                days,
                ..
            },
            name,
        ) in rows.into_iter().flatten()
        {
            let change = match change {
                Some(change) => format!("{:+.1} %", change * 100.0),
                None => "new".to_owned(),
            };
            let then = rate(download_bps.saturating_add(*upload_bps));
            // The rate of a few minutes says little of a day.
            let observed = *observed_seconds as f64 / (f64::from(*days) * 86_400.0);
            let observed = if observed < MOSTLY {
                format!(" ({} observed)", percent(observed))
            } else {
                String::new()
            };
            self.lines.labelled(
                label,
                &format!("{change:>9} on the {then} of {name}{observed}"),
            );
            label = "";
        }
    }

    fn input(&mut self) {
        let input = &self.report.input;
        self.lines.labelled(
            "Read",
            &format!(
                "{}, in all {} with {} ({} idle) of {}",
                counted(input.files, "log", "logs"),
                bytes(input.bytes),
                counted(input.frames, "refresh", "refreshes"),
                input.idle_frames,
                counted(input.runs, "run", "runs"),
            ),
        );
        if input.damaged_lines > 0 {
            let lines = counted(input.lines, "line", "lines");
            let text = format!("{} of {lines} not counted", input.damaged_lines);
            self.lines.labelled("Damaged", &text);
            for sample in input.damaged_samples.iter().take(MAX_SHOWN) {
                self.lines.labelled(
                    "",
                    &format!("{} line {}: {}", sample.file, sample.line, sample.reason),
                );
            }
            self.more(input.damaged_lines, input.damaged_samples.len());
        }
        if input.disagreement_bytes > 0 {
            let text = format!(
                "{}: bandwhich's own tables differ by this much",
                bytes(input.disagreement_bytes)
            );
            self.lines.labelled("Unsure", &text);
        }
    }

    fn processes(&mut self) {
        let report = self.report;
        let lines: Vec<Line<'_>> = report
            .top_processes
            .iter()
            .map(|process| Line {
                name: &process.name,
                down: process.download_bytes,
                up: process.upload_bytes,
                share: process.share,
            })
            .collect();
        self.table("Processes", &lines);
        if !lines.is_empty() && report.attributed_ratio < 1.0 {
            let unknown = percent(1.0 - report.attributed_ratio);
            self.lines.line(&format!(
                "  Without a known process: {unknown} of the bytes"
            ));
        }
    }

    fn remotes(&mut self) {
        let lines: Vec<Line<'_>> = self
            .report
            .top_remotes
            .iter()
            .map(|remote| Line {
                name: &remote.address,
                down: remote.download_bytes,
                up: remote.upload_bytes,
                share: remote.share,
            })
            .collect();
        self.table("Remotes", &lines);
    }

    fn notes(&mut self) {
        if self.report.notes.is_empty() {
            return;
        }
        self.lines.blank();
        self.lines.heading("Notes");
        for note in &self.report.notes {
            let mut mark = "- ";
            for line in wrapped(&printable(&note.message), self.lines.width - 4) {
                self.lines.line(&format!("  {mark}{line}"));
                mark = "  ";
            }
        }
    }

    fn files(&mut self, files: &[String]) {
        if files.is_empty() {
            return;
        }
        self.lines.blank();
        self.lines.heading("Written");
        for file in files {
            // A path that is cut helps nobody: it may be longer than the line.
            let _ = writeln!(self.lines.text, "  {}", printable(file));
        }
    }

    fn table(&mut self, title: &str, lines: &[Line<'_>]) {
        if lines.is_empty() {
            return;
        }
        self.lines.blank();
        let layout = table::Layout {
            width: self.lines.width,
            glyphs: self.lines.glyphs,
            colour: self.lines.colour,
        };
        self.lines.heading(&layout.head(title));
        for line in lines {
            self.lines.text += &layout.line(line);
            self.lines.blank();
        }
    }

    /// Says how many of `total` are not among the first that are shown of those at hand.
    fn more(&mut self, total: u64, at_hand: usize) {
        let shown = at_hand.min(MAX_SHOWN) as u64;
        if shown > 0 && total > shown {
            self.lines
                .labelled("", &format!("and {} more", total - shown));
        }
    }
}

/// `Mon 2 March 2026`, or both ends.
pub(crate) fn days(start: &Moment, end: &Moment) -> String {
    let (first, last) = (start.civil().date(), last_day(end));
    let named = |date: Date| date.strftime("%a %-d %B %Y").to_string();
    if first == last {
        named(first)
    } else {
        format!("{} to {}", named(first), named(last))
    }
}

fn last_day(end: &Moment) -> Date {
    // The end is a midnight, the first second that is no longer of the period.
    let end = end.civil();
    end.checked_sub(jiff::SignedDuration::from_secs(1))
        .unwrap_or(end)
        .date()
}
