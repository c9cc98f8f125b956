//! A look at this machine: what the checks judge.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::check::{FileCapabilities, Rights, Version};
use crate::interfaces::{Interface, interfaces};
use crate::routed::Routed;

/// What was seen of a machine. What could not be seen is `None`.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// The file that bandwhich is. `None` if there is none.
    pub bandwhich: Option<PathBuf>,
    /// Its version.
    pub version: Option<Version>,
    /// What bandwhich may do if this process starts it.
    pub rights: Rights,
    /// Bytes of a socket's receive buffer (`net.core.rmem_default`).
    pub receive_buffer: Option<u64>,
    /// Files that all processes have open.
    pub open_files: Option<u64>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Its interfaces.
    pub interfaces: Vec<Interface>,
    /// What is routed without translation of addresses.
    pub routed: Option<Routed>,
    /// Whether the collector is to record the uplink alone where that is needed. Whoever looks knows it.
    pub prefers_uplink: bool,
    /// The interface that bandwhich is to watch alone: see
    /// [`watched_interface`](crate::watched_interface). Whoever looks knows it.
    pub watched: Option<String>,
    /// Bytes of the receive buffer that the collector is to give bandwhich's sockets. The same.
    pub wanted_buffer: u64,
}

impl Machine {
    /// Bytes of the receive buffer that the collector gives bandwhich's sockets: what is wanted, but no more
    /// than a thirty-second of the memory.
    pub fn capture_buffer(&self) -> u64 {
        let most = self.memory.map_or(u64::MAX, |bytes| bytes / 32);
        self.wanted_buffer.min(most)
    }

    /// Looks at this machine. `bandwhich` is a path, or a bare name that is looked up in the folders
    /// of `path`. It is run once, to tell its version.
    pub fn look(bandwhich: &Path, path: Option<&std::ffi::OsStr>) -> Self {
        let bandwhich = crate::find_program(bandwhich, path);
        let number = |file: &str| {
            let text = std::fs::read_to_string(file).ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        Machine {
            version: bandwhich.as_deref().and_then(version),
            rights: rights(bandwhich.as_deref()),
            receive_buffer: number("/proc/sys/net/core/rmem_default"),
            open_files: number("/proc/sys/fs/file-nr"),
            memory: memory(),
            interfaces: interfaces(),
            routed: Routed::look(),
            bandwhich,
            ..Machine::default()
        }
    }
}

fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

fn version(program: &Path) -> Option<Version> {
    let told = Command::new(program).arg("--version").output().ok()?;
    Version::parse(&String::from_utf8_lossy(&told.stdout))
}

fn rights(program: Option<&Path>) -> Rights {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace()
            .nth(1)
            .or(line.split_whitespace().next())
    };
    let mask = |name: &str| field(name).and_then(|text| u64::from_str_radix(text, 16).ok());
    let attribute =
        program.and_then(|program| files::extended_attribute(program, "security.capability"));
    Rights {
        // The second of four numbers is the effective one.
        is_root: field("Uid:") == Some("0"),
        bounding: mask("CapBnd:").unwrap_or(0),
        ambient: mask("CapAmb:").unwrap_or(0),
        file: attribute.as_deref().and_then(FileCapabilities::parse),
        no_new_privileges: field("NoNewPrivs:") == Some("1"),
    }
}
