//! The families of rows beside each other: where they differ, and what address rows hold beyond
//! connection rows.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rawlog::{Kind as Family, Row as Line};

use super::{Observation, RunFold, Sums, UNKNOWN, is_loopback_interface};
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
        let mut by_peer: HashMap<&[u8], (Volume, bool), FixedState> = HashMap::default();
        for (row, value) in frame.rows() {
            if let Line::Connection(row) = row.row() {
                let (sum, loopback) = by_peer.entry(row.host).or_default();
                sum.add(value);
                *loopback |= row.interface.is_some_and(is_loopback_interface);
            }
        }
        for (row, value) in frame.rows() {
            if row.kind() == Family::Address {
                let (seen, loopback) = by_peer.get(row.name()).copied().unwrap_or_default();
                let rest = value.zip(seen, u64::saturating_sub);
                if rest != Volume::ZERO && !loopback {
                    self.see(&Key::plain(Kind::Residual, row.name()), rest, UNKNOWN);
                }
            }
        }
    }
}
