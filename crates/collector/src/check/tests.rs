//! Checks of machines that never were.

use super::*;
use crate::FileCapabilities;

fn interface(name: &str, kind: &'static str, address: &str, master: Option<&str>) -> Interface {
    Interface {
        name: name.to_owned(),
        kind,
        master: master.map(str::to_owned),
        is_device: name.starts_with("eth"),
        hardware_address: Some(address.to_owned()),
        is_up: true,
        received: (0, 0),
        sent: (0, 0),
    }
}

#[test]
fn the_stock_buffer_is_too_small() {
    let none = Rights::default();
    let all = Rights {
        ambient: u64::MAX,
        ..none
    };
    let stock = buffer(212_992, 64 << 20, &none);
    assert_eq!(stock.verdict, Verdict::Warning);
    assert!(stock.cure.unwrap().contains("sysctl"));
    assert_eq!(buffer(AMPLE_BUFFER, 0, &none).verdict, Verdict::Good);
    assert_eq!(buffer(212_992, 64 << 20, &all).verdict, Verdict::Good);
    assert_eq!(buffer(212_992, 0, &all).verdict, Verdict::Warning);
}

#[test]
fn what_is_not_watched_spoils_nothing() {
    let mut machine = Machine {
        interfaces: vec![
            interface("eth0", "ethernet", "02:00:00:00:00:01", None),
            interface("eth1", "ethernet", "46:00:00:00:00:01", None),
            interface("tun0", "tunnel", "", None),
        ],
        ..Machine::default()
    };
    let spoilt = |machine: &Machine| {
        let all = findings(machine).into_iter();
        let about = all.filter(|finding| finding.verdict != Verdict::Good);
        about.map(|finding| finding.about).collect::<Vec<_>>()
    };
    let all = ["bandwhich", "hardware addresses", "interfaces"];
    assert_eq!(spoilt(&machine), all);
    machine.watched = Some("eth0".to_owned());
    assert_eq!(spoilt(&machine), ["bandwhich"]);
    machine.watched = Some("eth1".to_owned());
    assert_eq!(spoilt(&machine), ["bandwhich", "hardware addresses"]);
}

#[test]
fn an_address_that_is_misread_is_named() {
    let all = [
        interface("eth0", "ethernet", "46:00:00:00:00:01", None),
        interface("eth1", "ethernet", "02:44:00:00:00:01", None),
        interface("eth2", "ethernet", "6a:00:00:00:00:01", None),
    ];
    let finding = hardware_addresses(&all, Some(Version(0, 23, 1)));
    assert_eq!(finding.verdict, Verdict::Bad);
    assert!(finding.found.contains(" eth0, eth2:"));
    assert_eq!(hardware_addresses(&all, None).verdict, Verdict::Bad);
    let later = hardware_addresses(&all, Some(Version(0, 24, 0)));
    assert_eq!(later.verdict, Verdict::Good);
    assert_eq!(hardware_addresses(&all[1..2], None).verdict, Verdict::Good);
}

#[test]
fn a_bridge_beside_its_port_and_a_tunnel_count_twice() {
    let bridge = interface("br0", "bridge", "", None);
    let port = interface("eth0", "port", "", Some("br0"));
    let tunnel = interface("wg0", "tunnel", "", None);
    let lone = interface("eth1", "ethernet", "", None);
    let of = |all: &[&Interface]| {
        let all: Vec<Interface> = all.iter().map(|&interface| interface.clone()).collect();
        doubled(&all).verdict
    };
    assert_eq!(of(&[&bridge, &port]), Verdict::Warning);
    assert_eq!(of(&[&tunnel, &lone]), Verdict::Warning);
    assert_eq!(of(&[&bridge, &lone]), Verdict::Good);
    let container = interface("veth1", "port", "", Some("br0"));
    assert_eq!(of(&[&bridge, &container, &lone]), Verdict::Good);
    assert_eq!(of(&[&tunnel]), Verdict::Good);
    assert_eq!(of(&[&lone]), Verdict::Good);
}

#[test]
fn what_is_routed_without_translation_counts_several_times_unless_the_uplink_is_recorded_alone() {
    let mut seen = Routed {
        through: vec!["br0".to_owned()],
        uplink: Some("eth0".to_owned()),
    };
    assert_eq!(routed(&seen, true).verdict, Verdict::Good);
    let cure = routed(&seen, false).cure.unwrap();
    assert!(cure.ends_with("[--interface, eth0]"), "{cure}");
    seen.uplink = None;
    let cure = routed(&seen, true).cure.unwrap();
    assert!(cure.ends_with("[--interface, UPLINK]"), "{cure}");
    let is_told = |watched: Option<&str>| {
        let machine = Machine {
            routed: Some(seen.clone()),
            watched: watched.map(str::to_owned),
            ..Machine::default()
        };
        findings(&machine)
            .iter()
            .any(|finding| finding.about == "bridges")
    };
    assert!(is_told(None) && !is_told(Some("eth0")));
}

#[test]
fn capabilities_come_from_root_from_the_file_or_from_the_service() {
    let all = 1 << 19 | 1 << 2 | 1 << 13 | 1 << 12;
    let none = Rights {
        bounding: u64::MAX,
        ..Rights::default()
    };
    let file = |permitted, effective| {
        Some(FileCapabilities {
            permitted,
            effective,
        })
    };
    let verdict = |rights: Rights| capabilities(&rights, "/usr/bin/bandwhich").verdict;
    assert_eq!(verdict(none), Verdict::Bad);
    assert_eq!(
        verdict(Rights {
            is_root: true,
            ..none
        }),
        Verdict::Good
    );
    assert_eq!(
        verdict(Rights {
            ambient: all,
            ..none
        }),
        Verdict::Good
    );
    assert_eq!(
        verdict(Rights {
            file: file(all, true),
            ..none
        }),
        Verdict::Good
    );
    assert_eq!(
        verdict(Rights {
            file: file(all, false),
            ..none
        }),
        Verdict::Bad
    );
    let raw = Rights {
        file: file(1 << 13 | 1 << 12, true),
        ..none
    };
    assert_eq!(verdict(raw), Verdict::Warning);
    // A container takes capabilities from root.
    let caged = Rights {
        is_root: true,
        bounding: all & !(1 << 13),
        ..none
    };
    assert_eq!(verdict(caged), Verdict::Bad);
    let ignored = Rights {
        file: file(all, true),
        no_new_privileges: true,
        ..none
    };
    let finding = capabilities(&ignored, "x");
    assert!(finding.cure.unwrap().contains("AmbientCapabilities"));
    let finding = capabilities(&none, "/usr/bin/bandwhich");
    assert!(finding.cure.unwrap().ends_with("+ep /usr/bin/bandwhich"));
}

#[test]
fn the_kernels_attribute_is_read() {
    // What setcap cap_sys_ptrace,cap_dac_read_search,cap_net_raw,cap_net_admin+ep writes.
    let attribute = [
        1, 0, 0, 2, 0x04, 0x30, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    let expected = FileCapabilities {
        permitted: 1 << 19 | 1 << 2 | 1 << 13 | 1 << 12,
        effective: true,
    };
    assert_eq!(FileCapabilities::parse(&attribute), Some(expected));
    assert_eq!(FileCapabilities::parse(&attribute[..6]), None);
}

#[test]
fn versions_without_frames_and_missing_ones_are_refused() {
    let of = |version| Machine {
        bandwhich: Some("/usr/bin/bandwhich".into()),
        version,
        ..Machine::default()
    };
    assert_eq!(released(&Machine::default()).verdict, Verdict::Bad);
    assert_eq!(
        released(&of(Version::parse("bandwhich 0.16.0"))).verdict,
        Verdict::Bad
    );
    assert_eq!(
        released(&of(Version::parse("bandwhich 0.24.0-rc1"))).verdict,
        Verdict::Good
    );
    assert_eq!(
        released(&of(Version::parse("something 1"))).verdict,
        Verdict::Warning
    );
}

#[test]
fn many_open_files_make_refreshes_slow() {
    assert_eq!(descriptors(3_000).verdict, Verdict::Good);
    assert_eq!(descriptors(350_000).verdict, Verdict::Warning);
}
