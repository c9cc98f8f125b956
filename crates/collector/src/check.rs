//! What makes a log incomplete or wrong on a given machine, and the cure. Each check is a function of
//! what was seen; [`Machine::look`](crate::Machine::look) sees it.
//!
//! The thresholds are measured: see "What no reader of these logs can know" in the README.

#[cfg(test)]
mod tests;

use crate::{Interface, Machine, Rights, Routed, Version};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing is wrong.
    Good,
    /// Logs may be incomplete or count twice.
    Warning,
    /// Nothing can be recorded, or all that one direction carried is lost.
    Bad,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub about: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found. Names in it come from outside: escape it if it is shown.
    pub found: String,
    /// What to do. `None` if nothing is wrong.
    pub cure: Option<String>,
}

impl Finding {
    fn good(about: &'static str, found: String) -> Self {
        Finding {
            about,
            verdict: Verdict::Good,
            found,
            cure: None,
        }
    }

    fn new(about: &'static str, verdict: Verdict, found: String, cure: impl Into<String>) -> Self {
        Finding {
            about,
            verdict,
            found,
            cure: Some(cure.into()),
        }
    }
}

/// All findings of a machine.
pub fn findings(machine: &Machine) -> Vec<Finding> {
    let mut all = vec![released(machine)];
    if machine.bandwhich.is_some() {
        let path = machine.bandwhich.as_deref().map(files::show);
        let path = path.map(|path| path.to_string()).unwrap_or_default();
        all.push(capabilities(&machine.rights, &path));
    }
    // Where bandwhich watches one interface alone, what the others would spoil is no matter.
    let is_watched = |interface: &&Interface| {
        (machine.watched.as_ref()).is_none_or(|watched| interface.name == *watched)
    };
    let watched: Vec<Interface> = (machine.interfaces.iter())
        .filter(is_watched)
        .cloned()
        .collect();
    let stock = machine.receive_buffer;
    all.extend(stock.map(|stock| buffer(stock, machine.capture_buffer(), &machine.rights)));
    all.push(hardware_addresses(&watched, machine.version));
    all.push(doubled(&watched));
    if let (Some(seen), None) = (&machine.routed, &machine.watched) {
        all.push(routed(seen, machine.prefers_uplink));
    }
    all.extend(machine.open_files.map(descriptors));
    all
}

/// The first version that prints where a frame begins and ends.
const FRAMED: Version = Version(0, 17, 0);
/// The last version that is known to misread hardware addresses.
const MISREADS: Version = Version(0, 23, 1);

/// Whether there is a bandwhich, and one whose output can be taken apart.
pub fn released(machine: &Machine) -> Finding {
    const ABOUT: &str = "bandwhich";
    const INSTALL: &str = "install bandwhich 0.23.1 (cargo install --locked bandwhich, or your \
                           system's package), or set collect.bandwhich to its path";
    match (&machine.bandwhich, machine.version) {
        (None, _) => Finding::new(ABOUT, Verdict::Bad, "was not found".to_owned(), INSTALL),
        (Some(path), None) => Finding::new(
            ABOUT,
            Verdict::Warning,
            format!("{} does not tell its version", files::show(path)),
            INSTALL,
        ),
        (Some(path), Some(version)) if version < FRAMED => Finding::new(
            ABOUT,
            Verdict::Bad,
            format!(
                "{} is version {version}, which prints no frames",
                files::show(path)
            ),
            INSTALL,
        ),
        (Some(path), Some(version)) => {
            Finding::good(ABOUT, format!("{} is version {version}", files::show(path)))
        }
    }
}

/// Capabilities by number, in the order in which bandwhich's manual names them, and what they are for.
const NEEDED: [(u8, &str, &str); 4] = [
    (19, "cap_sys_ptrace", "other users' processes"),
    (2, "cap_dac_read_search", "other users' processes"),
    (13, "cap_net_raw", "capturing"),
    (12, "cap_net_admin", "promiscuous mode"),
];

/// Whether bandwhich may capture and see whose traffic it is.
pub fn capabilities(rights: &Rights, bandwhich: &str) -> Finding {
    const ABOUT: &str = "capabilities";
    let from_file = match rights.file {
        Some(file) if file.effective && !rights.no_new_privileges => file.permitted,
        _ => 0,
    };
    let owned = if rights.is_root { u64::MAX } else { 0 };
    let all = (owned | from_file) & rights.bounding | rights.ambient;
    let missing: Vec<_> = (NEEDED.iter())
        .filter(|(number, ..)| all >> number & 1 == 0)
        .collect();
    if missing.is_empty() {
        return Finding::good(
            ABOUT,
            "bandwhich may see all traffic and its owners".to_owned(),
        );
    }
    let names: Vec<&str> = missing.iter().map(|(_, name, _)| *name).collect();
    let cannot_capture = missing.iter().any(|(number, ..)| *number == 13);
    let (verdict, effect) = if cannot_capture {
        (Verdict::Bad, "it cannot capture")
    } else {
        (Verdict::Warning, "the owners of much traffic stay unknown")
    };
    let found = format!("bandwhich lacks {}: {effect}", names.join(", "));
    let cure = if rights.no_new_privileges && rights.file.is_some() {
        "give the service AmbientCapabilities= with these, for it ignores the file's \
                 (NoNewPrivileges)"
            .to_owned()
    } else {
        let all: Vec<&str> = NEEDED.iter().map(|(_, name, _)| *name).collect();
        format!("sudo setcap {}+ep {bandwhich}", all.join(","))
    };
    Finding::new(ABOUT, verdict, found, cure)
}

/// Bytes of the kernel's stock receive buffer, and those that held a line rate in measurements.
const STOCK_BUFFER: u64 = 212_992;
const AMPLE_BUFFER: u64 = 33_554_432;

/// Whether the capture's buffer holds what arrives between two looks at it. `stock` is the kernel's own size,
/// `given` what the collector gives, which takes two rights.
///
/// With the stock buffer 0 to 18 % of mixed traffic was lost on a busy machine, and half at line rate.
pub fn buffer(stock: u64, given: u64, rights: &Rights) -> Finding {
    const ABOUT: &str = "capture buffer";
    // CAP_NET_ADMIN and CAP_SYS_PTRACE.
    const ENLARGE: u64 = 1 << 12 | 1 << 19;
    let owned = if rights.is_root { u64::MAX } else { 0 };
    let may_enlarge = (owned & rights.bounding | rights.ambient) & ENLARGE == ENLARGE;
    if may_enlarge && given.max(stock) > 8 * STOCK_BUFFER {
        return Finding::good(ABOUT, format!("{} bytes", given.max(stock)));
    }
    let found = format!("{stock} bytes (net.core.rmem_default)");
    if stock > 8 * STOCK_BUFFER {
        return Finding::good(ABOUT, found);
    }
    Finding::new(
        ABOUT,
        Verdict::Warning,
        format!("{found}: bursts and high rates are counted too low"),
        format!(
            "echo net.core.rmem_default={AMPLE_BUFFER} | sudo tee \
             /etc/sysctl.d/60-bandwhich.conf && sudo sysctl --system, then start bandwhich anew"
        ),
    )
}

/// Whether bandwhich reads the frames of all interfaces: up to 0.23.1 it takes an Ethernet frame for a
/// bare IP packet where the receiver's address begins with the hexadecimal digit 4 or 6.
pub fn hardware_addresses(interfaces: &[Interface], version: Option<Version>) -> Finding {
    const ABOUT: &str = "hardware addresses";
    let misread: Vec<&str> = (interfaces.iter())
        .filter(|interface| {
            let address = interface.hardware_address.as_deref().unwrap_or("");
            interface.is_up && interface.kind != "loopback" && address.starts_with(['4', '6'])
        })
        .map(|interface| interface.name.as_str())
        .collect();
    if misread.is_empty() || version.is_some_and(|version| version > MISREADS) {
        return Finding::good(ABOUT, "all can be read".to_owned());
    }
    let names = misread.join(", ");
    Finding::new(
        ABOUT,
        Verdict::Bad,
        format!("begin with 4 or 6 on {names}: bandwhich up to 0.23.1 counts no downloads there"),
        format!(
            "give {} another address, such as: sudo ip link set dev NAME address 02:…",
            if misread.len() == 1 { "it" } else { "them" }
        ),
    )
}

/// Whether the same bytes pass two interfaces that bandwhich both watches.
pub fn doubled(interfaces: &[Interface]) -> Finding {
    const ABOUT: &str = "interfaces";
    let up = || interfaces.iter().filter(|interface| interface.is_up);
    let over: Vec<&str> = up()
        .filter(|interface| {
            let mut ports = up().filter(|port| port.master.as_deref() == Some(&interface.name));
            match interface.kind {
                "bond" => ports.next().is_some(),
                // Reports count what containers send once: at the uplink.
                "bridge" => ports.any(|port| port.is_device),
                "tunnel" | "vlan" => true,
                _ => false,
            }
        })
        .map(|interface| interface.name.as_str())
        .collect();
    let under = up()
        .filter(|interface| matches!(interface.kind, "ethernet" | "wireless" | "virtual" | "port"));
    if over.is_empty() || under.count() == 0 {
        return Finding::good(ABOUT, "none shows another's traffic".to_owned());
    }
    Finding::new(
        ABOUT,
        Verdict::Warning,
        format!(
            "what passes {} passes another interface too, and is counted twice",
            over.join(", ")
        ),
        "watch one interface alone: collect.args: [--interface, NAME]",
    )
}

/// Whether what is routed without translation counts several times: bandwhich has one row for all interfaces that
/// it passes, which no reader can take apart. The collector avoids that if it `prefers_uplink` and there is one.
pub fn routed(routed: &Routed, prefers_uplink: bool) -> Finding {
    const ABOUT: &str = "bridges";
    let found = format!(
        "what passes {} is forwarded without translation of addresses",
        routed.names()
    );
    let uplink = match &routed.uplink {
        Some(uplink) if prefers_uplink => {
            return Finding::good(ABOUT, format!("{found}: {uplink} is recorded alone"));
        }
        Some(uplink) => uplink,
        None => "UPLINK",
    };
    Finding::new(
        ABOUT,
        Verdict::Warning,
        format!("{found}, and is counted once for each interface that it passes"),
        format!("record the uplink alone: collect.args: [--interface, {uplink}]"),
    )
}

/// Open files from which on a refresh takes longer than a second: with 350 000 one took 2.6 s.
const MANY_FILES: u64 = 100_000;

/// Whether bandwhich can look through all open files once a second.
pub fn descriptors(open_files: u64) -> Finding {
    const ABOUT: &str = "open files";
    let found = format!("{open_files} on this machine");
    if open_files < MANY_FILES {
        return Finding::good(ABOUT, found);
    }
    Finding::new(
        ABOUT,
        Verdict::Warning,
        format!("{found}: a refresh may take longer than a second"),
        "volumes stay right within some per cent; rates are too high by as much as refreshes are \
         longer than a second. Give bandwhich a faster processor, or find out who holds so many \
         files open",
    )
}
