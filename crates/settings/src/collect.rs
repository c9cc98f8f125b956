//! The section `collect`: how bandwhich is kept running.

use std::cell::Cell;
use std::path::PathBuf;

use super::reader::Reader;
use super::values::{number, size, switch};
use super::words::{Rotate, RoutedBridges};

/// The kernel takes no more than half of 2 GiB.
const MOST_BUFFER: u64 = 1 << 30;

/// How bandwhich is kept running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collect {
    /// The program: a path, or a bare name that is looked up in `PATH`.
    pub bandwhich: PathBuf,
    /// When a new log is begun.
    pub rotate: Rotate,
    /// More arguments for bandwhich.
    pub args: Vec<String>,
    /// Whether bandwhich asks for the names of peers.
    pub resolve_names: bool,
    /// Whether DNS is counted, which bandwhich hides by itself.
    pub show_dns: bool,
    /// Whether owners of ports are noted.
    pub pids: bool,
    /// Whether the kernel's counters of interfaces are noted.
    pub interfaces: bool,
    /// Bytes of the receive buffer that each of bandwhich's sockets gets. 0 leaves it as it is.
    pub capture_buffer: u64,
    /// What is recorded where packets are routed without translation of addresses.
    pub routed_bridges: RoutedBridges,
    /// The longest time that written frames stay unsynced.
    pub sync_seconds: u32,
}

impl Collect {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        const BANDWHICH: &str = "collect.bandwhich";
        // A bare name is no path that begins at some folder.
        let bare = |typed: &str| !typed.contains(['/', '\\', '$', '~']);
        let name = reader.value(BANDWHICH, |typed| Ok(typed.to_owned()));
        let bandwhich = match name {
            Some(name) if !bare(&name) => reader.path(BANDWHICH).unwrap_or_default(),
            name => name.map_or_else(|| PathBuf::from("bandwhich"), PathBuf::from),
        };
        // Lists hold each value once; an argument may well be repeated.
        let place = Cell::new(0);
        let argument = |typed: &str| {
            if typed.contains('\0') {
                Err("contains a null character".to_owned())
            } else {
                Ok((place.replace(place.get() + 1), typed.to_owned()))
            }
        };
        let args = reader.list("collect.args", argument).unwrap_or_default();
        Self {
            bandwhich,
            rotate: reader.word("collect.rotate").unwrap_or(Rotate::Hourly),
            args: args.into_iter().map(|(_, argument)| argument).collect(),
            resolve_names: reader
                .value("collect.resolve_names", switch)
                .unwrap_or(false),
            show_dns: reader.value("collect.show_dns", switch).unwrap_or(true),
            pids: reader.value("collect.pids", switch).unwrap_or(true),
            interfaces: reader.value("collect.interfaces", switch).unwrap_or(true),
            capture_buffer: reader
                .value("collect.capture_buffer", size(0..=MOST_BUFFER))
                .unwrap_or(64 << 20),
            routed_bridges: reader
                .word("collect.routed_bridges")
                .unwrap_or(RoutedBridges::Uplink),
            sync_seconds: reader
                .value("collect.sync_seconds", number(1..=3_600))
                .unwrap_or(5),
        }
    }
}
