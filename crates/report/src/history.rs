//! What weeks before tell of a period: which names it is the first to show, and how busy each hour
//! of the week usually is.

use std::collections::HashSet;

use display::Moment;

/// What was before a period.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// First second that was looked at, since 1970; the period's start ends it.
    pub start: i64,
    /// Second, bytes of both directions and seconds observed, of stretches no longer than an hour.
    pub stretches: Vec<(i64, u64, u64)>,
    /// Processes seen.
    pub processes: HashSet<String>,
    /// Peers seen.
    pub remotes: HashSet<String>,
    /// Whether there were more names than these: then none can be called new.
    pub names_cut: bool,
}

/// A period beside what was before it.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Where looking back ended.
    pub start: Moment,
    /// Days of which something was observed.
    pub days: usize,
    /// Mean bytes per second of both directions by weekday, Monday first, and hour. `None` if
    /// nothing was observed.
    pub week: [[Option<u64>; 24]; 7],
    /// Processes that were not seen before. `None` if that is not known.
    pub new_processes: Option<NewNames>,
    /// Peers that were not seen before. `None` if that is not known.
    pub new_remotes: Option<NewNames>,
}

/// Names that were not seen before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewNames {
    /// Those that moved most, most bytes first.
    pub top: Vec<NewName>,
    /// How many there are.
    pub total: usize,
}

/// A name that was not seen before.
#[derive(Clone, Debug, PartialEq)]
pub struct NewName {
    /// The name.
    pub name: String,
    /// Whom most of its bytes were moved with: the process of a peer, the peer of a process. `None` if the
    /// log does not tell.
    pub most_with: Option<String>,
    /// Bytes sent.
    pub upload_bytes: u64,
    /// Bytes received.
    pub download_bytes: u64,
    /// First refresh that showed it.
    pub first_seen: Moment,
}
