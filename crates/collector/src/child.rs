//! bandwhich as a child process: what it prints arrives as messages, and it never outlives us.
//!
//! Where we are killed, its pipe breaks: it prints once a second and ends at the next print.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// Pieces of output that may wait.
const WAITING: usize = 16;
const PIECE: usize = 65_536;
/// Bytes of a line on standard error that are kept.
const LINE: u64 = 2_000;

/// What comes from the child.
#[derive(Debug)]
pub(crate) enum Sign {
    Output(Vec<u8>),
    Said(String),
    /// Nothing came for as long as was waited.
    Silence,
    /// Its output ended.
    Closed,
}

/// A running bandwhich. It is killed and reaped when this is dropped.
pub(crate) struct Bandwhich {
    child: Child,
    /// Its number may be another process's from then on.
    is_reaped: bool,
    signs: Receiver<Sign>,
}

impl Bandwhich {
    pub(crate) fn start(program: &Path, arguments: &[String]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A terminal's Ctrl-C is for us: we stop the child between two frames.
        command.process_group(0);
        let mut child = command.spawn()?;
        let (sender, signs) = sync_channel(WAITING);
        let output = child.stdout.take();
        let said = child.stderr.take();
        let bandwhich = Bandwhich {
            child,
            is_reaped: false,
            signs,
        };
        if let (Some(mut output), Some(said)) = (output, said) {
            let to = sender.clone();
            let reader = move || {
                let mut piece = vec![0; PIECE];
                // An error is an end too.
                while let Ok(count @ 1..) = output.read(&mut piece) {
                    if to.send(Sign::Output(piece[..count].to_vec())).is_err() {
                        return;
                    }
                }
                // Nobody may be there to hear it any more.
                let _ = to.send(Sign::Closed);
            };
            let name = |name: &str| thread::Builder::new().name(name.to_owned());
            name("output").spawn(reader)?;
            name("said").spawn(move || pass_on(said, &sender))?;
        }
        Ok(bandwhich)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for what comes next.
    pub(crate) fn next(&self, wait: Duration) -> Sign {
        match self.signs.recv_timeout(wait) {
            Ok(sign) => sign,
            Err(RecvTimeoutError::Timeout) => Sign::Silence,
            Err(RecvTimeoutError::Disconnected) => Sign::Closed,
        }
    }

    /// Kills it, which bandwhich does not hear of: it ends at once. If a script started it, both do.
    pub(crate) fn kill(&mut self) {
        if self.is_reaped {
            return;
        }
        // It may have ended by itself.
        let _ = self.child.kill();
        if let Some(group) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Waits for its end.
    pub(crate) fn reap(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait();
        self.is_reaped = true;
        status
    }
}

impl Drop for Bandwhich {
    fn drop(&mut self) {
        self.kill();
        let _ = self.reap();
    }
}

fn pass_on(said: impl io::Read, to: &SyncSender<Sign>) {
    let mut said = BufReader::new(said);
    loop {
        let mut line = Vec::new();
        match (&mut said).take(LINE).read_until(b'\n', &mut line) {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        if !line.is_empty() && to.send(Sign::Said(line)).is_err() {
            return;
        }
    }
}

/// The file that a bare name means: the first in the folders of `path` that can be run. A path is
/// taken as it is.
pub fn find_program(name: &Path, path: Option<&std::ffi::OsStr>) -> Option<PathBuf> {
    let is_program = |file: &PathBuf| {
        std::fs::metadata(file).is_ok_and(|about| {
            #[cfg(unix)]
            let can_run = {
                use std::os::unix::fs::PermissionsExt as _;
                about.permissions().mode() & 0o111 != 0
            };
            #[cfg(not(unix))]
            let can_run = true;
            about.is_file() && can_run
        })
    };
    if name.components().count() > 1 {
        return Some(name.to_owned()).filter(is_program);
    }
    std::env::split_paths(path?)
        .map(|folder| folder.join(name))
        .find(is_program)
}
