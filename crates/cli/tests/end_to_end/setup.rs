//! Setting a machine up in a folder, and what systemd thinks of its services.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_network-monitor");
const UNITS: [&str; 3] = [
    "network-monitor-collect.service",
    "network-monitor-report.service",
    "network-monitor-report.timer",
];

/// A machine with systemd and without accounts, and the program in it.
struct Root(TempDir);

impl Root {
    fn new() -> Self {
        let root = Self(tempfile::tempdir().unwrap());
        for folder in ["etc", "usr/local/bin", "usr/lib/systemd/system"] {
            fs::create_dir_all(root.path(folder)).unwrap();
        }
        for file in ["passwd", "group", "shadow", "gshadow"] {
            fs::write(root.path("etc").join(file), "").unwrap();
        }
        // Not by this process: what it holds open for writing, a child forked just then holds too, and
        // such a file does not run.
        let copied = Command::new("cp")
            .arg(PROGRAM)
            .arg(root.path("usr/local/bin/network-monitor"))
            .status();
        assert!(copied.unwrap().success());
        root
    }

    fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// `setup --system` of the program in it: its code, and the words at the heads of its lines.
    fn set_up(&self, more: &[&str]) -> (i32, Vec<(String, String)>) {
        let ran = Command::new(self.path("usr/local/bin/network-monitor"))
            .args(["setup", "--system", "--root"])
            .arg(self.0.path())
            .args(more)
            .output()
            .unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        let error = String::from_utf8_lossy(&ran.stderr);
        let (steps, _) = said.split_once("\nNext:\n").expect(&error);
        let steps = steps.lines().map(|line| {
            let (word, what) = line.split_at(10);
            (word.trim().to_owned(), what.to_owned())
        });
        (ran.status.code().unwrap(), steps.collect())
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.0.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                files.push(path);
            }
        }
        files.sort();
        files
    }
}

/// Only root makes users and gives files away.
fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_dry_run_of_setup_shows_each_step_and_takes_none() {
    let root = Root::new();
    let before = root.files();
    let (code, steps) = root.set_up(&["--dry-run"]);
    assert_eq!(code, 0);
    assert_eq!(
        steps[0],
        (
            "to make".to_owned(),
            "user and group network-monitor".to_owned()
        )
    );
    assert_eq!(steps.len(), 10, "{steps:?}");
    assert!(
        steps.iter().all(|(word, _)| word.starts_with("to ")),
        "{steps:?}"
    );
    assert_eq!(root.files(), before);
}

#[test]
fn a_machine_is_set_up_once_and_what_was_edited_is_kept() {
    if !is_root() {
        return;
    }
    let root = Root::new();
    let (code, steps) = root.set_up(&[]);
    assert_eq!(code, 0, "{steps:?}");
    let settings = root.path("etc/network-monitor/settings.yaml");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&settings), 0o640);
    let passwd = fs::read_to_string(root.path("etc/passwd")).unwrap();
    let ids: Vec<u32> = passwd
        .split(':')
        .filter_map(|field| field.parse().ok())
        .collect();
    let owner = fs::metadata(&settings).unwrap();
    assert_eq!((owner.uid(), owner.gid()), (0, ids[1]), "{passwd}");
    for folder in ["", "log", "reports", "archive", "store"] {
        let folder = root.path("var/lib/network-monitor").join(folder);
        let metadata = fs::metadata(&folder).unwrap();
        assert_eq!(
            (metadata.uid(), metadata.gid(), mode(&folder)),
            (ids[0], ids[1], 0o750)
        );
    }
    let collect = root.path("etc/systemd/system").join(UNITS[0]);
    let unit = fs::read_to_string(&collect).unwrap();
    assert!(
        unit.contains("\nExecStart=/usr/local/bin/network-monitor --config /etc/"),
        "{unit}"
    );

    let before = root.files();
    let (code, steps) = root.set_up(&[]);
    assert_eq!(code, 0);
    assert!(
        steps.iter().all(|(word, _)| word == "is there"),
        "{steps:?}"
    );
    assert_eq!(root.files(), before);

    fs::write(&settings, "paths: {store_dir: /srv/history}\n").unwrap();
    fs::write(&collect, "[Service]\n").unwrap();
    let (_, steps) = root.set_up(&[]);
    assert!(root.path("srv/history").is_dir(), "{steps:?}");
    assert!(
        steps.contains(&("kept".to_owned(), collect.display().to_string())),
        "{steps:?}"
    );
    assert_eq!(fs::read_to_string(&collect).unwrap(), "[Service]\n");
    assert_eq!(
        fs::read_to_string(&settings).unwrap(),
        "paths: {store_dir: /srv/history}\n"
    );

    // Without a password the services may read it; with one, root is told where that belongs.
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o600)).unwrap();
    let (_, steps) = root.set_up(&[]);
    assert!(steps.iter().any(|(word, _)| word == "shared"), "{steps:?}");
    assert_eq!(mode(&settings), 0o640);
    fs::write(&settings, "email: {password: hunter2}\n").unwrap();
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o600)).unwrap();
    let (_, steps) = root.set_up(&[]);
    assert!(
        steps
            .iter()
            .any(|(_, what)| what.contains("email_password")),
        "{steps:?}"
    );
    assert_eq!(mode(&settings), 0o600);
}

#[test]
fn units_of_a_package_are_used_as_they_are() {
    let root = Root::new();
    for unit in UNITS {
        fs::write(root.path("usr/lib/systemd/system").join(unit), "").unwrap();
    }
    let (_, steps) = root.set_up(&["--dry-run"]);
    let present = steps.iter().filter(|(word, _)| word == "is there").count();
    assert_eq!(present, 3, "{steps:?}");
}

#[test]
fn without_root_the_machine_is_left_alone_and_that_is_said_in_a_line() {
    use std::os::unix::process::CommandExt as _;
    let root = Root::new();
    let program = root.path("usr/local/bin/network-monitor");
    fs::set_permissions(root.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(&program);
    command.args(["setup", "--system"]);
    if fs::metadata(root.path("")).unwrap().uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    let ran = command.output().unwrap();
    let [said, complained] =
        [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(ran.status.code(), Some(1), "{complained}");
    assert_eq!(
        (said.as_str(), complained.lines().count()),
        ("", 1),
        "{complained}"
    );
    assert!(complained.contains("needs root: sudo "), "{complained}");
}

#[test]
fn a_machine_without_systemd_gets_lines_for_cron() {
    let root = Root::new();
    fs::remove_dir_all(root.path("usr/lib")).unwrap();
    let (_, steps) = root.set_up(&["--dry-run"]);
    let (_, last) = steps.last().unwrap();
    assert!(last.ends_with("/etc/cron.d/network-monitor"), "{steps:?}");
}

#[test]
fn a_folder_that_holds_no_system_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let ran = Command::new(PROGRAM)
        .args(["setup", "--system", "--root"])
        .arg(empty.path())
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(ran.status.code(), Some(2), "{said}");
    assert!(said.contains("there is no etc/passwd"), "{said}");
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

/// A user's home that was set up.
fn home() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let ran = Command::new(PROGRAM)
            .args(["setup", "--user"])
            .env_clear()
            .env("HOME", home.path())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{ran:?}");
    }
    home
}

#[test]
fn a_user_gets_private_settings_that_are_right_and_the_folders_they_name() {
    let home = home();
    let settings = home.path().join(".config/network-monitor/settings.yaml");
    let mode = fs::metadata(&settings).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(home.path().join("audit/bandwhich/log").is_dir());
    let checked = Command::new(PROGRAM)
        .args(["config", "check"])
        .current_dir(home.path())
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let said = String::from_utf8(checked.stdout).unwrap();
    assert!(
        said.starts_with(&format!("ok: {}", settings.display())),
        "{said}"
    );
}

/// Whether there is a systemd to ask. The machines that change this project have one.
fn systemd_analyze(arguments: &[&str]) -> Option<Command> {
    let found = Command::new("systemd-analyze").arg("--version").output();
    if found.is_err() {
        return None;
    }
    let mut command = Command::new("systemd-analyze");
    command.args(arguments);
    Some(command)
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units_and_little_that_they_may_do() {
    if !is_root() {
        return;
    }
    let Some(mut verify) = systemd_analyze(&["verify", "--man=no"]) else {
        return;
    };
    let root = Root::new();
    root.set_up(&[]);
    // What the units stand on.
    for entry in fs::read_dir("/usr/lib/systemd/system").unwrap() {
        let from = entry.unwrap().path();
        let is_base = from
            .extension()
            .is_some_and(|kind| kind == "target" || kind == "slice");
        if is_base && from.is_file() {
            let to = root
                .path("usr/lib/systemd/system")
                .join(from.file_name().unwrap());
            fs::copy(&from, to).unwrap();
        }
    }
    let at_root = format!("--root={}", root.0.path().display());
    let verified = verify.arg(&at_root).args(UNITS).output().unwrap();
    let complaints = String::from_utf8_lossy(&verified.stderr);
    assert!(
        verified.status.success() && complaints.is_empty(),
        "{complaints}"
    );

    // Of ten, by systemd's own count; what the collector needs for capturing is most of its.
    for (unit, most) in [(UNITS[0], 26), (UNITS[1], 14)] {
        let threshold = format!("--threshold={most}");
        let mut security = systemd_analyze(&["security", "--offline=true", "--no-pager"]).unwrap();
        let weighed = security
            .args([&at_root, &threshold, unit])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&weighed.stdout);
        assert!(weighed.status.success(), "{said}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_a_users_units() {
    let home = home();
    let folder = home.path().join(".config/systemd/user");
    if !folder.exists() {
        // Systemd does not run here, so setup leaves them out.
        fs::create_dir_all(&folder).unwrap();
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/systemd/user");
        for unit in UNITS {
            let text = fs::read_to_string(Path::new(shipped).join(unit)).unwrap();
            let text = text.replace("/usr/bin/network-monitor", PROGRAM);
            fs::write(folder.join(unit), text).unwrap();
        }
    }
    let Some(mut verify) = systemd_analyze(&["verify", "--user", "--man=no"]) else {
        return;
    };
    let verified = verify
        .env("XDG_RUNTIME_DIR", home.path())
        .env("HOME", home.path())
        .args(UNITS.map(|unit| folder.join(unit)))
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&verified.stderr);
    assert!(
        verified.status.success() && complaints.is_empty(),
        "{complaints}"
    );
}
