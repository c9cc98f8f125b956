//! The families of rows beside each other: where they differ, and what address rows hold beyond
//! connection rows.

use rawlog::{Kind as Family, Row as Line};

use super::kinds::{UNKNOWN, is_loopback_interface};
use super::run::{Observation, Peer, RunFold, Sums};
use crate::Volume;
use crate::slots::{Key, Kind};

impl RunFold {
    /// Books where the families of one frame differ by more than their rounding.
    pub(super) fn compare(&mut self, sums: &Sums) {
        let [processes, connections, addresses] = sums.volumes;
        let counts = sums.rows;
        let rounding: u64 = counts.iter().sum();
        let mut differ = |one: Volume, other: Volume, both: bool| {
            let beyond = one
                .zip(other, |a, b| {
                    if both {
                        a.abs_diff(b)
                    } else {
                        a.saturating_sub(b)
                    }
                })
                .map(|difference| difference.saturating_sub(rounding));
            self.disagreement = self.disagreement.saturating_add(beyond.total());
        };
        if counts[0] > 0 && counts[2] > 0 {
            differ(processes, addresses, true);
        } else if counts[0] > 0 && counts[1] > 0 {
            differ(connections, processes, false);
        }
        if counts[1] > 0 && counts[2] > 0 {
            differ(connections, addresses, false);
        }
    }

    /// Connection rows are rounded down one by one, so many small ones lose bytes (and a damaged or
    /// pruned row loses all), which the address rows still hold.
    pub(super) fn see_residual(&mut self, frame: &Observation<'_>, sums: &Sums) {
        let [processes, connections, addresses] = sums.volumes;
        let [_, connection_rows, address_rows] = sums.rows;
        let fuller = if address_rows > 0 {
            addresses
        } else {
            processes
        };
        let rest = fuller.zip(connections, u64::saturating_sub);
        if rest == Volume::ZERO {
            return;
        }
        if address_rows == 0 {
            if !self.has_loopback {
                self.see(&Key::plain(Kind::Rest, b""), rest, UNKNOWN);
            }
            return;
        }
        // Once by peer, always by peer: a key that comes and goes would have no exact total.
        self.residual_by_peer |= frame.damaged
            || self.has_loopback
            || (rest.total() > 20 && rest.total() > fuller.total() / 100)
            || (sums.tiny >= 8 && sums.tiny * 2 > connection_rows);
        if !self.residual_by_peer {
            self.see(&Key::plain(Kind::Rest, b""), rest, UNKNOWN);
            return;
        }
        self.sum_up_peers(frame);
        for (row, value) in frame.rows() {
            if row.kind() == Family::Address {
                let peer = self.strings.find(row.name());
                let peer = peer.and_then(|peer| self.peers.get(peer.0 as usize));
                let (seen, loopback) = match peer {
                    Some(peer) if peer.frame == self.next => (peer.volume, peer.loopback),
                    _ => (Volume::ZERO, false),
                };
                let rest = value.zip(seen, u64::saturating_sub);
                if rest != Volume::ZERO && !loopback {
                    self.see(&Key::plain(Kind::Residual, row.name()), rest, UNKNOWN);
                }
            }
        }
    }

    /// Adds up the connection rows of the frame by their peers.
    fn sum_up_peers(&mut self, frame: &Observation<'_>) {
        for (row, value) in frame.rows() {
            if row.kind() != Family::Connection {
                continue;
            }
            let loopback = row.interface().is_some_and(is_loopback_interface);
            if value == Volume::ZERO && !loopback {
                continue;
            }
            let place = row.number().map(|number| self.places.get(number));
            let text = match place.and_then(|place| self.slots.at(place)) {
                Some(slot) => slot.text,
                None => {
                    let Line::Connection(row) = row.row() else {
                        continue;
                    };
                    self.strings.intern(row.host)
                }
            };
            let place = text.0 as usize;
            if self.peers.len() <= place {
                self.peers.resize(place + 1, Peer::default());
            }
            let peer = &mut self.peers[place];
            if peer.frame != self.next {
                *peer = Peer {
                    frame: self.next,
                    ..Peer::default()
                };
            }
            peer.volume.add(value);
            peer.loopback |= loopback;
        }
    }
}
