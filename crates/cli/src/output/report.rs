//! What `report` did.

use std::io::Write;

use analysis::Severity;
use app::{FinishedReport, RunResult};
use display::Tone;
use lifecycle::{ArchiveSummary, newer_archives};
use report::{Report, TextOptions};
use settings::Settings;
use traffic::{Period, When};

use crate::failure::Failure;
use crate::output::archive::summary_text;
use crate::output::{ingest, letters};
use crate::terminal::Terminal;

/// Reports of a host that are summarised in full on the terminal; of more, each gets a line.
const FULL_SUMMARIES: usize = 3;

/// Prints a report that was just written: in full, or as one of many in a line.
pub(crate) fn show_report(
    finished: &FinishedReport<'_>,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let FinishedReport { report, files, .. } = *finished;
    if finished.planned > FULL_SUMMARIES {
        return show_line(report, finished.period, terminal, out);
    }
    let options = TextOptions {
        width: terminal.width,
        colour: terminal.colour,
        files: files.iter().map(|file| file.shown()).collect(),
        ..TextOptions::default()
    };
    writeln!(out, "{}", report.to_text(&options))?;
    Ok(())
}

/// One line of a report among many.
fn show_line(
    report: &Report,
    period: Period,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let found = findings(report);
    let found: Vec<String> = found
        .iter()
        .map(|(tone, text)| format!("  {}", terminal.colour.paint(*tone, text)))
        .collect();
    writeln!(
        out,
        "{}  {:>9} received  {:>9} sent  {:>6} observed  {}{}",
        period.stamp(),
        display::bytes(report.total_download_bytes),
        display::bytes(report.total_upload_bytes),
        display::percent(report.coverage.ratio),
        display::printable(&report.host),
        found.concat()
    )?;
    Ok(())
}

/// How many findings of a report are worth a look, and in which colour that is said.
fn findings(report: &Report) -> Vec<(Tone, String)> {
    let count = |severity| {
        let open = report.found().filter(|found| !found.has_ended());
        let of_severity = open.filter(|found| found.finding.severity == severity);
        of_severity.count() as u64
    };
    let (critical, warnings) = (count(Severity::Critical), count(Severity::Warning));
    let warnings_text = display::counted(warnings, "warning", "warnings");
    [
        (Tone::Critical, critical, format!("{critical} critical")),
        (Tone::Warning, warnings, warnings_text),
    ]
    .into_iter()
    .filter_map(|(tone, count, text)| (count > 0).then_some((tone, text)))
    .collect()
}

/// The last lines: what was read, and where its bytes went.
pub(crate) fn conclude(
    result: &RunResult,
    when: Option<When>,
    settings: &Settings,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let ingest = &result.ingest;
    let attention = terminal.attention();
    if result.nothing_new {
        let why = match (ingest.files, result.reports.is_empty()) {
            (0, true) => format!("no logs in {}", files::show(&settings.paths.log_dir)),
            (_, true) if when.is_some() => "nothing is stored for that period".to_owned(),
            (_, true) => "no log is new or has changed".to_owned(),
            (_, false) => "the reports are up to date".to_owned(),
        };
        writeln!(out, "Nothing to do: {why}.")?;
    }
    if result.reports.len() > FULL_SUMMARIES {
        writeln!(
            out,
            "The reports are in {}",
            files::show(&settings.paths.report_dir)
        )?;
    }
    for trouble in ingest.unreadable.iter().chain(&ingest.damaged) {
        let path = display::printable(&trouble.path);
        writeln!(
            out,
            "{attention}: {path}: {}",
            display::printable(&trouble.reason)
        )?;
    }
    if let Some(mail) = &result.mail {
        letters::show(mail, terminal, out)?;
    }
    for dropped in &result.dropped {
        let (first, last) = (&dropped.first_day, &dropped.last_day);
        let host = display::printable(&dropped.host);
        writeln!(out, "{first}..{last} of {host}: {}.", dropped.consequence)?;
    }
    if result.store_is_older {
        writeln!(
            out,
            "{attention}: {}",
            newer_archives::older_sentence(settings)
        )?;
    }
    if let Some(sentence) = newer_archives::sentence(&result.newer_archives) {
        writeln!(out, "{attention}: {sentence}")?;
    }
    for damaged in &result.damage {
        let days = format!("{}..{}", damaged.first_day, damaged.last_day);
        writeln!(
            out,
            "{attention}: {days}: {}",
            display::printable(&damaged.reason)
        )?;
    }
    writeln!(out, "{}", ingest::accounting(ingest))?;
    if let Some(archive) = &result.archive
        && *archive != ArchiveSummary::default()
    {
        writeln!(out, "{}", summary_text(archive))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
