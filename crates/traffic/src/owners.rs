//! Who owns which local port, as a collector noted it: the process ids that bandwhich does not print.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use rawlog::{Owner, Protocol};

/// The newest owner of each port.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    // There are no more keys than ports.
    ports: HashMap<(Protocol, u16), (u32, Box<[u8]>), FixedState>,
}

impl Owners {
    pub(crate) fn note(&mut self, owner: &Owner<'_>) {
        let name = owner.process.text().into_owned().into_boxed_slice();
        let port = (owner.protocol, owner.local_port);
        self.ports.insert(port, (owner.pid, name));
    }

    /// The process id, and the process that it is of.
    pub(crate) fn of(&self, protocol: Protocol, local_port: u16) -> Option<(u32, &[u8])> {
        let (pid, name) = self.ports.get(&(protocol, local_port))?;
        Some((*pid, name))
    }

    pub(crate) fn len(&self) -> usize {
        self.ports.len()
    }
}
