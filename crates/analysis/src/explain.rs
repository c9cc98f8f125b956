//! Who is behind a finding, and from which minute to which: from the rows of the hours that it is about.
//!
//! Series know hours, and only those names that moved most in eight weeks. The rows of a few hours know all,
//! and are read twice: the first time they tell who, the second time when. Then findings that are about the
//! same traffic become one.

mod merge;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use crate::{Contributor, Culprit, Direction, Finding, FindingKind, Subject};

/// Part of the bytes from which on somebody is the one who did it.
const HALF: f64 = 0.5;
/// Pairs of process and remote that are counted for a finding; a hostile log has any number.
const MOST_PAIRS: usize = 20_000;
/// Findings that are looked into.
const MOST_FINDINGS: usize = 100;
/// How bandwhich names a process that it does not know.
const UNKNOWN: &str = "<UNKNOWN>";
/// Part of the busiest minute that a minute has at least if it belongs to the transfer.
const OF_BUSIEST: f64 = 0.05;

/// What one connection moved in one bucket, as far as it tells who, whom and when.
#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// Owner. `None` if the log does not tell.
    pub process: Option<&'a str>,
    /// Remote. `None` if the log does not tell.
    pub remote: Option<&'a str>,
    /// The ports of both ends: one of them is the service's.
    pub ports: [Option<u16>; 2],
    /// Bytes sent.
    pub up: u64,
    /// Bytes received.
    pub down: u64,
    /// First refresh, since 1970.
    pub first: i64,
    /// Last refresh, since 1970.
    pub last: i64,
}

impl Flow<'_> {
    fn bytes(&self, direction: Direction) -> u64 {
        match direction {
            Direction::Up => self.up,
            Direction::Down => self.down,
        }
    }
}

/// Questions about findings, which rows answer.
#[derive(Debug)]
pub struct Inquiry {
    questions: Vec<Question>,
    asks_when: bool,
}

/// What is asked about one finding.
#[derive(Debug)]
struct Question {
    /// Which finding.
    place: usize,
    seconds: Range<i64>,
    direction: Direction,
    subject: Subject,
    /// Bytes by process and remote.
    pairs: HashMap<(Option<String>, Option<String>), u64>,
    /// The answer: who and whom.
    process: Option<String>,
    remote: Option<String>,
    bytes: u64,
    /// Their parts of the bytes that were asked about, each from 0 to 1.
    process_share: f64,
    remote_share: f64,
    /// Bytes, first and last refresh by minute of who and whom.
    minutes: BTreeMap<i64, (u64, i64, i64)>,
}

impl Inquiry {
    /// Asks about findings that are about bytes. `None` if there are none.
    pub fn new(findings: &[Finding]) -> Option<Self> {
        let questions: Vec<Question> = (findings.iter().enumerate())
            .filter_map(|(place, finding)| Question::new(place, finding))
            .take(MOST_FINDINGS)
            .collect();
        (!questions.is_empty()).then_some(Self {
            questions,
            asks_when: false,
        })
    }

    /// The time of which rows are asked for: from the first second to the one after the last.
    pub fn seconds(&self) -> Range<i64> {
        let starts = self.questions.iter().map(|one| one.seconds.start);
        let ends = self.questions.iter().map(|one| one.seconds.end);
        starts.min().unwrap_or(0)..ends.max().unwrap_or(0)
    }

    /// Takes a row.
    pub fn add(&mut self, flow: &Flow<'_>) {
        for question in &mut self.questions {
            if question.is_about(flow) {
                if self.asks_when {
                    question.add_minute(flow);
                } else {
                    question.add_pair(flow);
                }
            }
        }
    }

    /// Settles who it was, after all rows were given. They are to be given once more, for when it was.
    pub fn ask_when(&mut self, findings: &[Finding]) {
        for question in &mut self.questions {
            question.settle(&findings[question.place]);
        }
        self.asks_when = true;
    }

    /// Puts the answers into the findings that were asked about, and makes one of those that are about the
    /// same traffic.
    pub fn answer(self, findings: &mut Vec<Finding>) {
        for question in &self.questions {
            question.answer(&mut findings[question.place]);
        }
        merge::merge(findings);
    }
}

impl Question {
    fn new(place: usize, finding: &Finding) -> Option<Self> {
        let direction = match (finding.kind, finding.direction, &finding.culprit) {
            (FindingKind::Spike, Some(direction), _) => direction,
            (FindingKind::FirstSeen, _, Some(culprit)) => culprit.direction,
            _ => return None,
        };
        Some(Self {
            place,
            seconds: finding.start..finding.end,
            direction,
            subject: finding.subject.clone(),
            pairs: HashMap::new(),
            process: None,
            remote: None,
            bytes: 0,
            process_share: 0.0,
            remote_share: 0.0,
            minutes: BTreeMap::new(),
        })
    }

    fn is_about(&self, flow: &Flow<'_>) -> bool {
        // A newcomer's first second is known to a quarter of an hour.
        let is_then = flow.last >= self.seconds.start && flow.first < self.seconds.end;
        is_then
            && match &self.subject {
                Subject::Total => true,
                Subject::Process(name) => flow.process == Some(name),
                Subject::Remote(name) => flow.remote == Some(name),
                Subject::Port(name) => {
                    let number = name
                        .rsplit_once('/')
                        .map_or(name.as_str(), |(_, number)| number);
                    let number = number.parse().ok();
                    number.is_some() && flow.ports.contains(&number)
                }
            }
    }

    fn add_pair(&mut self, flow: &Flow<'_>) {
        let bytes = flow.bytes(self.direction);
        let process = flow.process.filter(|name| *name != UNKNOWN);
        let key = (process.map(str::to_owned), flow.remote.map(str::to_owned));
        if self.pairs.len() < MOST_PAIRS || self.pairs.contains_key(&key) {
            let sum = self.pairs.entry(key).or_default();
            *sum = sum.saturating_add(bytes);
        }
    }

    /// Who moved half of what is to be explained, and with whom.
    fn settle(&mut self, finding: &Finding) {
        let all = self.sum();
        let part = |bytes: u64| bytes as f64 / all.max(1) as f64;
        // Of a spike only what is beyond the usual has to be explained, and who explains it is known from the
        // usual of each.
        let needed = match (finding.kind, finding.excess_bytes) {
            (FindingKind::Spike, Some(excess)) => excess.unsigned_abs() as f64 * HALF,
            _ => all as f64 * HALF,
        };
        let explains = |is_its: fn(&Subject) -> Option<&String>| {
            let mut contributors = finding.contributors.iter();
            contributors.find_map(|one| is_its(&one.subject).filter(|_| one.share >= HALF))
        };
        let process = explains(|subject| match subject {
            Subject::Process(name) => Some(name).filter(|name| *name != UNKNOWN),
            _ => None,
        });
        let is_whole = finding.subject == Subject::Total;
        self.process = match &self.subject {
            Subject::Process(name) => Some(name.clone()),
            _ if is_whole => process.cloned(),
            _ => self.largest(needed, |(process, _)| process.as_ref()),
        };
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.retain(|key, _| self.process.is_none() || key.0 == self.process);
        self.pairs = pairs;
        self.process_share = part(self.sum());
        let remote = explains(|subject| match subject {
            Subject::Remote(name) => Some(name),
            _ => None,
        });
        self.remote = match &self.subject {
            Subject::Remote(name) => Some(name.clone()),
            // A remote that few processes know is in no series: its rows tell.
            _ if is_whole && self.process.is_none() => remote.cloned(),
            _ => self.largest(needed, |(_, remote)| remote.as_ref()),
        };
        let remote = &self.remote;
        self.pairs
            .retain(|(_, with), _| remote.is_none() || with == remote);
        self.bytes = self.sum();
        self.remote_share = part(self.bytes);
        self.pairs = HashMap::new();
    }

    fn sum(&self) -> u64 {
        let all = self.pairs.values();
        all.fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    /// The name with most bytes, if these are as many as needed.
    fn largest<'a>(
        &'a self,
        needed: f64,
        name: impl Fn(&'a (Option<String>, Option<String>)) -> Option<&'a String>,
    ) -> Option<String> {
        let mut sums: HashMap<&String, u64> = HashMap::new();
        for (key, bytes) in &self.pairs {
            if let Some(name) = name(key) {
                let sum = sums.entry(name).or_default();
                *sum = sum.saturating_add(*bytes);
            }
        }
        let most = sums
            .into_iter()
            .max_by(|one, other| (one.1, other.0).cmp(&(other.1, one.0)));
        let (name, bytes) = most?;
        (bytes > 0 && bytes as f64 >= needed).then(|| name.clone())
    }

    fn add_minute(&mut self, flow: &Flow<'_>) {
        let is_its =
            |known: &Option<String>, of: Option<&str>| known.is_none() || known.as_deref() == of;
        if !is_its(&self.process, flow.process) || !is_its(&self.remote, flow.remote) {
            return;
        }
        let bytes = flow.bytes(self.direction);
        let minute = flow.first.div_euclid(60);
        let held = self
            .minutes
            .entry(minute)
            .or_insert((0, flow.first, flow.last));
        held.0 = held.0.saturating_add(bytes);
        held.1 = held.1.min(flow.first);
        held.2 = held.2.max(flow.last);
    }

    fn answer(&self, finding: &mut Finding) {
        if self.process.is_none() && self.remote.is_none() {
            return;
        }
        let (process, remote) = (self.process.clone(), self.remote.clone());
        let is_new =
            |of: &Subject| finding.kind == FindingKind::FirstSeen && finding.subject == *of;
        let culprit = Culprit {
            process_is_new: (process.iter()).any(|name| is_new(&Subject::Process(name.clone()))),
            remote_is_new: (remote.iter()).any(|name| is_new(&Subject::Remote(name.clone()))),
            process,
            remote,
            direction: self.direction,
            bytes: self.bytes,
        };
        let most = self
            .minutes
            .values()
            .map(|(bytes, ..)| *bytes)
            .max()
            .unwrap_or(0);
        let mut busy = self
            .minutes
            .values()
            .filter(|(bytes, ..)| *bytes > 0 && *bytes as f64 >= most as f64 * OF_BUSIEST);
        if let Some((_, first, last)) = busy.next() {
            let last = busy.next_back().map_or(*last, |(.., last)| *last);
            finding.start = *first;
            finding.end = last.saturating_add(1);
        }
        if finding.kind == FindingKind::FirstSeen {
            finding.contributors = self.contributors();
        }
        finding.summary = culprit.deed();
        if let Subject::Port(port) = &finding.subject {
            finding.summary.push_str(&format!(", port {port}"));
            if finding.kind == FindingKind::FirstSeen {
                finding.summary.push_str(" (new)");
            }
        }
        finding.culprit = Some(culprit);
        finding.reword();
    }

    /// Who is named besides the subject, so that who mutes them mutes the finding.
    fn contributors(&self) -> Vec<Contributor> {
        let process = self.process.clone().map(Subject::Process);
        let remote = self.remote.clone().map(Subject::Remote);
        let named = (process.map(|one| (one, self.process_share)).into_iter())
            .chain(remote.map(|one| (one, self.remote_share)))
            .filter(|(one, _)| *one != self.subject);
        named
            .map(|(subject, share)| Contributor {
                subject,
                excess_bytes: i64::try_from(self.bytes).unwrap_or(i64::MAX),
                share,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
