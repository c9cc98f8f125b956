//! The state as Prometheus reads it: text exposition format, version 0.0.4.

use std::fmt::{Display, Write as _};

use crate::status::Status;

/// The metrics of a state. What is not known is left out.
pub(crate) fn text(status: &Status) -> String {
    let mut page = Page(String::new());
    runs(&mut page, status);
    input(&mut page, status);
    hosts(&mut page, status);
    page.gauge(
        "quota_used_ratio",
        "Part of a quota that was logged as used; 1 is all of it.",
        status
            .quotas
            .iter()
            .map(|quota| (vec![("quota", quota.name.as_str())], quota.used_ratio)),
    );
    page.0
}

fn runs(page: &mut Page, status: &Status) {
    let run = status.last_run.iter();
    page.gauge(
        "last_run_timestamp_seconds",
        "When the last report or ingest began.",
        run.clone().map(|run| (vec![], run.started as f64)),
    );
    page.gauge(
        "last_run_duration_seconds",
        "How long it took.",
        run.clone().map(|run| (vec![], run.duration_seconds)),
    );
    page.gauge(
        "last_run_exit_code",
        "Its exit code: 0 done, 3 needs attention, else it failed.",
        run.clone().map(|run| (vec![], f64::from(run.exit_code))),
    );
    page.gauge(
        "last_success_timestamp_seconds",
        "When a run last did its work (exit codes 0, 3, 4).",
        run.filter_map(|run| Some((vec![], run.last_success? as f64))),
    );
    page.gauge(
        "abandoned_runs",
        "Runs that did not finish, and that no later run made up for.",
        [(vec![], status.abandoned_runs.len() as f64)],
    );
}

fn input(page: &mut Page, status: &Status) {
    let plain = [
        (
            "logs_pending",
            "Logs that are new or have changed.",
            Some(status.logs_pending),
        ),
        (
            "logs_damaged",
            "Logs with something wrong.",
            status
                .store
                .as_ref()
                .map(|store| store.damaged_logs.len() as u64),
        ),
        (
            "days_pending",
            "Days with new data that is not in any report yet.",
            status.store.as_ref().map(|store| store.pending_days),
        ),
        (
            "outbox_letters",
            "Letters that wait in the outbox.",
            Some(status.outbox.len() as u64),
        ),
        (
            "store_size_bytes",
            "Size of the history.",
            status.store_bytes,
        ),
    ];
    for (name, help, value) in plain {
        page.gauge(name, help, value.map(|value| (vec![], value as f64)));
    }
}

fn hosts(page: &mut Page, status: &Status) {
    let days = || {
        let hosts = status.coverage.iter();
        hosts.filter_map(|host| Some((host.host.as_str(), host.last_whole_day()?)))
    };
    page.gauge(
        "day_bytes",
        "Bytes of IP payload on the last whole day.",
        days().flat_map(|(host, day)| {
            let bytes = |direction, bytes: u64| {
                (vec![("host", host), ("direction", direction)], bytes as f64)
            };
            [
                bytes("up", day.upload_bytes),
                bytes("down", day.download_bytes),
            ]
        }),
    );
    page.gauge(
        "day_coverage_ratio",
        "Part of the last whole day that was observed.",
        days().map(|(host, day)| (vec![("host", host)], day.ratio)),
    );
    page.gauge(
        "day_damaged_lines",
        "Damaged lines of the logs of the last whole day.",
        days().map(|(host, day)| (vec![("host", host)], day.damaged_lines as f64)),
    );
}

struct Page(String);

impl Page {
    /// A metric with its samples; none if there are no samples.
    fn gauge<'a>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'a str, &'a str)>, f64)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        self.line(format_args!("# HELP network_monitor_{name} {help}"));
        self.line(format_args!("# TYPE network_monitor_{name} gauge"));
        for (labels, value) in samples {
            let labels: Vec<String> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", labels.join(","))
            };
            self.line(format_args!("network_monitor_{name}{labels} {value}"));
        }
    }

    fn line(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").expect("a String takes any text");
    }
}

/// A label's value: the format knows three escapes and takes all else as it is.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
