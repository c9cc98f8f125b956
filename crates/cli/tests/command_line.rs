//! The binary as a user meets it: that each room is wired, and how it ends.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// The program in a folder of its own, with nothing of the tester's environment.
fn network_monitor(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_network-monitor"));
    command.current_dir(folder).env_clear().env("HOME", folder);
    command
}

/// Runs the program; returns its exit code, standard output and standard error.
fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = network_monitor(folder)
        .args(line.split(' '))
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    (
        output.status.code().expect("no signal ended it"),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_written_settings_file_is_checked_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, _) = run(folder.path(), "config init");
    assert_eq!((code, said.as_str()), (0, "wrote config/settings.yaml\n"));
    let (code, said, _) = run(folder.path(), "config check");
    assert!(
        code == 0 && said.starts_with("ok: config/settings.yaml\n"),
        "{said}"
    );
    let (code, said, _) = run(folder.path(), "config show");
    assert!(
        code == 0 && said.starts_with("# config/settings.yaml\nversion: \"1.0\"\n"),
        "{said}"
    );
}

#[test]
fn wrong_settings_end_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.yaml"), "paths:\n  logdir: /x\n").unwrap();
    assert_eq!(
        run(folder.path(), "config check bad.yaml"),
        (
            2,
            String::new(),
            "error: bad.yaml:2:3: paths.logdir: unknown key; did you mean log_dir?\n".to_owned()
        )
    );
    assert_eq!(
        run(folder.path(), "-c none.yaml config show"),
        (
            2,
            String::new(),
            "error: none.yaml: no such settings file\n\
             hint: network-monitor config init writes one\n"
                .to_owned()
        )
    );
}

#[test]
fn wrong_usage_ends_with_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for line in ["reprot", "report --colour", "config", "completions tcsh"] {
        assert_eq!(run(folder.path(), line).0, 2, "{line}");
    }
    assert_eq!(run(folder.path(), "--version").0, 0);
}

#[test]
fn completions_and_manual_pages_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (code, script, _) = run(folder.path(), "completions bash");
    assert!(code == 0 && script.contains("complete -F _network__monitor"));
    let (code, page, _) = run(folder.path(), "man");
    assert!(code == 0 && page.contains(".TH network-monitor 1"));
    assert_eq!(run(folder.path(), "man --output man1").0, 0);
    assert!(
        folder
            .path()
            .join("man1/network-monitor-report.1")
            .is_file()
    );
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    for line in ["completions zsh", "man", "config show"] {
        let mut child = network_monitor(folder.path())
            .args(line.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{line}");
    }
}
