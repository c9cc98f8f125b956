//! `email`: prove the way to the mail server, look at a letter, send what waits.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use app::RunOutcome;
use mail::{Answer, Kind, Which};
use mailing::{Envelope, MailResult, Post, Writer};
use settings::Settings;
use traffic::{Period, When};

use crate::args::{EmailCommand, PreviewArgs};
use crate::failure::Failure;
use crate::output;
use crate::terminal::Terminal;

/// Runs the command.
///
/// # Errors
/// If the settings are not complete, or what was asked for failed.
pub fn run(
    command: &EmailCommand,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    match command {
        EmailCommand::Test => test(settings, now, out),
        EmailCommand::Preview(args) => preview(args, settings, now, terminal, out),
        EmailCommand::Flush => flush(settings, now, terminal, out),
    }
}

/// Sends a short letter and says how far each step came.
fn test(settings: &Settings, now: i64, out: &mut dyn Write) -> Result<RunOutcome, Failure> {
    let envelope = Envelope::of(&settings.email)?;
    let server = mailing::server(settings)?;
    let about = format!("test at {now}");
    let key = envelope.key(Kind::Error, &settings.host, about);
    let writer = Writer::new(settings, &envelope, now);
    let letter = writer.write_test();
    let letter = letter.with_id(key.message_id(1, &envelope.from));
    let to = envelope.recipients();
    let mut said = Vec::new();
    let sent = server.send(
        &envelope.from.bare(),
        &to,
        &letter.compose(),
        |step, detail| {
            said.push(format!("{step:<10} ok  {}", display::printable(detail)));
        },
    );
    for line in said {
        writeln!(out, "{line}")?;
    }
    let mut has_trouble = false;
    for (address, answer) in to.iter().zip(sent?) {
        let (is_ok, answer) = match answer {
            Answer::Accepted => (true, "accepted; check the mailbox".to_owned()),
            Answer::Later(reason) => (false, format!("not now: {reason}")),
            Answer::Refused(reason) => (false, format!("refused: {reason}")),
        };
        has_trouble |= !is_ok;
        writeln!(out, "{address}: {}", display::printable(&answer))?;
    }
    Ok(if has_trouble {
        RunOutcome::Attention
    } else {
        RunOutcome::Done
    })
}

/// Sends all that waits in the outbox.
fn flush(
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let mut post = Post::open(settings, now, "email flush")?;
    post.deliver(Which::All)?;
    let result = post.finish()?;
    if !terminal.quiet {
        if result == MailResult::default() {
            writeln!(out, "The outbox is empty.")?;
        }
        output::letters::show(&result, terminal, out)?;
    }
    Ok(if result.needs_attention() {
        RunOutcome::Attention
    } else {
        RunOutcome::Done
    })
}

/// Writes the letter that a report would send, from what the store holds now. A terminal gets what it says.
fn preview(
    args: &PreviewArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let when = args.date.as_ref().map(|text| text.parse::<When>());
    let when = when
        .transpose()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let host = args.host.as_ref().unwrap_or(&settings.host);
    let letter = app::preview(host, when, settings, now)?;
    for fault in &letter.template_faults {
        writeln!(
            std::io::stderr(),
            "{}; the built-in template was used",
            display::printable(fault)
        )?;
    }
    match target(args, host, letter.period)? {
        Some(path) => {
            files::write_atomically(&path, None, |file| file.write_all(&letter.message))?;
            writeln!(out, "{}", files::show(&path))?;
            if args.open {
                open(&path)?;
            }
        }
        None if terminal.is_terminal => {
            writeln!(out, "Subject: {}\n", display::printable(&letter.subject))?;
            for line in letter.text.lines() {
                writeln!(out, "{}", display::printable(line))?;
            }
        }
        None => out.write_all(&letter.message)?,
    }
    Ok(if letter.template_faults.is_empty() {
        RunOutcome::Done
    } else {
        RunOutcome::Attention
    })
}

/// The file to write. `None` is standard output.
fn target(args: &PreviewArgs, host: &str, period: Period) -> Result<Option<PathBuf>, Failure> {
    match (&args.output, args.open) {
        (Some(path), _) => Ok(Some(path.clone())),
        // Who opens it needs it after this program has ended.
        (None, true) => {
            let name = format!("letter_{}_{}.eml", store::folder_name(host), period.stamp());
            Ok(Some(app::folder_aside()?.keep().join(name)))
        }
        (None, false) => Ok(None),
    }
}

/// Opens a file with what the desktop has for it.
fn open(path: &Path) -> Result<(), Failure> {
    let path = fs::canonicalize(path).map_err(files::Error::context("find", path))?;
    let (program, arguments): (_, &[&str]) = match () {
        () if cfg!(windows) => ("cmd", &["/C", "start", ""]),
        () if cfg!(target_os = "macos") => ("open", &[]),
        () => ("xdg-open", &[]),
    };
    let started = Command::new(program).args(arguments).arg(&path).status();
    match started {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::Usage(format!(
            "{program} does not open {}; a mail program does",
            files::show(&path)
        ))),
    }
}
