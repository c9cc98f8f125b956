//! The password of the mail server, fetched when a letter is to be sent and not before.
//!
//! No message here quotes what a file or command holds.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use secrecy::SecretString;

use crate::settings::{Email, PasswordSource};

/// Fetches the password. `None` where the settings name none.
///
/// # Errors
/// Where it cannot be had, and why.
pub fn fetch(email: &Email) -> Result<Option<SecretString>, String> {
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

/// The first line that a shell command prints within the time.
fn run(command: &str, time: Duration) -> Result<SecretString, String> {
    let failed = |reason: &str| format!("email.password_command {reason}");
    let mut child = Command::new(if cfg!(windows) { "cmd" } else { "sh" })
        .args([if cfg!(windows) { "/C" } else { "-c" }, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {}", files::describe(&error))))?;
    let output = child.stdout.take().expect("it was asked for");
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read: io::Result<_> = BufReader::new(output).read_line(&mut line);
        // Nobody listens any more where the time was up.
        let _ = tell.send(read.map(|_| line));
    });
    let answer = told.recv_timeout(time);
    if answer.is_err() {
        // It may have ended by itself this instant.
        let _ = child.kill();
    }
    let status = child
        .wait()
        .map_err(|error| failed(&files::describe(&error)))?;
    let line = answer
        .map_err(|_| failed(&format!("printed nothing within {} s", time.as_secs())))?
        .map_err(|_| failed("printed what is no text"))?;
    first_line(&line).ok_or_else(|| failed(&format!("printed nothing ({status})")))
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
}
