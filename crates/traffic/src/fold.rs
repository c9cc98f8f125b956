//! The exact counting of one run: one life of bandwhich, or the part of it that a log holds.
//!
//! A value that bandwhich prints in refresh k is the sum of the last min(k+1, 5) refreshes divided
//! by their number. So value × weight is a window of five refreshes, and each refresh lies in five
//! windows: booking a fifth of each window at its frame counts every refresh once, smeared over at
//! most four seconds. Only the last four refreshes of a run stay short; windows laid end to end,
//! counted per frame number modulo five, give the total that the end of the run settles.

mod apart;
mod book;
mod flip;
mod give;
mod residual;
mod restart;
mod see;
mod time;
mod turned;

use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;
use rawlog::{Kind as Family, Note, RowRef, Rows, Told};

use self::flip::{Flips, given};
use self::residual::Peer;
use self::time::Clock;
use self::turned::Mirror;
use crate::carry::{Carry, LiveKey, tail_rows};
use crate::machine::Machine;
use crate::mode::row_volume;
use crate::places::Places;
use crate::slots::{Kind, Nth, Slot, Slots, Way};
use crate::{BucketFacts, Row, Strings, Table, TextId, Volume};

/// The name that bandwhich prints for traffic whose owner it did not find.
pub(crate) const UNKNOWN: &[u8] = b"<UNKNOWN>";

/// Frames with the same value that make a steady stream.
const STEADY_FRAMES: u64 = 6;
/// Frames after which an absent key is forgotten; until then its name is still known.
const FORGET_AFTER: u64 = 64;
/// Buckets that are collected before their rows are given out.
const BATCH_BUCKETS: u32 = 16;
/// Rows that are collected before they are given out.
const BATCH_ROWS: usize = 200_000;
/// How many texts may be held before those no longer needed are dropped.
const MAX_TEXTS: usize = 50_000;
/// Gaps in a log without frame heads up to this many seconds count as idle; longer ones as gaps.
const LEGACY_IDLE: i64 = 300;

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
    fn rows(&self) -> impl Iterator<Item = (RowRef<'a>, Volume)> {
        let differences = self.differences;
        let value = move |(place, row)| match differences {
            None => (row, row_volume(row)),
            Some(differences) => (row, differences[place]),
        };
        self.rows.iter().enumerate().map(value)
    }

    /// Whether rows vanish only when their window ends, as those of running sums do not.
    fn windowed(&self) -> bool {
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
struct Sums {
    volumes: [Volume; 3],
    rows: [u64; 3],
    /// Connection rows so small that rounding takes a per cent of them.
    tiny: u64,
}

impl Sums {
    #[inline(always)]
    fn add(&mut self, row: RowRef<'_>, value: Volume) {
        let kind = row.kind() as usize;
        self.volumes[kind].add(value);
        self.rows[kind] += 1;
        self.tiny += u64::from(row.kind() == Family::Connection && value.total() < 100);
    }
}

/// Which rows make up the totals of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Primary {
    Connections,
    Processes,
    Addresses,
}

pub(crate) struct RunFold {
    resolution: i64,
    style: Style,
    /// Number of the next frame, from 0.
    next: u64,
    slots: Slots,
    pub(crate) machine: Machine,
    /// The state of the machine that slots are classed by.
    edition: u32,
    pub(crate) strings: Strings,
    unknown: TextId,
    /// Slots of the frame before, and of the frame at hand.
    before: Vec<u32>,
    present: Vec<u32>,
    /// How many of the frame at hand were in the frame before.
    followed: usize,
    /// Slots of the frame before that are not in the frame at hand.
    gone: Vec<u32>,
    /// Slots that went: their last frame, index and life, in the order of the former.
    leaving: VecDeque<(Option<Nth>, u32, u32)>,
    places: Places,
    /// What see_residual adds up, by the number of the peer's text.
    peers: Vec<Peer>,
    in_bucket: Vec<u32>,
    bucket: Option<i64>,
    pub(crate) rows: Vec<Row>,
    flips: Flips,
    /// A connection has the loopback interface and a peer elsewhere.
    suspects: bool,
    /// Some slots say how much their rows hold.
    has_given: bool,
    /// Connections whose ports are exchanged.
    mirrors: Vec<Mirror>,
    batch_buckets: u32,
    /// Addresses that were later shown by name.
    names_of_hosts: HashMap<TextId, TextId, FixedState>,
    has_connections: bool,
    /// A connection was first seen in the frame at hand.
    has_new_connection: bool,
    has_loopback: bool,
    residual_by_peer: bool,
    /// Whether what address rows hold beyond connection rows is rounding alone: then it follows the
    /// windows as rows do. What damaged or pruned rows lose does not.
    residual_is_windowed: bool,
    /// A row that appears after a damaged frame need not be new.
    damaged_before: bool,
    last_time: Option<i64>,
    frames_since: i64,
    clock: Clock,
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

    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Idle frames before a frame with this time, if the clock went on otherwise than the frames
    /// while there was no traffic: most likely bandwhich was restarted unseen.
    pub(crate) fn resumes_elsewhere(&self, time: i64) -> Option<u64> {
        let last = self.last_time?;
        let step = time.saturating_sub(last.saturating_add(self.frames_since));
        (self.style != Style::Legacy && self.frames_since > 1 && step.abs() > 3)
            .then(|| self.trailing_idle().unsigned_abs())
    }

    pub(crate) fn last_time(&self) -> Option<i64> {
        self.last_time
    }

    /// Earliest and latest frame.
    pub(crate) fn extremes(&self) -> Option<(i64, i64)> {
        let first = self.facts.iter().map(|facts| facts.first).min()?;
        let last = self.facts.iter().map(|facts| facts.last).max()?;
        Some((first, last))
    }

    /// Seconds that passed after the last stamp without one: idle frames at the end.
    pub(crate) fn trailing_idle(&self) -> i64 {
        (self.frames_since - 1).max(0)
    }

    /// Takes a note, which may be of connections that were seen already.
    pub(crate) fn take_note(&mut self, note: &Note<'_>) {
        self.machine.note(note);
        match note.told {
            Told::Owner(owner) => {
                let name = self.strings.intern(&owner.process.text());
                let seen =
                    (self.slots).with_ports(owner.local_port, owner.remote_port, owner.protocol);
                if let Some(index) = seen {
                    self.slots.get_mut(index).owner = Some((name, owner.pid));
                }
            }
            Told::Address(address) if !address.gone => {
                let interface = self.strings.intern(&address.interface.text());
                let address = address.address.to_string();
                let address = self.strings.intern(address.as_bytes());
                self.turn(interface, address);
            }
            _ => {}
        }
    }

    /// A frame that says there was no traffic.
    pub(crate) fn idle(&mut self) -> Result<(), Restarted> {
        self.followed = 0;
        self.find_gone();
        if self.missing_row() || self.steady_row() {
            return Err(Restarted);
        }
        self.note_leaving();
        self.before.clear();
        self.next += 1;
        self.frames += 1;
        self.idle_frames += 1;
        self.place_idle();
        Ok(())
    }

    /// A frame of which nothing can be used, within the run: only its place is counted.
    pub(crate) fn skip(&mut self) {
        self.followed = 0;
        self.find_gone();
        self.note_leaving();
        self.before.clear();
        self.next += 1;
        self.frames_since += 1;
    }

    /// A frame with rows.
    pub(crate) fn traffic(&mut self, frame: &Observation<'_>) -> Result<(), Restarted> {
        let time = frame.timestamp;
        if self.style == Style::Legacy
            && let Some(last) = self.last_time
        {
            let step = time.saturating_sub(last);
            let idle = if (2..=LEGACY_IDLE).contains(&step) {
                step - 1
            } else {
                0
            };
            self.next += if step > LEGACY_IDLE { 5 } else { idle as u64 };
            for second in 1..=idle {
                self.note(last + second, 1, 1, Volume::ZERO);
            }
            self.frames += idle as u64;
            self.idle_frames += idle as u64;
        }
        self.residual_is_windowed &= frame.windowed() && !frame.damaged;
        self.look_up(frame);
        self.find_gone();
        if frame.windowed() && !frame.damaged && self.missing_row() {
            return Err(Restarted);
        }
        self.note_leaving();
        let seconds = self.place_in_time(time);
        self.book(time, seconds);
        if !self.mirrors.is_empty() {
            self.judge_mirrors();
        }
        self.damaged_before = frame.damaged;
        self.next += 1;
        Ok(())
    }

    /// Ends the run. What its end owes to its live keys becomes rows, unless that depends on another
    /// log: then it is given back.
    pub(crate) fn end(&mut self, depends: bool) -> Carry {
        self.close_bucket();
        self.bucket = None;
        if self.has_given {
            for slot in self.slots.iter_mut() {
                given(slot, &mut self.doubled, &mut self.turned);
                slot.given = Volume::ZERO;
            }
        }
        let carry = self.carry();
        if depends {
            return carry;
        }
        self.rows.extend(tail_rows(&carry, &mut self.strings));
        Carry::default()
    }

    /// What the end of the run still owes to its live keys. Empty for a log without frame heads:
    /// there it cannot be told whether values are averaged.
    fn carry(&self) -> Carry {
        let mut keys = Vec::new();
        if self.style == Style::Legacy {
            return Carry {
                frames: self.next,
                keys,
            };
        }
        for index in self.slots.indices() {
            let slot = self.slots.get(index);
            let Some(last) = slot.last_frame else {
                continue;
            };
            let residual = matches!(slot.kind, Kind::Residual | Kind::Rest);
            let last = last.number();
            if last + 5 <= self.next.saturating_sub(1) || (residual && !self.residual_is_windowed) {
                continue;
            }
            let text = |id: TextId| self.strings.text(id).into_owned();
            let host = |id: TextId| text(self.names_of_hosts.get(&id).copied().unwrap_or(id));
            let name = slot.names.best().unwrap_or(slot.last_name);
            let ports = slot.is_connection();
            let mut from_end = [Volume::ZERO; 5];
            for (distance, window) in from_end.iter_mut().enumerate() {
                *window = slot.windows[((self.next + 4 - distance as u64) % 5) as usize];
            }
            keys.push(LiveKey {
                table: table(slot),
                process: has_process(slot).then(|| text(name)),
                pid: slot.pid_as(name),
                by_process: slot.kind == Kind::Process,
                interface: slot.interface.map(text),
                protocol: slot.protocol.map(|protocol| protocol.as_str().to_owned()),
                local_port: ports.then_some(slot.local_port),
                remote: has_remote(slot).then(|| host(slot.text)),
                remote_port: ports.then_some(slot.remote_port),
                turned: slot.way == Way::Turned,
                windows: from_end,
                absent: if residual {
                    0
                } else {
                    u8::try_from(self.next - 1 - last).unwrap_or(4)
                },
                booked: from_end.into_iter().fold(Volume::ZERO, |mut sum, window| {
                    sum.add(window);
                    sum
                }),
                since_start: slot.since_start,
                bucket: slot.last_time.div_euclid(self.resolution) * self.resolution,
                last_seen: slot.last_time,
            });
        }
        keys.sort_by(|a, b| a.identity().cmp(&b.identity()));
        Carry {
            frames: self.next,
            keys,
        }
    }
}

fn table(slot: &Slot) -> Table {
    match slot.kind {
        _ if slot.way == Way::Loopback => Table::Loopback,
        _ if slot.way == Way::Apart => Table::Apart,
        Kind::PeerBeside => Table::Peers,
        _ => Table::Traffic,
    }
}

fn has_process(slot: &Slot) -> bool {
    !matches!(slot.kind, Kind::Peer | Kind::PeerBeside)
}

fn has_remote(slot: &Slot) -> bool {
    let has = matches!(
        slot.kind,
        Kind::Connection | Kind::Beside | Kind::Peer | Kind::PeerBeside | Kind::Residual
    );
    has && !slot.is_peerless
}

fn is_loopback_interface(name: &[u8]) -> bool {
    name == b"lo" || name == b"lo0" || name.starts_with(b"Loopback")
}

fn is_loopback_host(host: &[u8]) -> bool {
    address(host).is_some_and(|address| address.is_loopback())
}

fn is_address(host: &[u8]) -> bool {
    address(host).is_some()
}

fn address(host: &[u8]) -> Option<std::net::IpAddr> {
    // Names rarely begin like an address; the full parse is for those that do.
    let first = host.first()?;
    if !first.is_ascii_hexdigit() && *first != b':' {
        return None;
    }
    std::str::from_utf8(host).ok()?.parse().ok()
}
