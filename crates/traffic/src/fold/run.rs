//! What a run holds while its frames are read, and what one frame brings.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;
use rawlog::{Kind as Family, RowRef, Rows};

use super::clock::Clock;
use super::kinds::UNKNOWN;
use super::pending::Flips;
use crate::machine::Machine;
use crate::mode::row_volume;
use crate::places::Places;
use crate::slots::{Nth, Slots};
use crate::{BucketFacts, Row, Strings, TextId, Volume};

/// The frame does not continue the run: bandwhich was restarted before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Restarted;

/// One frame.
pub(crate) struct Observation<'a> {
    pub(crate) timestamp: i64,
    pub(crate) rows: Rows<'a>,
    /// Where the rows hold running sums, how much each of them rose.
    pub(crate) differences: Option<&'a Vec<Volume>>,
    /// Some of its rows may be missing.
    pub(crate) damaged: bool,
}

impl<'a> Observation<'a> {
    /// The rows, each with its bytes per refresh.
    pub(super) fn rows(&self) -> impl Iterator<Item = (RowRef<'a>, Volume)> {
        let differences = self.differences;
        let value = move |(place, row)| match differences {
            None => (row, row_volume(row)),
            Some(differences) => (row, differences[place]),
        };
        self.rows.iter().enumerate().map(value)
    }

    /// Whether rows vanish only when their window ends, as those of running sums do not.
    pub(super) fn windowed(&self) -> bool {
        self.differences.is_none()
    }
}

/// How the frames of a run are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// With frame heads, from the start of bandwhich on.
    Fresh,
    /// With frame heads, from somewhere within a run.
    Continued,
    /// With frame heads, after idle frames: nothing is alive at its first frame, and bandwhich was
    /// started at most that many frames before.
    Resumed(u64),
    /// Without frame heads (up to 0.16.0).
    Legacy,
}

/// The rows of a frame, added up by kind: processes, connections, addresses.
#[derive(Default)]
pub(super) struct Sums {
    pub(super) volumes: [Volume; 3],
    pub(super) rows: [u64; 3],
    /// Connection rows so small that rounding takes a per cent of them.
    pub(super) tiny: u64,
}

impl Sums {
    #[inline(always)]
    pub(super) fn add(&mut self, row: RowRef<'_>, value: Volume) {
        let kind = row.kind() as usize;
        self.volumes[kind].add(value);
        self.rows[kind] += 1;
        self.tiny += u64::from(row.kind() == Family::Connection && value.total() < 100);
    }
}

/// Which rows make up the totals of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Primary {
    Connections,
    Processes,
    Addresses,
}

/// What the connection rows of a peer in a frame hold.
#[derive(Clone, Copy, Default)]
pub(super) struct Peer {
    pub(super) frame: u64,
    pub(super) volume: Volume,
    pub(super) loopback: bool,
}

/// Two connections with the ports exchanged, each with its life.
pub(super) struct Mirror {
    pub(super) pair: [(u32, u32); 2],
    pub(super) frames: u32,
}

/// A run of which frames are read.
pub(crate) struct RunFold {
    pub(super) resolution: i64,
    pub(super) style: Style,
    /// Number of the next frame, from 0.
    pub(super) next: u64,
    pub(super) slots: Slots,
    /// Keys that were alive when they were last too many.
    pub(super) alive: usize,
    pub(crate) machine: Machine,
    /// The state of the machine that slots are classed by.
    pub(super) edition: u32,
    pub(crate) strings: Strings,
    pub(super) unknown: TextId,
    /// Slots of the frame before, and of the frame at hand.
    pub(super) before: Vec<u32>,
    pub(super) present: Vec<u32>,
    /// How many of the frame at hand were in the frame before.
    pub(super) followed: usize,
    /// Slots of the frame before that are not in the frame at hand.
    pub(super) gone: Vec<u32>,
    /// Slots that went: their last frame, index and life, in the order of the former.
    pub(super) leaving: VecDeque<(Option<Nth>, u32, u32)>,
    pub(super) places: Places,
    /// What see_residual adds up, by the number of the peer's text.
    pub(super) peers: Vec<Peer>,
    pub(super) in_bucket: Vec<u32>,
    pub(super) bucket: Option<i64>,
    pub(crate) rows: Vec<Row>,
    pub(super) flips: Flips,
    /// A connection has the loopback interface and a peer elsewhere.
    pub(super) suspects: bool,
    /// Some slots say how much their rows hold.
    pub(super) has_given: bool,
    /// Connections whose ports are exchanged.
    pub(super) mirrors: Vec<Mirror>,
    pub(super) batch_buckets: u32,
    /// Addresses that were later shown by name.
    pub(super) names_of_hosts: HashMap<TextId, TextId, FixedState>,
    pub(super) has_connections: bool,
    /// A connection was first seen in the frame at hand.
    pub(super) has_new_connection: bool,
    pub(super) has_loopback: bool,
    pub(super) residual_by_peer: bool,
    /// Whether what address rows hold beyond connection rows is rounding alone: then it follows the
    /// windows as rows do. What damaged or pruned rows lose does not.
    pub(super) residual_is_windowed: bool,
    /// A row that appears after a damaged frame need not be new.
    pub(super) damaged_before: bool,
    pub(super) last_time: Option<i64>,
    pub(super) frames_since: i64,
    pub(super) clock: Clock,
    pub(crate) facts: Vec<BucketFacts>,
    pub(crate) disagreement: u64,
    pub(crate) doubled: Volume,
    pub(crate) turned: Volume,
    pub(crate) clock_steps: Vec<(i64, i64)>,
    pub(crate) frames: u64,
    pub(crate) idle_frames: u64,
    pub(crate) first_time: Option<i64>,
}

impl RunFold {
    pub(crate) fn new(resolution: i64, style: Style, mut machine: Machine) -> Self {
        let mut strings = Strings::default();
        let unknown = strings.intern(UNKNOWN);
        machine.take_newly_apart();
        RunFold {
            resolution,
            style,
            next: 0,
            slots: Slots::default(),
            alive: 0,
            edition: machine.edition,
            machine,
            strings,
            unknown,
            before: Vec::new(),
            present: Vec::new(),
            followed: 0,
            gone: Vec::new(),
            leaving: VecDeque::new(),
            places: Places::default(),
            peers: Vec::new(),
            in_bucket: Vec::new(),
            bucket: None,
            rows: Vec::new(),
            flips: Flips::default(),
            suspects: false,
            has_given: false,
            mirrors: Vec::new(),
            batch_buckets: 0,
            names_of_hosts: HashMap::default(),
            has_connections: false,
            has_new_connection: false,
            has_loopback: false,
            residual_by_peer: false,
            residual_is_windowed: true,
            damaged_before: style == Style::Continued,
            last_time: None,
            frames_since: 0,
            clock: Clock::default(),
            facts: Vec::new(),
            disagreement: 0,
            doubled: Volume::ZERO,
            turned: Volume::ZERO,
            clock_steps: Vec::new(),
            frames: 0,
            idle_frames: 0,
            first_time: None,
        }
    }
}
