//! What `status -v` adds: paths, the last run, what the history holds, the letters that wait.

use std::path::Path;

use app::Status;
use display::{Moment, counted};
use settings::Settings;

/// The lines, each with its label.
pub(super) fn lines(status: &Status, settings: &Settings) -> Vec<(&'static str, String)> {
    let zone = &settings.time_zone;
    let mut lines = Vec::new();
    let mut line = |label, text: &str| lines.push((label, text.to_owned()));
    if let Some(run) = &status.last_run {
        let text = format!(
            "{} at {}, {:.1} s, exit code {}",
            run.command,
            Moment::new(run.started, zone),
            run.duration_seconds,
            run.exit_code
        );
        line("Last run", &text);
        if let Some(success) = run.last_success.filter(|_| !run.did_its_work()) {
            let at = Moment::new(success, zone);
            line("", &format!("the last that did its work ended at {at}"));
        }
    }
    let log_dir = files::show(&settings.paths.log_dir);
    let (found, pending) = (status.logs_found, status.logs_pending);
    line(
        "Logs",
        &format!("{found} in {log_dir}, {pending} new or changed"),
    );
    line(
        "Reports",
        &files::show(&settings.paths.report_dir).to_string(),
    );
    let store_dir = files::show(&settings.paths.store_dir);
    match &status.store {
        None if !Path::exists(&settings.paths.store_dir) => {
            line("Store", &format!("none yet in {store_dir}"));
        }
        None => {}
        Some(store) => {
            line(
                "Store",
                &format!(
                    "{} of {}, {} of bandwhich, in {store_dir}",
                    counted(store.rows, "row", "rows"),
                    counted(store.sources, "log", "logs"),
                    counted(store.runs, "run", "runs"),
                ),
            );
            line("Hosts", &store.hosts.join(", "));
            if let Some(span) = store.span {
                let (first, last) = (Moment::new(span.first, zone), Moment::new(span.last, zone));
                line("Span", &format!("{first} to {last}"));
            }
            let pending = counted(store.pending_days, "day", "days");
            line(
                "Pending",
                &format!("{pending} with new data that is not in any report yet"),
            );
            if let Some(kept) = &store.kept_files {
                line("Kept", &app::kept_sentence(kept));
            }
        }
    }
    for letter in &status.outbox {
        let to = letter.recipients.join(", ");
        line("Outbox", &format!("{}, to {to}", letter.subject));
        if letter.attempts > 0 {
            let trouble = letter.trouble.as_deref().unwrap_or_default();
            let next = Moment::new(letter.next_attempt, zone);
            let attempts = counted(letter.attempts.into(), "attempt", "attempts");
            line("", &format!("{attempts}, the next at {next}: {trouble}"));
        }
    }
    lines
}
