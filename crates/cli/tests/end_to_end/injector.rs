//! A run that is struck at its n-th system call that changes a disk: `scripts/inject.c`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::lab::{Lab, Ran};

/// Numbers of errors, as Linux has them on all machines.
pub(crate) const ERRORS: [(i32, &str); 3] = [
    (28, "no space left on device"),
    (5, "input/output error"),
    (122, "quota exceeded"),
];

/// What happens to the n-th call, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Nothing.
    Count,
    /// The process is killed instead of it.
    KillBefore(usize),
    /// The process is killed right after it.
    KillAfter(usize),
    /// It fails with this error.
    Fail(usize, i32),
    /// It and all later ones fail with this error.
    FailFrom(usize, i32),
}

impl Strike {
    fn arguments(self) -> Vec<String> {
        let (mode, number, error) = match self {
            Strike::Count => ("count", 0, None),
            Strike::KillBefore(number) => ("before", number, None),
            Strike::KillAfter(number) => ("after", number, None),
            Strike::Fail(number, error) => ("fail", number, Some(error)),
            Strike::FailFrom(number, error) => ("fail-from", number, Some(error)),
        };
        let mut arguments = vec![mode.to_owned(), number.to_string()];
        arguments.extend(error.map(|error| error.to_string()));
        arguments
    }
}

/// What came of a run that was struck.
#[derive(Debug)]
pub(crate) struct Struck {
    pub(crate) ran: Ran,
    /// Calls that were met.
    pub(crate) calls: usize,
    /// The name of the call that was struck.
    pub(crate) call: String,
}

/// The injector, built once for all tests.
static INJECTOR: LazyLock<PathBuf> = LazyLock::new(|| {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/inject.c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inject");
    // Tests of another process may build it too.
    let mine = program.with_extension(std::process::id().to_string());
    let built = Command::new("cc")
        .args(["-O1", "-o"])
        .args([&mine, &source])
        .status()
        .unwrap();
    assert!(built.success(), "cc cannot build {}", source.display());
    std::fs::rename(&mine, &program).unwrap();
    program
});

impl Lab {
    /// Runs the program and strikes.
    pub(crate) fn struck(&self, arguments: &[&str], strike: Strike) -> Struck {
        let file = tempfile::NamedTempFile::new().unwrap();
        let output = self
            .prepared(&INJECTOR)
            .arg(file.path())
            .args(strike.arguments())
            .args(["--", env!("CARGO_BIN_EXE_network-monitor")])
            .args(["-c", "settings.yaml"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let noted = std::fs::read_to_string(file.path()).unwrap();
        let (calls, call) = noted.trim().split_once(' ').unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            code: output.status.code().unwrap(),
            said: text(output.stdout),
            complained: text(output.stderr),
        };
        assert!(
            !ran.complained.contains("panicked at"),
            "{strike:?}: {ran:?}"
        );
        Struck {
            ran,
            calls: calls.parse().unwrap(),
            call: call.to_owned(),
        }
    }
}
