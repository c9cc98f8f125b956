//! What a fold tells of a log and of its runs besides their rows.

use serde::{Deserialize, Serialize};

use crate::{BucketFacts, Carry, InterfaceCount, Mode, Noted, Volume};

/// One run, or the part of it that the log holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its number within the log, from 0.
    pub run: u32,
    /// Hash of each frame that has rows, in order: its identity.
    #[serde(skip)]
    pub hashes: Vec<u64>,
    /// Frames observed.
    pub frames: u64,
    /// Frames without traffic.
    pub idle_frames: u64,
    /// First frame, seconds since 1970. `None` if no frame has a time.
    pub first: Option<i64>,
    /// Last frame, seconds since 1970, idle frames at the end included.
    pub last: Option<i64>,
    /// Earliest and latest frame: the clock may have been set back in between.
    pub extremes: Option<(i64, i64)>,
    /// Whether values are running sums.
    pub mode: Mode,
    /// Whether frames have heads (since 0.17.0); the rest is known less exactly.
    pub framed: bool,
    /// It begins the log, and with traffic: it may continue a run of another log.
    pub may_continue: bool,
    /// It ends with the log: it may go on in another log.
    pub may_go_on: bool,
    /// What its end owes and its rows do not hold. Empty where neither its beginning nor its end
    /// depends on another log.
    pub carry: Carry,
    /// Facts of its buckets, in the order of the log.
    #[serde(skip)]
    pub facts: Vec<BucketFacts>,
    /// Bytes by which row families differ beyond rounding.
    pub disagreement: u64,
    /// Bytes of connections that another connection shows as well (bridge, tunnel).
    pub doubled: Volume,
    /// Bytes that were printed as received from an own address and were sent.
    #[serde(default)]
    pub turned: Volume,
    /// Steps of the clock against the count of frames: (time after it, seconds).
    pub clock_steps: Vec<(i64, i64)>,
    /// Bytes of log text in its frames.
    pub text_bytes: u64,
    /// Owners of connections that a collector had noted by its end.
    #[serde(default)]
    pub owners: u64,
}

/// Where the bytes of a log went. Their sum is what was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounting {
    /// In frames with rows.
    pub frames: u64,
    /// In idle frames.
    pub idle: u64,
    /// In frames that were cut off, of which nothing is counted.
    pub cut: u64,
    /// In frames whose time is impossible.
    pub undated: u64,
    /// In damaged lines.
    pub damaged: u64,
    /// In empty lines and marks.
    pub filler: u64,
    /// In what a collector noted.
    #[serde(default)]
    pub notes: u64,
    /// In the unfinished frame or line at the end, which is read next time.
    pub unfinished: u64,
}

impl Accounting {
    /// All bytes.
    pub fn total(&self) -> u64 {
        self.frames
            + self.idle
            + self.cut
            + self.undated
            + self.damaged
            + self.filler
            + self.notes
            + self.unfinished
    }

    /// Adds another log's bytes.
    pub fn add(&mut self, other: &Accounting) {
        self.frames += other.frames;
        self.idle += other.idle;
        self.cut += other.cut;
        self.undated += other.undated;
        self.damaged += other.damaged;
        self.filler += other.filler;
        self.notes += other.notes;
        self.unfinished += other.unfinished;
    }
}

/// A damaged line, to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedLine {
    /// Line number, from 1.
    pub line: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// What is wrong.
    pub reason: String,
    /// Its first bytes; what is not UTF-8 becomes U+FFFD.
    pub text: String,
}

/// What a log held besides its runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogSummary {
    /// Where its bytes went.
    pub accounting: Accounting,
    /// Runs found.
    pub runs: u32,
    /// Rows of all kinds.
    pub rows: u64,
    /// Frames, the idle ones included.
    pub frames: u64,
    /// Frames without traffic.
    pub idle_frames: u64,
    /// Idle frames of a log that holds no time at all: when they were cannot be known.
    pub timeless_frames: u64,
    /// Frames whose time is impossible, and the bytes per refresh they claim.
    pub undated_frames: u64,
    /// Bytes that frames with an impossible time claim.
    pub undated_bytes: u64,
    /// Frames cut off in the middle.
    pub cut_frames: u64,
    /// Damaged lines.
    pub damaged_lines: u64,
    /// The first of them.
    pub damaged: Vec<DamagedLine>,
    /// Damaged lines that hold a row behind a prefix, as journalctl prints them.
    pub prefixed_lines: u64,
    /// Whether it ends within something that bandwhich prints.
    #[serde(skip)]
    pub has_begun: bool,
    /// How many times a collector began, in this log.
    #[serde(default)]
    pub collections: u32,
    /// What the kernel counted on interfaces, in the order of the log.
    #[serde(default)]
    pub interfaces: Vec<InterfaceCount>,
    /// What else a collector noted.
    #[serde(default)]
    pub noted: Noted,
}
