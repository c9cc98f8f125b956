//! Which names of a table the history before its period does not know.

use std::collections::HashSet;

use store::{Digest, Seen, Store};
use tracing::warn;
use traffic::UtcDay;

use super::answer::{BreakdownLine, BreakdownTable, LineSubject};
use crate::error::Result;

/// Says of each process, remote and port in the tables whether the hosts met it before a second. The days are
/// looked at backwards, until all were met: usually that is soon.
///
/// # Errors
/// If the store cannot be read. What a damaged file holds is not known.
pub(super) fn mark(
    tables: &mut [BreakdownTable],
    store: &Store,
    hosts: &[String],
    before: i64,
    loopback: bool,
) -> Result<()> {
    let mut unmet: HashSet<LineSubject> =
        subjects(tables).map(|line| line.subject.clone()).collect();
    let mut days: Vec<(UtcDay, &String)> = Vec::new();
    for host in hosts {
        if let Some(first) = store.first_seen(host)?.filter(|first| *first < before) {
            let past = UtcDay::of_seconds(&(first..before));
            let past = past.start().number()..=past.end().number();
            days.extend(past.map(|day| (UtcDay::from_number(day), host)));
        }
    }
    if days.is_empty() || unmet.is_empty() {
        return Ok(());
    }
    days.sort_unstable_by(|one, other| other.cmp(one));
    let mut knows_all = true;
    for (day, host) in days {
        files::check_interrupted()?;
        match store.digests(host, day.seconds(), loopback) {
            Err(error) if error.is_damaged_file() => {
                warn!("{host}: whom it met on {day} is not known: {error}");
                knows_all = false;
            }
            digests => {
                for (start, digest) in digests? {
                    knows_all &= !digest.names_cut;
                    unmet.retain(|subject| !met(&digest, start, before, subject));
                }
            }
        }
        if unmet.is_empty() {
            break;
        }
    }
    for line in subjects_mut(tables) {
        let is_unmet = unmet.contains(&line.subject);
        line.is_new = if is_unmet && !knows_all {
            None
        } else {
            Some(is_unmet)
        };
    }
    Ok(())
}

/// Whether a day knows a name before a second.
fn met(digest: &Digest, day: i64, before: i64, subject: &LineSubject) -> bool {
    let seen: Option<&Seen> = match subject {
        LineSubject::Process { process } => digest.processes.get(process),
        LineSubject::Remote { remote } => digest.remotes.get(remote),
        LineSubject::Port { port } => digest.ports.get(port),
        _ => None,
    };
    seen.is_some_and(|seen| seen.since(day) < before)
}

fn is_looked_up(line: &BreakdownLine) -> bool {
    matches!(
        line.subject,
        LineSubject::Process { .. } | LineSubject::Remote { .. } | LineSubject::Port { .. }
    )
}

fn subjects(tables: &[BreakdownTable]) -> impl Iterator<Item = &BreakdownLine> {
    let lines = tables.iter().flat_map(|table| &table.lines);
    lines.filter(|line| is_looked_up(line))
}

fn subjects_mut(tables: &mut [BreakdownTable]) -> impl Iterator<Item = &mut BreakdownLine> {
    let lines = tables.iter_mut().flat_map(|table| &mut table.lines);
    lines.filter(|line| is_looked_up(line))
}
