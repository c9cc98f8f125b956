//! What turned out too late for rows that were counted already and wait to be given out.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use rawlog::Protocol;

use crate::TextId;
use crate::slots::Slot;

/// A connection as its rows have it.
type Connection = (Option<TextId>, Option<u16>, Option<u16>, Option<Protocol>);

type Set<T> = HashSet<T, FixedState>;

/// What is to be corrected in rows that wait to be given out.
#[derive(Default)]
pub(super) struct Flips {
    /// Connections that are not loopback although they seemed to be.
    pub(super) loopback: Set<Connection>,
    /// Connections that belong to the traffic although they seemed to be apart.
    pub(super) apart: Set<Connection>,
    /// Interfaces that are counted apart.
    pub(super) interfaces: Set<TextId>,
    /// Interfaces and addresses of their own that rows have as their peer.
    pub(super) own: Set<(Option<TextId>, Option<TextId>)>,
}

fn connection(slot: &Slot) -> Connection {
    let ports = (Some(slot.local_port), Some(slot.remote_port));
    (Some(slot.text), ports.0, ports.1, slot.protocol)
}

impl Flips {
    /// The connection is not loopback.
    pub(super) fn count_loopback(&mut self, slot: &Slot) {
        self.loopback.insert(connection(slot));
    }

    /// The connection is not apart.
    pub(super) fn count_apart(&mut self, slot: &Slot) {
        self.apart.insert(connection(slot));
    }

    /// What is nobody's on this interface is apart.
    pub(super) fn count_interface_apart(&mut self, interface: TextId) {
        self.interfaces.insert(interface);
    }

    /// Rows with this peer on this interface are to be turned.
    pub(super) fn turn(&mut self, interface: TextId, address: TextId) {
        self.own.insert((Some(interface), Some(address)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.loopback.is_empty()
            && self.apart.is_empty()
            && self.interfaces.is_empty()
            && self.own.is_empty()
    }
}
