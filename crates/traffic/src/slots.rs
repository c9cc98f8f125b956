//! The keys that are alive in a run, each with what its exact total needs.

use std::collections::HashMap;
use std::num::NonZeroU32;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use rawlog::Protocol;

use crate::places::Place;
use crate::strings::same;
use crate::{TextId, Volume};

/// What a slot counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A connection row.
    #[default]
    Connection,
    /// A connection row on an interface that is not known to be an uplink.
    Beside,
    /// A process row, if there are no connection rows.
    Process,
    /// An address row, if there are neither connection nor process rows.
    Peer,
    /// An address row beside process rows: the same bytes once more.
    PeerBeside,
    /// What an address row holds beyond the connection rows of its peer.
    Residual,
    /// What all address (or process) rows hold beyond all connection rows.
    Rest,
}

/// How the values of a slot are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Way {
    /// As they are printed.
    #[default]
    Plain,
    /// Loopback: halved, and apart.
    Loopback,
    /// On an interface whose traffic passes an uplink too: apart.
    Apart,
    /// Sent and received exchanged.
    Turned,
}

/// Identity of a slot while it is looked up. The interface is no part of it: bandwhich prints the
/// one on which a connection was last seen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) kind: Kind,
    /// The ends of a connection, else the peer or the process.
    pub(crate) text: &'a [u8],
    pub(crate) hash: u64,
}

impl<'a> Key<'a> {
    /// The key of what is told apart by one name.
    pub(crate) fn plain(kind: Kind, text: &'a [u8]) -> Self {
        let hash = crate::strings::hash(text) ^ (kind as u64);
        Key { kind, text, hash }
    }
}

/// A frame by its number, from 0. A run of 2^32 frames would last for 136 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Nth(NonZeroU32);

impl Nth {
    #[inline(always)]
    pub(crate) fn of(number: u64) -> Nth {
        Nth(NonZeroU32::MIN.saturating_add(number as u32))
    }

    /// The one before that of this number.
    #[inline(always)]
    pub(crate) fn before(number: u64) -> Option<Nth> {
        NonZeroU32::new(number as u32).map(Nth)
    }

    #[inline(always)]
    pub(crate) fn number(self) -> u64 {
        u64::from(self.0.get()) - 1
    }
}

/// What was seen of a slot within the current bucket under one process name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Bytes times five.
    pub(crate) fifths: Volume,
    pub(crate) peak: Volume,
    pub(crate) frames: u32,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Default for Part {
    /// Nothing: joined with another part, it is that part.
    fn default() -> Self {
        Part {
            fifths: Volume::ZERO,
            peak: Volume::ZERO,
            frames: 0,
            first: i64::MAX,
            last: i64::MIN,
        }
    }
}

impl Part {
    #[inline(always)]
    pub(crate) fn join(&mut self, other: &Part) {
        self.fifths.add(other.fifths);
        self.peak = self.peak.max(other.peak);
        self.frames += other.frames;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// A live key, or a free place for one: an `Option` would keep its tag in a cache line of its own. What
/// each frame touches stands at the head, in as few lines as hold it.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Slot {
    /// Its number among all keys that ever had a slot, from 1. 0 if the slot is free.
    pub(crate) life: u32,
    pub(crate) kind: Kind,
    pub(crate) in_bucket: bool,
    pub(crate) way: Way,
    /// Whether another live connection carries the same bytes.
    pub(crate) doubled: bool,
    /// The frame at hand, once it was seen there, and its value in it.
    pub(crate) seen: Option<Nth>,
    pub(crate) last_frame: Option<Nth>,
    pub(crate) now: Volume,
    /// Value times weight in the last frame that has it.
    pub(crate) last_window: Volume,
    pub(crate) last_growth: Option<Nth>,
    /// The frame since which its window is the same.
    pub(crate) steady_since: Option<Nth>,
    pub(crate) last_name: TextId,
    pub(crate) part_name: TextId,
    // The second line.
    /// What was seen of it in the current bucket since it has borne the name it has.
    pub(crate) part: Part,
    /// Where it was last seen.
    pub(crate) interface: Option<TextId>,
    // The third, and half of a fourth.
    pub(crate) last_time: i64,
    /// Sums of value times weight, by frame number modulo five.
    pub(crate) windows: [Volume; 5],
    /// Whether it has been alive since the first frame of its run.
    pub(crate) since_start: bool,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    pub(crate) text: TextId,
    pub(crate) hash: u64,
    /// What tells it from others of its kind.
    pub(crate) key: Box<[u8]>,
    pub(crate) names: Names,
    /// The ended parts of the current bucket: under the latest known name, and under `<UNKNOWN>`.
    pub(crate) known: Option<(TextId, Part)>,
    pub(crate) unknown: Option<Part>,
    /// What is left of the division by five.
    pub(crate) remainder: Volume,
    /// Who owns it, as a collector noted it: a process and its id.
    pub(crate) owner: Option<(TextId, u32)>,
    /// Whether its rows belong together whatever their interface is.
    pub(crate) is_mixed: bool,
    /// Whether the text is no peer, but an own address.
    pub(crate) is_peerless: bool,
    /// What its rows hold, if it is doubled or turned.
    pub(crate) given: Volume,
    /// Rows given out without a name, by their place in the batch.
    pub(crate) unresolved: Vec<u32>,
}

/// Known names with the number of rows that have them, in the order of their first sight. Most slots
/// have one.
#[derive(Debug, Default)]
pub(crate) struct Names {
    first: Option<(TextId, u32)>,
    more: Vec<(TextId, u32)>,
}

impl Names {
    /// The name that most rows have.
    pub(crate) fn best(&self) -> Option<TextId> {
        // The first of equals wins, so that the outcome does not depend on anything but the log.
        let mut best = self.first;
        for &(name, rows) in &self.more {
            if best.is_none_or(|(_, most)| rows > most) {
                best = Some((name, rows));
            }
        }
        best.map(|(name, _)| name)
    }

    /// Adds so many rows that have the name.
    pub(crate) fn count(&mut self, name: TextId, rows: u32) {
        match &mut self.first {
            Some((known, sum)) if *known == name => *sum += rows,
            None => self.first = Some((name, rows)),
            Some(_) => match self.more.iter_mut().find(|(known, _)| *known == name) {
                Some((_, sum)) => *sum += rows,
                None => self.more.push((name, rows)),
            },
        }
    }

    /// All of them, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut TextId> {
        let all = self.first.iter_mut().chain(&mut self.more);
        all.map(|(name, _)| name)
    }
}

impl Slot {
    fn is_live(&self) -> bool {
        self.life > 0
    }

    /// Forgets the sums after an absence that closed them.
    pub(crate) fn reopen(&mut self) {
        self.windows = [Volume::ZERO; 5];
        self.last_window = Volume::ZERO;
        self.since_start = false;
    }

    /// Whether it has ports and a peer.
    #[inline(always)]
    pub(crate) fn is_connection(&self) -> bool {
        matches!(self.kind, Kind::Connection | Kind::Beside)
    }

    /// What tells connections apart, their peers aside.
    pub(crate) fn ports(&self) -> Ports {
        (self.local_port, self.remote_port, self.protocol)
    }
}

type Ports = (u16, u16, Option<Protocol>);

/// All live keys.
#[derive(Default)]
pub(crate) struct Slots {
    /// Keys that ever had a slot.
    lives: u32,
    slots: Vec<Slot>,
    free: Vec<u32>,
    table: HashTable<u32>,
    /// The newest connection of each pair of ports.
    by_ports: HashMap<Ports, u32, FixedState>,
}

impl Slots {
    pub(crate) fn find(&self, key: &Key<'_>) -> Option<u32> {
        self.table
            .find(key.hash, |&index| {
                let slot = self.get(index);
                slot.hash == key.hash && slot.kind == key.kind && same(&slot.key, key.text)
            })
            .copied()
    }

    /// How many are live.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The slot of a place, if it still has the key that was found there.
    #[inline(always)]
    pub(crate) fn at(&mut self, place: Place) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(place.slot as usize)?;
        (slot.life == place.life).then_some(slot)
    }

    pub(crate) fn insert(&mut self, mut slot: Slot) -> u32 {
        slot.life = self.new_life();
        let index = match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 keys are alive")
            }
        };
        self.index(index);
        index
    }

    /// A number that no key alive has, unless four billion came since.
    fn new_life(&mut self) -> u32 {
        self.lives = self.lives.wrapping_add(1).max(1);
        self.lives
    }

    /// Makes all places of the slot unknown, so that its rows are looked up again.
    pub(crate) fn renew(&mut self, index: u32) {
        let life = self.new_life();
        self.get_mut(index).life = life;
    }

    /// Makes the slot the newest connection with its ports.
    pub(crate) fn note_ports(&mut self, index: u32) {
        let slot = self.get(index);
        let ports = slot.ports();
        self.by_ports.insert(ports, index);
    }

    fn index(&mut self, index: u32) {
        let slots = &self.slots;
        let hash = |&index: &u32| slots[index as usize].hash;
        self.table.insert_unique(hash(&index), index, hash);
    }

    /// The newest connection with these ports.
    pub(crate) fn with_ports(&self, local: u16, remote: u16, protocol: Protocol) -> Option<u32> {
        self.by_ports.get(&(local, remote, Some(protocol))).copied()
    }

    /// Gives `old` the identity and the present value of `new`, which ends.
    pub(crate) fn take_over(&mut self, old: u32, new: u32) {
        let gone = self.remove(new);
        self.unindex(old);
        let life = self.new_life();
        let slot = self.get_mut(old);
        slot.life = life;
        slot.text = gone.text;
        slot.hash = gone.hash;
        slot.key = gone.key;
        slot.interface = gone.interface;
        slot.now = gone.now;
        slot.seen = gone.seen;
        slot.last_name = gone.last_name;
        slot.owner = slot.owner.or(gone.owner);
        self.note_ports(old);
        self.index(old);
    }

    fn unindex(&mut self, index: u32) {
        let hash = self.get(index).hash;
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == index) {
            entry.remove();
        }
    }

    pub(crate) fn remove(&mut self, index: u32) -> Slot {
        self.unindex(index);
        let slot = std::mem::take(self.get_mut(index));
        let ports = slot.ports();
        if self.by_ports.get(&ports) == Some(&index) {
            self.by_ports.remove(&ports);
        }
        self.free.push(index);
        slot
    }

    /// The slot with this index, if there is one.
    pub(crate) fn peek(&self, index: u32) -> Option<&Slot> {
        self.slots.get(index as usize).filter(|slot| slot.is_live())
    }

    #[inline(always)]
    pub(crate) fn get(&self, index: u32) -> &Slot {
        let slot = &self.slots[index as usize];
        assert!(slot.is_live(), "the index is of a live slot");
        slot
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Slot {
        let slot = &mut self.slots[index as usize];
        assert!(slot.is_live(), "the index is of a live slot");
        slot
    }

    /// The indices of all live slots, in a fixed order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = u32> {
        (0u32..)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.is_live())
            .map(|(index, _)| index)
    }

    /// All live slots.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.slots.iter_mut().filter(|slot| slot.is_live())
    }
}
