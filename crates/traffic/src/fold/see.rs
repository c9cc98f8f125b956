//! The rows of a frame → the values of their keys in it.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;
use rawlog::{Kind as Family, Protocol, Row as Line, RowRef};

use super::kinds::{UNKNOWN, is_address, is_loopback_host, is_loopback_interface};
use super::run::{Observation, Primary, RunFold, Style, Sums};
use crate::Volume;
use crate::machine::Class;
use crate::places::Place;
use crate::slots::{Key, Kind, Nth, Slot, Way};
use crate::strings::same;

impl RunFold {
    /// Finds or makes the slot of each row that counts, and what the other rows hold beyond them.
    pub(super) fn look_up(&mut self, frame: &Observation<'_>) {
        self.present.clear();
        self.followed = 0;
        self.has_new_connection = false;
        if self.edition != self.machine.edition {
            self.reclassify();
        }
        self.places.open(frame.rows.edition());
        let has = |family| frame.rows.iter().any(|row| row.kind() == family);
        self.has_connections = self.has_connections || has(Family::Connection);
        // Damage may take all connection rows of a frame; its address rows still hold all.
        let primary = if self.has_connections || frame.damaged {
            Primary::Connections
        } else if has(Family::Process) {
            Primary::Processes
        } else {
            Primary::Addresses
        };
        let mut sums = Sums::default();
        for (row, value) in frame.rows() {
            sums.add(row, value);
            if value == Volume::ZERO {
                continue;
            }
            match (row.kind(), primary) {
                (Family::Connection, _) => self.see_connection(row, value),
                (Family::Process | Family::Address, Primary::Connections) => {}
                (Family::Process, Primary::Processes) => {
                    let key = Key::plain(Kind::Process, row.name());
                    self.see(&key, value, row.name());
                }
                (Family::Address, Primary::Addresses) => {
                    self.see(&Key::plain(Kind::Peer, row.name()), value, UNKNOWN);
                }
                (Family::Address, Primary::Processes) => {
                    self.see(&Key::plain(Kind::PeerBeside, row.name()), value, UNKNOWN);
                }
                (Family::Process, Primary::Addresses) => {}
            }
        }
        self.compare(&sums);
        if primary == Primary::Connections {
            if self.has_new_connection {
                self.join_renamed_hosts();
                if self.machine.separates() {
                    self.join_moved();
                }
            }
            self.see_residual(frame, &sums);
        }
    }

    /// Notes a connection's value in the frame at hand.
    #[inline(always)]
    fn see_connection(&mut self, row: RowRef<'_>, value: Volume) {
        let Some(number) = row.number() else {
            self.see_connection_by_key(row, value);
            return;
        };
        let place = self.places.get(number);
        let now = Some(Nth::of(self.next));
        let Some(slot) = self.slots.at(place) else {
            return self.see_new_number(row, number, value);
        };
        if slot.seen == now {
            slot.now.add(value);
            return;
        }
        slot.seen = now;
        slot.now = value;
        slot.last_name = place.name;
        slot.interface = place.interface;
        self.followed += usize::from(self.next > 0 && slot.last_frame == Nth::before(self.next));
        self.present.push(place.slot);
    }

    #[inline(never)]
    fn see_new_number(&mut self, row: RowRef<'_>, number: u32, value: Volume) {
        if let Some(index) = self.see_connection_by_key(row, value) {
            let slot = self.slots.get(index);
            let place = Place {
                slot: index,
                life: slot.life,
                name: slot.last_name,
                interface: slot.interface,
            };
            self.places.set(number, place);
        }
    }

    /// The same without the help of a number. Gives the slot where this is its first row in the frame.
    fn see_connection_by_key(&mut self, row: RowRef<'_>, value: Volume) -> Option<u32> {
        let ends = row.ends();
        let key = Key {
            kind: Kind::Connection,
            text: &ends,
            hash: row.ends_hash(),
        };
        let class = if self.machine.separates() {
            (row.interface()).map_or(Class::Uplink, |name| self.machine.class(name))
        } else {
            Class::Uplink
        };
        let found = match class {
            Class::Uplink => self.slots.find(&key),
            Class::Apart | Class::Unknown => self.find_beside(&key, row),
        };
        let index = match found {
            Some(index) => index,
            None => {
                self.has_new_connection = true;
                self.open_connection(key, row, class)
            }
        };
        if !self.note_value(index, value, row.name()) {
            return None;
        }
        let slot = self.slots.get(index);
        if let Some(interface) = row.interface()
            && (slot.interface).is_none_or(|known| !same(self.strings.bytes(known), interface))
        {
            self.change_interface(index, interface);
        }
        Some(index)
    }

    /// Notes a value in the frame at hand of what is told apart by one name.
    pub(super) fn see(&mut self, key: &Key<'_>, value: Volume, name: &[u8]) {
        let index = match self.slots.find(key) {
            Some(index) => index,
            None => {
                let loopback = key.kind != Kind::Process && is_loopback_host(key.text);
                let index = self.open(key, key.text, name, loopback);
                if key.kind == Kind::Residual && self.machine.is_own(None, key.text) {
                    let slot = self.slots.get_mut(index);
                    (slot.way, slot.is_peerless) = (Way::Turned, true);
                    self.has_given = true;
                }
                index
            }
        };
        self.note_value(index, value, name);
    }

    /// Adds the value to its slot; tells whether this is its first row in the frame.
    fn note_value(&mut self, index: u32, value: Volume, name: &[u8]) -> bool {
        let now = Some(Nth::of(self.next));
        let slot = self.slots.get_mut(index);
        if slot.seen == now {
            slot.now.add(value);
            return false;
        }
        slot.seen = now;
        slot.now = value;
        if !same(self.strings.bytes(slot.last_name), name) {
            slot.last_name = self.strings.intern(name);
        }
        self.followed += usize::from(self.next > 0 && slot.last_frame == Nth::before(self.next));
        self.present.push(index);
        true
    }

    fn open_connection(&mut self, mut key: Key<'_>, row: RowRef<'_>, class: Class) -> u32 {
        let Line::Connection(row) = row.row() else {
            unreachable!("the row is that of a connection");
        };
        let loopback =
            row.interface.is_some_and(is_loopback_interface) || is_loopback_host(row.host);
        let is_own = row.process != UNKNOWN;
        let is_beside = class != Class::Uplink && !loopback;
        if is_beside && !is_own {
            key.kind = Kind::Beside;
        }
        let is_turned = !loopback && !is_beside && self.machine.is_own(row.interface, row.host);
        let mirror = if loopback || is_turned || key.kind == Kind::Beside {
            None
        } else {
            self.mirror(&row)
        };
        let index = self.open(&key, row.host, row.process, loopback);
        let interface = row
            .interface
            .map(|interface| self.strings.intern(interface));
        let slot = self.slots.get_mut(index);
        self.suspects |= loopback && !is_loopback_host(row.host);
        slot.interface = interface;
        slot.doubled = mirror.is_some();
        self.has_given |= slot.doubled || is_turned;
        slot.is_mixed = is_beside && is_own;
        (slot.local_port, slot.remote_port) = (row.local_port, row.remote_port);
        if is_turned {
            (slot.way, slot.is_peerless) = (Way::Turned, true);
            (slot.local_port, slot.remote_port) = (row.remote_port, row.local_port);
        } else if key.kind == Kind::Beside && class == Class::Apart {
            slot.way = Way::Apart;
        }
        slot.protocol = Some(row.protocol);
        let ports = (row.protocol, slot.local_port, slot.remote_port);
        let owner = self.machine.owners.of(ports);
        slot.owner = owner.map(|(pid, name)| (self.strings.intern(name), pid));
        if is_turned {
            self.adopt(index);
            return index;
        }
        if key.kind == Kind::Connection {
            self.slots.note_ports(index);
        }
        if let (Some(other), Protocol::Tcp) = (mirror, row.protocol) {
            self.watch_mirror(index, other);
        }
        if self.suspects && !loopback {
            // Its slot may have been forgotten in between.
            self.flips.count_loopback(self.slots.get(index));
        }
        index
    }

    fn open(&mut self, key: &Key<'_>, text: &[u8], name: &[u8], loopback: bool) -> u32 {
        self.has_loopback |= loopback;
        let text = self.strings.intern(text);
        let last_name = self.strings.intern(name);
        self.slots.insert(Slot {
            kind: key.kind,
            hash: key.hash,
            key: key.text.into(),
            text,
            way: if loopback { Way::Loopback } else { Way::Plain },
            since_start: self.next == 0 && self.style == Style::Continued,
            steady_since: Some(Nth::of(self.next)),
            last_name,
            part_name: last_name,
            ..Slot::default()
        })
    }

    /// Another connection that counts the same bytes: beside a bridge or tunnel its port shows them
    /// mirrored, as if they came from the own address.
    fn mirror(&self, row: &rawlog::Connection<'_>) -> Option<u32> {
        let mirror = self
            .slots
            .with_ports(row.remote_port, row.local_port, row.protocol);
        mirror.filter(|&index| {
            let other = self.slots.get(index);
            let at = other.seen.max(other.last_frame);
            other.way == Way::Plain
                && row.local_port != row.remote_port
                && at.is_some_and(|at| at.number() + 5 >= self.next)
                && self.strings.bytes(other.text) != row.host
        })
    }

    /// A peer is printed by address until its name is known: joins what is one connection.
    fn join_renamed_hosts(&mut self) {
        // Those that went, by their ports, in order; gathered once a name is new.
        let mut gone: Option<HashMap<_, VecDeque<u32>, FixedState>> = None;
        for place in 0..self.present.len() {
            let new = self.present[place];
            let slot = self.slots.get(new);
            if !slot.is_connection()
                || slot.last_frame.is_some()
                || is_address(self.strings.bytes(slot.text))
            {
                continue;
            }
            let ports = slot.ports();
            let gone = gone.get_or_insert_with(|| {
                let mut gone: HashMap<_, VecDeque<u32>, _> = HashMap::default();
                for &index in &self.before {
                    let old = self.slots.get(index);
                    if old.is_connection()
                        && old.way != Way::Turned
                        && old.seen != Some(Nth::of(self.next))
                        && is_address(self.strings.bytes(old.text))
                    {
                        gone.entry(old.ports()).or_default().push_back(index);
                    }
                }
                gone
            });
            let old = gone.get_mut(&ports).and_then(VecDeque::pop_front);
            if let Some(old) = old {
                let address = self.slots.get(old).text;
                let name = self.slots.get(new).text;
                self.names_of_hosts.insert(address, name);
                self.slots.take_over(old, new);
                self.present[place] = old;
            }
        }
    }
}
