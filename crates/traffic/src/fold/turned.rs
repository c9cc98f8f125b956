//! Uploads that are printed as downloads: bandwhich learns the addresses of an interface when it starts,
//! and takes what a later address sends for something that a peer with this address sent.
//!
//! Such a row has the own address as its peer, the ports exchanged, and the bytes on the wrong side. It is
//! turned back. Its true peer is that of the connection's other row, whose ports are the other way round.
//!
//! A log without notes of addresses proves one too: a process of this machine has the connection of the
//! one row, which receives and never sends a byte, while the other row, with the ports exchanged and
//! without a process, receives on the same interface from that address. Nothing but the own address
//! can have sent that: TCP confirms what it receives.
//!
//! Where packets of containers are routed without address translation and bandwhich watches the uplink alone,
//! it knows neither end of their connections, and prints what each end sent as received from it. Of such
//! a pair of rows the end in the network of a bridge of this machine is the container: what it sent left this
//! machine. Where both ends lie there, or none, nothing is concluded.

use rawlog::Protocol;

use super::kinds::is_address;
use super::run::{Mirror, RunFold};
use crate::slots::{Kind, Slot, Way};
use crate::{TextId, Volume};

/// Pairs of rows that are watched at a time.
const MOST_MIRRORS: usize = 256;
/// Frames after which a pair is judged.
const FRAMES: u32 = 3;

impl RunFold {
    /// Remembers two connections whose ports are exchanged.
    pub(super) fn watch_mirror(&mut self, one: u32, other: u32) {
        if self.mirrors.len() < MOST_MIRRORS {
            let place = |index: u32| (index, self.slots.get(index).life);
            self.mirrors.push(Mirror {
                pair: [place(one), place(other)],
                frames: 0,
            });
        }
    }

    /// Looks at the pairs after a frame: see the head of this file.
    pub(super) fn judge_mirrors(&mut self) {
        let mut proven = Vec::new();
        let mut mirrors = std::mem::take(&mut self.mirrors);
        mirrors.retain_mut(|mirror| {
            let alive =
                |(index, life): (u32, u32)| self.slots.peek(index).filter(|slot| slot.life == life);
            let [Some(one), Some(other)] = mirror.pair.map(alive) else {
                return false;
            };
            let only_receives = |slot: &Slot| {
                let sum = |pick: fn(&Volume) -> u64| slot.windows.iter().map(pick).max();
                sum(|window| window.up) == Some(0) && sum(|window| window.down) > Some(0)
            };
            let (is_owned, other_is_owned) = (self.is_owned(one), self.is_owned(other));
            if !only_receives(one) || !only_receives(other) || one.interface != other.interface {
                return false;
            }
            let behind = [one, other].map(|slot| self.is_behind(slot));
            mirror.frames += 1;
            let is_proven = mirror.frames >= FRAMES && is_owned != other_is_owned;
            let own = match behind {
                [true, false] => one,
                [false, true] => other,
                _ if !is_proven => return mirror.frames < 10 * FRAMES,
                _ if is_owned => other,
                _ => one,
            };
            if let Some(interface) = own.interface
                && is_address(self.strings.bytes(own.text))
            {
                proven.push((interface, own.text));
            }
            false
        });
        self.mirrors = mirrors;
        for (interface, address) in proven {
            let (on, own) = (self.strings.bytes(interface), self.strings.bytes(address));
            self.machine.add_own(on, own);
            self.turn(interface, address);
        }
    }

    /// Whether the peer lies behind a bridge of this machine.
    fn is_behind(&self, slot: &Slot) -> bool {
        slot.interface.is_some_and(|interface| {
            let (interface, peer) = (self.strings.bytes(interface), self.strings.bytes(slot.text));
            self.machine.is_behind(interface, peer)
        })
    }

    /// Turns the rows with an own address as their peer.
    pub(super) fn turn(&mut self, interface: TextId, address: TextId) {
        self.has_given = true;
        let live: Vec<u32> = self.slots.indices().collect();
        let mut turned = Vec::new();
        for index in live {
            let slot = self.slots.get_mut(index);
            if slot.text != address || slot.way != Way::Plain {
                continue;
            }
            match slot.kind {
                Kind::Connection if slot.interface == Some(interface) => turned.push(index),
                Kind::Residual => {}
                _ => continue,
            }
            slot.turn();
        }
        for index in turned {
            if let Some(twin) = self.twin(index) {
                self.slots.get_mut(twin).forget_doubled();
            }
            self.adopt(index);
        }
        self.flips.turn(interface, address);
    }

    /// The connection that a turned one is the other half of.
    fn twin(&self, index: u32) -> Option<u32> {
        let slot = self.slots.get(index);
        let twin = self.twin_of(slot.local_port, slot.remote_port, slot.protocol?);
        twin.filter(|twin| *twin != index)
    }

    pub(super) fn twin_of(&self, local: u16, remote: u16, protocol: Protocol) -> Option<u32> {
        let twin = self.slots.with_ports(local, remote, protocol)?;
        (self.slots.get(twin).way == Way::Plain).then_some(twin)
    }

    /// The name of the process that has a connection, as far as it is known.
    pub(super) fn name_of(&self, index: u32) -> Option<TextId> {
        let slot = self.slots.get(index);
        let last = (slot.last_name != self.unknown).then_some(slot.last_name);
        slot.names.best().or(last)
    }

    /// Gives a turned connection the peer and the owner of its other half.
    pub(super) fn adopt(&mut self, index: u32) {
        let slot = self.slots.get(index);
        if slot.way != Way::Turned || slot.kind != Kind::Connection {
            return;
        }
        let mut name = slot.owner.map(|(name, _)| name);
        if let Some(twin) = self.twin(index) {
            name = self.name_of(twin).or(name);
            let (text, owner) = (self.slots.get(twin).text, self.slots.get(twin).owner);
            let slot = self.slots.get_mut(index);
            slot.text = text;
            slot.is_peerless = false;
            slot.owner = owner.or(slot.owner);
        }
        let slot = self.slots.get_mut(index);
        if let (Some(name), None) = (name, slot.names.best()) {
            slot.names.count(name, 1);
        }
    }
}

impl Slot {
    /// Exchanges what was sent and what was received.
    fn turn(&mut self) {
        self.way = Way::Turned;
        self.is_peerless = true;
        self.forget_doubled();
        std::mem::swap(&mut self.local_port, &mut self.remote_port);
        self.windows = self.windows.map(Volume::turned);
        self.last_window = self.last_window.turned();
        self.remainder = self.remainder.turned();
        let known = self.known.iter_mut().map(|(_, part)| part);
        for part in known.chain(&mut self.unknown).chain([&mut self.part]) {
            part.fifths = part.fifths.turned();
            part.peak = part.peak.turned();
        }
    }

    /// Its bytes are nowhere else.
    fn forget_doubled(&mut self) {
        self.doubled = false;
        self.given = Volume::ZERO;
    }
}
