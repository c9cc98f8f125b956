//! What a connection turns out to be after some of its rows were counted: those that were not given
//! out yet are corrected.

use super::kinds::{is_loopback_host, is_loopback_interface};
use super::run::RunFold;
use crate::slots::{Slot, Way};
use crate::{Row, Table, Volume};

impl RunFold {
    /// Corrects the rows that wait.
    pub(super) fn flip_rows(&mut self) {
        if self.flips.is_empty() {
            return;
        }
        let flips = std::mem::take(&mut self.flips);
        let mut rows = std::mem::take(&mut self.rows);
        for row in &mut rows {
            let connection = (row.remote, row.local_port, row.remote_port, row.protocol);
            match row.table {
                Table::Loopback if flips.loopback.contains(&connection) => {
                    row.table = Table::Traffic;
                    // They were halved; what is left of the division is the slot's.
                    let double = |bytes: u64| bytes.saturating_mul(2);
                    row.volume = row.volume.map(double);
                    row.peak = row.peak.map(double);
                }
                Table::Apart if flips.apart.contains(&connection) => row.table = Table::Traffic,
                Table::Traffic if flips.own.contains(&(row.interface, row.remote)) => {
                    self.turn_row(row);
                }
                Table::Traffic
                    if row.process == Some(self.unknown)
                        && row.protocol.is_some()
                        && (row.interface).is_some_and(|name| flips.interfaces.contains(&name)) =>
                {
                    row.table = Table::Apart;
                }
                _ => {}
            }
        }
        self.rows = rows;
    }

    fn turn_row(&mut self, row: &mut Row) {
        row.volume = row.volume.turned();
        row.peak = row.peak.turned();
        self.turned.add(row.volume);
        std::mem::swap(&mut row.local_port, &mut row.remote_port);
        let ports = row.local_port.zip(row.remote_port).zip(row.protocol);
        let twin =
            ports.and_then(|((local, remote), protocol)| self.twin_of(local, remote, protocol));
        row.remote = twin.map(|twin| self.slots.get(twin).text);
        if let Some(name) = twin.and_then(|twin| self.name_of(twin)) {
            row.process = Some(name);
            row.pid = twin.and_then(|twin| self.slots.get(twin).pid_as(name));
        }
    }

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
            self.flips.count_loopback(slot);
            self.slots.get_mut(index).way = Way::Plain;
            // Rows known by number would bring the old interface back.
            self.slots.renew(index);
        }
        self.slots.get_mut(index).interface = Some(self.strings.intern(interface));
    }
}

/// The sum of rows that were given out, for what is said of them.
pub(super) fn given(slots: &Slot, doubled: &mut Volume, turned: &mut Volume) {
    if slots.way == Way::Turned {
        turned.add(slots.given);
    } else if slots.doubled {
        doubled.add(slots.given);
    }
}
