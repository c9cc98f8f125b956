//! The status: the morning glance, and with `-v` what else is known.

mod details;

use std::io::Write;

use analysis::QuotaState;
use app::{DayCoverage, HostDays, LastReport, RunningCollector, Status};
use display::{Moment, Tone, approximate_bytes, counted, cut, duration, printable};
use jiff::civil::Date;
use mailing::LetterState;
use settings::Settings;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Columns of a label.
const LABEL: usize = 10;
/// Findings that are shown in full.
const MOST_FINDINGS: usize = 3;
/// Hosts whose days are shown; more only with `-v`.
const MOST_HOSTS: usize = 3;
/// The part of a day from which on it counts as recorded.
const WHOLE: f64 = 0.995;

/// Prints the status.
pub(crate) fn show(
    status: &Status,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let mut page = Page {
        status,
        settings,
        terminal,
        lines: Vec::new(),
    };
    page.title();
    page.attention();
    page.now_running();
    page.reports();
    page.findings();
    page.quotas();
    page.recorded();
    page.disk();
    if terminal.is_verbose {
        for (label, text) in details::lines(status, settings) {
            page.line(label, &text);
        }
    }
    for line in page.lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

struct Page<'a> {
    status: &'a Status,
    settings: &'a Settings,
    terminal: &'a Terminal,
    lines: Vec<String>,
}

impl Page<'_> {
    fn line(&mut self, label: &str, text: &str) {
        self.lines.push(labelled(label, text));
    }

    fn title(&mut self) {
        let now = self.moment(self.status.timestamp);
        let host = printable(&self.settings.host).into_owned();
        let title = format!("{host} · {}", now.civil().strftime("%a %-d %b %Y %H:%M"));
        let title = self.terminal.colour.paint(Tone::Heading, &title);
        self.lines.push(title);
    }

    fn attention(&mut self) {
        for sentence in &self.status.attention {
            let label = format!("{:<LABEL$}", "Attention");
            let label = self.terminal.colour.paint(Tone::Critical, &label);
            self.lines.push(label + &printable(sentence));
        }
        if self.status.attention.is_empty() {
            let well = self.terminal.colour.paint(Tone::Ok, "ok");
            let text = format!("{:<LABEL$}{well}, nothing needs attention", "State");
            self.lines.push(text);
        }
        if !self.status.not_yet_active.is_empty() {
            let keys = self.status.not_yet_active.join(", ");
            self.lines
                .push(format!("Not yet active in this version: {keys}"));
        }
    }

    fn now_running(&mut self) {
        if let Some(holder) = &self.status.lock {
            self.line("Running", holder);
        }
        if let Some(collector) = &self.status.collector {
            let text = self.collector(collector);
            self.line("Collector", &text);
        }
        if self.status.logs_pending > 0 {
            let pending = counted(self.status.logs_pending, "log", "logs");
            self.line("Pending", &format!("{pending} to be read by the next run"));
        }
    }

    fn collector(&self, collector: &RunningCollector) -> String {
        let interfaces = match &collector.interfaces[..] {
            [] => String::new(),
            names => format!(" on {}", names.join(", ")),
        };
        let last = match collector.last_frame {
            Some(last) => {
                let age = u64::try_from(self.status.timestamp - last).unwrap_or(0);
                format!("last frame {} ago", duration(age))
            }
            None => "no frame yet".to_owned(),
        };
        let lost = match collector.dropped_packets {
            0 => "no packet lost".to_owned(),
            lost => format!("{lost} of {} packets lost", collector.packets),
        };
        let since = self.day_and_minute(self.moment(collector.started));
        format!("running since {since}{interfaces}; {last}; {lost}")
    }

    fn reports(&mut self) {
        let reports = &self.status.reports;
        if reports.is_empty() && self.status.store.is_some() {
            self.line("Reports", "none of a day yet");
        }
        let many = reports.len() > 1;
        let shown = if self.terminal.is_verbose {
            usize::MAX
        } else {
            MOST_HOSTS
        };
        for (place, report) in reports.iter().take(shown).enumerate() {
            let label = if place == 0 { "Reports" } else { "" };
            let of = if many {
                format!(" of {}", report.host)
            } else {
                String::new()
            };
            let text = format!("{}{of}: {}", self.day(report.day), self.report(report));
            self.line(label, &text);
        }
        let more = reports.len().saturating_sub(shown) as u64;
        if more > 0 {
            self.line(
                "",
                &format!("and of {} (-v)", counted(more, "more host", "more hosts")),
            );
        }
    }

    fn report(&self, report: &LastReport) -> String {
        let (down, up) = (report.download_bytes, report.upload_bytes);
        let mut text = format!("{} ↓ {} ↑", amount(down), amount(up));
        for (severity, one, many) in [
            ("critical", "critical", "critical"),
            ("warning", "warning", "warnings"),
        ] {
            let count = report.count(severity);
            if count > 0 {
                text += &format!(", {}", counted(count, one, many));
            }
        }
        if let Some(letter) = &report.letter {
            let state = match letter.state {
                LetterState::Waiting => "letter waits in the outbox",
                LetterState::Delivered => "letter delivered",
                LetterState::Refused => "letter refused",
            };
            text += &format!(" · {state}");
            if let Some(at) = letter.at {
                text += &format!(" {}", self.day_and_minute(at));
            }
        }
        text
    }

    fn findings(&mut self) {
        let reports = self.status.reports.iter();
        let open = reports.flat_map(|report| report.findings.iter().map(move |one| (report, one)));
        let mut open: Vec<_> = open.filter(|(_, one)| one.severity != "info").collect();
        open.sort_by_key(|(_, one)| one.severity != "critical");
        let many = self.status.reports.len() > 1;
        let mut lines = Vec::new();
        for (place, (report, finding)) in open.iter().take(MOST_FINDINGS).enumerate() {
            let label = if place == 0 { "Findings" } else { "" };
            let tone = match finding.severity.as_str() {
                "critical" => Tone::Critical,
                _ => Tone::Warning,
            };
            let word = self.terminal.colour.paint(tone, &finding.severity);
            let of = if many {
                format!(" {}", report.host)
            } else {
                String::new()
            };
            let ongoing = if finding.is_ongoing { " (ongoing)" } else { "" };
            let head = LABEL + display::width(&finding.severity);
            let columns = self.terminal.width.saturating_sub(head).max(20);
            let text = cut(&format!("{of}{ongoing} {}", finding.message), columns, "…");
            lines.push(format!("{label:<LABEL$}{word}{text}"));
        }
        let more = open.len().saturating_sub(MOST_FINDINGS) as u64;
        if more > 0 {
            lines.push(labelled(
                "",
                &format!("and {more} more: `network-monitor analysis` shows them"),
            ));
        }
        self.lines.extend(lines);
    }

    fn quotas(&mut self) {
        for quota in &self.status.quotas {
            let text = quota_text(quota);
            self.line("Quota", &text);
        }
    }

    /// The last days in per cent, a column each.
    fn recorded(&mut self) {
        let hosts = &self.status.coverage;
        let Some(first) = hosts.first() else { return };
        let many = hosts.len() > 1;
        let every = days(first);
        let heads: Vec<String> = every.iter().map(|day| self.column(day)).collect();
        self.line("Recorded", heads.join("").trim_end());
        let shown = if self.terminal.is_verbose {
            usize::MAX
        } else {
            MOST_HOSTS
        };
        for host in hosts.iter().take(shown) {
            let mut text = format!("{:LABEL$}", "");
            for day in days(host) {
                // Only all of it reads 100.
                let number = match day.ratio {
                    ratio if ratio >= 1.0 => "100".to_owned(),
                    ratio => format!("{:.1}", (ratio * 100.0).min(99.9)),
                };
                let number = format!("{number:<8}");
                text += &match day.ratio {
                    ratio if ratio >= WHOLE => number,
                    _ => self.terminal.colour.paint(Tone::Warning, &number),
                };
            }
            text += "%";
            if many {
                text += &format!("  {}", printable(&host.host));
            }
            self.lines.push(text);
        }
        let more = hosts.len().saturating_sub(shown) as u64;
        if more > 0 {
            self.line(
                "",
                &format!("and of {} (-v)", counted(more, "more host", "more hosts")),
            );
        }
    }

    fn column(&self, day: &DayCoverage) -> String {
        let name = match day.day.parse::<Date>() {
            Ok(date) if date == self.settings.today(self.status.timestamp) => "today".to_owned(),
            Ok(date) => date.strftime("%a %-d").to_string(),
            Err(_) => String::new(),
        };
        format!("{name:<8}")
    }

    fn disk(&mut self) {
        let mut parts = Vec::new();
        if let Some(bytes) = self.status.store_bytes {
            parts.push(format!("history {}", amount(bytes)));
        }
        if let Some(bytes) = self.status.disk.archive_bytes {
            parts.push(format!("archive {}", amount(bytes)));
        }
        if let Some(bytes) = self.status.disk.free_bytes {
            parts.push(format!("{} free", amount(bytes)));
        }
        if !parts.is_empty() {
            self.line("Disk", &parts.join(", "));
        }
    }

    /// `yesterday`, or `Fri 27 Nov`.
    fn day(&self, day: Date) -> String {
        let today = self.settings.today(self.status.timestamp);
        match today.yesterday() {
            _ if day == today => "today".to_owned(),
            Ok(yesterday) if day == yesterday => "yesterday".to_owned(),
            _ => day.strftime("%a %-d %b").to_string(),
        }
    }

    /// `00:12` of today, else `26 Nov 00:12`.
    fn day_and_minute(&self, moment: Moment) -> String {
        let civil = moment.civil();
        let form = if civil.date() == self.settings.today(self.status.timestamp) {
            "%H:%M"
        } else {
            "%-d %b %H:%M"
        };
        civil.strftime(form).to_string()
    }

    fn moment(&self, second: i64) -> Moment {
        Moment::new(second, &self.settings.time_zone)
    }
}

/// The whole days of a host, and the one at hand.
fn days(host: &HostDays) -> Vec<&DayCoverage> {
    host.days.iter().chain([&host.today]).collect()
}

fn quota_text(quota: &QuotaState) -> String {
    let [used, rest] = report::quota_lines(quota);
    format!("{}: {used}, {rest}", quota.name)
}

fn amount(bytes: u64) -> String {
    approximate_bytes(bytes as f64)
}

/// A line with its label.
fn labelled(label: &str, text: &str) -> String {
    format!("{label:<LABEL$}{}", printable(text))
}

#[cfg(test)]
mod tests;
