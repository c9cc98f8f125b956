//! A real SMTP server in another process, and the letters it got: `scripts/smtp_server.py`.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tempfile::TempDir;

use crate::lab::Lab;

/// What the server takes for the user `ada`.
pub(crate) const PASSWORD: &str = "hunter2 & \"more\"";

/// A mailbox that outlives its servers.
pub(crate) struct PostOffice {
    pub(crate) folder: TempDir,
}

/// A server; dropped, it is gone.
pub(crate) struct Counter {
    child: Child,
    pub(crate) port: u16,
    tls: String,
}

/// A letter as it came.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) eml: Vec<u8>,
    pub(crate) envelope: Value,
    /// What Python's email package makes of it.
    pub(crate) read: Value,
}

impl PostOffice {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens a server. `tls` is `starttls`, `tls` or nothing, behind a `/` the certificate.
    pub(crate) fn open(&self, tls: &str, trouble: &str) -> Counter {
        let (tls, certificate) = tls.split_once('/').unwrap_or((tls, "good"));
        let mut command = script();
        command.arg("serve").arg("--mail").arg(self.folder.path());
        command.arg(format!("--login=ada:{PASSWORD}"));
        if !tls.is_empty() {
            let file = certificates().join(format!("{certificate}.pem"));
            command.args(["--tls", tls, "--certificate"]).arg(file);
        }
        if !trouble.is_empty() {
            command.args(["--trouble", trouble]);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut port)
            .unwrap();
        Counter {
            child,
            port: port.trim().parse().expect("the server tells its port"),
            tls: tls.to_owned(),
        }
    }

    /// The letters so far, in order.
    pub(crate) fn letters(&self) -> Vec<Received> {
        (1..)
            .map(|number| self.folder.path().join(format!("{number}.eml")))
            .take_while(|path| path.exists())
            .map(|path| received(&path))
            .collect()
    }

    /// The only letter.
    #[track_caller]
    pub(crate) fn letter(&self) -> Received {
        let mut letters = self.letters();
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters.remove(0)
    }
}

fn received(path: &Path) -> Received {
    let envelope = fs::read(path.with_extension("json")).unwrap();
    Received {
        eml: fs::read(path).unwrap(),
        envelope: serde_json::from_slice(&envelope).unwrap(),
        read: read(path),
    }
}

/// What Python's email package makes of a letter.
pub(crate) fn read(path: &Path) -> Value {
    let read = script().arg("read").arg(path).output().unwrap();
    let error = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{error}");
    serde_json::from_slice(&read.stdout).unwrap()
}

impl Received {
    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> String {
        header(&self.read, name)
    }

    /// The first part of a type.
    #[track_caller]
    pub(crate) fn part(&self, kind: &str) -> &Value {
        let parts = self.read["parts"].as_array().unwrap();
        let part = parts.iter().find(|part| part["type"] == kind);
        part.unwrap_or_else(|| panic!("no {kind}: {parts:?}"))
    }

    #[track_caller]
    pub(crate) fn text(&self, kind: &str) -> &str {
        self.part(kind)["text"].as_str().unwrap()
    }
}

/// A header's value of a letter that was read.
pub(crate) fn header(read: &Value, name: &str) -> String {
    let headers = read["headers"].as_array().unwrap();
    let values: Vec<&str> = headers
        .iter()
        .filter(|header| header[0] == name)
        .map(|header| header[1].as_str().unwrap())
        .collect();
    assert!(values.len() < 2, "{values:?}");
    values.concat()
}

impl Counter {
    /// Settings that send there; `more` keys of the section `email` go before these.
    pub(crate) fn settle(&self, lab: &Lab, more: &str) {
        self.settle_with(lab, "timezone: UTC\n", more);
    }

    /// Does the same with more settings.
    pub(crate) fn settle_with(&self, lab: &Lab, settings: &str, more: &str) {
        lab.put_secret("secret", PASSWORD);
        let defaults = [
            ("username", "ada".to_owned()),
            ("password_file", "secret".to_owned()),
            (
                "ca_file",
                certificates().join("ca.pem").display().to_string(),
            ),
            (
                "to_addrs",
                "[Ada <ada@example.org>, bob@example.org]".to_owned(),
            ),
            ("timeout", "20s".to_owned()),
            ("use_tls", (self.tls == "starttls").to_string()),
            ("use_ssl", (self.tls == "tls").to_string()),
            ("allow_plaintext_auth", "false".to_owned()),
        ];
        let mut email = format!(
            "email:\n  smtp_server: localhost\n  smtp_port: {}\n  from_addr: reports@example.org\n",
            self.port
        );
        for line in more.lines() {
            email += &format!("  {line}\n");
        }
        for (key, value) in defaults {
            if !more.contains(&format!("{key}:")) {
                email += &format!("  {key}: {value}\n");
            }
        }
        lab.configure(&format!("{settings}{email}"));
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script() -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/smtp_server.py");
    let mut command = Command::new(workshop().join("venv/bin/python"));
    command.arg(path);
    command
}

fn certificates() -> PathBuf {
    workshop().join("certificates")
}

/// The folder with Python's packages and fresh certificates, made on first use. Other processes of
/// the same tests wait for it.
fn workshop() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("smtp");
    fs::create_dir_all(folder.join("certificates")).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let run = |program: &Path, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{arguments:?}: {error}");
    };
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    if !folder.join("installed").exists() {
        run(
            Path::new("python3"),
            &["-m", "venv", "--clear", venv.to_str().unwrap()],
        );
        let install = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(
            &python,
            &[&install[..], &["aiosmtpd==1.4.6", "cryptography"]].concat(),
        );
        File::create(folder.join("installed")).unwrap();
    }
    let certificates = folder.join("certificates");
    // They are valid for nine days; targets live longer.
    let made = fs::metadata(certificates.join("wrong-name.pem")).and_then(|made| made.modified());
    let is_fresh = made.is_ok_and(|made| {
        SystemTime::now()
            .duration_since(made)
            .is_ok_and(|age| age < Duration::from_secs(86_400))
    });
    if !is_fresh {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/smtp_server.py");
        let certificates = certificates.to_str().unwrap();
        run(
            &python,
            &[script.to_str().unwrap(), "certificates", certificates],
        );
    }
    folder
}
