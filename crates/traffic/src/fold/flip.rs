//! What a connection turns out to be after some of its rows were counted: those that were not given
//! out yet are corrected.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use rawlog::Protocol;

use super::{RunFold, is_loopback_host, is_loopback_interface};
use crate::slots::{Slot, Way};
use crate::{Row, Table, TextId};

/// A connection as its rows have it.
type Connection = (Option<TextId>, Option<u16>, Option<u16>, Option<Protocol>);

/// What is to be corrected in rows that wait to be given out.
#[derive(Default)]
pub(super) struct Flips {
    /// Connections that belong to the traffic although they did not seem to.
    traffic: HashSet<Connection, FixedState>,
}

impl Flips {
    /// The connection belongs to the traffic.
    pub(super) fn count_as_traffic(&mut self, slot: &Slot) {
        let ports = (Some(slot.local_port), Some(slot.remote_port));
        (self.traffic).insert((Some(slot.text), ports.0, ports.1, slot.protocol));
    }

    /// Corrects rows, once.
    pub(super) fn apply(&mut self, rows: &mut [Row]) {
        if self.traffic.is_empty() {
            return;
        }
        let flips = std::mem::take(self);
        for row in rows {
            let connection = (row.remote, row.local_port, row.remote_port, row.protocol);
            if row.table == Table::Loopback && flips.traffic.contains(&connection) {
                row.table = Table::Traffic;
                // They were halved; what is left of the division is the slot's.
                let double = |bytes: u64| bytes.saturating_mul(2);
                row.volume = row.volume.map(double);
                row.peak = row.peak.map(double);
            }
        }
    }
}

impl RunFold {
    /// Notes the interface that the last row of a connection has. Between the opening and the binding
    /// of its socket on loopback, bandwhich hears other interfaces on it: so a connection of which one
    /// row has another interface is not loopback.
    #[cold]
    pub(super) fn change_interface(&mut self, index: u32, interface: &[u8]) {
        let slot = self.slots.get(index);
        let is_loopback = is_loopback_interface(interface);
        if slot.way != Way::Loopback {
            if is_loopback && slot.interface.is_some() {
                return;
            }
        } else if !is_loopback && !is_loopback_host(self.strings.bytes(slot.text)) {
            self.flips.count_as_traffic(slot);
            self.slots.get_mut(index).way = Way::Plain;
            // Rows known by number would bring the old interface back.
            self.slots.renew(index);
        }
        self.slots.get_mut(index).interface = Some(self.strings.intern(interface));
    }
}
