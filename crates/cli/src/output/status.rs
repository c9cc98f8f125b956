//! The status, in lines.

use std::io::Write;
use std::path::Path;

use app::Status;
use display::Moment;
use settings::Settings;

use crate::failure::Failure;

/// Prints the status.
pub(crate) fn show(
    status: &Status,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let line = |label: &str, text: &str| format!("{label:<10}{}", display::printable(text));
    let zone = &settings.time_zone;
    let mut lines = Vec::new();
    if let Some(holder) = &status.lock {
        lines.push(line("Running", holder));
    }
    if let Some(collector) = &status.collector {
        lines.push(line("Collector", &collector.summary(settings)));
    }
    if let Some(run) = &status.last_run {
        let text = format!(
            "{} at {}, {:.1} s, exit code {}",
            run.command,
            Moment::new(run.started, zone),
            run.duration_seconds,
            run.exit_code
        );
        lines.push(line("Last run", &text));
        if let Some(success) = run.last_success.filter(|_| !run.did_its_work()) {
            lines.push(line(
                "",
                &format!(
                    "the last that did its work ended at {}",
                    Moment::new(success, zone)
                ),
            ));
        }
    }
    let log_dir = files::show(&settings.paths.log_dir);
    let logs = format!(
        "{} in {log_dir}, {} new or changed",
        status.logs_found, status.logs_pending
    );
    lines.push(line("Logs", &logs));
    show_store(status, settings, &mut lines);
    for quota in &status.quotas {
        let [used, rest] = report::quota_lines(quota);
        lines.push(line("Quota", &format!("{}: {used}, {rest}", quota.name)));
    }
    for letter in &status.outbox {
        let to = letter.recipients.join(", ");
        lines.push(line("Outbox", &format!("{}, to {to}", letter.subject)));
        if letter.attempts > 0 {
            let trouble = letter.trouble.as_deref().unwrap_or_default();
            let next = Moment::new(letter.next_attempt, zone);
            let attempts = display::counted(letter.attempts.into(), "attempt", "attempts");
            lines.push(line(
                "",
                &format!("{attempts}, the next at {next}: {trouble}"),
            ));
        }
    }
    for sentence in &status.attention {
        lines.push(line("Attention", sentence));
    }
    if !status.not_yet_active.is_empty() {
        let keys = status.not_yet_active.join(", ");
        lines.push(format!("Not yet active in this version: {keys}"));
    }
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn show_store(status: &Status, settings: &Settings, lines: &mut Vec<String>) {
    let mut line = |label: &str, text: &str| {
        lines.push(format!("{label:<10}{}", display::printable(text)));
    };
    let store_dir = files::show(&settings.paths.store_dir);
    let Some(store) = &status.store else {
        if !Path::exists(&settings.paths.store_dir) {
            line("Store", &format!("none yet in {store_dir}"));
        }
        return;
    };
    let size = display::bytes(status.store_bytes.unwrap_or_default());
    line(
        "Store",
        &format!(
            "{} of {}, {} of bandwhich, {size} in {store_dir}",
            display::counted(store.rows, "row", "rows"),
            display::counted(store.sources, "log", "logs"),
            display::counted(store.runs, "run", "runs"),
        ),
    );
    line("Hosts", &store.hosts.join(", "));
    if let Some(span) = store.span {
        let zone = &settings.time_zone;
        let (first, last) = (Moment::new(span.first, zone), Moment::new(span.last, zone));
        line("Span", &format!("{first} to {last}"));
    }
    line(
        "Pending",
        &format!(
            "{} with new data that is not in any report yet",
            display::counted(store.pending_days, "day", "days")
        ),
    );
    if let Some(kept) = &store.kept_files {
        line("Kept", &app::kept_sentence(kept));
    }
    for host in &status.coverage {
        let ratios: Vec<String> = host
            .days
            .iter()
            .map(|day| display::percent(day.ratio))
            .collect();
        line(
            "Observed",
            &format!("{}, yesterday last, {}", ratios.join(", "), host.host),
        );
    }
}
