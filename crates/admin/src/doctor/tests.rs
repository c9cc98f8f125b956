//! Each fault that can be made on a machine in a folder; what needs a server, a history or the whole
//! program is in the end-to-end tests.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, UNIX_EPOCH};

use std::path::PathBuf;

use files::Space;

use super::*;
use crate::accounts::Account;
use crate::setup::SetupScope;

/// 2026-11-24 12:00 UTC.
const NOW: i64 = 1_795_521_600;

struct Scratch {
    folder: tempfile::TempDir,
    environment: Environment,
    machine: Machine,
    now: i64,
}

impl Scratch {
    /// A machine with settings and folders on which nothing is wrong.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        close(root, 0o755);
        fs::create_dir_all(root.join("etc")).unwrap();
        fs::write(root.join("etc/passwd"), "nobody:x:65534:65534:::\n").unwrap();
        fs::write(root.join("etc/group"), "").unwrap();
        for name in ["log", "reports", "archive", "store"] {
            let path = root.join(name);
            fs::create_dir(&path).unwrap();
            close(&path, 0o777);
        }
        let environment = Environment {
            home: Some(root.join("home")),
            current_folder: root.to_owned(),
            system_folder: root.join("etc"),
            ..Environment::for_tests()
        };
        let machine = Machine {
            root: root.to_owned(),
            account: None,
            systemctl: None,
        };
        let scratch = Self {
            machine,
            environment,
            folder,
            now: NOW,
        };
        scratch.configure("");
        scratch.log("new.log", 10);
        scratch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn configure(&self, more: &str) {
        let text = format!(
            "paths: {{log_dir: log, report_dir: reports, archive_dir: archive, store_dir: store}}\n\
             timezone: UTC\n{more}"
        );
        let text = if more.contains("timezone:") {
            text.replacen("timezone: UTC\n", "", 1)
        } else {
            text
        };
        fs::write(self.path("settings.yaml"), text).unwrap();
    }

    /// A log that was written so many seconds ago.
    fn log(&self, name: &str, ago: i64) {
        let path = self.path("log").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = fs::File::create(path).unwrap();
        let then = (NOW - ago).unsigned_abs();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(then))
            .unwrap();
    }

    /// The services of a machine, with those that are named enabled.
    fn serve(&self, enabled: &[(&str, &str)]) {
        fs::create_dir_all(self.path("usr/lib/systemd")).unwrap();
        let folder = self.path("etc/systemd/system");
        for unit in crate::setup::UNITS {
            fs::create_dir_all(&folder).unwrap();
            let text = unit.text(SetupScope::System, "/usr/bin/network-monitor");
            fs::write(folder.join(unit.name), text).unwrap();
        }
        for (wants, unit) in enabled {
            fs::create_dir_all(folder.join(wants)).unwrap();
            symlink(format!("../{unit}"), folder.join(wants).join(unit)).unwrap();
        }
    }

    fn checks(&self) -> Vec<Check> {
        examine(
            Some(Path::new("settings.yaml")),
            &[],
            &self.machine,
            &self.environment,
            self.now,
        )
    }

    /// Holds that there is one check of a topic with this verdict, and that what it says and its
    /// cure hold these words.
    #[track_caller]
    fn assert(&self, topic: &str, verdict: Verdict, said: &str, cure: &str) {
        let checks = self.checks();
        let found = checks.iter().find(|check| {
            check.topic == topic
                && check.verdict == verdict
                && check.said.contains(said)
                && check.cure.as_deref().unwrap_or_default().contains(cure)
        });
        assert!(found.is_some(), "{said}, {cure}: {checks:#?}");
    }
}

fn close(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

const ENABLED: [(&str, &str); 2] = [
    ("multi-user.target.wants", "network-monitor-collect.service"),
    ("timers.target.wants", "network-monitor-report.timer"),
];

#[test]
fn a_sound_machine_has_no_fault() {
    let scratch = Scratch::new();
    let checks = scratch.checks();
    // How full the disk is depends on where the test runs.
    let faults: Vec<_> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Fault && check.topic != "disk")
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    for topic in [
        "settings", "folders", "disk", "clock", "zone", "services", "last run", "logs", "mail",
    ] {
        assert!(
            checks.iter().any(|check| check.topic == topic),
            "{topic}: {checks:#?}"
        );
    }
}

#[test]
fn settings_that_cannot_be_used_are_named_and_the_rest_is_left() {
    let scratch = Scratch::new();
    scratch.configure("hots: web1\ninput: {resolution: 7s}\n");
    scratch.assert(
        "settings",
        Verdict::Fault,
        "did you mean host?",
        "config check",
    );
    scratch.assert(
        "settings",
        Verdict::Fault,
        "does not divide 15 minutes",
        "config check",
    );
    assert_eq!(scratch.checks().len(), 2);

    scratch.configure("email: {password: hunter2}\n");
    close(&scratch.path("settings.yaml"), 0o644);
    scratch.assert(
        "settings",
        Verdict::Fault,
        "can be read by group or others",
        "chmod 600",
    );

    fs::remove_file(scratch.path("settings.yaml")).unwrap();
    scratch.assert(
        "settings",
        Verdict::Fault,
        "no such settings file",
        "config init",
    );
}

#[test]
fn what_the_services_user_may_not_do_is_a_fault() {
    let mut scratch = Scratch::new();
    let account = Account::named(scratch.folder.path(), "nobody");
    assert!(account.is_some());
    scratch.machine.account = account;
    close(&scratch.path("settings.yaml"), 0o600);
    scratch.assert(
        "settings",
        Verdict::Fault,
        "the user nobody cannot read it",
        "chgrp nobody",
    );
    close(&scratch.path("settings.yaml"), 0o644);
    for (folder, key) in [
        ("log", "paths.log_dir"),
        ("reports", "paths.report_dir"),
        ("archive", "paths.archive_dir"),
        ("store", "paths.store_dir"),
    ] {
        close(&scratch.path(folder), 0o755);
        let said = format!("{key}: the user nobody cannot write");
        scratch.assert("folders", Verdict::Fault, &said, "chown nobody");
        close(&scratch.path(folder), 0o777);
    }
    scratch.configure("metrics: {textfile: etc/out.prom}\n");
    scratch.assert(
        "folders",
        Verdict::Fault,
        "metrics.textfile",
        "chown nobody",
    );
    scratch.configure("metrics: {textfile: etc/new/out.prom}\n");
    scratch.assert(
        "folders",
        Verdict::Fault,
        "metrics.textfile",
        "and give it to nobody",
    );
    fs::write(scratch.path("store/catalog.sqlite"), "").unwrap();
    let stranger = "catalog.sqlite: the user nobody cannot write it";
    scratch.assert("folders", Verdict::Fault, stranger, "chown -R nobody: ");
    fs::remove_file(scratch.path("store/catalog.sqlite")).unwrap();
    close(&scratch.path("store"), 0o700);
    fs::create_dir(scratch.path("store/messages")).unwrap();
    scratch.configure("logging: {file: store/messages/x.log}\n");
    scratch.assert(
        "folders",
        Verdict::Fault,
        "logging.file",
        "let nobody enter",
    );
}

#[test]
fn folders_that_cannot_be_used_are_faults() {
    let scratch = Scratch::new();
    scratch.configure("metrics: {textfile: /proc/none/out.prom}\n");
    scratch.assert(
        "folders",
        Verdict::Fault,
        "metrics.textfile: cannot create",
        "name another",
    );
    scratch.configure("");
    fs::remove_dir(scratch.path("reports")).unwrap();
    fs::write(scratch.path("reports"), "").unwrap();
    scratch.assert(
        "folders",
        Verdict::Fault,
        "reports is not a folder",
        "move the file away",
    );
    fs::remove_dir_all(scratch.path("log")).unwrap();
    scratch.assert("folders", Verdict::Fault, "log is not there", "create it");
}

#[test]
fn a_disk_without_room_is_a_fault() {
    let full = folders::room(
        Path::new("/x"),
        Space {
            free: 1_000_000,
            all: 8_000_000_000,
        },
    );
    assert_eq!(full.verdict, Verdict::Fault);
    assert!(
        full.said
            .starts_with("1.0 MB of 8.0 GB are free on the disk of /x"),
        "{}",
        full.said
    );
    let empty = folders::room(
        Path::new("/x"),
        Space {
            free: 7_000_000_000,
            all: 8_000_000_000,
        },
    );
    assert_eq!(empty.verdict, Verdict::Ok);
}

#[test]
fn a_clock_that_was_never_set_or_is_behind_the_logs_is_a_fault() {
    let mut scratch = Scratch::new();
    scratch.log("later.log", -3600);
    scratch.assert("clock", Verdict::Fault, "is behind", "set the clock");
    scratch.now = 1000;
    scratch.assert("clock", Verdict::Fault, "long past", "set the clock");
}

#[test]
fn a_zone_that_is_not_known_or_only_a_variables_is_told() {
    let mut scratch = Scratch::new();
    scratch.configure("timezone: local\n");
    scratch.environment.local_zone = jiff::tz::TimeZone::unknown();
    scratch.assert("zone", Verdict::Advice, "not known", "set timezone");
    scratch.environment.local_zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
    scratch.assert("zone", Verdict::Ok, "midnight of Asia/Tokyo", "");
    scratch
        .environment
        .variables
        .insert("TZ".into(), "Asia/Tokyo".into());
    scratch.assert(
        "zone",
        Verdict::Advice,
        "services do not have",
        "set timezone",
    );
}

#[test]
fn services_that_are_missing_not_enabled_or_failed_are_told() {
    let mut scratch = Scratch::new();
    scratch.assert(
        "services",
        Verdict::Advice,
        "there are none",
        "setup --system",
    );
    // Nothing starts services here, so setup alone is no cure.
    scratch.assert("services", Verdict::Advice, "no systemd", "crontab -e");
    fs::create_dir(scratch.path("etc/cron.d")).unwrap();
    fs::write(scratch.path("etc/cron.d/network-monitor"), "").unwrap();
    scratch.assert(
        "services",
        Verdict::Ok,
        "cron.d/network-monitor starts them",
        "",
    );

    scratch.serve(&[ENABLED[1]]);
    scratch.assert(
        "services",
        Verdict::Fault,
        "network-monitor-collect.service is not enabled",
        "systemctl enable --now network-monitor-collect.service",
    );
    scratch.serve(&[ENABLED[0]]);
    let systemctl = scratch.path("systemctl");
    fs::write(
        &systemctl,
        "#!/bin/sh\ntest \"$1\" = is-active && echo failed\n",
    )
    .unwrap();
    close(&systemctl, 0o755);
    scratch.machine.systemctl = Some(systemctl);
    scratch.assert(
        "services",
        Verdict::Fault,
        "network-monitor-report.timer is failed",
        "systemctl restart",
    );
}

#[test]
fn names_that_the_collector_may_not_ask_for_are_a_fault_until_a_drop_in_lets_it() {
    let scratch = Scratch::new();
    scratch.serve(&ENABLED);
    scratch.configure("collect: {resolve_names: true}\n");
    let unit = "network-monitor-collect.service";
    let folder = scratch.path(&format!("etc/systemd/system/{unit}.d"));
    fs::create_dir(&folder).unwrap();
    for unit in ["collect", "report"] {
        let folder = scratch.path(&format!(
            "etc/systemd/system/network-monitor-{unit}.service.d"
        ));
        fs::create_dir_all(&folder).unwrap();
        let line = format!("[Service]\nReadWritePaths={}\n", scratch.path("").display());
        fs::write(folder.join("paths.conf"), line).unwrap();
    }
    let closed = format!("{unit} cannot reach a name server");
    scratch.assert("services", Verdict::Fault, &closed, "IPAddressAllow=any");
    fs::write(folder.join("names.conf"), "[Service]\nIPAddressAllow=any\n").unwrap();
    scratch.assert("services", Verdict::Ok, "are enabled", "");
}

#[test]
fn folders_that_the_services_keep_closed_are_faults_until_a_drop_in_opens_them() {
    let scratch = Scratch::new();
    scratch.serve(&ENABLED);
    let closed = "network-monitor-report.service may not write paths.store_dir";
    scratch.assert("services", Verdict::Fault, closed, "ReadWritePaths=");
    for unit in ["collect", "report"] {
        let folder = scratch.path(&format!(
            "etc/systemd/system/network-monitor-{unit}.service.d"
        ));
        fs::create_dir(&folder).unwrap();
        let line = format!(
            "[Service]\nReadWritePaths=-/nowhere {}\n",
            scratch.path("").display()
        );
        fs::write(folder.join("override.conf"), line).unwrap();
    }
    scratch.assert("services", Verdict::Ok, "are enabled", "");
}

#[test]
fn logs_that_stopped_are_a_fault_sooner_where_they_are_made_here() {
    let scratch = Scratch::new();
    scratch.log("new.log", 3600);
    scratch.assert("logs", Verdict::Ok, "the newest written at 2026-11-24T", "");
    scratch.serve(&ENABLED);
    scratch.assert(
        "logs",
        Verdict::Fault,
        "since 2026-11-24T11:00:00",
        "systemctl status",
    );
    fs::remove_file(scratch.path("log/new.log")).unwrap();
    scratch.assert(
        "logs",
        Verdict::Fault,
        "there is none in",
        "systemctl status",
    );
}

#[test]
fn each_host_of_which_no_logs_come_any_more_is_named() {
    let scratch = Scratch::new();
    scratch.configure("input: {hosts: directories}\n");
    scratch.log("web1/a.log", 10);
    scratch.log("web2/a.log", 30 * 3600);
    scratch.assert(
        "logs",
        Verdict::Fault,
        "no log from web2 since",
        "bandwhich",
    );
    fs::remove_dir_all(scratch.path("log")).unwrap();
    fs::create_dir(scratch.path("log")).unwrap();
    scratch.assert("logs", Verdict::Advice, "there is none in", "bandwhich");
}

/// A machine on which bandwhich records all.
fn recorder() -> collector::Machine {
    collector::Machine {
        bandwhich: Some("/usr/local/bin/bandwhich".into()),
        version: collector::Version::parse("bandwhich 0.23.1"),
        rights: collector::Rights {
            ambient: u64::MAX,
            ..collector::Rights::default()
        },
        receive_buffer: Some(33_554_432),
        open_files: Some(1000),
        interfaces: vec![interface("eth0", "ethernet", "02:00:00:00:00:01")],
        ..collector::Machine::default()
    }
}

fn interface(name: &str, kind: &'static str, address: &str) -> collector::Interface {
    collector::Interface {
        name: name.to_owned(),
        kind,
        hardware_address: Some(address.to_owned()),
        is_up: true,
        is_device: false,
        master: None,
        received: (0, 0),
        sent: (0, 0),
    }
}

#[test]
fn what_spoils_the_logs_of_bandwhich_is_told_with_its_cure() {
    let sound = recording::judged(&recorder(), true, true);
    assert_eq!(sound.len(), 1, "{sound:#?}");
    assert_eq!(sound[0].verdict, Verdict::Ok);

    let spoilt = |spoil: fn(&mut collector::Machine)| {
        let mut machine = recorder();
        spoil(&mut machine);
        machine
    };
    let missing = spoilt(|machine| {
        machine.bandwhich = None;
        machine.version = None;
    });
    let unable = spoilt(|machine| machine.rights.ambient = 0);
    let at_home = spoilt(|machine| machine.bandwhich = Some("/root/.cargo/bin/bandwhich".into()));
    let small = spoilt(|machine| machine.receive_buffer = Some(212_992));
    let misread = spoilt(|machine| {
        machine.interfaces = vec![interface("eth0", "ethernet", "46:00:00:00:00:01")];
    });
    let doubled = spoilt(|machine| machine.interfaces.push(interface("tun0", "tunnel", "")));
    let many = spoilt(|machine| machine.open_files = Some(350_000));
    for (machine, verdict, said, cure) in [
        (&missing, Verdict::Fault, "bandwhich", "cargo install"),
        (&unable, Verdict::Fault, "cap_net_raw", "setcap"),
        (
            &at_home,
            Verdict::Fault,
            "cannot access home directories",
            "sudo install",
        ),
        (&small, Verdict::Advice, "rmem_default", "sysctl"),
        (&misread, Verdict::Fault, "eth0", "ip link set"),
        (&doubled, Verdict::Advice, "tun0", "--interface"),
        (&many, Verdict::Advice, "350000", ""),
    ] {
        let checks = recording::judged(machine, true, true);
        let found = checks.iter().find(|check| {
            check.verdict == verdict
                && check.said.contains(said)
                && check
                    .cure
                    .as_deref()
                    .is_some_and(|text| text.contains(cure))
        });
        assert!(found.is_some(), "{said}, {cure}: {checks:#?}");
    }
    // If nothing is to record, logs may come from elsewhere.
    let checks = recording::judged(&missing, false, false);
    assert!(
        checks.iter().all(|check| check.verdict == Verdict::Advice),
        "{checks:#?}"
    );
}
