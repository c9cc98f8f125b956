//! What a letter says first: the subject line, findings with what to do about them, what changed, and who is
//! new. The names here are those of docs/email_templates.md.

use std::collections::HashMap;

use analysis::Direction;
use display::{approximate_bytes, cut, printable};
use report::{DatedFinding, Mover, NewName, Report};
use serde::Serialize;
use traffic::Period;

use crate::problems::{Findings, Problems};

/// Rows of each kind in a list of what is new or changed.
const ROWS: usize = 5;
/// Days that tell what is usual, at least.
const LEAST_USUAL_DAYS: usize = 3;
/// Findings that are no warnings and are listed.
const NOTICED: usize = 5;
/// Columns of a name in a list, and of a host in a subject.
const NAME: usize = 40;
const HOST: usize = 24;
/// Columns of a sentence that may hold names.
const SENTENCE: usize = 400;
/// Days of history from which on it means something that a name is new.
const LEAST_DAYS: usize = 3;

/// What a letter says first.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct News {
    /// `1 new warning, 1 ongoing`, or `nothing unusual`.
    status: String,
    /// `critical`, `warning` or `ok`: what the letter is coloured by.
    severity: &'static str,
    /// What mail programs show behind the subject.
    preheader: String,
    findings: Vec<ToldFinding>,
    ongoing: Vec<ToldFinding>,
    ended: Vec<ToldFinding>,
    noticed: Vec<String>,
    noticed_more: usize,
    recording: Vec<String>,
    quota_news: Vec<String>,
    learning: Option<String>,
    changed: Vec<ChangedName>,
    usual_day: String,
    new_names: Vec<NewEntry>,
    new_more: u64,
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
struct ToldFinding {
    tag: &'static str,
    severity: &'static str,
    id: String,
    sentence: String,
    reason: Option<String>,
    show: Option<String>,
    mute: String,
}

/// A process that moved more or less than usual.
#[derive(Clone, Debug, Serialize)]
struct ChangedName {
    name: String,
    arrow: &'static str,
    change: String,
    whom: String,
}

/// A process or a remote that was never seen before.
#[derive(Clone, Debug, Serialize)]
struct NewEntry {
    kind: &'static str,
    name: String,
    whom: String,
    download: String,
    upload: String,
    first: String,
}

impl News {
    pub(crate) fn new(report: &Report, period: Period, problems: &Problems) -> Self {
        let found = Findings::of(report);
        let told = |list: &[DatedFinding<'_>]| list.iter().map(ToldFinding::new).collect();
        let noticed: Vec<DatedFinding<'_>> = report.found().filter(is_noticed).collect();
        let whom = Whom::of(report);
        let worst = report.worst();
        let severity = match &worst {
            Some(worst) if worst.goes_on() => "warning",
            Some(worst) => worst.severity(),
            None => "ok",
        };
        let status = status(problems);
        let preheader = match &worst {
            Some(worst) => worst.sentence(),
            None => format!("{status}; {}", volumes(report)),
        };
        let recording = problems.list.iter().filter(|one| one.is_of_recording());
        Self {
            preheader: cut(&preheader, SENTENCE, "…"),
            status,
            severity,
            findings: told(&found.new),
            ongoing: told(&found.ongoing),
            ended: told(&found.ended),
            noticed_more: noticed.len().saturating_sub(NOTICED),
            noticed: noticed.iter().take(NOTICED).map(sentence).collect(),
            recording: recording.map(|one| one.message.clone()).collect(),
            quota_news: (found.quotas.iter())
                .filter(|one| one.finding.is_warning())
                .map(sentence)
                .collect(),
            learning: report.learning.map(|learning| learning.sentence()),
            changed: whom.changed(report),
            usual_day: if period.is_day() {
                format!("a usual {}", period.first.strftime("%A"))
            } else {
                "usual days".to_owned()
            },
            new_names: whom.new_names(report),
            new_more: whom.new_more(report),
        }
    }
}

fn is_noticed(one: &DatedFinding<'_>) -> bool {
    let is_quota = one.finding.kind == analysis::FindingKind::Quota;
    !one.finding.is_warning() && !one.goes_on() && !one.has_ended() && !is_quota
}

fn sentence(one: &DatedFinding<'_>) -> String {
    cut(&one.sentence(), SENTENCE, "…")
}

impl ToldFinding {
    fn new(one: &DatedFinding<'_>) -> Self {
        let commands = one.commands();
        Self {
            tag: one.tag(),
            severity: one.severity(),
            id: one.finding.id.to_string(),
            sentence: sentence(one),
            reason: (one.finding.reasons.first()).map(|reason| cut(reason, SENTENCE, "…")),
            show: commands.show,
            mute: commands.mute,
        }
    }
}

/// `1 new warning, 1 ongoing, 2 problems`.
fn status(problems: &Problems) -> String {
    let parts: Vec<String> = problems.counted().collect();
    if parts.is_empty() {
        "nothing unusual".to_owned()
    } else {
        parts.join(", ")
    }
}

/// `12.8 GB down, 6.3 GB up (+8 %)`.
fn volumes(report: &Report) -> String {
    let bytes = |bytes: u64| approximate_bytes(bytes as f64);
    let change = report
        .comparison
        .previous
        .as_ref()
        .and_then(|then| then.change);
    let change = change.map_or_else(String::new, |change| {
        format!(" ({})", signed_percent(change))
    });
    format!(
        "{} down, {} up{change}",
        bytes(report.total_download_bytes),
        bytes(report.total_upload_bytes)
    )
}

/// `+8 %`, `−4 %`.
pub(crate) fn signed_percent(change: f64) -> String {
    let percent = (change * 100.0).round();
    let sign = match percent {
        0.0 => "±",
        percent if percent < 0.0 => "−",
        _ => "+",
    };
    format!("{sign}{:.0} %", percent.abs())
}

/// The subject line: the news in its first words.
pub(crate) fn subject(
    report: &Report,
    period: Period,
    problems: &Problems,
    prefix: &str,
) -> String {
    let host = cut(&report.host, HOST, "…");
    let so_far = if report.period.partial {
        ", so far"
    } else {
        ""
    };
    let days = short_days(period);
    let text = match report.worst() {
        Some(worst) => {
            let mut counts = Vec::new();
            for (count, what) in [
                (problems.findings.saturating_sub(1), "more new"),
                (problems.ongoing, "ongoing"),
            ] {
                if count > 0 {
                    counts.push(format!("{count} {what}"));
                }
            }
            let counts = counts.join(", ");
            let after = if counts.is_empty() {
                format!("{days}{so_far}")
            } else {
                format!("{days}{so_far}; {counts}")
            };
            format!(
                "{host}: {} {} ({after})",
                worst.tag(),
                printable(&worst.headline())
            )
        }
        None => {
            let state = match problems.quotas + problems.others {
                0 => "ok".to_owned(),
                _ => status(problems),
            };
            format!("{host} {days}{so_far}: {state}, {}", volumes(report))
        }
    };
    if prefix.is_empty() {
        text
    } else {
        format!("{prefix}: {text}")
    }
}

/// `27 Nov`, `21–27 Nov` or `28 Nov – 4 Dec`.
pub(crate) fn short_days(period: Period) -> String {
    let (first, last) = (period.first, period.last);
    let short = |day: jiff::civil::Date| day.strftime("%-d %b").to_string();
    if first == last {
        short(first)
    } else if (first.year(), first.month()) == (last.year(), last.month()) {
        format!("{}–{}", first.day(), short(last))
    } else {
        format!("{} – {}", short(first), short(last))
    }
}

/// The processes whose volumes differ most from usual days, if enough days tell what is usual.
fn movers(report: &Report) -> impl Iterator<Item = &Mover> {
    let usual = report.usual.iter();
    let usual = usual.filter(|usual| usual.days >= LEAST_USUAL_DAYS);
    usual.flat_map(|usual| &usual.movers).take(ROWS)
}

/// Whom processes talked to, and who talked to remotes: of those names that a letter lists.
struct Whom<'a> {
    /// Bytes sent and received by process and remote.
    of_processes: HashMap<&'a str, HashMap<&'a str, [u64; 2]>>,
    of_remotes: HashMap<&'a str, HashMap<&'a str, [u64; 2]>>,
}

impl<'a> Whom<'a> {
    fn of(report: &'a Report) -> Self {
        let mut whom = Self {
            of_processes: HashMap::new(),
            of_remotes: HashMap::new(),
        };
        let (processes, remotes) = new_of(report);
        for name in processes.iter().take(ROWS) {
            whom.of_processes.insert(&name.name, HashMap::new());
        }
        for mover in movers(report) {
            whom.of_processes.insert(&mover.process, HashMap::new());
        }
        for name in remotes.iter().take(ROWS) {
            whom.of_remotes.insert(&name.name, HashMap::new());
        }
        for one in report.every_connection().into_iter().flatten() {
            let (Some(process), Some(remote)) = (one.process, one.remote_address) else {
                continue;
            };
            for (lists, key, value) in [
                (&mut whom.of_processes, process, remote),
                (&mut whom.of_remotes, remote, process),
            ] {
                if let Some(list) = lists.get_mut(key) {
                    let sum = list.entry(value).or_default();
                    sum[0] = sum[0].saturating_add(one.volume.up);
                    sum[1] = sum[1].saturating_add(one.volume.down);
                }
            }
        }
        whom
    }

    fn changed(&self, report: &Report) -> Vec<ChangedName> {
        movers(report)
            .map(|one| {
                let (direction, change) = one.largest_change();
                let place = usize::from(direction == Direction::Down);
                let to = ["to", "from"][place];
                let whom = match self.of_processes.get(one.process.as_str()) {
                    Some(list) if change > 0 => among(list, |sum| sum[place], "remotes"),
                    _ => None,
                };
                let sign = if change < 0 { "−" } else { "+" };
                ChangedName {
                    name: named(&one.process),
                    arrow: ["↑", "↓"][place],
                    change: format!("{sign}{}", approximate_bytes(change.unsigned_abs() as f64)),
                    whom: whom.map_or_else(String::new, |whom| format!("{to} {whom}")),
                }
            })
            .collect()
    }

    fn new_names(&self, report: &Report) -> Vec<NewEntry> {
        let (processes, remotes) = new_of(report);
        let entry = |kind, name: &NewName, whom: Option<String>| NewEntry {
            kind,
            name: named(&name.name),
            whom: whom.unwrap_or_default(),
            download: approximate_bytes(name.download_bytes as f64),
            upload: approximate_bytes(name.upload_bytes as f64),
            first: name.first_seen.civil().strftime("%H:%M").to_string(),
        };
        let both = |sum: &[u64; 2]| sum[0].saturating_add(sum[1]);
        let remotes = remotes.iter().take(ROWS).map(|name| {
            let who = self.of_remotes.get(name.name.as_str());
            entry(
                "remote",
                name,
                who.and_then(|list| among(list, both, "processes")),
            )
        });
        let processes = processes.iter().take(ROWS).map(|name| {
            let whom = self.of_processes.get(name.name.as_str());
            entry(
                "process",
                name,
                whom.and_then(|list| among(list, both, "remotes")),
            )
        });
        processes.chain(remotes).collect()
    }

    fn new_more(&self, report: &Report) -> u64 {
        let Some(history) = report
            .history
            .as_ref()
            .filter(|history| history.days >= LEAST_DAYS)
        else {
            return 0;
        };
        let lists = [&history.new_processes, &history.new_remotes];
        let more = lists
            .into_iter()
            .flatten()
            .map(|names| names.total.saturating_sub(names.top.len().min(ROWS)) as u64);
        more.sum()
    }
}

/// New processes and remotes, most bytes first; none where the history is too short to tell.
fn new_of(report: &Report) -> (&[NewName], &[NewName]) {
    let history = report
        .history
        .as_ref()
        .filter(|history| history.days >= LEAST_DAYS);
    let Some(history) = history else {
        return (&[], &[]);
    };
    let (processes, remotes) = (history.new_processes.as_ref(), history.new_remotes.as_ref());
    (
        processes.map_or(&[], |names| names.top.as_slice()),
        remotes.map_or(&[], |names| names.top.as_slice()),
    )
}

/// The name with half of the bytes or more, else how many names there are. `None` without a name.
fn among(
    list: &HashMap<&str, [u64; 2]>,
    bytes: impl Fn(&[u64; 2]) -> u64,
    many: &str,
) -> Option<String> {
    let all = list.values().map(&bytes).fold(0, u64::saturating_add);
    let most = list
        .iter()
        .map(|(name, sum)| (bytes(sum), *name))
        .max_by(|one, other| (one.0, other.1).cmp(&(other.0, one.1)))?;
    if most.0.saturating_mul(2) >= all {
        return Some(named(most.1));
    }
    Some(format!("{} {many}", list.len()))
}

/// A process may have no name at all.
fn named(name: &str) -> String {
    if name.is_empty() {
        "\"\"".to_owned()
    } else {
        cut(name, NAME, "…")
    }
}

#[cfg(test)]
mod tests;
