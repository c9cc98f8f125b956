//! The interfaces of this machine: what they are, and what the kernel counted on them.

use std::path::Path;

use rawlog::{Quoted, escape};

/// An interface of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// One word: `ethernet`, `wireless`, `loopback`, `tunnel`, `bridge`, `port` (of a bridge or bond),
    /// `bond`, `vlan`, `virtual` or `other`.
    pub kind: &'static str,
    /// The bridge or bond that it is a port of.
    pub master: Option<String>,
    /// Its hardware address, like `02:42:ac:11:00:02`.
    pub hardware_address: Option<String>,
    /// Whether a device of the machine is behind it.
    pub is_device: bool,
    /// Whether packets may pass.
    pub is_up: bool,
    /// Bytes and packets received since it came up.
    pub received: (u64, u64),
    /// Bytes and packets sent since it came up.
    pub sent: (u64, u64),
}

/// All interfaces, by name. Empty where the system does not tell.
pub fn interfaces() -> Vec<Interface> {
    let counts = procfs::net::dev_status().unwrap_or_default();
    let mut all: Vec<Interface> = (counts.into_values())
        .map(|count| {
            let about = Path::new("/sys/class/net").join(&count.name);
            let text = |file: &str| {
                let text = std::fs::read_to_string(about.join(file)).ok()?;
                Some(text.trim().to_owned())
            };
            let master = std::fs::read_link(about.join("master")).ok();
            let master = master.and_then(|link| Some(link.file_name()?.to_str()?.to_owned()));
            let flags = text("flags").unwrap_or_default();
            let flags = u32::from_str_radix(flags.trim_start_matches("0x"), 16).unwrap_or(0);
            Interface {
                kind: kind(&about, master.is_some(), text("type"), text("uevent")),
                master,
                is_device: about.join("device").exists(),
                hardware_address: text("address").filter(|address| address.len() == 17),
                // IFF_UP
                is_up: flags & 1 != 0,
                received: (count.recv_bytes, count.recv_packets),
                sent: (count.sent_bytes, count.sent_packets),
                name: count.name,
            }
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// Brings the counts of interfaces up to date, which reads one file. Where others came or some went, all is
/// looked at again.
pub(crate) fn recount(interfaces: &mut Vec<Interface>) {
    let counts = procfs::net::dev_status().unwrap_or_default();
    let is_same = counts.len() == interfaces.len()
        && (interfaces.iter()).all(|interface| counts.contains_key(&interface.name));
    if !is_same {
        *interfaces = self::interfaces();
        return;
    }
    for interface in interfaces {
        if let Some(count) = counts.get(&interface.name) {
            interface.received = (count.recv_bytes, count.recv_packets);
            interface.sent = (count.sent_bytes, count.sent_packets);
        }
    }
}

/// What an interface is, by its folder below `/sys/class/net`.
fn kind(
    about: &Path,
    has_master: bool,
    hardware: Option<String>,
    uevent: Option<String>,
) -> &'static str {
    let has = |file: &str| about.join(file).exists();
    let is = |kind: &str| {
        let mut lines = uevent.as_deref().unwrap_or("").lines();
        lines.any(|line| line.strip_prefix("DEVTYPE=") == Some(kind))
    };
    // Numbers of linux/if_arp.h.
    let hardware = hardware.and_then(|number| number.parse().ok());
    match hardware {
        Some(772u32) => "loopback",
        // IPIP, IP6IP6, SIT, GRE, GRE over IPv6, none at all (tun, WireGuard).
        Some(768 | 769 | 776 | 778 | 823 | 65534) => "tunnel",
        _ if is("wireguard") || is("vxlan") || is("geneve") || has("tun_flags") => "tunnel",
        _ if has("bridge") => "bridge",
        _ if has("bonding") => "bond",
        _ if has_master => "port",
        _ if is("vlan") => "vlan",
        _ if has("wireless") || has("phy80211") => "wireless",
        Some(1) if has("device") => "ethernet",
        Some(1) => "virtual",
        _ => "other",
    }
}

/// Appends a note of what was counted on each interface that is up or has counted anything.
pub(crate) fn note(interfaces: &[Interface], timestamp: i64, out: &mut Vec<u8>) {
    for interface in interfaces {
        if !interface.is_up && interface.received.1 + interface.sent.1 == 0 {
            continue;
        }
        let name = escape(interface.name.as_bytes());
        let Some(name) = Quoted::of_escaped(&name) else {
            continue;
        };
        let told = rawlog::NoteKind::Interface(rawlog::Interface {
            name,
            kind: interface.kind,
            received_bytes: interface.received.0,
            received_packets: interface.received.1,
            sent_bytes: interface.sent.0,
            sent_packets: interface.sent.1,
        });
        rawlog::Note { timestamp, told }.print(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_loopback_interface() {
        let all = interfaces();
        let loopback = all.iter().find(|interface| interface.name == "lo").unwrap();
        assert_eq!((loopback.kind, &loopback.master), ("loopback", &None));
        let mut recounted = all.clone();
        recounted
            .iter_mut()
            .for_each(|interface| interface.received = (0, 0));
        recount(&mut recounted);
        let names = |all: &[Interface]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&recounted), names(&all));
        assert!(
            (recounted.iter().zip(&all)).all(|(after, before)| after.received >= before.received)
        );
        recounted.pop();
        recount(&mut recounted);
        assert_eq!(recounted.len(), all.len());
    }

    #[test]
    fn a_kind_is_read_from_what_the_kernel_shows() {
        let folder = tempfile::tempdir().unwrap();
        let text = |text: &str| Some(text.to_owned());
        let of = |hardware: &str, uevent: &str, master| {
            kind(folder.path(), master, text(hardware), text(uevent))
        };
        assert_eq!(of("1", "INTERFACE=veth0", false), "virtual");
        assert_eq!(of("1", "INTERFACE=veth0", true), "port");
        assert_eq!(of("65534", "DEVTYPE=wireguard", false), "tunnel");
        assert_eq!(of("1", "DEVTYPE=vlan\nINTERFACE=e.5", false), "vlan");
        assert_eq!(of("280", "", false), "other");
        std::fs::create_dir(folder.path().join("device")).unwrap();
        assert_eq!(of("1", "", false), "ethernet");
        std::fs::create_dir(folder.path().join("bridge")).unwrap();
        assert_eq!(of("1", "", false), "bridge");
    }
}
