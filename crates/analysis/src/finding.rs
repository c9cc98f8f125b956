//! What an analysis found, with its reasons.

use std::cmp::Reverse;
use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::{Culprit, Direction, Subject};

display::dated!(start: i64, read);
display::dated!(end: i64, read);
display::dated!(since: Option<i64>, read);

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Look now.
    Critical,
}

/// What kind of finding it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// More bytes than is usual at this hour.
    Spike,
    /// Fewer bytes than is usual at this hour.
    Drop,
    /// A new usual level.
    LevelShift,
    /// A process, peer or port that was never met before.
    FirstSeen,
    /// A host or process that always talks stopped.
    Silence,
    /// Traffic at regular times to one peer and port.
    Beacon,
    /// The same transfer near the same time of several days.
    Recurring,
    /// A trend that is no accident.
    Trend,
    /// A share of a quota was used.
    Quota,
}

/// What became of a finding against the day before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingState {
    /// It was not there.
    New,
    /// It was there already.
    Continuing,
    /// It was there, and is no more.
    Ended,
}

/// Names a finding for good: a hash of kind, host, subject, direction and start. Hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub String);

impl fmt::Display for FindingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What was expected instead, in the unit of the observed value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Least that is usual.
    pub low: f64,
    /// The middle.
    pub middle: f64,
    /// Most that is usual.
    pub high: f64,
}

/// Who explains a part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contributor {
    /// Who.
    pub subject: Subject,
    /// Bytes beyond what is usual for it.
    pub excess_bytes: i64,
    /// Part of the whole excess, from 0 to 1.
    pub share: f64,
}

/// What an analysis found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Names it for good, so that it can be muted.
    pub id: FindingId,
    /// What kind it is.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: Severity,
    /// The host.
    pub host: String,
    /// Whose traffic.
    pub subject: Subject,
    /// Which way. `None` if it is about both.
    pub direction: Option<Direction>,
    /// First second, since 1970.
    #[serde(flatten, with = "start")]
    pub start: i64,
    /// The second after its last.
    #[serde(flatten, with = "end")]
    pub end: i64,
    /// How it was found, with its source's name: `hour-of-week modified z`.
    pub method: String,
    /// What was seen, in `unit`.
    pub observed: Option<f64>,
    /// What was expected, in `unit`.
    pub expected: Option<Expected>,
    /// `bytes`, `bytes/day`, `seconds` or `score`.
    pub unit: String,
    /// Bytes beyond (or short of) what is usual.
    pub excess_bytes: Option<i64>,
    /// Observed days of history that it rests on.
    pub history_days: u32,
    /// Who explains it, most first; of a beacon, the process most of its bytes belong to.
    pub contributors: Vec<Contributor>,
    /// One sentence: who did what, how much against what. Not made printable.
    pub message: String,
    /// Its first half: who did what. A sentence puts the time behind it.
    #[serde(default)]
    pub summary: String,
    /// Its second half: against what. May be blank.
    #[serde(default)]
    pub detail: String,
    /// Who did it. `None` if nobody has half of the bytes, or if it is not about bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub culprit: Option<Culprit>,
    /// First second of something that goes on and began before `start`, since 1970.
    #[serde(flatten, with = "since", skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Further reasons, one sentence each.
    pub reasons: Vec<String>,
    /// Against the day before. `None` if that was not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<FindingState>,
}

/// A sentence of two halves; the second may be blank.
fn message(summary: &str, detail: &str) -> String {
    match detail {
        "" => format!("{summary}."),
        detail => format!("{summary}; {detail}."),
    }
}

/// A finding that is being made.
pub(crate) struct FindingDraft {
    kind: FindingKind,
    severity: Severity,
    subject: Subject,
    seconds: Range<i64>,
    pub(crate) direction: Option<Direction>,
    pub(crate) method: String,
    pub(crate) observed: Option<f64>,
    pub(crate) expected: Option<Expected>,
    pub(crate) unit: String,
    pub(crate) excess_bytes: Option<i64>,
    pub(crate) history_days: u32,
    pub(crate) contributors: Vec<Contributor>,
    pub(crate) summary: String,
    pub(crate) detail: String,
    pub(crate) culprit: Option<Culprit>,
    pub(crate) since: Option<i64>,
    pub(crate) reasons: Vec<String>,
}

impl FindingDraft {
    pub(crate) fn new(
        kind: FindingKind,
        severity: Severity,
        subject: &Subject,
        seconds: Range<i64>,
    ) -> Self {
        Self {
            kind,
            severity,
            subject: subject.clone(),
            seconds,
            direction: None,
            method: String::new(),
            observed: None,
            expected: None,
            unit: "bytes".to_owned(),
            excess_bytes: None,
            history_days: 0,
            contributors: Vec::new(),
            summary: String::new(),
            detail: String::new(),
            culprit: None,
            since: None,
            reasons: Vec::new(),
        }
    }

    /// Finishes it. `moment` is what tells it from the same thing at another time: most often its
    /// first second.
    pub(crate) fn named(self, host: &str, moment: i64) -> Finding {
        let id = FindingId::of(self.kind, host, &self.subject, self.direction, moment);
        Finding {
            id,
            kind: self.kind,
            severity: self.severity,
            host: host.to_owned(),
            subject: self.subject,
            direction: self.direction,
            start: self.seconds.start,
            end: self.seconds.end,
            method: self.method,
            observed: self.observed.filter(|value| value.is_finite()),
            expected: self.expected,
            unit: self.unit,
            excess_bytes: self.excess_bytes,
            history_days: self.history_days,
            contributors: self.contributors,
            message: message(&self.summary, &self.detail),
            summary: self.summary,
            detail: self.detail,
            culprit: self.culprit,
            since: self.since,
            reasons: self.reasons,
            state: None,
        }
    }
}

/// What orders findings, the first first: the severe, then what is news, then by kind, then the large.
/// Every list of findings is in this order.
pub type FindingOrder<'a> = (Reverse<Severity>, u8, u8, Reverse<u64>, i64, &'a FindingId);

impl Finding {
    /// Where it stands among others: see [`FindingOrder`].
    pub fn order(&self) -> FindingOrder<'_> {
        let state = match self.state {
            Some(FindingState::New) | None => 0,
            Some(FindingState::Continuing) => 1,
            Some(FindingState::Ended) => 2,
        };
        (
            Reverse(self.severity),
            state,
            self.kind_order(),
            Reverse(self.size()),
            self.start,
            &self.id,
        )
    }

    fn kind_order(&self) -> u8 {
        let is_port = matches!(self.subject, Subject::Port(_));
        match self.kind {
            FindingKind::FirstSeen if !is_port => 0,
            FindingKind::Beacon => 1,
            FindingKind::Spike if !is_port => 2,
            FindingKind::Silence => 3,
            FindingKind::LevelShift => 4,
            FindingKind::FirstSeen | FindingKind::Spike => 5,
            FindingKind::Drop => 6,
            FindingKind::Trend => 7,
            FindingKind::Recurring => 8,
            FindingKind::Quota => 9,
        }
    }

    /// How large it is among those of its kind: bytes beyond the usual, or moved; thousandths of a score.
    fn size(&self) -> u64 {
        let observed = self.observed.unwrap_or_default();
        match (self.excess_bytes, self.kind) {
            (Some(bytes), _) => bytes.unsigned_abs(),
            (None, FindingKind::Beacon) => (observed * 1000.0) as u64,
            (None, _) => observed.abs() as u64,
        }
    }

    /// Whether it is worth a look: a warning or more.
    pub fn is_warning(&self) -> bool {
        self.severity >= Severity::Warning
    }

    /// Rebuilds the message after one of its parts changed.
    pub(crate) fn reword(&mut self) {
        self.message = message(&self.summary, &self.detail);
    }
}

impl FindingId {
    /// The id of what was found: 12 hexadecimal digits of a hash.
    pub fn of(
        kind: FindingKind,
        host: &str,
        subject: &Subject,
        direction: Option<Direction>,
        moment: i64,
    ) -> Self {
        let text = format!("{kind:?}\0{host}\0{subject:?}\0{direction:?}\0{moment}");
        let hash = twox_hash::XxHash3_64::oneshot(text.as_bytes());
        Self(format!("{:012x}", hash >> 16))
    }
}
