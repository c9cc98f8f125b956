//! Who owns which connection, as a collector noted it: the process ids that bandwhich does not print.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rawlog::{Owner, Protocol};

/// A connection by its protocol, local and remote port.
type Ports = (Protocol, u16, u16);

/// How many owners are remembered; a hostile log has any number.
const MOST: usize = 200_000;

/// The newest owner of each connection.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    ports: HashMap<Ports, (u32, Box<[u8]>), FixedState>,
    /// How many were noted.
    pub(crate) noted: u64,
}

impl Owners {
    pub(crate) fn note(&mut self, owner: &Owner<'_>) {
        let name = owner.process.text().into_owned().into_boxed_slice();
        let ports = (owner.protocol, owner.local_port, owner.remote_port);
        if self.ports.len() >= MOST && !self.ports.contains_key(&ports) {
            // What lives is noted anew at the head of the next log.
            self.ports.clear();
        }
        self.ports.insert(ports, (owner.pid, name));
        self.noted += 1;
    }

    /// The process id, and the process that it is of.
    pub(crate) fn of(&self, ports: Ports) -> Option<(u32, &[u8])> {
        let (pid, name) = self.ports.get(&ports)?;
        Some((*pid, name))
    }
}
