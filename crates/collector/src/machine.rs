//! A look at this machine: what the checks judge.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::interfaces::{Interface, interfaces};
use crate::routed::Routed;

/// A released version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads what `bandwhich --version` prints.
    ///
    /// ```
    /// use collector::Version;
    /// assert_eq!(Version::parse("bandwhich 0.23.1\n"), Some(Version(0, 23, 1)));
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let version = text.strip_prefix("bandwhich ")?.split_whitespace().next()?;
        let mut parts = version.splitn(3, '.').map(|part| {
            let end = part.find(|letter: char| !letter.is_ascii_digit());
            part[..end.unwrap_or(part.len())].parse().ok()
        });
        Some(Version(parts.next()??, parts.next()??, parts.next()??))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Capabilities of a file, by the kernel's attribute `security.capability`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileCapabilities {
    /// Those that a process gets which runs the file.
    pub permitted: u64,
    /// Whether they are in force at once, as for programs that do not ask.
    pub effective: bool,
}

impl FileCapabilities {
    /// Reads the attribute, as `linux/capability.h` lays it out: a number of version and flags, then
    /// pairs of permitted and inheritable 32 bits, little-endian.
    pub fn parse(attribute: &[u8]) -> Option<Self> {
        let word = |at: usize| {
            let bytes = attribute.get(at * 4..)?.first_chunk::<4>()?;
            Some(u32::from_le_bytes(*bytes))
        };
        let head = word(0)?;
        let high = word(3).unwrap_or(0);
        Some(FileCapabilities {
            permitted: u64::from(word(1)?) | u64::from(high) << 32,
            effective: head & 1 != 0,
        })
    }
}

/// What a process that starts bandwhich can give it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Whether it runs as root.
    pub is_root: bool,
    /// Capabilities that no program it starts can exceed.
    pub bounding: u64,
    /// Capabilities that it hands on, as a service has them by `AmbientCapabilities`.
    pub ambient: u64,
    /// Those of bandwhich's file.
    pub file: Option<FileCapabilities>,
    /// Whether the file's capabilities are ignored (`NoNewPrivileges`).
    pub no_new_privileges: bool,
}

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
