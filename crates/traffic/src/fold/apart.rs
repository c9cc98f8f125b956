//! Rows of bridges, their ports and virtual interfaces, which are counted apart from the uplink's: with
//! address translation (NAT), the same bytes stand there under other addresses.
//!
//! bandwhich prints for a connection the interface that saw it last. So where packets are routed
//! without translation, the rows of one connection name the uplink and the bridge by turns, and cannot be
//! separated: they count as before. A connection of a process of this machine counts, wherever it is.

use rawlog::RowRef;

use super::kinds::UNKNOWN;
use super::run::RunFold;
use crate::machine::Class;
use crate::slots::{Key, Kind, Nth, Slot, Way};

impl RunFold {
    /// Finds the slot of a connection's row on an interface that is not known to be an uplink.
    #[cold]
    pub(super) fn find_beside(&mut self, key: &Key<'_>, row: RowRef<'_>) -> Option<u32> {
        let beside = Key {
            kind: Kind::Beside,
            ..*key
        };
        let is_own = row.name() != UNKNOWN;
        let plain = self.slots.find(key);
        match self.slots.find(&beside) {
            Some(index) if is_own && plain.is_none() => {
                self.join_traffic(index);
                Some(index)
            }
            Some(index) => Some(index),
            None if is_own => {
                let slot = self.slots.get_mut(plain?);
                slot.is_mixed = true;
                plain
            }
            None => plain.filter(|&index| self.slots.get(index).is_mixed),
        }
    }

    /// Counts a connection as traffic, whichever interface its rows have from now on.
    fn join_traffic(&mut self, index: u32) {
        let slot = self.slots.get_mut(index);
        slot.kind = Kind::Connection;
        slot.is_mixed = true;
        let ports = slot.ports();
        if slot.way == Way::Apart {
            slot.way = Way::Plain;
            self.flips.count_apart(self.slots.get(index));
        }
        self.slots.note_ports(index);
        if let (local, remote, Some(protocol)) = ports
            && let Some((pid, name)) = self.machine.owners.of((protocol, local, remote))
        {
            self.slots.get_mut(index).owner = Some((self.strings.intern(name), pid));
        }
    }

    /// Joins a connection that changed from an uplink to another interface or back: it is one.
    pub(super) fn join_moved(&mut self) {
        let now = Some(Nth::of(self.next));
        for place in 0..self.present.len() {
            let new = self.present[place];
            let slot = self.slots.get(new);
            if slot.last_frame.is_some() {
                continue;
            }
            let kind = match slot.kind {
                Kind::Connection => Kind::Beside,
                Kind::Beside => Kind::Connection,
                _ => continue,
            };
            let key = Key {
                kind,
                text: &slot.key,
                hash: slot.hash,
            };
            let Some(old) = self.slots.find(&key) else {
                continue;
            };
            let twin = self.slots.get(old);
            if twin.seen == now || twin.last_frame != Nth::before(self.next) {
                continue;
            }
            let is_traffic = kind == Kind::Connection;
            self.slots.take_over(old, new);
            self.present[place] = old;
            if is_traffic {
                self.slots.get_mut(old).is_mixed = true;
            } else {
                self.join_traffic(old);
            }
        }
    }

    /// Looks again at which interfaces are counted apart, after notes that may change it.
    #[cold]
    pub(super) fn reclassify(&mut self) {
        self.edition = self.machine.edition;
        self.places.clear();
        for name in self.machine.take_newly_apart() {
            let name = self.strings.intern(&name);
            self.flips.count_interface_apart(name);
        }
        let live: Vec<u32> = self.slots.indices().collect();
        for index in live {
            let slot = self.slots.get(index);
            let Some(interface) = slot.interface else {
                continue;
            };
            let class = self.machine.class(self.strings.bytes(interface));
            let twin = |kind| Key {
                kind,
                text: &slot.key,
                hash: slot.hash,
            };
            match (slot.kind, class) {
                (Kind::Beside, Class::Uplink) => {
                    let is_alone = self.slots.find(&twin(Kind::Connection)).is_none();
                    let slot = self.slots.get_mut(index);
                    slot.way = Way::Plain;
                    if is_alone {
                        slot.kind = Kind::Connection;
                        self.slots.note_ports(index);
                    }
                }
                (Kind::Beside, Class::Apart) => self.slots.get_mut(index).way = Way::Apart,
                (Kind::Connection, Class::Apart | Class::Unknown) if slot.way == Way::Plain => {
                    let is_alone = self.slots.find(&twin(Kind::Beside)).is_none();
                    let is_own = self.is_owned(slot);
                    let slot = self.slots.get_mut(index);
                    if slot.is_mixed || is_own || !is_alone {
                        slot.is_mixed = true;
                        continue;
                    }
                    slot.kind = Kind::Beside;
                    if class == Class::Apart {
                        slot.way = Way::Apart;
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a process of this machine is known to have the connection.
    pub(super) fn is_owned(&self, slot: &Slot) -> bool {
        slot.last_name != self.unknown || slot.names.best().is_some() || slot.owner.is_some()
    }
}
