//! The password of the mail server, fetched when a letter is to be sent and not before.
//!
//! No message here quotes what a file or command holds.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use settings::{Email, PasswordSource};

/// Bytes of a line that may be a password.
const LONGEST: u64 = 4096;
/// How often it is looked whether a command has ended.
const PAUSE: Duration = Duration::from_millis(10);

/// Fetches the password. `None` if the settings name none.
///
/// # Errors
/// If it cannot be had, and why.
pub(crate) fn fetch(email: &Email) -> Result<Option<SecretString>, String> {
    match &email.password {
        None => Ok(None),
        Some(PasswordSource::Given(password)) => Ok(Some(password.clone())),
        Some(PasswordSource::File(path) | PasswordSource::Credential(path)) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| files::Error::new("read", path, error).to_string())?;
            first_line(&text)
                .map(Some)
                .ok_or_else(|| format!("{} is empty", files::show(path)))
        }
        Some(PasswordSource::Command(command)) => run(command, email.timeout).map(Some),
    }
}

/// The first line that a shell command prints within the time. The command may go on until then.
fn run(command: &str, time: Duration) -> Result<SecretString, String> {
    let failed = |reason: &str| format!("email.password_command {reason}");
    let deadline = Instant::now() + time;
    let mut shell = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
    shell
        .args([if cfg!(windows) { "/C" } else { "-c" }, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let mut child = shell
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {}", files::describe(&error))))?;
    let output = child.stdout.take().expect("it was asked for");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read: io::Result<_> = BufReader::new(output.take(LONGEST)).read_line(&mut line);
        // Nobody listens any more where the time was up.
        let _ = tell.send(read.map(|_| line));
    });
    let is_over = || Instant::now() >= deadline || files::interrupted().is_some();
    let answer = loop {
        match told.recv_timeout(PAUSE) {
            Err(mpsc::RecvTimeoutError::Timeout) if !is_over() => {}
            answer => break answer,
        }
    };
    // What it does behind its first line (to lock a safe, say) may be of use, and is not waited for longer.
    let status = loop {
        match child.try_wait() {
            Ok(None) if !is_over() => std::thread::sleep(PAUSE),
            Ok(None) => {
                end(&mut child);
                break child.wait();
            }
            outcome => break outcome.map(Option::unwrap_or_default),
        }
    };
    let status = status.map_err(|error| failed(&files::describe(&error)))?;
    let line = answer
        .map_err(|_| failed(&format!("printed nothing within {} s", time.as_secs())))?
        .map_err(|_| failed("did not print text"))?;
    if line.len() as u64 == LONGEST {
        return Err(failed("printed a line that is too long for a password"));
    }
    first_line(&line).ok_or_else(|| failed(&format!("printed nothing ({status})")))
}

/// Ends a command with all that it has started.
fn end(child: &mut Child) {
    #[cfg(unix)]
    let _ = rustix::process::kill_process_group(
        rustix::process::Pid::from_child(child),
        rustix::process::Signal::KILL,
    );
    // It may have ended by itself this instant.
    let _ = child.kill();
}

fn first_line(text: &str) -> Option<SecretString> {
    let line = text.lines().next().unwrap_or_default();
    (!line.is_empty()).then(|| SecretString::from(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    #[cfg(unix)]
    fn the_first_line_of_a_command_is_the_password() {
        let password = run("printf 'hunter 2\\r\\nmore\\n'", SOON).unwrap();
        assert_eq!(password.expose_secret(), "hunter 2");
        let error = run("exit 7", SOON).unwrap_err();
        assert_eq!(
            error,
            "email.password_command printed nothing (exit status: 7)"
        );
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_hangs_is_ended() {
        let error = run("exec sleep 600", Duration::from_millis(100)).unwrap_err();
        assert!(error.contains("printed nothing within"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_goes_on_is_ended_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lives");
        // The shell starts others, one of them in the background and with the output in its hands.
        let command = format!(
            "echo pw; (sleep 1; touch '{0}') & sleep 1; touch '{0}'",
            file.display()
        );
        let begun = Instant::now();
        let password = run(&command, Duration::from_millis(200)).unwrap();
        assert_eq!(password.expose_secret(), "pw");
        assert!(begun.elapsed() < Duration::from_millis(900));
        std::thread::sleep(Duration::from_secs(2));
        assert!(!file.exists());
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_prints_without_end_is_bounded() {
        let error = run("cat /dev/zero", Duration::from_millis(500)).unwrap_err();
        assert!(error.contains("too long for a password"), "{error}");
    }
}
